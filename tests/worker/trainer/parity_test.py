#!/usr/bin/env python3
"""xptrain against reference_models.py: logits, twenty training steps, and a resume that changes no bit.

  parity_test.py PATH/TO/xptrain [unittest's arguments]
Needs Debian's python3-torch; without it this says so and exits 77, which ctest shows as skipped.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
try:
    import torch
    import reference_models as reference
except ImportError as error:
    print(f"skipped: {error} (Debian: python3-torch)")
    sys.exit(77)

XPTRAIN = sys.argv.pop(1)
KINDS = ("distilbert", "roberta", "bert")


def xptrain(*arguments, text=None, check=True):
    return subprocess.run([XPTRAIN, *map(str, arguments)], input=text, capture_output=True, text=True, check=check,
                          timeout=100)


def make_examples(config, count, seed, padded):
    rng = random.Random(seed)
    pad = config["pad_token_id"]
    examples = []
    for _ in range(count):
        real = rng.randint(3, 20)
        ids = [rng.randint(2, config["vocab_size"] - 1) for _ in range(real)] + [pad] * (20 - real if padded else 0)
        example = {"input_ids": ids, "attention_mask": [1] * real + [0] * (len(ids) - real),
                   "label": rng.randint(0, 1)}
        if config["model_type"] == "bert":
            example["token_type_ids"] = [int(i > real // 2) for i in range(len(ids))]
        examples.append(example)
    return examples


def tensors(examples):
    stack = lambda key: torch.tensor([e[key] for e in examples])
    types = stack("token_type_ids") if "token_type_ids" in examples[0] else None
    return stack("input_ids"), stack("attention_mask"), types, stack("label")


class ParityTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        torch.manual_seed(0)
        torch.set_num_threads(1)

    def make_model(self, kind):
        config = reference.tiny_config(kind)
        weights = reference.make_weights(config)
        model = self.dir / kind
        model.mkdir()
        (model / "config.json").write_text(json.dumps(config))
        reference.save_safetensors(model / "model.safetensors", weights)
        return config, weights, model

    def write_lines(self, examples):
        path = self.dir / "ids.jsonl"
        path.write_text("".join(json.dumps(e) + "\n" for e in examples))
        return path

    def test_logits_are_those_of_the_reference(self):
        for kind in KINDS:
            with self.subTest(kind):
                config, weights, model = self.make_model(kind)
                examples = make_examples(config, 13, seed=1, padded=False)
                done = xptrain("predict", "--model", model, "--ids", "--batch-size", 4,
                               "--input", self.write_lines(examples))
                lines = [json.loads(line)["logits"] for line in done.stdout.splitlines()]
                self.assertEqual(len(lines), len(examples))
                for example, logits in zip(examples, lines):
                    wanted = reference.forward(config, weights, *tensors([example])[:3])[0]
                    for a, b in zip(wanted.tolist(), logits):
                        self.assertAlmostEqual(a, b, delta=1e-4)

    def test_a_pytorch_file_is_read_and_nothing_in_it_is_run(self):
        config, weights, model = self.make_model("distilbert")
        line = '{"input_ids": [5, 9, 30]}\n'
        wanted = xptrain("predict", "--model", model, "--ids", text=line).stdout
        (model / "model.safetensors").unlink()
        from collections import OrderedDict
        torch.save(OrderedDict(weights), model / "pytorch_model.bin")
        self.assertEqual(xptrain("predict", "--model", model, "--ids", text=line).stdout, wanted)
        good = (model / "pytorch_model.bin").read_bytes()
        (model / "pytorch_model.bin").write_bytes(good[:40000] + bytes([good[40000] ^ 1]) + good[40001:])
        done = xptrain("predict", "--model", model, "--ids", text=line, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"pytorch_model\.bin: byte \d+: .*checksum")

        class Evil:
            def __reduce__(self):
                return os.system, (f"touch {model}/ran",)

        torch.save({"a": Evil()}, model / "pytorch_model.bin")
        done = xptrain("predict", "--model", model, "--ids", text=line, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("posix.system", done.stderr)
        self.assertFalse((model / "ran").exists())

    def test_twenty_steps_follow_the_reference(self):
        for kind in KINDS:
            with self.subTest(kind):
                config, weights, model = self.make_model(kind)
                examples = make_examples(config, 40, seed=2, padded=True)
                trace = self.dir / "trace.jsonl"
                xptrain("train", "--model", model, "--ids", self.write_lines(examples), "--no-shuffle", "--dropout", 0,
                        "--train_batch_size", 4, "--epochs", 2, "--learning_rate", 1e-3, "--warmup_steps", 3,
                        "--weight_decay", 0.01, "--device", "cpu", "--trace", trace)
                lines = [json.loads(line) for line in trace.read_text().splitlines()]
                batches = [tensors(examples[i:i + 4]) for i in range(0, 40, 4)]
                wanted = list(reference.train(config, weights, batches, 20, 1e-3, 3, 0.01))
                self.assertEqual(len(lines), 20)
                for line, (loss, norm) in zip(lines, wanted):
                    self.assertAlmostEqual(line["loss"], loss, delta=1e-3 * max(1, abs(loss)), msg=f"{line}")
                    self.assertAlmostEqual(line["grad_norm"], norm, delta=2e-3 * max(0.1, norm), msg=f"{line}")

    def test_a_saved_model_reads_back_under_hugging_faces_names(self):
        config, weights, model = self.make_model("roberta")
        lines = self.write_lines(make_examples(config, 4, seed=3, padded=False))
        out = self.dir / "out"
        xptrain("train", "--model", model, "--ids", lines, "--learning_rate", 0, "--epochs", 1, "--model_dir", out)
        data = (out / "model.safetensors").read_bytes()
        header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
        names = {name for name in header if name != "__metadata__"}
        self.assertEqual(names, set(weights))
        for name in names:
            self.assertEqual(header[name]["shape"], list(weights[name].shape))

    def test_a_stopped_run_goes_on_without_changing_a_bit(self):
        config, _, model = self.make_model("distilbert")
        ids = self.write_lines(make_examples(config, 64, seed=4, padded=False))
        common = ("train", "--model", model, "--ids", ids, "--train_batch_size", 2, "--epochs", 40,
                  "--learning_rate", 1e-3, "--threads", 1, "--device", "cpu")
        whole = self.dir / "whole.jsonl"
        xptrain(*common, "--trace", whole)
        first, second = self.dir / "first.jsonl", self.dir / "second.jsonl"
        checkpoints, metrics = self.dir / "checkpoints", self.dir / "metrics.jsonl"
        checkpoints.mkdir()
        process = subprocess.Popen([XPTRAIN, *map(str, common), "--checkpoint-dir", str(checkpoints), "--trace",
                                    str(first), "--logging_steps", "1"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        for _ in range(40):
            process.stdout.readline()  # in the middle of the second epoch
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, err)
        xptrain(*common, "--checkpoint-dir", checkpoints, "--trace", second, "--metrics-file", metrics)
        steps = first.read_text().splitlines()
        marker = json.loads(metrics.read_text())
        self.assertEqual(marker, {"xp": "resumed", "step": len(steps)})
        self.assertEqual(steps + second.read_text().splitlines(), whole.read_text().splitlines())

    def test_a_loss_that_is_no_number_names_its_step(self):
        config, weights, model = self.make_model("bert")
        weights["classifier.bias"][0] = float("nan")
        reference.save_safetensors(model / "model.safetensors", weights)
        done = xptrain("train", "--model", model, "--ids", self.write_lines(make_examples(config, 4, 5, False)),
                       check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("step 1", done.stderr)

    def test_weights_that_do_not_fit_are_named(self):
        config, weights, model = self.make_model("bert")
        del weights["bert.encoder.layer.1.output.dense.bias"]
        weights["bert.embeddings.LayerNorm.weight"] = torch.ones(7)
        reference.save_safetensors(model / "model.safetensors", weights)
        done = xptrain("predict", "--model", model, "--ids", text='{"input_ids": [5]}\n', check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("bert.encoder.layer.1.output.dense.bias is missing", done.stderr)
        self.assertIn("bert.embeddings.LayerNorm.weight has the shape [7], the model's is [32]", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
