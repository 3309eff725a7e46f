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

# %% [markdown] withheld=["overparam.theory.interpolation", "overparam.theory.linear"]
r"""
# Assignment 9: The price of noise

A model that fits noisy labels exactly pays for the noise elsewhere. The chapter {doc}`/notebooks/09_benign_overfitting` shows that the price can be nothing, something or everything. Here you compute it for the shortest solution of a linear model: its two effective ranks, its exact price on given data, and a prediction that needs the spectrum alone. Then you ask what
real pictures charge.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | the effective ranks of a spectrum | 5 | 30 min |
| 2 | the exact price of noise, direction by direction | 6 | 35 min |
| 3 | the price that a spectrum predicts | 7 | 45 min |
| 4 | *Investigate*: what do pictures charge? | 12 | 2 h |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
spectra and other numbers, and check what the text promises. The package has some of this in `overparam.theory`. Write your own: grading runs without
it. Part 4 is read by a person, with the rubric that you find there.

Throughout, inputs have $p$ independent coordinates of mean 0 with variances $\lambda_1, \dots, \lambda_p$: that is the *spectrum*. There are $n$ training examples. The labels are noise of variance 1 and nothing else: whatever is predicted is an error, and the *price of noise* is the mean squared prediction on new inputs.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy.spatial.distance import cdist

from overparam import data, figures

figures.style()

# %% [markdown] question="effective_ranks"
r"""
## 1. Effective ranks

Sort the spectrum from large to small. Behind its first $k$ variances lies a tail, which has two effective ranks (Bartlett et al. 2020):

$$r_k = \frac{\sum_{i > k} \lambda_i}{\lambda_{k+1}}, \qquad R_k = \frac{\bigl( \sum_{i > k} \lambda_i \bigr)^2}{\sum_{i > k} \lambda_i^2} .$$

Let $k^*$ be the smallest $k$ with $r_k \ge b\, n$. The first $k^*$ directions are learned, and each costs what a parameter costs; the tail spreads the noise over $R_{k^*}$ directions. So the price is $k^*/n + n/R_{k^*}$, up to constant factors. Find $k^*$, $r_{k^*}$ and $R_{k^*}$.

The spectrum comes in any order and may contain zeros, which count for nothing. Where no $k$ will do, raise a `ValueError`. Spectra can be steep: when a tail is $10^{-20}$ of the whole, the whole minus the head is not the tail.
"""


# %% tags=["solution"]
def effective_ranks(spectrum, n, b=1.0):
    """The first k whose tail is long enough for n examples, and the tail's two effective ranks.

    spectrum: array [p] of variances, in any order, not negative
    n:        the number of examples
    b:        the constant in r_k ≥ b n
    returns:  (k, r, R): a whole number from 0 up, and two numbers
    """
    # BEGIN SOLUTION
    spectrum = np.asarray(spectrum, dtype=float)
    spectrum = np.sort(spectrum[spectrum > 0])[::-1]
    tails, squares = (np.cumsum(s[::-1])[::-1] for s in (spectrum, spectrum**2))
    r = tails / spectrum
    enough = np.flatnonzero(r >= b * n)
    if not len(enough):
        raise ValueError(
            f"No tail of this spectrum has r ≥ {b * n:g}; the most is {r.max():g}."
        )
    k = int(enough[0])
    return k, r[k], tails[k] ** 2 / squares[k]
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_flat_spectrum(effective_ranks):
    """Of 50 equal variances both ranks are 50, before anything is learned."""
    k, r, big_r = effective_ranks(np.full(50, 0.3), 10)
    assert (k, round(r, 6), round(big_r, 6)) == (0, 50, 50), (
        f"k = 0 and 50 twice, not {k}, {r:g}, {big_r:g}"
    )


# %% tags=["test"] points=1
def test_one_spike_by_hand(effective_ranks):
    """A variance of 100, then 2 and six of 1: behind the spike r = 8/2 and R = 64/10."""
    k, r, big_r = effective_ranks(np.array([1, 1, 1, 100, 1, 1, 2, 1]), 4)
    assert k == 1, f"r is 1.08 at k = 0 and 4 at k = 1; you say k = {k}"
    assert np.isclose(r, 4), f"r = 8/2 = 4, not {r:g}"
    assert np.isclose(big_r, 6.4), f"R = 8²/(4 + 6) = 6.4, not {big_r:g}"


# %% tags=["hidden"] points=1
def test_any_spectrum(effective_ranks):
    """Power laws and random spectra, by the definition, with other constants b."""
    rng = np.random.default_rng(91)
    for spectrum, n, b in (
        (np.arange(1, 4001) ** -1.2, 20, 1.0),
        (np.arange(1, 4001) ** -0.8, 60, 2.5),
        (rng.exponential(size=500) ** 4, 25, 0.5),
        (np.append(10.0 ** rng.uniform(0, 3, 12), rng.uniform(0.5, 1, 300)), 40, 1.0),
    ):
        order = np.sort(spectrum)[::-1]
        for k in range(len(order)):
            tail = order[k:]
            if tail.sum() / tail[0] >= b * n:
                break
        expected = (k, tail.sum() / tail[0], tail.sum() ** 2 / (tail**2).sum())
        found = effective_ranks(rng.permutation(spectrum), n, b)
        assert found[0] == expected[0], f"k is {expected[0]}, not {found[0]}"
        assert np.allclose(found[1:], expected[1:]), f"{expected[1:]}, not {found[1:]}"


# %% tags=["hidden"] points=1
def test_steep_spectra_and_zeros(effective_ranks):
    """A long, tiny tail behind a large head; and zeros, which are no tail."""
    tail = np.full(1000, 1e-25)
    found = effective_ranks(np.concatenate([[1.0, 1e-3], tail, np.zeros(5000)]), 50)
    assert found[0] == 2, f"the tail begins behind two variances, not {found[0]}"
    assert np.allclose(found[1:], 1000), f"both ranks are 1000, not {found[1:]}"


# %% tags=["hidden"] points=1
def test_where_no_tail_is_long_enough(effective_ranks):
    """An exponential spectrum, too few directions: a ValueError; exactly enough is enough."""
    for spectrum, n in (
        (0.5 ** np.arange(60), 10),
        (np.ones(9), 10),
        (np.append(np.ones(9), np.zeros(9)), 10),
    ):
        try:
            effective_ranks(spectrum, n)
        except ValueError:
            continue
        raise AssertionError(f"no k has r ≥ {n}: it must raise a ValueError")
    assert effective_ranks(np.ones(10), 10)[0] == 0, "r = n is enough"


# %% [markdown] question="price_of_noise"
r"""
## 2. The exact price

Given the training inputs $X$ [n, p], the shortest solution for labels $\epsilon$ is $\hat\beta = X^+ \epsilon$; on a new input it errs by $x \cdot \hat\beta$. Averaged over new inputs and over all noise of variance 1, direction $i$ contributes

$$\lambda_i\, \mathbb E\, \hat\beta_i^2 ,$$

and the price is the sum. No noise needs to be drawn: the average has a formula. There may be more examples than coordinates, and an example or a coordinate may occur twice.
"""


# %% tags=["solution"]
def price_of_noise(x, spectrum):
    """What each direction contributes to the price of noise of the shortest solution.

    x:        array [n, p], the training inputs
    spectrum: array [p], the variances of new inputs, in the order of the coordinates
    returns:  array [p], whose sum is the price
    """
    # BEGIN SOLUTION
    inverse = np.linalg.pinv(np.asarray(x, dtype=float))
    return np.asarray(spectrum) * (inverse**2).sum(1)
    # END SOLUTION


# %% tags=["test"] points=1
def test_one_example_by_hand(price_of_noise):
    """x = (3, 4): β = ε (3, 4)/25. New inputs of variances 1 and 2."""
    found = price_of_noise(np.array([[3.0, 4.0]]), np.array([1.0, 2.0]))
    assert np.allclose(found, [9 / 625, 32 / 625]), f"9/625 and 2 · 16/625, not {found}"


# %% tags=["test"] points=1
def test_as_many_as_there_are(price_of_noise):
    """X = diag(2, 0.5): β = (ε₁/2, 2 ε₂)."""
    found = price_of_noise(np.diag([2.0, 0.5]), np.ones(2))
    assert np.allclose(found, [0.25, 4]), f"1/4 and 4, not {found}"


# %% tags=["hidden"] points=2
def test_against_drawn_noise(price_of_noise):
    """Wide, tall and square data: the same as the mean over 40,000 draws of noise."""
    rng = np.random.default_rng(92)
    for n, p in ((6, 20), (30, 5), (8, 9)):
        spectrum = rng.uniform(0.1, 3, p)
        x = rng.standard_normal((n, p)) * np.sqrt(spectrum)
        beta = np.linalg.lstsq(x, rng.standard_normal((n, 40_000)), rcond=None)[0]
        expected = spectrum * (beta**2).mean(1)
        found = np.asarray(price_of_noise(x, spectrum))
        assert found.shape == (p,), (
            f"one number for each direction, not shape {found.shape}"
        )
        assert np.allclose(found, expected, rtol=0.06), (
            f"n = {n}, p = {p}: up to {np.abs(found / expected - 1).max():.0%} from what drawn noise costs"
        )


# %% tags=["hidden"] points=1
def test_what_occurs_twice(price_of_noise):
    """Two equal examples average their noise; two equal coordinates share their weight."""
    x = np.array([[3.0, 4.0], [3.0, 4.0]])
    found = price_of_noise(x, np.ones(2))
    assert np.allclose(found, [4.5 / 625, 8 / 625]), (
        f"half of one example's price, not {found}"
    )
    found = price_of_noise(np.array([[1.0, 1.0], [2.0, 2.0], [0.0, 0.0]]), np.ones(2))
    assert np.allclose(found, [0.05, 0.05]), (
        f"one direction of length 5, shared, not {found}"
    )


# %% tags=["hidden"] points=1
def test_directions_that_new_inputs_do_not_have(price_of_noise):
    """What has no variance costs nothing, however large its weight; nothing changes in x."""
    x = np.array([[1.0, 1e-3, 0.0], [0.0, 1e-3, 2.0]])
    before = x.copy()
    found = price_of_noise(x, np.array([1.0, 0.0, 3.0]))
    assert found[1] == 0, f"a direction of variance 0 costs {found[1]:g}"
    assert np.allclose(np.asarray(found)[[0, 2]], [1, 0.75], rtol=1e-4), (
        f"1 and 3/4, not {found}"
    )
    assert np.array_equal(x, before), "the inputs that were passed in have changed"


# %% [markdown] question="predicted_price"
r"""
## 3. The price that a spectrum predicts

For many directions the price hardly depends on which examples were drawn. It is nearly

$$\frac{\sum_i d_i^2}{n - \sum_i d_i^2}, \qquad d_i = \frac{\lambda_i}{\lambda_i + \kappa}, \qquad \text{where } \kappa \text{ is such that } \sum_i d_i = n$$

(see Mallinar et al. 2022, arXiv 2207.06569). Each $d_i$ says how much of direction $i$ is learned. Solve for $\kappa$ and return the price, with a relative error below $10^{-6}$. There are $p$ directions of positive variance. For $p > n$ there is exactly one $\kappa > 0$, which may be a very small number beside $\lambda_1$. For $p < n$ there is none, the solution is unique
and all $d_i$ are 1. At $p = n$ the price is infinite.
"""


# %% tags=["solution"]
def predicted_price(spectrum, n):
    """The price of noise of the shortest solution with n examples, from the spectrum alone.

    spectrum: array [p] of variances, in any order, not negative
    n:        the number of examples, from 1 up
    returns:  a number, or infinity
    """
    # BEGIN SOLUTION
    spectrum = np.asarray(spectrum, dtype=float)
    spectrum = spectrum[spectrum > 0]
    if len(spectrum) <= n:
        return len(spectrum) / (n - len(spectrum)) if len(spectrum) < n else np.inf
    logs = np.log(spectrum)
    low, high = logs.min() - 50, logs.max() + np.log(len(spectrum)) + 1
    for _ in range(200):  # of the logarithm of κ
        middle = (low + high) / 2
        learned = 1 / (1 + np.exp(middle - logs))
        low, high = (middle, high) if learned.sum() > n else (low, middle)
    return (learned**2).sum() / (learned * (1 - learned)).sum()
    # END SOLUTION


# %% tags=["test"] points=1
def test_flat_spectra(predicted_price):
    """Of p equal variances all are learned alike, d = n/p: the price is n/(p - n)."""
    for p, n in ((300, 100), (120, 100)):
        found = predicted_price(np.full(p, 7.0), n)
        assert np.isclose(found, n / (p - n)), f"n/(p - n) = {n / (p - n):g}, not {found:g}"


# %% tags=["test"] points=1
def test_fewer_directions_than_examples(predicted_price):
    """p < n: the price of least squares, p/(n - p); p = n: infinite."""
    found = predicted_price(np.array([1.0, 0.0, 5.0, 1e-8]), 10)
    assert np.isclose(found, 3 / 7), f"three directions of ten examples: 3/7, not {found}"
    assert predicted_price(np.ones(10), 10) == np.inf


# %% tags=["hidden"] points=2
def test_against_data(predicted_price):
    """Spikes, power laws: within a few per cent of what drawn inputs cost on average."""
    rng = np.random.default_rng(93)
    for spectrum, n in (
        (np.append(np.full(10, 50.0), np.full(990, 0.1)), 60),
        (np.arange(1, 1501) ** -1.3, 50),
        (np.arange(1, 901) ** -0.6, 80),
    ):
        prices = []
        for _ in range(20):
            x = rng.standard_normal((n, len(spectrum))) * np.sqrt(spectrum)
            prices.append(((np.linalg.pinv(x) ** 2).sum(1) * spectrum).sum())
        found, measured = predicted_price(spectrum, n), np.mean(prices)
        assert abs(found / measured - 1) < 0.1, (
            f"you predict {found:.3f}, drawn inputs cost {measured:.3f}"
        )


# %% tags=["hidden"] points=2
def test_steep_spectra(predicted_price):
    """Exponential spectra, whose κ is anything from 1 to 1e-60: the equation holds all the same."""
    for rate, n in ((0.5, 5), (0.1, 40), (0.02, 80)):
        spectrum = rate ** np.arange(n + 25.0)

        def excess(log, spectrum=spectrum, n=n):
            return (1 / (1 + np.exp(log - np.log(spectrum)))).sum() - n

        low, high = np.log(spectrum.min()) - 60, 60.0
        for _ in range(300):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) > 0 else (low, middle)
        d = 1 / (1 + np.exp(middle - np.log(spectrum)))
        expected = (d**2).sum() / (d * (1 - d)).sum()
        found = predicted_price(spectrum[::-1].copy(), n)
        assert np.isclose(found, expected, rtol=1e-5), (
            f"rate {rate}, n = {n}: {expected:.6g}, not {found:.6g}"
        )


# %% tags=["hidden"] points=1
def test_units_and_order(predicted_price):
    """The unit of the spectrum does not matter, nor its order, nor zeros in it."""
    rng = np.random.default_rng(94)
    spectrum = rng.exponential(size=400) ** 3
    one = predicted_price(spectrum, 30)
    for factor in (1e-12, 1.0, 1e9):
        other = predicted_price(
            np.append(np.zeros(50), factor * rng.permutation(spectrum)), 30
        )
        assert np.isclose(one, other, rtol=1e-6), (
            f"{one:.6f} becomes {other:.6f} in other units"
        )


# %% [markdown] question="investigate" points=12
r"""
## Investigate: what do pictures charge?

So far inputs had independent coordinates. A kernel machine is a linear model too, in the features that its kernel implies; they are not Gaussian, and their spectrum can only be estimated. `pool` holds 1,797 pictures of digits. Of a `kernel` between all of them, the eigenvalues divided by 1,797 are such an estimate. Train on $n$ of the pictures with labels that are noise: what is
the price on the others, and does the spectrum know it?

There are three kernels (`"wide"` and `"narrow"` Laplace kernels, which have a kink at zero distance, and a smooth `"Gaussian"` one), and `pictures` gives three kinds of data: the digits; Gaussian data with the same means and covariances; and digits with every pixel shuffled over the pictures, which keeps each pixel's values and nothing else.

1. **Predict** (before you run anything): For which kernel is noise cheapest, and for which data? Does the price fall with $n$, rise, or stay? Will Gaussian data with the same covariance cost the same?
2. **Measure** the price for all nine, at five $n$ or more from 25 to 400, over at least five draws of the training pictures. For a kernel it is exact as in part 2: the predictions on the others are $A\epsilon$ with $A = K(\text{others}, \text{training})\, K(\text{training}, \text{training})^{-1}$, so the price is the mean over the others of the sum of squares in their row of $A$.
3. **Compare** with `predicted_price` and with $k^*/n + n/R_{k^*}$ of the estimated spectrum. (A pool has no picture twice: what its spectrum knows of directions beyond its size is wrong. A kernel that is 1 for equal and 0 for all other pictures charges nothing on the others, and the prediction says $n/(N - n)$. Check this, and subtract it.) Where is the prediction off, and which of the two numbers orders
   the nine rightly?
4. **And the signal?** Choose two of the kernels that differ much in price, and measure the error on digits with right labels, and with a fifth of the training labels replaced, as regression on ten one-hot outputs.
5. **Answer**, in about 400 words and two figures: Is overfitting noise on these pictures benign, tempered or catastrophic, in which kernel, and how sure can you be from $n \le 400$? What in the pictures makes the price what it is, if not their covariance? A colleague says: "Choose the kernel with the lowest price, then interpolation is safe." Say what result would have proved you wrong,
   and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: nine cases, five $n$, five draws with their spread, the predictions with the correction checked, errors with right and wrong labels | 3 |
| the figures can be read without the text: axes, units, legend, bands | 2 |
| the answers follow from the figures, and keep apart price and error, kernel and data, a trend up to 400 and a limit | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
digits = data.digits()
pool = np.concatenate([digits.x.flatten(1).numpy(), digits.x_test.flatten(1).numpy()])
labels = np.concatenate([digits.y.numpy(), digits.y_test.numpy()])
pool = pool.astype(float)


def pictures(kind, seed=0):
    """1,797 pictures [N, 64]: "digits", "Gaussian" (the same means and covariances) or "shuffled" (each pixel)."""
    rng = np.random.default_rng(seed)
    if kind == "Gaussian":
        return rng.multivariate_normal(pool.mean(0), np.cov(pool.T), len(pool))
    if kind == "shuffled":
        return np.stack([rng.permutation(pixel) for pixel in pool.T], 1)
    return pool


def kernel(x, kind):
    """A kernel between all pictures [N, N]; its width is the median distance, or a quarter of it."""
    distance = cdist(x, x)
    distance /= np.median(distance)
    shape = {
        "wide": lambda r: np.exp(-r),
        "narrow": lambda r: np.exp(-4 * r),
        "Gaussian": lambda r: np.exp(-(r**2)),
    }
    return shape[kind](distance)


# %% tags=["solution"]
# BEGIN SOLUTION
def split(n, seed):
    """Which pictures of the pool are trained on, and which not."""
    return np.split(np.random.default_rng(seed).permutation(len(pool)), [n])


sizes, rows = (25, 50, 100, 200, 400), []
for data_kind in ("digits", "Gaussian", "shuffled"):
    x = pictures(data_kind)
    for kind in ("wide", "narrow", "Gaussian"):
        k = kernel(x, kind)
        spectrum = np.linalg.eigvalsh(k) / len(k)
        spectrum = np.where(spectrum > 1e-14 * spectrum.max(), spectrum, 0)
        for n in sizes:
            bounds = np.nan
            try:
                rank, _, tail = effective_ranks(spectrum, n)
                bounds = rank / n + n / tail
            except ValueError:
                pass
            predicted = predicted_price(spectrum, n) - n / (len(pool) - n)
            for seed in range(5):
                old, new = split(n, seed)
                a = np.linalg.solve(k[np.ix_(old, old)], k[np.ix_(old, new)])
                price = (a**2).sum(0).mean()
                rows.append((data_kind, kind, n, seed, price, predicted, bounds))
names = ["data", "kernel", "n", "draw", "price", "predicted", "k*/n + n/R"]
table = pd.DataFrame(rows, columns=names)
means = table.groupby(["kernel", "data", "n"])[names[4:]].mean()
print("K = I:", predicted_price(np.full(1797, 1 / 1797), 200), "and n/(N - n):", 200 / 1597)
means.unstack("n").round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), sharey=True)
for ax, kind in zip(axes, ("wide", "narrow", "Gaussian"), strict=True):
    for c, data_kind in enumerate(("digits", "Gaussian", "shuffled")):
        own = table[(table.kernel == kind) & (table.data == data_kind)].groupby("n")
        price = own.price.agg(["mean", "std"])
        ax.plot(price.index, price["mean"], "o-", color=f"C{c}", label=data_kind)
        ax.fill_between(
            price.index,
            price["mean"] - price["std"],
            price["mean"] + price["std"],
            color=f"C{c}",
            alpha=0.2,
        )
        ax.plot(price.index, own.predicted.mean(), ":", color=f"C{c}")
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="training pictures n",
        title=f"{kind} kernel" if kind == "Gaussian" else f"{kind} Laplace kernel",
    )
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
axes[0].set_ylabel("price of noise (dotted: predicted)")
axes[0].legend(title="data")
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
rows = []
for kind in ("wide", "narrow", "Gaussian"):
    k = kernel(pool, kind)
    for n in (100, 400):
        for seed in range(5):
            old, new = split(n, seed)
            rng = np.random.default_rng([seed, 1])
            noisy = labels[old].copy()
            replaced = rng.random(n) < 0.2
            noisy[replaced] = (noisy[replaced] + rng.integers(1, 10, replaced.sum())) % 10
            for name, y in (("right labels", labels[old]), ("a fifth wrong", noisy)):
                weights = np.linalg.solve(k[np.ix_(old, old)], np.eye(10)[y] - 0.1)
                wrong = (k[np.ix_(new, old)] @ weights).argmax(1) != labels[new]
                rows.append((kind, n, name, 100 * wrong.mean()))
errors = pd.DataFrame(rows, columns=["kernel", "n", "labels", "test error, %"])
slopes = {
    key: np.polyfit(np.log(sizes), np.log(own.groupby("n").price.mean()), 1)[0]
    for key, own in table.groupby(["kernel", "data"])
}
print("slope of log price on log n")
print(pd.Series(slopes).unstack().round(2))
errors.groupby(["kernel", "n", "labels"])["test error, %"].agg(
    ["mean", "sem"]
).unstack().round(1)
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* A narrow kernel changes its mind within a small distance of each example, so its answers elsewhere hardly see the noise: cheapest. The smooth kernel must bend everywhere to fit: dearest. I expected the price to fall with $n$, since the pictures have 64 pixels, and Gaussian data to cost what digits cost.

*Finding.* The order of the kernels is as I said, with factors from one to the next of four or more. Nothing falls. In the wide Laplace kernel the price of noise on digits is 0.15 from $n = 25$ to $400$: as tempered as can be seen. In the narrow one it is small, and *grows*, about as $n^{0.4}$: not benign but on its way to a price like that of the wide one, as soon as neighbours come within its width.
In the Gaussian kernel it grows from 0.4 to 0.9 and shows no sign of an end. Whether that is catastrophic, 400 pictures cannot say.

*Prediction from the spectrum.* The kernel $K = I$ gives exactly $n/(N - n)$. With that subtracted the prediction is within a few per cent for both Laplace kernels, on all data, though their features are anything but independent or Gaussian. For the smooth kernel it is too low by up to a seventh. $k^*/n + n/R_{k^*}$ is too large, by two to thirteen times, most where $R$ is near the pool's size, and at 400
pictures there is no $k^*$ for the smooth kernel. It orders the three kernels rightly and the nine cases nearly: it is a bound, made to say *whether* a price goes to zero and not how high it is.

*Data.* Digits are dearest in every kernel. Gaussian data with the very same covariance cost a third less to a half less, shuffled pixels less still. So the covariance does not tell: in a kernel distances count, and digits lie closer to a set of few dimensions than their covariance says. What has few dimensions has few places to hide noise in.

*The signal.* With right labels at $n = 400$ the Gaussian kernel, the dearest, is the best: 2.4 % errors. With a fifth of the labels wrong it is by far the worst. The narrow kernel, whose price is a quarter of the wide one's at $n = 100$, is no better there, with right labels worse: it keeps the noise to itself, and the signal too. By $n = 400$ it is ahead with wrong labels. *The colleague* would end with a kernel that is 1 for equal pictures
and 0 for others: price nothing, and nothing learned. Price is one part of the error; choose by the error on labels that were not used.

*What would have proved this wrong:* a price that falls with $n$ on digits, or Gaussian data as dear as digits. *Limits* (one is enough): five sizes in a range of 16, from one pool of similar pictures; squared price averaged over noise, while what counts in a classification is whether the largest output changes; widths fixed while $n$ grows; a spectrum estimated from 1,797 pictures.
"""
