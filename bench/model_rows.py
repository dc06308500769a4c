"""The workloads of `./dev bench models`: training steps and inferences unlike those of workloads.py.

A network is a list of layers (bench/peers/spec.py), which the peers build, and a model file of
bench/models, which yamlgrad reads. The runner compares what both compute.
"""

from workloads import Workload

DENSE = dict(x=(784,), classes=10)


def mlp(*widths, activation="relu", classes=10):
    layers = []
    for width in widths:
        layers += [("linear", width), activation]
    return (*layers, ("linear", classes))


def normed(width, count):
    return tuple(layer for _ in range(count) for layer in (("linear", width), ("layer_norm",), "gelu"))


def block(heads, wide, causal=False):
    return (("residual", (("layer_norm",), ("attention", heads, causal))),
            ("residual", (("layer_norm",), ("linear", wide), "gelu", ("linear", wide // 4))))


def convolution(channels, stride=1):
    return (("conv2d", channels, 3, stride, 1), ("batch_norm",), "relu")


NETWORKS = {
    "deep_narrow": mlp(*[32] * 24),
    "deep_tanh": mlp(*[64] * 12, activation="tanh"),
    "wide_shallow": mlp(4096),
    "small_batch": mlp(256),
    "wide_two": mlp(1024, 1024),
    "classes_1000": mlp(128, classes=1000),
    "classes_10000": mlp(64, classes=10_000),
    "tabular": mlp(64, 32, classes=2),
    "embedding_1000": (("embedding", 1000, 64), ("mean", 1), *mlp(64)),
    "embedding_50000": (("embedding", 50_000, 64), ("mean", 1), ("linear", 10)),
    "residual_24": (("linear", 128), *[("residual", (("linear", 128), "relu", ("linear", 128)))] * 24,
                    ("linear", 10)),
    "layer_norm": (*normed(256, 4), ("linear", 10)),
    "feed_forward": (("residual", (("layer_norm",), ("linear", 2048), "gelu", ("linear", 512))),
                     ("linear", 10)),
    "attention": (("attention", 4, False), ("mean", 1), ("linear", 10)),
    "attention_long": (("attention", 4, True), ("linear", 32)),
    "transformer": (("embedding", 100, 64), ("positions", 32, 64), *block(4, 256), *block(4, 256),
                    ("layer_norm",), ("mean", 1), ("linear", 5)),
    "lstm_last": (("lstm", 128), ("last",), ("linear", 10)),
    "lstm_small": (("lstm", 32), ("linear", 8)),
    "gru": (("gru", 64), ("last",), ("linear", 10)),
    "convolutions": (("conv2d", 16, 3, 1, 1), "relu", ("max_pool", 2), ("conv2d", 32, 3, 1, 1), "relu",
                     ("max_pool", 2), ("flatten",), ("linear", 10)),
    "convolutions_deep": (*convolution(16), *convolution(16), *convolution(16), *convolution(32, 2),
                          *convolution(32), *convolution(32), ("mean", 2, 3), ("linear", 10)),
    "depthwise": (*convolution(32), ("depthwise", 3), ("conv2d", 64, 1, 1, 0), "relu", ("depthwise", 3),
                  ("conv2d", 64, 1, 1, 0), "relu", ("mean", 2, 3), ("linear", 10)),
    "signals": (("conv1d", 16, 7, 2, 3), "relu", ("conv1d", 32, 5, 2, 2), "relu", ("mean", 2),
                ("linear", 5)),
    "adam_1m": (("linear", 1024),),
    "adam_4m": (("linear", 2048),),
}

TOKENS = dict(tokens=True)
DATA = {
    "deep_narrow": dict(x=(32,), classes=10), "deep_tanh": dict(x=(64,), classes=10),
    "wide_shallow": DENSE, "small_batch": DENSE, "wide_two": DENSE,
    "classes_1000": dict(x=(256,), classes=1000), "classes_10000": dict(x=(128,), classes=10_000),
    "tabular": dict(x=(30,), classes=2),
    "embedding_1000": dict(x=(8,), classes=10, x_classes=1000, **TOKENS),
    "embedding_50000": dict(x=(32,), classes=10, x_classes=50_000, **TOKENS),
    "residual_24": dict(x=(64,), classes=10), "layer_norm": dict(x=(256,), classes=10),
    "feed_forward": dict(x=(512,), classes=10), "attention": dict(x=(64, 64), classes=10),
    "attention_long": dict(x=(256, 128), y=(256,), classes=32),
    "transformer": dict(x=(32,), classes=5, x_classes=100, **TOKENS),
    "lstm_last": dict(x=(32, 16), classes=10), "lstm_small": dict(x=(100, 8), y=(100,), classes=8),
    "gru": dict(x=(50, 32), classes=10), "convolutions": dict(x=(3, 16, 16), classes=10),
    "convolutions_deep": dict(x=(3, 16, 16), classes=10), "depthwise": dict(x=(3, 32, 32), classes=10),
    "signals": dict(x=(4, 256), classes=5), "adam_1m": dict(x=(1024,), classes=1024),
    "adam_4m": dict(x=(2048,), classes=2048),
}

LEARNING_RATE = {"sgd": 0.05, "adam": 1e-3, "adamw": 1e-3}


def step(name, title, batch, optimizer, suffix="", lr=0):
    return Workload(f"{name}{suffix}", title, "step", "µs", 1e6, model=f"models/{name}{suffix}.yaml",
                    network=name, batch=batch, optimizer=optimizer, lr=lr or LEARNING_RATE[optimizer], **DATA[name])


def inference(name, title, batch):
    return Workload(f"{name}_inference_{batch}", title, "inference", "µs", 1e6,
                    model=f"models/{name}.yaml", network=name, batch=batch, **DATA[name])


ROWS = [
    step("deep_narrow", "24 layers of 32, batch 32, SGD", 32, "sgd"),
    step("deep_tanh", "12 layers of 64 with tanh, batch 16, Adam", 16, "adam"),
    step("wide_shallow", "784-4096-10, batch 64, SGD", 64, "sgd"),
    step("small_batch", "784-256-10, batch 1, SGD", 1, "sgd"),
    step("wide_two", "784-1024-1024-10, batch 1, SGD", 1, "sgd"),
    step("classes_1000", "256-128-1000, batch 64, Adam", 64, "adam"),
    step("classes_10000", "128-64-10000, batch 32, Adam", 32, "adam"),
    step("tabular", "30-64-32-2, batch 16, Adam", 16, "adam"),
    step("embedding_1000", "mean of 8 of 1,000 vectors of 64, then 64-10, batch 128, Adam", 128, "adam"),
    step("embedding_50000", "mean of 32 of 50,000 vectors of 64, 10 classes, batch 64, Adam", 64, "adam"),
    step("residual_24", "24 residual blocks of two layers of 128, batch 64, Adam", 64, "adam"),
    step("layer_norm", "4 layers of 256 with layer norm and gelu, batch 128, AdamW", 128, "adamw"),
    step("feed_forward", "a residual block 512-2048-512 with gelu, batch 128, AdamW", 128, "adamw"),
    step("attention", "attention of 4 heads over 64 steps of 64, batch 16, Adam", 16, "adam"),
    step("attention_long", "causal attention over 256 steps of 128, batch 4, Adam", 4, "adam"),
    step("transformer", "two blocks of 64 over 32 tokens, batch 16, AdamW", 16, "adamw"),
    step("lstm_last", "LSTM of 128 over 32 steps of 16, batch 32, Adam", 32, "adam"),
    step("lstm_small", "LSTM of 32 over 100 steps of 8, batch 8, SGD", 8, "sgd"),
    step("gru", "GRU of 64 over 50 steps of 32, batch 32, Adam", 32, "adam"),
    step("convolutions", "two convolutions on 3×16×16, batch 32, SGD", 32, "sgd"),
    step("convolutions_deep", "six convolutions with batch norm on 3×16×16, batch 16, Adam", 16, "adam"),
    step("depthwise", "depthwise separable convolutions on 3×32×32, batch 16, Adam", 16, "adam"),
    step("signals", "two convolutions on 4 signals of 256, batch 32, Adam", 32, "adam"),
    step("adam_1m", "one layer 1024-1024, batch 1, Adam: the update of 1 M parameters", 1, "adam"),
    step("adam_4m", "one layer 2048-2048, batch 1, Adam: the update of 4 M parameters", 1, "adam"),
    step("adam_4m", "the same with AdamW", 1, "adamw", "_adamw"),
    step("adam_4m", "the same with SGD", 1, "sgd", "_sgd", 1e-4),
    inference("small_batch", "784-256-10 on one example", 1),
    inference("wide_two", "784-1024-1024-10 on one example", 1),
    Workload("mlp_small_inference_256", "784-128-10 on 256 examples", "inference", "µs", 1e6,
             model="mlp_small.yaml", network="mlp_small", batch=256, **DENSE),
    inference("residual_24", "24 residual blocks on one example", 1),
    inference("classes_10000", "128-64-10000 on 16 examples", 16),
    inference("layer_norm", "4 layers of 256 with layer norm on 16 examples", 16),
    inference("transformer", "two blocks of 64 over 32 tokens, one example", 1),
    inference("lstm_last", "LSTM of 128 over 32 steps, one example", 1),
    inference("convolutions", "two convolutions on one image", 1),
    inference("depthwise", "depthwise separable convolutions on 8 images", 8),
    inference("signals", "two convolutions on one example of 4 signals", 1),
    inference("deep_narrow", "24 layers of 32 on one example", 1),
    inference("deep_tanh", "12 layers of 64 with tanh on 16 examples", 16),
    inference("wide_shallow", "784-4096-10 on 8 examples", 8),
    inference("classes_1000", "256-128-1000 on one example", 1),
    inference("tabular", "30-64-32-2 on 256 examples", 256),
    inference("embedding_1000", "mean of 8 of 1,000 vectors of 64, then 64-10, on 16 examples", 16),
    inference("embedding_50000", "mean of 32 of 50,000 vectors of 64, 10 classes, one example", 1),
    inference("feed_forward", "a residual block 512-2048-512 with gelu on 4 examples", 4),
    inference("attention", "attention of 4 heads over 64 steps of 64, one example", 1),
    inference("attention_long", "causal attention over 256 steps of 128, one example", 1),
    inference("lstm_small", "LSTM of 32 over 100 steps of 8, one example", 1),
    inference("gru", "GRU of 64 over 50 steps of 32, one example", 1),
    inference("convolutions_deep", "six convolutions with batch norm on one image", 1),
    inference("convolutions", "two convolutions on 64 images", 64),
]
NETWORKS["mlp_small"] = mlp(128)
