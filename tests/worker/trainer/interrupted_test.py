#!/usr/bin/env python3
"""Stopped while it saves, evaluates or prepares; a disk that fills; a checkpoint that was damaged.

  interrupted_test.py PATH/TO/xptrain [unittest's arguments]

Whatever happened, the next start goes on as if nothing had: its trace is bit for bit the rest of an undisturbed run's.
"""
import ast
import json
import pathlib
import resource
import shutil
import signal
import socket
import unittest

from program_case import REVIEWS, ProgramCase, run, start


def holds_or_catches_sigterm(pid):
    """Not while a thread is being made, when glibc holds all signals back for a moment."""
    try:
        lines = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    except FileNotFoundError:
        return False
    held, caught = (int(lines.get(name, "0"), 16) for name in ("SigBlk", "SigCgt"))
    bit = lambda number: 1 << number - 1
    return held & bit(signal.SIGTERM) and not held & bit(signal.SIGHUP) or caught & bit(signal.SIGTERM)


def scores(done):
    """The evaluations without what a clock says."""
    lines = [ast.literal_eval(line) for line in done.stdout.splitlines() if line.startswith("{'eval_loss'")]
    return [{k: v for k, v in line.items() if "runtime" not in k and "second" not in k} for line in lines]


class InterruptedTest(ProgramCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.make_small_model()
        data, whole = cls.prepare_reviews(cls.model, max_length=64), cls.shared / "whole.jsonl"
        cls.common = ("train", "--train-dir", data / "train", "--test-dir", data / "test", "--device", "cpu",
                      "--threads", 1, "--epochs", 3, "--train_batch_size", 16, "--learning_rate", 1e-3, "--save_steps",
                      5, "--eval_batch_size", 2)
        cls.whole = run(*cls.common, "--trace", whole, check=True)
        cls.steps = whole.read_text().splitlines()

    def setUp(self):
        super().setUp()
        self.checkpoints = self.dir / "checkpoints"
        self.checkpoints.mkdir()

    def kept(self):
        return sorted(int(path.name.split("-")[1]) for path in self.checkpoints.glob("checkpoint-*"))

    def stop_when(self, reached):
        """The trace of a run that got SIGTERM as soon as reached(); it must then have ended as preempted."""
        trace = self.dir / "first.jsonl"
        process = start(*self.common, "--checkpoint-dir", self.checkpoints, "--trace", trace)
        while not reached():
            self.assertIsNone(process.poll(), "it ended before that")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        self.assertRegex(err, r"step \d+ is kept as a checkpoint")
        self.assertEqual(list(self.checkpoints.glob(".part-*")), [])
        return trace.read_text().splitlines()

    def go_on(self, before):
        """It must end, and as the run that was never stopped."""
        trace = self.dir / "second.jsonl"
        done = run(*self.common, "--checkpoint-dir", self.checkpoints, "--trace", trace)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(before + trace.read_text().splitlines(), self.steps)
        wanted = scores(self.whole)
        self.assertEqual(scores(done), wanted[-len(scores(done)):])
        return done

    def test_stopped_before_it_has_read_anything(self):
        for turn in range(8):  # at several places of its start: how far it has come is not ours to say
            process = start(*self.common, "--checkpoint-dir", self.checkpoints)
            while not holds_or_catches_sigterm(process.pid):  # until main begins it is not ours
                self.assertIsNone(process.poll(), "it ended before that")
            for _ in range(turn * 20):
                holds_or_catches_sigterm(process.pid)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 75, err)
            self.assertIn("asked to end", err)

    def test_stopped_while_it_saves(self):
        before = self.stop_when(lambda: list(self.checkpoints.glob(".part-*")))
        self.go_on(before)

    def test_stopped_while_it_evaluates(self):
        per_epoch = len(self.steps) // 3
        before = self.stop_when(lambda: (self.checkpoints / f"checkpoint-{per_epoch}").exists())
        self.assertEqual(len(before), per_epoch, "it was not stopped in the first evaluation")
        done = self.go_on(before)
        self.assertEqual(len(scores(done)), 3, "the evaluation that was cut short is made again")

    def test_killed_while_it_saves_leaves_nothing_for_ever(self):
        process = start(*self.common, "--checkpoint-dir", self.checkpoints)
        while not list(self.checkpoints.glob(".part-*")):
            self.assertIsNone(process.poll(), "it ended before that")
        process.kill()
        process.communicate(timeout=60)
        (self.checkpoints / ".part-4711").mkdir()
        done = run(*self.common, "--checkpoint-dir", self.checkpoints)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(self.checkpoints.glob(".part-*")), [])

    def test_a_full_disk_keeps_the_checkpoint_before(self):
        before = self.stop_when(lambda: len(self.kept()) >= 1)
        kept = self.kept()
        room = (self.checkpoints / f"checkpoint-{kept[-1]}" / "optimizer.safetensors").stat().st_size // 2

        def no_room():  # a write beyond it fails with EFBIG, which stands for ENOSPC
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        full = run(*self.common, "--checkpoint-dir", self.checkpoints, preexec_fn=no_room,
                   restore_signals=False)  # Python ignores SIGXFSZ; so does what it starts
        self.assertEqual(full.returncode, 5, full.stderr)
        self.assertRegex(full.stderr, r"cannot write \S+safetensors.part: ")
        self.assertEqual(self.kept(), kept)
        self.assertEqual(list(self.checkpoints.glob(".part-*")), [])
        self.go_on(before)

    def test_a_damaged_checkpoint_is_passed_over_with_its_file_named(self):
        self.stop_when(lambda: len(self.kept()) >= 2)
        older, newest = self.kept()[-2:]
        good = self.dir / "good"
        shutil.copytree(self.checkpoints, good)
        for name, place in (("model.safetensors", r"byte \d+"), ("optimizer.safetensors", r"byte \d+"),
                            ("trainer_state.json", r"line \d+")):
            with self.subTest(name):
                shutil.rmtree(self.checkpoints)
                shutil.copytree(good, self.checkpoints)
                file = self.checkpoints / f"checkpoint-{newest}" / name
                file.write_bytes(file.read_bytes()[:-9])
                done = self.go_on(self.steps[:older])
                self.assertRegex(done.stderr, rf"passing over \S+checkpoint-{newest}: \S+/{name}: {place}")
                self.assertIn(f"resumed at step {older} ", done.stderr)

    def test_a_byte_of_a_checkpoint_that_has_changed_is_noticed(self):
        self.stop_when(lambda: len(self.kept()) >= 2)
        older, newest = self.kept()[-2:]
        good = self.dir / "good"
        shutil.copytree(self.checkpoints, good)
        for name in ("model.safetensors", "optimizer.safetensors", "vocab.txt", "trainer_state.json"):
            with self.subTest(name):
                shutil.rmtree(self.checkpoints)
                shutil.copytree(good, self.checkpoints)
                file = self.checkpoints / f"checkpoint-{newest}" / name
                content = bytearray(file.read_bytes())
                place = content.index(b'"seed": ') + 8 if name == "trainer_state.json" else len(content) // 2
                content[place] ^= 1
                file.write_bytes(content)
                done = self.go_on(self.steps[:older])
                self.assertRegex(done.stderr, rf"passing over \S+checkpoint-{newest}: \S+/{name}: .*CRC-32 does not fit")
                self.assertIn(f"resumed at step {older} ", done.stderr)

    def test_a_checkpoint_that_cannot_be_read_just_now_is_not_given_up(self):
        before = self.stop_when(lambda: len(self.kept()) >= 1)
        newest = self.checkpoints / f"checkpoint-{self.kept()[-1]}"
        for name in ("trainer_state.json", "optimizer.safetensors"):
            with self.subTest(name):
                (newest / name).rename(self.dir / name)
                with socket.socket(socket.AF_UNIX) as unreadable:  # ENXIO, as a file system may say EIO
                    unreadable.bind(str(newest / name))
                    done = run(*self.common, "--checkpoint-dir", self.checkpoints)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, rf"cannot \w+ \S+{name}: No such device")
                self.assertTrue(newest.is_dir())
                (newest / name).unlink()
                (self.dir / name).rename(newest / name)
        self.go_on(before)

    def test_stopped_while_it_prepares(self):
        lines = (REVIEWS / "train.jsonl").read_text()
        big, data = self.dir / "big", self.dir / "data"
        big.mkdir()
        (big / "train.jsonl").write_text(lines * 60)
        (big / "test.jsonl").write_text(lines)
        common = ("prepare", "--model", self.model, "--input", big, "--output", data, "--threads", 1, "--shard-examples",
                  2000)
        process = start(*common)
        while not (data / "train/shard-00000.xpshard").exists():
            self.assertIsNone(process.poll(), "it ended before that")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        done = run("train", "--train-dir", data / "train", "--model", self.model)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is no prepared data", done.stderr)
        done = run(*common)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads((data / "train/prepared.json").read_text())["examples"], 60 * lines.count("\n"))
        self.assertEqual(list(data.rglob("*.part")), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
