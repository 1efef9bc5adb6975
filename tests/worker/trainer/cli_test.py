#!/usr/bin/env python3
"""What xptrain does with arguments and files that are wrong: it says so, with what would be right.

  cli_test.py PATH/TO/xptrain [unittest's arguments]
"""
import fcntl
import json
import os
import pathlib
import re
import resource
import shutil
import struct
import subprocess
import termios
import unittest

from program_case import REVIEWS, XPTRAIN, ProgramCase, run

COMMANDS = {"train": "epochs", "predict": "batch-size", "tokenize": "max-length", "vocab": "size",
            "prepare": "shard-examples"}


class CliTest(ProgramCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = {kind: cls.make_small_model(kind) for kind in ("distilbert", "roberta")}
        cls.data, cls.trained = cls.prepare_reviews(cls.good["distilbert"], max_length=32), cls.shared / "trained"
        run("train", "--train-dir", cls.data / "train", "--max-steps", 1, "--device", "cpu", "--model-dir", cls.trained,
            check=True)

    def model(self, kind="distilbert", copy="model"):
        return pathlib.Path(shutil.copytree(self.good[kind], self.dir / copy))

    def tokenize(self, model, line):
        return run("tokenize", "--model", model, input=line + "\n")

    def test_every_number_has_a_range_and_what_is_outside_is_refused_with_it(self):
        for command, option in COMMANDS.items():
            numbers = re.findall(r"^  (--\S+) \S*?((?:UINT|INT|FLOAT)\b.*)", run(command, "--help").stdout, re.M)
            self.assertGreater(len(numbers), 0, command)
            for name, kind in numbers:
                self.assertRegex(kind, r"(UINT|FLOAT) in \[", f"{command} {name}")
            done = run(command, f"--{option}", "nan")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(done.stderr, rf"--{option}: is 'nan'; accepted: a whole number from \d+ to \d+")

    def test_the_ends_of_a_range(self):
        done = run("train", "--learning-rate=nan")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--learning-rate: is 'nan'; accepted: a number from 0 to 1e+38", done.stderr)
        # Taken: what is missing then is the data.
        done = run("train", "--adam-beta2=0", "--epochs=010", "--warmup-ratio=1", "--learning-rate=0",
                       f"--seed={2**64 - 1}", "--dropout=1")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("no training data", done.stderr)

    def test_of_two_equal_keys_the_later_counts_as_in_python(self):
        model = self.model()
        once = self.tokenize(model, '{"text": "a good film"}')
        twice = self.tokenize(model, '{"text": 7, "text": "bad", "text": "a good film"}')
        self.assertEqual(twice.returncode, 0, twice.stderr)
        self.assertEqual(twice.stdout, once.stdout)
        self.assertEqual(json.loads('{"text": 7, "text": "bad"}')["text"], "bad")
        last_is_none = self.tokenize(model, '{"text": "a good film", "text": 7}')
        self.assertEqual(last_is_none.returncode, 3)
        self.assertIn("stdin:1: ", last_is_none.stderr)

    def test_json_that_nests_without_end_is_refused_with_its_place(self):
        for number, deep in enumerate(("[" * 200_000, "[" * 200_000 + "]" * 200_000, '{"a":' * 200_000)):
            model = self.model(copy=f"model-{number}")
            done = self.tokenize(model, '{"text": ' + deep)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertRegex(done.stderr, r"stdin:1: line 1, column \d+: the JSON nests too deeply")
            for name in ("tokenizer.json", "config.json"):
                (model / name).write_text('{"version": ' + deep)
                done = run("predict", "--model", model, "a")
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertRegex(done.stderr, rf"{name}: line 1, column \d+: the JSON nests too deeply")

    def test_a_vocabulary_that_was_cut_off_is_noticed(self):
        model = self.model()
        config, whole = json.loads((model / "config.json").read_text()), (model / "vocab.txt").read_text()
        self.assertEqual(self.tokenize(model, '{"text": "a film"}').stderr, "")
        lines = whole.splitlines(keepends=True)
        (model / "vocab.txt").write_text("".join(lines[:len(lines) // 2]))
        for done in (self.tokenize(model, '{"text": "a film"}'),
                     run("prepare", "--model", model, "--input", REVIEWS, "--output", self.dir / "data")):
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stderr, rf"warning: {model}/vocab.txt has ids up to {len(lines) // 2 - 1}, the "
                                          rf"vocab_size of {model}/config.json is {config['vocab_size']}: "
                                          rf"{config['vocab_size'] - len(lines) // 2} tokens of the model are never")
        (model / "vocab.txt").write_text(whole[:len(whole) // 2 // 10 * 10].rstrip("\n"))  # within a line
        done = self.tokenize(model, '{"text": "a film"}')
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"vocab.txt: byte \d+: the file ends within a line, with fewer tokens")

    def test_a_padded_vocab_size_is_no_cut(self):
        model = self.model()
        config = json.loads((model / "config.json").read_text())
        tokens = config["vocab_size"]
        for vocab_size, said in ((-(-tokens // 64) * 64, False), (-(-tokens // 64) * 64 + 64, False),
                                 (tokens + 256, True), (tokens // 8 * 8 + 9, True)):
            (model / "config.json").write_text(json.dumps({**config, "vocab_size": vocab_size}))
            done = self.tokenize(model, '{"text": "a film"}')
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("warning" in done.stderr, said, (tokens, vocab_size, done.stderr))

    def test_a_tokenizer_with_ids_that_the_model_lacks(self):
        model = self.model()
        config = json.loads((model / "config.json").read_text())
        (model / "config.json").write_text(json.dumps({**config, "vocab_size": config["vocab_size"] - 1}))
        done = run("prepare", "--model", model, "--input", REVIEWS, "--output", self.dir / "data")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"vocab.txt has ids up to \d+, the vocab_size of .*config.json is \d+")
        self.assertIn("are refused", self.tokenize(model, '{"text": "a film"}').stderr)

    def test_merges_that_were_cut_off_are_noticed_and_damaged_ones_refused(self):
        model = self.model("roberta")
        self.assertEqual(self.tokenize(model, '{"text": "a film"}').stderr, "")
        lines = (model / "merges.txt").read_text().splitlines(keepends=True)
        (model / "merges.txt").write_text("".join(lines[:len(lines) // 2]))
        done = self.tokenize(model, '{"text": "a film"}')
        self.assertRegex(done.stderr, r"warning: .*vocab.json: \d+ of its tokens are made by none of the \d+ merges")
        lines[7] = "q zq\n"
        (model / "merges.txt").write_text("".join(lines))
        done = self.tokenize(model, '{"text": "a film"}')
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"merges.txt:8: needs the token '\w+', which vocab.json lacks")

    def prepare(self, model, *arguments):
        return run("prepare", "--model", model, "--input", REVIEWS, "--output", self.dir / "data", *arguments)

    def test_preparing_anew_leaves_nothing_of_another_model(self):
        first, second, train = self.model(copy="first"), self.model("roberta", "second"), self.dir / "data/train"
        (first / "model.safetensors.index.json").write_text('{"weight_map": {"v": "part-a.safetensors"}}')
        (first / "part-a.safetensors").write_text("not read here")
        (second / "pytorch_model.bin").write_text("not read here")
        taken = lambda: {path.name for path in train.iterdir() if path.suffix != ".xpshard"}
        for model, arguments in ((first, ()), (second, ()), (second, ("--no-weights",))):
            done = self.prepare(model, *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            want = {path.name for path in model.iterdir()} | {"prepared.json"}
            self.assertEqual(taken(), want - {"pytorch_model.bin"} if arguments else want)

    def test_a_label_of_the_test_data_only_is_said_with_the_file(self):
        (self.dir / "train.csv").write_text("text,label\na,x\nb,y\n")
        (self.dir / "odd.csv").write_text("text,label\na,z\n")
        done = run("prepare", "--model", self.model(), "--input", self.dir / "train.csv", "--test-input",
                       self.dir / "odd.csv", "--output", self.dir / "data")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(f"{self.dir}/odd.csv: the label 'z' is in the test data only", done.stderr)

    def test_test_data_are_of_the_format_that_their_own_name_says(self):
        data, model = self.dir / "in", self.good["distilbert"]
        data.mkdir()
        (data / "train.csv").write_text("text,label\na,x\nb,y\n")
        (data / "b.tsv").write_text("text\tlabel\na, and more\tx\n")
        prepare = lambda *arguments: run("prepare", "--model", model, "--output", self.dir / "data", *arguments)
        done = prepare("--input", data / "train.csv", "--test-input", data / "b.tsv")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("test: 1 examples", done.stderr)
        as_said = prepare("--input", data / "train.csv", "--test-input", data / "b.tsv", "--format", "csv")
        self.assertEqual(as_said.returncode, 3, as_said.stderr)
        (data / "test.jsonl").write_text('{"text": "a", "label": "x"}\n' * 2)
        done = prepare("--input", data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("test: 2 examples", done.stderr)
        done = prepare("--input", data / "train.csv", "--test-input", data)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("in: is no file of test examples; accepted: a .csv, .tsv or .jsonl", done.stderr)
        (data / "train.jsonl").write_text("")
        done = prepare("--input", data)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("in has both train.jsonl and train.csv", done.stderr)

    def test_lines_that_cannot_be_read_are_an_error(self):
        model = self.model()
        for arguments in (("tokenize", self.dir), ("predict", "--input", self.dir),
                          ("predict", "--ids", "--input", self.dir)):
            done = run(*arguments, "--model", model)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(f"cannot read {self.dir}: Is a directory", done.stderr)

    def test_a_review_that_is_no_file_is_named(self):
        for name, make in (("8_8.txt", lambda path: path.mkdir()), ("9_9.txt", os.mkfifo)):
            with self.subTest(name):
                root = self.dir / name
                for folder in ("train/neg", "train/pos", "test/neg", "test/pos"):
                    (root / folder).mkdir(parents=True)
                    (root / folder / "1_7.txt").write_text("a fine film")
                make(root / "train/pos" / name)
                done = run("vocab", "--output", self.dir / "v", root)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(f"train/pos/{name}: is no regular file", done.stderr)

    def test_an_empty_model_is_no_folder(self):
        for command in (("tokenize",), ("predict", "a text"), ("prepare", "--input", REVIEWS, "--output", self.dir)):
            done = run(*command, "--model", "", input="")
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("--model is empty: it takes a model's folder, or hub:NAME", done.stderr)

    def test_a_line_that_is_no_text_is_named(self):
        for command in ("tokenize", "predict"):
            for line, problem in (('{"txt": "a film"}', 'expected {"text": "..."}'), ('{"text": 7}', "expected"),
                                  ('{"text": "a film"', r"line 1, column \d+: ")):
                done = run(command, "--model", self.good["distilbert"], input='\n{"text": "a film"}\n' + line + "\n")
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertRegex(done.stderr, f"^xptrain: stdin:3: {problem}")

    def test_fewer_threads_than_were_asked_for_prepare_the_same(self):
        def prepare(threads, stack=None):
            def few():  # as a thread takes `stack` of 5 GiB of addresses
                resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))
                resource.setrlimit(resource.RLIMIT_AS, (5 << 30, 5 << 30))
            return run("prepare", "--model", self.good["distilbert"], "--input", REVIEWS, "--output", self.dir / "data",
                       "--threads", threads, preexec_fn=few if stack else None,
                       env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})

        made = lambda: (self.dir / "data/train/shard-00000.xpshard").read_bytes()
        self.assertEqual(prepare(threads=1).returncode, 0)
        whole = made()
        shutil.rmtree(self.dir / "data")
        few = prepare(threads=64, stack=1 << 30)
        self.assertEqual(few.returncode, 0, few.stderr)
        self.assertEqual(made(), whole)
        none = prepare(threads=64, stack=1 << 40)
        self.assertEqual(none.returncode, 5, none.stderr)
        self.assertIn("no thread can be started", none.stderr)

    def test_each_text_and_each_line_has_its_answer(self):
        def answers(*arguments, **how):
            done = run("predict", "--model", self.trained, *arguments, check=True, **how)
            return [json.loads(line)["logits"][0] for line in done.stdout.splitlines()]

        def assert_same(ours, theirs):  # but for the digits that depend on who shares a batch
            self.assertEqual(len(ours), len(theirs))
            for a, b in zip(ours, theirs):
                self.assertAlmostEqual(a, b, delta=1e-5)

        texts = ("[a fine film, a bad end]", "[]", "[[Spoilers] a film]", "")
        lines = [answers(input=json.dumps({"text": text}) + "\n") for text in texts]
        self.assertEqual([len(line) for line in lines], [1] * 4)
        assert_same(answers(*texts), sum(lines, []))
        assert_same(answers(input="one\n\n \r\nfour\n"), answers("one", "", " ", "four"))

    def test_a_model_of_no_numbers_predicts_none(self):
        model = pathlib.Path(shutil.copytree(self.trained, self.dir / "model"))
        content = bytearray((model / "model.safetensors").read_bytes())
        content[-64:] = b"\xff" * 64  # NaN
        (model / "model.safetensors").write_bytes(content)
        done = run("predict", "--model", model, "a film")
        self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
        self.assertIn("the logits of text 1 are no numbers", done.stderr)

    def test_weights_that_are_no_file_are_refused(self):
        for make in (os.mkfifo, os.mkdir):
            model = self.model(copy=make.__name__)
            make(model / "pytorch_model.bin")
            done = run("predict", "--model", model, "a film")
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("pytorch_model.bin: is no regular file", done.stderr)

    def test_a_config_file_is_read_as_arguments_are(self):
        config = self.dir / "config.ini"
        train = lambda: run("--config", config, "train", "--train-dir", self.data / "train", "--device", "cpu")
        for text in ("[train]\nmax_steps = 1\nLogging-Steps = 1\n", "train.max-steps = 1\ntrain.logging_steps = 1\n"):
            config.write_text(text)
            done = train()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("{'loss': ", done.stdout)
            self.assertIn("'train_steps_per_second'", done.stdout)
        for text in ("[train]\nbogus=3\n", "epochs=1\n", "[train\nepochs 1\n"):
            config.write_text(text)
            done = train()
            self.assertEqual((done.returncode, done.stdout), (2, ""), text + done.stderr)

    def test_arguments_that_contradict_each_other_or_are_none(self):
        for arguments, said in ((("--bf16", "--precision", "fp32"), "excludes"), (("--fp16", "--bf16"), "excludes"),
                                (("--device", "tpu"), "is 'tpu'; accepted: auto, cpu, cuda, cuda:N"),
                                (("--device", "cuda:x"), "is 'cuda:x'; accepted: auto, cpu, cuda, cuda:N")):
            done = run("train", *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(said, done.stderr)

    def test_too_few_addresses_are_said_before_anything_else(self):
        ends = set()
        for mebibytes in range(400, 2000, 300):  # from where not even the libraries are loaded
            limit = mebibytes << 20
            done = run("predict", "--model", self.trained, "a film", "--threads", 1,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
            if done.returncode == 5:
                self.assertRegex(done.stderr, "^xptrain: the kernel refuses 1 GiB more of addresses")
            ends.add(done.returncode)
        self.assertIn(5, ends)
        self.assertLessEqual(ends, {0, 5, 127})

    def test_texts_exclude_a_file_of_texts(self):
        for other in (("--input", "-"), ("--ids",)):
            done = run("predict", "--model", self.dir, *other, "a text")
            self.assertEqual(done.returncode, 2)
            self.assertIn("excludes", done.stderr)

    def test_a_closed_standard_output_is_no_files_descriptor(self):
        done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", XPTRAIN, "tokenize", "--model", str(self.model())],
                              input='{"text": "a film"}\n', capture_output=True, text=True, timeout=100)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cannot write to stdout", done.stderr)

    def on_terminal(self, columns, term):
        """What `prepare` writes to a terminal of that width."""
        reader, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name != "TERM"}
        done = run("prepare", "--model", self.good["distilbert"], "--input", REVIEWS, "--output", self.dir / "data",
                   stderr=terminal, env=environment | ({"TERM": term} if term else {}))
        os.close(terminal)
        self.assertEqual(done.returncode, 0)
        with open(reader, "rb", buffering=0) as file:
            return file.read(1 << 16).decode()

    def test_the_bar_keeps_to_the_terminals_width(self):
        for columns in (24, 50, 80):
            bars = [line for line in self.on_terminal(columns, "xterm").split("\r\033[K") if "%" in line]
            self.assertGreater(len(bars), 0)
            self.assertLess(max(map(len, bars)), columns, bars)

    def test_a_terminal_that_cannot_erase_gets_plain_lines(self):
        for term in ("dumb", None):
            shown = self.on_terminal(80, term)
            self.assertIn("tokenising: ", shown)
            self.assertNotIn("\033", shown)

    def test_a_full_disk_says_so_and_leaves_nothing_behind(self):
        model, data = self.model(), self.dir / "data"
        def no_room():  # a write beyond 8 KiB of a file fails with EFBIG, which stands for ENOSPC
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        done = run("prepare", "--model", model, "--input", REVIEWS, "--output", data, preexec_fn=no_room,
                       restore_signals=False)  # Python ignores SIGXFSZ; so does what it starts
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(done.stderr, r"cannot write .*xpshard.part: ")
        self.assertEqual([path.name for path in data.rglob("*.part")], [])
        done = run("train", "--model", model, "--train-dir", data / "train")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("is no prepared data", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
