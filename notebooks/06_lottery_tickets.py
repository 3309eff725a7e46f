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
(lottery-tickets)=
# Lottery tickets

If most of the weights of a trained network can be deleted, why were they needed? One answer has become a slogan: a large network is a pile of lottery
tickets, and training finds the one that wins. This chapter buys the tickets, checks the draw, and then asks whether a lottery is what goes on.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace
from math import comb

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import stats

from overparam import (
    CNN1D,
    MLP,
    Conv,
    LeNet,
    Settings,
    Vector,
    claims,
    data,
    figures,
    measures,
    mlp,
    network,
    pruning,
    randomness,
    run,
    scale,
    sweep,
    tickets,
)
from overparam.measures import connectivity
from overparam.theory import critical_points, linear, planes, spectra, students

figures.style()
colors = figures.COLORS
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
ledger = claims.EarlierLedger("lottery-tickets")
sizes = scale.sizes(
    #                   smoke         laptop                gpu
    task=(              "mnist1d",    "mnist1d",            "mnist"),
    examples=(          120,          1_200,                55_000),
    validation=(        100,          1_000,                5_000),
    trials=(            2,            5,                    5),
    lenet_width=(       10,           100,                  100),
    epochs=(            6,            75,                   55),
    rounds=(            (3, 4),       (1, 2, 2, 2, 3, 2),   (1,) * 20),
    sgd_epochs=(        (2, 4, 8),    (25, 50, 100),        (10, 20, 55)),
    cnn_channels=(      4,            25,                   100),
    cnn_examples=(      120,          1_200,                4_000),
    cnn_epochs=(        4,            40,                   40),
    rewind=(            (0, 1),       (0, 4, 10),           (0, 1, 4, 10)),
    digits_epochs=(     10,           30,                   30),
    teacher=(           4,            10,                   10),
    students=(          12,           100,                  400),
    student_epochs=(    60,           1_200,                3_000),
    bump_runs=(         40,           2_000,                20_000),
    plane_runs=(        6,            60,                   200),
    matrices=(          2_000,        100_000,              1_000_000),
    matrix_seeds=(      3,            10,                   10),
    saddle_starts=(     10,           40,                   200),
    saddle_steps=(      80,           300,                  1_000),
    layer_images=(      "digits",     "digits",             "mnist"),
    layer_examples=(    200,          1_000,                20_000),
    layer_width=(       32,           128,                  1_024),
    layer_seeds=(       3,            10,                   5),
)  # fmt: skip


def interval(values, level=0.95):
    """As claims.mean over the replicates that have a value; a point where all agree, and -1 to 1 for fewer than two."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return claims.Estimate(float(values.sum()), -1.0, 1.0)
    if np.ptp(values) == 0:
        return claims.Estimate(*[float(values[0])] * 3)
    return claims.mean(values, level)


def points(estimate):
    """An interval for shares, in percentage points."""
    return f"{100 * estimate:+.1f}"


sizes

# %% [markdown]
r"""
## The puzzle

Take LeNet-300-100, a network with hidden layers of 300 and 100 units, and train it: on this page on MNIST-1D, short noisy signals of ten classes, and at
gpu scale on MNIST. Delete four fifths of its weights, the smallest of each layer, in several rounds that are described below. Set those that are left back
to the values that they had *before* training, and train this sparse network from there. Beside it train another one, with exactly the same weights deleted,
that starts from a fresh random draw.
"""

# %% mystnb={"code_prompt_show": "The networks: one call to find_tickets"} tags=["hide-input"]
# Five trials of iterative magnitude pruning with all their controls. One call to the engine per round.
signals = data.with_validation(
    data.mnist1d(n=4_000 + sizes.validation, n_test=3_000), sizes.validation
)
part = sizes.validation + 2_000  # of the test examples the first 2,000 are used
signals = replace(signals, x_test=signals.x_test[:part], y_test=signals.y_test[:part])
task, looks = signals, range(1, 21)
looks = sorted({*looks, *range(20, 41, 2), *range(40, sizes.epochs + 1, 5)})
if sizes.task == "mnist":
    task = data.with_validation(data.mnist(), sizes.validation)
    looks = np.arange(0.5, sizes.epochs + 0.1, 0.5)
looks = [e for e in looks if e <= sizes.epochs]
lenet = LeNet(sizes.lenet_width)
seeds = scale.seeds(sizes.trials)
adam = {"lr": 1.2e-3, "optimizer": "adam", "batch_size": 60, "epochs": sizes.epochs}
dense = [Settings(lenet, n=sizes.examples, init_seed=s, data_seed=s, **adam) for s in seeds]
recipe = tickets.Recipe(rates=0.2, rounds=sizes.rounds)
table = tickets.find_tickets(dense, task, recipe, validation=sizes.validation, looks=looks)
layers = pruning.prunable_layers(lenet, task)
steps = dense[0].steps  # in an epoch


def of(arm, number=0):
    """The rows of one arm in one round, one per trial; the dense networks are round 0."""
    return table[(table.arm == arm) & (table["round"] == number)].set_index("trial")


def left(number):
    """The share of the weights that is left after so many rounds."""
    return of("ticket", number).left.mean()


done = sorted(set(table["round"]) - {0})


def stopped(settings):
    """Train these networks and stop each on validation data, as the tickets are."""
    record = {"test_losses": looks, "test_correct": looks}
    return tickets.early_stopping(run(settings, task, record=record), sizes.validation)


def in_points(**differences):
    """Differences per trial as a table of intervals, in percentage points."""
    rows = {name.replace("_", " "): points(interval(d)) for name, d in differences.items()}
    return pd.DataFrame({"points, 95 % interval": rows})


names = {
    "dense": "dense",
    "ticket": "ticket",
    "reinit": "same mask, fresh start",
    "shuffled": "random mask, same start",
}
hues = {
    "dense": figures.INK,
    "ticket": figures.SEQUENCE[1],
    "reinit": figures.SEQUENCE[0],
    "shuffled": figures.SEQUENCE[2],
}


def courses(arms, number):
    """Accuracy over the steps of training, in long form."""
    rows = [of(arm, 0 if arm == "dense" else number).assign(arm=arm) for arm in arms]
    long = pd.concat(rows)[["arm", "epochs", "accuracies"]]
    long = long.explode(["epochs", "accuracies"]).astype(
        {"epochs": float, "accuracies": float}
    )
    return long.assign(iteration=long.epochs * steps)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A fifth of the weights, from two starts.** Test accuracy during training of LeNet-300-100, of the ticket with about a fifth of its weights set back to their initial values, and of the same sparse network from a fresh start. Means over five trials with 95 % bands.", "name": "fig-lt-puzzle"}, "image": {"alt": "Test accuracy against training iterations on a logarithmic axis for three networks: the dense one, the ticket, and the same sparse network from a fresh start."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.8))
course = courses(["dense", "ticket", "reinit"], 7)
for arm, rows in course.groupby("arm", sort=False):
    figures.plot(
        rows,
        "iteration",
        "accuracies",
        ax=ax,
        colors=hues[arm],
        label=names[arm],
        marker="",
    )
ax.set(xscale="log", xlabel="iteration", ylabel="test accuracy")
ax.legend(loc="lower right")
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def contrast(column, number, a="ticket", b="dense"):
    """Paired difference of two arms, one number per trial; of "stop" the difference of log₂."""
    first, second = of(a, number)[column], of(b, 0 if b == "dense" else number)[column]
    if column == "stop":
        first, second = np.log2(first), np.log2(second)
    return (first - second).to_numpy()


def times(log2):
    """An interval for log₂ of a ratio, as the ratio."""
    return f"{claims.Estimate(*(2**v for v in (log2.value, log2.low, log2.high))):.2f}"


gain = interval(contrast("accuracy", 7))
over_reinit = interval(contrast("accuracy", 7, b="reinit"))

# %% tags=["remove-input"]
Markdown(
    f"{left(7):.1%} of the weights are left. Stopped where the loss on validation data is lowest, the ticket is {points(gain)} points more "
    f"accurate than the dense network, and {points(over_reinit)} points more accurate than the same sparse network from a fresh start. Dense, it "
    f"is {of('dense').accuracy.mean():.1%}, from {sizes.examples:,} training examples."
)

# %% [markdown]
r"""
The connections that were kept are the same in both sparse networks. All that differs is the numbers on them: a fresh draw of the kind that the dense
network began with. (The kept numbers are a selection from theirs, and somewhat larger.) Where the ticket does better, something in the initial draw has
survived training and pruning, and is of use a second time. {cite:t}`frankle2019` call such a subnetwork a *winning* {term}`lottery ticket`, and they state

> **The lottery ticket hypothesis.** A randomly initialised dense network contains a subnetwork that, trained in isolation from its own initial
> weights, reaches the test accuracy of the whole in at most as many steps.

This is a statement about *trainability*. Nothing in it says that the dense network generalizes *because* it holds many tickets; that is a conjecture, also in
the paper, and the second half of this chapter is about it.

(lt-imp)=
## How a ticket is found

The algorithm is the lesson. With $\theta_0$ the initial weights, $\theta_{\mathrm{end}}(z)$ those after training with the mask
$z$, and $\odot$ the product of entries:

1. Train the dense network, $z = (1, \dots, 1)$, from $\theta_0$ to $\theta_{\mathrm{end}}(z)$.
2. In each layer, set to 0 the entries of $z$ that belong to a fifth of the weights that are left, those smallest in $|\theta_{\mathrm{end}}(z)|$ (in the
   output layer, a tenth).
3. Set the weights back to $z \odot \theta_0$, train, and go on with 2.

{numref}`fig-lt-left` takes up to three of these rounds at once, which prunes as much as they would. Note what is *not* in it. The mask is found after
training, and needs the trained dense network at every step: a ticket is not found before the draw.

Each trial has its own training set, initial weights and order of examples, and three controls that share as much of them as they can:

- the **dense** network;
- **re-initialised**: the ticket's mask, a fresh draw of weights;
- **shuffled**: the ticket's true initial weights, and a random mask that keeps as many in each layer.

::::{admonition} Predict before you run
:class: predict
Half the weights are left. Order the three sparse networks, ticket, re-initialised and shuffled, by how well they do.

1. All the same: at this size half the weights are enough for anything.
2. Ticket, then the two controls together.
3. Ticket and re-initialised together, since their structure was selected; shuffled last.
4. Ticket and shuffled together, since they start from the true initial weights; re-initialised last.

:::{dropdown} Answer
In the paper the re-initialised network falls behind; the tables below {numref}`fig-lt-left` have both controls here. If the second is right it takes
both: where the connections are *and* where they start.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Two controls, one for the mask and one for the initial values.** Test accuracy at the stop chosen on validation data, and the iteration of that stop, against the share of weights left; the dense network at the left end. Means over five trials with 95 % bands. Stops at the dotted line, the end of training, are lower bounds.", "name": "fig-lt-left"}, "image": {"alt": "Two panels against the share of weights left, falling to the right. Left: accuracy of the ticket and both controls. Right: iteration at which each stops, on a logarithmic axis."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.9))
for arm in ("ticket", "reinit", "shuffled"):
    rows = pd.concat(
        [of("dense").assign(number=0)] + [of(arm, r).assign(number=r) for r in done]
    )
    rows = rows.assign(
        percent=100 * rows.groupby("number").left.transform("mean"),
        iteration=rows.stop * steps,
    )
    for ax, column in zip(axes, ("accuracy", "iteration"), strict=True):
        figures.plot(rows, "percent", column, ax=ax, colors=hues[arm], label=names[arm])
axes[1].axhline(
    sizes.epochs * steps, color=colors["threshold"], linestyle=":", linewidth=1.5
)
for ax, label in zip(axes, ("test accuracy", "iteration of the stop"), strict=True):
    ax.set(xscale="log", xlabel="weights left, %", ylabel=label)
    ax.invert_xaxis()
    ax.set_xticks([100, 50, 20, 10], ["100", "50", "20", "10"])
    ax.minorticks_off()
axes[1].set_yscale("log")
axes[0].legend(loc="lower left", fontsize=10)
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
checked = [r for r in (3, 7, 12) if r in done]
ahead = {r: interval(contrast("accuracy", r, b="reinit")) for r in checked}
later = {r: interval(contrast("stop", r, "reinit", "ticket")) for r in checked}
over_shuffled = {r: interval(contrast("accuracy", r, b="shuffled")) for r in checked}
unstopped = {
    b: interval(contrast("final_accuracy", 7, b=b)) for b in ("dense", *tickets.CONTROLS)
}
capped = {r: int((of("reinit", r).stop >= of("reinit", r)["last"]).sum()) for r in checked}

# %% tags=["remove-input"]
against_dense = "\n".join(
    f"| {left(r):.0%} | {points(interval(contrast('accuracy', r)))} | {times(interval(contrast('stop', r)))} |"
    for r in checked
)
against_controls = "\n".join(
    f"| {left(r):.0%} | {points(ahead[r])} | {times(later[r])} | {points(over_shuffled[r])} |"
    for r in checked
)
at_the_end = unstopped["dense"]
lasting = (
    "By that measure, too, it is the better one."
    if at_the_end.low > 0
    else "By that measure, too, it is no worse by 0.3 points, the margin of its card."
    if at_the_end.low > -0.003
    else "By that measure it is not shown to be better, nor to be no worse by 0.3 points, the margin of its card; the card uses the stop, as the paper does."
)
Markdown(
    "Accuracy of the ticket less that of the dense network, in points, and the ratio of their stops:\n\n| left | accuracy | stop |\n|---|---|---|\n"
    f"{against_dense}\n\nAccuracy of the ticket less that of the re-initialised network, the stop of the latter over the ticket's, and accuracy less "
    f"that of the shuffled one:\n\n| left | accuracy | stop | less shuffled |\n|---|---|---|---|\n{against_controls}\n\nAt these sparsities "
    f"{sum(capped.values())} of {sizes.trials * len(checked)} re-initialised networks were best at the end of training: their ratio is "
    "a lower bound, and their gap in accuracy may be part undertraining.\n\nAll this is at the stop that the "
    f"validation *loss* chooses, as in the paper. At the end of training, with {left(7):.0%} of the weights left, the ticket is "
    f"{points(at_the_end)} points more accurate than the dense network. {lasting} It is {points(unstopped['reinit'])} points more accurate than the "
    f"re-initialised network, and {points(unstopped['shuffled'])} more than the shuffled one."
)

# %% [markdown]
r"""
Follow the three lines to the right. Had the mask alone carried the ticket, the re-initialised network would run with it; had the initial values, the
shuffled one would. The advantage over the *dense* network is another matter. With few examples, the loss of a dense network on new ones turns up while its
accuracy still rises, and a smaller network may suffer less of that: pruning is a regularizer, and stopping is one. On clean digits, where it hardly
overfits, a pilot run found tickets at a quarter of the weights no better and no worse.
"""


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**Training as weights are removed.** Test accuracy during training at each share of weights left, for the dense network, the ticket and both controls. Means over five trials.", "name": "fig-lt-courses"}} tags=["hide-input"]
def course_at(number):
    fig, ax = plt.subplots(figsize=(7.2, 4.0))
    for arm, rows in courses(list(names), number).groupby("arm", sort=False):
        mean = rows.groupby("iteration").accuracies.mean()
        ax.plot(mean.index, mean, color=hues[arm], label=names[arm])
    ax.set(xscale="log", xlabel="iteration", ylabel="test accuracy")
    ax.set_ylim(
        0.9 * table.accuracies.map(min).min(), 1.03 * table.accuracies.map(max).max()
    )
    ax.legend(loc="lower right")
    return fig


figures.slider(
    {f"{left(r):.0%}": course_at(r) for r in done if r in (1, 3, 4, 5, 7, 10, 12, 15)},
    description="Weights left",
    alt="Test accuracy against iteration with {} of the weights left, for the ticket, both controls and the dense network.",
    start=f"{left(7):.0%}",
)

# %% [markdown]
r"""
Is a ticket *faster* than the dense network? The paper reports that learning becomes faster down to about a fifth of the weights, and then slower again. To
choose the fastest sparsity by looking, and then to test it on the same trials, would find speed in noise. So for each trial the sparsity is chosen on the
*other* trials.
"""


# %%
def cross_fitted(column):
    """Ticket less dense, per trial, in the round that stops earliest in the other trials."""
    stop = pd.DataFrame({r: of("ticket", r).stop for r in done})
    by_round = {r: pd.Series(contrast(column, r), stop.index) for r in done}
    found = measures.cross_fit(
        stop,
        lambda others: others.mean().idxmin(),
        lambda trial, r: pd.DataFrame({"value": by_round[r][trial.index], "round": r}),
        folds=len(stop),
    )
    return found["value"], found["round"].to_dict()


# %%
faster, fastest_rounds = cross_fitted("stop")
faster, as_accurate = interval(faster), interval(cross_fitted("accuracy")[0])
at_fifth = interval(contrast("stop", 7))


def pace(log2):
    """What an interval for log₂ of the ratio of two stops says, in words."""
    sure = "faster than" if log2.high < 0 else "slower than" if log2.low > 0 else None
    return sure or "not shown to be faster or slower than"


# %% tags=["remove-input"]
shares = sorted({round(100 * left(r)) for r in fastest_rounds.values()})
Markdown(
    f"The fastest sparsity, chosen on the other trials, leaves {' or '.join(map(str, shares))} % of the weights. There a ticket stops at "
    f"{times(faster)} times the iteration of the dense network and is {points(as_accurate)} points more accurate."
)

# %% [markdown]
r"""
(lt-rewind)=
## Rewinding, and a line between two networks

The first paper already had a caveat: in VGG-19 and ResNet-18 on CIFAR-10, at their usual learning rate, the recipe fails unless the rate is small or
is warmed up. {cite:t}`frankle2019rewinding` found the repair. Do not reset the weights to $\theta_0$ but *rewind* them to $\theta_t$, where the dense
network was after $t$ steps, a small part of its training. Then {cite:t}`frankle2020` found what the right $t$ has to do with.

Take the dense network at step $t$, make two copies, and train both on the same data *in two orders*. Then walk on the straight line from one to the other.
If the error on the line rises above the mean of the ends, by a *barrier*, the noise of the order has sent the copies into different valleys. If not, the
network was already *stable to the noise of SGD* at step $t$, and the copies are {term}`linearly mode connected`. The paper's threshold is a barrier of two
points. We look at seven places of the line (the paper at more), so a narrow ridge can be missed; and as the highest of several noisy errors counts, even
twins have a barrier a little above zero.

::::{admonition} Predict before you run
:class: predict
A convolutional network on MNIST-1D, trained by SGD at a learning rate of 0.1 for some 800 steps. From which step on will two copies end in the same valley?

1. From the start: the initial weights decide.
2. After a few per cent to a quarter of the training.
3. Only at the end: every order of the examples is a different story.

:::{dropdown} Answer
The paper finds the second in large networks. {numref}`fig-lt-rewind` has a few values of $t$ for this one, and the numbers below it end with a small fully
connected network, of which one may expect the first.
:::
::::

Our small LeNet does not show the problem, as pilot runs told us, so this section takes a one-dimensional convolutional network, trained by SGD with momentum
at a learning rate of 0.1. For each $t$ it prunes in rounds as before, but back to step $t$: the weights, the momentum and the order of the examples are
those that the dense network had there, and go on as its own did. Every ticket has the dense network's number of steps, and where nothing is pruned it ends,
bit for bit, as the dense network.
"""

# %%
cnn = CNN1D(sizes.cnn_channels)
sgd = {"lr": 0.1, "momentum": 0.9, "batch_size": 60}
cnn_settings = {"n": sizes.cnn_examples, "epochs": sizes.cnn_epochs, **sgd}
whole = [Settings(cnn, init_seed=s, data_seed=s, **cnn_settings) for s in seeds]
keep = {"validation": sizes.validation, "looks": range(1, sizes.cnn_epochs + 1, 3)}
parts = tickets.Recipe(rates=0.2, rounds=(0, 3, 4, 3))  # the first prunes nothing
rewound = {
    k: tickets.find_tickets(whole, signals, parts, controls=(), rewind=k, **keep)
    for k in sizes.rewind
}


# %%
def with_barriers(rows, task=signals):
    """The same networks trained in another order, and the barriers between the pairs."""
    others = [connectivity.other_order(s) for s in rows.settings]
    ends = run(others, task, record=["weights"]).weights
    pairs = [(a, b[-1]) for a, b in zip(rows.end, ends, strict=True)]
    kind = rows.settings.iloc[0].architecture
    return rows.assign(barrier=connectivity.barriers(kind, task, pairs, sizes.validation))


rewound = pd.concat(
    [with_barriers(rows[rows.arm == "ticket"]).assign(k=k) for k, rows in rewound.items()]
)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Two orders of training, and where tickets start.** Left: the barrier between two orders of training, for the dense network from step t; the dotted line is the threshold of the paper. Right: accuracy against weights left, for tickets rewound to step t. Means over five trials with 95 % bands.", "name": "fig-lt-rewind"}, "image": {"alt": "Left panel: error barrier against the step t from which two copies were trained. Right panel: accuracy against weights left, one line for each t."}} tags=["hide-input"]
cnn_steps = whole[0].steps
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.9))
unpruned = rewound[rewound["round"] == 0].assign(step=lambda t: t.k * cnn_steps)
figures.plot(unpruned, "step", "barrier", ax=axes[0], colors=figures.INK, label="dense")
axes[0].axhline(0.02, color=colors["threshold"], linestyle=":", linewidth=1.5)
axes[0].set(xlabel="step t", ylabel="barrier in test error")
axes[0].set_xticks([k * cnn_steps for k in sizes.rewind])
for k, color in zip(sizes.rewind, figures.ramp(len(sizes.rewind)), strict=True):
    rows = rewound[rewound.k == k]
    rows = rows.assign(percent=100 * rows.groupby("round").left.transform("mean"))
    label = "reset to step 0" if k == 0 else f"rewound to step {k * cnn_steps}"
    figures.plot(rows, "percent", "accuracy", ax=axes[1], colors=color, label=label)
axes[1].set(xscale="log", xlabel="weights left, %", ylabel="test accuracy")
axes[1].invert_xaxis()
axes[1].set_xticks([100, 50, 20], ["100", "50", "20"])
axes[1].minorticks_off()
axes[1].legend(loc="lower left", fontsize=10)
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def cell(column, k, number):
    """One number per trial of the networks rewound to epoch k, after so many rounds."""
    rows = rewound[(rewound.k == k) & (rewound["round"] == number)]
    return rows.set_index("trial")[column]


def over_trials(rows, column):
    """The mean of the trials' means; its interval is -1 to 1, which decides nothing, where trials have no such network."""
    means = rows.groupby("trial")[column].mean()
    if len(means) == len(seeds):
        return interval(means)
    return claims.Estimate(float(means.mean()) if len(means) else 0.0, -1.0, 1.0)


def missing(rows):
    """What the label of a check says where trials have no such network."""
    n = rows.trial.nunique()
    return (
        ""
        if n == len(seeds)
        else f": no interval, as only {n} of {len(seeds)} trials have such a network (−1 to 1 is an accuracy's whole range)"
    )


def told(estimate, rows):
    """Such a mean in words."""
    if rows.trial.nunique() == len(seeds):
        return f"{points(estimate)} points"
    return f"{100 * estimate.value:+.1f} points, from too few trials for an interval"


first, last = sizes.rewind[0], sizes.rewind[-1]
sparsest, middle = 10, 7
helped = {
    r: interval(cell("accuracy", last, r) - cell("accuracy", first, r))
    for r in (middle, sparsest)
}
at_start, at_last = (interval(cell("barrier", k, 0)) for k in (first, last))
drop = rewound.assign(
    drop=rewound.apply(
        lambda row: cell("accuracy", row.k, 0)[row.trial] - row.accuracy, axis=1
    )
)
drop = drop[drop["round"] > 0]
matching, stable = drop[drop["drop"] < 0.01], drop[drop.barrier <= 0.02]
unstable = drop[drop.barrier > 0.02]
lose_as_much = int((stable["drop"] >= 0.01).sum())
matching_barrier, unstable_drop = (
    over_trials(matching, "barrier"),
    over_trials(unstable, "drop"),
)
together = interval(
    [
        claims.rank_correlation(rows.barrier, rows["drop"])
        for _, rows in drop.groupby("trial")
    ]
)
sgd_at = {"lr": 0.1, "optimizer": "sgd", "momentum": 0.9}
lenet_sgd = [replace(s, epochs=sizes.sgd_epochs[0], **sgd_at) for s in dense]
small = pd.DataFrame(
    {
        "settings": lenet_sgd,
        "end": [w[-1] for w in run(lenet_sgd, task, record=["weights"]).weights],
    }
)
lenet_barrier = interval(with_barriers(small, task).barrier)

# %% tags=["remove-input"]
sparse_share = rewound[rewound["round"] == sparsest].left.mean()
matched = (
    f"Of the {len(drop)} pruned networks {len(matching)} match the dense one to within a point, in {matching.trial.nunique()} of {len(seeds)} trials; "
    f"their barrier is {told(matching_barrier, matching)}."
    if len(matching)
    else f"None of the {len(drop)} pruned networks matches the dense one to within a point."
)
unmatched = (
    f" The {len(unstable)} that are unstable, with a barrier above 2 points, lose {told(unstable_drop, unstable)} of accuracy."
    if len(unstable)
    else " None of them is unstable, with a barrier above 2 points."
)
go_together = (
    "the two go together."
    if together.low > 0
    else "that the two go together is not shown here. Sparse networks lose accuracy by having few weights, stable or not."
)
Markdown(
    f"Between two orders of training the dense network has a barrier of {points(at_start)} points from step 0, and of {points(at_last)} from step "
    f"{last * cnn_steps}. With {sparse_share:.0%} of the weights left, rewinding to step {last * cnn_steps} instead of 0 changes the accuracy by "
    f"{points(helped[sparsest])} points, and with {rewound[rewound['round'] == middle].left.mean():.0%} left by {points(helped[middle])}.\n\n"
    f"{matched}{unmatched} Of the {len(stable)} that are stable {lose_as_much} lose a point or more as well. Over all pruned "
    f"networks the rank correlation of barrier and lost accuracy is {together:.2f}: {go_together}\n\nLeNet, trained by SGD at the same learning rate, "
    f"has a barrier of {points(lenet_barrier)} points from its initial weights."
)

# %% [markdown]
r"""
Read the two panels together: rewinding should help where it reaches steps at which the barrier has fallen to about the threshold or below. What would have
shown the opposite is a right panel whose lines coincide.

::::{admonition} Break it: a network that needs no rewinding
:class: break-it
All of this rests on a network that is unstable at its start. Take one that is not: LeNet, by SGD at the same learning rate. Its barrier from the initial
weights is the last of the numbers above; the paper finds LeNet stable at initialisation.
::::

Be careful with the word *exactly*, which retellings add. The paper says that pruned networks match the dense one *only when* they are stable. The
converse fails in the paper, and the numbers above count how often here: two copies can agree very well on a poor valley.

The word *larger* in the claim is a shortcut too. Size itself need not be the cause; a small network at too high a learning rate is unstable as well.

(lt-dispute)=
## A dispute about the learning rate

{cite:t}`liu2019` tried to use tickets and could not. They pruned VGG and ResNet on CIFAR-10. At a learning rate of 0.01 the winning initial weights
did better than random ones; at 0.1, the usual value, they did not. For *structured* pruning, which removes whole units, there was no benefit at
either rate. Their conclusion: what pruning finds is an architecture, and its weights may as well be drawn anew, *if you train long enough at a rate
that trains well*.

::::{admonition} Predict before you run
:class: predict
LeNet, SGD with momentum, about a quarter of the weights left, learning rates 0.01 and 0.1. The advantage of the ticket over fresh initial weights is
measured after 25, 50 and 100 epochs. Where is it largest?

1. At 0.01, early.
2. At 0.01, late.
3. At 0.1, early.
4. It is the same everywhere, for it is a property of the mask.

:::{dropdown} Answer
{numref}`fig-lt-rates` has the answer; a pilot run made us expect the first. At a small rate the fresh network has not arrived yet, and the ticket has a head
start. Whether something is left when both have had their time is the question in dispute.
:::
::::
"""


# %% mystnb={"code_prompt_show": "The rivals: tickets and their controls at one learning rate"} tags=["hide-input"]
def rivals(lr):
    """Tickets and their re-initialised controls at one learning rate: settings, long budget."""
    short = replace_all(dense, lr=lr, epochs=sizes.sgd_epochs[0])
    halves = tickets.Recipe(rates=0.5, rounds=(1, 1))
    ends = {"validation": sizes.validation, "looks": sizes.sgd_epochs[:1]}
    found = tickets.find_tickets(short, task, halves, controls=["reinit"], **ends)
    rows = found[found["round"] == 2]
    units = [pruning.prune_units(w, layers, 0.5) for w in found[found.arm == "dense"].end]
    structured = [
        replace(s, mask=units[i % len(units)]) for i, s in enumerate(rows.settings)
    ]
    networks_ = [*rows.settings, *structured]
    kinds = ["weights"] * len(rows) + ["units"] * len(rows)
    return pd.DataFrame({"settings": networks_, "kind": kinds, "arm": [*rows.arm] * 2})


def replace_all(settings, **changes):
    return [replace(s, optimizer="sgd", momentum=0.9, **changes) for s in settings]


# %%
budgets = sizes.sgd_epochs
fine = sorted({*budgets, *range(5, budgets[-1] + 1, 5)})
dispute = pd.concat([rivals(lr) for lr in (0.01, 0.1)], ignore_index=True)
long_runs = run(
    [replace(s, epochs=budgets[-1]) for s in dispute.settings],
    task,
    record={"test_losses": fine, "test_correct": fine},
)
dispute = dispute.join(tickets.early_stopping(long_runs, sizes.validation)).join(
    long_runs[["lr", "init_seed"]]
)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The advantage of the ticket, at two learning rates.** Accuracy of the ticket less that of the same mask with fresh initial weights, against the length of training, at two learning rates. Left: single weights pruned. Right: whole units pruned. Means over five trials with 95 % bands.", "name": "fig-lt-rates"}, "image": {"alt": "Two panels: the advantage of the ticket over fresh initial weights against epochs, for learning rates 0.01 and 0.1; single weights pruned, and whole units."}} tags=["hide-input"]
def advantage(kind, lr, epoch=None, column="accuracies"):
    """Ticket less re-initialised, one number per trial: at an epoch, or of another column."""
    rows = dispute[(dispute.kind == kind) & (dispute.lr == lr)]
    value = rows[column]
    if epoch is not None:
        value = rows.apply(
            lambda r: r.accuracies[np.flatnonzero(r.epochs == epoch)[0]], axis=1
        )
    pivot = rows.assign(value=value).pivot_table("value", "init_seed", "arm")
    return (pivot["ticket"] - pivot["reinit"]).astype(float)


fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), sharey=True)
for ax, (kind, title) in zip(
    axes, {"weights": "Single weights", "units": "Whole units"}.items(), strict=True
):
    for lr, color in zip((0.01, 0.1), figures.SEQUENCE, strict=False):
        rows = pd.concat(
            pd.DataFrame({"epoch": e, "points": 100 * advantage(kind, lr, e)}) for e in fine
        )
        figures.plot(
            rows,
            "epoch",
            "points",
            ax=ax,
            colors=color,
            label=f"learning rate {lr}",
            markersize=3,
        )
    ax.axhline(0, color=figures.INK, linewidth=0.8)
    ax.set(title=title, xlabel="epoch", ylabel="")
axes[0].set_ylabel("advantage of the ticket, points")
axes[0].legend(loc="upper right", fontsize=10)
plt.show()

# %% tags=["remove-input"]
end_of_it = budgets[-1]
at_end = {
    (kind, lr): interval(advantage(kind, lr, end_of_it))
    for kind in ("weights", "units")
    for lr in (0.01, 0.1)
}
interaction = {
    e: interval(advantage("weights", 0.1, e) - advantage("weights", 0.01, e))
    for e in budgets
}
at_stop = {lr: advantage("weights", lr, column="accuracy") for lr in (0.01, 0.1)}
stop_interaction = interval(at_stop[0.1] - at_stop[0.01])
of_tickets = dispute[(dispute.kind == "weights") & (dispute.arm == "ticket")]
median_stop = of_tickets.groupby("lr").stop.median()
rows = "\n".join(
    f"| {e} | {points(interval(advantage('weights', 0.01, e)))} | {points(interval(advantage('weights', 0.1, e)))} | {points(interaction[e])} |"
    for e in budgets
)
Markdown(
    "Single weights pruned; advantage of the ticket in points.\n\n| epochs | learning rate 0.01 | learning rate 0.1 | difference "
    f"|\n|---|---|---|---|\n{rows}\n| early stop | {points(interval(at_stop[0.01]))} | {points(interval(at_stop[0.1]))} | "
    f"{points(stop_interaction)} |\n\nThe median stop of the ticket is at {median_stop[0.01]:.0f} epochs at 0.01 and at {median_stop[0.1]:.0f} at 0.1; "
    f"looks are up to {max(np.diff([0, *fine]))} epochs apart. With whole units pruned, after {end_of_it} epochs, the advantage is "
    f"{points(at_end['units', 0.01])} at 0.01 and {points(at_end['units', 0.1])} at 0.1."
)

# %% [markdown]
r"""
The rows need not agree, and here is where this dispute lives. At equal and few epochs, a small rate makes a head start look like a better network. The
last row stops each network where its own validation loss is lowest, which can be early in training, when the fresh network has not caught up: there the
order of the two rates can turn around. A pilot run with other seeds had shown us that the rules disagree, so the rule of the card, the longest budget, was
fixed before this run; the dispute is about whether the benefit *lasts*.

What can be learned from a LeNet about a ResNet is limited. {cite:t}`frankle2020` would answer {cite:t}`liu2019` that the ResNet at 0.1 was not yet
stable, and that rewinding restores the benefit.

(lt-signs)=
## Supermasks, zeros and signs

If mask and initial values together make a ticket, which part of the values is it? {cite:t}`zhou2019` took tickets apart.

::::{admonition} Predict before you run
:class: predict
Train a network on digits. Take from it only a mask: the half of the weights whose final value is largest *and* has the sign of the initial value. Put
the mask on the **untrained** network and measure it. No weight is ever trained. How many of ten digits does it tell apart?

1. One in ten is right: the weights are random numbers.
2. Three in ten.
3. Most of them.

:::{dropdown} Answer
{numref}`fig-lt-supermask` has the answer; the paper finds the third on MNIST. The mask was made with the labels, so it carries what training found out:
which of the random numbers point the right way. Deleting the others *is* a kind of training, with one bit per weight.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The networks, and the accuracy under a mask"} tags=["hide-input"]
digits = data.digits(n_train=1_297)
pictures = {"n": 1_000, "epochs": sizes.digits_epochs, "batch_size": 50}
trained = sweep(
    lenet,
    digits,
    seed=seeds,
    **pictures,
    **{"lr": 1.2e-3, "optimizer": "adam"},
    record={"weights": [0]},
)
digit_layers = pruning.prunable_layers(lenet, digits)


def supermask_accuracy(row, criterion, kept):
    """Test accuracy of the untrained weights of a network under a mask that keeps this share."""
    start, end = row.weights[0], row.weights[-1]
    scores = pruning.SUPERMASKS[criterion](start, end)
    mask = pruning.prune_lowest(scores, None, digit_layers, 1 - kept)
    return 1 - connectivity.errors_at(lenet, digits, [start * pruning.kept(mask)])[0]


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A mask alone, on weights that were never trained.** Accuracy on test digits of untrained networks under masks made with four criteria, against the share of weights kept. The dotted line is guessing. Means over five networks with 95 % bands.", "name": "fig-lt-supermask"}, "image": {"alt": "Accuracy of masked untrained networks against the share of weights kept. Four lines, one for each criterion, and a dotted line for guessing."}} tags=["hide-input"]
masked = pd.DataFrame(
    {
        "criterion": criterion,
        "kept": 100 * kept,
        "seed": row.init_seed,
        "accuracy": supermask_accuracy(row, criterion, kept),
    }
    for criterion in pruning.SUPERMASKS
    for kept in (0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05)
    for _, row in trained.iterrows()
)
fig, ax = plt.subplots(figsize=(7.2, 3.8))
figures.plot(masked, "kept", "accuracy", hue="criterion", ax=ax)
ax.axhline(0.1, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set(xlabel="weights kept, %", ylabel="test accuracy without training", ylim=(0, 1))
ax.legend(loc="upper left", fontsize=10)
plt.show()

# %% tags=["remove-input"]
half = masked[masked.kept == 50].pivot_table("accuracy", "seed", "criterion")
supermask = interval(half["large final, same sign"])
Markdown(
    f"With half of the weights kept, the mask of large final weights with unchanged sign gives untrained weights an accuracy of {supermask:.1%}; "
    f"without the condition on the sign it is {interval(half['large final']):.1%}, and a mask by the initial size "
    f"{interval(half['large start']):.1%}. Trained, the dense networks reach {1 - trained.test_error.mean():.1%}."
)

# %% [markdown]
r"""
Next they asked about the zeros. In a ticket, pruned weights are held at 0. They might as well be held at their initial values; then nothing would be
special about 0 except habit. And last about the numbers that are kept: reshuffle them within the layer, redraw them, or replace them all by one
constant, each time with the original signs or without. All variants below train with the same mask, with about a tenth of the weights left.

::::{admonition} Predict before you run
:class: predict
Which change of the initial values hurts the ticket most?

1. Replacing all sizes by one constant, signs kept.
2. Redrawing all sizes, signs kept.
3. Keeping the sizes, exchanging them within the layer with their signs.

:::{dropdown} Answer
In the paper, the third: it is the signs that carry most. {numref}`fig-lt-signs` takes every way to change the sizes by itself. A size that is drawn anew
may land near zero.
:::
::::
"""

# %%
tenth = max(r for r in done if r <= 10)
ticket, original = of("ticket", tenth), of("dense")


def variants(trial):
    """Starts and masks of all variants of one trial's ticket."""
    start, mask = original.start[trial], ticket.settings[trial].mask
    signs = pruning.reinitialized(start, mask, layers, trial)
    shrank = np.abs(original.end[trial]) < np.abs(start)
    scattered = pruning.at_random(shrank, mask, layers, trial)
    return {
        **{name: {"start": Vector(v), "mask": mask} for name, v in signs.items()},
        "pruned frozen at start": pruning.frozen(start, mask),
        "frozen unless shrinking": pruning.frozen(start, mask, zeroed=shrank),
        "frozen, random zeros": pruning.frozen(start, mask, zeroed=scattered),
    }


# %%
kinds = {t: variants(t) for t in ticket.index}
cells = [(t, name, change) for t in kinds for name, change in kinds[t].items()]
changed = stopped([replace(original.settings[t], **change) for t, _, change in cells])
varied = changed.assign(
    trial=[t for t, *_ in cells], variant=[name for _, name, _ in cells]
)
accuracy = varied.pivot_table("accuracy", "trial", "variant")
accuracy["the ticket"] = ticket.accuracy
accuracy["fresh start"] = of("reinit", tenth).accuracy

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The ticket with other initial values.** Accuracy, relative to the ticket, of the same mask with changed initial values: sizes changed with the signs kept (filled) and lost (open), and pruned weights held at their initial values instead of 0: all of them, all but those that shrank, and all but as many at random places. Differences within a trial, means with 95 % intervals over five trials.", "name": "fig-lt-signs"}, "image": {"alt": "Dots with intervals for each variant, accuracy less that of the ticket in points: four with the signs kept, three with the signs lost, a fresh start, and three with pruned weights frozen."}} tags=["hide-input"]
order = [
    "constant, signs kept",
    "redrawn, signs kept",
    "redrawn at equal spread, signs kept",
    "reshuffled, signs kept",
    "constant, signs lost",
    "redrawn, signs lost",
    "reshuffled, signs lost",
    "fresh start",
    "frozen unless shrinking",
    "frozen, random zeros",
    "pruned frozen at start",
]
fig, ax = plt.subplots(figsize=(7.2, 5.0))
for place, name in enumerate(reversed(order)):
    difference = interval(100 * (accuracy[name] - accuracy["the ticket"]))
    color = figures.SEQUENCE[3 if "frozen" in name else 1 if "kept" in name else 0]
    ax.plot([difference.low, difference.high], [place] * 2, color=color)
    face = "none" if "lost" in name or name == "fresh start" else color
    ax.plot(
        difference.value,
        place,
        "o",
        markersize=8,
        color=color,
        markerfacecolor=face,
        markeredgewidth=1.5,
    )
ax.axvline(0, color=figures.INK, linewidth=0.8)
ax.set_yticks(range(len(order)), reversed(order))
ax.set_xlabel("accuracy less that of the ticket, points")
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
pairs = ("constant", "redrawn", "reshuffled")
kept = sum(accuracy[f"{name}, signs kept"] for name in pairs) / 3
lost = sum(accuracy[f"{name}, signs lost"] for name in pairs) / 3
signs_matter = interval(kept - lost)
sizes_lost = {
    n: interval(accuracy["the ticket"] - accuracy[f"{n}, signs kept"]) for n in pairs
}
zeros_matter = interval(accuracy["the ticket"] - accuracy["pruned frozen at start"])
why_zero = interval(
    accuracy["frozen unless shrinking"] - accuracy["pruned frozen at start"]
)
not_any_zero = interval(
    accuracy["frozen unless shrinking"] - accuracy["frozen, random zeros"]
)
at_equal_spread = interval(
    accuracy["the ticket"] - accuracy["redrawn at equal spread, signs kept"]
)
same_values = interval(accuracy["the ticket"] - accuracy["reshuffled, signs lost"])


def spread_of_kept(trial):
    """How wide the kept initial weights of each layer spread, with a fresh draw as 1."""
    here = pruning.kept(ticket.settings[trial].mask)
    return [
        original.start[trial][own][here[own]].std() * np.sqrt(3 * layer.fan_in)
        for own, layer in zip(pruning.weights_of(layers), layers, strict=True)
    ]


spreads = np.mean([spread_of_kept(t) for t in ticket.index], axis=0)
heading = pd.DataFrame(
    {
        kind: [
            np.mean(
                (np.abs(original.end[t]) < np.abs(original.start[t]))[
                    pruning.kept(ticket.settings[t].mask) == keeps
                ]
            )
            for t in ticket.index
        ]
        for kind, keeps in (("pruned", False), ("kept", True))
    },
    index=ticket.index,
)

# %% tags=["remove-input"]
per_way = ", ".join(f"{n} {points(loss)}" for n, loss in sizes_lost.items())
per_layer = ", ".join(f"{s:.2f}" for s in spreads)
narrower = (
    "A fresh draw is also narrower than the kept weights"
    if min(spreads) > 1
    else "A fresh draw also has another spread than the kept weights"
)
scale_or_not = (
    "scale is not the whole effect."
    if same_values.low > 0
    else "that shows nothing beyond an effect of scale."
)
Markdown(
    f"With {left(tenth):.0%} of the weights left: keeping the signs is worth {points(signs_matter)} points, averaged over the three ways to "
    f"change the sizes. With the signs kept, each way loses against the ticket, in points: {per_way}. {narrower}, which spread {per_layer} times as "
    f"wide, from the first layer to the last; redrawn at equal spread, with the signs kept, the loss is {points(at_equal_spread)}. Reshuffled with the signs "
    f"lost, the values are the very same as in the ticket, and the loss is {points(same_values)}: {scale_or_not}\n\nHolding the pruned weights at their "
    f"initial values and not at 0 loses {points(zeros_matter)} points. In the training of the dense network {heading.pruned.mean():.0%} of the pruned weights "
    f"became smaller, and {heading.kept.mean():.0%} of the kept ones. To hold at 0 only the {heading.pruned.mean():.0%} that were on their way there is "
    f"{points(why_zero)} points better than to hold none there, and loses "
    f"{points(interval(accuracy['the ticket'] - accuracy['frozen unless shrinking']))} against the ticket. Against as many zeros at random places of each "
    f"layer it is {points(not_any_zero)} points better."
)

# %% [markdown]
r"""
That pruned weights shrank more often than kept ones is no finding: small final weights are what pruning looks for. The reason that the paper gives, zero
is where they were heading, is tested by the last three numbers: if it is right, zeros are needed only where a weight shrank, and are worth less at
random places. That *only* the signs are needed is refuted by one way to change the sizes that costs a point or more. A mask plus a vector of signs is a
description of a network in at most two bits per weight. If it helps, what does it explain? That a sparse network starts well if its weights begin on the
right side of zero, so that they need not cross it.

(lt-width)=
## Width is not many restarts

So far tickets are a fact about pruning. The slogan goes further: *wide networks succeed because they hold many small networks, and one of them will
be lucky.* This is a claim about probability, and can be computed. If a network of $H^*$ neurons succeeds with probability $q$, and one of $H$ neurons
is as good as $H/H^*$ independent small ones, it succeeds with probability

$$
1 - (1 - q)^{H/H^*} .
$$ (eq-lt-restarts)

{cite:t}`martinelli2026` argue, in a preprint that they call an opinion, that this is not what happens: added neurons open *new directions* in which
gradient descent leaves what was a minimum for the small network. The test bed is that of {cite:t}`safran2018`: a teacher that is a sum of $H^*$ ReLU
neurons at right angles, $y = \sum_{i} \max(0, x_i)$ for Gaussian $x \in \mathbb R^{H^*}$, and a student $\sum_{j=1}^{H} \max(0, w_j \cdot x)$, with its
output weights fixed at 1. The student of size $H = H^*$ can represent the teacher, and often gets stuck.

Each student has its own 600 examples and is trained by Adam on the full batch. It *succeeds* if its training loss ends below a thousandth of the variance of
the targets. The *winners* stand for the teacher's neurons at the end, one each, so that the components along them add up to most.

::::{admonition} Predict before you run
:class: predict
A student as large as the teacher, 10 neurons, succeeds in a small part of all runs. What do two neurons more do?

1. A fifth more neurons are a fifth more of a draw: success is a little more frequent.
2. Success is two or three times as frequent.
3. They get in the way: success is rarer.

:::{dropdown} Answer
Restarts, {eq}`eq-lt-restarts`, say the first; two whole draws would at most double the rate. The experiments of {cite:t}`safran2018` made us expect the
second. The left panel of {numref}`fig-lt-width` has both curves.
:::
::::
"""

# %%
k = sizes.teacher
teacher = students.relu_teacher(k, n=20_000)
descent = {"n": 600, "lr": 0.03, "epochs": sizes.student_epochs}
widths = (k, k + 1, k + 2, k + 4)
many = scale.seeds(sizes.students)
student_nets = {
    m: [students.student(students.first_weights(m, k, s), s, **descent) for s in many]
    for m in widths
}
fitted = {m: run(student_nets[m], teacher, record={"weights": [0]}) for m in widths}
level = 1e-3 * float(teacher.y.var())
success = {m: (fitted[m].train_loss < level).to_numpy() for m in widths}


# %% mystnb={"code_prompt_show": "The two tests of the winners"} tags=["hide-input"]
def own_weights(row, m, time=-1):
    """The first layer of a student at the start or at the end [m, k]."""
    return row.weights[time][: m * k].reshape(m, k)


def winners_tests(m):
    """For every student of m neurons that succeeded: its winners alone, as many at random, and with the losers redrawn."""
    alone, chance, redrawn, winners_before = [], [], [], []
    for (_, row), won in zip(fitted[m].iterrows(), success[m], strict=True):
        if not won:
            continue
        winners = students.winners(own_weights(row, m), k)
        start = own_weights(row, m, 0)
        other = students.first_weights(m, k, int(row.init_seed), draw=1)
        other[winners] = start[winners]
        seed = int(row.init_seed)
        pick = randomness.rng(seed, 5).choice(m, k, replace=False)
        alone.append(students.student(start[winners], seed, **descent))
        chance.append(students.student(start[np.sort(pick)], seed, **descent))
        redrawn.append(students.student(other, seed, **descent))
        winners_before.append(winners)
    if not alone:
        none = np.zeros(0, bool)
        return {"alone": none, "chance": none, "redrawn": none, "same": []}
    by_themselves = run(alone, teacher, record={"weights": [0]})
    at_random = run(chance, teacher)
    again = run(redrawn, teacher, record={"weights": [0]})
    overlap = [
        np.isin(students.winners(own_weights(row, m), k), before).mean()
        for (_, row), before in zip(again.iterrows(), winners_before, strict=True)
        if row.train_loss < level
    ]
    return {
        "alone": (by_themselves.train_loss < level).to_numpy(),
        "chance": (at_random.train_loss < level).to_numpy(),
        "redrawn": (again.train_loss < level).to_numpy(),
        "same": overlap,
    }


wider = k + 2
winners = winners_tests(wider)

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
rates = {m: claims.proportion(success[m].sum(), len(many)) for m in widths}
null = {m: 1 - (1 - rates[k].value) ** (m / k) for m in widths}
draws = randomness.rng(scale.seed_offset())


def above_restarts(m, paired=True, resamples=20_000):
    """Success rate less that of restarts: resamples seeds, which the widths share, or (the plan) draws two binomials."""
    picks = draws.integers(len(many), size=(resamples, len(many)))
    small, large = success[k][picks].mean(1), success[m][picks].mean(1)
    if not paired:
        small, large = (
            draws.binomial(len(many), rates[w].value, resamples) / len(many) for w in (k, m)
        )
    low, high = np.quantile(large - (1 - (1 - small) ** (m / k)), (0.025, 0.975))
    return claims.Estimate(rates[m].value - null[m], low, high)


excess = {m: above_restarts(m) for m in widths[1:]}
as_planned = above_restarts(k + 1, paired=False)
tests_done = max(len(winners["alone"]), 1)
alone = claims.proportion(winners["alone"].sum(), tests_done)
chance = claims.proportion(winners["chance"].sum(), tests_done)
redrawn = claims.proportion(winners["redrawn"].sum(), tests_done)
overlap = winners["same"]
same = f"{interval(overlap):.0%}" if len(overlap) > 1 else f"{np.sum(overlap):.0%}"
yes_no = {
    name: [winners[name].sum(), (~winners[name]).sum()]
    for name in ("alone", "chance", "redrawn")
}
fisher = stats.fisher_exact([yes_no["alone"], yes_no["chance"]]).pvalue
perturbed = stats.fisher_exact(
    [
        yes_no["redrawn"],
        [len(winners["redrawn"]), 0],
    ]  # with their own losers all of them won
).pvalue
bars = {
    bar: [(fitted[m].train_loss < bar).mean() for m in (k, wider)]
    for bar in (1e-4, 5 * level)
}


def losers(row, m):
    """The neurons of a trained student that are no winners [m - k, k]."""
    first = own_weights(row, m)
    return np.delete(first, students.winners(first, k), axis=0)


won = fitted[wider][success[wider]]
left_over = np.concatenate(
    [losers(row, wider) for _, row in won.iterrows()] or [np.ones((1, k))]
)
norms = np.linalg.norm(left_over, axis=1)
partners = ((left_over.max(1) / norms > 0.95) & (norms > 0.1)).mean()

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Width against restarts, and winners on their own.** Left: share of students that succeed, against their number of neurons, beside what independent restarts of the small one would give. Right: students with two neurons more than the teacher that succeeded, and what becomes of some of their neurons: as many as the teacher has, picked at random and trained alone; the winning neurons, trained alone from their own initial weights, or with the other neurons drawn anew; beside them any students of that width. Wilson intervals, 95 %.", "name": "fig-lt-width"}, "image": {"alt": "Left: success rate against the number of student neurons, and a curve for restarts. Right: four dots with intervals: random neurons of the same students alone, the winners alone, the winners with the losers redrawn, and any student of two neurons more."}} tags=["hide-input"]
fig, (one, two) = plt.subplots(1, 2, figsize=(7.2, 3.8), width_ratios=(3, 2))
values, lows, highs = (
    [getattr(rates[m], name) for m in widths] for name in ("value", "low", "high")
)
one.plot(widths, values, "o-", color=figures.SEQUENCE[1], label="one wide student")
figures.band(one, widths, lows, highs, figures.SEQUENCE[1])
dense_widths = np.linspace(k, widths[-1], 50)
one.plot(
    dense_widths,
    1 - (1 - rates[k].value) ** (dense_widths / k),
    "--",
    color=figures.SEQUENCE[0],
    label="as many restarts",
)
one.set(xlabel="neurons of the student", ylabel="share that succeed", ylim=(0, 1))
one.set_xticks(widths)
one.legend(loc="upper left")
compared = {
    f"{k} at\nrandom": chance,
    "winners\nalone": alone,
    "losers\nredrawn": redrawn,
    f"any {wider}\nneurons": rates[wider],
}
for place, (name, estimate) in enumerate(compared.items()):
    color = figures.SEQUENCE[3 if name in ("winners\nalone", "losers\nredrawn") else 0]
    two.plot([place] * 2, [estimate.low, estimate.high], color=color)
    two.plot(place, estimate.value, "o", markersize=8, color=color)
two.set(ylim=(0, 1), xlim=(-0.5, 3.5))
two.set_xticks(range(4), compared, fontsize=10)
plt.show()

# %% tags=["remove-input"]
of_winners = (
    f"Of the {len(won)} students of {wider} neurons that succeeded, the {k} winning neurons alone, from their own initial weights, succeed in {alone:.0%} "
    f"of the cases; {k} neurons picked at random from the same students, with the same examples, succeed in {chance:.0%} (Fisher's exact p = {fisher:.2g}). "
    f"With the {wider - k} losers drawn anew {redrawn:.0%} succeed, where with their own losers all {len(won)} did, as training repeats exactly (the plan's "
    f"test of this perturbation: Fisher's exact p = {perturbed:.2g}; any {wider} neurons: {rates[wider].value:.0%}); among those that succeed again "
    f"{same} of the winners are the same neurons, where chance would give {k / wider:.0%}."
    if len(won)
    else f"None of the students of {wider} neurons succeeded, so there are no winners to be tested."
)
Markdown(
    f"{rates[k]:.0%} of the students of {k} neurons succeed, {rates[k + 1]:.0%} of those of {k + 1}, {rates[wider]:.0%} of those of {wider} and "
    f"{rates[k + 4]:.0%} of those of {k + 4}. Restarts would give {null[wider]:.0%} at {wider}; the excess is {points(excess[wider])} points "
    f"there and {points(excess[k + 1])} at {k + 1}, or {points(as_planned)} with the plan's interval, which counts on the card. "
    f"With five times the bar for success the rates of {k} and {wider} neurons would be "
    f"{bars[5 * level][0]:.0%} and {bars[5 * level][1]:.0%}, and with the plan's, a loss of 10⁻⁴, {bars[1e-4][0]:.0%} and {bars[1e-4][1]:.0%}.\n\n"
    f"{of_winners}"
)

# %% [markdown]
r"""
The right panel is the sharper test. If the winners *were* a ticket, they would win without the others, nearly always. We call that refuted if they succeed
alone in less than half of the cases, and count it against the claim of the paper otherwise. The control is as many neurons that are picked at random from the
*same* students, with the same examples: only what the winners do beyond these can be owed to their having been selected. *Which* neurons end as winners,
once the losers have been redrawn, is compared with chance above: a ticket that a neuron carries from its own initial weights would give a share near 100 %.

What do the two others do? Their output weights are fixed at 1, so they cannot be switched off by these. Two neurons that point the same way and share its
length do the work of one, $\max(0, \alpha x) + \max(0, (1 - \alpha) x) = \max(0, x)$ for $0 \le \alpha \le 1$, so a loser can end as a junior partner:
not needed to *represent* the result, and yet part of the way to it.
"""

# %% tags=["remove-input"]
Markdown(
    f"Of the losers of these students {partners:.0%} end within a cosine of 0.95 of a teacher neuron and with a norm above 0.1; {(norms < 0.05).mean():.0%} "
    "have a norm below 0.05."
    if len(won)
    else f"No student of {wider} neurons succeeded, so there are no losers to look at."
)

# %% [markdown]
r"""
A student of $H$ neurons also contains many more than $H/H^*$ small ones, if overlapping choices are counted; {ref}`ex-lt-null` asks how many tickets
the lottery would need.

(lt-why)=
## Why: new directions

Why should two more neurons help, if all that was needed was there? Take a critical point of the small network and put it into a larger one, by
copying a neuron. For this calculation the activation $\phi$ has to be smooth.

```{prf:proposition} A copied neuron
:label: prop-lt-copy
Let $f(x) = \sum_j v_j\, \phi(w_j \cdot x)$ with loss $L = \frac1n \sum_i \tfrac12 (f(x_i) - y_i)^2$ be at a critical point, with residuals
$e_i = f(x_i) - y_i$. Replace neuron $j$ by two copies with weights $w_j$ and output weights $\alpha v_j$ and $(1 - \alpha) v_j$. Then the wider network
computes the same function and is at a critical point too. If the copies move apart, by $(1 - \alpha) \delta$ and $-\alpha \delta$, the loss changes by

$$
\tfrac12\, \alpha (1 - \alpha)\, \delta^\top A\, \delta + O(\lVert \delta \rVert^3), \qquad A = \frac1n \sum_i e_i v_j\, \phi''(w_j \cdot x_i)\, x_i x_i^\top .
$$ (eq-lt-bend)
```

```{prf:proof}
The gradient in a copy's weights is $\alpha$ or $1 - \alpha$ times that of the original, and in its output weight the same as the original's: all are zero.
Along the direction the two first-order changes of $f$ are $\alpha v_j \phi' (1 - \alpha)\, \delta \cdot x$ and
$-(1 - \alpha) v_j \phi' \alpha\, \delta \cdot x$ and cancel. The second-order changes add up to
$\tfrac12 v_j \phi''(w_j \cdot x) (\delta \cdot x)^2\, [\alpha (1 - \alpha)^2 + (1 - \alpha) \alpha^2]$, and the bracket is $\alpha (1 - \alpha)$. The
loss changes by the mean of $e_i$ times this, and by a square that is of fourth order.
```

In the small network $A$ was there too, but it was covered by the positive part of the Hessian that comes from the first-order change of $f$, the
*Gauss–Newton part*. For two copies that move apart this part is zero, and $A$ stands alone. As soon as $A$ has eigenvalues of both signs, every share
$\alpha \notin \{0, 1\}$ gives a direction in which the loss falls: *what was a minimum has become a saddle.* Only if $A$ has no eigenvalues of both
signs can the copy be a minimum, for suitable $\alpha$: between 0 and 1 where $A$ is positive, outside where it is negative {cite:p}`fukumizu2000`. At
perfect fit $e = 0$, so $A = 0$ and nothing is lost. {cite:t}`simsek2021` count how many such points there are in wide networks.

The check: minima of a tanh network of two neurons that is taught by one of four, on three principal components of the digits, one neuron copied in each.
(With several outputs a copy has still more ways to leave.)
"""


# %% mystnb={"code_prompt_show": "The data, and where to start"} tags=["hide-input"]
def small_digits(seed, values, n=100, inputs=3):
    """n digits as their leading principal components; the targets are their values, or (0, 1 and 2 only) one-hot."""
    pool = data.digits()
    rows = torch.nonzero(pool.y < (10 if values else 3)).flatten()
    order = torch.randperm(len(rows), generator=randomness.generator(seed, "small digits"))
    x, y = pool.x[rows[order[:n]]].double(), pool.y[rows[order[:n]]].double()
    x = x - x.mean(0)
    x = x @ torch.linalg.svd(x, full_matrices=False).Vh[:inputs].T
    standard = ((y - y.mean()) / y.std())[:, None]
    one_hot = torch.nn.functional.one_hot(y.long(), 10)[:, :3].double()
    return x / x.std(0), standard if values else one_hot


def starts(net, seed, count):
    """Random weights [count, parameters] of several sizes, a part of them after some descent."""
    g = randomness.generator(seed, "saddles")
    drawn = torch.randn(count, net.parameters, generator=g, dtype=torch.float64)
    drawn = drawn * torch.linspace(0.1, 1.5, count, dtype=torch.float64)[:, None]
    return torch.cat([net.descend(drawn[i::4], n) for i, n in enumerate((0, 5, 20, 100))])


def searches(seed, taught=True):
    """Eight searches for minima of two tanh neurons: network, weights, slopes, lowest eigenvalues; or for the digits' values."""
    x, y = small_digits(seed, values=True)
    y = students.tanh_teacher(x, 4, seed) if taught else y
    net = critical_points.TanhNet(x, y, hidden=2)
    found = net.minimise(net.descend(starts(net, seed, 8), 300))
    _, slopes, *hessian = net.derivatives(found)
    return net, found, slopes.norm(dim=1), torch.linalg.eigvalsh(sum(hessian))[:, 0]


# %%
def copied_minimum(seed):
    """The lowest minimum found of a net of two neurons, one of which is then copied."""
    net, found, slopes, lowest = searches(seed)
    still = (slopes < 1e-8) & (lowest > 1e-6)  # arrived, and not on a plateau
    best = torch.where(still, net.loss(found), torch.inf).argmin()
    bends = [
        torch.linalg.eigvalsh(net.splitting_matrix(found[best], unit))[0] for unit in (0, 1)
    ]
    copy, twins = net.split(found[best], unit=int(bends[1] < bends[0]), share=0.5)
    _, slope, *hessian = copy.derivatives(twins[None])
    row = {"loss": net.loss(found[best]), "slope": slopes[best]}
    row |= {"slope of the copy": slope.norm(), "lowest eigenvalue": lowest[best]}
    row["half the lowest of A"] = min(bends) / 2
    row["lowest eigenvalue, copy"] = torch.linalg.eigvalsh(sum(hessian)[0])[0]
    return {name: float(value) for name, value in row.items()}


# %%
copies = pd.DataFrame([copied_minimum(s) for s in scale.seeds(5)], index=scale.seeds(5))
copies.rename_axis("seed").map("{:.1e}".format)

# %% tags=["remove-input"]
minima = copies[(copies.slope < 1e-8) & (copies["lowest eigenvalue"] > 1e-6)]


def at_rest(taught):
    """How many searches of all seeds came to rest, and how many of these on a plateau."""
    ends = [searches(s, taught)[2:] for s in scale.seeds(5)]
    rest = [lowest[slopes < 1e-8] for slopes, lowest in ends]
    return sum(map(len, rest)), sum(int((lowest <= 1e-6).sum()) for lowest in rest)


(now, flat_now), (first_try, flat_then) = at_rest(True), at_rest(False)
Markdown(
    f"In {len(minima)} of {len(copies)} training sets the searches found a minimum, with a slope below 10⁻⁸ and only positive eigenvalues. Once a "
    f"neuron has a copy, the Hessian has a negative eigenvalue in {int((minima['lowest eigenvalue, copy'] < -1e-9).sum())} of these {len(minima)} cases, "
    "and the slope is still zero. With twins of equal share the proposition predicts half of the lowest eigenvalue of A for that direction: compare the "
    f"last two columns.\n\nThese targets are smooth for a reason. With our first ones, the values of the digits, {flat_then} of the {first_try} "
    f"searches that came to rest did so on a plateau, where the tanh units have become steps and the lowest eigenvalue is zero; here {flat_now} of {now} do."
)

# %% [markdown]
r"""
:::{admonition} Two pictures of width
:class: key-result
*Restarts* multiply chances: many independent draws, of which one must win by itself. *New directions* change the landscape: what was a minimum is one
no more. The first predicts {eq}`eq-lt-restarts` and that winners win alone; the second predicts neither. {numref}`fig-lt-width` has the test.
:::

(lt-pictures)=
## Two pictures put to the test

Discussions of this question offer two more pictures, clear enough to be simulated.

**A bank of features.** Somebody wants to fit a bump. A model that has *one* bump and can slide it left and right succeeds if the bump starts near
enough; too far away there is no gradient to follow. A model with bumps everywhere need not slide any.

**Planes.** A network turns planes in space and its output is the highest of them. A plane may end up below all the others, where no gradient reaches
it. With planes to spare some other one is in a good place.

::::{admonition} Predict before you run
:class: predict
A single movable bump succeeds if it starts near its target, and otherwise does not. Will a bank of five movable bumps obey the formula of restarts,
{eq}`eq-lt-restarts` with $H^* = 1$?

1. Yes: bumps far apart know nothing of each other.
2. No, as before: it does better.
3. No: it does worse, since bumps disturb each other.

:::{dropdown} Answer
{numref}`fig-lt-pictures` has the answer; expect the first, nearly. A bump that is out of reach of the target does nothing, so five bumps are about five
draws. It is the exception that shows what independence takes.
:::
::::
"""

# %%
counts = (1, 2, 3, 5, 10)
bump_seeds = scale.seeds(5)
per_seed = {m: max(sizes.bump_runs // (m * len(bump_seeds)), 2) for m in counts}


def bump_runs(bank):
    """Whether each run of a bank of bumps found its target."""
    m, seed = bank
    return (planes.fit_bumps(m, per_seed[m], seed)[0] < 0.01).numpy()


banks = linear.parallel_map(bump_runs, [(m, s) for m in counts for s in bump_seeds])
found = {m: np.array(banks[i * 5 : i * 5 + 5]) for i, m in enumerate(counts)}
bump_rates = {m: claims.proportion(found[m].sum(), found[m].size) for m in counts}

# %%
plane_counts = (2, 4, 8, 16, 32)
targets = {"x²": torch.square, "sin πx": lambda x: torch.sin(torch.pi * x)}
fitted_planes = {
    (name, m): planes.fit_planes(
        m, sizes.plane_runs, scale.seed_offset(), target, steps=1_000, points=41
    )
    for name, target in targets.items()
    for m in plane_counts
}
best_convex = planes.best_convex_fit(np.sin(np.pi * np.linspace(-1, 1, 41)))
convex = {
    m: claims.proportion(int((fitted_planes["x²", m][0] < 0.01).sum()), sizes.plane_runs)
    for m in plane_counts
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Bumps against restarts, and planes with some to spare.** Left: share of runs in which a bank of movable bumps finds its target, and the curve of independent restarts. Middle: share of runs in which a maximum of planes fits a convex target, and the share of dead planes. Right: the error of the same model on a sine, which is not convex; dotted, the best convex fit, below which no number of planes can come. Bands are 95 % intervals.", "name": "fig-lt-pictures"}, "image": {"alt": "Three panels. Left: success of bumps against their number, and the restart curve. Middle: success of planes against their number, and the share of them that is dead. Right: error on a sine against the number of planes, and a dotted line."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.7))


def draw_rates(ax, table, color, label):
    ax.plot(list(table), [e.value for e in table.values()], "o-", color=color, label=label)
    low, high = ([getattr(e, side) for e in table.values()] for side in ("low", "high"))
    figures.band(ax, list(table), low, high, color)


draw_rates(axes[0], bump_rates, figures.SEQUENCE[1], "bank of bumps")
line = np.linspace(1, 10, 50)
axes[0].plot(
    line,
    1 - (1 - bump_rates[1].value) ** line,
    "--",
    color=figures.SEQUENCE[0],
    label="restarts",
)
axes[0].set(xlabel="bumps", title="Bumps", ylim=(0, 1.02), xticks=counts)
draw_rates(axes[1], convex, figures.SEQUENCE[1], "fits x²")
dead = pd.DataFrame(
    {"planes": m, "dead": float(share)}
    for m in plane_counts
    for share in fitted_planes["x²", m][1]
)
figures.plot(
    dead, "planes", "dead", ax=axes[1], colors=colors["noise"], label="dead planes"
)
axes[1].set(
    xscale="log", xlabel="planes", ylabel="", title="Planes, convex", ylim=(0, 1.02)
)
sine = pd.DataFrame(
    {"planes": m, "error": float(e)}
    for m in plane_counts
    for e in fitted_planes["sin πx", m][0]
)
figures.plot(
    sine, "planes", "error", ax=axes[2], colors=colors["test"], label="error, sin πx"
)
axes[2].axhline(
    best_convex, color=colors["threshold"], linestyle=":", label="best convex fit"
)
axes[2].set(xscale="log", xlabel="planes", ylabel="", title="Planes, sine", ylim=(0, 0.6))
for ax in axes[1:]:
    ax.set_xticks(plane_counts, plane_counts)
    ax.minorticks_off()
for ax, place in zip(axes, ("lower right", "upper left", "lower right"), strict=True):
    ax.legend(loc=place, fontsize=10)
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
single = bump_rates[1].value
resampled = draws.binomial(found[1].size, single, 20_000) / found[1].size
five = draws.binomial(found[5].size, bump_rates[5].value, 20_000) / found[5].size
misfit = five - (1 - (1 - resampled) ** 5)
misfit = claims.Estimate(
    bump_rates[5].value - (1 - (1 - single) ** 5), *np.quantile(misfit, (0.05, 0.95))
)
more_bumps = interval(found[10].mean(1) - found[1].mean(1))
dose = np.concatenate([np.full(found[m].size, np.log(m)) for m in counts])
hits = np.concatenate([found[m].ravel() for m in counts])
trend = np.corrcoef(dose, hits)[0, 1] * np.sqrt(len(hits))  # Cochran–Armitage
slope, slope_error = (
    np.polyfit(dose, hits, 1)[0],
    hits.std() / dose.std() / len(hits) ** 0.5,
)
slope = claims.Estimate(slope, *(slope + stats.norm.ppf((0.005, 0.995)) * slope_error))


def difference_of_rates(a, b):
    """The difference of two shares of independent runs with Newcombe's interval from Wilson's."""
    value = a.value - b.value
    low = value - np.hypot(a.value - a.low, b.high - b.value)
    return claims.Estimate(value, low, value + np.hypot(a.high - a.value, b.value - b.low))


more_planes = difference_of_rates(convex[16], convex[4])
fits, deaths = (
    (fitted_planes["x²", 16][0] < 0.01).numpy(),
    fitted_planes["x²", 16][1].numpy(),
)
fewest_first = np.array_split(np.argsort(deaths, kind="stable"), 2)
few_dead, many_dead = (claims.proportion(fits[own].sum(), len(own)) for own in fewest_first)
harm = difference_of_rates(few_dead, many_dead)

# %% tags=["remove-input"]
Markdown(
    f"One bump finds its target in {bump_rates[1]:.0%} of the runs, ten in {bump_rates[10]:.0%} (Cochran–Armitage trend, z = {trend:.1f}). At "
    f"five bumps the success is {points(misfit)} points off the curve of restarts (90 % interval).\n\nOf 4 planes {fitted_planes['x²', 4][1].mean():.0%} "
    f"are dead at the end and {convex[4]:.0%} of the runs fit the parabola to one per cent; of 16 planes {fitted_planes['x²', 16][1].mean():.0%} are dead, and "
    f"{convex[16]:.0%} of the runs fit: the half with fewer dead planes "
    f"{points(harm)} points more often than the other. On the sine the best of all runs, with any number of planes, leaves {sine.error.min():.0%} of the "
    f"variance; the best convex function leaves {best_convex:.0%}."
)

# %% [markdown]
r"""
The bumps do not interact, so more of them are more draws: this *is* the lottery, and it
holds because a Gaussian forgets what is far away.

The planes do die. At least four of them are needed for one per cent, and four would have to be arranged almost
perfectly: part of the gain from more planes is that they need not. How much harm the dead ones do shows in the two halves of the runs of 16.

::::{admonition} Break it: a target that is not convex
:class: break-it
The highest of several planes is a *convex* function, so no number of planes makes it fit a sine: the best convex fit is its limit. A
ReLU network is not the highest of its planes but a *sum* of kinks with signs; maxout networks take maxima, and subtract them.
::::

(lt-coins)=
## Coin flips

One argument remains. *To be a minimum, all $p$ eigenvalues of the Hessian must be positive. If each is so with probability one half, the chance is
$2^{-p}$: with a million weights nobody is ever stuck.* The conclusion may be fine. The calculation is not.

::::{admonition} Predict before you run
:class: predict
Fill a $3\times3$ matrix $G$ with independent standard Gaussian numbers. How many of the matrices $G + G^\top$ have three positive eigenvalues?

1. One in eight, as three coins would have it.
2. More, since eigenvalues of one matrix are related.
3. One in forty.

:::{dropdown} Answer
The third. Eigenvalues of a random symmetric matrix *repel* each other. They keep their distance, so they spread to both sides of zero; to crowd all
of them on one side is improbable.
:::
::::

Up to a factor, these matrices are the Gaussian orthogonal ensemble. For $p = 2$ the probability can be computed by hand ({ref}`ex-lt-two`), and for large $p$
{cite:t}`dean2006` found $\exp(-\tfrac{\ln 3}{4} p^2)$: not exponential in $p$, but in its square.
"""

# %%
orders, matrix_seeds = (1, 2, 3, 4, 5), scale.seeds(sizes.matrix_seeds)
counts_ = {
    N: [spectra.all_positive(N, sizes.matrices, s) for s in matrix_seeds] for N in orders
}
positive = pd.DataFrame(counts_, index=matrix_seeds)
share = positive / sizes.matrices
measured = {N: f"{interval(share[N]):.3g}" for N in orders}
coins = {N: f"{2.0**-N:.3g}" for N in orders}
pd.DataFrame({"measured": measured, "coins": coins}).rename_axis("p")

# %% mystnb={"code_prompt_show": "Critical points of a small network"} tags=["hide-input"]
net_seeds = scale.seeds(5 if scale.current() != "smoke" else 2)


def digit_net(seed):
    """A small network and its training set."""
    return critical_points.TanhNet(*small_digits(seed, values=False), hidden=2)


def searched(seed):
    """Where searches for critical points on one training set ended."""
    net = digit_net(seed)
    found = net.critical_points(starts(net, seed, sizes.saddle_starts), sizes.saddle_steps)
    columns = {
        "seed": seed,
        "plateau": found["weights"].norm(dim=1) > 100,
        "loss": found["loss"],
        "norm": found["norm"],
        "negative": (found["eigenvalues"] < -1e-6).double().mean(1),
    }
    return pd.DataFrame(columns)


saddles = pd.concat(linear.parallel_map(searched, net_seeds), ignore_index=True)
critical = saddles[saddles.norm < 1e-6]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**All-positive spectra against coins, and the signs at critical points.** Left: probability that a random symmetric matrix has only positive eigenvalues, measured, for coins, and a curve with the exponent of the theory that passes through the last point. Right: share of negative eigenvalues at critical points of a small network on digits, against their loss, one colour per training set.", "name": "fig-lt-coins"}, "image": {"alt": "Left: log probability against matrix size, measured, with the straight line of coin flips and a curve of the theory. Right: scatter of the share of negative eigenvalues against loss at critical points."}} tags=["hide-input"]
fig, (one, two) = plt.subplots(1, 2, figsize=(7.2, 3.7))
mean = share.mean()
one.plot(orders, mean, "o-", color=figures.SEQUENCE[1], label="random matrices")
one.plot(orders, [2.0**-N for N in orders], "--", color=figures.SEQUENCE[0], label="coins")
c = np.log(3) / 4
last_point = [N for N in orders if mean[N] > 0][-1]
curve = np.linspace(1, 5, 50)
one.plot(
    curve,
    mean[last_point] * np.exp(-c * (curve**2 - last_point**2)),
    ":",
    color=figures.INK,
    label="∝ exp(−p² (ln 3)/4)",
)
one.set(yscale="log", xlabel="size p", ylabel="probability", xticks=orders, ylim=(2e-5, 2))
one.legend(loc="lower left", fontsize=10)
for (_, rows), color in zip(critical.groupby("seed"), figures.SEQUENCE * 2, strict=False):
    two.plot(rows.loss, rows.negative, "o", color=color, alpha=0.5, markersize=5)
two.set(xlabel="loss", ylabel="share of negative eigenvalues")
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
seen = [N for N in orders if (positive[N] > 0).all()]
bend_of_log = interval(
    [np.polyfit(seen, np.log(share.loc[s, seen].astype(float)), 2)[0] for s in matrix_seeds]
)
against_coins = interval(np.log(share[4].clip(lower=1e-9) * 2.0**4))


def index_with_loss(rows):
    """Rank correlation of loss and share of negative eigenvalues, over training sets."""
    rows = [
        r for _, r in rows.groupby("seed") if r.loss.nunique() > 1 < r.negative.nunique()
    ]
    return interval([claims.rank_correlation(r.loss, r.negative) for r in rows])


index_loss, off_plateaus = map(index_with_loss, (critical, critical[~critical.plateau]))
likelihood_ratio, p_linear = spectra.quadratic_test(
    orders, positive.sum(), sizes.matrices * len(matrix_seeds)
)

# %% tags=["remove-input"]
Markdown(
    f"log P bends down by {bend_of_log:.3f} p² in a parabola through the sizes shown (a straight line is refused by a likelihood ratio of "
    f"{likelihood_ratio:,.0f}, p {'< 1e−6' if p_linear < 1e-6 else f'= {p_linear:.1g}'}). At p = 4 random matrices are all-positive "
    f"{np.exp(-against_coins.value):.0f} times more rarely than coins.\n\nOf {len(saddles)} searches {len(critical)} ended at a critical point. "
    f"Over these the rank correlation of loss and share of negative eigenvalues is {index_loss:.2f} (mean over {len(net_seeds)} training sets). "
    f"{critical.plateau.mean():.0%} of them lie on plateaus, with weights of a norm above 100, whose many eigenvalues near zero count as not "
    f"negative; without these it is {off_plateaus:.2f}."
)

# %% [markdown]
r"""
So the probability is *smaller* than the argument says, and the argument is still wrong, in two ways that pull in opposite directions.

First, repulsion: the exponent is $p^2$, not $p$. Second, and this is worse: the Hessian of a network is no matrix drawn at random around zero. It is
a Gauss–Newton part, which has no negative eigenvalue at all, plus a part weighted by the residuals, the $A$ of {prf:ref}`prop-lt-copy` among it. At
high loss the second part can win. At low loss the residuals are small and the first part rules: nearly all eigenvalues are positive or zero *because
the loss is low*. That is what {cite:t}`bray2007` found for random fields and {cite:t}`dauphin2014` for networks. Low critical points are minima and
high ones are saddles, which is a better reason not to fear bad minima than any number of coins.

And even a flawless version of the argument would be about getting stuck, that is about *optimization*. It says nothing about how the solution that is
found does on new data.

(lt-layers)=
## Whole layers, set back

A ticket keeps its initial weights and loses most of the connections. {cite:t}`zhang2022` turn this round: train a network, set *one* layer back to the values that
it had at initialisation, and leave the others as they are. If every layer carried its share of what was learned, any such layer would ruin the network.

::::{admonition} Predict before you run
:class: predict
A network with four hidden layers is trained until it is right on all training examples. Then one weight layer is set back. Which costs least?

1. The output layer: it has the fewest weights.
2. The third or the fourth.
3. The first: any random features will do.
4. None is cheap: each costs most of the accuracy.

:::{dropdown} Answer
The third or the fourth; the first is the critical one. Set a layer to *fresh* random values, and every layer is critical.
:::
::::

Which layers should be critical was fixed beforehand: the first is to be critical, the third and the fourth robust.
"""

# %%
layer_images = data.mnist() if sizes.layer_images == "mnist" else data.digits(n_train=1_297)
deep = sweep(
    mlp(sizes.layer_width, depth=4),
    layer_images,
    n=sizes.layer_examples,
    seed=scale.seeds(sizes.layer_seeds),
    epochs=40,
    lr=0.05,
    momentum=0.9,
    batch_size=50,
    record={"weights": [0]},
)


# %% mystnb={"code_prompt_show": "Layers set back"} tags=["hide-input"]
@torch.no_grad()
def test_accuracy(module):
    return float(
        (module(layer_images.x_test).argmax(1) == layer_images.y_test).double().mean()
    )


@torch.no_grad()
def drops(row):
    """Loss of test accuracy with each layer set back, or redrawn."""
    trained, initial = network(row, layer_images), network(row, layer_images, 0)
    seed = randomness.generator(row.init_seed, "fresh layers")
    fresh = MLP(row.width, row.depth).build(tuple(layer_images.x.shape[1:]), 10, seed)
    parts = zip(measures.layers(trained), measures.layers(initial), strict=True)
    return [
        {
            "seed": row.data_seed,
            "layer": k + 1,
            "to": to,
            "drop": test_accuracy(trained)
            - test_accuracy(measures.with_layers(trained, source, [k])),
            "moved": float((now.weight - then.weight).norm() / then.weight.norm()),
        }
        for k, (now, then) in enumerate(parts)
        for to, source in (("its initial values", initial), ("fresh random values", fresh))
    ]


dropped = pd.DataFrame([d for _, row in deep.iterrows() for d in drops(row)])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The first layer is critical, the third and fourth cost little.** Loss of test accuracy when one layer of a trained network is set to other values, the rest left alone (layer 5 is the output). Means over seeds with 95 % bands.", "name": "fig-lt-layers"}, "image": {"alt": "Loss of test accuracy for layers one to five. With fresh random values it is high for every layer. With initial values it is high for the first layer, lower for the second, small for the third and fourth, and about as high as for the second for the output layer."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.4))
figures.plot(dropped, "layer", "drop", hue="to", ax=ax, label="set to {}")
ax.set(ylim=(-0.02, 1), xlabel="layer", ylabel="loss of test accuracy")
ax.set_xticks([1, 2, 3, 4, 5])
ax.legend(loc="center right")
plt.show()

# %% tags=["remove-input"]
back = dropped[dropped.to == "its initial values"].pivot_table("drop", "seed", "layer")
fresh_drop = dropped[dropped.to == "fresh random values"].pivot_table(
    "drop", "seed", "layer"
)
first_less_robust = interval(back[1] - (back[3] + back[4]) / 2)
fresh_less_back = {k: interval(fresh_drop[k] - back[k]) for k in (3, 4)}
moved, error_before = dropped.groupby("layer").moved.mean(), deep.test_error.mean()
Markdown(
    f"Set back to its initial values, the first layer costs {100 * interval(back[1]):.1f} points of test accuracy, the third {100 * interval(back[3]):.1f} and the fourth "
    f"{100 * interval(back[4]):.1f}. The trained networks misclassify {100 * error_before:.1f} % of the test pictures, so with the third layer set back the error is "
    f"{1 + back[3].mean() / error_before:.1f} times as large. Fresh values cost at least {fresh_drop.mean().min():.2f} in any layer. In training the "
    f"weights of layers 3 and 4 moved by {moved[3]:.0%} and {moved[4]:.0%} of their initial length."
)

# %% [markdown]
r"""
So what the third and the fourth layer learned here is worth little next to what the first one did, but it is not nothing: without the third layer's training the error more than doubles. And these layers *moved*, by some two thirds of their initial
length, while the robust layers of the paper's networks hardly change in training. In them a layer may be robust because it never left; here it is because where it went matters little to the
function. That the weights are not superfluous is shown by the fresh values. The count of parameters includes them all.

(lt-conv)=
## At the scale of the paper

What would be needed beyond this page? Conv-2, Conv-4 and Conv-6 on CIFAR-10 are convolutional networks of a few million weights. The same call finds
their tickets; a laptop is too slow for that, so it runs at gpu scale only.
"""


# %%
def conv_tickets(depth, lr, iterations, trials=3):
    """Tickets of Conv-2, 4 or 6 on CIFAR-10, as in the paper but for its initialisation."""
    cifar = data.with_validation(data.cifar10(), 5_000)
    epochs = round(iterations / 750)  # 45,000 images, 60 at a time
    common = {"n": 45_000, "epochs": epochs, "lr": lr, "optimizer": "adam"}
    net = Conv(64, depth)
    nets = [
        Settings(net, init_seed=s, data_seed=s, batch_size=60, **common)
        for s in scale.seeds(trials)
    ]
    rates = (0.1,) * depth + (0.2, 0.2, 0.1)
    halves = tickets.Recipe(rates, rounds=(2,) * 6)
    keep = {"validation": 5_000, "looks": range(1, epochs + 1), "controls": ["reinit"]}
    return tickets.find_tickets(nets, cifar, halves, **keep)


conv = conv_tickets(2, 2e-4, 20_000) if scale.current() == "gpu" else None

# %% [markdown]
r"""
(lt-verdicts)=
## What the papers found, what we found

Every card states a claim, what its paper says, what was measured above with an interval over seeds, and the verdict that follows from the intervals
alone. Errors, accuracies and barriers are shares between 0 and 1. {doc}`/book/how_to_read` has the rules.
"""

# %% tags=["remove-input"]
ledger.card(
    "lenet-imp-ticket",
    [
        claims.Check(
            "accuracy of the ticket with a fifth of the weights less that of the dense network",
            gain,
            above=-0.003,
        ),
        claims.Check(
            "accuracy less dense, at the fastest sparsity of the other trials",
            as_accurate,
            above=-0.003,
        ),
        claims.Check(
            "log₂ of the stop, ticket over dense, at the fastest sparsity of the other trials",
            faster,
            below=0,
        ),
    ],
    measured=f"On {task.name} with {sizes.examples:,} examples: with {left(7):.1%} of the weights left a ticket is {points(gain)} points more "
    f"accurate than the dense network, both stopped on validation data, and stops at {times(at_fifth)} times its iteration. "
    f"At the fastest sparsity, chosen on the other trials, it stops at {times(faster)} times. So it is {pace(faster)} the dense network at the fastest "
    f"sparsity, with {' or '.join(map(str, shares))} % left, and {pace(at_fifth)} it with {left(7):.0%} left. At the end of training the two differ by "
    f"{points(unstopped['dense'])} points.",
    seeds=seeds,
    section="lt-imp",
)

# %% tags=["remove-input"]
ledger.card(
    "random-reinit-worse",
    [
        claims.Check(
            f"accuracy, ticket less re-initialised, {left(r):.0%} of the weights left",
            ahead[r],
            above=0,
        )
        for r in checked
    ]
    + [
        claims.Check(
            f"log₂ of the stop, re-initialised over ticket, {left(r):.0%} left",
            later[r],
            above=0,
        )
        for r in checked
    ],
    measured=f"With {left(7):.1%} of the weights left the re-initialised network is behind the ticket by {points(over_reinit)} points and stops "
    f"at {times(later[7])} times its iteration. A random mask with the true initial weights is behind by {points(over_shuffled[7])} points.",
    seeds=seeds,
    section="lt-imp",
)


# %% tags=["remove-input"]
def conv_card():
    """The card of Conv-2: measured at gpu scale, not run below it."""
    if conv is None:
        return ledger.not_run(
            "conv-2-4-6",
            "Conv-2 alone is too much for a laptop. The code above runs it at gpu scale, without Conv-4 and Conv-6 and without "
            "dropout, which the engine has for layered networks only.",
            "lt-conv",
        )
    wide = conv.pivot_table("accuracy", "trial", ["round", "arm"])
    stop = np.log2(conv.pivot_table("stop", "trial", ["round", "arm"]))
    better = interval(wide[10, "ticket"] - wide[0, "dense"])
    sooner = interval(stop[10, "ticket"] - stop[0, "dense"])
    checks = [
        claims.Check("accuracy, ticket less dense, after 10 rounds", better, above=0),
        claims.Check("log₂ of the stop, ticket over dense", sooner, below=0),
    ]
    return ledger.card(
        "conv-2-4-6",
        checks,
        measured=f"Conv-2: {points(better)} points, at {times(sooner)} times the iteration.",
        seeds=scale.seeds(3),
        section="lt-conv",
    )


conv_card()

# %% tags=["remove-input"]
ledger.card(
    "large-nets-need-rewinding",
    [
        claims.Check(
            f"accuracy with {sparse_share:.0%} of the weights, rewound to step {last * cnn_steps} less reset",
            helped[sparsest],
            above=0,
        ),
        claims.Check(
            "barrier of the dense network from its initial weights (unstable)",
            at_start,
            above=0.02,
        ),
        claims.Check(
            f"barrier of pruned networks that match the dense one to a point (stable){missing(matching)}",
            matching_barrier,
            below=0.02,
        ),
        claims.Check(
            f"accuracy lost by pruned networks that are unstable, with a barrier above 0.02 ({len(unstable)} networks; of the {len(stable)} stable "
            f"ones {lose_as_much} lose a point or more too){missing(unstable)}",
            unstable_drop,
            above=0.01,
        ),
        claims.Check(
            "rank correlation of barrier and lost accuracy, over pruned networks",
            together,
            above=0,
        ),
    ],
    measured="A one-dimensional convolutional network on MNIST-1D, learning rate 0.1; no large network. Rewinding changes the accuracy by "
    f"{points(helped[sparsest])} points. The dense network's barrier is {points(at_start)} points from step 0 and {points(at_last)} from step "
    f"{last * cnn_steps}; LeNet's from its initial weights is {points(lenet_barrier)}.",
    seeds=seeds,
    section="lt-rewind",
)

# %% tags=["remove-input"]
ledger.card(
    "lr-dispute",
    [
        claims.Check(
            f"ticket less re-initialised at 0.1 minus the same at 0.01, after {end_of_it} epochs",
            interaction[end_of_it],
            below=0,
        ),
        claims.Check(
            f"ticket less re-initialised at 0.1, after {end_of_it} epochs (a point counts as none)",
            at_end["weights", 0.1],
            below=0.01,
        ),
        claims.Check("units pruned: the same at 0.01", at_end["units", 0.01], below=0.01),
        claims.Check("units pruned: the same at 0.1", at_end["units", 0.1], below=0.01),
    ],
    measured=f"LeNet, after {end_of_it} epochs: the ticket is ahead by {points(at_end['weights', 0.01])} points at 0.01 and by "
    f"{points(at_end['weights', 0.1])} at 0.1; with units pruned by {points(at_end['units', 0.01])} and {points(at_end['units', 0.1])}. After "
    f"{budgets[0]} epochs the two learning rates differ by {points(interaction[budgets[0]])}; at the early stop the difference between the rates is "
    f"{points(stop_interaction)} points.",
    seeds=seeds,
    section="lt-dispute",
)

# %% tags=["remove-input"]
ledger.card(
    "supermasks-and-signs",
    [
        claims.Check(
            "accuracy of untrained weights under a mask of half of them, on digits",
            supermask,
            above=0.3,
        ),
        claims.Check("accuracy, signs kept less signs lost", signs_matter, above=0),
        *(
            claims.Check(
                f"accuracy, ticket less {name} sizes with its signs (a point counts as none)",
                loss,
                below=0.01,
            )
            for name, loss in sizes_lost.items()
        ),
        claims.Check(
            "accuracy, ticket less pruned weights frozen at their start",
            zeros_matter,
            above=0,
        ),
        claims.Check(
            "accuracy, pruned weights at 0 only where they shrank, less all frozen at their start",
            why_zero,
            above=0,
        ),
        claims.Check(
            "accuracy, pruned weights at 0 where they shrank, less at 0 in as many random places",
            not_any_zero,
            above=0,
        ),
    ],
    measured=f"A mask on untrained weights reaches {supermask.value:.0%} on digits. With {left(tenth):.0%} of the weights left, signs are worth "
    f"{points(signs_matter)} points and zeros {points(zeros_matter)}. Against the ticket, with the signs kept, each way to change the sizes loses: {per_way}. "
    f"{narrower}; at equal spread the loss is {points(at_equal_spread)}. "
    f"{heading.pruned.mean():.0%} of the pruned weights had shrunk in the training of the dense network.",
    seeds=seeds,
    section="lt-signs",
)

# %% tags=["remove-input"]
alone_too = (
    f"The winners alone succeed in {alone.value:.0%} of the cases."
    if len(won)
    else "None succeeded."
)
ledger.card(
    "width-is-not-multistart",
    [
        claims.Check(
            f"success of {wider} neurons less that of restarts of {k}",
            excess[wider],
            above=0,
        ),
        claims.Check(
            f"success of {k + 1} neurons less that of restarts of {k} (the plan's check, with its interval)",
            as_planned,
            above=0,
        ),
        claims.Check("success of the winners alone", alone, below=0.5),
        claims.Check("success of the winners with the losers redrawn", redrawn, below=0.9),
    ],
    measured=f"{k} orthonormal teacher neurons, {len(many)} runs of each width: {rates[k].value:.0%} succeed with {k} neurons, "
    f"{rates[wider].value:.0%} with {wider}, where restarts give {null[wider]:.0%}. {alone_too}",
    seeds=many,
    section="lt-width",
)

# %% tags=["remove-input"]
ledger.card(
    "feature-bank-and-dead-planes",
    [
        claims.Check("success of ten bumps less that of one", more_bumps, above=0),
        claims.Check(
            f"slope of success in ln of the number of bumps (99 % interval of the Cochran–Armitage test, z = {trend:.1f})",
            slope,
            above=0,
        ),
        claims.Check(
            "success of five bumps less that of five restarts (90 % interval)",
            misfit,
            above=-0.1,
            below=0.1,
        ),
        claims.Check(
            "success of 16 planes less that of 4, convex target (four are the fewest that can fit)",
            more_planes,
            above=0,
        ),
    ],
    measured=f"One bump succeeds in {bump_rates[1].value:.0%} of the runs, ten in {bump_rates[10].value:.0%}; five in {bump_rates[5].value:.0%}, "
    f"where five restarts give {1 - (1 - single) ** 5:.0%}. Of 16 planes {fitted_planes['x²', 16][1].mean():.0%} die and {convex[16].value:.0%} of the "
    f"runs fit; of a sine, which is not convex, the best run leaves {sine.error.min():.0%} of the variance.",
    seeds=bump_seeds,
    section="lt-pictures",
)

# %% tags=["remove-input"]
ledger.card(
    "hessian-bernoulli-check",
    [
        claims.Check("curvature of log P(all positive) in p", bend_of_log, below=0),
        claims.Check(
            "ln of P(all positive) at p = 4 over coin flips", against_coins, below=0
        ),
        claims.Check(
            "rank correlation of loss and share of negative eigenvalues at critical points",
            index_loss,
            above=0,
        ),
    ],
    measured=f"P(all positive) at p = 3 is {share[3].mean():.4f}, against 0.125 for coins. {len(critical)} critical points of a network of "
    f"{digit_net(0).parameters} weights on digits, found by {len(saddles)} searches.",
    seeds=net_seeds,
    section="lt-coins",
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
            for k, value in fresh_less_back.items()
        ),
    ],
    measured=f"Set back to its initial values, the first layer costs {back[1].mean():.2f} of test accuracy, the third {back[3].mean():.3f} and "
    f"the fourth {back[4].mean():.3f}, where the trained networks misclassify {error_before:.3f}; fresh values cost at least {fresh_drop.mean().min():.2f} "
    f"in any layer. Layers 3 and 4 moved by {moved[3]:.0%} and {moved[4]:.0%} of their initial length; the paper's robust layers hardly move.",
    seeds=scale.seeds(sizes.layer_seeds),
    section="lt-layers",
)

# %% [markdown]
r"""
Where these experiments differ from their plan, and why, stands in {ref}`protocol-lottery-tickets`.

## Who disagrees, and what to drop

**Do the weights matter?** {cite:t}`liu2019` say the architecture does; {numref}`fig-lt-rates`. {cite:t}`su2020` and {cite:t}`frankle2021` studied
methods that prune *at initialisation*, and report that these depend little on the exact mask. Then such a mask would say little more than how many weights
each layer keeps. Whether iterative pruning finds more, the shuffled masks of {numref}`fig-lt-left` tell; but it has seen the end of the training. **Does it
scale?** {cite:t}`gale2019` report doubts, from large tasks; rewinding is the authors' own revision. One hears that the authors "disavow" their hypothesis;
we found revisions and no retraction. **Does it explain width?** {cite:t}`martinelli2026` say no; {numref}`fig-lt-width` has our test, of one teacher, one
activation and one optimizer.

Three sentences to drop:

:::{admonition} "Lottery tickets explain why large networks generalize"
:class: misconception
The hypothesis is about which sparse networks can be trained. That large networks generalize because they hold many tickets is a conjecture;
{ref}`lt-width` has the nearest test of it on this page.
:::

:::{admonition} "A winning ticket is found before training"
:class: misconception
Its *initial weights* are from before. Its mask needs the trained dense network, in every round.
:::

:::{admonition} "A wide network is many small networks tried at once"
:class: misconception
Then winners would win alone; {numref}`fig-lt-width` has the test. Independent features do behave so ({numref}`fig-lt-pictures`); neurons that share
a residual are not independent.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page.
Longer, to hand in, and with tests that say what is wrong: {assignment}`06_lottery_tickets`.

```{exercise} ★ The control that was none
:label: ex-lt-control
A public notebook on tickets compared "the winning initialisation" with "a re-initialisation". Its function that sets the random seed had silently
stopped to do so. What were the two arms in truth, what difference do you expect between them, and which one-line check would have told?
```

```{solution} ex-lt-control
:class: dropdown
Both were re-initialisations: the network that should have been rebuilt from its seed got new weights. The expected difference is zero, whatever the
truth about tickets, so the experiment could not have found the effect. The check: the weights before training of the "ticket", where its mask is 1,
equal those of the dense network before training.
```

```{exercise} ★ How much is left
:label: ex-lt-left
LeNet-300-100 on MNIST has layers of 784 × 300, 300 × 100 and 100 × 10 weights. One round prunes a fifth of what is left, in the output layer a tenth.
After how many rounds are 21.1 % and 3.6 % left?
```

```{solution-start} ex-lt-left
:class: dropdown
```
"""

# %%
# NBVAL_CHECK_OUTPUT
weights = np.array([784 * 300, 300 * 100, 100 * 10])
kept_by_round = {
    r: (weights * np.array([0.8, 0.8, 0.9]) ** r).sum() / weights.sum()
    for r in range(1, 17)
}
pd.Series(kept_by_round).loc[[1, 3, 7, 12, 15, 16]].map("{:.1%}".format)

# %% [markdown]
r"""
After 7 and after 15 rounds: 15 times the whole training, to find a network that trains as well as the whole.

```{solution-end}
```

```{exercise} ★ Two by two
:label: ex-lt-two
Show that a $2 \times 2$ matrix of the Gaussian orthogonal ensemble, with diagonal entries of variance 2 and off-diagonal entries of variance 1, has
two positive eigenvalues with probability $(2 - \sqrt 2)/4$.
```

```{solution} ex-lt-two
:class: dropdown
Write the matrix as $\begin{pmatrix} a + b & c \\ c & a - b \end{pmatrix}$; then $a$, $b$ and $c$ are independent with variance 1, and the eigenvalues
are $a \pm \sqrt{b^2 + c^2}$. Both are positive if $a > \sqrt{b^2 + c^2}$. The vector $(a, b, c)$ is spherically symmetric in three
dimensions, so this is the share of the sphere within $45°$ of the axis: $(1 - \cos 45°)/2 = (2 - \sqrt 2)/4 \approx 0.146$. Two coins give 0.25.
```

```{exercise} ★★ How many tickets?
:label: ex-lt-null
How many independent small students would have to be in a wide one for restarts to explain the success measured at each width? Compare with the number
of ways to choose $H^*$ of $H$ neurons.
```

```{solution-start} ex-lt-null
:class: dropdown
```
"""

# %%
fail = np.log1p(-max(rates[k].value, 1 / len(many)))
pd.DataFrame(
    {
        "neurons / H*": [m / k for m in widths],
        "tickets needed": [np.log1p(-min(rates[m].value, 0.999)) / fail for m in widths],
        "choices of H*": [comb(m, k) for m in widths],
    },
    index=pd.Index(widths, name="neurons"),
).round(2)

# %% [markdown]
r"""
Where few independent tickets would do, and there are many more choices, the success rate alone cannot refute a lottery with *overlapping* tickets; where
the interval of the excess is above zero it speaks against $H/H^*$ restarts. Overlapping tickets would have to win alone; {numref}`fig-lt-width` says how
often they do.

```{solution-end}
```

```{exercise} ★★ Another order
:label: ex-lt-order
Is a ticket tied to the order of the examples that it was found with? Train the tickets with a fifth of the weights from the same initial weights, in
another order.
```

```{solution-start} ex-lt-order
:class: dropdown
```
"""

# %%
found_tickets = of("ticket", 7)
reordered = stopped([connectivity.other_order(s) for s in found_tickets.settings])
other_order = reordered.accuracy.to_numpy()
in_points(
    another_order_less_the_same=other_order - found_tickets.accuracy,
    another_order_less_a_fresh_start=other_order - of("reinit", 7).accuracy,
)

# %% [markdown]
r"""
If the first interval is around zero and the second is not, the ticket belongs to the initial weights and not to the order. That is what stability to
the noise of SGD would lead one to expect.

```{solution-end}
```

```{exercise} ★★ One shot
:label: ex-lt-oneshot
Prune to a tenth of the weights at once, after the first training, and reset. Compare with the ticket that took several rounds.
```

```{solution-start} ex-lt-oneshot
:class: dropdown
```
"""

# %%
at_once = tickets.Recipe(0.2, rounds=(tenth,))
keep = {"validation": sizes.validation, "looks": looks, "controls": ()}
single_shot = tickets.find_tickets(dense, task, at_once, **keep)
single_shot = single_shot[single_shot.arm == "ticket"].accuracy.to_numpy()
in_points(
    rounds_less_one_shot=of("ticket", tenth).accuracy - single_shot,
    one_shot_less_fresh_start=single_shot - of("reinit", tenth).accuracy,
)

# %% [markdown]
r"""
Each round costs another training. Judge from the intervals whether at a tenth of the weights the rounds are worth it.

```{solution-end}
```

```{exercise} ★★ Pruned and not trained
:label: ex-lt-posttraining
Mask the *trained* dense network by magnitude and do not train it again. How many weights can go before it loses a point? Why does that not make it a ticket?
```

```{solution-start} ex-lt-posttraining
:class: dropdown
```
"""

# %%
rows = {}
for gone in (0.2, 0.36, 0.5, 0.67, 0.79, 0.9):
    ends = [
        w * pruning.kept(pruning.prune_smallest(w, None, layers, gone))
        for w in of("dense").end
    ]
    errors = connectivity.errors_at(lenet, task, ends, sizes.validation)
    rows[f"{gone:.0%}"] = points(interval(1 - errors - of("dense").final_accuracy))
pd.Series(rows, name="accuracy less dense, points").rename_axis("weights pruned")

# %% [markdown]
r"""
The smallest weights of a trained network do little {cite:p}`han2015`, so some may go without any training. How many, the table says. Compare the
sparsity at which a point is lost here with those of {numref}`fig-lt-left`: does a ticket still hold its own where this network has fallen? A ticket is not
what is left of a solution: it finds one by itself.

```{solution-end}
```

```{exercise} ★★ Wider bumps
:label: ex-lt-wider
Make the bumps of {numref}`fig-lt-pictures` broader. What happens to the success of a single bump, and does the curve of restarts still fit at three?
```

```{solution-start} ex-lt-wider
:class: dropdown
```
"""

# %%
rows = {}
for spread in (0.5, 1.0, 2.0):
    hit = {}
    for m in (1, 3):
        error, _ = planes.fit_bumps(m, per_seed[3], bump_seeds[0], spread=spread, steps=600)
        hit[m] = float((error < 0.01).float().mean())
    rows[spread] = {"one": hit[1], "three": hit[3], "three restarts": 1 - (1 - hit[1]) ** 3}
pd.DataFrame(rows).T.rename_axis("width of the bumps").round(2)

# %% [markdown]
r"""
Broad bumps feel the target from afar, so one of them succeeds more often. They also feel each other, and the formula, which knows nothing of that, may
then be off.

```{solution-end}
```

```{exercise} ★★★ Global or by layer
:label: ex-lt-global
Prune the smallest weights of the *whole* network instead of each layer's, to the same number of weights as the ticket with a tenth, in one shot.
Which layer pays, and is the ticket better?
```

```{solution-start} ex-lt-global
:class: dropdown
```
"""


# %%
def prune_globally(weights, kept):
    """The mask that keeps this share of the weights of all layers together."""
    places = pruning.weights_of(layers)
    bound = np.quantile(np.abs(np.concatenate([weights[own] for own in places])), 1 - kept)
    shares = [float((np.abs(weights[own]) < bound).mean()) for own in places]
    return pruning.prune_smallest(weights, None, layers, shares), shares


# %%
globally = [prune_globally(end, left(tenth)) for end in of("dense").end]
pruned = stopped(
    [replace(s, mask=mask) for s, (mask, _) in zip(dense, globally, strict=True)]
)
comparison = in_points(
    global_less_by_layer_both_one_shot=pruned.accuracy.to_numpy() - single_shot
)
kept_shares = 1 - np.mean([shares for _, shares in globally], axis=0)
for number, (share_, own) in enumerate(
    zip(kept_shares, pruning.weights_of(layers), strict=True), 1
):
    median = np.mean([np.median(np.abs(end[own])) for end in of("dense").end])
    row = f"layer {number}, fan-in {layers[number - 1].fan_in}: weights kept"
    comparison.loc[row] = f"{share_:.0%} (trained, median |w| {median:.3f})"
comparison

# %% [markdown]
r"""
Layers differ in the size of their trained weights: by their initial draw, on ±1/√fan-in, and by how far training moved them. The layer with the smallest
pays. Whether that is good depends on the network.

```{solution-end}
```

```{exercise} ★★★ Tickets for noise
:label: ex-lt-noise
Find tickets of networks trained on *random labels*, and use their masks, with the true initial weights, to train on the true labels. Does a mask that
was selected for memorizing help to learn?
```

```{solution-start} ex-lt-noise
:class: dropdown
```
"""

# %%
brief = max(sizes.epochs // 2, 1)  # epochs; these networks are there for their masks only
random_labels = [replace(s, label_noise=1.0, epochs=brief) for s in dense[:3]]
half_left = tickets.Recipe(0.2, rounds=(3,))
noise_masks = tickets.find_tickets(
    random_labels, task, half_left, **keep | {"looks": [brief]}
)
noise_masks = noise_masks[noise_masks.arm == "ticket"].settings
transferred = stopped(
    [replace(s, label_noise=0.0, epochs=sizes.epochs) for s in noise_masks]
)
transferred = transferred.accuracy.to_numpy()
in_points(
    mask_from_noise_less_own_ticket=transferred - of("ticket", 3).accuracy[:3],
    mask_from_noise_less_random_mask=transferred - of("shuffled", 3).accuracy[:3],
)

# %% [markdown]
r"""
Compare the two intervals; three trials make rough ones. Whatever a mask from random labels is worth beyond a random one comes from the inputs, or
from the size of the initial weights, for the labels told it nothing.

```{solution-end}
```

## Summary

- Iterative magnitude pruning finds sparse networks that train well *from their own initial weights*. Two controls, the mask with other weights and the weights
  with another mask, tell whether it takes both.
- A network that is not yet stable to the noise of SGD must be rewound to where it is. Stability is necessary and not sufficient.
- Whether the initial weights "matter" depends on the learning rate and on when one compares, down to the sign of the difference. Say which.
- Which part of the initial values a ticket needs is a question of its own; the paper says the signs. A mask alone is already a trained object.
- Whether wide students succeed more often than restarts would, and whether winners win alone, are separate questions; the cards answer each. Added
  neurons change the landscape; bumps that are out of each other's reach are independent draws.
- Eigenvalues are not coins, and a Hessian at low loss is not centred.
- Later layers can be set back to where they began at a small cost, though not at none; the first cannot.

**Reading.** {cite:t}`frankle2019` for the hypothesis, {cite:t}`frankle2020` for its revision; {cite:t}`liu2019` for the dissent; {cite:t}`zhou2019`
for the dissection, and {cite:t}`ramanujan2020` for masks that are learned; {cite:t}`safran2018`, {cite:t}`simsek2021` and {cite:t}`martinelli2026`
for width.
"""
