"use strict";

const charts = JSON.parse(document.getElementById("charts").textContent);
const narrow = () => window.innerWidth < 520;

/** The value of one of the page's colours. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/** An axis with the look of the page. */
function styledAxis(axis) {
  const few = narrow() && axis.type !== "category" ? { nticks: 5 } : {};
  return {
    gridcolor: colour("line"),
    zerolinecolor: colour("line"),
    linecolor: colour("muted"),
    automargin: true,
    exponentformat: "none",
    separatethousands: true,
    fixedrange: narrow(),
    ...few,
    ...axis,
    title: { ...axis.title, standoff: 10, font: { size: narrow() ? 12 : 13 } },
  };
}

/** Room for a legend that stands upright in a narrow window. */
function legendHeight(chart) {
  return narrow() && chart.layout.showlegend !== false ? 16 * chart.data.length : 0;
}

/** A chart's layout with the look of the page. */
function styledLayout(chart, width) {
  const layout = chart.layout;
  const axes = Object.keys(layout).filter((name) => /^[xy]axis/.test(name));
  return {
    ...layout,
    width,
    height: layout.height + legendHeight(chart),
    font: { family: getComputedStyle(document.body).fontFamily, size: narrow() ? 11 : 13, color: colour("ink") },
    paper_bgcolor: colour("surface"),
    plot_bgcolor: colour("surface"),
    hoverlabel: { align: "left", font: { size: 12 } },
    margin: { l: 10, r: 16, t: 10, b: 10 },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", ...layout.legend },
    bargap: 0.25,
    ...Object.fromEntries(axes.map((name) => [name, styledAxis(layout[name])])),
  };
}

/** Draw a chart as wide as its place. */
function draw(place) {
  const chart = charts[place.dataset.chart];
  const config = { displaylogo: false, displayModeBar: false };
  Plotly.react(place, chart.data, styledLayout(chart, place.clientWidth), config);
}

const places = [...document.querySelectorAll("[data-chart]")];
const drawAll = () => places.forEach(draw);

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

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortTable(button.parentElement));
}
// Drawn at once when the width changes: a page that is printed or photographed does not wait.
const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) if (target.clientWidth !== target.layout?.width) draw(target);
});
drawAll();
places.forEach((place) => observer.observe(place));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
