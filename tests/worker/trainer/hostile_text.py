"""Texts that tokenisers stumble over, made from a seed: marks, scripts, controls, blanks of all
kinds, special tokens whole and broken, words of any length.

Code points are taken from ranges in which Python 3.11's Unicode (14) gives each character what the
reference's tables (Unicode 8, 9 and 16) give it, so that an independent answer can be computed;
char_class_test.cc asks about all others.
"""
import random

RANGES = [
    (0x0, 0x7F), (0x80, 0x24F), (0x250, 0x2FF), (0x300, 0x36F), (0x370, 0x52F), (0x531, 0x5F4),
    (0x600, 0x61C), (0x61E, 0x6FF), (0x700, 0x74F), (0x900, 0x97F), (0x980, 0x9FB), (0xA01, 0xA75),
    (0xE00, 0xE7F), (0xF00, 0xFFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1680, 0x169F),
    (0x1780, 0x17FF), (0x1D00, 0x1DBF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x2BFF),
    (0x3000, 0x30FF), (0x3400, 0x34FF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF), (0xAC00, 0xD7A3),
    (0xE000, 0xF8FF), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFFFF), (0x1D100, 0x1D1E8),
    (0x1D400, 0x1D7FF), (0x1F000, 0x1FAFF), (0x20000, 0x2A6D6), (0xE0000, 0xE01EF),
    (0xF0000, 0x10FFFF),
]
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<s>", "</s>", "<pad>", "<unk>", "<mask>",
           " <mask>", "<mask> ", "\n\t<mask>", "[cls]", "[Mask]", "<MASK>", "[CLS", "SEP]", "[[SEP]]"]
WORDS = ("the of and movie film don't I'll we've they're it's John's DON'T unbelievable "
         "internationalization 3.14159 1,000 $20 café naïve Straße İstanbul ΣΊΣΥΦΟΣ ﬁne Ǆ ẞ ' "
         "<br /> 東京 서울 ภาษาไทย العربية हिन्दी 😀👍🏽 👨‍👩‍👧 🇩🇪").split(" ")
BLANKS = [" ", "  ", "\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u00a0", "\u1680",
          "\u2003", "\u2028", "\u2029", "\u202f", "\u3000", "\u200b", "\ufeff", "\u180e"]
ODD = ["\u200d", "\ufe0f", "\0", "\ufffd", "\u00ad", "\u202e", "\u0345", "\u1e9e", "\u212b", "\uf900"]
MARKS = [*range(0x300, 0x370), *range(0x483, 0x488), *range(0x591, 0x5BE), 0x3099, 0x1D165, 0x20D0]
TYPED = "abcdefghijklmnopqrstuvwxyzABC'0123.,!-"


def _char(rng):
    first, last = rng.choice(RANGES)
    return chr(rng.randint(first, last))


def _piece(rng):
    kind = rng.random()
    if kind < .30:
        return rng.choice(WORDS)
    if kind < .45:
        return "".join(_char(rng) for _ in range(rng.randint(1, 6)))
    if kind < .60:
        return rng.choice(BLANKS) * rng.randint(1, 3)
    if kind < .70:
        return rng.choice(SPECIAL)
    if kind < .80:
        return " " + rng.choice(WORDS)
    if kind < .88:
        return "".join(rng.choice(TYPED) for _ in range(rng.randint(1, 130)))
    if kind < .94:
        return rng.choice("eaiouAEnc") + "".join(chr(rng.choice(MARKS)) for _ in range(rng.randint(1, 4)))
    return rng.choice(ODD)


def texts(seed, count):
    rng = random.Random(seed)
    return ["".join(_piece(rng) for _ in range(rng.randint(0, 12))) for _ in range(count)]
