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

Draw the labels of a training set from a hat, and a network learns every one of them. Give it the true labels, change nothing
else, and it is right about examples that it has never seen. Only the labels differ: so which explanations of generalization are left?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from overparam import Vector, claims, cnn1d, data, figures, measures, mlp, scale, sweep
from overparam.randomness import generator, rng
from overparam.report import results
from overparam.theory import kernels

figures.style()
colors = figures.COLORS
ledger = claims.Ledger("randomization")

# %% mystnb={"code_prompt_show": "Both networks under all conditions"} tags=["hide-input"]
# Both networks under all conditions: one training set with randomizations of its own
n = scale.sizes(n=(100, 1000, 1000)).n
fully_connected, convolutional = mlp(128, depth=2), cnn1d(48, batch_norm=True)
networks = {
    "fully connected": (fully_connected, 0.05),
    "convolutional": (convolutional, 0.1),
}
until_fitted = {"n": n, "momentum": 0.9, "batch_size": 50, "epochs": 150, "stop_fitted": 1}
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of labels drawn anew
EPOCHS = (0, 0.5, 1, 1.5, 2, 3, 4, 6, 9, 13, 18, 25, 35)  # at which curves are recorded
named = {0.0: "true labels", 0.4: "40 % corrupted", 1.0: "random labels"}


def six_conditions(seed):
    true, tables = data.mnist1d(n, 1000, seed), []
    spoiled = {"shuffled pixels": data.shuffled_pixels(true, seed)}
    spoiled["random pixels"] = data.random_pixels(true, seed)
    spoiled["Gaussian pixels"] = data.gaussian_pixels(true, seed)
    for name, (network, lr) in networks.items():
        settings = until_fitted | {"lr": lr, "seed": seed, "record": {"curves": EPOCHS}}
        labels = sweep(network, true, label_noise=SHARES, **settings)
        labels = labels.assign(condition=[named.get(p, p) for p in labels.label_noise])
        pixels = sweep(network, spoiled, **settings)
        tables += [labels.assign(network=name)]
        tables += [pixels.assign(network=name, condition=pixels["data"])]
    return pd.concat(tables, ignore_index=True)


fitting = ["six-conditions", "noise-starts-earlier", "slowdown-with-corruption"]
seeds = ledger.seeds(*fitting, "test-error-vs-corruption")
runs = pd.concat([six_conditions(seed) for seed in seeds], ignore_index=True)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The same networks fit true labels and random ones; they generalize from the true ones.** Dashed: error on the training set, which reaches zero in all four cases. Solid: error on new signals with true labels. Means over training sets with 95 % bands.", "name": "fig-rand-puzzle"}, "image": {"alt": "Two panels, fully connected and convolutional, of errors against epochs. All dashed training errors fall to zero, those for random labels a little later. The solid test error falls for true labels, to one half and to less than a quarter, and stays at 0.9 for random labels."}} tags=["hide-input"]
def over_time(runs):
    """Curves at common epochs: a network that has stopped keeps its last values."""
    epochs, tables = np.array([*EPOCHS, 50.0]), []
    for run in runs.to_dict("records"):
        last = np.searchsorted(run["curve_epoch"], epochs, "right") - 1
        table = {"epoch": epochs, "network": run["network"], "condition": run["condition"]}
        for value in ("train_error", "test_error", "train_loss"):
            table[value] = run[f"curve_{value}"][last]
        tables.append(pd.DataFrame(table))
    return pd.concat(tables)


history = over_time(runs)
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.5), sharey=True)
for ax, name in zip(axes, networks, strict=True):
    for labels in ("true labels", "random labels"):
        rows = history[(history.network == name) & (history.condition == labels)]
        hue = {"ax": ax, "colors": colors[labels.replace(" ", "_")], "marker": ""}
        figures.plot(rows, "epoch", "train_error", **hue, label="_", linestyle="--")
        figures.plot(rows, "epoch", "test_error", **hue, label=labels)
    ax.axhline(0.9, color=colors["threshold"], linestyle=":", linewidth=1.5)
    ax.set(title=name.capitalize(), xlim=(0, 50), ylim=(0, 1), xlabel="epochs", ylabel="")
axes[0].set_ylabel("share misclassified")
axes[0].text(38, 0.81, "chance", color=colors["threshold"])
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
r"""
Dashed is the error on the training set, solid that on new signals. This is the experiment with which {cite:t}`zhang2017` opened a discussion that has not ended. It is a *randomization test*, an old
tool of statistics: destroy the relation that you believe a procedure relies on, and see what still works. Fitting still works.

The data are MNIST-1D {cite:p}`greydanus2024`, signals of 40 samples ("pixels") in ten classes. A program draws them, so every replicate has its own 1,000 for training, its own 1,000 for testing, and randomizations of its own. The fully connected network
has two hidden layers of 128 units and 23,050 weights; the convolutional one, nearer to the paper's, three layers of 48 channels with batch norm and 24,682. A network stops when it has every training label right.

(rand-conditions)=
## Six conditions

Labels can be spoiled, and so can inputs. From nothing to everything:

- **true labels**, the control;
- **corrupted labels**: each is drawn anew with probability $\eta$, the {term}`label noise`; here 40 %;
- **random labels**: all of them are, $\eta = 1$;
- **shuffled pixels**: one permutation of the samples, the same for all signals, training and test;
- **random pixels**: every signal's samples are permuted in an order of their own;
- **Gaussian pixels**: the signals are replaced by independent Gaussian numbers of the same mean and variance.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**What pixels become.** The same two signals of one class (two colours) under the conditions that spoil inputs; the labels are true.", "name": "fig-rand-signals"}, "image": {"alt": "Four small panels with two curves each: smooth signals as they are; the same samples shuffled in one common order; in an order of each signal's own; Gaussian noise."}} tags=["hide-input"]
first = data.mnist1d(n, 1000, seeds[0])
pair = torch.nonzero(first.y == first.y[0])[:2, 0]
shown = {"as they are": first, "shuffled pixels": data.shuffled_pixels(first, seeds[0])}
shown["random pixels"] = data.random_pixels(first, seeds[0])
shown["Gaussian pixels"] = data.gaussian_pixels(first, seeds[0])
fig, axes = plt.subplots(1, 4, figsize=(7.2, 2.0), sharey=True)
for ax, (name, examples) in zip(axes, shown.items(), strict=True):
    for signal, color in zip(examples.x[pair], figures.SEQUENCE, strict=False):
        ax.plot(signal, color=color, linewidth=1.3)
    ax.set(xticks=[], yticks=[])
    ax.set_title(name.capitalize(), fontsize=10.5)
plt.show()

# %% [markdown]
r"""
::::{admonition} Predict before you run
:class: predict
The hyper-parameters stay as they were chosen for true labels. Under which condition does the loss of the convolutional network begin to fall last?

1. Gaussian pixels: there is nothing in them to be learned.
2. Random labels on real signals.
3. Random pixels: the label still belongs to the signal, but the signal is unrecognisable.

:::{dropdown} Answer
The second. Signals of one class are near each other and now carry different labels: the first steps pull in opposite directions, and the network has to tell neighbours apart before the loss falls. Noise signals are
all far from each other, so each can be fitted without disturbing the rest ({ref}`rand-ex-distances`).
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**All six conditions are fitted; random labels start last.** Loss on the training set. The dotted line is a tenth below ln 10, the loss of guessing: where a curve crosses it, training has started. Means over training sets.", "name": "fig-rand-six"}, "image": {"alt": "Two panels of training loss against epochs, logarithmic, for six conditions. All fall to zero. In both the curve for random labels leaves the level of guessing last."}} tags=["hide-input"]
hues = {"true labels": colors["true_labels"], "shuffled pixels": figures.SEQUENCE[0]}
hues |= {"random pixels": figures.SEQUENCE[1], "Gaussian pixels": figures.SEQUENCE[4]}
hues |= {"40 % corrupted": figures.SEQUENCE[5], "random labels": colors["random_labels"]}
six = runs[runs.condition.isin(hues)]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 4.0), sharey=True)
for ax, name in zip(axes, networks, strict=True):
    for condition, color in hues.items():
        rows = history[(history.network == name) & (history.condition == condition)]
        style = "--" if condition in ("shuffled pixels", "random pixels") else "-"
        line = rows.groupby("epoch").train_loss.mean()
        ax.plot(line, style, color=color, label=condition)
    ax.axhline(0.9 * np.log(10), color=colors["threshold"], linestyle=":", linewidth=1.5)
    ax.set(title=name.capitalize(), xscale="symlog", xlim=(0, 50), xlabel="epochs")
    ax.set_xticks([0, 1, 10, 50], ["0", "1", "10", "50"])
axes[0].set(ylabel="training loss", ylim=(0, 2.9))
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()


# %% mystnb={"code_prompt_show": "Start, fit and error under each condition"} tags=["hide-input"]
# Start, fit and error under each condition
def start(run):
    """The epoch at which the training loss falls a tenth below that of guessing, interpolated."""
    epochs, losses, level = run.curve_epoch, run.curve_train_loss, 0.9 * np.log(10)
    after = np.argmax(losses < level)
    return np.interp(level, losses[[after, after - 1]], epochs[[after, after - 1]])


runs["start"] = [start(run) for run in runs.itertuples()]


def by_condition(value, network):
    """One row per replicate, one column per condition."""
    rows = runs[runs.network == network]
    return measures.by_seed(rows, value, "condition")


columns = {"start": "epochs to start", "epochs_run": "to fit", "test_error": "test error"}
table = {
    (name, said): by_condition(value, name).mean()[list(hues)]
    for name in networks
    for value, said in columns.items()
}
pd.DataFrame(table).round(2)

# %% tags=["remove-input"]
Markdown(f"{ledger.say('six-conditions')} {ledger.say('noise-starts-earlier')}")

# %% [markdown]
r"""
Had memorizing been hard for these networks, at least one of the six curves would have stayed up. None did, in any replicate of this page, so the networks have room for labels that mean nothing.
(Room is needed: with 8 channels instead of 48 the convolutional network cannot fit, see {ref}`rand-ex-convolution`.)

{cite:t}`zhang2017` explain the early start of noise by distance, as above. Note one thing that they do not say: random pixels keep each signal's *values*, and on MNIST-1D that is a clue. The test error with them is 15 to 20 points better than chance (the
table; {ref}`rand-ex-histogram` finds the reason). A randomization test tests what it randomizes: this one positions, not histograms. Gaussian pixels leave nothing, and there the error is at chance.

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

The proof says more than the statement: permute the inputs *and* the columns of the first layer, and the whole run is the same, step by step. Check it, over three epochs with momentum:
"""


# %%
def permuted_run(seed):
    """Largest difference of test outputs when inputs and first-layer columns are permuted alike."""
    settings = until_fitted | {"epochs": 3, "stop_fitted": 0, "lr": 0.05, "seed": seed}
    settings["record"] = {"weights": (0,), "predictions": None}
    plain, order = data.mnist1d(n, 1000, seed), torch.randperm(40)
    run = sweep(fully_connected, plain, **settings).iloc[0]
    layer, rest = np.split(run.weights[0], [128 * 40])
    begin = Vector(np.append(layer.reshape(128, 40)[:, order], rest))
    moved = replace(plain, x=plain.x[:, order], x_test=plain.x_test[:, order])
    again = sweep(fully_connected, moved, start=begin, **settings).iloc[0]
    return np.abs(run.predictions - again.predictions).max()


# %%
permutation_gap = max(permuted_run(seed) for seed in scale.seeds(3))
print(f"largest difference of any output: {permutation_gap:.1e}")

# %% [markdown]
r"""
That is rounding. So a difference between true labels and shuffled pixels, for this network, can only be chance, or a mistake in our code. The proposition needs a layer that treats all inputs alike.

::::{admonition} Predict before you run
:class: predict
A *convolutional* network looks at neighbouring samples together. What does one common shuffle of the samples do to it?

1. Nothing: information has not been lost.
2. It can no longer fit its training set.
3. It fits its training set, and its test error rises to that of the fully connected network.

:::{dropdown} Answer
The third: what it assumes about neighbours is now false, so its advantage is gone. Its room for fitting is not.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Only some of what is fitted generalizes, and a shuffle takes from the convolutional network exactly its advantage.** Test error under the six conditions; every training error is zero. Dots are replicates, bars 95 % intervals of the mean, the dotted line chance.", "name": "fig-rand-convolution"}, "image": {"alt": "Test error of both networks for six conditions. With true labels 0.5 fully connected and 0.23 convolutional. Shuffled pixels: both about 0.5. Random pixels 0.7 to 0.75, 40 percent corrupted 0.6 to 0.7, random labels and Gaussian pixels 0.9."}} tags=["hide-input"]
network_hues = dict(zip(networks, figures.SEQUENCE, strict=False))
fig, ax = plt.subplots(figsize=(7.2, 3.7))
for shift, (name, color) in zip((0.13, -0.13), network_hues.items(), strict=True):
    errors = by_condition("test_error", name)
    for place, condition in enumerate(hues):
        height = shift - place
        ax.plot(errors[condition], [height] * len(errors), "o", color=color, alpha=0.4)
        interval = claims.mean(errors[condition])
        label = name if not place else None
        ax.plot([interval.low, interval.high], [height] * 2, color=color, lw=4, label=label)
ax.axvline(0.9, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set_yticks(range(0, -6, -1), hues)
ax.set(xlabel="test error", xlim=(0, 1))
ax.legend(loc="lower left")
plt.show()

# %% tags=["remove-input"]
lost = {
    name: 100 * (errors["shuffled pixels"] - errors["true labels"])
    for name in networks
    for errors in (by_condition("test_error", name),)
}
Markdown(
    f"Shuffling costs the convolutional networks {claims.mean(lost['convolutional']):.1f} points of test error, and the fully connected ones "
    f"{claims.mean(lost['fully connected']):.1f}."
)

# %% [markdown]
r"""
::::{admonition} Break it: a network that knows where pixels are
:class: break-it
The proposition fails for a convolution, and how it fails says what an architecture is: an assumption about the data that can be true or false. What a count of its parameters would say has not changed.
::::

(rand-time)=
## How long it takes, and what it costs

Between true and random labels lie all the mixtures.

::::{admonition} Predict before you run
:class: predict
From true labels to random ones, by what factor does the time to fit grow?

1. By a factor below ten.
2. By a factor of a hundred: memorizing is a search.
3. Not at all: the network has more than enough parameters either way.

:::{dropdown} Answer
The first. Memorizing is as easy an optimization problem as learning, only longer.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**More corruption: a little later, and worse, but always to zero training error.** Left: learning curves of the convolutional network at the chosen share of labels drawn anew. Right: where the test error ends, for all shares; circles mark the chosen one. Means over training sets with 95 % bands.", "name": "fig-rand-slider"}} tags=["hide-input"]
# The slider over the share of labels drawn anew
label_runs = runs[~runs.condition.str.contains("pixels", na=False)]
deep = label_runs[label_runs.network == "convolutional"]


def at_corruption(share):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.9), sharey=True)
    rows = over_time(deep[deep.label_noise == share])
    figures.lines(rows, "epoch", ["train_error", "test_error"], left, marker="")
    epochs = deep[deep.label_noise == share].epochs_run.mean()
    left.set_title(f"{share:.0%} drawn anew: {epochs:.0f} epochs to fit")
    left.set(xlim=(0, 50), ylim=(0, 1), xlabel="epochs", ylabel="share misclassified")
    left.legend(loc="upper right")
    for name, color in network_hues.items():
        rows = label_runs[label_runs.network == name]
        figures.plot(rows, "label_noise", "test_error", None, right, color, name)
        end = rows[rows.label_noise == share].test_error.mean()
        right.plot(
            share, end, "o", color=figures.INK, markersize=9, fillstyle="none", mew=1.5
        )
    right.set(title="Test error, all shares", xlabel="share drawn anew", ylabel="")
    right.legend(loc="lower right")
    return fig


alt = "Left, training and test error against epochs with a share {} of labels drawn anew. Right, final test error against that share, rising to 0.9."
figures.slider(at_corruption, "Share of labels drawn anew", alt, 0.4, SHARES)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The slow-down is modest.** Epochs until all training labels are right, divided by those for true labels of the same replicate. Means with 95 % bands.", "name": "fig-rand-corruption"}, "image": {"alt": "Relative time to fit against the share of labels drawn anew for two networks; it rises from 1 to about one and a half."}} tags=["hide-input"]
def by_share(value, network):
    rows = label_runs[label_runs.network == network]
    return measures.by_seed(rows, value, "label_noise")


times = {name: by_share("epochs_run", name) for name in networks}
ax = plt.subplots(figsize=(7.2, 3.0))[1]
for name, epochs in times.items():
    relative = epochs.div(epochs[0.0], axis=0).melt(value_name="times")
    figures.plot(relative, "label_noise", "times", None, ax, network_hues[name], name)
ax.set(xlabel="share of labels drawn anew", ylabel="time to fit, relative", ylim=(0, None))
ax.legend(loc="lower right")
plt.show()

# %% tags=["remove-input"]
ledger.say("slowdown-with-corruption")

# %% tags=["remove-input"]
ledger.say("test-error-vs-corruption")

# %% [markdown]
r"""
A search through labellings would have needed more than any training time. And why does the error rise so smoothly? The wrong labels are fitted too, and new signals near them inherit them. But a network does not fall apart: what it learned
from the right labels is still there, in proportion.

The right panel of the slider is the strongest form of the puzzle. The *same* networks, all with training error zero, have every generalization gap between that for true labels and chance; the only thing that moved is the data. An explanation in terms of
the architecture alone would have to give one number for all points of a line. Whatever explains generalization must contain the data, or what training does with them.

Does this hang on our settings? We change width, depth, optimizer, step, batch, number of examples, architecture and data, mostly one at a time.
"""

# %% mystnb={"code_prompt_show": "The settings, and the run that was recorded"} tags=["hide-input"]
# The settings, and the run that was recorded
one = {"width": (64, 256, 512), "depth": (1, 3), "lr": (0.02, 0.1), "n": (300, 500, 2000)}
one |= {"batch_size": (20, 100), "momentum": (0.5,), "weight_decay": (1e-4,)}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]
settings += [{"optimizer": "adam", "momentum": 0, "lr": lr} for lr in (0.001, 0.003)]
settings += [
    {"loss": "squared"},
    {"digits": True, "n": 800},
    {"digits": True, "width": 256},
]
settings += [{"channels": 48}, {"channels": 64, "n": 500}]


def in_setting(how):
    """Whether all is fitted, and test errors with none, 40 % and all labels drawn anew."""
    rest = until_fitted | {"lr": 0.05, "epochs": 400} | how
    digits, channels = rest.pop("digits", False), rest.pop("channels", 0)
    shape = rest.pop("width", 128), rest.pop("depth", 2)
    network = cnn1d(channels, batch_norm=True) if channels else mlp(*shape)
    found = []
    for s in ledger.selection(2):
        d = data.digits(seed=s) if digits else data.mnist1d(rest["n"], 1000, s)
        found.append(sweep(network, d, label_noise=(0, 0.4, 1), seed=s, **rest))
    found = pd.concat(found)
    errors = found.groupby("label_noise").test_error.mean()
    keeps = found.train_error.max() == 0 and errors.is_monotonic_increasing
    name = ", ".join(f"{key} {value}" for key, value in how.items()) or "as above"
    worst = found.groupby("label_noise").train_error.max()
    row = {"setting": name, "keeps": bool(keeps), "unfitted_true": worst[0.0]}
    return row | {"true": errors[0.0], "some": errors[0.4], "all": errors[1.0]}


# %% tags=["remove-input"]
robust, where = results.measured_or_recorded(
    "02_randomization_multiverse",
    results.recording(),
    lambda: pd.DataFrame([in_setting(how) for how in settings]),
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The line from learning to chance is there in every setting.** Test errors after fitting with none, 40 % and all labels drawn anew, one line per setting.", "name": "fig-rand-multiverse"}, "image": {"alt": "About twenty thin lines that rise from various errors at zero corruption to 0.9 at full corruption."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 2.8))[1]
for row in robust.to_dict("records"):
    style = {"color": figures.SEQUENCE[0] if row["keeps"] else colors["test"], "alpha": 0.5}
    ax.plot((0, 0.4, 1), (row["true"], row["some"], row["all"]), "o-", linewidth=1, **style)
ax.set(xlabel="share of labels drawn anew", ylabel="test error", ylim=(0, 1))
plt.show()

# %% tags=["remove-input"]
exceptions = robust[~robust.keeps]
Markdown(
    f"In {robust.keeps.sum()} of {len(robust)} settings all labels are fitted and the error rises at both steps. Exceptions: {'; '.join(exceptions.setting) or 'none'}. In "
    f"{(exceptions.unfitted_true > 0).sum()} of these not even the true labels are fitted within 400 epochs. (The table was {where}.)"
)

# %% [markdown]
r"""
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
Let $f \in \mathcal F$ have values $\pm 1$. With probability at least $1 - \delta$ over a training set of $n$ independent
draws, every $f \in \mathcal F$ at once satisfies

$$
\text{error}(f) \le \text{training error}(f) + \mathfrak R_n(\mathcal F) + \sqrt{\frac{\ln(1/\delta)}{2n}} .
$$
```

The proof ({cite:t}`bartlett2002`) is a page; what matters here is that the coins *are* random labels. What training finds is a lower bound of
the supremum, and 1 is an upper one. If training fits the coins, the supremum for these coins is 1; where it fits every draw, so is our estimate of $\hat{\mathfrak R}_n$, and the bound says that an error lies below
something larger than 1. The paper argues this from its experiment. We can measure it: two classes instead of ten, every label a coin.
"""


# %%
def agreement(size, seed):
    """Correlation with one draw of coins of the network, and of the best linear function of norm B."""
    d = data.mnist1d(n, 1000, seed)
    d = replace(d, y=d.y % 2, y_test=d.y_test % 2, classes=2)
    settings = until_fitted | {"n": size, "lr": 0.05, "epochs": 500, "record": ()}
    run = sweep(fully_connected, d, label_noise=1.0, seed=seed, **settings).iloc[0]
    x = d.x[data.subset(d, size, seed)].double().numpy()
    coins = rng(seed).choice([-1.0, 1.0], (20, size))
    linear = np.linalg.norm(coins @ x / size, axis=1) / np.linalg.norm(x, axis=1).max()
    return {"n": size, "networks": 1 - 2 * run.train_error, "linear": linear.mean()}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The networks agree fully with every draw of coins; the agreement of a class with a bounded norm falls like one over the square root of n.** Correlation with fair coins of the best function that training found, and of the best linear function with |w| ≤ B, where B is such that its values on the training inputs stay within ±1 (exact). Dashed: slope −1/2.", "name": "fig-rand-rademacher"}, "image": {"alt": "Log-log plot of the correlation with coin flips against n. Networks stay at one; linear functions of bounded norm fall along a line of slope minus one half."}} tags=["hide-input"]
counts = [n // 2, n] if n < 200 else [n // 8, n // 4, n // 2, n]
tossed = pd.DataFrame([agreement(k, s) for k in counts for s in scale.seeds(5)])
ax = plt.subplots(figsize=(7.2, 3.1))[1]
figures.lines(tossed, "n", {"networks": "networks", "linear": "linear, bounded norm"}, ax)
begin = tossed[tossed.n == counts[0]].linear.mean()
slope = 0.8 * begin * np.sqrt(counts[0] / np.array(counts))
ax.plot(counts, slope, "--", color=colors["threshold"])
figures.log_axis(ax, counts)
ax.set(yscale="log", ylim=(0.01, 1.6), ylabel="correlation with coins")
ax.legend(loc="center left")
plt.show()

# %% [markdown]
r"""
Every draw is fitted, so the estimate is 1 at each $n$. (It must fall somewhere, since a finite network cannot fit arbitrarily many coins, but not at an $n$ at which we would like to use the bound.) The linear class shows what a useful capacity looks like. Its functions are real-valued, so its bound is one for margins:
with $B$ the largest allowed norm, $\mathfrak R_n \le B \max_i \lVert x_i \rVert / \sqrt n$, and the error is at most the share of training examples with a margin $y f(x)$ below $\gamma$, plus $2 \mathfrak R_n / \gamma$, plus the last term above. Note whose norm is bounded: that of *all* functions in
the class, chosen before the data were seen.

*Uniform stability* ({cite:t}`bousquet2002`) asks how much the output of an algorithm can change when one example is exchanged, in the worst case
over training sets. It belongs to the algorithm and is blind to labels: its value covers the true and
the random labels alike. Whatever it promises for one, it promises for the other, so it can promise nothing.

What has been ruled out is precise, and less than is often said: bounds on the *whole class*, and worst cases over all labels. Bounds that look at
the function which training returned, or at a distribution over such functions, are untouched; {cite:t}`dziugaite2017` compute a PAC-Bayes bound
below 1 for networks on MNIST, and {cite:t}`arora2019` give a quantity computed from the training set, labels included, that is small for true
labels and large for random ones. That uniform convergence in any form may be the wrong tool is argued by {cite:t}`nagarajan2019`.

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


def two_layer(x, y, a):
    """Thresholds b and weights w of the theorem for x [n, d], a [d]; y [n], or [n, K]."""
    order = np.argsort(x @ a)
    z = (x @ a)[order]
    b = np.append(2 * z[0] - z[1], (z[1:] + z[:-1]) / 2)  # below, then between
    return b, solve_triangular(hidden(x[order], a, b), y[order], lower=True)


# %% mystnb={"code_prompt_show": "The network of the theorem for given n"} tags=["hide-input"]
# The network of the theorem, for Gaussian points and values
def construct(size, seed):
    draw = rng(seed)
    x, y, a = (draw.standard_normal(shape) for shape in ((size, 40), size, 40))
    b, w = two_layer(x, y, a)
    gaps = np.diff(np.sort(x @ a))
    return {
        "weights": a.size + b.size + w.size,
        "worst relative error": np.abs(hidden(x, a, b) @ w - y).max() / np.abs(y).max(),
        "smallest gap": gaps.min(),
        "median gap": np.median(gaps),
        "largest |w|": np.abs(w).max(),
        "median |w|": np.median(np.abs(w)),
    }


# %%
sizes = {size: [construct(size, s) for s in scale.seeds(20)] for size in (50, 200, 800)}
built = pd.DataFrame({size: pd.DataFrame(rows).median() for size, rows in sizes.items()})
built.T.rename_axis("n").map("{:.2g}".format)

# %% [markdown]
r"""
Medians over 20 draws, $d = 40$. The weights are $2n + d$ in number, and the fit is exact up to rounding. It is expensive, and the gaps say why: $n$ random numbers have typical gaps of order $1/n$ and a smallest one of order $1/n^2$, and an output weight is a difference of
slopes, of the order of one over a gap. So with four times as many points the typical weight grows fourfold and the largest about sixteenfold. Nothing breaks: rounding grows with the weights, and six digits or more are still right.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Exact, and useless.** The constructed network along its one direction, for thirty signals with random values: a zigzag through all points, which leaves the picture between many neighbours.", "name": "fig-rand-zigzag"}, "image": {"alt": "A jagged piecewise linear curve passes through thirty points and leaves the frame between many of them."}} tags=["hide-input"]
draw = rng(scale.seed_offset())
x, y, a = (draw.standard_normal(shape) for shape in ((30, 40), 30, 40))
b, w = two_layer(x, y, a)
line = np.linspace((x @ a).min() - 0.5, (x @ a).max() + 0.5, 2000)
ax = plt.subplots(figsize=(7.2, 2.8))[1]
ax.plot(
    line, np.maximum(line[:, None] - b, 0) @ w, color=figures.SEQUENCE[0], linewidth=1.2
)
ax.plot(x @ a, y, "o", color=figures.INK)
ax.set(xlabel="a · x", ylabel="value", ylim=(-6, 6))
plt.show()

# %% [markdown]
r"""
Note what the theorem is *not*. It is not "more parameters than points suffice": $2n + d$ counts a particular network. Nor is it a lower bound: a network that may also move its thresholds can meet many values with fewer units.
It says that weights exist, not that gradient descent finds them. And it says nothing about new points.

::::{admonition} Predict before you run
:class: predict
Now use the construction for something sensible: the *true* labels of 1,000 signals, ten outputs, one per class. It fits them exactly, as the trained networks do. What is its error on new signals?

1. That of the fully connected network: both interpolate the same true labels.
2. Lower, as it has fewer weights.
3. In the middle between the fully connected network and chance.
4. Close to chance.

:::{dropdown} Answer
The fourth. It looks at the signals along one random direction, in which all classes are mixed.
:::
::::
"""


# %%
def constructed_errors(seed):
    """Training and test error of the construction on true labels."""
    d, a = data.mnist1d(n, 1000, seed), rng(seed).standard_normal(40)
    x, x_test = d.x.double().numpy(), d.x_test.double().numpy()
    b, w = two_layer(x, np.eye(10)[d.y], a)
    fitted, new = ((hidden(points, a, b) @ w).argmax(1) for points in (x, x_test))
    return (fitted != d.y.numpy()).mean(), (new != d.y_test.numpy()).mean()


constructed = np.array([constructed_errors(seed) for seed in seeds])

# %% tags=["remove-input"]
trained = {name: by_condition("test_error", name)["true labels"] for name in networks}
Markdown(
    f"The constructed networks misclassify {constructed[:, 0].mean():.1%} of their training signals and {claims.mean(100 * constructed[:, 1]):.1f} % of "
    f"new ones; the trained ones {0:.1%} and {claims.mean(100 * trained['fully connected']):.1f} % (fully connected)."
)

# %% [markdown]
r"""
:::{admonition} Interpolation explains nothing by itself
:class: key-result
Two networks have no training error on the same true labels. One generalizes and the other does not. What differs is which of the many fits was
found, and how.
:::

(rand-regularizers)=
## Explicit regularizers

If the class is too large to explain anything, perhaps the explanation is what we *add* to training so as to restrict it. The paper's Table 1 switches data augmentation and weight decay on and off. We do the same, with the augmentation that suits signals: each time a signal
is drawn, it is moved round in a circle by up to five samples. A thousand further examples, a validation set, choose the best combination in each replicate.

::::{admonition} Predict before you run
:class: predict
Take the best combination of the two, and then remove it. Of the accuracy above chance, what share is left?

1. Next to nothing: unregularized, the network memorizes instead.
2. A quarter.
3. Most of it.
4. More than there was: regularizers harm a network that fits.

:::{dropdown} Answer
The third. What they add is real, here more than a few points; but far more is there without them.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Four combinations"} tags=["hide-input"]
# Four combinations, accuracies in percent on validation and on test examples
def held_out(runs):
    """Accuracy on the 1,000 examples for choosing and on the 1,000 for testing, in percent."""
    right = 100 * np.stack(runs.test_correct).reshape(len(runs), 2, -1).mean(2)
    accuracies = {"validation": right[:, 0], "accuracy": right[:, 1]}
    return runs.drop(columns="test_correct").assign(**accuracies)


fixed = {"n": n, "momentum": 0.9, "batch_size": 50, "epochs": 40, "schedule": "cosine"}
fixed["record"] = ["test_correct"]
on_off = {"shift": (0, 5), "weight_decay": (0.0, 5e-4)}
arms = {(0, 0): "none", (0, 1): "weight decay", (1, 0): "shifts", (1, 1): "both"}


def combinations(seed):
    examples, tables = data.mnist1d(n, 2000, seed), []
    for name, (network, lr) in networks.items():
        runs = held_out(sweep(network, examples, lr=lr, seed=seed, **on_off, **fixed))
        used = zip(runs["shift"] > 0, runs.weight_decay > 0, strict=True)
        tables.append(runs.assign(network=name, arm=[arms[pair] for pair in used]))
    return pd.concat(tables)


# %%
regularized = pd.concat(
    [combinations(s) for s in ledger.seeds("regularizers-not-needed")], ignore_index=True
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Without any regularizer the networks are far above chance.** Test accuracy with shifts, weight decay, both and neither. Dots are replicates, bars 95 % intervals; the dotted line is chance.", "name": "fig-rand-regularizers"}, "image": {"alt": "Test accuracy of four combinations for two networks. Fully connected: about 48 percent without, 57 with shifts. Convolutional: about 78 without, 91 with shifts. Weight decay changes little. All far above the line at 10 percent."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 2.9))
for shift, (name, color) in zip((0.13, -0.13), network_hues.items(), strict=True):
    rows = regularized[regularized.network == name]
    accuracy = measures.by_seed(rows, "accuracy", "arm")
    for place, arm in enumerate(arms.values()):
        height = shift - place
        ax.plot(accuracy[arm], [height] * len(accuracy), "o", color=color, alpha=0.4)
        interval = claims.mean(accuracy[arm])
        label = name if not place else None
        ax.plot([interval.low, interval.high], [height] * 2, color=color, lw=4, label=label)
ax.axvline(10, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set_yticks(range(0, -4, -1), arms.values())
ax.set(xlabel="test accuracy, %", xlim=(0, 100))
ax.legend(loc="upper left", bbox_to_anchor=(0.11, 1))
plt.show()

# %% tags=["remove-input"]
ledger.say("regularizers-not-needed")

# %% [markdown]
r"""
If regularizers were what makes the difference between generalizing and not, the row "none" would lie near the dotted line. They *can* be useful, shifts most of all: they add knowledge, namely that a shifted signal keeps its class, and the strides of our convolutional
network do not have it. With 1,000 examples such knowledge is worth more than in the paper's table, where crops added two to four points to 50,000. "Not needed" is a statement about the puzzle, not advice for practice. A regularizer could still act by making
memorization impossible, and early stopping by ending before it; both are questions of *time*, and {doc}`/notebooks/03_memorization` takes them up.

### Batch normalization

{cite:t}`ioffe2015` introduced batch norm to speed training up, and present it as a regularizer too, which in some cases makes dropout unnecessary. {cite:t}`zhang2017` remove it and find 3 to 4 points less. A fair comparison tunes both arms: the
same grid of learning rates, the best chosen on replicates that are not tested.
"""

# %% mystnb={"code_prompt_show": "Tuning both arms"} tags=["hide-input"]
# Tuning both arms on replicates of their own
rates = (0.05, 0.1, 0.2, 0.4)


def at_rates(seed, rates, batch_norm):
    examples = data.mnist1d(n, 2000, seed)
    network = cnn1d(48, batch_norm=batch_norm)
    return held_out(sweep(network, examples, lr=rates, seed=seed, **fixed))


tuning = pd.concat([at_rates(s, rates, [False, True]) for s in ledger.selection(2)])
tuning = tuning.reset_index(drop=True)
best_rate = tuning.pivot_table("validation", "lr", "batch_norm").idxmax()
tested = ledger.seeds("batch-norm-3-4-points")
normalized = {
    b: pd.concat([at_rates(s, best_rate[b], b) for s in tested]) for b in (False, True)
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Batch norm makes the learning rate matter less; it does not raise what the best rate reaches.** Validation accuracy of the convolutional network with and without batch norm on the replicates for choosing. Open circles: the chosen rates.", "name": "fig-rand-batchnorm"}, "image": {"alt": "Validation accuracy against learning rate. With batch norm it is level near 78 percent. Without, it climbs from 72 percent to 82 percent at a rate of 0.2 and collapses at 0.4."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.0))[1]
for b, label in ((True, "with batch norm"), (False, "without")):
    rows = tuning[tuning.batch_norm == b]
    color = figures.SEQUENCE[0 if b else 1]
    line = rows.groupby("lr").validation.mean()
    ax.plot(line, "o-", color=color, label=label)
    ax.plot(
        best_rate[b], line[best_rate[b]], "o", color=color, ms=12, fillstyle="none", mew=1.5
    )
figures.log_axis(ax, rates)
ax.set(xlabel="learning rate", ylabel="validation accuracy, %", ylim=(0, 100))
ax.legend(loc="lower left")
plt.show()

# %% tags=["remove-input"]
ledger.say("batch-norm-3-4-points")

# %% [markdown]
r"""
The figure holds the reason. At a small learning rate the networks without batch norm are worse, at the largest they do not train at all, and at their best rate they lack nothing. What batch norm gives this network is a wide choice of rates. In a network of many layers
(the paper's is much deeper) the window of rates without it may be narrower or lie elsewhere; three layers cannot say. Either way: had batch norm been decisive, the networks without it would have ended near chance.

None of the suspects is needed. Take away augmentation, weight decay and batch norm, and the networks still generalize.
What remains is the architecture, the data and gradient descent. It is time to look at the last where everything can be computed.

(rand-linear)=
## The same puzzle without a network

Let there be $d > n$ parameters in a *linear* model, $f(x) = w^\top x$. Then $X w = y$ has
infinitely many solutions for any labels $y$ (if the rows of $X$ are linearly independent): the class fits anything, and no count of parameters tells
a good solution from a bad one. Which one does gradient descent find?

```{prf:proposition} Gradient descent from zero finds the minimum norm
:label: rand-prop-minimum-norm
Let $X \in \mathbb R^{n \times d}$ have rank $n$ and let gradient descent on $\tfrac12 \lVert X w - y \rVert^2$ start at $w_0$, with a step size
below $2 / \lVert X \rVert^2$. It converges to

$$
w_\infty = X^+ y + (I - X^+ X)\, w_0 ,
$$ (rand-eq-limit)

where $X^+ = X^\top (X X^\top)^{-1}$. For $w_0$ in the row space of $X$, such as 0, this is the {term}`minimum-norm solution`.
```

```{prf:proof}
Every step adds a combination of rows of $X$, so the part of $w$ that is orthogonal to all rows, $(I - X^+ X) w$, keeps its initial value. In the
span of the rows the loss is strictly convex, and the iteration contracts to its only minimum there, $X^+ y$. All solutions are $X^+ y$ plus
something orthogonal to it, so by Pythagoras none is shorter.
```

The squared loss is hardly used. Take any sum of losses $\ell(w^\top x_i, y_i)$ of which each has its only minimum at the finite value $w^\top x_i = y_i$: the steps still add rows, so *wherever* they converge to a fit, it is the same one {cite:p}`gunasekar2018`. So do
the steps of stochastic gradient descent.
"""


# %%
def descend(X, y, w, slope=lambda gap: gap, steps=3000):
    """Gradient descent from w on the sum of losses with this slope at the gaps Xw − y."""
    step = 1 / np.linalg.norm(X, 2) ** 2
    for _ in range(steps):
        w = w - step * X.T @ slope(X @ w - y)
    return w


# %%
distances = []
for seed in scale.seeds(10):
    draw = rng(seed)
    X, y, begin = (draw.standard_normal(shape) for shape in ((20, 80), 20, 80))
    inverse = np.linalg.pinv(X)
    shortest, inside = inverse @ y, inverse @ (X @ begin)  # its part in the row space
    ends = [descend(X, y, w) for w in (0 * begin, inside, begin)]
    ends.append(descend(X, y, 0 * begin, np.tanh))  # the loss log cosh
    distances.append([np.linalg.norm(w - shortest) for w in ends])
    distances[-1].append(np.linalg.norm(ends[2] - shortest - (begin - inside)))
columns = [
    "from 0",
    "in the row space",
    "anywhere",
    "log cosh, from 0",
    "anywhere, to the formula",
]
pd.DataFrame(distances, columns=columns).agg(["min", "max"]).map("{:.1e}".format)

# %% [markdown]
r"""
Distances to the minimum-norm solution, over ten draws with $n = 20$ and $d = 80$. It is reached from zero, from anywhere in the row space, and with the loss $\log\cosh$. From a random start it is missed by far, by exactly what {eq}`rand-eq-limit` says: implicit regularization has a starting point.

::::{admonition} Break it: a loss without a finite minimum
:class: break-it
The logistic loss $\ln(1 + e^{-y f})$ of a separable problem falls as long as the weights grow. They grow forever, and their *direction* converges, from any start, to that of the largest margin {cite:p}`soudry2018`. That can be another one. Take two points in the plane,
of which the second is far out on its side.
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Two separators, and which loss finds which.** Left: the largest margin leaves the far point alone; the minimum norm insists that both points have the same value, and is turned by it. Right: angle between the weights and those of the largest margin during gradient descent from zero. The squared loss stays at the minimum-norm solution (dotted), the logistic loss leaves it for the largest margin.", "name": "fig-rand-margin"}, "image": {"alt": "Left, a plane with one point of each class and two separating lines through the origin. Right, angle against steps: the squared loss goes to about 36 degrees, the logistic loss to zero."}} tags=["hide-input"]
A = np.array([[1, 0.25], [2.5, -1.0]])  # label times point
solutions = {
    "largest margin": A[0] / (A[0] @ A[0]),
    "minimum norm": np.linalg.inv(A) @ [1, 1],
}
losses = {"logistic": lambda gap: -1 / (1 + np.exp(gap + 1)), "squared": lambda gap: gap}
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4))
left.plot(*A[0], "o", *(-A[1]), "s", color=figures.INK, markersize=9)
for (name, w), color in zip(solutions.items(), figures.SEQUENCE, strict=False):
    left.axline((0, 0), (-w[1], w[0]), color=color, label=name)
left.set(xlim=(-3, 3), ylim=(-2, 2), aspect="equal")
left.legend(loc="upper center", bbox_to_anchor=(0.5, 1.3), fontsize=9.5)
angle = lambda w: np.degrees(np.arctan2(w[1], w[0]) - np.arctan2(0.25, 1))
steps = np.unique(np.logspace(0, 4.5, 40).astype(int))
for (name, slope), color in zip(losses.items(), figures.SEQUENCE, strict=False):
    w, angles = np.zeros(2), []
    for before, after in zip((0, *steps), steps, strict=False):
        w = descend(A, np.ones(2), w, slope, after - before)
        angles.append(angle(w))
    right.plot(steps, angles, color=color, label=f"{name} loss")
right.axhline(angle(solutions["minimum norm"]), color=colors["threshold"], linestyle=":")
right.set(xscale="log", xlabel="steps", ylabel="degrees from largest margin")
right.legend()
plt.show()

# %% [markdown]
r"""
So "SGD finds the minimum norm" depends on the loss, and of classifiers trained with cross-entropy it is in general false. (In very high dimension the two answers meet, {ref}`rand-ex-margin`.)

### Does the minimum norm generalize?

A kernel machine is a linear model in a fixed and possibly infinite space of features. With the Gaussian kernel
$k(x, x') = \exp(-\lVert x - x' \rVert^2 / 2\ell^2)$ of bandwidth $\ell$ any distinct points can be interpolated. The interpolant of smallest norm in
that space is $f(x) = \sum_i \alpha_i\, k(x, x_i)$ with $G \alpha = y$, where $G_{ij} = k(x_i, x_j)$: one linear solve, no regularizer, nothing to
stop early. (With ten outputs, "the norm" is the root of the sum of their squared norms.)

::::{admonition} Predict before you run
:class: predict
Such an interpolant fits our signals exactly, with one parameter per signal and class. Five bandwidths are tried on validation signals, and as many learning rates of the fully connected network. How do the test errors compare?

1. The kernel's is no higher.
2. The kernel's is higher by some ten points: it learns no features.
3. The kernel is near the constructed network of {numref}`fig-rand-zigzag`: it, too, only solves a linear system.

:::{dropdown} Answer
The first. The puzzle does not need a deep network. It needs a class that fits everything and a rule that picks one of the fits.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Kernel and network, tuned alike"} tags=["hide-input"]
# Kernel and network, tuned alike; representations
maps = {"raw samples": lambda x: x, "wavelets, mean": kernels.wavelet_features}
maps["wavelets, maximum"] = lambda x: kernels.wavelet_features(x, largest=True)
factors = (0.2, 0.25, 0.35, 0.5, 0.7)  # of the median distance


def interpolants(seed):
    """Errors and norm of the interpolant for every representation and bandwidth, in percent."""
    d, rows = data.mnist1d(n, 2000, seed), []
    for name, features in maps.items():
        x, at = features(d.x), features(d.x_test)
        for factor in factors:
            f = kernels.interpolate(x, d.y, factor * kernels.median_distance(x))
            wrong = 100 * (f(at).argmax(1) != d.y_test).double().view(2, -1).mean(1)
            row = {"data_seed": seed, "features": name, "factor": factor, "norm": f.norm}
            rows.append(row | {"validation": wrong[0].item(), "error": wrong[1].item()})
    return pd.DataFrame(rows)


def tuned(rows):
    """In each replicate, the error at the setting with the lowest validation error."""
    lowest = rows.loc[rows.groupby("data_seed").validation.idxmin()]
    return lowest.set_index("data_seed").error


def rates_of_network(seed):
    examples, rates = data.mnist1d(n, 2000, seed), (0.0125, 0.025, 0.05, 0.1, 0.2)
    runs = held_out(sweep(fully_connected, examples, lr=rates, seed=seed, **fixed))
    return runs.assign(validation=100 - runs.validation, error=100 - runs.accuracy)


# %%
compared = ledger.seeds("linear-min-norm-kernel", "min-norm-is-not-the-whole-story")
kernel = pd.concat([interpolants(s) for s in compared], ignore_index=True)
trained_rates = pd.concat([rates_of_network(s) for s in compared], ignore_index=True)
kernel_error = tuned(kernel[kernel.features == "raw samples"])
network_error = tuned(trained_rates)

# %% tags=["remove-input"]
Markdown(
    f"On this page's replicates the kernel misclassifies {claims.mean(kernel_error):.1f} % of the test signals and the network {claims.mean(network_error):.1f} %. "
    f"{ledger.say('linear-min-norm-kernel')}"
)

# %% [markdown]
r"""
The paper's numbers are of the same kind: 1.2 % on the whole of MNIST, from raw pixels. Had the kernel been near chance, one could say that interpolation is harmless in networks *because* they learn features. It is harmless here already, without any.
That does not make kernels as good as networks: the convolutional one, which knows that samples are in an order, is far ahead of both ({numref}`fig-rand-convolution`).

### Does the norm say which solution generalizes?

Within one representation, to some extent: interpolate labels that are drawn anew, and the norm grows, since a function that jumps between neighbours is long. Across representations? Compare raw samples with responses to fixed *wavelets*, short waves of several widths and phases, which are thresholded and then averaged over windows of eight
samples. Or take the largest response in each window instead.

::::{admonition} Predict before you run
:class: predict
With the same rule for the bandwidth, half the median distance, the wavelets with maxima make 22 points fewer errors than the raw samples. The norm of the interpolant is

1. much smaller: that is why it generalizes better;
2. about the same;
3. much larger.

:::{dropdown} Answer
The second. And with means in place of maxima the error is lower and the norm larger by half.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Across representations the norm says nothing about the error.** Test error against the norm of the minimum-norm interpolant; every line is one representation at bandwidths of 0.25 to 0.7 of its median distance (left to right), large markers are one half. Means over replicates.", "name": "fig-rand-norms"}, "image": {"alt": "Three curves of test error against norm on a logarithmic axis. At half the median distance the raw samples have a norm of 57 and 53 percent error, wavelets with means a norm of 90 and 43 percent, wavelets with maxima a norm of 57 and 31 percent."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.4))[1]
for name, color in zip(maps, figures.SEQUENCE, strict=False):
    rows = kernel[(kernel.features == name) & (kernel.factor > 0.2)]
    means = rows.groupby("factor")[["norm", "error"]].mean()
    ax.plot(means.norm, means.error, "o-", color=color, label=name)
    ax.plot(means.norm[0.5], means.error[0.5], "o", color=color, markersize=11)
figures.log_axis(ax, (30, 50, 100, 200))
ax.set(xlabel="norm of the interpolant", ylabel="test error, %", ylim=(0, 70))
ax.legend(loc="lower right")
plt.show()

# %% tags=["remove-input"]
ledger.say("min-norm-is-not-the-whole-story")

# %% [markdown]
r"""
Had the norm ordered solutions by how well they generalize, all points would lie on one rising curve. The paper's example is of this kind: on MNIST the wavelet solution has nearly twice the norm and half the error. It is an existence claim, and we looked for a pair: pilot runs tried twenty-one
representations. A minimum norm is an answer to "which of the many fits is
picked", and a good one. By itself it is no answer to "why is that one good": norms in different spaces are different yardsticks, and whether the representation in which the norm is taken suits the data is the other half. In a kernel machine somebody chose the representation. A network finds its
own.

(rand-norm)=
### Is a small norm what a network wants?

Weight decay adds the penalty $\tfrac c2 \lVert \theta \rVert^2$ on all weights. {cite:t}`goldblum2020` asked whether it helps *because* it makes them small, and replaced it by $\tfrac c2 \bigl\lvert \lVert \theta \rVert^2 - \nu^2 \bigr\rvert$, which pulls towards
a norm $\nu$ that is not zero. If small is what generalizes, a target above the norm at which tuned weight decay ends must lose.
"""


# %% mystnb={"code_prompt_show": "Weight decay, and targets of the norm"} tags=["hide-input"]
# Weight decay, and targets of the norm
def with_norms(seed):
    examples, settings = data.mnist1d(n, 2000, seed), fixed | {"lr": 0.05, "seed": seed}
    settings["record"] = ["test_correct", "weights"]
    strengths = (0, 0.002, 0.004, 0.006, 0.008, 0.01, 0.012, 0.016)
    decay = sweep(fully_connected, examples, weight_decay=strengths, **settings)
    targets = {"weight_decay": 0.032, "norm_target": (8, 10, 12, 14, 16)}
    found = pd.concat([decay, sweep(fully_connected, examples, **targets, **settings)])
    lengths = [np.linalg.norm(weights[-1]) for weights in found.weights]
    return held_out(found.assign(norm=lengths).drop(columns="weights"))


def by_penalty(runs, value):
    return measures.by_seed(runs, value, ["norm_target", "weight_decay"])


# %%
chosen = pd.concat([with_norms(s) for s in ledger.selection(5)], ignore_index=True)
means = chosen.groupby(["norm_target", "weight_decay"])[["validation", "norm"]].mean()
decayed = (0.0, means.loc[0.0].validation.idxmax())
pulls = means.drop(0.0, level="norm_target")
longer = pulls[pulls.index.get_level_values(0) > means.norm[decayed]].validation.idxmax()
pulled_seeds = ledger.seeds("small-norm-not-optimal")
penalized = pd.concat([with_norms(s) for s in pulled_seeds], ignore_index=True)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The best norm lies in between, and a target does as well as a decay.** Test error of the fully connected network against the norm at which training ends: weight decay of eight strengths (line), and five targets. Filled markers: the two that are compared. Means over replicates.", "name": "fig-rand-norm-targets"}, "image": {"alt": "Test error against the final norm. Both curves have a minimum near a norm of 10 and rise towards smaller and larger norms; targets lie a little below decay."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.2))[1]
ends = penalized.groupby(["norm_target", "weight_decay"])[["norm", "accuracy"]].mean()
kinds = {"weight decay": (ends.loc[[0.0]], decayed), "target": (ends.drop(0.0), longer)}
for (name, (rows, pick)), color in zip(kinds.items(), figures.SEQUENCE, strict=False):
    rows = rows.sort_values("norm")
    ax.plot(
        rows.norm,
        100 - rows.accuracy,
        "o-",
        color=color,
        fillstyle="none",
        label=name,
        mew=1.5,
        ms=6,
    )
    ax.plot(ends.norm[pick], 100 - ends.accuracy[pick], "o", color=color, markersize=9)
ax.set(xlabel="norm of all weights at the end", ylabel="test error, %")
ax.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("small-norm-not-optimal")

# %% [markdown]
r"""
Neither end of the figure is best. The largest norm belongs to the network without any penalty, and the smallest to one that is held so tightly that it cannot fit. If small norms were what generalizes, the curve would fall all the way to the left. What weight decay does, a pull to a larger norm does as well:
the norm at the end is a poor summary of it. Chapter {doc}`/notebooks/05_implicit_regularization` asks what gradient descent prefers instead.

(rand-verdicts)=
## What the papers found, what we found

{doc}`/book/judging` has the rule by which each verdict follows from the record, and {ref}`protocol-randomization` what was changed and when. The networks of {cite:t}`zhang2017` are larger, and most of their cells are single runs.
"""

# %% tags=["remove-input"]
fits = {  # share of replicates in which all six conditions are fitted
    name: (by_condition("train_error", name)[list(hues)] == 0).all(axis=1)
    for name in networks
}
ledger.card(
    "six-conditions",
    mlp=fits["fully connected"],
    cnn=fits["convolutional"],
    section="rand-conditions",
)


# %% tags=["remove-input"]
def against_random_labels(value, network):
    """Gaussian and random pixels over random labels."""
    table = by_condition(value, network)
    return [table[c] / table["random labels"] for c in ("Gaussian pixels", "random pixels")]


begun, begun_mlp = (against_random_labels("start", name) for name in reversed(networks))
done = against_random_labels("epochs_run", "convolutional")
earlier = {"gaussian": begun[0], "pixels": begun[1]}
earlier |= {"mlp_gaussian": begun_mlp[0], "mlp_pixels": begun_mlp[1]}
earlier |= {"fit_gaussian": done[0], "fit_pixels": done[1]}
ledger.card("noise-starts-earlier", **earlier, section="rand-conditions")

# %% tags=["remove-input"]
ledger.theorem(
    "shuffled-pixels-change-nothing", error=permutation_gap, section="rand-conditions"
)

# %% tags=["remove-input"]
slower = {name: epochs[1.0] / epochs[0.0] for name, epochs in times.items()}
ledger.card(
    "slowdown-with-corruption",
    mlp=slower["fully connected"],
    cnn=slower["convolutional"],
    section="rand-time",
)

# %% tags=["remove-input"]
ends = {
    key: 100 * by_share("test_error", name)
    for key, name in zip(("mlp", "cnn"), networks, strict=True)
}
rises = {
    f"rise_{key}": table.diff(axis=1).iloc[:, 1:].min(axis=1) for key, table in ends.items()
}
chance = {f"chance_{key}": table[1.0] for key, table in ends.items()}
ledger.card("test-error-vs-corruption", **rises, **chance, section="rand-time")

# %% tags=["remove-input"]
values = {}
for key, name in zip(("mlp", "cnn"), networks, strict=True):
    rows = regularized[regularized.network == name].reset_index(drop=True)
    accuracy = measures.by_seed(rows, "accuracy", "arm")
    best = rows.loc[rows.groupby("data_seed").validation.idxmax()].set_index("data_seed")
    values[key] = (accuracy["none"] - 10) / (best.accuracy - 10)
    values[f"shifts_{key}"] = accuracy["shifts"] - accuracy["none"]
    values[f"decay_{key}"] = accuracy["weight decay"] - accuracy["none"]
ledger.card("regularizers-not-needed", **values, section="rand-regularizers")

# %% tags=["remove-input"]
with_it, without = (normalized[b].set_index("data_seed") for b in (True, False))
both_fit = (with_it.train_error == 0) & (without.train_error == 0)
cost = with_it.accuracy - without.accuracy
ledger.card(
    "batch-norm-3-4-points", lost=cost, fitted=both_fit, section="rand-regularizers"
)

# %% tags=["remove-input"]
error = max(row["worst relative error"] for row in sizes[200])
ledger.theorem("two-layer-expressivity", error=error, section="rand-expressivity")

# %% tags=["remove-input"]
ledger.theorem(
    "vc-rademacher-vacuous", error=1 - tossed.networks.min(), section="rand-capacity"
)

# %% tags=["remove-input"]
error = max(max(row[0], row[1], row[3], row[4]) for row in distances)
ledger.theorem("gd-from-zero-finds-min-norm", error=error, section="rand-linear")

# %% tags=["remove-input"]
gaps = {"gap": kernel_error - network_error}
gaps["share"] = (90 - kernel_error) / (90 - network_error)
gaps["convolutional"] = kernel_error - 100 * trained["convolutional"].reindex(
    kernel_error.index
)
ledger.card("linear-min-norm-kernel", **gaps, section="rand-linear")

# %% tags=["remove-input"]
half = kernel[kernel.factor == 0.5]
norms, errors = (measures.by_seed(half, value, "features") for value in ("norm", "error"))
raw, mean_map, max_map = maps
pairs = {"norm": norms[mean_map] / norms[raw], "error": errors[mean_map] - errors[raw]}
pairs["tuned"] = tuned(kernel[kernel.features == mean_map]) - kernel_error
pairs |= {"largest_norm": norms[max_map] / norms[raw]}
pairs |= {"largest_error": errors[max_map] - errors[raw]}
ledger.card("min-norm-is-not-the-whole-story", **pairs, section="rand-linear")

# %% tags=["remove-input"]
error, length = 100 - by_penalty(penalized, "accuracy"), by_penalty(penalized, "norm")
any_target = pulls.validation.idxmax()
penalties = {
    "error": error[longer] - error[decayed],
    "norm": length[longer] - length[decayed],
}
penalties["any_target"] = error[any_target] - error[decayed]
penalties["none"] = error[0.0, 0.0] - error[decayed]
penalties["shortest"] = error[0.0, 0.016] - error[decayed]
ledger.card("small-norm-not-optimal", **penalties, section="rand-norm")

# %% [markdown]
r"""
**We also asked** how the fully connected network starts, whether noise is also *fitted* sooner, what each regularizer adds, what kernel and target do at other settings. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**About bounds.** The paper is often quoted as the end of learning theory. {cite:t}`dziugaite2017` answered in the same year with a bound
below 1 for networks on MNIST: a PAC-Bayes bound, for a distribution of networks around the trained one and not for the class. Both are right.

**About depth.** {cite:t}`belkin2018` found that kernel machines fit noisy labels and still predict well, and concluded that the good performance of overfitted classifiers is not a unique feature of deep learning ({ref}`rand-ex-noisy-kernels`).

**About memorizing.** {cite:t}`arpit2017` show that networks treat noise and data differently *while* they train, from the first epoch on.
That does not contradict the paper, which asked what is possible and not how it comes about.

:::{admonition} "Regularization is useless"
:class: misconception
It adds points ({numref}`fig-rand-regularizers`). It is not *needed* for generalizing far better than chance.
:::

:::{admonition} "All bounds are dead"
:class: misconception
Class-wide and label-blind ones are. The others were not tested here.
:::

:::{admonition} "A network with more parameters than examples can fit anything"
:class: misconception
Counting alone gives nothing: many linear
layers can have any number of parameters and compute a linear function, and no function at all gives two labels to one signal
({ref}`rand-ex-twice`). And what weights exist is not what training finds in the time that it has ({ref}`rand-ex-convolution`).
:::

:::{admonition} "SGD finds the minimum-norm solution"
:class: misconception
In a linear model, from the row space, if the loss has a finite minimum. With cross-entropy it is false ({numref}`fig-rand-margin`), and the norm does not rank representations
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

```{exercise} ★ One signal twice
:label: rand-ex-twice
{prf:ref}`rand-thm-expressivity` needs distinct points. What happens to zero training error on random labels if the training set contains some
signal twice? Why does that hardly matter under random *pixels*?
```

```{solution} rand-ex-twice
:class: dropdown
Two copies get the same output, and random labels differ between them with probability $1 - 1/K$, so about that share of the pairs keeps one error,
for every function whatsoever. Near copies cost time instead: the function must rise from one value to another over a short distance. If each
signal gets an order of its own, copies no longer coincide.
```

```{exercise} ★★ Why does noise start earlier?
:label: rand-ex-distances
For real signals, random pixels and Gaussian pixels measure how far the nearest neighbour of a training signal
is, relative to the median distance. Compare with the epochs until the convolutional network starts.
```

```{solution-start} rand-ex-distances
:class: dropdown
```
"""

# %%
rows, starts = {}, by_condition("start", "convolutional").mean()
inputs = {"random labels": first} | {
    k: shown[k] for k in ("random pixels", "Gaussian pixels")
}
for name, d in inputs.items():
    distances = torch.cdist(d.x, d.x).fill_diagonal_(torch.inf).amin(1)
    relative = distances.median() / kernels.median_distance(d.x)
    rows[name] = {"nearest / median": relative.item(), "start": starts[name]}
pd.DataFrame(rows).T.round(2)

# %% [markdown]
r"""
The order is as expected between the labels and the two noises: real signals have near neighbours, and random labels tell the network to separate them; among noise signals everyone is about equally far from
everyone. Distances are not all: random pixels also carry a clue to the class (next exercise), and they are no further apart than Gaussian ones, yet start as early.

```{solution-end}
```

```{exercise} ★★ What a permutation leaves behind
:label: rand-ex-histogram
Sort the samples of each signal by value. All that random pixels can reveal is in the sorted signal. How well can its class be predicted
from that, by kernel interpolation with 1,000 signals?
```

```{solution-start} rand-ex-histogram
:class: dropdown
```
"""

# %%
ordered, ordered_test = (part.sort(1)[0] for part in (first.x, first.x_test))
for factor in (0.1, 0.25, 0.5):
    f = kernels.interpolate(ordered, first.y, factor * kernels.median_distance(ordered))
    right = (f(ordered_test).argmax(1) == first.y_test).double().mean()
    print(f"bandwidth {factor} of the median distance: {right:.1%} right")

# %% [markdown]
r"""
Well above the 10 % of chance: classes differ in how often they are near zero and how far they reach. The networks found much the same without being told to sort. So "random pixels" is a test of *positions*, not of everything.

```{solution-end}
```

```{exercise} ★★ The price of a start
:label: rand-ex-start
In the setting of {prf:ref}`rand-prop-minimum-norm` let $x \sim \mathcal N(0, I_d)$ and $y = x^\top \beta$ without noise, $\lVert \beta \rVert = 1$.
Derive the expected test error $\lVert w_\infty - \beta \rVert^2$ for a start $w_0 \sim \mathcal N(0, \omega^2 I)$. How large may $\omega$ be, for $n = 50$ and $d = 200$, before predicting zero is better?
```

```{solution} rand-ex-start
:class: dropdown
Since $y = X\beta$, $w_\infty - \beta = (I - X^+X)(w_0 - \beta)$: the projection of $w_0 - \beta$ on a random subspace of $d - n$ dimensions. Its
expected square is $(1 - n/d)(1 + \omega^2 d)$. Predicting zero has an error of 1, so $0.75\,(1 + 200\,\omega^2) < 1$ is needed, $\omega < 0.041$. Beyond that every run still ends with a training error of zero.
```

```{exercise} ★★ When margin and norm agree
:label: rand-ex-margin
For $n = 50$ Gaussian points with random labels compute the cosine between the direction of largest margin and the minimum-norm direction, and the share of
points that are support vectors, for $d$ from 60 to 2,000. Why must the two agree when all points are support vectors?
```

```{solution-start} rand-ex-margin
:class: dropdown
```
The largest-margin direction is that of the shortest $w$ with $y_i x_i^\top w \ge 1$. If every point is a support vector, all constraints hold with
equality, and the shortest $w$ with $y_i x_i^\top w = 1$, which is $x_i^\top w = y_i$, *is* the minimum-norm solution.
"""

# %%
rows = {}
for d in (60, 100, 200, 500, 2000):
    A = rng(scale.seed_offset()).standard_normal((50, d))  # labels times points
    L = np.linalg.cholesky(A @ A.T)
    dual = nnls(L.T, np.linalg.solve(L, np.ones(50)))[0]
    u, v = A.T @ dual, np.linalg.pinv(A) @ np.ones(50)
    cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    rows[d] = {"cosine": round(cosine, 3), "support": f"{(dual > 1e-9).mean():.0%}"}
pd.DataFrame(rows).T.rename_axis("d")

# %% [markdown]
r"""
They meet as $d$ grows. {cite:t}`muthukumar2021` prove that all points become support
vectors, with high probability, when $d$ is large enough against $n$.

```{solution-end}
```

```{exercise} ★★★ Noisy kernels
:label: rand-ex-noisy-kernels
{cite:t}`belkin2018` interpolate noisy labels with kernels. Interpolate our signals at a quarter of the median distance with the labels of {numref}`fig-rand-slider`. Which loses more accuracy when 40 % of the labels are drawn anew: the kernel, the fully connected network, or the convolutional one? And the norm?
```

```{solution-start} rand-ex-noisy-kernels
:class: dropdown
```
"""


# %%
def noisy_kernel(share, seed):
    d = data.mnist1d(n, 1000, seed)
    y = data.corrupt_labels(d.y, share, 10, generator(seed, "label noise"))
    f = kernels.interpolate(d.x, y, 0.25 * kernels.median_distance(d.x))
    wrong = (f(d.x_test).argmax(1) != d.y_test).double().mean().item()
    return {"data_seed": seed, "share": share, "error": 100 * wrong, "norm": f.norm}


noisy = pd.DataFrame([noisy_kernel(p, s) for p in (0.0, 0.4, 1.0) for s in seeds[:5]])
error = {"kernel": measures.by_seed(noisy, "error", "share")}
error |= {name: 100 * by_share("test_error", name)[:5] for name in networks}
lost = {name: claims.mean(table[0.4] - table[0.0]) for name, table in error.items()}
print(noisy.groupby("share").norm.mean().round(1).to_dict())
pd.Series({name: f"{points:.1f}" for name, points in lost.items()}, name="points lost")

# %% [markdown]
r"""
The convolutional network loses most, since it had most to lose: its true labels gave it a structure that the wrong ones contradict. Kernel and fully connected network lose about half as much, and neither falls apart; a wrong label reaches only its
neighbours. The norm hardly moves: at this bandwidth nearly every signal stands alone, and its label, true or not, costs about the same.

```{solution-end}
```

```{exercise} ★★★ A network that finds noise hard
:label: rand-ex-convolution
Give convolutional networks of 8, 16 and 48 channels, without batch norm, 500 signals with true labels, random labels and Gaussian pixels, and 100 epochs at a learning rate of 0.05. Which is fitted worst, and what is it that is too small?
```

```{solution-start} rand-ex-convolution
:class: dropdown
```
"""

# %%
hard = until_fitted | {"n": n // 2, "lr": 0.05, "epochs": 100, "record": ()}
seed, channels = scale.seed_offset(), cnn1d([8, 16, 48])
d = data.mnist1d(n, 1000, seed)
labels = sweep(channels, d, label_noise=(0.0, 1.0), seed=seed, **hard)
noise = sweep(channels, data.gaussian_pixels(d, seed), seed=seed, **hard)
fitted = pd.concat([labels.replace({"data": {d.name: "signals"}}), noise])
fitted["data"] = fitted["data"].str.replace(d.name + "_", "")
fitted.pivot_table("train_error", ["width", "parameters"], ["data", "label_noise"]).round(2)

# %% [markdown]
r"""
With 8 channels nothing is fitted in time, noise least; with 16 true labels are and noise is not, although there are several parameters per signal; with 48 all is. Sharing weights over positions is an economy if signals consist of recurring local patterns, and a burden if they do not. So
"networks fit noise" is a statement about networks of the sizes that people use, and a test with a smaller one would have found the opposite.

```{solution-end}
```

```{exercise} ★★★ How much augmentation can be memorized?
:label: rand-ex-shifts
With shifts by up to $r$ samples each signal appears in $2r + 1$ versions, all with the same random label. From which $r$ on does the fully connected
network fail to fit 500 random labels within 100 epochs? What does the same augmentation do with true labels?
```

```{solution-start} rand-ex-shifts
:class: dropdown
```
"""

# %%
moved = pd.concat([
    sweep(fully_connected, data.mnist1d(n, 1000, s), seed=s, shift=(0, 1, 2, 5), label_noise=(0.0, 1.0), **hard)
    for s in seeds[:3]
])  # fmt: skip
moved = moved.rename(columns={"train_error": "training", "test_error": "test"})
moved.pivot_table(["training", "test"], "shift", "label_noise").round(3)

# %% [markdown]
r"""
From $r = 1$ on not all are fitted in time, if only just; at $r = 5$, with eleven versions of each signal, most are not. Augmentation multiplies what has to be memorized, and a label that a signal shares with all its shifted versions is harder to attach if it is
random. With true labels the same shifts lower the test error, because there the versions do belong together.

```{solution-end}
```

## Summary

- A network that generalizes from true labels fits random ones, and noise in place of inputs, with the same settings and little more time.
- After fitting, the test error follows the corruption from that for true labels to chance. Nothing about the network has changed along the way, so
  class-wide capacity says the same of all of it: its Rademacher complexity is 1, the largest value.
- Augmentation, weight decay and batch norm can help. None of them is needed for generalizing far above chance.
- A two-layer network with $2n + d$ weights fits any values on $n$ points. Built by the proof, it fits true labels and generalizes hardly at all.
  Interpolation explains nothing by itself.
- In a linear model gradient descent from zero finds the minimum-norm interpolant, if the loss has a finite minimum, and with a kernel that generalizes as well as a network. The
  norm does not tell which representation is good, and the smallest norm is not the best.

**Reading.** {cite:t}`zhang2017`, which is short and worth reading whole; {cite:t}`belkin2018` for kernels; {cite:t}`dziugaite2017` for a bound that
is not vacuous; {cite:t}`soudry2018` and {cite:t}`gunasekar2018` for what other losses find; {cite:t}`goldblum2020` for common assumptions put to the test.
"""
