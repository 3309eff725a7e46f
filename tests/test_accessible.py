"""Nobody is kept out of a page: axe-core's rules hold on every page, light and dark, 360 and 1440 pixels wide, folds opened.

axe-core lies beside the tests (tests/vendor/axe-core, by tools/vendor.py). Its rules are read once per page; those that
depend on width again on a phone, those that depend on colours in the three other looks. Drawings and formulas are emptied
first: they have a name of their own, and their thousands of strokes say nothing to these rules. So is all but one of each
kind of coloured code.
"""

from pathlib import Path

import pytest
from test_book import HTML, PAGES

AXE = Path(__file__).parent / "vendor/axe-core/axe.min.js"
COLOURS = ["color-contrast", "link-in-text-block"]
LOOKS = [  # beside the light page of 1440 pixels, which gets all the rules
    ("light", 360, [*COLOURS, "scrollable-region-focusable", "target-size"]),
    ("dark", 1440, COLOURS),
    ("dark", 360, COLOURS),
]

# What the theme does and we leave: (rule, what the element's HTML begins with, why)
OF_THE_THEME: list[tuple[str, str, str]] = []

OPEN = """() => {
  document.querySelectorAll("details").forEach((fold) => (fold.open = true));
  document.querySelectorAll(".toggle-hidden .toggle-button").forEach((button) => button.click());
}"""
THIN = """() => {
  document.querySelectorAll("svg.figure, svg.claim-forest, .katex").forEach((drawn) => drawn.replaceChildren());
  const seen = new Set();
  for (const token of document.querySelectorAll("pre span, dt.sig span")) {
    if (!token.isConnected) continue;
    if (seen.has(token.className)) token.replaceWith(...token.childNodes);
    else seen.add(token.className);
  }
  document.body.normalize();
}"""
RUN = """async ([rules, all]) => {
  const settings = { resultTypes: ["violations"], iframes: false, preload: false };
  const wanted = all ? { rules: { "target-size": { enabled: true } } } : { runOnly: rules };
  const { violations } = await axe.run({ ...settings, ...wanted });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html, failureSummary }) => [id, target.join(" "), html, failureSummary.split("\\n").slice(1).join("; ")])
  );
}"""


def ready(browser, address):
    """A page as a reader with everything unfolded has it, and axe-core in it."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page.set_default_timeout(120_000)  # on a busy machine
    page.goto(address, wait_until="load")
    page.evaluate("() => window.MathJax?.startup?.promise")
    page.evaluate(OPEN)
    page.evaluate(THIN)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page


def violations(page):
    """What breaks a rule, a line each, with the look in which it does."""
    found = [("light, 1440 px", *each) for each in page.evaluate(RUN, [[], True])]
    for theme, width, rules in LOOKS:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("(theme) => document.documentElement.dataset.theme === theme", arg=theme)
        page.wait_for_timeout(100)  # until what scrolls at this width can be reached by keyboard
        found += [(f"{theme}, {width} px", *each) for each in page.evaluate(RUN, [rules, False])]
    ours = [
        each
        for each in found
        if not any(each[1] == rule and each[3].startswith(html) for rule, html, _ in OF_THE_THEME)
    ]
    return [f"{rule} ({look}): {target} {html[:120]!r}: {why}" for look, rule, target, html, why in ours]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.relative_to(HTML).as_posix())
def test_a_page_breaks_no_rule_of_accessibility(browser, file):
    page = ready(browser, file.as_uri())
    found = violations(page)
    page.close()
    assert not found, "\n".join(found[:20])


def test_the_rules_are_read(browser, tmp_path):
    """A page with a fault of each kind is noticed, also a fault that is there in the dark or on a phone only."""
    (tmp_path / "page.html").write_text(
        """<!doctype html><html lang="en" data-theme="light"><title>t</title><style>
        p { color: #111 } [data-theme=dark] p { background: #333 } pre { overflow: auto; width: 100%; margin: 0 }
        </style><script>
        const media = matchMedia("(prefers-color-scheme: dark)");
        media.addEventListener("change", () => (document.documentElement.dataset.theme = media.matches ? "dark" : "light"));
        </script><main><h1>t</h1><p>text</p><details><summary>fold</summary><img src="x.png"></details>"""
        f"<pre>{'wide ' * 40}</pre></main></html>",
        encoding="utf-8",
    )
    page = ready(browser, (tmp_path / "page.html").as_uri())
    rules = {tuple(line.split(": ")[0].split(" (")) for line in violations(page)}
    page.close()
    assert ("image-alt", "light, 1440 px)") in rules
    assert ("color-contrast", "dark, 1440 px)") in rules
    assert ("scrollable-region-focusable", "light, 360 px)") in rules
