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

A wide network can fit its training set while its weights hardly move. Then it is a kernel machine, and everything that is known about kernels is known about it. This chapter derives when that happens, finds the one number
that decides it, which is not the width, and measures what is lost.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import math
from copy import deepcopy
from functools import partial

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from sklearn.ensemble import RandomForestClassifier

from overparam import claims, cnn1d, data, figures, measures, mlp, results, scale, sweep
from overparam.architectures import maximal_update
from overparam.architectures.stacked import MLP
from overparam.engine.settings import Settings, Vector
from overparam.engine.sweep import network, run
from overparam.randomness import generator, random_state, rng
from overparam.theory import diagonal, tangent

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, blue, orange, green = figures.COLORS, *figures.SEQUENCE[:3]
ledger = claims.Ledger("lazy-and-rich")
lazy, rich = 64, 1 / 16  # two scales of the outputs


# %% mystnb={"code_prompt_show": "A function on the circle"} tags=["hide-input"]
# A function on the circle, made by three neurons, ten of its points, and a network
def on_circle(angle):
    """Points of the plane at these angles, of length √2."""
    return math.sqrt(2) * torch.stack([angle.cos(), angle.sin()], -1)


directions = on_circle(torch.tensor([0.4, 2.3, -1.8])) / math.sqrt(2)
truth = lambda x: (x @ directions.T).relu() @ torch.tensor([1.0, -1.2, 0.9])
angles = torch.from_numpy(np.sort(rng(1).uniform(-np.pi, np.pi, 10))).float()
points, around = on_circle(angles)[None], torch.linspace(-np.pi, np.pi, 300)
before = tangent.two_layer(200, 2, [0])


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**One number decides whether the neurons move.** A network with one hidden layer of 200 ReLU units, its outputs multiplied by \u03b1, is fitted to ten points on a circle. Left: each neuron as the point a\u2c7cw\u2c7c, before training (grey) and after (blue), each relative to the largest. Right: the function along the circle, and the one that made the points. The training loss is the same in all positions.", "name": "fig-lr-neurons"}} tags=["hide-input"]
def shown(alpha):
    after = tangent.descend(before, points, truth(points), alpha, 1e-4).network
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
    neurons = [(net.second.abs()[..., None] * net.first)[0] for net in (before, after)]
    looks = {"color": colors["noise"], "alpha": 0.4, "markersize": 7}, {"color": blue}
    moved = (neurons[1] - neurons[0]).norm() / neurons[0].norm()
    left.set_title(f"Neurons moved by {moved:.2g} times their size")
    for each, look in zip(neurons, looks, strict=True):
        left.plot(*(each / each.norm(dim=1).max()).T, "o", **{"markersize": 4} | look)
    left.set(
        xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xlabel="first input", ylabel="second input"
    )
    right.plot(around, truth(on_circle(around)), "--", color=figures.INK, label="truth")
    right.plot(
        around, alpha * after(on_circle(around)[None])[0], color=blue, label="network"
    )
    right.plot(angles, truth(points)[0], "o", color=orange)
    right.set(xlabel="angle", ylim=(-2.3, 2))
    right.legend(loc="lower left")
    return fig


alt = "Left: the neurons before and after training at scale {}. For large scales they coincide, for small ones those after training lie along three rays. Right: the function along the circle and the truth."
places = {"64": 64, "8": 8, "1": 1, "1/8": 1 / 8, "1/64": 1 / 64}
frames = {label: partial(shown, alpha) for label, alpha in places.items()}
figures.slider(frames, description="Scale α", alt=alt, start="64")

# %% [markdown]
r"""
Width, data, loss and start are the same in all positions, and the loss is driven equally low. At a large $\alpha$ no neuron is seen to move, and yet the points are fitted. At a small one the neurons run into three directions, which are those of the three neurons that made the points. How can a network learn without moving? And what does it matter whether it moves?

(lr-kernel)=
## A network that does not move is a kernel machine

Let $f(x; \theta)$ have one output, and write $\Theta(x, x') = \langle \nabla_\theta f(x), \nabla_\theta f(x') \rangle$ for its {term}`tangent kernel` {cite:p}`jacot2018`. It depends on $\theta$. On the training inputs $X$ it is an $n \times n$ matrix, for which we write $\Theta$, too.

```{prf:theorem} The tangent kernel moves the outputs
:label: lr-thm-kernel
(a) The gradient flow of $\tfrac12 \sum_i (f(x_i) - y_i)^2$ changes the output at any $x$ by

$$
\dot f(x) = - \sum_i \Theta(x, x_i)\, \bigl( f(x_i) - y_i \bigr) .
$$ (lr-eq-flow)

(b) If $f$ is linear in $\theta$, $t$ steps of gradient descent with step $h$ give, if $f_0$ is the function at the start and $\Theta$ is invertible on the training inputs,

$$
f_t(x) = f_0(x) + \Theta(x, X)\, \Theta^{-1} \bigl( I - (I - h\Theta)^t \bigr) \bigl( y - f_0(X) \bigr),
$$ (lr-eq-steps)

which for $h < 2/\lambda_{\max}(\Theta)$ tends to $f_0$ plus the kernel regression of the residuals $y - f_0(X)$ with $\Theta$.
```

```{prf:proof}
(a) $\dot f(x) = \langle \nabla f(x), \dot\theta \rangle$ and $\dot\theta = -\sum_i (f(x_i) - y_i) \nabla f(x_i)$. (b) If $f$ is linear in $\theta$, then $\Theta$ is constant and a step does exactly what (a) says with $h$ in the place of time: the residuals on $X$ are multiplied by $I - h\Theta$, and $f(x)$ changes by
$-h \Theta(x, X)$ times them. Sum the geometric series $h \sum_{s<t} (I - h\Theta)^s = \Theta^{-1}(I - (I - h\Theta)^t)$.
```

Every differentiable model has a linear one beside it, $f(x; \theta_0) + \nabla f(x; \theta_0) \cdot (\theta - \theta_0)$, its *linearization*. We check (b) on the linearization of a network of three layers.
"""


# %%
net = MLP(32, depth=2).build((3,), 1, generator(0, "init")).double()
inputs, others = torch.randn(2, 15, 3, generator=generator(0, "inputs")).double()
targets, shape = inputs.prod(1, keepdim=True), (15, 15)
K, K_new = (tangent.tangent_kernel(net, x, inputs).view(shape) for x in (inputs, others))
h = float(1 / torch.linalg.eigvalsh(K)[-1])
line = tangent.fit(tangent.linearized(net), inputs, targets, h, 100)(others)

# %% tags=["remove-input"]
with torch.no_grad():
    identity, missing = torch.eye(15).double(), targets - net(inputs)
    learned = (identity - torch.linalg.matrix_power(identity - h * K, 100)) @ missing
    formula = net(others) + K_new @ torch.linalg.solve(K, learned)
kernel_error = (line - formula).abs().max().item()
unfrozen = tangent.fit(deepcopy(net), inputs, targets, h, 100)(others)
apart = (unfrozen - line).abs().max().item()
Markdown(
    f"At 15 new inputs the formula misses a hundred steps by at most {kernel_error:.0e}. The network itself, with the same steps, ends up to {apart:.2f} away from its linearization: its kernel has moved."
)

# %% [markdown]
r"""
Training that stays close to the linearization is called *lazy*, training in which the kernel moves is *rich*, or *feature learning* {cite:p}`chizat2019,woodworth2020`. For lazy training the whole question of the book becomes one about kernels: which interpolator, in which norm, with which spectrum. (The smoother $H_t$ of {doc}`/notebooks/03_memorization` is {eq}`lr-eq-steps`.)

(lr-width)=
## What width does

Two-layer networks in the *tangent-kernel parametrization* are

$$
f(x) = \frac1{\sqrt H} \sum_{j=1}^H a_j \max\bigl( 0,\, w_j \cdot x / \sqrt d \bigr), \qquad a_j, w_{jk} \sim \mathcal N(0, 1) .
$$ (lr-eq-net)

```{prf:theorem} Infinitely wide networks are lazy
:label: lr-thm-width
As $H \to \infty$, $\Theta$ tends to a kernel that does not depend on the draw of the weights, and gradient flow leaves it where it is for any finite time.
```

```{prf:proof}
(Idea; {cite:t}`jacot2018` prove it for any depth.) $\Theta$ is a mean over neurons of independent terms $k_j = \phi_j(x)\phi_j(x') + a_j^2\, \phi_j'(x) \phi_j'(x')\, x \cdot x'/d$, with $\phi_j$ the hidden units: the law of large numbers gives the limit, and random deviations of order $1/\sqrt H$. Every single weight has a derivative of order
$1/\sqrt H$ in $f$. To move $f$ by something of order 1, the $H$ neurons together, each pushing the right way, need to move by $\delta$ with $H \cdot \delta/\sqrt H \approx 1$, so $\delta \approx 1/\sqrt H$. Then each $k_j$ moves by at most about $\delta$, and their mean as well.
```

::::{predict}
:answer: 2
:figure: fig-lr-width
From 128 to 2,048 units the relative change of the *weights* during training falls with a slope of about $-\tfrac12$ on logarithmic axes, as the proof says. With which slope does the relative change of the *kernel* fall?

1. About $-\tfrac12$: each $k_j$ moves as its weights do.
2. About $-1$.
3. About $-2$: the kernel is quadratic in the gradient.
4. About $-\tfrac14$.

:::{dropdown} Answer
B. The proof gives a bound. Neurons with positive and with negative $a_j$ move opposite ways, so that to first order in $\delta$ their $k_j$ change with opposite signs and cancel in the mean; what is left is of the order of $\delta^2 = 1/H$. (The kinks of ReLU add something that falls more slowly, but is small at these widths: {ref}`lr-ex-collapse`.) The figure has the slope as measured.
:::
::::

We subtract the function at the start, by giving every neuron a twin with the same $w_j$ and the opposite $a_j$: then $f_0 = 0$, and it is the target that is learned and not the removal of a random function. All widths train to the same loss.
"""

# %%
widths = scale.sizes(widths=((32, 64, 128), (128, 512, 2048), (128, 512, 2048))).widths
freezing = ledger.seeds("kernel-freezes-with-width")
gauss = torch.stack(
    [torch.randn(64, 10, generator=generator(s, "inputs")) for s in freezing]
)
by_width = []
for width in widths:
    start = tangent.two_layer(width, 10, freezing)
    end = tangent.descend(start, gauss, gauss[..., :2].prod(-1).sign(), stop_loss=0.01)
    changes = tangent.moved(start, end.network, gauss)
    by_width.append(pd.DataFrame({"seed": freezing, "width": width, **changes}))
by_width = pd.concat(by_width)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The wider the network, the less its weights and its kernel move, and the kernel freezes faster.** Relative change between the start and the end of training, at equal training loss. Means over replicates with 95 % bands; dashed: slopes of \u22121/2 and \u22121 through the widest.", "name": "fig-lr-width"}, "image": {"alt": "Log-log plot of relative change against width with two falling lines; that of the weights has a slope of about one half, that of the kernel is steeper and comes close to a slope of one."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.3))[1]
for (name, color), slope in zip(
    {"weights": orange, "kernel": blue}.items(), (0.5, 1), strict=True
):
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
from_limit = [
    (tangent.kernel(tangent.two_layer(H, 5, range(40)), few) - tangent.limit_kernel(few, few))
    .square().mean().item()
    for H in limit_at
]  # fmt: skip
limit_slope = np.polyfit(np.log(limit_at), np.log(from_limit), 1)[0]
Markdown(
    f"The slope is {claims.mean(kernel_slopes):.2f} for the kernel and {claims.mean(weight_slopes):.2f} for the weights; for the kernel between the two widest networks {claims.mean(last_slopes):.2f}. At the start, the mean squared distance of the kernel of 40 networks from the limit falls with a slope of −{-limit_slope:.2f} between {limit_at[0]} and {limit_at[-1]:,} units."
)

# %% [markdown]
r"""
Had width no influence on how far training moves things, both lines would be level. "The kernel moves like one over the root of the width" is a common sentence; it is the exponent of the weights, and for the kernel an upper bound. All this holds *in this parametrization*, with its factor $1/\sqrt H$, and for the squared loss. (With cross-entropy and no stop the outputs
grow without end, and so does the distance from the linearization.)

(lr-scale)=
## Laziness is a scale, not a width

{cite:t}`chizat2019` asked what made these networks lazy. Take any model whose outputs $f(\theta)$ on the training inputs are zero at $\theta_0$, multiply them by $\alpha$, and divide the loss by $\alpha^2$:

$$
F_\alpha(\theta) = \frac1{2 \alpha^2}\, \lVert \alpha f(\theta) - y \rVert^2 .
$$ (lr-eq-alpha)

```{prf:proposition} A large scale makes any model lazy
:label: lr-prop-scale
Along the gradient flow of $F_\alpha$ the outputs $\alpha f$ obey {eq}`lr-eq-flow` with the unscaled kernel, whatever $\alpha$. On a finite horizon the parameters move by $O(1/\alpha)$, and so does the kernel where $Df$ is smooth.
```

```{prf:proof}
$\dot\theta = -\tfrac1\alpha\, Df^\top (\alpha f - y)$, so $\tfrac{d}{dt}(\alpha f) = \alpha\, Df\, \dot\theta = -Df\, Df^\top (\alpha f - y)$ with $\Theta = Df\, Df^\top$. The residual does not grow, since $F_\alpha$ decreases; so $\lVert \dot\theta \rVert \le \tfrac1\alpha \lVert Df \rVert \lVert y \rVert$. Integrate, and use that $Df$ is Lipschitz near $\theta_0$.
```

Here $Df$ is the derivative of the outputs in $\theta$, $D^2\!f$ the second one. What counts is the relative scale $\kappa = \lVert f(\theta_0) - y \rVert\, \lVert D^2\!f \rVert / \lVert Df \rVert^2$: by how much the gradient turns while the outputs go from where they are to $y$. A factor $\alpha$ divides it by $\alpha$. Width divides it by $\sqrt H$ in {eq}`lr-eq-net`, where $\lVert Df \rVert$ stays and $\lVert D^2\!f \rVert$
falls: width is one way of being large in scale ({ref}`lr-ex-kappa`). We train networks of three widths to find the product of two of 30 random signs, a *parity*.

::::{predict}
:answer: 2
:figure: fig-lr-scale
Which of these networks has the *smallest* relative change of its kernel?

1. 1,024 units, $\alpha = 1$.
2. 64 units, $\alpha = 64$.
3. 64 units, $\alpha = 1$.
4. 1,024 units, $\alpha = 1/16$.

:::{dropdown} Answer
B: sixteen times the width is worth a factor of four in $\alpha$, and 64 is more. D is as wide as A, and its kernel changes most of the four.
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
        by_scale.append(
            pd.DataFrame({"seed": scaled, "units": width, "α": alpha, **changes})
        )
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
kernels = {"256 units, α = 64": "kernel", "256 units, α = 1": "kernel_at_one"}
kernels |= {
    f"{high:,} units, α = 1/16": "wide_and_rich",
    f"{low} units, α = 64": "narrow_and_lazy",
}
kernels = {words: claims.mean(scales[key]) for words, key in kernels.items()}
claims.table("On this page: by how much of itself the kernel changes.", kernels)

# %% [markdown]
r"""
If width were what makes training lazy, the wide network would be lazy at every $\alpha$; it is as rich as one likes. (At large scales the kernel falls less steeply than the weights' motion does. A ReLU is not smooth: what is left there are inputs at which a neuron has switched on or off.) So "wide networks are lazy" is a sentence about a scaling of the outputs. Change the scaling with the width, and a network may be infinitely wide and learn features ({ref}`lr-mup`).

::::{admonition} Break it: a nonlinearity after the last sum
:class: break-it
Let the network answer $\tanh f(x)$ in place of $f(x)$. Its tangent kernel at $x, x'$ is $(1 - \tanh^2 f(x))\, \Theta(x, x')\, (1 - \tanh^2 f(x'))$, and $f$ moves by something of order 1 while it fits, at any width. So this kernel moves however wide the network is: what makes the kernel constant is not the number of parameters but that the output is a *sum of many small terms*
{cite:p}`liu2020linearity`. A factor $\alpha$ would make this one lazy, too.
::::

(lr-features)=
## What features buy

Does it matter? The parity depends on two inputs of 30. A kernel like ours is unchanged when the inputs are rotated, and cannot know beforehand that two coordinates are special: to it the target is one of $30 \cdot 29/2$ products of two, all equally likely. A network whose neurons move may find the two.

{cite:t}`damian2022` prove such a gap: for a polynomial of degree $p$ in a few of $d$ directions, kernels need of the order of $d^p$ examples, gradient descent on a two-layer network of the order of $d^2$. For our parity $p$ is 2, both orders are the same, and the theorem promises nothing: do features save examples even there? {cite:t}`barak2022` show that networks learn sparse parities by SGD.

::::{predict}
:answer: 4
:figure: fig-lr-parity
:source: pilot
The same network, the same start, the same training loss. Lazy ($\alpha = 64$) with 400 examples, rich ($\alpha = 1/16$) with 200. Which has the lower test error?

1. The lazy one: twice the data.
2. Neither: both fit, and both are at chance on a parity of 30 bits.
3. The rich one, by a few points.
4. The rich one, by about twenty points.

:::{dropdown} Answer
D, in the pilot runs from which this example was chosen. The next figure has it in new replicates.
:::
::::
"""


# %%
paying, rows, ended = ledger.seeds("features-pay-on-parity"), [], {}
most = scale.sizes(steps=(200, 5000, 5000)).steps
begun, test = tangent.two_layer(256, 30, paying), parity(paying, 2000, "test")
for n in (50, 100, 200, 400):
    signs, labels = parity(paying, n, f"training {n}")
    for name, alpha in {"lazy": lazy, "rich": rich}.items():
        end = tangent.descend(begun, signs, labels, alpha, most=most)
        wrong = (end.network(test[0]).sign() != test[1]).float().mean(-1)
        found = {"error": 100 * wrong.numpy(), "steps": end.steps.numpy()}
        rows.append(pd.DataFrame({"seed": paying, "n": n, "training": name, **found}))
        ended[name, n] = end.network


# %% mystnb={"code_prompt_show": "The kernel with a ridge chosen on validation data"} tags=["hide-input"]
# The tangent kernel of the start, with a ridge chosen on validation data
validation = parity(paying, 1000, "validation")


def tuned_ridge(n):
    """Its test errors, in points, from n training examples for each seed."""
    signs, labels = parity(paying, n, f"training {n}")
    K, found = tangent.kernel(begun, signs), []
    for ridge in (1e-4, 1e-2, 0.1, 1, 10):
        dual = torch.linalg.solve(K + ridge * torch.eye(n), labels)[..., None]
        answers = [
            (tangent.kernel(begun, x, signs) @ dual)[..., 0] for x, _ in (validation, test)
        ]
        wrong = [
            a.sign() != y for a, (_, y) in zip(answers, (validation, test), strict=True)
        ]
        found.append(torch.stack([w.float().mean(-1) for w in wrong]))
    errors = torch.stack(found)  # [ridge, validation and test, seed]
    return 100 * errors[errors[:, 0].argmin(0), 1, torch.arange(len(paying))].numpy()


for n in (50, 100, 200, 400, 800):
    found = {"error": tuned_ridge(n), "steps": np.nan}
    rows.append(
        pd.DataFrame({"seed": paying, "n": n, "training": "kernel, tuned ridge", **found})
    )
parities = pd.concat(rows)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The network that learns features needs far fewer examples.** Test error on parities of two of 30 bits, against the number of examples; lazy and rich training of the same networks, and kernel regression with the tangent kernel of their start, its ridge chosen on validation data. Means over replicates with 95 % bands.", "name": "fig-lr-parity"}, "image": {"alt": "Test error against the number of examples on a logarithmic axis. The line of rich training falls steeply to about zero; the lines of lazy training and of the tuned kernel lie close together and fall slowly."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.4))[1]
shades = {"lazy": orange, "rich": blue, "kernel, tuned ridge": green}
figures.plot(parities, "n", "error", "training", ax, colors=shades)
figures.log_axis(ax, (50, 100, 200, 400, 800))
ax.set(xlabel="training examples", ylabel="test error, in points")
ax.legend()
ask = "What test error, in points, does rich training reach on parities of two bits?"
figures.sketch(ax, "rich", ask=ask)

# %% tags=["remove-input"]
ledger.say("features-pay-on-parity")

# %% tags=["remove-input"]
error, steps = (
    measures.by_seed(parities, c, ["training", "n"], "seed") for c in ("error", "steps")
)
payoff = {"saved": error["lazy", 400] - error["rich", 200]}
payoff["same_examples"] = error["lazy", 200] - error["rich", 200]
for name, n in (("tuned_kernel", 400), ("more_data", 800)):
    payoff[name] = error["kernel, tuned ridge", n] - error["rich", 200]
payoff["steps"] = steps["rich", 200] / steps["lazy", 200]
words = {"same_examples": "lazy network, 200 examples"}
words |= {
    "tuned_kernel": "tuned kernel, 400 examples",
    "more_data": "tuned kernel, 800 examples",
}
behind = {f"test error: {says}": claims.mean(payoff[key]) for key, says in words.items()}
behind["steps: rich over lazy, 200 examples"] = claims.ratio(payoff["steps"])
claims.table("Against the rich network with 200 examples.", behind, "points")

# %% [markdown]
r"""
Both networks are the same function at the start, fit the same examples to the same loss, and differ in one factor. Had the architecture or the start been what generalizes, their errors would agree. The tuned ridge changes so little that its line covers that of the lazy network; it is not that the kernel overfits. It looks for the wrong kind of function. How much of this is the choice of the
target? We vary the setting, one knob at a time, and put in targets for which theory promises nothing.
"""


# %% mystnb={"code_prompt_show": "Other targets and inputs"} tags=["hide-input"]
# Other targets and inputs
def target(rule, x):
    """Labels ±1 of inputs x, by name."""
    pairs = x[..., :2].prod(-1) + x[..., 2:4].prod(-1) + x[..., 4] / 2
    rules = {"two bits": x[..., :2].prod(-1), "three bits": x[..., :3].prod(-1)}
    rules |= {"one bit": x[..., 0], "majority of three": x[..., :3].sum(-1)}
    return (rules | {"two pairs": pairs, "majority of all": x.sum(-1) + 0.5})[rule].sign()


# %% mystnb={"code_prompt_show": "One setting"} tags=["hide-input"]
# One setting
def task(inputs, rule, seeds, n, d):
    """Inputs [seeds, examples, d] and labels ±1: random ones, or images and signals of which odd classes are told from even ones."""
    if inputs in ("signs", "Gaussian"):
        drawn = [torch.randn(n + 2000, d, generator=generator(s, "more")) for s in seeds]
        x = torch.stack(drawn).sign() if inputs == "signs" else torch.stack(drawn)
        return x, target(rule, x)
    load = data.digits if inputs == "digits" else lambda n, s: data.mnist1d(n, 2000, s, 8)
    sets = [load(n, s) for s in seeds]
    x = torch.stack([torch.cat([a.x, a.x_test]).flatten(1) for a in sets])
    return x, torch.stack([torch.cat([a.y, a.y_test]) for a in sets]) % 2 * 2.0 - 1


def in_setting(
    n=200, H=256, α=(lazy, rich), d=30, rule="two bits", inputs="signs", noise=0
):
    """Test error of the lazy network with 2n examples less that of the rich one with n, in points, mean over three replicates."""
    seeds, both = ledger.selection(3), 2 * n
    x, y = task(inputs, rule, seeds, both, d)
    u = torch.stack([torch.rand(both, generator=generator(s, "noise")) for s in seeds])
    given = torch.where(u < noise, -y[:, :both], y[:, :both])
    start, errors = tangent.two_layer(H, x.shape[-1], seeds), []
    for a, size in zip(α, (both, n), strict=True):
        end = tangent.descend(start, x[:, :size], given[:, :size], a).network
        errors.append((end(x[:, both:]).sign() != y[:, both:]).float().mean().item())
    return 100 * (errors[0] - errors[1])


# %% mystnb={"code_prompt_show": "The settings, and the run that was recorded"} tags=["hide-input"]
# The settings, and the run that was recorded
one = {"n": (100, 150, 300), "H": (64, 512), "d": (20, 40), "noise": (0.05, 0.1)}
one |= {
    "α": ((lazy, 1 / 4), (lazy, 1), (4, rich)),
    "inputs": ("Gaussian", "digits", "MNIST-1D"),
}
one["rule"] = ("one bit", "three bits", "majority of three", "two pairs", "majority of all")
settings = [{}, *({key: v} for key, values in one.items() for v in values)]


def in_all():
    """What laziness costs in each setting."""
    cost = [in_setting(**how) for how in settings]
    named = [
        ", ".join(f"{k} {v}" for k, v in how.items()) or "as above" for how in settings
    ]
    return pd.DataFrame({"setting": named, "cost": cost, "keeps": np.array(cost) > 0})


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Laziness costs where the target depends on few directions in a way that kernels find hard.** Test error of the lazy network with twice the examples less that of the rich one, one dot per setting, means over three replicates. Right of the dotted line the rich network is better.", "name": "fig-lr-multiverse"}, "image": {"alt": "Horizontal positions, one for each of about twenty settings. Most lie right of the dotted line at zero; those with other targets or real data lie close to it or left of it."}} tags=["hide-input"]
robust, where = results.measured_or_recorded("08_features_multiverse", in_all)
ax = figures.setting_rows(robust, "cost", 0, blue)
ax.set_xlabel("what laziness costs with twice the examples, in points of test error")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"The median cost is {robust.cost.median():.0f} points. The rich network with half the examples is better in {results.kept(robust, where)}"
)

# %% [markdown]
r"""
So the headline is about a kind of target. A single bit both find; three bits neither finds with so few examples. With Gaussian inputs, those of the theorem, neither has learned much yet, and little is saved. Where classes of digits are told apart, no two inputs carry the answer, and twice the data is worth as much as features. And $\alpha = 1$ buys less than twice the data does.

(lr-conv)=
## Networks on signals

{cite:t}`chizat2019` trained convolutional networks on CIFAR-10 with growing $\alpha$, and they became worse. {cite:t}`geiger2020` compared the regimes on images, too: *fully connected* networks did better in the lazy regime, convolutional ones with features. In signals that move there is something to be learned about
where to look, and a convolution has the means to do it.

The engine trains $\alpha (f(\theta) - f(\theta_0))$ with the loss divided by $\alpha^2$. Lazy networks learn slowly, since the condition number of $\Theta$ is large; an untrained network is not a lazy one. So the lazy networks may choose among three learning rates on validation data, the usual ones have one rate, and we report training errors.

::::{predict}
:answer: 1
:figure: fig-lr-conv
:source: pilot
A convolutional network on MNIST-1D with $\alpha = 64$ fits nearly all of its 500 training signals. How does its test error compare with that of the same network with $\alpha = 1$?

1. It is about twice as large.
2. It is the same: both fit.
3. It is larger by a point or two: what is lost is the fine detail.
4. It is slightly smaller: the kernel is a regularizer.

:::{dropdown} Answer
A, in pilot runs. That it fits says that the tangent features suffice to fit, not that they are the right ones.
:::
::::
"""

# %%
size = scale.sizes(n=(200, 500, 500), tested=(500, 2500, 2500), epochs=(30, 60, 60))
convolving = ledger.seeds("lazy-conv-nets-are-worse")
signals = {s: data.mnist1d(size.n, size.tested, s, max_translation=8) for s in convolving}
how = {"seed": {s: s for s in signals}, "epochs": size.epochs, "batch_size": 50}
how |= {"momentum": 0.9, "loss": "squared", "stop_loss": 1e-3, "record": ["test_correct"]}
arms = {"convolutional": cnn1d(64), "fully connected": mlp(100, depth=2)}
trained = {}
for name, net in arms.items():
    trained[name, 1] = sweep(net, signals, output_scale=1.0, lr=1.0, **how)
    trained[name, lazy] = sweep(net, signals, output_scale=64.0, lr=[0.3, 1.0, 3.0], **how)


# %% mystnb={"code_prompt_show": "Test errors at the rate that is best on validation data"} tags=["hide-input"]
# Test errors, in points, at the rate that is best on validation data
def chosen(runs):
    """For each replicate the run with the lowest validation error, NaN where all have diverged."""
    runs = measures.held_out(runs, size.tested // 5).sort_values("validation_error")
    best = runs.groupby("data_seed").head(1).set_index("data_seed").loc[convolving]
    return 100 * best[["test_error", "train_error"]]


ends = {arm: chosen(runs) for arm, runs in trained.items()}
signal_errors = {f"{name}, α = {a}": table.test_error for (name, a), table in ends.items()}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**On moved signals lazy networks are worse, of both kinds.** Test errors on MNIST-1D with \u03b1 = 1 and with \u03b1 = 64, for convolutional and for fully connected networks. Points are replicates, bars 95 % intervals of their mean.", "name": "fig-lr-conv"}, "image": {"alt": "Horizontal positions of test errors in four rows. For both kinds of network the lazy row lies to the right of the usual one."}} tags=["hide-input"]
ax = figures.dots(pd.DataFrame(signal_errors), plt.subplots(figsize=(7.2, 2.6))[1])
ax.set_xlabel("test error, in points")
plt.show()

# %% tags=["remove-input"]
ledger.say("lazy-conv-nets-are-worse")

# %% tags=["remove-input"]
conv, keys = {}, {"convolutional": ("worse", "unfitted")}
keys["fully connected"] = ("connected", "connected_unfitted")
for name, (difference, unfitted) in keys.items():
    conv[difference] = (ends[name, lazy].test_error - ends[name, 1].test_error).to_numpy()
    conv[unfitted] = ends[name, lazy].train_error.to_numpy()
lazily = {}
for name, (difference, unfitted) in keys.items():
    lazily[f"{name}: change of the test error"] = claims.mean(conv[difference])
    lazily[f"{name}: training error"] = claims.mean(conv[unfitted])
claims.table("What laziness changes.", lazily, "points")

# %% [markdown]
r"""
Had lazy networks merely been undertrained, they would not fit, or would gain from more epochs; in a pilot five times as many hardly changed the error of the convolutional ones. With a quarter of the channels they did not fit, as the paper's did not at large scales; we took the width at which they do. Lazy they are: the pilot's kernels changed by less than a tenth of themselves at $\alpha = 64$, by more than themselves at $\alpha = 1$. The fully connected networks do not follow what {cite:t}`geiger2020` saw on images; moved signals are not images, and {ref}`lr-ex-digits` asks the same of digits.

(lr-diagonal)=
## One knob, in a model that can be solved

What, then, does training prefer between the two ends? In one model the answer is a formula. Let a linear regression have coefficients $\beta = u^2 - v^2$, entry by entry, a network of two layers that is diagonal, and let $u = v = \alpha$ at the start: $\beta = 0$ there. Since $\beta$ is quadratic in $u$ and $v$, a start that is $\alpha$ times as large does what a factor $\alpha^2$ on the outputs did above.

```{prf:theorem} From the least $\ell_2$ norm to the least $\ell_1$ norm
:label: lr-thm-diagonal
If gradient flow on $\lVert X\beta - y \rVert^2$ from $u = v = \alpha$ converges to $X\beta = y$, then to the solution that minimises $\sum_i q(\beta_i/\alpha^2)$, where $q(z) = 2 - \sqrt{4 + z^2} + z \operatorname{arcsinh}(z/2)$.
```

```{prf:proof}
With $g(t)$ the gradient in $\beta$, $\dot u = -2 u g$ and $\dot v = 2 v g$, so $u = \alpha e^{-2G}$ and $v = \alpha e^{2G}$ with $G = \int g$: thus $\beta = 2 \alpha^2 \sinh(-4G)$, and $G$ lies in the row space of $X$ at all times. At the end there is a $c \in \mathbb R^n$ with $\operatorname{arcsinh}(\beta_i / 2\alpha^2) = (X^\top c)_i$. Since $q'(z) = \operatorname{arcsinh}(z/2)$,
these are the conditions for a minimum of the convex $\sum_i q(\beta_i/\alpha^2)$ under $X\beta = y$.
```

For $\alpha \to \infty$ the arguments of $q$ are small and $q(z) \approx z^2/4$: the least $\ell_2$ norm, which is what the tangent kernel of this model finds. For $\alpha \to 0$ they are large and $q(z) \approx |z| \ln |z|$: up to a factor the least $\ell_1$ norm, with corrections that fade as slowly as $1/\ln(1/\alpha)$ {cite:p}`woodworth2020`. The proof gives an algorithm, too: find
$c$ by Newton's method. We recover three coefficients out of 100 from 40 noiseless equations.

::::{predict}
:answer: 3
:figure: fig-lr-diagonal
From which $\alpha$ on, going down from 10, is the squared error of the recovered coefficients a hundredth of what it is at 10? (The three coefficients are 0.58.)

1. From about 1.
2. From below $10^{-6}$: the limit is approached exponentially slowly.
3. From about 0.02.
4. Never: the $\ell_1$ norm needs more equations.

:::{dropdown} Answer
C. To be *at* the $\ell_1$ norm takes an exponentially small $\alpha$. To be near enough to find three strong coefficients takes one that is small compared to them.
:::
::::
"""

# %%
draws = scale.seeds(scale.sizes(draws=(3, 10, 40)).draws)
design = torch.stack([torch.from_numpy(rng(s).standard_normal((40, 100))) for s in draws])
beta = torch.zeros(100, dtype=torch.float64)
beta[:3] = 1 / math.sqrt(3)
path = {a: diagonal.limit(design, design @ beta, a) for a in np.geomspace(1e-4, 10, 26)}


# %% mystnb={"code_prompt_show": "Gradient descent with two steps"} tags=["hide-input"]
# Gradient descent with a step, and with half of it for twice as long
checked = {a: diagonal.limit(design, design @ beta, a) for a in (1, 0.3, 0.1)}
step = {a: 0.02 / max(1, 8 * a * a) for a in checked}
descended = {
    a: [diagonal.descend(design, design @ beta, a, step[a] / k, 4000 * k) for k in (1, 2)]
    for a in checked
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**One number leads from the least \u2113\u2082 norm to the least \u2113\u2081 norm.** Left: \u2113\u2081 norm of the coefficients that gradient flow finds, against the start \u03b1; dotted: that of the truth. Right: squared error of the coefficients. Lines: the theorem, mean over data sets; circles: gradient descent.", "name": "fig-lr-diagonal"}, "image": {"alt": "Two panels against alpha on a logarithmic axis. Left, the l1 norm is level for large alpha, falls between one and a hundredth and approaches the dotted line. Right, on a logarithmic axis, the squared error falls by orders of magnitude over the same range. The circles lie on the lines."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2))
what = {
    left: lambda b: b.abs().sum(-1).mean(),
    right: lambda b: (b - beta).square().sum(-1).mean(),
}
for ax, number in what.items():
    ax.plot(list(path), [number(b) for b in path.values()], color=blue)
    ax.plot(list(descended), [number(b[1]) for b in descended.values()], "o", color=orange)
    figures.log_axis(ax, (0.0001, 0.01, 1))
    ax.set_xlabel("start α of u and v")
left.axhline(float(beta.sum()), linestyle=":", color=colors["threshold"])
left.set_ylabel("ℓ₁ norm")
right.set(yscale="log", ylabel="squared error", ylim=(1e-8, 2))
plt.show()

# %% tags=["remove-input"]
off = lambda b, a: ((b - checked[a]).norm(dim=-1) / checked[a].norm(dim=-1)).max().item()
misses = {a: (off(coarse, a), off(fine, a)) for a, (coarse, fine) in descended.items()}
diagonal_error = max(off(2 * fine - coarse, a) for a, (coarse, fine) in descended.items())
recovered = max(
    a for a, b in path.items() if what[right](b) < 0.01 * what[right](path[10.0])
)
Markdown(
    f"Gradient descent misses the theorem by {max(a for a, _ in misses.values()):.1e} of the coefficients' length with one step and by {max(b for _, b in misses.values()):.1e} with half of it; extrapolated to no step at all, by {diagonal_error:.0e}. The squared error is a hundredth of that at α = 10 from α = {recovered:.2g} on."
)

# %% [markdown]
r"""
Had the size of the start been a matter of speed alone, both curves would be level. They also say what was special about parity. The rich bias is towards few directions; where the truth has few, it pays, and where it has none, it does not.

(lr-mup)=
## What a learning rate means

Practitioners choose a learning rate, not an $\alpha$, and they choose it on a small network. In the *standard* parametrization, PyTorch's, all layers have the same rate. Write the condition that each layer moves its outputs by something of order 1 in a step, and not more. Adam moves every weight by about its rate $h$. A unit with $H$ inputs that all move with it changes by $H h$, so
that $h$ must fall like $1/H$; a unit of the first layer has $d$ inputs at any width. This is the *maximal-update parametrization*, μP {cite:p}`yang2021,yang2022`:

| Adam's rate | into the first layer | between hidden layers | into the output |
| --- | --- | --- | --- |
| standard | $h$ | $h$ | $h$ |
| μP, base width $H_0$ | $h$ | $h\, H_0 / H$ | $h\, H_0 / H$ |

In it every layer learns features at infinite width, which the tangent-kernel parametrization does not. (The rules for the variances at the start are met by an output layer of zeros, as in the authors' code. Our engine has one factor for a layer and its bias, where μP has two; we leave out the biases.)

::::{predict}
:answer: 3
:figure: fig-lr-mup
:source: pilot
With 64 units per layer a rate of about 0.015 is best. With the same rate for all layers, what is best with 512 units?

1. About 0.1: a wider network averages over more units.
2. About 0.015.
3. About 0.005.
4. About 0.0001.

:::{dropdown} Answer
C, in pilot runs. The argument has $1/H$, which would be a factor of eight; it holds for the hidden and the output layer only, and the first layer would rather keep its rate. One rate for all is a compromise.
:::
::::
"""

# %%
sizes = scale.sizes(n=(100, 1000, 1000), w=((16, 32), (64, 128, 512), (64, 128, 512, 1024)))
rates, units = 2.0 ** np.arange(-9, -3), sizes.w
tuning = ledger.seeds("mup-rate-stays", "standard-rate-falls")
noisy = {s: data.mnist1d(sizes.n, 100, s, max_translation=8) for s in tuning}
short = {"n": sizes.n, "epochs": 5, "batch_size": 50, "label_noise": 0.15}
rules = {"standard": lambda net: (1, 1, 1)}
rules["μP"] = partial(maximal_update.adam_rates, base=units[0])


# %% mystnb={"code_prompt_show": "The networks"} tags=["hide-input"]
# The networks
def networks(seed, layer_lr, rates=rates, units=units, optimizer="adam"):
    """Settings of all widths and rates, from the same outputs of zero."""
    found = []
    for net in (MLP(width, depth=2) for width in units):
        start, mask = map(Vector, maximal_update.zero_readout(net, 40, 10, seed))
        own = {"init_seed": seed, "data_seed": seed, "start": start, "mask": mask}
        own |= {"layer_lr": layer_lr(net), "optimizer": optimizer}
        found += [Settings(net, lr=lr, **own, **short) for lr in rates]
    return found


asked = {name: {s: networks(s, rule) for s in noisy} for name, rule in rules.items()}
tuned = {name: run(every, noisy) for name, every in asked.items()}
ends = {"units": (units[0], units[-1]), "rates": 2.0 ** np.arange(-6, 1)}
sgd = {s: networks(s, rules["standard"], optimizer="sgd", **ends) for s in noisy}

# %% mystnb={"code_prompt_show": "The best rate"} tags=["hide-input"]
# The best rates, in octaves, and what it costs to take that of a narrow network
narrow, wide, transfer, lowest = units[0], units[-1], {}, {}
for name, table in tuned.items():
    losses = measures.by_seed(table, "train_loss", ["width", "lr"])
    shift = measures.lowest_at(losses[wide]) - measures.lowest_at(losses[narrow])
    best = np.nanargmin(losses[narrow], axis=1)  # on the grid
    with_best = losses[wide].to_numpy()[np.arange(len(losses)), best]
    lowest[name] = losses[wide].min(axis=1).to_numpy()
    transfer[name] = {"shift": shift, "regret": with_best / lowest[name]}
advantage = lowest["μP"] / lowest["standard"]
by_sgd = measures.by_seed(run(sgd, noisy), "train_loss", ["width", "lr"])
sgd_shift = measures.lowest_at(by_sgd[wide]) - measures.lowest_at(by_sgd[narrow])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**In the standard parametrization the best learning rate falls with width; under \u03bcP it hardly moves.** Training loss after five epochs of Adam against the learning rate, for networks of growing width. At the smallest width the two parametrizations are the same. Means over replicates with 95 % bands.", "name": "fig-lr-mup"}, "image": {"alt": "Two panels of training loss against the learning rate on a logarithmic axis, one U-shaped curve for each width. Left, in the standard parametrization, the minimum moves to the left as the width grows. Right, under \u03bcP, the minima lie almost above each other."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True)
for ax, (name, table) in zip(axes, tuned.items(), strict=True):
    figures.plot(table, "lr", "train_loss", "width", ax, label="{} units")
    figures.log_axis(ax, (0.002, 0.01, 0.05))
    ax.set(title=name, xlabel="learning rate", ylabel="", yscale="log")
axes[0].set_ylabel("training loss")
axes[0].legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("mup-rate-stays")

# %% tags=["remove-input"]
ledger.say("standard-rate-falls")

# %% tags=["remove-input"]
moves = {
    f"best rate, {name}": claims.mean(found["shift"]) for name, found in transfer.items()
}
moves["best rate, standard, SGD in the place of Adam"] = claims.mean(sgd_shift)
moves["best losses, μP over standard"] = claims.ratio(advantage)
costs = [f"{transfer[name]['regret'].mean():.2f}" for name in ("standard", "μP")]
claims.table(
    f"From {narrow} to {wide} units. Who keeps the narrow network's rate pays with {costs[0]} (standard) and {costs[1]} (μP) times the best training loss.",
    moves,
    "octaves",
)

# %% [markdown]
r"""
Had both parametrizations been two ways of writing the same training, the panels would agree. What μP buys is that a rate can be *transferred*, and that the wider network is at least as good at each rate, which the authors report, too; that it trains to a lower loss is another claim, which the ratio of the losses does not support. The move that remains under μP is to the right; it is a little less than the fifth of an octave per doubling of the width that the plan allows. The narrow networks may be too far from the limit in which the argument is exact. And all this is Adam's. With SGD, which the paper has in such networks, the best rate of our small ones falls as well, but by less.

:::{admonition} Three scalings of width
:class: key-result
With a factor $1/\sqrt H$ and one rate for all, a wide network is lazy. With μP it is rich at any width. In the standard parametrization the rate has to fall as the width grows, and with SGD a wide network then becomes lazy, too {cite:p}`yang2021`. "What happens at infinite width" has no answer before the scaling is named.
:::

(lr-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-lazy-and-rich`.
"""

# %% tags=["remove-input"]
ledger.theorem("tangent-kernel-moves-outputs", error=kernel_error, section="lr-kernel")

# %% tags=["remove-input"]
ledger.theorem("kernel-has-a-limit", error=abs(limit_slope + 1), section="lr-width")

# %% tags=["remove-input"]
frozen = {"slope": kernel_slopes, "last_slope": last_slopes, "weights": weight_slopes}
frozen["widest"] = by_width[by_width.width == widths[-1]].kernel.to_numpy()
ledger.card("kernel-freezes-with-width", **frozen, section="lr-width")

# %% tags=["remove-input"]
ledger.card("lazy-is-a-scale", **scales, section="lr-scale")

# %% tags=["remove-input"]
ledger.card("features-pay-on-parity", **payoff, section="lr-features")

# %% tags=["remove-input"]
ledger.card("lazy-conv-nets-are-worse", **conv, section="lr-conv")

# %% tags=["remove-input"]
ledger.theorem("diagonal-network-l2-to-l1", error=diagonal_error, section="lr-diagonal")

# %% tags=["remove-input"]
mup = {"shift": transfer["μP"]["shift"], "same": transfer["μP"]["regret"] == 1}
ledger.card("mup-rate-stays", **mup, advantage=advantage, section="lr-mup")

# %% tags=["remove-input"]
standard = transfer["standard"] | {"sgd_shift": sgd_shift}
ledger.card("standard-rate-falls", **standard, section="lr-mup")

# %% [markdown]
r"""
What **we also asked** stands under each card and touches no verdict.

## Who disagrees, and what to drop

**Does laziness hurt?** {cite:t}`chizat2019` find that it does in convolutional networks; {cite:t}`geiger2020` that fully connected ones on images do better lazily, and {cite:t}`petrini2022` that learned features may overfit where they are sparse and the target is smooth. On small tables {cite:t}`arora2020` find kernels of infinitely wide networks ahead of networks
and forests ({ref}`lr-ex-small` has a small version). All four may be right: the question is what the target depends on. **Is the kernel a theory of networks?** The reading list that this book follows in part recommends {cite:t}`roberts2022`: an expansion in one over the width, whose first term is the kernel of this chapter and learns no features; what is learned comes with the next terms. That is right about
networks in its scaling. Under μP the first term learns them.

:::{admonition} "Wide networks are lazy"
:class: misconception
In one scaling of the outputs. {numref}`fig-lr-scale` has wide networks that are rich, narrow ones that are lazy, and {numref}`fig-lr-mup` a scaling that is rich at any width.
:::

:::{admonition} "Lazy networks learn nothing"
:class: misconception
They fit, and generalize as kernel regression does, which on many problems is well. What they do not do is choose features by looking at the labels.
:::

:::{admonition} "The linearization is good because there are more parameters than examples"
:class: misconception
Any differentiable model becomes lazy with a large $\alpha$, also one with two parameters; and the output layer's $\tanh$ undoes it at any number ({ref}`lr-scale`).
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`08_lazy_and_rich`.

```{exercise} ★ Two parameters
:label: lr-ex-two
Take $f(a, b) = ab - a_0 b_0$, one example with target $y$, and $F_\alpha$. Write the gradient flow of $\alpha f$ for large $\alpha$, and its tangent kernel. How far do $a$ and $b$ move? How many parameters and examples does laziness need?
```

```{solution} lr-ex-two
:class: dropdown
$\Theta = a^2 + b^2$. For large $\alpha$ it stays at $a_0^2 + b_0^2$ and the output relaxes to $y$ at that rate. The product has to change by $y/\alpha$, so $(a, b)$ moves by about $y / (\alpha \sqrt{a_0^2 + b_0^2})$ along $(b_0, a_0)$. Two parameters and one example were enough.
```

```{exercise} ★ Width in units of the scale
:label: lr-ex-kappa
In {eq}`lr-eq-net` take all entries of $x$, $w_j$ and $a_j$ of order one, and $d$ as fixed. How do $\lVert Df \rVert$ and $\lVert D^2\!f \rVert$ (largest singular value) depend on $H$, and what does a factor of 16 in width do to $\kappa$?
```

```{solution} lr-ex-kappa
:class: dropdown
$\lVert Df \rVert^2$ is $\Theta(x, x)$, a mean over neurons: order 1. $D^2\!f$ couples only the weights of one neuron; it is block diagonal, and its blocks are of order $1/\sqrt H$, and so is its norm. So $\kappa$ is of order $1/\sqrt H$, and 16 times the width divides it by 4, as four times the $\alpha$ does.
```

```{exercise} ★ Which interpolator?
:label: lr-ex-sparse
One equation $x \cdot \beta = 1$ with $x = (2, 1)$. Which $\beta$ does $\beta = u^2 - v^2$ find from a large $\alpha$, and which from a tiny one? What does gradient flow on $\beta$ itself find from zero?
```

```{solution} lr-ex-sparse
:class: dropdown
Large: the least $\ell_2$ norm, $(2, 1)/5 = (0.4, 0.2)$, as for gradient flow on $\beta$. Tiny: the least $\ell_1$ norm, $(0.5, 0)$.
```

```{exercise} ★★ One curve
:label: lr-ex-collapse
By {ref}`lr-ex-kappa` the kernel's change should depend on $\alpha \sqrt H$ alone. Does it? Compare 64 units with 1,024 at four times smaller $\alpha$ in the runs of {numref}`fig-lr-scale`.
```

```{solution-start} lr-ex-collapse
:class: dropdown
```
"""

# %%
pairs = [(a, kernel_at[low, 4 * a] / kernel_at[high, a]) for a in (16, 4, 1, 1 / 4, 1 / 16)]
{f"α = {a:g}": f"{claims.ratio(r):.2f}" for a, r in pairs}

# %% [markdown]
r"""
The kernel's change in the narrow network at $4\alpha$, over that in the wide one at $\alpha$. On the rich side the ratio is near one: there the curves of {numref}`fig-lr-scale` are one curve, shifted. On the lazy side the narrow network moves more. $D^2\!f$ knows nothing of kinks. Of $H$ neurons a share of about $1/(\alpha \sqrt H)$ switches at an input, each changes the kernel by $1/H$ with a random sign, and
together they change it by $\alpha^{-1/2} H^{-3/4}$, which is no function of $\alpha \sqrt H$ and outlasts the smooth part. Of kinks alone the ratio would be $4^{-1/2} \cdot 16^{3/4} = 4$.

```{solution-end}
```

```{exercise} ★★ Forget to subtract
:label: lr-ex-subtract
Train the lazy network of {ref}`lr-features` on 200 strings without twins, so that $f_0 \ne 0$ and the outputs are $\alpha f$. What is learned first, and what becomes of the test error?
```

```{solution-start} lr-ex-subtract
:class: dropdown
```
"""

# %%
alone = tangent.TwoLayer(begun.first[:, :128], begun.second[:, :128])
signs, labels = parity(paying, 200, "training 200")
without = tangent.descend(alone, signs, labels, lazy, most=most).network
mistaken = lambda net: (net(test[0]).sign() != test[1]).float().mean(-1)
pd.DataFrame({"f₀ = 0": mistaken(ended["lazy", 200]), "f₀ ≠ 0": mistaken(without)}).round(3)

# %% [markdown]
r"""
With $f_0 \ne 0$ the residual at the start is $\alpha f_0 - y$, of which $y$ is a small part. The network learns to take off $\alpha f_0$ where it has examples; elsewhere what is left of it is larger than any label, and the error is nearly that of guessing. Rich training forgives: at a small $\alpha$ the function at the start is small, too.

```{solution-end}
```

```{exercise} ★★ Who found the two bits?
:label: lr-ex-bits
After training on 400 strings, which share of the squared norm of the hidden weights lies on the first two inputs, for lazy and for rich training? What is it at the start?
```

```{solution-start} lr-ex-bits
:class: dropdown
```
"""

# %%
share = lambda net: (net.first[..., :2].square().sum() / net.first.square().sum()).item()
compared = {"start": begun, "lazy": ended["lazy", 400], "rich": ended["rich", 400]}
{name: round(share(net), 3) for name, net in compared.items()}

# %% [markdown]
r"""
At the start 2 of 30 inputs have a fifteenth, and lazy training leaves it there. In rich training the two take several times that: one can read off the weights which bits matter, and this is what "learning features" means. The other weights do not vanish; the function no longer depends on them much.

```{solution-end}
```

```{exercise} ★★ How small is small?
:label: lr-ex-threshold
For which $\alpha$ does the squared error of {numref}`fig-lr-diagonal` fall below 1 % of that of the least $\ell_2$ norm when there are 30, 40 or 80 equations?
```

```{solution-start} lr-ex-threshold
:class: dropdown
```
"""

# %%
grid, falls = np.geomspace(10, 1e-6, 57), {}
for equations in (30, 40, 80):
    x = torch.stack(
        [torch.from_numpy(rng(s, 1).standard_normal((equations, 100))) for s in draws]
    )
    errors = [(diagonal.limit(x, x @ beta, a) - beta).square().sum(-1).mean() for a in grid]
    falls[equations] = grid[np.argmax(np.array(errors) < 0.01 * float(errors[0]))]
{n: f"α = {a:.2g}" for n, a in falls.items()}

# %% [markdown]
r"""
With more equations a larger $\alpha$ is enough: each equation takes away directions in which the potential could go wrong. Where the least $\ell_1$ norm itself is not the truth, which happens with fewer equations, no $\alpha$ helps; `argmax` would then give the first place of the grid, 10.

```{solution-end}
```

```{exercise} ★★★ How many examples does a kernel need?
:label: lr-ex-samples
With the kernel of infinitely wide networks (`tangent.limit_kernel`), how many examples bring the error on parities of two of $d$ bits to 10 %, for $d = 15$, 20, 30? Compare to $d^2$.
```

```{solution-start} lr-ex-samples
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def kernel_error_at(n, d, seed):
    """Test error of ridgeless regression with the limit kernel on n strings of d bits."""
    (x, y), (x_new, y_new) = parity([seed], n, "many", d), parity([seed], 2000, "others", d)
    K, K_new = (tangent.limit_kernel(a[0], x[0]) for a in (x, x_new))
    dual = torch.linalg.lstsq(K + 1e-6 * torch.eye(n), y[0].double()[:, None]).solution
    return ((K_new @ dual)[:, 0].sign() != y_new[0]).double().mean().item()


# %%
factors, table = (0.25, 0.5, 0.75, 1), {}
for d in scale.sizes(ds=((10,), (15, 20, 30), (15, 20, 30, 40))).ds:
    at = [
        [kernel_error_at(round(c * d * d), d, s) for s in scale.seeds(3)] for c in factors
    ]
    table[d] = np.mean(at, axis=1)
pd.DataFrame(table, index=[f"{c:g} d²" for c in factors]).rename_axis("examples").round(3)

# %% [markdown]
r"""
Along a row the error depends little on $d$: for the kernel it is $n/d^2$ that counts, the number of examples per product of two bits, as the $d^p$ of {cite:t}`damian2022` has it, and about half of $d^2$ is what 10 % takes. The rich network of {numref}`fig-lr-parity` was there with $200 = 0.22\, d^2$.

```{solution-end}
```

```{exercise} ★★★ Small data
:label: lr-ex-small
{cite:t}`arora2020` report that tangent kernels do at least as well as networks and random forests on small data sets. Test it in small: MNIST-1D with 100 examples, the limit kernel against a network of one hidden layer of 256 units and a forest.
```

```{solution-start} lr-ex-small
:class: dropdown
```
"""

# %%
small, rows = {s: data.mnist1d(100, 2000, s, max_translation=8) for s in scale.seeds(3)}, {}
nets = sweep(
    mlp(256), small, seed={s: s for s in small}, lr=0.1, epochs=300, stop_loss=0.01
)
for s, part in small.items():
    one_hot = torch.nn.functional.one_hot(part.y, 10) - 0.1
    K, K_new = (tangent.limit_kernel(a, part.x) for a in (part.x, part.x_test))
    answers = {"kernel": (K_new @ torch.linalg.solve(K, one_hot.double())).argmax(1)}
    forest = RandomForestClassifier(200, random_state=random_state(s)).fit(part.x, part.y)
    answers["forest"] = torch.from_numpy(forest.predict(part.x_test))
    rows[s] = {k: (a != part.y_test).double().mean().item() for k, a in answers.items()}
pd.DataFrame(rows).T.assign(network=nets.set_index("data_seed").test_error).round(3)

# %% [markdown]
r"""
In our draws the kernel, which has nothing to tune here, is behind the network by some points, and network and forest are about equal. One task is no verdict: the paper's claim is an average over many tables, and in tables nothing moves. On signals that do, features help ({numref}`fig-lr-conv`), with few examples as well.

```{solution-end}
```

```{exercise} ★★★ The other side of the dispute
:label: lr-ex-digits
{cite:t}`geiger2020` found fully connected networks better when lazy, on images. Compare $\alpha = 1/4$, 1, 8 and 64 on 300 digits, at the same stop. What do you conclude?
```

```{solution-start} lr-ex-digits
:class: dropdown
```
"""

# %%
digits = {s: data.digits(300, s) for s in scale.seeds(3)}
how = {"seed": {s: s for s in digits}, "loss": "squared", "batch_size": 50, "momentum": 0.9}
how |= {"epochs": scale.sizes(epochs=(10, 100, 100)).epochs, "stop_loss": 0.003}
rates_of = {0.25: 0.02, 1.0: 0.2, 8.0: 0.2, 64.0: 0.2}
runs = [
    sweep(mlp(100, 2), digits, output_scale=a, lr=h, **how) for a, h in rates_of.items()
]
pd.concat(runs).groupby("output_scale")[["train_error", "test_error"]].mean().round(3)

# %% [markdown]
r"""
On digits the scales differ by a small part of what they do in {numref}`fig-lr-conv`, and the lazy networks are not ahead; nor have they quite fitted, as the training errors say. Where little is hidden in few directions, features buy little, and it becomes possible that laziness is the better prior. That it *is* one for images takes larger sets and longer training than these.

```{solution-end}
```

```{exercise} ★★★ A check before tuning
:label: lr-ex-check
Whether a parametrization is what it claims to be can be seen after a few steps, before anything is tuned. Train the networks of {ref}`lr-mup` for five full-batch steps of Adam, at widths of 64, 256 and 1,024. By how much do the sums that enter the second hidden layer move, in both parametrizations? What does that say about the best rate?
```

```{solution-start} lr-ex-check
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def motion(width, rule, some):
    """Root mean square by which five steps move the sums that enter the second hidden layer."""
    net = MLP(width, depth=2)
    start, mask = map(Vector, maximal_update.zero_readout(net, 40, 10, 0))
    own = {"start": start, "mask": mask, "layer_lr": rule(net), "optimizer": "adam"}
    settings = [Settings(net, n=100, epochs=5, lr=1e-3, **own)]
    runs = run(settings, some, record={"weights": [0, 5]})
    first, last = (network(runs.iloc[0], some, time)[:-2](some.x) for time in (0, -1))
    return (last - first).square().mean().sqrt().item()


# %%
some, check = data.mnist1d(100, 100, 0), (64, 256, 1024)
check_rules = rules | {"μP": partial(maximal_update.adam_rates, base=64)}
motions = {
    name: [motion(w, rule, some) for w in check] for name, rule in check_rules.items()
}
pd.DataFrame(motions, index=check).rename_axis("width").round(3)

# %% [markdown]
r"""
In the standard parametrization the motion grows steeply with the width, so that a rate that is right for a narrow network is too large for a wide one; under μP it hardly depends on the width. Whoever implements μP for an architecture of their own looks at such a table first.

```{solution-end}
```

## Summary

- Gradient flow moves outputs by the tangent kernel. Where the kernel stays, training is kernel regression.
- In the tangent-kernel parametrization it stays as the width grows: weights move like $1/\sqrt H$, the kernel, at our widths, nearly like $1/H$.
- Width is not the reason. A factor $\alpha$ on the outputs makes any model lazy or rich, at any width.
- Features pay where the target depends on few directions that a kernel cannot know. On parities of two bits the rich network needed far fewer examples than the kernel; where all directions matter, or none is hidden, little or nothing is gained.
- In a diagonal network the size of the start, which is the same knob, leads from the least $\ell_2$ norm to the least $\ell_1$ norm.
- How rates scale with width decides the regime. Under μP every layer learns features at any width, and a learning rate can be transferred.

Which functions a network learns first is the subject of {doc}`/notebooks/08_simple_first`, what becomes of noise that was fitted that of {doc}`/notebooks/09_benign_overfitting`.

**Reading.** {cite:t}`jacot2018` for the kernel, {cite:t}`chizat2019` for the scale, {cite:t}`woodworth2020` for the knob that can be solved; {cite:t}`yang2022` for practice, {cite:t}`yang2021` for the theory behind it.
"""
