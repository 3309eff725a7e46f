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
(grokking)=
# Grokking

A network can fit every training example, know nothing of the others, and go on like this for a long time. Then, while its training accuracy does not move, it finds the rule. This chapter makes that happen in a second or two, takes it apart, and asks what it says about networks that nobody watches for so long.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown, display
from matplotlib import pyplot as plt

from overparam import claims, custom, data, figures, measures, mlp, results, scale, sweep
from overparam.architectures.alone import Transformer
from overparam.architectures.stacked import MLP
from overparam.engine.settings import Settings, Vector
from overparam.engine.sweep import curves, network, run
from overparam.pruning.masks import initial_weights
from overparam.theory import fourier, tangent

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, (blue, orange, green, purple) = figures.COLORS, figures.SEQUENCE[:4]
ledger = claims.Ledger("grokking")
size = scale.sizes(
    p=(11, 37, 37), width=(16, 128, 128), steps=(40, 900, 900), long=(60, 3000, 3000)
)
p, standard = size.p, {"optimizer": "adamw", "lr": 0.01, "weight_decay": 1.0}


# %% mystnb={"code_prompt_show": "Tables of sums, and networks that learn them"} tags=["hide-input"]
# Tables of sums, and networks that learn them
def tables(seeds, share, rule="sum"):
    """Every replicate's own draw of the cells to train on."""
    return {s: data.modular_addition(p, share, s, rule) for s in seeds}


def looks(steps, count=60):
    """Steps after which to look, the same factor apart."""
    return np.unique(np.geomspace(1, steps, count).astype(int)).tolist()


def trained(sets, steps=size.steps, net=None, record=(), found=0.9, **how):
    """Networks on tables, with when they have fitted and when they have found the rule; accuracies in per cent."""
    kept = {"curves": looks(steps)} | dict(record)
    how = {"epochs": steps, "loss": "squared", "record": kept} | standard | how
    runs = sweep(net or mlp(size.width), sets, seed={s: s for s in sets}, **how)
    waits = measures.waits(runs, found=found)
    return runs.join(waits.assign(at_fit=100 * waits.at_fit, at_end=100 * waits.at_end))


def accuracies(runs, steps=size.steps):
    """Accuracies in per cent and losses at each look."""
    table = curves(runs, looks(steps))
    parts = {part: 100 * (1 - table[f"{part}_error"]) for part in ("train", "test")}
    return table.assign(**parts)


other_findings = "time-grows-as-data-shrinks", "ungrokking", "circuit-grows-first"
delay_seeds = ledger.seeds("delayed-generalization", *other_findings)
moments = [m for m in (0, 30, 50, 80, 120, 170, 240, 340, 480, 680) if m < size.steps]

# %%
halves = tables(delay_seeds, 0.5)
record = {"weights": moments, "strength": (fourier.circuit_strength, looks(size.steps))}
grokked = trained(halves, record=record)
one_run, own = grokked.iloc[0], halves[delay_seeds[0]]

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**The training cells are fitted long before the others come right, and meanwhile a circle forms.** Left: accuracy on the training cells and on the held-out cells of the table of a + b. Right: the weights that the first layer gives to a = 0, 1, 2, \u2026, seen in the plane of the frequency that is strongest in the end; lines join numbers that follow each other on that circle.", "name": "fig-gk-circle"}} tags=["hide-input"]
# The slider over training
layer = lambda time: measures.layers(network(one_run, own, time))[0].weight.detach().numpy()
(winner,) = fourier.strongest(layer(-1))
plane, around = fourier.plane(layer(-1), winner), np.arange(p + 1) * pow(winner, -1, p) % p
reach = 1.25 * np.abs(layer(-1)[:, :p].T @ plane).max() * np.array([-1, 1])


def shown(time, moment):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
    for part, name in {"train": "training", "test": "held out"}.items():
        steps, curve = one_run.curve_epoch, 100 * (1 - one_run[f"curve_{part}_error"])
        now = f"{name} {np.interp(moment, steps, curve):.0f} %"
        left.plot(steps, curve, color=colors[part], label=now)
    left.axvline(max(moment, 1), color=colors["threshold"], linestyle=":")
    figures.log_axis(left, (1, 10, 100, size.steps))
    left.set(xlabel="steps", title=f"accuracy after {moment} steps", ylim=(-3, 103))
    left.legend(loc="center left")
    places = layer(time)[:, :p].T @ plane
    right.plot(*places[around].T, color=colors["noise"], linewidth=0.8)
    for number, place in enumerate(places):
        right.text(*place, number, ha="center", va="center", fontsize=8)
    title = f"the numbers, in a plane of frequency {winner}"
    right.set(title=title, xlim=reach, ylim=reach, xticks=[], yticks=[], aspect="equal")
    return fig


frames = {m: partial(shown, time, m) for time, m in enumerate([*moments, size.steps])}
alt = "Left: accuracies on training and held-out cells with a marker at step {}. Right: the numbers as points in a plane, which lie without order at first and on a circle at the end."
figures.slider(frames, description="Steps", alt=alt, start=0)

# %% [markdown]
r"""
Half of the sums are shown to the network, and it soon knows these by heart. Of the other half it knows nothing then, and it takes several times as long until these come right. What happens between the moment when there is nothing left to fit and the moment when it understands, and why does it happen at all?

{cite:t}`power2022` found this in small transformers and called it *grokking*. It matters here because it pulls two things apart that this book has watched together: fitting and generalizing. The same network, with the same training error of zero, is at one time a table of memories and later a rule. Whatever explains generalization must tell these two apart.

(gk-delay)=
## The delay

The task is a table: row $a$, column $b$, and in the cell $a + b$ modulo $p = 37$. The input is a 1 for $a$ and a 1 for $b$ among $2p$ inputs, so that the network is told nothing of the numbers but their names; there are $p$ classes. A share of the cells is for training, and the accuracy is measured on all the others. The network has one hidden layer of 128 ReLU units, and takes steps with all training cells at once.

::::{predict}
:answer: 1
:figure: fig-gk-delay
When the training cells have just been fitted, how many of the held-out cells does the network get right? Chance is one in 37.

1. Practically none: fewer than by chance.
2. About as many as by chance.
3. About a tenth: it has understood a little.

:::{dropdown} Answer
A. Memory is not merely silent about the other cells, it is wrong about them, for a reason that the next section proves.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Fitted early, understood late, and the loss on the other cells rises before it falls.** Accuracy (left) and mean squared error (right) on the training cells and on the held-out cells, half of the table each; dotted: chance. Means over replicates with 95 % bands.", "name": "fig-gk-delay"}, "image": {"alt": "Left: against steps on a logarithmic axis training accuracy rises to 100 per cent early, held-out accuracy stays near zero and then rises to 100 per cent. Right: training loss falls, held-out loss rises to a peak and then falls."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3))
course = accuracies(grokked)
for part, name in {"train": "training", "test": "held out"}.items():
    figures.plot(course, "epoch", part, None, left, colors[part], name, markersize=0)
    figures.plot(
        course, "epoch", f"{part}_loss", None, right, colors[part], name, markersize=0
    )
left.axhline(100 / p, color=colors["threshold"], linestyle=":")
for ax, title in ((left, "accuracy, %"), (right, "squared error")):
    figures.log_axis(ax, (1, 10, 100, size.steps))
    ax.set(xlabel="steps", ylabel="", title=title)
left.legend(loc="center left")
plt.show()

# %% tags=["remove-input"]
ledger.say("delayed-generalization")

# %% tags=["remove-input"]
ten = measures.waits(grokked, found=0.1).found
delay = {"delay": grokked.delay, "start": grokked.at_fit, "end": grokked.at_end}
delay |= {"to_half": measures.waits(grokked, found=0.5).delay}
# One step more, so that a climb between two looks is not none
delay["jump"] = (grokked.found - ten + 1) / (ten - grokked.fit).clip(lower=1)
means = course.groupby("epoch")[["test", "test_loss"]].mean()
above = means.test[means.test.idxmin() :]
Markdown(
    f"On this page {100 * grokked.arrived.mean():.0f} % of the networks arrive within {size.steps} steps. Fitting takes {grokked.fit.median():.0f} steps (median), and {grokked.found.median():.0f} pass until nine of ten held-out cells are right. From one in ten to nine in ten takes {delay['jump'].median():.1f} times as long as from fitting to one in ten. The mean loss on held-out cells is highest after {means.test_loss.idxmax():.0f} steps, and their mean accuracy passes chance after {(above > 100 / p).idxmax():.0f}."
)

# %% [markdown]
r"""
Had the network learned both at once, as it does on most data, the two lines on the left would rise together. Nothing in the training accuracy announces the second rise. (A network that does not arrive before the last step counts as arriving there. For a median of times this is exact as long as more than half arrive; for one of ratios it is a lower bound where some do not.)

The right panel has the other half of the story. The loss on held-out cells gets *worse* than at the start, and begins to fall at about the time when the accuracy passes chance and nine of ten cells are still wrong. Nor is the second rise sudden. From one in ten to nine in ten takes longer than the wait before it: on an axis that is not logarithmic this is a slope and no step.

:::{margin}
For a network that sees names, $a/b$ modulo 37 without zeros *is* a table of differences modulo 36: {ref}`gk-ex-relabel`. So the paper's division, but for the row of zeros, is a sum under other names.
:::

(gk-memory)=
## Why memory is worse than guessing

At the start nothing tells one number from another: the weights of all of them are drawn from one distribution. So on average the {term}`tangent kernel` between two cells depends only on what they share: nothing, the row, the column, or both.

```{prf:proposition} The first step never speaks for the right class
:label: gk-prop-last
Let the kernel between two cells be $\kappa_0$ where they share neither row nor column and $\kappa_0 + \kappa_1$ with $\kappa_1 > 0$ where they share one, and let outputs of different classes not act on each other. Start from outputs 0, and take a step of gradient flow on the squared loss with one-hot targets. At a held-out cell, the part of the step that comes from cells of its own row and column moves every class up in proportion to how often it stands there among the training cells. The right class stands there never. So it falls behind every class that does, but for differences in how often classes stand in the table as a whole.
```

```{prf:proof}
The step changes output $c$ at a cell by a multiple of $\sum_i K(\cdot, i)\,(\mathbb 1[c_i = c] - f_c(i))$ over training cells $i$ with $f_c(i) = 0$: by $\kappa_0 n_c + \kappa_1 m_c$, where $n_c$ counts the training cells of class $c$ and $m_c$ those in the row or the column of the cell. In row $a$ every class stands exactly once, and $a + b$ stands in column $b$: it is the held-out cell itself. The same holds for column $b$. So $m_{a+b} = 0$, while every other class stands once in the row and once in the column, and is
counted if that cell is trained on.
```

This is sums as a puzzle solver sees them: *a number that is already in this row cannot be the answer*. Memory concludes the opposite. Kernel regression goes all the way in the same direction. We let the kernel of an infinitely wide ReLU network ({doc}`08_lazy_and_rich`) fit the training cells exactly.
"""

# %%
kernel_seeds = scale.seeds(scale.sizes(draws=(2, 3, 3)).draws)


def kernel_accuracy(seed, share):
    """Held-out accuracy, in per cent, of kernel regression with the tangent kernel of an infinitely wide network."""
    own = data.modular_addition(p, share, seed)
    gram, cross = (tangent.limit_kernel(x, own.x).double() for x in (own.x, own.x_test))
    outputs = cross @ torch.linalg.solve(gram, torch.eye(p).double()[own.y])
    return 100 * (outputs.argmax(1) == own.y_test).double().mean().item()


by_kernel = {
    s: np.mean([kernel_accuracy(k, s) for k in kernel_seeds]) for s in (0.5, 0.8, 0.95)
}

# %% tags=["remove-input"]
gets = [
    f"{right:.1f} % with a share of {s:g} of the table" for s, right in by_kernel.items()
]
Markdown(
    f"Of the held-out cells the kernel gets right: {', '.join(gets)}. Chance is {100 / p:.1f} %."
)

# %% [markdown]
r"""
So a network that stays near its start cannot do it. {cite:t}`mohamadi2024` prove a limit of the same kind: no kernel that treats all numbers alike gets a small error from a share of the table that vanishes as $p$ grows. At our size this kernel fails even with a share of 0.95, which is more than their bound says. To grok is to leave the kernel, and that is what {cite:t}`kumar2024` say grokking is.

(gk-share)=
## With fewer cells

::::{predict}
:answer: 3
:figure: fig-gk-share
With half of the table the rule is found after some hundred steps. How does this time change with a share of 0.45 of the table, and with 0.8?

1. Little: a network that finds the rule finds it.
2. It halves with 0.8, and with 0.45 it grows by about a tenth, as the cells do.
3. With 0.8 the delay is nearly gone; with 0.45 it is several times as long.

:::{dropdown} Answer
C. As cells are taken away the wait grows steeply; with plenty of them fitting and understanding are nearly one.
:::
::::
"""

# %%
share_seeds = ledger.seeds("time-grows-as-data-shrinks")
lengths = {0.3: size.long, 0.45: size.long, 0.6: size.steps // 2, 0.8: size.steps // 3}
by_share = [trained(tables(share_seeds, s), n).assign(share=s) for s, n in lengths.items()]
by_share += [grokked[grokked.data_seed.isin(share_seeds)].assign(share=0.5)]
by_share = pd.concat(by_share)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**As cells are taken away the wait grows steeply.** Steps until 99 of 100 training cells, and until nine of ten held-out cells are right, against the share of the table that is trained on. Dots are replicates; triangles at the top did not arrive. Lines: medians.", "name": "fig-gk-share"}, "image": {"alt": "Steps on a logarithmic axis against the share of the table: fitting takes about twice as long at a share of 0.8 as at 0.3; the time to generalize falls steeply from a share of 0.45 to 0.8, where it nearly meets the line of fitting; at 0.3 it is not reached."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.3))[1]
for column, name, color in (("fit", "training", "train"), ("found", "held out", "test")):
    there = by_share[by_share.arrived | (column == "fit")]
    ax.plot(there.share, there[column], "o", color=colors[color], alpha=0.4, markersize=4)
    most = there.groupby("share").size() > len(share_seeds) / 2
    middle = by_share.groupby("share")[column].median()[most[most].index]
    marker = "o-" if column == "fit" else "s-"
    ax.plot(middle.index, middle, marker, color=colors[color], label=name)
lost = by_share[~by_share.arrived]
ax.plot(lost.share, lost.found, "^", color=colors["test"], label="not yet")
ax.set(yscale="log", xlabel="share of the table", ylabel="steps")
ax.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("time-grows-as-data-shrinks")

# %% tags=["remove-input"]
steps_to = measures.by_seed(by_share, "found", "share")
shrinking = {"few": steps_to[0.45] / steps_to[0.5], "half": steps_to[0.5] / steps_to[0.6]}
shrinking |= {"most": steps_to[0.6] / steps_to[0.8]}
shrinking["per_point"] = shrinking["few"] ** (1 / 5)
fewest = by_share[by_share.share == min(lengths)]
shrinking["at_thirty"] = fewest.arrived.astype(float)
Markdown(
    f"With a share of {min(lengths):g} of the table {100 * fewest.arrived.mean():.0f} % of the networks arrive within {size.long:,} steps; at the end their accuracy is {fewest.at_end.median():.0f} %, and that on the training cells complete."
)

# %% [markdown]
r"""
Were the delay a matter of optimization alone, fewer cells would make everything faster, as they do for fitting. Two things change with the share. Where there are more cells the rule is worth more, and memory has more to carry. {cite:t}`varma2023` make this an argument.

The delay of this page is thus one of many. How does it fare when other things are changed, one or a few at a time? Every setting has three networks and 1,500 steps.
"""

# %% mystnb={"code_prompt_show": "The settings"} tags=["hide-input"]
# The settings
knobs = {"p": (23, 31, 43), "share": (0.45, 0.55, 0.6), "width": (64, 256), "depth": (2,)}
knobs |= {"lr": (0.005, 0.02), "weight_decay": (0.3, 2.0), "batch_size": (128,)}
knobs |= {"rule": ("quotient",), "loss": ("cross_entropy",)}
settings = [{}, *({key: v} for key, values in knobs.items() for v in values)]
settings += [{"p": 31, "share": 0.6}, {"share": 0.6, "weight_decay": 0.0}]
settings += [{"loss": "cross_entropy", "share": 0.7, "width": 512, "weight_decay": 3.0}]
settings += [
    {"optimizer": "adam", "weight_decay": 1e-4},
    {"lr": 0.003, "weight_decay": 3.0},
]


# %% mystnb={"code_prompt_show": "The run that was recorded"} tags=["hide-input"]
# The run that was recorded
def in_setting(how):
    """The median delay in another setting, and the accuracy at the end, of three networks."""
    rest = dict(how)
    task = {key: rest.pop(key, usual) for key, usual in (("p", 37), ("rule", "sum"))}
    share, net = (
        rest.pop("share", 0.5),
        mlp(rest.pop("width", 128), depth=rest.pop("depth", 1)),
    )
    made = {
        s: data.modular_addition(share=share, seed=s, **task) for s in ledger.selection(3)
    }
    steps = -(-share * task["p"] ** 2 // rest["batch_size"]) if "batch_size" in rest else 1
    runs = trained(made, int(1500 // steps), net, **rest)
    found = {"delay": runs.delay.median(), "at_end": runs.at_end.median()}
    keeps = bool(found["delay"] > 3 and found["at_end"] > 90)
    name = ", ".join(f"{k} {v}" for k, v in how.items())
    return {"setting": name or "as above"} | found | {"keeps": keeps}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The others always come later; how much later is a matter of the setting.** The delay in 22 settings, medians of three networks; open: nine of ten held-out cells were not right by the end, so that the delay is at least so long. Dotted: three times.", "name": "fig-gk-multiverse"}, "image": {"alt": "A row with a dot for each of 22 settings, ordered by the delay on a logarithmic axis from about 2 to 60; eight of them lie left of the dotted line at 3 or are open."}} tags=["hide-input"]
measure = lambda: pd.DataFrame(map(in_setting, settings))
robust, where = results.measured_or_recorded("10_delay_multiverse", measure)
ax = figures.setting_rows(robust, "delay", 3, purple)
open_ended = robust[robust.at_end < 90]
ax.plot(open_ended.delay, open_ended.setting, "o", color=purple, markerfacecolor="white")
figures.log_axis(ax, (2, 3, 5, 10, 20, 50))
ax.set(xlabel="delay")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"The held-out cells come right, and more than three times as late as the training cells, in {results.kept(robust, where)} The smallest delay of all is {robust.delay.min():.1f}."
)

# %% [markdown]
r"""
So that the training cells come first holds everywhere; *how much* later the others follow is a matter of the setting. A share of 0.6 of the table, half the units, twice the rate, or Adam with hardly any decay shorten the wait to less than three times; modulus 23, another hidden layer or cross-entropy lengthen it until networks have not arrived by the end.

(gk-decay)=
## What weight decay has to do with it

```{prf:proposition} The cheaper circuit wins, and which is cheaper depends on n
:label: gk-prop-cheaper
A network has two ways to answer, whose outputs add: a rule, which with strength $u \ge 0$ gives every cell the margin $u$, and a memory, which with strength $v \ge 0$ gives each of the $n$ training cells the margin $v$ and other cells none. Let their squared norms be $\alpha u$ and $\beta n v$. Whatever the loss $\ell$ of a margin and the weight decay $\lambda > 0$, the minimum of $n\, \ell(u + v) + \tfrac\lambda2 (\alpha u + \beta n v)$ has $v = 0$ if $n > \alpha/\beta$, and $u = 0$ if $n < \alpha/\beta$.
```

```{prf:proof}
The loss depends on $s = u + v$ only. At fixed $s$ the penalty $\tfrac\lambda2 (\alpha u + \beta n (s - u))$ is linear in $u$, with slope $\tfrac\lambda2 (\alpha - \beta n)$: all of $s$ goes to the cheaper way.
```

For such a loss, bounded below and continuous, there is a minimum. That squared norm is proportional to strength holds for one hidden layer of ReLU units: doubling a unit's output takes a factor $\sqrt2$ on each of its two layers, and so twice the squared norm. That memory costs in proportion to $n$ is an assumption, true for a lookup table with units of its own for every cell. The rule costs the same however many cells it serves. So there is a number of cells from which the rule is the cheaper way to have the same training loss. Weight decay does not put it there; it pays a network for moving to it. (Our runs use AdamW, whose decay is applied apart from the gradient and is not exactly the penalty above.)

Two predictions follow. The first: weight decay should help a great deal. The original paper says so, among many interventions. The second we ask below.
"""

# %%
way_seeds = ledger.seeds("weight-decay-most-helpful")
ways = {"nothing": {}, "weight decay": {"weight_decay": 1.0}, "dropout": {"dropout": 0.2}}
ways |= {"batches of 64": {"batch_size": 64}, "rate / 3": {"lr": 0.01 / 3}}
ways |= {"rate × 3": {"lr": 0.03}, "noisy inputs": {"input_noise": 0.1}}
plenty, spent = tables(way_seeds, 0.8), size.steps * 4 // 9
by_way, cells = {}, len(plenty[way_seeds[0]].x)
for name, how in ways.items():
    how = {"loss": "cross_entropy", "weight_decay": 0.0} | how
    epochs = -(-spent * how.get("batch_size", cells) // cells)  # about equally many steps
    by_way[name] = trained(plenty, epochs, **how).set_index("data_seed").at_end

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Weight decay gets more of the held-out cells right than other ways of the paper that we ran; noise on the inputs gets more still.** Held-out accuracy after about equally many steps, with a share of 0.8 of the table and cross-entropy. Dots are replicates, bars 95 % intervals of the mean.", "name": "fig-gk-ways"}, "image": {"alt": "Seven rows of dots. Weight decay and noisy inputs lie far to the right, dropout in the middle, the others near zero."}} tags=["hide-input"]
ax = figures.dots(pd.DataFrame(by_way), plt.subplots(figsize=(7.2, 3.0))[1], purple)
ax.set(xlabel="held-out accuracy, %", xlim=(-3, 103))
plt.show()

# %% tags=["remove-input"]
ledger.say("weight-decay-most-helpful")

# %% tags=["remove-input"]
others = pd.DataFrame(by_way).drop(columns=["weight decay", "noisy inputs"])
helped = {"ahead": by_way["weight decay"] - others.max(axis=1)}
helped |= {"alone": by_way["weight decay"], "none": by_way["nothing"]}
helped["noise"] = by_way["weight decay"] - by_way["noisy inputs"]
less = 0.6  # of the table
squared = trained(tables(way_seeds, less), size.steps // 2, weight_decay=[0.0, 1.0])
with_and_without = measures.by_seed(squared, "found", "weight_decay")
helped["squared"] = with_and_without[1.0] / with_and_without[0.0]
Markdown(
    f"With the squared loss and a share of {less:g} of the table weight decay multiplies the number of steps by {helped['squared'].median():.2f} (median): there the rule is found without it, too."
)

# %% [markdown]
r"""
Noise on the inputs was no arm of the paper and does not count for its sentence, though it helps more, perhaps because it makes single cells harder to remember than what many share. The paper's other number, that weight decay more than halves the need for cells, is about its transformer with a hundred thousand steps, and we did not test it. Why cross-entropy needs the decay more than the squared loss does is easy to say: once all cells are fitted it can always lower its loss by growing, and nothing draws it away from what it has memorized.

### Taking the cells away

::::{predict}
:answer: 2
:figure: fig-gk-forget
A network has grokked and gets all sums right. Now it is trained on, with weight decay, but with a tenth of the table only, all of which it gets right already. What becomes of the other cells?

1. They stay right: the training loss is near zero, so there is nothing to learn.
2. Most become wrong.
3. Most stay right; a few near the boundary go.

:::{dropdown} Answer
B. With so few cells memory is the cheaper circuit, and weight decay pays the network for going back to it.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Networks that have grokked, and what is left to them"} tags=["hide-input"]
# Networks that have grokked, and what is left to them
forget_seeds, learned = ledger.seeds("ungrokking"), grokked.set_index("data_seed").weights
some = {"a tenth": (0.1, 1.0), "a tenth, no decay": (0.1, 0.0)}
some |= {"a fifth": (0.2, 1.0), "half": (0.5, 1.0)}


def going_on(s, share, decay):
    """A network that starts with what another has learned, on a share of the table."""
    how = {"epochs": size.steps, "init_seed": s, "data_seed": s, "loss": "squared"}
    how |= standard | {"start": Vector(learned[s][-1]), "weight_decay": decay}
    return Settings(MLP(size.width), n=int(share * p * p), **how)


# %%
plans = {s: [going_on(s, *left) for left in some.values()] for s in forget_seeds}
after = run(
    plans, {s: halves[s] for s in forget_seeds}, record={"curves": looks(size.steps)}
)
after["way"] = [*some] * len(forget_seeds)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**What was understood is forgotten when too few cells are left, and weight decay does it.** Accuracy on the cells that were never trained on, for networks that have grokked with half of the table and are trained on with less of it. Means over replicates with 95 % bands.", "name": "fig-gk-forget"}, "image": {"alt": "Accuracy against further steps: with half of the table, or with a tenth and no weight decay, it stays at 100 per cent; with a fifth it falls a little, with a tenth to zero."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.2))[1]
shades = {"half": green, "a tenth, no decay": blue, "a fifth": purple, "a tenth": orange}
figures.plot(accuracies(after), "epoch", "test", "way", ax, shades, markersize=0)
figures.log_axis(ax, (1, 10, 100, size.steps))
ax.set(xlabel="further steps", ylabel="accuracy on the other cells, %", ylim=(-3, 103))
ax.legend(loc="lower left")
plt.show()

# %% tags=["remove-input"]
ledger.say("ungrokking")

# %% tags=["remove-input"]
ends = measures.by_seed(after.assign(right=100 * (1 - after.test_error)), "right", "way")
forgot = {"after": ends["a tenth"], "without_decay": ends["a tenth, no decay"]}
forgot |= {"fifth": ends["a fifth"], "most": ends["half"]}
forgot |= {"before": grokked.set_index("data_seed").at_end[forget_seeds]}

# %% [markdown]
r"""
So a rule, once found, is not safe, and it is weight decay that takes it away: without it nothing pays the network to move, and nothing moves. Had it kept the rule under decay with any share, however small, the account of circuits would have been wrong.

But the account is not the whole story. The proposition knows one number of cells at which memory and rule cost the same. Here are two: from a fresh start the rule is not found with a share of 0.3 of the table in three thousand steps, while networks that have it still keep most of it after nine hundred steps with a fifth, though these may be on their way. Which way is cheaper says where the minimum lies, and not whether training gets there.

(gk-without)=
## Grokking without regularization

Does it need weight decay, then? {cite:t}`gromov2023` found a network that groks with nothing at all: one hidden layer without biases whose units are *squares*, plain gradient descent, squared loss.

::::{predict}
:answer: 3
:figure: fig-gk-square
Such a network starts with outputs $\alpha (f - f_0)$, where $f_0$ is what it computes before training, and the loss is divided by $\alpha^2$ as in {doc}`08_lazy_and_rich`. How does $\alpha = 1.3$ instead of 1 change the course?

1. Not at all: by that division nothing changes to first order.
2. It generalizes sooner: larger outputs learn faster.
3. It generalizes much later: twice as late or more.

:::{dropdown} Answer
C. What hardly changes is the kernel's part, which fits the training cells. The weights move less far while it does, and it is their movement that makes the rule.
:::
::::
"""

# %%
square_seeds = ledger.seeds("grokking-without-regularization", "output-scale-sets-the-wait")
q, rate, wait = *scale.sizes(q=((11, 1.0), (23, 3.0), (23, 3.0))).q, size.long // 2
squares = {s: data.modular_addition(q, 0.6, s) for s in square_seeds}
bare = {
    "optimizer": "sgd",
    "lr": rate * q,
    "weight_decay": 0.0,
}  # the loss is a mean over q
net = custom(fourier.SquareNetwork, p=q, width=128)
plain = trained(squares, size.steps * 2 // 3, net, **bare)
scaled = [trained(squares, size.steps * 2 // 3, net, output_scale=1.0, **bare)]
scaled = pd.concat([*scaled, trained(squares, wait, net, output_scale=1.3, **bare)])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**No regularization, and the lazier the start the longer the wait.** Accuracy on training (dashed) and held-out cells (solid) of networks of squares under plain gradient descent, with two scales of the outputs. Means over replicates with 95 % bands; modulo 23, with a share of 0.6 of the table.", "name": "fig-gk-square"}, "image": {"alt": "Accuracy against steps: at scale 1 held-out accuracy rises some time after training accuracy; at scale 1.3 training accuracy rises a little later and held-out accuracy much later."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.2))[1]
course = accuracies(scaled, wait)
for alpha, color in ((1.0, blue), (1.3, orange)):
    rows = course[course.output_scale == alpha]
    name = f"α = {alpha:g}, "
    figures.plot(rows, "epoch", "test", None, ax, color, name + "held out", markersize=0)
    mean = rows.groupby("epoch").train.mean()
    ax.plot(mean.index, mean, "--", color=color, linewidth=1.2, label=name + "training")
figures.log_axis(ax, (1, 10, 100, 1000))
ax.set(xlabel="steps", ylabel="accuracy, %", ylim=(-3, 103))
ax.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("grokking-without-regularization")

# %% tags=["remove-input"]
ledger.say("output-scale-sets-the-wait")

# %% tags=["remove-input"]
found_at, delay_at = (
    measures.by_seed(scaled, column, "output_scale") for column in ("found", "delay")
)
lazier = {"wait": found_at[1.3] / found_at[1.0], "extra": delay_at[1.3] / delay_at[1.0]}
without = {
    "arrives": plain.arrived.astype(float),
    "delay": plain.delay,
    "start": plain.at_fit,
}

# %% tags=["remove-input"]
later = (lazier["wait"] / lazier["extra"]).median()
Markdown(
    f"The training cells are fitted {later:.2f} times as late at the larger scale (median), the others come right {lazier['wait'].median():.1f} times as late."
)

# %% [markdown]
r"""
Had weight decay been the cause, nothing would happen here. It is one way to leave memory, and the features' own movement is another. {cite:t}`kumar2024` see in this the transition of {doc}`08_lazy_and_rich`: a lazy phase that fits, as far as the kernel can, and a rich one that generalizes. The knob of that chapter is a knob of the delay. We have two positions of it only: with 1.5 and with 2 no pilot network arrived in its time.

(gk-start)=
## Signals come right late from a large start

On pictures one does not see it. {cite:t}`liu2023` make it happen on them: multiply all initial weights by about eight, and let a weak weight decay bring them back. Their account is about norms: a network of large norm fits without generalizing, and it generalizes when its norm has come down. We take signals of MNIST-1D that are not moved, multiply by four, and call two thirds of the test signals arrived, not nine tenths: both were lowered after pilots, in which nothing was fitted at eight and few more came right by the end ({ref}`protocol-grokking`).
"""

# %%
start_seeds = ledger.seeds("large-start-delays")
examples, patience = scale.sizes(n=(40, 300, 300)).n, scale.sizes(n=(60, 8000, 8000)).n
signals = {s: data.mnist1d(examples, 1000, s, max_translation=1) for s in start_seeds}
how = {"optimizer": "adamw", "lr": 0.003, "weight_decay": 0.03, "loss": "squared"}


def from_start(factor, epochs):
    """Networks whose initial weights are so many times as large as usual."""
    one = Settings(MLP(64, depth=2), n=examples, epochs=epochs, **how)
    begun = {s: replace(one, init_seed=s, data_seed=s) for s in start_seeds}
    large = {s: Vector(factor * initial_weights(begun[s], signals[s])) for s in start_seeds}
    plans = {s: [replace(begun[s], start=large[s])] for s in start_seeds}
    return run(plans, signals, record={"curves": looks(epochs)}).assign(factor=factor)


started = pd.concat([from_start(1, spent), from_start(4, patience)], ignore_index=True)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**From a large start test signals come right long after the training signals, gradually, and not as many by the end.** Accuracy on 300 training signals (dashed) and on test signals (solid), for initial weights of the usual size and multiplied by four. Means over replicates with 95 % bands.", "name": "fig-gk-start"}, "image": {"alt": "Accuracy against steps. With the usual start training and test accuracy rise together; with four times larger weights test accuracy rises slowly and steadily, is still below one half when training accuracy is complete, and ends lower than from the usual start."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.2))[1]
course = accuracies(started, patience)
for factor, color in ((1, blue), (4, orange)):
    rows, name = course[course.factor == factor], f"start × {factor}, "
    figures.plot(rows, "epoch", "test", None, ax, color, name + "test", markersize=0)
    mean = rows.groupby("epoch").train.mean()
    ax.plot(mean.index, mean, "--", color=color, linewidth=1.2, label=name + "training")
figures.log_axis(ax, (1, 10, 100, 1000))
ax.set(xlabel="steps", ylabel="accuracy, %", ylim=(-3, 103))
ax.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
ledger.say("large-start-delays")

# %% tags=["remove-input"]
started = started.join(measures.waits(started, found=2 / 3))
delays = measures.by_seed(started, "delay", "factor")
from_large = {"large": delays[4], "usual": delays[1]}
Markdown(
    f"From the usual start two thirds of the test signals are right after {delays[1].median():.2f} times the steps that fitting takes, from the large one after {delays[4].median():.1f} times (medians). When the training signals are fitted, the accuracy on test signals is {100 * started.at_fit[started.factor == 1].median():.0f} % and {100 * started.at_fit[started.factor == 4].median():.0f} %; at the end it is {100 * started.at_end[started.factor == 1].median():.0f} % and {100 * started.at_end[started.factor == 4].median():.0f} %."
)

# %% [markdown]
r"""
This is slow learning more than a plateau with a late rise: nothing waits, and everything creeps. The usual start is one that people have tuned; that may be why one does not see grokking on pictures. A large start is a lazy one, so Kumar's reading fits this figure as well as Omnigrok's; the two part where nothing asks the norm to fall ({numref}`fig-gk-square`; whether it does we did not measure).

(gk-waves)=
## What the rule is made of

A network that adds modulo $p$ with ReLUs or squares: how can it? Numbers on a line do not help, since 36 and 0 are neighbours. On a circle they are, and angles add when waves are multiplied.

```{prf:theorem} A network of squares that adds
:label: gk-thm-squares
Let $w = 2\pi k/p$. The nine units $h_{\alpha\beta} = \bigl( \cos(wa + \alpha) + \cos(wb + \beta) \bigr)^2$ with $\alpha, \beta \in \{0, \tfrac{2\pi}3, \tfrac{4\pi}3\}$ give

$$
\tfrac29 \sum_{\alpha, \beta} \cos(wc + \alpha + \beta)\; h_{\alpha\beta} = \cos\bigl( w (a + b - c) \bigr) .
$$ (gk-eq-squares)

For prime $p$ the sum of such outputs over any non-empty set of frequencies $1 \le k < p$ is largest at $c = a + b$ modulo $p$ alone.
```

```{prf:proof}
The square has three terms. *The mixed one*, $2 \cos(wa + \alpha) \cos(wb + \beta)$, is $\cos(w(a+b) + \alpha + \beta) + \cos(w(a-b) + \alpha - \beta)$. Times $\cos(wc + \alpha + \beta)$, the first gives $\tfrac12 \cos(w(a + b - c))$ and a wave whose phase contains $2\alpha + 2\beta$; the second gives waves with the phases $2\alpha$ and $2\beta$. *The squares*, $\tfrac12 + \tfrac12 \cos(2wa + 2\alpha)$ and the same with $b$ and $\beta$, give waves in whose phase $\beta$, or $\alpha$, stands once. Sums of a cosine over three thirds of a turn of its phase, or of twice its phase, are zero, so of nine terms
only $9 \cdot \tfrac12 \cos(w(a+b-c))$ is left. A cosine is 1 where its angle is a multiple of a turn: $k (a + b - c)$ a multiple of $p$, for prime $p$ only $c = a + b$. All terms have their maximum there.
```
"""

# %%
whole = data.modular_addition(13, 0.5, 0)
exact = fourier.exact_network(13, [2, 5])(whole.x.double())
away = 2 * torch.pi / 13 * (whole.y[:, None] - torch.arange(13)).double()
missed = (exact - sum((k * away).cos() for k in (2, 5))).abs().max().item()
hits = (exact.argmax(1) == whole.y).double().mean().item()

# %% tags=["remove-input"]
Markdown(
    f"Two frequencies modulo 13, eighteen units: the outputs differ from the formula by at most {missed:.0e}, and {100 * hits:.0f} % of the cells are right."
)

# %% [markdown]
r"""
Such weights are what trained networks have. {cite:t}`nanda2023` took a transformer apart and found cosines of a few frequencies, multiplied as in the proof, and {cite:t}`gromov2023` found them in networks of squares. The slider at the top shows a frequency in ours. So one can ask a trained network how strong this *circuit* is. We average its outputs on held-out cells over all cells with the same $d = c - a - b$, so that only what depends on $d$ is left, and write this as waves $\sum_k A_k \cos(2\pi k d/p)$. The strength is $\sum_k A_k$. For odd $p$ this is the mean lead of the right class over the average class: it says how far the outputs have come, and not by which mechanism. It is
zero for a network that knows nothing, and negative for one that prefers wrong classes.

::::{predict}
:answer: 2
:figure: fig-gk-strength
When one in ten of the held-out cells is right, how strong is the circuit, relative to the end?

1. Practically zero: it comes all at once, together with the accuracy.
2. About an eighth: it has been growing for a while.
3. Complete: what is missing is that memory goes away.

:::{dropdown} Answer
B. It grows from before the time of fitting on, and goes on growing when all cells are right. The accuracy waits until it exceeds what memory gives to wrong classes.
:::
::::
"""

# %% tags=["remove-input"]
# The strength at each look, as a part of that at the end, and when one in ten held-out cells is right
strength = np.stack(grokked.strength.to_list())
part, epochs = strength / strength[:, -1:], np.array(grokked.iloc[0].curve_epoch)
right_by = 1 - np.stack(grokked.curve_test_error.to_list())
first = lambda r: np.where((right_by >= r).any(1), (right_by >= r).argmax(1), -1)
each, tenth, half = np.arange(len(part)), first(0.1), first(0.5)
circuit = {"starts": epochs[strength.argmin(1)] / epochs[tenth]}
circuit |= {"grown": part[each, np.maximum(tenth - 1, 0)], "at_half": part[each, half]}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The lead of the right class grows earlier and more slowly than the accuracy.** Left: that lead, the strength of the circuit, as a part of that at the end, and accuracy on the held-out cells. Right: in the 128 units of one network, the share of the strongest frequency in the weights of a unit, at the start and at the end. Means over replicates with 95 % bands on the left.", "name": "fig-gk-strength"}, "image": {"alt": "Left: against steps the strength falls below zero at first, then rises smoothly to 1; accuracy begins to rise later, when the lead is about an eighth of its end, and overtakes it. Right: two histograms of the units; at the start the strongest frequency has a small share in each, at the end a large one in most."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3), width_ratios=(1.4, 1))
long = {"epoch": np.tile(epochs, len(part)), "circuit": part.ravel()}
long = pd.DataFrame(long | {"accuracy": right_by.ravel()})
figures.plot(long, "epoch", "circuit", None, left, green, "lead", markersize=0)
figures.plot(
    long, "epoch", "accuracy", None, left, colors["test"], "accuracy", markersize=0
)
figures.log_axis(left, (1, 10, 100, size.steps))
left.set(xlabel="steps", ylabel="", title="part of the end")
left.legend(loc="upper left")
strongest = lambda time: [100 * fourier.power(unit[None]).max() for unit in layer(time)]
for time, color, name in ((0, colors["noise"], "start"), (-1, green, "end")):
    right.hist(strongest(time), np.arange(0, 101, 5), color=color, alpha=0.6, label=name)
right.set(xlabel="strongest frequency's share, %", title="units")
right.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("circuit-grows-first")

# %% tags=["remove-input"]
lowest = (epochs[strength.argmin(1)] / grokked.fit).median()
Markdown(f"The strength is lowest at {lowest:.1f} of the time of fitting (median).")

# %% [markdown]
r"""
On the right is what it is made of: before training a unit's weights hold all frequencies, afterwards most units have one. (Together they have all 18 of them, about equally; {ref}`gk-ex-margin` asks why more than one.) On the left, the lead grows from its lowest value on, while the last training cells are still being fitted, and goes on growing when all cells are right: memory and rule grow side by side. Had it come all at once, its line would be as steep as that of the accuracy. Part of that steepness is the measure's, since a cell is right once a smooth quantity passes a threshold in it, and part is the logarithmic axis'. The lead itself waits, too, and does most of its growing within a factor of a few in steps.

(gk-double)=
## Is it epoch-wise double descent?

In {doc}`04_descent_in_time` the test error falls, rises and falls again while a network trains. Here the held-out loss rises and falls. {cite:t}`davies2023` propose that both are one: patterns that are learned at different speeds, the slow ones generalizing better. What is the same and what is not can be read off the networks of {numref}`fig-gk-delay`.
"""

# %% tags=["remove-input"]
losses = np.stack(grokked.curve_test_loss.to_list())
peak = losses.max(1) / losses[:, 0]
before = right_by[:, epochs < grokked.fit.min()]
Markdown(
    f"The held-out loss rises to {np.median(peak):.1f} times its start (median) before it falls. The held-out accuracy has no first descent of the error to lose: until the first network has fitted its cells, no network has more than {100 * before.max():.1f} % of the others right."
)

# %% [markdown]
r"""
Epoch-wise double descent has three parts: something is learned, noise is fitted at its expense, and then the noise is dealt with. In the table there is no noise, and nothing is learned first. That both have a fast way that fits and a slow one that generalizes is a fair analogy; that they are one phenomenon is proposed, and not shown.

(gk-transformer)=
## What remains in a transformer

Grokking was first seen in transformers of two layers, on tables modulo 97. Such a one, half as wide and on our table of sums, trains in minutes on a laptop: sequences "$a + b =$", Adam with decoupled weight decay as in the paper, cross-entropy, full batches, three draws of half of the table, three thousand steps. It is not one of the findings; the settings were fixed before it was run, and cut once for time (from five draws and five thousand steps), before any result was seen.
"""


# %% mystnb={"code_prompt_show": "Cells as sequences, and frequencies in an embedding"} tags=["hide-input"]
# Cells as sequences, and frequencies in an embedding
def as_tokens(table):
    """Cells as sequences a, sign, b, sign of equality, by their numbers in a vocabulary of modulus + 2."""
    modulus = table.x.shape[1] // 2

    def sequence(x):
        a, b = x[:, :modulus].argmax(1), x[:, modulus:].argmax(1)
        return torch.stack([a, a * 0 + modulus, b, a * 0 + modulus + 1], 1).float()

    return replace(table, x=sequence(table.x), x_test=sequence(table.x_test))


def five_strongest(network, data):
    """Share of the five strongest frequencies in what the embedding of the numbers holds besides constants, per cent."""
    numbers = network.tokens.weight[: len(network.tokens.weight) - 2].T
    return 100 * float(np.sort(fourier.power(torch.cat([numbers, numbers], 1)))[-5:].sum())


# %% mystnb={"code_prompt_show": "The run that was recorded"} tags=["hide-input"]
# The run that was recorded
def transformers(decays=(1.0, 0.0), steps=3000):
    """Accuracies and frequencies at each look, with weight decay and without."""
    sets = {s: as_tokens(t) for s, t in tables(ledger.selection(3), 0.5).items()}
    net, keep = Transformer(64, tokens=p + 2), {"strongest": (five_strongest, looks(steps))}
    how, parts = {"lr": 0.001, "loss": "cross_entropy"}, []
    for decay in decays:
        runs = trained(sets, steps, net, keep, weight_decay=decay, **how)
        rows = accuracies(runs, steps)[["epoch", "train", "test"]]
        shares = np.concatenate(runs.strongest.to_list())
        parts.append(rows.assign(strongest=shares, weight_decay=decay))
    return pd.concat(parts, ignore_index=True)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A transformer, too, fits first; where its weights decay, two of three find the rule much later.** Left: accuracy on the training cells (dashed) and on the held-out cells (solid) of small transformers. Right: the share of the five strongest of 18 frequencies in the embedding of the numbers. A line for each of three networks.", "name": "fig-gk-transformer"}, "image": {"alt": "Left: against steps training accuracy rises to 100 per cent soon after step 100 with and without weight decay; with it dashed lines later drop, one to 21 per cent, and come back. Held-out accuracy stays below 13 per cent without it, and with it rises late, steeply towards the end. Right: the share of the five strongest frequencies stays at a third without weight decay and rises late to between 59 and 72 per cent with it."}} tags=["hide-input"]
small, where = results.measured_or_recorded("10_small_transformer", transformers)
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3), sharex=True)
small["which"] = small.groupby(["weight_decay", "epoch"]).cumcount()
for (decay, which), rows in small.groupby(["weight_decay", "which"]):
    look = {"color": colors["test"] if decay else colors["noise"], "linewidth": 1.5}
    name = "_" if which else f"weight decay {decay:g}"
    left.plot(rows.epoch, rows.test, **look, label=name)
    left.plot(rows.epoch, rows.train, **look, linestyle="--")
    right.plot(rows.epoch, rows.strongest, **look)
figures.log_axis(left, (1, 10, 100, 1000, 3000))
left.set(xlabel="steps", ylabel="", title="accuracy, %")
right.set(xlabel="steps", ylabel="", title="five strongest frequencies, %")
left.legend()
plt.show()

# %% tags=["remove-input"]
at_last = small[small.epoch == small.epoch.max()]
ends, free = (at_last[at_last.weight_decay == d] for d in (1.0, 0.0))
fallen = small[small.epoch > 200].groupby("weight_decay").train.min()
arrived, lowest, last = (ends.test > 90).sum(), ends.test.min(), small.epoch.max()
Markdown(
    f"With weight decay {arrived} of {len(ends)} networks have more than nine in ten held-out cells right after {last:,.0f} steps, and the least has {lowest:.0f} %; without it the best has {free.test.max():.0f} %. After step 200 the training accuracy of a network falls as low as {fallen[1.0]:.0f} % with decay, and to {fallen[0.0]:.0f} % without. The five strongest frequencies have {ends.strongest.mean():.0f} % of the embedding with it and {free.strongest.mean():.0f} % without. (The table was {where}.)"
)

# %% [markdown]
r"""
What remains is the order of events, the wait, and what ends it. All training cells are right before step 200; more than a thousand steps later the others are still mostly wrong. Where weights decay, two of three networks have the rule at the end and the third is on its way, while the embedding as a whole concentrates on a few frequencies. (The small networks above have one in a unit, and all 18 together. A third is what the *five strongest* have in random weights.) Where nothing pulls at the weights neither happens within these steps.

Something is new: with decay networks lose training cells again, some of them most of their cells, and have them back at the next look or soon after. We have not looked for the cause. Three networks and one setting show that it can be so, and no more.

The paper's task and width, $a/b$ modulo 97, stand below and run at the `gpu` scale, for some thirty thousand steps, far fewer than the paper's figure shows; **this has not been run for this page**.
"""

# %% mystnb={"code_prompt_show": "The paper's transformer, at the gpu scale"} tags=["hide-input"]
# The paper's transformer, at the gpu scale
if scale.current() == "gpu":
    its_tables = {
        s: as_tokens(data.modular_addition(97, 0.5, s, "quotient")) for s in range(3)
    }
    how = {"lr": 0.001, "batch_size": 512, "loss": "cross_entropy"}
    display(trained(its_tables, 3000, Transformer(128, tokens=99), **how)[["fit", "found"]])

# %% [markdown]
r"""
(gk-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-grokking`.
"""

# %% tags=["remove-input"]
ledger.theorem("squares-add-exactly", error=max(missed, 1 - hits), section="gk-waves")

# %% tags=["remove-input"]
ledger.card("delayed-generalization", **delay, section="gk-delay")

# %% tags=["remove-input"]
ledger.card("time-grows-as-data-shrinks", **shrinking, section="gk-share")

# %% tags=["remove-input"]
ledger.card("weight-decay-most-helpful", **helped, section="gk-decay")

# %% tags=["remove-input"]
ledger.card("ungrokking", **forgot, section="gk-decay")

# %% tags=["remove-input"]
ledger.card("grokking-without-regularization", **without, section="gk-without")

# %% tags=["remove-input"]
ledger.card("output-scale-sets-the-wait", **lazier, section="gk-without")

# %% tags=["remove-input"]
ledger.card("large-start-delays", **from_large, section="gk-start")

# %% tags=["remove-input"]
ledger.card("circuit-grows-first", **circuit, section="gk-waves")

# %% [markdown]
r"""
**We also asked** for other moments, tasks and sizes. The answers stand under each card and touch no verdict. One claim of the chapter waits for a GPU: {cite:t}`wu2025` report that a transformer that learns to follow chains of variables *keeps* its early heuristic and builds on it. We have not tried it.

## Who disagrees, and what to drop

**What is it that has to change?** *Its norm*, say {cite:t}`liu2023`: generalizing solutions lie at a smaller norm, and the delay is the time to get there. *Which circuit is cheaper*, say {cite:t}`varma2023`: two ways to fit compete, and the number of examples decides. *Its features*, say {cite:t}`kumar2024`: the kernel of the start fits first. These are not exclusive, and none covers all of this page. Norms would explain {numref}`fig-gk-start` (we did not measure them there, and laziness fits it as well) and say little of {numref}`fig-gk-square`, where nothing asks
the norm to fall. Efficiency predicted {numref}`fig-gk-forget` before anybody had seen it, which is the strongest card that any of them has, and it needs weight decay. Laziness covers both figures with scales and is silent on forgetting.

**Replaced, or built upon?** In the stories of circuits a rule drives a memory out. In Wu's account of programs the later solution contains the earlier. Sums have no useful heuristic that we know of; whether one replaces the other may be a property of the task.

**Is it worth explaining?** {cite:t}`jeffares2025` hold that grokking is confined to small algorithmic tasks. Signals can be made to come right long after fitting, but gradually, to a lower level, and from a start that nobody would choose ({numref}`fig-gk-start`), which is rather in their spirit. What it is good for is another matter: here one can watch the two solutions apart, which elsewhere come together.

:::{admonition} "Grokking needs a transformer"
:class: misconception
One hidden layer does it within a second or two.
:::

:::{admonition} "Grokking needs weight decay"
:class: misconception
Squares do it under plain gradient descent without any ({numref}`fig-gk-square`). Weight decay is one of several ways out of memory; with cross-entropy noise on the inputs is another ({numref}`fig-gk-ways`).
:::

:::{admonition} "Grokking is epoch-wise double descent"
:class: misconception
That is a proposal ({ref}`gk-double`). There is no first descent of the error here, and no noise.
:::

:::{admonition} "So one should always train for a thousand times longer"
:class: misconception
Where the start is of the usual size and examples are many, nothing is left to wait for ({numref}`fig-gk-share`, on the right).
:::

## Check yourself

```{quiz}
```
"""

# %% [markdown]
r"""
## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`10_grokking`.

```{exercise} ★ Other names
:label: gk-ex-relabel
Show that a network on one-hot inputs cannot tell $a \cdot b$ modulo a prime $p$, for $a, b \ne 0$, from addition modulo $p - 1$. What of $a/b$?
```

```{solution} gk-ex-relabel
:class: dropdown
There is a $g$ whose powers $g^0, \dots, g^{p-2}$ are all numbers but zero. Call $g^i$ by the name $i$: then $g^i g^j = g^{i+j}$ is addition of names modulo $p - 1$, and $g^i / g^j$ subtraction. One-hot inputs and classes are nothing but names, and the initial weights of all names have one distribution. Subtraction in turn is addition with the names of $b$ reversed.
```

```{exercise} ★ Two phases are too few
:label: gk-ex-phases
In {prf:ref}`gk-thm-squares` take $\alpha, \beta \in \{0, \pi\}$. Which of the unwanted waves stay?
```

```{solution} gk-ex-phases
:class: dropdown
Sums over phases in which $\alpha$ or $\beta$ stands once are zero for two halves of a turn as well. Where $2\alpha$ stands, all terms are equal and nothing cancels: the wave of $a + b + c$, and both of $a - b$, stay. Together with the wanted wave they make $8 \cos wa \cdot \cos wb \cdot \cos wc$ before the factor in front: of the answer only a sign is left.
```

```{exercise} ★ Who has arrived
:label: gk-ex-censored
Of twelve networks seven have arrived after 1,000 steps, at 600 on average. Somebody reports "600 steps". What is wrong, what can be said of the median, and what of the mean?
```

```{solution} gk-ex-censored
:class: dropdown
The slow ones are left out, so the average is too small, and the shorter one trains, the smaller. The median over all twelve is among the times of those that have arrived, since more than half have, and is exact. The mean is at least $(7 \cdot 600 + 5 \cdot 1{,}000)/12 \approx 770$, and that is all.
```

```{exercise} ★★ The mirror
:label: gk-ex-mirror
$a + b = b + a$. Are held-out cells understood sooner if their mirror image was trained on? Use the weights that were kept for the slider, of all networks.
```

```{solution-start} gk-ex-mirror
:class: dropdown
```
"""

# %%
gaps = {}
for time, moment in enumerate([*moments, size.steps]):
    gaps[moment] = []
    for _, its_run in grokked.iterrows():
        its = halves[its_run.data_seed]
        mirrored = torch.cat([its.x_test[:, p:], its.x_test[:, :p]], 1)
        known = (mirrored @ its.x.T).amax(1) == 2
        hit = (
            100 * (network(its_run, its, time)(its.x_test).argmax(1) == its.y_test).double()
        )
        gaps[moment].append((hit[known].mean() - hit[~known].mean()).item())
pd.DataFrame(gaps).agg(["mean", "std"]).round(1)

# %% [markdown]
r"""
Hardly. The table has the accuracy on cells whose mirror was trained on less that on the others, in points, mean and standard deviation over networks: a few points at most, while the rule is being found. That the order does not matter helps little on the way to the rule. (In the assignment a table whose only regularity is this symmetry is not understood at all.)

```{solution-end}
```

```{exercise} ★★ How many frequencies?
:label: gk-ex-margin
One frequency is enough for {prf:ref}`gk-thm-squares`. Why do networks use several? Compute, modulo 37, by how much the right class leads, per frequency, for the best of 200 random sets of 1, 2, 3, 5 and 9 frequencies.
```

```{solution-start} gk-ex-margin
:class: dropdown
```
"""

# %%
draw, d = np.random.default_rng(0), np.arange(1, 37)
lead = lambda ks: 1 - np.cos(2 * np.pi * np.outer(ks, d) / 37).mean(0).max()
choose = lambda m: draw.choice(np.arange(1, 19), m, replace=False)
{m: round(float(max(lead(choose(m)) for _ in range(200))), 3) for m in (1, 2, 3, 5, 9)}

# %% [markdown]
r"""
With one frequency the next class on the circle is nearly as good: $1 - \cos(2\pi/37)$ is small. A wrong class that is near on one circle is far on another, so a few frequencies together lead by a good part of their sum. Where the margin is to be large and the norm small, that pays.

```{solution-end}
```

```{exercise} ★★★ Switched off
:label: gk-ex-switch
Weight decay helps. *When* does it? Start from the weights of {numref}`fig-gk-delay` just after fitting, and go on without it. Then the other way round: without it until then, with it afterwards.
```

```{solution-start} gk-ex-switch
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
pair, plans = delay_seeds[:2], {}
free = trained(tables(pair, 0.5), 80, weight_decay=0.0, record={"weights": [0]})
free = free.set_index("data_seed").weights
for s in pair:
    how = {"epochs": size.steps, "loss": "squared", "init_seed": s, "data_seed": s}
    go_on = Settings(MLP(size.width), n=len(halves[s].x), **how | standard)
    at_fit = Vector(learned[s][moments.index(min(80, moments[-1]))])
    off = replace(go_on, weight_decay=0.0, start=at_fit)
    plans[s] = [
        replace(go_on, start=at_fit),
        off,
        replace(go_on, start=Vector(free[s][-1])),
        replace(off, start=Vector(free[s][-1])),
    ]
switched = run(plans, {s: halves[s] for s in pair}, record={"curves": looks(size.steps)})
switched["decay"] = ["always", "until fitted", "after fitting", "never"] * len(pair)
switched = switched.join(measures.waits(switched))
switched["at_end"] *= 100
switched.groupby("decay")[["found", "at_end"]].mean().round(0)

# %% [markdown]
r"""
In these two networks decay after fitting is enough. Decay until then is worth a little, compared with none at all, and does not get to the rule within the run: it is in the wait that it works. (A time at the end of the run stands for "not yet".)

```{solution-end}
```

```{exercise} ★★★ Wrong sums
:label: gk-ex-wrong
Give a twentieth of the training cells a wrong answer, with a share of 0.6 of the table. Does the network still find the rule? And with three times as many? What becomes of the wrong cells, and what would {prf:ref}`gk-prop-cheaper` say?
```

```{solution-start} gk-ex-wrong
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
noise = [0.0, data.wrong_labels(0.05, p), data.wrong_labels(0.15, p)]
noisy = trained(tables(delay_seeds[:2], 0.6), size.steps * 2 // 3, label_noise=noise)
noisy["training"] = 100 * (1 - noisy.train_error)
noisy.groupby("label_noise")[["fit", "found", "at_end", "training"]].mean().round(1)

# %% [markdown]
r"""
A twentieth of wrong answers slows it down and does not prevent it, as {cite:t}`power2022` report; with three times as many it is not found within the run. The rule serves all cells but the wrong ones, and for these there is no way but memory, which is cheap as long as they are few: the network has both, each where it is the cheaper. (Training accuracy counts the wrong answers as they were given.)

```{solution-end}
```

## Summary

- A network with one hidden layer fits a table of sums, is worse than chance on the rest of it, and finds the rule several times later.
- The wait grows steeply as cells are taken away, and with a share of 0.3 of the table the rule is not found in 3,000 steps; with plenty of cells there is hardly a wait.
- At the start all numbers are alike, and then a kernel raises just those classes that already stand in the row or the column, and the right one never does: the opposite of the rule.
- The rule costs the same for all cells and memory something for each. Weight decay pays for moving to the cheaper one, in either direction: networks that have grokked forget when only a tenth of the table is left.
- It is not necessary: squares grok under plain gradient descent. The scale of the outputs sets the wait. A large start delays signals, too, but there nothing waits, and all is slow.
- The rule is made of waves, and the lead of the right class grows smoothly, from before all cells are fitted.

**Reading.** {cite:t}`power2022` for the phenomenon; {cite:t}`nanda2023` for the circuit; {cite:t}`varma2023` for a theory that predicted something; {cite:t}`kumar2024` for the link to lazy training; {cite:t}`mohamadi2024` for what a kernel cannot do.
"""
