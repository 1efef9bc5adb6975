"""A worker that a test plays itself, message by message, against the real server."""

import queue
import threading

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from xp.v1 import metrics_pb2, workers_pb2, workers_pb2_grpc

ANSWER_SECONDS = 10


class ScriptedWorker:
    """One Work stream. `send_*` sends; `expect(kind)` takes the next server message, which must be of
    that kind. Settings messages are skipped."""

    def __init__(self, address, name="scripted", slots=1, held=()):
        self._channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
        self._out, self._in = queue.Queue(), queue.Queue()
        self._call = workers_pb2_grpc.WorkersStub(self._channel).Work(iter(self._out.get, None))
        threading.Thread(target=self._read, daemon=True).start()
        now = Timestamp()
        now.GetCurrentTime()
        hello = workers_pb2.Hello(worker=name, instance_id="i", version="test", host="h", boot_id="b", now=now, held=held)
        for index in range(slots):
            hello.slots.add(index=index, kind=workers_pb2.SLOT_KIND_CPU)
        self.send(hello=hello)

    def _read(self):
        try:
            for message in self._call:
                self._in.put(message)
        except grpc.RpcError as error:
            self._in.put(error)
        self._in.put(None)

    def send(self, **message):
        self._out.put(workers_pb2.WorkerMessage(**message))

    def next(self, seconds=ANSWER_SECONDS):
        """The next message, or the grpc.RpcError or None that ended the stream."""
        while True:
            message = self._in.get(timeout=seconds)
            if isinstance(message, workers_pb2.ServerMessage) and message.WhichOneof("message") == "settings":
                continue
            return message

    def expect(self, kind):
        message = self.next()
        assert isinstance(message, workers_pb2.ServerMessage), message
        assert message.WhichOneof("message") == kind, message
        return getattr(message, kind)

    def expect_end(self):
        """The status that the stream ended with."""
        message = self.next()
        while isinstance(message, workers_pb2.ServerMessage):
            message = self.next()
        return message.code() if message is not None else grpc.StatusCode.OK

    def take_trial(self):
        """Assignment, Accepted, Started; the attempt."""
        attempt = self.expect("assignment").attempt
        self.send(accepted=workers_pb2.Accepted(attempt=attempt))
        now = Timestamp()
        now.GetCurrentTime()
        self.send(started=workers_pb2.Started(attempt=attempt, time=now))
        return attempt

    def report(self, attempt, begin, data, points=(), metric="f1", **fields):
        """A plain report of the log: bytes from an offset, and points at its beginning."""
        report = workers_pb2.Report(
            attempt=attempt, source=metrics_pb2.SOURCE_KIND_LOG, data=data, lines=data.count(b"\n"),
            time_offsets=[begin], times_ms=[1_700_000_000_000], **{"from": begin, "to": begin + len(data), **fields},
        )  # fmt: skip
        if points:
            report.series.add(
                metric=metric,
                points=metrics_pb2.Points(
                    values=points, times_ms=[1_700_000_000_000] * len(points), offsets=[begin] * len(points)
                ),
            )
        self.send(report=report)

    def finish(self, attempt, length, exit_code=0):
        """Exited and Finished with the log's final length."""
        ends = [workers_pb2.SourceOffset(source=metrics_pb2.SOURCE_KIND_LOG, offset=length)]
        now = Timestamp()
        now.GetCurrentTime()
        self.send(exited=workers_pb2.Exited(attempt=attempt, exit_code=exit_code, time=now, ends=ends))
        self.send(finished=workers_pb2.Finished(attempt=attempt, ends=ends))

    def close(self):
        self._out.put(None)
        self._call.cancel()
        self._channel.close()
