// --- maps: each gate and state as a map of units by steps -----------------------------------------------------------

const mapsPlace = document.getElementById("maps");

// What is drawn: gates, then states. In the view of gradients that of a gate is shown before its activation, da_i.
function drawn(layer) {
  const states = ["c", "h"].filter((name) => name in layer.quantities && !layer.gates.includes(name));
  return [...layer.gates, ...states].map((name) => {
    if (state.view === "values") return { name, shown: name, list: layer.quantities[name] };
    const before = `a_${name}`;
    const shown = layer.gradients && before in layer.gradients && name !== "h" ? before : name;
    return { name, shown, list: (layer.gradients || {})[shown] };
  });
}

// From which to which number the colours and lines of a map run.
function range(layer, name, list) {
  if (state.view === "values" && layer.valves.includes(name)) return [0, 1];
  let most = 0;
  const size = layer.steps.length * layer.units.length;
  for (const number of list.subarray(state.row * size, (state.row + 1) * size)) {
    if (Number.isFinite(number)) most = Math.max(most, Math.abs(number));
  }
  return [-(most || 1), most || 1];
}

// The colours of a scale, as the style sheet gives them: [r, g, b] from the lowest to the highest.
function scale(valve) {
  const style = getComputedStyle(document.documentElement);
  const colours = style.getPropertyValue(valve ? "--shut-to-open" : "--minus-to-plus").trim().split(/\s+/);
  return colours.map((colour) => [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16)));
}

// The colour of a share between 0 and 1 of a scale.
function colour(colours, share) {
  const place = Math.min(Math.max(share, 0), 1) * (colours.length - 1);
  const low = Math.min(Math.floor(place), colours.length - 2);
  return colours[low].map((part, k) => part + (place - low) * (colours[low + 1][k] - part));
}

// A pixel for each unit and step; what is not a number, as at a masked step, stays clear.
function paint(canvas, layer, list, [low, high], valve) {
  const [units, steps] = [layer.units.length, layer.steps.length];
  [canvas.width, canvas.height] = [steps, units];
  const colours = scale(valve);
  const context = canvas.getContext("2d");
  const image = context.createImageData(steps, units);
  for (let unit = 0; unit < units; unit += 1) {
    for (let step = 0; step < steps; step += 1) {
      const number = at(layer, list, units, unit, step);
      if (Number.isNaN(number)) continue;
      image.data.set([...colour(colours, (number - low) / (high - low)), 255], 4 * (unit * steps + step));
    }
  }
  context.putImageData(image, 0, 0);
}

// The frame that maps and lines share: numbers at the left, the picture, names at the right, all over the same steps.
function frame(title, picture, low, high, more = []) {
  const figure = make("figure", { class: "plot" });
  const edge = make("span", { class: "edge", "aria-hidden": "true" }, make("span", {}, high), make("span", {}, low));
  figure.append(make("figcaption", {}, ...title), edge, picture, ...more);
  return figure;
}

// All maps of the layer; the one that had the focus keeps it.
function showMaps() {
  const layer = here();
  const focused = document.activeElement && document.activeElement.dataset.map;
  const maps = drawn(layer).filter(({ list }) => list);
  if (!maps.some(({ name }) => name === state.map)) state.map = maps.length ? maps[0].name : "";
  mapsPlace.replaceChildren(...maps.map((map) => oneMap(layer, map)));
  if (focused) mapsPlace.querySelector(`[data-map="${focused}"]`)?.focus({ preventScroll: true });
}

function oneMap(layer, { name, shown, list }) {
  const valve = state.view === "values" && layer.valves.includes(name);
  const limits = range(layer, name, list);
  const role = WORDS[language].roles[name] || "";
  const said = (state.view === "values" ? "" : "d") + shown.replace("_", " ");
  const label = say("map_label", { name: said, role, units: layer.units.length, steps: layer.steps.length });
  const map = make("div", {
    class: "map", role: "application", "aria-label": label, "aria-describedby": "sentence", "data-described": "sentence",
    "data-map": name, tabindex: name === state.map ? "0" : "-1",
  });
  map.style.height = `${Math.min(Math.max(6 * layer.units.length, 44), 116)}px`;
  const canvas = make("canvas", { "aria-hidden": "true" });
  paint(canvas, layer, list, limits, valve);
  map.append(canvas, make("span", { class: "column" }), make("span", { class: "cell" }));
  map.addEventListener("pointermove", (event) => pointAt(event, map, name, shown));
  map.addEventListener("pointerleave", hideHoverSoon);
  map.addEventListener("pointerdown", (event) => {
    const { step, unit } = under(event, map);
    state.map = name;
    choose({ step, unit });
    for (const other of mapsPlace.querySelectorAll(".map")) other.tabIndex = other === map ? 0 : -1;
  });
  map.addEventListener("keydown", (event) => walk(event));
  const words = [letters(shown, state.view === "gradients"), " ", make("span", { class: "role" }, role)];
  const now = make("output", { class: "map-now", "data-now": name });
  const strip = make("i", { "aria-hidden": "true" });
  strip.style.background = `linear-gradient(90deg, ${scale(valve).map((rgb) => `rgb(${rgb})`)})`;
  const [low, high] = valve ? [`0 ${say("shut")}`, `${say("open")} 1`] : limits.map(written);
  const legend = make("span", { class: "legend" }, low, strip, high);
  return frame([...words, now, legend], map, layer.units[layer.units.length - 1], layer.units[0]);
}

// The step and unit under the pointer, as places.
function under(event, map) {
  const layer = here();
  const box = map.getBoundingClientRect();
  const place = (share, count) => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
  return {
    step: place((event.clientX - box.left) / box.width, layer.steps.length),
    unit: place((event.clientY - box.top) / box.height, layer.units.length),
  };
}

// The window of the number under the pointer.
function pointAt(event, map, name, shown) {
  const layer = here();
  const { step, unit } = under(event, map);
  const words = `${say("step")} ${stepName(layer, step)}, ${say("unit")} ${layer.units[unit]}: ${meaning(shown)}`;
  const lines = aboutQuantity(shown, value(shown, step, unit), gradient(shown, step, unit), words);
  const point = { left: event.clientX, right: event.clientX, top: event.clientY - 6, bottom: event.clientY + 12 };
  showHover(map, lines, point);
}

// Where the chosen step and unit are in each map, and their numbers.
function markMaps() {
  const layer = here();
  const [steps, units] = [layer.steps.length, layer.units.length];
  for (const map of mapsPlace.querySelectorAll(".map")) {
    const [, column, cell] = map.children;
    column.style.left = cell.style.left = `${(100 * state.step) / steps}%`;
    column.style.width = cell.style.width = `${100 / steps}%`;
    cell.style.top = `${(100 * state.unit) / units}%`;
    cell.style.height = `${100 / units}%`;
  }
  for (const { name, shown } of drawn(layer)) {
    const now = mapsPlace.querySelector(`[data-now="${name}"]`);
    if (now) now.textContent = written(state.view === "values" ? value(shown) : gradient(shown));
  }
}

// Keys within a map: arrows, the ends, and letters that lead to other maps.
function walk(event) {
  const layer = here();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const moves = {
    ArrowLeft: { step: state.step - 1 }, ArrowRight: { step: state.step + 1 },
    ArrowUp: { unit: state.unit - 1 }, ArrowDown: { unit: state.unit + 1 },
    PageUp: { step: state.step - 10 }, PageDown: { step: state.step + 10 },
    Home: { step: 0 }, End: { step: layer.steps.length - 1 },
  };
  const other = mapsPlace.querySelector(`[data-map="${CSS.escape(event.key)}"]`);
  if (other) {
    state.map = event.key;
    for (const map of mapsPlace.querySelectorAll(".map")) map.tabIndex = map === other ? 0 : -1;
    other.focus();
  } else if (event.key in moves) choose(moves[event.key]);
  else return;
  hideHover();
  event.preventDefault();
}
