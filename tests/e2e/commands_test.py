"""Every command of xpctl once, on real data, in every form of output; and the same over HTTP."""

import csv
import io
import json
import subprocess
import tarfile
import urllib.error
import urllib.request

import pytest
from cluster import BIN, outcome, python
from processes import eventually

F1 = [{"name": "f1", "regex": r"f1=(\S+)"}]


@pytest.fixture(scope="module")
def ended(shared):
    """An experiment `e`: two trials that completed, one that failed, one that printed nothing."""
    trials = [
        {"name": "good", "command": python("print('f1=0.9 at the end')"), "params": {"lr": "5e-5"}, "append_params": False},
        {"name": "better", "command": python("print('f1=0.91'); print('f1=0.95')"), "params": {"lr": "3e-5"}, "append_params": False},
        {"name": "bad", "command": ["sh", "-c", "echo the reason; exit 3"]},
        {"name": "mute", "command": ["sh", "-c", "echo f1 is 0.5"]},
    ]
    shared.submit({"experiment": "e", "defaults": {"metrics": F1}, "trials": trials})
    for trial in trials:
        shared.ended(f"e/{trial['name']}")
    return shared


@pytest.mark.parametrize(
    "arguments",
    [["compare", "e"], ["experiments"], ["trials", "e"], ["workers"], ["show", "e/good"], ["data", "ls"], ["artifacts", "e/good"]],
    ids=lambda arguments: arguments[0],
)
def test_json_and_csv_and_markdown(ended, arguments):
    json.loads(ended.xpctl("--output", "json", *arguments).stdout)
    rows = list(csv.reader(io.StringIO(ended.xpctl(*arguments, "--output", "csv").stdout)))
    assert len({len(row) for row in rows}) <= 1, rows
    markdown = ended.xpctl("--output", "markdown", *arguments).stdout
    assert not markdown.strip() or markdown.lstrip().startswith("|"), markdown


def test_compare_hides_no_trial_and_says_why_it_has_no_numbers(ended):
    shown = ended.xpctl("compare", "e").stdout
    for name in ("good", "better", "bad", "mute"):
        assert name in shown, shown
    assert "FAILED" in shown and "0.93" in shown
    data = json.loads(ended.xpctl("compare", "e", "--output", "json").stdout)
    assert "f1 is 0.5" in json.dumps(data) or "match" in json.dumps(data), data


def test_compare_ranks_and_filters(ended):
    def names(*arguments):
        rows = list(csv.DictReader(io.StringIO(ended.xpctl("compare", "e", "--output", "csv", *arguments).stdout)))
        return [name for row in rows for name in row.values() if name in ("good", "better", "bad", "mute", "e/good", "e/better")]

    assert [n.rpartition("/")[2] for n in names("--sort", "-f1")[:2]] == ["better", "good"]
    assert [n.rpartition("/")[2] for n in names("--filter", "params.lr = 5e-5")] == ["good"]


def test_a_bad_filter_or_sort_key_says_what_there_is(ended):
    said = ended.xpctl("compare", "e", "--sort", "f2", status=None)
    assert said.returncode != 0 and "f1" in said.stderr
    said = ended.xpctl("compare", "e", "--filter", "stat = x", status=None)
    assert said.returncode != 0 and "state" in said.stderr


def test_a_name_that_is_not_there_names_the_nearest(ended):
    done = ended.xpctl("show", "e/god", status=None)
    assert done.returncode != 0 and "good" in done.stderr


def test_logs_whole_tail_and_followed(ended):
    assert ended.xpctl("logs", "e/good").stdout == "f1=0.9 at the end\n"
    assert ended.xpctl("logs", "e/better", "-f").stdout == "f1=0.91\nf1=0.95\n"


def test_following_a_log_sees_lines_as_they_come_and_ends_with_the_trial(shared):
    marker = shared.folder / "go-on"
    code = f"echo first; while ! test -e {marker}; do sleep 0.05; done; echo last"
    shared.submit({"experiment": "followed", "trials": [{"name": "t", "command": ["sh", "-c", code]}]})
    shared.becomes("followed/t", "RUNNING")
    follow = subprocess.Popen([BIN / "xpctl", "--server", shared.address, "logs", "followed/t", "-f"], stdout=subprocess.PIPE)
    try:
        assert follow.stdout.readline() == b"first\n"
        marker.touch()
        assert follow.stdout.readline() == b"last\n"
        assert follow.wait(20) == 0
    finally:
        follow.kill()
        follow.stdout.close()


def test_why_says_where_a_trial_waits(shared):
    spec = {"experiment": "waits", "trials": [{"name": "t", "command": ["true"], "resources": {"gpus": 1}}]}
    shared.submit(spec)
    shown = shared.xpctl("why", "waits/t").stdout
    assert "w1" in shown or "GPU" in shown.upper(), shown
    shared.xpctl("stop", "waits/t")
    assert outcome(shared.ended("waits/t")) == ("STOPPED", "USER")


def test_plot_draws_something(ended):
    assert ended.xpctl("plot", "e", "--metric", "f1").stdout.strip()


def test_metrics_test_shows_what_would_be_captured(shared, tmp_path):
    log = tmp_path / "train.log"
    log.write_text("step 1 f1=0.5\r\n{'eval_f1': '0.75', 'epoch': 1}\n", encoding="utf-8")
    shown = shared.xpctl("metrics", "test", "--log", log, "--metric", r"f1='eval_f1': (.*?),").stdout
    assert "0.75" in shown


def test_a_drained_worker_takes_nothing_until_it_may_again(cluster):
    cluster.start_server()
    cluster.start_worker()
    cluster.xpctl("workers", "drain", "w1")
    cluster.submit({"experiment": "e", "trials": [{"name": "t", "command": ["true"]}]})
    assert "drain" in cluster.xpctl("why", "e/t").stdout.lower()
    assert cluster.state("e/t") == "QUEUED"
    cluster.xpctl("workers", "undrain", "w1")
    assert outcome(cluster.ended("e/t")) == ("COMPLETED", "")


def test_a_backup_while_serving_is_a_server_of_its_own(ended, cluster, tmp_path):
    done = ended.xpctl("admin", "backup", tmp_path / "backup.tar", status=None)
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / "backup.tar") as tar:
        assert {"xp.db", "backup.json"} <= set(tar.getnames())
        tar.extractall(cluster.data_dir)  # noqa: S202 - our own tar
    cluster.start_server()
    assert cluster.log("e/better") == b"f1=0.91\nf1=0.95\n"
    assert cluster.frame("e").loc["better", "f1 - Avg"] == pytest.approx(0.93)


def test_stats_and_completion_and_version(ended):
    assert ended.xpctl("admin", "stats").stdout.strip()
    for program in ("xpctl", "xpserver", "xpworker"):
        done = subprocess.run([BIN / program, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith(program)


def test_once_takes_what_fits_and_leaves(cluster):
    cluster.start_server()
    cluster.submit({"experiment": "e", "trials": [{"name": name, "command": ["true"]} for name in ("a", "b", "c")]})
    worker = cluster.start_worker(flags=["--once"], wait=False)
    assert worker.wait(30) == 0
    assert {cluster.state(f"e/{name}") for name in ("a", "b", "c")} == {"COMPLETED"}


def call(cluster, method, body, status=200):
    request = urllib.request.Request(
        f"http://{cluster.http}/{method}", data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == status
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        assert error.code == status, error.read()
        return error.read().decode()


def test_the_same_methods_as_json_over_http(ended):
    table = json.loads(call(ended, "xp.v1.Metrics/CompareTrials", {"experiments": ["e"]}))
    assert [column["metric"] for column in table["columns"]] == ["f1"]
    assert [row["trial"] for row in table["rows"]] == ["good", "better", "bad", "mute"]
    assert table["rows"][1]["cells"][0]["summary"]["avg"] == pytest.approx(0.93)
    refused = json.loads(call(ended, "xp.v1.Trials/GetTrial", {"name": "e/none"}, status=404))
    assert refused["code"] == "not_found" and refused["message"]


def test_health_and_metrics_over_http(ended):
    assert call(ended, "healthz", None)
    shown = call(ended, "metrics", None)
    eventually(lambda: "xp_" in shown, 1)
