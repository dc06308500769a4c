#!/usr/bin/env bash
# Data that are larger than `memory:` of the section `data` take no more memory than that, whatever their size.
# The command prints its peak.
# usage: memory.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
images=$2/tests/fixtures/images
cd "$scratch" || exit 1

# AddressSanitizer holds back memory that was freed.
export ASAN_OPTIONS="quarantine_size_mb=0:thread_local_quarantine_size_kb=0:${ASAN_OPTIONS:-}"

# peak: of the last command, in KiB, from what it printed.
peak() {
    sed -n 's/.*peak memory:\{0,1\} \([0-9.]*\) \([KMG]\)iB$/\1 \2/p' .err |
        awk '{ print int($1 * ($2 == "G" ? 1048576 : $2 == "M" ? 1024 : 1)) }'
}

# measure NAME COMMAND…: *NAME becomes the peak of the command.
measure() {
    local -n measured=$1
    expect "$1: $2 $3" 0 - "peak memory:? [0-9.]+ [KMG]iB" "$yamlgrad" "${@:2}"
    measured=$(peak)
    [ -n "$measured" ] || measured=0
}

# expect_flat NAME SMALL LARGE HELD SIZE: `LARGE` may be above `SMALL`, the peak of a tenth of the data, by less than half
# of SIZE, the KiB of all data. `HELD`, with all data in memory, must show what that would take.
expect_flat() {
    expect_true "$1: peaks of $2 KiB and of $3 KiB for ten times the data" test $(($3 - $2)) -lt $(($5 / 2))
    expect_true "$1: $4 KiB with all data in memory" test $(($4 - $3)) -gt $(($5 / 2))
}

# ------------------------------------------------------------------------------------- a table --

# 4 numbers of 8 bytes while their mean is not known: 3,125 KiB.
awk 'BEGIN { srand(1); print "y,a,b,c,d"
             for (r = 0; r < 100000; r++) { x = int(900 * rand()) + 100
                 print r % 3 ",." x ",." 1099 - x ",." (x + r) % 1000 ",." r % 1000 } }' >large.csv
head -10001 large.csv >small.csv
cat >table.yaml <<'END'
format: 1
name: table
inputs: {x: [B, 4]}
targets: {y: {shape: [B], dtype: i32, classes: 3}}
graph:
  h: {type: linear, input: x, out_features: 3}
outputs: [h]
loss: cross_entropy(h, y)
data:
  train: {csv: large.csv, x: "*", y: y}
  validation: {from: train, fraction: 0.1}
  standardize: [x]
  memory: 300 KB
train: {epochs: 1, batch_size: 500, optimizer: {type: sgd, lr: 0.1}}
END
sed 's/memory: .*/memory: 1 GB/' table.yaml >held.yaml
small=0 large=0 held=0 # measure sets them
measure small train table.yaml --data train=small.csv --out run
measure large train table.yaml --out run
measure held train held.yaml --out run
expect_flat "train on a table" "$small" "$large" "$held" 3125
# A file of `eval` goes to a file of its own as well: the scores are those of all in memory.
expect "train for eval" 0 - - "$yamlgrad" train table.yaml --quiet --out run
expect "eval: all in memory" 0 "^loss" "" "$yamlgrad" eval held.yaml --weights run/weights.safetensors --data large.csv
cp .out held.out
expect "eval: from a file" 0 "^loss" "" "$yamlgrad" eval table.yaml --weights run/weights.safetensors --data large.csv
cp .out file.out
expect_true "eval: the same scores" cmp held.out file.out
expect "eval: nowhere to put the data" 1 "" "larger than .memory:.*/nowhere" env TMPDIR=/nowhere \
    "$yamlgrad" eval table.yaml --weights run/weights.safetensors --data large.csv
# `data` keeps a sample of each column too, of at most 512 KiB.
measure large data table.yaml
measure held data held.yaml
expect_true "data: peaks of $large KiB, and of $held KiB with all in memory" test $((held - large)) -gt 1500

# ------------------------------------------------------------------------------------ pictures --

# 96 by 96 pixels of three bytes: 27 KiB a picture, 3,240 KiB in all.
for class in a b; do
    mkdir -p "large/$class" "small/$class"
    for i in {1..60}; do
        ln -s "$images/colour.png" "large/$class/$i.png"
        [ "$i" -gt 6 ] || ln -s "$images/colour.png" "small/$class/$i.png"
    done
done
cat >pictures.yaml <<'END'
format: 1
name: pictures
inputs: {x: [B, 3, 96, 96]}
targets: {y: {shape: [B], dtype: i32, classes: 2}}
graph:
  h: {type: linear, input: "mean(x, dim=[2, 3])", out_features: 2}
outputs: [h]
loss: cross_entropy(h, y)
data:
  train: {images: large, x: image, y: class}
  columns: {image: {kind: image, resize: [96, 96]}}
  memory: 300 KB
train: {epochs: 1, batch_size: 4, optimizer: {type: sgd, lr: 0.1}}
END
sed 's/memory: .*/memory: 1 GB/' pictures.yaml >held.yaml
measure small train pictures.yaml --data train=small --out run
measure large train pictures.yaml --out run
measure held train held.yaml --out run
expect_flat "train on pictures" "$small" "$large" "$held" 3240

finish
