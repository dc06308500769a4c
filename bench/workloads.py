"""The list of workloads. The runner and the peers read it.

yamlgrad runs a workload's model file. Peers build the same network from `layers` and `batch`. The
runner compares what both compute, so the two descriptions cannot drift apart.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    name: str
    title: str
    kind: str  # gradient, step, inference, hessian_vector, process, chain, csv, predictor
    unit: str
    scale: float  # one second, or one byte, in `unit`; for samples/s and rows/s: those of a step
    model: str = ""  # a file in bench/
    layers: tuple = ()  # of a network of dense layers: widths, input first
    network: str = ""  # any other network: its name in bench/peers/*_networks.py
    x: tuple = ()  # of any other network: the shape of one example
    y: tuple = ()  # the shape of its target
    classes: int = 0  # of the target, and of integer inputs
    tokens: bool = False  # x are class numbers
    x_classes: int = 0  # of these; default: as many as the target has
    batch: int = 0
    optimizer: str = ""
    lr: float = 0.0  # of the steps that are compared; timed steps use 0
    nodes: int = 0  # of a chain of operators
    rows: int = 0  # of a CSV file
    standardized: bool = False  # of a predictor: it is given rows of a table
    columns: int = 0
    measure: str = "seconds"  # or "bytes": the peak memory of a process

    @property
    def higher_is_better(self):
        return self.unit in ("samples/s", "rows/s")

    def value(self, sample):
        """One sample in the workload's unit."""
        if self.higher_is_better:
            return self.scale / sample[self.measure]
        return self.scale * sample[self.measure]


NOTEBOOK = dict(model="notebook_231.yaml", layers=(2, 3, 1), batch=2)
MLP_SMALL = dict(model="mlp_small.yaml", layers=(784, 128, 10), batch=64, optimizer="sgd", lr=0.1)
MLP_LARGE = dict(
    model="mlp_large.yaml", layers=(784, 1024, 1024, 10), batch=128, optimizer="adam", lr=1e-3
)

LENET = dict(model="lenet.yaml", network="lenet", x=(1, 28, 28), classes=10)
RESNET8 = dict(model="resnet8.yaml", network="resnet8", x=(3, 32, 32), classes=10)
LSTM = dict(model="lstm.yaml", network="lstm", x=(64,), y=(64,), classes=96, tokens=True)
GPT = dict(model="gpt.yaml", network="gpt", x=(128,), y=(128,), classes=96, tokens=True)

WORKLOADS = [
    Workload(
        "W1_notebook_231",
        "gradient of a 2-3-1 sigmoid network, batch 2",
        "gradient", "µs", 1e6, **NOTEBOOK,
    ),
    Workload(
        "W2a_mlp_small",
        "training step of an MLP 784-128-10, batch 64, SGD",
        "step", "samples/s", 64, **MLP_SMALL,
    ),
    Workload(
        "W2b_mlp_large",
        "training step of an MLP 784-1024-1024-10, batch 128, Adam",
        "step", "samples/s", 128, **MLP_LARGE,
    ),
    Workload(
        "W3_lenet",
        "training step of LeNet-5 on images of 28 by 28, batch 64, SGD",
        "step", "ms", 1e3, batch=64, optimizer="sgd", lr=0.05, **LENET,
    ),
    Workload(
        "W3_lenet_inference_1",
        "LeNet-5 on one image",
        "inference", "µs", 1e6, batch=1, **LENET,
    ),
    Workload(
        "W3_lenet_inference_64",
        "LeNet-5 on 64 images",
        "inference", "ms", 1e3, batch=64, **LENET,
    ),
    Workload(
        "W3b_resnet8",
        "training step of ResNet-8 with batch norm on images of 3 by 32 by 32, batch 64, SGD",
        "step", "ms", 1e3, batch=64, optimizer="sgd", lr=0.05, **RESNET8,
    ),
    Workload(
        "W4_lstm",
        "training step of an LSTM of 256 over 64 tokens, embedding 256, batch 32, SGD",
        "step", "ms", 1e3, batch=32, optimizer="sgd", lr=0.1, **LSTM,
    ),
    Workload(
        "W5_gpt",
        "training step of a GPT of 4 blocks, 128 wide, context 128, batch 8, AdamW",
        "step", "ms", 1e3, batch=8, optimizer="adamw", lr=1e-3, **GPT,
    ),
    Workload(
        "W6_first_gradient",
        "a whole process, from its start to the first gradient of W1",
        "process", "ms", 1e3, **NOTEBOOK,
    ),
    Workload(
        "W6_first_gradient_memory",
        "the same process's peak resident memory",
        "process", "MB", 1e-6, measure="bytes", **NOTEBOOK,
    ),
    Workload(
        "W7_hessian_vector",
        "Hessian-vector product of the loss of W2a",
        "hessian_vector", "ms", 1e3, **MLP_SMALL,
    ),
    Workload(
        "W8_chain_50k",
        "build, differentiate twice and compile a chain of 50,000 operators",
        "chain", "s", 1, nodes=50_000,
    ),
    Workload(
        "W8_chain_100k",
        "the same with 100,000, to see that the time is linear",
        "chain", "s", 1, nodes=100_000,
    ),
    Workload(
        "W9_csv",
        "read a CSV file of 31 columns of 17 digits, 20 MB, into memory",
        "csv", "rows/s", 35_000, rows=35_000, columns=31,
    ),
    Workload(
        "P1_predictor_231",
        "ask a predictor of W1's network for one example, a tensor of two numbers",
        "predictor", "µs", 1e6, model="notebook_231.yaml", layers=(2, 3, 1), batch=1,
    ),
    Workload(
        "P2_predictor_row",
        "ask a predictor for one row of a table: 30 columns, standardised, 30-16-1",
        "predictor", "µs", 1e6, model="breast_cancer.yaml", layers=(30, 16, 1), batch=1,
        standardized=True,
    ),
]


def find(name):
    from model_rows import ROWS  # which needs Workload

    return next(workload for workload in [*WORKLOADS, *ROWS] if workload.name == name)
