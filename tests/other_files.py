#!/usr/bin/env python3
"""Models are asked about files of another kind than they were trained on, and about files that only
look like tables: pictures in a database, lines of text, folders. Models without parameters need no
training.

    other_files.py YAMLGRAD
"""

import gzip
import json
import os
import random
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import zlib
from pathlib import Path

PLAIN = """format: 1
inputs: {x: [B, 2]}
targets: {y: [B]}
graph: {h: "sum(x, dim=1)"}
outputs: {h: {value: h, units: y}}
loss: mse(h, y)
data:
  train: {csv: plain.csv, x: [a, b], y: y}
  standardize: [x, y]
train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}
"""


SEMICOLONS = """format: 1
inputs: {x: [B, 2]}
targets: {y: [B]}
graph: {p: {type: linear, input: x, out_features: 1}}
outputs: [p]
loss: mse(p[:, 0], y)
data:
  train:
    csv: semi.csv
    delimiter: ;
    decimal: ","
    comment: "#"
    na_values: ["-", "don't know"]
    x: [a, b]
    y: y
  columns: {a: {missing: drop}}
train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}
"""


def png(value):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes((value + x + y) % 256 for x in range(8)) for y in range(8))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_files(folder):
    random.seed(3)
    kinds = ["dark", "light"]
    pictures = [(f"p/{i}.png", kinds[i % 2], png(i % 2 * 150 + random.randrange(50))) for i in range(40)]
    (folder / "p").mkdir()
    for path, kind, data in pictures:
        (folder / path).write_bytes(data)
        (folder / "f" / kind).mkdir(parents=True, exist_ok=True)
        (folder / "f" / kind / Path(path).name).write_bytes(data)
    with sqlite3.connect(folder / "p.db") as base:
        base.execute("create table good (id integer primary key, kind, photo blob, n)")
        base.execute("create table gaps (kind, photo blob)")
        base.execute("create table bad (id integer primary key, kind, photo blob, same, note)")
        base.execute("create table mixed (kind, photo blob, n)")
        for i, (_, kind, data) in enumerate(pictures):
            base.execute("insert into good values (?, ?, ?, ?)", (i + 1, kind, data, i % 7))
            base.execute("insert into gaps values (?, ?)", (kind, data if i % 4 else None))
            base.execute("insert into bad values (?, ?, ?, 3, ?)", (i + 1, kind, b"\0\1" * i, f"{i} {i * i}"))
            base.execute("insert into mixed values (?, ?, ?)", (kind, data if i % 2 else 7, i % 5))
    with open(folder / "p.csv", "w") as table, open(folder / "p.jsonl", "w") as lines:
        table.write("file,kind\n")
        for path, kind, _ in pictures:
            table.write(f"{path},{kind}\n")
            lines.write(json.dumps({"file": path, "kind": kind}) + "\n")
    (folder / "gone.csv").write_text("file,kind\np/0.png,dark\np/gone.png,light\np/1.png,dark\np/2.png,light\n")
    rows = ["message,kind"]
    for i in range(20):
        rows += [f"call me later about item {i} please,ham", f"cash offer {i} wins big now today,spam"]
    (folder / "m.csv").write_text("\n".join(rows) + "\n")
    (folder / "lines.txt").write_text("cash wins, big\n\ncall me about it\n")
    (folder / "lines.txt.gz").write_bytes(gzip.compress(b"cash wins, big\n\ncall me about it\n"))
    (folder / "rows.txt").write_text('message\n"cash wins, big"\ncall me about it\n')
    (folder / "table.txt").write_text("message,kind\ncash wins big,spam\n")
    (folder / "plain.csv").write_text("a,b,y\n1,2,3\n2,5,7\n4,1,5\n")
    (folder / "semi.jsonl").write_text('{"a": 1.5, "b": 2, "y": 3}\n')
    (folder / "plain.yaml").write_text(PLAIN)
    (folder / "bare.yaml").write_text("format: 1\ninputs: {x: [B, 2]}\ngraph: {h: \"sum(x, dim=1)\"}\noutputs: [h]\n")


def main():
    yamlgrad = str(Path(sys.argv[1]).resolve())
    checked = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder)

        def expect(what, status, pattern, *arguments):
            nonlocal checked, failed
            got = subprocess.run([yamlgrad, *arguments], cwd=folder, capture_output=True, text=True)
            shown = got.stdout + got.stderr
            good = got.returncode == status and re.search(pattern, shown, re.MULTILINE)
            checked += 1
            failed += not good
            if not good:
                print(f"FAILED: {what}: status {got.returncode}, no '{pattern}' in:\n{shown}")

        def learn(file, target, model, *options):
            expect(f"new {file}", 0, "^next: ", "new", file, "-t", target, "-o", model, *options)
            expect(f"train {model}", 0, "^results: |", "train", model, "--quiet", "--no-report", "--set",
                   "train.epochs=15")

        # Pictures in a database, and by their paths.
        learn("p.db", "kind", "db.yaml", "--table", "good")
        for line in (r"^inputs: \{image: \[B, 8, 8\]\}$", r"^    image: photo$", r"^    photo: \{kind: image\}$"):
            text = (folder / "db.yaml").read_text()
            checked += 1
            if not re.search(line, text, re.MULTILINE):
                failed += 1
                print(f"FAILED: db.yaml has no {line}:\n{text}")
        learn("p.csv", "kind", "csv.yaml")
        learn("p.jsonl", "kind", "jsonl.yaml")
        learn("p.db", "kind", "gaps.yaml", "--table", "gaps")
        expect("data tells them", 0, "^photo +pictures +10 +image$", "data", "gaps.yaml")
        expect("a gap has no answer", 1, "row 1, column 'photo': a missing value; the model was trained without",
               "predict", "gaps.yaml", "p.db")
        for model in ("db.yaml", "csv.yaml", "jsonl.yaml"):
            expect(f"{model}: accuracy", 0, "^accuracy +(1|0.9)", "eval", model)
            expect(f"{model}: of a file", 0, r"^0\.[0-9]+,[0-9.e-]+,dark$", "predict", model, "p/0.png")
            expect(f"{model}: of a folder", 0, r"^f?.*light/1.png,light,[0-9.e-]+,0\.[0-9]+,light$", "predict",
                   model, "f", "--keep", "*")
            # One thread: gcc 12's leak checker takes a wrong address for thread-local memory of a library
            # that was opened, and ends with a signal.
            expect(f"{model}: eval of a folder", 0, "^examples +40$", "eval", model, "--data", "test=f",
                   "--threads", "1")
        expect("others leave out", 1, r"^  without 'photo': 40 of its cells are BLOBs that are no pictures$", "new",
               "p.db", "-t", "kind", "--table", "bad")
        expect("each with its reason", 1, r"^  without 'same': it is the same in every row$", "new", "p.db", "-t",
               "kind", "--table", "bad")
        expect("some pictures", 0, "without 'photo': 20 of its 40 cells are pictures, others not", "new", "p.db",
               "-t", "kind", "--table", "mixed")
        expect("a picture that is not there", 1, "^gone.csv:3:1: error: row 2, column 'file': '.*p/gone.png': cannot",
               "new", "gone.csv", "-t", "kind")

        # Lines of text for a model of one column.
        learn("m.csv", "kind", "m.yaml")
        expect("lines", 0, r'^"cash wins, big",.*,spam$', "predict", "m.yaml", "lines.txt", "--keep", "*")
        expect("an empty line too", 0, r'^,0.*,(ham|spam)$', "predict", "m.yaml", "lines.txt", "--keep", "line")
        expect("compressed lines", 0, r'^"cash wins, big",.*,spam$', "predict", "m.yaml", "lines.txt.gz", "--keep", "*")
        expect("a table that ends in .txt", 0, r'^"cash wins, big",.*,spam$', "predict", "m.yaml", "rows.txt",
               "--keep", "message")
        expect("a table that --data names", 0, "^examples +1$", "eval", "m.yaml", "--data", "train=table.txt")
        os.mkfifo(folder / "pipe.txt")
        writer = threading.Thread(target=(folder / "pipe.txt").write_text, args=("cash wins\ncall me\nbig offer\n",))
        writer.start()  # it waits until the pipe is opened
        expect("lines of a named pipe", 0, r'(?s)^"cash wins",.*^"call me",.*^"big offer",', "predict", "m.yaml", "pipe.txt",
               "--keep", "line")
        writer.join()
        expect("two files", 0, r'(?s)^"cash.*^"call.*^"cash.*^"call', "predict", "m.yaml", "lines.txt", "lines.txt",
               "--keep", "*")

        # A part that --data adds is read as the training part is, in the copy of the model too.
        (folder / "semi.csv").write_text("# a note\na;b;y\n1,5;2;3,5\n2;5;7\n-;1;5\n")
        (folder / "semi.yaml").write_text(SEMICOLONS)
        expect("its keys", 0, "^test +2$", "data", "semi.yaml", "--data", "test=semi.csv")
        expect("its keys, in training", 0, "", "train", "semi.yaml", "--data", "test=semi.csv", "--quiet",
               "--no-report", "--out", "semi")
        expect("its keys, in the copy", 0, "^data +test\nexamples +2$", "eval", "semi/model.yaml")
        expect("another kind has none of them", 0, "^test +1$", "data", "semi.yaml", "--data", "test=semi.jsonl")

        # Without parameters.
        expect("nothing to load", 0, r"^h\n2\.61", "predict", "plain.yaml", "plain.csv")
        expect("nothing to score", 0, "^examples +3$", "eval", "plain.yaml")
        expect("another file", 0, "^examples +3$", "eval", "plain.yaml", "--data", "plain.csv")
        expect("weights that were named", 1, "there are no weights 'w.safetensors'", "eval", "plain.yaml",
               "--weights", "w.safetensors")
        for command in ("train", "cv", "grad"):
            expect(f"{command}: nothing to train", 1, "has no parameters, so there is nothing to train; `eval` and",
                   command, "plain.yaml")
        expect("nothing to train, without a section", 1, "has no parameters", "train", "bare.yaml")
        for command in ("check", "show", "data"):
            expect(command, 0, "", command, "plain.yaml")
        (folder / "rows2.csv").write_text("x.0,x.1\n1,2\n")
        expect("without data", 0, "^h\n3$", "predict", "bare.yaml", "rows2.csv")
    print(f"{checked - failed} passed, {failed} failed")
    return 1 if failed or checked < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
