// --- words: everything the page says, in two languages -------------------------------------------------------------

const WORDS = JSON.parse(document.getElementById("words").textContent);
let language = document.documentElement.lang;

// A sentence by its key, with what stands in for its {names}.
function say(key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// A remark of a docstring; citations and what has no translation stay as they are.
function remark(text) {
  return WORDS[language].remarks[text] || text;
}

// Put the words of the language at their places.
function putWords() {
  document.documentElement.lang = language;
  for (const place of document.querySelectorAll("[data-word]")) place.textContent = say(place.dataset.word);
  for (const place of document.querySelectorAll("[data-label]")) {
    place.setAttribute("aria-label", say(place.dataset.label));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

// An element with attributes and children. Text becomes text nodes: no name of a layer is ever read as HTML.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The same for the elements of a drawing.
function draw(tag, attributes = {}) {
  const space = document.getElementById("svg-space").namespaceURI;
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
