"""Submit: folders arrive as blobs, each content once; nothing is created when anything is wrong."""

import hashlib
import subprocess

import grpc
import pytest
import xp
from xp.v1 import blobs_pb2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/train.py").write_text("print('hello')\n", encoding="utf-8")
    (tmp_path / "scripts/notes.tmp").write_text("private", encoding="utf-8")
    (tmp_path / "scripts/.xpignore").write_text("*.tmp\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.bin").write_bytes(bytes(range(256)) * 8192)  # 2 MiB: several messages
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec(**fields):
    trials = [{"name": "a"}, {"name": "b"}]
    return {"experiment": "e", "defaults": {"command": ["true"], **fields}, "trials": trials}


def test_folders_arrive_once_however_many_trials_name_them(server, client, folder):
    assert client.submit(spec(source_dir="scripts", inputs={"train": "data"})).name == "e"
    (request,) = server.submitted
    first, second = (trial.spec for trial in request.trials)
    assert first.source_manifest_sha256 == second.source_manifest_sha256
    source = blobs_pb2.FileManifest.FromString(server.blobs[first.source_manifest_sha256])
    assert [f.path for f in source.files] == [".xpignore", "train.py"]
    data = blobs_pb2.FileManifest.FromString(server.blobs[first.inputs[0].manifest_sha256])
    assert server.blobs[data.files[0].sha256] == (folder / "data/train.bin").read_bytes()
    assert len(server.uploads) == len(set(server.uploads)) == 5  # two manifests, three files
    assert request.request_id


def test_what_the_server_has_is_not_sent_again(server, client, folder):
    client.submit(spec(source_dir="scripts"))
    sent = len(server.uploads)
    client.submit(spec(source_dir="scripts"))
    assert len(server.uploads) == sent


def test_a_cut_upload_goes_on_where_it_stopped(server, client, folder):
    blob = (folder / "data/train.bin").read_bytes()
    name = hashlib.sha256(blob).hexdigest()
    server.held[name] = blob[:1_000_000]
    client.submit(spec(inputs={"train": "data/train.bin"}))
    assert (name, 1_000_000) in server.uploads
    assert server.blobs[name] == blob


def test_an_upload_that_breaks_off_is_taken_up_again(server, client, folder):
    server.fail_once["UploadBlobs"] = (grpc.StatusCode.UNAVAILABLE, "restarting")
    server.fails_at["UploadBlobs"] = 5  # the manifest, a header, two pieces, and it is gone
    client.submit(spec(inputs={"train": "data/train.bin"}))
    name = hashlib.sha256((folder / "data/train.bin").read_bytes()).hexdigest()
    assert [offset for sha256, offset in server.uploads if sha256 == name] == [0, 1 << 20]
    assert len(server.submitted) == 1


def test_a_small_upload_that_breaks_off_is_not_played_again_from_its_old_offset(server, client, folder):
    server.fail_once["UploadBlobs"] = (grpc.StatusCode.UNAVAILABLE, "restarting")
    server.fails_at["UploadBlobs"] = 2  # all of it fits what gRPC keeps for a retry of its own
    client.submit(spec(source_dir="scripts"))
    assert len(server.submitted) == 1


def test_a_full_disk_is_said_in_the_servers_words(server, client, folder):
    server.refuse["UploadBlobs"] = (grpc.StatusCode.RESOURCE_EXHAUSTED, "disk below its reserve")
    with pytest.raises(xp.Error, match="disk below its reserve") as caught:
        client.submit(spec(inputs={"train": "data"}))
    assert caught.value.code == "RESOURCE_EXHAUSTED"
    assert not server.submitted


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"source_dir": "none"}, "defaults.source_dir: there is no folder"),
        ({"source_dir": "data/train.bin"}, "there is no folder"),
        ({"inputs": {"train": "data/none"}}, "defaults.inputs.train: there is no file or folder"),
    ],
)
def test_a_path_that_is_not_there_creates_nothing(server, client, folder, fields, words):
    with pytest.raises(xp.Error, match=words):
        client.submit(spec(**fields))
    assert not server.submitted and not server.uploads


def test_relative_paths_count_from_the_specs_folder(server, client, folder, monkeypatch):
    (folder / "spec.yaml").write_text(
        "experiment: e\ntrials: [{name: a, command: ['true'], source_dir: ./scripts}]\n", encoding="utf-8"
    )
    monkeypatch.chdir("/")
    client.submit(folder / "spec.yaml")
    assert server.submitted[0].trials[0].spec.source_manifest_sha256


def test_a_source_in_git_notes_its_commit_and_difference(server, client, folder):
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    (folder / "scripts/train.py").write_text("print('changed')\n", encoding="utf-8")
    client.submit(spec(source_dir="scripts"))
    sent = server.submitted[0].trials[0].spec
    assert len(sent.source_git_commit) == 40
    assert b"+print('changed')" in server.blobs[sent.source_git_diff_sha256]


def test_more_than_one_message_takes_is_said_before_anything_is_sent(server, client, folder):
    big = spec(env={"X": "x" * 100_000}, source_dir="scripts") | {"matrix": {"seed": list(range(25))}}
    with pytest.raises(xp.Error, match=r"the trials take 4\.8 MiB as they are sent, .* in parts") as refused:
        client.submit(big)
    assert refused.value.code == "INVALID_ARGUMENT" and not server.uploads


def test_the_servers_refusal_is_handed_on(server, client):
    server.refuse["SubmitExperiment"] = (grpc.StatusCode.INVALID_ARGUMENT, "trials[0].spec.metric_definitions[0].regex: no group")
    with pytest.raises(xp.Error, match="regex: no group"):
        client.submit(spec())
