"""Folders as content: which files belong to one, their hashes, and their FileManifest."""

import dataclasses
import hashlib
import os
import pathlib

from xp.v1 import blobs_pb2

from . import ignore_rules

MAX_SOURCE_BYTES = 1 << 30
_READ_BYTES = 1 << 20


@dataclasses.dataclass
class Blob:
    """Content by its SHA-256: a file, or bytes in memory."""

    sha256: str
    size: int
    path: pathlib.Path | None = None
    data: bytes | None = None

    def open(self):
        import io

        return open(self.path, "rb") if self.path is not None else io.BytesIO(self.data)


def blob_of_bytes(data):
    return Blob(hashlib.sha256(data).hexdigest(), len(data), data=data)


def blob_of_file(path):
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Blob(digest.hexdigest(), size, path=path)


def folder_files(folder, ignore):
    """[(path inside with '/', path)] of the regular files in a folder, in byte order. With `ignore`
    (names of ignore files, e.g. '.gitignore'), what they exclude is left out, and '.git' too. Links
    to files are followed; links to folders are not, they could lead in a circle."""
    found = []

    def walk(directory, inside, rules):
        rules = rules + ignore_rules.read(directory, inside, ignore)
        for entry in os.scandir(directory):
            path = f"{inside}{entry.name}"
            is_folder = entry.is_dir(follow_symlinks=False)
            if ignore and (entry.name == ".git" or ignore_rules.excludes(rules, path, is_folder)):
                continue
            if is_folder:
                walk(entry.path, path + "/", rules)
            elif entry.is_file():
                found.append((path, pathlib.Path(entry.path)))

    walk(folder, "", [])
    return sorted(found, key=lambda item: item[0].encode())


def manifest_of(path, ignore=()):
    """(manifest blob, blobs of its files). A single file is a folder of that one file."""
    path = pathlib.Path(path)
    listed = folder_files(path, ignore) if path.is_dir() else [(path.name, path)]
    manifest, blobs = blobs_pb2.FileManifest(), []
    for inside, file in listed:
        blob = blob_of_file(file)
        blobs.append(blob)
        manifest.files.add(
            path=inside, size=blob.size, sha256=blob.sha256, executable=os.access(file, os.X_OK)
        )
    return blob_of_bytes(manifest.SerializeToString(deterministic=True)), blobs
