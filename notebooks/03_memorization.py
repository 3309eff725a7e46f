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

Train a network on examples of which a third carry a wrong label. Early on it answers most of these with the class that they really have, which
nobody has told it; at the end it answers every one with the label that it was given. Why in this order?
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

from overparam import claims, cnn1d, data, figures, measures, mlp, network, scale, sweep
from overparam.randomness import generator, rng
from overparam.report import results
from overparam.theory import kernels

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors = figures.COLORS
ledger = claims.Ledger("memorization")

# %% mystnb={"code_prompt_show": "The experiment"} tags=["hide-input"]
# Networks that are trained on signals some of whose labels are wrong, and what they answer over time
sizes = scale.sizes(signals=(300, 1200, 1200), batch=(15, 60, 60), networks=(10, 100, 100))
moments = (1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 38, 50, 70, 100)  # epochs
descent = {"lr": 0.05, "momentum": 0.9, "batch_size": sizes.batch}


def signals(seed, translation=1, n=sizes.signals):
    """n signals for training; the first 1,000 of the test set are for validation."""
    pool = data.mnist1d(n + 1_000, 1_000, seed, max_translation=translation)
    return data.with_validation(pool, 1_000)


def train(seed, noise, d, net=None, epochs=100, **how):
    """Networks with some labels drawn anew, and their weights over time."""
    kept = {"weights": [m for m in moments if m <= epochs], "correct": [epochs]}
    how = {"seed": seed, "label_noise": noise, "epochs": epochs} | descent | how
    return sweep(net or mlp(128, depth=2), d, **how, record=kept)


def history(seed, noise, d, **how):
    """What they answer over time, and accuracy on validation labels that are as noisy."""
    return measures.label_history(train(seed, noise, d, **how), d, validation=1_000)


# %% mystnb={"code_prompt_show": "The runs"} tags=["hide-input"]
early = ["early-learning-then-memorizing", "early-stopping-small-effect"]
seeds = ledger.seeds(*early, "suppress-weak-directions")
histories = pd.concat([history(s, [0, 0.2, 0.4, 0.8], signals(s)) for s in seeds])
forty = histories[histories.label_noise == 0.4]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**First the truth, then the given label.** Above: four wrongly labelled training signals (thin) with the mean signals of their true class (green) and of the class that they were given (purple), and what a network answers. Below: how often wrongly labelled training signals get either answer. Means over training sets with 95 % bands.", "name": "fig-mem-puzzle"}, "image": {"alt": "Above, four wiggly signals, each with the mean signal of its true and of its given class; below each, the given class, the answer after 8 epochs, which is mostly the true class, and the answer at the end, which is the given one. Below, two curves against the epoch: answers with the true class rise to a high peak and fall to nothing, answers with the given class rise from nothing to all."}} tags=["hide-input"]
row, d = train(seeds[0], 0.4, signals(seeds[0])).iloc[0], signals(seeds[0])
x, true, given = d.x[row.examples], d.y[row.examples].numpy(), row.labels
nets = [network(row, d, time) for time in (5, -1)]
fig = plt.figure(figsize=(7.2, 4.2))
above, below = fig.subfigures(2, 1, height_ratios=(1, 1.7))
for ax, i in zip(above.subplots(1, 4), np.flatnonzero(true != given)[:4], strict=True):
    for k, name in ((given[i], "random_labels"), (true[i], "true_labels")):
        ax.plot(x[true == k].mean(0), color=colors[name], linewidth=2.5, alpha=0.7)
    ax.plot(x[i], color=figures.INK, linewidth=1)
    ax.axis("off")
    answers = [int(net(x[i : i + 1]).argmax()) for net in nets]
    said = f"true {true[i]}, given {given[i]}\nepoch 8: {answers[0]}, end: {answers[1]}"
    ax.set_title(said, loc="center", fontsize=10)
ax = below.subplots()
shares = {"true_label": "its true class", "wrong_label": "the given class"}
hues = {"true_label": colors["true_labels"], "wrong_label": colors["random_labels"]}
figures.lines(forty, "epoch", shares, ax, hues)
figures.log_axis(ax, (1, 2, 4, 8, 15, 28, 50, 100))
ax.set(ylabel="share of wrongly\nlabelled signals", ylim=(0, 1.02))
ax.legend(title="answered with", alignment="left", loc="center right")
plt.show()

# %% tags=["remove-input"]
over_time = forty.groupby("epoch")[["true_label", "wrong_label", "test"]].mean()
at_8, at_end = over_time.loc[8], over_time.iloc[-1]
Markdown(
    f"After 8 epochs the networks answer {at_8.true_label:.0%} of the wrongly labelled signals with their true class and {at_8.wrong_label:.0%} with the given one; at the end it is {at_end.true_label:.0%} and {at_end.wrong_label:.0%}. On new signals they are right {at_8.test:.0%} of the time after 8 epochs, and {at_end.test:.0%} at the end."
)

# %% [markdown]
r"""
The signals are those of MNIST-1D {cite:p}`greydanus2024`: 40 numbers, ten classes, made by a program, so that every replicate has its own. The published ones are also moved along the axis by a random amount; here
they stay in place, for a reason that will appear. Of 1,200 labels 40 % are drawn anew from the ten classes, so 36 % are wrong. The network has two hidden layers of 128 units and no regularizer.

Nothing marks a wrong label, except that it disagrees with the rest of the data. So the network has found the rest first. A learner that stores examples one by one, such as a nearest-neighbour rule, has no such phase.
This is {term}`memorization` as something that happens at some time, to some examples, and {cite:t}`arpit2017` made it a subject. First we ask why, where it can be proved.

(mem-why)=
## Why: directions

Take a model that is linear in fixed features, and gradient descent. Let $F$ hold the features of the $n$ training inputs, and let $\lambda_k, u_k$ be the eigenvalues and eigenvectors of $F F^\top / n$. An eigenvector has an entry for
each example: it is a *direction* in the space of labels.

```{prf:proposition} Which labels are learned when
:label: prop-mem-modes
Gradient descent with step $h$ from $c_0 = 0$ on $\tfrac1{2n} \lVert F c - y \rVert^2$, half the mean squared error, has after $t$ steps the outputs

$$
F c_t = \sum_k \bigl(1 - (1 - h \lambda_k)^t\bigr)\, \langle u_k, y \rangle\, u_k .
$$ (eq-mem-modes)

For independent random labels of mean zero, every direction carries the same share of them in expectation.
```

```{prf:proof}
The residual $r_t = y - F c_t$ obeys $r_{t+1} = r_t - \tfrac hn F F^\top r_t$ with $r_0 = y$; expand in the $u_k$. For independent labels of mean zero and variance $\sigma^2$, $\mathbb E \langle u_k, y \rangle^2 = \sigma^2$ for every $k$.
```

So a direction is learned at the pace of its eigenvalue, whatever the labels are. What the labels decide is *along which directions they lie*. ({cite:t}`arora2019` carry this over to wide networks. Below, $h$ is one over the largest eigenvalue, and classes are 0/1 vectors less their
mean $\tfrac1K$, with $K = 10$ outputs that learn side by side.)

::::{predict}
:answer: 2
:figure: fig-mem-modes
Of 1,200 directions take the 30 with the largest eigenvalues. One fortieth of randomly permuted labels lies along them. How much of the *true* labels?

1. About one fortieth.
2. About half.
3. Nearly all.

:::{dropdown} Answer
B. Along a leading direction, signals that resemble each other have nearly the same entry, and mostly they have the same label. That is all the difference there is between a pattern and noise here.
:::
::::
"""


# %%
def directions(x, seed):
    """Eigenvalues and eigenvectors of random ReLU features, and these, scaled so that step 1 is allowed."""
    F = kernels.relu_features(x.double(), 2 * len(x), generator(seed, "features"))
    values, vectors = torch.linalg.eigh(F @ F.T)
    return (values / values[-1]).clamp(0, 1), vectors, F / values[-1].sqrt()


def learned(eigenvalues, t):
    """Share of each direction that is learned after t steps."""
    return 1 - (1 - eigenvalues) ** t


def one_hot(y):
    return torch.nn.functional.one_hot(y, 10).double() - 0.1


# %% mystnb={"code_prompt_show": "The formula, and gradient descent"} tags=["hide-input"]
# The formula, and gradient descent
n, steps = len(d.x), np.unique(np.logspace(0, 6, 61).astype(int))
eigenvalues, vectors, F = directions(d.x, seeds[0])
labels = {"true labels": d.y, "random labels": data.permuted_labels(d, seeds[0]).y}
energy = {k: (vectors.T @ one_hot(y)).square().sum(1) / 0.9 / n for k, y in labels.items()}


def left_by_formula(energy, times=steps):
    """Share of the squared labels that is left after each number of steps."""
    return [float(((1 - learned(eigenvalues, t)) ** 2 * energy).sum()) for t in times]


def left_by_descent(y, times=30):
    """The same by gradient descent on the coefficients, after 0, 1, … steps."""
    c, left = torch.zeros(F.shape[1], 10).double(), []
    for _ in range(times + 1):
        residual = y - F @ c
        left.append(float(residual.square().sum() / y.square().sum()))
        c += F.T @ residual
    return left


descended = {kind: left_by_descent(one_hot(y)) for kind, y in labels.items()}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**True labels lie along the leading directions, random labels along all.** A linear model on random features of one training set. Left: share of the squared labels along the leading directions. Right: what gradient descent leaves of the labels; lines from the proposition, dots from running it.", "name": "fig-mem-modes"}, "image": {"alt": "Left: cumulative share of the labels against the number of leading directions; true labels reach half with about thirty, random labels rise in proportion to the number. Right: share not yet learned against steps on a logarithmic axis; true labels fall early, random labels orders of magnitude later; dots lie on the lines."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3))
shown = np.array([1, 2, 5, 10, 20, 30])
for kind, share in energy.items():
    color = colors[kind.replace(" ", "_")]
    left.plot(np.arange(1, n + 1), share.flip(0).cumsum(0), color=color, label=kind)
    right.plot(steps, left_by_formula(share), color=color)
    right.plot(shown, np.array(descended[kind])[shown], "o", color=color)
figures.log_axis(left, (1, 10, 100, 1_000))
left.set(xlabel="leading directions", ylabel="share of the labels", ylim=(0, 1.02))
right.set(xscale="log", xlabel="steps", ylabel="share not yet learned", ylim=(0, 1.02))
left.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
leading = [float(e[-n // 40 :].sum()) for e in energy.values()]
ninety = [steps[np.argmax(np.array(left_by_formula(e)) < 0.1)] for e in energy.values()]
Markdown(
    f"Along the leading {n // 40} of {n:,} directions lie {leading[0]:.0%} of the true labels and {leading[1]:.1%} of the random ones. To learn 90 % of them takes about {round(ninety[0], -3):,} steps for true labels and {round(ninety[1], -3):,} for random ones: {ninety[1] / ninety[0]:.0f} times as many."
)

# %% [markdown]
r"""
Now to labels that are *partly* wrong. Draw a share $\eta$ of the labels $y$ anew, and call the result $\tilde y$. Then $\mathbb E[\tilde y \mid y] = (1 - \eta)\, y$: the truth, shrunk, plus noise of mean zero. As outputs are linear in the labels, the two are learned
side by side without touching: the truth along the directions in which it lies, the noise along all. How far is the model along the way to either?

```{prf:proposition} How long the truth leads
:label: prop-mem-lead
Let $H_t = \sum_k (1 - (1 - h\lambda_k)^t)\, u_k u_k^\top$, so that the outputs are $H_t \tilde y$. Call $s_t = \operatorname{tr} y^\top H_t\, y / \operatorname{tr} y^\top y$ the share of the true labels, and $m_t = \operatorname{tr} H_t / n$ the share of random
labels, that is learned after $t$ steps. On a wrongly labelled training example the output for its true class exceeds that for the given class by

$$
(1 - \eta)\, s_t - (2 - \eta)\, m_t ,
$$ (eq-mem-lead)

on average over the examples and the draw of all labels. So the truth leads as long as $s_t / m_t > (2 - \eta) / (1 - \eta)$.
```

```{prf:proof}
Let example $i$ of class $\kappa$ have the wrong label $\kappa'$, any of the other $K - 1$ classes alike. The other labels have means $(1 - \eta)\, y_j$, so the mean output on $i$ is $(1 - \eta) (H_t y)_i + (H_t)_{ii} (\tilde y_i - (1 - \eta)\, y_i)$. Take the coordinate $\kappa$ less the coordinate $\kappa'$: in $\tilde y_i$
the difference is $-1$, in $y_i$ it is $1$, which gives $-(2 - \eta) (H_t)_{ii}$ for the second term. In the first, coordinates add up to zero, so the mean over the $K - 1$ classes $\kappa'$ is $\tfrac{K}{K-1} (H_t y)_{i\kappa}$, which is $\tfrac{K}{K-1} \langle y_i, (H_t y)_i \rangle$.
Average over $i$ and use $\operatorname{tr} y^\top y = n \tfrac{K-1}{K}$.
```

With 40 % noise the truth leads until random labels are learned three eighths as far as true ones. This is a statement about the *data*: labels that do not lie along leading directions have no lead to lose.

::::{predict}
:answer: 2
:figure: fig-mem-lead
The published MNIST-1D moves each signal by up to 47 of 72 points. The classes are the same, and a person who slides the signal back sees no difference. What becomes of the lead?

1. It stays: the labels are as informative as before.
2. It shrinks to a remnant, and is over sooner.
3. It lasts longer, because moved signals are harder to memorize.

:::{dropdown} Answer
B. Where a pattern can be anywhere, no single feature goes with it, and the labels move out of the leading directions.
:::
::::
"""


# %% mystnb={"code_prompt_show": "The lead"} tags=["hide-input"]
def lead(seed, translation, noise=0.4):
    """True class over given class on wrongly labelled signals: by the formula and measured."""
    d, rows = signals(seed, translation), []
    x, y = d.x[: n // 2], d.y[: n // 2]
    eigenvalues, vectors, _ = directions(x, seed)
    given = data.corrupt_labels(y, noise, 10, generator(seed, "label noise"))
    wrong, pair = given != y, torch.stack([y, given], 1)
    true, noisy = vectors.T @ one_hot(y), vectors.T @ one_hot(given)
    true = true.square().sum(1) / true.square().sum()
    for t in steps[::2]:
        share = learned(eigenvalues, t)
        out = (vectors @ (share[:, None] * noisy))[wrong]
        row = {"formula": (1 - noise) * (share * true).sum() - (2 - noise) * share.mean()}
        row["lead"] = -out.gather(1, pair[wrong]).diff().mean()
        row["answers"] = -(out.argmax(1, True) == pair[wrong]).double().diff().mean()
        rows.append({"steps": t} | {name: float(value) for name, value in row.items()})
    return pd.DataFrame(rows).assign(data_seed=seed, translation=translation)


# %%
translations = (1, 8, 48)
leads = pd.concat([lead(s, t) for s in seeds[:5] for t in translations])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**In the linear model, moving the signals closes the window in which the truth leads.** Output for the true class less that for the given class, on wrongly labelled training signals: lines from {eq}`eq-mem-lead`, dots measured, for signals in place and moved by up to 7 and 47 of 72 points. Above zero the truth leads. Means over training sets of 600 signals.", "name": "fig-mem-lead"}, "image": {"alt": "Three curves against steps on a logarithmic axis. For signals in place the curve rises well above zero and crosses it late; the more the signals are moved the lower the curve and the earlier it crosses; for the published data it hardly leaves zero before it falls. Dots lie on the lines."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.6))[1]
means = leads.groupby(["translation", "steps"])[["formula", "lead", "answers"]].mean()
for translation, color in zip(translations, figures.ramp(3), strict=True):
    label = f"moved by up to {translation - 1}" if translation > 1 else "in place"
    ax.plot(means.loc[translation].formula, color=color, label=label)
    ax.plot(means.loc[translation].lead, "o", color=color, markersize=3.5)
ax.axhline(0, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set(xscale="log", ylim=(-0.5, 0.42), xlabel="steps", ylabel="lead of the true class")
ax.legend(loc="lower left")
plt.show()

# %% tags=["remove-input"]
led = {t: means.loc[t].index[means.loc[t].lead > 0] for t in translations}
longest = {t: max(steps, default=0) for t, steps in led.items()}  # never, with some seeds
Markdown(
    f"For signals in place the lead reaches {means.loc[1].lead.max():.2f} and lasts for about {round(longest[1], -2):,} steps; for those of the published data set it reaches {means.loc[48].lead.max():.2f} and is over after about {round(longest[48], -1):,}. Formula and measurement differ by {(leads.lead - leads.formula).abs().mean():.3f} on average."
)

# %% [markdown]
r"""
:::{admonition} Patterns first, in a linear model
:class: key-result
Labels along leading directions are learned early. Random labels lie along all directions and are learned last. Whether a pattern comes first is a property of labels *and* features, not of learning as such.
:::

Three predictions follow for networks, if gradients there behave as if features were nearly fixed: the truth leads, until the wrong labels catch up; moving the signals takes the lead away; and examples along leading directions are the easy ones.
"""

# %% [markdown]
r"""
(mem-early)=
## Networks: early learning

::::{predict}
:answer: 3
:figure: fig-mem-validation
You stop training where accuracy on a *validation set* is best. But its labels are as noisy as those you train on. Does that still work?

1. No: the best network on noisy labels is one that has learned the noise.
2. Only if less than a tenth of the labels is wrong.
3. Yes: the noise of the validation labels costs every network the same.

:::{dropdown} Answer
C. If a signal is answered rightly with probability $a$ and its validation label is replaced independently with probability $\eta$, answer and label agree with probability $(1 - \eta)\, a + \eta / K$: a straight line in $a$, so
the order of the networks is kept. Only the noise of finitely many signals is added.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Validation accuracy peaks while the wrong labels are still unlearned.** Accuracy on the training labels as given, on new signals with labels as noisy, and on test signals with true labels, for three shares \u03b7 of labels drawn anew. Means over training sets with 95 % bands.", "name": "fig-mem-validation"}, "image": {"alt": "Three panels, for increasing label noise, of accuracy against the epoch on a logarithmic axis. Training accuracy rises to one. Test and validation accuracy rise, peak within ten epochs and fall; the more noise, the lower they end."}} tags=["hide-input"]
noisy = histories[histories.label_noise > 0]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.2), sharey=True)
hues = {"train": colors["train"], "validation": figures.SEQUENCE[4], "test": colors["test"]}
for ax, (share, rows) in zip(axes, noisy.groupby("label_noise"), strict=True):
    figures.lines(rows, "epoch", list(hues), ax, hues, markersize=3)
    figures.log_axis(ax, (1, 3, 10, 30, 100))
    ax.set(ylim=(0, 1.02), title=f"η = {share:g}")
axes[0].set_ylabel("accuracy")
axes[0].legend(loc="lower right", fontsize=10)
plt.show()


# %%
chosen, final = measures.best_and_last(forty, "validation")

# %% tags=["remove-input"]
Markdown(
    f"{ledger.say('early-learning-then-memorizing')}\n\n(On this page the chosen epochs lie between {chosen.epoch.min():.0f} and {chosen.epoch.max():.0f}, and the truth leads there by {claims.mean(chosen.true_label - chosen.wrong_label):.2f}.)"
)

# %% [markdown]
r"""
Had each example been learned at its own pace, whatever the others say, validation accuracy would have risen with training accuracy and stayed. Instead the network passes through a state that is better than the one it ends in, and noisy
labels suffice to find it. That is a use of the early phase ({cite:t}`liu2020` build on it).

A finding may hang on settings that nobody thought about, so we vary them, mostly one at a time.
"""

# %% mystnb={"code_prompt_show": "The settings, and the run that was recorded"} tags=["hide-input"]
# The settings, and the run that was recorded
one = {"n": (600, 2400), "noise": (0.2, 0.6), "translation": (4, 12, 48), "lr": (0.02, 0.1)}
one |= {"momentum": (0, 0.5), "batch_size": (20, 120), "weight_decay": (1e-4, 1e-3)}
one |= {"width": (32, 512), "depth": (1, 4), "digits": (1,)}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]
settings += [{"optimizer": "adam", "momentum": 0, "lr": lr} for lr in (0.001, 0.003)]


def variant(seed, noise=0.4, n=1200, translation=1, digits=0, width=128, depth=2, **how):
    """The history of one replicate in another setting."""
    images = data.with_validation(data.digits(1_600, seed), 1_000) if digits else None
    d = images or signals(seed, translation, n)
    return history(seed, [noise], d, net=mlp(width, depth), **how)


_, low, later = ledger.claims[early[0]].required_protocol.estimates.values()


def multiverse():
    """The estimates of early learning in every setting, and whether all lie as claimed."""
    rows = []
    for how in settings:
        table = pd.concat([variant(s, **how) for s in ledger.selection(3)])
        best, last = measures.best_and_last(table, "validation")
        fall, at_peak = (best.test - last.test).mean(), best.wrong_label.mean()
        memorized = last.wrong_label.mean() - at_peak
        keeps = fall > 0 and at_peak < low.below and memorized > later.above
        name = ", ".join(f"{key} {value}" for key, value in how.items()) or "as above"
        rows.append({"setting": name, "fall": fall, "at_peak": at_peak, "keeps": keeps})
    return pd.DataFrame(rows)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Early learning is common, and it depends on the data.** One point per setting, means over three replicates: share of the wrong labels that are learned where validation accuracy is best, against the fall of test accuracy from there to the end. The claim needs a point below the line and right of zero, and wrong labels that are learned afterwards; settings that fail in one of the three are named.", "name": "fig-mem-multiverse"}, "image": {"alt": "Scatter of settings. Most lie at the lower right: test accuracy falls and few wrong labels are learned at the peak. The published signals, translation 48, lie at the upper left: no fall, and most wrong labels learned. Momentum 0 lies at the lower left."}} tags=["hide-input"]
record = "03_memorization_multiverse"
robust, where = results.measured_or_recorded(record, multiverse)
ax = figures.settings(robust, "fall", "at_peak", (0, low.below))
ax.set(xlabel="fall of test accuracy to the end", ylabel="wrong labels\nlearned at best")
plt.show()

# %% tags=["remove-input"]
Markdown(f"All three estimates lie as claimed in {results.kept(robust, where)}")

# %% [markdown]
r"""
One exception has a dull reason: without momentum the steps are ten times smaller, and after 100 epochs memorization has only begun. The other, signals moved as in the published data set, was predicted.

::::{admonition} Break it: move the signals
:class: break-it
One knob of the data, by how much signals are moved, takes the labels out of the leading directions and leaves everything else as it is. How far does the truth get ahead in networks, and in the
linear model (on half of the signals)?
::::
"""

# %%
published = pd.concat([history(s, [0, 0.4], signals(s, 48)) for s in seeds])
a_little = pd.concat([history(s, [0.4], signals(s, 8), epochs=28) for s in seeds[:5]])
moved = {1: forty, 8: a_little, 48: published[published.label_noise > 0]}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**What closes the window in the linear model closes it in networks.** Largest lead, over training, of answers with the true class over answers with the given one on wrongly labelled training signals, against how far signals are moved. Means over training sets with 95 % bands.", "name": "fig-mem-moved"}, "image": {"alt": "Two falling curves against the number of points by which signals are moved. Both fall steeply: that of networks lies above that of the linear model, and both end near zero for the published data."}} tags=["hide-input"]
networks = pd.concat([table.assign(translation=t) for t, table in moved.items()])
networks = networks.eval("answers = true_label - wrong_label")
answers = [networks.assign(model="network"), leads.assign(model="linear model")]
keys, ax = ["data_seed", "translation", "model"], plt.subplots(figsize=(7.2, 3.4))[1]
largest = pd.concat(answers).groupby(keys, as_index=False).answers.max()
largest["points"] = largest.translation - 1
figures.plot(largest, "points", "answers", "model", ax)
ax.set(xlabel="signals moved by up to … of 72 points", ylabel="largest lead", ylim=(0, 1))
ax.set_xticks([translation - 1 for translation in translations])
ax.legend()
plt.show()

# %% tags=["remove-input"]
best_moved, last_moved = measures.best_and_last(moved[48], "validation")
ahead = largest[(largest.model == "network") & (largest.translation == 48)].answers
Markdown(
    f"On the published signals the truth is ahead by at most {claims.mean(ahead):.2f} in networks. Stopping on noisy validation labels gains {claims.mean(best_moved.test - last_moved.test):.3f} of test accuracy there; for signals in place it gains {claims.mean(chosen.test - final.test):.3f}."
)

# %% [markdown]
r"""
"Patterns first" is a sentence about networks *and* data. And it is about *wrong* labels: with true ones {cite:t}`zhang2017` saw no potential benefit in stopping early on CIFAR-10 (on ImageNet, without other regularizers, there might be one). We train on true labels, too, for signals in place and for published ones:
"""

# %% tags=["remove-input"]
ledger.say("early-stopping-small-effect")

# %% [markdown]
r"""
Where all labels are true, what is learned last is as true as what is learned first. A test accuracy that falls at the end would have spoken against this; many of the published signals are misclassified, so there was room for it.

(mem-agree)=
## Easy examples

If leading directions come first, the examples along them should be learned first, by *every* network. {cite:t}`arpit2017` trained a hundred networks for a single epoch and counted for each example how many of them got it right: on real
data, on *random inputs* (Gaussian numbers in their place) and with *random labels* (ours are the true ones, permuted).

::::{predict}
:answer: 4
:figure: fig-mem-agree
One hundred networks, one epoch, 1,200 training examples with random inputs. How many networks get a given example right?

1. All or none, since easy is easy and hard is hard.
2. About half of them.
3. It depends on whether the example came early or late in the epoch.
4. About as many as for any other example, as if each network tossed a coin.

:::{dropdown} Answer
Close to D. C holds inside a single network, but each has an order of its own, so over networks that is part of the coin.
:::
::::

One precaution decides whether this works. In one epoch on random data a network learns little more than how frequent the classes are. Where one is more frequent all networks guess it, so they *agree*, and random data look anything but random. So each class gets
120 examples, and inputs have mean zero ({ref}`ex-mem-balance`).
"""


# %%
def three_kinds(seed, per_class=sizes.signals // 10):
    """Balanced signals; the same with permuted labels; the same with Gaussian inputs."""
    pool = data.mnist1d(14 * per_class, 10, seed, max_translation=1)
    rows = torch.cat([(pool.y == k).nonzero()[:per_class, 0] for k in range(10)])
    real = replace(pool, x=pool.x[rows], y=pool.y[rows])
    kinds = {"real": real, "random labels": data.permuted_labels(real, seed)}
    return kinds | {"random inputs": data.gaussian_pixels(real, seed)}


# %%
def after_one_epoch(kinds, seed):
    """By kind of data, which networks are right on which examples [networks, n]."""
    one_epoch = {"epochs": 1, "lr": 0.05, "momentum": 0.9, "batch_size": 20}
    starts = {"data_seed": seed, "init_seed": range(sizes.networks)}
    runs = sweep(mlp(64, depth=2), kinds, **starts, **one_epoch, record={"correct": [1]})
    return {k: np.stack([c[-1] for c in rows.correct]) for k, rows in runs.groupby("data")}


# %%
sets = {s: three_kinds(s) for s in ledger.seeds("easy-examples-after-one-epoch")}
graded = {s: after_one_epoch(kinds, s) for s, kinds in sets.items()}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Networks agree about real examples and hardly about random ones.** How many of 100 networks get a training example right after one epoch, as a histogram over the examples of one training set; dashed: coins with the same mean accuracy.", "name": "fig-mem-agree"}, "image": {"alt": "Three histograms of the number of networks that get an example right. Real data: a tall bar near all networks and a tail down to none, nothing like the narrow dashed bell. Random inputs and random labels: a single hump each, at the place of the bell and wider, for random labels most."}} tags=["hide-input"]
hues = {"real": "true_labels", "random labels": "random_labels", "random inputs": "noise"}
R, edges = sizes.networks, np.linspace(-0.5, sizes.networks + 0.5, 27)
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.1))
for ax, (kind, name) in zip(axes, hues.items(), strict=True):
    correct = graded[seeds[0]][kind]
    ax.hist(correct.sum(0), bins=edges, color=colors[name], alpha=0.75)
    coins = correct.shape[1] * np.diff(stats.binom(R, correct.mean()).cdf(edges))
    ax.stairs(coins, edges, linestyle="--", color=figures.INK, label="coins")
    ax.set(title=kind.capitalize(), xlabel="networks that are right")
axes[0].set_ylabel("examples")
axes[0].legend(loc="upper left")
plt.show()

# %% [markdown]
r"""
To put a number on it, let $\hat p_i$ be the share of $r$ networks that get example $i$ right, and $\bar p$ its mean. Coins would give the $\hat p_i$ a variance of $\bar p (1 - \bar p) / r$; the *over-dispersion* is the measured variance over that.
It is 1 for coins and $r$ if each example is always right or always wrong ({ref}`ex-mem-dispersion`). In between, the over-dispersion less 1, divided by $r - 1$, estimates $\omega$: the share of the variance of a single answer that belongs to the example. A coin has $\omega = 0$.
"""

# %% tags=["remove-input"]
ledger.say("easy-examples-after-one-epoch")


# %% [markdown]
r"""
So ease is in part a property of the example *within its data set*, shared by networks with different starts and orders. Is it the property that the linear model has? Take its outputs after 30 steps, and for each example the output for its own label less
the largest other one.
"""


# %%
def linear_margins(d, seed, steps=30):
    """Output of the linear model for each example's label, less the largest other."""
    order = data.subset(d, len(d.y), seed)  # in which the networks' examples are recorded
    x, y = d.x[order], d.y[order]
    eigenvalues, vectors, _ = directions(x, seed)
    out = vectors @ (learned(eigenvalues, steps)[:, None] * (vectors.T @ one_hot(y)))
    own = out.gather(1, y[:, None])
    return (own - out.scatter(1, y[:, None], -torch.inf).amax(1, True)).ravel().numpy()


# %%
margins, rows = {}, []
for s, kind in ((s, kind) for s in sets for kind in ("real", "random inputs")):
    margins[s, kind] = linear_margins(sets[s][kind], s)
    found = claims.rank_correlation(margins[s, kind], graded[s][kind].mean(0))
    rows.append({"data_seed": s, "kind": kind, "correlation": found})
linear = measures.by_seed(pd.DataFrame(rows), "correlation", "kind")

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**What the linear model learns first, networks find easy.** Share of 100 networks that get an example right after one epoch, against its margin in the linear model after 30 steps; one point per example of one training set, real data and random inputs.", "name": "fig-mem-ease"}, "image": {"alt": "Two scatter plots with a clear upward trend: the larger the margin of an example in the linear model, the more networks are right about it, on real data and on random inputs."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.2))
for ax, kind in zip(axes, ("real", "random inputs"), strict=True):
    style = {"color": colors[hues[kind]], "markersize": 2.5, "alpha": 0.6}
    ax.plot(margins[seeds[0], kind], graded[seeds[0]][kind].mean(0), "o", **style)
    ax.set(title=kind.capitalize(), xlabel="margin in the linear model")
axes[0].set_ylabel("share of networks\nthat are right")
plt.show()

# %% tags=["remove-input"]
by_kind = {kind: claims.correlation(values) for kind, values in linear.items()}
Markdown(
    f"On this page the rank correlation of the two is {by_kind['real']:.2f} on real data, and {by_kind['random inputs']:.2f} on random inputs."
)

# %% [markdown]
r"""
The order comes out of the data, by a computation that trains no network. Even the small departure of random inputs from coins is largely explained: by chance some of them have neighbours with their label. (A correlation of 1 is out of reach there, as 100 coins leave noise in every share.) A correlation of zero would have said that networks have their own idea of easy.

(mem-coherence)=
## Coherent gradients

In networks the directions move. {cite:t}`chatterjee2020` proposes what to look at instead: gradients of different examples add up. Let $g_i$ be the gradient of example $i$'s loss. A step of size $h$ on example $j$ changes the loss of example $i$ by
$-h \langle g_i, g_j \rangle$, to first order. Divide what all these steps do for all examples by what each does for its own:

$$
C = \frac{\sum_{i,j} \langle g_i, g_j \rangle}{\sum_j \lVert g_j \rVert^2} = n\, \frac{\lVert \bar g \rVert^2}{\tfrac1n \sum_j \lVert g_j \rVert^2}, \qquad \bar g = \tfrac1n \sum_j g_j .
$$ (eq-mem-coherence)

This is the *m-coherence* of {cite:t}`chatterjee2020coherence`: how many examples a step on one of them helps, itself included.

```{prf:proposition} What coherence measures
:label: prop-mem-coherence
Let not all $g_j$ be zero. Then $0 \le C \le n$. If the gradients are orthogonal, $C = 1$; $C = n$ exactly if all are equal. A step of size $h$ along $-\bar g$ lowers the mean loss by $h\, \tfrac{C}{n} \cdot \tfrac1n \sum_j \lVert g_j \rVert^2 + O(h^2)$.
```

```{prf:proof}
$\lVert \bar g \rVert^2 \le \tfrac1n \sum_j \lVert g_j \rVert^2$ by Jensen's inequality, with equality exactly if all $g_j$ are equal. Orthogonal gradients have $\sum_{i,j} \langle g_i, g_j \rangle = \sum_j \lVert g_j \rVert^2$. The last statement is Taylor's
formula, $L(\theta - h \bar g) = L(\theta) - h \lVert \bar g \rVert^2 + O(h^2)$.
```

::::{predict}
:answer: 1
:figure: fig-mem-coherence
Train on *random* labels until they are fitted. What is the coherence of the gradients on the way?

1. At first below one, then well above.
2. One or less, all along: nothing that helps one example helps another.
3. As high as for true labels, since the inputs are the same.

:::{dropdown} Answer
A. That gradients of random labels become coherent at all surprised the authors of the measure as well.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Coherence over training"} tags=["hide-input"]
dense = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 11, 15, 20, 28, 38, 50)


def coherence(seed):
    """m-coherence and training accuracy over time, with true and with random labels."""
    real, tables = signals(seed), []
    kinds = {"true labels": real, "random labels": data.permuted_labels(real, seed)}
    kept = {"weights": dense, "curves": dense, "correct": [50]}
    runs = sweep(mlp(128, depth=2), kinds, seed=seed, epochs=50, **descent, record=kept)
    for _, row in runs.iterrows():
        x, y = real.x[row.examples], torch.from_numpy(row.labels)
        nets = [network(row, real, time) for time in range(len(dense))]
        table = {"epoch": dense, "accuracy": 1 - row.curve_train_error, "data_seed": seed}
        table["C"] = [measures.m_coherence(net, x, y) for net in nets]
        tables.append(pd.DataFrame(table).assign(labels=row.data))
    return pd.concat(tables)


# %%
agreeing = ["coherent-gradients-metric", "random-labels-become-coherent"]
coherent = pd.concat([coherence(s) for s in ledger.seeds(*agreeing)], ignore_index=True)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Gradients of true labels agree from the start; those of random labels do so late, and less.** m-coherence of the gradients of all 1,200 training examples over training; 1 (dotted) is what orthogonal gradients have. Geometric means over training sets with 95 % bands.", "name": "fig-mem-coherence"}, "image": {"alt": "m-coherence on a logarithmic axis against the epoch. True labels begin above twenty, and fall below one once they are fitted, after about twenty epochs. Random labels begin at one, sink to about one half, rise above one after six epochs to about eight, and fall when they are fitted."}} tags=["hide-input"]
hues = {kind: colors[kind.replace(" ", "_")] for kind in labels}
logs = coherent.assign(log=np.log10(coherent.C))
ax = figures.plot(logs, "epoch", "log", "labels", plt.subplots(figsize=(7.2, 3.6))[1], hues)
ax.axhline(0, color=colors["threshold"], linestyle=":", linewidth=1.5)
figures.log_axis(ax, (0.25, 1, 3, 10, 50))
ax.set_yticks(np.log10([0.3, 1, 3, 10, 30]), ["0.3", "1", "3", "10", "30"])
ax.set(xlabel="epoch", ylabel="m-coherence")
ax.legend()
plt.show()


# %% mystnb={"code_prompt_show": "Where half is learned"} tags=["hide-input"]
# Where half is learned, and the largest value
def where_half(table, share, value, by):
    """The value where half is learned, for each seed and kind: a row per seed."""
    read = lambda t: measures.at_level(0.5, t[share], t[value])
    halves = table.groupby(["data_seed", by])[[share, value]].apply(read)
    return measures.by_seed(halves.rename("half").reset_index(), "half", by)


half = where_half(coherent, "accuracy", "C", "labels")
highest = coherent.pivot_table("C", "data_seed", "labels", "max")

# %% tags=["remove-input"]
ledger.say("coherent-gradients-metric", "random-labels-become-coherent")

# %% [markdown]
r"""
At first random labels pull against each other: similar inputs ask for different answers, and $C$ is below 1. Later it rises. Our reading, not tested here: signals that are near each other and happen to share a label are remembered together, and a step on one helps the other. Either way,
coherence is no proof of a pattern. (Either curve falls once its labels are fitted, those of true labels earlier: near a minimum the gradients cancel.) That it is so much higher for true labels, and from the first steps on, is what the linear model leads one to expect; whether it *causes* the order in networks this figure cannot say. An intervention could.

(mem-median)=
## Suppressing the weak directions

If memorization lives in directions that few examples share, removing these should stop it. {cite:t}`zielinski2020` split every batch into three groups and step, in each coordinate, along the *median* of the three mean gradients (M3): what only one group
wants is voted down. The idea is elegant. But whatever slows training down has memorized less after any number of epochs, so we also halve the step of SGD.
"""

# %%
methods = {"SGD": {}, "median (M3)": {"median_of": 3}, "SGD, half the step": {"lr": 0.025}}
of_median, arms = ledger.seeds("suppress-weak-directions"), []
for method, how in methods.items():
    runs = [history(s, [0.4], signals(s), epochs=50, **how) for s in of_median]
    arms.append(pd.concat(runs).assign(method=method))
arms = pd.concat(arms)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The median memorizes later than SGD, and so does a smaller step.** Left: wrong labels learned over training, means over training sets with 95 % bands. Right: true labels learned against wrong ones, which takes the different speeds out; higher is better.", "name": "fig-mem-median"}, "image": {"alt": "Left: share of wrong labels learned against the epoch; SGD rises first, then the median, then SGD with half the step, and all are near one after 50 epochs. Right: the three curves of true labels learned against wrong labels learned lie close together, that of the median lowest."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
palette = dict(zip(methods, figures.SEQUENCE, strict=False))
figures.plot(arms, "epoch", "wrong_label", "method", left, palette, markersize=3)
for method, color in palette.items():
    path = (
        arms[arms.method == method].groupby("epoch")[["wrong_label", "right_label"]].mean()
    )
    right.plot(*path.to_numpy().T, "o-", color=color, markersize=3)
figures.log_axis(left, (1, 3, 10, 20, 50))
left.set(ylabel="wrong labels learned", ylim=(0, 1.02))
right.set(xlabel="wrong labels learned", ylabel="true labels learned", ylim=(0.7, 1.01))
left.legend(loc="upper left", fontsize=10)
ask = "What share of the wrong labels has training with the median (M3) learned?"
figures.sketch(left, "median (M3)", ask=ask)

# %% mystnb={"code_prompt_show": "The comparisons"} tags=["hide-input"]
# The comparisons, with SGD
SGD, median, slower = methods
memorized = arms.pivot_table("wrong_label", ["epoch", "data_seed"], "method")
relative = memorized.div(memorized[SGD], axis=0)
by_20, by_50 = relative.loc[20], relative.loc[50]
truths = where_half(arms, "wrong_label", "right_label", "method")
truths = truths.sub(truths[SGD], axis=0)
stops = {
    m: measures.best_and_last(t, "validation")[0].test for m, t in arms.groupby("method")
}

# %% tags=["remove-input"]
ledger.say("suppress-weak-directions")

# %% tags=["remove-input"]
names, compared = {median: "the median", slower: "half the step"}, {}
for epochs, table in ((20, by_20), (50, by_50)):
    for method, name in names.items():
        compared[f"wrong labels after {epochs} epochs, {name} over SGD"] = claims.ratio(
            table[method]
        )
for method, name in names.items():
    compared[f"true labels where half of the wrong ones are learned, {name} less SGD"] = (
        claims.mean(truths[method])
    )
claims.table("On this page: shares learned.", compared)

# %% [markdown]
r"""
Memorizing later is not memorizing less. Had the median acted on weak directions *and not only on speed*, its curve on the right would lie above the others. It does not. A smaller step delays most of the wrong labels by more, though the last of them by less. What the paper saw on ImageNet may be such a delay, or more than that; this experiment does not tell.

(mem-caps)=
## Regularizers

Two papers seem to disagree. {cite:t}`zhang2017`: regularizers do not stop networks from fitting random labels. {cite:t}`arpit2017`: appropriately tuned ones, such as dropout, hinder memorization and cost nothing on real data. The first is about strengths in
common use and about what is possible in the end; the second about strengths that are tuned and a given number of epochs.
"""

# %%
pools = ledger.seeds("regularizers-do-not-stop-memorization")
pools = {s: data.mnist1d(n // 2, 2_000, s, max_translation=1) for s in pools}
until = {"label_noise": 1, "epochs": 150, "stop_fitted": 1, "seed": {s: s for s in pools}}
regularizers = {"weight_decay": [5e-4, 0.01]}, {"dropout": [0.5]}
fits = [sweep(mlp(64, depth=2), pools, **until, **descent, **r) for r in regularizers]
fits = pd.concat(fits).eval("fits = 1.0 * (train_error == 0)")
fits = measures.by_seed(fits, "fits", ["weight_decay", "dropout"])
fits = {"decay": fits[5e-4, 0], "strong_decay": fits[0.01, 0], "dropout": fits[0, 0.5]}

# %% tags=["remove-input"]
counts = {name: f"{int(column.sum())} of {len(column)}" for name, column in fits.items()}
Markdown(
    f"{ledger.say('regularizers-do-not-stop-memorization')} Twenty times as much decay, 0.01, and dropout of 0.5 do stop them in this time: on this page {counts['decay']} networks fit with the usual decay, {counts['strong_decay']} with the strong one and {counts['dropout']} with dropout."
)

# %% [markdown]
r"""
So "regularizers do not stop memorization" is about strengths. Now for the other question: every network is trained twice, once on true and once on random labels.

::::{predict}
:answer: 3
:figure: fig-mem-caps
A regularizer is made so strong that a network which would have learned all random labels learns only half of them, in the same number of epochs. What does this cost in accuracy on true labels?

1. Several points with any regularizer: memory and generalization use the same capacity.
2. Nothing with any of them.
3. Nothing with some, several points with others.

:::{dropdown} Answer
C. What survives a regularizer and what does not depends on whether the pattern, or only a single example's label, is lost with what it takes away.
:::
::::

Regularizers have no common scale, and one that is given only weak strengths looks as if it could not cap memorization at all ({ref}`ex-mem-ranges`). So each gets strengths, chosen on other seeds, that straddle the half, and all are compared *at equal memorization*. *Input noise* adds Gaussian
numbers to the inputs at every step; *adversarial training* moves each input a little in the direction that raises its loss {cite:p}`goodfellow2015`. Signals have a standard deviation of 1.
"""

# %% mystnb={"code_prompt_show": "The two trainings"} tags=["hide-input"]
strengths = {"dropout": [0.45, 0.52, 0.6], "weight_decay": [0.011, 0.0145, 0.018]}
strengths |= {"adversarial": [0.18, 0.23, 0.28], "input_noise": [0.8, 1.4], "none": [0]}


def regularized(seeds, strengths, translation=1):
    """Random labels learned, and accuracy on new signals with true ones, for each strength."""
    pools, tables = {s: data.mnist1d(n // 2, 2_000, s, translation) for s in seeds}, []
    common = {"seed": {s: s for s in seeds}, "label_noise": [0, 1], "epochs": 100} | descent
    for name, values in strengths.items():
        how = {} if name == "none" else {name: values}
        runs = sweep(mlp(64, depth=2), pools, **common, **how)
        runs = runs.assign(regularizer=name, strength=runs[name] if how else 0)
        tables.append(runs.eval("memorized = 1 - train_error\naccuracy = 1 - test_error"))
    keys, table = ["data_seed", "regularizer", "strength"], pd.concat(tables)
    true, random = (table[table.label_noise == noise].set_index(keys) for noise in (0, 1))
    return random[["memorized"]].join(true.accuracy).reset_index()


# %%
capping = ["regularizers-cap-memorization", "dropout-most-effective"]
capped = regularized(ledger.seeds(*capping), strengths)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Memorization can be halved at no cost, if one takes the right regularizer.** Accuracy on new signals with true labels against random training labels learned, for several strengths of each regularizer, and without any (right end). Means over training sets with 95 % intervals. The stronger input noise lies below the picture.", "name": "fig-mem-caps"}, "image": {"alt": "Accuracy on new signals against the share of random labels learned. Dropout, weight decay and adversarial training run to the left at about the height of the network without a regularizer, and where less than half is memorized dropout and adversarial training bend down, weight decay does not. Input noise lies far below."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.8))[1]
quantile = stats.t.ppf(0.975, capped.data_seed.nunique() - 1)
for name, color in zip(strengths, (*figures.SEQUENCE[:4], figures.INK), strict=True):
    points = capped[capped.regularizer == name].groupby("strength")
    points = points[["memorized", "accuracy"]]
    bars = {"yerr": quantile * points.sem().accuracy, "fmt": "o-", "color": color}
    ax.errorbar(*points.mean().to_numpy().T, **bars, label=name.replace("_", " "))
ax.axvline(0.5, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set(xlabel="random labels learned", ylabel="accuracy", xlim=(0.1, 1.03), ylim=(0.86, 1))
ax.legend(loc="lower right")
plt.show()


# %% mystnb={"code_prompt_show": "At equal memorization"} tags=["hide-input"]
# At equal memorization; no value where the strengths do not straddle it
def at_half_memorized(table):
    """Accuracy of each regularizer at half memorization, less that without any, by seed."""
    free, rows = table[table.regularizer == "none"].set_index("data_seed").accuracy, []
    ends = () if scale.current() == "smoke" else (np.nan, np.nan)
    groups = table.sort_values("memorized").groupby(["data_seed", "regularizer"])
    for (seed, name), t in groups:
        gain = np.interp(0.5, t.memorized, t.accuracy, *ends) - free[seed]
        rows.append({"data_seed": seed, "regularizer": name, "gain": gain})
    return measures.by_seed(pd.DataFrame(rows), "gain", "regularizer").drop(columns="none")


gains = at_half_memorized(capped)

# %% tags=["remove-input"]
ledger.say("regularizers-cap-memorization", "dropout-most-effective")

# %% [markdown]
r"""
A possible reason: dropout takes away single units, and a pattern that many examples support is carried by many. Noise of the size of the signals themselves takes away the pattern, which here is a short wave at a fixed place. In pictures, where neighbouring pixels repeat each other, it need not. The order also belongs to the level: at more than half, dropout and adversarial training lie highest, at less than half weight decay does.

::::{admonition} Break it: signals that move a little
:class: break-it
Are dropout and weight decay alike by nature? Move the signals by up to 3 of 72 points, and measure again. The table has points of accuracy at half memorization, more or less than without a regularizer.
::::
"""

# %%
rivals = {name: strengths[name] for name in ("dropout", "weight_decay", "none")}
compared = ledger.seeds("dropout-most-effective")
again = regularized(compared, rivals, translation=4)
moved_gains = at_half_memorized(again)

# %% tags=["hide-input"]
costs = {"in place": gains, "moved by up to 3": moved_gains}
say = lambda gain: f"{100 * claims.mean(gain):+.1f}"
costs = {place: table.apply(say) for place, table in costs.items()}
pd.DataFrame(costs).dropna().rename(index=lambda name: name.replace("_", " "))

# %% [markdown]
r"""
Now weight decay is better than no regularizer at all; of dropout these training sets do not say so. Which regularizer is "the most effective" is a property of the data, and a superlative should name them.

(mem-verdicts)=
## What the papers found, what we found

{doc}`/book/judging` has the rule by which each verdict follows from the record, and {ref}`protocol-memorization` what was changed and when.
"""

# %% tags=["remove-input"]
exact = {kind: left_by_formula(e, range(31)) for kind, e in energy.items()}
error = max(float(np.abs(np.subtract(exact[k], descended[k])).max()) for k in exact)
ledger.theorem("learned-by-eigenvalue", error=error, section="mem-why")

# %% tags=["remove-input"]
learning = {"fall": chosen.test - final.test, "learned_at_peak": chosen.wrong_label}
learning |= {"learned_later": final.wrong_label - chosen.wrong_label}
learning |= {"lead": chosen.true_label - chosen.wrong_label}
learning |= {"lead_moved": best_moved.true_label - best_moved.wrong_label}
learning |= {"fall_moved": best_moved.test - last_moved.test}
ledger.card("early-learning-then-memorizing", **learning, section="mem-early")

# %% tags=["remove-input"]
stopping = {"gain_with_noise": chosen.test - final.test}
for name, table in {"gain_in_place": histories, "gain_moved": published}.items():
    best, last = measures.best_and_last(table[table.label_noise == 0], "validation")
    stopping[name] = best.test - last.test
ledger.card("early-stopping-small-effect", **stopping, section="mem-early")

# %% tags=["remove-input"]
D = {s: {k: measures.over_dispersion(c) for k, c in g.items()} for s, g in graded.items()}
D, share = pd.DataFrame(D).T, {s: kinds["real"].mean(0) for s, kinds in graded.items()}
agreement = {"real_over_labels": D["real"] / D["random labels"]}
agreement |= {"labels_over_inputs": D["random labels"] / D["random inputs"]}
agreement["extreme"] = [((p < 0.05) | (p > 0.95)).mean() for p in share.values()]
of_example = (D - 1) / (sizes.networks - 1)
agreement |= {kind.split()[-1]: column for kind, column in of_example.items()}
agreement |= {f"ease_{kind.split()[-1]}": linear[kind] for kind in linear}
ledger.card("easy-examples-after-one-epoch", **agreement, section="mem-agree")

# %% tags=["remove-input"]
ratios = {"largest": highest["true labels"] / highest["random labels"]}
ratios |= {"at_half": half["true labels"] / half["random labels"]}
ledger.card("coherent-gradients-metric", **ratios, section="mem-coherence")

# %% tags=["remove-input"]
first = coherent[(coherent.epoch <= 2) & (coherent.labels == "random labels")]
late = {"half_learned": half["random labels"], "early": first.groupby("data_seed").C.min()}
ledger.card("random-labels-become-coherent", **late, section="mem-coherence")

# %% tags=["remove-input"]
suppressed = {"memorized": by_50[median], "half_way": by_20[median]}
suppressed |= {"smaller_step": by_20[slower], "smaller_step_at_end": by_50[slower]}
suppressed |= {"at_equal": truths[median], "at_equal_smaller_step": truths[slower]}
suppressed["cost"] = stops[median] - stops[SGD]
ledger.card("suppress-weak-directions", **suppressed, section="mem-median")

# %% tags=["remove-input"]
ledger.card("regularizers-do-not-stop-memorization", **fits, section="mem-caps")

# %% tags=["remove-input"]
ledger.card("regularizers-cap-memorization", **gains.to_dict("series"), section="mem-caps")

# %% tags=["remove-input"]
others = ("weight_decay", "input_noise", "adversarial")
less = {f"less_{name}": gains.dropout - gains[name] for name in others}
less["moved_less_weight_decay"] = moved_gains.dropout - moved_gains.weight_decay
ledger.card("dropout-most-effective", **less, section="mem-caps")

# %% [markdown]
r"""
**We also asked** what becomes of each figure in a second setting: moved signals, a smaller step, equal accuracy, strong regularizers. And whether the linear model knows which examples are easy. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**About the median.** {cite:t}`zielinski2020` credit it with suppressing weak directions; here a smaller step does about as much. They had ImageNet and large networks, and our batch of 60 in three groups is coarse.

**Is coherence a cause?** {numref}`fig-mem-coherence` shows that it *accompanies* learning. In the linear model the order follows from the directions by {prf:ref}`prop-mem-modes`; for networks that is an extrapolation, which {numref}`fig-mem-moved` and {numref}`fig-mem-ease` passed.

:::{admonition} "Networks learn simple patterns first"
:class: misconception
They learn first what lies along leading directions of their features. Move the signals, and the same classes are no longer simple ({numref}`fig-mem-moved`). Another architecture has other directions, if not at once the right ones ({ref}`ex-mem-conv`).
:::

:::{admonition} "Memorization is the opposite of generalization"
:class: misconception
Where many kinds of example are rare, the only way to be right about their like is to remember them {cite:p}`feldman2020`; {ref}`ex-mem-tail` does the sum. What hurts is to memorize labels that are wrong.
:::

:::{admonition} "Arpit et al. contradict Zhang et al."
:class: misconception
{cite:t}`zhang2017` ask whether networks *can* fit random labels, {cite:t}`arpit2017` in which order and at what price. They can, and it comes last.
:::

What memorizing costs in time, room and distance is the subject of {doc}`the page after this one </notebooks/03_cost_of_memorizing>`.

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`03_memorization`.

```{exercise} ★ Coins and certainty
:label: ex-mem-dispersion
Compute the over-dispersion of $r$ networks if every example is always right or always wrong; if all are coins; and if half of the examples are coins with $p = \tfrac12$ and the others are always right.
```

```{solution} ex-mem-dispersion
:class: dropdown
Always right or wrong: the $\hat p_i$ are 0 or 1, with variance $\bar p (1 - \bar p)$, so the ratio is $r$ (its largest value). Coins: 1 on average. The mixture has $\bar p = \tfrac34$. Its variance is that of the means, $\tfrac1{16}$, plus that of the coins, $\tfrac12 \cdot \tfrac1{4r}$.
Divided by $\tfrac3{16r}$ this is $\tfrac r3 + \tfrac23$.
```

```{exercise} ★ Groups of gradients
:label: ex-mem-groups
The $n$ gradients fall into $k$ groups of equal size. Within a group they are equal, between groups orthogonal, and all have the same length. What is the m-coherence? What if there are two groups with opposite gradients?
```

```{solution} ex-mem-groups
:class: dropdown
$\sum_{i,j} \langle g_i, g_j \rangle$ has $k (n/k)^2$ terms that are not zero, against $n$ in the denominator: $C = n/k$, the size of a group. For opposite groups the mean gradient vanishes and $C = 0$, although every example helps half of the others: coherence counts harm as well.
```

```{exercise} ★ How much noise?
:label: ex-mem-noise
In {prf:ref}`prop-mem-lead` let the true labels lie, in equal parts, along the $k$ leading directions of $n$, all with the eigenvalue $\lambda$, and let all other eigenvalues be 0. For which $\eta$ does the truth lead? Does more training help?
```

```{solution} ex-mem-noise
:class: dropdown
$s_t = 1 - (1 - h\lambda)^t$ and $m_t = s_t k / n$, so their ratio is $n/k$ at all times: training does not matter. The truth leads if $n / k > (2 - \eta)/(1 - \eta)$, that is if $\eta < (n - 2k)/(n - k)$. With $k \ll n$ nearly all labels may be wrong; with $2k > n$ none.
```

```{exercise} ★★ The window
:label: ex-mem-window
At which epoch do the networks of {numref}`fig-mem-validation` stop answering wrongly labelled signals more often with the true class than with the given one? How does this end move with the share of noise, and which way does the linear model move it?
```

```{solution-start} ex-mem-window
:class: dropdown
```
"""


# %%
def end_of_lead(table):
    """Epoch at which the given class overtakes the true one, interpolated."""
    return measures.at_level(0, (table.wrong_label - table.true_label)[3:], table.epoch[3:])


columns = ["epoch", "true_label", "wrong_label"]
ends = noisy.groupby(["data_seed", "label_noise"])[columns].apply(end_of_lead)
ends = measures.by_seed(ends.rename("end").reset_index(), "end", "label_noise")
pd.Series({noise: f"{claims.mean(v):.1f}" for noise, v in ends.items()}, name="epoch")

# %% [markdown]
r"""
More noise ends the lead sooner: a little from 20 % to 40 %, and much from there to 80 %. In the linear model the bound on $s_t / m_t$ rises in the same pattern, from 2.25 to 2.67 and then to 6, and as the ratio falls over training, a larger bound is met earlier.

```{solution-end}
```

```{exercise} ★★ Classes out of balance
:label: ex-mem-balance
Repeat the one-epoch experiment on random inputs with unequal classes (two are four times as frequent as each of the other eight) and with the mean of the inputs shifted by 1. What happens to the over-dispersion, and why?
```

```{solution-start} ex-mem-balance
:class: dropdown
```
"""


# %%
def out_of_balance(seed):
    """Random inputs of mean 1, labels of two frequent and eight rare classes."""
    even = sets[seed]["random inputs"]
    draw, shares = generator(seed, "unbalanced"), torch.tensor([4.0, 4.0] + [1.0] * 8)
    y = torch.multinomial(shares, len(even.y), replacement=True, generator=draw)
    return {"unbalanced": replace(even, x=even.x + 1, y=y)}


uneven = [after_one_epoch(out_of_balance(s), s)["unbalanced"] for s in list(sets)[:3]]
[round(measures.over_dispersion(correct), 1) for correct in uneven]

# %% [markdown]
r"""
Many times as large as for balanced random inputs, on data without any pattern. All that one epoch teaches is which classes are frequent, and as the inputs have a common mean, that is learned at once. All networks guess those classes, so their examples are "easy" and the others "hard". The statistic measures agreement, and there are many things to agree about.

```{solution-end}
```

```{exercise} ★★ Unequal ranges
:label: ex-mem-ranges
Suppose that weight decay had been tried at 0.001 and 0.005 only. Compare dropout with it by the lowest share of random labels learned at a loss of no more than one point of accuracy. Then use the strengths of the chapter.
```

```{solution-start} ex-mem-ranges
:class: dropdown
```
"""


# %%
def lowest_at_no_cost(table):
    """Lowest share of random labels learned among strengths that cost no more than a point."""
    free = table[table.regularizer == "none"].set_index("data_seed").accuracy
    kept = table[table.accuracy >= table.data_seed.map(free) - 0.01]
    lowest = kept.pivot_table("memorized", "data_seed", "regularizer", "min")
    return lowest.reindex(index=free.index, columns=list(strengths)).fillna(1)  # none: all


weak = {"weight_decay": [0.001, 0.005], "none": [0]}
weak = lowest_at_no_cost(regularized(gains.index[:3].tolist(), weak))
lowest = lowest_at_no_cost(capped)
against = {"weak decay": weak.weight_decay, "the chapter's": lowest.weight_decay}
less = {k: claims.mean((lowest.dropout - v).dropna()) for k, v in against.items()}
pd.Series({k: f"{v:.2f}" for k, v in less.items()}, name="dropout less decay")

# %% [markdown]
r"""
Against weak decay dropout memorizes far less; against the strengths of the chapter it does not. (The rule itself selects on validation noise, which is why the chapter interpolates at equal memorization.)

```{solution-end}
```

```{exercise} ★★★ A network with other directions
:label: ex-mem-conv
The published signals are moved, and fully connected networks have no window there. A convolution treats all places alike. Train one-dimensional convolutional networks on the published signals with 40 % noise. Does the window open?
```

```{solution-start} ex-mem-conv
:class: dropdown
```
"""

# %%
pools = {s: signals(s, translation=48) for s in scale.seeds(2)}
opened = pd.concat(
    [history(s, [0.4], d, net=cnn1d(24), epochs=50) for s, d in pools.items()]
)
opened.groupby("epoch")[["true_label", "wrong_label", "test"]].mean().round(2).iloc[::2]

# %% [markdown]
r"""
A crack: the largest lead is hardly more than that of the fully connected networks in {numref}`fig-mem-moved`, but it lasts longer. The directions are those of the *features*. A convolution knows that places are alike, and need not learn that;
which pattern to look for it must still find, among 1,200 signals with noisy labels.

```{solution-end}
```

```{exercise} ★★★ Two parties
:label: ex-mem-parties
Split the training gradient of a network with η = 0.4 into what the truly and what the wrongly labelled examples contribute. Follow the angle between the two and their lengths. When do the wrong labels take over?
```

```{solution-start} ex-mem-parties
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "The two gradients"} tags=["hide-input"]
# The two gradients
def parties(row, d):
    """Cosine between the gradients of both groups, and their lengths, over training."""
    x, y, rows = d.x[row.examples], torch.from_numpy(row.labels), []
    wrong = y != d.y[row.examples]
    for time, epoch in enumerate(row.weights_epoch):
        net, sides = network(row, d, time), []
        for g in (~wrong, wrong):
            loss = torch.nn.functional.cross_entropy(net(x[g]), y[g], reduction="sum")
            gradients = torch.autograd.grad(loss / len(y), list(net.parameters()))
            sides.append(torch.cat([part.flatten() for part in gradients]))
        values = torch.cosine_similarity(*sides, dim=0), *(side.norm() for side in sides)
        rows.append([epoch, *map(float, values)])
    return pd.DataFrame(rows, columns=["epoch", "cosine", "true labels", "wrong labels"])


# %%
in_place = {s: signals(s) for s in scale.seeds(3)}
pull = pd.concat([parties(train(s, 0.4, d).iloc[0], d) for s, d in in_place.items()])
pull.groupby("epoch").mean().round(2).loc[[1, 4, 8, 15, 20, 28, 38, 50]]

# %% [markdown]
r"""
At first the two pull against each other: the cosine is negative, and the true labels pull harder, so the pattern is learned. The wrong labels take over about when the window closes: from there on their gradient is the longer one. The cosine passes zero some ten epochs later, when most wrong labels are learned. From then on, until all are fitted, a step that helps the wrong labels helps the true ones too.

```{solution-end}
```

```{exercise} ★★★ The long tail
:label: ex-mem-tail
A world has 1,000 kinds of example; the frequency of the $k$-th is proportional to $1/k$, and each kind has its own label out of ten. A training set has 1,000 examples. Compare the test error of a learner that remembers every kind it has seen with that of one that forgets all kinds seen only once, and
guesses there {cite:p}`feldman2020`. Then replace a share of the training labels at random.
```

```{solution-start} ex-mem-tail
:class: dropdown
```
"""


# %%
def tail_errors(seed, noise, kinds=1000):
    """Test error of remembering all kinds seen, and of forgetting those seen once."""
    draw, frequency = rng(seed), 1 / np.arange(1, kinds + 1)
    frequency /= frequency.sum()
    seen, truth = draw.choice(kinds, 1000, p=frequency), draw.integers(10, size=kinds)
    labels = np.where(draw.random(1000) < noise, draw.integers(10, size=1000), truth[seen])
    votes = np.zeros((kinds, 10))
    np.add.at(votes, (seen, labels), 1)
    wrong = (votes + 1e-9 * draw.random(votes.shape)).argmax(1) != truth
    by = lambda least: (frequency * np.where(votes.sum(1) >= least, wrong, 0.9)).sum()
    return by(1), by(2)


# %%
tail = {}
for noise in (0, 0.2, 0.4):
    remember, forget = np.transpose([tail_errors(s, noise) for s in scale.seeds(50)])
    saved = f"{claims.mean(forget - remember):.3f}"
    tail[noise] = {"remember": remember.mean(), "forget": forget.mean(), "saved": saved}
pd.DataFrame(tail).T.rename_axis("label noise")

# %% [markdown]
r"""
Remembering a single example is the best that can be done for its kind: right unless its label is wrong. It pays with noise too, as long as a remembered label is more often right than a guess. A learner that refuses to memorize refuses to learn the tail.

```{solution-end}
```

## Summary

- In a linear model each direction is learned at the pace of its eigenvalue. True labels lie along leading directions, random ones along all; so the truth comes first, for a time that {eq}`eq-mem-lead` gives.
- Networks do the same: on wrongly labelled signals they answer with the truth first and with the given label later. Noisy validation labels suffice to stop in between. With true labels there is nothing to stop for.
- Moving the signals takes the labels out of the leading directions and closes the window, in both.
- Which examples networks find easy is in good part what the linear model learns first.
- Gradients of true labels agree far more; those of random labels become coherent too, late.
- The median delays memorization; so does a smaller step. Dropout can halve memorization at no cost here; which regularizer does it best depends on the data and on how much is memorized.

**Reading.** {cite:t}`arpit2017` for the questions and most of the experiments; {cite:t}`arora2019` and {cite:t}`advani2020` for the directions; {cite:t}`chatterjee2022` for coherence; {cite:t}`feldman2020` for why memorization can be needed; {cite:t}`liu2020` for a use of the early phase.
"""
