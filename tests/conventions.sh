#!/usr/bin/env bash
# The conventions of every sub-command: status 0 for success, 1 for a mistake in a file, 2 for a mistake
# in the command line; data on stdout, messages on stderr; no crash if nobody reads or the disk is full.
# usage: conventions.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
source=$2
cd "$scratch" || exit 1

# The commands come from `help`, so a new one is tested without an entry here.
mapfile -t commands < <("$yamlgrad" help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
expect_true "help lists commands" test "${#commands[@]}" -ge 10

cp "$source/models/xor.yaml" .
sed 's/tanh/tahn/' xor.yaml >wrong.yaml
"$yamlgrad" train xor.yaml --quiet --epochs 2 || fail "train" "it has to work for what follows"
printf 'x.0,x.1\n0,1\n1,1\n' >rows.csv
printf 'a,b\n1,2.5\n7,3\n2,8\n9,1\n' >table.csv
printf 'a,b\n1,2\n3,4,5\n' >wrong.csv

# Arguments with which a command does its work here and prints data.
work_of() {
    case $1 in
    new) echo "table.csv --target b" ;;
    train) echo "xor.yaml --epochs 2 --out again" ;;
    cv) echo "xor.yaml --folds 2 --epochs 2 --out folds" ;;
    report) echo "runs/xor" ;;
    predict) echo "xor.yaml rows.csv" ;;
    profile) echo "xor.yaml --seconds 0" ;;
    ops | layers | schedules | keys | runs) ;;
    *) echo "xor.yaml" ;;
    esac
}

closed() { "$yamlgrad" "$@" >&-; }
to_full() { "$yamlgrad" "$@" >/dev/full; }
# The reader ends after a line. The command notices by SIGPIPE or EPIPE, or is complete before that.
to_head() { { "$yamlgrad" "$@" && echo 0 >status || echo $? >status; } | head -n 1 >/dev/null; }
no_terminal() { TERM='' "$yamlgrad" "$@" </dev/null; }

for command in "${commands[@]}"; do
    read -ra work <<<"$(work_of "$command")"
    # --help prints data: to stdout, in any place of the command line, even beside a mistake.
    expect "$command --help" 0 "^usage: yamlgrad $command" "" "$yamlgrad" "$command" --help
    expect "$command -h" 0 "^usage: yamlgrad $command" "" "$yamlgrad" "$command" "${work[@]}" -h
    expect "help $command" 0 "^usage: yamlgrad $command" "" "$yamlgrad" help "$command"
    # A mistake in the command line: status 2, nothing on stdout, and a hint where to read on.
    expect "$command --no-such-option" 2 "" "^try: yamlgrad $command --help" \
        "$yamlgrad" "$command" "${work[@]}" --no-such-option
    # new, predict and runs take any number of files.
    case $command in
    new | predict | runs) ;;
    *) expect "$command with five operands" 2 "" "is one argument too many" "$yamlgrad" "$command" a b c d e ;;
    esac
    # Success: data on stdout. train and report have none.
    case $command in
    report) expect "$command" 0 "" "^written: runs/xor/report\.html" no_terminal "$command" "${work[@]}" ;;
    train) expect "$command" 0 "" "^results: " no_terminal "$command" "${work[@]}" ;;
    *) expect "$command" 0 "." - no_terminal "$command" "${work[@]}" ;;
    esac
    # A mistake in a file: status 1, nothing on stdout, and the place of the mistake.
    case $command in
    new)
        expect "new of a wrong file" 1 "" "^wrong\.csv:3: error: " "$yamlgrad" new wrong.csv
        expect "new of no file" 1 "" "error: .*none\.csv" "$yamlgrad" new none.csv
        expect "new of a folder" 1 "" "error: " "$yamlgrad" new .
        expect "new of nothing" 2 "" "yamlgrad new needs TABLE" "$yamlgrad" new
        expect "new of an empty name" 1 "" "error: " "$yamlgrad" new ''
        ;;
    report)
        expect "report of a file" 1 "" "wrong\.yaml' is not the folder of a run" "$yamlgrad" report wrong.yaml
        expect "report of no folder" 1 "" "cannot read 'none'" "$yamlgrad" report none
        expect "report of another folder" 1 "" "'\.' is not the folder of a run" "$yamlgrad" report .
        expect "report of nothing" 2 "" "yamlgrad report needs RUN" "$yamlgrad" report
        expect "report of an empty name" 1 "" "error: " "$yamlgrad" report ''
        ;;
    runs)
        expect "runs of a file" 1 "" "there is no run in 'wrong\.yaml'" "$yamlgrad" runs wrong.yaml
        expect "runs of no folder" 1 "" "cannot read 'none'" "$yamlgrad" runs none
        expect "runs of an empty name" 1 "" "error: " "$yamlgrad" runs ''
        ;;
    ops | layers | schedules | keys)
        expect "$command of none" 1 "" "^yamlgrad: error: there is no " "$yamlgrad" "$command" nothing
        ;;
    *)
        expect "$command of a wrong file" 1 "" "^wrong\.yaml:[0-9]+:[0-9]+: error: " \
            "$yamlgrad" "$command" wrong.yaml
        expect "$command of no file" 1 "" "error: .*none\.yaml" "$yamlgrad" "$command" none.yaml
        expect "$command of a folder" 1 "" "error: " "$yamlgrad" "$command" .
        expect "$command of nothing" 2 "" "yamlgrad $command needs MODEL" "$yamlgrad" "$command"
        expect "$command of an empty name" 1 "" "error: " "$yamlgrad" "$command" ''
        ;;
    esac
    # The reader is gone, or the disk is full.
    if [ "$command" != train ] && [ "$command" != report ]; then
        [ ! -c /dev/full ] ||
            expect "$command on a full disk" 1 - "cannot write" to_full "$command" "${work[@]}"
        expect "$command with stdout closed" 1 - "cannot write|error" closed "$command" "${work[@]}"
        to_head "$command" "${work[@]}" 2>err
        expect_true "$command | head" grep -Eq '^(0|141)$' status
        expect "… without a word of it" 1 "" - grep -E 'error|Sanitizer' err
    fi
    [ ! -c /dev/full ] ||
        expect "$command --help on a full disk" 1 "" "cannot write to standard output" to_full "$command" --help
    # A similar name is suggested.
    expect "${command}x" 2 "" "unknown command '${command}x'; did you mean '$command'" "$yamlgrad" "${command}x"
done

expect "no near name: all of them" 2 "" "unknown command 'zzzzzzzz'; known: new, data, train, " "$yamlgrad" zzzzzzzz
expect "an empty command" 2 "" "unknown command ''" "$yamlgrad" ''
expect "--version on a full disk" 1 "" "cannot write" to_full --version
expect "predict -o -" 0 "^[0-9.]+$" "" "$yamlgrad" predict xor.yaml rows.csv -o -
stdin_as_file() { "$yamlgrad" predict xor.yaml - -o - <rows.csv; }
expect "predict - -o -" 0 "^[0-9.]+$" "" stdin_as_file
expect "-- ends the options" 1 "" "error: .*--json" "$yamlgrad" check -- --json
expect "a long option cut short" 0 "." "" "$yamlgrad" ops --js

# ----------------------------------------- completions and the man page know every command --

for command in "${commands[@]}"; do
    expect_true "man page: $command" grep -Eq "^\.(It|Ss|Sh|Nm|Ic).*\b$command\b" "$source/docs/yamlgrad.1"
    for shell in yamlgrad.bash _yamlgrad yamlgrad.fish; do
        expect_true "$shell: $command" grep -qw -- "$command" "$source/completions/$shell"
    done
done
# The man page has no option that the command lacks.
"$yamlgrad" help >all
for command in "${commands[@]}"; do "$yamlgrad" help "$command"; done >>all
gone() {
    {
        grep -oE 'Fl Fl [a-z-]+' "$source/docs/yamlgrad.1" | sed 's/Fl Fl /--/'
        grep -oE -- '--[a-z][a-z-]+' "$source/completions/yamlgrad.bash" "$source/completions/_yamlgrad" | sed 's/.*:--/--/'
        grep -E '_option |^complete' "$source/completions/yamlgrad.fish" | grep -oE -- ' -l [a-z-]+' | sed 's/ -l /--/'
    } | sort -u | while read -r option; do
        grep -qw -- "$option" all || echo "$option"
    done
}
expect "no option in the man page and the completions is gone" 0 "" "" gone

finish
