"""The units: what would end the training with its daemon is set, and every option exists."""

import configparser
import pathlib
import re
import shutil
import subprocess

import pytest
from cluster import BIN

UNITS = pathlib.Path(__file__).parents[2] / "deploy" / "systemd"


def unit(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string((UNITS / name).read_text(encoding="utf-8"))
    return parser


def test_training_outlives_the_daemon():
    service = unit("xpworker.service")["Service"]
    assert service["KillMode"] == "process"
    assert service["OOMPolicy"] == "continue"


@pytest.mark.parametrize("program", ["xpserver", "xpworker"])
def test_the_options_in_the_unit_are_the_programs(program):
    command = unit(f"{program}.service")["Service"]["ExecStart"].split()
    assert command[0] == f"/usr/local/bin/{program}"
    shown = subprocess.run([BIN / program, "--help"], capture_output=True, text=True, check=True).stdout
    for option in re.findall(r"--[a-z-]+", " ".join(command)):
        assert option in shown, f"{option} is no option of {program}"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_the_units():
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(UNITS.glob("*.service")))], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "is not executable" not in line and "man page" not in line.lower()]
    assert not [line for line in ours if "xp" in line and "Unknown" in line], done.stderr
