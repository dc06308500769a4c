#!/usr/bin/env bash
# `mpirun -n P yamlgrad train`: the bits are those of one process, and whatever goes wrong on one process
# ends all of them with one message.
# usage: several_processes.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
source=$2
if ! command -v mpirun >/dev/null || [ ! -e "$(dirname "$yamlgrad")/yamlgrad_mpi.so" ]; then
    echo "skipped: Open MPI is not installed (Debian's packages are libopenmpi-dev and openmpi-bin)"
    exit 77
fi
cd "$scratch" || exit 1

# In a container: as root, more processes than cores, no network, no shared memory by ptrace. MPI itself
# leaks memory.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl=self,vader
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_plm=isolated OMPI_MCA_odls_base_sigkill_timeout=3
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0

# processes P ARGUMENT…: trains by P processes; 1: without mpirun.
processes() {
    local count=$1
    shift
    if [ "$count" -eq 1 ]; then
        "$yamlgrad" train "$@" --threads 1 --no-report
    else
        timeout 120 mpirun -q -n "$count" "$yamlgrad" train "$@" --threads 1 --no-report
    fi
}

# same A B: the files of two runs that do not depend on the clock are the same bytes.
same() {
    local file
    for file in weights last checkpoint; do
        cmp "$1/$file.safetensors" "$2/$file.safetensors" || return 1
    done
    cmp "$1/history.csv" "$2/history.csv"
}

# same_bits NAME MODEL ARGUMENT…: by 1, 2, 3 and 4 processes.
same_bits() {
    local name=$1 count
    shift
    expect "$name, 1 process" 0 "" "" processes 1 "$@" -q --out one
    for count in 2 3 4; do
        expect "$name, $count processes" 0 "" "" processes "$count" "$@" -q --out "by$count"
        expect_true "$name, the bits of $count processes" same one "by$count"
    done
    rm -rf one by?
}

iris=(--data "train=$source/models/data/iris.csv")
dense=("$source/models/iris.yaml" "${iris[@]}" --set train.shards=4)

# ------------------------------------------------------------------------------------------- bits --

# 97 examples: the last batch of an epoch has one example, and all processes but one have none.
same_bits "dense" "${dense[@]}" --epochs 3
cat >train.yaml <<END
epochs: 12
batch_size: 60
shards: 7
optimizer: {type: adam, lr: 0.05}
clip_grad_norm: 0.5
l2: {"*.weight": 1e-3}
average: {decay: 0.9}
keep_every: 2
early_stopping: {monitor: validation.roc_auc, mode: max, patience: 3}
reduce_on_plateau: {factor: 0.5, patience: 1}
END
{
    sed -n '/^train:/q;p' "$source/models/breast_cancer.yaml"
    echo train:
    sed 's/^/  /' train.yaml
} >clipped.yaml
same_bits "clipping, penalties, averages, a score of rows, early stopping" clipped.yaml \
    --data "train=$source/models/data/breast_cancer.csv"

cat >pictures.yaml <<END
format: 1
name: pictures
inputs: {image: [B, 1, 8, 8]}
targets: {digit: {shape: [B], dtype: i32, classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]}}
graph:
  c1: {type: conv2d, input: image, out_channels: 4, kernel_size: 3, padding: 1}
  n1: {type: batch_norm, activation: relu}
  p1: {type: max_pool2d, kernel_size: 2}
  c2: {type: conv2d, out_channels: 6, kernel_size: 3, padding: 1, use_bias: false}
  n2: {type: batch_norm, activation: relu, cumulative: true}
  d: {type: dropout, p: 0.3}
  logits: {type: linear, input: "flatten(d, 1)", out_features: 10}
outputs: {p: "softmax(logits, dim=-1)"}
loss: cross_entropy(logits, digit)
metrics: {accuracy: "accuracy(logits, digit)"}
data:
  train: {images: "$source/models/data/digits", image: image, digit: class}
  validation: {from: train, fraction: 0.3}
  columns: {image: image}
  transform: {image: image / 255}
train: {steps: 6, batch_size: 40, shards: 6, seed: 3, optimizer: {type: sgd, lr: 0.1, momentum: 0.9}}
END
same_bits "convolutions, batch normalization, dropout" pictures.yaml
# Statistics of the whole batch. Here the last batch has shards for one process only, and then for two.
sed 's/type: batch_norm,/type: batch_norm, sync: true,/; s/steps: 6, batch_size: 40/epochs: 1, batch_size: 209/' \
    pictures.yaml >sync.yaml
same_bits "statistics of the whole batch" sync.yaml
same_bits "the same, fewer shards than processes" sync.yaml --batch-size 139
expect "a part of it" 0 "" "" processes 3 sync.yaml -q --out parts_of_sync
expect "the rest" 0 "" "" processes 2 sync.yaml --epochs 2 -q --out parts_of_sync --resume
expect "all of it" 0 "" "" processes 1 sync.yaml --epochs 2 -q --out all_of_sync
expect_true "the bits of all of it" same all_of_sync parts_of_sync

sed "s|data/messages|$source/models/data/messages|; s/words: 2000/words: 60/" \
    "$source/models/messages_lstm.yaml" >messages.yaml
same_bits "sequences" messages.yaml --steps 4 --set train.shards=4 --set vars.hidden=6 --dtype f64

# ----------------------------------------------------------------------------------------- resume --

expect "a whole run" 0 "" "" processes 1 "${dense[@]}" --epochs 6 -q --out whole
expect "a part of it, by 4 processes" 0 "" "" processes 4 "${dense[@]}" --epochs 2 -q --out parts
expect "another, by 2" 0 "" "" processes 2 "${dense[@]}" --epochs 3 -q --out parts --resume
expect "the rest, by 3" 0 "" "" processes 3 "${dense[@]}" --epochs 6 -q --out parts --resume
expect_true "the bits of the whole run" same whole parts
expect "with other shards" 1 "" "shards was 4, is 8" processes 2 "$source/models/iris.yaml" "${iris[@]}" \
    --set train.shards=8 --epochs 7 -q --out parts --resume
expect "what no run was begun of" 1 "" "there is no run to go on with" processes 2 "${dense[@]}" --epochs 2 -q \
    --out nothing --resume

# background P ARGUMENT…: a long run in the folder `long`; returns when it has saved for the first time.
background() {
    rm -rf long
    processes "$1" "${dense[@]}" --epochs 100000 --set train.checkpoint.epochs=1 -q --out long \
        >background.out 2>background.err &
    job=$!
    for _ in $(seq 600); do
        [ ! -e long/checkpoint.safetensors ] || return 0
        sleep 0.1
    done
    return 1
}

# children: the numbers of the processes of that run, process 0 first.
children() {
    local pid
    for pid in $(pgrep -f -- "^$yamlgrad train .*--out long"); do
        printf '%s %s\n' "$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p')" "$pid"
    done | sort -n | sed 's/.* //'
}

ended() {
    local pid
    for _ in $(seq 300); do
        for pid in "$@"; do
            ! kill -0 "$pid" 2>/dev/null || { sleep 0.1; continue 2; }
        done
        return 0
    done
    return 1
}

steps_done() { grep -c . "long/history.csv"; }

# go_on: what is left goes on to the bits of a run that was never interrupted.
go_on() {
    local epochs
    epochs=$(("$(steps_done)" + 2))
    processes 3 "${dense[@]}" --epochs "$epochs" --set train.checkpoint.epochs=1 -q --out long --resume &&
        processes 1 "${dense[@]}" --epochs "$epochs" --set train.checkpoint.epochs=1 -q --out never &&
        same never long
}

expect_true "a run that is stopped" background 2
mapfile -t pids < <(children)
expect_true "it has two processes" test "${#pids[@]}" -eq 2
mpirun=$(ps -o ppid= -p "${pids[0]}" | tr -d ' ')
expect_true "Ctrl-C for mpirun" kill -INT "$mpirun"
expect_true "ends both" ended "${pids[@]}"
wait "$job"
expect_true "nothing else is left" test -z "$(find long -name '*.tmp*' -o -name run.lock)"
expect_true "the run says how it ended" grep -q '"status": "interrupted"' long/run.json
expect_true "it goes on by 3 processes" go_on

expect_true "a run one of whose processes is killed" background 3
mapfile -t pids < <(children)
expect_true "kill -9 of process 1" kill -KILL "${pids[1]}"
expect_true "ends all" ended "${pids[@]}"
wait "$job"
expect_true "it goes on" go_on
expect_true "nothing else is left then" test -z "$(find long -name '*.tmp*' -o -name run.lock)"

# ------------------------------------------------------------------------------------ one message --

# expect_once NAME TEXT COMMAND…: fails with that error, which is told once, and no other.
expect_once() {
    local name=$1 text=$2
    shift 2
    expect "$name" 1 "" "$text" "$@"
    cp "$scratch/.err" told
    [ "$(grep -c "error:" told)" -eq 1 ] || fail "$name: told once" "$(cat told)"
}

expect_once "without shards" "write .shards: 8. there, or --set train.shards=8" \
    processes 2 "$source/models/iris.yaml" "${iris[@]}" --out wrong
expect_once "more processes than shards" "3 processes cannot share 2 shards" \
    processes 3 "$source/models/iris.yaml" "${iris[@]}" --set train.shards=2 --out wrong
expect_once "no such model" "cannot open 'nothing.yaml'" processes 3 nothing.yaml
expect_once "a folder that cannot be made" "cannot make" processes 3 "${dense[@]}" --out /dev/null/wrong
expect_true "no folder is left" test ! -e wrong
expect "a wrong option" 2 "" "unknown option" processes 3 "${dense[@]}" --wrong
expect_true "it is told once" test "$(grep -c 'unknown option' .err)" -eq 1

mkdir used
flock used/run.lock sleep 60 &
holder=$!
sleep 0.2
expect_once "a folder that another run is in" "'used' is in use by another run" \
    processes 2 "${dense[@]}" --epochs 1 --out used
kill "$holder"

# two ARGUMENTS-OF-0 -- ARGUMENTS-OF-1
two() {
    local first=()
    while [ "$1" != -- ]; do
        first+=("$1")
        shift
    done
    shift
    timeout 120 mpirun -q -n 1 "$yamlgrad" train "${first[@]}" : -n 1 "$yamlgrad" train "$@"
}

sed 's/5\.1,3\.5/5.2,3.5/' "$source/models/data/iris.csv" >other.csv
sed '7s/.*/5.4,x,1.7,0.4,Iris-setosa/' "$source/models/data/iris.csv" >damaged.csv
model=("$source/models/iris.yaml" --set train.shards=2 --epochs 2 --out wrong)
expect_once "other data on process 1" "process 1 does not train what process 0 trains" \
    two "${model[@]}" "${iris[@]}" -- "${model[@]}" --data train=other.csv
expect_once "damaged data on process 1" "damaged.csv:7" \
    two "${model[@]}" "${iris[@]}" -- "${model[@]}" --data train=damaged.csv
expect_once "damaged data on process 0" "damaged.csv:7" \
    two "${model[@]}" --data train=damaged.csv -- "${model[@]}" "${iris[@]}"
expect_once "other settings on process 1" "batch_size is 16 in process 0, and 8 here" \
    two "${model[@]}" "${iris[@]}" -- "${model[@]}" "${iris[@]}" --batch-size 8
expect_once "no such file on process 1" "nothing.csv" \
    two "${model[@]}" "${iris[@]}" -- "${model[@]}" --data train=nothing.csv
expect "weights to start from" 0 "" "" processes 1 "${dense[@]}" --epochs 1 -q --out start
expect_once "other weights on process 1" "process 1 has other weights than process 0 after step 0" \
    two "${model[@]}" "${iris[@]}" --weights start/weights.safetensors -- \
    "${model[@]}" "${iris[@]}" --weights whole/weights.safetensors
expect_once "no model on process 1" "nothing.yaml" two "${model[@]}" "${iris[@]}" -- nothing.yaml
expect_once "a longer run on process 1" "steps is 14 in process 0, and 21 here" \
    two "${model[@]}" "${iris[@]}" -- "${model[@]}" "${iris[@]}" --epochs 3
expect_true "no folder is left of these" test ! -e wrong

# A mistake that shows only in the step of one process: an index that the table does not have.
cat >index.yaml <<END
format: 1
name: index
inputs: {word: {shape: [B], dtype: i32}}
targets: {y: [B, 1]}
graph:
  e: {type: embedding, input: word, num_embeddings: 4, embedding_dim: 2}
  out: {type: linear, out_features: 1}
outputs: {out: out}
loss: mse(out, y)
data: {train: {csv: words.csv, word: word, y: y}}
train: {epochs: 3, batch_size: 8, shards: 4, optimizer: {type: sgd, lr: 0.1}}
END
{
    echo word,y
    for i in $(seq 32); do echo "$((i == 20 ? 9 : i % 4)),$i"; done
} >words.csv
expect_once "a mistake in a step" "index 9" processes 1 index.yaml --out wrong
cp told alone
for count in 2 3 4; do
    expect_once "a mistake in a step, $count processes" "index 9" processes "$count" index.yaml --out wrong
    expect_true "the same words" cmp alone told
done

# Messages of more bytes than MPI counts, with a lower limit: they have a type that is made of blocks. One
# that nobody waits for any more is dropped.
export YAMLGRAD_MPI_BLOCK_BYTES=13
same_bits "large messages" "${dense[@]}" --epochs 2
for count in 2 3 4; do
    expect_once "large messages that are dropped, $count processes" "index 9" \
        processes "$count" index.yaml --out wrong
done
unset YAMLGRAD_MPI_BLOCK_BYTES

sed 's/lr: 0.1/lr: 1e10/; s/8, shards/8, seed: 2, shards/' index.yaml >diverges.yaml
sed -i 's/^9,/1,/' words.csv
expect_once "a loss that is not finite" "error: the loss is" processes 1 diverges.yaml -q --out diverges
cp told alone
for count in 2 3; do
    expect_once "a loss that is not finite, $count processes" "error: the loss is" \
        processes "$count" diverges.yaml -q --out diverges
    expect_true "the same words of it" cmp alone told
done

# --------------------------------------------------------------------------------------- launching --

cp "$yamlgrad" alone_yamlgrad
lone() { OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=$1 ./alone_yamlgrad train "${dense[@]}" --out wrong; }
expect_once "without the shared object" "several processes need|built without MPI" lone 0
expect "… and process 1 is silent" 1 "" "" lone 1
expect "cross-validation" 1 "" "in one process" mpirun -q -n 2 "$yamlgrad" cv "${dense[@]}" --epochs 1
# The example of the document.
document=$source/docs/several-processes.md
mkdir documented
{
    sed -n '/^train:/q;p' "$source/models/iris.yaml" | sed "s|data/iris|$source/models/data/iris|"
    fenced "$document" yaml 1
} >documented/model.yaml
example() {
    cd documented && PATH=$(dirname "$yamlgrad"):$PATH bash -c "$(fenced "$document" sh 1)"
}
expect "the example of docs/several-processes.md" 0 "" "^trained after epoch 10" example
expect "one process under mpirun" 0 "" "" mpirun -q -n 1 "$yamlgrad" train "${dense[@]}" -q --no-report --epochs 1 --out single

finish
