#!/usr/bin/env python3
"""xptrain against transformers' Trainer with its best flags: tokens/s of fine-tuning DistilBERT from scratch weights.

  trainer_vs_transformers.py PATH/TO/xptrain [--device cuda|cpu] [--peak TFLOPS] [--model base|small]
                             [--precision bf16|fp32] [--threads N] [--batch 32] [--steps N] [--length N] [--rounds 3]

Reviews of IMDB's length distribution (log-normal, median 230 tokens, cut at 512) or all of --length, so that both
sides have equal batches. The Trainer has autocast, the fused AdamW, grouping by length, padding to a multiple of 8, pinned memory and two workers; torch.compile is
tried besides. Both rates are of tokens that are no padding, from the steps after the first quarter. Also compares the
two programs' logits. Needs transformers (and accelerate); decides no test.
"""
import argparse
import inspect
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

from run_child import run_child


def make_data(count, seed, length):
    rng = random.Random(seed)
    lengths = [length or max(16, min(512, int(rng.lognormvariate(5.44, 0.6)))) for _ in range(count)]
    return [{"input_ids": [101] + [rng.randrange(1000, 30000) for _ in range(n - 2)] + [102], "label": rng.randrange(2)}
            for n in lengths]


def run_trainer(model_dir, data, options, compiled):
    import torch
    import transformers
    device, known = options.device, inspect.signature(transformers.TrainingArguments).parameters
    torch.set_num_threads(options.threads)
    # transformers 5 has another name for it.
    by_length = ({"group_by_length": True} if "group_by_length" in known
                 else {"train_sampling_strategy": "group_by_length"})

    class Watch(transformers.TrainerCallback):
        """The time at two steps, a quarter in and the last: to wait for the GPU at each would slow it down."""

        def __init__(self):
            self.steps, self.times = 0, {}
            self.first = len(data) // options.batch // 4

        def on_step_end(self, *_, **__):
            self.steps += 1
            if self.steps in (self.first, len(data) // options.batch):
                if device == "cuda":
                    torch.cuda.synchronize()
                self.times[self.steps] = time.perf_counter()

    model = transformers.AutoModelForSequenceClassification.from_pretrained(model_dir)
    watch, tokens = Watch(), []
    pad = model.config.pad_token_id

    def collate(rows):
        width = -(-max(len(r["input_ids"]) for r in rows) // 8) * 8
        ids = torch.full((len(rows), width), pad)
        mask = torch.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, :len(row["input_ids"])] = torch.tensor(row["input_ids"])
            mask[i, :len(row["input_ids"])] = 1
        return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([r["label"] for r in rows])}

    class Counting(transformers.Trainer):
        def training_step(self, model, inputs, *rest):
            tokens.append(inputs["attention_mask"].sum())
            return super().training_step(model, inputs, *rest)

    flags = dict(output_dir=str(model_dir / "out"), per_device_train_batch_size=options.batch, num_train_epochs=1,
                 bf16=options.precision == "bf16", optim="adamw_torch_fused", **by_length,
                 dataloader_num_workers=2 if device == "cuda" else 0, report_to=[], save_strategy="no",
                 logging_strategy="no", logging_nan_inf_filter=False, disable_tqdm=True, remove_unused_columns=False, torch_compile=compiled,
                 tf32=True if device == "cuda" else None)
    if device == "cpu":
        flags["use_cpu"] = True
    trainer = Counting(model=model, args=transformers.TrainingArguments(**flags), train_dataset=data,
                       data_collator=collate, callbacks=[watch])
    trainer.train()
    (first, begin), (_, end) = sorted(watch.times.items())
    return sum(int(count) for count in tokens[first:]) / (end - begin)


def run_xptrain(model_dir, lines, data, options):
    """The rate that it reports itself covers all steps; warm-up is taken out with a run of few steps."""
    def seconds(steps):
        done = run_child([options.xptrain, "train", "--model", model_dir, "--ids", lines, "--epochs", 1,
                          "--train_batch_size", options.batch, "--device", options.device, "--precision",
                          options.precision, "--threads", options.threads, "--logging_steps", 0, "--max_steps", steps])
        words = done.stderr.split(" tokens trained on")[0].split()
        tokens, per_second = int(words[-1]), float(done.stderr.split(" tokens/s")[0].split()[-1])
        return tokens, tokens / per_second
    steps = len(data) // options.batch
    few, all_steps = seconds(max(1, steps // 4)), seconds(steps)
    return (all_steps[0] - few[0]) / (all_steps[1] - few[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("xptrain")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--peak", type=float, default=0)
    parser.add_argument("--model", choices=["base", "small"], help="default: small on a CPU")
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, help="default: 20 for small, 200 for base, 600 on a GPU")
    parser.add_argument("--length", type=int, default=0, help="of each review in tokens; 0: as IMDB's")
    parser.add_argument("--rounds", type=int, default=3, help="of xptrain; their median counts")
    options = parser.parse_args()
    import torch
    import transformers
    small = (options.model or ("small" if options.device == "cpu" else "base")) == "small"
    dims = dict(dim=128, n_layers=2, n_heads=4, hidden_dim=512) if small else {}
    config = transformers.DistilBertConfig(vocab_size=30522, **dims)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        torch.manual_seed(0)
        model = transformers.DistilBertForSequenceClassification(config)
        model.save_pretrained(folder / "model")
        steps = options.steps or (20 if small else 600 if options.device == "cuda" else 200)
        data = make_data(options.batch * steps, seed=1, length=options.length)
        lines = folder / "lines.jsonl"
        lines.write_text("".join(json.dumps(row) + "\n" for row in data))

        model.eval()
        first = data[:8]
        done = run_child([options.xptrain, "predict", "--model", folder / "model", "--ids", "--device",
                          options.device], input="".join(json.dumps(row) + "\n" for row in first))
        off = 0.0
        for row, line in zip(first, done.stdout.splitlines()):
            with torch.no_grad():
                wanted = model(torch.tensor([row["input_ids"]])).logits[0].tolist()
            off = max([off] + [abs(a - b) for a, b in zip(wanted, json.loads(line)["logits"])])
        print(f"logits differ by at most {off:.2e} (bound 1e-4)")

        rates = {}
        for name, compiled in (("Trainer", False), ("Trainer, compiled", True)):
            if compiled and (small or options.device == "cpu"):
                continue
            try:
                rates[name] = run_trainer(folder / "model", data, options, compiled)
            except Exception as error:  # torch.compile is not everywhere; the plain one must work
                if not compiled:
                    raise
                print(f"{name}: {str(error).splitlines()[0]}")
        rates["xptrain"] = statistics.median(
            run_xptrain(folder / "model", lines, data, options) for _ in range(options.rounds))
        print(f"{'small' if small else 'base'} dimensions, {options.precision}, {options.threads} threads, batches of "
              f"{options.batch}, torch {torch.__version__}, transformers {transformers.__version__}")
        best = max(value for name, value in rates.items() if name != "xptrain")
        for name, value in rates.items():
            print(f"{name:18s} {value:12.0f} tokens/s, x{value / best:.2f} of the best Trainer")
        if options.peak > 0:
            weights = config.n_layers * (4 * config.dim**2 + 2 * config.dim * config.hidden_dim)
            mean = sum(len(row["input_ids"]) for row in data) / len(data)
            work = 6 * weights + 12 * config.n_layers * mean * config.dim
            print(f"xptrain reaches {100 * work * rates['xptrain'] / (options.peak * 1e12):.1f} % of "
                  f"{options.peak:.0f} TFLOP/s")
    return 0 if off <= 1e-4 else 1


if __name__ == "__main__":
    sys.exit(main())
