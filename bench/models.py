#!/usr/bin/env python3
"""Times training steps and inferences of many small networks, and writes docs/models-speed.md.

The workloads are those of bench/model_rows.py; run.py measures them, as it measures W1 to W8. Before
the rounds all subjects report what they compute, and the runner compares it.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import model_page
import run
from model_rows import ROWS
from run import PEERS, ROOT, find_peer, held, measure, progress

MOST_HOLD_SECONDS = 38  # longer than this no command holds
PEER_NAMES = ("PyTorch", "PyTorch channels last", "PyTorch compiled", "JAX", "ONNX Runtime")


def chosen(names):
    for name in names:
        if not any(row.name.startswith(name) for row in ROWS):
            sys.exit(f"bench: no row is called {name}; known: {', '.join(row.name for row in ROWS)}")
    return [row for row in ROWS if not names or row.name.startswith(tuple(names))]


def read_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench models", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="beginnings of names (default: all)")
    parser.add_argument("--peers", default="", metavar="NAMES",
                        help=f"some of {', '.join(PEER_NAMES)}, with commas; or none")
    parser.add_argument("--rounds", type=int, default=7, help="of each subject (default: 7)")
    parser.add_argument("--before", type=Path, metavar="FOLDER",
                        help="compare with another build of yamlgrad, whose programs are in this folder")
    parser.add_argument("--missing", action="store_true",
                        help="only rows that build/models.json does not have yet")
    parser.add_argument("--page", action="store_true",
                        help="write docs/models-speed.md also after a run of some rows")
    parser.add_argument("--hold", metavar="COMMAND", default="",
                        help="a command that keeps the machine quiet during rounds: it prints a line "
                        "when they may begin, and ends with its stdin")
    parser.add_argument("--hold-starts", type=int, default=0, metavar="ROWS",
                        help="let --hold hold while processes start too, for so many rows at a time")
    parser.add_argument("--add", action="store_true",
                        help="keep the times of earlier runs of peers that this run leaves out")
    parser.add_argument("--programs", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "bench-venv")
    arguments = parser.parse_args()
    arguments.without = ""
    return arguments


def peers_of(arguments):
    names = [name.strip().lower() for name in arguments.peers.split(",")]
    wanted = [p for p in PEERS if p.name in PEER_NAMES and (names == [""] or p.name.lower() in names)]
    found = {peer: find_peer(peer, arguments.venv, arguments.programs) for peer in wanted}
    return {peer: python for peer, python in found.items() if python}


def measure_row(row, arguments, peers, kept):
    """Returns what went wrong."""
    progress(f"== {row.name}")
    alone = argparse.Namespace(**{**vars(arguments), "hold": "" if arguments.hold_starts else arguments.hold})
    results, missing, wrong = measure(row, 1, alone, peers, kept["versions"])
    for name, theirs, ours in wrong:
        missing[name] = f"other results: {theirs}, ours {ours}"
    result = {"times": {r["subject"]: min(r["rounds"]) * 1e-6 for r in results}, "why": missing}
    if arguments.add and row.name in kept["rows"]:
        result["times"] = {**kept["rows"][row.name]["times"], **result["times"]}
    kept["rows"][row.name] = result
    print(model_page.terminal_row(row, result), flush=True)
    return [f"{row.name}: {name}: {why}" for name, why in missing.items()
            if name == "yamlgrad" or why.startswith("other results")]


def measure_group(rows, arguments, peers, kept):
    with held(arguments.hold if arguments.hold_starts else ""):
        start = time.monotonic()
        failed = [why for row in rows for why in measure_row(row, arguments, peers, kept)]
        spent = time.monotonic() - start
    if arguments.hold_starts and arguments.hold and spent > MOST_HOLD_SECONDS and len(rows) > 1:
        # The machine was not quiet until the end. What was compiled is found again.
        failed = [why for row in rows for why in measure_group([row], arguments, peers, kept)]
    return failed


def main():
    arguments = read_arguments()
    out = ROOT / "build" / "models.json"
    kept = json.loads(out.read_text()) if out.exists() else {}
    for key in ("rows", "versions"):
        kept.setdefault(key, {})
    peers = peers_of(arguments)
    cache = ROOT / "build" / "ops-cache"
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache / "torch"))
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache / "jax"))
    run.ROUND_LIMIT_SECONDS = 25  # so that --hold is short
    rows = [row for row in chosen(arguments.names)
            if not (arguments.missing and row.name in kept["rows"])]
    failed, together = [], max(arguments.hold_starts, 1)
    for first in range(0, len(rows), together):
        failed += measure_group(rows[first : first + together], arguments, peers, kept)
        out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    print(model_page.terminal_summary(kept["rows"]))
    for line in failed:
        progress(f"bench: {line}")
    if arguments.page or not arguments.names:
        page = ROOT / "docs" / "models-speed.md"
        page.write_text(model_page.page(kept, arguments.programs, page))
        progress("wrote docs/models-speed.md")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
