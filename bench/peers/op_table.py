"""What the peers compute for each operator of `./dev bench ops`: {name: (PyTorch, JAX)}.

An entry is a function of the operands, in the order of the row's inputs, and of the arguments by
their names in the model language. None: this peer has no such operator. An operator without an entry
is measured alone, and listed as such.
"""

import math


def _dims(dim):
    """A dimension or several, as the peers want them; None: all."""
    if dim is None or isinstance(dim, int):
        return dim
    return tuple(dim) or None


def torch_table():
    import torch

    F = torch.nn.functional
    t = {}
    plain = """add subtract multiply divide floor_divide remainder pow negative reciprocal square maximum
    minimum exp log log1p expm1 exp2 log2 log10 sqrt rsqrt abs sign floor ceil round trunc sin cos tan asin
    acos atan atan2 sinh cosh erf erfc lgamma digamma tanh asinh acosh atanh sigmoid isnan where logical_and
    logical_or logical_not outer diag diagonal tril triu transpose""".split()
    for name in plain:
        t[name] = getattr(torch, name)
    for name, theirs in dict(equal="eq", not_equal="ne", less="lt", less_equal="le", greater="gt",
                             greater_equal="ge").items():
        t[name] = getattr(torch, theirs)
    for name in """softplus relu leaky_relu elu selu celu gelu silu mish hardtanh relu6 hardsigmoid hardswish
    softsign logsigmoid glu prelu""".split():
        t[name] = getattr(F, name)
    t["polygamma"] = lambda x, n: torch.polygamma(n, x)
    t["clip"] = lambda x, min, max: torch.clamp(x, min, max)
    t["clamp"] = lambda x, min, max: torch.clamp(x, min, max)
    t["cast"] = lambda x, dtype: x.to({"i32": torch.int32, "i64": torch.int64, "f32": torch.float32}[dtype])
    # Where PyTorch gives a view, it is asked for a copy: a program's results are its own.
    t["identity"], t["stop_gradient"] = torch.clone, lambda x: x.detach().clone()
    own = lambda x: x.clone(memory_format=torch.contiguous_format)  # noqa: E731

    def reduce(function, **more):
        def call(x, dim=None, keepdim=False, **args):
            if dim is None:
                return function(x, **more, **args)
            return function(x, dim=dim, keepdim=keepdim, **more, **args)

        return call

    for name in ("sum", "mean", "argmax", "argmin", "any", "all", "var", "std", "prod"):
        t[name] = reduce(getattr(torch, name))
    t["max"], t["min"] = reduce(torch.amax), reduce(torch.amin)
    t["logsumexp"] = lambda x, dim=None: torch.logsumexp(x, tuple(range(x.ndim)) if dim is None else dim)
    t["norm"] = lambda x, dim=None: torch.linalg.vector_norm(x, 2, dim)
    t["normalize"] = lambda x, dim: F.normalize(x, dim=dim)
    t["cosine_similarity"] = lambda a, b, dim: F.cosine_similarity(a, b, dim=dim)
    for name in ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin"):
        t[name] = getattr(torch, name)

    def product(a, b, transpose_a=False, transpose_b=False):
        return torch.matmul(a.mT if transpose_a else a, b.mT if transpose_b else b)

    t["matmul"] = product
    t["einsum"] = lambda *operands, equation: torch.einsum(equation, *operands)
    for d in (1, 2, 3):
        t[f"conv{d}d"] = getattr(F, f"conv{d}d")
        t[f"conv_transpose{d}d"] = getattr(F, f"conv_transpose{d}d")
        for name in ("max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool"):
            t[f"{name}{d}d"] = getattr(F, f"{name}{d}d")
        t[f"lp_pool{d}d"] = lambda x, norm_type, kernel_size, d=d: getattr(F, f"lp_pool{d}d")(
            x, norm_type, kernel_size)
        t[f"max_unpool{d}d"] = lambda x, d=d: getattr(F, f"max_unpool{d}d")(
            *getattr(F, f"max_pool{d}d")(x, 2, return_indices=True), 2)
    t["global_avg_pool"] = lambda x: x.mean((2, 3))
    t["pixel_shuffle"] = lambda x, upscale_factor: F.pixel_shuffle(x, upscale_factor)
    t["pixel_unshuffle"] = lambda x, downscale_factor: F.pixel_unshuffle(x, downscale_factor)
    t["interpolate"] = lambda x, size, mode: F.interpolate(x, size, mode=mode)

    t["transpose"] = lambda x, dim0=-2, dim1=-1: x.transpose(dim0, dim1).contiguous()
    t["permute"] = lambda x, dims: x.permute(dims).contiguous()
    t["movedim"] = lambda x, source, destination: x.movedim(source, destination).contiguous()
    t["reshape"] = lambda x, shape: own(x.reshape(shape))
    t["reshape_transposed"] = lambda x: x.mT.reshape(-1)
    t["flatten"] = lambda x: own(x.flatten())
    t["squeeze"], t["unsqueeze"] = lambda x, dim: own(x.squeeze(dim)), lambda x, dim: own(x.unsqueeze(dim))
    t["broadcast"] = lambda x, shape: x.expand(shape).contiguous()
    t["diagonal"] = lambda x: torch.diagonal(x).contiguous()
    t["flip"] = torch.flip
    t["roll"] = lambda x, shifts, dims: torch.roll(x, shifts, dims)
    t["tile"] = lambda x, dims: torch.tile(x, dims)
    t["repeat_interleave"] = lambda x, repeats, dim: torch.repeat_interleave(x, repeats[0], dim[0])
    t["concat"] = lambda *parts, dim: torch.cat(parts, dim)
    t["stack"] = lambda *parts, dim: torch.stack(parts, dim)

    def split(x, sections, dim):
        sizes = x.shape[dim] // sections if isinstance(sections, int) else sections
        return tuple(map(own, torch.split(x, sizes, dim)))

    t["split"] = split
    t["chunk"] = lambda x, chunks, dim: tuple(map(own, torch.chunk(x, chunks, dim)))
    t["meshgrid"] = lambda *v: tuple(m.contiguous() for m in torch.meshgrid(*v, indexing="ij"))

    def pad(x, before, after):
        return F.pad(x, [n for pair in zip(reversed(before), reversed(after)) for n in pair])

    def cut(x, start=(), stop=(), step=()):
        for d in range(x.ndim):
            first = start[d] if d < len(start) else 0
            last = stop[d] if d < len(stop) else x.shape[d]
            x = x[(slice(None),) * d + (slice(first, last, step[d] if d < len(step) else 1),)]
        return own(x)

    t["pad"], t["slice"] = pad, cut
    t["masked_fill"] = lambda x, mask, value: x.masked_fill(mask, value)
    t["gather"] = lambda x, index, dim: torch.gather(x, dim, index.long())
    t["scatter"] = lambda x, index, src, dim: torch.scatter(x, dim, index.long(), src)
    t["scatter_add"] = lambda x, index, src, dim: torch.scatter_add(x, dim, index.long(), src)
    t["scatter_reduce"] = lambda x, index, src, dim, reduce: torch.scatter_reduce(
        x, dim, index.long(), src, reduce)
    t["index_select"] = lambda x, index, dim: torch.index_select(x, dim, index)
    t["index_add"] = lambda x, index, src, dim: torch.index_add(x, dim, index, src)
    t["segment_sum"] = lambda x, ids, num_segments: torch.zeros(num_segments, x.shape[1]).index_add(0, ids, x)
    t["sort"] = lambda x, dim: torch.sort(x, dim)
    t["argsort"] = lambda x, dim: torch.argsort(x, dim)
    t["topk"] = lambda x, k, dim: torch.topk(x, k, dim)
    t["embedding"] = lambda index, weight: F.embedding(index, weight)
    t["one_hot"] = lambda index, num_classes: F.one_hot(index.long(), num_classes).float()
    t["arange"] = lambda unused, start: torch.arange(start)
    t["full"] = lambda unused, shape, value: torch.full(shape, value)

    t["layer_norm"] = lambda x, w, b: F.layer_norm(x, w.shape, w, b)
    t["layer_norm_by_operators"] = lambda x: (x - x.mean(-1, keepdim=True)) / torch.sqrt(
        x.var(-1, correction=0, keepdim=True) + 1e-5)
    t["rms_norm"] = lambda x, w, eps: F.rms_norm(x, w.shape, w, eps)
    t["group_norm"] = lambda x, w, b, num_groups: F.group_norm(x, num_groups, w, b)
    t["instance_norm"] = lambda x, w, b: F.instance_norm(x, weight=w, bias=b)
    channels = lambda v, x: v.reshape(-1, *[1] * (x.ndim - 2))  # noqa: E731
    # F.batch_norm has no gradient of mean and var.
    t["batch_norm"] = lambda x, mean, var, w, b: (x - channels(mean, x)) * channels(
        w * torch.rsqrt(var + 1e-5), x) + channels(b, x)
    others = lambda x: tuple(d for d in range(x.ndim) if d != 1)  # noqa: E731
    t["batch_mean"] = lambda x: x.mean(others(x))
    t["batch_var"] = lambda x: x.var(others(x), correction=0)
    t["softmax"], t["log_softmax"] = torch.softmax, torch.log_softmax
    t["scaled_dot_product_attention"] = F.scaled_dot_product_attention

    t["bce"], t["bce_with_logits"] = F.binary_cross_entropy, F.binary_cross_entropy_with_logits
    t["mse"], t["l1"], t["huber"], t["smooth_l1"] = F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss
    t["kl_div"], t["poisson_nll"], t["gaussian_nll"] = F.kl_div, F.poisson_nll_loss, F.gaussian_nll_loss
    t["margin_ranking"], t["hinge_embedding"] = F.margin_ranking_loss, F.hinge_embedding_loss
    t["triplet_margin"], t["cosine_embedding"] = F.triplet_margin_loss, F.cosine_embedding_loss
    t["hinge"] = lambda p, y: torch.relu(1 - p * y).mean()
    t["cross_entropy"] = lambda z, y: F.cross_entropy(z, y.long())
    t["nll"] = lambda p, y: F.nll_loss(p, y.long())
    t["perplexity"] = lambda z, y: F.cross_entropy(z, y.long()).exp()
    t["bits_per_character"] = lambda z, y: F.cross_entropy(z, y.long()) / math.log(2)
    t["accuracy"] = lambda z, y: (z.argmax(-1) == y).float().mean()
    t["binary_accuracy"] = lambda p, y: ((p > 0.5) == (y > 0.5)).float().mean()
    t["mae"], t["rmse"] = F.l1_loss, lambda p, y: F.mse_loss(p, y).sqrt()
    t["mape"] = lambda p, y: ((p - y) / y).abs().mean()
    t["r2"] = lambda p, y: (1 - ((p - y) ** 2).sum(0) / ((y - y.mean(0)) ** 2).sum(0)).mean()
    t["dropout"] = lambda x, p: F.dropout(x, p)
    t["uniform"] = lambda unused, shape: torch.rand(shape)
    t["normal"] = lambda unused, shape: torch.randn(shape)
    t["bernoulli"] = torch.bernoulli

    def lstm_cell(x, c):
        i, f, g, o = x.chunk(4, -1)
        i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + i * g
        return o * torch.tanh(c), c, torch.cat([i, f, g, o], -1)

    def gru_cell(x, h, w):
        (xr, xz, xn), (wr, wz, wn) = x.chunk(3, -1), w.chunk(3, -1)
        r, z = torch.sigmoid(xr + wr), torch.sigmoid(xz + wz)
        n = torch.tanh(xn + r * wn)
        return n + z * (h - n), torch.cat([r, z, n, wn], -1)

    def rotary(x, num_heads):
        batch, steps, width = x.shape
        half = width // num_heads // 2
        angles = torch.arange(steps)[:, None] * 10000.0 ** (-torch.arange(half) / half)
        cos, sin = angles.cos()[:, None], angles.sin()[:, None]
        a, b = x.view(batch, steps, num_heads, 2, half).unbind(3)
        return torch.stack([a * cos - b * sin, b * cos + a * sin], 3).view(x.shape)

    def drop_path(x, p):
        mask = torch.rand(len(x), *[1] * (x.ndim - 1)) >= p
        return x * mask / (1 - p)

    def ctc(x, targets):
        steps, count = x.shape[:2]
        return F.ctc_loss(x.log_softmax(-1), targets, torch.full((count,), steps), torch.full((count,), targets.shape[1]))

    t["lstm_cell"], t["gru_cell"], t["rotary_embedding"], t["drop_path"] = lstm_cell, gru_cell, rotary, drop_path
    t["ctc"] = ctc
    t["affine_grid"] = lambda theta, size: F.affine_grid(theta, size, align_corners=False)
    t["grid_sample"] = lambda x, grid: F.grid_sample(x, grid, align_corners=False)
    t["log_loss"] = lambda p, y: F.nll_loss(p.log(), y.long())
    t["brier"] = lambda p, y: ((p - F.one_hot(y.long(), p.shape[1])) ** 2).sum(1).mean()
    t["top_k_accuracy"] = lambda z, y: (torch.topk(z, 5).indices == y[:, None]).any(-1).float().mean()
    return t


def jax_table():
    import jax
    from jax import lax, nn
    from jax import numpy as jnp

    t = {}
    for name in """add subtract multiply divide floor_divide remainder negative reciprocal square maximum
    minimum exp log log1p expm1 exp2 log2 log10 sqrt abs sign floor ceil round trunc sin cos tan sinh cosh
    tanh isnan where logical_and logical_or logical_not outer equal not_equal less less_equal greater
    greater_equal tril triu diag""".split():
        t[name] = getattr(jnp, name)
    for name, theirs in dict(asin="arcsin", acos="arccos", atan="arctan", atan2="arctan2", asinh="arcsinh",
                             acosh="arccosh", atanh="arctanh", pow="power").items():
        t[name] = getattr(jnp, theirs)
    t["rsqrt"], t["erf"], t["erfc"], t["lgamma"], t["digamma"] = (
        lax.rsqrt, lax.erf, lax.erfc, lax.lgamma, lax.digamma)
    t["polygamma"] = lambda x, n: jax.scipy.special.polygamma(n, x)
    for name, theirs in dict(sigmoid="sigmoid", softplus="softplus", relu="relu", leaky_relu="leaky_relu",
                             elu="elu", selu="selu", celu="celu", silu="silu", mish="mish", relu6="relu6",
                             hardsigmoid="hard_sigmoid", hardswish="hard_swish", hardtanh="hard_tanh",
                             softsign="soft_sign", logsigmoid="log_sigmoid", glu="glu").items():
        t[name] = getattr(nn, theirs)
    t["gelu"] = lambda x, approximate="none": nn.gelu(x, approximate == "tanh")
    t["clip"] = lambda x, min, max: jnp.clip(x, min, max)
    t["clamp"] = lambda x, min, max: jnp.clip(x, min, max)
    t["cast"] = lambda x, dtype: x.astype({"i32": jnp.int32, "i64": jnp.int64, "f32": jnp.float32}[dtype])
    t["identity"], t["stop_gradient"] = lambda x: x, lax.stop_gradient

    def prelu(x, weight):
        w = weight.reshape(-1, *[1] * (x.ndim - 2))
        return jnp.where(x > 0, x, w * x)

    t["prelu"] = prelu

    def reduce(function, **fixed):
        return lambda x, dim=None: function(x, axis=_dims(dim), **fixed)

    for name in ("sum", "mean", "prod", "max", "min", "argmax", "argmin", "any", "all"):
        t[name] = reduce(getattr(jnp, name))
    t["var"], t["std"] = reduce(jnp.var, ddof=1), reduce(jnp.std, ddof=1)
    t["logsumexp"] = reduce(nn.logsumexp)
    t["norm"] = lambda x, dim=None: jnp.sqrt(jnp.sum(x * x, axis=_dims(dim)))
    length = lambda x, dim: jnp.sqrt(jnp.sum(x * x, axis=dim, keepdims=True))  # noqa: E731
    t["normalize"] = lambda x, dim: x / jnp.maximum(length(x, dim), 1e-12)
    t["cosine_similarity"] = lambda a, b, dim: jnp.sum(
        a / jnp.maximum(length(a, dim), 1e-8) * (b / jnp.maximum(length(b, dim), 1e-8)), axis=dim)
    for name in ("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"):
        function = getattr(lax, name)
        t[name.replace("cumlogsumexp", "logcumsumexp")] = lambda x, dim, f=function: f(x, dim)
    del t["cummax"], t["cummin"]  # without the places

    def recurrence(a, b, dim):
        def join(left, right):
            return left[0] * right[0], left[1] * right[0] + right[1]

        return lax.associative_scan(join, (a, b), axis=dim)[1]

    t["linear_recurrence"] = recurrence
    t["matmul"] = lambda a, b, transpose_a=False, transpose_b=False: jnp.matmul(
        a.mT if transpose_a else a, b.mT if transpose_b else b)
    t["einsum"] = lambda *operands, equation: jnp.einsum(equation, *operands)

    def convolution(d):
        def call(x, weight, bias, stride=1, padding=0, groups=1):
            y = lax.conv_general_dilated(x, weight, [stride] * d, [(padding, padding)] * d,
                                         feature_group_count=groups)
            return y + bias.reshape(-1, *[1] * d)

        return call

    def transposed(d):
        def call(x, weight, bias, stride=1, padding=0):
            k = weight.shape[2] - 1 - padding
            flipped = jnp.flip(weight, tuple(range(2, 2 + d))).swapaxes(0, 1)
            y = lax.conv_general_dilated(x, flipped, [1] * d, [(k, k)] * d, lhs_dilation=[stride] * d)
            return y + bias.reshape(-1, *[1] * d)

        return call

    def windows(x, start, function, d, kernel_size, stride=None, padding=0):
        stride = stride or kernel_size
        return lax.reduce_window(x, start, function, (1, 1) + (kernel_size,) * d, (1, 1) + (stride,) * d,
                                 ((0, 0),) * 2 + ((padding, padding),) * d)

    for d in (1, 2, 3):
        t[f"conv{d}d"], t[f"conv_transpose{d}d"] = convolution(d), transposed(d)
        t[f"max_pool{d}d"] = lambda x, d=d, **args: windows(x, -jnp.inf, lax.max, d, **args)
        t[f"avg_pool{d}d"] = lambda x, d=d, **args: windows(x, 0.0, lax.add, d, **args) / args[
            "kernel_size"] ** d
        t[f"lp_pool{d}d"] = lambda x, d=d, norm_type=2, **args: jnp.sqrt(
            windows(x * x, 0.0, lax.add, d, **args))
    t["global_avg_pool"] = lambda x: x.mean((2, 3))

    def shuffle(x, upscale_factor):
        n, c, h, w = x.shape
        r = upscale_factor
        y = x.reshape(n, c // r**2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3)
        return y.reshape(n, c // r**2, h * r, w * r)

    def unshuffle(x, downscale_factor):
        n, c, h, w = x.shape
        r = downscale_factor
        y = x.reshape(n, c, h // r, r, w // r, r).transpose(0, 1, 3, 5, 2, 4)
        return y.reshape(n, c * r**2, h // r, w // r)

    t["pixel_shuffle"], t["pixel_unshuffle"] = shuffle, unshuffle

    t["transpose"] = lambda x, dim0=-2, dim1=-1: jnp.swapaxes(x, dim0, dim1)
    t["permute"] = lambda x, dims: jnp.transpose(x, dims)
    t["movedim"] = lambda x, source, destination: jnp.moveaxis(x, source, destination)
    t["reshape"] = lambda x, shape: x.reshape(shape)
    t["reshape_transposed"] = lambda x: x.mT.reshape(-1)
    t["flatten"] = lambda x: x.reshape(-1)
    t["squeeze"] = lambda x, dim: jnp.squeeze(x, dim)
    t["unsqueeze"] = lambda x, dim: jnp.expand_dims(x, dim)
    t["broadcast"] = lambda x, shape: jnp.broadcast_to(x, shape)
    t["flip"] = lambda x, dims: jnp.flip(x, dims)
    t["roll"] = lambda x, shifts, dims: jnp.roll(x, shifts, dims)
    t["tile"] = lambda x, dims: jnp.tile(x, dims)
    t["repeat_interleave"] = lambda x, repeats, dim: jnp.repeat(x, repeats[0], dim[0])
    t["concat"] = lambda *parts, dim: jnp.concatenate(parts, dim)
    t["stack"] = lambda *parts, dim: jnp.stack(parts, dim)
    t["split"] = lambda x, sections, dim: tuple(
        jnp.split(x, sections if isinstance(sections, int) else sections[:1], dim))
    t["chunk"] = lambda x, chunks, dim: tuple(jnp.array_split(x, chunks, dim))
    t["meshgrid"] = lambda *v: tuple(jnp.meshgrid(*v, indexing="ij"))
    t["pad"] = lambda x, before, after: jnp.pad(x, tuple(zip(before, after)))

    def cut(x, start=(), stop=(), step=()):
        at = [slice(start[d] if d < len(start) else 0, stop[d] if d < len(stop) else None,
                    step[d] if d < len(step) else 1) for d in range(x.ndim)]
        return x[tuple(at)]

    t["slice"] = cut
    t["diagonal"] = jnp.diagonal
    t["masked_fill"] = lambda x, mask, value: jnp.where(mask, value, x)
    fast = dict(mode="promise_in_bounds")
    t["gather"] = lambda x, index, dim: jnp.take_along_axis(x, index, dim, **fast)

    def places(index, dim):
        grid = list(jnp.indices(index.shape, sparse=True))
        grid[dim] = index
        return tuple(grid)

    t["scatter"] = lambda x, index, src, dim: x.at[places(index, dim)].set(src, **fast)
    t["scatter_add"] = lambda x, index, src, dim: x.at[places(index, dim)].add(src, **fast)
    t["scatter_reduce"] = lambda x, index, src, dim, reduce: x.at[places(index, dim)].add(src, **fast)
    t["index_select"] = lambda x, index, dim: x.at[(slice(None),) * dim + (index,)].get(**fast)
    t["index_add"] = lambda x, index, src, dim: x.at[(slice(None),) * dim + (index,)].add(src, **fast)
    t["segment_sum"] = lambda x, ids, num_segments: jax.ops.segment_sum(x, ids, num_segments, **fast)

    def sort(x, dim):
        order = jnp.argsort(x, dim)
        return jnp.take_along_axis(x, order, dim), order

    t["sort"], t["argsort"] = sort, lambda x, dim: jnp.argsort(x, dim)

    def topk(x, k, dim):
        values, at = lax.top_k(jnp.swapaxes(x, dim, -1), k)
        return jnp.swapaxes(values, dim, -1), jnp.swapaxes(at, dim, -1)

    t["topk"] = topk
    t["embedding"] = lambda index, weight: weight.at[index].get(**fast)
    t["one_hot"] = lambda index, num_classes: nn.one_hot(index, num_classes)
    t["arange"] = lambda unused, start: jnp.arange(start)
    t["full"] = lambda unused, shape, value: jnp.full(shape, value)

    def standardized(x, axes, eps=1e-5):
        mean = x.mean(axes, keepdims=True)
        var = jnp.square(x - mean).mean(axes, keepdims=True)
        return (x - mean) * lax.rsqrt(var + eps)

    t["layer_norm"] = lambda x, w, b: standardized(x, -1) * w + b
    t["layer_norm_by_operators"] = lambda x: standardized(x, -1)
    t["rms_norm"] = lambda x, w, eps: x * lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + eps) * w
    channels = lambda v, x: v.reshape(-1, *[1] * (x.ndim - 2))  # noqa: E731

    def group_norm(x, w, b, num_groups):
        y = standardized(x.reshape(x.shape[0], num_groups, -1), -1).reshape(x.shape)
        return y * channels(w, x) + channels(b, x)

    t["group_norm"] = group_norm
    t["instance_norm"] = lambda x, w, b: standardized(x, (2, 3)) * channels(w, x) + channels(b, x)
    t["batch_norm"] = lambda x, mean, var, w, b: (x - channels(mean, x)) * channels(
        w * lax.rsqrt(var + 1e-5), x) + channels(b, x)
    others = lambda x: tuple(d for d in range(x.ndim) if d != 1)  # noqa: E731
    t["batch_mean"] = lambda x: x.mean(others(x))
    t["batch_var"] = lambda x: x.var(others(x))
    t["softmax"] = lambda x, dim: nn.softmax(x, dim)
    t["log_softmax"] = lambda x, dim: nn.log_softmax(x, dim)
    t["scaled_dot_product_attention"] = lambda q, k, v, is_causal: nn.dot_product_attention(
        q.swapaxes(1, 2), k.swapaxes(1, 2), v.swapaxes(1, 2), is_causal=is_causal).swapaxes(1, 2)

    def cross_entropy(z, y):
        return -jnp.take_along_axis(nn.log_softmax(z), y[:, None], 1, **fast).mean()

    t["bce"] = lambda p, y: -(y * jnp.log(p) + (1 - y) * jnp.log1p(-p)).mean()
    t["bce_with_logits"] = lambda z, y: (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))).mean()
    t["mse"], t["l1"] = lambda p, y: jnp.square(p - y).mean(), lambda p, y: jnp.abs(p - y).mean()
    t["huber"] = t["smooth_l1"] = lambda p, y: jnp.where(
        jnp.abs(p - y) < 1, 0.5 * jnp.square(p - y), jnp.abs(p - y) - 0.5).mean()
    t["kl_div"] = lambda p, y: (y * (jnp.log(y) - p)).mean()
    t["poisson_nll"] = lambda p, y: (jnp.exp(p) - y * p).mean()
    t["gaussian_nll"] = lambda p, y, v: 0.5 * (jnp.log(jnp.maximum(v, 1e-6)) + jnp.square(p - y) / jnp.maximum(v, 1e-6)).mean()
    t["hinge"] = lambda p, y: jnp.maximum(1 - p * y, 0).mean()
    t["margin_ranking"] = lambda a, b, y: jnp.maximum(-y * (a - b), 0).mean()
    t["cross_entropy"] = cross_entropy
    t["nll"] = lambda p, y: -jnp.take_along_axis(p, y[:, None], 1, **fast).mean()
    t["perplexity"] = lambda z, y: jnp.exp(cross_entropy(z, y))
    t["bits_per_character"] = lambda z, y: cross_entropy(z, y) / math.log(2)
    t["accuracy"] = lambda z, y: (z.argmax(-1) == y).mean()
    t["binary_accuracy"] = lambda p, y: ((p > 0.5) == (y > 0.5)).mean()
    t["mae"], t["rmse"] = t["l1"], lambda p, y: jnp.sqrt(jnp.square(p - y).mean())
    t["mape"] = lambda p, y: jnp.abs((p - y) / y).mean()
    t["r2"] = lambda p, y: (1 - jnp.square(p - y).sum(0) / jnp.square(y - y.mean(0)).sum(0)).mean()

    t["log_loss"] = lambda p, y: t["nll"](jnp.log(p), y)
    t["brier"] = lambda p, y: jnp.square(p - nn.one_hot(y, p.shape[1])).sum(1).mean()
    t["top_k_accuracy"] = lambda z, y: (lax.top_k(z, 5)[1] == y[:, None]).any(-1).mean()
    t["hinge_embedding"] = lambda p, y: jnp.where(y == 1, p, jnp.maximum(1 - p, 0)).mean()
    t["cosine_embedding"] = lambda a, b, y: (1 - t["cosine_similarity"](a, b, 1)).mean()
    distance = lambda a, b: jnp.sqrt(jnp.square(a - b + 1e-6).sum(1))  # noqa: E731
    t["triplet_margin"] = lambda a, p, n: jnp.maximum(distance(a, p) - distance(a, n) + 1, 0).mean()

    def lstm_cell(x, c):
        i, f, g, o = jnp.split(x, 4, -1)
        i, f, g, o = nn.sigmoid(i), nn.sigmoid(f), jnp.tanh(g), nn.sigmoid(o)
        c = f * c + i * g
        return o * jnp.tanh(c), c, jnp.concatenate([i, f, g, o], -1)

    def gru_cell(x, h, w):
        (xr, xz, xn), (wr, wz, wn) = jnp.split(x, 3, -1), jnp.split(w, 3, -1)
        r, z = nn.sigmoid(xr + wr), nn.sigmoid(xz + wz)
        n = jnp.tanh(xn + r * wn)
        return n + z * (h - n), jnp.concatenate([r, z, n, wn], -1)

    def rotary(x, num_heads):
        batch, steps, width = x.shape
        half = width // num_heads // 2
        angles = jnp.arange(steps)[:, None] * 10000.0 ** (-jnp.arange(half) / half)
        cos, sin = jnp.cos(angles)[:, None], jnp.sin(angles)[:, None]
        parts = x.reshape(batch, steps, num_heads, 2, half)
        a, b = parts[:, :, :, 0], parts[:, :, :, 1]
        return jnp.stack([a * cos - b * sin, b * cos + a * sin], 3).reshape(x.shape)

    t["lstm_cell"], t["gru_cell"], t["rotary_embedding"] = lstm_cell, gru_cell, rotary
    t["interpolate"] = lambda x, size, mode: jax.image.resize(
        x, (*x.shape[:2], *size), mode, antialias=False)
    key = jax.random.key(0)
    t["drop_path"] = lambda x, p: jnp.where(
        jax.random.bernoulli(key, 1 - p, (len(x), *[1] * (x.ndim - 1))), x / (1 - p), 0.0)
    t["dropout"] = lambda x, p: jnp.where(jax.random.bernoulli(key, 1 - p, x.shape), x / (1 - p), 0.0)
    t["uniform"] = lambda unused, shape: jax.random.uniform(jax.random.fold_in(key, unused[0].astype(int)), shape)
    t["normal"] = lambda unused, shape: jax.random.normal(jax.random.fold_in(key, unused[0].astype(int)), shape)
    t["bernoulli"] = lambda p: jax.random.bernoulli(jax.random.fold_in(key, p[0].astype(int)), p)
    return t
