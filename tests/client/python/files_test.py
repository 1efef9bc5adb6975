"""Folders as content: ignore rules as git has them, and manifests that are equal when folders are."""

import os
import shutil
import subprocess

import pytest
from xp import files
from xp.v1 import blobs_pb2


def write(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path, encoding="utf-8")


def listed(root, ignore=(".gitignore", ".xpignore")):
    return [inside for inside, _ in files.folder_files(root, ignore)]


TREE = [
    "a.py", "a.pyc", "b.log", "keep.log", "build/x", "src/build/y", "src/a.py", "src/deep/data.bin", "src/deep/z.py",
    "data/one", "data/two", "doc/a.txt", "doc/sub/a.txt", "#hash", "!bang", "sp ace ", "x[1].txt", "file1", "file2", "fileA",
]  # fmt: skip


@pytest.mark.parametrize(
    "rules",
    [
        "*.pyc\n*.log\n!keep.log\n",
        "/build/\n",
        "build/\n",
        "build\n!build/x\n",
        "**/deep\n",
        "src/**/z.py\n",
        "data/*\n!data/two\n",
        "doc/*.txt\n",
        "doc/**\n",
        "\\#hash\n\\!bang\n",
        "sp\\ ace\\ \n",
        "file[0-9]\n",
        "file[!0-9]\n",
        "x\\[1\\].txt\n",
        "# a comment\n\n   \n*.py   \n",
        "*\n!*.py\n!src/\n",
        "src/deep/\n!src/deep/z.py\n",
        "file?\n",
    ],
)
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not there to compare with")
def test_what_git_ignores_is_left_out(tmp_path, rules):
    write(tmp_path, *TREE)
    (tmp_path / ".gitignore").write_text(rules, encoding="utf-8")
    (tmp_path / "src/.gitignore").write_text("*.bin\n", encoding="utf-8")
    home = {**os.environ, "HOME": str(tmp_path.parent), "XDG_CONFIG_HOME": str(tmp_path.parent)}
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=home, check=True)
    shown = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=tmp_path, env=home, check=True, capture_output=True,
    )  # fmt: skip
    expected = sorted(shown.stdout.decode().split("\0")[:-1], key=str.encode)
    assert listed(tmp_path) == expected


def test_xpignore_counts_like_gitignore(tmp_path):
    write(tmp_path, "a", "b")
    (tmp_path / ".xpignore").write_text("b\n", encoding="utf-8")
    assert listed(tmp_path) == [".xpignore", "a"]


def test_inputs_keep_what_a_source_would_ignore(tmp_path):
    write(tmp_path, "a", "b", ".git/x")
    (tmp_path / ".gitignore").write_text("b\n", encoding="utf-8")
    assert listed(tmp_path, ignore=()) == [".git/x", ".gitignore", "a", "b"]


def test_links_are_followed(tmp_path):
    write(tmp_path, "real/a")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real/a")
    (tmp_path / "broken").symlink_to(tmp_path / "none")
    assert listed(tmp_path) == ["folder/a", "link", "real/a"]


def test_a_link_that_leads_in_a_circle_is_an_error(tmp_path):
    (tmp_path / "circle").symlink_to(tmp_path)
    with pytest.raises(OSError, match="leads back"):
        listed(tmp_path)


def test_equal_folders_are_equal_manifests_and_order_is_by_bytes(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, "b", "a/z", "a.txt", "ä")
        os.chmod(tmp_path / name / "b", 0o755)
    first, blobs = files.manifest_of(tmp_path / "one")
    second, _ = files.manifest_of(tmp_path / "two")
    assert first.sha256 == second.sha256 and len(blobs) == 4
    manifest = blobs_pb2.FileManifest.FromString(first.data)
    assert [f.path for f in manifest.files] == ["a.txt", "a/z", "b", "ä"]
    assert [f.executable for f in manifest.files] == [False, False, True, False]
    assert manifest.files[2].size == 1


def test_a_single_file_is_a_folder_of_one(tmp_path):
    write(tmp_path, "train.csv")
    top, (blob,) = files.manifest_of(tmp_path / "train.csv")
    assert blobs_pb2.FileManifest.FromString(top.data).files[0].path == "train.csv"
    assert blob.size == len("train.csv")
