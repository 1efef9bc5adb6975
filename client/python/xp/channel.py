"""Layer one: the address, the channel, and calls whose errors are xp.Error."""

import json
import os
import socket

import grpc

from .errors import Error, from_rpc

DEFAULT_SERVER = "127.0.0.1:7070"
CONNECT_SECONDS = 2.0  # nobody there must be said in under 3 s
MAX_MESSAGE_BYTES = 4 << 20  # the server's cap; its answers stay under 1 MiB by paging

# Only UNAVAILABLE is tried again (AIP-194): the call was not handled. In a service config, so that
# gRPC's own loop does it and there is no second one here. But for uploads: gRPC would play the same
# messages again, from the offset that the server held before; upload.py asks it anew.
_RETRY = {
    "methodConfig": [
        {"name": [{"service": "xp.v1.Blobs", "method": "UploadBlobs"}]},
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        },
    ]
}

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A server whose machine died sends no FIN; without pings a wait would hang on it.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5000),
    # A proxy from the environment would swallow calls to 127.0.0.1.
    ("grpc.enable_http_proxy", 0),
    ("grpc.service_config", json.dumps(_RETRY)),
]


def choose_server(server=None):
    """(HOST:PORT, where that came from): the argument, else $XP_SERVER, else loopback's 7070."""
    if server:
        found, source = server, "as given"
    elif os.environ.get("XP_SERVER"):
        found, source = os.environ["XP_SERVER"], "from $XP_SERVER"
    else:
        found, source = DEFAULT_SERVER, "the default; $XP_SERVER is not set"
    host, colon, port = found.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise Error("INVALID_ARGUMENT", f"server '{found}' ({source}) is not HOST:PORT, e.g. {DEFAULT_SERVER}")
    return found, source


def open_channel(server=None):
    """A channel on which the server has answered. Error UNAVAILABLE within 3 s when nobody is there."""
    address, source = choose_server(server)
    channel = grpc.insecure_channel(address, options=_OPTIONS)
    try:
        grpc.channel_ready_future(channel).result(timeout=CONNECT_SECONDS)
    except grpc.FutureTimeoutError:
        channel.close()
        raise Error(
            "UNAVAILABLE",
            f"no xpserver at {address} ({source}): {_why_not(address)}; "
            "start one with `xpserver --data-dir DIR`, or name another with xp.connect('HOST:PORT')",
        ) from None
    return channel, address


def _why_not(address):
    """gRPC keeps the reason to itself; one plain connect tells it."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=0.5):
            return "something listens there, but it does not speak gRPC"
    except socket.timeout:
        return "no answer"
    except OSError as error:
        return (error.strerror or str(error)).lower()


class Stub:
    """A generated stub whose calls raise xp.Error. Streams are generators that do the same."""

    def __init__(self, stub):
        self._stub = stub

    def __getattr__(self, method):
        call = getattr(self._stub, method)

        def checked(request, timeout=None):
            try:
                answer = call(request, timeout=timeout)
            except grpc.RpcError as error:
                raise from_rpc(error) from None
            return _checked_stream(answer) if isinstance(answer, grpc.RpcContext) else answer

        return checked


def _checked_stream(call):
    try:
        yield from call
    except grpc.RpcError as error:
        raise from_rpc(error) from None
    finally:
        call.cancel()  # a caller that stops reading ends the stream on the server too


def pages(method, request, field):
    """All items of a paged list: `field` of each answer, until there is no next_page_token."""
    while True:
        answer = method(request)
        yield from getattr(answer, field)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token
