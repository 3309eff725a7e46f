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
(descent-in-time)=
# Descent in time

Train a large network on labels of which some are wrong. Its test error falls, rises, and, long after the training error began to vanish, falls once more. Nothing about the network has become larger meanwhile: so what is
it that descends the second time?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt

from overparam import (
    MLP,
    Vector,
    claims,
    cnn1d,
    curves,
    data,
    figures,
    measures,
    mlp,
    network,
    scale,
    sweep,
)
from overparam.randomness import generator, rng
from overparam.theory import two_speeds

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives

# %% mystnb={"code_prompt_show": "Networks that train on noisy labels"} tags=["hide-input"]
# Networks that train on noisy labels: every replicate has signals, wrong labels, test signals and a start of its own
ledger, colors = claims.Ledger("descent-in-time"), figures.COLORS
n, epochs = scale.sizes(n=(200, 1000, 1000)).n, scale.sizes(epochs=(16, 80, 80)).epochs
widths = {"small": 3, "intermediate": 12, "large": 48}  # channels of each convolution
looks = range(0, epochs + 1, 2)
recipe = {
    "lr": 0.05,
    "momentum": 0.9,
    "batch_size": 50,
    "epochs": epochs,
    "label_noise": 0.4,
}
kept = [moment for moment in (0, 1, 2, 4, 8, 16, 32, 56, 80) if moment <= epochs]
recipe["record"] = {"curves": looks, "test_correct": looks, "weights": kept}


def trained(seeds, channels, **more):
    """Convolutional networks on replicates of MNIST-1D, with their errors at every other epoch."""
    pools = {s: data.mnist1d(n, 1000, s, max_translation=1) for s in seeds}
    return sweep(cnn1d(channels), pools, seed={s: s for s in seeds}, **recipe | more)


def draw_course(ax, runs, y, color, **line):
    """Draw errors over the epochs, from the second epoch on."""
    rows = curves(runs)
    style = {"ax": ax, "colors": color, "marker": "", **line}
    return figures.plot(rows[rows.epoch > 0], "epoch", y, **style)


removal, early_stop = "epochwise-can-be-removed", "removal-improves-early-stopping"
everywhere = ("epoch-wise", removal, early_stop, "regions-merge-in-training")

# %%
raw = trained(ledger.seeds(*everywhere), widths["large"])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The test error descends, doubles, and descends a second time.** A convolutional network with 48 channels trains on 1,000 signals, 40 % of their labels drawn anew. Dashed: error on the training labels as given. Solid: error on new signals with true labels. Means over replicates with 95 % bands.", "name": "fig-time-puzzle"}, "image": {"alt": "Error against epochs. The training error falls steadily and is next to zero in the second half. The test error falls steeply to its lowest value within the first fifth of the epochs, climbs to more than twice that while the training error falls to zero, and then declines a little to a level."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.4))[1]
draw_course(ax, raw, "train_error", colors["train"], label="training", linestyle="--")
draw_course(ax, raw, "test_error", colors["test"], label="test")
ax.set(xlabel="epochs", ylabel="share misclassified", ylim=(0, 0.9))
ax.legend(loc="upper right")
plt.show()


# %% mystnb={"code_prompt_show": "Three windows of time"} tags=["hide-input"]
# Three windows of time, as shares of the training; where they lie was chosen on seeds that are not used here
WINDOWS = {"dip": (0.1, 0.2), "hump": (0.5, 0.7), "end": (0.8, 1.0)}


def inside(runs, window):
    """Mean test error of each replicate over the epochs in a window."""
    errors = measures.by_seed(curves(runs), "test_error", "epoch")
    low, high = (share * epochs for share in WINDOWS.get(window, window))
    return errors.loc[:, (errors.columns > low) & (errors.columns <= high)].mean(axis=1)


def change(runs, first, second):
    """Change of each replicate's test error from one window to another."""
    return inside(runs, second) - inside(runs, first)


# %% tags=["remove-input"]
ledger.say("epoch-wise")

# %% [markdown]
r"""
{cite:t}`nakkiran2020` found this curve in large networks with noisy labels and called it *epoch-wise double descent*. We see both halves of it, in the paper's own kind of network, a convolutional one, in small: three layers with 48 channels, on MNIST-1D signals that are not moved. "Rises" and "falls" are differences
between the means over three windows of epochs. The windows were fixed on other seeds, so that a chance bump cannot pass for a hump. Had there been one descent only, the error would have stayed at the level to which it had climbed.

Mind the proportions. The second descent takes back a small part of the rise. Whoever stops at the first minimum is far better off than whoever waits for the second.

(time-sizes)=
## Three sizes

Whether there is one descent in time or two is a matter of size, says the paper. We keep the data, the noise and the optimizer, and train networks with 12 channels and with 3.

::::{predict}
:answer: 2
:figure: fig-time-sizes
With 12 channels instead of 48 the network fits most of its training labels in the end, but not all. What does its test error do?

1. It falls, rises and falls, only later than with 48 channels.
2. It falls and rises, and ends high above its minimum.
3. It falls throughout, since it cannot fit the noise.

:::{dropdown} Answer
B, at least within the 80 epochs that we train: it is learning wrong labels to the end.
:::
::::
"""

# %%
narrower = ledger.seeds("epoch-wise-intermediate", "epoch-wise-small")
small = trained(narrower, widths["small"])
intermediate = trained(narrower, widths["intermediate"])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Small networks descend, intermediate ones turn back, large ones descend twice.** The same architecture with 3, 12 and 48 channels, the same noise and optimizer. Shaded: the windows between which errors are compared. Solid: test error; dashed: training error. Means over replicates with 95 % bands.", "name": "fig-time-sizes"}, "image": {"alt": "Three panels of errors against epochs. Small: both errors fall slowly and stay high, with a wide band. Intermediate: the training error falls without coming near zero, the test error dips early and then climbs to the end. Large: the training error reaches zero, the test error dips, climbs and declines a little."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.5), sharey=True)
three = {"small": small, "intermediate": intermediate, "large": raw}
for ax, (size, runs) in zip(axes, three.items(), strict=True):
    for low, high in WINDOWS.values():
        ax.axvspan(
            low * epochs, high * epochs, color=colors["threshold"], alpha=0.1, linewidth=0
        )
    draw_course(ax, runs, "train_error", colors["train"], label="training", linestyle="--")
    draw_course(ax, runs, "test_error", colors["test"], label="test")
    ax.set(
        title=f"{size.capitalize()}: {widths[size]} channels", xlabel="epochs", ylabel=""
    )
axes[0].set(ylabel="share misclassified", ylim=(0, 0.9))
axes[-1].legend(loc="upper right")
plt.show()

# %% tags=["remove-input"]
ledger.say("epoch-wise-intermediate")

# %% tags=["remove-input"]
ledger.say("epoch-wise-small")

# %% tags=["remove-input"]
at_end = {
    size: curves(runs).groupby("epoch").train_error.mean().iloc[-1]
    for size, runs in three.items()
}
Markdown(
    f"At the end {at_end['small']:.0%}, {at_end['intermediate']:.0%} and {at_end['large']:.0%} of the training labels are missed by the small, the intermediate and the large networks."
)

# %% [markdown]
r"""
In the paper *large* networks descend twice, *intermediate* ones have the classical U and *small* ones only descend. All three shapes are there, and they are ordered by what has been fitted. The small network never gets to the wrong labels (and one that never leaves chance widens the band). The intermediate one is still busy with them when we stop. The large one has fitted nearly all of them by the middle of the training, and its second descent begins when hardly anything is left to fit.
In the words of the paper, training longer raises the *effective complexity* of a training procedure, and the error peaks where that complexity reaches the number of examples ({ref}`double-descent`). A U in the small network, or a second descent in the intermediate one while its training error is far from zero, would have spoken against this.

::::{admonition} Break it: no wrong labels
:class: break-it
The same large network on true labels. If the hump is the price of fitting what is wrong, there should be none.
::::
"""

# %%
clean_seeds = ledger.seeds("regions-merge-in-training")
clean = trained(clean_seeds, widths["large"], label_noise=0.0)

# %% tags=["remove-input"]
clean_change = {
    k: 100 * claims.mean(change(clean, *k)) for k in (("dip", "hump"), ("hump", "end"))
}
Markdown(
    f"With true labels the test error changes by {clean_change['dip', 'hump']:.1f} points from the first window to the second, and by {clean_change['hump', 'end']:.1f} points from there to the last. At the end it is {inside(clean, 'end').mean():.1%}."
)

# %% [markdown]
r"""
So there is a single descent and no price: nothing wrong, no hump.

(time-motion)=
## A network in motion

Before we explain a second descent we should ask what descends. SGD does not stand still while it fits labels one by one: every step throws the weights about. Keep an eye on the *average* of the weights over the last fifty steps or so, and leave the training itself as it is.

::::{predict}
:answer: 3
:figure: fig-time-averaged
The average network is evaluated at every second epoch, as the other one is. What does its test error do?

1. The same as that of the network itself, only smoother.
2. Its second descent is larger, since averages are better.
3. It rises to where the network itself ends, and stays there: there is no second descent.

:::{dropdown} Answer
C. In mid-flight the network is worse than the point about which it flies. When everything is fitted the gradients vanish, and with them the shaking.
:::
::::
"""

# %%
average_seeds = ledger.seeds("epoch-wise", early_stop)
averaged = trained(average_seeds, widths["large"], averaging=0.98)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The average of the weights has no second descent.** Test error of the large networks, and of the running average of their weights (decay 0.98 per step); the training is the same. Means over replicates with 95 % bands.", "name": "fig-time-averaged"}, "image": {"alt": "Test error against epochs. The raw curve dips, climbs to a hump and declines. The averaged curve dips far lower, climbs more slowly, meets the declining raw curve near its end, and stays at that level without a hump."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.5))[1]
draw_course(ax, raw, "test_error", colors["test"], label="weights as they are")
draw_course(ax, averaged, "test_error", figures.SEQUENCE[2], label="averaged weights")
ax.set(xlabel="epochs", ylabel="share misclassified", ylim=(0, 0.9))
ax.legend(loc="upper right")
ask = "What share of new signals does the average of the weights misclassify?"
figures.sketch(ax, "averaged weights", ask=ask)

# %% tags=["remove-input"]
ways = {"weights as they are": raw, "averaged weights": averaged}
compared = {
    f"fall from the second window to the last, {name}": -100
    * claims.mean(change(runs, "hump", "end"))
    for name, runs in ways.items()
}
for where, name in {"dip": "first", "end": "last"}.items():
    apart = inside(averaged, where) - inside(raw, where)
    compared[f"averaged less as they are, {name} window"] = 100 * claims.mean(apart)
claims.table("Averaging and the test error.", compared, "points")

# %% [markdown]
r"""
Here the second descent is a network coming to rest. A function that went on learning would show its progress in the average as well, only later. What remains is the first rise, which is larger in the average: fitting wrong labels costs what it costs, and nothing of it is paid back within these epochs. We do not know how much of the far larger second
descents that the paper shows for ResNets is of this kind. The control is cheap, and worth asking for.

(time-two-speeds)=
## Two speeds

There is another account, and it begins with a proof. {cite:t}`heckel2021`: different parts of a model are learned at different speeds, and each has a bias–variance trade-off in *time*, since first the signal comes in and then the noise. A fast U and a slow one may add up to a curve with two minima.

Take linear regression by gradient descent, with features whose mean squares $s_j^2$ differ. Let the training inputs be orthogonal, $X^\top X / n = \operatorname{diag}(s_j^2)$, so that every coefficient learns alone.

```{prf:theorem} A U in time for every feature
:label: thm-time-u
Let the true function be $x^\top \beta$ and $\sigma^2$ the variance of the label noise. Gradient descent on half the mean squared error, from zero, with step size $h < 1 / \max_j s_j^2$, has after $t$ steps, on test inputs with
$\mathbb E\, x x^\top = \operatorname{diag}(s_j^2)$, the expected excess risk

$$
\sum_j \Bigl[ (1 - u_j)^2\, s_j^2 \beta_j^2 + u_j^2\, \frac{\sigma^2}{n} \Bigr], \qquad u_j = 1 - (1 - h s_j^2)^t .
$$ (eq-time-risk)

If $\sigma > 0$ and $h$ is small enough, each term with a signal falls to a single minimum and then rises. Let there be two groups with $s_j^2 = 1$ and $s_j^2 = s^2$, each with a signal whose $s_j^2 \beta_j^2$ do not depend on $s$. Then the sum has a single minimum if $s = 1$, and at least two if $s$ is small enough.
```

```{prf:proof}
By orthogonality the step for coefficient $j$ involves no other: $\hat\beta_j \leftarrow \hat\beta_j + h s_j^2 (b_j - \hat\beta_j)$, where $b_j = \beta_j + \zeta_j$ is the least-squares solution and $\zeta_j$ has mean zero and variance
$\sigma^2 / (n s_j^2)$. From zero this gives $\hat\beta_j = u_j b_j$. A test input has mean square $s_j^2$ in this coordinate, so the risk is $s_j^2\, \mathbb E (u_j b_j - \beta_j)^2$; multiply out. As a function of $u_j$ each term is a parabola
with its minimum at $s_j^2 \beta_j^2 / (s_j^2 \beta_j^2 + \sigma^2 / n)$, between 0 and 1, and $u_j$ grows with $t$ from 0 towards 1, in steps of $h s_j^2$ at most. With $s = 1$ all $u_j$ are equal and the sum is one such parabola.

For the rest let the groups have energies $E_1, E_2$ (sums of $s_j^2 \beta_j^2$) and variances $V_1, V_2$ (numbers of features times $\sigma^2/n$), and let $t_1$ be the time of the fast group's minimum. As $s \to 0$ the energies stay, and the slow group does not move until long after the fast one has finished. So the sum is near
$E_1 V_1/(E_1 + V_1) + E_2$ at $t_1$, later near $V_1 + E_2$, and later still, at the slow group's own minimum, near $V_1 + E_2 V_2/(E_2 + V_2)$. It rises by $V_1^2/(E_1 + V_1)$ and falls by $E_2^2/(E_2 + V_2)$, both positive.
```

How small is small enough depends on the noise ({ref}`ex-time-speeds`). A feature passes its minimum after about $1/(h s_j^2)$ steps: features a tenth the size have their U a hundred times later.
"""


# %% mystnb={"code_prompt_show": "The formula against gradient descent"} tags=["hide-input"]
# The formula against gradient descent
def exact_risk(model, steps, h):
    """Expected excess risk by running gradient descent, on the signal and on each unit of noise apart."""
    s = model.scales
    x = np.linalg.qr(rng(0).standard_normal((model.n, len(s))))[0] * np.sqrt(model.n) * s
    groups = np.repeat([model.fast, model.slow], (model.fast, model.slow))
    beta = np.sqrt(model.energy / groups) / s
    targets = np.column_stack([x @ beta, np.sqrt(model.noise) * np.eye(model.n)])
    found = np.zeros((len(s), targets.shape[1]))
    for _ in range(steps):
        found -= h * x.T @ (x @ found - targets) / model.n
    error = found - np.column_stack([beta, np.zeros((len(s), model.n))])
    return (s**2 * (error**2).sum(1)).sum()


regression = two_speeds.TwoSpeedRegression(
    n=200, fast=80, slow=20, scale=0.1, energy=1.5, noise=2.5
)
checked = scale.sizes(steps=((5, 50), (5, 50, 1000), (5, 50, 1000))).steps
formula = regression.expected(np.array(checked), step_size=0.1).sum(0)
off = max(
    abs(exact_risk(regression, t, 0.1) - f) for t, f in zip(checked, formula, strict=True)
)

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**Two U-curves, one after the other, add up to two descents.** Expected excess risk of a linear regression over the steps, by the formula: 80 fast features, 20 slow ones, and their sum. Move the slider to bring the speeds together.", "name": "fig-time-superposition"}} tags=["hide-input"]
# Two U-curves and their sum, for slow features of several scales
steps = np.unique(np.r_[0, np.logspace(0, 5, 200).round()])


def two_curves(scale_of_slow):
    """Fast group, slow group and sum over the steps."""
    fig, ax = plt.subplots(figsize=(7.2, 3.6))
    parts = replace(regression, scale=scale_of_slow).expected(steps, step_size=0.1)
    curves_of = {"fast features": parts[0], "slow features": parts[1], "sum": parts.sum(0)}
    inks = (figures.SEQUENCE[0], figures.SEQUENCE[3], colors["risk"])
    for (name, values), color in zip(curves_of.items(), inks, strict=True):
        ax.plot(steps, values, color=color, label=name)
    total = parts.sum(0)
    best = f"lowest after {steps[total.argmin()]:,.0f} steps, {total.min():.2f}"
    ax.set_title(f"The sum: {best}; at the end {total[-1]:.2f}")
    ax.set_xscale("symlog", linthresh=1)
    ax.set(xlabel="steps", ylabel="expected excess risk", xlim=(0, 1e5), ylim=(0, 3.2))
    ax.legend(loc="upper right")
    return fig


alt = "Excess risk against steps with slow features of scale {}: the fast and the slow group fall to one minimum each and rise a little; their sum lies above both."
scales = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
figures.slider(two_curves, "Scale of the slow features", alt, start=0.1, values=scales)

# %% tags=["remove-input"]
totals = {
    s: replace(regression, scale=s).expected(steps, step_size=0.1).sum(0) for s in scales
}
number = {s: int(two_speeds.minima(total)) for s, total in totals.items()}
Markdown(
    "Minima of the sum: "
    + ", ".join(f"{count} at a scale of {s:g}" for s, count in number.items())
    + "."
)

# %% [markdown]
r"""
No complexity grows through a threshold here: there are twice as many examples as features from the first step to the last, and the training error stays away from zero. In this sense {cite:t}`heckel2021` contradict the account by effective complexity. The theorem says that two speeds *can* make two descents. It does not say that they do so in a
network, where there are no separate features to begin with.

Between the two stands a trained classifier, whose parts do not simply add up. We construct data for it: ten Gaussian classes whose means differ in five inputs of ordinary size and in 35 small ones, with 90 inputs of nothing but noise, again of ordinary size; 40 % of the labels are drawn anew. Softmax regression learns
the large inputs first, and with them the noise.

::::{predict}
:answer: 2
:figure: fig-time-shift
We make the 35 small inputs twice as large and change nothing else. What happens to the two descents?

1. Both come about four times as early.
2. The second one comes a few times as early, the first one no earlier.
3. The first one comes earlier, the second one stays where it is.
4. The hump disappears.

:::{dropdown} Answer
B. The speed of an input is proportional to the square of its size. Had both descents moved, they would not belong to different parts.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Softmax regression at two speeds"} tags=["hide-input"]
# Softmax regression at two speeds, from zero on all examples at once; slow inputs of two sizes, and all of one size
descents = scale.sizes(steps=(60, 4000, 4000)).steps
seen = np.unique(np.logspace(0, np.log10(descents), 45).round()).astype(int)
zero, small_inputs, large_inputs = Vector(np.zeros(131 * 10)), 0.05, 0.1


def softmax_runs(seeds, *scales):
    """Softmax regression on constructed data of its own for each replicate and scale of the slow inputs."""
    keys = [(size, s) for s in seeds for size in scales]
    sets = {(size, s): two_speeds.two_speed_classes(n, 1000, s, size) for size, s in keys}
    how = {"lr": 0.5, "epochs": descents, "label_noise": 0.4, "start": zero}
    how["record"] = {"curves": seen, "test_correct": seen}
    runs = sweep(mlp(1, depth=0), sets, seed={key: key[1] for key in sets}, **how)
    return runs.assign(scale=[size for size, _ in runs["data"]])


# %%
softmax = softmax_runs(
    ledger.seeds("epochwise-is-superposition"), small_inputs, large_inputs, 1.0
)
by_scale = {
    size: softmax[softmax.scale == size] for size in (small_inputs, large_inputs, 1.0)
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Speed up the slow part, and the second descent comes earlier; the first does not.** Test error of softmax regression on constructed data with 40 % of the labels drawn anew, for slow inputs at 0.05 and at 0.1 of the size of the others. Means over replicates with 95 % bands.", "name": "fig-time-shift"}, "image": {"alt": "Test error against steps on a logarithmic axis. Both curves dip at about the same early step and rise together. The one with the larger slow inputs turns down a few times as early as the other, from a lower hump."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.6))[1]
for size, color in (
    (small_inputs, figures.SEQUENCE[3]),
    (large_inputs, figures.SEQUENCE[0]),
):
    line = {"ax": ax, "colors": color, "marker": "", "label": f"slow inputs at {size:g}"}
    figures.plot(curves(by_scale[size]), "epoch", "test_error", **line)
ax.set(xscale="log", xlabel="steps", ylabel="share misclassified", ylim=(0, 0.7))
ax.legend(loc="lower left")
plt.show()


# %% mystnb={"code_prompt_show": "The times of both descents"} tags=["hide-input"]
# The times of both descents of each replicate, as powers of two
def descent_times(runs):
    """log₂ of the step of the first minimum, and of the one at which half of the second descent is done."""
    errors = measures.by_seed(curves(runs), "test_error", "epoch")
    steps, early = np.array(errors.columns), errors.columns <= descents / 40
    rows = []
    for error in errors.T.rolling(3, center=True, min_periods=1).mean().T.to_numpy():
        dip = int(error[early].argmin())
        peak = dip + int(error[dip:].argmax())
        half = (error[peak] + error[peak:].min()) / 2
        rows.append((steps[dip], steps[peak + int((error[peak:] <= half).argmax())]))
    return np.log2(pd.DataFrame(rows, errors.index, ["first", "second"]))


earlier = descent_times(by_scale[small_inputs]) - descent_times(by_scale[large_inputs])

# %% tags=["remove-input"]
ledger.say("epochwise-is-superposition")

# %% [markdown]
r"""
So in a classifier, too, each part has a clock of its own, and the second descent goes by the slow one. That it moves by less than the full factor of four, two powers of two, is in part due to our stopping: the slower of the two descents is not done by then, and its half looks early. The first minimum comes, if anything, a little later: all inputs share one softmax, and the parts do not simply add
up. It would have spoken against the account if both had moved alike, or neither. The data are made for the purpose; they show that the mechanism is sufficient, not that it is at work in {numref}`fig-time-puzzle`.

(time-one-speed)=
## One speed

If different speeds are the cause, equal speeds are the cure: give each part a step size of its own. For a linear model this has an exact meaning ({ref}`ex-time-rescale`). In the classifier above it amounts to making all inputs of one size.
"""

# %% tags=["remove-input"]
at_one = measures.stopped_errors(by_scale[1.0])
at_two = measures.stopped_errors(by_scale[small_inputs])
Markdown(
    f"Stopped by validation (one half of the test examples chooses the step for the other), softmax regression misclassifies {at_one.stopped.mean():.1%} of the test examples at equal speeds instead of {at_two.stopped.mean():.1%}. It does not rest there: by the last step its error has risen to {at_one.final.mean():.1%}, without a second descent."
)

# %% [markdown]
r"""
What was removed is a defect of scale that had been put into the data. In a network nobody hands us the parts. {cite:t}`heckel2021` take *layers* as parts, and say of two kinds of networks that step sizes of their own eliminate the hump and improve the error at the best time to stop. We take them in turn.

### The paper's network of two layers

A ReLU network with 250 hidden units is fitted to 100 values of a linear function of 50 inputs, without any noise, by gradient descent on all examples at once. The initial weights of the last layer are a hundredth of the usual size. All of this is the setting of the code that the authors released, and so are the step sizes: the same in
both layers, or a hundredth of it in the first.

::::{predict}
:answer: 3
:figure: fig-time-layers
With equal steps the test error has a hump: it falls, rises and falls. What does the *training* error do at that time?

1. It falls steadily; only the test error has a hump.
2. It has reached zero before the hump begins.
3. It rises and falls with the test error.

:::{dropdown} Answer
C. Gradient descent with a small enough step cannot raise the training error. This one does.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The paper's network of two layers"} tags=["hide-input"]
# The paper's network of two layers: data, initial weights and step sizes as in the code that was released
arms = {"equal steps": (1.0, 1.0), "first layer: a hundredth": (0.01, 1.0)}
arms["both layers: a fifth"] = (0.2, 0.2)
two_layer_steps = scale.sizes(steps=(40, 600, 600)).steps
watched = [*range(60), *range(60, two_layer_steps + 1, 10)]


def linear_target(seed):
    """100 values of a random linear function of 50 inputs with scales from 1 to 4, and 1,000 for testing."""
    draw = rng(seed, 7)
    x = draw.standard_normal((1100, 50)) * np.geomspace(1, 4, 50)
    y, what = x @ draw.standard_normal(50), "a linear function, synthetic"
    return data.Data("linear_target", x[:100], y[:100], x[100:], y[100:], what)


# %% mystnb={"code_prompt_show": "Its training"} tags=["hide-input"]
# Its training, with each choice of step sizes from the same initial weights
def two_layer_runs(seed, **more):
    """The network on data of its own, its errors at the steps that are watched."""
    module = MLP(250).build((50,), 1, generator(seed, "two layers"))
    with torch.no_grad():
        module[-1].weight *= 0.01
    vector = torch.nn.utils.parameters_to_vector(module.parameters())
    how = {"loss": "squared", "lr": 0.01, "epochs": two_layer_steps, "seed": seed}
    how |= {"start": Vector(vector.detach().numpy()), "layer_lr": list(arms.values())}
    return sweep(
        MLP(250), linear_target(seed), **how | {"record": {"curves": watched}} | more
    )


# %%
two_layers = pd.concat([two_layer_runs(s) for s in ledger.seeds("two-layer-hump-removed")])
by_arm = {
    name: two_layers[[f == factors for f in two_layers.layer_lr]]
    for name, factors in arms.items()
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The hump of the test error is a hump of the training error.** The two-layer network of the paper; mean squared errors as shares of those at the start, means over replicates with 95 % bands. A smaller step for the first layer removes both humps, and so does a smaller step for both layers.", "name": "fig-time-layers"}, "image": {"alt": "Two panels of errors against steps on a logarithmic axis. With equal steps training and test error fall, jump up early and at the same steps, and fall again. With a smaller step for the first layer, or for both, the curves of both panels fall without a jump."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.8))
for (name, runs), color in zip(
    by_arm.items(), (colors["test"], figures.SEQUENCE[0], figures.SEQUENCE[3]), strict=True
):
    errors = curves(runs)
    first_look = errors[errors.epoch == 0].set_index("data_seed")
    for ax, part in ((left, "train"), (right, "test")):
        share = errors[f"{part}_loss"] / errors.data_seed.map(first_look[f"{part}_loss"])
        rows = errors.assign(share=share)[errors.epoch > 0]
        figures.plot(rows, "epoch", "share", ax=ax, colors=color, label=name, marker="")
        ax.set(
            title={"train": "Training", "test": "Test"}[part],
            xscale="log",
            xlabel="steps",
            ylabel="",
            ylim=(0, 1.3),
        )
left.set_ylabel("squared error, share of the first")
fig.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()


# %% tags=["remove-input"]
def has_hump(runs, part="test"):
    """Which replicates' error rises by more than a hundredth of its first value above an earlier one."""
    errors = measures.by_seed(curves(runs), f"{part}_loss", "epoch")
    rise = (errors - errors.cummin(axis=1)).max(axis=1)
    return (rise > 0.01 * errors[0]).astype(float)


humps = {name: has_hump(runs) for name, runs in by_arm.items()}
lowest = {
    name: measures.by_seed(curves(runs), "test_loss", "epoch").min(axis=1)
    for name, runs in by_arm.items()
}
gain = {name: lowest[name] / lowest["equal steps"] for name in list(arms)[1:]}

# %% tags=["remove-input"]
ledger.say("two-layer-hump-removed")

# %% tags=["remove-input"]
with_both = has_hump(by_arm["equal steps"], "train").mean()
Markdown(
    f"Of the replicates with equal steps {with_both:.0%} have a hump of the training error as well; with both steps smaller, {humps['both layers: a fifth'].mean():.0%} have one of the test error. The lowest test error, chosen "
    f"with hindsight, is {claims.ratio(gain['first layer: a hundredth']):.2f} times that with equal steps if the first layer is slowed, and {claims.ratio(gain['both layers: a fifth']):.2f} times if both are."
)

# %% [markdown]
r"""
The hump can be eliminated by a step size for each layer, then, as the paper says. But it can be eliminated by a smaller step for everything, too, and it was not made by two layers that fit noise at different times: there is no noise, and the training error rises with it. The common step is so large that descent overshoots at first
and settles after that ({ref}`ex-time-edge`). Nor is the error at the best time lower with the first layer slowed. To test the account by superposition in networks one needs a hump during which the training error *falls*.

### Convolutional networks

Those of {numref}`fig-time-puzzle` have one. {cite:t}`heckel2021` train a convolutional network with the step of its *last* layer a hundredth of the others; we do the same, and add two controls, less slow, so that they are done with their labels when we stop. If unequal speeds of the layers are what matters, slowing the convolutions instead should not help, nor should slowing *all* layers, which leaves them as unequal as they were.
"""

# %%
slow_last = trained(
    ledger.seeds(removal, early_stop), widths["large"], layer_lr=[(1.0, 1.0, 1.0, 0.01)]
)
controls = {"convolutions": (0.1, 0.1, 0.1, 1.0), "all layers": (0.25,) * 4}
others = list(controls.values())
slow = trained(ledger.seeds(early_stop), widths["large"], layer_lr=others)
layer_arms = {"none": raw, "last layer": slow_last}
layer_arms |= {
    k: slow[[f == factors for f in slow.layer_lr]] for k, factors in controls.items()
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Smaller steps remove the hump, whichever layers take them; the first minimum comes later and not visibly lower.** Test error of the large networks with the last layer at a hundredth of the step, the convolutions at a tenth, or all layers at a quarter. Means over replicates with 95 % bands.", "name": "fig-time-slowed"}, "image": {"alt": "Test error against epochs for four ways of training. Without slowing the curve dips first, overshoots and comes down. With the last layer, the convolutions or all layers slowed the curves dip about as low, later, and climb to the same final level without overshooting it."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.7))[1]
inks = (colors["test"], figures.SEQUENCE[3], figures.SEQUENCE[0], figures.SEQUENCE[2])
for (name, runs), color in zip(layer_arms.items(), inks, strict=True):
    draw_course(ax, runs, "test_error", color, label=f"slowed: {name}")
ax.set(xlabel="epochs", ylabel="share misclassified", ylim=(0, 0.9))
ax.legend(loc="upper right", ncols=2)
plt.show()

# %% tags=["remove-input"]
ledger.say("epochwise-can-be-removed")

# %% tags=["remove-input"]
ledger.say("removal-improves-early-stopping")

# %% tags=["remove-input"]
stopped = {
    name: measures.stopped_errors(runs).stopped.set_axis(runs.data_seed)
    for name, runs in layer_arms.items()
}
stopped["averaged"] = measures.stopped_errors(averaged).stopped.set_axis(averaged.data_seed)
gains = {
    name: 100 * claims.mean(errors - stopped["none"])
    for name, errors in stopped.items()
    if name != "none"
}
claims.table(
    f"Stopped by validation: what changes of the test error, which is {stopped['none'].mean():.1%} if no layer is slowed. "
    "Averaging the weights leaves the training as it was.",
    {("slowed: " * (name != "averaged")) + name: gain for name, gain in gains.items()},
    "points",
)

# %% [markdown]
r"""
All ways end at about one level; what differs is whether the error overshoots it. With the last layer slowed it hardly does, as the paper has it. The controls say what that is due to: slowing the convolutions instead, or all layers, removes the overshoot as well, and so does an average of the weights, in which no speed has been changed at all. The convolutions that are slowed reach their last labels only as we stop;
on other seeds we followed both controls for twice as long, and the error did not come down. Had slowing the convolutions made the hump larger, unequal speeds of the layers would have been the better explanation.

The paper's second sentence, that the error at the best time to stop improves, we do not see here: with the last layer slowed the first minimum comes later and about as low, while the average of the weights lowers it clearly. In a superposition of two U-curves, aligning them would have lowered the minimum, as it does for softmax regression, where there are two parts indeed. This does not settle the case
of the paper's networks: their hump is larger, so that there is more to gain, and their steps shrink in the course of training.

(time-regions)=
## What the function does meanwhile

A last look at the same networks. The network cuts a plane through three test signals into connected regions of one predicted class each; {cite:t}`somepalli2022` count them along the *width* of networks. In discussions of their paper one hears a sentence about *time*, which is not theirs: at first the regions are scattered, and training merges them.

::::{predict}
:answer: 1
:figure: fig-time-regions
The number of regions per plane, from the first epoch to the last, 40 % of the labels drawn anew:

1. It grows.
2. It shrinks, as the sentence says.
3. It grows, and shrinks when the test error descends for the second time.

:::{dropdown} Answer
A. Wrong labels have to be cut out, one by one.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Regions in planes through test signals"} tags=["hide-input"]
# Regions in planes through test signals, at the moments at which weights were kept
def region_counts(runs, planes=10):
    """Mean number of regions per plane at each moment, one row per replicate."""
    rows = {}
    for _, row in runs.iterrows():
        pool = data.mnist1d(n, 1000, row.data_seed, max_translation=1)
        draw = generator(row.data_seed, "planes")
        chosen = [torch.randperm(1000, generator=draw)[:3] for _ in range(planes)]
        triplets = pool.x_test[torch.stack(chosen)]
        modules = [network(row, pool, time) for time in range(len(kept))]
        cuts = [measures.regions.planes(module, triplets).classes for module in modules]
        rows[row.data_seed] = [measures.regions.components(cut).mean() for cut in cuts]
    return pd.DataFrame(rows, kept).T


# %%
counted = {"40 % drawn anew": region_counts(raw), "true labels": region_counts(clean)}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Regions multiply as wrong labels are fitted.** Regions per plane through three test signals, over the training of the large networks. Means over replicates with 95 % bands.", "name": "fig-time-regions"}, "image": {"alt": "Regions per plane against the epoch on a logarithmic axis, for noisy and for true labels. Both start at the same few regions and rise over the first epochs. With true labels the count stays at that level; with noisy labels it goes on rising to nearly twice as many."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.3))[1]
for (name, table), color in zip(
    counted.items(), (colors["random_labels"], colors["true_labels"]), strict=True
):
    rows = table.T.rename_axis("epoch").reset_index().melt("epoch", value_name="regions")
    figures.plot(rows, "epoch", "regions", ax=ax, colors=color, label=name)
ax.set_xscale("symlog", linthresh=1)
ax.set_xticks(kept, [str(moment) for moment in kept])
ax.set(xlabel="epochs", ylabel="regions per plane", ylim=(0, None))
ax.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
ledger.say("regions-merge-in-training")

# %% tags=["remove-input"]
per_plane = {name: table.mean() for name, table in counted.items()}
Markdown(
    f"An untrained network cuts a plane into {per_plane['true labels'][0]:.1f} regions. With true labels there are {per_plane['true labels'][2]:.1f} after two epochs and {per_plane['true labels'][kept[-1]]:.1f} at the end; with 40 % drawn anew {per_plane['40 % drawn anew'][2]:.1f} and {per_plane['40 % drawn anew'][kept[-1]]:.1f}."
)

# %% [markdown]
r"""
The regions of the classes appear within a few epochs, and if the labels are true that is all. Wrong ones add regions as long as they are being fitted, and the second descent takes few of them back, if any. The sentence would have been right had the lines gone down from the first epoch on; all that there is of it is a slight decline, with true labels, after the first few.

(time-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-descent-in-time`.
"""

# %% tags=["remove-input"]
large_changes = {"rise": change(raw, "dip", "hump"), "fall": -change(raw, "hump", "end")}
large_changes["paid_back"] = change(raw, "dip", "end")
large_changes["fall_of_average"] = -change(averaged, "hump", "end")
ledger.card("epoch-wise", **large_changes, section="time-sizes")

# %% tags=["remove-input"]
later = {
    "rise": change(intermediate, "dip", "end"),
    "fall": -change(intermediate, "hump", "end"),
}
ledger.card("epoch-wise-intermediate", **later, section="time-sizes")

# %% tags=["remove-input"]
falling = {"descent": -change(small, "dip", "end"), "rise": change(small, "hump", "end")}
ledger.card("epoch-wise-small", **falling, section="time-sizes")

# %% tags=["remove-input"]
ledger.theorem("epochwise-risk-is-a-sum", error=off, section="time-two-speeds")

# %% tags=["remove-input"]
equalised = at_one.stopped.to_numpy() - at_two.stopped.to_numpy()
shifts = {"second": earlier["second"], "first": earlier["first"], "equal_speeds": equalised}
ledger.card("epochwise-is-superposition", **shifts, section="time-two-speeds")

# %% tags=["remove-input"]
two = {"equal": humps["equal steps"], "slowed": humps["first layer: a hundredth"]}
two["both_slowed"] = humps["both layers: a fifth"]
two["training"] = has_hump(by_arm["equal steps"], "train")
two["lowest"] = gain["first layer: a hundredth"]
ledger.card("two-layer-hump-removed", **two, section="time-one-speed")

# %% tags=["remove-input"]
hump_of = {name: -change(runs, "hump", "end") for name, runs in layer_arms.items()}
removed = {
    "before": hump_of["none"],
    "after": hump_of["last layer"],
    "difference": hump_of["last layer"] - hump_of["none"],
}
ledger.card("epochwise-can-be-removed", **removed, section="time-one-speed")

# %% tags=["remove-input"]
better = {"stopped": stopped["last layer"] - stopped["none"]}
better["against_all"] = stopped["last layer"] - stopped["all layers"]
better["against_convolutions"] = stopped["last layer"] - stopped["convolutions"]
better["against_average"] = stopped["last layer"] - stopped["averaged"]
ledger.card("removal-improves-early-stopping", **better, section="time-one-speed")

# %% tags=["remove-input"]
merging = {"noisy": counted["40 % drawn anew"], "clean": counted["true labels"]}
merged = {name: table[kept[-1]] - table[1] for name, table in merging.items()}
merged |= {
    f"{name}_from_start": table[kept[-1]] - table[0] for name, table in merging.items()
}
ledger.card("regions-merge-in-training", **merged, section="time-regions")

# %% [markdown]
r"""
**We also asked** how much of the rise is paid back, what averaging and the two controls do, and from which moment regions are counted. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**Complexity or superposition?** For {cite:t}`nakkiran2020` training time is one more way to raise the effective complexity of a procedure, and the peak comes where it passes the number of examples. For {cite:t}`heckel2021` complexity does not enter: parts with trade-offs of their own add up. Our three sizes are ordered as the first account has it. The
second is right about models whose parts can be named, where no threshold is passed at all. Both can be true of different models.

**Or neither?** In the networks of this page the second descent is gone when weights are averaged, and in Heckel and Yilmaz's two-layer network it is there in the training error as well. Noise in the iterates and a step that is too large are duller accounts than either; one should rule them out first.

:::{admonition} "After the second descent the network is better than it ever was"
:class: misconception
Here it stays far above its first minimum. {cite:t}`nakkiran2020` show networks that end below it, with less noise, and do not say that all do. Early stopping is not made superfluous by patience.
:::

:::{admonition} "Two descents show two phases of learning"
:class: misconception
They can show an optimizer that comes to rest. A curve of averaged weights tells the two apart ({numref}`fig-time-averaged`).
:::

:::{admonition} "If slowing a layer helps, the layers had unequal speeds"
:class: misconception
Only if slowing the others, or all, does not help as well ({numref}`fig-time-slowed`).
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`04_double_descent`.

```{exercise} ★ Steps for groups
:label: ex-time-rescale
A linear model $f(x) = w^\top x$ with any differentiable loss is trained from $w = 0$ by gradient descent in which the gradient of coordinate $j$ is multiplied by $c_j > 0$. Show that its predictions are at all times those of plain gradient descent on the inputs $\sqrt{c_j}\, x_j$.
```

```{solution} ex-time-rescale
:class: dropdown
Write $w_j = \sqrt{c_j}\, v_j$, so that $w^\top x = v^\top (\sqrt{c} \odot x)$. Plain descent in $v$ moves $v_j$ by $-h\, \partial L / \partial v_j = -h \sqrt{c_j}\, \partial L / \partial w_j$, and so $w_j$ by $-h c_j\, \partial L / \partial w_j$. Both start at zero.
```

```{exercise} ★ How long is an average?
:label: ex-time-window
A running average $a \leftarrow \beta a + (1 - \beta) w$ has $\beta = 0.98$. Over about how many steps does it average, and over how many epochs with 1,000 examples in batches of 50? Could a second descent that takes twenty epochs hide in it?
```

```{solution} ex-time-window
:class: dropdown
The weights of the past $k$ steps have shares $(1 - \beta)\beta^k$, whose mean age is $\beta/(1 - \beta) = 49$ steps, that is two and a half epochs. It delays what happens by about that much and no more. A descent of twenty epochs would show, only a little later.
```

```{exercise} ★ The sizes of rise and fall
:label: ex-time-energy
In the limit of very different speeds, {prf:ref}`thm-time-u` gives the rise to the hump and the fall after it. What do both become with very little noise, and with very much?
```

```{solution} ex-time-energy
:class: dropdown
The rise is $V_1^2/(E_1 + V_1)$ and the fall $E_2^2/(E_2 + V_2)$. With little noise the rise goes like $V_1^2/E_1$, as the square of the noise's variance, and the fall is nearly all of $E_2$: a bend rather than a hump. With much noise the rise is about $V_1 - E_1$ and the fall $E_2^2/V_2$ is small: the second minimum
is a dent in a curve that goes up. Both are clear only in between.
```

```{exercise} ★★ How different must the speeds be?
:label: ex-time-speeds
From {eq}`eq-time-risk`: for which scales of the slow features, and which noise, does the expected risk of the regression in {numref}`fig-time-superposition` have two minima?
```

```{solution-start} ex-time-speeds
:class: dropdown
```
"""


# %%
def minima_of_sum(s, noise):
    """How many minima the expected risk has over time."""
    model = replace(regression, scale=s, noise=noise)
    long = np.unique(np.r_[0, np.logspace(0, 7, 2_000).round()])
    return int(two_speeds.minima(model.expected(long, step_size=0.1).sum(0)))


each_scale, each_noise = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0), (0.5, 1.5, 2.5, 4.0)
rows = {v: {s: minima_of_sum(s, v) for s in each_scale} for v in each_noise}
pd.DataFrame(rows).rename_axis("scale").rename_axis("noise σ²", axis=1)

# %% [markdown]
r"""
In somewhat more than half of the cells. With equal scales there is never more than one, and the less noise there is, the further apart the speeds have to be: with the least of it, features of a tenth the size are not slow enough. Two parts at two speeds do not make two minima by themselves; the fast part must have taken up its noise before the slow one
begins.

```{solution-end}
```

```{exercise} ★★ A step that shrinks
:label: ex-time-cosine
Train the large network with a step that falls to zero over the 80 epochs (`schedule="cosine"`). Is there a second descent, and where does the error end?
```

```{solution-start} ex-time-cosine
:class: dropdown
```
"""

# %%
two_seeds = scale.seeds(2)
schedules = {
    k: trained(two_seeds, widths["large"], schedule=k) for k in ("constant", "cosine")
}
pd.DataFrame(
    {
        k: {window: inside(v, window).mean() for window in WINDOWS}
        for k, v in schedules.items()
    }
).round(3)

# %% [markdown]
r"""
There is none: the error climbs to its final level, about that of the constant step, and stays there (means of two replicates). With a shrinking step the motion fades while labels are still being fitted, and nothing is left to come to rest at the end.

```{solution-end}
```

```{exercise} ★★★ The edge
:label: ex-time-edge
Gradient descent on a quadratic is stable if the step times the largest eigenvalue of the Hessian is below 2. Follow that product for the two-layer network with equal steps and with a fifth of them (`measures.curvature.sharpness`). Where is it when the hump begins?
```

```{solution-start} ex-time-edge
:class: dropdown
```
"""

# %%
seed = scale.seed_offset()
times = [k for k in (0, 2, 4, 6, 8, 10, 14, 18, 24, 32, 48, 100) if k <= two_layer_steps]
both = {"layer_lr": [(1.0, 1.0), (0.2, 0.2)], "record": {"weights": times}}
again = two_layer_runs(seed, **both)
sharp = measures.curvature.sharpness(again, linear_target(seed))
products = {"equal steps": 0.01 * sharp.iloc[0], "a fifth of them": 0.002 * sharp.iloc[1]}
pd.DataFrame(products, pd.Index(again.weights_epoch.iloc[0], name="steps")).round(2)

# %% [markdown]
r"""
With equal steps it begins just below 2, is above it within a few steps, and the errors rise as long as it stays there; then it comes back to a little below 2 and remains. With a fifth of the steps it stays far below throughout. So the hump is an instability that ends as the network moves to where it is flat enough for its step, which {cite:t}`cohen2021` call the
edge of stability.

```{solution-end}
```

```{exercise} ★★★ No wrong labels, no hump?
:label: ex-time-clean
Train the softmax regression on the two-speed data with correct labels. Is there still a hump?
```

```{solution-start} ex-time-clean
:class: dropdown
```
"""

# %%
sets = {s: two_speeds.two_speed_classes(n, 1000, s, small_inputs) for s in two_seeds}
how = {"lr": 0.5, "epochs": descents, "start": zero, "record": {"curves": seen}}
correct = sweep(mlp(1, depth=0), sets, seed={s: s for s in two_seeds}, **how)
error = curves(correct).groupby("epoch").test_error.mean()
peak, dip = measures.peak_and_dip(error)
f"lowest {error[dip]:.3f} at step {dip:.0f}, then up to {error[peak]:.3f} at step {peak:.0f}, at the end {error.iloc[-1]:.3f}"

# %% [markdown]
r"""
Hardly any. The error falls, rests and falls again; between the two descents it rises by very little (means of two replicates). What turns the fast part upwards in {eq}`eq-time-risk` is the variance, and without wrong labels there is little for the noise inputs to fit.

```{solution-end}
```

## Summary

- With wrong labels a large network's test error falls, rises and falls in time; an intermediate one turns back once, a small one only descends. The second descent pays back a small part of the rise.
- In our networks it is gone when weights are averaged: the network comes to rest, and learns nothing more.
- Two parts at two speeds make two descents if the speeds are far enough apart and there is enough noise, and equal speeds make one. This is a theorem about linear regression, and holds in a classifier whose parts we built.
- A smaller step for the last layer removes the hump of our networks. So does a smaller step for the others or for all, and an average of the weights: without controls one would have credited the layers. A lower error at the best time to stop we do not see for it.
- The number of decision regions grows in training, the more so the more labels are wrong.

**Reading.** {cite:t}`nakkiran2020` for epoch-wise double descent; {cite:t}`heckel2021` for superposition and the cure; {cite:t}`somepalli2022` for regions.
"""
