// --- table: all that the maps and lines show of the chosen unit, as numbers -----------------------------------------

const tablePlace = document.getElementById("table");

// Filled when it is opened, and kept up while it is open.
function showTable() {
  if (!tablePlace.open) return;
  const layer = here();
  const names = drawn(layer).map(({ name }) => name);
  const slopes = ["h", "c", ...names.map((name) => `a_${name}`)].filter((name) => layer.gradients && name in layer.gradients);
  const table = make("table");
  const unit = layer.units[state.unit];
  table.append(make("caption", {}, say("table_caption", { layer: layer.name, row: layer.rows[state.row], unit })));
  const heads = [say("step"), ...names.map((name) => letters(name)), ...slopes.map((name) => letters(name, true))];
  table.append(make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))));
  const body = make("tbody");
  for (let step = 0; step < layer.steps.length; step += 1) {
    const row = make("tr", step === state.step ? { "aria-current": "true" } : {});
    row.append(make("th", { scope: "row" }, stepName(layer, step)));
    for (const name of names) row.append(make("td", {}, written(value(name, step))));
    for (const name of slopes) row.append(make("td", { class: "slope" }, written(gradient(name, step))));
    body.append(row);
  }
  table.append(body);
  tablePlace.querySelector(".scroll").replaceChildren(table);
}

tablePlace.addEventListener("toggle", showTable);
addEventListener("beforeprint", () => {
  tablePlace.open = true;
  showTable();
});
