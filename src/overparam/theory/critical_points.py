"""Pictures of why more parameters make training easier, small enough to be computed: bumps, planes, students, coin flips.

Every function trains or draws many independent runs at once, along the first dimension.
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats
from scipy.optimize import linear_sum_assignment, nnls
from torch import Tensor

from overparam.architectures.stacked import MLP, Layer
from overparam.arithmetic import full_precision
from overparam.data.dataset import Data, generator
from overparam.engine.settings import Settings, Vector
from overparam.report.scale import rng

# --- bumps and planes -------------------------------------------------------------------------------------------------


@full_precision()
def fit_bumps(
    bumps: int,
    runs: int,
    seed: int,
    *,
    target: float = 3.0,
    spread: float = 0.5,
    reach: float = 10.0,
    steps: int = 800,
    lr: float = 2.0,
    points: int = 100,
) -> tuple[Tensor, Tensor]:
    """Fit one Gaussian bump at ``target`` by a sum of movable bumps of the same width ``spread``, by gradient descent.

    Each run starts ``bumps`` bumps at places uniform in ±``reach``, of height 1/``bumps``, and trains places and heights on the
    mean squared error over ``points`` evenly spaced points of ±``reach``. Returns that error divided by the mean square of the
    target [runs], and the final places [runs, bumps].
    """
    g = generator(seed, f"{bumps} bumps")
    x = torch.linspace(-reach, reach, points)
    y = torch.exp(-((x - target) ** 2) / (2 * spread**2))
    places = reach * (2 * torch.rand(runs, bumps, 1, generator=g) - 1)
    heights = torch.full((runs, bumps, 1), 1 / bumps)
    for _ in range(steps):
        away = (x - places) / spread**2
        shapes = torch.exp(-(spread**2) * away**2 / 2)
        residual = (heights * shapes).sum(1, keepdim=True) - y
        pull = 2 / points * residual * shapes
        places_gradient = (pull * heights * away).sum(2, keepdim=True)
        heights = heights - lr * pull.sum(2, keepdim=True)
        places = places - lr * places_gradient
    shapes = torch.exp(-((x - places) ** 2) / (2 * spread**2))
    error = (((heights * shapes).sum(1) - y) ** 2).mean(1)
    return error / (y**2).mean(), places[..., 0]


@full_precision()
def fit_planes(
    planes: int, runs: int, seed: int, targets, *, steps: int = 2000, lr: float = 0.1, points: int = 101
) -> tuple[Tensor, Tensor]:
    """Fit f(x) = max_j (a_j x + b_j) to ``targets(x)`` on ±1 by gradient descent: the picture of a network as a maximum of planes.

    Slopes start at N(0, 4), offsets at N(0, 1). Returns the mean squared error over the variance of the targets [runs], and the share
    of the planes that are the maximum at no point [runs]: they are dead, since no gradient reaches them.
    """
    g = generator(seed, f"{planes} planes")
    x = torch.linspace(-1, 1, points)
    y = targets(x)
    slopes = 2 * torch.randn(runs, planes, 1, generator=g)
    offsets = torch.randn(runs, planes, 1, generator=g)
    for step in range(steps):
        value, highest = (slopes * x + offsets).max(1)  # [runs, points]
        residual = (2 / points * (value - y))[:, None]
        own = torch.zeros(runs, planes, points).scatter_(1, highest[:, None], residual)
        rate = lr * 0.5 * (1 + math.cos(math.pi * step / steps))
        slopes = slopes - rate * (own * x).sum(2, keepdim=True)
        offsets = offsets - rate * own.sum(2, keepdim=True)
    value, highest = (slopes * x + offsets).max(1)
    alive = torch.zeros(runs, planes).scatter_(1, highest, 1.0)
    return ((value - y) ** 2).mean(1) / y.var(), 1 - alive.mean(1)


def best_convex_fit(y: np.ndarray) -> float:
    """The mean squared error of the best convex function through evenly spaced points, over the variance of ``y`` [n].

    A convex function is, on these points, a straight line plus kinks that bend upwards: least squares with weights that are
    not negative. No maximum of planes does better; ``fit_planes`` divides by the same variance.
    """
    y = np.asarray(y, float)
    x = np.linspace(-1, 1, len(y))
    kinks = np.maximum(0, x[:, None] - x[1:-1])
    basis = np.column_stack([np.ones_like(x), -np.ones_like(x), x, -x, kinks])
    return float(nnls(basis, y)[1] ** 2 / len(y) / y.var(ddof=1))


# --- teachers and students --------------------------------------------------------------------------------------------


@full_precision()
def relu_teacher(neurons: int, n: int, seed: int = 0) -> Data:
    """y = Σ max(0, x_i) over the coordinates of x ~ N(0, I): a teacher of orthonormal ReLU neurons (Safran & Shamir 2018).

    As many inputs as ``neurons``; x [n, neurons], y [n, 1], and as many test examples as a tenth of n.
    """
    x = torch.randn(n + n // 10, neurons, generator=generator(seed, "teacher inputs"))
    y = x.relu().sum(1, keepdim=True)
    source = f"sum of {neurons} orthonormal ReLU neurons of Gaussian inputs, synthetic"
    return Data("relu_teacher", x[:n], y[:n], x[n:], y[n:], source)


@full_precision()
def tanh_teacher(x: Tensor, units: int, seed: int) -> Tensor:
    """The outputs [n, 1] of a random network of tanh units on x [n, d], with mean 0 and variance 1.

    Smooth, and too much for a network of fewer units: such a one has minima of positive loss to fit it with.
    """
    g = generator(seed, "tanh teacher")
    first = torch.randn(units, x.shape[1], generator=g, dtype=x.dtype)
    second = torch.randn(units, 1, generator=g, dtype=x.dtype)
    y = torch.tanh(x @ first.T) @ second
    return (y - y.mean()) / y.std()


def student(first: np.ndarray, seed: int, **settings) -> Settings:
    """A student Σ_j max(0, w_j · x), whose w_j start at the rows of ``first`` [width, inputs]: its output weights stay 1, its biases 0."""
    width, inputs = first.shape
    layers = [Layer(inputs, width), Layer(width, 1)]
    start = np.concatenate([first.ravel(), np.zeros(width), np.ones(width), [0.0]])
    mask = np.concatenate([np.ones(first.size), np.zeros(width), np.ones(width), [0.0]])
    assert len(start) == sum(layer.parameters for layer in layers)
    return Settings(
        MLP(width),
        start=Vector(start),
        mask=Vector(mask),
        layer_lr=(1.0, 0.0),
        loss="squared",
        optimizer="adam",
        schedule="cosine",
        init_seed=seed,
        data_seed=seed,
        **settings,
    )


def first_weights(width: int, inputs: int, seed: int, draw: int = 0) -> np.ndarray:
    """Initial weights of a student [width, inputs], N(0, 1/inputs); those of a narrower one are the first rows of a wider one's."""
    return rng(seed, draw).standard_normal((width, inputs)) / math.sqrt(inputs)


def winners(weights: np.ndarray, teachers: int) -> np.ndarray:
    """Which ``teachers`` neurons of a trained student stand for the teacher's, one each: their rows, ascending.

    ``weights`` [width, teachers] are a student's first layer; the assignment maximises the sum of its components along the
    teacher's neurons, which are the coordinates.
    """
    rows, _ = linear_sum_assignment(weights[:, :teachers], maximize=True)
    return np.sort(rows)


# --- signs of eigenvalues ---------------------------------------------------------------------------------------------


def goe(size: int, count: int, seed: int) -> np.ndarray:
    """``count`` symmetric matrices [count, size, size] of the Gaussian orthogonal ensemble, (A + Aᵀ)/√2 with A_ij ~ N(0, 1)."""
    a = rng(seed, size).standard_normal((count, size, size))
    return (a + a.swapaxes(1, 2)) / math.sqrt(2)


def all_positive(size: int, count: int, seed: int, part: int = 50_000) -> int:
    """How many of ``count`` matrices of the Gaussian orthogonal ensemble have only positive eigenvalues."""
    total = 0
    for number, start in enumerate(range(0, count, part)):
        matrices = goe(size, min(part, count - start), 1000 * seed + number)
        positive = matrices.diagonal(axis1=1, axis2=2).min(1) > 0  # necessary, and cheap
        if positive.any():
            total += int((np.linalg.eigvalsh(matrices[positive]).min(1) > 0).sum())
    return total


def bend_test(sizes, hits, trials: int) -> tuple[float, float]:
    """Whether log P bends as a function of size: the likelihood ratio of a parabola over a straight line, and its p value.

    ``hits`` of ``trials`` at each of the ``sizes`` are binomial with probability P.
    """
    import statsmodels.api as sm  # here, since it takes a second to import
    from statsmodels.tools.sm_exceptions import DomainWarning

    sizes, hits = np.asarray(sizes, float), np.asarray(hits, float)

    def log_likelihood(degree: int) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DomainWarning)  # the link allows P > 1; the fits stay below
            family = sm.families.Binomial(sm.families.links.Log())
            model = sm.GLM(np.stack([hits, trials - hits], 1), np.vander(sizes, degree + 1), family=family)
            return model.fit(start_params=np.polyfit(sizes, np.log((hits + 0.5) / (trials + 1)), degree)).llf

    ratio = 2 * (log_likelihood(2) - log_likelihood(1))
    return float(ratio), float(stats.chi2.sf(ratio, 1))


# --- critical points --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TanhNet:
    """A network of one hidden tanh layer with squared loss, small and smooth enough for its whole Hessian; in float64.

    Its weights are a vector [parameters]: those of the hidden units [hidden, d + 1], bias last, then the output weights
    [K, hidden], then the output biases [K]. The loss is half the mean over examples of the squared error, summed over outputs.
    """

    x: Tensor  # [n, d]
    y: Tensor  # [n, K]
    hidden: int

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return self.hidden * (self.x.shape[1] + 1) + self.y.shape[1] * (self.hidden + 1)

    def outputs(self, weights: Tensor) -> tuple[Tensor, ...]:
        """Inputs with a last 1 [n, d + 1], hidden activations [points, n, hidden], output weights, residuals [points, n, K]."""
        x = torch.cat([self.x, torch.ones_like(self.x[:, :1])], 1)
        sizes = [self.hidden * x.shape[1], self.y.shape[1] * self.hidden, self.y.shape[1]]
        w, v, c = weights.split(sizes, -1)
        t = torch.tanh(x @ w.unflatten(-1, (self.hidden, -1)).mT)
        v = v.unflatten(-1, (-1, self.hidden))
        return x, t, v, t @ v.mT + c[..., None, :] - self.y

    def loss(self, weights: Tensor) -> Tensor:
        """The loss at weights [..., parameters]."""
        return self.outputs(weights)[-1].square().sum(-1).mean(-1) / 2

    def derivatives(self, weights: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Loss [points], gradient [points, p], and both parts of the Hessian [points, p, p] at weights [points, p].

        The Hessian is the Gauss–Newton part, which has no negative eigenvalue, plus the part that the residuals weight.
        """
        x, t, v, r = self.outputs(weights)
        points, n, k = r.shape
        hidden, wide = self.hidden, x.shape[1]
        first, second = 1 - t**2, -2 * t * (1 - t**2)  # derivatives of tanh
        jacobian = weights.new_zeros(points, n, k, self.parameters)
        ends = hidden * wide, hidden * wide + k * hidden
        jacobian[..., : ends[0]] = torch.einsum("pkh,pnh,nd->pnkhd", v, first, x).flatten(3)
        for output in range(k):
            jacobian[:, :, output, ends[0] + output * hidden : ends[0] + (output + 1) * hidden] = t
            jacobian[:, :, output, ends[1] + output] = 1
        flat = jacobian.flatten(1, 2)
        gradient = (flat.mT @ r.flatten(1)[..., None])[..., 0] / n
        curved = torch.zeros_like(flat.mT @ flat)
        own = torch.einsum("pnk,pkh,pnh,nd,ne->phde", r, v, second, x, x) / n
        cross = torch.einsum("pnk,pnh,nd->pkhd", r, first, x) / n
        for unit in range(hidden):
            rows = slice(unit * wide, (unit + 1) * wide)
            curved[:, rows, rows] = own[:, unit]
            places = ends[0] + hidden * torch.arange(k) + unit
            curved[:, rows, places] = cross[:, :, unit].mT
            curved[:, places, rows] = cross[:, :, unit]
        return r.square().sum((1, 2)) / (2 * n), gradient, flat.mT @ flat / n, curved

    def gradient(self, weights: Tensor) -> Tensor:
        """The gradient of the loss at weights [points, p]."""
        x, t, v, r = self.outputs(weights)
        w = ((r @ v) * (1 - t**2)).mT @ x
        return torch.cat([w.flatten(1), (r.mT @ t).flatten(1), r.sum(1)], 1) / len(x)

    def descend(self, weights: Tensor, steps: int, lr: float = 0.3) -> Tensor:
        """Weights [points, p] after gradient descent."""
        for _ in range(steps):
            weights = weights - lr * self.gradient(weights)
        return weights

    def minimise(self, weights: Tensor, iterations: int = 100) -> Tensor:
        """Weights [points, p] at a minimum near by: Newton's method with |eigenvalues| of the Hessian, damped so that the loss falls."""
        damping = torch.full((len(weights), 1), 1e-2, dtype=weights.dtype)
        for _ in range(iterations):
            loss, gradient, *parts = self.derivatives(weights)
            values, vectors = torch.linalg.eigh(sum(parts))
            along = (vectors.mT @ gradient[..., None])[..., 0]
            tried = weights - (vectors @ (along / (values.abs() + damping))[..., None])[..., 0]
            better = (self.loss(tried) <= loss)[:, None]
            weights = torch.where(better, tried, weights)
            damping = (damping * torch.where(better, 0.3, 4.0)).clamp(1e-14, 1e6)
        return weights

    def critical_points(self, weights: Tensor, iterations: int = 300) -> dict[str, Tensor]:
        """Critical points near weights [points, p], of whatever index: where the squared norm of the gradient is minimised.

        Levenberg and Marquardt's method on the equations gradient = 0. Returns ``weights`` [points, p], ``loss``, ``norm`` of the
        gradient and ``eigenvalues`` [points, p] of the Hessian. The norm may get stuck above 0 (Frye et al. 2021, arXiv 2003.10397), at a
        point that is not critical, and it vanishes on plateaus at infinity, where tanh units are steps: look at norm and weights
        before you use a point.
        """
        damping = torch.full((len(weights), 1), 1e-2, dtype=weights.dtype)
        loss, gradient, *parts = self.derivatives(weights)
        hessian = sum(parts)
        for _ in range(iterations):
            values, vectors = torch.linalg.eigh(hessian)
            along = (vectors.mT @ gradient[..., None])[..., 0]
            step = (vectors @ (values / (values**2 + damping) * along)[..., None])[..., 0]
            tried = weights - step
            new_loss, new_gradient, *parts = self.derivatives(tried)
            better = new_gradient.norm(dim=1) < gradient.norm(dim=1)
            weights = torch.where(better[:, None], tried, weights)
            loss = torch.where(better, new_loss, loss)
            gradient = torch.where(better[:, None], new_gradient, gradient)
            hessian = torch.where(better[:, None, None], sum(parts), hessian)
            damping = (damping * torch.where(better, 0.3, 4.0)[:, None]).clamp(1e-16, 1e6)
        values = torch.linalg.eigvalsh(hessian)
        return {"weights": weights, "loss": loss, "norm": gradient.norm(dim=1), "eigenvalues": values}

    def copied(self, weights: Tensor, unit: int, share: float) -> tuple["TanhNet", Tensor]:
        """A wider network that computes the same: a unit twice, with ``share`` and 1 − ``share`` of its output weights.

        Weights [parameters] and the copy as the last unit. A critical point stays one (Fukumizu & Amari 2000).
        """
        wide, k = self.x.shape[1] + 1, self.y.shape[1]
        w, v, c = weights.split([self.hidden * wide, k * self.hidden, k])
        w, v = w.view(self.hidden, wide), v.view(k, self.hidden)
        v = torch.cat([v, (1 - share) * v[:, [unit]]], 1)
        v[:, unit] *= share
        return TanhNet(self.x, self.y, self.hidden + 1), torch.cat([w.flatten(), w[unit], v.flatten(), c])

    def bending(self, weights: Tensor, unit: int) -> Tensor:
        """A [d + 1, d + 1] of a unit: the mean over examples of (residual · output weights) tanh''(w·x) x xᵀ.

        Twins of the unit that move apart by (1 − α) δ and −α δ change the loss by ½ α(1 − α) δᵀAδ.
        """
        x, t, v, r = self.outputs(weights[None])
        t = t[0, :, unit]
        pull = (r[0] @ v[0, :, unit]) * -2 * t * (1 - t**2)
        return (x * pull[:, None]).T @ x / len(x)
