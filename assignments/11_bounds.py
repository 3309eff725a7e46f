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

# %% [markdown] withheld=["overparam.theory.bounds", "overparam.theory.norm_bounds"]
r"""
# Assignment 11: What is a promise worth?

A bound promises something about examples that nobody has seen. The chapter {doc}`/notebooks/11_bounds` shows that some promises are worth something and many are not. Here you compute three of them: the inverse of a divergence, from which sharp bounds are made; a PAC-Bayes bound on networks with Gaussian weights; and a bound by norms and margins. Then you ask how many examples a promise needs.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | the inverse of a divergence | 5 | 30 min |
| 2 | a PAC-Bayes bound | 6 | 35 min |
| 3 | a bound by norms and margins | 7 | 45 min |
| 4 | *Investigate*: how many examples to hold back? | 12 | 1¾ h |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other numbers, and check what the text promises. The package has some of this in `overparam.theory`. Write your own: grading runs without it. Part 4 is read by a person, with the rubric that you find there.

Errors are shares, from 0 to 1. Every bound may fail with probability $\delta$, `failure` in the code. Logarithms are natural.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from overparam import data, figures, mlp, network, sweep

figures.style()

# %% [markdown] question="largest_error"
r"""
## 1. How large can the error be?

Between two coins with probabilities $q$ and $p$ the divergence is $\mathrm{kl}(q \Vert p) = q \ln \frac qp + (1 - q) \ln \frac{1-q}{1-p}$, where $0 \ln 0 = 0$. As $p$ rises from $q$ to 1 it rises from 0, to infinity unless $q = 1$. Sharp bounds say that $\mathrm{kl}(\hat R \Vert R) \le c$, with the error $\hat R$ on the examples, the error $R$ on new ones, and a budget $c$. Find the largest $R$ that this allows, with an absolute error below $10^{-8}$. Budgets may be 0, and they may be 50.
"""


# %% tags=["solution"]
def largest_error(seen, budget):
    """The largest p from seen to 1 with kl(seen || p) ≤ budget.

    seen:    a number from 0 to 1
    budget:  a number from 0 up
    returns: a number from 0 to 1
    """
    # BEGIN SOLUTION
    low, high = float(seen), 1.0
    for _ in range(60):
        p = (low + high) / 2
        cost = seen * np.log(seen / p) if seen > 0 else 0.0
        if seen < 1:
            cost += (1 - seen) * np.log((1 - seen) / (1 - p)) if p < 1 else np.inf
        low, high = (p, high) if cost <= budget else (low, p)
    return low
    # END SOLUTION


# %% tags=["test"] points=1
def test_no_errors_seen(largest_error):
    """kl(0 || p) = -ln(1 - p), so p = 1 - e^-c."""
    for c in (0.1, 0.7, 3.0):
        found = largest_error(0.0, c)
        assert np.isclose(found, 1 - np.exp(-c), atol=1e-8), (
            f"c = {c}: {1 - np.exp(-c):.8f}, not {found}"
        )


# %% tags=["test"] points=1
def test_one_value_by_hand(largest_error):
    """kl(1/4 || 1/2) = ln 2 - (3/4) ln 4 + (3/4) ln 3 = 0.1308."""
    c = 0.25 * np.log(0.5) + 0.75 * np.log(1.5)
    found = largest_error(0.25, c)
    assert np.isclose(found, 0.5, atol=1e-8), f"one half, not {found}"


# %% tags=["hidden"] points=1
def test_the_ends(largest_error):
    """Nothing to spend, everything wrong, and a budget without end."""
    for seen, c, expected in (
        (0.3, 0.0, 0.3),
        (0.0, 0.0, 0.0),
        (1.0, 0.0, 1.0),
        (1.0, 2.0, 1.0),
        (0.2, 50.0, 1.0),
    ):
        found = largest_error(seen, c)
        assert np.isclose(found, expected, atol=1e-8), (
            f"seen {seen}, budget {c}: {expected}, not {found}"
        )


# %% tags=["hidden"] points=2
def test_it_spends_the_budget(largest_error):
    """At many places: the result is at least what was seen, and its divergence is the budget."""
    rng = np.random.default_rng(111)
    for seen, c in zip(
        rng.uniform(0.001, 0.999, 40), rng.uniform(0.0001, 1.5, 40), strict=True
    ):
        p = largest_error(seen, c)
        assert seen <= p < 1, f"seen {seen:.3f}, budget {c:.3f}: {p} does not lie between"
        cost = seen * np.log(seen / p) + (1 - seen) * np.log((1 - seen) / (1 - p))
        assert np.isclose(cost, c, atol=1e-5), (
            f"seen {seen:.3f}: {c:.5f} may be spent, you spend {cost:.5f}"
        )


# %% [markdown] question="pac_bayes"
r"""
## 2. A PAC-Bayes bound

Each weight of a network is drawn from a normal distribution of its own, independently: in the posterior $Q$ with means $w_i$ and standard deviations $s_i$, in the prior $P$ with means $v_i$ and one standard deviation $\lambda$ for all. The prior was fixed without the $m$ examples. With probability $1 - \delta$

$$\mathrm{kl}\bigl( \hat R(Q) \,\Vert\, R(Q) \bigr) \le \frac{\mathrm{KL}(Q \Vert P) + \ln (2\sqrt m/\delta)}{m} .$$

Between two normal distributions of one number, $\mathrm{KL} = \ln\frac{\lambda}{s} + \frac{s^2 + (w - v)^2}{2\lambda^2} - \frac12$; for independent numbers divergences add up. You have the errors of several networks that were drawn from $Q$; take their mean for $\hat R(Q)$. Return the bound on $R(Q)$ and the divergence, in nats. For the last step use your `largest_error`; the tests pass one that works.
"""


# %% tags=["solution"]
def pac_bayes(
    errors,
    mean,
    deviation,
    prior_mean,
    prior_deviation,
    m,
    failure=0.05,
    largest_error=largest_error,
):
    """The bound on the mean error of networks with Gaussian weights, and the divergence that it pays for.

    errors:          array [draws], errors of networks drawn from the posterior on the m examples
    mean, deviation: arrays [p], of the posterior; deviation > 0
    prior_mean:      array [p]
    prior_deviation: a number > 0
    returns:         (bound, divergence)
    """
    # BEGIN SOLUTION
    mean, deviation, prior_mean = (
        np.asarray(a, dtype=float) for a in (mean, deviation, prior_mean)
    )
    each = np.log(prior_deviation / deviation) - 0.5
    each = each + (deviation**2 + (mean - prior_mean) ** 2) / (2 * prior_deviation**2)
    divergence = float(each.sum())
    budget = (divergence + np.log(2 * np.sqrt(m) / failure)) / m
    return largest_error(float(np.mean(errors)), budget), divergence
    # END SOLUTION


# %% tags=["test"] points=1
def test_posterior_is_the_prior(pac_bayes):
    """Nothing was learned: no divergence. With no errors the bound is 1 - exp(-ln(2 √m / δ) / m)."""
    bound, divergence = pac_bayes(
        np.zeros(5), np.ones(3), np.full(3, 0.2), np.ones(3), 0.2, 100, 0.05
    )
    assert np.isclose(divergence, 0, atol=1e-12), f"the divergence is 0, not {divergence}"
    expected = 1 - np.exp(-np.log(2 * 10 / 0.05) / 100)
    assert np.isclose(bound, expected, atol=1e-7), f"{expected:.6f}, not {bound}"


# %% tags=["test"] points=1
def test_one_weight_by_hand(pac_bayes):
    """Moved by 3 prior deviations, and known ten times better: ln 10 + (0.01 + 9)/2 - 1/2."""
    divergence = pac_bayes([0.1], [3.0], [0.1], [0.0], 1.0, 50)[1]
    expected = np.log(10) + 9.01 / 2 - 0.5
    assert np.isclose(divergence, expected), f"{expected:.4f}, not {divergence}"


# %% tags=["hidden"] points=2
def test_against_drawn_weights(pac_bayes):
    """The divergence is the mean of ln q - ln p over weights drawn from the posterior."""
    rng = np.random.default_rng(112)
    w, s, v = rng.standard_normal(6), rng.uniform(0.05, 0.6, 6), rng.standard_normal(6)
    drawn = w + s * rng.standard_normal((200_000, 6))

    def log(at, mean, sd):
        return (-0.5 * ((at - mean) / sd) ** 2 - np.log(sd)).sum(-1)

    expected = (log(drawn, w, s) - log(drawn, v, np.full(6, 0.4))).mean()
    found = pac_bayes([0.2, 0.3], w, s, v, 0.4, 1000)[1]
    assert np.isclose(found, expected, rtol=0.01), f"about {expected:.2f}, not {found:.2f}"


# %% tags=["hidden"] points=1
def test_the_mean_of_the_errors(pac_bayes):
    """Of several networks the mean error counts; more examples promise more, a smaller failure less."""
    args = (np.zeros(4), np.full(4, 0.1), np.full(4, 0.3), 0.2)
    one, other = (pac_bayes(e, *args, 500)[0] for e in ([0.0, 0.2, 0.1], [0.1]))
    assert np.isclose(one, other), f"errors 0, 0.2 and 0.1 count as 0.1: {other}, not {one}"
    more, sure = pac_bayes([0.1], *args, 5000)[0], pac_bayes([0.1], *args, 500, 1e-6)[0]
    assert 0.1 < more < other < sure < 1, (
        f"{more}, {other} and {sure} must rise in this order"
    )


# %% tags=["hidden"] points=1
def test_units(pac_bayes):
    """Weights in other units, all deviations with them: the same divergence."""
    rng = np.random.default_rng(113)
    w, s, v = rng.standard_normal(9), rng.uniform(0.1, 1, 9), rng.standard_normal(9)
    one, other = (pac_bayes([0.1], k * w, k * s, k * v, 0.7 * k, 300) for k in (1.0, 1e-4))
    assert np.allclose(one, other, rtol=1e-6), f"{one} becomes {other} in other units"


# %% [markdown] question="margin_bound"
r"""
## 3. A bound by norms and margins

A ReLU network with one output $f$ and labels $y = \pm 1$ has layers $(W_l, b_l)$ with $W_l$ [inputs, outputs] and $b_l$ [outputs]: $h_0 = x$, $h_l = \mathrm{relu}(h_{l-1} W_l + b_l)$, and in the last layer no ReLU. Its *margin* on an example is $y f(x)$.

The bound is for networks without biases. So append a constant 1 to every input, and let every layer but the last pass it on: with the constant as the last input and output, layer $l$ becomes the matrix $A_l = \begin{pmatrix} W_l & 0 \\ b_l & 1 \end{pmatrix}$, and the last layer $A_d = \begin{pmatrix} W_d \\ b_d \end{pmatrix}$. Let $r$ be the largest Euclidean norm of $(x, 1)$. Then

$$\mathfrak R = \bigl( \sqrt{2 d \ln 2} + 1 \bigr)\, \frac{r}{\sqrt n} \prod_{l=1}^d \lVert A_l \rVert_F, \qquad \text{bound} = s + \frac{2 \mathfrak R}{\gamma} + \sqrt{\frac{\ln (1/\delta)}{2n}} ,$$

where $\gamma$ is the margin below which a share $s$ of the $n$ training examples lie: `np.quantile(margins, s)`. Raise a `ValueError` if $\gamma$ is not positive. (Golowich et al. 2018, arXiv 1712.06541; that $\gamma$ and the norms were chosen afterwards costs terms that we leave out.)
"""


# %% tags=["solution"]
def margin_bound(layers, x, y, share=0.01, failure=0.05):
    """The bound by Frobenius norms and margins.

    layers:  list of d pairs (W [inputs, outputs], b [outputs]); the last has one output
    x, y:    arrays [n, inputs] and [n] of ±1, the training examples
    returns: a number, which may be far above 1
    """
    # BEGIN SOLUTION
    h, n, d = np.asarray(x, dtype=float), len(x), len(layers)
    r = np.sqrt((h**2).sum(1).max() + 1)
    product = 1.0
    for number, (w, b) in enumerate(layers, 1):
        last = number == d
        product *= np.sqrt((w**2).sum() + (b**2).sum() + (not last))
        h = h @ w + b
        h = h if last else np.maximum(h, 0)
    gamma = np.quantile(np.asarray(y) * h[:, 0], share)
    if gamma <= 0:
        raise ValueError(
            f"A share of {share:g} must have margins below a positive number; got {gamma:g}."
        )
    complexity = (np.sqrt(2 * d * np.log(2)) + 1) * r / np.sqrt(n) * product
    return share + 2 * complexity / gamma + np.sqrt(np.log(1 / failure) / (2 * n))
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_linear_classifier_by_hand(margin_bound):
    """d = 1: W = (3, 0), b = 4, two examples, both with margin 7; the largest (x, 1) has norm √2."""
    x, y = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([1, 1])
    layers = [(np.array([[-3.0], [0.0]]), np.array([4.0]))]
    expected = (
        0.5
        + 2 * (np.sqrt(2 * np.log(2)) + 1) * np.sqrt(2) / np.sqrt(2) * 5 / 4
        + np.sqrt(np.log(20) / 4)
    )
    found = margin_bound(layers, x, y, share=0.5)
    assert np.isclose(found, expected), (
        f"margins 1 and 7, of which np.quantile makes 4: {expected:.4f}, not {found}"
    )


# %% tags=["test"] points=1
def test_the_constant_is_passed_on(margin_bound):
    """Two layers of weight 1: the first matrix is [[1, 0], [0, 1]], of norm √2, the second has norm 1."""
    layers = [(np.ones((1, 1)), np.zeros(1)), (np.ones((1, 1)), np.zeros(1))]
    x, y = np.full((8, 1), 2.0), np.ones(8)
    expected = 2 * (np.sqrt(4 * np.log(2)) + 1) * np.sqrt(5 / 8) * np.sqrt(2) / 2 + np.sqrt(
        np.log(20) / 16
    )
    found = margin_bound(layers, x, y, share=0.0)
    assert np.isclose(found, expected), f"{expected:.4f}, not {found}"


# %% tags=["hidden"] points=2
def test_deep_networks(margin_bound):
    """Random networks of several depths and widths, with labels that they have themselves."""
    rng = np.random.default_rng(114)
    for sizes, n, share, failure in (
        ((4, 1), 30, 0.1, 0.05),
        ((3, 7, 1), 50, 0.02, 0.1),
        ((5, 6, 4, 9, 1), 40, 0.2, 0.01),
    ):
        layers = [
            (rng.standard_normal((a, b)), rng.standard_normal(b))
            for a, b in np.column_stack([sizes[:-1], sizes[1:]])
        ]
        x = rng.standard_normal((n, sizes[0]))
        at, norms = np.hstack([x, np.ones((n, 1))]), []
        for k, (w, b) in enumerate(layers):
            matrix = np.vstack([w, b])
            if k < len(layers) - 1:
                matrix = np.hstack([matrix, np.eye(len(matrix))[:, -1:]])
            norms.append(np.linalg.norm(matrix))
            at = at @ matrix
            at = np.maximum(at, 0) if k < len(layers) - 1 else at
        y = np.sign(at[:, 0])
        gamma, d = np.quantile(np.abs(at[:, 0]), share), len(layers)
        r = np.sqrt((x**2).sum(1).max() + 1)
        complexity = (np.sqrt(2 * np.log(2) * d) + 1) * r * np.prod(norms) / np.sqrt(n)
        expected = share + 2 * complexity / gamma + np.sqrt(-np.log(failure) / 2 / n)
        found = margin_bound(layers, x, y, share, failure)
        assert np.isclose(found, expected), f"{d} layers: {expected:.4f}, not {found}"


# %% tags=["hidden"] points=2
def test_wrong_examples(margin_bound):
    """A few wrong examples may be below the share; too many, and there is no margin."""
    layers = [(np.ones((1, 1)), np.zeros(1))]
    x, y = np.linspace(1, 2, 101)[:, None], np.ones(101)
    y[:3] = -1
    assert margin_bound(layers, x, y, share=0.05) > 0.05, (
        "three of 101 are fewer than a twentieth"
    )
    for share in (0.0, 0.01):
        try:
            found = margin_bound(layers, x, y, share=share)
        except ValueError:
            continue
        raise AssertionError(
            f"share {share}: the margin is negative, so it must raise a ValueError; it gave {found}"
        )


# %% tags=["hidden"] points=1
def test_scale(margin_bound):
    """Twice the last layer, twice the margin: the same bound. And nothing that was passed in changes."""
    rng = np.random.default_rng(115)
    x, y = rng.standard_normal((20, 3)) + 5, np.ones(20)
    layers = [(rng.random((3, 4)), rng.random(4)), (rng.random((4, 1)), rng.random(1))]
    kept = [(w.copy(), b.copy()) for w, b in layers]
    one = margin_bound(layers, x, y)
    other = margin_bound([layers[0], (2 * layers[1][0], 2 * layers[1][1])], x, y)
    assert np.isclose(one, other), f"{one} becomes {other}"
    assert all(
        np.array_equal(a, b)
        for pair, old in zip(layers, kept, strict=True)
        for a, b in zip(pair, old, strict=True)
    ), "the layers that were passed in have changed"


# %% [markdown] question="investigate" points=12
r"""
## Investigate: how many examples to hold back?

You have $n$ labelled signals and must hand over a network together with a promise of its error, which may fail with probability 0.05. You may train on some of the signals and hold the others back. Of held-back examples $m$, with the error $\hat R$ on them, `largest_error(R̂, ln(1/0.05)/m)` is the promise. The fewer are held back, the better the network and the weaker the promise.

1. **Predict** (before you run anything): with $n = 500$ and $n = 4{,}000$, which share gives the best *promise*? Which gives the best *network*? How far apart are the two in error?
2. **Measure** for three $n$ or more and at least six shares, over at least five draws of the signals: the test error of the network and the promise. Draw both against the share.
3. **Choose.** Suppose that you also choose among 20 networks (widths, learning rates) by the held-back examples. What is the honest promise? Try it: how much does the best of 20 gain in promise, and how much does it cost?
4. **Compare** with `margin_bound` on the same networks, which holds nothing back. For which $n$, by extrapolation, would it promise less than one half? Say what you extrapolate and how sure you are.
5. **Answer**, in about 400 words and two figures: how should the share change with $n$, and why? A colleague says: "Hold nothing back, cross-validation gives the error." Say what would have to be true for that to be a promise, what result would have proved your rule wrong, and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: three $n$, six shares, five draws with their spread, the choice among 20 paid for | 3 |
| the figures can be read without the text: axes, units, legend, bands | 2 |
| the answers follow from the figures, and keep apart error, estimate and promise | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""


# %% tags=["start"]
def drawn(n, seed):
    """n signals of an even or an odd digit, moved by up to three points, with 2,000 test signals: x, y, x_test, y_test."""
    own = data.mnist1d(n, 2000, seed, max_translation=4)
    return own.x, own.y % 2, own.x_test, own.y_test % 2


def trained(x, y, seed, width=64, lr=0.05):
    """A network with one hidden layer that was trained on these signals, as a function from signals to classes, and its layers."""
    own = data.Data("mine", x, y, x, y, "made here", classes=2)
    how = {"momentum": 0.9, "batch_size": min(32, len(x)), "epochs": 300, "stop_loss": 0.01}
    row = sweep(mlp(width), own, seed=seed, lr=lr, record=["weights"], **how).iloc[0]
    net = network(row, own)
    w1, b1, w2, b2 = (p.detach().double().numpy() for p in net.parameters())
    layers = [(w1.T, b1), ((w2[1:] - w2[:1]).T, b2[1:] - b2[:1])]
    return lambda at: net(at).argmax(1), layers


# %% tags=["solution"]
# BEGIN SOLUTION
numbers, shares, rows = (500, 1000, 2000, 4000), (0.05, 0.1, 0.2, 0.35, 0.5, 0.7), []
for n in numbers:
    for seed in range(5):
        x, y, x_test, y_test = drawn(n, seed)
        for share in shares:
            m = round(share * n)
            classify, layers = trained(x[m:], y[m:], seed)
            seen = (classify(x[:m]) != y[:m]).double().mean().item()
            error = (classify(x_test) != y_test).double().mean().item()
            norms = margin_bound(layers, x[m:].numpy(), 2 * y[m:].numpy() - 1)
            rows.append((n, share, seed, error, largest_error(seen, np.log(20) / m), norms))
columns = ["n", "share", "draw", "error", "promise", "norms"]
table = pd.DataFrame(rows, columns=columns)
table.groupby(["n", "share"])[columns[3:]].mean().unstack("n").round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for ax, column in zip(axes, ("error", "promise"), strict=True):
    for c, n in enumerate(numbers):
        own = table[table.n == n].groupby("share")[column].agg(["mean", "std"])
        ax.plot(own.index, own["mean"], "o-", color=f"C{c}", label=f"n = {n:,}")
        ax.fill_between(
            own.index,
            own["mean"] - own["std"],
            own["mean"] + own["std"],
            color=f"C{c}",
            alpha=0.2,
        )
    ax.set(
        xlabel="share held back",
        title={"error": "test error", "promise": "promise"}[column],
        yscale="log",
    )
axes[0].legend()
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
rows = []
for seed in range(5):
    x, y, x_test, y_test = drawn(1000, seed)
    m, tried = 200, []
    for width in (8, 16, 32, 64, 128):
        for lr in (0.01, 0.02, 0.05, 0.1):
            classify, _ = trained(x[m:], y[m:], seed, width, lr)
            seen = (classify(x[:m]) != y[:m]).double().mean().item()
            tried.append(
                (seen, (classify(x_test) != y_test).double().mean().item(), width, lr)
            )
    seen, error, *_ = min(tried)
    usual = next(t for t in tried if t[2:] == (64, 0.05))
    honest, naive = (
        largest_error(seen, (np.log(20) + cost) / m) for cost in (np.log(20), 0)
    )
    rows.append((usual[1], largest_error(usual[0], np.log(20) / m), error, naive, honest))
names = [
    "usual: error",
    "promise",
    "best of 20: error",
    "promise, not paid",
    "promise, paid",
]
print(pd.DataFrame(rows, columns=names).mean().round(3))
log = np.log(table[table.share == 0.05].groupby("n").norms.mean())
print("exponent of the norm bound in n:", round(np.polyfit(np.log(numbers), log, 1)[0], 2))
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* I expected half for 500 and a tenth for 4,000, since the price of chance falls like $1/\sqrt m$ or faster and errors fall slowly with the number of training signals. The best network holds back nothing, of course.

*Finding.* For every $n$ the test error rises with the share, at first hardly. The promise has a minimum inside, and is flat around it: somewhat more or less than the best share costs little. (Your figure says where it lies for each $n$, with the spread of five draws; read the place of a flat minimum with care.) At the best share the promise is clearly above the error. So the best network and the best promise are different networks, and the price of the promise is the difference of their errors.

*Choice.* The best of 20 has a smaller held-back error than the usual network, partly by luck. Without paying, its promise looks best, and is no promise. Paid for by $\ln 20$ more, it is about what it was without any choice: among networks so much alike there was little to gain, and the logarithm is cheap but not free.

*Norms.* `margin_bound` is about a hundred at 4,000 signals. Where its exponent in $n$ is near zero or above, as the chapter finds, no number of examples makes it less than one half. Four sizes over a factor of eight: I would not trust the exponent beyond that range, but I would trust that nothing useful begins in it.

*A rule.* Hold back so many that the square root of (error times 3 over $m$), which is what chance costs, is about what the last signals that you hold back would have taken off the error. As errors become small, chance costs like $3/m$ and less needs to be held back. *The colleague* is right about the estimate: cross-validation uses everything. But its folds share their training signals and are tests of other networks than the one handed over; without a theorem on the stability of training it is no promise.

*What would have proved this wrong:* a promise that has no minimum inside, or one whose best share grows with $n$. *Limits* (one is enough): one task and architecture; 2,000 test signals, which cannot tell errors of half a point apart; shares on a coarse grid, of which the best is chosen on the same draws.
"""
