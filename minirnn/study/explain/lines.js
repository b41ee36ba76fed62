// --- lines: the input, and the chosen unit, over the steps -----------------------------------------------------------

const MOST_INPUT_LINES = 4;
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "4 2 1 2"];

// A picture of lines over the steps: {name, numbers, letter} each, between low and high.
function linePicture(lines, low, high, label) {
  const steps = here().steps.length;
  const picture = make("div", { class: "picture", role: "img", "aria-label": label });
  const svg = draw("svg", { viewBox: `0 0 ${steps} 1`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const height = (number) => 1 - (number - low) / (high - low || 1);
  if (low < 0 && high > 0) svg.append(draw("line", { class: "zero", x1: 0, x2: steps, y1: height(0), y2: height(0) }));
  lines.forEach(({ numbers, letter }, k) => {
    // A masked step has no number: the line is broken there.
    let path = "";
    let drawing = false;
    numbers.forEach((number, step) => {
      if (!Number.isFinite(number)) return (drawing = false);
      path += `${drawing ? "L" : "M"}${step + 0.5} ${height(number)}`;
      drawing = true;
    });
    svg.append(draw("path", { d: path, "data-letter": letter, "stroke-dasharray": DASHES[k % DASHES.length] }));
  });
  picture.append(svg, make("span", { class: "column" }));
  for (const { numbers, letter } of lines) picture.append(make("i", { class: "dot", "data-letter": letter, "aria-hidden": "true" }));
  picture.dots = lines.map(({ numbers }) => numbers.map(height));
  picture.addEventListener("pointerdown", (event) => choose({ step: under(event, picture).step }));
  return picture;
}

// The names of lines at their right ends, pushed apart so that none covers another.
const NAME_GAP = 17; // in percent of the picture's height
function endNames(lines, low, high) {
  const place = make("span", { class: "ends", "aria-hidden": "true" });
  const ends = lines.map(({ name, numbers, letter }) => {
    const last = numbers.findLast(Number.isFinite) ?? low;
    return { name, letter, top: 100 * (1 - (last - low) / (high - low || 1)) };
  });
  ends.sort((p, q) => p.top - q.top);
  let before = -Infinity;
  for (const end of ends) before = end.top = Math.max(end.top, before + NAME_GAP);
  const over = Math.max(0, before - 100);
  for (const { name, letter, top } of ends) {
    const word = make("span", { "data-letter": letter }, name);
    word.style.top = `${top - over}%`;
    place.append(word);
  }
  return place;
}

// The chosen unit's numbers of a quantity at every step.
function overSteps(list) {
  const layer = here();
  return Array.from(layer.steps, (_, step) => at(layer, list, layer.units.length, state.unit, step));
}

function limits(lines) {
  const numbers = lines.flatMap((line) => line.numbers).filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
  return low === high ? [-1, 1] : [low, high];
}

function lineFigure(title, lines, low, high) {
  const label = say("line_label", { names: lines.map(({ said }) => said).join(", "), steps: here().steps.length });
  const picture = linePicture(lines, low, high, label);
  return frame(title, picture, written(low), written(high), [endNames(lines, low, high)]);
}

function showInput() {
  const layer = here();
  const places = Array.from({ length: Math.min(layer.features, MOST_INPUT_LINES) }, (_, place) => place);
  const lines = places.map((place) => {
    const name = source({ left: "x", place });
    const numbers = Array.from(layer.steps, (_, step) => at(layer, layer.x, layer.features, place, step));
    return { name: layer.features === 1 ? "x" : `${place}`, said: name, numbers, letter: "x" };
  });
  const more = layer.features > MOST_INPUT_LINES ? ` [0 … ${MOST_INPUT_LINES - 1}], ${say("of", { number: MOST_INPUT_LINES, all: layer.features })}` : "";
  const named = layer.feature_names ? `: ${layer.feature_names.slice(0, MOST_INPUT_LINES).join(", ")}` : "";
  const figure = lineFigure([say("input") + named + more], lines, ...limits(lines));
  document.getElementById("input-plot").replaceChildren(...figure.children);
  document.getElementById("input-plot").className = lines.length > 1 ? "plot several" : "plot";
}

function showLines() {
  const layer = here();
  const all = drawn(layer).filter(({ list }) => list);
  const lines = all.map(({ name, shown, list }) => ({
    name: letters(shown, state.view === "gradients"), said: `${state.view === "gradients" ? "d" : ""}${shown}`,
    numbers: overSteps(list), letter: tint(name), gate: name,
  }));
  const valves = lines.filter(({ gate }) => layer.valves.includes(gate));
  const states = lines.filter(({ gate }) => !layer.valves.includes(gate));
  const d = state.view === "gradients" ? "d_" : "";
  const unit = layer.units[state.unit];
  const figures = [];
  if (valves.length) figures.push(lineFigure([say(`${d}valves_of`, { unit })], valves, ...(d ? limits(valves) : [0, 1])));
  if (states.length) figures.push(lineFigure([say(d + (valves.length ? "states_of" : "states_alone"), { unit })], states, ...limits(states)));
  if (figures.length) figures[figures.length - 1].append(stepAxis());
  document.getElementById("lines").replaceChildren(...figures);
}

// Names of the first, middle and last step below the lowest picture.
function stepAxis() {
  const layer = here();
  const last = layer.steps.length - 1;
  const ticks = [...new Set([0, Math.floor(last / 2), last])].map((step) => make("span", {}, stepName(layer, step)));
  return make("span", { class: "axis", "aria-hidden": "true" }, ...ticks);
}

// Where the chosen step is in each picture of lines.
function markLines() {
  const steps = here().steps.length;
  for (const picture of document.querySelectorAll(".picture")) {
    const column = picture.querySelector(".column");
    column.style.left = `${(100 * state.step) / steps}%`;
    column.style.width = `${100 / steps}%`;
    picture.querySelectorAll(".dot").forEach((dot, k) => {
      const top = picture.dots[k][state.step];
      dot.hidden = !Number.isFinite(top);
      dot.style.left = `${(100 * (state.step + 0.5)) / steps}%`;
      dot.style.top = `${100 * top}%`;
    });
  }
}
