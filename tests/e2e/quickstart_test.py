"""deploy/quickstart.sh: its options, its downloads, and the whole of it with this build's programs."""

import contextlib
import fcntl
import functools
import http.server
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading

import pytest
from cluster import BIN
from processes import end_all_in, processes_in

DEPLOY = pathlib.Path(__file__).parents[2] / "deploy"


@pytest.fixture
def state():
    with tempfile.TemporaryDirectory(prefix="xp-quickstart-") as folder:
        yield pathlib.Path(folder)
        end_all_in(folder)


def quickstart(*arguments, status=0, seconds=60, cwd="/", **environment):
    done = subprocess.run(
        [DEPLOY / "quickstart.sh", *map(str, arguments)],
        capture_output=True, text=True, timeout=seconds, cwd=cwd, stdin=subprocess.DEVNULL, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def test_help_names_every_option():
    shown = quickstart("--help").stdout
    for option in ("--imdb", "--download-imdb", "--epochs", "--stop", "--state", "--bin"):
        assert option in shown


@pytest.mark.parametrize("arguments", [["--imbd", "x"], ["x"], ["--imdb"], ["--epochs", "0"], ["--epochs", "two"]])
def test_what_it_does_not_know_is_refused(arguments):
    assert "quickstart: " in quickstart(*arguments, status=2).stderr


def test_stopping_nothing_says_so(state):
    assert "nothing to stop" in quickstart("--stop", "--state", state).stdout


def test_a_path_that_is_not_there_is_named(state):
    assert "/nowhere" in quickstart("--state", state, "--imdb", "/nowhere", status=1).stderr


def test_a_folder_of_another_layout_is_told_what_is_expected(state, tmp_path):
    (tmp_path / "train").mkdir()
    said = quickstart("--state", state, "--imdb", tmp_path, status=1).stderr
    assert "train/pos" in said and "aclImdb" in said


def test_without_a_network_the_download_says_what_to_do(state):
    said = quickstart("--state", state, "--download-imdb", status=1, XP_IMDB_URL="http://127.0.0.1:1/x.tar.gz").stderr
    assert "http://127.0.0.1:1/x.tar.gz" in said and "--imdb" in said and "XP_IMDB_URL" in said


def test_two_at_once_in_one_folder_are_refused(state):
    with open(state / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another quickstart" in quickstart("--stop", "--state", state, status=1).stderr


@contextlib.contextmanager
def serving(handler):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class Ranges(http.server.BaseHTTPRequestHandler):
    """Serves `content`; ends the first connection after `cut` bytes."""

    content = bytes(range(256)) * 4096
    cut = 300_000
    asked = []

    def do_GET(self):
        begin = int(re.match(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-"))[1])
        type(self).asked.append(begin)
        part = self.content[begin:]
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part if begin else part[: self.cut])

    def log_message(self, *_):
        pass


def fetch(url, target):
    return subprocess.run(["/usr/bin/python3", DEPLOY / "quickstart/fetch.py", url, target], capture_output=True, text=True)


def test_a_download_that_was_cut_goes_on_where_it_stopped(tmp_path):
    target = tmp_path / "archive"
    with serving(Ranges) as url:
        first = fetch(url, target)
        assert first.returncode == 1 and "run it again" in first.stderr
        assert fetch(url, target).returncode == 0
    assert target.read_bytes() == Ranges.content
    assert Ranges.asked == [0, Ranges.cut]


def test_an_address_that_has_nothing_says_why(tmp_path):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with serving(handler) as url:
        done = fetch(f"{url}/none", tmp_path / "archive")
    assert done.returncode == 1 and "404" in done.stderr


def test_the_whole_of_it_twice_and_the_stop(state):
    if not (BIN / "xptrain").exists():
        pytest.skip("xptrain is not built (no LibTorch)")
    first = quickstart("--bin", BIN, "--state", state, "--epochs", "1", seconds=240).stdout
    for text in ("distilbert", "distilroberta", "test:loss", "test:accuracy", "test:f1", "test:precision", "test:recall"):
        assert text in first, first
    assert "xpctl" in first and "--stop" in first
    pids = [(state / f"{name}.pid").read_text() for name in ("server", "worker")]
    second = quickstart("--bin", BIN, "--state", state, "--epochs", "1", seconds=240).stdout
    assert pids == [(state / f"{name}.pid").read_text() for name in ("server", "worker")], "a running one is used again"
    names = [re.search(r"quickstart-\d{8}-\d{6}", shown)[0] for shown in (first, second)]
    assert names[0] != names[1]
    long = subprocess.Popen(
        [DEPLOY / "quickstart.sh", "--bin", BIN, "--state", state, "--epochs", "1000"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    for line in long.stdout:
        if "RUNNING" in line:
            break
    os.killpg(long.pid, signal.SIGINT)  # Ctrl-C ends the waiting, not the trials
    long.communicate(timeout=20)
    stopped = quickstart("--stop", "--state", state).stdout
    assert stopped.count("stopping the trial") == 2, stopped
    assert processes_in(state) == []
    assert "stopped server" in stopped and "stopped worker" in stopped
    for text in pids:
        assert not pathlib.Path(f"/proc/{text.split()[0]}").exists()
