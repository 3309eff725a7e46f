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

from overparam import claims, cnn1d, curves, data, figures, measures, mlp, scale, sweep
from overparam.engine.settings import Vector
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
networks = {"fully connected": (fully_connected, 0.05)}  # with the learning rate
networks["convolutional"] = (convolutional, 0.1)
until_fitted = {"n": n, "momentum": 0.9, "batch_size": 50, "epochs": 150, "stop_fitted": 1}
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of labels drawn anew
EPOCHS = (0, 0.5, 1, 1.5, 2, 3, 4, 6, 9, 13, 18, 25, 35)  # at which curves are recorded
named = {0.0: "true labels", 0.4: "40 % corrupted", 1.0: "random labels"}


def spoil(true, seed):
    spoiled = {"shuffled pixels": data.shuffled_pixels(true, seed)}
    spoiled["random pixels"] = data.random_pixels(true, seed)
    return spoiled | {"Gaussian pixels": data.gaussian_pixels(true, seed)}


def six_conditions(seeds):
    true, tables = {s: data.mnist1d(n, 1000, s) for s in seeds}, []
    spoiled = {(k, s): d for s in seeds for k, d in spoil(true[s], s).items()}
    for name, (network, lr) in networks.items():
        how = until_fitted | {"lr": lr, "record": {"curves": EPOCHS}}
        labels = sweep(network, true, seed={s: s for s in seeds}, label_noise=SHARES, **how)
        labels["condition"] = [named.get(p, f"{p:.0%}") for p in labels.label_noise]
        pixels = sweep(network, spoiled, seed={key: key[1] for key in spoiled}, **how)
        pixels["condition"] = [condition for condition, _ in pixels["data"]]
        tables.append(pd.concat([labels, pixels]).assign(network=name))
    return pd.concat(tables, ignore_index=True)


# %% mystnb={"code_prompt_show": "The runs"} tags=["hide-input"]
fitting = ["six-conditions", "noise-starts-earlier", "slowdown-with-corruption"]
seeds = ledger.seeds(*fitting, "test-error-vs-corruption")
runs = six_conditions(seeds)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The same networks fit true labels and random ones; they generalize from the true ones.** Dashed: error on the training set, which reaches zero in all four cases. Solid: error on new signals with true labels. Means over training sets with 95 % bands.", "name": "fig-rand-puzzle"}, "image": {"alt": "Two panels, fully connected and convolutional, of errors against epochs. All dashed training errors fall to zero, those for random labels a little later. The solid test error falls for true labels, half-way in the first panel and far in the second, and stays at chance for random labels."}} tags=["hide-input"]
history = curves(runs, epochs=(*EPOCHS, 50))
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.5), sharey=True)
for ax, name in zip(axes, networks, strict=True):
    for labels in ("true labels", "random labels"):
        rows = history[(history.network == name) & (history.condition == labels)]
        hue = {"ax": ax, "colors": colors[labels.replace(" ", "_")], "marker": ""}
        figures.plot(rows, "epoch", "train_error", **hue, label="_", linestyle="--")
        figures.plot(rows, "epoch", "test_error", **hue, label=labels, linestyle="-")
    ax.axhline(0.9, color=colors["threshold"], linestyle=":", linewidth=1.5)
    ax.set(title=name.capitalize(), xlim=(0, 50), ylim=(0, 1), xlabel="epochs", ylabel="")
axes[0].set_ylabel("share misclassified")
axes[0].text(38, 0.81, "chance", color=colors["threshold"])
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
r"""
This is the experiment with which {cite:t}`zhang2017` opened a discussion that has not ended. It is a *randomization test*: destroy the relation that you believe a procedure relies on, and see what still works. Fitting still works.

The data are MNIST-1D {cite:p}`greydanus2024`, signals of 40 samples ("pixels") in ten classes. A program draws them, so every replicate has its own 1,000 for training, its own 1,000 for testing, and randomizations of its own. The fully connected network
has two hidden layers of 128 units and 23,050 weights; the convolutional one, nearer to the paper's, three layers of 48 channels with batch norm and 24,682. A network stops when it has every training label right.

(rand-conditions)=
## Six conditions

Labels can be spoiled, and so can inputs. From nothing to everything:

- **true labels**, the control;
- **corrupted labels**: each is drawn anew with probability $\eta$, the {term}`label noise`;
- **random labels**: all of them are, $\eta = 1$;
- **shuffled pixels**: one permutation of the samples, the same for all signals, training and test;
- **random pixels**: every signal's samples are permuted in an order of their own;
- **Gaussian pixels**: the signals are replaced by independent Gaussian numbers of the same mean and variance.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A common order keeps what two signals share; an order of their own, or noise, leaves nothing to see.** The same two signals of one class (two colours) under the conditions that spoil inputs; the labels are true.", "name": "fig-rand-signals"}, "image": {"alt": "Four small panels with two curves each: smooth signals as they are; the same samples shuffled in one common order; in an order of each signal's own; Gaussian noise."}} tags=["hide-input"]
first = data.mnist1d(n, 1000, seeds[0])
pair = torch.nonzero(first.y == first.y[0])[:2, 0]
shown = {"as they are": first} | spoil(first, seeds[0])
fig, axes = plt.subplots(1, 4, figsize=(7.2, 2.0), sharey=True)
for ax, (name, examples) in zip(axes, shown.items(), strict=True):
    for signal, color in zip(examples.x[pair], figures.SEQUENCE, strict=False):
        ax.plot(signal, color=color, linewidth=1.3)
    ax.set(xticks=[], yticks=[])
    ax.set_title(name.capitalize(), fontsize=10.5)
plt.show()

# %% [markdown]
r"""
::::{predict}
:answer: 2
:figure: fig-rand-six
Network and hyper-parameters stay the same. Under which condition does the loss of the convolutional network begin to fall last?

1. Gaussian pixels: there is nothing in them to be learned.
2. Random labels on real signals.
3. Random pixels: the label still belongs to the signal, but the signal is unrecognisable.

:::{dropdown} Answer
B. Signals of one class are near each other and now carry different labels: the first steps pull in opposite directions, and the network has to tell neighbours apart before the loss falls. Noise signals are
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
axes[0].set(ylabel="training loss", ylim=(0, 3.1))
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()


# %% mystnb={"code_prompt_show": "When training starts"} tags=["hide-input"]
# When training starts
def start(run):
    """The epoch at which the training loss falls a tenth below that of guessing, interpolated."""
    epochs, losses, level = run.curve_epoch, run.curve_train_loss, 0.9 * np.log(10)
    if not (losses < level).any():
        return np.nan
    after = np.argmax(losses < level)
    return np.interp(level, losses[[after, after - 1]], epochs[[after, after - 1]])


runs["start"] = [start(run) for run in runs.itertuples()]


def by_condition(value, network):
    """One row per replicate, one column per condition."""
    return measures.by_seed(runs[runs.network == network], value, "condition")


def test_errors(network):
    """The same for the test error at the end, in %."""
    return 100 * by_condition("test_error", network)


# %% tags=["remove-input"]
ledger.say("six-conditions", "noise-starts-earlier")

# %% [markdown]
r"""
Had memorizing been hard, at least one of the curves would have stayed up.
(Room is needed: with 8 channels instead of 48, {ref}`rand-ex-convolution`, or in some pilot runs without batch norm, {ref}`protocol-randomization`, noise is not fitted in time.)

{cite:t}`zhang2017` suggest that noise starts early because it lies far apart. Here random pixels have a second reason. They keep each signal's *values*, and on MNIST-1D that is a clue:
"""

# %% tags=["remove-input"]
clue = [claims.mean(90 - test_errors(name)["random pixels"]) for name in networks]
Markdown(
    f"with random pixels the test error ends {clue[0]:.1f} (fully connected) and {clue[1]:.1f} points (convolutional) below chance."
)

# %% [markdown]
r"""
({ref}`rand-ex-histogram`.) A randomization test tests what it randomizes: this one positions, not histograms. Gaussian pixels leave nothing, and there the error is at chance. (The bump of the convolutional curves in the first epoch is batch norm's: its running averages lag behind.)

### The control that must come out

Shuffled pixels look spoiled to us. For a fully connected network they are not, and this is a theorem.

```{prf:proposition} A fully connected network does not know where pixels are
:label: rand-prop-shuffle
Let the initial weights of the first layer be exchangeable over inputs, for instance independent and identically distributed, and independent of
everything else. Train by (stochastic) gradient descent, with momentum or Adam, with or without weight decay. Then shuffling the pixels of all
examples by one permutation does not change the distribution of the outputs at any time of training, nor of any error.
```

```{prf:proof}
Let $P$ be the permutation matrix. A network with first layer $W$ computes from $Px$ what one with first layer $WP$ computes from $x$. The gradient
in $W$ is the gradient in $WP$ with its columns permuted, and all the named updates treat coordinates alike, so training commutes with the
permutation. At the start $WP$ has the distribution of $W$, so the outputs have theirs.
```

Permute the inputs *and* the columns of the first layer, says the proof, and the whole run is the same. Check it, over three epochs with momentum:
"""


# %%
def permuted_run(seed):
    """Largest difference of test outputs when inputs and first-layer columns are permuted alike."""
    settings = until_fitted | {"epochs": 3, "stop_fitted": 0, "lr": 0.05, "seed": seed}
    settings["record"] = {"weights": (0,), "predictions": None}
    plain, order = data.mnist1d(n, 1000, seed), rng(seed).permutation(40)
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
That is rounding. So for the fully connected network a difference between true labels and shuffled pixels can only be chance. The proposition needs a layer that treats all inputs alike.

::::{predict}
:answer: 3
:figure: fig-rand-convolution
A *convolutional* network looks at neighbouring samples together. What does one common shuffle of the samples do to it?

1. Nothing: information has not been lost.
2. Its test error rises to chance: what it looks for is no longer there.
3. Its test error rises to that of the fully connected network.

:::{dropdown} Answer
C: what it assumes about neighbours is now false, so its advantage is gone.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Only some of what is fitted generalizes, and a shuffle takes from the convolutional network exactly its advantage.** Test error under five of the conditions; every training error is zero. Dots are replicates, bars 95 % intervals of the mean, the dotted line chance.", "name": "fig-rand-convolution"}, "image": {"alt": "Test error of both networks for five conditions. With true labels the convolutional network has far the lower error; with shuffled pixels both have that of the fully connected one. Random pixels are higher but below chance, random labels and Gaussian pixels at chance."}} tags=["hide-input"]
network_hues = dict(zip(networks, figures.SEQUENCE[4:], strict=True))
ax = plt.subplots(figsize=(7.2, 3.6))[1]
for name, place in zip(networks, (0.13, -0.13), strict=True):
    errors = by_condition("test_error", name)[[c for c in hues if "corrupted" not in c]]
    figures.dots(errors, ax, network_hues[name], name, place)
ax.axvline(0.9, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set(xlabel="test error", xlim=(0, 1))
ax.legend(loc="lower left")
plt.show()

# %% tags=["remove-input"]
tables = [test_errors(name) for name in networks]
cost = [claims.mean(e["shuffled pixels"] - e["true labels"]) for e in tables]
Markdown(
    f"Shuffling raises the test error of the convolutional networks by {cost[1]:.1f} points, and that of the fully connected ones by "
    f"{cost[0]:.1f}. Had the convolutional ones won by their room or by batch norm, they would have kept the advantage."
)

# %% [markdown]
r"""
::::{admonition} Break it: a network that knows where pixels are
:class: break-it
The proposition fails for a convolution. An architecture is an assumption about the data that can be true or false; what a count of its parameters would say has not changed.
::::

(rand-time)=
## How long it takes, and what it costs

Between true and random labels lie all the mixtures.

::::{predict}
:answer: 1
:figure: fig-rand-slider
More and more labels are drawn anew, and all of them are fitted each time. What does the error on new signals, with true labels, do?

1. It rises step by step, all the way to chance.
2. It jumps near chance with the first wrong labels: now the network memorizes.
3. It stays where it is until about half of the labels are wrong: the majority decides.

:::{dropdown} Answer
A. Wrong labels are fitted, and new signals near them inherit them; but what was learned from the right labels is still there.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**Corrupted labels are fitted later, and the more of them the worse the test error; the training error always reaches zero.** Left: learning curves of the convolutional network at the chosen share of labels drawn anew. Right: where the test error ends, for all shares; the large dots mark the chosen one. Means over training sets with 95 % bands.", "name": "fig-rand-slider"}} tags=["hide-input"]
# The slider over the share of labels drawn anew
label_runs = runs[~runs.condition.str.contains("pixels", na=False)]
deep = label_runs[label_runs.network == "convolutional"]


def by_share(value, network):
    return measures.by_seed(label_runs[label_runs.network == network], value, "label_noise")


def at_corruption(share):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.9), sharey=True)
    rows = curves(deep[deep.label_noise == share], epochs=(*EPOCHS, 50))
    figures.lines(rows, "epoch", ["train_error", "test_error"], left, marker="")
    epochs = deep[deep.label_noise == share].epochs_run.mean()
    left.set_title(f"{100 * share:.0f} % drawn anew: {epochs:.0f} epochs to fit")
    left.set(xlim=(0, 50), ylim=(0, 1), xlabel="epochs", ylabel="share misclassified")
    left.legend(loc="upper right")
    for name, rows in label_runs.groupby("network", sort=False):
        end = rows[rows.label_noise == share].test_error.mean()
        look = (None, right, network_hues[name], f"{name}: {end:.0%}")
        figures.plot(rows, "label_noise", "test_error", *look)
        right.plot(share, end, "o", color=figures.INK, markersize=9)
    right.set(title="Test error, all shares", xlabel="share drawn anew", ylabel="")
    right.legend(loc="lower right")
    return fig


alt = "Left, training and test error against epochs with a share {} of labels drawn anew. Right, final test error against that share, rising to 0.9."
figures.slider(at_corruption, "Share of labels drawn anew", alt, 0.4, SHARES)

# %% tags=["remove-input"]
ledger.say("slowdown-with-corruption")

# %% tags=["remove-input"]
ledger.say("test-error-vs-corruption")

# %% [markdown]
r"""
A search through labellings would have needed more than any training time, and memorizing that crowds out learning would have brought the error to chance with the first wrong labels. Memorizing takes longer than learning by a factor, not by orders of magnitude, and both go on side by side.

The right panel of the slider is the strongest form of the puzzle. The *same* networks, all with training error zero, span the gaps from that for true labels to chance; only the data have changed. An explanation in terms of
the architecture alone would have to give one number for all points of a line.

Does this hang on our settings? We change width, depth, optimizer, step, batch, number of examples, architecture and data, mostly one at a time.
"""

# %% mystnb={"code_prompt_show": "The settings"} tags=["hide-input"]
# The settings
one = {"width": (64, 256, 512), "depth": (1, 3), "lr": (0.02, 0.1), "n": (300, 500, 2000)}
one |= {"batch_size": (20, 100), "momentum": (0.5,), "weight_decay": (1e-4,)}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]
settings += [{"optimizer": "adam", "momentum": 0, "lr": lr} for lr in (0.001, 0.003)]
settings += [{"loss": "squared"}, {"channels": 48}, {"channels": 64, "n": 500}]
settings += [{"digits": True, "n": 800}, {"digits": True, "width": 256}]


def in_setting(how):
    """Whether all is fitted, and test errors with none, 40 % and all labels drawn anew."""
    rest, tables = until_fitted | {"lr": 0.05, "epochs": 400} | how, []
    digits, channels = rest.pop("digits", False), rest.pop("channels", 0)
    network = mlp(rest.pop("width", 128), rest.pop("depth", 2))
    network = cnn1d(channels, batch_norm=True) if channels else network
    for s in ledger.selection(2):
        examples = data.digits(seed=s) if digits else data.mnist1d(rest["n"], 1000, s)
        tables.append(sweep(network, examples, label_noise=(0, 0.4, 1), seed=s, **rest))
    by_noise = pd.concat(tables).groupby("label_noise")
    errors, unfitted = by_noise.test_error.mean(), by_noise.train_error.max()
    keeps = bool(unfitted.max() == 0 and errors.is_monotonic_increasing)
    name = ", ".join(f"{key} {value}" for key, value in how.items()) or "as above"
    shown = {"true": errors[0.0], "some": errors[0.4], "all": errors[1.0]}
    return {"setting": name, "keeps": keeps, "unfitted_true": unfitted[0.0]} | shown


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The line from learning to chance is there in nearly every setting.** Test errors at the end with none, 40 % and all labels drawn anew, one line per setting; orange where some labels are not fitted.", "name": "fig-rand-multiverse"}, "image": {"alt": "About twenty thin lines that rise from various errors at zero corruption to chance at full corruption."}} tags=["hide-input"]
robust, where = results.measured_or_recorded(
    "02_randomization_multiverse",
    lambda: pd.DataFrame([in_setting(how) for how in settings]),
)
ax = plt.subplots(figsize=(7.2, 2.8))[1]
for keeps, rows in robust.groupby("keeps"):
    color = figures.SEQUENCE[0] if keeps else colors["test"]
    ax.plot((0, 0.4, 1), rows[["true", "some", "all"]].T, "o-", color=color, alpha=0.5)
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

What matters in the proof ({cite:t}`bartlett2002`) is that the coins *are* random labels. What training finds is a lower bound of
the supremum, and 1 is an upper one. Where it fits every draw, our estimate of $\hat{\mathfrak R}_n$ is 1, and the bound says that an error lies below
something larger than 1. The paper argues this from its experiment. We can measure it: two classes instead of ten, every label a coin.
"""


# %%
def two_classes(seed):
    d = data.mnist1d(n, 1000, seed)
    return replace(d, y=d.y % 2, y_test=d.y_test % 2, classes=2)


# %%
coins, how = {s: two_classes(s) for s in scale.seeds(10)}, until_fitted | {"lr": 0.05}
how |= {"n": [n // 2, n], "epochs": 500, "label_noise": 1.0}
tossed = sweep(fully_connected, coins, seed={s: s for s in coins}, **how)
tossed["agreement"] = 1 - 2 * tossed.train_error
tossed.groupby("n").agreement.agg(["min", "max"])

# %% [markdown]
r"""
Every draw is fitted, so the estimate is 1. What a useful capacity looks like is shown by linear functions with $\lVert w \rVert \le 1$. The best of them reaches $\tfrac 1n \lVert \sum_i c_i x_i \rVert$, so that $\hat{\mathfrak R}_n \le \max_i \lVert x_i \rVert / \sqrt n$, which falls with $n$. They are real-valued, and so their bound is one for margins: the
error is at most the share of training examples with a margin $y f(x)$ below $\gamma$, plus $2 \mathfrak R_n / \gamma$, plus the last term above.

*Uniform stability* ({cite:t}`bousquet2002`) asks how much the output of an algorithm can change when one example is exchanged, in the worst case
over training sets. It is blind to labels: whatever it promises for true ones, it promises for random ones, so it can promise nothing.

What has been ruled out is precise, and less than is often said: bounds on the *whole class*, and worst cases over all labels. Bounds that look at
the function which training returned, or at a distribution over such functions, are untouched; {cite:t}`arora2019` give a quantity that is small for true
labels and large for random ones. That uniform convergence in any form may be the wrong tool is argued by {cite:t}`nagarajan2019`.

(rand-expressivity)=
## A theorem: 2n + d weights are enough

Is it a wonder that so large a network can fit random labels? No: a far smaller one can.

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

The proof is an algorithm:
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
    gaps, off = np.diff(np.sort(x @ a)), np.abs(hidden(x, a, b) @ w - y)
    row = {"weights": a.size + b.size + w.size, "worst error": off.max() / np.abs(y).max()}
    row |= {"smallest gap": gaps.min(), "median gap": np.median(gaps)}
    return row | {"largest |w|": np.abs(w).max(), "median |w|": np.median(np.abs(w))}


# %%
sizes = {size: [construct(size, s) for s in scale.seeds(20)] for size in (50, 200, 800)}
built = pd.DataFrame({size: pd.DataFrame(rows).median() for size, rows in sizes.items()})
built.T.rename_axis("n").map(lambda v: f"{v:,.0f}" if v > 100 else f"{v:.1g}")

# %% [markdown]
r"""
Medians over 20 draws, $d = 40$. There are $2n + d$ weights, and the fit is exact up to rounding. With four times as many points the typical gap is a quarter, the smallest about a sixteenth; but *all* output weights $w$ grow by an order of magnitude or more. With
thresholds half-way, the slopes at the points $j$ and $j + 1$ add up to $2\,(y_{j+1} - y_j)/(z_{j+1} - z_j)$. So after one narrow gap they stay large and alternate. Still nothing breaks: rounding grows with the weights, and more than six digits are right.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A fit can be exact and useless.** The constructed network along its one direction, for thirty random points with random values: a zigzag through all points, which leaves the picture between many neighbours.", "name": "fig-rand-zigzag"}, "image": {"alt": "A jagged piecewise linear curve passes through thirty points and leaves the frame between many of them."}} tags=["hide-input"]
draw = rng(scale.seed_offset())
x, y, a = (draw.standard_normal(shape) for shape in ((30, 40), 30, 40))
b, w = two_layer(x, y, a)
line = np.linspace((x @ a).min() - 0.5, (x @ a).max() + 0.5, 2000)
ax = plt.subplots(figsize=(7.2, 2.8))[1]
values = np.maximum(line[:, None] - b, 0) @ w
ax.plot(line, values, color=figures.SEQUENCE[0], linewidth=1.2)
ax.plot(x @ a, y, "o", color=figures.INK)
ax.set(xlabel="a · x", ylabel="value", ylim=(-6, 6))
plt.show()

# %% [markdown]
r"""
The theorem does not say that more parameters than points suffice: $2n + d$ counts a particular network. It is no lower bound.
It says that weights exist, not that gradient descent finds them. And it says nothing about new points.

::::{predict}
:answer: 4
Now use the construction for something sensible: the *true* labels of 1,000 signals, ten outputs, one per class. It fits them exactly, as the trained networks do. What is its error on new signals?

1. That of the fully connected network: both interpolate the same true labels.
2. Lower, as it has fewer weights.
3. In the middle between the fully connected network and chance.
4. Close to chance.

:::{dropdown} Answer
D. It looks at the signals along one random direction, in which all classes are mixed.
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
trained = test_errors("fully connected")["true labels"]
Markdown(
    f"The constructed networks misclassify {constructed[:, 0].mean():.1%} of their training signals and {claims.mean(100 * constructed[:, 1]):.1f} % of "
    f"new ones; the fully connected ones none and {claims.mean(trained):.1f} %."
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

::::{predict}
:answer: 3
:figure: fig-rand-regularizers
Take the best combination of the two, and then remove it. Of the accuracy above chance, what share is left?

1. Next to nothing: unregularized, the network memorizes instead.
2. A quarter.
3. Most of it.
4. More than there was: regularizers harm a network that fits.

:::{dropdown} Answer
C. What they add is real, here more than a few points; but far more is there without them.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Four combinations"} tags=["hide-input"]
# Four combinations, errors on examples for choosing and on others for testing
fixed = {"n": n, "momentum": 0.9, "batch_size": 50, "epochs": 40, "schedule": "cosine"}
fixed["record"] = ["test_correct"]
arms = {(0, 0): "none", (0, 5e-4): "weight decay", (5, 0): "shifts", (5, 5e-4): "both"}


def combinations(seeds):
    sets, tables = {s: data.mnist1d(n, 2000, s) for s in seeds}, []
    for name, (network, lr) in networks.items():
        on_off = {"shift": (0, 5), "weight_decay": (0.0, 5e-4)}
        how = fixed | on_off | {"lr": lr, "seed": {s: s for s in seeds}}
        table = sweep(network, sets, **how)
        pairs = zip(table["shift"], table.weight_decay, strict=True)
        tables.append(table.assign(network=name, arm=[arms[pair] for pair in pairs]))
    return measures.held_out(pd.concat(tables, ignore_index=True), 1000)


# %%
regularized = combinations(ledger.seeds("regularizers-not-needed"))
by_arm = {
    name: 100 * measures.by_seed(table, "test_error", "arm")[list(arms.values())]
    for name, table in regularized.groupby("network")
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Without any regularizer the networks are far from chance.** Test error with shifts, weight decay, both and neither. Dots are replicates, bars 95 % intervals; the dotted line is chance.", "name": "fig-rand-regularizers"}, "image": {"alt": "Test error of four combinations for two networks. Shifts lower both by some points, weight decay changes little, and all are far from the line at chance."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 2.9))[1]
for name, place in zip(networks, (0.13, -0.13), strict=True):
    figures.dots(by_arm[name], ax, network_hues[name], name, place)
ax.axvline(90, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set(xlabel="test error, %", xlim=(0, 100))
ax.legend(loc="lower right", bbox_to_anchor=(0.88, 0))
plt.show()

# %% tags=["remove-input"]
ledger.say("regularizers-not-needed")

# %% [markdown]
r"""
If regularizers were what makes the difference, the row "none" would lie near the dotted line. (Our 40 epochs favour doing without: with shifts the fully connected networks have not fitted by then; {ref}`protocol-randomization` has a longer training.) They *can* be useful, shifts most of all: they add the knowledge that a shifted signal keeps its class. With 1,000 examples that is worth more than in the paper's table, where crops add three to four points with 50,000. A regularizer could still act by making
memorization impossible, and early stopping by ending before it; {doc}`/notebooks/03_memorization` asks about both.

### Batch normalization

{cite:t}`ioffe2015` introduced batch norm, which standardises every channel over the current batch, to speed training up, and present it as a regularizer too, which in some cases makes dropout unnecessary. {cite:t}`zhang2017` remove it and find 3 to 4 points less. A fair comparison tunes both arms: the
same four learning rates, the best chosen on validation signals of the same replicate.
"""

# %% mystnb={"code_prompt_show": "Both arms at four learning rates"} tags=["hide-input"]
# Both arms at four learning rates
rates = (0.1, 0.2, 0.4, 0.6)


def at_rates(network, rates, seeds):
    sets = {s: data.mnist1d(n, 2000, s) for s in seeds}
    runs = sweep(network, sets, lr=rates, seed={s: s for s in seeds}, **fixed)
    return measures.held_out(runs, 1000)


def best_by_validation(table):
    """In each replicate, the row with the lowest validation error."""
    lowest = table.loc[table.groupby("data_seed").validation_error.idxmin()]
    return lowest.set_index("data_seed")


two_arms, tested = (
    cnn1d(48, batch_norm=[False, True]),
    ledger.seeds("batch-norm-3-4-points"),
)
by_rate = at_rates(two_arms, rates, tested)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Batch norm makes the learning rate matter less; it does not lower what the best rate reaches.** Test error of the convolutional network with and without batch norm. Dots are replicates; open circles are those that validation signals chose.", "name": "fig-rand-batchnorm"}, "image": {"alt": "Test error against learning rate. With batch norm it is level. Without, it is lower at the best rate and jumps towards chance at the larger ones."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.2))[1]
for with_it, label in ((True, "with batch norm"), (False, "without")):
    rows, color = by_rate[by_rate.batch_norm == with_it], figures.SEQUENCE[1 - with_it]
    best, aside = best_by_validation(rows), 0.97 if with_it else 1.03
    marks = {"color": color, "linestyle": "none", "marker": "o", "mew": 1.5}
    ax.plot(aside * rows.lr, 100 * rows.test_error, **marks, alpha=0.6, label=label)
    ax.plot(aside * best.lr, 100 * best.test_error, **marks, ms=11, fillstyle="none")
figures.log_axis(ax, rates)
ax.set(xlabel="learning rate", ylabel="test error, %", ylim=(0, 100))
ax.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
ledger.say("batch-norm-3-4-points")

# %% [markdown]
r"""
The figure holds the reason. At large learning rates the networks without batch norm do not train, or only sometimes, and at their best rate they lack nothing. Both arms have their lowest error inside the grid. What batch norm gives this network is a wide choice of rates. In a much deeper network, such as the paper's,
the window of rates without it may be narrower; three layers cannot say. Had batch norm been decisive, the networks without it would have ended near chance.

Without augmentation, weight decay and batch norm, what remains is the architecture, the data and gradient descent.

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
    w, step = w * np.ones(X.shape[1]), 1 / np.linalg.norm(X, 2) ** 2
    for _ in range(steps):
        w = w - step * X.T @ slope(X @ w - y)
    return w


# %%
distances = []
for seed in scale.seeds(10):
    draw = rng(seed)
    X, y, begin = (draw.standard_normal(shape) for shape in ((20, 80), 20, 80))
    shortest, inside = (np.linalg.pinv(X) @ target for target in (y, X @ begin))
    ends = {"from 0": descend(X, y, 0), "in the row space": descend(X, y, inside)}
    ends["log cosh, from 0"] = descend(X, y, 0, np.tanh)
    ends["anywhere"] = descend(X, y, begin)
    ends["anywhere, to the formula"] = ends["anywhere"] - (begin - inside)
    distances.append({k: np.linalg.norm(w - shortest) for k, w in ends.items()})
distances = pd.DataFrame(distances)
distances.agg(["min", "max"]).map("{:.1e}".format)

# %% [markdown]
r"""
Distances to the minimum-norm solution, over ten draws with $n = 20$ and $d = 80$. It is reached from zero, from anywhere in the row space, and with the loss $\log\cosh$. From a random start it is missed by far, by exactly what {eq}`rand-eq-limit` says: implicit regularization has a starting point.

::::{admonition} Break it: a loss without a finite minimum
:class: break-it
The logistic loss $\ln(1 + e^{-y f})$ of a separable problem (some hyperplane solves it) falls as long as the weights grow. They grow forever, and their *direction* converges, from any start, to that of the largest margin {cite:p}`soudry2018`. That can be another one. Take two points in the plane,
of which the second is far out on its side.
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The logistic loss goes to the largest margin, the squared loss past it to the minimum norm.** Left: the largest margin leaves the far point alone; the minimum norm insists that both have exactly the value of their labels, and is turned by it. Right: angle between the weights and those of the largest margin (dotted) during gradient descent from zero.", "name": "fig-rand-margin"}, "image": {"alt": "Left, a plane with one point of each class and two separating lines through the origin. Right, angle against steps: with the logistic loss it creeps towards zero from below, with the squared loss it passes zero and ends far above."}} tags=["hide-input"]
A = np.array([[1, 0.25], [2.5, -1.0]])  # label times point
separators = {"largest margin": A[0], "minimum norm": np.linalg.inv(A) @ [1, 1]}
losses = {"logistic": lambda gap: -1 / (1 + np.exp(gap + 1)), "squared": lambda gap: gap}
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4))
left.plot(*A[0], "o", *(-A[1]), "s", color=figures.INK, markersize=9)
looks = [{"color": figures.SEQUENCE[0]}, {"color": figures.SEQUENCE[1], "linestyle": "--"}]
for (name, w), look in zip(separators.items(), looks, strict=True):
    left.axline((0, 0), (-w[1], w[0]), label=name, **look)
left.set(xlim=(-3, 3), ylim=(-2, 2), aspect="equal")
left.legend(loc="upper center", bbox_to_anchor=(0.5, 1.3), fontsize=9.5)
steps = np.unique(np.logspace(0, 4.5, 40).astype(int))
angle = np.degrees(np.arctan2(A[0, 1], A[0, 0]))
for (name, slope), look in zip(losses.items(), looks, strict=True):
    path = [np.zeros(2)]
    for pause in np.diff(steps, prepend=0):
        path.append(descend(A, np.ones(2), path[-1], slope, pause))
    angles = np.degrees(np.arctan2(*np.transpose(path[1:])[::-1]))
    right.plot(steps, angles - angle, label=f"{name} loss", **look)
right.axhline(0, color=colors["threshold"], linestyle=":", linewidth=1.5)
right.set(xscale="log", xlabel="steps", ylabel="degrees from largest margin")
right.legend()
figures.sketch(right, ask="Logistic loss: how many degrees from the largest margin?")

# %% [markdown]
r"""
So of classifiers trained with cross-entropy "SGD finds the minimum norm" is in general false. (In very high dimension the two answers meet, {ref}`rand-ex-margin`.)

### Does the minimum norm generalize?

A kernel machine is a linear model in a fixed and possibly infinite space of features. With the Gaussian kernel
$k(x, x') = \exp(-\lVert x - x' \rVert^2 / 2s^2)$ of bandwidth $s$ any distinct points can be interpolated. The interpolant of smallest norm in
that space is $f(x) = \sum_i \alpha_i\, k(x, x_i)$ with $G \alpha = y$, where $G_{ij} = k(x_i, x_j)$: one linear solve, no regularizer, nothing to
stop early. (With ten outputs, "the norm" is the root of the sum of their squared norms.)

::::{predict}
:answer: 1
Such an interpolant fits our signals exactly, with one parameter per signal and class. Five bandwidths are tried on validation signals, and as many learning rates of the fully connected network. How do the test errors compare?

1. The kernel's is no higher.
2. The kernel's is higher by some ten points: it learns no features.
3. The kernel is near the network constructed above: it, too, only solves a linear system.

:::{dropdown} Answer
A. The puzzle does not need a deep network. It needs a class that fits everything and a rule that picks one of the fits.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Kernel and network, tuned alike"} tags=["hide-input"]
# Kernel and network, tuned alike; representations
maps = {"raw samples": lambda x: x, "wavelets, mean": kernels.wavelet_features}
maps["wavelets, maximum"] = lambda x: kernels.wavelet_features(x, largest=True)


def interpolants(seed):
    """Errors and norm of the interpolant for every representation and bandwidth."""
    d, rows = data.mnist1d(n, 2000, seed), []
    for name, features in maps.items():
        x, at = features(d.x), features(d.x_test)
        for factor in (0.2, 0.25, 0.35, 0.5, 0.7):  # of the median distance
            f = kernels.interpolate(x, d.y, factor * kernels.median_distance(x))
            errors = (f(at).argmax(1) != d.y_test).double().view(2, 1000).mean(1)
            row = {"data_seed": seed, "features": name, "factor": factor, "norm": f.norm}
            row |= {"validation_error": errors[0].item(), "test_error": errors[1].item()}
            rows.append(row)
    return pd.DataFrame(rows)


def tuned(table):
    """In each replicate, the test error in % at the setting with the lowest validation error."""
    return 100 * best_by_validation(table).test_error


# %%
compared = ledger.seeds("linear-min-norm-kernel", "min-norm-is-not-the-whole-story")
kernel = pd.concat([interpolants(s) for s in compared], ignore_index=True)
network_error = tuned(at_rates(fully_connected, (0.0125, 0.025, 0.05, 0.1, 0.2), compared))
kernel_error = tuned(kernel[kernel.features == "raw samples"])

# %% tags=["remove-input"]
Markdown(
    f"On this page's replicates the kernel misclassifies {claims.mean(kernel_error):.1f} % of the test signals and the network {claims.mean(network_error):.1f} %. "
    f"{ledger.say('linear-min-norm-kernel')}"
)

# %% [markdown]
r"""
The paper's error on the whole of MNIST, from raw pixels, is 1.2 % {cite:p}`zhang2017`. Had the kernel been near chance, one could say that interpolation is harmless *because* networks learn features. The convolutional network, which knows that samples are in an order, is far ahead of both ({numref}`fig-rand-convolution`).

### Does the norm say which solution generalizes?

Compare raw samples with responses to fixed *wavelets*, short waves of several widths and phases, which are thresholded and then averaged over windows of eight
samples. Or take each window's largest response.

::::{predict}
:answer: 2
:figure: fig-rand-norms
With the same rule for the bandwidth, half the median distance, the wavelets with maxima make far fewer errors than the raw samples. The norm of the interpolant is

1. much smaller: that is why it generalizes better;
2. about the same;
3. much larger.

:::{dropdown} Answer
B. And with means in place of maxima the error is lower and the norm much larger.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Across representations the norm does not order the errors.** Test error against the norm of the minimum-norm interpolant; every line is one representation at bandwidths of 0.25 to 0.7 of its median distance (left to right), large markers are one half. Means over replicates.", "name": "fig-rand-norms"}, "image": {"alt": "Three curves of test error against norm on a logarithmic axis. At half the median distance wavelets with means have a larger norm and a lower error than the raw samples, wavelets with maxima about the same norm and the lowest error. Along the lines the error rises with the norm for raw samples and falls for wavelets."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.4))[1]
for name, color in zip(maps, figures.SEQUENCE, strict=False):
    rows = kernel[(kernel.features == name) & (kernel.factor > 0.2)]
    middle = rows.groupby("factor")[["norm", "test_error"]].mean()
    ax.plot(middle.norm, 100 * middle.test_error, "o-", color=color, label=name)
    half = middle.loc[0.5]
    ax.plot(half.norm, 100 * half.test_error, "o", color=color, markersize=11)
figures.log_axis(ax, (30, 50, 100, 200))
ax.set(xlabel="norm of the interpolant", ylabel="test error, %", ylim=(0, 70))
ax.legend(loc="lower right")
plt.show()

# %% tags=["remove-input"]
ledger.say("min-norm-is-not-the-whole-story")

# %% [markdown]
r"""
Had the norm ordered solutions by how well they generalize, all points would lie on one rising curve. The paper's example is of this kind: on MNIST the wavelet solution has nearly twice the norm and half the error. It is an existence claim: pilot runs tried twenty
representations. A minimum norm answers "which of the many fits is
picked", not "why is that one good": for that, the representation has to suit the data. In a kernel machine somebody chose it. A network finds its
own.

(rand-norm)=
### Is a small norm what a network wants?

Weight decay adds the penalty $\tfrac12 \lambda_{\mathrm{wd}} \lVert \theta \rVert^2$ on all weights. {cite:t}`goldblum2020` asked whether it helps *because* it makes them small, and replaced it by $\tfrac12 \lambda_{\mathrm{wd}} \bigl\lvert \lVert \theta \rVert^2 - \nu^2 \bigr\rvert$, which pulls towards
a norm $\nu$ that is not zero. If small is what generalizes, a target above the norm at which tuned weight decay ends must lose.
"""


# %% mystnb={"code_prompt_show": "Weight decay, and targets of the norm"} tags=["hide-input"]
# Weight decay, and targets of the norm
def with_norms(seeds):
    sets = {s: data.mnist1d(n, 4000, s) for s in seeds}
    how = fixed | {"lr": 0.05, "seed": {s: s for s in seeds}, "record": ["weights"]}
    strengths = (0, 0.002, 0.004, 0.006, 0.008, 0.01, 0.012, 0.016)
    targets = {"weight_decay": 0.032, "norm_target": (8, 10, 12, 14, 16)}
    decay = sweep(fully_connected, sets, weight_decay=strengths, **how)
    targeted = sweep(fully_connected, sets, **targets, **how)
    table = pd.concat([decay, targeted], ignore_index=True)
    table["norm"] = [np.linalg.norm(weights[-1]) for weights in table.weights]
    return table.drop(columns="weights")


# %%
penalty = ["norm_target", "weight_decay"]
choosing = with_norms(ledger.selection(3))
means = choosing.groupby(penalty)[["test_error", "norm"]].mean()
decays, pulls = means.loc[[0.0]], means.drop(0.0)
decayed = decays.test_error.idxmin()
longer = pulls[pulls.index.get_level_values(0) > means.norm[decayed]].test_error.idxmin()
penalized = with_norms(ledger.seeds("small-norm-not-optimal"))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The best norm lies in between, and a target does as well as a decay.** Test error of the fully connected network against the norm at which training ends: weight decay of eight strengths (line), and five targets. Filled markers: the two that are compared. Means over replicates.", "name": "fig-rand-norm-targets"}, "image": {"alt": "Test error against the final norm. Both curves have a minimum in between and rise towards smaller and larger norms; targets lie a little below decay."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.2))[1]
ends = penalized.groupby(penalty)[["norm", "test_error"]].mean()
kinds = {"weight decay": (decays, decayed), "target": (pulls, longer)}
for (name, (tried, pick)), color in zip(kinds.items(), figures.SEQUENCE, strict=False):
    line = ends.loc[tried.index].sort_values("norm")
    hollow = {"color": color, "fillstyle": "none", "mew": 1.5, "ms": 6}
    ax.plot(line.norm, 100 * line.test_error, "o-", label=name, **hollow)
    ax.plot(ends.norm[pick], 100 * ends.test_error[pick], "o", color=color, markersize=9)
ax.set(xlabel="norm of all weights at the end", ylabel="test error, %")
ax.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("small-norm-not-optimal")

# %% [markdown]
r"""
Neither end of the figure is best: not the network without any penalty, on the right, and not the one that is held so tightly that it cannot fit, on the left. (The two compared miss some training signals, too.) What weight decay does, a pull to a larger norm does as well. What gradient descent prefers instead
is asked in {doc}`/notebooks/05_implicit_regularization`.

(rand-verdicts)=
## What the papers found, what we found

{doc}`/book/judging` has the rule by which each verdict follows from the record, and {ref}`protocol-randomization` what was changed and when. The networks of {cite:t}`zhang2017` are larger, and most of their cells are single runs.
"""

# %% tags=["remove-input"]
missed = [by_condition("train_error", name)[list(hues)] for name in networks]
all_fit = {k: (m == 0).all(axis=1) for k, m in zip(("mlp", "cnn"), missed, strict=True)}
ledger.card("six-conditions", **all_fit, section="rand-conditions")


# %% tags=["remove-input"]
def earlier(prefix, value, network):
    table = by_condition(value, network)
    ratios = {"gaussian": "Gaussian pixels", "pixels": "random pixels"}
    return {prefix + key: table[c] / table["random labels"] for key, c in ratios.items()}


begun = earlier("", "start", "convolutional") | earlier("mlp_", "start", "fully connected")
begun |= earlier("fit_", "epochs_run", "convolutional")
ledger.card("noise-starts-earlier", **begun, section="rand-conditions")

# %% tags=["remove-input"]
ledger.theorem("shuffled-pixels-change-nothing", permutation_gap, "rand-conditions")

# %% tags=["remove-input"]
slower, corrupted = {}, {}
for key, name in zip(("mlp", "cnn"), networks, strict=True):
    epochs, errors = by_share("epochs_run", name), 100 * by_share("test_error", name)
    slower[key] = epochs[1.0] / epochs[0.0]
    corrupted[f"rise_{key}"] = errors.diff(axis=1).iloc[:, 1:].min(axis=1)
    corrupted[f"chance_{key}"] = errors[1.0]
ledger.card("slowdown-with-corruption", **slower, section="rand-time")

# %% tags=["remove-input"]
ledger.card("test-error-vs-corruption", **corrupted, section="rand-time")

# %% tags=["remove-input"]
kept = {}
for key, name in zip(("mlp", "cnn"), networks, strict=True):
    errors = by_arm[name]
    best = tuned(regularized[regularized.network == name])
    kept[key] = 90 - errors["none"]
    kept[f"kept_{key}"] = kept[key] / (90 - best)
    kept[f"shifts_{key}"] = errors["none"] - errors["shifts"]
    kept[f"decay_{key}"] = errors["none"] - errors["weight decay"]
ledger.card("regularizers-not-needed", **kept, section="rand-regularizers")

# %% tags=["remove-input"]
without, with_it = (best_by_validation(t) for _, t in by_rate.groupby("batch_norm"))
arm_values = {"lost": 100 * (without.test_error - with_it.test_error)}
arm_values["fitted"] = (with_it.train_error + without.train_error) == 0
ledger.card("batch-norm-3-4-points", **arm_values, section="rand-regularizers")

# %% tags=["remove-input"]
off = max(row["worst error"] for row in sizes[200])
ledger.theorem("two-layer-expressivity", off, "rand-expressivity")

# %% tags=["remove-input"]
ledger.theorem("vc-rademacher-vacuous", 1 - tossed.agreement.min(), "rand-capacity")

# %% tags=["remove-input"]
off = distances.drop(columns="anywhere").max().max()
ledger.theorem("gd-from-zero-finds-min-norm", off, "rand-linear")

# %% tags=["remove-input"]
gaps = {"gap": kernel_error - network_error}
gaps["share"] = (90 - kernel_error) / (90 - network_error)
ledger.card("linear-min-norm-kernel", **gaps, section="rand-linear")

# %% tags=["remove-input"]
same_rule = kernel[kernel.factor == 0.5]
norms, errors = (measures.by_seed(same_rule, v, "features") for v in ("norm", "test_error"))
raw, average, largest = maps
pairs = {"norm": norms[average] / norms[raw]}
pairs["error"] = 100 * (errors[average] - errors[raw])
pairs["tuned"] = tuned(kernel[kernel.features == average]) - kernel_error
pairs["largest_norm"] = norms[largest] / norms[raw]
pairs["largest_error"] = 100 * (errors[largest] - errors[raw])
ledger.card("min-norm-is-not-the-whole-story", **pairs, section="rand-linear")

# %% tags=["remove-input"]
errors, norms = (measures.by_seed(penalized, v, penalty) for v in ("test_error", "norm"))
arm_values = {"error": longer, "any_target": pulls.test_error.idxmin()}
arm_values |= {"none": (0.0, 0.0), "shortest": (0.0, 0.016)}
arm_values = {key: 100 * (errors[arm] - errors[decayed]) for key, arm in arm_values.items()}
arm_values["norm"] = norms[longer] - norms[decayed]
ledger.card("small-norm-not-optimal", **arm_values, section="rand-norm")

# %% [markdown]
r"""
**We also asked** whether noise is *fitted* sooner too, what each regularizer adds, what kernel and target do at other settings. The answers stand under each card.

## Who disagrees, and what to drop

**About bounds.** The paper is often quoted as the end of learning theory. {cite:t}`dziugaite2017` answered in the same year with a bound
below 1, for a distribution of networks around the trained one and not for the class. Both are right.

**About depth.** {cite:t}`belkin2018` found that kernel machines fit noisy labels and still predict well, and concluded that the good performance of overfitted classifiers is not a unique feature of deep learning ({ref}`rand-ex-noisy-kernels`).

:::{admonition} "Regularization is useless"
:class: misconception
It adds points ({numref}`fig-rand-regularizers`). It is not *needed* for generalizing far better than chance.
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

One star takes minutes and no code, two take a cell, three an experiment. Solutions are folded and were run with this page.
To hand in: {assignment}`02_randomization`.

```{exercise} ★ Labels from a hat
:label: rand-ex-hat
All training labels are drawn uniformly from $K$ classes. (a) What share of them is wrong, on average? (b) The algorithm treats classes alike:
permuting the names of the classes permutes its predictions. Show that its expected test accuracy, for true test labels, is exactly $1/K$.
```

```{solution} rand-ex-hat
:class: dropdown
(a) $1 - 1/K$. (b) Renaming the classes leaves the distribution of the training set as it is, since all its labels are uniform, and permutes the
predictions. So at every test input each class is predicted with probability $1/K$, the right one too.
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
(b) and (c) know which pixels are at the border, or next to each other. Shifts are how a fully connected network is *told* the geometry.
```

```{exercise} ★ One signal twice
:label: rand-ex-twice
{prf:ref}`rand-thm-expressivity` needs distinct points. What happens to zero training error on random labels if the training set contains some
signal twice? Why does that hardly matter under random *pixels*?
```

```{solution} rand-ex-twice
:class: dropdown
Two copies get the same output, and random labels differ between them with probability $1 - 1/K$, so about that share of the pairs keeps one error,
for every function whatsoever. If each
signal gets an order of its own, copies no longer coincide.
```

```{exercise} ★ When margin and norm agree
:label: rand-ex-margin
A *support vector* is a point that lies exactly at the margin. Show: if all points are support vectors, the direction of largest margin is that of the minimum norm. Which point of {numref}`fig-rand-margin` is none?
```

```{solution} rand-ex-margin
:class: dropdown
The largest-margin direction is that of the shortest $w$ with $y_i x_i^\top w \ge 1$. If every point is a support vector, all constraints hold with
equality, and the shortest $w$ with $y_i x_i^\top w = 1$, which is $x_i^\top w = y_i$, *is* the minimum-norm solution. The square is none. {cite:t}`muthukumar2021` prove that all points become support
vectors, with high probability, when $d$ is large enough against $n$.
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
starts = by_condition("start", "convolutional").mean()
signals = {"random labels": first.x}  # the signals as they are
signals |= {name: shown[name].x for name in ("random pixels", "Gaussian pixels")}
nearest = {}
for name, x in signals.items():
    each = torch.cdist(x, x).fill_diagonal_(torch.inf).amin(1)
    nearest[name] = (each.median() / kernels.median_distance(x)).item()
pd.DataFrame({"nearest / median": nearest, "start": starts[list(nearest)]}).round(2)

# %% [markdown]
r"""
Real signals have near neighbours, and random labels tell the network to separate them. Distances are not all: random pixels are no further apart than Gaussian ones, yet start as early. They carry a clue to the class (next exercise).

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
Far more than chance: classes differ in how far they reach and how often they are near zero. The networks found a part of that without being told to sort.

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
    error = (f(d.x_test).argmax(1) != d.y_test).double().mean().item()
    return {"data_seed": seed, "share": share, "error": 100 * error, "norm": f.norm}


noisy = pd.DataFrame([noisy_kernel(p, s) for p in (0.0, 0.4, 1.0) for s in seeds[:5]])
errors = {"kernel": measures.by_seed(noisy, "error", "share")}
errors |= {name: 100 * by_share("test_error", name)[:5] for name in networks}
harm = {name: claims.mean(table[0.4] - table[0.0]) for name, table in errors.items()}
print(noisy.groupby("share").norm.mean().round(1).to_dict())
pd.Series({name: f"{points:.1f}" for name, points in harm.items()}, name="points lost")

# %% [markdown]
r"""
The convolutional network loses most, since it had most to lose; the kernel loses least, and none falls apart: a wrong label reaches only its
neighbours, and a narrow kernel's reach is short. Its norm hardly grows up to random labels: at this bandwidth nearly every signal stands alone, and any label costs about the same.

```{solution-end}
```

```{exercise} ★★★ A network that finds noise hard
:label: rand-ex-convolution
Give convolutional networks of 8, 16 and 48 channels, without batch norm, 500 signals with true labels, random labels and Gaussian pixels, and 100 epochs at a learning rate of 0.05. Which networks fit what? Is it the number of weights?
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
With 8 channels true labels are nearly fitted and neither kind of noise is; with 16 Gaussian pixels nearly are and random labels are not; with 48 all is. The same 16 channels fit one kind of noise much better than the other: a count of weights does not say what is fitted in time. Sharing weights over positions is an economy if signals consist of recurring local patterns, and a burden if they do not. So
"networks fit noise" is a statement about networks of the sizes that people use: a smaller one fails the test.

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
three = {s: data.mnist1d(n, 1000, s) for s in seeds[:3]}
hard |= {"seed": {s: s for s in three}, "label_noise": (0.0, 1.0)}
shifted = sweep(fully_connected, three, shift=(0, 1, 2, 5), **hard)
shifted = shifted.rename(columns={"train_error": "training", "test_error": "test"})
shifted.pivot_table(["training", "test"], "shift", "label_noise").round(3)

# %% [markdown]
r"""
From $r = 1$ on, if only just: with three versions of each signal a few random labels are missed, with eleven a large part. Augmentation multiplies what has to be memorized. With true labels too not all is fitted in time, but the test error falls, because there the versions belong together.

```{solution-end}
```

## Summary

- A network that generalizes from true labels fits random ones, and noise for inputs, with the same settings in somewhat more time.
- After fitting, the test error follows the corruption from that for true labels to chance. Nothing about the network has changed along the way, so
  class-wide capacity says the same of all of it.
- Augmentation helps; weight decay and batch norm hardly do here. None of them is needed for generalizing far above chance.
- A two-layer network with $2n + d$ weights, built by a proof, fits true labels and generalizes hardly at all: interpolation explains nothing by itself.
- In a linear model gradient descent from zero finds the minimum-norm interpolant, if the loss has a finite minimum, and with a kernel this interpolant generalizes as well as a fully connected network. The
  norm does not tell which representation is good, and the smallest norm is not the best.

**Reading.** {cite:t}`zhang2017`, short and worth reading whole; {cite:t}`belkin2018` for kernels; {cite:t}`dziugaite2017` for a bound that
is not vacuous; {cite:t}`soudry2018` and {cite:t}`gunasekar2018` for what other losses find.
"""
