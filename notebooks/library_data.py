# ---
# jupyter:
#   jupytext:
#     cell_markers: '"""'
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
(library-data)=
# Your own data

A data set is a `Data`: a pool of training examples, test examples, and a name. Everything is in memory, as tensors. There is no loader to write, since a batch is an index.
"""

# %%
import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

from overparam import MLP, Data, mlp, predictions, sweep

table = load_wine(as_frame=True).frame
table.iloc[:3, [0, 1, 2, -1]]

# %% [markdown]
r"""
## From a table

The table holds 178 wines, thirteen measurements of each, and which of three cultivars it is. Inputs become numbers of about the same size; the means and spreads come from the training rows alone.
"""

# %%
train, test = train_test_split(table, test_size=0.4, random_state=0)
mean, spread = train.drop(columns="target").mean(), train.drop(columns="target").std()
x, x_test = (
    ((part.drop(columns="target") - mean) / spread).to_numpy() for part in (train, test)
)
y, y_test = train.target.to_numpy(), test.target.to_numpy()
wine = Data("wine", x, y, x_test, y_test, source="UCI wine, by scikit-learn", classes=3)
wine

# %%
rule = {"lr": 0.1, "epochs": 100, "batch_size": 16}
runs = sweep(mlp(width=[2, 8, 32]), wine, n=[16, 64], seed=range(5), **rule)
runs.pivot_table(index="n", columns="width", values="test_error").round(3)

# %% [markdown]
r"""
`n` draws so many examples from the pool, others for each `data_seed`. Without it a network trains on all.

## What it takes

| | shape | |
| --- | --- | --- |
| `x`, `x_test` | examples × the shape of one | NumPy arrays or tensors of numbers; kept as float32 |
| `y`, `y_test` | examples | class labels: whole numbers from 0 |
| or | examples × outputs | targets of a regression, floats; leave `classes` out |
| `classes` | | the number of classes; None for a regression |
| `name`, `source` | | texts of one line: for tables, and for captions |

The shape of an example decides who can take it. Fully connected networks take any. `cnn1d` takes signals, (positions) or (channels, positions); `cnn`, `conv` and `resnet18` take images, (channels, height, width), (height, width), or a square number of pixels. A `transformer` takes token ids, (length). A network of your own sees `x` as it is.

Images often come as bytes from 0 to 255: divide by 255. What has one meaning is converted. The rest is refused, in a sentence:
"""

# %%
for labels in (y + 1, y * 0.5, y[:5]):
    try:
        Data("wine", x, labels, x_test, y_test, source="here", classes=3)
    except ValueError as error:
        print(error)

# %% [markdown]
r"""
## A regression

Targets are floats, and the loss is the squared one, a mean over examples and outputs. There are no errors to count: `test_error` is NaN, and `test_loss` is what to look at.
"""

# %%
rng = np.random.default_rng(0)
inputs = rng.uniform(-1, 1, (400, 5))
targets = np.sin(3 * inputs[:, :1]) + 0.1 * rng.normal(size=(400, 1))
waves = Data(
    "waves", inputs[:200], targets[:200], inputs[200:], targets[200:], source="drawn"
)
fits = sweep(
    mlp([4, 64], depth=2), waves, loss="squared", seed=range(5), lr=0.05, epochs=200
)
fits.groupby("width").test_loss.mean().round(3)

# %% [markdown]
r"""
## Several at once

A mapping from names to data sets is one more dimension of the grid. Its names are in the column `data`. Here one of the measurements is taken away, each of four in turn, to see which of them matters:
"""


# %%
def without(column):
    fewer, fewer_test = (np.delete(part, column, axis=1) for part in (x, x_test))
    return Data("wine", fewer, y, fewer_test, y_test, source=wine.source, classes=3)


names = list(mean.index)
fewer = {name: without(i) for i, name in enumerate(names[:4])} | {"nothing": wine}
lacking = sweep(MLP(8), fewer, n=32, seed=range(10), **rule)
lacking.groupby("data").test_error.agg(["mean", "sem"]).round(3)

# %% [markdown]
r"""
## Labels that are wrong on purpose

`label_noise=0.2` replaces a fifth of the training labels by a class that is drawn at random, which may be the right one. Test labels stay true. Labels that are wrong in another way you write into `y` yourself.

## Test examples and model selection

The engine shows networks no test example, and uses none to stop. Where you choose a setting by the test error, the error of what you chose is too low: record `"test_correct"`, choose on one half of the test examples, and report the other.

## Memory, and what is stored

Every process maps the data; nothing is copied for each network but an index. A record of a trained network is known by a hash of all bytes of the data, so a value that you change means new networks. `name` and `source` do not count.

Predictions of networks that saw different examples, on the same test set, are what bias and variance are made of:
"""

# %%
seen = sweep(
    MLP(8),
    wine,
    n=32,
    init_seed=range(2),
    data_seed=range(6),
    record=["predictions"],
    **rule,
)
answers = predictions(seen, "data_seed", "init_seed").reshape(6, 2, len(y_test), 3)
f"variance over training sets: {answers.mean(1).var(0).sum(1).mean():.3f}"
