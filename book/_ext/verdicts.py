"""Put verdicts into a page: the `{ledger}` directive with its totals, filter and tables, and two roles for a sentence.

{claim}`words <id>` links to a claim's card and adds its verdict; as long as the claim's chapter is not there it says
"planned". {finding}`id` quotes the published sentence of a finding, with a link to its card. A claim that is not known, or a
sentence that is not published, is a warning, so it fails the build.
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
from overparam.report import cards  # noqa: E402

LOGGER = logging.getLogger(__name__)
PAGE = "book/ledger"


@cache
def chapters(source):
    """Return the chapters with their claims; the pages are staged in build/<scale>/source."""
    return ledger.collect(ROOT, Path(source).parent)


class LedgerDirective(SphinxDirective):
    """Totals of all claims, the filter of their tables, or the table of one kind: finding, theorem or planned."""

    required_arguments = 1

    def run(self):
        def url(page):
            return self.env.app.builder.get_relative_uri(self.env.docname, page)

        found, scale = chapters(self.env.srcdir), Path(self.env.srcdir).parent.name
        parts = {
            "totals": lambda: ledger.totals(found, url(PAGE)),
            "filter": lambda: ledger.controls(found),
        } | {kind: lambda kind=kind: ledger.table(found, kind, scale, url) for kind in ledger.KINDS}
        return [nodes.raw("", parts[self.arguments[0]](), format="html")]


class ClaimRole(ReferenceRole):
    """A link to a claim's card, and its verdict."""

    def run(self):
        chapter, claim = ledger.find(chapters(self.env.srcdir), self.target)
        if not claim:
            LOGGER.warning("there is no claim %s", self.target, location=self.get_location())
            return [nodes.inline("", self.title)], []
        title = nodes.inline("", self.title if self.has_explicit_title else claim.fact["title"])
        verdict = nodes.inline("", claim.words, classes=["verdict", claim.verdict])
        return [linked(self.env, chapter, claim, title), nodes.Text("\u00a0"), verdict], []


class FindingRole(ReferenceRole):
    """The published sentence of a finding; its verdict, behind it, links to the card."""

    def run(self):
        chapter, claim = ledger.find(chapters(self.env.srcdir), self.target)
        if not claim or not claim.record or not claim.claim.finding:
            LOGGER.warning("there is no published sentence of %s", self.target, location=self.get_location())
            return [nodes.inline("", self.title)], []
        sentence = nodes.Text(f"{cards.sentence(claim.claim, claim.record)} ")
        verdict = nodes.inline("", claim.words, classes=["verdict", claim.verdict])
        return [sentence, linked(self.env, chapter, claim, verdict)], []


def linked(env, chapter, claim, shown):
    """Return what is shown as a link to a claim's card, or to its row in the ledger where it is planned."""
    shown_there = chapter.page and claim.kind != "planned"
    page, anchor = (chapter.page, claim.anchor) if shown_there else (PAGE, f"ledger-{claim.fact['id']}")
    uri = env.app.builder.get_relative_uri(env.docname, page)
    return nodes.reference("", "", shown, refuri=f"{uri}#{anchor}", internal=True)


def setup(app):
    app.add_directive("ledger", LedgerDirective)
    app.add_role("claim", ClaimRole())
    app.add_role("finding", FindingRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
