"""What is wrong with a spec is said once, with its place, and nothing is created."""

import time

import pytest
from cluster import BIN
from processes import Process


def spec(trial="", defaults="", top=""):
    lines = ["experiment: e", *top.splitlines(), "defaults:", "  command: ['true']"]
    lines += [f"  {line}" for line in defaults.splitlines()]
    lines += ["trials:", "  - name: t"] + [f"    {line}" for line in trial.splitlines()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text, words",
    [
        (spec("comand: [x]"), ["trials[0].comand", ":6:", "command"]),
        (spec("metrics: [{name: m, regex: '(('}]"), ["trials[0].metrics[0].regex", ":6:"]),
        (spec("metrics: [{name: m, regex: 'loss'}]"), ["trials[0].metrics[0].regex", "group"]),
        (spec("metrics: [{name: m, regex: '(?=x)(.)'}]"), ["trials[0].metrics[0].regex"]),
        (spec("") + "  - name: T\n", ["trials[1].name", "taken"]),
        (spec("metrics: [{name: 5, regex: '(.)'}]"), ["trials[0].metrics[0].name", "5"]),
        (spec("inputs: {train: data/none}"), ["trials[0].inputs.train", "data/none"]),
        (spec("inputs: {train: 's3://bucket/key'}"), ["trials[0].inputs.train", "s3://"]),
        (spec("params: {a: 1, a: 2}"), ["a"]),
        (spec("timeout: 30"), ["trials[0].timeout"]),
        (spec("env: {SM_HPS: x}"), ["trials[0].env.SM_HPS"]),
        ("experiment: e\ntrials: []\n", ["trials"]),
        ("experiment: [\n", ["spec"]),
    ],
)
def test_nothing_is_created_and_the_place_is_named(shared, text, words):
    path = shared.spec_file(text)
    done = shared.xpctl("submit", path, status=None)
    assert done.returncode != 0 and done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr
    assert path.name in done.stderr
    listed = shared.xpctl("--output", "json", "experiments").stdout
    assert '"e"' not in listed, listed


def test_all_that_is_wrong_is_said_in_one_go(shared):
    text = spec("comand: [x]\nretries: many\nmetrics: [{name: m, regex: loss}]")
    said = shared.xpctl("submit", shared.spec_file(text), status=None).stderr
    for word in ("comand", "retries", "group"):
        assert word in said, said


def test_a_name_that_stands_for_something_else_changes_nothing(shared):
    def one(command, extra=()):
        trials = [{"name": name, "command": command} for name in ("t", *extra)]
        return {"experiment": "twice", "trials": trials}

    shared.submit(one(["true"]))
    done = shared.submit(one(["false"], extra=["new"]), status=None)
    assert done.returncode != 0 and "t" in done.stderr
    assert list(shared.client.experiment("twice").trials()["Trial"]) == ["t"]
    shared.submit(one(["true"], extra=["new"]))
    assert list(shared.client.experiment("twice").trials()["Trial"]) == ["t", "new"]


def test_nobody_there_is_said_within_three_seconds(tmp_path):
    (tmp_path / "spec.yaml").write_text(spec(""), encoding="utf-8")
    begin = time.monotonic()
    xpctl = Process("xpctl", [BIN / "xpctl", "--server", "127.0.0.1:1", "submit", tmp_path / "spec.yaml"], tmp_path)
    assert xpctl.wait(10) != 0
    assert time.monotonic() - begin < 3
    said = xpctl.log.read_text(encoding="utf-8")
    assert "127.0.0.1:1" in said and "xpserver" in said, said
