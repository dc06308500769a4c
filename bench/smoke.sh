#!/bin/sh
# Runs the subject of every workload once, on small batches and chains, and checks its results but not
# its time. The argument is the folder of the programs.
set -eu
programs=$1
models=$(dirname "$0")

# expect WHAT PATTERN COMMAND…: its two lines, after its start and after one round, match PATTERN.
expect() {
    what=$1 pattern=$2
    shift 2
    if ! output=$(echo run | "$@" 2>&1) ||
        ! printf '%s' "$output" | tr '\n' ' ' | grep -Eq "^\{\"ready\": true.*$pattern.*\"seconds\": [0-9]"; then
        echo "bench: $what: found" >&2
        printf '%s\n' "$output" >&2
        echo "expected a match of: $pattern" >&2
        exit 1
    fi
}

# Loss and squared norm of the gradient, from NumPy: bench/peers/numpy_peer.py.
expect gradient '\[0\.69912[0-9]*, 0\.0014006[0-9]*\]' \
    "$programs/step" "$models/notebook_231.yaml" gradient 2 1 0
expect "SGD step" '\[[0-9.]+\]' "$programs/step" "$models/mlp_small.yaml" step 2 1 0
expect "Adam step" '\[[0-9.]+\]' "$programs/step" "$models/mlp_large.yaml" step 1 1 0
expect convolutions '\[[0-9.]+\]' "$programs/step" "$models/lenet.yaml" step 2 1 0
expect "batch normalisation" '\[[0-9.]+\]' "$programs/step" "$models/resnet8.yaml" step 2 1 0
expect transformer '\[[0-9.]+\]' "$programs/step" "$models/gpt.yaml" step 1 1 0
expect recurrence '\[[0-9.]+\]' "$programs/step" "$models/lstm.yaml" step 1 1 0
expect "without a pass" '\[[0-9.]+\]' \
    "$programs/step" "$models/mlp_small.yaml" step 2 1 0 fuse
# With running statistics of batch norm as they start: the outputs, from PyTorch.
expect "inference with states" '\[2\.8274[0-9]*\]' \
    "$programs/step" "$models/models/depthwise.yaml" inference 8 1 0
expect inference '\[[0-9.]+\]' "$programs/step" "$models/mlp_small.yaml" inference 2 1 0
expect "Hessian-vector product" '\[[0-9.]+\]' \
    "$programs/step" "$models/mlp_small.yaml" hessian_vector 2 1 0
expect chain '' "$programs/chain" 2000 0
expect "CSV file" '\[100, 145\.36[0-9]*\]' "$programs/csv" 100 3 2 0
# The squared output, from NumPy.
expect "predictor of tensors" '\[0\.[0-9]+\]' "$programs/predictor" "$models/notebook_231.yaml" tensor 0
expect "predictor of rows" '\[0\.[0-9]+\]' "$programs/predictor" "$models/breast_cancer.yaml" row 0
expect process "" "$programs/process" true

# Nodes of the network and of its gradient, and the seconds of each phase.
if ! "$programs/scale" "$models/notebook_231.yaml" 2 3 |
    grep -Eq '^\{"nodes": [1-9][0-9]+, "parameters": 4, "load": [0-9].*"other batch": [0-9].*"free": [0-9][^,]*\}$'; then
    echo "bench: scale: expected a line with nodes, parameters and phases" >&2
    exit 1
fi

# A number for each element type.
if ! "$programs/elementwise" add | grep -Eq '^add +[0-9.]+ +[0-9.]+$'; then
    echo "bench: elementwise: expected a line for add with two figures" >&2
    exit 1
fi

# A time and eight ratios, for each element type, forward and with gradient.
if ! "$programs/extremes" 0 relu | grep -Eq '^relu +f64 g +[0-9.]+( +[0-9.]+){8}$'; then
    echo "bench: extremes: expected a line for relu with nine figures" >&2
    exit 1
fi

# Instructions, two times, a bandwidth and a ratio.
if ! "$programs/optimizers" 4096 adamw muon | grep -Eq '^muon +[0-9]+( +[0-9.]+){4}$'; then
    echo "bench: optimizers: expected a line for muon with five figures" >&2
    exit 1
fi

# The seconds of a round.
if ! echo | "$programs/lookups" 100 8 16 sparse_adam | grep -Eq '^[0-9]+[.][0-9]+$'; then
    echo "bench: lookups: expected a number" >&2
    exit 1
fi

# A number for each length.
if ! "$programs/rows" softmax | grep -Eq '^softmax +f64( +[0-9.]+){10}$'; then
    echo "bench: rows: expected a line for softmax in f64 with ten figures" >&2
    exit 1
fi

# One row of `./dev bench ops` without peers: our time, and a line for the summary.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
if ! python3 "$models/ops.py" --programs "$programs/.." --peers none --rounds 1 --out "$folder/ops.json" \
    'add: bias*' >"$folder/out" 2>&1 || ! grep -Eq '^add: bias on 32768×10 \(g\) +[0-9.,]+ ' "$folder/out" ||
    ! grep -q '"written": 1310760' "$folder/ops.json"; then
    echo "bench: ops: expected a line for the gradient of the bias, which writes 1,310,760 bytes; found" >&2
    cat "$folder/out" >&2
    exit 1
fi
# The check that all subjects report: 2 + 2 + 2, weighted by the hash of synthetic.h.
printf 'format: 1\ninputs: {x: {shape: [3], dtype: i32}}\noutputs: {y: x + 1}\n' >"$folder/model.yaml"
if ! printf 'load 0 f %s x=1:1\nrun 0\nfree 0\nrun 0\n' "$folder/model.yaml" | "$programs/operator" 0 |
    tr '\n' ' ' | grep -Eq '^\{"check": \[\[7\.05045[0-9]*, 7\.05045[0-9]*, 0\]\], .*\{"seconds": [0-9].*\} \{\} \{"error": "expected load'; then
    echo "bench: operator: expected the check of one result, a time, and an error after free" >&2
    exit 1
fi

# One row of `./dev bench quality` without peers. Before it trains, the script finds a line of the guide's tables
# for each row. A table with a part for each row is drawn, yamlgrad reads it, and the error is in grams.
if ! python3 "$models/quality.py" --programs "$programs/.." --peers none --seeds 1 penguins >"$folder/out" 2>&1 ||
    ! grep -Eq '^\| .penguins\.yaml. \| .* g \| [1-4][0-9][0-9] \| — \|$' "$folder/out"; then
    echo "bench: quality: expected a row of penguins.yaml with its error; found" >&2
    cat "$folder/out" >&2
    exit 1
fi
