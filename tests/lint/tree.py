"""The files that lint looks at: the repository without build output, downloads and hidden folders."""

import os
import re

SKIPPED_FOLDERS = {"build", "node_modules", "__pycache__", "shared"}
HIDDEN_BUT_OURS = {".ci"}


class Tree:
    """A repository on disk. Paths are relative to its root, with '/'."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(self._walk())
        self._texts = {}

    def _walk(self):
        for folder, names, files in os.walk(self.root):
            names[:] = [n for n in names if self._wanted(n)]
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), self.root)
                yield path.replace(os.sep, "/")

    @staticmethod
    def _wanted(name):
        if name in SKIPPED_FOLDERS:
            return False
        return not name.startswith(".") or name in HIDDEN_BUT_OURS

    def ending(self, *suffixes):
        return [p for p in self.paths if p.endswith(suffixes)]

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def lines(self, path):
        """(number, line), numbers from 1."""
        return enumerate(self.text(path).splitlines(), start=1)

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))


def without_comments(cmake):
    """A CMakeLists.txt without its comments: what stands only in one is not registered."""
    return re.sub(r"#.*", "", cmake)
