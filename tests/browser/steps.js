// Without a browser: the steps of some payloads, with the code that the page shows for each, and
// the order of rows. The script is the one that the page has.
"use strict";
const fs = require("fs");
const [input, output] = process.argv.slice(2);
const given = JSON.parse(fs.readFileSync(input, "utf8"));
global.window = {};
require(given.script);
const { engine, steps } = window.backpropShow;

const results = given.payloads.map(function (payload) {
  const problem = engine.parse(payload);
  const run = new engine.Run(problem, problem.rate, problem.batch);
  const batches = [];
  for (let epoch = 1; epoch <= given.epochs; epoch++) {
    run.batches(epoch).forEach(function (rows, k) {
      const batch = steps.describe(problem, run.at(epoch, k));
      const matrices = {};
      Object.keys(batch.matrices).forEach(function (id) {
        const m = engine.transpose(batch.matrices[id].m);
        matrices[id] = { dim: [m.columns, m.rows], data: Array.from(m.data) };
      });
      batches.push({
        epoch: epoch, batch: k + 1, rows: rows.map(function (r) { return r + 1; }),
        matrices: matrices, steps: batch.steps.map(function (s) {
          return { id: s.id, name: s.name, number: s.number, phase: s.phase, r: s.r || "",
            numpy: s.numpy || "" };
        })
      });
    });
  }
  return { batches: batches };
});
const orders = (given.orders || []).map(function (o) {
  return engine.rowOrder(o.seed, o.epoch, o.n).map(function (r) { return r + 1; });
});
fs.writeFileSync(output, JSON.stringify({ results: results, orders: orders }));
