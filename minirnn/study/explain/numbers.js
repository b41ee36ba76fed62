// --- numbers: the data of the page, and how a number is written ----------------------------------------------------

const DATA = JSON.parse(document.getElementById("data").textContent);

// Lists of JSON, in which null is NaN and infinities are words, as arrays.
function arrays(lists) {
  if (lists === null) return null;
  if (Array.isArray(lists)) return Float64Array.from(lists, (value) => (value === null ? NaN : Number(value)));
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, arrays(list)]));
}

for (const layer of DATA.layers) {
  for (const name of ["quantities", "gradients", "x", "dx", "entering", "W", "U", "constants"]) {
    layer[name] = arrays(layer[name]);
  }
}

// What is shown: the layer, and places in its rows, steps and units; the gate whose sum is taken apart.
const state = { layer: 0, row: 0, step: 0, unit: 0, gate: "", view: "values" };

const here = () => DATA.layers[state.layer];

// The number of an array (rows, steps, width) at this row and step.
function at(layer, list, width, place, step = state.step) {
  return list[(state.row * layer.steps.length + step) * width + place];
}

// A quantity, or a constant, of this unit at this step.
function value(name, step = state.step, unit = state.unit) {
  const layer = here();
  if (name in layer.constants) return layer.constants[name][unit];
  return at(layer, layer.quantities[name], layer.units.length, unit, step);
}

// Its gradient; NaN where there is none.
function gradient(name, step = state.step, unit = state.unit) {
  const layer = here();
  if (!layer.gradients || !(name in layer.gradients)) return NaN;
  return at(layer, layer.gradients[name], layer.units.length, unit, step);
}

// A masked step has no gates, but states.
const isMasked = (step = state.step) => Number.isNaN(value(here().gates[0] === "h" ? "a_h" : here().gates[0], step));

// The products whose sum is `left W_gate` (of x) or `left U_gate` (of h_prev or s), and the sum.
function products(left, matrix, gate) {
  const layer = here();
  const width = matrix === "W" ? layer.features : layer.all_units;
  const vector = matrix === "W" ? layer.x : layer.entering[left];
  const weights = layer[matrix][gate];
  const parts = [];
  let sum = 0;
  for (let place = 0; place < width; place += 1) {
    const factor = at(layer, vector, width, place);
    const weight = weights[state.unit * width + place];
    parts.push({ left, place, factor, weight, product: factor * weight });
    sum += factor * weight;
  }
  return { parts, sum };
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

// Four decimals and more for small numbers: enough to check a line by hand.
function written(number) {
  if (Number.isNaN(number)) return "–";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  const size = Math.abs(number);
  if (size !== 0 && (size < 0.001 || size >= 100000)) {
    const [digits, power] = number.toExponential(2).split("e");
    const raised = [...power.replace("+", "")].map((letter) => RAISED[letter]).join("");
    return `${digits}×10${raised}`.replace("-", "−");
  }
  return number.toFixed(size >= 1000 ? 1 : size >= 100 ? 2 : size >= 10 ? 3 : 4).replace("-", "−");
}

// --- names -----------------------------------------------------------------------------------------------------------

// A name of the alphabet as mathematics: a_i is a with i below it.
function letters(name, d = false) {
  const [base, ...below] = name.split("_");
  const found = make("span", { class: "name", "data-letter": tint(name) }, (d ? "d" : "") + base);
  if (below.length) found.append(make("sub", {}, below.join(" ")));
  return found;
}

// Which colour a name has: that of its gate or state.
function tint(name) {
  const [base, below] = name.split("_");
  if (base === "n" && !here().gates.includes("n")) return ""; // normalised, and no candidate
  return ["a", "b", "p", "W", "U", "k"].includes(base) && below ? below : base;
}

// What a name stands for, in words.
function meaning(name) {
  const { names, roles } = WORDS[language];
  const layer = here();
  const [base, below, gate] = name.split("_");
  const role = roles[gate || below] || roles[base] || "";
  const about = (key) => names[key].replace("{role}", role);
  if (layer.gates.includes(name) || name === "c" || name === "h") return roles[name] || "";
  if (name in names && name.length > 1) return names[name];
  if (base === "b") return below ? about("b") : names.bias;
  if (base === "p") return layer.kind === "PeepholeLSTM" ? about("peephole") : about("p");
  if (base === "a") return about("a");
  if (name === "n") return names.normal;
  return names[name] || "";
}
