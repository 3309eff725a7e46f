"""Experiments for the book *Why Overparameterized Networks Generalize*.

One direction of flow: data → models → ensemble (train many at once) → sweep (table of records) → measures and
claims (verdicts) → figures. The package knows no chapter.
"""

import io
import sys

__version__ = "0.1.0"

# Tables and sentences of this package hold ×, – and −. A terminal or file that has no such character gets it as \xd7.
if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.encoding.lower().startswith("utf"):
    sys.stdout.reconfigure(errors="backslashreplace")
