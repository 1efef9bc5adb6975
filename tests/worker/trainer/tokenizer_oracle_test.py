"""xptrain tokenize against Hugging Face's own library, where somebody has put it.

    tokenizer_oracle_test.py XPTRAIN

Where Python has the library (Debian 14 and later: python3-tokenizers) that is what counts; else
XP_TOKENIZERS names a folder with the npm package `tokenizers` (the same library for Node.js), for
instance one made by `npm install tokenizers@0.23.2`. It is no dependency, and without it nothing is
compared. Besides the two published vocabularies (XP_SHARED) as they are, variants of their
tokenizer.json are tried: every normaliser and pre-tokeniser that xptrain knows, added tokens with
all flags. XP_SEED repeats a run.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import hostile_text
import tokenizer_random_test

try:
    import tokenizers
except ImportError:
    tokenizers = None
NODE_PACKAGE = os.environ.get("XP_TOKENIZERS")

IDS = """
const {Tokenizer} = require(process.argv[1]);
const fs = require('fs');
const t = Tokenizer.fromString(fs.readFileSync(process.argv[2], 'utf8'));
t.disableTruncation(); t.disablePadding();
(async () => {
  const texts = JSON.parse(fs.readFileSync(0, 'utf8'));
  const encoded = await t.encodeBatch(texts);
  fs.writeSync(1, JSON.stringify(encoded.map(e => e.getIds())));
})();
"""


def their_ids(file, texts):
    if tokenizers:
        made = tokenizers.Tokenizer.from_file(str(file))
        made.no_truncation()
        made.no_padding()
        return [encoding.ids for encoding in made.encode_batch(texts)]
    done = subprocess.run(["node", "-e", IDS, NODE_PACKAGE, str(file)], check=True, stdout=subprocess.PIPE,
                          input=json.dumps(texts).encode())
    return json.loads(done.stdout)


def step(kind, **fields):
    return {"type": kind, **fields}


def in_turn(*normalizers):
    return step("Sequence", normalizers=list(normalizers))


def byte_level(prefix=False, regex=True):
    return step("ByteLevel", add_prefix_space=prefix, trim_offsets=True, use_regex=regex)


def token(content, vocab, **flags):
    return {"id": vocab.get(content), "content": content, "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False, "special": True} | flags


def roberta_json(folder):
    vocab = json.loads((folder / "vocab.json").read_text())
    merges = [l for l in (folder / "merges.txt").read_text().split("\n") if l and l[0:8] != "#version"]
    special = [token(t, vocab, lstrip=t == "<mask>") for t in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
            "normalizer": None, "pre_tokenizer": byte_level(),
            "post_processor": step("RobertaProcessing", sep=["</s>", 2], cls=["<s>", 0],
                                   trim_offsets=True, add_prefix_space=False),
            "decoder": None,
            "model": step("BPE", dropout=None, unk_token=None, continuing_subword_prefix="",
                          end_of_word_suffix="", fuse_unk=False, byte_fallback=False, vocab=vocab,
                          merges=merges)}


def with_added(base):
    vocab = base["model"]["vocab"]
    more = [token("film", vocab, normalized=True, single_word=True), token("Straße", vocab, normalized=True),
            token("<x>", vocab, lstrip=True, rstrip=True), token("the", vocab, single_word=True),
            token("don't", vocab, rstrip=True, normalized=True)]
    free = len(vocab)
    for added in more:
        if added["id"] is None:
            added["id"], free = free, free + 1
    return base | {"added_tokens": base["added_tokens"] + more}


def variants(bert, roberta):
    yield "bert", bert
    yield "roberta", roberta
    low = step("Lowercase")
    for name, normalizer in {
            "none": None, "nfc": step("NFC"), "nfkc": in_turn(step("NFKC"), low, step("StripAccents")),
            "nfd": in_turn(step("NFD"), low, step("StripAccents")),
            "nfkd": in_turn(step("NFKD"), step("Strip", strip_left=True, strip_right=False)),
            "replace": in_turn(step("Replace", pattern={"String": "the"}, content="a  "),
                               step("Prepend", prepend="un")),
            "cased": step("BertNormalizer", clean_text=True, handle_chinese_chars=True,
                          strip_accents=None, lowercase=False),
            "raw": step("BertNormalizer", clean_text=False, handle_chinese_chars=False,
                        strip_accents=False, lowercase=True)}.items():
        yield f"bert, {name}", bert | {"normalizer": normalizer}
    for pre in ("Whitespace", "WhitespaceSplit"):
        yield f"bert, {pre}", bert | {"pre_tokenizer": step(pre)}
    split = step("Sequence", pretokenizers=[step("WhitespaceSplit"), step("BertPreTokenizer")])
    yield "bert, two splits", bert | {"pre_tokenizer": split}
    yield "bert, added tokens", with_added(bert)
    for name, pre in {"prefix": byte_level(True), "no regex": byte_level(True, False),
                      "split": step("Sequence", pretokenizers=[step("Whitespace"), byte_level(True)])}.items():
        yield f"roberta, {name}", roberta | {"pre_tokenizer": pre}
    yield "roberta, nfc", roberta | {"normalizer": in_turn(step("NFC"), low)}
    yield "roberta, added tokens", with_added(roberta)
    pairs = [merge.split(" ") for merge in roberta["model"]["merges"]]
    yield "roberta, pairs", roberta | {"model": roberta["model"] | {"merges": pairs, "ignore_merges": True}}


def main():
    published = tokenizer_random_test.shared_tokenizers()
    if not (tokenizers or NODE_PACKAGE) or not published:
        print("not compared with Hugging Face's library: it (XP_TOKENIZERS) or the vocabularies are not here")
        return 77
    print(f"compared with Python's tokenizers {tokenizers.__version__}" if tokenizers else NODE_PACKAGE)
    seed = int(os.environ.get("XP_SEED", time.time_ns() % 2**32))
    print(f"XP_SEED={seed}", flush=True)
    texts = hostile_text.texts(seed, 5000)
    bert = json.loads((published / "bert-base-uncased/tokenizer.json").read_text())
    wrong = 0
    for name, content in variants(bert, roberta_json(published / "roberta-base")):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "tokenizer.json"
            file.write_text(json.dumps(content))
            ours = tokenizer_random_test.tokenize(sys.argv[1], folder, texts)
            theirs = their_ids(file, texts)
        differ = [(t, a, b) for t, a, b in zip(texts, theirs, ours) if a != b]
        wrong += len(differ)
        print(f"{name}: {len(differ)} of {len(texts)} differ", *(f"\n  {d!a}" for d in differ[:1]), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
