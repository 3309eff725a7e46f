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
(library-measure)=
# Your own measure, while networks train

Losses and errors are recorded for the asking. What else you want to know of a network in training, such as a norm, a rank or a sharpness, is a function of yours. It gets the network and its data, gives a number, and is called at the epochs that you name.
"""

# %%
import torch
from matplotlib import pyplot as plt
from torch.nn.functional import cross_entropy

from overparam import data, figures, mlp, sweep

figures.style()
digits = data.load("digits")


# %% [markdown]
r"""
## A function of a network and its data

How many directions do the hidden units use? A usual answer is the participation ratio of the eigenvalues λ of the covariance of their activations, (Σλ)²/Σλ²: 1 if all move together, and as many as there are units if each goes its own way.
"""


# %%
def dimension(module, data):
    """The participation ratio of the hidden activations on the training examples."""
    hidden = module[:-1](data.x)  # all but the last layer
    spectrum = torch.linalg.eigvalsh(torch.cov(hidden.T))
    return spectrum.sum() ** 2 / spectrum.square().sum()


# %%
epochs = [0, 1, 2, 5, 10, 20, 50]
rule = {"n": 200, "epochs": 100, "lr": 0.05, "momentum": 0.9, "batch_size": 50}
grid = {"label_noise": [0, 1.0], "seed": range(5)}
runs = sweep(mlp(64), digits, **grid, **rule, record={"dimension": (dimension, epochs)})
runs.dimension_epoch[0], runs.dimension[0].round(1)

# %% [markdown]
r"""
The table has two more columns of arrays: `dimension`, and `dimension_epoch` with the epochs. The end of training is always among them. `explode` makes a row of each epoch:
"""

# %% mystnb={"figure": {"caption": "**Random labels spread the hidden activations over more directions.** Participation ratio of 64 hidden units while they learn 200 digits with true or with random labels. Means over five seeds with 95 % bands.", "name": "fig-library-measure"}, "image": {"alt": "Dimension of the hidden activations against epochs, for true and for random labels."}}
long = runs.explode(["dimension", "dimension_epoch"]).astype({"dimension": float})
long["epoch"] = long.dimension_epoch.astype(float)
ax = figures.plot(
    long, "epoch", "dimension", hue="label_noise", label="{:.0%} random labels"
)
ax.set(xscale="symlog", xlim=(0, 100), ylabel="directions in use")
ax.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
ax.legend()
plt.show()
# %% [markdown]
r"""
## What it gets

- `module`: a copy of the network at that time, an `nn.Module` in evaluation mode, on the device where it trains. Change it, prune it, step along its gradient: training does not notice. With `averaging` it has the averaged weights, with `output_scale` it is f(w, x) alone.
- `data`: a data set whose `x` and `y` are *the training examples of this network*, with the labels that it is taught, wrong ones too. `x_test` and `y_test` are the test examples, and `classes` is there as well. Everything has the shape that the module takes.

Gradients can be taken. What is drawn from torch's random numbers follows from the network's seed, the same at each time. The function returns one number, as a float or as a tensor of one element. For several, write several functions:
"""


# %%
def gradient_norm(module, data):
    loss = cross_entropy(module(data.x), data.y)
    parts = torch.autograd.grad(loss, list(module.parameters()))
    return torch.stack([part.norm() for part in parts]).norm()


def dead(module, data):
    """The share of hidden units that no training example switches on."""
    return (module[:-1](data.x) == 0).all(0).float().mean()


record = {"curves": range(0, 101, 10), "steep": (gradient_norm, epochs), "dead": dead}
more = sweep(mlp([16, 64]), digits, seed=range(3), **rule, record=record)
ends = more.assign(steep=more.steep.str[-1], dead=more.dead.str[-1])
ends.groupby("width")[["train_loss", "steep", "dead"]].mean().round(4)

# %% [markdown]
r"""
A function without epochs is called at the end alone. An epoch may be a fraction, which falls between the steps of an epoch.

## What is stored

Measures are stored with the networks, under the code of the function: what it calls and closes over counts, comments do not. Change it, and these networks train anew, since nobody kept their weights. So try a measure on a recorded network first (`record=["weights"]`, then `overparam.network`), and give it to a large sweep when it is right.

## What it costs

Networks that train as one are measured one by one, at each recorded epoch. A measure that takes 10 ms, at eight epochs of a thousand networks, takes 80 s.

As with {doc}`networks of your own </notebooks/library_module>`, other processes must be able to import the function. One that is defined in a notebook keeps the sweep in the notebook's process, on one core. In a file beside it, say `mymeasures.py`, it uses all cores, and clusters.

## When it fails

The function is tried on an untrained network before any work starts. If it raises an error there, or gives no number, the sweep ends with a sentence:
"""

# %%
for wrong in (
    lambda module, data: module(data.x),
    lambda module, data: module.depth,
    lambda module: 0,
):
    try:
        sweep(mlp(64), digits, **rule, record={"mine": wrong})
    except ValueError as error:
        print(error)

# %% [markdown]
r"""
Of weights that are no longer finite, and at the end of networks that {doc}`diverged </book/engine>`, a measure is NaN, and the function is not asked.
"""
