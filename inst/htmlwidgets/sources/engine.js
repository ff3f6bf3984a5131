// The arithmetic of the stepper in double precision, independent of the page: matrices,
// activations, losses, row order, one pass over a batch, and runs of many epochs. Sums are computed
// in index order, so that the sum displayed for a cell evaluates to its value.
(function (root) {
  "use strict";

  // Matrices: rows, columns, and the values by row.
  function matrix(rows, columns, data) {
    return { rows: rows, columns: columns, data: data || new Float64Array(rows * columns) };
  }

  function at(m, i, j) {
    return m.data[i * m.columns + j];
  }

  function transpose(m) {
    const t = matrix(m.columns, m.rows);
    for (let i = 0; i < m.rows; i++) {
      for (let j = 0; j < m.columns; j++) t.data[j * m.rows + i] = at(m, i, j);
    }
    return t;
  }

  function takeRows(m, rows) {
    const taken = matrix(rows.length, m.columns);
    rows.forEach(function (row, i) {
      for (let j = 0; j < m.columns; j++) taken.data[i * m.columns + j] = at(m, row, j);
    });
    return taken;
  }

  function zip(a, b, f) {
    const result = matrix(a.rows, a.columns);
    for (let i = 0; i < result.data.length; i++) result.data[i] = f(a.data[i], b.data[i]);
    return result;
  }

  // R sends values as text, by column.
  function parseNumbers(text) {
    return Float64Array.from(text.split(" "), Number);
  }

  function parseMatrix(given) {
    return transpose(matrix(given.dim[1], given.dim[0], parseNumbers(given.data)));
  }

  // The standard normal density and distribution function: a series near 0, a continued fraction
  // in the tails.
  function density(z) {
    return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  }

  function distribution(z) {
    const x = Math.abs(z);
    let above;
    if (x < 5) {
      let term = x, sum = x;
      for (let k = 3; term > sum * 1e-18; k += 2) {
        term *= x * x / k;
        sum += term;
      }
      above = 0.5 - density(x) * sum;
    } else {
      let fraction = x;
      for (let k = 60; k > 0; k--) fraction = x + k / fraction;
      above = density(x) / fraction;
    }
    return z > 0 ? 1 - above : above;
  }

  function logistic(z) {
    return 1 / (1 + Math.exp(-z));
  }

  // Value at the input z, slope in terms of z and the value a.
  const activations = {
    sigmoid: { value: logistic, slope: function (z, a) { return a * (1 - a); } },
    tanh: { value: Math.tanh, slope: function (z, a) { return 1 - a * a; } },
    relu: {
      value: function (z) { return z < 0 ? 0 : z; },
      slope: function (z, a) { return a > 0 ? 1 : 0; }
    },
    leaky_relu: {
      value: function (z) { return z > 0 ? z : 0.01 * z; },
      slope: function (z, a) { return a > 0 ? 1 : 0.01; }
    },
    elu: {
      value: function (z) { return z > 0 ? z : Math.expm1(z); },
      slope: function (z, a) { return a > 0 ? 1 : a + 1; }
    },
    selu: {
      value: function (z) {
        return z > 0 ? 1.0507009873554805 * z : 1.7580993408473766 * Math.expm1(z);
      },
      slope: function (z, a) { return a > 0 ? 1.0507009873554805 : a + 1.7580993408473766; }
    },
    gelu: {
      value: function (z) { return z * distribution(z); },
      slope: function (z) { return distribution(z) + z * density(z); }
    },
    silu: {
      value: function (z) { return z / (1 + Math.exp(-z)); },
      slope: function (z) {
        const s = logistic(z);
        return s + z * s * logistic(-z);
      }
    },
    softplus: {
      value: function (z) {
        return z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z));
      },
      slope: function (z, a) { return -Math.expm1(-a); }
    },
    identity: { value: function (z) { return z; }, slope: function () { return 1; } },
    exp: { value: Math.exp, slope: function (z, a) { return a; } }
  };

  function softmax(z) {
    const a = matrix(z.rows, z.columns);
    for (let i = 0; i < z.rows; i++) {
      const most = rowMaximum(z, i);
      let sum = 0;
      for (let j = 0; j < z.columns; j++) sum += Math.exp(at(z, i, j) - most);
      for (let j = 0; j < z.columns; j++) {
        a.data[i * z.columns + j] = Math.exp(at(z, i, j) - most) / sum;
      }
    }
    return a;
  }

  function rowMaximum(m, i) {
    let most = at(m, i, 0);
    for (let j = 1; j < m.columns; j++) most = Math.max(most, at(m, i, j));
    return most;
  }

  // The value L(a, y) of each loss, and `pull`, minus its derivative to the output a.
  const losses = {
    squared_error: {
      value: function (a, y) { return 0.5 * (y - a) * (y - a); },
      pull: function (a, y) { return y - a; }
    },
    absolute: {
      value: function (a, y) { return Math.abs(y - a); },
      pull: function (a, y) { return Math.sign(y - a); }
    },
    huber: {
      value: function (a, y, p) {
        const e = Math.abs(y - a);
        return e <= p ? 0.5 * e * e : p * (e - 0.5 * p);
      },
      pull: function (a, y, p) { return Math.max(Math.min(y - a, p), -p); }
    },
    poisson: {
      value: function (a, y) { return y === 0 ? a : a - y * Math.log(a); },
      pull: function (a, y) { return y === 0 ? -1 : y / a - 1; }
    },
    quantile: {
      value: function (a, y, p) { return a < y ? p * (y - a) : (1 - p) * (a - y); },
      pull: function (a, y, p) { return a < y ? p : a > y ? p - 1 : 0; }
    }
  };

  // How the delta of the output layer is computed: "error" if the loss is computed from the layer's
  // input, so that the delta is y - output; "softmax" if the outputs of a row depend on each other;
  // otherwise "slope".
  function deltaKind(model) {
    const output = model.activations[model.activations.length - 1];
    const loss = model.loss.name;
    if (loss === "cross_entropy" || (loss === "poisson" && output === "exp")) return "error";
    return output === "softmax" ? "softmax" : "slope";
  }

  // The loss, added up over the rows, from what forward() returns.
  function lossOver(model, way, y) {
    const z = way.z[way.z.length - 1], a = way.a[way.a.length - 1];
    const output = model.activations[model.activations.length - 1];
    const name = model.loss.name;
    let all = 0;
    for (let i = 0; i < y.rows; i++) {
      let sum = 0;
      if (name === "cross_entropy" && output === "softmax") {
        const most = rowMaximum(z, i);
        let total = 0;
        for (let j = 0; j < y.columns; j++) total += Math.exp(at(z, i, j) - most);
        for (let j = 0; j < y.columns; j++) {
          sum += at(y, i, j) * (Math.log(total) + (most - at(z, i, j)));
        }
      } else {
        for (let j = 0; j < y.columns; j++) {
          const zj = at(z, i, j), aj = at(a, i, j), yj = at(y, i, j);
          if (name === "cross_entropy") {
            sum += Math.max(zj, 0) - yj * zj + Math.log1p(Math.exp(-Math.abs(zj)));
          } else if (name === "poisson" && output === "exp") {
            sum += aj - yj * zj;
          } else {
            sum += losses[name].value(aj, yj, model.loss.parameter);
          }
        }
      }
      all += sum;
    }
    return all;
  }

  // The weights of all layers are one array, as in R: each matrix by column, followed by its
  // biases. With skip, the matrix of the output layer has a row for each unit below and then one
  // for each input of the network; these are a matrix `s` of their own.
  function hasSkip(model, layer) {
    return model.skip && layer === model.units.length - 2;
  }

  function layerWeights(model, weights, layer) {
    let from = 0;
    for (let l = 0; l < layer; l++) from += (model.units[l] + 1) * model.units[l + 1];
    const inputs = model.units[layer], outputs = model.units[layer + 1];
    const skipped = hasSkip(model, layer) ? model.units[0] : 0, rows = inputs + skipped;
    const w = matrix(inputs, outputs), b = matrix(1, outputs);
    const s = skipped > 0 ? matrix(skipped, outputs) : null;
    for (let j = 0; j < outputs; j++) {
      for (let i = 0; i < inputs; i++) w.data[i * outputs + j] = weights[from + j * rows + i];
      for (let i = 0; i < skipped; i++) {
        s.data[i * outputs + j] = weights[from + j * rows + inputs + i];
      }
      b.data[j] = weights[from + rows * outputs + j];
    }
    return { w: w, b: b, s: s };
  }

  function flatten(layers) {
    const flat = [];
    layers.forEach(function (layer) {
      for (let j = 0; j < layer.w.columns; j++) {
        for (let i = 0; i < layer.w.rows; i++) flat.push(at(layer.w, i, j));
        for (let i = 0; layer.s && i < layer.s.rows; i++) flat.push(at(layer.s, i, j));
      }
      layer.b.data.forEach(function (b) { flat.push(b); });
    });
    return Float64Array.from(flat);
  }

  // a %*% w + b or, with skip, a %*% w + x %*% s + b
  function affine(a, layer, x) {
    const w = layer.w, b = layer.b, s = layer.s;
    const z = matrix(a.rows, w.columns);
    const inner = a.columns;
    for (let i = 0; i < a.rows; i++) {
      for (let j = 0; j < w.columns; j++) {
        let sum = a.data[i * inner] * w.data[j];
        for (let k = 1; k < inner; k++) sum += a.data[i * inner + k] * w.data[k * w.columns + j];
        for (let k = 0; s && k < s.rows; k++) sum += at(x, i, k) * at(s, k, j);
        z.data[i * w.columns + j] = sum + b.data[j];
      }
    }
    return z;
  }

  // delta %*% t(w)
  function timesTransposed(delta, w) {
    const error = matrix(delta.rows, w.rows);
    for (let i = 0; i < delta.rows; i++) {
      for (let j = 0; j < w.rows; j++) {
        let sum = at(delta, i, 0) * at(w, j, 0);
        for (let k = 1; k < w.columns; k++) sum += at(delta, i, k) * at(w, j, k);
        error.data[i * w.rows + j] = sum;
      }
    }
    return error;
  }

  // The changes of weights and biases: rate * t(a) %*% delta / divisor.
  function weightChange(a, delta, rate, divisor) {
    const change = matrix(a.columns, delta.columns);
    for (let i = 0; i < a.columns; i++) {
      for (let j = 0; j < delta.columns; j++) {
        let sum = at(a, 0, i) * at(delta, 0, j);
        for (let k = 1; k < a.rows; k++) sum += at(a, k, i) * at(delta, k, j);
        change.data[i * delta.columns + j] = rate * sum / divisor;
      }
    }
    return change;
  }

  function biasChange(delta, rate, divisor) {
    const change = matrix(1, delta.columns);
    for (let j = 0; j < delta.columns; j++) {
      let sum = at(delta, 0, j);
      for (let k = 1; k < delta.rows; k++) sum += at(delta, k, j);
      change.data[j] = rate * sum / divisor;
    }
    return change;
  }

  function activate(kind, z) {
    if (kind === "softmax") return softmax(z);
    const f = activations[kind].value;
    return matrix(z.rows, z.columns, z.data.map(f));
  }

  function forward(model, layers, x) {
    const z = [], a = [];
    layers.forEach(function (layer, l) {
      z.push(affine(l === 0 ? x : a[l - 1], layer, x));
      a.push(activate(model.activations[l], z[l]));
    });
    return { z: z, a: a };
  }

  function outputDelta(model, a, y, slope) {
    const kind = deltaKind(model);
    const pull = kind === "error" ? null : losses[model.loss.name].pull;
    const p = model.loss.parameter;
    if (kind === "error") {
      const delta = matrix(y.rows, y.columns);
      const softmaxed = model.activations[model.activations.length - 1] === "softmax";
      for (let i = 0; i < y.rows; i++) {
        let all = 1;
        if (softmaxed) {
          all = at(y, i, 0);
          for (let j = 1; j < y.columns; j++) all += at(y, i, j);
        }
        for (let j = 0; j < y.columns; j++) {
          delta.data[i * y.columns + j] = at(y, i, j) - at(a, i, j) * all;
        }
      }
      return delta;
    }
    const pulls = zip(a, y, function (aj, yj) { return pull(aj, yj, p); });
    if (kind === "slope") return zip(pulls, slope, function (d, s) { return d * s; });
    for (let i = 0; i < y.rows; i++) {
      let sum = at(a, i, 0) * at(pulls, i, 0);
      for (let j = 1; j < y.columns; j++) sum += at(a, i, j) * at(pulls, i, j);
      for (let j = 0; j < y.columns; j++) {
        pulls.data[i * y.columns + j] = at(a, i, j) * (at(pulls, i, j) - sum);
      }
    }
    return pulls;
  }

  // One batch: forward, error, backward, update. Returns all intermediate matrices.
  function pass(model, weights, x, y, rate) {
    const count = model.units.length - 1;
    const before = [];
    for (let l = 0; l < count; l++) before.push(layerWeights(model, weights, l));
    const way = forward(model, before, x);
    const last = count - 1;
    const slope = model.activations.map(function (kind, l) {
      if (kind === "softmax") return null;
      const f = activations[kind].slope;
      return zip(way.z[l], way.a[l], f);
    });
    const delta = [], error = [];
    delta[last] = outputDelta(model, way.a[last], y, slope[last]);
    for (let l = last - 1; l >= 0; l--) {
      error[l] = timesTransposed(delta[l + 1], before[l + 1].w);
      delta[l] = zip(error[l], slope[l], function (e, s) { return e * s; });
    }
    const divisor = model.reduction === "mean" ? y.rows : 1;
    const change = [], after = [];
    for (let l = 0; l < count; l++) {
      const from = l === 0 ? x : way.a[l - 1];
      change.push({
        w: weightChange(from, delta[l], rate, divisor),
        b: biasChange(delta[l], rate, divisor),
        s: before[l].s && weightChange(x, delta[l], rate, divisor)
      });
      const add = function (old, step) { return old + step; };
      after.push({
        w: zip(before[l].w, change[l].w, add),
        b: zip(before[l].b, change[l].b, add),
        s: before[l].s && zip(before[l].s, change[l].s, add)
      });
    }
    return {
      x: x, y: y, before: before, z: way.z, a: way.a, slope: slope, delta: delta, error: error,
      change: change, after: after, lossSum: lossOver(model, way, y), divisor: divisor, rate: rate
    };
  }

  // The order of rows ------------------------------------------------------------------------

  // The upper 32 bits of a product of two whole numbers of 32 bits.
  function upper(a, b) {
    const al = a & 0xffff, ah = a >>> 16, bl = b & 0xffff, bh = b >>> 16;
    const low = al * bl;
    const mid = ah * bl + (low >>> 16);
    const other = al * bh + (mid & 0xffff);
    return (ah * bh + Math.floor(mid / 65536) + Math.floor(other / 65536)) >>> 0;
  }

  // Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, doi:10.1145/2063384.2063405)
  function philox(counter, key) {
    let c = counter, k0 = key[0] >>> 0, k1 = key[1] >>> 0;
    for (let round = 0; round < 10; round++) {
      c = [
        (upper(0xcd9e8d57, c[2]) ^ c[1] ^ k0) >>> 0, Math.imul(0xcd9e8d57, c[2]) >>> 0,
        (upper(0xd2511f53, c[0]) ^ c[3] ^ k1) >>> 0, Math.imul(0xd2511f53, c[0]) >>> 0
      ];
      k0 = (k0 + 0x9e3779b9) >>> 0;
      k1 = (k1 + 0xbb67ae85) >>> 0;
    }
    return c;
  }

  // The rows of an epoch, counted from 0, as nn_batches() has them.
  function rowOrder(seed, epoch, count) {
    const order = [];
    for (let i = 0; i < count; i++) order.push(i);
    let words = [], used = 4, blocks = 0;
    function next() {
      if (used === 4) {
        words = philox([blocks++, epoch, 0, 0], seed);
        used = 0;
      }
      return words[used++];
    }
    for (let left = count; left > 1; left--) {
      let word = next();
      if ((Math.imul(word, left) >>> 0) < left) {
        const least = (4294967296 - left) % left;
        while ((Math.imul(word, left) >>> 0) < least) word = next();
      }
      const to = upper(word, left), kept = order[left - 1];
      order[left - 1] = order[to];
      order[to] = kept;
    }
    return order;
  }

  // Runs -------------------------------------------------------------------------------------

  // A run has initial weights, a learning rate and a batch size. It stores the weights of every
  // 20th epoch and the loss of each epoch, and recomputes everything else with bit-identical
  // results.
  const every = 20;

  function finite(numbers) {
    for (let i = 0; i < numbers.length; i++) if (!isFinite(numbers[i])) return false;
    return true;
  }

  function Run(problem, rate, batchSize) {
    this.problem = problem;
    this.rate = rate;
    this.batchSize = batchSize === null ? problem.X.rows : Math.min(batchSize, problem.X.rows);
    this.kept = [problem.start];
    this.loss = [];
    this.done = 0;
    this.current = problem.start;
    this.diverged = null;
  }

  Run.prototype.batches = function (epoch) {
    const n = this.problem.X.rows, batches = [];
    let order = [];
    if (this.batchSize < n && this.problem.shuffle) {
      order = rowOrder(this.problem.seed, epoch, n);
    } else {
      for (let i = 0; i < n; i++) order.push(i);
    }
    for (let from = 0; from < n; from += this.batchSize) {
      batches.push(order.slice(from, from + this.batchSize));
    }
    return batches;
  };

  Run.prototype.passOver = function (weights, rows) {
    const problem = this.problem;
    const all = rows.length === problem.X.rows && this.batchSize === problem.X.rows;
    const x = all ? problem.X : takeRows(problem.X, rows);
    const y = all ? problem.y : takeRows(problem.y, rows);
    return pass(problem.model, weights, x, y, this.rate);
  };

  // One epoch: returns the weights after it and its loss. If training diverges, the weights are
  // null.
  Run.prototype.epochFrom = function (weights, epoch) {
    let sum = 0;
    const batches = this.batches(epoch);
    for (let k = 0; k < batches.length; k++) {
      const made = this.passOver(weights, batches[k]);
      weights = flatten(made.after);
      sum += made.lossSum;
      if (!isFinite(sum) || !finite(weights)) return { weights: null, batch: k };
    }
    return { weights: weights, loss: sum / this.problem.X.rows };
  };

  // Continues to epoch `until`, for at most so many milliseconds. Returns whether it got there.
  Run.prototype.advance = function (until, milliseconds) {
    const begun = Date.now();
    while (this.done < until && this.diverged === null) {
      const next = this.epochFrom(this.current, this.done + 1);
      if (next.weights === null) {
        this.diverged = { epoch: this.done + 1, batch: next.batch };
        break;
      }
      this.done++;
      this.current = next.weights;
      this.loss.push(next.loss);
      if (this.done % every === 0) this.kept.push(this.current);
      const late = milliseconds !== undefined && Date.now() - begun > milliseconds;
      if (late) return this.done >= until;
    }
    return true;
  };

  // The weights after an epoch; continues the run if necessary.
  Run.prototype.after = function (epochs) {
    this.advance(epochs);
    if (epochs === this.done) return this.current;
    if (epochs > this.done) return null;
    let weights = this.kept[Math.floor(epochs / every)];
    for (let e = epochs - epochs % every + 1; e <= epochs; e++) {
      weights = this.epochFrom(weights, e).weights;
    }
    return weights;
  };

  // All matrices of a batch (counted from 0) of an epoch (counted from 1).
  Run.prototype.at = function (epoch, batch) {
    let weights = this.after(epoch - 1);
    const batches = this.batches(epoch);
    for (let k = 0; k < batch; k++) weights = flatten(this.passOver(weights, batches[k]).after);
    const made = this.passOver(weights, batches[batch]);
    made.rows = batches[batch];
    const again = forward(this.problem.model, made.after, made.x);
    made.output = again.a[again.a.length - 1];
    made.lossAfter = lossOver(this.problem.model, again, made.y) / made.divisor;
    return made;
  };

  // Compares this run with R's checkpoints for the same rate and batch size: the compared epochs
  // and the largest difference of a weight or loss, relative for absolute values above 1.
  Run.prototype.compare = function (checks) {
    const run = this;
    const size = this.batchSize === this.problem.X.rows ? null : this.batchSize;
    const check = checks.find(function (c) { return c.rate === run.rate && c.batch === size; });
    if (!check) return { status: "none" };
    const result = { status: "agrees", difference: 0, epochs: [], left: 0 };
    function hold(here, there, epoch) {
      const difference = Math.abs(here - there) / Math.max(1, Math.abs(there));
      if (!(difference <= 1e-12) && result.status === "agrees") {
        result.status = "differs";
        result.from = epoch;
      }
      if (!(difference <= result.difference)) result.difference = difference;
    }
    check.at.forEach(function (epoch, i) {
      if (epoch > run.done) {
        result.left++;
        return;
      }
      const weights = run.after(epoch);
      for (let k = 0; k < weights.length; k++) hold(weights[k], check.weights[i][k], epoch);
      hold(run.loss[epoch - 1], check.loss[i], epoch);
      result.epochs.push(epoch);
    });
    const here = this.diverged ? this.diverged.epoch : null;
    if (here !== null || (check.diverged !== null && this.done >= check.diverged)) {
      result.diverged = here;
      if (here !== check.diverged) {
        result.status = "differs";
        result.from = Math.min(here || Infinity, check.diverged || Infinity);
      }
      result.left = 0;
    }
    return result;
  };

  // Converts the data from R.
  function parse(given) {
    return {
      model: {
        units: given.units, skip: Boolean(given.skip), activations: given.activations,
        reduction: given.reduction,
        loss: { name: given.loss.name, parameter: Number(given.loss.parameter) }
      },
      X: parseMatrix(given.X), y: parseMatrix(given.y), start: parseNumbers(given.start),
      seed: given.seed, shuffle: given.shuffle, epochs: given.epochs, rate: Number(given.rate),
      batch: given.batch, rates: given.rates.map(Number), inputs: given.inputs,
      outputs: given.outputs,
      checks: given.checks.map(function (check) {
        return {
          rate: Number(check.rate), batch: check.batch, diverged: check.diverged, at: check.at,
          weights: check.weights.map(parseNumbers), loss: check.loss.map(Number)
        };
      })
    };
  }

  root.engine = {
    matrix: matrix, at: at, transpose: transpose, activations: activations, losses: losses,
    distribution: distribution, density: density, softmax: softmax, rowMaximum: rowMaximum,
    deltaKind: deltaKind, forward: forward, layerWeights: layerWeights, flatten: flatten,
    rowOrder: rowOrder, Run: Run, parse: parse, parseMatrix: parseMatrix
  };
})(window.backpropShow = window.backpropShow || {});
