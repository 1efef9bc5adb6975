"""`.gitignore` rules, as gitignore(5) has them: later rules win, `!` takes back, a trailing `/` means
folders only, a `/` elsewhere anchors to the ignore file's folder, `**` spans folders. What lies in an
excluded folder cannot be taken back.
"""

import dataclasses
import os
import re


@dataclasses.dataclass
class Rule:
    pattern: re.Pattern  # on the path from the root of the walk
    takes_back: bool
    folders_only: bool


def read(directory, inside, names):
    """The rules of the ignore files in one folder; `inside` is its path from the root, '' or 'a/b/'."""
    rules = []
    for name in names:
        try:
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
        except (FileNotFoundError, IsADirectoryError):
            continue
        rules += [rule for line in lines if (rule := _rule(line, inside)) is not None]
    return rules


def excludes(rules, path, is_folder):
    """Whether the last rule that fits a path (from the root of the walk) excludes it."""
    for rule in reversed(rules):
        if (is_folder or not rule.folders_only) and rule.pattern.fullmatch(path):
            return not rule.takes_back
    return False


def _rule(line, inside):
    line = re.sub(r"(?<!\\)\s+$", "", line)
    if not line or line.startswith("#"):
        return None
    takes_back = line.startswith("!")
    line = line[1:] if takes_back else line
    folders_only = line.endswith("/")
    line = line.rstrip("/")
    if not line:
        return None
    anchored = "/" in line
    body = _translate(line.lstrip("/"))
    prefix = re.escape(inside) + ("" if anchored else "(?:.*/)?")
    return Rule(re.compile(prefix + body, re.DOTALL), takes_back, folders_only)


_TOKENS = re.compile(r"(\*\*/|/\*\*$|\*|\?|\[[!^]?\]?[^\]]*\]|\\.)")


def _translate(glob):
    made = []
    for part in _TOKENS.split(glob):
        if part == "**/":
            made.append("(?:.*/)?")
        elif part == "/**":
            made.append("/.+")
        elif part == "*":
            made.append("[^/]*")
        elif part == "?":
            made.append("[^/]")
        elif part.startswith("[") and len(part) > 2:
            made.append("[" + part[1:-1].replace("!", "^", 1 if part[1] == "!" else 0).replace("\\", r"\\") + "]")
        elif part.startswith("\\") and len(part) == 2:
            made.append(re.escape(part[1]))
        else:
            made.append(re.escape(part))
    return "".join(made)
