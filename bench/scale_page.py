"""docs/scale.md, from what bench/scale.py measured."""

import os
from datetime import date

from report import HAND_WRITTEN, compiler, cpu_model, markdown, number, output_lines

PHASES = ("load", "build", "differentiate", "compile")
WHAT = {
    "chain": "operators one after the other, in layers of 125 lines",
    "layers": "dense layers by `repeat`, each with parameters of its own",
    "shared": "dense layers by `repeat` that share one weight",
    "branches": "sums of 125 branches from one input, a line and a parameter each",
}


def total(found):
    return sum(found[phase] for phase in PHASES)


def terminal_row(kind, found):
    phases = ", ".join(f"{phase} {found[phase]:.3f}" for phase in (*PHASES, "first run", "other batch", "free"))
    return f"{kind}, {found['nodes']:,} nodes: {total(found):.3f} s ({phases}); {found['bytes'] / 1e6:,.0f} MB"


def model_lines(models):
    lines, before = [], None
    for found in sorted(models.values(), key=lambda found: (list(WHAT).index(found["kind"]), found["size"])):
        growth = "–"
        if before and before["kind"] == found["kind"]:
            growth = f"{total(found) / total(before) / (found['nodes'] / before['nodes']):.2f}"
        cells = [found["kind"], f"{found['nodes']:,}", f"{found['parameters']:,}"]
        cells += [number(1e3 * found[phase]) for phase in PHASES]
        cells += [f"**{number(1e3 * total(found))}**", growth, number(1e6 * total(found) / found["nodes"])]
        cells += [number(1e3 * found["first run"]), number(1e3 * found["other batch"]),
                  number(1e3 * found["free"]), number(found["bytes"] / 1e6)]
        lines.append(cells)
        before = found
    return lines


def page(kept, programs, path):
    written = ""
    if path.exists() and HAND_WRITTEN in path.read_text():
        written = path.read_text().split(HAND_WRITTEN, 1)[1]
    head = ["model", "nodes", "parameters", *PHASES, "all four", "growth", "µs a node", "first run", "other batch",
            "free", "MB"]
    calls = [[f"{int(size):,}", number(seconds), number(1e6 * seconds / int(size))]
             for size, seconds in kept["calls"].items()]
    first = [[name, number(1e3 * found["least"]), number(1e3 * found["median"]), number(found["bytes"] / 1e6)]
             for name, found in kept["first"].items()]
    return f"""# Start and scale

Written by `./dev bench scale`; do not edit above the mark at the end.

## Models of a million nodes

From a model file to a program, in float32 on one thread. The nodes are those of the graph with its gradient.
Times are milliseconds, of the best of some processes. "Growth" is how many times longer a node takes than in
the next smaller model: 1 means that the time is linear. "First run" is one gradient of batch 8. "Other batch"
is all that a second batch size needs once the model is loaded: building, differentiating and compiling. "MB"
is the peak of resident memory after the first run.

{markdown(head, model_lines(kept["models"]), set(range(1, len(head))))}

{chr(10).join(f"- {name}: {what}." for name, what in WHAT.items())}

## The same by calls

A chain of operators that a C program builds, differentiates twice and compiles (`bench/chain.c`).

{markdown(["operators", "seconds", "µs an operator"], calls, {0, 1, 2})}

## The first gradient

A whole process, from its start to its end: ours reads a model file of a 2-3-1 network and computes the loss
and its gradient; the others have the network in their code. The processes take turns.

{markdown(["", "least, ms", "median, ms", "resident, MB"], first, {1, 2, 3})}

## The machine

| | |
| --- | --- |
| date | {date.today().isoformat()} |
| processor | {cpu_model()}, {len(os.sched_getaffinity(0))} cores |
| compiler | {compiler(programs)} |
| yamlgrad | {"; ".join(output_lines([str(programs / "yamlgrad"), "--version"]))} |

{HAND_WRITTEN}
{written.lstrip(chr(10)) if written.strip() else ""}"""
