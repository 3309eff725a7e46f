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
(measures-of-generalization)=
# Measures of generalization

The number of parameters does not say how well a model will do on new examples. Which number does? This chapter takes the candidates in turn: one with a proof behind it, some that only correlate, and at the end all of them on one axis.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from functools import partial

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import stats
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import GroupKFold, cross_val_predict

from overparam import claims, data, figures, measures, mlp, network, run, scale, sweep
from overparam.architectures.stacked import MLP
from overparam.engine.settings import Settings, Vector
from overparam.measures import dimension, sharpness
from overparam.randomness import generator, rng
from overparam.theory import cross_validation, kernels, linear, subspace, tangent
from overparam.theory.deep_linear import effective_rank

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, (blue, orange, green, purple) = figures.COLORS, figures.SEQUENCE[:4]
ledger = claims.Ledger("measures-of-generalization")


# %% mystnb={"code_prompt_show": "Sizes and signals"} tags=["hide-input"]
# Sizes and signals
size = scale.sizes(
    tested=(300, 2000, 2000), n=(100, 300, 300), epochs=(10, 200, 200), steps=(20, 200, 200), digits=(100, 500, 500), draws=(1, 3, 3),
    settings=(16, 48, 48), lengths=((30, 100), *2 * [(3, 10, 30, 100, 100)]),
)  # fmt: skip


def signals(seeds, n, moved=1):
    """Every replicate's own training and test signals of MNIST-1D, moved by less than so many points."""
    return {s: data.mnist1d(n, size.tested, s, max_translation=moved) for s in seeds}


def halves(own):
    """Training signals and test signals, each with ±1 for five classes against the other five."""
    side = lambda y: torch.where(y < 5, 1.0, -1.0).double()
    return own.x.double(), side(own.y), own.x_test.double(), side(own.y_test)


# %% mystnb={"code_prompt_show": "Along the widths"} tags=["hide-input"]
# Training error, risk and GCV along the widths
ridges, draws = ("1e-8", "1e-6", "1e-5", "1e-4", "0.001", "0.1"), scale.seeds(size.draws)
widths = (10, 20, 40, 70, 100, 140, 170, 190, 200, 210, 230, 270, 350, 500, 1000, 2500)


def along_widths(seed):
    """Training error, risk and GCV on a draw of 200 signals: [3, widths, ridges]."""
    x, y, x_new, y_new = halves(signals([seed], 200)[seed])
    drawn, rows = linear.Fourier(40, widths[-1], kernels.median_distance(x) / 2, seed), []
    every, every_new = drawn(x, widths[-1]), drawn(x_new, widths[-1])
    for width in widths:
        share = (widths[-1] / width) ** 0.5  # features have mean square 1/width
        F, F_new = share * every[:, :width], share * every_new[:, :width]
        penalties = [200 * float(r) for r in ridges]
        s = cross_validation.scores(F @ F.T, y, penalties, F_new @ F.T, y_new)
        rows.append(torch.stack([s.training, s.risk, s.gcv]))
    return torch.stack(rows, 1).log()


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**A peak that is predicted from the training data alone.** Ridge regression on random features, 200 training signals, against the number of features. Training error (dashed), risk on new signals, and a third line that is computed from the 200 training signals and no other. Geometric means over three draws; the slider sets the ridge.", "name": "fig-mg-peak"}} tags=["hide-input"]
# The slider over the ridge
curves = torch.stack([along_widths(s) for s in draws]).mean(0).exp().numpy()


def shown(ridge):
    fig, ax = plt.subplots(figsize=(7.2, 3.6))
    training, risk, gcv = curves[:, :, ridges.index(ridge)]
    ax.plot(widths, training, "--", color=colors["train"], label="training error")
    ax.plot(widths, risk, "o-", color=colors["test"], label="risk on new signals")
    ax.plot(widths, gcv, "s-", color=purple, label="from training data alone")
    ax.axvline(200, color=colors["threshold"], linestyle=":")
    figures.log_axis(ax, (10, 50, 200, 1000))
    ax.set(yscale="log", ylim=(0.2, 200), xlabel="features", ylabel="mean squared error")
    ax.set_title(f"highest risk: {risk.max():.2g}, at 2,500 features: {risk[-1]:.2g}")
    ax.legend(loc="upper right")
    return fig


alt = "Three lines against the number of features, with ridge {}: the training error falls out of the picture at 200 features, the risk has its highest value there if the ridge is small, and the third line goes along with it."
figures.slider(shown, values=ridges, description="Ridge", alt=alt, start="1e-6")

# %% [markdown]
r"""
The parameters grow from left to right, and the risk goes up and down. The training error says nothing beyond 200 features. The third line has seen the same 200 labels and no new example: how does it know of the peak, and of the way down?

## What a measure would have to do

A *bound* is a theorem: with high probability the risk is below it. A *measure* of generalization is less. It is a number, computed from the training data and the trained model, that is meant to go up and down with the {term}`generalization gap` or with the error. It need not be on the same scale, and nobody promises anything.

So a measure is tested like any other empirical statement. {cite:t}`jiang2020` rank thousands of networks by it and by their gap, and report {term}`Kendall's τ`. {cite:t}`dziugaite2020` object that a mean over many comparisons hides where a measure fails, and that a good theory must not fail anywhere. {ref}`flat-predict` has their dispute about sharpness. Here are three questions to put to any measure:

1. Does it order models that differ in *one known thing*, such as the number of features?
2. Does it order models that differ in *nothing but luck*?
3. Is there a reason why it should? A correlation may come from a third thing that drives both, such as the length of training, or be built in by the definition.

(mg-gcv)=
## One with a reason

The third line of {numref}`fig-mg-peak` answers the first and the third. Ridge regression in the space of a kernel predicts $f(x) = k(x)^\top (K + \delta I)^{-1} y$, with $K$ the kernel's matrix of the $n$ training inputs and a ridge $\delta > 0$. Its fitted values are $S y$ with $S = K (K + \delta I)^{-1}$. Regression on $p$ features is the case $K = F F^\top$.

```{prf:proposition} Leaving one out without fitting again
:label: mg-prop-loo
Let $f_{-i}$ be the same regression on all examples but the $i$-th. Then $y_i - f_{-i}(x_i) = \dfrac{y_i - f(x_i)}{1 - S_{ii}}$.
```

```{prf:proof}
Replace the target $y_i$ by $f_{-i}(x_i)$ and fit all $n$ examples. The objective is that of the other $n - 1$ plus a term that $f_{-i}$ makes zero, so $f_{-i}$ still minimises it. Fitted values are linear in the targets, and only the $i$-th has changed: $f_{-i}(x_i) = f(x_i) + S_{ii}\,(f_{-i}(x_i) - y_i)$. Solve for $y_i - f_{-i}(x_i)$.
```

Leaving one out estimates the risk on $n - 1$ examples without bias, at the price of one matrix. *Generalized cross-validation* puts the mean of all $S_{ii}$ in the place of each:

$$
\mathrm{GCV} = \frac{\tfrac1n \lVert y - S y \rVert^2}{\bigl( 1 - \tfrac1n \operatorname{tr} S \bigr)^2} = \frac{n\, y^\top (K + \delta I)^{-2} y}{\bigl( \operatorname{tr} (K + \delta I)^{-1} \bigr)^2} .
$$ (mg-eq-gcv)

It does not change when examples are mixed by an orthogonal matrix, and it is leaving one out for the mixture that makes all $S_{ii}$ equal. The right-hand side shows what happens beyond the threshold. As $\delta \to 0$ training error and denominator both vanish like $\delta^2$; their ratio stays. The training error is not without information there. It is small *in proportion*: a fit that hardly leaves a residual is divided by how little it leaves of an example's own label, $1 - S_{ii}$, on average and squared.
"""

# %% tags=["remove-input"]
x, y, x_new, y_new = halves(signals(draws[:1], 200)[draws[0]])
exact = cross_validation.scores(x[:30] @ x[:30].T, y[:30], [0.5])
refits = []
for i in range(30):
    rest = np.delete(np.arange(30), i)
    fit = kernels.ridge(x[rest], y[rest, None], 0.5)
    refits.append(float((y[i] - x[i] @ fit) ** 2))
gap_of_loo = abs(np.mean(refits) / float(exact.left_out[0]) - 1)
Markdown(
    f"Checked on 30 signals with 40 inputs, fitted 30 times: the formula is off by {gap_of_loo:.0e} of the value."
)

# %% [markdown]
r"""
::::{predict}
:answer: 3
:figure: fig-mg-gcv
A kernel regression with next to no ridge fits all of its 100 to 400 examples. From these alone, how far off will GCV be from its risk, typically?

1. By a factor of ten or more: nothing is left to estimate from.
2. By a factor of two or three.
3. By ten or twenty per cent.

:::{dropdown} Answer
C. What is left of the training error is tiny, but its size relative to the denominator is what counts.
:::
::::

{cite:t}`wei2022` tried it on the tangent kernels of large networks, whose features are as many as the parameters. We take three kernels: a Gaussian one, the {term}`tangent kernel` of a network of 256 units at its start (10,496 parameters), and that of the same network after training on 200 *other* signals. Each has 100, 200 or 400 examples and seven ridges.
"""

# %% mystnb={"code_prompt_show": "Three kernels"} tags=["hide-input"]
# Three kernels, scored at three sizes and seven ridges
of_kernels, strengths = ledger.seeds("gcv-predicts"), [10.0**k for k in range(-6, 1)]
pools = {s: halves(own) for s, own in signals(of_kernels, 600).items()}
start = tangent.two_layer(256, 40, of_kernels, dtype=torch.float64)


def learned(part):
    """The networks of all replicates, trained on this part of their signals."""
    x, y = (torch.stack([pool[k][part] for pool in pools.values()]) for k in (0, 1))
    return tangent.descend(start, x, y, stop_loss=0.1, most=size.steps).network


def kernel_of(nets, i, a, b):
    """The tangent kernel of the i-th of these networks."""
    return tangent.kernel(tangent.TwoLayer(nets.first[i], nets.second[i]), a, b)


def scores_of(kernel, pool, n):
    """Scores of a kernel on the first n signals, its mean diagonal set to 1; one row per ridge."""
    x, y, x_new, y_new = pool
    gram, cross = kernel(x[:n], x[:n]), kernel(x_new, x[:n])
    mean, penalties = gram.diagonal().mean(), [n * r for r in strengths]
    s = cross_validation.scores(gram / mean, y[:n], penalties, cross / mean, y_new)
    columns = {k: getattr(s, k) for k in ("gcv", "left_out", "risk", "norm", "training")}
    columns["norm_bound"] = s.training + (s.norm / n).sqrt()
    return pd.DataFrame(columns | {"n": n, "ridge": strengths})


# %%
others, reused, rows = learned(slice(400, 600)), learned(slice(0, 200)), []
for i, (seed, pool) in enumerate(pools.items()):
    width = kernels.median_distance(pool[0])
    by_name = {"Gaussian": partial(kernels.gaussian_kernel, bandwidth=width)}
    by_name["tangent, at the start"] = partial(kernel_of, start, i)
    by_name["tangent, trained"] = partial(kernel_of, others, i)
    by_name["tangent, reused"] = partial(kernel_of, reused, i)
    for name, kernel in by_name.items():
        sizes = (200,) if "reused" in name else (100, 200, 400)
        rows += [scores_of(kernel, pool, n).assign(kernel=name, seed=seed) for n in sizes]
scores = pd.concat(rows, ignore_index=True)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**GCV lies near the risk, a little above it where the ridge is small; the norm of the fit does not order the risks.** One point per kernel, number of examples and ridge, geometric means over replicates. Left: risk against GCV. Right: risk against the squared norm of the fit in the kernel's space.", "name": "fig-mg-gcv"}, "image": {"alt": "Left: points of three kernels along the diagonal of risk against GCV, most of them somewhat to its right. Right: the same risks against the norm: strings of points that fall at small norms and scatter at large ones."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6), sharey=True)
clean = scores[scores.kernel != "tangent, reused"]
parts = np.log(clean.set_index(["kernel", "n", "ridge", "seed"])[["gcv", "risk", "norm"]])
points = np.exp(parts.groupby(level=[0, 1, 2]).mean()).reset_index()
for (name, group), marker, color in zip(
    points.groupby("kernel"), "os^", (blue, orange, green), strict=True
):
    left.plot(group.gcv, group.risk, marker, color=color, label=name, alpha=0.8)
    right.plot(group.norm, group.risk, marker, color=color, alpha=0.8)
ends = [points.risk.min(), points.risk.max()]
left.plot(ends, ends, ":", color=colors["threshold"])
left.set(xscale="log", yscale="log", xlabel="GCV, from training data", ylabel="risk")
right.set(xscale="log", xlabel="squared norm of the fit")
fig.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
ledger.say("gcv-predicts")


# %% tags=["remove-input"]
def of_seed(rows):
    """What one replicate says of GCV, norm and training error."""
    away, least = 100 * np.abs(np.log(rows.gcv / rows.risk)), rows.ridge == strengths[0]
    found = {"miss": away.median(), "ridgeless": away[least].median()}
    found["left_out"] = 100 * np.abs(np.log(rows.left_out / rows.risk)).median()
    slope = lambda key: np.polyfit(np.log(rows[key]), np.log(rows.risk), 1)[0]
    found |= {"slope": slope("gcv"), "left_out_slope": slope("left_out")}
    names = {k: k for k in ("norm", "norm_bound", "training")} | {"ranked": "gcv"}
    return found | {
        k: claims.rank_correlation(rows[v], rows.risk) for k, v in names.items()
    }


by_replicate = pd.DataFrame([of_seed(rows) for _, rows in clean.groupby("seed")])
by_replicate["better"] = by_replicate.ranked - by_replicate.norm_bound
least = scores[(scores.n == 200) & (scores.ridge == strengths[0])]
least = least.assign(ratio=least.gcv / least.risk)
gcv_over_risk = least.pivot_table("ratio", "seed", "kernel")
gcv = by_replicate.to_dict("list") | {"reused": gcv_over_risk["tangent, reused"]}
gcv["reused_more"] = gcv["reused"] / gcv_over_risk["tangent, trained"]
words = {"GCV": "ranked", "norm of the fit": "norm", "training error": "training"}
words["training error and norm, as in a bound"] = "norm_bound"
compared = {word: claims.mean(gcv[key]) for word, key in words.items()}
claims.table("On this page: rank correlation with the risk.", compared)

# %% [markdown]
r"""
Had an interpolating fit left no trace of its risk, the points at small ridges would lie anywhere. The norm and the training error each know one half of the story: with more ridge the one falls and the other rises, and the risk is lowest between. A bound adds them up, and the sum does not order the risks either.

The distance is small enough, and yet the finding is contradicted, by its slope: where one fit's GCV is twice another's, its risk is on average less than twice as large. Leaving one out exactly, which is right on average, has nearly the same slope. Noise in what is plotted to the right alone pulls a slope below 1, where the risks lie within a factor of three. So the verdict is as much on the check as on GCV; it stands ({ref}`protocol-measures-of-generalization`).

*Why it works*: with many features and examples, the residual at a training point is the residual at a new point times a common factor, and $1 - \tfrac1n \operatorname{tr} S$ is that factor; so GCV divides it out. Where the diagonal of $S$ is uneven, GCV and leaving one out differ.

::::{admonition} Break it: use the examples twice
:class: break-it
Train the network on 200 signals, and then regress on its tangent kernel with the *same* 200. The kernel has seen the labels; leaving one out in the regression does not take that back.
::::

One would expect optimism, a GCV below the risk. It is the other way round: GCV is too high, and by more than for the kernel that was trained on other signals. The derivation takes training examples that are alike with new ones *given the kernel*, and where the kernel was made with them it promises nothing, in either direction. For networks, whose features are learned, there is no formula like {eq}`mg-eq-gcv`. A break that one can foresee is in {ref}`mg-ex-copies`.

(mg-dimension)=
## Effective dimension

The denominator of GCV contains $\operatorname{tr} S$, the number of directions that the fit uses. With $H = F^\top F / n$, the Hessian of half the mean squared error, and $\alpha = \delta / n$ it is

$$
N_{\mathrm{eff}}(H, \alpha) = \sum_i \frac{\lambda_i}{\lambda_i + \alpha} ,
$$ (mg-eq-dimension)

which counts a direction as one if its curvature is well above $\alpha$, and as nothing if it is well below. A network has a Hessian, too; its negative eigenvalues count as 0. {cite:t}`maddox2020` propose this *effective dimension* in the place of the number of parameters. In Bayesian terms: with a Gaussian prior of variance one on each weight and $\alpha = 1/n$ it is the number of directions in which the data have narrowed the prior down, near a minimum. We take this $\alpha$; it was fixed beforehand.

```{prf:proposition} In a linear model it never falls
:label: mg-prop-monotone
Add features to a linear model, with $\alpha$ as it is. Then $N_{\mathrm{eff}}(F^\top F / n, \alpha)$ does not fall.
```

```{prf:proof}
$F^\top F$ and $K = F F^\top$ share their positive eigenvalues, so $N_{\mathrm{eff}} = \operatorname{tr} K (K + \delta I)^{-1} = n - \delta \operatorname{tr}\,(K + \delta I)^{-1}$. A further feature $f$ adds $f f^\top$ to $K$. A larger matrix has a smaller inverse.
```

So in {numref}`fig-mg-peak`, before its features are scaled, it grows through the peak and beyond: there it counts, and does not predict. What could make it fall in a network is that the Hessian depends on where training ends.

::::{predict}
:answer: 2
:figure: fig-mg-dimension
Networks with one hidden layer, a fifth of their 300 labels wrong, are trained for 200 epochs. From 27 units on they fit everything; from there to 140 units the parameters grow fivefold. What does the effective dimension do?

1. It grows with the parameters.
2. It falls.
3. It stays at the number of examples.

:::{dropdown} Answer
B. A wide network fits with a lower training loss, where the Hessian of the cross-entropy is small. That may be all there is to it.
:::
::::
"""

# %%
WIDTHS = (4, 6, 8, 11, 15, 20, 27, 36, 50, 70, 100, 140)
INTERPOLATING = WIDTHS[WIDTHS.index(27) :]
still = signals(ledger.seeds("effective-dimension"), size.n)
adam = {"optimizer": "adam", "lr": 0.005, "batch_size": 50, "record": ["weights"]}
adam |= {"label_noise": data.wrong_labels(0.2, 10), "seed": {s: s for s in still}}
wide = sweep(mlp(WIDTHS), still, epochs=size.epochs, **adam)
equal = sweep(mlp(INTERPOLATING), still, epochs=4 * size.epochs, stop_loss=0.01, **adam)

# %% mystnb={"code_prompt_show": "Effective dimensions"} tags=["hide-input"]
# Effective dimensions at three values of α, by stochastic Lanczos quadrature
alphas = {"low": 0.1 / size.n, "N": 1 / size.n, "high": 10 / size.n}


def with_dimension(runs):
    """The runs with their parameters and effective dimensions."""
    found = dimension.of_hessians(runs, still, list(alphas.values()), probes=2)
    return runs.assign(p=51 * runs.width + 10).join(found.set_axis(list(alphas), axis=1))


wide, equal = with_dimension(wide), with_dimension(equal)


def follows(runs, column, widths=INTERPOLATING):
    """Rank correlation with the test loss over these widths, per replicate."""
    groups = runs[runs.width.isin(widths)].groupby("data_seed")
    return [claims.rank_correlation(g[column], g.test_loss) for _, g in groups]


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Beyond the threshold the effective dimension comes down with the test loss, unless all networks are stopped at one training loss.** Left: test loss against the number of hidden units, after 200 epochs and at a training loss of 0.01. Right: effective dimension of the same networks, and the number of parameters. Means over replicates with 95 % bands.", "name": "fig-mg-dimension"}, "image": {"alt": "Left: test loss after 200 epochs rises to a peak and falls; at equal training loss it falls slowly from 27 units on. Right: effective dimension after 200 epochs rises to a peak and falls while the parameters go on rising in a straight line; at equal training loss it rises."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
for ax, column in ((left, "test_loss"), (right, "N")):
    figures.plot(wide, "width", column, ax=ax, colors=blue, label="200 epochs")
    figures.plot(
        equal, "width", column, ax=ax, colors=orange, label="training loss 0.01", marker="s"
    )
    figures.log_axis(ax, (4, 11, 27, 70, 140))
    ax.set(xlabel="hidden units", ylabel="")
right.plot(WIDTHS, 51 * np.array(WIDTHS) + 10, "--", color=purple, label="parameters")
left.set(title="Test loss", ylim=(0, None))
right.set(title="Effective dimension", yscale="log")
right.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
ledger.say("effective-dimension")

# %% tags=["remove-input"]
less = lambda widths: np.subtract(follows(wide, "N", widths), follows(wide, "p", widths))
directions = {"interpolating": follows(wide, "N"), "better": less(WIDTHS)}
directions |= {"smaller_alpha": follows(wide, "low"), "larger_alpha": follows(wide, "high")}
directions["equal_loss"] = follows(equal, "N")
by_width = measures.by_seed(wide, "N", "width")
directions["falls"] = by_width[140] / by_width[27]
keys = {"interpolating": "after 200 epochs", "equal_loss": "at a training loss of 0.01"}
keys |= {"smaller_alpha": "200 epochs, α/10", "larger_alpha": "200 epochs, 10 α"}
claims.table(
    "On this page: rank correlation of effective dimension and test loss, widths that fit.",
    {words: claims.mean(directions[k]) for k, words in keys.items()},
)

# %% [markdown]
r"""
After 200 epochs it rises up to the threshold and comes down while the parameters run away: beyond the threshold, a count that goes along with the test loss. It depends on $\alpha$: with a tenth of it nothing is left. And over *all* widths, which the finding is about, it orders the test losses no better than the number of parameters does. Then compare networks at *one* training loss: now the effective dimension *rises* with the width, and the test loss falls all the same.

The reason can be read off the Hessian of the cross-entropy, whose first part is $\operatorname{mean}\, J^\top (\operatorname{diag} \pi - \pi \pi^\top) J$, with $J$ the gradients of the outputs and $\pi$ the predicted probabilities. The factor in the middle vanishes as predictions become certain. In the same number of epochs a wide network gets to a lower training loss:
"""

# %% tags=["remove-input"]
loss_at = measures.by_seed(wide, "train_loss", "width")
Markdown(
    f"{claims.mean(loss_at[27]):.4f} with 27 units, {claims.mean(loss_at[140]):.4f} with 140."
)

# %% [markdown]
r"""
So its Hessian is smaller, and fewer eigenvalues stand out over a fixed $\alpha$. What the count followed is how well the training labels are fitted.

::::{admonition} Break it: hold the loss fixed
:class: break-it
At equal training loss the correlation has the opposite sign, and it depends on $\alpha$ even where it is not held (the table). A rescaling of layers, which leaves the function as it is, changes $N_{\mathrm{eff}}$ as well ({ref}`mg-ex-rescaled`). A measure that follows the test loss in one experiment may follow something else that happens to go along.
::::

(mg-subspace)=
## How many numbers does training need?

{cite:t}`li2018` ask it by experiment. Draw a random subspace of $d$ dimensions through the initial weights, and train inside it: $\theta = \theta_0 + P z$ with a fixed random matrix $P$ and only $z \in \mathbb R^d$ trained. The *intrinsic dimension* is the smallest $d$ with which 90 % of the full accuracy is reached. It bounds the length of a description: the seed of $P$ and $d$ numbers say it all.

::::{predict}
:answer: 2
:figure: fig-mg-subspace
A network of 6,310 parameters learns 500 digits. What does it need more dimensions for?

1. True labels: random ones have no structure to be found.
2. Random labels, by far.
3. For both about 6,310.

:::{dropdown} Answer
B. True labels take a few per cent of the dimensions, in a larger network no more of them; random ones a number that grows with the labels.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Networks in random subspaces"} tags=["hide-input"]
# Networks in random subspaces
of_spaces, many_n = ledger.seeds("intrinsic-dimension"), size.digits
sets = [data.digits(many_n, s) for s in of_spaces]
digits = {
    k: torch.stack([getattr(s, k) for s in sets]) for k in ("x", "y", "x_test", "y_test")
}
sources = [generator(s, "random labels") for s in of_spaces]
coins = torch.stack([torch.randint(10, (many_n,), generator=g) for g in sources])
for_true, for_random = (20, 80, 160, 320), (160, 640, 1280, 2560)


def errors_in(dimensions, random=False, width=50, n=many_n):
    """Errors [replicates, dimensions], the full space last: on new digits, or on random training labels."""
    own, labels = digits["x"][:, :n], (coins if random else digits["y"])[:, :n]
    tested = (own, labels) if random else (digits["x_test"], digits["y_test"])

    def error(d):
        rate = 0.05 if d else 0.005  # a step in the full space moves every weight
        nets = subspace.train(MLP(width, 2), own, labels, of_spaces, d, size.steps, rate)
        return nets.error(*tested)

    found = linear.parallel_map(error, [*dimensions, None])
    return pd.DataFrame(dict(zip([*dimensions, "full"], found, strict=True)))


def intrinsic(errors):
    """The dimension at which 90 % of the full accuracy is reached, per replicate."""
    at = lambda row: measures.threshold(errors.columns[:-1], row[:-1], 0.1 + 0.9 * row[-1])
    return np.array([at(row) for row in errors.to_numpy()])


# %%
spaces = {"true labels": errors_in(for_true)}
spaces["random labels"] = errors_in(for_random, random=True)
spaces["true labels, 100 units"] = errors_in(for_true[1:], width=100)
needed = {name: intrinsic(errors) for name, errors in spaces.items()}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**True labels are learned in between one and two hundred random dimensions, random ones need many times as many.** Accuracy against the dimension of the subspace: on new digits for true labels, on the training labels for random ones. Dotted: 90 % of what the full space reaches. Means over replicates with 95 % bands.", "name": "fig-mg-subspace"}, "image": {"alt": "Accuracy against dimension on a logarithmic axis: the lines for true labels of both network sizes rise early and together, that for random labels much later."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.5))[1]
shades = dict(zip(spaces, (blue, orange, purple), strict=True))
for k, (name, errors) in enumerate(spaces.items()):
    long = (100 - 100 * errors.drop(columns="full")).melt(
        var_name="d", value_name="accuracy"
    )
    figures.plot(
        long.astype(float),
        "d",
        "accuracy",
        ax=ax,
        colors=shades[name],
        label=name,
        marker=figures.MARKERS[k],
    )
    if k < 2:
        ax.axhline(90 * (1 - errors["full"].mean()), color=shades[name], linestyle=":")
figures.log_axis(ax, (20, 80, 320, 1280))
ax.set(xlabel="dimensions", ylabel="accuracy, %", ylim=(0, 104))
ax.legend(loc="lower right")
plt.show()

# %% tags=["remove-input"]
ledger.say("intrinsic-dimension")

# %% tags=["remove-input"]
true, random = needed["true labels"], needed["random labels"]
space = {"small": true / 6310, "memorizing": random / true, "dimension": true}
space["random_dimension"] = random
space |= {"wide": needed["true labels, 100 units"] / true}
claims.table(
    "On this page: intrinsic dimensions.",
    {name: claims.mean(v) for name, v in needed.items()},
)

# %% [markdown]
r"""
Had the number been a property of the network, the lines for true and random labels would lie together, and those of the two sizes apart. It is the other way round: it belongs to the data, as the paper says. A network of nearly three times as many parameters needs about as many dimensions.

Why can so few do? A solution is hit if the subspace meets the set of good weights. Were that set smooth, of dimension $p - k$, a random subspace of $d < k$ dimensions would almost surely miss it; if it is flat, $d \ge k$ is enough. So $k$, the number of constraints, is the right order: true labels are few constraints, since one that is met brings others along. This is a picture. Weights with 90 % accuracy are a thick set, and random labels take about three dimensions each, not one. (They are scored on their training digits, true ones on new digits: two goals, as in the paper.) For the length of a description, and for the bounds that are made of it, this is the right kind of count. But it says what *can* be found in a subspace, not that free training stays in one.

(mg-sharing)=
## Weights that are shared

A convolution has few parameters because it uses them again. Is that what makes it need few examples? {cite:t}`du2018` answer in a setting that can be computed. Inputs $x \in \mathbb R^d$ consist of $d/m$ patches of $m$ numbers, and $y = w^\top \bar x + \varepsilon$ with $\bar x$ the mean of the patches: one filter of $m$ taps, average pooling, no activation. A model with shared weights fits $w$; a dense one fits $d$ free coefficients, of which it does not know that they repeat.

```{prf:proposition} The dimension is that of the free numbers
:label: mg-prop-sharing
With Gaussian inputs, noise of variance $\sigma^2$ and $n > d + 1$ examples, least squares has the expected excess risk $\sigma^2 \frac{m}{n - m - 1}$ with shared weights and $\sigma^2 \frac{d}{n - d - 1}$ without.
```

```{prf:proof}
Both are linear models that contain the truth, so the excess risk is $\sigma^2 \operatorname{tr}\,(\Sigma\, (Z^\top Z)^{-1})$ with $Z$ the inputs of the model and $\Sigma$ their covariance. It does not change under linear maps of $Z$, so take $\Sigma = I$. The mean of an inverse Wishart matrix is $I / (n - k - 1)$ for $k$ inputs.
```

Both errors, the roots, fall like $n^{-1/2}$. What differs is the factor: $\sqrt m$ or $\sqrt d$.
"""

# %%
numbers, of_draws = (32, 96, 192, 384, 768), scale.seeds(200)
inputs, rows = linear.gaussian(of_draws, 768, 64)[0], []
for n in numbers:
    patches = inputs[:, :n].unflatten(2, (8, 8)).mean(2) * 8**0.5
    for name, z in {"shared, m = 8": patches, "dense, d = 64": inputs[:, :n]}.items():
        if n > z.shape[2] + 8:
            risk = linear.ridge_risk(z, 0, 0, 1).mean().item()
            law = linear.expected_parts(n, z.shape[2])[1]
            rows.append({"model": name, "n": n, "error": risk**0.5, "law": law**0.5})
sharing = pd.DataFrame(rows)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The same slope, another factor.** Root of the excess risk, in units of the noise, of least squares with 8 shared weights and with 64 free ones, against the number of examples. Dots: means over 200 draws of the inputs; lines: the proposition.", "name": "fig-mg-sharing"}, "image": {"alt": "Log-log plot of error against examples: two lines that become parallel, the one with shared weights a factor of about three below; dots lie on both."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3))[1]
for (name, group), color, marker in zip(
    sharing.groupby("model"), (orange, blue), "so", strict=True
):
    ax.plot(group.n, group.error, marker, color=color, label=name)
    ax.plot(group.n, group.law, color=color, linewidth=1)
figures.log_axis(ax, numbers)
ax.set(yscale="log", xlabel="examples", ylabel="error")
ax.legend()
plt.show()

# %% tags=["remove-input"]
off = np.abs((sharing.error / sharing.law) ** 2 - 1).max()
last = sharing[sharing.n == 768].set_index("model").error
Markdown(
    f"The excess risks are met to {off:.1%}. With 768 examples the dense model's error is {last['dense, d = 64'] / last['shared, m = 8']:.2f} times that of the shared one; $\\sqrt{{d/m}}$ is {8**0.5:.2f}."
)

# %% [markdown]
r"""
A random subspace shares weights, too, blindly: each of the 6,310 weights is made of a few of $d$ numbers. In both cases parameters are counted right if what is counted is the free numbers. The difference is that a convolution shares what *ought* to be shared, and that where it ought not, it pays with a bias that no number of examples removes ({ref}`mg-ex-unshared`).

(mg-starts)=
## Where measures look away

Most measures are about the *gap*. A network can have a gap of zero because it has learned nothing. {cite:t}`goldblum2020` collect beliefs about networks that do not survive a test, and one of them is that there are no bad local minima in which training could end.

```{prf:proposition} A bad minimum by hand
:label: mg-prop-dead
Let the input of every hidden unit be negative on every training example, and the output biases give the frequencies of the labels. Then the network is at a local minimum of the cross-entropy, whose value is the entropy of the labels.
```

```{prf:proof}
The units stay inactive under any small change of the weights. So near this point the loss depends on the output biases alone. In these it is convex, and the frequencies of the labels minimise it.
```

One gets there by lowering all hidden biases by 10 before training.
"""


# %% mystnb={"code_prompt_show": "Starts"} tags=["hide-input"]
# The usual start, and the same with hidden biases moved
def begun(seed, shift):
    """Initial weights of 100 hidden units whose biases are moved by this much."""
    module = MLP(100).build((40,), 10, generator(seed, "init"))
    parts = [p.detach().flatten() for p in module.parameters()]
    parts[1] = parts[1] + shift  # the hidden biases
    return Vector(torch.cat(parts).numpy())


def from_starts(seed):
    """Settings of a replicate's networks: three starts, and the bad one for twice as long."""
    usual = {"lr": 0.02, "momentum": 0.9, "batch_size": 50, "n": 500}
    long = size.lengths[-1]
    return [
        Settings(
            MLP(100),
            epochs=e,
            init_seed=seed,
            data_seed=seed,
            start=begun(seed, b),
            **usual,
        )
        for b, e in ((0, long), (-10, long), (10, long), (-10, 2 * long))
    ]


# %%
moved = signals(scale.seeds(5), 500, 8)
started = run({s: from_starts(s) for s in moved}, moved, record={"weights": [0]})
started["start"] = len(moved) * ["usual", "lowered", "raised", "lowered, twice as long"]
started["gap"] = started.test_error - started.train_error
started["trace"] = sharpness.traces(started, moved, probes=5)

# %% tags=["remove-input"]
of_start = started.groupby("start", sort=False)[
    ["train_loss", "train_error", "test_error", "gap", "trace"]
]
of_start.mean().rename(columns=lambda c: c.replace("_", " ")).round(2)

# %% tags=["remove-input"]
ends = started[started.start == "lowered"].train_loss.to_numpy()
shares = [np.bincount(own.y, minlength=10) / 500 for own in moved.values()]
off_constant = np.abs(ends / [stats.entropy(s) for s in shares] - 1).max()
Markdown(
    f"From the lowered start training ends at the entropy of the labels, to {off_constant:.0e} of it."
)

# %% [markdown]
r"""
The lowered network sits where the proof puts it, at the loss of the best constant, and more epochs do not help. Now look at the other columns as a measure would. Of the three starts it has the smallest gap, a few points as the most frequent *training* label is not quite as frequent in the test, and the smallest trace of the Hessian: that of a constant is $\sum_k \pi_k (1 - \pi_k) \approx 0.9$ from the biases alone. Whoever ranked networks by what predicts the gap would call it the best.

Nobody starts there on purpose. So bad minima refute "training cannot end badly", and do not explain how training ends well. (Raised biases make all units active and the network nearly linear at first. It learns, and worse.)

(mg-zoo)=
## A zoo of networks

Now many networks at once. A *zoo* has 48 random settings (learning rate, weight decay, batch size, width from 8 to 64, and 3 to 100 epochs) and three networks of each, which differ in initialisation and order alone. Every replicate has its own settings, training and test signals.
"""


# %% mystnb={"code_prompt_show": "The zoo"} tags=["hide-input"]
# The zoo: settings, and what is measured on each network
def zoo_settings(seed):
    """Random settings, three networks of each."""
    random, found = rng(seed, 7), []
    for k in range(size.settings):
        how = {
            "lr": 10 ** random.uniform(-2, -0.3),
            "weight_decay": 10 ** random.uniform(-5, -2),
        }
        how |= {"batch_size": int(random.choice([10, 25, 50]))}
        how |= {"epochs": int(random.choice(size.lengths)), "n": 250, "data_seed": seed}
        net, number = MLP(int(random.choice([8, 16, 32, 64]))), 10**6 * seed + 3 * k
        found += [Settings(net, init_seed=number + j, **how) for j in range(3)]
    return found


def measured(end, start, own):
    """Measures of a network that was trained from this start on its own signals."""
    found = measures.norms(end, start, (40,))
    tenth = float(measures.margins(end, own.x, own.y).quantile(0.1))
    found["margin"] = -tenth / found["spectral"]
    for name, layer in zip(("rank", "last rank"), measures.layers(end), strict=True):
        found[name] = float(effective_rank(layer.weight.detach()))
    return found


# %%
of_zoo = ledger.seeds("accuracy-from-weights", "rank-does-not-correlate")
zoo_sets = signals(of_zoo, 250, 4)
zoo = run({s: zoo_settings(s) for s in of_zoo}, zoo_sets, record={"weights": [0]})
members = [(row, zoo_sets[row.data]) for _, row in zoo.iterrows()]
nets = [network(*member) for member in members]
starts = [network(*member, 0) for member in members]
zoo = zoo.join(pd.DataFrame(map(measured, nets, starts, [own for _, own in members])))
zoo["trace"] = sharpness.traces(zoo, zoo_sets, probes=3)
zoo["setting"] = np.arange(len(zoo)) // 3
zoo["accuracy"] = 1 - zoo.test_error
zoo["gap"] = zoo.test_error - zoo.train_error
zoo["parameters"] = 51 * zoo.width + 10

# %% [markdown]
r"""
### What the weights tell

::::{predict}
:answer: 1
:figure: fig-mg-accuracy
Gradient-boosted trees get means, standard deviations and quantiles of a network's weights, layer by layer, and no example. For settings that they have never seen, how much of the variance of the test accuracy do they explain?

1. Most of it, though less than the training loss does.
2. About half.
3. Next to nothing: weights are not labelled by what they do.

:::{dropdown} Answer
A. Weights grow while a network learns, and how far it has learned is most of what differs in this zoo.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Predicting the accuracy"} tags=["hide-input"]
# Predicting the accuracy, on settings that were left out
hyper = ["width", "lr", "weight_decay", "batch_size", "epochs"]
statistics = pd.DataFrame([measures.weight_statistics(net) for net in nets])
given = {"weights": statistics, "hyperparameters": zoo[hyper]}
given["training loss"] = zoo[["train_loss"]]
given["training loss and weights"] = statistics.assign(loss=zoo.train_loss)


trees = GradientBoostingRegressor(
    n_estimators=60, learning_rate=0.15, subsample=0.5, random_state=0
)


def foretold(rows, inputs):
    """Accuracies of the networks of one zoo, each predicted from the other settings."""
    folds = list(GroupKFold(4).split(rows, groups=rows.setting))
    guess = cross_val_predict(trees, inputs.loc[rows.index], rows.accuracy, cv=folds)
    return pd.Series(guess, rows.index)


def explained(rows, guess):
    """R² of these predictions."""
    return 1 - ((guess - rows.accuracy) ** 2).mean() / rows.accuracy.var(ddof=0)


# %%
zoos, R2 = [rows for _, rows in zoo.groupby("data_seed")], {}
for name, inputs in given.items():
    guesses = [foretold(rows, inputs) for rows in zoos]
    R2[name] = [explained(*pair) for pair in zip(zoos, guesses, strict=True)]
    zoo["from " + name] = pd.concat(guesses)
R2 = pd.DataFrame(R2)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Weights tell the accuracy, and the training loss tells more.** Left: accuracy of the networks of one zoo against what trees predict from the statistics of their weights, for settings that they have not seen. Right: R\u00b2 of predictions from four sources; dots are zoos, bars 95 % intervals of their mean.", "name": "fig-mg-accuracy"}, "image": {"alt": "Left: a cloud of points along the diagonal. Right: four rows of dots for R squared, all high."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4), width_ratios=(1, 1.2))
one = zoo[zoo.data_seed == of_zoo[0]]
left.plot(100 * one["from weights"], 100 * one.accuracy, "o", color=blue, alpha=0.5)
left.axline((50, 50), slope=1, color=colors["threshold"], linestyle=":")
left.set(xlabel="predicted from weights, %", ylabel="test accuracy, %")
figures.dots(R2, right, purple)
right.set(xlabel="R²", xlim=(0, 1))
plt.show()

# %% tags=["remove-input"]
ledger.say("accuracy-from-weights")


# %% tags=["remove-input"]
def tau(rows, one, other):
    """Kendall's τ of two columns; NaN where one is constant, or nothing is there."""
    return stats.kendalltau(rows[one], rows[other]).statistic if len(rows) > 2 else np.nan


def taus(one, other, which):
    """Per zoo: over all networks, those that fit, those of one width, both, or those of one setting; NaN without a pair."""
    found = []
    for _, rows in zoo.groupby("data_seed"):
        rows = rows[rows.train_error == 0] if "fitted" in which else rows
        by = {"width": "width", "setting": "setting"}.get(which.split()[-1])
        groups = [rows] if by is None else [group for _, group in rows.groupby(by)]
        pairs = np.array([len(group) * (len(group) - 1) for group in groups])
        each = np.array([tau(group, one, other) for group in groups])
        there = np.isfinite(each)
        found.append(
            np.average(each[there], weights=pairs[there]) if there.any() else np.nan
        )
    return np.array(found)


weights = {"explained": R2["weights"], "hyper": R2["hyperparameters"]}
weights["from_loss"] = R2["training loss"]
weights["added"] = R2["training loss and weights"] - R2["training loss"]
weights["fitted"] = taus("from weights", "accuracy", "fitted")
weights["seeds"] = taus("from weights", "accuracy", "setting")

# %% [markdown]
r"""
The trees do better on unseen settings than trees that know the hyperparameters. So weights do tell the accuracy. But a single number, the training loss, leaves a quarter as much unexplained, and with it the weights add next to nothing. What the trees have learned to see is how far a network has come. Where that does not differ, nothing of the prediction is left: among networks that fit its τ with the accuracy even leans to the wrong side, and among networks of one setting it is near zero.

(mg-axis)=
### All on one axis

| measure | what it is |
|---|---|
| distance from start, norm of weights | Euclidean, over all weights and biases |
| product of spectral norms | of the largest singular value of each layer |
| path norm | root of the sum, over all paths from input to output, of the product of squared weights |
| minus margin / spectral product | the margin is an example's output for its label less the largest other one; a tenth of the training examples has a smaller one |
| trace of the Hessian | of the training loss, a sum of curvatures |
| rank | exponential of the entropy of a layer's singular values, scaled to sum 1 |

::::{predict}
:answer: 3
:figure: fig-mg-axis
Which comparison will no measure be good at?

1. All networks of the zoo.
2. Those that fit their training set.
3. Networks of one setting, which differ in their seeds alone.

:::{dropdown} Answer
C. Measures follow what drives both them and the gap. Where only luck differs, that is the same for all.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Measures follow how far training has gone, and not luck.** Kendall's \u03c4 of each measure with the generalization gap: over all networks of a zoo (blue), over those that fit all training labels (orange), and over networks that differ in seeds alone (green). Dots are zoos, each with its own settings, bars 95 % intervals of their mean. Networks of one setting do not differ in the number of parameters.", "name": "fig-mg-axis"}, "image": {"alt": "Eleven rows of measures with three sets of dots each. Over all networks most norms lie far right of zero and the training loss far left; over those that fit they scatter; over seeds all lie within a few tenths of zero."}} tags=["hide-input"]
named = {"parameters": "parameters", "distance": "distance from start"}
named |= {"frobenius": "norm of weights", "spectral": "product of spectral norms"}
named |= {"path": "path norm", "margin": "minus margin / spectral product"}
named["trace"] = "trace of the Hessian"
named |= {"rank": "rank, first layer", "last rank": "rank, last layer"}
named |= {"train_loss": "training loss", "predicted": "error predicted from weights"}
zoo["predicted"] = 1 - zoo["from weights"]
fig, ax = plt.subplots(figsize=(7.2, 5.6))
looks = {"all": (blue, 0.24, "all"), "fitted": (orange, 0, "those that fit")}
looks["setting"] = (green, -0.24, "one setting, other seeds")
on_axis = {w: pd.DataFrame({named[m]: taus(m, "gap", w) for m in named}) for w in looks}
for which, (color, shift, label) in looks.items():
    figures.dots(on_axis[which], ax, color, label, shift)
ax.set_yticks(-np.arange(len(named)), named.values())
ax.axvline(0, color=colors["threshold"], linestyle=":")
ax.set(xlabel="Kendall's τ with the gap", xlim=(-1, 1))
fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
rank = {"fitted": taus("rank", "test_error", "fitted, width")}
rank["everywhere"] = taus("rank", "test_error", "width")
rank["seeds"] = taus("rank", "test_error", "setting")
rank["second"] = taus("last rank", "test_error", "fitted, width")
turned = {
    named[m]: claims.mean(taus(m, "test_error", "all")) for m in ("frobenius", "margin")
}
claims.table(
    "On this page: τ with the test error in the place of the gap, all networks.", turned
)

# %% [markdown]
r"""
*Blue.* Over all networks norms and distance have a large positive τ with the gap, the training loss and minus the margin a large negative one. Both are one fact. A network that has trained longer has larger weights and a smaller training error; and as the gap is test error less training error, whatever lowers the second raises the gap. This correlation is there by construction. With the *test error* in the place of the gap the signs turn around: better networks have the larger norms.

*Orange.* Among networks that fit, the training error is 0 and the gap *is* the test error. Only a part of each zoo qualifies, and most intervals reach over zero (for the rank, see below). The margin has changed its sign. Here networks with the smaller margin are the worse ones, as theory would have it; over all networks it was the other way round.

*Green.* Where only seeds differ, all lie close to zero. So to question 2 of the beginning: we see no measure of much use for choosing among seeds. Ask two halves of the test set for their order of the networks:
"""

# %% tags=["remove-input"]
for name, first in {"half": 0, "other half": 1}.items():
    tested = [(own.x_test[first::2], own.y_test[first::2]) for _, own in members]
    zoo[name] = [
        float((net(x).argmax(1) != y).float().mean())
        for net, (x, y) in zip(nets, tested, strict=True)
    ]
agree = {w: claims.mean(taus("half", "other half", w)) for w in ("fitted", "setting")}
Markdown(
    f"The errors on them have a τ of {agree['setting']:.2f} within a setting, and of {agree['fitted']:.2f} among networks that fit."
)

# %% [markdown]
r"""
So seeds do differ, and new signals agree on which is better. These measures see hardly any of it.
"""

# %% tags=["remove-input"]
ledger.say("rank-does-not-correlate")

# %% [markdown]
r"""
*Rank.* {cite:t}`goldblum2020` find that rank does not go with generalization. In this zoo, at one width, it does: settings with a smaller test error have a first layer of lower rank. As we remember it, a regularizer pushed the rank up or down there, in networks that were otherwise trained alike; here the rank is what learning rate, decay and epochs left behind.

:::{admonition} What a measure can be trusted with
:class: key-result
Leaving one out has a formula that is proved, and GCV averages it: near the risk, for linear fits that were not chosen with the same data. The other measures on this page follow the risk as long as what drives both varies: epochs, learning rate, labels. Hold that fixed, and see what remains.
:::

(mg-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-measures-of-generalization`.
"""

# %% tags=["remove-input"]
ledger.card("gcv-predicts", **gcv, section="mg-gcv")

# %% tags=["remove-input"]
ledger.card("effective-dimension", **directions, section="mg-dimension")

# %% tags=["remove-input"]
ledger.card("intrinsic-dimension", **space, section="mg-subspace")

# %% tags=["remove-input"]
ledger.theorem("cnn-sample-complexity", error=off, section="mg-sharing")

# %% tags=["remove-input"]
ledger.theorem("bad-starts-bad-minima", error=off_constant, section="mg-starts")

# %% tags=["remove-input"]
ledger.card("accuracy-from-weights", **weights, section="mg-zoo")

# %% tags=["remove-input"]
ledger.card("rank-does-not-correlate", **rank, section="mg-axis")

# %% [markdown]
r"""
**We also asked** for other values of α, networks at equal loss, other kernels, and for rank and predictions where only seeds differ. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**Count something else, or stop counting?** {cite:t}`maddox2020` replace the number of parameters by a better count. {cite:t}`goldblum2020` doubt that any single property that is commonly named (small norms, low rank, wide networks) does what it is said to do; on low rank our zoo says otherwise. {cite:t}`dziugaite2020` would accept a measure only if it fails nowhere.

**A prediction or an explanation?** {cite:t}`unterthiner2020` want to predict, and for that a correlation is enough. Whoever wants to explain has to change the measure and nothing else, and see the error follow. That was possible on this page where there is a formula: for the ridge, the number of features, the shared weights.

:::{admonition} "A measure that correlates explains"
:class: misconception
In {numref}`fig-mg-axis` many measures follow the gap over all networks. All of them follow the training loss, and the gap contains the training error. Where only seeds differ they know next to nothing.
:::

:::{admonition} "The number of parameters is the complexity of a model"
:class: misconception
It is an upper limit of what could be counted. {numref}`fig-mg-subspace` needs fewer than two hundred of 6,310, {numref}`fig-mg-sharing` eight of 64, and the risk in {numref}`fig-mg-peak` falls while parameters grow.
:::

:::{admonition} "Accuracy from weights is a fact about overparameterized networks"
:class: misconception
The networks of {cite:t}`unterthiner2020` have, as we remember it, about five thousand weights for tens of thousands of images, and most do not fit them. In our zoo, too, what is predicted is mostly how far a network has come.
:::

## Check yourself

```{quiz}
```
"""

# %% [markdown]
r"""
## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in: {assignment}`11_bounds`.

```{exercise} ★ The mean, left out
:label: mg-ex-mean
The simplest predictor is the mean of all $n$ targets. What are $S$, the leave-one-out error and GCV? By what factor does the training error understate them?
```

```{solution} mg-ex-mean
:class: dropdown
All entries of $S$ are $1/n$, so all $S_{ii}$ are equal and both estimates are the training error times $n^2/(n-1)^2$. The training error is the variance with $n$ in the denominator.
```

```{exercise} ★ Doubled parameters
:label: mg-ex-doubled
Write every weight as a sum $w = u + v$ and train $u$ and $v$. What happens to the number of parameters, to the functions that can be represented, and to $N_{\mathrm{eff}}(H, \alpha)$ at the same function?
```

```{solution} mg-ex-doubled
:class: dropdown
Parameters double, functions stay. The new Hessian has four copies of $H$ as its blocks; its eigenvalues are $2\lambda_i$ and zeros. So $N_{\mathrm{eff}} = \sum_i 2\lambda_i / (2\lambda_i + \alpha)$: nearly the same where the curvature is far from $\alpha$, which is better than a factor of two, but not invariant.
```

```{exercise} ★ No gap at all
:label: mg-ex-gap
Name a network whose expected generalization gap is zero, whatever the data. Can the gap be negative? What does that say about ranking by it?
```

```{solution} mg-ex-gap
:class: dropdown
One that does not look at the labels, such as an untrained one: on average its gap is zero. One that errs on purpose on its examples has a negative one. A measure that follows the gap alone cannot tell what is good, only what has looked closely at its examples.
```

```{exercise} ★★ Where sharing is wrong
:label: mg-ex-unshared
Let each of the eight patches have its own filter $w + \tau u_l$ with independent $u_l \sim N(0, I)$. From how many examples on is the dense model better than the one that shares, for $\tau = 0.05$ and 0.2, $\sigma = 1$?
```

```{solution-start} mg-ex-unshared
:class: dropdown
```
"""

# %%
n, bias = np.arange(80, 100_001), lambda tau: tau**2 * 7 / 8
shared = lambda tau: bias(tau) + (1 + bias(tau)) * 8 / (n - 9)
{tau: int(n[np.argmax(64 / (n - 65) < shared(tau))]) for tau in (0.05, 0.2)}

# %% [markdown]
r"""
The inputs enter with weight 1/8 per patch, so what the shared filter misses has the variance $\tfrac{1}{64} \sum_l \tau^2 \lVert u_l - \bar u \rVert^2 \approx \tfrac78 \tau^2$ on average; it acts as noise and stays as a bias. Nearly shared weights are worth sharing for a long time.

```{solution-end}
```

```{exercise} ★★ Copies among the examples
:label: mg-ex-copies
Give each of 100 signals twice, with the same label. What does GCV say of a kernel fit with a small ridge, and what is the risk?
```

```{solution-start} mg-ex-copies
:class: dropdown
```
"""

# %%
x, y, x_new, y_new = pools[of_kernels[0]]
kernel = partial(kernels.gaussian_kernel, bandwidth=kernels.median_distance(x))
twice = torch.arange(100).repeat(2)
for rows in (torch.arange(100), twice):
    gram, cross = kernel(x[rows], x[rows]), kernel(x_new, x[rows])
    s = cross_validation.scores(gram, y[rows], [1e-3 * len(rows)], cross, y_new)
    print(f"{len(rows)} rows: GCV {float(s.gcv[0]):.3f}, risk {float(s.risk[0]):.3f}")

# %% [markdown]
r"""
The risk is the same, since doubling examples and ridge doubles both terms of the objective, and GCV falls far below it: the example that is left out is still there as its copy. Examples have to be independent; frames of one video, or augmented images, are not.

```{solution-end}
```

```{exercise} ★★ Rescaled
:label: mg-ex-rescaled
Multiply one layer of a ReLU network by 10 and divide the next by 10 ({ref}`flat-invariant`). Which of the measures of {numref}`fig-mg-axis` change, though the function does not?
```

```{solution-start} mg-ex-rescaled
:class: dropdown
```
"""

# %%
k = int(zoo.train_error.argmin())
own = members[k][1]
before, after = (
    measured(net, starts[k], own) | {"trace": sharpness.trace(net, own.x, own.y)}
    for net in (nets[k], sharpness.rescaled(nets[k], 10))
)
{name: round(after[name] / before[name], 2) for name in before}

# %% [markdown]
r"""
Distance, norm of the weights and trace of the Hessian change, and so does what is predicted from the weights. Parameters, path norm, product of spectral norms, margin over it, both ranks and the training loss do not. The effective dimension of the Hessian changes, too. What changes without the function cannot explain what the function does, though it may still correlate where training never makes such moves.

```{solution-end}
```

```{exercise} ★★★ A measure made to measure
:label: mg-ex-made
Combine the measures' ranks with random weights, a thousand times, and keep the combination with the best τ over the networks of one zoo that fit. How good is it there, and in the other zoos? What should somebody do who reports the best of forty measures?
```

```{solution-start} mg-ex-made
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
usable = [m for m in named if m not in ("predicted", "train_loss")]
fits = zoo[zoo.train_error == 0].groupby("data_seed")
groups = [(g[usable].rank(pct=True).to_numpy(), g.gap) for _, g in fits]
mixes = rng(1).standard_normal((1000, len(usable)))
tau_of = lambda ranks, gap, mix: stats.kendalltau(ranks @ mix, gap).statistic
best = mixes[np.argmax([tau_of(*groups[0], mix) for mix in mixes])]
singles = [tau_of(*groups[0], unit) for unit in np.eye(len(usable))]
found = {"best single measure": max(np.abs(singles)), "mixture": tau_of(*groups[0], best)}
found["mixture, other zoos"] = np.mean([tau_of(*g, best) for g in groups[1:]])
{name: round(float(value), 2) for name, value in found.items()}

# %% [markdown]
r"""
The mixture beats every single measure on the zoo on which it was chosen, and in the others little of its τ is left. With so few networks that fit, even the best *single* one is partly a choice by luck. Whoever reports the best of forty should choose it on some environments and report it on others, which is what {ref}`flat-predict` asks for.

```{solution-end}
```

```{exercise} ★★★ Another zoo
:label: mg-ex-transfer
Train the trees on the weights of one zoo and predict the accuracies of another, on signals of another draw: R² and τ. Then of a zoo on signals that are moved by up to 11 points instead of 3. What carries over?
```

```{solution-start} mg-ex-transfer
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
far_sets = signals(of_zoo[:1], 250, 12)
far = run({s: zoo_settings(s)[::3] for s in far_sets}, far_sets, record=["weights"])
far_weights = pd.DataFrame(
    [
        measures.weight_statistics(network(row, far_sets[row.data]))
        for _, row in far.iterrows()
    ]
)
learn, other = zoo.data_seed == of_zoo[0], zoo.data_seed == of_zoo[1]
trees.fit(statistics[learn], zoo.accuracy[learn])
found = {}
for name, inputs, truth in (
    ("another draw", statistics[other], zoo.accuracy[other]),
    ("moved further", far_weights, 1 - far.test_error),
):
    guess = trees.predict(inputs)
    r2 = 1 - ((guess - truth) ** 2).mean() / truth.var(ddof=0)
    found[name] = {"R²": r2, "Kendall's τ": stats.kendalltau(guess, truth).statistic}
pd.DataFrame(found).T.round(2)

# %% [markdown]
r"""
Between draws of the same kind most of R² stays, and the order. On signals that are moved further all networks are worse, so the predicted *values* are far off (an R² below zero: the mean would do better), yet the order of the networks is told about as well as before. {cite:t}`unterthiner2020` report transfer of the same kind. Predicting which of two networks has learned more is easier than predicting how well.

```{solution-end}
```

```{exercise} ★★★ Labels and dimensions
:label: mg-ex-labels
How does the intrinsic dimension of random labels grow with their number? Predict from counting first: in $d$ dimensions with $b$ bits each one can describe $2^{bd}$ networks.
```

```{solution-start} mg-ex-labels
:class: dropdown
```
"""

# %%
fewer = lambda n: intrinsic(errors_in((160, 320, 640, 1280), random=True, n=n)).mean()
by_labels = {n: fewer(n) for n in (many_n // 4, many_n // 2)}
by_labels[many_n] = needed["random labels"].mean()
per_label = np.log2(10) - stats.entropy([0.1, 0.9], base=2) - 0.1 * np.log2(9)
{n: f"{d:.0f} dimensions, {n * per_label / d:.1f} bits each" for n, d in by_labels.items()}

# %% [markdown]
r"""
Of ten classes, with one label in ten free to be wrong, a label takes $\log_2 10 - H(0.1) - 0.1 \log_2 9 \approx 2.5$ bits, $H$ the entropy of a coin. The dimension grows at least in proportion to the number of labels, and each holds about one bit of them, as counting says it must if its coordinate has a bounded precision.

```{solution-end}
```

## Summary

- A measure is tested by what it orders: models that differ in one known thing, or in luck alone.
- Leaving one out needs no second fit, and GCV, its average form, is near the risk through the peak and beyond it, from training data alone; where it doubles, the risk grows by less. It is off where examples are copies, or where the kernel has seen them.
- The effective dimension of the Hessian, at $\alpha = 1/n$, comes down beyond the threshold as the test loss does. At equal training loss it goes up, and over all widths it is no better a guide than the number of parameters.
- True labels need a few per cent of the dimensions, random ones many more, and a larger network no more: the count belongs to the data.
- Shared weights divide the risk by $d/m$, as long as what is shared is shared in the truth.
- A minimum of high training loss can be made by hand; as it has learned nothing, its gap and its trace are small. Low rank goes along with small errors where settings drive both.
- Weights tell the accuracy in a zoo because they tell how far training has gone. Over seeds we see none that tells much, though new signals agree on it.

**Reading.** {cite:t}`jiang2020` with {cite:t}`dziugaite2020`, for how to test a measure; {cite:t}`wei2022`, for one that predicts and the reason why; {cite:t}`maddox2020` and {cite:t}`li2018` for two ways to count; {cite:t}`goldblum2020`, for beliefs put to a test.
"""
