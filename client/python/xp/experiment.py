"""An experiment as frames: its table, its trials, its curves, its logs."""

from __future__ import annotations

import warnings

import pandas
from xp.v1 import artifacts_pb2, logs_pb2, metrics_pb2, trials_pb2

from . import frame
from .channel import pages
from .errors import Error

_LOG_BYTES = 512 << 10  # the server's most per answer
_HISTORY_POINTS = 20_000  # the server's most per series
_READINGS = 5


class Experiment:
    """A handle: holds a name and asks the server anew on each call. Made by Client.experiment()."""

    def __init__(self, client, name):
        self._client = client
        self._stubs = client.stubs
        self.name = name

    def __repr__(self):
        return f"<xp.Experiment {self.name!r} at {self._client.server}>"

    def dataframe(self) -> pandas.DataFrame:
        """SageMaker's ExperimentAnalytics frame, one row per trial, the newest changed first; then
        State, Reason, CreateTime, StartTime, EndTime, Worker, Attempt. Columns: docs/python.md.
        The article's last step: df[[c for c in df if c.endswith("- Avg")]]"""
        columns, rows = self._compare()
        inputs = {trial.name: list(trial.spec.inputs) for trial in self._trials(include_spec=True)}
        outputs = {}
        for folder in self._artifact_folders():
            outputs.setdefault(folder.trial, []).append(folder)
        return frame.experiment_frame(columns, rows, inputs, outputs)

    def trials(self) -> pandas.DataFrame:
        """One row per trial in the order of submission: Trial, State, Reason, Message, Attempt, Worker,
        Failures, WorkerFaults, CreateTime, StartTime, EndTime."""
        rows = [
            {
                "Trial": trial.name.partition("/")[2],
                "State": trials_pb2.TrialState.Name(trial.state),
                "Reason": _reason(trial.reason),
                "Message": trial.message,
                "Attempt": trial.attempt,
                "Worker": trial.worker,
                "Failures": trial.failures,
                "WorkerFaults": trial.worker_faults,
                "CreateTime": frame.utc(trial.create_time),
                "StartTime": frame.utc(trial.start_time),
                "EndTime": frame.utc(trial.end_time),
            }
            for trial in self._trials()
        ]
        return pandas.DataFrame(rows, columns=_TRIAL_COLUMNS)

    def history(self, metric: str, trial: str | None = None) -> pandas.DataFrame:
        """The points of one metric, in the order of their source: Trial, Attempt, Step, Epoch, Time,
        Value. `trial`: one trial's name; None: all of them. A series beyond 20,000 points is thinned
        by the server, keeping first, last and every spike, and a warning says so; `points` thins
        nothing."""
        names = [self._full(trial)] if trial else [t.name for t in self._trials()]
        frames = []
        for name in names:
            request = metrics_pb2.GetHistoryRequest(name=name, metrics=[metric], max_points=_HISTORY_POINTS)
            for series in pages(self._stubs.metrics.GetHistory, request, "series"):
                shown = len(series.points.values)
                if shown < series.total_points:
                    warnings.warn(f"{name} {metric}: {shown} of {series.total_points} points", stacklevel=2)
                frames.append(_points_frame(name, series.attempt, series.points))
        return pandas.concat(frames, ignore_index=True) if frames else _points_frame("", 0, metrics_pb2.Points())

    def points(self, metric: str, trial: str, attempt: int = 0) -> pandas.DataFrame:
        """Every point of one series; nothing is thinned. `attempt` 0: the latest that has the metric."""
        name = self._full(trial)
        request = metrics_pb2.ListPointsRequest(name=name, metric=metric, attempt=attempt)
        frames = []
        while True:
            answer = self._stubs.metrics.ListPoints(request)
            frames.append(_points_frame(name, answer.attempt, answer.points))
            if not answer.next_page_token:
                return pandas.concat(frames, ignore_index=True)
            request.page_token = answer.next_page_token

    def log_bytes(self, trial: str, attempt: int = 0) -> bytes:
        """The whole log of a trial's attempt (0: the latest), byte for byte as the program wrote it."""
        request = logs_pb2.ReadLogRequest(name=self._full(trial), attempt=attempt, max_bytes=_LOG_BYTES)
        parts = []
        while True:
            answer = self._stubs.logs.ReadLog(request)
            parts.append(answer.data)
            if answer.next_offset >= answer.end_offset or not answer.data:
                return b"".join(parts)
            request.offset = answer.next_offset

    def logs(self, trial: str, attempt: int = 0) -> str:
        """log_bytes as text; bytes that are not UTF-8 become U+FFFD."""
        return self.log_bytes(trial, attempt).decode(errors="replace")

    def _compare(self):
        """Columns and rows of the whole table, of one set of columns: a metric that turns up while the
        pages are read is in the later ones alone, and the table is read again."""
        for _ in range(_READINGS):
            request = metrics_pb2.CompareTrialsRequest(experiments=[self.name], page_size=1000)
            columns, rows = None, []
            while True:
                answer = self._stubs.metrics.CompareTrials(request)
                columns = list(answer.columns) if columns is None else columns
                if [c.metric for c in answer.columns] != [c.metric for c in columns]:
                    break
                rows.extend(answer.rows)
                if not answer.next_page_token:
                    return columns, rows
                request.page_token = answer.next_page_token
        raise Error("ABORTED", "new metrics keep turning up while the table is read; try again")

    def _full(self, trial):
        return trial if "/" in trial else f"{self.name}/{trial}"

    def _trials(self, include_spec=False):
        request = trials_pb2.ListTrialsRequest(experiment=self.name, page_size=1000, include_spec=include_spec)
        return pages(self._stubs.trials.ListTrials, request, "trials")

    def _artifact_folders(self):
        request = artifacts_pb2.ListArtifactFoldersRequest(experiment=self.name, page_size=1000)
        return pages(self._stubs.artifacts.ListArtifactFolders, request, "folders")


_TRIAL_COLUMNS = (
    "Trial State Reason Message Attempt Worker Failures WorkerFaults CreateTime StartTime EndTime"
).split()


def _reason(reason):
    return "" if reason == trials_pb2.END_REASON_UNSPECIFIED else trials_pb2.EndReason.Name(reason)


def _points_frame(name, attempt, points):
    count = len(points.values)
    return pandas.DataFrame(
        {
            "Trial": [name.partition("/")[2]] * count,
            "Attempt": [attempt] * count,
            "Step": list(points.steps) or [pandas.NA] * count,
            "Epoch": list(points.epochs) or [float("nan")] * count,
            "Time": pandas.to_datetime(list(points.times_ms), unit="ms", utc=True),
            "Value": list(points.values),
        }
    )
