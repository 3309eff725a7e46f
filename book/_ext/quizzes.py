"""Put the self-check questions of a chapter into its page: `{quiz}`, from data/quiz/NN_slug.yaml.

Each question is a form of its own. Without JavaScript every option has its explanation folded under it; page.js turns
the options into radio buttons and shows an explanation when an answer is checked.
"""

import hashlib
import sys
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import quiz  # noqa: E402


class QuizDirective(SphinxDirective):
    """The questions of the chapter in which it stands."""

    def run(self):
        file = ROOT / quiz.FOLDER / f"{Path(self.env.docname).name}.yaml"
        try:
            questions = quiz.read(file)
        except quiz.QuizError as error:
            raise self.error(str(error)) from error
        self.env.note_dependency(str(file))
        parts = [html('<div class="quiz">')]
        for number, question in enumerate(questions, 1):
            parts += self.question(number, question)
        return [*parts, html('<div class="quiz-score" role="status"></div></div>')]

    def question(self, number, question):
        name = f"quiz-{question.id}"
        yield html(f'<form class="quiz-question" id="{name}" autocomplete="off"><fieldset>')
        yield html(f'<legend><span class="quiz-number">Question {number}</span> ')
        yield self.words(question.text, f"the question {question.id}")
        yield html("</legend>")
        for position, option in enumerate(question.options, 1):
            yield from self.option(question, option, f"{name}-{position}")
        yield html(
            '<button type="submit" hidden>Check</button>'
            f'<div class="quiz-answer" id="{name}-answer" role="status"></div></fieldset></form>'
        )

    def option(self, question, option, name):
        # The value tells the option from all others, also after an edit, so that no answer to an older text is shown.
        value = hashlib.sha256(option.text.encode()).hexdigest()[:8]
        kind = "right" if option.right else "wrong"
        yield html(
            f'<div class="quiz-option"><input type="radio" name="{question.id}" value="{value}" id="{name}" '
            f'data-kind="{kind}" required hidden disabled> <label for="{name}" id="{name}-label">'
        )
        yield self.words(option.text, f"an option of {question.id}")
        yield html(
            f' <span class="quiz-mark"></span></label><details><summary aria-describedby="{name}-label">Explanation</summary>'
            f'<div class="quiz-why"><strong class="quiz-verdict {kind}">{escape(option.verdict)}</strong> '
        )
        yield self.words(option.why, f"an explanation of {question.id}")
        yield html("</div></details></div>")

    def words(self, text, what):
        """Return one paragraph of MyST as words that can stand in a label."""
        found = self.parse_text_to_nodes(text)
        if len(found) != 1 or not isinstance(found[0], nodes.paragraph):
            raise self.error(f"{what} in {self.env.docname} is not one plain paragraph")
        return nodes.inline("", "", *found[0].children)


def html(text):
    return nodes.raw("", text, format="html")


def setup(app):
    app.add_directive("quiz", QuizDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
