"""What the tests of the whole program share: the program, small models, made-up examples.

A test file is run as: FILE PATH/TO/xptrain [unittest's arguments]. Without Debian's python3-torch it says so and exits
77, which ctest shows as skipped. XP_TEST_DEVICE (cpu) is where models run that are told no --device; on another than a
CPU in fp32, unless a precision is asked for.
"""
import json
import os
import pathlib
import random
import sys

try:
    import torch
    import reference_models as reference
except ImportError as error:
    print(f"skipped: {error} (Debian: python3-torch)")
    sys.exit(77)

from program_case import ProgramCase, run

KINDS = ("distilbert", "roberta", "bert")

DEVICE = os.environ.get("XP_TEST_DEVICE", "cpu")


def on_device(arguments):
    arguments = [str(argument) for argument in arguments]
    if arguments[0] in ("train", "predict") and "--device" not in arguments:
        arguments += ["--device", DEVICE]
    precisions = {"--precision", "--bf16", "--fp16"}
    if arguments[0] == "train" and DEVICE != "cpu" and not precisions & set(arguments):
        arguments += ["--precision", "fp32"]
    return arguments


def xptrain(*arguments, text=None, check=True):
    return run(*on_device(arguments), check=check, input=text)


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


def without_padding(examples):
    """As xptrain gets them in earnest: it pads by itself, and skips the padding where it is much."""
    real = [sum(example["attention_mask"]) for example in examples]
    lists = ("input_ids", "token_type_ids")
    return [{key: value[:count] if key in lists else value for key, value in example.items() if key != "attention_mask"}
            for example, count in zip(examples, real)]


def tensors(examples):
    stack = lambda key: torch.tensor([e[key] for e in examples])
    types = stack("token_type_ids") if "token_type_ids" in examples[0] else None
    return stack("input_ids"), stack("attention_mask"), types, stack("label")


class TrainerCase(ProgramCase):
    def setUp(self):
        super().setUp()
        torch.manual_seed(0)
        torch.set_num_threads(1)

    def make_model(self, kind, **changes):
        config = {**reference.tiny_config(kind), **changes}
        weights = reference.make_weights(config)
        model = self.dir / kind
        model.mkdir(exist_ok=True)
        (model / "config.json").write_text(json.dumps(config))
        reference.save_safetensors(model / "model.safetensors", weights)
        return config, weights, model

    def write_lines(self, examples):
        path = self.dir / "ids.jsonl"
        path.write_text("".join(json.dumps(e) + "\n" for e in examples))
        return path

    def train(self, model, ids, *arguments, check=True):
        """The finished process and the trace's lines."""
        trace = self.dir / "trace.jsonl"
        trace.unlink(missing_ok=True)
        done = xptrain("train", "--model", model, "--ids", ids, "--threads", 1, "--trace", trace, *arguments,
                       check=check)
        return done, trace.read_text().splitlines() if trace.exists() else []
