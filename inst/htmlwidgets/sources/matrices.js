// The matrices of a step as tables, their layout, and the sum of the current cell.
(function (root) {
  "use strict";
  const engine = root.engine, steps = root.steps, View = root.View;
  const tag = root.tags.tag, escape = root.tags.escape;

  View.prototype.cellText = function (id, value) {
    return steps.format(value, this.byMatrix[id]);
  };

  // A matrix as a table. Options: `turned` transposes it, `title` replaces its name, `places` is
  // the matrix whose number of decimals it uses.
  View.prototype.table = function (id, options) {
    const o = options || {}, made = this.now().matrices[id], self = this;
    const m = o.turned ? engine.transpose(made.m) : made.m;
    const rows = this.names(o.turned ? made.columns : made.rows, m.rows);
    const columns = this.names(o.turned ? made.rows : made.columns, m.columns);
    const largest = root.tags.largestOf(m.data), width = this.widths[id];
    const title = o.title === undefined ? made.name : o.title, label = made.name || title;
    const size = m.rows + " \u00d7 " + m.columns;
    // a character of a heading is 7.3 pixels wide
    const heads = {
      columnheader: root.tags.clipAll(columns, Math.floor(width.cell / 7.3)),
      rowheader: root.tags.clipAll(rows, Math.floor((width.head - 5) / 7.3))
    };
    const heading = function (role, name, k) {
      return tag("span", {
        role: role, class: "nns-th" + (role === "rowheader" ? " nns-rh" : ""), title: name,
        "aria-label": name
      }, escape(heads[role][k]));
    };
    const cell = function (i, j) {
      const value = engine.at(m, i, j), text = self.cellText(o.places || id, value);
      const a = o.turned ? j : i, b = o.turned ? i : j;
      return tag("span", {
        role: "cell", tabindex: 0, class: "nns-cell", "data-cell": [id, a, b].join("|"),
        "aria-label": label + "[" + (a + 1) + ", " + (b + 1) + "]: " + text,
        "aria-describedby": self.id + "-sum",
        style: "background:" + root.tags.fill(value, largest)
      }, text);
    };
    const line = function (name, i) {
      return tag("div", { role: "row", class: "nns-tr" }, heading("rowheader", name, i),
        columns.map(function (_, j) { return cell(i, j); }).join(""));
    };
    const head = tag("div", { role: "row", class: "nns-tr" }, tag("span", { role: "cell" }),
      columns.map(function (name, j) { return heading("columnheader", name, j); }).join(""));
    return tag("div", { class: "nns-matrix" + (o.result ? " nns-result" : "") },
      tag("div", { class: "nns-title", title: title }, tag("span", {}, escape(title)), " ",
        tag("small", {}, size)),
      tag("div", {
        class: "nns-grid", role: "table", "aria-label": label + ", " + size,
        style: "grid-template-columns:" + width.head + "px repeat(" + m.columns + "," +
          width.cell + "px)"
      }, head, rows.map(line).join("")));
  };

  function cellWidth(group, size) {
    return Math.max(group.least, Math.ceil(group.longest * size * 0.605) + 8);
  }

  // Text size and cell widths that let the matrices of each line fit side by side, or null if they
  // don't fit. A line is an array of groups; a group is an array of entries ({ id, turned, places
  // }) that are stacked and share the same cell width.
  View.prototype.fit = function (lines, least) {
    const room = this.part("right").clientWidth - 6, self = this;
    const measured = lines.map(function (line) {
      return line.map(function (group) { return self.measureGroup(group); });
    });
    for (let size = 16; size >= (least || 10); size--) {
      const widths = {};
      const fits = measured.every(function (line) {
        let columns = 0, taken = 0;
        line.forEach(function (g) {
          columns += g.columns;
          taken += 32 + Math.max(g.head + g.columns * (cellWidth(g, size) + 1), g.title);
        });
        const more = Math.min(10, Math.floor((room + 32 - taken) / columns));
        line.forEach(function (g) {
          const cell = cellWidth(g, size) + more;
          g.ids.forEach(function (id) { widths[id] = { cell: cell, head: g.head }; });
        });
        return more >= 0;
      });
      if (fits) return { size: size, widths: widths };
    }
    return null;
  };

  View.prototype.measureGroup = function (group) {
    const self = this, found = { columns: 1, longest: 1, head: 12, title: 0, least: 26, ids: [] };
    group.forEach(function (entry) {
      const made = self.now().matrices[entry.id];
      const turned = entry.turned;
      found.ids.push(entry.id);
      found.title = Math.max(found.title, Math.min(200, made.name.length * 8 + 44));
      found.columns = Math.max(found.columns, turned ? made.m.rows : made.m.columns);
      made.m.data.forEach(function (value) {
        found.longest = Math.max(found.longest,
          self.cellText(entry.places || entry.id, value).length);
      });
      // the name of a column alone has room to be read
      if (found.columns === 1) {
        self.names(turned ? made.rows : made.columns, 1).forEach(function (name) {
          found.least = Math.max(found.least, Math.min(6 + name.length * 7.4, 60));
        });
      }
      self.names(turned ? made.columns : made.rows, turned ? made.m.columns : made.m.rows)
        .forEach(function (name) {
          found.head = Math.max(found.head, Math.min(10 + name.length * 7.4, 66));
        });
    });
    return found;
  };

  // If they don't fit, each matrix of a line that is too long gets its own line; if that is not
  // enough, the box scrolls.
  View.prototype.fitAlone = function (lines) {
    const self = this, broken = [];
    lines.forEach(function (line) {
      if (self.fit([line], 13)) return broken.push(line);
      line.forEach(function (group) {
        group.forEach(function (entry) { broken.push([[entry]]); });
      });
    });
    const found = this.fit(broken);
    if (found) return found;
    const widths = {};
    lines.forEach(function (line) {
      line.forEach(function (group) {
        group.forEach(function (entry) {
          const g = self.measureGroup([entry]);
          widths[entry.id] = { cell: Math.ceil(g.longest * 6.1) + 6, head: g.head };
        });
      });
    });
    return { size: 10, widths: widths };
  };

  function sign(text) { return text ? tag("span", { class: "nns-sign" }, escape(text)) : ""; }
  function entry(id) { return { id: id }; }
  function line(html) { return tag("div", { class: "nns-line" }, html); }
  function signed(text, html, more) {
    return tag("div", { class: "nns-signed" + (more || "") }, sign(text), html);
  }

  // The layouts of a step: `lines` for fit(), and draw(), which returns the HTML.
  const layouts = {
    // A product with the first factor on the left, the second on top, and the result where rows and
    // columns meet. With skip, X is beside the first factor, and wskip below the second.
    crossed: function (view, step, matrices, result) {
      const made = matrices[result], turned = Boolean(step.transposed);
      const over = [{ id: made.w, turned: turned }].concat(made.s ? [entry(made.s)] : [],
        made.b ? [entry(made.b)] : []);
      const beside = made.s ? [[entry(made.fromSkip)]] : [];
      return {
        lines: [[[entry(made.from)]].concat(beside, [over.concat([entry(result)])])],
        draw: function (fits) {
          const left = view.table(made.from), here = view.table(result, { result: true });
          const title = turned ? "t(" + matrices[made.w].name + ")" : undefined;
          const top = view.table(made.w, { turned: turned, title: title });
          const more = made.s ? view.table(made.fromSkip) : "";
          const skip = made.s ? signed("\u00d7", view.table(made.s), " nns-plus") : "";
          const bias = made.b ? signed("+", view.table(made.b), " nns-plus") : "";
          if (!fits) {
            return tag("div", { class: "nns-stack" }, left, sign("\u00d7"), top,
              more && sign("+") + more, skip, bias, sign("="), here);
          }
          return tag("div", { class: "nns-crossed" }, tag("div"),
            tag("div", {}, signed("\u00d7", top), skip, bias),
            tag("div", { class: "nns-line nns-factors" }, left, more), signed("=", here));
        }
      };
    },
    // The operands of a change, and below them the old values, the change and the new values.
    update: function (view, step, matrices, result) {
      const old = step.parts[0], change = step.parts[1], name = matrices[result].name;
      const kept = { id: old, places: old + ":update" }, t = view.text;
      return {
        lines: [
          step.operands.map(function (id) { return [entry(id)]; }),
          [[kept], [entry(change)], [entry(result)]]
        ],
        draw: function () {
          const operands = step.operands.map(function (id) { return view.table(id); });
          return line(operands.join(sign("\u00d7"))) +
            line(view.table(old, { title: name + " " + t.before, places: kept.places }) +
              sign("+") + view.table(change, { title: t.change }) + sign("=") +
              view.table(result, { title: name + " " + t.after, result: true }));
        }
      };
    },
    // Operands, signs and results side by side.
    row: function (view, step) {
      const operands = step.operands || [], signs = step.signs || [];
      const all = operands.concat(step.results).map(function (id) { return [entry(id)]; });
      let lines = [all];
      if (operands.length === 0) lines = all.map(function (group) { return [group]; });
      else if (!view.fit(lines, 13)) {
        lines = [all.slice(0, operands.length), all.slice(operands.length)];
      }
      return {
        lines: lines,
        draw: function () {
          return line(operands.map(function (id, k) {
            return view.table(id) + sign(signs[k]);
          }).join("") + step.results.map(function (id) {
            return view.table(id, {
              result: operands.length > 0, title: view.title(id, operands)
            });
          }).join(""));
        }
      };
    }
  };

  View.prototype.drawMatrices = function (step) {
    const box = this.part("matrices"), self = this;
    const result = step.results[step.results.length - 1];
    const layout = layouts[step.layout](this, step, this.now().matrices, result);
    const put = function (sizes, fits) {
      self.widths = sizes.widths;
      box.style.setProperty("--nns-size", sizes.size + "px");
      box.innerHTML = layout.draw(fits);
    };
    const fits = this.fit(layout.lines, step.layout === "update" ? 13 : 10);
    put(fits || this.fitAlone(layout.lines), fits !== null);
    if (fits && step.layout === "crossed" && box.scrollWidth > box.clientWidth) {
      const each = [].concat.apply([], layout.lines[0]);
      put(this.fitAlone(each.map(function (one) { return [[one]]; })), false);
    }
    box.classList.toggle("nns-long", this.now().cases.length > 12);
    this.tallest = Math.max(this.tallest, box.scrollHeight);
    box.style.minHeight = Math.min(this.tallest, 420) + "px";
  };

  // The title of a result that has the same name as an operand.
  View.prototype.title = function (id, operands) {
    const matrices = this.now().matrices, name = matrices[id].name;
    const twice = operands.some(function (other) { return matrices[other].name === name; });
    return twice ? name + " " + this.text.after : name;
  };

  // Pointing at a cell ------------------------------------------------------------------------

  View.prototype.point = function (cell, keep) {
    if (keep) {
      const key = cell.getAttribute("data-cell");
      this.pinned = this.pinned === key ? null : key;
    }
    this.light(cell);
  };

  // Highlights a cell, its operands and its edges, and shows its sum.
  View.prototype.light = function (cell) {
    const box = this.part("matrices"), batch = this.now();
    const find = function (id, i, j) {
      return box.querySelector("[data-cell=\"" + [id, i, j].join("|") + "\"]");
    };
    box.querySelectorAll(".nns-lit, .nns-at").forEach(function (other) {
      other.classList.remove("nns-lit", "nns-at");
    });
    if (!cell) return;
    const key = cell.getAttribute("data-cell").split("|");
    const id = key[0], i = Number(key[1]), j = Number(key[2]);
    const said = steps.sentence(batch, id, i, j, this.byMatrix);
    cell.classList.add("nns-at");
    said.found.cells.forEach(function (used) {
      const other = find(used.id, used.i, used.j);
      if (other) other.classList.add("nns-lit");
    });
    if (said.found.row !== null) this.row = said.found.row;
    this.pointed = said.found;
    const name = batch.matrices[id].name || this.text.change;
    const which = name + "[" + (i + 1) + ", " + (j + 1) + "]";
    this.part("sum").innerHTML = tag("span", { class: "nns-which" }, escape(which)) + " = " +
      tag("span", { class: "nns-written" }, escape(said.text));
    this.drawNetwork();
    const shown = String(batch.cases[this.row]);
    this.root.querySelectorAll(".nns-point").forEach(function (point) {
      point.classList.toggle("nns-point-at", point.getAttribute("data-case") === shown);
    });
  };
})(window.backpropShow = window.backpropShow || {});
