"""Derive the plain notebooks that Colab opens from the chapters' sources.

    python tools/colab.py [ROOT]            write notebooks/NN_slug.ipynb beside every notebooks/NN_slug.py
    python tools/colab.py [ROOT] --check    write nothing; exit 1 and name each notebook that is not current

Colab renders no MyST, so directives, roles, labels and citations become plain Markdown with links. Every page is
read twice: the first time only to learn its labels, numbers and citations, the second time to write it.
"""

import argparse
import hashlib
import os.path
import re
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jupytext
import nbformat
import yaml
from docutils.nodes import make_id
from markdown_it import MarkdownIt
from markdown_it.rules_inline.image import image
from markdown_it.rules_inline.link import link
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from mdit_py_plugins.myst_role.index import myst_role
from pybtex.backends.markdown import Backend as MarkdownBackend
from pybtex.database import BibliographyData, parse_file
from pybtex.style.formatting.plain import Style

ADMONITIONS = {"note": "Note", "tip": "Tip", "important": "Important", "warning": "Warning", "seealso": "See also"}
NUMBERED = {"theorem", "lemma", "proposition", "corollary", "definition", "example", "remark", "algorithm"}
FOLDED = {"hide-input", "hide-cell", "remove-input"}
NOT_PLAIN = {"footnote_ref": "a footnote", "footnote_reference_open": "a footnote", "dl_open": "a definition list"}

INTRODUCTION = """\
*This notebook is derived from [`{source}`]({source_url}) by `tools/colab.py`: change that file, not this one. The
formatted chapter is at <{page_url}>.*

*To run it on Colab choose **Runtime → Run all**. A GPU is optional: the chapter runs without one, and
**Runtime → Change runtime type** gives one for the larger scale.*"""

SETUP = '''\
# @title Set up: fetch the book's package and whatever it needs that is missing here
import os
import subprocess
import sys
from importlib.util import find_spec


def run(what, *command):
    """Run a command; stop with one sentence if it fails."""
    # Without this variable git would wait for a password that nobody can type.
    done = subprocess.run(command, env={{**os.environ, "GIT_TERMINAL_PROMPT": "0"}})
    if done.returncode:
        raise SystemExit(f"{{what}} failed (exit status {{done.returncode}}): check the network and run this cell again.")


if find_spec("overparam") is None:
    if not os.path.isdir("{folder}"):
        run("Cloning {url}", "git", "clone", "-q", "--depth", "1", "--branch", "{branch}", "{url}", "{folder}")
    sys.path.insert(0, os.path.abspath("{folder}/src"))
    for package in ("mnist1d",):
        if find_spec(package) is None:
            run(f"Installing {{package}}", sys.executable, "-m", "pip", "install", "-q", "--no-deps", package)'''


class Stop(Exception):
    """What cannot be derived, as one sentence that says where."""


class Unsupported(Exception):
    """What cannot be derived; the page that is being read adds where."""


@dataclass(frozen=True)
class Label:
    """Something that text can refer to: its page, its place there, and the words for it (a title or 'Figure 2')."""

    page: str
    anchor: str
    text: str


# --- Reading MyST -----------------------------------------------------------------------------------------------


def with_span(rule):
    """Make an inline rule note, on its last token, where in the text its match starts, its label ends and it ends."""

    def noting(state, silent):
        start = state.pos
        found = rule(state, silent)
        if found and not silent:
            is_image = state.src[start] == "!"
            label_end = -1 if rule is myst_role else state.md.helpers.parseLinkLabel(state, start + is_image)
            state.tokens[-1].meta["span"] = (start, label_end + 1, state.pos)
        return found

    return noting


def myst_parser():
    """Return a parser of the book's MyST whose role, link and image tokens know their place in the text."""
    parser = MarkdownIt("commonmark").enable("table")
    for plugin in (myst_block_plugin, myst_role_plugin, amsmath_plugin, colon_fence_plugin, deflist_plugin):
        parser.use(plugin)
    parser.use(footnote_plugin).disable("footnote_inline").use(dollarmath_plugin)
    for name, rule in (("myst_role", myst_role), ("link", link), ("image", image)):
        parser.inline.ruler.at(name, with_span(rule))
    return parser


PARSER = myst_parser()


def split_options(content):
    """Split a directive's content into (options, body, number of lines before the body)."""
    lines = content.rstrip("\n").split("\n")
    options, used = {}, 0
    if lines[0].startswith("---") and "---" in lines[1:]:
        used = lines.index("---", 1) + 1
        options = yaml.safe_load("\n".join(lines[1 : used - 1])) or {}
    else:
        while used < len(lines) and (option := re.match(r"\s*:([\w-]+):\s*(.*)", lines[used])):
            options[option[1]] = option[2].strip()
            used += 1
    return options, "\n".join(lines[used:]), used


def split_target(content):
    """Split a role's 'text <target>' into (text, target); the text is '' where only a target is given."""
    explicit = re.fullmatch(r"(.+?)\s*<([^<>]+)>", content, re.DOTALL)
    return (explicit[1], explicit[2]) if explicit else ("", content.strip())


# --- Writing Markdown -------------------------------------------------------------------------------------------


def apply_edits(text, edits):
    """Replace each span (start, end) of a text by its new text."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def quote(title, body):
    """Return a block quote under a bold title."""
    return "\n".join(f"> {line}".rstrip() for line in f"**{title}**\n\n{body}".strip().split("\n"))


def fold(title, body):
    """Return a body that is hidden until the reader opens it; blank lines keep the Markdown inside alive."""
    return f"<details>\n<summary><b>{title}</b></summary>\n\n{body}\n\n</details>"


def display(latex, number):
    """Return displayed mathematics; Sphinx aligns lines without being asked, Colab must be asked."""
    latex = latex.strip()
    if r"\\" in latex and r"\begin{" not in latex:
        latex = f"\\begin{{aligned}}\n{latex}\n\\end{{aligned}}"
    return f"$$\n{latex}\n$$" if number is None else f"$$\n{latex} \\tag{{{number}}}\n$$"


def in_place_of(lines, first, after, new, markup):
    """Return a block as it stands in place of some lines: with their list or quote prefix, apart from its neighbours."""
    if not new:
        return ""
    prefix = lines[first].partition(markup)[0]
    hanging = re.sub(r"[^>\s]", " ", prefix)
    out = [(hanging + line).rstrip() for line in new.split("\n")]
    out[0] = prefix + new.split("\n")[0]
    if first and prefix == hanging and lines[first - 1].strip("> \t"):
        out.insert(0, hanging.rstrip())
    if after < len(lines) and lines[after].strip("> \t"):
        out.append(hanging.rstrip())
    return "\n".join(out) + "\n"


# --- The book and its pages -------------------------------------------------------------------------------------


class Book:
    """What pages share: where the book is published, its references, and the labels and titles of all pages."""

    def __init__(self, root):
        config = yaml.safe_load((root / "_config.yml").read_text())
        self.root = root
        self.repository = config["repository"]["url"].rstrip("/")
        self.branch = config["repository"]["branch"]
        self.url = config["html"]["baseurl"].rstrip("/")
        bib = root / "book" / "references.bib"
        self.references = parse_file(str(bib)) if bib.exists() else BibliographyData()
        self.labels, self.titles, self.cited = {}, {}, {}
        self.notebooks = {}
        for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.py")):
            self.notebooks[f"notebooks/{path.stem}"] = jupytext.read(path, fmt="py:percent").cells
        self.prose = {p.relative_to(root).with_suffix("").as_posix(): p for p in sorted(root.glob("book/**/*.md"))}
        for key, path in self.prose.items():
            Page(self, key, scanning=True).convert(path.read_text())
        for key, cells in self.notebooks.items():
            Page(self, key, scanning=True).cells(cells)

    def page_url(self, key, anchor=""):
        """Return the address of a page, or of a place on it, in the published book."""
        return f"{self.url}/{key}.html" + (f"#{anchor}" if anchor else "")

    def file_url(self, path, view="blob"):
        """Return the address of a file in the repository: to look at ('blob') or itself ('raw')."""
        return f"{self.repository}/{view}/{self.branch}/{path}"

    def is_page(self, key):
        """Say whether there is a page of this name."""
        return key in self.notebooks or key in self.prose


class Page:
    """One page, read from its first line to its last: it counts, collects labels and gives plain Markdown."""

    def __init__(self, book, key, scanning=False):
        self.book, self.key, self.scanning = book, key, scanning
        self.cell, self.counts, self.pending = 1, Counter(), []
        if scanning:
            book.titles[key] = key
            book.cited[key] = []

    def cells(self, cells):
        """Return the plain cells of a notebook: code cells, and Markdown cells that say what they say in the book."""
        out = []
        for self.cell, cell in enumerate(cells, 1):
            tags = set(cell.metadata.get("tags", ()))
            if cell.cell_type == "raw" or ("remove-cell" in tags and "colab" not in tags):
                continue
            if cell.cell_type == "markdown":
                out.append(("markdown", self.convert(cell.source).strip(), {}))
                continue
            out.append(("code", *folded(cell.source)) if tags & FOLDED else ("code", cell.source, {}))
            if figure := cell.metadata.get("mystnb", {}).get("figure"):
                out.append(("markdown", self.caption(figure.get("caption", ""), figure.get("name"), 1), {}))
        return [cell for cell in out if cell[1]]

    def convert(self, text, line=1):
        """Return MyST as plain Markdown; all that is plain already stays as it is."""
        lines = text.split("\n")
        starts = list(accumulate((len(each) + 1 for each in lines), initial=0))
        edits, cursor, heading = [], Counter(), ""
        for token in PARSER.parse(text):
            first, after = token.map or (0, 0)
            here, new = line + first, None
            if token.type in NOT_PLAIN:
                self.attempt(here, self.not_plain, NOT_PLAIN[token.type])
            elif token.type == "heading_open":
                heading = token.tag
                continue
            elif token.type == "inline":
                changes = self.inline(token, here)
                edits += self.placed(token, changes, lines, starts, cursor, here)
                if heading:
                    self.head(heading, apply_edits(token.content, changes))
                heading = ""
            elif token.type in ("myst_target", "myst_line_comment", "myst_block_break"):
                new = ""
                self.pending += [token.content] if token.type == "myst_target" else []
            elif token.type in ("math_block", "math_block_label"):
                number = self.equation(token.info) if token.info else None
                if number or r"\\" in token.content:
                    new = display(token.content, number)
            elif token.type == "colon_fence" or (token.type == "fence" and token.info.strip().startswith("{")):
                new = self.attempt(here, self.directive, token, here)
            if new is not None:
                block = in_place_of(lines, first, after, new, token.markup)
                edits.append((starts[first], starts[after], block))
            if token.type not in ("myst_target", "myst_line_comment"):
                self.label("")
        return apply_edits(text + "\n", edits).rstrip("\n")

    def attempt(self, line, handler, *arguments):
        """Return what a handler gives; if it cannot, stop, saying where, unless labels are only being collected."""
        try:
            return handler(*arguments)
        except Unsupported as what:
            if self.scanning:
                return ""
            source = f"{self.key}.py, cell {self.cell}, line {line}"
            raise Stop(f"{source}: {what}.") from None

    def not_plain(self, what):
        raise Unsupported(f"{what} does not show on Colab: use a margin note or a list")

    # --- numbers and labels

    def count(self, kind):
        """Return the next number of a kind of thing, 'Figure 2'."""
        self.counts[kind] += 1
        return f"{kind} {self.counts[kind]}"

    def label(self, text, *names, anchor="{}"):
        """Let the given names, and the targets just above, stand for something on this page."""
        for name in filter(None, [*names, *self.pending]):
            self.book.labels[name.lower()] = Label(self.key, make_id(anchor.format(name)), text)
        self.pending = []

    def head(self, tag, title):
        """Note a heading: as the page's title if it is the first of all, and by its labels and its anchor."""
        if tag == "h1" and self.book.titles[self.key] == self.key:
            self.book.titles[self.key] = title
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        self.book.labels[f"{self.key}#{anchor}"] = Label(self.key, make_id(title), title)
        self.label(title)

    def equation(self, name):
        """Number a labelled equation."""
        number = self.count("Equation").split()[1]
        self.label(f"({number})", name, anchor="equation-{}")
        return number

    def caption(self, text, name, line):
        """Number a figure and return its caption."""
        number = self.count("Figure")
        self.label(number, name)
        return f"**{number}.** {self.convert(text, line)}"

    # --- directives

    def directive(self, token, line):
        """Return a directive as plain Markdown."""
        opening = re.match(r"\{([^\s}]+)\}\s*(.*)", token.info.strip())
        if not opening:
            raise Unsupported("a colon fence names no directive")
        name, title = opening[1], opening[2].strip()
        options, body, used = split_options(token.content)
        line += 1 + used
        label, fold_it = options.get("label") or options.get("name"), "dropdown" in str(options.get("class", ""))
        frame = fold if fold_it else quote
        domain, _, kind = name.rpartition(":")
        match name:
            case "note" | "tip" | "important" | "warning" | "seealso":
                self.label(ADMONITIONS[name], label)
                return frame(ADMONITIONS[name], self.convert(f"{title}\n{body}".strip("\n"), line - bool(title)))
            case "admonition" | "dropdown" | "margin":
                title = self.convert(title, line) or "Aside"
                self.label(title, label)
                return (fold if name == "dropdown" else frame)(title, self.convert(body, line))
            case "math":
                return display(f"{title}\n{body}", self.equation(label) if label else None)
            case "image" | "figure":
                shown = f"![{options.get('alt', '')}]({self.image_url(title)})"
                return f"{shown}\n\n{self.caption(body.strip(), label, line)}" if body.strip() else shown
            case "prf:proof":
                return f"**Proof.**\n\n{self.convert(f'{title}\n{body}'.strip(), line)}\n\n∎"
            case _ if domain == "prf" and kind in NUMBERED:
                title = self.numbered(kind.capitalize(), title, options, label)
                return frame(title, self.convert(body, line))
            case "exercise":
                title = self.numbered("Exercise", title, options, label)
                return frame(title, self.convert(body, line))
            case "exercise-start":
                return f"**{self.numbered('Exercise', title, options, label)}**"
            case "solution":
                return fold(self.solution_title(title, label), self.convert(body, line))
            case "solution-start":
                return f"**{self.solution_title(title, label)}**"
            case "solution-end":
                return "---"
            case "bibliography":
                return self.bibliography()
            case "exercise-end" | "only" | "raw" | "tableofcontents":
                return ""
        if self.scanning:  # pages that are only linked to may hold anything: look for labels inside
            if name == "glossary":
                self.glossary(body)
            self.convert(body, line)
        raise Unsupported(f"the directive {{{name}}} has no plain form on Colab")

    def numbered(self, kind, title, options, label):
        """Number a theorem, an exercise or the like and return its title line."""
        number = kind if "nonumber" in options else self.count(kind)
        self.label(number, label)
        return f"{number} ({self.convert(title)})." if title else f"{number}."

    def solution_title(self, exercise, label):
        """Return the title line of the solution of an exercise."""
        title = f"Solution to {self.found(exercise).text}"
        self.label(title, label)
        return f"{title}."

    def bibliography(self):
        """Return the list of the works that this page cites."""
        entries = Style().format_entries([self.entry(key) for key in dict.fromkeys(self.book.cited[self.key])])
        return "\n".join("- " + entry.text.render(MarkdownBackend()).replace("\n", " ") for entry in entries)

    def glossary(self, body):
        """Note the terms of a glossary: its lines that are not indented."""
        for term in filter(None, re.findall(r"^\S.*$", body, re.MULTILINE)):
            anchor = re.sub(r"[^a-zA-Z0-9._]+", "-", f"term-{term}")
            self.book.labels[f"term {term.lower()}"] = Label(self.key, anchor, term)

    # --- text: roles, links, images

    def inline(self, token, line):
        """Return the edits (start, end, new text) that make a token's text plain."""
        text, edits, links = token.content, [], []
        for child in token.children:
            start, label_end, end = child.meta.get("span", (0, 0, 0))
            here = line + text.count("\n", 0, start)
            if child.type in NOT_PLAIN:
                self.attempt(here, self.not_plain, NOT_PLAIN[child.type])
            elif child.type == "myst_role":
                edits.append((start, end, self.attempt(here, self.role, child.meta["name"], child.content)))
            elif child.type == "link_open":
                links.append(child)
            elif child.type == "link_close":
                href = links.pop().attrs["href"]
                if not end:
                    self.attempt(here, self.web_only, href)
                elif new := self.attempt(here, self.link, href, text[start + 1 : label_end - 1]):
                    edits += [(start, start + 1, new[0]), (label_end - 1, end, new[1])]
            elif child.type == "image" and end:
                source = self.attempt(here, self.image_url, child.attrs["src"])
                title = f' "{child.attrs["title"]}"' if "title" in child.attrs else ""
                edits.append((label_end, end, f"({source}{title})"))
        return edits

    def placed(self, token, edits, lines, starts, cursor, line):
        """Move edits of a token's text to where that text stands in the source, whose lines may have a prefix."""
        if not edits:
            return []
        first, places, offset = token.map[0], [], 0
        for number, part in enumerate(token.content.split("\n"), first):
            column = lines[number].find(part, cursor[number])
            if column < 0:
                raise Stop(f"{self.key}.py, cell {self.cell}, line {line}: write this line without tabs or escaped |.")
            cursor[number] = column + len(part)
            places.append((offset, starts[number] + column))
            offset += len(part) + 1

        def place(position):
            start, base = max(each for each in places if each[0] <= position)
            return base + position - start

        return [(place(start), place(end), new) for start, end, new in edits]

    def role(self, name, content):
        """Return a role as plain Markdown."""
        text, target = split_target(content)
        match name:
            case "math":
                return f"${content}$"
            case "sub" | "sup":
                return f"<{name}>{content}</{name}>"
            case "abbr":
                return content
            case "cite" | "cite:p":
                return "(" + "; ".join(self.citation(key, "{}, {}") for key in content.split(",")) + ")"
            case "cite:t":
                return ", ".join(self.citation(key, "{} ({})") for key in content.split(","))
            case "ref" | "numref" | "eq" | "prf:ref":
                return self.reference(self.found(target), text)
            case "term":
                return self.reference(self.found(f"term {target}"), text or target)
            case "doc":
                key = self.resolve(target)
                if not self.book.is_page(key):
                    raise Unsupported(f"there is no page '{target}' in the book")
                return f"[{text or self.book.titles[key]}]({self.book.page_url(key)})"
        raise Unsupported(f"the role {{{name}}} has no plain form on Colab")

    def found(self, name):
        """Return the label of a name."""
        if label := self.book.labels.get(name.lower()):
            return label
        raise Unsupported(f"nothing in the book is called '{name}'")

    def reference(self, label, text):
        """Return the words for a reference, a link if it leads to another page."""
        if not (text or label.text):
            raise Unsupported(f"a reference to '{label.anchor}', which has no number or title, needs words of its own")
        number = label.text.rpartition(" ")[2]
        text = text.replace("%s", number).replace("{number}", number).replace("{name}", label.text)
        if label.page == self.key:
            return text or label.text
        # The number is the one that the other page's own derived notebook shows, so name that page.
        is_numbered = re.fullmatch(r"([A-Z]\w+ \d+|\(\d+\))", label.text)
        of_page = f" of {self.book.titles[label.page]}" if is_numbered else ""
        return f"[{text or label.text + of_page}]({self.book.page_url(label.page, label.anchor)})"

    def link(self, href, text):
        """Return what takes the place of a link's opening bracket and of its end, None if the link is plain."""
        if urlsplit(href).scheme:
            return self.web_only(href)
        path, _, anchor = unquote(href).partition("#")
        key = self.resolve(re.sub(r"\.(md|py|ipynb)$", "", path)) if path else self.key
        if self.book.is_page(key):
            if anchor:
                label = self.book.labels.get(f"{key}#{anchor}".lower()) or self.found(anchor)
                words = self.reference(label, text)
                return (words, "") if not text or label.page == self.key else ("[", f"]{words[len(text) + 2 :]}")
            return f"[{text and ''}{'' if text else self.book.titles[key]}", f"]({self.book.page_url(key)})"
        return "[", f"]({self.book.file_url(self.existing(path))})"

    def web_only(self, href):
        """Accept an address of the web, which needs no change."""
        if urlsplit(href).scheme not in ("http", "https", "mailto"):
            raise Unsupported(f"the link '{href}' leads neither to the web nor to a file")

    def resolve(self, path):
        """Return a path that is given on this page (or from the root, with '/') relative to the root."""
        folder = "" if path.startswith("/") else os.path.dirname(self.key)
        return os.path.normpath(os.path.join(folder, path.lstrip("/")))

    def existing(self, path):
        """Return a file's path relative to the root."""
        if (self.book.root / self.resolve(path)).exists():
            return self.resolve(path)
        raise Unsupported(f"there is no file '{path}'")

    def image_url(self, path):
        """Return the address at which Colab finds a picture."""
        return path if urlsplit(path).scheme else self.book.file_url(self.existing(unquote(path)), "raw")

    def entry(self, key):
        """Return an entry of the references."""
        if key in self.book.references.entries:
            return self.book.references.entries[key]
        raise Unsupported(f"book/references.bib has no entry '{key}'")

    def citation(self, key, form):
        """Return 'author, year' of a work, linked to the work."""
        entry = self.entry(key.strip())
        self.book.cited[self.key].append(entry.key)
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [" ".join(map(str, person.rich_prelast_names + person.rich_last_names)) for person in people]
        who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
        fields = entry.fields
        url = fields.get("doi") and f"https://doi.org/{fields['doi']}"
        url = url or (fields.get("eprint") and f"https://arxiv.org/abs/{fields['eprint']}") or fields.get("url")
        words = form.format(who or fields.get("title", entry.key), fields.get("year", "n.d."))
        return f"[{words}]({url})" if url else words


# --- Notebooks --------------------------------------------------------------------------------------------------


def folded(source):
    """Return the source and the metadata of a code cell whose code Colab folds under a title."""
    title, rest = "Plot", source
    if source.startswith("#"):
        first, _, rest = source.partition("\n")
        title = first.lstrip("# ")
    return f"# @title {title}\n{rest}", {"cellView": "form"}


def derive(book, key):
    """Return the text of the notebook that Colab opens for a chapter."""
    source = f"{key}.py"
    introduction = INTRODUCTION.format(
        source=source, source_url=book.file_url(source), page_url=book.page_url(key)
    )
    setup = SETUP.format(url=book.repository, branch=book.branch, folder=book.repository.rpartition("/")[2])
    cells = [("markdown", introduction, {}), ("code", *folded(setup)), *Page(book, key).cells(book.notebooks[key])]
    notebook = nbformat.v4.new_notebook(
        metadata={
            "colab": {"provenance": [], "toc_visible": True},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for position, (kind, text, metadata) in enumerate(cells):
        new_cell = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        # nbformat would draw a random id; the same source must give the same bytes.
        cell_id = hashlib.sha256(f"{position} {kind} {text}".encode()).hexdigest()[:8]
        notebook.cells.append(new_cell(text, id=cell_id, metadata=metadata))
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a notebook is not current")
    arguments = parser.parse_args(argv)
    try:
        book = Book(arguments.root)
        derived = {arguments.root / f"{key}.ipynb": derive(book, key) for key in book.notebooks}
    except Stop as what:
        print(what, file=sys.stderr)
        return 1
    stale = [path for path, text in derived.items() if not path.exists() or path.read_text() != text]
    orphans = sorted(set(arguments.root.glob("notebooks/*.ipynb")) - set(derived))
    if arguments.check:
        for path in stale:
            print(f"{path.relative_to(arguments.root)} is not current: run python tools/colab.py")
        for path in orphans:
            print(f"{path.relative_to(arguments.root)} has no source beside it: remove it")
        return int(bool(stale or orphans))
    for path in stale:
        path.write_text(derived[path])
        print(f"{path.relative_to(arguments.root)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
