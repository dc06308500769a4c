"""The networks of the workloads that are more than dense layers, in PyTorch. Their parameters stand
in the order of those of the model file."""

import protocol
import spec


def _lenet(torch):
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def _resnet8(torch):
    nn = torch.nn

    def convolution(inputs, outputs, size, stride):
        return [nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
                nn.BatchNorm2d(outputs)]

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.branch = nn.Sequential(
                *convolution(inputs, outputs, 3, stride), nn.ReLU(),
                *convolution(outputs, outputs, 3, 1))
            self.around = nn.Identity()
            if stride != 1 or inputs != outputs:
                self.around = nn.Sequential(*convolution(inputs, outputs, 1, stride))

        def forward(self, x):
            return nn.functional.relu(self.branch(x) + self.around(x))

    return nn.Sequential(
        *convolution(3, 16, 3, 1), nn.ReLU(), Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def _lstm(torch):
    nn = torch.nn

    class Language(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(96, 256)
            self.lstm = nn.LSTM(256, 256, batch_first=True)
            self.head = nn.Linear(256, 96)

        def forward(self, x):
            return self.head(self.lstm(self.embedding(x))[0])

    return Language()


def _gpt(torch):
    nn, F = torch.nn, torch.nn.functional
    width, heads, context, vocabulary = 128, 4, 128, 96

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width)
            self.out = nn.Linear(width, width)

        def forward(self, x):
            batch, length, _ = x.shape
            q, k, v = self.qkv(x).view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(y.transpose(1, 2).reshape(batch, length, width))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1 = nn.LayerNorm(width)
            self.attention = Attention()
            self.norm2 = nn.LayerNorm(width)
            self.wide = nn.Linear(width, 4 * width)
            self.narrow = nn.Linear(4 * width, width)

        def forward(self, x):
            x = x + self.attention(self.norm1(x))
            return x + self.narrow(F.gelu(self.wide(self.norm2(x))))

    class Language(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Embedding(vocabulary, width)
            self.position = nn.Embedding(context, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(4)))
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, vocabulary, bias=False)

        def forward(self, x):
            return self.head(self.norm(self.blocks(self.token(x) + self.position.weight)))

    return Language()


NETWORKS = {"lenet": _lenet, "resnet8": _resnet8, "lstm": _lstm, "gpt": _gpt}


def build(torch, workload):
    if workload.network in NETWORKS:
        return NETWORKS[workload.network](torch)
    return spec.torch_model(torch, protocol.SPECS[workload.network], workload.x)


def cross_entropy(torch, z, y):
    """The mean over all positions; classes are in the last dimension."""
    return torch.nn.functional.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1))
