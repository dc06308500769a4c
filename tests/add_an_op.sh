#!/usr/bin/env bash
# Follows docs/add-an-op.md: adds its operator to a copy of ops/, and as a plug-in, and uses it from the
# document's model file.
# usage: add_an_op.sh BUILD-FOLDER SOURCE-FOLDER COMPILER [FLAG…]
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
build=$1
source=$2
compiler=("${@:3}" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wconversion -Werror -O1
    -fopenmp-simd)
cd "$scratch" || exit 1
document=$source/docs/add-an-op.md

# In the tree: the new file, and a registry made from the longer ops.def, are linked before the library.
cp -r "$source/graph" "$source/ops" .
fenced "$document" c 1 >ops/isru.c
fenced "$document" c 3 >>ops/ops.def
fenced "$document" yaml 1 >soft.yaml
expect "isru is not known before" 1 "" "soft.yaml:[0-9]+:[0-9]+: error: .*isru" \
    "$build/yamlgrad" check soft.yaml
expect_true "compile" "${compiler[@]}" -c ops/isru.c ops/registry.c
read -ra libraries <<<"$(pkg-config --libs yaml-0.1 jansson) $(
    sed -n 's/^Libs.private: //p' "$build/yamlgrad.pc") -ldl"
link() {
    "${compiler[@]}" "$build"/CMakeFiles/yamlgrad.dir/cli/*.o isru.o registry.o \
        "$build/libyamlgrad.a" "${libraries[@]}" -o yamlgrad
}
expect_true "link" link
expect "documented" 0 "^isru\(x\)" "" ./yamlgrad ops isru
expect "used from YAML, gradients right" 0 "^soft.yaml: valid; 4 gradients" "" \
    ./yamlgrad check soft.yaml
expect "trains" 0 - - ./yamlgrad train soft.yaml

# The same, with a definition instead of a vjp.
{
    sed '/^static yg_node vjp/,$d' ops/isru.c
    fenced "$document" c 2
    sed '1,/^}/d; s/\.vjp = vjp/.compose = definition/' ops/isru.c
} >defined.c
mv defined.c ops/isru.c
expect_true "compile the definition" "${compiler[@]}" -c ops/isru.c
expect_true "link the definition" link
expect "the definition's gradients are right" 0 "^soft.yaml: valid; 4 gradients" "" \
    ./yamlgrad check soft.yaml

# As a plug-in, against installed headers.
expect_true "install" cmake --install "$build" --prefix "$scratch/prefix"
{
    fenced "$document" c 4 | sed '/from YG_UNARY_TILES on/,$d'
    fenced "$document" c 1 | sed -n '/^YG_UNARY_TILES/,$p'
    fenced "$document" c 4 | sed '1,/from YG_UNARY_TILES on/d'
} >plugin.c
expect_true "compile the plug-in" "${compiler[@]}" -fPIC -shared -I "$scratch/prefix/include" \
    plugin.c -o isru.so
plugin() { prefix/bin/yamlgrad "$@" --plugin isru.so; }
expect "plug-in: gradients right" 0 "^soft.yaml: valid; 4 gradients" "" plugin check soft.yaml
expect "plug-in: listed" 0 "^  isru " "" plugin ops
expect "plug-in: documented" 0 "^isru\(x\)" "" plugin ops isru
expect "plug-in: trains" 0 - - plugin train soft.yaml --out run

# A file that is no plug-in is refused.
expect "no such plug-in" 1 "" "^nowhere.so: error: cannot load" "$build/yamlgrad" ops \
    --plugin nowhere.so
echo 'int nothing;' >nothing.c
expect_true "compile a shared object" "${compiler[@]}" -fPIC -shared nothing.c -o nothing.so
expect "not a plug-in" 1 "" "^nothing.so: error: not a yamlgrad plug-in" "$build/yamlgrad" ops \
    --plugin nothing.so
sed 's/^    .name = "isru"/    .name = "sigmoid"/' plugin.c >taken.c
expect_true "compile a clash" "${compiler[@]}" -fPIC -shared -I "$scratch/prefix/include" taken.c \
    -o taken.so
expect "a name that is taken" 1 "" "^taken.so: error: there is an operator 'sigmoid' already" \
    "$build/yamlgrad" ops --plugin taken.so

sed 's/^YG_PLUGIN(/#undef YG_OP_ABI\n#define YG_OP_ABI 99\nYG_PLUGIN(/' plugin.c >older.c
expect_true "compile for another interface" "${compiler[@]}" -fPIC -shared \
    -I "$scratch/prefix/include" older.c -o older.so
expect "another interface" 1 "" "^older.so: error: built for interface 99 of yamlgrad, this is [0-9]+" \
    "$build/yamlgrad" ops --plugin older.so

# A wrong derivative is caught.
sed 's/yg_multiply(graph, root, yg_square(graph, root))/root/' \
    plugin.c >wrong.c
expect_true "compile a wrong vjp" "${compiler[@]}" -fPIC -shared -I "$scratch/prefix/include" \
    wrong.c -o isru.so
expect "a wrong vjp is caught" 1 "DISAGREES" "^soft.yaml:[0-9]+:[0-9]+: error: the gradient of " \
    plugin check soft.yaml

finish
