"""Search without accents: "Jastrzebski" finds Jastrzębski, and "Jastrzębski" what was written without the accent.

Words lose their accents before they enter the index, and so does what a reader types (plain_search.js).
"""

import json
import unicodedata
from pathlib import Path

from sphinx.search.en import SearchEnglish

# Letters that Unicode does not take apart into a plain one and an accent
LETTERS = {
    "æ": "ae", "ð": "d", "đ": "d", "ħ": "h", "ı": "i", "ł": "l", "ŋ": "n", "ø": "o", "œ": "oe", "ß": "ss", "þ": "th", "ŧ": "t",
}  # fmt: skip


def plain(text):
    """Return the text in small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return "".join(
        LETTERS.get(letter, letter) for letter in letters if not unicodedata.category(letter).startswith("M")
    )


class PlainEnglish(SearchEnglish):
    """English, as Sphinx has it, in plain letters."""

    js_splitter_code = (
        Path(__file__).with_suffix(".js").read_text(encoding="utf-8").replace("LETTERS", json.dumps(LETTERS))
    )

    def split(self, input):
        return super().split(plain(input))


def setup(app):
    app.add_search_language(PlainEnglish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
