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
(simple-first)=
# Simple things first

Among the functions that fit, gradient descent learns some before others, and what it learns first it often keeps. This page follows one idea, that strong directions run away from weak ones, through five meanings of "simple": modes, ranks, margins, frequencies, features. The last one shows
that simple is not always good.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import stats
from sklearn import metrics

from overparam import (
    Data,
    claims,
    data,
    figures,
    measures,
    mlp,
    network,
    results,
    scale,
    sweep,
)
from overparam.randomness import generator, rng
from overparam.theory import deep_linear, margins

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, blue = figures.COLORS, figures.SEQUENCE[0]

# %% mystnb={"code_prompt_show": "Sizes"} tags=["hide-input"]
# Sizes
ledger = claims.Ledger("simple-first")
size = scale.sizes(
    draws=(4, 20, 20),
    completion=(60, 4_000, 4_000),
    margin=(400, 2_000, 2_000),
    sines=(200, 1_200, 1_200),
    examples=(2_000, 20_000, 20_000),
    last=(3, 40, 40),
)
draws = scale.seeds(size.draws)

# %% mystnb={"code_prompt_show": "Eight living things and their features"} tags=["hide-input"]
# Eight living things, and the 15 branches of their family tree: a one where a thing belongs to a branch
things = ["canary", "robin", "salmon", "sunfish", "rose", "daisy", "oak", "pine"]
branches = ["living", "animal", "plant", "bird", "fish", "flower", "tree", *things]
levels = [np.repeat(np.eye(2**level), 8 // 2**level, axis=1) for level in range(4)]
tree = torch.from_numpy(np.concatenate(levels))

# %%
h, steps = 0.005, range(0, 1_201, 10)
small = deep_linear.random_start((8, 16, 15), scale=1e-3, seed=draws[0])
learned = deep_linear.descend(small, tree, lr=h, steps=1_200, at=steps)

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**A linear network learns a family tree from the trunk to the twigs.** Left: what a network with one hidden layer and no activation says of eight living things, from no (blue) to yes (orange), while it is trained from small random weights. Right: how strongly the network has each singular mode of the matrix that it learns, and the logistic curves of the theorem below (dashed).", "name": "fig-sf-tree"}} tags=["hide-input"]
# The slider over training time
singular = torch.linalg.svdvals(tree).numpy()
found = deep_linear.strengths(learned, tree).numpy()
parts = deep_linear.growing_parts(small, tree).numpy()
shades = dict(zip(np.unique(singular.round(3)), figures.ramp(4), strict=True))


def shown(t):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 4), width_ratios=(1, 1.2))
    at, time = round(t / h / 10), h * np.array(steps)
    left.pcolormesh(learned[at].flip(0), cmap=figures.colormap(), vmin=0, vmax=1)
    left.set_xticks(np.arange(8) + 0.5, things, rotation=90, fontsize=9)
    left.set_yticks(np.arange(15) + 0.5, branches[::-1], fontsize=9)
    left.grid(False)
    for k, s in enumerate(singular):
        shade = shades[s.round(3)]
        right.plot(time[: at + 1], found[: at + 1, k], color=shade, lw=1.5)
        logistic = deep_linear.logistic_mode(s, parts[k], time)
        right.plot(time, logistic, "--", color=shade, lw=0.9)
    right.set(xlabel="time (steps times h)", ylabel="strength", ylim=(-0.2, 4.2))
    half = (found[at] > singular / 2).sum()
    right.set_title(f"t = {t:g}: {half} of {len(singular)} modes beyond half")
    return fig


alt = "At time {}: a matrix of things against branches, and curves of the strengths of its modes, the strongest first."
moments = (0, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 6)
figures.slider(shown, values=moments, description="Time t", alt=alt, start=1.75)

# %% [markdown]
r"""
Move the slider. First everything is a little alive; then animals part from plants; then birds from fish and flowers from trees; at the very end a canary is told from a robin. Nothing in the loss asks for this order. All entries of the matrix count the same, and a linear network is as able to write down one as the other.

(sf-modes)=
## Modes

Let the network be $W_2 W_1$, its inputs one-hot (in general: white, uncorrelated and of equal variance), and its targets the columns of a matrix $Y = \sum_k s_k u_k v_k^\top$, written with its singular values and vectors. Training minimises $\tfrac12 \lVert Y - W_2 W_1 \rVert^2$ by gradient flow, the limit of gradient descent for small steps: $\dot W_1 = W_2^\top (Y - W_2 W_1)$ and
$\dot W_2 = (Y - W_2 W_1) W_1^\top$. A *mode* is a triple $(s_k, u_k, v_k)$, where $s_k$ is its strength in the targets; in the network its strength is $a_k = u_k^\top W_2 W_1 v_k$. {cite:t}`saxe2014` solved this flow.

::::{predict}
:answer: 3
:source: theory
One mode is half as strong as another, and both start from the same small strength. How much later is the weaker one half learned?

1. At the same time: all entries of the loss have the same weight.
2. Later by a fixed delay, whatever the start.
3. Nearly twice as late.
4. Four times as late, since errors are squared.

:::{dropdown} Answer
C. While it is small a mode grows exponentially, at a rate that is proportional to its strength; half the rate takes twice as long, a little less since it has a shorter way to go.
:::
::::

```{prf:theorem} Modes follow logistic curves
:label: sf-thm-modes
Let $W_1 = \sqrt{a(0)}\, Q V^\top$ and $W_2 = \sqrt{a(0)}\, U Q^\top$ at the start, where the columns of $U$ and $V$ are the $u_k$ and $v_k$, and those of $Q$ are orthonormal. Then modes do not mix, and the strength of each obeys

$$
\dot a_k = 2 a_k (s_k - a_k), \qquad
a_k(t) = \frac{s_k}{1 + \bigl( s_k / a_k(0) - 1 \bigr) e^{-2 s_k t}},
$$ (sf-eq-logistic)

so that it is half learned at $t = \ln\bigl(s_k / a_k(0) - 1\bigr) / (2 s_k)$.
```

```{prf:proof}
Insert $W_1 = Q \operatorname{diag}(c_k) V^\top$ and $W_2 = U \operatorname{diag}(c_k) Q^\top$: then $Y - W_2 W_1 = U \operatorname{diag}(s_k - c_k^2) V^\top$, so $\dot W_1 = Q \operatorname{diag}(c_k (s_k - c_k^2)) V^\top$ and $\dot W_2 = U \operatorname{diag}(c_k (s_k - c_k^2)) Q^\top$. Both have the form that we began with, and both say $\dot c_k = c_k (s_k - c_k^2)$. With $a_k = c_k^2$ this is {eq}`sf-eq-logistic`,
a logistic equation.
```

The factor $a_k$ on the right is the point. It comes from the product: each layer learns in proportion to how large the *other* one is. What is strong grows fast, what has grown grows faster, and what is weak has to wait. A single matrix has no such factor; there $\dot a_k = s_k - a_k$, and all modes are half learned at the same time.
Nor does a random start matter much. As long as both layers are small, $p = W_1 v_k$ and $q = W_2^\top u_k$ obey $\dot p = s_k q$ and $\dot q = s_k p$, so that $p + q$ grows and $p - q$ dies: layers align by themselves, and $\lVert p + q \rVert^2 / 4$ takes the place of $a_k(0)$. The dashed curves above begin there.
"""


# %% mystnb={"code_prompt_show": "The check"} tags=["hide-input"]
# Aligned starts against the formula, with a step and with half of it; random starts against their half-times
def off(seed, lr, initial=1e-3, last=8):
    """Largest distance of a strength from its curve, as a share of the mode's own."""
    at = np.unique(np.linspace(0, last / lr, 81).astype(int))
    aligned = deep_linear.aligned_start(tree, initial, seed)
    grown = deep_linear.descend(aligned, tree, lr, round(last / lr), at)
    curves = [deep_linear.logistic_mode(s, initial, lr * at) for s in singular]
    missed = deep_linear.strengths(grown, tree).numpy() - np.transpose(curves)
    return np.max(np.abs(missed) / singular)


def half_times(seed):
    """When the modes of a random start are half learned, and when by the formula."""
    factors = deep_linear.random_start((8, 16, 15), 1e-3, seed)
    grown = deep_linear.descend(factors, tree, h, 1_200, range(1_201))
    seen = (deep_linear.strengths(grown, tree).numpy() > singular / 2).argmax(0) * h
    initial = deep_linear.growing_parts(factors, tree).numpy()
    return seen, np.log(singular / initial - 1) / (2 * singular)


mode_errors = [off(draws[0], lr) for lr in (0.002, 0.001)]
halves = np.array([half_times(s) for s in draws])

# %% tags=["remove-input"]
late = np.abs(halves[:, 0] / halves[:, 1] - 1)
# between modes of unequal strength: 1, 1, 2 and 4 of the eight are alike
ordered = sum(all(t[:k].max() < t[k:].min() for k in (1, 2, 4)) for t in halves[:, 0])
Markdown(
    f"From an aligned start all modes stay within {mode_errors[0]:.1%} of their curves with a step of 0.002, and within {mode_errors[1]:.1%} with half of it. From {len(draws)} random starts half-times miss the formula by {np.median(late):.0%} in the median and {late.max():.0%} at most, and in {ordered} of them no mode is half learned before a stronger one. The largest misses are of modes that share their strength with others: these mix, which the formula leaves out."
)

# %% [markdown]
r"""
Had the order been a matter of the data alone, a single matrix would show it. It is a matter of *depth*: of parameters that multiply. (That modes *of the inputs* are learned in the order of their variance is another effect, which a single layer has, too; {doc}`/notebooks/03_memorization` has it.)

(sf-rank)=
## Ranks

What if the targets do not say everything? Somebody shows us a few entries of a matrix, and we are to complete it: the problem of a shop that knows a few of its customers' tastes. Any completion fits. Descent on a single matrix leaves the hidden entries where they were. On a product, the rich-get-richer rule of the last section makes
a few modes large before others have begun, and a few modes are often enough. {cite:t}`arora2019matrix` find that further factors enhance this. We hide 70 % of the entries of matrices of rank 2, and to see the limit 85 %. As a rank without a threshold we take the *effective rank*, the exponential of the entropy of the singular values' shares: $k$ equal ones give $k$.

::::{predict}
:answer: 2
:figure: fig-sf-rank
:source: pilot
A third factor makes the rule steeper. With 85 % of the entries hidden there is hardly more information than unknowns. What does the third factor do there to the *rank*, and to the *error on hidden entries*?

1. It lowers both, always: a lower rank is nearer to the truth.
2. It lowers the rank; the error it lowers in most draws and raises in others.
3. It changes neither, since both networks fit what is seen.

:::{dropdown} Answer
B, in our pilot runs: the rank fell in every draw, but in some of them the matrix of low rank was a wrong one. Many matrices of rank 2 or little more fit so few entries.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Matrices with hidden entries, and products of matrices"} tags=["hide-input"]
# Matrices with hidden entries, completed by products of matrices
def problem(seed, share, n=40, rank=2):
    """A matrix of this rank whose entries have mean square 1, and a mask of what is observed of it."""
    g = generator(seed, "completion")
    left, right = (torch.randn(n, rank, generator=g, dtype=torch.float64) for _ in range(2))
    truth = left @ right.T
    return truth / truth.norm() * n, (torch.rand(n, n, generator=g) < share).double()


def completed(seeds, share, factors, spread=1e-3):
    """Error on the hidden entries, relative to their size, and effective rank, for every replicate."""
    problems = [problem(s, share) for s in seeds]
    truth, observed = (torch.stack(each) for each in zip(*problems, strict=True))
    starts = [deep_linear.random_start([40] * (factors + 1), spread, s) for s in seeds]
    start = [torch.stack(same) for same in zip(*starts, strict=True)]
    how = {"observed": observed, "adaptive": True, "tolerance": 1e-6}
    found = deep_linear.descend(start, truth, 2e-3, size.completion, **how)[-1]
    hidden = 1 - observed
    error = (hidden * (found - truth)).norm(dim=(1, 2)) / (hidden * truth).norm(dim=(1, 2))
    table = {"seed": seeds, "error": error, "rank": deep_linear.effective_rank(found)}
    return pd.DataFrame(table).assign(share=share, factors=factors)


# %%
of_completion = ledger.seeds("depth-lowers-the-rank", "depth-improves-recovery")
grid = [(share, factors) for share in (0.3, 0.15) for factors in (1, 2, 3)]
completions = pd.concat([completed(of_completion, *each) for each in grid])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A third factor lowers the rank, and with it the error where enough is seen.** Relative error on the hidden entries of 40 \u00d7 40 matrices of rank 2 against the effective rank of what was learned from 30 % and from 15 % of the entries. One point per replicate.", "name": "fig-sf-rank"}, "image": {"alt": "Two panels of error against effective rank, for 30 and for 15 percent observed. One factor lies at the top right. Two factors lie lower and further left, three at a rank of two; with 15 percent their errors scatter widely."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.3), sharey=True)
for ax, share in zip(axes, (0.3, 0.15), strict=True):
    for factors, color in zip((1, 2, 3), figures.ramp(3), strict=True):
        rows = completions[(completions.share == share) & (completions.factors == factors)]
        ax.loglog(rows["rank"], rows.error, "o", color=color, alpha=0.7, label=str(factors))
    ax.set(title=f"{share:.0%} observed", xlabel="effective rank")
    figures.log_axis(ax, (2, 5, 10, 20))
axes[0].set_ylabel("error on hidden entries")
axes[0].legend(title="factors", loc="lower right")
plt.show()

# %% tags=["remove-input"]
ledger.say("depth-lowers-the-rank", "depth-improves-recovery")

# %% tags=["remove-input"]
by_factors = ["share", "factors"], "seed"
rank, error = (
    measures.by_seed(completions, what, *by_factors) for what in ("rank", "error")
)
of_rank = {share: rank[share, 3] - rank[share, 2] for share in (0.3, 0.15)}
of_error = {share: error[share, 3] / error[share, 2] for share in (0.3, 0.15)}
Markdown(
    f"On this page a third factor changes the effective rank by {claims.mean(of_rank[0.3]):.1f} with 30 % observed and by {claims.mean(of_rank[0.15]):.1f} with 15 %. It multiplies the error by {claims.ratio(of_error[0.3]):.2f} with 30 %; with 15 % it raises it in {(of_error[0.15] > 1).sum()} of {len(of_error[0.15])} replicates."
)

# %% [markdown]
r"""
Had depth been a matter of how much can be expressed, the three would agree: they can write down the same matrices. Why the third factor is steeper: with $D + 1$ balanced factors the equation of a mode is $\dot a = (D + 1)\, a^{2D/(D + 1)} (s - a)$ ({ref}`sf-ex-deeper`), and the power of $a$ grows with depth, from 0 through 1 to $4/3$.

Is there a *norm* that the product minimises? For two factors the nuclear norm, the sum of the singular values, was conjectured. {cite:t}`arora2019matrix` doubt that any norm describes the bias, and {cite:t}`razin2020` give a problem of completion in which every norm goes to infinity while the rank goes down. What is kept low is a rank
and not a size. Nor is low always right: where little is seen the simplest matrix that fits need not be the true one.

(sf-margin)=
## Margins

In classification with cross-entropy training never ends: once every example is right, larger weights are always better. Where does the *direction* go? Take two classes that a line through the origin separates, $y_i = \pm 1$, and the logistic loss (a sum here, not a mean) $L(w) = \sum_i \ln(1 + e^{-y_i w \cdot x_i})$. Let $\hat w$ be the shortest $w$ with $y_i w \cdot x_i \ge 1$ for all $i$: the classifier of
the largest *margin*. Its nearest example is $1 / \lVert \hat w \rVert$ away from its line, and that of no other line is further. {cite:t}`soudry2018` found that descent knows of it.

```{prf:theorem} Descent goes for the largest margin
:label: sf-thm-margin
For almost all separable data the gradient flow of $L$, from any start, is $w(t) = \hat w \ln t + \rho(t)$ with a bounded $\rho$. Hence $w / \lVert w \rVert$ comes to $\hat w / \lVert \hat w \rVert$ at a rate of $1 / \ln t$, and $t\, L(w(t)) \to \lVert \hat w \rVert^2$.
```

*Idea of the proof.* Where all $y_i w \cdot x_i$ are large the flow is $\dot w = \sum_i e^{-y_i w \cdot x_i}\, y_i x_i$ up to smaller terms. Try $w = \hat w \ln t + \rho$ with a constant $\rho$: example $i$ then counts with the weight $t^{-y_i \hat w \cdot x_i} e^{-y_i \rho \cdot x_i}$. That is of order $1/t$ for those at the margin, the *support vectors*, and less for all others. On the
left we have $\hat w / t$. So we need $\hat w = \sum_i \alpha_i y_i x_i$ over support vectors with $\alpha_i = e^{-y_i \rho \cdot x_i} > 0$, and this is what makes $\hat w$ the shortest, by the conditions of Karush, Kuhn and Tucker. The loss times $t$ is $\sum_i \alpha_i = \sum_i \alpha_i\, y_i \hat w \cdot x_i = \lVert \hat w \rVert^2$. Here
examples run away from one another: the ratio of two weights is a power of $t$, and those nearest to the line end with all of it.

::::{predict}
:answer: 4
:figure: fig-sf-margin
The direction is off by $c / \ln t$. After a thousand steps it is off by 0.1, in some unit. How many steps until it is off by 0.05?

1. Two thousand.
2. Four thousand.
3. A hundred thousand.
4. A million.

:::{dropdown} Answer
D: $\ln t$ must double. A limit is one thing and what one meets in practice another. The check below integrates in $\ln t$, to $t = 10^{50}$.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Flows to t = 10\u2075\u2070"} tags=["hide-input"]
# Points in the plane, and the flow of their logistic loss
def separable(seed):
    """Twenty random points at least 0.3 from a random line, and on which side they lie."""
    g = rng(seed)
    normal, x = g.standard_normal(2), g.standard_normal((200, 2))
    sides = x @ normal / np.linalg.norm(normal)
    far = np.flatnonzero(np.abs(sides) > 0.3)[:20]
    return x[far], np.sign(sides[far])


powers, flows = np.array([-3, 1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 50]), []
for points, sides in map(separable, draws):
    best = margins.max_margin(points, sides)
    w = margins.logistic_flow(points, sides, np.log(10) * powers)
    short = np.linalg.norm(best)
    turned = w / np.linalg.norm(w, axis=1, keepdims=True) - best / short
    # the loss is the sum of exp(−margin) where that is small, and far too small for a number
    log_loss = np.logaddexp.reduce(-sides * (w @ points.T), axis=1)
    slope = (w[-1] - w[5]) / (np.log(10) * 44)
    flow = {"turned": np.linalg.norm(turned, axis=1)}
    flow["limit"] = np.abs(np.exp(log_loss + np.log(10) * powers) / short**2 - 1)
    flows.append(flow | {"slope": np.linalg.norm(slope - best) / short})

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The largest margin is approached, and slowly.** Distance of the direction of w from that of the largest margin along the gradient flow of the logistic loss, for sets of points in the plane. Dotted: one over log\u2081\u2080 t, to a factor. A time of a thousand is the 3 on the axis.", "name": "fig-sf-margin"}, "image": {"alt": "Lines against log t, on logarithmic axes. Most fall slowly, in the end about parallel to a dotted line of slope minus one; a few dip and rise before."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3))[1]
for flow in flows:
    ax.loglog(powers[1:], flow["turned"][1:], color=blue, alpha=0.4, lw=1)
ax.loglog(powers[1:], 0.1 / powers[1:], ":", color=colors["threshold"])
figures.log_axis(ax, (1, 3, 6, 12, 24, 50))
ax.set(xlabel="log₁₀ t", ylabel="direction off by", ylim=(1e-4, 1))
plt.show()

# %% tags=["remove-input"]
early, late_on = (max(flow["limit"][k] for flow in flows) for k in (7, -1))
steady = max(flow["slope"] for flow in flows)
Markdown(
    f"At $t = 10^{{50}}$ the loss times $t$ is within {late_on:.1%} of $\\lVert \\hat w \\rVert^2$ for all {len(flows)} sets (at $10^{{12}}$ within {early:.1%}), and from $10^6$ on $w$ has grown by $\\hat w$ per unit of $\\ln t$ within {steady:.1%}. (A line that dips has passed the largest margin and comes from the other side.)"
)

# %% [markdown]
r"""
Does a network do the same? If all its weights and biases are multiplied by $c$, a ReLU network with three layers, and with biases in the first alone, multiplies its outputs by $c^3$: it is *homogeneous*. Its margin is the smallest difference between the output of the right class and the largest other one; *normalized* it is divided by the cube of the norm of all parameters.
{cite:t}`lyu2020` prove that a smoothed version of the normalized margin goes on growing once the loss is small, and that the direction of the parameters tends to stationary points of the problem of the largest margin. In their experiments they divide by the product of the layers' norms, and so do we. At a constant rate one would wait for ever. Like the authors we divide the rate by the loss; theirs
came to $10^{-800}$, less than any floating-point number, so it is the logarithm of the loss that is computed.
"""

# %%
of_margin = ledger.seeds("margin-grows-after-the-fit")
signals = [data.mnist1d(200, 2_000, s, max_translation=1) for s in of_margin]
x, x_test = (
    torch.stack([getattr(d, k) for d in signals]).double() for k in ("x", "x_test")
)
y, y_test = (torch.stack([getattr(d, k) for d in signals]) for k in ("y", "y_test"))
networks = margins.homogeneous_start((40, 40, 40, 10), of_margin)
path = margins.grow_margins(*networks, x, y, x_test, y_test, range(0, size.margin + 1, 10))

# %% mystnb={"code_prompt_show": "When all is fitted"} tags=["hide-input"]
# The first time that the losses sum to less than log 2: every example is right
fits = path.log_loss < np.log(np.log(2) / 200)
fitted = np.where(fits.any(0), fits.argmax(0), -1)  # who never comes there has not grown
each = np.arange(len(of_margin))
grown = {"growth": path.margin[-1] / path.margin[fitted, each]}
grown["of_all"] = path.margin_of_all[-1] / path.margin_of_all[fitted, each]
grown["error"] = 100 * (path.test_error[-1] - path.test_error[fitted, each])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The margin grows several times over after everything is fitted.** Normalized margin and test error of ReLU networks trained on 200 signals at a rate of one over the loss, against steps. One line per replicate; the dot is where the losses sum to less than log 2.", "name": "fig-sf-network-margin"}, "image": {"alt": "Left: normalized margins rise from below zero and go on rising after a dot on each line. Right: test errors, which fall steeply before the dot and slowly after it."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.1))
for ax, curve, color in zip(
    axes, (path.margin, path.test_error), (blue, colors["test"]), strict=True
):
    ax.plot(path.steps, curve, color=color, lw=1, alpha=0.6)
    ax.plot(path.steps[fitted], curve[fitted, each], "o", color=color)
    ax.set_xlabel("steps")
axes[0].set_ylabel("normalized margin")
axes[1].set_ylabel("test error")
figures.sketch(axes[0], ask="How large is the margin after so many steps?")

# %% tags=["remove-input"]
Markdown(
    f"{ledger.say('margin-grows-after-the-fit')} On this page the logarithm of the loss ends at {path.log_loss[-1].mean():.0f}, and from the dot on the test error changes by {claims.mean(grown['error']):.1f} points."
)

# %% [markdown]
r"""
Had training been over with the last error, the lines on the left would be level from the dot on. They rise since the loss can still fall in two ways, by larger parameters and by a better direction, and descent does both. A larger margin is a reason to expect a smaller error on new examples, and by the bounds of {cite:t}`bartlett2002` a formal one. How much comes of it is another matter: {cite:t}`lyu2020` saw margins grow a lot and the test accuracy hardly move.

(sf-frequency)=
## Frequencies

Now a regression in one dimension. The target is a sum of five sines with 1 to 5 cycles and random phases. {cite:t}`rahaman2019` found that ReLU networks learn such sums from the lowest frequency up. They call it the *spectral bias*.

::::{predict}
:answer: 1
:figure: fig-sf-frequency
Let the amplitudes grow with the frequency, so that the fifth sine is five times as strong as the first. Which is learned first?

1. Still the lowest, in most networks.
2. The highest: the first section has shown that strong modes come first.
3. All at the same time, since strength and frequency cancel.

:::{dropdown} Answer
A. Which modes are strong is not a matter of the target alone: the network has a strength of its own for each function, and for ReLU units it falls steeply with frequency.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Sums of sines, and when they are learned"} tags=["hide-input"]
# Sums of five sines, and when their Fourier coefficients are learned
cycles, epochs = np.arange(1, 6), np.arange(0, size.sines + 1, 10)
by_adam = {"optimizer": "adam", "loss": "squared", "epochs": size.sines, "lr": 0.002}
by_adam["record"] = {"weights": epochs}


def sines(seed, growing=False, features=0):
    """The sum at 100 points of [−1, 1), whose amplitudes grow with the frequency or are 1; with random Fourier features as inputs, or x."""
    g, t = rng(seed), np.linspace(-1, 1, 100, endpoint=False)
    phases, amplitudes = (
        g.uniform(0, 2 * np.pi, (5, 1)),
        cycles / 3 if growing else np.ones(5),
    )
    y = amplitudes @ np.sin(np.pi * np.outer(cycles, t) + phases)
    angles = np.pi * np.outer(t, g.normal(0, 4, features))
    x = np.hstack([np.sin(angles), np.cos(angles)]) if features else t[:, None]
    x = x.astype(np.float32)  # a cosine of low frequency may hardly change
    return Data("sines", x, y, x, y, "five sines, synthetic")


def misses(row, sets):
    """Error of each coefficient relative to its target [times, 5]."""
    made = sets[row.data]
    module, outputs = network(row, made), []
    for weights in torch.from_numpy(row.weights):
        torch.nn.utils.vector_to_parameters(weights, module.parameters())
        outputs.append(module(made.x).detach().numpy()[:, 0])
    spectrum, wanted = np.fft.rfft(outputs), np.fft.rfft(made.y.numpy()[:, 0])
    return np.abs(spectrum[:, cycles] / wanted[cycles] - 1)


# %%
lowest = ledger.seeds("low-frequencies-first", "low-frequencies-first-though-weaker")
kinds = {"equal strength": {}, "strength grows": {"growing": True}}
kinds["Fourier features"] = {"features": 32}
missed = {}
for kind, options in kinds.items():
    sums = {s: sines(s, **options) for s in lowest}
    sine_runs = sweep(mlp(128, depth=2), sums, seed={s: s for s in sums}, **by_adam)
    missed[kind] = np.stack([misses(row, sums) for _, row in sine_runs.iterrows()])


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A ReLU network learns low frequencies before high ones, unless its inputs are frequencies already.** Error of the Fourier coefficients of 1 to 5 cycles, relative to their targets, against steps of Adam. Means over replicates. Dotted: a fifth.", "name": "fig-sf-frequency"}, "image": {"alt": "Three panels of five falling curves each. With equal strength and with growing strength the curve of one cycle falls first and that of five cycles last. With Fourier features all five fall at about the same time."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.3), sharey=True)
for ax, (kind, error) in zip(axes, missed.items(), strict=True):
    for k, color in zip(range(5), figures.ramp(5), strict=True):
        ax.plot(epochs[1:], error[:, 1:, k].mean(0), color=color)
    ax.axhline(0.2, linestyle=":", color=colors["threshold"])
    ax.set(title=kind.capitalize(), xlabel="steps", ylim=(0, 1.2))
    figures.log_axis(ax, (10, 100, 1_000))
axes[0].set_ylabel("relative error")
names = ["1 cycle", *(f"{k} cycles" for k in cycles[1:])]
fig.legend(axes[0].lines[:5], names, loc="outside lower center", ncols=5)
plt.show()


# %% mystnb={"code_prompt_show": "The order in numbers"} tags=["hide-input"]
def times_learned(error, within=0.2):
    """Step from which each coefficient [5] is within so much of its target for 50 steps in a row; infinite where never."""
    runs = np.lib.stride_tricks.sliding_window_view(error <= within, 5, axis=0).all(-1)
    return np.where(runs.any(0), epochs[runs.argmax(0)], np.inf)


def tau(times):
    """Kendall's tau of frequency and time; a pair of which neither is learned does not count."""
    pairs = [(times[i], times[j]) for i in range(5) for j in range(i + 1, 5)]
    known = [np.sign(b - a) for a, b in pairs if np.isfinite(min(a, b))]
    return np.mean(known) if known else 0.0


def in_order(errors):
    """What the protocol asks for, one value per replicate."""
    halves = [times_learned(e, 0.5) for e in errors]
    logs = [np.log(np.where(np.isfinite(t), t, np.nan)[1:]) for t in halves]
    slope = [stats.linregress(np.log(cycles[1:]), t).slope for t in logs]
    found = {"half": [tau(t) > 0.7 for t in halves], "slope": slope}
    return found | {"order": [tau(times_learned(e)) > 0.7 for e in errors]}


equal, growing, with_features = map(in_order, missed.values())

# %% tags=["remove-input"]
ledger.say("low-frequencies-first", "low-frequencies-first-though-weaker")

# %% tags=["remove-input"]
never = [np.isinf([times_learned(e) for e in errors]).sum() for errors in missed.values()]
mean_tau = [np.mean([tau(times_learned(e)) for e in errors]) for errors in missed.values()]
Markdown(
    f"On this page Kendall's tau of frequency and time (1 where of any two frequencies the lower is learned first, −1 where the higher always is) is {mean_tau[0]:.2f} on average with equal strength, {mean_tau[1]:.2f} with growing strength and {mean_tau[2]:.2f} with Fourier features; {never[0]}, {never[1]} and {never[2]} of {5 * len(lowest)} coefficients were not learned in time. A coefficient counts as learned within a fifth of its target; {sum(equal['order'])} and {sum(growing['order'])} of {len(lowest)} networks have the order, with one pair out of it at most, and {sum(equal['half'])} and {sum(growing['half'])} where within half is enough."
)

# %% [markdown]
r"""
Had strength in the target been all, the second panel would show the reverse of the first. It shows the same order on average, but not in every network: while strong sines are being learned they disturb the coefficients of weak ones, the more so the stricter "learned" is taken. The reason is once more a race: close to its initialisation a wide network is a linear model with a kernel ({doc}`/notebooks/08_lazy_and_rich`), gradient descent learns the eigenfunctions of that kernel at rates proportional to their eigenvalues, and for ReLU units on a line
eigenvalues fall like a power of the frequency. (The networks above were trained by Adam, for which this is a reason and no proof.) It is a property of the *architecture together with its inputs*:

::::{admonition} Break it: inputs that are frequencies
:class: break-it
The third panel has the same targets of equal strength, but the network sees $\sin$ and $\cos$ of 32 random multiples of $x$ {cite:p}`tancik2020`. For such a network a fast oscillation is as easy as a slow one: all five are learned in the first few steps, and little is left of the order. Whoever wants the details of a picture early uses such inputs, or sines as activations {cite:p}`sitzmann2020`.
::::

(sf-feature)=
## Features

So far simple was mostly good. {cite:t}`shah2020` ask what happens where the simple thing is not the better one. In data made like theirs each of 20 coordinates tells two classes apart, before a rotation hides them. One does so by its sign: a *linear* feature. In each of the others the classes alternate in five *slabs*, so that a function of that coordinate needs four linear pieces. We count with the *AUC*, the area
under the ROC curve: how often the network ranks an example of one class above one of the other, 1 at best and 0.5 by chance.

::::{predict}
:answer: 3
:figure: fig-sf-feature
:source: pilot
A network is trained until it is right on all test examples. Then all 19 slab coordinates are shuffled over the test examples, so that they say nothing any more. What remains of its AUC of 1?

1. About 0.5: nineteen of twenty features are gone.
2. About 0.97: a network that used all twenty loses something without the nineteen.
3. 1.0.
4. About 0.75.

:::{dropdown} Answer
C, in the paper and in our pilot runs. The network uses the linear feature and nothing else, and that it is right on the test set did not tell.
:::
::::
"""

# %%
alone = ledger.seeds("relies-on-the-linear-feature")
slab_sets = {s: data.slabs(size.examples, 2_000, s) for s in alone}
by_sgd = {"lr": 0.1, "record": ["predictions"], "epochs": size.last}
own_seed, net = {s: s for s in alone}, mlp(100, depth=2)
until_fitted = by_sgd | {"batch_size": 256, "stop_loss": 0.002}
on_slabs = sweep(net, slab_sets, seed=own_seed, **until_fitted)
lazy = by_sgd | {"lr": 0.3, "batch_size": 256, "loss": "squared", "output_scale": 30}
lazy_runs = sweep(net, slab_sets, seed=own_seed, **lazy | {"epochs": size.last // 2})

# %%
of_price = ledger.seeds("pays-for-the-simple-feature")
by_sgd |= {"momentum": 0.9, "weight_decay": 5e-4, "batch_size": 128, "stop_loss": 0.01}
noisy, perfect = {}, {}
for s in of_price:
    noisy[s] = data.slabs(size.examples, 2_000, s, count=7, blurred=0.1)
    perfect[s] = data.slabs(size.examples, 2_000, s, count=7, linear=False)
own_seed = {s: s for s in of_price}
both = [sweep(net, sets, seed=own_seed, **by_sgd) for sets in (noisy, perfect)]


# %% mystnb={"code_prompt_show": "AUC and errors"} tags=["hide-input"]
# Each of three test sets: as it is, its linear coordinate shuffled, all other coordinates shuffled
def scores(row, sets):
    """AUC [3] and errors in points [3] of one network."""
    y = sets[row.data].y_test.chunk(3)[0].numpy()
    predicted = row.predictions.reshape(3, -1, 2)
    aucs = [metrics.roc_auc_score(y, part[:, 1] - part[:, 0]) for part in predicted]
    return np.array([aucs, 100 * (predicted.argmax(-1) != y).mean(1)])


aucs, lazy_aucs = (
    np.array([scores(row, slab_sets)[0] for _, row in table.iterrows()])
    for table in (on_slabs, lazy_runs)
)
errors = [
    [scores(row, s)[1] for _, row in r.iterrows()]
    for r, s in zip(both, (noisy, perfect), strict=True)
]
with_linear, without = np.array(errors)
price = {"price": with_linear[:, 0] - without[:, 0], "linear_shuffled": with_linear[:, 1]}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The network uses the one linear feature, even where it is the worst of all.** Left: AUC with one perfect linear feature and 19 perfect slab features; shuffling all slabs changes nothing. Right: test error where the linear feature is noisy, and where it is replaced by slabs. Points are replicates.", "name": "fig-sf-feature"}, "image": {"alt": "Left: the AUC is perfect as it is and with slabs shuffled, and at chance with the linear feature shuffled. Right: test errors of a few points with the noisy linear feature, whether slabs are shuffled or not, at chance with it shuffled, and near zero without it."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.9))
names = ["as it is", "linear shuffled", "slabs shuffled"]
figures.dots(pd.DataFrame(aucs, columns=names), left)
left.set(xlabel="AUC", xlim=(0.4, 1.05), title="Linear feature perfect")
by_row = dict(zip(names, with_linear.T, strict=True)) | {"without it": without[:, 0]}
figures.dots(pd.DataFrame(by_row), right, color=colors["test"])
right.set(xlabel="test error, in points", title="Linear feature noisy")
plt.show()

# %% tags=["remove-input"]
ledger.say("relies-on-the-linear-feature", "pays-for-the-simple-feature")

# %% tags=["remove-input"]
Markdown(
    f"On this page the AUC with the linear feature shuffled is {claims.mean(aucs[:, 1]):.2f}, with all slabs shuffled {aucs[:, 2].mean():.3f}. Lazy networks, which hardly move from their initialisation, have {claims.mean(lazy_aucs[:, 1]):.2f} and {lazy_aucs[:, 2].mean():.3f}. Where the feature is noisy the error is {claims.mean(price['price']):.1f} points above that without it, which is {without[:, 0].max():.1f} at most."
)

# %% [markdown]
r"""
Had the network taken whatever helps, shuffling the linear feature would have hurt little, since nineteen others suffice. It is the rule of the first section with other actors: the linear feature is learned in a few steps, the loss falls, and with the loss falls the gradient from which the others would have been learned. That takes no network that learns features: lazy ones ({doc}`/notebooks/08_lazy_and_rich`) do the same, since a kernel has its order of functions, too. Nor does it take a simple feature. Among twenty slab features of the same kind one is used alone, or nearly so ({ref}`sf-ex-equals`); that the linear one is simple
decides only *which* wins the race. On the right that costs: a tenth of the examples cannot be told by the linear feature, half of them are guessed wrong, and nineteen perfect features stand by. With a digit of MNIST beside a picture of CIFAR-10 {cite:t}`shah2020` find that a network uses the digit alone.

::::{admonition} Break it: better features that are easier
:class: break-it
What a noisy feature leaves wrong keeps the loss up, and with it a gradient. Whether the slabs are found by it, before those examples are memorized, is a matter of how hard they are. The paper's seven slabs are; we take five.
::::
"""

# %%
easier = {s: data.slabs(size.examples, 2_000, s, blurred=0.1) for s in scale.seeds(3)}
easier_runs = sweep(net, easier, seed={s: s for s in easier}, **by_sgd)
with_easier = np.array([scores(row, easier)[1] for _, row in easier_runs.iterrows()])

# %% tags=["remove-input"]
Markdown(
    f"With five slabs the error is {with_easier[:, 0].mean():.1f} points on average over {len(with_easier)} replicates, where it was {with_linear[:, 0].mean():.1f} with seven. It is {with_easier[:, 1].mean():.0f} with the linear feature shuffled and {with_easier[:, 2].mean():.0f} with the slabs shuffled: where shuffling either hurts, both are used."
)

# %% [markdown]
r"""
So the linear feature comes first, but it does not always stay alone: the price of the simple feature is one for better features that are *hard*. (With half as many coordinates seven slabs are easy enough, too.) Where the linear feature is perfect nothing is left to learn from, and the slabs stay out whatever their number.

That first finding is this page's headline. Here are other sizes, other ways to train, and MNIST-1D signals in the place of the slabs.
"""


# %% mystnb={"code_prompt_show": "Signals with a coordinate beside them"} tags=["hide-input"]
# Signals with a coordinate beside them
def beside(seed, n=5_000, tested=2_000):
    """Signals of MNIST-1D, in two classes of five digits each, with one coordinate beside them that tells the classes by its sign."""
    made, g = data.mnist1d(n, tested, seed, max_translation=1), rng(seed, 7)
    y, y_test = ((part >= 5).long() for part in (made.y, made.y_test))
    sizes = torch.from_numpy(g.uniform(0.1, 1, (n + tested, 1)))
    signs, order = (2 * torch.cat([y, y_test])[:, None] - 1) * sizes, g.permutation(tested)
    beacon, shuffled = signs[n:], signs[n:][order]
    pairs = (beacon, made.x_test), (shuffled, made.x_test), (beacon, made.x_test[order])
    x_test = torch.cat([torch.hstack(pair) for pair in pairs])
    x = torch.hstack([signs[:n], made.x])
    return Data(
        "beside", x, y, x_test, y_test.repeat(3), "MNIST-1D and a coordinate", classes=2
    )


# %% mystnb={"code_prompt_show": "The settings"} tags=["hide-input"]
# The settings, one knob at a time
one = {"n": (5_000, 50_000), "inputs": (5, 10, 50), "count": (7,), "width": (30, 300)}
one |= {"depth": (1, 3), "lr": (0.03, 0.3), "momentum": (0.9,), "batch_size": (64, 1_024)}
one |= {"stop_loss": (2e-4,), "weight_decay": (5e-4,), "optimizer": ("adam",)}
one |= {"loss": ("squared",), "dropout": (0.2,), "label_noise": (0.1,), "signals": (True,)}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]


# %% mystnb={"code_prompt_show": "One setting"} tags=["hide-input"]
def in_setting(how):
    """AUC with the linear coordinate shuffled and with all others shuffled in another setting, means over two replicates."""
    rest, seeds = {"lr": 0.001 if "optimizer" in how else 0.1} | how, ledger.selection(2)
    shape = {key: rest.pop(key) for key in ("inputs", "count") if key in rest}
    net, n = mlp(rest.pop("width", 100), rest.pop("depth", 2)), rest.pop("n", size.examples)
    make = (
        beside if rest.pop("signals", False) else lambda s: data.slabs(n, 2_000, s, **shape)
    )
    sets = {s: make(s) for s in seeds}
    rest = {"batch_size": 256, "stop_loss": 0.002, "epochs": size.last} | rest
    table = sweep(net, sets, seed={s: s for s in sets}, record=["predictions"], **rest)
    _, linear, others = np.mean(
        [scores(row, sets)[0] for _, row in table.iterrows()], axis=0
    )
    name = ", ".join(f"{key} {value}" for key, value in how.items()).replace(" True", "")
    keeps = bool(linear < 0.6 and others > 0.99)
    return {
        "setting": name or "as above",
        "linear shuffled": linear,
        "slabs shuffled": others,
        "keeps": keeps,
    }


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Sizes, shapes and ways of training change nothing; on signals the linear feature is not used quite alone.** AUC with all other features shuffled against AUC with the linear one shuffled, one point per setting, means over two replicates. Dotted: 0.6 and 0.99; a network that uses the linear feature alone lies at the top left. Signals: those of MNIST-1D beside a linear coordinate.", "name": "fig-sf-multiverse"}, "image": {"alt": "Scatter of settings. Nearly all lie together in the top left corner that dotted lines cut off; those with signals of MNIST-1D, named, lie just outside of it."}} tags=["hide-input"]
measure = lambda: pd.DataFrame([in_setting(how) for how in settings])
robust, where = results.measured_or_recorded("08_simple_features_multiverse", measure)
ax = figures.settings(robust, "linear shuffled", "slabs shuffled", bounds=(0.6, 0.99))
ax.set(xlabel="AUC, linear feature shuffled", ylabel="AUC, all others shuffled")
ax.set(xlim=(0.4, 1.02), ylim=(0.9, 1.01))
plt.show()

# %% tags=["remove-input"]
Markdown(f"The linear feature is used alone in {results.kept(robust, where)}")

# %% [markdown]
r"""
Had the finding hung on one choice of ours, the points would scatter to the right and downwards. Sizes, shapes of the network and ways of training make no difference that one could see. Signals of MNIST-1D are another matter: the network still relies on the coordinate, but not quite on it alone, and it ends just beyond the bound. They are not as hard as slabs.

(sf-collapse)=
## After the fit

One more kind of simplicity is said to come late. {cite:t}`papyan2020` describe *neural collapse*: after the last training error the last-layer features of a class contract to their mean, the means become equally long and equally far apart, the classifier takes their directions, and the network decides like the nearest class mean. That is four statements, about
deep convolutional networks that are trained for hundreds of epochs. We do not judge them: in pilot runs our small networks showed the first at best and not the others, and nobody claims it of such networks. {ref}`sf-ex-collapse` measures all four. {cite:t}`hui2022` add what one should know before using the picture as an explanation: the collapse is one of the *training* features, on test
data it is far from complete, and training on may make features worse for other tasks.

(sf-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-simple-first`.
"""

# %% tags=["remove-input"]
ledger.theorem("modes-in-order-of-strength", error=max(mode_errors), section="sf-modes")

# %% tags=["remove-input"]
ledger.theorem("max-margin-direction", error=max(late_on, steady), section="sf-margin")

# %% tags=["remove-input"]
ranks = {"rank": of_rank[0.3], "rank_few": of_rank[0.15], "three_factors": rank[0.3, 3]}
ledger.card("depth-lowers-the-rank", **ranks, section="sf-rank")

# %% tags=["remove-input"]
recovery = {"error": of_error[0.3], "error_few": of_error[0.15]}
ledger.card("depth-improves-recovery", **recovery, section="sf-rank")

# %% tags=["remove-input"]
ledger.card("margin-grows-after-the-fit", **grown, section="sf-margin")

# %% tags=["remove-input"]
ledger.card("low-frequencies-first", **equal, section="sf-frequency")

# %% tags=["remove-input"]
ledger.card("low-frequencies-first-though-weaker", **growing, section="sf-frequency")

# %% tags=["remove-input"]
used = {"linear_shuffled": aucs[:, 1], "slabs_shuffled": aucs[:, 2] > 0.99}
used["lazy"] = lazy_aucs[:, 1]
ledger.card("relies-on-the-linear-feature", **used, section="sf-feature")

# %% tags=["remove-input"]
ledger.card("pays-for-the-simple-feature", **price, section="sf-feature")

# %% [markdown]
r"""
**We also asked** what happens with fewer entries, with another norm, with a looser "learned", in lazy networks. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**A norm or a rank?** {cite:t}`gunasekar2018conv` describe the implicit bias of linear networks in classification by norms, one for fully connected networks and another (a quasi-norm, if they are deep) for convolutional ones; {cite:t}`arora2019matrix` and {cite:t}`razin2020` say that for matrix completion a norm will hardly do. **Good or bad?** {cite:t}`arpit2017` find that networks learn simple patterns before they memorize, and {cite:t}`valleperez2019` see in a bias towards simple functions (of random parameters, before any training) the reason that networks generalize; {cite:t}`shah2020` see in such a bias a reason that they fail.
All can be right, since it depends on whether the world is as simple as the network would like. **What people say.** A blog post on double descent asks what "simpler" could mean and takes it to be a smaller norm of the parameters. This page has five other meanings; the norm grows while modes and margins do. An essay says that networks learn simple patterns first and memorize what is left. The order is right, but the patterns that a
network finds simple need not be the common ones or the good ones ({ref}`sf-feature`). A discussion thread lets training begin with gerrymandered regions that merge later; where the first functions to be learned are those of low frequency, it begins with the simple ones.

:::{admonition} "A larger margin means a lower test error"
:class: misconception
It means a better bound. {cite:t}`lyu2020` saw the margin grow and the accuracy hardly change; in {numref}`fig-sf-network-margin` the error falls for a while and then hardly, while the margin goes on growing.
:::

:::{admonition} "The low-rank bias is a small norm, and it always helps"
:class: misconception
There are problems where the rank falls and every norm goes to infinity {cite:p}`razin2020`. And where too little is seen, the matrix of lowest rank that fits may be another one ({numref}`fig-sf-rank`, right).
:::

:::{admonition} "A network that is right on the test set has understood the data"
:class: misconception
It has found something that is enough on the test set. {numref}`fig-sf-feature` has networks that are right everywhere and make no use of nineteen of twenty perfect features.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`08_lazy_and_rich`.

```{exercise} ★ A single matrix
:label: sf-ex-single
Solve $\dot a = s - a$ from $a(0) = 0$, the equation of a mode when a single matrix is trained. When is it half learned? With two factors and $a(0) = 10^{-3}$, when are modes of strengths 4 and 1 half learned, and which share of the second is there when the first is half learned?
```

```{solution} sf-ex-single
:class: dropdown
$a = s (1 - e^{-t})$ is half of $s$ at $t = \ln 2$ whatever $s$ is: no order. With two factors the times are $\ln(3999)/8 = 1.04$ and $\ln(999)/2 = 3.45$. At 1.04 the second is at $1 / (1 + 999\, e^{-2.07}) = 0.8$ %.
```

```{exercise} ★ A deeper mode
:label: sf-ex-deeper
Let $D + 1$ factors be aligned and balanced, so that each has the singular value $c_k$ in mode $k$ and $a_k = c_k^{D + 1}$. Derive $\dot a = (D + 1)\, a^{2D/(D+1)} (s - a)$. How does the time to leave a small $a(0)$ depend on $a(0)$ for $D = 1$ and for $D = 2$, and what does that mean for the *gap* between two modes?
```

```{solution} sf-ex-deeper
:class: dropdown
The gradient of $\tfrac12 (s - c^{D+1})^2$ in one of the factors gives $\dot c = c^D (s - a)$, and $\dot a = (D + 1)\, c^D \dot c = (D+1)\, c^{2D} (s - a)$, with $c^{2D} = a^{2D/(D+1)}$. For small $a$: with $D = 1$, $\dot a = 2 s a$, and the time is $\ln(1/a(0)) / (2s)$ and a constant. With $D = 2$, $\dot a = 3 s\, a^{4/3}$, and the time is
$a(0)^{-1/3} / s$. When mode 1 is learned, a weaker mode 2 stands at about $a(0)^{1 - s_2/s_1}$ with two factors, but with three at $a(0) / (1 - s_2/s_1)^3$, hardly more than at the start: the gap is wider.
```

```{exercise} ★ Support vectors
:label: sf-ex-support
Take $x_1 = (1, 1)$ with label 1, $x_2 = (-1, 0)$ with label −1 and $x_3 = (5, 5)$ with label 1. Find $\hat w$, the $\alpha_i$ and the limit of $t\, L$.
```

```{solution} sf-ex-support
:class: dropdown
$y_2 x_2 = (1, 0)$ asks for $w_1 \ge 1$ and $x_1$ for $w_1 + w_2 \ge 1$. The shortest is $\hat w = (1, 0)$, at which both hold with equality. From $\hat w = \alpha_1 (1, 1) + \alpha_2 (1, 0)$: $\alpha_1 = 0$, $\alpha_2 = 1$. A support vector with $\alpha = 0$ is the exception of the theorem's "almost all": $\rho$ is not bounded here, since
$\alpha_1 = e^{-\rho \cdot x_1}$ would have to be 0, and the direction comes at $\ln \ln t / \ln t$. The limit of $t\, L$ is 1.
```

```{exercise} ★★ What is seen more often
:label: sf-ex-rare
Weight the examples: each plant is seen four times as often as each animal. Which distinctions are learned first now? Find the half-times of "bird or fish" and of "flower or tree". (In `descend` the argument `observed` may hold weights.)
```

```{solution-start} sf-ex-rare
:class: dropdown
```
"""

# %%
often = torch.tensor([0.4] * 4 + [1.6] * 4).expand(15, 8)
factors = deep_linear.random_start((8, 16, 15), 1e-3, draws[0])
path_of = deep_linear.descend(factors, tree, h, 2_400, range(2_401), observed=often)
contrast = torch.tensor([1.0, 1, -1, -1]).double() / 4
apart = {
    "bird or fish": path_of[:, 3, :4] @ contrast,
    "flower or tree": path_of[:, 5, 4:] @ contrast,
}
{
    name: round(float((gap > gap[-1] / 2).float().argmax()) * h, 2)
    for name, gap in apart.items()
}

# %% [markdown]
r"""
With equal weights the two are learned at the same time. Now the distinction among plants comes much earlier than that among animals, although both are equally strong in the tree: what is learned first depends on strength *times* frequency.

```{solution-end}
```

```{exercise} ★★ A start that is not small
:label: sf-ex-scale
Complete matrices with 30 % observed and two factors from products that start at 0.001, 0.1 and 1. What happens to rank and error, and why?
```

```{solution-start} sf-ex-scale
:class: dropdown
```
"""

# %%
seeds = scale.seeds(3)
by_start = pd.concat([completed(seeds, 0.3, 2, s).assign(start=s) for s in (1e-3, 0.1, 1)])
by_start.groupby("start")[["rank", "error"]].mean().round(2)

# %% [markdown]
r"""
The larger the start, the higher the rank and the error. All modes are there from the beginning, none has to wait, and what happens is closer to what a single matrix does: the network is *lazy* in the sense of {doc}`/notebooks/08_lazy_and_rich`.

```{solution-end}
```

```{exercise} ★★★ A faster way to the margin
:label: sf-ex-normalized
Divide the step of gradient descent by the loss, $w \mapsto w - h \nabla L / L$, as for the networks above. After 5,000 steps, how far from the largest margin is the margin of $w / \lVert w \rVert$, and how far is that of plain descent with the same $h = 0.1$?
```

```{solution-start} sf-ex-normalized
:class: dropdown
```
"""


# %%
def margin_lost(seed, normalized):
    """How much smaller than the largest the margin is after 5,000 steps, as a share."""
    x, y = separable(seed)
    signed, w, best = y[:, None] * x, np.zeros(2), margins.max_margin(x, y)
    for _ in range(5_000):
        losses = np.logaddexp(0, -signed @ w)
        slope = np.exp(-signed @ w - losses) @ signed
        w = w + 0.1 * slope / (losses.sum() if normalized else 1)
    return 1 - (signed @ w).min() / np.linalg.norm(w) * np.linalg.norm(best)


# %%
lost = {
    name: np.mean([margin_lost(s, k) for s in draws[:5]])
    for k, name in enumerate(("plain", "normalized"))
}
{name: f"{value:.2%}" for name, value in lost.items()}

# %% [markdown]
r"""
Normalized descent is much closer. Its loss falls exponentially in the number of steps and not like $1/t$, so that a few thousand steps take it to where plain descent would be after more steps than anybody can take.

```{solution-end}
```

```{exercise} ★★★ Does it collapse?
:label: sf-ex-collapse
Train networks of three hidden layers on MNIST-1D signals that are not moved, with weight decay and for many epochs after the fit. `measures.neural_collapse` has the four measures; all are zero at collapse. Which of them fall from the first epoch without training errors to the end, on training and on test features?
```

```{solution-start} sf-ex-collapse
:class: dropdown
```
"""

# %%
long = scale.sizes(epochs=(40, 600, 1200)).epochs
of_two = {s: data.mnist1d(200, 1_000, s, max_translation=1) for s in scale.seeds(2)}
seen = np.unique(np.geomspace(1, long, 30).astype(int))
slow = {"lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4, "batch_size": 40}
slow |= {"schedule": "cosine", "epochs": long}
slow["record"] = dict.fromkeys(("weights", "curves"), seen)
late_runs = sweep(mlp(100, depth=3), of_two, seed={s: s for s in of_two}, **slow)


# %% mystnb={"code_prompt_show": "The four measures"} tags=["hide-input"]
def collapse(row, part, time):
    """The measures on training or test features of one network at one of its times."""
    made = of_two[row.data]
    module = network(row, made, time)
    x, y = (made.x, made.y) if part == "train" else (made.x_test, made.y_test)
    return measures.neural_collapse(module[:-1](x), y, module[-1].weight, module[-1].bias)


changes = {}
for part in ("train", "test"):
    for _, row in late_runs.iterrows():
        first, end = (
            collapse(row, part, k) for k in (np.argmax(row.curve_train_error == 0), -1)
        )
        changes[part, row.data] = {k: f"{first[k]:.2f} → {end[k]:.2f}" for k in first}
pd.DataFrame(changes)

# %% [markdown]
r"""
Little moves. The variability within classes falls somewhat, on training and on test features, where it stays about twice as large; it is far from vanishing. Lengths and directions hardly change, and the class means are not at the corners of a simplex. The nearest class mean agrees with the network on nearly all training examples, but it does so from the start. A small network without convolutions, trained for some thousand steps, does not collapse.
Whether it would after a hundred times as many, this does not say.

```{solution-end}
```

```{exercise} ★★★ Twenty equals
:label: sf-ex-equals
Replace the linear feature by one more slab feature: twenty features of the same kind, each of which would do. How many does a network use? The rotation hides the coordinates, but not from gradients: look for the directions of input space in which the outputs change, and for what is left of the error when the network sees its inputs along the first of them only, or all but that one.
```

```{solution-start} sf-ex-equals
:class: dropdown
```
"""

# %%
equals = {s: perfect[s] for s in list(perfect)[:2]}
kept_weights = by_sgd | {"record": ["weights"]}
equal_runs = sweep(net, equals, seed={s: s for s in equals}, **kept_weights)


# %% mystnb={"code_prompt_show": "Directions that matter"} tags=["hide-input"]
def directions(row):
    """Share of the squared input gradient along its main direction, and errors in points: as it is, along that alone, and without it."""
    made = equals[row.data]
    module, x = network(row, made), made.x_test.chunk(3)[0].clone().requires_grad_()
    y, logits = made.y_test.chunk(3)[0], module(x)
    gradients = torch.autograd.grad((logits[:, 1] - logits[:, 0]).sum(), x)[0]
    values, vectors = torch.linalg.eigh(gradients.T @ gradients)
    along = x @ vectors[:, -1:] @ vectors[:, -1:].T
    wrong = [(module(z).argmax(1) != y).float().mean() for z in (x, along, x - along)]
    return [float(values[-1] / values.sum()), *(100 * float(w) for w in wrong)]


columns = ["share of the gradient", "as it is", "along it alone", "without it"]
of_equals = [directions(row) for _, row in equal_runs.iterrows()]
pd.DataFrame(of_equals, columns=columns).round(3)

# %% [markdown]
r"""
One, or hardly more. Nearly all of the gradient lies along one direction; without that the network guesses, and with that alone it errs as little as with everything. Which of the twenty it is differs from draw to draw. All begin alike, and the one that gets ahead by chance takes the loss, and with it the gradient, away from the others: the race of the first section, without a favourite.

```{solution-end}
```

## Summary

- In a product of layers each learns in proportion to the other, so that strong modes run away from weak ones: logistic curves with half-times of about $\ln(s/a(0)) / (2s)$.
- In matrix completion this gives a low rank, and lower with a third factor; whether the error falls with it depends on how much was seen.
- With cross-entropy the leaders are the examples at the margin. The margin goes on growing after the fit, but at the speed of a logarithm unless the rate is divided by the loss.
- ReLU networks learn low frequencies first, and mostly so even where these are weaker; inputs that are frequencies end it.
- Where one simple feature is enough it is used alone, and even where it is noisy others that are better, but hard, stay unused. Simple first is a bias, and whether it is a good one depends on the data.

**Reading.** {cite:t}`saxe2014` for the exact solutions, {cite:t}`soudry2018` and {cite:t}`lyu2020` for margins, {cite:t}`arora2019matrix` for depth and rank, {cite:t}`rahaman2019` for frequencies, {cite:t}`shah2020` for the pitfalls.
"""
