"""The rows that bench/quality.py measures, and how the guide says them."""

import statistics
import sys
from dataclasses import dataclass

from run import Peer


@dataclass(frozen=True)
class Row:
    name: str  # of models/NAME.yaml, or of models/data/NAME.csv for `new`
    kind: str  # table, series, images, text; or new
    holds: str  # what is in the data, as the guide says it
    what: str  # the score, as the guide says it
    target: str = ""  # its column
    score: str = "test.mean_absolute_error"  # of the last line that `train --json` prints
    time: str = ""  # the column that a series is divided by
    factor: float = 0  # of a score; 0: the standard deviation of the target in the training part
    digits: int = 1
    seeds: int = 5


ROWS = [
    Row("penguins", "table", "gaps, texts, numbers of different size", "mean absolute error, g", "body_mass_g",
        digits=0),
    Row("co2", "table", "a date, and targets that are missing", "mean absolute error, ppm", "co2", digits=2),
    Row("messages", "table", "short messages", "test accuracy, %", "kind", "test.accuracy", factor=100),
    Row("messages_lstm", "table", "the same, word by word", "test accuracy, %", "kind", "test.accuracy", factor=100),
    Row("digits", "images", "a folder of PNG files", "test accuracy, %", score="test.accuracy", factor=100),
    Row("co2_forecast", "series", "a series", "mean absolute error, ppm", "co2", time="date", digits=3),
    Row("employment", "series", "a series for each sector", "mean error, %", "jobs", "test.mean_relative_error",
        "month", 100, 3),
    Row("char_lstm", "text", "the text of licences", "validation loss", score="validation.loss", factor=1, digits=3,
        seeds=3),
    Row("char_gpt", "text", "the same", "validation loss", score="validation.loss", factor=1, digits=3, seeds=3),
    Row("iris", "new", "150", "accuracy, %", "species", "accuracy", factor=100),
    Row("breast_cancer", "new", "569", "accuracy, %", "diagnosis", "accuracy", factor=100),
    Row("diabetes", "new", "442", "mean absolute error", "progression", "error", factor=1),
    Row("penguins_new", "new", "342", "mean absolute error, g", "body_mass_g", "error", factor=1, digits=0),
]
TORCH = Peer("PyTorch", "torch", "quality_peer.py")
SKLEARN = Peer("scikit-learn", "sklearn", "tables_peer.py")
COLUMNS = {TORCH: ["PyTorch"], SKLEARN: ["linear", "gradient boosting", "boosting of histograms"]}
HEADS = {TORCH: "| file | what is in the data | what | yamlgrad | PyTorch |\n|---|---|---|--:|--:|",
         SKLEARN: "| table | rows | what | `new` | linear | gradient boosting | boosting of histograms |\n"
                  "|---|--:|---|--:|--:|--:|--:|"}


def peer_of(row):
    return SKLEARN if row.kind == "new" else TORCH


def line_of(row, scores):
    """A row of the guide: the mean of each side, and the deviation over seeds."""
    cells = [f"`{row.name}.yaml`" if row.kind != "new" else row.name.removesuffix("_new"), row.holds, row.what]
    for name in ["yamlgrad", *COLUMNS[peer_of(row)]]:
        values = scores.get(name)
        spread = f" ± {statistics.stdev(values):.{row.digits}f}" if values and len(values) > 1 else ""
        cells.append(f"{statistics.mean(values):.{row.digits}f}{spread}" if values else "—")
    return f"| {' | '.join(cells)} |"


def in_guide(row, text):
    """The guide's line for the row. There must be one."""
    start = line_of(row, {}).split(" | —")[0]
    found = [line for line in text.splitlines() if line.startswith(start + " |")]
    if len(found) != 1:
        sys.exit(f"bench: quality: docs/guide.md has {len(found)} lines that begin with: {start}")
    return found[0]
