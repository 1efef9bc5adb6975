"""A spec as a tree of nodes: out of a YAML file (scalars keep the text of the file, `5e-5` stays
`5e-5`) or out of plain Python values. Duplicate keys are errors. Knows nothing of the spec's fields.
"""

import dataclasses
import json
import re

import yaml

from .errors import Error, invalid

MAX_COPIES = 300_000  # what aliases may add to what is written
STRING, NUMBER, BOOL, NULL = "text", "number", "boolean", "null"

# The core schema of YAML 1.2: `yes`, `0777` and `1_000` are text, `5e-5` is a number.
_NUMBER = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0x[0-9a-fA-F]+|0o[0-7]+"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_BOOL = {"true", "True", "TRUE", "false", "False", "FALSE"}
_NULL = {"", "~", "null", "Null", "NULL"}


@dataclasses.dataclass
class Scalar:
    path: str
    line: int  # 0: not from a file
    kind: str
    text: str


@dataclasses.dataclass
class Sequence:
    path: str
    line: int
    items: list


@dataclasses.dataclass
class Mapping:
    path: str
    line: int
    items: dict  # key -> node, in the order of the file


def describe(node):
    """What was found, for messages."""
    if isinstance(node, Mapping):
        return "a map"
    if isinstance(node, Sequence):
        return "a list"
    return f"the {node.kind} '{node.text}'" if node.kind != NULL else "nothing (null)"


def fail(node, problem):
    """The error about a node: its path, its line where it has one, and the problem."""
    return invalid(f"{node.path or 'spec'}{f' (line {node.line})' if node.line else ''}", problem)


def child_path(path, key):
    return f"{path}.{key}" if path else str(key)


def read_yaml(text, name):
    """The tree of a YAML document. Error INVALID_ARGUMENT says line and column."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise Error("INVALID_ARGUMENT", f"{name}{place}: not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise Error("INVALID_ARGUMENT", f"{name}: not YAML: {error}") from None
    except RecursionError:
        raise Error("INVALID_ARGUMENT", f"{name}: lists or maps within each other beyond reason") from None
    if root is None:
        raise Error("INVALID_ARGUMENT", f"{name}: the file is empty")
    return _from_yaml(root, "", set(), _Budget(MAX_COPIES + len(text) // 2))


class _Budget:
    """How many parts a document may have, an alias counted for all that it stands for."""

    def __init__(self, most):
        self.most = most
        self.left = most

    def take(self, path, line):
        self.left -= 1
        if self.left < 0:
            problem = f"more than {self.most:,} parts (an alias counts for all that it stands for; aliases of aliases?)"
            raise invalid(f"{path} (line {line})", f"{problem}; write fewer trials into one file")


def _from_yaml(node, path, above, budget):
    line = node.start_mark.line + 1
    budget.take(path, line)
    if id(node) in above:
        raise invalid(f"{path} (line {line})", "an alias that contains itself")
    above = above | {id(node)}
    if isinstance(node, yaml.ScalarNode):
        return Scalar(path, line, _kind(node), node.value)
    if isinstance(node, yaml.SequenceNode):
        items = [_from_yaml(item, f"{path}[{i}]", above, budget) for i, item in enumerate(node.value)]
        return Sequence(path, line, items)
    items = {}
    for key, value in node.value:
        where = f"{path or 'spec'} (line {key.start_mark.line + 1})"
        if not isinstance(key, yaml.ScalarNode):
            raise invalid(where, "a key must be text")
        if key.value in items:
            raise invalid(where, f"the key '{key.value}' stands here twice (first on line {items[key.value].line})")
        items[key.value] = _from_yaml(value, child_path(path, key.value), above, budget)
    return Mapping(path, line, items)


def _kind(node):
    if node.style is not None or node.tag == "!":  # quoted, or a block
        return STRING
    if node.value in _NULL:
        return NULL
    if node.value in _BOOL:
        return BOOL
    return NUMBER if _NUMBER.fullmatch(node.value) else STRING


def from_value(value, path=""):
    """The tree of Python values: dict, list or tuple, str, bool, int, float, None."""
    if value is None:
        return Scalar(path, 0, NULL, "")
    if isinstance(value, bool):
        return Scalar(path, 0, BOOL, "true" if value else "false")
    if isinstance(value, (int, float)):
        return Scalar(path, 0, NUMBER, repr(value))
    if isinstance(value, str):
        return Scalar(path, 0, STRING, value)
    if isinstance(value, (list, tuple)):
        return Sequence(path, 0, [from_value(v, f"{path}[{i}]") for i, v in enumerate(value)])
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise invalid(path or "spec", f"the key {key!r} is not text")
        return Mapping(path, 0, {k: from_value(v, child_path(path, k)) for k, v in value.items()})
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # a NumPy scalar
        return from_value(value.item(), path)
    if hasattr(value, "__fspath__"):
        return Scalar(path, 0, STRING, str(value))
    raise invalid(path or "spec", f"a {type(value).__name__} cannot be sent; use text, numbers, lists and dicts")


def to_json(node):
    """Compact JSON of a list or map that stands as one parameter; numbers keep their digits."""
    if isinstance(node, Mapping):
        pairs = (f"{_quoted(key)}:{to_json(value)}" for key, value in node.items.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(node, Sequence):
        return "[" + ",".join(map(to_json, node.items)) + "]"
    if node.kind == NULL:
        return "null"
    if node.kind == BOOL:
        return node.text.lower()
    return _json_number(node) if node.kind == NUMBER else _quoted(node.text)


def _quoted(text):
    return json.dumps(text, ensure_ascii=False)


def _json_number(node):
    """The digits of a YAML number as JSON wants them: `+.5`, `7.` and `007` are none."""
    parts = re.fullmatch(r"([-+]?)0*([0-9]*)(\.[0-9]*)?([eE].*)?", node.text)
    if not parts:
        raise fail(node, f"'{node.text}' within a list or map: JSON has no such number")
    sign, whole, fraction, exponent = (part or "" for part in parts.groups())
    fraction = fraction + "0" if fraction == "." else fraction
    return f"{sign.replace('+', '')}{whole or '0'}{fraction}{exponent}"
