"""BERT's and RoBERTa's tokenisers, restated from the published algorithms with Python's own
unicodedata, independently of xptrain: slow, plain, for tests alone.

BERT: google-research/bert's BasicTokenizer and WordpieceTokenizer with Hugging Face's habits
(special tokens found in the raw text first; controls dropped before blanks are looked for).
RoBERTa: GPT-2's byte-level words and merges, <mask> taking the blanks before it.
"""
import json
import pathlib
import unicodedata


def is_blank(c):
    return c.isspace() and c not in "\x1c\x1d\x1e\x1f"  # White_Space, which Python widens


def split_special(text, tokens, lstrip):
    """Pairs (piece, id): id is None for ordinary text. The leftmost match, of these the longest."""
    pieces, done, at = [], 0, 0
    by_length = sorted(tokens, key=len, reverse=True)
    while at < len(text):
        found = next((t for t in by_length if text.startswith(t, at)), None)
        if found is None:
            at += 1
            continue
        begin = at
        while found in lstrip and begin > done and is_blank(text[begin - 1]):
            begin -= 1
        pieces += [(text[done:begin], None), (found, tokens[found])]
        at = done = at + len(found)
    return pieces + [(text[done:], None)]


class Bert:
    SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    def __init__(self, folder):
        lines = (pathlib.Path(folder) / "vocab.txt").read_text(encoding="utf-8").split("\n")
        self.vocab = {token.rstrip(): i for i, token in enumerate(lines) if token or i + 1 < len(lines)}

    def ids(self, text):
        ids = [self.vocab["[CLS]"]]
        special = {t: self.vocab[t] for t in self.SPECIAL if t in self.vocab}
        for piece, token in split_special(text, special, ()):
            ids += [token] if token is not None else self._ordinary(piece)
        return ids + [self.vocab["[SEP]"]]

    def _ordinary(self, text):
        cleaned = ""
        for c in text:
            if c in "\0\ufffd" or (c not in "\t\n\r" and unicodedata.category(c) in ("Cc", "Cf", "Co")):
                continue
            cleaned += " " if is_blank(c) else f" {c} " if self._is_chinese(ord(c)) else c
        plain = "".join(c for c in unicodedata.normalize("NFD", cleaned)
                        if unicodedata.category(c) != "Mn")
        ids, word = [], ""
        for c in "".join(c.lower() for c in plain) + " ":
            alone = self._is_punctuation(c)
            if not alone and not is_blank(c):
                word += c
                continue
            ids += self._pieces(word) + (self._pieces(c) if alone else [])
            word = ""
        return ids

    def _pieces(self, word):
        if not word:
            return []
        ids, at = [], 0
        while at < len(word) and len(word) <= 100:
            for end in range(len(word), at, -1):
                piece = ("##" if at else "") + word[at:end]
                if piece in self.vocab:
                    break
            else:
                return [self.vocab["[UNK]"]]
            ids.append(self.vocab[piece])
            at = end
        return ids or [self.vocab["[UNK]"]]

    @staticmethod
    def _is_punctuation(c):
        return (c.isascii() and c.isprintable() and not c.isalnum() and c != " ") or \
            unicodedata.category(c).startswith("P")

    @staticmethod
    def _is_chinese(c):
        return any(a <= c <= b for a, b in (
            (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
            (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)))


class Roberta:
    SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.vocab = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
        lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")
        merges = [tuple(l.split(" ")) for l in lines if l and not l.startswith("#version")]
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        printable = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
        others = [b for b in range(256) if b not in printable]
        self.byte = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
        self.known = {}

    def ids(self, text):
        ids = [self.vocab["<s>"]]
        special = {t: self.vocab[t] for t in self.SPECIAL if t in self.vocab}
        for piece, token in split_special(text, special, ("<mask>",)):
            if token is not None:
                ids.append(token)
                continue
            for word in self._words(piece):
                ids += self._merged(word)
        return ids + [self.vocab["</s>"]]

    @staticmethod
    def _kind(c):
        if is_blank(c):
            return "s"
        category = unicodedata.category(c)[0]
        return category if category in "LN" else "o"

    def _words(self, text):
        """'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"""
        words, at = [], 0
        while at < len(text):
            end = at
            for short in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d"):
                if text.startswith(short, at):
                    end = at + len(short)
                    break
            else:
                begin = at + (text[at] == " " and at + 1 < len(text))
                kind = self._kind(text[begin])
                if kind != "s":
                    end = begin
                    while end < len(text) and self._kind(text[end]) == kind:
                        end += 1
                else:
                    end = at
                    while end < len(text) and is_blank(text[end]):
                        end += 1
                    if end < len(text) and end - at > 1:
                        end -= 1
            words.append(text[at:end])
            at = end
        return words

    def _merged(self, word):
        if word not in self.known:
            symbols = [self.byte[b] for b in word.encode("utf-8")]
            while len(symbols) > 1:
                pairs = list(zip(symbols, symbols[1:]))
                best = min(range(len(pairs)), key=lambda i: (self.ranks.get(pairs[i], 1 << 30), i))
                if pairs[best] not in self.ranks:
                    break
                symbols[best:best + 2] = ["".join(pairs[best])]
            self.known[word] = [self.vocab[s] for s in symbols]
        return self.known[word]
