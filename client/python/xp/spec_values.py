"""Single values of a spec: names, text, counts, durations, sizes, parameters. Each takes a node and
answers a value or raises the error with the node's path and line.
"""

import re

from google.protobuf import duration_pb2
from xp.v1 import trials_pb2

from . import spec_tree as tree

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B|B)")
_SIZE_UNIT = {"B": 1}
for _power, _letter in enumerate("KMGT", start=1):
    _SIZE_UNIT[f"{_letter}B"] = 1000**_power
    _SIZE_UNIT[f"{_letter}iB"] = 1024**_power

_PARAM_KIND = {
    tree.STRING: trials_pb2.PARAM_KIND_STRING,
    tree.NUMBER: trials_pb2.PARAM_KIND_NUMBER,
    tree.BOOL: trials_pb2.PARAM_KIND_BOOL,
    tree.NULL: trials_pb2.PARAM_KIND_NULL,
}


def mapping(node):
    if not isinstance(node, tree.Mapping):
        raise tree.fail(node, f"expected a map (key: value), found {tree.describe(node)}")
    return node.items


def sequence(node):
    if not isinstance(node, tree.Sequence):
        raise tree.fail(node, f"expected a list, found {tree.describe(node)}")
    return node.items


def text(node):
    if not isinstance(node, tree.Scalar) or node.kind != tree.STRING:
        hint = "; put it in quotes" if isinstance(node, tree.Scalar) and node.kind != tree.NULL else ""
        raise tree.fail(node, f"expected text, found {tree.describe(node)}{hint}")
    return node.text


def name(node):
    found = text(node)
    if not _NAME.fullmatch(found):
        raise tree.fail(
            node, f"'{found}' is no name; use 1-120 of A-Z a-z 0-9 . _ - beginning with a letter or digit"
        )
    return found


def word(node):
    """Text of a command or the environment, where a number or boolean stands for its own text."""
    if not isinstance(node, tree.Scalar) or node.kind == tree.NULL:
        raise tree.fail(node, f"expected text, found {tree.describe(node)}")
    return node.text


def boolean(node):
    if not isinstance(node, tree.Scalar) or node.kind != tree.BOOL:
        raise tree.fail(node, f"expected true or false, found {tree.describe(node)}")
    return node.text.lower() == "true"


def whole(node, least=0, most=2**31 - 1):
    if not isinstance(node, tree.Scalar) or node.kind != tree.NUMBER or not re.fullmatch(r"[-+]?\d+", node.text):
        raise tree.fail(node, f"expected a whole number, found {tree.describe(node)}")
    number = int(node.text)
    if not least <= number <= most:
        raise tree.fail(node, f"{number} is not between {least} and {most}")
    return number


def duration(node):
    """'90s', '2h', '1h30m', '1.5d'; a bare number has no unit and is refused."""
    parts = _DURATION_PART.findall(node.text) if isinstance(node, tree.Scalar) else []
    if not parts or "".join(number + unit for number, unit in parts) != node.text:
        raise tree.fail(node, f"expected a duration with its unit such as 90s, 30m, 2h or 1h30m, found {tree.describe(node)}")
    found = duration_pb2.Duration()
    found.FromMilliseconds(round(sum(float(n) * _DURATION_UNIT_MS[u] for n, u in parts)))
    return found


def size(node):
    """'40GiB', '512MB' in bytes."""
    match = _SIZE.fullmatch(node.text) if isinstance(node, tree.Scalar) else None
    if not match:
        raise tree.fail(node, f"expected a size with its unit such as 40GiB or 512MB, found {tree.describe(node)}")
    return round(float(match[1]) * _SIZE_UNIT[match[2]])


def texts(node):
    """A map of text to text: env, tags, labels."""
    return {key: word(value) for key, value in mapping(node).items()}


def param(key, node):
    if isinstance(node, tree.Scalar):
        found = trials_pb2.Param(key=key, kind=_PARAM_KIND[node.kind], text=node.text)
        if node.kind == tree.BOOL:
            found.text = node.text.lower()
        elif node.kind == tree.NULL:
            found.text = ""
        return found
    return trials_pb2.Param(key=key, kind=trials_pb2.PARAM_KIND_JSON, text=tree.to_json(node))
