"""Tangent kernels: two-layer networks whose output can be scaled, in closed form, and any module by automatic differentiation.

A two-layer network is here f(x) = Σ_j a_j max(0, w_j·x / √d) / √H with weights drawn from N(0, 1), the parametrization in which
the tangent kernel has a limit as the width H grows (Jacot et al. 2018, arXiv 1806.07572). Its units come in pairs that share
w_j and have opposite a_j, so that f is 0 before training (Chizat et al. 2019, arXiv 1812.07956). Leading axes are independent
networks, each with data of its own.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from overparam.arithmetic import full_precision
from overparam.errors import real, require, require_rows, shown, tensor, whole
from overparam.randomness import generator
from overparam.theory.kernels import relu_kernel


@dataclass(frozen=True)
class TwoLayer:
    """Two-layer ReLU networks without biases, in the tangent-kernel parametrization."""

    first: Tensor  # [..., H, d]
    second: Tensor  # [..., H]

    @full_precision()
    def __call__(self, x: Tensor) -> Tensor:
        """Outputs [..., n] at x [..., n, d]."""
        return (self.hidden(x) @ self.second[..., None])[..., 0] / math.sqrt(self.second.shape[-1])

    @full_precision()
    def hidden(self, x: Tensor) -> Tensor:
        """Hidden units [..., n, H] at x [..., n, d]."""
        return (x @ self.first.mT / math.sqrt(x.shape[-1])).relu()

    def length(self) -> Tensor:
        """Euclidean norm [...] of all weights."""
        return (self.first.square().sum((-2, -1)) + self.second.square().sum(-1)).sqrt()

    def distance(self, other: "TwoLayer") -> Tensor:
        """Euclidean distance [...] between all weights of two networks."""
        return TwoLayer(self.first - other.first, self.second - other.second).length()


@dataclass(frozen=True)
class Descended:
    """What gradient descent on two-layer networks ends with."""

    network: TwoLayer
    loss: Tensor  # [...]: mean squared error of the scaled outputs
    steps: Tensor  # [...]: how many it took, or the most there could be


def two_layer(width: int, inputs: int, seeds: Sequence[int], dtype: torch.dtype = torch.float32) -> TwoLayer:
    """Networks [seeds] of ``width`` units, an even number: pairs with the same N(0, 1) weights and opposite signs, f = 0."""
    width, inputs = whole("width", width, 2), whole("inputs", inputs, 1)
    require(width % 2 == 0, f"Units come in pairs, so width must be even; got {width}.")
    drawn = [torch.randn(width // 2, inputs + 1, generator=generator(s, f"two layers of {width}")) for s in seeds]
    half = torch.stack(drawn).to(dtype)
    first, second = half[..., :-1], half[..., -1]
    return TwoLayer(torch.cat([first, first], -2), torch.cat([second, -second], -1))


@full_precision()
def kernel(network: TwoLayer, a: Tensor, b: Tensor | None = None) -> Tensor:
    """The tangent kernel ⟨∇f(a_i), ∇f(b_j)⟩ [..., n, k] of two-layer networks at a [..., n, d] and b [..., k, d], by default a.

    Σ_j (φ_j(a) φ_j(b) + a_j² φ'_j(a) φ'_j(b) a·b / d) / H, φ_j the hidden units: the second layer's part and the first's.
    """
    b = a if b is None else b
    units, width = [network.hidden(x) for x in (a, b)], network.second.shape[-1]
    active_a, active_b = [(u > 0).to(a.dtype) for u in units]
    from_first = (active_a * network.second[..., None, :].square()) @ active_b.mT * (a @ b.mT) / a.shape[-1]
    return (units[0] @ units[1].mT + from_first) / width


@full_precision()
def moved(start: TwoLayer, end: TwoLayer, x: Tensor) -> dict[str, np.ndarray]:
    """How far training on x [..., n, d] has moved networks: the ``distance`` of the weights, and changes relative to the start.

    ``weights`` is that distance over the norm of the weights, ``kernel`` the change of the tangent kernel on x over its norm (Frobenius).
    """
    before, distance = kernel(start, x), end.distance(start)
    change = torch.linalg.matrix_norm(kernel(end, x) - before) / torch.linalg.matrix_norm(before)
    found = {"distance": distance, "weights": distance / start.length(), "kernel": change}
    return {name: values.numpy(force=True) for name, values in found.items()}


@full_precision()
def limit_kernel(a: Tensor, b: Tensor) -> Tensor:
    """What ``kernel`` tends to at the start as the width grows, [n, k] in float64 for a [n, d] and b [k, d].

    The kernel of random ReLU features, plus a·b (π − t) / 2πd with t the angle between a and b.
    """
    features = relu_kernel(a, b)
    a, b = a.double(), b.double()
    products = a @ b.T
    lengths = (a.norm(dim=1)[:, None] * b.norm(dim=1)).clamp(min=torch.finfo(torch.float64).tiny)
    angle = (products / lengths).clamp(-1, 1).arccos()
    return features + products * (math.pi - angle) / (2 * math.pi * a.shape[1])


@full_precision()
def descend(
    network: TwoLayer, x: Tensor, y: Tensor, scale: float = 1.0, stop_loss: float = 1e-3, most: int = 5000
) -> Descended:
    """Gradient descent on mean (scale · f(x) − y)² / 2 scale² in all weights, x [..., n, d] and y [..., n], to a mean squared error.

    Divided by the square of the scale, as Chizat et al. (2019) do, the scaled outputs move at a speed that does not depend on it.
    A step is n / ‖K‖ with the Frobenius norm of the tangent kernel K on x, at most half of what is stable where K stands still, and
    moves the weights by a tenth of their length at most; K is computed anew when they have moved by as much since it last was.
    A network stops when its mean squared error is below ``stop_loss``; after ``most`` steps all do.
    """
    require_rows(x=x, y=y[..., None])
    scale, stop_loss, most = real("scale", scale), real("stop_loss", stop_loss), whole("most", most, 1)
    require(scale > 0, f"scale, the factor of the outputs, must be positive; got {scale:g}.")
    first, second = network.first.clone(), network.second.clone()
    wide, inputs = math.sqrt(second.shape[-1]), math.sqrt(x.shape[-1])
    steps = torch.zeros(y.shape[:-1], dtype=torch.int64, device=y.device)
    seen, norm = network, torch.linalg.matrix_norm(kernel(network, x))
    for _ in range(most):
        now = TwoLayer(first, second)
        far = now.distance(seen) > 0.1 * seen.length()
        if far.any():
            norm = torch.where(far, torch.linalg.matrix_norm(kernel(now, x)), norm)
            kept = torch.where(far[..., None], second, seen.second)
            seen = TwoLayer(torch.where(far[..., None, None], first, seen.first), kept)
        units = now.hidden(x)
        residual = scale * (units @ second[..., None])[..., 0] / wide - y
        running = residual.square().mean(-1) >= stop_loss
        if not running.any():
            break
        steps += running
        pull = (residual * (running / (norm * scale * wide))[..., None])[..., None]  # [..., n, 1]
        back = pull * second[..., None, :] * (units > 0)
        change = TwoLayer(back.mT @ x / inputs, (units.mT @ pull)[..., 0])
        shorter = (0.1 * now.length() / change.length().clamp(min=1e-30)).clamp(max=1)
        first = first - shorter[..., None, None] * change.first
        second = second - shorter[..., None] * change.second
    ended = TwoLayer(first, second)
    return Descended(ended, (scale * ended(x) - y).square().mean(-1), steps)


@full_precision()
def tangent_kernel(module: nn.Module, a: Tensor, b: Tensor | None = None) -> Tensor:
    """The tangent kernel of a module with K outputs, [n, k, K, K] for inputs a [n, ...] and b [k, ...], by default a.

    Entry [i, j, p, q] is the inner product of the gradients of output p at a_i and output q at b_j in all parameters. Keeps the
    gradients of n + k examples: for small sets of inputs.
    """
    tensor("a", a)
    at_a = _gradients(module, a)
    at_b = at_a if b is None else _gradients(module, tensor("b", b))
    return torch.einsum("ipw,jqw->ijpq", at_a, at_b)


def _gradients(module: nn.Module, x: Tensor) -> Tensor:
    """Gradients of all outputs in all parameters, [n, K, p]."""
    parameters = {name: p.detach() for name, p in module.named_parameters()}
    require(bool(parameters), f"A tangent kernel is that of a module with parameters; {shown(module)} has none.")

    def outputs(some: dict[str, Tensor], one: Tensor) -> Tensor:
        return torch.func.functional_call(module, some, (one[None],))[0]

    each = torch.func.vmap(torch.func.jacrev(outputs), (None, 0))(parameters, x)
    return torch.cat([g.flatten(2) for g in each.values()], 2)


@full_precision()
def fit(module: nn.Module, x: Tensor, y: Tensor, lr: float, steps: int) -> nn.Module:
    """The module itself after steps of gradient descent on ½ Σ (f(x) − y)², with y of the shape of its outputs at x."""
    for _ in range(whole("steps", steps, 1)):
        outputs = module(x)
        require(outputs.shape == y.shape, f"y must have the outputs' shape {list(outputs.shape)}; got {list(y.shape)}.")
        weights = list(module.parameters())
        slopes = torch.autograd.grad((outputs - y).square().sum() / 2, weights)
        with torch.no_grad():
            for weight, slope in zip(weights, slopes, strict=True):
                weight.sub_(lr * slope)
    return module


class linearized(nn.Module):  # noqa: N801 - read as a function of a module
    """A module that is linear in its parameters: f(x; θ₀) + ∇f(x; θ₀)·(θ − θ₀), with θ₀ those of the given module.

    Its ``parameters()`` are θ; they begin at θ₀, and training moves them. The given module stays as it is.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._module = [copy.deepcopy(module)]  # in a list, so that its parameters are not this module's
        self.names = [name for name, _ in module.named_parameters()]
        self.weights = nn.ParameterList([p.detach().clone() for p in module.parameters()])

    def _apply(self, fn: Callable, recurse: bool = True) -> "linearized":
        self._module[0]._apply(fn, recurse)  # so that it moves to another device along with this module
        return super()._apply(fn, recurse)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs at x."""
        start = {name: p.detach() for name, p in self._module[0].named_parameters()}
        moved = {name: w - start[name] for name, w in zip(self.names, self.weights, strict=True)}
        call = lambda some: torch.func.functional_call(self._module[0], some, (x,))  # noqa: E731
        at_start, change = torch.func.jvp(call, (start,), (moved,))[:2]
        return at_start + change
