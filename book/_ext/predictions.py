"""The `{predict}` directive: a question with choices that the reader answers before the figure that answers it.

    ::::{predict}
    :answer: 2
    :figure: fig-noise
    Which way does the bottom of the U move?

    1. Nowhere.
    2. To fewer coefficients.

    :::{dropdown} Answer
    B: noise lifts the rising branch only.
    :::
    ::::

`answer` is the number of the right choice; it is left out only where the answer's text says why none fits. `figure` is
the label of the figure on the same page that answers the question: predictions.js folds it until the reader has chosen.
`source` is who gives the answer: the run (the default), pilot runs, or theory. Without JavaScript the question, its
choices and the figure are there to read, and the answer is a fold.
"""

import hashlib
from html import escape
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

LOGGER = logging.getLogger(__name__)
TITLE = "Predict before you run"
SOURCES = ("run", "pilot", "theory")


class PredictDirective(SphinxDirective):
    """A question, a numbered list of choices and a folded answer, with what predictions.js needs to know of them."""

    has_content = True
    option_spec: ClassVar = {
        "answer": directives.positive_int,
        "figure": directives.unchanged_required,
        "source": lambda given: directives.choice(given, SOURCES),
    }

    def run(self):
        box = nodes.admonition("", nodes.title("", TITLE), classes=["predict"])
        self.set_source_info(box)
        self.state.nested_parse(self.content, self.content_offset, box)
        lists = [node for node in box if isinstance(node, nodes.enumerated_list)]
        if len(lists) != 1:
            raise self.error(f"A prediction has one numbered list of choices; this one has {len(lists)}.")
        choices, answer = lists[0], self.options.get("answer")
        if answer is not None and answer > len(choices):
            raise self.error(f"The answer of this prediction is {answer}, but it has {len(choices)} choices.")
        choices["enumtype"] = "upperalpha"
        facts = {
            "answer": answer,
            "figure": self.options.get("figure"),
            "source": self.options.get("source", SOURCES[0]),
            # What a reader chose is kept under this name, so that it is not taken for an answer to another question.
            "key": hashlib.sha256(box.astext().encode()).hexdigest()[:8],
        }
        attributes = " ".join(
            f'data-{name}="{escape(str(value))}"' for name, value in facts.items() if value is not None
        )
        fact = nodes.raw("", f"<span hidden {attributes}></span>", format="html", prediction=facts["figure"])
        self.set_source_info(fact)
        box.insert(box.index(choices), fact)
        return [box]


class AnsweringFigures(SphinxPostTransform):
    """Mark the figures that answer a prediction, so that style.css folds them before a script has run."""

    default_priority = 11  # after the notebook's outputs have become figures
    formats = ("html",)

    def run(self, **kwargs):
        order = list(self.document.findall(lambda node: isinstance(node, nodes.figure) or wants(node)))
        figures = {name: i for i, node in enumerate(order) if isinstance(node, nodes.figure) for name in node["ids"]}
        for place, node in enumerate(order):
            if not wants(node):
                continue
            label = node["prediction"]
            if label not in figures:
                LOGGER.warning("there is no figure %s on this page, which answers a prediction", label, location=node)
            elif figures[label] < place:
                LOGGER.warning("the figure %s stands above the prediction that it answers", label, location=node)
            elif "answers" in order[figures[label]]["classes"]:
                LOGGER.warning("the figure %s answers two predictions", label, location=node)
            else:
                order[figures[label]]["classes"].append("answers")


def wants(node):
    return isinstance(node, nodes.raw) and bool(node.get("prediction"))


def setup(app):
    app.add_directive("predict", PredictDirective)
    app.add_post_transform(AnsweringFigures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
