# Runs the NumPy code of each step, in the order of the steps, and prints how many there were and
# the greatest difference from the step's matrix, relative where it is larger than 1.
import json
import sys

import numpy as np

try:
    from scipy.stats import norm
except ImportError:
    norm = None


def matrix(m):
    return np.array(m["data"], dtype=float).reshape(m["dim"][1], m["dim"][0]).T


run, worst = 0, 0.0
for result in json.load(open(sys.argv[1])):
    for batch in result["batches"]:
        value = {name: matrix(m) for name, m in batch["matrices"].items()}
        scope = {"np": np, "norm": norm, "X": value["X"], "y": value["y"], "learning_rate": 0.1}
        for name in value:
            if name.endswith("_before"):
                scope[name[:-7]] = value[name]
        for step in batch["steps"]:
            if not step["numpy"]:
                continue
            if "norm." in step["numpy"] and norm is None:
                scope[step["name"]] = value[step["id"]]
                continue
            here = scope[step["name"]] = eval(step["numpy"], scope)
            there = value[step["id"]]
            if step["id"] != "loss":
                assert here.shape == there.shape, step["numpy"]
            difference = np.abs(here - there) / np.maximum(1, np.abs(there))
            worst = max(worst, float(difference.max()))
            run += 1
print(run, repr(worst))
