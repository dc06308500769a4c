#!/usr/bin/env python3
"""Times how yamlgrad starts, and how that grows with a model, and writes docs/scale.md.

Models of 10,000, 100,000 and 1,000,000 nodes, of several shapes, are loaded, differentiated and
compiled, and compiled again for another batch size. A graph of the same size is built by calls in C
(bench/chain.c). A whole process computes its first gradient, beside KANN and NumPy if they are
there.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import scale_page
from run import PEERS, ROOT, Subject, SubjectError, find_peer, held, peer_command, progress
from workloads import find

SIZES = (10_000, 100_000, 1_000_000)
STEPS = 125  # of a chain or a sum in one layer
PHASES = ("load", "build", "differentiate", "compile")
FIRST = find("W6_first_gradient")
FIRST_PEERS = ("KANN", "NumPy")


def part(params, lines, last, repeat):
    """A layer of the given lines, repeated: a model file has at most a megabyte."""
    return ["define:", "  part:", "    inputs: {x: [...]}", f"    params: {{{params}}}", "    graph:",
            *(f"      {line}" for line in lines), f"    outputs: [{last}]",
            "graph:", f"  h: {{type: part, input: x, repeat: {repeat}}}", "outputs: [h]", "loss: mse(h, y)"]


def chain(count):
    """One operator after the other."""
    lines = ["h0: x", *(f"h{i}: tanh(h{i - 1} * w)" for i in range(1, STEPS + 1))]
    return part("w: {shape: [4], init: ones}", lines, f"h{STEPS}", count // 8 // STEPS)


def layers(count):
    """Dense layers, each with parameters of its own."""
    return ["graph:", f"  h: {{type: linear, input: x, repeat: {count // 12}, out_features: 4, activation: tanh}}",
            "outputs: [h]", "loss: mse(h, y)"]


def shared(count):
    """Dense layers that share one weight."""
    return ["graph:", "  first: {type: linear, input: x, out_features: 4}",
            f"  h: {{type: linear, input: first, share: first, repeat: {count // 10}, out_features: 4, "
            "activation: tanh}",
            "outputs: [h]", "loss: mse(h, y)"]


def branches(count):
    """Branches from one input, each with a parameter, in one sum."""
    params = ", ".join(f"w{i}: {{shape: [4], init: ones}}" for i in range(1, STEPS + 1))
    lines = ["s0: x", *(f"s{i}: s{i - 1} + sigmoid(x * w{i})" for i in range(1, STEPS + 1))]
    return part(params, lines, f"s{STEPS}", count // 10 // STEPS)


MODELS = {"chain": chain, "layers": layers, "shared": shared, "branches": branches}


def write_model(path, kind, count):
    head = ["format: 1", "inputs: {x: [B, 4]}", "targets: {y: [B, 4]}"]
    path.write_text("\n".join([*head, *MODELS[kind](count), ""]))


def answer(command, hold):
    with held(hold):
        output = subprocess.run(list(map(str, command)), capture_output=True, text=True).stdout
    try:
        found = json.loads(output)
    except ValueError:
        sys.exit(f"bench: {' '.join(map(str, command))}: found {output!r}")
    if "error" in found:
        sys.exit(f"bench: {' '.join(map(str, command))}: {found['error']}")
    return found


def measure_models(arguments, kept):
    with tempfile.TemporaryDirectory() as folder:
        for kind in MODELS:
            for count in arguments.sizes:
                path = Path(folder) / "model.yaml"
                write_model(path, kind, count)
                command = [arguments.programs / "bench" / "scale", path, 8, 5]
                tries = [answer(command, arguments.hold)
                         for _ in range(arguments.rounds if count < SIZES[-1] else min(2, arguments.rounds))]
                best = min(tries, key=lambda found: sum(found[phase] for phase in PHASES))
                kept["models"][f"{kind} {count}"] = dict(best, kind=kind, size=count)
                progress(scale_page.terminal_row(kind, best))


def measure_chain(arguments, kept):
    """The graph by calls: first and second derivative, compiled."""
    for count in arguments.sizes:
        with held(arguments.hold):
            subject = Subject("yamlgrad", [str(arguments.programs / "bench" / "chain"), str(count), "0"], 1)
            for _ in range(2):
                subject.round()
            subject.stop()
        kept["calls"][str(count)] = min(sample["seconds"] for sample in subject.samples)
        progress(f"chain by calls, {count:,} operators: {kept['calls'][str(count)]:.3f} s")


def measure_first(arguments, kept):
    """Whole processes, in turn."""
    programs = arguments.programs
    model = str(ROOT / "bench" / FIRST.model)
    commands = {"yamlgrad": [str(programs / "bench" / "process"), str(programs / "yamlgrad"), "grad", model,
                             "--threads", "1"]}
    for peer in PEERS:
        runs_it = find_peer(peer, arguments.venv, programs) if peer.name in FIRST_PEERS else None
        if runs_it:
            commands[peer.name] = peer_command(peer, runs_it, FIRST, 1, programs)
    subjects = []
    for name, command in commands.items():
        try:
            subjects.append(Subject(name, command, 1))
        except SubjectError as why:
            progress(f"{name}: not run: {why}")
    with held(arguments.hold):
        for _ in range(arguments.processes):
            for subject in subjects:
                subject.round()
    kept["first"] = {}
    for subject in subjects:
        subject.stop()
        seconds = [sample["seconds"] for sample in subject.samples]
        kept["first"][subject.name] = dict(
            least=min(seconds), median=statistics.median(seconds),
            bytes=statistics.median(sample["bytes"] for sample in subject.samples))
        progress(f"{subject.name}: {1e3 * min(seconds):.3f} ms, {kept['first'][subject.name]['bytes'] / 1e6:.2f} MB")


def read_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench scale", description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="of models, calls, first (default: all)")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="nodes, with commas")
    parser.add_argument("--rounds", type=int, default=3, help="of each model (default: 3; 2 of the largest)")
    parser.add_argument("--processes", type=int, default=40, help="of the first gradient (default: 40)")
    parser.add_argument("--hold", metavar="COMMAND", default="",
                        help="a command that keeps the machine quiet while something is timed")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "scale.json", metavar="FILE")
    parser.add_argument("--page", action="store_true",
                        help="write docs/scale.md also after a run of some parts")
    parser.add_argument("--programs", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "bench-venv")
    arguments = parser.parse_args()
    arguments.sizes = [int(size) for size in arguments.sizes.split(",")]
    return arguments


def main():
    arguments = read_arguments()
    kept = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for key in ("models", "calls", "first"):
        kept.setdefault(key, {})
    parts = {"models": measure_models, "calls": measure_chain, "first": measure_first}
    for name in arguments.parts:
        if name not in parts:
            sys.exit(f"bench: no part is called {name}; known: {', '.join(parts)}")
    for name, part in parts.items():
        if not arguments.parts or name in arguments.parts:
            part(arguments, kept)
            arguments.out.write_text(json.dumps(kept, indent=1) + "\n")
    if arguments.page or not arguments.parts:
        page = ROOT / "docs" / "scale.md"
        page.write_text(scale_page.page(kept, arguments.programs, page))
        progress("wrote docs/scale.md")


if __name__ == "__main__":
    main()
