// The page: its controls, keyboard and pointer events, and when computations run.
(function (root) {
  "use strict";
  const engine = root.engine, steps = root.steps;
  const tag = root.tags.tag, escape = root.tags.escape, face = root.tags.face;
  let instances = 0;

  function View(element, problem, lang) {
    this.element = element;
    this.problem = problem;
    this.text = root.text[lang] || root.text.en;
    this.lang = lang;
    this.id = "nns-show-" + (++instances);
    this.places = 2;
    this.mode = "steps";
    this.timer = null;
    this.worker = null;
    this.runs = {};
    this.rate = problem.rate;
    this.batchSize = problem.batch;
    this.tallest = 0;
    const reduced = window.matchMedia && window.matchMedia("(prefers-reduced-motion: reduce)");
    this.still = function () { return Boolean(reduced && reduced.matches); };
    this.build();
    this.start();
  }

  View.prototype.start = function () {
    clearTimeout(this.going);
    this.row = 0;
    this.pointed = null;
    this.pinned = null;
    this.epoch = 1;
    this.batch = 0;
    this.step = 0;
    this.chooseRun();
    this.render();
    this.work();
  };

  View.prototype.chooseRun = function () {
    const key = this.rate + "/" + this.batchSize;
    if (!this.runs[key]) this.runs[key] = new engine.Run(this.problem, this.rate, this.batchSize);
    this.run = this.runs[key];
    this.cached = null;
  };

  // The skeleton ------------------------------------------------------------------------------

  function button(action, label, help) {
    return tag("button", {
      type: "button", class: "nns-button nns-" + action, "data-do": action, "aria-label": help,
      title: help
    }, face(action, label));
  }

  function choice(name, label, pairs, chosen, spoken) {
    return tag("label", { class: "nns-field" }, label && tag("span", {}, escape(label)),
      tag("select", { "data-set": name, "aria-label": spoken }, root.tags.options(pairs, chosen)));
  }

  View.prototype.build = function () {
    this.element.innerHTML = tag("div", {
      class: "nns-show", lang: this.lang === "zh" ? "zh-CN" : "en", role: "group", tabindex: -1,
      "aria-label": this.text.title
    }, this.controls(), tag("div", { class: "nns-band" }), tag("div", { class: "nns-chips" }),
    this.panels(), tag("div", { class: "nns-foot" },
      tag("div", { class: "nns-status", role: "status" }),
      tag("div", { class: "nns-keys" }, escape(this.text.keys))),
    tag("div", { class: "nns-live", "aria-live": "polite" }));
    this.root = this.element.firstChild;
    this.listen();
    this.measure();
  };

  View.prototype.controls = function () {
    const t = this.text, problem = this.problem;
    const sizes = [["all", t.all]];
    if (problem.batch > 1) sizes.push([problem.batch, t.rows(problem.batch)]);
    if (problem.X.rows > 1) sizes.push([1, t.rows(1)]);
    const range = { "data-set": "epoch", min: 1, max: problem.epochs, value: 1 };
    const epoch = tag("label", { class: "nns-field nns-epoch" }, tag("span", {}, escape(t.epoch)),
      tag("input", Object.assign({ type: "range" }, range)),
      tag("input", Object.assign({ type: "number", "aria-label": t.epoch }, range)),
      tag("span", {}, escape(t.ofEpochs(problem.epochs))));
    const rates = problem.rates.map(function (rate) { return [rate, rate]; });
    const digits = [2, 3, 4, 6].map(function (d) { return [d, d]; });
    return tag("div", { class: "nns-controls", role: "group", "aria-label": t.controls },
      tag("div", { class: "nns-buttons" }, button("rewind", t.rewind, t.rewindHelp),
        button("back", t.back, t.backHelp), button("play", t.play, t.playHelp),
        button("next", t.next, t.nextHelp)),
      choice("mode", "", [["steps", t.bySteps], ["epochs", t.byEpochs]], "steps", t.playing),
      epoch, choice("rate", t.rate, rates, problem.rate),
      choice("batch", t.batch, sizes, problem.batch === null ? "all" : problem.batch),
      choice("places", t.decimals, digits.concat([["all", t.every]]), 2));
  };

  View.prototype.panels = function () {
    const t = this.text;
    return tag("div", { class: "nns-main" },
      tag("div", { class: "nns-right" }, tag("div", { class: "nns-head" }),
        tag("div", { class: "nns-sum", id: this.id + "-sum" }),
        tag("div", { class: "nns-matrices", role: "group", "aria-label": t.matrices })),
      tag("figure", { class: "nns-network", "aria-label": t.network }),
      tag("div", { class: "nns-plots" }, tag("figure", { class: "nns-loss" }),
        this.hasPlane() ? tag("figure", { class: "nns-plane" }) : ""));
  };

  View.prototype.listen = function () {
    const self = this, frame = this.root;
    this.part = function (name) { return frame.querySelector(".nns-" + name); };
    frame.addEventListener("click", function (event) {
      const target = event.target.closest("[data-do]");
      if (target) return self.act(target.getAttribute("data-do"), target);
      const cell = event.target.closest(".nns-cell");
      if (cell) self.point(cell, true);
    });
    frame.addEventListener("change", function (event) {
      const name = event.target.getAttribute("data-set");
      if (name) self.choose(name, event.target.value);
    });
    frame.addEventListener("input", function (event) {
      if (event.target.type === "range") self.choose("epoch", event.target.value);
    });
    frame.addEventListener("pointerover", function (event) {
      const cell = event.target.closest(".nns-cell");
      if (cell) self.point(cell, false);
    });
    frame.addEventListener("focusin", function (event) {
      const cell = event.target.closest(".nns-cell");
      if (cell) self.point(cell, false);
    });
    frame.addEventListener("keydown", function (event) { self.key(event); });
    if (window.ResizeObserver) {
      this.observer = new window.ResizeObserver(function () { self.resize(); });
      this.observer.observe(this.element);
    }
  };

  // Stops the view before it is replaced.
  View.prototype.close = function () {
    this.pause();
    clearTimeout(this.worker);
    clearTimeout(this.going);
    if (this.observer) this.observer.disconnect();
  };

  // Two columns, or one column on small screens.
  View.prototype.measure = function () {
    this.width = this.root.clientWidth;
    const deep = this.problem.model.units.length > 4;
    this.root.classList.toggle("nns-narrow", this.width < (deep ? 1000 : 760));
  };

  View.prototype.resize = function () {
    if (this.root.clientWidth === this.width || this.root.clientWidth === 0) return;
    this.measure();
    this.tallest = 0;
    this.render();
  };

  View.prototype.hasPlane = function () { return this.problem.model.units[0] === 2; };

  // Actions -----------------------------------------------------------------------------------

  View.prototype.act = function (action, target) {
    if (action === "play") return this.timer === null ? this.play() : this.pause();
    this.pause();
    if (action === "rewind") this.rewind();
    if (action === "next") this.move(1);
    if (action === "back") this.move(-1);
    if (action === "phase") this.goToStep(Number(target.getAttribute("data-step")));
  };

  View.prototype.key = function (event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const tag = event.target.tagName, key = event.key;
    if (tag === "INPUT" || tag === "SELECT") return;
    if (key === " ") {
      if (tag === "BUTTON") return;
      event.preventDefault();
      return this.act("play");
    }
    if (key === "Enter") {
      const cell = event.target.closest(".nns-cell");
      if (cell) this.point(cell, true);
      return;
    }
    const moves = {
      ArrowRight: function (v) { v.move(1); }, ArrowLeft: function (v) { v.move(-1); },
      ArrowDown: function (v) { v.goToEpoch(v.epoch + 1); },
      ArrowUp: function (v) { v.goToEpoch(v.epoch - 1); },
      Home: function (v) { v.rewind(); }
    };
    if (!moves[key]) return;
    event.preventDefault();
    this.pause();
    moves[key](this);
  };

  View.prototype.choose = function (name, value) {
    if (name === "mode") {
      this.mode = value;
      if (this.timer !== null) this.play();
      return;
    }
    if (name === "places") {
      this.places = value === "all" ? "all" : Number(value);
      this.tallest = 0;
      return this.render();
    }
    if (name === "epoch") {
      const epoch = Math.round(Number(value));
      this.pause();
      return this.goToEpoch(epoch > 0 ? epoch : this.epoch);
    }
    if (name === "case") {
      this.row = Number(value);
      return this.drawRow();
    }
    if (name === "output") {
      this.output = Number(value);
      return this.drawPlane();
    }
    if (name === "rate") this.rate = Number(value);
    if (name === "batch") this.batchSize = value === "all" ? null : Number(value);
    this.pause();
    this.start();
  };

  View.prototype.rewind = function () {
    this.pause();
    clearTimeout(this.going);
    this.epoch = 1;
    this.batch = 0;
    this.step = 0;
    this.pinned = null;
    this.render();
  };

  // The last epoch that can be shown.
  View.prototype.lastEpoch = function () {
    return this.run.diverged ? this.run.diverged.epoch : this.problem.epochs;
  };

  // Number of batches of the epoch that can be shown.
  View.prototype.batchCount = function () {
    const diverged = this.run.diverged;
    if (diverged && diverged.epoch === this.epoch) return diverged.batch + 1;
    return Math.ceil(this.problem.X.rows / this.run.batchSize);
  };

  // Goes to an epoch. Long computations are split so that the page stays responsive.
  View.prototype.goToEpoch = function (epoch) {
    const wanted = Math.max(1, Math.min(epoch, this.problem.epochs));
    const self = this;
    clearTimeout(this.going);
    if (!this.run.advance(wanted - 1, 40)) {
      this.status(this.text.busy(this.run.done), "");
      this.going = setTimeout(function () { self.goToEpoch(wanted); }, 0);
      return;
    }
    this.epoch = Math.min(wanted, this.lastEpoch());
    this.batch = Math.min(this.batch, this.batchCount() - 1);
    this.render();
  };

  View.prototype.goToStep = function (step) {
    this.step = step;
    this.render();
  };

  // Moves one step forward (1) or back (-1), across batches and epochs. Returns whether it moved.
  View.prototype.move = function (by) {
    clearTimeout(this.going);
    const count = this.now().steps.length;
    let step = this.step + by, batch = this.batch, epoch = this.epoch;
    if (step >= count) {
      step = 0;
      batch++;
    }
    if (batch >= this.batchCount() && this.batch < batch) {
      this.run.advance(epoch);
      if (epoch >= this.problem.epochs || this.run.diverged && this.run.diverged.epoch <= epoch) {
        return false;
      }
      batch = 0;
      epoch++;
    }
    if (step < 0) {
      step = count - 1;
      batch--;
    }
    if (batch < 0) {
      if (epoch === 1) return false;
      epoch--;
      this.epoch = epoch;
      batch = this.batchCount() - 1;
    }
    this.step = step;
    this.batch = batch;
    this.epoch = epoch;
    this.render();
    return true;
  };

  View.prototype.play = function () {
    clearInterval(this.timer);
    const self = this;
    const epochs = this.mode === "epochs";
    const pace = epochs ? (this.still() ? 1000 : 80) : 1400;
    this.timer = setInterval(function () {
      if (!epochs) {
        if (!self.move(1)) self.pause();
        return;
      }
      const before = self.epoch;
      self.step = self.now().steps.length - 1;
      self.batch = 0;
      self.goToEpoch(before + Math.max(1, Math.floor(before / 25)));
      if (self.epoch >= self.lastEpoch()) self.pause();
    }, pace);
    this.showPlaying(true);
  };

  View.prototype.pause = function () {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    this.showPlaying(false);
    this.live(this.text.paused);
  };

  View.prototype.showPlaying = function (playing) {
    const t = this.text, button = this.part("play");
    button.innerHTML = playing ? face("pause", t.pause) : face("play", t.play);
    button.title = playing ? t.pauseHelp : t.playHelp;
    button.setAttribute("aria-label", button.title);
  };

  // Computes all epochs in the background, a few milliseconds at a time, for the loss curve and the
  // comparison with R.
  View.prototype.work = function () {
    const self = this, run = this.run;
    clearTimeout(this.worker);
    let drawn = Date.now();
    (function next() {
      if (self.run !== run || !document.body.contains(self.element)) return;
      const done = run.advance(self.problem.epochs, 10);
      if (done || Date.now() - drawn > 300) {
        drawn = Date.now();
        self.drawLoss();
        self.compare(done);
      }
      if (!done) self.worker = setTimeout(next, 4);
    })();
  };

  View.prototype.compare = function (done) {
    const t = this.text, run = this.run;
    const diverged = run.diverged;
    const found = run.compare(this.problem.checks);
    let head = t.comparing, more = "", kind = "";
    if (found.status === "none") {
      head = t.notCompared;
      more = t.notComparedHow;
    } else if (found.status === "differs") {
      kind = "nns-off";
      const far = found.difference > 1e-12;
      head = far ? t.differs(found.difference.toExponential(1).replace("-", "\u2212"), found.from) :
        t.differsEnd(found.from);
      more = t.differsHow;
    } else if (done || found.left === 0) {
      kind = "nns-good";
      head = t.agrees;
      if (found.epochs.length > 0) {
        more = t.agreesHow(found.epochs,
          found.difference === 0 ? "0" : found.difference.toExponential(0).replace("-", "\u2212"));
      }
    }
    if (diverged) more = t.diverged(diverged.epoch) + " " + t.divergedHow + " " + more;
    this.comparison = found;
    this.status(head, more, kind);
  };

  View.prototype.status = function (head, more, kind) {
    const status = this.part("status");
    const html = tag("strong", { class: kind }, escape(head)) + " " + escape(more);
    if (this.said !== html) status.innerHTML = this.said = html;
  };

  View.prototype.live = function (words) { this.part("live").textContent = words; };

  // Display -----------------------------------------------------------------------------------

  // Shows another case in the network and the plane.
  View.prototype.drawRow = function () {
    this.pointed = null;
    this.drawNetwork();
    this.drawPlane();
  };

  View.prototype.now = function () {
    const key = [this.rate, this.batchSize, this.epoch, this.batch].join("/");
    if (!this.cached || this.cached.key !== key) {
      const made = this.run.at(this.epoch, this.batch);
      this.cached = steps.describe(this.problem, made);
      this.cached.key = key;
      this.cached.cases = made.rows;
      this.cached.made = made;
    }
    return this.cached;
  };

  // Names of rows or columns: row numbers of the data, or names of units.
  View.prototype.names = function (of, count) {
    const units = this.problem.model.units, names = [];
    for (let k = 0; k < count; k++) {
      if (of === "one") names.push("");
      else if (of === "case") names.push(String(this.cached.cases[k] + 1));
      else if (of === 0) names.push(this.problem.inputs[k]);
      else if (of === units.length - 1) names.push(this.problem.outputs[k]);
      else names.push("h" + (units.length > 3 ? of + "." : "") + (k + 1));
    }
    return names;
  };

  View.prototype.words = function (step) {
    const t = this.text, batch = this.now(), made = batch.matrices[step.id];
    const model = this.problem.model;
    if (step.op === "before" && this.epoch === 1 && this.batch === 0) return t.words.start;
    const named = function (id) { return id ? batch.matrices[id].name : ""; };
    return t.words[step.op]({
      from: named(made.from), w: named(made.w), b: named(made.b), s: named(made.s), kind: made.kind,
      loss: t.losses[model.loss.name], squared: model.loss.name === "squared_error",
      mean: model.reduction === "mean"
    });
  };

  View.prototype.render = function () {
    const t = this.text, batch = this.now();
    this.step = Math.max(0, Math.min(this.step, batch.steps.length - 1));
    this.row = Math.min(this.row, batch.cases.length - 1);
    const step = batch.steps[this.step];
    const active = document.activeElement;
    const key = active && this.root.contains(active) ? active.getAttribute("data-cell") : null;
    this.byMatrix = steps.places(batch, this.places);
    this.drawBand(step);
    this.drawHead(step);
    this.drawMatrices(step);
    this.drawPlane();
    this.drawLoss();
    this.root.querySelectorAll("[data-set=epoch]").forEach(function (input) {
      input.value = this.epoch;
    }, this);
    this.root.dataset.at = [this.epoch, this.batch + 1, this.step + 1].join("/");
    const cells = this.part("matrices");
    if (key !== null) {
      const again = cells.querySelector("[data-cell=\"" + key + "\"]");
      (again || this.root).focus({ preventScroll: true });
    }
    const pinned = this.pinned && cells.querySelector("[data-cell=\"" + this.pinned + "\"]");
    const focused = cells.contains(document.activeElement) ? document.activeElement : null;
    const results = cells.querySelectorAll(".nns-result .nns-cell");
    const first = results.length ? results[0] : cells.querySelector(".nns-cell");
    this.light(focused || pinned || first);
    const batches = Math.ceil(this.problem.X.rows / this.run.batchSize);
    this.live(this.timer !== null && this.mode === "epochs" ? t.liveEpoch(this.epoch) :
      t.live(this.epoch, batches > 1 ? this.batch + 1 : 0, this.stepName(step),
        t.phases[step.phase], step.name, this.words(step)));
  };

  View.prototype.stepName = function (step) {
    if (step.number !== null) return this.text.step(step.number);
    return step.phase === "update" ? this.text.afterwards : this.text.phases[step.phase];
  };

  View.prototype.drawBand = function (now) {
    const t = this.text, all = this.now().steps, current = this.step;
    this.part("band").innerHTML = Object.keys(t.phases).map(function (phase) {
      const first = all.findIndex(function (step) { return step.phase === phase; });
      const here = now.phase === phase;
      return tag("button", {
        type: "button", class: "nns-phase" + (here ? " nns-here" : ""), "data-do": "phase",
        "data-step": first, title: t.phaseHelp[phase], "aria-current": here && "true"
      }, escape(t.phases[phase]));
    }).join("");
    this.part("chips").innerHTML = all.map(function (step, k) {
      if (step.phase !== now.phase) return "";
      const here = k === current;
      return tag("button", {
        type: "button", class: "nns-chip" + (here ? " nns-here" : ""), "data-do": "phase",
        "data-step": k, "aria-current": here && "step"
      }, step.number === null ? "" : tag("b", {}, step.number) + " ", escape(step.name));
    }).join("");
  };

  View.prototype.drawHead = function (step) {
    const t = this.text, cases = this.now().cases, name = step.name;
    const batches = Math.ceil(this.problem.X.rows / this.run.batchSize);
    const rows = cases.map(function (c) { return c + 1; }).join(", ");
    const code = function (label, text) {
      return tag("dt", {}, label) + tag("dd", {}, tag("code", {}, escape(text)));
    };
    this.part("head").innerHTML = tag("h3", {},
      tag("span", { class: "nns-number" }, escape(this.stepName(step))), " ",
      tag("span", { class: "nns-name" }, escape(name))) +
      (batches > 1 ? tag("p", { class: "nns-where" },
        escape(t.batchOf(this.batch + 1, batches, rows))) : "") +
      tag("p", {}, escape(this.words(step))) +
      (step.r ? tag("dl", { class: "nns-code" }, code("R", name + " <- " + step.r),
        code("NumPy", name + " = " + step.numpy)) : "");
  };

  root.View = View;
})(window.backpropShow = window.backpropShow || {});
