#!/usr/bin/env bash
# Draws the pictures of README.md from what the command really prints. Needs Graphviz.
# usage: docs/images/make.sh (after ./dev run)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
yamlgrad=$PWD/build/release/yamlgrad
images=$PWD/docs/images
source=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Text on stdin as a terminal window in SVG; lines that start with "$ " are what was typed.
terminal_svg() {
    awk '
        function escape(text) {
            gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text)
            return text
        }
        { line[NR] = $0; if (length($0) > columns) columns = length($0) }
        END {
            width = int(columns * 8.43 + 40)
            height = NR * 19 + 56
            printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ", width, height
            printf "viewBox=\"0 0 %d %d\">\n", width, height
            print "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1c2128\"/>"
            print "<circle cx=\"20\" cy=\"18\" r=\"5\" fill=\"#ec6a5e\"/>"
            print "<circle cx=\"38\" cy=\"18\" r=\"5\" fill=\"#f4bf4f\"/>"
            print "<circle cx=\"56\" cy=\"18\" r=\"5\" fill=\"#61c554\"/>"
            print "<g font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\""
            print "   fill=\"#d0d7de\" xml:space=\"preserve\">"
            for (i = 1; i <= NR; i++) {
                colour = line[i] ~ /^\$ / ? " fill=\"#7ee787\"" : ""
                printf "<text x=\"20\" y=\"%d\"%s>%s</text>\n", 34 + i * 19, colour, escape(line[i])
            }
            print "</g></svg>"
        }'
}

# The run that `./dev run` makes, cut short in the middle.
{
    echo '$ yamlgrad train models/breast_cancer.yaml'
    (cd "$scratch" && "$yamlgrad" train "$source/models/breast_cancer.yaml" 2>&1) |
        sed "s|$source/||" | awk '
            /^epoch/ { if (++n <= 8) print; else if (n == 9) print "…"; last = $0; next }
            last != "" { print last; last = "" }
            { print }'
} | terminal_svg >"$images/training.svg"

# The first model of README.md.
awk '/^```yaml$/ { inside = 1; next } /^```/ { inside = 0 } inside' README.md >"$scratch/xor.yaml"
(cd "$scratch" && "$yamlgrad" show xor.yaml --graph=svg --all) >"$images/xor.svg"
