"""A script written for SageMaker's script mode runs unchanged, and what it leaves is kept."""

import json
import pathlib

from cluster import PYTHON, outcome, python

SCRIPTS = pathlib.Path(__file__).parents[1] / "fixtures" / "script_mode"


def channel(cluster, name, labels):
    folder = cluster.folder / "data" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    return str(folder)


def test_an_unmodified_script_runs_and_its_model_is_an_artifact(shared, tmp_path):
    trial = shared.run(
        [PYTHON, "train.py"],
        experiment="script-mode",
        source_dir=str(SCRIPTS),
        params={"epochs": 2, "train-batch-size": 16, "learning_rate": "5e-5", "model_name": "share"},
        inputs={"train": channel(shared, "train", [1, 1, 0]), "test": channel(shared, "test", [1, 0, 1, 1])},
        metrics=[{"name": "accuracy", "regex": "'eval_accuracy': (.*?),"}],
    )
    assert outcome(trial) == ("COMPLETED", ""), shared.log("script-mode/t").decode()
    frame = shared.frame("script-mode")
    assert frame.loc["t", "accuracy - Avg"] == 0.75 and frame.loc["t", "accuracy - Count"] == 2
    assert frame.loc["t", "SageMaker.ModelArtifact - Value"] == "xp://script-mode/t/1/model"
    paths = shared.artifacts("script-mode/t")
    assert "model/model.json" in paths and "output/eval_results.txt" in paths
    shared.xpctl("artifacts", "pull", "script-mode/t", tmp_path / "pulled")
    model = json.loads((tmp_path / "pulled/model/model.json").read_text(encoding="utf-8"))
    assert model == {"share": 2 / 3, "gpus": "0", "batch": 16}
    assert (tmp_path / "pulled/output/eval_results.txt").read_text(encoding="utf-8") == "accuracy = 0.75\n"


def test_a_dataset_is_pushed_once_and_used_by_name(shared, tmp_path):
    folder = channel(shared, "pushed", [1, 0])
    shared.xpctl("data", "push", folder, "--name", "labels")
    shared.xpctl("data", "push", folder, "--name", "labels")
    listed = json.loads(shared.xpctl("--output", "json", "data", "ls").stdout)
    assert "labels" in json.dumps(listed)
    trial = shared.run(
        python("import os; print(open(os.environ['XP_INPUT_TRAIN'] + '/labels.json').read(), os.listdir('inputs'))"),
        experiment="dataset",
        inputs={"train": "dataset:labels"},
    )
    assert outcome(trial) == ("COMPLETED", "")
    assert shared.log("dataset/t") == b"[1, 0] ['train']\n"
    assert shared.frame("dataset").loc["t", "train - Value"] == "dataset:labels@1"
    shared.xpctl("data", "pull", "labels", tmp_path / "pulled")
    assert (tmp_path / "pulled/labels.json").read_text(encoding="utf-8") == "[1, 0]"


def test_an_input_that_is_not_on_the_worker_fails_the_trial_as_input(shared):
    trial = shared.run(["true"], inputs={"train": "file:///nowhere/at/all"})
    assert outcome(trial) == ("FAILED", "INPUT")
    assert "/nowhere/at/all" in trial.message


def test_params_reach_the_program_as_the_file_has_them(shared):
    spec = """\
        experiment: params
        trials:
          - name: t
            command: [/usr/bin/python3, -c, "import sys; print(sys.argv[1:])", "{params.first}"]
            params: {lr: 5e-5, first: 1st, x: 1, flag: true, nothing: null, layers: [1, 2]}
        """
    shared.submit("\n".join(line[8:] for line in spec.splitlines()))
    shared.ended("params/t")
    expected = ["1st", "--flag", "True", "--layers", "[1,2]", "--lr", "5e-5", "-x", "1"]
    assert shared.log("params/t").decode() == f"{expected}\n"


def test_the_metrics_file_catches_what_is_never_printed(shared):
    code = """
import json, os
with open(os.environ["XP_METRICS_FILE"], "a") as f:
    for step, value in enumerate([0.5, 0.75]):
        f.write(json.dumps({"f1": value, "step": step}) + "\\n")
"""
    shared.run(python(code), experiment="metrics-file")
    frame = shared.frame("metrics-file")
    assert frame.loc["t", "f1 - Avg"] == 0.625 and frame.loc["t", "f1 - Count"] == 2
