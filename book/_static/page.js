// What the pages need on top of the theme and the widgets. Without JavaScript everything is still there to read, except the
// frames of a slider but the one it starts with.

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
  const title = box.querySelector(".admonition-title");
  title.id = `predict-${number}-title`;
  let question = list.previousElementSibling;
  if (question === title) question = null;
  else question.id ||= `predict-${number}-question`;
  const choices = [...list.children];
  const key = `prediction:${location.pathname}:${number}`;
  const note = document.createElement("p");
  note.className = "predicted";
  note.setAttribute("role", "status");
  list.after(note);
  list.setAttribute("role", "radiogroup");
  list.setAttribute("aria-labelledby", [title.id, question?.id].filter(Boolean).join(" "));
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

// What unfolds is called by its title, not "Toggle hidden content" as the theme has it; a solution adds whose it is.
function nameFolds() {
  document.querySelectorAll("details.hide > summary[aria-label]").forEach((s) => s.removeAttribute("aria-label"));
  for (const button of document.querySelectorAll(".admonition-title > .toggle-button")) {
    const box = button.closest(".admonition");
    const exercise = box.matches(".solution") && box.previousElementSibling;
    const number = exercise && exercise.matches(".exercise") && exercise.querySelector(".caption-number");
    const name = button.parentElement.textContent.trim() + (number ? ` of ${number.textContent.trim()}` : "");
    if (button.getAttribute("aria-label") !== name) button.setAttribute("aria-label", name);
  }
}

// A box that is too narrow for what it shows can be reached, and so scrolled, by keyboard.
const SCROLLS =
  '.figure-scroll, .figure-slider .widget-html, .bd-article mjx-container[display="true"], ' +
  ".bd-article .pst-scrollable-table-container, .cell_output .text_html:has(table)";
const scrolling = new WeakSet();
const tell = (box) => {
  const names = { tabindex: "0", role: "group", "aria-label": "Scrolls sideways" };
  if (box.scrollWidth > box.clientWidth + 1) {
    Object.entries(names).forEach(([name, value]) => box.setAttribute(name, value));
    scrolling.add(box);
  } else if (scrolling.delete(box)) {
    Object.keys(names).forEach((name) => box.removeAttribute(name));
  }
};
const sizes = new ResizeObserver((entries) => {
  new Set(entries.map(({ target }) => target.closest(SCROLLS)).filter(Boolean)).forEach(tell);
});
const watched = new WeakSet();
function watchScrolling() {
  for (const box of document.querySelectorAll(SCROLLS)) {
    if (watched.has(box)) continue;
    watched.add(box);
    [box, ...box.children].forEach((element) => sizes.observe(element));
  }
}

// The ledger shows the claims of one chapter, or with one verdict, or both; the address keeps the choice: #chapter=...&verdict=...
function filterLedger() {
  const table = document.querySelector("table.ledger");
  if (!table) return;
  const form = document.querySelector("form.ledger-filter");
  const fields = [...form.querySelectorAll("select")];
  const status = form.querySelector("[role=status]");
  const show = () => {
    const { chapter, verdict } = Object.fromEntries(new FormData(form));
    let all = 0;
    let shown = 0;
    for (const body of table.tBodies) {
      const rows = [...body.querySelectorAll("tr[data-verdict]")];
      rows.forEach((row) => {
        row.hidden = (chapter && chapter !== body.dataset.chapter) || (verdict && verdict !== row.dataset.verdict);
      });
      const left = rows.filter((row) => !row.hidden).length;
      body.hidden = left === 0;
      all += rows.length;
      shown += left;
    }
    status.textContent = shown === all ? `All ${all} claims are shown.` : `${shown} of ${all} claims are shown.`;
  };
  const read = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) {
      const value = wanted.get(field.name) ?? "";
      field.value = [...field.options].some((option) => option.value === value) ? value : "";
    }
    show();
  };
  const write = () => {
    const chosen = fields.filter((field) => field.value).map((field) => `${field.name}=${field.value}`);
    history.replaceState(null, "", chosen.length ? `#${chosen.join("&")}` : location.pathname + location.search);
    show();
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", write);
  form.addEventListener("reset", () => setTimeout(write));
  addEventListener("hashchange", read);
  form.hidden = false;
  read();
}

// On paper every answer is open.
function openForPrint() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not(.hide, [open])")];
    opened.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () => opened.forEach((details) => (details.open = false)));
}

document.addEventListener("DOMContentLoaded", () => {
  const seen = new WeakSet();
  new MutationObserver(() => {
    nameFolds();
    watchScrolling();
    for (const handle of document.querySelectorAll(".widget-hslider .noUi-handle")) {
      if (!seen.has(handle)) nameSlider(handle);
      seen.add(handle);
    }
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
  document.querySelectorAll(".predict").forEach(markPrediction);
  for (const number of document.querySelectorAll("h1 > .section-number")) {
    number.textContent = number.textContent.replace(/\.\s*$/, "");
  }
  nameFolds();
  watchScrolling();
  openForPrint();
  filterLedger();
  clearMargin();
});
