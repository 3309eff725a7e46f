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

The chapter {doc}`/notebooks/03_memorization` asks when and why training memorizes. Here you ask it of one example at a time. The most direct answer is counterfactual: leave the example out, train again, and ask the model about
it. Its *memorization* {cite:p}`feldman2020` is how much more often its label is given with it than without it,

$$\operatorname{mem}(i) = \Pr[f_S(x_i) = y_i] - \Pr[f_{S \setminus i}(x_i) = y_i] .$$

You estimate it from models that were trained anyway, compute what an example's label loses exactly where that is possible, and then try to hide from both. Whatever is needed beyond the chapter is introduced where it is used.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | estimate memorization from models trained on random subsets | 6 | 30 min |
| 2 | leave out any group of examples, exactly and without training again | 7 | 35 min |
| 3 | find the groups of examples that are nearly the same | 5 | 15 min |
| 4 | *Investigate*: can a memorized example hide behind its copy? | 12 | 2½ h |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
shapes and other numbers, and check what the text promises. Part 4 is read by a person, with the rubric that you find there. All computing takes a few minutes.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
import torch
from matplotlib import pyplot as plt

from overparam import data, figures, mlp, predictions, sweep
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

A *kernel machine* is a linear model in features that enter only through a function $k(x, x')$: how similar are two inputs? Of all its functions that take the values $Y$ exactly on the training inputs $X$, the one of smallest norm is its *interpolant*,
$f(x) = k(x, X)\, A\, Y$ with $A = K^{-1}$ and $K = k(X, X)$: one linear solve in place of training (chapter 2, {ref}`rand-linear`).

To ask about each example the machine that was trained on all *others* is called *leave-one-out*. More generally, let $G$ be a group of examples. The interpolant of the examples that are *not* in $G$ gives to the members of $G$

$$f_{-G}(X_G) = Y_G - (A_{GG})^{-1} (A\, Y)_G ,$$

where $A_{GG}$ is the block of $A$ that belongs to the group.

*Why?* $AY$ holds the coefficients of the interpolant. Keep the other labels and give $G$ such labels $\tilde Y_G$ that the coefficients of $G$ are zero. That is an interpolant of the others without any part from $G$, hence the machine trained without $G$,
and its values on $G$ are $\tilde Y_G$. The coefficients of $G$ fell from $(AY)_G$ to zero, so $A_{GG} (\tilde Y_G - Y_G) = -(AY)_G$.

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
A group is all that can be reached from one of its members over links, however long the chain. Number the groups in any way. (These are the *connected components* of a graph. You may take a library's function for them.)
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

A training set of 400 digits is interpolated, so every label in it is given, right or wrong. Two kinds of its members get little help from the rest: 20 *wrong* ones, whose labels were changed, and 20 *rare* ones, whose labels are
right but which lie among digits of other classes (their nearest neighbour of their own class is far, compared with that of another). Auditors use memorization to find wrong labels, and private data. Now each of these 40 gets *copies*: the same label and
the same picture, with a little pixel noise. They are as wrong or as rare as before, and the model stores them twice. What does memorization say? `problem` makes such a training set. Distances and radii are given in
units of `unit`, the typical distance of a digit to its nearest neighbour; *close* is 0.1 of it.

**Two quantities.** Part 1 estimates how often a label *is given*: $\operatorname{mem}(i)$. For a single interpolant take the *loss of value* $1 - f_{-G}(x_i)_{y_i}$: with the example the output of its class is exactly 1, and without its group it is
$f_{-G}(x_i)_{y_i}$. The second is larger for ordinary digits: without the example that output is perhaps 0.8, a loss of 0.2, and still the largest of the ten. (Subsets of 70 % add a little to the difference: their models know fewer examples.) So compare each quantity with itself, and do not mix them in a figure.

1. **Predict**, before you run anything. (a) The loss of value of a wrong example by leave-one-out, if it has one copy at distance 0.1, 0.5 and 1. (b) Its memorization as estimated in part 1, if every model gets a random 70 % of the examples, for 0, 1, 2 and 4 close copies: is there
   a formula? (c) Of a training set with one close copy of each of the 40, the half with the least loss of value by leave-one-out is deleted. Which labels does a machine trained on the other half give to the wrong ones, to the rare ones, and how often is it right about new digits?
2. **Measure** (a) and (b), for the wrong and the rare ones and for the others. Without copies, put both quantities side by side for the three kinds.
3. **Audit.** Rank all examples by loss of value and look at as many as there are wrong ones, copies included: which share of these is wrong (the *precision*)? What are the rest? Compare no copies with one copy at distance 0.3, and leave-one-out with leaving out the groups of
   `groups_within`, for radii from 0 to 1.6. (Take none that equals the distance of the copies: there rounding decides who is linked.) Which radius would you take, if nobody had told you that distance? What goes wrong at too large ones?
4. **Delete** half of a training set with one close copy of each of the 40, in three ways: the half with the least loss of value by leave-one-out *at once*; *one at a time*, always the example with the least loss of value in what is then left; and at random. Train on what is left, and measure which share of the 20 wrong pictures gets its
   wrong label and which its true one, which share of the 20 rare ones gets its label, and which share of the new digits is right. Compare with the whole training set.
5. **A network.** `network_answers` trains 100 small networks on random 70 % of the examples. Does (b) carry over to them?
6. **Answer**, in about 400 words and two or three figures. What does a memorization near zero tell you about an example, and what not? A colleague deletes from a data set all that has little memorization, "because it is redundant, and accuracy does not suffer". Another says of a
   patient's record with little memorization: "It is safe, the model has not memorized it." Where is each of them right, and where wrong? Say what result would have proved you wrong, and one thing that your experiment cannot tell.

Use at least five training sets (seeds) for steps 2 to 4, and one or more for step 5. `ranked` breaks ties at random: a stable sort would keep equal examples in the order of the rows, and the wrong ones come first.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: several distances and numbers of copies, the audit at several radii, all three deletions, the network; at least five training sets with their spread | 3 |
| the figures can be read without the text: axes, units, legend, bands | 2 |
| the answers follow from the figures: a small value is read as *replaceable*, not as *not stored*; the deletion is judged on the rare and the wrong ones and not by its average alone; the choice of the radius uses nothing that an auditor would not know | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
digits = data.digits()
pictures, true_labels = digits.x.flatten(1).double().numpy(), digits.y.numpy()
new_pictures, new_labels = digits.x_test.flatten(1).double().numpy(), digits.y_test.numpy()
bandwidth = kernels.median_distance(digits.x) / 2


def distances(x):
    """Euclidean distances [n, n] of different examples; infinite from an example to itself."""
    return np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1)) + np.diag(np.full(len(x), np.inf))


unit = np.median(distances(pictures[:400]).min(1))  # from a digit to its nearest of 400


def problem(seed, copies=0, distance=0.3):
    """A training set (x, labels, true, kind): 400 digits, and copies of the first 40 at a distance in units of `unit`.

    The first 20 are "wrong", the next 20 "rare", then 360 "other"; after them come the copies, of the same kind and label.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(true_labels))[:400]
    x, true = pictures[chosen], true_labels[chosen]
    apart, same = distances(x), true[:, None] == true
    rarity = np.where(same, apart, np.inf).min(1) / np.where(same, np.inf, apart).min(1)
    common, rare = np.split(np.argsort(rarity), [380])
    common = rng.permutation(common)
    order = np.concatenate([common[:20], rare, common[20:]])
    x, true = x[order], true[order]
    labels = true.copy()
    labels[:20] = (labels[:20] + rng.integers(1, 10, 20)) % 10
    own = np.concatenate(
        [np.arange(400), np.tile(np.arange(40), copies)]
    )  # whose copy it is
    steps = rng.standard_normal((40 * copies, x.shape[1]))
    steps *= distance * unit / np.linalg.norm(steps, axis=1, keepdims=True)
    x = np.concatenate([x, x[own[400:]] + steps])
    kind = np.select([own < 20, own < 40], ["wrong", "rare"], "other")
    return x, labels[own], true[own], kind


def kernel_of(x, others=None):
    """The Gaussian kernel [n, m] between some pictures and others (or themselves)."""
    x, others = torch.as_tensor(x), torch.as_tensor(x if others is None else others)
    return kernels.gaussian_kernel(x, others, bandwidth).numpy()


def ranked(values, seed=0):
    """Indices from the largest value to the smallest; equal values in random order."""
    return np.lexsort((np.random.default_rng(seed).random(len(values)), -values))


def kernel_answers(kernel, labels, included):
    """Which labels are given [models, n] by interpolants of subsets: included [models, n]."""
    targets = np.eye(10)[labels]
    outputs = [
        kernel[:, own] @ np.linalg.solve(kernel[np.ix_(own, own)], targets[own])
        for own in map(np.flatnonzero, included)
    ]
    return np.array(outputs).argmax(-1) == labels


def network_answers(x, labels, models=100, epochs=60):
    """Networks trained on random 70 % of the examples: (correct, included), both [models, n]."""
    examples = data.Data("digits", x, labels, x, labels, "asked about themselves", 10)
    n = round(0.7 * len(labels))
    settings = {"n": n, "lr": 0.1, "momentum": 0.9, "batch_size": 32, "epochs": epochs}
    runs = sweep(
        mlp(64, 1), examples, data_seed=range(models), record=["predictions"], **settings
    )
    outputs = predictions(runs, "data_seed").reshape(models, len(labels), 10)
    included = np.zeros((models, len(labels)), dtype=bool)
    for model in range(models):
        included[model, data.subset(examples, n, model)] = True
    return outputs.argmax(-1) == labels, included


# %% tags=["solution"]
# BEGIN SOLUTION
seeds, numbers = range(6), (0, 1, 2, 4)


def lost(kernel, labels, groups):
    """What the value of each label loses when its group is left out."""
    left = leave_out(kernel, np.eye(10)[labels], groups)
    return 1 - left[np.arange(len(labels)), labels]


def by_kind(values, kind):
    """The mean over each kind of example."""
    return pd.Series(values).groupby(kind).mean()


alone, subsets = {}, {}
for seed in seeds:
    for copies in numbers:
        for distance in (0.1, 0.3, 0.5, 1.0, 1.5, 2.0) if copies else (0,):
            x, labels, _, kind = problem(seed, copies, distance)
            everybody = np.arange(len(labels))
            alone[copies, distance, seed] = by_kind(
                lost(kernel_of(x), labels, everybody), kind
            )
        x, labels, _, kind = problem(seed, copies, 0.1)
        included = np.random.default_rng(seed).random((40, len(labels))) < 0.7
        correct = kernel_answers(kernel_of(x), labels, included)
        subsets[copies, seed] = by_kind(memorization(correct, included)[0], kind)
alone = pd.DataFrame(alone).T.rename_axis(["copies", "distance", "seed"])
subsets = pd.DataFrame(subsets).T.rename_axis(["copies", "seed"])
no_copies = alone.xs(0, level="copies").droplevel("distance")
side_by_side = pd.concat(
    {"loss of value": no_copies, "memorization": subsets.loc[0]}, names=["quantity"]
)
side_by_side.groupby("quantity").agg(["mean", "std"]).round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
networks = {}
for copies in (0, 1, 2):
    for seed in seeds:
        x, labels, _, kind = problem(seed, copies, 0.1)
        values, _ = memorization(*network_answers(x, labels))
        networks[copies, seed] = by_kind(values, kind)
networks = pd.DataFrame(networks).T.rename_axis(["copies", "seed"])
both = pd.concat({"kernel": subsets, "network": networks}, names=["model"])
both.groupby(["model", "copies"]).agg(["mean", "std"]).round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
radii = (0, 0.15, 0.35, 0.5, 0.7, 0.9, 1.1, 1.25, 1.4, 1.6)
rows = []
for copies in (0, 1):
    for seed in seeds:
        x, labels, _, kind = problem(seed, copies, 0.3)
        kernel = kernel_of(x)
        for radius in radii:
            groups = groups_within(x, radius * unit)
            top = kind[
                ranked(lost(kernel, labels, groups), seed)[: (kind == "wrong").sum()]
            ]
            largest = np.unique(groups, return_counts=True)[1].max()
            row = (np.mean(top == "wrong"), np.mean(top == "rare"), largest)
            rows.append((copies, seed, radius, *row))
columns = ["copies", "seed", "radius", "wrong", "rare", "largest group"]
audit = pd.DataFrame(rows, columns=columns)
audit.drop(columns="seed").groupby(["copies", "radius"]).mean().unstack(0).round(2)
# END SOLUTION


# %% tags=["solution"]
# BEGIN SOLUTION
def one_at_a_time(kernel, labels):
    """The half that is left if the example with the least loss of value goes, again and again."""
    left = np.arange(len(labels))
    for _ in range(len(labels) // 2):
        value = lost(kernel[np.ix_(left, left)], labels[left], np.arange(len(left)))
        left = np.delete(left, ranked(value)[-1])
    return left


def trained_on(own, x, labels, true):
    """What the interpolant of some of the examples says about the wrong, the rare and new digits."""
    targets = np.linalg.solve(kernel_of(x[own]), np.eye(10)[labels[own]])
    given = (kernel_of(x[:40], x[own]) @ targets).argmax(1)
    new = (kernel_of(new_pictures, x[own]) @ targets).argmax(1)
    return {
        "wrong: label as given": np.mean(given[:20] == labels[:20]),
        "wrong: true label": np.mean(given[:20] == true[:20]),
        "rare: label": np.mean(given[20:] == labels[20:40]),
        "new digits right": np.mean(new == new_labels),
    }


rows = {}
for seed in seeds:
    x, labels, true, _ = problem(seed, 1, 0.1)
    n, kernel = len(labels), kernel_of(x)
    kept = {
        "all": np.arange(n),
        "at once": ranked(lost(kernel, labels, np.arange(n)), seed)[: n - n // 2],
        "one at a time": one_at_a_time(kernel, labels),
        "at random": np.random.default_rng(seed).permutation(n)[: n - n // 2],
    }
    for how, own in kept.items():
        rows[how, seed] = trained_on(own, x, labels, true)
deleted = pd.DataFrame(rows).T.rename_axis(["deleted", "seed"])
deleted.groupby("deleted", sort=False).agg(["mean", "std"]).round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.8))


def draw(ax, table, label, **style):
    """Means over training sets with their standard deviations."""
    found = table.agg(["mean", "std"])
    ax.errorbar(found.index, found["mean"], found["std"], capsize=2, label=label, **style)


for copies, rows in alone.drop(index=0, level="copies").groupby("copies"):
    name = f"{copies} cop{'y' if copies == 1 else 'ies'}"
    draw(left, rows.wrong.groupby("distance"), name, marker="o")
left.axhline(no_copies.wrong.mean(), color="gray", linestyle=":", label="no copy")
left.set_xlabel("distance of copies / nearest neighbour")
left.set_ylabel("loss of value of wrong examples")
for name, table in (("kernel machines", subsets), ("networks", networks)):
    draw(middle, table.wrong.groupby("copies"), name, marker="o", linestyle="")
middle.plot(
    numbers, 0.3 ** np.array(numbers), ":", color="gray", label="0.3 to the power of copies"
)
middle.set(xlabel="close copies", ylabel="memorization of wrong examples", yscale="log")
for copies, rows in audit.groupby("copies"):
    name = "no copies" if copies == 0 else "one copy at 0.3"
    draw(right, rows.groupby("radius").wrong, name, marker="o")
right.set_xlabel("radius of groups / nearest neighbour")
right.set(ylabel="precision of the audit", ylim=(-0.05, 1.02))
for ax in (left, middle, right):
    ax.legend()
plt.show()
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer** (longer than asked; numbers are means over six training sets). *Prediction.* Leave one of two copies out, and the other still says what the label is. So leave-one-out should give nearly 0 for close copies, and rise to its old value as they move apart. With random 70 % of the
examples there is something left to see only if all copies happen to be out: with $k$ of them memorization should be $0.3^k$ times what it is without. Deleted at once, both copies go, each on account of the other: wrong and rare labels should be lost alike.

*Measured.* Without copies the wrong examples lose 0.98 of their value, the rare ones 0.6, the others 0.16; memorization is 1.0, 0.47 and 0.04, since most labels that lose value would still be given. One copy at distance 0.1 brings the loss of value of wrong examples to 0.01, at 1 to about 0.45, and more
copies to less. Memorization follows $0.3^k$: 0.31, 0.10 and 0.01 for wrong examples with one, two and four copies, and 0.15, 0.04 and 0.00 for rare ones, which started lower. So the two quantities disagree about copies for a second reason: they ask about other training sets, *all others* against *a random share of the others*.

*Audit.* Without copies about 83 % of those at the top are wrong, and half of the rest are rare ones, which look the same. With one copy *none* of them is: those that are wrong twice are exactly those that the audit passes over. Leaving out groups brings the precision back as soon as the radius exceeds the distance of the copies,
and costs nothing up to about one typical distance of neighbours. Beyond that chains join whole regions of digits, correct ones are left without any relatives, and the precision falls towards that of guessing. An auditor who knows nothing of the copies can watch the largest group, which needs no labels: 2 at radius 0.5, 15 at 0.9, more than 150 at 1.4. Any radius before it begins to grow will do.

*Deletion.* At once, accuracy on new digits does not suffer: it *rises*, from 95 to 97 %, because all wrong labels are forgotten (1 % of the wrong pictures get their wrong label, against 100 %). But only about half of the rare ones still get their label, against all of them: the average does not show it, as
there are few of their kind among new digits. One at a time, all wrong and all rare labels survive, and accuracy on new digits is within half a point of that of the whole set, with half of the examples; deleting at random costs three points, a quarter of the wrong labels and a tenth of the rare ones.

*A network* behaves in the same way: 0.97, 0.27 and 0.08 for the wrong examples. Ordinary digits are memorized twice as much by it (0.09 against 0.04). (Who also trains networks on what the deletions leave finds the same: after that at once they give 55 % of the rare labels, and accuracy on new digits rises from 90 to 94 %.)

*The colleagues.* Memorization near 0 says that an example is *replaceable*: its label would be given without it, because it follows from what is common to many, or because it is stored twice. The first is right about the average, and about deleting one example at a time. He is wrong that what goes at once is redundant: of two copies, each is redundant only as long as the other stays.
Whether that does good (wrong labels) or harm (rare ones) memorization cannot say. The second is right that the model would give the same answer without this record, and wrong that it has not memorized: the record that came twice is stored as exactly as any.

*What would have proved this wrong:* a loss of value that stays near 1 at distance 0.1; an audit that finds the copied examples without groups; rare labels that survive the deletion at once. *Limits* (one is enough): pixel noise is a crude kind of copy, while real ones are turned, cropped, or the same patient a year later, for whom this distance may be the wrong one;
copies may have different labels; 1,000 digits in all, so that the training sets share many; small machines and networks on small pictures.
"""
