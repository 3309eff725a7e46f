"""The buttons that open a chapter's notebook: Colab first, then the other places. A phone shows the first alone (style.css).

The theme knows Colab and Binder; Kaggle, too, opens a notebook that lies on GitHub.
"""

KAGGLE = "https://www.kaggle.com/kernels/welcome?src=https://github.com/"


def order_buttons(app, pagename, templatename, context, doctree):
    for group in context.get("header_buttons", ()):
        if group.get("label") != "launch-buttons":
            continue
        others = [button | {"icon": None} for button in group["buttons"] if button["text"] != "Colab"]
        for colab in [button for button in group["buttons"] if button["text"] == "Colab"]:
            place = colab["url"].partition("/github/")[2]
            kaggle = {"type": "link", "text": "Kaggle", "tooltip": "Launch on Kaggle", "url": KAGGLE + place}
            group["buttons"] = [colab, kaggle, *others]


def setup(app):
    app.connect("html-page-context", order_buttons, priority=900)  # when the theme has made its own
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
