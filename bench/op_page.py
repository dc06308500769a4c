"""Tables of `./dev bench ops`: for the terminal, and docs/operators-speed.md."""

import math
import os
import platform
from datetime import date
from pathlib import Path

from report import HAND_WRITTEN, compiler, cpu_model, markdown, number, output_lines, vector_units

OURS = "yamlgrad"
NOT_PEERS = (OURS, "before")
PEER_NAMES = ("PyTorch", "PyTorch compiled", "JAX")
FEW = 30  # rows whose arguments leave no gradient are never measured
WORST_ALLOWED, LONG, SLOWEST = 0.9, 100e-6, 10
PRODUCTS = ("matmul", "einsum", "conv", "scaled_dot", "addmm")  # beginnings of names: their work is
# arithmetic


# ------------------------------------------------------------------------------------- figures --


def best_peer(result):
    """(name, seconds), or None."""
    peers = {n: t for n, t in result["times"].items() if n not in NOT_PEERS and n not in result["why"]}
    return min(peers.items(), key=lambda peer: peer[1], default=None)


def ratio(result):
    best, ours = best_peer(result), result["times"].get(OURS)
    return best[1] / ours if best and ours else None


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def bandwidth_at(bandwidth, result):
    """Bytes a second that the machine reaches with this row's mixture of reading and writing, for a
    working set of its size. Between two sizes that were measured it is interpolated."""
    read, written = result["read"], result["written"]
    place = math.log2(max(read + written, 1))
    points = [(math.log2(size), *rates) for size, *rates in bandwidth]
    rates = points[0][1:] if place <= points[0][0] else points[-1][1:]
    for low, high in zip(points, points[1:]):
        if low[0] < place <= high[0]:
            part = (place - low[0]) / (high[0] - low[0])
            rates = [a ** (1 - part) * b**part for a, b in zip(low[1:], high[1:])]
    both = min(read, written)
    seconds = 2 * both / rates[1] + (read - both) / rates[0] + (written - both) / rates[2]
    return (read + written) / seconds if seconds else 0


def cache_levels():
    """[(name, bytes)] of one core's caches, the smallest first."""
    levels = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind, size = ((folder / name).read_text().strip() for name in ("type", "size"))
        if kind != "Instruction" and size.endswith("K"):
            levels.append((f"L{(folder / 'level').read_text().strip()}", int(size[:-1]) << 10))
    return sorted(levels, key=lambda level: level[1])


def level_of(total, levels):
    return next((name for name, size in levels if total <= size), "memory")


def is_arithmetic(result):
    return result["op"].startswith(PRODUCTS) and result["flops"] > 4 * (result["read"] + result["written"])


def rate(result, machine):
    """(text of GB/s or GFLOP/s, share of what the machine reaches)."""
    seconds = result["times"].get(OURS)
    if not seconds or not machine["bandwidth"]:
        return "–", None
    if is_arithmetic(result):
        reached = result["flops"] / seconds
        return f"{number(reached / 1e9)} GFLOP/s", reached / machine["flops"]
    reached = (result["read"] + result["written"]) / seconds
    return f"{number(reached / 1e9)} GB/s", reached / bandwidth_at(machine["bandwidth"], result)


def bound(result, machine, levels):
    """What holds a row back, as far as its figures tell."""
    seconds, total = result["times"][OURS], result["read"] + result["written"]
    share = rate(result, machine)[1] or 0
    if is_arithmetic(result):
        return f"arithmetic: {share:.0%} of the peak"
    if share >= 0.7:
        return f"the bandwidth of {level_of(total, levels)}: {share:.0%} of it"
    if seconds < 1e-6:
        return "the cost of a call"
    return (f"its kernels: {number(seconds / max(total / 4, 1) * 1e9)} ns for each element read or "
            f"written, {share:.0%} of the bandwidth of {level_of(total, levels)}")


def micro(seconds):
    return number(seconds * 1e6) if seconds else "–"


# ------------------------------------------------------------------------------- the terminal ---


def terminal_head(names):
    return "ours, then " + ", ".join(names[1:]) + " (µs); ratio of the best peer's time to ours"


def terminal_row(key, result):
    times = [micro(result["times"].get(OURS))]
    times += [f"{name} {'differs' if name in result['why'] else micro(seconds)}"
              for name, seconds in result["times"].items() if name != OURS]
    found = ratio(result)
    return f"{key:58} {'  '.join(times):70} {f'{found:.2f}' if found else '–':>6}"


def terminal_summary(results):
    lines = [f"{result['op']}: {result['title']} ({result['kind']}): {name}: {why}"
             for result in results for name, why in result["why"].items() if name != OURS]
    ratios = [r for r in map(ratio, results) if r]
    if ratios:
        lines.append(f"{len(results)} rows, {len(ratios)} with a peer: geometric mean "
                     f"{geometric_mean(ratios):.2f}, worst {min(ratios):.2f}")
    return "\n".join(lines)


# -------------------------------------------------------------------------------------- the page --


def line_of(result, names, machine, levels, with_bound=False):
    best, found = best_peer(result), ratio(result)
    reached, share = rate(result, machine)
    peers = []
    for name in names:
        seconds = result["times"].get(name)
        peers.append("differs" if seconds and name in result["why"] else micro(seconds))
    cells = [f"{result['op']}: {result['title']}", result["kind"], micro(result["times"].get(OURS)), *peers,
             f"**{found:.2f}**" if found else "–", reached, f"{share:.0%}" if share else "–"]
    if with_bound:
        cells.append(bound(result, machine, levels))
    return cells


def summary_lines(results):
    lines = []

    def add(what, some):
        ratios = [r for r in map(ratio, some) if r]
        if ratios:
            lines.append([what, str(len(ratios)), f"{geometric_mean(ratios):.2f}", f"{min(ratios):.2f}",
                          str(sum(r < WORST_ALLOWED for r in ratios))])

    add("all", results)
    add("forward", [r for r in results if r["kind"] == "f"])
    add("with gradient", [r for r in results if r["kind"] == "g"])
    add("the best peer takes over 100 µs", [r for r in results if best_peer(r) and best_peer(r)[1] > LONG])
    add("at most 100 µs", [r for r in results if best_peer(r) and best_peer(r)[1] <= LONG])
    return lines


def operator_lines(results):
    """A line for each operator: its mean and its worst row."""
    by_name = {}
    for result in results:
        by_name.setdefault(result["op"], []).append(result)
    lines = []
    for op, some in by_name.items():
        with_peer = [r for r in some if ratio(r)]
        if not with_peer:
            continue
        worst = min(with_peer, key=ratio)
        lines.append([op, str(len(with_peer)), f"{geometric_mean(map(ratio, with_peer)):.2f}",
                      f"{ratio(worst):.2f}", f"{worst['title']} ({worst['kind']})"])
    return sorted(lines, key=lambda line: float(line[2]))


def notes(results):
    """What is not compared, and why; several rows with one reason share a line."""
    reasons = {}
    for result in results:
        for name, why in result["why"].items():
            short = why.split(":")[0] if why.startswith("other results") else why
            reasons.setdefault((name, short), {}).setdefault(result["op"], []).append(result["kind"])
    lines = []
    for (name, why), ops in sorted(reasons.items(), key=lambda item: item[0][0]):
        places = ", ".join(f"{op} ({len(kinds)})" for op, kinds in ops.items())
        lines.append(f"- {name}: {why}: {places}.")
    alone = sorted({r["op"] for r in results} - {r["op"] for r in results if ratio(r)})
    if alone:
        lines.append(f"- No peer has them: {', '.join(alone)}.")
    unshaped = sorted({r["op"] for r in results if not r["own"]})
    if unshaped:
        lines.append("- Measured by the enlarged call of their documentation, since no shapes were chosen: "
                     f"{', '.join(unshaped)}.")
    return "\n".join(lines)


def bandwidth_lines(machine, levels):
    return [[f"{size >> 10:,} KiB", level_of(size, levels), *(number(r / 1e9) for r in rates)]
            for size, *rates in machine["bandwidth"]]


def page(kept, programs, path):
    machine, levels = kept["bandwidth"], cache_levels()
    results = list(kept["rows"].values())
    names = [n for n in kept["versions"] if n not in NOT_PEERS]
    head = ["operator: call", "", "yamlgrad, µs", *names, "ratio", "reaches", "of the machine"]
    right = set(range(2, len(head)))
    compared = [r for r in results if ratio(r)]
    slowest = sorted(compared, key=ratio)[:SLOWEST]
    below = sorted((r for r in compared if ratio(r) < WORST_ALLOWED), key=ratio)
    written = ""
    if path.exists() and HAND_WRITTEN in path.read_text():
        written = path.read_text().split(HAND_WRITTEN, 1)[1]
    unmeasured = kept.get("expected", 0) - len(results)
    absent = [name for name in PEER_NAMES if name not in names]
    preliminary = ""
    if unmeasured > FEW or absent:
        preliminary = "**Preliminary:** " + ", and ".join(filter(None, [
            f"{unmeasured:,} of {kept['expected']:,} rows are not measured yet" if unmeasured > FEW else "",
            f"{', '.join(absent)} not measured" if absent else ""])) + ".\n\n"
    return f"""# The speed of single operators

Written by `./dev bench ops`; do not edit above the mark at the end.

Every operator that the model language has, forward (f) and with the gradient of all its float operands
(g), beside PyTorch and JAX, in float32 on one thread. A ratio is the best peer's time over ours: 2 means
that yamlgrad takes half as long.

{preliminary}{markdown(["rows", "number", "geometric mean", "worst", f"below {WORST_ALLOWED}"], summary_lines(results), {1, 2, 3, 4})}

## The ten slowest, and what bounds them

{markdown([*head, "bound by"], [line_of(r, names, machine, levels, True) for r in slowest], right)}

## By operator

{markdown(["operator", "rows", "geometric mean", "worst", "its row"], operator_lines(results), {1, 2, 3})}

## Below {WORST_ALLOWED}

{markdown(head, [line_of(r, names, machine, levels) for r in below], right)}

## How it is measured

Each subject is one process. It loads some rows, and the subjects take turns on one core, in rounds of
about 6 ms. The least of the rounds counts. The same arrays are read in each repetition, so they stay in
the level of the cache that they fit. PyTorch runs plain (`no_grad`, or `autograd.grad`) and compiled (the
call and its derivative as one function), JAX by `jit`. Results of a peer are new tensors; where PyTorch
would give a view, also as a gradient, it is asked for a copy, since ours is one. What all compute is compared first, on some
elements of each result and gradient. "differs": the peer computes something else, and is not compared.

"Reaches" is the memory that a call has to read and write, each operand and result once, in its time; of
products and convolutions it is their arithmetic. "Of the machine" compares it with what this machine
reaches, for a working set of that size and the same mixture of reading and writing, or with its peak.

{markdown(["working set", "fits", "read, GB/s", "copied", "written"], bandwidth_lines(machine, levels), {2, 3, 4})}

The peak of one thread is {number(machine["flops"] / 1e9)} GFLOP/s, without matrix units.

Not compared:

{notes(results)}

## Every row

{markdown(head, [line_of(r, names, machine, levels) for r in results], right)}

## The machine

| | |
| --- | --- |
| date | {date.today().isoformat()} |
| processor | {cpu_model()} ({vector_units()}), {len(os.sched_getaffinity(0))} cores |
| compiler | {compiler(programs)} |
| yamlgrad | {"; ".join(output_lines([str(programs / OURS), "--version"]))} |
| peers | {", ".join(f"{n} {v}" for n, v in kept["versions"].items() if n not in NOT_PEERS)}; Python {platform.python_version()} |

{HAND_WRITTEN}
{written.lstrip(chr(10)) if written.strip() else ""}"""
