"""Make other forms of the built book: one PDF, one EPUB, or one archive that opens from a file.

    python tools/forms.py pdf                        # build/laptop/html → build/laptop/why-…-generalize.pdf
    OVERPARAM_SCALE=smoke python tools/forms.py zip  # build/smoke/html → build/smoke/why-…-generalize.zip

The PDF is what Chromium prints of all pages in one document (forms.js joins them, pdf.css sets them); it is printed twice,
since the numbers in its contents are known only then.
"""

import argparse
import re
import sys
import time
import zipfile
from datetime import UTC, datetime
from html import escape
from io import BytesIO
from pathlib import Path

import yaml

import chromium
from overparam.report import scale

ROOT = Path(__file__).resolve().parents[1]
TOOLS = Path(__file__).resolve().parent
NAME = "why-overparameterized-networks-generalize"
# Without hinting, which moves letters to the pixels of a screen: words would stand too close on paper
ON_PAPER = "--font-render-hinting=none"
README = """{title}

Open html/index.html in a browser. Nothing has to be installed, and no network is needed.
The book on the web: {site}
"""


class FormError(Exception):
    """What stands in the way, in one sentence."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("form", choices=sorted(FORMS))
    form = parser.parse_args().form
    started = time.monotonic()
    try:
        folder = ROOT / "build" / scale.current()
        target = folder / f"{NAME}.{form}"
        FORMS[form](Book(folder / "html"), target)
    except (FormError, chromium.NoBrowserError, ValueError) as error:
        sys.exit(f"FAILED  {error}")
    print(
        f"{target.relative_to(ROOT)}  {target.stat().st_size / 1e6:.1f} MB, made in {time.monotonic() - started:.0f} s"
    )


class Book:
    """The pages of the built book in the order of _toc.yml: `pages` holds {name, key, caption, under, file} for each.

    `only` names the pages to take, for a part of the book.
    """

    def __init__(self, html: Path, only: tuple[str, ...] = ()):
        if not (html / "index.html").is_file():
            raise FormError(f"There is no book in {html}: run make book first.")
        config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
        self.html, self.title, self.author = html, config["title"], config["author"]
        self.site = config["html"]["baseurl"]
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
        self.pages = [self.page(toc["root"])]
        for part in toc["parts"]:
            for place, chapter in enumerate(part["chapters"]):
                self.pages.append(self.page(chapter["file"], caption=part["caption"] if place == 0 else ""))
                self.pages += [self.page(section["file"], under=True) for section in chapter.get("sections", ())]
        if only:
            self.pages = [page for page in self.pages if page["name"].removesuffix(".html") in only]
        self.keys = {page["name"]: page["key"] for page in self.pages}

    def page(self, file: str, caption: str = "", under: bool = False) -> dict:
        key = "p-" + file.split("/")[-1].replace("_", "-")
        return {
            "name": f"{file}.html",
            "key": key,
            "caption": caption,
            "under": under,
            "file": self.html / f"{file}.html",
        }

    def for_script(self, page: dict, form: str) -> dict:
        """Return what forms.js has to know about a page."""
        return {
            "form": form,
            "name": page["name"],
            "key": page["key"],
            "url": self.site + page["name"],
            "folder": page["file"].parent.as_uri() + "/",
            "keys": self.keys,
            "site": self.site,
        }


def make_zip(book: Book, target: Path):
    """Write one archive with the pages and a line that says how to open them; the same pages give the same bytes."""
    files = {
        f"html/{file.relative_to(book.html).as_posix()}": file.read_bytes()
        for file in book.html.rglob("*")
        if file.is_file()
    }
    files["README.txt"] = README.format(title=book.title, site=book.site).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            write(archive, f"{NAME}/{name}", files[name])


def write(archive: zipfile.ZipFile, name: str, data: bytes, how: int = zipfile.ZIP_DEFLATED):
    """Add a file that bears no date of its own."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    archive.writestr(info, data, compress_type=how, compresslevel=9)


def browser_page(playwright):
    """Return an empty page of a Chromium that speaks forms.js."""
    return chromium.launch(playwright, ON_PAPER).new_page()


def make_pdf(book: Book, target: Path):
    """Print all pages as one document, with an outline, numbered pages and numbers in the contents."""
    import pikepdf
    from playwright.sync_api import sync_playwright

    texts = [page["file"].read_text(encoding="utf-8") for page in book.pages]
    shell = target.with_suffix(".html")
    shell.write_text(title_page(book, texts), encoding="utf-8")
    try:
        with sync_playwright() as playwright:
            page = browser_page(playwright)
            page.set_default_timeout(0)
            page.emulate_media(media="print", color_scheme="light")
            page.goto(shell.as_uri())
            page.add_script_tag(path=TOOLS / "forms.js")
            for each, text in zip(book.pages, texts, strict=True):
                page.evaluate("([text, page]) => addPage(text, page)", [text, book.for_script(each, "pdf")])
            page.evaluate(
                "addContents", [{name: each[name] for name in ("caption", "key", "under")} for each in book.pages]
            )
            page.evaluate("Promise.allSettled([...document.fonts].map((font) => font.load())).then(() => true)")
            with pikepdf.open(printed(page)) as first:
                number = {leaf.objgen: place for place, leaf in enumerate(first.pages, 1)}
                numbers = {name[1:]: number[place[0].objgen] for name, place in first.Root.Dests.items()}
            page.evaluate("fillContents", numbers)
            with pikepdf.open(printed(page)) as second:
                del second.docinfo["/Creator"]  # the browser
                second.docinfo["/Author"] = book.author
                # four in ten bytes of the file are the tags that a screen reader needs: packed, they weigh little
                second.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
            page.context.browser.close()
    finally:
        shell.unlink()


def make_epub(book: Book, target: Path):
    """Write an EPUB 3 with a file per page: formulas as MathML, figures as SVG, no scripts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        page = browser_page(playwright)
        page.add_script_tag(path=TOOLS / "forms.js")
        parts = [
            {"key": each["key"], "under": each["under"]}
            | page.evaluate(
                "([text, page]) => asXHTML(text, page)",
                [each["file"].read_text(encoding="utf-8"), book.for_script(each, "epub")],
            )
            for each in book.pages
        ]
        page.context.browser.close()
    with zipfile.ZipFile(target, "w") as archive:
        write(
            archive, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED
        )  # first and plain, as the format wants it
        write(archive, "META-INF/container.xml", CONTAINER.encode())
        write(archive, "book/package.opf", package(book, parts).encode())
        write(archive, "book/nav.xhtml", xhtml("Contents", navigation(parts)).encode())
        write(archive, "book/epub.css", (TOOLS / "epub.css").read_bytes())
        for part in parts:
            write(archive, f"book/{part['key']}.xhtml", xhtml(part["title"], part["body"]).encode())


CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"""


def package(book: Book, parts: list[dict]) -> str:
    """Return the list of the EPUB's files in the order of reading, and what the book is."""
    built = datetime.fromtimestamp((book.html / "index.html").stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    items = "".join(
        f'<item id="{part["key"]}" href="{part["key"]}.xhtml" media-type="application/xhtml+xml"'
        + (f' properties="{part["properties"]}"' if part["properties"] else "")
        + "/>\n"
        for part in parts
    )
    spine = "".join(f'<itemref idref="{part["key"]}"/>' for part in parts)
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{book.site}</dc:identifier><dc:title>{escape(book.title)}</dc:title><dc:language>en</dc:language>
<dc:creator>{escape(book.author)}</dc:creator><meta property="dcterms:modified">{built}</meta>
</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="css" href="epub.css" media-type="text/css"/>
{items}</manifest>
<spine><itemref idref="nav"/>{spine}</spine>
</package>
"""


def navigation(parts: list[dict]) -> str:
    """Return the contents: pages, and below each its sections."""
    lines = ""
    for part in parts:
        file = f"{part['key']}.xhtml"
        under = "".join(f'<li><a href="{file}#{key}">{escape(name)}</a></li>' for key, name in part["sections"])
        lines += (
            f'<li><a href="{file}">{escape(part["title"])}</a>' + (f"<ol>{under}</ol>" if under else "") + "</li>\n"
        )
    return f'<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><h1>Contents</h1><ol>{lines}</ol></nav>'


def xhtml(title: str, body: str) -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en" xml:lang="en"><head><title>{escape(title)}</title>
<link rel="stylesheet" href="epub.css"/></head><body>{body}</body></html>
"""


def printed(page) -> BytesIO:
    return BytesIO(page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True))


def title_page(book: Book, texts: list[str]) -> str:
    """Return the document that pages are added to: a title, room for the contents, and the style sheets of them all."""
    sheets = dict.fromkeys(
        name for text in texts for name in re.findall(r'<link[^>]* href="[^"]*(_static/[^"?]*\.css)', text)
    )
    links = "".join(f'<link rel="stylesheet" href="{(book.html / name).as_uri()}">' for name in sheets)
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8"><title>{escape(book.title)}</title>
{links}<link rel="stylesheet" href="{(TOOLS / "pdf.css").as_uri()}"></head>
<body><div id="title"><p class="title">{escape(book.title)}</p><p class="author">{escape(book.author)}</p>
<p class="site"><a href="{book.site}">{book.site}</a></p></div>
<nav id="contents"><h1>Contents</h1></nav></body></html>
"""


FORMS = {"epub": make_epub, "pdf": make_pdf, "zip": make_zip}

if __name__ == "__main__":
    main()
