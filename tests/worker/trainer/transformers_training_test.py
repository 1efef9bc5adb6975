#!/usr/bin/env python3
"""xptrain train --trace against transformers' Trainer, step by step: loss, learning rate, gradient norm, and the model.

  transformers_training_test.py PATH/TO/xptrain [unittest's arguments]
"""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from trainer_case import KINDS, TrainerCase, make_examples, xptrain
from transformers_case import logits_of, make_model, reference, torch, transformers

try:
    import accelerate  # noqa: F401: the Trainer wants it
except ImportError as missing:
    print(f"skipped: {missing} (Debian 14 and later: python3-accelerate)")
    sys.exit(77)

BATCH, EPOCHS = 4, 4
NO_DROPOUT = {"distilbert": ("dropout", "attention_dropout", "seq_classif_dropout")}


def without_dropout(kind):
    names = NO_DROPOUT.get(kind, ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"))
    return {name: 0.0 for name in names}


def collate(rows):
    names = {"label": "labels"}
    return {names.get(key, key): torch.tensor([row[key] for row in rows]) for key in rows[0]}


class Recording(transformers.Trainer):
    """Keeps each step's loss in full precision: the Trainer rounds what it logs."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.losses, self.rates, self.norms = [], [], []
        self.add_callback(self.Watch(self))

    def training_step(self, *arguments, **named):
        loss = super().training_step(*arguments, **named)
        self.losses.append(loss.item())
        return loss

    class Watch(transformers.TrainerCallback):
        def __init__(self, owner):
            self.owner = owner

        def on_pre_optimizer_step(self, *_, optimizer, **__):
            self.owner.rates.append(optimizer.param_groups[0]["lr"])

        def on_log(self, *_, logs, **__):
            if "grad_norm" in logs:
                self.owner.norms.append(logs["grad_norm"])


class TransformersTrainingTest(TrainerCase):
    def run_trainer(self, model, examples, **arguments):
        arguments = transformers.TrainingArguments(
            output_dir=str(self.dir / "hf"), per_device_train_batch_size=BATCH, num_train_epochs=EPOCHS, use_cpu=True,
            logging_steps=1, save_strategy="no", report_to=[], disable_tqdm=True, remove_unused_columns=False,
            train_sampling_strategy="sequential", **arguments)
        trainer = Recording(model=model, args=arguments, train_dataset=examples, data_collator=collate)
        # transformers 5.12 takes a classifier for a model that averages over accumulated batches by itself, and adds
        # their means up. Averaged, as in transformers 4, is what its documentation says and xptrain does.
        trainer.model_accepts_loss_kwargs = False
        trainer.train()
        return trainer

    def compare(self, kind, trainer_arguments, *options, examples_count=26):
        """26 examples in batches of 4: an epoch's last batch is a short one."""
        model = make_model(kind, self.dir / kind, **without_dropout(kind))
        examples = make_examples(reference.tiny_config(kind), examples_count, seed=11, padded=True)
        trainer = self.run_trainer(model, examples, **trainer_arguments)
        out = self.dir / "out"
        _, lines = self.train(self.dir / kind, self.write_lines(examples), "--no-shuffle", "--dropout", 0,
                              "--train_batch_size", BATCH, "--epochs", EPOCHS, "--model_dir", out, *options)
        steps = [json.loads(line) for line in lines]
        self.assertGreaterEqual(len(steps), 8)
        self.assertEqual(len(steps), len(trainer.rates))
        parts = len(trainer.losses) // len(steps) if "gradient_accumulation_steps" in trainer_arguments else 1
        for i, step in enumerate(steps):
            self.assertAlmostEqual(step["learning_rate"], trainer.rates[i], delta=1e-9, msg=f"{step}")
            self.assertAlmostEqual(step["grad_norm"], trainer.norms[i], delta=1e-3 * trainer.norms[i], msg=f"{step}")
            if parts == 1:
                self.assertAlmostEqual(step["loss"], trainer.losses[i], delta=1e-4 * max(1, step["loss"]),
                                       msg=f"{step}")
        opened = transformers.AutoModelForSequenceClassification.from_pretrained(out).eval()
        for a, b in zip(logits_of(model.eval(), examples), logits_of(opened, examples)):
            for x, y in zip(a, b):
                self.assertAlmostEqual(x, y, delta=2e-3)

    def test_the_trainers_defaults_step_by_step(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.compare(kind, {})

    def test_warm_up_decay_and_tight_clipping_step_by_step(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.compare(kind, dict(learning_rate=1e-3, warmup_steps=5, weight_decay=0.05, max_grad_norm=0.3),
                             "--learning_rate", 1e-3, "--warmup_steps", 5, "--weight_decay", 0.05, "--max_grad_norm",
                             0.3)

    def test_accumulated_batches_step_by_step(self):
        # 7 batches an epoch in threes: the last step of an epoch has one.
        for kind in KINDS:
            with self.subTest(kind):
                self.compare(kind, dict(learning_rate=5e-4, gradient_accumulation_steps=3),
                             "--learning_rate", 5e-4, "--gradient_accumulation_steps", 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
