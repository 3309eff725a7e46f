"""When can a hyperplane through the origin separate two classes, and how well does logistic regression do around that point?"""

import math

import numpy as np
import torch
from scipy.optimize import linprog, minimize_scalar
from scipy.special import comb, expit, ndtr

from overparam.errors import between, numbers, real, require, whole
from overparam.randomness import generator

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(200)
_WEIGHTS = _WEIGHTS / math.sqrt(2 * math.pi)


def separable(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether some w has y_i w·x_i > 0 for all examples; x [n, p], y [n] of ±1.

    A linear program, solved by HiGHS: the largest t with y_i w·x_i ≥ t for all i and |w_j| ≤ 1. It is positive or zero.
    """
    x, y = _two_classes(x, y)
    n, p = x.shape
    rows = np.hstack([-y[:, None] * x, np.ones((n, 1))])
    bounds = [(-1, 1)] * p + [(None, 1)]
    found = linprog(np.r_[np.zeros(p), -1.0], A_ub=rows, b_ub=np.zeros(n), bounds=bounds, method="highs")
    require(found.status == 0, f"The linear program of separability was not solved: {found.message}")
    return bool(-found.fun > 1e-7)


def separating_dimension(x: np.ndarray, y: np.ndarray) -> int:
    """The smallest p at which the first p columns of x [n, most] separate the classes; most + 1 where none does. By bisection."""
    x, y = _two_classes(x, y)
    low, high = 0, x.shape[1] + 1  # the first low columns do not separate, the first high do
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if separable(x[:, :middle], y) else (middle, high)
    return high


def chance_of_separation(n: int, p: int) -> float:
    """Probability that n points in general position in p dimensions with fair coins for labels are separable (Cover 1965)."""
    n, p = whole("n", n, 1), whole("p", p, 0)
    return float(comb(n - 1, np.arange(min(n, p))).sum() / 2.0 ** (n - 1))


def threshold(strength: float) -> float:
    """The p/n from which logistic data are separable, as n and p grow: min over t of E max(0, Z − tV)² (Candès & Sur 2020, Theorem 1).

    Z is standard normal and V = yU, where U is standard normal and the label y is 1 with probability 1/(1 + exp(−strength · U)), else −1.
    """
    strength = real("strength", strength)
    u = _NODES
    p = expit(strength * u)

    def beyond(a: np.ndarray) -> np.ndarray:  # E max(0, Z − a)²
        return (1 + a**2) * ndtr(-a) - a * np.exp(-(a**2) / 2) / math.sqrt(2 * math.pi)

    def mean_square(t: float) -> float:
        return float(_WEIGHTS @ (p * beyond(t * u) + (1 - p) * beyond(-t * u)))

    return float(minimize_scalar(mean_square, bounds=(0, 50), method="bounded").fun)


def logistic_data(n: int, coefficients: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian x [n, p] and labels [n] that are 1 with probability 1/(1 + exp(−x·coefficients)), else −1.

    From one seed, other coefficients meet the same x and the same coins.
    """
    n, coefficients = whole("n", n, 1), numbers("coefficients", coefficients, 1)
    x = torch.randn(n, len(coefficients), generator=generator(seed, "inputs"), dtype=torch.float64).numpy()
    coins = torch.rand(n, generator=generator(seed, "labels"), dtype=torch.float64).numpy()
    return x, np.where(coins < expit(x @ coefficients), 1.0, -1.0)


def logistic_fit(x: np.ndarray, y: np.ndarray, penalty: float = 1e-5) -> np.ndarray:
    """Logistic regression without intercept and with the faintest ridge, coefficients [p].

    Where the classes are separable its direction is close to that of the largest margin, where gradient descent goes too
    (Soudry et al. 2018); elsewhere it is the maximum of the likelihood.
    """
    x, y = _two_classes(x, y)
    penalty = real("penalty", penalty)
    require(penalty > 0, f"The penalty must be positive; got {penalty:g}.")
    require(len(np.unique(y)) == 2, "Logistic regression needs examples of both classes; all labels are the same.")
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / penalty, fit_intercept=False, max_iter=20_000, tol=1e-6)
    return model.fit(x, y).coef_[0]


def logistic_error(weights: np.ndarray, coefficients: np.ndarray) -> float:
    """Exact share of errors on new ``logistic_data`` of the classifier sign(x·weights); weights may leave the last coordinates out."""
    weights, coefficients = numbers("weights", weights, 1), numbers("coefficients", coefficients, 1)
    require(
        len(weights) <= len(coefficients),
        f"There may be as many weights as coefficients or fewer; got {len(weights):,} and {len(coefficients):,}.",
    )
    require(weights.any() and coefficients.any(), "Weights and coefficients need a direction; one of the two is all 0.")
    strength = np.linalg.norm(coefficients)
    cosine = weights @ coefficients[: len(weights)] / (np.linalg.norm(weights) * strength)
    sine = math.sqrt(max(1 - cosine**2, 1e-300))
    u = np.linspace(-9, 9, 6001)  # the true score's direction; the other one is integrated exactly
    density = np.exp(-(u**2) / 2) / math.sqrt(2 * math.pi)
    says_yes, is_yes = ndtr(cosine * u / sine), expit(strength * u)
    return float(np.trapezoid(density * (says_yes * (1 - is_yes) + (1 - says_yes) * is_yes), u))


def decaying_coefficients(p: int, scale: float, strength: float, power: float = 2.0) -> np.ndarray:
    """Coefficients [p] whose first k have the squared norm strength² · (1 − (1 + k/scale)^−power): a signal with a long tail."""
    p, scale, strength, power = (
        whole("p", p, 1),
        real("scale", scale),
        between("strength", strength, 0),
        between("power", power, 0),
    )
    require(scale > 0, f"scale must be positive; got {scale:g}.")
    left = (1 + np.arange(p + 1) / scale) ** -power
    return strength * np.sqrt(left[:-1] - left[1:])


def _two_classes(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Examples x [n, p] and labels y [n]; ValueError unless they are such, of ±1."""
    x, y = numbers("x", x, 2), numbers("y", y, 1)
    require(len(x) == len(y), f"x holds {len(x):,} examples and y {len(y):,} labels; give one for each example.")
    require(bool((np.abs(y) == 1).all()), f"Labels of two classes are −1 and 1; got {y.min():g} to {y.max():g}.")
    return x, y
