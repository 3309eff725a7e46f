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
(implicit-regularization)=
# Implicit regularization

Training chooses one of infinitely many networks that fit. Nothing in the loss says which. So the choice is made by the algorithm: by where it starts,
by how large its steps are, by what it can reach. This chapter derives one such preference exactly, follows it into networks, and asks at every turn
whether it is the explanation or merely present.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from itertools import product

import numpy as np
import pandas as pd
import seaborn as sns
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import optimize

from overparam import (
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
from overparam.measures import curvature
from overparam.theory import backward_error, functions

figures.style()
colors = figures.COLORS
ledger = claims.EarlierLedger("implicit-regularization")
names_of_data = {"mnist1d": "MNIST-1D", "mnist": "MNIST"}
sizes = scale.sizes(
    #                 smoke              laptop                          gpu
    signals=(         "mnist1d",         "mnist1d",                      "mnist"),
    pool=(            (300, 200),        (6_000, 4_000),                 (60_000, 10_000)),
    n=(               60,                500,                            10_000),
    starts=(          5,                 20,                             20),
    seeds=(           3,                 10,                             10),
    few_seeds=(       3,                 5,                              5),
    steps=(           60,                20_000,                         100_000),
    stop_on_path=(    1.0,               0.1,                            0.1),
    stop_at_end=(     0.5,               0.01,                           0.01),
    widths=(          (10, 20),          (25, 50, 100),                  (100, 400, 1_600)),
    width_n=(         60,                1_000,                          60_000),
    hidden=(          (4, 64, 128),      (16, 32, 64, 128, 256, 512),    [2**k for k in range(3, 14)]),
    width_epochs=(    30,                300,                            300),
    edge_time=(       (40, 4),           (2_000, 120),                   (2_000, 120)),
    mnist=(           100,               1_000,                          10_000),
    mnist_widths=(    (10, 20),          (25, 50),                       (100, 400)),
    functions=(       2_000,             40_000,                         20_000_000),
)  # fmt: skip

sizes

# %% [markdown]
r"""
## The puzzle

Take networks with one hidden layer and make them wider, past the width at which they fit their whole training set. What more could there be to gain?
Once the training error is zero, more units can only add ways of being wrong. {cite:t}`neyshabur2014` asked this question, and then made it worse by
adding wrong labels.
"""

# %% mystnb={"code_prompt_show": "The networks: one call to sweep"} tags=["hide-input"]
# Networks of growing width on short signals in ten classes, told the truth or a few random labels, to the same loss
load = {"mnist1d": data.mnist1d, "mnist": lambda n, n_test: data.mnist()}
signals = load[sizes.signals](n=sizes.pool[0], n_test=sizes.pool[1])
width_runs = sweep(
    mlp(sizes.hidden),
    signals,
    n=sizes.width_n,
    label_noise=[0, 0.05],
    seed=scale.seeds(sizes.few_seeds),
    lr=0.02,
    momentum=0.9,
    batch_size=50,
    epochs=sizes.width_epochs,
    stop_loss=0.02,
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Past the width that fits, the test error goes on falling.** Networks with one hidden layer, trained to the same training loss or as long as we let them, with true labels (left) and with 5 % of the labels replaced at random (right; each by a class drawn from all ten, so that about one in ten of these is right again). Where the training error has reached zero, nothing in the loss prefers a wider network. Means over seeds with 95 % bands.", "name": "fig-ir-width"}, "image": {"alt": "Two panels of train and test error against hidden units on a logarithmic axis. Training error falls to zero; test error goes on from there. With random labels it lies higher."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.5), sharey=True)
for ax, (noise, rows) in zip(axes, width_runs.groupby("label_noise"), strict=True):
    for name in ("train", "test"):
        figures.plot(rows, "width", f"{name}_error", ax=ax, label=name)
    ax.set(xscale="log", xlabel="hidden units", ylabel="", ylim=(-0.02, 0.9))
    ax.set_title(f"{noise:.0%} random labels" if noise else "True labels")
    ax.set_xticks(sizes.hidden, sizes.hidden)
    ax.set_xticks([], minor=True)
axes[0].set_ylabel("share misclassified")
axes[0].legend()
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def beyond_fitting(noise):
    """For each seed, test error at the largest width less that at the smallest width at which the other half of the seeds all fit."""
    rows = width_runs[width_runs.label_noise == noise]
    train, test = (
        rows.pivot_table(f"{k}_error", "data_seed", "width") for k in ("train", "test")
    )
    epochs = rows.pivot_table("epochs_run", "data_seed", "width").mean()
    widest = max(sizes.hidden)

    def first_fit(half):
        fits = (half == 0).all()
        return int(fits.idxmax()) if fits.any() else widest

    def gain(half, first):
        errors = test.loc[half.index]
        return pd.DataFrame({"first": first, "gain": errors[widest] - errors[first]})

    found = measures.cross_fit(train, first_fit, gain)
    first = found["first"]
    return claims.mean(found.gain), sorted(set(first)), epochs[[first.iloc[-1], widest]]


fitted_gain = {noise: beyond_fitting(noise) for noise in (0, 0.05)}

# %% tags=["remove-input"]
Markdown(
    "The first width at which all networks fit is "
    + " and ".join(
        f"{' or '.join(map(str, first))} ({'true labels' if noise == 0 else '5 % random labels'})"
        for noise, (_, first, _) in fitted_gain.items()
    )
    + f". From there to {max(sizes.hidden)} units the share of misclassified test examples changes by {fitted_gain[0][0]:.3f} and "
    f"{fitted_gain[0.05][0]:.3f}. With true labels they train for {fitted_gain[0][2].iloc[0]:.0f} and "
    f"{fitted_gain[0][2].iloc[1]:.0f} epochs on average."
)

# %% [markdown]
r"""
Had the number of units been what limits these networks, the test error would have turned up again to the right of the width that fits. Where it does
not, training picks certain ones among the many networks that fit. The rest of the chapter is about what does the picking. (A
rival is in the last sentence of that line: they do not train equally long.)

::::{admonition} Predict before you run
:class: predict
A linear model with more coefficients than examples is fitted by gradient descent on the squared error, from zero. Which step size, among those that
converge, ends at the solution of smallest norm?

1. The smallest: it follows the loss most closely.
2. The largest: large steps regularize.
3. All of them end at the same solution.

:::{dropdown} Answer
The third. {prf:ref}`rand-prop-minimum-norm` has no step size in its answer: from zero gradient descent stays in the span of the examples, and
there is only one solution in it.
:::
::::

That is the first case of {term}`implicit regularization` ({ref}`rand-linear`): no penalty asks for the {term}`minimum-norm solution`. What did the
choosing was the *start*. In a network the loss is not quadratic, the path
bends, and for the first time it makes a difference how large the steps along it are.

(ir-backward)=
## A step is not a flow

Gradient descent with learning rate $h$ takes steps $\theta \mapsto \theta - h \nabla L(\theta)$. As $h \to 0$ its path becomes the *gradient flow*
$\dot\theta = -\nabla L(\theta)$. For finite $h$ it leaves the flow at every step. The usual analysis measures how far. *Backward error analysis* asks a
better question: is there *another* flow, close to the first, that the steps follow more closely? It is an old tool for integrators of differential
equations, and {cite:t}`barrett2021` used it to ask what gradient descent prefers.

::::{admonition} Predict before you run
:class: predict
You halve the learning rate. By which factor does the distance between the end of one step and the gradient flow after time $h$ shrink?

1. By 2.
2. By 4.
3. By 8.

:::{dropdown} Answer
By 4: one step agrees with the flow to first order, so it is wrong by something proportional to $h^2$. The flow of the next theorem is missed by a
distance that shrinks by 8.
:::
::::

```{prf:theorem} The flow that gradient descent follows
:label: ir-thm-flow
Let $L$ have continuous third derivatives. One step of gradient descent from $\theta$ differs from the solution at time $h$ of

$$
\dot\theta = -\nabla \widetilde L(\theta), \qquad
\widetilde L = L + \frac h4 \lVert \nabla L \rVert^2 ,
$$ (ir-eq-modified)

started at $\theta$, by $O(h^3)$. From the flow of $L$ itself it differs by $O(h^2)$.
```

```{prf:proof}
Look for a flow $\dot\theta = -\nabla L(\theta) + h\, v(\theta)$ with a vector field $v$ to be found. Its solution is
$\theta(h) = \theta + h \dot\theta + \tfrac{h^2}2 \ddot\theta + O(h^3)$. Here $\dot\theta = -\nabla L + h v$, and differentiating along the solution,
$\ddot\theta = -\nabla^2\! L\, \dot\theta + O(h) = \nabla^2\! L\, \nabla L + O(h)$. Together

$$
\theta(h) = \theta - h \nabla L + h^2 \left( v + \tfrac12 \nabla^2\! L\, \nabla L \right) + O(h^3) .
$$

The step is $\theta - h \nabla L$, exactly. The two agree up to $O(h^3)$ if and only if $v = -\tfrac12 \nabla^2\! L\, \nabla L$; with $v = 0$, the
gradient flow, a term of order $h^2$ is left. And $\nabla \lVert \nabla L \rVert^2 = 2\, \nabla^2\! L\, \nabla L$, so
$h v = -\nabla\, \tfrac h4 \lVert \nabla L \rVert^2$.
```

Errors of single steps add up: over a *fixed time*, $1/h$ steps, one order is lost, and gradient
descent stays within $O(h)$ of its flow and within $O(h^2)$ of the modified one. We check all four orders on the loss that the
paper illustrates its argument with too,

$$
L(a, b) = \tfrac12 (1 - ab)^2 ,
$$ (ir-eq-valley)

the smallest of all overparameterized models (a linear network of two layers with one unit each, one example, two parameters), and those of a single
step on a tanh network of 24 parameters. Starting points are random, steps are given in units of $1 / \lvert\text{curvature}\rvert$ at the start, and
the flows are integrated to twelve digits.
"""

# %%
valley = backward_error.Landscape(
    loss=lambda t: (1 - t[0] * t[1]) ** 2 / 2,
    gradient=lambda t: (t[0] * t[1] - 1) * t[::-1],
    hessian_product=lambda t, v: t[::-1] ** 2 * v + (2 * t[0] * t[1] - 1) * v[::-1],
)


def tanh_network(theta):
    """½ mean squared error of a tanh network of 8 units on a sine; its 24 parameters as one vector."""
    x = torch.linspace(-1, 1, 20, dtype=torch.float64)
    w, b, v = theta.split(8)
    return ((torch.tanh(3 * (x[:, None] * w + b)) @ v - torch.sin(5 * x)) ** 2).mean() / 2


small_network = backward_error.landscape(tanh_network)


# %%
def curvature_at(landscape, theta):
    """The largest absolute eigenvalue of the Hessian."""
    rows = [landscape.hessian_product(theta, e) for e in np.eye(len(theta))]
    return np.abs(np.linalg.eigvalsh(rows)).max()


def errors(landscape, start, whole=None, fractions=(0.04, 0.02, 0.01, 0.005)):
    """Distances to both flows, after one step or a whole time, for steps of these fractions of 1/curvature."""
    unit, rows = 1 / curvature_at(landscape, start), []
    for f in fractions:
        steps = round(whole / f) if whole else 1
        gradient, modified = backward_error.distances(landscape, start, f * unit, steps)
        rows += [("gradient", f, gradient), ("modified", f, modified)]
    what = "fixed time" if whole else "one step"
    return pd.DataFrame(rows, columns=["flow", "step", "error"]).assign(what=what)


# %%
starts = []
for seed in scale.seeds(sizes.starts):
    g = randomness.rng(seed)
    at, weights = g.uniform(0.3, 2.5, 2), g.normal(size=24)
    starts += [
        errors(valley, at).assign(loss="valley", seed=seed),
        errors(valley, at, whole=0.4).assign(loss="valley", seed=seed),
        errors(small_network, weights).assign(loss="network", seed=seed),
    ]
measured = pd.concat(starts)
by_start = measured.groupby(["loss", "what", "flow", "seed"])
orders = by_start.apply(
    lambda t: backward_error.order(t.step, t.error), include_groups=False
)
orders.groupby(["loss", "what", "flow"]).agg(["min", "mean", "max"]).round(3)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Gradient descent leaves the gradient flow by order two per step, and the modified flow by order three.** Distance between gradient descent and the two flows against the step, in units of 1/curvature, for random starts in the valley. Left: after one step. Right: after a fixed time, where one order is lost. Dashed: lines of slope two and three (left), one and two (right).", "name": "fig-ir-orders"}, "image": {"alt": "Two log-log panels of distance against step size, each with two bundles of parallel lines. Left: the bundle for the gradient flow has slope two and that for the modified flow slope three, and lies lower. Right: slopes one and two."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.9))
hues = {"gradient": figures.SEQUENCE[1], "modified": figures.SEQUENCE[0]}
in_valley = measured[measured.loss == "valley"]
for ax, (what, slopes) in zip(
    axes, (("one step", (2, 3)), ("fixed time", (1, 2))), strict=True
):
    for (flow, color), slope in zip(hues.items(), slopes, strict=True):
        rows = in_valley[(in_valley.what == what) & (in_valley.flow == flow)]
        for k, (_, line) in enumerate(rows.groupby("seed")):
            ax.plot(line.step, line.error, "o-", color=color, alpha=0.35, linewidth=1, markersize=3,
                    label=f"to the {flow} flow" if k == 0 else None)  # fmt: skip
        h = np.array([0.005, 0.04])
        at = rows[rows.step == 0.04].error.median()
        ax.plot(h, at * (h / 0.04) ** slope, "--", color=figures.INK, linewidth=1.5)
    ax.set(xscale="log", yscale="log", title=what.capitalize(), xlabel="step · curvature")
    ax.set_xticks([0.005, 0.01, 0.02, 0.04], ["0.005", "0.01", "0.02", "0.04"])
    ax.set_xticks([], minor=True)
axes[0].set_ylabel("distance")
handles = axes[0].get_legend_handles_labels()
fig.legend(*handles, loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
r"""
:::{margin}
In the paper the letters are others: $E$ for the loss, $R_{IG} = \lVert \nabla E \rVert^2 / m$ and $\lambda = hm/4$, with $m$ the number of parameters
(our $p$). Their product has no $m$ in it.
:::

An order that is off by one half would show as bundles of another slope.

(ir-path)=
## What the penalty does, and what it cannot do

**It is the squared length of the gradient, and the gradient is that of the full batch.** Stochastic steps have a law of their own, which comes below.

**It is zero at every minimum.** There $\nabla L = 0$, so $\widetilde L = L$. The modified loss does *not* raise sharp minima above flat ones.

::::{admonition} Predict before you run
:class: predict
Two interpolating minima of $L$, one sharp and one flat. Gradient descent with a large step starts *exactly at* the sharp one. Where does it go, and
at which of the two is the modified loss lower?

1. To the flat one; the modified loss is lower there.
2. Nowhere; the modified loss is the same at both.
3. Nowhere; the modified loss is lower at the flat one, but there is a barrier.

:::{dropdown} Answer
The second. $\nabla L = 0$ at both, so neither feels a penalty and neither step moves. What the penalty can do is to bend the *path* that
leads to a minimum. (Started next to the sharp one, a step larger than 2/curvature would be thrown out. That is another mechanism, and it will matter.)
:::
::::

```{prf:proposition} Stationary points stay stationary
:label: ir-prop-stationary
If $\nabla L(\theta) = 0$ then $\nabla \widetilde L(\theta) = 0$ and $\widetilde L(\theta) = L(\theta)$. If moreover $L$ is convex, $\widetilde L$ has
no other stationary points, however large $h$.
```

```{prf:proof}
$\nabla \widetilde L = (I + \tfrac h2 \nabla^2\! L)\, \nabla L$. If $\nabla^2\! L$ has no negative eigenvalues the bracket is invertible.
```

To see a bent path, take the valley {eq}`ir-eq-valley`. Its minima are the hyperbola $ab = 1$. The Hessian there has only one eigenvalue
that is not zero, $\lambda_1 = a^2 + b^2$, so the flattest is $a = b$. With the residual $\delta = 1 - ab$ one step maps

$$
a^2 - b^2 \;\longmapsto\; (a^2 - b^2)\, (1 - h^2 \delta^2) ,
$$ (ir-eq-balance)

exactly ({ref}`ir-ex-balance`). The gradient flow conserves $a^2 - b^2$. Gradient descent loses some of it at every step at which it has not yet fitted.
"""


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**A finite step bends the path towards the flat end of the valley.** Gradient descent (dots), the gradient flow and the modified flow from the same start; contours of the loss, minima on the dotted hyperbola. Left: the valley. Right: what is in its box, magnified; the largest steps leave it. For moderate steps the three paths differ little; for large ones gradient descent does what neither flow does. The numbers in the title are curvatures at the end.", "name": "fig-ir-paths"}} tags=["hide-input"]
# The slider over the step size
start = np.array([2.8, 0.05])
a, b = np.linspace(0.6, 3.1, 200), np.linspace(-0.75, 1.55, 200)
height = (1 - np.outer(b, a)) ** 2 / 2
box = {"xlim": (2.52, 2.86), "ylim": (0, 0.7)}  # where all but the largest steps stay
time = np.concatenate([[0], np.geomspace(1e-3, 10, 150)])


def top(theta):
    """λ₁ at a minimum of the valley: the only eigenvalue of the Hessian that is not zero."""
    return float((theta**2).sum())


def ends(h):
    """Gradient descent, gradient flow and modified flow of the valley: their paths."""
    gradients = valley.gradient, backward_error.modified_gradient(valley, h)
    steps = backward_error.descend(valley.gradient, start, h, 2_000 if h < 0.1 else 600)
    return steps, *(backward_error.flow(g, start, time) for g in gradients)


def paths(h):
    fig, axes = plt.subplots(1, 2, figsize=(7.2, 4.2))
    steps, flow, modified = ends(h)
    lines = {"colors": [colors["noise"]], "linewidths": 0.6, "alpha": 0.6}
    dots = {"color": figures.INK, "linewidth": 0.6, "markersize": 3.5}
    for ax in axes:
        ax.contour(a, b, height, [0.003, 0.03, 0.12, 0.4, 1, 3, 8], **lines)
        ax.plot(a, 1 / a, ":", color=colors["threshold"])
        ax.plot(*flow.T, color=hues["gradient"], label="gradient flow")
        ax.plot(*modified.T, "--", color=hues["modified"], label="modified flow")
        ax.plot(*steps.T, "o-", label="gradient descent", **dots)
    axes[0].set(xlim=(0.9, 3.1), ylim=(-0.75, 1.55), xlabel="a", ylabel="b")
    axes[1].set(**box, xlabel="a")
    axes[0].indicate_inset(
        (box["xlim"][0], box["ylim"][0], np.ptp(box["xlim"]), np.ptp(box["ylim"])),
        edgecolor=figures.INK,
    )
    traces = ", ".join(f"{top(path[-1]):.2f}" for path in (flow, modified, steps))
    axes[0].set_title(f"h = {h:g}: flow, modified flow, descent end at {traces}")
    handles = axes[0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=3)
    return fig


figures.slider(
    paths,
    values=(0.02, 0.05, 0.1, 0.15, 0.2, 0.225, 0.25, 0.3, 0.35),
    description="Step h",
    alt="Two panels, the valley and a magnified part of it: contours with the paths of gradient descent, gradient flow and modified flow at step {}; the paths end on the hyperbola of minima.",
    start=0.2,
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The expansion is right for small steps; the ceiling is where it breaks.** The minimum of the valley at which gradient descent arrives, against the step size. Left: how much curvature it has lost against the gradient flow, on logarithmic axes, with what the modified flow predicts. Right: the curvature, and the largest at which a step is stable, 2/h. For small steps the prediction is right and little curvature is lost. Larger steps lose several times what it predicts while they are still stable, the more so the closer they come to 2/curvature; beyond, curvature falls steeply, and the modified flow does not know of it.", "name": "fig-ir-valley"}, "image": {"alt": "Left: curvature lost against step size on logarithmic axes; gradient descent follows the dashed line of the modified flow for small steps and rises far above it for large ones. Right: curvature at the end; gradient descent drops below the curve 2/h where that meets the level line of the modified flow."}} tags=["hide-input"]
grid_h = np.array(
    [
        0.01,
        0.03,
        0.05,
        0.075,
        0.1,
        0.125,
        0.15,
        0.175,
        0.2,
        0.21,
        0.22,
        0.23,
        0.24,
        0.25,
        0.26,
        0.28,
        0.3,
        0.32,
        0.34,
    ]
)
end = pd.DataFrame(
    [[top(path[-1]) for path in ends(h)] for h in grid_h],
    grid_h,
    ["descent", "flow", "modified"],
)
lost = pd.DataFrame({name: end.flow - end[name] for name in ("descent", "modified")})
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
left.plot(grid_h, lost.modified, "--", color=hues["modified"], label="modified flow")
left.plot(grid_h, lost.descent, "o", color=figures.INK, label="gradient descent")
left.set(xscale="log", yscale="log", ylabel="curvature lost")
right.plot(grid_h, 2 / grid_h, ":", color=colors["threshold"], label="stable up to 2/h")
right.plot(grid_h, end.modified, "--", color=hues["modified"], label="modified flow")
right.plot(grid_h, end.descent, "o", color=figures.INK, label="gradient descent")
right.set(ylim=(1.5, 10), ylabel="curvature at the end")
for ax in (left, right):
    ax.set_xlabel("step size h")
left.legend(loc="upper left")
right.legend(loc="lower left", fontsize=10)
plt.show()

# %% tags=["remove-input"]
sharp_end = end.flow.iloc[0]
derived = (2 + grid_h * sharp_end) / (2 - grid_h * sharp_end)
factors = lost.assign(factor=lost.descent / lost.modified, derived=derived)
Markdown(
    f"The gradient flow ends at a curvature of {sharp_end:.2f}, which a step of up to {2 / sharp_end:.3f} can live with.\n\n"
    "| h | lost by descent | by the modified flow | factor | (2 + hλ₁)/(2 − hλ₁) |\n| --- | --- | --- | --- | --- |\n"
    + "\n".join(
        f"| {h:g} | {r.descent:.4f} | {r.modified:.4f} | {r.factor:.2f} | {f'{r.derived:.2f}' if h * sharp_end < 2 else ''} |"
        for h, r in factors.loc[[0.01, 0.05, 0.1, 0.15, 0.2, 0.3]].iterrows()
    )
)

# %% [markdown]
r"""
The factor by which descent exceeds the modified flow can be worked out. Near the end of the path the residual shrinks by $1 - h\lambda_1$ per step. So
in {eq}`ir-eq-balance` $h^2 \sum \delta^2$ is $h \delta_0^2 / (\lambda_1 (2 - h\lambda_1))$, where the modified flow has
$h \delta_0^2 / (\lambda_1 (2 + h\lambda_1))$. The ratio,

$$
\frac{2 + h\lambda_1}{2 - h\lambda_1} ,
$$ (ir-eq-factor)

is 1 for small steps, 3 at $h\lambda_1 = 1$, and infinite at $h\lambda_1 = 2$; the last two columns compare. A step that jumps from side to side keeps
its residual large, and it is the residual that bends. The penalty is the beginning of this series, the ceiling its pole. (Close to 2 the curvature
falls on the way, and the factor is smaller.)

::::{admonition} Break it: a step that is not small
:class: break-it
On $L = \tfrac12 \lambda_1 \theta^2$ everything can be computed ({ref}`ir-ex-quadratic`). A step multiplies $\theta$ by $1 - h\lambda_1$. Some flow
does the same only if $1 - h\lambda_1 > 0$. For $1 < h\lambda_1 < 2$ gradient descent converges while jumping from side to side, which no flow of one
variable does; for $h\lambda_1 > 2$ it diverges, while the modified flow converges faster than ever. Nothing in the theorem, which is about $h \to 0$,
warns you.
::::

### Zero at the end, in networks

At interpolating minima, points of the valley's hyperbola and small tanh networks that were fitted to their data up to rounding, the gradient of the
modified loss must vanish whatever $h$. A second check, the squared gradient of networks in training, needs the runs of {ref}`ir-edge`, and is on the
card.
"""


# %%
def interpolating(seed, points=8):
    """A tanh network of 24 parameters fitted to 8 random values, to rounding, and the loss that it minimises."""
    draw = randomness.rng(seed)
    x, y = (
        torch.linspace(-1, 1, points, dtype=torch.float64),
        torch.from_numpy(draw.normal(size=points)),
    )

    def residuals(theta):
        w, b, v = torch.as_tensor(theta).split(8)
        return torch.tanh(3 * (x[:, None] * w + b)) @ v - y

    solver = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 2_000}
    fit = optimize.least_squares(
        lambda t: residuals(t).numpy(), draw.normal(size=24), **solver
    )
    return backward_error.landscape(lambda t: residuals(t).square().mean() / 2), fit.x


# %%
step = 0.5  # any step; the penalty is proportional to it
points = [
    backward_error.modified_gradient(valley, step)(np.array([a, 1 / a]))
    for a in np.geomspace(0.2, 5, 20)
]
ends_found = [interpolating(s) for s in scale.seeds(10)]
nets = [backward_error.modified_gradient(loss, step)(theta) for loss, theta in ends_found]
modified_at_minima = np.array([np.linalg.norm(g) for g in points + nets])
curvatures = [curvature_at(loss, theta) for loss, theta in ends_found]
worst_fit = max(loss.loss(theta) for loss, theta in ends_found)

# %% tags=["remove-input"]
Markdown(
    f"At {len(points)} minima of the valley and {len(nets)} interpolating networks (loss at most {worst_fit:.0e}) the gradient of the modified loss "
    f"with h = {step} is at most {modified_at_minima.max():.0e}, at curvatures from {min(curvatures):.1f} to {max(curvatures):.0f}."
)

# %% [markdown]
r"""
Sharp or flat, the penalty does not push there. With cross-entropy no finite weights are a minimum, so in the networks that follow it fades and is
never exactly zero.

(ir-sgd)=
## The law of stochastic steps

Now let the training set be cut into $k$ minibatches of equal size with losses $L_1, \dots, L_k$ and mean $L$. One epoch takes one step on each, in
random order. Averaged over the $k!$ orders {cite:p}`smith2021`, where does the epoch end?

```{prf:theorem} The flow that an epoch of SGD follows on average
:label: ir-thm-sgd
The mean over all orders of the iterate after one epoch differs by $O(h^3)$ from the solution at time $kh$ of the flow of

$$
\widetilde L_{\mathrm{SGD}} = L + \frac h4 \cdot \frac1k \sum_{j=1}^k \lVert \nabla L_j \rVert^2
= L + \frac h4 \lVert \nabla L \rVert^2 + \frac h4 \cdot \frac1k \sum_{j=1}^k \lVert \nabla L_j - \nabla L \rVert^2 .
$$ (ir-eq-sgd)
```

```{prf:proof}
Write $g_j = \nabla L_j$ and $g = \nabla L$, all at the start. Expanding step after step,

$$
\theta_k = \theta - h \sum_j g_j + h^2 \sum_{i \text{ before } j} \nabla^2\! L_j\, g_i + O(h^3) .
$$

Every ordered pair $i \ne j$ has its $i$ first in half of the orders, so the mean of the double sum is $\tfrac12 \sum_{i \ne j} \nabla^2\! L_j\, g_i
= \tfrac12 \bigl( k^2\, \nabla^2\! L\, g - \sum_j \nabla^2\! L_j\, g_j \bigr)$. The flow of a loss $L + h Q$ for time $kh$ gives
$\theta - kh g - k h^2 \nabla Q + \tfrac12 k^2 h^2\, \nabla^2\! L\, g + O(h^3)$. They agree if
$k \nabla Q = \tfrac12 \sum_j \nabla^2\! L_j\, g_j$, that is $Q = \tfrac1{4k} \sum_j \lVert g_j \rVert^2$.
```

The first part of the penalty is that of gradient descent. The second is the variance of the minibatch gradients, which shrinks as the batches grow
({ref}`ir-ex-noise`). Note the order: all minibatches once, reshuffled. Minibatches drawn *with* replacement obey another law
({ref}`ir-ex-replacement`).

::::{admonition} Predict before you run
:class: predict
A colleague models SGD by the flow of $L + \tfrac h4 \lVert \nabla L \rVert^2$, the law of full-batch descent. At which order in $h$ is that wrong,
for the mean over orders?

1. At order 3: on average the minibatches cancel.
2. At order 2, as if there had been no correction.
3. It is not wrong: the minibatch gradients have the right mean.

:::{dropdown} Answer
The second. The noise has mean zero, but what enters at order $h^2$ is its square.
:::
::::

We take linear regressions with 16 examples in 4 minibatches, so that all 24 orders can be run.
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def regression(seed):
    """Four minibatches of four examples in three dimensions, and a start."""
    g = randomness.rng(seed)
    x, y = g.standard_normal((4, 4, 3)), g.standard_normal((4, 4))
    return [
        backward_error.least_squares(*batch) for batch in zip(x, y, strict=True)
    ], g.standard_normal(3)


def epoch_errors(seed, steps=(0.02, 0.01, 0.005, 0.0025)):
    """Distance of the mean epoch from three flows."""
    batches, w = regression(seed)
    whole, rows = backward_error.mean_of(batches), []
    for h in steps:
        laws = (
            whole.gradient,
            backward_error.modified_gradient(whole, h),
            backward_error.sgd_modified_gradient(batches, h),
        )
        mean = backward_error.mean_epoch(batches, w, h)
        rows += [
            (n, h, np.linalg.norm(mean - backward_error.flow(f, w, [4 * h])[-1]))
            for n, f in zip(flows_of_sgd, laws, strict=True)
        ]
    return pd.DataFrame(rows, columns=["flow", "step", "error"]).assign(seed=seed)


# %%
flows_of_sgd = {
    "plain flow": figures.SEQUENCE[1],
    "full-batch law": figures.SEQUENCE[3],
    "SGD law": figures.SEQUENCE[0],
}
epochs = pd.concat([epoch_errors(s) for s in scale.seeds(10)])
sgd_orders = epochs.groupby(["flow", "seed"]).apply(
    lambda t: backward_error.order(t.step, t.error), include_groups=False
)
sgd_orders.groupby("flow", sort=False).agg(["min", "mean", "max"]).round(3)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Only the law with the minibatch gradients is of third order.** Distance between the mean over all orders of one epoch of SGD and three flows, against the learning rate, for ten linear regressions. The law of full-batch gradient descent has the slope of no correction at all.", "name": "fig-ir-sgd"}, "image": {"alt": "Log-log plot of distance against learning rate for three flows. Lines for the plain flow and the full-batch law have slope two; lines for the SGD law have slope three and lie far below."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.7))
for name, color in flows_of_sgd.items():
    rows = epochs[epochs.flow == name]
    for k, (_, line) in enumerate(rows.groupby("seed")):
        ax.plot(
            line.step,
            line.error,
            "o-",
            color=color,
            alpha=0.4,
            linewidth=1,
            markersize=3,
            label=name if k == 0 else None,
        )
ax.set(
    xscale="log", yscale="log", xlabel="learning rate h", ylabel="distance after one epoch"
)
ax.set_xticks([0.0025, 0.005, 0.01, 0.02], ["0.0025", "0.005", "0.01", "0.02"])
ax.set_xticks([], minor=True)
ax.legend(loc="lower right")
plt.show()


# %% mystnb={"code_prompt_show": "Does SGD's law keep the minima?"} tags=["hide-input"]
# Distance between the minimum of L and that of its SGD law, with noisy labels and with labels that a linear model fits
def moved(seed, fits, h=0.1):
    g = randomness.rng(seed)
    x = g.standard_normal((4, 4, 3))
    y = x @ np.ones(3) + (0 if fits else 1) * g.standard_normal((4, 4))
    batches = [backward_error.least_squares(*batch) for batch in zip(x, y, strict=True)]
    minimum = np.linalg.lstsq(x.reshape(-1, 3), y.ravel(), rcond=None)[0]
    law = backward_error.sgd_modified_gradient(batches, h)
    return np.linalg.norm(law(minimum)), np.linalg.norm(
        optimize.root(law, minimum, tol=1e-13).x - minimum
    )


shift = {
    fits: np.array([moved(s, fits) for s in scale.seeds(10)]) for fits in (False, True)
}

# %% tags=["remove-input"]
Markdown(
    f"One more difference. Where the data cannot be fitted, the minibatch gradients do not vanish at the minimum of $L$, and the SGD law (at h = 0.1) has its "
    f"minimum elsewhere, at a distance of {shift[False][:, 1].min():.3f} to {shift[False][:, 1].max():.3f} over ten regressions. Where it can be fitted every "
    f"minibatch gradient vanishes, and the gradient of the SGD law is at most {shift[True][:, 0].max():.0e} there."
)

# %% [markdown]
r"""
(ir-grid)=
## Larger steps in networks

Does this explain anything about networks? {cite:t}`barrett2021` report that with larger learning rates, and in larger networks, training ends with a
smaller $R_{IG} = \lVert \nabla L \rVert^2 / p$, in flatter places, and with lower test error. We train
fully connected networks of two hidden layers, full batch and without momentum, over a grid of learning rates and widths, on MNIST-1D and on MNIST.

One trap has to be avoided first. After the same number of *epochs* a larger learning rate has simply come further. So all runs stop at the same
training *loss*. The gradient is measured on the way, where the loss is 0.1; curvature and test error also at the end (0.01 on MNIST-1D, 0.02 on
MNIST). Curvature is the largest eigenvalue $\lambda_1$ of the Hessian of $L$, called the *sharpness*, and *flat* means that it is small.

::::{admonition} Predict before you run
:class: predict
Full-batch gradient descent with three learning rates, each run to the same training loss of 0.1. How does the squared length of the gradient, at that
moment, depend on the learning rate?

1. It is smaller for larger learning rates: that is what they penalise.
2. It does not depend on it.
3. It is larger for larger learning rates.

:::{dropdown} Answer
The table below the figure has the slopes; a pilot run made us expect the third. Large steps bounce from wall to wall of a ravine, and the gradient of
a point on a wall is large. Whoever compares at equal epochs compares progress as well ({ref}`ir-ex-epochs`).
:::
::::
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def to_loss(stop, data_set=signals, width=50, n=sizes.n, seeds=sizes.seeds, **settings):
    """Networks of two hidden layers trained to a training loss, full batch unless told otherwise."""
    settings = {"lr": 0.1, "epochs": sizes.steps, "seed": scale.seeds(seeds)} | settings
    recorded = ["weights", "test_correct"]
    runs = sweep(mlp(width, 2), data_set, n=n, stop_loss=stop, record=recorded, **settings)
    return look(runs, data_set)


def halves(runs):
    """Adds the errors at the end on two halves of the test set: one to choose by, one to test."""
    wrong = 1.0 - np.stack([c[-1] for c in runs.test_correct])
    middle = wrong.shape[1] // 2
    return runs.assign(validation=wrong[:, :middle].mean(1), test=wrong[:, middle:].mean(1))


def look(runs, data_set):
    """Adds these, and sharpness and squared gradient of the training loss."""
    sharpness = [values[-1] for values in curvature.sharpness(runs, data_set)]
    squared = [slope_of(row, data_set) for _, row in runs.iterrows()]
    return halves(runs).assign(sharpness=sharpness, squared=squared)


# %% mystnb={"code_prompt_show": "The squared gradient"} tags=["hide-input"]
def slope_of(row, data_set, time=-1):
    """‖∇L‖² on the examples of a row, at one of its recorded times."""
    rows = data.subset(data_set, row.n, row.data_seed)
    return backward_error.squared_gradient(
        network(row, data_set, time), data_set.x[rows], data_set.y[rows], row["loss"]
    )


# %%
rates = (0.1, 0.2, 0.4)
stops = {"on the path": sizes.stop_on_path, "at the end": sizes.stop_at_end}
grid = pd.concat(
    to_loss(stop, width=sizes.widths, lr=rates, seeds=sizes.few_seeds).assign(when=when)
    for when, stop in stops.items()
).assign(R=lambda t: t.squared / t.parameters, edge=lambda t: t.lr * t.sharpness)
missed_stop = int((grid.train_loss > grid.when.map(stops)).sum())


# %% mystnb={"code_prompt_show": "The grid on MNIST"} tags=["hide-input"]
def on_mnist():
    """The grid on pictures of MNIST, with a smaller step on the path: a table of numbers."""
    pictures, shape = data.mnist(), (sizes.mnist_widths, sizes.mnist, sizes.few_seeds)
    table = pd.concat(
        to_loss(stop, pictures, *shape, lr=lr).assign(when=when)
        for when, stop, lr in (
            ("on the path", 0.1, (0.05, *rates)),
            ("at the end", 0.02, rates),
        )
    )
    columns = ["width", "lr", "data_seed", "when", "parameters", "epochs_run", "train_loss"]
    return table[[*columns, "validation", "test", "test_error", "sharpness", "squared"]]


possible = data.available("mnist") and scale.current() != "smoke"
mnist_grid, where = results.measured_or_recorded("05_implicit_mnist", possible, on_mnist)
mnist_grid = mnist_grid.assign(
    R=mnist_grid.squared / mnist_grid.parameters, edge=mnist_grid.lr * mnist_grid.sharpness
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**At equal loss larger steps end flatter; whether the gradient is smaller is another matter.** Full-batch gradient descent to the same training loss, on MNIST-1D (above) and on MNIST (below), for several widths. Left: the quantity R_IG = \u2016\u2207L\u2016\u00b2/p of the paper, on the path. Middle: the largest eigenvalue of the Hessian, at the end. Right: test error, at the end. A wider network has a smaller R_IG, but R_IG is divided by the number p of parameters. Means over seeds with 95 % bands.", "name": "fig-ir-grid"}, "image": {"alt": "Two rows of three panels against the learning rate, one curve per width. Left: R_IG on a logarithmic axis, lower for wider networks. Middle: sharpness falls with the learning rate. Right: test error, with one curve per width."}} tags=["hide-input"]
fig, axes = plt.subplots(2, 3, figsize=(7.2, 5.7), sharex=True)
panels = (
    ("R", "on the path", "R_IG, on the path"),
    ("sharpness", "at the end", "Sharpness, at the end"),
    ("test_error", "at the end", "Test error, at the end"),
)
for row_of, table in zip(axes, (grid, mnist_grid), strict=True):
    for ax, (name, when, title) in zip(row_of, panels, strict=True):
        figures.plot(
            table[table.when == when],
            "lr",
            name,
            hue="width",
            ax=ax,
            label="width {}",
            markersize=3,
        )
        ax.set(xscale="log", xlabel="", ylabel="")
        ax.set_xticks(
            sorted(table.lr.unique()), [f"{v:g}" for v in sorted(table.lr.unique())]
        )
        ax.set_xticks([], minor=True)
        if name != "test_error":
            ax.set_yscale("log")
        if ax in axes[0]:
            ax.set_title(title)
for ax in axes[1]:
    ax.set_xlabel("learning rate h")
axes[0, 0].set_ylabel(names_of_data[sizes.signals])
axes[1, 0].set_ylabel("MNIST")
handles = axes[0, 0].get_legend_handles_labels()
fig.legend(*handles, loc="outside lower center", ncols=len(sizes.widths))
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def per_doubling(table, name, axis, when, log=True):
    """For each seed the slope of a quantity (its log₂, or itself) per doubling of learning rate or width, the other held fixed."""
    rows = table[table.when == when].assign(
        value=lambda t: np.log2(t[name]) if log else t[name]
    )
    other = "width" if axis == "lr" else "lr"
    centred = rows.assign(
        value=rows.value - rows.groupby(["data_seed", other]).value.transform("mean"),
        x=np.log2(rows[axis]) - np.log2(rows[axis]).mean(),
    )
    return claims.mean(
        [(t.x @ t.value) / (t.x @ t.x) for _, t in centred.groupby("data_seed")]
    )


def slopes_of(table):
    """All slopes of a grid."""
    return {
        (name, axis, when): per_doubling(table, name, axis, when, name != "test_error")
        for name in ("R", "squared", "sharpness", "test_error")
        for axis in ("lr", "width")
        for when in stops
    }


slope, mnist_slope = slopes_of(grid), slopes_of(mnist_grid)
edges_of = grid[grid.when == "on the path"].groupby("lr").edge.mean()

# %% tags=["remove-input"]
what_of = {
    "R": "log₂ R_IG",
    "squared": "log₂ ‖∇L‖²",
    "sharpness": "log₂ sharpness",
    "test_error": "test error",
}
axis_of = {"lr": "per doubling of the learning rate", "width": "per doubling of the width"}
chosen_slopes = [
    ("R", "lr", "on the path"),
    ("R", "lr", "at the end"),
    ("sharpness", "lr", "at the end"),
    ("test_error", "lr", "at the end"),
    ("R", "width", "on the path"),
    ("squared", "width", "on the path"),
    ("sharpness", "width", "at the end"),
    ("test_error", "width", "at the end"),
]
words = {
    (name, axis, when): f"{what_of[name]} {when}, {axis_of[axis]}"
    for name, axis, when in chosen_slopes
}
lines = [f"| | {names_of_data[sizes.signals]} | MNIST |", "| --- | --- | --- |"]
for axis, title in axis_of.items():
    lines.append(f"| **{title}** | | |")
    lines += [
        f"| {what_of[k[0]]} {k[2]} | {slope[k]:.3f} | {mnist_slope[k]:.3f} |"
        for k in words
        if k[1] == axis
    ]
Markdown("\n".join(lines))

# %% tags=["remove-input"]
Markdown(
    f"The MNIST grid was {where}; {missed_stop} of the {len(grid)} live runs did not reach their loss. Learning rate times sharpness, on the path: "
    + ", ".join(f"{v:.2f} (h = {h:g})" for h, v in edges_of.items())
    + f" on {names_of_data[sizes.signals]}, "
    + ", ".join(
        f"{v:.2f} (h = {h:g})"
        for h, v in mnist_grid[mnist_grid.when == "on the path"]
        .groupby("lr")
        .edge.mean()
        .items()
    )
    + " on MNIST. Remember these numbers for the next section."
)

# %% [markdown]
r"""
Read the three columns against the theory. Sharpness falls with the learning rate; for test error the table says where. But the quantity
that is supposed to be penalised does not fall over the grid when it is compared at equal loss. In the MNIST run that was recorded for this page it is
level below the edge of the next section, rises where the edge is met, and comes down again beyond it. If the implicit penalty were the cause one
would expect a fall there; how much of one a penalty of this strength brings at all, {ref}`ir-explicit` measures. One caution: the gradient at an
iterate that oscillates is not that of a smooth modified path. The width is a second trap. $R_{IG}$ falls in wider networks because it is divided by
$p$; the undivided $\lVert \nabla L \rVert^2$ stands below it ({ref}`ir-ex-units`).

(ir-edge)=
## The competing account: the edge of stability

The numbers above that were near 2 are the clue. On a quadratic, gradient descent is stable only if $h$ times the curvature is below 2.
{cite:t}`cohen2021` found what full-batch training of networks does about that. Sharpness rises for as long as it can (*progressive sharpening*). When
it reaches about $2/h$ training does not blow up. It stays at this *edge of stability*, with a loss that jitters from step to step and falls in the
long run.
"""

# %%
edge_seeds = scale.seeds(sizes.few_seeds)


def through_time(loss, lr, total, moments=9):
    """Networks trained for a total time (steps × learning rate), looked at as they go."""
    steps = round(total / lr)
    at = sorted({*np.linspace(0, steps, moments).astype(int).tolist(), min(300, steps)})
    late = np.linspace(steps // 2, steps - 1, 60).astype(
        int
    )  # pairs of steps: does the loss rise?
    record = {"weights": at, "curves": sorted({*at, *late.tolist(), *(late + 1).tolist()})}
    settings = {"n": sizes.n, "lr": lr, "loss": loss, "epochs": steps, "seed": edge_seeds}
    runs = sweep(mlp(50, depth=2), signals, **settings, record=record)
    return runs.assign(sharpness=curvature.sharpness(runs, signals))


# %%
squared = pd.concat(through_time("squared", h, sizes.edge_time[0]) for h in (0.5, 1.0, 2.0))
crossed = pd.concat(
    through_time("cross_entropy", h, sizes.edge_time[1]) for h in (0.05, 0.1, 0.2, 0.4)
)


# %% mystnb={"code_prompt_show": "In long form"} tags=["hide-input"]
def long(runs):
    """One row for each network and moment."""
    rows = [
        {"lr": r.lr, "seed": r.data_seed, "epoch": e, "time": e * r.lr, "sharpness": s}
        for _, r in runs.iterrows()
        for e, s in zip(r.weights_epoch, r.sharpness, strict=True)
    ]
    return pd.DataFrame(rows).assign(edge=lambda t: t.lr * t.sharpness)


paths_of = {"squared": long(squared), "cross-entropy": long(crossed)}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Sharpness rises until the step forbids it.** Learning rate times sharpness along full-batch training, against time (steps times learning rate); dotted: 2, where a step on a quadratic ceases to be stable. Left: squared loss. Right: cross-entropy, whose curvature vanishes as the loss does. Means over seeds with 95 % bands.", "name": "fig-ir-edge"}, "image": {"alt": "Two panels of learning rate times sharpness against time. Left, squared loss; right, cross-entropy; one curve per learning rate, with a dotted line at two."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.7), sharey=True)
for ax, (name, rows) in zip(axes, paths_of.items(), strict=True):
    figures.plot(rows, "time", "edge", hue="lr", ax=ax, label="h = {:g}", markersize=3)
    ax.axhline(2, linestyle=":", color=colors["threshold"])
    ax.set(
        title="Squared loss" if name == "squared" else "Cross-entropy",
        xlabel="time",
        ylabel="",
    )
    ax.legend(fontsize=10, loc="lower right" if name == "squared" else "upper left")
axes[0].set_ylabel("h · sharpness")
axes[0].set_ylim(top=1.25 * axes[0].get_ylim()[1])  # room for the legend on the right
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def late(runs, share=0.5):
    """For each network what its second half is like: mean h · sharpness, share of steps on which the loss rises, and its fall."""
    rows = []
    for _, r in runs.iterrows():
        at = np.asarray(r.weights_epoch) >= share * r.weights_epoch[-1]
        second = np.asarray(r.curve_epoch) >= share * r.weights_epoch[-1]
        epochs_of, losses = (
            np.asarray(r.curve_epoch)[second],
            np.asarray(r.curve_train_loss)[second],
        )
        pairs = np.diff(epochs_of) == 1
        rows.append(
            {
                "lr": r.lr,
                "seed": r.data_seed,
                "edge": r.lr * np.mean(r.sharpness[at]),
                "highest": r.lr * np.max(r.sharpness),
                "climb": np.log2(np.mean(r.sharpness[at]) / r.sharpness[0]),
                "rises": np.mean(np.diff(losses)[pairs] > 0),
                "fall": np.log(np.mean(losses[-20:]) / np.mean(losses[:20])),
            }
        )
    return pd.DataFrame(rows)


edge_squared, edge_crossed = late(squared), late(crossed)
at_edge = {h: edge_squared[edge_squared.lr == h] for h in (1.0, 2.0)}
hover = {h: claims.mean(t.edge) for h, t in at_edge.items()}
climbs = {h: claims.mean(t.climb) for h, t in at_edge.items()}
rises = {h: claims.mean(t.rises) for h, t in at_edge.items()}
slow_edge = claims.mean(edge_squared[edge_squared.lr == 0.5].edge)
falls = {h: claims.mean(t.fall) for h, t in at_edge.items()}
highest = edge_crossed.pivot_table("highest", "seed", "lr")

# %% tags=["remove-input"]
Markdown(
    "Squared loss, second half of training: h · sharpness is "
    + ", ".join(f"{hover[h]:.2f} (h = {h:g})" for h in hover)
    + f" and {slow_edge:.2f} (h = 0.5, which arrives late); the loss rises on a share of "
    + ", ".join(f"{rises[h]:.2f}" for h in rises)
    + " of the steps (h = 1, 2), and falls in all by a factor of "
    + ", ".join(f"{np.exp(-falls[h].value):.1f}" for h in falls)
    + ". Cross-entropy: the highest h · sharpness is "
    + ", ".join(f"{v:.2f} (h = {h:g})" for h, v in highest.mean().items())
    + "."
)

# %% [markdown]
r"""
This gives a second reason for the flat ends of large learning rates: not a preference on the way but a *prohibition*. The two have to be tested where
they differ.

### Two tests between them

The first is in the MNIST grid already. A penalty of $\tfrac h4$ doubles with $h$ wherever one starts. A ceiling at $2/h$ does nothing as long as one
stays below it.
"""

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
on_path = mnist_grid[mnist_grid.when == "on the path"].assign(
    log2=lambda t: np.log2(t.sharpness)
)
doublings = [
    (a, b)
    for a, b in zip(
        sorted(on_path.lr.unique()), sorted(on_path.lr.unique())[1:], strict=False
    )
]
by_lr = {
    name: on_path.pivot_table(name, "data_seed", "lr")
    for name in ("log2", "test_error", "edge")
}
rows = {
    f"{a:g} to {b:g}": {
        "h · sharpness": f"{by_lr['edge'][a].mean():.2f} to {by_lr['edge'][b].mean():.2f}",
        "change of log₂ sharpness": f"{claims.mean(by_lr['log2'][b] - by_lr['log2'][a]):.3f}",
        "change of test error": f"{claims.mean(by_lr['test_error'][b] - by_lr['test_error'][a]):.4f}",
    }
    for a, b in doublings
}
pd.DataFrame(rows).T.rename_axis("learning rate")

# %% [markdown]
r"""
Training loss 0.1, means over widths. In the run that was recorded for this page the first doubling stays below the edge and changes neither
sharpness nor test error by much, although it doubles the implicit penalty. The doublings that meet the edge change both.

The second test: a small step $h_0$ together with an *explicit* penalty of $\mu = (h - h_0)/4$ follows the same modified flow as the step $h$ does, to
the order of the theorem. So if this penalty is what makes large steps flat, small steps with it should end as flat; if not, nearly as sharp as small
steps without. The penalised loss has an edge of stability of its own, with curvature $\lambda_1 + 2\mu\lambda_1^2$ near a minimum of $L$; the small
step must stay below *that*.
"""

# %%
small_step, big_steps = 0.05, (0.2, 0.4)
prescribed = {h: (h - small_step) / 4 for h in big_steps}
narrow = {"width": min(sizes.widths), "seeds": sizes.seeds}
small = to_loss(
    sizes.stop_on_path,
    lr=small_step,
    gradient_penalty=[0.0, *prescribed.values()],
    **narrow,
)
large = to_loss(sizes.stop_on_path, lr=big_steps, **narrow)

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
log_sharpness = (
    pd.concat([small, large])
    .assign(value=lambda t: np.log2(t.sharpness))
    .pivot_table("value", "data_seed", ["lr", "gradient_penalty"])
)
plain = log_sharpness[small_step, 0.0]
decided = {
    h: {
        "step": claims.mean(log_sharpness[h, 0.0] - plain),
        "penalty": claims.mean(log_sharpness[small_step, mu] - plain),
        "between": claims.mean(log_sharpness[small_step, mu] - log_sharpness[h, 0.0]),
    }
    for h, mu in prescribed.items()
}


def steepness(table):
    """lr · (λ₁ + 2μλ₁²): above 2 the penalised loss is beyond its own edge of stability."""
    return table.lr * (table.sharpness + 2 * table.gradient_penalty * table.sharpness**2)


stability = steepness(small).groupby(small.gradient_penalty).mean()

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Does the penalty that a large step is said to contain do what the large step does?** Sharpness at a training loss of 0.1, one line for each seed: a small step, the same small step with the explicit penalty (h \u2212 h\u2080)/4 that the theory assigns to the large step h, and the large step itself. Had the implicit penalty been the reason, the second and the third column would agree.", "name": "fig-ir-decide"}, "image": {"alt": "Two panels, for two large steps. In each, lines for the seeds run over three columns: small step, small step with penalty, large step. A thick line is the mean."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.5), sharey=True)
for ax, (h, mu) in zip(axes, prescribed.items(), strict=True):
    columns = 2 ** log_sharpness[[(small_step, 0.0), (small_step, mu), (h, 0.0)]]
    ax.plot(
        range(3),
        columns.T.to_numpy(),
        "o-",
        color=figures.SEQUENCE[0],
        alpha=0.6,
        linewidth=1,
    )
    ax.plot(range(3), columns.mean(), "s-", color=figures.INK, linewidth=2.5, label="mean")
    ax.set_xticks(
        range(3), [f"h₀ = {small_step:g}", f"h₀ = {small_step:g}\nμ = {mu:g}", f"h = {h:g}"]
    )
    ax.set(title=f"Is it the penalty of h = {h:g}?", xlim=(-0.3, 2.3))
axes[0].set_ylabel("sharpness")
axes[0].set_ylim(0)
axes[1].legend()
plt.show()

# %% tags=["remove-input"]
Markdown(
    "Change of log₂ sharpness against the plain small step: "
    + "; ".join(
        f"{d['step']:.2f} by the step h = {h:g}, {d['penalty']:.2f} by its penalty"
        for h, d in decided.items()
    )
    + ". Learning rate times λ₁ + 2μλ₁², at the end of the small steps: "
    + ", ".join(f"{v:.2f} (μ = {mu:g})" for mu, v in stability.items())
    + "."
)

# %% [markdown]
r"""
:::{admonition} Two things are called the regularization of large steps
:class: key-result
For small steps there is a penalty on the squared gradient, a theorem. For the steps that people use there is a ceiling on sharpness near $2/h$, an
observation. In our networks the first-order penalty is too weak to explain what large steps do; sharpness near the ceiling is what one sees.
:::

(ir-explicit)=
## The penalty by hand

{cite:t}`barrett2021` add $\mu \lVert \nabla L \rVert^2$ to the loss and report flatter solutions and better test accuracy for small steps. The
small-step runs above are two of these; which penalty counts, the validation half of the test set decides, on other seeds. These penalties are no
stronger than those that the theory assigns to our large steps. A stronger one asks for a smaller step, so its runs take longer; at the larger step of
the next section strengths like these are at the edge of the penalised loss, and one cannot tell the penalty from the edge.
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def tuned_error(table, column):
    """Each seed's error on the whole test set: either half at the setting that the other half and the other seeds choose."""
    validation, test = (
        measures.by_seed(table, part, column) for part in ("validation", "test")
    )
    parts = [
        measures.cross_fit(
            chooses,
            lambda half: half.mean().idxmin(),
            lambda half, best, tests=tests: tests.loc[half.index, best],
        )
        for chooses, tests in ((validation, test), (test, validation))
    ]
    return (parts[0] + parts[1]) / 2


def tuned(table, column):
    """Each seed's row at the setting that does best on validation examples for the other half of the seeds."""
    return measures.cross_fit(
        measures.by_seed(table, "validation", column),
        lambda half: half.mean().idxmin(),
        lambda half, best: (
            table[table[column] == best].set_index("data_seed").loc[half.index]
        ),
    ).assign(choice=lambda t: t[column])


penalised = tuned(small[small.gradient_penalty > 0], "gradient_penalty")
without = small[small.gradient_penalty == 0].set_index("data_seed")
penalty_gain = claims.mean(penalised.test - without.test)
penalty_flatter = claims.mean(np.log2(penalised.sharpness / without.sharpness))
penalty_gradient = claims.mean(np.log2(penalised.squared / without.squared))

# %% tags=["remove-input"]
Markdown(
    f"At the small step, the penalty chosen on other seeds ({', '.join(f'{c:g}' for c in sorted(penalised.choice.unique()))}) changes test error by "
    f"{penalty_gain:.4f} and log₂ sharpness by {penalty_flatter:.3f}. It changes log₂ ‖∇L‖² by {penalty_gradient:.3f} at the same loss: "
    "that is as much as the implicit penalty of a large step could be expected to show in the grid."
)

# %% [markdown]
r"""
(ir-noise)=
## Is noise needed?

The other popular answer is the noise of SGD. {cite:t}`geiping2022` trained without any noise, with
full batches, a gradient penalty and clipping (long gradients are shortened), and matched SGD on CIFAR-10. We compare three methods on MNIST-1D, all
to the same training loss (of SGD, averaged over the batches of an epoch). Each gets three settings, chosen on half of the test set and the other half
of the seeds, and judged on what is left; then the halves change places. "As good" means within half a point, decided before the run, with two
one-sided tests {cite:p}`schuirmann1987`: a whole point would be as wide as all the advantage of SGD over small full-batch steps in a pilot run.

::::{admonition} Predict before you run
:class: predict
SGD with batches of 50 against full-batch gradient descent, the same network, the same training loss, each at the best of three learning rates. Who
has the lower test error?

1. SGD, by several points.
2. About the same, once gradient descent may take large steps.
3. Gradient descent: its gradient is exact.

:::{dropdown} Answer
The line below the figure has the answer with its interval; a pilot run made us expect the second. A comparison at one common learning rate, which
the line has too, answers another question: who makes more of a given step.
:::
::::
"""

# %%
equal = {"width": min(sizes.widths), "stop": sizes.stop_on_path}
methods = {
    "SGD": to_loss(**equal, lr=(0.05, 0.1, 0.2), batch_size=min(50, sizes.n // 4)).assign(
        setting=lambda t: t.lr
    ),
    "full batch": to_loss(**equal, lr=(0.1, 0.2, 0.4)).assign(setting=lambda t: t.lr),
    "full batch, penalty": to_loss(
        **equal, lr=0.2, gradient_penalty=(0.025, 0.05, 0.1)
    ).assign(setting=lambda t: t.gradient_penalty),
}
best = {name: tuned_error(table, "setting") for name, table in methods.items()}
gap = {name: claims.mean(best["SGD"] - best[name], level=0.9) for name in list(methods)[1:]}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**SGD, and full-batch training with large steps or a penalty.** Test error at the same training loss for three settings of each method: learning rates of SGD with batches of 50 and of full-batch gradient descent, and strengths of an explicit gradient penalty at learning rate 0.2. Means over seeds with 95 % bands; how close they come is in the line below.", "name": "fig-ir-noise"}, "image": {"alt": "Three panels of test error for three settings each: SGD, full-batch gradient descent, and full batch with gradient penalty."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.3), sharey=True)
names = {
    "SGD": "learning rate",
    "full batch": "learning rate",
    "full batch, penalty": "penalty μ",
}
for ax, (name, table), color in zip(axes, methods.items(), figures.SEQUENCE, strict=False):
    figures.plot(table, "setting", "test_error", ax=ax, colors=color)
    values = sorted(table.setting.unique())
    ax.set(title=name[0].upper() + name[1:], xlabel=names[name], ylabel="", xscale="log")
    ax.set_xticks(values, [f"{v:g}" for v in values])
    ax.set_xticks([], minor=True)
axes[0].set_ylabel("test error")
plt.show()

# %% tags=["remove-input"]
penalised_large = methods["full batch, penalty"]
penalty_steep = steepness(penalised_large).groupby(penalised_large.gradient_penalty).mean()
at_common = {
    name: methods[name].query("lr == 0.1").set_index("data_seed").test_error
    for name in ("SGD", "full batch")
}
common = claims.mean(at_common["SGD"] - at_common["full batch"])
penalty_at_large = claims.mean(
    best["full batch, penalty"]
    - methods["full batch"].query("lr == 0.2").set_index("data_seed").test_error
)
Markdown(
    "SGD less the other, each at the setting that other seeds choose, with 90 % intervals: "
    + "; ".join(f"{name} {value:.4f}" for name, value in gap.items())
    + f". (Test errors: {', '.join(f'{name} {t.mean():.3f}' for name, t in best.items())}; guessing: 0.9.) At a common learning rate of 0.1 SGD less "
    f"full batch is {common:.4f}, with a 95 % interval. Learning rate times λ₁ + 2μλ₁² of the penalised runs, at the end: "
    + ", ".join(f"{v:.2f} (μ = {mu:g})" for mu, v in penalty_steep.items())
    + "; near 2 one cannot tell the penalty from an edge. The largest steps of each method were the largest that we tried, not the largest that are possible."
)

# %% [markdown]
r"""
These are hard data and small training sets: the networks are wrong on most test examples, though far from guessing. Within that, the line above says
how much noise is worth once every method may choose its step, and no more. That noise *has* an effect,
{eq}`ir-eq-sgd` proves.

Weight decay suggests that a small norm is what we want. It is not the smallest norm that generalizes best; chapter {doc}`/notebooks/02_randomization` measures that, in {ref}`rand-norm`.

(ir-map)=
## Before any training

One preference is present before the optimizer takes a step. A network is a map from parameters to functions, and the map is very uneven: some
functions own a large share of the parameters, most own next to nothing. {cite:t}`valleperez2019` measured it where
functions can be counted. A network of 7 binary inputs, two hidden layers of 40 ReLU units and one output computes a Boolean function of $2^7 = 128$
rows, a string of 128 bits; there are $2^{128}$ of them. How simple a string is, its *Lempel–Ziv complexity* says: roughly, how many different words
are needed to spell it {cite:p}`lempel1976`.

::::{admonition} Predict before you run
:class: predict
You draw the weights of that network at random, tens of thousands of times, without any training. How often do you meet the same function twice?

1. Never: there are $2^{128}$ functions, and some ten thousands of draws.
2. A few pairs, by luck.
3. Often: a few simple functions take a large share of all draws.

:::{dropdown} Answer
The third; the line below the figure has the shares, and the two constant functions alone are in it. If all functions were equally likely, a repeat
could be expected only after about $2^{64}$ draws, the square root of their number.
:::
::::
"""

# %%
kinds = {
    "ReLU": {"weight_sd": 2**0.5, "bias_sd": 0.1},
    "chaotic tanh": (chaotic := {"weight_sd": 4.0, "bias_sd": 0.2, "activation": "tanh"}),
    "chaotic tanh, inputs ±1": chaotic | {"low": -1.0},
}
draws = dict.fromkeys(kinds, sizes.functions // 4) | {"ReLU": sizes.functions}
drawn = {
    (kind, s): functions.sample(draws[kind], seed=s, **kinds[kind])
    for kind in kinds
    for s in edge_seeds
}
for s in edge_seeds:
    drawn["all equally likely", s] = functions.uniform(2_000, seed=s)


# %% mystnb={"code_prompt_show": "Frequencies and complexities"} tags=["hide-input"]
def prior(found):
    """Of the functions met at least twice: probability and complexity; and the complexity of 2,000 draws."""
    strings, counts = functions.frequencies(found)
    twice = counts > 1
    table = pd.DataFrame({"P": counts[twice] / len(found)})
    table["complexity"] = functions.complexity(strings[twice]) if twice.any() else []
    return table, functions.complexity(found[:2_000])


prior_of = {key: prior(found) for key, found in drawn.items()}
relu = {s: prior_of["ReLU", s] for s in edge_seeds}
rank = claims.mean([claims.rank_correlation(t.P, t.complexity) for t, _ in relu.values()])
mean_complexity = {
    kind: np.array([prior_of[kind, s][1].mean() for s in edge_seeds])
    for kind in (*kinds, "all equally likely")
}
less_than_coins, tanh_less, tanh_pm_less = (
    claims.mean(mean_complexity[kind] - mean_complexity["all equally likely"])
    for kind in kinds
)
constant = np.mean(
    [
        (f == f[:, :1]).all(1)[np.isin(f[:, 0], (0, 255))].sum() / len(f)
        for (k, _), f in drawn.items()
        if k == "ReLU"
    ]
)
met_again = {
    kind: np.mean([prior_of[kind, s][0].P.sum() for s in edge_seeds]) for kind in kinds
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Random ReLU networks compute simple functions far too often.** Left: probability of each Boolean function met at least twice among random networks of one seed, against its Lempel\u2013Ziv complexity. Right: complexity of what random networks compute, compared with a function drawn from all with equal probability. Tanh networks with large weights, on the same inputs and on inputs \u22121 and 1, are closer to that.", "name": "fig-ir-map"}, "image": {"alt": "Left: scatter of probability on a logarithmic axis against complexity, falling steeply from the constant functions at the top left. Right: four histograms of complexity; that of ReLU networks is broad and lies far to the left, that of uniform functions is narrow and on the right, those of tanh networks lie between."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
shown = relu[edge_seeds[0]][0]
jitter = np.random.default_rng(0).uniform(-1.2, 1.2, len(shown))
left.plot(shown.complexity + jitter, shown.P, ".", color=figures.SEQUENCE[0], alpha=0.5)
left.set(yscale="log", xlabel="complexity, in bits", ylabel="probability")
colors = (*(figures.SEQUENCE[k] for k in (0, 1, 3)), figures.INK)
sns.histplot(
    {
        kind: np.concatenate([prior_of[kind, s][1] for s in edge_seeds])
        for kind in mean_complexity
    },
    palette=dict(zip(mean_complexity, colors, strict=True)),
    bins=np.arange(0, 185, 8),
    stat="density",
    common_norm=False,
    element="step",
    fill=False,
    ax=right,
)
right.set(xlabel="complexity, in bits", ylabel="share per bit")
sns.move_legend(right, "upper left", fontsize=10, borderaxespad=0)
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"Among the draws of ReLU networks {met_again['ReLU']:.0%} belong to functions that are met at least twice, {constant:.1%} to the two constant ones. "
    f"Rank correlation of probability and complexity among these: {rank:.2f}. Mean complexity less that of a uniformly drawn function: "
    f"{less_than_coins:.1f} bits (ReLU), {tanh_less:.1f} bits (tanh with large weights, of which {met_again['chaotic tanh']:.1%} repeat), "
    f"{tanh_pm_less:.1f} bits (the same with inputs −1 and 1)."
)

# %% [markdown]
r"""
Had the map been even, the left panel would be empty and the histograms on the right would coincide. So a learner that did nothing but draw random
networks until one fits would generalize where the truth is simple; {cite:t}`mingard2021` report that SGD finds functions about as often as such a
learner, which we did not test. The bias is that of an architecture *with its initialisation and the coding of its inputs*: with tanh units and large
weights it is weaker {cite:p}`yang2019`, and weaker still if the inputs are −1 and 1. It helps where the world is simple in the sense of this measure.

We opened with wider networks that go on improving. Nothing in this chapter has been shown to be the reason for *that*: none of these accounts was
tried on the networks of {numref}`fig-ir-width`, which are trained with minibatches and momentum.

(ir-verdicts)=
## What the papers found, what we found

Every card states a claim, what its paper says, what was measured above, and the verdict that follows from the intervals alone.
{doc}`/book/how_to_read` has the rules.
"""

# %% tags=["remove-input"]
of = lambda loss, what, flow: claims.every(orders[loss, what, flow])
ledger.card(
    "backward-error-formula",
    [
        claims.Check(
            "order of one step against the modified flow, valley (range over starts)",
            of("valley", "one step", "modified"),
            above=2.9,
            below=3.1,
        ),
        claims.Check(
            "the same against the gradient flow",
            of("valley", "one step", "gradient"),
            above=1.9,
            below=2.1,
        ),
        claims.Check(
            "order against the modified flow, tanh network (range over starts)",
            of("network", "one step", "modified"),
            above=2.9,
            below=3.1,
        ),
        claims.Check(
            "the same against the gradient flow",
            of("network", "one step", "gradient"),
            above=1.9,
            below=2.1,
        ),
    ],
    measured=f"A theorem, checked from {sizes.starts} random starts each. Over a fixed time the orders are "
    f"{orders['valley', 'fixed time', 'modified'].mean():.2f} and {orders['valley', 'fixed time', 'gradient'].mean():.2f} in the valley.",
    seeds=scale.seeds(sizes.starts),
    section="ir-backward",
)

# %% tags=["remove-input"]
# Along training: the squared gradient at the last moment against the largest one on the way, for the smallest learning rate
slowest = crossed[crossed.lr == crossed.lr.min()]
along = np.array(
    [
        [slope_of(row, signals, t) for t in range(len(row.weights_epoch))]
        for _, row in slowest.iterrows()
    ]
)
left_at_end = along[:, -1] / along.max(1)
ledger.card(
    "penalty-vanishes-at-minima",
    [
        claims.Check(
            "length of the gradient of the modified loss at minima (range over minima)",
            claims.every(modified_at_minima),
            below=1e-8,
        ),
        claims.Check(
            "length of the gradient of the SGD law at minima that fit (range)",
            claims.every(shift[True][:, 0]),
            below=1e-8,
        ),
        claims.Check(
            "how far the SGD law moves a minimum that does not fit (range)",
            claims.every(shift[False][:, 1]),
            above=1e-4,
        ),
    ],
    measured=f"{len(points)} minima of the valley, {len(nets)} interpolating networks, ten regressions with and without noise. In a network in training, "
    f"at its lowest learning rate, the squared gradient at the end (training loss {slowest.train_loss.mean():.2f}) is {left_at_end.mean():.4f} of "
    "the largest on the way.",
    seeds=scale.seeds(10),
    section="ir-path",
)

# %% tags=["remove-input"]
ledger.card(
    "larger-lr-smaller-RIG",
    [claims.Check(words[key], slope[key], below=0) for key in words if key[0] != "squared"],
    measured=f"{names_of_data[sizes.signals]}, {len(rates)} learning rates, {len(sizes.widths)} widths, full batch, at equal training loss; at which moment "
    "the paper compares we could not find. Per doubling of the width the undivided squared gradient changes by "
    f"{slope['squared', 'width', 'on the path']:.2f} in log₂. Learning rate times sharpness on the path: {', '.join(f'{v:.1f}' for v in edges_of)}, so "
    f"the edge of stability is an alternative cause of the flatness. On MNIST ({where}), per doubling of the learning rate: sharpness "
    f"{mnist_slope['sharpness', 'lr', 'at the end']:.2f}, test error {mnist_slope['test_error', 'lr', 'at the end']:.4f}, R_IG "
    f"{mnist_slope['R', 'lr', 'on the path']:.2f} on the path and {mnist_slope['R', 'lr', 'at the end']:.2f} at the end. "
    "Robustness to perturbations of the weights was not measured.",
    seeds=edge_seeds,
    section="ir-grid",
)

# %% tags=["remove-input"]
ledger.card(
    "edge-of-stability-competing-account",
    [
        *(
            claims.Check(
                f"h · sharpness, second half of training, squared loss, h = {h:g}",
                hover[h],
                above=1.8,
                below=2.4,
            )
            for h in hover
        ),
        *(
            claims.Check(
                f"log₂ sharpness, second half of training less start, h = {h:g}",
                climbs[h],
                above=0,
            )
            for h in climbs
        ),
        *(
            claims.Check(
                f"share of steps on which the loss rises, h = {h:g}", rises[h], above=0.05
            )
            for h in rises
        ),
        *(
            claims.Check(
                f"log of the change of the loss over the second half, h = {h:g}",
                falls[h],
                below=0,
            )
            for h in falls
        ),
        *(
            claims.Check(
                f"log₂ sharpness, small step with the penalty of h = {h:g} less the step h itself",
                d["between"],
                above=0,
            )
            for h, d in decided.items()
        ),
    ],
    measured=f"At h = 0.5, which arrives at its edge late and is not tested, h · sharpness is {slow_edge:.2f}. With cross-entropy the highest is "
    f"{', '.join(f'{v:.2f} (h = {h:g})' for h, v in highest.mean().items())}. The last two checks: {sizes.seeds} seeds, at training loss "
    f"{sizes.stop_on_path:g}, networks of width {min(sizes.widths)}. Against a small step, the step h = {max(big_steps):g} changes log₂ sharpness by "
    f"{decided[max(big_steps)]['step']:.2f}, and its first-order penalty by {decided[max(big_steps)]['penalty']:.2f}.",
    seeds=edge_seeds,
    section="ir-edge",
)

# %% tags=["remove-input"]
ledger.card(
    "explicit-gradient-regularization",
    [
        claims.Check(
            "test error at the chosen penalty less none, at the small step",
            penalty_gain,
            below=0,
        ),
        claims.Check("the same, log₂ sharpness", penalty_flatter, below=0),
    ],
    measured=f"Learning rate {small_step:g}, penalties of {' and '.join(f'{m:g}' for m in prescribed.values())}; learning rate times λ₁ + 2μλ₁² at the "
    f"end is {', '.join(f'{v:.2f}' for v in stability.to_numpy()[1:])}. No stronger penalty was tried: the claim is tested only at the strengths that "
    f"backward error assigns to the steps {' and '.join(f'{h:g}' for h in big_steps)}. At learning rate 0.2, near the edge of the penalised loss (at the "
    f"end up to {penalty_steep.max():.1f}; the edge is at 2), the chosen penalty changes test error by {penalty_at_large:.4f}.",
    seeds=scale.seeds(sizes.seeds),
    section="ir-explicit",
)

# %% tags=["remove-input"]
ledger.card(
    "sgd-modified-loss",
    [
        claims.Check(
            "order of the mean epoch against the SGD law (range over problems)",
            claims.every(sgd_orders["SGD law"]),
            above=2.85,
            below=3.15,
        ),
        claims.Check(
            "the same against the full-batch law",
            claims.every(sgd_orders["full-batch law"]),
            above=1.85,
            below=2.15,
        ),
        claims.Check(
            "the same against the plain flow",
            claims.every(sgd_orders["plain flow"]),
            above=1.85,
            below=2.15,
        ),
    ],
    measured="A theorem, checked on ten linear regressions of 16 examples in 4 minibatches, over all 24 orders.",
    seeds=scale.seeds(10),
    section="ir-sgd",
)

# %% tags=["remove-input"]
ledger.card(
    "stochasticity-not-necessary",
    [
        claims.Check(
            "test error, SGD less full batch with penalty (90 % interval; half a point is as good)",
            gap["full batch, penalty"],
            above=-0.005,
            below=0.005,
        ),
    ],
    measured=f"SGD less plain full-batch gradient descent with a tuned learning rate is {gap['full batch']:.4f} (90 % interval). "
    "Clipping and long training were not tried.",
    seeds=scale.seeds(sizes.seeds),
    section="ir-noise",
)

# %% tags=["remove-input"]
ledger.card(
    "width-beyond-zero-train-error",
    [
        claims.Check(
            "test error, widest less first width that fits, true labels",
            fitted_gain[0][0],
            below=0,
        ),
        claims.Check("the same, 5 % random labels", fitted_gain[0.05][0], below=0),
    ],
    measured=f"One hidden layer, up to {max(sizes.hidden)} units; the first width that fits ({', '.join(map(str, fitted_gain[0][1]))}, with random labels "
    f"{', '.join(map(str, fitted_gain[0.05][1]))}) is found on other seeds.",
    seeds=edge_seeds,
    section="implicit-regularization",
)

# %% tags=["remove-input"]
ledger.card(
    "parameter-function-map-bias",
    [
        claims.Check("rank correlation of probability and complexity, ReLU", rank, below=0),
        claims.Check(
            "mean complexity, ReLU less uniformly drawn functions",
            less_than_coins,
            below=0,
            unit="bits",
        ),
    ],
    measured=f"{sizes.functions:,} networks per seed; the two constant functions have a probability of {constant:.3f} (2⁻¹²⁷ if all were equally "
    f"likely). With tanh and large weights the gap to uniform functions is {tanh_less:.1f} bits, with inputs −1 and 1 besides {tanh_pm_less:.1f} bits. "
    "That the fall is exponential was not tested.",
    seeds=edge_seeds,
    section="ir-map",
)

# %% [markdown]
r"""
Where these experiments differ from their plan, and why, stands in {ref}`protocol-implicit-regularization`.

## Who disagrees, and what to drop

**Penalty or ceiling?** {cite:t}`barrett2021` explain the flatness of large steps by {eq}`ir-eq-modified`, {cite:t}`cohen2021` describe a regime in
which that expansion cannot hold. {numref}`fig-ir-valley` has both as two ends of one curve; {numref}`fig-ir-decide` asks how far the first goes in a
network. Ours are small; that the implicit penalty is *negligible* elsewhere does not follow. **Noise or not?** {cite:t}`smith2021` show an additional
penalty in SGD, {cite:t}`geiping2022` that one can do without. Both can be true. **Optimizer or architecture?** {cite:t}`valleperez2019` find the
preference in the map from parameters to functions; {cite:t}`yang2019` answer that it depends on activation and scale.

Three sentences to drop, or to say with care:

:::{admonition} "Gradient descent penalises the gradient"
:class: misconception
The *squared* length of it, times $h/4$. A penalty on the length itself would not be smooth where it vanishes, at every minimum.
:::

:::{admonition} "Sharp minima have a higher effective loss"
:class: misconception
At a minimum the correction is zero ({prf:ref}`ir-prop-stationary`). It bends the path; what makes a sharp minimum impossible for a large step is
instability, and that is not in the formula.
:::

:::{admonition} "Generalization needs the noise of SGD"
:class: misconception
See {numref}`fig-ir-noise`, and the card for how closely full-batch training was shown to match it here.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page.
Longer, to hand in, and with tests that say what is wrong: {assignment}`05_implicit_regularization`.

```{exercise} ★ All there is to know about a quadratic
:label: ir-ex-quadratic
On $L = \tfrac12 \lambda_1 \theta^2$ find (a) the rate at which the modified flow decays, (b) the rate of the flow that gradient descent follows
*exactly*, where one exists. For which $h\lambda_1$ does it exist, and when do the two agree to 10 %?
```

```{solution} ir-ex-quadratic
:class: dropdown
(a) $\widetilde L = \tfrac12 (\lambda_1 + \tfrac h2 \lambda_1^2) \theta^2$: rate $\lambda_1 (1 + h\lambda_1/2)$. (b) $1 - h\lambda_1 = e^{-\kappa h}$
gives $\kappa = -\ln(1 - h\lambda_1)/h = \lambda_1 (1 + h\lambda_1/2 + (h\lambda_1)^2/3 + \dots)$, for $h\lambda_1 < 1$. The first two terms are (a).
At $h\lambda_1 = 0.45$ the exact rate is $1.33 \lambda_1$ and the modified one $1.23 \lambda_1$, 8 % less; at 0.5 it is 10 %. So "small" means about a
half.
```

```{exercise} ★ Parameters in the units
:label: ir-ex-units
The paper writes the penalty as $\lambda R_{IG}$ with $R_{IG} = \lVert \nabla L \rVert^2 / p$ and $\lambda = hp/4$. Two networks differ in width by a
factor of two and happen to have the same $\lVert \nabla L \rVert$ all along. Compare their $\lambda$, their $R_{IG}$ and their penalties. What can be
concluded from a plot of $R_{IG}$ against $\lambda$ over many widths?
```

```{solution} ir-ex-units
:class: dropdown
The wider has between two and four times the parameters: two if most of them sit next to the inputs, four if most sit between hidden layers. Call the
factor $c$: $c$ times the $\lambda$, $1/c$ of the $R_{IG}$, and the same penalty. On logarithmic axes a plot of $R_{IG}$ against $\lambda$ then falls
with slope −1 although nothing is penalised more. Only $\lVert \nabla L \rVert^2$, at fixed $h$ or fixed
width, says something.
```

```{exercise} ★ The balance
:label: ir-ex-balance
Prove {eq}`ir-eq-balance`. What does the modified flow predict for the change of $a^2 - b^2$ in a time $h$, and to which order do they agree?
```

```{solution} ir-ex-balance
:class: dropdown
With $\delta = 1 - ab$ a step is $a' = a + h\delta b$, $b' = b + h\delta a$. Then $a'^2 - b'^2 = a^2 - b^2 + 2h\delta(ab - ab) + h^2 \delta^2
(b^2 - a^2)$. For the modified flow $\lVert \nabla L \rVert^2 = \delta^2 (a^2 + b^2)$, and $\tfrac{d}{dt}(a^2 - b^2) = -\tfrac h2 (a\,\partial_a -
b\,\partial_b) \bigl( \delta^2 (a^2 + b^2) \bigr) = -h \delta^2 (a^2 - b^2)$, since $ab$ is constant under $a\,\partial_a - b\,\partial_b$. Over a
time $h$: a factor $1 - h^2 \delta^2 + O(h^3)$.
```

```{exercise} ★★ The noise term
:label: ir-ex-noise
Prove the second equality of {eq}`ir-eq-sgd`. Then estimate the noise term $\tfrac1k \sum_j \lVert \nabla L_j - \nabla L \rVert^2$ of a linear
regression for batch sizes from 1 to 64 of 256 examples, and compare with $\tfrac1B \cdot \tfrac{n - B}{n - 1}$ times its value at $B = 1$.
```

```{solution-start} ir-ex-noise
:class: dropdown
```
Expand $\lVert \nabla L_j \rVert^2 = \lVert \nabla L + (\nabla L_j - \nabla L) \rVert^2$; the cross terms add up to zero.
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
g = randomness.rng(scale.seed_offset())
x, y, w = g.standard_normal((256, 5)), g.standard_normal(256), np.zeros(5)
per_example = (x @ w - y)[:, None] * x
rows = {}
for B in (1, 4, 16, 64):
    orders_of = [g.permutation(256).reshape(-1, B) for _ in range(200)]
    noise = [
        np.square(per_example[o].mean(1) - per_example.mean(0)).sum(1).mean()
        for o in orders_of
    ]
    rows[B] = {
        "noise term": np.mean(noise),
        "formula": (256 - B)
        / 255
        / B
        * np.square(per_example - per_example.mean(0)).sum(1).mean(),
    }
pd.DataFrame(rows).T.rename_axis("batch size").round(4)

# %% [markdown]
r"""
The factor $(n - B)/(n - 1)$ is that of sampling without replacement: at $B = n$ no noise is left and {eq}`ir-eq-modified` is recovered.

```{solution-end}
```

```{exercise} ★★ At equal epochs
:label: ir-ex-epochs
Compare the squared gradient of the cross-entropy runs of {numref}`fig-ir-edge` after 300 steps, the same number for all learning rates. Which way
does it go now, and what has been measured?
```

```{solution-start} ir-ex-epochs
:class: dropdown
```
"""

# %%
rows = []
for _, row in crossed.iterrows():
    k = np.argmin(np.abs(np.asarray(row.weights_epoch) - 300))
    loss = np.interp(row.weights_epoch[k], row.curve_epoch, row.curve_train_loss)
    rows.append(
        {
            "lr": row.lr,
            "steps": row.weights_epoch[k],
            "loss": loss,
            "squared gradient": slope_of(row, signals, int(k)),
        }
    )
pd.DataFrame(rows).groupby("lr").agg(lambda v: np.exp(np.log(v).mean())).round(4)

# %% [markdown]
r"""
Geometric means: after equally many steps the four are at different points of their training: look at the losses. Along one run the squared
gradient can rise before it falls, so its order at a fixed number of steps depends on which number one takes: late enough, the largest learning rate has
the smallest gradient because it has come furthest. None of this compares what the learning rates prefer, and the same goes for test error.

```{solution-end}
```

```{exercise} ★★ The next order
:label: ir-ex-third
The next term of the modified flow is $-h^2 \bigl( \tfrac13 A^2 g + \tfrac1{12} D^3\!L[g, g] \bigr)$ with $g = \nabla L$, $A = \nabla^2\! L$. (a)
Check numerically that it raises the order of one step to 4. (b) Show that it is not the gradient of anything, so that from this order on there is no
modified *loss*.
```

```{solution-start} ir-ex-third
:class: dropdown
```
The term in brackets is $\tfrac1{12} \nabla (g^\top A g) + \tfrac16 A^2 g$, since $\nabla (g^\top A g) = 2 A^2 g + D^3\!L[g, g]$. The first part is a
gradient; $A^2 g$ has a curl in general, and the numerical check finds one.
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def third_order(h, eps=1e-4):
    """The field of the modified flow up to second order in h, for the valley."""

    def field(t):
        g = valley.gradient(t)
        Hg = valley.hessian_product(t, g)
        third = (
            valley.hessian_product(t + eps * g, g) - valley.hessian_product(t - eps * g, g)
        ) / (2 * eps)
        return g + h / 2 * Hg + h**2 * (valley.hessian_product(t, Hg) / 3 + third / 12)

    return field


at, hs, tiny = np.array([1.6, 0.5]), (0.04, 0.02, 0.01), 1e-5
missed = [
    np.linalg.norm(
        backward_error.descend(valley.gradient, at, h)[-1]
        - backward_error.flow(third_order(h), at, [h])[-1]
    )
    for h in hs
]
curl = [
    np.diff(
        [
            third_order(h)(at + tiny * e)[1 - i] - third_order(h)(at - tiny * e)[1 - i]
            for i, e in enumerate(np.eye(2))
        ]
    )[0]
    / (2 * tiny)
    for h in hs
]
scaled = ", ".join(f"{c / h**2:.3f}" for c, h in zip(curl, hs, strict=True))
print(f"order {backward_error.order(hs, missed):.2f}; curl / h²: {scaled}")

# %% [markdown]
r"""
The curl of the field divided by $h^2$ does not vanish as $h \to 0$. A loss landscape is a picture of gradient descent to second order in $h$, and not
beyond.

```{solution-end}
```

```{exercise} ★★ Not a property of the function
:label: ir-ex-rescale
Multiply the weights and biases of the first layer of a ReLU network by $c$ and divide the weights of the second by $c$. The function is the same.
Compute $\lVert \nabla L \rVert^2$ for several $c$. What does that mean for sentences of the form "the penalty prefers simpler functions"?
```

```{solution-start} ir-ex-rescale
:class: dropdown
```
"""

# %%
row, values = crossed.iloc[0], {}
rows = data.subset(signals, row.n, row.data_seed)
for c in (0.5, 1.0, 2.0, 4.0):
    module = network(row, signals, 2)
    layers = [m for m in module if isinstance(m, torch.nn.Linear)]
    with torch.no_grad():
        layers[0].weight.mul_(c), layers[0].bias.mul_(c), layers[1].weight.div_(c)
    values[c] = backward_error.squared_gradient(module, signals.x[rows], signals.y[rows])
pd.DataFrame({"squared gradient": values}).rename_axis("c").round(4)

# %% [markdown]
r"""
The penalty depends on how a function is written down, not on the function alone. It can prefer one function over another only together with an
initialisation and a path. The same objection meets sharpness.

```{solution-end}
```

```{exercise} ★★★ With replacement
:label: ir-ex-replacement
Let every step draw one of the $k$ minibatches independently, with replacement. Which law does the mean iterate after $k$ steps follow to third order?
Derive it, and check on {numref}`fig-ir-sgd`'s regressions by running all $4^4$ sequences.
```

```{solution-start} ir-ex-replacement
:class: dropdown
```
In the proof of {prf:ref}`ir-thm-sgd` the two batches of an ordered pair of steps are now independent: the mean of the double sum is
$\tfrac{k(k-1)}2\, \nabla^2\! L\, g$. Hence $k \nabla Q = \tfrac k2 \nabla^2\! L\, g$ and $Q = \tfrac14 \lVert \nabla L \rVert^2$: the law of
full-batch descent. The noise does not enter the *mean* at this order (it does enter the spread).
"""


# %%
def replaced(seed, h):
    """Distance of the mean over all sequences from the full-batch law and from the law of SGD without replacement."""
    batches, w = regression(seed)
    mean = 0
    for sequence in product(batches, repeat=4):
        theta = w
        for batch in sequence:
            theta = theta - h * batch.gradient(theta)
        mean = mean + theta / 4**4
    laws = (
        backward_error.modified_gradient(backward_error.mean_of(batches), h),
        backward_error.sgd_modified_gradient(batches, h),
    )
    return [np.linalg.norm(mean - backward_error.flow(f, w, [4 * h])[-1]) for f in laws]


# %%
hs = (0.02, 0.01, 0.005)
rows = {
    s: [backward_error.order(hs, e) for e in np.transpose([replaced(s, h) for h in hs])]
    for s in scale.seeds(3)
}
pd.DataFrame(rows, index=["full-batch law", "SGD law"]).T.rename_axis("seed").round(2)

# %% [markdown]
r"""
Reshuffling is what puts the variance of the gradients into the mean path. Analyses of SGD that assume replacement for convenience get another answer.

```{solution-end}
```

```{exercise} ★★★ A ceiling one can choose
:label: ir-ex-ceiling
If the ceiling is at $2/h$, then sharpness at the end of squared-loss training, as log₂, should fall by one per doubling of $h$ once the ceiling is
reached, and not before. Test it with the runs of {numref}`fig-ir-edge`, and see what happens to test error.
```

```{solution-start} ir-ex-ceiling
:class: dropdown
```
"""

# %%
final = squared.assign(sharpness=[s[-1] for s in squared.sharpness])
by_rate = final.assign(value=np.log2(final.sharpness)).pivot_table(
    "value", "data_seed", "lr"
)
error_by = final.pivot_table("test_error", "data_seed", "lr")
pairs = list(zip(by_rate.columns[:-1], by_rate.columns[1:], strict=True))
pd.DataFrame(
    {
        f"{a:g} to {b:g}": {
            "log₂ sharpness": f"{claims.mean(by_rate[b] - by_rate[a]):.2f}",
            "test error": f"{claims.mean(error_by[b] - error_by[a]):.4f}",
        }
        for a, b in pairs
    }
).rename_axis("per doubling")

# %% [markdown]
r"""
The first row is near −1 where both learning rates have reached their ceiling. The second row says what the lower ceiling went with in test error, with
its interval. It does not say that the ceiling is the cause: the runs end after equal time, not at equal loss, so they differ in how well they fit as
well. Whether flatter ends generalize better is a separate claim.

```{solution-end}
```

## Summary

- Wider networks that fit go on improving, so something other than size limits them.
- Gradient descent with step $h$ follows the flow of $L + \tfrac h4 \lVert \nabla L \rVert^2$ to one order more than that of $L$. The penalty is the
  squared gradient; it is zero at minima and acts on the path.
- Averaged over orders, an epoch of SGD follows a law with the minibatch gradients in it, of which one part is gradient noise.
- Large steps end flatter, at a ceiling near $2/h$. The first-order penalty does not explain it: small steps with that penalty stay sharper.
- Full-batch training with large steps or a penalty is not far from SGD here; how close it was shown to be is on its card.
- The norm alone does not decide; and a preference for simple functions is present before training begins.

**Reading.** Beyond what the cards cite: {cite:t}`mingard2021` for the prior over functions and what SGD makes of it; {cite:t}`soudry2018` for the
classifier that linear models tend to.
"""
