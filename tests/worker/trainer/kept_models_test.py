#!/usr/bin/env python3
"""The models that a training leaves: the last one, and best/ where an earlier epoch's was better.

  kept_models_test.py PATH/TO/xptrain [unittest's arguments]
"""
import fcntl
import os
import shutil
import unittest

from program_case import ProgramCase, run, start

GETS_BETTER = ("--learning_rate", 1e-3)
STAYS_AS_IT_IS = ("--learning_rate", 0)  # so the first epoch's is the best


class KeptModelsTest(ProgramCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = {kind: cls.prepare_reviews(cls.make_small_model(kind), max_length=32)
                    for kind in ("distilbert", "roberta")}

    def setUp(self):
        super().setUp()
        self.out, self.checkpoints = self.dir / "model", self.dir / "checkpoints"

    def begin(self, *options, kind="distilbert", test=True, **how):
        data = self.data[kind]
        channels = ("--train-dir", data / "train", *(("--test-dir", data / "test") if test else ()))
        return run("train", *channels, "--device", "cpu", *options, **how)

    def train(self, *options, **how):
        """The names in the folder of the model that it leaves."""
        self.begin("--model-dir", self.out, "--epochs", 2, "--train_batch_size", 64, *options, check=True, **how)
        return sorted(path.name for path in self.out.iterdir())

    def predict(self, model):
        run("predict", "--model", model, "A fine film", check=True)

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

    def test_a_best_model_that_an_attempt_did_not_keep_is_said(self):
        place = ("--checkpoint-dir", self.checkpoints)
        self.begin("--epochs", 2, "--train_batch_size", 64, *STAYS_AS_IT_IS, *place, check=True)  # without --model-dir
        done = self.begin("--epochs", 2, "--train_batch_size", 64, *STAYS_AS_IT_IS, *place, "--model-dir", self.out,
                          check=True)
        self.assertIn(f"the model of epoch 1, of the lowest evaluation loss, is not at {self.checkpoints}/best: the "
                      f"attempt that trained it kept none. The last model is in {self.out}", done.stderr)
        self.predict(self.out)
        self.assertFalse((self.out / "best").exists())

    def test_a_model_that_the_training_itself_replaces_is_no_beginning(self):
        place = ("--checkpoint-dir", self.checkpoints, "--resume", "never")
        self.train(*STAYS_AS_IT_IS, *place)
        newest = max(self.checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
        for model, option in ((self.out / "best", "--model-dir"), (self.checkpoints / "best", "--checkpoint-dir"),
                              (newest, "--checkpoint-dir")):
            done = self.refused("--model", model, "--model-dir", self.out, *place)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(f"the model {model} lies where this training keeps its own, which it replaces", done.stderr)
            self.assertIn(f"name another {option}", done.stderr)
            self.predict(model)
        os.symlink(self.checkpoints, self.dir / "link")
        self.assertIn("which it replaces", self.refused("--model", self.dir / "link/best/.", *place).stderr)
        shutil.copytree(newest, self.checkpoints / "start")
        self.begin("--epochs", 1, "--model", self.checkpoints / "start", *place, check=True)
        self.begin("--model", self.out / "best", "--model-dir", self.dir / "more", "--epochs", 1, check=True)
        self.predict(self.dir / "more")

    def test_a_model_trained_in_its_own_folder_stays_whole(self):
        self.train(*GETS_BETTER)
        self.train(*STAYS_AS_IT_IS, "--model", self.out)
        self.predict(self.out)
        self.predict(self.out / "best")

    def test_a_tokenizer_that_went_during_the_training_is_in_the_result(self):
        model, data = self.dir / "model-to-go", self.data["distilbert"]
        shutil.copytree(data / "train", model, ignore=shutil.ignore_patterns("*.xpshard", "prepared.json"))
        process = start("train", "--model", model, "--train-dir", data / "train", "--device", "cpu", "--epochs", 3,
                        "--train-batch-size", 4, "--logging-steps", 1, "--model-dir", self.out)
        process.stdout.readline()  # it trains
        shutil.rmtree(model)
        self.assertIsNone(process.poll(), "it ended before that")
        err = process.communicate(timeout=100)[1]
        self.assertEqual(process.returncode, 0, err)
        self.predict(self.out)

    def test_lines_are_written_over_no_input(self):
        train = self.data["distilbert"] / "train"
        shard, ids = train / "shard-00000.xpshard", self.dir / "ids.jsonl"
        ids.write_text('{"input_ids": [5, 9], "label": 0}\n')
        before = shard.read_bytes()
        for _ in range(2):  # beside the model it is a file of our own
            here = shutil.copytree(train, self.dir / "model-here", dirs_exist_ok=True)
            run("train", "--model", here, "--ids", ids, "--trace", here / "trace.jsonl", "--device", "cpu", check=True)
        for option in ("--trace", "--metrics-file"):
            self.assertIn(f"{option} {shard}: that is an input", self.refused(option, shard).stderr)
            done = run("train", "--model", train, "--ids", ids, option, ids)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(f"{option} {ids}: that is an input", done.stderr)
        self.assertEqual(shard.read_bytes(), before)
        self.assertEqual(len(ids.read_text().splitlines()), 1)

    def refused(self, *options):
        done = self.begin("--epochs", 1, *options)
        self.assertNotEqual(done.returncode, 0)
        return done

    def test_a_folder_that_cannot_take_results_costs_no_training(self):
        self.out.write_text("a file")
        for option in ("--model-dir", "--output-data-dir", "--checkpoint-dir"):
            done = self.refused(option, self.out)
            self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
            self.assertIn(f"cannot make the folder {self.out}", done.stderr)

    def test_an_input_channel_is_no_place_for_results(self):
        train = self.data["distilbert"] / "train"
        done = self.refused("--model-dir", train)
        self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
        self.assertIn("is an input channel", done.stderr)
        self.assertFalse((train / "model.safetensors").exists())

    def test_a_log_that_cannot_be_written_is_said_and_the_model_is_there(self):
        with open("/dev/full", "w") as full:
            done = self.begin("--epochs", 1, "--model-dir", self.out, test=False, stdout=full)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("standard output cannot be written", done.stderr)
        self.predict(self.out)

    def test_a_log_whose_reader_went_away_ends_no_training(self):
        read, write = os.pipe()
        os.close(read)
        done = self.begin("--epochs", 1, "--model-dir", self.out, test=False, stdout=write)
        os.close(write)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("standard output cannot be written", done.stderr)
        self.predict(self.out)

    def test_output_that_does_not_fit_on_the_disk_is_said(self):
        self.train(test=False)
        with open("/dev/full", "w") as full:
            done = run("predict", "--model", self.out, "A fine film", stdout=full)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("cannot write to stdout: No space left on device", done.stderr)
        done = self.refused("--trace", "/dev/full")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("cannot write /dev/full: No space left on device\n", done.stderr, "and no advice on memory")

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
        self.predict(self.out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
