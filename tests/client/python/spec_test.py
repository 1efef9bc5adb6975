"""What a spec may say, how defaults and a trial become one, and what each mistake is told."""

import textwrap

import pytest
import xp
from xp import spec as specs
from xp.v1 import metrics_pb2, trials_pb2

MODEL_CASE = """\
    experiment: nlp-classification
    description: Which model for movie reviews?
    rank_by: "test:f1"
    tags: {team: nlp}
    defaults:
      command: [python3, train.py]
      metrics:
        - {name: "test:loss", regex: "'eval_loss': (.*?),", goal: min}
        - {Name: "test:f1",   Regex: "'eval_f1': (.*?),"}
      params: {epochs: 2, learning_rate: 5e-5}
      env: {OMP_NUM_THREADS: 1}
      resources: {gpus: 1, gpu_memory: 40GiB, labels: {zone: a}}
      timeout: 2h
      retries: 1
    trials:
      - name: distilbert-base-uncased
        params: {model_name: distilbert-base-uncased, epochs: 3}
        inputs: {train: dataset:imdb@2, test: file:///data/test}
      - name: distilroberta-base
        priority: -1
        resources: {gpus: 0}
        metrics: [{name: "test:f1", regex: "f1=(.*)", goal: max}, {name: extra, regex: "x(.)"}]
    """


@pytest.fixture
def load(tmp_path):
    def write_and_load(text):
        path = tmp_path / "spec.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return specs.load(path)

    return write_and_load


def minimal(**fields):
    return {"experiment": "e", "trials": [{"name": "t", "command": ["true"], **fields}]}


def problem(spec):
    with pytest.raises(xp.Error) as caught:
        specs.load(spec)
    assert caught.value.code == "INVALID_ARGUMENT"
    return caught.value.message


def test_the_model_case(load):
    plan = load(MODEL_CASE)
    assert plan.experiment.name == "nlp-classification" and plan.experiment.rank_by == "test:f1"
    first, second = (planned.trial for planned in plan.trials)
    assert list(first.spec.command) == ["python3", "train.py"]
    assert [(p.key, p.text) for p in first.spec.params] == [
        ("epochs", "3"), ("learning_rate", "5e-5"), ("model_name", "distilbert-base-uncased"),
    ]
    assert first.spec.params[1].kind == trials_pb2.PARAM_KIND_NUMBER
    assert first.spec.timeout.seconds == 7200 and first.spec.retries == 1
    assert dict(first.spec.env) == {"OMP_NUM_THREADS": "1"}
    assert first.spec.inputs[0].dataset == "imdb@2" and first.spec.inputs[1].worker_path == "/data/test"
    assert first.spec.metric_definitions[0].goal == metrics_pb2.GOAL_MINIMIZE
    assert second.spec.resources.gpus == 0 and second.spec.resources.gpu_memory_bytes == 40 << 30
    assert second.priority == -1
    assert [(d.name, d.regex) for d in second.spec.metric_definitions] == [
        ("test:f1", "f1=(.*)"), ("extra", "x(.)"),
    ]


def test_params_keep_their_text_and_their_kind(load):
    plan = load("""\
        experiment: e
        trials:
          - name: t
            command: [true]
            params: {a: 5e-5, b: 007, c: "3", d: true, e: null, f: [007, +.5, 2.5e-5, 7., x], g: {k: ~}, h: yes, i: 1_000, j: -.5}
        """)
    kinds = {p.key: (trials_pb2.ParamKind.Name(p.kind).removeprefix("PARAM_KIND_"), p.text) for p in plan.trials[0].trial.spec.params}
    assert kinds == {
        "a": ("NUMBER", "5e-5"), "b": ("NUMBER", "007"), "c": ("STRING", "3"), "d": ("BOOL", "true"), "e": ("NULL", ""),
        "f": ("JSON", '[7,0.5,2.5e-5,7.0,"x"]'), "g": ("JSON", '{"k":null}'), "h": ("STRING", "yes"), "i": ("STRING", "1_000"), "j": ("NUMBER", "-.5"),
    }


def test_a_matrix_multiplies_and_names_in_the_files_order():
    spec = minimal(matrix={"seed": [1, 2], "lr": ["5e-5", "3e-5"]}, params={"epochs": 2})
    trials = [planned.trial for planned in specs.load(spec).trials]
    assert [t.name for t in trials] == ["t-seed-1-lr-5e-5", "t-seed-1-lr-3e-5", "t-seed-2-lr-5e-5", "t-seed-2-lr-3e-5"]
    assert [(p.key, p.text) for p in trials[3].spec.params] == [("epochs", "2"), ("seed", "2"), ("lr", "3e-5")]


def test_what_a_name_cannot_have_becomes_an_underscore():
    trials = specs.load(minimal(matrix={"model": ["org/bert", [1, 2], None]})).trials
    assert [t.trial.name for t in trials] == ["t-model-org_bert", "t-model-_1_2_", "t-model-null"]


def test_matrices_of_the_file_the_defaults_and_a_trial_are_laid_over_each_other():
    spec = minimal(matrix={"c": [3]})
    spec["matrix"], spec["defaults"] = {"a": [1]}, {"matrix": {"a": [9], "b": [2]}}
    assert [t.trial.name for t in specs.load(spec).trials] == ["t-a-1-b-2-c-3"]


def test_resources_are_merged_and_labels_by_key():
    spec = minimal(resources={"labels": {"b": "2"}})
    spec["defaults"] = {"resources": {"gpus": 2, "labels": {"a": "1", "b": "1"}}}
    resources = specs.load(spec).trials[0].trial.spec.resources
    assert resources.gpus == 2 and dict(resources.labels) == {"a": "1", "b": "2"}


@pytest.mark.parametrize("text, seconds", [("90s", 90), ("1h30m", 5400), ("1.5d", 129600), ("250ms", 0.25)])
def test_durations(text, seconds):
    timeout = specs.load(minimal(timeout=text)).trials[0].trial.spec.timeout
    assert timeout.seconds + timeout.nanos / 1e9 == seconds


@pytest.mark.parametrize("text", ["experiment: e\ntrials: [", "", "a: b: c", "{a: 1", "- &a [*a]"])
def test_what_is_no_yaml_is_refused(load, text):
    with pytest.raises(xp.Error):
        load(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "no such file" in problem(tmp_path / "none.yaml").lower()


def test_an_unknown_field_names_path_line_and_the_nearest(load):
    with pytest.raises(xp.Error) as caught:
        load("experiment: e\ntrials:\n  - name: t\n    comand: [true]\n")
    assert "trials[0].comand (line 4): unknown field 'comand'; did you mean 'command'?" in caught.value.message


def test_a_key_that_stands_twice_names_both_lines(load):
    with pytest.raises(xp.Error, match=r"line 2.*'experiment' stands here twice \(first on line 1\)"):
        load("experiment: e\nexperiment: f\ntrials: []\n")


@pytest.mark.parametrize(
    "spec, words",
    [
        ({"trials": []}, "spec: the field 'experiment' is missing"),
        ({"experiment": "e"}, "the field 'trials' is missing"),
        ({"experiment": "e", "trials": []}, "trials: no trial in it"),
        ({"experiment": 5, "trials": []}, "experiment: expected text, found the number '5'; put it in quotes"),
        ({"experiment": "a/b", "trials": []}, "'a/b' is no name"),
        ({"experiment": "e", "trials": [{"name": "t"}]}, "trials[0]: the field 'command' is missing"),
        ({"experiment": "e", "trials": {"name": "t"}}, "trials: expected a list, found a map"),
        (minimal(command="python3 train.py"), "trials[0].command: expected a list, found the text"),
        (minimal(command=[]), "the command is empty"),
        (minimal(command=["a", None]), "trials[0].command[1]: expected text, found nothing"),
        (minimal(params=[1]), "trials[0].params: expected a map"),
        (minimal(timeout=30), "a duration with its unit"),
        (minimal(timeout="2 hours"), "a duration with its unit"),
        (minimal(retries=-1), "-1 is not between 0"),
        (minimal(retries="1"), "expected a whole number, found the text '1'"),
        (minimal(resume="yes"), "expected true or false"),
        (minimal(resources={"gpu": 1}), "did you mean 'gpus'?"),
        (minimal(resources={"gpu_memory": 40}), "a size with its unit"),
        (minimal(metrics=[{"name": "m"}]), "trials[0].metrics[0]: the field 'regex' is missing"),
        (minimal(metrics=[{"name": "m", "regex": "(.)", "Regex": "(.)"}]), "'regex' is given twice"),
        (minimal(metrics=[{"name": "m", "regex": "(.)", "goal": "low"}]), "expected min or max, found 'low'"),
        (minimal(metrics=[{"name": "m", "regex": 5}]), "metrics[0].regex: expected text, found the number"),
        (minimal(metrics=[{"name": "m", "regex": "(.)"}] * 2), "the metric 'm' is defined twice"),
        (minimal(metrics=[{"name": f"m{i}", "regex": "(.)"} for i in range(41)]), "41 definitions; at most 40"),
        (minimal(inputs={"train": "s3://bucket/x"}), "not yet; use a local path"),
        (minimal(inputs={"train": "file://x"}), "a path on the worker is absolute"),
        (minimal(inputs={"a b": "x"}), "'a b' is no name"),
        (minimal(matrix={"seed": []}), "an empty list"),
        (minimal(matrix={"seed": 1}), "expected a list"),
        (minimal(matrix={"seed": ["a"]}, params={"seed": 1}), "is in the matrix too"),
        (minimal(params={"a": object()}), "a object cannot be sent"),
    ],
)
def test_each_mistake_has_its_path_and_what_would_do(spec, words):
    assert words in problem(spec)


def test_names_are_unique_without_regard_to_case():
    spec = {"experiment": "e", "defaults": {"command": ["true"]}, "trials": [{"name": "T"}, {"name": "t"}]}
    assert "given twice" in problem(spec)


def test_numpy_numbers_are_numbers():
    numpy = pytest.importorskip("numpy")
    (param,) = specs.load(minimal(params={"a": numpy.int64(3)})).trials[0].trial.spec.params
    assert (param.kind, param.text) == (trials_pb2.PARAM_KIND_NUMBER, "3")


def test_files_made_to_be_too_much_are_errors_and_soon(tmp_path):
    bomb = "experiment: e\nnotes: &a0 x\n" + "".join(f"k{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    for text, words in [(bomb, "aliases of aliases"), ("[" * 100_000, "beyond reason"), ("a" * (17 << 20), "larger than 16 MiB")]:
        (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(xp.Error, match=words):
            specs.load(tmp_path / "spec.yaml")


def test_a_merge_key_says_what_to_use_instead(tmp_path):
    (tmp_path / "spec.yaml").write_text("experiment: e\ndefaults: &d {command: [a]}\ntrials: [{name: t, <<: *d}]\n", encoding="utf-8")
    with pytest.raises(xp.Error, match="merge keys are not supported, use defaults"):
        specs.load(tmp_path / "spec.yaml")
