// A figure that waits for the reader: it is folded in its place, behind a front that says what unfolds it. A link or the
// browser's search that leads into it unfolds it, and so does print (style.css).

const foldedFigures = new Map();

// Fold a figure, once, and return its fold: where to put what stands before it, and what unfolds it.
function foldFigure(figure) {
  if (foldedFigures.has(figure)) return foldedFigures.get(figure);
  const front = document.createElement("div");
  front.className = "figure-front";
  const inside = document.createElement("div");
  inside.className = "figure-inside";
  inside.append(...figure.childNodes);
  figure.append(front, inside);
  const listeners = [];
  const fold = {
    front,
    waits: false, // whether a prediction that the figure answers is still to be made
    number: figure.querySelector(".caption-number")?.textContent.trim() ?? "The figure",
    get open() {
      return !inside.hidden;
    },
    set open(open) {
      if (open === fold.open && figure.dataset.folded) return;
      inside.hidden = open ? false : "until-found";
      figure.dataset.folded = !open;
      listeners.forEach((listener) => listener());
    },
    onchange: (listener) => listeners.push(listener),
  };
  inside.addEventListener("beforematch", () => (fold.open = true));
  foldedFigures.set(figure, fold);
  fold.open = false;
  return fold;
}

function unfoldTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const fold = foldedFigures.get(target?.closest("figure"));
  if (fold) fold.open = true;
}

addEventListener("hashchange", unfoldTarget);
addEventListener("DOMContentLoaded", unfoldTarget);
document.addEventListener("click", (event) => {
  // a second click on the same link changes no address
  if (event.target.closest?.("a")?.hash === location.hash) unfoldTarget();
});
