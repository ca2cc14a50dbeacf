// What pages do beyond plain HTML: one-click feedback with undo, suggestions, moving along shelves, counting choices.
// Every page works without this file. Nothing from elsewhere is ever put into the page as HTML.
"use strict";

const OPINIONS = {
  like: "You like it", dislike: "Not for you", view: "You have watched it", dismiss: "Not interested",
};
const say = document.getElementById("say");
const toast = document.getElementById("toast");

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function undoButton(undo, attributes) {
  const button = element("button", "Undo", { type: "button", ...attributes });
  // the second half of a double click was meant for what stood there before
  button.addEventListener("click", (event) => { if (event.detail < 2) undo(); });
  return button;
}

// ---- feedback: shown at once, taken back if it could not be kept

let undone = 0; // what is said again after an undo is another event
let toastTimer = 0;

function show(sentence, undo) {
  clearTimeout(toastTimer);
  toast.replaceChildren(element("span", sentence));
  if (undo) {
    toast.append(undoButton(undo, {}));
  }
  toastTimer = setTimeout(() => toast.replaceChildren(), 9000);
}

async function send(address, fields) {
  const { token, watching } = say.elements;
  const body = new URLSearchParams({ token: token.value, watching: watching.value, ...fields });
  const response = await fetch(address, { method: "POST", body, headers: { accept: "application/json" } })
    .catch(() => { throw new Error("The movies cannot be reached. Try again."); });
  const answer = await response.json().catch(() => ({ detail: "that did not work; try again" })); // as of a proxy
  if (!response.ok || answer.detail) throw new Error(answer.detail.charAt(0).toUpperCase() + answer.detail.slice(1));
  return answer;
}

function places(movie) {
  return document.querySelectorAll(`[data-movie="${CSS.escape(movie)}"]`);
}

function mark(movie, kind, undo) {
  for (const place of places(movie)) {
    place.classList.add("is-said");
    const isCard = place.classList.contains("card");
    const said = element("div", "", { class: isCard ? "said-of-card" : "said-of-pick" });
    const button = undoButton(undo, { class: "button", "aria-label": `Undo: ${place.dataset.title}` });
    if (isCard) said.append(element("bdi", place.dataset.title, { class: "soft" })); // elsewhere it stands beside it
    said.append(element("span", OPINIONS[kind]), button);
    (isCard ? place : place.querySelector(".pick-words")).append(said);
  }
}

function unmark(movie) {
  for (const place of places(movie)) {
    place.classList.remove("is-said");
    place.querySelectorAll("div.said-of-card, div.said-of-pick").forEach((each) => each.remove());
    place.querySelectorAll("form.said-of-pick").forEach((each) => { each.hidden = false; }); // what was said before
  }
}

async function giveFeedback(button) {
  const [kind, movie] = button.value.split(" ");
  const place = button.closest("[data-movie]");
  if (place.classList.contains("is-said")) return;
  place.querySelectorAll("form.said-of-pick").forEach((each) => { each.hidden = true; });
  let kept = null;
  const takeBack = async () => {
    try {
      const { event_id } = await kept;
      await send("/undo", { event_id });
      undone += 1;
      unmark(movie);
      show("Taken back");
      place.querySelector(".say button, a:not([aria-hidden])").focus();
    } catch (error) {
      show(error.message);
    }
  };
  mark(movie, kind, takeBack);
  place.querySelector(".said-of-card button, div.said-of-pick button").focus({ preventScroll: true });
  try {
    kept = send("/feedback", { say: button.value, page: `${say.dataset.page}.${undone}` });
    show((await kept).sentence, takeBack);
  } catch (error) {
    unmark(movie);
    show(error.message);
    button.focus();
  }
}

if (say) {
  say.addEventListener("submit", (event) => {
    event.preventDefault();
    giveFeedback(event.submitter);
  });
}

// ---- suggestions: a combobox over the search field

const field = document.getElementById("q");
const list = document.getElementById("suggestions");
let newest = 0;
let chosen = -1;

function close() {
  list.hidden = true;
  chosen = -1;
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function choose(index) {
  const options = [...list.children];
  chosen = (index + options.length) % options.length;
  options.forEach((option, number) => option.setAttribute("aria-selected", String(number === chosen)));
  options[chosen].scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", options[chosen].id);
}

async function suggest() {
  const number = (newest += 1);
  const text = field.value.trim();
  if (text.length < 2) return close();
  const response = await fetch(`/suggest?${new URLSearchParams({ q: text })}`);
  if (!response.ok || number !== newest) return undefined;
  const { items } = await response.json();
  if (number !== newest || !items.length) return close();
  list.replaceChildren(...items.map((item, index) => {
    const option = element("div", "", { role: "option", id: `suggestion-${index}`, "aria-selected": "false", "data-href": `/movies/${item.movie_id}` });
    option.append(element("span", item.title, { dir: "auto" }), element("span", item.release_year || "", { class: "soft" }));
    return option;
  }));
  list.hidden = false;
  chosen = -1;
  field.setAttribute("aria-expanded", "true");
  return undefined;
}

if (field && list) {
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "suggestions" })) field.setAttribute(name, value);
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => suggest().catch(close), 120);
  });
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      window.location.assign(list.children[chosen].dataset.href);
    }
  });
  field.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) window.location.assign(option.dataset.href);
  });
}

// ---- shelves: arrows for the mouse, arrow keys from cover to cover

for (const shelf of document.querySelectorAll(".shelf")) {
  const row = shelf.querySelector(".shelf-row");
  const arrows = shelf.querySelector(".shelf-arrows");
  const covers = [...row.querySelectorAll(".card > a")];
  const showArrows = () => { arrows.hidden = row.scrollWidth <= row.clientWidth; };
  showArrows();
  new ResizeObserver(showArrows).observe(row); // as when the window is turned, or the page is zoomed
  arrows.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) row.scrollBy({ left: Number(button.dataset.by) * row.clientWidth * 0.85 });
  });
  // One stop of the Tab key for a shelf, and then the buttons of the movie in hand.
  const take = (current) => covers.forEach((cover) => {
    const stop = cover === current ? "0" : "-1";
    cover.setAttribute("tabindex", stop);
    cover.parentElement.querySelectorAll(".say button").forEach((button) => button.setAttribute("tabindex", stop));
  });
  take(covers[0]);
  row.addEventListener("focusin", (event) => take(event.target.closest(".card").querySelector("a")));
  row.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const here = covers.indexOf(event.target.closest(".card").querySelector("a"));
    const next = covers[here + by];
    if (!by || !next) return;
    event.preventDefault();
    const undo = next.parentElement.querySelector(".said-of-card button");
    (undo || next).focus();
  });
}

// ---- choosing movies: no more than five

const form = document.getElementById("choose");
if (form) {
  const count = document.getElementById("count");
  const most = Number(form.dataset.most);
  const update = () => {
    const boxes = [...form.querySelectorAll("input[name=chosen]")];
    const checked = boxes.filter((box) => box.checked).length;
    boxes.forEach((box) => { box.disabled = !box.checked && checked >= most; });
    count.textContent = checked ? `${checked} of ${most} chosen` : `Choose up to ${most}`;
  };
  form.addEventListener("change", update);
  // Enter looks in the search field, and sends the choice from a movie: else the first button of the form is pressed
  const pressed = { find: "button[formaction]", chosen: "button[name=token]" };
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.name in pressed) {
      event.preventDefault();
      form.querySelector(pressed[event.target.name]).click();
    }
  });
  update();
}
