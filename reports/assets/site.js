// Adds two conveniences where scripts run; nothing on the page needs them. Pointing at a series shows the same series in
// every drawing; a click on a table's header sorts its rows.
const placeOf = (element) => [...element.classList].find((name) => name.startsWith("place-"));

document.addEventListener("pointerover", (event) => {
  const pointed = event.target.closest?.(".series");
  for (const chosen of document.querySelectorAll(".series.chosen")) chosen.classList.remove("chosen");
  document.body.classList.toggle("highlighting", Boolean(pointed));
  if (!pointed) return;
  for (const same of document.querySelectorAll(`.series.${placeOf(pointed)}`)) same.classList.add("chosen");
});

const valueOf = (row, column) => {
  const cell = row.cells[column];
  const value = cell.dataset.value ?? cell.textContent;
  return value === "" ? NaN : Number.isNaN(Number(value)) ? value : Number(value);
};

const compare = (a, b) => {
  if (typeof a === "number" && typeof b === "number") return (Number.isNaN(a) - Number.isNaN(b)) || a - b;
  return String(a).localeCompare(String(b));
};

for (const table of document.querySelectorAll("table.sortable")) {
  const headers = [...table.tHead.rows[0].cells];
  for (const [column, header] of headers.entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const descending = header.getAttribute("aria-sort") === "ascending";
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (descending ? -1 : 1) * compare(valueOf(a, column), valueOf(b, column)));
      table.tBodies[0].append(...rows);
    });
  }
}
