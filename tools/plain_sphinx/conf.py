"""The configuration of the book for Sphinx alone, read from _config.yml: the way out of Jupyter Book 1 (`make sphinx`)."""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
HTML, OF_SPHINX = SETTINGS["html"], SETTINGS["sphinx"]
JUPYTER_BOOKS = {
    "jupyter_book",
    "sphinx_comments",
    "sphinx_jupyterbook_latex",
    "sphinx_multitoc_numbering",
}  # not needed here

sys.path += [str(ROOT / folder) for folder in dict.fromkeys(OF_SPHINX["local_extensions"].values())]

html_title = project = SETTINGS["title"]
author, copyright = SETTINGS["author"], SETTINGS["copyright"]
html_baseurl, html_favicon = HTML["baseurl"], HTML["favicon"]
html_theme, pygments_style, html_sourcelink_suffix, numfig = "sphinx_book_theme", "sphinx", "", True
nb_execution_mode = SETTINGS["execute"]["execute_notebooks"]
myst_enable_extensions = ["linkify", *SETTINGS["parse"]["myst_enable_extensions"]]
myst_url_schemes = ["mailto", "http", "https"]
bibtex_bibfiles = SETTINGS["bibtex_bibfiles"]
external_toc_path, external_toc_exclude_missing = str(ROOT / "_toc.yml"), SETTINGS["only_build_toc_files"]
exclude_patterns = ["**.ipynb_checkpoints"]

globals().update(OF_SPHINX["config"])
extensions = [name for name in OF_SPHINX["config"]["extensions"] if name not in JUPYTER_BOOKS]
repository = SETTINGS["repository"]
html_theme_options = {
    "launch_buttons": SETTINGS["launch_buttons"],
    "path_to_docs": repository["path_to_book"],
    "repository_url": repository["url"],
    "repository_branch": repository["branch"],
    "home_page_in_toc": HTML["home_page_in_navbar"],
} | OF_SPHINX["config"]["html_theme_options"]


def setup(app):
    """Let paths begin at the pages, as in _config.yml, and not beside this file."""
    app.confdir = app.srcdir
