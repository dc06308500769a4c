"""tinygrad on its CPU backend. TinyJit captures the steps. Its kernels are the default ones."""

import os

os.environ.setdefault("DEV", "CPU")

import protocol  # noqa: E402


def loss_of(workload, parameters, x, y):
    h = x
    notebook = workload.layers[-1] == 1
    for k in range(0, len(parameters), 2):
        h = h.linear(parameters[k].T, parameters[k + 1])
        if notebook:
            h = h.sigmoid()
        elif k + 2 < len(parameters):
            h = h.relu()
    return h.binary_crossentropy(y) if notebook else h.sparse_categorical_crossentropy(y)


def prepare(workload, threads, variant):
    protocol.need_layers(workload)
    if workload.kind == "chain":
        raise protocol.Unsupported("tinygrad takes minutes and more for graphs of this size")
    os.environ["NUM_CPU_THREADS"] = str(threads)
    from importlib.metadata import version

    from tinygrad import Context, Tensor, TinyJit
    from tinygrad.nn.optim import SGD, Adam

    x, y = (Tensor(a).realize() for a in protocol.batch_of(workload))
    parameters = [Tensor(p).realize() for p in protocol.parameters_of(workload)]
    if workload.kind == "step":
        kind = {"sgd": SGD, "adam": Adam}[workload.optimizer]
        optimizer = kind(parameters, lr=workload.lr)

        @TinyJit
        @Context(TRAINING=1)
        def function():
            optimizer.zero_grad()
            loss = loss_of(workload, parameters, x, y).backward()
            return loss.realize(*optimizer.schedule_step())

        # TinyJit captures a step during these runs, and only replays after them.
        for _ in range(protocol.CHECKED_STEPS):
            function()
        optimizer.lr.assign(Tensor([0.0], dtype=optimizer.lr.dtype)).realize()
        check = [function().item()]
    elif workload.kind == "gradient":

        @TinyJit
        def function():
            loss = loss_of(workload, parameters, x, y)
            results = [loss, *loss.gradient(*parameters)]
            Tensor.realize(*results)
            return results

        for _ in range(protocol.CHECKED_STEPS):
            loss, *gradients = function()
        check = [loss.item(), protocol.squared_norm([g.numpy() for g in gradients])]
    else:
        tangents = [Tensor(t).realize() for t in protocol.tangents_of(workload)]

        @TinyJit
        def function():
            gradients = loss_of(workload, parameters, x, y).gradient(*parameters)
            along = sum((g * t).sum() for g, t in zip(gradients, tangents))
            results = along.gradient(*parameters)
            Tensor.realize(*results)
            return results

        for _ in range(protocol.CHECKED_STEPS):
            results = function()
        check = [protocol.squared_norm([h.numpy() for h in results])]

    from tinygrad import Device

    def run(steps):
        for _ in range(steps):
            function()
        Device[Device.DEFAULT].synchronize()

    return run, check, version("tinygrad")


def first_gradient():
    from tinygrad import Tensor

    shapes = [(3, 2), (3,), (1, 3), (1,)]
    parameters = [Tensor.randn(*shape) for shape in shapes]
    x, y = Tensor([[0.0, 1.0], [1.0, 1.0]]), Tensor([[1.0], [0.0]])

    class Notebook:
        layers = (2, 3, 1)

    loss = loss_of(Notebook, parameters, x, y)
    print([g.numpy() for g in loss.gradient(*parameters)])


if __name__ == "__main__":
    protocol.main(prepare, first_gradient)
