"""Experiments for the book *Why Overparameterized Networks Generalize*.

One direction of flow: data → models → ensemble (train many at once) → sweep (table of records) → measures and
claims (verdicts) → figures. The package knows no chapter.
"""

__version__ = "0.1.0"
