"""A program of its own that evaluates lists with ranx: without numba's compiler, whose work would take a minute.

Reads [{"qrels", "run", "metrics"}] as JSON, and writes for each its metrics, one value per user in order of name.
"""

import json
import sys

from ranx import Qrels, Run, evaluate

if __name__ == "__main__":
    found = []
    for case in json.load(sys.stdin):
        values = evaluate(Qrels(case["qrels"]), Run(case["run"]), case["metrics"], return_mean=False)
        found.append({name: list(map(float, column)) for name, column in values.items()})
    json.dump(found, sys.stdout)
