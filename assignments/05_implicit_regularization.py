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

# %% [markdown] withheld=["overparam.theory.backward_error"]
r"""
# Assignment 5: One backward-error step, and what momentum adds

The chapter {doc}`/notebooks/05_implicit_regularization` shows that gradient descent with step $h$ follows, to one order more than its own, the flow of
$L + \tfrac h4 \lVert \nabla L \rVert^2$. Here you build what is needed to check that, then a program that takes *any* method of descent and finds the penalty that is hidden in its step. Then you turn
to a method that the chapter uses and does not analyse: momentum.

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | the modified gradient, from nothing but a gradient | 5 | 30 min |
| 2 | a flow to follow, as exactly as one likes | 5 | 25 min |
| 3 | the penalty in one step of any method | 8 | 50 min |
| 4 | *Investigate*: what does momentum do to the penalty? | 12 | 90 min |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
losses and other numbers, and check what the text promises. The package has some of this in `overparam.theory.backward_error`. Write your own: grading runs
without it. Part 4 is read by a person, with the rubric that you find there.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy.integrate import solve_ivp

from overparam import figures

figures.style()

# %% [markdown] question="modified_gradient"
r"""
## 1. The modified gradient

The gradient of $L + c\, h\, \lVert \nabla L \rVert^2$ is $g + 2 c h\, H g$, where $g = \nabla L$ and $H = \nabla^2 L$ at the same point. You are given a function that computes $g$, and nothing
else. No matrix is needed: $Hg$ is how fast the gradient changes *along $g$*,

$$H(\theta)\, v \approx \frac{g(\theta + \epsilon v) - g(\theta - \epsilon v)}{2 \epsilon} .$$

Too large an $\epsilon$ sees third derivatives, too small a one sees rounding; what counts is the length $\lVert \epsilon v \rVert$, not $\epsilon$, so choose $\epsilon$ such that it is about $10^{-5}$. And
where the gradient is zero, so is the answer: not a division by zero.
"""


# %% tags=["solution"]
def modified_gradient(gradient, h, c=0.25):
    """The gradient of L + c h ‖∇L‖², as a function of θ.

    gradient: a function θ [p] → ∇L(θ) [p]
    h:        the step, a number
    c:        the coefficient; that of gradient descent is 1/4
    returns:  a function θ [p] → array [p]
    """

    # BEGIN SOLUTION
    def modified(theta):
        theta = np.asarray(theta, dtype=float)
        g = np.asarray(gradient(theta), dtype=float)
        length = np.linalg.norm(g)
        if length == 0:
            return g
        eps = 1e-5 / length
        along = np.asarray(gradient(theta + eps * g)) - np.asarray(
            gradient(theta - eps * g)
        )
        return g + 2 * c * h * along / (2 * eps)

    return modified
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_parabola_by_hand(modified_gradient):
    """L = θ₁² + 3 θ₂² at (1, 1): the gradient is (2, 6), the Hessian times it (4, 36)."""
    found = modified_gradient(lambda t: np.array([2.0, 6.0]) * t, 0.1)(np.array([1.0, 1.0]))
    assert np.allclose(found, [2.2, 7.8], atol=1e-6), (
        f"with h = 0.1 it is (2, 6) + 0.05 · (4, 36) = (2.2, 7.8), not {found}"
    )


# %% tags=["test"] points=1
def test_at_a_minimum(modified_gradient):
    """Where the gradient is zero, the modified one is zero too."""
    found = modified_gradient(lambda t: 4 * t, 0.1)(np.zeros(3))
    assert np.array_equal(np.asarray(found), np.zeros(3)), (
        f"at the minimum you return {found}"
    )


# %% tags=["hidden"] points=2
def test_gradients_of_any_size(modified_gradient):
    """Losses that are not quadratic, with gradients from 0.0001 to 10,000."""
    rng = np.random.default_rng(51)

    def valley(t):
        return -(1 - t[0] * t[1]) * t[::-1]

    for scale in (1e-4, 1.0, 1e4):
        a, b = t = rng.uniform(0.5, 2, 2)
        g = scale * valley(t)
        hessian = scale * np.array([[b * b, 2 * a * b - 1], [2 * a * b - 1, a * a]])
        for h, c in ((0.1, 0.25), (0.02, -1.5)):
            found = modified_gradient(lambda x, s=scale: s * valley(x), h, c)(t)
            expected = g + 2 * c * h * hessian @ g
            assert np.allclose(found, expected, rtol=1e-5, atol=0), (
                f"a gradient of length {np.linalg.norm(g):.2g}, c = {c}: off by {np.abs(found / expected - 1).max():.1e} of it"
            )


# %% tags=["hidden"] points=1
def test_a_gradient_is_all_it_needs(modified_gradient):
    """It works in many dimensions, with a handful of gradients, and leaves θ as it was."""
    rng = np.random.default_rng(52)
    root = rng.standard_normal((60, 60)) / 8
    hessian, calls = root @ root.T, []

    def gradient(t):
        calls.append(1)
        return hessian @ t

    t = rng.standard_normal(60)
    before = t.copy()
    found = modified_gradient(gradient, 0.2)(t)
    assert np.allclose(
        found, hessian @ t + 0.1 * hessian @ hessian @ t, rtol=1e-5, atol=1e-7
    )
    assert np.array_equal(t, before), "θ has been changed"
    assert len(calls) <= 4, f"three gradients are enough; you took {len(calls)}"


# %% [markdown] question="flow"
r"""
## 2. A flow

To say how well descent follows a flow, the flow itself must be known far more exactly than the difference that is to be seen. Follow $d\theta/dt = -g(\theta)$ from `start` for some
time, with a relative error below $10^{-8}$. `solve_ivp` with a method of high order and small tolerances will do (the *absolute* tolerance must be
small as well, or else what decays is lost); so will a Runge-Kutta method of your own whose steps adapt.
"""


# %% tags=["solution"]
def flow(gradient, start, time):
    """Where the flow dθ/dt = −gradient(θ) arrives after some time.

    gradient: a function θ [p] → array [p]
    start:    array [p]
    time:     a number, not negative (else a ValueError)
    returns:  array [p]
    """
    # BEGIN SOLUTION
    if time < 0:
        raise ValueError(f"The time must not be negative; got {time}.")
    start = np.array(start, dtype=float)
    if time == 0:
        return start
    path = solve_ivp(
        lambda t, theta: -np.asarray(gradient(theta)),
        (0, time),
        start,
        method="DOP853",
        rtol=1e-11,
        atol=1e-14,
    )
    return path.y[:, -1]
    # END SOLUTION


# %% tags=["test"] points=1
def test_exponential_decay(flow):
    """On L = θ²/2 the flow is an exponential."""
    found = flow(lambda t: t, np.array([1.0, -2.0]), 1.5)
    assert np.allclose(found, np.exp(-1.5) * np.array([1, -2]), rtol=1e-7), (
        f"after time 1.5 it is (0.22313, -0.44626), not {found}"
    )


# %% tags=["test"] points=1
def test_no_time(flow):
    """After no time at all it is where it was."""
    assert np.array_equal(flow(lambda t: 3 * t, np.array([1.0, 2.0]), 0), [1.0, 2.0])


# %% tags=["hidden"] points=2
def test_flows_with_a_formula(flow):
    """Other speeds, slow tails, and two speeds at once."""
    for gradient, start, time, expected in (
        (lambda t: t**3, [2.0, 0.5], 4.0, [2 / np.sqrt(33), 0.5 / np.sqrt(3)]),
        (
            lambda t: np.array([50.0, 0.3]) * t,
            [1.0, 1.0],
            0.2,
            [np.exp(-10), np.exp(-0.06)],
        ),
        (lambda t: -(t**2), [0.4, 0.2], 2.0, [2.0, 1 / 3]),
        (lambda t: np.array([t[1], -t[0]]), [1.0, 0.0], 3.0, [np.cos(3), np.sin(3)]),
    ):
        found = flow(gradient, np.array(start), time)
        assert np.allclose(found, expected, rtol=1e-7, atol=0), (
            f"{found}, but exactly {expected}"
        )


# %% tags=["hidden"] points=1
def test_backwards_is_refused(flow):
    """A negative time raises a ValueError, and the start is not changed."""
    start = np.array([1.0, 3.0])
    flow(lambda t: t, start, 1.0)
    assert np.array_equal(start, [1.0, 3.0]), "the array that was passed in has changed"
    try:
        flow(lambda t: t, start, -1.0)
    except ValueError:
        return
    raise AssertionError("a negative time must raise a ValueError")


# %% [markdown] question="hidden_penalty"
r"""
## 3. The penalty in a step

A method of descent is a function `method(gradient, theta, h)` that returns the next point. If it follows the flow of $L + c\,h\,\lVert\nabla L\rVert^2$ to third order in $h$, then one step is

$$\theta' = \theta - h\,g + h^2 \bigl(\tfrac12 - 2c\bigr) H g + O(h^3) .$$

(Check this: it is the Taylor series of that flow.) So
$d(h) = (\theta' - \theta + h g)/h^2$ tends to $(\tfrac12 - 2c)\,Hg$ as $h \to 0$, and its error shrinks in proportion to $h$. Take it at two steps, $h$ and $h/2$, such that this error cancels; then find $c$, by
least squares along $Hg$. Not every method has a penalty of this kind, so also return what is left: the length of the part of $d$ that is not along $Hg$, divided by that of $Hg$.

Return $c$ and that *rest*, with errors below $10^{-3}$. (The losses in the tests have gradients and curvatures of order one.) Two things are refused with a `ValueError`: a
method that is not of this form at all, because for a small $h$ it does not move by $-h g$ (take $h = 10^{-3}$, and 10 % as the limit); and a point where $Hg$ is zero.
"""


# %% tags=["solution"]
def hidden_penalty(method, gradient, theta):
    """The c for which a method follows the flow of L + c h ‖∇L‖², and how far it is from doing so.

    method:   a function (gradient, θ [p], h) → the next point [p]
    gradient: a function θ [p] → ∇L(θ) [p]
    theta:    array [p], the point at which the step is examined
    returns:  (c, rest), two numbers
    """
    # BEGIN SOLUTION
    theta = np.asarray(theta, dtype=float)
    g = np.asarray(gradient(theta))
    bend = modified_gradient(gradient, 1.0, 0.5)(theta) - g
    if np.linalg.norm(bend) == 0:
        raise ValueError("The Hessian times the gradient is zero here: take another point.")

    def difference(h):
        return np.asarray(method(gradient, theta, h)) - theta + h * g

    h = 1e-3
    if np.linalg.norm(difference(h)) > 0.1 * h * np.linalg.norm(g):
        raise ValueError("For a small h this method does not move by −h ∇L.")
    d = 2 * difference(h / 2) / (h / 2) ** 2 - difference(h) / h**2
    along = d @ bend / (bend @ bend)
    rest = np.linalg.norm(d - along * bend) / np.linalg.norm(bend)
    return (0.5 - along) / 2, rest
    # END SOLUTION


# %% tags=["test"] points=1
def test_gradient_descent(hidden_penalty):
    """The chapter's theorem: c = 1/4, and nothing is left."""
    c, rest = hidden_penalty(
        lambda gradient, t, h: t - h * gradient(t),
        lambda t: np.array([1.0, 2.0]) * t,
        np.array([1.0, 1.0]),
    )
    assert abs(c - 0.25) < 1e-3, f"gradient descent has c = 1/4, not {c:.4f}"
    assert abs(rest) < 1e-3, f"nothing is left, but you say {rest:.4f}"


# %% tags=["test"] points=1
def test_the_midpoint_method(hidden_penalty):
    """A step with the gradient of the midpoint follows the flow itself to second order: no penalty."""
    c, rest = hidden_penalty(
        lambda gradient, t, h: t - h * gradient(t - h / 2 * gradient(t)),
        lambda t: -(1 - t[0] * t[1]) * t[::-1],
        np.array([1.6, 0.5]),
    )
    assert abs(c) < 1e-3, f"the midpoint method has c = 0, not {c:.4f}"
    assert abs(rest) < 1e-3


# %% tags=["hidden"] points=2
def test_methods_that_look_ahead_and_back(hidden_penalty):
    """A gradient taken at θ + s h ∇L has c = (1 + 2 s)/4, on any loss, and nothing is left."""
    rng = np.random.default_rng(53)

    def valley(t):
        return -(1 - t[0] * t[1]) * t[::-1]

    for s in (-1.0, -0.3, 1.0, 2.0):
        t = rng.uniform(0.3, 0.8, 2)
        c, rest = hidden_penalty(
            lambda g, x, h, s=s: x - h * g(x + s * h * g(x)), valley, t
        )
        assert abs(c - (1 + 2 * s) / 4) < 1e-3, (
            f"s = {s}: c = {(1 + 2 * s) / 4}, not {c:.4f}"
        )
        assert abs(rest) < 1e-3, f"s = {s}: nothing is left, but you say {rest:.4f}"


# %% tags=["hidden"] points=1
def test_implicit_steps(hidden_penalty):
    """Solving θ' = θ − h ∇L(θ') gives a penalty of the opposite sign."""
    hessian = np.array([[2.0, 0.5, 0], [0.5, 1.0, 0.2], [0, 0.2, 0.3]])
    c, rest = hidden_penalty(
        lambda gradient, t, h: np.linalg.solve(np.eye(3) + h * hessian, t),
        lambda t: hessian @ t,
        np.array([1.0, -1.0, 2.0]),
    )
    assert abs(c + 0.25) < 1e-3, f"an implicit step has c = -1/4, not {c:.4f}"
    assert abs(rest) < 1e-3


# %% tags=["hidden"] points=2
def test_what_is_no_penalty(hidden_penalty):
    """A correction h² u with u orthogonal to Hg is all rest; one with a part along it is split."""
    hessian = np.array([1.0, 2.0, 3.0])
    t = np.array([1.0, 0.5, -0.7])
    bend = hessian * (hessian * t)
    across = np.cross(bend, [0.3, 1.0, 0.2])
    across *= np.linalg.norm(bend) / np.linalg.norm(across)
    for along, aside in ((0.0, 0.8), (-0.6, 0.3), (0.5, -1.2)):
        c, rest = hidden_penalty(
            lambda g, x, h, u=along * bend + aside * across: x - h * g(x) + h**2 * u,
            lambda x: hessian * x,
            t,
        )
        assert abs(c - (0.25 - along / 2)) < 1e-3, f"c = {0.25 - along / 2}, not {c:.4f}"
        assert abs(rest - abs(aside)) < 1e-3, f"the rest is {abs(aside)}, not {rest:.4f}"


# %% tags=["hidden"] points=1
def test_what_is_refused(hidden_penalty):
    """A method of another speed, a point where Hg is zero: a ValueError."""
    for method, gradient in (
        (lambda g, t, h: t - 2 * h * g(t), lambda t: np.array([1.0, 2.0]) * t),
        (lambda g, t, h: t - h * g(t), lambda t: 0 * t),
    ):
        try:
            hidden_penalty(method, gradient, np.array([1.0, 1.0]))
        except ValueError:
            continue
        raise AssertionError(
            "twice the speed, and a gradient of zero, must raise a ValueError"
        )


# %% [markdown] question="investigate" points=12
r"""
## Investigate: what does momentum do to the penalty?

Hardly anyone trains without momentum. Each step then adds $\beta$ times the step before,

$$\theta_{k+1} = \theta_k - h\, \nabla L(\theta_k) + \beta\, (\theta_k - \theta_{k-1}) .$$

Once that has settled it moves $1/(1 - \beta)$ times as fast as without, as if the step were $\varepsilon = h/(1 - \beta)$. Is momentum then *just a larger step*, with the penalty
$\tfrac\varepsilon4 \lVert \nabla L \rVert^2$? Compare at equal speed $\varepsilon$, on the chapter's valley $L = \tfrac12 (1 - ab)^2$, from starts near $(2.8, 0)$.

How can a penalty be measured there? The gradient flow keeps the *balance* $q = a^2 - b^2$ exactly. The flow of $L + C \lVert \nabla L \rVert^2$ loses it,
$\dot q = -4\, C\, (1 - ab)^2\, q$. So $-\log (q_\text{end} / q_\text{start})$ is proportional to $C$, and its ratio to that of plain gradient descent with step $\varepsilon$ is the *multiple* by which momentum
changes the penalty. `descend` below runs both methods, and Nesterov's, which takes its gradient at $\theta_k + \beta(\theta_k - \theta_{k-1})$.

1. **Predict** (before you run anything): the multiple at $\beta = 0.5$ and $0.9$, for both kinds of momentum. Larger than 1, or smaller? Why?
2. **Measure** it for at least five $\beta$ and small $\varepsilon$, over at least five starts, and find a formula in $\beta$ for each kind. (For a proof, or a hint: on $L = \tfrac\lambda2 \theta^2$ both methods are a recursion of second
   order. Expand its slow root to second order in $\varepsilon\lambda$.)
3. **Then leave small steps.** Let $\varepsilon$ grow until the method no longer arrives. Plot the curvature of the minimum at which it ends, $a^2 + b^2$, for plain descent and both kinds at $\beta = 0.9$. Where does the formula cease to hold?
4. **Answer**, in about 300 words and two figures. A colleague says: "Momentum 0.9 is ten times the learning rate." Which part of that is right, and what would the penalty be at equal $h$? The chapter trains its grid of learning
   rates without momentum: what would you hold equal before you compared it with a grid at $\beta = 0.9$? Say what result would have proved you wrong, and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: both kinds, at least five $\beta$ and five starts with their spread, and a check that $\varepsilon$ is small enough (a smaller one gives the same) | 3 |
| the figures can be read without the text: axes, units, legend, the formula beside the measurements | 2 |
| the answers follow from the figures, and keep apart what is equal: $h$, $\varepsilon$, or the distance to instability | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""


# %% tags=["start"]
def descend(epsilon, beta=0.0, nesterov=False, start=(2.8, 0.0), most=200_000):
    """Where descent with momentum at speed epsilon ends in the valley (a, b); not a number if it does not arrive."""
    h, point, last = epsilon * (1 - beta), np.array(start), np.zeros(2)
    for _ in range(most):
        a, b = point + beta * last if nesterov else point
        last = beta * last + h * (1 - a * b) * np.array([b, a])
        point = point + last
        if np.abs(point).max() > 100:
            break
        if abs(1 - point[0] * point[1]) + np.abs(last).sum() < 1e-9:
            return point
    return np.full(2, np.nan)


starts = np.random.default_rng(0).uniform([2.5, -0.2], [3.1, 0.2], (5, 2))


# %% tags=["solution"]
# BEGIN SOLUTION
def loss_of_balance(epsilon, beta, nesterov, start):
    """-log of the balance at the end over that at the start."""
    (a, b), (c, d) = descend(epsilon, beta, nesterov, start), start
    return -np.log((a**2 - b**2) / (c**2 - d**2))


kinds = {
    "heavy ball": (False, lambda b: (1 + b) / (1 - b)),
    "Nesterov": (True, lambda b: (1 - b + 2 * b**2) / (1 - b)),
}
betas = np.array([0.2, 0.5, 0.7, 0.8, 0.9, 0.95])
rows = [
    (
        name,
        epsilon,
        beta,
        formula(beta),
        *(
            loss_of_balance(epsilon, beta, nesterov, start)
            / loss_of_balance(epsilon, 0.0, False, start)
            for start in starts
        ),
    )
    for name, (nesterov, formula) in kinds.items()
    for epsilon in (0.003, 0.001)
    for beta in betas
]
index = ["kind", "ε", "β"]
table = pd.DataFrame(rows, columns=[*index, "formula", *range(5)]).set_index(index)
table = table.sort_index()
multiple = table[list(range(5))]
pd.DataFrame(
    {
        "formula": table.formula,
        "mean": multiple.mean(axis=1),
        "spread over starts": multiple.std(axis=1),
    }
).round(3)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
fine = np.linspace(0, 0.96, 100)
for (name, (_, formula)), color in zip(kinds.items(), ("C0", "C1"), strict=True):
    values = multiple.loc[name, 0.001]
    axes[0].plot(fine, formula(fine), color=color, linewidth=1, label=f"{name}, formula")
    axes[0].plot(betas, values, "o", color=color, alpha=0.5)
axes[0].plot(fine, 0 * fine + 1, "k:", linewidth=1, label="plain descent at the same speed")
axes[0].set(
    xlabel="momentum β", ylabel="multiple of the penalty (dots: 5 starts)", yscale="log"
)
axes[0].legend()
speeds = np.array(
    [
        0.003,
        0.01,
        0.03,
        0.06,
        0.1,
        0.15,
        0.2,
        0.24,
        0.28,
        0.35,
        0.5,
        0.7,
        1.0,
        1.5,
        2.0,
        3.0,
    ]
)
for name, beta, nesterov, color in (
    ("plain", 0.0, False, "k"),
    ("heavy ball, β = 0.9", 0.9, False, "C0"),
    ("Nesterov, β = 0.9", 0.9, True, "C1"),
):
    trace = np.array(
        [
            [np.sum(descend(e, beta, nesterov, s, 20_000) ** 2) for e in speeds]
            for s in starts
        ]
    )
    axes[1].plot(
        speeds, np.median(trace, axis=0), "o-", color=color, markersize=3, label=name
    )
axes[1].set(
    xscale="log",
    xlabel="speed ε = h / (1 - β)",
    ylabel="curvature at the end, a² + b² (median)",
)
axes[1].legend()
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
larger = {
    (name, epsilon): np.mean([loss_of_balance(epsilon, 0.9, nesterov, s) for s in starts])
    / (epsilon / 0.001)
    / np.mean([loss_of_balance(0.001, 0.0, False, s) for s in starts])
    for name, (nesterov, _) in kinds.items()
    for epsilon in (0.01, 0.03, 0.1, 0.2, 0.3)
}
pd.Series(larger, name="multiple of ε/4 at β = 0.9").unstack().round(2)
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* Momentum averages over past gradients, so one might expect a smoother path that is *closer* to the flow, and a multiple below 1. But what is averaged are gradients of points that lie behind: momentum acts on old news, more
than a plain step does, and acting on old news is what the penalty of gradient descent comes from. So: above 1, and growing with $\beta$; less for Nesterov, which looks ahead.

*Formula.* On $\tfrac\lambda2\theta^2$ put $\theta_k = e^{-\mu k}$ into $\theta_{k+1} - (1 + \beta - h\lambda)\,\theta_k + \beta\, \theta_{k-1} = 0$ and expand to second order: $\mu = \varepsilon\lambda + \tfrac12 (\varepsilon\lambda)^2\, \frac{1 + \beta}{1 - \beta}$. Plain
descent with step $\varepsilon$ has the same without the fraction. So the multiple is $(1+\beta)/(1-\beta)$: 3 at $\beta = 0.5$, 19 at $0.9$. In the same way Nesterov's method has $(1 - \beta + 2\beta^2)/(1 - \beta)$: 2 and 17.2.

*Finding.* In the valley, which is not quadratic, all starts lie on these curves; at $\varepsilon = 0.001$ closer than at $0.003$, so what deviation there is belongs to the finite step. Beyond small steps the two part: at $\varepsilon = 0.3$ the multiple of heavy ball has grown by a third,
that of Nesterov is less than half of what it was. Plain descent keeps its curvature nearly to its limit of stability, $\varepsilon = 2/\lambda$, and then falls off an edge. Heavy ball gives curvature away long before, smoothly, and where it is still far from an edge of its own, which lies
$(1 + \beta)/(1-\beta)$ times further: there the penalty is enough to be seen.

*The colleague* is right about speed and about nothing else. At equal $h$ the penalty is $\tfrac h4 (1+\beta)/(1-\beta)^2$, at $\beta = 0.9$ that is 190 times that of plain descent, not ten times; and the largest stable $h$ is not a tenth but almost twice. So before comparing grids with different $\beta$, say what is equal. At
equal $h$ progress, penalty and distance to instability all differ. I would compare at equal loss, with $\varepsilon (1+\beta)/(1-\beta)$ on the axis: if the penalty is the cause, the grids should fall on one curve.

*What would have proved this wrong:* multiples that depend on the start, or that do not approach the formula as $\varepsilon$ shrinks. *Limits* (one is enough): two parameters and exact gradients; with minibatches momentum also averages noise, which the balance does not tell from the penalty; it starts
from rest, and the time it takes to gain speed is neglected; nothing is said about test error.
"""
