"""Real processes that a test starts and ends itself, by pid, and conditions waited for."""

import os
import pathlib
import signal
import subprocess
import time

END_SECONDS = 20


def eventually(check, seconds=30, what=None):
    """The first true answer of `check()`, asked again and again until `seconds` are over. An
    AssertionError in it counts as not yet, and is what is told in the end."""
    deadline, problem = time.monotonic() + seconds, None
    while True:
        try:
            if found := check():
                return found
        except AssertionError as error:
            problem = error
        if time.monotonic() > deadline:
            what = what or getattr(check, "__name__", "it")
            raise AssertionError(f"not within {seconds} s: {what}") from problem
        time.sleep(0.03)  # lint: sleeps, because processes tell no condition


class Process:
    """A program of ours, its stderr in a file of its own."""

    def __init__(self, name, arguments, folder, env=None):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.log"
        with open(self.log, "ab") as log:
            self._child = subprocess.Popen(
                [str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
            )
        self.pid = self._child.pid

    def running(self):
        return self._child.poll() is None

    def kill(self):
        """kill -9, and it is gone."""
        return self._end(signal.SIGKILL)

    def stop(self):
        """SIGTERM; the exit status."""
        return self._end(signal.SIGTERM)

    def wait(self, seconds=END_SECONDS):
        return self._child.wait(timeout=seconds)

    def _end(self, how):
        if self.running():
            self._child.send_signal(how)
        try:
            return self._child.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            raise AssertionError(f"{self.name} did not end within {END_SECONDS} s\n{self.tail()}") from None

    def tail(self, lines=40):
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {self.name}| {line}" for line in text[-lines:])


def processes_in(folder):
    """Pids of the processes whose working directory or arguments lie in a folder: what a runner left."""
    folder, found = str(folder), []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().decode(errors="replace")
            if os.readlink(entry / "cwd").startswith(folder + "/") or folder + "/" in arguments:
                found.append(int(entry.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def end_all_in(folder):
    """Kills what still runs in a test's own folder."""
    for pid in processes_in(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
