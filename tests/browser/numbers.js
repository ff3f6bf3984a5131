// Every number of the page, read off its cells with all digits, and every sum that it writes out.
"use strict";
const { run } = require("./browser.js");

run(async function (given, open) {
  const results = [];
  for (const job of given.pages) {
    const page = await open(job.file);
    const result = await page.evaluate(async function (job) {
      const test = window.test, out = { batches: [], weights: [], sums: null };
      test.set("places", "all");
      // the first batches, from the start
      for (let k = 0; k < job.batches; k++) {
        out.batches.push({ at: test.at().slice(0, 2), matrices: test.collect("batch") });
      }
      test.press("Home");
      if (job.sums) out.sums = sums();
      // after some epochs: the last update of an epoch is what is there at its end
      for (const epoch of job.epochs) {
        await test.goTo(epoch);
        out.weights.push({ epoch: epoch, matrices: test.collect("epoch") });
      }
      return out;

      // Every cell of every step is focused and its sum read and worked out, by JavaScript itself.
      function sums() {
        const count = { cells: 0, products: 0, wrong: [], rounded: 0, about: 0 };
        const names = ["exp", "expm1", "log", "log1p", "tanh", "max", "min", "abs", "sign",
          "sigmoid"];
        const functions = names.map(function (name) {
          return name === "sigmoid" ? function (z) { return 1 / (1 + Math.exp(-z)); } : Math[name];
        });
        const work = function (text) {
          const plain = text.replace(/^.*: /, "").replace(/\u2212/g, "-").replace(/\u00d7/g, "*")
            .replace(/\bInf\b/g, "Infinity");
          return Function(...names, "return " + plain)(...functions);
        };
        ["all", "2"].forEach(function (places) {
          test.set("places", places);
          test.press("Home");
          for (let before = ""; test.epoch() === 1 && test.at().join() !== before;) {
            before = test.at().join();
            test.cells().forEach(function (cell) {
              const key = cell.dataset.cell;
              cell.focus();
              if (document.activeElement !== cell) count.wrong.push("no focus: " + key);
              const text = test.widget().querySelector(".nns-written").textContent;
              const parts = text.split(/ [=\u2248] /);
              count.cells++;
              if (parts.length === 1) {
                const same = text === cell.textContent || places !== "all";
                if (!same) count.wrong.push(key + ": " + text);
                return;
              }
              const sum = work(parts[0]), shown = test.number(parts[1]);
              if (/\u00d7/.test(parts[0])) count.products++;
              if (parts[1] !== cell.textContent) count.wrong.push(key + " shows " + parts[1]);
              if (places === "all") {
                if (!(sum === shown)) count.wrong.push(key + ": " + text + " is " + sum);
              } else {
                const decimals = (parts[1].split(".")[1] || "").length;
                const agrees = Number(sum.toFixed(decimals)) === shown;
                if (/ = /.test(text)) {
                  count.rounded++;
                  if (!agrees) count.wrong.push(key + ": " + text + " is " + sum);
                } else {
                  count.about++;
                  if (agrees) count.wrong.push(key + ": " + text + " is equal");
                }
              }
            });
            document.activeElement.blur();
            test.press("ArrowRight");
          }
        });
        test.set("places", "all");
        test.press("Home");
        return count;
      }
    }, job);
    await page.waitForFunction(() => window.test.ready(), null, { timeout: 60000 });
    result.status = await page.evaluate(() => window.test.status());
    result.errors = page.errors;
    results.push(result);
    await page.context().close();
  }
  return results;
});
