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
(memorization)=
# Memorization

A network that can fit random labels can memorize anything. Whether it memorizes when the labels make sense is another question, and one that can be
put to the networks themselves: which examples do they get right first, how hard do they work for each, and what would it take to stop them?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from matplotlib.patheffects import withStroke
from scipy import stats

from overparam import (
    MLP,
    claims,
    data,
    figures,
    measures,
    mlp,
    network,
    randomness,
    results,
    scale,
    sweep,
)
from overparam.measures import regions, sensitivity
from overparam.theory import kernels

figures.style()
colors = figures.COLORS
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
ledger = claims.EarlierLedger("memorization")
sizes = scale.sizes(
    #                 smoke              laptop                       gpu
    images=(          "digits",          "digits",                    "mnist"),
    examples=(        200,               1_000,                       20_000),
    seeds=(           3,                 5,                           5),
    many_seeds=(      3,                 10,                          5),
    width=(           32,                128,                         1_024),
    epochs=(          60,                100,                         100),
    networks=(        10,                100,                         100),
    per_class=(       20,                100,                         1_000),
    fit_examples=(    (50, 100, 200),    (100, 200, 400, 800, 1_600), (1_000, 5_000, 20_000, 50_000)),
    fit_widths=(      (16, 64),          (32, 64, 128, 256),          (256, 1_024, 4_096)),
    fit_epochs=(      100,               400,                         400),
    real_examples=(   60,                400,                         10_000),
    capacities=(      (4, 16, 64),       [2**k for k in range(2, 9)], [4**k for k in range(1, 7)]),
    way=(             (0, 10, 60),       (0, 2, 8, 30, 90, 240),     (0, 2, 8, 30, 90, 240)),
    own_way=(         (20, 80),          (20, 25, 30, 55, 65, 80),   (20, 25, 30, 55, 65, 80)),
    region_widths=(   (8, 32, 64),       (8, 12, 32, 64, 256),        (16, 32, 64, 128, 256, 1_024)),
    just_fits=(       32,                32,                          128),
    region_epochs=(   50,                200,                         200),
)  # fmt: skip


def interval(values, level=0.95):
    """claims.mean over the seeds that have a value."""
    values = np.asarray(values, dtype=float)
    return claims.mean(values[np.isfinite(values)], level)


sizes

# %% [markdown]
r"""
## The puzzle

Show a network pictures of handwritten digits and tell it a wrong digit for a third of them. Early in training it answers most of these pictures with
the digit that they really show, which nobody has told it. By the end it answers nearly every one with what it was told.
"""

# %% mystnb={"code_prompt_show": "The networks: one call to sweep"} tags=["hide-input"]
# Networks that are told a share of wrong labels. Their weights are kept at fourteen moments of the training.
images = data.mnist() if sizes.images == "mnist" else data.digits(n_train=1_297)
recipe = {"lr": 0.05, "momentum": 0.9, "batch_size": 50}
moments = [
    e for e in (1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 38, 50, 70, 100) if e <= sizes.epochs
]
told = sweep(
    mlp(sizes.width, depth=2),
    images,
    n=sizes.examples,
    label_noise=[0, 0.2, 0.4, 0.8],
    seed=scale.seeds(sizes.seeds),
    epochs=sizes.epochs,
    **recipe,
    record={"weights": moments, "correct": [sizes.epochs]},
)


@torch.no_grad()
def answers(row, x, images=images):
    """The classes that a recorded network gives to x [n, d] at each recorded moment: [moments, n]."""
    times = range(len(row.weights_epoch))
    return np.stack([network(row, images, t)(x).argmax(1).numpy() for t in times])


def validation(row, images):
    """Accuracy over time on unused training examples with labels as noisy as those that were used."""
    unused = np.setdiff1d(np.arange(len(images.x)), row.examples)[:5_000]
    draw = randomness.generator(row.data_seed, "validation noise")
    labels = data.corrupt_labels(images.y[unused], row.label_noise, 10, draw).numpy()
    return (answers(row, images.x[unused], images) == labels).mean(1)


def history(runs, images=images):
    """How often networks answer as told, and how often with the truth, over time."""
    names = {
        "true_label": "the true digit",
        "wrong_label": "the digit it was told",
        "right_label": "truly labelled pictures",
        "label_noise": "noise",
        "data_seed": "seed",
    }
    table = measures.label_history(runs, images).rename(columns=names)
    checked = [validation(row, images) for _, row in runs.iterrows()]
    return table.assign(validation=np.concatenate(checked)).reset_index(drop=True)


story = history(told[told.label_noise > 0])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**First the truth, then the lie.** Above: the first eight wrongly labelled pictures of one training set, with the label that the network was given and its answers in mid-training and at the end. Below: over time, how often wrongly labelled training pictures are answered with their true digit and with the digit that was told. Means over seeds with 95 % bands.", "name": "fig-mem-puzzle"}, "image": {"alt": "Above, a row of eight handwritten digits with three numbers below each: the wrong label, the answer in mid-training, which is mostly the digit shown, and the final answer, which is the wrong label. Below, two curves against the epoch on a logarithmic axis: answers with the true digit rise to a high peak and fall to nothing, while answers with the told digit rise from nothing to all."}} tags=["hide-input"]
middle = 8
fig = plt.figure(figsize=(7.2, 5.0))
strip, below = fig.subfigures(2, 1, height_ratios=(1, 2.1))
row = told[(told.label_noise == 0.4)].iloc[0]
lies = np.flatnonzero(row.labels != images.y[row.examples].numpy())[:8]
pictures = images.x[row.examples][lies]
said = answers(row, pictures)
side = int(images.x.shape[1] ** 0.5)
axes = strip.subplots(1, 8)
for i, ax in enumerate(axes):
    ax.imshow(pictures[i].view(side, side).numpy(), cmap="gray_r", interpolation="nearest")
    ax.axis("off")
    words = (row.labels[lies[i]], said[moments.index(middle), i], said[-1, i])
    heads = ("told", f"epoch {middle}", "end") if i == 0 else ("", "", "")
    for k, (head, word) in enumerate(zip(heads, words, strict=True)):
        y = -0.22 - 0.26 * k
        ax.text(0.5, y, word, ha="center", va="center", transform=ax.transAxes)
        ax.text(-0.12, y, head, ha="right", va="center", transform=ax.transAxes)
ax = below.subplots()
forty = story[story.noise == 0.4]
for name, color in (
    ("the true digit", colors["true_labels"]),
    ("the digit it was told", colors["random_labels"]),
):
    figures.plot(forty, "epoch", name, ax=ax, colors=color, label=name)
ax.axvline(middle, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set(
    xscale="log",
    ylim=(0, 1.02),
    xlabel="epoch",
    ylabel="share of wrongly labelled pictures",
)
ax.legend(
    loc="center left", bbox_to_anchor=(0.46, 0.42), title="answered with", alignment="left"
)
plt.show()

# %% tags=["remove-input"]
means = forty.groupby("epoch")[
    ["the true digit", "the digit it was told", "train", "test"]
].mean()
best = means["the true digit"].idxmax()
first, last = means.loc[best], means.iloc[-1]
wrong_share = np.mean(
    [
        (r.labels != images.y[r.examples].numpy()).mean()
        for _, r in told[told.label_noise == 0.4].iterrows()
    ]
)
Markdown(
    f"{wrong_share:.0%} of the labels are wrong. At epoch {best:.0f} the networks answer {first['the true digit']:.0%} of the wrongly labelled "
    f"pictures with the "
    f"true digit and {first['the digit it was told']:.0%} with the one they were told; at the end it is {last['the true digit']:.0%} and "
    f"{last['the digit it was told']:.0%}. On pictures never seen they are right {first.test:.0%} of the time at epoch {best:.0f} and "
    f"{last.test:.0%} at the end."
)

# %% [markdown]
r"""
Nothing distinguishes a wrong label from a right one, except that it disagrees with the rest of the data. So the network has found the rest of the
data first. A learner that stores examples one by one, such as a nearest-neighbour rule, has no such phase. This is what {cite:t}`arpit2017` mean when
they say that networks learn simple patterns first and memorize later, and it makes {term}`memorization` a thing that happens at some time, to some
examples, at some cost. All three can be measured.

::::{admonition} Predict before you run
:class: predict
You stop the training where accuracy on a *validation set* is best. But the labels of your validation set are as noisy as those you train on. Does
that still work?

1. No: the best network on noisy labels is one that has learned the noise.
2. Yes: the noise of the validation labels cannot be learned from the training set, so it costs every network the same.
3. Only if less than a tenth of the labels is wrong.

:::{dropdown} Answer
The second. If a picture is answered rightly with probability $a$ and its validation label is replaced independently with probability $\eta$, answer and
label agree with probability $(1 - \eta)\, a + \eta / K$. That is a straight line in $a$, so the order of the networks is kept; only the noise of finitely
many pictures is added. The next figure is drawn with noisy validation labels.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Validation accuracy peaks while the wrong labels are still unlearned.** Accuracy on the training labels as told, on unseen pictures with labels as noisy, and on test pictures with true labels, for three shares \u03b7 of labels replaced at random. Means over seeds with 95 % bands.", "name": "fig-mem-validation"}, "image": {"alt": "Three panels, for increasing label noise, of accuracy against the epoch on a logarithmic axis. Training accuracy rises to one. Test and validation accuracy rise, peak early and fall; the more noise, the deeper the fall."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.3), sharey=True)
shades = {
    "train": colors["train"],
    "validation": figures.SEQUENCE[4],
    "test": colors["test"],
}
for ax, (noise, rows) in zip(axes, story.groupby("noise"), strict=True):
    for name, color in shades.items():
        figures.plot(rows, "epoch", name, ax=ax, colors=color, label=name, markersize=3)
    ax.set(xscale="log", ylim=(0, 1.02), title=f"η = {noise:g}", xlabel="epoch", ylabel="")
axes[0].set_ylabel("accuracy")
axes[0].legend(loc="lower right", fontsize=10)
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def at_best_validation(rows):
    """Each seed's row at its epoch of best validation accuracy, and its last one."""
    best = rows.loc[rows.groupby("seed").validation.idxmax()]
    last = rows.loc[rows.groupby("seed").epoch.idxmax()]
    return best.set_index("seed"), last.set_index("seed")


chosen, final = at_best_validation(forty)
preference = interval(chosen["the true digit"] - chosen["the digit it was told"])
learned_later = interval(final["the digit it was told"] - chosen["the digit it was told"])
reversal = interval(final["the digit it was told"] - final["the true digit"])
test_change = interval(final.test - chosen.test)

# %% tags=["remove-input"]
Markdown(
    f"At η = 0.4, stopped on noisy validation labels (at epoch {chosen.epoch.min():.0f} to {chosen.epoch.max():.0f}), networks prefer the true "
    f"digit of a wrongly labelled "
    f"picture to the told one by {preference:.2f} in share. Training on to the end changes their accuracy on test pictures by {test_change:.3f}."
)

# %% [markdown]
r"""
Had the networks learned every example at its own pace, whatever the others say, the true digit would never have been in the lead.

::::{admonition} Break it: a harder task
:class: break-it
The window between pattern and memory is a property of the task too. Train the same networks in the same way on MNIST-1D, short signals whose classes
a fully connected network finds hard to tell apart. Will it guess the true class of the examples that it was told wrong?
::::
"""

# %%
signals = data.mnist1d()
hard = sweep(
    mlp(sizes.width, depth=2),
    signals,
    n=sizes.examples,
    label_noise=0.4,
    seed=scale.seeds(sizes.seeds),
    epochs=sizes.epochs,
    **recipe,
    record={"weights": moments, "correct": [sizes.epochs]},
)
hard_story = history(hard, signals)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A short and weak truthful phase.** The same experiment on MNIST-1D: the true class of wrongly labelled signals is given far less often, and only briefly. Means over seeds with 95 % bands.", "name": "fig-mem-hard"}, "image": {"alt": "Two curves against the epoch on a logarithmic axis for MNIST-1D. Answers with the true class rise a little and fall again; answers with the told class rise to one."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.2))
figures.plot(
    hard_story,
    "epoch",
    "the true digit",
    ax=ax,
    colors=colors["true_labels"],
    label="the true class",
)
figures.plot(
    hard_story,
    "epoch",
    "the digit it was told",
    ax=ax,
    colors=colors["random_labels"],
    label="the class it was told",
)
ax.set(
    xscale="log",
    ylim=(0, 1.02),
    xlabel="epoch",
    ylabel="share of wrongly\nlabelled signals",
)
ax.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
hard_truth = hard_story.groupby("epoch")["the true digit"].mean()
Markdown(
    f"On MNIST-1D the true class of a wrongly labelled signal is answered in at most {hard_truth.max():.0%} of the cases, at epoch "
    f"{hard_truth.idxmax():.0f}; on the digits, with as much noise, it is {first['the true digit']:.0%}. Guessing would give a tenth."
)

# %% [markdown]
r"""
How much of the truth comes first, and for how long, depends on how quickly a network finds the pattern. "Simple patterns first" is a sentence about
networks *and* data.

(mem-agree)=
## Who is easy?

If networks pick up patterns first, then the examples that follow the pattern should come first, and they should be the *same* examples for every
network. {cite:t}`arpit2017` trained a hundred networks for a single epoch and counted for each example how many of them got it right. They compared
three data sets: real ones; *random inputs*, Gaussian numbers in place of the pixels (their randX); and *random labels*, the labels shuffled (their
randY).

::::{admonition} Predict before you run
:class: predict
One hundred networks, one epoch, 1,000 training examples. On random inputs, which have labels but no pattern, how many networks get a given example
right?

1. About the same number for each, as if every network tossed a coin for every example.
2. All or none, since easy is easy and hard is hard.
3. It depends on whether the example was seen early or late in the epoch.

:::{dropdown} Answer
Close to the first. The third holds inside every single network, but each has an order of its own, so over networks it is part of the coin and makes
no example easier than another. What lies above coins must sit in the examples: by chance some random inputs lie nearer to others of their class.
:::
::::

:::{margin}
Only of this experiment does the paper say how often it was repeated; its other figures come without error bars.
:::

One precaution decides whether this works. After one epoch a network has learned little more than how frequent the classes are. If one class is more
frequent than the others, all networks guess it, *agree*, and random data look anything but random. So every class gets equally many examples, and the
common mean of the pixels is taken out ({ref}`ex-mem-balance` leaves both as they are).
"""

# %%
mean, sd = images.x.mean(), images.x.std()
standard = replace(images, x=(images.x - mean) / sd, x_test=(images.x_test - mean) / sd)


# %%
def three_kinds(pool, seed):
    """Real examples, the same with random inputs, and the same with their labels shuffled."""
    draw = randomness.generator(seed, "random labels")
    order = torch.randperm(len(pool.y), generator=draw)
    return {
        "real": pool,
        "random inputs": data.gaussian_pixels(pool, seed),
        "random labels": replace(pool, y=pool.y[order]),
    }


def balanced(pool, seed, per_class=sizes.per_class):
    """A pool with equally many examples of each class."""
    order = data.subset(pool, len(pool.y), seed)
    rows = torch.cat([order[pool.y[order] == k][:per_class] for k in range(10)])
    return replace(pool, x=pool.x[rows], y=pool.y[rows])


# %%
one_epoch = {"epochs": 1, "lr": 0.02, "momentum": 0.9, "batch_size": 20}


def right_after_one_epoch(kinds, seed):
    """By kind of data, which networks are right on which examples."""
    starts, kept = range(sizes.networks), {"correct": [1]}
    net = mlp(64, depth=2)
    runs = sweep(net, kinds, data_seed=seed, init_seed=starts, **one_epoch, record=kept)
    return {
        kind: np.stack([c[-1] for c in rows.correct]) for kind, rows in runs.groupby("data")
    }


# %%
sets = {s: three_kinds(balanced(standard, s), s) for s in scale.seeds(sizes.seeds)}
right = {s: right_after_one_epoch(kinds, s) for s, kinds in sets.items()}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Networks agree about real examples and hardly about random ones.** How many of the networks get a training example right after one epoch, as a histogram over examples of one training set; dashed, what coins with the same mean accuracy would give. Real examples crowd at the right end and have a tail to the left end, random inputs are close to coins, random labels lie in between.", "name": "fig-mem-agree"}, "image": {"alt": "Three histograms of the share of networks that get an example right. Real data: a tall bar near one and a tail down to zero, nothing like the narrow dashed bell. Random inputs: a bell slightly wider than the dashed one. Random labels: a bell visibly wider than the dashed one."}} tags=["hide-input"]
hues = {
    "real": colors["true_labels"],
    "random inputs": colors["noise"],
    "random labels": colors["random_labels"],
}
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.2))
R = sizes.networks
for ax, (kind, color) in zip(axes, hues.items(), strict=True):
    correct = right[scale.seeds(1)[0]][kind]
    width = max(R // 25, 1)
    edges = np.arange(-0.5, R + width, width)
    ax.hist(correct.sum(0), bins=edges, color=color, alpha=0.75)
    coins = stats.binom(R, correct.mean()).cdf
    expected = correct.shape[1] * (coins(edges[1:]) - coins(edges[:-1]))
    ax.plot(
        (edges[1:] + edges[:-1]) / 2,
        expected,
        "--",
        color=figures.INK,
        linewidth=1.5,
        label="coins",
    )
    ax.set(title=kind.capitalize(), xlabel="networks that are right", ylabel="")
axes[0].set_ylabel("examples")
axes[0].legend(loc="upper left")
plt.show()

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**What a hundred networks find easy and hard.** Above, training pictures that the most networks get right after one epoch; below, those that the fewest get right, with their labels. Many of the lower row would give a reader pause as well.", "name": "fig-mem-easy"}, "image": {"alt": "Two rows of ten handwritten digits. The upper row shows clear digits; the lower row shows digits of unusual or ambiguous shape, each with its label."}} tags=["hide-input"]
seed = scale.seeds(1)[0]
pool = sets[seed]["real"]
taught = data.subset(
    pool, len(pool.y), seed
)  # the order in which the networks' examples are recorded
ranked = taught[np.argsort(-right[seed]["real"].mean(0), kind="stable")]
fig, axes = plt.subplots(2, 10, figsize=(7.2, 1.95))
for ax, k in zip(axes.flat, [*ranked[:10], *ranked.flip(0)[:10]], strict=True):
    ax.imshow(pool.x[k].view(side, side).numpy(), cmap="gray_r")
    ax.axis("off")
    ax.set_title(int(pool.y[k]), loc="center", fontsize=10, pad=2)
plt.show()

# %% [markdown]
r"""
To put a number on it: let $\hat p_i$ be the share of $r$ networks that get example $i$ right, and $\bar p$ its mean. Coins would give the $\hat p_i$
a variance of $\bar p (1 - \bar p) / r$. The *over-dispersion* is the measured variance divided by that: 1 for coins, about $r$ when every example is
always right or always wrong ({ref}`ex-mem-dispersion`). If example $i$ is right with probability $\pi_i$ over networks, the over-dispersion is
expected to be about $1 + (r - 1)\, \omega$, where $\omega = \operatorname{Var}(\pi_i) / (\bar p (1 - \bar p))$ is the share of the variance of a
single answer that belongs to the example. A coin has $\omega = 0$.
"""

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
dispersion = pd.DataFrame(
    {
        "seed": s,
        "kind": kind,
        "dispersion": measures.over_dispersion(c),
        "extreme": ((c.mean(0) < 0.05) | (c.mean(0) > 0.95)).mean(),
    }
    for s, kinds in right.items()
    for kind, c in kinds.items()
)
by_kind = dispersion.pivot_table("dispersion", "seed", "kind")
level = {kind: interval(by_kind[kind], level=0.99) for kind in hues}
real_less_inputs, real_less_labels = (
    interval(by_kind["real"] - by_kind[k]) for k in list(hues)[1:]
)
labels_less_inputs = interval(by_kind["random labels"] - by_kind["random inputs"])
of_the_example = {kind: (level[kind].value - 1) / (R - 1) for kind in hues}
ends_share = dispersion.pivot_table("extreme", "seed", "kind")
more_extreme = interval(ends_share["real"] - ends_share["random inputs"])

# %% tags=["remove-input"]
coin_rng = randomness.rng(scale.seed_offset())
coin = np.quantile(
    [
        measures.over_dispersion(coin_rng.random((R, right[seed]["real"].shape[1])) < 0.5)
        for _ in range(200)
    ],
    0.995,
)
extreme = dispersion.groupby("kind").extreme.mean()
Markdown(
    "Over-dispersion, with 99 % intervals: "
    + "; ".join(f"{kind} {value:.1f}" for kind, value in level.items())
    + f". Simulated coins stay below {coin:.2f} in 99.5 % of trials. The share of a single answer's variance that belongs to the example, ω, is "
    + ", ".join(f"{share:.2f} ({kind})" for kind, share in of_the_example.items())
    + ". The share of examples that fewer than 5 % or more than 95 % of the networks "
    "get right is " + ", ".join(f"{extreme[kind]:.0%} ({kind})" for kind in hues) + "."
)

# %% [markdown]
r"""
Easiness is thus in part a property of the example *within its data set*, shared by networks that differ in their initialisation and in the order of
the examples. Random inputs are nearest to coins. Random labels are further away: the pictures still look alike in groups, and a network that answers
alike for similar pictures is right where a shuffled label happens to agree with its neighbours'.

(mem-effort)=
## What noise costs

### Time

How long until every training example is right? The three kinds of data again, this time trained until the whole training set is fitted, for growing
numbers of examples and of hidden units.

::::{admonition} Predict before you run
:class: predict
You double the number of training examples, and train until all are right. An epoch now has twice as many steps. How does the number of *epochs*
change, for real and for randomly labelled data?

1. It stays: every example needs so many visits, whatever the labels.
2. It falls for real data and rises for random labels.
3. It rises for both.

:::{dropdown} Answer
The second. A second picture of a 3 helps with the first, so real examples need fewer visits the more there are. A second random label is one more
thing to remember, and it gets in the way of the others.
:::
::::
"""

# %%
everything = replace(
    images, x=torch.cat([images.x, images.x_test]), y=torch.cat([images.y, images.y_test])
)
kinds = three_kinds(everything, scale.seed_offset())


# %%
def until_fitted(width, n):
    """Networks that train until every training example is right, for each kind of data."""
    return sweep(
        mlp(width, depth=2),
        kinds,
        n=n,
        seed=scale.seeds(sizes.seeds),
        epochs=sizes.fit_epochs,
        stop_fitted=1,
        **recipe,
    ).assign(steps=lambda t: t.epochs_run * np.ceil(t.n / t.batch_size))


by_n = until_fitted(sizes.width, sizes.fit_examples)
by_width = until_fitted(sizes.fit_widths, sizes.examples // 2)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Real examples help each other, random labels do not.** Epochs until every training example is right. Left: against the number of examples; real data need fewer epochs the more there are, random labels more. Right: against the number of hidden units; all three need fewer epochs in wider networks. Means over seeds with 95 % bands.", "name": "fig-mem-time"}, "image": {"alt": "Two panels of epochs to fit on logarithmic axes. Left, against training examples: the curve for real data falls, for random inputs falls slightly, for random labels rises, far above the others. Right, against hidden units: all three fall."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), sharey=True)
for ax, table, x, label in (
    (axes[0], by_n, "n", "training examples"),
    (axes[1], by_width, "width", "hidden units per layer"),
):
    figures.plot(table, x, "epochs_run", hue="data", ax=ax, colors=hues)
    ax.set(xscale="log", yscale="log", xlabel=label, ylabel="")
    shown = sorted(table[x].unique())
    ax.set_xticks(shown, [f"{v:,}" for v in shown])
    ax.set_xticks([], minor=True)
axes[0].set_ylabel("epochs until all are right")
axes[1].legend()
plt.show()


# %% mystnb={"code_prompt_show": "The exponents"} tags=["hide-input"]
def slopes(table, x, y):
    """Slope of log y on log x, for each kind of data and seed: its exponent."""
    values = table.pivot_table(y, ["data", "data_seed"], x)
    exponents = np.polyfit(np.log(values.columns), np.log(values.to_numpy().T), 1)[0]
    rows = values.index.to_frame(index=False).assign(exponent=exponents)
    return rows.pivot_table("exponent", "data_seed", "data")


in_n, in_width = slopes(by_n, "n", "steps"), slopes(by_width, "width", "steps")
steeper = {
    (axis, kind): interval(exponents[kind] - exponents["real"])
    for axis, exponents in (("examples", in_n), ("units", in_width))
    for kind in ("random labels", "random inputs")
}
unfinished = sum(int((t.train_error > 0).sum()) for t in (by_n, by_width))

# %% tags=["remove-input"]
Markdown(
    "The number of *steps* grows with the number of examples to the power of "
    + ", ".join(f"{interval(in_n[kind]):.2f} ({kind})" for kind in hues)
    + ", and with the number of units to the power of "
    + ", ".join(f"{interval(in_width[kind]):.2f} ({kind})" for kind in hues)
    + f". Training runs that were stopped before they had fitted: {unfinished} of {len(by_n) + len(by_width)}."
)

# %% [markdown]
r"""
An exponent of 1 in the number of examples would mean that each example costs the same work as before; below 1 the examples help each other. Random
*inputs* are a surprise if you expect noise to be noise: their labels have as little to do with the pixels as shuffled ones, and yet they are fitted
sooner. A reason that fits both: random inputs lie far from each other, so a label can be stored without disturbing the others; among real pictures a
random label is contradicted by its neighbours'.

### Room

Noise also needs room. Keep the number of real examples (up to the luck of the draw) and *add* noise to them: random inputs with labels, or real
pictures with random labels. How wide must a network be to do as well as it can on clean validation pictures, at a fixed number of epochs?
"""


# %%
def mixed(kind, share, seed):
    """Pictures, each replaced by a noise example with this probability."""
    draw = randomness.generator(seed, "noise examples")
    noise = torch.rand(len(standard.y), generator=draw) < share
    if kind == "random inputs":
        gaussian = torch.randn(standard.x.shape, generator=draw)
        return replace(standard, x=torch.where(noise[:, None], gaussian, standard.x))
    labels = torch.randint(10, standard.y.shape, generator=draw)
    return replace(standard, y=torch.where(noise, labels, standard.y))


# %%
noise_shares = (0, 0.2, 0.4, 0.6)
both = ("random inputs", "random labels")
capacity = pd.concat(
    sweep(
        mlp(sizes.capacities),
        {kind: mixed(kind, share, scale.seed_offset()) for kind in both},
        n=round(sizes.real_examples / (1 - share)),
        seed=scale.seeds(sizes.seeds),
        epochs=sizes.epochs,
        **recipe,
    ).assign(share=share)
    for share in noise_shares
).assign(accuracy=lambda t: 1 - t.test_error)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Noise in the inputs asks for a wider network, noise in the labels for something else.** Validation accuracy of networks with one hidden layer, for four shares of noise examples beside the same number of real ones. Left: random inputs push the width that is needed to the right. Right: random labels lower the whole curve and make it dip where the network can just fit them. Means over seeds with 95 % bands.", "name": "fig-mem-capacity"}, "image": {"alt": "Two panels of validation accuracy against hidden units on a logarithmic axis, with one curve for each share of noise. Left, random inputs: all curves rise and level off at about the same height, later with more noise. Right, random labels: curves with noise are lower and not monotone; they rise, dip at intermediate width and rise again."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.8), sharey=True)
for ax, (kind, rows) in zip(axes, capacity.groupby("data"), strict=True):
    figures.plot(rows, "width", "accuracy", hue="share", ax=ax, label="{:.0%} noise")
    ax.set(xscale="log", title=kind.capitalize(), xlabel="hidden units", ylabel="")
axes[0].set_ylabel("validation accuracy")
axes[0].legend(loc="lower right")
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def accuracies(kind, share):
    """Validation accuracy, one row for each seed and one column for each width."""
    rows = capacity[(capacity.data == kind) & (capacity.share == share)]
    return rows.pivot_table("accuracy", "data_seed", "width")


def enough(kind, share, within=0.02):
    """log₂ of the width at which accuracy first comes within two points of its best, for every seed.

    Interpolated between the widths that were trained.
    """
    table, doublings = accuracies(kind, share), np.log2(sizes.capacities)
    found = []
    for row in table.to_numpy():
        reached = row.max() - within
        k = int((row >= reached).argmax())
        near = slice(k - 1, k + 1)
        found.append(np.interp(reached, row[near], doublings[near]) if k else doublings[0])
    return np.array(found)


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def cost_of_sixteen(kind, share):
    """How much accuracy a network of 16 units loses against the widest, for every seed."""
    table = accuracies(kind, share)
    return table[max(sizes.capacities)] - table[16]


most = max(noise_shares)
wider = {k: interval(enough(k, most) - enough(k, 0)) for k in both}
costlier = {k: interval(cost_of_sixteen(k, most) - cost_of_sixteen(k, 0)) for k in both}
mislabelled = capacity[(capacity.data == "random labels") & (capacity.share == most)]
left_over = mislabelled.groupby("width").train_error.mean()
fitting = left_over[left_over < 0.02].index

# %% tags=["remove-input"]
Markdown(
    f"With {most:.0%} noise the smallest width within two points of the best accuracy is larger than without by, in doublings: "
    + "; ".join(f"{k} {v:.2f}" for k, v in wider.items())
    + ". What a network of 16 units loses against the widest grows by, in share of the validation pictures: "
    + "; ".join(f"{k} {v:.2f}" for k, v in costlier.items())
    + ". "
    + (
        f"With {most:.0%} random labels {fitting.min()} units are the first to fit 98 % of the training set."
        if len(fitting)
        else f"With {most:.0%} random labels no width fits 98 % of the training set."
    )
)

# %% [markdown]
r"""
Random inputs do what the paper says. They lie far from all real pictures and from each other, so a wide network can put them aside at no cost; a
narrow one has to spend the units that the real pictures need. Random labels are another matter: they sit *among* the real pictures, and at every
width shown they do harm. Their curve dips near the width that can just fit them (the line above names it), which is the peak of the test error of
{cite:t}`nakkiran2020`, upside down. Where a curve dips, "the smallest sufficient width" is not a useful summary, and we show the whole curve. The
card tests it all the same, as planned, and only for the widths shown: with random labels the curve still rises at the widest, and much wider networks
may pass the narrow ones. The epochs are fixed, so a set with more noise also gets more steps.

### Distance

The same architecture, with the same number of parameters, then does different amounts of work. {cite:t}`neyshabur2017` looked at where the weights
end: how far from where they started, and how large. Four lengths: the *distance* from the initialisation, the *Frobenius* norm (the length of all
weights), the *path* norm {cite:p}`neyshabur2015` and the product of the layers' largest singular values (*spectral*). To compare like with like,
every run stops at the same training loss, averaged over the batches of its last epoch.
"""

# %%
travel = sweep(
    mlp(sizes.width, depth=2),
    {kind: kinds[kind] for kind in ("real", "random labels")},
    n=sizes.fit_examples[:4],
    seed=scale.seeds(sizes.seeds),
    epochs=sizes.fit_epochs,
    stop_loss=0.05,
    **recipe,
    record={"weights": [0]},
)

# %% mystnb={"code_prompt_show": "The four lengths"} tags=["hide-input"]
shape = tuple(everything.x.shape[1:])
lengths = pd.DataFrame(
    measures.norms(network(row, everything), network(row, everything, 0), shape)
    for _, row in travel.iterrows()
)
travel = pd.concat([travel.drop(columns="weights"), lengths], axis=1)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**For random labels the weights travel further, and ever further with more examples.** Networks of one architecture, all trained to the same training loss. Left: distance of the weights from their initialisation. Right: path norm, the root of the sum over all paths from an input to an output of the product of their squared weights. Means over seeds with 95 % bands.", "name": "fig-mem-distance"}, "image": {"alt": "Two panels against the number of training examples on logarithmic axes, distance from initialisation and path norm. In both the curve for real labels is low and nearly level, and the curve for random labels is higher and rises steeply."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.5))
for ax, measure, label in (
    (axes[0], "distance", "distance from the start"),
    (axes[1], "path", "path norm"),
):
    figures.plot(travel, "n", measure, hue="data", ax=ax, colors=hues, label="{}")
    ax.set(xscale="log", yscale="log", xlabel="training examples", ylabel=label)
    shown = sizes.fit_examples[:4]
    ax.set_xticks(shown, [f"{v:,}" for v in shown])
    ax.set_xticks([], minor=True)
axes[0].legend(loc="upper left")
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
growth = {m: slopes(travel, "n", m) for m in lengths.columns}
faster = {m: interval(g["random labels"] - g["real"]) for m, g in growth.items()}

# %% tags=["remove-input"]
at_most = travel[travel.n == travel.n.max()].groupby("data").distance.mean()
not_there = int((travel.epochs_run >= sizes.fit_epochs).sum())
Markdown(
    f"With {travel.n.max():,} examples, random labels take the weights {at_most['random labels'] / at_most['real']:.1f} times as far as true "
    f"ones. Exponents in the number of examples, random "
    "less true labels: "
    + "; ".join(f"{name} {value:.2f}" for name, value in faster.items())
    + f". {'All runs reached the loss at which they stop.' if not not_there else f'{not_there} runs did not reach the loss at which they stop.'}"
)

# %% [markdown]
r"""
The obvious objection is that random labels were trained for longer: the comparison is matched in loss, not in steps. That is not a flaw but the
point. The set of functions that the architecture can express is the same in both cases; how much of it gets *used* depends on the data.
{cite:t}`arpit2017` call what a learning algorithm can reach on some data set its *effective capacity*. These norms are not it; they show one of its
traces.

(mem-sensitivity)=
## Which examples matter?

So far we looked at which examples are learned. Now turn the question round: how much does the outcome of the training depend on each of them?
{cite:t}`arpit2017` define the *loss sensitivity* of training example $i$ as

$$
\chi_i = \operatorname{mean}_t \left\lVert \frac{\partial L_t}{\partial x_i} \right\rVert_1 ,
$$ (eq-mem-sensitivity)

where $L_t$ is the training loss after $t$ *further* steps of SGD. The example acts on $L_t$ through all the steps in which it was used, and the
derivative is taken back through all of them, as through the layers of a very deep network. How unevenly the $\chi_i$ are distributed is summed up by
their Gini coefficient: 0 if all are equal, close to 1 if a few have it all.

::::{admonition} Predict before you run
:class: predict
In which data does the outcome hang on a few examples?

1. In random data: each example must be stored on its own, and some are hard to store.
2. In real data: most examples are implied by others, and only those at the borders between classes matter.
3. In neither; it depends on the network.

:::{dropdown} Answer
The second, once the training set is nearly fitted. In a network that is only half trained the order can be the reverse, which is why the next figure
shows the whole training, against training accuracy, and not one point of it.
:::
::::

A point in favour of the second answer: remove a duplicate, and nothing happens. A point in favour of caution: the coefficient grows with training,
and real data are fitted sooner, so comparing at the same epoch favours real data for the wrong reason. We compare at the same training *accuracy*,
and also report the coefficient's mean over the recorded epochs, which favours real data in just this way. A last control removes the classes: every
example gets a class of its own, so that even real examples must be told apart one by one.
"""

# %% mystnb={"code_prompt_show": "A class for every example"} tags=["hide-input"]
own_n = sizes.examples * 3 // 10


def own_classes(seed):
    """Pictures, and random inputs, that have a class each; another draw for every seed."""
    rows, pools = data.subset(everything, own_n, seed), three_kinds(everything, seed)
    each = {"y": torch.arange(own_n), "classes": own_n}
    return {
        f"{kind}, own class": replace(pools[kind], x=pools[kind].x[rows], **each)
        for kind in ("real", "random inputs")
    }


# %%
def on_the_way(pool, n, epochs, seeds):
    """Networks with one hidden layer, their weights kept at these epochs."""
    return sweep(
        mlp(sizes.width // 2),
        pool,
        n=n,
        seed=seeds,
        epochs=max(epochs),
        **recipe,
        record={"weights": epochs, "curves": epochs, "correct": [max(epochs)]},
    )


# %%
seeds = scale.seeds(sizes.seeds)
ways = on_the_way(kinds, sizes.examples // 2, sizes.way, seeds)
own_class = {s: own_classes(s) for s in seeds}
own_ways = {s: on_the_way(pools, own_n, sizes.own_way, s) for s, pools in own_class.items()}


# %% mystnb={"code_prompt_show": "The measure, along the training"} tags=["hide-input"]
def at_every_moment(row, pool, measure):
    """A measure of a network and its training examples at every recorded epoch; with the training accuracy there."""
    x, y = pool.x[row.examples], torch.from_numpy(row.labels)
    values = [measure(network(row, pool, t), x, y) for t in range(len(row.weights_epoch))]
    place = {"data": row.data, "seed": row.data_seed, "epoch": row.weights_epoch}
    return pd.DataFrame(place | {"accuracy": 1 - row.curve_train_error, "value": values})


def inequality(module, x, y):
    """The Gini coefficient of loss sensitivity over 60 further steps, and the sensitivities."""
    g = sensitivity.unrolled(module, x, y, lr=0.1, batch_size=50, at=(30, 60)).mean(0)
    return sensitivity.gini(g)


def along(runs, pools, measure):
    """The measure for all networks of a sweep."""
    tables = [at_every_moment(row, pools[row.data], measure) for _, row in runs.iterrows()]
    return pd.concat(tables, ignore_index=True)


uneven = along(ways, kinds, inequality)
own_uneven = pd.concat(
    [along(own_ways[s], own_class[s], inequality) for s in own_class], ignore_index=True
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Once fitted, real data hang on few examples.** Gini coefficient of the loss sensitivity over training examples, against the training accuracy at which it was taken; one line for each seed. Left: the three kinds of data. Right: every example has a class of its own.", "name": "fig-mem-gini"}, "image": {"alt": "Two panels of Gini coefficient against training accuracy. Left: lines for real data, random inputs and random labels, all rising with accuracy, those of real data highest at the right end. Right: lines for real and random inputs with one class for each example."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.8), sharey=True)
own_hues = {f"{kind}, own class": hues[kind] for kind in ("real", "random inputs")}
for ax, table, palette in ((axes[0], uneven, hues), (axes[1], own_uneven, own_hues)):
    for kind, color in palette.items():
        for number, (_, rows) in enumerate(table[table.data == kind].groupby("seed")):
            label = kind if number == 0 else None
            ax.plot(
                rows.accuracy,
                rows.value,
                "o-",
                color=color,
                markersize=3,
                linewidth=1.2,
                alpha=0.8,
                label=label,
            )
    ax.set(xlabel="training accuracy", ylim=(0, None))
    ax.legend(loc="upper left", fontsize=10)
axes[0].set_ylabel("Gini coefficient")
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def at_level(level, x, y):
    """y where x first reaches a level, interpolated; nothing if it never does (at smoke scale the last y)."""
    highest = np.maximum.accumulate(np.asarray(x))
    there = highest[-1] >= level or scale.current() == "smoke"
    return np.interp(level, highest, y) if there else np.nan


def matched(table, accuracy=0.95):
    """The measure at this training accuracy: one row for each seed, one column for each kind."""
    rows = [
        (*key, at_level(accuracy, t.accuracy, t.value))
        for key, t in table.groupby(["seed", "data"])
    ]
    return pd.DataFrame(rows, columns=["seed", "data", "at"]).pivot_table(
        "at", "seed", "data"
    )


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def over_training(table):
    """The measure's mean over the recorded epochs."""
    return table.pivot_table("value", "seed", "data")


fitted_gini, mean_gini, own_gini = (
    matched(uneven),
    over_training(uneven),
    matched(own_uneven),
)
gini_gap = {
    (k, when): interval(table["real"] - table[k])
    for when, table in (
        ("at accuracy 0.95", fitted_gini),
        ("mean over training", mean_gini),
    )
    for k in both
}
own_gap = interval(own_gini["real, own class"] - own_gini["random inputs, own class"])
own_last = own_uneven[own_uneven.epoch == own_uneven.epoch.max()].pivot_table(
    "value", "seed", "data"
)
own_end = interval(own_last["real, own class"] - own_last["random inputs, own class"])
half_gap = {
    k: interval(matched(uneven, 0.5)["real"] - matched(uneven, 0.5)[k]) for k in both
}

# %% tags=["remove-input"]
Markdown(
    "Gini coefficients at a training accuracy of 0.95: "
    + ", ".join(f"{kind} {interval(fitted_gini[kind]):.2f}" for kind in hues)
    + "; with a class for every example "
    + ", ".join(f"{kind.split(',')[0]} {interval(own_gini[kind]):.2f}" for kind in own_hues)
    + ". At an accuracy of one half, real less random: "
    + ", ".join(f"{v:.2f} ({k})" for k, v in half_gap.items())
    + f". With a class for every example the gap, real less random, is {own_gap:.2f} at an accuracy of 0.95 and {own_end:.2f} at the last moment. "
    f"The lowest of the highest accuracies of these runs is "
    f"{min(t.groupby(['data', 'seed']).accuracy.max().min() for t in (uneven, own_uneven)):.3f}."
)

# %% [markdown]
r"""
Had it been a matter of training time alone, the lines of the left panel would coincide. They do, more or less, until most of the training set is
fitted; then a few real examples keep most of the influence, while every random example keeps some. That those few lie at the borders between classes
is the usual reading, and was not measured here. With a class for each example the coefficient of random inputs rises steeply as the last examples are
fitted, so the size of the gap there depends on where it is taken; the line above has it at two places.

The paper's own network was smaller and its pictures larger: 16 hidden units, and 1,000 digits of MNIST scaled down to 14×14. The same measurement
there:
"""


# %% mystnb={"code_prompt_show": "The measurement and the figure", "figure": {"caption": "**The same in the paper's setting.** Gini coefficient of the loss sensitivity for a network of 16 hidden units on 1,000 digits of MNIST at 14\u00d714 pixels, against training accuracy, one line for each seed. Where MNIST is at hand it is run with the page, else a recorded run is shown; the line below says which.", "name": "fig-mem-gini-mnist"}, "image": {"alt": "Gini coefficient against training accuracy for real digits and random inputs. Both rise; at high accuracy the lines for real digits lie well above those for random inputs."}} tags=["hide-input"]
def on_mnist():
    mnist = data.mnist()
    small = torch.nn.functional.avg_pool2d(mnist.x[:10_000].view(-1, 1, 28, 28), 2).flatten(
        1
    )
    pool = replace(
        mnist, x=small, y=mnist.y[:10_000], x_test=small[:10], y_test=mnist.y[:10]
    )
    pools = {"real": pool, "random inputs": data.gaussian_pixels(pool, scale.seed_offset())}
    epochs = (1, 4, 15, 40)
    runs = sweep(
        mlp(16),
        pools,
        n=1_000,
        seed=scale.seeds(5),
        epochs=max(epochs),
        **(recipe | {"lr": 0.1}),
        record={"weights": epochs, "curves": epochs, "correct": [max(epochs)]},
    )
    return along(runs, pools, inequality)


possible = data.available("mnist") and scale.current() != "smoke"
on_mnist_table, where = results.measured_or_recorded("03_gini_mnist", possible, on_mnist)
fig, ax = plt.subplots(figsize=(7.2, 3.3))
for kind in ("real", "random inputs"):
    for number, (_, rows) in enumerate(
        on_mnist_table[on_mnist_table.data == kind].groupby("seed")
    ):
        label = kind if number == 0 else None
        ax.plot(
            rows.accuracy,
            rows.value,
            "o-",
            color=hues[kind],
            markersize=3,
            linewidth=1.2,
            label=label,
        )
ax.set(xlabel="training accuracy", ylabel="Gini coefficient", ylim=(0, None))
ax.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
mnist_gini = matched(on_mnist_table, 0.9)
Markdown(
    f"At an accuracy of 0.9 the coefficient is {claims.mean(mnist_gini['real']):.2f} for real digits and "
    f"{claims.mean(mnist_gini['random inputs']):.2f} for random inputs. This figure was {where}."
)

# %% [markdown]
r"""
### Which classes matter to each other?

Take the loss of the examples labelled $k$ alone, and ask how much it depends on examples labelled $j$. If classes share what the network learns, the
grid of these numbers has weight off its diagonal. If every example stands for itself, then the loss of a class depends on that class only.
"""


# %% mystnb={"code_prompt_show": "The grids"} tags=["hide-input"]
def class_sensitivities(module, x, y):
    """Sensitivity of the loss of each class (row) to the examples of each class (column)."""
    by_class = sensitivity.unrolled_by_class(
        module, x, y, 10, lr=0.1, batch_size=50, at=(40,)
    )
    return sensitivity.class_grid(by_class.mean(0), y)


def off_diagonal(grid):
    """Mean of a class grid off its diagonal, divided by that on it."""
    on = np.eye(len(grid), dtype=bool)
    return grid[~on].mean() / grid[on].mean()


grids = along(ways[ways.data != "random inputs"], kinds, class_sensitivities)
sharing = grids.assign(value=grids.value.map(off_diagonal))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Sensitivity of each class's loss to each class's examples.** Left and middle: grids at the end of training (rows: whose loss; columns: whose examples; dark is sensitive), for real and for random labels, mean over seeds, each divided by its largest entry. Right: off-diagonal over diagonal, against training accuracy, one line for each seed.", "name": "fig-mem-classes"}, "image": {"alt": "Two ten by ten grids with a dark diagonal, for real labels and for random labels, and a panel with lines of the off-diagonal to diagonal ratio against training accuracy."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 2.9), width_ratios=(1, 1, 1.3))
for ax, kind in zip(axes, ("real", "random labels"), strict=False):
    last = grids[(grids.data == kind) & (grids.epoch == grids.epoch.max())]
    picture = np.mean(list(last.value), axis=0)
    ax.imshow(picture / picture.max(), cmap="gray_r", vmin=0)
    ax.set(
        title=kind.capitalize(),
        xlabel="examples of class",
        xticks=range(0, 10, 3),
        yticks=range(0, 10, 3),
    )
    ax.grid(False)
axes[0].set_ylabel("loss of class")
for kind in ("real", "random labels"):
    for number, (_, rows) in enumerate(sharing[sharing.data == kind].groupby("seed")):
        label = kind if number == 0 else None
        axes[2].plot(
            rows.accuracy,
            rows.value,
            "o-",
            color=hues[kind],
            markersize=3,
            linewidth=1.2,
            label=label,
        )
axes[2].set(xlabel="training accuracy", title="Off / on the diagonal", ylim=(0, None))
axes[2].legend(fontsize=10)
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
sharing_gap = {
    when: interval(table["real"] - table["random labels"])
    for when, table in (
        ("at accuracy 0.95", matched(sharing)),
        ("mean over training", over_training(sharing)),
    )
}

# %% tags=["remove-input"]
at_fit = matched(sharing)
Markdown(
    "Off-diagonal over diagonal, real less random labels: "
    + "; ".join(f"{value:.3f} {when}" for when, value in sharing_gap.items())
    + f". At accuracy 0.95 it is {interval(at_fit['real']):.2f} for real and {interval(at_fit['random labels']):.2f} for random labels."
)

# %% [markdown]
r"""
The paper's reading would show as lines of real labels above those of random labels in the right panel, and as positive differences in the line above.
Two cautions. The loss of a class contains its own examples, so part of every diagonal is there without any training; it shrinks as they are fitted.
And with shuffled labels every class holds pictures of all digits, so an example can act on any class through its look-alikes: weight off the diagonal
need not mean a shared pattern. In a pilot run on MNIST the sign depended on the moment, as the paper has it in the first epochs and reversed later.
The mean over a grid also hides what the grid shows.

(mem-surface)=
## What the function looks like

### Critical samples

An example is *critical* if some input in a small box around it, $\lVert x' - x \rVert_\infty \le \rho$, is given another class. The share of critical
examples, the *critical sample ratio*, tells how close decision boundaries come to the data: a rough measure of how complicated the function is where
it matters. {cite:t}`arpit2017` find that it grows in the course of training, and the more noise, the more.

::::{admonition} Predict before you run
:class: predict
Digits with *clean* labels. From the first epoch to the last, does the share of test pictures with a decision boundary in a small box around them rise
or fall?

1. It rises: simple functions first, complicated ones later.
2. It falls: the network becomes surer.
3. It stays.

:::{dropdown} Answer
From the first epoch on, the second on these data. With noisy labels the first is right, later: the figure has both movements. The paper, with other
data, reports a rise. What happens within the first epoch is not in the figure.
:::
::::

Nobody can look at every point of a box, so the ratio is only as good as the search. Ours follows the gradient of the margin between the first class
and its best rival, by signs, for ten steps. Before we use it we compare it with two others: *Langevin*, gradient steps with Gaussian noise added, the
search of the paper, and *chance*, noise alone.
"""

# %%
radius = 0.05 * float(images.x.std())
probe = images.x_test[:300]
searches = {
    "gradient": {"step_size": lambda radius, steps: 2.5 * radius / steps},
    "Langevin": {"step_size": lambda radius, steps: 0.83 * radius, "noise": 0.67},
    "chance": {"step_size": lambda radius, steps: 0.0, "noise": 1.0},
}


# %% mystnb={"code_prompt_show": "The ratio"} tags=["hide-input"]
def critical(row, time, steps=10, search="gradient", radius=radius):
    """Critical sample ratio of a recorded network on test pictures."""
    way = searches[search]
    found = sensitivity.critical_samples(
        network(row, images, time),
        probe,
        radius,
        way["step_size"](radius, steps),
        steps,
        way.get("noise", 0.0) * radius,
        seed=row.data_seed,
    )
    return found.mean()


# %%
at_forty = told[told.label_noise == 0.4]
effort = pd.DataFrame(
    {"search": search, "steps": steps, "found": critical(row, -1, steps, search)}
    for search in searches
    for steps in (1, 2, 5, 10, 20)
    for _, row in at_forty.iterrows()
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The search decides what is found, up to a point.** Share of test pictures found critical, for three ways of searching the same box and growing numbers of steps, at the end of training with \u03b7 = 0.4. Following the gradient saturates within a few steps, also with Langevin noise; random points find little. Means over seeds with 95 % bands.", "name": "fig-mem-search"}, "image": {"alt": "Share found critical against search steps on a logarithmic axis for three searches. The gradient and the Langevin search are level from about five steps on, at the same height; the search by chance stays far lower."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.2))
figures.plot(effort, "steps", "found", hue="search", ax=ax)
ax.set(xscale="log", ylim=(0, 1), xlabel="steps of the search", ylabel="found critical")
ax.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
ax.legend()
plt.show()

# %% mystnb={"code_prompt_show": "Over the training"} tags=["hide-input"]
looks = [m for m in (1, 4, 11, 28, 100) if m in moments]
ratio = pd.DataFrame(
    {
        "noise": row.label_noise,
        "seed": row.data_seed,
        "epoch": epoch,
        "critical": critical(row, moments.index(epoch)),
    }
    for _, row in told.iterrows()
    for epoch in looks
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**More noise, more boundaries near the data, and late.** Share of test pictures with another class within the box, over training, for four shares \u03b7 of replaced labels. Where labels are clean it falls; the more noise, the more it rises. Means over seeds with 95 % bands.", "name": "fig-mem-csr"}, "image": {"alt": "Critical sample ratio against epoch on a logarithmic axis for four noise levels. The curve for clean labels falls and stays low; the others end the higher the more noise there is."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.6))
figures.plot(ratio, "epoch", "critical", hue="noise", ax=ax, label="η = {:g}")
ax.set(xscale="log", ylim=(0, 1), xlabel="epoch", ylabel="critical sample ratio")
ax.legend()
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
ends = ratio.pivot_table("critical", ["noise", "seed"], "epoch")
rise = {
    noise: interval(rows[max(looks)] - rows[min(looks)])
    for noise, rows in ends.groupby("noise")
}
at_end = ratio[ratio.epoch == max(looks)].pivot_table("critical", "seed", "noise")
per_noise = interval(np.polyfit(at_end.columns, at_end.to_numpy().T, 1)[0])

# %% tags=["remove-input"]
Markdown(
    f"From epoch {min(looks)} to epoch {max(looks)} the ratio changes by "
    + "; ".join(f"{value:.2f} (η = {noise:g})" for noise, value in rise.items())
    + ". At the end it is "
    + ", ".join(f"{at_end[noise].mean():.2f}" for noise in at_end)
    + "."
)

# %% [markdown]
r"""
Noisy labels force boundaries into the neighbourhood of clean test pictures that were never trained on: memorization is not as local as the word
suggests. Choose the radius too large and every picture is critical, too small and none is ({ref}`ex-mem-radius`).

### Regions

To *see* those boundaries, cut the space of pictures with a plane through three training pictures and colour every point by the predicted class
{cite:p}`somepalli2022`. Two of the three below are labelled correctly, the third is not.

::::{admonition} Predict before you run
:class: predict
A claim that is often heard in discussions: at first the regions of a class are scattered, one for a picture or two, and training then merges them.
{cite:t}`arpit2017` imply the opposite order: simple first, fragmented when the noise is memorized. Which way will the regions go, with noisy labels?

1. From many to few.
2. From few to many.
3. From many to few, and back to many.

:::{dropdown} Answer
With noisy labels the second, in planes through test pictures: an untrained network cuts them into few regions, the classes appear, and each wrong
label that is learned adds more. Move the slider; the figure after it counts.
:::
::::
"""

# %%
region_noise = 1 / 6  # a tenth of the replaced labels is right: 15 % are wrong
region_moments = [
    m for m in (0, 0.25, 0.5, 1, 3, 10, 20, 50, 100, 200) if m <= sizes.region_epochs
]
carved = sweep(
    mlp(sizes.region_widths),
    images,
    n=sizes.examples,
    label_noise=[0, region_noise],
    seed=scale.seeds(sizes.many_seeds),
    epochs=sizes.region_epochs,
    **recipe,
    record={"weights": region_moments, "correct": [sizes.region_epochs]},
)

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**A wrong label carves out a region of its own.** The plane through three training pictures (dots, with their labels as told; the third label is wrong), coloured by predicted class, after growing numbers of epochs. Left: a network trained with clean labels, for which the third label was right. Right: the same network trained with noisy labels. Colours: the classes of the labels of the dots, true and told. Grey: any other class.", "name": "fig-mem-plane"}} tags=["hide-input"]
# The slider over epochs
widest = carved[
    (carved.width == max(sizes.region_widths)) & (carved.data_seed == scale.seed_offset())
]
clean_row, noisy_row = widest.iloc[0], widest.iloc[1]
true_y, told_y = images.y[noisy_row.examples].numpy(), noisy_row.labels
wrong = np.flatnonzero(true_y != told_y)[0]
fair = [
    k
    for k in np.flatnonzero(true_y == told_y)
    if true_y[k] not in (true_y[wrong], told_y[wrong])
]
other = next(k for k in fair if true_y[k] != true_y[fair[0]])
trio = [fair[0], other, wrong]
triplet = images.x[noisy_row.examples][trio][None]
tints = {
    true_y[fair[0]]: figures.SEQUENCE[0],
    true_y[other]: figures.SEQUENCE[2],
    true_y[wrong]: figures.SEQUENCE[1],
    told_y[wrong]: figures.SEQUENCE[3],
}


def plane(epoch):
    fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.7))
    for ax, row, title in (
        (axes[0], clean_row, "Clean labels"),
        (axes[1], noisy_row, "Noisy labels"),
    ):
        cut = regions.planes(
            network(row, images, region_moments.index(epoch)),
            triplet,
            resolution=90,
            margin=0.35,
        )
        classes, (left, right_, low, high) = cut.classes[0], cut.extents[0]
        u, v = np.linspace(left, right_, 90), np.linspace(low, high, 90)
        ax.contour(
            u, v, classes, levels=np.arange(0.5, 9), colors=figures.INK, linewidths=0.4
        )
        for k in np.unique(classes):
            color = tints.get(k, colors["noise"])
            ax.contourf(
                u,
                v,
                classes == k,
                levels=[0.5, 1.5],
                colors=[color],
                alpha=0.75 if k in tints else 0.25,
            )
        labels = true_y if row is clean_row else told_y
        for (p, q), k in zip(cut.corners[0], trio, strict=True):
            ax.plot(p, q, "o", color=figures.INK, markersize=6)
            said = ax.annotate(
                f"label {labels[k]}", (p, q), xytext=(6, 5), textcoords="offset points"
            )
            said.set_path_effects([withStroke(linewidth=2.5, foreground=figures.PAPER)])
        ax.set(xticks=[], yticks=[], aspect="equal", title=f"{title}, epoch {epoch}")
        ax.grid(False)
    return fig


figures.slider(
    plane,
    values=region_moments[3:],  # from the first epoch on
    description="Epoch",
    alt="Two maps of predicted classes on the plane through three pictures after {} epochs, for clean and for noisy labels, with the three pictures marked.",
    start=region_moments[-1],
)

# %% [markdown]
r"""
For numbers instead of pictures: *purity*, the share of pairs of test pictures of one class for which the straight segment between them stays in one
predicted class, and the number of connected regions in planes through three test pictures. The width that just about fits these noisy labels, 32
units, was named beforehand.
"""


# %% mystnb={"code_prompt_show": "Segments and planes"} tags=["hide-input"]
def pairs_and_triplets(seed, pairs=300, planes=20):
    """Pairs of test pictures of one class, and triplets of any."""
    draw = randomness.generator(seed, "pairs")
    first = torch.randint(len(images.y_test), (pairs,), generator=draw)
    same = (images.y_test[first, None] == images.y_test).float()
    same[torch.arange(pairs), first] = 0
    second = torch.multinomial(same, 1, generator=draw)[:, 0]
    triplets = torch.stack(
        [torch.randperm(len(images.y_test), generator=draw)[:3] for _ in range(planes)]
    )
    return images.x_test[torch.stack([first, second], 1)], images.x_test[triplets]


# %% mystnb={"code_prompt_show": "The measures"} tags=["hide-input"]
def shapes(row, times):
    """Purity of segments, what it is made of, and the number of regions, at some moments."""
    pairs, triplets = pairs_and_triplets(row.data_seed)
    rows = []
    for t in times:
        module = network(row, images, t)
        pure = regions.purity(module, pairs)
        with torch.no_grad():
            first, second = (module(pairs[:, k]).argmax(1).numpy() for k in (0, 1))
        alike = first == second
        counts = regions.components(regions.planes(module, triplets).classes)
        rows.append(
            {
                "epoch": region_moments[t],
                "purity": pure.mean(),
                "alike": alike.mean(),
                "unbroken": pure[alike].mean(),
                "regions": counts.mean(),
            }
        )
    return pd.DataFrame(rows).assign(
        width=row.width, noise=row.label_noise, seed=row.data_seed
    )


end_shapes = pd.concat(
    [shapes(row, [len(region_moments) - 1]) for _, row in carved.iterrows()]
)
times = range(len(region_moments))
wide = carved[carved.width == max(sizes.region_widths)]
course = pd.concat([shapes(row, times) for _, row in wide.iterrows()])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Noise breaks regions up.** Above: segments between test pictures of one class that keep one predicted class (dashed: those whose two ends are answered alike), and regions per plane, over training, for the widest networks. Below: the same at the end of training, against width; with noisy labels regions are most numerous near the width that can just fit them (dotted). Means over seeds with 95 % bands.", "name": "fig-mem-regions"}, "image": {"alt": "Four panels. From the first epoch on, pure segments rise for clean labels; for noisy labels they rise and then fall; dashed lines of pairs answered alike lie almost on them. Regions per plane are fewest at the start and grow again late for noisy labels. Against width, with noisy labels purity dips and regions peak at an intermediate width; with clean labels both are nearly monotone."}} tags=["hide-input"]
fig, axes = plt.subplots(2, 2, figsize=(7.2, 5.6))
names = {0.0: "clean labels", region_noise: "15 % wrong"}
inks = {"clean labels": colors["true_labels"], "15 % wrong": colors["random_labels"]}
for row, (table, x, label) in zip(
    axes, ((course, "epoch", "epoch"), (end_shapes, "width", "hidden units")), strict=True
):
    table = table.assign(labels=table.noise.map(names))
    for ax, y in zip(row, ("purity", "regions"), strict=True):
        figures.plot(table, x, y, hue="labels", ax=ax, colors=inks)
        ax.set(xscale="log", xlabel=label)
        ax.set_ylabel("pure segments" if y == "purity" else "regions per plane")
        if y == "purity":
            for name, values in table.groupby(["labels", x]).alike.mean().groupby("labels"):
                ax.plot(values.index.get_level_values(x), values, "--", color=inks[name])
        if x == "epoch":
            ax.set_xscale("symlog", linthresh=0.25)
            ax.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
            ax.set_xlim(-0.03, 1.3 * sizes.region_epochs)
        else:
            ax.axvline(
                sizes.just_fits, color=colors["threshold"], linestyle=":", linewidth=1.5
            )
axes[0, 1].legend(loc="upper left")
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def change(table, column, key, before, after, noise):
    """Change of a measure between two values of a column, within seeds."""
    rows = table[table.noise == noise]
    return interval(measures.paired_differences(rows, key, column, after, before, "seed"))


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
just_fits, widest_units, last_epoch = (
    sizes.just_fits,
    max(sizes.region_widths),
    max(region_moments),
)
past_threshold = {
    key: change(end_shapes, "width", key, just_fits, widest_units, region_noise)
    for key in ("purity", "regions")
}
up_to_threshold = change(
    end_shapes, "width", "regions", min(sizes.region_widths), just_fits, region_noise
)
merging = {noise: change(course, "epoch", "purity", 1, 20, noise) for noise in names}
later = {noise: change(course, "epoch", "purity", 20, last_epoch, noise) for noise in names}
starting, merging_regions, later_regions = (
    {noise: change(course, "epoch", "regions", a, b, noise) for noise in names}
    for a, b in ((0, 20), (1, 20), (20, last_epoch))
)
mended = change(end_shapes, "width", "unbroken", just_fits, widest_units, region_noise)

# %% tags=["remove-input"]
at_threshold = carved[(carved.width == just_fits) & (carved.label_noise == region_noise)]
Markdown(
    f"Purity changes from epoch 1 to epoch 20 by {merging[region_noise]:.2f} with noisy labels and by {merging[0.0]:.2f} with clean ones, and "
    f"from epoch 20 to the end by "
    f"{later[region_noise]:.2f} and {later[0.0]:.3f}. With noisy labels, networks of {widest_units} units end {past_threshold['purity']:.2f} "
    f"purer than those of {just_fits}, "
    f"which get {1 - at_threshold.train_error.mean():.0%} of their training labels right. Where both ends are answered alike, "
    f"{course[course.epoch >= 1].unbroken.mean():.1%} of the segments are pure in the widest networks, from the first epoch on. Regions per plane "
    f"change from the initialisation to epoch 20 by {starting[region_noise]:.2f} (noisy labels) and {starting[0.0]:.2f} (clean), from epoch 1 "
    f"to 20 by {merging_regions[region_noise]:.2f} and {merging_regions[0.0]:.2f}, and from epoch 20 to the end by "
    f"{later_regions[region_noise]:.2f} and {later_regions[0.0]:.2f}."
)

# %% [markdown]
r"""
Purity needs care. A segment is impure already if its two ends are answered differently, and here that is nearly the whole of it: where both ends get
the same class, almost every segment keeps it (the line above has the share). So the rise of purity in the first epochs says that pictures of one
class come to be answered alike, not that scattered regions merge; merging would show in the number of regions per plane, as a fall from the start on.
What is clear in that number is the late break-up with noisy labels, which {cite:t}`arpit2017` imply, because a wrong label needs a region of its own,
and the peak in width: a network that can only just fit the noise must cut through everything to do so, and a wide one can afford small regions.

(mem-why)=
## Why: gradients that agree

Why should patterns come first? {cite:t}`chatterjee2020` offers a mechanism: gradients of different examples add up. A step on one example also
changes the loss of every other, and where gradients agree the steps help each other. Let $g_i = \nabla \ell_i(\theta)$ be the gradient of example
$i$'s loss. A step of size $h$ on example $j$ changes the loss of example $i$ by $-h \langle g_i, g_j \rangle$, to first order. Divide what all these
steps do for all examples by what each does for its own:

$$
C = \frac{\sum_{i,j} \langle g_i, g_j \rangle}{\sum_j \lVert g_j \rVert^2} = n\, \frac{\lVert \bar g \rVert^2}{\tfrac1n \sum_j \lVert g_j \rVert^2}, \qquad \bar g = \tfrac1n \sum_j g_j .
$$ (eq-mem-coherence)

This is the *m-coherence* of {cite:t}`chatterjee2020coherence`: how many examples a step on one of them helps, itself included.

```{prf:proposition} What coherence measures
:label: prop-mem-coherence
Let not all $g_j$ be zero. Then $0 \le C \le n$. If the gradients are orthogonal, $C = 1$; $C = n$ exactly if all are equal. A step of size $h$ along
$-\bar g$ lowers the mean loss $L$ by $h\, \tfrac{C}{n} \cdot \tfrac1n \sum_j \lVert g_j \rVert^2 + O(h^2)$.
```

```{prf:proof}
$\lVert \bar g \rVert^2 \le \tfrac1n \sum_j \lVert g_j \rVert^2$ by Jensen's inequality, with equality exactly if all $g_j$ are equal. Orthogonal
gradients have $\sum_{i,j} \langle g_i, g_j \rangle = \sum_j \lVert g_j \rVert^2$. The last statement is Taylor's formula,
$L(\theta - h \bar g) = L(\theta) - h \lVert \bar g \rVert^2 + O(h^2)$, with $\lVert \bar g \rVert^2$ written by {eq}`eq-mem-coherence`.
```

In a linear model the consequence can be followed to the end; {cite:t}`arora2019` do so for wide two-layer networks. Let $F$ hold the features of the
training inputs, and let $\lambda_k, u_k$ be the eigenvalues and eigenvectors of $F F^\top / n$.

```{prf:proposition} Which labels are learned when
:label: prop-mem-modes
Gradient descent with step $h$ from zero on the mean squared error $\tfrac1{2n} \lVert F c - y \rVert^2$ leaves after $t$ steps the residual

$$
y - F c_t = \sum_k (1 - h \lambda_k)^t\, \langle u_k, y \rangle\, u_k .
$$ (eq-mem-modes)

For independent random labels of mean zero and variance $\sigma^2$ the expected squared residual is $\sigma^2 \sum_k (1 - h\lambda_k)^{2t}$: all
directions count the same.
```

```{prf:proof}
$r_t = y - F c_t$ obeys $r_{t+1} = r_t - \tfrac hn F F^\top r_t$ with $r_0 = y$; expand in the $u_k$. For random labels
$\mathbb E \langle u_k, y \rangle^2 = \sigma^2$ for every $k$.
```

The residual is linear in $y$. For one-hot labels with their mean $1/K$ taken out, replacing a share $\eta$ of them uniformly gives
$\mathbb E[\tilde y \mid y] = (1 - \eta)\, y$: the truth, shrunk, plus noise of mean zero that is independent between examples. So noisy labels are
fitted by two processes that run side by side without touching: the truth along the directions in which it lies, and the noise along all of them
equally. If the truth lies in the directions with large $\lambda_k$, there is a time
at which it is learned and the noise is not. That is {numref}`fig-mem-puzzle` in a linear model, and it is a statement about the *data*: labels that
do not follow the leading directions would not come first. We check both, on random features of the digits.
"""

# %%
few = min(500, sizes.examples)
x = everything.x[:few].double()
F = kernels.relu_features(x, 2 * few, randomness.generator(scale.seed_offset(), "features"))
one_hot = lambda y: torch.nn.functional.one_hot(y, 10).double() - 0.1
targets = {kind: one_hot(kinds[kind].y[:few]) for kind in ("real", "random labels")}
eigenvalues, directions = torch.linalg.eigh(F @ F.T / few)
step = 1 / eigenvalues[-1]
energy = {
    kind: (directions.T @ y).square().sum(1) / y.square().sum()
    for kind, y in targets.items()
}


# %% mystnb={"code_prompt_show": "The formula and the descent"} tags=["hide-input"]
def predicted(kind, t):
    """Share of the squared labels that is left after t steps, by the proposition."""
    return float(((1 - step * eigenvalues) ** (2 * t) * energy[kind]).sum())


def descend(y, times):
    """The same by gradient descent."""
    c, left = torch.zeros(F.shape[1], 10, dtype=F.dtype), []
    for t in range(max(times) + 1):
        residual = y - F @ c
        if t in times:
            left.append(float(residual.square().sum() / y.square().sum()))
        c += step / few * (F.T @ residual)
    return left


times = (1, 3, 10, 30, 100, 300)
measured = {kind: descend(y, times) for kind, y in targets.items()}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**True labels lie along the leading directions, random labels along all.** A linear model on random features of the digits. Left: share of the squared labels along the leading eigenvectors. Right: what gradient descent leaves of the labels; lines from the proposition, dots from running it.", "name": "fig-mem-modes"}, "image": {"alt": "Left: cumulative share of the labels against the number of leading directions; true labels reach most of their energy within a few dozen directions, random labels rise in proportion. Right: residual against steps on a logarithmic axis; true labels fall early, random labels hardly; dots lie on the lines."}} tags=["hide-input"]
fig, (left, right_) = plt.subplots(1, 2, figsize=(7.2, 3.5))
grid = np.unique(np.round(np.logspace(0, 4, 60)).astype(int))
for kind in targets:
    left.plot(
        np.arange(1, few + 1), energy[kind].flip(0).cumsum(0), color=hues[kind], label=kind
    )
    right_.plot(grid, [predicted(kind, int(t)) for t in grid], color=hues[kind])
    right_.plot(times, measured[kind], "o", color=hues[kind])
left.set(
    xscale="log", xlabel="leading directions", ylabel="share of the labels", ylim=(0, 1.02)
)
right_.set(
    xscale="log",
    xlabel="steps of gradient descent",
    ylabel="share not yet fitted",
    ylim=(0, 1.02),
)
left.legend(loc="upper left")
plt.show()

# %%
# NBVAL_CHECK_OUTPUT
worst = max(
    abs(predicted(k, t) - m)
    for k, ms in measured.items()
    for t, m in zip(times, ms, strict=True)
)
print("formula and descent agree to nine digits:", worst < 1e-9)

# %% [markdown]
r"""
:::{admonition} Patterns first
:class: key-result
A label that many examples agree on is learned early. A label that only one example asks for is learned last.
:::

### Measured in networks

::::{admonition} Predict before you run
:class: predict
In a network that is trained on *random* labels, what is the coherence of the gradients?

1. One or less, all along: nothing that helps one example helps another.
2. Low at first, and then it rises.
3. As high as for true labels, since the pictures are the same.

:::{dropdown} Answer
The second, which surprised the authors of the measure as well: after a while a step on one memorized example helps others again. Its highest value
stays well below that of true labels, whose coherence is high early and collapses once they are fitted.
:::
::::
"""

# %%
half_random = data.corrupt_labels(
    everything.y, 0.5, 10, randomness.generator(scale.seed_offset(), "half")
)
labellings = {
    "true labels": everything,
    "half random": replace(everything, y=half_random),
    "random labels": kinds["random labels"],
}
# %%
schedule = (0, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 56, 80, 110, 140)
schedule = [e for e in schedule if e <= 1.4 * sizes.epochs]
coherent_runs = sweep(
    mlp(sizes.width // 2, depth=2),
    labellings,
    n=sizes.examples * 3 // 2,
    seed=scale.seeds(sizes.seeds),
    epochs=max(schedule),
    **recipe,
    record={"weights": schedule, "curves": schedule, "correct": [max(schedule)]},
)
coherence = along(coherent_runs, labellings, measures.m_coherence)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Gradients of true labels agree more; those of random labels become coherent too, later.** m-coherence of the gradients of all training examples, on logarithmic axes; 1 (dotted) is what orthogonal gradients have. Left: over training, means over seeds without bands; the seeds are on the right. Right: the same against training accuracy, one line for each seed.", "name": "fig-mem-coherence"}, "image": {"alt": "Two panels of m-coherence on a logarithmic axis for true, half random and random labels. Over epochs, true labels peak high and early; random labels first drop below one and rise later to an intermediate level. Against training accuracy, the lines of true labels lie highest over most of the range."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 4), sharey=True)
inks = {
    "true labels": colors["true_labels"],
    "half random": figures.SEQUENCE[1],
    "random labels": colors["random_labels"],
}
means = coherence.groupby(["data", "epoch"], as_index=False).value.mean()
for kind, color in inks.items():
    rows = means[means.data == kind]
    axes[0].plot(rows.epoch, rows.value, "o-", color=color, markersize=3, label=kind)
    for _, rows in coherence[coherence.data == kind].groupby("seed"):
        axes[1].plot(rows.accuracy, rows.value, "-", color=color, linewidth=1.1, alpha=0.5)
for ax, label in zip(axes, ("epoch", "training accuracy"), strict=True):
    ax.axhline(1, color=colors["threshold"], linestyle=":", linewidth=1.5)
    ax.set(yscale="log", xlabel=label)
axes[0].set_xscale("symlog", linthresh=1)
axes[0].set_xlim(-0.15, max(schedule) * 1.2)
axes[0].set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
axes[0].set_ylabel("m-coherence")
handles = axes[0].get_legend_handles_labels()
fig.legend(*handles, loc="outside lower center", ncols=3)
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
highest = np.log(coherence.pivot_table("value", "seed", "data", "max"))
at_half = np.log(matched(coherence, 0.5))
highest_ratio = interval(highest["true labels"] - highest["random labels"])
matched_ratio = interval(at_half["true labels"] - at_half["random labels"])

# %% mystnb={"code_prompt_show": "A check of the proposition"} tags=["hide-input"]
row = coherent_runs.iloc[0]
module = network(row, labellings[row.data], 5).double()
x_row, y_row, h = everything.x[row.examples].double(), torch.from_numpy(row.labels), 1e-4
loss = lambda: torch.nn.functional.cross_entropy(module(x_row), y_row)
m = measures.m_coherence(module, x_row, y_row)
before = loss()
slope = torch.autograd.grad(before, list(module.parameters()))
with torch.no_grad():
    for weights, g in zip(module.parameters(), slope, strict=True):
        weights -= h * g
    fall = float(before - loss()) / h
squared = sum(float(g.square().sum()) for g in slope)

# %% tags=["remove-input"]
peaks = coherence.groupby(["data", "seed"]).value.max().groupby("data").mean()
start = (
    coherence[(coherence.epoch > 0) & (coherence.epoch <= 3)].groupby("data").value.min()
)
Markdown(
    f"The highest coherence is {peaks['true labels']:.0f} with true and {peaks['random labels']:.0f} with random labels, of at most "
    f"{sizes.examples * 3 // 2:,}; in the first three epochs that of random labels falls as low as "
    f"{start['random labels']:.1f}. Random labels reach a training accuracy of "
    f"{coherence[coherence.data == 'random labels'].groupby('seed').accuracy.max().mean():.2f} here. A check of the proposition: at a coherence "
    f"of {m:.1f}, a small step lowers the loss "
    f"by {fall:.6f} per unit of step size, and the squared length of the mean gradient is {squared:.6f}."
)

# %% [markdown]
r"""
Had coherence merely followed from how much is already fitted, the curves for true and random labels would coincide when drawn against training
accuracy. (At the very end the coherence of true labels collapses: hardly any example has a gradient left, and the mean gradient of a fitted network
is close to zero.)

(mem-median)=
### Suppressing the weak directions

If memorization lives in directions that few examples share, then removing these directions should stop it. {cite:t}`zielinski2020` split every batch
into three groups and use, in each coordinate, the *median* of the three mean gradients (M3). What only one group wants is voted down. It is an
elegant intervention, and easy to believe too soon: whatever slows training down will memorize less after a fixed number of epochs. So there are two
controls: a smaller learning rate, and a comparison at equal memorization: when half of the wrong labels is learned, how many of the true ones are?
"""


# %%
def with_lies(**settings):
    """Networks that are told 40 % random labels, in batches that three groups divide."""
    return sweep(
        mlp(sizes.width, depth=2),
        images,
        n=sizes.examples // 60 * 60,
        label_noise=0.4,
        seed=scale.seeds(sizes.seeds),
        epochs=sizes.epochs,
        **(recipe | {"batch_size": 60} | settings),
        record={"weights": moments, "correct": [sizes.epochs]},
    )


# %%
slow = "SGD, a quarter of the step"
arms = {
    "SGD": with_lies(),
    "M3": with_lies(median_of=3),
    slow: with_lies(lr=recipe["lr"] / 4),
}
arm_story = {name: history(runs) for name, runs in arms.items()}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The median memorizes less than SGD, and a smaller step less still.** Left: wrong labels learned, over training. Right: the share of true labels learned against that of wrong ones, which takes the different speeds out; higher is better. Means over seeds, with 95 % bands on the left.", "name": "fig-mem-median"}, "image": {"alt": "Left: share of wrong labels learned against epoch for three methods; plain SGD rises first and highest, the median later, SGD with a small step hardly at all. Right: share of true labels learned against share of wrong labels learned; the curves of the three lie close together."}} tags=["hide-input"]
fig, (left, right_) = plt.subplots(1, 2, figsize=(7.2, 3.7))
for (name, rows), color in zip(arm_story.items(), figures.SEQUENCE, strict=False):
    figures.plot(
        rows,
        "epoch",
        "the digit it was told",
        ax=left,
        colors=color,
        label=name,
        markersize=3,
    )
    path = rows.groupby("epoch")[
        ["the digit it was told", "truly labelled pictures"]
    ].mean()
    right_.plot(*path.to_numpy().T, "o-", color=color, markersize=3)
left.set(xscale="log", xlabel="epoch", ylabel="wrong labels learned", ylim=(0, 1.02))
right_.set(xlabel="wrong labels learned", ylabel="true labels learned", ylim=(0.6, 1.01))
left.legend(loc="upper left", fontsize=10)
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def truth_at(rows, level=0.5):
    """Share of true labels learned when this share of the wrong ones is, interpolated, for every seed that gets there."""
    found = [
        at_level(level, t["the digit it was told"], t["truly labelled pictures"])
        for _, t in rows.groupby("seed")
    ]
    return np.array(found)


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
ends_of = {name: at_best_validation(rows) for name, rows in arm_story.items()}
last_of = {name: last for name, (_, last) in ends_of.items()}
lies_of = {name: last["the digit it was told"] for name, last in last_of.items()}
m3_lies, slow_lies = (
    interval(lies_of["M3"] - lies_of["SGD"]),
    interval(lies_of[slow] - lies_of["M3"]),
)
m3_test = interval(last_of["M3"].test - last_of["SGD"].test)
at_equal_lies = truth_at(arm_story["M3"]) - truth_at(arm_story["SGD"])
equal_lies, never_half = interval(at_equal_lies), int(np.isnan(at_equal_lies).sum())

# %% tags=["remove-input"]
Markdown(
    f"At the end of training SGD has learned {lies_of['SGD'].mean():.0%} of the wrong labels, M3 {lies_of['M3'].mean():.0%}, and SGD with a "
    f"quarter of the step {lies_of[slow].mean():.0%}. "
    f"M3 less SGD is {m3_lies:.2f} in wrong labels learned and {m3_test:.3f} in test accuracy. Where half of the wrong labels is learned, M3 "
    f"less SGD is {equal_lies:.3f} in true labels learned. "
    f"{f'({never_half} seeds never get that far and are left out.) ' if never_half else ''}"
    f"{'An interval that covers zero: the two curves cannot be told apart. ' if equal_lies.low < 0 < equal_lies.high else ''}"
    "Stopped early on noisy validation labels, the three reach test accuracies of "
    + ", ".join(f"{best.test.mean():.3f} ({name})" for name, (best, _) in ends_of.items())
    + "."
)

# %% [markdown]
r"""
That a method memorizes less in a given number of epochs says little by itself: a smaller step does so too, and stopping early is simpler still (the
line above has both). That the median acts on weak directions *and not only on speed* is not shown by its curve on the left; it would be shown on the
right, by a curve that lies above the others.

(mem-caps)=
## Can it be capped?

Zhang et al. found that regularizers do not *prevent* the fitting of random labels {cite:p}`zhang2017`. {cite:t}`arpit2017` ask another question: what
does a regularizer cost on real data, if it is strong enough to make memorization hard? Every network below is trained twice, once with true and once
with random labels.

::::{admonition} Predict before you run
:class: predict
A regularizer is made just strong enough that a network which would have learned all random labels learns only half of them, in the same number of
epochs. What does the same strength cost in validation accuracy on true labels?

1. Several points: memory and generalization use the same capacity.
2. About nothing.
3. About nothing for dropout, several points for weight decay.

:::{dropdown} Answer
About nothing, as far as our intervals tell; the figure and the line below it have the price of each. The pattern is supported by many examples and
survives what a single example's label does not.
:::
::::

One trap is worth naming. Regularizers have no common scale, and one that is given only weak strengths looks as if it could not cap memorization at
all. Weight decay up to 0.01 seems to lose badly to dropout; with the strengths below it does not ({ref}`ex-mem-ranges`). Each regularizer gets four
strengths, chosen on other seeds so that they straddle the half. Two of them need a word: *input noise* adds Gaussian numbers to the pixels at every
step; *adversarial training* moves each picture a little in the direction, pixel by pixel, that raises its loss {cite:p}`goodfellow2015`. It is also
tried together with dropout. Fewer pictures are trained on here and more are kept for validation, since differences of a point are at stake.
"""

# %%
small_pool = data.mnist() if sizes.images == "mnist" else data.digits(n_train=797)
small_pool = replace(
    small_pool, x=(small_pool.x - mean) / sd, x_test=(small_pool.x_test - mean) / sd
)
strengths = {
    "dropout": (0.2, 0.35, 0.5, 0.65),
    "weight_decay": (0.005, 0.01, 0.015, 0.02),
    "input_noise": (0.4, 0.7, 1.0, 1.4),
    "adversarial": (0.05, 0.1, 0.15, 0.2),
}


# %% mystnb={"code_prompt_show": "The two trainings"} tags=["hide-input"]
def regularized(**settings):
    """Training accuracy on random labels and validation accuracy on true ones, for every strength and seed."""
    runs = sweep(
        mlp(64, depth=2),
        small_pool,
        n=sizes.examples // 2,
        label_noise=[0, 1],
        seed=scale.seeds(sizes.many_seeds),
        epochs=sizes.epochs,
        **recipe,
        **settings,
    )
    index = ["data_seed", *(name for name, v in settings.items() if np.ndim(v))]
    wide = runs.pivot_table(
        index=index, columns="label_noise", values=["train_error", "test_error"]
    )
    table = {
        "memorized": 1 - wide["train_error"][1],
        "validation": 1 - wide["test_error"][0],
    }
    return pd.DataFrame(table).reset_index()


# %%
none = regularized()
caps = {name: regularized(**{name: values}) for name, values in strengths.items()}
together = regularized(dropout=0.35, adversarial=strengths["adversarial"][:2])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Memorization can be halved at next to no cost.** Validation accuracy with true labels against training accuracy with random labels, for four strengths of each regularizer (means over seeds with 95 % intervals); the star is the network without any. The vertical axis spans a few points only.", "name": "fig-mem-caps"}, "image": {"alt": "Validation accuracy with true labels against training accuracy with random labels. From the unregularized network at the right, four curves run to the left within a few points; that of adversarial training lies highest, and that of input noise starts high and falls at its strongest."}} tags=["hide-input"]
nice = {
    "dropout": "dropout",
    "weight_decay": "weight decay",
    "input_noise": "input noise",
    "adversarial": "adversarial training",
}
fig, ax = plt.subplots(figsize=(7.2, 4.0))
for (name, table), color in zip(caps.items(), figures.SEQUENCE, strict=False):
    groups = table.groupby(name)[["memorized", "validation"]]
    mid, wide_ = groups.mean(), groups.sem() * stats.t.ppf(0.975, sizes.many_seeds - 1)
    ax.errorbar(
        mid.memorized,
        mid.validation,
        wide_.validation,
        wide_.memorized,
        fmt="o-",
        color=color,
        linewidth=1.5,
        elinewidth=0.8,
        label=nice[name],
    )
ax.plot(
    none.memorized.mean(), none.validation.mean(), "*", color=figures.INK, markersize=14
)
ax.axvline(0.5, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set(
    xlim=(0, 1.05),
    xlabel="random labels learned",
    ylabel="validation accuracy\nwith true labels",
)
ax.legend(loc="lower right")
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def validation_at(table, level=0.5):
    """Validation accuracy where this share of random labels is learned, interpolated between strengths, by seed."""
    found = []
    for seed, rows in table.groupby("data_seed"):
        points = pd.concat([rows, none[none.data_seed == seed]]).sort_values("memorized")
        found.append(np.interp(level, points.memorized, points.validation))
    return np.array(found)


def in_points(v):
    """An estimate of a share, in hundredths."""
    return f"{100 * v:+.1f} points"


halved = {name: validation_at(table) for name, table in caps.items()}
free = none.sort_values("data_seed").validation.to_numpy()
cost = {name: interval(values - free) for name, values in halved.items()}
at_half_together = validation_at(together)
together_cost = interval(at_half_together - free)
together_less_alone = interval(at_half_together - halved["adversarial"])
dropout_less = {
    name: interval(halved["dropout"] - halved[name])
    for name in strengths
    if name != "dropout"
}

# %% tags=["remove-input"]
spans = ", ".join(
    f"{nice[n]} {t.groupby(n).memorized.mean().min():.2f} to {t.groupby(n).memorized.mean().max():.2f}"
    for n, t in caps.items()
)
Markdown(
    f"Without a regularizer the networks learn {none.memorized.mean():.0%} of the random labels and reach {none.validation.mean():.1%} on "
    f"validation pictures with true ones. Where half of the random labels is learned, validation accuracy changes by "
    + "; ".join(f"{in_points(v)} ({nice[name]})" for name, v in cost.items())
    + f"; {in_points(together_cost)} (dropout and adversarial "
    f"training together). Shares of random labels learned over the four strengths: {spans}; together "
    f"{together.groupby('adversarial').memorized.mean().min():.2f} to {together.groupby('adversarial').memorized.mean().max():.2f}."
)

# %% [markdown]
r"""
"Regularizers do not prevent memorization" and "regularizers cap memorization" do not contradict each other: the first is about what can be fitted in
the end {cite:p}`zhang2017`, the second about what is fitted in a given number of epochs.

(mem-layers)=
## Where does it sit?

A last look inside. {cite:t}`zhang2022` train a network, set *one* layer back to the values that it had at initialisation, and leave the others as
they are. If every weight carried its share of what was learned, any such layer would ruin the network.

::::{admonition} Predict before you run
:class: predict
A network with four hidden layers is trained until it is right on all training examples. Then one weight layer is set back. Which can be set back at
almost no loss of test accuracy?

1. None.
2. The first: any random features will do.
3. Later hidden layers.

:::{dropdown} Answer
Later hidden layers; the first is the critical one. Set a layer to *fresh* random values, and every layer is critical.
:::
::::

Which layers should be critical was fixed beforehand: the first is to be critical, the third and the fourth robust.
"""

# %%
deep = sweep(
    mlp(sizes.width, depth=4),
    images,
    n=sizes.examples,
    seed=scale.seeds(sizes.many_seeds),
    epochs=40,
    **recipe,
    record={"weights": [0]},
)


# %% mystnb={"code_prompt_show": "Layers set back"} tags=["hide-input"]
@torch.no_grad()
def drops(row):
    """Loss of test accuracy with each layer set back, or redrawn."""
    trained, initial = network(row, images), network(row, images, 0)
    seed = randomness.generator(row.init_seed, "fresh layers")
    fresh = MLP(row.width, row.depth).build(tuple(images.x.shape[1:]), 10, seed)
    accuracy = lambda module: float(
        (module(images.x_test).argmax(1) == images.y_test).double().mean()
    )
    whole = accuracy(trained)
    parts = zip(measures.layers(trained), measures.layers(initial), strict=True)
    return [
        {
            "seed": row.data_seed,
            "layer": k + 1,
            "to": to,
            "drop": whole - accuracy(measures.with_layers(trained, source, [k])),
            "moved": float((now.weight - then.weight).norm() / then.weight.norm()),
        }
        for k, (now, then) in enumerate(parts)
        for to, source in (("its initial values", initial), ("fresh random values", fresh))
    ]


dropped = pd.DataFrame([d for _, row in deep.iterrows() for d in drops(row)])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The first layer is critical, later hidden layers can be set back.** Loss of test accuracy when one layer of a trained network is set to other values, the rest left alone (layer 5 is the output). Means over seeds with 95 % bands.", "name": "fig-mem-layers"}, "image": {"alt": "Loss of test accuracy for layers one to five. With fresh random values it is high for every layer. With initial values it is high for the first layer, lower for the second, close to zero for the third and fourth, and a little higher for the output layer."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.4))
figures.plot(
    dropped,
    "layer",
    "drop",
    hue="to",
    ax=ax,
    label="set to {}",
    colors={
        "its initial values": figures.SEQUENCE[0],
        "fresh random values": figures.SEQUENCE[1],
    },
)
ax.set(ylim=(-0.02, 1), xlabel="layer", ylabel="loss of test accuracy")
ax.set_xticks([1, 2, 3, 4, 5])
ax.legend(loc="center right")
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
back = dropped[dropped.to == "its initial values"].pivot_table("drop", "seed", "layer")
redrawn = dropped[dropped.to == "fresh random values"].pivot_table("drop", "seed", "layer")
first_less_robust = interval(back[1] - (back[3] + back[4]) / 2)
redrawn_less_back = {k: interval(redrawn[k] - back[k]) for k in (3, 4)}

# %% tags=["remove-input"]
moved = dropped.groupby("layer").moved.mean()
Markdown(
    "Set back to its initial values, a layer costs, in share of test pictures: "
    + "; ".join(f"{interval(back[k]):.3f} (layer {k})" for k in back)
    + f". Fresh values cost between {redrawn.mean().min():.2f} and {redrawn.mean().max():.2f}. "
    f"In training, the weights of layers 3 and 4 moved by {moved[3]:.2f} and {moved[4]:.2f} of their initial length."
)

# %% [markdown]
r"""
So the later layers did move, but mostly in directions that hardly matter to the function; that they are not superfluous is shown by the fresh values.
The count of parameters includes them all. It is one more way in which the size of a network is no measure of what it has learned.

(mem-verdicts)=
## What the papers found, what we found

Every card states a claim, what its paper says, what was measured above with an interval over seeds, and the verdict that follows from the intervals
alone. {doc}`/book/how_to_read` has the rules.
"""
# %% tags=["remove-input"]
every = scale.seeds(sizes.seeds)
ledger.card(
    "early-learning-then-memorizing",
    [
        claims.Check(
            "true digit less told digit, at the chosen epoch",
            preference,
            above=0,
            unit="share of wrongly labelled pictures",
        ),
        claims.Check("told digit less true digit, at the end", reversal, above=0),
        claims.Check("told digit, end less chosen epoch", learned_later, above=0),
        claims.Check("test accuracy, end less chosen epoch", test_change, below=0),
    ],
    measured=f"With η = 0.4, at the epoch that noisy validation labels choose, {chosen['the true digit'].mean():.0%} of the wrongly labelled "
    f"training pictures are answered "
    f"with the true digit, and {chosen.train.mean():.0%} of all training pictures as told; at the end {final['the digit it was told'].mean():.0%} "
    f"of the wrongly labelled ones are answered with the told digit. On MNIST-1D the true class is given in at most {hard_truth.max():.0%} of the "
    f"cases at any epoch.",
    seeds=every,
    section="memorization",
)

# %% tags=["remove-input"]
ledger.card(
    "easy-examples-after-one-epoch",
    [
        claims.Check("over-dispersion, real (99 % interval)", level["real"], above=1),
        claims.Check("real less random inputs", real_less_inputs, above=0),
        claims.Check("real less random labels", real_less_labels, above=0),
        claims.Check("random labels less random inputs", labels_less_inputs, above=0),
        claims.Check(
            "share right in under 5 % or over 95 % of networks, real less random inputs",
            more_extreme,
            above=0,
        ),
    ],
    measured=f"{sizes.networks} networks on {10 * sizes.per_class:,} examples, classes equally frequent: {extreme['real']:.0%} of the real "
    f"examples are got right by fewer than 5 % or more than 95 % of the "
    f"networks, {extreme['random inputs']:.0%} of the random inputs and {extreme['random labels']:.0%} of those with random labels. The "
    f"over-dispersion of random inputs is {level['random inputs']:.1f} (99 % interval), that of simulated coins stays below {coin:.2f}.",
    seeds=every,
    section="mem-agree",
)

# %% tags=["remove-input"]
ledger.card(
    "time-to-convergence",
    [
        claims.Check(
            "exponent of steps in examples, random labels less real",
            steeper["examples", "random labels"],
            above=0,
        ),
        claims.Check(
            "the same, random inputs less real",
            steeper["examples", "random inputs"],
            above=0,
        ),
        claims.Check(
            "exponent of steps in units, random labels less real",
            steeper["units", "random labels"],
            below=0,
        ),
        claims.Check(
            "the same, random inputs less real", steeper["units", "random inputs"], below=0
        ),
    ],
    measured=f"Steps to fit grow with the number of examples to the power of {in_n['real'].mean():.2f} for real data, "
    f"{in_n['random inputs'].mean():.2f} for random inputs and {in_n['random labels'].mean():.2f} for random "
    "labels. The claim is about both kinds of noise, and counts as supported only if it holds for both.",
    seeds=every,
    section="mem-effort",
)

# %% tags=["remove-input"]
ledger.card(
    "capacity-needs-randX-vs-randY",
    [
        *(
            claims.Check(
                f"doublings of the width that suffices, {most:.0%} {k} less none",
                wider[k],
                above=0,
                unit="doublings",
            )
            for k in both
        ),
        *(
            claims.Check(
                f"what 16 units lose against the widest, {most:.0%} {k} less none",
                costlier[k],
                above=0,
            )
            for k in both
        ),
    ],
    measured=f"Beside a fixed number of real examples, at a fixed number of epochs. With {most:.0%} noise the smallest width within two points of "
    f"the best accuracy is {2 ** wider['random inputs'].value:.1f} times that without noise for random inputs, and "
    f"{2 ** wider['random labels'].value:.1f} times for random labels, among widths up to {max(sizes.capacities):,}. A network of 16 units loses "
    f"{costlier['random inputs'].value:.2f} and {costlier['random labels'].value:.2f} more of the accuracy of the widest than it does without "
    "noise.".replace("-", "−"),
    seeds=every,
    section="mem-effort",
)

# %% tags=["remove-input"]
largest = travel[travel.n == travel.n.max()].pivot_table("distance", "data_seed", "data")
further = interval(np.log(largest["random labels"] / largest["real"]))
ledger.card(
    "effective-capacity-is-data-dependent",
    [
        *(
            claims.Check(
                f"exponent of the {label} in examples, random less true labels",
                faster[name],
                above=0,
            )
            for name, label in (
                ("distance", "distance"),
                ("frobenius", "Frobenius norm"),
                ("path", "path norm"),
                ("spectral", "product of spectral norms"),
            )
        ),
        claims.Check(
            f"ln distance with {travel.n.max():,} examples, random less true labels",
            further,
            above=0,
        ),
    ],
    measured=f"At the same training loss, with {travel.n.max():,} examples, the weights end {np.exp(further.value):.1f} times as far from their "
    f"initialisation with random labels.",
    seeds=every,
    section="mem-effort",
)

# %% tags=["remove-input"]
ledger.card(
    "loss-sensitivity-gini",
    [
        *(
            claims.Check(f"Gini coefficient, real less {k}, {when}", value, above=0)
            for (k, when), value in gini_gap.items()
        ),
        claims.Check(
            "every example its own class, real less random inputs, at accuracy 0.95",
            own_gap,
            above=0,
        ),
    ],
    measured=f"Through 60 unrolled updates of a network with {sizes.width // 2} hidden units. At a training accuracy of 0.95 the coefficient is "
    f"{fitted_gini['real'].mean():.2f} for real data, "
    f"{fitted_gini['random inputs'].mean():.2f} for random inputs and {fitted_gini['random labels'].mean():.2f} for random labels; at an "
    f"accuracy of one half, real less random is {half_gap['random inputs']:.2f} (inputs) and {half_gap['random labels']:.2f} (labels).",
    seeds=every,
    section="mem-sensitivity",
)

# %% tags=["remove-input"]
ledger.card(
    "per-class-sensitivity",
    [
        claims.Check(
            f"off-diagonal over diagonal, real less random labels, {when}", value, above=0
        )
        for when, value in sharing_gap.items()
    ],
    measured=f"At a training accuracy of 0.95 the mean off the diagonal is {at_fit['real'].mean():.2f} of that on it for real and "
    f"{at_fit['random labels'].mean():.2f} for random labels.",
    seeds=every,
    section="mem-sensitivity",
)

# %% tags=["remove-input"]
ledger.card(
    "critical-sample-ratio",
    [
        claims.Check("slope of the final ratio in η", per_noise, above=0),
        claims.Check(
            f"ratio, epoch {max(looks)} less epoch {min(looks)}, η = 0.4",
            rise[0.4],
            above=0,
        ),
        claims.Check(
            f"ratio, epoch {max(looks)} less epoch {min(looks)}, clean labels",
            rise[0.0],
            above=0,
        ),
    ],
    measured=f"The final ratio is {', '.join(f'{at_end[noise].mean():.2f} (η = {noise:g})' for noise in at_end)}. With clean labels it changes by "
    f"{rise[0.0]:.2f} from epoch {min(looks)} to the last; the paper reports a rise on its data.",
    seeds=every,
    section="mem-surface",
)

# %% tags=["remove-input"]
ledger.card(
    "region-merging",
    [
        claims.Check(
            f"regions per plane, {widest_units} units less {just_fits}, noisy labels",
            past_threshold["regions"],
            below=0,
        ),
        claims.Check(
            f"purity, {widest_units} units less {just_fits}, noisy labels",
            past_threshold["purity"],
            above=0,
        ),
        claims.Check(
            f"regions per plane, {just_fits} units less {min(sizes.region_widths)}, noisy labels",
            up_to_threshold,
            above=0,
        ),
        claims.Check(
            "purity, epoch 20 less epoch 1, noisy labels", merging[region_noise], above=0
        ),
        claims.Check(
            f"purity, epoch {last_epoch} less epoch 20, noisy labels",
            later[region_noise],
            above=0,
        ),
        *(
            claims.Check(
                f"regions per plane, epoch 20 less epoch 1, {kind}",
                merging_regions[noise],
                below=0,
            )
            for kind, noise in (("noisy labels", region_noise), ("clean labels", 0.0))
        ),
        claims.Check(
            f"unbroken share of segments with ends answered alike, {widest_units} units less {just_fits}, noisy labels",
            mended,
            above=0,
        ),
    ],
    measured=f"With noisy labels, regions per plane at {widest_units} units less those at {just_fits}: {past_threshold['regions']:.2f}. From "
    f"epoch 20 to the end their number changes by {later_regions[region_noise]:.2f} with noisy and by {later_regions[0.0]:.2f} with clean labels; "
    f"from the initialisation to epoch 20 by {starting[region_noise]:.2f} and {starting[0.0]:.2f}. Purity is mostly the share of pairs whose two "
    f"ends are answered alike: of those, {course[course.epoch >= 1].unbroken.mean():.1%} are pure in the widest networks.",
    seeds=scale.seeds(sizes.many_seeds),
    section="mem-surface",
)

# %% tags=["remove-input"]
ledger.card(
    "coherent-gradients-metric",
    [
        claims.Check(
            "ln of the highest m-coherence, true less random labels", highest_ratio, above=0
        ),
        claims.Check(
            "ln of the m-coherence at a training accuracy of one half, true less random labels",
            matched_ratio,
            above=0,
        ),
    ],
    measured=f"The highest m-coherence of {sizes.examples * 3 // 2:,} gradients is {peaks['true labels']:.0f} with true and "
    f"{peaks['random labels']:.0f} with random labels; in the first three epochs that of random labels falls to "
    f"{start['random labels']:.1f} in one of the networks.",
    seeds=every,
    section="mem-why",
)

# %% tags=["remove-input"]
ledger.card(
    "suppress-weak-directions",
    [
        claims.Check(
            "wrong labels learned at the end, M3 less SGD",
            m3_lies,
            below=0,
            unit="share of wrong labels",
        ),
        claims.Check(
            "test accuracy at the end, M3 less SGD (a loss of 0.02 is small)",
            m3_test,
            above=-0.02,
        ),
        claims.Check(
            "true labels learned when half of the wrong ones is, M3 less SGD",
            equal_lies,
            above=0,
        ),
    ],
    measured=f"Wrong labels learned at the end: {', '.join(f'{lies.mean():.0%} ({name})' for name, lies in lies_of.items())}; SGD with a quarter "
    f"of the step less M3: {slow_lies:.2f}. Stopped early, they reach test accuracies of "
    f"{', '.join(f'{best.test.mean():.3f}' for best, _ in ends_of.values())}. Only the third check tells selection from slowness.",
    seeds=every,
    section="mem-median",
)

# %% tags=["remove-input"]
ordered = sorted(cost.values(), key=lambda v: v.value)
spread = f"{100 * ordered[0].value:+.1f} to {100 * ordered[-1].value:+.1f} points".replace(
    "-", "−"
)
ledger.card(
    "regularizers-cap-memorization",
    [
        *(
            claims.Check(
                f"validation accuracy where half of the random labels is learned, {nice[name]} less none (a loss of 0.01 is none)",
                cost[name],
                above=-0.01,
            )
            for name in strengths
        ),
        *(
            claims.Check(f"the same, dropout less {nice[name]}", value, above=0)
            for name, value in dropout_less.items()
        ),
        claims.Check(
            "the same, dropout and adversarial training together less adversarial training alone",
            together_less_alone,
            above=0,
        ),
    ],
    measured=f"At half the random labels, validation accuracy changes by {spread}. "
    f"The best of the four alone, at equal memorization, is {nice[max(cost, key=lambda name: cost[name].value)]}. With dropout and adversarial "
    f"training together it changes by {in_points(together_cost)}.",
    seeds=scale.seeds(sizes.many_seeds),
    section="mem-caps",
)

# %% tags=["remove-input"]
ledger.card(
    "layer-criticality",
    [
        claims.Check(
            "loss of test accuracy, layer 1 less the mean of layers 3 and 4",
            first_less_robust,
            above=0.1,
        ),
        *(
            claims.Check(f"layer {k}: fresh less initial values", value, above=0)
            for k, value in redrawn_less_back.items()
        ),
    ],
    measured=f"Set back to its initial values, the first layer costs {back[1].mean():.2f} of test accuracy, the third {back[3].mean():.3f} and "
    f"the fourth {back[4].mean():.3f}; fresh values cost at least {redrawn.mean().min():.2f} in any layer.",
    seeds=scale.seeds(sizes.many_seeds),
    section="mem-layers",
)

# %% [markdown]
r"""
Where these experiments differ from their plan, and why, stands in {ref}`protocol-memorization`.

## Who disagrees, and what to drop

**Simple first, or merging regions?** In discussions one hears that a network starts with scattered regions and later merges them; {cite:t}`arpit2017`
find simple functions first. We stated both directions before the run. The number of regions in a plane ({numref}`fig-mem-regions`) gives no sign of a
scattered start; the purity of segments does rise early, but that is accuracy in another dress. What the number does show is the late break-up by noise.
**Selection or slowness?** {cite:t}`zielinski2020` credit the median with suppressing weak directions; our two controls
show how much of that a smaller step does as well. We had digits and small networks, they had ImageNet. **Is coherence a cause?**
{numref}`fig-mem-coherence` shows that coherence *accompanies* learning. In the linear model it can be proved to cause the order
({prf:ref}`prop-mem-modes`); for networks that is an extrapolation.

Three sentences to drop:

:::{admonition} "Networks adapt their capacity to the data"
:class: misconception
The set of functions that an architecture can express does not change. What changes with the data is how far training goes into it
({numref}`fig-mem-distance`).
:::

:::{admonition} "Memorization is the opposite of generalization"
:class: misconception
Where many kinds of example are rare, the only way to be right about their like is to remember them {cite:p}`feldman2020`; {ref}`ex-mem-tail` does the
sum. What hurts is to memorize labels that are wrong.
:::

:::{admonition} "Arpit et al. contradict Zhang et al."
:class: misconception
{cite:t}`zhang2017` ask whether networks *can* fit random labels, {cite:t}`arpit2017` how fast and in which order. They can; it takes longer and comes
last.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page.
Longer, to hand in, and with tests that say what is wrong: {assignment}`03_memorization`.

```{exercise} ★ Coins and certainty
:label: ex-mem-dispersion
Compute the over-dispersion of $r$ networks if every example is always right or always wrong; if all are coins; and if half of the examples are coins
with $p = \tfrac12$ and the others are always right.
```

```{solution} ex-mem-dispersion
:class: dropdown
Always right or wrong: the $\hat p_i$ are 0 or 1, with variance $\bar p (1 - \bar p)$, so the ratio is $r$ (its largest value). Coins: 1 on average.
The mixture has $\bar p = \tfrac34$. Its variance is that of the means, $\tfrac1{16}$, plus that of the coins, $\tfrac12 \cdot \tfrac1{4r}$. Divided
by $\tfrac3{16r}$ this is $\tfrac r3 + \tfrac23$.
```

```{exercise} ★ What Gini sees
:label: ex-mem-gini
A share $q$ of the examples has equal sensitivity and the others have none. What is the Gini coefficient? What happens to it if all sensitivities are
multiplied by ten, and if ten is added to each?
```

```{solution} ex-mem-gini
:class: dropdown
Two examples drawn at random differ by the value $v$ with probability $2q(1 - q)$; the mean is $qv$. Mean difference over twice the mean: $1 - q$. A
factor cancels; that is why losses of different size can be compared at all. A constant added to each makes the distribution more even and the
coefficient smaller: a noise floor in $\chi_i$ hides inequality.
```

```{exercise} ★ Groups of gradients
:label: ex-mem-groups
The $n$ gradients fall into $k$ groups of equal size. Within a group they are equal, between groups orthogonal, and all have the same length. What is
the m-coherence? What if there are two groups with opposite gradients?
```

```{solution} ex-mem-groups
:class: dropdown
$\sum_{i,j} \langle g_i, g_j \rangle$ has $k (n/k)^2$ terms that are not zero, against $n$ in the denominator: $C = n/k$, the size of a group. For
opposite groups the mean gradient vanishes and $C = 0$, although every example helps half of the others: coherence counts harm as well.
```

```{exercise} ★★ The window
:label: ex-mem-window
For how many epochs do the networks of {numref}`fig-mem-validation` answer wrongly labelled pictures with the true digit more often than with the told
one? How does the end of that window move with the share of noise?
```

```{solution-start} ex-mem-window
:class: dropdown
```
"""

# %%
lead = story.assign(lead=story["the true digit"] > story["the digit it was told"])
window = lead[lead.lead].groupby(["noise", "seed"]).epoch.agg(["min", "max"])
window.groupby("noise").mean().rename(columns={"min": "first epoch", "max": "last epoch"})

# %% [markdown]
r"""
The moments are coarse, so differences of one moment mean little. Compare the rows for how the end moves; with more noise the lead itself is smaller
({numref}`fig-mem-validation` shows what that costs), and at η = 1 there is no truth left to lead.

```{solution-end}
```

```{exercise} ★★ Classes out of balance
:label: ex-mem-balance
Repeat the one-epoch experiment on random inputs with unequal classes (a quarter of the examples in each of two classes, the rest spread over eight)
and without taking out the mean of the pixels. What happens to the over-dispersion, and why?
```

```{solution-start} ex-mem-balance
:class: dropdown
```
"""


# %%
def out_of_balance(seed, per_class=sizes.per_class):
    """Random inputs, not centred, labels of two frequent and eight rare classes."""
    draw = randomness.generator(seed, "unbalanced")
    shares = torch.tensor([4.0, 4.0] + [1.0] * 8)
    y = torch.multinomial(shares, 10 * per_class, replacement=True, generator=draw)
    return replace(data.gaussian_pixels(balanced(images, seed), seed), y=y)


unbalanced = {
    s: right_after_one_epoch({"unbalanced": out_of_balance(s)}, s)["unbalanced"]
    for s in scale.seeds(3)
}
[round(measures.over_dispersion(c), 1) for c in unbalanced.values()]

# %% [markdown]
r"""
Large values, on data without any pattern. All that one epoch teaches is which classes are frequent, and, since the pixels have a common mean, that is
learned at once. All networks guess those classes, so their examples are "easy" and the others "hard". The statistic measures agreement, and there are
many things to agree about.

```{solution-end}
```

```{exercise} ★★ Unequal ranges
:label: ex-mem-ranges
Pretend that weight decay had only been tried up to 0.01. Compare dropout and weight decay by the lowest share of random labels learned at a loss of
no more than one point of validation accuracy. Then use all strengths.
```

```{solution-start} ex-mem-ranges
:class: dropdown
```
"""

# %%
reference = none.set_index("data_seed").validation


def lowest(table):
    """Lowest share of random labels learned, among strengths that cost no more than a point, by seed."""
    kept = table[table.validation >= table.data_seed.map(reference) - 0.01]
    return (
        kept.groupby("data_seed").memorized.min().reindex(reference.index, fill_value=1.0)
    )


# %%
decay = caps["weight_decay"]
rows = {
    "weight decay up to 0.01": lowest(caps["dropout"])
    - lowest(decay[decay.weight_decay <= 0.01]),
    "all strengths": lowest(caps["dropout"]) - lowest(decay),
}
pd.DataFrame(
    {"dropout less weight decay": {k: f"{interval(v):.2f}" for k, v in rows.items()}}
)

# %% [markdown]
r"""
With the short range dropout seems to memorize far less; with the full one the difference is of another size. The rule itself is unstable too, since
it selects on validation noise, which is why the chapter interpolates at equal memorization.

```{solution-end}
```

```{exercise} ★★ How large a box?
:label: ex-mem-radius
Compute the critical sample ratio at the end of training for boxes of one fifth and of five times the radius. For which radius can noise levels be
told apart?
```

```{solution-start} ex-mem-radius
:class: dropdown
```
"""

# %%
boxes = pd.DataFrame(
    {
        "noise": row.label_noise,
        "box": f"{factor:g} × radius",
        "critical": critical(row, -1, radius=factor * radius),
    }
    for factor in (0.2, 1, 5)
    for _, row in told.iterrows()
)
boxes.pivot_table("critical", "noise", "box").round(2)

# %% [markdown]
r"""
In the small box few pictures are critical; in the large one nearly all that noisy networks see, and their levels can hardly be told apart. A single
radius is a choice, and saturation at either end looks like "no effect".

```{solution-end}
```

```{exercise} ★★ The proxy
:label: ex-mem-proxy
Replace the sensitivity through the updates by a cheaper thing, the gradient at the end of training of the loss that example $x$ would have *if its
label were $k$*, averaged over examples labelled $j$. Compute off-diagonal over diagonal for the three kinds of data. Why is this not evidence for
shared features?
```

```{solution-start} ex-mem-proxy
:class: dropdown
```
"""


# %%
def proxy(row):
    """Mean |gradient in the input| of the loss with label k (row) over examples labelled j (column)."""
    module, labels = network(row, kinds[row.data]), row.labels
    x = kinds[row.data].x[row.examples].requires_grad_()
    log_p = module(x).log_softmax(1)
    gradients = [
        torch.autograd.grad(-log_p[:, k].sum(), x, retain_graph=True)[0] for k in range(10)
    ]
    size = torch.stack([g.abs().sum(1) for g in gradients]).numpy()
    return np.stack([size[:, labels == j].mean(1) for j in range(10)], axis=1)


ratios = ways.assign(ratio=[off_diagonal(proxy(row)) for _, row in ways.iterrows()])
ratios.groupby("data").ratio.mean().round(0)

# %% [markdown]
r"""
Large numbers, for random inputs as well, which have no features to share. Once an example is fitted, the gradient for its own label is nearly zero
and those for all other labels are not. The ratio measures how well the training set is fitted, before anything else.

```{solution-end}
```

```{exercise} ★★★ Two parties
:label: ex-mem-parties
Split the training gradient of a network with η = 0.4 into the mean gradient of the truly labelled and that of the wrongly labelled examples. Follow
the angle between them and their lengths through training. When do the wrong labels take over?
```

```{solution-start} ex-mem-parties
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "The two gradients"} tags=["hide-input"]
def parties(row):
    """Cosine between the two mean gradients, and their lengths, at every recorded epoch."""
    x, y = images.x[row.examples], torch.from_numpy(row.labels)
    lie = torch.from_numpy(row.labels) != images.y[row.examples]
    rows = []
    for t, epoch in enumerate(row.weights_epoch):
        module = network(row, images, t)
        losses = torch.nn.functional.cross_entropy(module(x), y, reduction="none")
        true, false = (
            torch.cat(
                [
                    g.flatten()
                    for g in torch.autograd.grad(
                        part.sum() / len(y), list(module.parameters()), retain_graph=True
                    )
                ]
            )
            for part in (losses[~lie], losses[lie])
        )
        cosine = float(true @ false / true.norm() / false.norm())
        rows.append(
            {
                "epoch": epoch,
                "cosine": cosine,
                "true": float(true.norm()),
                "wrong": float(false.norm()),
            }
        )
    return pd.DataFrame(rows).assign(seed=row.data_seed)


# %%
pull = pd.concat([parties(row) for _, row in told[told.label_noise == 0.4].iterrows()])
pull.groupby("epoch")[["cosine", "true", "wrong"]].mean().round(2)

# %% [markdown]
r"""
At first the two parties pull against each other: the cosine is negative, and the true labels pull harder, so the pattern is learned. Around the time
at which the window of {ref}`ex-mem-window` closes, the lengths become equal and the cosine turns positive. While it is positive, a step that helps the
wrong labels helps, on average, the true ones too. That fits the late coherence of random labels in {numref}`fig-mem-coherence`; it does not show by
which features.

```{solution-end}
```

```{exercise} ★★★ The long tail
:label: ex-mem-tail
A world has 1,000 kinds of example; the frequency of the $k$-th is proportional to $1/k$, and each kind has its own label out of ten, without noise. A
training set has 1,000 examples. Compare the test error of a learner that remembers every kind it has seen with that of one that forgets all kinds
seen only once, and guesses there {cite:p}`feldman2020`. Then replace a share of the training labels at random.
```

```{solution-start} ex-mem-tail
:class: dropdown
```
"""


# %%
def tail_errors(seed, noise, kinds_=1000, n=1000):
    """Test error of remembering all kinds seen, and of forgetting those seen once."""
    draw = randomness.rng(seed)
    frequency = 1 / np.arange(1, kinds_ + 1)
    frequency /= frequency.sum()
    seen, truth = draw.choice(kinds_, n, p=frequency), draw.integers(10, size=kinds_)
    labels = np.where(draw.random(n) < noise, draw.integers(10, size=n), truth[seen])
    votes = np.zeros((kinds_, 10))
    np.add.at(votes, (seen, labels), 1)
    wrong = (votes + 1e-9 * draw.random(votes.shape)).argmax(1) != truth
    counts = votes.sum(1)
    by = lambda least: float((frequency * np.where(counts >= least, wrong, 0.9)).sum())
    return by(1), by(2)


# %%
rows = {}
for noise in (0, 0.2, 0.4):
    all_kinds, frequent = np.transpose([tail_errors(s, noise) for s in scale.seeds(50)])
    rows[noise] = {
        "remember all": all_kinds.mean(),
        "forget singletons": frequent.mean(),
        "saved by remembering": f"{claims.mean(frequent - all_kinds):.3f}",
    }
pd.DataFrame(rows).T.rename_axis("label noise")

# %% [markdown]
r"""
Remembering a single example is the best that can be done for its kind: right unless its label is wrong. It pays with noise too, as long as a
remembered label is more often right than a guess. A learner that refuses to memorize refuses to learn the tail.

```{solution-end}
```

## Summary

- With wrong labels, networks first answer with the truth that they were not told, and then with what they were told. Noisy validation labels suffice
  to stop in between.
- Which examples are learned first is partly a property of the data, shared by networks with different initialisations and orders.
- Noise costs time and distance; random inputs cost room as well. What takes long is a label that its neighbours contradict; random inputs, which have
  no near neighbours, behave quite differently.
- In a linear model the order is a theorem: labels along leading directions come first, random labels lie along all. In networks, gradients of true
  labels agree more, and those of random labels become coherent later.
- Several regularizers halve memorization in a given number of epochs at next to no cost. A smaller step does much of what the median does, so compare
  at equal memorization.
- Part of what a network has is not in play: later layers can be set back to where they began.

**Reading.** {cite:t}`arpit2017` for the questions and most of the experiments; {cite:t}`chatterjee2022` for coherence; {cite:t}`zhang2022` for
layers; {cite:t}`somepalli2022` for regions; {cite:t}`feldman2020` for why memorization can be needed; {cite:t}`liu2020` for a use of the early phase;
{cite:t}`advani2020` for the dynamics of the linear case.
"""
