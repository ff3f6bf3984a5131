// What the scripts beside this one share: a headless browser, pages, and what is read off a page.
// Each script is called with a file of its input and one for its results, both JSON.
"use strict";
const fs = require("fs");
const path = require("path");

async function run(work) {
  const [input, output] = process.argv.slice(2);
  const given = JSON.parse(fs.readFileSync(input, "utf8"));
  const { chromium } = require(path.join(given.npm, "node_modules", "playwright-core"));
  const browser = await chromium.launch({
    executablePath: given.chromium, args: ["--no-sandbox", "--disable-gpu"]
  });
  try {
    const results = await work(given, opener(browser));
    fs.writeFileSync(output, JSON.stringify(results));
  } finally {
    await browser.close();
  }
}

// open(file or address, options of a page) gives a page with the widget drawn; `page.errors` and
// `page.requests` collect what went wrong, and what was asked for beside the page itself.
function opener(browser) {
  return async function (where, options) {
    const context = await browser.newContext(Object.assign(
      { viewport: { width: 1200, height: 900 } }, options));
    const page = await context.newPage();
    const address = /^[a-z]+:/.test(where) ? where : "file://" + where;
    page.errors = [];
    page.requests = [];
    page.on("pageerror", function (error) { page.errors.push(String(error)); });
    page.on("console", function (message) {
      const icon = message.location().url.endsWith("/favicon.ico");
      if (message.type() === "error" && !icon) page.errors.push(message.text());
    });
    page.on("request", function (request) {
      if (request.url() !== address && !request.url().startsWith("data:")) {
        page.requests.push(request.url());
      }
    });
    await page.goto(address);
    await page.waitForSelector(".nns-cell");
    await page.evaluate(install);
    return page;
  };
}

// Runs in the page.
function install() {
  const number = function (text) { return Number(text.replace(/\u2212/g, "-")); };
  const widget = function (k) { return document.querySelectorAll(".nns-show")[k || 0]; };
  const set = function (name, value, k) {
    const input = widget(k).querySelector("[data-set=" + name + "]:not([type=range])");
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  window.test = {
    number: number,
    widget: widget,
    set: set,
    press: function (key, k) {
      const root = widget(k);
      const inside = root.contains(document.activeElement) ? document.activeElement : root;
      inside.dispatchEvent(new KeyboardEvent("keydown", { key: key, bubbles: true,
        cancelable: true }));
    },
    cells: function (k) { return Array.from(widget(k).querySelectorAll(".nns-cell")); },
    // the matrices that can be seen, by id, from the text of their cells
    matrices: function (k) {
      const found = {};
      this.cells(k).forEach(function (cell) {
        const [id, i, j] = cell.dataset.cell.split("|");
        found[id] = found[id] || [];
        found[id][i] = found[id][i] || [];
        found[id][i][j] = number(cell.textContent);
      });
      return found;
    },
    heading: function (k) { return widget(k).querySelector(".nns-head h3").textContent.trim(); },
    // epoch, batch and step, counted from 1
    at: function (k) { return widget(k).dataset.at.split("/").map(Number); },
    epoch: function (k) { return this.at(k)[0]; },
    goTo: async function (epoch, k) {
      set("epoch", epoch, k);
      while (this.epoch(k) !== epoch) await new Promise(function (go) { setTimeout(go, 4); });
    },
    // All matrices of the steps from here to the end of the batch, or of the epoch.
    collect: function (until, k) {
      const all = {}, part = until === "batch" ? 2 : 1;
      const here = this.at(k).slice(0, part).join();
      for (;;) {
        Object.assign(all, this.matrices(k));
        const before = this.at(k).join();
        this.press("ArrowRight", k);
        if (this.at(k).join() === before || this.at(k).slice(0, part).join() !== here) return all;
      }
    },
    ready: function (k) {
      return widget(k).querySelector(".nns-status strong[class^=nns-]") !== null;
    },
    status: function (k) { return widget(k).querySelector(".nns-status").textContent.trim(); }
  };
}

module.exports = { run: run };
