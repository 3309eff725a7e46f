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
# Assignment 3: How much of it is memorized, one example at a time

The chapter {doc}`/notebooks/03_memorization` shows when networks memorize. Which examples do they memorize? The most direct answer is counterfactual: leave the example out, train again, and ask the model about
it. Its *memorization* {cite:p}`feldman2020` is how much more often its label is given with it than without it,

$$\operatorname{mem}(i) = \Pr[f_S(x_i) = y_i] - \Pr[f_{S \setminus i}(x_i) = y_i] .$$

Here you estimate it from models that were trained anyway, compute it exactly where that is possible, and then try to hide from it.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | estimate memorization from models trained on random subsets | 6 | 35 min |
| 2 | leave out any group of examples, exactly and without training again | 7 | 45 min |
| 3 | find the groups of examples that are nearly the same | 5 | 25 min |
| 4 | *Investigate*: can a memorized example hide behind its copy? | 12 | 90 min |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
shapes and other numbers, and check what the text promises. Part 4 is read by a person, with the rubric that you find there.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
import torch
from matplotlib import pyplot as plt

from overparam import data, figures
from overparam.theory import kernels

figures.style()

# %% [markdown] question="memorization"
r"""
## 1. From models that were trained anyway

Leaving out each of $n$ examples in turn takes $n$ trainings. Instead train $M$ models, each on a random subset, and compare, for each example, those that had it with those that had not. `included[m, i]` says
whether model $m$ was trained with example $i$, and `correct[m, i]` whether it gives that example's label. Return for each example the difference of the two means, and its standard error

$$\sqrt{\frac{s_1^2}{M_1} + \frac{s_0^2}{M_0}} ,$$

where $s_1^2$ is the variance of `correct` among the $M_1$ models that had it (divide by $M_1 - 1$), $s_0^2$ that among the $M_0$ others. The value needs at least one model on either side, the error at least two; where there are fewer it is `nan`,
and no exception: an example that nobody left out has *no known* memorization, which is not the same as none.
"""


# %% tags=["solution"]
def memorization(correct, included):
    """Each example's memorization and its standard error, from models trained on random subsets.

    correct:  array [models, n] of True and False (or 1 and 0): is the example's label given?
    included: array [models, n] of True and False (or 1 and 0): was the example in the training set?
    returns:  (values, errors), two arrays [n]; nan where there are too few models
    """
    # BEGIN SOLUTION
    correct, included = np.asarray(correct, dtype=float), np.asarray(included, dtype=bool)
    means, variances = [], []
    with np.errstate(divide="ignore", invalid="ignore"):
        for side in (included, ~included):
            count = side.sum(axis=0)
            mean = np.where(side, correct, 0).sum(axis=0) / count
            squares = np.where(side, (correct - mean) ** 2, 0).sum(axis=0)
            means.append(mean)
            variances.append(squares / (count - 1) / count)
    errors = np.where(variances[0] + variances[1] >= 0, variances[0] + variances[1], np.nan)
    return means[0] - means[1], np.sqrt(errors)
    # END SOLUTION


# %% tags=["test"] points=1
def test_two_examples_by_hand(memorization):
    """The first is right only where it was included; the second always."""
    included = np.array([[1, 1], [1, 0], [0, 1], [0, 0]]).astype(bool)
    correct = np.array([[1, 1], [1, 1], [0, 1], [1, 1]]).astype(bool)
    values, errors = memorization(correct, included)
    assert np.allclose(values, [0.5, 0]), f"memorization is (0.5, 0), not {values}"
    assert np.allclose(errors, [0.5, 0]), f"the standard errors are (0.5, 0), not {errors}"


# %% tags=["test"] points=1
def test_what_is_not_known(memorization):
    """An example that every model had has no known memorization; one left out once has one, and no error."""
    included = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 1]]).astype(bool)
    values, errors = memorization(np.ones((3, 3), dtype=bool), included)
    assert np.isnan(values[0]), f"nobody left example 0 out: nan, not {values[0]}"
    assert np.array_equal(values[1:], [0, 0]), f"examples 1 and 2 have 0, not {values[1:]}"
    assert np.all(np.isnan(errors)), (
        f"one model on a side gives no error: nan, not {errors}"
    )


# %% tags=["hidden"] points=2
def test_any_models(memorization):
    """Random models and subsets of unequal size, as booleans and as numbers."""
    rng = np.random.default_rng(31)
    for models, n, share in ((9, 4, 0.5), (40, 6, 0.7), (25, 3, 0.3)):
        included = rng.random((models, n)) < share
        included[:2], included[2:4] = True, False
        correct = rng.random((models, n)) < 0.3 + 0.5 * included
        for kind in (bool, int, float):
            values, errors = memorization(correct.astype(kind), included.astype(kind))
            for i in range(n):
                a, b = correct[included[:, i], i], correct[~included[:, i], i]
                assert np.isclose(values[i], a.mean() - b.mean()), (
                    f"{models} models: {a.mean() - b.mean():.3f}, not {values[i]:.3f}"
                )
                error = np.sqrt(np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b))
                assert np.isclose(errors[i], error), (
                    f"its error is {error:.3f}, not {errors[i]:.3f}"
                )


# %% tags=["hidden"] points=1
def test_the_error_is_right(memorization):
    """Over 2,000 equal examples the values spread as much as the errors say."""
    rng = np.random.default_rng(32)
    included = rng.random((60, 2_000)) < 0.7
    values, errors = memorization(rng.random((60, 2_000)) < 0.2 + 0.6 * included, included)
    assert abs(np.mean(values) - 0.6) < 0.02, f"the mean is 0.6, not {np.mean(values):.3f}"
    assert abs(np.std(values) / np.sqrt(np.mean(errors**2)) - 1) < 0.08, (
        f"values spread by {np.std(values):.3f}, the errors say {np.sqrt(np.mean(errors**2)):.3f}"
    )


# %% tags=["hidden"] points=1
def test_one_unknown_spoils_no_other(memorization):
    """Where one example was never included and another never left out, the rest is as before."""
    rng = np.random.default_rng(33)
    included, correct = rng.random((20, 5)) < 0.5, rng.random((20, 5)) < 0.5
    before = np.array(memorization(correct, included))
    included[:, 1], included[:, 3] = False, True
    after = np.array(memorization(correct, included))
    assert np.all(np.isnan(after[:, [1, 3]])), "examples 1 and 3 are not known"
    assert np.allclose(after[:, [0, 2, 4]], before[:, [0, 2, 4]]), "the others have changed"


# %% [markdown] question="leave_out"
r"""
## 2. Leave out a group, exactly

For a kernel machine that interpolates, no training is needed at all. With all examples its values are $f(x) = k(x, X) K^{-1} Y$. Let $G$ be a group of examples and $A = K^{-1}$. The machine that was trained
*without the whole group* gives to its members

$$f_{-G}(X_G) = Y_G - (A_{GG})^{-1} (A\, Y)_G ,$$

where $A_{GG}$ is the block of $A$ that belongs to the group. (Show it: the machine without $G$ is the one with all examples in which the labels of $G$ are such that their coefficients are zero.)

`groups` gives every example the number of its group. Return for each example the value given to it by the machine that was trained without its group. If every example is its own group, this is leave-one-out.
"""


# %% tags=["solution"]
def leave_out(kernel, y, groups):
    """The values that examples get from the interpolant trained without their own group.

    kernel:  array [n, n], symmetric and positive definite
    y:       array [n, outputs]
    groups:  array [n] of integers, any; equal ones are a group
    returns: array [n, outputs]
    """
    # BEGIN SOLUTION
    y, groups = np.asarray(y, dtype=float), np.asarray(groups)
    inverse = np.linalg.inv(kernel)
    coefficients, out = inverse @ y, np.empty(y.shape)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        out[own] = y[own] - np.linalg.solve(inverse[np.ix_(own, own)], coefficients[own])
    return out
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_neighbour_by_hand(leave_out):
    """Two examples with kernel ½ between them: each gets half of the other's label."""
    kernel = np.array([[1.0, 0.5], [0.5, 1.0]])
    found = leave_out(kernel, np.array([[1.0], [4.0]]), np.array([0, 1]))
    assert np.shape(found) == (2, 1), (
        f"one value for each example and output, not {np.shape(found)}"
    )
    assert np.allclose(np.ravel(found), [2, 0.5]), (
        f"they get 2 and 0.5, not {np.ravel(found)}"
    )


# %% tags=["test"] points=1
def test_nothing_left(leave_out):
    """If all are left out at once, nothing is known: all values are 0."""
    kernel = np.array([[1.0, 0.5], [0.5, 1.0]])
    found = leave_out(kernel, np.array([[1.0], [4.0]]), np.array([7, 7]))
    assert np.allclose(found, 0), (
        f"without any training example the values are 0, not {np.ravel(found)}"
    )


# %% tags=["hidden"] points=2
def test_one_at_a_time(leave_out):
    """Leave-one-out equals training again, with several outputs."""
    rng = np.random.default_rng(34)
    root = rng.standard_normal((9, 12))
    kernel, y = root @ root.T, rng.standard_normal((9, 3))
    found = np.asarray(leave_out(kernel, y, rng.permutation(9)))
    for i in range(9):
        rest = np.delete(np.arange(9), i)
        expected = kernel[i, rest] @ np.linalg.solve(kernel[np.ix_(rest, rest)], y[rest])
        assert np.allclose(found[i], expected, atol=1e-6), (
            f"trained without example {i} it is another value"
        )


# %% tags=["hidden"] points=3
def test_groups_of_any_shape(leave_out):
    """Groups of several sizes, with any numbers and in any order, equal training again."""
    rng = np.random.default_rng(35)
    x = rng.standard_normal((14, 2))
    kernel = np.exp(-((x[:, None] - x[None]) ** 2).sum(-1))
    y = rng.standard_normal((14, 2))
    for groups in (
        rng.integers(3, size=14),
        rng.choice([-5, 2, 40, 41], 14),
        np.arange(14) // 4,
    ):
        found = np.asarray(leave_out(kernel, y, groups))
        for group in set(groups.tolist()):
            out, rest = np.flatnonzero(groups == group), np.flatnonzero(groups != group)
            expected = kernel[np.ix_(out, rest)] @ np.linalg.solve(
                kernel[np.ix_(rest, rest)], y[rest]
            )
            assert np.allclose(found[out], expected, atol=1e-5), (
                f"groups {groups.tolist()}: training without group {group} gives other values"
            )


# %% [markdown] question="groups_within"
r"""
## 3. Who belongs together?

Pictures of one object that were taken a second apart, a text that was copied, a patient who came twice: training sets hold examples that are nearly the same. Two examples are *linked* if their Euclidean distance is at most `radius`.
A group is all that can be reached from one of its members over links, however long the chain. Number the groups in any way.
"""


# %% tags=["solution"]
def groups_within(x, radius):
    """The groups of examples that hang together over distances of at most a radius.

    x:       array [n, features]
    radius:  a number
    returns: array [n] of integers, equal for two examples if and only if they belong together
    """
    # BEGIN SOLUTION
    x = np.asarray(x, dtype=float)
    linked = ((x[:, None] - x[None]) ** 2).sum(-1) <= radius**2
    groups = np.full(len(x), -1)
    for start in range(len(x)):
        if groups[start] >= 0:
            continue
        waiting = [start]
        groups[start] = start
        while waiting:
            new = np.flatnonzero(linked[waiting.pop()] & (groups < 0))
            groups[new] = start
            waiting += new.tolist()
    return groups
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_chain_by_hand(groups_within):
    """0, 1 and 2 hang together at radius 1, though 0 and 2 are farther apart; 10 is alone."""
    groups = np.asarray(groups_within(np.array([[2.0], [10.0], [0.0], [1.0]]), 1.0))
    assert groups.shape == (4,), f"one number for each example, not {groups.shape}"
    assert groups[0] == groups[2] == groups[3], f"0, 1 and 2 are a chain: {groups}"
    assert groups[1] != groups[0], f"10 is alone: {groups}"


# %% tags=["test"] points=1
def test_everybody_alone(groups_within):
    """At radius 0 only examples that coincide belong together."""
    groups = np.asarray(groups_within(np.array([[0.0, 1], [3, 1], [0, 1]]), 0))
    assert groups[0] == groups[2] != groups[1], f"the first and the last coincide: {groups}"


# %% tags=["hidden"] points=2
def test_against_powers_of_the_links(groups_within):
    """Random points in several dimensions and at several radii, long chains among them."""
    rng = np.random.default_rng(36)
    for n, dimensions, radius in ((40, 2, 0.5), (30, 1, 0.2), (25, 5, 2.0), (40, 2, 0.8)):
        x = rng.standard_normal((n, dimensions))
        linked = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1)) <= radius
        for _ in range(6):
            linked = linked @ linked
        groups = np.asarray(groups_within(x, radius))
        assert np.array_equal(groups[:, None] == groups[None], linked), (
            f"{n} points in {dimensions} dimensions at radius {radius}: other groups"
        )


# %% tags=["hidden"] points=1
def test_a_long_chain(groups_within):
    """A closed ring of 300 points in random order is one group; cut twice it is two."""
    rng = np.random.default_rng(37)
    angle = rng.permutation(300) * 2 * np.pi / 300
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    groups = np.asarray(groups_within(x, 0.022))
    assert len(set(groups.tolist())) == 1, "all points of the ring hang together"
    rest = np.abs(x[:, 0]) > 0.1
    assert len(set(np.asarray(groups_within(x[rest], 0.022)).tolist())) == 2


# %% [markdown] question="investigate" points=12
r"""
## Investigate: can a memorized example hide behind its copy?

A training set of 400 digits, 20 of them with a wrong label, is interpolated: every label is given, so the wrong ones are memorized, and their memorization is near 1. Auditors use that to find wrong labels, and private data. Now each wrong
example gets *copies* with the same wrong label: the same picture with a little pixel noise. They are as wrong as before, and more of the model's memory is spent on them. What does the measure say?

`problem` makes such a training set; distances are in units of the typical distance of a digit to its nearest neighbour. For an interpolant take $1 - f_{-G}(x_i)_{y_i}$, the value that its label loses when its group is left out, as memorization.

1. **Predict** (before you run anything): the memorization of a wrong example by leave-one-out, for one copy at distances 0.1, 0.5 and 1. And by your estimate of part 1, if every model gets a random 70 % of the examples, for 1, 2 and 4 close copies: is there a formula?
2. **Measure** both, over at least five training sets. `answers` trains the kernel machines on subsets.
3. **Audit.** Rank all examples by memorization and look at as many as there are wrong ones: which share of these is wrong (the *precision*)? Compare no copies with one copy at distance 0.3, and leave-one-out with leaving out the groups of `groups_within`, for
   several radii. Which radius would you take, if nobody had told you the distance of the copies? What goes wrong at too large ones?
4. **Answer**, in about 300 words and two figures: What does a memorization near zero tell you about an example, and what not? A colleague deletes from a data set all that has little memorization, "because it is redundant". Another says of a
   patient's record with little memorization: "It is safe, the model has not memorized it." Who is right? Say what result would have proved you wrong, and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: several distances and numbers of copies, both estimates, at least five training sets with their spread, the audit at several radii | 3 |
| the figures can be read without the text: axes, units, legend, bands | 2 |
| the answers follow from the figures; a small value is read as *replaceable*, not as *not stored*; the choice of the radius uses nothing that an auditor would not know | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
digits = data.digits()
pictures, truth = digits.x.flatten(1).double().numpy(), digits.y.numpy()
bandwidth = kernels.median_distance(digits.x) / 2
apart = np.sqrt(((pictures[:400, None] - pictures[None, :400]) ** 2).sum(-1))
unit = np.median((apart + 1e9 * np.eye(400)).min(1))  # a digit and its nearest of 400


def problem(seed, copies=0, distance=0.3):
    """Pictures, labels and which of them are wrong: 400 digits, 20 with wrong labels, and copies of these."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(truth))[:400]
    x, y = pictures[chosen], truth[chosen].copy()
    y[:20] = (y[:20] + rng.integers(1, 10, 20)) % 10
    for _ in range(copies):
        step = rng.standard_normal((20, x.shape[1]))
        step *= distance * unit / np.linalg.norm(step, axis=1, keepdims=True)
        x, y = np.concatenate([x, x[:20] + step]), np.concatenate([y, y[:20]])
    wrong = np.arange(len(y)) < 20
    wrong[400:] = True
    return x, y, wrong


def kernel_of(x):
    """The Gaussian kernel [n, n] of some pictures."""
    x = torch.as_tensor(x)
    return kernels.gaussian_kernel(x, x, bandwidth).numpy()


def answers(kernel, y, included):
    """Which labels are given [models, n] by kernel machines trained on subsets: included [models, n]."""
    labels = np.eye(10)[y]
    given = [
        kernel[:, own] @ np.linalg.solve(kernel[np.ix_(own, own)], labels[own])
        for own in map(np.flatnonzero, included)
    ]
    return np.array(given).argmax(-1) == y


# %% tags=["solution"]
# BEGIN SOLUTION
def memorized(x, y, groups):
    """What each label loses when its group is left out."""
    left = leave_out(kernel_of(x), np.eye(10)[y], groups)
    return 1 - left[np.arange(len(y)), y]


seeds, distances = range(6), (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
alone = pd.DataFrame(
    [
        (copies, distance, seed, memorized(x, y, np.arange(len(y)))[:20].mean())
        for copies in (1, 2, 4)
        for distance in distances
        for seed in seeds
        for x, y, _ in [problem(seed, copies, distance)]
    ],
    columns=["copies", "distance", "seed", "memorization"],
)
no_copy = [memorized(*problem(seed)[:2], np.arange(400)) for seed in seeds]
means = {
    "wrong": np.mean([m[:20] for m in no_copy]),
    "others": np.mean([m[20:] for m in no_copy]),
}
print("without copies:", {name: round(float(mean), 2) for name, mean in means.items()})
subsets = []
for copies in (0, 1, 2, 4):
    for seed in seeds:
        x, y, _ = problem(seed, copies, 0.1)
        included = np.random.default_rng(seed).random((40, len(y))) < 0.7
        values, _ = memorization(answers(kernel_of(x), y, included), included)
        subsets.append((copies, seed, np.nanmean(values[:20])))
subsets = pd.DataFrame(subsets, columns=["copies", "seed", "memorization"])
subsets.groupby("copies").memorization.agg(["mean", "std"]).assign(
    formula=lambda t: 0.3**t.index
).round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
radii = (0, 0.1, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
rows = []
for copies in (0, 1):
    for seed in seeds:
        x, y, wrong = problem(seed, copies, 0.3)
        for radius in radii:
            groups = groups_within(x, radius * unit)
            top = np.argsort(-memorized(x, y, groups))[: wrong.sum()]
            rows.append(
                (copies, seed, radius, wrong[top].mean(), np.bincount(groups).max())
            )
audit = pd.DataFrame(
    rows, columns=["copies", "seed", "radius", "precision", "largest group"]
)
audit.groupby(["copies", "radius"])[["precision", "largest group"]].mean().unstack(0).round(
    2
)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
for copies, rows in alone.groupby("copies"):
    found = rows.groupby("distance").memorization.agg(["mean", "std"])
    axes[0].errorbar(
        found.index,
        found["mean"],
        found["std"],
        marker="o",
        capsize=2,
        label=f"{copies} cop{'y' if copies == 1 else 'ies'}",
    )
axes[0].axhline(means["wrong"], color="gray", linestyle=":", label="no copy")
axes[0].set(
    xlabel="distance of the copies / typical nearest neighbour",
    ylabel="memorization by leave-one-out",
)
axes[0].legend()
for copies, rows in audit.groupby("copies"):
    found = rows.groupby("radius").precision.agg(["mean", "std"])
    axes[1].errorbar(
        found.index,
        found["mean"],
        found["std"],
        marker="o",
        capsize=2,
        label="no copies" if copies == 0 else "one copy at 0.3",
    )
axes[1].set(
    xlabel="radius of groups / typical nearest neighbour",
    ylabel="precision of the audit",
    ylim=(0, 1.02),
)
axes[1].legend()
plt.show()
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* Leave one of two copies out, and the other still says what its label is. So leave-one-out should give nearly 0 for close copies, and rise to its old value as they move apart. With random 70 % of the examples there is something left to see only if all copies happen to be
out: with $k$ of them the estimate should be about $0.3^k$.

*Finding.* Both hold. Without copies the wrong examples have memorization 1. With a single copy at a tenth of the usual distance leave-one-out sees almost nothing; at the distance of an ordinary neighbour it sees a part, and less the more copies there are. The estimate from subsets
follows $0.3^k$ within its spread. So the two estimates of "the same" quantity disagree about copies, since they ask for different training sets: *all others* against *a random share of the others*.

*Audit.* Without copies about nine of ten of those at the top are wrong. One copy each, and *none* of them is: the examples that are wrong twice are exactly those that the audit passes over. Leaving out groups brings the precision back as soon as the radius exceeds the distance of the copies, and costs nothing up to about one
typical distance of neighbours. Beyond that chains join whole regions of digits, correct ones are left without any relatives, and the precision falls. An auditor who knows nothing of the copies can watch the largest group, which needs no labels: take a radius below the one at which groups begin to grow into
each other. Any radius in a wide range does.

*The colleagues.* Memorization near 0 says that an example is *replaceable*: its label would be given without it. That can be because it follows from what is common to many, or because it is stored twice. So the first colleague is nearly right, if he deletes one example at a time: delete all copies at once, each "redundant" on account of the other, and the
information is gone. The second is wrong: the record that came twice is stored as exactly as any, and the measure cannot see it.

*What would have proved this wrong:* a leave-one-out memorization that stays near 1 at distance 0.1; an audit that finds the copied examples without groups. *Limits* (one is enough): pixel noise is a crude kind of copy, while real ones are turned, cropped, or the same patient a year later, for whom this distance may be the wrong one; copies may
have different labels; a kernel that interpolates, and no network; the value that the label loses stands for a probability.
"""
