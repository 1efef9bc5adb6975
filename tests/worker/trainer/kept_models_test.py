#!/usr/bin/env python3
"""The models that a training leaves: the last one, and best/ where an earlier epoch's was better.

  kept_models_test.py PATH/TO/xptrain [unittest's arguments]
"""
import fcntl
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

XPTRAIN = sys.argv.pop(1)
REVIEWS = pathlib.Path(__file__).resolve().parents[3] / "deploy/sample-reviews"
GETS_BETTER = ("--learning_rate", 1e-3)
STAYS_AS_IT_IS = ("--learning_rate", 0)  # so the first epoch's is the best


def run(*arguments):
    done = subprocess.run([XPTRAIN, *map(str, arguments)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done


class KeptModelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        for kind in ("distilbert", "roberta"):
            run("vocab", "--model-type", kind, "--size", 1000, "--dim", 16, "--heads", 2, "--hidden-dim", 32, "--output",
                cls.shared / kind, REVIEWS)
            run("prepare", "--model", cls.shared / kind, "--input", REVIEWS, "--output", cls.shared / f"{kind}-data",
                "--max-length", 32)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name) / "model"
        self.checkpoints = pathlib.Path(folder.name) / "checkpoints"

    def train(self, *options, kind="distilbert", test=True):
        data = self.shared / f"{kind}-data"
        channels = ("--train-dir", data / "train", *(("--test-dir", data / "test") if test else ()))
        run("train", *channels, "--model-dir", self.out, "--epochs", 2, "--train_batch_size", 64, "--device", "cpu",
            *options)
        return sorted(path.name for path in self.out.iterdir())

    def test_best_is_there_only_when_it_was_an_earlier_epoch(self):
        for place in ((), ("--checkpoint-dir", self.checkpoints, "--resume", "never")):
            with self.subTest(place):
                self.assertIn("best", self.train(*STAYS_AS_IT_IS, *place))
                run("predict", "--model", self.out / "best", "A fine film")
                self.assertNotIn("best", self.train(*GETS_BETTER, *place), "of the run before")

    def test_without_test_data_there_is_no_best(self):
        place = ("--checkpoint-dir", self.checkpoints, "--resume", "never")
        self.assertIn("best", self.train(*STAYS_AS_IT_IS, *place))
        self.assertNotIn("best", self.train(*STAYS_AS_IT_IS, *place, test=False))

    def refused(self, *options):
        data = self.shared / "distilbert-data"
        done = subprocess.run([XPTRAIN, "train", "--train-dir", data / "train", "--test-dir", data / "test", "--device",
                               "cpu", "--epochs", "1", *map(str, options)], capture_output=True, text=True, timeout=100)
        self.assertNotEqual(done.returncode, 0)
        return done

    def test_a_folder_that_cannot_take_results_costs_no_training(self):
        self.out.write_text("a file")
        for option in ("--model-dir", "--output-data-dir", "--checkpoint-dir"):
            done = self.refused(option, self.out)
            self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
            self.assertIn(f"cannot make the folder {self.out}", done.stderr)

    def test_an_input_channel_is_no_place_for_results(self):
        done = self.refused("--model-dir", self.shared / "distilbert-data/train")
        self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
        self.assertIn("is an input channel", done.stderr)
        self.assertFalse((self.shared / "distilbert-data/train/model.safetensors").exists())

    def test_a_log_that_cannot_be_written_is_said_and_the_model_is_there(self):
        data = self.shared / "distilbert-data"
        with open("/dev/full", "w") as full:
            done = subprocess.run([XPTRAIN, "train", "--train-dir", data / "train", "--device", "cpu", "--epochs", "1",
                                   "--model-dir", self.out], stdout=full, stderr=subprocess.PIPE, text=True, timeout=100)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("standard output cannot be written", done.stderr)
        run("predict", "--model", self.out, "A fine film")

    def test_a_log_whose_reader_went_away_ends_no_training(self):
        data = self.shared / "distilbert-data"
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([XPTRAIN, "train", "--train-dir", data / "train", "--device", "cpu", "--epochs", "1",
                               "--model-dir", self.out], stdout=write, stderr=subprocess.PIPE, text=True, timeout=100)
        os.close(write)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("standard output cannot be written", done.stderr)
        run("predict", "--model", self.out, "A fine film")

    def test_output_that_does_not_fit_on_the_disk_is_said(self):
        data = self.shared / "distilbert-data"
        run("train", "--train-dir", data / "train", "--device", "cpu", "--epochs", "1", "--model-dir", self.out)
        with open("/dev/full", "w") as full:
            done = subprocess.run([XPTRAIN, "predict", "--model", self.out, "A fine film"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=100)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("cannot write to stdout", done.stderr)
        done = self.refused("--trace", "/dev/full")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("cannot write /dev/full: No space left on device", done.stderr)

    def test_two_trainings_into_one_checkpoint_folder(self):
        self.checkpoints.mkdir()
        held = os.open(self.checkpoints, os.O_RDONLY)
        self.addCleanup(os.close, held)
        fcntl.flock(held, fcntl.LOCK_EX)
        done = self.refused("--checkpoint-dir", self.checkpoints)
        self.assertEqual(done.returncode, 3)
        self.assertIn("another xptrain trains into this checkpoint folder", done.stderr)

    def test_a_folder_that_held_another_model_holds_nothing_of_it_afterwards(self):
        first = self.train(*STAYS_AS_IT_IS)
        self.assertIn("vocab.txt", first)
        second = self.train(*STAYS_AS_IT_IS, kind="roberta")
        self.assertIn("merges.txt", second)
        self.assertNotIn("vocab.txt", second)
        self.assertNotIn("vocab.txt", [path.name for path in (self.out / "best").iterdir()])
        run("predict", "--model", self.out, "A fine film")


if __name__ == "__main__":
    unittest.main(verbosity=2)
