"""Write book/_static/lab/digits.js, the images of the start page's experiment: the package's own, as text.

python tools/lab_digits.py
"""

from pathlib import Path

import numpy as np

from overparam import data

FILE = Path(__file__).resolve().parents[1] / "book/_static/lab/digits.js"
TRAIN, TEST = 200, 400
HEAD = f"""\
// {TRAIN} digits for training and {TEST} for testing (UCI, via scikit-learn; data.digits({TRAIN}, seed=0)). A line per image: its label, and
// 8 × 8 shades from 0 to 16 as digits of base 17, which a page's compression packs as well as bytes. Written by tools/lab_digits.py.
"""


def text() -> str:
    """The script: one string of 65 letters per image, those for training first."""
    images = data.digits(TRAIN, seed=0)
    x = np.concatenate([images.x, images.x_test[:TEST]])
    y = np.concatenate([images.y, images.y_test[:TEST]])
    shades = np.array(list("0123456789abcdefg"))[np.rint(16 * x).astype(int)]
    lines = "\n".join(f"{label}{''.join(row)}" for label, row in zip(y, shades, strict=True))
    return f"{HEAD}const LAB_DIGITS = `\n{lines}\n`;\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
