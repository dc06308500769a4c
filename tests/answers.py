#!/usr/bin/env python3
"""`yamlgrad predict` as a co-process: a row in, its answer out, before the next row is written.

    answers.py YAMLGRAD
"""

import json
import os
import select
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

PATIENCE = 60  # seconds; an answer takes milliseconds, but a machine may be busy

PLAIN = """format: 1
inputs: {{x: [B, 2]}}
targets: {{y: [B]}}
graph: {{h: "sum(x, dim=1)"}}
outputs: [h]
loss: mse(h, y)
data: {{train: {{{file}, x: [a, b], y: y}}}}
"""

LINES = """format: 1
inputs: {x: {shape: [B, 8], dtype: i32}}
graph: {h: "sum(cast(x, f32), dim=1)"}
outputs: [h]
data: {train: {text: t.txt, x: line}, columns: {line: {kind: text, tokens: byte, length: 8}}}
"""

PICTURES = """format: 1
inputs: {{image: [B, 2, 2]}}
targets: {{k: {{shape: [B], dtype: i32, classes: [a, b]}}}}
graph: {{h: "sum(sum(image, dim=2), dim=1)"}}
outputs: [h]
loss: "cross_entropy(stack([h, -h], dim=1), k)"
data: {{train: {{{file}, image: {column}, k: {kind}}}, columns: {{{column}: image}}}}
"""

WINDOWS = """format: 1
inputs: {x: [B, 3, 1]}
targets: {y: [B, 1]}
graph: {s: "sum(x, dim=1)"}
outputs: [s]
loss: mse(s, y)
data: {train: {csv: s.csv, x: [v], y: [v]}, windows: {length: 3, horizon: 1}}
"""


def png(value):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress((b"\0" + bytes([value] * 2)) * 2)) + chunk(b"IEND", b""))


def make_files(folder):
    (folder / "a.csv").write_text("a,b,y\n1,2,3\n3,4,7\n")
    (folder / "a.jsonl").write_text('{"a": 1, "b": 2, "y": 3}\n{"a": 3, "b": 4, "y": 7}\n')
    (folder / "t.txt").write_text("one\ntwo\n")
    (folder / "s.csv").write_text("v\n" + "".join(f"{i}\n" for i in range(9)))
    for i, kind in enumerate(("a", "b")):
        (folder / "f" / kind).mkdir(parents=True)
        (folder / "f" / kind / f"{i}.png").write_bytes(png(i + 1))
    (folder / "p.csv").write_text("file,k\nf/a/0.png,a\nf/b/1.png,b\n")
    for name, text in (("csv", PLAIN.format(file="csv: a.csv")), ("jsonl", PLAIN.format(file="jsonl: a.jsonl")),
                       ("lines", LINES), ("windows", WINDOWS),
                       ("paths", PICTURES.format(file="csv: p.csv", column="file", kind="k")),
                       ("folder", PICTURES.format(file="images: f", column="image", kind="class"))):
        (folder / f"{name}.yaml").write_text(text)


# The model, what is written first, then each row with its answers: the lines that must come before
# the next row is written.
CASES = [
    ("csv", "b,a\n", [("2,1\n", ["h", "3"]), ("40,2\n", ["42"]), ('"0.5",1\n', ["1.5"])]),
    ("csv", "", [("a,b\n1,2\n", ["h", "3"]), ("1,2\n3,4\n", ["3", "7"])]),
    ("jsonl", "", [('{"a": 1, "b": 2}\n', ["h", "3"]), (json.dumps({"b": -1, "a": 1}) + "\n", ["0"])]),
    ("lines", "", [("\x41\n", ["h", "67"]), ("\n", ["0"]), ("AA\n", ["134"])]),
    ("windows", "v\n", [("1\n", []), ("2\n", []), ("3\n", ["s", "6"]), ("4\n", ["9"]), ("10\n", ["17"])]),
    ("paths", "file\n", [("f/a/0.png\n", ["h", "4"]), ("f/b/1.png\n", ["8"])]),
    ("folder", "image\n", [("f/b/1.png\n", ["h", "8"]), ("f/a/0.png\n", ["4"])]),
]


def read_lines(process, count):
    """The next lines, or those that come before patience ends."""
    text = b""
    while text.count(b"\n") < count:
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        piece = os.read(process.stdout.fileno(), 4096) if ready else b""
        if not piece:
            break
        text += piece
    return text.decode().splitlines()


def ask(yamlgrad, folder, model, first, rows, options):
    """None, or what went wrong."""
    process = subprocess.Popen([yamlgrad, "predict", f"{model}.yaml", *options], cwd=folder, bufsize=0,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        process.stdin.write(first.encode())
        for row, answers in rows:
            process.stdin.write(row.encode())
            got = read_lines(process, len(answers))
            if got != answers:
                return f"after {row!r}: {got}, expected {answers}; {process.poll()}"
        process.stdin.close()
        rest = process.stdout.read().decode()
        error = process.stderr.read().decode()
        return None if process.wait() == 0 and not rest and not error else f"at the end: {rest!r} {error!r}"
    except BrokenPipeError:
        return f"it has ended: {process.stderr.read().decode()!r}"
    finally:
        process.kill()
        process.wait()


def main():
    yamlgrad = str(Path(sys.argv[1]).resolve())
    failed = checked = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder)
        for options in (["--threads", "1"], ["--threads", "2", "--batch-size", "2"]):
            for model, first, rows in CASES:
                wrong = ask(yamlgrad, folder, model, first, rows, options)
                checked += 1
                failed += wrong is not None
                if wrong:
                    print(f"FAILED: {model} {options}: {wrong}")
    print(f"{checked - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
