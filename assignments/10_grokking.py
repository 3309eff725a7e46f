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

# %% [markdown] withheld=["overparam.theory.fourier"]
r"""
# Assignment 10: Late understanding

A network that groks fits its training cells early and understands the others late, if it does so before one stops looking. The chapter {doc}`/notebooks/10_grokking` shows what the wait depends on and that the rule is made of waves. Here you build the instruments: a median wait that counts those who never arrived, a reading of the frequency of every unit, and weights that add, or subtract, exactly. Then you ask
which tables can be understood at all.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | the median wait, with networks that never arrived | 5 | 30 min |
| 2 | the frequency of every unit | 6 | 40 min |
| 3 | a network that adds and subtracts exactly | 7 | 1 h |
| 4 | *Investigate*: which tables can be understood? | 12 | 1½ h |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
numbers, and check what the text promises. The package has some of this in `overparam.theory`. Write your own: grading runs without
it. Part 4 is read by a person, with the rubric that you find there.
"""

# %%
# Set-up
import itertools

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from overparam import data, figures, mlp, sweep

figures.style()

# %% [markdown] question="median_wait"
r"""
## 1. The median wait

Networks were trained for different numbers of steps. Of those that arrived we know when; of the others only that they had not arrived when their training ended: their times are *censored*. To leave them out makes the wait too short, and so does taking their last step for their arrival.

Kaplan and Meier (1958) estimate the share $S(t)$ that has not arrived by time $t$: go through the times at which somebody arrives, in order, and multiply $S$ by $1 - d/n$, where $d$ is how many arrive at that time and $n$ how many were *still watched and not there* just before (who is censored at that very time still counts). The median is the first time with $S(t) \le \tfrac12$; where there is none, it is infinite.
"""


# %% tags=["solution"]
def median_wait(times, arrived):
    """The median time of arrival by Kaplan and Meier.

    times:   array [n], when each arrived, or was last seen not to have arrived
    arrived: array [n] of booleans
    returns: a float; np.inf where no more than half are known to arrive
    """
    # BEGIN SOLUTION
    times, arrived = np.asarray(times, float), np.asarray(arrived, bool)
    left = 1.0
    for t in np.unique(times[arrived]):
        left *= 1 - (arrived & (times == t)).sum() / (times >= t).sum()
        if left <= 0.5 + 1e-12:
            return float(t)
    return np.inf
    # END SOLUTION


# %% tags=["test"] points=1
def test_all_arrive(median_wait):
    """Without censoring it is the first time by which half have arrived."""
    found = median_wait(np.array([5, 1, 3, 9]), np.ones(4, bool))
    assert found == 3, f"two of four have arrived by 3, not {found}"


# %% tags=["test"] points=1
def test_one_lost_by_hand(median_wait):
    """Arrivals at 2 and 6, one lost at 4, one at 8: S = 3/4 at 2, then 3/4 · 1/2 = 3/8 at 6."""
    found = median_wait(np.array([4, 2, 8, 6]), np.array([False, True, False, True]))
    assert found == 6, f"two were still watched at 6, and one of them arrived; not {found}"


# %% tags=["hidden"] points=1
def test_never(median_wait):
    """Nobody arrives, or too few do: infinity."""
    for times, arrived in (([3, 4], [0, 0]), ([1, 9, 9, 9], [1, 0, 0, 0])):
        found = median_wait(np.array(times), np.array(arrived, bool))
        assert np.isinf(found), (
            f"no more than half are known to arrive, yet you say {found}"
        )


# %% tags=["hidden"] points=1
def test_at_the_same_time(median_wait):
    """Ties: two arrive at 5 while a third is lost at 5, who still counts."""
    found = median_wait(np.array([5, 5, 5, 7, 8]), np.array([1, 1, 0, 1, 1], bool))
    assert found == 7, f"S is 3/5 at 5 and 3/10 at 7; not {found}"
    found = median_wait(np.array([5, 5, 7, 8]), np.ones(4, bool))
    assert found == 5, f"S is exactly one half at 5; not {found}"


# %% tags=["hidden"] points=1
def test_many(median_wait):
    """Random arrivals and losses, step by step by the definition."""
    rng = np.random.default_rng(101)
    for _ in range(30):
        n = rng.integers(5, 40)
        end, ready = rng.integers(1, 30, n), rng.integers(1, 30, n)
        times, arrived = np.minimum(end, ready), ready <= end
        left, expected = 1.0, np.inf
        for t in range(1, 31):
            watched = sum(times >= t)
            now = sum((times == t) & arrived)
            left *= 1 - now / watched if watched else 1
            if left <= 0.5 + 1e-9:
                expected = t
                break
        found = median_wait(times, arrived)
        assert found == expected, f"{expected}, not {found}"


# %% [markdown] question="unit_frequencies"
r"""
## 2. The frequency of every unit

The first layer's weights for the number $a$ are $W$ [units, p]: one row for each unit, one column for each number. Without its mean, a row is a sum of waves $\cos(2\pi k a/p + \phi)$ with $k = 1, \dots, \lfloor p/2 \rfloor$. Which is the strongest in each unit, and which share of the squared length of the row (without its mean) does it have?

For even $p$ the last wave, $k = p/2$, alternates and has one phase only; mind how it is counted. A row that is constant has no frequency: give it 0 and a share of 0. Where two waves are equally strong, take the slower.
"""


# %% tags=["solution"]
def unit_frequencies(weights):
    """The strongest frequency of each unit, and its share.

    weights: array [units, p], p at least 3
    returns: (frequencies, shares): an array [units] of whole numbers, and an array [units]
    """
    # BEGIN SOLUTION
    weights = np.asarray(weights, dtype=float)
    p = weights.shape[1]
    centred = weights - weights.mean(1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, axis=1)[:, 1:]) ** 2
    if p % 2 == 0:
        power[:, -1] /= 2
    total = power.sum(1)
    size = np.abs(weights).max(1) + 1e-300
    flat = np.abs(centred).max(1) <= 1e-12 * size
    shares = power / np.where(flat, 1, total)[:, None]
    best = (shares > shares.max(1, keepdims=True) - 1e-9).argmax(1)
    top = shares[np.arange(len(shares)), best]
    return np.where(flat, 0, best + 1), np.where(flat, 0.0, top)
    # END SOLUTION


# %% tags=["test"] points=1
def test_pure_waves(unit_frequencies):
    """Two cosines with phases and constants added."""
    a = np.arange(7)
    rows = [np.cos(2 * np.pi * 3 * a / 7 + 1) + 4, 2 * np.sin(2 * np.pi * a / 7)]
    k, share = unit_frequencies(np.array(rows))
    assert list(k) == [3, 1], f"frequencies 3 and 1, not {k}"
    assert np.allclose(share, 1), f"all of each row, not {share}"


# %% tags=["test"] points=1
def test_two_waves_in_a_unit(unit_frequencies):
    """Amplitudes 2 and 1: the first has 4/5 of the square."""
    a = np.arange(9)
    row = np.cos(2 * np.pi * 4 * a / 9) + 2 * np.cos(2 * np.pi * 2 * a / 9 + 0.3)
    k, share = unit_frequencies(row[None])
    assert (k[0], round(float(share[0]), 6)) == (2, 0.8), f"2 with 0.8, not {k}, {share}"


# %% tags=["hidden"] points=2
def test_an_even_table(unit_frequencies):
    """The alternating wave has length² p, a cosine of the same amplitude p/2."""
    a = np.arange(8)
    row = (-1.0) ** a + 1.2 * np.cos(2 * np.pi * a / 8)
    k, share = unit_frequencies(row[None])
    assert k[0] == 4, f"8 of 8 + 5.76 is the alternating wave's, yet you say {k[0]}"
    assert np.isclose(share[0], 8 / 13.76), f"8/13.76, not {share[0]}"


# %% tags=["hidden"] points=1
def test_constant_rows_and_equals(unit_frequencies):
    """No frequency without a wave; of two equals the slower; tiny and huge weights alike."""
    a = np.arange(11)
    both = np.cos(2 * np.pi * 2 * a / 11) + np.cos(2 * np.pi * 5 * a / 11)
    rows = np.array([np.full(11, 0.3), np.zeros(11), 1e-9 * both, 1e9 * both])
    k, share = unit_frequencies(rows)
    assert list(k) == [0, 0, 2, 2], f"0, 0, 2, 2, not {k}"
    assert np.allclose(share, [0, 0, 0.5, 0.5]), f"0, 0, ½, ½, not {share}"


# %% tags=["hidden"] points=1
def test_against_least_squares(unit_frequencies):
    """Random rows: the share is what a fit of one wave explains."""
    rng = np.random.default_rng(102)
    for p in (5, 8, 12, 37):
        rows, a = rng.normal(size=(6, p)), np.arange(p)
        k, share = unit_frequencies(rows)
        for row, own, said in zip(rows, k, share, strict=True):
            centred, explained = row - row.mean(), []
            for f in range(1, p // 2 + 1):
                waves = np.stack(
                    [np.cos(2 * np.pi * f * a / p), np.sin(2 * np.pi * f * a / p)], 1
                )
                fit = waves @ np.linalg.lstsq(waves, centred, rcond=None)[0]
                explained.append((fit**2).sum() / (centred**2).sum())
            assert own == 1 + np.argmax(explained), (
                f"p = {p}: {1 + np.argmax(explained)}, not {own}"
            )
            assert np.isclose(said, max(explained)), (
                f"p = {p}: {max(explained)}, not {said}"
            )


# %% [markdown] question="adding_network"
r"""
## 3. A network that adds and subtracts

Give weights of a network with one hidden layer of *square* units, without biases, whose outputs are exact. For the cell $(a, b)$ the input $x$ [2p] has a 1 at $a$ and one at $p + b$; the outputs are $V (W x)^2$, and output $c$ should be

$$\sum_{k} \cos\bigl( 2\pi k\, (a + s\, b - c)/p \bigr)$$

over the given frequencies $k$, where the sign $s$ is $+1$ for sums and $-1$ for differences. Use at most nine units for each frequency. (The chapter's proof says how for sums. Fewer than nine will do, if you see how.)
"""


# %% tags=["solution"]
def adding_network(p, frequencies, sign=1):
    """Weights of a network of squares that adds (sign 1) or subtracts (sign −1) modulo p.

    p:           the modulus, at least 3
    frequencies: whole numbers between 1 and p − 1, all different
    returns:     (W, V): arrays [units, 2p] and [p, units]
    """
    # BEGIN SOLUTION
    thirds, at = 2 * np.pi * np.arange(3) / 3, np.arange(p)
    first, second = [], []
    for k, one, other in itertools.product(frequencies, thirds, thirds):
        turn = 2 * np.pi * k * at / p
        first.append(np.concatenate([np.cos(turn + one), np.cos(sign * turn + other)]))
        second.append(2 / 9 * np.cos(turn + one + other))
    return np.array(first), np.array(second).T
    # END SOLUTION


# %% tags=["test"] points=1
def test_one_frequency(adding_network):
    """Modulo 5 with frequency 1, all 25 cells."""
    W, V = adding_network(5, [1])
    for a, b in zip(*np.divmod(np.arange(25), 5), strict=True):
        x = np.zeros(10)
        x[[a, 5 + b]] = 1
        expected = np.cos(2 * np.pi * (a + b - np.arange(5)) / 5)
        found = V @ (W @ x) ** 2
        assert np.allclose(found, expected), (
            f"{a} + {b}: {expected.round(3)}, not {found.round(3)}"
        )


# %% tags=["test"] points=1
def test_nine_units_at_most(adding_network):
    """Shapes, and the number of units."""
    W, V = adding_network(7, [1, 3])
    assert W.shape[1] == 14, f"two weights for each number, not {W.shape[1]} columns"
    assert V.shape == (7, len(W)), f"V is [7, units], not {V.shape}"
    assert len(W) <= 18, f"at most nine units for each frequency, not {len(W)} for two"


# %% tags=["hidden"] points=2
def test_sums(adding_network):
    """Several moduli, even ones too, and several frequencies, also beyond p/2."""
    for p, frequencies in (
        (3, [1]),
        (6, [1]),
        (8, [1, 3, 4]),
        (11, [2, 5]),
        (13, [9, 1, 6]),
    ):
        W, V = adding_network(p, frequencies)
        cells = np.stack(np.divmod(np.arange(p * p), p), 1)
        x = np.hstack([np.eye(p)[cells[:, 0]], np.eye(p)[cells[:, 1]]])
        away = cells.sum(1)[:, None] - np.arange(p)
        expected = sum(np.cos(2 * np.pi * k * away / p) for k in frequencies)
        found = (x @ W.T) ** 2 @ V.T
        off = np.abs(found - expected).max()
        assert off < 1e-8, f"modulo {p} with {frequencies}: off by up to {off:.2g}"


# %% tags=["hidden"] points=2
def test_differences(adding_network):
    """The same for a − b, where order matters."""
    for p, frequencies in ((5, [2]), (8, [1, 3]), (12, [1, 5, 6])):
        W, V = adding_network(p, frequencies, sign=-1)
        cells = np.stack(np.divmod(np.arange(p * p), p), 1)
        x = np.hstack([np.eye(p)[cells[:, 0]], np.eye(p)[cells[:, 1]]])
        away = (cells[:, 0] - cells[:, 1])[:, None] - np.arange(p)
        expected = sum(np.cos(2 * np.pi * k * away / p) for k in frequencies)
        off = np.abs((x @ W.T) ** 2 @ V.T - expected).max()
        assert off < 1e-8, f"a − b modulo {p}: off by up to {off:.2g}"


# %% tags=["hidden"] points=1
def test_it_stays_small(adding_network):
    """Modulo 101 with five frequencies: at most 45 units, and every cell right."""
    W, V = adding_network(101, [1, 10, 30, 44, 50])
    assert len(W) <= 45, f"at most 45 units, not {len(W)}"
    a, b = np.divmod(np.arange(101**2), 101)
    outputs = (W[:, a] + W[:, 101 + b]) ** 2
    assert ((V @ outputs).argmax(0) == (a + b) % 101).all(), "some sums are wrong"


# %% [markdown] question="investigate" points=12
r"""
## Investigate: which tables can be understood?

The chapter has one table. `table(rule, share, seed)` makes others, modulo 23: `"a + b"`, `"a - b"`, `"a * b"`, `"a² + b²"`, `"a² + ab + b²"`, `"a³ + ab"`, `"symmetric"` (a random table with the answer to $(a, b)$ also at $(b, a)$) and `"random"`. `trained(rule, share, seeds)` trains networks on them, with one row for each seed and the columns `fit` and `found`, the steps until 99 % of the training cells and 90 % of the held-out cells are right (`nan` if never), and `accuracy`, in per cent, at the end.

1. **Predict** (before you run anything): Put the eight tables in the order in which you expect them to be found, and say for which you expect it never. For which will the held-out accuracy be above chance without the rule being found?
2. **Measure** all eight at three shares of the table or more, with five seeds or more. Report the median wait as in part 1, the share that arrived, and the accuracy at the end.
3. **Look inside.** For `"a + b"`, `"a - b"` and `"a * b"`: what do the units of part 2 look like, at the start and at the end? (The weights of a network are recorded if you ask for them. For products, number the columns by the powers of 5, which are all numbers modulo 23 but zero.)
4. **Answer**, in about 400 words and two figures: What must a table have so that this network understands it? What is the symmetric random table good for in this comparison? A colleague says: "The harder the formula, the longer the wait." Say what result would have proved you wrong, and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: eight tables, three shares, five seeds, waits with those that never arrived counted, chance stated | 3 |
| the figures can be read without the text: axes, units, legend, bands | 2 |
| the answers follow from the figures, and keep apart fitting, partial knowledge and the rule | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
P = 23
a, b = np.divmod(np.arange(P * P), P)
RULES = {
    "a + b": (a + b) % P,
    "a - b": (a - b) % P,
    "a * b": a * b % P,
    "a² + b²": (a**2 + b**2) % P,
    "a² + ab + b²": (a**2 + a * b + b**2) % P,
    "a³ + ab": (a**3 + a * b) % P,
}


def table(rule, share, seed=0):
    """A table of answers modulo 23 as a data set: a share of its cells to train on, the others to test."""
    rng = np.random.default_rng(seed)
    answers = rng.integers(P, size=(P, P))
    if rule == "symmetric":
        answers = np.triu(answers) + np.triu(answers, 1).T
    answers = RULES.get(rule, answers.ravel())
    x = np.hstack([np.eye(P)[a], np.eye(P)[b]])
    train, test = np.split(rng.permutation(P * P), [round(share * P * P)])
    sets = x[train], answers[train], x[test], answers[test]
    return data.Data(rule, *sets, f"{rule} modulo {P}", classes=P)


def trained(rule, share, seeds=range(5), steps=1500, **how):
    """Networks with one hidden layer of 128 ReLU units, one for each seed."""
    looks = np.unique(np.geomspace(1, steps, 60).astype(int)).tolist()
    settings = {"optimizer": "adamw", "lr": 0.01, "weight_decay": 1.0, "loss": "squared"}
    record = {"curves": looks} | dict(how.pop("record", {}))
    settings |= {"epochs": steps, "record": record} | how
    sets = {s: table(rule, share, s) for s in seeds}
    runs = sweep(mlp(128), sets, seed={s: s for s in sets}, **settings)
    for name, part, level in (("fit", "train", 0.01), ("found", "test", 0.1)):
        errors = np.stack(runs[f"curve_{part}_error"].to_list()) <= level
        times = np.array(looks)[errors.argmax(1)]
        runs[name] = np.where(errors.any(1), times, np.nan)
    return runs.assign(rule=rule, share=share, accuracy=100 * (1 - runs.test_error))


# %% tags=["solution"]
# BEGIN SOLUTION
every = [*RULES, "symmetric", "random"]
shares, steps = (0.5, 0.7, 0.9), 1500
runs = pd.concat([trained(rule, share) for rule in every for share in shares])
waits = {
    key: (
        median_wait(own.found.fillna(steps), own.found.notna()),
        own.found.notna().mean(),
        own.fit.median(),
        own.accuracy.mean(),
    )
    for key, own in runs.groupby(["rule", "share"], sort=False)
}
names = ["median wait", "arrived", "fit", "accuracy, %"]
pd.DataFrame(waits, index=names).T.round(2)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
for c, rule in enumerate(every):
    own = runs[runs.rule == rule].groupby("share").accuracy.agg(["mean", "std"])
    left.errorbar(own.index, own["mean"], own["std"], marker="o", color=f"C{c}", label=rule)
    wait = [waits[rule, share][0] for share in shares]
    right.plot(shares, wait, "o-", color=f"C{c}")
left.axhline(100 / P, color="gray", linestyle=":")
left.set(xlabel="share of the table", ylabel="held-out accuracy, % (dotted: chance)")
right.set(xlabel="share of the table", ylabel="median wait, steps", yscale="log")
fig.legend(loc="outside lower center", ncols=4)
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 3, figsize=(10, 3.3), sharey=True)
powers = [pow(5, i, P) for i in range(P - 1)]
for ax, rule in zip(axes, ("a + b", "a - b", "a * b"), strict=True):
    row = trained(rule, 0.7, [0], record={"weights": [0]}).iloc[0]
    for when, vector in (("start", row.weights[0]), ("end", row.weights[-1])):
        first = vector[: 128 * 2 * P].reshape(128, 2 * P)[:, :P]
        first = first[:, powers] if rule == "a * b" else first
        ax.hist(unit_frequencies(first)[1], np.linspace(0, 1, 21), alpha=0.6, label=when)
    ax.set(title=rule, xlabel="share of the strongest wave")
axes[0].set_ylabel("units")
axes[0].legend()
plt.show()
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* Sums and differences first and alike, since they differ only in the names of $b$; products next, which are sums of logarithms but for the row and the column of zero. Squares later, as they hide which of two numbers was meant. $a^2 + ab + b^2$ and $a^3 + ab$ never within the steps, the random tables never. The symmetric random table above chance, since mirrors are known.

*Finding.* (Numbers from two seeds; yours have five.) Every table is fitted within about fifty steps, the random ones too: fitting tells nothing. With a share of 0.7 of the table sums, differences and products are found after about 200 steps, in no order that the seeds agree on. The sum of squares is found *sooner*, after about 100, and with half of the table it has some 80 % of the held-out cells right where sums have less than a fifth. I was wrong there: with squares, $a$
and $-a$ are one name, so there are twelve names in place of 23 and four times as many examples for each pair of them. The two polynomials with mixed terms are not found with any share, and stay near the chance of 4.3 %. So do both random tables, and here I was wrong again: the *symmetric* one is not above chance, although half of its held-out cells or more have a mirror image that was trained on. Knowing that order does not matter is itself something to be understood, and nothing
rewards it where it does not help with the training cells.

*Inside.* At the start the strongest wave has about a quarter of a unit's weights, at the end more than nine tenths in the median, for sums and differences alike, and for products once the numbers are ordered by the powers of 5. In the order 1, 2, 3, … products have no such waves. The network has found logarithms, or rather: it never knew any other order.

*What a table needs* is that the answer is a sum of something of $a$ and something of $b$, on one circle. That is presumably why the two mixed polynomials fail: I know of no renaming of $a$, $b$ and the answers that makes them sums. *The colleague* is wrong: $a^2 + b^2$ is a harder formula than $a + b$ and comes sooner; $a \cdot b$ is as hard as one likes to think and comes as soon. What counts is not the formula but whether it has this form.

*What would have proved this wrong:* a mixed polynomial found, or products much later than sums. *Limits* (one is enough): one network, one rate and one weight decay, which were chosen for sums; 1,500 steps, so that "never" means "not yet"; one modulus; nothing about tables that are sums on two circles, such as those of other groups.
"""
