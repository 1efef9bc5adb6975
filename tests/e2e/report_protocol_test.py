"""The rules of the Work stream, against the real server: the offset is the sequence number, the
attempt fences, and whatever is wrong with one attempt leaves the stream alive."""

import contextlib

import grpc
import pytest
from cluster import outcome
from scripted_worker import ScriptedWorker
from xp.v1 import metrics_pb2, workers_pb2


@pytest.fixture
def playing(cluster):
    """Starts a server with one trial; gives a function that opens scripted workers."""
    cluster.start_server()
    metrics = [{"name": "f1", "regex": "f1=(.*)"}]
    cluster.submit({"experiment": "e", "trials": [{"name": "t", "command": ["true"], "metrics": metrics}]})
    with contextlib.ExitStack() as stack:

        def play(**options):
            worker = ScriptedWorker(cluster.address, **options)
            stack.callback(worker.close)
            return worker

        yield play


def held(attempt, phase=workers_pb2.HeldAttempt.RUNNING):
    return [workers_pb2.HeldAttempt(attempt=attempt, phase=phase, slots=[0])]


def count(cluster):
    frame = cluster.frame("e")
    return int(frame.loc["t", "f1 - Count"]) if "f1 - Count" in frame else 0


def begun(play, **options):
    worker = play(**options)
    worker.expect("welcome")
    return worker, worker.take_trial()


def test_a_report_counts_once_however_often_it_comes(cluster, playing):
    worker, attempt = begun(playing)
    for _ in range(3):
        worker.report(attempt, 0, b"f1=0.5\n", [0.5])
        assert worker.expect("report_ack").held.offset == 7
    assert count(cluster) == 1 and cluster.log("e/t") == b"f1=0.5\n"


@pytest.mark.parametrize("begin", [3, 8, 1000])
def test_a_report_from_another_offset_changes_nothing_and_is_told_what_is_held(cluster, playing, begin):
    worker, attempt = begun(playing)
    worker.report(attempt, 0, b"f1=0.5\n", [0.5])
    worker.expect("report_ack")
    worker.report(attempt, begin, b"f1=0.6\n", [0.6])
    assert worker.expect("report_ack").held.offset == 7
    assert count(cluster) == 1 and cluster.log("e/t") == b"f1=0.5\n"


def test_what_was_acknowledged_survives_kill_9(cluster, playing):
    worker, attempt = begun(playing)
    total = b""
    for i in range(20):
        line = b"f1=0.%02d\n" % i
        worker.report(attempt, len(total), line, [i / 100])
        worker.expect("report_ack")
        total += line
    cluster.server.kill()
    cluster.start_server()
    assert cluster.log("e/t") == total and count(cluster) == 20
    again = playing(held=held(attempt))
    verdict = again.expect("welcome").verdicts[0]
    assert verdict.action == workers_pb2.Verdict.CONTINUE
    assert [source.offset for source in verdict.sources if source.source == metrics_pb2.SOURCE_KIND_LOG] == [len(total)]


def test_a_new_stream_of_a_worker_ends_its_older_one(cluster, playing):
    old, attempt = begun(playing)
    new = playing(held=held(attempt))
    assert new.expect("welcome").verdicts[0].action == workers_pb2.Verdict.CONTINUE
    assert old.expect_end() == grpc.StatusCode.ABORTED
    new.report(attempt, 0, b"f1=0.5\n", [0.5])
    assert new.expect("report_ack").held.offset == 7


def test_an_assignment_that_the_worker_does_not_name_is_queued_again(cluster, playing):
    old, attempt = begun(playing)
    del old
    new = playing()
    assert len(new.expect("welcome").verdicts) == 0
    again = new.expect("assignment").attempt
    assert again.trial_uid == attempt.trial_uid and again.number == attempt.number + 1


def test_an_older_attempt_is_refused_and_the_stream_lives(cluster, playing):
    old, attempt = begun(playing)
    del old
    new = playing()
    new.expect("welcome")
    latest = new.take_trial()
    new.report(attempt, 0, b"f1=0.1\n", [0.1])
    refused = new.expect("refused")
    assert refused.code == grpc.StatusCode.FAILED_PRECONDITION.value[0] and refused.attempt == attempt
    new.report(latest, 0, b"f1=0.9\n", [0.9])
    assert new.expect("report_ack").held.offset == 7
    assert cluster.log("e/t") == b"f1=0.9\n"


def test_a_silent_worker_takes_its_trial_back_when_it_returns(cluster, playing):
    old, attempt = begun(playing, name="one")
    old.close()
    other = playing(name="two")
    other.expect("welcome")
    # Nobody else gets its trial before it is lost.
    back = playing(name="one", held=held(attempt))
    assert back.expect("welcome").verdicts[0].action == workers_pb2.Verdict.CONTINUE


def test_a_deleted_trial_is_forgotten(cluster, playing):
    worker, attempt = begun(playing)
    cluster.xpctl("delete", "e/t", "--force")
    message = worker.next()
    while message.WhichOneof("message") != "refused":
        if message.WhichOneof("message") == "stop":
            worker.report(attempt, 0, b"f1=0.5\n", [0.5])
        message = worker.next()
    assert message.refused.code == grpc.StatusCode.NOT_FOUND.value[0]
    again = playing(held=held(attempt))
    assert again.expect("welcome").verdicts[0].action == workers_pb2.Verdict.FORGET


def test_the_end_waits_for_the_last_byte(cluster, playing):
    worker, attempt = begun(playing)
    worker.report(attempt, 0, b"f1=0.5\n", [0.5])
    worker.expect("report_ack")
    worker.finish(attempt, length=14)
    cluster.becomes("e/t", "FINISHING")
    worker.report(attempt, 7, b"f1=0.7\n", [0.7])
    # The report's acknowledgement and the end's confirmation, in whichever order.
    assert {worker.next().WhichOneof("message") for _ in range(2)} == {"report_ack", "confirmed"}
    assert outcome(cluster.ended("e/t")) == ("COMPLETED", "")
    assert count(cluster) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": b"x" * (600 << 10)},
        {"to": 3},
        {"data": b"\x28\xb5\x2f\xfd broken", "zstd": True},
        {"source": metrics_pb2.SOURCE_KIND_UNSPECIFIED},
        {"time_offsets": [5, 1], "times_ms": [1]},
    ],
    ids=["too-much", "length-differs", "broken-zstd", "no-source", "times-differ"],
)
def test_a_report_that_is_wrong_in_itself_stores_nothing_and_leaves_the_stream_alive(cluster, playing, wrong):
    worker, attempt = begun(playing)
    data = wrong.get("data", b"f1=0.5\n")
    fields = {"from": 0, "to": len(data), "time_offsets": [0], "times_ms": [1_700_000_000_000], "source": metrics_pb2.SOURCE_KIND_LOG}
    report = workers_pb2.Report(attempt=attempt, **{**fields, "data": data, **wrong})
    worker.send(report=report)
    refused = worker.expect("refused")
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT.value[0] and refused.message
    assert cluster.log("e/t") == b""
    nobody = workers_pb2.AttemptId(trial_uid="no-such-trial", number=1)
    worker.report(nobody, 0, b"x\n")
    assert worker.expect("refused").code == grpc.StatusCode.NOT_FOUND.value[0]


def test_a_stream_that_does_not_begin_with_hello_is_ended(cluster, playing):
    worker = playing(name="not a name")
    assert worker.expect_end() == grpc.StatusCode.INVALID_ARGUMENT
