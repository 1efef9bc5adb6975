"""xptrain tokenize against an independent restatement, on tens of thousands of hostile texts.

    tokenizer_random_test.py XPTRAIN

The seed is always the same; XP_LONG=1 takes a new one, and XP_SEED repeats that run. XP_TEXTS is how
many texts a vocabulary gets. The vocabularies are small ones of `xptrain vocab`, and the two
published ones where XP_SHARED (or a folder "shared" above the sources) has them.
"""
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile

import hostile_text
import reference_tokenizers

HERE = pathlib.Path(__file__).resolve()
SOURCES = HERE.parents[3]


def shared_tokenizers():
    named = os.environ.get("XP_SHARED")
    folders = [pathlib.Path(named)] if named else [p / "shared" for p in HERE.parents]
    return next((f / "data/tokenizers" for f in folders if (f / "data/tokenizers").exists()), None)


def tokenize(xptrain, model, texts):
    lines = "".join(json.dumps({"text": t}, ensure_ascii=i % 2 == 0) + "\n" for i, t in enumerate(texts))
    done = subprocess.run([xptrain, "tokenize", "--model", str(model)], input=lines.encode(),
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line)["ids"] for line in done.stdout.splitlines()]


def compare(xptrain, model, reference, texts):
    """The number of differences; the first is printed."""
    found = tokenize(xptrain, model, texts)
    assert len(found) == len(texts), f"{len(found)} lines for {len(texts)} texts"
    wrong = [(t, reference.ids(t), ids) for t, ids in zip(texts, found) if reference.ids(t) != ids]
    if wrong:
        print(f"  {model}: text {wrong[0][0]!a}\n    wanted {wrong[0][1]}\n    found  {wrong[0][2]}")
    print(f"{model}: {len(texts)} texts, {len(wrong)} differ", flush=True)
    return len(wrong)


def main():
    xptrain = sys.argv[1]
    new = secrets.randbits(32) if os.environ.get("XP_LONG") == "1" else 20251125
    seed = int(os.environ.get("XP_SEED", new))
    count = int(os.environ.get("XP_TEXTS", 10000))
    print(f"XP_SEED={seed} XP_TEXTS={count}", flush=True)
    texts = hostile_text.texts(seed, count)
    differences = 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, reference in (("distilbert", reference_tokenizers.Bert),
                                ("roberta", reference_tokenizers.Roberta)):
            model = pathlib.Path(folder) / kind
            subprocess.run([xptrain, "vocab", "--model-type", kind, "--size", "2000", "--output",
                            str(model), str(SOURCES / "deploy/sample-reviews/train.jsonl")],
                           check=True, stderr=subprocess.DEVNULL)
            differences += compare(xptrain, model, reference(model), texts)
    published = shared_tokenizers()
    if published:
        for name, reference in (("bert-base-uncased", reference_tokenizers.Bert),
                                ("roberta-base", reference_tokenizers.Roberta)):
            differences += compare(xptrain, published / name, reference(published / name), texts)
    else:
        print("the published vocabularies are not here (XP_SHARED): only the small ones were compared")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
