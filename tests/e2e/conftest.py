"""Fixtures: `cluster` is made for one test and empty; `shared` stands for a whole file, with one
worker of two slots. What they started wrote logs, which a failed test prints."""

import os
import signal
import sys
import tempfile

import pytest
from cluster import BIN, Cluster

LONG = os.environ.get("XP_LONG") == "1"


def pytest_configure():
    # ctest's time limit: the fixtures still end what they started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    missing = [name for name in ("xpserver", "xpworker", "xprunner", "xpctl") if not (BIN / name).exists()]
    if missing:
        pytest.exit(f"not in {BIN} (XP_BIN_DIR): {', '.join(missing)}; build them first", returncode=1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for fixture in ("cluster", "shared"):
            if fixture in item.funcargs:
                report.sections.append(("the programs' logs", item.funcargs[fixture].logs()))


@pytest.fixture
def cluster():
    with tempfile.TemporaryDirectory(prefix="xp-e2e-", ignore_cleanup_errors=True) as folder:
        made = Cluster(folder)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture(scope="module")
def shared():
    with tempfile.TemporaryDirectory(prefix="xp-e2e-", ignore_cleanup_errors=True) as folder:
        made = Cluster(folder)
        try:
            made.start_server()
            made.start_worker(slots=2)
            yield made
        finally:
            made.close()


@pytest.fixture
def long_mode():
    if not LONG:
        pytest.skip("a long mode; XP_LONG=1 runs it")
