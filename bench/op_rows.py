"""The rows of `./dev bench ops`: which calls of which operators are timed, at which shapes.

The operators come from their descriptors (`yamlgrad ops --json`). A row is a call of one of them. An
operator that is named in none of the tables below has the shapes of its kind: elementwise ones with
one, two or three operands, and reductions. Any other one has the call of its documentation
(`yamlgrad ops --markdown`), its shapes enlarged where it allows that. So a new operator is measured
by existing; a line of its own in OWN gives it better shapes.

An input is written "x f[64, 1000] -2 2": name, element type and shape as in a descriptor's sample
(f, i: i32, l: i64, b: bool), least and largest value. Values are uniform between the two; whole
numbers include both. Without them they are -2 and 2.
"""

import re
from dataclasses import dataclass, field

DTYPES = {"f": "f32", "i": "i32", "l": "i64", "b": "bool"}
HUGE = 4 << 20  # elements: beyond the L2 cache
ODD = 1_000_003  # no multiple of any vector


@dataclass(frozen=True)
class Input:
    name: str
    dtype: str  # f32, i32, i64, bool
    shape: tuple
    low: float = -2.0
    high: float = 2.0

    @property
    def is_float(self):
        return self.dtype == "f32"


@dataclass(frozen=True)
class Row:
    op: str
    title: str  # which of the operator's calls
    inputs: tuple
    args: dict = field(default_factory=dict)  # by name
    call: str = ""  # the expression, if it is not one call of `op`; graph lines may stand before it
    results: int = 1
    peer: str = ""  # the entry of bench/peers/op_table.py; default: the operator's name
    own: bool = True  # the shapes were chosen for this operator or its kind
    compiled: bool = True  # torch.compile, which takes seconds, is asked; not where a larger row tells

    @property
    def name(self):
        return f"{self.op}: {self.title}"

    def expression(self, is_list):
        if self.call:
            return self.call
        operands = ", ".join(i.name for i in self.inputs if i.name != UNUSED)
        if is_list:
            operands = f"[{operands}]"
        args = [f"{key}={argument(value)}" for key, value in self.args.items()]
        return f"{self.op}({', '.join(([operands] if operands else []) + args)})"

    def model(self, is_list):
        """The model file of the call."""
        names = ["y"] if self.results == 1 else [f"y{k}" for k in range(self.results)]
        outputs = names + [i.name for i in self.inputs if i.name == UNUSED]
        lines = ["format: 1", "inputs:"]
        for i in self.inputs:
            lines.append(f"  {i.name}: {{shape: {list(i.shape)}, dtype: {i.dtype}}}")
        *before, call = self.expression(is_list).split("\n")
        lines += ["graph:", *(f"  {line}" for line in before), f"  {', '.join(names)}: {call}"]
        return "\n".join([*lines, f"outputs: [{', '.join(outputs)}]", ""])


UNUSED = "unused"  # an input that the call does not read: a model has at least one, so it is an output


def argument(value):
    """A value in the model language."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not re.fullmatch(r"\w+", value):
        return f"'{value}'"
    return str(value)


def inputs_of(text):
    """Reads "x f[2, 3] -2 2; y i[5]"."""
    found = []
    for one in filter(None, map(str.strip, text.split(";"))):
        name, letter, shape, rest = re.fullmatch(r"(\w+) (\w)\[([^\]]*)\](.*)", one).groups()
        low, high = map(float, rest.split()) if rest.strip() else (-2.0, 2.0)
        sizes = tuple(int(size) for size in shape.replace(" ", "").split(",") if size)
        found.append(Input(name, DTYPES[letter], sizes, low, high))
    return tuple(found)


SMALLER = ("331", "1,000,003", str(ODD), "64×1", "331×77")  # titles of rows that have a larger twin


def row(op, title, inputs, call="", results=1, peer="", **args):
    compiled = not title.startswith(SMALLER) or "rows" in title
    return Row(op, title, inputs_of(inputs), args, call, results, peer, True, compiled)


# -------------------------------------------------------------------------------- elementwise --

# Ordinary values, and extreme ones, of functions that are not defined everywhere or overflow soon.
DOMAINS = {
    "log": ("0.01 10", "1e-30 1e30"), "log2": ("0.01 10", "1e-30 1e30"),
    "log10": ("0.01 10", "1e-30 1e30"), "log1p": ("-0.9 10", "0 1e30"),
    "sqrt": ("0.01 10", "0 1e30"), "rsqrt": ("0.01 10", "1e-6 1e30"),
    "reciprocal": ("0.1 4", "-1e-10 1e10"), "exp": ("-4 4", "-80 80"), "exp2": ("-4 4", "-100 100"),
    "expm1": ("-4 4", "-80 80"), "sinh": ("-4 4", "-80 80"), "cosh": ("-4 4", "-80 80"),
    "asin": ("-0.9 0.9", "-0.9999 0.9999"), "acos": ("-0.9 0.9", "-0.9999 0.9999"),
    "atanh": ("-0.9 0.9", "-0.9999 0.9999"), "acosh": ("1.1 10", "1.001 1e10"),
    "lgamma": ("0.1 10", "1 1e10"), "digamma": ("0.1 10", "1 1e10"), "polygamma": ("0.1 10", "1 1e4"),
    "tan": ("-1.5 1.5", "-100 100"), "sin": ("-4 4", "-1000 1000"), "cos": ("-4 4", "-1000 1000"),
    "erf": ("-2 2", "-100 100"), "erfc": ("-2 2", "-10 10"),
}
BINARY_DOMAINS = {
    "pow": ("0.1 4", "-2 2"), "divide": ("-2 2", "0.1 4"), "floor_divide": ("-9 9", "0.1 4"),
    "remainder": ("-9 9", "0.1 4"),
}
UNARY_ARGS = {
    "clip": dict(min=-1, max=1), "polygamma": dict(n=1), "cast": dict(dtype="i32"),
}


def unary(op):
    low_high, extreme = DOMAINS.get(op, ("-4 4", "-100 100"))
    sizes = [
        ("331 elements", 331, low_high), ("65,536", 1 << 16, low_high),
        ("65,536, extreme", 1 << 16, extreme), ("1,000,003", ODD, low_high),
        ("4 M", HUGE, low_high),
    ]
    args = UNARY_ARGS.get(op, {})
    return [row(op, title, f"x f[{n}] {domain}", **args) for title, n, domain in sizes]


def pairs(op, names, letter="f"):
    """Two operands: equal shapes, and every kind of broadcast."""
    a, b = names
    first, second = BINARY_DOMAINS.get(op, ("-2 2", "-2 2"))
    shapes = [
        ("331 elements", "331", "331"), ("65,536", "65536", "65536"),
        ("1,000,003", ODD, ODD), ("bias on 32768×10", "32768, 10", "10"),
        ("outer 1024²", "1024, 1", "1024"), ("middle of 128×128×64", "128, 128, 64", "128, 1, 64"),
    ]
    if op in ("add", "multiply"):
        shapes += [("4 M", HUGE, HUGE), ("number on 1024²", "1024, 1024", "1"),
                   ("column on 1024²", "1024, 1024", "1024, 1")]
    return [row(op, title, f"{a} {letter}[{x}] {first}; {b} {letter}[{y}] {second}")
            for title, x, y in shapes]


def triples(op, names, letters="fff"):
    shapes = ["331", "65536", f"{ODD}", "32768, 10", "128, 128, 64"]
    rows = []
    for shape in shapes:
        inputs = [f"{name} {letter}[{shape}]" for name, letter in zip(names, letters)]
        rows.append(row(op, shape.replace(", ", "×"), "; ".join(inputs)))
    return rows


# --------------------------------------------------------------------------------- reductions --

REDUCED = [
    ("last of 1024×1000", "1024, 1000", -1), ("last of 32768×10", "32768, 10", -1),
    ("last of 128×128×64", "128, 128, 64", -1), ("middle of 128×128×64", "128, 128, 64", 1),
    ("first of 512×1000", "512, 1000", 0), ("last of 127×333", "127, 333", -1),
]


def reduction(op, letter="f", domain="-2 2", all_too=True, results=1, **args):
    rows = [row(op, title, f"x {letter}[{shape}] {domain}", results=results, dim=dim, **args)
            for title, shape, dim in REDUCED]
    if all_too:
        rows.append(row(op, "all of 4 M", f"x {letter}[{HUGE}] {domain}", results=results, **args))
    if op == "sum":
        rows.append(row(op, "all of 16 M", f"x f[{16 << 20}]"))
    return rows


def scan(op, domain="-2 2", results=1, names="x"):
    shapes = [
        ("last of 1024²", "1024, 1024", 1), ("first of 1024²", "1024, 1024", 0),
        ("last of 32768×10", "32768, 10", 1), ("middle of 128×128×64", "128, 128, 64", 1),
        ("1,000,003", ODD, 0),
    ]
    return [row(op, title, "; ".join(f"{name} f[{shape}] {domain}" for name in names),
                results=results, dim=dim) for title, shape, dim in shapes]


def rows_of_softmax(op):
    shapes = [
        ("512 rows of 1,000", "512, 1000", -1), ("64 rows of 50,000", "64, 50000", -1),
        ("32,768 rows of 10", "32768, 10", -1), ("first of 512×1000", "512, 1000", 0),
        ("middle of 128×128×64", "128, 128, 64", 1),
        ("512 rows of 1,000, extreme", "512, 1000", -1),
    ]
    return [row(op, title, f"x f[{shape}] " + ("-100 100" if "extreme" in title else "-4 4"),
                dim=dim) for title, shape, dim in shapes]


# --------------------------------------------------------------------------- losses, metrics --

LOSS_SHAPES = ["64, 1", "64, 1000", "4096, 16", "331, 77", f"{HUGE // 4}"]


def loss(op, names, domains, letters=None, **args):
    letters = letters or "f" * len(names)
    return [row(op, shape.replace(", ", "×"), "; ".join(
        f"{n} {letter}[{shape}] {d}" for n, letter, d in zip(names, letters, domains)), **args)
        for shape in LOSS_SHAPES]


CLASSES = [(64, 10), (128, 1000), (4096, 96), (128, 50000), (32768, 10)]


def classes(op, x, y, extra="", domain="-4 4", **args):
    return [row(op, f"{n}×{c}", f"{x} f[{n}, {c}] {domain}; {y} i[{n}] 0 {c - 1}{extra}", **args)
            for n, c in CLASSES]


# --------------------------------------------------------------------------- linear algebra ---


def products():
    shapes = [  # rows, depth, columns
        (64, 64, 64), (1000, 1000, 1000), (2048, 2048, 3), (2048, 3, 2048), (5, 1024, 1024),
        (10, 100_000, 10), (10, 10, 100_000), (128, 784, 128), (17, 19, 23), (1, 1024, 1024),
        (1024, 1024, 1), (4096, 4096, 1),
    ]
    rows = [row("matmul", f"{m}×{k}×{n}", f"a f[{m}, {k}]; b f[{k}, {n}]") for m, k, n in shapes]
    rows += [row("matmul", f"bmm {n} × {s}×{s}×{s}", f"a f[{n}, {s}, {s}]; b f[{n}, {s}, {s}]")
             for n, s in ((1024, 4), (4096, 8), (64, 64), (256, 33))]
    rows.append(row("matmul", "128×784×128 transposed", "a f[128, 784]; b f[128, 784]",
                    transpose_b=True))
    return rows


def einsums():
    cases = [
        ("ij,jk->ik", "a f[256, 256]; b f[256, 256]"), ("bij,bjk->bik", "a f[64, 32, 48]; b f[64, 48, 32]"),
        ("ij->j", "a f[1024, 1024]"), ("bhid,bhjd->bhij", "a f[8, 4, 128, 32]; b f[8, 4, 128, 32]"),
        ("i,j->ij", "a f[1000]; b f[1000]"), ("bij,bij->b", "a f[128, 33, 65]; b f[128, 33, 65]"),
    ]
    return [row("einsum", equation, inputs, equation=equation) for equation, inputs in cases]


def convolutions():
    def conv(op, title, x, w, channels, **args):
        bias = f"; bias f[{channels}]"
        return row(op, title, f"x f[{x}]; weight f[{w}] -0.2 0.2{bias}", **args)

    return {
        "conv1d": [
            conv("conv1d", "32×64×128, 3", "32, 64, 128", "64, 64, 3", 64, padding=1),
            conv("conv1d", "1×1×16000, 25, stride 4", "1, 1, 16000", "32, 1, 25", 32, stride=4),
            conv("conv1d", "64×16×33, 5", "64, 16, 33", "17, 16, 5", 17),
            conv("conv1d", "depthwise 16×128×256, 7", "16, 128, 256", "128, 1, 7", 128, padding=3,
                 groups=128),
            conv("conv1d", "4096×4×8, 3", "4096, 4, 8", "4, 4, 3", 4, padding=1),
        ],
        "conv2d": [
            conv("conv2d", "64×1×28², 5×5", "64, 1, 28, 28", "6, 1, 5, 5", 6, padding=2),
            conv("conv2d", "64×16×32², 3×3", "64, 16, 32, 32", "16, 16, 3, 3", 16, padding=1),
            conv("conv2d", "64×16×32², 3×3, stride 2", "64, 16, 32, 32", "32, 16, 3, 3", 32,
                 padding=1, stride=2),
            conv("conv2d", "8×256×28², 1×1", "8, 256, 28, 28", "64, 256, 1, 1", 64),
            conv("conv2d", "1×64×56², 3×3", "1, 64, 56, 56", "64, 64, 3, 3", 64, padding=1),
            conv("conv2d", "depthwise 8×64×56², 3×3", "8, 64, 56, 56", "64, 1, 3, 3", 64, padding=1,
                 groups=64),
            conv("conv2d", "8×3×64², 7×7, stride 2", "8, 3, 64, 64", "32, 3, 7, 7", 32, padding=3,
                 stride=2),
        ],
        "conv3d": [
            conv("conv3d", "2×8×16³, 3", "2, 8, 16, 16, 16", "16, 8, 3, 3, 3", 16, padding=1),
            conv("conv3d", "1×1×32³, 5, stride 2", "1, 1, 32, 32, 32", "8, 1, 5, 5, 5", 8, padding=2,
                 stride=2),
            conv("conv3d", "4×32×8³, 1", "4, 32, 8, 8, 8", "32, 32, 1, 1, 1", 32),
            conv("conv3d", "8×4×7³, 2", "8, 4, 7, 7, 7", "5, 4, 2, 2, 2", 5),
            conv("conv3d", "1×16×8×24×24, 3", "1, 16, 8, 24, 24", "16, 16, 3, 3, 3", 16, padding=1),
        ],
        "conv_transpose1d": [
            conv("conv_transpose1d", "32×64×64, 4, stride 2", "32, 64, 64", "64, 32, 4", 32,
                 stride=2, padding=1),
            conv("conv_transpose1d", "8×16×500, 3", "8, 16, 500", "16, 16, 3", 16, padding=1),
            conv("conv_transpose1d", "64×4×33, 5", "64, 4, 33", "4, 7, 5", 7),
            conv("conv_transpose1d", "1×32×4000, 8, stride 4", "1, 32, 4000", "32, 16, 8", 16,
                 stride=4, padding=2),
            conv("conv_transpose1d", "1024×4×8, 2, stride 2", "1024, 4, 8", "4, 4, 2", 4, stride=2),
        ],
        "conv_transpose2d": [
            conv("conv_transpose2d", "16×64×16², 4×4, stride 2", "16, 64, 16, 16", "64, 32, 4, 4",
                 32, stride=2, padding=1),
            conv("conv_transpose2d", "16×16×32², 3×3", "16, 16, 32, 32", "16, 16, 3, 3", 16,
                 padding=1),
            conv("conv_transpose2d", "64×8×7², 4×4, stride 2", "64, 8, 7, 7", "8, 5, 4, 4", 5,
                 stride=2, padding=1),
            conv("conv_transpose2d", "8×32×28², 2×2, stride 2", "8, 32, 28, 28", "32, 16, 2, 2", 16,
                 stride=2),
            conv("conv_transpose2d", "1×64×64², 1×1", "1, 64, 64, 64", "64, 32, 1, 1", 32),
        ],
        "conv_transpose3d": [
            conv("conv_transpose3d", "2×16×8³, 4, stride 2", "2, 16, 8, 8, 8", "16, 8, 4, 4, 4", 8,
                 stride=2, padding=1),
            conv("conv_transpose3d", "2×8×12³, 3", "2, 8, 12, 12, 12", "8, 8, 3, 3, 3", 8, padding=1),
            conv("conv_transpose3d", "4×4×5³, 3", "4, 4, 5, 5, 5", "4, 3, 3, 3, 3", 3),
            conv("conv_transpose3d", "1×32×8³, 2, stride 2", "1, 32, 8, 8, 8", "32, 16, 2, 2, 2", 16,
                 stride=2),
            conv("conv_transpose3d", "1×16×16³, 1", "1, 16, 16, 16, 16", "16, 16, 1, 1, 1", 16),
        ],
    }


# ------------------------------------------------------------------------ shape and indexing ---


def moved():
    """Operators that move elements and compute nothing."""
    s = {}
    s["transpose"] = [
        row("transpose", "1024²", "x f[1024, 1024]"), row("transpose", "32768×10", "x f[32768, 10]"),
        row("transpose", "1001×333", "x f[1001, 333]"), row("transpose", "64×128×129", "x f[64, 128, 129]"),
        row("transpose", "first two of 128×128×64", "x f[128, 128, 64]", dim0=0, dim1=1),
        row("transpose", "2048²", "x f[2048, 2048]"),
    ]
    s["permute"] = [
        row("permute", "3210 of 16×32×32×64", "x f[16, 32, 32, 64]", dims=[3, 2, 1, 0]),
        row("permute", "0213 of 16×32×32×64", "x f[16, 32, 32, 64]", dims=[0, 2, 1, 3]),
        row("permute", "0231 of 16×32×32×64", "x f[16, 32, 32, 64]", dims=[0, 2, 3, 1]),
        row("permute", "0312 of 16×32×32×3", "x f[16, 32, 32, 3]", dims=[0, 3, 1, 2]),
        row("permute", "201 of 77×33×19", "x f[77, 33, 19]", dims=[2, 0, 1]),
    ]
    s["movedim"] = [row("movedim", f"{a} to {b} of 64×128×129", "x f[64, 128, 129]", source=[a],
                        destination=[b]) for a, b in ((0, 2), (2, 0), (1, 2), (0, 1))]
    s["movedim"].append(row("movedim", "1 to -1 of 16×3×224²", "x f[16, 3, 224, 224]", source=[1],
                            destination=[-1]))
    s["reshape"] = [row("reshape", f"{n} elements", f"x f[{n}, 6]", shape=[2, 3 * n])
                    for n in (7, 1000, 33_333, 500_000)]
    s["reshape"].append(row("reshape", "after a transpose, 1024²", "x f[1024, 1024]",
                            call="reshape(transpose(x), shape=[1048576])",
                            peer="reshape_transposed"))
    shapes = ["64, 1000", "128, 128, 64", "16, 3, 32, 32", "2048, 2048", "77, 13"]
    s["flatten"] = [row("flatten", t.replace(", ", "×"), f"x f[{t}]") for t in shapes]
    s["squeeze"] = [row("squeeze", t.replace(", ", "×"), f"x f[1, {t}]", dim=0) for t in shapes]
    s["unsqueeze"] = [row("unsqueeze", t.replace(", ", "×"), f"x f[{t}]", dim=0) for t in shapes]
    s["identity"] = [row("identity", t.replace(", ", "×"), f"x f[{t}]") for t in shapes]
    s["stop_gradient"] = [row("stop_gradient", t.replace(", ", "×"), f"x f[{t}]") for t in shapes]
    s["broadcast"] = [
        row("broadcast", "rows to 1024²", "x f[1024]", shape=[1024, 1024]),
        row("broadcast", "columns to 1024²", "x f[1024, 1]", shape=[1024, 1024]),
        row("broadcast", "10 to 32768×10", "x f[10]", shape=[32768, 10]),
        row("broadcast", "middle of 128×128×64", "x f[128, 1, 64]", shape=[128, 128, 64]),
        row("broadcast", "number to 4 M", "x f[1]", shape=[HUGE]),
    ]
    s["flip"] = [
        row("flip", "last of 1024²", "x f[1024, 1024]", dims=[-1]),
        row("flip", "first of 1024²", "x f[1024, 1024]", dims=[0]),
        row("flip", "both of 32768×10", "x f[32768, 10]", dims=[0, 1]),
        row("flip", "middle of 128×128×64", "x f[128, 128, 64]", dims=[1]),
        row("flip", "1,000,003", f"x f[{ODD}]", dims=[0]),
    ]
    s["roll"] = [
        row("roll", "last of 1024²", "x f[1024, 1024]", shifts=[3], dims=[-1]),
        row("roll", "first of 1024²", "x f[1024, 1024]", shifts=[100], dims=[0]),
        row("roll", "last of 32768×10", "x f[32768, 10]", shifts=[1], dims=[-1]),
        row("roll", "both of 127×333", "x f[127, 333]", shifts=[5, 7], dims=[0, 1]),
        row("roll", "1,000,003", f"x f[{ODD}]", shifts=[77], dims=[0]),
    ]
    s["tile"] = [
        row("tile", "1000 by 1000", "x f[1000]", dims=[1000]),
        row("tile", "256² by 4×4", "x f[256, 256]", dims=[4, 4]),
        row("tile", "32768×2 by 1×5", "x f[32768, 2]", dims=[1, 5]),
        row("tile", "33×77 by 3×1", "x f[33, 77]", dims=[3, 1]),
        row("tile", "256 K by 16", f"x f[{1 << 18}]", dims=[16]),
    ]
    s["repeat_interleave"] = [
        row("repeat_interleave", "last of 1024×256 by 4", "x f[1024, 256]", repeats=[4], dim=[1]),
        row("repeat_interleave", "first of 256×1024 by 4", "x f[256, 1024]", repeats=[4], dim=[0]),
        row("repeat_interleave", "last of 32768×5 by 2", "x f[32768, 5]", repeats=[2], dim=[1]),
        row("repeat_interleave", "middle of 32×33×65 by 3", "x f[32, 33, 65]", repeats=[3], dim=[1]),
        row("repeat_interleave", "256 K by 16", f"x f[{1 << 18}]", repeats=[16], dim=[0]),
    ]
    s["concat"] = [
        row("concat", "last of 2 × 1024×512", "a f[1024, 512]; b f[1024, 512]", dim=-1),
        row("concat", "first of 2 × 512×1024", "a f[512, 1024]; b f[512, 1024]", dim=0),
        row("concat", "last of 4 × 32768×3", "a f[32768, 3]; b f[32768, 3]; c f[32768, 3]; d f[32768, 3]",
            dim=-1),
        row("concat", "middle of 3 × 64×33×65", "a f[64, 33, 65]; b f[64, 33, 65]; c f[64, 33, 65]", dim=1),
        row("concat", "2 × 2 M", f"a f[{HUGE // 2}]; b f[{HUGE // 2}]", dim=0),
    ]
    s["stack"] = [
        row("stack", "last of 2 × 1024×512", "a f[1024, 512]; b f[1024, 512]", dim=-1),
        row("stack", "first of 2 × 1024×512", "a f[1024, 512]; b f[1024, 512]", dim=0),
        row("stack", "last of 4 × 65,536", "a f[65536]; b f[65536]; c f[65536]; d f[65536]", dim=-1),
        row("stack", "middle of 3 × 333×127", "a f[333, 127]; b f[333, 127]; c f[333, 127]", dim=1),
        row("stack", "first of 2 × 2 M", f"a f[{HUGE // 2}]; b f[{HUGE // 2}]", dim=0),
    ]
    s["split"] = [
        row("split", "last of 1024×768 in 3", "x f[1024, 768]", results=3, sections=3, dim=-1),
        row("split", "first of 768×1024 in 3", "x f[768, 1024]", results=3, sections=3, dim=0),
        row("split", "last of 32768×10 in 2", "x f[32768, 10]", results=2, sections=2, dim=-1),
        row("split", "middle of 64×99×65, uneven", "x f[64, 99, 65]", results=2, sections=[32, 67], dim=1),
        row("split", "4 M in 4", f"x f[{HUGE}]", results=4, sections=4, dim=0),
    ]
    s["chunk"] = [
        row("chunk", "last of 1024×768 in 3", "x f[1024, 768]", results=3, chunks=3, dim=-1),
        row("chunk", "first of 768×1024 in 3", "x f[768, 1024]", results=3, chunks=3, dim=0),
        row("chunk", "last of 32768×10 in 2", "x f[32768, 10]", results=2, chunks=2, dim=-1),
        row("chunk", "middle of 64×99×65 in 4", "x f[64, 99, 65]", results=4, chunks=4, dim=1),
        row("chunk", "4 M in 4", f"x f[{HUGE}]", results=4, chunks=4, dim=0),
    ]
    s["meshgrid"] = [row("meshgrid", f"{n}×{m}", f"a f[{n}]; b f[{m}]", results=2)
                     for n, m in ((33, 77), (1024, 1024), (32768, 10), (10, 32768), (2048, 2048))]
    s["pad"] = [
        row("pad", "1 around 64×16×32²", "x f[64, 16, 32, 32]", before=[0, 0, 1, 1], after=[0, 0, 1, 1]),
        row("pad", "last of 1024²", "x f[1024, 1024]", before=[0, 3], after=[0, 5]),
        row("pad", "first of 1024²", "x f[1024, 1024]", before=[3, 0], after=[5, 0]),
        row("pad", "last of 32768×10", "x f[32768, 10]", before=[0, 1], after=[0, 1]),
        row("pad", "1,000,003", f"x f[{ODD}]", before=[1], after=[2]),
    ]
    s["slice"] = [
        row("slice", "step 2 of 1024²", "x f[1024, 1024]", step=[1, 2]),
        row("slice", "rows of 1024², step 2", "x f[1024, 1024]", step=[2, 1]),
        row("slice", "columns of 1024²", "x f[1024, 1024]", start=[0, 10], stop=[1024, 900]),
        row("slice", "last column of 32768×10", "x f[32768, 10]", start=[0, 9], stop=[32768, 10]),
        row("slice", "middle of 128×128×64", "x f[128, 128, 64]", start=[0, 3, 0], stop=[128, 99, 64]),
        row("slice", "1,000,003 from 1", f"x f[{ODD}]", start=[1], stop=[ODD]),
    ]
    for op in ("tril", "triu"):
        s[op] = [row(op, t.replace(", ", "×"), f"x f[{t}]")
                 for t in ("1024, 1024", "64, 128, 128", "4096, 8, 8", "333, 127", "2048, 2048")]
    s["diag"] = [row("diag", str(n), f"x f[{n}]") for n in (8, 100, 333, 1024, 2048)]
    s["diagonal"] = [row("diagonal", t.replace(", ", "×"), f"x f[{t}]")
                     for t in ("64, 64", "1024, 1024", "333, 127", "2048, 2048", "128, 128, 64")]
    s["masked_fill"] = [row("masked_fill", t.replace(", ", "×"), f"x f[{t}]; mask b[{m}]", value=0.5)
                        for t, m in (("65536", "65536"), ("1024, 1024", "1024, 1024"),
                                     ("32, 128, 128", "128, 128"), (str(ODD), str(ODD)),
                                     ("32768, 10", "32768, 10"))]
    return s


def indexed():
    s = {}
    shapes = [("last of 1024²", "1024, 1024", "1024, 1024", 1, 1024),
              ("first of 1024²", "1024, 1024", "1024, 1024", 0, 1024),
              ("last of 32768×10", "32768, 10", "32768, 1", 1, 10),
              ("middle of 128×128×64", "128, 128, 64", "128, 32, 64", 1, 128),
              ("1,000,003", ODD, ODD, 0, ODD)]
    s["gather"] = [row("gather", t, f"x f[{x}]; index i[{i}] 0 {n - 1}", dim=d)
                   for t, x, i, d, n in shapes]
    for op, args in (("scatter_add", {}), ("scatter_reduce", dict(reduce="sum"))):
        s[op] = [row(op, t, f"x f[{x}]; index i[{i}] 0 {n - 1}; src f[{i}]", dim=d, **args)
                 for t, x, i, d, n in shapes]
    # Several sources for one place: which one stays is not defined. So one source a row.
    s["scatter"] = [
        row("scatter", "one of a row of 1024²", "x f[1024, 1024]; index i[1024, 1] 0 1023; src f[1024, 1]", dim=1),
        row("scatter", "one of a column of 1024²", "x f[1024, 1024]; index i[1, 1024] 0 1023; src f[1, 1024]", dim=0),
        row("scatter", "one of a row of 32768×10", "x f[32768, 10]; index i[32768, 1] 0 9; src f[32768, 1]", dim=1),
        row("scatter", "middle of 128×128×64", "x f[128, 128, 64]; index i[128, 1, 64] 0 127; src f[128, 1, 64]", dim=1),
        row("scatter", "one of 1,000,003", f"x f[{ODD}]; index i[1] 0 {ODD - 1}; src f[1]", dim=0),
    ]
    shapes = [("rows of 1000×256", "1000, 256", 0, 4096, 1000, "4096, 256"),
              ("columns of 1024²", "1024, 1024", 1, 512, 1024, "1024, 512"),
              ("rows of 50000×64", "50000, 64", 0, 2048, 50000, "2048, 64"),
              ("middle of 128×128×64", "128, 128, 64", 1, 200, 128, "128, 200, 64"),
              ("1,000,003", ODD, 0, 65536, ODD, 65536)]
    s["index_select"] = [row("index_select", t, f"x f[{x}]; index i[{i}] 0 {n - 1}", dim=d)
                         for t, x, d, i, n, _ in shapes]
    s["index_add"] = [row("index_add", t, f"x f[{x}]; index i[{i}] 0 {n - 1}; src f[{src}]", dim=d)
                      for t, x, d, i, n, src in shapes]
    s["segment_sum"] = [
        row("segment_sum", f"{n}×{c} in {k}", f"x f[{n}, {c}]; segment_ids i[{n}] 0 {k - 1}",
            num_segments=k) for n, c, k in ((4096, 64, 100), (65536, 1, 1000), (1000, 1000, 7),
                                           (32768, 10, 32768), (333, 77, 13))]
    s["sort"] = [row("sort", t, f"x f[{x}]", results=2, dim=d)
                 for t, x, d in (("last of 1024²", "1024, 1024", -1), ("first of 1024²", "1024, 1024", 0),
                                 ("last of 32768×10", "32768, 10", -1), ("last of 127×333", "127, 333", -1),
                                 ("1,000,003", ODD, -1))]
    s["argsort"] = [Row("argsort", r.title, r.inputs, r.args) for r in s["sort"]]
    s["topk"] = [row("topk", t, f"x f[{x}]", results=2, k=k, dim=d)
                 for t, x, k, d in (("10 of 512×1000", "512, 1000", 10, -1), ("50 of 64×50000", "64, 50000", 50, -1),
                                    ("1 of 32768×10", "32768, 10", 1, -1), ("5 of the first of 512×1000", "512, 1000", 5, 0),
                                    ("100 of 1,000,003", ODD, 100, -1))]
    s["embedding"] = [row("embedding", f"{n} of {v}×{d}", f"index i[{n}] 0 {v - 1}; weight f[{v}, {d}]")
                      for n, v, d in ((2048, 96, 256), (2048, 50000, 64), (128, 1000, 16), (8192, 333, 33),
                                      (512, 50000, 768))]
    s["one_hot"] = [row("one_hot", f"{n} of {c}", f"index i[{n}] 0 {c - 1}", num_classes=c)
                    for n, c in ((64, 10), (128, 1000), (32768, 10), (333, 77), (128, 50000))]
    s["arange"] = [row("arange", str(n), "unused f[1]", start=n) for n in (10, 1000, 65536, ODD, HUGE)]
    s["full"] = [row("full", str(n), "unused f[1]", shape=[n], value=1.5)
                 for n in (10, 1000, 65536, ODD, HUGE)]
    return s


# ---------------------------------------------------------------------------- pooling, norms ---

IMAGES = {
    1: [("32×64×128", "32, 64, 128"), ("1×16×16000", "1, 16, 16000"), ("4096×4×8", "4096, 4, 8"),
        ("64×7×333", "64, 7, 333"), ("8×256×512", "8, 256, 512")],
    2: [("64×6×28²", "64, 6, 28, 28"), ("64×16×32²", "64, 16, 32, 32"), ("8×64×56²", "8, 64, 56, 56"),
        ("1024×4×8²", "1024, 4, 8, 8"), ("7×13×33×35", "7, 13, 33, 35")],
    3: [("4×8×16³", "4, 8, 16, 16, 16"), ("1×4×32³", "1, 4, 32, 32, 32"), ("64×4×8³", "64, 4, 8, 8, 8"),
        ("2×32×12³", "2, 32, 12, 12, 12"), ("3×5×9×11×13", "3, 5, 9, 11, 13")],
}


def pools():
    s = {}
    for d, shapes in IMAGES.items():
        for op in (f"max_pool{d}d", f"avg_pool{d}d"):
            s[op] = [row(op, f"{t}, 2", f"x f[{x}]", kernel_size=2) for t, x in shapes[:3]]
            s[op] += [row(op, f"{t}, 3, stride 2", f"x f[{x}]", kernel_size=3, stride=2, padding=1)
                      for t, x in shapes[1:]]
        s[f"lp_pool{d}d"] = [row(f"lp_pool{d}d", f"{t}, 2", f"x f[{x}] 0.1 2", norm_type=2, kernel_size=2)
                             for t, x in shapes]
        for op in (f"adaptive_max_pool{d}d", f"adaptive_avg_pool{d}d"):
            s[op] = [row(op, f"{t} to {n}", f"x f[{x}]", output_size=[n] * d)
                     for (t, x), n in zip(shapes, (1, 4, 3, 2, 5))]
    s["global_avg_pool"] = [row("global_avg_pool", t, f"x f[{x}]") for t, x in IMAGES[2]]
    s["pixel_shuffle"] = [row("pixel_shuffle", t, f"x f[{x}]", upscale_factor=2) for t, x in (
        ("64×16×16²", "64, 16, 16, 16"), ("8×64×56²", "8, 64, 56, 56"), ("1×12×224²", "1, 12, 224, 224"),
        ("1024×4×4²", "1024, 4, 4, 4"), ("7×8×33×35", "7, 8, 33, 35"))]
    s["pixel_unshuffle"] = [row("pixel_unshuffle", t, f"x f[{x}]", downscale_factor=2) for t, x in (
        ("64×4×32²", "64, 4, 32, 32"), ("8×16×112²", "8, 16, 112, 112"), ("1×3×448²", "1, 3, 448, 448"),
        ("1024×1×8²", "1024, 1, 8, 8"), ("7×2×66×70", "7, 2, 66, 70"))]
    s["interpolate"] = [
        row("interpolate", f"{t} twice, {mode}", f"x f[{x}]", size=size, mode=mode)
        for t, x, size, mode in (
            ("8×16×32²", "8, 16, 32, 32", [64, 64], "nearest"), ("8×16×32²", "8, 16, 32, 32", [64, 64], "bilinear"),
            ("1×3×224²", "1, 3, 224, 224", [448, 448], "bilinear"), ("32×64×128", "32, 64, 128", [256], "linear"),
            ("7×5×33²", "7, 5, 33, 33", [66, 66], "bicubic"))]
    return s


ROWS = [("2048×512", 2048, 512), ("1024×128", 1024, 128), ("32768×10", 32768, 10), ("64×50000", 64, 50000),
        ("333×77", 333, 77)]


def norms():
    s = {}
    s["layer_norm"] = [row("layer_norm", t, f"x f[{n}, {c}]; weight f[{c}] 0.5 1.5; bias f[{c}]") for t, n, c in ROWS]
    s["layer_norm"].append(row(
        "layer_norm", "by operators, 2048×512", "x f[2048, 512]",
        call="(x - mean(x, dim=-1, keepdim=true)) / sqrt(var(x, dim=-1, correction=0, keepdim=true) + 0.00001)",
        peer="layer_norm_by_operators"))
    s["rms_norm"] = [row("rms_norm", t, f"x f[{n}, {c}]; weight f[{c}] 0.5 1.5", eps=1e-6) for t, n, c in ROWS]
    images = [("64×16×32²", "64, 16, 32, 32", 16), ("8×64×56²", "8, 64, 56, 56", 64), ("64×6×28²", "64, 6, 28, 28", 6),
              ("1024×4×8²", "1024, 4, 8, 8", 4), ("7×14×33×35", "7, 14, 33, 35", 14)]
    for op, args in (("group_norm", dict(num_groups=2)), ("instance_norm", {})):
        s[op] = [row(op, t, f"x f[{x}]; weight f[{c}] 0.5 1.5; bias f[{c}]", **args) for t, x, c in images]
    s["batch_norm"] = [
        row("batch_norm", t, f"x f[{x}]; mean f[{c}]; var f[{c}] 0.5 2; weight f[{c}] 0.5 1.5; bias f[{c}]")
        for t, x, c in [*images[:3], ("2048×512", "2048, 512", 512), ("32768×10", "32768, 10", 10)]]
    for op in ("batch_mean", "batch_var"):
        s[op] = [row(op, t, f"x f[{x}]") for t, x in [(t, x) for t, x, _ in images[:3]] + [
            ("2048×512", "2048, 512"), ("32768×10", "32768, 10")]]
    dims = [("2048×512", "2048, 512", 1), ("first of 512×1000", "512, 1000", 0), ("32768×10", "32768, 10", 1),
            ("middle of 128×128×64", "128, 128, 64", 1), ("333×77", "333, 77", 1)]
    s["normalize"] = [row("normalize", t, f"x f[{x}]", dim=d) for t, x, d in dims]
    s["cosine_similarity"] = [row("cosine_similarity", t, f"a f[{x}]; b f[{x}]", dim=d) for t, x, d in dims]
    return s


def attention():
    shapes = [("8×4×128×32", 8, 4, 128, 32), ("1×8×1024×64", 1, 8, 1024, 64), ("64×2×16×16", 64, 2, 16, 16),
              ("4×4×77×33", 4, 4, 77, 33), ("1×12×512×64", 1, 12, 512, 64)]
    rows = []
    for k, (t, b, h, n, d) in enumerate(shapes):
        shape = f"{b}, {h}, {n}, {d}"
        causal = k % 2 == 0
        rows.append(row("scaled_dot_product_attention", t + (" causal" if causal else ""),
                        f"q f[{shape}]; k f[{shape}]; v f[{shape}]", is_causal=causal))
    return rows


# -------------------------------------------------------------------------------------- table --

OWN = {
    "matmul": products(), "einsum": einsums(), **convolutions(), **moved(), **indexed(), **pools(), **norms(),
    "scaled_dot_product_attention": attention(),
    "gelu": unary("gelu")[:2] + unary("gelu")[3:] + [
        row("gelu", f"65,536, |x| ≤ {n}", f"x f[65536] -{n} {n}") for n in (8, 20, 100)] + [
        row("gelu", "65,536, tanh", "x f[65536] -4 4", approximate="tanh")],
    "outer": [row("outer", f"{n}×{m}", f"a f[{n}]; b f[{m}]")
              for n, m in ((1024, 1024), (32768, 10), (10, 32768), (333, 77), (2048, 2048))],
    "prod": reduction("prod", domain="0.9 1.1"),
    "any": reduction("any", letter="b"), "all": reduction("all", letter="b"),
    "norm": reduction("norm"),
    "logsumexp": reduction("logsumexp") + [
        row("logsumexp", "64 rows of 50,000", "x f[64, 50000] -4 4", dim=-1)],
    "cumsum": scan("cumsum"), "cumprod": scan("cumprod", "0.99 1.01"),
    "cummax": scan("cummax", results=2), "cummin": scan("cummin", results=2),
    "logcumsumexp": scan("logcumsumexp"), "linear_recurrence": scan("linear_recurrence", "0.5 0.99", names="ab"),
    "softmax": rows_of_softmax("softmax"), "log_softmax": rows_of_softmax("log_softmax"),
    "glu": [row("glu", t.replace(", ", "×"), f"x f[{t}]")
            for t in ("64, 1024", "32768, 10", "1024, 2048", "333, 78", "2, 2097152")],
    "prelu": [row("prelu", t.replace(", ", "×"), f"x f[{t}]; weight f[{c}]") for t, c in (
        ("64, 1024", 1024), ("32768, 10", 10), ("64, 16, 32, 32", 16), ("333, 77, 5", 77), ("2048, 2048", 1))],
    "logical_and": pairs("logical_and", "ab", "b"), "logical_or": pairs("logical_or", "ab", "b"),
    "logical_not": [Row("logical_not", r.title, (Input("x", "bool", r.inputs[0].shape),)) for r in unary("logical_not")],
    "where": triples("where", ("condition", "a", "b"), "bff"),
    "bce": loss("bce", ("prediction", "target"), ("0.01 0.99", "0 1")),
    "bce_with_logits": loss("bce_with_logits", ("logits", "target"), ("-4 4", "0 1")),
    "mse": loss("mse", ("prediction", "target"), ("-2 2", "-2 2")),
    "l1": loss("l1", ("prediction", "target"), ("-2 2", "-2 2")),
    "huber": loss("huber", ("prediction", "target"), ("-2 2", "-2 2")),
    "smooth_l1": loss("smooth_l1", ("prediction", "target"), ("-2 2", "-2 2")),
    "kl_div": loss("kl_div", ("log_prediction", "target"), ("-5 -0.1", "0.01 1")),
    "poisson_nll": loss("poisson_nll", ("prediction", "target"), ("-2 2", "0 5")),
    "gaussian_nll": loss("gaussian_nll", ("prediction", "target", "variance"), ("-2 2", "-2 2", "0.1 2")),
    "hinge_embedding": loss("hinge_embedding", ("prediction", "target"), ("-2 2", "1 1")),
    "margin_ranking": loss("margin_ranking", ("a", "b", "target"), ("-2 2", "-2 2", "1 1")),
    "hinge": loss("hinge", ("prediction", "target"), ("-2 2", "1 1")),
    "triplet_margin": [row("triplet_margin", f"{n}×{c}", f"anchor f[{n}, {c}]; positive f[{n}, {c}]; negative f[{n}, {c}]")
                       for n, c in ((64, 128), (2048, 512), (32768, 10), (333, 77), (64, 16384))],
    "cosine_embedding": [row("cosine_embedding", f"{n}×{c}", f"a f[{n}, {c}]; b f[{n}, {c}]; target i[{n}] 1 1")
                         for n, c in ((64, 128), (2048, 512), (32768, 10), (333, 77), (64, 16384))],
    "cross_entropy": classes("cross_entropy", "logits", "target"),
    "nll": classes("nll", "log_probability", "target", domain="-9 -0.1"),
    "perplexity": classes("perplexity", "logits", "target"),
    "bits_per_character": classes("bits_per_character", "logits", "target"),
    "accuracy": classes("accuracy", "scores", "label"),
    "top_k_accuracy": classes("top_k_accuracy", "scores", "target"),
    "log_loss": classes("log_loss", "probability", "target", domain="0.01 0.99"),
    "brier": classes("brier", "probability", "target", domain="0.01 0.99"),
    "calibration_error": classes("calibration_error", "probability", "target", domain="0.01 0.99"),
    "binary_accuracy": loss("binary_accuracy", ("prediction", "target"), ("0 1", "0 1"), "fi"),
    "mae": loss("mae", ("prediction", "target"), ("-2 2", "-2 2")),
    "rmse": loss("rmse", ("prediction", "target"), ("-2 2", "-2 2")),
    "mape": loss("mape", ("prediction", "target"), ("-2 2", "0.5 2")),
    "r2": loss("r2", ("prediction", "target"), ("-2 2", "-2 2")),
    "ctc": [row("ctc", f"{t} steps, {n} texts of {k}, {c} classes",
                f"x f[{t}, {n}, {c}]; targets i[{n}, {k}] 1 {c - 1}", call="ctc(log_softmax(x, dim=-1), targets)")
            for t, n, k, c in ((50, 16, 10, 29), (200, 8, 40, 29), (20, 256, 5, 12), (33, 7, 3, 1000), (500, 1, 100, 64))],
    "gru_cell": [row("gru_cell", f"{n} of {h}", f"x f[{n}, {3 * h}]; h f[{n}, {h}]; w f[{n}, {3 * h}]", results=2)
                 for n, h in ((32, 256), (1, 128), (2048, 16), (77, 33), (512, 1024))],
    "lstm_cell": [row("lstm_cell", f"{n} of {h}", f"x f[{n}, {4 * h}]; c f[{n}, {h}]", results=3)
                  for n, h in ((32, 256), (1, 128), (2048, 16), (77, 33), (512, 1024))],
    "affine_grid": [row("affine_grid", f"{n}×{h}×{w}", f"theta f[{n}, 2, 3]", size=[n, 3, h, w])
                    for n, h, w in ((1, 28, 28), (64, 32, 32), (8, 224, 224), (7, 33, 35), (1024, 8, 8))],
    "grid_sample": [row("grid_sample", t, f"x f[{n}, {c}, {h}, {w}]; grid f[{n}, {h}, {w}, 2] -1 1")
                    for t, n, c, h, w in (("64×1×28²", 64, 1, 28, 28), ("8×16×56²", 8, 16, 56, 56),
                                          ("1×3×224²", 1, 3, 224, 224), ("7×5×33×35", 7, 5, 33, 35),
                                          ("1024×2×8²", 1024, 2, 8, 8))],
    "rotary_embedding": [row("rotary_embedding", f"{b}×{t}×{c}", f"x f[{b}, {t}, {c}]", num_heads=h)
                         for b, t, c, h in ((8, 128, 128, 4), (1, 1024, 512, 8), (64, 16, 32, 2), (2, 77, 132, 2), (1, 4096, 64, 1))],
    "dropout": [row("dropout", t, f"x f[{x}]", p=0.5) for t, x in (
        ("331", "331"), ("65,536", "65536"), ("1,000,003", ODD), ("2048×512", "2048, 512"), ("4 M", HUGE))],
    "drop_path": [row("drop_path", t.replace(", ", "×"), f"x f[{t}]", p=0.5)
                  for t in ("64, 1024", "32768, 10", "64, 16, 32, 32", "333, 77", "16, 262144")],
    "uniform": [row("uniform", str(n), "unused f[1]", shape=[n]) for n in (331, 65536, ODD, 1024 * 1024, HUGE)],
    "normal": [row("normal", str(n), "unused f[1]", shape=[n]) for n in (331, 65536, ODD, 1024 * 1024, HUGE)],
    "bernoulli": [row("bernoulli", str(n), f"p f[{n}] 0 1") for n in (331, 65536, ODD, 1024 * 1024, HUGE)],
    "max_unpool1d": [], "max_unpool2d": [], "max_unpool3d": [],
}
# The indices of max_unpool must all be different: it is given those that a max_pool has found.
for _d, _shapes in IMAGES.items():
    OWN[f"max_unpool{_d}d"] = [
        row(f"max_unpool{_d}d", f"after a pool of {t}", f"x f[{x}]",
            call=f"z, at: max_pool{_d}d(x, kernel_size=2, return_indices=true)\n"
                 f"max_unpool{_d}d(z, at, kernel_size=2)") for t, x in _shapes if "33" not in t and "13" not in t]


# ------------------------------------------------------------------------------- all operators --

EXAMPLE = re.compile(r"^### (\w+)\n.*?^```yaml\n(.*?)^```", re.S | re.M)
PORT = re.compile(r"(\w+): (?:\[([\d, ]*)\]|\{shape: \[([\d, ]*)\](?:, dtype: (\w+))?\})")


def documented(markdown):
    """{operator: a Row}, the call in its documentation."""
    rows = {}
    for name, example in EXAMPLE.findall(markdown):
        head, graph = example.split("graph:\n")
        call = graph.split("\n")[0].split("#")[0].strip()
        names, expression = call.split(": ", 1)
        inputs = []
        for port, plain, shape, dtype in PORT.findall(head.split("inputs:")[1]):
            sizes = tuple(map(int, filter(None, (plain or shape).split(", "))))
            whole = dtype in ("i32", "i64")
            inputs.append(Input(port, dtype or "f32", sizes, 0 if whole else 0.1, 1))
        rows[name] = Row(name, "", tuple(inputs), {}, expression, names.count(",") + 1, name, False)
    return rows


def enlarged(row, factor):
    """The call with every size multiplied."""
    inputs = tuple(Input(i.name, i.dtype, tuple(factor * n for n in i.shape), i.low, i.high)
                   for i in row.inputs)
    shapes = ", ".join("×".join(map(str, i.shape)) for i in inputs)
    return Row(row.op, f"as documented, {shapes}", inputs, {}, row.call, row.results, row.peer, False)


def rows_of_kind(op):
    """The rows of an operator that has no entry in OWN; none if it is of no kind with shapes."""
    name, operands = op["name"], op["operands"]
    needs = [a["name"] for a in op["arguments"] if a.get("required") and name not in UNARY_ARGS]
    if op["group"] in ("elementwise", "comparison") and not needs:
        makers = {1: lambda: unary(name), 2: lambda: pairs(name, operands),
                  3: lambda: triples(name, operands)}
        return makers.get(len(operands), list)()
    if op["group"] == "reduction" and not needs and "dim" in [a["name"] for a in op["arguments"]]:
        return reduction(name)
    return []


def all_rows(ops, examples, fits):
    """Every row of every operator. `ops` is `yamlgrad ops --json`, `examples` are those of
    documented(), and fits(row) says whether a row can be built."""
    rows = []
    for op in ops:
        found = OWN.get(op["name"]) or rows_of_kind(op)
        if not found and op["name"] in examples:
            example = examples[op["name"]]
            sizes = [enlarged(example, factor) for factor in (64, 16, 4, 1)]
            found = [r for r in sizes if fits(r)]
        rows += found
    return rows
