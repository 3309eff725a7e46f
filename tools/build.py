"""Build the book's HTML from its pages and its executed notebooks.

    python tools/build.py                            # build/laptop/notebooks → build/laptop/html
    OVERPARAM_SCALE=smoke python tools/build.py      # build/smoke/notebooks → build/smoke/html
    python tools/build.py --sphinx                   # … → build/laptop/sphinx/html, without Jupyter Book (make sphinx)

Where nothing has changed since the last good build it does nothing. Otherwise it builds every page anew: a page shows
titles, numbers and citations of others, and all of them together take seconds. Any warning fails the build, so does a
link to nothing; html/ is there only after a build without either.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml

import ledger
import mend
import quiz
from lighten import lighten
from overparam.report import scale

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("jupyter-book", "myst-nb", "sphinx", "sphinx-book-theme", "sphinx-exercise", "sphinx-proof")
PROGRESS = re.compile(r"(reading sources|writing output)\.\.\. \[ *(\d+)%\] (\S+)")
PLAIN = ROOT / "tools/plain_sphinx"
CELL = re.compile(r"(notebooks/\w+)\.ipynb:(\d+)")  # MyST-NB counts a line of a notebook as 10000 × cell + line
TROUBLE = re.compile(r"\b(WARNING|ERROR|CRITICAL|Traceback|\w+Error|Exception)\b")


def main(arguments=()):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--sphinx", action="store_true", help="build with Sphinx alone, in the environment build/sphinx"
    )
    alone = parser.parse_args(arguments).sphinx
    try:
        run = ROOT / "build" / scale.current()  # what was executed
    except ValueError as error:
        sys.exit(f"FAILED  {error}")
    folder = run / "sphinx" if alone else run
    html = folder / "html"
    pages = find_pages(run)
    try:
        ledger.collect(ROOT, run)
        quiz.check(ROOT)
    except (ledger.LedgerError, quiz.QuizError) as error:
        sys.exit(f"FAILED  {error}")

    state = fingerprint(pages | (dict(enumerate(sorted(PLAIN.glob("*.*")))) if alone else {}))
    stamp = folder / "book.sha256"
    if html.is_dir() and stamp.is_file() and stamp.read_text(encoding="utf-8") == state:
        print("Nothing has changed since the last build.")
        return report(html)

    started = time.monotonic()
    stamp.unlink(missing_ok=True)
    for old in ("html", "_build"):
        shutil.rmtree(folder / old, ignore_errors=True)
    source = run / "source"  # the book's extensions look for what was executed beside it
    stage(pages, source)
    if not run_builder((sphinx if alone else jupyter_book)(source, folder), source, folder):
        sys.exit(f"The book was not built. The whole output: {(folder / 'book.log').relative_to(ROOT)}")
    tidy(folder / "_build/html")
    lighten(folder / "_build/html", own={f.name for f in (ROOT / "book/_static").glob("*.css")})
    dead = dead_links(folder / "_build/html")
    if dead:
        sys.exit("\n".join(["The book has links to nothing:", *dead]))
    shutil.move(folder / "_build/html", html)
    stamp.write_text(state, encoding="utf-8")
    print(
        f"Built {len([p for p in pages if p.suffix == '.md' or p.parts[0] == 'notebooks'])} pages in {time.monotonic() - started:.0f} s."
    )
    report(html)


def find_pages(folder):
    """Return {path in the book: file} for the pages that _toc.yml names and everything that lies in book/."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    names = list(dict.fromkeys(toc_files(toc)))
    notebooks = {Path(f"{name}.ipynb"): folder / f"{name}.ipynb" for name in names if name.startswith("notebooks/")}
    missing = [file.relative_to(ROOT) for file in notebooks.values() if not file.is_file()]
    if missing:
        sys.exit(f"_toc.yml names chapters that have not been executed: {', '.join(map(str, missing))} is missing.")
    book = {
        file.relative_to(ROOT): file
        for file in sorted((ROOT / "book").rglob("*"))
        if file.is_file() and "_ext" not in file.parts and "__pycache__" not in file.parts
    }
    # Beside the pages, for {assignment} (book/_ext/assignment_links.py), lie the notebooks that students get
    handed_out = {Path("book/_static/assignments") / f.name: f for f in sorted(ROOT.glob("assignments/*.ipynb"))}
    return notebooks | book | handed_out


def toc_files(node):
    """Yield the page names in a table of contents, at any depth."""
    if isinstance(node, dict):
        yield from (node[key] for key in ("root", "file") if key in node)
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from toc_files(child)


def fingerprint(pages):
    """Return one hash of all that a build reads."""
    rest = [ROOT / name for name in ("_config.yml", "_toc.yml", "tools/build.py")]
    rest += sorted((ROOT / "src/overparam").rglob("*.py"))  # figures, the sentences of the ledger, the reference
    rest += sorted((ROOT / "book/_ext").glob("*.*")) + sorted((ROOT / "book/_ext/katex").iterdir())
    rest += [
        ROOT / "CITATION.cff",
        ROOT / "benchmarks/report.py",
        ROOT / "benchmarks/works.py",
        *(ROOT / "data/results").glob("benchmark.json"),
        ROOT / "tools/colab.py",
        ROOT / "tools/contents.py",
        ROOT / "tools/ledger.py",
        ROOT / "tools/lighten.py",
        ROOT / "tools/mend.py",
        ROOT / "tools/quiz.py",
        *sorted((ROOT / "data").glob("*.yaml")),
        *sorted((ROOT / "data/quiz").glob("*.yaml")),
        *sorted((ROOT / "data/results/evidence").glob("*.json")),
        *sorted((ROOT / "build" / scale.current() / "claims").glob("*.json")),
    ]
    total = hashlib.sha256(repr([metadata.version(tool) for tool in TOOLS]).encode())
    for name, file in [*pages.items(), *((file.relative_to(ROOT), file) for file in rest)]:
        total.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def stage(pages, source):
    """Lay the pages out as in the repository, so that a page's address tells where its source is."""
    shutil.rmtree(source, ignore_errors=True)
    for name, file in pages.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, source / name)


def jupyter_book(source, folder):
    """Return the command that builds what is staged with Jupyter Book."""
    start = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", source]
    where = ["--path-output", folder, "--config", ROOT / "_config.yml", "--toc", ROOT / "_toc.yml"]
    return [*start, *where, "-W", "--keep-going", "-n", "--all"]


def sphinx(source, folder):
    """Return the command that builds it with Sphinx alone."""
    where = ["-c", PLAIN, "-d", folder / "_build/doctrees", source, folder / "_build/html"]
    return [ROOT / "build/sphinx/bin/python", "-m", "sphinx", "-W", "--keep-going", "-n", "-E", *where]


def run_builder(command, source, folder):
    """Run what builds, show how far it is and every warning; return whether it was content."""
    live = sys.stdout.isatty()
    told = 0  # lines still to be shown after a warning: what belongs to it
    process = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=os.environ | {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
    )
    with (folder / "book.log").open("w", encoding="utf-8") as log:
        for raw in process.stdout:
            line = re.sub(r"\x1b\[[\d;]*m", "", raw)
            log.write(line)
            step = PROGRESS.search(line)
            if step and live:
                print(f"\r\033[K{step[1]} {step[2]:>3} %  {step[3]}", end="", flush=True)
            if TROUBLE.search(line):
                told = 6
            told = 0 if step or not line.strip() or "... " in line else told
            if told:
                line = CELL.sub(name_cell, line.replace(f"{source}/", ""))
                print("\r\033[K" * live + line.rstrip())
                told -= 1
    if live:
        print("\r\033[K", end="")
    return process.wait() == 0


def name_cell(found):
    """Return where a warning points to, as an author finds it: in the notebook's source."""
    cell, line = divmod(int(found[2]), 10000)
    return f"{found[1]}.py, cell {cell}, line {line}"


def tidy(html):
    """Mend in the pages what their makers get wrong."""
    for template in (html / "_static").glob("*webpack-macros.html"):
        template.unlink()
    for file in html.rglob("*.html"):
        if "_static" in file.parts:
            continue
        text = old = file.read_text(encoding="utf-8")
        text = re.sub(r'(<section class="[^"]*") id="proof-content"', r"\1", text)  # an id is there once in a page
        text = re.sub(r'<section id="((?:exercise|solution|proof)-content)"', r'<section class="\1"', text)
        text = text.replace('<div class="proof admonition" id="proof">', '<div class="proof admonition">')
        text = text.replace('<img alt="Colab logo"', '<img alt=""')
        text = text.replace('"btn__text-container">Colab<', '"btn__text-container">Run in Colab<')
        text = re.sub(r'<a (?=href="https://(?:colab\.|www\.kaggle\.|mybinder\.))', '<a rel="noopener" ', text)
        text = mend.mend(text)
        if text != old:
            file.write_text(text, encoding="utf-8")


def dead_links(html):
    """Return a line for each link between the pages of `html` whose file or anchor is not there."""
    texts = {file: file.read_text(encoding="utf-8") for file in html.rglob("*.html") if "_static" not in file.parts}
    anchors = {file: set(re.findall(r"""\s(?:id|name)=["']([^"']+)["']""", text)) for file, text in texts.items()}
    dead = []
    for file, text in texts.items():
        for href in sorted(set(re.findall(r"""<a\s[^>]*?href=["']([^"']+)["']""", text))):
            link = urlsplit(href.replace("&amp;", "&"))
            if link.scheme or link.netloc:
                continue
            target = (file.parent / unquote(link.path)).resolve() if link.path else file
            fragment = unquote(link.fragment)
            if not target.exists() or (fragment and fragment not in anchors.get(target, {fragment})):
                dead.append(f"{file.relative_to(html)}: {href}")
    return dead


def report(html):
    index = html / "index.html"
    print(f"{index.relative_to(ROOT)}  {index.as_uri()}")


if __name__ == "__main__":
    main(sys.argv[1:])
