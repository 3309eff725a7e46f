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

Every statistics course draws the same picture: a model with too few parameters misses the pattern, a model with too many
chases the noise, and the best one lies between. A network with a thousand hidden units, trained on a hundred
images, ignores the picture. This chapter takes the picture apart until you can see which half of it is a theorem and which
half is a habit.
"""

# %% tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from numpy.polynomial.legendre import legvander

from overparam import claims, data, figures, measures, models, scale
from overparam.sweep import predictions, sweep

figures.style()
ledger = claims.Ledger("01-bias-variance")
sizes = scale.sizes(
    #                    smoke               laptop                          gpu
    training_sets=(     20,                  200,                            2_000),
    images=(            "digits",            "digits",                       "mnist"),
    images_per_set=(    50,                  100,                            10_000),
    image_sets=(        4,                   20,                             20),
    initialisations=(   3,                   5,                              5),
    widths=(            (4, 64, 128, 256),   [2**k for k in range(2, 11)],   [4**k for k in range(1, 7)]),
    epochs=(            300,                 1_500,                          1_500),
    worlds=(            2,                   10,                             10),
    world_sets=(        3,                   10,                             30),
    forests=(           4,                   15,                             30),
)  # fmt: skip
sizes

# %% [markdown]
r"""
## The puzzle

Take two learners and give each more and more parameters. The first fits polynomials to 20 noisy points of a sine wave,
by least squares. The second is a network with one hidden layer that reads small pictures of handwritten digits, trained to
the same low training loss at every width. For each we draw many training sets, since one curve proves nothing.
"""

# %% mystnb={"code_prompt_show": "The polynomials in full"} tags=["hide-input"]
# The polynomials: a least-squares fit is a fixed matrix, the smoother, applied to the labels
sets = [
    data.sine(n=20, noise=0.3, seed=s) for s in scale.seeds(sizes.training_sets)
]
x, grid, truth = (
    t.flatten().double().numpy()
    for t in (sets[0].x, sets[0].x_test, sets[0].y_test)
)
labels = np.stack(
    [d.y.flatten().double().numpy() for d in sets]
)  # [training sets, 20]


def smoother(p, at):
    """Takes labels at x to the fit at other points; p Legendre coefficients."""
    return legvander(at, p - 1) @ np.linalg.pinv(legvander(x, p - 1))


coefficients = np.arange(1, 21)
fits = np.stack(
    [labels @ smoother(p, grid).T for p in coefficients], axis=1
)  # [training sets, p, grid]

# %% mystnb={"code_prompt_show": "The networks: one call to sweep"} tags=["hide-input"]
# The networks: full-batch gradient descent for every width, training set and initialisation
images = data.load(sizes.images)
descent = {"lr": 0.1, "momentum": 0.9}
until_fitted = {"epochs": sizes.epochs, "stop_loss": 0.01}
every_set_and_start = {
    "n": sizes.images_per_set,
    "data_seed": scale.seeds(sizes.image_sets),
    "init_seed": scale.seeds(sizes.initialisations),
}


def train(**settings):
    settings = every_set_and_start | until_fitted | settings
    return sweep(
        models.mlp(sizes.widths), images, **settings, record=["predictions"]
    )


runs = train(**descent)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**More parameters ruin the polynomial and help the network.** Left: polynomials on 20 points. Training error falls for ever; test error turns round and rises by orders of magnitude. Right: networks on digits. The widest has hundreds of times more parameters than training images, fits them all, and has the lowest test error. Lines are means over training sets, bands 95 % intervals.", "name": "fig-puzzle"}, "image": {"alt": "Two panels. Left, polynomial error against number of coefficients on a logarithmic axis: training error falls to zero while test error falls to a minimum at about six coefficients and then climbs steeply. Right, network error against width: training error drops to zero and test error falls and keeps falling slowly."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
train_fits = np.stack([labels @ smoother(p, x).T for p in coefficients], axis=1)
polynomials = pd.DataFrame(
    {
        "coefficients": np.tile(coefficients, len(sets)),
        "train": ((train_fits - labels[:, None]) ** 2).mean(-1).ravel(),
        "test": ((fits - truth) ** 2).mean(-1).ravel() + 0.3**2,
    }
)
for name in ("train", "test"):
    shown = polynomials[polynomials.coefficients < 19]
    figures.plot(shown, "coefficients", name, ax=left, label=name, markersize=3)
    figures.plot(runs, "width", f"{name}_error", ax=right, label=name)
left.set(yscale="log", ylim=(3e-3, 30), title="Polynomials, 20 points")
left.set(xlabel="coefficients", ylabel="mean squared error")
left.set_xticks([1, 5, 10, 15])
right.set(xscale="log", title=f"Networks, {sizes.images_per_set:,} images")
right.set(xlabel="hidden units", ylabel="share misclassified")
left.legend()
right.legend()
plt.show()

# %% tags=["remove-input"]
widest = runs[runs.width == max(sizes.widths)]
Markdown(
    f"The widest network has {widest.parameters.iloc[0]:,} parameters for {sizes.images_per_set:,} images. It misclassifies "
    f"{widest.train_error.mean():.1%} of the images it was trained on and {claims.mean(widest.groupby('data_seed').test_error.mean()):.1%} "
    "of those it has never seen."
)

# %% [markdown]
r"""
Both pictures are right. The rest of the chapter asks what the left one is evidence *for*, by measuring the two
quantities that it is always explained with.

(polynomials)=
## What a polynomial sees

::::{admonition} Predict before you run
:class: predict
Twenty points, evenly spaced, from $y = \sin 5x + \varepsilon$ with $\varepsilon \sim \mathcal N(0, 0.3^2)$. As the number of
coefficients grows from 1 to 20, what happens to the fits *of different training sets* to the same curve?

1. They all come closer to the truth.
2. They come closer to the truth on average, and further from each other.
3. They come closer to each other, and further from the truth.

:::{dropdown} Answer
The second, up to a point that you can find with the slider: the average over training sets settles on the truth while the
single fits fan out, first at the edges.
:::
::::
"""


# %% mystnb={"figure": {"caption": "**Too few coefficients: all fits are wrong together. Too many: right on average, and never alone.** Polynomials fitted to 25 training sets (thin), the mean over all training sets (dashed) and the truth. With 4 coefficients all fits agree and all are wrong. With 6 they agree and are right. With 12 the mean is still right and the single fits are not; with 20 each passes through all its points and swings wildly at the edges.", "name": "fig-fan"}} tags=["hide-input"]
# The slider over the number of coefficients
def fan(p):
    fig, ax = plt.subplots(figsize=(7.2, 3.9))
    i = p - 1
    ax.plot(
        grid,
        fits[:25, i].T,
        color=figures.COLORS["variance"],
        alpha=0.25,
        linewidth=0.8,
    )
    ax.plot(
        grid,
        truth,
        color=figures.COLORS["true_labels"],
        linewidth=2.5,
        label="truth",
    )
    ax.plot(
        grid,
        fits[:, i].mean(0),
        color=figures.COLORS["bias"],
        linestyle="--",
        label="mean of all fits",
    )
    ax.plot(x, labels[0], "o", color=figures.INK, label="one training set")
    errors = f"train {((train_fits[:, i] - labels) ** 2).mean():.3f}, test {((fits[:, i] - truth) ** 2).mean() + 0.09:.3g}"
    ax.set(
        ylim=(-2.6, 2.6),
        xlabel="x",
        ylabel="y",
        title=f"{p} coefficients: mean squared error {errors}",
    )
    ax.legend(loc="lower right", ncols=3)
    return fig


figures.slider(
    {int(p): fan(p) for p in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20)},
    description="Coefficients",
    alt="Fits of 25 training sets with {} polynomial coefficients, their mean, the true curve and one set of 20 points.",
    start=4,
)

# %% [markdown]
r"""
Two things went wrong in two ways. At the left end the *average* fit is wrong, and more data sets do not help. At the right
end the average is right, but nobody gets to see the average: you have one training set.

## The decomposition

Let $S$ be a training set, $f(x; S)$ the prediction made from it and $\bar f(x) = \mathbb E_S f(x; S)$ the mean prediction.
A test label is $y = f^*(x) + \varepsilon$ with noise of variance $\sigma^2$ that knows nothing of $S$.

```{prf:theorem} Bias–variance decomposition
:label: thm-decomposition
At every $x$, with $f$ short for $f(x; S)$ and all else taken at $x$,

$$
\underbrace{\mathbb E\,(f - y)^2}_{\text{risk}}
= \underbrace{(\bar f - f^*)^2}_{\text{bias}^2}
+ \underbrace{\mathbb E\,(f - \bar f)^2}_{\text{variance}}
+ \underbrace{\sigma^2}_{\text{noise}} .
$$ (eq-decomposition)
```

```{prf:proof}
Write $f - y = (\bar f - f^*) + (f - \bar f) - \varepsilon$ and square. The first bracket is a constant; the second has mean
zero over $S$ by the definition of $\bar f$; $\varepsilon$ has mean zero and is independent of $S$. So all three cross terms
vanish in expectation, and the three squares remain.
```

Note how little was used. Nothing was said about parameters, about training, or about how either term must move when the model
grows. The identity holds for a decision tree, for a network, and for a student's guess. It needs the squared error
({cite:t}`geman1992` is the classical account); for the share of misclassified images there is no such sum.

An identity can still be implemented wrongly, so we check it. The left side of {eq}`eq-decomposition` is measured on fresh noisy
labels, the right side from the spread of the fits; the two share no random number on the test side.
"""

# %%
noisy = truth + 0.3 * np.random.default_rng(scale.seed_offset()).standard_normal(
    (len(sets), 1, len(grid))
)
bias2, variance = measures.bias_variance(fits, truth)  # both [p, grid]
table = pd.DataFrame(
    {"bias²": bias2.mean(-1), "variance": variance.mean(-1), "noise": 0.09},
    index=coefficients,
)
table["sum"] = table.sum(axis=1)
table["risk, measured"] = ((fits - noisy) ** 2).mean((0, 2))
table.loc[[1, 2, 4, 6, 8, 10, 12, 14, 16]].rename_axis("coefficients").round(4)

# %% tags=["remove-input"]
gap = (table["risk, measured"] / table["sum"] - 1).iloc[:16].abs().max()
Markdown(
    f"Over the first 16 rows sum and measured risk differ by at most {gap:.1%}: sampling error of "
    f"{len(sets):,} training sets. An estimated squared bias may be slightly below zero, because the variance of the mean "
    "fit has been subtracted; without that correction a bias of zero would look positive."
)

# %% [markdown]
r"""
## The U-curve, measured

::::{admonition} Predict before you run
:class: predict
Suppose the labels were four times as noisy. Which model would have the smallest test error?

1. The same: the truth has not changed.
2. One with fewer coefficients.
3. One with more coefficients, to average the noise away.

:::{dropdown} Answer
The second. Bias does not depend on the noise; variance is proportional to $\sigma^2$. More noise lifts the rising branch only,
so the minimum moves to the left. Without noise there is no variance here at all, and no U.
:::
::::
"""

# %% mystnb={"figure": {"caption": "**Noise moves the bottom of the U.** Squared bias, variance, noise and their sum, the risk, of least-squares polynomials. Noise lifts the variance and leaves the bias where it is, so the noisier the labels, the fewer coefficients the best model has.", "name": "fig-noise"}} tags=["hide-input"]
# The slider over the noise
exact_bias2 = np.array(
    [
        ((smoother(p, grid) @ np.sin(5 * x) - truth) ** 2).mean()
        for p in coefficients
    ]
)
unit_variance = np.array(
    [(smoother(p, grid) ** 2).sum(1).mean() for p in coefficients]
)


def u_curve(noise):
    fig, ax = plt.subplots(figsize=(7.2, 4.2))
    parts = {
        "bias": exact_bias2,
        "variance": noise**2 * unit_variance,
        "noise": np.full(20, noise**2),
    }
    for name, values in parts.items():
        if values.any():
            ax.plot(
                coefficients,
                values,
                color=figures.COLORS[name],
                label={"bias": "bias²"}.get(name, name),
            )
    risk = sum(parts.values())
    ax.plot(
        coefficients,
        risk,
        color=figures.COLORS["risk"],
        linewidth=3,
        label="risk",
    )
    ax.plot(
        coefficients[risk.argmin()],
        risk.min(),
        "o",
        color=figures.INK,
        markersize=8,
    )
    ax.set(
        yscale="log",
        xlim=(1, 22.5),
        ylim=(1e-5, 30),
        xlabel="coefficients",
        ylabel="squared error",
    )
    ax.set_xticks([1, 5, 10, 15, 20])
    ax.set_title(
        f"Noise σ = {noise:g}: smallest risk at {coefficients[risk.argmin()]} coefficients"
    )
    ax.legend(loc="upper left", ncols=2)
    return fig


figures.slider(
    {
        noise: u_curve(noise)
        for noise in (0, 0.03, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0)
    },
    description="Noise σ",
    alt="Squared bias, variance, noise and risk of polynomials against the number of coefficients at noise {}.",
    start=0.3,
)

# %% [markdown]
r"""
Here nothing is sampled. A least-squares fit is linear in the labels, so the mean fit is the smoother applied to the true values,
and the variance at $x$ is $\sigma^2 \lVert s(x) \rVert^2$ with $s(x)$ the smoother's row. Bias falls in steps of two because the sine is odd
and gains nothing from an even power. What would have shown the opposite? A bias that rises somewhere, or a variance that does
not. Neither happens, and for a reason: the models are *nested* and *ordered*, each can do all that the one before could, and
each spends one more coefficient on the same 20 points.

::::{admonition} Break it: a random design
:class: break-it
We kept the inputs evenly spaced and drew only the noise. Draw the inputs too, and the right end of the curve is no longer a number:
with almost as many coefficients as points, some training sets leave a gap that the polynomial crosses at any height, and the
mean over training sets does not exist. {ref}`ex-random-design` lets you watch it fail to converge.
::::

### How much does each coefficient cost?

For the average over the *training* inputs the price is exact: $p$ coefficients cost $\sigma^2 p / n$. Away from the training points
it is more, and the simplest case in which it can be written down is a linear model with random inputs.

```{prf:proposition} The price of a parameter
:label: prop-price
Let $y = x^\top \beta + \varepsilon$ with $x \sim \mathcal N(0, I_p)$ in $p < n - 1$ dimensions. The excess risk of least squares
on $n$ examples is all variance and equals

$$
\mathbb E\,\lVert \hat\beta - \beta \rVert^2 = \sigma^2\, \frac{p}{n - p - 1},
$$ (eq-price)

which tends to $\sigma^2 \gamma / (1 - \gamma)$ as $n \to \infty$ with $p/n \to \gamma < 1$.
```

```{prf:proof}
$\hat\beta - \beta = (X^\top X)^{-1} X^\top \varepsilon$ has covariance $\sigma^2 (X^\top X)^{-1}$ given $X$. The matrix $X^\top X$ is
Wishart with $n$ degrees of freedom, and the mean of its inverse is $I_p / (n - p - 1)$; take the trace. The mean of the estimate is
$\beta$, so the bias is zero.
```

As $p$ comes close to $n$ the price of one more parameter grows without bound. That is the wall on the left of
{numref}`fig-puzzle`. It stands at $p = n$, and the formula says nothing about what lies behind it.
"""

# %%
n, sigma, rng = 100, 0.5, np.random.default_rng(scale.seed_offset())


def excess_risk(p, repeats=400):
    X, noise = (
        rng.standard_normal((repeats, n, p)),
        sigma * rng.standard_normal((repeats, n, 1)),
    )
    return (np.linalg.solve(X.mT @ X, X.mT @ noise) ** 2).sum((1, 2))


price = pd.DataFrame({"p": (10, 30, 50, 70, 80, 90, 95)})
price["formula"] = sigma**2 * price.p / (n - price.p - 1)
price["measured, 95 % interval"] = [
    f"{claims.mean(excess_risk(p)):.3f}" for p in price.p
]
price.set_index("p").round(3)

# %% [markdown]
r"""
(networks)=
## Networks: both can fall

::::{admonition} Predict before you run
:class: predict
Now the networks of {numref}`fig-puzzle`, trained on different sheets of images. From 64 hidden units to the widest, what do squared
bias and variance of the predicted class probabilities do?

1. Bias falls, variance rises, as for polynomials, only more slowly.
2. Bias falls, variance stays.
3. Both fall.

:::{dropdown} Answer
Both fall, a little at every doubling, the variance faster than the bias. Read on for how sure we are.
:::
::::

The measurement is the one we made for polynomials. The prediction is now a vector, the ten class probabilities, the target is the
label as a 0/1 vector, and the squared error between them, summed over classes, is known as the Brier score. Every
training set meets every initialisation, which is what will let us tell the two apart.
"""


# %%
def cross(runs, images=images):
    """For every width, the runs: training sets crossed with initialisations."""
    target = torch.nn.functional.one_hot(images.y_test, images.classes)
    return {
        width: measures.CrossedRuns(
            predictions(rows, "data_seed", "init_seed"),
            target.flatten().numpy(),
            len(target),
        )
        for width, rows in runs.groupby("width")
    }


crossed = cross(runs)

# %%
parts = {width: c.components() for width, c in crossed.items()}
pd.DataFrame(
    {
        w: {"bias²": c.bias2, "variance": c.variance, "risk": c.risk}
        for w, c in parts.items()
    }
).T.round(4)


# %% tags=["hide-input"]
# Plotting
def draw(ax, crossed, part, color, label):
    """One part of the risk against width, with its jackknife band over training sets."""
    rows = [
        claims.over_training_sets(lambda cs: getattr(cs[0], part), [c])
        for c in crossed.values()
    ]
    ax.plot(list(crossed), [r.value for r in rows], "o-", color=color, label=label)
    figures.band(
        ax, list(crossed), [r.low for r in rows], [r.high for r in rows], color
    )
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="hidden units",
        ylabel="squared error",
    )
    ax.legend()


# %% mystnb={"figure": {"caption": "**In networks both parts fall.** Squared bias and variance, estimated over training sets and initialisations, against width. From 64 hidden units on, where every network fits its training set, both go down. Bands are 95 % jackknife intervals over training sets; they are shared by all widths, so the trend is far more certain than the level.", "name": "fig-networks"}, "image": {"alt": "Two falling curves against width on logarithmic axes. Variance drops steeply until about 32 hidden units and keeps falling gently; squared bias drops until 32 and then falls very slightly."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 4.0))
colors = figures.COLORS
draw(ax, crossed, "bias2", colors["bias"], "bias²")
draw(ax, crossed, "variance", colors["variance"], "variance")
plt.show()

# %% [markdown]
r"""
The narrowest networks cannot fit a training set at all: with 4 hidden units training stops at the last epoch, not at the
target loss. Left of 16 units the curve is about failing to fit. Right of it every network interpolates, has ever more parameters
than images, and gives *more* similar predictions when the training set is exchanged. A growing variance here would have been the
textbook's prediction.

To say how sure we are, one number per claim: the slope of $\log_2$ variance per doubling of width, from 64 units up, with all
networks of one training set left out in turn (the delete-one jackknife, {cite:t}`efron1981`).
"""


# %%
def slope(part):
    """Slope of log₂(part) per doubling of width, from 64 units up."""
    wide = [w for w in crossed if w >= 64]

    def fit(components):
        return np.polyfit(
            np.log2(wide), np.log2([getattr(c, part) for c in components]), 1
        )[0]

    return claims.over_training_sets(fit, [crossed[w] for w in wide])


variance_slope, bias_slope = slope("variance"), slope("bias2")

# %% tags=["remove-input"]
Markdown(
    f"Per doubling of width, log₂ variance changes by {variance_slope:.3f} and log₂ bias² by {bias_slope:.3f}."
)

# %% [markdown]
r"""
:::{margin}
{cite:t}`yang2020` find a variance that first rises and then falls with width, and call it unimodal. {ref}`ex-label-noise` asks whether label noise brings a hump
out here.
:::

This is what {cite:t}`neal2018` report for fully connected networks, and it retires one sentence: *more parameters, hence
more variance*. That was never in the decomposition. It was a property of ordered least-squares bases, carried over by analogy.

::::{admonition} Break it: another optimizer
:class: break-it
The networks above were trained by full-batch gradient descent. Train the same ones with Adam, to the same training loss, and
only then look at the figure.
::::
"""

# %%
adam = cross(train(lr=0.01, optimizer="adam"))

# %% mystnb={"figure": {"caption": "**Another optimizer, another shape.** The same networks trained by gradient descent and by Adam to the same training loss. With Adam at a fixed step size the variance stops falling and turns up again in wide networks, while the bias still falls: how variance depends on width is a property of model and training together.", "name": "fig-adam"}, "image": {"alt": "Variance against width for two optimizers on logarithmic axes. Gradient descent: falling throughout. Adam: falling until about 64 units, then level and slowly rising."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.8))
draw(ax, crossed, "variance", colors["variance"], "gradient descent")
draw(ax, adam, "variance", figures.SEQUENCE[3], "Adam")
ax.set_ylim(0.05, 0.5)
plt.show()

# %% tags=["remove-input"]
gained = {
    name: [c[w].components().variance for w in c if w >= 64]
    for name, c in (("gradient descent", crossed), ("Adam", adam))
}
Markdown(
    "From 64 hidden units to the widest, the variance changes by "
    + " and ".join(
        f"{values[-1] / values[0] - 1:+.0%} with {name}"
        for name, values in gained.items()
    )
    + ". A likely reason, not tested here: Adam divides every gradient by its own size, so each weight moves at the same speed "
    "whatever the width, and a wide layer as a whole moves further. The claim is about networks *and how they were trained*."
)

# %% [markdown]
r"""
### The same on MNIST

Digits from scikit-learn are small and clean. Where the original MNIST is at hand, the next cell measures the same on training sets of
its images.
"""


# %% mystnb={"figure": {"caption": "**The same measurement on MNIST**, where it is at hand: squared bias and variance against width, with jackknife bands over training sets.", "name": "fig-mnist"}, "image": {"alt": "Squared bias and variance of networks on MNIST against width on logarithmic axes."}} tags=["hide-input"]
# MNIST, if it is there
def on_mnist():
    mnist = data.mnist()
    mnist = replace(mnist, x_test=mnist.x_test[:2000], y_test=mnist.y_test[:2000])
    grid = {"data_seed": scale.seeds(10), "init_seed": scale.seeds(3), "n": 100}
    settings = grid | until_fitted | descent
    widths = models.mlp((16, 64, 256, 1024))
    crossed = cross(sweep(widths, mnist, **settings, record=["predictions"]), mnist)
    _, ax = plt.subplots(figsize=(7.2, 3.8))
    draw(ax, crossed, "bias2", colors["bias"], "bias²")
    draw(ax, crossed, "variance", colors["variance"], "variance")
    plt.show()


if scale.current() == "laptop" and data.available("mnist"):
    on_mnist()
else:
    print("MNIST is not at hand: overparam.data.mnist() downloads it (11 MB).")

# %% [markdown]
r"""
(split)=
## Where the variance comes from

A network's prediction depends on two draws: the training set $S$ and the initialisation $\theta_0$. By the law of total variance,
at every input,

$$
\operatorname{Var} f
= \underbrace{\mathbb E_S \operatorname{Var}_{\theta_0} f}_{\text{from initialisation}}
+ \underbrace{\operatorname{Var}_S\, \mathbb E_{\theta_0} f}_{\text{from sampling}} .
$$ (eq-total-variance)

The second term is the variance that an infinite ensemble would still have. The first is what such an ensemble removes. Both are
averages over pairs of runs: two networks with the same training set and different initialisations agree on everything but
$\theta_0$, and so on. `CrossedRuns.components` keeps the inner products of all pairs and nothing else.
"""

# %% mystnb={"figure": {"caption": "**Width removes the luck of the initial weights, not that of the data.** The variance of the networks, split by its source. The part from initialisation falls by about the same factor at every doubling of width; the part from sampling the training set hardly moves once the networks fit. Bands: 95 % jackknife intervals over training sets.", "name": "fig-split"}, "image": {"alt": "Two curves against width on logarithmic axes. The sampling part is nearly level. The initialisation part falls steeply and steadily by two orders of magnitude."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 4.0))
draw(
    ax,
    crossed,
    "from_sampling",
    figures.SEQUENCE[0],
    "from sampling the training set",
)
draw(
    ax,
    crossed,
    "from_initialisation",
    figures.SEQUENCE[3],
    "from initialisation",
)
plt.show()


# %%
def log_ratio(part, wide, narrow):
    """log₂ of a part of the variance at one width over that at another."""
    change = lambda cs: np.log2(getattr(cs[0], part) / getattr(cs[1], part))
    return claims.over_training_sets(change, [crossed[wide], crossed[narrow]])


narrow, *_, last_but_one, wide = [w for w in crossed if w >= 64]
initialisation_ratio = log_ratio("from_initialisation", wide, narrow)
sampling_ratio = log_ratio("from_sampling", wide, last_but_one)

# %% tags=["remove-input"]
Markdown(
    f"From {narrow} to {wide} hidden units the part from initialisation shrinks to {2**initialisation_ratio.value:.0%}. "
    f"From {last_but_one} to {wide} the part from sampling changes by a factor of {2**sampling_ratio.value:.3f}."
)

# %% [markdown]
r"""
So a wide network is *reproducible*: start it anywhere and it ends at nearly the same function. What it still depends on is the
hundred images it was given, and width does not help with that. The paper reports both; neither is a theorem for networks that
learn their features.

(peak)=
## A peak, and whose fault it is

Between "cannot fit" and "fits with room to spare" lies the point where a model can *just* fit. To look at it closely we take a network
whose first layer is never trained: random ReLU features, then least squares with the faintest ridge. The labels
are exact, $y = x^\top \beta$ in 50 dimensions, without noise.

::::{admonition} Predict before you run
:class: predict
There are $n = 200$ training points, no label noise, and $N$ random features. At $N = n$ the test error has a tall peak. What causes it?

1. Bias: the model is not yet rich enough for the target.
2. Variance from the training set: another sample would give another fit.
3. Variance from the initialisation: other random features would give another fit.
4. Neither alone.

:::{dropdown} Answer
The fourth. Averaging over training sets *or* over features removes nearly all of it: it lives in the combination. Only a crossed
experiment can show this, because any one-way split must put the interaction into one of the two boxes.
:::
::::

We cross ten training sets with ten feature draws in each of several independent worlds, so that every width has a two-way analysis of
variance with an interval over worlds: $V = V_S + V_I + V_{SI}$, sampling, initialisation and their interaction.
"""


# %%
def world(seed, features, draws=sizes.world_sets, ridge=1e-6):
    """Training sets crossed with random features, all of them this world's own."""
    seeds = [1000 * seed + s for s in range(draws)]
    sets = [data.linear_teacher(200, 50, 0.0, s, n_test=500) for s in seeds]
    points = torch.cat([*(d.x for d in sets), sets[0].x_test]).double()
    y = torch.stack([d.y for d in sets]).double()
    fits = []
    for s in seeds:
        lifted = models.relu_features(
            points, features, data.generator(s, "features")
        )
        weights = models.ridge(lifted[:-500].view(draws, 200, features), y, ridge)
        fits.append((lifted[-500:] @ weights).squeeze(-1))
    truth = sets[0].y_test.double().flatten()
    return measures.CrossedRuns(torch.stack(fits, 1).numpy(), truth.numpy(), 500)


# %%
features = (50, 100, 150, 180, 200, 220, 300, 400, 800, 1600)
worlds = {
    N: [world(seed, N) for seed in scale.seeds(sizes.worlds)] for N in features
}

# %% mystnb={"figure": {"caption": "**The peak is an interaction.** Random features without label noise. Squared bias falls and stays down. The variance peaks where the number of features N equals the number of training points, and the peak is the interaction of sampling and initialisation: each of the two alone passes the threshold almost without notice. Means over worlds with 95 % bands; the axis is linear below 0.01, since an unbiased estimate of something small can be negative.", "name": "fig-interaction"}, "image": {"alt": "Four curves against the number of random features on logarithmic axes. The interaction has a sharp peak at 200 features, a hundred times higher than the others. Variance from initialisation falls slowly, variance from sampling is small, squared bias falls to a low level."}} tags=["hide-input"]
components = pd.DataFrame(
    [
        {
            "features": N,
            "bias²": c.bias2,
            "sampling": c.sampling,
            "initialisation": c.initialisation,
            "interaction": c.interaction,
        }
        for N, crossings in worlds.items()
        for c in (w.components() for w in crossings)
    ]
)
fig, ax = plt.subplots(figsize=(7.2, 4.4))
part_colors = dict(
    zip(
        ("bias²", "sampling", "initialisation", "interaction"),
        (colors["bias"], *figures.SEQUENCE[0::3], colors["variance"]),
        strict=True,
    )
)
for name, color in part_colors.items():
    figures.plot(components, "features", name, ax=ax, colors=color)
ax.axvline(200, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.text(205, 40, "N = n", color=colors["threshold"])
ax.set_yscale("symlog", linthresh=0.01)
ax.set(
    xscale="log",
    ylim=(-0.1, 80),
    xlabel="random features N",
    ylabel="squared error",
)
ax.legend()
plt.show()

# %% [markdown]
r"""
Follow the four lines through the threshold. If the training set were to blame, $V_S$ would have the peak; if the random features were,
$V_I$ would. What peaks is $V_{SI}$: particular features are bad *for a particular training set*. At $N = n$ the feature matrix is
square and some of its singular values are close to zero, which ones depends on both draws, and the fit divides by them.

If that is right, then averaging over either draw must remove the peak, although only the other one has been left alone.
"""

# %% mystnb={"figure": {"caption": "**Averaging over either draw takes the peak down.** Averages of the predictions of M models that share the training set (an ensemble) or share the features (a bag over fresh training sets). Either way the peak sinks in proportion to M. The dashed line is the limit of infinitely many, estimated without bias (and least certain at N = n): the peak is gone.", "name": "fig-averaging"}, "image": {"alt": "Two panels, ensemble and bag. In each the test error against random features for 1, 2, 5 and 10 averaged models: the peak at 200 features gets lower with more models. A dashed limiting line has no peak."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.9), sharey=True)
counts = [m for m in (1, 2, 5, 10) if m <= sizes.world_sets]
for ax, title, limit in zip(
    axes,
    ("Ensemble: one training set", "Bag: one set of features"),
    ("sampling", "initialisation"),
    strict=True,
):
    for m, color in zip(counts, figures.ramp(len(counts)), strict=True):
        pick = (
            (lambda w, m=m: w.error_of_mean([0], range(m)))
            if limit == "sampling"
            else (lambda w, m=m: w.error_of_mean(range(m), [0]))
        )
        rows = pd.DataFrame(
            [
                {"features": N, "error": pick(w)}
                for N, crossings in worlds.items()
                for w in crossings
            ]
        )
        figures.plot(rows, "features", "error", ax=ax, colors=color)
        ax.get_lines()[-1].set_label(f"{m} model{'s' * (m > 1)}")
    infinite = (
        components.assign(error=components["bias²"] + components[limit])
        .groupby("features")
        .error.mean()
    )
    ax.plot(infinite.index, infinite, "--", color=figures.INK, label="limit")
    ax.set(
        xscale="log",
        yscale="log",
        title=title,
        xlabel="random features N",
        ylabel="squared test error",
    )
axes[0].legend()
plt.show()


# %%
def peak(error):
    """log of the error at N = n over that at N = 4n, in each world."""
    return np.array(
        [
            np.log(error(a) / error(b))
            for a, b in zip(worlds[200], worlds[800], strict=True)
        ]
    )


members = range(min(10, sizes.world_sets))
single = peak(lambda w: w.components().risk)
ensemble = claims.mean(peak(lambda w: w.error_of_mean([0], members)) - single)
bag = claims.mean(peak(lambda w: w.error_of_mean(members, [0])) - single)

# %% tags=["remove-input"]
Markdown(
    f"Ten members lower the peak by a factor of {np.exp(-ensemble.value):.1f} (ensemble) and {np.exp(-bag.value):.1f} (bag). Ten is "
    "not infinity: an interaction divided by ten is still there, as the figure shows. What *removes* the peak is the limit."
)

# %% [markdown]
r"""
:::{margin}
{cite:t}`dascoli2020` attribute the peak to the variance of the initialisation. {cite:t}`adlam2020` answer that a split taken one source
after the other depends on the order, and use the symmetric one. {ref}`ex-order` does both.
:::

::::{admonition} Break it: a little ridge
:class: break-it
Everything about the peak came from dividing by small singular values. A ridge penalty bounds them from below. Raise it from
$10^{-6}$ and nothing else.
::::
"""

# %% mystnb={"figure": {"caption": "**A little ridge, and no peak.** The same random features with more ridge. A penalty that costs the wide models nothing takes the peak away altogether: the peak belongs to the unregularised solution, not to the number of parameters.", "name": "fig-ridge"}, "image": {"alt": "Squared test error against random features for four ridge penalties on logarithmic axes. The smallest penalty has a tall peak at 200 features; larger penalties flatten it until the curve falls monotonically."}} tags=["hide-input"]
few = scale.seeds(min(5, sizes.worlds))
rows = [
    {
        "features": N,
        "penalty": penalty,
        "error": world(seed, N, draws=min(4, sizes.world_sets), ridge=penalty)
        .components()
        .risk,
    }
    for penalty in (1e-6, 1e-4, 1e-2, 1e-1)
    for N in features
    for seed in few
]
fig, ax = plt.subplots(figsize=(7.2, 3.9))
figures.plot(
    pd.DataFrame(rows),
    "features",
    "error",
    hue="penalty",
    ax=ax,
    label="λ = {:g}",
)
ax.set(
    xscale="log",
    yscale="log",
    xlabel="random features N",
    ylabel="squared test error",
)
ax.legend()
plt.show()

# %% [markdown]
r"""
{doc}`/book/notation` keeps $\lambda$ for this penalty; the chapter on double descent shows that the *best* penalty for each width makes
the curve monotone, and proves it for linear models.

(dissent)=
## The dissent: count the axes

{cite:t}`curth2023` object to the very picture of a second descent, for models that are not deep. In the classical examples, they
say, the horizontal axis changes its meaning half-way. Take a random forest. First one tree grows, from 2 leaves to as many as it
likes. Then *more trees* are added. Both add "parameters", but the first makes a model rougher and the second makes it smoother.

::::{admonition} Predict before you run
:class: predict
Plot the same forests against the number of *effective* parameters, measured by how strongly a prediction on test inputs depends on the
training labels. What does the curve with two descents become?

1. The same curve, stretched.
2. A curve that runs out and comes back over itself.

:::{dropdown} Answer
It runs out and comes back. Averaging trees spends fewer effective parameters than the single tree did, so the second descent walks
leftwards, back down.
:::
::::

A forest that averages labels within leaves is a smoother, like the polynomial: $\hat y = \sum_i s_i(x)\, y_i$. It spends $p_0 = n
\cdot \operatorname{mean}_x \lVert s(x)\rVert^2$ effective parameters, which is 1 for the mean of all labels and $n$ for one nearest neighbour.
"""


# %%
def forest(seed, leaves, trees):
    """Test error and effective parameters on 500 digits, 10 % random labels."""
    rows = data.subset(digits, 500, seed)
    noise = data.generator(seed, "label noise")
    labels = one_hot[data.corrupt_labels(digits.y[rows], 0.1, 10, noise)]
    smooth = models.forest_smoother(
        digits.x[rows], labels, digits.x_test, leaves, trees, seed
    )
    error = ((smooth @ labels - one_hot[digits.y_test]) ** 2).sum(1).mean()
    p0 = measures.effective_parameters(smooth)
    return {"seed": seed, "trees": trees, "error": error, "p0": p0}


digits, one_hot = data.digits(), np.eye(10)
leaves, trees = (2, 5, 10, 20, 50, 100, 200, 500), (2, 5, 10, 20, 50)


# %%
def walk(path):
    """The forests along a path of (leaves, trees), for every seed."""
    seeds = scale.seeds(sizes.forests)
    steps = [(s, i, step) for s in seeds for i, step in enumerate(path)]
    return pd.DataFrame([forest(s, *step) | {"step": i} for s, i, step in steps])


composite = walk([(k, 1) for k in leaves] + [(500, m) for m in trees])
fixed = walk([(k, 10) for k in leaves])

# %% mystnb={"figure": {"caption": "**The second descent is a walk back.** One random forest, three axes. Left: leaves first, trees second, gives a peak where the axis changes its meaning. Middle: with ten trees throughout there is only the first axis and no peak. Right: the left curve again, against effective parameters: the second descent runs back along the axis.", "name": "fig-axes"}, "image": {"alt": "Three panels of squared test error. Left: error falls with leaves, rises to a peak at full trees, then falls as trees are added. Middle: with ten trees fixed, error falls and levels off. Right: against effective parameters the curve goes out to about 170 and returns to lower error at fewer effective parameters."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.6), sharey=True)
grow, average = (
    composite[composite.step < len(leaves)],
    composite[composite.step >= len(leaves) - 1],
)
for rows, color, name in (
    (grow, figures.SEQUENCE[0], "one tree grows"),
    (average, figures.SEQUENCE[1], "trees are added"),
):
    figures.plot(rows, "step", "error", ax=axes[0], colors=color, markersize=3)
    axes[0].get_lines()[-1].set_label(name)
    means = rows.groupby("step")[["p0", "error"]].mean()
    axes[2].plot(means.p0, means.error, "o-", color=color, markersize=3)
figures.plot(
    fixed, "step", "error", ax=axes[1], colors=figures.SEQUENCE[0], markersize=3
)
axes[0].set_xticks([0, 3, 7, 9, 12], ["2", "20", "500", "×5", "×50"])
axes[1].set_xticks([0, 3, 7], ["2", "20", "500"])
axes[0].legend(loc="lower left", fontsize=9)
for ax, label, title in zip(
    axes,
    (
        "leaves, then trees",
        "leaves of each of 10 trees",
        "effective parameters",
    ),
    ("Two axes in one", "One axis", "Folded back"),
    strict=True,
):
    ax.set(
        xlabel=label,
        ylabel="squared test error" if ax is axes[0] else "",
        title=title,
    )
plt.show()


# %%
def second_descent(runs):
    """Rise from the first minimum to the top, and change from there to the end.

    Both places are chosen on a third of the seeds and tested on the others.
    """
    errors = runs.pivot_table("error", "seed", "step")
    third = len(errors) // 3
    chosen, tested = errors.iloc[:third], errors.iloc[third:]
    first_leg = chosen.mean().loc[: len(leaves) - 1]
    low = first_leg.idxmin()
    top = first_leg.loc[low:].idxmax() if low < first_leg.index[-1] else low
    return tested[top] - tested[low], tested[errors.columns[-1]] - tested[top]


# %%
rise, fall = map(claims.mean, second_descent(composite))
fixed_rise, fixed_fall = second_descent(fixed)
fixed_fall = claims.mean(fixed_fall, level=0.90)
order = average.groupby("seed")[["trees", "p0"]].corr("kendall").iloc[0::2, 1]

# %% tags=["remove-input"]
Markdown(
    f"Two axes: the error rises by {rise:.3f} to the full tree and then falls by {-fall.value:.3f}. "
    f"One axis: after its minimum it rises by {fixed_rise.mean():.3f}, and what follows the top is a change of {fixed_fall:.3f}."
)

# %% [markdown]
r"""
With one axis there is a U so shallow that it hardly shows, and no second descent. The paper's scope is stated with care: trees, boosting and
linear regression, where we can count effective parameters. Networks are outside it, and nothing on this page says
that *their* double descent is an artefact. What it does settle is a habit of speech. "Number of parameters" is not one axis,
and a curve against it is not a law until we say which parameters were added and in which order.

## Why classical statistics is not wrong

Put the five experiments next to each other.

- The **decomposition** is a theorem, and our measurements add up. It says that risk has these parts. It does not say that they
  trade.
- The **trade-off** is a fact about families that are ordered, nested, and fitted without regularisation below $p = n$. There it is
  not folklore but a formula: {prf:ref}`prop-price`.
- The **wall** at $p = n$ is real too. It comes from small singular values, is highest where fitting is *just* possible, and sinks
  under a ridge or an average. Regularisation is what classical statistics has always prescribed in its neighbourhood.
- What fails is an **extrapolation**: that the curve left of the wall tells us about its right side, and that counting parameters
  measures how freely a model can move. Beyond the wall a training procedure picks one of infinitely many
  interpolating functions, and *which* one is not in the count.

So the question of this book is not why theory failed. It is what picks the function.

(verdicts)=
## What the papers found, what we found

Every card states a claim, what its paper says, what was measured above with an interval over seeds, and the verdict that follows from
the intervals alone. {doc}`/book/how_to_read` has the rules.
"""

# %% tags=["remove-input"]
at = {int(p): i for i, p in enumerate(coefficients)}
per_set = {
    "variance": lambda f: measures.bias_variance(f, truth)[1].mean(-1),
    "bias": lambda f: measures.bias_variance(f, truth)[0].mean(-1),
}
left_out = [
    np.delete(fits[:, [at[4], at[12]]], k, axis=0) for k in range(len(fits))
]
change = {
    name: claims.jackknife(
        np.subtract(*part(fits[:, [at[12], at[4]]])),
        [-np.subtract(*part(f)) for f in left_out],
    )
    for name, part in per_set.items()
}
resampled = np.random.default_rng(0).multinomial(
    len(fits), np.full(len(fits), 1 / len(fits)), size=10_000
)
minima = coefficients[(resampled @ ((fits - truth) ** 2).mean(-1)).argmin(1)]
lowest = claims.Estimate(
    float(np.median(minima)), *map(float, np.quantile(minima, (0.025, 0.975)))
)
ledger.card(
    "classical-u-curve",
    [
        claims.Check(
            "change of variance from 4 to 12 coefficients",
            change["variance"],
            above=0,
            unit="squared error",
        ),
        claims.Check(
            "change of bias² from 4 to 12 coefficients",
            change["bias"],
            below=0,
            unit="squared error",
        ),
        claims.Check(
            "coefficients of smallest risk (bootstrap)",
            lowest,
            above=3,
            below=12,
            unit="coefficients",
        ),
    ],
    measured=f"With 20 points the smallest risk is at {lowest.value:.0f} coefficients.",
    seeds=scale.seeds(sizes.training_sets),
    section="polynomials",
)

# %% tags=["remove-input"]
ledger.card(
    "both-decrease-with-width",
    [
        claims.Check(
            "slope of log₂ variance per doubling of width, from 64 units",
            variance_slope,
            below=0,
        ),
        claims.Check(
            "slope of log₂ bias² per doubling of width, from 64 units",
            bias_slope,
            below=0.05,
        ),
    ],
    measured=f"From 64 units up, a doubling of the width changes the variance by {2**variance_slope.value - 1:+.1%} and bias² by {2**bias_slope.value - 1:+.1%}.",
    seeds=scale.seeds(sizes.image_sets),
    section="networks",
)

# %% tags=["remove-input"]
ratio = claims.Estimate(
    *(2**v for v in (sampling_ratio.value, sampling_ratio.low, sampling_ratio.high))
)
ledger.card(
    "variance-split-init-vs-sampling",
    [
        claims.Check(
            f"log₂ of initialisation variance at {wide} units over {narrow}",
            initialisation_ratio,
            below=0,
        ),
        claims.Check(
            f"sampling variance at {wide} units over {last_but_one}",
            ratio,
            above=0.8,
            below=1.2,
        ),
    ],
    measured=f"From {narrow} to {wide} units the part from initialisation changes by {2**initialisation_ratio.value - 1:+.0%}; from {last_but_one} to {wide} the part from sampling changes by {ratio.value - 1:+.1%}.",
    seeds=scale.seeds(sizes.image_sets),
    section="split",
)

# %% tags=["remove-input"]
by_width = {
    N: [w.components() for w in crossings] for N, crossings in worlds.items()
}


def log_change(a, b):
    pairs = zip(by_width[a], by_width[b], strict=True)
    return claims.mean([np.log(u.variance / v.variance) for u, v in pairs])


bias_change = claims.mean(
    [u.bias2 - v.bias2 for u, v in zip(by_width[200], by_width[100], strict=True)]
)
ledger.card(
    "bias-monotone-variance-peaks",
    [
        claims.Check(
            "ln variance at N = n over N = n/2", log_change(200, 100), above=0
        ),
        claims.Check(
            "ln variance at N = n over N = 4n", log_change(200, 800), above=0
        ),
        claims.Check(
            "change of bias² from N = n/2 to N = n",
            bias_change,
            below=0,
            unit="squared error",
        ),
    ],
    measured=f"Variance at N = n is {np.exp(log_change(200, 800).value):,.0f} times that at N = 4n.",
    seeds=scale.seeds(sizes.worlds),
    section="peak",
)

# %% tags=["remove-input"]
share = np.mean([c.interaction / c.variance for c in by_width[200]])
ledger.card(
    "divergence-is-an-interaction",
    [
        claims.Check(
            f"ln peak height, {len(members)}-member ensemble minus single",
            ensemble,
            below=0,
        ),
        claims.Check(
            f"ln peak height, {len(members)}-member bag minus single",
            bag,
            below=0,
        ),
    ],
    measured=f"{share:.1%} of the variance at N = n is interaction. {len(members)} members divide the height of the peak by "
    f"{np.exp(-ensemble.value):.1f} and {np.exp(-bag.value):.1f}.",
    seeds=scale.seeds(sizes.worlds),
    section="peak",
)

# %% tags=["remove-input"]
ledger.card(
    "u-turn-two-axes",
    [
        claims.Check(
            "second descent, leaves then trees",
            fall,
            below=0,
            unit="squared error",
        ),
        claims.Check(
            "rise before it, leaves then trees",
            rise,
            above=0,
            unit="squared error",
        ),
        claims.Check(
            "second descent, ten trees throughout (90 % interval)",
            fixed_fall,
            above=-0.01,
            below=0.01,
        ),
        claims.Check(
            "Kendall τ of effective parameters with trees",
            claims.mean(order),
            below=0,
        ),
    ],
    measured=f"After its first minimum and the rise that follows, the composite path changes by {fall.value:+.2f}; the path with one axis by {fixed_fall.value:+.3f}.",
    seeds=scale.seeds(sizes.forests)[sizes.forests // 3 :],
    section="dissent",
)

# %% [markdown]
r"""
## Who disagrees, and what to drop

**A dispute about blame.** {cite:t}`dascoli2020` credit the variance of the initialisation with the peak; {cite:t}`adlam2020` answer that
attribution by a sequential split depends on the order of the split. {numref}`fig-interaction` sides with the symmetric account, for
random features on Gaussian data. **A dispute about the axis.** {cite:t}`curth2023` against the reading of {cite:t}`belkin2019`; see
{numref}`fig-axes`. **A dispute about shape.** {cite:t}`neal2018` saw variance fall with width, {cite:t}`yang2020` saw it rise and then fall.
The two were measured on different networks and data, and {numref}`fig-adam` shows how little it takes to change the shape.

Three sentences to drop:

:::{admonition} "The bias–variance trade-off is a theorem"
:class: misconception
The decomposition is. The trade-off is a pattern of some model families, and {numref}`fig-networks` shows one without it.
:::

:::{admonition} "Overparameterized means high variance"
:class: misconception
Variance is highest where fitting is just possible ({numref}`fig-interaction`), and falls beyond.
:::

:::{admonition} "The number of parameters measures complexity"
:class: misconception
Fifty trees have fifty times the parameters of one and spend fewer effective ones ({numref}`fig-axes`).
:::

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page.

```{exercise} ★ Neighbours
:label: ex-neighbours
A $k$-nearest-neighbour regressor averages the labels of the $k$ closest training points. What happens to squared bias and variance
as $k$ grows from 1 to $n$? Which $k$ has the most effective parameters?
```

```{solution} ex-neighbours
:class: dropdown
Variance falls as $\sigma^2 / k$ (plus what depends on where the neighbours lie); bias grows because the average reaches further
away, until at $k = n$ the prediction is one constant. Effective parameters are $n \lVert s \rVert^2 = n / k$: $n$ at $k = 1$. A
smaller $k$ has no more stored numbers than a large one, yet is $n$ times as complex: another count of parameters that measures nothing.
```

```{exercise} ★ Many outputs
:label: ex-vector
Prove {prf:ref}`thm-decomposition` for predictions $f \in \mathbb R^K$ and the squared Euclidean distance. Where does the proof fail for the share of
misclassified examples?
```

```{solution} ex-vector
:class: dropdown
Apply the scalar identity to every coordinate and add. For misclassification there is nothing to add: the loss depends on
which coordinate is largest, a step function of all of them, and the cross terms of a step function do not vanish. The mean prediction can be
right while most single predictions are wrong, and the reverse.
```

```{exercise} ★ Worse than nothing
:label: ex-worse
In {prf:ref}`prop-price` let $\lVert \beta \rVert = 1$, $n = 100$, $\sigma = 0.5$. From how many dimensions on is least squares worse than
predicting zero for everything?
```

```{solution-start} ex-worse
:class: dropdown
```
Predicting zero has excess risk $\lVert\beta\rVert^2 = 1$. Setting $\sigma^2 p / (n - p - 1) = 1$ gives $p = (n - 1)/(1 + \sigma^2)$.
"""

# %%
threshold = (n - 1) / (1 + sigma**2)
pd.Series(
    {
        f"p = {p}": excess_risk(p).mean()
        for p in (int(threshold) - 4, int(threshold), int(threshold) + 5)
    }
).round(2)

# %% [markdown]
r"""
```{solution-end}
```

```{exercise} ★★ The correction
:label: ex-correction
`measures.bias_variance` subtracts variance/(number of training sets) from the squared distance between mean fit and truth. Show on the
polynomials that without the correction the bias is overestimated, and that more training sets help.
```

```{solution-start} ex-correction
:class: dropdown
```
"""

# %%
naive = {
    S: ((fits[:S, at[12]].mean(0) - truth) ** 2).mean() for S in (5, 20, len(fits))
}
corrected = {
    S: measures.bias_variance(fits[:S, at[12]], truth)[0].mean() for S in naive
}
pd.DataFrame(
    {"naive": naive, "corrected": corrected, "exact": exact_bias2[at[12]]}
).rename_axis("training sets").round(5)

# %% [markdown]
r"""
The naive estimate is too large by variance/S, so it falls as S grows; the corrected one scatters around the exact value.

```{solution-end}
```

```{exercise} ★★ A random design
:label: ex-random-design
Draw the 20 inputs uniformly from $(-1, 1)$ instead of evenly spaced. For 12 coefficients follow the *running mean* of the test error, and its
running median, over 2,000 training sets. What does the mean do, and why did this chapter fix the inputs?
```

```{solution-start} ex-random-design
:class: dropdown
```
"""

# %%
draws, errors = np.random.default_rng(scale.seed_offset()), []
for _ in range(2000):
    u = draws.uniform(-1, 1, 20)
    y = np.sin(5 * u) + 0.3 * draws.standard_normal(20)
    fit = np.linalg.pinv(legvander(u, 11)) @ y
    errors.append(((legvander(grid, 11) @ fit - truth) ** 2).mean())
counts = pd.Index([10, 50, 200, 1000, 2000], name="training sets")
so_far = [errors[:k] for k in counts]
pd.DataFrame(
    {"mean": map(np.mean, so_far), "median": map(np.median, so_far)}, counts
).round(2)

# %% [markdown]
r"""
The median settles; the mean jumps whenever a training set with a wide gap turns up, and keeps jumping. Squared bias and variance are
expectations: where those do not exist there is nothing to decompose. A figure with random inputs must show medians, or
clip its axis.

```{solution-end}
```

```{exercise} ★★ What an ensemble can do
:label: ex-ensemble
Average the class probabilities of the networks that share a training set. Predict from {eq}`eq-total-variance` at which widths this
helps most, then measure the share of misclassified test images with and without.
```

```{solution-start} ex-ensemble
:class: dropdown
```
"""

# %%
rows = []
for width, group in runs.groupby("width"):
    averaged = (
        predictions(group, "data_seed", "init_seed")
        .mean(1)
        .reshape(-1, len(images.y_test), images.classes)
    )
    wrong = (averaged.argmax(-1) != images.y_test.numpy()).mean()
    rows.append(
        {"width": width, "single": group.test_error.mean(), "ensemble": wrong}
    )
pd.DataFrame(rows).set_index("width").round(3)

# %% [markdown]
r"""
An ensemble removes the part from initialisation, which is large only in narrow networks. Wide ones have next to nothing to average
away.

```{solution-end}
```

```{exercise} ★★ Who gets the interaction?
:label: ex-order
Split the variance of the random features at $N = n$ one way at a time: first average over features, then over training sets, and the
other way round. How much of the peak does each order blame on the initialisation?
```

```{solution-start} ex-order
:class: dropdown
```
"""

# %%
c = pd.DataFrame([vars(w.components()) for w in worlds[200]]).mean()
pd.DataFrame(
    {
        "blamed on initialisation": [
            c.initialisation + c.interaction,
            c.initialisation,
        ],
        "blamed on sampling": [c.sampling, c.sampling + c.interaction],
    },
    index=[
        "condition on the training set first",
        "condition on the features first",
    ],
).round(2)

# %% [markdown]
r"""
The same numbers, opposite verdicts: whoever comes first in the split is handed the interaction. This is why
{cite:t}`adlam2020` insist on a split that treats both draws alike.

```{solution-end}
```

```{exercise} ★★★ Label noise
:label: ex-label-noise
Give the networks training labels of which a fifth is replaced at random. Does the variance still fall with width? Say what you
expect near the width where the networks begin to fit the noisy labels, and measure it.
```

```{solution-start} ex-label-noise
:class: dropdown
```
"""

# %%
noisy_runs = train(**descent, label_noise=0.2)
noisy_crossed = cross(noisy_runs)

# %% mystnb={"figure": {"caption": "**Label noise lifts the variance.** A fifth of the training labels replaced at random, beside the clean labels of this chapter.", "name": "fig-noisy"}, "image": {"alt": "Variance against width on logarithmic axes, for clean labels and for noisy labels; the noisy curve lies higher throughout."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.8))
draw(ax, crossed, "variance", colors["true_labels"], "clean labels")
draw(ax, noisy_crossed, "variance", colors["random_labels"], "a fifth at random")
plt.show()

# %% tags=["remove-input"]
fitted = noisy_runs.groupby("width").train_error.mean()
first = fitted[fitted < 0.01].index.min()
wide_change = {
    name: c[max(sizes.widths)].components().variance / c[64].components().variance
    - 1
    for name, c in (("clean", crossed), ("noisy", noisy_crossed))
}
Markdown(
    f"The noisy labels are fitted (training error below one per cent on average) from {first} units on. From 64 units to the widest "
    f"the variance changes by {wide_change['noisy']:+.0%}, against {wide_change['clean']:+.0%} with clean labels, on a level "
    "that is far higher: every network must also reproduce the wrong labels of its own training set."
)

# %% [markdown]
r"""
```{solution-end}
```

## Summary

- Risk under squared error is bias² + variance + noise: an identity, checked here to the accuracy of the sample.
- Ordered least-squares models below $p = n$ trade one for the other, at a price that diverges as $p \to n$.
- Networks trained by gradient descent to the same loss lose variance as they grow. What remains is the training
  set's part; the initialisation's part vanishes.
- The peak between the regimes is an interaction of training set and initialisation. Average over either, or add a
  ridge, and it goes.
- "Number of parameters" is no axis until you say which parameters.

**Reading.** {cite:t}`geman1992` for the dilemma as it was first posed; {cite:t}`neal2018` for networks; {cite:t}`adlam2020` for the exact theory of the
interaction; {cite:t}`curth2023` for the dissent. The peak itself, in networks and along other axes than width, is the subject of the chapter
on double descent.
"""
