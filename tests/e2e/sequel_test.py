"""The article's sequel: reviews prepared once, both models trained through xpctl, and the best
trial's model pulled and asked about a new review."""

import csv
import json
import pathlib
import subprocess

import pytest
from cluster import BIN, outcome

REVIEWS = pathlib.Path(__file__).parents[2] / "deploy/sample-reviews"
KINDS = {"distilbert": "distilbert", "distilroberta": "roberta"}
METRICS = ["loss", "accuracy", "f1", "precision", "recall"]


def xptrain(*arguments):
    done = subprocess.run([BIN / "xptrain", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def prepared(tmp_path):
    if not (BIN / "xptrain").exists():
        pytest.skip("xptrain is not built (no LibTorch)")
    for name, kind in KINDS.items():
        model = tmp_path / name / "model"
        xptrain("vocab", "--model-type", kind, "--size", 2000, "--max-position", 128, "--output", model, REVIEWS)
        xptrain("prepare", "--model", model, "--input", REVIEWS, "--max-length", 128, "--output", tmp_path / name)
    return tmp_path


def experiment(prepared):
    return {
        "experiment": "reviews",
        "rank_by": "test:f1",
        "defaults": {
            "command": [str(BIN / "xptrain"), "train"],
            "metrics": [{"name": f"test:{m}", "regex": f"'eval_{m}': (.*?),"} for m in METRICS],
            "params": {"epochs": 2, "train_batch_size": 16, "learning_rate": 2e-3, "warmup_ratio": 0.1, "seed": 1},
        },
        "trials": [
            {"name": name, "inputs": {split: str(prepared / name / split) for split in ("train", "test")}}
            for name in KINDS
        ],
    }


def predict(model, *texts):
    return [json.loads(line) for line in xptrain("predict", "--model", model, *texts).splitlines()]


def test_the_best_trials_model_is_pulled_and_asked(shared, prepared, tmp_path):
    shared.submit(experiment(prepared))
    for name in KINDS:
        assert outcome(shared.ended(f"reviews/{name}", 240)) == ("COMPLETED", "")
    frame = shared.frame("reviews")
    best = frame["test:f1 - Last"].idxmax()
    shared.xpctl("artifacts", "pull", f"reviews/{best}", tmp_path / "pulled")
    model = tmp_path / "pulled/model"
    for file in ("config.json", "model.safetensors"):
        assert (model / file).exists(), sorted(p.name for p in model.rglob("*"))

    config = json.loads((model / "config.json").read_text())
    assert config["id2label"] == {"0": "neg", "1": "pos"}
    liked, hated = predict(
        model,
        "The best evening in months. I loved each minute and the actors are wonderful.",
        "The worst evening in months. It wastes two hours and the jokes fall flat.",
    )
    assert liked["logits"][1] - liked["logits"][0] > hated["logits"][1] - hated["logits"][0]

    # What the trial wrote down about the test reviews is what its model says of them here.
    output = tmp_path / "pulled/output"
    reviews = [json.loads(line)["text"] for line in (REVIEWS / "test.jsonl").read_text().splitlines()]
    with open(output / "predictions.csv", encoding="utf-8") as file:
        written = [row["predicted"] for row in csv.DictReader(file)]
    said = [answer["label"] for answer in predict(model, *reviews)]
    assert said == written
    assert f"eval_f1 = {frame.loc[best, 'test:f1 - Last']!r}" in (output / "eval_results.txt").read_text()
    matrix = json.loads((output / "confusion_matrix.json").read_text())
    assert matrix["labels"] == ["neg", "pos"]
    assert sum(map(sum, matrix["counts"])) == len(reviews)


def test_the_log_and_the_table_agree_about_the_last_epoch(shared):
    if not (BIN / "xptrain").exists():
        pytest.skip("xptrain is not built (no LibTorch)")
    frame = shared.frame("reviews")
    for name in KINDS:
        assert f"'eval_f1': {frame.loc[name, 'test:f1 - Last']!r}" in shared.log(f"reviews/{name}").decode()
        assert frame.loc[name, "test:f1 - Count"] == 2
