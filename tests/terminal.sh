#!/usr/bin/env bash
# Text from outside cannot control a terminal: escapes in names, cells, paths, labels and docs are made
# visible, on stdout and stderr, on a terminal and in a file.
# usage: terminal.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
source=$2
cd "$scratch" || exit 1

# ESC, BEL, CSI as a C1 character, a byte that is not UTF-8, a mark that reverses the line.
escape=$'\033]0;title\007'
evil=$'e\033[2Jv\xC2\x9Bi\xE2\x80\xAEl'
raw=$'\033|\007|\xC2[\x80-\x9F]|\xE2\x80[\xA8-\xAE]|\xE2\x81[\xA6-\xA9]'

# harmless FILE: true if no byte of it controls a terminal.
harmless() { ! LC_ALL=C grep -Eq "$raw" "$1"; }
expect_true "the check itself knows plain text" harmless "$source/README.md"
printf '%s' "$evil" >evil
expect "… and what is not" 1 "" "" harmless evil

cat >model.yaml <<'MODEL'
format: 1
name: outside
doc: "a\e[31mred \u202Edoc"
inputs: {x: [B, 1]}
targets: {y: {shape: [B], dtype: i32, classes: 2}}
graph: {z: {type: linear, input: x, out_features: 2}}
outputs: [z]
loss: cross_entropy(z, y)
data: {train: {csv: rows.csv, x: "*", y: label}}
train: {epochs: 1, seed: 1, optimizer: adam}
MODEL
printf 'x,label\n1,%s\n2,b\n3,b\n4,%s\n' "$evil" "$evil" >rows.csv
sed "s/rows.csv/$evil.csv/" model.yaml >named.yaml
sed 's/rows.csv/cell.csv/' model.yaml >cell.yaml
sed 's/rows.csv/column.csv/; s/y: label/y: lebel/' model.yaml >column.yaml
printf 'x,label\n%s,a\n' "$evil" >cell.csv
printf 'x,%s\n1,a\n' "$evil" >column.csv
sed "s/linear/li${escape}near/" model.yaml >type.yaml
cp model.yaml "$evil.yaml"
printf '\xB0\0\0\0\0\0\0\0{"%s":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}%150s' \
    'n\u001b[2J\u009bm' '' >names.safetensors

# Each line: a status and a command. Its output, to a file, must be harmless.
while read -r status command; do
    eval "set -- $command"
    cases=$((cases + 1))
    got=0
    "$yamlgrad" "$@" >out 2>err </dev/null || got=$?
    [ "$got" -eq "$status" ] || fail "$command" "status $got, expected $status" "$(cat -v err)"
    [ -s out ] || [ -s err ] || fail "$command" "it said nothing"
    harmless err || fail "$command: stderr" "$(cat -v err)"
    case $1 in predict | expand) ;; *) harmless out || fail "$command: stdout" "$(cat -v out)" ;; esac
done <<'CASES'
2 "$evil"
2 help "$evil"
2 ops --"$evil"
2 train model.yaml --dtype "$evil"
2 train model.yaml --epochs "$evil"
2 train model.yaml a "$evil"
1 ops "$evil"
1 layers "$evil"
1 schedules "$evil"
1 keys "$evil"
1 check "$escape.yaml"
1 check type.yaml
1 show model.yaml --set "$evil=1"
2 show model.yaml --pass "$evil"
2 show model.yaml --dim "$evil=1"
0 show model.yaml
0 show "$evil.yaml"
1 train named.yaml
1 train cell.yaml
1 train column.yaml
0 train model.yaml --out "$evil"
0 eval model.yaml --weights "$evil/weights.safetensors" --data rows.csv
1 eval model.yaml --weights names.safetensors
1 eval model.yaml --weights "$evil.none"
1 predict model.yaml "$evil.none" --weights "$evil/weights.safetensors"
0 predict model.yaml rows.csv --weights "$evil/weights.safetensors"
0 expand model.yaml
0 check model.yaml
CASES
expect "shown as escapes" 1 "" "cannot open 'e\\\\x1B\[2Jv\\\\u009Bi\\\\u202El\.yml'" \
    "$yamlgrad" check "$evil.yml"
cp type.yaml $'a\nyamlgrad: error: none.yaml'
expect "a file name stays on its line" 1 "" '^a\\nyamlgrad: error: none\.yaml:[0-9]+:[0-9]+: error: ' \
    "$yamlgrad" check $'a\nyamlgrad: error: none.yaml'

# Data for programs keep every byte.
labels() { "$yamlgrad" predict model.yaml rows.csv --weights "$evil/weights.safetensors"; }
expect "CSV into a file is as it is" 0 $'^z\\.b,z\\.e\033\\[2J' "" labels

# On a terminal, made by script(1), data are made harmless too.
if command -v script >/dev/null; then
    # on_terminal NAME COMMAND…: what the command prints on a terminal without colour is harmless.
    on_terminal() {
        local name=$1
        shift
        cases=$((cases + 1))
        NO_COLOR=1 TERM=dumb script -qec "$(printf '%q ' "$yamlgrad" "$@")" typed </dev/null >/dev/null
        grep -v '^Script ' typed >shown # script's own lines repeat the command
        [ -s shown ] || fail "$name" "it said nothing"
        harmless shown || fail "$name" "$(cat -v shown)"
    }
    on_terminal "predict on a terminal" predict model.yaml rows.csv --weights "$evil/weights.safetensors"
    on_terminal "expand on a terminal" expand model.yaml
    on_terminal "JSON on a terminal" show model.yaml --json
    on_terminal "an error on a terminal" train cell.yaml
    # The caret is below its place even if escapes before it are wider than the bytes that they show.
    on_terminal "an excerpt" check type.yaml
    narrow() {
        local train="$yamlgrad train model.yaml --epochs 100000000 --no-report --out n"
        TERM=xterm script -qec "stty cols 30; timeout -s INT 2 $train" typed </dev/null >/dev/null
    }
    narrow
    widest() {
        tr '\r' '\n' <typed | sed $'s/\033\\[[0-9;]*[mK]//g' | sed -n 's/█\|░/#/gp' | awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }'
    }
    expect_true "a live line is drawn on a narrow terminal" test "$(widest)" -gt 6
    expect_true "and fits it" test "$(widest)" -le 29
else
    echo "skipped: what a terminal gets, for there is no script(1)"
fi

# Only terminal.c writes text to a stream. No other file of cli/ does.
others() { grep -nE '(^|[^a-z_])(v?f?printf|fputs|fputc|puts|putchar|putc|fwrite|perror) *\(' "$source"/cli/*.c | grep -v '/terminal\.c:'; }
expect "cli/terminal.c is the only one that prints" 1 "" "" others

finish
