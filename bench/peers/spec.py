"""Networks written as lists of layers (bench/model_rows.py), for all peers of `./dev bench models`.

    "relu"                      an activation, by PyTorch's name in lower case
    ("linear", n)               with a bias
    ("embedding", v, d)         of class numbers
    ("positions", t, d)         adds a learned vector to each step
    ("layer_norm",) ("batch_norm",)
    ("conv2d", c, k, s, p)      channels, size, stride, padding; ("conv1d", …) alike
    ("depthwise", k)            conv2d with a filter a channel, padded
    ("max_pool", k) ("flatten",)
    ("mean", d, …)              over dimensions
    ("lstm", h) ("gru", h)      over [batch, steps, features]
    ("last",)                   the last step
    ("attention", heads, causal)
    ("residual", [layers])      x + layers(x)

Parameters come in the order of the layers, as in the model files of bench/models.
"""


def walk(layers, shape):
    """(layer, shapes of its parameters, its input's shape without the batch) for each layer. A
    residual is followed by its inner layers and by ("add",)."""
    found = []

    def one(layer, shape):
        kind, *args = (layer,) if isinstance(layer, str) else layer
        width = shape[-1] if shape else 0
        if kind == "residual":
            found.append((("open",), [], shape))
            for inner in args[0]:
                shape = one(inner, shape)
            found.append((("add",), [], shape))
            return shape
        parameters, after = [], shape
        if kind == "linear":
            parameters, after = [(args[0], width), (args[0],)], (*shape[:-1], args[0])
        elif kind == "embedding":
            parameters, after = [tuple(args)], (*shape, args[1])
        elif kind == "positions":
            parameters = [tuple(args)]
        elif kind == "layer_norm":
            parameters = [(width,), (width,)]
        elif kind == "batch_norm":
            parameters = [(shape[0],), (shape[0],)]
        elif kind in ("conv1d", "conv2d"):
            channels, k, s, p = args
            rank = int(kind[4])
            parameters = [(channels, shape[0], *[k] * rank), (channels,)]
            after = (channels, *((n + 2 * p - k) // s + 1 for n in shape[1:]))
        elif kind == "depthwise":
            parameters = [(shape[0], 1, args[0], args[0]), (shape[0],)]
        elif kind == "max_pool":
            after = (shape[0], *(n // args[0] for n in shape[1:]))
        elif kind == "flatten":
            size = 1
            for n in shape:
                size *= n
            after = (size,)
        elif kind == "mean":
            after = tuple(n for d, n in enumerate(shape, 1) if d not in args)
        elif kind in ("lstm", "gru"):
            gates = (4 if kind == "lstm" else 3) * args[0]
            parameters = [(gates, width), (gates, args[0]), (gates,), (gates,)]
            after = (shape[0], args[0])
        elif kind == "last":
            after = shape[1:]
        elif kind == "attention":
            parameters = [(3 * width, width), (3 * width,), (width, width), (width,)]
        found.append(((kind, *args), parameters, shape))
        return after

    for layer in layers:
        shape = one(layer, shape)
    return found


def parameter_shapes(layers, shape):
    return [parameter for _, parameters, _ in walk(layers, shape) for parameter in parameters]


# -------------------------------------------------------------------------------------- PyTorch --


def torch_model(torch, layers, shape):
    nn, F = torch.nn, torch.nn.functional

    class Sized(nn.Module):
        """Layers that are a function."""

        def __init__(self, function):
            super().__init__()
            self.function = function

        def forward(self, x):
            return self.function(x)

    class Positions(nn.Module):
        def __init__(self, steps, width):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(steps, width))

        def forward(self, x):
            return x + self.weight

    class Recurrent(nn.Module):
        def __init__(self, kind, width, size):
            super().__init__()
            self.layer = (nn.LSTM if kind == "lstm" else nn.GRU)(width, size, batch_first=True)

        def forward(self, x):
            return self.layer(x)[0]

    class Attention(nn.Module):
        def __init__(self, width, heads, causal):
            super().__init__()
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.heads, self.causal = heads, causal

        def forward(self, x):
            batch, steps, width = x.shape
            q, k, v = self.qkv(x).view(batch, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
            return self.out(y.transpose(1, 2).reshape(batch, steps, width))

    class Residual(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return x + self.inner(x)

    def make(kind, args, shape):
        width = shape[-1] if shape else 0
        if kind == "linear":
            return nn.Linear(width, args[0])
        if kind == "embedding":
            return nn.Embedding(*args)
        if kind == "positions":
            return Positions(*args)
        if kind == "layer_norm":
            return nn.LayerNorm(width)
        if kind == "batch_norm":
            return (nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d)(shape[0])
        if kind in ("conv1d", "conv2d"):
            return getattr(nn, kind.capitalize())(shape[0], *args)
        if kind == "depthwise":
            return nn.Conv2d(shape[0], shape[0], args[0], padding=args[0] // 2, groups=shape[0])
        if kind == "max_pool":
            return (nn.MaxPool2d if len(shape) == 3 else nn.MaxPool1d)(args[0])
        if kind == "flatten":
            return nn.Flatten()
        if kind == "mean":
            return Sized(lambda x: x.mean(args))
        if kind in ("lstm", "gru"):
            return Recurrent(kind, width, args[0])
        if kind == "last":
            return Sized(lambda x: x[:, -1])
        if kind == "attention":
            return Attention(width, *args)
        return Sized(getattr(F, kind) if hasattr(F, kind) else getattr(torch, kind))

    stack = [[]]
    for (kind, *args), _, at in walk(layers, shape):
        if kind == "open":
            stack.append([])
        elif kind == "add":
            inner = stack.pop()
            stack[-1].append(Residual(nn.Sequential(*inner)))
        else:
            stack[-1].append(make(kind, tuple(args), at))
    return nn.Sequential(*stack[0])


# ------------------------------------------------------------------------------------------ JAX --


def jax_network(jax, layers, shape, inference):
    """A function of the parameters and x."""
    jnp, lax, nn = jax.numpy, jax.lax, jax.nn
    steps_of = walk(layers, shape)

    def lstm(x, w, r, b, c):
        inputs = x @ w.T + (b + c)

        def step(carried, z):
            h, c = carried
            i, f, g, o = jnp.split(z + h @ r.T, 4, -1)
            c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
            h = nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        start = jnp.zeros((len(x), r.shape[1]), "float32")
        return lax.scan(step, (start, start), inputs.swapaxes(0, 1))[1].swapaxes(0, 1)

    def gru(x, w, r, b, c):
        inputs = x @ w.T + b

        def step(h, z):
            hr, hz, hn = jnp.split(h @ r.T + c, 3, -1)
            xr, xz, xn = jnp.split(z, 3, -1)
            reset, update = nn.sigmoid(xr + hr), nn.sigmoid(xz + hz)
            h = (1 - update) * jnp.tanh(xn + reset * hn) + update * h
            return h, h

        start = jnp.zeros((len(x), r.shape[1]), "float32")
        return lax.scan(step, start, inputs.swapaxes(0, 1))[1].swapaxes(0, 1)

    def attention(x, w, b, out, out_b, heads, causal):
        batch, steps, width = x.shape
        q, k, v = (x @ w.T + b).reshape(batch, steps, 3, heads, -1).transpose(2, 0, 3, 1, 4)
        scores = q @ k.swapaxes(-1, -2) * (width // heads) ** -0.5
        if causal:
            scores = jnp.where(jnp.tril(jnp.ones((steps, steps), bool)), scores, -jnp.inf)
        y = nn.softmax(scores) @ v
        return y.swapaxes(1, 2).reshape(batch, steps, width) @ out.T + out_b

    def convolution(x, w, b, stride, padding, groups=1):
        """Images are channels last within; signals as they are."""
        if x.ndim == 3:
            y = lax.conv_general_dilated(x, w, (stride,), [(padding, padding)])
            return y + b[:, None]
        y = lax.conv_general_dilated(
            x.transpose(0, 2, 3, 1), w, (stride,) * 2, [(padding, padding)] * 2,
            dimension_numbers=("NHWC", "OIHW", "NHWC"), feature_group_count=groups)
        return (y + b).transpose(0, 3, 1, 2)

    def normalized(x, axes, weight, bias):
        mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        return (x - mean) * lax.rsqrt(var + 1e-5) * weight + bias

    def apply(kind, args, p, x):
        if kind == "linear":
            return x @ p[0].T + p[1]
        if kind == "embedding":
            return p[0][x]
        if kind == "positions":
            return x + p[0]
        if kind == "layer_norm":
            return normalized(x, -1, *p)
        if kind == "batch_norm":
            weight, bias = (v.reshape(-1, *[1] * (x.ndim - 2)) for v in p)
            if inference:  # by running statistics as they start: 0 and 1
                return x * (weight * (1 + 1e-5) ** -0.5) + bias
            return normalized(x, tuple(d for d in range(x.ndim) if d != 1), weight, bias)
        if kind in ("conv1d", "conv2d"):
            return convolution(x, *p, *args[2:])
        if kind == "depthwise":
            return convolution(x, *p, 1, args[0] // 2, x.shape[1])
        if kind == "max_pool":
            window = (1, 1, *[args[0]] * (x.ndim - 2))
            return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
        if kind == "flatten":
            return x.reshape(len(x), -1)
        if kind == "mean":
            return x.mean(args)
        if kind == "lstm":
            return lstm(x, *p)
        if kind == "gru":
            return gru(x, *p)
        if kind == "last":
            return x[:, -1]
        if kind == "attention":
            return attention(x, *p, *args)
        if kind == "gelu":
            return nn.gelu(x, approximate=False)
        return getattr(nn, kind)(x)

    def network(jax, parameters, x):
        parameters, open_at = iter(parameters), []
        for (kind, *args), shapes, _ in steps_of:
            if kind == "open":
                open_at.append(x)
            elif kind == "add":
                x = open_at.pop() + x
            else:
                x = apply(kind, tuple(args), [next(parameters) for _ in shapes], x)
        return x

    return network


# ----------------------------------------------------------------------------------------- ONNX --


class OnnxWriter:
    """Writes the nodes of a network. `name` is the tensor that the next layer reads."""

    def __init__(self, values):
        from onnx import helper, numpy_helper

        self.helper, self.numpy = helper, numpy_helper
        self.nodes, self.weights, self.values, self.name = [], [], iter(values), "x"

    def constant(self, array):
        name = f"c{len(self.weights)}"
        self.weights.append(self.numpy.from_array(array, name))
        return name

    def parameter(self):
        return self.constant(next(self.values))

    def add(self, kind, *operands, outputs=1, **attributes):
        names = [f"h{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(self.helper.make_node(kind, list(operands), names, **attributes))
        self.name = names[0]
        return names

    def dense(self, rank, weight, bias):
        if rank == 1:
            self.add("Gemm", self.name, self.constant(weight), self.constant(bias), transB=1)
        else:
            self.add("MatMul", self.name, self.constant(weight.T.copy()))
            self.add("Add", self.name, self.constant(bias))

    def attention(self, shape, heads, causal):
        import numpy as np

        weight, bias = next(self.values), next(self.values)
        steps, width = shape
        source, parts = self.name, []
        split = self.constant(np.array([0, 0, heads, width // heads], np.int64))
        for k in range(3):
            self.name = source
            rows = slice(k * width, (k + 1) * width)
            scale = (width // heads) ** -0.5 if k == 0 else 1
            self.dense(2, weight[rows] * np.float32(scale), bias[rows] * np.float32(scale))
            self.add("Reshape", self.name, split)
            self.add("Transpose", self.name, perm=[0, 2, 3, 1] if k == 1 else [0, 2, 1, 3])
            parts.append(self.name)
        self.add("MatMul", parts[0], parts[1])
        if causal:
            hidden = np.triu(np.full((steps, steps), -np.inf, np.float32), 1)
            self.add("Add", self.name, self.constant(hidden))
        self.add("Softmax", self.name, axis=-1)
        self.add("MatMul", self.name, parts[2])
        self.add("Transpose", self.name, perm=[0, 2, 1, 3])
        self.add("Reshape", self.name, self.constant(np.array([0, 0, width], np.int64)))
        self.dense(2, next(self.values), next(self.values))

    def recurrent(self, kind, size):
        import numpy as np

        # ONNX has the gates in another order: i o f c, and z r h.
        order = [0, 3, 1, 2] if kind == "lstm" else [1, 0, 2]
        w, r, b, c = (np.concatenate([np.split(v, len(order))[k] for k in order])
                      for v in (next(self.values) for _ in range(4)))
        more = {} if kind == "lstm" else dict(linear_before_reset=1)
        self.add("Transpose", self.name, perm=[1, 0, 2])
        self.add(kind.upper(), self.name, self.constant(w[None]), self.constant(r[None]),
                 self.constant(np.concatenate([b, c])[None]), hidden_size=size, **more)
        self.add("Squeeze", self.name, self.constant(np.array([1], np.int64)))
        self.add("Transpose", self.name, perm=[1, 0, 2])

    def layer(self, kind, args, shape):
        import numpy as np

        if kind == "linear":
            self.dense(len(shape), next(self.values), next(self.values))
        elif kind == "embedding":
            self.add("Gather", self.parameter(), self.name)
        elif kind == "positions":
            self.add("Add", self.name, self.parameter())
        elif kind == "layer_norm":
            self.add("LayerNormalization", self.name, self.parameter(), self.parameter(), axis=-1)
        elif kind == "batch_norm":
            zeros, ones = np.zeros(shape[0], np.float32), np.ones(shape[0], np.float32)
            self.add("BatchNormalization", self.name, self.parameter(), self.parameter(),
                     self.constant(zeros), self.constant(ones))
        elif kind in ("conv1d", "conv2d"):
            rank = len(shape) - 1
            self.add("Conv", self.name, self.parameter(), self.parameter(), strides=[args[2]] * rank,
                     pads=[args[3]] * 2 * rank)
        elif kind == "depthwise":
            self.add("Conv", self.name, self.parameter(), self.parameter(), group=shape[0],
                     pads=[args[0] // 2] * 4)
        elif kind == "max_pool":
            window = [args[0]] * (len(shape) - 1)
            self.add("MaxPool", self.name, kernel_shape=window, strides=window)
        elif kind == "flatten":
            self.add("Flatten", self.name)
        elif kind == "mean":
            self.add("ReduceMean", self.name, axes=list(args), keepdims=0)
        elif kind in ("lstm", "gru"):
            self.recurrent(kind, args[0])
        elif kind == "last":
            self.add("Gather", self.name, self.constant(np.array(-1, np.int64)), axis=1)
        elif kind == "attention":
            self.attention(shape, *args)
        elif kind == "gelu":
            x = self.name
            self.add("Mul", x, self.constant(np.float32(0.5**0.5)))
            self.add("Erf", self.name)
            self.add("Add", self.name, self.constant(np.float32(1)))
            self.add("Mul", self.name, x)
            self.add("Mul", self.name, self.constant(np.float32(0.5)))
        else:
            self.add({"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[kind], self.name)


def onnx_model(layers, batch, shape, tokens, values):
    """The model as bytes."""
    from onnx import TensorProto, checker, helper

    writer, open_at, rank = OnnxWriter(values), [], 0
    for (kind, *args), _, at in walk(layers, shape):
        if kind == "open":
            open_at.append(writer.name)
        elif kind == "add":
            writer.add("Add", open_at.pop(), writer.name)
        else:
            writer.layer(kind, tuple(args), at)
            rank = len(at)  # of the last layer, which is dense
    kind = TensorProto.INT32 if tokens else TensorProto.FLOAT
    graph = helper.make_graph(
        writer.nodes, "network", [helper.make_tensor_value_info("x", kind, (batch, *shape))],
        [helper.make_tensor_value_info(writer.name, TensorProto.FLOAT, [None] * (rank + 1))], writer.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    return model.SerializeToString()
