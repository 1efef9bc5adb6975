#!/usr/bin/env python3
"""Checks the tree against the rules that a compiler cannot see.

    lint.py [ROOT]

Prints one line per finding, "path:line: what", and ends with 1 when there is any.
"""

import os
import sys

import includes
import rules
from tree import Tree

CHECKS = [includes.check, rules.sizes, rules.sleeps, rules.registered_tests, rules.links]


def findings(root):
    tree = Tree(root)
    for check in CHECKS:
        for path, line, text in check(tree):
            yield f"{path}:{line}: {text}" if line else f"{path}: {text}"


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(__file__), "..", "..")
    found = list(findings(root))
    for finding in found:
        print(finding)
    print(f"lint: {len(found)} findings" if found else "lint: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
