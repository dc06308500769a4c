#!/usr/bin/env python3
"""Times single operators beside PyTorch and JAX, on one thread, and writes docs/operators-speed.md.

bench/op_rows.py says which calls are timed: the operators come from their descriptors. Each subject
is one process for all rows, since starting PyTorch takes longer than most of them. A piece of some
rows is loaded, and compiled where the subject compiles; then the subjects take turns on one core.
The least of the rounds counts.

All subjects also report what they computed. A peer with other results is no peer: its time is not
compared, and the page says so.

build/ops.json keeps every row that was ever measured, so that a few rows can be measured again.
"""

import argparse
import fnmatch
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import op_page
import op_rows
from run import ROOT, Peer, find_peer, held, pin_to_cores, progress

PEERS = [
    Peer("PyTorch", "torch", "op_peer.py", "torch"),
    Peer("PyTorch compiled", "torch", "op_peer.py", "compiled"),
    Peer("JAX", "jax", "op_peer.py", "jax"),
]
ROUND_SECONDS = 0.006
LOAD_SECONDS = 60  # then a subject is started anew
PIECE_TASKS = 40
EXAMPLE_ELEMENTS = 1 << 19  # at most, of the enlarged call of an operator's documentation
PIECE_BYTES = 700 << 20  # of the inputs of a piece
HOLD_SECONDS = 25
MOST_HOLD_SECONDS = 38  # longer than this no command holds: pieces are halved then
SLOW_SECONDS = 0.15  # a call that takes as long is timed twice only
TOLERANCE = 2e-3
OURS = "yamlgrad"
NO_GRADIENT = ("no result is a float", "no input has a gradient")  # from bench/operator.c
RANDOM = ("dropout", "drop_path", "uniform", "normal", "bernoulli")
UNORDERED = ("sort", "argsort", "topk", "cummax", "cummin")  # of ties any place will do: only values
# are compared


class Failed(Exception):
    pass


class Subject:
    """A process that answers each line with a line."""

    def __init__(self, name, command, environment, log):
        self.name, self.command, self.environment, self.log = name, command, environment, log
        self.version = ""
        self.process = None
        self.start()

    def start(self):
        self.stop()
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, text=True, preexec_fn=lambda: pin_to_cores(1))

    def pin(self, core):
        """Moves all its threads. Its pools were made for one core."""
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            try:
                os.sched_setaffinity(int(thread), [core])
            except OSError:
                pass  # it has ended

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def tell(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # answer() notices

    def answer(self, seconds=LOAD_SECONDS):
        timer = threading.Timer(seconds, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                try:
                    found = json.loads(line)
                except ValueError:
                    continue  # printed by a library
                if "error" in found:
                    raise Failed(found["error"])
                return found
        finally:
            timer.cancel()
        status = self.process.wait()
        self.start()
        if status == -signal.SIGKILL:
            raise Failed(f"took more than {seconds} s to compile")
        raise Failed(f"ended with status {status}")


class Ours(Subject):
    """bench/operator, which reads models."""

    def __init__(self, name, programs, folder, lists, log):
        self.folder, self.lists = Path(folder), lists
        super().__init__(name, [str(programs / "bench" / "operator"), str(ROUND_SECONDS)],
                         dict(os.environ), log)

    def load(self, slot, task):
        path = self.folder / f"{slot}.yaml"
        path.write_text(task.row.model(task.row.op in self.lists))
        ranges = [f"{i.name}={i.low}:{i.high}" for i in task.row.inputs]
        self.tell(" ".join([f"load {slot} {task.kind} {path}", *ranges]))

    def run(self, slot):
        self.tell(f"run {slot}")
        return self.answer()["seconds"]

    def free(self, slot):
        self.tell(f"free {slot}")
        self.answer()


class PeerSubject(Subject):
    def load(self, slot, task):
        row = task.row
        inputs = [dict(dtype=i.dtype, shape=i.shape, low=i.low, high=i.high) for i in row.inputs]
        self.tell(json.dumps(dict(load=slot, kind=task.kind, peer=row.peer or row.op, inputs=inputs,
                                  args=row.args)))

    def run(self, slot):
        self.tell(json.dumps(dict(run=slot)))
        return self.answer()["seconds"]

    def free(self, slot):
        self.tell(json.dumps(dict(free=slot)))
        self.answer()


class Task:
    """A row, forward (f) or with the gradient (g)."""

    def __init__(self, row, kind, is_list):
        self.row, self.kind = row, kind
        self.key = f"{row.name} ({kind})"
        self.forget()
        self.bytes = sum(4 * size(i.shape) for i in row.inputs)
        self.call = row.expression(is_list).replace("\n", "; ")

    def forget(self):
        self.times = {}  # {subject: seconds}
        self.why = {}  # {subject: why it has no time}
        self.loaded = {}  # {subject: its answer}

    def result(self):
        ours = self.loaded.get("yamlgrad", {})
        return dict(
            op=self.row.op, title=self.row.title, kind=self.kind, call=self.call, own=self.row.own,
            inputs=", ".join(f"{i.name} {i.dtype}{list(i.shape)}" for i in self.row.inputs),
            times=self.times, why=self.why, read=ours.get("read", 0), written=ours.get("written", 0),
            flops=ours.get("flops", 0))


def size(shape):
    count = 1
    for n in shape:
        count *= n
    return count


def agrees(ours, theirs, op):
    """Whether two subjects computed the same. A subject may leave out gradients that are zero."""
    if op in RANDOM:
        return True
    if op in UNORDERED:
        ours, theirs = ours[:1], theirs[:1]
    for (a, total, strange), (b, _, theirs_strange) in zip(ours, theirs):
        if abs(a - b) > TOLERANCE * total + 1e-5 or strange != theirs_strange:
            return False
    return True


# ------------------------------------------------------------------------------------ measuring --


def load_one(slot, task, subject):
    subject.load(slot, task)
    try:
        task.loaded[subject.name] = subject.answer()
    except Failed as why:
        task.loaded.pop(subject.name, None)
        task.why[subject.name] = str(why)


def load_piece(tasks, subjects):
    """Loads all tasks in all subjects; each subject works on its own meanwhile."""

    def load_all(subject):
        for slot, task in enumerate(tasks):
            if "compiled" in subject.name and not task.row.compiled:
                task.why[subject.name] = "not asked, a larger row of the same operator tells"
                continue
            process = subject.process
            load_one(slot, task, subject)
            if subject.process is not process:  # it is a new one, which has lost the others
                for again in range(slot):
                    if subject.name in tasks[again].loaded:
                        load_one(again, tasks[again], subject)

    cores = sorted(os.sched_getaffinity(0))
    threads = [threading.Thread(target=load_all, args=(subject,)) for subject in subjects]
    for subject, thread in zip(subjects, threads):
        subject.pin(cores[subjects.index(subject) % len(cores)])
        thread.start()
    for thread in threads:
        thread.join()
    for subject in subjects:
        subject.pin(cores[-1])
    for task in tasks:
        ours = task.loaded.get("yamlgrad")
        for name, answer in task.loaded.items():
            if ours and not agrees(ours["check"], answer["check"], task.row.op):
                task.why[name] = f"other results: {answer['check']}, ours {ours['check']}"


def time_task(slot, task, subjects, rounds):
    running = [s for s in subjects if s.name not in task.why]
    for k in range(rounds):
        slowest = 0
        for i in range(len(running)):
            subject = running[(k + i) % len(running)]
            if subject.name in task.why:
                continue
            try:
                seconds = subject.run(slot)
            except Failed as why:
                task.why[subject.name] = str(why)
                continue
            task.times[subject.name] = min(seconds, task.times.get(subject.name, seconds))
            slowest = max(slowest, seconds)
        if k > 0 and slowest > SLOW_SECONDS:
            return


def time_piece(tasks, subjects, rounds, hold):
    slot = 0
    while slot < len(tasks):
        with held(hold):
            end = time.monotonic() + HOLD_SECONDS
            while slot < len(tasks) and time.monotonic() < end:
                time_task(slot, tasks[slot], subjects, rounds)
                slot += 1
    for subject in subjects:
        for slot, task in enumerate(tasks):
            if subject.name in task.loaded:
                try:
                    subject.free(slot)
                except Failed:
                    break


def pieces_of(tasks):
    piece, total = [], 0
    for task in tasks:
        if piece and (len(piece) == PIECE_TASKS or total + task.bytes > PIECE_BYTES):
            yield piece
            piece, total = [], 0
        piece.append(task)
        total += task.bytes
    if piece:
        yield piece


# ------------------------------------------------------------------------------------- choosing --


def yamlgrad(programs, *arguments):
    return subprocess.run([str(programs / "yamlgrad"), *arguments], capture_output=True, text=True,
                          check=True).stdout


def chosen(ops, names):
    """The operators that are named: `gather`, or the beginning of rows, as `max: last*`."""
    wanted = {name.split(":")[0] for name in names}
    known = {op["name"] for op in ops}
    for name in sorted(wanted - known):
        sys.exit(f"bench: no operator is called {name}; `yamlgrad ops` lists them")
    return [op for op in ops if not names or op["name"] in wanted]


def is_chosen(row, names):
    return not names or any(row.op == name or fnmatch.fnmatch(row.name.lower(), name.lower() + "*")
                            for name in names if name == row.op or ":" in name)


def peers_of(arguments):
    names = [n.strip().lower() for n in arguments.peers.split(",")]
    if names == ["none"]:
        return {}
    wanted = [p for p in PEERS if names == [""] or p.name.lower() in names]
    found = {peer: find_peer(peer, arguments.venv, arguments.programs) for peer in wanted}
    for peer in [p for p in wanted if not found[p]]:
        progress(f"bench: {peer.name} is not installed; going on without it")
    return {peer: python for peer, python in found.items() if python}


def start_all(arguments, folder, lists, log):
    subjects = [Ours("yamlgrad", arguments.programs, folder, lists, log)]
    if arguments.before:
        subjects.append(Ours("before", arguments.before, folder, lists, log))
    environment = dict(os.environ)
    for pool in ("OMP", "OPENBLAS", "MKL"):
        environment[f"{pool}_NUM_THREADS"] = "1"
    # Compiled rows are found again by a later run.
    environment.setdefault("TORCHINDUCTOR_CACHE_DIR", str(ROOT / "build" / "ops-cache" / "torch"))
    environment.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / "build" / "ops-cache" / "jax"))
    for peer, python in peers_of(arguments).items():
        command = [python, str(ROOT / "bench" / "peers" / peer.script), peer.variant,
                   str(ROUND_SECONDS)]
        subjects.append(PeerSubject(peer.name, command, environment, log))
    return subjects


def buildable(ours):
    def fits(row):
        if sum(size(i.shape) for i in row.inputs) > EXAMPLE_ELEMENTS:
            return False
        ours.load(0, Task(row, "f", row.op in ours.lists))
        try:
            ours.answer()
            return True
        except Failed:
            return False

    return fits


def has_gradient(ops, row):
    op = next(op for op in ops if op["name"] == row.op)
    return op["differentiable"] and not any(i.name == op_rows.UNUSED for i in row.inputs)


def read_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench ops", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="operators, or rows: 'max: last*' (default: all)")
    parser.add_argument("--peers", default="", metavar="NAMES",
                        help="some of PyTorch, PyTorch compiled, JAX, with commas; or none")
    parser.add_argument("--kinds", default="fg", help="f: forward, g: with gradient (default: fg)")
    parser.add_argument("--rounds", type=int, default=6, help="of each subject (default: 6)")
    parser.add_argument("--before", type=Path, metavar="FOLDER",
                        help="compare with another build of yamlgrad, whose programs are in this folder")
    parser.add_argument("--missing", action="store_true",
                        help="only rows that build/ops.json does not have yet")
    parser.add_argument("--add", action="store_true",
                        help="keep the times of earlier runs of peers that this run leaves out")
    parser.add_argument("--list", action="store_true", help="list the rows and measure nothing")
    parser.add_argument("--page", action="store_true",
                        help="write docs/operators-speed.md also after a run of some rows")
    parser.add_argument("--hold", metavar="COMMAND", default="",
                        help="a command that keeps the machine quiet during rounds: it prints a line "
                        "when they may begin, and ends with its stdin")
    parser.add_argument("--hold-loads", action="store_true",
                        help="let --hold hold while rows are loaded and compiled, too")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "ops.json", metavar="FILE",
                        help="where the rows are kept (default: build/ops.json)")
    parser.add_argument("--programs", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "bench-venv")
    return parser.parse_args()


def add_earlier(result, earlier):
    """The times of subjects that this run does not have."""
    for name, seconds in (earlier or {"times": {}})["times"].items():
        if name not in result["times"] and name not in result["why"]:
            result["times"][name] = seconds
            if name in earlier["why"]:
                result["why"][name] = earlier["why"][name]


def measure_piece(piece, subjects, arguments):
    if not arguments.hold_loads:
        load_piece(piece, subjects)
        time_piece(piece, subjects, arguments.rounds, arguments.hold)
        return
    with held(arguments.hold):
        start = time.monotonic()
        load_piece(piece, subjects)
        time_piece(piece, subjects, arguments.rounds, "")
        spent = time.monotonic() - start
    if spent > MOST_HOLD_SECONDS and len(piece) > 1:
        # The machine was not quiet until the end. What was compiled is found again.
        for half in (piece[: len(piece) // 2], piece[len(piece) // 2 :]):
            for task in half:
                task.forget()
            measure_piece(half, subjects, arguments)


def measure(tasks, subjects, arguments, kept):
    done = 0
    for piece in pieces_of(tasks):
        measure_piece(piece, subjects, arguments)
        for task in piece:
            for subject in subjects:
                version = task.loaded.get(subject.name, {}).get("version")
                if version:
                    kept["versions"][subject.name] = version
            if task.why.get(OURS) in NO_GRADIENT:
                continue  # of these arguments
            result = task.result()
            if arguments.add:
                add_earlier(result, kept["rows"].get(task.key))
            kept["rows"][task.key] = result
            print(op_page.terminal_row(task.key, result), flush=True)
        save(kept, arguments.out)
        done += len(piece)
        progress(f"== {done} of {len(tasks)}")


def main():
    arguments = read_arguments()
    kept = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for key in ("rows", "versions", "bandwidth"):
        kept.setdefault(key, {})
    ops = json.loads(yamlgrad(arguments.programs, "ops", "--json"))
    examples = op_rows.documented(yamlgrad(arguments.programs, "ops", "--markdown"))
    lists = {op["name"] for op in ops if op["max_operands"] is None}
    log = open(arguments.out.parent / "ops-peers.log", "w")
    with log, tempfile.TemporaryDirectory() as folder:
        ours = Ours("yamlgrad", arguments.programs, folder, lists, log)
        rows = op_rows.all_rows(chosen(ops, arguments.names), examples, buildable(ours))
        tasks = [Task(row, kind, row.op in lists) for row in rows if is_chosen(row, arguments.names)
                 for kind in arguments.kinds if kind == "f" or has_gradient(ops, row)]
        if not arguments.names:
            kept["expected"] = len(tasks)
        if arguments.missing:
            tasks = [task for task in tasks if task.key not in kept["rows"]]
        if arguments.list:
            ours.stop()
            print("\n".join(f"{task.key:60} {task.call}" for task in tasks))
            return
        with held(arguments.hold):
            ours.tell("bandwidth")
            kept["bandwidth"] = ours.answer(600)
        ours.stop()
        subjects = start_all(arguments, folder, lists, log)
        try:
            print(op_page.terminal_head([s.name for s in subjects]))
            measure(tasks, subjects, arguments, kept)
        finally:
            for subject in subjects:
                subject.stop()
    finish(tasks, rows, arguments, kept)


def finish(tasks, rows, arguments, kept):
    tasks = [task for task in tasks if task.why.get(OURS) not in NO_GRADIENT]
    print(op_page.terminal_summary([kept["rows"][task.key] for task in tasks]))
    if not arguments.names:  # rows that are no longer in the table
        known = {Task(row, kind, False).key for row in rows for kind in "fg"}
        kept["rows"] = {key: kept["rows"][key] for key in kept["rows"] if key in known}
        save(kept, arguments.out)
    if arguments.page or not arguments.names:
        page = ROOT / "docs" / "operators-speed.md"
        page.write_text(op_page.page(kept, arguments.programs, page))
        progress("wrote docs/operators-speed.md")
    failed = [task for task in tasks if "yamlgrad" in task.why]
    for task in failed:
        progress(f"bench: {task.key}: {task.why['yamlgrad']}")
    if failed:
        sys.exit(1)


def save(kept, out):
    out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
