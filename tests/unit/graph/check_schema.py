#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-3.0-or-later
"""An independent validator and the readers agree about flows.

check_schema.py PROGRAM             PROGRAM prints {"schema": …, "cases": [{"yaml", "good"}]}
check_schema.py --files SCHEMA FILE…   says for each YAML file what the validator finds

Exit codes: 0 agreed, 1 not, 77 there is no validator (python3-jsonschema, python3-yaml).
"""

import json
import re
import subprocess
import sys

try:
    import yaml
    from jsonschema import Draft202012Validator
except ImportError:
    yaml = None


def core_loader():
    """YAML 1.2's core schema, as editors have it; PyYAML's own is 1.1 (`on` is true there)."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {}
    add = Loader.add_implicit_resolver
    add("tag:yaml.org,2002:null", re.compile(r"^(~|null|Null|NULL|)$"), ["~", "n", "N", ""])
    add("tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
    add("tag:yaml.org,2002:int", re.compile(r"^([-+]?[0-9]+|0x[0-9a-fA-F]+)$"), list("-+0123456789"))
    add(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"),
        list("-+.0123456789"),
    )
    add("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])
    Loader.add_constructor(
        "tag:yaml.org,2002:int",
        lambda loader, node: int(node.value, 16 if "x" in node.value else 10),
    )
    Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))
    return Loader


def text_keys(value):
    """JSON has no other keys."""
    if isinstance(value, dict):
        return {k if isinstance(k, str) else json.dumps(k): text_keys(v) for k, v in value.items()}
    if isinstance(value, list):
        return [text_keys(item) for item in value]
    return value


def first_fault(validator, text):
    try:
        value = text_keys(yaml.load(text, Loader=core_loader()))
    except RecursionError:
        return "not YAML: an alias inside of what it repeats"
    except yaml.YAMLError as error:
        return "not YAML: " + str(error).replace("\n", " ")
    for error in validator.iter_errors(value):
        return "/".join(str(step) for step in error.absolute_path) + ": " + error.message[:200]
    return None


def check_cases(program):
    run = subprocess.run([program], stdout=subprocess.PIPE, check=False)
    if run.returncode != 0:
        return 1
    if yaml is None:
        print("no python3-jsonschema or python3-yaml")
        return 77
    told = json.loads(run.stdout)
    Draft202012Validator.check_schema(told["schema"])
    validator = Draft202012Validator(told["schema"])
    wrong = 0
    for case in told["cases"]:
        fault = first_fault(validator, case["yaml"])
        if (fault is None) != case["good"]:
            wrong += 1
            print(f"{case['yaml']!r}\n  readers: {case['said'] or 'good'}\n  schema: {fault or 'good'}")
    print(f"{len(told['cases'])} cases, {wrong} differ")
    return 1 if wrong else 0


def check_files(schema, files):
    with open(schema, encoding="utf-8") as file:
        validator = Draft202012Validator(json.load(file))
    wrong = 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            fault = first_fault(validator, file.read())
        print(f"{name}: {fault or 'good'}")
        wrong += fault is not None
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "--files":
        sys.exit(77 if yaml is None else check_files(sys.argv[2], sys.argv[3:]))
    sys.exit(check_cases(sys.argv[1]))
