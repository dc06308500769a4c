#!/usr/bin/env python3
"""No message about a file that is no text quotes its bytes.

    binary_errors.py YAMLGRAD

Files of every binary format get every ending that yamlgrad reads, so that each reader meets each
format. The bytes of a wrong query are the query's, with a caret below the wrong word.
"""

import gzip
import io
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

ENDINGS = ["csv", "csv.gz", "jsonl", "txt", "npy", "npz", "safetensors", "idx", "idx.gz", "png", "db"]
TABLES = ["csv", "jsonl", "db"]
MODEL = """format: 1
name: m
inputs: {x: [B, 2]}
targets: {y: [B]}
params: {w: {shape: [2], init: ones}}
graph: {h: "sum(x * w, dim=1)"}
outputs: [h]
loss: mse(h, y)
data: {train: {csv: train.csv, x: [a, b], y: y}}
train: {epochs: 1, optimizer: {type: sgd, lr: 0}}
"""


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(bytes(range(20)))) + chunk(b"IEND", b""))


def npy():
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }".ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", 118) + header + struct.pack("<4d", 1, 2, 3, float("nan"))


def npz():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x.npy", npy())
    return archive.getvalue()


def safetensors():
    header = b'{"x":{"dtype":"F8_E4M3","shape":[2,2],"data_offsets":[0,4]}}'
    return struct.pack("<Q", len(header)) + header + b"abcd"


def database(path):
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("create table rows (a, b, y)")
    connection.execute("insert into rows values (1, ?, 'z')", (b"\0\1\2\xff",))
    connection.commit()
    connection.close()
    return path.read_bytes()


def contents(folder):
    table = b"a,b,y\n1,2,3\n1,x,3\n"
    return {
        "png": png(), "npy": npy(), "npz": npz(), "safetensors": safetensors(),
        "idx": bytes([0, 0, 8, 2]) + struct.pack(">II", 3, 3) + bytes(9),
        "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\n\x80\x81", "database": database(folder / "rows.db"),
        "gzip": gzip.compress(table), "twice": gzip.compress(gzip.compress(table)),
        "utf16": table.decode().encode("utf-16"), "noise": zlib.compress(bytes(range(256)) * 9)[2:],
    }


def main():
    yamlgrad = str(Path(sys.argv[1]).resolve())
    checked = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def run(*arguments):
            return subprocess.run([yamlgrad, *arguments], cwd=folder, capture_output=True)

        def check(what, good, shown):
            nonlocal checked, failed
            checked += 1
            failed += not good
            if not good:
                print(f"FAILED: {what}:\n{shown}")

        (folder / "m.yaml").write_text(MODEL)
        (folder / "train.csv").write_text("a,b,y\n1,2,3\n2,3,5\n")
        check("the model trains", run("train", "m.yaml", "--quiet").returncode == 0, "")
        for kind, data in contents(folder).items():
            for ending in ENDINGS:
                file = f"{kind}.{ending}"
                (folder / file).write_bytes(data)
                commands = [["predict", "m.yaml", file]]
                if ending in TABLES:
                    commands += [["new", file, "-t", "y"]]
                if ending == "csv":
                    commands += [["data", "m.yaml", "--data", f"train={file}"]]
                for arguments in commands:
                    got = run(*arguments)
                    shown = got.stderr.decode(errors="replace")
                    good = (got.returncode in (0, 1) and "\\x" not in shown.replace("\\x93NUMPY", "")
                            and "\ufffd" not in shown)
                    for before, line in zip(shown.split("\n"), shown.split("\n")[1:]):
                        if re.match(r" *\d+ \| ", line):  # what is quoted stands in the model
                            good = good and before.startswith("m.yaml:")
                    check(" ".join(arguments), good, shown)
        for query, word in (("select a, nope from rows", "nope"), ("select a form rows", "rows"),
                            ("select a from row", "row"), ("select a from rows where r.a > 1", "r.a")):
            shown = run("new", "rows.db", "-t", "y", "--query", query).stderr.decode()
            caret = " " * (2 + query.rindex(word)) + "^"
            check(query, f"  {query}\n{caret}\n" in shown, shown)
    print(f"{checked - failed} passed, {failed} failed")
    return 1 if failed or checked < 150 else 0


if __name__ == "__main__":
    sys.exit(main())
