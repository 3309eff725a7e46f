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
(information-and-robustness)=
# Information and robustness

Three more theories of why large networks generalize: they compress their inputs, they have the parameters to be smooth, they stay close to infinitely wide ones. Each holds a true statement. Each is often told as more than it says. This chapter measures what a layer knows, computes how smooth a fit can be, and finds what depth costs.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from itertools import product

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt

from overparam import claims, data, figures, results, scale
from overparam.randomness import generator
from overparam.theory import interpolation, phases, smooth_fits, wide_and_deep

figures.style()
torch.set_num_threads(1)  # small problems: a second thread costs more than it gives
colors, (blue, orange, green, purple) = figures.COLORS, figures.SEQUENCE[:4]
ledger = claims.Ledger("information-and-robustness")
size = scale.sizes(
    epochs=(4, 400, 400), steps=(6, 2000, 2000), binary=(3, 100, 100), noise=(6, 1000, 1000)
)
moments = lambda last: np.unique(np.geomspace(1, last + 1, 20).astype(int) - 1)

# %% mystnb={"code_prompt_show": "Networks on twelve bits"} tags=["hide-input"]
# Networks on twelve bits: 12-10-7-5-4-3-2, SGD on four fifths of the 4,096 patterns
on_bits = ("tanh-two-phases", "relu-no-compression", "generalizing-without-compression")
on_bits += ("binary-nets-one-phase",)
counts = (10, 30, 100, 1000, 10_000, 100_000)
seeds, trained, called = ledger.seeds(*on_bits), {}, {"tanh": "tanh", "relu": "ReLU"}
for kind in ("tanh", "relu"):
    through = phases.SCHEMES + counts * (kind == "tanh")  # which bins
    how = {"epochs": size.epochs, "recorded": moments(size.epochs), "schemes": through}
    how["lr"] = {"tanh": 0.1, "relu": 0.01}[kind]
    trained[kind] = phases.followed(kind, seeds, **how)

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**With tanh the layers turn back, with ReLU they do not.** Each dot is a hidden layer, from the first (blue, right) to the last (orange, left): how many bits it tells about which of 4,096 patterns came in, $I(X;T)$, against how many it tells about the label, $I(T;Y)$. Lines show the course so far. Layers are read through 30 equal bins per unit (with tanh over the whole range of its values, with ReLU from 0 to the largest value of the layer in all of training). Means over replicates.", "name": "fig-info-plane"}} tags=["hide-input"]
# The slider over the epochs
planes = {
    kind: table[table.scheme == "fixed"]
    .groupby(["layer", "epoch"])[["inputs", "labels"]]
    .mean()
    for kind, table in trained.items()
}
shades = dict(zip(phases.LAYERS, figures.ramp(5), strict=True))


def shown(epoch):
    fig, axes = plt.subplots(1, 2, figsize=(7.2, 4.0), sharey=True)
    for ax, (kind, places) in zip(axes, planes.items(), strict=True):
        for layer, color in shades.items():
            way = places.loc[layer].loc[:epoch]
            ax.plot(way.inputs, way.labels, color=color, linewidth=1)
            ax.plot(*way.iloc[-1], "o", color=color, markersize=8, label=f"{layer} units")
        error = trained[kind].groupby("epoch").test_error.mean()[epoch]
        ax.set(title=f"{called[kind]}: test error {error:.0f} %", xlabel="I(X;T), bits")
        ax.set(xlim=(0, 12.4), ylim=(-0.03, 1.05))
    axes[0].set_ylabel("I(T;Y), bits")
    drawn = axes[0].get_legend_handles_labels()
    fig.legend(*drawn, loc="outside lower center", ncols=5)
    return fig


frames = [*moments(size.epochs)[:-1:2].tolist(), size.epochs]
alt = "Two information planes after {} epochs, tanh on the left and ReLU on the right, with one dot for each of five hidden layers and the way it has come."
figures.slider(shown, values=frames, description="Epoch", alt=alt, start=0)

# %% [markdown]
r"""
Push the slider. On the left the dots of the last layers climb to the right, while the labels are being fitted, and then drift back to the left, for most of the time, as if the network forgot what it does not need. On the right nothing seems to be forgotten, and the test error is just as low. Is forgetting what makes a network generalize, or is it something about tanh?

## A theory in one plane

{cite:t}`shwartzziv2017` drew this plane. A layer's units $T$ are a function of the input $X$, and so no layer can know more than the one before it, about the input and about the label (the *data processing inequality*). Their story has two phases: a short one in which the layers learn about the label and the input, and a long one in which SGD, by its noise, makes them forget about the input. They propose the second as the reason for which deep networks generalize.

:::{margin}
**Mutual information** $I(X;T)$ is by how many bits knowing $T$ reduces the uncertainty about $X$: $H(T) - H(T \mid X)$. Here all 4,096 patterns are equally likely, so $X$ has 12 bits, and a class has 1.
:::

The task here is made like theirs. A pattern switches twelve points of a sphere on or off, the class says whether the centre of the points that are on lies far out (a rule that no rotation of the sphere changes), and labels are nearly, not quite, a function of the pattern. Four fifths of the patterns are trained on; ReLU networks take a tenth of the step, else some of them die. Nothing about information is estimated from samples: we count over all patterns.
"""

# %% [markdown]
r"""
(info-reading)=
## What is read, and through which bins

Before asking why a number falls, one should ask what it is. A network is deterministic: a pattern always gives the same units.

```{prf:proposition} What a deterministic layer knows about its input
:label: info-prop-deterministic
Let $T = h(X)$. If $X$ takes $N$ values with equal probability and $h$ sends no two of them to the same place, then $I(X;T) = \log_2 N$, whatever the weights. If some unit of $T$ has a continuous distribution, then $I(X;T) = \infty$.
```

```{prf:proof}
Given $X$ there is no doubt about $T$, so $I(X;T) = H(T)$. In the first case $T$ takes $N$ values, each with probability $1/N$. In the second, cut the range of that unit into $2^k$ intervals of equal probability and let $B$ say in which of them it lies. $B$ is a function of $T$, so $I(X;T) \ge I(X;B) = H(B) = k$, for every $k$.
```

So tanh units, whose values practically never coincide, know all 12 bits at every moment of training, and there is nothing to compress. A ReLU layer can truly lose something: the patterns for which all of its units are silent all look alike. What the plane shows is $I(X; B)$, with $B$ the bins into which the units fall. It is an entropy of boxes. It falls when patterns move into the same boxes: when they *cluster*. For boxes the data processing inequality need not hold: a later layer may use more of them.

With tanh there are 30 equal bins between −1 and 1. With ReLU 30 reach from 0 to the largest value that the layer takes at any time in training; early values, which are small, then share few of them, and what is read can rise because the units grow.
"""

# %% mystnb={"code_prompt_show": "The same networks through other bins"} tags=["hide-input"]
# The same networks through other bins
by_bins = trained["tanh"][trained["tanh"].scheme.isin(counts)].rename(
    columns={"scheme": "bins"}
)
last_bits = by_bins[by_bins.epoch == size.epochs].pivot_table("inputs", "bins", "layer")

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The finer the bins, the less is lost.** Information about the input in the layer of five units (left) and in that of three (right) during training of tanh networks, for several numbers of equal bins per unit. At the top all 12 bits. Means over replicates with 95 % bands.", "name": "fig-info-bins"}, "image": {"alt": "Two panels of information against epoch with one line for each number of bins; lines for few bins rise and fall, those for many begin at 12 bits and fall later and less, and that for 100,000 bins stays close to 12."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True)
hues = dict(zip(counts, figures.ramp(len(counts)), strict=True))
for ax, layer in zip(axes, (5, 3), strict=True):
    some = by_bins[by_bins.layer == layer].assign(epoch=by_bins.epoch + 1)
    figures.plot(some, "epoch", "inputs", "bins", ax, hues, "{:,} bins", markersize=3)
    figures.log_axis(ax, (1, 10, 100))
    ax.set(title=f"layer of {layer} units", xlabel="epoch + 1", ylabel="", ylim=(0, 12.5))
axes[0].set_ylabel("I(X;T), bits")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
last_falls = {
    bins: claims.mean(phases.turns(own.assign(scheme="")).falls)
    for bins, own in by_bins.groupby("bins")
}
Markdown(
    f"With 30 bins the last three layers end {last_falls[30]:.1f} bits below their highest, with {counts[-1]:,} bins {last_falls[counts[-1]]:.1f}. The layer of three units then tells {last_bits.loc[counts[-1], 3]:.1f} of 12 bits."
)

# %% [markdown]
r"""
If the network forgot, no bins would bring back what is lost. Fine bins do: what had been lumped together is told apart again. What is still missing with 100,000 of them lies closer together than they are wide; without bins it is nearly all there (the black line of {numref}`fig-info-schemes`). {cite:t}`goldfeld2019` say so in general: with noise inside the network information is well defined, and where it falls, it is because representations of one class cluster.

That is not nothing. Clusters are real, and coarse bins see them. But is it the bins that make the fall, or the tanh? Bins can also be made *equally full* at every epoch, so that each holds a thirtieth of a layer's values; equal bins can move along, from the least to the largest value of each epoch; or one adds Gaussian noise (variance 0.1) to the units and bounds what is left {cite:p}`kolchinsky2017`.

::::{predict}
:answer: 2
:figure: fig-info-schemes
The same tanh networks, read through 30 equally full bins. Before training a layer's values crowd around zero, at the end many lie near −1 and 1. What does $I(X;T)$ do?

1. It rises and then falls, as with equal bins.
2. It falls from the start.
3. It stays.

:::{dropdown} Answer
B. Equally full bins resolve the crowd at the start as well as any other. So the layer seems to tell most before it has learned anything, and there is no first phase.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**What falls depends on the reading.** Information about the input, mean of the last three layers, read through 30 equal bins, fixed or moving with the range of each epoch, through 30 that are equally full at every epoch, without bins, or with Gaussian noise (an upper bound on a sixteenth of the patterns, so at most 8 bits). Means over replicates with 95 % bands.", "name": "fig-info-schemes"}, "image": {"alt": "Two panels of information against epoch. With tanh the line for equal bins rises and falls, that for equally full bins falls from the start, and that with noise rises and stays. With ReLU the line for equal bins rises, those for moving and for equally full bins fall, and that without bins stays near 12 and comes down a little."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True)
reading = {"fixed": "equal bins", "moving": "equal bins of each epoch's range"}
reading |= {"quantile": "equally full bins", "noise": "with noise", "exact": "no bins"}
lines = (purple, green, blue, orange, figures.INK)
last_three = {k: t[t.layer.isin((5, 4, 3))] for k, t in trained.items()}
for ax, (kind, table) in zip(axes, last_three.items(), strict=True):
    means = table.groupby(["scheme", "seed", "epoch"]).inputs.mean().reset_index()
    means["epoch"] += 1
    for (scheme, label), color in zip(reading.items(), lines, strict=True):
        some = means[means.scheme == scheme]
        figures.plot(some, "epoch", "inputs", ax=ax, colors=color, label=label)
    figures.log_axis(ax, (1, 10, 100))
    ax.set(title=called[kind], xlabel="epoch + 1", ylabel="", ylim=(0, 12.5))
axes[0].set_ylabel("I(X;T), mean of three layers, bits")
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
turned = {
    (kind, scheme): phases.turns(table[table.scheme == scheme])
    for kind, table in trained.items()
    for scheme in phases.SCHEMES
}

# %% tags=["remove-input"]
ledger.say("tanh-two-phases")

# %% tags=["remove-input"]
ledger.say("relu-no-compression")

# %% [markdown]
r"""
So {numref}`fig-info-plane` belongs to its bins. Through equal bins tanh networks rise and fall, and ReLU networks rise: both camps have seen what they say. Through equally full bins nothing rises first, and *both* fall. Let the equal bins move along with a layer's values, and ReLU networks fall by about as much as tanh networks do: that ReLU "does not compress" hangs on where its bins end. The bound with noise hardly moves; as an upper bound it cannot exclude a fall. What a layer itself keeps is the black line. With tanh nothing is lost; some ReLU networks do lose a bit or two, of patterns that all units are silent for. It is the layer said not to compress that can forget.

What happens inside is simpler. Tanh units begin near zero, where they use few of the equal bins. They spread while the labels are being fitted. Then the loss, which is never quite zero, goes on pushing the outputs apart, the units *saturate*, and values collect in the bins at −1 and 1. A ReLU has no upper end at which to collect.

(info-noise)=
## What makes it fall?

The second half of the theory is its cause: in the long phase gradients of batches disagree, and their noise lets the weights diffuse, which is said to compress. So take the noise away.

::::{predict}
:answer: 2
:figure: fig-info-full
Gradient descent on all 3,277 training patterns in each step has no noise at all. What becomes of the fall of $I(X;T)$ in tanh networks?

1. It is gone.
2. It is still there.
3. It turns into a rise.

:::{dropdown} Answer
B. What drives units to −1 and 1 is the loss, and that is there without noise.
:::
::::
"""


# %%
def train(kind, epochs, seeds=seeds, **how):
    """Networks of a kind, read through 30 bins."""
    return phases.followed(kind, seeds, epochs, moments(epochs), **how)


wider = (40, 30, 20, 10, 6)
in_full = ledger.seeds("full-batch-compresses")
trained["full"] = train("tanh", size.steps, in_full, batch_size=None, lr=0.5)
trained["binary"] = train("binary", size.binary, hidden=wider)
trained["large"] = train("tanh", size.epochs // 2, spread=1.0)
trained["noise"] = train("tanh", size.noise, gain=0.0, lr=0.3)  # random labels

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Tanh networks turn back without noise, too, and networks of signs fall while they fit.** Means of the last three hidden layers; those of the networks of signs have 20, 10 and 6 units. Thin lines: single networks with full batches, each of which turns at a time of its own. With full batches an epoch is one step, at five times the learning rate. Means over replicates with 95 % bands.", "name": "fig-info-full"}, "image": {"alt": "Two panels against the epoch. Left, information about the input: tanh with batches and with full batches rises and then falls, later with full batches; networks of signs begin high and fall. Right, information about the label: all rise, networks of signs the least."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.4))
styles = {"tanh": ("tanh, batches of 256", purple), "full": ("tanh, full batch", green)}
styles |= {"binary": ("signs", orange)}
for kind, (label, color) in styles.items():
    table = trained[kind]
    layers = wider[-3:] if kind == "binary" else (5, 4, 3)
    some = table[(table.scheme == "fixed") & table.layer.isin(layers)]
    means = some.groupby(["seed", "epoch"])[["inputs", "labels"]].mean().reset_index()
    means["epoch"] += 1
    for ax, column in zip(axes, ("inputs", "labels"), strict=True):
        figures.plot(means, "epoch", column, ax=ax, colors=color, label=label)
    if kind == "full":  # each network turns at a time of its own
        courses = means.pivot_table("inputs", "epoch", "seed")
        axes[0].plot(courses, color=color, linewidth=0.8, alpha=0.6)
for ax, title in zip(axes, ("I(X;T), bits", "I(T;Y), bits"), strict=True):
    figures.log_axis(ax, (1, 10, 100))
    ax.set(title=title, xlabel="epoch + 1", ylabel="", ylim=(0, None))
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
ledger.say("full-batch-compresses")

# %% tags=["remove-input"]
ledger.say("generalizing-without-compression")

# %% [markdown]
r"""
If the noise of batches compressed, no green line would come down. They do, each at its time, which the mean blurs; and they fall further than with batches, though with another step and another number of steps. Through equal bins ReLU networks do not compress, and they are the better ones on new patterns. If compression is what these bins show, it is not needed; if it is what moving or equally full bins show, ReLU networks have it, too. And it is not enough: networks that can learn nothing but noise compress. None of this shows that it harms: two activations differ in more than one thing.

Is this an accident of our setting? A few knobs, one at a time: how much $I(X;T)$ falls with tanh, and how much more than with ReLU.
"""

# %% mystnb={"code_prompt_show": "The settings, and the run that was recorded"} tags=["hide-input"]
# The settings, and the run that was recorded
one = {"spread": (0.25, 1.0), "lr": (0.03, 0.3), "gain": (10.0, 100.0)}
one |= {"batch_size": (64, 1024), "share": (0.5,), "epochs": (150, 1000)}
one |= {"bins": (10, 100), "layers": ((3,), (7, 5, 4, 3))}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]
settings += [{"momentum": 0.0, "lr": 1.0}]


def in_setting(how):
    """How much I(X;T) falls in another setting with tanh, and by how much less with ReLU; means over three replicates."""
    rest, own = dict(how), ledger.selection(3)
    last, bins = rest.pop("epochs", size.epochs), rest.pop("bins", 30)
    layers, spread = rest.pop("layers", (5, 4, 3)), rest.pop("spread", 0.5)
    found = {}
    for kind, start, slower in (("tanh", spread, 1), ("relu", 2 * spread, 10)):
        setting = rest | {"spread": start, "lr": rest.get("lr", 0.1) / slower}
        run = phases.trained(kind, own, last, moments(last), **setting)
        found[kind] = phases.turns(phases.plane(run, "fixed", bins), layers).falls.mean()
    name = ", ".join(f"{key} {value}" for key, value in how.items()) or "as above"
    keeps = bool(found["tanh"] > 0.5 and found["relu"] < found["tanh"])
    return {"setting": name} | found | {"keeps": keeps}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Tanh falls and ReLU does not, where training is long enough and no network dies.** How much $I(X;T)$ falls from its largest value to the end with tanh, against ReLU; one point per setting, means over three replicates. Above the horizontal dotted line is more than half a bit, left of the other one it rises to the end. Settings in which the finding fails have a name.", "name": "fig-info-multiverse"}, "image": {"alt": "Scatter of seventeen settings: most lie above half a bit for tanh and a little left of zero for ReLU; two with few or small steps lie lower, and one with a large start lies far to the right."}} tags=["hide-input"]
measure = lambda: pd.DataFrame(map(in_setting, settings))
elsewhere, where = results.measured_or_recorded("12_compression_multiverse", measure)
ax = figures.settings(elsewhere, "relu", "tanh", (0, 0.5), purple)
ax.set(xlabel="fall with ReLU, bits (negative: it rises)", ylabel="fall with tanh, bits")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"$I(X;T)$ falls by more than half a bit with tanh, and by less with ReLU, in {results.kept(elsewhere, where)}"
)

# %% [markdown]
r"""
The exceptions say what it takes. With smaller steps, or fewer of them in larger batches, the second phase has hardly begun by the end. With initial weights twice as large most ReLU networks die, and a dead layer tells nothing at all: a fall of many bits that nobody would call learning.

**Where information is well defined.** A network whose weights and units are *signs* has layers with finitely many states: three units hold at most three bits, and no bins are needed. {cite:t}`raj2020` report that such networks show no two phases, but fit and compress at once, unlike others. Signs have no useful derivative; backwards we treat each as the identity between −1 and 1 (*straight-through*).
"""

# %% tags=["remove-input"]
ledger.say("binary-nets-one-phase")

# %% [markdown]
r"""
That is what the paper says: fitting and losing go on together. But look where the lines begin. Random signs spread patterns over many states from the start, so there is no room for a phase of rising. Tanh networks whose initial weights are twice as large have no such room, either:
"""

# %% tags=["remove-input"]
large = phases.turns(trained["large"])
Markdown(
    f"With the larger start $I(X;T)$ changes by {claims.mean(large.during):.1f} bits while tanh networks make the first half of their fitting, with the smaller one by {claims.mean(turned['tanh', 'fixed'].during):.1f} bits."
)

# %% [markdown]
r"""
One phase or two is a question of the start as much as of the network. The contrast to other networks belongs to a start that we chose; against the larger one the interval holds zero.
"""

# %% [markdown]
r"""
(info-robustness)=
## Smoothness has a price in parameters

From what a network forgets to how fast it changes. A classifier that fits its data by jumping between the points is fragile: a small push to the input changes the answer. Smooth interpolation, with a small Lipschitz constant $L$, would be robust. What does it cost?

{cite:t}`bubeck2021` prove that it costs parameters.

```{prf:theorem} A law of robustness
:label: info-thm-robustness
Let $x_1, \dots, x_n$ be drawn from a distribution on $\mathbb R^d$ that is *isoperimetric* (functions with a small Lipschitz constant are nearly constant on it, as on the sphere), with noisy labels. With high probability every function of a family with $p$ parameters of at most polynomial size, bounded and Lipschitz in the parameters, that fits the labels below the level of the noise has a Lipschitz constant of at least about $\sqrt{n d / p}$.
```

```{prf:proof}
*Idea.* Fix one $L$-Lipschitz function of mean zero. On such a distribution $f(x)$ fluctuates by $L/\sqrt d$, so that its agreement with $n$ random signs fluctuates by $\sqrt n\, L/\sqrt d$; that it agrees with a constant share of them, $\sum_i y_i f(x_i) \ge \epsilon n$, has probability at most $\exp(-c\, \epsilon^2 n d / L^2)$. A family of $p$ parameters is, to good accuracy, $e^{p \log(\dots)}$ functions. If one of them is to agree, $p$ must outweigh $n d/L^2$, up to logarithms.
```

Fitting alone takes about $n$ parameters. Smoothly, with $L$ of order one, it takes about $nd$: $d$ times as many. For features that stay fixed there is a proof of five lines, with constants.

```{prf:proposition} The law for fixed features
:label: info-prop-features
Let $f = b + \theta \cdot \varphi$ with $p$ fixed features on the unit sphere, of covariance $C$ (invertible), $z_i = C^{-1/2}(\varphi(x_i) - \mathbb E \varphi)$ and $\lambda$ the largest eigenvalue of the matrix $z_i \cdot z_j$. If $f$ fits $n$ labels whose variance is $v$, then

$$
L^2 \ \ge\ \mathbb E \lVert \nabla f \rVert^2 \ \ge\ (d - 1)\, \frac{n v}{\lambda} .
$$ (info-eq-law)
```

```{prf:proof}
Put $u = C^{1/2} \theta$, so that $\lVert u \rVert^2 = \theta^\top C\, \theta = \operatorname{Var} f$. The labels are $y_i = b' + z_i \cdot u$, so $n v \le \sum_i (y_i - b')^2 = \lVert Z u \rVert^2 \le \lambda \operatorname{Var} f$. And on the unit sphere $\operatorname{Var} f \le \mathbb E \lVert \nabla f \rVert^2 / (d-1)$ (Poincaré's inequality: the first eigenvalue of the Laplacian there is $d - 1$).
```

For random features $\lambda$ is about $(\sqrt n + \sqrt p)^2$, as for Gaussian matrices, and for $p \gg n$ the bound is the law: $L \ge \sqrt{(d-1)\, n/p}$.

The bound says that nothing smoother exists. Does something as smooth exist? For random ReLU features all means over the sphere have formulas, so that the *smoothest of all interpolants* can be computed, the one of least $\mathbb E \lVert \nabla f \rVert^2$. Beside it stands the *shortest*, of least $\lVert \theta \rVert$: the one that gradient descent from zero finds if the intercept is always at its best.

::::{predict}
:answer: 2
:figure: fig-info-robust
Sixty random signs on a sphere in ten dimensions, so $nd = 600$. From 90 to 1,200 random features: what becomes of the gradient of the interpolant that gradient descent finds?

1. It falls like $1/\sqrt p$, as the law says.
2. It falls at first, and then hardly.
3. It grows.

:::{dropdown} Answer
B. The law says what is possible at best. A shorter vector of weights is not a smoother function.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Fits of random signs"} tags=["hide-input"]
# Fits of random signs
def fitted(seed, p, n=60, d=10):
    """Fits of n random signs on the sphere by p random features, and their steepest slopes among 1,000 places."""
    draw = generator(seed, "random signs")
    x = torch.from_numpy(interpolation.sphere(n, d - 1, seed))
    directions = torch.from_numpy(interpolation.sphere(p, d - 1, seed + 10**6))
    fits = smooth_fits.fits(
        x, 2.0 * torch.randint(0, 2, (n,), generator=draw) - 1, directions
    )
    places = torch.from_numpy(interpolation.sphere(1000, d - 1, seed + 2 * 10**6))
    most = [
        smooth_fits.slopes(places, directions, weights).max().item()
        for weights in fits.weights
    ]
    return fits.smoothest, fits.shortest, fits.bound, fits.whitened, *most


# %%
numbers = scale.sizes(p=((90, 150, 300), *[(90, 150, 300, 600, 1200)] * 2)).p
draws = scale.seeds(scale.sizes(draws=(2, 5, 5)).draws)
columns = ["smoothest", "shortest", "bound", "whitened", "steepest", "steepest_short"]
robust = pd.DataFrame(product(draws, numbers), columns=["seed", "p"])
robust[columns] = [fitted(*row) for row in robust[["seed", "p"]].to_numpy().tolist()]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**More features make a smooth fit possible, and gradient descent does not take it.** Root mean square of the gradient over the sphere for fits of 60 random signs in ten dimensions, against the number of random features. Dashed: below this line no combination of these features fits. Dotted: a slope of minus one half. Means over draws with 95 % bands.", "name": "fig-info-robust"}, "image": {"alt": "Log-log plot; the smoothest fit falls nearly in parallel to the dotted line and to the bound below it, the shortest fit falls at first and then is nearly level."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.7))
styles = {
    "shortest": ("shortest (gradient descent)", orange),
    "smoothest": ("smoothest of all", blue),
}
for column, (label, color) in styles.items():
    figures.plot(robust, "p", column, ax=ax, colors=color, label=label)
means = robust.groupby("p")[columns].mean()
ax.plot(means.index, means.bound, "--", color=figures.INK, label="bound")
slope = means.smoothest.iloc[-1] * (means.index[-1] / means.index) ** 0.5
ax.plot(means.index, slope, ":", color=colors["threshold"], label="slope −1/2")
figures.log_axis(ax, numbers)
ax.set(yscale="log", xlabel="features p", ylabel="root mean square gradient")
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()

# %% tags=["remove-input"]
below = float(np.maximum(0, 1 - robust.smoothest / robust.bound).max())
steep = {
    name: claims.mean(
        [
            np.polyfit(np.log(own.p), np.log(own[name]), 1)[0]
            for _, own in late.groupby("seed")
        ]
    )
    for late in [robust[robust.p >= numbers[-3:][0]]]
    for name in columns
    if name != "whitened"
}
Markdown(
    f"From {numbers[-3:][0]} to {numbers[-1]:,} features the smoothest fit's gradient falls with the power {steep['smoothest']:.2f} of $p$, the shortest one's with {steep['shortest']:.2f}, the bound with {steep['bound']:.2f}. The smoothest fit lies {(robust.smoothest / robust.bound).min():.1f} to {(robust.smoothest / robust.bound).max():.1f} times above the bound, and λ is {(robust.whitened / (60**0.5 + robust.p**0.5) ** 2).mean():.2f} times $(\\sqrt n + \\sqrt p)^2$.\n\nThe steepest slope that 1,000 places show falls with the power {steep['steepest']:.2f} in the smoothest fit, and with {steep['steepest_short']:.2f} in the shortest."
)

# %% [markdown]
r"""
In its mean square gradient the smoothest fit falls with nearly the power of the bound, several times above it: the law is about right in its exponent, and loose in its constant. There is no step at $p = nd$, which is where the bound reaches order one. Had some interpolant gone under the dashed line, the proposition would be wrong. But the fit that gradient descent makes of the same features hardly becomes smoother with more of them: as $p$ grows it tends to the interpolant of a kernel, which has a gradient of its own. The theorem is a *lower bound*: large is necessary for smooth, and not sufficient.

::::{admonition} Break it: large and rough
:class: break-it
The orange line is the counterexample to "large is robust": twenty times as many features as labels, and the gradient hardly falls. One can do worse: ask for large values of any sign at places between the points, and parameters buy a function as rough as one likes.
::::
"""

# %%
x = torch.from_numpy(interpolation.sphere(120, 9, draws[0]))
directions = torch.from_numpy(interpolation.sphere(1200, 9, draws[0] + 10**6))
given = 2.0 * torch.randint(0, 2, (120,), generator=generator(draws[0], "signs")) - 1
given[60:] *= torch.tensor(10.0)  # sixty places between the points
{
    "smoothest fit of the points": smooth_fits.fits(
        x[:60], given[:60], directions
    ).smoothest,
    "with the other places": smooth_fits.fits(x, given, directions).smoothest,
}

# %% [markdown]
r"""
Both are functions of the same family, and fit the same sixty labels. A family that contains smooth fits contains rough ones.
"""

# %% [markdown]
r"""
(info-depth)=
## How far from infinitely wide?

The first two theories were about what large networks *can* do. The third says how far a real network is from an infinitely wide one, for which there are formulas ({doc}`08_lazy_and_rich`). Draw the weights of a layer with variance $C/n$, where $C = 1$ for linear units and 2 for ReLU: such a start is *critical*, the mean square of a layer's units neither grows nor dies out with depth. Write $K$ for that mean square (for ReLU: twice it), beginning with $K = 1$ at the input. In an infinitely wide network $K$ stays 1. In a finite one it is random, and differs from network to network.

::::{predict}
:answer: 3
:figure: fig-info-depth
Two ReLU networks have 16,384 weights each: four layers of 64 units, or sixteen layers of 32. In which is $K$, after the last layer, closer to what an infinitely wide network has?

1. In both alike: the number of parameters decides.
2. In the deep one: it averages over more layers.
3. In the shallow one, by far.

:::{dropdown} Answer
C. Each layer multiplies $K$ by a random factor whose variance is 5/width, and the deep network has four times as many factors of twice the variance.
:::
::::

```{prf:proposition} Each layer adds its share
:label: info-prop-depth
In networks of width $n$ without biases at the critical start, after $\ell$ layers

$$
\frac{\operatorname{Var} K_\ell}{(\mathbb E K_\ell)^2} = \Bigl( 1 + \frac cn \Bigr)^{\ell} - 1 \ \approx\ c\, \frac{\ell}{n}, \qquad c = 2 \text{ (linear)}, \quad c = 5 \text{ (ReLU)}.
$$ (info-eq-depth)
```

```{prf:proof}
Given the units of one layer, the sums that enter the next are independent Gaussians of variance $K_{\ell}$, whatever else is known. So $K_{\ell+1} = K_\ell \cdot \tfrac1n \sum_j C \phi(g_j)^2$ with standard Gaussians $g_j$: a product of independent factors. Each summand has mean 1. Its second moment is $\mathbb E\, g^4 = 3$ for linear units and $4 \cdot \tfrac12 \cdot 3 = 6$ for ReLU, so a factor has mean 1 and second moment $1 + (3-1)/n$ or $1 + (6-1)/n$. Second moments of independent factors multiply.
```

Given $K$ an output is Gaussian with variance proportional to $K$. Over initialisations it is a mixture of Gaussians, whose excess kurtosis (0 for a Gaussian; the *connected four-point function* over the squared variance) is $3 \operatorname{Var} K / (\mathbb E K)^2$: the variance of $K$ is the distance from a Gaussian. For tanh, where $K$ shrinks with depth and no factor stays the same, the page has no proof; it is measured.

The proof also says how to sample: draw the sums, not the matrices, which is $n$ times cheaper. (A check with forty thousand networks of real matrices stands below.)
"""

# %%
widths = (32, 64, 128)
at_start, rows = ledger.seeds("pdlt-depth-to-width"), []
setups = [("linear", 64, 1), *product(("relu", "tanh"), widths, (16,))]
for seed, (kind, width, depth) in product(at_start, setups):
    values = wide_and_deep.kernel_values(kind, width, depth, 20_000, seed)
    relative = values.var(1) / values.mean(1) ** 2
    layers = [layer for layer in (1, 2, 4, 8, 16) if layer <= depth]
    rows += [(seed, kind, width, layer, relative[layer]) for layer in layers]
initial = pd.DataFrame(rows, columns=["seed", "kind", "width", "depth", "variance"])
initial["ratio"] = initial.depth / initial.width
initial["weights"] = initial.depth * initial.width**2

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Against the number of weights the points scatter, against depth over width they fall on one line.** Relative variance of $K$ over initialisations of ReLU networks of three widths and 1 to 16 layers; means over replicates with 95 % bands. Dotted: five times depth over width.", "name": "fig-info-depth"}, "image": {"alt": "Two log-log panels of relative variance. Left, against the number of weights: three separate lines. Right, against depth over width: the three lines lie on one another and on the dotted line, from which they bend upwards at large ratios."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.5), sharey=True)
relu, hues = (
    initial[initial.kind == "relu"],
    dict(zip(widths, figures.ramp(3), strict=True)),
)
for ax, column in zip(axes, ("weights", "ratio"), strict=True):
    figures.plot(relu, column, "variance", "width", ax, hues, "width {}")
    ax.set(xscale="log", yscale="log", ylabel="")
ratios = np.array([relu.ratio.min(), relu.ratio.max()])
axes[1].plot(ratios, 5 * ratios, ":", color=colors["threshold"])
axes[0].set(xlabel="weights", ylabel="relative variance of K")
axes[1].set(xlabel="depth over width")
axes[0].legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("pdlt-depth-to-width")

# %% tags=["remove-input"]
networks = scale.sizes(networks=(2000, 40_000, 40_000)).networks
matrices = wide_and_deep.kernel_values("relu", 16, 4, networks, draws[0], weights=True)[-1]
exact = wide_and_deep.relative_variance("relu", 16, 4)
Markdown(
    f"{networks:,} networks of four layers of 16 ReLUs, multiplied out as one stack of matrices, have a relative variance of {matrices.var() / matrices.mean() ** 2:.2f}; the proposition says {exact:.2f}."
)

# %% [markdown]
r"""
Were it the parameters that decide, the lines on the left would coincide. {cite:t}`roberts2022` carry this much further: the same ratio $\ell/n$ sets how far outputs are from Gaussian, how much the tangent kernel varies between initialisations and moves in training. Large means close to the limit only if large means *wide*; a network that gets deeper at the same width moves away from it. Beyond $\ell/n$ of about 1/5 the power in {eq}`info-eq-depth` wins over its first term, and the distribution of $K$ is one of rare, huge values.

(info-trainable)=
## Very deep networks

Last, depth at infinite width, where nothing is random. The tangent kernel $\Theta$ then decides everything about training on the squared error: how fast, by its condition number, and what is predicted for new inputs at the end, $\Theta(\text{new}, \text{old})\, \Theta(\text{old}, \text{old})^{-1} y$ on average over initialisations. From layer to layer two maps act, here for units erf, a smooth step like tanh:

$$
\mathcal K \leftarrow \sigma_w^2\, \mathbb E[\operatorname{erf}(s) \operatorname{erf}(t)] + \sigma_b^2, \qquad \Theta \leftarrow \mathcal K + \Theta\, \chi, \qquad \chi = \sigma_w^2\, \mathbb E[\operatorname{erf}'(s) \operatorname{erf}'(t)],
$$ (info-eq-recursion)

with Gaussian $s, t$ of covariance $\mathcal K$, the kernel of the layer before. If $\chi < 1$ for equal inputs, all inputs become alike with depth (the *ordered* phase); if $\chi > 1$, inputs however close become different (the *chaotic* phase) {cite:p}`xiao2020`.

::::{predict}
:answer: 1
:figure: fig-info-phases
In the chaotic phase, at 64 layers, how fast does an infinitely wide network fit its training labels, and how well does it predict new ones?

1. At once, and it predicts almost nothing.
2. At once, and well.
3. Hardly ever; what it fits generalizes.

:::{dropdown} Answer
A. To such a network every input is unlike every other: each label can be stored by itself, and says nothing about the next input.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Deep networks of infinite width"} tags=["hide-input"]
# Deep networks of infinite width: condition number and error at each depth
phase = {"ordered": 0.5, "critical": 1.36, "chaotic": 4.0}  # variances of weights
phase |= {"chaotic, 3": 3.0, "chaotic, 2": 2.0}  # for the card only
depths = (1, 2, 4, 8, 16, 32, 64)
examples = scale.sizes(examples=(60, 250, 250)).examples


def at_depths(seed, name):
    """One row for each depth: seed, phase, depth, condition number, error in per cent."""
    own = data.mnist1d(examples, examples, 5000 + seed, max_translation=1)
    x, targets = (
        torch.cat([own.x, own.x_test]),
        torch.nn.functional.one_hot(own.y, 10) - 0.1,
    )
    how = depths, phase[name], 0.05
    for layers, kernels in wide_and_deep.erf_kernels(x, own.x, *how).items():
        predicted = wide_and_deep.mean_prediction(kernels.tangent, targets)
        wrong = (predicted.argmax(1) != own.y_test).double().mean().item()
        condition = wide_and_deep.condition_number(kernels.tangent[:examples])
        yield seed, name, layers, condition, 100 * wrong


# %%
of_depth = ledger.seeds("trainability-vs-generalization")
rows = [row for seed, name in product(of_depth, phase) for row in at_depths(seed, name)]
deep = pd.DataFrame(rows, columns=["seed", "phase", "depth", "condition", "error"])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Where training is easy nothing carries over; where it is hard, what is learned does.** Left: condition number of the tangent kernel on 250 signals. Right: error on new signals of infinitely wide networks that were trained to the end; dotted: guessing. The lines of the ordered phase end where a computer's numbers do. Means over replicates with 95 % bands.", "name": "fig-info-phases"}, "image": {"alt": "Left: condition number against depth on two logarithmic axes, steeply rising in the ordered phase, slowly in the critical, falling to one in the chaotic. Right: test error against depth, level and low in the ordered and the critical phase, rising towards guessing in the chaotic one."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
hues = {"ordered": green, "critical": blue, "chaotic": orange}
solvable = deep[deep.phase.isin(hues) & (deep.condition < 1e13)]  # beyond, rounding decides
figures.plot(
    solvable.assign(condition=np.log10(solvable.condition)),
    "depth",
    "condition",
    "phase",
    left,
    hues,
)
figures.plot(solvable, "depth", "error", "phase", right, hues)
for ax in (left, right):
    figures.log_axis(ax, (1, 4, 16, 64))
    ax.set(xlabel="hidden layers", ylabel="")
left.set(title="log₁₀ of the condition number")
right.set(title="Error on new signals, %", ylim=(0, 100))
right.axhline(90, color=colors["threshold"], linestyle=":")
fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
ledger.say("trainability-vs-generalization")

# %% [markdown]
r"""
If being easy to train meant to generalize, both panels would show the same order. They show the opposite one. In the chaotic phase the diagonal of $\Theta$ grows like $\chi^{\ell}$, while the entries between different inputs stay bounded: $\Theta$ tends to a multiple of the identity. Its condition number is then 1, which gradient descent loves, and the entries that carry a label to a new input are a vanishing part of it: each example is a spike of its own. In the ordered phase all entries tend to the same value. What distinguishes inputs is in eigenvalues that shrink like $\chi^{\ell}$; what they say still generalizes, but to learn it takes exponentially many steps, and soon more digits than a computer has (there the lines end). Only near the border, $\chi = 1$, is there both for a long way.

{cite:t}`xiao2020` add that convolutional networks with pooling often generalize better; that is not tested here.

:::{admonition} Three theories, and what is left of each
:class: key-result
*Compression*: with tanh, what falls is an entropy of boxes. It comes with saturation; networks generalize without it, as read through fixed boxes, and compress where nothing can be learned. *Size*: without about $nd$ parameters nothing that fits noise is smooth; with more, smoother fits exist, which training need not find. *Infinite width*: a network is close to it where depth over width is small, and there a formula says whether it can be trained, and whether it generalizes. The two are not the same.
:::

(info-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-information-and-robustness`.
"""

# %% tags=["remove-input"]
turn = turned["tanh", "fixed"]
two = {"rises": turn.rises, "falls": turn.falls, "first": turn["first"]}
two |= {"large_start": large.falls, "later": turn.later}
ledger.card("tanh-two-phases", **two, section="info-reading")

# %% tags=["remove-input"]
of_relu = turned["relu", "fixed"].falls
none = {"relu": of_relu, "less": of_relu - turn.falls}
for scheme in ("quantile", "noise"):
    none[scheme] = turned["tanh", scheme].falls
    none[f"relu_{scheme}"] = turned["relu", scheme].falls
for scheme in ("moving", "exact"):
    none[f"relu_{scheme}"] = turned["relu", scheme].falls
for kind, table in last_three.items():
    own = table[(table.scheme == "exact") & (table.epoch == size.epochs)]
    none[f"{kind}_kept"] = own.groupby("seed", sort=False).inputs.mean()
ledger.card("relu-no-compression", **none, section="info-reading")


# %% tags=["remove-input"]
def final_error(kind):
    """Test error of each replicate at the end, in per cent."""
    table = trained[kind]
    last = table[table.epoch == table.epoch.max()]
    return last.groupby("seed", sort=False).test_error.first()


of_kind = {kind: final_error(kind) for kind in ("tanh", "relu", "binary")}
general = {"behind": of_kind["relu"] - of_kind["tanh"], "error": of_kind["relu"]}
general["tanh"] = of_kind["tanh"]
general["noise_falls"] = phases.turns(trained["noise"]).falls
general["noise_error"] = final_error("noise")
ledger.card("generalizing-without-compression", **general, section="info-noise")

# %% tags=["remove-input"]
whole = {"falls": phases.turns(trained["full"]).falls, "error": final_error("full")}
ledger.card("full-batch-compresses", **whole, section="info-noise")

# %% tags=["remove-input"]
signs = phases.turns(trained["binary"], wider[-3:])
one = {"together": signs.during, "less": signs.during - turn.during}
one |= {"falls": signs.falls, "error": of_kind["binary"]}
one["less_large"] = signs.during - large.during
ledger.card("binary-nets-one-phase", **one, section="info-noise")

# %% tags=["remove-input"]
x = torch.from_numpy(interpolation.sphere(60, 9, draws[0]))
sharp = [
    smooth_fits.steps(x, torch.from_numpy(interpolation.sphere(p, 9, draws[0] + 10**6)))
    for p in numbers
]
off = max(max(abs(gram - 1), 1 - rough) for gram, rough in sharp)
ledger.theorem("law-of-robustness", error=max(off, below), section="info-robustness")

# %% tags=["remove-input"]
relative_variance = initial.set_index(["kind", "width", "depth"]).variance
off = [
    64 * relative_variance[kind, 64, 1].mean() / c - 1
    for kind, c in (("linear", 2), ("relu", 5))
]
ledger.theorem("depth-adds-variance", error=np.abs(off).max(), section="info-depth")

# %% tags=["remove-input"]
ratio = {}
for kind, name in (("relu", "relu_"), ("tanh", "")):
    kurtosis = 3 * relative_variance[kind]
    value = lambda width, layers, all_of=kurtosis: all_of[width, layers].to_numpy()
    ratio[name + "same"] = value(128, 16) / value(32, 4)
    ratio[name + "parameters"] = value(32, 16) / value(64, 4)
ratio["shallow"] = value(64, 4)  # of tanh
ledger.card("pdlt-depth-to-width", **ratio, section="info-depth")

# %% tags=["remove-input"]
by_depth = deep.set_index(["phase", "depth"]).sort_values("seed", kind="stable")
value = lambda name, layers, column: by_depth.loc[(name, layers), column].to_numpy()
three = lambda *what: np.array([value(name, *what) for name in phase if "chaotic" in name])
chaos = {"memorizes": three(64, "condition").max(0), "fails": three(64, "error").min(0)}
chaos |= {"shallow": three(1, "error").max(0)}
chaos["ordered_error"] = value("ordered", 16, "error")
chaos["ordered"] = value("ordered", 16, "condition") / value("ordered", 1, "condition")
ledger.card("trainability-vs-generalization", **chaos, section="info-trainable")

# %% [markdown]
r"""
**We also asked** for other bins, a larger start, other depths and the ordered phase. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**Is there compression at all?** {cite:t}`saxe2018` hold that it is made by units that saturate on both sides, and that it neither needs the noise of SGD nor causes generalization. The authors of the theory answered that Saxe's estimates for ReLU were poor, and that with better ones they compress, too. {cite:t}`goldfeld2019` moved the question: with noise *inside* the network information is well defined, it sometimes falls, and where it does, representations of one class cluster. What remains open is whether clustering helps. {term}`Neural collapse <neural collapse>` ({doc}`08_simple_first`) belongs to that question, and bits do not decide it.

**Is robustness a matter of size?** The law of robustness needs noise in the labels and says *at least*. {cite:t}`bubeck2021` are careful to call what it suggests about large models a speculation.

:::{admonition} "Compression causes generalization"
:class: misconception
Read through equal bins, here are networks that generalize without it ({numref}`fig-info-plane`), and in {ref}`info-ex-noise` networks that compress and cannot generalize.
:::

:::{admonition} "The mutual information between input and layer falls during training"
:class: misconception
With strictly increasing units (tanh) and weights in general position it does not change, or is infinite ({prf:ref}`info-prop-deterministic`). A ReLU layer does lose something, the patterns for which all of its units are silent. What falls with tanh is an entropy of bins, and one can choose bins so that it does not.
:::

:::{admonition} "Bubeck and Sellke prove that large networks are robust"
:class: misconception
They prove that small networks that fit noisy labels are not. A lower bound promises nothing to those above it ({numref}`fig-info-robust`).
:::

## Check yourself

```{quiz}
```
"""

# %% [markdown]
r"""
## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`12_information_and_robustness`.

```{exercise} ★ How much fits into signs?
:label: info-ex-signs
A layer of three units of a binary network. How many bits can it tell about the 4,096 patterns? When does it tell as many? What is left of them when one unit has the same sign for all patterns?
```

```{solution} info-ex-signs
:class: dropdown
Three units have eight states, so at most 3 bits, and 3 only if each state occurs for 512 patterns. A unit that never changes leaves four states: at most 2 bits. If the layer is to tell the label, one bit is enough.
```

```{exercise} ★ The same function, other bits
:label: info-ex-rescale
Multiply the weights and biases into a ReLU layer by 2 and the weights out of it by 1/2. What does the network compute, and what happens to $I(X;T)$ of that layer with bins of fixed width? What does that say about a quantity that should explain generalization?
```

```{solution} info-ex-rescale
:class: dropdown
The same function, since $\max(0, 2a) = 2 \max(0, a)$. All values are twice as large, so they spread over twice as many bins, and the binned information grows, up to what the layer tells without bins. (The bins of this page reach to the largest value, and so move along.) What changes while the function stays cannot explain how well the function generalizes; sharpness has the same disease ({doc}`07_flatness`).
```

```{exercise} ★ The parameters that MNIST asks for
:label: info-ex-mnist
MNIST has 60,000 training images of 784 pixels. How many parameters does the law ask for, taken literally? And if the images had about 15 effective dimensions?
```

```{solution} info-ex-mnist
:class: dropdown
$60{,}000 \cdot 784 \approx 47$ million for all pixels; $60{,}000 \cdot 15 \approx 10^6$ with few effective dimensions. Which $d$ to use is a guess, and the guess moves the answer by a factor of fifty. And what the law names is a size below which smooth fits of noise do not exist, not one at which training finds them.
```

```{exercise} ★ How wide must a deep network be?
:label: info-ex-wide
A ReLU network of 100 layers shall have a relative variance of $K$ of at most 0.1 at its start. How wide must it be? And a linear one?
```

```{solution} info-ex-wide
:class: dropdown
$(1 + 5/n)^{100} \le 1.1$ asks for $5/n \le 1.1^{1/100} - 1 \approx 0.00095$, so $n \ge 5{,}244$. A linear one has 2 in place of 5: $n \ge 2{,}098$.
```

```{exercise} ★★ Labels that are not noise
:label: info-ex-signal
Replace the random signs by the sign of the first coordinate. The bound {eq}`info-eq-law` hardly changes. What happens to the smoothest fit with 600 features?
```

```{solution-start} info-ex-signal
:class: dropdown
```
"""

# %%
x = torch.from_numpy(interpolation.sphere(60, 9, 0))
directions = torch.from_numpy(interpolation.sphere(600, 9, 1))
noise = 2.0 * torch.randint(0, 2, (60,), generator=generator(0, "noise")) - 1
found = {"noise": noise, "sign of a coordinate": x[:, 0].sign(), "coordinate": x[:, 0]}
found = {name: smooth_fits.fits(x, y / y.std(), directions) for name, y in found.items()}
pd.DataFrame(
    {k: {"bound": f.bound, "smoothest": f.smoothest} for k, f in found.items()}
).round(2)

# %% [markdown]
r"""
All three were scaled to the same variance, so the bound is the same. Labels with structure can be fitted more smoothly than noise, though with so few points in ten dimensions not by much. The bound holds for any labels of this variance, and none of the three reaches it.

```{solution-end}
```

```{exercise} ★★ Is $nd$ the right number?
:label: info-ex-nd
Compute the smoothest gradient at $p = nd$ for $d = 5, 10, 20$ and $n = 30, 60$. What should it do if the law has the right exponents?
```

```{solution-start} info-ex-nd
:class: dropdown
```
"""

# %%
rows = []
for n, d in product((30, 60), (5, 10, 20)):
    smooth, bound = np.mean([fitted(s, n * d, n, d)[:3:2] for s in draws[:2]], 0)
    rows.append((n, d, n * d, smooth, bound, (d - 1) ** 0.5 / (d**0.5 - 1)))
pd.DataFrame(rows, columns=["n", "d", "p", "smoothest", "bound", "√(d−1)/(√d−1)"]).round(2)

# %% [markdown]
r"""
It stays within a factor of about two, while $p$ goes from 150 to 1,200. It falls with $d$, although the bound {eq}`info-eq-law` rises: near $p = n$ the fit must use directions in which the features hardly differ (the smallest singular value is about $\sqrt p - \sqrt n$), and at $p = nd$ this costs a factor of about $\sqrt{d-1}/(\sqrt d - 1)$, the last column, which falls to 1. It rises a little with $n$. Nothing here contradicts the exponents, and six means of two draws do not prove them.

```{solution-end}
```

```{exercise} ★★ The tail of a deep network
:label: info-ex-tail
By the proof of {prf:ref}`info-prop-depth`, $\ln K$ is a sum of independent terms. What is its mean in ReLU networks of 32 units and 16 layers, and what share of the networks has $K < 0.1$, though the mean of $K$ is 1?
```

```{solution-start} info-ex-tail
:class: dropdown
```
"""

# %%
last = wide_and_deep.kernel_values("relu", 32, 16, 20_000, draws[0])[-1]
{
    "mean of K": last.mean(),
    "mean of ln K": np.log(last).mean(),
    "K < 0.1": (last < 0.1).mean(),
}

# %% [markdown]
r"""
Most networks lie far below the mean, which a few huge ones hold up: $K$ is nearly log-normal. The initialisation that is critical on average leaves the typical network of this shape with a signal that has shrunk to a fraction. In wide networks the two agree.

```{solution-end}
```

```{exercise} ★★★ Compression without anything to learn
:label: info-ex-noise
Give the patterns labels drawn at random (`gain=0`), so that nothing can generalize, and train the tanh network for 1,000 epochs at three times the learning rate. Does $I(X;T)$ of the last three layers turn back? What does your answer say about the first misconception above?
```

```{solution-start} info-ex-noise
:class: dropdown
```
"""

# %%
nothing = trained["noise"]  # train("tanh", 1000, gain=0.0, lr=0.3), as above
errors = nothing.groupby("seed")[["train_error", "test_error"]].last()
phases.turns(nothing)[["rises", "falls"]].join(errors).round(1)

# %% [markdown]
r"""
It does, though there is nothing that could be said of new patterns; ten such networks are quoted in {ref}`info-noise`. The networks have some 300 parameters and cannot fit 3,277 random labels; fitting as many as they can is enough to saturate. So compression is no sign of generalization, either.

```{solution-end}
```

```{exercise} ★★★ A bridge over the layers
:label: info-ex-bridge
Residual networks carry each layer on: $h \leftarrow \sqrt{1 - a^2}\, h + a\, W h$, with weights of variance $1/n$ (linear units, and $K$ stays 1 on average). Find the factor by which $\mathbb E K^2$ grows per layer, check it by drawing networks of 64 units and 32 layers, and choose $a$ so that the spread of $K$ does not depend on the depth.
```

```{solution-start} info-ex-bridge
:class: dropdown
```
Given $h$ with $K = \lVert h \rVert^2/n$, the vector $W h$ is $\sqrt K\, g$ with a standard Gaussian $g$. So $K' = K \bigl( 1 - a^2 + a^2 \lVert g \rVert^2/n + 2a \sqrt{1-a^2}\, z/\sqrt n \bigr)$, where $z$, the part of $g$ along $h$, is standard Gaussian. The variance of the bracket is $(2a^4 + 4a^2(1 - a^2))/n = c/n$ with $c = 4a^2 - 2a^4$.
"""


# %%
def bridged(a, layers, n=64, networks=10_000):
    """Relative variance of K after this many residual layers, drawn, and by the formula."""
    draw = generator(draws[0], "residual networks")
    h = torch.randn(networks, n, generator=draw)
    h *= n**0.5 / h.norm(dim=1, keepdim=True)
    for _ in range(layers):
        length = h.square().mean(1, keepdim=True).sqrt()
        h = (1 - a**2) ** 0.5 * h + a * length * torch.randn(networks, n, generator=draw)
    K = h.square().mean(1)
    return (K.var() / K.mean() ** 2).item(), (1 + (4 * a**2 - 2 * a**4) / n) ** layers - 1


{f"{a:.2f}": [round(v, 3) for v in bridged(a, 32)] for a in (1, 0.5, 32**-0.5)}

# %% [markdown]
r"""
With $a = 1$ it is the network of the page, $c = 2$. With $a^2 = 1/\ell$ the exponent eats the factor: the variance is about $4/n$ for every depth. So skip connections, with layers scaled down as the network gets deeper, make any depth count as two layers. And $c$ never exceeds the 2 of a network without bridges.

```{solution-end}
```

## Summary

- A tanh network loses no information about its input; a ReLU layer loses what all its units are silent for. What the information plane shows depends on bins, and falls when patterns cluster.
- With 30 equal bins tanh networks on twelve bits fit and then compress; ReLU networks, read so, do not, and generalize as well.
- To fit noise with a gradient of order one takes at least about $nd$ features, $d$ times as many as fitting alone.
- Depth over width, not the number of parameters, sets how far a network at its start is from an infinitely wide one: each layer adds 2 (linear) or 5 (ReLU) over the width.
- Very deep chaotic networks memorize at once and do not generalize; ordered ones would generalize, and cannot be trained.

**Reading.** {cite:t}`shwartzziv2017` for the theory, {cite:t}`saxe2018` for the dissent and {cite:t}`goldfeld2019` for what is left; {cite:t}`bubeck2021` for the law; {cite:t}`roberts2022` for depth over width; {cite:t}`xiao2020` for the two phases of very deep networks.
"""
