#!/usr/bin/env bash
# `yamlgrad runs`: which runs it finds, in which order, and what it says of them. The folders are written
# by hand, so that every number is known; one is trained.
# usage: runs.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
source=$2
cd "$scratch" || exit 1

expect "no runs yet" 1 "" "cannot read 'runs': No such file" "$yamlgrad" runs
mkdir empty
expect "a folder without runs" 1 "" "there is no run in 'empty'; .yamlgrad train. makes one" "$yamlgrad" runs empty

# run FOLDER MODEL STARTED SECONDS RECORD [LINE…]: a folder of a run.
run() {
    mkdir -p "$1"
    printf '{"format": 1, "model": "%s", "status": "finished", "started": "%s", "seconds": %s, "epochs": %d, %s}\n' \
        "$2" "$3" "$4" "$(($# - 5))" "$5" >"$1/run.json"
    printf '%s\n' "${@:6}" >"$1/metrics.jsonl"
}
line() { printf '{"epoch": %s, "step": %s, "lr": 0.1, "train": {"loss": %s, "auc": %s}, "validation": {"loss": %s, "auc": %s}}' "$1" "$1" "$2" "$3" "$4" "$5"; }
monitor='"monitor": "validation.auc", "mode": "max"'
run runs/b iris 2026-01-02T10:00:00Z 5 "\"best_epoch\": 2, $monitor, \"seed\": 1, \"set\": {}, \"options\": {\"steps\": 9, \"lr\": 0.1},
    \"results\": {\"validation\": {\"loss\": 0.25, \"auc\": 0.75}, \"test\": {\"loss\": 0.5, \"auc\": null}}" \
    "$(line 1 0.9 0.5 0.8 0.5)" "$(line 2 0.3 0.8 0.25 0.75)" "$(line 3 0.2 0.9 0.4 0.7)"
run runs/a iris 2026-01-03T10:00:00Z 4000 "\"best_epoch\": 1, $monitor, \"seed\": 1, \"set\": {\"hidden\": \"5\"}, \"options\": {\"steps\": 9, \"lr\": 0.2}" \
    "$(line 1 0.7 0.6 0.125 0.5)" "$(line 2 0.6 0.7 NaN 0.9)"
sed -i 's/NaN/null/' runs/a/metrics.jsonl
run runs/c/fold-1 other 2026-01-01T10:00:00Z 0.5 '"best_epoch": 1, "monitor": "loss", "seed": 3, "set": {}, "options": {"epochs": 1}' \
    '{"epoch": 1, "step": 1, "lr": 0.1, "train": {"loss": 2.5}}'
run runs/.hidden other 2025-01-01T10:00:00Z 1 '"best_epoch": 1'

# The first column of a listing, without its heading.
order() { "$yamlgrad" runs "$@" | sed -n '2,$s/ .*//p' | paste -sd ' '; }
expect "the oldest first, and those below a folder" 0 "^runs/c/fold-1 runs/b runs/a$" "" order
expect "the newest first" 0 "^runs/a runs/b runs/c/fold-1$" "" order --reverse
expect "by name" 0 "^runs/a runs/b runs/c/fold-1$" "" order --sort run
expect "by time" 0 "^runs/c/fold-1 runs/b runs/a$" "" order --sort time
expect "by time, the other way round" 0 "^runs/a runs/b runs/c/fold-1$" "" order --sort time -r
expect "the lowest loss first, and last what has none" 0 "^runs/a runs/b runs/c/fold-1$" "" order --sort validation.loss
expect "the highest loss first, and still last what has none" 0 "^runs/b runs/a runs/c/fold-1$" "" order --sort validation.loss --reverse
expect "the best first where runs say what that is" 0 "^runs/b runs/a runs/c/fold-1$" "" order --sort validation.auc
expect "also of another part" 0 "^runs/b runs/a runs/c/fold-1$" "" order --sort train.auc
ln -s b runs/z
ln -s .. runs/c/loop
expect "a run has one row, also through links" 0 "^runs/c/fold-1 runs/b runs/a$" "" order runs runs/a
rm runs/z runs/c/loop
expect "some folders" 0 "^runs/a runs/b$" "" order runs/b runs/a --sort run
expect "a score that no run has" 1 "" "no run has 'validation.los'; did you mean 'validation.loss'" "$yamlgrad" runs --sort validation.los
expect "no score at all" 1 "" "no run has 'zzz'; known: started, run, model, " "$yamlgrad" runs --sort zzz

# What a row says. Scores are those of the kept weights: in run.json, else in the best epoch.
expect "a finished run" 0 \
    "^runs/b +iris +finished +2026-01-02 10:00 +5.0 s +3 +2 +0\.25 +0\.75 +0\.5 +undefined +0\.3 +0\.8 +lr=0\.1$" "" "$yamlgrad" runs
expect "a run without results" 0 \
    "^runs/a +iris +finished +2026-01-03 10:00 +1 h 06 min +2 +1 +0\.125 +0\.5 +0\.7 +0\.6 +hidden=5 lr=0\.2$" "" "$yamlgrad" runs
expect "the only run of its model: all that was set" 0 "^runs/c/fold-1 .* +2\.5 +epochs=1$" "" "$yamlgrad" runs
expect "scores of the training part only where a run has no others" 0 "^run .* test\.auc  set$" "" "$yamlgrad" runs runs/a runs/b
expect "… or where it is sorted by" 0 "^run .* test\.auc  train\.loss  set$" "" "$yamlgrad" runs runs/a runs/b --sort train.loss
expect "as JSON" 0 '^\[\{"run": "runs/c/fold-1", "model": "other", .*"scores": \{"train\.loss": 2\.5\}\}, \{"run": "runs/b", .*"set": \{\}, "options": \{"steps": 9, "lr": 0\.1.*"test\.auc": null' "" \
    "$yamlgrad" runs --json

# More scores than there are columns: each run shows one of its own all the same.
many='"loss": 0.5, "m1": 1, "m2": 2, "m3": 3, "m4": 4, "m5": 5, "m6": 6, "m7": 7, "m8": 8, "m9": 9'
few='{"epoch": 1, "step": 1, "lr": 0.1, "train": {"loss": 2.5}}'
for name in a b; do
    run mixed/$name large 2026-01-02T10:00:00Z 5 '"best_epoch": 1, "monitor": "validation.m1"' \
        "{\"epoch\": 1, \"step\": 1, \"lr\": 0.1, \"train\": {$many}, \"validation\": {$many}}"
done
run mixed/c small 2026-01-03T10:00:00Z 5 '"best_epoch": 1, "monitor": "train.loss"' "$few"
expect "scores that most runs have come first" 0 "^run .* best  train\.loss  validation\.loss  validation\.m1 " "" "$yamlgrad" runs mixed
expect "… so that each has one" 0 "^mixed/c +small .* 2\.5 *$" "" "$yamlgrad" runs mixed
expect "… and that of --sort" 0 "^run .* best  train\.m9  train\.loss " "" "$yamlgrad" runs mixed --sort train.m9
run mixed/c small 2026-01-03T10:00:00Z 5 '"best_epoch": 1, "monitor": "train.loss", "results": {"test": {"loss": 0.5}}' "$few"
expect "a run that has none of them" 0 "^mixed/c +small .* train\.loss 2\.5 *$" "" "$yamlgrad" runs mixed
expect "… has a column for what it is judged by" 0 " validation\.m6  judged by  *set$" "" "$yamlgrad" runs mixed
expect "… with that of the others" 0 "^mixed/a +large .* validation\.m1 1 *$" "" "$yamlgrad" runs mixed

# A run that was killed cannot say so; its lock has ended with it.
run killed/k other 2026-01-01T10:00:00Z 1 '"best_epoch": 1' "$(line 1 0.7 0.6 0.125 0.5)"
sed -i 's/finished/running/' killed/k/run.json
expect "a killed run, without a lock" 0 "^killed/k +other +killed " "" "$yamlgrad" runs killed
echo 1 >killed/k/run.lock
expect "… and with the file of its lock" 0 "^killed/k +other +killed " "" "$yamlgrad" runs killed
while_locked() { flock killed/k/run.lock "$@"; }
expect "a run that goes on" 0 "^killed/k +other +running " "" while_locked "$yamlgrad" runs killed
expect "… as a page" 0 "" "^written" while_locked "$yamlgrad" report killed/k --out page.html

# A run that cannot be read is left out, and the others are listed.
mkdir runs/broken
echo '{"model": ' >runs/broken/run.json
expect "a broken run" 0 "^runs/a " "^note: 'runs/broken' is left out: .*this is no JSON" "$yamlgrad" runs
rm -r runs/broken

# The page opens offline. Names are text in it, and in gnuplot's script.
# shellcheck disable=SC2016 # names that a shell would expand
odd='runs/<b>`id`"'"'"
cp -r runs/b "$odd"
expect "a page" 0 "" "^written: page\.html$" "$yamlgrad" runs --html page.html
expect_true "… with a row for each run" test "$(grep -c '^<tr>' page.html)" -eq 4
# shellcheck disable=SC2016
expect_true "… with names as text" grep -q 'runs/&lt;b>`id`&quot;' page.html
expect "… that asks nobody for anything" 1 "" "" grep -E '(src|href)="(https?:)?//' page.html
if command -v gnuplot >/dev/null; then
    curves() { sed -n 's/.*<img alt="\([^"]*\)".*/\1/p' page.html | paste -sd ' '; }
    expect "… with a curve of each score" 0 "^validation\.loss validation\.auc train\.loss train\.auc$" "" curves
    drawn() { sed -n 's/.*alt="train\.loss".*base64,\([^"]*\)".*/\1/p' page.html | base64 -d; }
    expect "… of each run" 0 "runs/c/fold-1" "" drawn
fi
# Without gnuplot the page has the table.
mkdir bin
ln -s "$yamlgrad" bin/yamlgrad
without() { PATH=$scratch/bin "$yamlgrad" runs --html bare.html; }
expect "without gnuplot" 0 "" "^note: curves are drawn by gnuplot" without
expect_true "… with the table" grep -q "<td>runs/a" bare.html
expect "a page that cannot be written" 1 "" "error: .*none/page\.html" "$yamlgrad" runs --html none/page.html

# One that was trained.
cp "$source/models/xor.yaml" .
"$yamlgrad" train xor.yaml --quiet --epochs 3 --out trained --set hidden=3 || fail "train" "it has to work"
expect "a trained run" 0 "^trained  xor +finished .* 3 +3 +0\.[0-9]+ +[0-9.]+  hidden=3 epochs=3$" "" "$yamlgrad" runs trained

finish
