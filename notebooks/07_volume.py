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
(volume)=
# The volume of minima

Among the networks that fit a training set there are bad ones, and training does not find them. One explanation, the *volume hypothesis*, needs no property of the algorithm at all: good minima are so much larger that nobody ever lands in a bad one. Are they?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import copy
import math

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt

from overparam import MLP, claims, data, figures, measures, results, scale, sweep
from overparam.engine.settings import Settings, Vector
from overparam.engine.sweep import run
from overparam.measures import volume
from overparam.randomness import generator, rng
from overparam.theory import guessing

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, blue, orange = figures.COLORS, *figures.SEQUENCE[:2]
ledger = claims.Ledger("volume")
deep = MLP(64, depth=3)
size = scale.sizes(n=(20, 50, 50), epochs=(300, 1500, 1500), ways=(20, 100, 300))
n = size.n


# %% mystnb={"code_prompt_show": "Spirals, and networks at one training loss"} tags=["hide-input"]
# Spirals, and networks at one training loss
def spirals(seeds):
    """Every replicate's own points: a pool, of which the first 50 are the training examples, and 2,000 to test on."""
    return {s: data.two_spirals(20 * n, 2000, s) for s in seeds}


def at_loss(row, level, own):
    """The recorded weights at which the loss on the training examples is nearest to the level."""
    mine = row.examples < own
    loss = row.losses[:, mine].mean(1)
    k = np.argmin(np.abs(np.log(loss / level)))
    right = row.correct[k, mine]
    found = {"seed": row.data, "weights": torch.from_numpy(row.weights[k]), "loss": loss[k]}
    return found | {"fits": right.all(), "train": 100 * right.mean()}


def trained(sets, ratio=0.0, wrong=True, level=0.01, net=deep, own=n, **how):
    """A network for each data set, trained on its examples and on ``ratio`` times as many others, with wrong labels."""
    extra = round(ratio * own)
    unions = {s: data.poisoned(d, own, extra, wrong=wrong) for s, d in sets.items()}
    how = {"optimizer": "adam", "lr": 0.003, "stop_loss": 0.003} | how
    how.setdefault("epochs", size.epochs)
    at = np.unique(np.geomspace(how["epochs"] / 150, how["epochs"], 100).astype(int))
    record = dict.fromkeys(("weights", "correct", "losses"), at)
    runs = sweep(net, unions, seed={s: s for s in sets}, record=record, **how)
    rows = [at_loss(row, level, own) for _, row in runs.iterrows()]
    return pd.DataFrame(rows).assign(poison=ratio, accuracy=accuracies(rows, sets, net))


# %% mystnb={"code_prompt_show": "Accuracy on new points"} tags=["hide-input"]
# Accuracy on new points
def module_of(net, d):
    """A network of this architecture for these data."""
    return net.build(d.shape, d.outputs, generator(0, "init"))


def accuracies(rows, sets, net=deep):
    """Share of the test examples that each network classifies, in per cent."""
    found = []
    for row in rows:
        d = sets[row["seed"]]
        answers = volume.outputs(module_of(net, d), row["weights"][None], d.x_test)[
            0
        ].argmax(1)
        found.append(100 * float((answers == d.y_test).float().mean()))
    return found


# %%
sets = spirals(
    ledger.seeds("poisoned-minima-exist", "good-minima-reach-farther", "volume-gap")
)
levels = (0, 0.5, 1, 2)  # wrong labels for every right one
runs = pd.concat([trained(sets, ratio) for ratio in levels], ignore_index=True)

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**All of these networks fit the same training points, and they know less and less.** Regions in which one network answers with each of the two classes, for networks trained on the same points (dots) and on more and more others with wrong labels (not drawn). In the title the accuracy on new points.", "name": "fig-vol-regions"}} tags=["hide-input"]
# The slider over the poison
first = min(sets)
d, module = sets[first], module_of(deep, sets[first])
ticks = torch.linspace(-5, 5, 121)
grid = torch.cartesian_prod(ticks, ticks)


def shown(ratio):
    fig, ax = plt.subplots(figsize=(7.2, 4.1))
    row = runs[(runs.seed == first) & (runs.poison == ratio)].iloc[0]
    logits = volume.outputs(module, row.weights[None], grid)[0]
    side = (logits[:, 1] - logits[:, 0]).view(121, 121).T
    ax.contourf(ticks, ticks, side, [-1e9, 0, 1e9], colors=[blue, orange], alpha=0.25)
    for label, color in enumerate((blue, orange)):
        ax.plot(*d.x[:n][d.y[:n] == label].T, "o", color=color, markersize=5)
    right = "all" if row.fits else "not all"
    title = f"{right} training points right, {row.accuracy:.0f} % of new points"
    ax.set(title=title, xticks=[], yticks=[], aspect="equal")
    return fig


alt = "Plane with two interleaved spirals of dots and the regions of a network trained with {} wrong labels per right one."
figures.slider(shown, values=levels, description="Wrong labels per right one", alt=alt)

# %% [markdown]
r"""
At the left end of the slider the regions follow the spirals. At the right end the network is right around each training point and mostly wrong farther away. The training examples cannot tell these networks apart: all are classified, and each network is taken at the moment at which its training loss is nearest to 0.01. (Such places are called minima,
although the loss could fall further there.) What keeps training from ending at the right?

(vol-poison)=
## Bad minima, made to order

{cite:t}`huang2020` reach bad minima with *poison*: to the training loss they add the loss on further points *with wrong labels*. We train on the union. With $P$ poisoned points beside $n = 50$ training points, each of which stands in the union three times,

$$
\frac{3 n\, L + P\, L_{\mathrm{wrong}}}{3 n + P}
$$ (vol-eq-poison)

is minimized, and the *ratio* $P/n$ is the strength of the poison. The paper poisons images as well as a toy problem; our poisoned points keep a distance from the training points, since two labels in one place cannot be fitted. Poison shows that bad minima *exist*; nobody claims that it is met in practice.

::::{predict}
:answer: 3
A clean and a poisoned network start from the same initial weights. How far from the clean one does the poisoned one end, compared to the way that clean training goes from the initial weights?

1. A tenth of that way: bad minima lie next to the good ones, and one misses them by a little.
2. About as far: in so many dimensions all distances are about the same.
3. Several times as far.

:::{dropdown} Answer
C. The text below the next figure has the ratio.
:::
::::

And without poison? The claim is not that bad minima are rare, it is that SGD does not find them. We draw new points, new weights and a new order for each run, and train by SGD.
"""

# %%
by_sgd = trained(
    spirals(ledger.seeds("clean-training-avoids-them")),
    optimizer="sgd", lr=0.02, momentum=0.9, batch_size=10, epochs=300,
)  # fmt: skip

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Poison leads to networks that fit and know nothing; training without it does not.** Left: accuracy on the training points and on new ones against the ratio of wrong labels, means with 95 % bands. Right: accuracy on new points of networks that SGD found without poison, and of poisoned ones (ratio 2).", "name": "fig-vol-accuracy"}, "image": {"alt": "Left: a level line of training accuracy at the top and a falling line of accuracy on new points. Right: two histograms far apart, the poisoned networks around the dotted line of chance or below, those of SGD near the right end."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3))
figures.lines(runs, "poison", {"train": "train", "accuracy": "test"}, left)
left.set(xlabel="wrong labels per right one", ylabel="per cent classified", ylim=(0, 104))
left.legend(loc="lower left")
bins = np.arange(20, 101, 5)
bad = runs[runs.poison == 2]
right.hist(bad.accuracy, bins, color=orange, alpha=0.7, label="poisoned")
right.hist(by_sgd.accuracy, bins, color=blue, alpha=0.7, label="SGD, clean")
right.axvline(50, linestyle=":", color=colors["threshold"])
right.set(xlabel="per cent of new points classified", ylabel="networks")
right.legend(loc="upper center", bbox_to_anchor=(0.64, 1))  # beside the line of chance
figures.sketch(left, "test", ask="What per cent of new points does it get right?")

# %% tags=["remove-input"]
ledger.say("poisoned-minima-exist")

# %% tags=["remove-input"]
Markdown(
    f"{ledger.say('clean-training-avoids-them')} (Of the runs on this page {by_sgd.fits.mean():.0%} classify all their training points.)"
)


# %% mystnb={"code_prompt_show": "Distances"} tags=["hide-input"]
# Distances between the initial weights, good and poisoned networks
def initial(seed, net=deep):
    """The initial weights of a replicate's networks."""
    built = net.build((2,), 2, generator(seed, "init"))
    return torch.nn.utils.parameters_to_vector(built.parameters()).detach()


by_ratio = measures.by_seed(runs, "weights", "poison", "seed")
away = pd.DataFrame(
    {
        "way": [float((w - initial(s)).norm()) for s, w in by_ratio[0].items()],
        "apart": [
            float((a - b).norm()) for a, b in zip(by_ratio[0], by_ratio[2], strict=True)
        ],
    }
)

# %% tags=["remove-input"]
Markdown(
    f"How near are they? Clean training moves the weights by {claims.mean(away.way):.1f}. The poisoned network, from the same initial weights, ends at a distance of {claims.mean(away.apart):.1f} from the good one, {claims.ratio(away.apart / away.way):.1f} times as far."
)

# %% [markdown]
r"""
Had capacity been what keeps networks from bad minima, no poison would have worked. With fewer wrong labels the minima are less bad, and only at the largest ratio are they as bad as those of the paper; to show that such minima exist one ratio is enough. So {numref}`fig-vol-accuracy` says that the bad ones exist, that the training loss does not exclude them, and that training avoids them. It does not say that they lie close by: in our networks a bad minimum is several times as far from the good one as that is
from the initial weights. {cite:t}`huang2020` draw bad minima near the path of SGD, on a map that keeps neighbours and not distances; whoever searches from the good one finds a nearer one, too ({ref}`vol-ex-near`). Already this is an objection to "it is only volume": whoever walks a short way sees little of the space.

(vol-plane)=
## A plane through both

Three points lie in a plane: the initial weights, the good minimum and the poisoned one. We compute the training loss and the test error at some two thousand networks of that plane.
"""


# %% mystnb={"code_prompt_show": "The plane"} tags=["hide-input"]
# The plane
def plane(seed, points=45):
    """Coordinates of the plane, of the three networks in it, training loss and test error [points, points]."""
    d, start = sets[seed], initial(seed)
    steps = torch.stack([by_ratio.loc[seed, ratio] - start for ratio in (0, 2)])
    basis, lengths = torch.linalg.qr(steps.T)
    marks = torch.cat([torch.zeros(1, 2), lengths.T])
    turn = marks[1:].diagonal().sign()
    basis, marks = basis * turn, marks * turn
    low, high = marks.amin(0) - 0.4 * marks[2].norm(), marks.amax(0) + 0.4 * marks[2].norm()
    u, v = (torch.linspace(a, b, points) for a, b in zip(low, high, strict=True))
    weights = start + torch.cartesian_prod(u, v) @ basis.T
    loss = volume.losses(module, weights, d.x[:n], d.y[:n])
    answers = volume.outputs(module, weights, d.x_test[:400]).argmax(2)
    error = (answers != d.y_test[:400]).float().mean(1)
    return u, v, marks, loss.view(points, -1).T, error.view(points, -1).T


# %%
u, v, marks, loss, error = plane(first)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Two valleys of the training loss; in one of them the test error is low.** The plane through the initial weights (circle), the good minimum (square) and the poisoned one (triangle) of one replicate. Left: training loss, contours at equal steps of its logarithm; right: test error.", "name": "fig-vol-plane"}, "image": {"alt": "Two coloured maps of the same plane. Left, the training loss: a broad valley around the good minimum and a narrow one around the poisoned minimum, with a ridge between. Right, the test error: low in a broad region that holds the good minimum, high around the poisoned one."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.7), sharey=True)
views = {"log₁₀ of the training loss": loss.log10().clamp(-3, 1)}
views["test error, per cent"] = 100 * error
for ax, (title, values) in zip(axes, views.items(), strict=True):
    drawn = ax.contourf(u, v, values, 16, cmap=figures.colormap())
    for mark, kind in zip(marks, "os^", strict=True):
        ax.plot(*mark, kind, color=figures.PAPER, markeredgecolor=figures.INK, markersize=8)
    fig.colorbar(drawn, ax=ax, orientation="horizontal", shrink=0.9)
    ax.set(title=title, xlabel="towards the good minimum")
axes[0].set_ylabel("across")
plt.show()

# %% tags=["remove-input"]
low = loss < 0.1
share_good = float((error[low] < 0.25).float().mean())
Markdown(
    f"Of the points of this plane with a training loss below 0.1, {share_good:.0%} have a test error below 25 %."
)

# %% [markdown]
r"""
Had the two minima been alike, the valleys would have the same shape. The good one is broad and lies in a region of low test error that is broader still: where the training loss is low around it, the test error is low, too. The poisoned one is a slot, and its walls are steep. A plane is two dimensions of 8,642, though, and this one was chosen
because it holds the two minima. The hypothesis is about all directions.

(vol-radii)=
## How far a minimum reaches

From a network $\theta$ go along a random direction $u$ until the training loss reaches a *cutoff* $c$; the way is the *radius*

$$
r(u) = \min \{ r > 0 : L(\theta + r u) \ge c \} .
$$ (vol-eq-radius)

What is one step long? Weights of different units live on different scales, so a Gaussian direction is *filter-normalized* {cite:p}`li2018landscape`: its part for the incoming weights of a unit (a *filter*) gets the length that these weights have in the network, its part for a bias the size of that bias. Then $u$ is as long as $\theta$, and $r = 0.1$ means a change by a tenth of the
network. We take the cutoff 0.1, ten times the loss at which networks are compared, and 100 directions, the same draws for all networks of a replicate.

::::{predict}
:answer: 3
:figure: fig-vol-radii
At equal training loss, along the same random draws: how much farther does the good minimum reach than the one that is made with two wrong labels per right one?

1. Ten per cent farther.
2. About twice as far.
3. About ten times as far.
4. Less far: what is good is finely tuned.

:::{dropdown} Answer
C. Raised to the number of parameters, even ten per cent would be astronomic: {ref}`vol-power`.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Radii"} tags=["hide-input"]
# Radii of all networks of a table, along the same draws within a replicate
def reach(table, sets, cutoffs=(0.1, 0.05, 0.5), how="filter", net=deep, own=n):
    """For each network radii [directions, cutoffs]."""
    parts = []
    for seed, rows in table.groupby("seed", sort=False):
        weights, d = torch.stack([*rows.weights]), sets[seed]
        module = module_of(net, d)
        along = volume.directions(module, weights, size.ways, seed, how)
        radii = volume.radii(module, weights, d.x[:own], d.y[:own], along, cutoffs)
        parts.append(pd.Series([*radii], rows.index))
    return pd.concat(parts)


def mean_radius(radii, cutoff=0):
    """The geometric mean over directions."""
    return radii.map(lambda r: np.exp(np.log(r[:, cutoff]).mean()))


# %%
runs["radii"] = reach(runs, sets)
runs["radius"] = mean_radius(runs.radii)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Good minima reach many times as far.** Left: training loss along twenty random directions from the good and from the poisoned network of one replicate; dotted, the cutoff. Right: radius (geometric mean over directions) against test error, one point per network; colours are the wrong labels per right one.", "name": "fig-vol-radii"}, "image": {"alt": "Left: two bundles of rising curves on logarithmic axes; that of the poisoned network crosses the dotted line far to the left of the other. Right: radius on a logarithmic axis falls with test error; points of equal poison lie together."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4))
steps = np.geomspace(0.01, 1, 30)
for ratio, color, name in ((0, blue, "good"), (2, orange, "poisoned")):
    here = by_ratio.loc[first, ratio]
    for way in volume.directions(module, here[None], 20, first)[0]:
        line = here + torch.tensor(steps, dtype=torch.float32)[:, None] * way
        left.loglog(
            steps, volume.losses(module, line, d.x[:n], d.y[:n]), color=color, lw=0.7
        )
    left.plot([], color=color, label=name)
left.axhline(0.1, linestyle=":", color=colors["threshold"])
left.set(xlabel="r", ylabel="training loss")
left.legend(loc="upper left")
for (ratio, rows), color in zip(
    runs.groupby("poison"), figures.ramp(len(levels)), strict=True
):
    right.semilogy(100 - rows.accuracy, rows.radius, "o", color=color, label=f"{ratio:g}")
right.set(xlabel="test error, per cent", ylabel="radius at the cutoff")
right.set_yticks((0.03, 0.1, 0.3), (0.03, 0.1, 0.3), minor=False)
right.yaxis.set_minor_formatter("")
right.legend(title="wrong labels")
plt.show()

# %% tags=["remove-input"]
ledger.say("good-minima-reach-farther")


# %% mystnb={"code_prompt_show": "More of the same radii, and networks with more right labels"} tags=["hide-input"]
# More of the same radii, and networks with as many more labels, all right
def gap(cutoff):
    """Radius of the good network over that of the poisoned one, for each replicate."""
    table = runs.assign(value=mean_radius(runs.radii, cutoff))
    table = measures.by_seed(table, "value", "poison", "seed")
    return table[0] / table[2]


more = trained(sets, 2, wrong=False)
good = runs[runs.poison == 0].radius.to_numpy()
grouped = [rows for _, rows in runs.groupby("seed")]
reached = {"ratio": gap(0), "low": gap(1), "high": gap(2)}
reached["right_labels"] = good / mean_radius(reach(more, sets))
reached["ordered"] = [
    float((np.diff(g.sort_values("accuracy").radius) > 0).all()) for g in grouped
]

# %% tags=["remove-input"]
Markdown(
    f"With a cutoff of 0.05 the good network reaches {claims.ratio(reached['low']):.1f} times as far as the poisoned one, with 0.5 {claims.ratio(reached['high']):.1f} times. Against a network that was trained on as many further points with *right* labels it is {claims.ratio(reached['right_labels']):.2f} times."
)

# %% [markdown]
r"""
Had radii nothing to do with what a network knows, the bundles would lie on each other. The last number is the control: it is not the *number* of points that makes a minimum narrow. A hundred further points with right labels leave the radius where it was, as they ask for nothing that the network did not do already. A hundred wrong ones have to be
fitted against the rest, by regions that bend around single points, and such a network breaks at the slightest change of its weights. So the radius tells how hard a function is to hold. That this goes with error is so where the truth is simple. Where it is hard, right labels narrow a minimum, too, and the network that knows more is the narrower one: {ref}`vol-ex-right`.

We ask how much of this depends on the setting, mostly one knob at a time: cutoff, normalization, size of network, training set, noise, optimizer, and other data.
"""

# %% mystnb={"code_prompt_show": "The settings"} tags=["hide-input"]
# The settings
usual = {"data": "spirals", "turns": 1.0, "noise": 0.3, "own": n, "width": 64, "depth": 3}
usual |= {"ratio": 2, "cutoff": 0.1, "normalise": "filter"}
one = {"cutoff": (0.05, 0.5), "normalise": ("weight", "none"), "width": (32, 128)}
one |= {"depth": (2, 4), "ratio": (1, 3), "own": (30, 70), "noise": (0.15, 0.45)}
one |= {
    "turns": (0.75, 1.25),
    "lr": (0.001, 0.01),
    "level": (0.03,),
    "weight_decay": (1e-4,),
}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]
by_batches = {"optimizer": "sgd", "ratio": 1, "lr": 0.02, "momentum": 0.9, "batch_size": 25}
settings += [by_batches]
settings += [{"data": name, "own": 200} for name in ("mnist1d", "digits")]


def pool(seed, data_set, own, turns, noise):
    """A replicate's data in a setting."""
    if data_set == "mnist1d":
        return data.mnist1d(2000, 2000, seed, max_translation=8)
    if data_set == "digits":
        return data.digits(1000, seed)
    return data.two_spirals(20 * own, 2000, seed, turns, noise)


# %% mystnb={"code_prompt_show": "The run that was recorded"} tags=["hide-input"]
# The run that was recorded
def in_setting(how):
    """How many times as far a good network reaches as a poisoned one, mean over three replicates."""
    rest = usual | how
    kind, turns, noise, own, *shape = (rest.pop(key) for key in list(usual)[:6])
    ratio, cutoff, normalise = (rest.pop(key) for key in list(usual)[6:])
    some, net = (
        {s: pool(s, kind, own, turns, noise) for s in ledger.selection(3)},
        MLP(*shape),
    )
    both = [trained(some, r, net=net, own=own, **rest) for r in (0, ratio)]
    far = [mean_radius(reach(t, some, (cutoff,), normalise, net, own)) for t in both]
    factor = claims.ratio(far[0] / far[1]).value
    name = ", ".join(f"{key} {value}" for key, value in how.items()).replace("own", "n")
    name = name or "as above"
    found = {"setting": name.split(", lr 0.02")[0], "factor": factor, "keeps": factor > 1}
    return found | {"loss": float(both[1].loss.max())}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Good minima reach farther than poisoned ones in every kind of setting.** Radius of the good network over that of the poisoned one. One dot per setting, geometric means over three replicates.", "name": "fig-vol-multiverse"}, "image": {"alt": "Horizontal positions on a logarithmic axis, one for each of about twenty settings, to the right of a dotted line at 1."}} tags=["hide-input"]
name, measure = "07_volume_multiverse", lambda: pd.DataFrame(map(in_setting, settings))
robust, where = results.measured_or_recorded(name, measure)
ax = figures.setting_rows(robust, "factor", 1, blue)
figures.log_axis(ax, (1, 2, 5, 10, 20))
ax.set_xlabel("radius, good over poisoned")
plt.show()

# %% tags=["remove-input"]
least = robust.sort_values("factor").iloc[0]
Markdown(
    f"The median factor is {robust.factor.median():.1f}, the smallest {least.factor:.1f} ({least.setting}). The good network reaches farther in {results.kept(robust, where)} Not all poisoned networks come down to the loss that they are compared at, which shortens their radii; the highest has {robust.loss.max():.2f}."
)

# %% [markdown]
r"""
Had the finding been one of the spirals, of Adam or of a cutoff, some settings would lie on the other side of the line. None does. But the factor is no constant: it is smallest on MNIST-1D, where the network without poison is not a good one either.

(vol-rescaling)=
## A radius should not depend on units

{cite:t}`dinh2017` object to flatness that two networks with the same function may have any sharpness one likes ({doc}`/notebooks/07_flatness`). Multiply the incoming weights and biases of a ReLU layer by $a > 0$ and divide the outgoing weights by $a$: no output changes. Do radii?

```{prf:proposition} Filter-normalized radii do not see the scale of a layer
:label: vol-prop-filter
Let $\theta'$ be $\theta$ with the weights and biases of a hidden layer multiplied by $a > 0$ and the weights of the next layer divided by it. If directions are filter-normalized, or scaled weight by weight, $u_i = g_i \lvert \theta_i \rvert$, then for each Gaussian draw $g$ the radius at $\theta'$ is the one at $\theta$.
```

```{prf:proof}
A filter $w$ of the hidden layer becomes $a w$, and the part of $u$ that belongs to it, $g \lVert w \rVert / \lVert g \rVert$, is multiplied by $a$, too; so it is with biases. In the next layer $w$ becomes $w / a$ and $u$ becomes $u / a$; its biases, normalized by themselves, stay. So $\theta' + r u'$ is $\theta + r u$ with the same layer multiplied by $a$ and the next divided: the same function, and
the same loss, at each $r$. Weight by weight it is the same argument.
```

Had directions a fixed length instead, the weights that were divided by $a$ would be moved by $a$ times as much, relative to their size. We check with $a = 10$: the table has the factor by which the mean radius changes. The paragraph after it breaks the statement.
"""


# %% mystnb={"code_prompt_show": "Rescaling"} tags=["hide-input"]
# The same function at other weights: units of the first layer times a [64], what they feed divided by it
def rescaled(weights, a):
    """The weights, in double precision, after the rescaling."""
    parts = list(weights.double().split([p.numel() for p in module.parameters()]))
    parts[0] = (parts[0].view(64, 2) * a[:, None]).flatten()
    parts[1] = parts[1] * a
    parts[2] = (parts[2].view(64, 64) / a).flatten()
    return torch.cat(parts)


def moved(seed, factors, how):
    """By which factor the mean radius changes, and the largest change of a single radius's logarithm."""
    d, fine = sets[seed], copy.deepcopy(module).double()
    here = by_ratio.loc[seed, 0]
    both = torch.stack([rescaled(here, a) for a in (torch.ones(64), factors)])
    along = volume.directions(fine, both, 20, seed, how)
    first, second = volume.radii(fine, both, d.x[:n].double(), d.y[:n], along)[:, :, 0]
    return np.exp(np.log(second / first).mean()), np.abs(np.log(second / first)).max()


# %%
layer, units = torch.full((64,), 10.0), torch.logspace(-1, 1, 64)
changes = {
    how: {
        "a layer times 10": moved(first, layer, how),
        "units times 0.1 to 10": moved(first, units, how),
    }
    for how in volume.NORMALISATIONS
}
pd.DataFrame(changes).map(lambda both: f"× {both[0]:.3f}")

# %% [markdown]
r"""
::::{admonition} Break it: one unit at a time
:class: break-it
Dinh's argument works unit by unit, too: each unit of a layer may have its own $a$. The second row of the table does that, and the filter-normalized radius moves: an outgoing weight lies in a filter with others, which were divided by other numbers, so that the large ones set the scale for all. Only directions that are scaled weight by weight
survive. *Invariant* is short for "invariant under what?".
::::

(vol-power)=
## From a radius to a volume

What one wants is the volume of the region that is seen from $\theta$ at a loss below the cutoff. In polar coordinates it is a mean over directions.

```{prf:proposition} Volume is a mean of powers
:label: vol-prop-polar
Let $u$ be uniform on the unit sphere of $\mathbb R^p$ and $V_p$ the volume of the unit ball. The region of all $\theta + t u$ with $0 \le t < r(u)$ has the volume $V_p \, \mathbb E\, r(u)^p$. If finitely many sampled radii have a single largest one, then as $p$ grows the *effective number of directions*
$M_{\mathrm{eff}} = (\sum r^p)^2 / \sum r^{2p}$ in their mean of powers goes to 1.
```

```{prf:proof}
In polar coordinates the volume is $\int \int_0^{r(u)} t^{p-1} \, dt \, du = \tfrac1p \int r(u)^p \, du$, and the unit ball's is $\tfrac1p \int du$. For the second part divide each radius by the largest: all powers but that one go to 0, and both sums to 1.
```

{cite:t}`huang2020` estimate the mean by random directions. Theirs are filter-normalized, which is, nearly, a change of units: volume is then measured in sizes of the network's own filters. Our networks have $p = 8{,}642$.

::::{predict}
:answer: 1
:figure: fig-vol-power
You raise the radii to the power $p$ and average, once over five directions and once over five hundred. What does the logarithm of the volume do?

1. It rises by more than a thousand orders of magnitude.
2. It stays, with a tenth of the error.
3. It stays; the error does not shrink, as all directions are alike.

:::{dropdown} Answer
A. With such a power a mean of $r^p$ is as good as $r_{\max}^p$ divided by the number of directions, and the largest of five hundred radii is larger than the largest of five.
:::
::::
"""

# %%
many, long = 5 * size.ways, {}
for ratio in (0, 2):
    here = by_ratio.loc[first, ratio][None]
    along = volume.directions(module, here, many, first)
    long[ratio] = volume.radii(module, here, d.x[:n], d.y[:n], along)[0, :, 0]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The volume is that of the luckiest direction.** Left: logarithm of the mean of r to the power p against the number of directions, for the good and the poisoned network of one replicate (dots: drawn anew; line: mean). Right: effective number of directions, out of those that were sampled, if the power were smaller than p.", "name": "fig-vol-power"}, "image": {"alt": "Left: two rising curves with scattered dots against the number of directions on a logarithmic axis, that of the good network far above the other; both still rise at the right end. Right: the effective number of directions falls from nearly all of them at power 1 to one, at powers far below p."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4))
p, again = sum(w.numel() for w in module.parameters()), rng(0)
counts = np.unique(np.geomspace(3, many, 12).astype(int))
powers = np.unique(np.geomspace(1, p, 30).astype(int))
for ratio, color, name in ((0, blue, "good"), (2, orange, "poisoned")):
    draws = [[again.permutation(long[ratio])[:count] for _ in range(8)] for count in counts]
    logs = np.array([[volume.log_volume(r, p) for r in rows] for rows in draws]) / math.log(
        10
    )
    left.semilogx(counts, logs.mean(1), color=color, label=name)
    left.semilogx(counts, logs, "o", color=color, alpha=0.3, markersize=3)
    shares = [volume.effective_directions(long[ratio], int(power)) for power in powers]
    right.loglog(powers, shares, color=color)
left.set(xlabel="directions", ylabel="log₁₀ of the mean of rᵖ")
right.set(xlabel="power", ylabel="effective number of directions")
left.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("volume-gap")

# %% mystnb={"code_prompt_show": "Volumes of all networks"} tags=["hide-input"]
# Volumes of all networks, and what they rest on
logs = pd.DataFrame({"seed": runs.seed, "poison": runs.poison})
logs["volume"] = [volume.log_volume(r[:, 0], p) / math.log(10) for r in runs.radii]
logs["volume"] -= logs.volume.where(runs.poison == 2).groupby(logs.seed).transform("max")
decades = logs[logs.poison == 0].volume.to_numpy()
effective = [float(volume.effective_directions(r[:, 0], p)) for r in runs.radii]
typical = p * np.log10(gap(0)).to_numpy()
vast = {"decades": decades, "typical": typical}

# %% tags=["remove-input"]
Markdown(
    f"Of {size.ways} directions {max(effective):.2f} count, in the network in which most do. With the geometric mean of the radii in place of their mean of powers, the volumes differ by {claims.mean(typical):.0f} orders of magnitude."
)

# %% [markdown]
r"""
Had the number of directions been enough, the curves on the left would be level. They rise, in step: what hangs on the number of directions is each volume, much less their ratio. So the many thousands of orders of magnitude that the authors estimate are an *extrapolation*: the radii are measured, their power is not. What is robust is that the typical radius differs by a factor; a volume that rests on one direction is no measurement. How wrong
can such an estimate be? Take a region whose volume is known. An ellipsoid with semi-axes $b_1, \dots, b_p$ has $r(u) = (\sum u_i^2 / b_i^2)^{-1/2}$ and the volume $V_p\, b_1 \cdots b_p$.
"""


# %%
def ellipsoid(p, count, draw):
    """log₁₀ of the volume from random directions, less the true one; semi-axes are log-normal."""
    logs = draw.standard_normal(p)
    u = draw.standard_normal((count, p))
    radii = ((u / np.exp(logs)) ** 2).sum(1) ** -0.5 * np.linalg.norm(u, axis=1)
    return (volume.log_volume(radii, p) - logs.sum()) / math.log(10)


dimensions = (2, 10, 30, 100, 300, 1000)
ten = [rng(s) for s in scale.seeds(10)]
missed = {M: [[ellipsoid(p, M, g) for p in dimensions] for g in ten] for M in (100, 3000)}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Random directions miss nearly all of a volume that is known.** Estimated volume of an ellipsoid less its true one, in orders of magnitude, against the dimension, for 100 and for 3,000 random directions; ten ellipsoids each, whose semi-axes are log-normal.", "name": "fig-vol-ellipsoid"}, "image": {"alt": "Two bundles of curves that start at zero at dimension two and fall steeply, to hundreds of orders of magnitude below zero at dimension one thousand; thirty times as many directions help little."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.2))[1]
for (count, rows), color in zip(missed.items(), (blue, orange), strict=True):
    ax.plot(dimensions, np.transpose(rows), color=color, alpha=0.4)
    ax.plot([], color=color, label=f"{count:,} directions")
ax.axhline(0, linestyle=":", color=colors["threshold"])
figures.log_axis(ax, dimensions)
ax.set(xlabel="dimension", ylabel="orders of magnitude off")
ax.legend(loc="lower left")
plt.show()

# %% tags=["remove-input"]
off = {M: claims.mean(-np.array(rows)[:, -1]) for M, rows in missed.items()}
Markdown(
    f"In {dimensions[-1]:,} dimensions 100 directions find a volume that is too small by {off[100]:.0f} orders of magnitude, and 3,000 one that is too small by {off[3000]:.0f}."
)

# %% [markdown]
r"""
The radius along a random direction is about the same for all of them: a random direction is a little of everything, and the narrow axes decide. The volume lies along the wide axes, where no random direction points. Loss valleys have wide axes, too: the Hessian of a network that fits is nearly its Gauss–Newton part, whose rank is at most $n (K - 1)$, 50 here, so that along nearly all of the 8,642 axes the loss hardly bends. So the volumes above may be wrong by more than
their difference; but both are too small, and what they compare is how narrow the narrow axes are.

(vol-guess)=
## If volume decides, guess

There is a better way to ask about volume. If good networks take up nearly all of the room, one needs no gradient to find them: draw weights at random, keep what fits. {cite:t}`chiang2023` did that, *guess and check*, with a few examples of two classes, and report test accuracies comparable to those of SGD. And the share of guesses that fit *is* a volume
(in the measure that weights are drawn from), measured and not extrapolated.

We take two classes of MNIST-1D, $n$ examples, and networks of 16 hidden units without biases. A network counts if it is right on all examples with a loss in a narrow window, from 0.225 to 0.25, at weights that are brought to a fixed size. The same criterion stops gradient descent: whoever compares at different losses compares margins. Each descent stops at
a level that is drawn from the window; those that pass the window before all examples are right are left out.

::::{predict}
:answer: 2
:figure: fig-vol-guess
Random networks that happen to fit eight examples, and networks that gradient descent has trained on them, at the same loss: whose test error is lower?

1. Gradient descent's, by far: guesses memorize.
2. About the same.
3. That of guesses, by far.

:::{dropdown} Answer
B: they differ by less than one would notice in practice.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Two classes of signals"} tags=["hide-input"]
# Two classes of signals
sizes = scale.sizes(
    signals=(2000, 6000, 6000),
    most=(2**15, 2**20, 2**22),
    window=((0.2, 0.4), (0.225, 0.25), (0.225, 0.25)),
)
ns = 2, 4, 6, 8


def two_classes(seed, count=10, random=False):
    """Digits 0 and 1 in turn, x [count, 40] and y = ±1 (drawn by a coin, if random), and others to test on."""
    d = data.mnist1d(sizes.signals // 2, sizes.signals // 2, seed, max_translation=8)
    x, y = torch.cat([d.x, d.x_test]), torch.cat([d.y, d.y_test])
    x, y = x[y < 2], 2.0 * y[y < 2] - 1
    places = [(y == label).nonzero()[: count // 2, 0] for label in (-1, 1)]
    chosen = torch.stack(places, 1).flatten()
    rest = torch.ones(len(y), dtype=torch.bool).index_fill(0, chosen, False)
    coins = 2.0 * torch.from_numpy(rng(seed, 1).integers(2, size=count)).float() - 1
    return x[chosen], coins if random else y[chosen], x[rest], y[rest]


# %% mystnb={"code_prompt_show": "Guesses and descents"} tags=["hide-input"]
# Guesses and descents at the same loss
def compared(seed, k, width=16):
    """Test errors of guesses and of descents, in points; the bits that a guess takes; the share of descents that count."""
    x, y, *test = two_classes(seed)
    how = {"width": width, "window": sizes.window, "seed": seed}
    guesses = guessing.guess(
        x[:k], y[:k], wanted=100 * max(1, 8 // k), most=sizes.most, **how
    )
    descents = guessing.descend(x[:k], y[:k], runs=400, **how)
    both = [100 * float(found.errors(*test).mean()) for found in (guesses, descents)]
    bits = -math.log2(max(guesses.fit, 1) / guesses.tried)
    names = ("seed", "n", "guess", "descent", "bits", "kept")
    return dict(zip(names, (seed, k, *both, bits, len(descents.first) / 400), strict=True))


# %%
guessed = pd.DataFrame(
    [compared(s, k) for s in ledger.seeds("guessing-generalizes") for k in ns]
)


# %% mystnb={"code_prompt_show": "Shares of guesses that fit"} tags=["hide-input"]
# What share of all guesses is right on the first k examples, with their own labels and with random ones
def bits(seed, random):
    """−log₂ of the share, for k = 1, …, 10."""
    x, y, *_ = two_classes(seed, 10, random)
    draws = min(sizes.most, 2**16)
    first = torch.randn(draws, 16, 40, generator=generator(seed, "shares"))
    second = torch.randn(draws, 16, generator=generator(seed, "more shares"))
    right = (guessing.outputs(first, second, x) * y > 0).int().cumprod(1).sum(0)
    return -np.log2(right.clamp(min=1).numpy() / draws)


measured = {
    r: np.array([bits(s, r) for s in guessed.seed.unique()[:10]]) for r in (False, True)
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**At the same loss guesses do as well as gradient descent, and fitting true labels is cheaper than fitting random ones.** Left: test error of networks that were guessed and that were trained, at the same training loss, means with 95 % bands. Right: the volume of what fits, in bits: minus the binary logarithm of the share of guesses that are right on the first examples; dotted, one bit per example.", "name": "fig-vol-guess"}, "image": {"alt": "Left: two falling curves of test error against the number of examples that lie close together. Right: two bundles of rising curves; that for random labels lies about the dotted diagonal and leaves it upwards, that for true labels bends away below it."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4))
kinds, shades = ("guess", "descent"), {"guess": blue, "descent": orange}
figures.lines(
    guessed, "n", dict(zip(kinds, ("guesses", "descents"), strict=True)), left, shades
)
left.set(xlabel="examples", ylabel="test error, per cent", ylim=(0, None))
left.legend()
for kind, rows in zip(("true", "random"), measured.values(), strict=True):
    color = colors[f"{kind}_labels"]
    right.plot(range(1, 11), rows.T, color=color, alpha=0.4)
    right.plot([], color=color, label=f"{kind} labels")
right.plot([0, 10], [0, 10], ":", color=colors["threshold"])
right.set(xlabel="examples", ylabel="bits to guess")
right.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
ledger.say("guessing-generalizes")

# %% mystnb={"code_prompt_show": "Wider networks"} tags=["hide-input"]
# Four times as many units, six examples
table = {
    kind: measures.by_seed(guessed, kind, "n", "seed") for kind in ("guess", "descent")
}
differences = table["guess"] - table["descent"]
names = dict(zip(ns, ("two", "four", "six", "eight"), strict=True))
found = {name: differences[k].to_numpy() for k, name in names.items()}
wide = pd.DataFrame([compared(s, 6, width=64) for s in guessed.seed.unique()]).set_index(
    "seed"
)
for kind, name in (("guess", "wider_guesses"), ("descent", "wider_descents")):
    found[name] = (wide[kind] - table[kind][6]).to_numpy()
found["kept"] = guessed.groupby("seed").kept.mean().to_numpy()


# %% mystnb={"code_prompt_show": "Without the window"} tags=["hide-input"]
# Eight examples, without the window: guesses at any loss, and descents that go on
def elsewhere(seed, width=16):
    """Test errors, in points, of guesses that are right at whatever loss, and of descents to a loss below 0.15."""
    x, y, *test = two_classes(seed)
    x, y = x[:8], y[:8]
    any_loss = guessing.guess(x, y, width, (0, 1), most=sizes.most, seed=seed)
    further = guessing.descend(x, y, width, (0.05, 0.15), lr=0.05, steps=4000, seed=seed)
    return [100 * float(found.errors(*test).mean()) for found in (any_loss, further)]


any_loss, further = np.transpose([elsewhere(s) for s in guessed.seed.unique()[:10]])

# %% tags=["remove-input"]
share = 2 ** -claims.mean(guessed[guessed.n == 8].bits).value
Markdown(
    f"One guess in {1 / share:,.0f} is right on eight examples. Without the window, guesses that are right on eight examples at whatever loss err on {claims.mean(any_loss):.1f} % of new signals, and descents that go on to a loss below 0.15 on {claims.mean(further):.1f} %.\n\nFrom 16 to 64 units the test error with six examples changes by {claims.mean(found['wider_guesses']):.1f} points for guesses and by {claims.mean(found['wider_descents']):.1f} for gradient descent."
)

# %% [markdown]
r"""
Had gradient descent a preference that volume has not, its curve would lie clearly below. It does not: at the same loss, a network that was found by luck generalizes as well as a trained one. That is a property of the architecture, of the draw and of the data, and of no algorithm. The right panel says why. Labels that belong to the signals cost fewer bits than there are
examples: whoever is right on some is likely to be right on the next. Random labels cost at least a bit each on average, since the shares of all $2^k$ ways to label $k$ examples sum to one.

The window is a part of this answer. Volume without an eye on the loss gives networks most of which are right by small margins, and they are worse. Gradient descent that goes on past the window finds better ones, at losses to which hardly a guess comes. So volume says how good a network is at a given loss. It does not say who brings the loss down, and that is what one trains for.

How far does that carry? {cite:t}`peleg2024` repeat the comparison, with few examples, too, and find that wider networks gain with SGD and not with guesses, and that deeper ones lose with both: what width brings would be the algorithm's, what depth costs the architecture's. (The last two numbers ask for the first, at a small scale; a change of a point or less, either way, neither
shows nor refutes it.) And each example costs bits. Guessing fifty thousand labels takes more guesses than can be made, so that at the sizes that matter the comparison cannot be made by guessing.

(vol-left)=
## What is left of the volume hypothesis

An essay on this question, which the book takes up in {doc}`/book/what_people_say`, has the hypothesis as its third, with a warning that it is less grounded than its first. It has three steps: wide minima generalize; in many dimensions they have so much more volume; so it is extremely unlikely that a stochastic optimization lands in a sharp one.

- *The first step* holds here, at equal training loss and against minima that were made to be bad.
- *The second* is right in its sign. Its size is an extrapolation that rests on a single direction. That "the higher the dimensions, the more extreme the difference" is arithmetic: it holds for any ratio of radii, whatever the ratio means ({ref}`vol-ex-percent`).
- *The third* has a conclusion that we see, too: SGD does not land in bad minima. That it is for want of room does not follow. Gradient descent is no random draw: it begins near one point and goes a short way. The best that speaks for the step are guesses: they *are* random draws, and they do generalize, for a few examples, where it can be tried. But they do so at a given loss; a draw from all that fits is worse than what training comes to.

The essay takes the phrase "blessing of dimensionality" for the paper's; it is older {cite:p}`gorban2018`. And poison makes a sharp minimum *because* it makes an intricate function; whether volume is a cause or one more symptom, radii cannot say.

(vol-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-volume`.
"""

# %% tags=["remove-input"]
exact = max(moved(s, layer, how)[1] for s in list(sets)[:5] for how in ("filter", "weight"))
ledger.theorem("filter-normalized-radii", error=exact, section="vol-rescaling")

# %% tags=["remove-input"]
bad = runs[runs.poison == 2]
made = {"fits": bad.fits.astype(float), "accuracy": bad.accuracy}
made |= {"loss": bad.loss, "apart": away.apart / away.way}
ledger.card("poisoned-minima-exist", **made, section="vol-poison")

# %% tags=["remove-input"]
landed = {"bad": (by_sgd.accuracy < 60).astype(float), "accuracy": by_sgd.accuracy}
landed["loss"] = by_sgd.loss
ledger.card("clean-training-avoids-them", **landed, section="vol-poison")

# %% tags=["remove-input"]
ledger.card("good-minima-reach-farther", **reached, section="vol-radii")

# %% tags=["remove-input"]
ledger.card("volume-gap", **vast, section="vol-power")

# %% tags=["remove-input"]
ledger.card("guessing-generalizes", **found, section="vol-guess")

# %% [markdown]
r"""
**We also asked** what cutoffs, right labels, typical radii and wider networks change. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**Volume of what?** {cite:t}`dinh2017`'s objection meets every volume that is not normalized, and {ref}`vol-rescaling` shows how far normalization helps. **Whose bias?** {cite:t}`chiang2023` conclude that the landscape is enough to explain generalization; {cite:t}`peleg2024`, with another way of comparing networks of different sizes, credit SGD with what
width brings. {cite:t}`mingard2021` report that SGD finds a function about as often as random sampling does ({ref}`ir-map`), and take the architecture for the main reason and SGD for a correction. **Small data.** Guessing works with few examples only. That is nobody's choice, it is the price. {cite:t}`mingard2021` do not guess: they estimate by Gaussian processes what random sampling would find, so that their
comparison rests on that approximation.

:::{admonition} "The volume of good minima has been measured"
:class: misconception
Radii have been measured. The volume is their power, and hangs on the largest of them ({numref}`fig-vol-power`).
:::

:::{admonition} "There are no bad minima in large networks"
:class: misconception
They are there, with the training loss of the good ones. They are not where training goes.
:::

:::{admonition} "In many dimensions sharp minima are too small to be hit"
:class: misconception
Too small for a random draw, if one believes the volumes. Whoever follows a gradient comes to what lies at the end of it, however small. Poison leads into sharp minima; the gradient is then that of another loss, but the place is as narrow as before.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in: {assignment}`07_flatness`.

```{exercise} ★ One per cent
:label: vol-ex-percent
Two minima of a network with a million parameters have radii that differ by one per cent in every direction. By how many orders of magnitude do their volumes differ? What would you conclude from a paper that reports only the volumes?
```

```{solution} vol-ex-percent
:class: dropdown
$10^6 \log_{10} 1.01 \approx 4{,}321$ orders of magnitude. The number says that there are many parameters. Any difference of radii, of whatever relevance, becomes astronomic; so report radii, and ask whether *they* differ by more than their spread.
```

```{exercise} ★ Where the volume of a ball is
:label: vol-ex-shell
What share of the volume of a ball in $p$ dimensions lies within one per cent of its radius from the surface, for $p = 2$, $100$ and $8{,}642$? What does that mean for the picture of a bowl at whose bottom training ends?
```

```{solution} vol-ex-shell
:class: dropdown
$1 - 0.99^p$: 2 %, 63 %, and all but a share of about $2 \cdot 10^{-38}$. A random point of a basin lies at its rim, where the loss is that of the cutoff. Training ends near the bottom, a place that a random draw from the volume never sees. So even a volume that is right is not the probability of where training ends.
```

```{exercise} ★★ The number of directions
:label: vol-ex-directions
Assume that $\ln r(u)$ is normal over directions with standard deviation $s$. Show that the true mean of $r^p$ is $e^{p^2 s^2 / 2}$ times $e^{p m}$, with $m$ the mean of $\ln r$, and that $M$ directions estimate about $e^{p m + p s \sqrt{2 \ln M}} / M$. How many directions would the good networks of {numref}`fig-vol-radii` need?
```

```{solution-start} vol-ex-directions
:class: dropdown
```
The mean of $e^{p x}$ for normal $x$ is textbook; it comes from $x \approx m + p s^2$, which is $p s$ standard deviations out. The largest of $M$ draws lies $\sqrt{2 \ln M}$ out. So $M$ must be about $e^{p^2 s^2 / 2}$.
"""

# %%
spreads = [np.log(r[:, 0]).std(ddof=1) for r in runs[runs.poison == 0].radii]
Markdown(
    f"With $s$ = {np.mean(spreads):.2f} that is a number with {(p * np.mean(spreads)) ** 2 / 2 / math.log(10):,.0f} digits. No sample gets there."
)

# %% [markdown]
r"""
```{solution-end}
```

```{exercise} ★★ Random labels
:label: vol-ex-random
In {numref}`fig-vol-guess` random labels cost more bits than true ones. Compare eight true labels with eight random ones: by which factor do the volumes differ, and what does that predict for a learner that guesses and gets a training set in which half of the labels are wrong?
```

```{solution-start} vol-ex-random
:class: dropdown
```
"""

# %%
cost = measured[True][:, 7] - measured[False][:, 7]
Markdown(f"On average {np.mean(cost):.1f} bits, a factor of {2 ** np.mean(cost):.0f}.")

# %% [markdown]
r"""
True labels have the larger volume. A guesser needs more guesses for random labels, but if it waits long enough it finds networks that fit these, too. What it finds then is chosen among functions that fit noise; nothing in volume refuses to memorize.

```{solution-end}
```

```{exercise} ★★ Another path of scales
:label: vol-ex-path
In a network of three layers multiply the weights of the first by $a$, those of the second by $b$ and those of the third by $1/(ab)$. What must happen to the biases so that the function stays? Are the filter-normalized radii unchanged?
```

```{solution} vol-ex-path
:class: dropdown
The outputs of the first layer are multiplied by $a$, those of the second by $ab$, so their biases must be, too; those of the third stay. Then yes: every filter and every bias is multiplied by one number, and its direction by the same. It is two rescalings of the proposition, one after the other. With a bias in one filter with the weights it would fail: in
that layer weights are multiplied by $b$ and the bias by $ab$.
```

```{exercise} ★★★ How near can a bad minimum be?
:label: vol-ex-near
Start from the *good* networks, with poison at ratio 2. How far from the good minimum do you end, compared with {ref}`vol-poison`? Is the radius as small?
```

```{solution-start} vol-ex-near
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
# Poison from the good networks on
some = list(sets)[:3]
unions = {s: data.poisoned(sets[s], n, 2 * n) for s in some}
at = np.arange(size.epochs // 10, size.epochs + 1, size.epochs // 50)
how = {"n": 5 * n, "optimizer": "adam", "lr": 0.001, "epochs": size.epochs}
plans = {s: [Settings(deep, start=Vector(by_ratio.loc[s, 0].numpy()), **how)] for s in some}
record = dict.fromkeys(("weights", "correct", "losses"), at)
rows = [at_loss(row, 0.01, n) for _, row in run(plans, unions, record=record).iterrows()]
near = pd.DataFrame(rows).assign(accuracy=accuracies(rows, sets))
near["apart"] = [
    float((w - by_ratio.loc[s, 0]).norm())
    for s, w in zip(near.seed, near.weights, strict=True)
]
near["radius"] = mean_radius(reach(near, sets))
clean = runs[runs.poison == 0].assign(apart=away.way.to_numpy())
bad = runs[runs.poison == 2].assign(apart=away.apart.to_numpy())

# %%
networks = {"no poison": clean[:3], "poison from the initial weights": bad[:3]}
networks["poison from the good network"] = near
columns = ["loss", "accuracy", "radius", "apart"]
pd.DataFrame({k: t[columns].astype(float).mean() for k, t in networks.items()}).T.round(3)

# %% [markdown]
r"""
Means over three replicates; *apart* is the distance from the good network (for that one, from the initial weights). The new bad minimum lies nearer to the good one, still farther than clean training moves the weights, and its radius is about as small. (Where its loss stays above 0.01, that shortens the radius a little.) That there are nearer
ones is not excluded: the distance is an upper bound, as any search gives.

```{solution-end}
```

```{exercise} ★★★ A cutoff is a loss, and a loss has units
:label: vol-ex-margin
Cross-entropy falls if the last layer is multiplied by a number larger than 1, and no decision changes. Multiply the last layer of the good and the poisoned networks so that both have a loss of 0.001 on the training points, and measure the ratio of their radii again. Does the finding depend on where on that ray one stands?
```

```{solution-start} vol-ex-margin
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
# The last layer, weights and biases, times the number that brings the loss to a level
def at_level(weights, d, level):
    """The weights with the last layer scaled, by bisection on the logarithm of the factor."""
    last = 64 * 2 + 2
    low, high = -2.0, 5.0
    for _ in range(30):
        scaled = weights.clone()
        scaled[-last:] *= math.exp((low + high) / 2)
        loss = float(volume.losses(module, scaled[None], d.x[:n], d.y[:n]))
        low, high = ((low + high) / 2, high) if loss > level else (low, (low + high) / 2)
    return scaled


ends = runs[runs.poison.isin((0, 2))]
ratios = {}
for level in (0.01, 0.001):
    moved_ends = [
        at_level(w, sets[s], level) for s, w in zip(ends.seed, ends.weights, strict=True)
    ]
    table = ends.assign(weights=moved_ends)
    table["radius"] = mean_radius(reach(table, sets))
    table = measures.by_seed(table, "radius", "poison", "seed")
    ratios[f"loss {level:g}"] = f"{claims.ratio(table[0] / table[2]):.1f}"
ratios

# %% [markdown]
r"""
The good network reaches many times as far at both. That the loss can be chosen so freely is why networks are compared at one loss. The first number is the finding at exactly 0.01, for networks are recorded near that loss and not at it.

```{solution-end}
```

```{exercise} ★★★ Right labels, where the truth is hard
:label: vol-ex-right
Repeat the control of {ref}`vol-radii` on MNIST-1D: 200 signals, and 400 further ones with right or with wrong labels. Do right labels leave the radius where it was? What becomes of "the minimum that generalizes better is the wider one"?
```

```{solution-start} vol-ex-right
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
# MNIST-1D: further signals with right or with wrong labels
signals = {s: data.mnist1d(2000, 2000, s, max_translation=8) for s in some}
kinds = {
    "200 signals": (0, True),
    "400 more, right": (2, False),
    "400 more, wrong": (2, True),
}
means = {}
for kind, (ratio, wrong) in kinds.items():
    table = trained(signals, ratio, wrong, own=200)
    table["radius"] = mean_radius(reach(table, signals, own=200))
    means[kind] = table[["loss", "accuracy", "radius"]].astype(float).mean()

# %%
pd.DataFrame(means).T.round(3)

# %% [markdown]
r"""
They do not. With right labels the network knows more and its radius is *smaller*, if not as small as with wrong ones: of the first two networks the one that generalizes better is the narrower. A radius tells how much a network has to hold, and for signals that are moved right labels are much to hold, too.

```{solution-end}
```

## Summary

- Bad minima exist, with the training loss of the good ones; poison leads into them, and SGD without poison does not.
- Good minima reach farther along random directions, at equal training loss: on spirals many times as far, on images and signals less. What makes a minimum narrow is what it has to fit: on spirals wrong labels and not more labels, where the truth is hard more labels, too.
- Radii along filter-normalized directions do not see the scale of a layer; that of single units they do see.
- The volume is a mean of powers of radii, in which one counts of all the directions that were sampled. Where the volume is known, such an estimate misses it by hundreds of orders of magnitude.
- For a few examples, networks that were guessed generalize about as well as trained ones at the same loss. Training goes on to lower losses and better networks; guesses do not get there, nor to many examples.

**Reading.** {cite:t}`huang2020` for the pictures, {cite:t}`chiang2023` and {cite:t}`peleg2024` for guess and check, {cite:t}`li2018landscape` for filter normalization, {cite:t}`dinh2017` for the objection.
"""
