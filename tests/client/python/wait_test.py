"""Waiting: to the end, through a server's restart, and no longer than told."""

import time

import grpc
import pytest
import xp
from xp.v1 import trials_pb2


def trial(name, state, **fields):
    return trials_pb2.Trial(name=f"e/{name}", state=state, attempt=1, **fields)


RUNNING, DONE = trials_pb2.RUNNING, trials_pb2.COMPLETED


def test_true_when_all_completed(server, client):
    server.watch = [[[trial("a", RUNNING), trial("b", RUNNING)], [trial("a", DONE)], [trial("b", DONE)]]]
    assert client.wait("e") is True


def test_false_when_one_failed_and_progress_says_why(server, client, capsys):
    failed = trial("b", trials_pb2.FAILED, reason=trials_pb2.EXIT, message="exited with status 3")
    server.watch = [[[trial("a", DONE), trial("b", RUNNING, worker="w1")], [failed]]]
    assert client.wait("e") is False
    said = capsys.readouterr().err
    assert "e/b  RUNNING on w1" in said
    assert "e/b  FAILED (EXIT): exited with status 3" in said


def test_no_progress_says_nothing(server, client, capsys):
    server.watch = [[[trial("a", DONE)]]]
    client.wait("e", progress=False)
    assert capsys.readouterr().err == ""


def test_a_restart_of_the_server_is_waited_through(server, client, capsys):
    # gRPC's own retry takes a stream that ended before its first answer; this one ends after it.
    server.watch = [[[trial("a", RUNNING)], grpc.StatusCode.UNAVAILABLE], [[trial("a", DONE)]]]
    assert client.wait("e") is True
    said = capsys.readouterr().err
    assert said.count("the server is away") == 1 and said.count("the server is back") == 1


def test_a_trial_that_is_deleted_is_waited_for_no_longer(server, client, capsys):
    server.watch = [[[trial("a", RUNNING), trial("b", RUNNING)], [trial("a", DONE)], "e/b"]]
    assert client.wait("e") is True
    assert "e/b  was deleted" in capsys.readouterr().err


def test_a_trial_that_was_deleted_while_the_server_was_away_too(server, client, capsys):
    server.watch = [[[trial("a", RUNNING), trial("b", RUNNING)], grpc.StatusCode.UNAVAILABLE], [[trial("a", DONE)]]]
    assert client.wait("e") is True
    assert "e/b  was deleted" in capsys.readouterr().err


def test_the_timeout_names_what_has_not_ended(server, client):
    def until_the_client_leaves(context):
        while context.is_active():
            time.sleep(0.01)  # lint: sleeps, because grpcio offers the fake nothing to wait on

    server.watch = [[[trial("a", RUNNING), trial("b", DONE)], until_the_client_leaves]]
    with pytest.raises(xp.Error) as caught:
        client.wait("e", timeout=0.3)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert "1 of 2 trials have not ended: e/a" in caught.value.message


def test_an_experiment_that_is_not_there_is_an_error(server, client):
    server.watch = [[grpc.StatusCode.NOT_FOUND]]
    with pytest.raises(xp.Error) as caught:
        client.wait("none")
    assert caught.value.code == "NOT_FOUND"
