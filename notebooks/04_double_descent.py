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
(double-descent)=
# Double descent: the peak you can compute

Let a model have more and more parameters. Its error on new examples falls, rises to a peak where the parameters are as many as the training examples, and falls again: *double descent*. On this page nearly all of it can be computed.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import stats
from scipy.integrate import quad
from scipy.interpolate import CubicSpline
from torch.nn.functional import one_hot

from overparam import claims, data, figures, measures, scale
from overparam.randomness import generator, rng
from overparam.theory import kernels, linear, separability, splines

figures.style()
torch.set_num_threads(1)  # small matrices: a second thread costs more than it gives
ledger = claims.Ledger("double-descent")
colors = figures.COLORS

# %% mystnb={"code_prompt_show": "Two small problems"} tags=["hide-input"]
# Two small problems, for fits that are straight between random knots
six, six_grid = np.linspace(0, 5, 6), np.linspace(0, 5, 501)
twenty, twenty_grid = np.linspace(-1, 1, 20), np.linspace(-1, 1, 301)


def exact_fit(knots, draw):
    """Six points of a quadratic: the fit with this many random knots, on a grid."""
    return splines.piecewise_linear(six, six_grid, draw.uniform(0, 5, knots)) @ six**2


def noisy_fit(knots, draw, noise=None):
    """Twenty noisy points of a sine, and the fit to them; the noise may have a generator of its own."""
    y = np.sin(5 * twenty) + 0.3 * (noise or draw).standard_normal(20)
    at_random = draw.uniform(-1, 1, knots)
    return y, splines.piecewise_linear(twenty, twenty_grid, at_random) @ y


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**One parameter per point: no choice, and now and then a wild fit. Many parameters: many ways through all points, of which the one with the smallest coefficients is tame.** Fits that are straight between knots at random places. Left: six exact points of a quadratic. Right: twenty noisy points of a sine. The strong line is one draw of the knots, the faint ones are eight others; dashed, the truth.", "name": "fig-ddl-fan"}} tags=["hide-input"]
# The slider over the number of parameters
def fan(per_point):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
    exact, noisy = (max(0, round(per_point * points) - 2) for points in (6, 20))
    for seed in range(8, -1, -1):
        line = {"linewidth": 0.7, "alpha": 0.5} if seed else {}
        left.plot(six_grid, exact_fit(exact, rng(seed)), color=colors["variance"], **line)
        y, curve = noisy_fit(noisy, rng(seed), rng(99))
        right.plot(twenty_grid, curve, color=colors["variance"], **line)
    left.plot(six_grid, six_grid**2, "--", color=colors["true_labels"])
    right.plot(twenty_grid, np.sin(5 * twenty_grid), "--", color=colors["true_labels"])
    left.plot(six, six**2, "o", color=figures.INK)
    right.plot(twenty, y, "o", color=figures.INK)
    left.set(ylim=(-15, 35), xlabel="x", ylabel="y", title=f"Exact points, knots: {exact}")
    right.set(ylim=(-3, 3), xlabel="x", title=f"Noisy points, knots: {noisy}")
    return fig


def wildest(p):
    knots = max(0, round(6 * p) - 2)
    top = max(abs(exact_fit(knots, rng(seed))).max() for seed in range(9))
    return f"Fits with {p} parameters per point, to six exact and to twenty noisy points; of nine to the six the wildest reaches {top:,.0f}."


per_points = (0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 5, 20)
figures.slider(fan, "Parameters per point", wildest, start=1, values=per_points)

# %% [markdown]
r"""
The model is that of an explorable article by {cite:t}`werness2021`: $f(x) = c_0 + c_1 x + \sum_i w_i |x - \xi_i|$, a curve of straight pieces that may bend at the *knots* $\xi_i$, which are drawn at random. It is linear in its parameters $c_0, c_1, w_i$, and they are fitted by least squares. With $k$ knots there are $p = k + 2$ parameters. Where $p$ exceeds the number of points $n$, infinitely many fits are equally good; then we take the one with the smallest $\sum_i w_i^2$, the {term}`minimum-norm solution`.

Move the slider. Below one parameter per point the fit is a compromise. At one, a single curve passes through all points if the knots are well spread. (Where they crowd, some points are missed.) Between two points without a knot it is the line through both, and at the next knot it has to turn towards the next point; if the knot lies just before that point, it must turn sharply. Beyond one there is a choice, and soon all points are met. With many knots $\sum_i w_i^2$ is large where the curve bends much, so that the smallest coefficients make the smoothest curve.

Left, without noise, the last curves are by far the best. Right, with noise, they are about as good as some with fewer knots than points: a smooth curve through wrong points is smoothly wrong. What follows makes three questions of this: Why a peak? Is the far side better than the near one? And must there be a peak at all?

```{lab} peak
:figure: fig-ddl-fan
**Twenty coefficients for twenty points, and the error explodes.** The same by hand, with polynomials: drag a point, change the number of coefficients. Beyond the peak, smallest coefficients make a curve that falls back to zero between points, and smallest bends a good one. A small penalty takes the peak away.
```

(ddl-splines)=
## One wild fit, or many

::::{predict}
:answer: 2
:figure: fig-ddl-splines
Left panel, six exact points. From one knot to four, the threshold: what happens to the *average* squared error over draws of the knots, and what to the *median*?

1. Both rise: the typical fit at the threshold is wild.
2. The average rises, the median falls.
3. Both fall, since there is no noise.

:::{dropdown} Answer
B. Most draws of four knots do quite well. A few are so bad that the average is infinite.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Errors of many fits"} tags=["hide-input"]
# Errors of many fits: 200 draws of the knots for each number of them
knot_counts = (1, 2, 3, 4, 5, 7, 10, 20, 50, 200)
knot_draws = scale.sizes(draws=(20, 200, 200)).draws
smooth_limit = CubicSpline(six, six**2, bc_type="natural")(six_grid)


def knot_errors(seed):
    """Errors at every number of knots, distance to the natural cubic spline, share of wild fits."""
    rows, draw = [], rng(seed, 4)
    for k in knot_counts:
        curves = np.stack([exact_fit(k, draw) for _ in range(knot_draws)])
        error = ((curves - six_grid**2) ** 2).mean(1)
        far = ((curves - smooth_limit) ** 2).mean()
        wild = (error > (six_grid**4).mean()).mean()  # worse than predicting zero
        rows.append((seed, k, error.mean(), np.median(error), far, wild))
    names = ["seed", "knots", "average", "median", "distance", "wild"]
    return pd.DataFrame(rows, columns=names)


def noisy_errors(seed):
    """Median errors with nine and with 300 knots on noisy points."""
    fits = [[noisy_fit(k, rng(seed, i))[1] for i in range(knot_draws)] for k in (9, 300)]
    return np.median(((fits - np.sin(5 * twenty_grid)) ** 2).mean(-1), 1)


knot_seeds = ledger.seeds("spline-min-norm")
bends = pd.concat(linear.parallel_map(knot_errors, knot_seeds))
noisy_medians = np.array(linear.parallel_map(noisy_errors, knot_seeds))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Averages over 200 draws have a peak at the threshold, medians have none.** Squared error of fits to six exact points, over 200 draws of the knots: average and median, one dot per replicate and lines through their geometric means. The dotted line is at four knots, that is at six parameters.", "name": "fig-ddl-splines"}, "image": {"alt": "Squared error against the number of knots, both on logarithmic axes. The dots of the average rise by orders of magnitude around four knots, scattered widely, and fall steeply beyond; the median falls throughout."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.4))
for kind, color in (("average", colors["risk"]), ("median", colors["variance"])):
    ax.plot(bends.knots, bends[kind], "o", color=color, alpha=0.4)
    middle = np.log(bends[kind]).groupby(bends.knots).mean()
    ax.plot(middle.index, np.exp(middle), color=color, label=kind)
ax.axvline(4, color=colors["threshold"], linestyle=":", linewidth=1.5)
figures.log_axis(ax, (1, 2, 4, 10, 50, 200))
ax.set(yscale="log", xlabel="knots", ylabel="squared error")
ax.legend()
plt.show()

# %% tags=["remove-input"]
wild = bends.groupby("knots").wild.mean().map("{:.1%}".format)
Markdown(
    f"{ledger.say('spline-min-norm')} The share of fits that are worse than predicting zero everywhere is {wild[1]} with one knot, {wild[2]} with two, {wild[4]} with four, {wild[10]} with ten and {wild[200]} with 200."
)

# %% [markdown]
r"""
Had the peak been a matter of the typical fit, both lines would have one. The peak is made of rare accidents, and they are without bound. A knot at a small distance $\epsilon$ from a point can make an error of order $1/\epsilon^2$, and since all small distances are about equally likely, the mean of that is infinite. So an average over 200 draws is no estimate of a mean: over ten times as many it would typically be more than ten times as large. Nor is the mean infinite at four knots only. With any number from two on, all knots but one may fall between the first two points, and the last just behind the second. What has its peak at the threshold is how *often* an accident happens; with 200 knots one would wait for ever. (With other models the typical fit has a peak, too; but an infinite average we shall meet again.)

Far to the right all draws agree with each other, and nearly with the *natural cubic spline*, the curve through the points with the smallest $\int f''^2$. {cite:t}`werness2021` sketch a proof: the bend at a knot is $2 w_i$, so that $\sum_i w_i^2$ is a discrete form of this integral. What behaves well beyond the peak is not "the large model", but the fit that one chooses among the many.

(ddl-prehistory)=
## A peak that was known

The name is from 2018. The peak is not. Physicists who studied simple perceptrons around 1990 found learning curves with a maximum where examples equal inputs ({cite:t}`vallet1989`, {cite:t}`opper1990`, {cite:t}`krogh1992`), and in pattern recognition it was a nuisance of one particular classifier ({cite:t}`raudys1998`); {cite:t}`loog2020` collect this prehistory. *Fisher's linear discriminant* separates two classes by least squares on labels $\pm 1$ and inverts a covariance matrix. With fewer examples than dimensions there is no inverse. The obvious repair is the pseudo-inverse, which gives, again, the minimum-norm solution.
"""

# %%
sample_sizes = (4, 8, 12, 16, 20, 26, 32, 38, 44, 50, 56, 62, 70, 80, 100, 130, 160, 200)
fisher_seeds = ledger.seeds("prehistory")
columns = linear.parallel_map(
    lambda n: linear.pseudo_fisher(n, 50, distance=3, seeds=fisher_seeds), sample_sizes
)
fisher = pd.DataFrame(dict(zip(sample_sizes, columns, strict=True)), fisher_seeds)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A classifier that is worst when it has as many examples as dimensions.** Error of the pseudo-Fisher discriminant for two Gaussian classes in 50 dimensions. Dashed: the best possible classifier. Mean over training sets with a 95 % band.", "name": "fig-ddl-fisher"}, "image": {"alt": "Error against the number of training examples. It falls, climbs to about two fifths where examples equal dimensions, and then falls steadily towards a dashed line at the bottom."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.1))
rows = fisher.melt(var_name="n", value_name="error").astype(float)
figures.plot(rows, "n", "error", ax=ax, colors=colors["test"])
ax.axvline(50, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.axhline(stats.norm.cdf(-1.5), color=figures.INK, linestyle="--", linewidth=1)
ax.set(xlabel="training examples", ylabel="share misclassified", ylim=(0, 0.52))
figures.sketch(ax, ask="In 50 dimensions: what share does the discriminant misclassify?")

# %% tags=["remove-input"]
ledger.say("prehistory")

# %% [markdown]
r"""
With fifty examples one does better to throw half of them away. Had the classifier only been starved of data, the curve would fall throughout. What {cite:t}`belkin2019` added was the other half of the story. They kept the data and moved the *model*, looked far beyond the peak, found that the error there can be lower than anywhere before it, and said that networks do this too.

(ddl-features)=
## Random features: $N$ parameters, $n$ examples

Their first experiment needs no training. Map each input to $N$ {term}`random features`, here $\sqrt{2/N} \cos(\omega^\top x + b)$ with random $\omega$ and $b$, the *random Fourier features* of {cite:t}`rahimi2007`, and fit the ten 0/1 labels by least squares, beyond $N = n$ with the smallest coefficients. The only thing to turn is $N$. A larger model has all features of the smaller one. (The paper's features are complex; ours are real, and $N$ counts coefficients per class.)

::::{predict}
:answer: 1
:figure: fig-ddl-fourier
Correct labels, $n = 300$ signals. What happens to the norm of the fitted coefficients as $N$ grows from a few to thousands?

1. It grows until $N = n$ and falls from there.
2. It grows with $N$, since there are more coefficients.
3. It falls with $N$, since there are more ways to fit.

:::{dropdown} Answer
A. Up to $N = n$ every further feature is used to fit more of the labels, at any price. From there on the labels are fitted, and a further feature can only make the cheapest fit cheaper. The test error follows the norm.
:::
::::
"""

# %% mystnb={"code_prompt_show": "One replicate: signals, wrong labels and nested features"} tags=["hide-input"]
# One replicate: signals, wrong labels and nested features
n = scale.sizes(examples=(40, 300, 300)).examples
per_example = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.85, 0.95, 1, 1.05, 1.2, 1.5, 2, 4, 8)
counts = [round(n * share) for share in per_example]
kinds = {"correct": figures.SEQUENCE[0], "15 % random": colors["noise"]}


def draw_signals(seed):
    """Signals with correct and with noisy labels [n, 20], half the median distance, and features."""
    pool = data.mnist1d(n, 2000, seed, max_translation=1)
    noisy = data.corrupt_labels(pool.y, 0.15, 10, generator(seed, "label noise"))
    bandwidth = kernels.median_distance(pool.x) / 2
    features = linear.Fourier(40, max(counts), bandwidth, seed)
    labels = torch.cat([one_hot(y, 10) for y in (pool.y, noisy)], 1)
    return pool, labels, bandwidth, features


def wrong(outputs, pool):
    """Share misclassified on validation signals, which are the first thousand, and on the others."""
    mistakes = (outputs.argmax(-1) != pool.y_test).double().unflatten(-1, (2, 1000))
    return mistakes.mean(-1)


# %% mystnb={"code_prompt_show": "Fits at every N"} tags=["hide-input"]
# Fits at every N
def fourier(seed):
    """Errors and norms for every number of features, and the norm of the kernel interpolant."""
    pool, labels, bandwidth, features = draw_signals(seed)
    rows, limits = [], {}
    parts = dict(zip(kinds, (slice(10), slice(10, 20)), strict=True))
    for kind, part in parts.items():
        target = labels[:, part].double()
        limits[kind] = kernels.interpolate(pool.x, target, bandwidth).norm
    for fit in features.fits(pool.x, labels, pool.x_test, counts):
        for kind, part in parts.items():
            validation, error = wrong(fit.test[:, part], pool).tolist()
            norm = fit.squared_norms[part].sum().sqrt().item()
            row = {"validation": validation, "error": error, "norm": norm}
            row |= {"seed": seed, "labels": kind, "N": fit.width}
            rows.append(row | {"kernel": limits[kind]})
    return pd.DataFrame(rows)


fourier_names = ["rff-peak-at-n", "rff-second-descent-is-lower", "norm-peak-at-n"]
fourier_seeds = ledger.seeds(*fourier_names, "ridge-flattens-random-features")
fourier_runs = pd.concat(linear.parallel_map(fourier, fourier_seeds))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Test error and the norm of the coefficients peak together where N = n, and the second descent goes below the first.** Minimum-norm least squares on random Fourier features of 300 signals. Dashed: norm of the interpolant of the Gaussian kernel, the limit of infinitely many features. Means over replicates (of the logarithm, on the right) with 95 % bands.", "name": "fig-ddl-fourier"}, "image": {"alt": "Two panels against the number of features on logarithmic axes. Left, test error with correct and with noisy labels falls, spikes to about nine tenths where features equal examples and falls below its first minimum. Right, the norm has a spike of more than an order of magnitude at the same place and falls towards dashed lines."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.7))
shown = fourier_runs.assign(log_norm=np.log10(fourier_runs.norm))
for kind, color in kinds.items():
    rows = shown[shown.labels == kind]
    figures.plot(rows, "N", "error", ax=left, colors=color, label=kind, markersize=3)
    figures.plot(rows, "N", "log_norm", ax=right, colors=color, label=kind, markersize=3)
    limit = np.log10(rows.kernel).mean()
    right.axhline(limit, color=color, linestyle="--", linewidth=1)
for ax in (left, right):
    ax.axvline(n, color=colors["threshold"], linestyle=":", linewidth=1.5)
    figures.log_axis(ax, [round(n * r) for r in (0.1, 0.3, 1, 3)])
    ax.set_xlabel("random features N")
left.set(ylabel="share misclassified", ylim=(0, 1))
right.set(ylabel="log₁₀ of the norm of the coefficients")
left.legend(title="labels")
plt.show()


# %% mystnb={"code_prompt_show": "Contrasts"} tags=["hide-input"]
# Contrasts: at N = n, and beyond it against the best N below n
def fourier_table(value, kind="correct"):
    """One row per replicate, one column per number of features."""
    return measures.by_seed(fourier_runs[fourier_runs.labels == kind], value, "N", "seed")


def below(kind):
    """The test error at the N below n that validation signals of the replicate choose."""
    chosen = fourier_table("validation", kind)[[N for N in counts if n > N]].idxmin(axis=1)
    errors = fourier_table("error", kind)
    return pd.Series({seed: errors.loc[seed, N] for seed, N in chosen.items()})


errors = {kind: fourier_table("error", kind) for kind in kinds}
norms = {kind: fourier_table("norm", kind) for kind in kinds}
first = {kind: below(kind) for kind in kinds}

# %% tags=["remove-input"]
ledger.say("rff-peak-at-n", "norm-peak-at-n", "rff-second-descent-is-lower")

# %% [markdown]
r"""
The figure would have refuted its own explanation if the two spikes had stood at different places. They do not. This is the "smoothness bias" of {cite:t}`belkin2019`: beyond $N = n$ all fits are perfect on the training set, and among perfect fits the procedure takes the one of smallest norm. More features give it more to choose from, and in the limit this norm is that of the Gaussian kernel's function space. There is a peak with correct labels, too: what few features cannot express acts like noise.

(ddl-closed)=
## The exact curve

Why at $N = n$, and how tall? For Gaussian inputs there is an exact answer at every size, and its proof fits on the back of an envelope. The theorem is due to {cite:t}`belkin2020`. There are $d$ inputs, of which the learner sees the first $p$. What the others contribute is, for the learner, noise.

```{prf:theorem} The exact risk
:label: ddl-prop-exact
Let $y = x^\top \beta + \varepsilon$ with independent standard Gaussian inputs $x \in \mathbb R^d$ and noise of variance $\sigma^2$. Let $S$ be the sum of $\beta_j^2$ over the first $p$ inputs, $L$ that over the others, and $v = \sigma^2 + L$. The minimum-norm least-squares fit to $n$ examples of the first $p$ inputs has the expected squared error $v + R$ on a new example, with

$$
R = \begin{cases}
v\, \dfrac{p}{n - p - 1} & (p < n - 1), \\[2ex]
S \Bigl(1 - \dfrac np\Bigr) + v\, \dfrac{n}{p - n - 1} & (p > n + 1),
\end{cases}
$$ (eq-ddl-exact)

and $R = \infty$ in between, if $v > 0$.
```

```{prf:proof}
Let $X$ be the $n \times p$ matrix of the inputs seen, $X^+$ its pseudo-inverse, $\beta_S$ the first $p$ coefficients and $e$ the vector of what the noise and the unseen inputs add to the labels. It is independent of $X$, and $\mathbb E\, e e^\top = v I$. *Noise.* For $p \le n$, $\hat\beta - \beta_S = X^+ e$, and $R = v \operatorname{tr} \mathbb E (X^\top X)^{-1}$. The $k$-th diagonal entry of $(X^\top X)^{-1}$ is one over the squared distance of the $k$-th column of $X$ from the span of the other $p - 1$ columns. The column is Gaussian and knows nothing of the others, so this squared distance has the $\chi^2$ distribution with $n - p + 1$ degrees of freedom, and the mean of one over it is $1/(n - p - 1)$. There are $p$ such entries. For $p \ge n$ the same holds with rows for columns: $v \operatorname{tr} \mathbb E (X X^\top)^{-1} = v\, n / (p - n - 1)$. *Signal.* For $p > n$, $X^+ X$ projects on the span of the $n$ inputs, so that $\hat\beta - \beta_S$ is $X^+ e$, inside the span, less the part of $\beta_S$ outside it. They are orthogonal, so their squared lengths add. The span has no preferred direction and catches the share $n/p$ of $S$ on average.
```

The proof says what happens at $p = n$. Each column is nearly a combination of the others:
"""

# %% mystnb={"code_prompt_show": "The drawing", "figure": {"caption": "**At p = n a column hardly leaves the span of the others, and small errors in the labels need large coefficients.** Each line is the last of p Gaussian columns, as seen from the span of the others (horizontal): its length inside the span, and its distance from it. Twelve draws, 20 examples. Dashed: one of them, multiplied until its part outside is 2 long.", "name": "fig-ddl-column"}, "image": {"alt": "Two panels with lines from the origin. Left, with five columns, they rise steeply from the horizontal span. Right, with twenty, they lie close to it, and a dashed line that prolongs one of them to the same height is much longer."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3), sharey=True)
column_seeds = scale.seeds(12)
for ax, p in zip(axes, (5, 20), strict=True):
    columns, _ = linear.gaussian(column_seeds, 20, p)
    corner = torch.linalg.qr(columns)[1].abs()[:, -1, -1]  # distance from the others' span
    inside = (columns[:, :, -1].square().sum(1) - corner**2).sqrt()
    for x, y in zip(inside, corner, strict=True):
        ax.plot([0, x], [0, y], color=colors["variance"], linewidth=1.2)
    k = corner.argsort()[len(corner) // 3]
    reach = 2 / corner[k]
    ax.plot([0, reach * inside[k]], [0, 2], "--", color=colors["risk"])
    ax.set(xlim=(0, 20), ylim=(0, 5.5), title=f"{p} columns of 20 numbers")
    ax.set_xlabel("part in the span of the others")
axes[0].set_ylabel("distance from the span")
plt.show()

# %% [markdown]
r"""
What the other columns leave unexplained must be made up for by the part of this one that is outside their span. If that part is short, its coefficient is large; and then its long part inside the span has to be taken back by large coefficients of the others. At $p = n$ the distance is the absolute value of a single Gaussian number. One over its square has no finite mean: as with the splines, rare accidents make an infinite average.

For the norm the same two steps give, for $p > n + 1$,

$$
\mathbb E \lVert \hat\beta \rVert^2 = S\, \frac np + v\, \frac{n}{p - n - 1}
$$ (eq-ddl-norm)

and $S + v\, p/(n - p - 1)$ for $p < n - 1$. Norm and risk do not merely peak together. They owe it to the same term.

## Which of the two valleys is deeper?

{cite:t}`hastie2022` have the limit of large $n$ and $p$ at $p/n = \gamma$, with all inputs seen: $\sigma^2 \gamma / (1 - \gamma)$ for $\gamma < 1$, and $\lVert\beta\rVert^2 (1 - 1/\gamma) + \sigma^2 / (\gamma - 1)$ beyond. There the second valley is never the deeper one ({ref}`ddl-ex-minimum`). But in their axis the *problem* grows with the model. {cite:t}`belkin2020` keep the problem and let the learner see more of it, which is {prf:ref}`ddl-prop-exact`.

::::{predict}
:answer: 2
:figure: fig-ddl-hidden
400 inputs, 100 examples, little noise, and a fixed amount of signal. In which case is the error beyond the peak lower than all before it?

1. If the strong inputs come first and weak ones follow.
2. If all inputs are equally strong.
3. In both, as long as there is little noise.
4. In neither: nothing beats a small model of a linear problem.

:::{dropdown} Answer
B. If all inputs are equally weak, one cannot do without any of them. If the strong ones come first, stopping after them is better than interpolating with all.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The exact risk, and measured ones"} tags=["hide-input"]
# The exact risk, and measured ones: n = 100 examples, 400 inputs, ‖β‖ = 1
inputs_seen = [*range(98), *range(103, 401)]
theory = np.array([linear.expected_parts(100, p) for p in inputs_seen]).T
seen_in_draws = (5, 20, 40, 60, 75, 130, 160, 220, 300, 400)
drawn_seeds = scale.seeds(scale.sizes(draws=(5, 100, 100)).draws)
drawn = linear.parallel_map(
    lambda p: linear.minimum_norm_parts(*linear.gaussian(drawn_seeds, 100, p)),
    seen_in_draws,
)


def hidden_risk(p, decay, noise, parts):
    """Excess risk on the first p inputs, β_j² ∝ j^−decay; parts are (missed, amplified)."""
    squares = np.arange(1.0, 401) ** -decay
    used = np.r_[0, squares.cumsum() / squares.sum()][p]
    return used * parts[0] + (noise + 1 - used) * parts[1] + 1 - used


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**With little noise the second valley is the deeper one if all inputs are equally weak, and the first one if strong inputs come first. Noise favours the first.** Excess risk of minimum-norm least squares on the first p of 400 inputs, 100 examples; the squares of the coefficients fall off like 1/j to the power a. Lines: the theorem. Dots: means over 100 draws, with 95 % intervals. Diamonds: the lowest points on either side.", "name": "fig-ddl-hidden"}} tags=["hide-input"]
# The slider over the order of the inputs
def hidden_frame(decay):
    fig, ax = plt.subplots(figsize=(7.2, 3.6))
    for noise, color in ((0.05, figures.SEQUENCE[0]), (1, figures.SEQUENCE[1])):
        line = pd.Series(hidden_risk(inputs_seen, decay, noise, theory), inputs_seen)
        low, high = line.loc[:97], line.loc[103:]
        name = f"σ² = {noise:g}: lowest {low.min():.2g}, {high.min():.2g}"
        for side, label in ((low, name), (high, None)):
            ax.plot(side, color=color, label=label)
            ax.plot(side.idxmin(), side.min(), "D", color=color, markersize=7)
        for p, parts in zip(seen_in_draws, drawn, strict=True):
            found = claims.mean(hidden_risk(p, decay, noise, parts))
            ax.plot([p, p], [found.low, found.high], color=color, linewidth=1)
            ax.plot(p, found.value, "o", color=color)
    ax.axvline(100, color=colors["threshold"], linestyle=":", linewidth=1.5)
    ax.set(yscale="log", ylim=(0.1, 30), xlabel="inputs used", ylabel="excess risk")
    ax.set_title("all equally strong" if decay == 0 else f"a = {decay:g}")
    ax.legend(loc="upper right")
    return fig


figures.slider(
    hidden_frame,
    values=(0, 0.25, 0.5, 0.75, 1, 1.25, 1.5),
    description="Fall-off a",
    alt="Risk against the number of inputs used, at fall-off {}, for two amounts of noise: measured means lie on the theorem's lines.",
)

# %% tags=["remove-input"]
valleys = {}
for decay, noise in ((0, 0.05), (1.5, 0.05), (0, 1)):
    line = pd.Series(hidden_risk(inputs_seen, decay, noise, theory), inputs_seen)
    valleys[decay, noise] = f"{line.loc[:97].min():.2f}", f"{line.loc[103:].min():.2f}"
Markdown(
    f"With little noise (σ² = 0.05) and equally strong inputs the lowest risk before the peak is {valleys[0, 0.05][0]}, that of using no input at all, and beyond it {valleys[0, 0.05][1]}. With a fall-off of 1.5 they are {valleys[1.5, 0.05][0]} and {valleys[1.5, 0.05][1]}. "
    f"Much noise turns the order round also for equally strong inputs: with σ² = 1 they are {valleys[0, 1][0]} and {valleys[0, 1][1]}."
)

# %% [markdown]
r"""
So the sentence "the second valley is deeper" is about a *problem* as much as about a model. It asks for many weak features, none of which can be left out, and for little enough noise. The random features of {numref}`fig-ddl-fourier` are of that kind: they come in random order, by construction.

(ddl-condition)=
## What collapses is an eigenvalue

On either side of $p = n$ noise is multiplied by $\sum_i 1 / (n \lambda_i)$, the trace of the inverse in the proof above, with $\lambda_i$ the positive eigenvalues of the sample covariance $X^\top X / n$. For large $n$ they fill the interval from $(1 - \sqrt\gamma)^2$ to $(1 + \sqrt\gamma)^2$ (the law of Marchenko and Pastur), which reaches down to zero at $\gamma = 1$ and only there. {cite:t}`kuzborskij2021` make the smallest positive eigenvalue the hero of the story. A practical conclusion suggests itself: gradient descent needs about $1/\lambda_{\min}$ steps along the worst direction. *Stop early*, and the noise in it has not been amplified yet.
"""

# %% mystnb={"code_prompt_show": "Training sets of twenty examples"} tags=["hide-input"]
# Training sets of twenty examples, with up to a hundred inputs; ‖β‖ = 1, σ = 0.5
input_counts = sorted({*range(5, 101, scale.sizes(step=(15, 5, 5)).step), 10, 20, 40})
descent_steps = (5, 20, 100, np.inf)


def descents(seed):
    """Risks [p, steps, sets] and smallest eigenvalues [p, sets] of twenty training sets."""
    inputs, noise = linear.gaussian([1000 * seed + k for k in range(20)], 20, 100)
    found = []
    for p in input_counts:
        beta = torch.full((p, 1), p**-0.5, dtype=torch.float64)
        x = inputs[:, :, :p]
        found.append(linear.descent_risks(x, 0.5 * noise, beta, descent_steps))
    risks, smallest = zip(*found, strict=True)
    return torch.stack(risks).numpy(), torch.stack(smallest).numpy()


descended = linear.parallel_map(descents, ledger.seeds("condition-number"))
descent_risk, eigenvalue = (np.stack(part) for part in zip(*descended, strict=True))


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The smallest eigenvalue collapses where the risk peaks, and early stopping never meets it.** Least squares with 20 examples and up to 100 inputs. Left: smallest positive eigenvalue of the sample covariance. Right: excess risk after some steps of gradient descent, and at its end. Means over replicates of the logarithm of medians over 20 training sets, with 95 % bands.", "name": "fig-ddl-eigenvalue"}, "image": {"alt": "Two panels against the number of inputs, of logarithms. Left, the smallest eigenvalue has a dip of more than two orders of magnitude at 20. Right, the risk of the minimum-norm solution has a spike at the same place; curves for 5, 20 and 100 steps rise without a spike."}} tags=["hide-input"]
def median_line(ax, values, color, label=None):
    """Mean over replicates of the logarithm of medians over training sets [replicates, p, sets]."""
    logs = pd.DataFrame(np.log10(np.median(values, -1)), columns=input_counts)
    rows = logs.melt(var_name="inputs", value_name="log").astype(float)
    figures.plot(rows, "inputs", "log", ax=ax, colors=color, label=label, marker="")
    ax.axvline(20, color=colors["threshold"], linestyle=":", linewidth=1.5)


fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
median_line(left, eigenvalue, colors["variance"])
for k, color in enumerate(figures.ramp(4)):
    label = f"{descent_steps[k]} steps" if k < 3 else "end"
    median_line(right, descent_risk[:, :, k], color, label)
left.set(ylabel="log₁₀ of the smallest positive eigenvalue")
right.set(ylabel="log₁₀ of the excess risk")
right.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("condition-number")

# %% [markdown]
r"""
If something else made the peak, the dip and the spike could stand apart. They do not, and among training sets with $p = n$, too, those with the smaller eigenvalue mostly have the larger risk. Far to the right the account ends: there the matrix is well conditioned again, and the risk grows since the *signal* is missed, the first term of {eq}`eq-ddl-exact`. The eigenvalue explains the peak. It does not explain the curve.

(ddl-samples)=
## More data

Now keep the model, $d$ inputs, all seen, and let the number of examples grow. The same formula applies, read from the other side {cite:p}`nakkiran2019`.

::::{predict}
:answer: 3
:figure: fig-ddl-samples
A linear model with $d = 100$ coefficients, $\lVert\beta\rVert = 1$, noise $\sigma = 0.5$, minimum-norm least squares. To 40 examples come 50 more from the same distribution. The excess risk has two parts, the signal that is missed and the noise that is amplified. What do they do?

1. Both fall, as with any sensible estimator.
2. Less signal is missed, more noise amplified; the risk falls, as there is much more signal than noise.
3. Less signal is missed, more noise amplified; the risk rises.

:::{dropdown} Answer
C. The fit cannot ignore the new examples: it must pass through every label, with less and less room.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Exact risks given the inputs"} tags=["hide-input"]
# Exact risks given the inputs, averaged over labels and over directions of β; d = 100, ‖β‖ = 1, σ = 0.5
example_counts = (20, 40, 60, 70, 80, 90, 100, 110, 120, 140, 170, 200, 300)
inputs, _ = linear.gaussian(scale.seeds(scale.sizes(draws=(4, 40, 40)).draws), 300, 100)
best_penalty = 100 * 0.5**2


def ridge_risk(penalty):
    """Excess risks [draws, counts]: of ridge, and without a penalty of minimum-norm least squares."""
    by_count = [linear.ridge_risk(inputs[:, :k], penalty, 1, 0.25) for k in example_counts]
    return torch.stack(by_count, 1).numpy()


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**More examples hurt, up to as many as there are coefficients.** Excess risk of minimum-norm least squares with 100 coefficients. Line: the exact expectation, which is infinite around 100. Dots: medians over draws of the inputs, with the middle half.", "name": "fig-ddl-samples"}, "image": {"alt": "Excess risk on a logarithmic axis against the number of examples: a line falls a little, rises from about 50 examples to a pole at 100 and falls steeply behind it; dots follow it."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.1))
for side in (range(10, 98), range(103, 301)):
    line = [np.dot([1, 0.25], linear.expected_parts(k, 100)) for k in side]
    ax.plot(side, line, color=colors["risk"])
low, middle, high = np.quantile(ridge_risk(0), (0.25, 0.5, 0.75), axis=0)
spread = [middle - low, high - middle]
ax.errorbar(example_counts, middle, spread, fmt="o", color=figures.INK, linewidth=1)
ax.set(yscale="log", ylim=(0.08, 1000), xlabel="training examples", ylabel="excess risk")
plt.show()

# %% tags=["remove-input"]
few, many = (np.dot([1, 0.25], linear.expected_parts(k, 100)) for k in (40, 90))
Markdown(
    f"From 40 to 90 examples the expected excess risk rises from {few:.2f} to {many:.2f}, more than that of predicting zero, which is 1."
)

# %% [markdown]
r"""
So fifty examples that cost nothing are worse than none. They do show more of the signal: that part falls from $1 - 40/100$ to $1 - 90/100$. But the noise part $\sigma^2 n/(d - n - 1)$ is multiplied by almost fifteen.

(ddl-ridge)=
## The peak is optional

Classical statistics has a remedy for small eigenvalues: a ridge penalty $\lambda \lVert w \rVert^2$, which puts $\lambda_i + \lambda/n$ in the place of $\lambda_i$. {cite:t}`nakkiran2020ridge` prove what the best one does:

```{prf:theorem} The best penalty leaves no peak
:label: ddl-thm-ridge
For isotropic Gaussian inputs, $\lambda^* = d \sigma^2 / \lVert\beta\rVert^2$ is the best penalty at every $n$, and with it the expected excess risk never rises with $n$.
```

```{prf:proof}
The inputs favour no direction, so we may average over all directions of $\beta$: $\mathbb E\, \beta\beta^\top = (\lVert\beta\rVert^2/d)\, I$. Given $X$, ridge with $A = X^\top X + \lambda I$ then has the risk $\lambda^2 \frac{\lVert\beta\rVert^2}{d} \operatorname{tr} A^{-2} + \sigma^2 \operatorname{tr} (A^{-1} X^\top X A^{-1})$. For each singular value $s$ of $X$ that is $(\lambda^2 \lVert\beta\rVert^2/d + \sigma^2 s^2) / (s^2 + \lambda)^2$, and a derivative shows that its minimum is at $\lambda^*$, whatever $s$ is. There the risk is $\sigma^2 \operatorname{tr} (X^\top X + \lambda^* I)^{-1}$. One more example adds $x x^\top$ to $X^\top X$, and no eigenvalue of the inverse can grow.
```

Not only the expectation over inputs falls: averaged over labels and directions of $\beta$, no further example of any sequence hurts.

::::{predict}
:answer: 1
:figure: fig-ddl-ridge
As before, but with a penalty that is ten times *smaller* than the best one. As $n$ grows past $d$, the mean risk

1. rises on the way to $n = d$, far less than without a penalty;
2. has the same peak as without a penalty;
3. falls throughout, as with the best penalty.

:::{dropdown} Answer
A. A penalty has to be large enough to cap the noise at the worst $n$, and a tenth of the best one is not quite. Ten times *too much* gives a monotone curve that is merely higher. "Regularised" is not a yes-or-no property.
:::
::::

The theorem is about isotropic Gaussian inputs, and {cite:t}`nakkiran2020ridge` have a counter-example with others, whose noise depends on the input. They also report from experiments that a tuned penalty flattens the curves of random features. So back to the signals, with noisy labels, and a penalty for every $N$ that is best on validation signals.
"""

# %% mystnb={"code_prompt_show": "A penalty for every N"} tags=["hide-input"]
# A penalty for every N, tuned on validation signals
ridge_counts = [round(n * share) for share in (0.1, 0.2, 0.5, 0.85, 1, 1.2, 2, 4)]
penalties = [10.0**k for k in range(-4, 2)]


def tuned(seed):
    """Test errors at every N with the penalty that validation signals of the replicate choose."""
    pool, labels, _, features = draw_signals(seed)
    found = {}
    for N in ridge_counts:
        outputs = features.ridge(pool.x, labels[:, 10:], pool.x_test, N, penalties)
        validation, error = wrong(outputs, pool).T
        found[N] = error[validation.argmin()].item()
    return found


rows = linear.parallel_map(tuned, fourier_seeds)
tuned_errors = pd.DataFrame(rows, pd.Index(fourier_seeds, name="seed"))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A large enough penalty leaves no peak.** Left: excess risk of a linear model with 100 coefficients; means over draws, without penalty medians. Right: test error of random Fourier features with 15 % random labels, without a penalty and with one tuned for every N; means over replicates with 95 % bands.", "name": "fig-ddl-ridge"}, "image": {"alt": "Two panels. Left, excess risk against examples on a logarithmic axis: a spike at one hundred without penalty, a gentle hump with a tenth of the best one, falling curves with the best and with ten times it. Right, test error against random features: a tall peak without penalty, a falling curve with tuned penalties that lies lowest."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.7))
factors = {"none": 0, "λ*/10": 0.1, "λ*": 1, "10 λ*": 10}
shades = (colors["risk"], *(figures.SEQUENCE[k] for k in (3, 0, 2)))
for (label, factor), color in zip(factors.items(), shades, strict=True):
    risks = ridge_risk(factor * best_penalty)
    line = np.median(risks, 0) if factor == 0 else risks.mean(0)
    left.plot(example_counts, line, color=color, label=label)
left.set(yscale="log", ylim=(0.08, 1000), xlabel="examples", ylabel="excess risk")
left.legend(title="penalty")
untuned = errors["15 % random"][ridge_counts]
for table, color, label in (
    (untuned, colors["risk"], "none"),
    (tuned_errors, figures.SEQUENCE[0], "tuned"),
):
    rows = table.melt(var_name="N", value_name="error").astype(float)
    figures.plot(rows, "N", "error", ax=right, colors=color, label=label)
figures.log_axis(right, [round(n * r) for r in (0.1, 0.3, 1, 3)])
right.set(ylim=(0, 1), xlabel="random features N", ylabel="share misclassified")
right.legend(title="penalty")
plt.show()

# %% tags=["remove-input"]
at_60, at_100 = ridge_risk(best_penalty / 10).mean(0)[[2, 6]]
Markdown(
    f"Left, with a tenth of the best penalty, the mean risk goes from {at_60:.2f} at 60 examples to {at_100:.2f} at 100; with the best one it falls at every step. {ledger.say('ridge-flattens-random-features')}"
)

# %% [markdown]
r"""
::::{admonition} Break it
:class: break-it
Everything on this page so far is undone by a well-chosen penalty. The peak is not a property of large models, nor of noise, but of fitting *without any restraint*. Most networks are trained to interpolate, with whatever restraint their training happens to bring; how much that is has to be measured, which is the subject of {doc}`/notebooks/04_networks_at_the_threshold`.
::::

(ddl-separability)=
## Where the threshold lies when labels are classes

Everything so far fitted *numbers*. To get classes right is easier: any scores will do whose signs are correct. A linear classifier can be right about all $n$ examples if some hyperplane *separates* the classes. From there on gradient descent on the logistic loss drives the weights to infinity, in the direction of the *largest margin* {cite:p}`soudry2018`. That is the {term}`interpolation threshold` of classification.

::::{predict}
:answer: 3
:figure: fig-ddl-separable
$n = 100$ Gaussian points. From about which dimension on can a hyperplane through the origin separate them, if labels are coin flips? And if they follow a signal?

1. $p = 100$ in both cases: it takes as many numbers as points.
2. $p = 50$ for coins, more with a signal, which has to be respected.
3. $p = 50$ for coins, fewer with a signal.

:::{dropdown} Answer
C. For coins the odds are exactly even at $n = 2p$ {cite:p}`cover1965`. A signal makes classes easier to separate. So the threshold is a property of the *labels* as well as of the model.
:::
::::

Whether a hyperplane exists is a linear program. For large $n$ the answer is known, $\min_t \mathbb E \max(0, Z - t\,yu)^2$ with $Z$ and $u$ standard normal and $y = \pm 1$ a label that follows the score $u$ ({cite:t}`candes2020`). {cite:t}`deng2022` build the error of the classifier on it. In their model further coordinates carry less and less of a signal, and the learner uses the first $p$. The fit is logistic regression with the faintest ridge.
"""

# %% mystnb={"code_prompt_show": "When classes fall apart"} tags=["hide-input"]
# When classes fall apart: coordinates are added until a hyperplane separates
strengths = {"coins": 0, "signal": 2}


def first_separating(seed):
    """p/n from which 100 examples are separable: a mean over six training sets for each kind of label."""
    found = {}
    for kind, strength in strengths.items():
        signal = np.r_[strength, np.zeros(74)]
        sets = [separability.logistic_data(100, signal, 1000 * seed + k) for k in range(6)]
        found[kind] = [separability.separating_dimension(*each) / 100 for each in sets]
    return found


separating = linear.parallel_map(first_separating, ledger.seeds("classification-threshold"))

# %% mystnb={"code_prompt_show": "Logistic regression with more and more coordinates"} tags=["hide-input"]
# Logistic regression with more and more coordinates of a signal with a long tail
m = scale.sizes(examples=(60, 300, 300)).examples
shares = (0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 4)
used = [round(m * share) for share in shares]
long_tail = separability.decaying_coefficients(4 * m, scale=m, strength=10)


def logistic(seed):
    """Exact errors with the first p coordinates, and p/n from which the classes are separable."""
    x, y = separability.logistic_data(m, long_tail, seed)
    fits = [separability.logistic_fit(x[:, :p], y) for p in used]
    errors = [separability.logistic_error(w, long_tail) for w in fits]
    return [*errors, separability.separating_dimension(x[:, : round(0.6 * m)], y) / m]


logistic_seeds = ledger.seeds("classification-peak")
rows = linear.parallel_map(logistic, logistic_seeds)
logistic_runs = pd.DataFrame(rows, pd.Index(logistic_seeds), [*used, "place"])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Classes fall apart well before p = n, and there logistic regression has its peak.** Left: share of training sets of 100 examples that a hyperplane separates; dotted, the limits for large n; dashed, for coins, the exact count of Cover. Right: error of logistic regression on 300 examples that uses the first p coordinates; the strip holds the places where these training sets become separable. Mean over training sets with a 95 % band.", "name": "fig-ddl-separable"}, "image": {"alt": "Two panels against p over n. Left, two rising steps: one with a signal around a third, one for coins around one half. Right, the error falls, has a small peak in a shaded strip near two fifths, falls again and in the end rises."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
share_axis = np.linspace(0, 0.75, 76)
for (kind, strength), color in zip(strengths.items(), figures.SEQUENCE, strict=False):
    places = np.concatenate([found[kind] for found in separating])
    line = [(places <= share).mean() for share in share_axis]
    left.plot(share_axis, line, color=color, label=kind)
    limit = separability.threshold(strength)
    left.axvline(limit, color=color, linestyle=":", linewidth=1.5)
cover = [separability.chance_of_separation(100, p) for p in range(76)]
left.plot(share_axis, cover, "--", color=figures.INK, linewidth=1)
left.set(xlabel="p/n", ylabel="share separable")
left.legend()
rows = logistic_runs[used].melt(var_name="p", value_name="error").astype(float)
rows["p/n"] = rows.p / m
figures.plot(rows, "p/n", "error", ax=right, colors=colors["test"])
strip = logistic_runs.place.agg(["min", "max"])
right.axvspan(*strip, color=colors["threshold"], alpha=0.25, linewidth=0)
figures.log_axis(right, (0.1, 0.4, 1, 4))
right.set_ylabel("share misclassified")
plt.show()

# %% tags=["remove-input"]
ledger.say("classification-threshold", "classification-peak")

# %% [markdown]
r"""
Had the threshold been "parameters equal examples", both steps on the left would be at 1. The peak on the right is low, as the error of a classifier is bounded, and what comes after it is no descent for ever: with coordinate after coordinate that carries next to nothing the largest margin is found in ever worse directions. For networks the matter gets murkier still. There the threshold belongs to the training procedure, which is why {cite:t}`nakkiran2020` *define* it by what a procedure can fit.

(dd-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-double-descent`.
"""

# %% tags=["remove-input"]
rise, fall = fisher[50] - fisher[26], fisher[50] - fisher[200]
ledger.card("prehistory", rise=rise, fall=fall, section="ddl-prehistory")

# %% tags=["remove-input"]
average, median, far = (
    measures.by_seed(bends, value, "knots", "seed")
    for value in ("average", "median", "distance")
)
knotted = {"rise": average[4] / average[1], "fall": average[4] / average[200]}
knotted |= {"smooth": far[200] / far[20], "typical": median[4] / median[1]}
knotted["noisy"] = noisy_medians[:, 1] / noisy_medians[:, 0]
ledger.card("spline-min-norm", **knotted, section="ddl-splines")

# %% tags=["remove-input"]
spikes = {}
for kind, name in zip(kinds, ("", "noisy_"), strict=True):
    for side, N in (("rise", n // 2), ("fall", 4 * n)):
        spikes[name + side] = errors[kind][n] - errors[kind][N]
ledger.card("rff-peak-at-n", **spikes, section="ddl-features")

# %% tags=["remove-input"]
lower = {"second": errors["correct"][8 * n] - first["correct"]}
lower["sooner"] = errors["correct"][4 * n] - first["correct"]
lower["noisy"] = errors["15 % random"][8 * n] - first["15 % random"]
ledger.card("rff-second-descent-is-lower", **lower, section="ddl-features")

# %% tags=["remove-input"]
norm_ratios = {"decrease": norms["correct"][8 * n] / norms["correct"][2 * n]}
for kind, name in zip(kinds, ("", "noisy_"), strict=True):
    norm_ratios[f"{name}peak"] = norms[kind][n] / norms[kind].drop(columns=n).max(axis=1)
    norm_ratios[f"{name}kernel"] = norms[kind][8 * n] / fourier_table("kernel", kind)[n]
ledger.card("norm-peak-at-n", **norm_ratios, section="ddl-features")


# %% tags=["remove-input"]
def mean_inverse(freedom):
    """The mean of one over a χ² variable, by integration over its density."""
    return quad(lambda q: stats.chi2.pdf(q, freedom) / q, 0, 9 * freedom + 50, limit=200)[0]


gaps = []
for p in (5, 50, 90, 97, 103, 110, 200, 400):
    integrated = min(p, 100) * mean_inverse(abs(100 - p) + 1)
    gaps.append(abs(linear.expected_parts(100, p)[1] - integrated))
ledger.theorem("exact-risk", error=max(gaps), section="ddl-closed")

# %% tags=["remove-input"]
gammas, many = np.array([0.1, 0.5, 0.9, 1.1, 1.5, 3, 10]), 10**9
exact = [np.dot([5, 1], linear.expected_parts(many, many * g)) for g in gammas]
limit_gap = np.abs(exact / linear.asymptotic_risk(gammas, 5, 1) - 1).max()
valley = linear.asymptotic_risk(np.geomspace(1.01, 100, 100_001), 5, 1).min()
valley_gap = abs(valley - (2 * 5**0.5 - 1))
ledger.theorem("hastie-closed-form", error=max(limit_gap, valley_gap), section="ddl-closed")

# %% tags=["remove-input"]
at, half, double = (input_counts.index(p) for p in (20, 10, 40))
smallest, risks = np.median(eigenvalue, -1), np.median(descent_risk, -1)
collapse = {"eigenvalue": smallest[:, at] / smallest[:, [half, double]].min(1)}
collapse["rise"] = risks[:, at, -1] / risks[:, half, -1]
collapse["fall"] = risks[:, at, -1] / risks[:, double, -1]
collapse["stopped"] = risks[:, at, 1] / risks[:, half, 1]
pairs = zip(descent_risk[:, at, -1], 1 / eigenvalue[:, at], strict=True)
collapse["which"] = [claims.rank_correlation(*pair) for pair in pairs]
ledger.card("condition-number", **collapse, section="ddl-condition")

# %% tags=["remove-input"]
gaps = []
for k in (40, 60, 80, 90, 97):
    integrated = 1 - k / 100 + 0.25 * k * mean_inverse(101 - k)
    gaps.append(abs(np.dot([1, 0.25], linear.expected_parts(k, 100)) - integrated))
ledger.theorem("linear-more-data", error=max(gaps), section="ddl-samples")

# %% tags=["remove-input"]
best = ridge_risk(best_penalty)
others = [ridge_risk(factor * best_penalty) for factor in (0.5, 0.9, 1.1, 2)]
rises, losses = np.diff(best, axis=1), best - np.min(others, 0)
error = max(0, rises.max(), losses.max())
ledger.theorem("optimal-ridge-monotone", error=error, section="ddl-ridge")

# %% tags=["remove-input"]
steps = {"before": (n, n // 2), "after": (2 * n, n), "far": (4 * n, 2 * n)}
flat = {name: tuned_errors[b] - tuned_errors[a] for name, (b, a) in steps.items()}
flat["without"] = untuned[n] - untuned[n // 2]
flat["gain"] = tuned_errors[4 * n] - untuned[4 * n]
ledger.card("ridge-flattens-random-features", **flat, section="ddl-ridge")

# %% tags=["remove-input"]
coins, signal = (np.array([np.mean(f[kind]) for f in separating]) for kind in strengths)
apart = {"coins": coins, "signal": signal - separability.threshold(2)}
apart["earlier"] = coins - signal
ledger.card("classification-threshold", **apart, section="ddl-separability")

# %% tags=["remove-input"]
top = logistic_runs[round(0.4 * m)]
heights = {"rise": 0.3, "fall": 0.8, "end": 4}
heights = {name: top - logistic_runs[round(x * m)] for name, x in heights.items()}
heights["place"] = logistic_runs.place
ledger.card("classification-peak", **heights, section="ddl-separability")

# %% [markdown]
r"""
**We also asked** what noisy labels, noisy points, early stopping and the far end of the curves change. The answers stand under each card and touch no verdict.

(dd-disagree)=
## Who disagrees, and what to drop

**Is classical theory refuted?** No theorem is. {cite:t}`lee2022` argue that even the bounds of Vapnik and Chervonenkis describe double descent, if beyond the peak capacity is measured by the norm and not by the number of parameters. {numref}`fig-ddl-fourier` shows why that is plausible, as norm and error fall together. One would ask such an account why its measure of capacity changes just at the point to be explained.

**Is there one axis?** {cite:t}`curth2023` say of trees and boosting that the second descent appears where the axis changes its meaning ({ref}`dissent`). For random features a single number $N$ is turned all the way. They answer that this axis hides two as well: up to $n$ it adds directions, and from $n$ on it chooses among them. {eq}`eq-ddl-exact` has two branches for that reason.

**Where is the news?** {cite:t}`hastie2009` treat smoothing splines with a knot at every point and a penalty on roughness, measured by effective degrees of freedom: more parameters than needed, restrained by smoothness. What that tradition does not have is the peak, and with a penalty there is none ({ref}`ddl-ex-smoothing`).

:::{admonition} "The second minimum is always lower"
:class: misconception
It was in the figures that made the rounds. {numref}`fig-ddl-hidden` has both cases in one formula. Ask for the lowest error to the left of the peak, and for that of a tuned penalty.
:::

:::{admonition} "The threshold is where parameters equal examples"
:class: misconception
For least squares with one output. For a classifier it is where the classes become separable, which for pure noise and a linear model is $p = n/2$, and less with a signal.
:::

:::{admonition} "Minimum norm means smooth"
:class: misconception
Of which coefficients? Those of $|x - \xi|$ make bends expensive. Those of narrow bumps make it cheap to go back to zero between any two points ({ref}`ddl-ex-bumps`).
:::

:::{admonition} "More data never hurts"
:class: misconception
It never hurts a procedure that uses it well. Minimum-norm interpolation does not ({numref}`fig-ddl-samples`).
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`04_double_descent`.

```{exercise} ★ The bottom of the second valley
:label: ddl-ex-minimum
Find the second minimum of $\lVert\beta\rVert^2 (1 - 1/\gamma) + \sigma^2 / (\gamma - 1)$ and its value. For which signal-to-noise ratios does it exist, and where is it lower than predicting zero? Why is it never the lowest point of the whole curve?
```

```{solution} ddl-ex-minimum
:class: dropdown
The derivative is $\lVert\beta\rVert^2/\gamma^2 - \sigma^2/(\gamma - 1)^2$, which vanishes at $\gamma = \lVert\beta\rVert/(\lVert\beta\rVert - \sigma)$. That is larger than 1 if and only if $\lVert\beta\rVert > \sigma$, and the derivative changes from minus to plus there. The value is $2\sigma\lVert\beta\rVert - \sigma^2$. It is below $\lVert\beta\rVert^2$ because $(\lVert\beta\rVert - \sigma)^2 > 0$: wherever it exists. The left branch takes every value down to 0 as $\gamma \to 0$, so it contains smaller ones: for a problem that grows with $\gamma$ nothing beats having enough data.
```

```{exercise} ★ Coins
:label: ddl-ex-coins
{cite:t}`cover1965` counts the ways in which $n$ points in general position in $p$ dimensions can be cut by hyperplanes through the origin: $C(n, p) = 2 \sum_{k < p} \binom{n - 1}{k}$. Show that coin labels are separable with probability one half at $n = 2p$, with probability one at $n \le p$, and that the step between gets narrower as $n$ grows.
```

```{solution} ddl-ex-coins
:class: dropdown
All $2^n$ labellings are equally likely, so the probability is $C(n, p) / 2^n = P(B < p)$ with $B$ the number of heads in $n - 1$ tosses of a fair coin. For $n = 2p$, $B$ has $2p - 1$ tosses, and $B \le p - 1$ is by symmetry as likely as $B \ge p$. For $n \le p$, $B \le n - 1 < p$ is certain. The standard deviation of $B$ is $\sqrt{n - 1}/2$, so in units of $n$ the step has a width of order $1/\sqrt n$.
```

```{exercise} ★ A tall peak of small noise
:label: ddl-ex-small
By {eq}`eq-ddl-exact`, with $S = 1$ and $n = 100$: for which noise $v$ is the risk at $p = 97$ larger than that of predicting zero, $S$? What does this say about peaks that were seen "without noise"?
```

```{solution} ddl-ex-small
:class: dropdown
$v \cdot 97/2 > 1$, so from $v \approx 0.02$ on: two per cent of the signal's variance suffice. In {prf:ref}`ddl-prop-exact` whatever the learner cannot express counts as noise. A "noiseless" peak is what one should expect of any model that is not exactly right.
```

```{exercise} ★★ Equally weak inputs
:label: ddl-ex-hidden
In {numref}`fig-ddl-hidden` take $a = 0$, $\lVert\beta\rVert^2 = 5$, $\sigma = 1$. Write down the risk at $p = 0$, 10, 20 and 30 and at $p = 400$. Is there a first descent?
```

```{solution-start} ddl-ex-hidden
:class: dropdown
```
The inputs left out carry $L = 5\,(1 - p/400)$, which is noise for the learner and an error of the same size on a new example: the excess risk is $R + L$.
"""

# %%
hidden = {}
for p in (0, 10, 20, 30, 130, 200, 400):
    left_out = 5 * (1 - p / 400)
    weights = np.array([5 - left_out, 1 + left_out])
    hidden[p] = weights @ linear.expected_parts(100, p) + left_out
pd.Series(hidden, name="excess risk").rename_axis("inputs used").round(2)

# %% [markdown]
r"""
There is none: every one of the first inputs costs more in noise than it brings, and the best small model is the empty one. Beyond the peak the risk falls below it. So here it is a single descent, and the deeper valley is the only one.

```{solution-end}
```

```{exercise} ★★ Smallest bumps
:label: ddl-ex-bumps
Take cubic B-splines, evenly spaced smooth bumps, in place of $|x - \xi|$ (`splines.smoother`), and twenty *exact* points of the sine. Compare the error of the fit with the smallest coefficients for $k = 20$ and $k = 100$ bumps. What does the curve for $k = 100$ do halfway between two points?
```

```{solution-start} ddl-ex-bumps
:class: dropdown
```
"""

# %%
truth, halfway = np.sin(5 * twenty_grid), (twenty[12:13] + twenty[13:14]) / 2
rows = {"truth": (0, np.sin(5 * halfway).item())}
for k in (20, 100):
    error = splines.smoother(twenty, twenty_grid, k) @ np.sin(5 * twenty) - truth
    value = splines.smoother(twenty, halfway, k) @ np.sin(5 * twenty)
    rows[k] = (error @ error / len(error), value.item())
pd.DataFrame(rows, ["squared error", "halfway"]).T.rename_axis("bumps").map("{:.2g}".format)

# %% [markdown]
r"""
It dives towards zero: the coefficients of narrow bumps are smallest if those between two points are zero. The larger model is worse by orders of magnitude, without any noise. A minimum norm is as good as the features in which it is taken.

```{solution-end}
```

```{exercise} ★★ What statisticians did instead
:label: ddl-ex-smoothing
Fit noisy points with $k = 20$ and $k = 100$ cubic B-splines, and penalise roughness: the squared second differences of the coefficients (`splines.smoother(..., roughness=...)`, the P-splines of {cite:t}`eilers1996`). Find the median error and the {term}`effective parameters` for several penalties.
```

```{solution-start} ddl-ex-smoothing
:class: dropdown
```
"""

# %%
noise = 0.3 * np.stack([rng(s).standard_normal(20) for s in scale.seeds(50)])
table = {}
for roughness in (1e-4, 1e-2, 0.1, 1, 10, 100):
    row = {}
    for k in (20, 100):
        matrix = splines.smoother(twenty, twenty_grid, k, roughness)
        found = ((np.sin(5 * twenty) + noise) @ matrix.T - truth) ** 2
        row[f"error, k = {k}"] = np.median(found.mean(1))
        at_points = splines.smoother(twenty, twenty, k, roughness)
        row[f"effective, k = {k}"] = np.trace(at_points)
    table[roughness] = row
pd.DataFrame(table).T.rename_axis("penalty").round(3)

# %% [markdown]
r"""
There is no peak to avoid: at its best penalty each $k$ has about the same error, and what measures the fit is not their number but the effective one, which the penalty sets.

```{solution-end}
```

```{exercise} ★★★ Which threshold for ten classes?
:label: ddl-ex-ten
The random features of {numref}`fig-ddl-fourier` fit ten outputs, $10 N$ coefficients in all. Why is the peak at $N = n$ and not at $10 N = n$? And from which $N$ on are all training signals *classified* without error? Is there a peak there?
```

```{solution-start} ddl-ex-ten
:class: dropdown
```
$10 N$ coefficients meet $10 n$ numbers at $N = n$: the outputs share their features and not their coefficients, so that ten separate problems reach their threshold at once. An argmax needs no exact values:
"""


# %%
def missed(seed):
    """Share of training signals that are misclassified, for every N, with both kinds of labels."""
    pool, labels, _, features = draw_signals(seed)
    rows = {}
    for fit in features.fits(pool.x, labels, pool.x_test[:10], counts):
        given, asked = (t.unflatten(1, (2, 10)).argmax(2) for t in (fit.train, labels))
        rows[fit.width] = (given != asked).double().mean(0).numpy()
    return pd.DataFrame(rows, kinds).T


sum(missed(seed) for seed in scale.seeds(2)).div(2).loc[n // 5 : n].round(3)

# %% [markdown]
r"""
Well before $N = n$ no training signal is misclassified any more, somewhat later with noisy labels. The test error passes there without a peak and goes on rising: the peak of least squares is the threshold of the *squared* loss.

```{solution-end}
```

```{exercise} ★★★ When does noise turn the order round?
:label: ddl-ex-noise
In {numref}`fig-ddl-fourier` the second valley is deeper with 15 % random labels, too. Increase the noise until the best $N$ below $n$ is as good as $N = 4n$. Does a tuned penalty at $4n$ still win there?
```

```{solution-start} ddl-ex-noise
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "More and more noise"} tags=["hide-input"]
# More and more noise
def by_noise(seed):
    """Lowest error below n, error at 4n, and that with the best penalty, for shares of random labels."""
    pool, _, _, features = draw_signals(seed)
    rows, sizes = {}, [N for N in counts if n / 2 >= N] + [4 * n]
    for share in (0, 0.3, 0.5, 0.7):
        noisy = data.corrupt_labels(pool.y, share, 10, generator(seed, "more noise"))
        task = pool.x, one_hot(noisy, 10), pool.x_test
        *small, large = (
            wrong(fit.test, pool)[1].item() for fit in features.fits(*task, sizes)
        )
        best = wrong(features.ridge(*task, 4 * n, penalties), pool)[:, 1].min().item()
        rows[share] = {"best below n": min(small), "4n": large, "4n, penalty": best}
    return pd.DataFrame(rows).T


sum(by_noise(s) for s in scale.seeds(3)).div(3).rename_axis("random labels").round(3)

# %% [markdown]
r"""
The advantage of the large model shrinks as the noise grows. It is about used up when half of the labels are random (means of three replicates; $N$ and the penalty are picked on the test signals here, which flatters both a little). With a penalty the large model wins at every amount of noise: what noise spoils is the interpolation, not the size.

```{solution-end}
```

```{exercise} ★★★ Cut the smallest directions
:label: ddl-ex-cut
If small eigenvalues make the peak, leaving out the directions that belong to them should remove it. In the setting of {numref}`fig-ddl-eigenvalue` take the minimum-norm solution, but drop all directions with an eigenvalue of $X^\top X/n$ below 0.3. Compare with one that drops only the smallest. Is there a peak left?
```

```{solution-start} ddl-ex-cut
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "Risks without some directions"} tags=["hide-input"]
# Risks without some directions
def cut(p, least):
    """Median risk on p inputs without directions of an eigenvalue below this, or without the smallest."""
    inputs, noise = linear.gaussian(scale.seeds(100), 20, p)
    u, s, vt = torch.linalg.svd(inputs, full_matrices=False)
    beta = torch.full((p, 1), p**-0.5, dtype=torch.float64)
    kept = s > s[:, -1:] if least is None else s**2 / 20 > least
    estimate = vt.mT @ (u.mT @ (inputs @ beta + 0.5 * noise) * (kept / s)[..., None])
    return (estimate - beta).square().sum((1, 2)).median().item()


rules = {"all": 0, "without the smallest": None, "above 0.3": 0.3}
sizes = (5, 10, 15, 20, 25, 40, 100)
pd.DataFrame({name: [cut(p, r) for p in sizes] for name, r in rules.items()}, sizes).round(
    2
)

# %% [markdown]
r"""
Without the single smallest direction a lower peak is left, as the next ones are small, too. With the cut at 0.3 there is none: the risk creeps up towards that of predicting zero, as more and more of the signal is missed. It is a cruder form of ridge, and of early stopping.

```{solution-end}
```

## Summary

- Where parameters equal examples, least squares has a single fit, and nothing keeps it tame. Its average error can be infinite, through rare accidents, even where the typical fit is good.
- Beyond it there is a choice. The smallest coefficients are as good as the features are: smooth for random features and $|x - \xi|$, useless for narrow bumps.
- For Gaussian inputs the whole curve is known exactly. Noise is divided by the distance of a column from the span of the others, or by the smallest eigenvalue; both vanish at $p = n$.
- Which valley is deeper depends on the problem: many weak features and little noise favour the second, strong features first and much noise favour the first.
- More examples hurt minimum-norm least squares below $n = d$. A large enough penalty, tuned, takes every one of these peaks away.
- In classification the threshold is separability, well below $p = n$.

**Reading.** {cite:t}`belkin2019` for the picture and its name; {cite:t}`loog2020` for who had drawn it before; {cite:t}`belkin2020` and {cite:t}`hastie2022` for the exact theory; {cite:t}`nakkiran2020ridge` for the remedy; {cite:t}`curth2023` for the dissent.
"""
