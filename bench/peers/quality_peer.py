"""PyTorch: the networks of models/*.yaml, trained on the rows that bench/quality.py divided.

`quality_peer.py ROW FOLDER…` prints a line of JSON for each folder: the score, and how many examples
each part has. Networks, initial weights, batches, optimizers, schedules and the epoch that is kept are
those of the model files; bench/quality.py tells what the folders hold.
"""

import copy
import csv
import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

PARTS = ("train", "validation", "test")


# ----------------------------------------------------------------------------------------- parts --


def columns(folder):
    with open(folder / "table.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def by_part(x, y, parts):
    return {part: (torch.as_tensor(x[parts == part]), torch.as_tensor(y[parts == part])) for part in PARTS}


def fed(folder):
    return np.load(folder / "fed.npz")["fed"]


def scaled(values, training):
    """Standardised by the training part."""
    return ((values - training.mean()) / training.std()).astype(np.float32)


def numbers(target):
    def load(folder):
        table = columns(folder)
        values = table[target].astype(float)
        return by_part(fed(folder), scaled(values, values[table["part"] == "train"]), table["part"])

    return load


def classes(target):
    def load(folder):
        table = columns(folder)
        known = sorted(set(table[target]))
        y = np.array([known.index(value) for value in table[target]])
        return by_part(fed(folder), y, table["part"])

    return load


def windows(target, group, length, horizon, log):
    """A window belongs to the part of the row of its target. None has a row without a value, and those of
    the training part have no other part's rows."""

    def load(folder):
        table = columns(folder)
        values = np.array([float(cell or "nan") for cell in table[target]])
        training = values[(table["part"] == "train") & ~np.isnan(values)]
        values = np.log(values).astype(np.float32) if log else scaled(values, training)
        groups = table[group] if group else np.zeros(len(values))
        x, y, parts = [], [], []
        for first in range(len(values) - length - horizon + 1):
            rows = slice(first, first + length + horizon)
            if groups[rows][0] == groups[rows][-1] and not np.isnan(values[rows]).any():
                x.append(values[first:first + length])
                y.append(values[rows][-1])
                parts.append(table["part"][rows][-1])
        return by_part(np.array(x), np.array(y), np.array(parts))

    return load


def characters(folder):
    text = {part: (folder / f"{part}.txt").read_bytes().decode() for part in PARTS[:2]}
    known = {one: i for i, one in enumerate(sorted(set(text["train"])), 2)}
    parts = {}
    for part, one in text.items():
        x = torch.tensor([known.get(c, 1) for c in one]).reshape(-1, 65)
        parts[part] = (x, x[:, 1:])
    return parts


# -------------------------------------------------------------------------------------- networks --


class Of(nn.Module):
    """A network of layers, and a function that applies them."""

    def __init__(self, apply, **layers):
        super().__init__()
        self.layers = nn.ModuleDict(layers)
        self.apply_layers = apply

    def forward(self, x):
        return self.apply_layers(SimpleNamespace(**self.layers), x)


def two_layers(width, hidden):
    net = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, 1), nn.Flatten(0))
    nn.init.xavier_uniform_(net[0].weight)
    nn.init.xavier_uniform_(net[2].weight)
    return net


def bag_of_words():
    net = Of(lambda n, x: n.logits(n.e(x).sum(1)), e=nn.Embedding(2000, 16, padding_idx=0), logits=nn.Linear(16, 2))
    with torch.no_grad():
        net.layers["e"].weight[1:].normal_(0, 0.03)
    return net


def word_by_word():
    def apply(n, x):
        lengths = (x != 0).sum(1)
        e = n.e(x[:, :lengths.max()])
        packed = nn.utils.rnn.pack_padded_sequence(e, lengths, batch_first=True, enforce_sorted=False)
        return n.logits(n.lstm(packed)[1][0][0])

    return Of(apply, e=nn.Embedding(2000, 16, padding_idx=0), lstm=nn.LSTM(16, 32, batch_first=True),
              logits=nn.Linear(32, 2))


def pictures():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def forecast(length, scale, zeros):
    def apply(n, x):
        last = x[:, -1:]
        return (last + n.change(torch.tanh(n.h(scale * (x - last)))) / scale)[:, 0]

    net = Of(apply, h=nn.Linear(length, 16), change=nn.Linear(16, 1))
    if zeros:
        nn.init.zeros_(net.layers["change"].weight)
    return net


def character_lstm():
    return Of(lambda n, x: n.logits(n.h(n.e(x[:, :-1]))[0]).transpose(1, 2), e=nn.Embedding(96, 128),
              h=nn.LSTM(128, 128, batch_first=True), logits=nn.Linear(128, 96))


def character_gpt():
    def apply(n, x):
        h = n.dropped(n.e(x[:, :-1]) + n.p.weight)
        for block in n.blocks:
            h = block(h, src_mask=mask, is_causal=True)
        return n.logits(n.norm(h)).transpose(1, 2)

    mask = nn.Transformer.generate_square_subsequent_mask(64)
    blocks = [nn.TransformerEncoderLayer(96, 4, 384, 0.1, "gelu", batch_first=True, norm_first=True) for _ in range(3)]
    net = Of(apply, e=nn.Embedding(96, 96), p=nn.Embedding(64, 96), dropped=nn.Dropout(0.1),
             blocks=nn.ModuleList(blocks), norm=nn.LayerNorm(96), logits=nn.Linear(96, 96, bias=False))
    for name in ("e", "p"):
        nn.init.normal_(net.layers[name].weight, 0, 0.02)
    return net


# -------------------------------------------------------------------------------------- training --


def l1(y, wanted):
    return (y - wanted).abs().mean().item()


def accuracy(y, wanted):
    return (y.argmax(1) == wanted).float().mean().item()


def cross_entropy(y, wanted):
    return F.cross_entropy(y, wanted).item()


def row(load, network, loss, score, epochs, lr, **options):
    rest = {"decay": None, "cosine": False, "warmup": 0, "patience": 0, "last": False, "clip": 0, "on": "test"}
    return SimpleNamespace(load=load, network=network, loss=loss, score=score, epochs=epochs, lr=lr, **rest | options)


ROWS = {
    "penguins": row(numbers("body_mass_g"), lambda: two_layers(13, 16), F.mse_loss, l1, 100, 0.01, decay=0.01,
                    patience=20),
    "co2": row(numbers("co2"), lambda: two_layers(3, 32), F.mse_loss, l1, 60, 0.01, cosine=True),
    "messages": row(classes("kind"), bag_of_words, F.cross_entropy, accuracy, 15, 0.003),
    "messages_lstm": row(classes("kind"), word_by_word, F.cross_entropy, accuracy, 10, 0.005),
    "digits": row(classes("digit"), pictures, F.cross_entropy, accuracy, 40, 0.003),
    "co2_forecast": row(windows("co2", None, 52, 13, False), lambda: forecast(52, 1, False), F.mse_loss, l1, 60, 0.003,
                        cosine=True),
    "employment": row(windows("jobs", "sector", 24, 3, True), lambda: forecast(24, 20, True),
                      lambda y, wanted: 1000 * F.mse_loss(y, wanted), l1, 40, 0.003, cosine=True, last=True),
    "char_lstm": row(characters, character_lstm, F.cross_entropy, cross_entropy, 10, 0.003, cosine=True,
                     on="validation"),
    "char_gpt": row(characters, character_gpt, F.cross_entropy, cross_entropy, 15, 0.002, decay=0.01, cosine=True,
                    warmup=100, clip=1, on="validation"),
}


def rate(row, step, steps):
    """What the learning rate is multiplied by: rises by a line, then falls by half a cosine wave."""
    if step < row.warmup:
        return (step + 1) / row.warmup
    return (1 + math.cos(math.pi * (step - row.warmup) / (steps - row.warmup))) / 2 if row.cosine else 1


def answers(net, x):
    net.eval()
    with torch.no_grad():
        return torch.cat([net(piece) for piece in x.split(256)])


def train(row, parts, seed):
    """The network of the epoch with the least validation loss, or the last."""
    torch.manual_seed(seed)
    net = row.network()
    kind = torch.optim.Adam if row.decay is None else torch.optim.AdamW
    optimizer = kind(net.parameters(), lr=row.lr, weight_decay=row.decay or 0)
    x, wanted = parts["train"]
    steps = row.epochs * math.ceil(len(x) / 32)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(row, step, steps))
    best, kept, waited = math.inf, None, 0
    for _ in range(row.epochs):
        net.train()
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            row.loss(net(x[batch]), wanted[batch]).backward()
            if row.clip:
                nn.utils.clip_grad_norm_(net.parameters(), row.clip)
            optimizer.step()
            schedule.step()
        loss = row.loss(answers(net, parts["validation"][0]), parts["validation"][1]).item()
        waited += 1
        if loss < best:
            best, waited, kept = loss, 0, copy.deepcopy(net.state_dict())
        if row.patience and waited >= row.patience:
            break
    if not row.last:
        net.load_state_dict(kept)
    return net


def main():
    torch.set_num_threads(1)
    name, *folders = sys.argv[1:]
    for folder in map(Path, folders):
        task = json.loads((folder / "task.json").read_text())
        parts = ROWS[name].load(folder)
        net = train(ROWS[name], parts, task["seed"])
        x, wanted = parts[ROWS[name].on]
        score = ROWS[name].score(answers(net, x), wanted) * task["factor"]
        counts = {part: len(y) for part, (_, y) in parts.items()}
        print(json.dumps({"scores": {"PyTorch": score}, "parts": counts}), flush=True)


if __name__ == "__main__":
    main()
