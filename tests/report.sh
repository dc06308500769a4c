#!/usr/bin/env bash
# A run's report: its pictures, its page, and what becomes of them where something is missing or in the way.
# usage: report.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
models=$2/models
cd "$scratch" || exit 1
mkdir temporary
export TMPDIR=$scratch/temporary

run=runs/iris
train() { "$yamlgrad" train "$models/iris.yaml" --quiet --threads 1 "$@"; }
report_without() { mkdir -p nothing && PATH=nothing "$yamlgrad" report "$@"; }

# ------------------------------------------------------------------------ without gnuplot --

expect "a run without a report" 0 "" "" train --epochs 12 --set hidden=5 --no-report
expect "… has none" 1 "" "" test -e $run/report.html
expect "without gnuplot" 0 "" "^note: pictures are drawn by gnuplot" report_without $run
expect "… a page all the same" 0 "<title>iris: run</title>" "" cat $run/report.html
expect "… with the loss" 0 'alt="loss" src="data:image/svg' "" cat $run/report.html
expect "… that says what is missing" 0 "drawn where gnuplot is installed" "" cat $run/report.html
expect "… and what was changed" 0 "changed<td>hidden = 5, epochs = 12" "" cat $run/report.html
expect "… and no picture" 1 "" "" test -e $run/pictures
in_bytes=$(cksum $run/weights.safetensors)

# ----------------------------------------------------------------------------- in the way --

expect "elsewhere" 0 "" "^written: page\.html$" report_without $run -o page.html
[ ! -c /dev/full ] || expect "a full disk" 1 "" "No space left" report_without $run -o /dev/full
expect "no such folder" 1 "" "none/page\.html" report_without $run -o none/page.html
held() {
    (
        flock -n 9 || exit 9
        echo 4711 >&9
        report_without $run "$@"
    ) 9>$run/run.lock
}
expect "a folder that a run works in" 1 "" "'runs/iris' is in use by another run \(process 4711\)" held
expect "… can be looked at from outside" 0 "" "^written: page\.html$" held -o page.html
rm -f $run/run.lock
cp -r $run broken
echo '{"epoch": 1, ' >broken/metrics.jsonl
expect "a broken line" 1 "" "^broken/metrics\.jsonl:1(:[0-9]+)?: error: this is no JSON" report_without broken
cp $run/metrics.jsonl broken
echo 'no' >broken/run.json
expect "a broken record" 1 "" "^broken/run\.json:1(:[0-9]+)?: error: this is no JSON" report_without broken
cp $run/run.json broken
: >broken/metrics.jsonl
expect "no epoch yet" 0 "" "^written: " report_without broken
expect "the page elsewhere leaves the folder alone" 0 "" "" test ! -e $run/pictures
expect "the weights are as they were" 0 "^${in_bytes%% *} " "" cksum $run/weights.safetensors

# ------------------------------------------------------------------------------ with gnuplot --

if ! command -v gnuplot >/dev/null; then
    finish || exit 1
    echo "gnuplot is not installed: no picture was drawn"
    exit 77
fi

expect "a run with its report" 0 "" "" train
for name in loss accuracy; do
    expect "$name.svg" 0 ">validation<" "" cat $run/pictures/$name.svg
    expect "$name.svg marks the best epoch" 0 ">best epoch: $(sed -n 's/.*"best_epoch": \([0-9]*\).*/\1/p' $run/run.json)<" "" \
        cat $run/pictures/$name.svg
    for tick in 0 20 40 60 80 100; do
        expect "$name.svg has round ticks: $tick" 0 ">[ ]*$tick<" "" cat $run/pictures/$name.svg
    done
    expect "$name.png" 0 "^89504e470d0a1a0a$" "" sh -c "head -c 8 $run/pictures/$name.png | od -An -tx1 | tr -d ' '"
done
expect "the page" 0 "<title>iris: run</title>" "" cat $run/report.html
svgs=("$run"/pictures/*.svg)
expect "… has all of them" 0 "^${#svgs[@]}$" "" grep -c 'src="data:image/svg+xml;base64,' $run/report.html
for name in confusion_validation roc_validation confusion_test roc_test; do
    expect "$name is drawn" 0 "" "" test -s $run/pictures/$name.png
done
expect "the matrix names classes" 0 ">virginica<" "" cat $run/pictures/confusion_test.svg
expect "the curve names its area" 0 ">virginica \(AUC [01]" "" cat $run/pictures/roc_test.svg
expect "the page tells the worst examples, under the names of their columns" 0 '<th class="cell">petal_width' "" \
    cat $run/report.html
expect "… with the cells as they stand in the file" 0 '<td class="cell">1\.[0-9]<td class="cell">(versicolor|virginica)' "" \
    cat $run/report.html
expect "without gnuplot the matrix is a table" 0 "" - report_without $run -o plain.html
expect "… of the page" 0 "true .{1,3} predicted" "" cat plain.html
expect "… tells status and scores" 0 "finished" "" cat $run/report.html
expect "… asks for nothing" 1 "" "" grep -E 'https?:|<script|url\(|src="[^d]|href="[^d]' $run/report.html
expect "an older run takes its report along" 0 "" "" test -e runs/iris-1/report.html

# One epoch, two, many; losses that are equal, huge or not finite.
pictures() {
    rm -rf odd && mkdir odd && cp $run/run.json odd
    for line in "$@"; do
        epoch=$((epoch + 1))
        printf '{"epoch": %d, "step": 1, "lr": %s, "train": {"loss": %s}}\n' $epoch "$line" "$line"
    done >odd/metrics.jsonl
    epoch=0
    "$yamlgrad" report odd
}
epoch=0
expect "one epoch" 0 "" "^written" pictures 0.5
expect "… is drawn" 0 "" "" test -s odd/pictures/loss.png
expect "equal losses" 0 "" "^written" pictures 0.5 0.5 0.5
expect "zeros" 0 "" "^written" pictures 0 0
expect "huge losses" 0 "" "^written" pictures 1e90 1e-90 -1e90
expect "losses beyond what can be drawn" 0 "" "^written" pictures 1e300 1e308 1e-300
expect "tiny losses" 0 "" "^written" pictures 1e-320 2e-320
expect "equal tiny losses" 0 "" "^written" pictures 1e-320 1e-320
expect "gaps" 0 "" "^written" pictures null 1 null 2
expect "nothing that is finite" 0 "" "^written" pictures null null
expect "… is no picture" 1 "" "" test -e odd/pictures/loss.svg
# shellcheck disable=SC2046
expect "thousands of epochs" 0 "" "^written" pictures $(seq 1 3000)
expect "… are thinned out" 0 "" "" sh -c "[ \$(wc -c <odd/pictures/loss.svg) -lt 100000 ]"

steps() {
    rm -rf odd && mkdir odd && cp $run/run.json odd
    printf '{"epoch": 1, "step": %d, "lr": 1, "loss": %d}\n' 1 3 2 2 3 1 >odd/metrics.jsonl
    printf '{"epoch": 1, "step": 3, "lr": 1, "train": {"loss": 2}}\n' >>odd/metrics.jsonl
    "$yamlgrad" report odd
}
expect "losses of steps" 0 "" "^written" steps
expect "… are a picture" 0 "loss of the batch" "" cat odd/pictures/loss_of_steps.svg
expect "… beside that of epochs" 0 "" "" test -s odd/pictures/loss.svg

# Text from outside is no command of gnuplot's.
nasty() {
    rm -rf odd && mkdir odd && cp $run/run.json odd
    # shellcheck disable=SC2016
    printf '{"epoch": 1, "step": 1, "lr": 1, "train": {"loss": 1, "a/`touch hacked`'\''b": 2}}\n' >odd/metrics.jsonl
    "$yamlgrad" report odd
}
expect "a name with commands in it" 0 "" "^written" nasty
expect "… runs none" 1 "" "" test -e hacked

sed -e 's/^  f1: .*/&\n  taken: confusion_matrix(logits, y)\n  curve: "roc_curve(softmax(logits, dim=-1), y)"\n  each: "precision_recall_curve(softmax(logits, dim=-1), y)"/' \
    -e "s|data/iris.csv|$models/data/iris.csv|" "$models/iris.yaml" >tables.yaml
expect "metrics that are tables" 0 "" "" "$yamlgrad" train tables.yaml --quiet --threads 1 --epochs 4 --out tables
for name in taken curve each; do
    expect "… are pictures: $name" 0 ">virginica<" "" cat tables/pictures/table_${name}_test.svg
done
expect "… of the page" 0 '<figcaption>taken, validation</figcaption>' "" cat tables/report.html
expect "… or tables" 0 "" - report_without tables -o plain.html
expect "… with names" 0 '^<tr><td>setosa<td class="n">' "" cat plain.html
expect "a regression" 0 "" "" "$yamlgrad" train "$models/diabetes.yaml" --quiet --threads 1 --epochs 3
expect "… has true and predicted values" 0 ">predicted<" "" cat runs/diabetes/pictures/predicted_test.svg
expect "pictures" 0 "" "" "$yamlgrad" train "$models/digits.yaml" --quiet --threads 1 --epochs 1
expect "… that are predicted worst" 0 'src="data:image/png;base64,' "" cat runs/digits/report.html
odd_findings() {
    printf '{"format": 1, "parts": [{"part": "test", "examples": 2, "stride": 1, "outputs": [%s]}]}\n' "$1" >odd/evaluation.json
    "$yamlgrad" report odd
}
# shellcheck disable=SC2016
names='["a`touch hacked`'\''b", "<b>&@x"]'
expect "names of classes are no commands" 0 "" "^written" odd_findings \
    "{\"kind\": \"classes\", \"output\": \"p\", \"target\": \"y\", \"classes\": $names, \"confusion\": [[1, 0], [0, 0]], \"roc\": [{\"class\": \"x'y\", \"auc\": null, \"points\": [[0, 0], [1, 1]]}], \"worst\": []}"
expect "… nor elements of the page" 1 "" "" grep '<b>' odd/report.html
expect "… and run nothing" 1 "" "" test -e hacked
expect "equal points, and gaps" 0 "" "^written" odd_findings \
    '{"kind": "numbers", "output": "p", "target": "y", "points": [[5, 5], [5, 5], [null, 1]], "worst": [{"example": 1, "true": 5, "predicted": null}]}'
expect "what is no finding" 0 "" "^written" odd_findings '{"kind": 3}, 7, null, {"confusion": [[1, 2], 3], "roc": {}, "points": [1, [2]]}'

fails() {
    mkdir -p wrong && printf '#!/bin/sh\necho "line 3: it hurts" >&2\nexit 1\n' >wrong/gnuplot && chmod +x wrong/gnuplot
    PATH=wrong:$PATH "$yamlgrad" report $run
}
before=$(cksum <$run/pictures/loss.png)
expect "gnuplot fails" 1 "" "gnuplot has failed: line 3: it hurts" fails
expect "… and leaves the pictures" 0 "^$before$" "" sh -c "cksum <$run/pictures/loss.png"
expect "no temporary folder is left" 0 "" "" ls "$TMPDIR"

finish
