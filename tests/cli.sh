#!/usr/bin/env bash
# Uses the command as a person does: checks its output, its status, pipes and signals.
# usage: cli.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
source=$2
cd "$scratch" || exit 1
commands=(new data train eval cv report runs predict grad explain check show profile expand ops layers schedules keys)

# ------------------------------------------------------------------------------- general --

expect "no command" 2 "" "^usage: yamlgrad" "$yamlgrad"
expect "--help" 0 "^usage: yamlgrad" "" "$yamlgrad" --help
expect "help" 0 "^  train " "" "$yamlgrad" help
expect "--version" 0 "^yamlgrad [0-9]+\.[0-9]+\.[0-9]+$" "" "$yamlgrad" --version
expect "unknown command" 2 "" "unknown command 'tain'; did you mean 'train'" "$yamlgrad" tain
expect "option before the command" 2 "" "options stand after the command" "$yamlgrad" --json ops
expect "unknown help topic" 2 "" "unknown command 'shwo'; did you mean 'show'" "$yamlgrad" help shwo
for command in "${commands[@]}"; do
    expect "$command --help" 0 "^usage: yamlgrad $command" "" "$yamlgrad" "$command" --help
    expect "help $command" 0 "^usage: yamlgrad $command" "" "$yamlgrad" help "$command"
    expect "$command --no-such" 2 "" "unknown option '--no-such'" "$yamlgrad" "$command" --no-such
done
expect "near option" 2 "" "unknown option '--jsn'; did you mean '--json'" "$yamlgrad" ops --jsn
expect "flag with a value" 2 "" "json takes no value" "$yamlgrad" ops --json=yes
expect "unknown letter" 2 "" "unknown option '-z'" "$yamlgrad" ops -z
expect "missing value" 2 "" "seed needs a value" "$yamlgrad" train m.yaml --seed
expect "not a number" 2 "" "seed takes a whole number of at least 0, not 'one'" \
    "$yamlgrad" train m.yaml --seed one
for number in '' 1x 1.5 0x10 99999999999999999999; do
    expect "not a whole number: '$number'" 2 "" "threads takes a whole number from 1 to 1024, not '$number'" \
        "$yamlgrad" train m.yaml --threads "$number"
done
for number in 0x1p-3 1e-400 1e400 inf nan ' 0.1' 0.1x ''; do
    expect "--lr '$number'" 2 "" "lr takes a number of at least 0, not '$number'" \
        "$yamlgrad" train m.yaml --lr "$number"
done
expect "a whole number with a blank" 2 "" "epochs takes" "$yamlgrad" train m.yaml --epochs ' 3'
expect "out of range" 2 "" "threads takes a whole number from 1 to 1024, not '0'" \
    "$yamlgrad" train m.yaml --threads 0
expect "not a choice" 2 "" "dtype has no choice 'f16'" "$yamlgrad" train m.yaml --dtype f16
expect "missing operand" 2 "" "yamlgrad train needs MODEL" "$yamlgrad" train
expect "too many operands" 2 "" "'c' is one argument too many" "$yamlgrad" train a b c

# --------------------------------------------------------------------------- ops, layers, schedules --

expect "ops" 0 "^ +sigmoid +y = 1 / \(1 \+ exp" "" "$yamlgrad" ops
expect "one op" 0 "^gelu\(x, approximate=none\)" "" "$yamlgrad" ops gelu
expect "an optional operand" 0 "^nll\(log_probability, target\[, weight\], reduction=mean" "" \
    "$yamlgrad" ops nll
expect "a range of whole numbers" 0 " -2147483648 … 2147483647 " "" "$yamlgrad" ops nll
expect "unknown op" 1 "" "no operator 'sigmod'; did you mean 'sigmoid'" "$yamlgrad" ops sigmod
expect "ops as JSON" 0 '"name": "sigmoid"' "" "$yamlgrad" ops --json
expect "layers" 0 "^linear +y = " "" "$yamlgrad" layers
expect "one layer" 0 "^ +out_features +int +\(required\)" "" "$yamlgrad" layers linear
expect "unknown layer" 1 "" "no layer 'liner'; did you mean 'linear'" "$yamlgrad" layers liner
expect "layers as JSON" 0 '"name": "linear"' "" "$yamlgrad" layers --json
expect "schedules" 0 "^cosine +min_lr \+ " "" "$yamlgrad" schedules
expect "one schedule" 0 "^rate +lr \* gamma" "" "$yamlgrad" schedules step
expect "parts of a formula" 0 "^where +\\{first: lr / div_factor, last: " "" "$yamlgrad" schedules one_cycle
expect "unknown schedule" 1 "" "no schedule 'cosin'; did you mean 'cosine'" "$yamlgrad" schedules cosin
expect "keys" 0 "^  patience +a whole number, at least 1 +\(required\)" "" "$yamlgrad" keys
expect "keys of a mapping" 0 "^  horizon +a whole number, at least 1 +1 " "" "$yamlgrad" keys data.windows
expect "keys of a kind" 0 "^  weight_decay +a number, at least 0 +0.01 " "" "$yamlgrad" keys train.optimizer.adamw
expect "one key" 0 "^  keep +best or last +best " "" "$yamlgrad" keys train.keep
expect "keys that have to do with a word, the nearest first" 0 "^  train.optimizer.lr +a number" "" \
    bash -c "'$yamlgrad' keys lr | sed -n 3p"
expect "then those whose name begins with it" 0 "^  train.optimizer.adagrad.lr_decay " "" \
    bash -c "'$yamlgrad' keys lr | sed -n 5p"
expect "a misspelt word" 1 "" "no key 'optimizr'; did you mean 'optimizer'" "$yamlgrad" keys optimizr
expect "unknown key" 1 "" "no key 'train.ephocs'; did you mean 'train.epochs'" "$yamlgrad" keys train.ephocs
expect "keys as JSON" 0 '"path": "train.early_stopping"' "" "$yamlgrad" keys --json
# shellcheck disable=SC2016 # a key of the schema
expect "the schema" 0 '"\$schema": "https://json-schema.org/draft/2020-12/schema"' "" "$yamlgrad" keys --schema
expect "the schema of one" 2 "" "leave out 'train'" "$yamlgrad" keys --schema train
expect "schedules as JSON" 0 '"name": "linear"' "" "$yamlgrad" schedules --json

# ------------------------------------------------------------------------------- a model --

cat >xor.yaml <<'MODEL'
format: 1
name: xor
vars: {hidden: 4}
inputs: {x: [B, 2]}
targets: {y: [B, 1]}
graph:
  h: {type: linear, input: x, out_features: hidden, activation: tanh}
  p: {type: linear, out_features: 1, activation: sigmoid}
outputs: [p]
loss: bce(p, y)
metrics: {accuracy: "binary_accuracy(p, y)"}
data:
  train: {x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [[0], [1], [1], [0]]}
train: {epochs: 300, batch_size: 4, seed: 1, optimizer: {type: adam, lr: 0.05}}
MODEL
sed 's/sigmoid/sigmod/' xor.yaml >wrong.yaml
sed 's/epochs: 300/epochs: 100000000/' xor.yaml >endless.yaml
sed '/^targets\|^loss\|^metrics\|^data\|^  train\|^train/d' xor.yaml >bare.yaml
cat >random.yaml <<'MODEL'
format: 1
name: random
inputs: {x: [B, T]}
targets: {y: [B, T]}
graph: {p: "tanh(x)"}
outputs: [p]
loss: mse(p, y)
MODEL
cat >twice.yaml <<'MODEL'
format: 1
name: twice
inputs: {x: [B, 3]}
targets: {y: [B, 3]}
graph: {w: {type: linear, out_features: 3}, p: "-(-w) * sin(2.0)"}
outputs: [p]
loss: mse(p, y)
MODEL
cat >copies.yaml <<'MODEL'
format: 1
name: copies
inputs: {x: [B, 2]}
graph: {h: {type: linear, input: x, out_features: 2, repeat: 3}}
outputs: [h]
MODEL
cat random.yaml - >sequence.yaml <<'MODEL'
data: {train: {x: [[1, 2, 3]], y: [[0, 0, 0]]}}
MODEL

expect "no such file" 1 "" "^nowhere.yaml: error: |nowhere.yaml" "$yamlgrad" check nowhere.yaml
expect "an error shows its place" 1 "" "^wrong.yaml:[0-9]+:[0-9]+: error: .*sigmod" \
    "$yamlgrad" check wrong.yaml
expect "… and the line" 1 "" "^ +[0-9]+ \|   p: \{type: linear.*sigmod" "$yamlgrad" check wrong.yaml
expect "… and a caret" 1 "" "^ +\| +\^$" "$yamlgrad" check wrong.yaml

expect "show" 0 "^h +linear +\[B, 4\] +12 " "" "$yamlgrad" show xor.yaml
expect "show: total" 0 "^parameters +17, 68 B$" "" "$yamlgrad" show xor.yaml
expect "show: memory" 0 "^step's memory +.* planned" "" "$yamlgrad" show xor.yaml
expect "show: shards" 0 "^shards +8 of a batch; statistics of a batch, .* of a shard$" "" "$yamlgrad" show xor.yaml --set train.shards=8
expect "--set" 0 "^h +linear +\[B, 8\] +24 " "" "$yamlgrad" show xor.yaml --set hidden=8
expect "--set of nothing" 1 "" "hiden" "$yamlgrad" show xor.yaml --set hiden=8
expect "--set by path" 0 "^h +linear +\[B, 6\] +18 " "" "$yamlgrad" show xor.yaml --set graph.h.out_features=6
expect "--set by path: the option stands for the place" 1 "" \
    "^--set graph.h.out_feature=6: error: layer type 'linear' has no argument .*did you mean 'out_features'" \
    "$yamlgrad" show xor.yaml --set graph.h.out_feature=6
expect "--set by path: no such key" 1 "" \
    "^--set train.epoch=2: error: \`train\` has no key 'epoch'; did you mean 'epochs'" \
    "$yamlgrad" train xor.yaml --set train.epoch=2
expect "--set by path: the value does not fit" 1 "" \
    "^--set train.optimizer.lr=abc: error: \`lr\` must be a number" \
    "$yamlgrad" train xor.yaml --set train.optimizer.lr=abc
expect "--set beside an option" 1 "" \
    "error: \`--set train.optimizer.lr=1\` and --lr say the same twice; leave one out$" \
    "$yamlgrad" train xor.yaml --set train.optimizer.lr=1 --lr 2
expect "--set train.epochs beside --steps" 1 "" "train.epochs=1\` and --steps say the same twice" \
    "$yamlgrad" train xor.yaml --set train.epochs=1 --steps 2
expect "--set: the place of what is not finite" 1 "" "\(log, --set loss=mean\(log\(p - 9\)\)\) is not a number" \
    "$yamlgrad" train xor.yaml --set "loss=mean(log(p - 9))" --out not_finite
for command in show "eval --data train" check expand data grad "profile --seconds 0.01" explain; do
    # shellcheck disable=SC2086 # a command with its options
    expect "$command: --set by path" 1 "" "^--set graph.hh.out_features=3: error: .* did you mean 'h'" \
        "$yamlgrad" ${command%% *} xor.yaml ${command#"${command%% *}"} --set graph.hh.out_features=3
done
expect "show --json" 0 '"parameters": 17' "" "$yamlgrad" show xor.yaml --json
expect "show --batch" 0 "^FLOPs and memory at B = 7$" "" "$yamlgrad" show xor.yaml --batch 7
printf '%s\n' 'format: 1' 'inputs: {x: [B, 3, 4, 4]}' 'graph:' \
    '  h: {type: conv_transpose2d, out_channels: 8, kernel_size: 2, stride: 1000000}' 'outputs: [h]' >stride.yaml
expect "show: a stride that no program could run is planned at once" 0 '\[B, 8, 3000002, 3000002\]' "" \
    timeout 20 "$yamlgrad" show stride.yaml
expect "show --graph" 0 "= matmul\(" "" "$yamlgrad" show xor.yaml --graph
expect "show --graph=dot" 0 "^digraph" "" "$yamlgrad" show xor.yaml --graph=dot
# A picture has a box for each layer, and for what is in the layers that are opened.
expect "a picture: layers with their shapes" 0 'label="h\\nlinear\\n\[B, 4\]\\n12 parameters"' "" \
    "$yamlgrad" show xor.yaml --graph=dot
expect "… outputs" 0 'label="p\\noutput\\n\[B, 1\]"' "" "$yamlgrad" show xor.yaml --graph=dot
operators() { "$yamlgrad" show xor.yaml --graph=dot "$@" | grep -c 'label="\(matmul\|tanh\|add\)'; }
expect "… no operators" 1 "^0$" "" operators
expect "… but those of an open layer" 0 "^3$" "" operators --layer h
expect "… or of all" 0 "^5$" "" operators --all
expect "… in a frame" 0 '^ +label="h: linear\\n12 parameters";' "" \
    "$yamlgrad" show xor.yaml --graph=dot --layer h
expect "… copies of a layer" 0 'label="h\\nlinear × 3\\n\[B, 2\]\\n18 parameters"' "" \
    "$yamlgrad" show copies.yaml --graph=dot
expect "… each by itself" 0 'label="1\\nlinear\\n\[B, 2\]\\n6 parameters"' "" \
    "$yamlgrad" show copies.yaml --graph=dot --layer h
expect "… one of them" 0 "label=\"weight\\\\n\\[2, 2\\]\"" "" \
    "$yamlgrad" show copies.yaml --graph=dot --layer h.2
expect "… gradients have no layers" 0 "multiply" "" "$yamlgrad" show xor.yaml --graph=dot --gradients
expect "… no such layer" 1 "" "there is no layer 'hh'; did you mean 'h'" \
    "$yamlgrad" show xor.yaml --graph=dot --layer hh
for form in "--layer h" "--graph --layer h" "--graph=svg --gradients --layer h"; do
    # shellcheck disable=SC2086 # several arguments
    expect "show $form" 2 "" "error: --layer opens a layer in a picture" "$yamlgrad" show xor.yaml $form
done
if command -v dot >/dev/null; then
    expect "show --graph=svg" 0 "^<svg " "" "$yamlgrad" show xor.yaml --graph=svg
    png() { "$yamlgrad" show xor.yaml --graph=png >xor.png && head -c 4 xor.png | tail -c 3; }
    expect "show --graph=png" 0 "^PNG$" "" png
fi
mkdir empty
expect "show --graph=svg without Graphviz" 1 "" "there is no program 'dot' .*--graph=dot prints" \
    env PATH="$PWD/empty" "$yamlgrad" show xor.yaml --graph=svg
expect "show --plan" 0 "matmul" "" "$yamlgrad" show xor.yaml --plan
expect "show --passes" 0 "^fuse +[0-9]+ → [0-9]+ +[0-9.]+ K?i?B → .* runs neighbouring" "" \
    "$yamlgrad" show xor.yaml --passes
expect "… those of building too" 0 "^algebra +[0-9]" "" "$yamlgrad" show xor.yaml --passes
expect "… and rewriting rules" 0 "^sum_of_products +[0-9]" "" "$yamlgrad" show xor.yaml --passes
expect "… but what is left out" 0 "^fuse +left out" "" \
    "$yamlgrad" show xor.yaml --passes --without views,fuse
for form in --plan "--pass fuse" --graph; do
    # shellcheck disable=SC2086 # an option and its value
    expect "show $form --json" 2 "" "is text: it does not go with --json" \
        "$yamlgrad" show xor.yaml $form --json
done
expect "show --passes --json" 0 '"name": "reuse"' "" "$yamlgrad" show xor.yaml --passes --json
expect "show --pass" 0 "^[-] +[0-9]+  fused group of 1 " "" "$yamlgrad" show xor.yaml --plan --pass fuse
expect "… after it" 0 "^[+] +[0-9]+  fused group of [2-9]" "" "$yamlgrad" show xor.yaml --pass fuse
expect "… says what that gains" 0 "^[+]{3} after fuse: [0-9]+ instructions, .* planned" "" \
    "$yamlgrad" show xor.yaml --pass fuse
expect "… of building" 0 "^- .* = negative\(" "" "$yamlgrad" show twice.yaml --pass algebra
expect "… folding too" 0 "^- .* = sin\(constant" "" "$yamlgrad" show twice.yaml --pass fold
expect "… that changes memory only" 0 "^[+] .*@" "" "$yamlgrad" show xor.yaml --pass reuse
unchanged() { "$yamlgrad" show xor.yaml --pass views | grep -Ec "^[-+] "; }
expect "… that changes nothing" 1 "^0$" "" unchanged
# Each plan of the comparison is the plan that `show` prints, and as many lines differ.
from_fuse=$("$yamlgrad" show xor.yaml --passes | sed -n '/^fuse /,$p' | cut -d ' ' -f 1 | paste -sd ,)
"$yamlgrad" show xor.yaml --plan --without "$from_fuse" >plan.before
"$yamlgrad" show xor.yaml --plan --without "${from_fuse#fuse,}" >plan.after
"$yamlgrad" show xor.yaml --pass fuse | sed 1,2d | grep -v ' lines alike$' >plan.compared
unknown_minus() { grep '^-' plan.compared | cut -c 3- | grep -Fxvc -f plan.before; }
unknown_plus() { grep '^[+ ]' plan.compared | cut -c 3- | grep -Fxvc -f plan.after; }
expect "… shows lines of the plan before" 1 "^0$" "" unknown_minus
expect "… and of the plan after" 1 "^0$" "" unknown_plus
expect_true "… and all that differ" test \
    $(($(grep -c '^-' plan.compared) - $(grep -c '^+' plan.compared))) -eq \
    $(($(wc -l <plan.before) - $(wc -l <plan.after)))
expect "show --without" 0 "= broadcast\(" "" "$yamlgrad" show xor.yaml --plan --without fuse
expect "… several" 0 "= copy\(" "" \
    "$yamlgrad" show xor.yaml --plan --without fuse --without in_place,reuse
expect "… of building" 0 "= negative" "" "$yamlgrad" show twice.yaml --graph --without algebra
negatives() { "$yamlgrad" show twice.yaml --graph | grep -c negative; }
expect "… otherwise" 1 "^0$" "" negatives
expect "show --without nothing" 2 "" "there is no pass 'fuze'; did you mean 'fuse'" \
    "$yamlgrad" show xor.yaml --without reuse,fuze
expect "show --pass nothing" 2 "" "there is no pass 'algebre'; did you mean 'algebra'" \
    "$yamlgrad" show xor.yaml --pass algebre
expect "show --pass that is left out" 2 "" "left out" \
    "$yamlgrad" show xor.yaml --pass fuse --without fuse
expect "show --passes --graph" 2 "" "--graph and --passes do not go together" \
    "$yamlgrad" show xor.yaml --passes --graph
expect "show --dim of nothing" 2 "" "no symbolic dimension 'Z'" "$yamlgrad" show xor.yaml --dim Z=2
for size in 0 -1 2147483648 2x ''; do
    expect "show --dim of size '$size'" 2 "" "takes NAME=SIZE with a size from 1, not 'Z=$size'" \
        "$yamlgrad" show xor.yaml --dim "Z=$size"
done

# A measurement of `profile` may be anything. The cases check only what must hold for all.
profile=("$yamlgrad" profile xor.yaml --seconds 0.02)
# It measures the machine first, which takes a second. So one run serves several cases.
expect "profile" 0 "" "" sh -c '"$@" >profile.out' - "${profile[@]}"
expect_true "profile: lines" grep -Eq "^ +7  h: \{type: linear, .* [0-9.]+ %( .*){6}$" profile.out
expect_true "profile: the whole" grep -Eq "^ +the step +[0-9.]+ [nmµ]?s +100\.0 %" profile.out
expect_true "profile: totals" grep -Eq "^time a step +[0-9.]+ [nmµ]?s \(median; " profile.out
expect "profile: the machine" 0 "^measured peak +[0-9.,]+ GFLOP/s, [0-9.,]+ GB/s \(f64, 1 thread\)$" "" \
    "${profile[@]}" --dtype f64
expect "profile --instructions" 0 "^ 0  matmul +7  h\.z " "" "${profile[@]}" --instructions
expect_true "profile: of one thread, nothing of idle time" sh -c '! grep -q idle profile.out'
expect "profile --threads 2" 0 "stage +pieces +idle$" "" "${profile[@]}" --instructions --threads 2 --batch 100000
expect "profile --without" 0 "^ +1  broadcast +7 " "" \
    "${profile[@]}" --instructions --without fuse,row_loops
expect "profile --without nothing" 2 "" "there is no pass 'row_lops'; did you mean 'row_loops'" \
    "${profile[@]}" --without row_lops
expect "profile --json" 0 "" "" sh -c '"$@" --json --instructions --batch 9 >profile.json' - "${profile[@]}"
# sums KEY… : for each key its sum over the lines, and its sum over the instructions, each on a line.
sums() {
    local list key
    for list in '"lines": \[.*\], "instructions"' '"instructions": \[.*\]'; do
        for key in "$@"; do
            grep -o "$list" profile.json | grep -o "\"$key\": [-+.e0-9]*" |
                awk '{ sum += $2 } END { printf "%.9g\n", sum }'
        done
    done
}
whole() { grep -o "^{.*\"peak\"" profile.json | grep -o "\"$1\": [-+.e0-9]*" | awk '{ printf "%.9g\n", $2 }'; }
expect_true "… shares, seconds and FLOPs add up" test "$(sums share seconds flops)" = \
    "$(for _ in lines instructions; do printf '1\n%s\n%s\n' "$(whole step_seconds)" "$(whole flops)"; done)"
expect_true "… every line has its source" \
    test "$(grep -Eo '"source": "(h|p|loss|metrics|train):' profile.json | wc -l)" -eq 5
expect_true "… and its phases" test "$(grep -oE '"update_seconds": (0\.0*)?[1-9]' profile.json | wc -l)" -ge 1
expect_true "… of 9 examples" grep -q '"batch_size": 9, .*"random_data": false' profile.json
expect "profile: no loss" 1 "" "no .loss:" "$yamlgrad" profile bare.yaml
expect "profile: random data" 0 "^random: a training step of 32 random examples" "" \
    "$yamlgrad" profile random.yaml --seconds 0 --dim T=3
expect "profile: not of the data" 1 "" "T = 7 is asked for, but the model's data have 3" \
    "$yamlgrad" profile sequence.yaml --dim T=7
for number in soon '' 1s nan; do
    expect "profile: seconds '$number'" 2 "" "seconds takes a number from 0 to [0-9e+]*, not '$number'" \
        "$yamlgrad" profile xor.yaml --seconds "$number"
done
expect "expand" 0 "matmul\(x, h.weight" "" "$yamlgrad" expand xor.yaml
"$yamlgrad" expand xor.yaml >expanded.yaml
expect "what expand prints is a model" 0 "valid; 4 gradients checked" "" "$yamlgrad" check expanded.yaml
expect "check" 0 "^xor.yaml: valid; 4 gradients checked" "" "$yamlgrad" check xor.yaml
cat >stopped.yaml <<'MODEL'
format: 1
inputs: {x: [B, 1]}
params: {w: {shape: [1], init: ones}, v: {shape: [1], init: ones}}
graph: {h: x * w * stop_gradient(w) * v}
outputs: [h]
loss: mean(h)
data: {train: {x: [[1], [2]]}}
MODEL
expect "check: nothing to compare" 0 "^w +0 of 1 +not compared; 1 left out$" "" "$yamlgrad" check stopped.yaml
expect "check --json" 0 '"passed": true' "" "$yamlgrad" check xor.yaml --json
expect "grad" 0 '^\{"loss": 0\.[0-9]+, "gradients": \{"h.weight": \[\[-?[0-9.e-]+, ' "" \
    "$yamlgrad" grad xor.yaml
expect "grad in f64" 0 '"loss": 0\.[0-9]{15,}' "" "$yamlgrad" grad xor.yaml --dtype f64
expect "grad --training" 0 "^\{\"loss\": 0\\.[0-9]+, \"gradients\": " "" "$yamlgrad" grad xor.yaml --training

expect "explain" 0 "^p\.z \+ p\.bias +delta_p = dp \* \(p \* \(1 - p\)\) = p - y +-?0\.[0-9]+ +-?0\.[0-9]+, off by" "" \
    "$yamlgrad" explain xor.yaml --example 1
expect "explain, as JSON" 0 '"gradient_simplified": "p - y"' "" "$yamlgrad" explain xor.yaml --json
expect "explain, an example that is not there" 1 "" "there is no example 9: the part 'train' has examples 0 to 3" \
    "$yamlgrad" explain xor.yaml --example 9
expect "explain, a page" 0 "" "^written: xor\.html" "$yamlgrad" explain xor.yaml --html xor.html
expect "explain, its page" 0 "<title>xor: explained</title>" "" cat xor.html
page_of_no_dot() { mkdir -p nothing && PATH=nothing "$yamlgrad" explain xor.yaml --html plain.html; }
expect "explain, without Graphviz" 0 "" "^written: plain\.html" page_of_no_dot
expect "explain, a page without Graphviz" 0 "drawn where Graphviz is installed" "" cat plain.html
page_nowhere() { "$yamlgrad" explain xor.yaml --html none/xor.html; }
expect "explain, a page that cannot be written" 1 "" "none/xor\.html" page_nowhere

# ------------------------------------------------------------------- train, eval, predict --

expect "eval without weights" 1 "" \
    "no weights 'runs/xor/weights.safetensors'; train first, .yamlgrad train xor.yaml" \
    "$yamlgrad" eval xor.yaml
expect "predict without weights" 1 "" "no weights 'runs/xor/.*; train first" \
    "$yamlgrad" predict xor.yaml /dev/null
expect "--resume of nothing" 1 "" "no run to go on with.*leave --resume out" \
    "$yamlgrad" train xor.yaml --resume
expect "train" 0 "" "^results: runs/xor/" "$yamlgrad" train xor.yaml
expect "train: plain lines" 0 "" "^epoch 300/300  train\.loss 0\.[0-9]+  train\.accuracy " "$yamlgrad" train xor.yaml --out a
cat >bad_part.yaml <<'END'
format: 1
inputs: {x: [B, 1]}
targets: {y: [B, 1]}
graph: {p: {type: linear, input: x, out_features: 1}}
outputs: [p]
loss: mean(square(log(x + 1) * p - y))
data: {train: {x: [[1], [2]], y: [[1], [3]]}, validation: {x: [[-3], [0]], y: [[1], [1]]}}
train: {epochs: 2, batch_size: 1, optimizer: {type: sgd, lr: 0.01}}
END
expect "train: a validation part that cannot be scored" 1 "" \
    "^bad_part.yaml:6:19: error: the loss of the validation part is not a number after step 2 " \
    "$yamlgrad" train bad_part.yaml --no-report
failed=runs/bad_part/failed
expect "… tells the example" 1 "" "^in example 0 of the batch, counted from 0: bad_part.yaml:7:64$" \
    "$yamlgrad" train bad_part.yaml --no-report
expect "… keeps the batch" 1 "^loss *nan$" "it begins in batch 0 of that part.*: a node .log, $failed/model.yaml:" \
    "$yamlgrad" eval $failed/model.yaml --weights $failed/weights.safetensors
sed 's/, validation.*/}/; s/epochs: 2/epochs: 2, log_every: 50/' bad_part.yaml >patient.yaml
expect "train: what can never happen" 0 "" "^warning: patient.yaml:8:31: .log_every: 50. of 4 steps: no step is noted$" \
    "$yamlgrad" train patient.yaml --no-report
expect "… in JSON" 0 '"warnings": ."patient.yaml:8:31: ' "" "$yamlgrad" train patient.yaml --no-report --json
expect "check: what can never happen" 0 "^patient.yaml: valid" "^warning: patient.yaml:8:31: .log_every: 50. of 4 steps: no step is noted$" \
    "$yamlgrad" check patient.yaml
mkdir elsewhere
"$yamlgrad" train patient.yaml --quiet --out elsewhere/kept
for given in elsewhere/kept elsewhere/kept/ elsewhere/kept/model.yaml; do
    expect "eval of $given finds its weights" 0 "^loss " "" "$yamlgrad" eval "$given" --data train
done
expect "predict by a run's folder" 0 "^p\.0|^p" "" sh -c "printf 'x\n1\n' | \"$yamlgrad\" predict elsewhere/kept"
expect "report by a run's model" 0 "" "^written: elsewhere/kept/report.html$" "$yamlgrad" report elsewhere/kept/model.yaml
expect "train by a run's folder" 0 "" "^next: .* eval elsewhere/kept --weights again/weights.safetensors$" \
    "$yamlgrad" train elsewhere/kept --out again --no-report
cat >one_class.yaml <<'END'
format: 1
inputs: {x: [B, 1]}
targets: {y: [B, 1]}
graph: {p: {type: linear, input: x, out_features: 1}}
outputs: [p]
loss: bce_with_logits(p, y)
metrics: {area: "roc_auc(p, y)"}
data: {train: {x: [[1], [2]], y: [[1], [1]]}}
train: {epochs: 2, optimizer: {type: sgd, lr: 0.01}}
END
expect "train: a metric without a value" 0 "" "^note: train.area is undefined: it needs examples of two classes$" \
    "$yamlgrad" train one_class.yaml --no-report
expect "eval: a metric without a value" 0 "^area *undefined$" "^note: area is undefined: it needs" \
    "$yamlgrad" eval one_class.yaml
expect "train: next" 0 "" "^next: .*eval xor.yaml --weights b/weights.safetensors" \
    "$yamlgrad" train xor.yaml --out b
expect "train: next, with what it needs" 0 "" "^next: .* eval xor.yaml --set hidden=5$" \
    "$yamlgrad" train xor.yaml --set hidden=5
expect "train: next, quoted for a shell" 0 "" \
    "^next: .* --weights 'an odd folder/weights.safetensors' --dtype f64\$" \
    "$yamlgrad" train xor.yaml --out 'an odd folder' --dtype f64
expect "train: nothing left" 0 "" "^nothing left to train after epoch 300, 300 steps" \
    "$yamlgrad" train xor.yaml --resume --set hidden=5
resume_finished() { "$yamlgrad" train xor.yaml --resume --set hidden=5 2>&1 | grep -c "^  train "; }
expect "… and the kept weights are scored" 0 "^1\$" "" resume_finished
expect "train again" 0 "" "^an earlier run is kept in runs/xor-" "$yamlgrad" train xor.yaml
expect_true "one seed, the same bytes" cmp a/weights.safetensors b/weights.safetensors
expect "--quiet" 0 "" "" "$yamlgrad" train xor.yaml --out c --quiet --seed 2
expect "another seed, other bytes" 1 - - cmp a/weights.safetensors c/weights.safetensors
events() { "$yamlgrad" train xor.yaml --out events --epochs 3 --json "$@" | sed -E 's/^\{"event": "([a-z]+)".*/\1/' | paste -sd ' '; }
expect "--json: a line for the start, each epoch and the end" 0 '^start epoch epoch epoch end$' "" events
expect "… of a run that has nothing to do" 0 '^start end$' "" events --resume
expect "… with scores named by part" 0 \
    '^\{"event": "epoch", "epoch": 2, "step": 2, "lr": 0\.05[0-9]*, "train\.loss": 0\.[0-9]+, "train\.accuracy": [0-9.]+, "best": ' "" \
    "$yamlgrad" train xor.yaml --out events --epochs 3 --json
expect "… and how it ended" 0 '^\{"event": "end", "status": "trained", "folder": "events", "moved": "events-2", "epochs": 3, ' "" \
    "$yamlgrad" train xor.yaml --out events --epochs 3 --json
expect "… of a run that fails" 1 '^\{"event": "error", "message": "there is no run to go on with: .*"\}$' "there is no run to go on with" \
    "$yamlgrad" train xor.yaml --out no-run --resume --json
expect "--epochs" 0 "" "^epoch 3/3 " "$yamlgrad" train xor.yaml --out d --epochs 3
expect "eval" 0 "^accuracy +1$" "" "$yamlgrad" eval xor.yaml
expect "eval of a CSV file as the run file" 2 "" "'rows.csv' is not a run file.*--data rows.csv" \
    "$yamlgrad" eval xor.yaml rows.csv
expect "eval --json" 0 '"metrics": \{"accuracy": 1\.0\}' "" "$yamlgrad" eval xor.yaml --json
printf 'x.1,x.0,y\n0,0,0\n1,0,1\n' >xy.csv
expect "eval --data FILE" 0 "^examples  2$" "" "$yamlgrad" eval xor.yaml --data xy.csv
expect "eval --data NAME=FILE" 0 "^data      test$" "" "$yamlgrad" eval xor.yaml --data test=xy.csv
expect "… and the part to evaluate on" 0 "^data      train$" "" \
    "$yamlgrad" eval xor.yaml --data test=xy.csv --data train
expect "eval --data of an unknown part" 1 "" "'tset' is no part .*did you mean 'test'" \
    "$yamlgrad" eval xor.yaml --data tset=xy.csv
expect "train --data" 1 "" "--data none.csv: the form is NAME=PATH" \
    "$yamlgrad" train xor.yaml --data none.csv
expect "train --data NAME=FILE" 0 "" "^  test .*2 examples" \
    "$yamlgrad" train xor.yaml --data test=xy.csv --out e --epochs 1
cat >table.yaml <<'MODEL'
format: 1
inputs: {x: [B, 2]}
targets: {y: [B, 1]}
graph: {h: {type: linear, out_features: 1}}
outputs: [h]
loss: mse(h, y)
data:
  train: {csv: xy.csv, x: [x.0, x.1], y: y}
train: {epochs: 1, optimizer: {type: sgd, lr: 0.1}}
MODEL
expect "train on a table" 0 "" "^trained after epoch 1" "$yamlgrad" train table.yaml
mv xy.csv moved.csv
expect "go on when the table has moved" 0 "" "^trained after epoch 2" \
    "$yamlgrad" train table.yaml --data train=moved.csv --resume --epochs 2
sed 's/^train:/  columns: {x.0: number}\n&/' table.yaml >options.yaml
expect "but not with other options of columns" 1 "" "data.columns.x.0.kind was not set, is number" \
    "$yamlgrad" train options.yaml --data train=moved.csv --out runs/table --resume --epochs 3
expect "eval of a part that is not there" 1 "" "test" "$yamlgrad" eval xor.yaml --data test

cat >classes.yaml <<'MODEL'
format: 1
inputs: {x: [B, 1]}
targets: {y: {shape: [B], dtype: i32, classes: 3}}
graph: {z: {type: linear, out_features: 2}}
outputs: [z]
loss: cross_entropy(z, y)
data: {train: {x: [[0], [1]], y: [1, 2]}}
train: {epochs: 1, optimizer: adam}
MODEL
expect "more classes than scores" 1 "" \
    "^classes.yaml:6:7: error: a score for each class is needed; target: index 2 at \\[[01]\\] is outside 0..1" \
    "$yamlgrad" train classes.yaml

# The memory of a step is printed before the first step, and is the same as `show` prints. The run
# keeps the best weights beside it.
"$yamlgrad" train xor.yaml --out memory --steps 1 2>memory.err
told=$(sed -n "s/^step's memory: //p" memory.err)
shown=$("$yamlgrad" show xor.yaml | sed -n "s/^step's memory *//p" | sed 's/ ([^)]*)//')
expect_true "train: memory" test "$told" = "$shown; best weights: 68 B"
expect_true "… before the first step" sh -c 'head -1 memory.err | grep -q planned'

printf 'x.0,x.1\n0,1\n1,1\n' >rows.csv
expect "predict" 0 "^0\.9" "" "$yamlgrad" predict xor.yaml rows.csv
predict_pipe() { "$yamlgrad" predict xor.yaml - <rows.csv | cat; }
expect "predict through a pipe" 0 "^0\.9" "" predict_pipe
expect "predict -o" 0 "" "" "$yamlgrad" predict xor.yaml rows.csv -o out.csv
expect_true "… wrote two rows and a header" test "$(wc -l <out.csv)" -eq 3
{ echo x.0,x.1; yes 0,1 | head -1000; } >many.csv
printf 'x.0,x.1\n0,one\n' >bad.csv
expect "predict: a bad cell" 1 - "bad.csv:2:.*one" "$yamlgrad" predict xor.yaml bad.csv -o none.csv
expect_true "… leaves no file" test ! -e none.csv
ln -s rows.csv linked.csv
cp rows.csv kept.csv
for made_from in rows.csv ./rows.csv linked.csv xor.yaml runs/xor/weights.safetensors; do
    expect "predict: -o $made_from" 1 "" "made from" "$yamlgrad" predict xor.yaml rows.csv \
        -o "$made_from"
done
cp runs/xor/weights.safetensors given.safetensors
expect "predict: -o the weights that are given" 1 "" "made from" "$yamlgrad" predict xor.yaml rows.csv \
    -w given.safetensors -o given.safetensors
# shellcheck disable=SC2094 # to read and write one file is the mistake
predict_over_stdin() { "$yamlgrad" predict xor.yaml - -o rows.csv <rows.csv; }
expect "predict: -o what stdin reads" 1 "" "made from" predict_over_stdin
expect_true "… leaves the rows as they are" cmp rows.csv kept.csv
expect "predict: no such file" 1 "" "cannot open 'nowhere.csv'" "$yamlgrad" predict xor.yaml nowhere.csv
expect "predict: no such column to keep" 1 "" "^--keep: error: rows.csv has no column 'idd'" \
    "$yamlgrad" predict xor.yaml rows.csv --keep idd
expect "predict: files of two kinds" 1 "" "'rows.csv' is read as csv, but 'rows.jsonl' as jsonl" \
    "$yamlgrad" predict xor.yaml rows.csv rows.jsonl
expect "predict: a long delimiter" 2 "" "one character" "$yamlgrad" predict xor.yaml rows.csv --delimiter ab

# Arrays: the ending of a path decides. NumPy, where it is installed, reads what we write.
expect "predict: CSV to an array" 0 "" "" "$yamlgrad" predict xor.yaml rows.csv -o y.npy
expect_true "… in NumPy's format" grep -aq "'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)" y.npy
arrays_from_stdin() { "$yamlgrad" predict xor.yaml -o y.npz <rows.csv; }
expect "predict: stdin to arrays" 0 "" "" arrays_from_stdin
expect "predict: an array of another shape" 1 "" "^y.npy: error: 'x' is f32\[2, 1\] here; the model takes f32\[B, 2\]" \
    "$yamlgrad" predict xor.yaml y.npy
expect "predict: no array of that name" 1 "" "^y.npz: error: there is no array 'x'; there is p$" \
    "$yamlgrad" predict xor.yaml y.npz
expect "predict: arrays that are not there" 1 "" "cannot open 'nowhere.npz'" \
    "$yamlgrad" predict xor.yaml nowhere.npz
array_in_pipe() {
    mkfifo in.npy
    cat y.npy >in.npy &
    "$yamlgrad" predict xor.yaml in.npy
}
expect "predict: arrays in a pipe" 1 "" "arrays are read from files only; this is a pipe" \
    array_in_pipe
expect "predict: -o the arrays that are read" 1 "" "made from" "$yamlgrad" predict xor.yaml y.npy -o y.npy
expect "predict: -o in no folder" 1 "" "cannot write 'nowhere/y.npz'" \
    "$yamlgrad" predict xor.yaml rows.csv -o nowhere/y.npz
python=$(for p in python3 /usr/bin/python3; do "$p" -c 'import numpy' 2>/dev/null && echo "$p" && break; done)
if [ -n "$python" ]; then
    cat >arrays.py <<'PYTHON'
import sys
import numpy
if sys.argv[1] == "write":
    x = numpy.array([[0, 1], [1, 1], [1, 0]])
    numpy.save("in.f4.npy", x.astype("f4"))
    numpy.save("in.columns.npy", numpy.asfortranarray(x.astype(">i2")))
    numpy.savez("in.npz", other=numpy.zeros(3), x=x)
    numpy.savez_compressed("in.small.npz", x=x.astype("f8"))
else:
    want = numpy.genfromtxt("want.csv", delimiter=",", skip_header=1, dtype="f4").reshape(3, 1)
    for path in sys.argv[2:]:
        found = numpy.load(path)
        found = found["p"] if path.endswith("npz") else found
        assert found.dtype == "f4" and numpy.array_equal(found, want), (path, found, want)
PYTHON
    expect_true "NumPy writes arrays" "$python" arrays.py write
    printf 'x.0,x.1\n0,1\n1,1\n1,0\n' | "$yamlgrad" predict xor.yaml -o want.csv
    for array in in.f4.npy in.columns.npy in.npz in.small.npz; do
        expect "predict: $array" 0 "" "" "$yamlgrad" predict xor.yaml "$array" -o "out.$array"
    done
    expect_true "NumPy reads the predictions" "$python" arrays.py read out.in.*
fi

# --------------------------------------------------------------------- pipes, colour, Ctrl-C --

closed_pipe() { { sleep 0.3; "$yamlgrad" ops; } | true; }
expect "a reader that goes away" 141 "" "" closed_pipe
full() { "$yamlgrad" ops >/dev/full; }
expect "a full disk" 1 "" "cannot write to standard output" full

# On a terminal, made by script(1), NO_COLOR and TERM=dumb switch colour off.
on_terminal() { script -qec "$*" /dev/null </dev/null; }
if command -v script >/dev/null; then
    expect "colour on a terminal" 1 "$(printf '\033')\[1;31merror" - \
        env -u NO_COLOR TERM=xterm script -qec "$yamlgrad check wrong.yaml" /dev/null
    expect "colour of a comparison" 0 "$(printf '\033')\[32m[+] " - \
        env -u NO_COLOR TERM=xterm script -qec "$yamlgrad show xor.yaml --pass fuse" /dev/null
    uncoloured() { NO_COLOR=1 TERM=xterm on_terminal "$yamlgrad show xor.yaml --pass fuse" | grep -c "$(printf '\033')"; }
    expect "… without NO_COLOR" 1 "^0$" "" uncoloured
    plain() { NO_COLOR=1 TERM=xterm on_terminal "$yamlgrad check wrong.yaml" | grep -c "$(printf '\033')"; }
    expect "NO_COLOR" 1 "^0$" "" plain
    dumb() { env -u NO_COLOR TERM=dumb script -qec "$yamlgrad check wrong.yaml" /dev/null | grep -c "$(printf '\033')"; }
    expect "TERM=dumb" 1 "^0$" "" dumb
    # Within a second the line is drawn, whatever the machine; then the run is interrupted.
    expect "a progress line" 130 "(█|░) +(epochs? )?([0-9]+-)?[0-9]+/99999 .*train.loss" - \
        env --default-signal=INT TERM=xterm script -qec "timeout --foreground --preserve-status \
            -s INT -k 60 4 $yamlgrad train $source/models/breast_cancer.yaml --out live --epochs 99999" /dev/null
fi

# A signal ends a run after the current step, and everything is saved. The status is 128 plus the
# signal's number. nohup and some hosts start us with SIGHUP ignored; env resets it.
interrupted() {
    local signal=$1
    rm -f e.err
    env --default-signal=HUP "$yamlgrad" train endless.yaml --out e --seed 7 2>e.err &
    local run=$!
    for _ in $(seq 100); do
        [ -s e.err ] && break
        sleep 0.1
    done
    kill "-$signal" "$run"
    wait "$run"
}
# A shell without job control starts a background job with SIGINT ignored; env resets it.
set -m
expect "SIGTERM" 143 "" - interrupted TERM
expect_true "… keeps the weights" test -s e/weights.safetensors
expect "SIGHUP" 129 "" - interrupted HUP
expect_true "… keeps the checkpoint" test -s e/checkpoint.safetensors
expect "Ctrl-C" 130 "" - interrupted INT
set +m
expect_true "… says so" grep -q "^.*interrupted.* after epoch" e.err
expect_true "… and how to go on" \
    grep -Eq "^go on: .* train endless.yaml --resume --out e --seed 7\$" e.err
expect_true "… keeps the weights" test -s e/weights.safetensors
expect_true "… and the checkpoint" test -s e/checkpoint.safetensors

# A failed write is reported once, with its reason.
if [ -c /dev/full ]; then
    to_full() { "$yamlgrad" "$@" >/dev/full; }
    expect "a full disk" 1 "" "cannot write to standard output: [^S]" to_full ops
    full_lines() { to_full predict xor.yaml rows.csv --set hidden=4 --weights a/weights.safetensors 2>&1 | wc -l; }
    expect "… is told once" 1 "^1\$" "" full_lines
fi

# Nobody reads any more. A host may have SIGPIPE ignored: then the write fails, with the same status and
# without a message. The reader closes the pipe before the command starts.
mkfifo unread
unread() {
    (
        trap '' PIPE
        exec 3<>unread
        exec 4>unread 3<&-
        "$yamlgrad" "$@" >&4
    )
}
expect "no reader, SIGPIPE ignored" 141 "" "" unread ops

# A limit on the size of files acts as a full disk: the error is reported, and no file is left.
limited() { (ulimit -f 1; "$yamlgrad" "$@"); }
# Lines that cannot be printed stop the printing, not the run.
if [ -c /dev/full ]; then
    unprinted() { "$yamlgrad" train xor.yaml --out unprinted --epochs 3 --json >/dev/full; }
    expect "train --json on a full disk" 1 "" "^yamlgrad: error: cannot write to standard output: [^S]" unprinted
    expect_true "… saves the run" grep -q "^3," unprinted/history.csv
fi

expect "a limit on files" 1 "" "[Ff]ile too large" limited train xor.yaml --out limited --epochs 2
expect_true "… leaves no part of one" sh -c '! ls limited 2>/dev/null | grep -q tmp'
for ending in csv npy npz safetensors; do
    expect "… of predictions in $ending" 1 "" "[Ff]ile too large" limited predict xor.yaml many.csv \
        -o "limited.$ending" --set hidden=4 --weights a/weights.safetensors
    expect_true "… leaves no part of them" sh -c '! ls | grep -q "^limited\\."'
done

profile_interrupted() {
    "$yamlgrad" profile xor.yaml --seconds 1000 >p.out 2>p.err &
    local run=$!
    for _ in $(seq 600); do
        [ -s p.err ] && break
        sleep 0.1
    done
    kill -INT "$run"
    wait "$run"
}
set -m
expect "Ctrl-C in a profile" 130 "" - profile_interrupted
set +m
expect_true "… shows what was measured" grep -q "^time a step " p.out

# -------------------------------------------------------------------------------- new --

# A table with gaps, odd names, an index without a name, dates, and columns that tell nothing.
awk 'BEGIN {
    srand(7)
    print ",rowid,study,species,\"island, home\",bill (mm),mass: g,hidden,when,comments"
    for (i = 0; i < 120; i++) {
        s = i % 3
        printf "%d,%d,PAL,%s,%s,%s,%d,%s,%d-11-%02d,%s\n", i, i + 1, \
            s == 0 ? "A: x" : s == 1 ? "hidden" : "\"c, d\"", i % 5 ? "Dream" : "Biscoe", \
            i % 17 ? 30 + 6 * s + rand() : "NA", 3000 + 900 * s + 200 * rand(), \
            i % 2 ? "yes" : "no", 2007 + i % 3, 1 + i % 28, i % 9 ? "" : "note " i
    }
}' >birds.csv
# Uncomments the parts that `new` proposes for a table of few rows.
with_parts() { sed -i -E 's/^  # (validation|test):/  \1:/' "$1"; }
expect "new" 0 "" "^birds.yaml: the class of 'species', one of 3, from 5 columns, in 120 rows$" \
    "$yamlgrad" new birds.csv --target species -o birds.yaml
expect "new: how to score" 0 "" "^score:  .*yamlgrad cv two.yaml$" \
    "$yamlgrad" new birds.csv --target species -o two.yaml
expect "new: all rows are trained on" 0 "^train +120$" - "$yamlgrad" data two.yaml
expect "new: what to do next" 0 "" "^next:   .*yamlgrad train again.yaml$" \
    "$yamlgrad" new birds.csv --target species -o again.yaml
for reason in "'': it has no name" "'rowid': it counts the rows" "'study': it is the same in every row" \
    "'comments': text: 14 values differ in 14 rows"; do
    expect "new: without $reason" 0 - "^  without $reason" "$yamlgrad" new birds.csv --target species
done
expect "new: a category" 0 '^    "island, home": \{kind: category, values: \[Biscoe, Dream\], unseen: true\}$' - \
    "$yamlgrad" new birds.csv --target species
expect "new: gaps" 0 '^    "bill \(mm\)": \{kind: number, missing: median, indicator: true\}$' - \
    "$yamlgrad" new birds.csv --target species
expect "new: yes and no" 0 '^    "hidden": \{kind: boolean\}$' - "$yamlgrad" new birds.csv --target species
expect "new: dates" 0 '^    when: \{kind: date, age: 2007-11-01, cyclic: \[year, week\]\}$' - \
    "$yamlgrad" new birds.csv --target species
expect "new: a file is not replaced" 1 "" "'birds.yaml' exists; --force replaces it" \
    "$yamlgrad" new birds.csv --target species -o birds.yaml
expect "new: unless it is asked for" 0 "" - "$yamlgrad" new birds.csv --target species -o birds.yaml --force
expect "new: without a target" 1 "" "which column is to be predicted.*species" "$yamlgrad" new birds.csv
expect "new: a target that is none" 1 "" "no column 'specie'; did you mean 'species'" \
    "$yamlgrad" new birds.csv --target specie
expect "new: one value" 1 "" "column 'study' has one value only" "$yamlgrad" new birds.csv --target study
expect "new: text as a number" 1 "" "'species' cannot be learnt as a number: 'A: x' is none" \
    "$yamlgrad" new birds.csv --target species --task regression
expect "new: no table" 1 "" "'birds.yaml' is no table, by its name; tables end in .csv" \
    "$yamlgrad" new birds.yaml --target species
expect "new: --exclude" 0 - "without 'when': left out as --exclude says" \
    "$yamlgrad" new birds.csv --target species --exclude when
expect "new: a number" 0 '^targets: \{mass_g: \[B\]\}$' - "$yamlgrad" new birds.csv --target "mass: g"
with_parts birds.yaml
expect "new: the model is right" 0 "valid; 4 gradients checked" "" "$yamlgrad" check birds.yaml
expect "new: it trains" 0 "" "^  test +loss 0.* accuracy (1|0.9[0-9]*)  " "$yamlgrad" train birds.yaml
expect "new: it evaluates" 0 "^accuracy +(1|0.9)" "" "$yamlgrad" eval birds.yaml
# The raw file without the target's column: quoted cells keep their commas here.
sed -E 's/^([^,]*,[^,]*,[^,]*),("[^"]*"|[^,]*)/\1/' birds.csv >raw.csv
expect "new: the raw file has no target" 0 '^,rowid,study,"island' "" cat raw.csv
expect "new: predicts from the raw file" 0 '^"probability.A: x","probability.c, d",probability.hidden,species$' "" \
    "$yamlgrad" predict birds.yaml raw.csv
expect "new: a kept column of the same name" 0 ',species,.*,"probability.A: x",.*,predicted_species$' "" \
    "$yamlgrad" predict birds.yaml birds.csv --keep '*'
right() { "$yamlgrad" predict birds.yaml raw.csv | grep -c ',"A: x"$'; }
expect "new: and they are right" 0 "^ *(39|40|41)$" "" right
# A table as it is written elsewhere: another delimiter, decimal commas, dates, one column the same.
awk 'BEGIN {
    print "Zeit;Temp;Stadt;Anzahl"
    for (i = 0; i < 200; i++)
        printf "%02d.%02d.%d 1%d:30;%d,%d;Ulm;%d\n", 1 + i % 28, 1 + i % 12, 2020 + i % 3, i % 9, i % 31, i % 10, 5 * (i % 31) + i % 4
}' >rents.csv
expect "new: numbers with commas" 0 '^    decimal: ","$' - "$yamlgrad" new rents.csv --target Anzahl
printf 'price,y\n1250000,1\n3558074,2\n600294,5\n9900001,7\n' >prices.csv
expect "new: whole numbers with all digits" 0 "^#   price +whole numbers from 600294 to 9900001" - \
    "$yamlgrad" new prices.csv --target y
awk 'BEGIN { print "a b y"; for (i = 0; i < 60; i++) print (i % 7 ? i % 13 + 0.5 : "-"), i % 5, i % 9 + 0.25 }' >gaps.txt
expect "new: a text file is a table" 0 '^    csv: "gaps.txt"$' - "$yamlgrad" new gaps.txt --target y
expect "new: blanks between cells" 0 '^    delimiter: " "$' - "$yamlgrad" new gaps.txt --target y
expect "new: signs for no value" 0 '^    na_values: \["-"\]$' - "$yamlgrad" new gaps.txt --target y
{ printf 'sep=;\r\n' && awk 'BEGIN { print "a;y"; for (i = 0; i < 60; i++) printf "0,%03d;%d,125\n", i * 7, i % 9 }'; } >sep.csv
expect "new: a line that names the delimiter" 0 '^#   a +numbers from 0 to 0.413$' - "$yamlgrad" new sep.csv --target y
awk 'BEGIN {
    print "id;Fläche;Preis;Ort;Miete"
    for (i = 0; i < 60; i++)
        printf "%d;%d,%d;%d.%03d kr;%d.%03d.%03d;%d.%03d\n", i, 20 + i % 31, i % 10, 100 + i * 3, i * 37 % 1000, 1 + i % 7, i * 91 % 1000, i, 1 + i % 9, i * 53 % 1000
}' >kroner.csv
expect "new: points between thousands, beside a sign" 0 '^#   Preis +whole numbers from 100000 to ' - "$yamlgrad" new kroner.csv --target Miete
expect "new: points between thousands, without one" 0 '^#   Miete +to be predicted; whole numbers from 1000 to ' - "$yamlgrad" new kroner.csv --target Miete
expect "new: both marks" 0 '^    decimal: ","$' - "$yamlgrad" new kroner.csv --target Miete
sed 's/\(^.*;\)\(.*\)$/\1\2;0.125/; 1s/0.125/Anteil/' kroner.csv >shares.csv
expect "new: points of fractions" 0 '^#   Preis +numbers from 100 to 277.183$' - "$yamlgrad" new shares.csv --target Miete
expect "new: a delimiter" 0 '^    delimiter: ";"$' - "$yamlgrad" new rents.csv --target Anzahl
expect "new: dates in another form" 0 'Zeit: \{kind: date, format: "%d.%m.%Y %H:%M", age: 2020-01-01, cyclic: \[year, week, day\]\}$' - \
    "$yamlgrad" new rents.csv --target Anzahl
mkdir -p models/new
expect "new: into another folder" 0 "" - "$yamlgrad" new rents.csv --target Anzahl -o models/new/rents.yaml
expect "new: the path starts there" 0 '^    csv: "../../rents.csv"$' "" cat models/new/rents.yaml
with_parts models/new/rents.yaml
expect "new: a regression trains" 0 "" "^  test +loss 0.0[0-9]* " "$yamlgrad" train models/new/rents.yaml
cut -d ';' -f 1-3 rents.csv >raw_rents.csv
expect "new: and predicts in units" 0 "^Anzahl$" "" "$yamlgrad" predict models/new/rents.yaml raw_rents.csv
largest() { "$yamlgrad" predict models/new/rents.yaml raw_rents.csv | sort -g | tail -1; }
expect "new: as large as they are" 0 "^1[3-6][0-9]\." "" largest
printf '5,2.5,0\n6,3.5,1\n9,1.5,0\n1,7,1\n5,2,0\n6,7,1\n' >headless.csv
expect "new: a table without a header" 0 '^    header: false' - "$yamlgrad" new headless.csv --target 3

# A folder of pictures: class = folder. Two pictures, and copies of them.
mkdir -p pictures/bars pictures/rows
for i in {1..20}; do
    base64 -d >"pictures/bars/$i.png" <<<iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEklEQVR42mM4cYKBAYQZKGMAAJ11GQHBbRjEAAAAAElFTkSuQmCC
    base64 -d >"pictures/rows/$i.png" <<<iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEklEQVR42mM4AQUMcAYmIEINAGWEGQHVwqAgAAAAAElFTkSuQmCC
done
expect "new: a folder of pictures" 0 "" "^pictures.yaml: the class of 'class', one of 2, from 1 column, in 40 rows$" \
    "$yamlgrad" new pictures -o pictures.yaml
expect "new: their size" 0 '^inputs: \{image: \[B, 8, 8\]\}$' "" cat pictures.yaml
with_parts pictures.yaml
expect "new: pictures are learnt" 0 "" "^  test +loss .* accuracy 1  \(6 examples\)$" "$yamlgrad" train pictures.yaml
expect "data: pictures" 0 '^image\[0, 2\] +-0.5 ' "^peak memory: " "$yamlgrad" data pictures.yaml
# The same pictures in a table of their paths, which start at its folder.
{
    echo "file,kind,price"
    for i in {1..20}; do echo "pictures/bars/$i.png,bars,$i"; echo "pictures/rows/$i.png,rows,$i"; done
} >paths.csv
expect "new: a column of paths" 0 "" "^  without 'price': only the pictures are looked at$" \
    "$yamlgrad" new paths.csv --target kind -o paths.yaml
with_parts paths.yaml
expect "new: paths are learnt" 0 "" "^  test +loss .* accuracy 1  \(6 examples\)$" "$yamlgrad" train paths.yaml
expect "new: a number of pictures" 0 "^  standardize: \[price\]$" - "$yamlgrad" new paths.csv --target price
printf 'file,kind\ngone.png,a\ngone2.png,b\ngone.png,b\n' >gone.csv
expect "new: a picture that is missing" 1 "" "gone.png" "$yamlgrad" new gone.csv --target kind
# Sentences, beside a number. Whether there is a "not" decides.
awk 'BEGIN {
    print "Unnamed: 0,review,stars,liked,Day"
    split("film book meal song", things)
    for (i = 0; i < 200; i++)
        printf "%d,\"the %s was %sgood, and I would %srecommend it in week %d\",%d,%s,%s %d 2020\n", i * 3 + i % 2, things[i % 4 + 1], \
            i % 3 ? "" : "not ", i % 3 ? "" : "not ", i, i % 5, i % 3 ? "yes" : "no", i % 2 ? "Mar" : "Jan", 1 + i % 28
}' >reviews.csv
expect "new: sentences" 0 "" \
    "^reviews.yaml: the class of 'liked', one of 2, from 3 columns, in 200 rows$" \
    "$yamlgrad" new reviews.csv --target liked -o reviews.yaml
expect "new: dates with names of months" 0 '^    Day: \{kind: date, format: "%b %d %Y"' "" cat reviews.yaml
expect "new: an index that was read as a column" 0 - "^  without 'Unnamed: 0': it identifies the rows$" \
    "$yamlgrad" new reviews.csv --target liked
with_parts reviews.yaml
expect "new: sentences are learnt" 0 "" "^  test +loss .* accuracy 1  " "$yamlgrad" train reviews.yaml
expect "new: sentences alone" 0 "^  bag1: sum" - "$yamlgrad" new reviews.csv --target liked -x stars -x Day
# Prices, losses in brackets, and units; A0 to A3 are codes.
awk 'BEGIN { print "price,loss,part,weight,code,y"; for (i = 0; i < 90; i++) printf "\"$%d,%03d.50\",(%d),%d %%,%d kg,A%d,%d\n", i, i, i % 30, i % 13, i % 17, i % 4, i }' >dollars.csv
expect "new: signs beside numbers" 0 "" "5 columns, in 90 rows" \
    "$yamlgrad" new dollars.csv --target y -o dollars.yaml
expect "new: the signs" 0 '^    signs: "[$]\(\)%kg"  # beside numbers$' "" cat dollars.yaml
expect "new: commas between thousands" 0 '^    thousands: ","$' "" cat dollars.yaml
expect "new: prices are numbers" 0 "^#   price +numbers from 0.5 to 89089.5$" "" cat dollars.yaml
expect "new: losses are negative" 0 "^#   loss +whole numbers from -29 to -?0$" "" cat dollars.yaml
expect "new: codes are none" 0 '^    code: \{kind: category, values: \[A0, A1, A2, A3\]' "" cat dollars.yaml
# Many values are a category if each of them is in several rows.
awk 'BEGIN { print "city,y"; for (i = 0; i < 600; i++) printf "town%d,%d\n", i % 100, 7 * (i % 100) + i % 3 }' >towns.csv
expect "new: many values" 0 "^inputs: \{x: \[B, 100\]\}" - "$yamlgrad" new towns.csv --target y
# Several targets: numbers, a class, and what is yes or no.
awk 'BEGIN { print "age,kind,long,wide,wet,old,big"; for (i = 0; i < 90; i++) printf "%d,%s,%d,%.1f,%s,%d,%s\n", i % 31, i % 3 ? "a" : "b", 3 * (i % 31), 9 - i % 31 / 7, i % 3 ? "yes" : "no", (i % 31 > 12), (i % 31 > 20 ? "True" : "False") }' >several.csv
expect "new: several targets" 0 "" \
    "^several.yaml: the number 'long'; the class of 'kind', one of 2; the number 'wide'; whether 'wet'; whether 'old'; whether 'big'; from 1 column, in 90 rows$" \
    "$yamlgrad" new several.csv --target long,kind -t wet -t "old, big" -t wide -o several.yaml
expect "new: a head for each" 0 "^  mean_absolute_error_wide: l1\(estimate_wide, wide\)$" "" cat several.yaml
expect "new: and one for all labels" 0 "^  labels: \[B, 3\]$" "" cat several.yaml
expect "new: they are checked" 0 "valid; 10 gradients" "" "$yamlgrad" check several.yaml
expect "new: they are learnt" 0 "" "^  train +loss .* accuracy_labels (1|0.[89])" "$yamlgrad" train several.yaml
expect "new: they are told" 0 "^long,probability_kind.a,probability_kind.b,wide,labels.wet,labels.old,labels.big,kind$" "" \
    "$yamlgrad" predict several.yaml several.csv
expect "new: a target twice" 1 "" "column 'long' is given twice as a target" "$yamlgrad" new several.csv -t long,wide,long
expect "new: a list with a column that is none" 1 "" "no column 'lon'; did you mean 'long'" "$yamlgrad" new several.csv -t wide,lon
printf '"a,b",size,c\n1,2,5.5\n2,3,6.5\n3,5,7.5\n4,6,9.5\n' >comma.csv
expect "new: a column with a comma in its name" 0 "^    a_b: \"a,b\"$" - "$yamlgrad" new comma.csv -t a,b
expect "new: a column with a word of the language as its name" 0 "^    y: size$" - "$yamlgrad" new comma.csv -t size
for i in {1..30}; do echo "{\"a\": $((i * 7 % 30)), \"n\": {\"b\": 1.$i}, \"y\": \"$((i % 2))s\"}"; done >objects.jsonl
expect "new: JSON Lines" 0 "^#   n.b +numbers from 1.1 to 1.9" - "$yamlgrad" new objects.jsonl
# A table and a query of a database; numbers that identify rows of another table.
python3 - <<'EOP'
import sqlite3
base = sqlite3.connect("shop.db")
base.execute("CREATE TABLE orders (customer_id INTEGER, shop_id INTEGER, price REAL, kind TEXT)")
base.execute("CREATE TABLE shops (id INTEGER, city TEXT)")
for i in range(120):
    base.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", (i * 7 % 61, i % 3, i * 1.5, "ab"[i % 2]))
base.executemany("INSERT INTO shops VALUES (?, ?)", [(0, "Oslo"), (1, "Bergen"), (2, "Molde")])
base.commit()
EOP
expect "new: a database of several tables" 1 "" "has 2 tables: 'orders', 'shops'; .*--table" "$yamlgrad" new shop.db -t kind
expect "new: --table" 0 "" "without 'customer_id': its 61 numbers identify something, and hardly repeat" \
    "$yamlgrad" new shop.db --table orders -t kind -o shop.yaml
expect "new: few of them are a category" 0 '^    shop_id: \{kind: category, values: \["0", "1", "2"\]' "" cat shop.yaml
query="SELECT price, \"city\", kind FROM orders JOIN shops ON shop_id = id"
expect "new: --query" 0 "" "^query.yaml: the class of 'kind', one of 2, from 2 columns, in 120 rows$" \
    "$yamlgrad" new shop.db --query "$query" -t kind -o query.yaml
expect "new: the query is in the file" 0 '^    query: "SELECT price, [\]"city[\]", kind FROM orders JOIN shops ON shop_id = id"$' "" cat query.yaml
expect "new: and the model is right" 0 "^query.yaml: valid" "" "$yamlgrad" check query.yaml
expect "new: --query of no database" 1 "" "query is for a database; 'birds.csv' is none" \
    "$yamlgrad" new birds.csv --target species --query x
# Several files are one table: by a pattern, or one by one.
mkdir -p years
for y in 1 2 3; do
    { echo a,b,kind; for i in {1..40}; do echo "$((i * y % 17)),$((i % 5)),k$((i % 2))"; done; } >"years/$y.csv"
done
expect "new: a pattern" 0 "" "from 2 columns, in 120 rows$" "$yamlgrad" new "years/*.csv" -t kind -o years.yaml
expect "new: the pattern stays one" 0 '^    csv: "years/[*].csv"$' "" cat years.yaml
expect "new: several files" 0 '^    csv: \["years/1.csv", "years/3.csv"\]$' "" \
    sh -c "'$yamlgrad' new years/1.csv years/3.csv -t kind 2>/dev/null"
expect "new: a pattern of nothing" 1 "" "no file matches 'year/[*].csv'" "$yamlgrad" new "year/*.csv" -t kind
expect "data: several files" 0 "^years/1.csv and 2 more files, 120 rows$" "^peak memory: " "$yamlgrad" data years.yaml
expect "new: --table of no database" 1 "" "table is for a database; 'birds.csv' is none" \
    "$yamlgrad" new birds.csv --target species --table x

# ------------------------------------------------------------------------------- data --

expect "data: parts" 0 "^validation +18$" "^peak memory: " "$yamlgrad" data birds.yaml
expect "data: columns, gaps, and what reads them" 0 "^bill \(mm\) +numbers +11[0-9] +30\..* +4[23]\..* +8 +x$" "^peak memory: " \
    "$yamlgrad" data birds.yaml
expect "data: a column that nothing reads" 0 "^study +text +1$" "^peak memory: " "$yamlgrad" data birds.yaml
expect "data: dates" 0 "^when +dates +84 +2007-11-01 +2009-11-28 +x$" "^peak memory: " "$yamlgrad" data birds.yaml
expect "data: classes by part" 0 "^c, d +28 +6 +6$" "^peak memory: " "$yamlgrad" data birds.yaml
expect "data: elements as they are fed" 0 "^bill \(mm\) +-1\.[0-9]+ +0 +1\.[0-9]+ +1$" "^peak memory: " \
    "$yamlgrad" data birds.yaml
expect "data: examples" 0 "^example +1 +2$" "^peak memory: " "$yamlgrad" data birds.yaml --examples 2
expect "data: their classes" 0 "^species( +(A: x|hidden|c, d)){3}$" "^peak memory: " "$yamlgrad" data birds.yaml
no_examples() { "$yamlgrad" data birds.yaml --examples 0 | grep "^example "; }
expect "data: no examples" 1 "" "^peak memory: " no_examples
expect "data: rows of the model" 0 "^x.0 +0 +0.5 +1 +0.5$" "^peak memory: " "$yamlgrad" data xor.yaml
expect "data --json" 0 '"parts": \{"train": 84, "validation": 18, "test": 18\}, "rows": 120' "^peak memory: " \
    "$yamlgrad" data birds.yaml --json
expect "data --json: a column" 0 '"name": "study", "cells": "text", "different": 1, "more": false, "missing": 0, "read_by": null' "^peak memory: " \
    "$yamlgrad" data birds.yaml --json
expect "data: too many examples" 2 "" "examples takes a whole number from 0 to 10, not '11'" \
    "$yamlgrad" data birds.yaml --examples 11
expect "data: without a section" 1 "" "the model has no .data:. section" "$yamlgrad" data bare.yaml
expect "data --html" 0 "" "^written: birds.html$" "$yamlgrad" data birds.yaml --html birds.html
cat >spots.yaml <<'END'
format: 1
inputs: {x: [B, 2, 2]}
targets: {y: {shape: [B], dtype: i32, classes: [dark, light]}}
graph: {h: {type: linear, input: "flatten(x, 1)", out_features: 2}}
outputs: [h]
loss: cross_entropy(h, y)
data: {train: {x: [[[0, 0], [0, 1]], [[1, 1], [1, 0]]], y: [dark, light]}}
END
cat >rare.yaml <<'END'
format: 1
vars: {how: "'weights'"}
inputs: {x: [B]}
targets: {y: {shape: [B], dtype: i32, classes: [often, rare]}, weight: [B]}
graph: {h: {type: linear, input: "unsqueeze(x, 1)", out_features: 2}}
outputs: [h]
loss: mean(weight * cross_entropy(h, y, reduction=none))
data:
  train: {x: [1, 2, 3, 4, 5], y: [often, often, rare, often, often]}
  balance: how
END
expect "data: balance by weights" 0 "^rare +1 +2.5$" - "$yamlgrad" data rare.yaml
expect "data: weights are fed" 0 "^weight +0.625 +0.625 +2.5$" - "$yamlgrad" data rare.yaml
expect "data --json: balance" 0 '"how": "weights", "by": "y", "examples": 5, .*"class": "rare", "examples": 1, "weight": 2.5' \
    - "$yamlgrad" data rare.yaml --json
sed 's/, weight: \[B\]//; s/^loss:.*/loss: cross_entropy(h, y)/' rare.yaml >repeated.yaml
expect "data: balance by repeating" 0 "^rare +1 +4 times$" - \
    "$yamlgrad" data repeated.yaml --set "how='oversample'"
expect "data: repeated examples are counted" 0 "^train +8$" - \
    "$yamlgrad" data repeated.yaml --set "how='oversample'"
expect "data --pictures" 0 "^row 2: light$" "^written: spots.png$" \
    "$yamlgrad" data spots.yaml --pictures spots.png
"$yamlgrad" data spots.yaml --html spots.html 2>/dev/null
expect "data --html: pictures with their classes" 0 \
    '<img alt="" src="data:image/png;base64,iVBORw0KGgo[A-Za-z0-9+/]*=*"><figcaption>light</figcaption>' "" \
    cat spots.html
decoded() { sed -n 's/.*base64,\([^"]*\)"><figcaption>dark<.*/\1/p' spots.html | base64 -d | tail -c 8 | head -c 4; }
expect "data --html: a picture is whole" 0 "^IEND$" "" decoded
letters() { head -c 4 spots.png | tail -c 3; }
expect "data --pictures: a PNG file" 0 "^PNG$" "" letters
expect "data: all that is asked for is written" 0 "^row 2: light$" "^written: both.html$" \
    "$yamlgrad" data spots.yaml --html both.html --pictures both.png
expect_true "… the picture too" test -s both.png
expect "data --pictures: of what is no image" 1 "" "no input is images" \
    "$yamlgrad" data birds.yaml --pictures birds.png
expect "data --html: a bar for each class" 0 ">hidden</text><rect .*>28</text>" "" cat birds.html
expect "data --html: names are text" 0 "<h3>island, home</h3>" "" cat birds.html
printf '<b>,y\n<i>1</i>,0\n<i>2</i>,1\n<i>1</i>,1\n<i>2</i>,0\n<i>1</i>,1\n<i>2</i>,0\n' >tags.csv
"$yamlgrad" new tags.csv -o tags.yaml 2>err && "$yamlgrad" data tags.yaml --html tags.html 2>err
expect "data --html: tags are text" 0 "&lt;i>1&lt;/i>" "" cat tags.html
expect "data --html: and no tags" 1 "" "" grep -E '<[bi]>' tags.html
expect "data --html: nothing is fetched, nothing runs" 1 "" "" grep -E 'http|src=|<script|url\(|@import' birds.html

# ------------------------------------------------------------------------------- cv --

expect "cv" 0 "^mean +[0-9.e-]+ +(1|0\.9)" "^fold 3/3  loss 0" "$yamlgrad" cv birds.yaml --folds 3
expect "cv: a fold has a third of the rows" 0 "^3 +40 +[0-9]+ +[0-9.e-]+ +(1|0\.9)" "" \
    "$yamlgrad" cv birds.yaml --folds 3 --quiet
expect "cv: its runs are kept" 0 "" "" test -f runs/birds/fold-3/weights.safetensors
"$yamlgrad" cv birds.yaml -k 3 -q --json >first.json
"$yamlgrad" cv birds.yaml -k 3 -q --json --threads 1 --out elsewhere >second.json
expect "cv: the same each time" 0 "" "" cmp first.json second.json
expect "cv --json" 0 '^\{"folds": \[\{"fold": 1, "examples": 40, "best_epoch": [0-9]+, "loss": ' "" cat first.json
expect "cv --json: means" 0 '"mean": \{"loss": [0-9.e-]+, "accuracy": [0-9.]+\}, "deviation": \{"loss": ' "" cat first.json
expect "cv: beside it the model trains" 0 "" "" "$yamlgrad" train birds.yaml --quiet
expect "cv: again in the same folder" 0 "" "" "$yamlgrad" train birds.yaml --quiet
expect "cv: more folds than rows" 1 - "fold 1 of 5 gets no example: there are 4 examples; take fewer folds" \
    "$yamlgrad" cv xor.yaml --epochs 1 --out xor_folds
expect "cv: one fold" 2 "" "folds takes a whole number from 2 to 1000, not '1'" "$yamlgrad" cv xor.yaml -k 1
awk 'BEGIN { print "shop,a,y"; for (i = 0; i < 60; i++) print i % 6 "," i % 7 "," i % 7 + 1 }' >shops.csv
cat >shops.yaml <<'MODEL'
format: 1
inputs: {x: [B, 1]}
targets: {y: [B, 1]}
graph: {p: {type: linear, input: x, out_features: 1}}
outputs: [p]
loss: mse(p, y)
data:
  train: {csv: shops.csv, x: a, y: y}
  validation: {from: train, fraction: 0.2, group: shop}
train: {epochs: 2, optimizer: {type: adam, lr: 0.01}}
MODEL
expect "cv: groups stay whole" 0 "^2 +20 +" "" "$yamlgrad" cv shops.yaml --folds 3 --quiet
expect "cv: more folds than groups" 1 - "fold 7 of 7 gets no example: there are 60 examples in too few groups" \
    "$yamlgrad" cv shops.yaml --folds 7 --quiet
awk 'BEGIN { print "day,a,y"; for (i = 0; i < 60; i++) print i "," i % 7 "," i % 7 + 1 }' >days.csv
sed 's/validation/test/; s/group: shop/time: day/; s/shops.csv/days.csv/' shops.yaml >days.yaml
expect "cv: by time, ten rows each after the first ten" 0 "^5 +10 +" "" "$yamlgrad" cv days.yaml --quiet
expect "cv: a gap is kept in the record" 0 '"gap": 3' "" \
    sh -c "'$yamlgrad' cv days.yaml --gap 3 --quiet >/dev/null && cat runs/days/fold-5/run.json"
expect "cv: a gap that leaves nothing" 1 "" "days.yaml:9:9: error: fold 1 of 5 leaves no example to train on: " \
    "$yamlgrad" cv days.yaml --gap 10
sed 's/time: day/column: day, equals: 3/; s/fraction: 0.2, //' days.yaml >day.yaml
expect "cv: not by a value" 1 "" "day.yaml:9:9: error: folds take turns as the test part, so they cannot go by one value" \
    "$yamlgrad" cv day.yaml
# Ctrl-C prints what is done.
interrupted_cv() {
    "$yamlgrad" cv endless.yaml --folds 2 --out endless_folds &
    local process=$!
    for _ in {1..600}; do
        [ ! -f endless_folds/fold-1/checkpoint.safetensors ] || break
        sleep 0.1
    done
    kill -INT $process
    wait $process
}
expect "cv: interrupted" 130 "" "^interrupted: 0 of 2 folds are done$" interrupted_cv

# ------------------------------------------------- what --help says, the man page says too --

for command in "${commands[@]}"; do
    for option in $("$yamlgrad" help "$command" | grep -o -- '--[a-z-]*' | sort -u); do
        name=${option#--}
        [ "$name" != help ] || continue
        expect_true "man page: $command $option" grep -q -- "Fl Fl $name" "$source/docs/yamlgrad.1"
        expect_true "bash: $command $option" \
            grep -Eq "^ +${command}\) .* ${option}[ \"]" "$source/completions/yamlgrad.bash"
        expect_true "fish: $command $option" \
            grep -Eq "_option \"?[a-z ]*${command}[a-z ]*\"? .*-l $name( |$)" \
            "$source/completions/yamlgrad.fish"
        expect_true "zsh: $option" grep -Eq -- "${option}(\\[|=|}|-\\[)" "$source/completions/_yamlgrad"
    done
done
expect_true "bash completion parses" bash -n "$source/completions/yamlgrad.bash"
expect "bash completion: the paths of --set" 0 "^train.optimizer.lr=$" "" bash -c \
    "yamlgrad() { '$yamlgrad' \"\$@\"; }; source '$source/completions/yamlgrad.bash'; _yamlgrad_keys"

finish
