"""The self-check questions: data/quiz/NN_slug.yaml has those of the chapter notebooks/NN_slug.py.

    python tools/quiz.py      check them all, without building the book

tools/build.py does the same check; book/_ext/quizzes.py puts the questions into pages, tools/colab.py into the notebooks
for Colab.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path("data/quiz")
QUESTIONS = 5
OPTIONS = 3  # at least; a coin would get one of two right
LINK = re.compile(r"\{(?!math|sub|sup)[\w:]+\}`|\]\(")
VERDICTS = {True: "Right.", False: "Not this one."}


class QuizError(Exception):
    """One sentence that names a file, a question and what is wrong with it."""


@dataclass(frozen=True)
class Option:
    """One answer to choose from, and why it is right or wrong; both are a paragraph of MyST."""

    text: str
    why: str
    right: bool

    @property
    def verdict(self) -> str:
        """The words that an explanation begins with."""
        return VERDICTS[self.right]


@dataclass(frozen=True)
class Question:
    """A question, a paragraph of MyST, with its options in the order in which they are shown."""

    id: str
    text: str
    options: tuple[Option, ...]


def check(root: Path = ROOT) -> int:
    """Return the number of questions in all files, each read and found in order, their ids unique in the whole book."""
    seen = {}
    for file in sorted((root / FOLDER).glob("*.yaml")):
        if not re.fullmatch(r"[0-9]{2}_[a-z0-9_]+", file.stem):
            raise QuizError(f"{FOLDER / file.name} is not named after a chapter, NN_slug.yaml.")
        for question in read(file):
            if question.id in seen:
                raise QuizError(
                    f"The question {question.id} stands in {seen[question.id]} and in {FOLDER / file.name}."
                )
            seen[question.id] = FOLDER / file.name
    return len(seen)


def read(file: Path) -> list[Question]:
    """Return the questions of one chapter."""
    name = FOLDER / file.name
    if not file.is_file():
        raise QuizError(f"The chapter {file.stem} asks for its questions, but there is no file {name}.")
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise QuizError(f"{name}{where}: {getattr(error, 'problem', None) or 'this is no YAML'}.") from error
    if not isinstance(content, list) or len(content) != QUESTIONS:
        found = len(content) if isinstance(content, list) else "none"
        raise QuizError(f"{name} must list {QUESTIONS} questions, and lists {found}.")
    questions = [parse(entry, f"{name}, question {number}") for number, entry in enumerate(content, 1)]
    ids = [question.id for question in questions]
    if twice := [each for each in ids if ids.count(each) > 1]:
        raise QuizError(f"{name} has two questions with the id {twice[0]}.")
    return questions


def parse(entry, where: str) -> Question:
    """Return one question."""
    if not isinstance(entry, dict) or set(entry) != {"id", "question", "options"}:
        raise QuizError(f"{where}: a question has an id, a question and options, and nothing else.")
    if not isinstance(entry["id"], str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", entry["id"]):
        raise QuizError(f"{where}: the id {entry['id']} must be a few words in small letters, joined by hyphens.")
    where = f"{where} ({entry['id']})"
    options = entry["options"]
    if not isinstance(options, list) or len(options) < OPTIONS:
        raise QuizError(f"{where} needs at least {OPTIONS} options.")
    options = tuple(parse_option(option, f"{where}, option {n}") for n, option in enumerate(options, 1))
    if (right := sum(option.right for option in options)) != 1:
        raise QuizError(f"{where} must have exactly one right option, and has {right or 'none'}.")
    if len({option.text for option in options}) < len(options):
        raise QuizError(f"{where} has the same option twice.")
    return Question(entry["id"], words(entry["question"], f"{where}: the question"), options)


def parse_option(entry, where: str) -> Option:
    """Return one option: {right: …, why: …} or {wrong: …, why: …}."""
    if not isinstance(entry, dict) or set(entry) not in ({"right", "why"}, {"wrong", "why"}):
        raise QuizError(f"{where}: an option has its words under right or wrong, and an explanation under why.")
    right = "right" in entry
    text = words(entry["right" if right else "wrong"], f"{where}: the option")
    if LINK.search(text):
        raise QuizError(f"{where} has a link, which could not be told from choosing it: put it into the explanation.")
    return Option(text, words(entry["why"], f"{where}: the explanation"), right)


def words(text, what: str) -> str:
    """Return a text that is one."""
    if not isinstance(text, str) or not text.strip():
        raise QuizError(f"{what} is no text: write some, in quotes if need be.")
    if re.search(r"\n[ \t]*\n", text.strip()):
        raise QuizError(f"{what} must be one paragraph.")
    return " ".join(text.split())


def main() -> None:
    try:
        print(f"{check()} questions are in order.")
    except QuizError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
