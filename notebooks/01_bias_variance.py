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
chases the noise, and the best one lies between. Networks with far more parameters than training images ignore the
picture. This chapter takes it apart until you can see which half of it is a theorem and which half is a habit.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from numpy.polynomial.legendre import legvander

from overparam import (
    claims,
    data,
    figures,
    measures,
    mlp,
    predictions,
    randomness,
    results,
    scale,
    sweep,
)
from overparam.theory import kernels
from overparam.theory.trees import forest_smoother

figures.style()
colors = figures.COLORS
ledger = claims.EarlierLedger("bias-variance")
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
# The polynomials. A least-squares fit is a fixed matrix, the smoother, applied to the labels.
sets = [data.sine(n=20, noise=0.3, seed=s) for s in scale.seeds(sizes.training_sets)]
tensors = (sets[0].x, sets[0].x_test, sets[0].y_test)
x, grid, truth = (t.flatten().double().numpy() for t in tensors)
labels = np.stack([d.y.flatten().double().numpy() for d in sets])  # [training sets, 20]


def smoother(p, at):
    """Takes labels at x to the fit at other points; p Legendre polynomials, the p lowest degrees."""
    return legvander(at, p - 1) @ np.linalg.pinv(legvander(x, p - 1))


coefficients = np.arange(1, 21)
fits = np.stack(
    [labels @ smoother(p, grid).T for p in coefficients], axis=1
)  # [sets, p, grid]
train_fits = np.stack([labels @ smoother(p, x).T for p in coefficients], axis=1)

# %% mystnb={"code_prompt_show": "The networks: one call to sweep"} tags=["hide-input"]
# The networks: full-batch gradient descent for every width, training set and initialisation.
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
    return sweep(mlp(sizes.widths), images, **settings, record=["predictions"])


runs = train(**descent)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**More parameters ruin these polynomials and help these networks.** Left: fewer coefficients than points, up to as many. Training error keeps falling, to nothing; test error turns round and rises by orders of magnitude. Right: more parameters than images at every width. All but the narrowest networks fit their training set, and the widest have the lowest test error. Lines are means over training sets, bands 95 % intervals.", "name": "fig-puzzle"}, "image": {"alt": "Two panels. Left, polynomial error against number of coefficients on a logarithmic axis: training error falls to zero while test error falls to a minimum and then climbs by orders of magnitude. Right, network error against width: training error drops to zero and test error falls and keeps falling slowly."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
polynomials = pd.DataFrame(
    {
        "coefficients": np.tile(coefficients, len(sets)),
        "train": ((train_fits - labels[:, None]) ** 2).mean(-1).ravel(),
        "test": ((fits - truth) ** 2).mean(-1).ravel() + 0.3**2,
    }
)
errors = runs.groupby(["width", "data_seed"], as_index=False)[
    ["train_error", "test_error"]
].mean()
for name in ("train", "test"):
    figures.plot(polynomials, "coefficients", name, ax=left, label=name, markersize=3)
    figures.plot(errors, "width", f"{name}_error", ax=right, label=name)
left.set(yscale="log", ylim=(3e-3, 1e5), title="Polynomials, 20 points")
left.set(xlabel="coefficients", ylabel="mean squared error")
left.set_xticks([1, 5, 10, 15, 20])
right.set(xscale="log", title=f"Networks, {sizes.images_per_set:,} images")
right.set(xlabel="hidden units", ylabel="share misclassified")
left.legend(loc="upper left")
right.legend()
plt.show()

# %% tags=["remove-input"]
widest = runs[runs.width == max(sizes.widths)]
Markdown(
    f"The widest network has {widest.parameters.iloc[0]:,} parameters for {sizes.images_per_set:,} images. It misclassifies "
    f"{widest.train_error.mean():.1%} of the images it was trained on and "
    f"{claims.mean(widest.groupby('data_seed').test_error.mean()):.1%} of those it has never seen."
)

# %% [markdown]
r"""
Both pictures are right. They are not the same experiment: one lies left of the point where a model has as many parameters as it has
numbers to fit, the other right of it. The rest of the chapter asks what the left one is evidence *for*, by measuring the two
quantities that it is always explained with.

(polynomials)=
## One curve, many training sets

::::{admonition} Predict before you run
:class: predict
Twenty points, evenly spaced, from $y = \sin 5x + \varepsilon$ with $\varepsilon \sim \mathcal N(0, 0.3^2)$. As the number of
coefficients grows from 1 to 20, what happens to the fits *of different training sets* to the same curve?

1. They all come closer to the truth.
2. They come closer to the truth on average, and further from each other.
3. They come closer to each other, and further from the truth.

:::{dropdown} Answer
The second: the average over training sets settles on the truth while the single fits fan out, first at the edges. Find the point with the
slider.
:::
::::
"""


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**Too few coefficients: all fits are wrong together. Too many: right on average, wrong one at a time.** Polynomials fitted to 25 training sets (thin), the mean over all training sets (dashed) and the truth.", "name": "fig-fan"}} tags=["hide-input"]
# The slider over the number of coefficients
def fan(p):
    fig, ax = plt.subplots(figsize=(7.2, 4.1))
    i = p - 1
    ax.plot(grid, fits[:25, i].T, color=colors["variance"], alpha=0.25, linewidth=0.8)
    ax.plot(grid, truth, color=colors["true_labels"], linewidth=2.5, label="truth")
    mean = fits[:, i].mean(0)
    ax.plot(grid, mean, color=colors["bias"], linestyle="--", label="mean of all fits")
    ax.plot(x, labels[0], "o", color=figures.INK, label="one training set")
    train_error = ((train_fits[:, i] - labels) ** 2).mean()
    test_error = ((fits[:, i] - truth) ** 2).mean() + 0.3**2
    ax.set_title(
        f"{p} coefficient{'s' if p > 1 else ''}: mean squared error {train_error:.3f} (train), {test_error:.3g} (test)"
    )
    ax.set(ylim=(-2.6, 2.6), xlabel="x", ylabel="y")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig


figures.slider(
    {int(p): fan(p) for p in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20)},
    description="Coefficients",
    alt="Fits of 25 training sets with {} polynomial coefficients, their mean, the true curve and one set of 20 points.",
    start=4,
)

# %% [markdown]
r"""
Move the slider from end to end. At the left end the *average* fit is wrong, and no number of further training sets helps. In the middle the
average is right and so is each fit. Further right the expected fit is still right, but nobody gets to see it: you have one
training set. (At the very end even the mean of all our fits has not arrived, because its own variance is that of one fit divided
by their number.)

## The decomposition

Let $S$ stand for everything that is random when a predictor is made: the training set, and later also the initialisation. Let $f(x; S)$ be
the prediction, $\bar f(x) = \mathbb E_S f(x; S)$ its mean, and $y = f^*(x) + \varepsilon$ a test label with noise of variance $\sigma^2$ that
knows nothing of $S$.

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
Write $f - y = (\bar f - f^*) + (f - \bar f) - \varepsilon$ and square. The first bracket is a constant; the second has mean
zero over $S$ by the definition of $\bar f$; $\varepsilon$ has mean zero and is independent of $S$. So all three cross terms
vanish in expectation, and the three squares remain.
```

Note how little was used. Nothing was said about parameters, about training, or about how either term must move when the model
grows. The identity holds for a decision tree, for a network, and for a student's guess ({cite:t}`geman1992` is the classical account). It
needs the squared error, or a relative of it such as cross-entropy with another kind of mean; for the share of misclassified
images several definitions compete, and none is this sum.

An identity can still be implemented wrongly, so we check it, with different training sets on the two sides of {eq}`eq-decomposition`: the spread
of the fits of one half on the right, the error of the other half on fresh noisy labels on the left.
"""

# %%
half = len(sets) // 2
rng = randomness.rng(scale.seed_offset())
noisy = truth + 0.3 * rng.standard_normal((len(sets) - half, 1, len(grid)))
risk = ((fits[half:] - noisy) ** 2).mean(-1)  # [training sets, p]
bias2, variance = (part.mean(-1) for part in measures.bias_variance(fits[:half], truth))
bias2 = bias2.round(4) + 0.0  # no negative zeros
table = pd.DataFrame({"bias²": bias2, "variance": variance, "noise": 0.09}, coefficients)
table["sum"] = table.sum(axis=1)
table["risk, 95 % interval"] = [f"{claims.mean(r):.4f}" for r in risk.T]
table.loc[[1, 2, 4, 6, 8, 10, 12, 14, 16]].rename_axis("coefficients").round(4)

# %% tags=["remove-input"]
Markdown(
    f"The last two columns agree to the accuracy of {half:,} training sets, which gets worse as the variance grows. An estimate of the "
    "squared bias may be slightly below zero: the variance of the mean fit has been subtracted from it, and without that correction a "
    "bias of zero would look positive."
)

# %% [markdown]
r"""
## The U-curve, measured

::::{admonition} Predict before you run
:class: predict
Which way does the best number of coefficients move when the labels become noisier?

1. Nowhere: the truth has not changed.
2. To fewer coefficients.
3. To more coefficients, to average the noise away.

:::{dropdown} Answer
To fewer, in jumps. Bias does not depend on the noise and variance is proportional to $\sigma^2$, so more noise lifts the rising branch only. The
bias of this target falls in large steps, and the bottom of the U waits on a step until the noise is large enough to push it off. Without
noise there is no variance here at all, and no U.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**Noise pushes the bottom of the U to the left, never to the right.** Squared bias, variance, noise and their sum, the risk, of least-squares polynomials, computed exactly. Noise lifts the variance and leaves the bias where it is.", "name": "fig-noise"}} tags=["hide-input"]
# The slider over the noise
exact_bias2 = np.array(
    [((smoother(p, grid) @ np.sin(5 * x) - truth) ** 2).mean() for p in coefficients]
)
unit_variance = np.array([(smoother(p, grid) ** 2).sum(1).mean() for p in coefficients])


def u_curve(noise):
    fig, ax = plt.subplots(figsize=(7.2, 4.4))
    parts = {
        "bias": exact_bias2,
        "variance": noise**2 * unit_variance,
        "noise": np.full(20, noise**2),
    }
    for name, values in parts.items():
        if values.any():
            label = "bias²" if name == "bias" else name
            ax.plot(coefficients, values, color=colors[name], label=label)
    risk = sum(parts.values())
    ax.plot(coefficients, risk, color=colors["risk"], linewidth=3, label="risk")
    best = risk.argmin()
    ax.plot(coefficients[best], risk[best], "o", color=figures.INK, markersize=8)
    ax.set(yscale="log", xlim=(1, 20.5), ylim=(1e-5, 30))
    ax.set(xlabel="coefficients", ylabel="squared error")
    ax.set_xticks([1, 5, 10, 15, 20])
    plural = "s" if coefficients[best] > 1 else ""
    ax.set_title(
        f"Noise σ = {noise:g}: smallest risk at {coefficients[best]} coefficient{plural}"
    )
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return fig


figures.slider(
    {noise: u_curve(noise) for noise in (0, 0.03, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0)},
    description="Noise σ",
    alt="Squared bias, variance, noise and risk of polynomials against the number of coefficients at noise {}.",
    start=0.3,
)

# %% [markdown]
r"""
Here nothing is sampled. A least-squares fit is linear in the labels, so the mean fit is the smoother applied to the true values,
and the variance at $x$ is $\sigma^2 \lVert s(x) \rVert^2$ with $s(x)$ the smoother's row. What is forced, and what is not? Variance *must* rise at
every $x$: the models are nested, and one more column can only lengthen $s(x)$. Squared bias *must* fall on average over the training inputs. Between
them it falls for this smooth target (in steps of two, because the sine is odd and an even power is no use to it), but for others it rises again:
{ref}`ex-runge`. A variance that fell somewhere would have shown that the code, not the theory, is wrong.

::::{admonition} Break it: a random design
:class: break-it
We kept the inputs evenly spaced and drew only the noise. Draw the inputs too, and the right part of the curve is no longer a number: with more than
about half as many coefficients as points, the training sets that leave a wide gap are rare, but not rare enough for what the
polynomial does across it, and the mean over training sets is infinite. {ref}`ex-random-design` lets you watch it.
::::

### How much does each coefficient cost?

Averaged over the *training* inputs the price is exact: $p$ coefficients cost $\sigma^2 p / n$. For the whole interval it is a little less at first and
enormously more as $p$ nears $n$; how much depends on where the points lie. The simplest case that can be written down is a
linear model with random inputs, of which only the first $p$ are used.

```{prf:proposition} The price of a parameter
:label: prop-price
Let $y = x^\top \beta + \varepsilon$ with $x \sim \mathcal N(0, I_d)$, and let least squares on $n$ examples use the first $p < n - 1$ coordinates. Write
$b^2$ for the squared length of the part of $\beta$ that is left out. The excess risk, which is the risk less $\sigma^2$, is

$$
\underbrace{b^2}_{\text{bias}^2} + \underbrace{(\sigma^2 + b^2)\, \frac{p}{n - p - 1}}_{\text{variance}} .
$$ (eq-price)
```

```{prf:proof}
The coordinates left out are independent of those used, so on the training set they act as noise of variance $b^2$, and on the test point they add
the squared error $b^2$. With $X$ the used inputs and $e$ the whole noise, $\hat\beta - \beta = (X^\top X)^{-1} X^\top e$ has mean zero and
covariance $(\sigma^2 + b^2) (X^\top X)^{-1}$ given $X$. The matrix $X^\top X$ is Wishart with $n$ degrees of freedom, and the mean of its inverse
is $I_p / (n - p - 1)$; take the trace.
```

This *is* the U: one term falls with $p$, the other rises, and nothing can be done about it within least squares. For random inputs the
price of one more parameter grows without bound as $p \to n$: a wall. (The polynomials of {numref}`fig-puzzle` have no
wall, since their points are fixed; what blows up there is the fit *between* evenly spaced points.) The formula says nothing about
what lies behind the wall.
"""

# %%
n, sigma, rng = 100, 0.5, randomness.rng(scale.seed_offset())


def excess_risks(p, beta, repeats=400):
    """Excess risk of least squares on the first p coordinates, for many training sets."""
    X = rng.standard_normal((repeats, n, len(beta)))
    y = X @ beta[:, None] + sigma * rng.standard_normal((repeats, n, 1))
    used = X[..., :p]
    estimate = np.linalg.solve(used.mT @ used, used.mT @ y)[..., 0]
    return ((estimate - beta[:p]) ** 2).sum(1) + (beta[p:] ** 2).sum()


# %%
# NBVAL_CHECK_OUTPUT
beta = 1 / np.arange(1, 101)
price = pd.DataFrame({"p": (1, 3, 10, 30, 50, 70, 90, 95)})
left_out = np.array([(beta[p:] ** 2).sum() for p in price.p])
price["formula"] = left_out + (sigma**2 + left_out) * price.p / (n - price.p - 1)
price["measured, 95 % interval"] = [
    f"{claims.mean(excess_risks(p, beta)):.3f}" for p in price.p
]
price.set_index("p").round(3)

# %% [markdown]
r"""
One of eight 95 % intervals may well miss its formula. Close to the wall the more so: a few training sets dominate the mean there, and a $t$ interval is too
narrow for that.

(networks)=
## Networks: both can fall

::::{admonition} Predict before you run
:class: predict
Now the networks of {numref}`fig-puzzle`, each trained on its own draw of images. Once they are wide enough to fit, what do squared
bias and variance of the predicted class probabilities do as width grows further?

1. Bias falls, variance rises, as for polynomials, only more slowly.
2. Bias falls, variance stays.
3. Both fall.

:::{dropdown} Answer
Both fall, a little at every doubling, the variance faster than the bias. Read on for how sure we are.
:::
::::

The measurement is the one we made for polynomials. The prediction is now a vector, the class probabilities; the target is the
label as a 0/1 vector; and the squared error between them, summed over classes, is known as the Brier score. Every
training set is *crossed* with every initialisation: each meets each, which is what will let us tell the two apart.
"""


# %%
def cross(runs, images=images):
    """For every width, the runs: training sets crossed with initialisations."""
    target = torch.nn.functional.one_hot(images.y_test, images.classes)
    flat, examples = target.flatten().numpy(), len(target)
    return {
        width: measures.CrossedRuns(
            predictions(rows, "data_seed", "init_seed"), flat, examples
        )
        for width, rows in runs.groupby("width")
    }


crossed = cross(runs)

# %%
parts = {width: c.components() for width, c in crossed.items()}
rows = {
    w: {"bias²": c.bias2, "variance": c.variance, "risk": c.risk} for w, c in parts.items()
}
pd.DataFrame(rows).T.rename_axis("hidden units").round(4)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**In networks both parts fall.** Squared bias and variance against width. Bands are 95 % jackknife intervals over training sets and initialisations; both are shared by all widths, so the trend is far more certain than the level.", "name": "fig-networks"}, "image": {"alt": "Two falling curves against width on logarithmic axes. Variance drops steeply in narrow networks and keeps falling gently in wide ones; squared bias does the same and flattens more."}} tags=["hide-input"]
def part_by_width(crossed, part):
    """One part of the risk at every width, with its interval."""
    rows = [
        claims.two_way_jackknife(lambda cs: getattr(cs[0], part), [c])
        for c in crossed.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(list(crossed), name="width"))


def draw(ax, table, color, label):
    ax.plot(table.index, table.value, "o-", color=color, label=label)
    figures.band(ax, table.index, table.low, table.high, color)
    ax.set(xscale="log", yscale="log", xlabel="hidden units", ylabel="squared error")
    ax.legend()


fig, ax = plt.subplots(figsize=(7.2, 4.0))
draw(ax, part_by_width(crossed, "bias2"), colors["bias"], "bias²")
draw(ax, part_by_width(crossed, "variance"), colors["variance"], "variance")
plt.show()

# %% tags=["remove-input"]
narrowest = runs[runs.width == min(sizes.widths)]
fitted = runs.groupby("width").train_error.max()
Markdown(
    f"The narrowest networks, with {min(sizes.widths)} hidden units, fail to fit {(narrowest.train_error > 0).mean():.0%} of their training "
    f"sets; from {fitted[fitted == 0].index.min()} units on every network *interpolates*, which means that it has training error zero. All "
    "are trained to the same training loss. As they grow further, they have ever more parameters than images and give *more* similar "
    "predictions when the training set is exchanged. A variance that grows with width would have been the textbook's prediction."
)

# %% [markdown]
r"""
To say how sure we are, one number per claim: the slope of $\log_2$ variance per doubling of width, from 64 units up. Its interval comes from
leaving out each training set in turn, and each initialisation in turn, at all widths at once (the delete-one jackknife,
{cite:t}`efron1981`).
"""


# %%
def slope(part, crossed):
    """Slope of log₂(part) per doubling of width, from 64 units up."""
    wide = [w for w in crossed if w >= 64]

    def fit(components):
        values = [getattr(c, part) for c in components]
        return np.polyfit(np.log2(wide), np.log2(values), 1)[0]

    return claims.two_way_jackknife(fit, [crossed[w] for w in wide])


variance_slope, bias_slope = slope("variance", crossed), slope("bias2", crossed)

# %% tags=["remove-input"]
Markdown(
    f"Per doubling of width, log₂ variance changes by {variance_slope:.3f} and log₂ bias² by {bias_slope:.3f}. These intervals are for training sets "
    f"drawn from this pool of {len(images.x):,} images, and so a little too narrow for handwritten digits in general."
)

# %% [markdown]
r"""
:::{margin}
{cite:t}`yang2020` find a variance that first rises and then falls with width, and call it unimodal. {ref}`ex-label-noise` looks for the hump.
:::

This is what {cite:t}`neal2018` report for fully connected networks, and it retires one sentence: *more parameters, hence
more variance*. That was never in the decomposition. It was a pattern seen in some families of models, taken for a law.

::::{admonition} Break it: another optimizer
:class: break-it
The networks above were trained by full-batch gradient descent. Train the same ones with Adam, to the same training loss. Before you look: should the
optimizer matter for a statement about width?
::::
"""

# %%
adam = cross(train(lr=0.01, optimizer="adam"))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Another optimizer, another shape.** The same networks trained by gradient descent and by Adam to the same training loss. With Adam at a fixed step size the variance of wide networks does not fall.", "name": "fig-adam"}, "image": {"alt": "Variance against width for two optimizers on logarithmic axes. Both fall steeply in narrow networks. Gradient descent keeps falling; Adam levels off and lies higher in wide networks."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.8))
draw(ax, part_by_width(crossed, "variance"), colors["variance"], "gradient descent")
draw(ax, part_by_width(adam, "variance"), figures.SEQUENCE[3], "Adam")
ax.set_ylabel("variance")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"Per doubling from 64 units up, log₂ variance changes by {variance_slope:.3f} with gradient descent and by {slope('variance', adam):.3f} with "
    f"Adam (log₂ bias² by {bias_slope:.3f} and {slope('bias2', adam):.3f}). A likely reason, not tested here: Adam divides every gradient "
    "by its own size, so each weight moves at the same speed whatever the width, and a wide layer as a whole moves further. The claim "
    "is about networks *and how they were trained*."
)

# %% [markdown]
r"""
### The same on MNIST

The digits of scikit-learn are small and clean. This is the same measurement on the original MNIST: 100 training images per set, 10 sets crossed
with 3 initialisations, the first 2,000 test images.
"""


# %% mystnb={"code_prompt_show": "The measurement and the figure", "figure": {"caption": "**The same measurement on MNIST.** Squared bias and variance against width, with jackknife bands. Where MNIST is at hand it is run with the page, else a recorded run is shown; the line below says which.", "name": "fig-mnist"}, "image": {"alt": "Squared bias and variance of networks on MNIST against width on logarithmic axes; both fall with width."}} tags=["hide-input"]
def on_mnist():
    mnist = data.mnist()
    mnist = replace(mnist, x_test=mnist.x_test[:2000], y_test=mnist.y_test[:2000])
    crossing = {"n": 100, "data_seed": scale.seeds(10), "init_seed": scale.seeds(3)}
    widths = mlp((16, 64, 256, 1024))
    runs = sweep(
        widths,
        mnist,
        **crossing,
        **descent,
        epochs=1500,
        stop_loss=0.01,
        record=["predictions"],
    )
    crossed = cross(runs, mnist)
    tables = [
        part_by_width(crossed, part).assign(part=part) for part in ("bias2", "variance")
    ]
    return pd.concat(tables).reset_index()


possible = data.available("mnist") and scale.current() != "smoke"
mnist_parts, where = results.measured_or_recorded(
    "01_bias_variance_mnist", possible, on_mnist
)
fig, ax = plt.subplots(figsize=(7.2, 3.8))
for part, label in (("bias2", "bias²"), ("variance", "variance")):
    rows = mnist_parts[mnist_parts.part == part].set_index("width")
    draw(ax, rows, colors["bias" if part == "bias2" else part], label)
plt.show()

# %% tags=["remove-input"]
Markdown(f"The MNIST figure was {where}.")

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

An *ensemble* averages the predictions of networks that differ in their initialisation only. The second term is the variance that an
infinite ensemble would still have; the first is what it removes. Both are averages over pairs of runs. With
$e$ the error of a prediction, $\langle e, e' \rangle$ averaged over pairs of networks that share nothing estimates the squared bias; over pairs
that share the training set, bias² plus the part from sampling; over a network with itself, the risk. `CrossedRuns.components` does
no more than this ({ref}`ex-pairs`).
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Width removes the dependence on the starting weights, not on the data.** The variance of the networks, split by its source. The part from initialisation falls at every doubling of width, ever more slowly; the part from sampling the training set changes little once the networks fit. Bands: 95 % jackknife intervals.", "name": "fig-split"}, "image": {"alt": "Two curves against width on logarithmic axes. The part from sampling is nearly level, with a slight hump. The part from initialisation falls by two orders of magnitude, steeply at first and then more slowly."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 4.0))
draw(
    ax,
    part_by_width(crossed, "from_sampling"),
    figures.SEQUENCE[0],
    "from sampling the training set",
)
draw(
    ax,
    part_by_width(crossed, "from_initialisation"),
    figures.SEQUENCE[3],
    "from initialisation",
)
ax.set_ylabel("variance")
plt.show()


# %%
def log_ratio(part, wide, narrow):
    """log₂ of a part of the variance at one width over that at another."""

    def change(components):
        return np.log2(getattr(components[0], part) / getattr(components[1], part))

    return claims.two_way_jackknife(change, [crossed[wide], crossed[narrow]])


narrow, *_, last_but_one, wide = [w for w in crossed if w >= 64]
initialisation_ratio = log_ratio("from_initialisation", wide, narrow)
last_doubling = log_ratio("from_initialisation", wide, last_but_one)
sampling_ratio = log_ratio("from_sampling", wide, narrow)
last_sampling_ratio = log_ratio("from_sampling", wide, last_but_one)


# %% tags=["remove-input"]
def percent(log2):
    """A log₂ ratio with its interval, as changes in per cent."""
    changes = (2**v - 1 for v in (log2.value, log2.low, log2.high))
    return f"{claims.Estimate(*changes):+.0%}"


Markdown(
    f"From {narrow} to {wide} hidden units the part from initialisation changes by {percent(initialisation_ratio)} and the part from sampling by "
    f"{percent(sampling_ratio)}. In the last doubling, from {last_but_one} to {wide}, they change by {percent(last_doubling)} and "
    f"{percent(last_sampling_ratio)}. That the first *vanishes* no experiment of finite width can show."
)

# %% [markdown]
r"""
So a wide network is nearly *reproducible*: start it anywhere and it ends at much the same function. What it still depends on are the
images it was given, and width does not help with that. Had the opposite been true, a part from sampling that shrinks with width and a part from
initialisation that stays, then wide networks would need ensembles and not data. The paper reports the pattern we see; it is no theorem for networks that
learn their features.

(peak)=
## A peak, and whose fault it is

Between "cannot fit" and "fits with room to spare" lies the point where a model can *just* fit. To look at it closely we take a network
whose first layer is never trained: {term}`random features`, then least squares with the faintest ridge, $\lambda = 10^{-6}$. The labels
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

We cross several training sets with several feature draws in each of a number of independent *worlds*, which differ in everything that is random, so that
every width has a two-way analysis of variance with an interval over worlds: $V = V_S + V_I + V_{SI}$, sampling, initialisation and their
interaction.
"""

# %%
n_train, dimensions, n_test = 200, 50, 500


def world(seed, features, draws=sizes.world_sets, ridge=1e-6):
    """Training sets crossed with random features, all of them this world's own."""
    seeds = [1000 * seed + s for s in range(draws)]
    sets = [data.linear_teacher(n_train, dimensions, 0.0, s, n_test) for s in seeds]
    points = torch.cat([*(d.x for d in sets), sets[0].x_test]).double()
    y, truth = torch.stack([d.y for d in sets]).double(), sets[0].y_test.double()
    fits = []
    for s in seeds:
        draw = randomness.generator(s, "features")
        lifted = kernels.relu_features(points, features, draw)
        train, test = lifted[:-n_test].view(draws, n_train, features), lifted[-n_test:]
        fits.append((test @ kernels.ridge(train, y, ridge)).squeeze(-1))
    fits = torch.stack(fits, 1).numpy()
    return measures.CrossedRuns(fits, truth.flatten().numpy(), n_test)


# %%
features = (50, 100, 150, 180, 200, 220, 300, 400, 800, 1600)
worlds = {N: [world(seed, N) for seed in scale.seeds(sizes.worlds)] for N in features}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The peak is an interaction.** Random features without label noise. Squared bias falls to a floor. The variance peaks where the number of features N equals the number of training points, and what peaks is the interaction of sampling and initialisation; no peak is seen in either alone. Means over worlds with 95 % bands; the axis is linear below 0.01, since an unbiased estimate of something small can be negative.", "name": "fig-interaction"}, "image": {"alt": "Four curves against the number of random features on logarithmic axes. The interaction has a sharp peak where features equal training points, far above the others. Variance from initialisation falls slowly, variance from sampling is small, squared bias falls to a low level."}} tags=["hide-input"]
table = pd.DataFrame(
    {
        "features": N,
        "bias²": c.bias2,
        "sampling": c.sampling,
        "initialisation": c.initialisation,
        "interaction": c.interaction,
    }
    for N, crossings in worlds.items()
    for c in (w.components() for w in crossings)
)
fig, ax = plt.subplots(figsize=(7.2, 4.4))
hues = {
    "bias²": colors["bias"],
    "sampling": figures.SEQUENCE[0],
    "initialisation": figures.SEQUENCE[3],
    "interaction": colors["variance"],
}
for name, color in hues.items():
    figures.plot(table, "features", name, ax=ax, colors=color)
ax.axvline(n_train, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.text(205, 40, "N = n", color=colors["threshold"])
ax.set_yscale("symlog", linthresh=0.01)
ax.set(xscale="log", ylim=(-0.1, 80), xlabel="random features N", ylabel="squared error")
ax.legend()
plt.show()

# %% tags=["remove-input"]
at_peak = {
    name: claims.mean(table[table.features == n_train][name])
    for name in ("sampling", "initialisation", "interaction")
}
Markdown(
    "At N = n: "
    + "; ".join(f"{name} {estimate:.2g}" for name, estimate in at_peak.items())
    + "."
)

# %% [markdown]
r"""
Follow the four lines through the threshold. If the training set were to blame, $V_S$ would have the peak; if the random features were,
$V_I$ would. What peaks is $V_{SI}$: particular features are bad *for a particular training set*. The labels are exact, so what is there to
amplify? The part of the target that $N$ random features cannot express. To the fit it looks like noise, and at $N = n$ the
feature matrix is square, some of its singular values are close to zero, and the fit divides by them. Which ones are small depends on both
draws.

If that is right, then averaging over either draw must take the peak down, even though the other is untouched. An *ensemble* averages models with
different features on one training set. A *bag* averages models with the same features on different training sets; it is an idealised bag, since
{cite:t}`breiman1996` resamples one training set and ours are fresh. Had the training sets been to blame, the ensemble would keep its peak.
"""


# %%
def ensemble_error(w, m):
    """Error of m averaged feature draws, mean over training sets."""
    return np.mean([w.error_of_mean([s], range(m)) for s in range(sizes.world_sets)])


def bag_error(w, m):
    """Error of m averaged training sets, mean over feature draws."""
    return np.mean([w.error_of_mean(range(m), [i]) for i in range(sizes.world_sets)])


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Averaging over either draw takes the peak down.** Averages of the predictions of M models that share the training set (an ensemble) or share the features (a bag over fresh training sets). At N = n the error sinks in proportion to M. The dashed line is the limit of infinitely many, estimated without bias, with its 95 % band over worlds.", "name": "fig-averaging"}, "image": {"alt": "Two panels, ensemble and bag. In each the test error against random features for one to ten averaged models: the peak where features equal training points gets lower with more models. A dashed limiting line has no visible peak."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.9), sharey=True)
counts = [m for m in (1, 2, 5, 10) if m <= sizes.world_sets]
kinds = (
    ("Ensemble: one training set", ensemble_error, "sampling"),
    ("Bag: one set of features", bag_error, "initialisation"),
)
for ax, (title, error, remaining) in zip(axes, kinds, strict=True):
    for m, color in zip(counts, figures.ramp(len(counts)), strict=True):
        rows = pd.DataFrame(
            {"features": N, "error": error(w, m)}
            for N, crossings in worlds.items()
            for w in crossings
        )
        figures.plot(
            rows,
            "features",
            "error",
            ax=ax,
            colors=color,
            label=f"{m} model{'s' * (m > 1)}",
        )
    limit = table.assign(limit=table["bias²"] + table[remaining])
    figures.plot(
        limit,
        "features",
        "limit",
        ax=ax,
        colors=figures.INK,
        label="limit",
        linestyle="--",
        marker="",
    )
    ax.set_yscale("symlog", linthresh=0.01)
    ax.set(
        xscale="log",
        ylim=(-0.05, 50),
        title=title,
        xlabel="random features N",
        ylabel="squared test error",
    )
axes[1].legend(loc="lower left")
plt.show()


# %%
def log_peak(error):
    """log of the error at N = n over that at N = 4n, in each world."""
    pairs = zip(worlds[200], worlds[800], strict=True)
    return np.array([np.log(error(a) / error(b)) for a, b in pairs])


M = max(counts)
single = log_peak(lambda w: w.components().risk)
ensemble = claims.mean(log_peak(lambda w: ensemble_error(w, M)) - single)
bag = claims.mean(log_peak(lambda w: bag_error(w, M)) - single)
at_n = table[table.features == n_train]
limits = {
    part: claims.mean(at_n["bias²"] + at_n[part]) for part in ("sampling", "initialisation")
}

# %% tags=["remove-input"]
at_threshold = np.mean([w.components().risk for w in worlds[n_train]])
Markdown(
    f"{M} members divide the *height* of the peak, the error at N = n over that at N = 4n, by {np.exp(-ensemble.value):.1f} (ensemble) and "
    f"{np.exp(-bag.value):.1f} (bag): less than {M}, because averaging helps at N = 4n too. An interaction divided by {M} is still there. In the limit "
    f"of infinitely many, the error at N = n is {limits['sampling']:.2g} and {limits['initialisation']:.2g}, against {at_threshold:.1f} for a single model."
)

# %% [markdown]
r"""
:::{margin}
{cite:t}`dascoli2020` give the peak to label noise and the initialisation; here there is no noise. {cite:t}`adlam2020` answer that a split taken one
source after the other depends on the order, and use the symmetric one. {ref}`ex-order` does both.
:::

::::{admonition} Break it: a little ridge
:class: break-it
Everything about the peak came from dividing by small singular values. A ridge penalty bounds them from below. Raise it from
$10^{-6}$ and nothing else. If the peak belonged to the number of parameters, it would stay.
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A little ridge, and no peak.** The same random features with more ridge: the peak belongs to the (nearly) unregularised solution, not to the number of parameters. Too much ridge costs the wide models more than it saves.", "name": "fig-ridge"}, "image": {"alt": "Squared test error against random features for four ridge penalties on logarithmic axes. The smallest penalty has a tall peak where features equal training points; larger penalties flatten it until the curve falls throughout, and the largest lies highest at the right end."}} tags=["hide-input"]
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
ridged = pd.DataFrame(rows)
fig, ax = plt.subplots(figsize=(7.2, 3.9))
figures.plot(ridged, "features", "error", hue="penalty", ax=ax, label="λ = {:g}")
ax.set(xscale="log", yscale="log", xlabel="random features N", ylabel="squared test error")
ax.legend()
plt.show()

# %% tags=["remove-input"]
mean_error = ridged.pivot_table("error", "penalty", "features")
Markdown(
    f"With λ = 0.01 the error at N = n is {mean_error.loc[1e-2, n_train]:.2g} instead of {mean_error.loc[1e-6, n_train]:.2g}; at "
    f"{max(features):,} features it costs {mean_error.loc[1e-2, max(features)] / mean_error.loc[1e-6, max(features)] - 1:.0%}."
)

# %% [markdown]
r"""
{doc}`/notebooks/04_double_descent` asks whether the *best* penalty at each size makes the curve monotone, as it provably does for isotropic linear regression
{cite:p}`nakkiran2020ridge`.

(dissent)=
## The dissent: count the axes

{cite:t}`curth2023` object to the very picture of a second descent, for models that are not deep. In the classical examples, they
say, the horizontal axis changes its meaning half-way. Take a random forest. First one tree grows, from 2 leaves to as many as it
likes. Then *more trees* are added. Both add "parameters", but the first makes a model rougher and the second makes it smoother.

::::{admonition} Predict before you run
:class: predict
The classical figure grows the tree to its full size and only then adds trees. What if we start to add trees earlier, at 20 or at 50 leaves?

1. The peak stays: it belongs to the number of parameters at which one tree can fit the training set.
2. The peak moves with the switch, and is gone if we switch before the single tree starts to overfit.

:::{dropdown} Answer
The second. The peak is wherever the axis changes its meaning. This is the paper's own test.
:::
::::

Once its leaves are fixed, a forest that averages labels within leaves is a smoother, like the polynomial: $\hat y = \sum_i s_i(x)\, y_i$. It
spends $p_0 = n \cdot \operatorname{mean}_x \lVert s(x)\rVert^2$ {term}`effective parameters`: 1 for the mean of all labels, $n$ for one nearest
neighbour. (The leaves were chosen with the labels too, and that search is not counted.)
"""

# %%
digits, one_hot = data.digits(), np.eye(10)


def forest(seed, leaves, trees):
    """Test error and effective parameters on 500 digits, 10 % random labels."""
    rows = data.subset(digits, 500, seed)
    noise = randomness.generator(seed, "label noise")
    labels = one_hot[data.corrupt_labels(digits.y[rows], 0.1, 10, noise)]
    smooth = forest_smoother(digits.x[rows], labels, digits.x_test, leaves, trees, seed)
    error = ((smooth @ labels - one_hot[digits.y_test]) ** 2).sum(1).mean()
    return {"seed": seed, "error": error, "p0": measures.effective_parameters(smooth)}


# %%
def walk(path):
    """The forests along a path of (leaves, trees), for every seed."""
    seeds = scale.seeds(sizes.forests)
    steps = [(s, i, step) for s in seeds for i, step in enumerate(path)]
    return pd.DataFrame([forest(s, *step) | {"step": i} for s, i, step in steps])


leaves, trees = (2, 5, 10, 20, 50, 100, 200), (2, 5, 10, 20, 50)
grow = [(k, 1) for k in leaves]
paths = {
    k: walk([g for g in grow if g[0] <= k] + [(k, m) for m in trees]) for k in (20, 50, 200)
}
fixed = walk([(k, 10) for k in leaves])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The second descent begins wherever the axis changes.** Left: one tree grows, then trees are added, from 20, 50 or 200 leaves (200 is more than a full tree has): the peak moves with the switch and is gone when it comes early. Middle: ten trees throughout, one axis. Right: the path with the tallest peak against effective parameters: the second descent runs back along the axis. Bands are 95 % intervals over seeds.", "name": "fig-axes"}, "image": {"alt": "Three panels of squared test error. Left: error falls with leaves and then rises; three branches where trees are added all fall, starting at different points. Middle: with ten trees throughout, error falls and levels off. Right: against effective parameters the curve goes out to the right and returns to lower error at fewer effective parameters."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 4.1), sharey=True)
single_tree = paths[200][paths[200].step < len(leaves)]
figures.plot(
    single_tree,
    "step",
    "error",
    ax=axes[0],
    colors=figures.INK,
    label="one tree grows",
    markersize=3,
)
for (k, path), color in zip(paths.items(), figures.SEQUENCE[1:], strict=False):
    branch = path[path.step >= leaves.index(k)]
    figures.plot(
        branch,
        "step",
        "error",
        ax=axes[0],
        colors=color,
        label=f"trees added from {k}",
        markersize=3,
    )
figures.plot(fixed, "step", "error", ax=axes[1], colors=figures.SEQUENCE[0], markersize=3)
for rows, ink in ((single_tree, figures.INK), (branch, color)):
    means = rows.groupby("step")[["p0", "error"]].mean()
    axes[2].plot(means.p0, means.error, "o-", color=ink, markersize=3)
axes[0].set_xticks([0, 3, 6, 11], ["2", "20", "200", "×50"])
axes[1].set_xticks([0, 3, 6], ["2", "20", "200"])
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
names = (
    ("leaves, then trees", "Two axes in one"),
    ("leaves of each of 10 trees", "One axis"),
    ("effective parameters", "Folded back"),
)
for ax, (label, title) in zip(axes, names, strict=True):
    ax.set(
        xlabel=label,
        ylabel="squared test error" if ax is axes[0] else "",
        title=title,
        ylim=(0, None),
    )
plt.show()


# %%
def bump(runs):
    """Rise to, and fall after, the interior point that stands out most.

    The three places are chosen on a third of the seeds and tested on the others.
    """
    errors = runs.pivot_table("error", "seed", "step")
    third = len(errors) // 3
    e, tested = errors.iloc[:third].mean(), errors.iloc[third:]
    around = {j: (e.loc[: j - 1].idxmin(), e.loc[j + 1 :].idxmin()) for j in e.index[1:-1]}
    j = max(around, key=lambda j: e[j] - max(e[i] for i in around[j]))
    before, after = around[j]
    return tested[j] - tested[before], tested[j] - tested[after]


# %%
rise, fall = map(claims.mean, bump(paths[200]))
bumps = {
    name: np.minimum(*bump(runs))
    for name, runs in {"switch at 20": paths[20], "one axis": fixed}.items()
}
no_bump = {name: claims.mean(values, level=0.90) for name, values in bumps.items()}

# %% tags=["remove-input"]
Markdown(
    f"On the classical path the error rises by {rise:.3f} to a peak and then falls by {fall:.3f}. The tallest bump anywhere is "
    f"{no_bump['switch at 20']:.3f} high with the switch at 20 leaves and {no_bump['one axis']:.3f} with ten trees throughout (90 % intervals; a bump is "
    "the smaller of the rise before it and the fall after it, and negative where there is no such point)."
)

# %% [markdown]
r"""
Against effective parameters the descent runs back, as it must: trees of one size that differ only by chance average to weights no longer than theirs, so
$p_0$ falls with the number of trees. That part is arithmetic, not a finding. And $p_0$ is not *the* right axis either, for the right panel has two
errors at one $p_0$.

The paper's scope is stated with care: trees, boosting and linear regression, where effective parameters can be counted. We ran forests only. Networks are
outside its scope, and nothing on this page says that *their* double descent is an artefact. What it does settle is a habit of speech. "Number of
parameters" is not one axis, and a curve against it is not a law until we say which parameters were added and in which order.

## Why classical statistics is not wrong

Put the experiments next to each other.

- The **decomposition** is a theorem, and our measurements add up. It says that risk has these parts. It does not say that they
  trade.
- The **trade-off** is a fact about least squares on nested models with fewer parameters than points. There it is not folklore but a
  formula, with a term for each side: {prf:ref}`prop-price`.
- The **wall** at $p = n$, for random inputs, is real too. It comes from small singular values and sinks under a ridge or an average.
  Regularisation is what classical statistics has always prescribed in its neighbourhood.
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
four, twelve = (int(np.flatnonzero(coefficients == p)[0]) for p in (4, 12))


def from_four_to_twelve(fits):
    """Change of (bias², variance), averaged over the interval."""
    return [
        part[1].mean() - part[0].mean()
        for part in measures.bias_variance(fits[:, [four, twelve]], truth)
    ]


without_one = np.array(
    [
        from_four_to_twelve(np.delete(fits[:, : twelve + 1], k, axis=0))
        for k in range(len(fits))
    ]
)
bias_step, variance_step = (
    claims.jackknife(whole, without)
    for whole, without in zip(from_four_to_twelve(fits), without_one.T, strict=True)
)
weights = np.random.default_rng(0).multinomial(
    len(fits), np.full(len(fits), 1 / len(fits)), size=10_000
)
minima = coefficients[(weights @ ((fits - truth) ** 2).mean(-1)).argmin(1)]
lowest = claims.Estimate(
    float(np.median(minima)), *map(float, np.quantile(minima, (0.025, 0.975)))
)
ledger.card(
    "classical-u-curve",
    [
        claims.Check(
            "change of variance from 4 to 12 coefficients",
            variance_step,
            above=0,
            unit="squared error",
        ),
        claims.Check(
            "change of bias² from 4 to 12 coefficients",
            bias_step,
            below=0,
            unit="squared error",
        ),
        claims.Check(
            "coefficients of smallest risk (bootstrap over training sets)",
            lowest,
            above=3,
            below=12,
            unit="coefficients",
        ),
    ],
    measured=f"With 20 evenly spaced points the smallest risk is at {lowest.value:.0f} coefficients.",
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
            "slope of log₂ bias² (a rise of up to 0.05 would count as none)",
            bias_slope,
            below=0.05,
        ),
    ],
    measured=f"From 64 units up, a doubling of the width changes the variance by {2**variance_slope.value - 1:+.1%} and bias² by "
    f"{2**bias_slope.value - 1:+.1%}, with gradient descent; for Adam see the text.",
    seeds=scale.seeds(sizes.image_sets),
    section="networks",
)

# %% tags=["remove-input"]
last_ratio = claims.Estimate(
    *(
        2**v
        for v in (
            last_sampling_ratio.value,
            last_sampling_ratio.low,
            last_sampling_ratio.high,
        )
    )
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
            last_ratio,
            above=0.8,
            below=1.2,
        ),
    ],
    measured=f"From {narrow} to {wide} units the part from initialisation changes by {2**initialisation_ratio.value - 1:+.0%} and the part from "
    f"sampling by {2**sampling_ratio.value - 1:+.0%}. In the last doubling the first changes by {percent(last_doubling)}.",
    seeds=scale.seeds(sizes.image_sets),
    section="split",
)

# %% tags=["remove-input"]
by_width = {N: [w.components() for w in crossings] for N, crossings in worlds.items()}


def log_change(a, b):
    pairs = zip(by_width[a], by_width[b], strict=True)
    return claims.mean([np.log(u.variance / v.variance) for u, v in pairs])


def bias_change(a, b):
    return claims.mean(
        [u.bias2 - v.bias2 for u, v in zip(by_width[a], by_width[b], strict=True)]
    )


ledger.card(
    "bias-monotone-variance-peaks",
    [
        claims.Check("ln variance at N = n over N = n/2", log_change(200, 100), above=0),
        claims.Check("ln variance at N = n over N = 4n", log_change(200, 800), above=0),
        claims.Check(
            "change of bias² from N = n/4 to N = n/2",
            bias_change(100, 50),
            below=0,
            unit="squared error",
        ),
        claims.Check(
            "change of bias² from N = n/2 to N = n",
            bias_change(200, 100),
            below=0,
            unit="squared error",
        ),
    ],
    measured=f"With ridge 1e-6 the variance at N = n is about {float(f'{np.exp(log_change(200, 800).value):.1g}'):,.0f} times that at N = 4n; without any "
    "ridge it would diverge. Bias² reaches a floor near N = n, and beyond that a further fall cannot be resolved.",
    seeds=scale.seeds(sizes.worlds),
    section="peak",
)

# %% tags=["remove-input"]
share = np.mean([c.interaction / c.variance for c in by_width[200]])
ledger.card(
    "divergence-is-an-interaction",
    [
        claims.Check(
            f"ln peak height, {M}-member ensemble minus single", ensemble, below=0
        ),
        claims.Check(f"ln peak height, {M}-member bag minus single", bag, below=0),
    ],
    measured=f"{share:.1%} of the variance at N = n is interaction. {M} members divide the height of the peak by "
    f"{np.exp(-ensemble.value):.1f} and {np.exp(-bag.value):.1f}. Infinitely many would leave an error of {limits['sampling']:.2g} and "
    f"{limits['initialisation']:.2g} at N = n, against {at_threshold:.1f} for a single model.",
    seeds=scale.seeds(sizes.worlds),
    section="peak",
)

# %% tags=["remove-input"]
ledger.card(
    "u-turn-two-axes",
    [
        claims.Check(
            "fall after the peak, leaves then trees", fall, above=0, unit="squared error"
        ),
        claims.Check(
            "rise before it, leaves then trees", rise, above=0, unit="squared error"
        ),
        claims.Check(
            "tallest bump, ten trees throughout (90 % interval)",
            no_bump["one axis"],
            below=0.02,
        ),
        claims.Check(
            "tallest bump, switch at 20 leaves (90 % interval)",
            no_bump["switch at 20"],
            below=0.02,
        ),
    ],
    measured=f"Random forests only; boosting and linear regression were not run. The second descent is {fall.value:.2f} deep where trees are added to a "
    "full tree. That effective parameters fall there is arithmetic and not counted as evidence; that the folded curve is convex was not tested.",
    seeds=scale.seeds(sizes.forests)[sizes.forests // 3 :],
    section="dissent",
)

# %% [markdown]
r"""
Where these experiments differ from their plan, and why, stands in {ref}`protocol-bias-variance`.

## Who disagrees, and what to drop

**A dispute about blame.** {cite:t}`dascoli2020` credit label noise and the initialisation with the peak; {cite:t}`adlam2020` answer that
attribution by a sequential split depends on the order of the split. No experiment can decide between two ways of dividing one number
({ref}`ex-order`); what the symmetric split adds is that it explains why averaging over *either* draw works. **A dispute about the axis.**
{cite:t}`curth2023` against the reading of {cite:t}`belkin2019`; see {numref}`fig-axes`. **A dispute about shape.** {cite:t}`neal2018` saw variance fall with
width, {cite:t}`yang2020` saw it rise and then fall, both in several networks. We do not know what decides. In ours the total falls, and with noisy labels
the part from sampling has a hump ({ref}`ex-label-noise`).

Three sentences to drop:

:::{admonition} "The bias–variance trade-off is a theorem"
:class: misconception
The decomposition is. The trade-off is a pattern of some model families, and {numref}`fig-networks` shows one without it.
:::

:::{admonition} "Overparameterized means high variance"
:class: misconception
In random features variance is highest where fitting is just possible ({numref}`fig-interaction`) and falls beyond; in the networks of
{numref}`fig-networks` there is no peak to fall from.
:::

:::{admonition} "The number of parameters measures complexity"
:class: misconception
Many trees have many times the parameters of one and spend fewer effective ones ({numref}`fig-axes`).
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page.
Longer, to hand in, and with tests that say what is wrong: {assignment}`01_bias_variance`.

```{exercise} ★ Neighbours
:label: ex-neighbours
A $k$-nearest-neighbour regressor averages the labels of the $k$ closest training points. What happens to squared bias and variance
as $k$ grows from 1 to $n$? Which $k$ has the most effective parameters?
```

```{solution} ex-neighbours
:class: dropdown
Variance falls as $\sigma^2 / k$ (plus what depends on where the neighbours lie); bias typically grows because the average reaches further
away, until at $k = n$ the prediction is one constant. Effective parameters are $n \lVert s \rVert^2 = n / k$. The model with $k = 1$ stores exactly
what that with $k = n$ stores and has $n$ times its effective parameters: another count that measures nothing.
```

```{exercise} ★ Many outputs
:label: ex-vector
Prove {prf:ref}`thm-decomposition` for predictions $f \in \mathbb R^K$ and the squared Euclidean distance. Then show with two classes that for the share of
misclassified examples more variability can *lower* the error.
```

```{solution} ex-vector
:class: dropdown
Apply the scalar identity to every coordinate and add. For two classes let a prediction be right with probability $q$, so the error is $1 - q$. If the
mean prediction is wrong and never varies, the error is 1; if it varies so much that $q = \tfrac12$, it is $\tfrac12$. No non-negative variance term
added to a bias can do that.
```

```{exercise} ★ Worse than nothing
:label: ex-worse
In {prf:ref}`prop-price` let all coordinates be used ($b = 0$), $\lVert \beta \rVert = 1$, $n = 100$, $\sigma = 0.5$. From how many dimensions on is least
squares worse than predicting zero for everything?
```

```{solution-start} ex-worse
:class: dropdown
```
Predicting zero has excess risk $\lVert\beta\rVert^2 = 1$. Setting $\sigma^2 p / (n - p - 1) = 1$ gives $p = (n - 1)/(1 + \sigma^2)$, rounded up.
"""

# %%
p = int(np.ceil((n - 1) / (1 + sigma**2)))
rows = {
    k: f"{claims.mean(excess_risks(k, np.ones(k) / k**0.5)):.2f}" for k in (p - 5, p, p + 5)
}
pd.DataFrame({"excess risk": rows}).rename_axis("p")

# %% [markdown]
r"""
```{solution-end}
```

```{exercise} ★★ Pairs
:label: ex-pairs
Let a prediction's error be $e_{si} = b + u_s + v_i + w_{si}$ at one point, with $b$ the bias and $u, v, w$ independent, of mean zero and variances $V_S, V_I, V_{SI}$. Find
the expectation of $e_{si} e_{tj}$ for $s = t$ or not and $i = j$ or not, and from that the four estimates that `CrossedRuns.components` returns.
```

```{solution} ex-pairs
:class: dropdown
All cross terms of different letters vanish. Both indices different: $b^2$. Same $s$ only: $b^2 + V_S$. Same $i$ only: $b^2 + V_I$. Both the same:
$b^2 + V_S + V_I + V_{SI}$, the risk. Averages over the four kinds of pairs are unbiased for these, so differences of them are unbiased for the
parts; that is why one of them can come out negative.
```

```{exercise} ★★ The correction
:label: ex-correction
`measures.bias_variance` subtracts variance/(number of training sets) from the squared distance between mean fit and truth. Show on the
polynomials with 12 coefficients that without the correction the bias is overestimated by just that much.
```

```{solution-start} ex-correction
:class: dropdown
```
"""

# %%
twelve_fits = fits[:, twelve]
rows = {}
for size in (2, 5, 10):
    groups = twelve_fits[: len(fits) // size * size].reshape(-1, size, len(grid))
    naive = ((groups.mean(1) - truth) ** 2).mean(1)
    expected = exact_bias2[twelve] + 0.09 * unit_variance[twelve] / size
    rows[size] = {
        "naive, 95 % interval": f"{claims.mean(naive):.4f}",
        "bias² + variance/size": round(expected, 4),
    }
pd.DataFrame(rows).T.rename_axis("training sets")

# %% [markdown]
r"""
The exact squared bias is nearly zero here; what the naive estimate reports is the variance of its own mean.

```{solution-end}
```

```{exercise} ★★ Points and targets
:label: ex-runge
Repeat the exact curves of {numref}`fig-noise` for the target $1/(1 + 25 x^2)$, and for the sine at Chebyshev points, $x_i = \cos(\pi (i + \tfrac12)/20)$. Does squared bias
always fall? Does variance always explode as $p \to n$?
```

```{solution-start} ex-runge
:class: dropdown
```
"""


# %%
# NBVAL_CHECK_OUTPUT
def exact(target, points):
    """Exact bias² and variance per σ² at 8, 12, 16 and 20 coefficients."""
    rows = {}
    for p in (8, 12, 16, 20):
        matrix = legvander(grid, p - 1) @ np.linalg.pinv(legvander(points, p - 1))
        bias2 = ((matrix @ target(points) - target(grid)) ** 2).mean()
        rows[p] = {"bias²": bias2, "variance/σ²": (matrix**2).sum(1).mean()}
    return pd.DataFrame(rows).T


chebyshev = np.cos(np.pi * (np.arange(20) + 0.5) / 20)
cases = {
    "Runge, even": exact(lambda u: 1 / (1 + 25 * u**2), x),
    "sine, Chebyshev": exact(lambda u: np.sin(5 * u), chebyshev),
}
pd.concat(cases, axis=1).rename_axis("coefficients").map("{:.2g}".format)

# %% [markdown]
r"""
Neither. Between evenly spaced points the bias of Runge's function grows with the degree although the model becomes richer. At Chebyshev points the variance stays
below about one $\sigma^2$ all the way to $p = n$: as many coefficients as points, a fit that passes through all of them, and no explosion. Where a model just
interpolates, what happens depends on how.

```{solution-end}
```

```{exercise} ★★ A random design
:label: ex-random-design
Draw the 20 inputs uniformly from $(-1, 1)$ instead of evenly spaced. For 6 and for 12 coefficients follow the *running mean* of the test error, and its
running median, over 2,000 training sets. Then argue that the mean of the second is infinite.
```

```{solution-start} ex-random-design
:class: dropdown
```
"""

# %%
draws, errors = randomness.rng(scale.seed_offset()), {6: [], 12: []}
for _ in range(2000):
    u = draws.uniform(-1, 1, 20)
    y = np.sin(5 * u) + 0.3 * draws.standard_normal(20)
    for p, errors_p in errors.items():
        fit = np.linalg.pinv(legvander(u, p - 1)) @ y
        errors_p.append(((legvander(grid, p - 1) @ fit - truth) ** 2).mean())
counts = pd.Index([10, 100, 500, 2000], name="training sets")
columns = {
    (p, f.__name__): [f(e[:k]) for k in counts]
    for p, e in errors.items()
    for f in (np.mean, np.median)
}
pd.DataFrame(columns, counts).map("{:.3g}".format)

# %% [markdown]
r"""
With 6 coefficients both settle. With 12 the median settles; the mean jumps whenever a training set with a wide gap turns up, and keeps jumping. A running mean cannot
prove that there is nothing to converge to, but a count of powers can: all 20 points lie in some interval of length $\ell$ with probability of
order $\ell^{19}$, and then the variance outside it is of order $\ell^{-2(p-1)}$. The mean is infinite as soon as $2(p - 1) \ge 19$, that is
from 11 coefficients on. Where expectations do not exist there is nothing to decompose, which is why this chapter fixes the inputs.

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
rows = {}
for width, group in runs.groupby("width"):
    averaged = predictions(group, "data_seed", "init_seed").mean(1)
    votes = averaged.reshape(-1, len(images.y_test), images.classes).argmax(-1)
    wrong = (votes != images.y_test.numpy()).mean(1)
    single_net = group.groupby("data_seed").test_error.mean().to_numpy()
    rows[width] = {
        "single": single_net.mean(),
        "ensemble": wrong.mean(),
        "gain": f"{claims.mean(single_net - wrong):.4f}",
    }
pd.DataFrame(rows).T.rename_axis("hidden units")

# %% [markdown]
r"""
An ensemble removes the part from initialisation, which is large only in narrow networks. Wide ones have next to nothing to average
away.

```{solution-end}
```

```{exercise} ★★ Who gets the interaction?
:label: ex-order
Split the variance of the random features at $N = n$ in two ways: hold the training set fixed first, $\mathbb E_S \operatorname{Var}_{\theta_0} + \operatorname{Var}_S \mathbb
E_{\theta_0}$, or hold the features fixed first. How much of the peak does each order blame on the initialisation?
```

```{solution-start} ex-order
:class: dropdown
```
"""

# %%
c = pd.DataFrame([vars(w.components()) for w in worlds[200]]).mean()
blame = {
    "training set held fixed first": [c.initialisation + c.interaction, c.sampling],
    "features held fixed first": [c.initialisation, c.sampling + c.interaction],
}
pd.DataFrame(blame, index=["initialisation", "sampling"]).T.round(1)

# %% [markdown]
r"""
The same numbers, opposite verdicts: whichever draw is held fixed first is spared, and the other is charged with the interaction. This is why
{cite:t}`adlam2020` insist on a split that treats both draws alike.

```{solution-end}
```

```{exercise} ★★★ Label noise
:label: ex-label-noise
Give the networks training labels of which a fifth is replaced at random. Does the variance still fall with width? {cite:t}`yang2020` expect a hump. Look for
it in the total and in each of the two parts of {eq}`eq-total-variance`.
```

```{solution-start} ex-label-noise
:class: dropdown
```
"""

# %%
noisy_crossed = cross(train(**descent, label_noise=0.2))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**With noisy labels the hump is in the part from sampling.** The variance of the networks and its two parts, with a fifth of the training labels replaced at random.", "name": "fig-noisy"}, "image": {"alt": "Variance against width on logarithmic axes for noisy labels. The total falls; the part from initialisation falls steeply; the part from sampling rises in narrow networks and then falls slightly."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.8))
sampling_noisy = part_by_width(noisy_crossed, "from_sampling")
draw(ax, part_by_width(noisy_crossed, "variance"), colors["variance"], "variance")
draw(ax, sampling_noisy, figures.SEQUENCE[0], "from sampling")
draw(
    ax,
    part_by_width(noisy_crossed, "from_initialisation"),
    figures.SEQUENCE[3],
    "from initialisation",
)
ax.set_ylabel("variance")
plt.show()

# %% tags=["remove-input"]
top = sampling_noisy.value.idxmax()
total = part_by_width(noisy_crossed, "variance").value
Markdown(
    f"The total is largest at {total.idxmax()} hidden units and {total.iloc[-1] / total.max():.0%} of that in the widest networks. The part from sampling is "
    f"{sampling_noisy.value.iloc[0]:.2f} in the narrowest, largest at {top} units ({sampling_noisy.value[top]:.2f}) and "
    f"{sampling_noisy.value.iloc[-1]:.2f} in the widest: a hump, covered in the sum by the fall of the part from initialisation."
)

# %% [markdown]
r"""
```{solution-end}
```

## Summary

- Risk under squared error is bias² + variance + noise: an identity, checked here on training sets that its parts had not seen.
- Least squares on nested models with $p < n$ trades one for the other. For random inputs the price of a parameter diverges as $p \to n$.
- Networks trained by gradient descent to the same loss lose variance as they grow. What remains is mostly the training
  set's part. With another optimizer it may be otherwise.
- The peak between the regimes is an interaction of training set and initialisation. Average over either, or add a
  ridge, and it sinks.
- "Number of parameters" is no axis until you say which parameters.

**Reading.** {cite:t}`geman1992` for the dilemma as it was first posed; {cite:t}`neal2018` for networks; {cite:t}`adlam2020` for the exact theory of the
interaction; {cite:t}`curth2023` for the dissent. The peak itself, in networks and along other axes than width, is the subject of
{doc}`/notebooks/04_double_descent`.
"""
