"""A server whose disk is really full: a small tmpfs in a mount namespace of its own, no reserve."""

import os
import pathlib
import subprocess

import pytest
import xp
from cluster import outcome, python
from processes import eventually
from xp.v1 import metrics_pb2

MIB = 1 << 20
DISK_BYTES = 24 * MIB
MOUNT = 'mkdir -p "$0" && mount -t tmpfs -o size=%d xp-full-disk "$0" && exec "$@"' % DISK_BYTES

# About 4 MiB that hardly compress, and a metric in every line.
LINES = 4000
CODE = f"""
import random
noise = random.Random(7)
for i in range({LINES}):
    print(f"f1={{i / 1000}} {{noise.randbytes(512).hex()}}")
"""


@pytest.fixture
def small_disk(cluster):
    """The cluster's server on the small disk; answers its folder as this process can reach it."""
    private = ["unshare", "--mount", "--propagation", "private"]
    tried = subprocess.run([*private, "sh", "-c", MOUNT, cluster.folder / "try", "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"no file system may be mounted here: {tried.stderr.strip()}")
    server = cluster.start_server(
        "--disk-reserve", "0", prefix=[*private, "sh", "-c", MOUNT, cluster.data_dir]
    )
    return pathlib.Path(f"/proc/{server.pid}/root{cluster.data_dir}")


def free_bytes(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def refused_for_want_of_room(cluster, trial):
    """Whether points over the network are refused, as the worker's reports are."""
    points = metrics_pb2.Points(values=[0.1 * i for i in range(2000)])
    request = metrics_pb2.WritePointsRequest(
        name=trial, writer_id=f"probe-{os.urandom(4).hex()}",
        series=[metrics_pb2.SeriesPoints(metric="probe", points=points)],
    )  # fmt: skip
    try:
        cluster.client.stubs.metrics.WritePoints(request)
    except xp.Error as error:
        assert error.code == "RESOURCE_EXHAUSTED" and "full" in str(error), error
        return True
    return False


def test_all_of_a_log_arrives_once_a_full_disk_has_room_again(cluster, small_disk):
    ballast = small_disk / "ballast"
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, free_bytes(small_disk) - 2 * MIB)
    cluster.start_worker()
    metric = {"name": "f1", "regex": "f1=(\\S+)"}
    cluster.submit({"experiment": "e", "trials": [{"name": "t", "command": python(CODE), "metrics": [metric]}]})
    eventually(lambda: cluster.trial("e/t").attempt == 1, 30, "the trial has begun")
    eventually(lambda: refused_for_want_of_room(cluster, "e/t"), 60, "the disk is full")
    expected = subprocess.run(python(CODE), capture_output=True, check=True).stdout
    held = cluster.log("e/t")  # reads go on
    assert len(held) < len(expected) and expected.startswith(held)
    assert cluster.server.running() and cluster.workers["w1"].running()
    ballast.unlink()
    assert outcome(cluster.ended("e/t")) == ("COMPLETED", "")
    assert cluster.log("e/t") == expected
    assert cluster.frame("e").loc["t", "f1 - Count"] == LINES
