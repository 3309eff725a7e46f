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
(lazy-and-rich)=
# Lazy and rich

A wide network can fit its training set while its weights hardly move. Then it is a kernel machine, and everything that is known about kernels is known about it. This chapter derives when that happens, shows that a single number
decides it which is not the width, and measures what is lost.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import math
from functools import partial

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from sklearn.ensemble import RandomForestClassifier
from torch import nn

from overparam import claims, cnn1d, data, figures, measures, mlp, results, run, scale, sweep
from overparam.architectures import maximal_update
from overparam.architectures.stacked import MLP
from overparam.engine.settings import Settings, Vector
from overparam.randomness import generator, rng
from overparam.theory import diagonal, kernels, tangent

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, blue, orange, green = figures.COLORS, *figures.SEQUENCE[:3]
ledger = claims.Ledger("lazy-and-rich")
lazy, rich = 64, 1 / 16  # two scales of the outputs


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**One number decides whether the neurons move.** A network with one hidden layer of 200 ReLU units, its outputs multiplied by \u03b1, is fitted to twelve points on a circle. Left: each neuron as the point a\u2c7cw\u2c7c, before training (grey) and after (blue), relative to the largest. Right: the function along the circle, and the one that made the points. The training loss is the same in all positions.", "name": "fig-lr-neurons"}} tags=["hide-input"]
def on_circle(angle):
    """Points of the plane at these angles, of length √2."""
    return math.sqrt(2) * torch.stack([angle.cos(), angle.sin()], -1)


directions = on_circle(torch.tensor([0.4, 2.3, -1.8])) / math.sqrt(2)
three_neurons = lambda x: (x @ directions.T).relu() @ torch.tensor([1.0, -1.2, 0.9])
angles = torch.from_numpy(np.sort(rng(0).uniform(-np.pi, np.pi, 12))).float()
around, before = torch.linspace(-np.pi, np.pi, 300), tangent.two_layer(200, 2, [0])
some = on_circle(angles)[None]


def shown(alpha):
    after = tangent.descend(before, some, three_neurons(some), alpha, 1e-4).network
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
    neurons = [(net.second.abs()[..., None] * net.first)[0] for net in (before, after)]
    largest = max(each.norm(dim=1).max() for each in neurons)
    for each, color in zip(neurons, (colors["noise"], blue), strict=True):
        left.plot(*(each / largest).T, "o", color=color, markersize=4, alpha=0.7)
    left.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xlabel="first input", ylabel="second input")
    right.plot(around, three_neurons(on_circle(around)), "--", color=figures.INK, label="truth")
    right.plot(around, alpha * after(on_circle(around)[None])[0], color=blue, label="network")
    right.plot(angles, three_neurons(some)[0], "o", color=orange)
    right.set(xlabel="angle", ylim=(-2.3, 2))
    right.legend(loc="lower left")
    return fig


alt = "Left: the neurons before and after training at scale {}. For large scales they coincide, for small ones those after training lie along three rays. Right: the function along the circle and the truth."
frames = {"64": 64, "16": 16, "4": 4, "1": 1, "1/4": 1 / 4, "1/16": 1 / 16}
frames = {label: partial(shown, alpha) for label, alpha in frames.items()}
figures.slider(frames, description="Scale α", alt=alt, start="64")

# %% [markdown]
r"""
Width, data, loss and start are the same in all positions, and the loss is driven equally low. At a large $\alpha$ no neuron is seen to move, and yet the points are fitted. At a small one the neurons run into three directions, which are those of the three neurons that made the points. How can a network learn without moving? And what does it matter whether it moves?

(lr-kernel)=
## A network that does not move is a kernel machine

Let $f(x; \theta)$ have one output, and write $K(x, x') = \langle \nabla_\theta f(x), \nabla_\theta f(x') \rangle$ for its *tangent kernel* {cite:p}`jacot2018`. It depends on $\theta$. On the training inputs it is an $n \times n$ matrix $K$.

```{prf:theorem} The tangent kernel moves the outputs
:label: lr-thm-kernel
(a) The gradient flow of $\tfrac12 \sum_i (f(x_i) - y_i)^2$ changes the output at any $x$ by

$$
\dot f(x) = - \sum_i K(x, x_i)\, \bigl( f(x_i) - y_i \bigr) .
$$ (lr-eq-flow)

(b) If $f$ is linear in $\theta$, $t$ steps of gradient descent with step $h$ give, where $f_0$ is the function at the start and $K$ is invertible on the training inputs,

$$
f_t(x) = f_0(x) + K(x, X)\, K^{-1} \bigl( I - (I - hK)^t \bigr) \bigl( y - f_0(X) \bigr),
$$ (lr-eq-steps)

which for $h < 2/\lambda_{\max}(K)$ tends to $f_0$ plus the kernel regression of the residuals $y - f_0(X)$ with $K$.
```

```{prf:proof}
(a) $\dot f(x) = \langle \nabla f(x), \dot\theta \rangle$ and $\dot\theta = -\sum_i (f(x_i) - y_i) \nabla f(x_i)$. (b) If $f$ is linear in $\theta$, then $K$ is constant and a step does exactly what (a) says with $h$ in the place of time: the residuals on $X$ are multiplied by $I - hK$, and $f(x)$ changes by
$-h K(x, X)$ times them. Sum the geometric series $h \sum_{s<t} (I - hK)^s = K^{-1}(I - (I - hK)^t)$.
```

Every differentiable model has a linear one beside it, $f(x; \theta_0) + \nabla f(x; \theta_0) \cdot (\theta - \theta_0)$, its *linearization*. We check (b) on the linearization of a network of three layers.
"""


# %%
net = MLP(32, depth=2).build((3,), 1, generator(0, "init")).double()
inputs, others = torch.randn(2, 15, 3, generator=generator(0, "inputs")).double()
targets, shape = inputs.prod(1, keepdim=True), (15, 15)
K, K_new = (tangent.tangent_kernel(net, a, inputs).view(shape) for a in (inputs, others))
h = float(1 / torch.linalg.eigvalsh(K)[-1])
line = tangent.fit(tangent.linearized(net), inputs, targets, h, 100)(others)

# %% tags=["remove-input"]
with torch.no_grad():
    one = torch.eye(15).double()
    learned = (one - torch.linalg.matrix_power(one - h * K, 100)) @ (targets - net(inputs))
    formula = net(others) + K_new @ torch.linalg.solve(K, learned)
kernel_error = (line - formula).abs().max().item()
apart = (tangent.fit(net, inputs, targets, h, 100)(others) - line).abs().max().item()
Markdown(
    f"At 15 new inputs the formula misses a hundred steps by at most {kernel_error:.0e}. The network itself, with the same steps, ends up to {apart:.2f} away from its linearization: its kernel has moved."
)

# %% [markdown]
r"""
Training that stays close to the linearization is called *lazy*, training in which the kernel moves is *rich*, or *feature learning* {cite:p}`chizat2019,woodworth2020`. For lazy training the whole question of the book becomes one about kernels: which interpolator, in which norm, with which spectrum. (The smoother $H_t$ of {doc}`03_memorization` is {eq}`lr-eq-steps`.)

(lr-width)=
## What width does

Two-layer networks in the *tangent-kernel parametrization* are

$$
f(x) = \frac1{\sqrt H} \sum_{j=1}^H a_j \max\bigl( 0,\, w_j \cdot x / \sqrt d \bigr), \qquad a_j, w_{jk} \sim \mathcal N(0, 1) .
$$ (lr-eq-net)

```{prf:theorem} Infinitely wide networks are lazy
:label: lr-thm-width
As $H \to \infty$, $K$ tends to a kernel that does not depend on the draw of the weights, and gradient flow leaves it where it is for any finite time.
```

```{prf:proof}
(Idea; {cite:t}`jacot2018` prove it for any depth.) $K$ is a mean over neurons of independent terms $k_j = \phi_j(x)\phi_j(x') + a_j^2\, \phi_j'(x) \phi_j'(x')\, x \cdot x'/d$, with $\phi_j$ the hidden units: the law of large numbers gives the limit, and random deviations of order $1/\sqrt H$. Every single weight has a derivative of order
$1/\sqrt H$ in $f$. To move $f$ by something of order 1, the $H$ neurons together, each pushing the right way, need to move by $\delta$ with $H \cdot \delta/\sqrt H \approx 1$, so $\delta \approx 1/\sqrt H$. Then each $k_j$ moves by at most about $\delta$, and their mean as well.
```

::::{admonition} Predict before you run
:class: predict
From 128 to 2,048 units the relative change of the *weights* during training falls with a slope of about $-\tfrac12$ on logarithmic axes, as the proof says. With which slope does the relative change of the *kernel* fall?

1. About $-\tfrac12$: each $k_j$ moves as its weights do.
2. About $-1$.
3. About $-2$: the kernel is quadratic in the gradient.
4. About $-\tfrac14$.

:::{dropdown} Answer
The second. The proof gives a bound. Neurons with positive and with negative $a_j$ move opposite ways, so that to first order in $\delta$ their $k_j$ change with opposite signs and cancel in the mean; what is left is of the order of $\delta^2 = 1/H$. The figure has the slope as measured.
:::
::::

We subtract the function at the start, by giving every neuron a twin with the same $w_j$ and the opposite $a_j$: then $f_0 = 0$, and it is the target that is learned and not the removal of a random function. All widths train to the same loss.
"""

# %%
widths = scale.sizes(widths=((32, 64, 128), (128, 512, 2048), (128, 512, 2048))).widths
freezing = ledger.seeds("kernel-freezes-with-width")
gauss = torch.stack([torch.randn(64, 10, generator=generator(s, "inputs")) for s in freezing])
by_width = []
for width in widths:
    start = tangent.two_layer(width, 10, freezing)
    end = tangent.descend(start, gauss, gauss[..., :2].prod(-1).sign(), stop_loss=0.01)
    changes = tangent.moved(start, end.network, gauss)
    by_width.append(pd.DataFrame({"seed": freezing, "width": width, **changes}))
by_width = pd.concat(by_width)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The wider the network, the less its weights and its kernel move, and the kernel freezes faster.** Relative change between the start and the end of training, at equal training loss. Means over replicates with 95 % bands; dashed: slopes of \u22121/2 and \u22121 through the widest.", "name": "fig-lr-width"}, "image": {"alt": "Log-log plot of relative change against width with two falling lines; that of the weights has a slope of about one half, that of the kernel is steeper and comes close to a slope of one."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.3))[1]
for (name, color), slope in zip({"weights": orange, "kernel": blue}.items(), (0.5, 1), strict=True):
    figures.plot(by_width, "width", name, ax=ax, colors=color, label=name)
    last = by_width[by_width.width == widths[-1]][name].mean()
    law = last * (widths[-1] / np.array(widths)) ** slope
    ax.plot(widths, law, "--", color=color, linewidth=1)
figures.log_axis(ax, widths)
ax.set(yscale="log", xlabel="hidden units", ylabel="relative change")
ax.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("kernel-freezes-with-width")


# %% tags=["remove-input"]
def slopes(table, x, y, seed="seed"):
    """Slope of log y on log x, for each seed."""
    values = np.log(measures.by_seed(table, y, x, seed))
    return np.polyfit(np.log(values.columns.to_numpy(float)), values.T, 1)[0]


kernel_slopes, weight_slopes = (slopes(by_width, "width", c) for c in ("kernel", "weights"))
last_slopes = slopes(by_width[by_width.width >= widths[1]], "width", "kernel")
limit_at = (64, 256, 1024, 4096)
few = torch.randn(16, 5, generator=generator(0, "points"))
far = [
    (tangent.kernel(tangent.two_layer(H, 5, range(40)), few) - tangent.limit_kernel(few, few))
    .square().mean().item()
    for H in limit_at
]  # fmt: skip
limit_slope = np.polyfit(np.log(limit_at), np.log(far), 1)[0]
Markdown(
    f"The slope is {claims.mean(kernel_slopes):.2f} for the kernel and {claims.mean(weight_slopes):.2f} for the weights; for the kernel between the two widest networks {claims.mean(last_slopes):.2f}. At the start, the mean squared distance of the kernel of 40 networks from the limit falls with a slope of {limit_slope:.2f} between {limit_at[0]} and {limit_at[-1]:,} units."
)

# %% [markdown]
r"""
Had width no influence on what is learned, both lines would be level. "The kernel moves like one over the root of the width" is a common sentence; it is the exponent of the weights, and for the kernel an upper bound. All this holds *in this parametrization*, with its factor $1/\sqrt H$, and for the squared loss. (With cross-entropy and no stop the outputs
grow without end, and so does the distance from the linearization.)

(lr-scale)=
## Laziness is a scale, not a width

{cite:t}`chizat2019` asked what made these networks lazy. Take any model $h(\theta)$ with $h(\theta_0) = 0$, multiply its outputs by $\alpha$, and divide the loss by $\alpha^2$:

$$
F_\alpha(\theta) = \frac1{\alpha^2}\, R\bigl( \alpha\, h(\theta) \bigr), \qquad R(f) = \tfrac12 \lVert f - y \rVert^2 .
$$ (lr-eq-alpha)

```{prf:proposition} A large scale makes any model lazy
:label: lr-prop-scale
Along the gradient flow of $F_\alpha$ the outputs $\alpha h$ obey {eq}`lr-eq-flow` with the unscaled kernel, whatever $\alpha$. On a finite horizon the parameters move by $O(1/\alpha)$, and so the kernel's relative change is $O(1/\alpha)$, too.
```

```{prf:proof}
$\dot\theta = -\tfrac1\alpha\, Dh^\top (\alpha h - y)$, so $\tfrac{d}{dt}(\alpha h) = \alpha\, Dh\, \dot\theta = -Dh\, Dh^\top (\alpha h - y)$ with $K = Dh\, Dh^\top$. The residual does not grow, since $R$ decreases; so $\lVert \dot\theta \rVert \le \tfrac1\alpha \lVert Dh \rVert \lVert y \rVert$. Integrate, and use that $Dh$ is Lipschitz near $\theta_0$.
```

What counts is the relative scale $\kappa = \lVert h(\theta_0) - y \rVert\, \lVert D^2 h \rVert / \lVert Dh \rVert^2$: by how much the gradient turns while the outputs go from where they are to $y$. A factor $\alpha$ divides it by $\alpha$. Width divides it by $\sqrt H$ in {eq}`lr-eq-net`, where $\lVert Dh \rVert$ stays and $\lVert D^2 h \rVert$
falls: width is one way of being large in scale ({ref}`lr-ex-kappa`). We train networks of three widths to find the product of two of 30 random signs, a *parity*.

::::{admonition} Predict before you run
:class: predict
Which of these networks has the *smallest* relative change of its kernel?

1. 1,024 units, $\alpha = 1$.
2. 64 units, $\alpha = 64$.
3. 64 units, $\alpha = 1$.
4. 1,024 units, $\alpha = 1/16$.

:::{dropdown} Answer
The second: sixteen times the width is worth a factor of four in $\alpha$, and 64 is more. The fourth is the widest of all and its kernel changes most but one, which would be its narrow twin with the same $\alpha$.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Parities"} tags=["hide-input"]
# Parities
def parity(seeds, n, purpose, d=30):
    """Strings of d random signs [seeds, n, d], and the product of the first two."""
    draws = [torch.randint(2, (n, d), generator=generator(s, purpose)) for s in seeds]
    signs = 2.0 * torch.stack(draws) - 1
    return signs, signs[..., :2].prod(-1)


# %%
alphas, by_scale = (64, 16, 4, 1, 1 / 4, 1 / 16), []
scaled = ledger.seeds("lazy-is-a-scale")
signs, labels = parity(scaled, 100, "training")
for width in (64, 256, scale.sizes(wide=(128, 1024, 1024)).wide):
    start = tangent.two_layer(width, 30, scaled)
    for alpha in alphas:
        end = tangent.descend(start, signs, labels, alpha).network
        changes = tangent.moved(start, end, signs)
        by_scale.append(pd.DataFrame({"seed": scaled, "units": width, "α": alpha, **changes}))
by_scale = pd.concat(by_scale)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**At any width the scale decides whether the kernel moves.** Left: relative change of the tangent kernel against \u03b1, for three widths. Right: the distance of the weights from the start; dotted: a slope of \u22121. All trained to the same loss. Means over replicates with 95 % bands.", "name": "fig-lr-scale"}, "image": {"alt": "Two log-log panels against the scale. Kernel change falls from above one for small scales to below a hundredth for large ones, in three parallel curves of which that of the widest network is the lowest. Distances fall with slope minus one for large scales."}} tags=["hide-input"]
fig, axes = figures.panels(
    by_scale, "α", {"kernel": "change of the kernel", "distance": "distance of the weights"},
    hue="units", label="{:,} units", height=3.4,
)  # fmt: skip
for ax in axes:
    ax.set(xscale="log", yscale="log", xlabel="scale α")
at = np.array([4, 64])
axes[1].plot(at, 4 / at, ":", color=colors["threshold"], linewidth=2)
plt.show()

# %% tags=["remove-input"]
ledger.say("lazy-is-a-scale")

# %% tags=["remove-input"]
kernel_at = measures.by_seed(by_scale, "kernel", ["units", "α"], "seed")
low, high = by_scale.units.min(), by_scale.units.max()
standard = by_scale[(by_scale.units == 256) & (by_scale["α"] >= 4)]
scales = {"weights": slopes(standard, "α", "distance"), "kernel": kernel_at[256, lazy]}
scales |= {"kernel_at_one": kernel_at[256, 1], "wide_and_rich": kernel_at[high, rich]}
scales["narrow_and_lazy"] = kernel_at[low, lazy]
Markdown(
    f"With 256 units the kernel changes by {claims.mean(scales['kernel']):.3f} of itself at α = 64, by {claims.mean(scales['kernel_at_one']):.2f} at α = 1. With {high:,} units at α = 1/16 it changes by {claims.mean(scales['wide_and_rich']):.1f} times itself, with {low} units at α = 64 by {claims.mean(scales['narrow_and_lazy']):.3f}."
)

# %% [markdown]
r"""
If width were what makes training lazy, the wide network would be lazy at every $\alpha$; it is as rich as one likes. So "wide networks are lazy" is a sentence about a scaling of the outputs. Change the scaling with the width, and a network may be infinitely wide and learn features ({ref}`lr-mup`).

::::{admonition} Break it: a nonlinearity after the last sum
:class: break-it
Let the network answer $\tanh f(x)$ in place of $f(x)$. Its tangent kernel at $x, x'$ is $(1 - \tanh^2 f(x))\, K(x, x')\, (1 - \tanh^2 f(x'))$, and $f$ moves by something of order 1 while it fits, at any width. So this kernel moves however wide the network is: what makes the kernel constant is not the number of parameters but that the output is a *sum of many small terms*
{cite:p}`liu2020linearity`. A factor $\alpha$ would make this one lazy, too.
::::

(lr-features)=
## What features buy

Does it matter? The parity depends on two inputs of 30. A kernel like ours is unchanged when the inputs are rotated, and cannot know beforehand that two coordinates are special: to it the target is one of $30 \cdot 29/2$ products of two, all equally likely. A network whose neurons move may find the two.

{cite:t}`damian2022` prove such a gap: for a polynomial of degree $p$ in a few of $d$ directions, kernels need of the order of $d^p$ examples, gradient descent on a two-layer network of the order of $d^2$. {cite:t}`barak2022` show that networks learn sparse parities by SGD.

::::{admonition} Predict before you run
:class: predict
The same network, the same start, the same training loss. Lazy ($\alpha = 64$) with 400 examples, rich ($\alpha = 1/16$) with 200. Which has the lower test error?

1. The lazy one: twice the data.
2. Neither: both fit, and both are at chance on a parity of 30 bits.
3. The rich one, by a few points.
4. The rich one, by about twenty points.

:::{dropdown} Answer
The fourth, in the pilot runs from which this example was chosen. The next figure has it in new replicates.
:::
::::
"""


# %%
paying, rows = ledger.seeds("features-pay-on-parity"), []
start = tangent.two_layer(256, 30, paying)
test = parity(paying, 2000, "test")
for n in scale.sizes(ns=((50, 200, 400), (50, 100, 200, 400), (50, 100, 200, 400, 800))).ns:
    signs, labels = parity(paying, n, f"training {n}")
    for name, alpha in {"lazy": lazy, "rich": rich}.items():
        end = tangent.descend(start, signs, labels, alpha)
        wrong = (end.network(test[0]).sign() != test[1]).float().mean(-1)
        found = {"error": 100 * wrong.numpy(), "steps": end.steps.numpy()}
        rows.append(pd.DataFrame({"seed": paying, "n": n, "training": name, **found}))


# %% mystnb={"code_prompt_show": "The kernel with a ridge chosen on validation data"} tags=["hide-input"]
# The tangent kernel of the start, with a ridge chosen on validation data
def tuned_ridge(n):
    """Its test errors, in points, from n training examples for each seed."""
    signs, labels = parity(paying, n, f"training {n}")
    validation = parity(paying, 1000, "validation")
    K = tangent.kernel(start, signs)
    cross = {name: tangent.kernel(start, a[0], signs) for name, a in (("v", validation), ("t", test))}
    found = []
    for ridge in (1e-4, 1e-2, 0.1, 1, 10):
        dual = torch.linalg.solve(K + ridge * torch.eye(n), labels)[..., None]
        wrong = [(cross[k] @ dual)[..., 0].sign() != a[1] for k, a in (("v", validation), ("t", test))]
        found.append(torch.stack([w.float().mean(-1) for w in wrong]))
    errors = torch.stack(found)  # [ridge, validation and test, seed]
    return 100 * errors[errors[:, 0].argmin(0), 1, torch.arange(len(paying))].numpy()


for n in (50, 100, 200, 400, 800):
    found = {"error": tuned_ridge(n), "steps": np.nan}
    rows.append(pd.DataFrame({"seed": paying, "n": n, "training": "kernel, tuned ridge", **found}))
parities = pd.concat(rows)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The network that learns features needs far fewer examples.** Test error on parities of two of 30 bits, against the number of examples; lazy and rich training of the same networks, and kernel regression with the tangent kernel of their start, its ridge chosen on validation data. Means over replicates with 95 % bands.", "name": "fig-lr-parity"}, "image": {"alt": "Test error against the number of examples on a logarithmic axis. The line of rich training falls steeply to about zero; the lines of lazy training and of the tuned kernel lie close together and fall slowly."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.4))[1]
shades = {"lazy": orange, "rich": blue, "kernel, tuned ridge": green}
figures.plot(parities, "n", "error", "training", ax, colors=shades)
figures.log_axis(ax, (50, 100, 200, 400, 800))
ax.set(xlabel="training examples", ylabel="test error, in points")
ax.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("features-pay-on-parity")

# %% tags=["remove-input"]
error, steps = (measures.by_seed(parities, c, ["training", "n"], "seed") for c in ("error", "steps"))
payoff = {"saved": error["lazy", 400] - error["rich", 200]}
payoff["same_examples"] = error["lazy", 200] - error["rich", 200]
for name, n in (("tuned_kernel", 400), ("more_data", 800)):
    payoff[name] = error["kernel, tuned ridge", n] - error["rich", 200]
payoff["steps"] = steps["rich", 200] / steps["lazy", 200]
Markdown(
    f"With 200 examples for both the lazy network is {claims.mean(payoff['same_examples']):.0f} points worse. The kernel with a tuned ridge and 400 examples is {claims.mean(payoff['tuned_kernel']):.0f} points worse than the rich network with 200, and with 800 it is {claims.mean(payoff['more_data']):.0f}. The rich network took {claims.ratio(payoff['steps']):.2f} times as many steps."
)

# %% [markdown]
r"""
Both networks are the same function at the start, fit the same examples to the same loss, and differ in one factor. Had the architecture or the start been what generalizes, their errors would agree. The ridge was no help to speak of, so it is not that the kernel overfits: it looks for the wrong kind of function. How much of this is the choice of the
target? We vary the setting, one knob at a time, and put in targets for which theory promises nothing.
"""


# %% mystnb={"code_prompt_show": "Other settings"} tags=["hide-input"]
# Other settings: the lazy network with 2n examples against the rich one with n
def target(name, x):
    """Labels ±1 of inputs x."""
    rules = {"two bits": x[..., :2].prod(-1), "one bit": x[..., 0]}
    rules |= {"three bits": x[..., :3].prod(-1), "majority of three": x[..., :3].sum(-1)}
    rules |= {"two of four": x[..., :2].prod(-1) + x[..., 2:4].prod(-1) + 0.5 * x[..., 4]}
    return (rules | {"majority of all": x.sum(-1) + 0.5}).get(name).sign()


def in_setting(d=30, n=200, H=256, low=rich, high=lazy, rule="two bits", noise=0.0, inputs="signs"):
    """Test error of the lazy network less that of the rich one, in points, mean over three replicates."""
    seeds = ledger.selection(3)
    x = torch.stack([torch.randn(2 * n + 2000, d, generator=generator(s, "more")) for s in seeds])
    x = x if inputs == "Gaussian" else x.sign()
    y = target(rule, x)
    if inputs in ("MNIST-1D", "digits"):
        load = {"MNIST-1D": partial(data.mnist1d, max_translation=8), "digits": data.digits}[inputs]
        sets = [load(2 * n, 1000 if inputs == "MNIST-1D" else s, s) if inputs == "MNIST-1D" else load(2 * n, s) for s in seeds]
        x = torch.stack([torch.cat([a.x, a.x_test]).flatten(1) for a in sets])
        y = torch.stack([torch.cat([a.y, a.y_test]) for a in sets]) % 2 * 2.0 - 1
    flipped = torch.stack([torch.rand(2 * n, generator=generator(s, "flip")) for s in seeds]) < noise
    given = torch.where(flipped, -y[:, : 2 * n], y[:, : 2 * n])
    start, errors = tangent.two_layer(H, x.shape[-1], seeds), []
    for alpha, size in ((high, 2 * n), (low, n)):
        end = tangent.descend(start, x[:, :size], given[:, :size], alpha).network
        errors.append(100 * (end(x[:, 2 * n :]).sign() != y[:, 2 * n :]).float().mean().item())
    return errors[0] - errors[1]
