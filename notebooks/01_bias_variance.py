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
(bias-variance)=
# Bias and variance

Give a polynomial more coefficients and sooner or later it chases the noise. Give a network more units and it gets better, long after it has
more parameters than examples. A trade-off between bias and variance explains the first: what is it a law of?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from numpy.polynomial.legendre import legvander

from overparam import claims, data, figures, measures, mlp, predictions, scale, sweep
from overparam.randomness import generator, rng
from overparam.report import results
from overparam.theory import kernels, trees

figures.style()
colors = figures.COLORS
ledger = claims.Ledger("bias-variance")

# %% mystnb={"code_prompt_show": "The two experiments"} tags=["hide-input"]
# Polynomials: least squares on 20 noisy points of a sine, for 200 draws of the noise
sets = [data.sine(n=20, noise=0.3, seed=s) for s in scale.seeds(200)]
first, coefficients = sets[0], np.arange(1, 21)
x, grid, truth = (a.double().numpy().ravel() for a in (first.x, first.x_test, first.y_test))
labels = np.stack([d.y.double().numpy().ravel() for d in sets])  # [sets, 20]


def smoother(p, at, points=x):
    """The matrix that takes labels at the points to the fit of p Legendre polynomials."""
    return legvander(at, p - 1) @ np.linalg.pinv(legvander(points, p - 1))


def fitted(at):
    return np.stack([labels @ smoother(p, at).T for p in coefficients], 1)  # [sets, p, at]


fits = fitted(grid)
# Networks: one hidden layer, 100 pictures of handwritten digits, five draws
widths = scale.sizes(units=((4, 64), 2 ** np.arange(2, 11), 2 ** np.arange(2, 13))).units
epochs = scale.sizes(epochs=(50, 2000, 2000)).epochs  # at most
descent = {"lr": 0.1, "momentum": 0.9, "epochs": epochs, "stop_loss": 0.01}
networks = sweep(mlp(list(widths)), data.digits(), n=100, seed=scale.seeds(5), **descent)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**More parameters ruin these polynomials and help these networks.** Left: training error falls to nothing, test error turns and climbs by orders of magnitude. Right: from 16 units on there are more parameters than numbers to fit, and the widest networks have the lowest test error. Means over training sets with 95 % bands.", "name": "fig-puzzle"}, "image": {"alt": "Two panels. Left, polynomial error against coefficients, logarithmic: training error falls to zero while test error reaches a minimum and then climbs by orders of magnitude. Right, network error against width: training error drops to zero and test error falls throughout."}} tags=["hide-input"]
table = {"coefficients": np.tile(coefficients, 200)}
table["train"] = ((fitted(x) - labels[:, None]) ** 2).mean(-1).ravel()
table["test"] = ((fits - truth) ** 2).mean(-1).ravel() + 0.3**2
polynomials = pd.DataFrame(table)
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
figures.lines(polynomials, "coefficients", ["train", "test"], left, markersize=3)
figures.lines(networks, "width", {"train_error": "train", "test_error": "test"}, right)
left.set(
    yscale="log", ylim=(3e-3, 1e5), ylabel="mean squared error", xticks=[1, 5, 10, 15, 20]
)
left.set_title("Polynomials, 20 points")
right.set(xscale="log", xlabel="hidden units", ylabel="share misclassified")
right.set_title("Networks, 100 pictures")
right.legend()
plt.show()

# %% tags=["remove-input"]
widest = networks[networks.width == max(widths)]
Markdown(
    f"The widest network has {widest.parameters.iloc[0]:,} parameters for 100 pictures of 10 classes. It misclassifies {100 * widest.train_error.mean():.0f} % of the "
    f"pictures that it was trained on, and {claims.mean(100 * widest.test_error):.1f} % of new ones."
)

# %% [markdown]
r"""
(polynomials)=
## One curve, many training sets

One training set gives one curve. To see what is systematic and what is luck, draw many: the same 20 places, $y = \sin 5x + \varepsilon$, fresh noise
$\varepsilon \sim \mathcal N(0, 0.3^2)$ each time.

::::{predict}
:answer: 3
:figure: fig-fan
As the number of coefficients grows from 1 to 20, what happens to the fits of *different training sets* to the same curve?

1. They all come closer to the truth.
2. They come closer to each other, and further from the truth.
3. They come closer to the truth on average, and further from each other.

:::{dropdown} Answer
C: the average over training sets settles on the truth while single fits fan out, first at the edges.
:::
::::
"""


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**Too few coefficients: all fits are wrong together. Too many: right on average, wrong one at a time.** Polynomials fitted to 25 training sets (thin), the mean over all 200 (dashed), and the truth.", "name": "fig-fan"}} tags=["hide-input"]
# The slider over the number of coefficients
def fan(p):
    fig, ax = plt.subplots(figsize=(7.2, 4.1))
    ax.plot(grid, fits[:25, p - 1].T, color=colors["variance"], alpha=0.25, linewidth=0.8)
    ax.plot(grid, truth, color=colors["true_labels"], linewidth=2.5, label="truth")
    ax.plot(
        grid, fits[:, p - 1].mean(0), "--", color=colors["bias"], label="mean of all fits"
    )
    ax.plot(x, labels[0], "o", color=figures.INK, label="one training set")
    error = polynomials[polynomials.coefficients == p].mean()
    ax.set_title(f"Mean squared error {error.train:.3f} (train), {error.test:.3g} (test)")
    ax.set(ylim=(-2.6, 2.6), xlabel="x", ylabel="y")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig


alt = (
    "Fits of 25 training sets with {} coefficients, their mean, the true curve, 20 points."
)
values = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20)
figures.slider(fan, "Coefficients", alt, start=4, values=values)

# %% [markdown]
r"""
At the left end the *average* fit is wrong, and no number of training sets helps. In the middle the average is right and so is each fit. Further
right the *expected* fit is still right, but nobody gets to see it: you have one training set. (At 18 and 20 coefficients not even the mean of 200 fits shows it: their variance, divided by 200, is still large.)

The two ways of being wrong have names. Let $S$ be everything that is random when a predictor is made, $f(x; S)$ its prediction,
$\bar f(x) = \mathbb E_S f(x; S)$ the mean, and $y = f^*(x) + \varepsilon$ a test label with noise of mean zero and variance $\sigma^2$ that knows nothing of $S$.

```{prf:theorem} Bias–variance decomposition
:label: thm-decomposition
At every $x$ where $\mathbb E f^2 < \infty$, with $f$ short for $f(x; S)$,

$$
\underbrace{\mathbb E\,(f - y)^2}_{\text{risk}}
= \underbrace{(\bar f - f^*)^2}_{\text{bias}^2}
+ \underbrace{\mathbb E\,(f - \bar f)^2}_{\text{variance}}
+ \underbrace{\sigma^2}_{\text{noise}} .
$$ (eq-decomposition)
```

```{prf:proof}
Write $f - y = (\bar f - f^*) + (f - \bar f) - \varepsilon$ and square. The first bracket is a constant, the second has mean zero by the
definition of $\bar f$, and $\varepsilon$ has mean zero and is independent of $S$. So all cross terms vanish in expectation.
```

Note how little was used: nothing about parameters, about training, or about how either term moves when a model grows. The identity holds for a
tree, a network and a student's guess ({cite:t}`geman1992` is the classical account). It needs the squared error; for the share of misclassified
examples several definitions compete, and in none is bias the error of the most frequent answer, with a variance that always adds to it.

An identity can still be implemented wrongly. So here its right side comes from one half of the training sets, and its left side from the errors of the
other half on noisy labels.
"""

# %%
one, other = fits[:100], fits[100:]
noisy = truth + 0.3 * rng(scale.seed_offset()).standard_normal((100, 1, len(grid)))
bias2, variance = (part.mean(-1) for part in measures.bias_variance(one, truth))
table = pd.DataFrame({"bias²": bias2, "variance": variance, "noise": 0.09}, coefficients)
table["sum"] = table.sum(axis=1)
table["risk"] = [f"{claims.mean(r):.3f}" for r in ((other - noisy) ** 2).mean(-1).T]
table.loc[[1, 2, 4, 6, 8, 10, 12, 14]].rename_axis("coefficients").round(3)

# %% [markdown]
r"""
The last two columns agree as well as two halves of 100 training sets can; the brackets have the uncertainty of one half only. (An unbiased estimate of bias² may be a little below zero: the variance of the
mean fit was subtracted from it.)

## The U, and what forces it

::::{predict}
:answer: 2
:figure: fig-noise
Which way does the best number of coefficients move when the labels become noisier?

1. Nowhere: the truth has not changed.
2. To fewer coefficients.
3. To more coefficients, to average the noise away.

:::{dropdown} Answer
B, in jumps. Bias does not depend on the noise and variance is proportional to $\sigma^2$, so noise lifts the rising branch only. Without noise
there is no variance here, and no U.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**Noise pushes the bottom of the U to the left, never to the right.** Squared bias, variance, noise and their sum, the risk, of least-squares polynomials, computed exactly: noise lifts the variance and leaves the bias where it is.", "name": "fig-noise"}} tags=["hide-input"]
# The slider over the noise
exact_bias2 = [
    ((smoother(p, grid) @ np.sin(5 * x) - truth) ** 2).mean() for p in coefficients
]
unit_variance = np.array([(smoother(p, grid) ** 2).sum(1).mean() for p in coefficients])


def u_curve(sigma):
    fig, ax = plt.subplots(figsize=(7.2, 4.2))
    parts = {"bias": np.array(exact_bias2), "variance": sigma**2 * unit_variance}
    parts["noise"] = np.full(20, sigma**2)
    for name, values in parts.items():
        look = {"color": colors[name], "linestyle": figures.dash(colors[name])}
        ax.plot(coefficients, values, label=name.replace("bias", "bias²"), **look)
    risk = sum(parts.values())
    ax.plot(coefficients, risk, color=colors["risk"], linewidth=3, label="risk")
    ax.plot(risk.argmin() + 1, risk.min(), "o", color=figures.INK, markersize=8)
    ax.set(yscale="log", ylim=(1e-5, 30), xticks=[1, 5, 10, 15, 20])
    ax.set(xlabel="coefficients", ylabel="squared error")
    ax.set_title(
        f"Noise σ = {sigma:g}, smallest risk {risk.min():.2g}, coefficients: {risk.argmin() + 1}"
    )
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig


alt = "Squared bias, variance, noise and risk of polynomials against coefficients at noise {}."
values = (0.03, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0)
figures.slider(u_curve, "Noise σ", alt, start=0.3, values=values)

# %% [markdown]
r"""
Nothing is sampled in this figure. A least-squares fit is linear in the labels, $f(x; S) = s(x)^\top y$, so its mean is $s(x)^\top$ applied to the true values
and its variance is $\sigma^2 \lVert s(x) \rVert^2$. How much of the U is a law?

```{prf:theorem} Least squares at its own inputs
:label: thm-own-inputs
Fit $p$ linearly independent columns to labels at $n$ fixed inputs. Averaged over these inputs the variance is $\sigma^2 p / n$; and if columns are
added, the average squared bias never rises.
```

```{prf:proof}
The fitted values are $P y$ with $P$ the orthogonal projection onto the span of the columns. Their summed variance is
$\sigma^2 \operatorname{tr} P P^\top = \sigma^2 \operatorname{tr} P = \sigma^2 p$; the summed squared bias is $\lVert f^* - P f^* \rVert^2$, the squared distance to the span,
and a larger span is nowhere further away.
```

That is the trade-off, and it is as far as it goes: *at the inputs of the training set*. Elsewhere variance can only rise with $p$, too, but bias is free to rise with
it ({ref}`ex-runge`), and nothing says where the sum has its minimum, or that it has only one.

If the training inputs are drawn at random, not even the variance is bound to rise. The simplest case that can be written down is a linear model of which only the first
$p$ inputs are used.

```{prf:proposition} The price of a coefficient
:label: prop-price
Let $y = x^\top \beta + \varepsilon$ with $x \sim \mathcal N(0, I_d)$, and let least squares on $n$ examples use the first $p < n - 1$ inputs. Let
$b^2$ be the squared length of the part of $\beta$ that is left out. Then the risk less $\sigma^2$ is

$$
\underbrace{b^2}_{\text{bias}^2} + \underbrace{(\sigma^2 + b^2)\, \frac{p}{n - p - 1}}_{\text{variance}} .
$$ (eq-price)
```

```{prf:proof}
The inputs left out are independent of those used, so they act as noise of variance $b^2$ on the training set, and add $b^2$ at the test point. With $X$ the
used inputs and $e$ the whole noise, $\hat\beta - \beta_{1..p} = (X^\top X)^{-1} X^\top e$ has mean zero and covariance $(\sigma^2 + b^2) (X^\top X)^{-1}$ given $X$.
$X^\top X$ is Wishart with $n$ degrees of freedom, and its inverse has mean $I_p / (n - p - 1)$; take the trace.
```

::::{admonition} Break it: a coefficient that lowers both
:class: break-it
A further coefficient raises the factor on the right; but it also takes something out of $b^2$, and $b^2$ stands in *both* terms. Let $n = 100$, $\sigma^2 = 0.25$, and let the
20 inputs in use leave $b^2 = 1$, half of which belongs to input number 21. Use it.
::::
"""


# %% mystnb={"code_prompt_show": "Least squares on the first p inputs"} tags=["hide-input"]
# Least squares on the first p inputs
def price(p, beta, n=100, sigma2=0.25, repeats=2000):
    """Bias² and variance of least squares on the first p inputs, by formula and measured."""
    draw, b2 = rng(p + scale.seed_offset()), (beta[p:] ** 2).sum()
    X, noise = draw.standard_normal((repeats, n, 22)), draw.standard_normal((repeats, n, 1))
    used, y = X[..., :p], X @ beta[:, None] + sigma2**0.5 * noise
    estimates = np.linalg.solve(used.mT @ used, used.mT @ y)[..., 0]
    found = claims.mean(((estimates - beta[:p]) ** 2).sum(1))
    return {
        "bias²": b2,
        "variance": (sigma2 + b2) * p / (n - p - 1),
        "measured": f"{found:.3f}",
    }


# %%
beta = np.array([0.1] * 20 + [0.5**0.5] * 2)
pd.DataFrame({p: price(p, beta) for p in (10, 20, 21, 22)}).T.rename_axis("p")

# %% [markdown]
r"""
From 20 to 21 coefficients bias² *and* variance fall. So the formula has two terms that need not trade, and "more parameters, less bias, more variance" is no theorem about least squares on random
inputs. What the formula does force is a **wall**: as $p \to n$ the price of a coefficient grows without bound. It says nothing about what lies behind.

(networks)=
## Networks: what width does

::::{predict}
:answer: 1
:figure: fig-networks
Networks of one hidden layer, each trained on its own training set from its own start. Once they are wide enough to fit, what do squared bias and variance of the predicted class
probabilities do as width grows further?

1. Both fall.
2. Bias falls, variance rises, as for polynomials, only more slowly.
3. Bias falls, variance stays.

:::{dropdown} Answer
A: the variance clearly, bias² a little.
:::
::::

We measure on MNIST-1D {cite:p}`greydanus2024`, short signals in ten classes that a program draws, so that every replicate can have its own. A replicate is a *world*: two training sets of 300 examples that share none, crossed with two
initialisations, so that each meets each, and a test set. The target is the label as a 0/1 vector, and squared errors are summed over the ten classes.

How can so few networks tell bias from variance? Multiply the errors $e$ and $e'$ of two of them. The mean of $\langle e, e' \rangle$ over the test set is an unbiased estimate ({ref}`ex-pairs`)

- of bias², if the two share neither training set nor start;
- of bias² plus the variance that the training set alone makes, if they share the training set;
- of the risk, if they are the same network.
"""


# %% mystnb={"code_prompt_show": "One world"} tags=["hide-input"]
# One world
def world(seed, widths, n=300, noise=0.0, digits=False, depth=1, **how):
    """Parts at every width: two training sets of n crossed with two initialisations."""
    pool = data.digits(seed=seed) if digits else data.mnist1d(2 * n, 1000, seed)
    noisy = data.corrupt_labels(pool.y, noise, 10, generator(seed, "label noise"))
    sets = data.disjoint(replace(pool, y=noisy), n, 2)
    starts = {"init_seed": [2 * seed, 2 * seed + 1], "record": ["predictions"]}
    runs = sweep(mlp(list(widths), depth), sets, **starts, **(descent | how))
    target, rows = np.eye(10)[pool.y_test], []
    for width, group in runs.groupby("width"):
        row, outputs = (
            {"seed": seed, "width": width},
            predictions(group, "data", "init_seed"),
        )
        if not group.diverged.any():  # else this world has no parts at this width: NaN
            crossed = measures.CrossedRuns(outputs, target.ravel(), len(target))
            row |= crossed.components().named()
        rows.append(row)
    return pd.DataFrame(rows)


def change(table, part, wide, narrow):
    """A part of the error at one width over that at another, in each world."""
    parts = measures.by_seed(table, part, "width", "seed")
    return parts[wide] / parts[narrow]


# %%
units = ((4, 16, 64, 256, 1024), 2 ** np.arange(2, 11), 2 ** np.arange(2, 13))
widths = scale.sizes(units=units).units
findings = [
    "both-decrease-with-width",
    "initialisation-part-falls",
    "sampling-part-constant",
]
worlds = pd.concat([world(seed, widths) for seed in ledger.seeds(*findings)])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**From 16 units on, where these networks fit, bias and variance both fall with width.** To the left of it, where they do not, the variance rises. Means over worlds with 95 % bands.", "name": "fig-networks"}, "image": {"alt": "Squared bias and variance against width. Bias falls to about 256 units and is nearly level from there. Variance rises from 4 to 16 hidden units and then falls."}} tags=["hide-input"]
ax = figures.lines(
    worlds, "width", ["bias²", "variance"], plt.subplots(figsize=(7.2, 3.6))[1]
)
ax.axvline(16, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.text(17, 0.05, "all fit from here on", color=colors["threshold"])
figures.log_axis(ax, (4, 16, 64, 256, 1024))
ax.set(xlabel="hidden units", ylabel="squared error", ylim=(0, None))
ax.legend()
plt.show()


# %% tags=["remove-input"]
ledger.say("both-decrease-with-width")

# %% [markdown]
r"""
That sentence comes from the book's record: worlds that were drawn after everything had been decided, how to measure and what would count ({doc}`/book/judging`). The figure has others.
Had one of the two grown, its factor would exceed 1. This is what {cite:t}`neal2018` report for fully connected networks, and it retires one sentence: *more parameters, hence more variance*. It
was never in the decomposition. It is a pattern of some families of models, taken for a law.

A finding may hang on settings that nobody thought about. So we vary them, mostly one at a time: size and kind of data, label noise, optimizer, step, momentum, batch, weight decay, stopping, depth, loss.
"""

# %% mystnb={"code_prompt_show": "The settings, and the run that was recorded"} tags=["hide-input"]
# The settings, and the run that was recorded
one = {"n": (200, 400, 600), "noise": (0.1, 0.2), "digits": (True,), "lr": (0.03, 0.3)}
one |= {"momentum": (0, 0.5), "batch_size": (30, 100), "stop_loss": (0.002, 0.1)}
one |= {"weight_decay": (1e-4, 1e-3), "depth": (2, 3)}
settings = [{}, *({name: v} for name, values in one.items() for v in values)]
settings += [{"loss": "squared", "stop_loss": 0.003}, {"digits": True, "noise": 0.1}]
settings += [{"optimizer": "adam", "momentum": 0, "lr": lr} for lr in (0.003, 0.01, 0.03)]


def multiverse():
    """How variance and bias² change from 16 to 1,024 units in every setting."""
    rows = []
    for how in settings:
        found = pd.concat([world(s, (16, 1024), **how) for s in ledger.selection(4)])
        changes = {p: change(found, p, 1024, 16) for p in ("variance", "bias²")}
        parts = {p: claims.ratio(ratios).value for p, ratios in changes.items()}
        name = ", ".join(f"{key} {value}" for key, value in how.items()) or "as above"
        rows.append({"setting": name} | parts | {"keeps": max(parts.values()) < 1})
    return pd.DataFrame(rows)


record = "01_bias_variance_multiverse"
robust, where = results.measured_or_recorded(record, multiverse)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**In nearly all settings both keep their sign.** Factors by which variance and squared bias change from 16 to 1,024 hidden units, one point per setting, geometric means over four worlds. Below and left of the lines both fall.", "name": "fig-multiverse"}, "image": {"alt": "Scatter of the factor for squared bias against the factor for variance. Nearly all points lie where both are below 1."}} tags=["hide-input"]
ax = figures.settings(robust, "variance", "bias²", (1, 1), colors["variance"])
ax.set(xlabel="variance at 1,024 units over that at 16", ylabel="the same for bias²")
plt.show()

# %% tags=["remove-input"]
Markdown(f"Both fall in {results.kept(robust, where)}")

# %% [markdown]
r"""
The exception shows where the finding ends: with the squared loss 16 units do not fit their training sets in time, so that the comparison starts from the other side of the dotted line in {numref}`fig-networks`.

::::{admonition} Break it: too narrow to fit
:class: break-it
To the left of that line the textbook is right: what each further unit adds is room for the particular training set and start, and the
variance *rises* with width. So it has a hump, as {cite:t}`yang2020` report; {ref}`ex-label-noise` asks what label noise does to it.
::::
"""

# %% tags=["remove-input"]
Markdown(
    f"From 4 to 16 units the variance is multiplied by {claims.ratio(change(worlds, 'variance', 16, 4)):.2f}."
)

# %% [markdown]
r"""
(split)=
## Where the variance comes from

The prediction of a network depends on two draws, the training set, which is all that $S$ means from here on, and the initialisation $\theta_0$. By the law of total variance,

$$
\operatorname{Var} f
= \underbrace{\mathbb E_S \operatorname{Var}_{\theta_0} f}_{\text{from initialisation}}
+ \underbrace{\operatorname{Var}_S\, \mathbb E_{\theta_0} f}_{\text{from sampling}} .
$$ (eq-total-variance)

The first is what an *ensemble* removes, the average of networks that differ only in their start; the second is what it leaves.

::::{predict}
:answer: 2
:figure: fig-split
Which of the two does width take away?

1. The part from sampling: a wide network has seen it all.
2. The part from initialisation: a wide network is an average over many units.
3. Both alike.

:::{dropdown} Answer
B. The part from sampling even grows at first.
:::
::::

Why should width do anything to either? Here is a mechanism that can be proved, for a network whose first layer is never trained: {term}`random features`, then least
squares, the minimum-norm solution.

```{prf:proposition} The price of few features
:label: prop-features
Let the features $\varphi_1, \dots, \varphi_N$ be independent Gaussian functions of $x$ with mean zero and covariance $k(x, x')$, and let $c$ be the shortest vector with
$\sum_j c_j \varphi_j(x_i) = y_i$ for $n < N - 1$ examples. Let $K$ be the matrix $k(x_i, x_j)$, which is to be invertible, and $k_x$ the vector $k(x, x_i)$. Then $f(x) = \sum_j c_j \varphi_j(x)$ has, over the draw of the features,

$$
\mathbb E f(x) = k_x^\top K^{-1} y, \qquad
\operatorname{Var} f(x) = \bigl(k(x, x) - k_x^\top K^{-1} k_x\bigr)\, \frac{y^\top K^{-1} y}{N - n - 1} .
$$ (eq-features)
```

```{prf:proof}
Let $F$ be the $n \times N$ matrix of features, so $c = F^+ y$. Given $F$, each $\varphi_j(x)$ is Gaussian with mean $k_x^\top K^{-1} F_{\cdot j}$ and variance $r^2 = k(x, x) - k_x^\top K^{-1} k_x$. So
$f(x) = k_x^\top K^{-1} F F^+ y + r\, g^\top F^+ y$ with $g \sim \mathcal N(0, I_N)$ independent of $F$. As $F F^+ = I$, the first term is $k_x^\top K^{-1} y$; the second has mean zero and variance
$r^2\, \mathbb E\, y^\top (F F^\top)^{-1} y$, and $F F^\top$ is Wishart with $N$ degrees of freedom and scale $K$, so its inverse has mean $K^{-1} / (N - n - 1)$.
```

The mean does not depend on $N$ at all: it is kernel regression. All that width does is to shrink the spread around it, as $1/N$ once $N \gg n$. It is {eq}`eq-price` with the roles exchanged: features in the place of examples, examples in that of coefficients.
The ReLU features of a network are neither Gaussian nor of mean zero; for $k$ we take the mean of their product. So we measure: $n = 100$ examples of a linear function of 25 inputs, without noise, in worlds of 12 training sets crossed with 12 draws of features.
"""


# %% mystnb={"code_prompt_show": "One world of random features, and what the proposition says of it"} tags=["hide-input"]
# One world of random features
def features_world(seed, N, ridge=1e-6, draws=12):
    """Training sets of 100 crossed with draws of N random ReLU features."""
    seeds = [1000 * seed + s for s in range(draws)]
    sets = [data.linear_teacher(100, 25, 0.0, s, 500, teacher_seed=seed) for s in seeds]
    points = torch.cat([*(d.x for d in sets), sets[0].x_test]).double()
    y, fits = torch.stack([d.y for d in sets]).double(), []
    for s in seeds:
        drawn = kernels.relu_features(points, N, generator(s, "features"))
        train, test = drawn[:-500].view(draws, 100, N), drawn[-500:]
        fits.append((test @ kernels.ridge(train, y, ridge)).squeeze(-1))
    truth = sets[0].y_test.ravel().numpy()
    return measures.CrossedRuns(torch.stack(fits, 1).numpy(), truth, 500)


def predicted(seed, N):
    """The variance over features that the proposition gives, for the first training set."""
    d = data.linear_teacher(100, 25, 0.0, 1000 * seed, 500, teacher_seed=seed)
    x, at, y = (part.double() for part in (d.x, d.x_test, d.y))
    K, k = kernels.relu_kernel(x, x), kernels.relu_kernel(at, x)
    rest = kernels.relu_kernel(at, at).diagonal() - (k * torch.linalg.solve(K, k.T).T).sum(
        1
    )
    return (rest.mean() * (y.T @ torch.linalg.solve(K, y))).item() / (N - 101)


# %%
COUNTS = (25, 50, 90, 100, 110, 200, 400, 800)
seeds = ledger.seeds("bias-falls-while-variance-peaks", "averaging-removes-the-peak")
crossed = {(seed, N): features_world(seed, N) for seed in seeds for N in COUNTS}
rows = [{"seed": s, "N": N} | c.components().named() for (s, N), c in crossed.items()]
features = pd.DataFrame(rows)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Width takes down the dependence on the start, not that on the data.** Left: random features beyond N = n. Their variance from initialisation is what the proposition says (dashed), with nothing fitted. Right: trained networks. From 16 units on the part from initialisation falls too, but more slowly than 1/width (dashed); the part from sampling rises and then levels off. Means over worlds with 95 % bands.", "name": "fig-split"}, "image": {"alt": "Two panels on logarithmic axes. Left, the variance from initialisation of random features falls along a dashed line. Right, for networks the part from initialisation rises to 8 units and then falls, less steeply than a dashed line; the part from sampling rises at first and is level from about 256 units on."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.7))
hues = {"from initialisation": figures.SEQUENCE[3], "from sampling": figures.SEQUENCE[0]}
dashed = {"linestyle": ":", "color": figures.INK, "linewidth": 1.5}
wide = features[features.N > 100]
figures.lines(wide, "N", ["from initialisation"], left, hues)
theory = wide.assign(
    theory=[predicted(s, N) for s, N in zip(wide.seed, wide.N, strict=True)]
)
left.plot(theory.groupby("N").theory.mean(), **dashed, label="the proposition")
figures.lines(worlds, "width", list(hues), right, hues)
last = worlds.groupby("width")["from initialisation"].mean().iloc[-1]
right.plot(widths[-4:], last * widths[-1] / widths[-4:], **dashed, label="∝ 1/width")
left.set(yscale="log", xlabel="features N", ylabel="variance")
right.set(yscale="log", xlabel="hidden units")
figures.log_axis(left, (110, 200, 400, 800))
figures.log_axis(right, (4, 16, 64, 256, 1024))
left.set_title("Random features")
right.set_title("Trained networks")
left.legend()
right.legend(fontsize=9.5)
plt.show()

# %% tags=["remove-input"]
start, data_part = "from initialisation", "from sampling"
times = (theory[start] / theory.theory).mean()
Markdown(
    f"Random features: the measured variance is {times:.2f} times the predicted one. Networks, of which no "
    f"formula is known: {ledger.say('initialisation-part-falls')}"
)

# %% tags=["remove-input"]
ledger.say("sampling-part-constant")

# %% [markdown]
r"""
So a wide network is nearly *reproducible*: start it from another draw of weights, and it ends at much the same function. What it depends on is the data, and from 16 to 256 units *more* and more so.
(The paper found this part roughly constant. Its training sets were drawn from one pool of pictures and ours share nothing, which may or may not be the reason.)
Perhaps the function of a narrow network is so much an accident of its start that little of the training set comes through. Two things would have shown the opposite: a part from initialisation that stays,
and one from sampling that goes. Then wide networks would need ensembles and not data.

The mechanism carries over in direction and not in rate. Features that are trained change with the training set and with each other, and no proof that we know covers it; {ref}`ex-rate`
asks what decides the rate.

::::{admonition} Break it: a large step
:class: break-it
The argument needs features that stay about where they were. Adam divides each gradient by its own size, so all weights move at one speed, whatever the width, and a wide layer as
a whole moves far. Train with Adam and a step size of 0.03, to the same loss.
::::
"""

# %%
adam = {"optimizer": "adam", "momentum": 0, "lr": 0.03}
same = ledger.seeds("initialisation-part-falls")
by_adam = pd.concat([world(seed, (16, 64, 256, 1024), **adam) for seed in same])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**With large steps of Adam hardly any fall is left from 256 units on.** Variance from initialisation of networks that are wide enough to fit, trained by gradient descent and by Adam to the same training loss. Means over worlds with 95 % bands.", "name": "fig-adam"}, "image": {"alt": "Variance from initialisation against width on logarithmic axes. With gradient descent it falls throughout; with Adam it falls to 256 units and hardly from there."}} tags=["hide-input"]
both = {"gradient descent": worlds[worlds.width >= 16], "Adam, step 0.03": by_adam}
both = pd.concat([table.assign(optimizer=name) for name, table in both.items()])
ax = figures.plot(both, "width", start, "optimizer", plt.subplots(figsize=(7.2, 3.3))[1])
figures.log_axis(ax, (16, 64, 256, 1024))
ax.set(yscale="log", xlabel="hidden units", ylabel="variance from initialisation")
ax.legend()
plt.show()

# %% tags=["remove-input"]
widest, with_adam = (change(table, start, 1024, 256) for table in (worlds, by_adam))
Markdown(
    f"From 256 to 1,024 units the part from initialisation is multiplied by {claims.ratio(with_adam):.2f} with Adam, and by "
    f"{claims.ratio(widest):.2f} with gradient descent. A claim about width is a claim about width *and how one trains*."
)

# %% [markdown]
r"""
(peak)=
## A peak, and whose fault it is

{eq}`eq-features` has a second message: at $N = n + 1$ it divides by zero. Between "cannot fit" and "fits with room to spare" lies the size at which a model can *just* fit. Look at it in one dimension first: 20 noisy points, and $N$ random waves,
$\cos(v x + b)$ with random $v$ and $b$.
"""


# %% mystnb={"code_prompt_show": "Fits with random waves", "figure": {"caption": "**N = n is where a fit is possible only at any price.** Minimum-norm fits with N random waves to the same 20 points (dots), for five draws of the waves; dashed: the truth.", "name": "fig-waves"}, "image": {"alt": "Three panels of curves through 20 points. With 12 waves the curves are near the truth but miss points; with 20 they pass through all points and swing wildly between them; with 1,000 they pass through all points and stay calm."}} tags=["hide-input"]
def waves(N, seed):
    """A function that takes x [m] to N random waves [m, N]."""
    draw = rng(1000 * N + seed)
    v, b = 15 * draw.standard_normal(N), draw.uniform(0, 2 * np.pi, N)
    return lambda at: np.cos(np.outer(at, v) + b) * (2 / N) ** 0.5


fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.0), sharey=True)
for ax, N in zip(axes, (12, 20, 1000), strict=True):
    for draw in (waves(N, seed) for seed in scale.seeds(5)):
        fit = draw(grid) @ np.linalg.pinv(draw(x)) @ labels[0]
        ax.plot(grid, fit, color=colors["variance"], alpha=0.6, linewidth=1)
    ax.plot(grid, truth, "--", color=colors["true_labels"])
    ax.plot(x, labels[0], "o", color=figures.INK, markersize=3.5)
    ax.set(ylim=(-4, 4), title=f"N = {N:,}", xlabel="x")
plt.show()

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The fit divides by the smallest singular value, and that is nearly zero at N = n.** Left: smallest nonzero singular value of the matrix of waves, 20 by N. Right: squared error of the fit. Medians over 100 draws, and the middle half.", "name": "fig-singular"}, "image": {"alt": "Two panels against N on logarithmic axes. The smallest singular value dips by orders of magnitude at N = 20; the error has a peak at the same place."}} tags=["hide-input"]
numbers = (5, 8, 12, 15, 18, 19, 20, 21, 22, 25, 30, 50, 120, 300, 1000)
found = np.empty((2, scale.sizes(draws=(3, 100, 100)).draws, len(numbers)))
for s, i in np.ndindex(found.shape[1:]):
    draw = waves(numbers[i], scale.seed_offset() + s)
    inverse = np.linalg.pinv(draw(x))
    fit = draw(grid) @ (inverse @ labels[s])
    found[:, s, i] = 1 / np.linalg.norm(inverse, 2), ((fit - truth) ** 2).mean()
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.3))
for ax, values in zip(axes, found, strict=True):
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    ax.plot(numbers, middle, "o-", color=colors["variance"], markersize=3)
    figures.band(ax, numbers, low, high, colors["variance"])
    ax.axvline(20, color=colors["threshold"], linestyle=":", linewidth=1.5)
    ax.set(xscale="log", yscale="log", xlabel="random waves N")
axes[0].set_title("Smallest singular value")
axes[1].set_title("Squared error")
plt.show()

# %% [markdown]
r"""
For $N < n$ the points are too many to be met exactly. At $N = n$ they can be met in exactly one way, at any price: some direction in the space of coefficients hardly changes the fitted values, and the fit goes
as far along it as the last bit of the labels demands. For $N > n$ there is choice, and the shortest vector is cheap.

::::{predict}
:answer: 4
:figure: fig-interaction
Back to the worlds of {numref}`fig-split`: 100 examples, labels *without noise*, $N$ random features. At $N = n$ the test error has a tall peak. What causes it?

1. Bias: the model is not yet rich enough for the target.
2. Variance from the training set: another sample would give another fit.
3. Variance from the initialisation: other features would give another fit.
4. Neither draw alone.

:::{dropdown} Answer
D: the variance at the peak is the *interaction* of both draws. Only a crossed experiment can show this, because a split into two parts must put the interaction
into one of them.
:::
::::

Because everything is crossed, the variance has a two-way analysis, $V = V_S + V_I + V_{SI}$: what the training set does on average over features, what the features do on average over training sets, and what is particular to the pair. In {eq}`eq-total-variance` the part from initialisation is $V_I + V_{SI}$, that from sampling $V_S$.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The peak is an interaction.** Parts of the squared error of random features, labels without noise. Squared bias falls to a floor; of the three parts of the variance only the interaction has a peak at N = n. There the small parts are least sure, and an estimate may be below zero. Means over worlds with 95 % bands; linear below 0.01.", "name": "fig-interaction"}, "image": {"alt": "Four curves against the number of random features. The interaction has a sharp peak where features equal training points, far above the others. Initialisation falls slowly, sampling is small, squared bias falls to a low level."}} tags=["hide-input"]
hues = dict(zip(("sampling", "initialisation"), figures.SEQUENCE[::3], strict=True))
hues["interaction"] = colors["variance"]
ax = plt.subplots(figsize=(7.2, 4.2))[1]
figures.lines(features, "N", ["bias²", *hues], ax, hues)
ax.axvline(100, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.text(104, 40, "N = n", color=colors["threshold"])
ax.set_yscale("symlog", linthresh=0.01)
figures.log_axis(ax, (25, 50, 100, 200, 400, 800))
ax.set(ylim=(-0.1, 80), xlabel="random features N", ylabel="squared error")
ax.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("bias-falls-while-variance-peaks")

# %% [markdown]
r"""
Were the training set to blame, $V_S$ would have the peak; were the features, $V_I$. Instead particular features are bad *for a particular training set*: which singular values are small depends
on both. And what is amplified, where labels have no noise, is the part of the target that $N$ features cannot express.

Then averaging over *either* draw must remove the peak, although the other is untouched. An ensemble averages models with different features on one training set. A *bag* averages models with the same features on different training sets (an idealised bag:
{cite:t}`breiman1996` resamples one training set, ours are fresh). Of $M$ members, what the members do not share is divided by $M$:

$$
\text{ensemble: } \text{bias}^2 + V_S + \frac{V_I + V_{SI}}{M}, \qquad
\text{bag: } \text{bias}^2 + V_I + \frac{V_S + V_{SI}}{M} .
$$ (eq-members)

If the peak is interaction, either divides it by $M$, and infinitely many members leave none. For ensembles {eq}`eq-features` says so, too: beyond $N = n$ their limit is kernel regression, the same at every $N$.
"""

# %%
shared = {"Ensemble": ("sampling", "initialisation"), "Bag": ("initialisation", "sampling")}
members = {1: "1 model", 2: "2", 5: "5", 10: "10", np.inf: "infinitely many"}
averages = []
for kind, (kept, gone) in shared.items():
    for M, name in members.items():
        error = (
            features["bias²"]
            + features[kept]
            + (features[gone] + features["interaction"]) / M
        )
        averages.append(features.assign(kind=kind, members=name, error=error))
averages = pd.concat(averages)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Averaging over either draw takes the peak down.** Errors of averages that share the training set (ensemble) or the features (bag), by {eq}`eq-members` from the measured parts; the card has a measured average of ten. Infinitely many leave no peak; their estimate is least sure at N = n. Means over worlds with 95 % bands.", "name": "fig-averaging"}, "image": {"alt": "Two panels, ensemble and bag: test error against random features for one to ten averaged models. The peak where features equal training points gets lower with more models; the line for infinitely many has none."}} tags=["hide-input"]
ramp = dict(zip(members.values(), figures.ramp(5), strict=True))
fig, axes = figures.panels(averages, "N", "error", "kind", "members", ramp, markersize=3)
for ax in axes:
    figures.log_axis(ax, (25, 100, 400))
    ax.set_yscale("symlog", linthresh=0.01)
    ax.set(xlabel="random features N", ylim=(-0.05, 50))
axes[0].set_ylabel("squared error")
plt.show()

# %% tags=["remove-input"]
ledger.say("averaging-removes-the-peak")

# %% [markdown]
r"""
::::{admonition} Break it: a little ridge
:class: break-it
Everything about the peak came from dividing by small singular values. A ridge penalty bounds them from below. Raise it from $10^{-6}$, and nothing else. If the peak belonged to the
number of parameters, it would stay.
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A little ridge, and no peak.** The same random features with more ridge. Too much of it costs the wide models more than it saves. Means over worlds with 95 % bands.", "name": "fig-ridge"}, "image": {"alt": "Squared error against random features for four ridge penalties on logarithmic axes. The smallest has a tall peak where features equal training points; larger ones flatten it, and the largest lies highest at the right end."}} tags=["hide-input"]
runs = itertools.product((1e-6, 1e-4, 1e-2, 1e-1), COUNTS, seeds[:5])
ridged = pd.DataFrame(list(runs), columns=["ridge", "N", "seed"])
ridged["error"] = [
    features_world(row.seed, row.N, row.ridge, draws=4).components().risk
    for row in ridged.itertuples()
]
ax = plt.subplots(figsize=(7.2, 3.5))[1]
figures.plot(ridged, "N", "error", "ridge", ax, label="λ = {:g}")
figures.log_axis(ax, (25, 50, 100, 200, 400, 800))
ax.set(yscale="log", xlabel="random features N", ylabel="squared error")
ax.legend()
ask = "How large is the squared error with N random features and a ridge of λ = 0.01?"
figures.sketch(ax, "λ = 0.01", ask=ask)

# %% tags=["remove-input"]
error = ridged.pivot_table(index="ridge", columns="N", values="error")
Markdown(
    f"With λ = 0.01 the error at N = n is {error[100][1e-2]:.2f} instead of {error[100][1e-6]:.1f}; at 800 features it changes by "
    f"{error[800][1e-2] / error[800][1e-6] - 1:+.0%}."
)

# %% [markdown]
r"""
(dissent)=
## The dissent: what is the axis?

{cite:t}`belkin2019` show curves with a second descent for trees too. First one tree gets more leaves, until it fits all examples; then more *trees* are added and averaged. Or one ensemble is boosted for more rounds, and then more such *ensembles* are averaged.

::::{predict}
:answer: 1
:figure: fig-axes
On our 500 examples a full tree has far more than 100 leaves. What if we start adding trees when the tree has 64 leaves, long before it fits?

1. The second descent starts there.
2. It stays away: trees that do not fit have nothing to interpolate.
3. It starts when the trees together have as many leaves as a full tree.

:::{dropdown} Answer
A. The descent is where the axis changes its meaning, and does not wait for fitting here. This is the paper's own test.
:::
::::

{cite:t}`curth2023` object to such curves: both steps add "parameters", but the first makes one function rougher, and the second averages functions and makes them smoother. The horizontal axis has changed its meaning half-way.
"""


# %% mystnb={"code_prompt_show": "One training set: trees and boosting at every size"} tags=["hide-input"]
# One training set: trees and boosting at every size
LEAVES, TREES = (2, 4, 8, 16, 32, 64, 128, 500), (1, 2, 5, 10, 20)  # 500: a full tree
ROUNDS, ENSEMBLES = (1, 2, 3, 5, 10, 20, 40), (1, 2, 5, 10)


def scores(seed):
    """Squared error and share misclassified of forests and boosted ensembles of all sizes."""
    d, fits = data.mnist1d(500, 1000, seed), {}
    x, y, at, target = d.x.numpy(), np.eye(10)[d.y], d.x_test.numpy(), np.eye(10)[d.y_test]
    for leaves in LEAVES:
        grown, _ = trees.forest(x, y, at, leaves, 20, seed)
        fits |= {("Forest", leaves, count): grown[count - 1] for count in TREES}
    runs = [trees.boosted(x, y, at, 10, 40, 0.85, 100 * seed + e)[0] for e in range(10)]
    for count in ENSEMBLES:
        mean = np.mean(runs[:count], 0)
        fits |= {("Boosting", rounds, count): mean[rounds - 1] for rounds in ROUNDS}
    table = pd.DataFrame(list(fits), columns=["model", "size", "averaged"]).assign(
        seed=seed
    )
    table["error"] = [((fit - target) ** 2).sum(1).mean() for fit in fits.values()]
    table["mistakes"] = [
        (fit.argmax(1) != target.argmax(1)).mean() for fit in fits.values()
    ]
    return table


# %%
tree_findings = [name for name in ledger.claims if "descent" in name]
scored = pd.concat([scores(seed) for seed in ledger.seeds(*tree_findings)])


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Where the axis changes its meaning, the second descent begins.** Squared test error on MNIST-1D. Along one line first the size of one model grows, up to the switch, then more models are averaged. With ten models throughout nothing switches, and there is no second descent. Means over training sets with 95 % bands.", "name": "fig-axes"}, "image": {"alt": "Two panels, forest and boosting. A line rises to the largest single model and falls as models are added; a second line leaves it earlier and falls from there; a third, with ten models throughout, falls, and rises a little at its end."}} tags=["hide-input"]
def path(model, sizes, counts, switch):
    """Ever larger single models up to the switch, then ever more of them."""
    steps = [(size, 1) for size in sizes if size <= switch] + [
        (switch, m) for m in counts[1:]
    ]
    order = pd.DataFrame(steps, columns=["size", "averaged"]).reset_index(names="step")
    return order.merge(scored[scored.model == model])


late, early, never = "switch at the end", "earlier switch", "ten throughout"
paths = []
for walk in (("Forest", LEAVES, TREES, 64), ("Boosting", ROUNDS, ENSEMBLES, 10)):
    paths.append(path(*walk[:3], walk[1][-1]).assign(line=late))
    paths.append(path(*walk).assign(line=early))
    tens = scored[(scored.model == walk[0]) & (scored.averaged == 10)]
    paths.append(
        tens.assign(line=never, step=[walk[1].index(size) for size in tens["size"]])
    )
hues = {late: figures.SEQUENCE[0], early: figures.SEQUENCE[3], never: figures.INK}
fig, axes = figures.panels(pd.concat(paths), "step", "error", "model", "line", hues)
axes[0].set_xticks([0, 3, 5, 7, 11], ["2", "16", "64", "full", "×20"])
axes[1].set_xticks([0, 1, 4, 6, 9], ["1", "2", "10", "40", "×10"])
axes[0].set(xlabel="leaves, then trees", ylabel="squared error")
axes[1].set(xlabel="rounds, then ensembles")
plt.show()

# %% tags=["remove-input"]
ledger.say("forest-double-descent", "boosting-double-descent")

# %% [markdown]
r"""
So Belkin's curves are there. Now for the test of Curth and colleagues: move the switch, and see whether the descent moves along.
"""

# %% tags=["remove-input"]
ledger.say("second-descent-follows-the-switch")

# %% tags=["remove-input"]
ledger.say("second-descent-follows-the-switch-boosting")

# %% [markdown]
r"""
It does. Turn one knob only, and there is no second descent. One that had stayed with the full tree would have spoken against them. (All this in squared error. With correct labels the *share misclassified* shows no rise
from 64 leaves to a full tree, nor from 10 rounds to 40.)

How much does this settle? For the random features of {numref}`fig-interaction` nothing: there a single number, $N$, is turned all the way. Curth and colleagues answer that this axis hides two as well, up to $n$ and beyond. Networks are
outside their scope. What it does settle is a habit of speech: "number of parameters" is not an axis until you say which parameters, and in which order.

(verdicts)=
## What the papers found, what we found

{doc}`/book/judging` has the rule by which each verdict follows from the record, and {ref}`protocol-bias-variance` what was changed and when.
"""

# %% tags=["remove-input"]
projections, target = [smoother(p, x) for p in coefficients], np.sin(5 * x)
variances = np.array([(P**2).sum() for P in projections])
biases = [((target - P @ target) ** 2).sum() for P in projections]
error = max(abs(variances - coefficients).max(), np.diff(biases).max())
ledger.theorem("classical-u-curve", error=error, section="polynomials")

# %% tags=["remove-input"]
ledger.card(
    "both-decrease-with-width",
    variance=change(worlds, "variance", 1024, 16),
    bias=change(worlds, "bias²", 1024, 16),
    variance_of_narrow=change(worlds, "variance", 16, 4),
    section="networks",
)

# %% tags=["remove-input"]
falls = {"whole": change(worlds, start, 1024, 16), "widest": widest}
falls |= {"slope": np.log2(widest) / 2, "widest_with_adam": with_adam}
ledger.card("initialisation-part-falls", **falls, section="split")

# %% tags=["remove-input"]
constant = {"whole": change(worlds, data_part, 1024, 16)}
constant |= {"before": change(worlds, data_part, 256, 16)}
constant |= {"widest": change(worlds, data_part, 1024, 256)}
ledger.card("sampling-part-constant", **constant, section="split")


# %% tags=["remove-input"]
def by_count(part):
    return measures.by_seed(features, part, "N", "seed")


b2, V = by_count("bias²"), by_count("variance")
peak = {"bias_before": b2[50] - b2[25], "bias_to_peak": b2[100] - b2[50]}
peak |= {"variance_rise": V[100] / V[50], "variance_fall": V[400] / V[100]}
peak |= {"bias_behind": b2[400] - b2[100]}
ledger.card("bias-falls-while-variance-peaks", **peak, section="peak")

# %% tags=["remove-input"]
ensemble, bag = (b2 + by_count(kept) for kept, _ in shared.values())
limits = {"interaction": by_count("interaction")[100] / V[100]}
limits |= {"ensemble": ensemble[100] - ensemble[50], "bag": bag[100] - bag[50]}
limits |= {"behind_ensemble": ensemble[100] - ensemble[200]}
limits |= {"behind_bag": bag[100] - bag[200]}
errors = [[crossed[s, 100].error_of_mean([0], range(M)) for M in (1, 10)] for s in seeds]
limits["ten"] = np.divide(*np.transpose(errors)[::-1])
ledger.card("averaging-removes-the-peak", **limits, section="peak")


# %% tags=["remove-input"]
def by_size(value, model):
    of_model = scored[scored.model == model]
    return measures.by_seed(of_model, value, ["size", "averaged"], "seed")


F, wrong = by_size("error", "Forest"), by_size("mistakes", "Forest")
forest = {"rise": F[500, 1] - F[16, 1], "fall": F[500, 1] - F[500, 20]}
forest |= {"second_is_lower": F[500, 20] - F[16, 1]}
forest |= {"rise_of_mistakes": wrong[500, 1] - wrong[64, 1]}
forest |= {"fall_of_mistakes": wrong[500, 1] - wrong[500, 20]}
ledger.card("forest-double-descent", **forest, section="dissent")

# %% tags=["remove-input"]
B, wrong = by_size("error", "Boosting"), by_size("mistakes", "Boosting")
boosting = {"rise": B[40, 1] - B[2, 1], "fall": B[40, 1] - B[40, 10]}
boosting |= {"second_is_lower": B[40, 10] - B[2, 1]}
boosting |= {"rise_of_mistakes": wrong[40, 1] - wrong[10, 1]}
ledger.card("boosting-double-descent", **boosting, section="dissent")

# %% tags=["remove-input"]
forest = {"rise_to_switch": F[64, 1] - F[16, 1], "fall_after_switch": F[64, 1] - F[64, 20]}
forest |= {"one_tree_goes_on": F[500, 1] - F[64, 1]}
forest |= {"ten_trees_go_on": F[500, 10] - F[64, 10]}
forest |= {"early_switch": F[16, 1] - F[16, 20]}
ledger.card("second-descent-follows-the-switch", **forest, section="dissent")

# %% tags=["remove-input"]
boosting = {"rise_to_switch": B[10, 1] - B[2, 1], "fall_after_switch": B[10, 1] - B[10, 10]}
boosting |= {"one_goes_on": B[40, 1] - B[10, 1], "ten_go_on": B[40, 10] - B[10, 10]}
ledger.card("second-descent-follows-the-switch-boosting", **boosting, section="dissent")

# %% [markdown]
r"""
**We also asked** how the other moments of each figure come out: narrow networks, Adam, the rate $1/N$, mistakes instead of squared errors, the far side of the peak. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**About blame.** {cite:t}`dascoli2020` credit label noise and the initialisation with the peak. {cite:t}`adlam2020` answer that attribution by a split into two parts depends on the order of the split ({ref}`ex-order`); no
experiment decides between two ways of dividing one number, but the symmetric one explains why averaging over *either* draw works.

**About shape.** {cite:t}`neal2018` saw variance fall with width, {cite:t}`yang2020` saw it rise and then fall. {numref}`fig-networks` has both, and what divides
them is whether the networks can fit.

**About the axis.** {cite:t}`curth2023` against the reading of {cite:t}`belkin2019`, as above.

:::{admonition} "The bias–variance trade-off is a theorem"
:class: misconception
The decomposition is ({prf:ref}`thm-decomposition`). The trade-off is one for least squares at its own inputs, and a pattern of some families elsewhere.
:::

:::{admonition} "Overparameterized means high variance"
:class: misconception
Variance is highest where fitting is just possible ({numref}`fig-interaction`), and with room to spare it falls ({numref}`fig-networks`).
:::

:::{admonition} "The number of parameters measures complexity"
:class: misconception
Twenty trees have twenty times the leaves of one, and fewer effective parameters ({ref}`ex-effective`).
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is
wrong: {assignment}`01_bias_variance`.

```{exercise} ★ Neighbours
:label: ex-neighbours
A $k$-nearest-neighbour regressor averages the labels of the $k$ closest training points. What happens to squared bias and variance as $k$ grows from 1 to $n$?
```

```{solution} ex-neighbours
:class: dropdown
Variance falls as $\sigma^2 / k$ (plus what depends on where the neighbours lie); bias typically grows because the average reaches further away, until at $k = n$ the prediction is one constant. The model with $k = 1$ stores
exactly what that with $k = n$ stores: another count of numbers that measures nothing.
```

```{exercise} ★ Many outputs
:label: ex-vector
Prove {prf:ref}`thm-decomposition` for predictions in $\mathbb R^K$ and the squared Euclidean distance. Then show with two classes that for the share of misclassified examples more variability can *lower* the error.
```

```{solution} ex-vector
:class: dropdown
Apply the scalar identity to every coordinate and add. For two classes let a prediction be right with probability $q$. If the mean prediction is wrong and never varies, the error $1 - q$ is 1; if it
varies so much that $q = \tfrac12$, it is $\tfrac12$. No non-negative variance can be added to the error of the most frequent answer to give that.
```

```{exercise} ★ Worse than nothing
:label: ex-worse
In {prf:ref}`prop-price` let all inputs be used ($b = 0$), $\lVert \beta \rVert = 1$, $n = 100$, $\sigma = 0.5$. From how many inputs on is least squares worse than predicting zero?
```

```{solution} ex-worse
:class: dropdown
Predicting zero has a risk of $\lVert\beta\rVert^2 = 1$ above the noise. $\sigma^2 p / (n - p - 1) > 1$ means $p > (n - 1)/(1 + \sigma^2) = 79.2$, so from 80 inputs on, with 20 examples to spare.
```

```{exercise} ★★ Pairs
:label: ex-pairs
Let a prediction's error be $e_{si} = b + u_s + v_i + w_{si}$ at one point, with $u, v, w$ independent, of mean zero and variances $V_S, V_I, V_{SI}$. Find the expectation of $e_{si} e_{tj}$ for $s = t$
or not and $i = j$ or not, and from that the four estimates that `CrossedRuns.components` returns.
```

```{solution} ex-pairs
:class: dropdown
Cross terms of different letters vanish. Both indices different: $b^2$. Same $s$ only: $b^2 + V_S$. Same $i$ only: $b^2 + V_I$. Both the same: $b^2 + V_S + V_I + V_{SI}$. Averages over the four
kinds of pairs are unbiased for these, so their differences are unbiased for the parts; that is why one of them can come out negative.
```

```{exercise} ★★ Points and targets
:label: ex-runge
Repeat the exact curves of {numref}`fig-noise` for the target $1/(1 + 25 x^2)$, and for the sine at Chebyshev points, $x_i = \cos(\pi (i + \tfrac12)/20)$. Does squared bias always fall? Does variance always explode as
$p \to n$?
```

```{solution-start} ex-runge
:class: dropdown
```
"""


# %%
def exact(target, points):
    """Exact bias² and variance per σ² at 8, 12, 16 and 20 coefficients."""
    matrices = {p: smoother(p, grid, points) for p in (8, 12, 16, 20)}
    biases = {
        p: ((m @ target(points) - target(grid)) ** 2).mean() for p, m in matrices.items()
    }
    variances = {p: (m**2).sum(1).mean() for p, m in matrices.items()}
    return pd.DataFrame({"bias²": biases, "variance/σ²": variances}).map("{:.2g}".format)


runge = exact(lambda u: 1 / (1 + 25 * u**2), x)
chebyshev = exact(lambda u: np.sin(5 * u), np.cos(np.pi * (np.arange(20) + 0.5) / 20))
pd.concat({"Runge, even": runge, "sine, Chebyshev": chebyshev}, axis=1).rename_axis("p")

# %% [markdown]
r"""
Neither. Between evenly spaced points the bias of Runge's function falls at first and then grows, from 12 coefficients on by orders of magnitude. At Chebyshev points the variance stays below one $\sigma^2$ all
the way to $p = n$: a fit through all points, and no explosion. Where a model just interpolates, what happens depends on how.

```{solution-end}
```

```{exercise} ★★ A random design
:label: ex-random-design
Draw the 20 inputs uniformly from $(-1, 1)$. For 6 and for 12 coefficients follow the *running mean* of the test error, and its running median, over 2,000 training sets. Then argue that with 12 the mean is infinite.
```

```{solution-start} ex-random-design
:class: dropdown
```
"""

# %%
draw, wrong = rng(scale.seed_offset()), {}
for p in (6, 12):
    points = draw.uniform(-1, 1, (2000, 20))
    y = np.sin(5 * points) + 0.3 * draw.standard_normal((2000, 20))
    drawn = [smoother(p, grid, u) @ each for u, each in zip(points, y, strict=True)]
    wrong[p] = ((np.array(drawn) - truth) ** 2).mean(1)
rows = {
    k: {(p, f.__name__): f(e[:k]) for p, e in wrong.items() for f in (np.mean, np.median)}
    for k in (10, 100, 500, 2000)
}
pd.DataFrame(rows).T.rename_axis("training sets").map("{:.3g}".format)

# %% [markdown]
r"""
With 6 coefficients the median settles at once, with 12 soon. With 6 the mean is finite and settles slowly; with 12 it jumps whenever a training set with a wide gap turns up, and goes on jumping. A count of powers shows why: all 20 points lie in some interval of length $\ell$ with probability of
order $\ell^{19}$, and then the variance outside it is of order $\ell^{-2(p-1)}$. The mean is infinite as soon as $2(p - 1) \ge 19$, from 11 coefficients on. Where expectations do not exist there is nothing to
decompose, which is why this chapter fixes the inputs of its polynomials.

```{solution-end}
```

```{exercise} ★★ Who gets the interaction?
:label: ex-order
Split the variance of the random features at $N = n$ in two ways: hold the training set fixed first, $\mathbb E_S \operatorname{Var}_{\theta_0} + \operatorname{Var}_S \mathbb E_{\theta_0}$, or hold the features fixed first.
How much of the peak does each blame on the initialisation?
```

```{solution-start} ex-order
:class: dropdown
```
"""

# %%
c = features[features.N == 100].mean()
blame = {
    "training set fixed first": [c.initialisation + c.interaction, c.sampling],
    "features fixed first": [c.initialisation, c.sampling + c.interaction],
}
pd.DataFrame(blame, ["initialisation", "sampling"]).T.round(1)

# %% [markdown]
r"""
The same numbers, opposite verdicts, nearly all and nearly nothing: whichever draw is held fixed first is spared, and the other is charged with the interaction. Hence the symmetric split.

```{solution-end}
```

```{exercise} ★★ Effective parameters
:label: ex-effective
Once its leaves are fixed, a forest is a smoother, $f(x; S) = s(x)^\top y$. It spends $p_0 = n \operatorname{mean}_x \lVert s(x) \rVert^2$ {term}`effective parameters`: 1 for the mean of all labels, $n$ for one nearest neighbour. Compute it for one full tree and for
20. Can more trees of one size ever raise it?
```

```{solution-start} ex-effective
:class: dropdown
```
"""

# %%
d = data.mnist1d(500, 1000, scale.seed_offset())
for count in (1, 20):
    smooth = trees.forest_smoother(d.x, np.eye(10)[d.y], d.x_test, 500, count, seed=0)
    print(f"{count} trees: p0 = {measures.effective_parameters(smooth):.0f}")

# %% [markdown]
r"""
More trees bring it down several times over, and on average they must: the squared length of an average of vectors is at most the average of theirs. (One more tree that is rougher than the rest can still raise it a little.) Against $p_0$ the second descent of {numref}`fig-axes` therefore runs *back* along the axis, as {cite:t}`curth2023` draw it. That is
arithmetic and no evidence. (The search for the leaves used the labels too, and is not counted.)

```{solution-end}
```

```{exercise} ★★★ Label noise
:label: ex-label-noise
Give the networks training labels of which a fifth is drawn at random. {cite:t}`yang2020` expect a hump in the variance. Where is it, in the total and in each of the two parts of {eq}`eq-total-variance`? Does the noise move it?
```

```{solution-start} ex-label-noise
:class: dropdown
```
"""

# %%
some = (4, 8, 16, 32, 64, 256)
some_worlds = worlds.seed.unique()[:3]
noisy = pd.concat([world(seed, some, noise=0.2) for seed in some_worlds])
with_noise = noisy.groupby("width")[["variance", data_part, start]].mean()
with_noise.round(2)

# %% tags=["remove-input"]
total = {
    "noise": with_noise["variance"],
    "clean": worlds[worlds.seed.isin(noisy.seed)].groupby("width")["variance"].mean(),
}
Markdown(
    f"The total is largest at {total['noise'].idxmax()} units, where it is {total['noise'].max():.2f}; with clean labels at {total['clean'].idxmax()}, where it is {total['clean'].max():.2f}."
)

# %% [markdown]
r"""
So in these few worlds noise leaves the hump where the networks begin to fit, and makes it a little higher at most. The hump belongs to the part from initialisation; the part from sampling has none, it rises throughout.

```{solution-end}
```

```{exercise} ★★★ What decides the rate
:label: ex-rate
{prf:ref}`prop-features` has $1/N$, the networks are slower. Is it the step, which is the same at every width? Compare the slopes from 64 to 256 units with the same
step for both, and with a step in proportion to 1/width. Which is nearer to $-1$ per doubling?
```

```{solution-start} ex-rate
:class: dropdown
```
"""

# %%
smaller = pd.concat([world(seed, (256,), lr=0.025) for seed in worlds.seed.unique()[:5]])
first = worlds[worlds.seed.isin(smaller.seed) & (worlds.width == 64)]
stepped = change(pd.concat([first, smaller]), start, 256, 64)
ratios = {"the same step": change(worlds, start, 256, 64), "step ∝ 1/width": stepped}
slopes = {name: f"{claims.mean(np.log2(r) / 2):.2f}" for name, r in ratios.items()}
pd.Series(slopes, name="log₂ of the part, per doubling")

# %% [markdown]
r"""
Neither: the two slopes agree within their intervals, and both are well above $-1$. So it is not the step. That does not clear the features that move: small steps of any size follow nearly the same path to the same loss, and the features move as far. They, and the
cross-entropy, which has no finite minimum, are left for a project.

```{solution-end}
```

## Summary

- Risk under squared error is bias² + variance + noise: an identity. The trade-off is a theorem for least squares at its own inputs, and nowhere else in this chapter.
- Networks that are wide enough to fit lose variance with width, and a little bias. What falls is the part from initialisation; the part from sampling rises first and then stays.
- For Gaussian features that stay as drawn this is a formula: variance $\propto 1/(N - n - 1)$ around kernel regression.
- The same formula has the peak at $N = n$. It is an interaction of both draws, and goes when either is averaged, or with a ridge.
- "Number of parameters" is no axis until you say which parameters.

**Reading.** {cite:t}`geman1992` for the dilemma as it was first posed; {cite:t}`neal2018` for networks; {cite:t}`adlam2020` for the theory of the interaction; {cite:t}`jacot2020` for random features around their kernel; {cite:t}`curth2023` for the dissent.
"""
