// --- page: what is chosen, by which control or key, and what is drawn then -------------------------------------------

const control = (name) => document.getElementById(name);

// What is known of a step beside its number: its label, and which input it reads if the layer goes backwards.
function stepLabel(layer, step) {
  const read = layer.input_steps[step];
  const known = [layer.backwards ? say("reads", { step: read }) : "", layer.labels ? layer.labels[read] : ""];
  return known.some(Boolean) ? ` (${known.filter(Boolean).join(", ")})` : "";
}

const stepName = (layer, step) => `${layer.steps[step]}${stepLabel(layer, step)}`;

// --- layers: those of one Bidirectional are one choice, with a direction ---

const groups = new Map();
DATA.layers.forEach((layer, place) => {
  const key = layer.holder && layer.holder[1] === "Bidirectional" ? layer.name.split("/").slice(0, -1).join("/") : layer.name;
  groups.set(key, [...(groups.get(key) || []), place]);
});
const groupOf = (place) => [...groups].find(([, places]) => places.includes(place));

function showChooser() {
  const layer = here();
  const [key, places] = groupOf(state.layer);
  const options = [...groups].map(([name, [place]]) => {
    const { kind, all_units: units } = DATA.layers[place];
    return make("option", { value: name }, say("layer_option", { name, kind, units }));
  });
  control("layer").replaceChildren(...options);
  control("layer").value = key;
  control("direction").hidden = places.length < 2;
  control(layer.backwards ? "backward" : "forward").checked = true;
  control("row").replaceChildren(...layer.rows.map((row, place) => make("option", { value: place }, row)));
  control("row").value = state.row;
  control("row-choice").hidden = layer.rows.length < 2;
  for (const axis of ["step", "unit"]) control(axis).max = layer[`${axis}s`].length - 1;
}

function showPlace() {
  const layer = here();
  for (const [axis, text] of [["step", stepName(layer, state.step)], ["unit", String(layer.units[state.unit])]]) {
    control(axis).value = state[axis];
    control(axis).setAttribute("aria-valuetext", text);
    control(`${axis}-now`).textContent = text;
    control(`${axis}-less`).disabled = state[axis] === 0;
    control(`${axis}-more`).disabled = state[axis] === layer[`${axis}s`].length - 1;
  }
}

// --- the sentence that says in words what is chosen ---

let sentenceTimer = 0;

function sentence() {
  const layer = here();
  const label = stepLabel(layer, state.step);
  const words = [say("sentence", { step: layer.steps[state.step], label, layer: layer.name, unit: layer.units[state.unit] })];
  if (isMasked()) return `${words[0]} ${say("sentence_masked")}`;
  const { roles } = WORDS[language];
  const gates = layer.gates.filter((name) => name !== "h");
  const said = gates.map((name) => say("sentence_gate", { role: roles[name], name, value: written(value(name)) }));
  for (const name of ["c", "h"].filter((name) => name in layer.quantities)) {
    said.push(say("sentence_state", { name: `${roles[name]} ${name}`, before: written(value(`${name}_prev`)), after: written(value(name)) }));
  }
  return `${words[0]} ${said.map((part, k) => (k ? part : part[0].toUpperCase() + part.slice(1))).join("; ")}.`;
}

// A moment later: a screen reader shall read where the keys came to rest, not every place that they passed.
function showSentence(soon) {
  clearTimeout(sentenceTimer);
  const show = () => (control("sentence").textContent = sentence());
  if (soon) sentenceTimer = setTimeout(show, 150);
  else show();
}

// --- drawing ---

// What depends on the step and unit alone.
function showStep(soon = true) {
  hideHover();
  showPlace();
  control("masked").hidden = !isMasked();
  showEquations();
  showFlow();
  markMaps();
  markLines();
  showTable();
  showSentence(soon);
}

// All of it.
function showAll() {
  putWords();
  control("heading").textContent = say("heading", { model: DATA.model });
  control("cut").textContent = DATA.cut[language];
  control("cut").hidden = !DATA.cut[language];
  showChooser();
  showGateChoice();
  showInput();
  showMaps();
  showLines();
  showStep(false);
}

// Go to a step or unit, as near as there is one.
function choose(to) {
  const layer = here();
  const before = state.unit;
  for (const axis of ["step", "unit"]) {
    if (axis in to) state[axis] = Math.min(Math.max(Number(to[axis]), 0), layer[`${axis}s`].length - 1);
  }
  if (state.unit !== before) showLines();
  showStep();
}

// Go to a layer, to a step of the input and a unit as near as it has them.
function chooseLayer(place) {
  const read = here().input_steps[state.step];
  const unit = here().units[state.unit];
  state.layer = place;
  const layer = here();
  const nearest = (numbers, wanted) => numbers.reduce((best, number, k) => (Math.abs(number - wanted) < Math.abs(numbers[best] - wanted) ? k : best), 0);
  state.row = Math.min(state.row, layer.rows.length - 1);
  state.step = nearest(layer.input_steps, read);
  state.unit = nearest(layer.units, unit);
  showAll();
}

// --- controls ---

control("layer").addEventListener("change", (event) => chooseLayer(groups.get(event.target.value)[0]));
for (const name of ["forward", "backward"]) {
  control(name).addEventListener("change", () => {
    const [, places] = groupOf(state.layer);
    chooseLayer(places.find((place) => DATA.layers[place].backwards === (name === "backward")));
  });
}
control("row").addEventListener("change", (event) => {
  state.row = Number(event.target.value);
  showAll();
});
for (const axis of ["step", "unit"]) {
  control(axis).addEventListener("input", (event) => choose({ [axis]: event.target.value }));
  control(`${axis}-less`).addEventListener("click", () => choose({ [axis]: state[axis] - 1 }));
  control(`${axis}-more`).addEventListener("click", () => choose({ [axis]: state[axis] + 1 }));
}
for (const name of ["values", "gradients"]) {
  control(`view-${name}`).addEventListener("change", () => {
    state.view = name;
    showAll();
  });
}
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    language = button.dataset.language;
    showAll();
  });
}

// --- light and dark: what the system wants, until the button is pressed ---

const wantsDark = matchMedia("(prefers-color-scheme: dark)");
let pressed = false;

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  control("dark").setAttribute("aria-pressed", String(dark));
  showMaps(); // their pixels have the colours of the theme
  markMaps();
}

control("dark").addEventListener("click", () => {
  pressed = true;
  setTheme(document.documentElement.dataset.theme !== "dark");
});
wantsDark.addEventListener("change", () => {
  if (!pressed) setTheme(wantsDark.matches);
});

// Paper is white.
let beforePaper = "light";
addEventListener("beforeprint", () => {
  beforePaper = document.documentElement.dataset.theme;
  setTheme(false);
});
addEventListener("afterprint", () => setTheme(beforePaper === "dark"));

// --- the first view: the layer and unit that the data names, at their last step, or what the address says ---

// Of explain.html#layer=lstm&unit=3&step=7, what there is.
function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const place = (list, name) => list.findIndex((known) => String(known) === wanted.get(name));
  const layer = place(DATA.layers.map(({ name }) => name), "layer");
  if (layer >= 0) state.layer = layer;
  for (const axis of ["row", "step", "unit"]) {
    const found = place(here()[`${axis}s`], axis);
    state[axis] = found >= 0 ? found : Math.min(state[axis], here()[`${axis}s`].length - 1);
  }
}

state.layer = DATA.layers.findIndex(({ name }) => name === DATA.begin.layer);
state.step = here().steps.length - 1;
state.unit = here().units.indexOf(DATA.begin.unit);
readAddress();
addEventListener("hashchange", () => {
  readAddress();
  showAll();
});
showAll();
setTheme(wantsDark.matches);
