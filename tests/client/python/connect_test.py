"""Finding the server, and what is said when it is not there."""

import pickle
import socket
import threading
import time

import grpc
import pytest
import xp


def refused(server=None):
    begin = time.monotonic()
    with pytest.raises(xp.Error) as caught:
        xp.connect(server)
    return caught.value, time.monotonic() - begin


def unused_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_nobody_there_is_said_within_three_seconds():
    address = f"127.0.0.1:{unused_port()}"
    error, seconds = refused(address)
    assert seconds < 3
    assert error.code == "UNAVAILABLE"
    assert address in error.message and "connection refused" in error.message
    assert "xpserver --data-dir" in error.message


def test_something_that_speaks_no_grpc_is_said_within_three_seconds():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        error, seconds = refused(f"127.0.0.1:{mute.getsockname()[1]}")
    assert seconds < 3
    assert "does not speak gRPC" in error.message


def test_the_environment_names_the_server(server, monkeypatch):
    monkeypatch.setenv("XP_SERVER", server.address)
    with xp.connect() as client:
        assert client.server == server.address


def test_the_argument_comes_before_the_environment(server, monkeypatch):
    monkeypatch.setenv("XP_SERVER", "127.0.0.1:1")
    with xp.connect(server.address) as client:
        assert client.server == server.address


def test_the_error_says_that_the_environment_named_it(monkeypatch):
    monkeypatch.setenv("XP_SERVER", f"127.0.0.1:{unused_port()}")
    assert "from $XP_SERVER" in refused()[0].message


@pytest.mark.parametrize("address", ["localhost", "localhost:", "localhost:http", ":7070", "localhost:70000"])
def test_an_address_without_host_and_port_is_refused(address):
    error, _ = refused(address)
    assert error.code == "INVALID_ARGUMENT" and "HOST:PORT" in error.message


def test_a_proxy_in_the_environment_is_not_asked(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    xp.connect(server.address).close()


def test_errors_carry_code_and_the_servers_message(server, client):
    server.refuse["GetExperiment"] = (grpc.StatusCode.NOT_FOUND, "no experiment 'mnst'; the nearest is 'mnist'")
    with pytest.raises(xp.Error) as caught:
        client.experiment("mnst")
    assert caught.value.code == "NOT_FOUND"
    assert caught.value.message == "no experiment 'mnst'; the nearest is 'mnist'"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_unavailable_is_tried_again_and_nothing_else_is(server, client):
    server.fail_once["GetExperiment"] = (grpc.StatusCode.UNAVAILABLE, "restarting")
    assert client.experiment("e").name == "e"
    server.fail_once["GetExperiment"] = (grpc.StatusCode.INTERNAL, "broken")
    with pytest.raises(xp.Error, match="broken"):
        client.experiment("e")


def test_a_client_serves_several_threads(client):
    names = []
    threads = [threading.Thread(target=lambda i=i: names.append(client.experiment(f"e{i}").name)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == [f"e{i}" for i in range(8)]
