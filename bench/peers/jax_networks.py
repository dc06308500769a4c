"""The networks of the workloads that are more than dense layers, in JAX. A network is the shapes of
its parameters, in the order and the layout of the model file, and a function of them and x. Images
are channels last within."""

import protocol
import spec


def _dense(x, weight, bias):
    return x @ weight.T + bias


def _convolution(jax, x, weight, stride, padding):
    return jax.lax.conv_general_dilated(
        x, weight, (stride, stride), [(padding, padding)] * 2,
        dimension_numbers=("NHWC", "OIHW", "NHWC"))


def _pool(jax, x):
    return jax.lax.reduce_window(
        x, -jax.numpy.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def _lenet(jax, p, x):
    relu = jax.nn.relu
    h = x.transpose(0, 2, 3, 1)
    h = _pool(jax, relu(_convolution(jax, h, p[0], 1, 2) + p[1]))
    h = _pool(jax, relu(_convolution(jax, h, p[2], 1, 0) + p[3]))
    h = h.transpose(0, 3, 1, 2).reshape(len(x), -1)
    return _dense(relu(_dense(relu(_dense(h, p[4], p[5])), p[6], p[7])), p[8], p[9])


LENET = [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,), (10, 84),
         (10,)]


def _batch_norm(jax, x, weight, bias):
    """In training. The running statistics are left out: they are no part of the loss."""
    mean, var = jax.numpy.mean(x, (0, 1, 2)), jax.numpy.var(x, (0, 1, 2))
    return (x - mean) * (jax.lax.rsqrt(var + 1e-5) * weight) + bias


def _resnet8(jax, p, x):
    relu = jax.nn.relu
    p = iter(p)

    def layer(x, size, stride):
        h = _convolution(jax, x, next(p), stride, size // 2)
        return _batch_norm(jax, h, next(p), next(p))

    h = relu(layer(x.transpose(0, 2, 3, 1), 3, 1))
    for stride in (1, 2, 2):
        branch = layer(relu(layer(h, 3, stride)), 3, 1)
        h = relu(branch + (h if stride == 1 else layer(h, 1, stride)))
    return _dense(h.mean((1, 2)), next(p), next(p))


def _resnet8_shapes():
    shapes = []

    def layer(inputs, outputs, size):
        shapes.extend([(outputs, inputs, size, size), (outputs,), (outputs,)])

    layer(3, 16, 3)
    for inputs, outputs in ((16, 16), (16, 32), (32, 64)):
        layer(inputs, outputs, 3)
        layer(outputs, outputs, 3)
        if inputs != outputs:
            layer(inputs, outputs, 1)
    return [*shapes, (10, 64), (10,)]


def _lstm(jax, p, x):
    jnp = jax.numpy
    embedding, from_input, from_hidden, bias_input, bias_hidden, weight, bias = p
    inputs = embedding[x] @ from_input.T + (bias_input + bias_hidden)

    def step(carried, z):
        h, c = carried
        i, f, g, o = jnp.split(z + h @ from_hidden.T, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros((len(x), 256), "float32")
    _, h = jax.lax.scan(step, (start, start), inputs.swapaxes(0, 1))
    return _dense(h.swapaxes(0, 1), weight, bias)


LSTM = [(96, 256), (1024, 256), (1024, 256), (1024,), (1024,), (96, 256), (96,)]


def _layer_norm(jax, x, weight, bias):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(var + 1e-5) * weight + bias


def _attention(jax, x, qkv, qkv_bias, out, out_bias):
    jnp = jax.numpy
    batch, length, width = x.shape
    q, k, v = _dense(x, qkv, qkv_bias).reshape(batch, length, 3, 4, width // 4).transpose(2, 0, 3, 1, 4)
    scores = q @ k.swapaxes(-1, -2) * (width // 4) ** -0.5
    seen = jnp.tril(jnp.ones((length, length), bool))
    y = jax.nn.softmax(jnp.where(seen, scores, -jnp.inf)) @ v
    return _dense(y.swapaxes(1, 2).reshape(batch, length, width), out, out_bias)


def _gpt(jax, p, x):
    p = iter(p)
    h = next(p)[x] + next(p)
    for _ in range(4):
        h = h + _attention(jax, _layer_norm(jax, h, next(p), next(p)), *(next(p) for _ in range(4)))
        m = _dense(_layer_norm(jax, h, next(p), next(p)), next(p), next(p))
        h = h + _dense(jax.nn.gelu(m, approximate=False), next(p), next(p))
    return _layer_norm(jax, h, next(p), next(p)) @ next(p).T


GPT = [(96, 128), (128, 128),
       *4 * [(128,), (128,), (384, 128), (384,), (128, 128), (128,),
             (128,), (128,), (512, 128), (512,), (128, 512), (128,)],
       (128,), (128,), (96, 128)]

NETWORKS = {
    "lenet": (LENET, _lenet),
    "resnet8": (_resnet8_shapes(), _resnet8),
    "lstm": (LSTM, _lstm),
    "gpt": (GPT, _gpt),
}


def find(jax, workload):
    """The shapes of the parameters, and the function."""
    if workload.network in NETWORKS:
        return NETWORKS[workload.network]
    layers = protocol.SPECS[workload.network]
    return spec.parameter_shapes(layers, workload.x), spec.jax_network(
        jax, layers, workload.x, workload.kind == "inference")


def loss(jax, network, parameters, x, y):
    """The mean over all positions; classes are in the last dimension."""
    z = jax.nn.log_softmax(network(jax, parameters, x))
    return -jax.numpy.mean(jax.numpy.take_along_axis(z, y[..., None], axis=-1))
