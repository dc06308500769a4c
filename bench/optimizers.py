#!/usr/bin/env python3
"""Times the step of each optimizer beside the memory's speed and PyTorch, and writes a table.

    bench/optimizers.py PROGRAM [--sizes 65536,1048576] [--only adam,adamw] [--write]

PROGRAM is build/release/bench/optimizers. Rounds of its step, of a loop that moves the same bytes,
and of PyTorch's step take turns on one core, so that a noisy machine disturbs all alike. The table
has the least of each, and the ratios of the medians too. The figures go to build/optimizers.json,
where those of earlier calls stay: a machine that is quiet for moments only is measured a size at a
time, and some optimizers at a time. `--hold` runs a command that keeps the machine quiet during the rounds of
each optimizer. `--write` makes docs/optimizers.md of all figures. It needs a Python that has torch.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

from run import held

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "optimizers.json"
SECONDS = 1.0  # for the rounds of one optimizer and size
LEAST_ROUNDS = 5
ROUND_ELEMENTS = 4e6  # a round repeats small steps until it has done so many: as the program
ROUND_LEAST = 2
HELD_OPTIMIZERS = 8  # in one hold at most,
HELD_ELEMENTS = 5 * 16777216  # and so many elements in all: their arrays are in memory together

# Our name and arguments; PyTorch's class and arguments, or None where it has none.
OPTIMIZERS = [
    ("sgd", "SGD", {"lr": 1e-3}),
    ("sgd:momentum=0.9", "SGD", {"lr": 1e-3, "momentum": 0.9}),
    ("adam", "Adam", {}),
    ("adamw", "AdamW", {}),
    ("nadam", "NAdam", {}),
    ("radam", "RAdam", {}),
    ("adamax", "Adamax", {}),
    ("adagrad", "Adagrad", {}),
    ("adadelta", "Adadelta", {}),
    ("rmsprop", "RMSprop", {}),
    ("rprop", "Rprop", {}),
    ("lion", None, {}),
    ("adafactor", "Adafactor", {}),
    ("schedule_free_sgd", None, {}),
    ("schedule_free_adamw", None, {}),
    ("muon", "Muon", {}),
]
SIZES = ["65536", "1048576", "4194304", "16777216", "100x200"]
FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}


class Ours:
    """The program, which does a round whenever it is sent a line."""

    def __init__(self, program, size, name):
        self.process = subprocess.Popen([program, "--rounds", size, name], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def round(self):
        """Seconds of a step and of the best loop over as many arrays, and the bytes of that."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return [float(cell) for cell in self.process.stdout.readline().split()]

    def end(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("optimizers: the program has failed")


class Torch:
    """One of PyTorch's ways: fused, for each tensor, or for lists of tensors."""

    def __init__(self, size, kind, options, way):
        import torch

        torch.set_num_threads(1)
        each, _, count = size.partition("x")
        side = round(int(each) ** 0.5)
        parameters = [torch.nn.Parameter(torch.randn(side, side)) for _ in range(int(count or 1))]
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        self.optimizer = getattr(torch.optim, kind)(parameters, **options, **way)
        self.repeats = max(ROUND_LEAST, round(ROUND_ELEMENTS / elements(size)))
        self.optimizer.step()

    def round(self):
        best = float("inf")
        for _ in range(self.repeats):
            start = time.perf_counter()
            self.optimizer.step()
            best = min(best, time.perf_counter() - start)
        return best


def ways(kind):
    if kind == "Muon":
        return [{}]
    return [{"fused": True}] if kind in FUSED else [{"foreach": False}, {"foreach": True}]


class Race:
    """An optimizer's program and PyTorch's ways, and their times."""

    def __init__(self, program, size, name, kind, options):
        self.size, self.name = size, name
        self.ours = Ours(program, size, name)
        self.peers = [Torch(size, kind, options, way) for way in (ways(kind) if kind else [])]
        self.steps, self.moves, self.theirs, self.moved = [], [], [[] for _ in self.peers], 0

    def run(self):
        begin = time.perf_counter()
        while len(self.steps) < LEAST_ROUNDS or time.perf_counter() - begin < SECONDS:
            step, memory, self.moved = self.ours.round()
            self.steps.append(step)
            self.moves.append(memory)
            for peer, times in zip(self.peers, self.theirs):
                times.append(peer.round())

    def result(self):
        self.ours.end()
        best = min(self.theirs, key=min) if self.theirs else None
        median = statistics.median
        return {"size": self.size, "optimizer": self.name, "step": min(self.steps), "memory": min(self.moves),
                "bandwidth": self.moved / min(self.moves) * 1e-9, "torch": min(best) if best else None,
                "median_ratio": median(self.steps) / median(self.moves),
                "median_gain": median(best) / median(self.steps) if best else None}


def measure(program, size, only, hold):
    """Several optimizers are made ready, and then measured in one hold: as many as fit the memory."""
    wanted = [entry for entry in OPTIMIZERS if not only or entry[0] in only]
    if elements(size) > 1048576 or "x" in size:  # a step would take long; small ones say nothing of products
        wanted = [entry for entry in wanted if entry[0] != "muon"]
    together = max(1, min(HELD_OPTIMIZERS, round(HELD_ELEMENTS / elements(size))))
    for first in range(0, len(wanted), together):
        races = [Race(program, size, *entry) for entry in wanted[first:first + together]]
        with held(hold):
            for race in races:
                race.run()
        yield from [race.result() for race in races]


def elements(size):
    each, _, count = size.partition("x")
    return int(each) * int(count or 1)


def title(size):
    each, _, count = size.partition("x")
    if count:
        return f"{count} parameters of {each} elements"
    return f"A parameter of {int(each):,} elements"


def table(results):
    lines = ["| optimizer | step | memory | step / memory | … medians | PyTorch | PyTorch / step "
             "| … medians |",
             "| --- | --: | --: | --: | --: | --: | --: | --: |"]
    for r in results:
        scale = 1e9 / elements(r["size"])
        peer = ("–", "–", "–")
        if r["torch"]:
            peer = (f"{r['torch'] * scale:.3f}", f"{r['torch'] / r['step']:.2f}",
                    f"{r['median_gain']:.2f}")
        own = f"{r['step'] * scale:.3f} | {r['memory'] * scale:.3f}"
        ratio = f"{r['step'] / r['memory']:.2f} | {r['median_ratio']:.2f}"
        lines.append(f"| `{r['optimizer']}` | {own} | {ratio} | {' | '.join(peer)} |")
    return "\n".join(lines)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def page(results, machine):
    head = (ROOT / "bench" / "optimizers.md").read_text()
    parts = [head.rstrip(), ""]
    for size in SIZES:
        order = [name for name, _, _ in OPTIMIZERS]
        rows = sorted((r for r in results if r["size"] == size), key=lambda r: order.index(r["optimizer"]))
        if rows:
            parts += [f"## {title(size)}", "", table(rows), ""]
    parts += ["## The machine", "", machine]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--only", default="", help="these optimizers; without it, all")
    parser.add_argument("--hold", metavar="COMMAND", default="",
                        help="a command that keeps the machine quiet during rounds: it prints a line when they may "
                             "begin, and ends with its stdin")
    parser.add_argument("--write", action="store_true", help="write docs/optimizers.md")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    for size in filter(None, arguments.sizes.split(",")):
        new = list(measure(arguments.program, size, list(filter(None, arguments.only.split(","))), arguments.hold))
        names = {r["optimizer"] for r in new}
        kept = [r for r in kept if r["size"] != size or r["optimizer"] not in names] + new
        RESULTS.write_text(json.dumps(kept, indent=1))
        print(f"{title(size)}\n\n{table(new)}\n", flush=True)
    if arguments.write:
        import torch

        machine = (f"{processor()}, one thread; Linux {platform.release()}; "
                   f"PyTorch {torch.__version__}; {time.strftime('%Y-%m-%d')}.")
        (ROOT / "docs" / "optimizers.md").write_text(page(kept, machine))


if __name__ == "__main__":
    main()
