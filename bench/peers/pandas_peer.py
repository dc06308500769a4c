"""pandas: read_csv with its C reader, of the table that bench/csv.c reads."""

import tempfile
from pathlib import Path

import protocol


def write_table(path, workload):
    numbers = protocol.uniform(protocol.STREAM_X, workload.rows * workload.columns)
    with open(path, "w") as file:
        file.write(",".join(f"c{i}" for i in range(workload.columns)) + "\n")
        for row in numbers.reshape(workload.rows, workload.columns):
            file.write(",".join(f"{value:.17g}" for value in row) + "\n")


def prepare(workload, threads, variant):
    if workload.kind != "csv":
        raise protocol.Unsupported("it reads tables only")
    import pandas

    folder = tempfile.TemporaryDirectory(prefix="yamlgrad-csv-")
    path = Path(folder.name) / "table.csv"
    write_table(path, workload)

    def run(steps, keep=folder):  # the folder lives as long as this function
        for _ in range(steps):
            table = pandas.read_csv(path, engine="c")
        return table

    table = run(1)
    return run, [float(len(table)), float(table.to_numpy().sum())], pandas.__version__


if __name__ == "__main__":
    protocol.main(prepare, None)
