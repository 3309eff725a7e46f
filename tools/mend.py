"""Mend in the built pages what their makers leave: names that a screen reader needs, empty headers of tables, how numbers are set."""

import re

# Text in these is not set anew; what a cell prints is
CODE = {"pre", "code", "script", "style", "textarea", "title", "math", "kbd", "option"}
VOID = re.compile(r"<(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b")
TAG = re.compile(r"(<!--.*?-->|<[^>]*>)", re.S)
PER_CENT = re.compile(r"(?<=\d)[ \u00a0\u202f]?%(?![\w%])")
MINUS = re.compile(r"(?<![\w.,\-–/)\]:#&])-(?=\.?\d)")
NUMBER = r"[−-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:\u00a0%)?"
INTERVAL = re.compile(rf"\[{NUMBER}(?:,|;| to|–)[ \u00a0]{NUMBER}\](?:\u00a0[^\s<]+)?")
ENTRY = re.compile(r'(<a class="(?:current )?reference internal" href="[^"]*">)([^<]*)(</a><details[^>]*><summary)>')


def mend(text: str) -> str:
    """Return a page's HTML, mended."""
    text = text.replace('role="doc-biblioentry"', 'role="listitem"')  # the former is no child that a list may have
    text = re.sub(r"<th(?: class=\"[^\"]*\")?>\s*(?:<p>\s*</p>)?\s*</th>", "<td></td>", text)  # the corner of a table
    text = text.replace('<summary aria-label="Toggle hidden content">', "<summary>")  # the label stands in it
    text = re.sub(r'(<i class="theme-switch [^>]*?) +title="[^"]*"', r"\1", text)  # the button around it has a name
    text = ENTRY.sub(r'\1\2\3 aria-label="Pages of \2">', text)
    text = text.replace(
        '<div id="pst-primary-sidebar" class=',
        '<div id="pst-primary-sidebar" role="region" aria-label="The book" class=',
    )
    return set_numbers(text)


def set_numbers(text: str) -> str:
    """Return HTML with numbers in one style, 85 % and −3, where it is text; an interval is not broken across lines."""
    parts, inside, printed = TAG.split(text), [], False
    for place, part in enumerate(parts):
        if place % 2 == 0:
            if part.strip() and not inside:
                parts[place] = set_text(part)
            elif part.strip() and printed and inside == ["pre"]:
                parts[place] = MINUS.sub("−", part)
            continue
        name = re.match(r"</?([a-zA-Z0-9-]*)", part)[1].lower()
        if name == "div" and "class=" in part:
            printed = (printed and "highlight" in part) or re.search(r'class="output\b', part) is not None
        formula = name in {"span", "div"} and re.search(r'class="(?:math|katex)\b', part)
        if (name in CODE or name == "svg" or formula) and not part.startswith("</"):
            inside.append(name)
        elif inside and name == inside[-1] and part.startswith("</"):
            inside.pop()
        elif inside and name == inside[-1]:
            inside.append(name)
    return "".join(parts)


def set_text(text: str) -> str:
    text = MINUS.sub("−", PER_CENT.sub("\u00a0%", text))
    return INTERVAL.sub(lambda found: f'<span class="nobr">{found[0]}</span>', text)
