// The search, in the dialog of each page and on search.html: it finds sections, figures, findings, exercises … by what they say.
// What is searched (search_entries.js, made by book/_ext/find.py) and what searches (MiniSearch) are loaded when somebody begins.

const bookSearch = (() => {
  const KINDS = {
    page: "Page", section: "Section", figure: "Figure", finding: "Finding", theorem: "Theorem", exercise: "Exercise",
    lab: "Experiment", term: "Term", reference: "Reference",
  }; // prettier-ignore
  // What an entry is found by beside its own words, and how much it counts among others that match as well
  const CALLED = { figure: "fig plot", theorem: "proposition lemma", finding: "claim verdict", lab: "lab", term: "definition glossary" };
  const WEIGHT = { page: 3, section: 1.1, figure: 0.9, theorem: 0.9, exercise: 0.8, term: 1.9, reference: 0.8 };
  const LESS = /^book\/(protocols|notation)\.html#(?!term-)/; // tables and small print, half as much
  const SHOWN = 30;
  const LETTERS = { æ: "ae", ð: "d", đ: "d", ħ: "h", ı: "i", ł: "l", ŋ: "n", ø: "o", œ: "oe", ß: "ss", þ: "th", ŧ: "t" };

  // Text in small letters without accents.
  const plain = (text) =>
    text
      .toLowerCase()
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/[æðđħıłŋøœßþŧ]/g, (letter) => LETTERS[letter]);

  // Words, with numbers as 4.3 in one piece, and without the s of a plural.
  const words = (text) => plain(text).match(/\p{N}+(?:\.\p{N}+)*|\p{L}+/gu) ?? [];
  const stem = (word) => (word.length > 3 && !/(ss|us|is)$/.test(word) ? word.replace(/s$/, "") : word);

  const stems = (text) => words(text).map(stem);

  // Resolves to what finds: called with what was typed, it returns the entries, the best one first.
  async function indexed({ pages, entries, more }) {
    const unseen = entries.map(() => []);
    for (const [word, steps] of Object.entries(more)) steps.reduce((id, step) => (unseen[id + step].push(word), id + step), -1);
    const rows = entries.map(([kind, page, anchor, title, section, lead, also, verdict], id) => {
      const where = kind === "page" ? [] : [pages[page][1], section].filter(Boolean);
      const href = pages[page][0] + (anchor && `#${anchor}`);
      const called = `${KINDS[kind]} ${CALLED[kind] ?? ""} ${also}`;
      return { id, kind, href, title, where, lead, also: called, verdict, more: unseen[id].join(" ") };
    });
    const index = new MiniSearch({
      fields: ["title", "also", "lead", "more"],
      tokenize: words,
      processTerm: stem,
      searchOptions: {
        boost: { title: 5, also: 3, lead: 1.5 },
        prefix: (term) => !term.includes("."),
        fuzzy: (term) => (/^\p{L}{5}/u.test(term) ? 0.2 : false),
        weights: { prefix: 0.3, fuzzy: 0.15 },
        boostDocument: (id) => (WEIGHT[rows[id].kind] ?? 1) * (LESS.test(rows[id].href) ? 0.5 : 1),
      },
    });
    await index.addAllAsync(rows, { chunkSize: 100 });
    return (query) => {
      const asked = stems(query);
      if (!asked.length) return [];
      const titled = (row) => stems(row.title.replace(/^\d+\. /, ""));
      const whole = (row) => titled(row).join(" ") === asked.join(" ");
      const kind = Object.keys(KINDS).find((each) => stems(`${KINDS[each]} ${CALLED[each] ?? ""}`).includes(asked[0]));
      if (kind && asked.length === 1) {
        // "exercise": what is called so, and then all of them, as they stand in the book
        return [...rows.filter(whole), ...rows.filter((row) => row.kind === kind && !whole(row))];
      }
      // What is called as was asked stands before what only speaks of it.
      const name = (row) => {
        if (whole(row)) return 3;
        const own = titled(row);
        if (asked.every((word, i) => own[i]?.startsWith(word))) return 2;
        return stems(row.also).join(" ").includes(asked.join(" ")) ? 1.5 : 1;
      };
      let found = index.search(query, { combineWith: "AND" });
      const partly = !found.length && asked.length > 1;
      if (!found.length) found = index.search(query, { combineWith: "OR" });
      found = found
        .map(({ id, score }) => ({ ...rows[id], score: score * name(rows[id]) }))
        .sort((a, b) => b.score - a.score);
      return Object.assign(found, { partly });
    };
  }

  // Text with the words that were asked for marked; a word also where it only begins like one of them.
  function marked(text, asked) {
    const span = document.createElement("span");
    let last = 0;
    for (const { 0: word, index } of text.matchAll(/[\p{L}\p{M}]+|\p{N}+(?:\.\p{N}+)*/gu)) {
      if (!asked.some((each) => plain(word).startsWith(each))) continue;
      const mark = document.createElement("mark");
      mark.textContent = word;
      span.append(text.slice(last, index), mark);
      last = index + word.length;
    }
    span.append(text.slice(last));
    return span;
  }

  const root = () => document.documentElement.dataset.content_root;
  const load = (name) =>
    new Promise((done, failed) => {
      const script = document.createElement("script");
      Object.assign(script, { src: root() + name, onload: done, onerror: () => failed(new Error(`${name} did not load`)) });
      document.head.append(script);
    });
  let loading;
  const ready = () =>
    (loading ??= Promise.all(["_static/vendor/minisearch/dist/umd/index.js", "search_entries.js"].map(load)).then(() =>
      indexed(searchEntries),
    ));

  function shown({ kind, href, title, where, lead, verdict }, asked) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = root() + href;
    const part = (name, ...content) => {
      const span = document.createElement("span");
      span.className = `search-${name}`;
      span.append(...content);
      link.append(span, " ");
    };
    part("kind", KINDS[kind], ...(verdict ? [` · ${verdict}`] : []));
    part("title", marked(title, asked));
    if (where.length) part("where", where.join(" › "));
    if (lead) part("lead", marked(lead, asked));
    item.append(link);
    return item;
  }

  // Make a form search as one types, below itself.
  function enliven(form) {
    const input = form.querySelector("input[name=q]");
    const status = document.createElement("p");
    status.className = "search-status";
    status.setAttribute("role", "status");
    const list = document.createElement("ol");
    list.className = "search-results";
    form.after(status, list);
    const links = () => [...list.querySelectorAll("a")];
    let latest = 0;

    async function search() {
      const turn = ++latest;
      const query = input.value;
      if (!query.trim()) {
        list.replaceChildren();
        status.textContent = "";
        return;
      }
      let find;
      status.textContent = "Searching …";
      try {
        find = await ready();
      } catch (error) {
        loading = undefined;
        status.textContent = `The search is not there: ${error.message}.`;
        return;
      }
      if (turn !== latest) return;
      const found = find(query);
      const asked = stems(query);
      list.replaceChildren(...found.slice(0, SHOWN).map((entry) => shown(entry, asked)));
      list.scrollTop = 0;
      const some = found.partly && found.length ? "Nothing has all of these words; these have some. " : "";
      status.textContent =
        found.length > SHOWN ? `${some}The first ${SHOWN} of ${found.length} results.`
        : found.length ? some + `${found.length} ${found.length === 1 ? "result" : "results"}.`
        : "Nothing was found. The index of terms lists what the book has a name for."; // prettier-ignore
    }

    input.addEventListener("focus", () => ready().catch(() => (loading = undefined)), { once: true });
    input.addEventListener("input", search);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await search();
      if (matchMedia("(hover: none)").matches) input.blur(); // the keyboard of a phone gives way to the results
      else links()[0]?.click();
    });
    const move = (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const stops = [input, ...links()];
      const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
      event.preventDefault();
      next?.focus();
    };
    form.addEventListener("keydown", move);
    list.addEventListener("keydown", move);
    list.addEventListener("click", (event) => event.target.closest("a") && form.closest("dialog")?.close());
    return { input, search };
  }

  if (typeof document !== "undefined") {
    document.addEventListener("DOMContentLoaded", () => {
      const own = document.querySelector(".search-page form"); // there the theme's button leads to it
      if (!own) return enliven(document.querySelector("#pst-search-dialog form"));
      const { input, search } = enliven(own);
      input.value = new URLSearchParams(location.search).get("q") ?? "";
      input.focus();
      search();
    });
  }
  return { indexed, plain, words };
})();
