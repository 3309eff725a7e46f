"""The bibliography: every entry can be found by a reader, and every citation in the book has an entry."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parents[1]
ARXIV = r"(?:\d{4}\.\d{4,5}|[a-z-]+/\d{7})"  # since April 2007, and before
CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


@pytest.fixture(scope="module")
def entries():
    return parse_file(str(ROOT / "book" / "references.bib")).entries  # raises on bad syntax and on a repeated key


def plain(name):
    """A name in lower-case ASCII letters: Şimşek → simsek, d'Ascoli → dascoli."""
    letters = unicodedata.normalize("NFKD", name.replace("ł", "l")).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]", "", letters.lower())


def cited(text):
    return {key.strip() for keys in CITATION.findall(text) for key in keys.split(",")}


def test_keys_are_last_name_and_year(entries):
    for key, entry in entries.items():
        first = entry.persons["author"][0]
        name = plain("".join(first.prelast_names + first.last_names))
        arxiv = re.match(r"\d\d", entry.fields.get("eprint", ""))
        years = {entry.fields["year"]} | ({"20" + arxiv[0]} if arxiv else set())
        assert re.fullmatch(rf"{name}(?:{'|'.join(years)})[a-z]*", key), f"{key}: expected {name} and {years}"


def test_a_word_after_the_year_sets_two_works_apart(entries):
    for key in entries:
        stem = re.match(r"[a-z]+\d{4}", key)[0]
        assert key == stem or stem in entries, f"{key} can be called {stem}"


def test_entries_are_sorted_by_key(entries):
    assert list(entries) == sorted(entries)


def test_entries_say_who_what_and_when(entries):
    for key, entry in entries.items():
        assert entry.persons["author"], key
        assert entry.fields["title"], key
        assert re.fullmatch(r"(?:19|20)\d\d", entry.fields["year"]), key


def test_entries_can_be_found(entries):
    for key, entry in entries.items():
        assert {"doi", "eprint", "url", "isbn"} & set(entry.fields), f"{key} has no DOI, arXiv id, URL or ISBN"


def test_identifiers_are_well_formed(entries):
    for key, entry in entries.items():
        fields = entry.fields
        if "doi" in fields:
            assert re.fullmatch(r"10\.\d{4,9}/[^\s{}]+", fields["doi"]), f"{key}: {fields['doi']} is no bare DOI"
        if "eprint" in fields:
            assert re.fullmatch(ARXIV, fields["eprint"]), f"{key}: {fields['eprint']} is no bare arXiv id"
            assert fields["archiveprefix"] == "arXiv", key
        if "url" in fields:
            assert re.fullmatch(r"https://[^\s{}]+", fields["url"]), f"{key}: {fields['url']}"
        if "isbn" in fields:
            digits = [int(d) for d in fields["isbn"].replace("-", "")]
            assert len(digits) == 13, key
            assert (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0, f"{key}: the check digit is wrong"


def test_no_two_entries_are_one_work(entries):
    for field in ("doi", "eprint", "url", "isbn", "title"):
        counts = Counter(e.fields[field].lower().strip("{}") for e in entries.values() if field in e.fields)
        assert [value for value, n in counts.items() if n > 1] == [], field


def test_every_citation_has_an_entry(entries):
    pages = [*(ROOT / "notebooks").glob("*.py"), *(ROOT / "book").glob("*.md")]
    missing = {
        f"{page.name}: {key}" for page in pages for key in cited(page.read_text(encoding="utf-8")) - set(entries)
    }
    assert not missing


@pytest.mark.parametrize("name", ["claims", "planned"])
def test_every_paper_of_the_ledger_has_an_entry(entries, name):
    text = (ROOT / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    arxiv = set(re.findall(r"(?<![\d.])\d{4}\.\d{4,5}(?!\d)|(?<=arxiv\.org/abs/)[a-z-]+/\d{7}", text))
    doi = {d.rstrip(".,;)'\"") for d in re.findall(r"doi\.org/(10\.\d{4,9}/\S+)", text)}
    known = {e.fields[f].lower() for e in entries.values() for f in ("eprint", "doi") if f in e.fields}
    assert {i for i in arxiv | doi if i.lower() not in known} == set()
