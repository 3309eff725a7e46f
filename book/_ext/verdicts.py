"""Put recorded verdicts into a page: `{ledger} table`, `{ledger} totals`, and {claim}`words <NN-slug/claim>` in a sentence.

The role links to the claim's card and adds its verdict. As long as the claim's chapter is not there it says "planned".
A claim that its chapter does not have is a warning, so it fails the build.
"""

import sys
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole, SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import ledger  # noqa: E402

LOGGER = logging.getLogger(__name__)
PAGE = "book/ledger"


@cache
def chapters(source):
    """Return the chapters with their claims; the pages are staged in build/<scale>/source."""
    return ledger.collect(ROOT, Path(source).parent)


class LedgerDirective(SphinxDirective):
    """The table of all claims, or their totals."""

    required_arguments = 1

    def run(self):
        def url(page):
            return self.env.app.builder.get_relative_uri(self.env.docname, page)

        found, scale = chapters(self.env.srcdir), Path(self.env.srcdir).parent.name
        parts = {
            "table": lambda: ledger.table(found, scale, url),
            "totals": lambda: ledger.totals(found, scale, url(PAGE)),
        }
        return [nodes.raw("", parts[self.arguments[0]](), format="html")]


class ClaimRole(ReferenceRole):
    """A link to a claim's card, and its verdict."""

    def run(self):
        chapter, claim = ledger.find(chapters(self.env.srcdir), self.target)
        if chapter and not claim:
            LOGGER.warning("chapter %s has no claim %s", chapter.number, self.target, location=self.get_location())
        shown = nodes.inline("", claim.fact["title"] if claim and not self.has_explicit_title else self.title)
        kind = claim.verdict if claim else "planned"
        if claim:
            planned = PAGE, claim.anchor.replace("claim", "ledger", 1)
            page, anchor = (chapter.page, claim.anchor) if chapter.page else planned
            uri = self.env.app.builder.get_relative_uri(self.env.docname, page)
            shown = nodes.reference("", "", shown, refuri=f"{uri}#{anchor}", internal=True)
        return [shown, nodes.Text("\u00a0"), nodes.inline("", ledger.words(kind), classes=["verdict", kind])], []


def setup(app):
    app.add_directive("ledger", LedgerDirective)
    app.add_role("claim", ClaimRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
