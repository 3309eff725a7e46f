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
(cost-of-memorizing)=
# What memorizing costs

The same network fits true labels and random ones ({doc}`/notebooks/03_memorization`). It does not get there on the same terms. This page measures what a label costs that no other
example supports: in time, in distance, in room, in influence, and in the shape of what is learned.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt

from overparam import claims, cnn1d, data, figures, measures, mlp, network, scale, sweep
from overparam.measures import sensitivity
from overparam.randomness import generator
from overparam.theory import kernels

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
ledger = claims.Ledger("cost-of-memorizing")
colors = figures.COLORS
hues = {"real": colors["true_labels"], "random inputs": colors["noise"]}
hues["random labels"] = colors["random_labels"]
noise_kinds = ("random inputs", "random labels")
pool_size = scale.sizes(examples=(200, 1600, 6400)).examples


# %% mystnb={"code_prompt_show": "Three kinds of data"} tags=["hide-input"]
# Three kinds of data
def three_kinds(seed, moved=1):
    """Real data, their labels on random inputs, and their inputs with random labels: a replicate's own."""
    real = data.mnist1d(pool_size, 1000, seed, max_translation=moved)
    labels = torch.randint(10, real.y.shape, generator=generator(seed, "random labels"))
    noise = data.gaussian_pixels(real, seed)
    return {"real": real, "random inputs": noise, "random labels": replace(real, y=labels)}


def log_axes(ax, across, upward):
    """Both axes logarithmic, with these ticks and no others."""
    figures.log_axis(ax, across)
    ax.set_yscale("log")
    ax.set_yticks(upward, [f"{tick:,}" for tick in upward])
    ax.minorticks_off()


# %% mystnb={"code_prompt_show": "Networks that train until they fit"} tags=["hide-input"]
# Networks that train until they fit: for growing numbers of examples, and of hidden units
numbers = scale.sizes(n=((50, 100, 200), (100, 400, 1600), (400, 1600, 6400))).n
units = scale.sizes(units=((16, 32, 64), (32, 128, 512), (32, 128, 512))).units
recipe = {"lr": 0.02, "momentum": 0.9, "batch_size": 50}


def until_fitted(seed, width, n, moved=1):
    """Steps to a training loss of 0.05, and norms of the weights there, for each kind of data."""
    pools = three_kinds(seed, moved)
    stop = {"epochs": 2000, "stop_loss": 0.05, "record": {"weights": [0]}}
    runs = sweep(mlp(width, depth=2), pools, n=n, seed=seed, **recipe, **stop)
    pairs = [
        [network(r, pools[r.data], *at) for at in ((), (0,))] for _, r in runs.iterrows()
    ]
    lengths = pd.DataFrame([measures.norms(*pair, (40,)) for pair in pairs])
    steps = runs.epochs_run * runs.n / 50
    table = pd.concat([runs[["data", "n", "width", "epochs_run"]], lengths], axis=1)
    return table.assign(seed=seed, steps=steps)


names = ["time-for-random-labels", "time-for-random-inputs"]
names += ["effective-capacity-is-data-dependent"]
by_number = pd.concat([until_fitted(s, 128, numbers) for s in ledger.seeds(*names)])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Labels that nobody supports are fitted all the same, at several times the price.** What the same network needs to bring the same number of examples to the same training loss, as a multiple of what it needs for real data. Geometric means over replicates with 95 % intervals.", "name": "fig-cost-puzzle"}, "image": {"alt": "Horizontal positions on a logarithmic axis for three costs: steps, distance from the start, path norm. Random inputs need a few times what real data need, random labels more still, and the path norm most of all."}} tags=["hide-input"]
most = by_number[by_number.n == max(numbers)]
costs = {"steps": "steps", "distance": "distance from the start", "path": "path norm"}
fig, ax = plt.subplots(figsize=(7.2, 2.6))
times = {}
for place, column in enumerate(costs):
    table = measures.by_seed(most, column, "data", "seed")
    for kind, marker in zip(noise_kinds, "os", strict=True):
        found = claims.ratio(table[kind] / table["real"])
        times[column, kind] = found.value
        ends = [[found.value - found.low], [found.high - found.value]]
        shown = kind if place == 0 else None
        ax.errorbar(
            found.value, -place, xerr=ends, fmt=marker, color=hues[kind], label=shown
        )
ax.axvline(1, color=hues["real"], linewidth=2)
figures.log_axis(ax, (1, 2, 5, 10, 20))
ax.set_yticks([0, -1, -2], list(costs.values()))
ax.set(xlabel="times what real data need", ylim=(-2.5, 0.5))
ax.legend(loc="upper right")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"For {max(numbers):,} examples random labels take {times['steps', 'random labels']:.1f} times as many steps as true ones and the weights "
    f"{times['distance', 'random labels']:.1f} times as far; random inputs take {times['steps', 'random inputs']:.1f} times the steps and "
    f"{times['distance', 'random inputs']:.1f} times the distance. In all cases practically every training example is right at the end."
)

# %% [markdown]
r"""
Three kinds of data, then, as in {cite:t}`arpit2017`: *real* ones, MNIST-1D with signals that are not moved (as on the page before); *random inputs*, Gaussian numbers that keep the labels; and *random labels*, on the
signals as they are. The network has two hidden layers of 128 units and is trained to a loss of 0.05. Its *path norm* is the root of the sum, over all paths from an input to an output, of the product of the squared
weights along the path. Every replicate draws its own signals, noise, labels and networks. In the last two the labels have nothing to do with the inputs, and yet their prices differ. Why should either be dearer than real data, and
why not both equally?

(cost-price)=
## The price of one more example

In a linear model the answer can be written down. Fit labels at inputs $x_1, \dots, x_n$ exactly, by the shortest weight vector $w$ in some space of features with kernel $k(x, x')$; gradient descent from zero
ends there. Let $f_n$ be that fit, and

$$
s_n(x) = k(x, x) - k_x^\top K^{-1} k_x
$$ (eq-novelty)

the squared length of the part of $x$'s features that is *new*, orthogonal to those of the $n$ training inputs.

```{prf:theorem} The price of an example
:label: thm-price
If $K$ is invertible and $s_n(x_{n+1}) > 0$, one more example lengthens the shortest fit by

$$
\lVert w_{n+1} \rVert^2 - \lVert w_n \rVert^2 = \frac{\bigl(y_{n+1} - f_n(x_{n+1})\bigr)^2}{s_n(x_{n+1})} .
$$ (eq-price-of-example)

If its label is drawn with mean zero and variance $\sigma^2$, independently of everything else, the expected price is at least $\sigma^2 / k(x_{n+1}, x_{n+1})$.
```

```{prf:proof}
$w_n$ is orthogonal to the new direction $u$ (it lies in the span of the old features), and the old labels stay fitted exactly if $w$ changes along directions orthogonal to the old features only. The shortest
such change is along $u$, of which a unit moves the output at $x_{n+1}$ by $\sqrt{s_n}$. It has to make up for $y_{n+1} - f_n(x_{n+1})$; square and divide. For a random label
$\mathbb E (y_{n+1} - f_n)^2 = \sigma^2 + \mathbb E f_n^2 \ge \sigma^2$, and $s_n \le k$.
```

So an example costs *the squared error of what the others predict for it*, over *what is new about it*. Three consequences. A label that the others predict is free, and where labels follow a pattern more examples predict them better. A random label never gets
cheap: each costs at least a constant (inputs being of bounded length), so that $\lVert w_n \rVert$, the distance from the start, grows at least like $\sqrt n$. And at the same error an input that is far from all others is *cheaper*, since more of it is new; a random label in the midst of real signals has
to be carved out of directions that are nearly used up.

::::{predict}
:answer: 3
:figure: fig-cost-distance
One hundred examples of each kind in the *linear model*. Which have the shortest fit, and which the longest?

1. Real data the shortest, random labels the longest, as in the networks above.
2. Real data the shortest, random inputs the longest: they are farthest from each other.
3. Random inputs the shortest, random labels the longest.
4. All are about alike: among so few examples none supports another.

:::{dropdown} Answer
C. A hundred real signals predict each other's labels only in part, and much more of a random input is new. With more examples the first two change places.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Shortest fits in a linear model"} tags=["hide-input"]
# Shortest fits in a linear model
def shortest(seed):
    """Length of the shortest fit of the first n examples with ReLU features, in the limit of many, for every n."""
    rows = []
    for kind, pool in three_kinds(seed).items():
        x, y = pool.x.double(), torch.nn.functional.one_hot(pool.y, 10).double() - 0.1
        factor = torch.linalg.cholesky(kernels.relu_kernel(x, x))
        price = torch.linalg.solve_triangular(factor, y, upper=False).square().sum(1)
        length = price.cumsum(0).sqrt()[torch.tensor(numbers) - 1].numpy()
        rows.append(
            pd.DataFrame({"seed": seed, "data": kind, "n": numbers, "length": length})
        )
    return pd.concat(rows)


# %%
linear = pd.concat([shortest(s) for s in by_number.seed.unique()])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Real data lengthen the weights least as their number grows; random labels take the longest weights throughout.** Left: length of the shortest fit in a linear model. Right: distance of a network's weights from their start, at the same training loss. Means over replicates with 95 % bands.", "name": "fig-cost-distance"}, "image": {"alt": "Two panels against the number of training examples on logarithmic axes. In both the line of real data rises least and that of random labels is highest. Left, the line of random inputs starts below that of real data and crosses it; right, it lies between the others."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.7))
figures.plot(linear, "n", "length", "data", left, hues)
figures.plot(by_number, "n", "distance", "data", right, hues)
log_axes(left, numbers, (30, 100, 300))
log_axes(right, numbers, (6, 10, 20))
for ax, title in ((left, "Linear model"), (right, "Network")):
    ax.set(title=title, xlabel="training examples")
left.set_ylabel("length of the weights")
right.set_ylabel("distance from the start")
left.legend()
plt.show()


# %% tags=["remove-input"]
def slopes(table, column, by):
    """Slope of log column on log by, one row per replicate and one column per kind of data."""
    values = np.log(measures.by_seed(table, column, ["data", by], "seed"))
    fit = {k: np.polyfit(np.log(list(values[k])), values[k].T, 1)[0] for k in hues}
    return pd.DataFrame(fit)


lengths = ("distance", "frobenius", "path", "spectral")
growth = {each: slopes(by_number, each, "n") for each in lengths}
in_model = slopes(linear, "length", "n")
fits = {"linear model": in_model, "network": growth["distance"]}
claims.table(
    "Exponents of n.",
    {f"{k}, {where}": claims.mean(fit[k]) for k in hues for where, fit in fits.items()},
)

# %% tags=["remove-input"]
ledger.say("effective-capacity-is-data-dependent")

# %% [markdown]
r"""
In the linear model both factors of the price are at work. Among few examples real labels are predicted only in part, and the signals are alike: they are dearer than random inputs, of which more is new. As examples are added the error falls for real data alone, and between 400 and
1,600 their fit becomes the shorter one ({ref}`ex-cost-average` has the two factors). Free it is not: what is new about a signal shrinks as well, and even with true labels the length grows faster than $\sqrt n$. In the network support wins from the start, and more real examples cost next to nothing. Its
features move while it trains; that they move towards what examples share would explain the difference, but was not measured. Had true labels been stored one by one, as random ones are, the green lines would run in parallel to the others. That norms grow faster for random labels is what {cite:t}`neyshabur2017` report; that the distance does so, and grows with the number of *true* examples too, as here, slowly, is in {cite:t}`nagarajan2019distance`. (The Frobenius norm is the root of the sum of all squared weights; a spectral norm is the largest factor by which a layer can lengthen its input.)

The obvious objection is that random labels were trained for longer: we matched the loss and not the steps. That is no flaw but the point. The set of functions that the architecture can express is the same; how far training goes into it depends
on the data. {cite:t}`arpit2017` call what a learning algorithm can reach its *effective capacity*. Lengths of weights are not that; they are one of its traces.

(cost-time)=
## Time

The theorem prices the destination. The way there takes $1/\lambda$ steps along a direction of eigenvalue $\lambda$ ({prf:ref}`prop-mem-modes`), and what nobody supports lies along directions with small ones. So noise should take longer.
How does the wait depend on the number of examples, and on that of hidden units?

::::{predict}
:answer: 1
:figure: fig-cost-time
Sixteen times as many training examples. By how much is the number of *steps* to the same training loss multiplied, and by how much for sixteen times as many hidden units?

1. With examples, less than sixteen times for all kinds of data, and least for real data; with units it falls, most for noise.
2. With examples, about sixteen times for all: each example needs its visits; with units it stays.
3. With examples, less than sixteen times for real data and more for noise; with units it falls, most for real data.

:::{dropdown} Answer
A. An exponent of 1 is no dividing line: examples without any pattern share their steps too.
:::
::::
"""

# %%
by_units = pd.concat([until_fitted(s, units, numbers[1]) for s in ledger.seeds(*names[:2])])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**More examples lengthen the way for noise more than for real data, more units shorten it more.** Steps to a training loss of 0.05, on logarithmic axes. Means over replicates with 95 % bands.", "name": "fig-cost-time"}, "image": {"alt": "Two panels of steps on logarithmic axes. Against training examples all lines rise, that of real data least. Against hidden units all fall, that of real data least. Random labels are highest throughout, real data lowest."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6), sharey=True)
figures.plot(by_number, "n", "steps", "data", left, hues)
figures.plot(by_units, "width", "steps", "data", right, hues)
log_axes(left, numbers, (200, 500, 1000, 2000))
log_axes(right, units, (200, 500, 1000, 2000))
left.set(xlabel="training examples", ylabel="steps until fitted")
right.set(xlabel="hidden units per layer", ylabel="")
right.legend()
plt.show()

# %% tags=["remove-input"]
in_number, in_units = slopes(by_number, "steps", "n"), slopes(by_units, "steps", "width")
by_what = {"in examples": in_number, "in units": in_units}
claims.table(
    "Exponents of the steps.",
    {f"{k}, {what}": claims.mean(fit[k]) for k in hues for what, fit in by_what.items()},
)

# %% tags=["remove-input"]
ledger.say("time-for-random-labels")

# %% tags=["remove-input"]
ledger.say("time-for-random-inputs")

# %% [markdown]
r"""
This is how {cite:t}`arpit2017` have it: not only does noise take longer, the *dependence* is steeper. Parallel lines would have spoken against it: what tells is the comparison of the lines. An exponent below 1 alone would not show that real examples "help each other": Gaussian inputs, among which
there is nothing to help with, have one too. What is particular to real data is that theirs is smaller still.

::::{admonition} Break it: a pattern that the network does not see
:class: break-it
One knob of the program that makes MNIST-1D moves each signal by up to 47 points. The classes are as they were, and a convolution treats all places alike; a fully connected network must learn a pattern anew for each. If the smaller exponent is due to support between
examples, it should go.
::::
"""

# %%
moved = pd.concat([until_fitted(s, 128, numbers, 48) for s in ledger.seeds(*names[:2])])
moved_slopes = slopes(moved, "steps", "n")

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Where signals are moved, real data cost what noise costs.** Steps to a training loss of 0.05 on MNIST-1D as it is published, with signals moved by up to 47 points. Means over replicates with 95 % bands.", "name": "fig-cost-moved"}, "image": {"alt": "Steps against training examples on logarithmic axes: three nearly parallel lines, that of real data between random inputs and random labels."}} tags=["hide-input"]
ax = figures.plot(moved, "n", "steps", "data", plt.subplots(figsize=(7.2, 3.2))[1], hues)
log_axes(ax, numbers, (200, 500, 1000, 2000))
ax.set(xlabel="training examples", ylabel="steps until fitted")
ax.legend()
ask = "How many steps does it take to fit real data whose signals are moved?"
figures.sketch(ax, "real", ask=ask)

# %% tags=["remove-input"]
gap = {k: claims.mean(moved_slopes[k] - moved_slopes["real"]) for k in noise_kinds}
Markdown(
    f"On moved signals the exponent in the number of examples exceeds that of real data by {gap['random labels']:.2f} for random labels and by {gap['random inputs']:.2f} for random "
    "inputs. As far as time goes, these signals might nearly as well be noise to this network."
)

# %% [markdown]
r"""
(cost-room)=
## Room

Noise also needs room. Keep 400 real examples and put 600 noise examples beside them, random inputs with labels or real signals with random labels. How wide must a network with one hidden layer be to do as well on new, clean signals as it can?

{cite:t}`arpit2017` find that on real data a small network is already close to the best, and that noise of either kind makes a larger one necessary. To test this we name two widths beforehand. Eight units are the fewest, among powers of two, that come
within a point of the best without noise, on seeds that are not tested; 2,048 units stand for "larger".

::::{predict}
:answer: 4
:figure: fig-cost-room
600 *random labels* beside 400 true ones, 60 epochs. Which width is best on clean test signals?

1. 128 units, which can fit nearly all labels.
2. 2,048 units, which fit them with room to spare.
3. It makes no difference.
4. 8 units, which cannot fit them.

:::{dropdown} Answer
D. With random *inputs* it is the wide ones.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Training sets with noise beside real examples"} tags=["hide-input"]
# Training sets with noise beside real examples
kept, total = pool_size // 4, pool_size * 5 // 8  # 400 real ones, and noise up to 1,000


def beside_noise(seed):
    """Real examples alone, and with noise examples of each kind beside them."""
    real, *noises = three_kinds(seed).values()
    mixed = {"none": replace(real, x=real.x[:kept], y=real.y[:kept])}
    for kind, noise in zip(noise_kinds, noises, strict=True):
        x = torch.cat([real.x[:kept], noise.x[kept:total]])
        y = torch.cat([real.y[:kept], noise.y[kept:total]])
        mixed[kind] = replace(real, x=x, y=y)
    return mixed


# %% mystnb={"code_prompt_show": "Their accuracy by width"} tags=["hide-input"]
# Their accuracy by width
room_units = ((4, 8, 16), (4, 8, 16, 32, 64, 128, 512, 2048))
room_units = scale.sizes(units=(*room_units, room_units[1])).units
small, middle, wide = 8, room_units[len(room_units) // 2], room_units[-1]
moments = [1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 38, 50, 60]


def room(seed):
    """Accuracy on clean signals, at the end and where validation would stop, by width and noise."""
    how = recipe | {"lr": 0.05, "epochs": moments[-1], "record": {"test_correct": moments}}
    runs = sweep(mlp(room_units), beside_noise(seed), seed=seed, **how)
    stopped = 1 - measures.stopped_errors(runs).stopped
    accuracy = {"accuracy": 1 - runs.test_error, "stopped": stopped, "seed": seed}
    return runs[["data", "width", "train_error"]].assign(**accuracy)


# %%
rooms = ["noise-inputs-need-width", "noise-labels-need-width"]
by_room = pd.concat([room(s) for s in ledger.seeds(*rooms)])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Random inputs ask for a wider network; with random labels every wider one does worse.** Accuracy on clean test signals after 60 epochs, with 400 real training examples and 600 noise examples beside them, or none. Dotted: the two widths that are compared. Means over replicates with 95 % bands.", "name": "fig-cost-room"}, "image": {"alt": "Accuracy against hidden units on a logarithmic axis. Without noise it is high and level from 8 units on. With random inputs it is level from 8 to 32 units and rises up to 512. With random labels it is highest at 8 units, falls to a dip at 128 and recovers only a little."}} tags=["hide-input"]
room_hues = {"none": hues["real"]} | {kind: hues[kind] for kind in noise_kinds}
ax = plt.subplots(figsize=(7.2, 3.7))[1]
figures.plot(by_room, "width", "accuracy", "data", ax, room_hues, label="noise: {}")
for width in (small, wide):
    ax.axvline(width, color=colors["threshold"], linestyle=":", linewidth=1.5)
figures.log_axis(ax, room_units)
ax.set(xlabel="hidden units", ylabel="accuracy on clean signals", ylim=(0, 1))
ax.legend(loc="lower center")
plt.show()

# %% tags=["remove-input"]
ledger.say("noise-inputs-need-width")

# %% tags=["remove-input"]
ledger.say("noise-labels-need-width")

# %% tags=["remove-input"]
by_width = measures.by_seed(by_room, "accuracy", ["data", "width"], "seed")
stopped = measures.by_seed(by_room, "stopped", ["data", "width"], "seed")
fitted = 1 - by_room.groupby(["data", "width"]).train_error.mean()["random labels"]
at_best = {w: claims.mean(100 * stopped["random labels", w]) for w in room_units}
Markdown(
    f"With random labels networks of {small} units fit {fitted[small]:.0%} of their training set, those of {middle} units {fitted[middle]:.0%} and the widest {fitted[wide]:.0%}. Stopped early, at an epoch "
    f"that one half of the test signals chooses for the other, networks of {small} units reach {at_best[small]:.0f} %, of {middle} units {at_best[middle]:.0f} % and of {wide:,} units {at_best[wide]:.0f} %."
)

# %% [markdown]
r"""
Random inputs do what the paper says, and {eq}`eq-price-of-example` suggests why. They lie far from the real signals and from each other. A wide network has directions to spare for them; a narrow one spends on them units that the real signals need.

Random labels are another matter. They sit *among* the real signals, and whoever fits some of them is wrong nearby. Best is the network of 8 units, which has little room for them; those of 16 do worse, although they, too, leave half of their training set unfitted. The dip comes where nearly all labels fit, and is the peak of {cite:t}`nakkiran2020` upside
down ({ref}`double-descent`). Had noise of this kind asked for room, the purple line would be highest at the right. To the right of the dip wider *is* better, as the paper has it, but that does not make up for the fall. Stopping early lifts the middle widths to about the level of 8 units, and the widest not so far; all had the same step, which a wide network might want smaller. If all of the paper's networks were wide
enough to fit their noise, it saw the right branch only. We cannot tell, so our verdict is about our range.

(cost-influence)=
## Influence

So far, what is spent. Now what it buys: how much does the outcome depend on each example? {cite:t}`arpit2017` define the *loss sensitivity* of training example $i$ as

$$
\chi_i = \operatorname{mean}_t \left\lVert \frac{\partial L_t}{\partial x_i} \right\rVert_1 ,
$$ (eq-cost-sensitivity)

with $L_t$ the training loss after $t$ steps of SGD. The example acts on $L_t$ through its own term and through every step in which it was used, and the derivative is taken back through all of them, as through the layers of a very deep network. How unevenly the $\chi_i$ are distributed is
summed up by their *Gini coefficient*, the mean difference between two of them over twice their mean: 0 if all are equal, close to 1 if a few have it all.

::::{predict}
:answer: 2
:figure: fig-cost-gini
Training, in each kind of data, up to the epoch at which 95 % of the examples are right. In which kind is the influence on the outcome spread most unevenly?

1. Random labels: each must be stored on its own, and some are hard to store.
2. Real data.
3. Random inputs: those few that happen to be close to others.
4. In none more than in the others, once they are compared at the same training accuracy.

:::{dropdown} Answer
B: most real examples are implied by others. Random ones count about equally, since nobody can stand in for them.
:::
::::

The mean over $t$ is taken at four equally spaced epochs from the start of the training to the first epoch at which 95 % of the training examples are right; plain SGD, 64 hidden units, 300 examples. The derivative follows the very steps that the network
was trained by. As a control every example gets a class of its own, so that even real ones must be told apart one by one.
"""


# %% mystnb={"code_prompt_show": "Loss sensitivity"} tags=["hide-input"]
# Loss sensitivity, back through all steps of a training from its start
last = scale.sizes(epochs=(12, 150, 150)).epochs
influential = scale.sizes(n=(100, 300, 300)).n
plain = {"lr": 0.3, "batch_size": 50, "epochs": last}
plain["record"] = {"weights": [0], "curves": range(last + 1), "correct": [last]}


def retraced(pool, n, seed, measure, like=None, **more):
    """A sensitivity [4, ..., n] at four epochs, the accuracies there, and the labels.

    The last epoch is that of 95 % accuracy: on the pool, or on another one that it is to be trained like.
    """
    pools = (pool, pool if like is None else like)
    row, other = (sweep(mlp(64), p, n=n, seed=seed, **plain).iloc[0] for p in pools)
    fitted = other.curve_train_error < 0.0501
    end, error = int(np.argmax(fitted)) if fitted.any() else last, row.curve_train_error
    epochs = np.unique(np.ceil(np.linspace(end / 4, end, 4)).astype(int))
    x, y = pool.x[row.examples], torch.from_numpy(row.labels)
    steps = [int(epoch) * -(-n // 50) for epoch in epochs]
    how = {"lr": plain["lr"], "batch_size": 50, "at": steps, "seed": seed} | more
    return measure(network(row, pool, 0), x, y, **how), 1 - error[epochs], y


# %%
def inequality(seed):
    """Gini coefficients of loss sensitivity, by kind of data; and with a class for every example."""
    course, whole = [], {"seed": seed}
    for kind, pool in three_kinds(seed).items():
        chi, accuracy, _ = retraced(pool, influential, seed, sensitivity.unrolled)
        at = {"seed": seed, "data": kind, "accuracy": accuracy}
        course.append(pd.DataFrame(at | {"Gini coefficient": sensitivity.gini(chi)}))
        whole[kind] = sensitivity.gini(chi.mean(0))
    return pd.concat(course), whole


# %% mystnb={"code_prompt_show": "With a class for every example"} tags=["hide-input"]
# With a class for every example
def own_classes(seed):
    """Gini coefficients where every example has a class of its own."""
    found, n = {"seed": seed}, influential
    for kind, pool in list(three_kinds(seed).items())[:2]:
        apart = replace(pool, x=pool.x[:n], y=torch.arange(n), classes=n)
        chi, _, _ = retraced(apart, n, seed, sensitivity.unrolled)
        found[kind] = sensitivity.gini(chi.mean(0))
    return found


replicates = ledger.seeds("loss-sensitivity-gini")
courses, wholes = zip(*(inequality(s) for s in replicates), strict=True)
course, uneven = pd.concat(courses), pd.DataFrame(wholes)
uneven_apart = pd.DataFrame([own_classes(s) for s in replicates])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Among real examples influence becomes unequal; among random ones it stays nearly equal.** Gini coefficient of the loss sensitivity at four times of a training, against the training accuracy reached; one line per replicate.", "name": "fig-cost-gini"}, "image": {"alt": "Gini coefficient against training accuracy. At low accuracy all lines come together; towards full accuracy those of real data rise to about one half, those of random inputs and random labels stay near one fifth."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.5))[1]
for (kind, color), marker in zip(hues.items(), figures.MARKERS, strict=False):
    line = {"color": color, "marker": marker, "markersize": 4, "linewidth": 1.2}
    for number, (_, rows) in enumerate(course[course.data == kind].groupby("seed")):
        label = kind if number == 0 else None
        ax.plot(rows.accuracy, rows["Gini coefficient"], label=label, alpha=0.8, **line)
ax.set(xlabel="training accuracy", ylabel="Gini coefficient", ylim=(0, None))
ax.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
ledger.say("loss-sensitivity-gini")

# %% tags=["remove-input"]
coefficients = {f"{kind}, whole training": claims.mean(uneven[kind]) for kind in hues}
apart = claims.mean(uneven_apart["real"] - uneven_apart["random inputs"])
coefficients["real less random inputs, a class for every example"] = apart
claims.table("Gini coefficients of the influence on the outcome.", coefficients)

# %% [markdown]
r"""
Had it been a matter of training time, random labels, which train longest, would have the largest coefficient. At lower accuracy the lines come together; the difference arises as the last tenth of the examples is fitted, when most real ones have long been right. That the influential ones
lie at the borders between classes is the usual reading, and was not measured here. With a class of its own no example can stand in for another, and with that goes most of the difference; the paper finds the same order there, and does not say how much is left.

**Which classes matter to each other?** Take the loss $L^{(k)}_t$ of the examples labelled $k$ alone, and ask how much it depends on those labelled $j$. The paper finds entries off the diagonal of this grid for real data, hardly any for random labels, and reads
them as patterns that classes share.
"""


# %% mystnb={"code_prompt_show": "Class against class"} tags=["hide-input"]
# Class against class
def grids(seed):
    """Sensitivity of each class's loss to each class's examples, over a training: off the diagonal over on it."""
    found, pools, diagonal = {"seed": seed}, three_kinds(seed), np.eye(10, dtype=bool)
    trained_like = [("real", "real"), ("random labels", "random labels")]
    trained_like.append(("random labels", "real"))  # stopped when real data are fitted
    for kind, like in trained_like:
        measure, how = sensitivity.unrolled_by_class, {"like": pools[like], "classes": 10}
        chi, _, y = retraced(pools[kind], influential, seed, measure, **how)
        for when, part in (("whole", chi.mean(0)), ("early", chi[0])):
            grid = sensitivity.class_grid(part, y)
            when = when if kind == like else f"{when}, like {like}"
            found[kind, when] = grid[~diagonal].mean() / grid[diagonal].mean()
    return found


# %%
crossed = pd.DataFrame([grids(s) for s in ledger.seeds("per-class-sensitivity")])

# %% tags=["remove-input"]
as_long = crossed["random labels", "whole, like real"]
to_the_end = crossed["random labels", "whole"]
Markdown(
    f"Off the diagonal the grid has {claims.mean(crossed['real', 'whole']):.2f} of what it has on it for real data, and {claims.mean(as_long):.2f} for random labels after as many steps. "
    f"If random labels go on until they are fitted, too, they have {claims.mean(to_the_end):.2f}, far more than real data."
)

# %% tags=["remove-input"]
ledger.say("per-class-sensitivity")

# %% [markdown]
r"""
So the sign hangs on the moment. After equally many steps real data have a little more off the diagonal, as in the paper, of whose length of training we know nothing. At the same training *accuracy*, for which random labels train several times as long, they have far less. Nor would the paper's sign show
that classes share anything. With shuffled labels every class holds signals of all shapes, and an example acts on the loss of any class through its look-alikes, with whom it does not agree: weight off the
diagonal can be interference as well as sharing, and these grids do not tell which. And each class's loss contains its own examples, which puts weight on every diagonal. We report the number because the claim is about it; as a measure of sharing we would not use it. A cheaper one, the gradient of the loss that an example would have with another label, has the paper's sign, but is large where nothing can be shared ({ref}`ex-cost-proxy`).

(cost-boundaries)=
## Boundaries

Last, the function itself. An example is *critical* if some input in a small box around it, $\lVert x' - x \rVert_\infty \le \rho$, is given another class; the share of critical ones among test signals is the *critical sample ratio*. {cite:t}`arpit2017` find that it
rises in training, and the more so the more noise there is: simple functions first, complicated ones to fit noise.

::::{predict}
:answer: 1
:figure: fig-cost-critical
1,000 signals with *clean* labels. From the first epoch to the last, how does the share of test signals with a decision boundary in a small box around them change?

1. It falls.
2. It rises: simple functions first, complicated ones later.
3. It stays.

:::{dropdown} Answer
On these data A: as the network gets surer, boundaries withdraw.
:::
::::

Nobody can look at every point of a box. Our search goes ten steps along the sign of the gradient of the margin between the predicted class and its best rival; the radius, a tenth of the inputs' standard deviation, is one and the same for all networks and was chosen on other
seeds so that the share is neither near 0 nor near 1 ({ref}`ex-cost-radius`).
"""

# %% mystnb={"code_prompt_show": "The ratio over training"} tags=["hide-input"]
# The critical sample ratio over training
looks = scale.sizes(epochs=((1, 2, 4), (1, 2, 4, 8, 16, 32, 64), (1, 2, 4, 8, 16, 32, 64)))


def critical(seed, noise, moved=1, radius=0.1, looks=looks.epochs):
    """Share of critical test signals over training, for networks trained with these shares of label noise."""
    pool, rows = data.mnist1d(pool_size, 1000, seed, max_translation=moved), []
    kept_at = {"record": {"weights": looks, "correct": looks[-1:]}, "epochs": looks[-1]}
    more = {"n": min(1000, pool_size), "label_noise": noise, "seed": seed}
    for _, row in sweep(mlp(128, depth=2), pool, **recipe, **more, **kept_at).iterrows():
        for time, epoch in enumerate(looks):
            box = pool.x_test[:500], radius, radius / 4
            found = sensitivity.critical_samples(network(row, pool, time), *box).mean()
            rows.append((seed, row.label_noise, epoch, found))
    return pd.DataFrame(rows, columns=["seed", "noise", "epoch", "critical"])


# %%
shares = [0, 0.2, 0.4, 0.8]
boundaries = ["critical-samples-rise", "critical-samples-noise"]
ratios = pd.concat([critical(s, shares) for s in ledger.seeds(*boundaries)])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The more wrong labels, the nearer the boundaries; with clean ones they withdraw.** Share of test signals with another class within the box, over training, for four shares \u03b7 of labels replaced at random. Means over replicates with 95 % bands.", "name": "fig-cost-critical"}, "image": {"alt": "Critical sample ratio against the epoch on a logarithmic axis for four noise levels. The curve of clean labels falls from the second epoch on; the others fall at first and then rise, the higher the more noise."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.5))[1]
figures.plot(ratios, "epoch", "critical", "noise", ax, label="η = {:g}")
figures.log_axis(ax, looks.epochs)
ax.set(ylim=(0, 1), xlabel="epoch", ylabel="critical sample ratio")
ax.legend(loc="upper left", ncols=2)
plt.show()

# %% tags=["remove-input"]
ledger.say("critical-samples-noise")

# %% tags=["remove-input"]
ledger.say("critical-samples-rise")

# %% [markdown]
r"""
Wrong labels force boundaries into the neighbourhood of clean test signals that were never trained on: memorization is not as local as the word suggests. Had it been, the ratio at these signals would not depend on η. In time there are two movements. At first the network becomes surer of what it has understood, and boundaries withdraw; then it fits what it has not, and they come
back. With clean labels on easy data there is little of the second.

::::{admonition} Break it: hard data, clean labels
:class: break-it
If that is so, the ratio should rise without a single wrong label on signals that are moved: the network fits all of those that it trains on and gets many of the new ones wrong, so much of what it has learned is stored.
::::
"""

# %%
hard = [
    critical(s, [0, 0.4], 48, looks=(1, looks.epochs[-1]))
    for s in ledger.seeds(boundaries[0])
]


# %% tags=["remove-input"]
def rise(table):
    """Change of the ratio from the first recorded epoch to the last, by share of noise."""
    values = measures.by_seed(table, "critical", ["noise", "epoch"], "seed")
    return {
        noise: values[noise].iloc[:, -1] - values[noise].iloc[:, 0] for noise in (0, 0.4)
    }


easy_rise, hard_rise = rise(ratios), rise(pd.concat(hard))
Markdown(
    f"From the first epoch to the last the ratio changes by {100 * claims.mean(easy_rise[0]):.0f} points on signals that are not moved and by {100 * claims.mean(hard_rise[0]):.0f} points on moved "
    "ones, all labels clean."
)

# %% [markdown]
r"""
So it rises, where on easy signals it had fallen. The paper's rise was seen on data that are harder than ours. "Complicated functions come late" held where there was something to memorize.

(cost-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-cost-of-memorizing`.
"""


# %% tags=["remove-input"]
def steeper(kind):
    """Exponents of the steps, this kind of noise less real data."""
    tables = {"examples": in_number, "units": in_units}
    tables["moved_examples"] = moved_slopes
    return {name: table[kind] - table["real"] for name, table in tables.items()}


ledger.card("time-for-random-labels", **steeper("random labels"), section="cost-time")

# %% tags=["remove-input"]
ledger.card("time-for-random-inputs", **steeper("random inputs"), section="cost-time")

# %% tags=["remove-input"]
lengthening = {k: g["random labels"] - g["real"] for k, g in growth.items()}
lengthening["inputs_distance"] = (
    growth["distance"]["random inputs"] - growth["distance"]["real"]
)
ledger.card("effective-capacity-is-data-dependent", **lengthening, section="cost-price")


# %% tags=["remove-input"]
def gain(kind, low=small, table=by_width):
    """What the widest networks have over narrower ones."""
    return table[kind, wide] - table[kind, low]


widths = {"clean": gain("none"), "noisy": gain("random inputs")}
ledger.card("noise-inputs-need-width", **widths, section="cost-room")

# %% tags=["remove-input"]
widths = {"clean": gain("none"), "noisy": gain("random labels")}
widths["past_threshold"] = gain("random labels", middle)
widths["stopped"] = gain("random labels", table=stopped)
ledger.card("noise-labels-need-width", **widths, section="cost-room")

# %% tags=["remove-input"]
gini = {"labels": uneven["real"] - uneven["random labels"]}
gini["inputs"] = uneven["real"] - uneven["random inputs"]
gini["own_class"] = uneven_apart["real"] - uneven_apart["random inputs"]
ledger.card("loss-sensitivity-gini", **gini, section="cost-influence")

# %% tags=["remove-input"]
grid = {t: crossed["real", t] / crossed["random labels", t] for t in ("whole", "early")}
grid["as_long"] = crossed["real", "whole"] / as_long
ledger.card("per-class-sensitivity", **grid, section="cost-influence")

# %% tags=["remove-input"]
changes = {"clean": easy_rise[0], "noisy": easy_rise[0.4]}
changes |= {"moved_clean": hard_rise[0], "moved_noisy": hard_rise[0.4]}
ledger.card("critical-samples-rise", **changes, section="cost-boundaries")

# %% tags=["remove-input"]
ends = ratios[ratios.epoch == looks.epochs[-1]]
ends = measures.by_seed(ends, "critical", "noise", "seed")
order = {
    "first": ends[0.2] - ends[0],
    "second": ends[0.4] - ends[0.2],
    "third": ends[0.8] - ends[0.4],
}
ledger.card("critical-samples-noise", **order, section="cost-boundaries")

# %% [markdown]
r"""
**We also asked** what moved signals, early stopping and other moments of the training change. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**What is "steeper"?** {cite:t}`arpit2017` show curves and give no number. We compare exponents; had we compared differences of steps, noise would be steeper for the trivial reason that it takes longer.

**Is it the norm?** {cite:t}`neyshabur2017` ask which measures could explain generalization, norms among them. {cite:t}`nagarajan2019` answer that norms grow with the number of *true* examples as well, while the test error falls; a measure that moves the wrong way with $n$ explains little. The
theorem takes no side: length counts what the examples had not said about each other.

**Does noise need a larger network?** For random inputs it did here; for random labels it did not. {cite:t}`nakkiran2020` show why one has to look at the whole curve: with wrong labels it has a peak, and what is better depends on the side from which one looks.

:::{admonition} "Networks adapt their capacity to the data"
:class: misconception
The set of functions that an architecture can express does not change. What changes with the data is how far training goes into it ({numref}`fig-cost-distance`).
:::

:::{admonition} "Noise is noise"
:class: misconception
Random inputs with labels and real inputs with random labels carry equally little. Yet random labels take more steps and a longer way, and only random inputs are better served by a wide network. What costs is a label that its neighbours contradict.
:::

:::{admonition} "A memorized example affects only itself"
:class: misconception
With wrong labels boundaries come close to test signals that nobody trained on ({numref}`fig-cost-critical`).
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`03_memorization`.

```{exercise} ★ The price of a copy
:label: ex-cost-copy
By {prf:ref}`thm-price`, what does a second copy of a training input cost, with the same label and with another one? What does an input cost whose features are orthogonal to all others?
```

```{solution} ex-cost-copy
:class: dropdown
For a copy $s_n = 0$. With the same label there is nothing to pay ($0/0$, and indeed $w$ need not change); with another label no weights fit both, and as the copy is approached the price grows without bound. An orthogonal input is predicted as $f_n = 0$, and $s_n = k(x, x)$: it costs
$y^2/k(x, x)$, whatever the others are.
```

```{exercise} ★ What Gini sees
:label: ex-cost-gini
A share $q$ of the examples has equal sensitivity and the others have none. What is the Gini coefficient? What happens to it if all sensitivities are multiplied by ten, and if ten is added to each?
```

```{solution} ex-cost-gini
:class: dropdown
Two examples drawn at random, with replacement, differ by the value $v$ with probability $2q(1 - q)$; the mean is $qv$. Mean difference over twice the mean: $1 - q$. A factor cancels; that is why losses of different size can be compared. A constant added to each makes the distribution more even and the
coefficient smaller: a noise floor in $\chi_i$ hides inequality.
```

```{exercise} ★ Epochs or steps
:label: ex-cost-epochs
Steps grow like $n^a$ at a fixed batch size. How do epochs grow? For which $a$ would one say in epochs that "more data are learned faster", and does that say anything about the labels?
```

```{solution} ex-cost-epochs
:class: dropdown
Like $n^{a - 1}$, so they fall whenever $a < 1$. In {numref}`fig-cost-time` that is so for all three kinds, random labels among them. So it says nothing about the labels; only the difference between kinds does.
```

```{exercise} ★★ The average price
:label: ex-cost-average
Compute the mean price of the 51st to the 100th of 1,600 examples in the linear model and that of the last hundred, for the three kinds, and its two factors, the mean squared error $(y - f)^2$ and the novelty $s$. Which of the two makes random labels dearer than random inputs?
```

```{solution-start} ex-cost-average
:class: dropdown
```
"""


# %%
def factors(pool, rows):
    """Mean price, squared error and novelty of these examples."""
    x, y = pool.x.double(), torch.nn.functional.one_hot(pool.y, 10).double() - 0.1
    factor = torch.linalg.cholesky(kernels.relu_kernel(x, x))
    price = torch.linalg.solve_triangular(factor, y, upper=False).square().sum(1)
    new = factor.diagonal().square()
    parts = {"price": price, "squared error": price * new, "novelty": new}
    return {name: part[rows].mean().item() for name, part in parts.items()}


pools = three_kinds(scale.seed_offset())
stretches = {"51st to 100th": slice(50, 100), "last hundred": slice(-100, None)}
tables = {s: {k: factors(d, i) for k, d in pools.items()} for s, i in stretches.items()}
pd.concat({s: pd.DataFrame(table).T for s, table in tables.items()}).map("{:.3g}".format)

# %% [markdown]
r"""
The novelty alone, which is several times as large for random inputs; their squared error is no smaller. Real labels have the novelty of random ones, since the inputs are the same, and a fraction of the error. By the hundredth example that fraction is not yet small enough to make up for the lower novelty, and real data are the dearer.

```{solution-end}
```

```{exercise} ★★ How large a box?
:label: ex-cost-radius
Compute the critical sample ratio at the end of training for boxes of one fifth and of five times the radius. For which radius can noise levels be told apart?
```

```{solution-start} ex-cost-radius
:class: dropdown
```
"""

# %%
final = (1, looks.epochs[-1])
boxes = {
    f"{factor:g} × radius": critical(scale.seed_offset(), shares, 1, 0.1 * factor, final)
    for factor in (0.2, 1, 5)
}
at_end = {
    box: t[t.epoch == final[1]].set_index("noise").critical for box, t in boxes.items()
}
pd.DataFrame(at_end).round(2)

# %% [markdown]
r"""
In the large box nearly everything is critical, and the levels cannot be told apart. In the small one they can, on a lower scale. Saturation at either end looks like "no effect".

```{solution-end}
```

```{exercise} ★★ A cheap proxy
:label: ex-cost-proxy
Replace the sensitivity through the updates by the gradient, in a trained network, of the loss that example $x$ *would* have if its label were $k$, averaged over examples labelled $j$. Compute off-diagonal over diagonal for the three kinds of data. Why is this no evidence for shared
patterns?
```

```{solution-start} ex-cost-proxy
:class: dropdown
```
"""


# %%
def proxy(pool, seed):
    """Off-diagonal over diagonal of the mean |gradient in the input| of the loss with label k."""
    row = sweep(mlp(64), pool, n=influential, seed=seed, **plain).iloc[0]
    x, y = pool.x[row.examples].requires_grad_(), torch.from_numpy(row.labels)
    log_p = network(row, pool)(x).log_softmax(1)
    slopes_in_x = [torch.autograd.grad(-p.sum(), x, retain_graph=True)[0] for p in log_p.T]
    size = torch.stack([g.abs().sum(1) for g in slopes_in_x])
    own = size.gather(0, y[None]).mean()
    return (size.sum() - size.gather(0, y[None]).sum()).item() / (9 * len(y) * own.item())


pd.Series({kind: proxy(pool, scale.seed_offset()) for kind, pool in pools.items()}).round(0)

# %% [markdown]
r"""
Large numbers, for random inputs as well, which have no patterns to share. Once an example is fitted, the gradient for its own label is nearly zero and those for all others are not. The ratio measures how well the training set is fitted, before anything else.

```{solution-end}
```

```{exercise} ★★★ Who has the influence?
:label: ex-cost-who
Draw each label of 300 real signals anew with probability 0.2. Over the training up to 95 % accuracy, which examples have the larger loss sensitivity, those with wrong labels or those with right ones? Predict with {prf:ref}`thm-price` in mind, then measure.
```

```{solution-start} ex-cost-who
:class: dropdown
```
"""

# %%
found = []
for seed in scale.seeds(3):
    pool = data.mnist1d(pool_size, 1000, seed, max_translation=1)
    noisy = data.corrupt_labels(pool.y, 0.2, 10, generator(seed, "some wrong"))
    chi, _, y = retraced(replace(pool, y=noisy), influential, seed, sensitivity.unrolled)
    wrong = (y != pool.y[data.subset(pool, influential, seed)]).numpy()
    found.append(chi.mean(0)[wrong].mean() / chi.mean(0)[~wrong].mean())
f"wrong over right labels: {claims.ratio(found):.2f}"

# %% [markdown]
r"""
Those with wrong labels, by far: what they ask for nobody else does, so the outcome depends on each. It is an inequality like that of {numref}`fig-cost-gini`, with a cause that is known, and it suggests a use: to find wrong labels by their influence.

```{solution-end}
```

```{exercise} ★★★ A network that sees the pattern
:label: ex-cost-convolution
In {numref}`fig-cost-moved` real data cost what noise costs. Train a one-dimensional convolutional network (`cnn1d`) on the same moved signals, to the same loss. Is its exponent in the number of examples smaller for real data than for random labels?
```

```{solution-start} ex-cost-convolution
:class: dropdown
```
"""

# %%
rows = []
for seed in scale.seeds(2):
    pools = three_kinds(seed, 48)
    pools.pop("random inputs")
    how = recipe | {"epochs": scale.sizes(epochs=(5, 500, 500)).epochs, "stop_loss": 0.05}
    runs = sweep(cnn1d(32), pools, n=[pool_size // 4, pool_size // 2], seed=seed, **how)
    rows.append(runs.assign(steps=runs.epochs_run * runs.n / 50))
pd.concat(rows).pivot_table("steps", "data", "n").round(0)

# %% [markdown]
r"""
It is: real data need fewer steps, and twice as many examples multiply them by less (means of two replicates). The same signals are supported by each other for one architecture and not for the other: support is a matter of data *and* network.

```{solution-end}
```

```{exercise} ★★★ The price in a network
:label: ex-cost-leave-out
Does {prf:ref}`thm-price` rank examples for a network, too? Train on 200 signals of which a fifth had their labels drawn anew, and on 199 with one left out, for several of them, from the same start to the same training loss. Compare the change of the squared distance with the squared error of the network that was trained without the
example.
```

```{solution-start} ex-cost-leave-out
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "Examples left out"} tags=["hide-input"]
# Examples left out
def left_out(seed, n=200, count=20):
    """Squared errors of predictions for examples left out, and by how much each lengthens the way."""
    pool = data.mnist1d(pool_size, 1000, seed, max_translation=1)
    noisy = data.corrupt_labels(pool.y, 0.2, 10, generator(seed, "some wrong"))
    keep = [[i for i in range(n) if i != out] for out in (*range(min(count, n - 1)), n)]
    sets = {
        str(k): replace(pool, x=pool.x[rows], y=noisy[rows]) for k, rows in enumerate(keep)
    }
    how = {"lr": 0.1, "momentum": 0.9, "epochs": 3000, "stop_loss": 0.05}
    runs = sweep(mlp(128), sets, seed=seed, record={"weights": [0]}, **how)
    modules = [
        [network(r, sets[r.data], *at) for at in ((), (0,))] for _, r in runs.iterrows()
    ]
    far = np.array([measures.norms(*pair, (40,))["distance"] ** 2 for pair in modules])
    target = torch.nn.functional.one_hot(noisy, 10)
    given = [m(pool.x[k : k + 1]).softmax(1)[0] for k, (m, _) in enumerate(modules[:-1])]
    errors = [(p - target[k]).square().sum().item() for k, p in enumerate(given)]
    return claims.rank_correlation(errors, far[-1] - far[:-1])


# %%
f"rank correlation: {claims.correlation([left_out(s) for s in scale.seeds(3)]):.2f}"

# %% [markdown]
r"""
Clearly positive: examples that the others get wrong are those that lengthen the way. The theorem is about linear models and the shortest fit; as a ranking it carries over.

```{solution-end}
```

## Summary

- In a linear model an example costs the squared error of what the others predict for it, over what is new about it. A label that is predicted is free; random ones never get cheap.
- Networks follow the order: real data, random inputs, random labels, in distance and in time, and the gap widens with the number of examples. In time it nearly closes where the network cannot see the pattern.
- Random inputs ask for a wider network. With random labels every wider one did worse.
- Among real examples some have much more influence on the outcome than others; among random ones all have about the same.
- Boundaries come nearer the more labels are wrong. In time they withdraw, and come back where there is something to memorize.

**Reading.** {cite:t}`arpit2017` for most of the questions; {cite:t}`neyshabur2017` and {cite:t}`nagarajan2019` for norms and what they do not explain; {cite:t}`nakkiran2020` for the dip; {cite:t}`feldman2020` for why memorization can be worth its price.
"""
