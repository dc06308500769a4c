"""Tables of `./dev bench models`: for the terminal, and docs/models-speed.md."""

import os
import platform
from datetime import date

from model_rows import ROWS
from op_page import LONG, best_peer, geometric_mean, micro, ratio
from report import HAND_WRITTEN, compiler, cpu_model, markdown, output_lines, vector_units

OURS = "yamlgrad"


def terminal_row(row, result):
    times = [micro(result["times"].get(OURS))]
    times += [f"{name} {micro(seconds)}" for name, seconds in result["times"].items() if name != OURS]
    found = ratio(result)
    return f"{row.name:28} {'  '.join(times):90} {f'{found:.2f}' if found else '–':>6}"


def terminal_summary(results):
    ratios = [r for r in map(ratio, results.values()) if r]
    if not ratios:
        return "no row has a peer"
    return f"{len(ratios)} rows: geometric mean {geometric_mean(ratios):.2f}, worst {min(ratios):.2f}"


def summary_lines(results):
    lines = []

    def add(what, some):
        some = [(name, ratio(result)) for name, result in some if ratio(result)]
        if some:
            worst = min(some, key=lambda one: one[1])
            lines.append([what, str(len(some)), f"{geometric_mean(r for _, r in some):.2f}",
                          f"{worst[1]:.2f}", worst[0]])

    def long(result):
        best = best_peer(result)
        return best and best[1] > LONG

    rows = list(results.items())
    training = {row.name for row in ROWS if row.kind == "step"}
    add("all", rows)
    add("the best peer takes over 100 µs", [(n, r) for n, r in rows if long(r)])
    add("training steps", [(n, r) for n, r in rows if n in training])
    add("inference", [(n, r) for n, r in rows if n not in training])
    return lines


def line_of(row, result, names):
    found = ratio(result)
    peers = []
    for name in names:
        seconds = result["times"].get(name)
        peers.append("differs" if seconds and name in result["why"] else micro(seconds))
    best = best_peer(result)
    return [f"`{row.name}`", row.title, micro(result["times"].get(OURS)), *peers, best[0] if best else "–",
            f"**{found:.2f}**" if found else "–"]


def notes(results):
    reasons = {}
    for name, result in results.items():
        for subject, why in result["why"].items():
            reasons.setdefault((subject, why.split(":")[0]), []).append(name)
    lines = [f"- {subject}: {why}: {', '.join(names)}." for (subject, why), names in reasons.items()
             if not why.startswith("it is compared in inference")]
    return "Not compared:\n\n" + "\n".join(lines) + "\n" if lines else ""


def page(kept, programs, path):
    results = {row.name: kept["rows"][row.name] for row in ROWS if row.name in kept["rows"]}
    names = []
    for result in results.values():
        names += [name for name in result["times"] if name not in (*names, OURS, "before")]
    head = ["row", "what", "yamlgrad, µs", *names, "best peer", "ratio"]
    right = {2, *range(3, 3 + len(names)), len(head) - 1}
    lines = [line_of(row, results[row.name], names) for row in ROWS if row.name in results]
    written = ""
    if path.exists() and HAND_WRITTEN in path.read_text():
        written = path.read_text().split(HAND_WRITTEN, 1)[1]
    return f"""# The speed of other networks

Written by `./dev bench models`; do not edit above the mark at the end.

Training steps and inferences unlike those of [performance.md](performance.md), in float32 on one thread. A
ratio is the best peer's time over ours: 2 means that yamlgrad takes half as long. Times are microseconds.

{markdown(["rows", "number", "geometric mean", "worst", "its row"], summary_lines(results), {1, 2, 3})}

## Every row

{markdown(head, lines, right)}

{notes(results)}
The model files are in `bench/models`. The peers build the same networks from the lists of layers in
`bench/model_rows.py`. All subjects get the same parameters and data, and must agree on the loss after
three steps, or on the outputs; one that does not is left out as "differs". Timed steps have learning rate
0. A training step is forward, backward and update: PyTorch's optimizers are fused, JAX jits and donates.
The subjects take turns on one core, in rounds of 0.2 s; the least of the rounds counts.

## The machine

| | |
| --- | --- |
| date | {date.today().isoformat()} |
| processor | {cpu_model()} ({vector_units()}), {len(os.sched_getaffinity(0))} cores |
| compiler | {compiler(programs)} |
| yamlgrad | {"; ".join(output_lines([str(programs / OURS), "--version"]))} |
| peers | {", ".join(f"{n} {v}" for n, v in kept["versions"].items() if n != OURS)}; Python {platform.python_version()} |

{HAND_WRITTEN}
{written.lstrip(chr(10)) if written.strip() else ""}"""
