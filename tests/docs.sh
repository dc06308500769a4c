#!/usr/bin/env bash
# Checks the examples of README.md and docs/*.md: runs every command of a ```console block, in order,
# and compares the output. Numbers may differ, as they do between processors. A line "…" stands for any
# lines. A file block after a line that ends in "`NAME`:" becomes that file.
# usage: docs.sh YAMLGRAD SOURCE-FOLDER DOCUMENT…
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
source=$2
shift 2
mkdir -p "$scratch/bin" "$scratch/work"
ln -s "$yamlgrad" "$scratch/bin/yamlgrad"
export PATH=$scratch/bin:$PATH
unset NO_COLOR
export TERM=dumb
cd "$scratch/work" || exit 1

# Writes the file blocks and the command blocks of a document, numbered in order, below $scratch/N.
split() {
    awk -v folder="$scratch/blocks" '
        function path(kind) { return sprintf("%s/%04d.%s", folder, ++n, kind) }
        /^```/ && inside { inside = 0; close(out); next }
        /^```console$/ { inside = 1; out = path("console"); printf "" > out; next }
        /^```/ {
            inside = 1
            out = "/dev/null"
            if (previous ~ /`[^`\/]*`:$/) {
                name = previous
                sub(/`:$/, "", name)
                sub(/.*`/, "", name)
                out = path("file." name)
            }
            next
        }
        inside { print > out; next }
        NF { previous = $0 }' "$1"
}

# Replaces numbers by N, since a loss may differ in its last digits, and a time altogether.
normalise() {
    sed -E 's/-?[0-9][0-9,.]*(e[-+]?[0-9]+)?/N/g; s/ +/ /g; s/ $//' "$1"
}

# same EXPECTED ACTUAL: line by line; "…" stands for any lines.
same() {
    awk '
        NR == FNR { expected[++wanted] = $0; next }
        { actual[++got] = $0 }
        # On a mismatch the last "…" takes one more line, as a shell matches "*".
        END {
            i = j = 1
            while (j <= got) {
                if (i <= wanted && expected[i] == "…") { star = i++; mark = j; continue }
                if (i <= wanted && actual[j] == expected[i]) { i++; j++; continue }
                if (j > far) { far = j; at = i }
                if (!star) break
                i = star + 1
                j = ++mark
            }
            while (j > got && i <= wanted && expected[i] == "…") i++
            if (j > got && i > wanted) exit 0
            if (j > got) { far = got + 1; at = i }
            print "expected: " (at > wanted ? "(the end)" : expected[at])
            print "found:    " (far > got ? "(the end)" : actual[far])
            exit 1
        }' <(normalise "$1") <(normalise "$2")
}

# run_block NAME FILE: each "$ command" with the lines up to the next.
run_block() {
    local name=$1 line command="" difference
    while IFS= read -r line || [ -n "$line" ]; do
        if [[ $line == "$ "* ]]; then
            [ -z "$command" ] || run_one
            command=${line#"$ "}
            : >"$scratch/expected"
        else
            printf '%s\n' "$line" >>"$scratch/expected"
        fi
    done <"$2"
    [ -z "$command" ] || run_one
}

run_one() {
    cases=$((cases + 1))
    bash -o pipefail -c "$command" >"$scratch/actual" 2>&1 </dev/null
    difference=$(same "$scratch/expected" "$scratch/actual") || fail "$name: $command" "$difference"
}

for document in "$@"; do
    rm -rf "$scratch/blocks" "$scratch/work"
    mkdir -p "$scratch/blocks" "$scratch/work"
    cd "$scratch/work" || exit 1
    cp -r "$source/models" .
    split "$source/$document"
    for block in "$scratch/blocks"/*; do
        case $block in
        *.console) run_block "$document" "$block" ;;
        *.file.*) cp "$block" "${block##*.file.}" ;;
        esac
    done
done

finish
