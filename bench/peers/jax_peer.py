"""JAX. Every workload is jitted, and the training state is donated."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax_networks  # noqa: E402
import protocol  # noqa: E402


def notebook_loss(jax, parameters, x, y):
    jnp = jax.numpy
    w1, b1, w2, b2 = parameters
    a1 = jax.nn.sigmoid(x @ w1.T + b1)
    a2 = jax.nn.sigmoid(a1 @ w2.T + b2)
    return -jnp.mean(y * jnp.log(a2) + (1 - y) * jnp.log(1 - a2))


def classifier_loss(jax, parameters, x, y):
    h = x
    for k in range(0, len(parameters), 2):
        h = h @ parameters[k].T + parameters[k + 1]
        if k + 2 < len(parameters):
            h = jax.nn.relu(h)
    picked = jax.numpy.take_along_axis(jax.nn.log_softmax(h), y[:, None], axis=1)
    return -jax.numpy.mean(picked)


def sgd(jax, parameters, gradients, state, t, lr):
    return [p - lr * g for p, g in zip(parameters, gradients)], state


def adam(jax, parameters, gradients, state, t, lr):
    """Kingma & Ba 2015, algorithm 1."""
    updated, moments = [], []
    for p, g, (m, v) in zip(parameters, gradients, state):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        updated.append(p - lr * m_hat / (jax.numpy.sqrt(v_hat) + 1e-8))
        moments.append((m, v))
    return updated, moments


def adamw(jax, parameters, gradients, state, t, lr):
    """Loshchilov & Hutter 2019, algorithm 2, with PyTorch's default decay."""
    parameters = [p * (1 - 0.01 * lr) for p in parameters]
    return adam(jax, parameters, gradients, state, t, lr)


def prepare_step(jax, workload, loss_of, parameters):
    update = {"sgd": sgd, "adam": adam, "adamw": adamw}[workload.optimizer]

    def step(parameters, state, t, lr):
        loss, gradients = jax.value_and_grad(loss_of)(parameters)
        return (loss, *update(jax, parameters, gradients, state, t, lr), t + 1)

    step = jax.jit(step, donate_argnums=(0, 1, 2))
    state = []
    if workload.optimizer.startswith("adam"):
        state = [(jax.numpy.zeros_like(p), jax.numpy.zeros_like(p)) for p in parameters]
    everything = (None, parameters, state, jax.numpy.float32(1))

    def steps_at(lr, steps):
        nonlocal everything
        lr = jax.numpy.float32(lr)
        for _ in range(steps):
            everything = step(*everything[1:], lr)
        jax.block_until_ready(everything)
        return everything[0]

    steps_at(workload.lr, protocol.CHECKED_STEPS)
    return lambda steps: steps_at(0.0, steps), [float(steps_at(0.0, 1))]


def prepare_larger(jax, workload):
    """A network of jax_networks.py."""
    shapes, network = jax_networks.find(jax, workload)
    x, y = (jax.numpy.asarray(a) for a in protocol.batch_of(workload))
    parameters = [jax.numpy.asarray(p) for p in protocol.parameters_of(workload, shapes)]
    if workload.kind == "step":
        return prepare_step(
            jax, workload, lambda values: jax_networks.loss(jax, network, values, x, y), parameters)
    function = jax.jit(lambda values, x: network(jax, values, x))

    def run(steps):
        for _ in range(steps):
            result = function(parameters, x)
        jax.block_until_ready(result)

    return run, [protocol.squared_norm([function(parameters, x)])]


def prepare(workload, threads, variant):
    if threads == 1:
        # The runner also pins a single thread to one core.
        os.environ["XLA_FLAGS"] = (
            os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
        )
    if workload.kind == "chain":
        raise protocol.Unsupported("XLA takes minutes and more to compile graphs of this size")
    import jax

    if workload.network:
        run, check = prepare_larger(jax, workload)
        return run, check, jax.__version__
    x, y = (jax.numpy.asarray(a) for a in protocol.batch_of(workload))
    parameters = [jax.numpy.asarray(p) for p in protocol.parameters_of(workload)]
    if workload.kind == "step":
        run, check = prepare_step(
            jax, workload, lambda values: classifier_loss(jax, values, x, y), parameters)
        return run, check, jax.__version__

    if workload.kind == "gradient":
        function = jax.jit(jax.value_and_grad(lambda p, x, y: notebook_loss(jax, p, x, y)))
        arguments = (parameters, x, y)
        loss, gradients = function(*arguments)
        check = [float(loss), protocol.squared_norm(gradients)]
    else:
        tangents = [jax.numpy.asarray(t) for t in protocol.tangents_of(workload)]
        gradient = jax.grad(lambda p, x, y: classifier_loss(jax, p, x, y))
        function = jax.jit(
            lambda p, v, x, y: jax.jvp(lambda p: gradient(p, x, y), (p,), (v,))[1])
        arguments = (parameters, tangents, x, y)
        check = [protocol.squared_norm(function(*arguments))]

    def run(steps):
        for _ in range(steps):
            result = function(*arguments)
        jax.block_until_ready(result)

    return run, check, jax.__version__


def first_gradient():
    import jax

    keys = jax.random.split(jax.random.key(0), 4)
    shapes = [(3, 2), (3,), (1, 3), (1,)]
    parameters = [jax.random.normal(key, shape) for key, shape in zip(keys, shapes)]
    x = jax.numpy.array([[0.0, 1.0], [1.0, 1.0]])
    y = jax.numpy.array([[1.0], [0.0]])
    print(jax.jit(jax.grad(lambda p: notebook_loss(jax, p, x, y)))(parameters))


if __name__ == "__main__":
    protocol.main(prepare, first_gradient)
