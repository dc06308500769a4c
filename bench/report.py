"""Tables of a run: for the terminal, and docs/performance.md."""

import os
import platform
import re
import statistics
import subprocess
import sys
from datetime import date

from workloads import WORKLOADS, find

OURS = "yamlgrad"
SUMMARY = ["workload", "threads", "unit", OURS, "best peer", "its value", "ratio"]
SUMMARY_NUMBERS = {1, 3, 5, 6}  # columns flush right
BUSY = 0.7  # at this load average before the run, or a higher one, its figures are not trusted
# Text below this line in docs/performance.md was written by hand. A run keeps it.
HAND_WRITTEN = "<!-- Below: written by hand, kept by ./dev bench. -->"


def number(value):
    """Three significant digits, without an exponent."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    digits = f"{value:#.3g}".rstrip(".")
    return digits if "e" not in digits else f"{value:.6f}"


def subject_names(results):
    names = []
    for result in results:
        if result["subject"] not in names:
            names.append(result["subject"])
    return names


def rows(results):
    """{(workload, threads): {subject: result}}, in order."""
    table = {}
    for result in results:
        key = (result["workload"], result["threads"])
        table.setdefault(key, {})[result["subject"]] = result
    return table


def speed_ratio(workload, ours, theirs):
    """How many times better ours is: the median of the rounds' ratios."""
    ratio = statistics.median(a / b for a, b in zip(ours["rounds"], theirs["rounds"]))
    return ratio if workload.higher_is_better else 1 / ratio


def best_peer(workload, row):
    """The peer with the best median. None if no peer ran."""
    peers = [result for name, result in row.items() if name != OURS]
    pick = max if workload.higher_is_better else min
    return pick(peers, key=lambda result: result["median"], default=None)


def comparison(key, row):
    """Cells: workload, threads, unit, ours, best peer, its value, ratio (a number or None)."""
    workload = find(key[0])
    ours, best = row.get(OURS), best_peer(workload, row)
    return (
        key[0],
        str(key[1]),
        workload.unit,
        number(ours["median"]) if ours else "–",
        best["subject"] if best else "–",
        number(best["median"]) if best else "–",
        speed_ratio(workload, ours, best) if ours and best else None,
    )


def ratio_text(ratio):
    return "–" if ratio is None else f"{ratio:.2f}"


def pass_table(results):
    """A line for each pass or rule that was left out: how much longer each workload takes then."""
    table = rows(results)
    names = [name for name in subject_names(results) if name.startswith("without ")]
    lines = [["", *(f"{name.split('_')[0]}, {threads}" for name, threads in table)]]
    for name in names:
        cells = [
            ratio_text(speed_ratio(find(key[0]), row[OURS], row[name])) if name in row else "–"
            for key, row in table.items()
        ]
        lines.append([name, *cells])
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.rjust(width) if k else cell.ljust(width)
                  for k, (cell, width) in enumerate(zip(line, widths)))
        for line in lines
    )


def terminal_table(results):
    comparisons = [comparison(key, row) for key, row in rows(results).items()]
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    lines = [SUMMARY, *([*cells, ratio_text(ratio)] for *cells, ratio in comparisons)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(SUMMARY))]
    text = []
    for line, ratio in zip(lines, [None, *(c[-1] for c in comparisons)]):
        cells = [
            cell.rjust(width) if k in SUMMARY_NUMBERS else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(line, widths))
        ]
        if coloured and ratio is not None:
            cells[-1] = f"\x1b[3{2 if ratio >= 1 else 1}m{cells[-1]}\x1b[0m"
        text.append("  ".join(cells))
    text.append(f"ratio: how many times better {OURS} is than the best peer")
    return "\n".join(text)


# -------------------------------------------------------------------------------------- the page --


def output_lines(command):
    try:
        lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    except OSError:
        lines = []
    return lines or ["unknown"]


def cpu_model():
    with open("/proc/cpuinfo") as info:
        found = re.search(r"^model name\s*:\s*(.*)$", info.read(), re.MULTILINE)
    return found.group(1) if found else platform.processor() or "unknown"


def vector_units():
    with open("/proc/cpuinfo") as info:
        flags = set(info.read().split())
    known = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_tile"]
    return ", ".join(flag for flag in known if flag in flags) or "none of avx2, avx512"


def compiler(programs):
    """The compiler that built the programs, from CMake's cache."""
    try:
        cache = (programs / "CMakeCache.txt").read_text()
    except OSError:
        return "unknown"
    found = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", cache, re.MULTILINE)
    return output_lines([found.group(1), "--version"])[0] if found else "unknown"


def markdown(header, lines, right):
    """A table. `right` holds the indices of columns that are flush right."""
    rule = ["--:" if k in right else "---" for k in range(len(header))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *lines])


def summary(table):
    comparisons = [comparison(key, row) for key, row in table.items()]
    lines = [[*cells, f"**{ratio_text(ratio)}**"] for *cells, ratio in comparisons]
    return markdown(SUMMARY, lines, SUMMARY_NUMBERS)


def everything(table, results, missing):
    names = subject_names(results)
    lines = []
    for (name, threads), row in table.items():
        cells = []
        for subject in names:
            result = row.get(subject)
            cells.append(
                f"{number(result['median'])} ({number(result['min'])} to {number(result['max'])})"
                if result
                else "–"
            )
        lines.append([name, str(threads), find(name).unit, *cells])
    page = markdown(["workload", "threads", "unit", *names], lines, set(range(3, 3 + len(names))))
    # Several workloads with the same reason share a line.
    reasons = {}
    for name, absent in missing.items():
        for subject, why in absent.items():
            reasons.setdefault((subject, why), []).append(name)
    notes = [
        f"- {subject}, {', '.join(places)}: {why}." for (subject, why), places in reasons.items()
    ]
    measured = {name for name, _ in table}
    absent = [workload.name for workload in WORKLOADS if workload.name not in measured]
    if absent:
        notes.append(f"- {', '.join(absent)}: not measured on this machine yet.")
    return page + ("\n\nNot run:\n\n" + "\n".join(notes) if notes else "")


def warning(load):
    if load < BUSY:
        return ""
    return f"""**Preliminary:** the machine did other work too (load average up to {load:.1f} before the rounds).
That hurts subjects with several threads most.

"""


def load_text(load):
    return f"{load:.2f} at most" if load else "none: other work was held back (`--hold`)"


def page(results, missing, versions, programs, path):
    table = rows(results)
    load = max(result["load"] for result in results)
    ours = "; ".join(output_lines([str(programs / OURS), "--version"]))
    peers = [f"{name} {version}" for name, version in versions.items() if name != OURS]
    kept = ""
    if path.exists() and HAND_WRITTEN in path.read_text():
        kept = path.read_text().split(HAND_WRITTEN, 1)[1]
    workload_lines = [
        [w.name, w.title, f"`bench/{w.model or w.kind + '.c'}`"] for w in WORKLOADS
    ]
    return f"""# Performance

Written by `./dev bench`; do not edit above the mark at the end.

yamlgrad beside its peers, in float32. A ratio of 2 means that yamlgrad is twice as good as the best
peer measured beside it. Machines differ, so compare ratios, not times. To measure yours, run
`./dev bench` on a machine that does nothing else.

{warning(load)}{summary(table)}

## How it is measured

The programs that are compared are called subjects. The subjects of a workload run side by side,
each in a process of its own. The runner asks one after the other for a round of about 0.2 s, many
times over, so a disturbance of the machine meets all of them alike. A value is the median of the
rounds. A ratio is the median of the rounds' ratios. Each of these compares two neighbours in time,
so the ratio need not be the quotient of the two values.

Before the rounds, all subjects report what they compute: loss and gradient norm, or the loss after
three real steps. If they disagree, the run fails. Timed steps have learning rate 0, so that values
do not drift. Each process is pinned to as many cores as it has threads, and the thread pools of
libraries have the same size. Where no thread count is listed, it makes no difference.

PyTorch uses its fused optimizers, plain and under `torch.compile`; images also, and compiled always,
channels last. ONNX Runtime is measured where nothing is trained. JAX jits whole steps and donates
their buffers. NumPy runs forward and backward code written by hand, as in a notebook. KANN and ggml
are C libraries. Small programs (`bench/peers/*_peer.c`) run them, with their own matrix products
and with those of OpenBLAS.

The Python peers come from `bench/requirements.txt`. `./dev bench` makes an environment for them;
`YG_BENCH_VENV` names another one to use instead. The C peers are measured if they are installed:
`YG_BENCH_KANN` names a folder with `include/kann.h`, `lib/libkann.a` and `lib/libkann_cblas.a`
(built with `HAVE_CBLAS`). `YG_BENCH_GGML` names the folder that ggml was installed in, as shared
libraries and with `GGML_BLAS`. ggml's threads are OpenMP's, so use the OpenMP build of OpenBLAS
with it: two pools of threads make it several times slower.

{markdown(["workload", "what", "where"], workload_lines, set())}

`./dev bench W2` measures the workloads whose names begin with W2. `./dev bench --peers KANN,ggml`
measures these peers only. Every number of the last run is in `build/bench.json`. On a noisy machine
`./dev bench --add W2` measures workload by workload, and keeps the others' rows; this page is written
when all are there, or with `--page`. `--hold COMMAND` runs a command during the rounds, to keep the machine quiet.

## Every subject

The median of the rounds, with the smallest and the largest in brackets.

{everything(table, results, missing)}

## The machine

| | |
| --- | --- |
| date | {date.today().isoformat()} |
| processor | {cpu_model()} ({vector_units()}), {len(os.sched_getaffinity(0))} cores |
| kernel | {platform.system()} {platform.release()}, {platform.machine()} |
| load average before the rounds | {load_text(load)} |
| compiler | {compiler(programs)} |
| yamlgrad | {ours} |
| peers | {", ".join(peers)}; Python {platform.python_version()} |

{HAND_WRITTEN}
{kept.lstrip(chr(10)) if kept.strip() else ""}"""
