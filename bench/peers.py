# The contestants in Python. run.R sends requests over a local socket, one per line: "load FOLDER",
# "versions", "time CONTESTANT WORKLOAD ROUND", "quit". Each answer is one line of JSON. Times are
# measured here, and include only the training or prediction.
#
#   python3 peers.py PORT       answers requests
#   python3 peers.py --blas     prints what the products of the contestants really do, as JSON
import ctypes
import json
import os
import socket
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
try:
    import sklearn
    from sklearn.neural_network import MLPClassifier, MLPRegressor
except ImportError:
    sklearn = None
try:
    import torch
    torch.set_num_threads(1)
except ImportError:
    torch = None

folder, workloads, kept = None, None, {}


def data_of(name, dtype):
    if (name, dtype) not in kept:
        w = workloads[name]
        X = np.fromfile(os.path.join(folder, name + ".X"), dtype="<f8").reshape(w["p"], w["n"]).T
        target = np.fromfile(os.path.join(folder, name + ".target"), dtype="<f8")
        kept.clear()
        kept[(name, dtype)] = np.ascontiguousarray(X, dtype=dtype), target
    return kept[(name, dtype)]


def hidden(w):
    return w["hidden"] if isinstance(w["hidden"], list) else [w["hidden"]]


def start(name, round):
    numbers = np.fromfile(os.path.join(folder, "%s.start%d" % (name, round)), dtype="<f8")
    w, at, layers = workloads[name], 0, []
    units = [w["p"]] + hidden(w) + [w["k"]]
    for inputs, outputs in zip(units[:-1], units[1:]):
        biases = at + inputs * outputs
        layers.append((
            numbers[at:biases].reshape(outputs, inputs).T.copy(),
            numbers[biases:biases + outputs].copy(),
        ))
        at += (inputs + 1) * outputs
    return layers


def timed(f):
    begin = time.perf_counter()
    value = f()
    return time.perf_counter() - begin, value


def numpy_loop(name, round, dtype):
    w = workloads[name]
    if w["task"] != "squares" or dtype != "f8":
        return None
    X, target = data_of(name, dtype)
    y, lr = target.reshape(-1, 1), 0.1
    (wh, bh), (wout, bout) = start(name, round)

    def run():
        nonlocal wh, bh, wout, bout
        for i in range(w["epochs"]):
            h = 1 / (1 + np.exp(-(np.dot(X, wh) + bh)))
            output = 1 / (1 + np.exp(-(np.dot(h, wout) + bout)))
            d_output = (y - output) * output * (1 - output)
            d_hidden = d_output.dot(wout.T) * h * (1 - h)
            wout = wout + h.T.dot(d_output) * lr
            bout = bout + np.sum(d_output, axis=0) * lr
            wh = wh + X.T.dot(d_hidden) * lr
            bh = bh + np.sum(d_hidden, axis=0) * lr
    return timed(run)[0], None


def scikit_learn(name, round, dtype):
    if sklearn is None:
        return None
    w = workloads[name]
    if w["task"] == "squares":
        return None
    X, target = data_of(name, dtype)
    common = dict(
        hidden_layer_sizes=tuple(hidden(w)),
        activation="logistic" if w["activation"] == "sigmoid" else w["activation"],
        alpha=0, random_state=round,
    )
    if w["task"] == "predict":
        model = MLPClassifier(max_iter=1, **common).fit(X[:100], np.arange(100) % w["k"])
        return timed(lambda: model.predict_proba(X))[0], None
    if w["task"] == "regression":
        # fit() draws its own initial weights: override the method that draws them
        layers = start(name, round)

        class Started(MLPRegressor):
            def _initialize(self, y, layer_units, dtype):
                super()._initialize(y, layer_units, dtype)
                self.coefs_ = [a.astype(dtype) for a, b in layers]
                self.intercepts_ = [b.astype(dtype) for a, b in layers]
        model = Started(solver="lbfgs", max_iter=w["epochs"], tol=0, max_fun=10 ** 9, **common)
        seconds, _ = timed(lambda: model.fit(X, target))
        return seconds, 2 * float(model.loss_)
    model = MLPClassifier(
        solver="adam", batch_size=w["batch"], max_iter=w["epochs"], n_iter_no_change=10 ** 6,
        tol=0, **common,
    )
    return timed(lambda: model.fit(X, target.astype(int)))[0], None


def pytorch(name, round, dtype):
    if torch is None:
        return None
    w = workloads[name]
    if w["task"] in ("squares", "regression"):
        return None
    X, target = data_of(name, dtype)
    kind = torch.float64 if dtype == "f8" else torch.float32
    torch.manual_seed(round)
    units, layers = [w["p"]] + hidden(w) + [w["k"]], []
    for inputs, outputs in zip(units[:-1], units[1:]):
        layers += [torch.nn.Linear(inputs, outputs, dtype=kind), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    x = torch.from_numpy(X)
    if w["task"] == "predict":
        def predict():
            with torch.no_grad():
                return torch.softmax(net(x), 1)
        return timed(predict)[0], None
    y, n, batch = torch.from_numpy(target.astype(np.int64)), w["n"], w["batch"]
    loss_of, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters(), lr=1e-3)

    def run():
        for epoch in range(w["epochs"]):
            order = torch.randperm(n)
            for begin in range(0, n, batch):
                rows = order[begin:begin + batch]
                optimizer.zero_grad()
                loss_of(net(x[rows]), y[rows]).backward()
                optimizer.step()
    return timed(run)[0], None


def open_blas():
    for library in ("libopenblas.so.0", "libopenblas.so"):
        try:
            return ctypes.CDLL(library)
        except OSError:
            pass
    return None


def best_rate(multiply, size=1000):
    multiply()
    return max(2e-9 * size ** 3 / timed(multiply)[0] for _ in range(7))


# The name of OpenBLAS's kernel, and rates of products of 1000 x 1000 matrices in GFLOP/s, double
# and single: OpenBLAS itself, what NumPy and scikit-learn call, and what torch calls.
def blas_report(size=1000):
    blas, report = open_blas(), {"kernel": None}
    if blas is not None:
        blas.openblas_get_corename.restype = ctypes.c_char_p
        report["kernel"] = blas.openblas_get_corename().decode()
        report["OpenBLAS"] = [max(gemm_rate(t, size)[0] for _ in range(3)) for t in ("f8", "f4")]
    pairs = [np.ones((size, size), dtype=t) for t in ("f8", "f4")]
    report["NumPy"] = [best_rate(lambda a=a: a @ a, size) for a in pairs]
    if torch is not None:
        tensors = [torch.from_numpy(a) for a in pairs]
        report["torch"] = [best_rate(lambda a=a: torch.mm(a, a), size) for a in tensors]
    return report


def gemm_rate(dtype, size=1000):
    blas = open_blas()
    if blas is None:
        return None
    try:
        blas.openblas_set_num_threads(1)
    except AttributeError:
        pass
    a, b, c = (np.ones((size, size), dtype=dtype) for _ in range(3))
    f, number = blas.cblas_dgemm, ctypes.c_double
    if dtype != "f8":
        f, number = blas.cblas_sgemm, ctypes.c_float
    p = lambda m: m.ctypes.data_as(ctypes.c_void_p)

    def multiply():
        f(101, 111, 111, size, size, size, number(1), p(a), size, p(b), size, number(0), p(c), size)

    seconds, _ = timed(lambda: [multiply() for _ in range(5)])
    return 5 * 2e-9 * size ** 3 / seconds, None


contestants = {
    "NumPy loop": (numpy_loop, "f8"),
    "scikit-learn": (scikit_learn, "f8"),
    "scikit-learn, single": (scikit_learn, "f4"),
    "torch": (pytorch, "f8"),
    "torch, single": (pytorch, "f4"),
}

if sys.argv[1] == "--blas":
    print(json.dumps(blas_report()))
    sys.exit()

connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
lines = connection.makefile("rw")
for line in lines:
    words = line.rstrip("\n").split("\t")
    if words[0] == "quit":
        break
    if words[0] == "load":
        folder = words[1]
        with open(os.path.join(folder, "workloads.json")) as f:
            workloads = json.load(f)
        answer = "ready"
    elif words[0] == "versions":
        answer = {
            "NumPy": np.__version__,
            "scikit-learn": sklearn and sklearn.__version__,
            "torch": torch and torch.__version__,
        }
    elif words[0] == "contestants":
        answer = list(contestants)
    elif words[0] == "gemm":
        answer = gemm_rate(words[1])
    else:
        f, dtype = contestants[words[1]]
        answer = f(words[2], int(words[3]), dtype)
    lines.write(json.dumps(answer) + "\n")
    lines.flush()
