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
(library-grid)=
# Train a grid of networks

Whoever studies how networks learn trains the same network many times: at several widths, with several learning rates, with five seeds each. The package `overparam`, which this book is made with, does that in one call. It trains many networks as one program, spreads them over the cores of the machine, keeps what is finished, and returns a table with a row for each network. These pages show how to use it for work of your own. They assume PyTorch and pandas, and nothing of the book.

On Colab the first cell fetches the package. Elsewhere, clone the book's repository and run `pip install .` in it; after that it needs no checkout.
"""

# %%
from matplotlib import pyplot as plt

from overparam import curves, data, figures, mlp, network, sweep

figures.style()
digits = data.load("digits")
digits

# %% [markdown]
r"""
## One call

A setting that is given as a list is a dimension of the grid. Here are three widths, two shares of random labels and five seeds, so thirty networks:
"""

# %%
grid = {"label_noise": [0, 0.2], "seed": range(5), "n": 200, "epochs": 100}
rule = {"lr": 0.05, "momentum": 0.9, "batch_size": 50}
runs = sweep(mlp(width=[8, 32, 128]), digits, **grid, **rule, record=["curves"])
runs[
    ["width", "label_noise", "init_seed", "parameters", "train_error", "test_error"]
].head()

# %% [markdown]
r"""
`mlp` describes networks with one hidden layer. Other architectures are `cnn1d` and `lenet`, of which many are trained at a time, and `cnn`, `conv`, `resnet18` and `transformer`, which are trained one by one; {doc}`/notebooks/library_module` shows how to bring one along. {doc}`/book/engine` lists all settings: optimizers, schedules, weight decay, dropout, augmentation, early stopping and others.

Every row holds its settings, so the usual tools of pandas apply. Errors are shares of misclassified examples, from 0 to 1; losses are means over examples.
"""

# %%
runs.groupby(["label_noise", "width"]).test_error.agg(["mean", "std"]).round(3)

# %% [markdown]
r"""
`figures.plot` draws means over the seeds with 95 % intervals.
"""

# %% mystnb={"figure": {"caption": "**Random labels raise the error on new examples.** Means over five seeds with 95 % bands.", "name": "fig-library-grid"}, "image": {"alt": "Test error against width, with and without random labels: it falls with the width, and is higher with random labels."}}
ax = figures.plot(
    runs, x="width", y="test_error", hue="label_noise", label="{:.0%} random labels"
)
ax.set(xscale="log", xlabel="hidden units")
figures.log_axis(ax, [8, 32, 128])
ax.legend()
plt.show()
# %% [markdown]
r"""
## While they train

`record` names what else to keep. With `"curves"`, the losses and errors at some epochs; `curves` makes of them a table with a row for each network and epoch. A mapping says at which epochs: `record={"curves": range(101), "weights": [0, 1, 10]}`. There are also the predictions, and for each training and test example its loss and whether it is right. What else you want to know, {doc}`/notebooks/library_measure` measures.
"""

# %%
history = curves(runs)
history.query("init_seed == 0 and width == 128")[
    ["label_noise", "epoch", "train_error", "test_error"]
].tail(3)

# %% [markdown]
r"""
## A network from a row

With recorded weights a row becomes an `nn.Module` again, at the end or at any recorded time. Here it answers for two new digits.
"""

# %%
recorded = sweep(mlp(64), digits, n=200, epochs=100, **rule, record={"weights": [0]})
module = network(recorded.iloc[0], digits)
module(digits.x_test[:2]).argmax(1), digits.y_test[:2]

# %% [markdown]
r"""
## What a seed decides

`seed` sets two others: `init_seed`, for the initial weights, the order of the examples and dropout, and `data_seed`, for which examples are drawn and which labels are random. Give both, each a list, to cross them. Nothing depends on torch's global random state. A network has the same numbers in any grid, whatever its neighbours are, up to rounding; on a CPU the same call gives the same bits.

## Nothing is trained twice

What is finished is stored, in `data/cache` of a checkout, elsewhere in `~/.cache/overparam`, or in the folder that the variable `OVERPARAM_CACHE` names. The same call again, or another that contains some of the same networks, reads them. A call that was interrupted goes on where it was. A record is known by its settings, the bytes of the data, and the code: change any of them, and it is trained anew. `overparam cache` in a terminal lists what is kept, and `overparam cache clear` forgets it. `cache=False` does without.

## The plan

`explain=True` trains nothing, and says which networks would train together, for how long, and in how much memory:
"""

# %%
plan = sweep(mlp(width=[8, 32, 128]), digits, **grid, **rule, explain=True)
plan[["networks", "width", "seconds", "megabytes", "why"]].round(1)

# %% [markdown]
r"""
The device is a GPU where there is one, else the processor; `device="cpu"` chooses. All cores are used, unless the variable `OVERPARAM_CORES` names fewer. {doc}`/notebooks/library_machines` goes beyond one machine.

## When something is wrong

What cannot be done is said before any work starts, in one sentence:
"""

# %%
try:
    sweep(mlp(64), digits, n=2_000, epochs=10, lr=0.1)
except ValueError as error:
    print(error)

# %% [markdown]
r"""
A network whose loss grows beyond measure does not end the others: its row says `diverged`, its errors are NaN, and means leave it out.
"""
