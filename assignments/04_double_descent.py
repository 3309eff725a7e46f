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

# %% [markdown] withheld=["overparam.measures", "overparam.theory.linear", "overparam.theory.two_speeds"]
r"""
# Assignment 4: Minimum-norm interpolation, and two peaks for one

{doc}`/notebooks/04_double_descent`, the first page of its chapter, finds the peak of least squares where there are as many numbers to fit as to choose. Here you build the solver, the exact risk of
what it finds, and a way to say where a curve has a peak that does not see peaks in noise, which the two pages on networks need as well. Then you look at inputs of two sizes, and count the peaks.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | the shortest of all solutions, and ridge at every penalty, from one decomposition | 6 | 30 min |
| 2 | its exact risk, without drawing a single label | 6 | 40 min |
| 3 | find a peak on some draws, measure it on others | 6 | 35 min |
| 4 | *Investigate*: can least squares peak twice? | 12 | 90 min |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
shapes and other numbers, and check what the text promises. The package has functions for some of this in `overparam.theory.linear`. Write your own: grading runs
without it. Part 4 is read by a person, with the rubric that you find there.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from overparam import figures

figures.style()

# %% [markdown] question="ridge_path"
r"""
## 1. The shortest solution

For inputs $X$ ($n \times p$), labels $y$ and a penalty $\lambda > 0$ the ridge solution minimises $\lVert Xw - y \rVert^2 + \lambda \lVert w \rVert^2$. As
$\lambda \to 0$ it tends to the *minimum-norm* solution: of all $w$ with the smallest $\lVert Xw - y \rVert$, the one with the smallest $\lVert w \rVert$. That is the
answer that $\lambda = 0$ shall have.

Write one function that gives the solutions for many penalties, from *one* singular value decomposition. It must work for more rows than columns and for fewer, and
where the rank is lower than both: if a feature or an example occurs twice, the smallest singular values are rounding errors of order
$10^{-16}$, and one over them must not enter. (Count as zero what is below $\max(n, p) \cdot 2.2 \cdot 10^{-16}$ times the largest singular value.)

*Think first:* with $X = U S V^\top$, what does ridge do to each singular value? Which of them have a limit as $\lambda \to 0$?
"""


# %% tags=["solution"]
def ridge_path(x, y, penalties):
    """Ridge solutions for several penalties, and the minimum-norm solution for penalty 0.

    x:         array [n, p]
    y:         array [n], or [n, outputs]
    penalties: array [penalties], none of them negative (else a ValueError)
    returns:   array [penalties, p], or [penalties, p, outputs]
    """
    # BEGIN SOLUTION
    x, y, penalties = (np.asarray(each, dtype=float) for each in (x, y, penalties))
    if (penalties < 0).any():
        raise ValueError(f"Penalties must not be negative; got {penalties.min()}.")
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    kept = s > max(x.shape) * np.finfo(float).eps * s.max(initial=0)
    u, s, vt = u[:, kept], s[kept], vt[kept]
    factors = s / (s**2 + penalties[:, None])
    return np.einsum("rp,kr,r...->kp...", vt, factors, u.T @ y)
    # END SOLUTION


# %% tags=["test"] points=1
def test_one_equation_by_hand(ridge_path):
    """Of all w with w₁ + w₂ = 2 the shortest is (1, 1); with λ = 2 it is halved."""
    found = ridge_path(np.array([[1.0, 1.0]]), np.array([2.0]), np.array([0.0, 2.0]))
    assert np.shape(found) == (2, 2), (
        f"two penalties, two coefficients: not {np.shape(found)}"
    )
    assert np.allclose(found[0], [1, 1]), f"the shortest solution is (1, 1), not {found[0]}"
    assert np.allclose(found[1], [0.5, 0.5]), f"with λ = 2 it is (½, ½), not {found[1]}"


# %% tags=["test"] points=1
def test_a_feature_that_occurs_twice(ridge_path):
    """Two equal columns share their coefficient, and nothing explodes."""
    column = np.arange(1.0, 6.0)
    x = np.stack([column, column], axis=1)
    found = ridge_path(x, 3 * column, np.array([0.0]))[0]
    assert np.allclose(found, [1.5, 1.5]), (
        f"the shortest solution is (1.5, 1.5), not {found}: drop singular values that are rounding errors"
    )


# %% tags=["hidden"] points=2
def test_ridge_solves_its_equations(ridge_path):
    """For every shape and penalty (XᵀX + λ) w = Xᵀy, also with several outputs."""
    rng = np.random.default_rng(41)
    penalties = np.array([3.0, 0.01, 0.4])
    for n, p, outputs in ((7, 3, ()), (4, 9, ()), (6, 6, (2,)), (3, 8, (1,))):
        x, y = rng.standard_normal((n, p)), rng.standard_normal((n, *outputs))
        found = np.asarray(ridge_path(x, y, penalties))
        assert found.shape == (3, p, *outputs), (
            f"shape {found.shape} for y of shape {y.shape}"
        )
        for penalty, w in zip(penalties, found, strict=True):
            expected = np.linalg.solve(x.T @ x + penalty * np.eye(p), x.T @ y)
            assert np.allclose(w, expected, atol=1e-8), (
                f"wrong for X of shape {(n, p)} and λ = {penalty}"
            )


# %% tags=["hidden"] points=1
def test_minimum_norm_at_any_rank(ridge_path):
    """With penalty 0 the residual is orthogonal to X, and w lies in the span of the rows."""
    rng = np.random.default_rng(42)
    for n, p, rank in ((5, 12, 5), (12, 5, 5), (10, 8, 3), (8, 10, 4)):
        x = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, p))
        y = rng.standard_normal(n)
        w = np.asarray(ridge_path(x, y, np.array([0.0, 1.0])))[0]
        assert np.allclose(x.T @ (x @ w - y), 0, atol=1e-7), (
            f"rank {rank} of {(n, p)}: another w has a smaller residual"
        )
        assert np.allclose(w, np.linalg.pinv(x, 1e-10) @ y, atol=1e-7), (
            f"rank {rank} of {(n, p)}: another w with this residual is shorter"
        )


# %% tags=["hidden"] points=1
def test_negative_penalties_are_refused(ridge_path):
    """A negative penalty raises a ValueError."""
    try:
        ridge_path(np.eye(2), np.ones(2), np.array([1.0, -0.1]))
    except ValueError:
        return
    raise AssertionError("a negative penalty must raise a ValueError")


# %% [markdown] question="risk_parts"
r"""
## 2. Its exact risk

Let the labels be $y = X\beta + \varepsilon$ with independent noise of mean 0 and variance $\sigma^2$. The inputs' coordinates are independent with mean 0, and coordinate $j$ has
variance $v_j$. So an estimate $w$ is wrong on a new input, on average over inputs, by $\sum_j v_j (w_j - \beta_j)^2$. For *given* training inputs $X$ this can be
averaged over the noise of the labels exactly, for the minimum-norm solution:

$$\mathbb E_\varepsilon \sum_j v_j (w_j - \beta_j)^2 = \text{missed} + \sigma^2 \cdot \text{noise} .$$

*missed* is the signal that the training inputs do not show; *noise* is what the noise of the labels costs, per unit of variance. Return both. No random numbers are needed. Singular
values that are rounding errors do not count, as in part 1.

*Think first:* $w = X^+ X \beta + X^+ \varepsilon$. Which part of $\beta$ is left out? What is $\mathbb E (X^+\varepsilon)_j^2$?
"""


# %% tags=["solution"]
def risk_parts(x, beta, variances):
    """The expected excess risk of minimum-norm least squares on given inputs, in two parts.

    x:         array [n, p], the training inputs
    beta:      array [p], the true coefficients
    variances: array [p], of the coordinates of new inputs
    returns:   (missed, noise), two numbers; the risk is missed + σ² noise
    """
    # BEGIN SOLUTION
    x = np.asarray(x, dtype=float)
    _, s, vt = np.linalg.svd(x, full_matrices=False)
    kept = s > max(x.shape) * np.finfo(float).eps * s.max(initial=0)
    s, vt = s[kept], vt[kept]
    left_out = beta - vt.T @ (vt @ beta)
    return np.sum(variances * left_out**2), np.sum(variances * ((vt.T / s) ** 2).sum(1))
    # END SOLUTION


# %% tags=["test"] points=1
def test_one_example_by_hand(risk_parts):
    """The only example shows the first coordinate, at twice its usual size."""
    found = risk_parts(np.array([[2.0, 0.0]]), np.array([3.0, 4.0]), np.array([1.0, 0.5]))
    missed, noise = found
    assert np.isclose(missed, 8), (
        f"β₂ = 4 is never seen: 0.5 · 4² = 8 is missed, not {missed}"
    )
    assert np.isclose(noise, 0.25), f"w₁ is off by ε/2, so noise = 1/4, not {noise}"


# %% tags=["test"] points=1
def test_enough_examples_miss_nothing(risk_parts):
    """With at least as many independent examples as coordinates nothing is missed."""
    rng = np.random.default_rng(0)
    missed, noise = risk_parts(rng.standard_normal((9, 4)), np.ones(4), np.ones(4))
    assert abs(missed) < 1e-12, f"missed must be 0, not {missed}"
    assert noise > 0


# %% tags=["hidden"] points=2
def test_against_drawn_labels(risk_parts):
    """The mean over 4,000 draws of labels, inputs of unequal sizes, n above and below p."""
    rng = np.random.default_rng(43)
    for n, p in ((5, 12), (20, 6)):
        variances = 10 ** rng.uniform(-1, 1, p)
        x = rng.standard_normal((n, p)) * np.sqrt(variances)
        beta = rng.standard_normal(p)
        missed, noise = risk_parts(x, beta, variances)
        eps = 0.7 * rng.standard_normal((4_000, n))
        w = (x @ beta + eps) @ np.linalg.pinv(x).T
        drawn = ((w - beta) ** 2 @ variances).mean()
        assert abs(missed + 0.49 * noise - drawn) < 0.06 * drawn, (
            f"X of shape {(n, p)}: {missed + 0.49 * noise:.3f}, but drawn labels give {drawn:.3f}"
        )
        clean = (np.linalg.pinv(x) @ (x @ beta) - beta) ** 2 @ variances
        assert abs(missed - clean) < 1e-6, "missed is the risk with labels without noise"


# %% tags=["hidden"] points=1
def test_examples_that_occur_twice(risk_parts):
    """Every example twice: nothing new is seen, and the noise is averaged, so its cost is halved."""
    rng = np.random.default_rng(44)
    x, beta, variances = (
        rng.standard_normal((4, 7)),
        rng.standard_normal(7),
        np.arange(1.0, 8),
    )
    once, twice = (
        risk_parts(each, beta, variances) for each in (x, np.concatenate([x, x]))
    )
    assert np.isclose(once[0], twice[0]), "seen twice, what is missed stays the same"
    assert np.isclose(once[1], 2 * twice[1]), "two labels for each example halve the noise"


# %% tags=["hidden"] points=1
def test_units_do_not_matter_when_all_is_seen(risk_parts):
    """With n > p, measuring a coordinate in other units changes nothing; with n < p it does."""
    rng = np.random.default_rng(45)
    units = np.array([1.0, 0.1, 5.0, 0.02])
    for n, same in ((9, True), (3, False)):
        x, beta = rng.standard_normal((n, 4)), np.ones(4)
        plain, other = (
            risk_parts(x, beta, np.ones(4)),
            risk_parts(x * units, beta / units, units**2),
        )
        assert np.allclose(plain, other, rtol=1e-6, atol=1e-9) == same, (
            f"n = {n}: {np.round(plain, 4)} in one unit, {np.round(other, 4)} in another"
        )


# %% [markdown] question="peak"
r"""
## 3. A peak, or noise?

Every curve of measured errors has a highest point somewhere in the middle. Whoever finds it and reads off its height from the *same* numbers will find peaks
everywhere. So: find it on one half of the draws, and measure it on the other.

`errors` holds one positive number for each draw and size. Work with the logarithm, since close to a peak means do not settle, and with medians over draws.

1. *Find*, on the draws number 0, 2, 4, …: let $m_j$ be the median over these draws of $\log(\text{error})$ at size $j$. For every size but the first and the last, its prominence is
   the smaller of its heights above the lowest point to its left and above the lowest point to its right, $m_j - \min_{i<j} m_i$ and $m_j - \min_{i>j} m_i$. The place is where
   the prominence is largest. Remember the place and its two lowest points. (Of equal ones take the first.)
2. *Measure*, on the draws number 1, 3, 5, …: *rise* is the median over these draws of $\log(\text{error at the place}) - \log(\text{error at the left low})$, both from the same
   draw; *fall* is the same with the right low.

A curve has a peak if both are well above zero. Fewer than four draws or three sizes are refused with a `ValueError`.
"""


# %% tags=["solution"]
def peak(sizes, errors):
    """Where a curve has its most prominent peak, and how far it rises to it and falls from it.

    sizes:   array [sizes], ascending
    errors:  array [draws, sizes], all positive
    returns: (size, rise, fall): found on the even draws, measured on the odd ones, in logarithms
    """
    # BEGIN SOLUTION
    errors = np.log(np.asarray(errors, dtype=float))
    if errors.ndim != 2 or errors.shape[0] < 4 or errors.shape[1] < 3:
        raise ValueError(f"Four draws and three sizes are needed; got {errors.shape}.")
    middle = np.median(errors[::2], axis=0)
    found = []
    for j in range(1, len(middle) - 1):
        left, right = np.argmin(middle[:j]), j + 1 + np.argmin(middle[j + 1 :])
        found.append((middle[j] - max(middle[left], middle[right]), j, left, right))
    _, place, left, right = max(found, key=lambda each: each[0])
    rise, fall = (
        np.median(errors[1::2, place] - errors[1::2, low]) for low in (left, right)
    )
    return np.asarray(sizes)[place], rise, fall
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_plain_peak(peak):
    """All draws alike: 3, 2, 5, 1, 2 has its peak in the middle."""
    size, rise, fall = peak(
        np.array([10, 20, 30, 40, 50]), np.tile([3.0, 2, 5, 1, 2], (4, 1))
    )
    assert size == 30, f"the peak is at size 30, not {size}"
    assert np.allclose([rise, fall], [np.log(2.5), np.log(5)]), (
        f"it rises by log 5/2 and falls by log 5/1; you say {rise:.3f} and {fall:.3f}"
    )


# %% tags=["test"] points=1
def test_a_bump_on_a_slope(peak):
    """A small bump far down is a peak; the high start of the curve is none."""
    size, rise, fall = peak(np.arange(6), np.tile([100.0, 10, 2, 3, 1, 0.5], (6, 1)))
    assert size == 3, f"the bump is at size 3, not {size}: prominence, not height"
    rise, fall = peak(np.arange(5), np.tile([16.0, 8, 4, 2, 1], (6, 1)))[1:]
    assert rise < 0 < fall, "a falling curve does not rise to any of its points"


# %% tags=["hidden"] points=2
def test_no_peak_in_noise(peak):
    """Errors without any peak: averaged over 300 such curves, rise and fall are zero."""
    rng = np.random.default_rng(46)
    found = [
        peak(np.arange(8), np.exp(rng.standard_normal((8, 8))))[1:] for _ in range(300)
    ]
    assert np.all(np.abs(np.mean(found, axis=0)) < 0.25), (
        f"in pure noise you see a rise of {np.mean(found, axis=0)[0]:.2f} on average: measure on other draws"
    )


# %% tags=["hidden"] points=1
def test_found_and_measured_on_different_draws(peak):
    """The even draws say where, the odd ones how much, each within its draw."""
    rng = np.random.default_rng(47)
    even, odd = np.array([1.0, 9, 1, 2, 1]), np.array([3.0, 6, 12, 9, 1])
    errors = np.tile(even, (10, 1))
    errors[1::2] = odd
    errors *= 10 ** rng.uniform(-3, 3, (10, 1))  # each draw has a scale of its own
    size, rise, fall = peak(np.arange(5), errors)
    assert size == 1, "the even draws have their peak at size 1"
    assert np.isclose(rise, np.log(6 / 3)), (
        f"on the odd draws it rises by log 2, not {rise:.3f}"
    )
    assert np.isclose(fall, np.log(6 / 12)), (
        f"from size 1 to size 2 the odd draws fall by -log 2, not {fall:.3f}"
    )


# %% tags=["hidden"] points=1
def test_too_little(peak):
    """Three draws, or two sizes, are refused with a ValueError."""
    for shape in ((3, 5), (8, 2)):
        try:
            peak(np.arange(shape[1]), np.ones(shape))
        except ValueError:
            continue
        raise AssertionError(f"errors of shape {shape} must raise a ValueError")


# %% [markdown] question="investigate" points=12
r"""
## Investigate: can least squares peak twice?

On the page all inputs are of one size. Pixels are not: a few directions of a picture vary much, and many vary little. Take $p = 200$ coordinates: 20 *strong* ones of variance 1
and 180 *weak* ones of variance $s^2$. The strong ones carry a signal of variance 5, the weak ones together of variance 1, whatever $s$ is; the noise has variance $\sigma^2 = 1$.
`problem` draws such inputs. Look at the risk against the number of examples, $n$ from 5 to 500, for $s$ between 0.01 and 1.

1. **Predict** (before you run anything): for which $n$ does the risk of minimum-norm least squares peak, at $s = 0.01$ and at $s = 1$? All 200 coordinates are always there, so what would
   be special about $n = 20$? At which $s$, roughly, does a peak go away, and is there a formula for it? Which of two peaks can a ridge penalty remove?
2. **Measure** the exact risk with `risk_parts`, over at least 20 draws for each $n$ and $s$, and decide with `peak` where there is one. (To look at one of several peaks, give it a part
   of the sizes.) Say which of the two parts of the risk makes which
   peak, and which peak would be there with labels without any noise.
3. **Then ridge**, at $s = 0.02$: with `ridge_path` on drawn labels, for penalties from $10^{-4}$ to 100. Is there *one* penalty, the same for all $n$, without a peak, and what does it cost? What if the
   best penalty may depend on $n$?
4. **Answer**, in about 300 words and two figures: What do the weak directions do to the strong ones, as seen from $n = 20$? A colleague says: "A peak is where parameters equal examples." Correct the
   sentence. Say what result would have proved you wrong, and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: both parts of the risk, several $s$, at least 20 draws, medians (not means) near a peak, and `peak` on draws of its own for each claim | 3 |
| the figures can be read without the text: axes, units, legend, spread over draws | 2 |
| the answers follow from the figures, say what the weak directions do, and treat one penalty and a penalty for every $n$ apart | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""


# %% tags=["start"]
def problem(n, s, seed):
    """Inputs [n, 200], true coefficients [200] and the variances [200] of 20 strong and 180 weak coordinates."""
    variances = np.repeat([1.0, s**2], [20, 180])
    beta = np.repeat([np.sqrt(5 / 20), np.sqrt(1 / 180) / s], [20, 180])
    x = np.random.default_rng(seed).standard_normal((n, 200)) * np.sqrt(variances)
    return x, beta, variances


examples = np.array(
    [5, 8, 12, 16, 20, 24, 30, 40, 60, 80, 110, 150, 180, 200, 220, 260, 350, 500]
)


# %% tags=["solution"]
# BEGIN SOLUTION
sizes_of_weak, draws = (0.01, 0.02, 0.05, 0.1, 0.3, 1.0), 24
exact = {
    s: np.array(
        [[risk_parts(*problem(n, s, seed)) for n in examples] for seed in range(draws)]
    )
    for s in sizes_of_weak
}
fig, axes = plt.subplots(1, 3, figsize=(11, 3.6), sharey=True)
for s, parts in exact.items():
    for ax, values in zip(axes, (parts.sum(-1), parts[..., 0], parts[..., 1]), strict=True):
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
        (line,) = ax.plot(examples, np.maximum(middle, 1e-3), label=f"s = {s:g}")
        ax.fill_between(examples, low, high, alpha=0.2, color=line.get_color())
for ax, title in zip(axes, ("risk", "signal missed", "noise"), strict=True):
    ax.set(xscale="log", yscale="log", ylim=(0.01, 2e3), xlabel="examples n", title=title)
axes[0].set_ylabel("excess risk in units of σ²\nmedian, and the middle half of the draws")
axes[2].legend(loc="lower right", ncol=2)
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
few, many = examples <= 80, examples >= 60
rows = []
for s, parts in exact.items():
    for name, part in (("n up to 80", few), ("n from 60 on", many)):
        size, rise, fall = peak(examples[part], parts.sum(-1)[:, part])
        rows.append((s, name, 180 * s**2, f"{size}: rise {rise:+.2f}, fall {fall:+.2f}"))
pd.DataFrame(rows, columns=["s", "where", "180 s²", "peak"]).pivot(
    index=["s", "180 s²"], columns="where", values="peak"
)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
penalties = np.r_[0, np.logspace(-4, 2, 13)]
risk = np.empty((draws, len(examples), len(penalties)))
for seed in range(draws):
    for k, n in enumerate(examples):
        x, beta, variances = problem(n, 0.02, seed)
        y = x @ beta + np.random.default_rng(1000 + seed).standard_normal(n)
        risk[seed, k] = (ridge_path(x, y, penalties) - beta) ** 2 @ variances
# chosen on the even draws, shown on the odd ones
best = np.median(risk[::2], axis=0).argmin(1)
chosen = risk[:, np.arange(len(examples)), best]
fig, ax = plt.subplots(figsize=(6.5, 4))
for k in (0, 3, 6, 9, 11, 13):
    ax.plot(examples, np.median(risk[1::2, :, k], axis=0), label=f"λ = {penalties[k]:.2g}")
ax.plot(examples, np.median(chosen[1::2], axis=0), "k--", label="best λ for each n")
ax.set(xscale="log", yscale="log", ylim=(0.3, 50), xlabel="examples n")
ax.set_ylabel("excess risk in units of σ², median")
ax.legend(ncol=2)
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
rows = [
    (
        name,
        *peak(examples[few], values[:, few]),
        *peak(examples[many], values[:, many]),
        np.median(values[1::2, -1]),
    )
    for name, values in [
        *((f"{penalty:.2g}", risk[:, :, k]) for k, penalty in enumerate(penalties)),
        ("best for each n", chosen),
    ]
]
columns = ["λ", "n ≤ 80", "rise", "fall", "n ≥ 60", "rise ", "fall ", "risk at n = 500"]
print(
    "best λ by n:",
    dict(zip(examples.tolist(), penalties[best].round(4).tolist(), strict=True)),
)
pd.DataFrame(rows, columns=columns).set_index("λ").round(2)
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* Seen from 20 examples, weak coordinates hardly vary, so the 20 strong ones alone decide: a peak at $n = 20$. With 200 examples everything can be fitted: a peak at $n = 200$. At $s = 1$ nothing
is special about 20 of 200 equal coordinates, so the first peak goes. The weak coordinates of an example add a squared length of about $180 s^2$ that is all its own; so $XX^\top$ of the strong ones gets $180 s^2$ on its
diagonal, which is a ridge penalty that nobody ordered. The first peak should go when this is not much less than the best penalty for the strong ones, $20\,(\sigma^2 + 1)/5 = 8$ (the unseen weak signal counts as noise).

*Finding.* There are two peaks, exactly at 20 and 200. They are not of one kind. The one at 200 is made by the noise of the labels alone: from there on nothing is missed, and with
$\sigma = 0$ it would be gone. The one at 20 stands in *both* parts. What the weak coordinates contribute to a label looks, from 20 examples, like noise, and the strong coordinates have to
make up for it: so this peak would be there with perfect labels. The one at 200 is the same for every $s$: where all is seen, the units of a coordinate do not
matter. The one at 20 is tall at $s = 0.01$, small at $0.05$ and gone at $0.1$: between $180 s^2$ of a half and of two, so between a twentieth and a quarter of the best penalty. At $s = 0.02$ an explicit penalty removes it in the same range,
which supports the explanation. One penalty for all $n$ can remove both peaks; but one that is large enough for the strong coordinates wipes out the weak ones, and at $n = 500$ it has about twice the risk of the best. The one that is best there
leaves the first peak. With the penalty chosen for each $n$ (on other draws) there is no peak and no such loss: the choice jumps down between 40 and 80 examples, where it starts to pay to learn the weak coordinates.

*The colleague.* A peak is where the examples equal the number of directions that are *large enough to be told from a ridge penalty*, by the penalty that is there, explicit or not. Which number that is depends on the spectrum of the inputs, and there can be several.

*What would have proved this wrong:* a first peak that stays at $s = 0.3$; no peak in the missed signal where the noise has its first; or penalties that remove it only far above $180 \cdot 0.1^2$. *Limits* (one is enough): the spectrum has a gap, and real ones are smooth, so their first peak may be
smeared out; Gaussian inputs; the median says nothing of the draws in the upper half, and at $n = 200$ these have no mean.
"""
