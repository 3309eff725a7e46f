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
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline.image import image
from markdown_it.rules_inline.link import link
from mdit_py_plugins.myst_role.index import myst_role
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser
from pybtex.backends.markdown import Backend
from pybtex.database import BibliographyData, parse_file
from pybtex.style.formatting.plain import Style

import contents
import quiz
from overparam import __version__

ADMONITIONS = {"note": "Note", "tip": "Tip", "important": "Important", "warning": "Warning", "seealso": "See also"}
PROOFS = {"theorem", "lemma", "proposition", "corollary", "definition", "example", "remark", "algorithm"}
DROPPED = {"exercise-end", "ledger", "only", "raw", "tableofcontents"}
LOST = {
    "footnote_ref": "footnotes do not show on Colab, use a margin note",
    "dl_open": "definition lists do not show on Colab, use a list",
}
FOLDED = {"hide-input", "hide-cell", "remove-input"}

INTRODUCTION = """\
*This notebook is derived from [`{source}`]({source_url}) by `tools/colab.py`: change that file, not this one. The
formatted chapter is at <{page_url}>.*

*To run it on Colab choose **Runtime → Run all**. A GPU is optional: **Runtime → Change runtime type** gives one.*"""

SETUP = """\
# Set up: fetch the book's package, and what it needs and Colab lacks
# @markdown What is trained is lost with the session, unless you name a folder to keep it in (on Colab: /content/drive/MyDrive/overparam).
keep_in = ""  # @param {{type:"string"}}
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

sources = [Path(found.origin).parent.parent] if (found := find_spec("overparam")) and found.origin else []  # installed
sources += [folder / "src" for folder in (Path.cwd(), *Path.cwd().parents)]  # the notebook lies in a checkout
try:
    named = "" if keep_in else os.environ.get("OVERPARAM_CACHE")  # imports from a Drive are slow
    kept = Path(named or "~/.cache/overparam").expanduser().absolute()
    copy = kept / "{folder}"  # for all notebooks
    source = next((each for each in sources if os.path.exists(each / "overparam/engine/sweep.py")), copy / "src")
    package = source / "overparam/__init__.py"
    if not package.exists():
        kept.mkdir(parents=True, exist_ok=True)
        # These would lead git to another repository; and nobody could type a password that it waits for.
        lead = ("GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")
        env = {{key: value for key, value in os.environ.items() if key not in lead}} | {{"GIT_TERMINAL_PROMPT": "0"}}
        options = dict(env=env, check=True, capture_output=True, encoding="utf-8", errors="replace")
        with tempfile.TemporaryDirectory(dir=kept) as folder:
            clone, whole = Path(folder, "clone"), Path(folder, "whole")
            subprocess.run(["git", "clone", "-q", "--depth", "1", "--branch", "{branch}", "{url}", clone], **options)
            if find_spec("mnist1d") is None:
                subprocess.run([sys.executable, *"-m pip install -q --no-deps --no-user mnist1d -t".split(), clone / "src"], **options)
            for part in ("src", "data"):  # no answers to assignments, and nothing that makes it a checkout
                os.renames(clone / part, whole / part)
            try:
                if os.path.lexists(copy) and not package.exists():
                    copy.rename(Path(folder, "incomplete"))
                whole.rename(copy)
            except OSError:  # another notebook was faster
                if not package.exists():
                    raise
    if str(source) not in sys.path:
        sys.path.insert(0, str(source))
    import overparam
except subprocess.CalledProcessError as error:
    what, said = "Cloning {url}" if error.cmd[0] == "git" else "Installing mnist1d", " ".join(error.stderr.split())
    raise SystemExit(f"{{what}} failed: check the network, then run this cell again ({{said}}).") from None
except ImportError as error:
    raise SystemExit(error) from None
except FileNotFoundError:
    raise SystemExit("The package is fetched with git, which is not installed: install it, then run this cell again.") from None
except (OSError, RuntimeError) as error:
    raise SystemExit(f"No place for the package ({{error}}): run %env OVERPARAM_CACHE=<your folder>, then this cell again.") from None
if Path(overparam.__file__ or "") != package:
    raise SystemExit("Another package called overparam was imported before: restart Python, then run this cell first.")
place = f"{{copy}}; for a newer one, remove this folder and restart Python" if source == copy / "src" else source
from overparam.report import notebook
print(f"The book's package is in {{place}}.", notebook.start(keep_in))"""


class MystError(Exception):
    """What cannot be said on Colab, as one sentence that begins with where it is."""


@dataclass(frozen=True)
class Label:
    """What text can refer to: its page, its place there, and the words for it (a title, 'Figure 2', '(3)' or '')."""

    page: str
    anchor: str
    text: str


# --- Reading MyST -----------------------------------------------------------------------------------------------


def noting_span(rule):
    """Make an inline rule note in its last token where its match starts, where its label ends and where it ends."""

    def noting(state, silent):
        start = state.pos
        found = rule(state, silent)
        if found and not silent:
            label = None if rule is myst_role else state.md.helpers.parseLinkLabel(state, start + (rule is image))
            state.tokens[-1].meta["span"] = (start, label, state.pos)
        return found

    return noting


def myst_parser():
    """Return the parser that the book uses, made to note the places of roles, links and images."""
    extensions = {"amsmath", "colon_fence", "deflist", "dollarmath"}
    parser = create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)
    for name, rule in (("myst_role", myst_role), ("link", link), ("image", image)):
        parser.inline.ruler.at(name, noting_span(rule))
    return parser


PARSER = myst_parser()


def split_options(content):
    """Split a directive's content into (options, body, number of lines before the body)."""
    lines = content.rstrip("\n").split("\n")
    options, used = {}, 0
    if lines[0] == "---" and "---" in lines[1:]:
        used = lines.index("---", 1) + 1
        options = yaml.safe_load("\n".join(lines[1 : used - 1])) or {}
    while used < len(lines) and (option := re.match(r"\s*:([\w-]+):\s*(.*)", lines[used])):
        options[option[1]] = option[2].strip()
        used += 1
    return options, "\n".join(lines[used:]), used


# --- Writing Markdown -------------------------------------------------------------------------------------------


def apply_edits(text, edits):
    """Replace each span (start, end) of a text by its new text."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def quote(title, body):
    """Return a block quote under a bold title."""
    return "\n".join(f"> {line}".rstrip() for line in f"**{title}**\n\n{body}".strip().split("\n"))


def lettered(body):
    """Return a body whose numbered list has letters in place of numbers, which Markdown cannot say."""
    return re.sub(r"^(\d+)\. ", lambda found: f"- **{chr(64 + int(found[1]))}.** ", body, flags=re.M)


def fold(title, body):
    """Return a body that is hidden until the reader opens it; blank lines keep the Markdown inside alive."""
    return f"<details>\n<summary><b>{title}</b></summary>\n\n{body}\n\n</details>"


def display(latex, number):
    """Return displayed mathematics; Sphinx aligns its lines without being asked, Colab must be asked."""
    latex = latex.strip()
    if r"\\" in latex and not latex.startswith(r"\begin{"):
        latex = f"\\begin{{aligned}}\n{latex}\n\\end{{aligned}}"
    return f"$$\n{latex} \\tag{{{number}}}\n$$" if number else f"$$\n{latex}\n$$"


def in_place_of(lines, first, after, markup, new):
    """Return a block to stand for some lines: behind their list or quote prefix and apart from its neighbours."""
    if not new:
        return ""
    prefix = lines[first].partition(markup)[0]
    hanging = re.sub(r"[^>\s]", " ", prefix)
    above = hanging.rstrip() + "\n" if first and prefix == hanging and lines[first - 1].strip("> \t") else ""
    below = hanging.rstrip() + "\n" if after < len(lines) and lines[after].strip("> \t") else ""
    rows = [(hanging + row).rstrip() + "\n" for row in new.split("\n")]
    return above + prefix + rows[0][len(prefix) :] + "".join(rows[1:]) + below


# --- The book and its pages -------------------------------------------------------------------------------------


class Book:
    """What pages share: where the book is published, its references, and all pages' titles, labels and citations."""

    def __init__(self, root):
        config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
        self.root = root
        self.repository, self.branch = config["repository"]["url"].rstrip("/"), config["repository"]["branch"]
        self.url = config["html"]["baseurl"].rstrip("/")
        bib = root / "book" / "references.bib"
        self.references = parse_file(str(bib)) if bib.exists() else BibliographyData()
        chapters = sorted([*root.glob("notebooks/[0-9][0-9]_*.py"), *root.glob("notebooks/library_*.py")])
        self.chapters = {f"notebooks/{path.stem}": jupytext.read(path, fmt="py:percent").cells for path in chapters}
        prose = {path.relative_to(root).with_suffix("").as_posix(): path for path in root.glob("book/**/*.md")}
        self.titles = {key: key for key in [*self.chapters, *prose]}
        self.labels, self.cited = {}, {key: [] for key in self.titles}
        for key, path in sorted(prose.items()):
            Page(self, key, scanning=True).convert(path.read_text(encoding="utf-8"))
        for key, cells in self.chapters.items():
            Page(self, key, scanning=True).cells(cells)

    def page_url(self, key, anchor=""):
        """Return the address of a page, or of a place on it, in the published book."""
        return f"{self.url}/{key}.html" + (f"#{anchor}" if anchor else "")

    def file_url(self, path, view="blob"):
        """Return the address of a file in the repository: to look at ('blob') or the file itself ('raw')."""
        return f"{self.repository}/{view}/{self.branch}/{path}"


class Page:
    """One page, read from its first line to its last: it counts, collects labels and gives plain Markdown."""

    def __init__(self, book, key, scanning=False):
        self.book, self.key, self.scanning = book, key, scanning
        self.cell, self.line, self.counts, self.targets = 1, 1, Counter(), []

    def cells(self, cells):
        """Return a chapter's cells as (kind, text, metadata), each figure followed by its caption."""
        out = []
        for number, cell in enumerate(cells, 1):
            self.cell = number
            tags = set(cell.metadata.get("tags", ()))
            if cell.cell_type == "raw" or ("remove-cell" in tags and "colab" not in tags):
                continue
            if cell.cell_type == "markdown":
                out.append(("markdown", self.convert(cell.source).strip(), {}))
                continue
            out.append(("code", *folded(cell.source)) if tags & FOLDED else ("code", cell.source, {}))
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            if "caption" in figure:
                out.append(("markdown", self.caption(figure["caption"], figure.get("name"), 1), {}))
        return [cell for cell in out if cell[1]]

    def convert(self, text, line=1):
        """Return MyST as plain Markdown; whatever is plain already stays as it is."""
        lines = text.split("\n")
        starts = list(accumulate((len(each) + 1 for each in lines), initial=0))
        edits, env, heading = [], {}, None
        for token in PARSER.parse(text, env):
            first, after = token.map or (0, 0)
            new = None
            if token.type == "inline":
                # Read the lines themselves, not the token, whose text has lost its place (quote and list prefixes).
                source = text[starts[first] : starts[after]]
                changes = self.inline(source, env, line + first)
                edits += [(starts[first] + start, starts[first] + end, to) for start, end, to in changes]
                if heading:
                    self.head(heading, apply_edits(source, changes).strip("# \n"))
            elif token.type in ("myst_target", "myst_line_comment", "myst_block_break"):
                new = ""
            elif token.type in ("math_block", "math_block_label") and (token.info or r"\\" in token.content):
                new = display(token.content, token.info and self.equation(token.info))
            elif token.type == "colon_fence" or (token.type == "fence" and token.info.lstrip().startswith("{")):
                new = self.attempt(line + first, self.directive, token)
            elif token.type in LOST:
                self.attempt(line + first, self.stop, LOST[token.type])
            if new is not None:
                edits.append((starts[first], starts[after], in_place_of(lines, first, after, token.markup, new)))
            if token.type == "myst_target":
                self.targets.append(token.content)
            elif token.type not in ("heading_open", "myst_line_comment"):
                self.label("")  # targets above anything else have a place but no words
            heading = token.tag if token.type == "heading_open" else None
        return apply_edits(text + "\n", dict.fromkeys(edits)).rstrip("\n")  # a table's cells share one line

    def stop(self, what):
        """Stop with one sentence that says where."""
        raise MystError(f"{self.key}.py, cell {self.cell}, line {self.line}: {what}.")

    def attempt(self, line, handler, *arguments):
        """Return what a handler gives for something on a line; what it refuses does not matter while scanning."""
        self.line = line
        try:
            return handler(*arguments)
        except MystError:
            if not self.scanning:
                raise
            return ""

    # Numbers and labels

    def count(self, kind):
        """Return the next of a kind, as 'Figure 2'."""
        self.counts[kind] += 1
        return f"{kind} {self.counts[kind]}"

    def label(self, text, name=None, anchor="{}"):
        """Let a name, and the targets just above, stand for this place."""
        for each in filter(None, [name, *self.targets]):
            self.book.labels[each.lower()] = Label(self.key, make_id(anchor.format(each)), text)
        self.targets = []

    def head(self, tag, title):
        """Note a heading: the first of all is the page's title."""
        if tag == "h1" and self.book.titles[self.key] == self.key:
            self.book.titles[self.key] = title
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        self.book.labels[f"{self.key}#{slug}".lower()] = Label(self.key, make_id(title), title)
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

    def numbered(self, kind, title, options, name):
        """Number a theorem, an exercise or the like and return its title line."""
        number = kind if "nonumber" in options else self.count(kind)
        self.label(number, name)
        return f"{number} ({self.convert(title, self.line)})." if title else f"{number}."

    # Directives

    def directive(self, token):
        """Return a directive as plain Markdown."""
        opening = re.match(r"\{([^\s}]+)\}\s*(.*)", token.info.strip()) or self.stop("a colon fence names no directive")
        name, title = opening.groups()
        options, body, used = split_options(token.content)
        label = options.get("label") or options.get("name")
        body_line = self.line + 1 + used
        frame = fold if "dropdown" in str(options.get("class")) else quote
        kind = name.removeprefix("prf:").removesuffix("-start").capitalize()
        if name in DROPPED:
            return ""
        if name in ADMONITIONS or name == "prf:proof":  # these take no title: what follows their name is text
            self.label(ADMONITIONS.get(name, "Proof"), label)
            text = self.convert(f"{title}\n{body}", body_line - 1).strip()
            return f"**Proof.**\n\n{text}\n\n∎" if name == "prf:proof" else frame(ADMONITIONS[name], text)
        if name in ("admonition", "dropdown", "margin"):
            title = self.convert(title, self.line) or "Aside"
            self.label(title, label)
            return (fold if name == "dropdown" else frame)(title, self.convert(body, body_line))
        if name == "predict":
            return quote("Predict before you run", lettered(self.convert(body, body_line)))
        if name == "math":
            return display(f"{title}\n{body}", label and self.equation(label))
        if name in ("image", "figure"):
            shown = f"![{options.get('alt', '')}]({self.image_url(title)})"
            return f"{shown}\n\n{self.caption(body.strip(), label, body_line)}" if body.strip() else shown
        if name in ("exercise", "exercise-start") or (name.startswith("prf:") and kind.lower() in PROOFS):
            heading = self.numbered(kind, title, options, label)
            return f"**{heading}**" if name == "exercise-start" else frame(heading, self.convert(body, body_line))
        if name in ("solution", "solution-start"):
            title = f"Solution to {self.found(title).text}"
            self.label(title, label)
            return f"**{title}.**" if name == "solution-start" else fold(f"{title}.", self.convert(body, body_line))
        if name == "solution-end":
            return "---"
        if name == "bibliography":
            return self.bibliography()
        if name == "quiz":
            return self.quiz()
        if name == "chapters":
            return self.chapters()
        if name == "ways-in":
            return self.ways_in(body)
        if name == "lab":
            here, figure = self.book.page_url(self.key, f"lab-{title}"), self.found(options.get("figure", ""))
            return f"*On the [book's page]({here}) one can experiment here by hand. The Python experiment: {self.reference(figure, '')}.*"
        if self.scanning:  # a page that is only linked to may hold anything: look for what has a name
            self.note_terms(body if name == "glossary" else "")
            self.convert(body)
        return self.stop(f"the directive {{{name}}} has no plain form for Colab")

    def bibliography(self):
        """Return the list of the works that this page cites."""
        cited = [self.entry(key) for key in dict.fromkeys(self.book.cited[self.key])]
        works = [work.text.render(Backend()).replace("\n", " ") for work in Style().format_entries(cited)]
        return "\n".join(f"- {work}" for work in works)

    def quiz(self):
        """Return this chapter's questions, with what there is to say of each option folded under its letter."""
        try:
            questions = quiz.read(self.book.root / quiz.FOLDER / f"{os.path.basename(self.key)}.yaml")
        except quiz.QuizError as error:
            return self.stop(str(error).rstrip("."))
        blocks, line = [], self.line
        for number, question in enumerate(questions, 1):
            lettered = list(zip("ABCDEFGHIJ", question.options, strict=False))
            blocks.append(f"**Question {number}.** {self.convert(question.text, line)}")
            blocks.append("\n".join(f"- **{letter}.** {self.convert(o.text, line)}" for letter, o in lettered))
            for letter, option in lettered:
                why = f"**{option.verdict}** {self.convert(option.why, line)}"
                blocks.append(fold(f"If you chose {letter}", why))
        return "\n\n".join(blocks)

    def chapters(self):
        """Return the chapters with their questions."""
        entries = contents.chapters(self.book.root)
        return "\n".join(f"- {self.page_link(entry.name)}: {entry.question}" for entry in entries)

    def ways_in(self, body):
        """Return the pages that lead into the book, each with what it is for."""
        ways = (line.split(": ", 1) for line in body.split("\n") if line.strip())
        return "\n".join(f"- {words.partition(' | ')[0]}: {self.page_link(page.strip('/ '))}" for page, words in ways)

    def page_link(self, key):
        """Return a page's title as a link to it."""
        return f"[{self.book.titles[key]}]({self.book.page_url(key)})"

    def note_terms(self, glossary):
        """Note the terms of a glossary: its lines that are not indented."""
        for term in re.findall(r"^\S.*", glossary, re.MULTILINE):
            anchor = re.sub(r"[^a-zA-Z0-9._]+", "-", f"term-{term}")
            self.book.labels[f"term {term.lower()}"] = Label(self.key, anchor, term)

    # Roles, links and images

    def inline(self, text, env, line):
        """Return the edits (start, end, new text) that make a text plain."""
        edits, links = [], []
        for token in PARSER.parseInline(text, env)[0].children:
            start, label_end, end = token.meta.get("span", (0, 0, 0))
            here = line + text.count("\n", 0, start)
            if token.type in LOST:
                self.attempt(line, self.stop, LOST[token.type])
            elif token.type == "myst_role":
                edits.append((start, end, self.attempt(here, self.role, token.meta["name"], token.content)))
            elif token.type == "image" and not urlsplit(token.attrs["src"]).scheme:
                edits.append((label_end + 1, end, f"({self.attempt(here, self.image_url, token.attrs['src'])})"))
            elif token.type == "link_open":
                links.append(token.attrs["href"])
            elif token.type == "link_close" and (target := self.attempt(here, self.link, links.pop())):
                words, url = target
                words = "" if text[start + 1 : label_end] else words
                edits.append((start, start + 1, "[" if url else ""))
                edits.append((label_end, end, f"{words}]({url})" if url else words))
        return edits

    def role(self, name, content):
        """Return a role as plain Markdown."""
        explicit = re.fullmatch(r"(.+?)\s*<([^<>]+)>", content)
        text, target = explicit.groups() if explicit else ("", content.strip())
        if name == "math":
            return f"${content}$"
        if name in ("sub", "sup"):
            return f"<{name}>{content}</{name}>"
        if name == "abbr":
            return content
        if name in ("cite", "cite:p"):
            return "(" + "; ".join(self.citation(key, "{}, {}") for key in content.split(",")) + ")"
        if name == "cite:t":
            return ", ".join(self.citation(key, "{} ({})") for key in content.split(","))
        if name == "term":
            return self.reference(self.found(target, "term "), text or target)
        if name in ("ref", "numref", "eq", "prf:ref"):
            return self.reference(self.found(target), text)
        if name == "doc" and (key := self.resolve(target)) in self.book.titles:
            return f"[{text or self.book.titles[key]}]({self.book.page_url(key)})"
        if name == "assignment" and (found := assignment(self.book.root, target)):
            return f"[{text or found[0]}]({found[1]})"
        return self.stop(f"the role {{{name}}}`{content}` has no plain form for Colab, or leads nowhere")

    def found(self, name, kind=""):
        """Return the label of a name."""
        return self.book.labels.get(kind + name.lower()) or self.stop(f"nothing in the book is called '{name}'")

    def words(self, label):
        """Return what a label is called here; another page's number is that of its own derived notebook."""
        words = label.text or self.stop(f"'{label.anchor}' has no number and no title, so say what to call it")
        is_number = label.page != self.key and re.fullmatch(r"[A-Z]\w+ \d+|\(\d+\)", words)
        return f"{words} of {self.book.titles[label.page]}" if is_number else words

    def reference(self, label, text):
        """Return the words for a label, linked if it is on another page."""
        number = label.text.rpartition(" ")[2]
        for field, value in (("%s", number), ("{number}", number), ("{name}", label.text)):
            text = text.replace(field, value)
        text = text or self.words(label)
        return text if label.page == self.key else f"[{text}]({self.book.page_url(label.page, label.anchor)})"

    def link(self, href):
        """Return (words, address) of a link: '' is an address on this page; None is a link that is plain already."""
        if urlsplit(href).scheme in ("http", "https", "mailto"):
            return None
        path, _, anchor = unquote(href).partition("#")
        key = self.resolve(re.sub(r"\.(md|py|ipynb)$", "", path)) if path else self.key
        if key not in self.book.titles:
            return path, self.book.file_url(self.existing(path))
        if not anchor:
            return self.book.titles[key], self.book.page_url(key)
        label = self.book.labels.get(f"{key}#{anchor}".lower()) or self.found(anchor)
        return self.words(label), label.page != self.key and self.book.page_url(label.page, label.anchor)

    def resolve(self, path):
        """Return a path, given from this page or with '/' from the root, as seen from the root."""
        folder = "" if path.startswith("/") else os.path.dirname(self.key)
        return os.path.normpath(os.path.join(folder, path.lstrip("/")))

    def existing(self, path):
        """Return the path of a file of the repository as seen from the root."""
        path = self.resolve(path)
        return path if (self.book.root / path).exists() else self.stop(f"there is no file '{path}'")

    def image_url(self, path):
        """Return the address at which Colab finds a picture."""
        return path if urlsplit(path).scheme else self.book.file_url(self.existing(unquote(path)), "raw")

    def entry(self, key):
        """Return an entry of the references."""
        return self.book.references.entries.get(key) or self.stop(f"book/references.bib has no entry '{key}'")

    def citation(self, key, form):
        """Return author and year of a work, linked to the work."""
        entry = self.entry(key.strip())
        self.book.cited[self.key].append(entry.key)
        people = entry.persons.get("author") or entry.persons["editor"]
        names = [" ".join(map(str, person.rich_prelast_names + person.rich_last_names)) for person in people]
        who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
        words = form.format(who, entry.fields["year"])
        for field, site in (("doi", "https://doi.org/"), ("eprint", "https://arxiv.org/abs/"), ("url", "")):
            if field in entry.fields:
                return f"[{words}]({site}{entry.fields[field]})"
        return words


# --- Notebooks --------------------------------------------------------------------------------------------------


def folded(source):
    """Return the source and the metadata of a code cell that Colab folds under a title: its first comment."""
    first, _, rest = source.partition("\n")
    if not first.startswith("#"):
        kinds = {"ledger.card(": "The verdict", "Markdown(": "The numbers"}
        first, rest = next((title for sign, title in kinds.items() if sign in source), "The figure"), source
    return f"# @title {first.lstrip('# ')}\n{rest}", {"cellView": "form"}


def set_up(book):
    """Return the first code cell of a notebook: its copy is named after the repository, the branch and the version."""
    folder = re.sub(r"\W+", "-", f"{book.repository.removeprefix('https://')}-{book.branch}-{__version__}")
    return SETUP.format(url=book.repository, branch=book.branch, folder=folder)


def derive(book, key):
    """Return the text of the notebook that Colab opens for a chapter."""
    source = f"{key}.py"
    note = INTRODUCTION.format(source=source, source_url=book.file_url(source), page_url=book.page_url(key))
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    }
    cells = [("markdown", note, {}), ("code", *folded(set_up(book))), *Page(book, key).cells(book.chapters[key])]
    for position, (kind, text, metadata) in enumerate(cells):
        new_cell = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        # nbformat would draw a random id, but the same source must give the same bytes.
        cell_id = hashlib.sha256(f"{position} {kind} {text}".encode()).hexdigest()[:8]
        notebook.cells.append(new_cell(text, id=cell_id, metadata=metadata))
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def assignment(root, name):
    """Return the title of an assignment and its address on Colab, or None if there is no such assignment."""
    source = root / "assignments" / f"{name}.py"
    title = (
        re.search(r"^# (Assignment .*)$", source.read_text(encoding="utf-8"), flags=re.M) if source.exists() else None
    )
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    site, repository = config["launch_buttons"]["colab_url"], config["repository"]
    path = f"{urlsplit(repository['url']).path.rstrip('/')}/blob/{repository['branch']}/assignments/{name}.ipynb"
    return title and (title[1], f"{site}/github{path}")


def bring_up_to_date(root, folder, derived, command, check):
    """Write the notebooks `derived` {path: text} that are not current; or write nothing and exit with a line for each.

    `command` is what would write them. A notebook in the folder that is not among them has lost its source, which is said too.
    """
    stale = [path for path, text in derived.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    orphans = sorted(set(root.glob(f"{folder}/*.ipynb")) - set(derived))
    if check:
        reports = [f"{path.relative_to(root)} is not current: run {command}" for path in stale]
        reports += [f"{path.relative_to(root)} has no source beside it: remove it" for path in orphans]
        if reports:
            sys.exit("\n".join(reports))
        return
    for path in stale:
        path.write_text(derived[path], encoding="utf-8")
        print(f"{path.relative_to(root)} written")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a notebook is not current")
    arguments = parser.parse_args(argv)
    root = arguments.root
    try:
        book = Book(root)
        derived = {root / f"{key}.ipynb": derive(book, key) for key in book.chapters}
    except MystError as where_and_what:
        sys.exit(str(where_and_what))
    bring_up_to_date(root, "notebooks", derived, "python tools/colab.py", arguments.check)


if __name__ == "__main__":
    main()
