// Turns built pages into parts of one book: for paper (pdf) or for an e-reader (epub). Called by tools/forms.py, which says
// per page: {form, name, key, url, folder, keys: {page: key}, site}. A page's ids get its key in front: they are unique in the book.

// What only a screen can use, and the code of the folds: the page's address stands at the head of the chapter instead
const LEFT_OUT = `template, script, style, noscript, button, input, .headerlink, details.hide, details.sizes, .copybtn, .ledger-filter,
  .toctree-wrapper, .sd-summary-state-marker, .lab-stage, .figure-front, .predict-foot, .quiz-mark:empty, .quiz-score, .quiz-answer,
  svg.figure.narrow, .on-phone, nav.ways-in, ul.chapter-cards, .cite, span[hidden]`;
const INSTEAD = "All code, the sliders, the experiments that run in the page, and each finding's protocol:";

function prepare(text, page) {
  const article = new DOMParser().parseFromString(text, "text/html").querySelector("article.bd-article");
  article.querySelectorAll(LEFT_OUT).forEach((node) => node.remove());
  article.querySelectorAll(".cell, .cell_output").forEach((node) => node.textContent.trim() || node.querySelector("svg, img") || node.remove());
  // Of a card's small print what the paper says; protocol and every number are in the page
  for (const entry of article.querySelectorAll(".claim-more > dl > :nth-child(n + 3), .claim-more > summary")) entry.remove();
  // and of the ledger what came out: the card that it links to has the rest
  const more = ["The paper", "This build", "Other settings"];
  for (const cell of article.querySelectorAll(".ledger-finding :is(thead th, td)")) {
    if (more.includes(cell.dataset.head ?? cell.textContent)) cell.remove();
  }
  article.querySelectorAll(".ledger-finding :is(.ledger-statement, .ledger-about)").forEach((node) => node.remove());
  article.querySelectorAll(".ledger-finding .ledger-chapter > th").forEach((cell) => (cell.colSpan = 3));
  article.querySelectorAll("details").forEach(unfold);
  article.querySelectorAll("[hidden]").forEach((node) => node.removeAttribute("hidden"));
  for (const number of article.querySelectorAll("h1 > .section-number")) {
    number.textContent = number.textContent.replace(/\.\s*$/, "");
    number.after(" "); // in an outline it stands before the title
  }
  article.querySelectorAll("h1 br").forEach((line) => line.before(" "));
  article.querySelectorAll(".katex").forEach(page.form === "pdf" ? speakFormula : keepMathML);
  article.querySelectorAll("img[src]").forEach((img) => (img.src = new URL(img.getAttribute("src"), page.folder).href));
  nameAnew(article, page);
  const address = document.createElement("p");
  address.className = "address";
  address.innerHTML = page.name.startsWith("notebooks/") ? `${INSTEAD} <a href="${page.url}">${page.url}</a>` : "";
  if (address.textContent) (article.querySelector("p.times") ?? article.querySelector("h1")).after(address);
  article.id = page.key;
  return article;
}

// On paper nothing unfolds: what was folded away is small print under its title.
function unfold(details) {
  const box = document.createElement("div");
  box.className = `${details.className} unfolded`;
  if (details.id) box.id = details.id;
  const summary = details.querySelector(":scope > summary");
  const title = document.createElement("p");
  title.className = "unfolded-title";
  title.append(...(summary?.childNodes ?? []));
  summary?.remove();
  if (title.textContent.trim() && !details.querySelector(".quiz-why")) box.append(title); // there the first word is the verdict
  box.append(...details.childNodes);
  details.replaceWith(box);
}

function speakFormula(formula) {
  formula.setAttribute("role", "img");
  formula.setAttribute("aria-label", formula.querySelector("annotation").textContent);
  formula.querySelector(".katex-mathml").remove();
}

function keepMathML(formula) {
  formula.replaceWith(formula.querySelector("math"));
}

function nameAnew(article, page) {
  const name = (id) => `${page.key}--${id.replaceAll("/", "-")}`;
  for (const node of article.querySelectorAll("[id]")) if (!node.closest("svg")) node.id = name(node.id);
  for (const attribute of ["for", "aria-labelledby", "aria-describedby", "headers"]) {
    for (const node of article.querySelectorAll(`[${attribute}]`)) {
      if (!node.closest("svg")) node.setAttribute(attribute, node.getAttribute(attribute).split(/\s+/).map(name).join(" "));
    }
  }
  for (const link of article.querySelectorAll("a[href]")) {
    const target = new URL(link.getAttribute("href"), new URL(page.name, "book:/"));
    if (target.protocol !== "book:") continue;
    const key = page.keys[decodeURIComponent(target.pathname.slice(1))];
    // what stands behind # with an equals sign is a choice of the ledger's, which no form but the page has
    const fragment = target.hash.includes("=") ? "" : decodeURIComponent(target.hash.slice(1)).replaceAll("/", "-");
    const place = key && (fragment ? `${key}--${fragment}` : key);
    if (key) link.setAttribute("href", page.form === "pdf" ? `#${place}` : `${key}.xhtml${fragment ? `#${place}` : ""}`);
    else link.setAttribute("href", page.site + target.pathname.slice(1) + target.hash);
  }
}

// ---------- one document for the PDF ----------
function addPage(text, page) {
  const article = document.adoptNode(prepare(text, page));
  article.style.page = page.key;
  document.body.append(article);
  const title = article.querySelector("h1").textContent.trim().replace(/\s+/g, " ").replace(/^(\d+) /, "$1. ");
  const rule = document.createElement("style");
  rule.textContent = `@page ${page.key} { @top-center { content: ${JSON.stringify(title)}; } }`;
  document.head.append(rule);
}

function addContents(parts) {
  const list = (node) => {
    for (const { caption, key, under } of node) {
      if (caption) contents.insertAdjacentHTML("beforeend", `<p class="part">${caption}</p>`);
      const article = document.getElementById(key);
      const lines = [[key, article.querySelector("h1"), under ? "page under" : "page"]];
      if (article.querySelector("p.times")) {
        for (const h2 of article.querySelectorAll("section[id] > h2")) lines.push([h2.parentElement.id, h2, "section"]);
      }
      for (const [id, heading, kind] of lines) {
        const line = document.createElement("a");
        line.className = kind;
        line.href = `#${id}`;
        const words = document.createElement("span");
        words.append(...[...heading.childNodes].map((child) => child.cloneNode(true)));
        words.querySelectorAll("[id]").forEach((child) => child.removeAttribute("id"));
        line.append(words, document.createElement("i"), Object.assign(document.createElement("b"), { textContent: "000" }));
        contents.append(line);
      }
    }
  };
  const contents = document.getElementById("contents");
  list(parts);
}

function fillContents(pages) {
  for (const line of document.querySelectorAll("#contents a")) {
    line.lastChild.textContent = pages[line.getAttribute("href").slice(1)] ?? "";
  }
}

// ---------- one XHTML file per page for the EPUB ----------
function asXHTML(text, page) {
  const article = prepare(text, page);
  for (const node of article.querySelectorAll("*")) {
    if (node.closest("svg, math")) continue;
    for (const name of ["style", "align", "halign", "valign", "border", "for", "role", "aria-label"]) node.removeAttribute(name);
    for (const { name } of [...node.attributes]) if (name.startsWith("data-")) node.removeAttribute(name);
  }
  for (const [old, tag] of [["form, fieldset, output", "div"], ["legend, label", "p"]]) {
    for (const node of article.querySelectorAll(old)) {
      const plain = article.ownerDocument.createElement(tag);
      for (const { name, value } of node.attributes) if (name === "class" || name === "id") plain.setAttribute(name, value);
      plain.append(...node.childNodes);
      node.replaceWith(plain);
    }
  }
  article.querySelectorAll("path:not([d])").forEach((space) => space.setAttribute("d", "M 0 0"));
  const sections = [...article.querySelectorAll("section[id] > h2")].map((h2) => [h2.parentElement.id, h2.textContent.trim()]);
  // An e-reader may know no CSS variables: the value that is named beside each takes its place
  const plain = (text) => text.replace(/var\(--[\w-]+,\s*((?:[^()]|\([^()]*\))*)\)/g, "$1");
  return {
    title: article.querySelector("h1").textContent.trim().replace(/\s+/g, " ").replace(/^(\d+) /, "$1. "),
    sections,
    body: plain(new XMLSerializer().serializeToString(article)),
    properties: [article.querySelector("math") && "mathml", article.querySelector("svg") && "svg"].filter(Boolean).join(" "),
  };
}
