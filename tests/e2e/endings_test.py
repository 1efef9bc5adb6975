"""How a command can end, and what it can print: the right state, the right reason, the whole log."""

import hashlib
import os
import signal

import pytest
from cluster import PYTHON, outcome, python
from processes import eventually

MEGABYTE = 1 << 20


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def writes(data_expression):
    """A command that writes bytes to its stdout, whatever they are."""
    return [PYTHON, "-c", f"import sys; sys.stdout.buffer.write({data_expression})"]


def test_a_command_that_does_not_exist(shared):
    trial = shared.run(["no-such-program-anywhere", "x"])
    assert outcome(trial) == ("FAILED", "NOT_FOUND")
    assert "no-such-program-anywhere" in trial.message


def test_a_command_that_may_not_be_executed(shared):
    assert outcome(shared.run(["/etc/passwd"])) == ("FAILED", "NOT_FOUND")


def test_exit_three(shared):
    trial = shared.run(python("import sys; print('the last words'); sys.exit(3)"))
    assert outcome(trial) == ("FAILED", "EXIT")
    assert trial.latest_attempt.exit_code == 3 and "3" in trial.message
    assert "the last words" in trial.log_tail


def test_killed_by_a_signal(shared):
    trial = shared.run(["sh", "-c", "echo before; kill -SEGV $$"])
    assert outcome(trial) == ("FAILED", "SIGNAL")
    assert trial.latest_attempt.signal == signal.SIGSEGV
    assert shared.log(trial.name).startswith(b"before\n")


def test_a_command_that_prints_nothing(shared):
    trial = shared.run(["true"], metrics=[{"name": "f1", "regex": "f1=(.*)"}])
    assert outcome(trial) == ("COMPLETED", "")
    assert shared.log(trial.name) == b""
    shown = shared.xpctl("compare", trial.name.partition("/")[0]).stdout
    assert "t" in shown and "COMPLETED" in shown, shown


@pytest.mark.parametrize("megabytes", [30, pytest.param(200, id="200-long-mode")])
def test_a_great_deal_of_output(shared, megabytes, request):
    if megabytes > 30:
        request.getfixturevalue("long_mode")
    line = b"a line of sixty-four bytes, counted, that a program prints...%02d\n"
    code = f"import sys\nfor i in range({megabytes} * 16384): sys.stdout.buffer.write({line!r} % (i % 100))"
    trial = shared.run([PYTHON, "-c", code], seconds=240)
    assert outcome(trial) == ("COMPLETED", "")
    expected = hashlib.sha256()
    for i in range(megabytes * 16384):
        expected.update(line % (i % 100))
    log = shared.log(trial.name)
    assert len(log) == megabytes * MEGABYTE
    assert sha256(log) == expected.hexdigest()


def test_one_line_of_ten_megabytes_between_metrics(shared):
    code = f"print('f1=0.5'); print('x' * {10 * MEGABYTE}); print('f1=0.75')"
    trial = shared.run(python(code), metrics=[{"name": "f1", "regex": r"f1=(\S+)"}])
    assert outcome(trial) == ("COMPLETED", "")
    assert sha256(shared.log(trial.name)) == sha256(b"f1=0.5\n" + b"x" * 10 * MEGABYTE + b"\nf1=0.75\n")
    frame = shared.frame(trial.name.partition("/")[0])
    assert frame.loc["t", "f1 - Count"] == 2 and frame.loc["t", "f1 - Last"] == 0.75


@pytest.mark.parametrize(
    "data",
    [
        "b'\\xff\\xfe\\x00\\x80 not text \\xc3\\n' * 1000",
        "b'\\x00' * 100000",
        "bytes(range(256)) * 64",
        "b'no newline at the end f1=0.5'",
        "b'\\r\\r\\n\\n\\r'",
    ],
)
def test_bytes_that_are_no_text(shared, data):
    trial = shared.run(writes(data), metrics=[{"name": "f1", "regex": r"f1=(\S+)"}])
    assert outcome(trial) == ("COMPLETED", ""), trial.message
    assert shared.log(trial.name) == eval(data)  # noqa: S307 - the literals above


def test_a_grandchild_that_keeps_stdout_open_ends_with_its_trial(shared):
    code = "echo child; (sleep 300 & echo $! >&2); exit 0"
    trial = shared.run(["sh", "-c", code], seconds=30)
    assert outcome(trial) == ("COMPLETED", "")
    pid = int(shared.log(trial.name).split()[-1])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_preempted_command_is_queued_again_without_a_retry(shared):
    marker = shared.folder / "preempted-once"
    trial = shared.run(["sh", "-c", f"test -e {marker} || {{ touch {marker}; exit 75; }}"])
    assert outcome(trial) == ("COMPLETED", "")
    assert trial.attempt == 2 and trial.failures == 0


def test_retries_are_for_failures_of_the_program(shared):
    marker = shared.folder / "failed-once"
    code = f"test -e {marker} && echo f1=0.9 && exit 0; touch {marker}; echo f1=0.1; exit 1"
    trial = shared.run(["sh", "-c", code], retries=1, metrics=[{"name": "f1", "regex": "f1=(.*)"}])
    assert outcome(trial) == ("COMPLETED", "")
    assert trial.attempt == 2
    assert shared.frame(trial.name.partition("/")[0]).loc["t", "f1 - Avg"] == 0.9
    assert [a.exit_code for a in shared.attempts(trial.name)] == [1, 0]


def test_a_time_limit_stops_the_command(shared):
    trial = shared.run(["sleep", "300"], timeout="1s", stop_grace="1s", seconds=30)
    assert outcome(trial) == ("STOPPED", "MAX_RUNTIME")


def test_a_stop_gives_the_grace_that_was_asked_for(shared):
    code = """
import signal, sys
def end(*_):
    print("saving"); print("saved"); sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready")
signal.pause()
"""
    spec = {"experiment": "graceful", "trials": [{"name": "t", "command": python(code), "stop_grace": "30s"}]}
    shared.submit(spec)
    shared.becomes("graceful/t", "RUNNING")
    wait_for_log(shared, "graceful/t", b"ready")
    shared.xpctl("stop", "graceful/t")
    assert outcome(shared.ended("graceful/t", 20)) == ("STOPPED", "USER")
    assert shared.log("graceful/t") == b"ready\nsaving\nsaved\n"


def test_a_command_that_ignores_the_stop_is_killed_after_its_grace(shared):
    code = "trap '' TERM; echo ready; while :; do sleep 1; done"
    spec = {"experiment": "stubborn", "trials": [{"name": "t", "command": ["sh", "-c", code], "stop_grace": "1s"}]}
    shared.submit(spec)
    wait_for_log(shared, "stubborn/t", b"ready")
    shared.xpctl("stop", "stubborn/t")
    trial = shared.ended("stubborn/t", 20)
    assert outcome(trial) == ("STOPPED", "USER")
    assert trial.latest_attempt.signal == signal.SIGKILL


def test_retry_after_failure_is_the_next_attempt(shared):
    marker = shared.folder / "repaired"
    trial = shared.run(["test", "-e", str(marker)])
    assert outcome(trial) == ("FAILED", "EXIT")
    marker.touch()
    shared.xpctl("retry", trial.name)
    trial = shared.becomes(trial.name, "COMPLETED")
    assert trial.attempt == 2


def wait_for_log(cluster, name, text):
    eventually(lambda: cluster.trial(name).attempt > 0 and text in cluster.log(name), 20, f"{text} in the log of {name}")


def test_three_quick_failures_of_different_trials_drain_the_worker(cluster):
    cluster.start_server()
    cluster.start_worker()
    trials = [{"name": f"t{i}", "command": ["false"]} for i in range(6)]
    cluster.submit({"experiment": "e", "trials": trials})
    eventually(lambda: cluster.worker("w1").drained, 20, "the worker is drained")
    assert cluster.worker("w1").drain_reason
    assert [cluster.state(f"e/t{i}") for i in (3, 4, 5)] == ["QUEUED"] * 3
    assert "drain" in cluster.xpctl("why", "e/t5").stdout.lower()
