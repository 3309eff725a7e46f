"""The reference: sphinx.ext.autodoc, for docstrings that are plain text with names in `…` and code in ``…``.

What reStructuredText would take for markup of its own, such as the bars in |β|, is kept as it is.
"""

import re

CODE = re.compile(r"``[^`]+``|`[^`]+`")


def to_rst(text: str) -> str:
    """Return a docstring as reStructuredText."""
    found, end = [], 0
    for code in CODE.finditer(text):
        # Code right beside a letter or a sign, as in ``n``², needs a mark between.
        before = "\\ " if re.match(r"[\w²³‖√Σ]", text[code.start() - 1 : code.start()]) else ""
        after = "\\ " if re.match(r"[\w²³‖√Σ=(+×]", text[code.end() : code.end() + 1]) else ""
        found += [escaped(text[end : code.start()]), f"{before}``{code[0].strip('`')}``{after}"]
        end = code.end()
    return "".join([*found, escaped(text[end:])])


def escaped(text: str) -> str:
    """Return text in which a bar, an asterisk, a backslash, and an underscore at the end of a word mean themselves."""
    return re.sub(r"[|*\\]|(?<=\w)_(?!\w)", r"\\\g<0>", text)


def process(app, what, name, obj, options, lines):
    lines[:] = to_rst("\n".join(lines)).split("\n")


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
