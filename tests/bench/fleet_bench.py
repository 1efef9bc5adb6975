"""What the live side costs, with the real programs: PYTHONPATH=build/release/python
XP_BIN_DIR=build/release/bin /usr/bin/python3 tests/bench/fleet_bench.py [idle] [fleet] [reconnect] [capture].

idle     CPU of a server and of a worker that have nothing to do
fleet    CPU of a server with 200 workers, each with one attempt, a heartbeat every 15 s
reconnect  until a worker is connected to a server that was away
capture  MB/s of a log from the program to the server's database, against writing it to a file alone

Not a test: nothing depends on the numbers."""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

from cluster import Cluster  # noqa: E402
from scripted_worker import ScriptedWorker  # noqa: E402
from xp.v1 import workers_pb2  # noqa: E402

WORKERS, HEARTBEAT, MEGABYTES, ROUNDS = 200, 15.0, 200, 3
METRICS = [
    {"name": name, "regex": f"'eval_{name}': (.*?),"} for name in ("loss", "accuracy", "f1", "precision", "recall")
]
EVALUATION = (
    "{'eval_loss': 0.25, 'eval_accuracy': 0.9, 'eval_f1': 0.91, 'eval_precision': 0.92, 'eval_recall': 0.93, 'epoch': 1.0}\n"
)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share(pids, seconds):
    """Percent of one core that each process takes while time passes."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    time.sleep(seconds)  # lint: sleeps, because time is what is measured against
    return {name: 100 * (cpu_seconds(pid) - before[name]) / seconds for name, pid in pids.items()}


def idle(cluster):
    cluster.start_server()
    cluster.start_worker()
    for name, percent in share({"server": cluster.server.pid, "worker": cluster.workers["w1"].pid}, 30).items():
        print(f"idle: {name} {percent:.2f} % of a core")


def fleet(cluster):
    cluster.start_server()
    trials = [{"name": f"t{i}", "command": ["true"]} for i in range(WORKERS)]
    cluster.submit({"experiment": "e", "trials": trials})
    held = []
    for i in range(WORKERS):
        worker = ScriptedWorker(cluster.address, name=f"w{i}")
        worker.expect("welcome")
        held.append((worker, worker.take_trial()))
    pid = cluster.server.pid
    before, began, beats = cpu_seconds(pid), time.monotonic(), 0
    while time.monotonic() - began < 60:
        for i, (worker, attempt) in enumerate(held):
            due = began + (beats // WORKERS) * HEARTBEAT + i * HEARTBEAT / WORKERS
            time.sleep(max(0.0, due - time.monotonic()))  # lint: sleeps, because the pace is given
            worker.send(heartbeat=workers_pb2.Heartbeat(attempts=[attempt]))
            beats += 1
    seconds = time.monotonic() - began
    print(f"fleet: {WORKERS} workers, {beats / seconds:.1f} heartbeats/s: {100 * (cpu_seconds(pid) - before) / seconds:.2f} % of a core")
    for worker, _ in held:
        worker.close()


def reconnect(cluster):
    cluster.start_server()
    cluster.start_worker()
    for away in (1, 5, 20):
        cluster.server.kill()
        time.sleep(away)  # lint: sleeps, because how long it was away is what is varied
        cluster.start_server()
        began = time.monotonic()
        while not cluster.worker("w1").connected:
            time.sleep(0.005)  # lint: sleeps, because it is looked at often
        print(f"reconnect: {1000 * (time.monotonic() - began):.0f} ms after a server that was away for {away} s listens again")


def make_log(path):
    """Progress bars redrawn with CR, an evaluation now and then."""
    with open(path, "w", encoding="utf-8") as log:
        step = 0
        while log.tell() < MEGABYTES * 1_000_000:
            for _ in range(500):
                step += 1
                log.write(f"\r 50%|#####     | {step}/99999 [00:46<00:46,  4.69it/s]")
            log.write("\n" + EVALUATION)
    return path.stat().st_size / 1e6


def capture(cluster):
    cluster.start_server()
    cluster.start_worker()
    source = cluster.folder / "source.log"
    size = make_log(source)
    alone, tracked = [], []
    for number in range(ROUNDS):
        began = time.monotonic()
        with open(cluster.folder / "copy", "wb") as copy:
            subprocess.run(["cat", source], stdout=copy, check=True)
            os.fsync(copy.fileno())
        alone.append(size / (time.monotonic() - began))
        began = time.monotonic()
        cluster.submit({"experiment": f"e{number}", "trials": [{"name": "t", "command": ["cat", str(source)], "metrics": METRICS}]})
        cluster.becomes(f"e{number}/t", "COMPLETED", 300)
        tracked.append(size / (time.monotonic() - began))
    to_disk, to_server = statistics.median(alone), statistics.median(tracked)
    print(f"capture: {size:.0f} MB, 5 definitions: {to_server:.0f} MB/s to the database (written and synced alone: {to_disk:.0f} MB/s, ratio {to_server / to_disk:.2f})")


def main():
    parts = {"idle": idle, "fleet": fleet, "reconnect": reconnect, "capture": capture}
    for name in sys.argv[1:] or parts:
        with tempfile.TemporaryDirectory(prefix="xp-bench-", ignore_cleanup_errors=True) as folder:
            cluster = Cluster(folder)
            try:
                parts[name](cluster)
            finally:
                cluster.close()


if __name__ == "__main__":
    main()
