// Put into language_data.js by plain_search.py, after Sphinx's searchtools.js: the index holds words without accents, so
// a query loses them too; and what a result shows of its page is prose.

const plainLetters = LETTERS;
const plain = (text) =>
  text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/./gu, (letter) => plainLetters[letter] ?? letter);

var splitQuery = (query) => plain(query).match(/[\p{L}\p{N}_]+/gu) ?? [];

// Titles are compared with the query as it was typed; they have no accents either.
const parseQuery = Search._parseQuery;
Search._parseQuery = (query) => parseQuery(plain(query));

// A file cannot be fetched from a file: there the results are titles.
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY &&= location.protocol !== "file:";

// A page as text: without folded code, a formula only if it is plain text, and a space where a block ends.
Search.htmlToText = (html, anchor) => {
  const article = new DOMParser().parseFromString(html, "text/html").querySelector(".bd-article");
  const part = (anchor && article?.querySelector(anchor)) || article;
  if (!part) return "";
  const unread = ".headerlink, script, style, noscript, svg, .eqno, details.hide";
  part.querySelectorAll(unread).forEach((element) => element.remove());
  for (const formula of part.querySelectorAll(".math")) {
    const tex = formula.textContent.replace(/^\s*\\[([]|\\[)\]]\s*$/g, "").trim();
    formula.textContent = /^[\p{L}\p{N}\s=+<>.,()-]*$/u.test(tex) ? tex : "…";
  }
  part.querySelectorAll("h1, h2, h3, p, li, dt, dd, td, th, pre, label, .ledger span").forEach((block) => block.append(" "));
  return part.textContent.replace(/\s+/g, " ").trim();
};

// The text around the first word that was searched for, or else around one that begins or ends like it.
Search.makeSearchSummary = (html, terms, anchor) => {
  const text = Search.htmlToText(html, anchor);
  if (!text) return null;
  const stemmer = new Stemmer();
  const words = [...text.matchAll(/[\p{L}\p{N}\p{M}_]+/gu)].map(({ 0: word, index }) => ({
    word,
    index,
    stem: stemmer.stemWord(plain(word)),
  }));
  const whole = words.filter(({ stem }) => terms.has(stem));
  const found = whole.length ? whole : words.filter(({ stem }) => [...terms].some((term) => stem.includes(term)));
  const start = Math.max((found[0]?.index ?? 0) - 120, 0);
  const end = start + 240;
  const summary = document.createElement("p");
  summary.className = "context";
  summary.append(start > 0 ? "…" : "");
  let last = start;
  for (const { word, index } of found.filter(({ index }) => index < end)) {
    const mark = document.createElement("span");
    mark.className = "highlighted";
    mark.textContent = word;
    summary.append(text.slice(last, index), mark);
    last = index + word.length;
  }
  summary.append(text.slice(last, Math.max(end, last)), end < text.length ? "…" : "");
  return summary;
};
