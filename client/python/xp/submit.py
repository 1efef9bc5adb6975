"""Submit: a plan's folders become blobs, and one call creates the experiment with all its trials."""

import subprocess
import uuid

from xp.v1 import experiments_pb2

from . import files, spec_tree
from .errors import Error
from .upload import upload

IGNORE_FILES = (".gitignore", ".xpignore")
_GIT_SECONDS = 10
_MESSAGE_MAX_BYTES = 4 << 20  # proto/limits.h


def submit(stubs, plan):
    """Uploads what the server lacks, then SubmitExperiment. Answers its response. Nothing is created
    unless all of it is."""
    folders = {}  # (path, ignore files) -> manifest blob; trials share folders
    blobs = {}

    def manifest(path, ignore, node):
        key = (path, ignore)
        if key not in folders:
            top, inside = _folder(path, ignore, node)
            folders[key] = top
            blobs.update({blob.sha256: blob for blob in [top, *inside]})
        return folders[key].sha256

    for planned in plan.trials:
        spec = planned.trial.spec
        if planned.source_dir is not None:
            if not planned.source_dir.is_dir():
                raise spec_tree.fail(planned.source_node, f"there is no folder {planned.source_dir}")
            spec.source_manifest_sha256 = manifest(planned.source_dir, IGNORE_FILES, planned.source_node)
            _note_git(spec, planned.source_dir, blobs)
        for channel in spec.inputs:
            if channel.name in planned.local_inputs:
                path, node = planned.local_inputs[channel.name]
                channel.manifest_sha256 = manifest(path, (), node)
    request = experiments_pb2.SubmitExperimentRequest(
        experiment=plan.experiment,
        trials=[planned.trial for planned in plan.trials],
        request_id=str(uuid.uuid4()),
    )
    if request.ByteSize() > _MESSAGE_MAX_BYTES:
        raise Error(
            "INVALID_ARGUMENT",
            f"the trials take {request.ByteSize() / 2**20:.1f} MiB as they are sent, more than the "
            f"{_MESSAGE_MAX_BYTES >> 20} MiB of one submit; submit them in parts: an experiment takes what is new in each",
        )
    upload(stubs.blobs, blobs.values())
    return stubs.experiments.SubmitExperiment(request)


def _folder(path, ignore, node):
    if not path.exists():
        raise spec_tree.fail(node, f"there is no file or folder {path}")
    try:
        top, inside = files.manifest_of(path, ignore)
    except OSError as error:
        raise spec_tree.fail(node, f"{error.filename or path}: {error.strerror}") from None
    total = sum(blob.size for blob in inside)
    if ignore and total > files.MAX_SOURCE_BYTES:
        raise spec_tree.fail(
            node,
            f"{total / 2**20:.0f} MiB of source in {path}; at most {files.MAX_SOURCE_BYTES >> 20} MiB: "
            "leave data out with .xpignore, or make it an input",
        )
    return top, inside


def _note_git(spec, folder, blobs):
    """Commit and difference of the source, for the record; silently nothing outside a git checkout."""

    def git(*arguments):
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, check=True, timeout=_GIT_SECONDS).stdout

    try:
        commit = git("rev-parse", "--verify", "HEAD").decode().strip()
        difference = git("diff", "HEAD", "--binary", "--", ".")
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return
    spec.source_git_commit = commit
    if difference:
        blob = files.blob_of_bytes(difference)
        spec.source_git_diff_sha256 = blob.sha256
        blobs[blob.sha256] = blob
