"""Everything at once, for long: kill -9 of server, daemon and runner at random moments, and a queue
that is longer than the slots. Long modes: XP_LONG=1 runs them (and XP_SEED repeats a run)."""

import os
import pathlib
import random
import signal
import time

from cluster import PYTHON, outcome
from processes import eventually, processes_in

STEPS = 500
KILLS = 50
TRIALS = 4
SCRIPT = pathlib.Path(__file__).parents[1] / "fixtures/slow_training.py"
LOG = "".join(f"step={step} f1={step / 100}\n" for step in range(STEPS)).encode()


def runners(cluster):
    """The pids of the runners, by trial."""
    found = {}
    for pid in processes_in(cluster.folder):
        try:
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) != "xprunner":
                continue
            environment = pathlib.Path(f"/proc/{child(pid)}/environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        found.update({word[9:].decode(): pid for word in environment if word.startswith(b"XP_TRIAL=")})
    return found


def child(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return children[0] if children else pid


def test_fifty_kills_at_random_moments_lose_and_double_nothing(cluster, long_mode):
    seed = int(os.environ.get("XP_SEED") or time.time())
    print(f"XP_SEED={seed}")
    chance = random.Random(seed)
    cluster.start_server()
    cluster.start_worker(slots=2)
    metrics = [{"name": "f1", "regex": r"step=(?P<step>\d+) f1=(?P<value>\S+)"}]
    trials = [{"name": f"t{i}", "command": [PYTHON, str(SCRIPT), str(STEPS)], "metrics": metrics} for i in range(TRIALS)]
    cluster.submit({"experiment": "e", "trials": trials})
    killed = {"server": 0, "daemon": 0, "runner": 0}
    faults = dict.fromkeys((f"t{i}" for i in range(TRIALS)), 0)
    while sum(killed.values()) < KILLS:
        time.sleep(chance.uniform(0.05, 1.0))  # lint: sleeps, because the moment is what is random
        what = chance.choices(["server", "daemon", "runner"], [5, 5, 1])[0]
        if what == "server":
            cluster.server.kill()
            cluster.start_server()
        elif what == "daemon":
            cluster.workers["w1"].kill()
            cluster.start_worker(slots=2, wait=False)
        else:  # each is a worker fault, of which a trial may have three
            able = {trial: pid for trial, pid in runners(cluster).items() if faults[trial] < 2}
            if not able:
                continue
            trial, pid = chance.choice(sorted(able.items()))
            os.kill(pid, signal.SIGKILL)
            faults[trial] += 1
        killed[what] += 1
    for i in range(TRIALS):
        trial = cluster.ended(f"e/t{i}", 240)
        assert outcome(trial) == ("COMPLETED", ""), trial.message
        # One that ended as its runner was killed has no fault; one that was given back has none either.
        assert trial.worker_faults <= faults[f"t{i}"] and trial.attempt > trial.worker_faults
        assert cluster.log(trial.name) == LOG
        points = cluster.client.experiment("e").points("f1", f"t{i}")
        assert list(points["Value"]) == [step / 100 for step in range(STEPS)]
        assert list(points["Step"]) == list(range(STEPS))
    frame = cluster.frame("e")
    for i in range(TRIALS):
        row = frame.loc[f"t{i}"]
        assert row["f1 - Count"] == STEPS and row["f1 - Last"] == row["f1 - Max"] == (STEPS - 1) / 100
        assert abs(row["f1 - Avg"] - (STEPS - 1) / 200) < 1e-12
    print(f"killed: {killed}")


def test_fifty_trials_through_two_slots(cluster, long_mode):
    cluster.start_server()
    cluster.start_worker(slots=2)
    metrics = [{"name": "f1", "regex": "f1=(.*)"}]
    trials = [{"name": f"t{i:02}", "command": ["sh", "-c", f"echo f1={i}"], "metrics": metrics} for i in range(50)]
    began = time.monotonic()
    cluster.submit({"experiment": "e", "trials": trials})

    def all_ended():
        frame = cluster.frame("e")
        return len(frame) == 50 and (frame["State"] == "COMPLETED").all()

    eventually(all_ended, 120, "all have ended")
    print(f"50 trials through 2 slots: {time.monotonic() - began:.1f} s")
    frame = cluster.frame("e")
    for i in range(50):
        assert frame.loc[f"t{i:02}", "f1 - Last"] == i
    assert not processes_left(cluster)


def processes_left(cluster):
    return [pid for pid in processes_in(cluster.folder) if pid not in {cluster.server.pid, cluster.workers["w1"].pid}]
