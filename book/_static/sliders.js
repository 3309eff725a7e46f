// A slider shows one of its frames: the one in the page, or one that waits in a template. (book/_ext/inline_figures.py)
// It answers as soon as it is there, while the rest of the page is still on its way.
document.addEventListener("input", ({ target: handle }) => {
  const figure = handle.closest(".figure-slider");
  if (!figure) return;
  const label = JSON.parse(handle.dataset.labels)[handle.value];
  handle.nextElementSibling.value = label;
  handle.setAttribute("aria-valuetext", label);
  const place = figure.querySelector(".figure-scroll");
  const templates = figure.querySelectorAll("template");
  const position = [...figure.querySelectorAll("input")].reduce((sum, { max, value }) => sum * (+max + 1) + +value, 0);
  if (!templates[position] || position === +figure.dataset.shown) return;
  templates[figure.dataset.shown].content.replaceChildren(...place.childNodes);
  place.replaceChildren(...templates[position].content.childNodes);
  figure.dataset.shown = position;
});
