"""Who may include whom: DESIGN section 6, docs/architecture.md. What is not allowed here is never."""

import re

# A room is the longest of these prefixes that a file has. Of ours it may include itself and these
# rooms or single headers.
CLOCKLESS = ["proto/limits.h", "proto/resource_name.h", "proto/mutex.h"]
ROOMS = {
    "proto": [],
    "server/core": CLOCKLESS,
    "server/store": ["server/core", "proto"],
    "server/fleet": ["server/store", "server/core", "proto"],
    "server/auth": ["server/store", "server/core", "proto"],
    "server/rpc": ["server/fleet", "server/auth", "server/store", "server/core", "proto"],
    "server/http": ["server/rpc", "server/fleet", "server/auth", "server/store", "server/core",
                    "proto"],
    "server/backfill": ["server/store", "server/core", "worker/capture", "proto"],
    "server": ["server/http", "server/rpc", "server/fleet", "server/auth", "server/store",
               "server/core", "server/backfill", "proto"],
    "worker/capture": ["proto/limits.h"],
    "worker/runner": ["proto/limits.h", "proto/mutex.h", "proto/clock.h"],
    "worker/trainer": ["proto/limits.h"],
    "worker/daemon": ["worker/capture", "worker/runner", "client/cpp", "proto"],
    "client/cpp": ["proto"],
    "client/xpctl": ["client/cpp", "worker/capture", "worker/runner", "proto"],
}

# Libraries that only these rooms may include, and why.
LIBRARIES = [
    (r"sqlite3", ["server/store/sqlite"], "server/store/sqlite is the only user of SQLite"),
    (r"torch/|ATen/|c10/", ["worker/trainer"], "LibTorch stays in worker/trainer"),
    (r"grpc(pp)?/",
     ["proto", "server/rpc", "server/auth", "server/http", "worker/daemon", "client"],
     "rules, store, fleet, capture, runner and trainer know no gRPC"),
]

# server/core: time and randomness are parameters, and nothing is read or written.
CORE_NEVER = {"absl/time/clock.h", "chrono", "ctime", "time.h", "sys/time.h", "random", "thread",
              "fstream", "cstdio", "filesystem", "unistd.h"}
CORE_NEVER_UNDER = ("absl/random/", "spdlog/", "google/protobuf/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
GENERATED = "xp/v1/"  # the messages and services made from proto/xp/v1
TOP_LEVEL = ("proto/", "server/", "worker/", "client/", "tests/")


def room_of(path):
    rooms = [r for r in ROOMS if path.startswith(r + "/")]
    return max(rooms, key=len) if rooms else None


def _inside(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def _ours(tree, path, room, header):
    if header.startswith(GENERATED):
        if room in ("server/core", "worker/capture", "worker/runner", "worker/trainer"):
            yield f"{room} may not include generated messages ({header})"
        return
    if not header.startswith(TOP_LEVEL):
        yield f'"{header}" does not begin at the repository root'
        return
    if not tree.exists(header):
        yield f'"{header}" does not exist'
    if room is None or room_of(header) == room:
        return
    if not any(_inside(header, allowed) for allowed in ROOMS[room]):
        allowed = ", ".join(ROOMS[room]) or "nothing else of ours"
        yield f'{room} may not include "{header}"; it may include {allowed}'


def _libraries(path, room, header):
    for pattern, users, why in LIBRARIES:
        if re.match(pattern, header) and not any(_inside(path, user) for user in users):
            yield f"<{header}>: {why}"
    if room == "server/core" and (header in CORE_NEVER or header.startswith(CORE_NEVER_UNDER)):
        yield f"<{header}>: server/core has no clock, no randomness, no I/O"


def check(tree):
    for path in tree.ending(".h", ".cc"):
        room = room_of(path)
        test = path.startswith("tests/")
        if room is None and not test:
            yield path, 0, "belongs to no room of the tree (tests/lint/includes.py)"
        for number, line in tree.lines(path):
            match = INCLUDE.match(line)
            if not match:
                continue
            kind, header = match.groups()
            if kind == '"':
                problems = _ours(tree, path, room, header)
            elif test:
                problems = ()
            else:
                problems = _libraries(path, room, header)
            for problem in problems:
                yield path, number, problem
