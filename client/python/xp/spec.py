"""The fields of a spec (docs/spec-file.md), and how defaults and a trial become one trial. Reads no
folder and calls no server: local paths are left as paths, for files.py and upload.py.

The server checks again and has the last word (regular expressions, limits); what is checked here is
what would otherwise be lost on the way: unknown fields, kinds of values, places of errors.
"""

import dataclasses
import difflib
import itertools
import pathlib
import re

from xp.v1 import experiments_pb2, metrics_pb2, trials_pb2

from . import spec_tree as tree
from . import spec_values as values
from .errors import Error

_TOP_FIELDS = ("experiment", "description", "rank_by", "tags", "notes", "matrix", "defaults", "trials")
_TRIAL_FIELDS = (
    "source_dir command metrics metrics_preset params append_params matrix inputs resources timeout "
    "retries env tags notes priority resume stop_grace checkpoint_dir"
).split()
# Merged key by key where both defaults and the trial have them; any other field of a trial replaces.
_MERGED = ("params", "matrix", "inputs", "resources", "env", "tags")
_GOALS = {"min": metrics_pb2.GOAL_MINIMIZE, "max": metrics_pb2.GOAL_MAXIMIZE}
_MAX_DEFINITIONS = 40
_FILE_MAX_BYTES = 16 << 20
_NOTHING = tree.Mapping("", 0, {})


@dataclasses.dataclass
class TrialPlan:
    """A trial as it will be submitted, but for its uploads."""

    trial: trials_pb2.Trial  # name, spec, tags, notes, priority
    source_dir: pathlib.Path | None
    local_inputs: dict  # channel name -> (path, node for messages)
    source_node: object  # for messages


@dataclasses.dataclass
class Plan:
    experiment: experiments_pb2.Experiment
    trials: list


def load(spec):
    """A Plan out of the path of a YAML file or a dict. Relative paths count from the file's folder,
    those of a dict from the working directory."""
    if isinstance(spec, dict):
        return _plan(tree.from_value(spec), pathlib.Path.cwd())
    path = pathlib.Path(spec)
    try:
        if path.stat().st_size > _FILE_MAX_BYTES:
            raise Error("INVALID_ARGUMENT", f"{path}: larger than {_FILE_MAX_BYTES >> 20} MiB; is this a spec file?")
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Error("INVALID_ARGUMENT", f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise Error("INVALID_ARGUMENT", f"{path}: {error.strerror}") from None
    return _plan(tree.read_yaml(content, path.name), path.resolve().parent)


def _check_fields(node, allowed):
    for key, value in values.mapping(node).items():
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(allowed)}"
            if key == "<<":
                hint = "YAML merge keys are not supported, use defaults"
            raise tree.fail(value, f"unknown field '{key}'; {hint}")


def _required(node, key):
    items = values.mapping(node)
    if key not in items:
        raise tree.fail(node, f"the field '{key}' is missing")
    return items[key]


def _plan(root, base):
    _check_fields(root, _TOP_FIELDS)
    experiment = experiments_pb2.Experiment(name=values.name(_required(root, "experiment")))
    for field in ("description", "rank_by", "notes"):
        if field in root.items:
            setattr(experiment, field, values.text(root.items[field]))
    if "tags" in root.items:
        experiment.tags.update(values.texts(root.items["tags"]))
    defaults = root.items.get("defaults", tree.Mapping("defaults", 0, {}))
    _check_fields(defaults, _TRIAL_FIELDS)
    if "matrix" in root.items:  # the same as in defaults
        below = defaults.items.get("matrix", _NOTHING)
        defaults.items["matrix"] = _laid_over(below, root.items["matrix"])
    trials, seen = [], {}
    for node in values.sequence(_required(root, "trials")):
        _check_fields(node, ["name", *_TRIAL_FIELDS])
        for plan in _trials_of(node, _merged(defaults, node), base):
            first = seen.setdefault(plan.trial.name.lower(), plan.trial.name)
            if plan.trial.name in (t.trial.name for t in trials) or first != plan.trial.name:
                raise tree.fail(node, f"the name '{plan.trial.name}' is given twice (names are compared without regard to case)")
            trials.append(plan)
    if not trials:
        raise tree.fail(root.items["trials"], "no trial in it")
    return Plan(experiment, trials)


def _merged(defaults, trial):
    """The trial's fields with the defaults below them, as xpctl merges them. Keys keep their order:
    the defaults' first. A list (command, metrics) stands for itself."""
    fields = dict(defaults.items)
    for key, value in trial.items.items():
        if key in _MERGED and key in fields:
            fields[key] = _laid_over(fields[key], value)
        else:
            fields[key] = value
    return fields


def _laid_over(below, above):
    items = {**values.mapping(below), **values.mapping(above)}
    if "labels" in items and "labels" in below.items and "labels" in above.items:  # of resources
        items["labels"] = _laid_over(below.items["labels"], above.items["labels"])
    return tree.Mapping(above.path, above.line, items)


def _trials_of(node, fields, base):
    """One trial, or as many as its matrix makes: NAME-key-value-... in the order of the file."""
    name = values.name(_required(node, "name"))
    axes = values.mapping(fields.pop("matrix")) if "matrix" in fields else {}
    params = values.mapping(fields["params"]) if "params" in fields else {}
    for key, axis in axes.items():
        if not values.sequence(axis):
            raise tree.fail(axis, "an empty list: no trial would be left")
        if key in values.mapping(node.items.get("params", _NOTHING)):
            raise tree.fail(node.items["params"].items[key], "is in the matrix too; leave it in one of the two")
    for chosen in itertools.product(*(axis.items for axis in axes.values())):
        picked = dict(zip(axes, chosen))
        full = "-".join([name, *(f"{_name_part(key)}-{_name_part(_text(value))}" for key, value in picked.items())])
        values.name(tree.Scalar(f"{node.path}.name", node.line, tree.STRING, full))
        yield _trial(full, node, fields, {**params, **picked}, base)


def _text(value):
    if isinstance(value, tree.Scalar):
        return "null" if value.kind == tree.NULL else value.text
    return tree.to_json(value)


def _name_part(text):
    """What a name cannot have becomes '_'; per byte, as xpctl does it."""
    return re.sub(rb"[^A-Za-z0-9._-]", b"_", text.encode()).decode()


def _trial(name, node, fields, params, base):
    trial = trials_pb2.Trial(name=name)
    spec = trial.spec
    plan = TrialPlan(trial, None, {}, fields.get("source_dir"))
    if "command" not in fields:
        raise tree.fail(node, "the field 'command' is missing, here and in defaults")
    words = [values.word(item) for item in values.sequence(fields["command"])]
    if not words:
        raise tree.fail(fields["command"], "the command is empty")
    spec.command.extend(words)
    spec.params.extend(values.param(key, value) for key, value in params.items())
    _fill_simple(trial, fields)
    definitions = values.sequence(fields["metrics"]) if "metrics" in fields else []
    if len(definitions) > _MAX_DEFINITIONS:
        raise tree.fail(fields["metrics"], f"{len(definitions)} definitions; at most {_MAX_DEFINITIONS}")
    spec.metric_definitions.extend(_definition(item) for item in definitions)
    names = [definition.name for definition in spec.metric_definitions]
    for item, metric in zip(definitions, names):
        if names.count(metric) > 1:
            raise tree.fail(item, f"the metric '{metric}' is defined twice")
    if "resources" in fields:
        _fill_resources(spec.resources, fields["resources"])
    if "source_dir" in fields:
        plan.source_dir = base / values.text(fields["source_dir"])
    for channel, source in values.mapping(fields.get("inputs", _NOTHING)).items():
        _fill_input(plan, channel, source, base)
    return plan


def _fill_simple(trial, fields):
    spec = trial.spec
    for key, target, read in (
        ("append_params", spec, values.boolean),
        ("resume", spec, values.boolean),
        ("metrics_preset", spec, values.text),
        ("checkpoint_dir", spec, values.text),
        ("retries", spec, values.whole),
        ("notes", trial, values.text),
        ("priority", trial, lambda node: values.whole(node, least=-(2**31))),
    ):
        if key in fields:
            setattr(target, key, read(fields[key]))
    for key in ("timeout", "stop_grace"):
        if key in fields:
            getattr(spec, key).CopyFrom(values.duration(fields[key]))
    if "env" in fields:
        spec.env.update(values.texts(fields["env"]))
    if "tags" in fields:
        trial.tags.update(values.texts(fields["tags"]))


def _definition(node):
    """{name, regex, goal}; SageMaker's Name and Regex are taken too."""
    _check_fields(node, ("name", "regex", "goal", "Name", "Regex"))
    found = {}
    for key in ("name", "regex"):
        spellings = [k for k in (key, key.capitalize()) if k in node.items]
        if len(spellings) != 1:
            raise tree.fail(node, f"the field '{key}' is missing" if not spellings else f"'{key}' is given twice")
        found[key] = values.text(node.items[spellings[0]])
    goal = metrics_pb2.GOAL_UNSPECIFIED
    if "goal" in node.items:
        text = values.text(node.items["goal"])
        if text not in _GOALS:
            raise tree.fail(node.items["goal"], f"expected min or max, found '{text}'")
        goal = _GOALS[text]
    return metrics_pb2.MetricDefinition(goal=goal, **found)


def _fill_resources(resources, node):
    _check_fields(node, ("gpus", "gpu_memory", "labels"))
    if "gpus" in node.items:
        resources.gpus = values.whole(node.items["gpus"])
    if "gpu_memory" in node.items:
        resources.gpu_memory_bytes = values.size(node.items["gpu_memory"])
    if "labels" in node.items:
        resources.labels.update(values.texts(node.items["labels"]))


def _fill_input(plan, channel, node, base):
    found = values.text(node)
    values.name(tree.Scalar(node.path, node.line, tree.STRING, channel))
    target = plan.trial.spec.inputs.add(name=channel)
    if found.startswith("dataset:"):
        target.dataset = found.removeprefix("dataset:")
    elif found.startswith("file://"):
        target.worker_path = found.removeprefix("file://")
        if not target.worker_path.startswith("/"):
            raise tree.fail(node, f"'{found}': a path on the worker is absolute: file:///path")
    elif "://" in found:
        raise tree.fail(node, f"'{found}': not yet; use a local path, dataset:NAME[@VERSION] or file:///path")
    else:
        plan.local_inputs[channel] = (base / found, node)
