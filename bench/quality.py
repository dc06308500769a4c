#!/usr/bin/env python3
"""Trains model files, and the same networks in PyTorch on the same rows, and prints the rows of the
guide's tables: `./dev bench quality [ROW…]`.

The parts are drawn here, one division for each seed, and stand in a column `part` of a copy of the
table (or in folders, of pictures; or in files, of a text). yamlgrad reads them from there. What it feeds
to the network is written by `yamlgrad predict` of a model that only passes its input through, so PyTorch
trains on the very numbers. Both sides tell how many examples each part has, and must agree. A row of the
second table is a table that `yamlgrad new` writes the model for, beside models of scikit-learn with
their defaults, over five folds.

This script needs the standard library only. The peers are bench/peers/quality_peer.py and
bench/peers/tables_peer.py.
"""

import argparse
import csv
import glob
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from quality_rows import COLUMNS, HEADS, ROWS, in_guide, line_of, peer_of
from run import ROOT, find_peer, progress

MODELS = ROOT / "models"
GUIDE = ROOT / "docs" / "guide.md"
MISSING = ("", "NA")
WINDOW = 65  # characters, as char_lstm.yaml and char_gpt.yaml read them


# ------------------------------------------------------------------------------------- the parts --


def draw(classes, fractions, generator):
    """A part for each example: each class in proportion, by {part: fraction}; the others are train."""
    parts = ["train"] * len(classes)
    for each in sorted(set(classes)):
        of_class = [i for i, one in enumerate(classes) if one == each]
        generator.shuffle(of_class)
        for part, fraction in fractions.items():
            count = round(fraction * sum(one == each for one in classes))
            for i in of_class[:count]:
                parts[i] = part
            del of_class[:count]
    return parts


def last_ones(times, fractions):
    """A part for each row: `test` has the last times, `validation` those before them."""
    known, parts = sorted(set(times)), {}
    for part in ("test", "validation"):
        for time in range(round(fractions[part] * len(set(times)))):
            parts[known.pop()] = part
    return [parts.get(time, "train") for time in times]


def read_table(path):
    with open(path, newline="") as file:
        head, *rows = csv.reader(file)
    return head, rows


def write_table(path, head, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def fractions_of(model):
    found = re.findall(r"^  (validation|test): \{from: train, fraction: ([0-9.]+)", model, re.MULTILINE)
    return {part: float(fraction) for part, fraction in found}


def replace_parts(model, parts):
    """The model file with other lines for `train`, `validation` and `test` of its data."""
    for part, line in parts.items():
        key = r"train:(?=\n    text| \{(?:csv|images))" if part == "train" else f"{part}:"
        model, count = re.subn(rf"^  {key}.*\n(?:    .*\n)*", lambda _: f"  {part}: {line}\n", model, 1, re.MULTILINE)
        if count != 1:
            sys.exit(f"bench: quality: found no line for `{part}` in the data of a model")
    return model


def divide_table(row, model, folder, generator):
    """Writes table.csv with the column `part`. Returns the model file that reads it, and the factor."""
    name, keys = re.search(r"^  train: \{csv: ([^,]+), (.*)\}$", model, re.MULTILINE).groups()
    head, rows = read_table(MODELS / name)
    target = head.index(row.target)
    if row.time:
        parts = last_ones([cells[head.index(row.time)] for cells in rows], fractions_of(model))
    else:
        rows = [cells for cells in rows if cells[target] not in MISSING]
        classes = [cells[target] for cells in rows] if "stratify" in model else [""] * len(rows)
        parts = draw(classes, fractions_of(model), generator)
    write_table(folder / "table.csv", [*head, "part"], [[*cells, part] for cells, part in zip(rows, parts)])
    lines = {part: f"{{from: train, column: part, equals: {part}}}" for part in ("validation", "test")}
    lines["train"] = f"{{csv: table.csv, {keys}{', exclude: part' if '*' in keys else ''}}}"
    known = [cells[target] for cells, part in zip(rows, parts) if part == "train" and cells[target] not in MISSING]
    return replace_parts(model, lines), row.factor or statistics.pstdev(map(float, known))


def divide_images(row, model, folder, generator):
    """Writes a table of paths, and a folder with links for each part."""
    paths = sorted((MODELS / "data" / "digits").glob("*/*.png"))
    classes = [path.parent.name for path in paths]
    parts = draw(classes, fractions_of(model), generator)
    for path, digit, part in zip(paths, classes, parts):
        link = folder / part / digit / path.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    write_table(folder / "table.csv", ["path", "digit", "part"], zip(paths, classes, parts))
    lines = {part: f"{{images: {part}, image: image, digit: class}}" for part in ("train", "validation", "test")}
    return replace_parts(model, lines), row.factor


def divide_text(row, model, folder, generator):
    """Writes train.txt and validation.txt, of whole windows."""
    names = []
    for pattern in re.findall(r"^      - (.*)$", model, re.MULTILINE):
        names += sorted(glob.glob(pattern))
    text = "".join(Path(name).read_text() for name in names)
    windows = [text[i:i + WINDOW] for i in range(0, len(text) - WINDOW + 1, WINDOW)]
    parts = draw([""] * len(windows), fractions_of(model), generator)
    for part in ("train", "validation"):
        (folder / f"{part}.txt").write_text("".join(w for w, of in zip(windows, parts) if of == part))
    lines = {part: f"{{text: {part}.txt, unit: char, x: char}}" for part in ("train", "validation")}
    return replace_parts(model, lines), row.factor


def passes_through(model):
    """A model with the same data, whose output is its input."""
    head, rest = model.split("\ngraph:\n", 1)
    data = rest.split("\ndata:\n", 1)[1].split("\ntrain:\n")[0]
    first, target = (re.search(rf"^{key}: +\{{(\w+):", head, re.MULTILINE)[1] for key in ("inputs", "targets"))
    used = re.search(r"^vars: .*?(words: \d+)", head, re.MULTILINE)
    head = re.sub(r"^vars: .*", f"vars: {{{used[1] if used else ''}}}", head, flags=re.MULTILINE)
    return (f"{head}\noutputs: {{fed: {first}}}\nloss: mean(cast({target}, dtype=f32))\ndata:\n{data}\n"
            .replace("\nname: ", "\nname: fed_"))


# ------------------------------------------------------------------------------------- both sides --


def command(folder, *words):
    done = subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench: quality: {' '.join(map(str, words[:3]))} failed:\n{done.stderr}")
    return done.stdout


def ours(row, seed, folder, yamlgrad):
    """Trains. Returns the score, and how many examples each part has."""
    model = (MODELS / f"{row.name}.yaml").read_text()
    divide = {"images": divide_images, "text": divide_text}.get(row.kind, divide_table)
    model, factor = divide(row, model, folder, random.Random(seed))
    (folder / "model.yaml").write_text(model)
    if row.kind in ("table", "images"):
        fed = model
        if "sequences:" in model:  # texts of all lengths are of one here; the peer sees where they end
            fed = (MODELS / "messages.yaml").read_text()
            fed = fed.replace("[B, 48]", "[B, 256]").replace("length: 48", "length: 256")
            fed = divide_table(row, fed, folder, random.Random(seed))[0]
        (folder / "fed.yaml").write_text(passes_through(fed))
        rows = ["table.csv"]
        if row.kind == "images":
            rows = [cells[0] for cells in read_table(folder / "table.csv")[1]]
        command(folder, yamlgrad, "predict", "fed.yaml", *rows, "-o", "fed.npz")
    parts = json.loads(command(folder, yamlgrad, "data", "model.yaml", "--json"))["parts"]
    parts = {part: count for part, count in parts.items() if count}
    lines = command(folder, yamlgrad, "train", "model.yaml", "--seed", seed, "--threads", 1, "--no-report", "--json")
    (folder / "task.json").write_text(json.dumps({"seed": seed, "factor": factor}))
    return json.loads(lines.splitlines()[-1])[row.score] * factor, parts


def ours_new(row, fold, folder, yamlgrad):
    """The same of a fold of a table, with the model file that `new` writes."""
    head, rows = read_table(MODELS / "data" / f"{row.name.removesuffix('_new')}.csv")
    target = head.index(row.target)
    rows = [cells for cells in rows if cells[target] not in MISSING]
    random.Random(0).shuffle(rows)
    if row.score == "accuracy":  # then each class is spread over all folds
        rows.sort(key=lambda cells: cells[target])
    parts = {"train": [c for i, c in enumerate(rows) if i % row.seeds != fold - 1],
             "test": [c for i, c in enumerate(rows) if i % row.seeds == fold - 1]}
    for part, cells in parts.items():
        write_table(folder / f"{part}.csv", head, cells)
    task = {"seed": fold, "factor": row.factor, "target": row.target, "score": row.score}
    (folder / "task.json").write_text(json.dumps(task))
    command(folder, yamlgrad, "new", "train.csv", "--target", row.target, "-o", "model.yaml")
    command(folder, yamlgrad, "train", "model.yaml", "--seed", fold, "--threads", 1, "--no-report", "--out", "run")
    command(folder, yamlgrad, "predict", "run/model.yaml", "test.csv", "-o", "answers.csv")
    head, answers = read_table(folder / "answers.csv")
    pairs = [(a[head.index(row.target)], cells[target]) for a, cells in zip(answers, parts["test"], strict=True)]
    if row.score == "accuracy":
        score = statistics.mean(a == b for a, b in pairs)
    else:
        score = statistics.mean(abs(float(a) - float(b)) for a, b in pairs)
    return score * row.factor, {part: len(cells) for part, cells in parts.items()}


def measure(row, arguments):
    """{column: a score for each seed}"""
    scores = {"yamlgrad": []}
    with tempfile.TemporaryDirectory(prefix="yamlgrad-quality-") as scratch:
        folders, parts = [], []
        count = arguments.seeds or row.seeds
        if row.kind == "new":  # there are no more folds
            count = min(count, row.seeds)
        for seed in range(1, count + 1):
            folders.append(Path(scratch) / f"{seed}")
            folders[-1].mkdir()
            score, counts = (ours_new if row.kind == "new" else ours)(
                row, seed, folders[-1], arguments.programs.resolve() / "yamlgrad")
            scores["yamlgrad"].append(score)
            parts.append(counts)
        peer = peer_of(row)
        python = find_peer(peer, arguments.venv, arguments.programs) if arguments.peers != "none" else None
        if not python:
            if arguments.peers != "none":
                progress(f"   {peer.name}: not installed")
            return scores
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        done = subprocess.run([python, ROOT / "bench" / "peers" / peer.script, row.name, *folders],
                              stdout=subprocess.PIPE, text=True, env=environment, check=True)
        for line, counts in zip(done.stdout.splitlines(), parts, strict=True):
            answer = json.loads(line)
            if answer["parts"] != counts:
                sys.exit(f"bench: quality: {row.name}: {peer.name} read {answer['parts']}, yamlgrad {counts}")
            for name in COLUMNS[peer]:
                scores.setdefault(name, []).append(answer["scores"][name])
    return scores


def main():
    parser = argparse.ArgumentParser(prog="./dev bench quality", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="ROW", help=", ".join(row.name for row in ROWS) + " (default: all)")
    parser.add_argument("--seeds", type=int, metavar="N", help="other than the row's own number of divisions and seeds")
    parser.add_argument("--peers", default="", metavar="none", help="train with yamlgrad only")
    parser.add_argument("--page", action="store_true", help="put the rows that have all peers into docs/guide.md")
    parser.add_argument("--programs", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "bench-venv")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {row.name for row in ROWS}
    if unknown:
        sys.exit(f"bench: quality: no row is called {', '.join(sorted(unknown))}")
    for row in ROWS:
        in_guide(row, GUIDE.read_text())
    head = None
    for row in [row for row in ROWS if not arguments.names or row.name in arguments.names]:
        progress(f"== {row.name}")
        scores = measure(row, arguments)
        line = line_of(row, scores)
        if HEADS[peer_of(row)] != head:
            head = HEADS[peer_of(row)]
            print(head)
        print(line, flush=True)
        for name, values in scores.items():
            progress(f"   {name}: {' '.join(f'{value:.{row.digits + 1}f}' for value in values)}")
        if arguments.page and len(scores) == 1 + len(COLUMNS[peer_of(row)]):
            text = GUIDE.read_text()
            GUIDE.write_text(text.replace(in_guide(row, text), line))


if __name__ == "__main__":
    main()
