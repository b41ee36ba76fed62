// --- hover: the little window beside a number, with its meaning and its gradient -------------------------------------

const hover = document.getElementById("hover");
let hoverOwner = null;
let hoverTimer = 0;

// The lines of the window for a quantity: its name, value, gradient, and what the gradient says.
function aboutQuantity(name, number, slope, words) {
  const lines = [make("p", { class: "hover-name" }, letters(name), " ", make("span", {}, words))];
  const list = make("dl", {}, make("dt", {}, say("value")), make("dd", {}, written(number)));
  if (Number.isNaN(slope)) {
    lines.push(list, make("p", { class: "hint" }, say("no_gradient")));
  } else {
    list.append(make("dt", {}, say("gradient"), " ", letters(name, true)), make("dd", { class: "slope" }, written(slope)));
    const key = DATA.loss === null ? "gradient_sum" : "gradient_loss";
    lines.push(list, make("p", { class: "hint" }, say(key, { name: name.replaceAll("_", " "), change: written(slope / 100) })));
  }
  return lines;
}

// Show the window beside an element or a point of it.
function showHover(owner, lines, point = null) {
  clearTimeout(hoverTimer);
  hoverOwner = owner;
  hover.replaceChildren(...lines);
  hover.hidden = false;
  owner.setAttribute("aria-describedby", "hover");
  const box = point || owner.getBoundingClientRect();
  const own = hover.getBoundingClientRect();
  const left = Math.min(Math.max(8, (box.left + box.right) / 2 - own.width / 2), innerWidth - own.width - 8);
  const below = box.bottom + 10 + own.height < innerHeight;
  hover.style.left = `${left + scrollX}px`;
  hover.style.top = `${(below ? box.bottom + 8 : box.top - own.height - 8) + scrollY}px`;
}

function hideHover() {
  clearTimeout(hoverTimer);
  if (hoverOwner && hoverOwner.dataset.described) hoverOwner.setAttribute("aria-describedby", hoverOwner.dataset.described);
  else if (hoverOwner) hoverOwner.removeAttribute("aria-describedby");
  hoverOwner = null;
  hover.hidden = true;
}

// A moment later, so that the pointer can reach the window itself.
function hideHoverSoon() {
  clearTimeout(hoverTimer);
  hoverTimer = setTimeout(hideHover, 150);
}

hover.addEventListener("pointerenter", () => clearTimeout(hoverTimer));
hover.addEventListener("pointerleave", hideHoverSoon);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideHover();
});

// A number that can be pointed at and walked to.
function numberButton(text, label, lines) {
  const button = make("button", { type: "button", class: "number", tabindex: "-1", "aria-label": label }, text);
  button.addEventListener("pointerenter", () => showHover(button, lines()));
  button.addEventListener("pointerleave", hideHoverSoon);
  button.addEventListener("focus", () => showHover(button, lines()));
  button.addEventListener("blur", hideHover);
  button.addEventListener("click", () => showHover(button, lines()));
  return button;
}

// The button of a quantity or constant at this step.
function quantityButton(name) {
  const [number, slope, words] = [value(name), gradient(name), meaning(name)];
  const label = `${name.replace("_", " ")}${words ? `, ${words}` : ""}: ${written(number)}`;
  const button = numberButton(written(number), label, () => aboutQuantity(name, number, slope, words));
  button.dataset.quantity = name;
  button.dataset.exact = String(number);
  button.dataset.letter = tint(name);
  return button;
}
