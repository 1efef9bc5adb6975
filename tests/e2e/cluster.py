"""A server and workers on loopback in a folder of their own, and the verbs of a test."""

import json
import os
import pathlib
import subprocess

import xp
from processes import Process, end_all_in, eventually
from xp.v1 import artifacts_pb2, trials_pb2, workers_pb2, workers_pb2_grpc

BIN = pathlib.Path(os.environ.get("XP_BIN_DIR", "build/dev/bin")).resolve()
PYTHON = "/usr/bin/python3"
END_SECONDS = 60
ENDED = {trials_pb2.COMPLETED, trials_pb2.FAILED, trials_pb2.STOPPED}


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.data_dir = self.folder / "server-data"
        self.address = None
        self.server = None
        self.workers = {}
        self._started = []
        self._client = None
        self._specs = 0

    # --- processes ---

    def start_server(self, *flags, listen="127.0.0.1:0", environment=None, prefix=()):
        """Starts xpserver and waits until it listens. A second start takes the first one's port, so
        that workers and clients find it again. `prefix`: a command that executes what follows it."""
        port_file = self.folder / "server.ports"
        port_file.unlink(missing_ok=True)
        listen = self.address or listen
        self.server = self.start(
            "xpserver", "--data-dir", self.data_dir, "--listen", listen, "--http", "127.0.0.1:0",
            "--port-file", port_file, *flags, environment=environment, prefix=prefix,
        )  # fmt: skip

        def listens():
            assert self.server.running(), f"xpserver ended\n{self.server.tail()}"
            return port_file.exists() and "XP_SERVER" in port_file.read_text()

        eventually(listens, 20)
        ports = dict(line.split("=", 1) for line in port_file.read_text().split())
        self.address, self.http = ports["XP_SERVER"], ports.get("XP_HTTP")
        return self.server

    def start_worker(self, name="w1", slots=1, flags=(), wait=True):
        """Starts xpworker with CPU slots in the work folder `name`."""
        worker = self.start(
            "xpworker", "--server", self.address, "--work-dir", self.folder / name, "--slots", slots,
            "--gpus", "none", "--name", name, *flags,
        )  # fmt: skip
        self.workers[name] = worker
        if wait:
            eventually(lambda: self.worker(name).connected, 20, f"{name} connects")
        return worker

    def start(self, program, *arguments, environment=None, prefix=()):
        env = {**os.environ, **(environment or {})}
        process = Process(program, [*prefix, BIN / program, *arguments], self.folder, env)
        self._started.append(process)
        return process

    def close(self):
        """Ends everything that it started and whatever runs in its folder, by pid."""
        for process in reversed(self._started):
            try:
                process.kill()
            except AssertionError:
                pass
        if self._client:
            self._client.close()
        end_all_in(self.folder)

    def logs(self):
        return "\n".join(process.tail() for process in self._started)

    # --- xpctl ---

    def xpctl(self, *arguments, seconds=60, status=0, cwd=None):
        """Runs xpctl; the finished process with text in stdout and stderr. `status`: what it must
        exit with; None: any."""
        done = subprocess.run(
            [BIN / "xpctl", "--server", self.address, *map(str, arguments)],
            capture_output=True, text=True, errors="replace", timeout=seconds, stdin=subprocess.DEVNULL, cwd=cwd,
        )  # fmt: skip
        if status is not None:
            assert done.returncode == status, f"xpctl {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def spec_file(self, spec):
        self._specs += 1
        path = self.folder / f"spec-{self._specs}.yaml"
        path.write_text(spec if isinstance(spec, str) else json.dumps(spec), encoding="utf-8")
        return path

    def submit(self, spec, **options):
        return self.xpctl("submit", self.spec_file(spec), **options)

    def run(self, command, name="t", experiment=None, seconds=END_SECONDS, **fields):
        """Submits one trial of a command, waits for its end, answers it."""
        experiment = experiment or f"e{self._specs + 1}"
        for worker in self.workers:  # three quick failures in a row drain it, and some tests are just that
            self.undrain(worker)
        self.submit({"experiment": experiment, "trials": [{"name": name, "command": command, **fields}]})
        return self.ended(f"{experiment}/{name}", seconds)

    # --- looking ---

    @property
    def client(self):
        self._client = self._client or xp.connect(self.address)
        return self._client

    def trial(self, name):
        return self.client.stubs.trials.GetTrial(trials_pb2.GetTrialRequest(name=name))

    def state(self, name):
        return trials_pb2.TrialState.Name(self.trial(name).state)

    def becomes(self, name, state, seconds=END_SECONDS):
        """Waits until a trial has that state; the trial."""

        def has_it():
            trial = self.trial(name)
            found = trials_pb2.TrialState.Name(trial.state)
            assert found == state, f"{name} is {found}: {trial.message}"
            return trial

        return eventually(has_it, seconds, f"{name} becomes {state}")

    def ended(self, name, seconds=END_SECONDS):
        def has_ended():
            trial = self.trial(name)
            found = trials_pb2.TrialState.Name(trial.state)
            assert trial.state in ENDED, f"{name} is {found}: {trial.message}"
            return trial

        return eventually(has_ended, seconds, f"{name} ends")

    def attempts(self, name):
        return self.client.stubs.trials.ListAttempts(trials_pb2.ListAttemptsRequest(name=name)).attempts

    def worker(self, name):
        stub = workers_pb2_grpc.WorkersStub(self.client._channel)
        for worker in stub.ListWorkers(workers_pb2.ListWorkersRequest()).workers:
            if worker.name == name:
                return worker
        return workers_pb2.Worker()

    def undrain(self, name):
        stub = workers_pb2_grpc.WorkersStub(self.client._channel)
        stub.UndrainWorker(workers_pb2.UndrainWorkerRequest(name=name))

    def log(self, name):
        experiment, _, trial = name.partition("/")
        return self.client.experiment(experiment).log_bytes(trial)

    def frame(self, experiment):
        return self.client.experiment(experiment).dataframe().set_index("DisplayName")

    def artifacts(self, name):
        request = artifacts_pb2.ListArtifactsRequest(name=name, page_size=1000)
        return [a.path for a in self.client.stubs.artifacts.ListArtifacts(request).artifacts]


def outcome(trial):
    """("FAILED", "EXIT") and so on."""
    return trials_pb2.TrialState.Name(trial.state), (trials_pb2.EndReason.Name(trial.reason) if trial.reason else "")


def python(code):
    """A command that runs Python code. One print call is one write, as DESIGN section 10 advises."""
    return [PYTHON, "-u", "-c", code]
