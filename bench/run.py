#!/usr/bin/env python3
"""Times yamlgrad beside its peers, and writes the tables.

All subjects of a workload run at the same time, each in a process of its own. The runner asks one
after the other for a round of about 0.2 s, many times over, so a disturbance of the machine meets
all of them alike. The subjects also report what they computed, and the runner compares it.

`./dev bench` builds the programs, sets up the peers and calls this script. The table goes to
stdout, progress to stderr, every number to build/bench.json. Once there are rows of all workloads,
measured with all peers, docs/performance.md is written; with --page also before. With --add the rows
of earlier runs count too, so that a machine can be measured workload by workload, whenever it is
quiet. The script needs the standard library only.
"""

import argparse
import contextlib
import json
import os
import shlex
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import report
from workloads import WORKLOADS

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 900  # some peers compile for minutes
ROUND_LIMIT_SECONDS = 60  # for all rounds of a workload, once each subject has MIN_ROUNDS
MIN_ROUNDS = 3
ROUND_SECONDS = 0.2
SETTLE_SECONDS = 0.05  # by then the threads of the last subject no longer spin and wait for work
TOLERANCE = 1e-4  # subjects sum in different orders, in float32
DEBIAN_PYTHON = "/usr/bin/python3"
ONLY_DENSE = "only its dense networks are written down here"
READS_TABLES = ["pandas"]  # peers of the workloads that read a table, and of no others
PREDICTS = ["ONNX Runtime"]  # peers of predictors


@dataclass(frozen=True)
class Peer:
    """A script of bench/peers, or a C program there. bench/CMakeLists.txt builds the program if it
    finds the library."""

    name: str
    needs: str  # the module that must be importable, or the program
    script: str = ""
    variant: str = ""

    @property
    def family(self):
        for variant in (" compiled", " channels last", " with BLAS"):
            if self.name.endswith(variant):
                return self.name.removesuffix(variant)
        return self.name


PEERS = [
    Peer("NumPy", "numpy", "numpy_peer.py"),
    Peer("PyTorch", "torch", "torch_peer.py", "eager"),
    Peer("PyTorch channels last", "torch", "torch_peer.py", "channels_last"),
    Peer("PyTorch compiled", "torch", "torch_peer.py", "compiled"),
    Peer("JAX", "jax", "jax_peer.py"),
    Peer("ONNX Runtime", "onnxruntime", "onnxruntime_peer.py"),
    Peer("tinygrad", "tinygrad", "tinygrad_peer.py"),
    Peer("pandas", "pandas", "pandas_peer.py"),
    Peer("KANN", "kann"),
    Peer("KANN with BLAS", "kann_blas"),
    Peer("ggml", "ggml"),
    Peer("ggml with BLAS", "ggml_blas"),
]


def progress(text):
    print(text, file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------ subjects --


class SubjectError(Exception):
    pass


class Subject:
    """A running process. It speaks the protocol of bench/peers/protocol.py."""

    def __init__(self, name, command, threads):
        environment = dict(os.environ)
        for pool in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
            environment[f"{pool}_NUM_THREADS"] = str(threads)
        self.name = name
        self.samples = []
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: pin_to_cores(threads),
        )
        # A thread reads stderr. Otherwise a peer that prints much would stop at a full pipe.
        self.complaints = []
        threading.Thread(target=self._read_complaints, daemon=True).start()
        try:
            answer = self._answer()
        except SubjectError:
            self.stop()
            raise
        self.check = answer["check"]
        self.version = answer.get("version")

    def _read_complaints(self):
        for line in self.process.stderr:
            self.complaints = self.complaints[-20:] + [line.rstrip()]

    def _answer(self):
        timer = threading.Timer(READY_SECONDS, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                try:
                    answer = json.loads(line)
                except ValueError:
                    continue  # printed by a library
                if "error" in answer:
                    raise SubjectError(answer["error"])
                return answer
        finally:
            timer.cancel()
        status = self.process.wait()
        last = self.complaints[-1] if self.complaints else "no message"
        raise SubjectError(f"ended with status {status}: {last}")

    def round(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        self.samples.append(self._answer())

    def stop(self):
        try:
            self.process.stdin.close()
            self.process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


def pin_to_cores(count):
    """Libraries then see so many cores, and start so many threads."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def yamlgrad_command(workload, threads, programs, without=None):
    """`without` is a pass or a rule of the compiler to leave out; only `step` can."""
    model = str(ROOT / "bench" / workload.model)
    if workload.kind == "process":
        return [
            str(programs / "bench" / "process"), str(programs / "yamlgrad"),
            "grad", model, "--threads", str(threads),
        ]
    if workload.kind == "chain":
        return [str(programs / "bench" / "chain"), str(workload.nodes)]
    if workload.kind == "csv":
        sizes = (workload.rows, workload.columns, threads)
        return [str(programs / "bench" / "csv"), *map(str, sizes)]
    if workload.kind == "predictor":
        way = "row" if workload.standardized else "tensor"
        return [str(programs / "bench" / "predictor"), model, way]
    command = [
        str(programs / "bench" / "step"), model, workload.kind, str(workload.batch), str(threads),
    ]
    return [*command, str(ROUND_SECONDS), without] if without else command


def pass_names(workload, programs):
    """The passes and rules that can be left out of the program of a workload."""
    command = [
        str(programs / "yamlgrad"), "show", str(ROOT / "bench" / workload.model), "--passes",
        "--json",
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = [entry["name"] for entry in json.loads(shown)]
    return [name for name in names if name not in ("algebra", "fold")]  # not the compiler's


def peer_command(peer, runs_it, workload, threads, programs):
    """`runs_it` comes from find_peer(). Empty if a program has dense networks only."""
    once = workload.kind == "process"
    if peer.script:
        command = [runs_it, str(ROOT / "bench" / "peers" / peer.script), workload.name]
        command += ["first_gradient"] if once else [str(threads), peer.variant]
    elif workload.network:
        return []
    else:
        widths = ",".join(map(str, workload.layers))
        kind = "first_gradient" if once else workload.kind
        command = [runs_it, kind, widths, str(workload.batch), str(threads)]
        if workload.optimizer and workload.kind == "step":
            command += [workload.optimizer, str(workload.lr)]
    return [str(programs / "bench" / "process"), *command] if once else command


def find_peer(peer, venv, programs):
    """Its program, or a Python that can import its module: that of the peers' environment, or else
    Debian's. None if the peer is not installed."""
    if not peer.script:
        program = programs / "bench" / peer.needs
        return str(program) if program.exists() else None
    for python in (str(venv / "bin" / "python"), DEBIAN_PYTHON):
        probe = f"import importlib.util as u, sys; sys.exit(u.find_spec('{peer.needs}') is None)"
        try:
            if subprocess.run([python, "-c", probe], capture_output=True).returncode == 0:
                return python
        except OSError:
            continue
    return None


# ------------------------------------------------------------------------------------ measuring --


def start_all(workload, threads, peers, arguments):
    """Returns the running subjects, and {name: reason} of those that do not run. yamlgrad is the
    first subject, and must run."""
    programs, before = arguments.programs, arguments.before
    commands = [("yamlgrad", yamlgrad_command(workload, threads, programs))]
    if before:
        commands.append(("before", yamlgrad_command(workload, threads, before)))
    if arguments.without and workload.model and workload.kind not in ("process", "predictor"):
        every = pass_names(workload, programs)
        for name in every if arguments.without == "all" else arguments.without.split(","):
            if name not in every:
                sys.exit(f"bench: no pass is called {name}; known: all, {', '.join(every)}")
            command = yamlgrad_command(workload, threads, programs, name)
            commands.append((f"without {name}", command))
    for peer, runs_it in peers.items():
        if (workload.kind == "csv") != (peer.name in READS_TABLES):
            continue
        if workload.kind == "predictor" and peer.name not in PREDICTS:
            continue
        if workload.kind == "process" and peer.variant not in ("", "eager"):
            continue  # compiling takes far longer than one gradient
        if peer.variant == "channels_last" and len(workload.x) != 3:
            continue  # there is no image in it
        commands.append((peer.name, peer_command(peer, runs_it, workload, threads, programs)))
    subjects, missing = [], {}
    for name, command in commands:
        progress(f"   {name}")
        if not command:
            missing[name] = ONLY_DENSE
            continue
        try:
            subjects.append(Subject(name, command, threads))
        except SubjectError as why:
            progress(f"     not run: {why}")
            missing[name] = str(why)
    return subjects, missing


def disagreements(subjects):
    """(name, its numbers, ours) for each subject with other numbers than yamlgrad."""
    if not subjects or subjects[0].name != "yamlgrad":
        return []
    ours = subjects[0].check
    return [
        (subject.name, subject.check, ours)
        for subject in subjects
        if ours
        and subject.check
        and (
            len(subject.check) != len(ours)
            or not all(abs(a - b) <= TOLERANCE * abs(b) for a, b in zip(subject.check, ours))
        )
    ]


def rounds_of(subjects, rounds):
    """Asks all subjects in turn. Each round starts with another one."""
    spent = 0.0
    for k in range(rounds):
        if k >= MIN_ROUNDS and spent > ROUND_LIMIT_SECONDS:
            break
        for i in range(len(subjects)):
            time.sleep(SETTLE_SECONDS)
            start = os.times().elapsed
            subjects[(k + i) % len(subjects)].round()
            spent += os.times().elapsed - start


@contextlib.contextmanager
def held(command):
    """Runs a command around the rounds of a workload. It prints a line when they may begin, and
    ends when its stdin is closed."""
    if not command:
        yield
        return
    process = subprocess.Popen(
        shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        if not process.stdout.readline():
            sys.exit(f"bench: --hold: {command}: ended before it printed a line")
        yield
    finally:
        process.stdin.close()
        process.wait()


def measure(workload, threads, arguments, peers, versions):
    """Returns the results for one workload and thread count, the reasons of missing subjects, and
    the disagreements."""
    subjects, missing = start_all(workload, threads, peers, arguments)
    load = 0 if arguments.hold else os.getloadavg()[0]
    try:
        wrong = disagreements(subjects)
        with held(arguments.hold):
            rounds_of(subjects, arguments.rounds)
    finally:
        for subject in subjects:
            subject.stop()
    results = []
    families = {peer.name: peer.family for peer in peers}
    for subject in subjects:
        if subject.version:
            versions[families.get(subject.name, subject.name)] = subject.version
        values = [workload.value(sample) for sample in subject.samples]
        results.append(
            {
                "workload": workload.name,
                "subject": subject.name,
                "threads": threads,
                "median": statistics.median(values),
                "min": min(values),
                "max": max(values),
                "unit": workload.unit,
                "load": load,
                "rounds": values,
            }
        )
    return results, missing, wrong


def earlier(path, adds):
    """What earlier runs have left, or nothing: results; {workload: {subject: reason}} of those that
    did not run; {subject: version}; the workloads that were measured with all peers."""
    nothing = {"results": [], "missing": {}, "versions": {}, "complete": []}
    if not adds or not path.exists():
        return nothing
    try:
        kept = json.loads(path.read_text())
        return {key: kept[key] for key in nothing}
    except (ValueError, KeyError, TypeError):
        sys.exit(f"bench: --add: {path} was not written by this version; remove it")


def in_order(results):
    """As the workloads are listed; of the same one, as the threads."""
    names = [workload.name for workload in WORKLOADS]
    return sorted(
        (r for r in results if r["workload"] in names),
        key=lambda r: (names.index(r["workload"]), r["threads"]),
    )


def chosen_peers(names):
    """The peers whose names begin with one of `names`; all if there is none."""
    names = [name.strip().lower() for name in names.split(",")] if names else [""]
    for name in names:
        if not any(peer.name.lower().startswith(name) for peer in PEERS):
            known = ", ".join(peer.name for peer in PEERS)
            sys.exit(f"bench: no peer is called {name}; known: {known}")
    return [peer for peer in PEERS if peer.name.lower().startswith(tuple(names))]


def chosen_workloads(names):
    """The workloads whose names begin with one of `names` (W2); all if there is none."""
    for name in names:
        if not any(w.name.lower().startswith(name.lower()) for w in WORKLOADS):
            known = ", ".join(w.name for w in WORKLOADS)
            sys.exit(f"bench: no workload is called {name}; known: {known}")
    prefixes = tuple(name.lower() for name in names) or ("",)
    return [w for w in WORKLOADS if w.name.lower().startswith(prefixes)]


def main():
    parser = argparse.ArgumentParser(
        description="Times yamlgrad beside its peers.",
        epilog="Environment, read by ./dev bench: YG_BENCH_VENV, a Python environment that has the "
        "peers; YG_BENCH_KANN and YG_BENCH_GGML, the folders of KANN and ggml. "
        "docs/performance.md says what these must contain.",
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="default: all")
    parser.add_argument("--peers", metavar="NAMES", default="",
                        help="beginnings of their names, with commas (default: all)")
    parser.add_argument("--threads", default="1,2", help="counts, with commas (default: 1,2)")
    parser.add_argument("--rounds", type=int, default=9, help="of each subject (default: 9)")
    parser.add_argument("--before", type=Path, metavar="FOLDER",
                        help="compare with another build of yamlgrad, whose programs are in this "
                        "folder; peers only if --peers names them")
    parser.add_argument("--without", metavar="PASSES", default="",
                        help="compare with programs that are compiled without one of these passes "
                        "or rules, or `all`, instead of peers: what each of them gains")
    parser.add_argument("--add", action="store_true",
                        help="keep the rows of earlier runs in build/bench.json, and write "
                        "docs/performance.md if all are there")
    parser.add_argument("--page", action="store_true",
                        help="write docs/performance.md from the rows that there are, also if "
                        "workloads or peers are missing")
    parser.add_argument("--hold", metavar="COMMAND", default="",
                        help="a command that keeps the machine quiet during the rounds of a "
                        "workload: it prints a line when they may begin, and ends with its stdin")
    parser.add_argument("--programs", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "bench-venv")
    arguments = parser.parse_args()
    workloads = chosen_workloads(arguments.workloads)
    own = arguments.before or arguments.without  # no peers but those that are named
    wanted = chosen_peers(arguments.peers) if arguments.peers or not own else []
    available = len(os.sched_getaffinity(0))
    counts = [n for n in map(int, arguments.threads.split(",")) if 1 <= n <= available]
    if not counts or arguments.rounds < 1:
        sys.exit(f"bench: give --rounds and a thread count of at least 1; {available} cores here")

    found = {peer: find_peer(peer, arguments.venv, arguments.programs) for peer in wanted}
    peers = {peer: runs_it for peer, runs_it in found.items() if runs_it}
    for peer in [p for p in wanted if p not in peers]:
        progress(f"bench: {peer.name} is not installed; going on without it")
    out = ROOT / "build" / "bench.json"
    out.parent.mkdir(exist_ok=True)
    kept = earlier(out, arguments.add)
    results, versions, missing = [], kept["versions"], kept["missing"]
    wrong = []
    for workload in workloads:
        # One thread builds a graph, or answers for one example.
        alone = workload.kind in ("chain", "predictor")
        for threads in counts[:1] if alone else counts:
            progress(f"== {workload.name}, {threads} thread{'s' if threads > 1 else ''}")
            some, absent, differing = measure(workload, threads, arguments, peers, versions)
            results += some
            missing[workload.name] = absent
            key = (workload.name, threads)
            kept["results"] = in_order(
                [r for r in kept["results"] if (r["workload"], r["threads"]) != key] + some
            )
            # After each workload, so that an interrupted run leaves its results.
            out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
            wrong += [(workload.name, threads, *difference) for difference in differing]

        kept["complete"] = [name for name in kept["complete"] if name != workload.name]
        if len(wanted) == len(PEERS) and not own:
            kept["complete"].append(workload.name)
    out.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")

    print(report.terminal_table(results))
    if arguments.without:
        print(report.pass_table(results))
    progress("wrote build/bench.json")
    for name, threads, subject, theirs, ours in wrong:
        progress(f"bench: {name}, {threads} threads: {subject} has {theirs}, yamlgrad {ours}")
    failed = [name for name, absent in missing.items() if "yamlgrad" in absent]
    for name in failed:
        progress(f"bench: yamlgrad did not run {name}: {missing[name]['yamlgrad']}")
    if wrong or failed:
        sys.exit(1)
    absent = [w.name for w in WORKLOADS if w.name not in kept["complete"]]
    if not absent or arguments.page:
        page = ROOT / "docs" / "performance.md"
        page.write_text(report.page(kept["results"], missing, versions, arguments.programs, page))
        progress("wrote docs/performance.md")
    else:
        progress(f"docs/performance.md is not written: with all peers, {', '.join(absent)} "
                 f"{'was' if len(absent) == 1 else 'were'} not measured")


if __name__ == "__main__":
    main()
