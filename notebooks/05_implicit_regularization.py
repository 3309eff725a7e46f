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

Training chooses one of infinitely many networks that fit, and nothing in the loss says which. The choice is made by the algorithm, and to begin with by the length of its steps. How much does that explain?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from itertools import product

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import ndimage, optimize

from overparam import claims, data, figures, measures, mlp, results, scale, sweep
from overparam.engine.settings import Vector
from overparam.measures import curvature
from overparam.randomness import rng
from overparam.theory import backward_error, central_flow, functions

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, blue, orange, green = figures.COLORS, *figures.SEQUENCE[:3]
ledger = claims.Ledger("implicit-regularization")
draws = scale.seeds(scale.sizes(draws=(4, 20, 20)).draws)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The length of a step decides whether descent slides, bounces or leaves.** Eight steps of gradient descent on a quadratic of curvature \u03bb\u2081, from \u03b8 = 1, with three step sizes h. A step multiplies \u03b8 by 1 \u2212 h\u03bb\u2081.", "name": "fig-ir-bounce"}, "image": {"alt": "Three parabolas. With h\u03bb\u2081 = 0.5 the points creep down one side. With 1.5 they jump from side to side and approach the minimum. With 2.1 they jump from side to side and climb."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 2.6), sharey=True)
bowl = np.linspace(-2.3, 2.3, 100)
for ax, h in zip(axes, (0.5, 1.5, 2.1), strict=True):
    theta = (1 - h) ** np.arange(9)
    ax.plot(bowl, bowl**2 / 2, color=colors["noise"])
    ax.plot(theta, theta**2 / 2, "o-", color=blue, linewidth=1)
    ax.set(title=f"hλ₁ = {h}", xlabel="θ")
axes[0].set_ylabel("loss")
plt.show()

# %% [markdown]
r"""
If steps were infinitely short, θ would slide down one side in all three panels. A finite step does something else: at $h\lambda_1 = 1.5$ it arrives by bouncing, and beyond 2 it does not arrive. In this bowl there is only one place to arrive at. An overparameterized
network has a whole valley of minima, some sharp and some flat, and whoever bounces may end in another place than whoever slides. (For the first case of {term}`implicit regularization`, a linear model, the length of the steps does not matter: from zero, descent that converges ends at the {term}`minimum-norm solution`, {ref}`rand-linear`.
Deep linear networks and separable data are for a chapter that {doc}`/book/ledger` lists as planned.)

(ir-backward)=
## A step is not a flow

Gradient descent takes steps $\theta \mapsto \theta - h \nabla L(\theta)$. As $h \to 0$ its path becomes the *gradient flow* $\dot\theta = -\nabla L(\theta)$. For finite $h$ it leaves the flow at every step. The usual analysis measures how far.
*Backward error analysis* asks a better question: is there *another* flow, close to the first, that the steps follow more closely? {cite:t}`barrett2021` used this old tool to ask what gradient descent prefers.

::::{predict}
:answer: 2
:figure: fig-ir-orders
You halve the learning rate. By which factor does the distance shrink between the end of *one* step and the gradient flow after time $h$?

1. By 2.
2. By 4.
3. By 8.

:::{dropdown} Answer
B: one step agrees with the flow to first order, so it is wrong by something proportional to $h^2$. The flow of the next theorem is missed by a distance that shrinks by 8.
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
Look for a flow $\dot\theta = -\nabla L(\theta) + h\, v(\theta)$. Its solution is $\theta(h) = \theta + h \dot\theta + \tfrac{h^2}2 \ddot\theta + O(h^3)$ with $\dot\theta = -\nabla L + h v$ and, differentiating along the solution,
$\ddot\theta = -\nabla^2\! L\, \dot\theta + O(h) = \nabla^2\! L\, \nabla L + O(h)$. Together

$$
\theta(h) = \theta - h \nabla L + h^2 \left( v + \tfrac12 \nabla^2\! L\, \nabla L \right) + O(h^3) .
$$

The step is $\theta - h \nabla L$, exactly. The two agree up to $O(h^3)$ if and only if $v = -\tfrac12 \nabla^2\! L\, \nabla L$; with $v = 0$ a term of order $h^2$ is left. And
$\nabla \lVert \nabla L \rVert^2 = 2\, \nabla^2\! L\, \nabla L$, so $h v = -\nabla\, \tfrac h4 \lVert \nabla L \rVert^2$.
```

Over a *fixed time* errors add up and one order is lost. We check single steps on a toy model like the paper's

$$
L(a, b) = \tfrac12 (1 - ab)^2 ,
$$ (ir-eq-valley)

the smallest of all overparameterized models (a linear network of two layers with one unit each, one example), and on a tanh network of 24 parameters.
"""

# %%
valley = backward_error.Landscape(
    loss=lambda t: (1 - t[0] * t[1]) ** 2 / 2,
    gradient=lambda t: (t[0] * t[1] - 1) * t[::-1],
    hessian_product=lambda t, v: t[::-1] ** 2 * v + (2 * t[0] * t[1] - 1) * v[::-1],
)


# %% mystnb={"code_prompt_show": "A tanh network"} tags=["hide-input"]
# A tanh network of 8 units
def outputs(theta, x):
    """Its outputs at inputs x [n]; the 24 parameters are one vector."""
    w, b, v = torch.as_tensor(theta).split(8)
    return torch.tanh(3 * (x[:, None] * w + b)) @ v


line = torch.linspace(-1, 1, 20, dtype=torch.float64)
targets = torch.sin(5 * line)
sine = backward_error.landscape(lambda t: (outputs(t, line) - targets).square().mean() / 2)
fractions = (0.04, 0.02, 0.01, 0.005)  # of 1/curvature


# %%
step_errors = backward_error.step_errors
rngs = [rng(s) for s in draws]
missed = {
    "Valley": [step_errors(valley, g.uniform(0.3, 2.5, 2), fractions) for g in rngs],
    "Network": [step_errors(sine, g.normal(size=24), fractions) for g in rngs],
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**One step leaves the gradient flow by order two, and the modified flow by order three.** Distance between one step of gradient descent and the two flows against the step, in units of 1/curvature, for random starts. Dashed: slopes of two and three.", "name": "fig-ir-orders"}, "image": {"alt": "Two log-log panels, for the valley and for a network, of distance against step size. In each a bundle of lines for the gradient flow with slope two and one for the modified flow with slope three, which lies lower."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.3), sharey=True)
for ax, (title, found) in zip(axes, missed.items(), strict=True):
    for k, (flow, color) in enumerate({"gradient": orange, "modified": blue}.items()):
        errors = np.array(found)[:, k].T
        ax.plot(fractions, errors, color=color, alpha=0.4, linewidth=1)
        middle = np.median(errors[0]) * (np.array(fractions) / 0.04) ** (2 + k)
        ax.plot(fractions, middle, "--", color=color, label=f"to the {flow} flow")
    ax.set(title=title, xlabel="step, in units of 1/curvature", yscale="log")
    figures.log_axis(ax, fractions[::-1])
axes[0].set_ylabel("distance after one step")
axes[1].legend(loc="lower right")
plt.show()

# %% tags=["remove-input"]
every = np.concatenate(list(missed.values())).reshape(-1, 2, len(fractions))
slopes = [[backward_error.order(fractions, e) for e in both] for both in every]
order_error = np.abs(np.array(slopes) - [2, 3]).max()
Markdown(
    f"From {len(draws)} random starts each, all slopes lie within {order_error:.3f} of two and three. Had the penalty another factor than $h/4$, the lower bundle would have slope two, too."
)

# %% [markdown]
r"""
:::{margin}
In the paper the loss is $E$, $R_{IG} = \lVert \nabla E \rVert^2 / m$ and $\lambda = hm/4$, with $m$ the number of parameters (our $p$). Their product has no $m$ in it.
:::

(ir-path)=
## What the penalty does, and what it cannot do

What is penalized is the *squared* length of the gradient of the full batch. What does that mean for the minima among which training chooses?

::::{predict}
:answer: 1
:source: theory
Two interpolating minima, one sharp and one flat. Gradient descent with a large step starts *exactly at* the sharp one. Where does it go, and at which of the two is the modified loss lower?

1. Nowhere; the modified loss is the same at both.
2. To the flat one; the modified loss is lower there.
3. Nowhere; the modified loss is lower at the flat one, but there is a barrier.

:::{dropdown} Answer
A. $\nabla L = 0$ at both, so neither feels a penalty and no step moves. The penalty can only bend the *path* that leads to a minimum. (Started *next to* the sharp one, a step larger than 2/curvature would be thrown out. That is another mechanism, and it will matter.)
:::
::::

```{prf:proposition} Stationary points stay stationary
:label: ir-prop-stationary
If $\nabla L(\theta) = 0$ then $\nabla \widetilde L(\theta) = 0$ and $\widetilde L(\theta) = L(\theta)$. If moreover $L$ is convex, $\widetilde L$ has no other stationary points, however large $h$.
```

```{prf:proof}
$\nabla \widetilde L = (I + \tfrac h2 \nabla^2\! L)\, \nabla L$. If $\nabla^2\! L$ has no negative eigenvalues the bracket is invertible.
```

To see a bent path, take the valley {eq}`ir-eq-valley`. Its minima are the hyperbola $ab = 1$, with one eigenvalue of the Hessian that is not zero, $\lambda_1 = a^2 + b^2$: the flattest is $a = b$. With the residual $\delta = 1 - ab$ one step maps

$$
a^2 - b^2 \;\longmapsto\; (a^2 - b^2)\, (1 - h^2 \delta^2) ,
$$ (ir-eq-balance)

exactly ({ref}`ir-ex-balance`). The gradient flow conserves $a^2 - b^2$; gradient descent loses some of it at every step at which it has not yet fitted.
"""

# %% mystnb={"code_prompt_show": "Three paths"} tags=["hide-input"]
# Gradient descent, gradient flow and modified flow of the valley from one start
start, time = np.array([2.8, 0.05]), np.array([0, *np.geomspace(1e-3, 10, 150)])


def three_paths(h):
    """The three paths, by name."""
    steps = backward_error.descend(valley.gradient, start, h, 2_000 if h < 0.1 else 600)
    flow = backward_error.flow(valley.gradient, start, time)
    bent = backward_error.modified_gradient(valley, h)
    modified = backward_error.flow(bent, start, time)
    return {"gradient flow": flow, "modified flow": modified, "gradient descent": steps}


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**A finite step bends the path towards the flat end of the valley.** Gradient descent (dots), the gradient flow and the modified flow from the same start; contours of the loss, minima on the dotted hyperbola. For moderate steps the three paths differ little; for large ones gradient descent does what neither flow does. The numbers in the title are curvatures at the end.", "name": "fig-ir-paths"}} tags=["hide-input"]
# The slider over the step size
a, b = np.linspace(0.9, 3, 200), np.linspace(-0.3, 1.3, 200)
lines = {"gradient flow": {"color": orange}, "modified flow": {"color": blue, "ls": "--"}}
lines["gradient descent"] = {"color": figures.INK, "lw": 0.6, "marker": "o", "ms": 3.5}


def shown(h):
    fig, ax = plt.subplots(figsize=(7.2, 3.9))
    height, levels = (1 - np.outer(b, a)) ** 2 / 2, [0.003, 0.03, 0.12, 0.4, 1, 3]
    ax.contour(a, b, height, levels, colors=[colors["noise"]], linewidths=0.6)
    ax.plot(a, 1 / a, ":", color=colors["threshold"])
    found = three_paths(h)
    for name, path in found.items():
        ax.plot(*path.T, **lines[name], label=name)
    ends = ", ".join(f"{(path[-1] ** 2).sum():.2f}" for path in found.values())
    title = f"h = {h:g}: flow, modified flow, descent end at {ends}"
    ax.set(title=title, xlabel="a", ylabel="b", xlim=(0.9, 3), ylim=(-0.3, 1.3))
    ax.legend(loc="lower left")
    return fig


alt = "Contours of the valley with the paths of gradient descent, gradient flow and modified flow at step {}; they end on the hyperbola of minima."
sizes = (0.02, 0.1, 0.2, 0.225, 0.25, 0.3, 0.35)
figures.slider(shown, values=sizes, description="Step h", alt=alt, start=0.2)

# %% [markdown]
r"""
```{lab} valley
:figure: fig-ir-paths
**Where step times sharpness is above 2 descent cannot stay: it bounces to a flatter place, or leaves.** Far below 2 it keeps to the modified flow. Drag the start, and change the step.
```
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The expansion is right for small steps and fails on the way to the largest stable one.** Left: curvature that is lost against the gradient flow, on logarithmic axes. Right: curvature at the end, and the largest at which a step is stable. Small steps lose what the modified flow predicts, larger ones many times as much, and near the largest stable step curvature falls steeply.", "name": "fig-ir-valley"}, "image": {"alt": "Left: curvature lost against step size on logarithmic axes; gradient descent follows the line of the modified flow for small steps and rises far above it for large ones. Right: curvature at the end; gradient descent stays below the curve 2/h and falls steeply from about the step at which that curve meets the level line of the modified flow."}} tags=["hide-input"]
steps_h = np.array([0.01, 0.03, 0.05, 0.1, 0.15, *np.linspace(0.18, 0.34, 17)])
ends = [{k: (p[-1] ** 2).sum() for k, p in three_paths(h).items()} for h in steps_h]
end = pd.DataFrame(ends, index=steps_h)
lost = end[["modified flow", "gradient descent"]].rsub(end["gradient flow"], axis=0)
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3))
for name, kind in (("modified flow", "--"), ("gradient descent", "o")):
    left.loglog(lost[name], kind, color=lines[name]["color"], label=name)
    right.plot(end[name], kind, color=lines[name]["color"])
right.plot(steps_h, 2 / steps_h, ":", color=colors["threshold"], label="stable up to 2/h")
left.set(xlabel="step size h", ylabel="curvature lost")
right.set(xlabel="step size h", ylabel="curvature at the end", ylim=(1.5, 10))
left.legend(loc="upper left")
right.legend(loc="lower left")
plt.show()

# %% tags=["remove-input"]
lambda_1 = end["gradient flow"].iloc[0]
factor = lost["gradient descent"] / lost["modified flow"]
ratios = factor, (2 + steps_h * lambda_1) / (2 - steps_h * lambda_1)
some = list(zip(*ratios, steps_h, strict=True))[:5]
each = ", ".join("{:.2f} ({:.2f}) at h = {:g}".format(*row) for row in some)
Markdown(
    f"The gradient flow ends at a curvature of {lambda_1:.2f}, which a step of up to {2 / lambda_1:.3f} can live with. Descent loses more than the modified flow by a factor of {each}. In brackets: what the next formula says."
)

# %% [markdown]
r"""
Near the end of the path the residual shrinks by $1 - h\lambda_1$ per step. So in {eq}`ir-eq-balance` $h^2 \sum \delta^2$ is $h \delta_0^2 / (\lambda_1 (2 - h\lambda_1))$, where the modified flow has
$h \delta_0^2 / (\lambda_1 (2 + h\lambda_1))$. The ratio,

$$
\frac{2 + h\lambda_1}{2 - h\lambda_1} ,
$$ (ir-eq-factor)

is 1 for small steps, 3 at $h\lambda_1 = 1$, and infinite at $h\lambda_1 = 2$. A step that jumps from side to side keeps its residual large, and it is the residual that bends. The penalty is the beginning of this series, a ceiling on curvature its pole. (Close to 2 the curvature falls on the way, and the factor is smaller.)

::::{admonition} Break it: a step that is not small
:class: break-it
In {numref}`fig-ir-bounce` a step multiplies $\theta$ by $1 - h\lambda_1$. Some flow does the same only if $1 - h\lambda_1 > 0$ ({ref}`ir-ex-quadratic`). For $1 < h\lambda_1 < 2$ gradient descent converges while jumping from side to side, which no flow of one variable does; for $h\lambda_1 > 2$ it
diverges, while the modified flow converges faster than ever. Nothing in the theorem, which is about $h \to 0$, warns you.
::::
"""


# %% mystnb={"code_prompt_show": "The penalty at minima"} tags=["hide-input"]
# The gradient of the modified loss at minima of the valley and of tanh networks that fit 8 random values
def interpolating(seed):
    """The loss of a tanh network on 8 random values, and parameters that fit them up to rounding."""
    draw, x = rng(seed), torch.linspace(-1, 1, 8, dtype=torch.float64)
    y, first = torch.from_numpy(draw.normal(size=8)), draw.normal(size=24)
    tight = dict.fromkeys(("xtol", "ftol", "gtol"), 1e-15) | {"max_nfev": 2_000}
    fit = optimize.least_squares(lambda t: (outputs(t, x) - y).numpy(), first, **tight)
    loss = backward_error.landscape(lambda t: (outputs(t, x) - y).square().mean() / 2)
    return loss, fit.x


minima = [(valley, np.array([a, 1 / a])) for a in np.geomspace(0.2, 5, 20)]
minima += [interpolating(s) for s in draws[:10]]
bent = [backward_error.modified_gradient(loss, 0.5)(theta) for loss, theta in minima]
left_over = [np.linalg.norm(gradient) for gradient in bent]

# %% tags=["remove-input"]
Markdown(
    f"At {len(minima)} minima, points of the valley and tanh networks that fit their data up to rounding, the gradient of the modified loss with $h = 0.5$ is at most {max(left_over):.0e} long. Sharp or flat, the penalty does not push there."
)

# %% [markdown]
r"""
(ir-sgd)=
## The law of stochastic steps

Now cut the training set into $k$ minibatches of equal size with losses $L_1, \dots, L_k$ and mean $L$. One epoch takes one step on each, in random order. Averaged over the $k!$ orders, where does it end {cite:p}`smith2021`?

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

Every ordered pair $i \ne j$ has its $i$ first in half of the orders, so the mean of the double sum is $\tfrac12 \sum_{i \ne j} \nabla^2\! L_j\, g_i = \tfrac12 \bigl( k^2\, \nabla^2\! L\, g - \sum_j \nabla^2\! L_j\, g_j \bigr)$. The flow of a loss $L + h Q$ for time
$kh$ gives $\theta - kh g - k h^2 \nabla Q + \tfrac12 k^2 h^2\, \nabla^2\! L\, g + O(h^3)$. They agree if $k \nabla Q = \tfrac12 \sum_j \nabla^2\! L_j\, g_j$, that is $Q = \tfrac1{4k} \sum_j \lVert g_j \rVert^2$.
```

The last term of {eq}`ir-eq-sgd` is the variance of the minibatch gradients: the noise has mean zero, but its square has not. Minibatches drawn *with* replacement obey another law ({ref}`ir-ex-replacement`). We take linear regressions with 16 examples in 4 minibatches, so that all 24 orders can be run.
"""


# %% mystnb={"code_prompt_show": "Regressions"} tags=["hide-input"]
# Regressions
def regression(seed, noise=1):
    """Four minibatches of four examples in three dimensions, and a start."""
    g = rng(seed)
    x, start = g.standard_normal((4, 4, 3)), g.standard_normal(3)
    y = x @ np.ones(3) + noise * g.standard_normal((4, 4))
    return [backward_error.least_squares(*pair) for pair in zip(x, y, strict=True)], start


# %%
small_steps = (0.02, 0.01, 0.005, 0.0025)
off = [backward_error.epoch_errors(*regression(s), small_steps) for s in draws[:10]]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Only the law with the minibatch gradients is of third order.** Distance between the mean over all orders of one epoch of SGD and three flows, against the learning rate, for ten linear regressions. The law of full-batch descent has the slope of no correction at all.", "name": "fig-ir-sgd"}, "image": {"alt": "Log-log plot of distance against learning rate. Lines for the plain flow and the full-batch law have slope two; lines for the SGD law have slope three and lie far below."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.1))[1]
laws = {"plain flow": orange, "full-batch law": green, "SGD law": blue}
for (name, color), errors in zip(laws.items(), np.swapaxes(off, 0, 1), strict=True):
    look = {"color": color, "linestyle": "--" if color == green else "-", "linewidth": 1.2}
    ax.plot(small_steps, errors.T, **look)[0].set_label(name)
figures.log_axis(ax, small_steps[::-1])
ax.set(yscale="log", xlabel="learning rate h", ylabel="distance after one epoch")
ax.legend(loc="lower right")
plt.show()

# %% tags=["remove-input"]
sgd_orders = [[backward_error.order(small_steps, e) for e in missed] for missed in off]
sgd_error = np.abs(np.array(sgd_orders) - [2, 2, 3]).max()

fits = [backward_error.sgd_modified_gradient(regression(s, 0)[0], 0.1) for s in draws[:10]]
law_gap = max(np.linalg.norm(law(np.ones(3))) for law in fits)  # ones made the labels
Markdown(
    f"The slopes lie within {sgd_error:.3f} of two, two and three. One more difference: minibatch gradients need not vanish where their mean does, so where no weights fit the SGD law has its minimum elsewhere. Where the labels can be fitted its gradient at the fit is at most {law_gap:.0e} long."
)

# %% [markdown]
r"""
(ir-grid)=
## Larger steps in networks

Does this explain anything about networks? {cite:t}`barrett2021` report that larger learning rates, and larger networks, end with a smaller $R_{IG} = \lVert \nabla L \rVert^2 / p$, in flatter places, and with lower test error. We train fully connected networks of two hidden layers on
500 signals of MNIST-1D (moved by up to 7 points), full batch and without momentum, with three learning rates, and measure *sharpness*: the largest eigenvalue $\lambda_1$ of the Hessian of $L$. *Flat* means that it is small.

At which moment does one compare? A public reproduction of the paper's second figure takes the moment of the highest test accuracy at which all training examples are right; we do the same on validation data. (The paper's text was not before us.) Other choices are *equal training loss* and *equal numbers of steps*.

::::{predict}
:answer: 3
:figure: fig-ir-grid
Steps of 0.1 and of 0.4. What is $R_{IG}$ with the large steps, compared to that with the small ones?

1. Smaller at any moment: that is what large steps penalize.
2. Larger at any moment: large steps jump from wall to wall.
3. Smaller after equally many steps, larger at equal loss.
4. The same at any moment.

:::{dropdown} Answer
C. After as many steps the large ones have come to a lower loss, and with it to a smaller gradient. At the same loss they jump from wall to wall of a ravine, and the gradient of a point on a wall is large.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Signals, and networks trained on them"} tags=["hide-input"]
# Signals, and networks trained on them
size = scale.sizes(
    n=(200, 500, 500), tested=(200, 4000, 4000), last=(60, 4000, 4000), short=(30, 300, 300)
)
validation = size.tested // 4  # of the test signals, the first; the others test
rates, standard = (0.1, 0.2, 0.4), mlp(50, depth=2)


def signals(seeds, n=size.n, moved=8):
    """Every replicate's own training, validation and test signals."""
    return {s: data.mnist1d(n, size.tested, s, max_translation=moved) for s in seeds}


def trained(sets, net=standard, **how):
    """Networks trained with full batches, unless told otherwise, to a loss of 0.01; with their history."""
    last = how.get("epochs", size.last)
    seen = np.unique(np.geomspace(last / 100, last, 50).astype(int))
    recorded = dict.fromkeys(("weights", "test_correct", "curves"), seen)
    how = {"lr": rates, "epochs": last, "stop_loss": 0.01, "record": recorded} | how
    n = len(next(iter(sets.values())).x)
    return sweep(net, sets, n=n, seed={s: s for s in sets}, **how)


# %% mystnb={"code_prompt_show": "Moments of their training"} tags=["hide-input"]
# Moments of their training
def best_fit(row):
    """Where the validation error is lowest among the recorded times at which all training examples are right."""
    wrong = 1 - row.test_correct[:, :validation].mean(1)
    return np.argmin(wrong + (row.curve_train_error > 0))


equal_loss = lambda row: np.argmin(np.abs(np.log(row.curve_train_loss / 0.1)))
# or the end, where that is earlier
equal_steps = lambda row: np.argmin(np.abs(row.weights_epoch - 1000))


def look(runs, sets, choose=best_fit):
    """Each network at one of these moments, with R_IG, and test errors in points."""
    then = curvature.at_moment(runs, sets, choose, validation)
    R_IG = then.squared_gradient / then.parameters
    return then.assign(R_IG=R_IG, log10_R_IG=np.log10(R_IG), error=100 * then.test_error)


# %%
larger = [f"larger-lr-{what}" for what in ("smaller-gradient", "flatter", "better")]
sets = signals(ledger.seeds(*larger))
runs = trained(sets)
best, equal, later = (look(runs, sets, m) for m in (best_fit, equal_loss, equal_steps))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Sharpness and test error fall as steps grow; what the squared gradient does depends on the moment.** Full-batch gradient descent with three learning rates, looked at where validation is best among the times at which all training examples are right, at a training loss of 0.1, and after 1,000 steps. Means over replicates (of the squared gradient on its logarithm) with 95 % bands.", "name": "fig-ir-grid"}, "image": {"alt": "Three panels against the learning rate, for the logarithm of the squared gradient, sharpness and test error, with three lines each, one per moment: best validation, equal loss, equal steps."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.4))
titles = {
    "log10_R_IG": "Squared gradient, log₁₀",
    "sharpness": "Sharpness",
    "error": "Test error, points",
}
for ax, (column, title) in zip(axes, titles.items(), strict=True):
    figures.plot(best, "lr", column, ax=ax, colors=blue, label="best validation")
    figures.plot(equal, "lr", column, ax=ax, colors=orange, label="equal loss", marker="s")
    figures.plot(later, "lr", column, ax=ax, colors=green, label="equal steps", marker="^")
    ax.set(title=title, xlabel="learning rate", ylabel="")
    figures.log_axis(ax, rates)
handles = axes[0].get_legend_handles_labels()
fig.legend(*handles, loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
ledger.say("larger-lr-flatter")

# %% tags=["remove-input"]
ledger.say("larger-lr-better")

# %% tags=["remove-input"]
ledger.say("larger-lr-smaller-gradient")


# %% tags=["remove-input"]
def change(table, column, high=0.4, low=0.1, by="lr"):
    """How a column changes from one learning rate to another: a factor, for errors a difference."""
    values = measures.by_seed(table, column, by)
    return values[high] - values[low] if column == "error" else values[high] / values[low]


top_rate = equal.assign(edge=equal.lr * equal.sharpness).groupby("lr").edge.mean()
looks = {"best validation": best, "equal loss": equal, "equal steps": later}
factors = {f"R, {when}": claims.ratio(change(t, "R_IG")) for when, t in looks.items()}
factors["sharpness, equal loss"] = claims.ratio(change(equal, "sharpness"))
edge = ", ".join(f"{v:.2f} at {h:g}" for h, v in top_rate.items())
claims.table(f"From rate 0.1 to 0.4; rate × sharpness, equal loss: {edge}.", factors)

# %% [markdown]
r"""
Sharpness and test error fall at any moment. Had the learning rate changed the speed of training and nothing else, the lines at equal loss would be level. The size of the gradient is a matter of the moment: whoever compares after equal steps compares progress; at equal loss it goes the other way; where validation is best, the moment that is judged, both are at work, and
replicates differ widely. Sharpness goes one way at all three: it tells large steps from small ones more reliably than $R_{IG}$, the quantity that is penalized. Keep the last numbers in mind: with the larger steps they come close to 2.

Larger networks are the other half of the sentence, and it has a trap: $R_{IG}$ is divided by the number of parameters ({ref}`ir-ex-units`), and a wider network has more of them.
"""

# %%
wide = trained(sets, mlp((25, 100), depth=2), lr=0.2)
by_width = look(wide, sets)

# %% tags=["remove-input"]
columns = ("R_IG", "squared_gradient", "sharpness", "error")
from_width = {c: change(by_width, c, 100, 25, "width") for c in columns}
names = {"R_IG": "R", "squared_gradient": "‖∇L‖², undivided", "sharpness": "sharpness"}
changed = {words: claims.ratio(from_width[c]) for c, words in names.items()}
changed["test error"] = claims.mean(from_width["error"])
claims.table("From 25 to 100 units per layer.", changed, "points")

# %% [markdown]
r"""
That large steps end flatter is this section's headline, so we vary the setting, mostly one knob at a time. (With momentum both learning rates are divided by how much it speeds up, with squared loss they are five times as large.)
"""

# %% mystnb={"code_prompt_show": "The settings, and the run that was recorded"} tags=["hide-input"]
# The settings, and the run that was recorded
one = {"n": (200, 1000), "moved": (1, 16, 48), "width": (25, 100, 200), "depth": (1, 3)}
one |= {"momentum": (0.5, 0.9), "batch_size": (50, 100), "weight_decay": (1e-3,)}
one |= {"label_noise": (0.1,), "lr": ((0.05, 0.2), (0.2, 0.8)), "loss": ("squared",)}
one |= {"digits": (True,)}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]


def in_setting(how):
    """Sharpness with large steps over that with small ones in another setting, mean over three replicates."""
    rest, seeds = {"lr": (0.1, 0.4)} | how, ledger.selection(3)
    sets = signals(seeds, rest.pop("n", size.n), rest.pop("moved", 8))
    if rest.pop("digits", False):
        sets = {s: data.digits(size.n, s) for s in seeds}
    net = mlp(rest.pop("width", 50), rest.pop("depth", 2))
    scaled = (5 if "loss" in rest else 1) * (1 - rest.get("momentum", 0))
    low, high = rest["lr"] = [h * scaled for h in rest["lr"]]
    table = look(trained(sets, net, **rest), sets)
    factor = claims.ratio(change(table, "sharpness", high, low)).value
    name = ", ".join(f"{key} {value}" for key, value in how.items()) or "as above"
    return {"setting": name, "factor": factor, "keeps": factor < 1}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Large steps end flatter in nearly every setting.** Sharpness with the larger of two learning rates, of which one is four times the other, over that with the smaller one, where validation is best. One dot per setting, geometric means over three replicates.", "name": "fig-ir-multiverse"}, "image": {"alt": "Horizontal positions on a logarithmic axis, one for each of about twenty settings. Nearly all lie left of 1."}} tags=["hide-input"]
name, measure = (
    "05_larger_steps_multiverse",
    lambda: pd.DataFrame(map(in_setting, settings)),
)
robust, where = results.measured_or_recorded(name, measure)
ax = figures.setting_rows(robust, "factor", 1, blue)
figures.log_axis(ax, (0.1, 0.2, 0.5, 1))
ax.set_xlabel("sharpness, large steps over small ones")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"The median factor is {robust.factor.median():.2f}. Large steps end flatter in {results.kept(robust, where)}"
)

# %% [markdown]
r"""
(ir-edge)=
## The edge of stability

The numbers near 2 are the clue. On a quadratic, gradient descent is stable only if $h\lambda_1 < 2$. {cite:t}`cohen2021` found what full-batch training of networks does about that.

::::{predict}
:answer: 4
:figure: fig-ir-edge
Sharpness rises while a network is trained. What happens when it comes to $2/h$?

1. Training diverges.
2. Sharpness falls back to where it began, and the rise starts anew.
3. Nothing: the bound holds for quadratics only.
4. It stays there; the loss goes up at some steps and down in the long run.

:::{dropdown} Answer
D. Who leaves a quadratic bowl along its steepest direction finds no quadratic any more; in networks the way leads to where the bowl is wider.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Sharpness through time"} tags=["hide-input"]
# Sharpness through time: squared loss, for as long as steps times learning rate is 1,000
duration = scale.sizes(time=(20, 1000, 1000)).time


def through_time(sets, h):
    """Networks trained with step h: h · sharpness at eleven times, and how the loss goes in the second half."""
    steps = round(duration / h)
    at, window = np.linspace(0, steps, 11).astype(int), np.arange(min(60, steps // 2))
    record = {
        "weights": at,
        "curves": np.unique([*(steps // 2 + window), *(steps - window)]),
    }
    how = {"loss": "squared", "epochs": steps, "stop_loss": 0, "record": record}
    runs, rows = trained(sets, lr=h, **how), []
    for (_, row), sharp in zip(
        runs.iterrows(), curvature.sharpness(runs, sets), strict=True
    ):
        early, late = (
            row.curve_train_loss[part] for part in (slice(0, 60), slice(-60, None))
        )
        rises = np.mean([np.diff(losses) > 0 for losses in (early, late)])
        rows.append([row.data, h, at * h, h * sharp, rises, late.mean() / early.mean()])
    table = pd.DataFrame(rows, columns=["seed", "h", "time", "edge", "rises", "fall"])
    return table.assign(hovers=[edge[5:].mean() for edge in table.edge])


# %%
at_edge = ledger.seeds("edge-of-stability")
edges = pd.concat([through_time(signals(at_edge), h) for h in (0.5, 1.0, 2.0)])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Sharpness rises until the step forbids it, and stays.** Learning rate times sharpness along full-batch training with squared loss, against time (steps times learning rate); dotted: 2, where a step on a quadratic ceases to be stable. Means over replicates with 95 % bands.", "name": "fig-ir-edge"}, "image": {"alt": "Three rising curves of learning rate times sharpness against time, one per learning rate. Those of the two larger rates level off slightly above the dotted line at two; that of the smallest is still on its way or just arriving."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.3))[1]
long = edges.explode(["edge", "time"]).astype({"edge": float, "time": float})
figures.plot(long, "time", "edge", "h", ax, label="h = {:g}")
ax.axhline(2, linestyle=":", color=colors["threshold"])
ax.set_ylabel("h · sharpness")
ax.legend(loc="lower right")
plt.show()

# %% tags=["remove-input"]
ledger.say("edge-of-stability")

# %% tags=["remove-input"]
slow = claims.mean(edges[edges.h == 0.5].hovers)
Markdown(
    f"With $h = 0.5$, which comes there late, $h$ times sharpness is {slow:.2f} on average over the second half. With $h = 1$ and $h = 2$ the two networks differ by a factor of {claims.ratio(edges[edges.h == 1].hovers.to_numpy() / edges[edges.h == 2].hovers.to_numpy()):.2f} in it."
)

# %% [markdown]
r"""
Had sharpness been a matter of the data and the architecture alone, the three curves would end at values in the ratio of 1 : 2 : 4. They end at the same one. So there are two reasons for which large steps could end flat: a *penalty* on the way, which grows with $h$ wherever one is, and a *ceiling* at $2/h$, which does nothing below. They
can be told apart. A small step $h_0$ with an *explicit* penalty of $\mu = (h - h_0)/4$ follows the same modified flow as the step $h$ does, to the order of the theorem; if the penalty is what flattens, it should end as flat.
"""

# %% mystnb={"code_prompt_show": "A small step with the penalty of a large one"} tags=["hide-input"]
# A small step with the penalty of a large one: 100 examples, to a loss of 0.03
small, large, penalty = 0.04, 0.4, 0.09
few = signals(at_edge, min(100, size.n))
arms = [trained(few, lr=[small, large], stop_loss=0.03)]
arms += [trained(few, lr=small, gradient_penalty=penalty, stop_loss=0.03)]
flat_ends = look(pd.concat(arms, ignore_index=True), few, lambda row: -1)
flat_ends = measures.by_seed(flat_ends, "sharpness", ["lr", "gradient_penalty"])
by_penalty = flat_ends[small, penalty] / flat_ends[small, 0]
by_step = flat_ends[large, 0] / flat_ends[small, 0]

# %% tags=["remove-input"]
Markdown(
    f"For 100 examples, at a training loss of {0.03:g}: against a step of {small:g}, one of {large:g} multiplies sharpness by {claims.ratio(by_step):.2f}. The small step with the penalty that the theorem assigns to the large one multiplies it by {claims.ratio(by_penalty):.2f}."
)

# %% [markdown]
r"""
:::{admonition} Two things are called the regularization of large steps
:class: key-result
For small steps there is a penalty on the squared gradient, a theorem. For larger ones there is a ceiling on sharpness near $2/h$, an observation. In our networks the first is too weak to explain the flatness.
:::

(ir-central)=
## A theory of the edge

The expansion in $h$ cannot describe motion at the edge, where steps jump from side to side. {cite:t}`cohen2025` derive an equation that does, not for the iterates but for their *mean over the oscillations*. Let the iterates swing with variance $\sigma^2$ along the eigenvector of the largest eigenvalue $\lambda_1$. Averaged, the slope is
$\nabla L + \tfrac{\sigma^2}2 \nabla \lambda_1$: oscillating in a valley that narrows pushes to where it is wider. And $\sigma^2$ need not be known, since it takes the one value at which $\lambda_1$ stays where it is. With time $t$ in steps

$$
\frac{d\theta}{dt} = -h \left( \nabla L + \frac{\sigma^2}2 \nabla \lambda_1 \right), \qquad
\sigma^2 = \frac{2 \langle -\nabla L, \nabla \lambda_1 \rangle}{\lVert \nabla \lambda_1 \rVert^2} \quad \text{while } \lambda_1 = \frac 2h ,
$$ (ir-eq-central)

and $\sigma^2 = 0$ below: there it is the gradient flow. The oscillating loss has the mean $L + \sigma^2/h$. (Where more eigenvalues reach $2/h$ the variance becomes a matrix, the one that keeps them all there or below; we follow two.) The derivation is not rigorous, and says so. It can be checked.
"""


# %% mystnb={"code_prompt_show": "Tanh networks that start below the edge"} tags=["hide-input"]
# Tanh networks that start below the edge
h, flow_steps = 0.25, scale.sizes(steps=(700, 1500, 1500)).steps


def tanh_network(seed):
    """Its squared loss on 100 signals as a function of all 1,834 weights, and random weights, smaller where that is too sharp."""
    some = data.mnist1d(100, 100, seed, max_translation=48)
    loss = central_flow.tanh_network(some.x / 3, np.eye(10)[some.y], hidden=(24, 24))
    weights = central_flow.random_weights((40, 24, 24, 10), rng(seed))
    while central_flow.top_eigenpairs(loss, weights)[0] > 0.8 * 2 / h:
        weights = 0.95 * weights
    return loss, weights


# %%
networks = [tanh_network(s) for s in ledger.seeds("central-flow")]
paths = central_flow.compare_all(networks, h, flow_steps)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**At the edge gradient descent leaves the gradient flow, and the central flow goes with it.** One network. Left: training loss; for the central flow what it predicts for gradient descent on average. Right: h times the sharpness along the central flow; dotted: the edge of stability.", "name": "fig-ir-central"}, "image": {"alt": "Left: loss on a logarithmic axis against steps. The thin line of gradient descent has spikes; the central flow runs through its middle, and the gradient flow below both. Right: h times sharpness of the central flow rises to a dotted line at 2 and stays."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4))
first, thin = paths[0], {"color": colors["noise"], "linewidth": 0.7}
left.semilogy(first.descent, **thin, label="gradient descent")
left.semilogy(first.gradient_flow, color=orange, label="gradient flow")
left.semilogy(first.prediction, color=blue, label="central flow")
right.plot(h * first.sharpness, color=blue)
right.axhline(2, linestyle=":", color=colors["threshold"])
left.set(xlabel="steps", ylabel="training loss")
right.set(xlabel="steps", ylabel="h · sharpness of the central flow")
left.legend()
plt.show()


# %% tags=["remove-input"]
def misfit(table):
    """Errors of smoothed losses, in per cent, from 100 steps after the edge on, and distances at the end; NaN without an edge."""
    losses = table[["descent", "prediction", "gradient_flow"]]
    smooth = ndimage.gaussian_filter1d(losses, 50, axis=0, mode="nearest")
    after = (h * table.sharpness > 1.999).shift(100, fill_value=False).cummax()
    errors = 100 * np.abs(smooth[after, 1:] / smooth[after, :1] - 1)
    found = dict(zip(("error", "error_of_flow"), pd.DataFrame(errors).mean(), strict=True))
    distance = (table.to_central_flow / table.to_gradient_flow)[after].iloc[-1:].mean()
    return found | {"distance": distance}


misfits = pd.DataFrame([misfit(table) for table in paths])
ledger.say("central-flow")

# %% tags=["remove-input"]
Markdown(
    f"Gradient flow misses the smoothed loss by {claims.mean(misfits.error_of_flow):.0f} %, the central flow by {claims.mean(misfits.error):.1f} %. Had oscillations been without effect on the mean path, both would have done equally well."
)

# %% [markdown]
r"""
So the edge need not be where theory ends. By this equation large steps add, at the edge, a penalty on the *sharpness*, of just the strength that holds it at $2/h$; {eq}`ir-eq-modified` has nothing of the kind. What the equation does not say is whether the place that is reached generalizes; the
authors claim nothing about that.

(ir-explicit)=
## The penalty by hand

{cite:t}`barrett2021` also add $\mu \lVert \nabla L \rVert^2$ to the loss. Then it may be as strong as one likes, and they report flatter solutions with a better test accuracy. We add it to the step of 0.1, with $\mu = 0.2$, the strongest of three and the best on seeds that are not tested.
"""

# %%
strength = 0.2
by_hand = signals(ledger.seeds("explicit-gradient-regularization"))
plain = look(trained(by_hand, lr=0.1), by_hand)
with_penalty = trained(by_hand, lr=0.1, gradient_penalty=strength)
penalized = look(with_penalty, by_hand)

# %% tags=["remove-input"]
ledger.say("explicit-gradient-regularization")

# %% tags=["remove-input"]
egr = {"better": penalized.error - plain.error}
egr["flatter"] = penalized.sharpness / plain.sharpness
egr["gradient"] = penalized.squared_gradient / plain.squared_gradient
on_path = look(with_penalty, by_hand, equal_loss).sharpness
egr["edge"] = 0.1 * (on_path + 2 * strength * on_path**2)
Markdown(
    f"The penalized loss has an edge of its own: near a minimum its curvature is $\\lambda_1 + 2\\mu\\lambda_1^2$. Times the learning rate this is {claims.mean(egr['edge']):.2f} at a training loss of 0.1. The squared gradient, where validation is best, changes by a factor of {claims.ratio(egr['gradient']):.2f}."
)

# %% [markdown]
r"""
Had the penalty been idle, sharpness and test error would be those without it. Whatever it does, look at how: the curvature of the penalized loss can be no more than about $2/h = 20$, as that of any loss, and $\lambda_1 + 0.4\,\lambda_1^2 = 20$ at $\lambda_1 = 5.9$. The penalty lowers the *ceiling*, from 20 to 6; where
the learning rate times that curvature is near 2, the network has been held at its ceiling. It is the ceiling that acts: a small step with the penalty of a large one, which follows its flow, ends as sharp as the small step without it ({ref}`ir-edge`).

(ir-noise)=
## Is noise needed?

The other popular answer is the noise of SGD. {cite:t}`geiping2022` trained without any, with full batches, a gradient penalty, clipping and long training, and matched SGD on CIFAR-10. We compare batches of 50 with full batches, each at its own best learning rate, which was chosen on seeds that are not tested, and the full batches with a penalty of 0.02 by hand as well. "As
good" means less than half a point worse.

::::{predict}
:answer: 2
:figure: fig-ir-noise
:source: pilot
Full batches at a learning rate of 0.2, looked at where validation is best. What gains more in test error: steps that are five times as large, or batches of 50 at the same rate?

1. The batches: noise is what generalization needs.
2. The steps.
3. Neither, once all training examples are right.

:::{dropdown} Answer
B: in pilot runs both gained, and the steps nearly twice as much as the batches. The next figure has them in new replicates.
:::
::::
"""

# %%
in_pairs = signals(ledger.seeds("stochasticity-not-necessary"))
stochastic = trained(
    in_pairs, lr=(0.2, 0.8), batch_size=min(50, size.n // 2), epochs=size.short
)
whole = trained(in_pairs, lr=(0.2, 1.0), epochs=4 * size.short)
whole_penalized = trained(in_pairs, lr=1.0, gradient_penalty=0.02, epochs=2 * size.short)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Small batches gain, and larger steps of full batches gain more.** Against full batches at a rate of 0.2: test error where validation is best, of SGD with batches of 50 and of full-batch gradient descent, by learning rate h. Points are replicates, bars 95 % intervals of their mean.", "name": "fig-ir-noise"}, "image": {"alt": "Horizontal positions of test errors in five rows: SGD at two rates, full batches at two rates, and full batches with a penalty at the larger. Full batches at the small rate lie farthest right; larger steps bring them past SGD at the small rate, not to SGD at the larger."}} tags=["hide-input"]
kinds = {"SGD": stochastic, "full batch": whole, "full batch, penalty": whole_penalized}
errors = {k: measures.by_seed(look(r, in_pairs), "error", "lr") for k, r in kinds.items()}
named = {f"{kind}, h = {h:g}": table[h] for kind, table in errors.items() for h in table}
ax = figures.dots(pd.DataFrame(named), plt.subplots(figsize=(7.2, 2.9))[1])
ax.set_xlabel("test error, in points")
plt.show()

# %% tags=["remove-input"]
ledger.say("stochasticity-not-necessary")

# %% tags=["remove-input"]
sgd, full = errors["SGD"], errors["full batch"]
noise_free = {"difference": errors["full batch, penalty"][1.0] - sgd[0.8]}
noise_free |= {"no_penalty": full[1.0] - sgd[0.8], "common_rate": full[0.2] - sgd[0.2]}
noise_free["steps"] = full[1.0] - full[0.2]
apart = {name: f"{claims.mean(values):.1f}" for name, values in noise_free.items()}
Markdown(
    f"Larger steps change the error of full batches by {apart['steps']} points. At the same rate of 0.2 full batches are {apart['common_rate']} points worse than batches of 50, at their own best rate without a penalty {apart['no_penalty']}."
)

# %% [markdown]
r"""
Had noise been all that matters, no step would bring the full batches any nearer to SGD. That noise *has* an effect, {eq}`ir-eq-sgd` proves; having an effect and being needed are two things. Whatever came out: **the paper's recipe has clipping and long training, and ours has neither.** Clipping lets steps be larger still, where ours diverge, so a
gap that remains here is no evidence against the paper, and a gap that closes is no replication of its recipe.
"""

# %% [markdown]
r"""
(ir-width)=
## Width without limit

Steps and noise are not all that makes a choice. {cite:t}`neyshabur2014` made networks with one hidden layer wider, past the width at which they fit the whole training set. What more could there be to gain? They asked it again with a few of the labels drawn at random.
"""

# %%
units = (16, 32, 64, 128, 512)
first_fit, widest = 32, 512
wider = signals(ledger.seeds("width-beyond-zero-train-error"), moved=48)
how = {"lr": 0.02, "momentum": 0.9, "batch_size": min(50, size.n), "label_noise": (0, 0.05)}
grown = trained(wider, mlp(units), epochs=min(300, size.last), **how)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Past the width that fits, the test error goes on falling.** Networks with one hidden layer, trained to the same training loss, with true labels and with 5 % of them drawn anew. Dotted: the width from which on all training examples are right. Means over replicates with 95 % bands.", "name": "fig-ir-width"}, "image": {"alt": "Two panels of train and test error against hidden units on a logarithmic axis. Training error falls to zero; test error goes on falling from there and levels off. With random labels it lies higher."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.2), sharey=True)
for ax, (noise, rows) in zip(axes, grown.groupby("label_noise"), strict=True):
    figures.lines(rows, "width", {"train_error": "train", "test_error": "test"}, ax)
    ax.axvline(first_fit, color=colors["threshold"], linestyle=":", linewidth=1.5)
    title = f"{noise:.0%} random labels" if noise else "True labels"
    ax.set(title=title, xlabel="hidden units", ylabel="", ylim=(-0.02, None))
    figures.log_axis(ax, units)
axes[0].set_ylabel("share misclassified")
axes[0].legend()
figures.sketch(axes[0], "test", ask="What share of new signals does each width get wrong?")

# %% tags=["remove-input"]
ledger.say("width-beyond-zero-train-error")

# %% [markdown]
r"""
Had the number of units been the capacity that matters, test error would rise to the right of the dotted line. Something else limits these networks; {cite:t}`neyshabur2014` suggest a norm. Nothing in this chapter has been shown to be the reason: no penalty of a step was tried on these networks. Nor is it a law that wider is better: on the less moved signals of the sections before, which 16 units fit, the error in a pilot fell up to 64 units and rose again to 512.

(ir-map)=
## Before any training

Which functions does a network compute before the optimizer takes a step? {cite:t}`valleperez2019` drew parameters at random, for a network so small that its function can be written down. A network of 7 binary inputs, two hidden layers of 40 ReLU units and one output computes a Boolean function of
$2^7 = 128$ rows, a string of 128 bits; there are $2^{128}$ of them. How simple a string is, its *Lempel–Ziv complexity* says: roughly, how many different words are needed to spell it {cite:p}`lempel1976`.

::::{predict}
:answer: 1
:figure: fig-ir-map
You draw the weights of that network at random, twenty thousand times, without any training. How often do you meet the same function twice?

1. Often: a few simple functions take a large share of all draws.
2. A few pairs, by luck.
3. Never: there are $2^{128}$ functions.

:::{dropdown} Answer
A. If all functions were equally likely, a repeat could be expected only after about $2^{64}$ draws, the square root of their number.
:::
::::
"""

# %%
count = scale.sizes(count=(2_000, 20_000, 1_000_000)).count
chaotic = {"weight_sd": 4.0, "bias_sd": 0.2, "activation": "tanh", "low": -1.0}
from_map = ledger.seeds("parameter-function-map-bias")
drawn = {
    "ReLU": [functions.sample(count, 2**0.5, 0.1, s) for s in from_map],
    "tanh, large weights": [functions.sample(2_000, seed=s, **chaotic) for s in from_map],
    "all equally likely": [functions.uniform(2_000, seed=s) for s in from_map],
}


# %% mystnb={"code_prompt_show": "Functions met at least twice, and complexities"} tags=["hide-input"]
again = [functions.repeated(found) for found in drawn["ReLU"]]
of_some = lambda found: [functions.complexity(f[:2_000]) for f in found]
complexity = {kind: of_some(found) for kind, found in drawn.items()}
average = {k: np.mean(values, axis=1) for k, values in complexity.items()}
ranks = [claims.rank_correlation(t.probability, t.complexity) for t in again]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Random ReLU networks compute simple functions far more often than an even draw.** Left: probability of each Boolean function that was met at least twice in one replicate, against its Lempel\u2013Ziv complexity. Right: complexity of what random networks compute, and of functions drawn with equal probability.", "name": "fig-ir-map"}, "image": {"alt": "Left: scatter of probability on a logarithmic axis against complexity, falling steeply from the constant functions at the top left. Right: three histograms of complexity; that of ReLU networks is broad and lies far to the left, that of uniform functions narrow and on the right, that of tanh networks between."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3))
left.semilogy(
    again[0].complexity, again[0].probability, "o", color=blue, alpha=0.4, markersize=4
)
left.set(xlabel="complexity, in bits", ylabel="probability")
shades = (blue, green, figures.INK)
for (kind, values), color in zip(complexity.items(), shades, strict=True):
    bins, values = np.arange(0, 185, 8), np.concatenate(values)
    right.hist(values, bins, density=True, histtype="step", lw=2, color=color, label=kind)
right.set(xlabel="complexity, in bits", ylabel="share per bit")
right.legend(loc="upper left", fontsize=9.5)
plt.show()

# %% tags=["remove-input"]
twice = np.mean([t.probability.sum() for t in again])
Markdown(
    f"{ledger.say('parameter-function-map-bias')} (On this page {twice:.0%} of the draws belong to functions that are met at least twice.)"
)

# %% [markdown]
r"""
Had the map been even, the left panel would be empty and the histograms would coincide. So a learner that did nothing but draw random networks until one fits would generalize where the truth is simple; {cite:t}`mingard2021` report that SGD finds functions about as often as such a learner, which we did not test. The bias is
that of an architecture *with its initialisation and the coding of its inputs*: with tanh units, large weights and inputs of −1 and 1 it is weaker {cite:p}`yang2019`.

(ir-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-implicit-regularization`.
"""

# %% tags=["remove-input"]
ledger.theorem("backward-error-formula", error=order_error, section="ir-backward")

# %% tags=["remove-input"]
at_minima = max(*left_over, law_gap)
ledger.theorem("penalty-vanishes-at-minima", error=at_minima, section="ir-path")

# %% tags=["remove-input"]
ledger.theorem("sgd-modified-loss", error=sgd_error, section="ir-sgd")


# %% tags=["remove-input"]
def by_rate(column):
    """What large steps change, at all moments, and what width changes."""
    found = {"rate": change(best, column), "half": change(best, column, low=0.2)}
    found |= {"equal_loss": change(equal, column), "equal_steps": change(later, column)}
    return found | {"width": from_width[column]}


gradients = by_rate("R_IG") | {"undivided_width": from_width["squared_gradient"]}
ledger.card("larger-lr-smaller-gradient", **gradients, section="ir-grid")

# %% tags=["remove-input"]
ledger.card("larger-lr-flatter", **by_rate("sharpness"), section="ir-grid")

# %% tags=["remove-input"]
ledger.card("larger-lr-better", **by_rate("error"), section="ir-grid")

# %% tags=["remove-input"]
seen = edges[edges.h == 2][["hovers", "rises", "fall"]].to_dict("list")
seen |= {"half_step": edges[edges.h == 1].hovers, "penalty": by_penalty, "step": by_step}
ledger.card("edge-of-stability", **seen, section="ir-edge")

# %% tags=["remove-input"]
ledger.card("central-flow", **misfits.to_dict("list"), section="ir-central")

# %% tags=["remove-input"]
ledger.card("explicit-gradient-regularization", **egr, section="ir-explicit")

# %% tags=["remove-input"]
ledger.card("stochasticity-not-necessary", **noise_free, section="ir-noise")

# %% tags=["remove-input"]
by_units = 100 * measures.by_seed(grown, "test_error", ["label_noise", "width"])
gains = {"clean": by_units[0, widest] - by_units[0, first_fit]}
gains["noisy"] = by_units[0.05, widest] - by_units[0.05, first_fit]
gains["late"] = by_units[0, widest] - by_units[0, 128]
ledger.card("width-beyond-zero-train-error", **gains, section="ir-width")

# %% tags=["remove-input"]
rectified, tanh, even = average.values()
simple = {"rank": ranks, "complexity": rectified - even, "tanh": tanh - even}
ledger.card("parameter-function-map-bias", **simple, section="ir-map")

# %% [markdown]
r"""
**We also asked** what other moments, wider networks, other steps and other activations change. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**Penalty or ceiling?** {cite:t}`barrett2021` explain the flatness of large steps by {eq}`ir-eq-modified`; {cite:t}`cohen2021` describe a regime in which that expansion cannot hold, and {cite:t}`cohen2025` give the equation that does. {numref}`fig-ir-valley` has both as two ends of one curve. Our networks are small; that the first
penalty is negligible elsewhere does not follow. **Noise or not?** {cite:t}`smith2021` show an additional penalty in SGD, {cite:t}`geiping2022` that one can do without. Both can be true. **Optimizer or architecture?** {cite:t}`valleperez2019` find the preference in the map from parameters to functions; {cite:t}`yang2019` answer that it
depends on activation and scale.

:::{admonition} "Gradient descent penalizes the gradient"
:class: misconception
Its *squared* length, times $h/4$. A penalty on the length itself would not be smooth where it vanishes, at every minimum.
:::

:::{admonition} "Sharp minima have a higher effective loss"
:class: misconception
At a minimum the correction is zero ({prf:ref}`ir-prop-stationary`). It bends the path; what makes a sharp minimum impossible for a large step is instability, and that is not in the formula.
:::

:::{admonition} "Generalization needs the noise of SGD"
:class: misconception
Full batches generalize, too, and better with longer steps ({numref}`fig-ir-noise`). How near they come to SGD is another question, and the one that is judged.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`05_implicit_regularization`.

```{exercise} ★ All there is to know about a quadratic
:label: ir-ex-quadratic
On $L = \tfrac12 \lambda_1 \theta^2$ find (a) the rate at which the modified flow decays, (b) the rate of the flow that gradient descent follows *exactly*, where one exists. For which $h\lambda_1$ does it exist, and when do the two agree to 10 %?
```

```{solution} ir-ex-quadratic
:class: dropdown
(a) $\widetilde L = \tfrac12 (\lambda_1 + \tfrac h2 \lambda_1^2) \theta^2$: rate $\lambda_1 (1 + h\lambda_1/2)$. (b) $1 - h\lambda_1 = e^{-\kappa h}$ gives $\kappa = -\ln(1 - h\lambda_1)/h = \lambda_1 (1 + h\lambda_1/2 + (h\lambda_1)^2/3 + \dots)$, for $h\lambda_1 < 1$. The first two terms are (a).
At $h\lambda_1 = 0.45$ the modified rate is 8 % too small, at 0.5 it is 10 %. So "small" means about a half.
```

```{exercise} ★ Parameters in the units
:label: ir-ex-units
The paper writes the penalty as $\lambda R_{IG}$ with $R_{IG} = \lVert \nabla L \rVert^2 / p$ and $\lambda = hp/4$. Two networks differ in width by a factor of two and happen to have the same $\lVert \nabla L \rVert$ all along. Compare their $\lambda$, their $R_{IG}$ and their penalties. What can be concluded from a plot of
$R_{IG}$ against $\lambda$ over many widths?
```

```{solution} ir-ex-units
:class: dropdown
The wider has $c$ times the parameters, with $c$ between two and four: $c$ times the $\lambda$, $1/c$ of the $R_{IG}$, and the same penalty. On logarithmic axes $R_{IG}$ against $\lambda$ falls with slope −1 although nothing is penalized more. Only $\lVert \nabla L \rVert^2$, at fixed $h$ or fixed width, says something.
```

```{exercise} ★ The balance
:label: ir-ex-balance
Prove {eq}`ir-eq-balance`. What does the modified flow predict for the change of $a^2 - b^2$ in a time $h$, and to which order do they agree?
```

```{solution} ir-ex-balance
:class: dropdown
With $\delta = 1 - ab$ a step is $a' = a + h\delta b$, $b' = b + h\delta a$. Then $a'^2 - b'^2 = a^2 - b^2 + h^2 \delta^2 (b^2 - a^2)$; the terms of first order cancel. For the modified flow $\lVert \nabla L \rVert^2 = \delta^2 (a^2 + b^2)$, and
$\tfrac{d}{dt}(a^2 - b^2) = -\tfrac h2 (a\,\partial_a - b\,\partial_b) \bigl( \delta^2 (a^2 + b^2) \bigr) = -h \delta^2 (a^2 - b^2)$, since $ab$ is constant under $a\,\partial_a - b\,\partial_b$. Over a time $h$: a factor $1 - h^2 \delta^2 + O(h^3)$.
```

```{exercise} ★★ A third as many steps
:label: ir-ex-steps
Compare the squared gradient and the training loss of the runs of {numref}`fig-ir-grid` after about 300 steps in place of 1,000. Which way does it go now, and what has been measured?
```

```{solution-start} ir-ex-steps
:class: dropdown
```
"""

# %%
same = look(runs, sets, lambda row: np.argmin(np.abs(row.weights_epoch - 300)))
values = np.log(same[["train_loss", "squared_gradient"]])
np.exp(values.groupby(same.lr).mean()).round(4)

# %% [markdown]
r"""
Geometric means. The larger the learning rate, the lower the loss, but now the squared gradient is largest at the middle rate. Along one run it rises before it falls, so that the order depends on the number of steps one takes. What has been measured is progress.

```{solution-end}
```

```{exercise} ★★ The next order
:label: ir-ex-third
The next term of the modified flow is $-h^2 \bigl( \tfrac13 A^2 g + \tfrac1{12} D^3\!L[g, g] \bigr)$ with $g = \nabla L$, $A = \nabla^2\! L$. (a) Check numerically that it raises the order of one step to 4. (b) Show that it is not the gradient of anything, so that from this order on there is no modified *loss*.
```

```{solution-start} ir-ex-third
:class: dropdown
```
The term in brackets is $\tfrac1{12} \nabla (g^\top A g) + \tfrac16 A^2 g$, since $\nabla (g^\top A g) = 2 A^2 g + D^3\!L[g, g]$. The first part is a gradient; $A^2 g$ has a curl in general, and the numerical check finds one.
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def third_order(h, eps=1e-4):
    """The field of the modified flow up to second order in h, for the valley."""

    def field(t):
        g, product_at = valley.gradient(t), valley.hessian_product
        bend = product_at(t, g)
        third = (product_at(t + eps * g, g) - product_at(t - eps * g, g)) / (2 * eps)
        return g + h / 2 * bend + h**2 * (product_at(t, bend) / 3 + third / 12)

    return field


at, hs, missing, curls = np.array([1.6, 0.5]), (0.04, 0.02, 0.01), [], []
for h in hs:
    field, step = third_order(h), backward_error.descend(valley.gradient, at, h)[-1]
    missing.append(np.linalg.norm(step - backward_error.flow(field, at, [h])[-1]))
    across, along = (field(at + 1e-5 * e) - field(at - 1e-5 * e) for e in np.eye(2))
    curls.append(round(float(across[1] - along[0]) / 2e-5 / h**2, 3))
f"order {backward_error.order(hs, missing):.2f}; curl / h²: {curls}"

# %% [markdown]
r"""
The order is four, and the curl divided by $h^2$ does not vanish as $h \to 0$. A loss landscape is a picture of gradient descent to second order in $h$, and not beyond.

```{solution-end}
```

```{exercise} ★★ Not a property of the function
:label: ir-ex-rescale
Multiply the weights and biases of the first layer of a ReLU network with one hidden layer by $c > 0$ and divide the weights of the second by $c$. What happens to the function, and to $\lVert \nabla L \rVert^2$? What does that mean for "the penalty prefers simpler functions"?
```

```{solution} ir-ex-rescale
:class: dropdown
The function stays. The gradient in the first layer is divided by $c$ and that in the second multiplied by it, so with squared lengths $G_1$ and $G_2$ the penalty becomes $G_1/c^2 + c^2 G_2$ (and an unchanged part from the last bias): as large as one likes in either direction, and smallest at $c^4 = G_1/G_2$. It can prefer one function over another only together with
an initialisation and a path. The same objection meets sharpness.
```

```{exercise} ★★★ With replacement
:label: ir-ex-replacement
Let every step draw one of the $k$ minibatches independently, with replacement. Which law does the mean iterate after $k$ steps follow to third order? Derive it, and check on the regressions of {numref}`fig-ir-sgd` by running all $4^4$ sequences.
```

```{solution-start} ir-ex-replacement
:class: dropdown
```
In the proof of {prf:ref}`ir-thm-sgd` the two batches of an ordered pair of steps are now independent: the mean of the double sum is $\tfrac{k(k-1)}2\, \nabla^2\! L\, g$. Hence $k \nabla Q = \tfrac k2 \nabla^2\! L\, g$ and $Q = \tfrac14 \lVert \nabla L \rVert^2$: the law of full-batch descent. The noise does not enter the *mean* at this order (it does
enter the spread).
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def replaced(seed, h):
    """Distance of the mean over all sequences from the full-batch law and from the law without replacement."""
    batches, w = regression(seed)
    mean = 0
    for sequence in product(batches, repeat=4):
        theta = w
        for batch in sequence:
            theta = theta - h * batch.gradient(theta)
        mean = mean + theta / 4**4
    full = backward_error.modified_gradient(backward_error.mean_of(batches), h)
    laws = full, backward_error.sgd_modified_gradient(batches, h)
    return [np.linalg.norm(mean - backward_error.flow(f, w, [4 * h])[-1]) for f in laws]


# %%
hs, found = (0.02, 0.01, 0.005), {}
for s in scale.seeds(3):
    far = np.transpose([replaced(s, h) for h in hs])
    found[s] = [backward_error.order(hs, e) for e in far]
pd.DataFrame(found, index=["full-batch law", "SGD law"]).T.rename_axis("seed").round(2)

# %% [markdown]
r"""
The mean follows the full-batch law to third order, and the other to second order only. Reshuffling is what puts the variance of the gradients into the mean path.

```{solution-end}
```

```{exercise} ★★★ A ceiling one can choose
:label: ir-ex-ceiling
If the ceiling is at $2/h$, then sharpness at the end of training with squared loss should fall by a factor of two per doubling of $h$ once the ceiling is reached. Test it with the runs of {numref}`fig-ir-edge`.
```

```{solution-start} ir-ex-ceiling
:class: dropdown
```
"""

# %%
edges["final"] = [e[-1] / h for e, h in zip(edges.edge, edges.h, strict=True)]
final = measures.by_seed(edges, "final", "h", "seed")
{f"{a:g} to {2 * a:g}": f"{claims.ratio(final[2 * a] / final[a]):.2f}" for a in (0.5, 1.0)}

# %% [markdown]
r"""
Both factors are close to a half; the smallest step has just arrived. One can choose how sharp the end is. Whether a lower ceiling also generalizes better is a separate claim.

```{solution-end}
```

```{exercise} ★★★ Lower the step
:label: ir-ex-lower
At the edge with $h = 2$, go on from the trained weights with $h = 0.5$, for the same time again. What do ceiling and penalty predict for sharpness, and what happens?
```

```{solution-start} ir-ex-lower
:class: dropdown
```
"""

# %%
how, rows = {"loss": "squared", "stop_loss": 0}, {}
for s in scale.seeds(2):
    own = signals([s])
    first = trained(own, lr=2.0, epochs=round(duration / 2), **how)
    start = Vector(first.weights[0][-1])
    then = trained(own, lr=0.5, epochs=round(duration / 0.5), start=start, **how)
    ends = [look(r, own, lambda row: -1).sharpness[0] for r in (first, then)]
    rows[s] = dict(zip(("with h = 2", "then with h = 0.5"), ends, strict=True))
pd.DataFrame(rows).T.round(2)

# %% [markdown]
r"""
The ceiling has gone up fourfold, and sharpness rises again, to about twice what it was, which is not yet the new ceiling. A penalty that is four times as weak would have let it rise, too, but at $h = 2$ nothing but the ceiling held it down. Flatness was not kept: it is no place that training has found, it is a state that the step enforces.

```{solution-end}
```

## Summary

- Gradient descent with step $h$ follows the flow of $L + \tfrac h4 \lVert \nabla L \rVert^2$ to one order more than that of $L$. The penalty is zero at minima and acts on the path; averaged over orders, an epoch of SGD adds the variance of its gradients.
- Large steps end flatter, and better, in our networks. The first-order penalty does not explain it: a small step with that penalty stays as sharp. What one sees is a ceiling near $2/h$.
- For the mean path at the ceiling there is a theory: a central flow, with a penalty on sharpness of just the strength that holds it there.
- A penalty added by hand lowers the ceiling. Full batches gain from larger steps; noise has an effect of its own, which is not to say that it is needed.
- Wider networks that fit go on improving, and a preference for simple functions is present before training begins. Neither needs a step.

**Reading.** {cite:t}`barrett2021` and {cite:t}`smith2021` for the expansion, {cite:t}`cohen2021` and {cite:t}`cohen2025` for the edge; {cite:t}`mingard2021` for the prior over functions and what SGD makes of it; {cite:t}`soudry2018` for the classifier that linear models tend to.
"""
