#!/usr/bin/python3
"""Writes iris.csv, breast_cancer.csv and diabetes.csv from the copies in Debian's python3-sklearn.

    /usr/bin/python3 models/data/convert.py [FOLDER OF sklearn/datasets/data]

The numbers are copied as the text that they are in the source; only headers, class names and line
ends are made here. See README.md for what each file is.
"""

import csv
import gzip
import os
import sys

SOURCE = "/usr/lib/python3/dist-packages/sklearn/datasets/data"

IRIS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]

BREAST_CANCER = [
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave_points", "symmetry", "fractal_dimension",
]

DIABETES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


def write(name, header, rows):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"{name}: {len(rows)} rows, {len(header)} columns")


def labelled(source, name, columns, label, classes):
    """A file whose first line is its number of rows, of columns, and the names of the classes, and
    whose last column is the index of the class."""
    with open(os.path.join(source, name), newline="") as file:
        lines = list(csv.reader(file))
    count, width = int(lines[0][0]), int(lines[0][1])
    assert lines[0][2:] == classes and width == len(columns) and count == len(lines) - 1
    rows = [line[:-1] + [classes[int(line[-1])]] for line in lines[1:]]
    assert all(len(row) == width + 1 for row in rows)
    write(name, columns + [label], rows)


def diabetes(source):
    with gzip.open(os.path.join(source, "diabetes_data_raw.csv.gz"), "rt") as file:
        rows = [line.split() for line in file]
    with gzip.open(os.path.join(source, "diabetes_target.csv.gz"), "rt") as file:
        targets = [float(line) for line in file]
    assert len(rows) == len(targets) == 442 and all(len(row) == len(DIABETES) for row in rows)
    assert all(target == int(target) for target in targets)
    rows = [row + [str(int(target))] for row, target in zip(rows, targets)]
    write("diabetes.csv", DIABETES + ["progression"], rows)


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else SOURCE
    labelled(source, "iris.csv", IRIS, "species", ["setosa", "versicolor", "virginica"])
    columns = [f"{kind}_{name}" for kind in ("mean", "error", "worst") for name in BREAST_CANCER]
    labelled(source, "breast_cancer.csv", columns, "diagnosis", ["malignant", "benign"])
    diabetes(source)


main()
