"""The client: one connection, the verbs."""

from __future__ import annotations

import os
import types
import uuid

from xp.v1 import (
    artifacts_pb2_grpc,
    blobs_pb2_grpc,
    experiments_pb2,
    experiments_pb2_grpc,
    logs_pb2_grpc,
    metrics_pb2_grpc,
    trials_pb2,
    trials_pb2_grpc,
)

from . import spec as specs
from . import wait as waiting
from .channel import Stub, open_channel
from .experiment import Experiment
from .submit import submit


def connect(server: str | None = None) -> Client:
    """A Client for `server` ("HOST:PORT"), else $XP_SERVER, else 127.0.0.1:7070. xp.Error with code
    UNAVAILABLE in under 3 s when nobody is there."""
    return Client(*open_channel(server))


class Client:
    """Verbs of the server. Safe to use from several threads. Close it, or use it in a `with`."""

    def __init__(self, channel, server):
        self.server = server
        self._channel = channel
        self.stubs = types.SimpleNamespace(
            artifacts=Stub(artifacts_pb2_grpc.ArtifactsStub(channel)),
            blobs=Stub(blobs_pb2_grpc.BlobsStub(channel)),
            experiments=Stub(experiments_pb2_grpc.ExperimentsStub(channel)),
            logs=Stub(logs_pb2_grpc.LogsStub(channel)),
            metrics=Stub(metrics_pb2_grpc.MetricsStub(channel)),
            trials=Stub(trials_pb2_grpc.TrialsStub(channel)),
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self._channel.close()

    def submit(self, spec: str | os.PathLike | dict) -> Experiment:
        """Creates the experiment of a spec (path of a YAML file, or a dict with the same fields) and
        queues its trials; answers its Experiment. On an existing one it adds the trials whose names
        are new. Nothing is created when anything is wrong. Fields: docs/spec-file.md."""
        plan = specs.load(spec)
        submit(self.stubs, plan)
        return Experiment(self, plan.experiment.name)

    def experiment(self, name: str) -> Experiment:
        """The Experiment of that name; xp.Error NOT_FOUND names the nearest when there is none."""
        found = self.stubs.experiments.GetExperiment(experiments_pb2.GetExperimentRequest(name=name))
        return Experiment(self, found.name)

    def wait(self, experiment: str | Experiment, timeout: float | None = None, progress: bool = True) -> bool:
        """Until all trials have ended; True when all of them COMPLETED. `experiment`: a name or an
        Experiment. `timeout` in seconds: then xp.Error DEADLINE_EXCEEDED, and the trials go on.
        `progress`: a line on stderr per change. Goes through restarts of the server."""
        say = waiting.to_stderr if progress else lambda line: None
        ended = waiting.wait(self.stubs.trials, _name(experiment), timeout, say)
        return all(trial.state == trials_pb2.COMPLETED for trial in ended.values())

    def stop(self, trial: str) -> str:
        """Asks "E/T" to end: SIGTERM, its grace, SIGKILL. Returns at once, with the state's name."""
        return _state(self.stubs.trials.StopTrial(trials_pb2.StopTrialRequest(name=trial)))

    def retry(self, trial: str) -> str:
        """Queues "E/T", FAILED or STOPPED, again. Returns the state's name."""
        request = trials_pb2.RetryTrialRequest(name=trial, request_id=str(uuid.uuid4()))
        return _state(self.stubs.trials.RetryTrial(request))

    def delete(self, name: str, force: bool = False) -> None:
        """Removes "E" or "E/T" with its attempts, points and logs. What has not ended is refused;
        with `force` it is stopped first."""
        if "/" in name:
            self.stubs.trials.DeleteTrial(trials_pb2.DeleteTrialRequest(name=name, force=force))
        else:
            request = experiments_pb2.DeleteExperimentRequest(name=name, force=force)
            self.stubs.experiments.DeleteExperiment(request)


def _name(experiment):
    return experiment.name if isinstance(experiment, Experiment) else experiment


def _state(trial):
    return trials_pb2.TrialState.Name(trial.state)
