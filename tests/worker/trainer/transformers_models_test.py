#!/usr/bin/env python3
"""xptrain and transformers open each other's model folders, and say the same of the same text.

  transformers_models_test.py PATH/TO/xptrain [unittest's arguments]
"""
import json
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from trainer_case import KINDS, TrainerCase, make_examples, xptrain
from program_case import XPTRAIN
from transformers_case import logits_of, make_model, reference, torch, transformers
import hostile_text
import tokenizers
import tokenizer_random_test

REVIEWS = tokenizer_random_test.SOURCES / "deploy/sample-reviews/train.jsonl"


class TransformersModelsTest(TrainerCase):
    def assert_near(self, wanted, found, delta=1e-4):
        self.assertEqual(len(wanted), len(found))
        for row, (a, b) in enumerate(zip(wanted, found)):
            self.assertEqual(len(a), len(b))
            self.assertLessEqual(max(abs(x - y) for x, y in zip(a, b)), delta, f"row {row}: {a} {b}")

    def predict_ids(self, folder, examples):
        done = xptrain("predict", "--model", folder, "--ids", "--input", self.write_lines(examples))
        return [json.loads(line)["logits"] for line in done.stdout.splitlines()]

    def examples(self, kind):
        return make_examples(reference.tiny_config(kind), 12, seed=3, padded=False)

    def test_each_form_in_which_transformers_writes_weights_is_read(self):
        for kind in KINDS:
            model = make_model(kind, self.dir / kind)
            examples = self.examples(kind)
            wanted = logits_of(model, examples)
            with self.subTest(f"{kind}, one file"):
                self.assert_near(wanted, self.predict_ids(self.dir / kind, examples))
            with self.subTest(f"{kind}, shards"):
                shards = self.dir / f"{kind}-shards"
                model.save_pretrained(shards, max_shard_size="20KB")
                self.assertGreater(len(list(shards.glob("*.safetensors"))), 2)
                self.assert_near(wanted, self.predict_ids(shards, examples))
            with self.subTest(f"{kind}, torch.save"):
                pickled = self.dir / f"{kind}-pickled"
                model.config.save_pretrained(pickled)
                torch.save(model.state_dict(), pickled / "pytorch_model.bin")
                self.assert_near(wanted, self.predict_ids(pickled, examples))

    def test_weights_of_half_width_are_read(self):
        for kind in KINDS:
            for dtype in (torch.float16, torch.bfloat16):
                with self.subTest(f"{kind} {dtype}"):
                    model = make_model(kind, self.dir / kind).to(dtype)
                    model.save_pretrained(self.dir / kind)
                    examples = self.examples(kind)
                    self.assert_near(logits_of(model.float(), examples), self.predict_ids(self.dir / kind, examples))
                    out = self.dir / "trained"
                    xptrain("train", "--model", self.dir / kind, "--ids", self.write_lines(examples), "--max_steps", 1,
                            "--model_dir", out)
                    again = transformers.AutoModelForSequenceClassification.from_pretrained(out)
                    self.assertEqual(again.dtype, torch.float32, "what was learnt is not rounded")
                    self.assert_near(logits_of(again, examples), self.predict_ids(out, examples))

    def test_labels_and_activations_of_a_config_are_taken(self):
        for kind in KINDS:
            key = "activation" if kind == "distilbert" else "hidden_act"
            for activation in ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu"):
                with self.subTest(f"{kind} {activation}"):
                    model = make_model(kind, self.dir / kind, num_labels=3, **{key: activation},
                                       id2label={0: "bad", 1: "so so", 2: "good"})
                    examples = self.examples(kind)
                    self.assert_near(logits_of(model, examples), self.predict_ids(self.dir / kind, examples))

    def test_an_encoder_gets_a_new_head_and_transformers_opens_the_whole(self):
        for kind in KINDS:
            with self.subTest(kind):
                model = make_model(kind, self.dir / "classifier")
                encoder = getattr(model, kind)
                encoder.save_pretrained(self.dir / kind)
                examples = self.examples(kind)
                out = self.dir / f"{kind}-out"
                done = xptrain("train", "--model", self.dir / kind, "--ids", self.write_lines(examples), "--epochs", 1,
                               "--learning_rate", 0, "--model_dir", out)
                self.assertRegex(done.stderr, r"new: .*classifier")
                opened, info = transformers.AutoModelForSequenceClassification.from_pretrained(
                    out, output_loading_info=True)
                for problem, names in info.items():
                    self.assertFalse(names, problem)
                self.assert_near(logits_of(opened.eval(), examples), self.predict_ids(out, examples))
                theirs, ours = getattr(model, kind).state_dict(), getattr(opened, kind).state_dict()
                for name, tensor in theirs.items():
                    if "pooler" not in name:
                        self.assertTrue(torch.equal(tensor, ours[name]), name)

    def test_a_trained_folder_opens_and_says_the_same_of_the_same_text(self):
        texts = [json.loads(line)["text"] for line in REVIEWS.read_text().splitlines()[:30]]
        texts += ["", "Café 東京 😀", "a <mask>  b [MASK] c"]
        for kind in KINDS:
            with self.subTest(kind):
                model, data, out = (self.dir / f"{kind}-{part}" for part in ("model", "data", "out"))
                xptrain("vocab", "--model-type", kind, "--output", model, "--size", 800, "--dim", 32, "--hidden-dim",
                        64, REVIEWS)
                xptrain("prepare", "--model", model, "--input", REVIEWS.parent, "--output", data, "--no-weights")
                xptrain("train", "--model", model, "--train-dir", data / "train", "--test-dir", data / "test",
                        "--max_steps", 3, "--model_dir", out)
                opened, info = transformers.AutoModelForSequenceClassification.from_pretrained(
                    out, output_loading_info=True)
                for problem, names in info.items():
                    self.assertFalse(names, problem)
                tokenizer = transformers.AutoTokenizer.from_pretrained(out)
                encoded = [dict(tokenizer(text, truncation=True, max_length=512)) for text in texts]
                self.assertEqual([e["input_ids"] for e in encoded], tokenizer_random_test.tokenize(XPTRAIN, out, texts))
                lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
                done = xptrain("predict", "--model", out, text=lines)
                self.assert_near(logits_of(opened.eval(), encoded),
                                 [json.loads(line)["logits"] for line in done.stdout.splitlines()])

    def test_the_published_vocabularies_give_the_ids_of_auto_tokenizer(self):
        published = tokenizer_random_test.shared_tokenizers()
        if not published:
            self.skipTest("the published vocabularies are not here (XP_SHARED)")
        texts = hostile_text.texts(seed=20261125, count=3000)
        with (published / "golden.jsonl").open() as golden:
            texts += [json.loads(line)["text"] for line in golden]
        for kind, name in (("distilbert", "bert-base-uncased"), ("roberta", "roberta-base")):
            with self.subTest(name):
                folder = self.dir / name
                shutil.copytree(published / name, folder)
                (folder / "config.json").write_text(json.dumps(reference.tiny_config(kind)))
                # What tokenizer.json says in the published folder and transformers 4 by itself; 5 wants to be told.
                mask = {} if kind == "distilbert" else {"mask_token": tokenizers.AddedToken("<mask>", lstrip=True)}
                tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **mask)
                found = tokenizer_random_test.tokenize(XPTRAIN, folder, texts)
                wrong = [(t, a, b) for t, a, b in zip(texts, tokenizer(texts)["input_ids"], found) if a != b]
                self.assertEqual(len(wrong), 0, wrong[:1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
