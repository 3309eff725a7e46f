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

# %% [markdown] withheld=["overparam.measures.curvature", "overparam.measures.sharpness"]
r"""
# Assignment 7: The same function, as sharp as you like

The chapter {doc}`/notebooks/07_flatness` shows that a ReLU network can be made as sharp as one likes without changing what it computes. Here you do it, build a measure of sharpness with an error bar, and then find, among all the networks that compute the same
function, one that is special: the balanced one. With these three you ask how much of a measured sharpness is a matter of the function, and how much of the weights that happen to express it.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | a rescaling that changes the weights and not the function | 5 | 25 min |
| 2 | the average sharpness around a point, with its error | 6 | 40 min |
| 3 | the balanced network among all that compute the same function | 7 | 50 min |
| 4 | *Investigate*: how much of sharpness is scale? | 12 | 90 min |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
networks and other numbers, and check what the text promises. The package has some of this in `overparam.measures`. Write your own: grading runs without
it. Part 4 is read by a person, with the rubric that you find there.

Throughout, a network is a list of layers, and a layer is a pair $(W, b)$: weights of shape [inputs, outputs] and biases [outputs]. Between two layers there is a ReLU, after the last there is none, as in `outputs` below.
"""

# %%
# Set-up
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy import stats

from overparam import MLP, Settings, Vector, data, figures, mlp, run, sweep

figures.style()


def outputs(layers, x):
    """What a network of layers (W, b) answers to examples x [n, inputs]."""
    for k, (w, b) in enumerate(layers):
        x = (x if k == 0 else np.maximum(x, 0)) @ w + b
    return x


# %% [markdown] question="rescale"
r"""
## 1. Rescaling

A ReLU lets a positive factor pass: $\max(\alpha z, 0) = \alpha \max(z, 0)$ for $\alpha > 0$. So if all that enters a hidden unit is multiplied by $\alpha$, and all that leaves it is divided by $\alpha$, the network computes what it computed before. Do this for hidden layer `k`
(the outputs of `layers[k]`): `alpha` is one number for all of its units, or one for each of them. Which biases change?

Refuse with a `ValueError` what would change the function: an `alpha` that is not positive, and a `k` that is no hidden layer. The network that is passed in must not change.
"""


# %% tags=["solution"]
def rescale(layers, k, alpha):
    """The network with what enters hidden layer k multiplied by alpha, and what leaves it divided.

    layers:  list of pairs (W [inputs, outputs], b [outputs])
    k:       the number of the hidden layer, from 0 up
    alpha:   a positive number, or an array of one for each unit of that layer
    returns: a new list of pairs
    """
    # BEGIN SOLUTION
    alpha = np.asarray(alpha, dtype=float)
    if not 0 <= k < len(layers) - 1:
        raise ValueError(f"k must be from 0 to {len(layers) - 2}; got {k}.")
    if not np.all(alpha > 0):
        raise ValueError(f"alpha must be positive; got {alpha.min()}.")
    new = [(np.array(w, dtype=float), np.array(b, dtype=float)) for w, b in layers]
    w, b = new[k]
    after, offset = new[k + 1]
    factor = np.broadcast_to(alpha, b.shape)
    new[k], new[k + 1] = (w * factor, b * factor), (after / factor[:, None], offset)
    return new
    # END SOLUTION


# %% tags=["test"] points=1
def test_two_units_by_hand(rescale):
    """One input, two hidden units, one output: twice as much enters, half as much leaves."""
    layers = [
        (np.array([[1.0, -2.0]]), np.array([0.5, 1.0])),
        (np.array([[3.0], [4.0]]), np.array([7.0])),
    ]
    (w, b), (after, offset) = rescale(layers, 0, 2.0)
    assert np.allclose(w, [[2, -4]]), f"the incoming weights double, not {w}"
    assert np.allclose(b, [1, 2]), f"the hidden biases enter the unit too: (1, 2), not {b}"
    assert np.allclose(after, [[1.5], [2]]), f"the outgoing weights halve, not {after}"
    assert np.allclose(offset, [7]), (
        f"the output's bias passes no hidden unit, not {offset}"
    )


# %% tags=["test"] points=1
def test_nothing_else_happens(rescale):
    """A factor of 1 changes nothing, and the network that was passed in stays as it was."""
    layers = [(np.ones((2, 3)), np.zeros(3)), (np.ones((3, 2)), np.ones(2))]
    same = rescale(layers, 0, 1.0)
    assert all(np.array_equal(s[0], w[0]) for s, w in zip(same, layers, strict=True))
    rescale(layers, 0, 5.0)
    assert layers[0][0][0, 0] == 1, "the weights that were passed in have changed"
    assert layers[1][0][0, 0] == 1, "the weights that were passed in have changed"


# %% tags=["hidden"] points=2
def test_the_function_stays(rescale):
    """Deep networks with biases, one factor for a layer or one for each unit."""
    rng = np.random.default_rng(71)
    for sizes in ((5, 7, 3), (4, 6, 6, 2), (3, 8, 5, 5, 1)):
        layers = [
            (
                rng.standard_normal((sizes[k], sizes[k + 1])),
                rng.standard_normal(sizes[k + 1]),
            )
            for k in range(len(sizes) - 1)
        ]
        x = rng.standard_normal((20, sizes[0]))

        def answer(layers, x=x):
            for k, (w, b) in enumerate(layers):
                x = (x if k == 0 else np.maximum(x, 0)) @ np.asarray(w) + np.asarray(b)
            return x

        for k in range(len(sizes) - 2):
            for alpha in (30.0, 0.02, rng.uniform(0.1, 10, sizes[k + 1])):
                found = rescale(layers, k, alpha)
                off = np.abs(answer(found) - answer(layers)).max()
                assert off < 1e-9, (
                    f"hidden layer {k} of a network of sizes {sizes}: the outputs change by {off:.2g}"
                )
                for j, ((w, b), (v, c)) in enumerate(zip(layers, found, strict=True)):
                    touched = (j in (k, k + 1), j == k)
                    assert np.allclose(w, v) != touched[0], f"layer {j}: the weights"
                    assert np.allclose(b, c) != touched[1], f"layer {j}: the biases"


# %% tags=["hidden"] points=1
def test_what_would_change_the_function(rescale):
    """A factor that is zero or negative, for one unit too, and the output layer: a ValueError."""
    layers = [(np.ones((2, 3)), np.zeros(3)), (np.ones((3, 2)), np.ones(2))]
    for k, alpha in ((0, 0.0), (0, -2.0), (0, np.array([1.0, 2.0, -1.0])), (1, 2.0)):
        try:
            rescale(layers, k, alpha)
        except ValueError:
            continue
        raise AssertionError(f"k = {k} with alpha = {alpha} must raise a ValueError")


# %% [markdown] question="average_sharpness"
r"""
## 2. Average sharpness

Move all weights at random, and see how much the loss rises on average:

$$S = \frac{2}{\sigma^2}\; \mathbb E_\epsilon \bigl[ L(\theta + \sigma\, s \circ \epsilon) - L(\theta) \bigr], \qquad \epsilon \sim \mathcal N(0, I) .$$

The vector $s$ says how far each weight is moved. With $s = 1$ this tends to the trace of the Hessian as $\sigma \to 0$. With $s_i = \lvert \theta_i \rvert$, each weight is moved in proportion to its own size: that is *adaptive* sharpness.

Two things make the estimate good. Use $\epsilon$ and $-\epsilon$ together, in pairs: then the slope of the loss, which averages to zero and is by far the largest part of each difference, cancels exactly. And return a standard error. The two values of a pair are not independent, so the pairs are what you count.
"""


# %% tags=["solution"]
def average_sharpness(loss, theta, sigma, scale=None, pairs=50, seed=0):
    """How much the loss rises on average around θ, in units of σ²/2, and its standard error.

    loss:    a function θ [p] → number
    theta:   array [p]
    sigma:   a positive number
    scale:   array [p], how far each weight is moved; None: all by 1
    pairs:   how many pairs ε, −ε are drawn, at least 2
    seed:    of the draws
    returns: (estimate, standard error)
    """
    # BEGIN SOLUTION
    theta = np.asarray(theta, dtype=float)
    scale = np.ones_like(theta) if scale is None else np.asarray(scale, dtype=float)
    rng, here = np.random.default_rng(seed), loss(theta)
    values = np.empty(pairs)
    for i in range(pairs):
        step = sigma * scale * rng.standard_normal(len(theta))
        values[i] = (loss(theta + step) + loss(theta - step) - 2 * here) / sigma**2
    return values.mean(), values.std(ddof=1) / np.sqrt(pairs)
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_plane_is_flat(average_sharpness):
    """A loss that only slopes is not sharp: ε and −ε cancel."""
    value, error = average_sharpness(
        lambda t: t @ np.array([5.0, -3.0]), np.array([1.0, 2.0]), 0.1
    )
    assert abs(value) < 1e-8, f"a plane has sharpness 0, not {value:.3g}"
    assert abs(error) < 1e-8, f"and every pair says so, but your error is {error:.3g}"


# %% tags=["test"] points=1
def test_a_bowl(average_sharpness):
    """L = θ₁² + 2 θ₂² has a Hessian of trace 6."""
    value, error = average_sharpness(
        lambda t: t[0] ** 2 + 2 * t[1] ** 2, np.array([1.0, 1.0]), 0.01, pairs=400
    )
    assert abs(value - 6) < 5 * error, f"{value:.2f} ± {error:.2f} is far from 6"
    assert 0.05 < error < 1, f"with 400 pairs the error is about 0.3, not {error:.3f}"


# %% tags=["hidden"] points=2
def test_estimate_and_error_are_honest(average_sharpness):
    """Over many seeds the mean is right, and the errors are as large as the spread."""
    hessian = np.array([[2.0, 0.7, 0], [0.7, 1.0, -0.4], [0, -0.4, 3.0]])
    slope, scale = np.array([40.0, -25.0, 10.0]), np.array([1.0, 2.0, 0.5])

    def loss(t):
        return t @ slope + t @ hessian @ t / 2

    found = np.array(
        [
            average_sharpness(loss, np.ones(3), 0.1, scale, pairs=20, seed=s)
            for s in range(60)
        ]
    )
    expected = np.diag(hessian) @ scale**2
    spread = found[:, 0].std(ddof=1)
    assert abs(found[:, 0].mean() - expected) < 4 * spread / np.sqrt(60), (
        f"on average you say {found[:, 0].mean():.2f}, right is {expected:.2f}"
    )
    assert spread < 4, f"the slope has not cancelled: seeds differ by {spread:.3g}"
    assert 0.75 < found[:, 1].mean() / spread < 1.33, (
        f"your errors are {found[:, 1].mean() / spread:.2f} times the spread over seeds"
    )


# %% tags=["hidden"] points=1
def test_a_finite_distance(average_sharpness):
    """It is the rise at this σ, not a limit: L = θ⁴ at 0 has 6 σ²."""
    for sigma in (0.1, 0.5):
        value, error = average_sharpness(
            lambda t: t[0] ** 4, np.zeros(1), sigma, pairs=800, seed=3
        )
        assert abs(value - 6 * sigma**2) < 5 * error, (
            f"σ = {sigma}: {value:.3f} ± {error:.3f}, right is {6 * sigma**2:.3f}"
        )


# %% tags=["hidden"] points=1
def test_the_same_draws(average_sharpness):
    """Equal seeds draw the same; rescaling weights and scale together changes nothing."""
    stretch = np.array([10.0, 0.1, 3.0])

    def loss(t):
        return (t[0] * t[1] - 1) ** 2 + t[2] ** 2

    theta = np.array([0.5, 1.5, -0.2])
    one = average_sharpness(loss, theta, 0.2, np.abs(theta), pairs=30, seed=5)
    assert one == average_sharpness(loss, theta, 0.2, np.abs(theta), pairs=30, seed=5)
    two = average_sharpness(
        lambda t: loss(t / stretch), stretch * theta, 0.2, np.abs(stretch * theta), 30, 5
    )
    assert np.allclose(one, two, rtol=1e-9), f"{one} and {two} are of the same function"
    assert one != average_sharpness(loss, theta, 0.2, np.abs(theta), pairs=30, seed=6)


# %% [markdown] question="balance"
r"""
## 3. The balanced network

Of all rescalings of a network one has the smallest sum of squares of its weights and biases. There each hidden unit is *balanced*: the norm of all that enters it (weights and bias) equals the norm of all that leaves it. (Why? Write the sum of squares of one unit as a function of its
$\alpha$.) One unit is balanced by one rescaling. In a deep network that spoils its neighbours, but less each time: go on until no unit is off by more than a factor of $1 + 10^{-9}$.

A unit whose incoming or outgoing weights are all zero cannot be balanced; leave it as it is. Any measure that is computed at the balanced network is a property of the function (nearly: say in part 4 which other networks compute the same).
"""


# %% tags=["solution"]
def balance(layers):
    """The rescaling of a network in which what enters each hidden unit is as large as what leaves it.

    layers:  list of pairs (W [inputs, outputs], b [outputs])
    returns: a new list of pairs that computes the same
    """
    # BEGIN SOLUTION
    new = [(np.array(w, dtype=float), np.array(b, dtype=float)) for w, b in layers]
    for _ in range(10_000):
        most = 0.0
        for k in range(len(new) - 1):
            (w, b), (after, _) = new[k], new[k + 1]
            enters, leaves = np.sqrt((w**2).sum(0) + b**2), np.sqrt((after**2).sum(1))
            useful = (enters > 0) & (leaves > 0)
            ratio = np.divide(leaves, enters, out=np.ones_like(enters), where=useful)
            new = rescale(new, k, np.where(useful, np.sqrt(ratio), 1.0))
            most = max(most, np.abs(np.log(ratio[useful])).max(initial=0))
        if most < 1e-10:
            break
    return new
    # END SOLUTION


# %% tags=["test"] points=1
def test_one_unit_by_hand(balance):
    """(3, 4) enters, 20 leaves: their norms are 5 and 20, so α = 2."""
    layers = [
        (np.array([[3.0]]), np.array([4.0])),
        (np.array([[20.0]]), np.array([-1.0])),
    ]
    (w, b), (after, offset) = balance(layers)
    assert np.allclose([w[0, 0], b[0], after[0, 0]], [6, 8, 10]), (
        f"then 6 and 8 enter and 10 leaves, not {w[0, 0]:g}, {b[0]:g} and {after[0, 0]:g}"
    )
    assert np.allclose(offset, [-1]), "the output's bias stays"


# %% tags=["test"] points=1
def test_balanced_stays(balance):
    """What is balanced stays as it is."""
    layers = [(np.eye(3), np.zeros(3)), (np.eye(3), np.zeros(3)), (np.eye(3), np.ones(3))]
    found = balance(layers)
    assert all(np.allclose(v[0], w[0]) for v, w in zip(found, layers, strict=True))


# %% tags=["hidden"] points=2
def test_every_unit_of_a_deep_network(balance):
    """In and out are equal in all hidden layers, and the function is the same."""
    rng = np.random.default_rng(72)
    for sizes in ((4, 6, 3), (5, 8, 8, 4), (3, 6, 6, 6, 6, 2)):
        layers = [
            (
                10.0 ** rng.uniform(-2, 2) * rng.standard_normal((sizes[k], sizes[k + 1])),
                rng.standard_normal(sizes[k + 1]),
            )
            for k in range(len(sizes) - 1)
        ]
        x = rng.standard_normal((10, sizes[0]))

        def answer(layers, x=x):
            for k, (w, b) in enumerate(layers):
                x = (x if k == 0 else np.maximum(x, 0)) @ np.asarray(w) + np.asarray(b)
            return x

        found = balance(layers)
        assert np.allclose(answer(found), answer(layers), rtol=1e-6), (
            f"a network of sizes {sizes} computes something else"
        )
        for k in range(len(sizes) - 2):
            w, b = map(np.asarray, found[k])
            enters = np.sqrt((w**2).sum(0) + b**2)
            leaves = np.sqrt((np.asarray(found[k + 1][0]) ** 2).sum(1))
            off = np.abs(enters / leaves - 1).max()
            assert off < 1e-6, (
                f"sizes {sizes}, hidden layer {k}: in and out differ by {off:.1e} of themselves"
            )


# %% tags=["hidden"] points=2
def test_one_network_for_each_function(balance):
    """However a network was rescaled, its balanced one is the same, and the smallest."""
    rng = np.random.default_rng(73)
    sizes = (4, 7, 5, 3)
    layers = [
        (rng.standard_normal((sizes[k], sizes[k + 1])), rng.standard_normal(sizes[k + 1]))
        for k in range(len(sizes) - 1)
    ]

    def square(layers):
        return sum(
            (np.asarray(w) ** 2).sum() + (np.asarray(b) ** 2).sum() for w, b in layers
        )

    found = balance(layers)
    for _ in range(3):
        first, second = 10 ** rng.uniform(-1, 1, 7), 10 ** rng.uniform(-1, 1, 5)
        (a, b), (c, d), (e, f) = layers
        other = [
            (a * first, b * first),
            (c / first[:, None] * second, d * second),
            (e / second[:, None], f),
        ]
        again = balance(other)
        for (w, b_), (v, c_) in zip(found, again, strict=True):
            assert np.allclose(w, v, rtol=1e-5), "two rescalings of one network differ"
            assert np.allclose(b_, c_, rtol=1e-5), "two rescalings of one network differ"
        assert square(found) <= square(other) + 1e-9, (
            "a rescaling has a smaller sum of squares"
        )


# %% tags=["hidden"] points=1
def test_units_that_do_nothing(balance):
    """A unit that nothing enters, one that nothing leaves: no division by zero, nothing changes."""
    w, after = np.ones((2, 4)), 4 * np.ones((4, 1))
    w[:, 1] = 0
    after[2] = 0
    layers = [(w.copy(), np.zeros(4)), (after.copy(), np.zeros(1))]
    (v, b), (then, _) = balance(layers)
    numbers = np.concatenate([np.ravel(v), np.ravel(b), np.ravel(then)])
    assert np.isfinite(numbers).all(), "there is a number that is not finite"
    assert np.allclose(np.asarray(v)[:, 2], 1), "the unit that nothing leaves has changed"
    assert np.allclose(np.asarray(then)[1], 4), "the unit that nothing enters has changed"
    assert np.allclose(np.asarray(then)[0], np.sqrt(np.sqrt(2) * 4)), (
        "the others are balanced all the same"
    )


# %% [markdown] question="investigate" points=12
r"""
## Investigate: how much of sharpness is scale?

Any trained network is one of a family that compute the same function. Which one it is, training has decided, by its initial weights, its steps and its weight decay. So if two networks differ in sharpness, do their *functions* differ, or only the places where they stand in their families?

`trained` below trains networks on 200 handwritten digits to the same training loss, with several learning rates, batch sizes and weight decays. With `alpha` it does so from the usual initial weights *rescaled*: the first hidden layer by `alpha`. That is the same function at the start, and another place. `loss_of` gives a network's training loss
as a function of all its weights, `flat` makes a vector of layers.

1. **Predict** (before you run anything): by which factor is the sharpness ($s = 1$) of a network as training left it above that of its balanced network? Is that factor the same in all settings, and with `alpha=3`? (With small steps gradient descent keeps, for every hidden unit, the *difference* between the squares that enter and those that leave as it was
   at the start. What do weight decay and large steps do to it? And how balanced is the usual initialisation?)
2. **Measure**, for at least five settings and `alpha=3`, with at least five seeds each, at one $\sigma$ that you justify (try a smaller and a larger one): sharpness as trained; sharpness of the balanced network; adaptive sharpness ($s = \lvert \theta \rvert$); the squared norm of the weights before and after balancing. Check on one network that rescaling it at random
   changes the first by as much as you like and the others by rounding only.
3. **Compare**: by how much do the settings differ in the logarithm of each measure, and how much of that is left after balancing? Which measure orders the *settings* as the test error does, and which the *seeds* within a setting? (Kendall's τ, with its spread.)
4. **Answer**, in about 400 words and two figures: How much of sharpness is scale here, and what would it take to make it matter? Would you rather compare networks by a measure at the balanced network, or by adaptive sharpness, and what can still fool each of them? (Which other changes leave a network's function as it is? Which leave its *classifications*?) A colleague says: "Since
   Dinh et al. we know that sharpness means nothing." Say what result would have proved you wrong, and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: five settings and a rescaled start, five seeds, equal training loss (checked), a $\sigma$ that is justified, the check of invariance on a rescaled network | 3 |
| the figures can be read without the text: axes, units, legend, spread | 2 |
| the answers follow from the figures, and keep apart what can happen and what training does, settings and seeds | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
digits, sizes = data.digits(), (64, 30, 30, 10)
settings = {  # name: learning rate, batch size, weight decay
    "small steps": (0.02, 50, 0.0),
    "large steps": (0.3, 50, 0.0),
    "small batches": (0.02, 5, 0.0),
    "large batches": (0.1, 200, 0.0),
    "weight decay": (0.1, 50, 3e-3),
}


def layered(theta):
    """All weights and biases [p], as PyTorch orders them, as a list of layers."""
    layers, at = [], 0
    for a, b in pairwise(sizes):
        w, bias = np.split(theta[at : at + (a + 1) * b], [a * b])
        layers.append((w.reshape(b, a).T, bias))
        at += (a + 1) * b
    return layers


def flat(layers):
    """A list of layers as one vector, as PyTorch orders it."""
    return np.concatenate([np.ravel(part.T) for layer in layers for part in layer])


def trained(name, alpha=1.0, seeds=range(6), n=200, stop_loss=0.05):
    """Networks of one setting, trained until their training loss is below stop_loss: a table, one row each."""
    lr, batch_size, weight_decay = settings[name]
    common = {"n": n, "lr": lr, "batch_size": batch_size, "weight_decay": weight_decay}
    usual = sweep(
        mlp(30, depth=2),
        digits,
        seed=list(seeds),
        epochs=1,
        record={"weights": [0]},
        **common,
    )
    networks = []
    for seed, weights in zip(usual.init_seed, usual.weights, strict=True):
        start = Vector(flat(rescale(layered(weights[0].astype(float)), 0, alpha)))
        own = {"init_seed": seed, "data_seed": seed, "start": start}
        common |= {"stop_loss": stop_loss, "epochs": 3000}
        networks.append(Settings(MLP(30, 2), **common, **own))
    runs = run(networks, digits, record=["weights", "losses"])
    layers = [layered(weights[-1].astype(float)) for weights in runs.weights]
    return runs.assign(setting=name, alpha=alpha, layers=layers)


def loss_of(row):
    """A row's mean cross-entropy on its training examples, as a function of all its weights [p]."""
    x, y = digits.x.numpy()[row.examples], row.labels

    def loss(theta):
        z = outputs(layered(theta), x)
        z = z - z.max(1, keepdims=True)
        return np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y])

    return loss


# %% tags=["solution"]
# BEGIN SOLUTION
runs = pd.concat(
    [
        *[trained(name) for name in settings],
        *[
            trained(name, alpha).assign(setting=f"{name}, α = {alpha:.2g}")
            for name, alpha in (
                ("small steps", 3.0),
                ("small steps", 1 / 3),
                ("large steps", 3.0),
                ("weight decay", 3.0),
            )
        ],
    ],
    ignore_index=True,
)


def measures(row, sigma=0.02):
    """All measures of one network."""
    loss, own, even = loss_of(row), flat(row.layers), flat(balance(row.layers))
    ask = {"pairs": 50, "seed": 1}
    return {
        "as trained": average_sharpness(loss, own, sigma, **ask)[0],
        "balanced": average_sharpness(loss, even, sigma, **ask)[0],
        "adaptive": average_sharpness(loss, own, sigma, np.abs(own), **ask)[0],
        "norm": own @ own,
        "norm, balanced": even @ even,
    }


kinds = ["as trained", "balanced", "adaptive", "norm", "norm, balanced"]
table = pd.DataFrame([measures(row) for _, row in runs.iterrows()])
told = runs[["setting", "init_seed", "train_loss", "test_error"]]
table = pd.concat([told, table], axis=1)
table["scale"] = table["as trained"] / table["balanced"]
means = table.groupby("setting", sort=False).mean().drop(columns="init_seed")
means.round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
row = runs[(runs.setting == "small steps")].iloc[0]
rng = np.random.default_rng(0)
loss, checks = loss_of(row), {}
for name, layers in (
    ("as trained", row.layers),
    (
        "rescaled at random",
        rescale(
            rescale(row.layers, 0, 10 ** rng.uniform(-1, 1, 30)),
            1,
            10 ** rng.uniform(-1, 1, 30),
        ),
    ),
):
    theta, even = flat(layers), flat(balance(layers))
    checks[name] = {
        "loss": loss(theta),
        "sharpness": average_sharpness(loss, theta, 0.002)[0],
        "balanced": average_sharpness(loss, even, 0.002)[0],
        "adaptive": average_sharpness(loss, theta, 0.002, np.abs(theta))[0],
    }
scan = {
    sigma: {
        kind: [measures(runs.iloc[i], sigma)[kind] for i in (0, 10, 34)]
        for kind in ("as trained", "adaptive")
    }
    for sigma in (0.001, 0.005, 0.02, 0.05, 0.1)
}
print(pd.DataFrame(scan).T.map(lambda v: " ".join(f"{x:.1f}" for x in v)))
pd.DataFrame(checks).T
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 2, figsize=(10, 4))
for k, (name, own) in enumerate(table.groupby("setting", sort=False)):
    axes[0].plot(own.scale, np.full(len(own), k), "o", alpha=0.5, color=f"C{k % 10}")
    if name in settings:
        axes[1].plot(own.adaptive, 100 * own.test_error, "o", color=f"C{k}", label=name)
axes[0].axvline(1, color="gray", linestyle=":")
axes[0].set(
    yticks=range(len(means)),
    yticklabels=means.index,
    xlabel="sharpness as trained / balanced",
)
axes[0].invert_yaxis()
axes[1].set(xscale="log", xlabel="adaptive sharpness", ylabel="test error, %")
axes[1].legend(fontsize=7)
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
usual = table[table.setting.isin(list(settings))]
logs = np.log(usual[kinds]).groupby(usual.setting, sort=False)
rows = {}
for kind in kinds:
    own = usual.groupby("setting", sort=False)
    within = [stats.kendalltau(one[kind], one.test_error)[0] for _, one in own]
    rows[kind] = {
        "spread of settings (log)": logs.mean()[kind].std(),
        "spread of seeds (log)": logs.std()[kind].mean(),
        "τ of settings": stats.kendalltau(own[kind].mean(), own.test_error.mean())[0],
        "τ of seeds": np.mean(within),
        "± error": np.std(within, ddof=1) / np.sqrt(len(within)),
    }
paired = usual.pivot(index="init_seed", columns="setting", values="test_error")
paired = 100 * paired.sub(paired["small steps"], axis=0)
print("test error above that of small steps, points, paired by seed")
print(paired.agg(["mean", "sem"]).T.round(2))
pd.DataFrame(rows).T.round(2)
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* PyTorch draws weights uniformly on $\pm 1/\sqrt{\text{inputs}}$. So the squares that enter a unit sum to about 1/3, and with equal widths so do those that leave it: the usual start is nearly balanced. Small steps keep the difference, so it stays so. I expected the balanced network to be the flattest, hence a factor a little above 1; and with
$\alpha = 3$ a factor of several, less with weight decay, which pulls the difference to zero.

*Finding.* From the usual start the factor is 0.93 to 0.99 in all settings. It is *below* 1, so my guess had the wrong sign: the balanced network has the smallest norm, and is not the flattest. (Its Hessian's trace is a sum over layers, and the flattest scale makes the layers' shares equal, not their norms.) With $\alpha = 3$ the balanced network
is sharper by a sixth, after large steps by more than a third; with $\alpha = 1/3$ it is flatter. The check on one network: rescaling at random multiplies its sharpness by 27, and leaves the loss, the adaptive sharpness and all that is balanced as they were.

*How much is scale?* The settings differ by about 0.2 in the logarithm of their sharpness, and after balancing by 0.18. So nearly all of it is in the functions. What *can* be done to sharpness by rescaling, and what training *does*, are two things. To make scale matter takes a start that is far from balanced, or layers of very unequal widths.
A rescaled start is also not innocent: the function at the start is the same, but steps of one size are then long in one layer and short in another, and training arrives at another function, with another norm after balancing.

*Order.* Within a setting, adaptive sharpness orders the seeds as the test error does ($\tau$ about 0.8), plain and balanced sharpness less (0.6), norms least (0.3). Over settings the order is of five numbers that hardly differ: only weight decay is better than small steps by more than its error (half a point, paired by seed). So I claim the order of seeds and not that
of settings. The seeds differ in their training examples, so a network may be sharper *because* its examples are harder.

*The colleague:* Dinh et al. show that a sharpness which is not invariant cannot *by itself* tell how a network generalizes. They do not show that trained networks use this freedom, and here they do not. Both invariant measures can still be fooled. Outputs times two is another function with the same classifications, a lower loss once all is fitted, and another sharpness: hence
equal training losses here. Permuting units changes none of them; a unit that is split into two changes both, and so does one that no example switches on, whose weights adaptive sharpness counts and balancing leaves.

*What would have proved this wrong:* a spread of settings that shrinks to a small part after balancing. *Limits* (one is enough): one width for both hidden layers, where the usual start is balanced; 200 examples; one loss at which all stop; sharpness averaged over random directions, which the few sharpest hardly move.
"""
