# Helpers of the shell suites. A suite sources this file, calls expect_… for each case, and ends with
# `finish`. It runs in a folder of its own, $scratch, which is removed at the end.
# shellcheck shell=bash

set -uo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cases=0
failures=0

# fail NAME TEXT…: counts a failed case and shows why. With YG_FAIL_FAST the suite ends there.
fail() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$1"
    shift
    printf '    %s\n' "$@"
    [ -z "${YG_FAIL_FAST:-}" ] || exit 1
}

# matches PATTERN FILE: "" wants an empty file, "-" accepts any. Otherwise PATTERN is an extended
# regular expression, and a line must match it.
matches() {
    case $1 in
    "") [ ! -s "$2" ] ;;
    -) true ;;
    *) grep -Eq -- "$1" "$2" ;;
    esac
}

# expect NAME STATUS STDOUT STDERR COMMAND…: runs the command and compares.
expect() {
    local name=$1 status=$2 out=$3 err=$4 got=0
    shift 4
    cases=$((cases + 1))
    "$@" >"$scratch/.out" 2>"$scratch/.err" || got=$?
    [ "$got" -eq "$status" ] ||
        { fail "$name" "status $got, expected $status" "$(head -5 "$scratch/.err")"; return; }
    matches "$out" "$scratch/.out" ||
        { fail "$name" "stdout does not match '$out':" "$(head -20 "$scratch/.out")"; return; }
    matches "$err" "$scratch/.err" ||
        { fail "$name" "stderr does not match '$err':" "$(head -20 "$scratch/.err")"; return; }
}

# expect_true NAME COMMAND…
expect_true() {
    local name=$1
    shift
    expect "$name" 0 - - "$@"
}

finish() {
    [ "$cases" -gt 0 ] || { echo "no case ran"; exit 1; }
    echo "$((cases - failures)) passed, $failures failed"
    [ "$failures" -eq 0 ]
}

# fenced FILE LANGUAGE N: the N-th fenced block of a language in a Markdown file.
fenced() {
    awk -v language="$2" -v wanted="$3" '
        /^```/ { if (inside) { inside = 0 } else if ($0 == "```" language) { n++; inside = 1; next } }
        inside && n == wanted' "$1"
}
