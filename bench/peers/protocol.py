"""Shared by all peers: the protocol with the runner, the data, and the timing of a round.

A peer is a process. When it is ready, it prints one JSON line with its version and with the numbers
that all subjects must agree on ("check"). For each line "run" on stdin it times one round and
prints {"seconds": for one step}. A peer that cannot run a workload prints {"error": reason}.

    PEER.py WORKLOAD THREADS [VARIANT]      starts such a process
    PEER.py WORKLOAD first_gradient         computes one gradient and exits, for the workloads W6
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from model_rows import NETWORKS as SPECS  # noqa: E402
from workloads import find  # noqa: E402

ROUND_SECONDS = 0.2
CHECKED_STEPS = 3
# The streams of random numbers that tensors are filled with, as in bench/step.c.
STREAM_X, STREAM_Y, STREAM_PARAMETERS, STREAM_TANGENTS = 0, 1, 2, 100


class Unsupported(Exception):
    """This peer, or this release of it, cannot run the workload."""


def uniform(stream, count):
    """Reproducible numbers in [0, 1): a 32-bit integer hash of the index (lowbias32, Chris
    Wellons, https://nullprogram.com/blog/2018/07/31/)."""
    import numpy as np

    h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1)
    h += np.uint32(stream * 0x85EBCA77 & 0xFFFFFFFF)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x7FEB352D)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x846CA68B)
    h ^= h >> np.uint32(16)
    return h / 4294967296.0


def class_numbers(stream, shape, classes):
    import numpy as np

    numbers = np.floor(classes * uniform(stream, int(np.prod(shape))))
    return numbers.astype(np.int32).reshape(shape)


def batch_of(workload):
    """(x, y). y holds class numbers; for a network with one output it holds 0 and 1, as floats."""
    import numpy as np

    if workload.network:
        shape, targets = (workload.batch, *workload.x), (workload.batch, *workload.y)
        y = class_numbers(STREAM_Y, targets, workload.classes)
        if workload.tokens:
            return class_numbers(STREAM_X, shape, workload.x_classes or workload.classes), y
        return uniform(STREAM_X, int(np.prod(shape))).astype(np.float32).reshape(shape), y
    x = uniform(STREAM_X, workload.batch * workload.layers[0]).astype(np.float32)
    x = x.reshape(workload.batch, workload.layers[0])
    outputs = workload.layers[-1]
    if outputs == 1:
        y = np.floor(2 * uniform(STREAM_Y, workload.batch)).astype(np.float32)
        return x, y.reshape(workload.batch, 1)
    return x, np.floor(outputs * uniform(STREAM_Y, workload.batch)).astype(np.int32)


def parameter_shapes(workload):
    shapes = []
    for inputs, outputs in zip(workload.layers, workload.layers[1:]):
        shapes += [(outputs, inputs), (outputs,)]
    return shapes


def _tensors(shapes, stream, spread):
    import numpy as np

    tensors = []
    for k, shape in enumerate(shapes):
        values = (2 * uniform(stream + k, int(np.prod(shape))) - 1) * spread(shape)
        tensors.append(values.reshape(shape).astype(np.float32))
    return tensors


def _spread(shape):
    """One over the root of the number of inputs of an output; of a vector, that of its elements."""
    import math

    return math.prod(shape[1:] or shape) ** -0.5


def parameters_of(workload, shapes=None):
    """Weight [out, in] and bias [out] of each dense layer, or tensors of the given shapes."""
    return _tensors(shapes or parameter_shapes(workload), STREAM_PARAMETERS, _spread)


def tangents_of(workload):
    return _tensors(parameter_shapes(workload), STREAM_TANGENTS, lambda shape: 1.0)


def need_layers(workload):
    """For peers that know dense networks only."""
    if workload.network:
        raise Unsupported("only its dense networks are written down here")


def squared_norm(tensors):
    import numpy as np

    return float(sum(np.sum(np.square(np.asarray(t, dtype=np.float64))) for t in tensors))


def say(**fields):
    print(json.dumps(fields), flush=True)


def _seconds(run, steps):
    start = time.perf_counter()
    run(steps)
    return time.perf_counter() - start


def _serve(run):
    """Finds how many steps fill a round, then times rounds. The search also warms up."""
    steps = 1
    elapsed = _seconds(run, steps)
    while elapsed < ROUND_SECONDS / 2:
        steps *= 2
        elapsed = _seconds(run, steps)
    steps = max(1, round(steps * ROUND_SECONDS / elapsed))
    for line in sys.stdin:
        if line.strip() == "run":
            say(seconds=_seconds(run, steps) / steps)


def main(prepare, first_gradient):
    """prepare(workload, threads, variant) returns (run, check, version). run(steps) computes that
    many steps and returns when they are complete."""
    workload = find(sys.argv[1])
    if sys.argv[2] == "first_gradient":
        first_gradient()
        return
    variant = sys.argv[3] if len(sys.argv) > 3 else ""
    try:
        run, check, version = prepare(workload, int(sys.argv[2]), variant)
        run(1)
    except Unsupported as why:
        say(error=str(why))
        return
    except Exception as why:  # the runner goes on without this peer
        say(error=f"{type(why).__name__}: {str(why).strip()[:300]}")
        return
    say(ready=True, version=version, check=check)
    _serve(run)
