"""Writes one file of test/vectors/statistics, or with --check compares it with what would be written.

Needs Debian's python3-numpy, python3-scipy and python3-sklearn: run the scripts of this folder with /usr/bin/python3.
"""

import json
import math
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "test" / "vectors" / "statistics"
RELATIVE_MAX = 1e-12  # Another build of SciPy may round the last digits otherwise.


def write_or_check(name, made):
    path = FOLDER / name
    if sys.argv[1:] == ["--check"]:
        same = alike(json.loads(path.read_text()), json.loads(json.dumps(made)))
        print(f"{name}: {'as committed' if same else 'NOT as committed'}")
        sys.exit(0 if same else 1)
    lines = [f"{json.dumps(key)}: {text(value)}" for key, value in made.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{name}: {path.stat().st_size} bytes")


def text(value):
    """Lists of lists and objects get a line for each member, so that a change of one can be read."""
    if isinstance(value, list) and value and isinstance(value[0], (list, dict)):
        return "[\n" + ",\n".join(json.dumps(member, separators=(",", ":")) for member in value) + "\n]"
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}: {json.dumps(member)}" for key, member in value.items())
        return "{\n" + ",\n".join(members) + "\n}"
    return json.dumps(value)


def alike(one, other):
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=RELATIVE_MAX, abs_tol=1e-300)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    return one == other
