"""The other forms of the built book (tools/forms.py), of the pages in build/smoke/html."""

import re
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

import pytest
from test_book import HTML, LACKING, PAGES

import forms

of_the_book = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")
PART = ("notebooks/03_cost_of_memorizing", "book/references")


@pytest.fixture(scope="module")
def part():
    return forms.Book(HTML, only=PART)


@of_the_book
def test_the_archive_holds_every_page_and_is_the_same_each_time(tmp_path):
    for name in ("one.zip", "two.zip"):
        forms.make_zip(forms.Book(HTML), tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = archive.namelist()
        readme = archive.read(f"{forms.NAME}/README.txt").decode()
    assert "html/index.html" in readme
    assert {f"{forms.NAME}/html/{page.relative_to(HTML).as_posix()}" for page in PAGES} <= set(names)
    assert not [name for name in names if name.startswith("/") or ".." in name]


@of_the_book
def test_no_page_of_the_archive_names_a_folder_of_this_machine():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert "file://" not in text, page
        assert str(forms.ROOT) not in text, page


@of_the_book
def test_the_pdf_has_an_outline_numbers_in_its_contents_and_links_that_lead_somewhere(part, tmp_path):
    import pikepdf

    forms.make_pdf(part, tmp_path / "part.pdf")
    assert [file.name for file in tmp_path.iterdir()] == ["part.pdf"]
    with pikepdf.open(tmp_path / "part.pdf") as pdf:
        assert pdf.docinfo["/Title"] == part.title
        number = {page.objgen: place for place, page in enumerate(pdf.pages, 1)}
        places = {name[1:]: number[where[0].objgen] for name, where in pdf.Root.Dests.items()}
        links = {
            str(note.Dest)[1:]
            for page in pdf.pages
            for note in page.get("/Annots", ())
            if isinstance(note.get("/Dest"), pikepdf.Name)
        }
        with pdf.open_outline() as outline:
            titles = [entry.title for entry in outline.root]
        fonts = {str(font.get("/BaseFont")) for page in pdf.pages for font in page.Resources.get("/Font", {}).values()}
    assert titles == ["Contents", "What memorizing costs", "References"]
    assert links
    assert links <= set(places)
    assert 2 < places["p-03-cost-of-memorizing"] < places["p-references"] <= len(number)
    assert any("KaTeX" in font for font in fonts), "formulas are set in another font"


@of_the_book
def test_the_epub_is_well_formed_and_its_links_lead_somewhere(part, tmp_path):
    forms.make_epub(part, tmp_path / "part.epub")
    with zipfile.ZipFile(tmp_path / "part.epub") as archive:
        assert archive.namelist()[0] == "mimetype"
        assert archive.getinfo("mimetype").compress_type == zipfile.ZIP_STORED
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    trees = {
        name.removeprefix("book/"): ElementTree.fromstring(files[name])
        for name in files
        if name != "mimetype" and "css" not in name
    }
    anchors = {name: {node.get("id") for node in tree.iter() if node.get("id")} for name, tree in trees.items()}
    for name, tree in trees.items():
        ids = [node.get("id") for node in tree.iter() if node.get("id")]
        assert len(ids) == len(set(ids)), name
        for link in tree.iter("{http://www.w3.org/1999/xhtml}a"):
            target = link.get("href")
            if not re.match(r"\w+:", target):
                file, _, anchor = target.partition("#")
                assert file in trees
                assert not anchor or anchor in anchors[file], target
    chapter = files["book/p-03-cost-of-memorizing.xhtml"]
    assert "<math " in chapter
    assert "<svg " in chapter
    assert not re.search(r"<script|katex-html|var\(--fig|<button|<input", chapter)


def test_a_missing_browser_and_a_missing_book_are_named(tmp_path, monkeypatch):
    with pytest.raises(forms.FormError, match="make book"):
        forms.Book(tmp_path)
    monkeypatch.setattr(forms.chromium.shutil, "which", lambda _: None)
    with pytest.raises(forms.chromium.NoBrowserError, match="apt-get install chromium"):
        forms.browser_page(None)


def test_a_failure_is_one_sentence(tmp_path):
    script = f"import forms, pathlib; forms.ROOT = pathlib.Path({str(tmp_path)!r}); forms.main()"
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(forms.TOOLS)!r}); sys.argv[1:] = ['zip']; {script}",
        ],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("FAILED  There is no book in")
    assert len(run.stderr.splitlines()) == 1
