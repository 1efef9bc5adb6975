#!/usr/bin/env python3
"""xptrain's speed against PyTorch eager of the same version, and against padding everything to 512.

  trainer_bench.py PATH/TO/xptrain [--model base|small|all] [--device cpu|cuda] [--imdb ARCHIVE --vocab FOLDER]
                   [--epochs N] [--seeds 1,2,3]

Prints ratios measured in this one run: steps of both sides alternate in rounds, medians count. Both get the same
batches (equal lengths, no padding), dropout 0.1, AdamW, clipping, and the same number of threads. Eager is
tests/worker/trainer/reference_models.py with torch.optim.AdamW, in a process with the same environment that xptrain
gives itself ("tuned") and in one with what the machine gives ("as it comes"). Needs python3-torch, decides no test.
"""
import argparse
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

from run_child import run_child

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/worker/trainer"))

# tokens: batch x length; dims as DistilBERT's base, and as `xptrain vocab` makes a small model.
MODELS = {
    "base": {"config": {"dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072}, "batch": 16, "length": 128,
             "steps": 4},
    "small": {"config": {"dim": 128, "n_layers": 2, "n_heads": 4, "hidden_dim": 512}, "batch": 32, "length": 128,
              "steps": 30},
}
TUNED = {"OMP_WAIT_POLICY": "passive", "ATEN_CPU_CAPABILITY": "avx512"}
# What the caller's environment says of OpenBLAS and of the above is left out, for both sides.
BARE = {name: value for name, value in os.environ.items() if name not in TUNED and not name.startswith("OPENBLAS_")}
WARM_UP = 2


def size_for_gpu():
    """A step of the CPU's size is over before a GPU's clocks have risen."""
    global WARM_UP
    WARM_UP = 20
    MODELS["base"].update(batch=32, length=256, steps=100)


def full_config(model):
    return {"model_type": "distilbert", "vocab_size": 30522, "max_position_embeddings": 512, "activation": "gelu",
            "pad_token_id": 0, "sinusoidal_pos_embds": False, **MODELS[model]["config"]}


def examples(model, steps):
    rng = random.Random(1)
    spec = MODELS[model]
    return [{"input_ids": [rng.randrange(1000, 30000) for _ in range(spec["length"])], "label": rng.randrange(2)}
            for _ in range(spec["batch"] * steps)]


def eager(model, precision, device, threads, steps):
    """Runs in a process of its own: seconds of each step, one a line."""
    import torch
    import torch.nn.functional as F
    if device == "cuda":
        size_for_gpu()
    import reference_models as reference
    torch.set_num_threads(threads)
    config, spec = full_config(model), MODELS[model]
    steps += WARM_UP
    weights = {n: (t * 0.1).to(device).requires_grad_() for n, t in reference.make_weights(config).items()}
    optimizer = torch.optim.AdamW(list(weights.values()), lr=5e-5, weight_decay=0.0)
    lines = examples(model, steps)
    for step in range(steps):
        part = lines[step * spec["batch"]:(step + 1) * spec["batch"]]
        begin = time.perf_counter()
        ids = torch.tensor([e["input_ids"] for e in part]).to(device)
        labels = torch.tensor([e["label"] for e in part]).to(device)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16"):
            logits = reference.forward(config, weights, ids, torch.ones_like(ids), dropout=0.1)
        loss = F.cross_entropy(logits.float(), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
        optimizer.step()
        loss.item()
        print(time.perf_counter() - begin, flush=True)


def run_eager(model, precision, device, threads, environment):
    command = [sys.executable, str(pathlib.Path(__file__).resolve()), "-", "--eager", model, precision, device, str(threads),
               str(MODELS[model]["steps"])]
    # torch.set_num_threads does not reach OpenBLAS on pthreads.
    environment = {**BARE, **environment, "OPENBLAS_NUM_THREADS": str(threads)}
    done = run_child(command, env=environment)
    return [float(line) for line in done.stdout.split()][WARM_UP:]


def run_xptrain(xptrain, folder, model, precision, device, threads):
    """Seconds between the lines of the trace, which it writes after each step."""
    lines = folder / f"{model}.jsonl"
    if not lines.exists():
        lines.write_text("".join(json.dumps(e) + "\n" for e in examples(model, MODELS[model]["steps"] + WARM_UP)))
        (folder / model).mkdir()
        (folder / model / "config.json").write_text(json.dumps(full_config(model)))
    process = subprocess.Popen(
        [xptrain, "train", "--model", str(folder / model), "--ids", str(lines), "--no-shuffle", "--epochs", "1",
         "--train_batch_size", str(MODELS[model]["batch"]), "--precision", precision, "--device", device, "--threads",
         str(threads), "--trace", "/dev/stdout", "--logging_steps", "0"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=BARE)
    times = []
    for line in process.stdout:
        if line.startswith('{"step"'):
            times.append(time.perf_counter())
    _, err = process.communicate()
    if process.returncode != 0:
        sys.exit(err)
    return [b - a for a, b in zip(times, times[1:])][WARM_UP - 1:]


def compare(options, folder, model):
    spec, threads, device = MODELS[model], options.threads, options.device
    tokens = spec["batch"] * spec["length"]
    contenders = {
        "eager fp32, as it comes": lambda: run_eager(model, "fp32", device, threads, {}),
        "eager fp32, tuned": lambda: run_eager(model, "fp32", device, threads, TUNED),
        "eager bf16, tuned": lambda: run_eager(model, "bf16", device, threads, TUNED),
        "xptrain fp32": lambda: run_xptrain(options.xptrain, folder, model, "fp32", device, threads),
        "xptrain bf16": lambda: run_xptrain(options.xptrain, folder, model, "bf16", device, threads),
    }
    seconds = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, run in contenders.items():
            seconds[name] += run()
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"\n{model}: {spec['batch']} x {spec['length']} tokens a step, {threads} threads, {device}, "
          f"{options.rounds} rounds")
    for name, value in median.items():
        print(f"  {name:26s} {value * 1e3:9.1f} ms/step {tokens / value:10.0f} tokens/s   "
              f"x{median['eager fp32, as it comes'] / value:.2f} of eager as it comes, "
              f"x{median['eager fp32, tuned'] / value:.2f} of eager tuned")
    if device == "cuda":
        print("  each step is waited for on both sides; trainer_vs_transformers.py measures steps that are not")


def train_imdb(options, model, data, arguments):
    done = run_child(
        [options.xptrain, "train", "--model", model, "--train-dir", data / "train", "--test-dir", data / "test",
         "--device", options.device, "--threads", options.threads, "--logging_steps", 0, "--learning_rate", 5e-4,
         "--warmup_ratio", 0.1, "--epochs", options.epochs, "--train_batch_size", 32, *arguments], env=BARE)
    number = lambda key: float(re.findall(rf"'{key}': ([^,}}]+)", done.stdout)[-1])
    padding = float(re.search(r"([0-9.]+) % of what was computed was padding", done.stderr)[1])
    rate = int(re.search(r"(\d+) tokens/s", done.stderr)[1])
    return {"tokens_per_second": rate, "padding": padding, "accuracy": number("eval_accuracy"),
            "loss": number("eval_loss")}


def compare_padding(options, folder):
    """Same reviews, same model: padded to 512 in random order, as the article does; the very same batches with their
    padding skipped; and as xptrain does by itself. Each with each seed, the three in turn."""
    model, data = folder / "imdb-model", folder / "imdb"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({**full_config("small")}))
    for file in pathlib.Path(options.vocab).iterdir():
        if file.name in ("vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json"):
            (model / file.name).write_bytes(file.read_bytes())
    run_child([options.xptrain, "prepare", "--model", model, "--input", options.imdb, "--output", data, "--format",
               "aclimdb", "--max-length", "512"])
    kinds = {"padded to 512": ["--order", "shuffled", "--pad_to", "512"], "padding skipped": ["--order", "shuffled"],
             "sorted by length": []}
    rows = {name: [] for name in kinds}
    for seed in options.seeds.split(","):
        for name, arguments in kinds.items():
            rows[name].append(train_imdb(options, model, data, [*arguments, "--seed", seed]))
    print(f"\nIMDB reviews, {options.epochs} epochs, small model, {options.threads} threads, {options.device}, seeds "
          f"{options.seeds}")
    median = lambda name, key: statistics.median(row[key] for row in rows[name])
    for name, runs in rows.items():
        both = {key: [run[key] for run in runs] for key in ("accuracy", "loss")}
        spread = {key: statistics.stdev(values) if len(values) > 1 else 0 for key, values in both.items()}
        print(f"  {name:18s} {median(name, 'tokens_per_second'):7.0f} real tokens/s, {median(name, 'padding'):4.1f} % "
              f"padding, accuracy {statistics.mean(both['accuracy']):.4f} (+- {spread['accuracy']:.4f}), loss "
              f"{statistics.mean(both['loss']):.4f} (+- {spread['loss']:.4f})")
    possible = 1 / (1 - median("padded to 512", "padding") / 100)
    for name in list(kinds)[1:]:
        ratio = median(name, "tokens_per_second") / median("padded to 512", "tokens_per_second")
        print(f"  {name}: reviews/s x{ratio:.2f}; tokens padded to real tokens x{possible:.2f}; share "
              f"{ratio / possible:.2f}")


def main():
    if len(sys.argv) > 2 and sys.argv[2] == "--eager":
        model, precision, device, threads, steps = sys.argv[3:]
        return eager(model, precision, device, int(threads), int(steps))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("xptrain")
    parser.add_argument("--model", choices=["base", "small", "all", "none"], default="all")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--imdb", help="aclImdb folder or archive")
    parser.add_argument("--vocab", help="folder with vocab.txt")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seeds", default="42", help="of the IMDB runs, with commas between")
    options = parser.parse_args()
    if options.device == "cuda":
        size_for_gpu()
    with tempfile.TemporaryDirectory() as name:
        for model in ("base", "small") if options.model == "all" else (options.model,):
            if model != "none":
                compare(options, pathlib.Path(name), model)
        if options.imdb:
            compare_padding(options, pathlib.Path(name))


if __name__ == "__main__":
    main()
