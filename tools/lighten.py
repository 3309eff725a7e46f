"""Take from the built pages what the theme brings and no page uses: its icon font, its widgets, most of its style sheets.

One style sheet with the rules that some page needs takes the place of eleven; scripts no longer hold the text up; the few
icons stand in the page. What is left works from a file, too.
"""

import hashlib
import re
import shutil
from itertools import pairwise
from pathlib import Path

import tinycss2

# The icons that the theme's templates name, drawn on a square of 16: strokes, except a path that fills itself
ICONS = {
    "angle-left": "M10 3L5 8l5 5",
    "angle-right": "M6 3l5 5-5 5",
    "bars": "M2 4h12M2 8h12M2 12h12",
    "chevron-down": "M3.500 6L8 10.500 12.500 6",
    "list": "M5.500 4H14M5.500 8H14M5.500 12H14M2 4h.010M2 8h.010M2 12h.010",
    "magnifying-glass": "M11.300 7a4.300 4.300 0 1 1-8.600 0 4.300 4.300 0 0 1 8.600 0zM10.200 10.200L14 14",
    "sun": "M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
    "moon": "M13.500 9.700A6 6 0 0 1 6.300 2.500a6 6 0 1 0 7.200 7.200z",
    "circle-half-stroke": 'M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z"/><path fill="currentColor" stroke="none" d="M8 2a6 6 0 0 1 0 12z',
}
ICON = re.compile(r'<(i|span) class="(theme-switch )?fa(?:s|-solid) +fa-([a-z-]+)[^"]*"([^>]*)></\1>')
SWITCH = re.compile(r'<button class="([^"]*theme-switch-button[^"]*)"[^>]*>')
MODES = {"light": "Colours: light", "dark": "Colours: dark", "auto": "Colours: those of the system"}
STYLE = re.compile(r'\s*<link[^>]* href="((?:\.\./)*)_static/([^"?]*\.css)[^"]*"[^>]*>')
SCRIPT = re.compile(r'\s*<(?:script|link)\b[^>]*? (?:src|href)="(?:\.\./)*([^"?]*\.js)[^"]*"[^>]*>(?:</script>)?')
DROPPED = re.compile(
    r"/(fontawesome|bootstrap|searchtools|language_data|searchindex)\.js$"
)  # the book has a search of its own
USED_BY = {"design-tabs.js": 'class="sd-tab-set', "clipboard.min.js": "<pre", "copybutton.js": "<pre"}
THEME = re.compile(r'<script data-cfasync="false">.*?</script>', re.S)
# Before the first paint: the colours, light or dark, and the fonts that the first text needs. (A page from a file may not preload.)
# Where the browser lets no page keep anything, the theme's scripts keep it until the page is left, and do not stop.
FIRST = """<script>
    {
      try { localStorage.getItem("mode"); } catch {
        const store = new Map();
        const value = {
          getItem: (key) => store.get(String(key)) ?? null,
          setItem: (key, text) => void store.set(String(key), String(text)),
          removeItem: (key) => void store.delete(String(key)),
        };
        Object.defineProperty(window, "localStorage", { value });
      }
      const root = document.documentElement;
      const mode = localStorage.getItem("mode") || "auto";
      root.dataset.mode = mode;
      root.dataset.theme = mode === "auto" ? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : mode;
      if (location.protocol !== "file:") for (const font of FONTS) {
        const link = Object.assign(document.createElement("link"), { rel: "preload", as: "font", type: "font/woff2", href: font });
        link.crossOrigin = "";
        document.head.append(link);
      }
    }
  </script>"""
FONTS = ("literata/files/literata-latin-wght-normal.woff2", "source-sans-3/files/source-sans-3-latin-wght-normal.woff2")
ICON_FONT = re.compile(r"--fa-|--pst-icon|Font ?Awesome")
# Without a script the theme stays auto: then as dark as the system
DARK = re.compile(r"""html\[data-theme=["']?dark["']?\]\s*{([^{}]*)}""")
BUNDLE = "book.css"


def lighten(html, own):
    """Rewrite the pages below the folder `html`; `own` names the style sheets that are the book's, whose rules all stay."""
    static = html / "_static"
    files = [file for file in html.rglob("*.html") if static not in file.parents]
    pages = {file: file.read_text(encoding="utf-8") for file in files}
    sheets = list(dict.fromkeys(name for text in pages.values() for _, name in STYLE.findall(text)))
    for name in (
        "scripts/fontawesome.js",
        "scripts/bootstrap.js",
        "vendor/fontawesome",
        "searchtools.js",
        "language_data.js",
    ):
        remove(static / name)
    for leftover in [*static.rglob("*.js.map"), *static.rglob("*.css.map"), *static.rglob("bootstrap.js.*")]:
        remove(leftover)

    pages = {file: with_icons(text) for file, text in pages.items()}
    words = used_words(pages.values(), static)
    bundle = ""
    for name in sheets:
        css = sheet(static, name)
        bundle += (css if name in own else pruned(css, words)) + "\n"
        remove(static / name)
    bundle = DARK.sub(r"\g<0>@media screen and (prefers-color-scheme: dark){html[data-theme=auto]{\1}}", bundle)
    remove(static / "basic.css")  # which one of the theme's imports
    (static / BUNDLE).write_text(bundle, encoding="utf-8")
    version = hashlib.sha256(bundle.encode()).hexdigest()[:8]
    options = (static / "documentation_options.js").read_text(encoding="utf-8")
    for file, text in pages.items():
        up = "../" * (len(file.relative_to(html).parts) - 1)
        text = with_one_sheet(text, f"{up}_static/{BUNDLE}?v={version}")
        text = with_few_scripts(text, options)
        fonts = [f"{up}_static/vendor/{font}" for font in FONTS]
        theme = THEME.search(text)
        if theme:
            text = text.replace(theme[0], FIRST.replace("FONTS", str(fonts)))
        file.write_text(text, encoding="utf-8")


def remove(path):
    """Delete a file or a folder, if it is there."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def sheet(static, name):
    """Return a style sheet as text, with what it imports and with addresses seen from the folder `static`."""
    folder = (static / name).parent

    def place(address):
        return (folder / address).resolve().relative_to(static.resolve()).as_posix()

    css = (static / name).read_text(encoding="utf-8").replace('@charset "utf-8";', "")
    css = re.sub(r"url\((?!['\"]?(?:data:|#|/|http))(['\"]?)([^)'\"]+)", lambda m: f"url({m[1]}{place(m[2])}", css)
    return re.sub(r'@import "([^"]+)";', lambda m: sheet(static, place(m[1])), css)


def with_icons(text):
    """Put the icons into the page, and into the switch of the colours its name: which colours are on."""

    def draw(found):
        _, switch, name, rest = found.groups()
        if name not in ICONS:
            return ""
        svg = f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{ICONS[name]}"/></svg>'
        if not switch:
            return svg
        mode = re.search(r'data-mode="(\w+)"', rest)[1]
        return f'<span class="theme-switch" data-mode="{mode}">{svg}<span class="visually-hidden">{MODES[mode]}</span></span>'

    text = SWITCH.sub(r'<button type="button" class="\1" title="Change the colours">', text)
    return ICON.sub(draw, text)


def used_words(texts, static):
    """Return all that may be a class or an id: those of the pages, and every word of the scripts that they load."""
    words = set()
    for text in texts:
        for value in re.findall(r'\s(?:class|id)="([^"]*)"', text):
            words.update(value.split())
    for script in static.rglob("*.js"):
        if "vendor" not in script.relative_to(static).parts and "locales" not in script.parts:
            words.update(re.findall(r"[\w-]+", script.read_text(encoding="utf-8")))
    return words


def pruned(css, words):
    """Return a style sheet without the rules whose classes or ids are not among `words`, and without icons of a font."""
    return rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), words)


def rules(nodes, words):
    """Return the rules that are needed, as text."""
    kept = ""
    for node in nodes:
        if node.type == "qualified-rule":
            selectors = [s for s in split(node.prelude) if needed(s, words)]
            body = declarations(node.content)
            if selectors and body:
                kept += f"{','.join(tinycss2.serialize(s).strip() for s in selectors)}{{{body}}}"
        elif node.type == "at-rule" and node.lower_at_keyword in ("media", "supports", "layer"):
            inner = rules(tinycss2.parse_rule_list(node.content or [], skip_comments=True, skip_whitespace=True), words)
            if inner:
                kept += f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{{inner}}}"
        elif node.type == "at-rule" and not (
            node.lower_at_keyword in ("font-face", "keyframes") and ICON_FONT.search(node.serialize())
        ):
            kept += node.serialize()
        elif node.type == "error":
            raise ValueError(f"A style sheet of the theme cannot be read: {node.message}.")
    return kept


def split(tokens):
    """Return the selectors of a rule, each a list of tokens."""
    parts = [[]]
    for token in tokens:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def needed(selector, words):
    """Return whether each class and id of a selector (but for those in brackets) is among `words`."""
    names = [token.value for token in selector if token.type == "hash"]
    names += [b.value for a, b in pairwise(selector) if a == "." and b.type == "ident"]
    return all(name in words for name in names)


def declarations(content):
    """Return a rule's declarations as text, without those that speak of the icon font."""
    kept = []
    for part in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if part.type != "declaration":
            return tinycss2.serialize(content).strip()
        kept.append(f"{part.name}:{tinycss2.serialize(part.value).strip()}{'!important' if part.important else ''}")
    if any(ICON_FONT.search(text) for text in kept):  # and not the glyph without its font, which would be an empty box
        kept = [text for text in kept if not (ICON_FONT.search(text) or text.startswith("content:"))]
    return ";".join(kept)


def with_one_sheet(text, address):
    """Put the one style sheet where the page had the first of its many."""
    first = STYLE.search(text)
    if not first:
        return text
    head, rest = text[: first.start()], text[first.end() :]
    return f'{head}\n    <link rel="stylesheet" href="{address}" />{STYLE.sub("", rest)}'


def with_few_scripts(text, options):
    """Drop the scripts that this page does not use, and let the others wait."""

    def choose(found):
        name = found[1]
        marker = USED_BY.get(Path(name).name)
        if DROPPED.search("/" + name) or (marker and marker not in text) or "preload" in found[0]:
            return ""
        if name.endswith("documentation_options.js"):
            return f"\n    <script>{options}</script>"
        return (
            found[0]
            if re.search(r"<script [^>]*\b(defer|async)\b", found[0])
            else found[0].replace("<script", "<script defer", 1)
        )

    return SCRIPT.sub(choose, text)
