/*
 * The table of models by layers and by operators: see layer_twins.h.
 */
#include "layer_twins.h"

#define HEAD "format: 1\n"

const layer_twin layer_twins[] = {
    {"linear",
     HEAD "inputs: {x: [B, 2, 4]}\n"
          "graph:\n"
          "  h: {type: linear, out_features: 3, activation: tanh}\n"
          "outputs: [h]\n"
          "loss: mean(h ** 2)\n",
     HEAD "inputs: {x: [B, 2, 4]}\n"
          "params:\n"
          "  w: {shape: [3, 4], init: ones}\n"
          "  b: {shape: [3], init: ones}\n"
          "graph:\n"
          "  h: tanh(x @ transpose(w) + b)\n"
          "outputs: [h]\n"
          "loss: mean(h ** 2)\n",
     "h.weight h.bias"},
    {"linear without bias, its activation with an argument",
     HEAD "inputs: {x: [B, 4]}\n"
          "graph:\n"
          "  h:\n"
          "    type: linear\n"
          "    out_features: 3\n"
          "    use_bias: false\n"
          "    activation: leaky_relu(0.1)\n"
          "outputs: [h]\n"
          "loss: sum(h)\n",
     HEAD "inputs: {x: [B, 4]}\n"
          "params: {w: {shape: [3, 4], init: ones}}\n"
          "graph: {z: x @ transpose(w)}\n"
          "outputs:\n"
          "  h: leaky_relu(z, 0.1)\n"
          "loss: sum(leaky_relu(z, 0.1))\n",
     "h.weight"},
    {"bilinear",
     HEAD "inputs: {a: [B, 3], b: [B, 4]}\n"
          "graph:\n"
          "  h: {type: bilinear, input: [a, b], out_features: 2}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {a: [B, 3], b: [B, 4]}\n"
          "params: {w: {shape: [2, 3, 4], init: ones}, c: {shape: [2], init: ones}}\n"
          "graph:\n"
          "  h0: sum((a @ w[0]) * b, dim=-1)\n"
          "  h1: sum((a @ w[1]) * b, dim=-1)\n"
          "  h: stack([h0, h1], dim=-1) + c\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.weight h.bias"},
    {"mlp",
     HEAD "inputs: {x: [B, 4]}\n"
          "graph:\n"
          "  h: {type: mlp, hidden_features: [5, 3], out_features: 2, activation: silu}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 4]}\n"
          "params:\n"
          "  w0: {shape: [5, 4], init: ones}\n"
          "  b0: {shape: [5], init: ones}\n"
          "  w1: {shape: [3, 5], init: ones}\n"
          "  b1: {shape: [3], init: ones}\n"
          "  w2: {shape: [2, 3], init: ones}\n"
          "  b2: {shape: [2], init: ones}\n"
          "graph:\n"
          "  h0: silu(x @ transpose(w0) + b0)\n"
          "  h1: silu(h0 @ transpose(w1) + b1)\n"
          "  h: h1 @ transpose(w2) + b2\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.hidden.0.weight h.hidden.0.bias h.hidden.1.weight h.hidden.1.bias h.out.weight h.out.bias"},
    {"mlp without hidden layers",
     HEAD "inputs: {x: [B, 4]}\n"
          "graph:\n"
          "  h: {type: mlp, hidden_features: [], out_features: 2}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 4]}\n"
          "params: {w: {shape: [2, 4], init: ones}, b: {shape: [2], init: ones}}\n"
          "graph: {h: x @ transpose(w) + b}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.out.weight h.out.bias"},
    {"residual around two layers",
     HEAD "inputs: {x: [B, 4]}\n"
          "graph:\n"
          "  h:\n"
          "    type: residual\n"
          "    activation: relu\n"
          "    layers:\n"
          "      - {type: linear, out_features: 6, activation: tanh}\n"
          "      - {type: linear, out_features: 4, use_bias: false}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 4]}\n"
          "params:\n"
          "  w0: {shape: [6, 4], init: ones}\n"
          "  b0: {shape: [6], init: ones}\n"
          "  w1: {shape: [4, 6], init: ones}\n"
          "graph:\n"
          "  t: tanh(x @ transpose(w0) + b0)\n"
          "  h: relu(x + t @ transpose(w1))\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.branch.0.weight h.branch.0.bias h.branch.1.weight"},
    {"conv1d",
     HEAD "inputs: {x: [B, 2, 7]}\n"
          "graph: {h: {type: conv1d, out_channels: 4, kernel_size: 3, stride: 2, groups: 2, "
          "activation: tanh}}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 2, 7]}\n"
          "params: {w: {shape: [4, 1, 3], init: ones}, b: {shape: [4], init: ones}}\n"
          "graph:\n"
          "  h: tanh(conv1d(x, w, b, stride=2, groups=2))\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.weight h.bias"},
    {"conv2d that keeps the size",
     HEAD "inputs: {x: [B, 2, 4, 5]}\n"
          "graph: {h: {type: conv2d, out_channels: 3, kernel_size: [3, 2], padding: same, "
          "use_bias: false}}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 2, 4, 5]}\n"
          "params: {w: {shape: [3, 2, 3, 2], init: ones}}\n"
          "graph:\n"
          "  h: conv2d(x, w, padding=same)\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.weight"},
    {"conv3d",
     HEAD "inputs: {x: [B, 2, 2, 3, 4]}\n"
          "graph: {h: {type: conv3d, out_channels: 2, kernel_size: 2, padding: [0, 1, 0], "
          "dilation: [1, 1, 2]}}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 2, 2, 3, 4]}\n"
          "params: {w: {shape: [2, 2, 2, 2, 2], init: ones}, b: {shape: [2], init: ones}}\n"
          "graph:\n"
          "  h: conv3d(x, w, b, padding=[0, 1, 0], dilation=[1, 1, 2])\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.weight h.bias"},
    {"conv_transpose1d",
     HEAD "inputs: {x: [B, 2, 5]}\n"
          "graph: {h: {type: conv_transpose1d, out_channels: 4, kernel_size: 3, stride: 2, "
          "output_padding: 1, groups: 2}}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 2, 5]}\n"
          "params: {w: {shape: [2, 2, 3], init: ones}, b: {shape: [4], init: ones}}\n"
          "graph:\n"
          "  h: conv_transpose1d(x, w, b, stride=2, output_padding=1, groups=2)\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.weight h.bias"},
    {"conv_transpose2d",
     HEAD "inputs: {x: [B, 2, 3, 3]}\n"
          "graph: {h: {type: conv_transpose2d, out_channels: 3, kernel_size: 2, stride: [2, 1], "
          "padding: [1, 0], use_bias: false}}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 2, 3, 3]}\n"
          "params: {w: {shape: [2, 3, 2, 2], init: ones}}\n"
          "graph:\n"
          "  h: conv_transpose2d(x, w, stride=[2, 1], padding=[1, 0])\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.weight"},
    {"conv_transpose3d",
     HEAD "inputs: {x: [B, 1, 2, 2, 2]}\n"
          "graph: {h: {type: conv_transpose3d, out_channels: 2, kernel_size: [1, 2, 2], dilation: "
          "2, activation: relu}}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 1, 2, 2, 2]}\n"
          "params: {w: {shape: [1, 2, 1, 2, 2], init: ones}, b: {shape: [2], init: ones}}\n"
          "graph:\n"
          "  h: relu(conv_transpose3d(x, w, b, dilation=2))\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.weight h.bias"},
    {"depthwise_separable_conv2d",
     HEAD "inputs: {x: [B, 2, 4, 4]}\n"
          "graph: {h: {type: depthwise_separable_conv2d, out_channels: 3, kernel_size: 3, padding: "
          "1, depth_multiplier: 2}}\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     HEAD "inputs: {x: [B, 2, 4, 4]}\n"
          "params: {w: {shape: [4, 1, 3, 3], init: ones}, b: {shape: [4], init: ones}, v: {shape: "
          "[3, 4, 1, 1], init: ones}, c: {shape: [3], init: ones}}\n"
          "graph:\n"
          "  z: conv2d(x, w, b, padding=1, groups=2)\n"
          "  h: conv2d(z, v, c)\n"
          "outputs: [h]\n"
          "loss: sum(h * h)\n",
     "h.depthwise.weight h.depthwise.bias h.pointwise.weight h.pointwise.bias"},
    {"flatten",
     HEAD "inputs: {x: [B, 2, 3]}\n"
          "params: {p: {shape: [6], init: ones}}\n"
          "graph: {h: {type: flatten}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y * y)\n",
     HEAD "inputs: {x: [B, 2, 3]}\n"
          "params: {p: {shape: [6], init: ones}}\n"
          "graph:\n"
          "  y: reshape(x, [B, 6]) * p\n"
          "outputs: [y]\n"
          "loss: sum(y * y)\n",
     "p"},
    {"dropout when not training",
     HEAD "inputs: {x: [B, 3]}\n"
          "params: {p: {shape: [3], init: ones}}\n"
          "graph: {h: {type: dropout, p: 0.9}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 3]}\n"
          "params: {p: {shape: [3], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"dropout1d when not training",
     HEAD "inputs: {x: [B, 4, 3]}\n"
          "params: {p: {shape: [4, 3], init: ones}}\n"
          "graph: {h: {type: dropout1d, p: 0.9}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 4, 3]}\n"
          "params: {p: {shape: [4, 3], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"dropout2d when not training",
     HEAD "inputs: {x: [B, 4, 3, 2]}\n"
          "params: {p: {shape: [4, 3, 2], init: ones}}\n"
          "graph: {h: {type: dropout2d, p: 0.9}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 4, 3, 2]}\n"
          "params: {p: {shape: [4, 3, 2], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"dropout3d when not training",
     HEAD "inputs: {x: [B, 4, 3, 2, 2]}\n"
          "params: {p: {shape: [4, 3, 2, 2], init: ones}}\n"
          "graph: {h: {type: dropout3d, p: 0.9}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 4, 3, 2, 2]}\n"
          "params: {p: {shape: [4, 3, 2, 2], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"drop_path when not training",
     HEAD "inputs: {x: [B, 3]}\n"
          "params: {p: {shape: [3], init: ones}}\n"
          "graph: {h: {type: drop_path, p: 0.9}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 3]}\n"
          "params: {p: {shape: [3], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"random_flip when not training",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {h: {type: random_flip, p: 1}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"random_crop when not training",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {h: {type: random_crop, padding: 1}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"random_affine when not training",
     HEAD
     "inputs: {x: [B, 2, 3, 4]}\n"
     "params: {p: {shape: [2, 3, 4], init: ones}}\n"
     "graph: {h: {type: random_affine, degrees: 20, translate: 0.1, scale: [0.5, 2]}, y: h * p}\n"
     "outputs: [y]\n"
     "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"random_rotate when not training",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {h: {type: random_rotate, degrees: 20}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"random_brightness when not training",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {h: {type: random_brightness, amount: 0.5}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"random_contrast when not training",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {h: {type: random_contrast, amount: 0.5}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"cutout when not training",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {h: {type: cutout, length: 2}, y: h * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"mixup when not training",
     HEAD "inputs: {x: [B, 2, 3, 4], t: [B, 3]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {\"m, s\": {type: mixup, input: {x: x, target: t}}, y: m * p}\n"
          "outputs: [y, s]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4], t: [B, 3]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p, s: t * 1}\n"
          "outputs: [y, s]\n"
          "loss: sum(y)\n",
     "p"},
    {"beta_sample, which is no more than a number",
     HEAD "inputs: {x: [B, 2, 3]}\n"
          "params: {p: {shape: [2, 3], init: ones}}\n"
          "graph:\n"
          "  b: {type: beta_sample, input: x, alpha: 0.5}\n"
          "  y: x * p + floor(0.5 * reshape(b, [size(b, 0), 1, 1]))\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3]}\n"
          "params: {p: {shape: [2, 3], init: ones}}\n"
          "graph: {y: x * p}\n"
          "outputs: [y]\n"
          "loss: sum(y)\n",
     "p"},
    {"cutmix when not training",
     HEAD "inputs: {x: [B, 2, 3, 4], t: [B, 3]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {\"m, s\": {type: cutmix, input: {x: x, target: t}}, y: m * p}\n"
          "outputs: [y, s]\n"
          "loss: sum(y)\n",
     HEAD "inputs: {x: [B, 2, 3, 4], t: [B, 3]}\n"
          "params: {p: {shape: [2, 3, 4], init: ones}}\n"
          "graph: {y: x * p, s: t * 1}\n"
          "outputs: [y, s]\n"
          "loss: sum(y)\n",
     "p"},
    {"prelu",
     HEAD "inputs: {x: [B, 3, 2]}\n"
          "graph: {a: {type: prelu}, y: {type: prelu, num_parameters: 3, init: 0.5}}\n"
          "outputs: [y]\n"
          "loss: sum(y ** 2)\n",
     HEAD "inputs: {x: [B, 3, 2]}\n"
          "params:\n"
          "  w: {shape: [1], init: {type: constant, value: 0.25}}\n"
          "  v: {shape: [3], init: {type: constant, value: 0.5}}\n"
          "graph:\n"
          "  a: where(x > 0, x, w * x)\n"
          "  y: where(a > 0, a, unsqueeze(v, -1) * a)\n"
          "outputs: [y]\n"
          "loss: sum(y ** 2)\n",
     "a.weight y.weight"},
    {"embedding",
     HEAD "inputs: {x: {shape: [B, T], dtype: i32}}\n"
          "graph: {h: {type: embedding, num_embeddings: 2, embedding_dim: 3}}\n"
          "outputs: [h]\n"
          "loss: sum(h ** 3)\n",
     HEAD "inputs: {x: {shape: [B, T], dtype: i32}}\n"
          "params: {w: {shape: [2, 3], init: ones}}\n"
          "graph:\n"
          "  chosen: one_hot(x, 2, dtype=float)\n"
          "  h: chosen @ w\n"
          "outputs: [h]\n"
          "loss: sum(h ** 3)\n",
     "h.weight"},
    {"repeat and share",
     HEAD "inputs: {x: [B, 3]}\n"
          "graph:\n"
          "  deep: {type: linear, repeat: 2, out_features: 3, activation: tanh}\n"
          "  again: {type: linear, share: deep, repeat: 2, out_features: 3, activation: tanh}\n"
          "outputs: [again]\n"
          "loss: sum(again * again)\n",
     HEAD "inputs: {x: [B, 3]}\n"
          "params:\n"
          "  w0: {shape: [3, 3], init: ones}\n"
          "  b0: {shape: [3], init: ones}\n"
          "  w1: {shape: [3, 3], init: ones}\n"
          "  b1: {shape: [3], init: ones}\n"
          "graph:\n"
          "  h0: tanh(x @ transpose(w0) + b0)\n"
          "  h1: tanh(h0 @ transpose(w1) + b1)\n"
          "  h2: tanh(h1 @ transpose(w0) + b0)\n"
          "  again: tanh(h2 @ transpose(w1) + b1)\n"
          "outputs: [again]\n"
          "loss: sum(again * again)\n",
     "deep.0.weight deep.0.bias deep.1.weight deep.1.bias"},
    {"a parameter named elsewhere",
     HEAD "inputs: {x: {shape: [B, T], dtype: i32}}\n"
          "graph:\n"
          "  tok: {type: embedding, num_embeddings: 2, embedding_dim: 3}\n"
          "  logits: tok @ transpose(tok.weight)\n"
          "outputs: [logits]\n"
          "loss: sum(logits ** 3)\n",
     HEAD "inputs: {x: {shape: [B, T], dtype: i32}}\n"
          "params: {w: {shape: [2, 3], init: ones}}\n"
          "graph:\n"
          "  h: embedding(x, w)\n"
          "  logits: h @ transpose(w)\n"
          "outputs: [logits]\n"
          "loss: sum(logits ** 3)\n",
     "tok.weight"},
    {"a type of two inputs and two outputs, in a type of its own",
     HEAD "define:\n"
          "  pair:\n"
          "    args: {n: int, f: op, way: {type: choice, choices: [plus, minus], default: plus}}\n"
          "    inputs: {a: [M, k], b: [M, k]}\n"
          "    params: {w: {shape: [n, k], init: ones}}\n"
          "    graph:\n"
          "      s: if(way == 'plus', a + b, a - b)\n"
          "      u: f(matmul(s, w, transpose_b=true))\n"
          "      v: reshape(u, [M * n])\n"
          "    outputs: [u, v]\n"
          "  outer:\n"
          "    args: {n: int}\n"
          "    inputs: {x: [..., k]}\n"
          "    graph:\n"
          "      u, v: {type: pair, input: {b: x, a: 2 * x}, n: n * 2, f: sin, way: minus}\n"
          "      y: u + sum(v)\n"
          "    outputs: {y: y, w: sum(u)}\n"
          "inputs: {x: [B, 3]}\n"
          "graph:\n"
          "  y, w: {type: outer, n: 2}\n"
          "outputs: [y]\n"
          "loss: w + sum(y)\n",
     HEAD "inputs: {x: [B, 3]}\n"
          "params: {w: {shape: [4, 3], init: ones}}\n"
          "graph:\n"
          "  u: sin((2 * x - x) @ transpose(w))\n"
          "  y: u + sum(u)\n"
          "outputs: [y]\n"
          "loss: sum(u) + sum(y)\n",
     "y.u.w"},
};

const size_t layer_twin_count = sizeof layer_twins / sizeof *layer_twins;
