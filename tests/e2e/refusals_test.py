"""What the programs refuse, and what they do without each other."""

import pathlib
import sqlite3
import subprocess

import pytest
from cluster import BIN, outcome, python
from processes import eventually

IN_USE, BAD_ADDRESS = 3, (2, 4)


def ends_with(cluster, *arguments):
    """Starts xpserver expecting that it refuses: (exit status, what it said)."""
    process = cluster.start("xpserver", *arguments)
    status = process.wait(10)
    return status, process.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("flag", ["--listen", "--http"])
@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
def test_an_address_beyond_loopback_is_refused(cluster, flag, address):
    status, said = ends_with(cluster, "--data-dir", cluster.data_dir, flag, address)
    assert status in BAD_ADDRESS
    assert address in said and "--insecure-listen" in said


def test_an_address_beyond_loopback_is_taken_with_the_flag_that_says_what_it_risks(cluster):
    cluster.start_server("--insecure-listen", listen="0.0.0.0:0")
    assert cluster.address.rpartition(":")[2].isdigit()


def test_a_second_server_on_the_same_folder_is_refused(cluster):
    cluster.start_server()
    status, said = ends_with(
        cluster, "--data-dir", cluster.data_dir, "--listen", "127.0.0.1:0", "--http", "none"
    )
    assert status == IN_USE
    assert str(cluster.data_dir) in said
    assert cluster.server.running()


def test_a_database_of_a_newer_version_is_refused_and_untouched(cluster):
    cluster.start_server()
    cluster.server.stop()
    (database,) = [p for p in pathlib.Path(cluster.data_dir).iterdir() if p.name == "xp.db"]
    with sqlite3.connect(database) as opened:
        (version,) = opened.execute("PRAGMA user_version").fetchone()
        assert version > 0, "the schema's version is expected in user_version"
        opened.execute("PRAGMA user_version = 9999")
    opened.close()
    status, said = ends_with(cluster, "--data-dir", cluster.data_dir, "--listen", "127.0.0.1:0", "--http", "none")
    assert status == IN_USE
    assert "newer" in said and "9999" in said
    with sqlite3.connect(database) as opened:
        assert opened.execute("PRAGMA user_version").fetchone() == (9999,)
    opened.close()


def test_a_full_disk_refuses_reports_and_takes_all_of_it_once_there_is_room(cluster):
    """The reserve is set beyond what any disk has free: for the server its disk is full."""
    cluster.start_server("--disk-reserve", "1024TiB")
    cluster.start_worker()
    lines = "".join(f"f1={i / 1000}\n" for i in range(1000))
    code = "for i in range(1000): print(f'f1={i / 1000}')"
    trials = [{"name": "t", "command": python(code), "metrics": [{"name": "f1", "regex": "f1=(.*)"}]}]
    cluster.submit({"experiment": "e", "trials": trials})
    cluster.becomes("e/t", "FINISHING")
    assert cluster.log("e/t") == b""
    upload = cluster.folder / "data"
    upload.mkdir()
    (upload / "file").write_text("content", encoding="utf-8")
    pushed = cluster.xpctl("data", "push", upload, "--name", "d", status=None)
    assert pushed.returncode != 0 and "disk" in pushed.stderr, pushed.stderr
    assert cluster.server.stop() == 0
    cluster.start_server("--disk-reserve", "1MiB")
    assert outcome(cluster.ended("e/t")) == ("COMPLETED", "")
    assert cluster.log("e/t").decode() == lines
    assert cluster.frame("e").loc["t", "f1 - Count"] == 1000
    cluster.xpctl("data", "push", upload, "--name", "d")


def test_a_worker_waits_for_its_server_and_says_so_once(cluster):
    cluster.start_server()
    cluster.server.stop()
    worker = cluster.start_worker(wait=False)
    eventually(lambda: cluster.address in worker.log.read_text(), 10, "the worker says whom it waits for")
    cluster.start_server()
    eventually(lambda: cluster.worker("w1").connected, 20, "the worker connects")
    waiting = [line for line in worker.log.read_text().splitlines() if "wait" in line.lower() or "try" in line.lower()]
    assert len(waiting) <= 1, waiting


def test_a_command_runs_without_a_server_and_is_delivered_later(cluster, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(cluster.folder / "state"))
    monkeypatch.setenv("HOME", str(cluster.folder))
    cluster.start_server()
    cluster.server.stop()
    arguments = ["run", "--experiment", "late", "--trial", "t", "--metric", "f1=f1=(.*)", "--", "sh", "-c", "echo f1=0.5; exit 3"]
    done = cluster.xpctl(*arguments, status=3)
    assert "f1=0.5" in done.stdout
    assert cluster.address in done.stderr
    cluster.start_server()
    cluster.xpctl("sync")
    assert outcome(cluster.ended("late/t")) == ("FAILED", "EXIT")
    assert cluster.frame("late").loc["t", "f1 - Avg"] == 0.5


def test_run_exits_with_the_commands_status_and_is_tracked(cluster):
    cluster.start_server()
    done = cluster.xpctl("run", "--experiment", "here", "--trial", "t", "--metric", "f1=f1=(.*)", "--", "sh", "-c", "echo f1=0.5; exit 7", status=7)
    assert "f1=0.5" in done.stdout
    assert outcome(cluster.ended("here/t")) == ("FAILED", "EXIT")
    assert cluster.frame("here").loc["t", "f1 - Avg"] == 0.5


def test_a_deleted_trial_is_gone_and_its_name_is_free(cluster):
    cluster.start_server()
    cluster.start_worker()
    cluster.run(["true"], experiment="e")
    cluster.xpctl("delete", "e/t")
    assert len(cluster.client.experiment("e").trials()) == 0
    assert outcome(cluster.run(["false"], experiment="e")) == ("FAILED", "EXIT")
