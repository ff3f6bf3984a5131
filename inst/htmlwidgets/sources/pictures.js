// The plots of the page: the network, the loss curve, and the output over two inputs.
(function (root) {
  "use strict";
  const engine = root.engine, steps = root.steps, View = root.View;
  const tag = root.tags.tag, svg = root.tags.svg, escape = root.tags.escape;
  const clipAll = root.tags.clipAll;
  const fill = root.tags.fill, lineColour = root.tags.lineColour, largestOf = root.tags.largestOf;

  function text(x, y, words, attributes) {
    return tag("text", Object.assign({ x: x, y: y }, attributes), escape(words));
  }

  // A number at an axis: two digits, in scientific notation if it is small.
  function number(v) {
    const small = v !== 0 && Math.abs(v) < 0.001;
    const written = small ? v.toExponential(0) : String(Number(v.toPrecision(2)));
    return written.replace(/-/g, "\u2212");
  }

  function key(kind, words) {
    return tag("span", { class: "nns-key" }, kind && tag("i", { class: kind }), escape(words));
  }

  // Replaces the content of a box, and keeps the focus on its menu.
  function refill(box, html) {
    const active = document.activeElement;
    const focused = active && active.tagName === "SELECT" && box.contains(active);
    box.innerHTML = html;
    if (focused) box.querySelector("select").focus();
  }

  // The network -------------------------------------------------------------------------------

  // Positions of the units: layers from left to right, each with its bias at the bottom. `labels`:
  // widths of the input and output names.
  function positions(units, width, labels) {
    const most = Math.max.apply(null, units), columns = units.length - 1;
    const apart = (width - labels[0] - labels[1] - 76) / columns;
    const gap = most > 5 ? 46 : 58;
    const radius = Math.max(9, Math.min(most > 5 ? 19 : 24, 0.3 * apart));
    const height = 54 + gap * (most + 1);
    const left = 8 + Math.max(24, radius + labels[0]);
    const right = width - 8 - Math.max(24, radius + labels[1]);
    const layers = units.map(function (count, l) {
      const slots = count + (l === columns ? 0 : 1), y = [];
      const top = 40 + (height - 54 - gap * slots) / 2 + gap / 2;
      for (let k = 0; k < slots; k++) y.push(top + gap * k);
      return { x: left + (right - left) * l / columns, y: y };
    });
    return {
      layers: layers, radius: radius, height: height, width: width,
      apart: (right - left) / columns
    };
  }

  // The matrix whose values the units of each layer show: the last one computed so far.
  function shownIds(batch, step) {
    const ids = new Array(batch.model.units.length).fill(null);
    for (let k = 0; k <= step; k++) {
      batch.steps[k].results.forEach(function (id) {
        const made = batch.matrices[id];
        if (made.rows === "case" && id !== "y") ids[made.columns] = id;
      });
    }
    return ids;
  }

  // The edges of the network. Highlighted edges are drawn on top, with their weights. The width
  // represents the absolute weight, or in an update the absolute change; negative ones are dashed.
  View.prototype.edges = function (at, batch, step) {
    const units = this.problem.model.units, pointed = {}, self = this;
    const found = { under: "", over: "", labels: "" };
    if (this.pointed) {
      this.pointed.edges.forEach(function (e) {
        pointed[[e.layer, e.from, e.to, Boolean(e.skip)]] = true;
      });
    }
    const layers = step.id === "output_after" || step.id === "loss_after" ? batch.made.after :
      batch.made.before;
    const back = step.phase === "backward", update = step.flow === "update";
    const working = step.flow === "edges" || update ? step.layer : -1;
    const change = update ? batch.made.change[working] : null;
    let largest = 0;
    layers.forEach(function (one) {
      largest = Math.max(largest, largestOf(one.w.data), largestOf(one.b.data),
        one.s ? largestOf(one.s.data) : 0);
    });
    const moved = update ?
      largestOf((step.bias ? change.b : step.skip ? change.s : change.w).data) : 0;

    // with `skip`, from an input to the output layer
    function edge(l, from, to, skip) {
      const bias = from < 0, a = at.layers[skip ? 0 : l], b = at.layers[l + 1];
      const atWork = working === l && !(back && (bias || skip)) &&
        (!update || (bias === Boolean(step.bias) && skip === Boolean(step.skip)));
      const one = update && atWork ? change : layers[l];
      const value = bias ? one.b.data[to] : engine.at(skip ? one.s : one.w, from, to);
      const scale = update && atWork ? moved : largest;
      const size = scale > 0 ? Math.min(1, Math.abs(value) / scale) : 0;
      const lit = pointed[[l, from, to, skip]];
      const start = [a.x + at.radius, a.y[bias ? units[l] : from]];
      const end = [b.x - at.radius, b.y[to]];
      const line = function (kind, p, q, wide) {
        return tag("line", {
          class: kind, x1: p[0], y1: p[1], x2: q[0], y2: q[1], stroke: lineColour(value),
          "stroke-width": wide.toFixed(2)
        });
      };
      const kind = (lit ? " nns-edge-at" : atWork ? " nns-edge-on" : working >= 0 ?
        " nns-edge-off" : "") + (value < 0 ? " nns-edge-minus" : "");
      const html = line("nns-edge" + kind, start, end, 0.7 + 4.3 * size);
      if (lit) found.over += html; else found.under += html;
      if (atWork) {
        found.over += line("nns-flow", back ? end : start, back ? start : end, 3 + 4.3 * size);
      }
      if (lit && at.apart > 80) {
        const written = self.edgeText(batch, l, bias, skip, update && atWork, value);
        const where = skip ? 0.25 : 0.5;
        const x = start[0] + where * (end[0] - start[0]);
        const y = start[1] + where * (end[1] - start[1]);
        const wide = written.length * 7 + 8;
        found.labels += tag("g", { class: "nns-edge-label" },
          tag("rect", { x: x - wide / 2, y: y - 9, width: wide, height: 18, rx: 4 }),
          text(x, y + 4, written));
      }
    }
    for (let l = 0; l + 1 < units.length; l++) {
      for (let to = 0; to < units[l + 1]; to++) {
        for (let from = -1; from < units[l]; from++) edge(l, from, to, false);
        for (let from = 0; layers[l].s && from < units[0]; from++) edge(l, from, to, true);
      }
    }
    return found;
  };

  View.prototype.edgeText = function (batch, l, bias, skip, changed, value) {
    const update = batch.steps.find(function (s) {
      return s.op === (bias ? "biasAfter" : "weightAfter") && s.layer === l &&
        Boolean(s.skip) === skip;
    });
    return steps.format(value, this.byMatrix[update.parts[changed ? 1 : 0]]);
  };

  // Numbers in circles have at most three decimals.
  function short(value, places) {
    if (places === "power" || places <= 3) return steps.format(value, places);
    return steps.format(value, value !== 0 && Math.abs(value) < 5e-4 ? "power" : 3);
  }

  // The units of a layer with their values, the bias, the names of inputs and outputs, and targets.
  View.prototype.units = function (at, l, batch, step, id) {
    const t = this.text, units = this.problem.model.units, last = units.length - 1;
    const layer = at.layers[l], made = id && batch.matrices[id], row = this.row, self = this;
    const names = l === 0 ? this.problem.inputs : l === last ? this.problem.outputs : null;
    const shown = names && clipAll(names, at.width < 500 ? 6 : 10);
    const back = step.phase === "backward";
    const atWork = step.flow === "units" ? l === step.layer + 1 :
      step.flow === "edges" && l === (back ? step.layer : step.layer + 1);
    const most = made ? largestOf(made.m.data) : 0;
    const values = [];
    for (let k = 0; made && k < units[l]; k++) values.push(engine.at(made.m, row, k));
    const texts = values.map(function (v) { return short(v, self.byMatrix[id]); });
    const longest = Math.max.apply(null, texts.map(function (s) { return s.length; }).concat(1));
    const size = Math.min(12.5, 1.7 * (at.radius - 2) / (0.62 * longest));
    return layer.y.map(function (y, k) {
      if (k === units[l]) {
        return tag("g", { class: "nns-bias" },
          tag("rect", { x: layer.x - 11, y: y - 11, width: 22, height: 22, rx: 4 }),
          text(layer.x, y + 4, "1"),
          text(layer.x, y + 24, t.layers.bias, { class: "nns-bias-name" }));
      }
      let html = tag("g", { class: "nns-unit" + (atWork ? " nns-unit-on" : "") },
        tag("circle", {
          cx: layer.x, cy: y, r: at.radius, fill: made ? fill(values[k], most) : "#fff"
        }),
        text(layer.x, y + 4, made && size >= 7 ? texts[k] : "",
          { style: "font-size:" + size.toFixed(1) + "px" }));
      if (names) {
        const x = layer.x + (l === 0 ? -1 : 1) * (at.radius + 6);
        const anchor = l === 0 ? "end" : "start";
        html += text(x, l === 0 ? y + 4 : y + 1, shown[k],
          { class: "nns-end", "text-anchor": anchor });
        if (l === last) {
          const target = engine.at(batch.matrices.y.m, row, k);
          html += text(x, y + 15, "y " + steps.format(target, self.byMatrix.y),
            { class: "nns-target" });
        }
      }
      return html;
    }).join("");
  };

  View.prototype.drawNetwork = function () {
    const t = this.text, batch = this.now(), step = batch.steps[this.step], self = this;
    const units = this.problem.model.units, last = units.length - 1;
    const box = this.part("network"), width = Math.max(260, box.clientWidth);
    const widest = function (names) {
      const longest = Math.max.apply(null, names.map(function (n) { return n.length; }));
      return Math.min(width < 500 ? 48 : 70, 10 + 6.5 * longest);
    };
    const at = positions(units, width, [widest(this.problem.inputs), widest(this.problem.outputs)]);
    this.row = Math.min(this.row, batch.cases.length - 1);
    const ids = shownIds(batch, this.step), edges = this.edges(at, batch, step);
    const nodes = at.layers.map(function (layer, l) {
      const inner = at.apart < 85 && last > 2 ? String(l) : last > 2 ? t.hiddenLayer(l) :
        t.layers.hidden;
      const name = l === 0 ? t.layers.input : l === last ? t.layers.output : inner;
      const x = l === 0 ? Math.max(layer.x, 32) : l === last ? Math.min(layer.x, width - 32) :
        layer.x;
      return self.units(at, l, batch, step, ids[l]) + text(x, 16, name, { class: "nns-layer" });
    }).join("");
    refill(box, svg(width, at.height, t.network, edges.under, edges.over, nodes,
      this.direction(at, step), edges.labels) + this.caption(batch, step, ids));
  };

  // An arrow above the current layers, with its direction in words.
  View.prototype.direction = function (at, step) {
    if (step.flow !== "edges" && step.flow !== "update") return "";
    const t = this.text, back = step.phase === "backward";
    const x1 = at.layers[step.skip ? 0 : step.layer].x, x2 = at.layers[step.layer + 1].x;
    const from = back ? x2 - 8 : x1 + 8, to = back ? x1 + 8 : x2 - 8, tip = back ? 7 : -7;
    const words = step.flow === "update" ? t.update : back ? t.backward : t.forward;
    return tag("path", {
      class: "nns-arrow",
      d: "M" + from + " 30H" + to + "m" + tip + " -5L" + to + " 30l" + tip + " 5"
    }) + text((x1 + x2) / 2, 45, words, { class: "nns-way" });
  };

  View.prototype.caption = function (batch, step, ids) {
    const t = this.text, cases = batch.cases;
    const pairs = cases.map(function (c, k) { return [k, c + 1]; });
    const menu = cases.length > 1 ?
      tag("select", { "data-set": "case" }, root.tags.options(pairs, this.row)) :
      tag("b", {}, cases[0] + 1);
    const shown = ids.filter(Boolean).map(function (id) {
      return tag("code", {}, escape(batch.matrices[id].name));
    });
    return tag("figcaption", {},
      tag("label", { class: "nns-case" }, escape(t.caseShown), " ", menu, " ",
        escape(t.ofCases(this.problem.X.rows))),
      tag("div", { class: "nns-circles" }, shown.length ? escape(t.inCircles) + " " : "",
        shown.join(" ")),
      tag("div", { class: "nns-legend" }, key("nns-plusline", t.positive),
        key("nns-minusline", t.negative), key("", step.flow === "update" ? t.changed : t.width)));
  };

  // The loss ----------------------------------------------------------------------------------

  View.prototype.drawLoss = function () {
    const t = this.text, run = this.run, box = this.part("loss"), losses = run.loss;
    const width = Math.max(180, box.clientWidth), height = 150, count = losses.length;
    const left = 52, right = width - 12, top = 10, bottom = height - 22;
    const epochs = Math.max(2, run.diverged ? count : this.problem.epochs);
    let least = Infinity, most = -Infinity;
    losses.forEach(function (loss) {
      least = Math.min(least, loss);
      most = Math.max(most, loss);
    });
    const logarithmic = least > 0 && most / least > 30;
    if (!logarithmic && least > 0) least = 0;
    const scale = function (v) { return logarithmic ? Math.log(v) : v; };
    const low = scale(least), high = scale(most);
    const x = function (epoch) { return left + (right - left) * (epoch - 1) / (epochs - 1); };
    const y = function (loss) {
      return bottom - (bottom - top) * (high > low ? (scale(loss) - low) / (high - low) : 0.5);
    };
    const points = [], apart = Math.max(1, Math.floor(count / 400));
    for (let k = 0; k < count; k += apart) points.push(k);
    if (count > 0) points.push(count - 1);
    const path = points.map(function (k) {
      return x(k + 1).toFixed(1) + " " + y(losses[k]).toFixed(1);
    }).join("L");
    const here = Math.min(this.epoch, count), end = { "text-anchor": "end" };
    const said = here > 0 ? t.lossAt(here, losses[here - 1].toPrecision(4)) : "";
    const marks = here === 0 ? "" : text(left - 6, top + 8, number(most), end) +
      text(left - 6, bottom, number(least), end) +
      tag("line", { class: "nns-here-line", x1: x(here), x2: x(here), y1: top, y2: bottom }) +
      tag("circle", { class: "nns-here-dot", cx: x(here), cy: y(losses[here - 1]), r: 5 });
    box.innerHTML = tag("figcaption", {}, tag("b", {}, escape(t.lossCurve)), " ",
      tag("span", {}, escape(said))) +
      svg(width, height, t.lossCurve + ": " + said,
        tag("path", { class: "nns-axis", d: "M" + left + " " + top + "V" + bottom + "H" + right }),
        tag("path", { class: "nns-curve", d: path && "M" + path }), marks,
        text(left, height - 6, "1"), text(right, height - 6, t.number(epochs), end),
        text((left + right) / 2, height - 6, t.epoch, { "text-anchor": "middle" }));
  };

  // The plane of two inputs -------------------------------------------------------------------

  const fine = 48, side = 170;

  View.prototype.drawPlane = function () {
    if (!this.hasPlane()) return;
    const problem = this.problem, model = problem.model, batch = this.now();
    const outputs = problem.outputs, which = Math.min(this.output || 0, outputs.length - 1);
    if (!this.plane) this.plane = plane(problem.X);
    const updated = batch.steps[this.step].phase === "update";
    const layers = updated ? batch.made.after : batch.made.before;
    const answers = engine.forward(model, layers, this.plane.points).a.pop();
    const values = new Float64Array(answers.rows);
    for (let k = 0; k < answers.rows; k++) values[k] = engine.at(answers, k, which);
    const kind = model.activations[model.activations.length - 1];
    const share = kind === "sigmoid" || kind === "softmax";
    let low = 0, high = 1;
    if (!share) {
      low = Infinity;
      high = -Infinity;
      [values, problem.y.data].forEach(function (numbers) {
        numbers.forEach(function (v) {
          low = Math.min(low, v);
          high = Math.max(high, v);
        });
      });
    }
    this.showPlane(values, which, { share: share, low: low, high: high, half: (low + high) / 2 });
  };

  View.prototype.showPlane = function (values, which, scale) {
    const t = this.text, problem = this.problem, grid = this.plane, batch = this.now();
    const left = 40, top = 6, bottom = top + side, right = left + side;
    const x = function (v) { return left + side * (v - grid.from[0]) / grid.wide[0]; };
    const y = function (v) { return bottom - side * (v - grid.from[1]) / grid.wide[1]; };
    let points = "";
    for (let i = 0; i < problem.X.rows; i++) {
      const above = engine.at(problem.y, i, which) > scale.half;
      const px = x(engine.at(problem.X, i, 0)), py = y(engine.at(problem.X, i, 1));
      const about = {
        class: "nns-point" + (above ? " nns-above" : " nns-below") +
          (batch.cases[this.row] === i ? " nns-point-at" : ""), "data-case": i
      };
      points += above ? tag("circle", Object.assign({ cx: px, cy: py, r: 6 }, about)) :
        tag("rect", Object.assign({ x: px - 5.5, y: py - 5.5, width: 11, height: 11 }, about));
    }
    const names = clipAll(problem.inputs, 20);
    const end = { "text-anchor": "end" }, middle = { "text-anchor": "middle" };
    const pairs = problem.outputs.map(function (name, k) { return [k, name]; });
    const menu = pairs.length > 1 ? tag("label", {}, " ", escape(t.boundaryOf), " ",
      tag("select", { "data-set": "output" }, root.tags.options(pairs, which))) : "";
    refill(this.part("plane"), tag("figcaption", {}, tag("b", {}, escape(t.boundary)), menu) +
      svg(right + 12, bottom + 34, t.boundary,
        tag("image", {
          href: this.shades(values, scale), x: left, y: top, width: side, height: side,
          preserveAspectRatio: "none"
        }),
        tag("rect", { class: "nns-frame", x: left, y: top, width: side, height: side }),
        scale.share ? tag("path", { class: "nns-half", d: level(values, 0.5, left, top) }) : "",
        points, text(left - 4, top + 10, number(grid.from[1] + grid.wide[1]), end),
        text(left - 4, bottom, number(grid.from[1]), end),
        text(left, bottom + 14, number(grid.from[0])),
        text(right, bottom + 14, number(grid.from[0] + grid.wide[0]), end),
        text((left + right) / 2, bottom + 28, names[0], middle),
        text(-(top + side / 2), 12, names[1],
          Object.assign({ transform: "rotate(-90)" }, middle))) +
      tag("div", { class: "nns-legend" }, key("nns-square nns-low", number(scale.low)),
        key("nns-square nns-high", number(scale.high)),
        scale.share ? key("nns-halfline", t.half) : "", key("", "\u25cf \u25a0 " + t.points)));
  };

  // The colours of the grid as a data URL.
  View.prototype.shades = function (values, scale) {
    if (!this.canvas) {
      this.canvas = document.createElement("canvas");
      this.canvas.width = this.canvas.height = fine;
    }
    const context = this.canvas.getContext("2d"), image = context.createImageData(fine, fine);
    const reach = Math.max((scale.high - scale.low) / 2, 1e-300);
    for (let k = 0; k < values.length; k++) {
      const rgb = fill(values[k] - scale.half, reach).match(/\d+/g) || [255, 255, 255];
      for (let c = 0; c < 3; c++) image.data[4 * k + c] = Number(rgb[c]);
      image.data[4 * k + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return this.canvas.toDataURL();
  };

  // The inputs of a fine grid over the plane, row by row from the top.
  function plane(X) {
    const from = [0, 0], wide = [0, 0];
    for (let j = 0; j < 2; j++) {
      let low = Infinity, high = -Infinity;
      for (let i = 0; i < X.rows; i++) {
        low = Math.min(low, engine.at(X, i, j));
        high = Math.max(high, engine.at(X, i, j));
      }
      const more = high > low ? 0.2 * (high - low) : 1;
      from[j] = low - more;
      wide[j] = high - low + 2 * more;
    }
    const points = engine.matrix(fine * fine, 2);
    for (let v = 0; v < fine; v++) {
      for (let u = 0; u < fine; u++) {
        points.data[2 * (v * fine + u)] = from[0] + wide[0] * (u + 0.5) / fine;
        points.data[2 * (v * fine + u) + 1] = from[1] + wide[1] * (1 - (v + 0.5) / fine);
      }
    }
    return { from: from, wide: wide, points: points };
  }

  // The contour line at a level, by marching squares.
  function level(values, at, left, top) {
    let path = "";
    const value = function (u, v) { return values[v * fine + u] - at; };
    for (let v = 0; v + 1 < fine; v++) {
      for (let u = 0; u + 1 < fine; u++) {
        const corners = [[u, v], [u + 1, v], [u + 1, v + 1], [u, v + 1]], cut = [];
        for (let k = 0; k < 4; k++) {
          const a = corners[k], b = corners[(k + 1) % 4];
          const va = value(a[0], a[1]), vb = value(b[0], b[1]);
          if ((va > 0) === (vb > 0)) continue;
          const share = va / (va - vb);
          const x = left + side * (a[0] + share * (b[0] - a[0]) + 0.5) / fine;
          const y = top + side * (a[1] + share * (b[1] - a[1]) + 0.5) / fine;
          cut.push(x.toFixed(1) + " " + y.toFixed(1));
        }
        for (let k = 0; k + 1 < cut.length; k += 2) path += "M" + cut[k] + "L" + cut[k + 1];
      }
    }
    return path;
  }
})(window.backpropShow = window.backpropShow || {});
