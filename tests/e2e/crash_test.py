"""kill -9 of each part while a program trains: it goes on, is found again, and every line counts
exactly once."""

import os
import pathlib
import signal

from cluster import PYTHON, outcome
from processes import eventually, processes_in

STEPS = 60
TRAINING = [PYTHON, str(pathlib.Path(__file__).parents[1] / "fixtures/slow_training.py"), str(STEPS)]
DEFINITION = [{"name": "f1", "regex": r"step=(?P<step>\d+) f1=(?P<value>\S+)"}]
LOG = "".join(f"step={step} f1={step / 100}\n" for step in range(STEPS)).encode()


def train(cluster, experiment):
    """Submits the training and waits until some of its lines are on the server."""
    trials = [{"name": "t", "command": TRAINING, "metrics": DEFINITION}]
    cluster.submit({"experiment": experiment, "trials": trials})
    eventually(lambda: cluster.trial(f"{experiment}/t").attempt and cluster.log(f"{experiment}/t").count(b"\n") > 5)


def check_whole(cluster, experiment):
    """Ended well in its first attempt, nothing lost, nothing doubled."""
    trial = cluster.ended(f"{experiment}/t")
    assert outcome(trial) == ("COMPLETED", ""), trial.message
    assert trial.attempt == 1
    assert cluster.log(trial.name) == LOG
    points = cluster.client.experiment(experiment).points("f1", "t")
    assert list(points["Value"]) == [step / 100 for step in range(STEPS)]
    assert list(points["Step"]) == list(range(STEPS))
    row = cluster.frame(experiment).loc["t"]
    assert row["f1 - Count"] == STEPS and row["f1 - Last"] == (STEPS - 1) / 100


def test_the_server_is_killed_and_comes_back(cluster):
    cluster.start_server()
    cluster.start_worker()
    train(cluster, "e")
    cluster.server.kill()
    cluster.start_server()
    check_whole(cluster, "e")


def test_the_server_is_killed_and_stays_away_until_the_training_has_ended(cluster):
    cluster.start_server()
    cluster.start_worker()
    train(cluster, "e")
    cluster.server.kill()
    pids = training_pids(cluster)
    eventually(lambda: not any(alive(pid) for pid in pids), 20, "the training ends by itself")
    cluster.start_server()
    check_whole(cluster, "e")


def test_the_server_stops_in_order_and_comes_back(cluster):
    cluster.start_server()
    cluster.start_worker()
    train(cluster, "e")
    assert cluster.server.stop() == 0
    cluster.start_server()
    check_whole(cluster, "e")


def test_the_worker_daemon_is_killed_and_finds_its_training_again(cluster):
    cluster.start_server()
    cluster.start_worker()
    train(cluster, "e")
    cluster.workers["w1"].kill()
    assert training_pids(cluster), "the training died with the daemon"
    cluster.start_worker(wait=False)
    check_whole(cluster, "e")


def test_the_worker_daemon_is_killed_and_stays_away_until_the_training_has_ended(cluster):
    cluster.start_server()
    cluster.start_worker()
    train(cluster, "e")
    cluster.workers["w1"].kill()
    eventually(lambda: not training_pids(cluster), 20, "the training ends by itself")
    cluster.start_worker(wait=False)
    check_whole(cluster, "e")


def test_server_and_worker_are_killed_again_and_again(cluster):
    cluster.start_server()
    cluster.start_worker()
    train(cluster, "e")
    for _ in range(3):
        cluster.server.kill()
        cluster.workers["w1"].kill()
        cluster.start_worker(wait=False)
        cluster.start_server()
    check_whole(cluster, "e")


def test_the_runner_is_killed_and_the_attempt_is_a_worker_fault(cluster):
    cluster.start_server()
    cluster.start_worker()
    go_on = cluster.folder / "go-on"
    code = f"echo started; while ! test -e {go_on}; do sleep 0.05; done; echo ended"
    cluster.submit({"experiment": "e", "trials": [{"name": "t", "command": ["sh", "-c", code]}]})
    eventually(lambda: cluster.trial("e/t").attempt and b"started" in cluster.log("e/t"))
    for pid in processes_in(cluster.folder):
        if program(pid) == "xprunner":
            os.kill(pid, signal.SIGKILL)
    go_on.touch()
    trial = cluster.becomes("e/t", "COMPLETED")
    first, second = cluster.attempts("e/t")
    assert outcome(first) == ("FAILED", "WORKER_FAULT"), first.message
    assert outcome(second) == ("COMPLETED", "")
    assert trial.worker_faults == 1 and trial.failures == 0


def program(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return ""


def training_pids(cluster):
    return [pid for pid in processes_in(cluster.folder) if program(pid).startswith("python3")]


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False
