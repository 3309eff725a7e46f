"""The reference: sphinx.ext.autodoc, for docstrings that are plain text with names in `…` and code in ``…``.

What reStructuredText would take for markup of its own, such as the bars in |β|, is kept as it is.
"""

import re

CODE = re.compile(r"``.+?``|`[^`]+`")


def to_rst(line: str) -> str:
    """Return a line of a docstring as reStructuredText; one that begins an entry of a list keeps its mark."""
    found, end = [], 0
    for code in CODE.finditer(line):
        found += [escaped(line[end : code.start()]), f"``{code[0].strip('`')}``"]
        end = code.end()
    return "".join([*found, escaped(line[end:])])


def escaped(text: str) -> str:
    """Return text without markup: a bar, an asterisk, a single backtick, and a word that ends in an underscore, mean themselves."""
    return re.sub(r"[|*`\\]|(?<=\w)_(?!\w)", r"\\\g<0>", text)


def process(app, what, name, obj, options, lines):
    lines[:] = glued("\n".join(map(to_rst, lines))).split("\n")


def glued(text: str) -> str:
    """Return text in which code may stand right beside letters and signs: ``n``² needs a mark between in reStructuredText."""
    text = re.sub(r"(?<=[^\s\\(\[{<\"'/:–—-])(``\S.*?``)", r"\\ \1", text)
    return re.sub(r"(``\S[^`]*?``)(?=[^\s\\)\]}>\"'/:;.,!?–—-])", r"\1\\ ", text)


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
