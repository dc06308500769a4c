#!/usr/bin/env python3
"""Reads a run's files of events with TensorBoard's own reader and compares them with metrics.jsonl.

usage: event_reader.py YAMLGRAD SOURCE-FOLDER
Needs the package tensorboard, which Debian does not have; without it the exit status is 77.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    from tensorboard.backend.event_processing import event_accumulator
except ImportError:
    print("tensorboard is not installed")
    sys.exit(77)


def check(folder):
    """Compares all numbers of a run. Returns how many epochs it has."""
    events = event_accumulator.EventAccumulator(
        str(folder / "tensorboard"), size_guidance={event_accumulator.SCALARS: 0}, purge_orphaned_data=True)
    events.Reload()
    wanted = {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        epoch = json.loads(line)
        wanted.setdefault("learning_rate", []).append((epoch["step"], epoch["lr"]))
        for part in ("train", "validation"):
            for name, value in epoch.get(part, {}).items():
                wanted.setdefault(f"{name}/{part}", []).append((epoch["step"], value))
    tags = events.Tags()["scalars"]
    assert sorted(tags) == sorted(wanted), (sorted(tags), sorted(wanted))
    for tag, numbers in wanted.items():
        read = [(event.step, event.value) for event in events.Scalars(tag)]
        assert [step for step, _ in read] == [step for step, _ in numbers], (tag, read, numbers)
        for (_, is_value), (_, value) in zip(read, numbers):
            assert abs(is_value - value) <= 1e-6 * abs(value), (tag, is_value, value)
    return len(wanted["loss/train"])


def main():
    yamlgrad, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        def train(*options):
            subprocess.run([yamlgrad, "train", source / "models" / "iris.yaml", "--quiet", "--no-report",
                            "--out", "run", *options], cwd=scratch, check=True)
        folder = pathlib.Path(scratch) / "run"
        train("--epochs", "5")
        assert check(folder) == 5
        # A run that ends within an epoch tells of steps that one which goes on does again.
        train("--steps", "10")
        assert check(folder) == 2
        train("--epochs", "4", "--resume")
        assert check(folder) == 4
        assert len(list((folder / "tensorboard").iterdir())) == 2
    print("2 passed, 0 failed")


main()
