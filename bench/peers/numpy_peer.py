"""NumPy, as in a notebook: forward and backward code is written by hand."""

import protocol


def sigmoid(z, np):
    return 1 / (1 + np.exp(-z))


def notebook_gradient(np, parameters, x, y):
    """Loss and gradients of the 2-3-1 network."""
    w1, b1, w2, b2 = parameters
    a1 = sigmoid(x @ w1.T + b1, np)
    a2 = sigmoid(a1 @ w2.T + b2, np)
    loss = -np.mean(y * np.log(a2) + (1 - y) * np.log(1 - a2))
    dz2 = (a2 - y) / y.size
    dz1 = (dz2 @ w2) * a1 * (1 - a1)
    return loss, [dz1.T @ x, dz1.sum(0), dz2.T @ a1, dz2.sum(0)]


def classifier_gradient(np, parameters, x, y, rows):
    """Loss and gradients of relu layers with a softmax cross-entropy at the end."""
    inputs, activations = x, [x]
    for k in range(0, len(parameters), 2):
        z = inputs @ parameters[k].T + parameters[k + 1]
        inputs = z if k + 2 == len(parameters) else np.maximum(z, 0)
        activations.append(inputs)
    z = inputs - inputs.max(1, keepdims=True)
    e = np.exp(z)
    total = e.sum(1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - z[rows, y])
    dz = e / total
    dz[rows, y] -= 1
    dz /= len(x)
    gradients = [None] * len(parameters)
    for k in range(len(parameters) - 2, -1, -2):
        gradients[k], gradients[k + 1] = dz.T @ activations[k // 2], dz.sum(0)
        if k > 0:
            dz = (dz @ parameters[k]) * (activations[k // 2] > 0)
    return loss, gradients


def sgd(np, parameters, gradients, state, t, lr):
    for p, g in zip(parameters, gradients):
        p -= np.float32(lr) * g


def adam(np, parameters, gradients, state, t, lr):
    """Kingma & Ba 2015, algorithm 1."""
    for p, g, (m, v) in zip(parameters, gradients, state):
        m *= np.float32(0.9)
        m += np.float32(0.1) * g
        v *= np.float32(0.999)
        v += np.float32(0.001) * g * g
        step = np.float32(lr / (1 - 0.9**t))
        p -= step * m / (np.sqrt(v) / np.float32((1 - 0.999**t) ** 0.5) + np.float32(1e-8))


def prepare(workload, threads, variant):
    protocol.need_layers(workload)
    import numpy as np

    if workload.kind not in ("gradient", "step"):
        raise protocol.Unsupported("nobody derives this by hand")
    x, y = protocol.batch_of(workload)
    parameters = protocol.parameters_of(workload)
    if workload.kind == "gradient":
        loss, gradients = notebook_gradient(np, parameters, x, y)

        def run(steps):
            for _ in range(steps):
                notebook_gradient(np, parameters, x, y)

        return run, [float(loss), protocol.squared_norm(gradients)], np.__version__

    rows = np.arange(workload.batch)
    update = {"sgd": sgd, "adam": adam}[workload.optimizer]
    state = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    count = 0

    def step(lr):
        nonlocal count
        count += 1
        loss, gradients = classifier_gradient(np, parameters, x, y, rows)
        update(np, parameters, gradients, state, count, lr)
        return loss

    for _ in range(protocol.CHECKED_STEPS):
        step(workload.lr)

    def run(steps):
        for _ in range(steps):
            step(0.0)

    return run, [float(step(0.0))], np.__version__


def first_gradient():
    import numpy as np

    rng = np.random.default_rng(0)
    parameters = [rng.normal(size=s).astype(np.float32) for s in [(3, 2), (3,), (1, 3), (1,)]]
    x = np.array([[0, 1], [1, 1]], dtype=np.float32)
    y = np.array([[1], [0]], dtype=np.float32)
    print(notebook_gradient(np, parameters, x, y))


if __name__ == "__main__":
    protocol.main(prepare, first_gradient)
