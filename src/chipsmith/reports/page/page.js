"use strict";

const charts = JSON.parse(document.getElementById("charts").textContent);
const words = JSON.parse(document.body.dataset.words);
const narrow = () => window.innerWidth < 520;

// --- the look of charts ----------------------------------------------------------------------------------------------

/** The value of one of the page's colours. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/** A value in which a text such as "--surface" is the page's colour of that name, at whatever depth. */
function withColours(value) {
  if (typeof value === "string") return value.startsWith("--") ? colour(value.slice(2)) : value;
  if (Array.isArray(value)) return typeof value.at(-1) === "number" ? value : value.map(withColours);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withColours(inner)]));
}

/** What of a trace depends on the look of the page: its colours, and its texts, which are no graphics. */
function styledTrace(trace) {
  const look = ["marker", "line", "colorscale", "error_x", "error_y", "fillcolor"].filter((name) => name in trace);
  const styled = Object.fromEntries(look.map((name) => [name, withColours(trace[name])]));
  for (const bars of ["error_x", "error_y"]) {
    if (bars in trace) styled[bars] = { color: colour("muted"), ...styled[bars] };
  }
  const size = trace.textfont?.size ?? (narrow() ? 10 : 12);
  return { ...trace, ...styled, textfont: { size, color: colour(trace.type === "heatmap" ? "ink" : "muted") } };
}

/** An axis with the look of the page, in a narrow window with no more than so many numbers. */
function styledAxis(axis, most) {
  const few = narrow() && axis.type !== "category" && axis.nticks === undefined ? { nticks: most } : {};
  const long = axis.type === "category" && narrow() ? { tickfont: { size: 10 } } : {};
  return {
    gridcolor: colour("line"),
    zerolinecolor: colour("line"),
    linecolor: colour("muted"),
    automargin: true,
    exponentformat: "none",
    separatethousands: true,
    fixedrange: narrow(),
    ...few,
    ...long,
    ...axis,
    title: { ...axis.title, standoff: 10, font: { size: narrow() ? 12 : 13 } },
  };
}

/** A line or a text that a chart has beside its traces, in the page's colours: plotly's own are black. */
function styledShape(shape) {
  const styled = withColours(shape);
  return { ...styled, line: { color: colour("muted"), ...styled.line } };
}
function styledAnnotation(annotation) {
  const styled = withColours(annotation);
  return { arrowcolor: colour("muted"), ...styled, font: { color: colour("ink"), ...styled.font } };
}

/** Room for a legend that stands upright in a narrow window. */
function legendHeight(chart) {
  return narrow() && chart.layout.showlegend !== false ? 16 * chart.data.length : 0;
}

/** A chart's layout with the look of the page. */
function styledLayout(chart, width) {
  const layout = chart.layout;
  const axes = Object.keys(layout).filter((name) => /^[xy]axis/.test(name));
  // Names beside bars leave little of a narrow window's width: more numbers below them would run together.
  const named = axes.some((name) => name.startsWith("y") && layout[name].type === "category");
  const most = (name) => (named && name.startsWith("x") ? 3 : 5);
  return {
    ...layout,
    width,
    height: heightOf(chart),
    font: { family: getComputedStyle(document.body).fontFamily, size: narrow() ? 11 : 13, color: colour("ink") },
    paper_bgcolor: colour("surface"),
    plot_bgcolor: colour("surface"),
    hoverlabel: {
      align: "left",
      bgcolor: colour("panel"),
      bordercolor: colour("muted"),
      font: { size: 12, color: colour("ink") },
    },
    margin: { l: 10, r: 16, t: 10, b: 10 },
    legend: {
      orientation: narrow() ? "v" : "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", ...layout.legend,
    },
    bargap: 0.25,
    ...(layout.shapes ? { shapes: layout.shapes.map(styledShape) } : {}),
    ...(layout.annotations ? { annotations: layout.annotations.map(styledAnnotation) } : {}),
    ...Object.fromEntries(axes.map((name) => [name, styledAxis(layout[name], most(name))])),
  };
}

/** How high a chart is: room that is kept for it before it is drawn, so that nothing below it moves. */
const heightOf = (chart) => chart.layout.height + legendHeight(chart);

/** Draw a chart as wide as its place. */
function draw(place) {
  const chart = charts[place.dataset.chart];
  const config = { displaylogo: false, displayModeBar: false };
  Plotly.react(place, chart.data.map(styledTrace), styledLayout(chart, place.clientWidth), config);
}

const places = [...document.querySelectorAll("[data-chart]")];
const drawAll = () => places.forEach(draw);

// --- the numbers of charts -------------------------------------------------------------------------------------------

const MOST_ROWS = 500;

/** A number of a chart as text, with four digits; other values as they are. */
function shown(value) {
  if (typeof value !== "number") return plain(String(value ?? ""));
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(4));
  return rounded.toLocaleString("en", { maximumFractionDigits: 12, maximumSignificantDigits: 15 });
}

/** The text of what hovering shows, which is HTML: parsed into a document that draws and fetches nothing. */
function plain(html) {
  const spaced = html.replaceAll(/<br>/g, "; ").replaceAll(/%\{[^}]*\}/g, "");
  return new DOMParser().parseFromString(spaced, "text/html").body.textContent;
}

const axisTitle = (layout, axis, fallback) => layout[axis]?.title?.text || fallback;

/** The rows of a matrix: a line for each of its own. */
function matrixRows(trace, layout) {
  const heads = [axisTitle(layout, "yaxis", "y"), ...trace.x.map(String)];
  const cells = (line, row) => trace.text?.[row]?.map((text, column) => text || shown(line[column])) ?? line.map(shown);
  return { heads, rows: trace.z.map((line, row) => [shown(trace.y[row]), ...cells(line, row)]) };
}

const each = (list, index) => (Array.isArray(list) ? list[index] : list) ?? "";

/** What hovering over a point shows: its text, or its own data in the trace's template, without x and y. */
function toldOf(trace, index) {
  if (!trace.customdata) return each(trace.hovertext ?? trace.text, index);
  const template = trace.hovertemplate.replace(/%\{[xy][^}]*\}(, )?/g, "").replace(/<extra>.*/, "");
  return template.replace(/%\{customdata\[(\d+)\](:,)?\}/g, (_, column, grouped) => {
    const value = trace.customdata[index][column];
    return grouped ? shown(value) : value;
  }).replace(/^<br>/, "");
}

/** The rows of points and bars: series, x and y, from where to where a bar reaches, and what hovering shows. */
function pointRows({ data, layout }) {
  const based = data.some((trace) => trace.base);
  const told = data.some((trace) => trace.hovertext ?? trace.text ?? trace.customdata);
  const [across, upward] = [axisTitle(layout, "xaxis", "x"), axisTitle(layout, "yaxis", "y")];
  const reach = based ? [`${across}, ${words.first}`, `${across}, ${words.last}`] : [across];
  const line = (trace, x, index) => {
    const base = each(trace.base, index) || 0;
    return [
      trace.name ?? "",
      ...(based ? [shown(base), shown(base + x)] : [shown(x)]),
      shown(trace.y[index]),
      ...(told ? [plain(toldOf(trace, index))] : []),
    ];
  };
  const rows = data.flatMap((trace) => (trace.fill === "toself" ? [] : trace.x.map((x, index) => line(trace, x, index))));
  return { heads: [words.series, ...reach, upward, ...(told ? [words.told] : [])], rows };
}

function chartRows(chart) {
  const matrix = chart.data.find((trace) => trace.type === "heatmap");
  return matrix ? matrixRows(matrix, chart.layout) : pointRows(chart);
}

function element(name, content = "", attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(content);
  return made;
}

/** The table of a chart's numbers. */
function numbersTable(chart, label) {
  const { heads, rows } = chartRows(chart);
  const line = (cells, kind) => {
    const row = element("tr");
    row.append(...cells.map((cell) => element(kind, cell, kind === "th" ? { scope: "col", className: "plain" } : {})));
    return row;
  };
  const table = element("table");
  table.createTHead().append(line(heads, "th"));
  table.createTBody().append(...rows.slice(0, MOST_ROWS).map((cells) => line(cells, "td")));
  const frame = element("div", table, { className: "scroll long", tabIndex: 0, role: "group", ariaLabel: label });
  const left = words.rows_left_out.replace("{shown}", MOST_ROWS).replace("{total}", rows.length);
  return rows.length > MOST_ROWS ? [frame, element("p", left, { className: "how" })] : [frame];
}

/** Fold a table of its numbers away below a chart; it is made when it is unfolded. */
function offerNumbers(place) {
  const chart = place.parentElement;
  if (chart.nextElementSibling?.matches("details.numbers")) return;
  const folded = element("details", element("summary", words.numbers), { className: "numbers" });
  folded.addEventListener(
    "toggle",
    () => folded.append(...numbersTable(charts[place.dataset.chart], place.getAttribute("aria-label"))),
    { once: true },
  );
  chart.append(folded);
}

// --- tables ----------------------------------------------------------------------------------------------------------

/** What a cell is sorted by: its number where it has one, else its text. */
function sortKey(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
}

function sortTable(head) {
  const rising = head.getAttribute("aria-sort") !== "ascending";
  const compare = (one, other) => {
    const [a, b] = [sortKey(one, head.cellIndex), sortKey(other, head.cellIndex)];
    const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    return rising ? order : -order;
  };
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", rising ? "ascending" : "descending");
  // A group of rows stays a group, below its heading.
  for (const body of head.closest("table").tBodies) {
    body.append(...[...body.rows].filter((row) => !row.matches(".group")).sort(compare));
  }
}

/** The cells of a table whose rows are stacked in a narrow window bear their column's name. */
function labelCells(table) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent);
  for (const row of table.querySelectorAll("tbody tr:not(.group)")) {
    [...row.cells].slice(1).forEach((cell, index) => { cell.dataset.label ??= heads[index + 1]; });
  }
}

/** A frame is a stop of the tabulator where there is something to scroll, and only there. */
function setStop(frame) {
  const scrolls = frame.scrollWidth > frame.clientWidth + 1 || frame.scrollHeight > frame.clientHeight + 1;
  if (scrolls) frame.tabIndex = 0;
  else frame.removeAttribute("tabindex");
}

// --- the contents ----------------------------------------------------------------------------------------------------

/** Mark the section that is read in the contents, and fold the contents away where they stand above the page. */
function followSections(contents) {
  const folded = contents.querySelector("details");
  const current = contents.querySelector("[data-current]");
  const links = [...contents.querySelectorAll("a")];
  const sections = links.map((link) => document.getElementById(link.hash.slice(1)));
  const beside = matchMedia("(min-width: 1080px)");

  function mark() {
    const last = window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 2;
    const passed = sections.filter((section) => section.getBoundingClientRect().top < window.innerHeight / 3).length;
    const index = last && window.scrollY > 0 ? links.length - 1 : passed - 1;
    links.forEach((link, number) => {
      if (number === index) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    });
    current.textContent = links[index]?.textContent ?? "";
  }

  const fold = () => { folded.open = beside.matches; };
  beside.addEventListener("change", fold);
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) fold(); });
  contents.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || beside.matches) return;
    folded.open = false;
    folded.querySelector("summary").focus();
  });
  let waiting = false;
  window.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, { passive: true });
  fold();
  mark();
}

// --- plotly.js -------------------------------------------------------------------------------------------------------

/** Run plotly.js, which the page holds as gzip in base64. */
async function unpackPlotly() {
  const packed = atob(document.getElementById("plotly").textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(unpacked).text();
  document.head.append(script);
}

/** The section that the address names, at the top of the window, unless the reader has moved since. */
function returnToAnchor() {
  const section = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (section !== null && !moved) section.scrollIntoView({ behavior: "instant" });
}

/** Draw all charts, now and whenever their room or the page's look changes. */
async function drawCharts() {
  if (typeof DecompressionStream === "undefined") {
    places.forEach((place) => { place.textContent = words.too_old; place.style.minHeight = ""; });
    return;
  }
  await unpackPlotly();
  drawAll();
  places.forEach((place) => { place.style.minHeight = ""; });
  returnToAnchor();
  places.forEach((place) => observer.observe(place));
  for (const media of ["(prefers-color-scheme: dark)", "print"]) {
    matchMedia(media).addEventListener("change", drawAll);
  }
}

// --- all of it -------------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortTable(button.parentElement));
}
// Drawn at once when the width changes: a page that is printed or photographed does not wait.
const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) if (target.clientWidth !== target.layout?.width) draw(target);
});
const frames = new ResizeObserver((entries) => entries.forEach(({ target }) => setStop(target)));
places.forEach((place) => { place.style.minHeight = `${heightOf(charts[place.dataset.chart])}px`; });
places.forEach(offerNumbers);
document.querySelectorAll(".stack table").forEach(labelCells);
document.querySelectorAll(".scroll, pre").forEach((frame) => frames.observe(frame));
document.querySelectorAll("nav.contents").forEach(followSections);
let moved = false;
for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
  window.addEventListener(kind, () => { moved = true; }, { passive: true, once: true });
}
window.addEventListener("load", returnToAnchor);
if (places.length > 0) drawCharts();
