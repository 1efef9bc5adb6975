#!/usr/bin/env python3
"""The training as a whole: it stops, goes on, runs out of memory and diverges as docs/trainer.md says.

  training_test.py PATH/TO/xptrain [unittest's arguments]
"""
import json
import math
import os
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from trainer_case import KINDS, TrainerCase, make_examples, on_device, xptrain
from program_case import start
import reference_models as reference


class TrainingTest(TrainerCase):
    def stop_and_go_on(self, *options):
        """Traces of a run that never stopped, and of one that was stopped within its second epoch and went on."""
        config, _, model = self.make_model("distilbert")
        ids = self.write_lines(make_examples(config, 64, seed=4, padded=False))
        common = ("train", "--model", model, "--ids", ids, "--train_batch_size", 2, "--epochs", 40,
                  "--learning_rate", 1e-3, "--threads", 1, "--device", "cpu", *options)
        whole = self.dir / "whole.jsonl"
        xptrain(*common, "--trace", whole)
        first, second = self.dir / "first.jsonl", self.dir / "second.jsonl"
        checkpoints, metrics = self.dir / "checkpoints", self.dir / "metrics.jsonl"
        checkpoints.mkdir()
        process = start(*common, "--checkpoint-dir", checkpoints, "--trace", first, "--logging_steps", 1)
        for _ in range(40):
            process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        xptrain(*common, "--checkpoint-dir", checkpoints, "--trace", second, "--metrics-file", metrics)
        steps = first.read_text().splitlines()
        self.assertEqual(json.loads(metrics.read_text()), {"xp": "resumed", "step": len(steps)})
        return whole.read_text().splitlines(), steps, second.read_text().splitlines()

    def test_a_stopped_run_goes_on_without_changing_a_bit(self):
        whole, before, after = self.stop_and_go_on()
        self.assertEqual(before + after, whole)

    def test_so_it_does_in_bfloat16(self):
        whole, before, after = self.stop_and_go_on("--bf16")
        self.assertEqual(before + after, whole)

    def test_so_it_does_with_accumulation_scaling_and_recomputing(self):
        # The scale begins so high that the first steps overflow: its state is part of what goes on.
        whole, before, after = self.stop_and_go_on("--gradient_accumulation_steps", 3, "--loss_scaling", "dynamic",
                                                   "--initial_loss_scale", 2.0**68, "--gradient_checkpointing")
        self.assertGreater(len(before), 10)
        self.assertEqual(before + after, whole)

    def test_recomputing_layers_changes_no_bit(self):
        for kind in KINDS:
            for precision in ("fp32", "bf16"):
                with self.subTest(f"{kind} {precision}"):
                    config, _, model = self.make_model(kind)
                    ids = self.write_lines(make_examples(config, 24, seed=5, padded=False))
                    options = ("--train_batch_size", 4, "--epochs", 2, "--learning_rate", 1e-3, "--precision", precision)
                    _, kept = self.train(model, ids, *options)
                    _, recomputed = self.train(model, ids, *options, "--gradient_checkpointing")
                    self.assertEqual(len(kept), 12)
                    self.assertEqual(kept, recomputed)

    def test_loss_scaling_leaves_out_steps_that_overflow_and_changes_no_other(self):
        config, _, model = self.make_model("roberta")
        ids = self.write_lines(make_examples(config, 32, seed=9, padded=False))
        options = ("--no-shuffle", "--dropout", 0, "--train_batch_size", 4, "--epochs", 1, "--learning_rate", 1e-3)
        _, plain = self.train(model, ids, *options)
        done, scaled = self.train(model, ids, *options, "--loss_scaling", "dynamic")
        self.assertNotIn("left out", done.stderr)
        for a, b in zip(map(json.loads, plain), map(json.loads, scaled)):
            self.assertAlmostEqual(a["loss"], b["loss"], delta=1e-6)
            self.assertAlmostEqual(a["grad_norm"], b["grad_norm"], delta=1e-5 * a["grad_norm"])
        done, scaled = self.train(model, ids, *options, "--loss_scaling", "dynamic",
                                  "--initial_loss_scale", 2.0**68)
        self.assertRegex(done.stderr, r"step 1 left out, .* loss scale is now .* \(1 left out so far\)")
        self.assertEqual(len(scaled), 8)
        rates = [json.loads(line)["learning_rate"] for line in scaled]
        self.assertEqual(rates[0], rates[1], "a step that was left out does not move the schedule")

    def test_out_of_memory_says_what_was_asked_for_and_what_would_fit(self):
        config, _, model = self.make_model("bert", hidden_size=256, intermediate_size=1024,
                                           max_position_embeddings=512)
        lines = [{"input_ids": [5] * 512, "label": i % 2} for i in range(64)]
        done, _ = self.train(model, self.write_lines(lines), "--train_batch_size", 64, "--memory_limit", 700,
                             check=False)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(done.stderr, r"training step 1 \(a batch of 64 examples\): out of memory: \d+ MiB more were "
                                      r"asked for, \d+ MiB are in use of the 700 MiB")
        self.assertRegex(done.stderr, r"about \d+ such examples fit into 700 MiB: --train_batch_size \d+ "
                                      r"--gradient_accumulation_steps \d+")
        fits = done.stderr.split("--train_batch_size ")[1].split()[0]
        done, steps = self.train(model, self.write_lines(lines), "--train_batch_size", fits, "--memory_limit", 700,
                                 "--max_steps", 2)
        self.assertEqual(len(steps), 2, "what was said to fit does")

    def test_a_memory_limit_that_cannot_hold_is_said(self):
        config, _, model = self.make_model("bert")
        ids = self.write_lines(make_examples(config, 8, seed=5, padded=False))
        done, steps = self.train(model, ids, "--memory_limit", 2**31, "--max_steps", 1)  # 2 PiB
        self.assertEqual(len(steps), 1)
        self.assertIn("the kernel refuses 2147483648 MiB of addresses", done.stderr)

    def kept(self, checkpoints):
        return sorted(int(path.name.split("-")[1]) for path in checkpoints.glob("checkpoint-*"))

    def assert_usable(self, model):
        done = xptrain("predict", "--model", model, "--ids", text='{"input_ids": [5, 9, 30]}\n')
        self.assertTrue(all(math.isfinite(number) for number in json.loads(done.stdout)["logits"]))

    def test_a_loss_that_is_no_number_keeps_good_checkpoints_only(self):
        config, _, model = self.make_model("bert")
        ids = self.write_lines(make_examples(config, 32, seed=5, padded=False))
        checkpoints = self.dir / "checkpoints"
        # Warm-up: the first steps are small enough to be good.
        done, steps = self.train(model, ids, "--train_batch_size", 4, "--learning_rate", 1e30, "--warmup_steps", 10**9,
                                 "--epochs", 4, "--max_grad_norm", 0, "--checkpoint-dir", checkpoints, "--save_steps",
                                 1, "--save_total_limit", 99, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        last = len(steps)
        self.assertRegex(done.stderr, rf"the loss of step {last} is nan; .*; checkpoint-{last - 1}, whose weights gave "
                                      "it, is removed")
        self.assertEqual(self.kept(checkpoints), list(range(1, last - 1)))
        for step in self.kept(checkpoints):
            self.assert_usable(checkpoints / f"checkpoint-{step}")

    def test_a_model_with_numbers_that_are_none_is_never_a_result(self):
        config, _, model = self.make_model("distilbert")
        ids = self.write_lines(make_examples(config, 4, seed=5, padded=False))
        out, checkpoints = self.dir / "out", self.dir / "checkpoints"
        done, _ = self.train(model, ids, "--train_batch_size", 4, "--max_steps", 1, "--learning_rate", 1e38,
                             "--adam_epsilon", 0, "--weight_decay", 1e38, "--model-dir", out, "--checkpoint-dir",
                             checkpoints, check=False)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertRegex(done.stderr, r"holds numbers that are not finite; .*; no checkpoint is kept")
        self.assertFalse((out / "model.safetensors").exists())
        self.assertEqual(self.kept(checkpoints), [])

    def test_a_run_that_starts_over_keeps_its_own_checkpoints(self):
        config, _, model = self.make_model("distilbert")
        ids = self.write_lines(make_examples(config, 40, seed=5, padded=False))
        checkpoints = self.dir / "checkpoints"
        common = ("--train_batch_size", 4, "--epochs", 1, "--checkpoint-dir", checkpoints)
        self.train(model, ids, *common)
        self.assertEqual(self.kept(checkpoints), [10])
        done, _ = self.train(model, ids, *common, "--learning_rate", 1e-3, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("learning_rate", done.stderr)
        self.train(model, ids, *common, "--learning_rate", 1e-3, "--save_steps", 3, "--max_steps", 4, "--resume", "never")
        self.assertEqual(self.kept(checkpoints), [3, 4])
        done, steps = self.train(model, ids, *common, "--learning_rate", 1e-3, "--max_steps", 4)
        self.assertIn("resumed at step 4 of 4", done.stderr)

    def test_other_data_of_the_same_size_are_refused(self):
        config, _, model = self.make_model("distilbert")
        examples = make_examples(config, 8, seed=5, padded=False)
        checkpoints = self.dir / "checkpoints"
        common = ("--train_batch_size", 4, "--epochs", 1, "--checkpoint-dir", checkpoints)
        self.train(model, self.write_lines(examples), *common)
        examples[3]["label"] ^= 1
        done, _ = self.train(model, self.write_lines(examples), *common, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stderr, r"was made with train_crc32 \d+, this run has \d+")

    def test_a_checkpoint_of_another_models_size_is_refused_and_stays(self):
        config, _, model = self.make_model("distilbert")
        ids = self.write_lines(make_examples(config, 8, seed=5, padded=False))
        checkpoints = self.dir / "checkpoints"
        common = ("--train_batch_size", 4, "--epochs", 1, "--checkpoint-dir", checkpoints)
        self.train(model, ids, *common)
        self.make_model("distilbert", dim=2 * config["dim"])
        done, _ = self.train(model, ids, *common, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stderr, rf"was made with hidden_size {config['dim']}, this run has {2 * config['dim']}")
        self.assertEqual(self.kept(checkpoints), [2])

    def test_asked_to_end_before_the_first_step_it_keeps_nothing(self):
        config, _, model = self.make_model("distilbert")
        fifo = self.dir / "ids.fifo"
        os.mkfifo(fifo)
        checkpoints = self.dir / "checkpoints"
        checkpoints.mkdir()
        arguments = on_device(["train", "--model", model, "--ids", fifo, "--checkpoint-dir", checkpoints])
        process = start(*arguments)
        with open(fifo, "w") as lines:  # opened when it reads: signals are caught by then
            process.send_signal(signal.SIGTERM)
            lines.write("".join(json.dumps(e) + "\n" for e in make_examples(config, 8, seed=5, padded=False)))
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        self.assertIn("before the first step", err)
        self.assertEqual(list(checkpoints.iterdir()), [])

    def test_padding_beyond_the_models_positions_is_refused(self):
        config, _, model = self.make_model("distilbert")
        ids = self.write_lines(make_examples(config, 4, seed=5, padded=False))
        done, _ = self.train(model, ids, "--pad_to", 100000, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"--pad_to 100000: the model takes \d+ tokens")

    def test_token_types_that_the_model_lacks_are_refused(self):
        config, _, model = self.make_model("roberta")
        ids = self.write_lines([{"input_ids": [5, 9], "token_type_ids": [0, 1], "label": 0}])
        done, _ = self.train(model, ids, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("training example 0 has token type 1, the model has 1", done.stderr)

    def test_a_loss_that_is_no_number_names_its_step(self):
        config, weights, model = self.make_model("bert")
        weights["classifier.bias"][0] = float("nan")
        reference.save_safetensors(model / "model.safetensors", weights)
        done = xptrain("train", "--model", model, "--ids", self.write_lines(make_examples(config, 4, 5, False)),
                       check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("step 1", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
