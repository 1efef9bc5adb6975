"""What the tests of the whole program share: the program, its runs, a folder for each test and one for each class.

A test file is run as: FILE PATH/TO/xptrain [unittest's arguments].
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

XPTRAIN = sys.argv.pop(1)
REVIEWS = pathlib.Path(__file__).resolve().parents[3] / "deploy/sample-reviews"


def run(*arguments, check=False, **options):
    """The finished process, its output as text. `check`: it must have ended well."""
    options = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=100) | options
    done = subprocess.run([XPTRAIN, *map(str, arguments)], **options)
    if check and done.returncode != 0:
        raise AssertionError(f"xptrain {arguments[0]} ended with {done.returncode}:\n{done.stderr}")
    return done


def start(*arguments, **options):
    options = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) | options
    return subprocess.Popen([XPTRAIN, *map(str, arguments)], **options)


class ProgramCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    @classmethod
    def make_small_model(cls, kind="distilbert"):
        """A model folder of the sample reviews, without weights, that trains in no time."""
        model = cls.shared / kind
        run("vocab", "--model-type", kind, "--size", 1000, "--dim", 16, "--heads", 2, "--hidden-dim", 32, "--output",
            model, REVIEWS, check=True)
        return model

    @classmethod
    def prepare_reviews(cls, model, max_length):
        data = cls.shared / f"{model.name}-data"
        run("prepare", "--model", model, "--input", REVIEWS, "--output", data, "--max-length", max_length, check=True)
        return data
