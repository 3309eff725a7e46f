"""Critical points of a network small enough for its whole Hessian."""

from dataclasses import dataclass

import torch
from torch import Tensor


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
            places = slice(ends[0] + unit, ends[1], hidden)
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
        damping = torch.full((len(weights), 1), 1e-2, dtype=weights.dtype, device=weights.device)
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
        damping = torch.full((len(weights), 1), 1e-2, dtype=weights.dtype, device=weights.device)
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

    def split(self, weights: Tensor, unit: int, share: float) -> tuple["TanhNet", Tensor]:
        """A wider network that computes the same: a unit twice, with ``share`` and 1 − ``share`` of its output weights.

        Weights [parameters] and the copy as the last unit. A critical point stays one (Fukumizu & Amari 2000).
        """
        wide, k = self.x.shape[1] + 1, self.y.shape[1]
        w, v, c = weights.split([self.hidden * wide, k * self.hidden, k])
        w, v = w.view(self.hidden, wide), v.view(k, self.hidden)
        v = torch.cat([v, (1 - share) * v[:, unit : unit + 1]], 1)
        v[:, unit] *= share
        return TanhNet(self.x, self.y, self.hidden + 1), torch.cat([w.flatten(), w[unit], v.flatten(), c])

    def splitting_matrix(self, weights: Tensor, unit: int) -> Tensor:
        """A [d + 1, d + 1] of a unit: the mean over examples of (residual · output weights) tanh''(w·x) x xᵀ (Liu et al. 2019).

        Halves of a `split` unit that move apart by (1 − α) δ and −α δ change the loss by ½ α(1 − α) δᵀAδ.
        """
        x, t, v, r = self.outputs(weights[None])
        t = t[0, :, unit]
        coefficients = (r[0] @ v[0, :, unit]) * -2 * t * (1 - t**2)  # of x xᵀ, one for each example
        return (x * coefficients[:, None]).T @ x / len(x)
