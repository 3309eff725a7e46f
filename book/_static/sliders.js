// A slider shows one of its frames: the one in the page, or one that waits in a template. (book/_ext/inline_figures.py)
for (const figure of document.querySelectorAll(".figure-slider")) {
  const handles = [...figure.querySelectorAll("input[type=range]")];
  const place = figure.querySelector(".figure-scroll");
  const templates = [...figure.querySelectorAll("template")];
  const show = () => {
    const position = handles.reduce((sum, handle) => sum * (Number(handle.max) + 1) + Number(handle.value), 0);
    if (position === Number(figure.dataset.shown)) return;
    templates[figure.dataset.shown].content.replaceChildren(...place.childNodes);
    place.replaceChildren(...templates[position].content.childNodes);
    figure.dataset.shown = position;
  };
  for (const handle of handles) {
    const labels = JSON.parse(handle.dataset.labels);
    handle.addEventListener("input", () => {
      handle.nextElementSibling.value = labels[handle.value];
      handle.setAttribute("aria-valuetext", labels[handle.value]);
      show();
    });
  }
}
