#!/usr/bin/env bash
# Checks that `cmake --install` is complete: compiles the program of docs/c-api.md against it (shared,
# static, and by CMake's find_package), and runs it.
# usage: install.sh BUILD-FOLDER SOURCE-FOLDER COMPILER [FLAG…]
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
build=$1
source=$2
compiler=("${@:3}")
prefix=$scratch/prefix
cd "$scratch" || exit 1

expect_true "install" cmake --install "$build" --prefix "$prefix"
library=$(dirname "$(find "$prefix" -name libyamlgrad.a)")
export PKG_CONFIG_PATH=$library/pkgconfig
for file in bin/yamlgrad include/yamlgrad.h include/yamlgrad/graph/graph.h \
    include/yamlgrad/models/model.h include/yamlgrad/train/train.h include/yamlgrad/ops/plugin.h \
    share/man/man1/yamlgrad.1 share/yamlgrad/model.schema.json share/bash-completion/completions/yamlgrad \
    share/zsh/site-functions/_yamlgrad share/fish/vendor_completions.d/yamlgrad.fish \
    share/yamlgrad/models/xor.yaml share/doc/yamlgrad/docs/guide.md \
    share/doc/yamlgrad/docs/images/xor.svg; do
    expect_true "$file" test -s "$prefix/$file"
done
expect_true "no header of a room's own" test ! -e "$prefix/include/yamlgrad/models/loader/reader.h"
links() { # relative links of the installed documents that lead nowhere
    local document
    for document in "$prefix"/share/doc/yamlgrad/{README.md,docs/*.md}; do
        grep -oE '\]\([^)#]+' "$document" | cut -c 3- | grep -v '^https\?:' |
            while read -r link; do
                [ -e "$(dirname "$document")/$link" ] || echo "${document##*/}: $link"
            done
    done
    true # a document may have no links
}
expect "the installed documents' links lead somewhere" 0 "" "" links
expect "the installed command" 0 "^yamlgrad [0-9]" "" "$prefix/bin/yamlgrad" --version

# The shared library exports only yg_ names, and of these only public ones.
foreign() { nm -D --defined-only "$library/libyamlgrad.so" | grep -Ev ' (yg_|__odr_asan)'; }
expect "no foreign symbol is exported" 1 "" - foreign
hidden() { nm -D --defined-only "$library/libyamlgrad.so" | grep -w yg_document_events; }
expect "no private symbol is exported" 1 "" - hidden
# Hidden names of the static library could clash with the host's own, so they begin with yg_ too.
clashing() { nm --defined-only "$library/libyamlgrad.a" | grep -E ' [A-TV-Z] ' | grep -Ev ' (yg_|__odr_asan|\.L)'; }
expect "no foreign symbol in the static library" 1 "" - clashing
if [[ ${compiler[*]} != *sanitize* ]]; then # their bookkeeping is data that changes
    variables() { objdump --syms "$library/libyamlgrad.a" | grep -E ' O \.(data|bss|tdata|tbss)[[:space:]]'; }
    expect "no variable outlives a call" 1 "" - variables
fi
soname() { readelf -d "$library/libyamlgrad.so" | grep SONAME; }
version=$("$prefix/bin/yamlgrad" --version | sed -n 's/^yamlgrad //p')
expect "soname" 0 "libyamlgrad\.so\.${version%.*}\]" "" soname
expect "pkg-config tells the version" 0 "^$version\$" "" pkg-config --modversion yamlgrad

# ------------------------------------------------------------------------------------ headers --

warnings=(-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Werror)
alone() {
    printf '#include "%s"\nint main(void) { return 0; }\n' "$1" |
        "${compiler[@]}" "${warnings[@]}" -I"$prefix/include" -fsyntax-only -x c -
}
cplusplus=$(command -v g++ || true)
[ -n "$cplusplus" ] || echo "skipped: the headers as C++, for there is no g++"
in_cplusplus() {
    printf '#include "%s"\nint main() { return 0; }\n' "$1" |
        "$cplusplus" -Wall -Wextra -Werror -I"$prefix/include" -fsyntax-only -x c++ -
}
while read -r header; do
    expect_true "${header#"$prefix"/} by itself" alone "$header"
    [ -z "$cplusplus" ] || expect_true "… as C++" in_cplusplus "$header"
    if grep -q '^#pragma GCC visibility' "$header"; then
        expect_true '… declares extern "C"' grep -q '^extern "C" {$' "$header"
    fi
done < <(find "$prefix/include" -name '*.h')
foreign_macros() { grep -rhoE '^ *# *define +[A-Za-z_0-9]+' "$prefix/include" | grep -Ev 'define +(YG|yg)_'; }
expect "every macro is named YG_" 1 "" "" foreign_macros
included() { (cd "$prefix/include/yamlgrad" && find . -name '*.h' | sort | sed 's|^\./|#include <yamlgrad/|; s|$|>|'); }
# These headers are for operators and plug-ins, which include them by name.
for header in $(included | grep -Ev 'ops/(elementwise|instructions|multiversion|vector_math|plugin)\.h|models/loader' | sed 's/#include //'); do
    expect_true "yamlgrad.h includes $header" grep -q "$header" "$prefix/include/yamlgrad.h"
done

# --------------------------------------------------------------- the programs of docs/c-api.md --

fenced "$source/docs/c-api.md" c 1 >xor.c
fenced "$source/docs/c-api.md" c 2 >ask.c
read -ra cflags <<<"$(pkg-config --cflags yamlgrad)"
read -ra shared <<<"$(pkg-config --libs yamlgrad)"
read -ra static <<<"$(pkg-config --static --libs yamlgrad)"
expect_true "compile, shared" "${compiler[@]}" "${warnings[@]}" "${cflags[@]}" xor.c "${shared[@]}" \
    "-Wl,-rpath,$library" -o xor-shared
expect "run, shared" 0 "^0 xor 1 = (0\.9|1\.0)" "" ./xor-shared "$source/models/xor.yaml"
expect_true "compile, prediction" "${compiler[@]}" "${warnings[@]}" "${cflags[@]}" ask.c "${shared[@]}" \
    "-Wl,-rpath,$library" -o ask
ask() { printf '%s\n' "${@:2}" | ./ask "$source/models/$1.yaml" "$1.safetensors"; }
expect "run, prediction" 0 "^(0\.9|1\.0)" "" ask xor "0 0" "1 0"
expect "run, too few values" 1 "" "2 values are expected, found 1" ask xor "0"
expect_true "train iris" "$prefix/bin/yamlgrad" train "$source/models/iris.yaml" --quiet --out iris
cp iris/weights.safetensors iris.safetensors
expect "run, a class" 0 "^[01]\.[0-9]{3} [01]\.[0-9]{3} [01]\.[0-9]{3} setosa" "" \
    ask iris "5.1 3.5 1.4 0.2"
cp iris.safetensors xor.safetensors
expect "run, weights of another model" 1 "" "xor\.safetensors" ask xor "0 0"
if [[ ${compiler[*]} != *sanitize* ]]; then # the sanitizers cannot be linked statically
    expect_true "compile, static" "${compiler[@]}" "${warnings[@]}" "${cflags[@]}" xor.c \
        "${static[@]}" -static -o xor-static
    expect "run, static" 0 "^1 xor 1 = 0\.0" "" ./xor-static "$source/models/xor.yaml"
fi
expect "run, a bad model" 1 "" "nowhere.yaml" ./xor-shared nowhere.yaml

mkdir consumer
cat >consumer/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(yamlgrad 0.1 REQUIRED)
add_executable(by_shared ../xor.c)
target_link_libraries(by_shared PRIVATE yamlgrad::shared)
add_executable(by_static ../xor.c)
target_link_libraries(by_static PRIVATE yamlgrad::static)
CMAKE
expect_true "find_package" cmake -G Ninja -S consumer -B consumer/build \
    "-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_C_COMPILER=${compiler[0]}" "-DCMAKE_C_FLAGS=${compiler[*]:1}"
expect_true "build by CMake" cmake --build consumer/build
expect "run, by CMake" 0 "^1 xor 0 = (0\.9|1\.0)" "" consumer/build/by_shared "$source/models/xor.yaml"
expect "run, by CMake, static" 0 "^1 xor 0 = (0\.9|1\.0)" "" consumer/build/by_static \
    "$source/models/xor.yaml"

finish
