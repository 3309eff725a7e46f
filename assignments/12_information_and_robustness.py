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

# %% [markdown] withheld=["overparam.theory.smooth_fits", "overparam.theory.wide_and_deep"]
r"""
# Assignment 12: Bits, slopes and depth

The chapter {doc}`/notebooks/12_information_and_robustness` asks three questions of a network: what does a layer tell, how smooth can a fit be, and how far is a finite network from an infinite one? Here you compute an answer to each. Then you ask whether networks that compress more generalize better.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | the information that a binned layer has about inputs and labels | 6 | 40 min |
| 2 | the smoothest of all fits | 6 | 35 min |
| 3 | networks of any widths at initialisation | 6 | 40 min |
| 4 | *Investigate*: does compression go with generalization? | 12 | 2 h |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other numbers, and check what the text promises. The package has some of this. Write your own: the grader removes what the package has of parts 2 and 3, and `phases` is there for part 4 alone. Part 4 is read by a person, with the rubric that you find there.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from overparam import figures
from overparam.theory import phases

figures.style()

# %% [markdown] question="layer_information"
r"""
## 1. What a layer tells

A layer maps each of $n$ patterns to the values of its units. Each unit is read through bins with the inner `edges` $e_1 < \dots < e_k$: a value $v$ is in bin 0 if $v < e_1$, in bin $i$ if $e_i \le v < e_{i+1}$, and in bin $k$ if $v \ge e_k$. The *state* $B$ of the layer is the list of the bins of all its units. Pattern $i$ occurs with probability `chance[i]`, and its label is `labels[i]`.

Compute $I(X;B)$ and $I(B;Y)$ in bits. A layer may have a hundred units and a unit a thousand bins: there are then more possible states than whole numbers of 64 bits, but no more than $n$ that occur. A pattern may have probability 0.
"""


# %% tags=["solution"]
def layer_information(units, labels, chance, edges):
    """Information in bits of a binned layer about patterns and labels.

    units:   array [n, units]
    labels:  array [n] of whole numbers
    chance:  array [n] of probabilities, with the sum 1
    edges:   array [k], increasing
    returns: (about_inputs, about_labels)
    """
    # BEGIN SOLUTION
    bins = np.searchsorted(edges, np.asarray(units), side="right")
    states = np.unique(bins, axis=0, return_inverse=True)[1].reshape(-1)
    classes = np.unique(labels, return_inverse=True)[1].reshape(-1)
    joint = np.zeros((states.max() + 1, classes.max() + 1))
    np.add.at(joint, (states, classes), chance)

    def entropy(shares):
        shares = shares[shares > 0]
        return -(shares * np.log2(shares)).sum()

    inputs, about = entropy(joint.sum(1)), entropy(joint.sum(0))
    return inputs, inputs + about - entropy(joint.ravel())
    # END SOLUTION


# %% tags=["test"] points=1
def test_three_bits_by_hand(layer_information):
    """Eight patterns of three signs; the label is the last sign. All units, two of them, none that changes."""
    x = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    y, even, zero = (x[:, 2] > 0).astype(int), np.full(8, 1 / 8), np.array([0.0])
    for units, expected in ((x, (3, 1)), (x[:, :2], (2, 0)), (np.ones((8, 4)), (0, 0))):
        found = layer_information(units, y, even, zero)
        assert np.allclose(found, expected), f"{expected} bits, not {found}"


# %% tags=["test"] points=1
def test_a_value_on_an_edge(layer_information):
    """Values 0, 1, 2 and edges 1, 2: three bins, since an edge belongs to the bin above it."""
    units, y = np.array([[0.0], [1.0], [2.0], [0.5]]), np.array([0, 0, 1, 0])
    found = layer_information(units, y, np.full(4, 0.25), np.array([1.0, 2.0]))
    assert np.isclose(found[0], 1.5), (
        f"states occur with 1/2, 1/4, 1/4: 1.5 bits, not {found[0]}"
    )
    expected = -0.75 * np.log2(0.75) - 0.25 * np.log2(0.25)
    assert np.isclose(found[1], expected), (
        f"the label's {expected:.3f} bits are all known, not {found[1]:.3f}"
    )


# %% tags=["hidden"] points=1
def test_patterns_that_are_not_equally_likely(layer_information):
    """Probabilities 1/2, 1/4, 1/8, 1/8 and 0: by the definition."""
    units = np.array([[0.1], [0.6], [0.7], [0.2], [0.9]])
    chance, y = np.array([0.5, 0.25, 0.125, 0.125, 0]), np.array([0, 1, 0, 1, 2])
    found = layer_information(units, y, chance, np.array([0.5, 0.8]))

    def bits(*p):
        return -sum(q * np.log2(q) for q in p)

    inputs = bits(0.625, 0.375)
    labels = inputs + bits(0.625, 0.375) - bits(0.5, 0.125, 0.25, 0.125)
    assert np.allclose(found, (inputs, labels)), (
        f"({inputs:.4f}, {labels:.4f}), not {found}"
    )


# %% tags=["hidden"] points=1
def test_many_units_with_many_bins(layer_information):
    """100 units with 1,000 bins, of which only the first or only the last differs: 300 states."""
    units = np.full((600, 100), 0.9995)
    units[:150, 0] = units[150:300, -1] = (np.arange(150) + 0.5) / 1000
    units[300:] = units[:300]
    found = layer_information(
        units, np.arange(600) % 2, np.full(600, 1 / 600), np.linspace(0, 1, 1001)[1:-1]
    )
    assert np.isclose(found[0], np.log2(300)), (
        f"300 different rows: {np.log2(300):.3f} bits, not {found[0]:.3f}"
    )


# %% tags=["hidden"] points=1
def test_what_no_layer_can_break(layer_information):
    """Fewer units never tell more; nothing tells more about the label than about the input, or than the label has."""
    rng = np.random.default_rng(122)
    for _ in range(20):
        units, y = rng.standard_normal((80, 4)), rng.integers(0, 3, 80)
        chance, edges = rng.dirichlet(np.ones(80)), np.sort(rng.standard_normal(3))
        full = layer_information(units, y, chance, edges)
        part = layer_information(units[:, :2], y, chance, edges)
        assert part[0] <= full[0] + 1e-9, "two of four units tell more than all of them"
        assert part[1] <= full[1] + 1e-9, "two of four units tell more about the label"
        assert -1e-9 <= full[1] <= min(full[0], np.log2(3)) + 1e-9, f"{full} cannot be"


# %% tags=["hidden"] points=1
def test_no_edge_and_labels_of_any_kind(layer_information):
    """Without an edge there is one state; labels may be any whole numbers."""
    units, even = np.arange(6.0)[:, None], np.full(6, 1 / 6)
    y = np.array([-7, -7, 40, 40, 3, 3])
    none = layer_information(units, y, even, np.array([]))
    assert np.allclose(none, 0, atol=1e-9), f"one state tells nothing, not {none}"
    found = layer_information(units, y, even, np.array([2.0, 4.0]))
    assert np.allclose(found, np.log2(3)), f"three states, three labels: not {found}"


# %% [markdown] question="smoothest_fit"
r"""
## 2. The smoothest of all fits

A linear model $f(x) = \theta \cdot \varphi(x)$ shall fit the labels, $\Phi \theta = y$, with $\Phi$ [n, p] and $p \ge n$. The mean of $\lVert \nabla f \rVert^2$ is $\theta^\top G\, \theta$ with a matrix $G$ that is symmetric and positive definite. Find the $\theta$ for which it is least.

An example may occur twice, with the same label. $G$ can be badly scaled, as when one feature varies a million times faster than another.
"""


# %% tags=["solution"]
def smoothest_fit(features, y, gradients):
    """The coefficients of the fit with the least mean squared gradient.

    features:  array [n, p]
    y:         array [n]; some coefficients fit it
    gradients: array [p, p], symmetric and positive definite
    returns:   array [p]
    """
    # BEGIN SOLUTION
    scale = 1 / np.sqrt(np.diag(gradients))
    factor = np.linalg.cholesky(gradients * np.outer(scale, scale))
    turned = np.linalg.solve(
        factor, (features * scale).T
    ).T  # in which the norm is roughness
    shortest = np.linalg.lstsq(turned, y, rcond=1e-12)[0]
    return scale * np.linalg.solve(factor.T, shortest)
    # END SOLUTION


# %% tags=["test"] points=1
def test_two_features_by_hand(smoothest_fit):
    """θ₁ + θ₂ = 1 with θ₁² + 4 θ₂² least: θ = (0.8, 0.2)."""
    found = smoothest_fit(np.array([[1.0, 1.0]]), np.array([1.0]), np.diag([1.0, 4.0]))
    assert np.allclose(found, [0.8, 0.2]), f"(0.8, 0.2), not {found}"


# %% tags=["test"] points=1
def test_gradients_that_go_together(smoothest_fit):
    """θ₁ + θ₂ = 1 with θ₁² + θ₁θ₂ + 2θ₂² least, of which G has half of θ₁θ₂ on each side: (0.75, 0.25)."""
    g = np.array([[1.0, 0.5], [0.5, 2.0]])
    found = smoothest_fit(np.array([[1.0, 1.0]]), np.array([1.0]), g)
    assert np.allclose(found, [0.75, 0.25]), f"(0.75, 0.25), not {found}"


# %% tags=["hidden"] points=2
def test_no_other_fit_is_smoother(smoothest_fit):
    """Random features and matrices: it fits, and no step among the fits makes it smoother."""
    rng = np.random.default_rng(123)
    for n, p in ((5, 12), (20, 60), (8, 8)):
        features, y = rng.standard_normal((n, p)), rng.standard_normal(n)
        root = rng.standard_normal((p, p)) + 2 * np.eye(p)
        g = root @ root.T
        theta = np.asarray(smoothest_fit(features, y, g))
        assert theta.shape == (p,), f"one coefficient per feature, not shape {theta.shape}"
        assert np.allclose(features @ theta, y, atol=1e-6), "the labels are not fitted"
        free = np.linalg.svd(features)[2][n:]
        assert np.allclose(free @ g @ theta, 0, atol=1e-5), "another fit is smoother"


# %% tags=["hidden"] points=1
def test_an_example_that_occurs_twice(smoothest_fit):
    """The same row with the same label: nothing changes."""
    rng = np.random.default_rng(124)
    features, y = rng.standard_normal((4, 9)), rng.standard_normal(4)
    root = rng.standard_normal((9, 9)) + 3 * np.eye(9)
    once = smoothest_fit(features, y, root @ root.T)
    twice = smoothest_fit(
        np.vstack([features, features[:2]]), np.append(y, y[:2]), root @ root.T
    )
    assert np.allclose(once, twice, atol=1e-6), (
        f"up to {np.abs(once - twice).max():.2g} off"
    )


# %% tags=["hidden"] points=1
def test_badly_scaled_gradients(smoothest_fit):
    """Features whose squared gradients span 12 orders of magnitude."""
    rng = np.random.default_rng(125)
    g = np.diag(10.0 ** np.linspace(-6, 6, 10))
    features, y = rng.standard_normal((3, 10)), rng.standard_normal(3)
    theta = smoothest_fit(features, y, g)
    half = np.diag(g) ** -0.5
    expected = half * np.linalg.lstsq(features * half, y, rcond=None)[0]
    assert np.allclose(features @ theta, y, atol=1e-6), "the labels are not fitted"
    found, least = theta @ g @ theta, expected @ g @ expected
    assert found < least * (1 + 1e-4), (
        f"a fit with {least:.4g} exists; yours has {found:.4g}"
    )


# %% [markdown] question="simulated"
r"""
## 3. At initialisation

A network without biases has hidden layers of `widths` $n_1, n_2, \dots$ and units $\phi(a) = a$ for $a > 0$, $s\,a$ for $a \le 0$, with `slope` $s \ge 0$. Weights into a layer are Gaussian with variance $C/(\text{number of its inputs})$, where $C$ is such that on average the mean square $K$ of a layer (times $C$) stays what it was:

$$K_\ell = \frac{C}{n_\ell} \sum_j \phi(a_j)^2, \qquad C \cdot \mathbb E\, \phi(g)^2 = 1 \text{ for a standard Gaussian } g .$$

The input has $K_0 = 1$, so the sums $a_j$ that enter the first layer are standard Gaussian; those that enter a later layer are Gaussian with variance $K$ of the layer before. Draw `networks` of them, and return $K$ after each layer. Every draw follows from `seed`. Networks are independent of each other, and 20,000 of 20 layers of 100 units shall take a few seconds: draw no matrices.
"""


# %% tags=["solution"]
def simulated(widths, slope, networks, seed):
    """The mean squares K of all layers in randomly drawn networks.

    widths:   list of whole numbers
    slope:    of a unit below zero; 0 is ReLU, 1 is linear
    networks: how many to draw
    seed:     a whole number, from which every draw follows
    returns:  array [len(widths) + 1, networks], whose first row is 1
    """
    # BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    gain, values = 2 / (1 + slope**2), [np.ones(networks)]
    for width in widths:
        sums = rng.standard_normal((networks, width)) * np.sqrt(values[-1])[:, None]
        units = np.where(sums > 0, sums, slope * sums)
        values.append(gain * (units**2).mean(1))
    return np.array(values)
    # END SOLUTION


# %% tags=["test"] points=1
def test_the_shape_and_the_mean(simulated):
    """Three layers, 20,000 networks: a row for each layer and one for the input, and a mean of 1 in all."""
    found = simulated([20, 30, 10], 0.0, 20_000, 126)
    assert found.shape == (4, 20_000), f"shape (4, 20000), not {found.shape}"
    assert np.all(found[0] == 1), "the input has K = 1"
    assert np.allclose(found.mean(1), 1, atol=0.04), f"means of 1, not {found.mean(1)}"


# %% tags=["test"] points=1
def test_one_layer_of_relu(simulated):
    """The variance of K after one layer of 50 ReLUs is 5/50."""
    found = simulated([50], 0.0, 40_000, 127)[1].var()
    assert np.isclose(found, 0.1, rtol=0.06), f"0.1, not {found:.3f}"


# %% tags=["hidden"] points=2
def test_widths_that_differ(simulated):
    """The second moments multiply, layer by layer, for slopes 0, 0.3 and 1."""
    for slope in (0.0, 0.3, 1.0):
        c = 6 * (1 + slope**4) / (1 + slope**2) ** 2 - 1
        widths = [40, 15, 60]
        found = simulated(widths, slope, 60_000, 128)
        expected = np.cumprod([1 + c / n for n in widths]) - 1
        assert np.allclose(found.mean(1), 1, atol=0.05), (
            f"slope {slope}: the mean of K is {found.mean(1).round(2)}, not 1"
        )
        measured = found[1:].var(1) / found[1:].mean(1) ** 2
        assert np.allclose(measured, expected, rtol=0.08), (
            f"slope {slope}: {expected.round(3)}, not {measured.round(3)}"
        )


# %% tags=["hidden"] points=1
def test_networks_are_independent_and_layers_are_not(simulated):
    """Different networks are uncorrelated, successive layers of one are not."""
    found = simulated([10, 10, 10], 0.0, 40_000, 129)
    apart = np.corrcoef(found[2, ::2], found[2, 1::2])[0, 1]
    together = np.corrcoef(found[2], found[3])[0, 1]
    assert abs(apart) < 0.05, f"two networks are correlated: {apart:.2f}"
    assert together > 0.5, f"K hardly depends on K of the layer before: {together:.2f}"


# %% tags=["hidden"] points=1
def test_from_the_seed_alone(simulated):
    """The same seed gives the same networks, and another one others."""
    one, two, other = (simulated([8, 8], 0.5, 100, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, two), "the same seed gives other networks"
    assert not np.array_equal(one, other), "another seed gives the same networks"


# %% [markdown] question="investigate" points=12
r"""
## Investigate: does compression go with generalization?

`trained(spread, gain, seed)` trains a tanh network on the twelve bits of the chapter and returns its layers, labels and errors. `spread` is the size of the initial weights, `gain` how nearly the labels are a function of the pattern: 30 is the chapter's, 3 has many labels that contradict the rule, and 0 labels that are pure noise.

1. **Predict** (before you run anything): In which of the settings does $I(X;T)$ fall most from its highest value to the end? Over settings, is a larger fall accompanied by a lower test error? And within one setting, over seeds?
2. **Measure**, for two spreads or more, the three gains and five seeds or more: the fall of $I(X;T)$, averaged over the last three layers, with your `layer_information` and 30 equal bins on $[-1, 1]$, and the test error.
3. **Vary the reading**: the same with 300 bins. Which of your answers stay?
4. **Answer**, in about 400 words and two figures: Does compression go with generalization over settings, and within a setting? What would you need to call it a *cause*? A colleague says: "Stop training when $I(X;T)$ begins to fall, the rest is overfitting"; another: "train until it has fallen". What do your networks say? Say what result would have proved you wrong, and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: six settings, five seeds with their spread, both numbers of bins | 3 |
| the figures can be read without the text: axes, units, legend, spread | 2 |
| the answers follow from the figures, and keep apart settings and seeds, correlation and cause, bins and layer | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
epochs = 60
recorded = np.unique(np.geomspace(1, epochs + 1, 15).astype(int) - 1)


def trained(spread, gain, seed):
    """Layers [epochs][5] of [units, 4096] at the recorded epochs, labels [4096], training and test errors in per cent."""
    history = phases.trained("tanh", [seed], epochs, recorded, spread=spread, gain=gain)
    layers = [[layer[0] for layer in each] for each in history.layers]
    errors = history.train_error[:, 0], history.test_error[:, 0]
    return layers, history.labels[0], *errors


# %% tags=["solution"]
# BEGIN SOLUTION
rows = []
for spread in (0.5, 1.0):
    for gain in (30.0, 3.0, 0.0):
        for seed in range(5):
            layers, labels, train, test = trained(spread, gain, seed)
            for bins in (30, 300):
                edges, even = np.linspace(-1, 1, bins + 1)[1:-1], np.full(4096, 1 / 4096)
                course = np.mean(
                    [
                        [layer_information(t.T, labels, even, edges)[0] for t in each[2:]]
                        for each in layers
                    ],
                    1,
                )
                fall = course.max() - course[-1]
                rows.append(
                    (spread, gain, seed, bins, fall, train[-1], test[-1], test.min())
                )
names = ["spread", "gain", "seed", "bins", "fall", "train", "test", "best"]
table = pd.DataFrame(rows, columns=names)
summary = table.groupby(["bins", "spread", "gain"])[["fall", "train", "test", "best"]]
print(summary.agg(["mean", "std"]).round(2))
within = {
    key: own.fall.corr(own.test) for key, own in table.groupby(["bins", "spread", "gain"])
}
over = {
    bins: own.groupby(["spread", "gain"])[["fall", "test"]].mean().corr().iloc[0, 1]
    for bins, own in table.groupby("bins")
}
print(pd.Series(within).unstack().round(2), over)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True)
for ax, (bins, own) in zip(axes, table.groupby("bins"), strict=True):
    for c, ((spread, gain), some) in enumerate(own.groupby(["spread", "gain"])):
        ax.plot(
            some.fall, some.test, "os^DvP"[c], color=f"C{c}", label=f"{spread:g}, {gain:g}"
        )
    ax.set(title=f"{bins} bins", xlabel="fall of I(X;T), bits")
axes[0].set_ylabel("test error, %")
axes[1].legend(title="spread, gain")
plt.show()
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* Random labels need the largest weights, so I expected units to saturate most there, and the fall to be largest with gain 0: compression without generalization. Over settings I expected no relation to the test error, and none within a setting.

*Finding over settings.* I was wrong about the first. With 30 bins $I(X;T)$ falls by 0.6 bits (spread 0.5) and 1.7 bits (spread 1) where labels follow the rule, by 0.1 and 0.3 with gain 3, and by 0.0 and 0.3 with pure noise; test errors are 8, 35 and 49 %. The correlation over the six settings is −0.8: a larger fall goes with a lower error. But gain changes two things at once, what can be learned and how much has been *fitted* after 60 epochs: training errors are 4, 27 and 44 %. Units saturate once the labels
are nearly fitted. Fitting explains both columns.

*Within a setting* the correlations over five seeds are anything from −0.95 to 0.3, and five values give ±0.8 by chance alone. Nothing follows, either way.

*Equal errors, unequal falls.* The best evidence is the pair of spreads at gain 30: both err on 7.6 %, and one compresses a bit more than the other. If compression lowered the error, the error would differ.

*Reading.* With 300 bins the relation over settings stays (−0.9), because it is one of fitting. But the order of the two spreads turns round: 0.9 and 0.5 bits. A statement that the number of bins can reverse is not about the network.

*Cause.* For that, compression must be changed and nothing else: for instance a penalty that keeps units away from ±1, at equal training error, against none. If the error then rose with every bit that is not lost, I would believe it. *The colleagues*: the lowest test error on the way is one or two points below that of the end in all settings, so neither waiting for the fall nor waiting for its end buys anything here; and nobody needs bits to stop, a validation set does it.

*What would have proved me wrong:* the two spreads at gain 30 with different errors, in the order of their falls in both readings. *Limits* (one is enough): 60 epochs, so that noise was never fitted; five seeds; one task of 4,096 patterns, of which four fifths are trained on, so that information and training set are nearly the same thing.
"""
