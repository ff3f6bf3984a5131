// Keys, focus, what is announced, and that going back to the start gives the same bits.
"use strict";
const { run } = require("./browser.js");

run(async function (given, open) {
  const page = await open(given.file), results = {};
  const at = function () { return page.evaluate(() => window.test.at().join("/")); };
  const live = function () {
    return page.evaluate(() => document.querySelector(".nns-live").textContent);
  };
  const isLive = await page.getAttribute(".nns-live", "aria-live");
  results.aria_live = isLive;
  await page.evaluate(() => {
    window.test.set("places", "all");
    window.test.widget().focus();
  });

  // arrows
  results.arrows = [await at()];
  results.live = [await live()];
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowDown", "ArrowUp",
    "ArrowLeft"]) {
    await page.keyboard.press(key);
    results.arrows.push(await at());
    results.live.push(await live());
  }

  // Home goes back to the same bits, after 700 epochs and another rate
  const first = async function () {
    await page.keyboard.press("Home");
    const found = await page.evaluate(() => JSON.stringify(window.test.collect("epoch")));
    await page.evaluate(() => window.test.widget().focus());
    return found;
  };
  const before = await first();
  await page.evaluate(() => window.test.goTo(700));
  for (let k = 0; k < 9; k++) await page.keyboard.press("ArrowRight");
  results.away = await at();
  const after = await first();
  results.rewound = before === after && before.length > 500;
  await page.keyboard.press("Home");
  results.home = await at();

  // Space plays and pauses
  await page.keyboard.press("Space");
  results.playing = await page.evaluate(
    () => document.querySelector(".nns-play").getAttribute("aria-label"));
  await page.waitForFunction(() => window.test.at()[2] >= 3, null, { timeout: 15000 });
  await page.keyboard.press("Space");
  const paused = await at();
  results.paused = await page.evaluate(
    () => document.querySelector(".nns-play").getAttribute("aria-label"));
  await page.waitForTimeout(1800);
  results.stays = paused === await at();

  // Tab reaches every cell of every step, and the cell with the focus is seen and described
  results.tab = [];
  await page.keyboard.press("Home");
  const steps = given.steps;
  for (let k = 0; k < steps; k++) {
    await page.evaluate(() => {
      window.test.widget().focus();
      window.reached = new Set();
      window.bare = 0;
      window.seen = function (event) {
        const cell = event.target.closest(".nns-cell");
        if (!cell) return;
        window.reached.add(cell);
        const style = getComputedStyle(cell);
        const said = document.getElementById(cell.getAttribute("aria-describedby"));
        const named = cell.getAttribute("aria-label").endsWith(cell.textContent);
        if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2 || !said ||
          !said.textContent.includes(" = ") || !named) window.bare++;
      };
      document.addEventListener("focusin", window.seen);
    });
    const all = await page.evaluate(() => window.test.cells().length);
    for (let n = 0; n < all + 60; n++) {
      await page.keyboard.press("Tab");
      const outside = await page.evaluate(
        () => !window.test.widget().contains(document.activeElement));
      if (outside) break;
    }
    results.tab.push(await page.evaluate(() => ({
      cells: window.test.cells().length,
      reached: window.test.cells().filter((cell) => window.reached.has(cell)).length,
      bare: window.bare
    })));
    await page.evaluate(() => {
      document.removeEventListener("focusin", window.seen);
      window.test.press("ArrowRight");
    });
  }

  // a step with a cell in focus keeps the focus inside, so that the next key works too
  await page.evaluate(() => {
    window.test.press("Home");
    window.test.cells()[0].focus();
  });
  results.focus = [];
  for (let k = 0; k < 4; k++) {
    await page.keyboard.press("ArrowRight");
    results.focus.push(await page.evaluate(
      () => window.test.widget().contains(document.activeElement)));
  }
  results.focus_at = await at();
  // Enter keeps the cell while the pointer or the epochs go on
  await page.evaluate(() => {
    window.test.press("Home");
    window.test.press("ArrowRight");
    window.test.press("ArrowRight");
    const cell = window.test.cells().filter((c) => c.closest(".nns-result")).pop();
    cell.focus();
  });
  await page.keyboard.press("Enter");
  await page.evaluate(() => document.activeElement.blur());
  await page.evaluate(() => window.test.goTo(5));
  results.pinned = await page.textContent(".nns-which");
  results.errors = page.errors;
  return results;
});
