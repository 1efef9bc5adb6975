#!/usr/bin/env python3
"""xptrain against reference_models.py: logits, gradients, and twenty training steps; what it reads and writes.

  parity_test.py PATH/TO/xptrain [unittest's arguments]
"""
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from trainer_case import DEVICE, KINDS, TrainerCase, make_examples, tensors, without_padding, xptrain
import reference_models as reference
import torch


class ParityTest(TrainerCase):
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

    def test_each_activation_and_head_of_the_published_models(self):
        for kind, key in (("distilbert", "activation"), ("roberta", "hidden_act"), ("bert", "hidden_act")):
            for activation in ("gelu", "gelu_new", "relu", "silu"):
                with self.subTest(f"{kind} {activation}"):
                    config, weights, model = self.make_model(kind, **{key: activation})
                    example = make_examples(config, 1, seed=6, padded=True)
                    done = xptrain("predict", "--model", model, "--ids", "--input", self.write_lines(example))
                    wanted = reference.forward(config, weights, *tensors(example)[:3])[0]
                    for a, b in zip(wanted.tolist(), json.loads(done.stdout)["logits"]):
                        self.assertAlmostEqual(a, b, delta=1e-4)

    def test_bfloat16_stays_near_and_learns_the_same(self):
        for kind in KINDS:
            with self.subTest(kind):
                config, weights, model = self.make_model(kind)
                examples = make_examples(config, 40, seed=7, padded=True)
                ids = self.write_lines(examples)
                options = ("--no-shuffle", "--dropout", 0, "--train_batch_size", 4, "--epochs", 2,
                           "--learning_rate", 1e-4)
                exact = [json.loads(line) for line in self.train(model, ids, *options)[1]]
                near = [json.loads(line) for line in self.train(model, ids, *options, "--bf16")[1]]
                self.assertEqual(len(near), 20)
                self.assertNotEqual(exact[0]["loss"], near[0]["loss"])
                for a, b in zip(exact, near):
                    self.assertAlmostEqual(a["loss"], b["loss"], delta=0.03 * max(1, a["loss"]))
                    self.assertAlmostEqual(a["grad_norm"], b["grad_norm"], delta=0.1 * max(0.5, a["grad_norm"]))

    def test_gradients_are_those_of_the_reference(self):
        # Plain sums of gradients are out of reach, but one AdamW step from zero moments with a large epsilon
        # moves each weight by learning_rate * gradient / epsilon.
        for kind in KINDS:
            with self.subTest(kind):
                config, weights, model = self.make_model(kind)
                examples = make_examples(config, 4, seed=8, padded=True)
                out = self.dir / f"{kind}-out"
                self.train(model, self.write_lines(examples), "--no-shuffle", "--dropout", 0, "--epochs", 1,
                           "--train_batch_size", 4, "--max_grad_norm", 0, "--learning_rate", 1e4,
                           "--adam_epsilon", 1e4, "--model_dir", out)
                moved = reference.load_safetensors(out / "model.safetensors")
                wanted = {n: t.clone().requires_grad_() for n, t in weights.items()}
                ids, mask, types, labels = tensors(examples)
                torch.nn.functional.cross_entropy(
                    reference.forward(config, wanted, ids, mask, types), labels).backward()
                for name, tensor in wanted.items():
                    scale = tensor.grad.abs().max().item()
                    found = weights[name] - moved[name]
                    off = (found - tensor.grad).abs().max().item()
                    self.assertLessEqual(off, 1e-3 * scale + 1e-6, name)

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

    def test_tensors_that_do_not_lie_row_by_row_are_the_same_weights(self):
        config, weights, model = self.make_model("distilbert")
        line = '{"input_ids": [5, 9, 30]}\n'
        for name, tensor in weights.items():
            if name.endswith("lin1.weight"):
                weights[name] = torch.cat([tensor, torch.randn_like(tensor)], 1)[:, :32]
            elif tensor.dim() == 2:
                weights[name] = tensor.t().contiguous().t()
            elif "layer_norm.bias" in name:
                weights[name] = torch.full((1,), 0.25).expand(32)
        self.assertGreater(sum(not tensor.is_contiguous() for tensor in weights.values()), 10)
        reference.save_safetensors(model / "model.safetensors", weights)
        wanted = xptrain("predict", "--model", model, "--ids", text=line).stdout
        (model / "model.safetensors").unlink()
        torch.save({**weights, "of no numbers": torch.empty(1000, 0)}, model / "pytorch_model.bin")
        self.assertEqual(xptrain("predict", "--model", model, "--ids", text=line).stdout, wanted)

    def test_twenty_steps_follow_the_reference(self):
        for kind in KINDS:
            for given in (list, without_padding):
                with self.subTest(f"{kind} {given.__name__}"):
                    self.follow(kind, given)

    def follow(self, kind, given):
        config, weights, model = self.make_model(kind)
        examples = make_examples(config, 40, seed=2, padded=True)
        trace = self.dir / "trace.jsonl"
        done = xptrain("train", "--model", model, "--ids", self.write_lines(given(examples)), "--no-shuffle",
                       "--dropout", 0, "--train_batch_size", 4, "--epochs", 2, "--learning_rate", 1e-3,
                       "--warmup_steps", 3, "--weight_decay", 0.01, "--trace", trace)
        if given is without_padding and DEVICE == "cpu":  # a GPU's rows are rounded up
            self.assertIn(" 0.0 % of what was computed was padding", done.stderr)
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
