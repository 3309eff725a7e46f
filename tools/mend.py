"""Mend in the built pages what their makers leave: names that a screen reader needs, empty headers of tables, how numbers are set."""

import re

# Text in these is not set anew; what a cell prints is
CODE = {"pre", "code", "script", "style", "textarea", "title", "math", "kbd", "option"}
VOID = re.compile(r"<(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b")
TAG = re.compile(r"(<!--.*?-->|<[^>]*>)", re.S)
PER_CENT = re.compile(r"(?<=\d)[ \u00a0\u202f]?%(?![\w%])")
MINUS = re.compile(r"(?<![\w.,\-–/)\]:#&])-(?=\.?\d)")
POWER = re.compile(r"(?<![\w.])(\d(?:\.\d+)?)e([+−-])(\d\d?)(?!\w)")
NUMBER = r"[−-]?(?:\d[\d,]*\.?\d*|\.\d+|10<sup>[−\d]+</sup>)(?:\u00a0×\u00a010<sup>[−\d]+</sup>)?(?:\u00a0%)?"
INTERVAL = re.compile(rf"\[{NUMBER}(?:,|;| to|–)[ \u00a0]{NUMBER}\](?:\u00a0[^\s<]+)?")
STACKED = 1.2  # height by width from which a figure's phone layout has its panels below each other
CAPTIONED = re.compile(
    r'<svg [^>]*class="figure narrow"[^>]*viewBox="0 0 ([\d.]+) ([\d.]+)".*?</svg>.*?</figcaption>', re.S
)
SIDE = re.compile(r"\b(Left|Right)\b(?=[:,])")
SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.S)
ENTRY = re.compile(r'(<a class="(?:current )?reference internal" href="[^"]*">)([^<]*)(</a><details[^>]*><summary)>')


def mend(text: str) -> str:
    """Return a page's HTML, mended."""
    text = text.replace('role="doc-biblioentry"', 'role="listitem"')  # the former is no child that a list may have
    text = re.sub(r"<th(?: class=\"[^\"]*\")?>\s*(?:<p>\s*</p>)?\s*</th>", "<td></td>", text)  # the corner of a table
    text = text.replace('<summary aria-label="Toggle hidden content">', "<summary>")  # the label stands in it
    text = re.sub(r'(<i class="theme-switch [^>]*?) +title="[^"]*"', r"\1", text)  # the button around it has a name
    text = SIGNATURE.sub(write_signature, text)
    text = ENTRY.sub(r'\1\2\3 aria-label="Pages of \2">', text)
    text = text.replace(
        '<div id="pst-primary-sidebar" class=',
        '<div id="pst-primary-sidebar" role="region" aria-label="The book" class=',
    )
    return set_numbers(CAPTIONED.sub(name_places, text))


def write_signature(found: re.Match[str]) -> str:
    """Make lines of the parameters in a signature, which Sphinx makes a list of descriptions of nothing."""
    lines = found[0].replace("<dl>", '<span class="sig-lines">').replace("<dd>", '<span class="sig-line">')
    return lines.replace("</dl>", "</span>").replace("</dd>", "</span>")


def name_places(found: re.Match[str]) -> str:
    """Let a caption say where a panel stands: left or right, and on a phone above or below."""
    if float(found[2]) < STACKED * float(found[1]):
        return found[0]
    picture, caption = found[0].rsplit("<figcaption", 1)

    def both(side: re.Match[str]) -> str:
        place = {"Left": "Above", "Right": "Below"}[side[0]]
        return f'<span class="on-desk">{side[0]}</span><span class="on-phone">{place}</span>'

    return f"{picture}<figcaption{SIDE.sub(both, caption)}"


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
        signature = name == "dt" and 'class="sig ' in part
        if (name in CODE or name == "svg" or formula or signature) and not part.startswith("</"):
            inside.append(name)
        elif inside and name == inside[-1] and part.startswith("</"):
            inside.pop()
        elif inside and name == inside[-1]:
            inside.append(name)
    return "".join(parts)


def write_out(found: re.Match[str]) -> str:
    """Write 1.83e+04 as 18,300, and 5e-05 as a multiple of a power of ten."""
    digits, exponent = found[1], int(found[2].replace("−", "-") + found[3])
    if 0 <= exponent < 7:
        return f"{float(f'{digits}e{exponent}'):,.10g}"
    power = f"10<sup>{str(exponent).replace('-', '−')}</sup>"
    return power if float(digits) == 1 else f"{digits}\u00a0×\u00a0{power}"


def set_text(text: str) -> str:
    text = POWER.sub(write_out, MINUS.sub("−", PER_CENT.sub("\u00a0%", text)))
    return INTERVAL.sub(lambda found: f'<span class="nobr">{found[0]}</span>', text)
