"""PyTorch with its fastest settings: one thread pool, fused optimizers, denormals flushed to 0. The
variants are "eager", "channels_last" (eager; for networks of images) and "compiled" (torch.compile;
images channels last)."""

import protocol
import torch_networks


def network(torch, workload):
    """The layers with the parameters that all subjects use, the loss function, and the data."""
    from torch import nn

    notebook = workload.layers[-1] == 1
    layers = []
    for inputs, outputs in zip(workload.layers, workload.layers[1:]):
        last = len(layers) == 2 * (len(workload.layers) - 2)
        layers.append(nn.Linear(inputs, outputs))
        if notebook:
            layers.append(nn.Sigmoid())
        elif not last:
            layers.append(nn.ReLU())
    model = nn.Sequential(*layers)
    with torch.no_grad():
        for parameter, values in zip(model.parameters(), protocol.parameters_of(workload)):
            parameter.copy_(torch.from_numpy(values))
    x, y = (torch.from_numpy(a) for a in protocol.batch_of(workload))
    if notebook:
        return model, nn.functional.binary_cross_entropy, x, y
    return model, nn.functional.cross_entropy, x, y.long()


def image_network(workload):
    return len(workload.x) == 3


def larger_network(torch, workload, variant):
    """A network of torch_networks.py and its data, in the layout of the variant."""
    model = torch_networks.build(torch, workload)
    shapes = [tuple(p.shape) for p in model.parameters()]
    with torch.no_grad():
        for parameter, values in zip(model.parameters(), protocol.parameters_of(workload, shapes)):
            parameter.copy_(torch.from_numpy(values))
    x, y = (torch.from_numpy(a) for a in protocol.batch_of(workload))
    if image_network(workload) and variant != "eager":
        model = model.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    return model, x, y.long()


def prepare_larger_step(torch, workload, variant):
    model, x, y = larger_network(torch, workload, variant)

    def loss_of(x, y):
        return torch_networks.cross_entropy(torch, model(x), y)

    step, stop = eager_step(torch, workload, model,
                            torch.compile(loss_of) if variant == "compiled" else loss_of, x, y)
    return checked_steps(step, stop)


def prepare_inference(torch, workload, variant):
    model, x, _ = larger_network(torch, workload, variant)
    model.eval()
    function = torch.compile(model) if variant == "compiled" else model

    def run(steps):
        with torch.inference_mode():
            for _ in range(steps):
                function(x)

    with torch.inference_mode():
        y = function(x)
    return run, [protocol.squared_norm([y.numpy()])]


def loss_and_gradient(torch, model, loss_of, x, y):
    """A function from values to (gradients, loss), to be compiled as a whole."""
    from torch.func import functional_call, grad_and_value

    names = [name for name, _ in model.named_parameters()]
    return grad_and_value(
        lambda values: loss_of(functional_call(model, dict(zip(names, values)), (x,)), y))


def prepare_gradient(torch, workload, compiled):
    model, loss_of, x, y = network(torch, workload)
    parameters = list(model.parameters())
    if compiled:
        values = [p.detach() for p in parameters]
        function = torch.compile(loss_and_gradient(torch, model, loss_of, x, y))

        def gradient():
            return function(values)
    else:

        def gradient():
            loss = loss_of(model(x), y)
            return torch.autograd.grad(loss, parameters), loss

    def run(steps):
        for _ in range(steps):
            gradient()

    gradients, loss = gradient()
    return run, [loss.item(), protocol.squared_norm([g.numpy() for g in gradients])]


def make_optimizer(torch, workload, parameters):
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[
        workload.optimizer]
    # Fused: one kernel for all parameters. Not every release has that on a CPU.
    for best in ({"fused": True}, {"foreach": True}):
        try:
            return kind(parameters, lr=workload.lr, **best)
        except (RuntimeError, TypeError, ValueError):
            continue
    return kind(parameters, lr=workload.lr)


def compiled_sgd_step(torch, workload, model, gradient):
    """Compiles the whole step. The learning rate is a tensor; a number would become a constant."""
    values = [p.detach() for p in model.parameters()]
    rate = torch.tensor(workload.lr)

    def step(values, rate):
        gradients, loss = gradient(values)
        for value, g in zip(values, gradients):
            value.sub_(rate * g)
        return loss

    step = torch.compile(step)
    return lambda: step(values, rate), lambda: rate.zero_()


def compiled_step(torch, workload, model, gradient):
    """Compiles forward and backward only: the fused optimizer is faster than a compiled Adam."""
    parameters = list(model.parameters())
    values = [p.detach() for p in parameters]
    optimizer = make_optimizer(torch, workload, parameters)
    gradient = torch.compile(gradient)

    def step():
        gradients, loss = gradient(values)
        for p, g in zip(parameters, gradients):
            p.grad = g
        optimizer.step()
        return loss

    return step, lambda: stop_learning(optimizer)


def eager_step(torch, workload, model, loss_of, x, y):
    """`loss_of` computes the loss from a batch, and the model's parameters get its gradients."""
    optimizer = make_optimizer(torch, workload, model.parameters())

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        return loss

    return step, lambda: stop_learning(optimizer)


def stop_learning(optimizer):
    for group in optimizer.param_groups:
        group["lr"] = 0.0


def prepare_step(torch, workload, compiled):
    model, loss_of, x, y = network(torch, workload)
    if not compiled:
        step, stop = eager_step(torch, workload, model, lambda x, y: loss_of(model(x), y), x, y)
    else:
        make = compiled_sgd_step if workload.optimizer == "sgd" else compiled_step
        gradient = loss_and_gradient(torch, model, loss_of, x, y)
        step, stop = make(torch, workload, model, gradient)
    return checked_steps(step, stop)


def checked_steps(step, stop):
    """Some real steps, the loss after them, and the steps that are timed."""
    for _ in range(protocol.CHECKED_STEPS):
        step()
    stop()

    def run(steps):
        for _ in range(steps):
            step()

    return run, [step().item()]


def prepare_hessian_vector(torch, workload, compiled):
    model, loss_of, x, y = network(torch, workload)
    parameters = list(model.parameters())
    tangents = [torch.from_numpy(t) for t in protocol.tangents_of(workload)]
    if compiled:
        gradient = loss_and_gradient(torch, model, loss_of, x, y)
        values = [p.detach() for p in parameters]
        product = torch.compile(
            lambda: torch.func.jvp(lambda v: gradient(v)[0], (values,), (tangents,))[1])
    else:

        def product():
            gradients = torch.autograd.grad(loss_of(model(x), y), parameters, create_graph=True)
            return torch.autograd.grad(gradients, parameters, grad_outputs=tangents)

    def run(steps):
        for _ in range(steps):
            product()

    return run, [protocol.squared_norm([h.detach().numpy() for h in product()])]


def prepare_chain(torch, workload, compiled):
    if compiled:
        raise protocol.Unsupported("torch.compile takes minutes and more for graphs of this size")
    w = torch.tensor(0.5)

    def build():
        x = torch.tensor(0.5, requires_grad=True)
        y = x
        for _ in range(workload.nodes // 2):
            y = torch.tanh(y) * w
        (d,) = torch.autograd.grad(y, x, create_graph=True)
        torch.autograd.grad(d, x)

    def run(steps):
        for _ in range(steps):
            build()

    return run, []


def prepare(workload, threads, variant):
    import torch

    torch.set_num_threads(threads)
    # Adam's moments of unused weights fade to denormals, and computing with these is slow.
    torch.set_flush_denormal(True)
    if variant == "compiled" and not hasattr(torch, "compile"):
        raise protocol.Unsupported(f"PyTorch {torch.__version__} has no torch.compile")
    if workload.network:
        make = prepare_inference if workload.kind == "inference" else prepare_larger_step
        run, check = make(torch, workload, variant)
        return run, check, torch.__version__
    kinds = {
        "gradient": prepare_gradient,
        "step": prepare_step,
        "hessian_vector": prepare_hessian_vector,
        "chain": prepare_chain,
    }
    run, check = kinds[workload.kind](torch, workload, variant == "compiled")
    return run, check, torch.__version__


def first_gradient():
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1), nn.Sigmoid())
    x, y = torch.tensor([[0.0, 1.0], [1.0, 1.0]]), torch.tensor([[1.0], [0.0]])
    nn.functional.binary_cross_entropy(model(x), y).backward()
    print([p.grad for p in model.parameters()])


if __name__ == "__main__":
    protocol.main(prepare, first_gradient)
