"""Shows that lint can fail: small trees with one thing wrong each, and one with nothing wrong."""

import os
import subprocess
import sys
import tempfile
import unittest

import includes
import lint

CLEAN = {
    "proto/limits.h": "#pragma once\n",
    "proto/status.h": "#include <grpcpp/support/status.h>\n",
    "server/core/lease.h": '#include "proto/limits.h"\n#include "server/core/ids.h"\n',
    "server/core/ids.h": "#include <vector>\n",
    "server/store/store.h": '#include "server/core/lease.h"\n#include "xp/v1/trials.pb.h"\n',
    "server/store/sqlite/database.cc": "#include <sqlite3.h>\n",
    "worker/capture/line.h": '#include "proto/limits.h"\n',
    "tests/CMakeLists.txt": "add_subdirectory(server/core)\n",
    "tests/server/core/CMakeLists.txt": "xp_add_tests(core_test SOURCES lease_test.cc)\n",
    "tests/server/core/lease_test.cc": '#include "server/core/lease.h"\n',
    "docs/a.md": "# One Thing: first\n[b](b.md) [here](#one-thing-first) `server/core/lease.h`\n",
    "docs/b.md": "[a](a.md#one-thing-first) [site](https://example.org/none)\n",
}


def lint_tree(changes):
    """The findings in CLEAN with `changes`; None takes a file away."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**CLEAN, **changes}.items():
            if text is None:
                continue
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return list(lint.findings(root))


class LintTest(unittest.TestCase):
    def expect(self, changes, *parts):
        found = lint_tree(changes)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_a_clean_tree_has_no_findings(self):
        self.assertEqual(lint_tree({}), [])

    def test_core_may_not_include_the_store(self):
        self.expect({"server/core/ids.h": '\n#include "server/store/store.h"\n'},
                    "server/core/ids.h:2:", "server/core may not include")

    def test_core_may_not_include_status_with_its_grpc(self):
        self.expect({"server/core/ids.h": '#include "proto/status.h"\n'}, "proto/status.h")

    def test_core_may_not_include_generated_messages(self):
        self.expect({"server/core/ids.h": '#include "xp/v1/trials.pb.h"\n'}, "generated messages")

    def test_core_has_no_clock_no_randomness_no_files(self):
        for header in ("chrono", "random", "fstream", "absl/time/clock.h", "thread",
                       "google/protobuf/message.h"):
            self.expect({"server/core/ids.h": f"#include <{header}>\n"}, "no clock")
        self.assertEqual(lint_tree({"server/core/ids.h": "#include <absl/time/time.h>\n"}), [])

    def test_the_store_may_not_include_handlers(self):
        self.expect({"server/store/store.h": '#include "server/rpc/services.h"\n',
                     "server/rpc/services.h": ""}, "server/store may not include")

    def test_server_worker_and_client_are_apart(self):
        for path, header in (("server/rpc/x.cc", "worker/capture/line.h"),
                             ("worker/runner/x.cc", "worker/capture/line.h"),
                             ("worker/trainer/x.cc", "worker/capture/line.h"),
                             ("client/cpp/x.cc", "worker/capture/line.h"),
                             ("client/xpctl/x.cc", "server/core/ids.h"),
                             ("worker/daemon/x.cc", "server/core/ids.h"),
                             ("worker/capture/x.cc", "proto/status.h"),
                             ("proto/x.cc", "server/core/ids.h")):
            self.expect({path: f'#include "{header}"\n'}, path, "may not include")

    def test_what_the_table_allows_is_allowed(self):
        for path, header in (("server/backfill/x.cc", "worker/capture/line.h"),
                             ("client/xpctl/x.cc", "worker/capture/line.h"),
                             ("worker/daemon/x.cc", "worker/capture/line.h"),
                             ("server/main.cc", "server/store/store.h")):
            self.assertEqual(lint_tree({path: f'#include "{header}"\n'}), [])

    def test_libraries_stay_in_their_rooms(self):
        self.expect({"server/store/store.h": "#include <sqlite3.h>\n"}, "only user of SQLite")
        self.expect({"server/rpc/x.cc": "#include <torch/torch.h>\n"}, "worker/trainer")
        self.expect({"worker/capture/x.cc": "#include <grpcpp/grpcpp.h>\n"}, "no gRPC")

    def test_includes_begin_at_the_root_and_exist(self):
        self.expect({"server/core/ids.h": '#include "lease.h"\n'}, "begin at the repository root")
        self.expect({"server/core/ids.h": '#include "server/core/gone.h"\n'}, "does not exist")

    def test_a_file_outside_of_the_rooms_is_found(self):
        self.expect({"common/util.h": "\n"}, "common/util.h", "no room")

    def test_every_room_names_rooms_or_headers(self):
        for allowed in includes.ROOMS.values():
            for name in allowed:
                self.assertTrue(name in includes.ROOMS or name.endswith(".h"), name)

    def test_a_long_file_is_found(self):
        self.expect({"server/core/ids.h": "\n" * 401}, "401 lines")
        self.assertEqual(lint_tree({"server/core/ids.h": "\n" * 400}), [])
        self.expect({"deploy/x.sh": "\n" * 401}, "deploy/x.sh")

    def test_an_unregistered_test_is_found(self):
        lists = "tests/server/core/CMakeLists.txt"
        self.expect({lists: "# lease_test.cc\n"}, "not registered")
        self.expect({lists: "xp_add_tests(t SOURCES release_test.cc)\n"}, "not registered")
        self.expect({lists: None}, "there is no tests/server/core/CMakeLists.txt")
        self.expect({"tests/CMakeLists.txt": "# add_subdirectory(server/core)\n"},
                    "does not add server/core")

    def test_a_python_test_is_registered_by_a_glob(self):
        added = {"tests/CMakeLists.txt": "add_subdirectory(server/core)\nadd_subdirectory(e2e)\n",
                 "tests/e2e/a_test.py": ""}
        self.expect({**added, "tests/e2e/CMakeLists.txt": ""}, "tests/e2e/a_test.py")
        self.assertEqual(
            lint_tree({**added, "tests/e2e/CMakeLists.txt": "file(GLOB T x/*_test.py)\n"}), [])

    def test_a_test_left_out_says_why(self):
        test = "tests/server/core/lease_test.cc"
        self.expect({test: "TEST(A, DISABLED_B) {}\n"}, "says why")
        self.expect({test: "GTEST_SKIP();\n"}, "says why")
        self.assertEqual(lint_tree({test: 'GTEST_SKIP() << "no GPU";\n'}), [])

    def test_a_sleeping_test_is_found(self):
        test = "tests/server/core/lease_test.cc"
        for line in ("std::this_thread::sleep_for(1s);", "usleep(1);", "absl::SleepFor(d);"):
            self.expect({test: f"\n{line}\n"}, f"{test}:2:", "sleeps")
            self.assertEqual(
                lint_tree({test: f"{line}  // lint: sleeps, because the kernel tells nobody\n"}),
                [])
        self.expect({"tests/e2e/kit.py": "time.sleep(1)\n"}, "sleeps")
        self.assertEqual(lint_tree({"tests/fixtures/slow.py": "time.sleep(1)\n"}), [])

    def test_dead_links_are_found(self):
        self.expect({"docs/b.md": "\n[x](c.md)\n"}, "docs/b.md:2:", "leads nowhere")
        self.expect({"docs/b.md": "[x](a.md#two)\n"}, "no heading #two")
        self.expect({"docs/b.md": "[x](../../etc/passwd)\n"}, "leads nowhere")
        self.expect({"docs/b.md": "see `server/core/gone.h`\n"}, "does not exist")
        self.expect({"server/core/ids.h": "// docs/gone.md\n"}, "docs/gone.md does not exist")

    def test_build_output_is_not_looked_at(self):
        self.assertEqual(lint_tree({"build/dev/x.h": '#include "y.h"\n', ".cache/x.h": "\n" * 500}),
                         [])

    def test_the_program_ends_with_1_when_there_are_findings(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lint.py")
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(subprocess.run([sys.executable, script, root], check=False,
                                            capture_output=True).returncode, 0)
            os.mkdir(os.path.join(root, "docs"))
            with open(os.path.join(root, "docs", "x.md"), "w", encoding="utf-8") as file:
                file.write("[x](gone.md)")
            run = subprocess.run([sys.executable, script, root], check=False, text=True,
                                 capture_output=True)
            self.assertEqual(run.returncode, 1)
            self.assertIn("docs/x.md:1:", run.stdout)


if __name__ == "__main__":
    unittest.main()
