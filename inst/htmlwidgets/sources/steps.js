// The steps of one batch: the matrices of each step, its formula in R and in NumPy, and the sum
// behind every cell.
(function (root) {
  "use strict";
  const engine = root.engine;
  const at = engine.at;

  // hidden_layer_input, or hidden_layer_input1, ... where there is more than one hidden layer
  function hiddenName(stem, layer, hidden) {
    return hidden === 1 ? stem : stem + (layer + 1);
  }

  // R and NumPy for an activation's value and slope; Z is the input, A the value.
  const code = {
    sigmoid: ["1 / (1 + exp(-Z))", "1 / (1 + np.exp(-Z))", "A * (1 - A)", "A * (1 - A)"],
    tanh: ["tanh(Z)", "np.tanh(Z)", "1 - A^2", "1 - A**2"],
    relu: ["pmax(Z, 0)", "np.maximum(Z, 0)", "(A > 0) * 1", "(A > 0) * 1.0"],
    leaky_relu: ["ifelse(Z > 0, Z, 0.01 * Z)", "np.where(Z > 0, Z, 0.01 * Z)",
      "ifelse(A > 0, 1, 0.01)", "np.where(A > 0, 1, 0.01)"],
    elu: ["ifelse(Z > 0, Z, expm1(Z))", "np.where(Z > 0, Z, np.expm1(Z))",
      "ifelse(A > 0, 1, A + 1)", "np.where(A > 0, 1, A + 1)"],
    selu: ["ifelse(Z > 0, 1.0507009873554805 * Z, 1.7580993408473766 * expm1(Z))",
      "np.where(Z > 0, 1.0507009873554805 * Z, 1.7580993408473766 * np.expm1(Z))",
      "ifelse(A > 0, 1.0507009873554805, A + 1.7580993408473766)",
      "np.where(A > 0, 1.0507009873554805, A + 1.7580993408473766)"],
    gelu: ["Z * pnorm(Z)", "Z * norm.cdf(Z)", "pnorm(Z) + Z * dnorm(Z)",
      "norm.cdf(Z) + Z * norm.pdf(Z)"],
    silu: ["Z / (1 + exp(-Z))", "Z / (1 + np.exp(-Z))",
      "plogis(Z) * (1 + Z * plogis(-Z))",
      "(1 + Z / (1 + np.exp(Z))) / (1 + np.exp(-Z))"],
    softplus: ["log1p(exp(Z))", "np.log1p(np.exp(Z))", "-expm1(-A)", "-np.expm1(-A)"],
    identity: ["Z", "Z.copy()", "A * 0 + 1", "np.ones_like(A)"],
    exp: ["exp(Z)", "np.exp(Z)", "A", "A.copy()"],
    softmax: ["exp(Z) / rowSums(exp(Z))", "np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)"]
  };

  function fill(template, names) {
    return template.replace(/\b[ZA]\b/g, function (letter) { return names[letter]; });
  }

  // The negative derivative of the loss in R and in NumPy; p is the parameter of the loss.
  function pullCode(loss, p) {
    return {
      squared_error: ["E", "E"],
      absolute: ["sign(E)", "np.sign(E)"],
      huber: ["pmax(pmin(E, " + p + "), -" + p + ")", "np.clip(E, -" + p + ", " + p + ")"],
      poisson: ["(y / output - 1)", "(y / output - 1)"],
      quantile: ["((E > 0) - " + (1 - p) + " * (E != 0))",
        "((E > 0) - " + (1 - p) + " * (E != 0))"]
    }[loss];
  }

  // The matrices of a batch by id, and its steps in order. `made` is the result of Run.at().
  function describe(problem, made) {
    const model = problem.model;
    const layers = model.units.length - 1, hidden = layers - 1;
    const names = {
      z: [], a: [], w: [], b: [], slope: [], delta: [], error: []
    };
    for (let l = 0; l < layers; l++) {
      const last = l === hidden;
      const of = function (stem, end) { return last ? end : hiddenName(stem, l, hidden); };
      names.z.push(of("hidden_layer_input", "output_layer_input"));
      names.a.push(of("hiddenlayer_activations", "output"));
      names.w.push(of("wh", "wout"));
      names.b.push(of("bh", "bout"));
      names.slope.push(of("slope_hidden_layer", "slope_output_layer"));
      names.delta.push(of("d_hiddenlayer", "d_output"));
      names.error.push(of("Error_at_hidden_layer", "E"));
    }
    const input = function (l) { return l === 0 ? "X" : names.a[l - 1]; };
    const matrices = {}, steps = [];
    // `rows` and `columns`: what they represent: "case", "one", or the number of a layer
    function add(id, m, rows, columns, op, more) {
      matrices[id] = Object.assign({ id: id, name: id, m: m, rows: rows, columns: columns, op: op },
        more);
    }
    function step(number, phase, results, layout, more) {
      steps.push(Object.assign({
        number: number, phase: phase, results: results, layout: layout, id: results[0],
        name: matrices[results[0]].name, op: matrices[results[0]].op
      }, more));
    }

    add("X", made.x, "case", 0, "given");
    add("y", made.y, "case", layers, "given");
    step(0, "data", ["X", "y"], "row", { name: "X, y" });
    const starts = [];
    for (let l = 0; l < layers; l++) {
      add(names.w[l] + "_before", made.before[l].w, l, l + 1, "before",
        { name: names.w[l], layer: l });
      add(names.b[l] + "_before", made.before[l].b, "one", l + 1, "before",
        { name: names.b[l], layer: l, bias: true });
      starts.push(names.w[l] + "_before");
      if (made.before[l].s) {
        add("wskip_before", made.before[l].s, 0, l + 1, "before",
          { name: "wskip", layer: l, skip: true });
        starts.push("wskip_before");
      }
      starts.push(names.b[l] + "_before");
    }
    step(1, "data", starts, "row", {
      name: starts.map(function (id) { return matrices[id].name; }).join(", "), op: "before"
    });

    for (let l = 0; l < layers; l++) {
      const kind = model.activations[l], output = l === hidden;
      const w = names.w[l] + "_before", b = names.b[l] + "_before";
      const skip = made.before[l].s ? { r: " + X %*% wskip", numpy: " + X @ wskip" } : null;
      add(names.z[l], made.z[l], "case", l + 1, "affine", Object.assign(
        { layer: l, from: input(l), w: w, b: b }, skip && { fromSkip: "X", s: "wskip_before" }));
      step(output ? 4 : 2, "forward", [names.z[l]], "crossed", {
        layer: l, flow: "edges",
        r: "sweep(" + input(l) + " %*% " + names.w[l] + (skip ? skip.r : "") + ", 2, " +
          names.b[l] + ", \"+\")",
        numpy: input(l) + " @ " + names.w[l] + (skip ? skip.numpy : "") + " + " + names.b[l]
      });
      add(names.a[l], made.a[l], "case", l + 1, kind === "softmax" ? "softmax" : "activate",
        { layer: l, from: names.z[l], kind: kind });
      const own = { Z: names.z[l], A: names.a[l] };
      step(output ? 4 : 3, "forward", [names.a[l]], "row", {
        layer: l, kind: kind, flow: "units", operands: [names.z[l]], signs: ["\u2192"],
        r: fill(code[kind][0], own), numpy: fill(code[kind][1], own)
      });
    }

    const last = hidden;
    const loss = model.loss.name, p = model.loss.parameter;
    add("E", engine.matrix(made.y.rows, made.y.columns, made.y.data.map(function (y, k) {
      return y - made.a[last].data[k];
    })), "case", layers, "error", { layer: last });
    step(5, "error", ["E"], "row", {
      layer: last, flow: "units", operands: ["y", "output"], signs: ["\u2212", "="],
      r: "y - output", numpy: "y - output"
    });
    const value = made.lossSum / made.divisor;
    add("loss", engine.matrix(1, 1, Float64Array.of(value)), "one", "one", "loss", {});
    const fromError = loss !== "cross_entropy" && loss !== "poisson";
    step(null, "error", ["loss"], "row", Object.assign({
      layer: last, flow: "units", operands: fromError ? ["E"] : ["y", "output"],
      signs: fromError ? ["\u2192"] : ["", "\u2192"]
    }, lossCode(model)));

    const kind = engine.deltaKind(model);
    if (kind === "slope") addSlope(last);
    for (let l = last - 1; l >= 0; l--) addSlope(l);
    function addSlope(l) {
      const f = model.activations[l];
      const own = { Z: names.z[l], A: names.a[l] };
      const from = f === "gelu" || f === "silu" ? names.z[l] : names.a[l];
      add(names.slope[l], made.slope[l], "case", l + 1, "slope",
        { layer: l, kind: f, from: from });
      step(6, "backward", [names.slope[l]], "row", {
        layer: l, kind: f, flow: "units", operands: [from], signs: ["\u2192"],
        r: fill(code[f][2], own), numpy: fill(code[f][3], own)
      });
    }
    add("d_output", made.delta[last], "case", layers, "delta", { layer: last, kind: kind });
    step(7, "backward", ["d_output"], "row",
      Object.assign({ layer: last, flow: "units", kind: kind },
        deltaStep(kind, loss, p, names.slope[last], made)));
    for (let l = last - 1; l >= 0; l--) {
      const w = names.w[l + 1] + "_before";
      add(names.error[l], made.error[l], "case", l + 1, "back",
        { layer: l + 1, from: names.delta[l + 1], w: w });
      step(8, "backward", [names.error[l]], "crossed", {
        layer: l + 1, flow: "edges", transposed: true,
        r: names.delta[l + 1] + " %*% t(" + names.w[l + 1] + ")",
        numpy: names.delta[l + 1] + " @ " + names.w[l + 1] + ".T"
      });
      add(names.delta[l], made.delta[l], "case", l + 1, "times",
        { layer: l, error: names.error[l], slope: names.slope[l] });
      step(9, "backward", [names.delta[l]], "row", {
        layer: l, flow: "units", operands: [names.error[l], names.slope[l]],
        signs: ["\u00d7", "="], r: names.error[l] + " * " + names.slope[l],
        numpy: names.error[l] + " * " + names.slope[l]
      });
    }

    const mean = model.reduction === "mean";
    function updateWeights(l, name, from, rows, change, after, skip) {
      const id = name + "_after";
      add(name + "_change", change, rows, l + 1, "weightChange",
        { name: "", layer: l, skip: skip, from: from, delta: names.delta[l],
          divisor: made.divisor });
      add(id, after, rows, l + 1, "weightAfter", {
        name: name, layer: l, skip: skip, old: name + "_before", change: name + "_change"
      });
      step(10, "update", [id], "update", {
        layer: l, skip: skip, flow: "update", operands: [from, names.delta[l]],
        parts: [name + "_before", name + "_change"],
        r: name + " + learning_rate * t(" + from + ") %*% " + names.delta[l] +
          (mean ? " / nrow(X)" : ""),
        numpy: name + " + learning_rate * " + from + ".T @ " + names.delta[l] +
          (mean ? " / len(X)" : "")
      });
    }
    for (let l = last; l >= 0; l--) {
      const change = made.change[l], after = made.after[l];
      updateWeights(l, names.w[l], input(l), l, change.w, after.w, false);
      if (after.s) updateWeights(l, "wskip", "X", 0, change.s, after.s, true);
    }
    for (let l = last; l >= 0; l--) {
      const id = names.b[l] + "_after";
      add(names.b[l] + "_change", made.change[l].b, "one", l + 1, "biasChange",
        { name: "", layer: l, delta: names.delta[l], divisor: made.divisor });
      add(id, made.after[l].b, "one", l + 1, "biasAfter", {
        name: names.b[l], layer: l, bias: true, old: names.b[l] + "_before",
        change: names.b[l] + "_change"
      });
      step(11, "update", [id], "update", {
        layer: l, flow: "update", bias: true, operands: [names.delta[l]],
        parts: [names.b[l] + "_before", names.b[l] + "_change"],
        r: names.b[l] + " + learning_rate * colSums(" + names.delta[l] + ")" +
          (mean ? " / nrow(X)" : ""),
        numpy: names.b[l] + " + learning_rate * " + names.delta[l] + ".sum(axis=0)" +
          (mean ? " / len(X)" : "")
      });
    }
    add("output_after", made.output, "case", layers, "outputAfter", { name: "output" });
    step(null, "update", ["output_after"], "row",
      { layer: last, flow: "none", operands: ["y", "output"], signs: ["", "\u2192"] });
    add("loss_after", engine.matrix(1, 1, Float64Array.of(made.lossAfter)), "one", "one",
      "lossAfter", { name: "loss" });
    step(null, "update", ["loss_after"], "row",
      { layer: last, flow: "none", operands: ["loss"], signs: ["\u2192"] });
    return { matrices: matrices, steps: steps, rate: made.rate, model: model };
  }

  function lossCode(model) {
    const loss = model.loss.name, p = model.loss.parameter;
    const softmaxed = model.activations[model.activations.length - 1] === "softmax";
    const terms = {
      squared_error: ["E^2 / 2", "E**2 / 2"],
      absolute: ["abs(E)", "np.abs(E)"],
      huber: ["ifelse(abs(E) <= " + p + ", E^2 / 2, " + p + " * (abs(E) - " + p + " / 2))",
        "np.where(np.abs(E) <= " + p + ", E**2 / 2, " + p + " * (np.abs(E) - " + p + " / 2))"],
      poisson: ["output - ifelse(y == 0, 0, y * log(output))",
        "output - np.where(y == 0, 0, y * np.log(output))"],
      quantile: ["ifelse(E > 0, " + p + " * E, " + (1 - p) + " * -E)",
        "np.where(E > 0, " + p + " * E, " + (1 - p) + " * -E)"],
      cross_entropy: softmaxed ? ["-y * log(output)", "-y * np.log(output)"] :
        ["-y * log(output) - (1 - y) * log(1 - output)",
          "-y * np.log(output) - (1 - y) * np.log(1 - output)"]
    }[loss];
    const mean = model.reduction === "mean";
    return {
      r: "sum(" + terms[0] + ")" + (mean ? " / nrow(X)" : ""),
      numpy: "np.sum(" + terms[1] + ")" + (mean ? " / len(X)" : "")
    };
  }

  function deltaStep(kind, loss, p, slope) {
    if (kind === "error") {
      return { operands: ["y", "output"], signs: ["\u2212", "="], r: "y - output",
        numpy: "y - output" };
    }
    const pull = pullCode(loss, p);
    if (kind === "slope") {
      return {
        operands: [loss === "poisson" ? "output" : "E", slope],
        signs: [loss === "squared_error" ? "\u00d7" : "", "="],
        r: pull[0] + " * " + slope, numpy: pull[1] + " * " + slope
      };
    }
    return {
      operands: ["E", "output"], signs: ["", "\u2192"],
      r: "output * (" + pull[0] + " - rowSums(" + pull[0] + " * output))",
      numpy: "output * (" + pull[1] + " - (" + pull[1] + " * output).sum(axis=1, keepdims=True))"
    };
  }

  // Sums written out --------------------------------------------------------------------------

  // The sum behind a cell: `parts`, a list of strings and numbers ({ n, of: id of the matrix }), or
  // null for data; the cells of its operands; and the edges ({ layer, from, to }; from is -1 for
  // the bias) and the case to highlight in the network.
  function explain(batch, id, i, j) {
    const matrices = batch.matrices, made = matrices[id];
    const number = function (from, a, b) { return { n: at(matrices[from].m, a, b), of: from }; };
    const parts = [], cells = [], edges = [];
    const row = made.rows === "case" ? i : null;
    const use = function (from, a, b) {
      cells.push({ id: from, i: a, j: b });
      return number(from, a, b);
    };
    const old = function (made, a, b) {
      return { n: use(made.old, a, b).n, of: made.old + ":update" };
    };
    const put = function () { parts.push.apply(parts, arguments); };
    // a sum of products: of(k) returns the two numbers of the k-th product
    function products(count, of) {
      for (let k = 0; k < count; k++) {
        const pair = of(k);
        put(k === 0 ? "" : " + ", pair[0], " \u00d7 ", pair[1]);
      }
    }
    switch (made.op) {
      case "affine": {
        const inputs = matrices[made.w].m.rows;
        products(inputs, function (k) {
          edges.push({ layer: made.layer, from: k, to: j });
          return [use(made.from, i, k), use(made.w, k, j)];
        });
        for (let k = 0; made.s && k < matrices[made.s].m.rows; k++) {
          edges.push({ layer: made.layer, from: k, to: j, skip: true });
          put(" + ", use(made.fromSkip, i, k), " \u00d7 ", use(made.s, k, j));
        }
        edges.push({ layer: made.layer, from: -1, to: j });
        put(" + ", use(made.b, 0, j));
        break;
      }
      case "back": {
        const outputs = matrices[made.w].m.columns;
        products(outputs, function (k) {
          edges.push({ layer: made.layer, from: j, to: k });
          return [use(made.from, i, k), use(made.w, j, k)];
        });
        break;
      }
      case "times":
        put(use(made.error, i, j), " \u00d7 ", use(made.slope, i, j));
        break;
      case "error":
        put(use("y", i, j), " \u2212 ", use("output", i, j));
        break;
      case "activate":
        put.apply(null, valueParts(made.kind, use(made.from, i, j)));
        break;
      case "slope":
        put.apply(null, slopeParts(made.kind, use(made.from, i, j)));
        break;
      case "softmax": {
        const z = matrices[made.from].m;
        const most = { n: engine.rowMaximum(z, i), of: made.from };
        const less = function (k) { return ["exp(", use(made.from, i, k), " \u2212 ", most, ")"]; };
        put("exp(", number(made.from, i, j), " \u2212 ", most, ") / (");
        for (let k = 0; k < z.columns; k++) put.apply(null, (k ? [" + "] : []).concat(less(k)));
        put(")");
        break;
      }
      case "delta": deltaParts(batch, made, i, j, use, put); break;
      case "loss": lossParts(batch, use, put); break;
      case "weightAfter":
      case "weightChange": {
        const change = made.op === "weightAfter" ? matrices[made.change] : made;
        edges.push({ layer: made.layer, from: i, to: j, skip: made.skip });
        if (made.op === "weightAfter") put(old(made, i, j), " + ");
        put({ n: batch.rate, of: "rate" }, " \u00d7 (");
        products(matrices[change.from].m.rows, function (k) {
          return [use(change.from, k, i), use(change.delta, k, j)];
        });
        put(")");
        if (batch.model.reduction === "mean") put(" / ", { n: change.divisor, of: "count" });
        break;
      }
      case "biasAfter":
      case "biasChange": {
        const change = made.op === "biasAfter" ? matrices[made.change] : made;
        edges.push({ layer: made.layer, from: -1, to: j });
        if (made.op === "biasAfter") put(old(made, i, j), " + ");
        put({ n: batch.rate, of: "rate" }, " \u00d7 (");
        const count = matrices[change.delta].m.rows;
        for (let k = 0; k < count; k++) put(k === 0 ? "" : " + ", use(change.delta, k, j));
        put(")");
        if (batch.model.reduction === "mean") put(" / ", { n: change.divisor, of: "count" });
        break;
      }
      case "before":
        edges.push({ layer: made.layer, from: made.bias ? -1 : i, to: j, skip: made.skip });
        return { parts: null, cells: cells, edges: edges, row: row };
      default:
        return { parts: null, cells: cells, edges: edges, row: row };
    }
    return { parts: parts, cells: cells, edges: edges, row: row };
  }

  // With the sign turned: a negative number in parentheses.
  function minus(number) {
    return number.n < 0 ? ["\u2212(", number, ")"] : ["\u2212", number];
  }

  function valueParts(kind, z) {
    switch (kind) {
      case "sigmoid": return ["1 / (1 + exp("].concat(minus(z), "))");
      case "tanh": return ["tanh(", z, ")"];
      case "relu": return ["max(0, ", z, ")"];
      case "leaky_relu": return z.n > 0 ? [z] : ["0.01 \u00d7 ", z];
      case "elu": return z.n > 0 ? [z] : ["expm1(", z, ")"];
      case "selu": return z.n > 0 ? ["1.0507009873554805 \u00d7 ", z] :
        ["1.7580993408473766 \u00d7 expm1(", z, ")"];
      case "gelu": return [z, " \u00d7 pnorm(", z, ")"];
      case "silu": return [z, " / (1 + exp("].concat(minus(z), "))");
      case "softplus": return z.n > 0 ? [z, " + log1p(exp("].concat(minus(z), "))") :
        ["log1p(exp(", z, "))"];
      case "exp": return ["exp(", z, ")"];
      default: return [z];
    }
  }

  function slopeParts(kind, from) {
    switch (kind) {
      case "sigmoid": return [from, " \u00d7 (1 \u2212 ", from, ")"];
      case "tanh": return ["1 \u2212 ", from, " \u00d7 ", from];
      case "relu": return [from, from.n > 0 ? " > 0: 1" : " \u2264 0: 0"];
      case "leaky_relu": return [from, from.n > 0 ? " > 0: 1" : " \u2264 0: 0.01"];
      case "elu": return from.n > 0 ? [from, " > 0: 1"] : [from, " + 1"];
      case "selu": return from.n > 0 ? [from, " > 0: 1.0507009873554805"] :
        [from, " + 1.7580993408473766"];
      case "gelu": return ["pnorm(", from, ") + ", from, " \u00d7 dnorm(", from, ")"];
      case "silu": return ["sigmoid(", from, ") + ", from, " \u00d7 sigmoid(", from,
        ") \u00d7 sigmoid("].concat(minus(from), ")");
      case "softplus": return ["\u2212expm1("].concat(minus(from), ")");
      case "exp": return [from];
      default: return ["1"];
    }
  }

  // The negative derivative of the loss with respect to one output.
  function pullParts(batch, i, j, use) {
    const loss = batch.model.loss.name, p = { n: batch.model.loss.parameter, of: "rate" };
    const y = at(batch.matrices.y.m, i, j);
    switch (loss) {
      case "squared_error": return [use("E", i, j)];
      case "absolute": return ["sign(", use("E", i, j), ")"];
      case "huber": return ["max(min(", use("E", i, j), ", ", p, "), \u2212", p, ")"];
      case "poisson":
        return y === 0 ? ["(\u22121)"] : ["(", use("y", i, j), " / ", use("output", i, j),
          " \u2212 1)"];
      default: {
        const e = use("E", i, j).n;
        return e > 0 ? [p] : e < 0 ? ["(", p, " \u2212 1)"] : ["0"];
      }
    }
  }

  function deltaParts(batch, made, i, j, use, put) {
    const matrices = batch.matrices, kind = made.kind;
    if (kind === "error") {
      put(use("y", i, j), " \u2212 ", use("output", i, j));
      const y = matrices.y.m;
      const softmaxed = batch.model.activations[batch.model.activations.length - 1] === "softmax";
      let all = softmaxed ? at(y, i, 0) : 1;
      if (softmaxed) for (let k = 1; k < y.columns; k++) all += at(y, i, k);
      if (all !== 1) put(" \u00d7 ", { n: all, of: "rate" });
      return;
    }
    if (kind === "slope") {
      put.apply(null, pullParts(batch, i, j, use));
      put(" \u00d7 ", use("slope_output_layer", i, j));
      return;
    }
    put(use("output", i, j), " \u00d7 (");
    put.apply(null, pullParts(batch, i, j, use));
    put(" \u2212 (");
    for (let k = 0; k < matrices.y.m.columns; k++) {
      put(k ? " + " : "", use("output", i, k), " \u00d7 ");
      put.apply(null, pullParts(batch, i, k, use));
    }
    put("))");
  }

  function lossParts(batch, use, put) {
    const model = batch.model, y = batch.matrices.y.m, name = model.loss.name;
    const softmaxed = model.activations[model.activations.length - 1] === "softmax";
    const p = { n: model.loss.parameter, of: "rate" };
    const mean = model.reduction === "mean";
    if (mean) put("(");
    for (let i = 0; i < y.rows; i++) {
      put(i ? " + " : "", y.columns > 1 ? "(" : "");
      for (let j = 0; j < y.columns; j++) {
        const target = at(y, i, j);
        const error = batch.matrices.E.m.data[i * y.columns + j];
        put(j ? " + " : "");
        if (name === "squared_error") {
          put("0.5 \u00d7 ", use("E", i, j), " \u00d7 ", use("E", i, j));
        } else if (name === "absolute") {
          put("abs(", use("E", i, j), ")");
        } else if (name === "huber") {
          const far = Math.abs(error) > model.loss.parameter;
          if (far) put(p, " \u00d7 (abs(", use("E", i, j), ") \u2212 0.5 \u00d7 ", p, ")");
          else put("0.5 \u00d7 ", use("E", i, j), " \u00d7 ", use("E", i, j));
        } else if (name === "quantile") {
          if (error > 0) put(p, " \u00d7 ", use("E", i, j));
          else put("(1 \u2212 ", p, ") \u00d7 abs(", use("E", i, j), ")");
        } else if (name === "poisson") {
          put("(", use("output", i, j));
          if (target !== 0) {
            put(" \u2212 ", use("y", i, j), " \u00d7 log(", use("output", i, j), ")");
          }
          put(")");
        } else if (softmaxed) {
          put("(\u2212", use("y", i, j), " \u00d7 log(", use("output", i, j), "))");
        } else {
          put("(\u2212", use("y", i, j), " \u00d7 log(", use("output", i, j), ") \u2212 (1 \u2212 ",
            use("y", i, j), ") \u00d7 log(1 \u2212 ", use("output", i, j), "))");
        }
      }
      put(y.columns > 1 ? ")" : "");
    }
    if (mean) put(") / ", { n: y.rows, of: "count" });
  }

  // Numbers as text ---------------------------------------------------------------------------

  // Number of decimals of a matrix: the selected number, 0 if all values are integers, and more if
  // the largest value would have less than two digits. "all" shows every digit.
  function decimals(numbers, asked) {
    if (asked === "all") return "all";
    let largest = 0, whole = true;
    for (let k = 0; k < numbers.length; k++) {
      largest = Math.max(largest, Math.abs(numbers[k]));
      if (numbers[k] % 1 !== 0) whole = false;
    }
    if (whole && largest < 1e4) return 0;
    if (largest === 0 || !isFinite(largest)) return asked;
    const needed = 1 - Math.floor(Math.log10(largest));
    if (needed > 8 || largest >= 1e6) return "power";
    return Math.max(asked, needed);
  }

  // Formats a number, with a minus sign instead of a hyphen.
  function format(value, places) {
    if (!isFinite(value)) return isNaN(value) ? "NaN" : value > 0 ? "Inf" : "\u2212Inf";
    let text;
    if (places === "all") text = String(value);
    else if (places === "power") text = value === 0 ? "0" : value.toExponential(1);
    else {
      text = value.toFixed(places);
      if (Math.abs(value) >= 1e21) text = value.toExponential(1);
      if (!/[1-9]/.test(text)) text = text.replace("-", "");
    }
    return text.replace(/-/g, "\u2212");
  }

  // Decimals of each matrix of a batch. The matrices of an update share theirs, so that changes are
  // visible.
  function places(batch, asked) {
    const result = { rate: "all", count: 0 };
    Object.keys(batch.matrices).forEach(function (id) {
      result[id] = decimals(batch.matrices[id].m.data, asked);
    });
    Object.keys(batch.matrices).forEach(function (id) {
      const made = batch.matrices[id];
      if (made.op !== "weightAfter" && made.op !== "biasAfter") return;
      const needed = result[made.change];
      result[made.old + ":update"] = result[made.old];
      if (asked === "all" || needed === "power") return;
      const shared = Math.min(8, Math.max(asked, needed));
      result[id] = result[made.change] = shared;
      result[made.old + ":update"] = shared;
    });
    return result;
  }

  function write(parts, byMatrix) {
    return parts.map(function (part) {
      return typeof part === "string" ? part : format(part.n, byMatrix[part.of]);
    }).join("");
  }

  // Evaluates a displayed sum, to choose between = and the sign for approximate equality.
  const known = {
    exp: Math.exp, expm1: Math.expm1, log: Math.log, log1p: Math.log1p, tanh: Math.tanh,
    max: Math.max, min: Math.min, abs: Math.abs, sign: Math.sign, pnorm: engine.distribution,
    dnorm: engine.density, sigmoid: engine.activations.sigmoid.value
  };

  function evaluate(text) {
    const from = text.replace(/^.*: /, "").replace(/\u2212/g, "-").replace(/\u00d7/g, "*");
    return parse(from.replace(/\s+/g, ""));
  }

  // A calculator for +, -, *, /, parentheses and the functions above, from left to right.
  function parse(text) {
    let place = 0;
    function sum() {
      let value = product();
      while (text[place] === "+" || text[place] === "-") {
        value = text[place++] === "+" ? value + product() : value - product();
      }
      return value;
    }
    function product() {
      let value = unit();
      while (text[place] === "*" || text[place] === "/") {
        value = text[place++] === "*" ? value * unit() : value / unit();
      }
      return value;
    }
    function unit() {
      if (text[place] === "-") {
        place++;
        return -unit();
      }
      const rest = text.slice(place);
      const number = /^([0-9]+\.?[0-9]*(e[+-]?[0-9]+)?|Inf|NaN)/.exec(rest);
      if (number) {
        place += number[0].length;
        return number[0] === "Inf" ? Infinity : Number(number[0]);
      }
      const name = /^[a-z0-9]*/.exec(rest)[0];
      place += name.length + 1;
      const given = [sum()];
      while (text[place] === ",") {
        place++;
        given.push(sum());
      }
      place++;
      return name === "" ? given[0] : known[name].apply(null, given);
    }
    return sum();
  }

  // The text for a cell, such as "1 x 0.42 + 0.46 = 0.88", with the sign for approximate equality
  // if the rounded operands give a different result.
  function sentence(batch, id, i, j, byMatrix) {
    const found = explain(batch, id, i, j);
    const made = batch.matrices[id];
    const value = at(made.m, i, j);
    const result = format(value, byMatrix[id]);
    if (found.parts === null) return { text: result, exact: true, found: found, value: value };
    const written = write(found.parts, byMatrix);
    const sum = evaluate(written);
    const exact = byMatrix[id] === "all" ? sum === value : format(sum, byMatrix[id]) === result;
    const sign = written === result ? "" : written + (exact ? " = " : " \u2248 ");
    return { text: sign + result, written: written, exact: exact, found: found, value: value };
  }

  root.steps = {
    describe: describe, explain: explain, places: places, format: format, sentence: sentence,
    evaluate: evaluate, decimals: decimals
  };
})(window.backpropShow = window.backpropShow || {});
