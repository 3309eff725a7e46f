"""One ``nn.Module`` in training, for networks that do not gain from stacking (``architectures.alone``).

`Single` is to one such network what ``stack.Stack`` is to many layered ones: the loop and the records are the same.
"""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from overparam.architectures.alone import affine_layers
from overparam.architectures.base import Number, Sizes
from overparam.architectures.evaluate import (
    examples_at_a_time,
    gradient_norms,
    gradients_at_a_time,
    losses,
    outputs,
    targets,
)
from overparam.data.dataset import Data
from overparam.engine.examples import Examples
from overparam.engine.settings import Settings, Vector
from overparam.randomness import drawing, generator

_LEAST_CHANNELS = 16  # twice as many as a vector of AVX2 holds: seen to go wrong below 8


class Single:
    """The state of one network in training; where ``stack.Stack`` has a first dimension of networks, this has length 1."""

    def __init__(self, networks: Sequence[Settings], data: Data, device: torch.device) -> None:
        (settings,) = networks
        architecture = settings.architecture
        self.device, self.loss, self.classes = device, settings.loss, data.classes
        self.dtype = getattr(torch, settings.dtype)
        module = architecture.build(data.shape, data.outputs, generator(settings.init_seed, "init"))
        self.parameters = [sum(p.numel() for p in module.parameters())]
        if settings.start is not None:
            with torch.no_grad():
                for p, start in zip(module.parameters(), split(settings.start, module), strict=True):
                    p.copy_(start)
        self.settings, self.outputs, self.epoch, self.steps_made = settings, data.outputs, 0, 0
        self.module = prepare(module, device)
        self._mask_from(0)
        self.output_scale = settings.output_scale
        self.initial = copy.deepcopy(self.module).requires_grad_(False) if self.output_scale else None
        self.optimizer = optimizer(
            self.module,
            settings.optimizer,
            settings.lr,
            settings.momentum,
            0.0 if settings.norm_target else settings.weight_decay,
            settings.layer_lr,
        )
        self.schedule = scheduler(self.optimizer, settings.schedule, settings.steps * settings.epochs)
        self.extra = (settings.gradient_penalty, settings.norm_target, settings.weight_decay, settings.sam)
        self.examples = Examples(networks, data, device)
        self.x, self.x_test = (architecture.examples(x).to(device) for x in (data.x[self.examples.used], data.x_test))
        self.y_test = data.y_test.to(device)
        self.shift, self.augmented_copies = settings.shift, settings.augmented_copies
        self.frozen = torch.zeros(1, dtype=torch.bool, device=device)
        self.stopped = False  # the same, known without waiting for the device; elsewhere than on a CPU only at the end
        self.waits = device.type == "cpu"  # for the device, to know whether a network has stopped

    def _mask_from(self, epoch: int) -> None:
        mask = self.settings.mask_at(epoch)
        self.masks = [] if mask is None else [part.to(self.device) for part in split(mask, self.module)]
        self._mask()

    def branch(self, epoch: int) -> None:
        """As ``Stack.branch``."""
        if bool(self.frozen):
            return
        self.epoch = epoch
        self.examples.branch([self.settings], epoch)
        self._mask_from(epoch)

    def step(self, number: int, stop_loss: Tensor | None = None) -> Tensor | None:
        """As ``Stack.step``."""
        if self.stopped:
            return None if stop_loss is None else torch.zeros_like(stop_loss)
        rows, y = self.examples.batches[number]
        going = None
        self.steps_made += 1
        unscaled = self.output_scale**2 or 1  # what the loss that it trains on is less than that which is told
        if stop_loss is not None and self.examples.steps == 1:
            going = lambda loss: self._goes_on(unscaled * loss < stop_loss)  # noqa: E731
        x, y = self._drawn(rows[0]), y[0]
        if self.initial is not None:
            with self._drawing("step"):
                y = self._targets(self.initial(x), y)
        kept = [] if self.waits else [(b, b.clone()) for b in self.module.buffers()]
        frozen = self.frozen[0].clone()
        with torch.enable_grad():
            drawing = lambda: self._drawing("step")  # noqa: E731
            losses = step(
                self.module,
                self.optimizer,
                x,
                y,
                self.loss,
                self.dtype,
                going,
                *self.extra,
                masks=self.masks,
                drawing=drawing,
            )
        for (
            buffer,
            before,
        ) in kept:  # of batch norm, which a pass through the network moves even where its weights stand
            buffer.copy_(torch.where(frozen, before, buffer))
        self.schedule.step()
        self._mask()
        return None if stop_loss is None else unscaled * losses.mean()[None]

    def _targets(self, initial: Tensor, y: Tensor) -> Tensor:
        """What the outputs come to where α times what they are above the ``initial`` ones is y: the loss in them is that over α²."""
        return initial + targets(y, self.outputs) / self.output_scale

    def _drawing(self, purpose: str) -> AbstractContextManager:
        """What a network of one's own draws follows from the network's seed and the step, as everything here does."""
        if not self.settings.architecture.user_defined:
            return nullcontext()
        key = generator(self.settings.seed_at(self.epoch), f"{purpose} {self.steps_made}").initial_seed()
        return drawing(key, self.device)

    def _drawn(self, rows: Tensor) -> Tensor:
        """The examples in these rows (see ``Examples``), augmented."""
        if self.augmented_copies == 1:
            return self.x[rows]
        x, copy = self.x[rows % len(self.x)], rows // len(self.x)
        moves = 2 * self.shift + 1
        return moved(x, copy % moves - self.shift, copy // moves % moves - self.shift, copy >= moves**2)

    def _goes_on(self, finished: Tensor) -> bool:
        """Whether to update the weights, as far as that is known; the optimizer holds back by itself otherwise."""
        self.freeze(finished)
        return not self.stopped

    def _mask(self) -> None:
        if self.masks:
            apply_masks(self.module, self.masks)

    def running(self) -> Tensor:
        """Whether it still trains [1]."""
        return ~self.frozen

    def freeze(self, finished: Tensor) -> None:
        """Stop here if finished [1]. Only a CPU is waited for; elsewhere the optimizer's kernel looks itself, and updates nothing."""
        self.frozen |= finished
        if self.waits:
            self.stopped = bool(self.frozen)
        else:
            self.optimizer.found_inf = self.frozen[0].float()  # type: ignore[attr-defined]  # as torch.amp.GradScaler sets it

    def finite(self) -> Tensor:
        """Whether all weights are finite [1]."""
        return torch.stack([p.sum().isfinite() for p in self.module.parameters()]).all()[None]

    def averaged(self) -> AbstractContextManager:
        """As ``Stack.averaged``; the weights of such networks are not averaged."""
        return nullcontext()

    def outcomes(self, test: bool) -> tuple[Tensor, Tensor]:
        """As ``Stack.outcomes``: loss and whether it is misclassified of each example [1, example]."""
        x, y = (self.x_test, self.y_test) if test else (self.x[self.examples.rows[0]], self.examples.y[0])
        logits = self._predict(x)
        each = losses(logits, y, self.loss)
        wrong = (logits.argmax(1) != y).float() if self.classes else torch.full_like(each, torch.nan)
        return each[None], wrong.where(each.isfinite(), torch.nan)[None]

    def predictions(self) -> Tensor:
        """As ``Stack.predictions`` [1, example, output]."""
        logits = self._predict(self.x_test)
        return (logits.softmax(1) if self.loss == "cross_entropy" else logits)[None]

    def _predict(self, x: Tensor) -> Tensor:
        """As ``Stack._predict``, in evaluation mode [example, output]."""
        with self._drawing("look"):
            logits = outputs(self.module, x, dtype=self.dtype)
        return logits if self.initial is None else self.output_scale * (logits - self._initial_outputs(x))

    def _initial_outputs(self, x: Tensor) -> Tensor:
        with self._drawing("look"):
            return outputs(cast(nn.Module, self.initial), x)

    def gradient_norms(self) -> Tensor:
        """As ``Stack.gradient_norms`` [1, example], in float32."""
        x, y = self.x[self.examples.rows[0]], self.examples.y[0]
        if self.initial is None:
            return gradient_norms(self.module, x, y, self.loss)[None]
        y = self._targets(self._initial_outputs(x), y)
        return self.output_scale**2 * gradient_norms(self.module, x, y, self.loss)[None]

    @staticmethod
    def memory(
        settings: Settings,
        data: Data,
        device: torch.device,
        sizes: Sizes,
        n: Number,
        batch: Number,
        gradient_norms: bool,
    ) -> Number:
        """As ``Stack.memory``, of one network; what is in the middle of a module is not known, and taken for its units."""
        activations = batch * ((6 if settings.gradient_penalty else 2) * sizes.units + math.prod(data.shape))
        if gradient_norms:
            together = np.minimum(n, gradients_at_a_time(sizes.weights, device))
            activations = activations + together * (4 * sizes.weights + 2 * sizes.units)
        if device.type != "cpu":  # where an evaluation takes more examples at a time than a batch may have
            looked_at = np.minimum(examples_at_a_time(device), np.maximum(n, len(data.x_test)))
            activations = np.maximum(activations, looked_at * (sizes.units + math.prod(data.shape)))
        outcomes = 16 * (n + len(data.x_test))
        copies = 6 + 2 * (settings.sam > 0) + (settings.output_scale > 0)  # of the weights, and what is of their size
        return 4 * (copies * sizes.weights + outcomes + n * math.prod(data.shape) + activations)

    def vectors(self) -> list[Tensor]:
        """All weights as one vector, in the order of ``nn.Module.parameters()``, on the CPU."""
        return [torch.cat([p.detach().cpu().flatten() for p in self.module.parameters()])]

    def modules(self, rows: Sequence[int]) -> Iterator[nn.Module]:
        """As ``Stack.modules``."""
        self._predict(self.x_test[:1])  # what its forward keeps has no history then, and can be copied
        for _ in rows:
            yield copy.deepcopy(self.module).eval()


def moved(images: Tensor, down: Tensor, right: Tensor, mirrored: Tensor) -> Tensor:
    """Images [n, channel, height, width], each moved ``down`` [n] and ``right`` [n] pixels, then ``mirrored`` [n] (bool) or not.

    Zeros move in from outside.
    """
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device) - down[:, None]  # where each pixel comes from
    columns = torch.arange(width, device=images.device).expand(len(images), -1)
    columns = torch.where(mirrored[:, None], width - 1 - columns, columns) - right[:, None]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None]
    places = rows.clamp(0, height - 1)[:, :, None] * width + columns.clamp(0, width - 1)[:, None]
    places = places.flatten(1)[:, None].expand(-1, images.shape[1], -1)
    return images.flatten(2).gather(2, places).unflatten(2, (height, width)) * inside[:, None]


def split(vector: Vector, module: nn.Module) -> list[Tensor]:
    """A vector as tensors shaped like the parameters of a module."""
    parameters = list(module.parameters())
    parts = torch.from_numpy(vector.values.copy()).split([p.numel() for p in parameters])
    return [part.view(p.shape) for part, p in zip(parts, parameters, strict=True)]


def prepare(module: nn.Module, device: torch.device | str) -> nn.Module:
    """The module on ``device`` with its convolutions' weights stored channels last, the order that they compute in.

    A convolution takes the order of its weights, so the images need no conversion. On a CPU without AVX-512 oneDNN's strided
    1×1 convolutions of few channels write beside their memory in that order: modules that have one keep the other order.
    """
    strided = [
        m for m in module.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1) and m.stride != (1, 1)
    ]
    if torch.device(device).type == "cpu" and any(m.in_channels < _LEAST_CHANNELS for m in strided):
        return module.to(device)
    return module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # which torch does not declare


def optimizer(
    module: nn.Module,
    name: str,
    lr: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    layer_lr: Sequence[float] = (),
) -> torch.optim.Optimizer:
    """``"sgd"``, ``"adam"`` or ``"adamw"``, all tensors updated by one fused kernel where the device has it.

    ``layer_lr`` multiplies the learning rate by a factor for each of the module's ``affine_layers``.
    """
    fused = all(p.device.type in ("cpu", "cuda") for p in module.parameters())
    groups: list = list(module.parameters())
    if layer_lr:
        own = affine_layers(module)
        groups = [{"params": part, "lr": lr * f} for part, f in zip(own, layer_lr, strict=True)]
    if name == "sgd":
        return torch.optim.SGD(groups, lr, momentum, weight_decay=weight_decay, fused=fused)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    return kind(groups, lr, weight_decay=weight_decay, fused=fused)


def scheduler(optimizer: torch.optim.Optimizer, name: str, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """The schedules of ``Settings``, moved on after each of so many steps."""
    factors = {
        "constant": lambda t: 1.0,
        "cosine": lambda t: 0.5 * (1 + math.cos(math.pi * t / steps)),
        "inverse_sqrt": lambda t: (1 + t // 512) ** -0.5,
    }
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factors[name])


def step(
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    loss: str = "cross_entropy",
    dtype: torch.dtype = torch.float32,
    going: Callable[[Tensor], bool] | None = None,
    gradient_penalty: float = 0.0,
    norm_target: float = 0.0,
    weight_decay: float = 0.0,
    sam: float = 0.0,
    masks: Iterable[Tensor] = (),
    drawing: Callable[[], AbstractContextManager] = nullcontext,
) -> Tensor:
    """One update on the mean loss of a batch; its losses [n] before the update, which ``going`` may hold back.

    ``dtype=torch.bfloat16`` computes products in bfloat16; weights, their update and the loss stay float32. For
    ``gradient_penalty``, ``weight_decay`` towards a ``norm_target``, and ``sam``, which leaves alone what ``masks`` hold at 0,
    see ``Settings``. Each pass is one in a context of ``drawing``.
    """
    parameters = [p for p in module.parameters() if p.requires_grad]

    def forward() -> Tensor:
        with drawing(), torch.autocast(x.device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
            return losses(module(x).float(), y, loss)

    def backward(mean: Tensor) -> None:
        optimizer.zero_grad()
        if gradient_penalty:
            gradients = torch.autograd.grad(mean, parameters, create_graph=True, allow_unused=True)
            mean = mean + gradient_penalty * sum(g.square().sum() for g in gradients if g is not None)
        mean.backward()

    each = forward()
    if going is None or going(each.mean().detach()):
        backward(each.mean())
        if sam:
            with uphill(module, sam, masks):
                backward(forward().mean())
        if norm_target:
            square = cast(Tensor, sum(p.square().sum() for p in parameters))
            (weight_decay / 2 * (square - norm_target**2).abs()).backward()
        optimizer.step()
    return each.detach()


@contextmanager
def uphill(module: nn.Module, way: float, masks: Iterable[Tensor] = ()) -> Iterator[None]:
    """Have the weights that lie so far up the gradient that was taken, of what masks leave; buffers too return to what they were."""
    with torch.no_grad():
        for p, mask in zip(module.parameters(), masks, strict=False):
            if p.grad is not None:
                p.grad.mul_(mask)
        moving = [p for p in module.parameters() if p.grad is not None]
        norm = torch.stack([cast(Tensor, p.grad).square().sum() for p in moving]).sum().sqrt()
        kept = [(tensor, tensor.clone()) for tensor in (*moving, *module.buffers())]
        for p in moving:
            p.add_(cast(Tensor, p.grad) * (way / norm.clamp_min(1e-30)))
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, before in kept:
                tensor.copy_(before)


@torch.no_grad()
def apply_masks(module: nn.Module, masks: Iterable[Tensor]) -> None:
    """Set to zero what is pruned: one mask per parameter, shaped and ordered as ``parameters()``, 1 where it is kept.

    Called before training and after every step; SGD and Adam update each weight by itself, so what is kept moves
    exactly as if the gradients had been masked.
    """
    for p, mask in zip(module.parameters(), masks, strict=True):
        p.mul_(mask)
