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

# %% [markdown] withheld=["overparam.theory.kernels", "overparam.theory.tangent"]
r"""
# Assignment 8: A network and its linearisation

The chapter {doc}`/notebooks/08_lazy_and_rich` shows that a network can train in two ways: *lazily*, as its linearisation at the initial weights does, and *richly*, where its features move. Here you build the linearisation and its kernel, train both side by side, and see where they agree. Then you ask what the chapter does not: once features have moved, where does a network keep
what it has learned?

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | the linearisation of a network | 5 | 30 min |
| 2 | its kernel | 6 | 30 min |
| 3 | gradient descent on both, at any output scale | 7 | 50 min |
| 4 | *Investigate*: is what it learned in the features? | 12 | 2 h |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
networks and other numbers, and check what the text promises. The package has some of this in `overparam.theory`. Write your own: grading runs without
it. Part 4 is read by a person, with the rubric that you find there.

Throughout, `weights` is a list of layers, each a pair $(W, b)$ of arrays of shape [inputs, outputs] and [outputs]. The last layer has one output. `tensors` makes PyTorch's tensors of them, and `network` says what the network answers. Your functions take arrays and return arrays.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
import torch
from matplotlib import pyplot as plt

from overparam import figures

figures.style()


def tensors(weights):
    """Layers (W, b) of arrays as layers of tensors."""
    return [
        tuple(torch.tensor(np.asarray(part), dtype=torch.float64) for part in layer)
        for layer in weights
    ]


def network(weights, x):
    """What a ReLU network of layers (W, b), all tensors, answers to examples x [n, inputs]: a tensor [n]."""
    for k, (w, b) in enumerate(weights):
        x = (x if k == 0 else torch.relu(x)) @ w + b
    return x[:, 0]


# %% [markdown] question="linearize"
r"""
## 1. The linearisation

To first order in the weights a network is

$$f_\text{lin}(w, x) = f(w_0, x) + \nabla_w f(w_0, x) \cdot (w - w_0) .$$

It is linear in $w$ and as nonlinear in $x$ as the network is. No matrix of derivatives is needed: how the outputs change along *one* direction is a Jacobian–vector product, which costs about as much as two forward passes. `torch.func.jvp(function, (point,), (direction,))` gives the function's value and that product; point and direction may
be lists of tuples of tensors, of the same form.
"""


# %% tags=["solution"]
def linearize(start, weights, x):
    """What the network's linearisation at the weights start answers, with these weights.

    start:   list of pairs (W [inputs, outputs], b [outputs]): where it is linearised
    weights: list of the same form
    x:       array [n, inputs]
    returns: array [n]
    """
    # BEGIN SOLUTION
    x = torch.tensor(np.asarray(x), dtype=torch.float64)
    point, end = tensors(start), tensors(weights)
    direction = [
        tuple(b - a for a, b in zip(old, new, strict=True))
        for old, new in zip(point, end, strict=True)
    ]
    value, change = torch.func.jvp(lambda w: network(w, x), (point,), (direction,))
    return (value + change).numpy()
    # END SOLUTION


# %% tags=["test"] points=1
def test_one_unit_by_hand(linearize):
    """f = v ReLU(u x) at u = 2, v = 3, x = 1: f is 6, and its derivatives are 3 in u and 2 in v."""
    zero = np.zeros(1)
    start = [(np.array([[2.0]]), zero), (np.array([[3.0]]), zero)]
    moved = [(np.array([[2.5]]), zero), (np.array([[4.0]]), zero)]
    found = linearize(start, moved, np.array([[1.0], [-1.0]]))
    assert np.allclose(found[0], 9.5), f"6 + 3 · 0.5 + 2 · 1 = 9.5, not {found[0]:g}"
    assert np.allclose(found[1], 0), f"at x = -1 the unit is off: 0, not {found[1]:g}"


# %% tags=["test"] points=1
def test_where_it_starts(linearize):
    """At the weights where it is linearised it is the network."""
    start = [(np.ones((2, 3)), np.ones(3)), (np.ones((3, 1)), np.array([0.5]))]
    found = linearize(start, start, np.array([[1.0, 2.0]]))
    assert np.allclose(found, [12.5]), f"the network answers 12.5, not {found}"


# %% tags=["hidden"] points=2
def test_against_the_derivatives(linearize):
    """A network with one hidden layer and biases: the formula, for small changes and large ones."""
    rng = np.random.default_rng(81)
    for d, m, size in ((3, 5, 0.01), (6, 20, 1.0), (4, 9, 30.0)):
        (w, b), (v, c) = start = [
            (rng.standard_normal((d, m)), rng.standard_normal(m)),
            (rng.standard_normal((m, 1)), rng.standard_normal(1)),
        ]
        change = [
            (size * rng.standard_normal(p.shape), size * rng.standard_normal(q.shape))
            for p, q in start
        ]
        moved = [(p + dp, q + dq) for (p, q), (dp, dq) in zip(start, change, strict=True)]
        x = rng.standard_normal((15, d))
        z = x @ w + b
        (dw, db), (dv, dc) = change
        expected = (np.maximum(z, 0) @ (v + dv) + c + dc + ((z > 0) * (x @ dw + db)) @ v)[
            :, 0
        ]
        found = np.asarray(linearize(start, moved, x))
        assert found.shape == (15,), f"one answer for each example, not shape {found.shape}"
        assert np.allclose(found, expected), (
            f"changes of size {size:g}: off by {np.abs(found - expected).max():.2g}"
        )


# %% tags=["hidden"] points=1
def test_deep_and_linear(linearize):
    """Four layers: half way in the weights is half way in the answers."""
    rng = np.random.default_rng(82)
    sizes = (5, 7, 7, 6, 1)

    def drawn():
        return [
            (
                rng.standard_normal((sizes[k], sizes[k + 1])),
                rng.standard_normal(sizes[k + 1]),
            )
            for k in range(4)
        ]

    start, one, two = drawn(), drawn(), drawn()
    half = [((p + r) / 2, (q + s) / 2) for (p, q), (r, s) in zip(one, two, strict=True)]
    x = rng.standard_normal((8, 5))
    ends = (np.asarray(linearize(start, one, x)) + np.asarray(linearize(start, two, x))) / 2
    assert np.allclose(linearize(start, half, x), ends), "it is not linear in the weights"
    near = [
        (p + 1e-7 * (r - p), q + 1e-7 * (s - q))
        for (p, q), (r, s) in zip(start, one, strict=True)
    ]

    def answer(weights):
        z = x
        for k, (w, b) in enumerate(weights):
            z = (z if k == 0 else np.maximum(z, 0)) @ w + b
        return z[:, 0]

    slope = (answer(near) - answer(start)) / 1e-7
    whole = np.asarray(linearize(start, one, x)) - np.asarray(linearize(start, start, x))
    assert np.allclose(whole, slope, rtol=1e-4, atol=1e-4), "its slope is not the network's"


# %% [markdown] question="tangent_kernel"
r"""
## 2. The tangent kernel

When the weights of a linear model follow the gradient, its answers at $x$ change in proportion to the kernel $K(x, x') = \nabla_w f(w, x) \cdot \nabla_w f(w, x')$: a product over *all* weights and biases. Compute it at given weights. (One way: `torch.func.grad` of the answer to one example, over examples with `torch.func.vmap`. Another: `torch.func.jacrev`.)
"""


# %% tags=["solution"]
def tangent_kernel(weights, x, other=None):
    """The products of the gradients of the network's answers to examples x and to others.

    weights: list of pairs (W [inputs, outputs], b [outputs])
    x:       array [n, inputs]
    other:   array [m, inputs]; None: x itself
    returns: array [n, m]
    """

    # BEGIN SOLUTION
    def gradients(examples):
        examples = torch.tensor(np.asarray(examples), dtype=torch.float64)
        of_one = torch.func.grad(lambda w, one: network(w, one[None])[0])
        each = torch.func.vmap(of_one, (None, 0))(tensors(weights), examples)
        return torch.cat([part.flatten(1) for layer in each for part in layer], 1)

    rows = gradients(x)
    return (rows @ (rows if other is None else gradients(other)).T).numpy()
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_kernel_by_hand(tangent_kernel):
    """f = v ReLU(u x) with biases, at u = 2, v = 3: the gradient at x > 0 is (3x, 3, 2x, 1)."""
    weights = [(np.array([[2.0]]), np.zeros(1)), (np.array([[3.0]]), np.zeros(1))]
    found = tangent_kernel(weights, np.array([[1.0], [2.0], [-1.0]]))
    assert np.allclose(found[0], [23, 36, 1]), (
        f"the products of the first example are 9 + 9 + 4 + 1 = 23, 36 and 1, not {found[0]}"
    )


# %% tags=["test"] points=1
def test_a_linear_model(tangent_kernel):
    """Without a hidden layer the kernel is x·x' + 1, whatever the weights."""
    x = np.array([[1.0, 2.0], [3.0, -1.0]])
    found = tangent_kernel([(np.array([[5.0], [7.0]]), np.ones(1))], x)
    assert np.allclose(found, x @ x.T + 1), f"not {found}"


# %% tags=["hidden"] points=2
def test_kernels_of_one_hidden_layer(tangent_kernel):
    """The closed form, between two sets of examples."""
    rng = np.random.default_rng(83)
    for d, m in ((3, 4), (8, 30)):
        weights = [
            (rng.standard_normal((d, m)), rng.standard_normal(m)),
            (rng.standard_normal((m, 1)), rng.standard_normal(1)),
        ]
        x, other = rng.standard_normal((6, d)), rng.standard_normal((9, d))
        (w, b), (v, _) = weights
        hidden, on = (
            [f(e @ w + b) for e in (x, other)]
            for f in (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0))
        )
        expected = (
            hidden[0] @ hidden[1].T
            + 1
            + (on[0] * v[:, 0] ** 2) @ on[1].T * (x @ other.T + 1)
        )
        found = np.asarray(tangent_kernel(weights, x, other))
        assert found.shape == (6, 9), f"6 and 9 examples, but shape {found.shape}"
        assert np.allclose(found, expected), "another kernel than the formula's"


# %% tags=["hidden"] points=2
def test_kernels_of_deep_networks(tangent_kernel):
    """Three hidden layers: the diagonal is the squared gradient, found by differences."""
    rng = np.random.default_rng(84)
    sizes = (4, 6, 5, 6, 1)
    weights = [
        (rng.standard_normal((sizes[k], sizes[k + 1])), rng.standard_normal(sizes[k + 1]))
        for k in range(4)
    ]
    x = rng.standard_normal((3, 4))

    def answer(weights):
        z = x
        for k, (w, b) in enumerate(weights):
            z = (z if k == 0 else np.maximum(z, 0)) @ w + b
        return z[:, 0]

    gradient = []
    for k, layer in enumerate(weights):
        for j, part in enumerate(layer):
            for place in np.ndindex(part.shape):
                moved = [[p.copy() for p in pair] for pair in weights]
                moved[k][j][place] += 1e-6
                gradient.append((answer(moved) - answer(weights)) / 1e-6)
    gradient = np.array(gradient)
    found = np.asarray(tangent_kernel(weights, x))
    assert np.allclose(found, gradient.T @ gradient, rtol=1e-4, atol=1e-4), (
        "the kernel is not that of the gradients in all weights and biases"
    )


# %% [markdown] question="descend"
r"""
## 3. Training both

What the model answers is $\alpha\,(f(w, x) - f(w_0, x))$, with an output scale $\alpha$; at the start that is 0. It trains on

$$L = \frac{1}{\alpha^2}\, \frac1n \sum_i \bigl( \alpha\, (f(w, x_i) - f(w_0, x_i)) - y_i \bigr)^2$$

by plain gradient descent: `steps` steps of size `lr`, each on all examples. The division keeps the speed of learning the same at every $\alpha$. With `linear=True` the network's linearisation *at the initial weights* trains in its place. Return the weights at the end, as arrays; `start` must not change.
"""


# %% tags=["solution"]
def descend(start, x, y, steps, lr, scale=1.0, linear=False):
    """The weights after gradient descent on the scaled, centred network, or on its linearisation.

    start:   list of pairs (W [inputs, outputs], b [outputs]): the initial weights
    x, y:    arrays [n, inputs] and [n]
    steps:   how many; lr: their size
    scale:   α, positive
    linear:  whether the linearisation at start is trained
    returns: list of pairs of arrays, of the same form as start
    """
    # BEGIN SOLUTION
    x, y = (torch.tensor(np.asarray(each), dtype=torch.float64) for each in (x, y))
    initial = tensors(start)
    before = network(initial, x)

    def loss(change):
        moved = [
            tuple(a + b for a, b in zip(old, new, strict=True))
            for old, new in zip(initial, change, strict=True)
        ]
        if linear:
            above = torch.func.jvp(lambda w: network(w, x), (initial,), (change,))[1]
        else:
            above = network(moved, x) - before
        return ((scale * above - y) ** 2).mean() / scale**2

    change = [tuple(torch.zeros_like(part) for part in layer) for layer in initial]
    for _ in range(steps):
        slope = torch.func.grad(loss)(change)
        change = [
            tuple(a - lr * g for a, g in zip(old, new, strict=True))
            for old, new in zip(change, slope, strict=True)
        ]
    return [
        tuple((a + b).numpy() for a, b in zip(old, new, strict=True))
        for old, new in zip(initial, change, strict=True)
    ]
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_first_step_by_hand(descend):
    """f = u x without a hidden layer: the gradient at the start is -2 x y / α in u."""
    start = [(np.array([[4.0]]), np.array([1.0]))]
    for scale, expected in ((1.0, 4.6), (10.0, 4.06)):
        ((w, b),) = descend(start, np.array([[3.0]]), np.array([1.0]), 1, 0.1, scale)
        assert np.allclose(w, expected), (
            f"α = {scale:g}: after one step u is {expected}, not {np.ravel(w)[0]:g}"
        )
    assert start[0][0][0, 0] == 4, "the weights that were passed in have changed"


# %% tags=["test"] points=1
def test_no_step_and_a_linear_model(descend):
    """No step changes nothing; and a model without a hidden layer is its own linearisation."""
    rng = np.random.default_rng(0)
    start = [(rng.standard_normal((3, 1)), np.ones(1))]
    x, y = rng.standard_normal((5, 3)), rng.standard_normal(5)
    assert np.allclose(descend(start, x, y, 0, 0.1)[0][0], start[0][0])
    one, two = (descend(start, x, y, 20, 0.05, 2.0, linear) for linear in (False, True))
    assert np.allclose(one[0][0], two[0][0]), "they train alike"


# %% tags=["hidden"] points=2
def test_the_linearisation_is_kernel_regression(descend):
    """Descent on the linearisation has a formula in the kernel at the start, at every α."""
    rng = np.random.default_rng(85)
    d, m, n, steps, lr = 4, 12, 7, 60, 0.01
    (w, b), (v, c) = start = [
        (rng.standard_normal((d, m)), rng.standard_normal(m)),
        (rng.standard_normal((m, 1)), rng.standard_normal(1)),
    ]
    x, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    z = x @ w + b
    hidden, on = np.maximum(z, 0), 1.0 * (z > 0)
    kernel = hidden @ hidden.T + 1 + (on * v[:, 0] ** 2) @ on.T * (x @ x.T + 1)
    decay = np.linalg.matrix_power(np.eye(n) - 2 * lr / n * kernel, steps)
    for scale in (1.0, 20.0, 0.1):
        (w1, b1), (v1, c1) = descend(start, x, y, steps, lr, scale, linear=True)
        above = hidden @ (v1 - v) + (c1 - c) + (on * (x @ (w1 - w) + b1 - b)) @ v
        off = np.abs(scale * above[:, 0] - (y - decay @ y)).max()
        assert off < 1e-6, (
            f"α = {scale:g}: the answers after {steps} steps are off by {off:.2g}"
        )


# %% tags=["hidden"] points=2
def test_the_network_itself(descend):
    """The same steps, done by hand with backpropagation, at three scales."""
    rng = np.random.default_rng(86)
    d, m, n, steps, lr = 3, 10, 6, 40, 0.01
    start = [
        (rng.standard_normal((d, m)), rng.standard_normal(m)),
        (rng.standard_normal((m, 1)), rng.standard_normal(1)),
    ]
    x, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    for scale in (1.0, 30.0, 0.3):
        (w, b), (v, c) = [[p.copy() for p in layer] for layer in start]
        before = (np.maximum(x @ w + b, 0) @ v + c)[:, 0]
        for _ in range(steps):
            z = x @ w + b
            h = np.maximum(z, 0)
            r = 2 / n * (scale * ((h @ v + c)[:, 0] - before) - y) / scale
            back = r[:, None] * v[:, 0] * (z > 0)
            v, c = v - lr * (h.T @ r)[:, None], c - lr * r.sum()
            w, b = w - lr * x.T @ back, b - lr * back.sum(0)
        (w1, b1), (v1, c1) = descend(start, x, y, steps, lr, scale)
        for mine, theirs in ((w, w1), (b, b1), (v, v1), (c, c1)):
            off = np.abs(mine - np.asarray(theirs)).max()
            assert off < 1e-8, (
                f"α = {scale:g}: after {steps} steps weights are off by {off:.2g}"
            )


# %% tags=["hidden"] points=1
def test_lazy_and_rich(descend):
    """At a large α both end alike; at a small one the network leaves its linearisation."""
    rng = np.random.default_rng(87)
    d, m, n = 4, 20, 8
    start = [
        (rng.standard_normal((d, m)) / 2, np.zeros(m)),
        (rng.standard_normal((m, 1)) / 4, np.zeros(1)),
    ]
    x, y = rng.standard_normal((n, d)), rng.standard_normal(n)

    def above(weights):
        (w, b), (v, c) = weights
        return (np.maximum(x @ w + b, 0) @ v + c)[:, 0]

    apart = []
    for scale in (1000.0, 0.3):
        moved = descend(start, x, y, 100, 0.01, scale)
        lin = descend(start, x, y, 100, 0.01, scale, linear=True)
        z = x @ start[0][0] + start[0][1]
        (dw, db), (dv, dc) = [
            (np.asarray(p) - r, np.asarray(q) - s)
            for (p, q), (r, s) in zip(lin, start, strict=True)
        ]
        straight = np.maximum(z, 0) @ dv + dc + ((z > 0) * (x @ dw + db)) @ start[1][0]
        apart.append(
            np.linalg.norm(scale * (above(moved) - above(start)) - scale * straight[:, 0])
            / np.linalg.norm(y)
        )
    assert apart[0] < 0.01, (
        f"at α = 1000 the answers differ by {apart[0]:.2g} of the targets"
    )
    assert apart[1] > 0.05, f"at α = 0.3 they differ by {apart[1]:.2g} of the targets only"


# %% [markdown] question="investigate" points=12
r"""
## Investigate: is what it learned in the features?

Thirty bits, and the answer is the product of the first two. Any kernel that treats all bits alike needs about as many examples as there are pairs of bits, 435. With 300 the linearisation at the start fails, and a network that trains richly does better: its features turn towards the two bits that matter. But a trained network is two things: a *function* $f_t$,
and *features*, which its kernel $K_t$ sums up. Which of them holds what it has learned, and when does that get there?

Take the weights after $t$ steps. Three answers can be made of them: the *network's* own, $f_t$; its *linearisation at $w_t$, trained to the end*, $f_t + K_t(x, X)\, K_t(X, X)^{-1} (y - f_t(X))$; and the *kernel's alone*, $K_t(x, X)\, K_t(X, X)^{-1} y$, which begins at 0 and forgets what $f_t$ is. (Add $10^{-6}$ of the kernel's mean diagonal to its diagonal before you solve. Here $f$ is the output above that at $w_0$.)

1. **Predict** (before you run anything): the test error of the three at $t = 0$, when the training loss has fallen to about a half, and at the end. Which is best at the end? Why?
2. **Measure** them for at least six $t$ from 0 to 1,500, over at least five seeds, with $\alpha = 1$; and at $\alpha = 30$ as a control. `snapshots` gives the weights at all these times, `kernel_answers` solves with a kernel.
3. **Whose features?** $K_t$ has seen the training labels. Use it on *other* examples: 300 new ones with their labels, in the place of the training set. Does it do better with the old or with the new? And how much of $K_t$ is about the two bits: by how much does `tangent_kernel` differ between examples that agree in these two bits, and those that do not? (Or another number that you find more telling. Say why.)
4. **Answer**, in about 400 words and two figures: Is what the network learned in its features, in its function, or in both, and when does it get there? Why is the best of the three the best? A colleague proposes: "Train a network for a while, then linearise it and solve; that is as good and has theorems." What does your experiment say to that? Say what result would have proved you wrong, and one thing that
   it cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: three answers, six times, five seeds, the same test examples for all of a seed, the control at $\alpha = 30$, and new examples | 3 |
| the figures can be read without the text: axes, units, legend, bands | 2 |
| the answers follow from differences paired by seed, and keep apart function, features, and the labels that both have seen | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""


# %% tags=["start"]
def bits(n, seed, d=30):
    """Examples of d bits ±1 [n, d], and the product of the first two [n]."""
    x = np.random.default_rng(seed).choice([-1.0, 1.0], (n, d))
    return x, x[:, 0] * x[:, 1]


def initial(seed, d=30, width=100):
    """Initial weights, with the usual scale for ReLU."""
    rng = np.random.default_rng([seed, 1])
    return [
        (rng.standard_normal((d, width)) * np.sqrt(2 / d), np.zeros(width)),
        (rng.standard_normal((width, 1)) / np.sqrt(width), np.zeros(1)),
    ]


def snapshots(start, x, y, times, lr=0.02, scale=1.0):
    """{t: weights after t steps of gradient descent, as arrays}, by the loss of part 3."""
    layers = [tuple(p.requires_grad_() for p in layer) for layer in tensors(start)]
    parameters, before = [p for layer in layers for p in layer], None
    x, y = (torch.tensor(each, dtype=torch.float64) for each in (x, y))
    found = {}
    for t in range(max(times) + 1):
        if t in times:
            found[t] = [tuple(p.detach().numpy().copy() for p in layer) for layer in layers]
        answers = network(layers, x)
        before = answers.detach() if before is None else before
        loss = ((scale * (answers - before) - y) ** 2).mean() / scale**2
        with torch.no_grad():
            slopes = torch.autograd.grad(loss, parameters)
            for p, slope in zip(parameters, slopes, strict=True):
                p -= lr * slope
    return found


def kernel_answers(kernel, between, y):
    """Between [tests, n] times the inverse of the kernel [n, n], nearly, times y [n]."""
    ridge = 1e-6 * kernel.trace() / len(kernel)
    return between @ np.linalg.solve(kernel + ridge * np.eye(len(kernel)), y)


def error(answers, y):
    """The share of wrong signs; an answer of 0 counts half."""
    return np.mean(1 - np.sign(answers) * y) / 2


# %% tags=["solution"]
# BEGIN SOLUTION
times, rows = (0, 50, 100, 200, 400, 1500), []
for seed in range(5):
    (x, y), (x_new, y_new), (x_test, y_test) = (
        bits(n, [seed, k]) for k, n in enumerate((300, 300, 700))
    )
    start = initial(seed)

    def above(weights, x, scale, start=start):
        """The centred, scaled output."""
        old, new = (network(tensors(w), torch.tensor(x)).numpy() for w in (start, weights))
        return scale * (new - old)

    for scale in (1.0, 30.0):
        for t, weights in snapshots(start, x, y, times, scale=scale).items():
            everything = tangent_kernel(weights, np.concatenate([x, x_new, x_test]))
            old, new, test = np.split(np.arange(1300), [300, 600])
            own, new_own = everything[np.ix_(old, old)], everything[np.ix_(new, new)]
            to_old, to_new = everything[np.ix_(test, old)], everything[np.ix_(test, new)]
            f, f_test = above(weights, x, scale), above(weights, x_test, scale)
            pairs = to_new / np.sqrt(
                np.outer(everything.diagonal()[test], everything.diagonal()[new])
            )
            same = (x_test[:, None, :2] == x_new[None, :, :2]).all(2)
            rows.append(
                {
                    "seed": seed,
                    "α": scale,
                    "t": t,
                    "training loss": np.mean((f - y) ** 2),
                    "network": error(f_test, y_test),
                    "linearised": error(
                        f_test + kernel_answers(own, to_old, y - f), y_test
                    ),
                    "kernel": error(kernel_answers(own, to_old, y), y_test),
                    "kernel, new examples": error(
                        kernel_answers(new_own, to_new, y_new), y_test
                    ),
                    "same bits, other bits": pairs[same].mean() - pairs[~same].mean(),
                }
            )
table = pd.DataFrame(rows)
table.groupby(["α", "t"]).mean().drop(columns="seed").round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
for ax, (scale, own) in zip(axes, table.groupby("α"), strict=True):
    for k, name in enumerate(("network", "linearised", "kernel", "kernel, new examples")):
        found = 100 * own.groupby("t")[name].agg(["mean", "sem"])
        ax.plot(found.index, found["mean"], "o-", color=f"C{k}", label=name, markersize=4)
        band = found["mean"] - 2 * found["sem"], found["mean"] + 2 * found["sem"]
        ax.fill_between(found.index, *band, color=f"C{k}", alpha=0.2)
    ax.set(xscale="symlog", xlabel="steps t", title=f"α = {scale:g}", ylim=(0, 52))
    ax.set_xlim(left=0)
axes[0].set_ylabel("test error, %")
axes[0].legend()
plt.show()
last = table[table.t == max(times)].set_index(["α", "seed"])
gaps = {
    f"{a} - {b}": 100 * (last[a] - last[b]).groupby("α").agg(["mean", "sem"])
    for a, b in (
        ("network", "linearised"),
        ("network", "kernel"),
        ("kernel", "kernel, new examples"),
    )
}
pd.concat(gaps, axis=1).round(1)
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* At $t = 0$ linearised and kernel are the same, near chance or a little better, and the network has no answer yet. I expected the kernel to change early, the linearisation of a half-trained network to be as good as the network at the end, and the network itself to be best at the end: it has had all the time to fit, with all its weights.

*Finding.* At $t = 0$ the kernel makes 29 % errors. When the training loss is a half, it still makes 22 %: until then the network has fitted mostly what a linear model with the old features can. The kernel turns between $t = 100$ and $400$, while the training loss falls from a half to a twentieth. At the end the network makes 13 % errors, its linearisation 12 %, and the *kernel alone* 7 %: six points fewer than the network, from the same weights and labels
(paired by seed, error one point). So my guess was wrong where it mattered. At $\alpha = 30$ nothing moves: all kernels make 29 % errors at all times, and the network approaches that from above.

*Why the kernel?* What the network learned first, with features that did not know the two bits, is still in its function: it fits the training examples by heart in directions that have nothing to do with the answer, and once they are fitted, no gradient takes that back. Linearising keeps this function and adds little, since the loss is nearly zero. To begin again at 0 with the new features forgets it, and fits everything with features that know better.
The function holds the history, the features hold the lesson.

*Whose features?* With 300 new examples the kernel is better still: 3 % errors. So the features are not a copy of the training labels. On the old examples they are also worn in: part of their alignment with these labels is by heart, and that part misleads. What the kernel knows is visible in one number: its (normalised) values for pairs of examples that agree in the two bits exceed those for pairs that do not by a third more at the end than at the start. At $\alpha = 30$ that number stays.

*The colleague.* Linearise *and keep the function*: at the right time that is a little better than to go on training, no more; too early (loss above a half) and it is a kernel method with the old features. What helps here is to take the features and train anew. There are theorems about the second step only: why the features turn is what they leave out.

*What would have proved this wrong:* a kernel at the end no better than the network, or as bad with new examples as at the start. *Limits* (one is enough): a problem made so that two of thirty inputs matter; full-batch descent on a squared loss, one width, one learning rate; with early stopping, weight decay or more examples the function may have less to forget.
"""
