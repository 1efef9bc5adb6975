"""The frame: SageMaker's columns, order and numbers out of a comparison."""

import datetime
import json
import math
import pathlib

import pandas
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from xp.v1 import artifacts_pb2, metrics_pb2, trials_pb2

PUBLISHED = json.loads(
    (pathlib.Path(__file__).parents[2] / "fixtures" / "published_runs.json").read_text(encoding="utf-8")
)["runs"]
METRICS = ["loss", "accuracy", "f1", "precision", "recall"]
STATS = ["Min", "Max", "Avg", "StdDev", "Last", "Count"]
OURS = ["State", "Reason", "CreateTime", "StartTime", "EndTime", "Worker", "Attempt"]


def summary(values):
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else 0.0
    return metrics_pb2.Summary(
        count=len(values), min=min(values), max=max(values), avg=mean, stddev=deviation, first=values[0], last=values[-1]
    )


def row(trial, values, **fields):
    """A row of the comparison; `values`: one list per column, None where the row has no series."""
    cells = [metrics_pb2.CompareCell(present=v is not None, summary=summary(v) if v else None) for v in values]
    fields = {"experiment": "nlp", "state": "COMPLETED", "attempt": 1, "worker": "w1", **fields}
    return metrics_pb2.CompareRow(name=f"{fields['experiment']}/{trial}", trial=trial, cells=cells, **fields)


def params(**found):
    return [metrics_pb2.NameValue(name=k, value=v) for k, v in found.items()]


def columns(*names):
    return [metrics_pb2.CompareColumn(metric=name) for name in names]


def publish(server, run):
    server.columns = columns(*[f"test:{m}" for m in METRICS])
    for position, (model, data) in enumerate(PUBLISHED[run].items()):
        values = [data["values"][m] for m in METRICS]
        common = params(epochs="2", train_batch_size="32", model_name=model)
        server.rows.append(row(model, values, params=common, create_time=Timestamp(seconds=1000), end_time=Timestamp(seconds=2000 + position)))
        trial = trials_pb2.Trial(name=f"nlp/{model}")
        trial.spec.inputs.add(name="train", dataset=f"imdb-{model}@1")
        trial.spec.inputs.add(name="test", manifest_sha256="ab" * 32)
        server.trials.append(trial)
        server.folders += [
            artifacts_pb2.ArtifactFolder(trial=f"nlp/{model}", path=path, attempt=1)
            for path in ("environment", "model", "output")
        ]


@pytest.mark.parametrize("run", sorted(PUBLISHED))
def test_the_published_frame_column_by_column(server, client, run):
    publish(server, run)
    frame = client.experiment("nlp").dataframe()
    assert list(frame.columns) == [
        "TrialComponentName",
        "DisplayName",
        "epochs",
        "model_name",
        "train_batch_size",
        *[f"test:{m} - {s}" for m in METRICS for s in STATS],
        "test - MediaType",
        "test - Value",
        "train - MediaType",
        "train - Value",
        "SageMaker.ModelArtifact - MediaType",
        "SageMaker.ModelArtifact - Value",
        "SageMaker.OutputArtifact - MediaType",
        "SageMaker.OutputArtifact - Value",
        "Trials",
        "Experiments",
        *OURS,
    ]
    # Newest changed first, as the published frame has it.
    assert list(frame["DisplayName"]) == ["distilroberta-base", "distilbert-base-uncased"]
    assert list(frame["TrialComponentName"]) == ["nlp-distilroberta-base", "nlp-distilbert-base-uncased"]
    for _, cells in frame.iterrows():
        for metric, stats in PUBLISHED[run][cells["DisplayName"]]["published"].items():
            for stat, expected in stats.items():
                assert cells[f"test:{metric} - {stat}"] == pytest.approx(expected, abs=1e-6), (metric, stat)
    assert list(frame["epochs"]) == [2, 2]
    assert frame["train - Value"][0] == "dataset:imdb-distilroberta-base@1"
    assert frame["test - Value"][0] == "sha256:" + "ab" * 32
    assert frame["SageMaker.ModelArtifact - Value"][1] == "xp://nlp/distilbert-base-uncased/1/model"
    assert list(frame["Trials"]) == [["distilroberta-base"], ["distilbert-base-uncased"]]
    assert list(frame["Experiments"]) == [["nlp"], ["nlp"]]
    assert list(frame["State"]) == ["COMPLETED"] * 2


def test_the_articles_last_step(server, client):
    publish(server, "july-7")
    frame = client.experiment("nlp").dataframe()
    averages = frame[[c for c in frame if c.endswith("- Avg")]]
    assert list(averages.columns) == [f"test:{m} - Avg" for m in METRICS]
    assert averages.shape == (2, 5)


def test_a_trial_without_numbers_is_a_row_all_the_same(server, client):
    server.columns = columns("f1")
    server.rows = [row("a", [[0.5]]), row("b", [None], state="FAILED", reason="EXIT")]
    frame = client.experiment("nlp").dataframe().set_index("DisplayName")
    assert math.isnan(frame.loc["b", "f1 - Avg"]) and math.isnan(frame.loc["b", "f1 - Count"])
    assert frame.loc["b", "State"] == "FAILED" and frame.loc["b", "Reason"] == "EXIT"
    assert frame.loc["a", "f1 - StdDev"] == 0.0


def test_a_series_of_nothing_but_nan_has_a_count_and_no_statistics(server, client):
    server.columns = columns("f1")
    only_nan = metrics_pb2.CompareCell(present=True, summary=metrics_pb2.Summary(count=0, nan_count=3))
    server.rows = [metrics_pb2.CompareRow(name="nlp/a", experiment="nlp", trial="a", cells=[only_nan])]
    frame = client.experiment("nlp").dataframe()
    assert frame["f1 - Count"][0] == 0 and math.isnan(frame["f1 - Avg"][0])


def test_an_experiment_without_trials_is_an_empty_frame(client):
    frame = client.experiment("nlp").dataframe()
    assert len(frame) == 0
    assert list(frame.columns) == ["TrialComponentName", "DisplayName", "Trials", "Experiments", *OURS]


def test_parameters_are_numbers_where_their_text_is_one(server, client):
    found = params(lr="5e-5", epochs="2", model="bert", seeds="[1,2]", hexed="0x10", version="1.2.3", flag="true")
    server.rows = [row("a", [], params=found), row("b", [], params=params(only_here="7"))]
    frame = client.experiment("nlp").dataframe().set_index("DisplayName")
    assert frame.loc["a", "lr"] == 5e-5 and frame.loc["a", "epochs"] == 2
    for text in ("model", "seeds", "hexed", "version", "flag"):
        assert isinstance(frame.loc["a", text], str)
    assert math.isnan(frame.loc["a", "only_here"]) and frame.loc["b", "only_here"] == 7
    names = list(frame.columns)
    assert names[1:9] == sorted(names[1:9])


def test_a_parameter_never_overwrites_another_column(server, client):
    server.columns = columns("f1")
    server.rows = [row("a", [[0.5]], params=params(State="x", DisplayName="y", **{"f1 - Avg": "z"}))]
    frame = client.experiment("nlp").dataframe()
    assert frame["State"][0] == "COMPLETED" and frame["params.State"][0] == "x"
    assert frame["DisplayName"][0] == "a" and frame["params.DisplayName"][0] == "y"
    assert frame["f1 - Avg"][0] == 0.5 and frame["params.f1 - Avg"][0] == "z"


def test_times_are_utc_to_the_millisecond_and_absent_ones_are_nat(server, client):
    server.rows = [row("a", [], create_time=Timestamp(seconds=1795412070, nanos=273_999_999))]
    frame = client.experiment("nlp").dataframe()
    expected = datetime.datetime(2026, 11, 23, 5, 34, 30, 273_000, tzinfo=datetime.timezone.utc)
    assert frame["CreateTime"][0] == expected
    assert frame["EndTime"][0] is pandas.NaT


def test_rows_that_changed_at_once_stand_the_later_submitted_first(server, client):
    server.rows = [row(name, []) for name in ("a", "b", "c")]
    assert list(client.experiment("nlp").dataframe()["DisplayName"]) == ["c", "b", "a"]


def test_all_pages_become_one_frame(server, client):
    server.columns = columns("f1")
    server.rows = [row(f"t{i}", [[0.1 * i]]) for i in range(5)]
    server.rows_a_page = 2
    assert len(client.experiment("nlp").dataframe()) == 5
    assert len([c for c in server.calls if c[0] == "ListArtifactFolders"]) == 1, "not one per trial"


def test_a_metric_that_turns_up_between_two_pages_shifts_no_number(server, client):
    server.columns, server.rows_a_page = columns("f1"), 1
    server.rows = [row("a", [[0.5], [9]]), row("b", [[0.25], [8]])]
    (server.later_column,) = columns("loss")
    frame = client.experiment("nlp").dataframe().set_index("DisplayName")
    assert frame.loc["a", "loss - Avg"] == 9 and frame.loc["b", "f1 - Avg"] == 0.25
