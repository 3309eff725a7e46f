"""Link to an assignment: {assignment}`01_bias_variance` opens the notebook for students on Colab, or downloads it.

With words of its own, {assignment}`words <01_bias_variance>`, it is the link to Colab alone. The file to download lies
beside the pages (tools/build.py), so it can be had from a book without a network.
"""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import ReferenceRole

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import colab  # noqa: E402


class AssignmentRole(ReferenceRole):
    """A link to the notebook of an assignment on Colab, and one to its file."""

    def run(self):
        found = colab.assignment(ROOT, self.target)
        if found is None:
            message = self.inliner.reporter.error(f"there is no assignment {self.target}", line=self.lineno)
            return [], [message]
        title, url = found
        if self.has_explicit_title:
            return [nodes.reference("", self.title, refuri=url)], []
        up = "../" * self.env.docname.count("/")
        file = f"{up}_static/assignments/{self.target}.ipynb"
        download = f'<a href="{file}" download="{self.target}.ipynb">the file</a>'
        return [
            nodes.reference("", title, refuri=url),
            nodes.Text(" (on Colab; or "),
            nodes.raw("", download, format="html"),
            nodes.Text(")"),
        ], []


def setup(app):
    app.add_role("assignment", AssignmentRole())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
