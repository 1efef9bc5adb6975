#!/usr/bin/env python3
"""xptrain's speed against PyTorch eager of the same version, and against padding everything to 512.

  trainer_bench.py PATH/TO/xptrain [--model base|small|all] [--device cpu|cuda] [--imdb ARCHIVE --vocab FOLDER]

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
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
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
    if device == "cuda" and options.peak > 0:
        # 6 operations a weight and token, attention's products besides.
        config = spec["config"]
        weights = config["n_layers"] * (4 * config["dim"]**2 + 2 * config["dim"] * config["hidden_dim"])
        work = 6 * weights + 12 * config["n_layers"] * spec["length"] * config["dim"]
        share = work * tokens / median["xptrain bf16"] / (options.peak * 1e12)
        print(f"  share of {options.peak:.0f} TFLOP/s in bf16: {100 * share:.1f} %")


def train_imdb(options, model, data, arguments):
    done = subprocess.run(
        [options.xptrain, "train", "--model", str(model), "--train-dir", str(data / "train"), "--test-dir",
         str(data / "test"), "--device", options.device, "--threads", str(options.threads), "--logging_steps", "0",
         "--learning_rate", "5e-4", "--warmup_ratio", "0.1", *arguments], capture_output=True, text=True, env=BARE)
    if done.returncode != 0:
        sys.exit(done.stderr)
    number = lambda key: float(re.findall(rf"'{key}': ([^,}}]+)", done.stdout)[-1])
    padding = float(re.search(r"([0-9.]+) % of what was computed was padding", done.stderr)[1])
    tokens = int(re.search(r"(\d+) tokens trained on", done.stderr)[1])
    rate = int(re.search(r"(\d+) tokens/s", done.stderr)[1])
    return {"tokens_per_second": rate, "tokens": tokens, "padding": padding, "accuracy": number("eval_accuracy"),
            "loss": number("eval_loss")}


def compare_padding(options, folder):
    """Same reviews, same model: padded to 512 in random order, as the article does, and as xptrain does by itself."""
    model, data = folder / "imdb-model", folder / "imdb"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({**full_config("small")}))
    for file in pathlib.Path(options.vocab).iterdir():
        if file.name in ("vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json"):
            (model / file.name).write_bytes(file.read_bytes())
    subprocess.run([options.xptrain, "prepare", "--model", model, "--input", options.imdb, "--output", data, "--format",
                    "aclimdb", "--max-length", "512"], check=True, capture_output=True)
    common = ["--epochs", str(options.epochs), "--train_batch_size", "32"]
    rows = {"padded to 512": train_imdb(options, model, data, [*common, "--order", "shuffled", "--pad_to", "512"]),
            "sorted by length": train_imdb(options, model, data, common)}
    padded, own = rows["padded to 512"], rows["sorted by length"]
    print(f"\nIMDB reviews, {options.epochs} epochs, small model, {options.threads} threads, {options.device}")
    for name, row in rows.items():
        print(f"  {name:18s} {row['tokens_per_second']:7d} real tokens/s, {row['padding']:4.1f} % padding, "
              f"accuracy {row['accuracy']:.4f}, loss {row['loss']:.4f}")
    ratio = own["tokens_per_second"] / padded["tokens_per_second"]
    possible = 1 / (1 - padded["padding"] / 100)
    print(f"  reviews/s x{ratio:.2f}; tokens padded to real tokens x{possible:.2f}; share {ratio / possible:.2f}")


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
    parser.add_argument("--peak", type=float, default=0, help="the card's bf16 matrix peak in TFLOP/s")
    parser.add_argument("--imdb", help="aclImdb folder or archive")
    parser.add_argument("--vocab", help="folder with vocab.txt")
    parser.add_argument("--epochs", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for model in ("base", "small") if options.model == "all" else (options.model,):
            if model != "none":
                compare(options, pathlib.Path(name), model)
        if options.imdb:
            compare_padding(options, pathlib.Path(name))


if __name__ == "__main__":
    main()
