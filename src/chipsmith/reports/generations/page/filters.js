
/** The controls of a table: filters by attributes of the rows and by text, and groups of rows. */
function controlTable(form) {
  const table = document.getElementById(form.dataset.table);
  const rows = [...table.querySelectorAll("tbody tr:not(.group)")];
  const filters = [...form.querySelectorAll("[data-filter]")];
  const grouping = form.querySelector("[data-group]");
  const shown = form.querySelector("[data-shown]");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function passes(row) {
    return filters.every(({ dataset, value }) => {
      if (!value) return true;
      return dataset.filter === "text"
        ? value.toLowerCase().split(/\s+/).every((word) => texts.get(row).includes(word))
        : row.dataset[dataset.filter] === value;
    });
  }

  function apply() {
    rows.forEach((row) => { row.hidden = !passes(row); });
    for (const body of table.tBodies) body.hidden = [...body.rows].every((row) => row.matches(".group") || row.hidden);
    const count = rows.filter((row) => !row.hidden).length;
    shown.textContent = shown.dataset.shown.replace("{shown}", count).replace("{total}", rows.length);
  }

  function heading(title) {
    const row = document.createElement("tr");
    const cell = document.createElement("th");
    row.className = "group";
    cell.scope = "colgroup";
    cell.colSpan = table.tHead.rows[0].cells.length;
    cell.textContent = title;
    row.append(cell);
    return row;
  }

  function regroup() {
    const bodies = new Map();
    for (const row of rows) {
      const key = row.dataset[grouping.value];
      if (!bodies.has(key)) {
        const body = document.createElement("tbody");
        body.append(heading(row.dataset[grouping.value + "Title"] ?? key));
        bodies.set(key, body);
      }
      bodies.get(key).append(row);
    }
    [...table.tBodies].forEach((body) => body.remove());
    table.append(...bodies.values());
    table.querySelectorAll("[aria-sort]").forEach((head) => head.removeAttribute("aria-sort"));
    apply();
  }

  filters.forEach((filter) => filter.addEventListener("input", apply));
  grouping.addEventListener("change", regroup);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-clear]").addEventListener("click", () => {
    filters.forEach((filter) => { filter.value = ""; });
    apply();
  });
  apply();
}

document.querySelectorAll("form[data-table]").forEach(controlTable);
