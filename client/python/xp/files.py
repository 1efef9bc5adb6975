"""Folders as content: which files belong to one, their hashes, and their FileManifest."""

import dataclasses
import errno
import hashlib
import io
import os
import pathlib
import stat

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
    are followed; one that leads back to a folder above it is an OSError."""
    found = []

    def walk(directory, inside, rules, above):
        status = os.stat(directory)
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            raise OSError(errno.ELOOP, "a link that leads back to a folder that holds it", str(directory))
        rules = rules + ignore_rules.read(directory, inside, ignore)
        for entry in os.scandir(directory):
            path, is_folder = f"{inside}{entry.name}", entry.is_dir()
            if ignore and (entry.name == ".git" or ignore_rules.excludes(rules, path, is_folder)):
                continue
            if is_folder:
                walk(entry.path, path + "/", rules, above | {identity})
            elif entry.is_file():
                found.append((path, pathlib.Path(entry.path)))

    walk(folder, "", [], set())
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
            path=inside, size=blob.size, sha256=blob.sha256, executable=bool(os.stat(file).st_mode & stat.S_IXUSR)
        )
    return blob_of_bytes(manifest.SerializeToString(deterministic=True)), blobs
