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

# %% [markdown] withheld=["overparam.measures", "overparam.report.claims", "overparam.report.intervals"]
r"""
# Assignment 1: Bias and variance without the truth

In the chapter {doc}`/notebooks/01_bias_variance` everything was measured against a truth that we knew. Here you build the estimator, put an error bar
on it, and then do without the truth. With what you have built you then ask a question that the chapter leaves open.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | split an error into bias² and variance | 6 | 30 min |
| 2 | give any such number an error bar | 5 | 25 min |
| 3 | do both with noisy labels and no truth | 7 | 40 min |
| 4 | *Investigate*: does a network walk along the U while it trains? | 12 | 90 min |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
shapes and other numbers, and check what the text promises. The package has functions for some of this in `overparam.measures` and
`overparam.claims`. Write your own: grading runs without these two. Part 4 is read by a person, with the rubric that you find there.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from overparam import data, figures, mlp, predictions, sweep

figures.style()

# %% [markdown] question="decompose"
r"""
## 1. The estimator

`predictions` holds what $S$ predictors, each from a training set of its own, say at some test points: row $s$ is $f(x; S_s)$. `target` is the true
value $f^*(x)$ at these points. Estimate at every point

$$\text{bias}^2 = (\mathbb E f - f^*)^2 \qquad\text{and}\qquad \text{variance} = \mathbb E\,(f - \mathbb E f)^2,$$

where $\mathbb E$ is over *all* training sets that could have been drawn, not over the few that were. Both estimates must be **unbiased**: averaged over
many repetitions of the whole experiment they give the true values, even with $S = 2$. So your bias² must sometimes be negative; do not clip it. With
fewer than two training sets nothing can be said: raise a `ValueError`.

*Think first:* $\bar f$, the mean of your $S$ predictions, is not $\mathbb E f$. By how much is $(\bar f - f^*)^2$ too large on average?
"""


# %% tags=["solution"]
def decompose(predictions, target):
    """Unbiased bias² and variance at every point.

    predictions: array [training sets, points], or [training sets, any, further, axes]
    target:      array [points], or [any, further, axes]: the true values
    returns:     (bias2, variance), two arrays of the shape of target
    """
    # BEGIN SOLUTION
    predictions, target = (
        np.asarray(predictions, dtype=float),
        np.asarray(target, dtype=float),
    )
    sets = len(predictions)
    if sets < 2:
        raise ValueError(
            f"A variance over training sets needs at least two of them; got {sets}."
        )
    variance = predictions.var(axis=0, ddof=1)
    return (predictions.mean(axis=0) - target) ** 2 - variance / sets, variance
    # END SOLUTION


# %% tags=["test"] points=1
def test_an_example_by_hand(decompose):
    """Two points, two training sets: predictions 1 and 3 where the truth is 0, and twice 0 where the truth is 1."""
    bias2, variance = decompose(np.array([[1.0, 0.0], [3.0, 0.0]]), np.array([0.0, 1.0]))
    assert np.allclose(variance, [2, 0]), (
        f"the variances are 2 and 0, not {variance}: divide by S - 1"
    )
    assert np.allclose(bias2, [3, 1]), (
        f"the squared biases are 3 and 1, not {bias2}: what does the mean of S fits add?"
    )


# %% tags=["test"] points=1
def test_shapes(decompose):
    """One number for each point, whatever the shape of the points."""
    rng = np.random.default_rng(0)
    for shape in ((7,), (3, 4)):
        parts = decompose(rng.standard_normal((5, *shape)), rng.standard_normal(shape))
        assert len(parts) == 2, "return two arrays: (bias2, variance)"
        assert [np.shape(part) for part in parts] == [shape, shape], (
            f"for a target of shape {shape} return two such arrays"
        )


# %% tags=["hidden"] points=2
def test_unbiased_with_few_training_sets(decompose):
    """Averaged over 40,000 points that repeat one experiment, both parts are right."""
    rng = np.random.default_rng(1701)
    for sets, bias, spread in ((2, 0.0, 1.0), (2, 0.7, 0.4), (3, -1.1, 2.0), (6, 0.3, 0.9)):
        fits = 0.5 + bias + spread * rng.standard_normal((sets, 40_000))
        bias2, variance = decompose(fits, np.full(40_000, 0.5))
        for part, truth in ((bias2, bias**2), (variance, spread**2)):
            margin = 0.02 * (1 + bias**2 + spread**2)
            assert abs(np.mean(part) - truth) < margin, (
                f"S = {sets}: mean {np.mean(part):.3f}, true {truth:.3f}"
            )


# %% tags=["hidden"] points=1
def test_negative_where_chance_has_it(decompose):
    """Without any bias, many of the estimates lie below zero."""
    fits = np.random.default_rng(5).standard_normal((8, 2_000))
    bias2, variance = decompose(fits, np.zeros(2_000))
    assert 0.4 < np.mean(np.asarray(bias2) < 0) < 0.85, (
        "an unbiased estimate of zero is often negative"
    )
    assert np.min(variance) >= 0


# %% tags=["hidden"] points=1
def test_too_few_training_sets(decompose):
    """One training set, or none, is refused with a ValueError."""
    for sets in (0, 1):
        try:
            decompose(np.ones((sets, 3)), np.ones(3))
        except ValueError:
            continue
        raise AssertionError(f"{sets} training sets must raise a ValueError")


# %% [markdown] question="jackknife"
r"""
## 2. An error bar

A bias² without an error bar is a rumour. The delete-one jackknife gives a standard error to any number $\theta$ that is computed from $S$ training sets:
compute it again without each of them in turn, $\theta_{(1)}, \dots, \theta_{(S)}$. Then

$$\mathrm{se}^2 = \frac{S - 1}{S} \sum_{s=1}^{S} \bigl(\theta_{(s)} - \bar\theta_{(\cdot)}\bigr)^2 ,
\qquad \bar\theta_{(\cdot)} = \frac1S \sum_s \theta_{(s)} .$$

What is left out is a *training set*, never a test point: the test points all hear of the same training sets and are no independent repetitions.
"""


# %% tags=["solution"]
def jackknife(statistic, predictions):
    """A statistic and its jackknife standard error over training sets.

    statistic:   a function that takes predictions [training sets, ...] and returns one number
    predictions: array [training sets, ...], at least two training sets (else a ValueError)
    returns:     (value, standard_error): the statistic of all training sets, and its error
    """
    # BEGIN SOLUTION
    predictions = np.asarray(predictions)
    sets = len(predictions)
    if sets < 2:
        raise ValueError(f"The jackknife needs at least two training sets; got {sets}.")
    without = np.array([statistic(np.delete(predictions, s, axis=0)) for s in range(sets)])
    return statistic(predictions), np.sqrt(
        (sets - 1) / sets * ((without - without.mean()) ** 2).sum()
    )
    # END SOLUTION


# %% tags=["test"] points=1
def test_the_mean(jackknife):
    """For the mean of n numbers the jackknife gives what every textbook gives: s/√n."""
    values = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    value, error = jackknife(np.mean, values)
    assert np.isclose(value, 2.8), f"the statistic of all training sets is 2.8, not {value}"
    assert np.isclose(error, np.std(values, ddof=1) / np.sqrt(5)), (
        f"the standard error is s/√n = 0.8, not {error:.3f}"
    )


# %% tags=["hidden"] points=1
def test_any_statistic(jackknife):
    """Statistics that are not linear, on predictions with several axes."""
    rng = np.random.default_rng(33)
    for n, statistic in (
        (4, np.median),
        (9, np.var),
        (12, lambda p: float(np.exp(p.mean()) + p.max())),
    ):
        values = rng.gamma(2.0, size=(n, 3, 2))
        value, error = jackknife(statistic, values)
        without = np.array([statistic(np.delete(values, i, axis=0)) for i in range(n)])
        expected = np.sqrt((n - 1) * np.var(without))
        assert np.isclose(value, statistic(values)), (
            f"the value is {statistic(values):.4f}, not {value:.4f}"
        )
        assert np.isclose(error, expected), (
            f"the standard error is {expected:.4f}, not {error:.4f}"
        )


# %% tags=["hidden"] points=2
def test_what_is_left_out(jackknife):
    """The statistic sees all training sets, and each time all but one; never fewer points."""
    seen = []
    values = np.random.default_rng(4).standard_normal((5, 3))

    def statistic(part):
        seen.append(np.array(part))
        return float(np.sum(part))

    jackknife(statistic, values)
    assert {part.shape for part in seen} <= {(5, 3), (4, 3)}, (
        "leave out whole training sets, one at a time"
    )
    left_out = {
        i
        for part in seen
        for i in range(5)
        if len(part) == 4 and np.array_equal(part, np.delete(values, i, 0))
    }
    assert left_out == set(range(5)), "every training set is left out once"


# %% tags=["hidden"] points=1
def test_one_training_set_has_no_error_bar(jackknife):
    """A single training set is refused with a ValueError."""
    try:
        jackknife(np.mean, np.ones((1, 4)))
    except ValueError:
        return
    raise AssertionError("one training set must raise a ValueError")


# %% [markdown] question="without_truth"
r"""
## 3. Without the truth

Outside of simulations nobody knows $f^*$. What we can get are *labels*, $y = f^*(x) + \varepsilon$, with noise of mean zero whose variance nobody knows
and which may differ from point to point. Put a label in the place of the truth, and all of its noise is counted as bias. But label every
point *several times*, independently, as several annotators would, and everything can be had: bias², variance and the noise $\sigma^2$, each without bias.

You get $R \ge 2$ labels for every point. Return the three parts, averaged over the points.

*Think first:* what is the expectation of $(\bar f - y_1)(\bar f - y_2)$ for two labels of one point? And of $(y_1 - y_2)^2$? With more than two
labels use all pairs, or find the formula that does it in one line.
"""


# %% tags=["solution"]
def without_truth(predictions, labels):
    """Bias², variance and noise from repeated noisy labels, all unbiased, averaged over points.

    predictions: array [training sets, points], at least two training sets (else a ValueError)
    labels:      array [labels, points], at least two labels per point (else a ValueError)
    returns:     (bias2, variance, noise), three numbers
    """
    # BEGIN SOLUTION
    labels = np.asarray(labels, dtype=float)
    if len(labels) < 2:
        raise ValueError(
            f"Without the truth every point needs at least two labels; got {len(labels)}."
        )
    noise = labels.var(axis=0, ddof=1)
    bias2, variance = decompose(predictions, labels.mean(axis=0))
    return (bias2 - noise / len(labels)).mean(), variance.mean(), noise.mean()
    # END SOLUTION


# %% tags=["test"] points=1
def test_labels_without_noise(without_truth, decompose):
    """If all labels are the truth, this is part 1, and the noise is zero."""
    fits = np.random.default_rng(2).standard_normal((4, 10))
    truth = np.linspace(-1, 1, 10)
    bias2, variance, noise = without_truth(fits, np.array([truth, truth, truth]))
    assert abs(noise) < 1e-12, f"equal labels have no noise, not {noise}"
    expected = [np.mean(part) for part in decompose(fits, truth)]
    assert np.allclose([bias2, variance], expected), (
        "with the truth for labels the answer is that of decompose"
    )


# %% tags=["test"] points=1
def test_the_parts_add_up(without_truth):
    """The mean squared distance of all predictions from all labels is bias² + variance + noise, exactly."""
    rng = np.random.default_rng(3)
    fits, labels = rng.standard_normal((3, 50)), 1 + rng.standard_normal((4, 50))
    risk = ((fits[:, None] - labels[None]) ** 2).mean()
    total = sum(without_truth(fits, labels))
    assert np.isclose(total, risk), (
        f"the parts add up to {total:.4f}, but the mean squared error is {risk:.4f}"
    )


# %% tags=["hidden"] points=3
def test_unbiased_in_all_three(without_truth):
    """Noise that differs between points, two labels and more: the means over 30,000 points are right."""
    rng = np.random.default_rng(9)
    points = 30_000
    for sets, repeats in ((2, 2), (5, 2), (3, 4)):
        sigma = rng.uniform(0, 2, points)
        truth = rng.standard_normal(points)
        fits = truth + 0.6 + 0.8 * rng.standard_normal((sets, points))
        labels = truth + sigma * rng.standard_normal((repeats, points))
        found = without_truth(fits, labels)
        for name, got, true in zip(
            ("bias²", "variance", "noise"),
            found,
            (0.36, 0.64, (sigma**2).mean()),
            strict=True,
        ):
            assert abs(got - true) < 0.08, (
                f"{name} with {sets} sets and {repeats} labels: {got:.3f}, but true is {true:.3f}"
            )


# %% tags=["hidden"] points=1
def test_all_labels_count_alike(without_truth):
    """The order of the labels does not matter, and none is left unused."""
    rng = np.random.default_rng(12)
    fits, labels = rng.standard_normal((4, 30)), rng.standard_normal((3, 30))
    found = np.array(without_truth(fits, labels))
    for order in ((1, 0, 2), (2, 1, 0)):
        assert np.allclose(found, without_truth(fits, labels[list(order)])), (
            "another order of labels, another answer"
        )


# %% tags=["hidden"] points=1
def test_one_label_is_not_enough(without_truth):
    """A single label per point, or a single training set, is refused with a ValueError."""
    for sets, repeats in ((3, 1), (1, 3)):
        try:
            without_truth(np.ones((sets, 5)), np.ones((repeats, 5)))
        except ValueError:
            continue
        raise AssertionError(
            f"{sets} training sets and {repeats} labels must raise a ValueError"
        )


# %% [markdown] question="investigate" points=12
r"""
## Investigate: does a network walk along the U while it trains?

Along the *width* of a network the chapter found no U: trained to the same small loss, wider networks have less bias and less variance. Now leave the width
alone and put **training time** on the axis. A network of 256 hidden units is trained on 100 digits by gradient descent, and stopped after 1, 3, 10, … 1,000
epochs. What do bias² and variance of its predicted class probabilities do on the way? And if a fifth of the training labels was replaced by random ones?

1. **Predict** (before you run anything): for bias², variance and their sum, with clean and with noisy labels, say whether it will rise, fall, or turn; and why.
2. **Measure** with your own functions, with error bars. `trained` below does the training; one call takes from a tenth of a second to a few seconds.
3. **Answer**, in about 300 words and one or two figures: Is there a U? Which part makes its right branch, and what do noisy labels have to do with it? Is the
   best time to stop the same for the squared error and for the share of misclassified digits? Then: width and training time both make a
   network "more powerful". Why does one bring the trade-off back and the other not? Say what result would have proved you wrong, and one thing that your
   experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: the own estimators, both kinds of labels, times that cover the fall and the turn, error bars over training sets; a change between two times has an error bar of its own | 3 |
| the figures can be read without the text: axes, units, legend, bands | 2 |
| the answers follow from the figures, and name which part does what | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
images = data.digits()
# the wanted class probabilities, [797 test digits × 10 classes]
target = np.eye(10)[images.y_test].ravel()


def trained(epochs, label_noise, sets=10):
    """Class probabilities [training sets, test digits × classes] of networks stopped after some epochs."""
    runs = sweep(
        mlp(256),
        images,
        n=100,
        seed=range(sets),
        lr=0.1,
        momentum=0.9,
        epochs=epochs,
        label_noise=label_noise,
        record=["predictions"],
    )
    return predictions(runs, "data_seed")


# %% tags=["solution"]
# BEGIN SOLUTION
times = (1, 3, 10, 20, 30, 50, 100, 300, 1000)


def error_of(fits):
    """Share of digits misclassified by single networks."""
    return (fits.reshape(len(fits), -1, 10).argmax(-1) != images.y_test.numpy()).mean()


statistics = {  # summed over the ten classes, averaged over digits
    "bias²": lambda fits: 10 * decompose(fits, target)[0].mean(),
    "variance": lambda fits: 10 * decompose(fits, target)[1].mean(),
    "their sum": lambda fits: 10 * sum(decompose(fits, target)).mean(),
    "share misclassified": error_of,
}
rows = [
    (noise, epochs, name, *jackknife(statistic, fits))
    for noise in (0, 0.2)
    for epochs in times
    for fits in [trained(epochs, noise)]
    for name, statistic in statistics.items()
]
table = pd.DataFrame(rows, columns=["label noise", "epochs", "part", "value", "error"])
table.pivot(index="epochs", columns=["label noise", "part"], values="value").round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True)
for ax, (noise, rows) in zip(axes, table.groupby("label noise"), strict=True):
    for name, part in rows.groupby("part", sort=False):
        (line,) = ax.plot(part.epochs, part.value, "o-", label=name)
        ax.fill_between(
            part.epochs,
            part.value - 2 * part.error,
            part.value + 2 * part.error,
            alpha=0.2,
            color=line.get_color(),
        )
    ax.set(
        xscale="log",
        xlabel="epochs of training",
        title=f"{noise:.0%} of the labels drawn anew",
    )
axes[0].set_ylabel("squared error, or share; bands ± 2 se")
axes[1].legend()
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
# All times share their training sets, so a change is the jackknife of a difference, not a difference of two error bars.
changes = {}
for noise, early, late in ((0, 100, 1000), (0.2, 30, 1000)):
    both = np.stack([trained(early, noise), trained(late, noise)], axis=1)
    for name, statistic in statistics.items():
        change = jackknife(lambda fits, f=statistic: f(fits[:, 1]) - f(fits[:, 0]), both)
        changes[name, f"{noise:.0%} noise, {early} to {late} epochs"] = (
            "{:+.4f} ± {:.4f}".format(*change)
        )
pd.Series(changes).unstack()
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* A network at its start says about the same for every training set, so early stopping means much bias and little variance;
training lets the data in. So bias² falls and variance rises, as in the textbook, and noisy labels make what is let in late worse.

*Finding.* Bias² falls at every step and is nearly flat from 100 epochs on; variance rises at every step. With a fifth of the labels drawn anew the U is plain: the bottom lies near 30
epochs, where the true labels are fitted and the wrong ones are not yet, and by 1,000 epochs the sum has risen by almost half. With clean labels the sum falls steeply and then turns so gently that the rise is smaller
than the error bar of either end. But both ends hear of the same training sets; the error of the *difference* is far smaller, and by it the rise is several standard errors. So there is a U here
too, a very shallow one. The right branch is all variance, since bias² goes on falling. The share of misclassified digits agrees for noisy labels; for clean ones it falls on, or at least does not
rise, where the sum has turned: the extra squared error is overconfidence, and not digits that change sides.

*Why here and not along width.* All networks of the chapter were trained to the same loss: at every width the training set had been let in to the same extent, and width only removed what the
initialisation contributes. Along time, how much of the training set gets into the function is the very thing that changes. So "capacity" is not one axis.

*What would have proved this wrong:* a variance that falls, or stays, beyond the epoch of the lowest sum; or a bias² that turns up. *Limits* (one is enough): one width, one learning rate, training sets of 100 that
overlap because they come from one pool of 1,000, so the error bars are somewhat too narrow; training set and initialisation were drawn together, so nothing is said about which of them varies.
"""
