"""A scriptable xpserver in this process: real grpcio on loopback, answers from memory."""

import concurrent.futures
import hashlib

import grpc
from xp.v1 import (
    artifacts_pb2,
    artifacts_pb2_grpc,
    blobs_pb2,
    blobs_pb2_grpc,
    experiments_pb2,
    experiments_pb2_grpc,
    logs_pb2,
    logs_pb2_grpc,
    metrics_pb2,
    metrics_pb2_grpc,
    trials_pb2,
    trials_pb2_grpc,
)


class FakeServer(
    artifacts_pb2_grpc.ArtifactsServicer,
    blobs_pb2_grpc.BlobsServicer,
    experiments_pb2_grpc.ExperimentsServicer,
    logs_pb2_grpc.LogsServicer,
    metrics_pb2_grpc.MetricsServicer,
    trials_pb2_grpc.TrialsServicer,
):
    """Holds what a test put in and what a client sent. `refuse[method] = (code, message)` makes every
    call of a method fail; `fail_once[method]` only the next one."""

    def __init__(self):
        self.blobs = {}
        self.held = {}  # sha256 -> bytes of an upload that was cut
        self.uploads = []  # (sha256, offset) as they began
        self.submitted = []
        self.calls = []  # (method, request) of the small verbs
        self.trials = []
        self.columns, self.rows, self.rows_a_page = [], [], 1000
        self.later_column = None  # turns up with the second page
        self.folders = []  # ArtifactFolders
        self.logs = {}
        self.series = {}
        self.watch = []  # a list of answers per WatchTrials call; an exception in it ends the stream
        self.refuse, self.fail_once = {}, {}
        self.fails_at = {}  # the message of a stream at which fail_once strikes; else the first
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        for module in (artifacts_pb2_grpc, blobs_pb2_grpc, experiments_pb2_grpc, logs_pb2_grpc, metrics_pb2_grpc, trials_pb2_grpc):
            service = module.__name__.rsplit(".", 1)[-1].removesuffix("_pb2_grpc").capitalize()
            getattr(module, f"add_{service}Servicer_to_server")(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self):
        self._server.stop(None).wait()

    def _check(self, method, context):
        refusal = self.fail_once.pop(method, None) or self.refuse.get(method)
        if refusal:
            context.abort(*refusal)

    def FindMissingBlobs(self, request, context):
        missing = [
            blobs_pb2.MissingBlob(sha256=name, held_bytes=len(self.held.get(name, b"")))
            for name in request.sha256
            if name not in self.blobs
        ]
        return blobs_pb2.FindMissingBlobsResponse(missing=missing)

    def UploadBlobs(self, requests, context):
        done, header = 0, None
        for number, request in enumerate(requests, 1):
            if request.WhichOneof("part") == "header":
                header = request.header
                assert header.offset == len(self.held.get(header.sha256, b""))
                self.held.setdefault(header.sha256, b"")
                self.uploads.append((header.sha256, header.offset))
            else:
                self.held[header.sha256] += request.data
            if number >= self.fails_at.get("UploadBlobs", 1):
                self._check("UploadBlobs", context)
            if len(self.held[header.sha256]) == header.size:
                content = self.held.pop(header.sha256)
                assert hashlib.sha256(content).hexdigest() == header.sha256
                self.blobs[header.sha256] = content
                done += 1
        return blobs_pb2.UploadBlobsResponse(blobs=done)

    def SubmitExperiment(self, request, context):
        self._check("SubmitExperiment", context)
        self.submitted.append(request)
        return experiments_pb2.SubmitExperimentResponse(
            experiment=request.experiment, created_trials=[t.name for t in request.trials]
        )

    def GetExperiment(self, request, context):
        self._check("GetExperiment", context)
        return experiments_pb2.Experiment(name=request.name)

    def DeleteExperiment(self, request, context):
        self.calls.append(("DeleteExperiment", request))
        return experiments_pb2.DeleteExperimentResponse()

    def ListTrials(self, request, context):
        trials = [trials_pb2.Trial.FromString(t.SerializeToString()) for t in self.trials]
        if not request.include_spec:
            for trial in trials:
                trial.ClearField("spec")
        return trials_pb2.ListTrialsResponse(trials=trials)

    def StopTrial(self, request, context):
        self._check("StopTrial", context)
        self.calls.append(("StopTrial", request))
        return trials_pb2.Trial(name=request.name, state=trials_pb2.STOPPING)

    def RetryTrial(self, request, context):
        self.calls.append(("RetryTrial", request))
        return trials_pb2.Trial(name=request.name, state=trials_pb2.QUEUED)

    def DeleteTrial(self, request, context):
        self.calls.append(("DeleteTrial", request))
        return trials_pb2.DeleteTrialResponse()

    def WatchTrials(self, request, context):
        for answer in self.watch.pop(0) if self.watch else []:
            if isinstance(answer, grpc.StatusCode):
                context.abort(answer, "as the test wants it")
            elif callable(answer):
                answer(context)
            elif isinstance(answer, str):
                yield trials_pb2.WatchTrialsResponse(deleted_trials=[answer])
            else:
                yield trials_pb2.WatchTrialsResponse(trials=answer)

    def CompareTrials(self, request, context):
        begin = int(request.page_token or 0)
        if begin and self.later_column:
            self.columns = [*self.columns, self.later_column]
            self.later_column = None
        end = begin + self.rows_a_page
        token = str(end) if end < len(self.rows) else ""
        return metrics_pb2.CompareTrialsResponse(
            columns=self.columns, rows=self.rows[begin:end], total_rows=len(self.rows), next_page_token=token
        )

    def GetHistory(self, request, context):
        found = [s for s in self.series.get(request.name, []) if s.metric in request.metrics]
        return metrics_pb2.GetHistoryResponse(series=found)

    def ListPoints(self, request, context):
        (found,) = [s for s in self.series[request.name] if s.metric == request.metric]
        begin = int(request.page_token or 0)
        part = metrics_pb2.Points(values=found.points.values[begin : begin + 2], times_ms=found.points.times_ms[begin : begin + 2])
        more = begin + 2 < len(found.points.values)
        token = str(begin + 2) if more else ""
        return metrics_pb2.ListPointsResponse(points=part, next_page_token=token, attempt=found.attempt)

    def ListArtifactFolders(self, request, context):
        self.calls.append(("ListArtifactFolders", request))
        return artifacts_pb2.ListArtifactFoldersResponse(folders=self.folders)

    def ReadLog(self, request, context):
        log, end = self.logs[request.name], request.offset + 4
        data = log[request.offset : end]
        return logs_pb2.ReadLogResponse(
            offset=request.offset, data=data, next_offset=request.offset + len(data), end_offset=len(log)
        )
