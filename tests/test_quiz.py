"""The self-check questions are complete, and what is wrong with one stops the build with one sentence."""

import re
from pathlib import Path

import pytest
import yaml
from pybtex.database import parse_file

import build
import colab
import quiz

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / quiz.FOLDER).glob("*.yaml"))
CHAPTERS = re.findall(r"notebooks/((?!00)\d\d_\w+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))

every_file = pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in FILES])


def question(name="why", **changes):
    options = [
        {"wrong": "Because of $a$.", "why": "It is not $a$."},
        {"right": "Because of $b$.", "why": "It is $b$."},
        {"wrong": "Because of $c$.", "why": "It is not $c$."},
    ]
    return {"id": name, "question": "Why?", "options": options} | changes


def option(kind, **changes):
    return {kind: f"A {kind} one", "why": "So."} | changes


@pytest.fixture
def house(tmp_path):
    """A root whose file of questions for chapter 1 is written by `write`."""
    (tmp_path / quiz.FOLDER).mkdir(parents=True)

    def write(content, name="01_one"):
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        (tmp_path / quiz.FOLDER / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def five(*questions):
    return [*questions, *(question(f"filler-{i}") for i in range(5 - len(questions)))]


def test_questions_are_read_in_order(house):
    root = house(five(question("first", question="Why\n  so?")))
    assert quiz.check(root) == 5
    first = quiz.read(root / quiz.FOLDER / "01_one.yaml")[0]
    assert (first.id, first.text) == ("first", "Why so?")
    assert [option.right for option in first.options] == [False, True, False]
    assert first.options[1].why == "It is $b$."
    assert [option.verdict for option in first.options] == ["Not this one.", "Right.", "Not this one."]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("- id: ]", "01_one.yaml, line 1: "),
        ("just words", "must list 5 questions, and lists none"),
        ([question()], "must list 5 questions, and lists 1"),
        ([*five(), question("sixth")], "must list 5 questions, and lists 6"),
        (five(question("twice"), question("twice")), "has two questions with the id twice"),
        (five(question(hint="b")), "question 1: a question has an id, a question and options, and nothing else"),
        (five("Why?"), "question 1: a question has an id"),
        (five(question("Not An Id")), "the id Not An Id must be a few words in small letters"),
        (five(question(7)), "the id 7 must be"),
        (five(question(options=[option("right"), option("wrong")])), "question 1 (why) needs at least 3 options"),
        (five(question(options=[option("wrong", wrong=f"{i}.") for i in "abc"])), "exactly one right option, and has none"),
        (five(question(options=[option("right", right=f"{i}.") for i in "abc"])), "exactly one right option, and has 3"),
        (five(question(options=[option("right"), *[option("wrong")] * 2])), "(why) has the same option twice"),
        (five(question(options=[option("right"), {"wrong": "No."}, option("wrong")])), "option 2: an option has its words"),
        (five(question(options=[option("right"), option("wrong", why=""), option("wrong")])), "option 2: the explanation is no"),
        (five(question(options=[option("right", right=True), *[option("wrong")] * 2])), "option 1: the option is no text"),
        (five(question(options=[option("right", right="See {ref}`a`"), *[option("wrong")] * 2])), "option 1 has a link"),
        (five(question(options=[option("right", right="See [a](b)"), *[option("wrong")] * 2])), "option 1 has a link"),
        (five(question(question="Two.\n\nParagraphs?")), "(why): the question must be one paragraph"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(house, content, what):
    with pytest.raises(quiz.QuizError) as stop:
        quiz.check(house(content))
    sentence = str(stop.value)
    assert sentence.startswith("data/quiz/01_one.yaml")
    assert what in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_an_id_is_there_once_in_the_book(house):
    house(five(question("same")))
    root = house([question(name) for name in ("a", "b", "same", "d", "e")], "02_two")
    with pytest.raises(
        quiz.QuizError, match=r"question same stands in data/quiz/01_one.yaml and in data/quiz/02_two.yaml"
    ):
        quiz.check(root)


def test_a_file_is_named_after_a_chapter(house):
    with pytest.raises(quiz.QuizError, match=r"data/quiz/extra.yaml is not named after a chapter"):
        quiz.check(house(five(), "extra"))


def test_a_chapter_without_questions_is_named(tmp_path):
    with pytest.raises(
        quiz.QuizError, match=r"chapter 09_none asks for its questions, but there is no file data/quiz/09"
    ):
        quiz.read(tmp_path / "09_none.yaml")


def test_a_fault_fails_the_build(house, monkeypatch):
    root = house([question()])
    monkeypatch.setattr(build, "ROOT", root)
    monkeypatch.setattr(build, "find_pages", lambda folder: {})
    monkeypatch.setattr(build.ledger, "collect", lambda root, folder: [])
    with pytest.raises(SystemExit, match=r"^FAILED  data/quiz/01_one.yaml must list 5 questions, and lists 1\.$"):
        build.main()


# --- this book's questions --------------------------------------------------------------------------------------------


def test_the_questions_of_this_book_are_in_order():
    assert quiz.check(ROOT) == quiz.QUESTIONS * len(FILES)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_asks_its_questions_once(chapter):
    asked = re.findall(
        r"^```\{quiz\}\n```$", (ROOT / f"notebooks/{chapter}.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(asked) == 1, f"{chapter} needs a section that holds a {{quiz}}"
    assert (ROOT / quiz.FOLDER / f"{chapter}.yaml").is_file()


@every_file
def test_no_pattern_gives_the_answer_away(file):
    questions = quiz.read(file)
    places = [[option.right for option in question.options].index(True) for question in questions]
    longest = [max(question.options, key=lambda option: len(option.text)).right for question in questions]
    assert len(set(places)) >= 3, f"the right options stand at {places}"
    assert sum(longest) <= 2, "the right option is too often the longest"


@every_file
def test_a_text_is_one_paragraph_and_cites_what_there_is(file):
    works = parse_file(str(ROOT / "book/references.bib")).entries
    for each in quiz.read(file):
        for text in [each.text, *(words for option in each.options for words in (option.text, option.why))]:
            kinds = [token.type for token in colab.PARSER.parse(text)]
            assert kinds == ["paragraph_open", "inline", "paragraph_close"], text
            assert set(re.findall(r"\{cite(?::\w)?\}`(\w+)`", text)) <= set(works), text


@every_file
def test_every_explanation_explains(file):
    for each in quiz.read(file):
        for option in each.options:
            assert len(option.why.split()) >= 8, f"{each.id}: {option.why}"
            assert not re.match(r"(Right|Wrong|Correct|No|Yes)\b[.,:!]", option.why), "the verdict is put before it"
