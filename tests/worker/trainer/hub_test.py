"""hub:NAME through the real xptrain, against a hub on loopback.

    hub_test.py XPTRAIN
"""
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import fake_hub
from program_case import REVIEWS, XPTRAIN, ProgramCase, run

WEIGHTS = "model.safetensors"
OPENSSL = shutil.which("openssl")


class HubTest(ProgramCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = {f.name: f.read_bytes() for f in cls.make_small_model().iterdir()}
        cls.files[WEIGHTS] = random.Random(1).randbytes(3_000_000)  # fetched, not read, by prepare

    def setUp(self):
        super().setUp()
        self.hub = self.start()

    def start(self, **options):
        hub = fake_hub.Hub(self.files, large=[WEIGHTS], **options)
        self.addCleanup(hub.stop)
        return hub

    def command(self, name, hub=None, **more):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("XP_HUB", "HF_"))}
        environment |= {"XP_HUB_ENDPOINT": (hub or self.hub).url, "XP_HUB_WAIT_MS": "1", "no_proxy": "*",
                        "OMP_WAIT_POLICY": "passive", "XP_HUB_CACHE": str(self.dir / "cache")} | more
        return dict(args=[XPTRAIN, "prepare", "--model", name, "--input", REVIEWS, "--output",
                          self.dir / "out"], env=environment, stderr=subprocess.PIPE, text=True)

    def fetch(self, name="hub:org/small", expect=0, weights=None, process=(), **more):
        done = subprocess.run(**self.command(name, **more), **dict(process))
        self.assertEqual(done.returncode, expect, done.stderr)
        if expect == 0:
            self.assertEqual((self.dir / "out/train" / WEIGHTS).read_bytes(),
                             self.files[WEIGHTS] if weights is None else weights)
        return done.stderr

    def snapshots(self):
        return sorted(p.name for p in (self.dir / "cache").glob("models--*/snapshots/*"))

    def test_a_model_is_fetched_once_and_then_only_asked_about(self):
        self.fetch()
        self.assertEqual(self.snapshots(), ["a" * 40])
        self.assertEqual((self.dir / "out/train" / WEIGHTS).stat().st_nlink, 1, "the cache's own file")
        before = len(self.hub.front.requests)
        self.fetch()
        self.assertEqual(len(self.hub.front.requests), before + 1)
        self.assertEqual(len(self.hub.storage.requests), 1)

    def test_slashes_at_the_endpoints_end_do_not_count(self):
        self.fetch(XP_HUB_ENDPOINT=self.hub.url + "//")
        command = self.command("hub:org/small", XP_HUB_ENDPOINT="http://127.0.0.1:1")
        command["args"] += ["--hub-endpoint", self.hub.url + "/"]
        done = subprocess.run(**command)
        self.assertNotIn("using the cache", done.stderr)

    @unittest.skipUnless(OPENSSL, "no program openssl here, which makes the certificate")
    def test_over_tls_with_an_authority_of_ones_own_and_not_without(self):
        certificate, key = self.dir / "ca.pem", self.dir / "key.pem"
        subprocess.run([OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
                        "-out", certificate, "-subj", "/CN=a hub", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, stderr=subprocess.DEVNULL)
        hub = self.start(tls=(certificate, key))
        said = self.fetch(hub=hub, expect=3)
        self.assertIn("XP_HUB_CA", said)
        self.fetch(hub=hub, XP_HUB_CA=str(certificate))

    def test_a_cut_transfer_goes_on_where_it_was(self):
        self.hub.cuts = [1_000_000, 1_500_000]
        said = self.fetch()
        self.assertIn("attempt 2 of 5", said)
        self.assertEqual(self.asked_of_the_storage(), [None, "bytes=1000000-", "bytes=2500000-"])

    def test_a_busy_server_costs_nothing_of_what_was_there(self):
        self.hub.cuts, self.hub.refusals = [1_000_000], [None, 503, 429]
        self.fetch()
        self.assertEqual(self.asked_of_the_storage(), [None] + ["bytes=1000000-"] * 3)

    def test_another_run_goes_on_where_one_gave_up(self):
        self.hub.cuts = [500_000] * 5
        self.fetch(expect=1)
        self.hub.cuts = []
        self.fetch()
        self.assertEqual(self.hub.storage.requests[-1][1].get("Range"), "bytes=2500000-")

    def test_what_was_begun_of_another_content_is_begun_anew(self):
        self.hub.cuts = [500_000] * 5
        self.fetch(expect=1)
        self.hub.files[WEIGHTS] = self.files[WEIGHTS][::-1]
        self.fetch(weights=self.files[WEIGHTS][::-1])

    def leave_part(self, content, mark):
        """What a process leaves that is killed between the last byte and the end of a fetch."""
        parts = self.dir / "cache/models--org--small/parts"
        parts.mkdir(parents=True)
        (parts / WEIGHTS).write_bytes(content)
        (parts / (WEIGHTS + ".etag")).write_text(mark)

    def asked_of_the_storage(self):
        return [r[1].get("Range") for r in self.hub.storage.requests]

    def test_a_part_that_was_whole_already_is_taken(self):
        content = self.files[WEIGHTS]
        self.leave_part(content, hashlib.sha256(content).hexdigest())
        self.fetch()
        self.assertEqual(self.asked_of_the_storage(), ["bytes=3000000-"])

    def test_a_whole_part_of_an_older_content_is_not_taken_for_the_new_one(self):
        content = self.files[WEIGHTS]
        self.leave_part(content, hashlib.sha256(content).hexdigest())
        self.hub.files[WEIGHTS] = content[:1000]
        self.fetch(weights=content[:1000])
        self.assertEqual(self.asked_of_the_storage(), ["bytes=3000000-", None])

    def test_a_mark_that_is_no_checksum_says_nothing_of_a_part_that_was_whole(self):
        self.hub.marks = {WEIGHTS: "v" * 64}
        self.leave_part(bytes(3_000_000), "v" * 64)
        self.fetch()
        self.assertEqual(self.asked_of_the_storage(), ["bytes=3000000-", None])

    def test_a_wrong_checksum_is_refused(self):
        self.hub.wrong = {WEIGHTS}
        said = self.fetch(expect=3)
        self.assertIn("checksum", said)
        self.assertIn(WEIGHTS, said)
        self.assertEqual(list((self.dir / "cache").rglob(WEIGHTS)), [])

    def test_a_busy_server_is_asked_again(self):
        self.hub.failures = 3
        self.assertIn("HTTP 503", self.fetch())

    def test_a_model_that_is_not_there_is_named(self):
        self.assertIn("no such model", self.fetch("hub:org/other", expect=3))
        self.assertIn("no such model or revision", self.fetch("hub:org/small@v9", expect=3))
        self.assertIn("expected hub:NAME", self.fetch("hub:../x", expect=3))

    def test_a_gated_model_needs_a_token_which_only_its_host_gets(self):
        self.hub.token = "secret"
        self.assertIn("XP_HUB_TOKEN", self.fetch(expect=3))
        self.fetch(XP_HUB_TOKEN="secret")
        self.assertTrue(all("Authorization" not in r[1] for r in self.hub.storage.requests))

    def test_offline_and_unreachable_take_the_cache(self):
        self.assertIn("offline (XP_HUB_OFFLINE), and the cache has no config.json",
                      self.fetch(expect=3, XP_HUB_OFFLINE="1"))
        self.fetch()
        self.hub.front.requests.clear()
        self.fetch(XP_HUB_OFFLINE="1")
        self.fetch("hub:org/small@" + "a" * 40)  # a commit cannot change
        self.assertEqual(self.hub.front.requests, [])
        self.assertIn("using the cache", self.fetch(XP_HUB_ENDPOINT="http://127.0.0.1:1"))

    def test_offline_needs_no_cache_that_can_be_written(self):
        self.fetch(expect=3, XP_HUB_OFFLINE="1")
        self.assertFalse((self.dir / "cache").exists())
        self.fetch()
        lock = self.dir / "cache/models--org--small/lock"
        lock.unlink()
        lock.mkdir()  # cannot be opened for writing, whoever one is
        self.fetch(XP_HUB_OFFLINE="1")

    def test_weights_that_were_not_fetched_are_not_said_to_be_missing_there(self):
        command = self.command("hub:org/small")
        command["args"] += ["--no-weights"]
        self.assertEqual(subprocess.run(**command).returncode, 0)
        self.assertIn("offline (XP_HUB_OFFLINE), and the cache has no model.safetensors",
                      self.fetch(expect=3, XP_HUB_OFFLINE="1"))
        self.assertIn("out of reach, and the cache has no model.safetensors",
                      self.fetch(expect=3, XP_HUB_ENDPOINT="http://127.0.0.1:1"))

    def test_an_index_of_another_version_counts_as_none(self):
        self.fetch()
        index = next((self.dir / "cache").rglob(".xp-hub.json"))
        index.write_text(index.read_text().replace('"version": 1', '"version": 2'))
        said = self.fetch(expect=3, XP_HUB_OFFLINE="1")
        self.assertIn(f"{index}: not an index of version 1", said)
        self.fetch()
        self.assertEqual(len(self.hub.storage.requests), 2)

    def test_a_branch_that_moved_is_fetched_anew(self):
        self.fetch()
        self.hub.commit = "b" * 40
        self.hub.files["config.json"] += b"\n"
        self.fetch()
        self.assertEqual(self.snapshots(), ["a" * 40, "b" * 40])

    def test_a_plain_web_server_will_do(self):
        self.hub.plain = True
        self.fetch()
        self.fetch()
        self.assertEqual(self.snapshots(), ["main"])

    def test_a_file_whose_last_bytes_do_not_fit_on_the_disk_is_not_taken(self):
        self.hub.plain = True  # no mark and no size: nothing else would notice
        limit = len(self.files[WEIGHTS]) - 1
        full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
                "restore_signals": False}  # Python ignores SIGXFSZ, and so shall xptrain
        self.assertIn("File too large", self.fetch(expect=5, process=full))
        self.fetch()

    def test_a_file_that_has_become_empty_is_empty(self):
        self.hub.plain = True
        self.hub.cuts = [500_000] * 5
        self.fetch(expect=1)
        self.hub.files[WEIGHTS] = b""
        self.fetch(weights=b"")

    def test_a_branch_with_a_slash_has_a_snapshot_of_its_own(self):
        self.hub.plain = True
        self.hub.branch = "refs%2Fpr%2F1"
        self.fetch("hub:org/small@refs/pr/1")
        self.assertEqual(self.snapshots(), ["refs%2Fpr%2F1"])
        self.fetch("hub:org/small@refs/pr/1", XP_HUB_OFFLINE="1")

    def test_a_training_that_is_asked_to_end_while_it_fetches_or_waits_for_another(self):
        self.hub.released = threading.Event()
        command = self.command("hub:org/small")
        command["args"] = [XPTRAIN, "train", "--model", "hub:org/small", "--train-dir", self.dir / "none"]
        first = subprocess.Popen(**command)
        while not self.hub.storage.requests:
            self.assertIsNone(first.poll(), "it ended before that")
        second = subprocess.Popen(**command)
        self.assertIn("is being fetched by another; waiting", second.stderr.readline())
        for process, what in ((second, "asked to end while another fetched hub:org/small"),
                              (first, "what came is kept")):
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=60)[1]
            self.assertEqual(process.returncode, 75, said)
            self.assertIn(what, said)
        self.hub.released.set()
        self.fetch()

    def test_a_training_that_is_asked_to_end_between_two_attempts(self):
        self.hub.failures = 1
        command = self.command("hub:org/small", XP_HUB_WAIT_MS="600000")
        command["args"] = [XPTRAIN, "train", "--model", "hub:org/small", "--train-dir", self.dir / "none"]
        process = subprocess.Popen(**command)
        self.assertIn("again in 600.0 s", process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 75, said)
        self.assertIn("asked to end", said)

    def test_two_at_once_fetch_once(self):
        commands = [self.command("hub:org/small") for _ in range(2)]
        commands[1]["args"][-1] = self.dir / "out2"
        running = [subprocess.Popen(**c) for c in commands]
        for process in running:
            said = process.communicate(timeout=60)[1]
            self.assertEqual(process.returncode, 0, said)
        self.assertEqual(len(self.hub.storage.requests), 1)


def cannot_fetch():
    """Why this xptrain knows no hub:NAME; empty: it does."""
    with tempfile.TemporaryDirectory() as folder:
        done = run("tokenize", "--model", "hub:org/small", "--hub-offline", "--hub-cache", folder, input="")
    return done.stderr if "built without libcurl or OpenSSL" in done.stderr else ""


if __name__ == "__main__":
    if reason := cannot_fetch():
        print("skipped: " + reason)
        sys.exit(77)
    unittest.main(verbosity=2)  # with the reason where one is skipped
