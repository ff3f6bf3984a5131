// How the page behaves: its size, colours, language, speed, and what it asks of the net.
"use strict";
const { run } = require("./browser.js");

run(async function (given, open) {
  const results = {};

  // each page at each width, all steps of the first batch
  results.layout = [];
  for (const file of given.files) {
    for (const width of [1200, 900, 390]) {
      const page = await open(file, { viewport: { width: width, height: 900 }, offline: true });
      const found = await page.evaluate(layout);
      results.layout.push(Object.assign({ file: file, width: width, requests: page.requests,
        errors: page.errors }, found));
      await page.context().close();
    }
  }

  // long names of inputs, on a narrow and a wide page
  results.names = [];
  for (const width of [390, 1200]) {
    const page = await open(given.names, { viewport: { width: width, height: 900 } });
    results.names.push(await page.evaluate(() => Array.from(
      document.querySelectorAll("text.nns-end[text-anchor=end]")).map((e) => e.textContent)));
    await page.context().close();
  }

  // the language
  const chinese = await open(given.chinese);
  results.chinese = await chinese.evaluate(words);
  await chinese.context().close();

  // motion
  results.motion = {};
  for (const preference of ["no-preference", "reduce"]) {
    const page = await open(given.files[0], { reducedMotion: preference });
    results.motion[preference] = await page.evaluate(async function () {
      const test = window.test;
      test.press("ArrowRight");
      test.press("ArrowRight");
      const moving = Array.from(test.widget().querySelectorAll("*")).filter(function (element) {
        const style = getComputedStyle(element);
        return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
      }).length;
      const flows = test.widget().querySelectorAll(".nns-flow").length;
      test.set("mode", "epochs");
      test.press("Home");
      test.press(" ");
      await new Promise(function (go) { setTimeout(go, 900); });
      test.press(" ");
      return { moving: moving, flows: flows,
        epoch: test.epoch() };
    });
    await page.context().close();
  }

  // speed
  const page = await open(given.files[0]);
  await page.waitForFunction(() => window.test.ready(), null, { timeout: 60000 });
  // each is measured some times, and the least is what it takes where nothing else runs
  results.speed = await page.evaluate(async function () {
    const test = window.test, out = { epochs: {}, steps: [] };
    const rest = function (time) { return new Promise(function (go) { setTimeout(go, time); }); };
    for (const batch of ["all", "1"]) {
      test.set("batch", batch);
      out.epochs[batch] = Infinity;
      for (const k of [0, 1, 3, 4]) {
        test.set("rate", test.widget().querySelector("[data-set=rate]").options[k].value);
        const begun = performance.now();
        await test.goTo(5000);
        out.epochs[batch] = Math.min(out.epochs[batch], performance.now() - begun);
        while (!test.ready()) await rest(20);
      }
    }
    test.set("batch", "all");
    test.set("rate", test.widget().querySelector("[data-set=rate]").options[2].value);
    while (!test.ready()) await rest(20);
    for (let epoch = 1; epoch <= 16; epoch++) {
      for (let k = 0; test.epoch() === epoch; k++) {
        const begun = performance.now();
        test.press("ArrowRight");
        test.widget().offsetHeight;
        const time = performance.now() - begun;
        out.steps[k] = Math.min(time, out.steps[k] === undefined ? Infinity : out.steps[k]);
      }
      await rest(5);
    }
    return out;
  });
  await page.context().close();

  // where R's numbers are others, the page says so
  const changed = await open(given.tampered);
  await changed.waitForFunction(() => window.test.ready(), null, { timeout: 60000 });
  results.tampered = await changed.evaluate(() => window.test.status());
  await changed.context().close();
  const diverging = await open(given.diverging);
  await diverging.waitForFunction(() => window.test.ready(), null, { timeout: 60000 });
  results.diverging = await diverging.evaluate(async function () {
    const test = window.test;
    test.set("epoch", 5000);
    await new Promise(function (go) { setTimeout(go, 100); });
    return { status: test.status(), epoch: test.epoch() };
  });
  results.diverging.errors = diverging.errors;
  await diverging.context().close();
  return results;
});

// Runs in the page: what is cut off, too pale, or wider than the screen.
function layout() {
  const test = window.test, root = test.widget();
  const out = { steps: 0, wide: [], cut: [], pale: [], least: 21, small: [], inner: 0 };
  const luminance = function (c) {
    const linear = c.map(function (v) {
      const s = v / 255;
      return s <= 0.04045 ? s / 12.92 : Math.pow((s + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const rgb = function (text) { return text.match(/[\d.]+/g).map(Number); };
  const contrast = function (a, b) {
    const l = [luminance(a), luminance(b)].sort(function (x, y) { return y - x; });
    return (l[0] + 0.05) / (l[1] + 0.05);
  };
  const behind = function (element) {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const note = function (ratio, element) {
    out.least = Math.min(out.least, ratio);
    if (ratio < 4.5) out.pale.push(element.textContent + " " + ratio.toFixed(2));
  };
  for (let before = ""; test.epoch() === 1 && test.at()[1] === 1 && test.at().join() !== before;) {
    before = test.at().join();
    out.steps++;
    if (document.documentElement.scrollWidth > window.innerWidth) {
      out.wide.push(before + ": " + document.documentElement.scrollWidth);
    }
    const frame = root.getBoundingClientRect();
    const parts = "button, select, input, .nns-cell, .nns-title span, svg, code, p";
    root.querySelectorAll(parts).forEach(
      function (element) {
        const box = element.getBoundingClientRect();
        if (box.width === 0) return;
        // the matrices scroll inside, where even the smallest text is too wide
        const inner = element.closest(".nns-matrices");
        if (inner && inner.scrollWidth > inner.clientWidth) {
          out.inner++;
          return;
        }
        if (box.right > frame.right + 0.5 || box.left < frame.left - 0.5) {
          out.cut.push(before + " outside: " + element.className + " " + element.textContent);
        }
        if (element.matches(".nns-cell, button") && element.scrollWidth > element.clientWidth + 1) {
          out.cut.push(before + " cut: " + element.textContent);
        }
      });
    // each heading says which row or column it is
    root.querySelectorAll(".nns-grid").forEach(function (grid) {
      ["columnheader", "rowheader"].forEach(function (role) {
        const seen = {};
        grid.querySelectorAll("[role=" + role + "]").forEach(function (head) {
          const shown = head.textContent;
          if (head.title && (seen[shown] || head.title) !== head.title) {
            out.cut.push(before + " heads are the same: " + shown);
          }
          seen[shown] = head.title;
          if (head.scrollWidth > head.clientWidth + 1) out.cut.push(before + " cut: " + shown);
        });
      });
    });
    root.querySelectorAll("svg").forEach(function (svg) {
      const edge = svg.getBoundingClientRect();
      svg.querySelectorAll("text").forEach(function (text) {
        const box = text.getBoundingClientRect();
        if (box.width && (box.left < edge.left - 1 || box.right > edge.right + 1 ||
          box.top < edge.top - 1 || box.bottom > edge.bottom + 1)) {
          out.cut.push(before + " outside its picture: " + text.textContent);
        }
      });
    });
    root.querySelectorAll("*").forEach(function (element) {
      const own = Array.from(element.childNodes).some(function (node) {
        return node.nodeType === 3 && node.textContent.trim() !== "";
      });
      if (!own || element.closest(".nns-live") || element.tagName === "OPTION") return;
      const style = getComputedStyle(element);
      if (element.closest("svg")) {
        if (element.tagName !== "text") return;
        const mark = element.parentElement.querySelector("circle, rect");
        const under = mark && element.parentElement.tagName === "g" ?
          rgb(getComputedStyle(mark).fill) : [255, 255, 255];
        note(contrast(rgb(style.fill), under), element);
      } else {
        note(contrast(rgb(style.color), behind(element)), element);
        if (parseFloat(style.fontSize) < 10) out.small.push(element.textContent);
      }
    });
    test.press("ArrowRight");
  }
  return out;
}

// Runs in the page: all words that are neither code nor names, in text and in what is read aloud.
function words() {
  const test = window.test, root = test.widget(), found = new Set();
  const code = "code, .nns-name, .nns-chip, .nns-title, .nns-which, .nns-written, .nns-th, " +
    ".nns-cell, .nns-end, .nns-target, .nns-unit";
  const names = new Set(["R", "NumPy", "X", "y", "Home", "Tab"]);
  const look = function (text) {
    (text.match(/[A-Za-z_.]{2,}[0-9]*/g) || []).forEach(function (word) {
      if (!names.has(word)) found.add(word);
    });
  };
  let steps = 0;
  for (let before = ""; test.epoch() === 1 && test.at().join() !== before;) {
    before = test.at().join();
    steps++;
    root.querySelectorAll(".nns-name, .nns-title span, .nns-end").forEach(function (element) {
      element.textContent.split(/[^A-Za-z0-9_.]+/).forEach(function (name) { names.add(name); });
    });
    root.querySelectorAll("*").forEach(function (element) {
      if (!element.closest(code)) {
        element.childNodes.forEach(function (node) {
          if (node.nodeType === 3) look(node.textContent);
        });
      }
      ["aria-label", "title"].forEach(function (name) {
        if (element.hasAttribute(name) && !element.closest(code)) look(element.getAttribute(name));
      });
    });
    test.press("ArrowRight");
  }
  ["sigmoid", "tanh", "relu", "softmax"].forEach(function (name) { found.delete(name); });
  return { words: Array.from(found), steps: steps, lang: root.getAttribute("lang") };
}
