#!/usr/bin/env bash
# What `cmake --install` lays down is complete: the program of docs/c-api.md is compiled against it,
# shared, static and by CMake's find_package, and run.
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
    share/man/man1/yamlgrad.1 share/bash-completion/completions/yamlgrad \
    share/zsh/site-functions/_yamlgrad share/fish/vendor_completions.d/yamlgrad.fish \
    share/yamlgrad/models/xor.yaml; do
    expect_true "$file" test -s "$prefix/$file"
done
expect_true "no header of a room's own" test ! -e "$prefix/include/yamlgrad/models/loader/reader.h"
expect "the installed command" 0 "^yamlgrad [0-9]" "" "$prefix/bin/yamlgrad" --version

# Only yg_ names, and only public ones, leave the shared library.
foreign() { nm -D --defined-only "$library/libyamlgrad.so" | grep -Ev ' (yg_|__odr_asan)'; }
expect "no foreign symbol is exported" 1 "" - foreign
hidden() { nm -D --defined-only "$library/libyamlgrad.so" | grep -w yg_document_events; }
expect "no private symbol is exported" 1 "" - hidden
soname() { readelf -d "$library/libyamlgrad.so" | grep SONAME; }
expect "soname" 0 "libyamlgrad\.so\.[0-9]+\]" "" soname

fenced "$source/docs/c-api.md" c 1 >xor.c
read -ra cflags <<<"$(pkg-config --cflags yamlgrad)"
read -ra shared <<<"$(pkg-config --libs yamlgrad)"
read -ra static <<<"$(pkg-config --static --libs yamlgrad)"
warnings=(-std=c11 -Wall -Wextra -Wconversion -Werror)
expect_true "compile, shared" "${compiler[@]}" "${warnings[@]}" "${cflags[@]}" xor.c "${shared[@]}" \
    "-Wl,-rpath,$library" -o xor-shared
expect "run, shared" 0 "^0 xor 1 = (0\.9|1\.0)" "" ./xor-shared "$source/models/xor.yaml"
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
