// Pages in headless Chromium: axe-core's rules, sideways scrolling, requests, errors, the order of the keyboard.
//
//   npm install --no-save puppeteer-core@25.16.0 axe-core@4.14.1
//   node check.mjs FOLDER_OR_PAGE... [--pictures FOLDER] [--chromium PATH]
//
// Each page is looked at 1280 and 400 pixels wide, light and dark. Prints a line a page and view and one JSON object
// at last; exits with 1 where a serious or critical rule is broken, the body scrolls sideways, a script fails,
// something is asked of the network, or something that has the focus does not show it.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const VIEWS = [1280, 400].flatMap((width) => ["light", "dark"].map((scheme) => ({ width, scheme })));
const STOPS = 40;

function readArguments(words) {
  const options = { pictures: null, chromium: "/usr/bin/chromium" };
  const places = [];
  for (let index = 0; index < words.length; index += 1) {
    if (words[index].startsWith("--")) options[words[index].slice(2)] = words[(index += 1)];
    else places.push(words[index]);
  }
  const inside = (place) => readdirSync(place).filter((name) => name.endsWith(".html")).map((name) => join(place, name));
  return { ...options, pages: places.flatMap((place) => (statSync(place).isDirectory() ? inside(place) : [place])) };
}

/** The elements that the tabulator reaches, in order, and those of them that do not show the focus. */
async function walk(tab) {
  const stops = [];
  const hidden = [];
  for (let count = 0; count < STOPS; count += 1) {
    await tab.keyboard.press("Tab");
    const stop = await tab.evaluate(() => {
      const at = document.activeElement;
      if (at === document.body) return null;
      const style = getComputedStyle(at);
      const text = (at.getAttribute("aria-label") ?? at.textContent).trim().slice(0, 30);
      return { text: `${at.tagName.toLowerCase()} ${text}`, ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
    if (stop === null) break;
    stops.push(stop.text);
    if (!stop.ring) hidden.push(stop.text);
  }
  return { stops, hidden };
}

async function look(browser, file, view, axe, pictures) {
  const tab = await browser.newPage();
  const [requests, errors] = [[], []];
  tab.on("request", (request) => { if (!/^(file|data|blob|about):/.test(request.url())) requests.push(request.url()); });
  tab.on("pageerror", (error) => errors.push(String(error)));
  tab.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.scheme }]);
  await tab.setViewport({ width: view.width, height: 900 });
  await tab.goto(pathToFileURL(resolve(file)).href, { waitUntil: "load", timeout: 120000 });
  await tab.evaluate(() => document.querySelectorAll("details").forEach((each) => { if (!each.closest("nav")) each.open = true; }));
  const sideways = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await tab.evaluate(axe);
  const found = await tab.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const violations = found.violations.map(({ id, impact, nodes }) => ({
    id, impact, count: nodes.length, first: nodes[0].html.slice(0, 160), why: nodes[0].any[0]?.message ?? "",
  }));
  await tab.evaluate(() => document.querySelectorAll("main details").forEach((each) => { each.open = false; }));
  if (pictures) {
    const path = join(pictures, `${basename(file, ".html")}-${view.width}-${view.scheme}.png`);
    await tab.screenshot({ path, fullPage: true });
  }
  const keyboard = await walk(tab);
  await tab.close();
  return { page: basename(file), ...view, sideways, requests, errors, violations, ...keyboard };
}

const { pages, pictures, chromium } = readArguments(process.argv.slice(2));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox"], protocolTimeout: 300000 });
const results = [];
for (const file of pages) {
  for (const view of VIEWS) {
    const result = await look(browser, file, view, axe, pictures);
    results.push(result);
    const serious = result.violations.filter(({ impact }) => impact === "serious" || impact === "critical").length;
    console.log(
      `${result.page} ${view.width} ${view.scheme}: ${serious} serious of ${result.violations.length} violations, ` +
      `${Math.max(0, result.sideways)} px sideways, ${result.errors.length} errors, ${result.requests.length} requests, ` +
      `${result.hidden.length} of ${result.stops.length} stops unseen`,
    );
  }
}
await browser.close();
console.log(JSON.stringify({ axe_core: createRequire(import.meta.url)("axe-core/package.json").version, results }));
const bad = ({ violations, sideways, errors, requests, hidden }) => (
  violations.some(({ impact }) => impact === "serious" || impact === "critical") ||
  sideways > 0 || errors.length > 0 || requests.length > 0 || hidden.length > 0
);
process.exit(results.some(bad) ? 1 : 0);
