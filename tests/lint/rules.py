"""The rules besides the include table: sizes, registered tests, no sleeps, living links."""

import os
import re

from tree import without_comments

LINES_MAX = 400
SOURCES = (".h", ".cc", ".c", ".cpp", ".proto", ".py", ".sh", ".sql", ".js", ".ts", ".css", ".html",
           ".cmake", "CMakeLists.txt", ".ci/run")


def sizes(tree):
    for path in tree.ending(*SOURCES):
        count = len(tree.text(path).splitlines())
        if count > LINES_MAX:
            yield path, 0, f"{count} lines; at most {LINES_MAX}: split it by idea"


# A fault test may have to let time pass. It says so on the line, with a reason:
#   usleep(10);  // lint: sleeps, because ...
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|SleepFor)\b|\btime\.sleep\b")
EXCUSE = re.compile(r"lint: sleeps, because \w+")


def sleeps(tree):
    for path in tree.ending(".h", ".cc", ".py"):
        # What lies in fixtures/ are the programs that are tested upon, not the tests.
        if not path.startswith("tests/") or path.startswith(("tests/lint/", "tests/fixtures/")):
            continue
        for number, line in tree.lines(path):
            if SLEEP.search(line) and not EXCUSE.search(line):
                yield path, number, "a test that sleeps; pass a ManualClock, or wait for an event"


def _registered(tree, path):
    """The CMakeLists.txt beside `path` names it, and each folder above adds the one below."""
    folder, name = os.path.split(path)
    lists = f"{folder}/CMakeLists.txt"
    if not tree.exists(lists):
        return f"there is no {lists} that could build it"
    text = without_comments(tree.text(lists))
    globbed = re.search(r"file\s*\(\s*GLOB[^)]*\*_test" + re.escape(os.path.splitext(name)[1]), text)
    if not re.search(rf"(?<![\w/.]){re.escape(name)}(?![\w.])", text) and not globbed:
        return f"not registered in {lists}: it is never run"
    below = folder
    while below != "tests":
        above = os.path.dirname(below)
        while above != "tests" and not tree.exists(f"{above}/CMakeLists.txt"):
            above = os.path.dirname(above)
        step = os.path.relpath(below, above)
        adding = without_comments(tree.text(f"{above}/CMakeLists.txt"))
        if not re.search(rf"add_subdirectory\s*\(\s*{re.escape(step)}\s*\)", adding):
            return f"{above}/CMakeLists.txt does not add {step}: its tests are never run"
        below = above
    return None


def registered_tests(tree):
    for path in tree.paths:
        if path.startswith("tests/") and path.endswith(("_test.cc", "_test.py")):
            problem = _registered(tree, path)
            if problem:
                yield path, 0, problem
        if path.startswith("tests/") and path.endswith(".cc"):
            for number, line in tree.lines(path):
                if re.search(r"\bDISABLED_|\bGTEST_SKIP\(\)\s*;", line):
                    yield path, number, "a test that is left out says why: GTEST_SKIP() << reason"


LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH_IN_TEXT = re.compile(
    r"`((?:proto|server|worker|client|tests|deploy|docs)/[\w./-]+\.\w+)`")
PAGE_IN_CODE = re.compile(r"\bdocs/[\w/-]+\.md\b")


def _slug(heading):
    """The anchor that a forge gives to a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def _anchors(tree, path):
    return {_slug(m.group(1)) for m in re.finditer(r"^#+\s+(.*)$", tree.text(path), re.M)}


def links(tree):
    for path in tree.ending(".md"):
        for number, line in tree.lines(path):
            for target in LINK.findall(line):
                problem = _link_problem(tree, path, target)
                if problem:
                    yield path, number, problem
            for name in PATH_IN_TEXT.findall(line):
                if "NNNN" not in name and not tree.exists(name):
                    yield path, number, f"`{name}` does not exist"
    for path in tree.ending(*SOURCES):
        if path.startswith("tests/lint/"):
            continue
        for number, line in tree.lines(path):
            for name in PAGE_IN_CODE.findall(line):
                if not tree.exists(name):
                    yield path, number, f"{name} does not exist"


def _link_problem(tree, path, target):
    if re.match(r"[a-z]+:", target):
        return None  # the network is not this test's business
    file, _, anchor = target.partition("#")
    found = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
    if found.startswith("..") or not tree.exists(found):
        return f"the link to {target} leads nowhere"
    if anchor and found.endswith(".md") and anchor not in _anchors(tree, found):
        return f"{found} has no heading #{anchor}"
    return None
