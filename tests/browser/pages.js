// Pages that others make: two widgets in a document, a trace in a report, an app of Shiny.
"use strict";
const { run } = require("./browser.js");

run(async function (given, open) {
  const results = [];
  for (const where of given.pages) {
    const page = await open(where);
    const widgets = await page.evaluate(() => document.querySelectorAll(".nns-show").length);
    for (let k = 0; k < widgets; k++) {
      await page.waitForFunction((k) => window.test.ready(k), k, { timeout: 60000 });
    }
    const result = await page.evaluate(function (widgets) {
      const test = window.test;
      const at = function () {
        return Array.from({ length: widgets }, function (_, k) { return test.at(k).join("/"); });
      };
      const moves = [at()];
      for (let k = 0; k < widgets; k++) {
        test.press("ArrowRight", k);
        test.press("ArrowRight", k);
        moves.push(at());
      }
      const ids = Array.from(document.querySelectorAll("[id]")).map(function (e) { return e.id; });
      return {
        widgets: widgets, moves: moves, same_ids: ids.length - new Set(ids).size,
        statuses: Array.from({ length: widgets }, function (_, k) { return test.status(k); })
      };
    }, widgets);
    // the pointer on a cell writes its sum out in its own widget
    if (widgets > 1) {
      const sums = () => page.evaluate(
        () => Array.from(document.querySelectorAll(".nns-sum")).map((e) => e.textContent));
      const before = await sums();
      await page.locator(".nns-show").nth(1).locator(".nns-result .nns-cell").last().hover();
      const after = await sums();
      result.hovered = [before[0] === after[0], before[1] !== after[1]];
      result.lit = await page.evaluate(() => Array.from(document.querySelectorAll(".nns-show"))
        .map((w) => [w.querySelectorAll(".nns-lit").length,
          w.querySelectorAll(".nns-edge-at").length]));
    }
    // the sign of an edge is not told by its colour alone
    result.dashed = await page.evaluate(() => Array.from(document.querySelectorAll(".nns-edge"))
      .map((e) => [/213/.test(e.getAttribute("stroke")),
        getComputedStyle(e).strokeDasharray !== "none"]));
    result.width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    result.errors = page.errors;
    result.requests = page.requests;
    results.push(result);
    await page.context().close();
  }
  return results;
});
