#!/usr/bin/env python3
"""Times a training step of a table that is looked up, beside PyTorch, and prints a table.

    bench/lookups.py PROGRAM

PROGRAM is build/release/bench/lookups. Its rounds and PyTorch's take turns on one core; a round is 20 steps,
each with a batch of other rows. PyTorch has nn.Embedding with and without `sparse`, its gradient, and the
optimizer, fused where it has that. Figures are microseconds a step: the least mean of a round, and the median.
It needs a Python that has torch.
"""

import os
import statistics
import subprocess
import sys
import time

STEPS = 20
SECONDS = 2.0
BATCH, WIDTH = 128, 64

# What we train with; PyTorch's class and arguments, and whether its gradient is sparse.
CASES = [
    ("{type: sgd, lr: 1e-3}", "SGD", {"lr": 1e-3}, True),
    ("adagrad", "Adagrad", {}, True),
    ("sparse_adam", "SparseAdam", {}, True),
    ("adam", "Adam", {"fused": True}, False),
]


class Ours:
    def __init__(self, program, rows, optimizer):
        command = [program, str(rows), str(WIDTH), str(BATCH), optimizer]
        self.process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def round(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("lookups: the program has failed")


class Torch:
    def __init__(self, rows, kind, options, sparse):
        import torch

        torch.set_num_threads(1)
        self.torch, self.rows = torch, rows
        self.table = torch.nn.Embedding(rows, WIDTH, sparse=sparse)
        self.factor = torch.rand(BATCH, WIDTH)
        self.optimizer = getattr(torch.optim, kind)(self.table.parameters(), **options)
        self.round()
        for state in self.optimizer.state.values():
            for tensor in state.values():  # their pages, as in lookups.c
                if torch.is_tensor(tensor) and tensor.dim() == 2:
                    tensor.add_(0)

    def round(self):
        seconds = 0
        for _ in range(STEPS):
            index = self.torch.randint(0, self.rows, (BATCH,))
            begin = time.perf_counter()
            self.optimizer.zero_grad()
            (self.table(index) * self.factor).sum().backward()
            self.optimizer.step()
            seconds += time.perf_counter() - begin
        return seconds / STEPS


def main():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print("| rows | optimizer | step, µs | … median | PyTorch, µs | … median | PyTorch / step | … medians |")
    print("| --: | --- | --: | --: | --: | --: | --: | --: |")
    for rows in 50_000, 1_000_000:
        for optimizer, kind, options, sparse in CASES:
            ours, peer = Ours(sys.argv[1], rows, optimizer), Torch(rows, kind, options, sparse)
            own, other, begin = [], [], time.perf_counter()
            ours.round()
            while len(own) < 5 or time.perf_counter() - begin < SECONDS:
                own.append(ours.round())
                other.append(peer.round())
            ours.end()
            median = statistics.median
            print(f"| {rows:,} | `{optimizer}` | {min(own) * 1e6:.1f} | {median(own) * 1e6:.1f} "
                  f"| {min(other) * 1e6:.1f} | {median(other) * 1e6:.1f} | {min(other) / min(own):.1f} "
                  f"| {median(other) / median(own):.1f} |", flush=True)


if __name__ == "__main__":
    main()
