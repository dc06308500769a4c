#!/usr/bin/env python3
"""Checks docs/model.schema.json: it accepts every model file of the tree, and refuses wrong ones.

usage: schema.py SOURCE-FOLDER
Exit status 77 where python3-jsonschema or python3-yaml is not installed.
"""
import json
import re
import sys
from pathlib import Path

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema: `no` and `on` are texts, `1e-3` is a number."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"true|false", "tf"),
    ("null", r"null", "n"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
]:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))

source = Path(sys.argv[1])
schema = json.loads((source / "docs/model.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failed = 0


def mistakes(text, loader=Loader):
    return list(validator.iter_errors(yaml.load(text, loader)))


def expect(name, text, good):
    """A right file is right for an editor that reads YAML 1.1 too: no date, no `yes` that is a truth value."""
    global failed
    found = mistakes(text) or (mistakes(text, yaml.SafeLoader) if good else [])
    if bool(found) != good:
        return
    failed += 1
    worst = jsonschema.exceptions.best_match(found) if found else None
    where = "/".join(map(str, worst.absolute_path)) if worst else ""
    print(f"FAILED {name}: " + (f"{where}: {worst.message[:200]}" if worst else "accepted"))


models = sorted(source.glob("models/**/*.yaml"))
assert len(models) > 50
for path in models:
    expect(path.relative_to(source), path.read_text(), True)
documents = sorted(source.glob("docs/*.md"))
blocks = 0
for path in documents:
    for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```$", path.read_text(), re.S | re.M)):
        if block.startswith("format: 1\n"):
            expect(f"{path.relative_to(source)}, block {number + 1}", block, True)
            blocks += 1
assert blocks > 20

# Wrong files of tests/bad/ whose mistake is one of form: an unknown or missing key, a kind or a word
# that is none, a value of the wrong kind. These are patterns of their messages.
FORM = re.compile(r"has no key '|needs the key '|has no argument '|must be one of |: `optimizer` cannot be '")
# Mistakes that need more: the names of inputs, the kind of a part, that a layer type is a schedule, the
# items of a list, the words of an expression, another file, a schedule of the file's own, whether an optimizer has
# a learning rate of its own.
NAMES = {
    "arrays_unknown_port",
    "column_date_part",
    "csv_key_currency",
    "csv_key_separator",
    "data_exclude_without_table",
    "data_port_unknown",
    "expression_unknown_keyword",
    "include_cycle",
    "include_outside_kind",
    "schedule_argument_op",
    "schedule_unknown_argument",
}
refused = 0
for path in sorted(source.glob("tests/bad/*.expected")):
    model = path.with_suffix(".yaml")
    if not model.exists():
        model = path.with_suffix("") / "model.yaml"
    if model.exists() and path.stem not in NAMES and FORM.search(path.read_text()):
        expect(model.relative_to(source), model.read_text(), False)
        refused += 1

assert refused > 40
print(f"{refused} wrong files, {len(models)} models, {blocks} examples of documents, {failed} mistakes")
sys.exit(failed > 0)
