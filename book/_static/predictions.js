// A prediction: the reader chooses, the figure that answers it unfolds, and a line says what they said and what the run says.
// The choice is kept in their browser (`kept`, page.js) until they choose again.

const THEIRS = {
  run: { says: "the run says", so: "so does the run" },
  pilot: { says: "our pilot runs said", so: "so did our pilot runs" },
  theory: { says: "the theory says", so: "so does the theory" },
};

// What a reader hears who chose one of the choices; `answer` is null where none fits.
function sayPrediction(chosen, answer, source) {
  const [said, right] = [chosen, answer].map((i) => "ABCDEFGHIJ"[i]);
  if (answer === null) return `You said ${said}.`;
  return chosen === answer ? `You said ${said}, and ${THEIRS[source].so}.` : `You said ${said}; ${THEIRS[source].says} ${right}.`;
}

function makeElement(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  if (name === "button") element.type = "button";
  return element;
}

function runPrediction(box, number) {
  const facts = box.querySelector(":scope > [data-key]");
  const list = box.querySelector(":scope > ol");
  const answerText = box.querySelector(":scope > details");
  const answer = facts.dataset.answer ? facts.dataset.answer - 1 : null;
  const figure = facts.dataset.figure && document.getElementById(facts.dataset.figure);
  const fold = figure && foldFigure(figure);
  const name = `prediction:${location.pathname}:${facts.dataset.key}`;
  const choices = [...list.children];

  box.id ||= `predict-${number + 1}`;
  const title = box.querySelector(":scope > .admonition-title");
  const question = facts.previousElementSibling;
  for (const part of [title, question]) part.id ||= `${box.id}-${part === title ? "title" : "question"}`;
  list.setAttribute("role", "radiogroup");
  list.setAttribute("aria-labelledby", [...new Set([title.id, question.id])].join(" "));

  const note = makeElement("p", "predicted");
  note.setAttribute("role", "status");
  const again = makeElement("button", "again", "Choose again");
  const foot = makeElement("div", "predict-foot");
  foot.append(note, again);
  list.after(foot);

  let chosen = -1;
  const unfolded = fold && makeElement("span", "", " ");
  const waiting = fold && makeElement("div", "figure-waits");
  const said = fold && makeElement("p", "predicted");
  if (fold) {
    const words = makeElement("p", "");
    const link = makeElement("a", "", "Choose above");
    link.href = `#${box.id}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choices.find((choice) => choice.tabIndex === 0).focus();
      box.scrollIntoView({ block: "center" });
    });
    const draws = figure.matches(".sketched"); // its curve can be drawn first, and shown without (sketch.js)
    words.append(makeElement("strong", "", `${fold.number}. `), link, draws ? ", or draw your curve here first." : ", and the figure unfolds.");
    const peek = makeElement("button", "", "Show it without choosing");
    peek.addEventListener("click", () => {
      fold.open = true;
      figure.tabIndex = -1; // the button is gone: the figure takes the focus
      figure.focus({ preventScroll: true });
    });
    waiting.append(words, ...(draws ? [] : [peek]));
    fold.front.prepend(waiting, said);
    const there = makeElement("a", "", `${fold.number} has unfolded`);
    there.href = `#${figure.id}`;
    unfolded.append(there, ".");
  }

  const follow = () => {
    waiting.hidden = fold.open || chosen >= 0;
    unfolded.hidden = !fold.open;
  };
  fold?.onchange(follow);
  const show = () => {
    const done = chosen >= 0;
    choices.forEach((choice, i) => {
      choice.setAttribute("aria-checked", i === chosen);
      choice.toggleAttribute("data-right", done && i === answer);
      if (done) choice.setAttribute("aria-disabled", "true");
      else choice.removeAttribute("aria-disabled");
      choice.tabIndex = i === Math.max(chosen, 0) ? 0 : -1;
    });
    again.hidden = !done;
    const words = done ? sayPrediction(chosen, answer, facts.dataset.source) : "";
    if (done) note.replaceChildren(makeElement("strong", "", words));
    else note.textContent = "Choose one before you read on.";
    if (!fold) return;
    if (done) note.append(unfolded);
    said.textContent = words;
    said.hidden = !done;
    fold.waits = !done;
    if (done) fold.open = true;
    follow();
  };
  const choose = (i) => {
    if (chosen >= 0) return;
    chosen = i;
    kept.set(name, i);
    if (answerText) answerText.open = true;
    show();
    choices[i].focus({ preventScroll: true });
  };
  choices.forEach((choice, i) => {
    choice.setAttribute("role", "radio");
    choice.addEventListener("click", () => choose(i));
    choice.addEventListener("keydown", (event) => {
      // The arrows move and do not choose: a choice unfolds the answer.
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (step) {
        const next = choices[(i + step + choices.length) % choices.length];
        choices.forEach((each) => (each.tabIndex = each === next ? 0 : -1));
        next.focus();
      } else if (event.key === " " || event.key === "Enter") choose(i);
      else return;
      event.preventDefault();
    });
  });
  again.addEventListener("click", () => {
    chosen = -1;
    kept.set(name, null);
    if (answerText) answerText.open = false;
    if (fold) fold.open = false;
    show();
    choices[0].focus();
  });

  const before = kept.get(name);
  if (Number.isInteger(before) && before < choices.length) {
    chosen = before;
    if (answerText) answerText.open = true;
  }
  show();
}

document.querySelectorAll(".predict:has(> [data-key])").forEach(runPrediction);
