"""The model case: the published comparison, from two trials to one table."""

import csv
import io
import json
import math
import pathlib

import pandas
import pytest
from cluster import PYTHON, outcome

FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures"
PUBLISHED = json.loads((FIXTURES / "published_runs.json").read_text(encoding="utf-8"))["runs"]
MODELS = ["distilbert-base-uncased", "distilroberta-base"]
METRICS = ["loss", "accuracy", "f1", "precision", "recall"]
DEFINITIONS = [{"name": f"test:{m}", "regex": f"'eval_{m}': (.*?),"} for m in METRICS]


def comparison(experiment, run, definitions=None, pause=0.0):
    """The article's experiment: its two models, its five definitions."""
    return {
        "experiment": experiment,
        "rank_by": "test:f1",
        "defaults": {
            "command": [PYTHON, str(FIXTURES / "trainer_lines.py")],
            "metrics": DEFINITIONS if definitions is None else definitions,
            "params": {"run": run, "epochs": 2, "pause": pause},
        },
        "trials": [{"name": model, "params": {"model_name": model}} for model in MODELS],
    }


def check_published(frame, run):
    for model in MODELS:
        for metric, stats in PUBLISHED[run][model]["published"].items():
            for stat, expected in stats.items():
                found = frame.loc[model, f"test:{metric} - {stat}"]
                assert found == pytest.approx(expected, abs=1e-6), (model, metric, stat)


@pytest.mark.parametrize("run", sorted(PUBLISHED))
def test_the_published_lines_give_the_published_frame(shared, run):
    shared.submit(comparison(run, run))
    for model in MODELS:
        assert outcome(shared.ended(f"{run}/{model}")) == ("COMPLETED", "")
    check_published(shared.frame(run), run)


def test_xpctl_compares_the_same_numbers(shared):
    shared.submit(comparison("table", "july-7"))
    for model in MODELS:
        shared.ended(f"table/{model}")
    shown = shared.xpctl("compare", "table").stdout
    for text in ("distilbert-base-uncased", "distilroberta-base", "test:f1", "0.925829", "0.923982"):
        assert text in shown, shown
    last = shared.xpctl("compare", "table", "--stat", "last", "--output", "csv").stdout
    assert "0.943028" in last, last


def test_the_published_table_ranks_marks_and_warns(shared):
    shared.submit(comparison("warned", "july-7"))
    for model in MODELS:
        shared.ended(f"warned/{model}")
    shown = shared.xpctl("compare", "warned").stdout.splitlines()
    assert shown[0].split() == ["trial", "state", "count", *[f"test:{m}" for m in METRICS]]
    first, second = (line.split() for line in shown[1:3])
    assert first == ["distilbert-base-uncased", "COMPLETED", "2", "0.206742*", "0.9234*", "0.925829*", "0.903966*", "0.949612"]
    assert second[:-1] == ["distilroberta-base", "COMPLETED", "2", "0.215052", "0.9196", "0.923982", "0.891125"]
    assert second[-1].startswith("0.96245") and second[-1].endswith("*")
    assert [line for line in shown[3:] if "by average distilbert-base-uncased is best, by last value distilroberta-base" in line]
    by_last = shared.xpctl("compare", "warned", "--stat", "last", "--sort", "test:f1").stdout.splitlines()
    assert by_last[1].startswith("distilroberta-base") and "0.943028*" in by_last[1]


def test_the_frame_has_sagemakers_columns_in_its_order_and_ours_behind(shared):
    spec = comparison("columns", "july-12")
    spec["defaults"]["inputs"] = {"train": "file:///", "test": "file:///"}
    shared.submit(spec)
    for model in MODELS:
        shared.ended(f"columns/{model}")
    stats = ["Min", "Max", "Avg", "StdDev", "Last", "Count"]
    assert list(shared.client.experiment("columns").dataframe().columns) == [
        "TrialComponentName", "DisplayName", "epochs", "model_name", "pause", "run",
        *[f"test:{m} - {s}" for m in METRICS for s in stats],
        "test - MediaType", "test - Value", "train - MediaType", "train - Value", "Trials", "Experiments",
        "State", "Reason", "CreateTime", "StartTime", "EndTime", "Worker", "Attempt",
    ]  # fmt: skip


def test_two_slots_train_at_once_and_one_slot_one_after_the_other(cluster):
    cluster.start_server()
    cluster.start_worker("two", slots=2)
    cluster.submit(comparison("at-once", "july-7", pause=0.7))
    first, second = (cluster.ended(f"at-once/{m}").latest_attempt for m in MODELS)
    assert latest(first.start_time, second.start_time) < earliest(first.exit_time, second.exit_time)
    cluster.workers["two"].stop()

    cluster.start_worker("one", slots=1)
    cluster.submit(comparison("in-turn", "july-7", pause=0.3))
    first, second = (cluster.ended(f"in-turn/{m}").latest_attempt for m in MODELS)
    assert latest(first.start_time, second.start_time) >= earliest(first.exit_time, second.exit_time)

    numbers = [c for c in cluster.frame("at-once") if c.startswith("test:")]
    pandas.testing.assert_frame_equal(
        cluster.frame("at-once")[numbers].sort_index(), cluster.frame("in-turn")[numbers].sort_index()
    )


def latest(a, b):
    return max((t.seconds, t.nanos) for t in (a, b))


def earliest(a, b):
    return min((t.seconds, t.nanos) for t in (a, b))


def test_a_forgotten_definition_is_added_after_the_fact(shared):
    shared.submit(comparison("forgot", "july-7", definitions=DEFINITIONS[:-1]))
    for model in MODELS:
        shared.ended(f"forgot/{model}")
    assert "test:recall - Avg" not in shared.frame("forgot")
    shared.xpctl("metrics", "backfill", "forgot", "--metric", "test:recall='eval_recall': (.*?),")
    check_published(shared.frame("forgot"), "july-7")
    before = shared.frame("forgot")
    shared.xpctl("metrics", "backfill", "forgot", "--metric", "test:recall='eval_recall': (.*?),")
    pandas.testing.assert_frame_equal(before, shared.frame("forgot"))


def test_export_is_the_python_frame(shared):
    shared.submit(comparison("exported", "july-12"))
    for model in MODELS:
        shared.ended(f"exported/{model}")
    frame = shared.client.experiment("exported").dataframe()
    text = shared.xpctl("export", "exported", "--format", "csv").stdout
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == list(frame.columns)
    assert len(rows) == 1 + len(frame)
    for row, (_, cells) in zip(rows[1:], frame.iterrows()):
        for name, cell, expected in zip(rows[0], row, cells):
            check_cell(name, cell, expected)


def check_cell(name, cell, expected):
    if isinstance(expected, pandas.Timestamp):
        assert pandas.Timestamp(cell) == expected, name
    elif isinstance(expected, list):
        assert cell == str(expected), name
    elif expected is None or expected is pandas.NaT or (isinstance(expected, float) and math.isnan(expected)):
        assert cell == "", name
    elif isinstance(expected, str):
        assert cell == expected, name
    else:
        assert float(cell) == expected, name


def test_submit_and_wait_ends_with_the_table(shared):
    done = shared.submit(comparison("waited", "july-7")), shared.xpctl(
        "submit", shared.spec_file(comparison("waited", "july-7")), "--wait"
    )
    assert "0.925829" in done[1].stdout, done[1].stdout


def test_two_clients_mean_the_same_trial(shared):
    """xpctl and Python submit the same file: the second finds every trial there already."""
    spec = comparison("same", "july-7")
    spec["defaults"]["source_dir"] = str(FIXTURES / "script_mode")
    spec["defaults"]["params"].update({"rate": 5e-5, "layers": [1, 2], "flag": True})
    spec["defaults"]["append_params"] = False
    spec["defaults"]["command"] = ["true"]
    path = shared.spec_file(spec)
    shared.xpctl("submit", path)
    shared.client.submit(path)
    assert len(shared.client.experiment("same").trials()) == 2
