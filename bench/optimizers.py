#!/usr/bin/env python3
"""Times the step of each optimizer beside the memory's speed and PyTorch, and writes a table.

    bench/optimizers.py PROGRAM [--sizes 65536,1048576] [--write]

PROGRAM is build/release/bench/optimizers. Each optimizer is measured by the program and then by
PyTorch, one after the other, on one thread. The figures go to build/optimizers.json, where those of
earlier calls stay. So a machine that is quiet for moments only is measured a size at a time.
`--write` makes docs/optimizers.md of all figures. It needs a Python that has torch.
"""

import argparse
import json
import os
import platform
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "optimizers.json"
SECONDS = 0.4  # that PyTorch is measured for, each optimizer and size
LEAST_ROUNDS = 3

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
]
SIZES = ["65536", "1048576", "4194304", "16777216", "100x200"]
FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}


def our_figures(program, size, name):
    """Seconds of a step and of the best loop over as many arrays, and the loop's GB/s."""
    command = [program, size, name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    cells = done.stdout.splitlines()[-1].split()
    return float(cells[2]) / 1e3, float(cells[3]) / 1e3, float(cells[4])


def torch_seconds(size, kind, options):
    """The fastest of PyTorch's ways: fused, for each tensor, or for lists of tensors."""
    import torch

    torch.set_num_threads(1)
    elements, _, count = size.partition("x")
    side = round(int(elements) ** 0.5)
    ways = [{"fused": True}] if kind in FUSED else [{"foreach": False}, {"foreach": True}]
    best = None
    for way in ways:
        parameters = [torch.nn.Parameter(torch.randn(side, side)) for _ in range(int(count or 1))]
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        optimizer = getattr(torch.optim, kind)(parameters, **options, **way)
        optimizer.step()
        rounds, begin = 0, time.perf_counter()
        while rounds < LEAST_ROUNDS or time.perf_counter() - begin < SECONDS / len(ways):
            start = time.perf_counter()
            optimizer.step()
            seconds = time.perf_counter() - start
            best = seconds if best is None or seconds < best else best
            rounds += 1
    return best


def measure(program, size):
    for name, kind, options in OPTIMIZERS:
        step, memory, bandwidth = our_figures(program, size, name)
        peer = torch_seconds(size, kind, options) if kind else None
        yield {"size": size, "optimizer": name, "step": step, "memory": memory,
               "bandwidth": bandwidth, "torch": peer}


def elements(size):
    each, _, count = size.partition("x")
    return int(each) * int(count or 1)


def title(size):
    each, _, count = size.partition("x")
    if count:
        return f"{count} parameters of {each} elements"
    return f"A parameter of {int(each):,} elements"


def table(results):
    lines = ["| optimizer | step | memory | step / memory | PyTorch | PyTorch / step |",
             "| --- | --: | --: | --: | --: | --: |"]
    for r in results:
        scale = 1e9 / elements(r["size"])
        peer = ("–", "–")
        if r["torch"]:
            peer = (f"{r['torch'] * scale:.3f}", f"{r['torch'] / r['step']:.2f}")
        own = f"{r['step'] * scale:.3f} | {r['memory'] * scale:.3f}"
        ratio = f"{r['step'] / r['memory']:.2f}"
        lines.append(f"| `{r['optimizer']}` | {own} | {ratio} | {peer[0]} | {peer[1]} |")
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
        rows = [r for r in results if r["size"] == size]
        if rows:
            parts += [f"## {title(size)}", "", table(rows), ""]
    parts += ["## The machine", "", machine]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--write", action="store_true", help="write docs/optimizers.md")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    for size in filter(None, arguments.sizes.split(",")):
        new = list(measure(arguments.program, size))
        kept = [r for r in kept if r["size"] != size] + new
        RESULTS.write_text(json.dumps(kept, indent=1))
        print(f"{title(size)}\n\n{table(new)}\n", flush=True)
    if arguments.write:
        import torch

        machine = (f"{processor()}, one thread; Linux {platform.release()}; "
                   f"PyTorch {torch.__version__}; {time.strftime('%Y-%m-%d')}.")
        (ROOT / "docs" / "optimizers.md").write_text(page(kept, machine))


if __name__ == "__main__":
    main()
