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

# %% [markdown] withheld=["overparam.report.claims", "overparam.report.intervals", "overparam.report.verdicts"]
r"""
# Assignment 2: A randomization test and its verdict

The chapter {doc}`/notebooks/02_randomization` spoils data sets on purpose and looks at what still works. Behind that stands a *test* in the statistician's sense, with a
null hypothesis, a p-value and a level. Here you build it, then the rule that turns measurements into a verdict, and then you use both for a question that the
chapter does not ask: how few labels does it take to know that they mean anything?

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | destroy the relation between inputs and labels, and nothing else | 5 | 20 min |
| 2 | turn that into a test with an honest p-value | 7 | 30 min |
| 3 | a verdict: supported, contradicted or inconclusive | 6 | 20 min |
| 4 | *Investigate*: are these labels real? Ask the training set alone | 12 | 2 h |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
numbers, and check what the text promises. The package's `overparam.claims` does something like part 3, and SciPy's `permutation_test` something like part 2. Write
your own: grading runs without the first, and the second is for you to check yours against. Part 4 is read by a person, with the rubric that you find there.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy import stats

from overparam import data, figures
from overparam.theory import kernels

figures.style()

# %% [markdown] question="randomize"
r"""
## 1. Destroy one thing only

A randomization must destroy the relation that is under test and keep everything else. Drawing new labels at random changes how often each class occurs: a network
could then find the labels hard merely because a rare class has become common. *Permuting* the labels keeps every class's count.

Write `randomize`: it picks a share of the positions at random (`round(share * n)` of them, all sets of positions equally likely) and permutes the labels among these
positions, all permutations equally likely. The others stay where they are. The same seed gives the same result, different seeds independent ones, and the array that
was passed in must not change. (A permutation may leave a label where it was. That is right: exact tests need *all* permutations.)
"""


# %% tags=["solution"]
def randomize(labels, share=1.0, seed=0):
    """Labels of which a share has been permuted among randomly chosen positions.

    labels:  array [n]
    share:   between 0 and 1
    seed:    an integer
    returns: a new array [n]
    """
    # BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    out = np.array(labels)
    chosen = rng.choice(len(out), round(share * len(out)), replace=False)
    out[chosen] = out[rng.permutation(chosen)]
    return out
    # END SOLUTION


# %% tags=["test"] points=1
def test_the_counts_stay(randomize):
    """Every class occurs as often as before, and the array that was passed in is as it was."""
    labels = np.repeat([0, 1, 2], [50, 5, 1])
    before = labels.copy()
    permuted = randomize(labels, 1.0, 1)
    assert np.array_equal(np.sort(permuted), before), (
        "permute the labels; do not draw new ones"
    )
    assert np.array_equal(labels, before), (
        "work on a copy: the labels that were passed in have changed"
    )
    assert not np.array_equal(permuted, before), "nothing has been permuted"


# %% tags=["test"] points=1
def test_seeds(randomize):
    """The same seed gives the same labels, and another seed gives others."""
    labels = np.arange(100)
    assert np.array_equal(randomize(labels, 0.5, 7), randomize(labels, 0.5, 7)), (
        "the same seed must give the same labels"
    )
    assert not np.array_equal(randomize(labels, 0.5, 7), randomize(labels, 0.5, 8)), (
        "another seed must give other labels"
    )


# %% tags=["hidden"] points=1
def test_only_a_share_moves(randomize):
    """At most round(share · n) labels move, and nearly as many do."""
    labels = np.arange(200)
    for share in (0, 0.1, 0.45, 1):
        moved = [
            int(np.sum(randomize(labels, share, seed) != labels)) for seed in range(20)
        ]
        assert max(moved) <= round(share * 200), (
            f"at share {share} up to {max(moved)} of 200 labels moved"
        )
        assert np.mean(moved) >= round(share * 200) - 3, (
            f"at share {share} only {np.mean(moved):.0f} of 200 moved on average"
        )
        assert np.array_equal(np.sort(randomize(labels, share, 3)), labels), (
            "the labels are no longer the same ones"
        )


# %% tags=["hidden"] points=2
def test_all_positions_and_permutations_alike(randomize):
    """Over many seeds every position moves equally often, and each of three labels goes everywhere."""
    labels = np.arange(8)
    moved = np.mean(
        [np.asarray(randomize(labels, 0.5, seed)) != labels for seed in range(800)], axis=0
    )
    assert np.all(np.abs(moved - 0.375) < 0.09), (
        f"positions move unequally often: {np.round(moved, 2)}"
    )
    outcomes = [
        tuple(np.asarray(randomize(np.arange(3), 1.0, seed))) for seed in range(600)
    ]
    shares = [outcomes.count(outcome) / 600 for outcome in set(outcomes)]
    assert len(shares) == 6, (
        f"three labels have 6 permutations, of which {len(shares)} occur"
    )
    assert max(abs(share - 1 / 6) for share in shares) < 0.075, (
        "some permutations are more likely than others"
    )


# %% [markdown] question="randomization_test"
r"""
## 2. An honest p-value

The null hypothesis says that labels have nothing to do with inputs. If it is true, then every permutation of the labels could just as well have been the one
that we were given, and a statistic $T$ of the given labels is one of the values that permuted labels have. Large values speak against the null. With $B$ random
permutations of the labels, whose statistics are $T_1, \dots, T_B$,

$$p = \frac{1 + \#\{b : T_b \ge T\}}{1 + B} .$$

The 1 in the numerator is the given labels themselves, which are one of the permutations: so $p$ is never 0, and under the null
$\Pr(p \le \alpha) \le \alpha$ for every $B$. Use *full* permutations (share 1), a fresh one for each $b$, and compare with $\ge$: a tie is no evidence.
"""


# %% tags=["solution"]
def randomization_test(statistic, labels, draws=99, seed=0):
    """The p-value of a statistic of labels under all permutations of them.

    statistic: a function that takes labels [n] and returns one number; large speaks for a relation
    labels:    array [n], as given
    draws:     number of random permutations, B
    seed:      an integer; the same seed gives the same permutations
    returns:   (p, observed, null): the p-value, the statistic of the given labels, and the array [B] of the others
    """
    # BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    labels = np.asarray(labels)
    observed = statistic(labels)
    null = np.array(
        [statistic(randomize(labels, 1.0, int(s))) for s in rng.integers(2**60, size=draws)]
    )
    return (1 + np.sum(null >= observed)) / (1 + draws), observed, null
    # END SOLUTION


# %% tags=["test"] points=1
def test_an_obvious_relation(randomization_test):
    """Forty labels that follow their input exactly: no permutation comes close."""
    x = np.linspace(-1, 1, 40)
    p, observed, null = randomization_test(lambda labels: float(x @ labels), np.sign(x), 99)
    assert np.isclose(observed, np.abs(x).sum()), (
        "observed is the statistic of the labels as given"
    )
    assert len(null) == 99, f"null holds one value for each draw: 99, not {len(null)}"
    assert np.isclose(p, 0.01), (
        f"nothing reached the observed value in 99 draws, so p = 1/100, not {p}"
    )


# %% tags=["test"] points=1
def test_a_statistic_that_knows_nothing(randomization_test):
    """If every permutation gives the same value, nothing has been learned: p = 1."""
    p, observed, null = randomization_test(lambda labels: 0.0, np.arange(10), 19)
    assert p == 1, f"every draw ties with the given labels, so p = 1, not {p}"


# %% tags=["hidden"] points=2
def test_what_the_statistic_is_shown(randomization_test):
    """It sees the given labels, and B fresh permutations of them."""
    seen, labels = [], np.array([0, 0, 0, 1, 1, 2, 5, 5, 7, 9, 9, 9])

    def statistic(shown):
        seen.append(np.array(shown))
        return float(shown[0])

    randomization_test(statistic, labels, 60, 4)
    assert all(np.array_equal(np.sort(shown), labels) for shown in seen), (
        "every draw is a permutation of the given labels"
    )
    assert any(np.array_equal(shown, labels) for shown in seen), (
        "the statistic of the given labels is needed too"
    )
    assert len({tuple(shown) for shown in seen}) > 50, (
        "the draws repeat: each needs a fresh permutation"
    )
    moved = np.mean([shown != labels for shown in seen], axis=0)
    assert moved.min() > 0.4, "some labels never move: use full permutations"


# %% tags=["hidden"] points=2
def test_the_exact_answer(randomization_test):
    """Six labels have few enough permutations for the exact p-value, ties included."""
    x = np.array([0, 1, 2, 3, 4, 5])
    for labels, exact in (
        (np.array([0, 0, 0, 1, 1, 1]), 1 / 20),
        (np.array([0, 0, 1, 0, 1, 1]), 2 / 20),
    ):
        p, observed, null = randomization_test(
            lambda shown: float(x @ shown), labels, 800, 11
        )
        assert abs(p - exact) < 0.04, f"the exact p-value is {exact:.3f}, not {p:.3f}"
        assert np.isclose(p, (1 + np.sum(np.asarray(null) >= observed)) / 801), (
            "p must follow from observed and null"
        )


# %% tags=["hidden"] points=1
def test_its_level(randomization_test):
    """Without any relation p ≤ 0.2 comes about in a fifth of all experiments, not more."""
    rng = np.random.default_rng(77)
    ps = []
    for seed in range(100):
        x = rng.standard_normal(12)
        ps.append(
            randomization_test(
                lambda shown, x=x: float(x @ shown), rng.permutation(12), 9, seed
            )[0]
        )
    assert min(ps) >= 0.1 - 1e-9, "with 9 draws p cannot be below 1/10"
    assert 0.06 < np.mean(np.array(ps) <= 0.2) < 0.34, (
        f"p ≤ 0.2 in {np.mean(np.array(ps) <= 0.2):.0%} of the experiments"
    )


# %% [markdown] question="verdict"
r"""
## 3. A verdict

A p-value says how surprising the data are if there is nothing; a verdict says what we may claim. The book decides by an interval of a mean over independent repetitions ({doc}`/book/judging`).
Here is the simplest form of that rule, with one look and a 95 % interval. The claim *the mean exceeds the bound* is

- **supported** where the whole interval lies above the bound,
- **contradicted** where the whole interval lies below it,
- **inconclusive** where it reaches across, or touches it.

The interval is Student's: mean $\pm\; t_{n-1,\,0.975}\; s/\sqrt n$. (There are few values, so the quantile of the normal distribution would make it too narrow.) There is one value per repetition; for a
comparison it is the *difference* within the repetition. Fewer than two values have no interval: raise a `ValueError`. If all values are equal the interval is that one point.
"""


# %% tags=["solution"]
def verdict(values, bound=0.0):
    """Whether the mean of values exceeds a bound.

    values:  array [n], one per repetition, n ≥ 2
    bound:   a number
    returns: (word, low, high): "supported", "contradicted" or "inconclusive", and the ends of the 95 % interval
    """
    # BEGIN SOLUTION
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        raise ValueError(f"An interval needs at least two values; got {len(values)}.")
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    low, high = values.mean() - half, values.mean() + half
    return (
        "supported" if low > bound else "contradicted" if high < bound else "inconclusive",
        low,
        high,
    )
    # END SOLUTION


# %% tags=["test"] points=1
def test_an_interval_by_hand(verdict):
    """Five values with mean 3 and standard deviation √2.5; the t quantile of 4 degrees of freedom is 2.776."""
    word, low, high = verdict(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0.5)
    assert np.allclose([low, high], [1.037, 4.963], atol=2e-3), (
        f"the interval is [1.037, 4.963], not [{low:.3f}, {high:.3f}]"
    )
    assert word == "supported", f"all of it lies above 0.5: supported, not {word}"


# %% tags=["test"] points=1
def test_three_words(verdict):
    """The same values against three bounds."""
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    words = [verdict(values, bound)[0] for bound in (1, 3, 5)]
    assert words == ["supported", "inconclusive", "contradicted"], (
        f"against 1, 3 and 5 you say {words}"
    )


# %% tags=["hidden"] points=2
def test_intervals_cover(verdict):
    """Random values of many sizes; and with 4 values 95 % of the intervals hold the truth."""
    rng = np.random.default_rng(8)
    quantiles = {2: 12.7062, 3: 4.3027, 4: 3.1824, 7: 2.4469, 20: 2.0930}
    for n, quantile in quantiles.items():
        values = rng.standard_normal(n) * 3 + 1
        word, low, high = verdict(values, 0.3)
        half = quantile * np.std(values, ddof=1) / np.sqrt(n)
        assert np.allclose(
            [low, high], [np.mean(values) - half, np.mean(values) + half], atol=1e-3 * half
        ), f"wrong interval for n = {n}"
        expected = (
            "supported" if low > 0.3 else "contradicted" if high < 0.3 else "inconclusive"
        )
        assert word == expected, (
            f"[{low:.3f}, {high:.3f}] against 0.3 is {expected}, not {word}"
        )
    decided = np.mean(
        [verdict(rng.standard_normal(4))[0] != "inconclusive" for _ in range(500)]
    )
    assert 0.015 < decided < 0.09, (
        f"where the mean is the bound, {decided:.1%} are decided; it should be 5 %"
    )


# %% tags=["hidden"] points=1
def test_touching_and_equal_values(verdict):
    """Equal values make an interval of one point; on the bound it is inconclusive."""
    assert tuple(verdict(np.array([2.0, 2.0, 2.0]), 1.0)) == ("supported", 2.0, 2.0)
    assert verdict(np.array([2.0, 2.0, 2.0]), 2.0)[0] == "inconclusive"
    assert verdict(np.array([2.0, 2.0]), 2.5)[0] == "contradicted"


# %% tags=["hidden"] points=1
def test_one_value_is_not_enough(verdict):
    """A single value, or none, is refused with a ValueError."""
    for values in (np.array([]), np.array([1.0])):
        try:
            verdict(values)
        except ValueError:
            continue
        raise AssertionError(f"{len(values)} values must raise a ValueError")


# %% [markdown] question="investigate" points=12
r"""
## Investigate: are these labels real? Ask the training set alone

Somebody hands you $n$ digits with labels and no test set. Possibly each label was, with probability $\eta$, drawn anew from all ten classes. Can the *training set alone* tell that its
labels mean something? The training error cannot: a model that interpolates has none, whatever the labels are. Take the one that needs no training: the *interpolant* with a kernel $k(x, x')$, which says how similar two inputs are. Of all functions
of the kernel machine that give every training digit its label exactly, as a 0/1 vector, it is the one of smallest norm. It is found by one linear solve with the matrix $K$ of the training digits' kernels (chapter 2, {ref}`rand-linear`). Compare
three statistics of the training labels:

- `training_accuracy`: the share of the training digits that the interpolant gets right;
- `simplicity`: minus the squared norm of the interpolant, $-\sum_k y_k^\top K^{-1} y_k$ with the 0/1 labels $y_k$ of class $k$. Simple functions have a small norm;
- `new_accuracy`: the share of 200 *other* digits, with true labels, that it gets right. This is what one would use if there were a test set.

In all three tests it is the $n$ training labels that are permuted. A *data set* is what one seed of `problem` gives: its digits, and which labels are drawn anew. The **power** of a test is the share of data sets in which it rejects, $p \le 0.05$, where there is something to
find. Where there is nothing ($\eta = 1$) the same share is its **level**, and must not be more than 5 %, but for chance.

1. **Predict**, before you run anything: (a) with true labels, how many digits does the `simplicity` test need for a power of 80 %: 10, 40, 160? (b) And with $\eta = 0.5$? (c) How many times as many as `new_accuracy`? (d) *Random pixels*: each digit's pixels are permuted in an order of its own, and its label
   stays the true one. Has `simplicity` any power?
2. **Measure** the share rejected by each of the three tests at five sizes from 10 to 160 and for $\eta$ = 0, 0.5 and 1 at least, over at least 40 data sets each, with $B = 99$ permutations. Give every share an interval that is not zero where all data sets agree: `stats.binomtest(rejected, sets).proportion_ci(method="wilson")`.
   Look at the level first. Of ten intervals at $\eta = 1$ one may well miss 5 % by chance, so pool the sizes, too.
3. **Decide** with your `verdict`: *at $n = 40$ and $\eta = 0.5$ the test on new digits has more power than that on the training set alone.* A value is the difference within one data set: 1 where only the first test rejects, −1 where only the second does, else 0.
4. **Is it the same thing?** One could think that `simplicity` finds any labels that follow from the inputs by some rule. Measure it and `new_accuracy` with random pixels, those of the new digits too, and true labels (`random_pixels=True`, $\eta = 0$), at the same sizes.
5. **Answer**, in about 400 words and one or two figures: At which of your sizes does each test first have a power of 80 %? What does (d) say about *which* relation `simplicity` sees, and does that relation make the interpolant right about new digits? A colleague says: "It interpolates, so the training set cannot tell us
   whether it has learned anything." Where is she right, and where not? Say what result would have proved you wrong, and one thing that your experiment cannot tell.

All of the computing takes a minute or two.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: all three statistics, several $n$ and $\eta$ with $\eta = 1$ among them, random pixels, at least 40 data sets, an interval for each share | 3 |
| the verdict is on paired differences, and stated as the rule gives it | 2 |
| the answers follow from the figures; the level at $\eta = 1$ is checked before any power is believed; random pixels are used to say what `simplicity` sees | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
digits = data.digits()
truth = digits.y.numpy()


def kernel_of(examples):
    """The Gaussian kernel [N, N] of a data set, its bandwidth half the median distance."""
    bandwidth = kernels.median_distance(examples.x) / 2
    return kernels.gaussian_kernel(examples.x, examples.x, bandwidth).numpy()


true_kernel, scrambled_kernel = kernel_of(digits), kernel_of(data.random_pixels(digits, 0))


def problem(n, eta, seed, random_pixels=False):
    """Labels of n digits, each drawn anew with probability eta, and three statistics of such labels."""
    kernel = scrambled_kernel if random_pixels else true_kernel
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(truth))
    known, new = order[:n], order[-200:]
    labels = np.where(rng.random(n) < eta, rng.integers(10, size=n), truth[known])
    inverse = np.linalg.inv(kernel[np.ix_(known, known)])
    to_new = kernel[np.ix_(new, known)] @ inverse

    def training_accuracy(labels):
        fitted = kernel[np.ix_(known, known)] @ (inverse @ np.eye(10)[labels])
        return np.mean(fitted.argmax(1) == labels)

    def simplicity(labels):
        y = np.eye(10)[labels]
        return -np.sum(y * (inverse @ y))

    def new_accuracy(labels):
        return np.mean((to_new @ np.eye(10)[labels]).argmax(1) == truth[new])

    return labels, [training_accuracy, simplicity, new_accuracy]


# %% tags=["solution"]
# BEGIN SOLUTION
sizes, sets = (10, 20, 40, 80, 160), 40
rows = []
for eta, random_pixels in ((0, False), (0.5, False), (0.8, False), (1, False), (0, True)):
    for n in sizes:
        for seed in range(sets):
            labels, statistics = problem(n, eta, seed, random_pixels)
            for statistic in statistics:
                p = randomization_test(statistic, labels, 99, seed)[0]
                case = "random pixels" if random_pixels else f"η = {eta}"
                rows.append((case, statistic.__name__, n, seed, p <= 0.05))
tests = pd.DataFrame(rows, columns=["case", "statistic", "n", "seed", "rejected"])


def share(rejected):
    """The share of rejections, and the ends of its Wilson interval."""
    interval = stats.binomtest(int(rejected.sum()), len(rejected)).proportion_ci(
        method="wilson"
    )
    return pd.Series({"share": rejected.mean(), "low": interval.low, "high": interval.high})


level = tests[tests.case == "η = 1"].groupby("statistic").rejected.apply(share).unstack()
print(level.round(3))
power = tests.groupby(["case", "statistic", "n"]).rejected.apply(share).unstack()
power.share.unstack("case").round(2)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 5, figsize=(12, 3.2), sharey=True)
for ax, (case, group) in zip(axes, power.groupby("case"), strict=True):
    for name, part in group.groupby("statistic"):
        ends = [part.share - part.low, part.high - part.share]
        ax.errorbar(sizes, part.share, ends, marker="o", capsize=2, label=name)
    ax.axhline(0.05, color="gray", linestyle=":")
    ax.set(xscale="log", xlabel="digits n", title=case)
axes[0].set_ylabel("share rejected, 95 % intervals")
axes[0].legend()
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
case = tests[(tests.n == 40) & (tests.case == "η = 0.5")]
case = case.pivot(index="seed", columns="statistic", values="rejected").astype(float)
verdict(case.new_accuracy - case.simplicity)
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Level first.* At $\eta = 1$ 3 % [1, 6] of the 200 pooled tests on new digits reject, and 6 % [4, 10] of those of `simplicity`: the tests do not cry wolf. (At $n = 160$ it is 12 % [5, 26], one of fifteen intervals.) `training_accuracy` is 1 for every labelling, so every permutation ties, $p = 1$, and its power is zero everywhere: for this
statistic the colleague is right.

*Power.* With true labels `simplicity` has 90 % at the smallest size tried: ten digits, hardly more than one of a class, are enough. With half of the labels drawn anew it has 72 % at 40 and 98 % at 80, and at $\eta = 0.8$ only 32 % at 160. `new_accuracy` has 80 % from 10 digits on at $\eta = 0.5$ and 92 % at 80 for
$\eta = 0.8$: it needs about an eighth of the digits, since 200 true labels are a lot of further information. At $n = 40$ and $\eta = 0.5$ its power is larger by 0.28 [0.13, 0.42]: supported.

*Which relation.* With random pixels the labels still follow from the pictures one by one, and no test finds it: both reject in about a twentieth of the data sets. $y^\top K^{-1} y$ is large where digits that are similar *to the kernel* have different labels, because the interpolant must bend between them. True labels of real digits change slowly along
that similarity; permuted ones do not, and nor do true ones of scrambled digits, which are all about equally far from each other. This is the very property that makes the interpolant right about new digits, and where it is missing it is right in one of ten. So the norm of the solution, unlike its error, says something about generalization.
The colleague is right about the training *error*, and wrong about the training *set*.

*What would have proved this wrong:* no power of `simplicity` with true labels at any $n$; power with random pixels, where the interpolant knows nothing about new digits; or a share well above 5 % at $\eta = 1$, which would have shown the test to be broken. *Limits* (one is enough): one kernel and one
bandwidth, chosen by people who knew the digits; $\eta$ mixes labels uniformly, while real annotators confuse similar classes; a test says that *something* is there, and not how much; a network is not asked; 1,000 digits in all, so that the data sets share many.
"""
