// What the pages need on top of the theme and the widgets. Without JavaScript everything is still there to read.

// The widget manager speaks to MathJax 2 when it writes a label. Ours is MathJax 3, which typesets the page by itself.
const queue = { Queue() {} };
window.MathJax = window.MathJax || {};
window.MathJax.Hub = queue;
window.MathJax.startup = {
  ready() {
    window.MathJax.Hub = queue;
    window.MathJax.startup.defaultReady();
  },
};

// A slider tells a screen reader its name and the label of its position; the label beside it is no text field.
function nameSlider(handle) {
  const row = handle.closest(".widget-hslider");
  const readout = row.querySelector(".widget-readout");
  readout.contentEditable = "false";
  handle.setAttribute("aria-label", row.querySelector(".widget-label").textContent);
  const say = () => {
    if (handle.getAttribute("aria-valuetext") !== readout.textContent) {
      handle.setAttribute("aria-valuetext", readout.textContent);
    }
  };
  say();
  const changes = new MutationObserver(say);
  changes.observe(readout, { childList: true, characterData: true, subtree: true });
  changes.observe(handle, { attributeFilter: ["aria-valuetext"] });
}

// The reader marks a prediction; it stays marked when they come back.
function markPrediction(box, number) {
  const list = box.querySelector(":scope > ol");
  if (!list) return;
  const choices = [...list.children];
  const key = `prediction:${location.pathname}:${number}`;
  const note = document.createElement("p");
  note.className = "predicted";
  note.setAttribute("role", "status");
  list.after(note);
  list.setAttribute("role", "radiogroup");
  list.setAttribute("aria-label", box.querySelector(".admonition-title").textContent);
  const mark = (chosen) => {
    choices.forEach((choice, i) => {
      choice.setAttribute("aria-checked", i === chosen);
      choice.tabIndex = i === Math.max(chosen, 0) ? 0 : -1;
    });
    note.textContent = chosen < 0 ? "Choose one before you read on." : "Noted. Now see what the experiment says.";
  };
  const choose = (i) => {
    localStorage.setItem(key, i);
    mark(i);
    choices[i].focus();
  };
  choices.forEach((choice, i) => {
    choice.setAttribute("role", "radio");
    choice.addEventListener("click", () => choose(i));
    choice.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, " ": 0, Enter: 0 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      choose((i + step + choices.length) % choices.length);
    });
  });
  mark(Number(localStorage.getItem(key) ?? -1));
}

// The list of sections gives way where a margin note or a wide figure would lie under it.
function clearMargin() {
  const contents = document.querySelector(".bd-sidebar-secondary");
  const list = contents?.querySelector("nav.page-toc");
  if (!list) return;
  const others = [...document.querySelectorAll("aside.margin, figure.wide, .cell.tag_full-width, .cell.tag_margin")];
  const height = contents.getBoundingClientRect().height;
  const check = () => {
    const top = contents.getBoundingClientRect().top;
    const meets = (other) => {
      const box = other.getBoundingClientRect();
      return box.top < top + height && box.bottom > top + 70;
    };
    contents.classList.toggle("covered", others.some(meets));
  };
  addEventListener("scroll", () => requestAnimationFrame(check), { passive: true });
  addEventListener("load", check);
  check();
}

document.addEventListener("DOMContentLoaded", () => {
  const seen = new WeakSet();
  new MutationObserver(() => {
    for (const handle of document.querySelectorAll(".widget-hslider .noUi-handle")) {
      if (!seen.has(handle)) nameSlider(handle);
      seen.add(handle);
    }
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
  document.querySelectorAll(".predict").forEach(markPrediction);
  for (const number of document.querySelectorAll("h1 > .section-number")) {
    number.textContent = number.textContent.replace(/\.\s*$/, "");
  }
  clearMargin();
});
