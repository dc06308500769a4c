#!/usr/bin/env bash
# The reference pages docs/ops.md and docs/layers.md, the keys in docs/model-format.md and the JSON Schema
# are what the program prints, and every layer has an example. After a change of descriptors or of definition files, `./dev docs` writes them anew.
# usage: reference.sh YAMLGRAD SOURCE-FOLDER
# shellcheck source=tests/shell.bash
source "$(dirname "${BASH_SOURCE[0]}")/shell.bash"
yamlgrad=$1
source=$2

for page in ops layers; do
    "$yamlgrad" "$page" --markdown >"$scratch/$page.md"
    expect_true "docs/$page.md is up to date (./dev docs)" \
        diff "$source/docs/$page.md" "$scratch/$page.md"
done
"$yamlgrad" keys --markdown >"$scratch/keys.md"
sed -n '/^<!-- keys: begin/,/^<!-- keys: end/{//!p}' "$source/docs/model-format.md" >"$scratch/written.md"
expect_true "the keys in docs/model-format.md are up to date (./dev docs)" \
    diff "$scratch/written.md" "$scratch/keys.md"
"$yamlgrad" keys --schema >"$scratch/schema.json"
expect_true "docs/model.schema.json is up to date (./dev docs)" \
    cmp "$source/docs/model.schema.json" "$scratch/schema.json"
for file in "$source"/models/layers/*.yaml; do
    name=$(basename "$file" .yaml)
    expect_true "$name has an example" grep -q "^    example: |" "$file"
    expect_true "$name is in its example" grep -q "type: ${name}[,}]" "$file"
done

finish
