"""xpctl run: a command here and now, tracked as by a worker of one."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import pytest
import xp
from cluster import BIN, outcome
from processes import eventually, processes_in


@pytest.fixture
def here(cluster, monkeypatch):
    """A cluster whose runs are kept in the test's own folder."""
    monkeypatch.setenv("XP_RUNS_DIR", str(cluster.folder / "runs"))
    cluster.start_server()
    return cluster


def run(cluster, script, *options, experiment="e", trial="t", **how):
    return cluster.xpctl("run", "-e", experiment, "-t", trial, *options, "--", "sh", "-c", script, **how)


def begin(cluster, script, *options, server=None):
    """xpctl run in the background, as in another terminal."""
    command = [BIN / "xpctl", "--server", server or cluster.address, "run", "-e", "e", "-t", "t", *options, "--", "sh", "-c", script]
    return subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def logs(cluster, wanted):
    """Waits until the server holds that log."""

    def holds_it():
        try:
            return cluster.log("e/t") == wanted
        except xp.Error:
            return False  # not even created yet

    eventually(holds_it, 30, f"the log is {wanted}")


def said(done):
    """What it said besides that it still delivers, which a slow machine makes it say."""
    return [line for line in done.stderr.splitlines() if not line.startswith("delivering ")]


def waiting_runs(cluster):
    runs = cluster.folder / "runs"
    return [path.parent for path in runs.glob("*/run.json")] if runs.exists() else []


def trackers(cluster):
    """Pids of the xpworkers that track runs."""

    def tracks(pid):
        try:
            return b"--adopt" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False  # it ended meanwhile

    return [pid for pid in processes_in(cluster.folder / "runs") if tracks(pid)]


def workers(cluster):
    return cluster.xpctl("--output", "csv", "workers").stdout


def test_its_log_numbers_status_and_files_are_the_servers(here):
    done = run(here, "echo f1=0.5; echo w > $SM_MODEL_DIR/weights; echo r > $XP_OUTPUT_DIR/report; exit 7", "--metric", "f1=f1=(.*)", status=7)
    assert done.stdout == "f1=0.5\n"
    assert said(done) == []
    trial = here.ended("e/t")
    assert outcome(trial) == ("FAILED", "EXIT")
    assert here.frame("e").loc["t", "f1 - Avg"] == 0.5
    assert here.log("e/t") == b"f1=0.5\n"
    kept = here.artifacts("e/t")
    assert {"model/weights", "output/report", "environment/environment.json"} <= set(kept)
    assert not waiting_runs(here) and "run-" not in workers(here)


def test_log_and_metrics_file_arrive_while_it_runs(here):
    os.mkfifo(here.folder / "go")
    script = f'echo f1=0.5; echo \'{{"loss": 2, "step": 1}}\' >> $XP_METRICS_FILE; read line < {here.folder}/go'
    running = begin(here, script, "--metric", "f1=f1=(.*)")

    def both_are_there():
        try:
            frame = here.frame("e")
        except xp.Error:
            return False  # not even created yet
        assert {"f1 - Count", "loss - Last"} <= set(frame), list(frame)
        row = frame.loc["t"]
        return row["f1 - Count"] == 1 and row["loss - Last"] == 2 and row["State"] == "RUNNING"

    eventually(both_are_there, 30)
    assert "run-" in workers(here), "it is a worker while it runs"
    (here.folder / "go").write_text("go\n")
    out, _ = running.communicate(timeout=30)
    assert (running.returncode, out) == (0, "f1=0.5\n")
    assert outcome(here.ended("e/t")) == ("COMPLETED", "")
    assert "run-" not in workers(here)


def test_a_stop_from_the_server_ends_it(here):
    running = begin(here, "trap 'echo saved; exit 0' TERM; echo ready; while :; do read x < /dev/null; sleep 0.1; done")
    logs(here, b"ready\n")
    here.xpctl("stop", "e/t")
    out, _ = running.communicate(timeout=30)
    assert out.startswith("ready\n") and out.endswith("saved\n") and running.returncode == 0
    assert outcome(here.ended("e/t")) == ("STOPPED", "USER")


def test_ctrl_c_is_handed_to_the_command_and_the_trial_ends_stopped(here):
    running = begin(here, "trap 'echo saved; exit 3' TERM; echo ready; while :; do sleep 0.1; done")
    logs(here, b"ready\n")
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=30)
    assert out.startswith("ready\n") and out.endswith("saved\n") and running.returncode == 3
    assert outcome(here.ended("e/t")) == ("STOPPED", "USER")


def test_kill_9_of_xpctl_loses_nothing(here):
    os.mkfifo(here.folder / "go")
    running = begin(here, f"echo one; read line < {here.folder}/go; echo two")
    logs(here, b"one\n")
    running.kill()
    running.communicate(timeout=30)
    (here.folder / "go").write_text("go\n")
    assert outcome(here.ended("e/t")) == ("COMPLETED", "")
    assert here.log("e/t") == b"one\ntwo\n"
    eventually(lambda: not processes_in(here.folder / "runs"), 20, "its worker leaves")
    here.xpctl("sync")
    assert not waiting_runs(here)


def test_a_run_whose_xpctl_died_before_its_command_began_is_ended_by_sync(here):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it is waited for before the command begins
        dying = begin(here, f"touch {here.folder}/ran", server=f"127.0.0.1:{silent.getsockname()[1]}")
        eventually(lambda: waiting_runs(here), 30, "the run is kept")
        dying.send_signal(signal.SIGSTOP)  # it would not wait for ever
        here.xpctl("sync")
        assert len(waiting_runs(here)) == 1, "its xpctl may still begin it"
        dying.kill()
        dying.communicate(timeout=30)
    assert "delivered e/t" in here.xpctl("sync").stderr
    assert outcome(here.ended("e/t")) == ("FAILED", "TRACKER_GONE")
    assert "ended before the command began" in here.xpctl("why", "e/t").stdout
    assert not waiting_runs(here) and not (here.folder / "ran").exists()


def test_a_server_that_goes_away_in_the_middle_is_delivered_to_later(here):
    os.mkfifo(here.folder / "go")
    running = begin(here, f"echo one; read line < {here.folder}/go; echo w > $XP_MODEL_DIR/w; echo two")
    logs(here, b"one\n")
    here.server.kill()
    (here.folder / "go").write_text("go\n")
    eventually(lambda: any((run / "attempt" / "exit").exists() for run in waiting_runs(here)), 30)
    running.send_signal(signal.SIGINT)  # does not wait for the server
    out, err = running.communicate(timeout=30)
    assert out == "one\ntwo\n" and running.returncode == 0 and "xpctl sync" in err
    here.start_server()
    assert "delivered e/t" in here.xpctl("sync").stderr
    assert outcome(here.ended("e/t")) == ("COMPLETED", "")
    assert here.log("e/t") == b"one\ntwo\n" and "model/w" in here.artifacts("e/t")


def test_without_a_server_it_runs_and_the_next_run_delivers(here):
    here.server.stop()
    done = run(here, "echo f1=0.5; echo w > $XP_MODEL_DIR/w; exit 3", "--metric", "f1=f1=(.*)", status=3)
    assert done.stdout == "f1=0.5\n"
    assert len(done.stderr.splitlines()) == 1 and here.address in done.stderr
    here.start_server()
    done = run(here, "true", trial="next")
    assert said(done) == ["delivered e/t"]
    assert outcome(here.ended("e/t")) == ("FAILED", "EXIT")
    assert here.frame("e").loc["t", "f1 - Avg"] == 0.5
    assert "model/w" in here.artifacts("e/t")
    assert not waiting_runs(here) and "run-" not in workers(here)


def test_a_worker_that_did_nothing_leaves_the_run_to_sync(here, monkeypatch):
    monkeypatch.setenv("XP_WORKER", "/bin/true")
    done = run(here, "echo one")
    assert done.stdout == "one\n" and "xpctl sync" in done.stderr
    assert here.state("e/t") == "QUEUED" and len(waiting_runs(here)) == 1
    monkeypatch.delenv("XP_WORKER")
    assert "delivered e/t" in here.xpctl("sync").stderr
    assert outcome(here.ended("e/t")) == ("COMPLETED", "")
    assert here.log("e/t") == b"one\n" and not waiting_runs(here)


def test_deleting_the_trial_ends_the_tracking_and_not_the_command(here):
    os.mkfifo(here.folder / "go")
    running = begin(here, f"echo one; read line < {here.folder}/go; echo two")
    logs(here, b"one\n")
    here.xpctl("delete", "e/t", "--force")
    eventually(lambda: not trackers(here), 20, "its worker leaves")
    (here.folder / "go").write_text("go\n")
    out, err = running.communicate(timeout=30)
    assert (out, running.returncode) == ("one\ntwo\n", 0) and "does not want it" in err
    assert not waiting_runs(here) and "e/t" not in here.xpctl("sync").stderr


def test_a_name_that_is_taken_is_refused_before_anything_runs(here):
    run(here, "true")
    done = run(here, f"touch {here.folder}/ran", status=5)
    assert "trial t exists" in done.stderr
    assert not (here.folder / "ran").exists() and not waiting_runs(here)


def test_its_worker_takes_no_trial_of_others(here):
    here.submit({"experiment": "others", "trials": [{"name": "t", "command": ["true"]}]})
    run(here, "true")
    assert here.state("others/t") == "QUEUED"


def test_each_word_of_the_command_reaches_it_as_it_is(here):
    words = ["[64, 32]", "[]", "[[a,b]]", "", "--x=1", "--", "-e", "a b", "'\"$x", "é"]
    script = "import sys, json; print(json.dumps(sys.argv[1:]))"
    done = here.xpctl("run", "-e", "e", "-t", "t", "--", sys.executable, "-c", script, *words)
    assert json.loads(done.stdout) == words
    for nothing in ([], ["--"], ["--", ""]):
        assert "CMD is" in here.xpctl("run", "-e", "e", *nothing, status=2).stderr


def test_a_command_that_is_not_there_says_so(here):
    done = here.xpctl("run", "-e", "e", "-t", "t", "--", "no-such-program", status=127)
    assert "no-such-program" in done.stderr
    assert outcome(here.ended("e/t")) == ("FAILED", "NOT_FOUND")


def test_an_stdout_that_takes_nothing_costs_neither_the_log_nor_the_status(here):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [BIN / "xpctl", "--server", here.address, "run", "-e", "e", "-t", "t", "--", "sh", "-c", "echo lost; exit 3"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("stdout cannot be written") == 1
    logs(here, b"lost\n")


def test_a_run_without_definitions_says_that_it_has_none(here):
    run(here, "echo f1=0.5")
    rows = json.loads(here.xpctl("--output", "json", "compare", "e").stdout)["rows"]
    assert "no metric definitions; add one to its 1 line with xpctl metrics backfill" in rows[0]["why_empty"]


def runner(cluster, monkeypatch, script):
    """Makes a script the runner that xpctl run starts; $1 is the attempt's folder."""
    path = cluster.folder / "runner"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("XP_RUNNER", str(path))


def test_a_runner_that_cannot_start_leaves_nothing(here, monkeypatch):
    runner(here, monkeypatch, "echo no room; exit 1")
    done = run(here, f"touch {here.folder}/ran", status=3)
    assert "no room" in done.stderr
    assert not (here.folder / "ran").exists() and not waiting_runs(here)
    with pytest.raises(xp.Error):
        here.log("e/t")


def test_a_runner_that_began_and_failed_to_say_so_is_believed_by_its_folder(here, monkeypatch):
    runner(here, monkeypatch, f'{BIN}/xprunner "$1"; exit 1')
    done = run(here, "echo one; exit 7", status=7)
    assert done.stdout == "one\n"
    assert outcome(here.ended("e/t")) == ("FAILED", "EXIT")
    assert here.log("e/t") == b"one\n" and not waiting_runs(here)
