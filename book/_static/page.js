// What the pages need on top of the theme. Without JavaScript everything is still there to read, except the
// frames of a slider but the one it starts with.


// What a reader has answered is kept in their browser, where that lets pages keep something (predictions.js and sketch.js, too).
const kept = {
  get(name) {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(name, JSON.stringify(value));
    } catch {}
  },
};

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

// What unfolds is called by its title; a solution adds whose it is.
function nameFolds() {
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
  '.figure-scroll, .bd-article .katex-display, ' +
  ".bd-article .pst-scrollable-table-container, .cell_output .text_html:has(table), .bd-article pre";
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

// The ledger's tables show the claims of one chapter, or with one verdict, or both; the address keeps the choice: #chapter=...&verdict=...
function filterLedger() {
  const tables = [...document.querySelectorAll("table.ledger")];
  if (!tables.length) return;
  const form = document.querySelector("form.ledger-filter");
  const fields = [...form.querySelectorAll("select")];
  const status = form.querySelector("[role=status]");
  const show = () => {
    const { chapter, verdict } = Object.fromEntries(new FormData(form));
    let all = 0;
    let shown = 0;
    for (const body of tables.flatMap((table) => [...table.tBodies])) {
      const rows = [...body.querySelectorAll("tr[data-verdict]")];
      rows.forEach((row) => {
        row.hidden = (chapter && chapter !== body.dataset.chapter) || (verdict && verdict !== row.dataset.verdict);
      });
      const left = rows.filter((row) => !row.hidden).length;
      body.hidden = left === 0;
      all += rows.length;
      shown += left;
    }
    for (const table of tables) table.hidden = [...table.tBodies].every((body) => body.hidden);
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
  read();
}

// The reader chooses and checks an answer, as often as they like; what they tried is there when they come back.
function runQuiz(quiz) {
  const score = quiz.querySelector(".quiz-score");
  const questions = [...quiz.querySelectorAll("form")].map((form) => {
    const name = `quiz:${location.pathname}:${form.id}`;
    const answer = form.querySelector(".quiz-answer");
    const options = [...form.querySelectorAll(".quiz-option")].map((box) => ({
      box,
      input: box.querySelector("input"),
      mark: box.querySelector(".quiz-mark"),
      details: box.querySelector("details"),
      why: box.querySelector(".quiz-why"),
    }));
    const right = options.find(({ input }) => input.dataset.kind === "right");
    let tried = [];
    const solved = () => tried.includes(right.input.value);
    const show = (checked) => {
      for (const { box, input, mark, details, why } of options) {
        const known = tried.includes(input.value);
        const shown = checked && input.checked;
        if (known) box.dataset.tried = input.dataset.kind;
        else delete box.dataset.tried;
        mark.textContent = known ? input.dataset.kind : "";
        if (shown) input.setAttribute("aria-describedby", answer.id);
        else input.removeAttribute("aria-describedby");
        const place = shown ? answer : details;
        if (why.parentElement !== place) place.append(why);
        details.hidden = shown || !(known || solved());
      }
    };
    form.addEventListener("change", () => show(tried.at(-1) === form.querySelector(":checked").value));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { value } = form.querySelector(":checked");
      tried = [...tried.filter((each, i) => i === 0 || each !== value), value];
      kept.set(name, tried);
      show(true);
      tell();
    });
    const restart = () => {
      tried = [];
      kept.set(name, tried);
      options.forEach(({ input, details }) => (input.checked = details.open = false));
      show(false);
    };
    tried = (kept.get(name) ?? []).filter((value) => options.some(({ input }) => input.value === value));
    options.forEach(({ input }) => {
      input.hidden = input.disabled = false;
      input.checked = input.value === tried.at(-1);
    });
    form.querySelector("button").hidden = false;
    form.classList.add("live");
    show(true);
    return { restart, solved, atOnce: () => tried[0] === right.input.value, first: options[0].input };
  });
  const tell = () => {
    if (!questions.every(({ solved }) => solved())) return score.replaceChildren();
    const text = document.createElement("p");
    const atOnce = questions.filter((question) => question.atOnce()).length;
    text.textContent = `All ${questions.length} questions are answered, ${atOnce} of them rightly at the first try.`;
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Start again";
    again.addEventListener("click", () => {
      questions.forEach(({ restart }) => restart());
      tell();
      questions[0].first.focus();
    });
    score.replaceChildren(text, again);
  };
  tell();
}

// Paper is white, and nothing on it can be unfolded: a page is printed in the colours of the light theme, every answer open.
function prepareForPrint() {
  const root = document.documentElement;
  let screen = null;
  const enter = () => {
    if (screen) return;
    const folded = [...document.querySelectorAll("details:not(.hide, [open])")];
    screen = { theme: root.dataset.theme, folded };
    root.dataset.theme = "light";
    folded.forEach((details) => (details.open = true));
  };
  const leave = () => {
    if (!screen) return;
    root.dataset.theme = screen.theme;
    screen.folded.forEach((details) => (details.open = false));
    screen = null;
  };
  addEventListener("beforeprint", enter);
  addEventListener("afterprint", leave);
  matchMedia("print").addEventListener("change", ({ matches }) => (matches ? enter() : leave()));
}

// A formula is copied as the TeX that it was written in, which its MathML holds: what is drawn are glyphs in boxes.
const texOf = (drawn) => {
  const tex = drawn.querySelector("annotation").textContent;
  if (drawn.closest(".amsmath")) return tex; // an environment, which is its own delimiter
  return drawn.matches(".katex-display") ? `$$${tex}$$` : `$${tex}$`;
};

function copyTex(event) {
  const selection = getSelection();
  if (selection.isCollapsed) return;
  const formulas = [...document.querySelectorAll(".math > :is(.katex, .katex-display)")];
  const chosen = formulas.filter((drawn) => selection.containsNode(drawn, true));
  if (!chosen.length) return;
  const range = selection.getRangeAt(0);
  const swapped = chosen.map((drawn) => {
    const formula = drawn.closest("span.math") ?? drawn;
    if (formula.contains(range.startContainer)) range.setStartBefore(formula);
    if (formula.contains(range.endContainer)) range.setEndAfter(formula);
    const source = document.createElement("span");
    source.className = "tex";
    source.textContent = texOf(drawn);
    formula.append(source); // and not beside it, where it would shift the ends of the selection
    formula.classList.add("as-tex");
    return { formula, source };
  });
  const copy = document.createElement("div");
  copy.append(range.cloneContents());
  copy.querySelectorAll(".as-tex").forEach((formula) => formula.replaceWith(formula.querySelector(".tex").textContent));
  copy.querySelectorAll("button").forEach((button) => button.remove());
  event.clipboardData.setData("text/plain", selection.toString());
  event.clipboardData.setData("text/html", copy.innerHTML);
  event.preventDefault();
  for (const { formula, source } of swapped) {
    source.remove();
    formula.classList.remove("as-tex");
  }
}

// A displayed formula has a button that copies it, for those who have no mouse to select it with.
function offerTex() {
  for (const box of document.querySelectorAll(".bd-article div.math:has(> .katex-display)")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copytex";
    button.textContent = "Copy TeX";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => {
      const source = document.createElement("pre");
      source.textContent = box.querySelector("annotation").textContent;
      box.append(source);
      getSelection().selectAllChildren(source);
      document.execCommand("copy"); // navigator.clipboard is lacking where the book is served without encryption
      source.remove();
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy TeX"), 2000);
    });
    box.append(button);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => {
    nameFolds();
    watchScrolling();
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
  document.addEventListener("copy", copyTex);
  offerTex();
  document.querySelectorAll(".quiz").forEach(runQuiz);
  for (const number of document.querySelectorAll("h1 > .section-number")) {
    number.textContent = number.textContent.replace(/\.\s*$/, "");
  }
  nameFolds();
  watchScrolling();
  prepareForPrint();
  filterLedger();
  clearMargin();
});
