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
(randomization)=
# Randomization tests

Show a network pictures whose labels were drawn from a hat, and it learns every one of them. Show it the true labels, change nothing
else, and it is right about pictures that it has never seen. So none of the things that we left unchanged, the architecture, the number of
parameters, the optimizer, the learning rate, can be the explanation by itself, without a word about the data. This chapter goes through
them one by one.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import stats
from scipy.linalg import lstsq, solve_triangular
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

from overparam import (
    claims,
    cnn1d,
    curves,
    data,
    default_device,
    figures,
    log_schedule,
    mlp,
    network,
    randomness,
    results,
    scale,
    sweep,
)
from overparam.theory import kernels

figures.style()
threadpool_limits(
    1
)  # the matrices outside training are small: several threads would wait for each other
torch.set_num_threads(1)
colors = figures.COLORS
ledger = claims.EarlierLedger("randomization")
sizes = scale.sizes(
    #                    smoke              laptop                            gpu
    pictures=(           "digits",          "digits",                         "cifar10"),
    pictures_per_run=(   100,               800,                              50_000),
    signals_per_run=(    100,               1_000,                            4_000),
    width=(              64,                128,                              512),
    depth=(              2,                 2,                                3),
    shares=(             (0.0, 0.4, 1.0),   (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),   (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
    epochs=(             150,               300,                              300),
    batch=(              50,                50,                               100),
    seeds=(              3,                 10,                               5),
    few_seeds=(          3,                 5,                                5),
    coin_sets=(          (50, 100),         (100, 200, 400, 800),             (1_000, 2_500, 5_000, 10_000)),
    regularized=(        100,               2_000,                            8_000),
    regularized_epochs=( 10,                40,                               60),
    memorized=(          100,               500,                              5_000),
    memorizing_epochs=(  60,                300,                              300),
    stopped=(            100,               800,                              800),
    channels=(           8,                 24,                               24),
    normalized_epochs=(  10,                80,                               80),
    planned_channels=(   4,                 12,                               12),
    planned_epochs=(     5,                 60,                               60),
    kernel_pictures=(    500,               5_000,                            30_000),
)  # fmt: skip

sizes

# %% [markdown]
r"""
## The puzzle

Two hidden layers read small pictures of handwritten digits. One group of networks gets the true labels; the other gets, for each picture, a
class drawn at random. Architecture, pictures, optimizer and learning rate are the same, and a network stops when it has every training
label right.
"""

# %% mystnb={"code_prompt_show": "Training: one call to sweep"} tags=["hide-input"]
# Training: stochastic gradient descent until every training label is right. label_noise is the share of labels drawn anew.
images = data.load(sizes.pictures)
seeds, few_seeds = scale.seeds(sizes.seeds), scale.seeds(sizes.few_seeds)
until_fitted = {
    "n": sizes.pictures_per_run,
    "lr": 0.05,
    "momentum": 0.9,
    "batch_size": sizes.batch,
    "epochs": sizes.epochs,
    "stop_fitted": 1,
}


def train(examples, net=None, **settings):
    net = net or mlp(sizes.width, sizes.depth)
    settings = until_fitted | {"seed": seeds, "record": ["curves"]} | settings
    return sweep(net, examples, **settings)


def continued(runs, by):
    """Mean learning curves need common epochs: a network that has stopped keeps its last errors."""
    history, tables = curves(runs), []
    common = [e for e in log_schedule(sizes.epochs) if e < runs.epochs_run.max()]
    common.append(runs.epochs_run.max())
    for value, rows in history.groupby(by, sort=False):
        wide = rows.pivot_table(["train_error", "test_error"], "epoch", "init_seed")
        wide = wide.reindex(sorted(history.epoch.unique())).ffill().loc[common]
        long = wide.melt(ignore_index=False, var_name=["error", "init_seed"]).reset_index()
        long = long.pivot_table("value", ["epoch", "init_seed"], "error").reset_index()
        tables.append(long.assign(**{by: value}))
    return pd.concat(tables, ignore_index=True)


label_runs = train(images, label_noise=sizes.shares)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The same network fits true labels and random ones; it generalizes from the true ones.** Left: the training error reaches zero for both, later for random labels. Right: on new pictures with true labels the error falls to a few per cent in one case and stays at chance in the other. Lines are means over seeds, bands 95 % intervals.", "name": "fig-rand-puzzle"}, "image": {"alt": "Two panels of errors against epochs. Training error falls to zero for true labels within tens of epochs and for random labels several times later. Test error falls to a few per cent for true labels and stays near 90 % for random labels."}} tags=["hide-input"]
history = continued(label_runs, "label_noise")
kinds = history.label_noise.map({0.0: "true labels", 1.0: "random labels"})
hues = {"true labels": colors["true_labels"], "random labels": colors["random_labels"]}
errors = {"train_error": "Training pictures", "test_error": "New pictures"}
fig, axes = figures.panels(
    history.assign(labels=kinds), "epoch", errors, hue="labels", colors=hues, marker=""
)
chance = 1 - 1 / images.classes
for ax in axes:
    ax.axhline(chance, color=colors["threshold"], linestyle=":", linewidth=1.5)
    ax.set(xscale="symlog", xlim=(0, None), ylim=(0, 1), xlabel="epochs")
    ax.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
axes[1].text(12, chance - 0.09, "chance", color=colors["threshold"])
axes[0].set_ylabel("share misclassified")
plt.show()

# %% tags=["remove-input"]
by_share = dict(list(label_runs.groupby("label_noise")))
true_runs, random_runs = by_share[0.0], by_share[1.0]
Markdown(
    f"Each network has {label_runs.parameters.iloc[0]:,} parameters for {sizes.pictures_per_run:,} pictures. Its training error ends at "
    f"{true_runs.train_error.mean():.1%} with true and at {random_runs.train_error.mean():.1%} with random labels; its error on new pictures at "
    f"{claims.mean(true_runs.test_error):.1%} and at {claims.mean(random_runs.test_error):.1%}."
)

# %% [markdown]
r"""
This is the experiment with which {cite:t}`zhang2017` opened a discussion that has not ended. It is a *randomization test*, an old
tool of statistics: destroy the relation that you believe a procedure relies on, and see what still works. Fitting still works. So being able to
fit does not explain why a network generalizes.

(rand-conditions)=
## Six ways to spoil a data set

Labels can be spoiled, and so can pictures. There are six conditions, from nothing to everything:

- **true labels**, the control;
- **partially corrupted labels**: each label is drawn anew with probability $\eta$, the {term}`label noise` (the paper's $p$);
- **random labels**: all of them are, $\eta = 1$;
- **shuffled pixels**: one permutation of the pixels, the same for all pictures, training and test;
- **random pixels**: every picture's pixels are permuted in an order of its own;
- **Gaussian pixels**: the pictures are replaced by independent Gaussian numbers with the same overall mean and variance.
"""


# %%
def spoil(examples, seed):
    """The three data sets with spoiled pixels, by name."""
    return {
        "shuffled pixels": data.shuffled_pixels(examples, seed=seed),
        "random pixels": data.random_pixels(examples, seed=seed),
        "Gaussian pixels": data.gaussian_pixels(examples, seed=seed),
    }


# every seed has a randomization of its own
pixel_runs = pd.concat([train(spoil(images, s), seed=s) for s in seeds], ignore_index=True)
spoiled = spoil(images, seeds[0])  # those of the first seed, to look at

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**What the network is shown.** The same nine training pictures under the six conditions, with the label that each would be taught as; where it is not the true one, an arrow leads from the true one to it. Under the last three conditions the labels are true.", "name": "fig-rand-grid"}, "image": {"alt": "Six rows of nine small pictures. Three rows show the same handwritten digits with true labels, some wrong labels, and mostly wrong labels. Then the digits with pixels scrambled in one common way, scrambled each in its own way, and grey noise."}} tags=["hide-input"]
fig, axes = plt.subplots(6, 9, figsize=(7.2, 6.6))
taught = {
    name: data.corrupt_labels(
        images.y[:9], share, 10, randomness.generator(scale.seed_offset(), "label noise")
    )
    for name, share in (("true labels", 0), ("40 % corrupted", 0.4), ("random labels", 1))
}
shown = {name: (images.x, labels) for name, labels in taught.items()}
shown |= {name: (d.x, images.y) for name, d in spoiled.items()}
for row, (name, (x, labels)) in zip(axes, shown.items(), strict=True):
    for ax, pixels, label, truth in zip(row, x, labels, images.y, strict=False):
        side = int((pixels.numel() / (3 if pixels.dim() == 3 else 1)) ** 0.5)
        picture = pixels.permute(1, 2, 0) if pixels.dim() == 3 else pixels.view(side, side)
        ax.imshow(picture.clip(0, 1), cmap="gray", vmin=0, vmax=1)
        wrong = bool(label != truth)
        ink = colors["random_labels"] if wrong else figures.INK
        said = f"{truth} → {label}" if wrong else f"{label}"
        ax.set_title(said, loc="center", pad=2, fontsize=10, color=ink)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, linewidth=0.3)
    row[0].set_ylabel("\n".join(name.rsplit(" ", 1)), rotation=0, ha="right", va="center")
plt.show()

# %% [markdown]
r"""
::::{admonition} Predict before you run
:class: predict
The hyper-parameters stay as they were chosen for true labels. Which condition takes the network longest to fit?

1. Gaussian pixels: there is nothing in them to be learned.
2. Random labels on real pictures.
3. Random pixels: the label still belongs to the picture, but the picture is unrecognisable.

:::{dropdown} Answer
Random labels. All six are fitted. Noise is *easier* to memorise than real pictures with random labels, because no two noise pictures are alike, while
real pictures of one digit are close to each other and must now be told apart ({ref}`rand-ex-distances`).
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**All six conditions are fitted; only from some of them does the network generalize.** Digits. Left: the training error reaches zero everywhere, last with random labels. Right: shuffled pixels cost nothing, corrupted labels cost in proportion; with random labels, random pixels and Gaussian pixels the test error stays near chance.", "name": "fig-rand-six"}, "image": {"alt": "Two panels of errors against epochs for six conditions. All six training curves reach zero; true labels and shuffled pixels first, Gaussian and random pixels next, corrupted and random labels last. Test error is lowest and equal for true labels and shuffled pixels, in between for corrupted labels, near chance for the other three."}} tags=["hide-input"]
conditions = {
    "true labels": colors["true_labels"],
    "shuffled pixels": figures.SEQUENCE[0],
    "random pixels": figures.SEQUENCE[1],
    "Gaussian pixels": figures.SEQUENCE[4],
    "40 % corrupted": figures.SEQUENCE[5],
    "random labels": colors["random_labels"],
}


def name_conditions(label_runs, pixel_runs):
    """All runs of the six conditions, with a column that names the condition."""
    named = {0.0: "true labels", 0.4: "40 % corrupted", 1.0: "random labels"}
    labels = label_runs.assign(condition=label_runs.label_noise.map(named)).dropna(
        subset="condition"
    )
    return pd.concat([labels, pixel_runs.assign(condition=pixel_runs.data)])


def draw_conditions(runs):
    history = continued(runs, "condition")
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 4.4), sharey=True)
    for name, color in conditions.items():
        rows = history[history.condition == name]
        line = {"colors": color, "label": name, "marker": ""}
        line["linestyle"] = "--" if name in ("shuffled pixels", "random pixels") else "-"
        figures.plot(rows, "epoch", "train_error", ax=left, **line)
        figures.plot(rows, "epoch", "test_error", ax=right, **line)
    for ax, title in ((left, "Training examples"), (right, "New examples")):
        ax.axhline(0.9, color=colors["threshold"], linestyle=":", linewidth=1.5)
        ax.set(title=title, xscale="symlog", xlim=(0, None), ylim=(0, 1), xlabel="epochs")
        ax.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
        ax.set_ylabel("share misclassified" if ax is left else "")
    handles, labels = left.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=3)
    return fig


six = name_conditions(label_runs, pixel_runs)
draw_conditions(six)
plt.show()


# %% mystnb={"code_prompt_show": "The table"} tags=["hide-input"]
# When training starts to work, when it is done, and what it is worth
def started(row):
    """First recorded epoch at which a tenth of the training examples more than chance are right."""
    below = row.curve_train_error < chance - 0.1
    return row.curve_epoch[np.argmax(below)] if below.any() else np.nan


six = six.assign(started=six.apply(started, axis=1))
table = pd.DataFrame(
    {
        "epochs to start": six.groupby("condition").started.mean().round(1),
        "epochs to fit": {
            c: f"{claims.mean(g.epochs_run):.1f}" for c, g in six.groupby("condition")
        },
        "test error": {
            c: f"{claims.mean(g.test_error):.3f}" for c, g in six.groupby("condition")
        },
    }
)
table.loc[list(conditions)]

# %% [markdown]
r"""
An epoch "to start" is the first recorded one at which a tenth more of the training examples than chance are right. The paper's Figure 1a shows five
of these curves for a convolutional network on CIFAR-10, and remarks that on random and on Gaussian pixels training *starts* earlier than on random
labels. Here it starts earlier and ends earlier. Had memorizing been hard for the network, at least one of the six training curves would have stayed
up.

### The control that must come out

Shuffled pixels look spoiled to us. For a fully connected network they are not spoiled at all, and this is a theorem.

```{prf:proposition} A fully connected network does not know where pixels are
:label: rand-prop-shuffle
Let the initial weights of the first layer be exchangeable over inputs, for instance independent and identically distributed, and independent of
everything else. Train by (stochastic) gradient descent, with momentum or Adam, with or without weight decay. Then shuffling the pixels of all
examples by one permutation does not change the distribution of anything that training produces, errors included.
```

```{prf:proof}
Let $P$ be the permutation matrix. A network with first layer $W$ computes from $Px$ what one with first layer $WP$ computes from $x$. The gradient
in $W$ is the gradient in $WP$ with its columns permuted, and all the named updates treat coordinates alike, so training commutes with the
permutation. At the start $WP$ has the distribution of $W$.
```

So a difference between true labels and shuffled pixels could only have been chance, or a mistake in our code. The proposition needs a layer that
treats all inputs alike. A convolution does not.

::::{admonition} Break it: a network that knows where pixels are
:class: break-it
Shuffle the samples of a signal and give it to a *convolutional* network. Before you look at the next figure: what happens to the training error,
and what to the test error?
::::
"""

# %%
signals = data.mnist1d(n=8_000, n_test=2_000)
nets = {"fully connected": None, "convolutional": cnn1d(32)}


def both_orders(net, seed):
    """Train on the signals as they are, and with their samples in one random order, that of this seed."""
    orders = {"as they are": signals, "shuffled": data.shuffled_pixels(signals, seed=seed)}
    return train(orders, net, seed=seed, n=sizes.signals_per_run, epochs=150)


by_net = {
    kind: pd.concat([both_orders(net, s) for s in few_seeds]) for kind, net in nets.items()
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A permutation costs the convolutional network its advantage, and the fully connected one nothing.** Test error on MNIST-1D after fitting the training set, with the samples of the signal in their order and in one common random order. Dots are seeds; bars are 95 % intervals of the mean.", "name": "fig-rand-convolution"}, "image": {"alt": "Dot plot of test error. For fully connected networks the two arrangements of the samples lie together near one half. For convolutional networks the error is near a quarter with the samples in order and rises to about one half when shuffled."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 2.9))
place = 0
for kind, group in by_net.items():
    for _, rows in group.groupby("data", sort=False):
        color = figures.SEQUENCE[0 if kind.startswith("fully") else 1]
        estimate = claims.mean(rows.test_error)
        ax.plot(rows.test_error, [place] * len(rows), "o", color=color, alpha=0.45)
        ax.plot([estimate.low, estimate.high], [place - 0.3] * 2, color=color, linewidth=3)
        place -= 1
ax.set_yticks(
    range(0, -4, -1),
    [f"{kind}, {order}" for kind in by_net for order in ("as they are", "shuffled")],
)
ax.set(xlabel="test error", xlim=(0, 0.9), ylim=(-3.8, 0.5))
plt.show()

# %% tags=["remove-input"]
lost = {
    kind: claims.mean(
        100
        * (
            group[group.data == "shuffled"].test_error.to_numpy()
            - group[group.data == "as they are"].test_error.to_numpy()
        )
    )
    for kind, group in by_net.items()
}
fits = {kind: group.train_error.max() for kind, group in by_net.items()}
Markdown(
    f"Shuffling changes the test error of the fully connected networks by {lost['fully connected']:.1f} points and that of the convolutional "
    f"ones by {lost['convolutional']:.1f} points. The highest training error of any run is {max(fits.values()):.1%}."
)

# %% [markdown]
r"""
The convolutional network has built in that neighbouring samples belong together. The shuffled signals can be *fitted* all the same, but the
built-in assumption is now false, and the advantage is gone. So the architecture does matter, as an assumption about the data that can be true or
false. What a count of its parameters would say has not changed.

### The same on signals

MNIST-1D consists of short noisy signals that are much harder than the digits for a fully connected network. The six conditions again:
"""

# %%
n = sizes.signals_per_run
signal_labels = train(signals, label_noise=sizes.shares, n=n, seed=few_seeds)
signal_pixels = pd.concat([train(spoil(signals, s), n=n, seed=s) for s in few_seeds])
signal_six = name_conditions(signal_labels, signal_pixels)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**On MNIST-1D the gap between true and random labels in time to fit is small, and random pixels are not pure noise.** The six conditions for fully connected networks. Permuting each signal's samples leaves something that the network finds: its test error is visibly below chance.", "name": "fig-rand-signals"}, "image": {"alt": "Two panels of errors against epochs for six conditions on MNIST-1D. All training errors reach zero within a few tens of epochs, those of pixel noise first. Test error ends near one half for true labels and shuffled pixels, higher for corrupted labels and for random pixels, which stay below chance, and at chance for random labels and Gaussian pixels."}} tags=["hide-input"]
draw_conditions(signal_six)
plt.show()

# %% tags=["remove-input"]
means = signal_six.groupby("condition")[["epochs_run", "test_error"]].mean()
leak = claims.mean(signal_six[signal_six.condition == "random pixels"].test_error)
Markdown(
    f"Here random labels take {means.epochs_run['random labels']:.0f} epochs and true ones {means.epochs_run['true labels']:.0f}. With random "
    f"pixels the test error is "
    f"{leak:.1%}, where chance is {0.9:.0%}."
)

# %% [markdown]
r"""
Two surprises. Why are random labels so little slower here? Because for a fully connected network the *true* labels of MNIST-1D are hard: most of
what it does with them is already memorizing. And why are random pixels not hopeless? A permutation of each signal's samples destroys their order
and nothing else: how many samples have which value is still there, and classes differ in it ({ref}`rand-ex-histogram`). A randomization test tests
what it randomizes.

(rand-time)=
## How long it takes, and what it costs

::::{admonition} Predict before you run
:class: predict
From true labels to random ones, by what factor does the time to fit grow on the digits?

1. Not at all: the network has more than enough parameters either way.
2. By a single-digit factor.
3. By a factor of a hundred: memorizing is a search.

And with 40 % of the training labels drawn anew, what is the error on new pictures with *true* labels, after all training labels have been fitted:
near 3 %, near 30 %, or near 90 %?

:::{dropdown} Answer
By a single-digit factor: memorizing is as easy an optimization problem as learning, only longer. And near 30 %: the wrong labels are fitted too,
and new pictures near them inherit them. But the network does not fall apart: it is wrong about new pictures roughly as often as its training labels
were wrong.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**More corruption: later, and worse, but always to zero training error.** Left: learning curves on the digits at the chosen share of labels drawn anew. Right: where the test error ends, for all shares; the dot marks the chosen one. The dotted line on the left marks the mean time to fit, the one on the right the share of training labels that are wrong.", "name": "fig-rand-slider"}} tags=["hide-input"]
# The slider over the share of labels drawn anew
ends = label_runs.groupby("label_noise").test_error.mean()


def at_corruption(share):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 4.1))
    rows = history[history.label_noise == share]
    for name, label in (("train", "training pictures"), ("test", "new pictures")):
        figures.plot(rows, "epoch", f"{name}_error", ax=left, label=label, marker="")
    fitted = by_share[share].epochs_run.mean()
    left.axvline(fitted, color=colors["threshold"], linestyle=":", linewidth=1.5)
    left.set(xscale="symlog", xlim=(0, history.epoch.max()), ylim=(0, 1))
    left.set(title=f"{share:.0%} drawn anew: {fitted:.0f} epochs to fit")
    left.set(xlabel="epochs", ylabel="share misclassified")
    left.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
    fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    right.plot([0, 1], [0, chance], color=colors["threshold"], linestyle=":")
    figures.plot(label_runs, "label_noise", "test_error", ax=right, label="new pictures")
    right.plot([share], [ends[share]], "o", color=figures.INK, markersize=10)
    right.set(title="Test error, all shares", ylim=(0, 1), ylabel="")
    right.set(xlabel="share of labels drawn anew")
    return fig


figures.slider(
    at_corruption,
    values=sizes.shares,
    description="Share of labels drawn anew",
    alt="Left, training and test error against epochs with a share {} of labels drawn anew. Right, final test error against that share, "
    "rising from a few per cent to chance.",
    start=0.4 if 0.4 in sizes.shares else 0.0,
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The slow-down is modest, and depends on the data.** Left: epochs until the training set is fitted, divided by those for true labels of the same seed. Right: test error after fitting. The dotted line is the share of wrong labels. A predictor that copied the label of one training example, drawn at random from the right class, would lie on it. Means over seeds with 95 % bands.", "name": "fig-rand-corruption"}, "image": {"alt": "Left, relative time to fit against corruption: it rises to several-fold on digits and stays near one on MNIST-1D. Right, test error against corruption rises steadily to 90 % on both data sets, from a few per cent on digits and from about one half on MNIST-1D."}} tags=["hide-input"]


def relative_time(runs):
    """Epochs to fit at every corruption over those of the same seed without: [seed, share]."""
    epochs = runs.pivot_table("epochs_run", "init_seed", "label_noise")
    return epochs.div(epochs[0.0], axis=0)


fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.7))
for name, runs, color in (
    ("digits", label_runs, figures.SEQUENCE[0]),
    ("MNIST-1D", signal_labels, figures.SEQUENCE[1]),
):
    times = relative_time(runs).melt(value_name="times")
    figures.plot(times, "label_noise", "times", ax=left, colors=color, label=name)
    figures.plot(runs, "label_noise", "test_error", ax=right, colors=color, label=name)
right.plot([0, 1], [0, 0.9], color=colors["threshold"], linestyle=":")
left.set(
    xlabel="share of labels drawn anew", ylabel="time to fit, relative", ylim=(0, None)
)
right.set(xlabel="share of labels drawn anew", ylabel="test error", ylim=(0, 1))
left.legend()
plt.show()

# %% tags=["remove-input"]
ratio = claims.mean(relative_time(label_runs)[1.0])
signal_ratio = claims.mean(relative_time(signal_labels)[1.0])
Markdown(
    f"Random labels take {ratio:.2f} times as long as true ones on the digits and {signal_ratio:.2f} times on MNIST-1D. With "
    f"{sizes.shares[1]:.0%} of the labels drawn anew the factor is already {claims.mean(relative_time(label_runs)[sizes.shares[1]]):.2f} on the digits."
)

# %% [markdown]
r"""
The right panel is the strongest form of the puzzle. The *same* networks, all with training error zero, have every generalization gap between almost
nothing and chance; the only thing that moved is the data. Whatever explains generalization must contain the data, or what training does with them.
An explanation in terms of the architecture alone would have to give one number for all points of this line.

(rand-capacity)=
## What this does to capacity bounds

The classical route to a guarantee goes through the capacity of the whole class $\mathcal F$ of functions that could have come out. For functions
with values $\pm 1$ one of the sharpest of the common measures is the *Rademacher complexity*: how well can some member of the class agree with
the flips $c_i = \pm 1$ of $n$ fair coins?

$$
\hat{\mathfrak R}_n(\mathcal F) = \mathbb E_c \sup_{f \in \mathcal F} \frac 1n \sum_{i=1}^n c_i f(x_i), \qquad
\mathfrak R_n(\mathcal F) = \mathbb E_X\, \hat{\mathfrak R}_n(\mathcal F) .
$$ (rand-eq-rademacher)

```{prf:theorem} Bartlett and Mendelson
:label: rand-thm-rademacher
(In one of its forms, for functions with values $\pm 1$.) With probability at least $1 - \delta$ over a training set of $n$ independent
draws, every $f \in \mathcal F$ at once satisfies

$$
\text{error}(f) \le \text{training error}(f) + \mathfrak R_n(\mathcal F) + \sqrt{\frac{\ln(1/\delta)}{2n}} .
$$
```

The proof ({cite:t}`bartlett2002`) is a page; what matters here is that the coins *are* random labels. What training finds is a lower bound of
the supremum, and 1 is an upper one: if training fits the coins, the supremum for these coins is 1. Where it fits every draw that we try, the mean
over draws, our estimate of $\hat{\mathfrak R}_n$, is 1, the largest possible, and with no training error the bound says that an error lies below
something larger than 1. The paper argues this from its experiment; we can measure it.

::::{admonition} Predict before you run
:class: predict
For classes that are limited by a norm, $\mathfrak R_n$ shrinks like $1/\sqrt n$: doubling the data three times makes the bound almost three times
as good. What does the network's do as $n$ grows from 100 to 800?

1. It falls like $1/\sqrt n$ too, from a higher level.
2. It stays at 1 throughout.
3. It falls once there are more examples than hidden units.

:::{dropdown} Answer
It stays at 1. It must fall somewhere, since a finite network cannot fit arbitrarily many coins, but not at any $n$ at which we would like to use
the bound.
:::
::::
"""

# %%
coins = replace(images, y=images.y % 2, y_test=images.y_test % 2, classes=2)
tossed = train(coins, label_noise=1.0, n=sizes.coin_sets, epochs=2 * sizes.epochs)
tossed["correlation"] = 1 - 2 * tossed.train_error


def linear_correlation(n, seed, norm=5.0):
    """sup of mean c_i w·x_i over |w| ≤ norm / mean|x|, centred x; mean over 20 draws of coins."""
    x = images.x[data.subset(images, n, seed)].flatten(1).double()
    x = x - x.mean(0)
    flips = torch.randint(2, (20, n), generator=randomness.generator(seed, "coins"))
    best = ((2.0 * flips.double() - 1) @ x / n).norm(dim=1) / x.norm(dim=1).mean()
    return norm * best.mean().item()


linear = [(n, s, linear_correlation(n, s)) for n in sizes.coin_sets for s in seeds]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The network class agrees fully with every draw of coins tried; the agreement of a norm-limited class falls like one over the square root of n.** Correlation with fair coins, for the best function that training found in the network class, and for the best in a class of linear functions of bounded norm (exact). The dashed line falls like one over the square root of n.", "name": "fig-rand-rademacher"}, "image": {"alt": "Log-log plot of the correlation with coin flips against the number of pictures. Networks stay at one. Linear functions of bounded norm fall along a straight line parallel to a dashed line of slope minus one half."}} tags=["hide-input"]
linear = pd.DataFrame(linear, columns=["n", "seed", "correlation"])
fig, ax = plt.subplots(figsize=(7.2, 3.6))
figures.plot(
    tossed, "n", "correlation", ax=ax, colors=figures.SEQUENCE[0], label="networks"
)
figures.plot(
    linear,
    "n",
    "correlation",
    ax=ax,
    colors=figures.SEQUENCE[1],
    label="linear, bounded norm",
)
ns = np.array(sizes.coin_sets)
first = linear[linear.n == ns[0]].correlation.mean()
ax.plot(ns, 0.8 * first * np.sqrt(ns[0] / ns), "--", color=colors["threshold"])
ax.set(xscale="log", yscale="log", ylim=(0.1, 1.4), xlabel="pictures n")
ax.set_ylabel("correlation with coins")
ax.minorticks_off()
ax.set_xticks(ns, [f"{n:,}" for n in ns])
ax.set_yticks([0.1, 0.2, 0.5, 1], ["0.1", "0.2", "0.5", "1"])
ax.legend(loc="lower left")
plt.show()

# %% tags=["remove-input"]
slopes = [
    np.polyfit(np.log(rows.n), np.log(rows.correlation), 1)[0]
    for _, rows in linear.groupby("seed")
]
linear_slope = claims.mean(slopes)
Markdown(
    f"In all {len(tossed)} draws, up to n = {max(sizes.coin_sets):,}, the lowest correlation that training reached is "
    f"{tossed.correlation.min():.3f}. For the linear class the slope of "
    f"log correlation against log n is {linear_slope:.3f}."
)

# %% [markdown]
r"""
*Uniform stability* ({cite:t}`bousquet2002`) asks how much the output of an algorithm can change when one example is exchanged, in the worst case
over training sets. It belongs to the algorithm and is blind to labels: its value for this network, optimizer and training time covers the true and
the random labels alike. Whatever it promises for one, it promises for the other, so it can promise nothing.

What has been ruled out is precise, and less than is often said: bounds on the *whole class*, and worst cases over all labels. Bounds that look at
the function which training returned, or at the distribution over such functions, are untouched; {cite:t}`dziugaite2017` compute a PAC-Bayes bound
below 1 for networks on MNIST, and {cite:t}`arora2019` give a quantity computed from the training set, labels included, that is small for true
labels and large for random ones. How far such bounds reach is for the planned chapter on bounds and measures; that uniform convergence in any form
may be the wrong tool is argued by {cite:t}`nagarajan2019`.

(rand-expressivity)=
## A theorem: 2n + d weights are enough

Is it a wonder that so large a network can fit random labels? No: a far smaller one can. Statements about expressive power usually ask which
*functions on the whole input space* a network can represent. On $n$ given points the question is easy.

```{prf:theorem} Zhang et al. 2017, Theorem 1
:label: rand-thm-expressivity
Let $x_1, \dots, x_n \in \mathbb R^d$ be distinct and $y \in \mathbb R^n$. There are weights $a \in \mathbb R^d$ and $b, w \in \mathbb R^n$, which
makes $2n + d$ of them, such that the two-layer network

$$
f(x) = \sum_{j=1}^n w_j \max(0,\; a^\top x - b_j)
$$ (rand-eq-network)

takes the value $y_i$ at every $x_i$.
```

```{prf:proof}
Choose $a$ such that the numbers $z_i = a^\top x_i$ differ. This excludes only the finitely many hyperplanes $a \perp x_i - x_j$, so a random $a$
will do. Number the points so that $z_1 < \dots < z_n$, and choose thresholds between them: $b_1 < z_1 < b_2 < z_2 < \dots < b_n < z_n$. The matrix
$A_{ij} = \max(0, z_i - b_j)$ is zero where $j > i$, and positive where $j = i$. So it is lower triangular with positive diagonal, hence invertible.
Take $w = A^{-1} y$.
```

The proof is an algorithm. Here it is, whole:
"""


# %%
def hidden(x, a, b):
    """The n hidden units at x [m, d]: a matrix [m, n]."""
    return np.maximum((x @ a)[:, None] - b, 0)


def two_layer(x, y, rng):
    """The weights a, b, w of the theorem for x [n, d]; y [n], or [n, K] for K outputs."""
    a = rng.standard_normal(x.shape[1])
    order = np.argsort(x @ a)
    z = (x @ a)[order]
    b = np.append(2 * z[0] - z[1], (z[1:] + z[:-1]) / 2)  # below, then between
    w = solve_triangular(hidden(x[order], a, b), y[order], lower=True)
    return a, b, w


# %%
def construct(n, seed):
    """Build the network for n signals with Gaussian values, and look at it."""
    rng = randomness.rng(seed)
    x = signals.x[data.subset(signals, n, seed)].double().numpy()
    y = rng.standard_normal(n)
    a, b, w = two_layer(x, y, rng)
    error = np.abs(hidden(x, a, b) @ w - y).max() / np.abs(y).max()
    return {
        "weights": a.size + b.size + w.size,
        "worst relative error": error,
        "largest |w|": np.abs(w).max(),
    }


built = pd.DataFrame([construct(200, seed) for seed in scale.seeds(20)])
built.agg(["min", "median", "max"]).map("{:.3g}".format)

# %% [markdown]
r"""
Twenty draws, each with 200 signals of MNIST-1D in $d = 40$ dimensions and Gaussian numbers for values. The first column is $2n + d$ in every draw;
the second says that the fit is exact up to rounding; the last says what it costs. The function zigzags, and its weights are huge:
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Exact, and useless.** Left: the constructed network along its one direction, for thirty signals with random values: a zigzag through all points, which leaves the picture between many neighbours. Right: with some of its units taken away and direction and thresholds kept, the values cannot all be met, however the output weights are chosen. Dots are draws, the blue ones with all units.", "name": "fig-rand-zigzag"}, "image": {"alt": "Left, a jagged piecewise linear curve passes through thirty points and leaves the frame between many of them. Right, the largest remaining error relative to the largest value is zero with as many units as points, scattered above zero with one unit less, and larger with half of them."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
rng = randomness.rng(scale.seed_offset())
x, y = signals.x[:30].double().numpy(), rng.standard_normal(30)
a, b, w = two_layer(x, y, rng)
z = x @ a
line = np.linspace(z.min() - 0.5, z.max() + 0.5, 1000)
left.plot(
    line, np.maximum(line[:, None] - b, 0) @ w, color=figures.SEQUENCE[0], linewidth=1.2
)
left.plot(z, y, "o", color=figures.INK)
left.set(xlabel="a · x", ylabel="value", title="Thirty points", ylim=(-6, 6))


def left_over(units, seed):
    """Largest error over largest value with only some of the hidden units, output weights by least squares."""
    rng = randomness.rng(seed)
    x = signals.x[data.subset(signals, 200, seed)].double().numpy()
    y = rng.standard_normal(200)
    a, b, _ = two_layer(x, y, rng)
    kept = hidden(x, a, b[np.linspace(0, 199, units).round().astype(int)])
    w = lstsq(kept, y, lapack_driver="gelsy")[0]
    return np.abs(kept @ w - y).max() / np.abs(y).max()


too_few = pd.DataFrame(
    [(m, left_over(m, s)) for m in (100, 150, 199) for s in scale.seeds(20)],
    columns=["units", "error"],
)
right.plot(too_few.units, too_few.error, "o", color=figures.SEQUENCE[1], alpha=0.45)
right.plot(
    [200] * len(built), built["worst relative error"], "o", color=figures.SEQUENCE[0]
)
right.set(
    xlabel="hidden units",
    ylabel="worst relative error",
    title="200 points",
    ylim=(-0.05, 1.05),
)
right.set_xticks([100, 150, 200])
plt.show()

# %% [markdown]
r"""
Note what the theorem is *not*. It is not "more parameters than points suffice": $2n + d$ counts a particular network. Nor is it a lower bound. With
its direction and its thresholds left as they are and one of its units taken away, the remaining output weights cannot meet random values (the right
panel); a network that may also move its thresholds can meet many of them with fewer units. It says that weights exist, not that gradient descent
finds them. And it says nothing about new points.

::::{admonition} Predict before you run
:class: predict
Now use the construction for something sensible: the *true* labels of the digits, ten outputs, one per class. It fits its training pictures exactly,
as the trained network does. What is its error on new pictures?

1. A few per cent, as for the trained network: both interpolate the same true labels.
2. Somewhere in between.
3. Close to chance.

:::{dropdown} Answer
Close to chance. It looks at the pictures along one random direction, in which digits of all classes are mixed. Zero training error, true labels,
and next to nothing learned.
:::
::::
"""


# %%
def constructed_errors(seed):
    """Training and test error of the construction on true labels."""
    rows = data.subset(images, min(sizes.pictures_per_run, 800), seed)
    x, y = images.x[rows].flatten(1).double().numpy(), images.y[rows].numpy()
    a, b, w = two_layer(x, np.eye(10)[y], randomness.rng(seed))
    x_test = images.x_test.flatten(1).double().numpy()
    fitted, new = ((hidden(points, a, b) @ w).argmax(1) for points in (x, x_test))
    return (fitted != y).mean(), (new != images.y_test.numpy()).mean()


constructed = np.array([constructed_errors(seed) for seed in seeds])

# %% tags=["remove-input"]
Markdown(
    f"The constructed network misclassifies {constructed[:, 0].mean():.1%} of its training pictures and {claims.mean(constructed[:, 1]):.1%} of the "
    f"new ones. The trained networks "
    f"misclassify {true_runs.train_error.mean():.1%} and {claims.mean(true_runs.test_error):.1%}."
)

# %% [markdown]
r"""
:::{admonition} Interpolation explains nothing by itself
:class: key-result
Two networks have no training error on the same true labels. One generalizes and the other does not. What differs is which of the many fits was
found, and how.
:::

::::{admonition} Break it: more points
:class: break-it
Raise $n$ from 200 to 4,000. The theorem holds for every $n$; double precision does not. The gaps between neighbouring $z_i$ shrink like $1/n^2$,
the weights grow with their inverse, and the fit loses digits:
::::
"""

# %%
rows = {}
for points in (200, 1_000, 4_000):
    errors = [construct(points, seed) for seed in scale.seeds(3)]
    rows[f"{points:,}"] = pd.DataFrame(errors)[
        ["worst relative error", "largest |w|"]
    ].max()
pd.DataFrame(rows).T.rename_axis("points").map("{:.1e}".format)

# %% [markdown]
r"""
(rand-regularizers)=
## Explicit regularizers: helpful, not needed

If the class is too large to explain anything, perhaps what explains it is what we *add* to training so as to restrict it: weight decay, dropout,
data augmentation. The paper's Table 1 switches them on and off. We do the same on MNIST-1D, with the augmentation that suits it: each time a signal
is drawn, it is moved round in a circle by up to five samples. So that no setting is chosen on the examples that it is reported on, the test part is
split: the first half is for choosing, the other half for reporting.

::::{admonition} Predict before you run
:class: predict
Take the best combination of these regularizers, and then remove them all. Of the accuracy above chance, what share survives?

1. Next to nothing: unregularized, the network memorizes instead.
2. About half.
3. More than 80 %.

:::{dropdown} Answer
More than 80 %. What they add, the lower half of the next figure shows: at most some points. Without any of them the networks are far above
chance all the same.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Validation and test halves"} tags=["hide-input"]
# Errors on the half of the test examples that is for choosing, and on the half that is for reporting
def held_out(runs, examples):
    """Adds validation_error and replaces test_error, from recorded predictions; drops these."""
    half = len(examples.y_test) // 2
    outputs = np.stack(runs.predictions).reshape(len(runs), -1, examples.classes)
    wrong = outputs.argmax(-1) != examples.y_test.numpy()
    errors = {
        "validation_error": wrong[:, :half].mean(1),
        "test_error": wrong[:, half:].mean(1),
    }
    return runs.drop(columns="predictions").assign(**errors)


# %%
on_off = {"shift": (0, 5), "weight_decay": (0.0, 5e-4)}
grids = [on_off, {"dropout": 0.2}, {"shift": 5, "weight_decay": 5e-4, "dropout": 0.2}]
budget = {"n": sizes.regularized, "epochs": sizes.regularized_epochs, "stop_fitted": 0}
budget["record"] = ["predictions"]
connected, convolutional = mlp(128, 2), cnn1d(16)
regularized = {
    "fully connected": pd.concat([train(signals, connected, **g, **budget) for g in grids]),
    "convolutional": train(signals, convolutional, **on_off, **budget),
}
regularized = {kind: held_out(runs, signals) for kind, runs in regularized.items()}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Without any regularizer the networks are far above chance, and what regularizers add is small beside that.** MNIST-1D, at the end of training, with and without augmentation by shifts, weight decay and dropout. Above: test accuracy; the dotted line is chance. Below: points gained over the networks of the same seeds without any regularizer. Bars are 95 % intervals over seeds.", "name": "fig-rand-regularizers"}, "image": {"alt": "Above, test accuracy of six combinations of regularizers for fully connected networks and four for convolutional ones, all far above the dotted line of chance. Below, the points that each combination gains over none, with intervals, around a line at zero."}} tags=["hide-input"]
short = {"shift": "shifts", "weight_decay": "weight decay", "dropout": "dropout"}


def arm(row):
    used = [name for key, name in short.items() if row[key]]
    return " + ".join(used) if 0 < len(used) < 3 else "all three" if used else "none"


fig, axes = plt.subplots(2, 2, figsize=(7.2, 5.6), sharex="row", height_ratios=(6, 5))
regularized = {
    kind: runs.assign(arm=runs.apply(arm, axis=1), accuracy=1 - runs.test_error)
    for kind, runs in regularized.items()
}
for (top, low), (kind, runs) in zip(axes.T, regularized.items(), strict=True):
    arms = sorted(
        runs.arm.drop_duplicates(),
        key=lambda name: (name == "all three", "shifts" in name, len(name)),
    )
    accuracy = runs.pivot_table("accuracy", "init_seed", "arm")
    for place, name in enumerate(arms):
        color = figures.SEQUENCE[1 if "shifts" in name or "all" in name else 0]
        gained = None if name == "none" else 100 * (accuracy[name] - accuracy["none"])
        for ax, values in ((top, accuracy[name]), (low, gained)):
            if values is not None:
                estimate, line = (
                    claims.mean(values),
                    {"color": color, "linewidth": 5, "alpha": 0.4},
                )
                ax.plot([estimate.low, estimate.high], [-place] * 2, **line)
                ax.plot(estimate.value, -place, "o", color=color)
    top.axvline(0.1, color=colors["threshold"], linestyle=":", linewidth=1.5)
    top.set_yticks(range(0, -len(arms), -1), arms, fontsize=10)
    top.set(
        title=kind.capitalize(), xlabel="test accuracy", xlim=(0, 1), xticks=(0, 0.5, 1)
    )
    low.axvline(0, color=figures.INK, linewidth=1)
    low.set_yticks(range(-1, -len(arms), -1), arms[1:], fontsize=10)
    low.set_xlabel("points gained over none")
    top.set_ylim(0.5 - len(arms), 0.5)
    low.set_ylim(0.5 - len(arms), -0.5)
plt.show()


# %%
def effect(runs, setting):
    """Points of test accuracy that one regularizer adds alone, seed by seed."""
    alone = {name: 0 for name in short if name != setting}
    rows = runs[(runs[list(alone)] == 0).all(axis=1)]
    accuracy = 100 * rows.pivot_table("accuracy", "init_seed", setting)
    return accuracy.iloc[:, 1] - accuracy.iloc[:, 0]


def kept(runs):
    """The best arm, and the share of its accuracy above chance that is left without any."""
    best = runs.groupby("arm").validation_error.mean().idxmin()
    accuracy = runs.pivot_table("accuracy", "init_seed", "arm")
    return best, (accuracy["none"] - 0.1) / (accuracy[best] - 0.1)


def share_kept(runs):
    """The mean of `kept`; exactly 1 where validation prefers no arm to none."""
    best, share = kept(runs)
    return claims.Estimate(1.0, 1.0, 1.0) if best == "none" else claims.mean(share)


# %% tags=["remove-input"]
lines = []
for kind, runs in regularized.items():
    best, share = kept(runs)
    used = [key for key in short if runs[key].max() > 0]
    effects = ", ".join(
        f"{short[key]} {claims.mean(effect(runs, key)):.1f}" for key in used
    )
    rest = "which is the best of all arms"
    if best != "none":
        rest = f"of the accuracy above chance of the best arm ({best}) that is {claims.mean(100 * share):.1f} %"
    without = claims.mean(runs[runs.arm == "none"].accuracy)
    lines.append(
        f"**{kind.capitalize()}**: without any regularizer {without:.1%} of the test examples are right; {rest}. Each "
        f"regularizer alone adds, in points: {effects}."
    )
Markdown("\n\n".join(lines))

# %% [markdown]
r"""
If regularizers were what makes the difference between generalizing and not, the row "none" would lie near the dotted line. They *can* be useful,
augmentation most of all: it is the one that adds knowledge, namely that a shifted signal keeps its class. The convolutional network has less to
gain from it, since a shift of its input shifts its hidden layers. "Optional" is a statement about the puzzle, not advice for practice.

### Do they stop memorization?

A regularizer could still act by making random labels impossible. Train on random labels with the regularizers on, and look at the strength:

::::{admonition} Predict before you run
:class: predict
Weight decay is raised until the network no longer fits random labels of the digits within its budget of epochs. What happens at that strength to a
network with *true* labels?

1. It cannot fit these either, and its test error is much higher.
2. It fits them, and its test error is about what it was.
3. Its test error is much lower: now it cannot memorize.

:::{dropdown} Answer
The second. There is a range of strengths at which random labels are not fitted within the budget and true ones are. But the test error with true
labels hardly changes in it: networks that cannot memorize within the budget and networks that can generalize about equally well.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The strengths"} tags=["hide-input"]
# The strengths that are tried; the digits as rows of pixels, so that a shift moves them sideways
strengths = {
    "weight decay": {"weight_decay": (0.0, 1e-4, 5e-4, 5e-3, 1e-2)},
    "dropout": {"dropout": (0.0, 0.2, 0.5)},
    "shifts": {"shift": (0, 1, 2)},
}
square = images
if images.x.dim() == 2:
    parts = {part: getattr(images, part).unflatten(1, (8, 8)) for part in ("x", "x_test")}
    square = replace(images, **parts)

# %%
against = {
    "n": sizes.memorized,
    "seed": few_seeds,
    "epochs": sizes.memorizing_epochs,
    "record": (),
}
memorized = {
    name: train(square, mlp(128, 2), label_noise=(0.0, 1.0), **grid, **against)
    for name, grid in strengths.items()
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Weight decay of usual strength does not stop memorization; strong weight decay, dropout of one half and wide shifts do, within this budget, and true labels hardly notice.** Digits. Share of training labels right when training ends (fitted, or at the end of the budget), for random and for true labels, and accuracy on new pictures after training on true labels. Means over seeds with 95 % bands.", "name": "fig-rand-memorization"}, "image": {"alt": "Three panels: weight decay, dropout, shifts. Training accuracy on random labels is one at low strengths and drops at the highest weight decay, dropout and shifts. Training accuracy on true labels stays near one, and accuracy on new pictures stays high throughout."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.9), sharey=True, width_ratios=(6, 4, 4))
for ax, (name, runs) in zip(axes, memorized.items(), strict=True):
    setting, values = next(iter(strengths[name].items()))
    place = {value: k for k, value in enumerate(values)}
    for share, color in ((1.0, colors["random_labels"]), (0.0, colors["true_labels"])):
        rows = runs[runs.label_noise == share]
        rows = rows.assign(at=rows[setting].map(place))
        rows = rows.assign(train=1 - rows.train_error, test=1 - rows.test_error)
        label = "random labels, training" if share else "true labels, training"
        figures.plot(rows, "at", "train", ax=ax, colors=color, label=label)
        if not share:
            line = {"colors": colors["test"], "label": "true labels, new pictures"}
            figures.plot(rows, "at", "test", ax=ax, linestyle="--", **line)
    ax.set_xticks(list(place.values()), [f"{value:g}" for value in values], fontsize=10)
    ax.set(
        title=name.capitalize(),
        xlabel="pixels either way" if name == "shifts" else "strength",
    )
    ax.set(ylabel="share right" if ax is axes[0] else "", ylim=(0, 1.05))
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
decayed, dropped = memorized["weight decay"], memorized["dropout"]
on_random = decayed[decayed.label_noise == 1.0]
strongest = max(strengths["weight decay"]["weight_decay"])
stopped = on_random[on_random.weight_decay == strongest]
true_decayed = decayed[decayed.label_noise == 0].pivot_table(
    "test_error", "init_seed", "weight_decay"
)
harm = claims.mean(100 * (true_decayed[strongest] - true_decayed[0.0]))
half_dropped = dropped[(dropped.label_noise == 1.0) & (dropped.dropout == 0.5)]
moved = memorized["shifts"]
moved = moved[(moved.label_noise == 1.0) & (moved["shift"] == 2)]
Markdown(
    f"With weight decay of 0.0005, a usual strength, the lowest training accuracy on random labels is "
    f"{1 - on_random[on_random.weight_decay == 5e-4].train_error.max():.1%}. At {strongest:g} it is "
    f"{claims.mean(1 - stopped.train_error):.1%}, and the error with true labels changes by {harm:.1f} points. With dropout of one half, random "
    f"labels are fitted to "
    f"{claims.mean(1 - half_dropped.train_error):.1%} in {sizes.memorizing_epochs} epochs; with shifts of up to two pixels to "
    f"{1 - moved.train_error.mean():.1%}."
)

# %% [markdown]
r"""
So the sentence "even regularized networks fit anything" needs its regularizer and its strength stated. Weight decay at the strength in common use
is no obstacle here, as in the paper, where one network out of several failed to converge. Ten times as much is one; so are, within our budget of
epochs, dropout of one half and shifts by two pixels. What happens then is the more interesting half of the figure: true labels are fitted as
before, and new pictures are recognised about as well as before. Had the regularizers worked by forbidding memorization, the dashed line would have
risen where the line of the random labels falls.
{cite:t}`arpit2017` build on this; so does {doc}`/notebooks/03_memorization`.

(rand-implicit)=
## Implicit regularizers

Perhaps the restriction is in the procedure. Two suspects that the paper examines: stopping early, and batch normalization.

### Early stopping

::::{admonition} Predict before you run
:class: predict
Stop at the epoch with the lowest error on a *validation* set whose labels are as noisy as those for training, instead of training on. With 40 % of
the labels drawn anew, does it help?

1. Yes, on the digits and on MNIST-1D: wrong labels are learned last.
2. On the digits only.
3. On neither, if the network is large enough.

:::{dropdown} Answer
The digits show a large gain: what is common to all pictures of a digit is learned long before single wrong labels. On MNIST-1D a fully connected
network learns true structure about as slowly as noise, and there is hardly a good moment to stop at. With clean labels there is nothing to gain on
either.
:::
::::
"""

# %%
epochs = (1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 38, 50, 70)
recorded = {"record": {"weights": epochs}, "stop_fitted": 0, "epochs": 100}
stopping = {
    name: train(d, mlp(128, 2), label_noise=(0.0, 0.4), n=sizes.stopped, **recorded)
    for name, d in (("Digits", data.digits()), ("MNIST-1D", signals))
}


# %% mystnb={"code_prompt_show": "Validation and test error over time"} tags=["hide-input"]
# Validation and test error of the recorded networks; the first 300 test examples are for validation, their labels as noisy
@torch.no_grad()
def errors_over_time(row, examples, validation=300):
    share, seed = row.label_noise, row.data_seed
    g = randomness.generator(seed, "validation noise")
    labels = examples.y_test.clone()
    labels[:validation] = data.corrupt_labels(labels[:validation], share, 10, g)
    records = []
    for time, epoch in enumerate(row.weights_epoch):
        wrong = network(row, examples, time)(examples.x_test).argmax(1) != labels
        errors = (
            wrong[:validation].float().mean().item(),
            wrong[validation:].float().mean().item(),
        )
        records.append((share, seed, epoch, *errors))
    return pd.DataFrame(records, columns=["share", "seed", "epoch", "validation", "test"])


over_time = {
    name: pd.concat([errors_over_time(row, d) for _, row in stopping[name].iterrows()])
    for name, d in (("Digits", data.digits()), ("MNIST-1D", signals))
}


def gain_from_stopping(table):
    """Points of test error at the last epoch minus those at the epoch chosen on validation data, by seed."""
    gains = []
    for _, rows in table.groupby("seed"):
        chosen = rows.iloc[rows.validation.to_numpy().argmin()]
        gains.append(100 * (rows.test.iloc[-1] - chosen.test))
    return np.array(gains)


gains = {
    (name, share): gain_from_stopping(rows)
    for name, table in over_time.items()
    for share, rows in table.groupby("share")
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Early stopping undoes label noise where structure is learned before noise, and does nothing for clean labels.** Test error against epochs on the digits and on MNIST-1D, with true labels and with 40 % drawn anew. Triangles: the epochs that validation data chose, one per seed.", "name": "fig-rand-stopping"}, "image": {"alt": "Two panels of test error against epochs. Digits: with clean labels the error falls and stays low; with noisy labels it falls to a low minimum within a few epochs and climbs several-fold. MNIST-1D: both curves fall and level off, with little or no climb."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), sharey=True)
arms = (
    (0.0, colors["true_labels"], "true labels"),
    (0.4, colors["random_labels"], "40 % drawn anew"),
)
for ax, (name, table) in zip(axes, over_time.items(), strict=True):
    for share, color, label in arms:
        rows = table[table.share == share]
        figures.plot(rows, "epoch", "test", ax=ax, colors=color, label=label, marker="")
        picks = [r.iloc[r.validation.to_numpy().argmin()] for _, r in rows.groupby("seed")]
        ax.plot(
            [r.epoch for r in picks], [r.test for r in picks], "^", color=color, alpha=0.6
        )
    ax.set(
        title=name,
        xscale="log",
        xlabel="epochs",
        ylabel="test error" if ax is axes[0] else "",
    )
    ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    ax.set_ylim(0, 1)
axes[0].legend()
plt.show()

# %% tags=["remove-input"]
Markdown(
    "Points of test error gained by stopping at the epoch that validation data choose: "
    + "; ".join(
        f"{name}, {'true labels' if share == 0 else '40 % drawn anew'}: {claims.mean(values):.1f}"
        for (name, share), values in gains.items()
    )
    + "."
)

# %% [markdown]
r"""
For true labels this agrees with the paper: no benefit to speak of. So early stopping is not what makes the networks of {numref}`fig-rand-puzzle`
generalize; they train until everything is fitted. With noise it depends on what is learned first. That some data have an early phase in which only
the common structure is learned, and others have not, is where {doc}`/notebooks/03_memorization` begins.

### Batch normalization

{cite:t}`ioffe2015` introduced batch norm to speed training up. It often raises test accuracy too, although no one designed it to regularize. The
paper removes it and finds 3 to 4 points less. A fair comparison tunes both arms: the same grid of learning rates, the best one chosen on validation
data, and a look at whether both arms fit at all.
"""

# %% mystnb={"code_prompt_show": "Tuning both arms"} tags=["hide-input"]
# Tune both arms on three seeds of their own, then train each at its best rate on the others
rates = (0.025, 0.05, 0.1, 0.2, 0.4)
tuning_seeds = [seed + 1_000 for seed in scale.seeds(3)]


def both_arms(channels, epochs):
    """Runs that serve for tuning, the rate chosen for each arm, and the runs at that rate, by batch norm or not."""
    common = {"n": sizes.signals_per_run, "stop_fitted": 0, "epochs": epochs}
    common |= {"record": ["predictions"]}
    arms = cnn1d(channels, batch_norm=(False, True))
    runs = train(signals, arms, lr=rates, seed=tuning_seeds, **common)
    tuning = held_out(runs, signals)
    best = tuning.pivot_table("validation_error", "lr", "batch_norm").idxmin()
    chosen = {}
    for normalizes, rate in best.items():
        arm = cnn1d(channels, batch_norm=normalizes)
        chosen[normalizes] = held_out(train(signals, arm, lr=rate, **common), signals)
    return tuning, best, chosen


tuning, tuned, at_best = both_arms(sizes.channels, sizes.normalized_epochs)
*_, as_planned = both_arms(sizes.planned_channels, sizes.planned_epochs)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Without batch norm the learning rate has to be right; then little is missing.** Convolutional networks on MNIST-1D, with and without batch norm, over the same grid of learning rates; three seeds that serve for tuning only. Left: validation accuracy; open circles mark the chosen rates. Right: training accuracy at the end.", "name": "fig-rand-batchnorm"}, "image": {"alt": "Two panels against learning rate for two arms. Left, validation accuracy: with batch norm it depends little on the rate, without it it falls at high rates. Right, training accuracy: with batch norm near one throughout, without it dropping at high rates."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6))
for normalizes, color, label in (
    (True, figures.SEQUENCE[0], "with batch norm"),
    (False, figures.SEQUENCE[1], "without"),
):
    rows = tuning[tuning.batch_norm == normalizes]
    rows = rows.assign(validation=1 - rows.validation_error, train=1 - rows.train_error)
    for ax, name in zip(axes, ("validation", "train"), strict=True):
        figures.plot(rows, "lr", name, ax=ax, colors=color, label=label)
    best, circle = rows[rows.lr == tuned[normalizes]].validation.mean(), {"markersize": 12}
    circle |= {"markerfacecolor": "none", "markeredgecolor": color, "markeredgewidth": 1.5}
    axes[0].plot(tuned[normalizes], best, "o", **circle)
for ax, title in zip(axes, ("New signals", "Training signals"), strict=True):
    ax.set(xscale="log", xlabel="learning rate", ylabel="share right", title=title)
    ax.minorticks_off()
    ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
    ax.set_ylim(0, 1.02)
axes[0].legend(loc="lower left")
plt.show()


# %% tags=["remove-input"]
def lost_without(arms):
    """Points of test accuracy that batch norm is worth, over seeds."""
    without, with_it = (arms[k].set_index("init_seed").test_error for k in (False, True))
    return claims.mean(100 * (without - with_it))


norm_effect, planned_effect = lost_without(at_best), lost_without(as_planned)
Markdown(
    f"Validation data choose a learning rate of {tuned[True]:g} with batch norm and {tuned[False]:g} without. On {len(seeds)} other seeds "
    f"batch norm is then worth {norm_effect:.1f} points of test accuracy. The "
    f"training accuracy is {1 - at_best[True].train_error.mean():.1%} with and {1 - at_best[False].train_error.mean():.1%} without. "
    f"With the {sizes.planned_channels} channels and {sizes.planned_epochs} epochs of our plan batch norm is worth {planned_effect:.1f} points, at a training "
    f"accuracy of {1 - as_planned[True].train_error.mean():.1%} with and {1 - as_planned[False].train_error.mean():.1%} without."
)

# %% [markdown]
r"""
Whether this agrees with the paper's 3 to 4 points, the first interval says; it is wide, and it depends on how well the other arm was tuned. Agreement
of the two numbers would be luck: data and networks are others. The sizes of our plan come second, because where an arm does not fit its training set
the difference may be one of fitting; the card counts both. Had batch norm been decisive, the networks without it would have ended near chance.

None of the suspects is needed. Take away augmentation, weight decay, dropout, early stopping and batch norm, and the networks still generalize.
What remains is the architecture, the data and gradient descent. It is time to look at the last where everything can be computed.

(rand-linear)=
## The same puzzle without a network

Let there be $d > n$ parameters in a *linear* model, $f(x) = w^\top x$ (we write $w$ for its coefficients, as for weights). Then $X w = y$ has
infinitely many solutions for any labels $y$ (if the rows of $X$ are linearly independent): the class fits anything, and no count of parameters tells
a good solution from a bad one. Which one does gradient descent find?

```{prf:proposition} Gradient descent from zero finds the minimum norm
:label: rand-prop-minimum-norm
Let $X \in \mathbb R^{n \times d}$ have rank $n$ and let gradient descent on $\tfrac12 \lVert X w - y \rVert^2$ start at $w_0$, with a step size
below $2 / \lVert X \rVert^2$. It converges to

$$
w_\infty = X^+ y + (I - X^+ X)\, w_0 ,
$$ (rand-eq-limit)

where $X^+ = X^\top (X X^\top)^{-1}$. For $w_0 = 0$ this is the {term}`minimum-norm solution`.
```

```{prf:proof}
Every step adds a combination of rows of $X$, so the part of $w$ that is orthogonal to all rows, $(I - X^+ X) w$, keeps its initial value. In the
span of the rows the loss is strictly convex, and the iteration contracts to its only minimum there, $X^+ y$. All solutions are $X^+ y$ plus
something orthogonal to it, so by Pythagoras none is shorter.
```

Single-example steps add rows of $X$ too, so the proposition holds for stochastic gradient descent as well, wherever that converges to a
solution of $X w = y$. Note the three conditions: linear model, squared loss, start at zero.
"""


# %%
def descend(X, y, w, steps=1000):
    """Gradient descent on ½‖Xw − y‖² from w."""
    step = 1 / np.linalg.norm(X, 2) ** 2
    for _ in range(steps):
        w = w - step * X.T @ (X @ w - y)
    return w


# %%
rows = []
for seed in scale.seeds(20):
    rng = randomness.rng(seed)
    X, y, start = (rng.standard_normal(shape) for shape in ((50, 200), 50, 200))
    pinv = np.linalg.pinv(X)
    shortest, kept_part = pinv @ y, start - pinv @ (X @ start)
    far, size = descend(X, y, start), np.linalg.norm(shortest)
    gaps = (descend(X, y, 0 * start) - shortest, far - shortest, far - shortest - kept_part)
    rows.append([np.linalg.norm(gap) / size for gap in gaps])
columns = ["from zero", "from elsewhere", "from elsewhere, to the formula"]
from_starts = pd.DataFrame(rows, columns=columns)
from_starts.agg(["min", "median", "max"]).map("{:.1e}".format)

# %% [markdown]
r"""
Relative distances to the minimum-norm solution, for $n = 50$ and $d = 200$, over 20 draws. From zero it is reached to rounding. From a random start
it is missed by many times its own length, and what is reached instead is the point of {eq}`rand-eq-limit`. Implicit regularization has a starting
point.

It also has a loss. With the logistic loss and labels $\pm 1$ that a hyperplane separates, as one always does if the points are linearly
independent, there is no finite minimum. From any start and with a small enough step the weights grow forever, and their *direction* converges to the
one with the largest margin ({cite:t}`soudry2018`). Is that the direction of the minimum-norm solution?
"""


# %% mystnb={"code_prompt_show": "The logistic loss"} tags=["hide-input"]
# Gradient descent on the logistic loss, and the direction of largest margin (by its dual, a non-negative least squares)
def directions(d, seed, steps=20_000, n=50):
    """Cosine of the iterate with the largest-margin and with the minimum-norm direction, at a few times."""
    rng = randomness.rng(seed)
    y = rng.choice([-1.0, 1.0], n)
    A = y[:, None] * rng.standard_normal((n, d))  # example times label: the margins are A w
    L = np.linalg.cholesky(A @ A.T)
    margin = A.T @ nnls(L.T, np.linalg.solve(L, np.ones(n)))[0]
    shortest = np.linalg.pinv(A) @ np.ones(n)
    cosine = lambda u, v: u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    w, step = np.zeros(d), 4 / np.linalg.norm(A, 2) ** 2
    rows = []
    for t in range(1, steps + 1):
        w = w + step * A.T @ (1 / (1 + np.exp(A @ w)))
        if t in times:
            rows.append((d, t, cosine(w, margin), cosine(w, shortest)))
    return rows


times = {int(10**k) for k in np.arange(0, 4.31, 0.25)}
columns = ["d", "step", "largest margin", "minimum norm"]
turned = pd.DataFrame(
    [row for d in (60, 1000) for s in few_seeds for row in directions(d, s)],
    columns=columns,
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**With the logistic loss gradient descent goes for the largest margin.** Cosine of the angle between the weights and two directions, 50 points with random labels. In 60 dimensions the two directions differ, and it is the largest margin that is approached, slowly. In 1,000 dimensions every point is a support vector (a point that lies exactly at the margin) and the two coincide.", "name": "fig-rand-margin"}, "image": {"alt": "Two panels of cosine against steps on a logarithmic axis. In 60 dimensions the cosine with the largest-margin direction climbs to near one while that with the minimum-norm direction stays near 0.6. In 1,000 dimensions both are near one throughout."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True)
for ax, (d, rows) in zip(axes, turned.groupby("d"), strict=True):
    for name, color in (
        ("largest margin", figures.SEQUENCE[0]),
        ("minimum norm", figures.SEQUENCE[1]),
    ):
        style = "-" if name == "largest margin" else "--"
        figures.plot(
            rows, "step", name, ax=ax, colors=color, label=name, marker="", linestyle=style
        )
    ax.set(xscale="log", ylim=(0, 1.05), xlabel="steps", title=f"{d:,} dimensions")
    ax.set_ylabel("cosine" if ax is axes[0] else "")
axes[0].legend(loc="lower right")
plt.show()

# %% [markdown]
r"""
So "SGD finds the minimum norm" is true of one loss, and of classifiers trained with cross-entropy it is in general false. (In very high dimension
the two answers meet: {cite:t}`muthukumar2021`.)

### Does the minimum norm generalize?

A kernel machine is a linear model in a fixed and possibly infinite space of features, so all of the above applies to it. With the Gaussian kernel
$k(x, x') = \exp(-\lVert x - x' \rVert^2 / 2\ell^2)$ of bandwidth $\ell$ any distinct points can be interpolated. The interpolant of smallest norm in
that space is $f(x) = \sum_i \alpha_i\, k(x, x_i)$ with $G \alpha = y$, where $G_{ij} = k(x_i, x_j)$: one linear solve, no regularizer, nothing to
stop early. With ten outputs, one per class, "the norm" is the root of the sum of their ten squared norms.

::::{admonition} Predict before you run
:class: predict
Such an interpolant fits the training digits exactly, one parameter per picture and class. Compared with the trained networks of
{numref}`fig-rand-puzzle` its error on new digits is

1. far higher, near the constructed network's: it, too, only solves a linear system;
2. higher, but far below chance;
3. no higher.

:::{dropdown} Answer
No higher, on these data. The puzzle does not need a deep network. It needs a class that fits everything and a rule that picks one of the fits.
:::
::::
"""


# %%
def interpolation_errors(seed, factors=(0.25, 0.35, 0.5, 0.7, 1.0)):
    """Training and test error at the bandwidth that is best on validation pictures."""
    rows = data.subset(digits, 1000, seed)
    fit, validate = rows[:800], rows[800:]
    median = kernels.median_distance(digits.x[fit])

    def error(f, x, y):
        return (f(x).argmax(1) != y).double().mean().item()

    tried = [kernels.interpolate(digits.x[fit], digits.y[fit], c * median) for c in factors]
    best = min(tried, key=lambda f: error(f, digits.x[validate], digits.y[validate]))
    return error(best, digits.x[fit], digits.y[fit]), error(
        best, digits.x_test, digits.y_test
    )


digits = data.digits()
interpolated = np.array([interpolation_errors(seed) for seed in seeds])

# %% tags=["remove-input"]
Markdown(
    f"Digits: training error {interpolated[:, 0].max():.1%} in every run, test error {claims.mean(interpolated[:, 1]):.2%}"
    + (
        f" (trained networks: {claims.mean(true_runs.test_error):.2%})."
        if sizes.pictures == "digits"
        else "."
    )
)

# %% [markdown]
r"""
The paper does it on the whole of MNIST. With 5,000 training pictures per run it takes seconds, next to ordinary linear least squares on the same
pictures; and, for the last question of this chapter, from two *representations* of the pictures: raw pixels, and the responses of a fixed bank of
Gabor filters, which know about edges and orientations.
"""


# %% mystnb={"code_prompt_show": "The measurement on MNIST"} tags=["hide-input"]
# On MNIST: error of the interpolant and of linear least squares; norms and errors for two representations
def on_mnist():
    mnist = data.mnist().to(default_device())
    wrong = lambda f, x, y: (f(x).argmax(1) != y).double().mean().item()
    n, rows = sizes.kernel_pictures, []
    choose = data.subset(
        mnist, 3_500, scale.seed_offset() + 1_000
    )  # the bandwidth, on pictures of its own
    x, y = mnist.x[choose], mnist.y[choose]
    median = kernels.median_distance(x)
    fits = {
        c: kernels.interpolate(x[:2500], y[:2500], c * median)
        for c in (0.25, 0.35, 0.5, 0.7, 1.0)
    }
    factor = min(fits, key=lambda c: wrong(fits[c], x[2500:], y[2500:]))
    for seed in scale.seeds(5):
        chosen = data.subset(mnist, n, seed)
        x, y = mnist.x[chosen].double(), mnist.y[chosen]
        f = kernels.interpolate(x, y, factor * kernels.median_distance(x))
        one_hot = torch.nn.functional.one_hot(y).double()
        v = kernels.ridge(torch.nn.functional.pad(x, (0, 1), value=1.0), one_hot, 1e-4)
        linear = (mnist.x_test.double() @ v[:-1] + v[-1]).argmax(1) != mnist.y_test
        errors = {"train": wrong(f, x, y), "test": wrong(f, mnist.x_test, mnist.y_test)}
        rows.append(
            {
                "n": n,
                "part": "interpolation",
                "seed": seed,
                "factor": factor,
                "norm": f.norm,
                "linear": linear.double().mean().item(),
            }
            | errors
        )
        few, few_test = chosen[:2_000], slice(0, 5_000)
        for name, represent in (("pixels", lambda v: v), ("Gabor", kernels.gabor_features)):
            train_x, test_x = represent(mnist.x[few]), represent(mnist.x_test[few_test])
            for c in (0.25, 0.5, 1.0):
                f = kernels.interpolate(
                    train_x, mnist.y[few], c * kernels.median_distance(train_x)
                )
                test = wrong(f, test_x, mnist.y_test[few_test])
                rows.append(
                    {"part": name, "seed": seed, "factor": c, "norm": f.norm, "test": test}
                )
    return pd.DataFrame(rows)


possible = data.available("mnist") and scale.current() != "smoke"
on_mnist_table, where = results.measured_or_recorded(
    "02_randomization_kernels", possible, on_mnist
)
kernel_mnist = on_mnist_table[on_mnist_table.part == "interpolation"]
represented = on_mnist_table[on_mnist_table.part != "interpolation"]

# %% tags=["remove-input"]
Markdown(
    f"MNIST, {where}: the interpolant of {kernel_mnist.n.iloc[0]:,.0f} pictures has training error {kernel_mnist.train.max():.1%} in every run and "
    f"misclassifies {claims.mean(kernel_mnist.test):.2%} of the test pictures; "
    f"linear least squares misclassifies {claims.mean(kernel_mnist.linear):.1%}. The bandwidth is {kernel_mnist.factor.iloc[0]:g} of the median "
    f"distance, chosen on other pictures."
)

# %% [markdown]
r"""
### Does the norm say which solution generalizes?

Within one representation, to some extent. Interpolate the digits with more and more labels drawn anew: the norm grows, since a function that jumps
between neighbours is long. But across representations?

::::{admonition} Predict before you run
:class: predict
Gabor features of MNIST against raw pixels, both interpolated with minimum norm at the same rule for the bandwidth. The Gabor solution has about
half the test error. Its norm is

1. smaller: that is why it generalizes better;
2. larger.

:::{dropdown} Answer
Larger, at the bandwidth that counts. Norms in different spaces are different yardsticks: at a small bandwidth the order of the norms is the other way
round, although the order of the errors is not.
:::
::::
"""


# %%
def norm_with_noise(share, seed):
    """Norm and test error of the interpolant of 800 digits with noisy labels."""
    rows = data.subset(digits, 800, seed)
    y = data.corrupt_labels(
        digits.y[rows], share, 10, randomness.generator(seed, "label noise")
    )
    f = kernels.interpolate(
        digits.x[rows], y, 0.5 * kernels.median_distance(digits.x[rows])
    )
    wrong = (f(digits.x_test).argmax(1) != digits.y_test).double().mean().item()
    return {"label_noise": share, "seed": seed, "norm": f.norm, "test_error": wrong}


noisy_norms = pd.DataFrame([norm_with_noise(p, s) for p in sizes.shares for s in seeds])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The norm tells noise from signal in one representation, and does not compare two.** Left: digits; as labels are corrupted the interpolant's norm and its test error rise together. Right: MNIST; Gabor features against raw pixels at three bandwidths, given as multiples of the median distance. The error is lower with Gabor features at each of them; the norm is lower or higher. Every dot is a seed.", "name": "fig-rand-norms"}, "image": {"alt": "Left, test error against norm for growing corruption: points climb to the upper right. Right, test error against norm for two representations at three bandwidths, connected by arrows from pixels to Gabor features: all arrows point down, one to the left, others to the right."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.8))
for share, color in zip(sizes.shares, figures.ramp(len(sizes.shares)), strict=True):
    rows = noisy_norms[noisy_norms.label_noise == share]
    left.plot(rows.norm, rows.test_error, "o", color=color, alpha=0.6, label=f"{share:.0%}")
left.set(
    xlabel="norm",
    ylabel="test error",
    ylim=(0, 1),
    xlim=(0, None),
    title="Digits, labels drawn anew",
)
left.legend(loc="upper left")
middle = represented.groupby(["factor", "part"])[["norm", "test"]].mean()
for name, color, marker in (
    ("pixels", figures.SEQUENCE[0], "o"),
    ("Gabor", figures.SEQUENCE[1], "s"),
):
    rows = represented[represented.part == name]
    right.plot(rows.norm, 100 * rows.test, marker, color=color, alpha=0.6, label=name)
for c in middle.index.unique("factor"):
    start, end = middle.loc[(c, "pixels")], middle.loc[(c, "Gabor")]
    arrow = {"arrowstyle": "->", "color": figures.INK, "linewidth": 1}
    right.annotate(
        "", (end.norm, 100 * end.test), (start.norm, 100 * start.test), arrowprops=arrow
    )
    right.annotate(
        f"× {c:g}",
        (start.norm, 100 * start.test),
        (8, 4),
        textcoords="offset points",
        fontsize=10,
    )
right.set(
    xscale="log",
    xlim=(20, 350),
    xlabel="norm",
    ylabel="test error, %",
    title="MNIST, two representations",
)
right.minorticks_off()
right.set_xticks([25, 50, 100, 200], ["25", "50", "100", "200"])
right.set_ylim(0, 1.15 * 100 * represented.test.max())
right.legend(loc="lower left")
plt.show()


# %%
def against_pixels(quantity, factor):
    """Gabor features minus raw pixels, by seed."""
    rows = represented[represented.factor == factor].pivot_table(quantity, "seed", "part")
    return rows["Gabor"] - rows["pixels"]


norm_gap, error_gap = (claims.mean(against_pixels(q, 0.5)) for q in ("norm", "test"))

# %% tags=["remove-input"]
pairs = represented.factor.drop_duplicates()
larger = [
    c
    for c in pairs
    if claims.mean(against_pixels("norm", c)).low > 0
    and claims.mean(against_pixels("test", c)).high < 0
]
growth = noisy_norms.pivot_table("norm", "seed", "label_noise")
Markdown(
    f"On the digits, random labels need a norm {claims.mean(growth[1.0] / growth[0.0]):.2f} times that of true ones. On MNIST, at half the median "
    f"distance, Gabor features change the norm by {norm_gap:.1f} and the test error by "
    f"{claims.mean(100 * against_pixels('test', 0.5)):.2f} points. Of {len(pairs)} bandwidths tried, the norm is larger and the error smaller at "
    f"{len(larger)}."
)

# %% [markdown]
r"""
Had the norm ordered solutions by how well they generalize, all arrows on the right would point down and to the left. The paper's example is of this
kind: on all of MNIST the wavelet solution has the larger norm and half the error. A minimum norm is an answer to "which of the many fits is
picked", and a good one. By itself it is no answer to "why is that one good": this also depends on whether the representation in which the norm is
taken suits the data. With that the puzzle comes back in a sharper form. In a kernel machine somebody chose the representation. A network finds its
own.
"""

# %% [markdown]
r"""
(rand-verdicts)=
## What the paper found, what we found

All claims of this chapter are from one paper, {cite:t}`zhang2017`, whose networks are larger and whose cells are single runs. Ours are small and
repeated. Where a claim is about *every* run, or holds by a theorem, the interval on its card is the range over all runs, marked as such; the others
are 95 % intervals of means, or 90 % where a difference is to be shown to lie within a margin. To show that something *is* at chance, the 90 %
interval has to lie wholly within 3 points of it; this is the same as rejecting both "lower" and "higher" at 5 %. (The exact binomial interval on the
first card is that of one network's accuracy, from the number of test pictures alone.) All seeds share the test set: the intervals are over training
subsets, randomizations and initialisations.
"""


# %% tags=["remove-input"]
def at_chance(label, runs):
    """Is the test accuracy within 3 points of chance? Two one-sided tests."""
    return claims.Check(
        f"test accuracy, {label} (90 % interval)",
        claims.mean(1 - runs.test_error, 0.9),
        0.07,
        0.13,
    )


signal_random = signal_labels[signal_labels.label_noise == 1.0]
right = ((1 - random_runs.test_error) * len(images.y_test)).round().astype(int)
covered = [
    ci.low <= 0.1 <= ci.high
    for ci in (stats.binomtest(k, len(images.y_test)).proportion_ci() for k in right)
]
ledger.card(
    "fits-random-labels",
    [
        claims.Check(
            "training accuracy, digits (range over runs)",
            claims.every(1 - random_runs.train_error),
            above=0.999,
        ),
        claims.Check(
            f"training accuracy, MNIST-1D ({len(few_seeds)} seeds, range over runs)",
            claims.every(1 - signal_random.train_error),
            above=0.999,
        ),
        at_chance("digits", random_runs),
        at_chance(f"MNIST-1D, {len(few_seeds)} seeds", signal_random),
    ],
    measured=f"With the settings for true labels, the lowest training accuracy over all runs is "
    f"{1 - max(random_runs.train_error.max(), signal_random.train_error.max()):.2%}. Test accuracy on the digits: "
    f"{1 - random_runs.test_error.mean():.1%}; chance lies in the "
    f"exact binomial interval of {sum(covered)} of {len(covered)} seeds.",
    seeds=seeds,
    section="randomization",
)

# %% tags=["remove-input"]
of = {
    condition: rows.set_index("init_seed").sort_index()
    for condition, rows in six.groupby("condition")
}
shuffling = claims.mean(
    of["shuffled pixels"].test_error - of["true labels"].test_error, level=0.90
)
later = {
    name: claims.mean(of["random labels"].epochs_run - of[name].epochs_run)
    for name in ("Gaussian pixels", "random pixels")
}
ledger.card(
    "six-conditions",
    [
        claims.Check(
            "training accuracy, all conditions (range over runs)",
            claims.every(1 - six.train_error),
            above=0.999,
        ),
        *(
            claims.Check(
                f"epochs to fit, random labels minus {name}", gap, above=0, unit="epochs"
            )
            for name, gap in later.items()
        ),
        claims.Check(
            "test accuracy lost by shuffling pixels (90 % interval)",
            shuffling,
            above=-0.02,
            below=0.02,
        ),
        *(
            at_chance(name, of[name])
            for name in ("random labels", "random pixels", "Gaussian pixels")
        ),
    ],
    measured="Epochs to fit on the digits: "
    + ", ".join(f"{name} {of[name].epochs_run.mean():.0f}" for name in conditions)
    + f". On MNIST-1D, which is not counted here, the test accuracy with random pixels is {1 - leak.value:.0%}.",
    seeds=seeds,
    section="rand-conditions",
)


# %% tags=["remove-input"]
def rank_correlation(runs):
    """Spearman's correlation of corruption and epochs to fit over all runs; jackknife over seeds."""

    def spearman(rows):
        return claims.rank_correlation(rows.label_noise, rows.epochs_run)

    without = [spearman(runs[runs.init_seed != seed]) for seed in runs.init_seed.unique()]
    return claims.jackknife(spearman(runs), without)


ledger.card(
    "slowdown-with-corruption",
    [
        claims.Check(
            "epochs to fit at full corruption over those at none",
            ratio,
            above=1.5,
            below=10,
        ),
        claims.Check(
            "rank correlation of corruption and epochs",
            rank_correlation(label_runs),
            above=0,
        ),
    ],
    measured=f"Digits: random labels take {ratio.value:.1f} times as long as true ones. MNIST-1D, not counted here: {signal_ratio:.2f} times.",
    seeds=seeds,
    section="rand-time",
)

# %% tags=["remove-input"]
errors = label_runs.pivot_table("test_error", "init_seed", "label_noise")
rises = errors.diff(axis=1).iloc[:, 1:]
whole_rise = errors[1.0] - errors[0.0]
ledger.card(
    "test-error-vs-corruption",
    [
        claims.Check(
            "test error at full corruption (90 % interval)",
            claims.mean(errors[1.0], 0.9),
            above=0.87,
            below=0.93,
        ),
        *(
            claims.Check(
                f"rise of the test error up to {share:.0%} corruption",
                claims.mean(rises[share]),
                above=0,
            )
            for share in rises
        ),
        claims.Check(
            "largest step as a share of the whole rise",
            claims.mean(rises.max(axis=1) / whole_rise),
            below=0.5 if len(rises.columns) > 2 else 1,
        ),
    ],
    measured=f"Test error after fitting, without and with full corruption: on the digits {errors[0.0].mean():.1%} and "
    f"{errors[1.0].mean():.1%}; on MNIST-1D "
    f"{signal_labels[signal_labels.label_noise == 0].test_error.mean():.0%} and {signal_random.test_error.mean():.0%}.",
    seeds=seeds,
    section="rand-time",
)

# %% tags=["remove-input"]
plain = {kind: runs[runs.arm == "none"] for kind, runs in regularized.items()}
both = "shifts + weight decay"
lost = {
    kind: claims.mean(100 * (pivot[both] - pivot["none"]))
    for kind, pivot in (
        (kind, runs.pivot_table("accuracy", "init_seed", "arm"))
        for kind, runs in regularized.items()
    )
}
ledger.card(
    "explicit-regularizers-help-but-not-needed",
    [
        check
        for kind, runs in regularized.items()
        for check in (
            claims.Check(
                f"{kind}: share of the accuracy above chance kept without regularizers",
                share_kept(runs),
                above=0.8,
            ),
            claims.Check(
                f"{kind}: test accuracy without any, less chance",
                claims.mean(plain[kind].accuracy - 0.1),
                above=0.2,
            ),
            claims.Check(
                f"{kind}: accuracy lost by removing augmentation and weight decay",
                lost[kind],
                above=0,
                unit="points",
            ),
        )
    ],
    measured="Points of accuracy that one regularizer adds alone: "
    + "; ".join(
        f"{kind}: "
        + ", ".join(
            f"{short[key]} {claims.mean(effect(runs, key)):.1f}"
            for key in short
            if runs[key].max() > 0
        )
        for kind, runs in regularized.items()
    )
    + ".",
    seeds=seeds,
    section="rand-regularizers",
)

# %% tags=["remove-input"]
usual = on_random[on_random.weight_decay <= 5e-4]
true_worst = max(
    runs[runs.label_noise == 0].train_error.max() for runs in memorized.values()
)
ledger.card(
    "regularizers-do-not-stop-memorization",
    [
        claims.Check(
            "training accuracy on random labels, weight decay up to 0.0005 (range over runs)",
            claims.every(1 - usual.train_error),
            above=0.99,
        ),
        claims.Check(
            f"training accuracy on random labels, weight decay {strongest:g}",
            claims.mean(1 - stopped.train_error),
            below=0.99,
        ),
    ],
    measured=f"Lowest training accuracy on random labels of the digits up to a weight decay of 0.0005: {1 - usual.train_error.max():.1%}. Share "
    f"of them right after at most {sizes.memorizing_epochs} epochs: with weight decay {strongest:g} {1 - stopped.train_error.mean():.0%}, "
    f"with dropout of one half {1 - half_dropped.train_error.mean():.0%}, with shifts by up to two pixels {1 - moved.train_error.mean():.0%}. Of true labels, no run "
    f"at any of the strengths misses more than {true_worst:.1%}.",
    seeds=few_seeds,
    section="rand-regularizers",
)

# %% tags=["remove-input"]
ledger.card(
    "early-stopping-small-effect",
    [
        *(
            claims.Check(
                f"{name}, true labels: points gained by stopping",
                claims.mean(gains[name, 0.0]),
                below=1,
                unit="points",
            )
            for name in stopping
        ),
        *(
            claims.Check(
                f"{name}, 40 % drawn anew: points gained by stopping",
                claims.mean(gains[name, 0.4]),
                above=0,
                unit="points",
            )
            for name in stopping
        ),
    ],
    measured="Points of test error gained by stopping at the epoch that validation data choose: "
    + "; ".join(
        f"{name}, {'true labels' if share == 0 else '40 % drawn anew'}: {claims.mean(values):.1f}"
        for (name, share), values in gains.items()
    )
    + ". The paper speaks of true labels only; the noisy ones are our addition.",
    seeds=seeds,
    section="rand-implicit",
)

# %% tags=["remove-input"]
fitted_arms = {normalizes: 1 - rows.train_error for normalizes, rows in at_best.items()}
ledger.card(
    "batch-norm-3-4-points",
    [
        *(
            claims.Check(label, effect, above=0, below=10, unit="points")
            for label, effect in (
                ("accuracy lost without batch norm", norm_effect),
                ("the same at the sizes first planned", planned_effect),
            )
        ),
        *(
            claims.Check(
                f"training accuracy {'with' if normalizes else 'without'} it (range over runs)",
                claims.every(values),
                above=0.99,
            )
            for normalizes, values in fitted_arms.items()
        ),
    ],
    measured=f"Each arm at its best learning rate of the same grid ({tuned[True]:g} with, {tuned[False]:g} without), chosen on validation data "
    "of other seeds, likewise at the planned sizes. The larger sizes were taken after a first run at those, in which neither arm fitted (see below).",
    seeds=seeds,
    section="rand-implicit",
)

# %% tags=["remove-input"]
ledger.card(
    "two-layer-expressivity",
    [
        claims.Check(
            "worst error over largest value, 200 points (range over draws)",
            claims.every(built["worst relative error"]),
            below=1e-6,
        ),
        claims.Check(
            "the same with one of the 200 hidden units taken away, direction and thresholds kept (range over draws)",
            claims.every(too_few[too_few.units == 199].error),
            above=1e-6,
        ),
    ],
    measured=f"{built.weights.iloc[0]} weights for 200 points in 40 dimensions, which is 2n + d; the largest output weight of any draw is "
    f"{built['largest |w|'].max():.0e}. With 100 of the units kept the "
    f"worst error is {too_few[too_few.units == 100].error.median():.0%} of the largest value (median).",
    seeds=scale.seeds(20),
    section="rand-expressivity",
)

# %% tags=["remove-input"]
ledger.card(
    "linear-min-norm-kernel",
    [
        claims.Check(
            "MNIST: test error over that of linear least squares",
            claims.mean(kernel_mnist.test / kernel_mnist.linear),
            below=0.5,
        ),
        claims.Check("MNIST: test error", claims.mean(kernel_mnist.test), below=0.03),
        claims.Check(
            "MNIST: training error (range over runs)",
            claims.every(kernel_mnist.train),
            below=1e-6,
        ),
        claims.Check(
            "digits: training error (range over runs)",
            claims.every(interpolated[:, 0]),
            below=1e-6,
        ),
        claims.Check("digits: test error", claims.mean(interpolated[:, 1]), below=0.1),
    ],
    measured=f"Without any regularizer the interpolant of {kernel_mnist.n.iloc[0]:,.0f} MNIST pictures misclassifies "
    f"{claims.mean(kernel_mnist.test):.2%} of the test "
    f"pictures (the paper, with all 60,000: 1.2 %), and that of 800 digits "
    f"{claims.mean(interpolated[:, 1]):.2%}. The bound of 3 % on MNIST is that of our plan and not the paper's, which has more pictures; that the "
    f"error is less than half of that of linear least squares was added after a pilot run. The MNIST numbers were {where}.",
    seeds=sorted(kernel_mnist.seed.unique().tolist()),
    section="rand-linear",
)

# %% tags=["remove-input"]
smaller = [f"{c:g}" for c in pairs if claims.mean(against_pixels("norm", c)).high < 0]
ledger.card(
    "min-norm-is-not-the-whole-story",
    [
        claims.Check("norm, Gabor features less raw pixels", norm_gap, above=0),
        claims.Check("test error, Gabor features less raw pixels", error_gap, below=0),
    ],
    measured=f"2,000 MNIST pictures. Here one pair of representations at {len(pairs)} bandwidths: larger norm and smaller error at "
    f"{len(larger)} of them"
    + (f", smaller norm at {', '.join(smaller)} of the median distance" if smaller else "")
    + ". A pilot run on other subsets had tried four feature maps at five bandwidths each and had met the claim in three cases out of four. The "
    "pair and the bandwidth that count, half the median distance, were chosen after it and before this run.",
    seeds=sorted(represented.seed.unique().tolist()),
    section="rand-linear",
)

# %% tags=["remove-input"]
ledger.card(
    "gd-from-zero-finds-min-norm",
    [
        claims.Check(
            "distance from the minimum-norm solution, start at zero (range over draws)",
            claims.every(from_starts["from zero"]),
            below=1e-8,
        ),
        claims.Check(
            "the same, random start (range over draws)",
            claims.every(from_starts["from elsewhere"]),
            above=0.1,
        ),
        claims.Check(
            "distance from the formula's limit, random start (range over draws)",
            claims.every(from_starts["from elsewhere, to the formula"]),
            below=1e-8,
        ),
    ],
    measured="Distances relative to the length of the minimum-norm solution, n = 50, d = 200. A theorem, checked; with the logistic loss it "
    "is false.",
    seeds=scale.seeds(20),
    section="rand-linear",
)

# %% tags=["remove-input"]
ledger.card(
    "vc-rademacher-vacuous",
    [
        claims.Check(
            "correlation of trained networks with fair coins (range over draws)",
            claims.every(tossed.correlation),
            above=0.99,
        ),
        claims.Check(
            "log-log slope against n, linear class of bounded norm",
            linear_slope,
            above=-0.6,
            below=-0.4,
        ),
    ],
    measured=f"{(tossed.correlation == 1).sum()} of {len(tossed)} draws of coins for up to {max(sizes.coin_sets):,} pictures were fitted; the "
    f"lowest correlation is {tossed.correlation.min():.3f}. Lowest estimate of the empirical Rademacher complexity over the sizes: "
    f"{tossed.groupby('n').correlation.mean().min():.3f}. That stability is "
    "blind to labels is an argument and was not measured. Bounds on the function that training returned are not touched.",
    seeds=seeds,
    section="rand-capacity",
)

# %% [markdown]
r"""
Where these experiments differ from their plan, and why, stands in {ref}`protocol-randomization`.

## Who disagrees, and what to drop

**A dispute about bounds.** The paper is often quoted as the end of learning theory. {cite:t}`dziugaite2017` answered in the same year with a bound
below 1 for networks on MNIST. It is a PAC-Bayes bound: for a distribution of networks around the trained one, not for the class. Both are right,
since they are about different things.

**A dispute about depth.** {cite:t}`belkin2018` found the same in kernel machines, noisy labels included, and concluded that the puzzle is not about
deep networks at all ({ref}`rand-ex-noisy-kernels`).

**A dispute about memorizing.** {cite:t}`arpit2017` show that networks treat noise and data differently *while* they train, from the first epoch on.
That does not contradict the paper, which asked what is possible and not how it comes about.

Four sentences to drop:

:::{admonition} "Regularization is useless"
:class: misconception
It can add points: shifts where the network does not know about them ({numref}`fig-rand-regularizers`), early stopping where labels are noisy and
structure is learned first ({numref}`fig-rand-stopping`). It is not *needed* for generalizing far better than chance.
:::

:::{admonition} "All bounds are dead"
:class: misconception
Class-wide and label-blind ones are. The others were not tested here.
:::

:::{admonition} "A network with more parameters than examples can fit anything"
:class: misconception
The theorem is about a ReLU network with $n$ hidden units and $2n + d$ weights, on $n$ distinct points. Counting alone gives nothing: a network of many
linear layers can have any number of parameters and still computes a linear function, and no function at all gives two labels to one picture
({ref}`rand-ex-twice`). And what weights exist is not what training finds in the time that it has ({ref}`rand-ex-convolution`).
:::

:::{admonition} "SGD finds the minimum-norm solution"
:class: misconception
In a linear model, with squared loss, from zero. Change the start or the loss and it is false; and the norm does not rank representations
({numref}`fig-rand-norms`).
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page.
Longer, to hand in, and with tests that say what is wrong: {assignment}`02_randomization`.

```{exercise} ★ Labels from a hat
:label: rand-ex-hat
All training labels are drawn uniformly from $K$ classes. (a) What share of them is wrong, on average? (b) The algorithm treats classes alike:
permuting the names of the classes permutes its predictions. Show that its expected test accuracy, for true test labels, is exactly $1/K$. (c) And
if it is trained on Gaussian pixels with true labels, and tested on such?
```

```{solution} rand-ex-hat
:class: dropdown
(a) $1 - 1/K$. (b) Renaming the classes leaves the distribution of the training set as it is, since all its labels are uniform, and permutes the
predictions. So at every test input each class is predicted with probability $1/K$, the right one too.
(c) The prediction at a test input is independent of its label. With equally frequent classes the accuracy is $1/K$ again.
```

```{exercise} ★ What else is blind to the order of pixels?
:label: rand-ex-exchange
For each of these decide whether {prf:ref}`rand-prop-shuffle` still holds for a fully connected network: (a) a penalty $\lambda \lVert W \rVert^2$
on the first layer; (b) initial weights that are smaller for pixels at the border; (c) augmentation by random shifts;
(d) standardising every pixel by its own mean and variance over the training set; (e) Gaussian noise added to the inputs.
```

```{solution} rand-ex-exchange
:class: dropdown
(a), (d) and (e) are blind to the order: each treats every pixel in the same way, and the noise is exchangeable.
(b) and (c) are not: they know which pixels are at the border, or next to each other. Shifts are how a fully connected network is *told* the geometry.
```

```{exercise} ★ One picture twice
:label: rand-ex-twice
{prf:ref}`rand-thm-expressivity` needs distinct points. What happens to zero training error on random labels if the training set contains some
picture twice? Why does that hardly matter under random *pixels*?
```

```{solution} rand-ex-twice
:class: dropdown
Two copies get the same output, and random labels differ between them with probability $1 - 1/K$, so about that share of the pairs keeps one error,
for every function whatsoever. Near copies cost time instead: the function must rise from one value to another over a short distance. If each
picture gets an order of its own, copies no longer coincide.
```

```{exercise} ★★ Why are Gaussian pixels easier than random labels?
:label: rand-ex-distances
For each of the three kinds of inputs (real pictures, random pixels, Gaussian pixels), measure how far the nearest neighbour of a training picture
is, relative to the median distance. Compare with the epochs that memorizing took.
```

```{solution-start} rand-ex-distances
:class: dropdown
```
"""

# %%
rows = {}
kinds = {"random labels": images} | {
    k: spoiled[k] for k in ("random pixels", "Gaussian pixels")
}
for name, d in kinds.items():
    distances = torch.cdist(d.x[:1000].flatten(1), d.x[:1000].flatten(1))
    nearest = distances.fill_diagonal_(torch.inf).amin(1).median()
    relative = nearest / kernels.median_distance(d.x[:1000])
    rows[name] = {
        "nearest / median": relative.item(),
        "epochs to fit": of[name].epochs_run.mean(),
    }
pd.DataFrame(rows).T.round(2)

# %% [markdown]
r"""
Real pictures have near neighbours, and random labels tell the network to separate them. Among noise pictures everyone is about equally far from
everyone. (The paper gives the same reason.) It is no law: in {ref}`rand-ex-convolution` Gaussian pixels lose their lead.

```{solution-end}
```

```{exercise} ★★ What a permutation leaves behind
:label: rand-ex-histogram
Sort the samples of each MNIST-1D signal by value. All that random pixels can reveal is in the sorted signal. How well can its class be predicted
from that, by kernel interpolation with 1,000 signals? Do the same for the digits.
```

```{solution-start} rand-ex-histogram
:class: dropdown
```
"""

# %%
rows = {}
for name, d in {"MNIST-1D": signals, "digits": digits}.items():
    x, x_test = d.x[:1000].sort(1)[0], d.x_test.sort(1)[0]
    accuracy = []
    for factor in (0.1, 0.25, 0.5):
        f = kernels.interpolate(x, d.y[:1000], factor * kernels.median_distance(x))
        accuracy.append((f(x_test).argmax(1) == d.y_test).double().mean().item())
    rows[name] = dict(zip((0.1, 0.25, 0.5), accuracy, strict=True))
pd.DataFrame(rows).T.rename_axis("test accuracy at bandwidth", axis=1).round(3)

# %% [markdown]
r"""
Well above chance, so "random pixels" is a test of *positions*, not of everything. On the digits a network that is shown the pixels unsorted does
not find this; sorting them is an assumption that somebody has to make. Gaussian pixels leave nothing at all.

```{solution-end}
```

```{exercise} ★★ The price of a start
:label: rand-ex-start
In the setting of {prf:ref}`rand-prop-minimum-norm` let $x \sim \mathcal N(0, I_d)$ and $y = x^\top \beta$ without noise, $\lVert \beta \rVert = 1$.
Derive the expected test error $\lVert w_\infty - \beta \rVert^2$ for a start $w_0 \sim \mathcal N(0, \omega^2 I)$, and check it for $n = 50$ and $d =
200$.
```

```{solution-start} rand-ex-start
:class: dropdown
```
Since $y = X\beta$, $w_\infty - \beta = (I - X^+X)(w_0 - \beta)$: the projection of $w_0 - \beta$ on a random subspace of $d - n$ dimensions. Its
expected square is $(1 - n/d)(1 + \omega^2 d)$.
"""

# %%
rows = {}
for omega in (0, 0.03, 0.1, 0.3, 1):
    errors = []
    for seed in scale.seeds(20):
        rng = randomness.rng(seed)
        X, w0, beta = (
            rng.standard_normal((50, 200)),
            omega * rng.standard_normal(200),
            rng.standard_normal(200),
        )
        beta /= np.linalg.norm(beta)
        errors.append(((descend(X, X @ beta, w0) - beta) ** 2).sum())
    formula = 0.75 * (1 + 200 * omega**2)
    rows[omega] = {"formula": formula, "measured": f"{claims.mean(errors):.3g}"}
pd.DataFrame(rows).T.rename_axis("ω")

# %% [markdown]
r"""
Every one of these solutions has training error zero. With $\omega = 1$ the test error is more than a hundred times that of predicting
zero, which is 1.

```{solution-end}
```

```{exercise} ★★ When margin and norm agree
:label: rand-ex-margin
For $n = 50$ points with random labels compute the cosine between the direction of largest margin and the minimum-norm direction, and the share of
points that are support vectors, for $d$ from 60 to 2,000. Why must the two agree when all points are support vectors?
```

```{solution-start} rand-ex-margin
:class: dropdown
```
The largest-margin direction is that of the shortest $w$ with $y_i x_i^\top w \ge 1$. If every point is a support vector, all constraints hold with
equality, and the shortest $w$ with $y_i x_i^\top w = 1$, which is $x_i^\top w = y_i$, *is* the minimum-norm solution.
"""

# %%
# NBVAL_CHECK_OUTPUT
rows = {}
for d in (60, 100, 200, 500, 2000):
    A = randomness.rng(scale.seed_offset()).standard_normal((50, d))
    L = np.linalg.cholesky(A @ A.T)
    dual = nnls(L.T, np.linalg.solve(L, np.ones(50)))[0]
    u, v = A.T @ dual, np.linalg.pinv(A) @ np.ones(50)
    cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    rows[d] = {"cosine": round(cosine, 4), "support vectors": f"{(dual > 1e-9).mean():.0%}"}
pd.DataFrame(rows).T.rename_axis("d")

# %% [markdown]
r"""
(Labels are absorbed into the points here, which changes nothing for Gaussian ones.) {cite:t}`muthukumar2021` prove that all points become support
vectors, with high probability, when $d$ is large enough against $n$.

```{solution-end}
```

```{exercise} ★★ Noisy kernels
:label: rand-ex-noisy-kernels
{cite:t}`belkin2018` interpolate noisy labels with kernels. Compare the test error of the kernel interpolant in {numref}`fig-rand-norms` with that
of the networks in {numref}`fig-rand-corruption`, at each corruption. Which of the two suffers more from wrong labels?
```

```{solution-start} rand-ex-noisy-kernels
:class: dropdown
```
"""

# %%
wrong = {
    "kernel": noisy_norms.groupby("label_noise").test_error,
    "network": label_runs.groupby("label_noise").test_error,
}
pd.DataFrame(
    {k: {p: f"{claims.mean(rows):.3f}" for p, rows in g} for k, g in wrong.items()}
)

# %% [markdown]
r"""
Both interpolate all labels, wrong ones included, and neither falls apart. The kernel's fit is a weighted vote in which a wrong label reaches only
its near neighbours.

```{solution-end}
```

```{exercise} ★★★ A network that finds noise hard
:label: rand-ex-convolution
Give a *convolutional* network (16 channels, 500 MNIST-1D signals, 100 epochs) true labels, random labels and Gaussian pixels. From
{numref}`fig-rand-six`, predict which of the two kinds of noise it has fitted better by the end, then measure. What is different?
```

```{solution-start} rand-ex-convolution
:class: dropdown
```
"""

# %%
hard = {"n": min(500, sizes.signals_per_run), "seed": few_seeds, "epochs": 100}
convolved = {
    "true and random labels": train(signals, cnn1d(16), label_noise=(0.0, 1.0), **hard),
    "Gaussian pixels": pd.concat(
        train(data.gaussian_pixels(signals, seed=s), cnn1d(16), **hard | {"seed": s})
        for s in few_seeds
    ),
}
convolved = pd.concat(convolved.values())
rows = convolved.groupby(["data", "label_noise"])
pd.DataFrame(
    {"training error": rows.train_error.mean(), "parameters": rows.parameters.first()}
).round(3)

# %% [markdown]
r"""
The lead of Gaussian pixels is gone, and neither kind of noise is fitted completely within these 100 epochs, although there are several parameters per
signal. All positions share their weights, which is an economy if signals consist of recurring local patterns, and a burden if they do not. How long
noise takes to memorise depends on the architecture *and* the noise. The paper's networks were large enough for this not to show.

```{solution-end}
```

```{exercise} ★★★ How much augmentation can be memorized?
:label: rand-ex-shifts
With shifts by up to $r$ samples each signal appears in $2r + 1$ versions, all with the same random label. At which $r$ does the fully connected
network fail to fit 500 random labels within 100 epochs? What does the same augmentation do with true labels?
```

```{solution-start} rand-ex-shifts
:class: dropdown
```
"""

# %%
shifted = train(
    signals,
    mlp(128, 2),
    shift=(0, 1, 2, 5, 10),
    label_noise=(0.0, 1.0),
    **(hard | {"seed": scale.seeds(3)}),
)
shifted["random labels right"] = 1 - shifted.train_error
fits = shifted[shifted.label_noise == 1].groupby("shift")["random labels right"].mean()
true = (
    shifted[shifted.label_noise == 0].groupby("shift")[["train_error", "test_error"]].mean()
)
pd.concat([fits, true.add_prefix("true labels, ")], axis=1).round(3)

# %% [markdown]
r"""
Augmentation multiplies what has to be memorized, and a label that a signal shares with all its shifted versions is harder to attach if it is
random. With true labels the same shifts lower the test error, because there the versions do belong together.

```{solution-end}
```

## Summary

- A network that generalizes from true labels fits random ones with the same settings, in a few times as many epochs. All six conditions are fitted.
- After fitting, the test error follows the corruption smoothly from almost none to chance. Nothing about the network has changed along the way, so
  class-wide capacity says the same of all of it: the estimate of its Rademacher complexity is 1, the largest value.
- Augmentation, weight decay, dropout, early stopping and batch norm can help. None of them is needed for generalizing far above chance.
- A two-layer network with $2n + d$ weights fits any values on $n$ points. Built by the proof, it fits true labels and generalizes hardly at all.
  Interpolation explains nothing by itself.
- In a linear model gradient descent on the squared loss from zero finds the minimum-norm interpolant, and with a good kernel that generalizes. The
  norm does not tell which representation is good.

**Reading.** {cite:t}`zhang2017`, which is short and worth reading whole; {cite:t}`belkin2018` for kernels; {cite:t}`dziugaite2017` for a bound that
is not vacuous; {cite:t}`soudry2018` for what the logistic loss finds. {cite:t}`arpit2017` ask how memorizing happens, which is the subject of
{doc}`/notebooks/03_memorization`.
"""
