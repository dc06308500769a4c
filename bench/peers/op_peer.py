"""A peer of `./dev bench ops`: one process that computes many single operators.

    op_peer.py torch|compiled|jax ROUND_SECONDS

It reads commands on stdin, one JSON object a line, and answers each with one:

    {"load": slot, "kind": "f" or "g", "peer": name, "inputs": […], "args": {…}}   as bench/op_rows.py
    {"run": slot}      times a round: {"seconds": of one repetition}
    {"free": slot}
"""

import functools
import json
import os
import sys
import time
import types

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
import numpy as np  # noqa: E402

import op_table  # noqa: E402
from protocol import uniform  # noqa: E402

STREAM_COTANGENTS, STREAM_CHECK, CHECKED = 50, 77, 4096  # as in bench/operator.c
NO_ENTRY = "no entry in bench/peers/op_table.py"


@functools.lru_cache(maxsize=8)  # a row is loaded twice: forward, and with the gradient
def values_of(dtype, shape, low, high, stream):
    """The elements of an input, as bench/operator.c makes them."""
    u = uniform(stream, int(np.prod(shape, dtype=np.int64)))
    if dtype == "f32":
        return (low + (high - low) * u).astype(np.float32).reshape(shape)
    if dtype == "bool":
        return (u < 0.5).reshape(shape)
    return np.floor(low + (high - low + 1) * u).astype(dtype.replace("i", "int")).reshape(shape)


def cotangent_of(shape, result):
    return values_of("f32", tuple(shape), -1.0, 1.0, STREAM_COTANGENTS + result)


def check_of(array):
    """Of some elements, the weighted sum, that of their absolute values, and how many are not
    finite."""
    flat = np.asarray(array).reshape(-1)
    stride = flat.size // CHECKED if flat.size > CHECKED else 1
    some = flat[::stride][:CHECKED].astype(np.float64)
    weights = 0.5 + uniform(STREAM_CHECK, some.size)
    finite = np.isfinite(some)
    some = np.where(finite, some, 0)
    return [float(weights @ some), float(weights @ np.abs(some)), int((~finite).sum())]


def fresh(function):
    """The function with a code object of its own. torch.compile keeps what it has compiled by code
    object, and looks through all of that in each call."""
    return types.FunctionType(function.__code__.replace(), function.__globals__, function.__name__,
                              function.__defaults__, function.__closure__)


class Torch:
    def __init__(self, compiled):
        import torch

        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        self.torch, self.compiled, self.table = torch, compiled, op_table.torch_table()
        self.version = torch.__version__

    def _compile(self, function):
        return self.torch.compile(fresh(function), fullgraph=True, dynamic=False)

    def _results(self, y):
        return y if isinstance(y, (tuple, list)) else (y,)

    def _forward(self, call):
        torch = self.torch
        call = self._compile(call) if self.compiled else call

        def once(xs):
            with torch.no_grad():
                return self._results(call(*xs))

        return once

    def _eager_gradient(self, call, wanted, dys):
        torch = self.torch

        def once(xs):
            ys = self._results(call(*xs))
            pairs = [(y, dy) for y, dy in zip(ys, dys) if dy is not None and y.requires_grad]
            leaves = [xs[k] for k in wanted]
            gradients = torch.autograd.grad([y for y, _ in pairs], leaves, [dy for _, dy in pairs],
                                            allow_unused=True)
            return [*ys, *(g.contiguous() for g in gradients if g is not None)]

        return once

    def _whole_gradient(self, call, wanted, dys):
        """Forward and backward compiled as one function."""
        torch = self.torch

        def whole(xs, dys):
            def of_floats(*floats):
                all_of = list(xs)
                for k, x in zip(wanted, floats):
                    all_of[k] = x
                ys = self._results(call(*all_of))
                floats_of = tuple(y for y in ys if y.is_floating_point())
                return floats_of, tuple(y for y in ys if not y.is_floating_point())

            ys, pull, others = torch.func.vjp(of_floats, *(xs[k] for k in wanted), has_aux=True)
            gradients = pull(tuple(dy for dy in dys if dy is not None))
            return (*ys, *others), tuple(g.contiguous() for g in gradients)

        whole = self._compile(whole)

        def once(xs):
            with torch.no_grad():
                ys, gradients = whole(xs, dys)
            return [*ys, *gradients]

        return once

    def load(self, kind, function, arrays, wanted, args):
        torch = self.torch
        xs = [torch.from_numpy(a) for a in arrays]
        call = lambda *operands: function(*operands, **args)  # noqa: E731
        if kind == "f":
            once = self._forward(call)
            return once, xs, [y.numpy() for y in once(xs)]
        with torch.no_grad():
            ys = self._results(call(*xs))
        dys = [torch.from_numpy(cotangent_of(list(y.shape), k)) if y.is_floating_point() else None
               for k, y in enumerate(ys)]
        if self.compiled:
            try:
                once = self._whole_gradient(call, wanted, dys)
                return once, xs, [y.numpy() for y in once(xs)]
            except Exception:  # what functional derivatives cannot do, autograd may
                call = self._compile(call)
        for k in wanted:
            xs[k].requires_grad_()
        once = self._eager_gradient(call, wanted, dys)
        return once, xs, [y.detach().numpy() for y in once(xs)]

    def repeat(self, once, xs, count):
        for _ in range(count):
            once(xs)


class Jax:
    def __init__(self):
        import jax

        if "JAX_COMPILATION_CACHE_DIR" in os.environ:
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
        self.jax, self.table, self.version = jax, op_table.jax_table(), jax.__version__

    def load(self, kind, function, arrays, wanted, args):
        jax, jnp = self.jax, self.jax.numpy
        xs = [jnp.asarray(a) for a in arrays]

        def results(xs):
            y = function(*xs, **args)
            return tuple(y) if isinstance(y, (tuple, list)) else (y,)

        is_float = [jnp.issubdtype(s.dtype, jnp.floating) for s in jax.eval_shape(results, xs)]
        if kind == "f":
            whole = jax.jit(results)
            return whole, xs, [np.asarray(y) for y in whole(xs)]
        dys = [jnp.asarray(cotangent_of(s.shape, k))
               for k, s in enumerate(jax.eval_shape(results, xs)) if is_float[k]]

        @jax.jit
        def with_gradient(given):
            xs, dys = given

            def of_floats(*floats):
                all_of = list(xs)
                for k, x in zip(wanted, floats):
                    all_of[k] = x
                ys = results(all_of)
                return (tuple(y for y, f in zip(ys, is_float) if f),
                        tuple(y for y, f in zip(ys, is_float) if not f))

            ys, pull, others = jax.vjp(of_floats, *(xs[k] for k in wanted), has_aux=True)
            return (*ys, *others, *pull(tuple(dys)))

        given = (xs, dys)
        return with_gradient, given, [np.asarray(y) for y in with_gradient(given)]

    def repeat(self, once, xs, count):
        y = ()
        for _ in range(count):
            y = once(xs)
        self.jax.block_until_ready(y)


class Calls:
    def __init__(self, peer, round_seconds):
        self.peer, self.round_seconds, self.slots = peer, round_seconds, {}

    def load(self, command):
        function = self.peer.table.get(command["peer"])
        if not function:
            return {"error": NO_ENTRY}
        inputs = command["inputs"]
        arrays = [values_of(one["dtype"], tuple(one["shape"]), one["low"], one["high"], k)
                  for k, one in enumerate(inputs)]
        wanted = [k for k, one in enumerate(inputs) if one["dtype"] == "f32"]
        once, xs, ys = self.peer.load(command["kind"], function, arrays, wanted, command["args"])
        self.slots[command["load"]] = [once, xs, 0]
        return {"check": [check_of(y) for y in ys], "version": self.peer.version}

    def run(self, slot):
        once, xs, count = self.slots[slot]
        count = max(count, 1)
        while True:
            start = time.perf_counter()
            self.peer.repeat(once, xs, count)
            seconds = time.perf_counter() - start
            if seconds >= self.round_seconds / 2:
                break
            count = min(int(count * self.round_seconds / (seconds + 1e-9)), 10 * count) + 1
        self.slots[slot][2] = count
        return {"seconds": seconds / count}

    def obey(self, command):
        if "load" in command:
            return self.load(command)
        if "run" in command:
            return self.run(command["run"])
        self.slots.pop(command["free"], None)
        return {}


def main():
    which, round_seconds = sys.argv[1], float(sys.argv[2])
    calls = Calls(Jax() if which == "jax" else Torch(which == "compiled"), round_seconds)
    for line in sys.stdin:
        try:
            answer = calls.obey(json.loads(line))
        except Exception as why:  # the runner goes on without this row
            answer = {"error": f"{type(why).__name__}: {' '.join(str(why).split())[:200]}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
