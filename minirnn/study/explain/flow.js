// --- flow: what flows into the unit at this step, what its sums are made of, what flows out -------------------------

const MOST_SHARES = 6;
const MOST_FEATURES = 4;

// Where a share of a sum comes from, in words.
function source({ left, place }) {
  const layer = here();
  if (left === "x") return layer.feature_names ? layer.feature_names[place] : layer.features === 1 ? "x" : `x[${place}]`;
  return say(left === "s" ? "reset_unit" : "unit_before", { unit: place });
}

// Layers by name and kind, or the ends of the model.
function neighbours(list) {
  const named = list.map(([name, kind]) => {
    if (kind === "input") return say("the_input", { name });
    if (kind === "output") return say("the_output", { name });
    return kind ? `${name} (${kind})` : name;
  });
  return named.join(", ") || say("nobody");
}

// A name, its number, and words below.
function entry(name, button, ...words) {
  return [make("dt", {}, letters(name), " ", button), make("dd", {}, ...words)];
}

function showFlow() {
  const layer = here();
  const first = layer.steps[state.step] === 0;
  const last = layer.steps[state.step] === layer.length - 1;
  const within = layer.holder ? `${say("joined", { name: layer.holder[0], kind: layer.holder[1] })}; ` : "";

  const incoming = [...inputEntry(layer), ...entry("h_prev", walkable("h_prev"), say(first ? "h_prev_first" : "h_prev_is"))];
  if ("c_prev" in layer.quantities) incoming.push(...entry("c_prev", walkable("c_prev"), say("c_prev_is")));
  document.getElementById("flows-in").replaceChildren(...incoming);

  const onward = layer.hands_on_all_steps || last ? `${say("to")}: ${within}${neighbours(layer.after)}` : say("not_yet");
  const outgoing = entry("h", walkable("h"), make("p", {}, say(last ? "to_end" : "to_next")), make("p", {}, onward));
  if ("c" in layer.quantities) outgoing.push(...entry("c", walkable("c"), say(last ? "to_end" : "to_next_c")));
  document.getElementById("flows-out").replaceChildren(...outgoing);
  showShares(layer);
}

function walkable(name) {
  const button = quantityButton(name);
  button.tabIndex = 0;
  return button;
}

// The input at this step: its features, the largest if there are many, and where it comes from.
function inputEntry(layer) {
  const features = [];
  for (let place = 0; place < layer.features; place += 1) {
    const number = at(layer, layer.x, layer.features, place);
    const slope = layer.dx ? at(layer, layer.dx, layer.features, place) : NaN;
    features.push({ place, number, slope });
  }
  const many = layer.features > MOST_FEATURES;
  if (many) features.sort((p, q) => Math.abs(q.number) - Math.abs(p.number));
  const list = make("span", { class: "features" });
  for (const { place, number, slope } of features.slice(0, MOST_FEATURES)) {
    const name = source({ left: "x", place });
    const button = numberButton(written(number), `${name}: ${written(number)}`, () => aboutQuantity("x", number, slope, name));
    button.tabIndex = 0;
    button.dataset.feature = place;
    button.dataset.exact = String(number);
    list.append(make("span", {}, layer.features === 1 && !layer.feature_names ? "" : `${name} `, button));
  }
  const words = [`${say("from")}: ${neighbours(layer.before)}`];
  if (many) words.unshift(say("x_many", { count: layer.features }), make("br"));
  return [make("dt", {}, letters("x"), " ", list), make("dd", {}, ...words)];
}

// The sum of the chosen gate, taken apart: the largest products of x and of h, the others together, the bias.
function showShares(layer) {
  const left = layer.equations.find(({ left, right }) => left === `a_${state.gate}` && right.some(([kind]) => kind !== "value"));
  const place = document.getElementById("shares");
  if (!left || isMasked()) return place.replaceChildren();
  // A GRU that resets after keeps the candidate's recurrent sum apart, as q.
  const right = [...left.right];
  const apart = layer.equations.find((equation) => equation.left === "q");
  if (state.gate === "n" && apart) right.push(["sign", "+"], ...apart.right);

  const sums = right.filter(([kind]) => kind === "sum" || kind === "norm");
  const constants = right.filter(([kind]) => kind === "value");
  const parts = sums.flatMap(([, name, matrix, gate]) => products(name, matrix, gate).parts);
  parts.sort((p, q) => Math.abs(q.product) - Math.abs(p.product));
  const shown = parts.slice(0, parts.length === MOST_SHARES + 1 ? parts.length : MOST_SHARES);
  const others = parts.slice(shown.length);
  const normalised = sums.some(([kind]) => kind === "norm");
  const rows = shown.map((part) => ({ what: source(part), detail: `${written(part.factor)} × ${written(part.weight)}`, share: part.product }));
  if (others.length) {
    const rest = others.reduce((sum, part) => sum + part.product, 0);
    rows.push({ what: say("others", { count: others.length }), detail: "", share: rest });
  }
  if (!normalised) {
    const bias = constants.reduce((sum, [, name]) => sum + value(name), 0);
    rows.push({ what: say(constants.length > 1 ? "biases" : "bias"), detail: "", share: bias });
  }
  const most = Math.max(...rows.map(({ share }) => Math.abs(share))) || 1;
  const table = make("table", { class: "shares" });
  const [before, after] = say("shares", { name: "|" }).split("|");
  const sum = state.gate === "n" && apart ? [letters("a_n"), " + ", letters("q")] : [letters(`a_${state.gate}`)];
  table.append(make("caption", {}, before, ...sum, after));
  table.append(make("thead", {}, make("tr", {}, ...["what", "times_weight", "share"].map((key) => make("th", { scope: "col" }, say(key))))));
  const body = make("tbody");
  for (const { what, detail, share } of rows) {
    const bar = make("span", { class: "bars", "aria-hidden": "true" }, make("i", { class: share < 0 ? "takes" : "adds" }));
    bar.firstChild.style.width = `${(50 * Math.abs(share)) / most}%`;
    body.append(make("tr", {}, make("th", { scope: "row" }, what), make("td", {}, detail), make("td", {}, written(share), bar)));
  }
  const total = rows.reduce((sum, { share }) => sum + share, 0);
  body.append(make("tr", { class: "total" }, make("th", { scope: "row" }, say("together")), make("td"), make("td", { "data-exact": total }, written(total))));
  table.append(body);
  place.replaceChildren(table, ...(normalised ? [make("p", { class: "hint" }, say("normalised_sum"))] : []));
}

// A choice of the gates that have a sum of their own.
function showGateChoice() {
  const layer = here();
  const gates = layer.equations.map(({ left }) => left).filter((left) => left.startsWith("a_")).map((left) => left.slice(2));
  if (!gates.includes(state.gate)) state.gate = gates[0];
  const place = document.getElementById("gate");
  const choices = gates.flatMap((gate) => {
    const input = make("input", { type: "radio", name: "gate", id: `gate-${gate}`, value: gate });
    input.checked = gate === state.gate;
    input.addEventListener("change", () => {
      state.gate = gate;
      showShares(layer);
    });
    return [input, make("label", { for: `gate-${gate}`, title: WORDS[language].roles[gate] }, letters(`a_${gate}`))];
  });
  place.replaceChildren(place.querySelector("legend"), ...choices);
}
