"""Trials, curves, logs, and the verbs that change something."""

import grpc
import pytest
import xp
from google.protobuf.timestamp_pb2 import Timestamp
from xp.v1 import metrics_pb2, trials_pb2


def test_trials_are_a_frame_in_the_order_of_submission(server, client):
    server.trials = [
        trials_pb2.Trial(name="e/b", state=trials_pb2.COMPLETED, start_time=Timestamp(seconds=5)),
        trials_pb2.Trial(name="e/a", state=trials_pb2.FAILED, reason=trials_pb2.EXIT, message="status 3", failures=2),
    ]
    frame = client.experiment("e").trials()
    assert list(frame["Trial"]) == ["b", "a"]
    assert list(frame["State"]) == ["COMPLETED", "FAILED"]
    assert list(frame["Reason"]) == ["", "EXIT"]
    assert frame["Failures"][1] == 2


def series(metric, values, total=None):
    points = metrics_pb2.Points(values=values, steps=range(1, len(values) + 1), epochs=[], times_ms=[1000] * len(values))
    return metrics_pb2.SeriesHistory(metric=metric, attempt=1, total_points=total or len(values), points=points)


def test_history_of_all_trials_is_one_frame(server, client):
    server.trials = [trials_pb2.Trial(name="e/a"), trials_pb2.Trial(name="e/b")]
    server.series = {"e/a": [series("loss", [0.5, 0.4])], "e/b": [series("loss", [0.3])]}
    frame = client.experiment("e").history("loss")
    assert list(frame["Trial"]) == ["a", "a", "b"]
    assert list(frame["Step"]) == [1, 2, 1]
    assert list(frame["Value"]) == [0.5, 0.4, 0.3]
    assert str(frame["Time"][0]) == "1970-01-01 00:00:01+00:00"


def test_a_thinned_history_warns(server, client):
    server.series = {"e/a": [series("loss", [0.5, 0.4], total=99)]}
    with pytest.warns(UserWarning, match="2 of 99 points"):
        client.experiment("e").history("loss", trial="a")


def test_a_history_of_nothing_is_an_empty_frame(client):
    frame = client.experiment("e").history("loss")
    assert list(frame.columns) == ["Trial", "Attempt", "Step", "Epoch", "Time", "Value"] and len(frame) == 0


def test_points_come_page_by_page_and_whole(server, client):
    server.series = {"e/a": [series("loss", [5.0, 4.0, 3.0])]}
    frame = client.experiment("e").points("loss", "a")
    assert list(frame["Value"]) == [5.0, 4.0, 3.0]
    assert set(frame["Attempt"]) == {1}, "the one that was found, not the 0 that was asked for"


def test_a_log_comes_whole_and_byte_for_byte(server, client):
    server.logs = {"e/a": b"one\r\ntwo\x00\xff\n", "e/empty": b""}
    experiment = client.experiment("e")
    assert experiment.log_bytes("a") == b"one\r\ntwo\x00\xff\n"
    assert experiment.logs("a") == "one\r\ntwo\x00\ufffd\n"
    assert experiment.log_bytes("empty") == b""


def test_verbs(server, client):
    assert client.stop("e/a") == "STOPPING"
    assert client.retry("e/a") == "QUEUED"
    client.delete("e/a")
    client.delete("e", force=True)
    methods = [method for method, _ in server.calls]
    assert methods == ["StopTrial", "RetryTrial", "DeleteTrial", "DeleteExperiment"]
    assert server.calls[1][1].request_id
    assert not server.calls[2][1].force and server.calls[3][1].force


def test_stopping_what_has_ended_is_the_servers_refusal(server, client):
    server.refuse["StopTrial"] = (grpc.StatusCode.FAILED_PRECONDITION, "e/a has ended (COMPLETED)")
    with pytest.raises(xp.Error, match="has ended"):
        client.stop("e/a")
