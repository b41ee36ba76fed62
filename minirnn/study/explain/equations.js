// --- equations: the docstring's lines, and below each the same line with numbers ------------------------------------

const equationsPlace = document.getElementById("equations");
let walkedTo = 0; // which number of the equations the Tab key comes to

// The value of a part of an equation that is one number.
function worth(token) {
  const [kind, name, matrix, gate] = token;
  if (kind === "value") return value(name);
  if (kind === "number") return Number(name);
  const key = name === "x" ? "x" : "h";
  if (kind === "norm") return here().constants[`k_${key}_${gate}`][state.unit] * value(`n_${key}_${gate}`);
  return products(name, matrix, gate).sum;
}

// The terms of a sum at the top of an equation, as numbers; null if it is no sum of plain products.
//     sum = term, ("+" or "-", term) ..    term = factor, ("times", factor) ..    factor = number or "(" sum ")"
function terms(tokens) {
  let place = 0;
  const is = (kind, sign) => place < tokens.length && tokens[place][0] === kind && (!sign || tokens[place][1] === sign);
  const factor = () => {
    if (!is("sign", "(")) return worth(tokens[place++]);
    place += 1;
    const inner = sum().reduce((total, term) => total + term, 0);
    place += 1;
    return inner;
  };
  const term = (sign) => {
    let product = sign * factor();
    while (is("times")) {
      place += 1;
      product *= factor();
    }
    return product;
  };
  const sum = () => {
    const found = [term(1)];
    while (is("sign", "+") || is("sign", "-")) found.push(term(tokens[place++][1] === "+" ? 1 : -1));
    return found;
  };
  if (tokens.some(([kind]) => kind === "function")) return null;
  const found = sum();
  return found.length > 1 ? found : null;
}

// A part of an equation in letters.
function inLetters(token) {
  const [kind, name, matrix, gate] = token;
  const layer = here();
  if (kind === "value") return [letters(name)];
  if (kind === "number") return [name];
  if (kind === "times") return ["\u2009"];
  if (kind === "function") return [make("span", { class: "function" }, layer.functions[name])];
  if (kind === "sign") return [name === "(" || name === ")" ? name : ` ${name.replace("-", "−")} `];
  const factors = [letters(name), "\u2009", letters(layer.gates[0] === "h" ? matrix : `${matrix}_${gate}`)];
  return kind === "sum" ? factors : [make("span", { class: "function" }, "norm"), "[", ...factors, "]"];
}

// The same part as its number.
function inNumbers(token, before) {
  const [kind, name, matrix, gate] = token;
  if (kind === "times") return [" × "];
  if (["number", "function", "sign"].includes(kind)) return inLetters(token);
  const number = worth(token);
  const button = kind === "value" ? quantityButton(name) : sumButton(name, matrix, gate, number, kind);
  const alone = !before || (before[0] === "sign" && before[1] === "(");
  return number < 0 && !alone ? [make("span", { class: "held" }, "(", button, ")")] : [button];
}

// The button of a product of a vector and a matrix: its window names the largest shares.
function sumButton(name, matrix, gate, number, kind) {
  const label = `${name.replace("_", " ")} ${matrix} ${gate}: ${written(number)}`;
  const button = numberButton(written(number), label, () => {
    const words = WORDS[language].names[matrix === "W" ? "of_input" : "of_state"].replace("{role}", WORDS[language].roles[gate]);
    const lines = [make("p", { class: "hover-name" }, ...inLetters([kind, name, matrix, gate]), " ", make("span", {}, words))];
    const list = make("dl", {}, make("dt", {}, say("value")), make("dd", {}, written(number)));
    const largest = products(name, matrix, gate).parts.sort((p, q) => Math.abs(q.product) - Math.abs(p.product));
    for (const part of largest.slice(0, 3)) {
      list.append(make("dt", {}, source(part)), make("dd", {}, `${written(part.factor)} × ${written(part.weight)} = ${written(part.product)}`));
    }
    return [...lines, list];
  });
  button.dataset.sum = `${name} ${matrix} ${gate}`;
  button.dataset.exact = String(number);
  return button;
}

// One equation: in letters, in numbers, and the shares of a sum as bars.
function equationLines(equation) {
  const line = make("div", { class: "equation", "data-left": equation.left });
  const left = make("span", { class: "left" }, letters(equation.left));
  const formula = make("span", { class: "formula" }, "= ", ...equation.right.flatMap(inLetters));
  line.append(left, make("span", { class: "first" }, formula, make("span", { class: "remark" }, remark(equation.remark))));
  if (Number.isNaN(value(equation.left))) return line;
  const numbers = make("span", { class: "in-numbers" }, "= ");
  // At a masked step no equation is computed: h and c are those of the step before.
  const right = isMasked() ? [["value", `${equation.left}_prev`]] : equation.right;
  right.forEach((token, place) => numbers.append(...inNumbers(token, right[place - 1])));
  const result = make("span", { class: "result" }, quantityButton(equation.left));
  line.append(numbers, result);
  const shares = terms(right);
  if (shares) line.append(bars(shares));
  return line;
}

// A bar for each term of a sum, to the right where it adds and to the left where it takes away.
function bars(shares) {
  const most = Math.max(...shares.map(Math.abs)) || 1;
  const place = make("span", { class: "bars", "aria-hidden": "true" });
  for (const share of shares) {
    const bar = make("i", { class: share < 0 ? "takes" : "adds" });
    bar.style.width = `${(50 * Math.abs(share)) / most}%`;
    place.append(bar);
  }
  return place;
}

function showEquations() {
  equationsPlace.replaceChildren(...here().equations.map(equationLines));
  const numbers = [...equationsPlace.querySelectorAll("button")];
  walkedTo = Math.min(walkedTo, Math.max(0, numbers.length - 1));
  if (numbers.length) numbers[walkedTo].tabIndex = 0;
  const layer = here();
  const told = DATA.loss === null ? say("about_sum") : say("about_loss", { loss: written(DATA.loss) });
  const slopes = layer.gradients ? layer.gradients.h : [];
  const flat = slopes.length > 0 && slopes.every((slope) => Math.abs(slope) < 1e-6);
  document.getElementById("gradient-of").textContent = layer.gradients
    ? told + (flat && DATA.loss === null ? ` ${say("about_zero")}` : "")
    : say("about_none");
}

// Arrow keys walk from number to number; the Tab key comes to the last one.
equationsPlace.addEventListener("keydown", (event) => {
  const numbers = [...equationsPlace.querySelectorAll("button")];
  const now = numbers.indexOf(document.activeElement);
  const ways = { ArrowRight: now + 1, ArrowDown: now + 1, ArrowLeft: now - 1, ArrowUp: now - 1, Home: 0, End: numbers.length - 1 };
  const next = ways[event.key];
  if (now < 0 || next === undefined || !numbers[next]) return;
  event.preventDefault();
  numbers[next].focus();
});
equationsPlace.addEventListener("focusin", (event) => {
  const numbers = [...equationsPlace.querySelectorAll("button")];
  walkedTo = Math.max(0, numbers.indexOf(event.target));
  numbers.forEach((number, place) => (number.tabIndex = place === walkedTo ? 0 : -1));
});
