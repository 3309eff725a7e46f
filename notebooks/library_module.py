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
(library-module)=
# Your own network

`custom` takes an `nn.Module` of yours into a sweep: a class, or a function that returns a module, and its arguments. The data, the seeds, the settings, the cache, the table and the measures are the same as for the networks that come with the package.
"""

# %%
from torch import nn

from overparam import Custom, custom, data, mlp, network, sweep

digits = data.load("digits")


# %% [markdown]
r"""
## A residual network in ten lines

Examples arrive as they are in the data set, here as 64 pixels, and the module gives one output for each class. An argument that is a list is a dimension of the grid.
"""


# %%
class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        half = nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        rest = nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width)
        self.layers = nn.Sequential(*half, *rest)

    def forward(self, x):
        return (x + self.layers(x)).relu()


# %%
def resnet(width, blocks):
    first = nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, width, 3, padding=1)
    body = [Block(width) for _ in range(blocks)]
    last = nn.Flatten(), nn.Linear(64 * width, 10)
    return nn.Sequential(*first, *body, *last)


rule = {"n": 200, "epochs": 20, "lr": 0.02, "momentum": 0.9, "batch_size": 50}
runs = sweep(custom(resnet, width=[4, 8], blocks=1), digits, seed=range(2), **rule)
runs.groupby("width")[["parameters", "train_error", "test_error"]].mean().round(3)

# %% [markdown]
r"""
## What it must do

- **Map a batch to a batch**: [batch, *shape of an example*] to [batch, classes], for batches of any size, as logits (the loss is taken of them; no softmax). For a regression, [batch, targets].
- **Draw only from torch.** Everything that the constructor draws, and dropout while it trains, follows from the network's seed. What NumPy draws does not.
- **Have the sizes of its layers**: lazy layers, whose weights appear with the first batch, are refused. So is a module without weights.
- **Take arguments that say what they are**: numbers, texts, classes, functions, and tuples of these. They become columns of the table, so `lr` or `seed`, which are settings, are no names for them.

All this is tried on two examples before anything is trained:
"""

# %%
for make in (lambda width: nn.Linear(64, 9), lambda width: nn.Linear(8, 10), lambda: None):
    try:
        sweep(custom(make, width=4), digits, **rule)
    except ValueError as error:
        print(error)

# %% [markdown]
r"""
## A network from a row

Recorded weights go back into a module. The architecture must be given, since a table cannot hold its code. Running statistics, as those of batch norm, are not among the weights; of such networks take what you need {doc}`while they train </notebooks/library_measure>`.
"""


# %%
def perceptron(width):
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))


rule = {"n": 200, "epochs": 20, "lr": 0.1, "batch_size": 50}
recorded = sweep(custom(perceptron, width=16), digits, record=["weights"], **rule)
own = Custom(perceptron, (("width", 16),))
module = network(recorded.iloc[0], digits, architecture=own)
(module(digits.x_test).argmax(1) != digits.y_test).float().mean(), recorded.test_error[0]

# %% [markdown]
r"""
## What it costs

A module of your own trains by itself; only the architectures `mlp`, `lenet` and `cnn1d` are known well enough to train many at a time. This is what that costs for twenty networks of 16 hidden units, on one core:
"""

# %%
many = {"seed": range(20), "cache": False, "device": "cpu"}
together = sweep(mlp(16), digits, **rule, **many).seconds.sum()
apart = sweep(custom(perceptron, width=16), digits, **rule, **many).seconds.sum()
f"together {together:.2f} s, one by one {apart:.2f} s: {apart / together:.0f} times"

# %% [markdown]
r"""
For narrow networks on small data the calls of PyTorch cost more than the arithmetic, and it is these that are shared. A convolutional network on images, or layers of a thousand units, have enough to do by themselves: nothing is lost. So if your network is a plain MLP, describe it with `mlp`; its `depth` and `batch_norm` are arguments.

PyTorch's own way to train many modules as one, `torch.func.stack_module_state` with `vmap`, is not used here: batch norm and dropout, which need a state and random numbers for each network, do not go through it unchanged, and then a network trained with others would not be the network trained alone. What can be taken, are all cores: networks of your own are spread over them like others, *if they can be imported*. Put the class into a file, say `mynetworks.py`, beside the notebook, and import it from there. A class that is defined in a notebook is known to that process alone, which then trains all of them. The same holds for {doc}`clusters </notebooks/library_machines>`.

## When the code changes

A stored network is known by the code of its class: what it calls, inherits and closes over, as it runs. Edit a method, and its networks train anew; edit a comment, and they do not. If the code reads a file or a clock, that cannot be seen: use `cache=False`.
"""
