"""Break the lines of Python code that are too long for a page, where a reader would: at commas, before operators.

The sources are formatted at 92 characters, since folded code and Colab have that room; a page's column has 76. What is
shown means the same (the syntax tree is compared), and it can be copied and run.
"""

import ast
import io
import keyword
import re
import textwrap
import tokenize
from dataclasses import dataclass

WIDTH = 76
SPACE = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
FURTHEST = 36  # a column to the right of which nothing is aligned with an opening bracket
BLOCK = re.compile(r"\s*(async |def |class |if |elif |else|for |while |with |except|try|return lambda)")
OPERATORS = {"+", "-", "*", "/", "//", "@", "|", "&", "==", "!=", "<", ">", "<=", ">=", "and", "or", "if", "else", "for", "in", "not", "is"}  # fmt: skip
ASSIGNED = re.compile(r"(\s*(?:[\w.\[\], '\"]+ [-+*/|&]?= |return |yield |assert |(?=f?\")))(.+)$")


@dataclass(frozen=True)
class Spot:
    """Where a line may be broken: before ``column``; ``cost`` says how much that would disturb a reader."""

    column: int
    cost: float
    indent: int
    glue: str = ""  # what ends this line and begins the next, within a string


def wrap(source: str, width: int = WIDTH) -> str:
    """Return Python code with no line longer than `width`, as far as that is possible."""
    quick = break_lines(source, width, lambda lines: True)
    return quick if same(source, quick) else break_lines(source, width, lambda lines: same(source, "\n".join(lines)))


def break_lines(source, width, right):
    """Break every line that is too long and can be broken so that the result is right."""
    lines, stuck = hang_comments(source.split("\n"), width), set()
    while long := [n for n, line in enumerate(lines) if len(line) > width and line not in stuck]:
        tokens = list(tokens_of(lines))
        for number in reversed(long):  # so that the numbers of those above stay as they are
            broken = break_line(lines[number], number, tokens, width)
            changed = [*lines[:number], *broken, *lines[number + 1 :]]
            if len(broken) > 1 and right(changed):
                lines = changed
            else:
                stuck.add(lines[number])
    return "\n".join(lines)


def same(one: str, other: str) -> bool:
    """Whether two sources are the same program; a docstring may be broken between words."""
    try:
        return meaning(one) == meaning(other)
    except SyntaxError:
        return False


def meaning(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value.value = " ".join(node.value.value.split())
    return ast.dump(tree)


def tokens_of(lines):
    """Yield the tokens, an f-string as one: [type, text, (row, column), (row, column)]; nothing where it is no Python."""
    try:
        found = list(tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return
    begun, depth = None, 0
    for token in found:
        name = tokenize.tok_name[token.type]
        if name == "FSTRING_START":
            begun, depth = begun or token, depth + 1
        elif name == "FSTRING_END":
            depth -= 1
            if not depth:
                yield tokenize.STRING, None, begun.start, token.end
                begun = None
        elif begun is None:
            yield token.type, token.string, token.start, token.end


def hang_comments(lines, width):
    """A comment that does not fit beside its code stands above it; one that does not fit in a line has several."""
    comments = {
        start[0] - 1: start[1]
        for kind, _, start, _ in tokens_of(lines)
        if kind == tokenize.COMMENT and len(lines[start[0] - 1]) > width
    }
    result = []
    for number, line in enumerate(lines):
        if number not in comments:
            result.append(line)
            continue
        code, comment = line[: comments[number]].rstrip(), line[comments[number] :].lstrip("# ")
        indent = " " * (len(line) - len(line.lstrip()))
        result += words(comment, width, f"{indent}# ")
        result += [code] if code else []
    return result


def break_line(line, number, tokens, width):
    """Return a line as several: broken at the best spot, or as it is."""
    spots = [spot for spot in find_spots(line, number, tokens, width) if spot.indent < spot.column]
    if spots:
        best = min(spots, key=lambda spot: (spot.cost, -spot.column))
        before, after = line[: best.column], line[best.column :]
        if not best.glue:
            before, after = before.rstrip(), after.lstrip()
        return [before + best.glue[:1], " " * best.indent + best.glue[1:] + after]
    if found := re.fullmatch(r"(from \S+ import )(.+)", line):
        return [f"{found[1]}(", *words(found[2], width, "    "), ")"]
    if any(text and '"""' in text and a[0] <= number + 1 <= b[0] for kind, text, a, b in tokens):
        return words(line.lstrip(), width, " " * (len(line) - len(line.lstrip())))
    open_before = sum(
        (text in "([{") - (text in ")]}") for kind, text, a, _ in tokens if kind == tokenize.OP and a[0] <= number
    )
    return [line] if open_before else in_brackets(line)


def words(text, width, indent):
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def in_brackets(line):
    """Return an assignment (or return, or assert) that no bracket spans with brackets around what is assigned."""
    found = ASSIGNED.match(line)
    if not found or line.rstrip().endswith((",", "(", "[", "{", "\\", ":")):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    return [f"{found[1]}(", f"{indent}    {found[2]}", f"{indent})"]


def find_spots(line, number, tokens, width):
    """Yield each Spot of the line at which what stands before it fits."""
    indent = len(line) - len(line.lstrip())
    deeper = indent + (8 if BLOCK.match(line) and line.endswith(":") else 4)
    outside = 0  # brackets that stand open before this line
    opened = []  # of those of this line: the column, whether it is a subscript's, whether something follows it
    names = []  # levels at which names are listed: between `for` and `in`, `lambda` and its colon
    previous = None
    for kind, text, start, end in tokens:
        if kind in SPACE:
            continue
        if start[0] - 1 < number:
            if kind == tokenize.OP:
                outside += (text in "([{") - (text in ")]}")
            continue
        if start[0] - 1 > number or end[0] - 1 > number:
            return
        column, level = start[1], len(opened)
        bracket = opened[-1] if opened else None
        aligned = indent + 4 if not bracket else bracket[0] + 1 if bracket[0] < FURTHEST and bracket[2] else deeper
        if previous and (opened or outside > 0) and column <= width + 1 and not (names and names[-1] == level):
            early = 1.0 if column - indent < 16 else 0.0
            if previous == ",":
                subscript = 0.5 if bracket and bracket[1] else 0.0
                yield Spot(column, level + early + subscript, aligned if opened else indent)
            elif previous in {"(", "[", "{"} and text not in {")", "]", "}"}:
                yield Spot(column, level + 0.7 + early, deeper)
            elif previous == ":" and kind == tokenize.STRING:  # a dictionary's value
                yield Spot(column, level + 0.9, aligned + 4 if opened else indent + 4)
            elif text in OPERATORS - {"in", "not"} and ends_value(previous):
                weight = 0.3 if text in {"for", "if", "else", "and", "or"} else 0.6
                yield Spot(column, level + weight + early, aligned)
        if kind == tokenize.STRING and (opened or outside > 0) and end[1] > width:
            yield from in_string(line, column, end[1], level + 1.2, width)
        if text in {"for", "lambda"}:
            names.append(level)
        elif names and names[-1] == level and text in {"in", ":"}:
            names.pop()
        if kind == tokenize.OP and text in {"(", "[", "{"}:
            subscript = text == "[" and bool(previous) and ends_value(previous)
            opened.append((column, subscript, line[column + 1 : column + 2].strip() != ""))
        elif kind == tokenize.OP and text in {")", "]", "}"}:
            if opened:
                opened.pop()
            else:
                outside -= 1
        previous = "string" if text is None else text


def ends_value(text):
    """Whether a value may end with this token, so that what follows it is an operator between two."""
    return text in {")", "]", "}", "None", "True", "False"} or not (
        text in OPERATORS or keyword.iskeyword(text) or text in {"=", ",", "(", "[", "{", ":", "%", "**", "~"}
    )


def in_string(line, start, end, cost, width):
    """Yield the last Spot within a string, at a space outside an f-string's braces: two strings side by side are one."""
    literal = line[start:end]
    head = re.match(r"[a-zA-Z]*", literal)[0]
    quote = literal[len(head)]
    if literal[len(head) :].startswith(quote * 3):
        return
    depth, best = 0, None
    for i in range(len(head) + 1, len(literal) - 1):
        depth += ("f" in head.lower()) * ((literal[i] == "{") - (literal[i] == "}"))
        if literal[i] == " " and depth == 0 and start + i + 2 <= width and len(literal) - i > 6:
            best = i
    if best:
        yield Spot(start + best + 1, cost, start, f"{quote}{head}{quote}")
