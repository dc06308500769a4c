#!/usr/bin/env bash
# Plants deliberate mistakes, one at a time, and tells whether the tests notice: `./dev mutants`.
# usage: mutants.sh --check                  checks only that every mutant of the table can be planted
#        mutants.sh [--all] [PATTERN]        plants the mutants whose stanza matches. --all: runs every
#                                            suite for each, not only those that must catch it
#
# tests/mutants.txt is the table. A stanza is
#
#     file: graph/grad.c
#     old: text that occurs exactly once in the file
#     new: the text that replaces it
#     caught: test_graph test_losses         tests (of ctest); at least one must fail
#
# or, instead of `caught:`, `survives: REASON` for a mistake that has no visible effect.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
table=$root/tests/mutants.txt
tree=$root/build/mutants
seconds=300 # for the suites of one mutant
ninja_built=0

# ------------------------------------------------------------------------------------- table --

files=() olds=() news=() caughts=() reasons=()

read_table() {
    local line n=0 at=-1
    while IFS= read -r line || [ -n "$line" ]; do
        n=$((n + 1))
        case $line in
        '#'* | '') continue ;;
        'file: '*)
            at=$((at + 1))
            files[at]=${line#file: } olds[at]='' news[at]='' caughts[at]='' reasons[at]=''
            ;;
        'old: '*) olds[at]=${line#old: } ;;
        'new: '*) news[at]=${line#new: } ;;
        'new:') news[at]='' ;;
        'caught: '*) caughts[at]=${line#caught: } ;;
        'survives: '*) reasons[at]=${line#survives: } ;;
        *)
            echo "tests/mutants.txt:$n: not a line of a stanza: $line"
            return 1
            ;;
        esac
    done <"$table"
    [ ${#files[@]} -gt 0 ] || { echo "tests/mutants.txt: no mutant"; return 1; }
}

# occurrences FILE TEXT
occurrences() {
    TEXT=$2 awk 'BEGIN { text = ENVIRON["TEXT"] }
        { line = $0
          while ((i = index(line, text)) > 0) { n++; line = substr(line, i + length(text)) } }
        END { print n + 0 }' "$1"
}

# Checks that a mutant of the table can be planted. Prints the reason if not.
is_good() {
    local i=$1 count
    [ -f "$root/${files[i]}" ] || { echo "stale: there is no file ${files[i]}"; return 1; }
    [ -n "${olds[i]}" ] || { echo "stale: ${files[i]}: no old:"; return 1; }
    [ "${olds[i]}" != "${news[i]}" ] || { echo "stale: ${files[i]}: nothing changes: ${olds[i]}"; return 1; }
    [ -n "${caughts[i]}${reasons[i]}" ] || { echo "stale: ${files[i]}: no caught: ${olds[i]}"; return 1; }
    count=$(occurrences "$root/${files[i]}" "${olds[i]}")
    [ "$count" -eq 1 ] || { echo "stale: ${files[i]}: occurs $count times: ${olds[i]}"; return 1; }
}

check() {
    local i suite bad=0
    for i in "${!files[@]}"; do
        is_good "$i" || bad=1
        for suite in ${caughts[i]}; do
            case $suite in
            test_gemm_*) [ -f "$root/tests/test_gemm.c" ] ;;
            test_*) [ -f "$root/tests/$suite.c" ] ;;
            *) grep -q "NAME $suite COMMAND" "$root/tests/CMakeLists.txt" ;;
            esac || { echo "stale: ${files[i]}: there is no suite $suite"; bad=1; }
        done
    done
    echo "${#files[@]} mutants in the table"
    return $bad
}

# ---------------------------------------------------------------------------------- planting --

# The targets that a suite needs: a Criterion suite is a program, a shell suite runs the command.
targets_of() {
    local suite
    for suite in "$@"; do
        case $suite in
        test_gemm_*) echo test_gemm ;;
        test_*) echo "$suite" ;;
        install | add_an_op) printf '%s\n' yamlgrad yamlgrad_static yamlgrad_shared ;;
        *) echo yamlgrad ;;
        esac
    done | sort -u
}

# Makes or updates a copy of the tree, so that a mistake is never planted in the tree that people work
# on. Only files that differ are copied, so that the others are not built again. Files that are gone
# here are removed there.
copy_tree() {
    local file
    mkdir -p "$tree"
    (cd "$tree" && find . -path ./build -prune -o -type f -print) | while IFS= read -r file; do
        [ -f "$root/$file" ] || rm "$tree/$file"
    done
    (cd "$root" && git ls-files --cached --others --exclude-standard) | while IFS= read -r file; do
        [ -f "$root/$file" ] || continue
        cmp -s "$root/$file" "$tree/$file" && continue
        mkdir -p "$tree/$(dirname "$file")"
        cp -p "$root/$file" "$tree/$file"
        touch "$tree/$file"
    done
    # As the preset release, but with -O1, which builds in half the time.
    [ -f "$tree/build/release/build.ninja" ] ||
        (cd "$tree" && cmake -G Ninja -S . -B build/release -DCMAKE_BUILD_TYPE=Mutants \
            -DCMAKE_C_FLAGS_MUTANTS="-O1 -DNDEBUG" -DBUILD_TESTING=ON >configure.log)
}

build() { # build SUITE…
    local targets
    ninja_built=1
    mapfile -t targets < <(targets_of "$@")
    [ ${#targets[@]} -gt 0 ] || targets=(all)
    cmake --build "$tree/build/release" --target "${targets[@]}" >"$tree/build.log" 2>&1
}

suites_pass() { # suites_pass SUITE…; none: all
    local pattern
    pattern=$(printf '|%s' "$@")
    CRITERION_FAIL_FAST=1 YG_FAIL_FAST=1 timeout "$seconds" ctest --test-dir "$tree/build/release" --no-tests=error --stop-on-failure \
        --parallel "$(nproc)" ${1:+--tests-regex "^(${pattern#|})\$"} >"$tree/test.log" 2>&1
}

# restore() puts the file back with its time, so that it is not built again. But if ninja has built the
# mistake, it must be.
plant() {
    local i=$1
    ninja_built=0
    cp -p "$tree/${files[i]}" "$tree/original"
    TEXT=${olds[i]} NEW=${news[i]} awk 'BEGIN { text = ENVIRON["TEXT"]; new = ENVIRON["NEW"] }
        (i = index($0, text)) > 0 { $0 = substr($0, 1, i - 1) new substr($0, i + length(text)) }
        { print }' "$root/${files[i]}" >"$tree/${files[i]}"
}

restore() {
    cp -p "$tree/original" "$tree/${files[$1]}"
    [ "$ninja_built" -eq 0 ] || touch "$tree/${files[$1]}"
}

# run_command COMMAND: runs one of ninja's commands in its folder.
run_command() { (cd "$tree/build/release" && eval "$1") >"$tree/build.log" 2>&1; }

# compile FILE: compiles it to build/release/mutant.o by ninja's command, but without optimisation. False
# for a header and for a file of the command. No archive is made again: the linker leaves out the
# archive's member if an object before it defines the same names.
compile() {
    local object=CMakeFiles/yamlgrad_objects.dir/$1.o command
    command=$(ninja -C "$tree/build/release" -t commands -s "$object" 2>/dev/null | grep -F -- "-o $object") ||
        return 1
    command=${command//"$object"/mutant.o}
    run_command "${command// -O1 / -O0 }" || return 2
}

# link SUITE: links the suite's program with mutant.o before the archives.
link() {
    local command
    command=$(ninja -C "$tree/build/release" -t commands -s "tests/$1" | grep -F -- "-o tests/$1 ")
    run_command "${command/"-o tests/$1 "/"-o tests/mutant mutant.o "}"
}

# suite_passes SUITE OBJECT: OBJECT is 1 if the mistake is in mutant.o. Returns 2 if it does not build.
suite_passes() {
    if [ "$2" -eq 1 ] && [[ $1 == test_* && $1 != test_gemm_* ]]; then
        link "$1" || return 2
        (cd "$tree/build/release/tests" &&
            CRITERION_FAIL_FAST=1 timeout "$seconds" ./mutant) >"$tree/test.log" 2>&1 || return 1
        return 0
    fi
    build "$1" || return 2
    suites_pass "$1" || return 1
}

killed=0 survived=0 explained=0 stale=0

# notices I SUITE…: runs the suites in turn, without names all of them, until one fails; sets `by` to it.
# The first one fails nearly always, so the others are seldom built. Returns 1 if none fails, 2 if the
# tree does not build.
notices() {
    local suite i=$1 object=0 status=0
    shift
    if [ $# -eq 0 ]; then
        build || return 2
        seconds=3000 suites_pass && return 1
        by=$(sed -n 's/.* - \([a-z_0-9]*\) (.*/\1/p' "$tree/test.log" | paste -sd ' ')
        return 0
    fi
    compile "${files[i]}" || status=$?
    [ "$status" -ne 2 ] || return 2
    [ "$status" -eq 1 ] || object=1
    for suite in "$@"; do
        by=$suite status=0
        suite_passes "$suite" "$object" || status=$?
        [ "$status" -ne 2 ] || return 2
        [ "$status" -eq 0 ] || return 0
    done
    return 1
}

# try I SUITE…
try() {
    local i=$1 what="${files[$1]}: ${olds[$1]} → ${news[$1]}" seen=0 by=''
    shift
    plant "$i"
    notices "$i" "$@" || seen=$?
    if [ "$seen" -eq 2 ]; then
        echo "STALE     $what (does not compile)"
        stale=$((stale + 1))
    elif [ "$seen" -eq 0 ] && [ -n "${reasons[i]}" ]; then
        echo "STALE     $what (said to survive, but ${by:-the time limit} catches it)"
        stale=$((stale + 1))
    elif [ "$seen" -eq 0 ]; then
        echo "killed    $what ($by)"
        killed=$((killed + 1))
    elif [ -n "${reasons[i]}" ]; then
        echo "explained $what (${reasons[i]})"
        explained=$((explained + 1))
    else
        echo "SURVIVED  $what"
        survived=$((survived + 1))
    fi
    restore "$i"
}

main() {
    local all=0 pattern='' i suites
    read_table
    if [ "${1:-}" = --check ]; then
        check
        return
    fi
    [ "${1:-}" != --all ] || { all=1; shift; }
    pattern=${1:-}
    check
    copy_tree
    local chosen=()
    for i in "${!files[@]}"; do
        [[ "${files[i]} ${olds[i]} ${caughts[i]}" == *"$pattern"* ]] && chosen+=("$i")
    done
    [ ${#chosen[@]} -gt 0 ] || { echo "no mutant matches '$pattern'"; return 2; }
    # A suite that fails without a mistake would seem to catch every mistake.
    suites=()
    [ "$all" -eq 1 ] || mapfile -t suites < <(for i in "${chosen[@]}"; do tr ' ' '\n' <<<"${caughts[i]}"; done | sed '/^$/d' | sort -u)
    build "${suites[@]}" || { tail -20 "$tree/build.log"; echo "the tree does not build"; return 1; }
    seconds=3000 suites_pass "${suites[@]}" || { grep -E '\*\*\*|Failed' "$tree/test.log"; echo "tests fail without a mutant"; return 1; }
    for i in "${chosen[@]}"; do
        if [ "$all" -eq 1 ] || [ -z "${caughts[i]}" ]; then
            try "$i"
        else
            # shellcheck disable=SC2086 # a list of names
            try "$i" ${caughts[i]}
        fi
    done
    echo "$killed killed, $survived survived, $explained survive with a reason, $stale stale"
    [ "$survived" -eq 0 ] && [ "$stale" -eq 0 ]
}

main "$@"
