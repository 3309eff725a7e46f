"""Many layered networks as one: the hot core of the book.

Networks of one architecture are stacked along a first dimension, so that one batched matrix product serves them all.
Layout is [network, feature, example]. Narrower networks are padded with zero units: a ReLU unit with zero weights has
activation 0 and gradient 0, so it stays zero and the padded network computes exactly what the narrow one does. Every
layer is one matrix product: its input carries a last row of ones, so that the bias is the last column of the weights.

The backward pass is written out (the tests hold it to autograd). For SGD the learning rate enters where the gradient
begins, at the loss, so that the last product of each layer adds directly to the velocity; all intermediate results have
buffers that live as long as the stack, since fresh memory costs more than the arithmetic on it.

Weights are a list: one matrix per layer, then, with batch norm, the scale and offset of the outputs of each layer but the
last. Random numbers that a step needs are hashes of what they are for, so that no network depends on its neighbours. How
and why is told in the README of this folder.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from overparam.architectures.base import Number, Sizes
from overparam.architectures.stacked import Layer, Layered
from overparam.data.dataset import Data
from overparam.engine import compiled
from overparam.engine.compiled import CompiledPass
from overparam.engine.examples import Examples
from overparam.engine.hashing import dropout_factors, gaussian, hash_keys
from overparam.engine.passes import Pass
from overparam.engine.settings import Settings, Vector
from overparam.randomness import generator

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Adam's, as in torch.optim
NORM_MOMENTUM, NORM_EPSILON = 0.1, 1e-5  # batch norm's, as in torch.nn
_CACHE_BYTES = 4 * 2**20  # of activations at a time on a CPU: a step over more examples goes through them in parts
_DEVICE_BYTES = 2 * 2**30  # the same on a GPU, where only memory limits it
_LEAST_PART = 128  # examples
_COMPILED_UP_TO = 800  # inputs or outputs of a layer: wider ones are no slower by the matrix products of PyTorch
_rectify_gradient = torch.ops.aten.threshold_backward.grad_input


class Stack:
    """The state of networks in training: weights, optimizer state and examples, all with the network first."""

    def __init__(self, networks: Sequence[Settings], data: Data, device: torch.device) -> None:
        first = networks[0]
        self.device, self.optimizer, self.loss = device, first.optimizer, first.loss
        self.momentum = first.momentum
        self.schedule, self.last_step = first.schedule, first.steps * first.epochs
        self.dtype = getattr(torch, first.dtype)
        self.classes, self.outputs = data.classes, data.outputs
        self.shape = shape = data.shape
        self.settings = list(networks)
        self.networks = [_layered(s).layers(shape, self.outputs) for s in networks]
        self.parameters = [s.architecture.parameters(shape, self.outputs) for s in networks]
        widest = max(networks, key=lambda s: s.architecture.width)
        self.layers = _layered(widest).layers(shape, self.outputs)

        # Numbers of the layers with batch norm.
        self.normalised = range(len(self.layers) - 1) if _layered(first).batch_norm else range(0)

        initial = [self._initial(s, shape) for s in networks]
        self.weights = self._placed(initial)
        self.masks = self._masks(0) if any(s.mask is not None for s in networks) else None
        self._prune(self.weights)
        slots = {"sgd": 1, "adam": 2, "adamw": 2}[first.optimizer]
        self.state = [[torch.zeros_like(w) for w in self.weights] for _ in range(slots)]
        self.steps_made = torch.zeros((), dtype=torch.int32, device=device)  # on the device, for CUDA graphs

        column = lambda name: torch.tensor([float(getattr(s, name)) for s in networks], device=device).view(-1, 1, 1)  # noqa: E731
        self.lr, self.weight_decay, self.dropout = column("lr"), column("weight_decay"), column("dropout")
        self.input_noise, self.adversarial = column("input_noise"), column("adversarial")
        self.decays, self.drops = any(s.weight_decay for s in networks), first.dropout > 0
        self.noisy, self.attacked, self.median_of = first.input_noise > 0, first.adversarial > 0, first.median_of
        self.dropout_keys, self.noise_keys = self._hash_keys(0)
        self.running_statistics = [self._unit_statistics(number) for number in self.normalised]

        self.gradient_penalty, self.norm_target = column("gradient_penalty"), column("norm_target")
        self.penalised, self.targets_norm = first.gradient_penalty > 0, first.norm_target > 0
        # Of each matrix in `weights` the factor of its layer on the learning rate [network, 1, 1].
        numbers = [*range(len(self.layers)), *self.normalised] if first.layer_lr else []
        self.layer_lr = [torch.tensor([s.layer_lr[n] for s in networks], device=device).view(-1, 1, 1) for n in numbers]
        self.sam, self.output_scale = column("sam"), column("output_scale")
        self.climbs = first.sam > 0
        self.initial_weights = [w.clone() for w in self.weights] if first.output_scale > 0 else None
        self.averaging = column("averaging")
        self.averaged_weights = [w.clone() for w in self.weights] if first.averaging > 0 else None

        self.side: torch.cuda.Stream | None = None  # of the steps before a graph is recorded
        alone = device.type == "cpu" and torch.get_num_threads() == 1  # as compiled functions are
        self.adam_functions = compiled.library() if alone and first.optimizer != "sgd" else None
        self.functions = compiled.library() if alone and is_compiled(first, self.layers) else None
        other = self.decays, self.masks, self.layer_lr, self.schedule != "constant", first.averaging, self.climbs
        self.moves = bool(self.functions) and first.optimizer == "sgd" and not any(other)
        self.minus_one = torch.full((1, 1, 1), -1.0, device=device)
        self.examples = Examples(networks, data, device)
        copies = max(self.examples.augmented_copies)
        self.pool = self._inputs(data.x, self.examples.used, copies)  # [copy·example, feature]
        self.x_test = self._inputs(data.x_test, data.x_test)
        self.y_test = data.y_test.to(device)
        sizes = widest.architecture.sizes(shape, self.outputs)
        self.part = int(examples_at_a_time(sizes, len(networks), self.dtype, device))
        if self.normalised or self.penalised:
            self.part = max(self.part, *(s.batch for s in networks))  # whose statistics are taken at once
        if self.median_of > 1:
            self.part = first.batch // self.median_of
        self._allocate()

    @staticmethod
    def memory(
        settings: Settings,
        data: Data,
        device: torch.device,
        sizes: Sizes,
        n: Number,
        batch: Number,
        gradient_norms: bool,
        count: Number,
        augmented_copies: int,
        by_functions: Number = False,
    ) -> Number:
        """Bytes at most, beside the data set, that ``count`` networks take that are like ``settings`` and padded to ``sizes``.

        ``n`` and ``batch`` are their largest numbers of examples; ``by_functions`` says whether compiled functions train them. Sizes and numbers may be arrays, for many stacks at once.
        The statement is a little above what is measured.
        """
        dtype, inputs, tests = getattr(torch, settings.dtype), math.prod(data.shape), len(data.x_test)
        weights, units, columns = sizes.weights, sizes.units, sizes.columns
        part = examples_at_a_time(sizes, count, dtype, device)
        longest = np.minimum(part, np.maximum(n, tests))
        # A `Pass` is kept for whole parts, and one for each rest of a training set, a test set and a batch.
        held = part * (np.maximum(n, tests) >= part) + n % part + tests % part
        if settings.steps > 1:
            held = held + batch % part + n % batch % part
        activations = held * (2 * columns + 3 * units) * (dtype.itemsize / 4)
        compact = held * (inputs + units + 3 * data.outputs)
        activations = np.where(by_functions, compact, activations)
        own = 6 * weights + 16 * (n + tests)  # copies of the weights, optimizer state; indices and outcomes of examples
        copies = 1 if device.type == "cpu" else 2  # a recorded graph has memory of its own for what a step makes
        if device.type != "cpu":
            activations = activations + 4 * copies * data.outputs * longest  # losses, in an evaluation too
        if _layered(settings).batch_norm:
            activations = activations + copies * 8 * units * np.maximum(longest, batch)
        if settings.gradient_penalty:
            activations = activations + copies * 8 * (columns + units) * np.maximum(longest, batch)
            own = own + 4 * weights
        if settings.averaging:
            own = own + 2 * weights
        if settings.sam:
            own = own + weights
        if settings.output_scale:
            own = own + weights
        if settings.input_noise or settings.adversarial:
            activations = activations + copies * 8 * inputs * longest
        if settings.median_of > 1:
            own = own + settings.median_of * weights
        if settings.dropout:
            activations = activations + copies * 8 * units * longest
        if gradient_norms:
            activations = activations + (2 * (columns + units) + 3 * sizes.window_pairs) * longest
        gathered = np.where(by_functions, 0, (n if settings.steps == 1 else 2 * longest) * (inputs + 1))
        used = (augmented_copies * np.minimum(len(data.x), count * n) + tests) * (inputs + 1)
        return 4 * (used + count * (own + activations + gathered))

    # --- weights ------------------------------------------------------------------------------------------------------

    def _initial(self, settings: Settings, shape: tuple[int, ...]) -> list[tuple[Tensor, ...]]:
        drawn = _layered(settings).initial(shape, self.outputs, generator(settings.init_seed, "init"))
        return drawn if settings.start is None else _split(settings.start, drawn)

    def _masks(self, epoch: int) -> list[Tensor]:
        masks = []
        for s in self.settings:
            ones = [
                tuple(torch.ones_like(t) for t in layer)
                for layer in _layered(s).initial(self.shape, self.outputs, generator(0, "init"))
            ]
            mask = s.mask_at(epoch)
            masks.append(ones if mask is None else _split(mask, ones))
        return self._placed(masks)

    def _prune(self, weights: list[Tensor]) -> None:
        for weight, mask in zip(weights, self.masks or [], strict=False):
            weight.mul_(mask)

    def _hash_keys(self, epoch: int) -> list[Tensor]:
        """Keys of dropout [network, layer] and of the inputs' noise [network, 2]."""
        return [
            torch.stack([hash_keys(s.seed_at(epoch), purpose, number) for s in self.settings]).to(self.device)
            for purpose, number in (("dropout", len(self.layers)), ("input noise", 2))
        ]

    def branch(self, epoch: int) -> None:
        """Let the masks and the seeds of the order hold from now on, in place (see ``Settings.rewind``).

        A network that has stopped before stays as it was.
        """
        self.examples.branch(self.settings, epoch)
        going = self.running().view(-1, 1, 1)
        for held, new in zip(self.masks or [], self._masks(epoch) if self.masks else [], strict=True):
            held.copy_(new.where(going, held))
        for held, new in zip((self.dropout_keys, self.noise_keys), self._hash_keys(epoch), strict=True):
            held.copy_(new)
        self._prune(self.weights)
        self._prune(self.averaged_weights or [])

    def _placed(self, networks: list[list[tuple[Tensor, ...]]]) -> list[Tensor]:
        """Per layer the (weight, bias) of all networks as [network, out, fan-in + 1], zero-padded to the widest.

        Then, per layer with batch norm, the (scale, offset) as [network, out, 2].
        """
        placed = []
        for number, layer in enumerate(self.layers):
            stacked = torch.zeros(len(networks), layer.outputs, layer.fan_in + 1)
            for row, own in zip(stacked, networks, strict=True):
                weight, bias, *_ = own[number]
                _channels(row, layer)[: len(bias), : weight.shape[1] // layer.kernel] = weight.unflatten(
                    1, (-1, layer.kernel)
                )
                row[: len(bias), -1] = bias
            placed.append(stacked.to(self.device))
        for number in self.normalised:
            stacked = torch.zeros(len(networks), self.layers[number].outputs, 2)
            for row, own in zip(stacked, networks, strict=True):
                row[: len(own[number][2])] = torch.stack(own[number][2:], 1)
            placed.append(stacked.to(self.device))
        return placed

    def _unit_statistics(self, number: int) -> list[Tensor]:
        """Running mean and variance [network, out] of a layer's outputs before training."""
        shape = len(self.networks), self.layers[number].outputs
        return [torch.zeros(shape, device=self.device), torch.ones(shape, device=self.device)]

    def vectors(self) -> list[Tensor]:
        """The weights of each network as one vector, without the padding, on the CPU."""
        stacked = [w.cpu() for w in self.weights]
        vectors = []
        for row, own in enumerate(self.networks):
            parts = []
            for number, (layer, padded) in enumerate(zip(own, self.layers, strict=True)):
                weight = stacked[number][row]
                parts.append(_channels(weight, padded)[: layer.outputs, : layer.inputs].flatten())
                parts.append(weight[: layer.outputs, -1])
                if number in self.normalised:
                    parts += stacked[len(self.layers) + number][row, : layer.outputs].unbind(1)
            vectors.append(torch.cat(parts))
        return vectors

    def modules(self, rows: Sequence[int]) -> Iterator[nn.Module]:
        """The networks in these rows as plain modules on the device, in evaluation mode; they share nothing with the stack."""
        vectors = self.vectors()
        for row in rows:
            module = self.settings[row].architecture.build(self.shape, self.outputs, generator(0, "init"))
            nn.utils.vector_to_parameters(vectors[row], module.parameters())
            norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm1d)]
            for norm, statistics in zip(norms, self.running_statistics, strict=True):
                mean, variance = (values[row, : norm.num_features] for values in statistics)
                norm.load_state_dict({"running_mean": mean, "running_var": variance}, strict=False)
            yield module.to(self.device).eval()

    # --- inputs and buffers -------------------------------------------------------------------------------------------

    def _inputs(self, x: Tensor, rows: Tensor, augmented_copies: int = 1) -> Tensor:
        """The examples in these rows [example, feature] on the device; not copied where they are all and there.

        Of several copies (see ``Settings.augmented_copies``) the first is as it is, the next are moved by 1, −1, 2, −2, …
        """
        x = x if len(rows) == len(x) else x[rows]
        if augmented_copies > 1:
            x = torch.cat([x.roll((c + 1) // 2 * (1 if c % 2 else -1), -1) for c in range(augmented_copies)])
        return x.flatten(1).contiguous().to(self.device, self.dtype)

    def _allocate(self) -> None:
        """Set up what lives as long as the networks of the stack stay the same."""
        # Where gradients are summed: with SGD in the velocity itself.
        self.sums = self.state[0] if self.optimizer == "sgd" else [torch.zeros_like(w) for w in self.weights]
        layers = len(self.layers)
        halved = self.weights[:layers] if self.dtype.itemsize == 2 else []
        self.low = [torch.empty_like(w, dtype=self.dtype) for w in halved]  # copies for the matrix products
        self.low_products = [torch.empty_like(w) for w in self.low]
        self.wide_products = [torch.empty_like(w) for w in halved]
        self.used: Sequence[Tensor] = []
        self._use(self.weights)
        # With ``sam``: the gradient, then the weights uphill.
        self.uphill = [torch.empty_like(w) for w in self.weights] if self.climbs else []
        # With a median of parts of the batch: where the gradient of each part is kept.
        parts = self.median_of if self.median_of > 1 else 0
        self.part_gradients = [[torch.empty_like(w) for w in self.weights] for _ in range(parts)]
        self.passes: dict[int, Pass] = {}
        self.compiled_passes: dict[int, CompiledPass] = {}
        self.graph: torch.cuda.CUDAGraph | None = None
        self.eager_steps = 0
        self.y_by_row = self.examples.by_row()
        self.example_weights = [torch.empty_like(share[:, None]) for share in self.examples.shares]
        self._weigh_examples()

    def _pass(self, examples: int) -> Pass:
        """Memory for so many examples."""
        if examples not in self.passes:
            self.passes[examples] = Pass(
                self.layers, len(self.networks), examples, self.dtype, self.device, len(self.normalised)
            )
        return self.passes[examples]

    def _fast_pass(self, examples: int) -> Pass | CompiledPass:
        """Memory for so many examples, for compiled functions where there are such."""
        if not self.functions:
            return self._pass(examples)
        if examples not in self.compiled_passes:
            self.compiled_passes[examples] = CompiledPass(self.functions, self.layers, self.networks, examples)
        return self.compiled_passes[examples]

    # --- forward and backward -----------------------------------------------------------------------------------------

    def _use(self, weights: Sequence[Tensor]) -> None:
        """Compute products with these weights from now on, or with copies of them as they now are in low precision."""
        for low, weight in zip(self.low, weights, strict=False):
            low.copy_(weight)
        if weights is not self.used:
            self.used = weights
            self.factors = self.low or weights[: len(self.layers)]
            self.transposed = [w.transpose(1, 2) for w in self.factors]

    def _predict(self, memory: Pass | CompiledPass, training: bool = False) -> Tensor:
        """The outputs of ``_forward``; with an ``output_scale`` α times what they are above those of the initial weights."""
        if self.initial_weights is None:
            return self._forward(memory, training)
        weights = self.used
        self._use(self.initial_weights)
        initial = self._forward(memory, training).clone()
        self._use(weights)
        return self._forward(memory, training).sub_(initial).mul_(self.output_scale)

    def _forward(self, memory: Pass | CompiledPass, training: bool = False) -> Tensor:
        """Take the examples that have entered through all layers; the outputs [network, output, example]."""
        if isinstance(memory, CompiledPass):
            return memory.forward(self.factors)
        last = len(self.layers) - 1
        for number, (weight, z) in enumerate(zip(self.factors, memory.outputs, strict=True)):
            columns = memory.columns[number]
            product = memory.raw[number] if number in self.normalised else z
            if len(columns) == len(weight):
                torch.bmm(weight, columns, out=product)
            else:  # the same examples for all networks: one matrix product instead of many
                torch.mm(weight.flatten(0, 1), columns[0], out=product.flatten(0, 1))
            if number in self.normalised:
                self._normalise(number, memory, training)
            if training and self.drops and number < last:
                memory.dropout[number] = self._dropout_factors(number, z)
                z.clamp_(min=0).mul_(memory.dropout[number])
            if number < last:  # ReLU, on the way into the windows of the next layer
                torch.clamp(memory.windows[number + 1], min=0, out=memory.targets[number + 1])
        return memory.outputs[last]

    def _normalise(self, number: int, memory: Pass, training: bool) -> None:
        """Batch norm of a layer's products; each channel of each network is a channel of one fused call."""
        z = memory.raw[number].float()
        channels = z.view(1, z.shape[0] * z.shape[1], -1)
        scale, offset = (w.flatten() for w in self.weights[len(self.layers) + number].unbind(2))
        mean, variance = self.running_statistics[number]
        if not training:
            mean, variance = mean.flatten(), variance.flatten()
            out = torch.native_batch_norm(channels, scale, offset, mean, variance, False, 0, NORM_EPSILON)[0]
            memory.outputs[number].copy_(out.view_as(z))
            return
        out, *statistics = torch.native_batch_norm(channels, scale, offset, None, None, True, 0, NORM_EPSILON)
        memory.outputs[number].copy_(out.view_as(z))
        memory.statistics[number] = statistics
        size = channels.shape[2]
        now = [s.view_as(mean) for s in (statistics[0], (statistics[1] ** -2 - NORM_EPSILON) * (size / (size - 1)))]
        rate = NORM_MOMENTUM * (self.lr[..., 0] > 0)  # networks that have stopped keep their statistics too
        for average, value in zip(self.running_statistics[number], now, strict=True):
            average.lerp_(value, rate.expand_as(value))

    def _normalise_backward(self, number: int, memory: Pass, gradient: Tensor) -> Tensor:
        """The gradient in a layer's products; those in the scale and the offset are added to what is summed."""
        z = memory.raw[number].float()
        channels = z.view(1, z.shape[0] * z.shape[1], -1)
        place = len(self.layers) + number
        back, *own = torch.ops.aten.native_batch_norm_backward(
            gradient.float().reshape(channels.shape),
            channels,
            self.weights[place][..., 0].flatten(),
            None,
            None,
            *memory.statistics[number],
            True,
            NORM_EPSILON,
            [True] * 3,
        )
        self._take_up(self.sums[place], torch.stack(own, 1).view_as(self.weights[place]))
        return back.view_as(z).to(self.dtype)

    def _dropout_factors(self, number: int, z: Tensor) -> Tensor:
        """Dropout factors for z [network, channel, position · example]."""
        layer = self.layers[number]
        slots = torch.arange(self.slot, self.slot + z.shape[2] // layer.positions, device=self.device)
        key = self.dropout_keys[:, number].view(-1, 1, 1, 1)
        rate = self.dropout[..., None]
        return dropout_factors(key, self.steps_made, layer.outputs, layer.positions, slots, rate).flatten(2).to(z.dtype)

    def _prediction(self, logits: Tensor) -> Tensor:
        """What is compared with the target [network, output, example], float32: probabilities, or the outputs copied."""
        return logits.float().softmax(1) if self.loss == "cross_entropy" else logits.float().clone()

    def _residual(self, logits: Tensor, y: Tensor) -> Tensor:
        """Prediction − target [network, output, example], float32: the gradient of both losses up to a factor."""
        prediction = self._prediction(logits)
        if not self.classes:
            return prediction.sub_(y.transpose(1, 2))
        return prediction.scatter_add_(1, y[:, None], self.minus_one.expand(len(y), 1, y.shape[1]))

    def _losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """Loss on each example [network, example]."""
        if self.loss == "squared":
            return self._residual(logits, y).square_().mean(1)
        return -logits.float().log_softmax(1).gather(1, y[:, None])[:, 0]

    def _backward(self, memory: Pass, gradient: Tensor, training: bool = False) -> Iterator[tuple[int, Tensor]]:
        """Yield (layer, gradient in its output [network, out, window · example]) from the last layer to the first."""
        for number in range(len(self.layers) - 1, 0, -1):
            yield number, gradient
            torch.bmm(self.transposed[number], gradient, out=memory.back[number])
            back = memory.fold(number)
            if training and self.drops:
                back = back * memory.dropout[number - 1]
            gradient = memory.gradients[number]
            _rectify_gradient(back, memory.outputs[number - 1], 0, grad_input=gradient)
            if number - 1 in self.normalised:
                gradient = self._normalise_backward(number - 1, memory, gradient)
        yield 0, gradient

    def _perturb_inputs(self, memory: Pass | CompiledPass, labels: Tensor) -> None:
        """Add to the inputs that have entered what the settings say: noise, then the attack of Goodfellow et al. (2015)."""
        if self.noisy:
            slots = torch.arange(self.slot, self.slot + labels.shape[1], device=self.device)
            radius, angle = (k.view(-1, 1, 1) for k in self.noise_keys.unbind(1))
            noise = gaussian(radius, angle, self.steps_made, memory.features.shape[2], slots)
            memory.features.add_((noise * self.input_noise).to(self.dtype))
            memory.enter()
        if self.attacked:
            assert isinstance(memory, Pass)  # since `is_compiled` says no
            residual = self._residual(self._forward(memory, training=True), labels).to(self.dtype)
            *_, (_, gradient) = self._backward(memory, residual, training=True)
            memory.features.add_(memory.input_gradient_sign(self.transposed[0], gradient) * self.adversarial)
            memory.enter()

    # --- a step -------------------------------------------------------------------------------------------------------

    def step(self, number: int, stop_loss: Tensor | None = None) -> Tensor | None:
        """One update of every network with batch ``number`` of this epoch; with ``stop_loss`` its losses [network].

        In full-batch training a network whose loss is below ``stop_loss`` [network] stops before the update.
        """
        batch = *self.examples.batches[number], self.example_weights[number]
        if stop_loss is not None:
            batch = *batch, self.examples.shares[number], stop_loss
        return self._graphed_step(batch) if self.device.type == "cuda" else self._step(*batch)

    def _step(
        self,
        rows: Tensor,
        y: Tensor,
        example_weights: Tensor,
        share: Tensor | None = None,
        stop_loss: Tensor | None = None,
    ) -> Tensor | None:
        """One update with examples in these rows of the pool [network, slot], their labels and weights."""
        self.steps_made += 1
        batch = rows, y, example_weights
        self._use(self.weights)
        moves = self.moves and share is None and rows.shape[1] <= self.part
        if not self.climbs:
            total = self._add_gradients(self.sums, *batch, share, moves)
        else:
            for gradient in self.uphill:
                gradient.zero_()
            total = self._add_gradients(self.uphill, *batch, share)
            self._climb()
            self._use(self.uphill)
            self._add_gradients(self.sums, *batch, None)
            self._use(self.weights)
        if share is None:
            if not moves:
                self._update()
            return None
        if self.examples.steps == 1:
            self.freeze(total < stop_loss)
        self._update()
        return total

    def _add_gradients(
        self,
        sums: list[Tensor],
        rows: Tensor,
        y: Tensor,
        example_weights: Tensor,
        share: Tensor | None,
        moves: bool = False,
    ) -> Any:
        """Let ``sums`` take up a batch's gradient at the weights in use; where there are shares, the mean loss [network].

        With ``moves`` the compiled functions make the update, too.
        """
        total: Any = 0.0
        for start in range(0, rows.shape[1], self.part):
            self.slot = start  # of the part's first example: dropout asks
            part = slice(start, start + self.part)
            whole = rows.shape[1] <= self.part
            labels, weights = (y, example_weights) if whole else (y[:, part], example_weights[..., part])
            memory = self._fast_pass(labels.shape[1])
            memory.gather(self.pool, rows[:, part])
            if self.noisy or self.attacked:
                self._perturb_inputs(memory, labels)
            logits = self._predict(memory, training=True)
            if share is not None:
                total = total + (self._losses(logits, labels) * share[:, part]).sum(1)
            if isinstance(memory, CompiledPass):
                prediction = self._prediction(logits) if self.classes else self._residual(logits, labels)
                classes, kept = labels if self.classes else None, self._kept_share(start)
                memory.backward(self.factors, prediction, classes, weights, sums, kept, moves)
            else:
                gradient = self._residual(logits, labels).mul_(weights)
                gradient = gradient.to(self.dtype) if self.low else gradient
                for layer, g in self._backward(memory, gradient, training=True):
                    self._accumulate(sums, layer, g, memory.transposed[layer], start)
            if self.penalised:
                self._penalise(sums, memory.features, labels, weights)
        if self.part_gradients:
            self._take_medians(sums)
        return total

    def _climb(self) -> None:
        """Make of the gradients in ``uphill`` the weights that lie ``sam`` up them: of each network's as one vector."""
        self._prune(self.uphill)
        square = torch.stack([g.square().sum((1, 2)) for g in self.uphill]).sum(0)
        # (where the gradient is 0, as that of a network that has stopped, nothing moves)
        way = self.sam / square.sqrt().clamp_min(1e-30).view(-1, 1, 1)
        for weight, gradient in zip(self.weights, self.uphill, strict=True):
            gradient.mul_(way).add_(weight)

    def _weigh_examples(self) -> None:
        """What an example's residual is multiplied by [network, 1, slot], in place; with SGD the learning rate is a part of it."""
        factor = 1 if self.loss == "cross_entropy" else 2 / self.outputs
        rate = self.lr if self.optimizer == "sgd" else 1
        if self.initial_weights is not None:
            factor = factor / self.output_scale  # of the loss divided by its square
        for weights, share in zip(self.example_weights, self.examples.shares, strict=True):
            torch.mul(share[:, None], rate, out=weights).mul_(factor)

    def _accumulate(self, sums: list[Tensor], number: int, gradient: Tensor, columns: Tensor, start: int) -> None:
        """Add one layer's gradient of the part of the batch that begins at ``start`` to ``sums``, or keep it."""
        total = sums[number] if not self.part_gradients else self.part_gradients[start // self.part][number]
        beta = 0.0 if self.part_gradients else self._kept_share(start)
        if not self.low:
            total.baddbmm_(gradient, columns, beta=beta)
            return
        wide = self.wide_products[number]
        wide.copy_(torch.bmm(gradient, columns, out=self.low_products[number]))
        torch.add(wide, total, alpha=beta, out=total) if beta else total.copy_(wide)

    def _kept_share(self, start: int) -> float:
        """What the sums are multiplied by before they take up the part of a batch that begins at ``start``."""
        return 1.0 if start else self.momentum if self.optimizer == "sgd" else 0.0

    @torch.enable_grad()
    def _penalise(self, sums: list[Tensor], features: Tensor, y: Tensor, example_weights: Tensor) -> None:
        """Add to ``sums`` the gradient of the squared norm of the batch's mean gradient, twice a Hessian-vector product, by autograd."""
        rate = self.lr if self.optimizer == "sgd" else torch.ones_like(self.lr)
        factor = 1 if self.loss == "cross_entropy" else 2 / self.outputs
        share = example_weights / (rate * factor).clamp_min(1e-30)  # 0 where a network has stopped
        weights = [w.detach().requires_grad_() for w in self.used]
        loss = (self._losses(self._outputs(weights, features), y) * share[:, 0]).sum()
        gradients = torch.autograd.grad(loss, weights, create_graph=True)
        square = cast(Tensor, sum((self.gradient_penalty * g.square()).sum() for g in gradients))
        for total, gradient in zip(sums, torch.autograd.grad(square, weights), strict=True):
            total.add_(gradient * rate)

    def _outputs(self, weights: Sequence[Tensor], features: Tensor) -> Tensor:
        """Outputs [network, output, example] for features [network, example, feature], for autograd; without batch norm."""
        first, last = self.layers[0], len(self.layers) - 1
        x = features.transpose(1, 2).unflatten(1, (first.inputs, first.length))
        for number, (weight, layer) in enumerate(zip(weights, self.layers, strict=True)):
            windows = x.unfold(2, layer.kernel, layer.stride).permute(0, 1, 4, 2, 3)
            columns = windows.reshape(len(weight), layer.fan_in, -1)
            z = torch.baddbmm(weight[..., -1:], weight[..., :-1], columns)
            x = (z if number == last else z.relu()).unflatten(2, (layer.positions, -1))
        return x.flatten(2)

    def _take_medians(self, sums: list[Tensor]) -> None:
        """Let ``sums`` take up the median of the mean gradients of three parts of the batch, in each coordinate."""
        for number, (a, b, c) in enumerate(zip(*self.part_gradients, strict=True)):
            median = torch.maximum(torch.minimum(a, b), torch.minimum(torch.maximum(a, b), c))  # faster than sorting
            self._take_up(sums[number], median * self.median_of)  # each is a third of a mean

    def _take_up(self, total: Tensor, gradient: Tensor) -> None:
        """Let the velocity take up a whole step's gradient, or keep that."""
        if self.optimizer == "sgd":
            total.mul_(self.momentum).add_(gradient)
        else:  # (what is there may be anything, also not a number)
            total.copy_(gradient)

    def _update(self) -> None:
        """SGD with momentum, Adam or AdamW, as in ``torch.optim``."""
        decay, factors = self._decay(), self._step_factors()
        if self.optimizer == "sgd":
            for weight, velocity, factor in zip(self.weights, self.sums, factors, strict=True):
                if decay is not None:
                    velocity.addcmul_(weight, self.lr * decay)
                weight.sub_(velocity) if factor is None else weight.addcmul_(velocity, factor, value=-1)
        else:
            rate = self.lr / (1 - BETA1**self.steps_made)
            for n, (weight, gradient, factor) in enumerate(zip(self.weights, self.sums, factors, strict=True)):
                if decay is not None and self.optimizer == "adamw":
                    weight.mul_(1 - self.lr * decay * (1 if factor is None else factor))
                elif decay is not None:
                    gradient.addcmul_(weight, decay)
                mean, square = self.state[0][n], self.state[1][n]
                if self.adam_functions:  # one pass over the weights, where PyTorch's operations take ten
                    each = None if factor is None else factor.expand_as(weight).contiguous()
                    tensors = weight, gradient, mean, square, rate, each
                    compiled.adam(self.adam_functions, tensors, (BETA1, BETA2), EPSILON, int(self.steps_made))
                    continue
                mean.lerp_(gradient, 1 - BETA1)
                square.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
                scale = torch.div(square, 1 - BETA2**self.steps_made, out=gradient).sqrt_().add_(EPSILON)
                step = torch.div(mean, scale, out=scale)
                weight.addcmul_(step if factor is None else step.mul_(factor), rate, value=-1)
        if self.averaged_weights is not None:
            rate = (1 - self.averaging) * (self.lr > 0)  # networks that have stopped keep their average too
            for mean, weight in zip(self.averaged_weights, self.weights, strict=True):
                mean.lerp_(weight, rate.expand_as(weight))

    def _decay(self) -> Tensor | None:
        """What of each weight is added to its gradient [network, 1, 1]; negative where a norm is below its target."""
        if not self.decays:
            return None
        if not self.targets_norm:
            return self.weight_decay
        square = sum(w.square().sum((1, 2), keepdim=True) for w in self.weights)
        return self.weight_decay * (square - self.norm_target**2).sign()

    def _step_factors(self) -> list[Tensor | None]:
        """What the step of each matrix of weights is multiplied by: its mask, its layer's factor, that of the schedule."""
        schedule = self._schedule_factor()
        columns = [self.masks or [], self.layer_lr, [] if schedule is None else [schedule] * len(self.weights)]
        found = zip(*(column for column in columns if column), strict=True)
        return [math.prod(each) for each in found] or [None] * len(self.weights)

    def _schedule_factor(self) -> Tensor | None:
        """What the schedule multiplies the learning rate by in this step, a number on the device."""
        if self.schedule == "cosine":
            return 0.5 * (1 + torch.cos(math.pi * (self.steps_made - 1) / self.last_step))
        if self.schedule == "inverse_sqrt":
            return (1 + torch.div(self.steps_made - 1, 512, rounding_mode="floor")) ** -0.5
        return None

    def _graphed_step(self, batch: tuple[Tensor, ...]) -> Tensor | None:
        """A step on CUDA: the first few one kernel at a time, then as one recorded graph, which spares the launches."""
        if self.graph is None:
            self.side = self.side or torch.cuda.Stream()
            self.side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(
                self.side
            ):  # libraries set themselves up in the first steps, which a graph cannot hold
                losses = self._step(*batch)
            torch.cuda.current_stream().wait_stream(self.side)
            self.eager_steps += 1
            if self.eager_steps == 3:
                # In full-batch training a batch is the same memory in each step, and is read where it is.
                self.static = batch if self.examples.steps == 1 else tuple(t.clone() for t in batch)
                self.graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self.graph):
                    self.static_losses = self._step(*self.static)
            return losses
        for static, new in zip(self.static, batch, strict=True):
            if static is not new:
                static.copy_(new)
        self.graph.replay()
        return self.static_losses

    # --- stopping -----------------------------------------------------------------------------------------------------

    def running(self) -> Tensor:
        """Which networks still train [network]."""
        return self.lr.flatten() > 0

    def freeze(self, finished: Tensor) -> None:
        """Stop the networks that are finished [network]: with a learning rate and a velocity of 0 nothing moves."""
        going = (~finished).view(-1, 1, 1)
        self.lr *= going
        self._weigh_examples()
        if self.optimizer == "sgd":
            for velocity in self.state[0]:
                velocity *= going

    def finite(self) -> Tensor:
        """Which networks have finite weights [network]."""
        return torch.stack([w.sum((1, 2)).isfinite() for w in self.weights]).all(0)

    def keep(self, rows: Tensor) -> None:
        """Drop all networks but those in rows (on the CPU)."""
        self.examples.keep(rows)
        self.settings = [self.settings[r] for r in rows.tolist()]
        self.networks = [self.networks[r] for r in rows.tolist()]
        self.parameters = [self.parameters[r] for r in rows.tolist()]
        rows = rows.to(self.device)
        for name in ("lr", "weight_decay", "norm_target", "gradient_penalty", "sam", "output_scale", "averaging"):
            setattr(self, name, getattr(self, name)[rows])
        for name in ("dropout", "input_noise", "adversarial", "dropout_keys", "noise_keys"):
            setattr(self, name, getattr(self, name)[rows])
        self.layer_lr = [factor[rows] for factor in self.layer_lr]
        self.averaged_weights = [w[rows] for w in self.averaged_weights] if self.averaged_weights else None
        self.initial_weights = [w[rows] for w in self.initial_weights] if self.initial_weights else None
        self.running_statistics = [[s[rows] for s in statistics] for statistics in self.running_statistics]
        self.weights = [w[rows] for w in self.weights]
        self.masks = [m[rows] for m in self.masks] if self.masks else None
        self.state = [[s[rows] for s in slot] for slot in self.state]
        self._allocate()

    # --- evaluation ---------------------------------------------------------------------------------------------------

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Have the averaged weights in place of the weights, where they are averaged: what is recorded is theirs."""
        if self.averaged_weights is None:
            yield
            return
        kept = [w.clone() for w in self.weights]
        for weight, mean in zip(self.weights, self.averaged_weights, strict=True):
            weight.copy_(mean)
        try:
            yield
        finally:
            for weight, own in zip(self.weights, kept, strict=True):
                weight.copy_(own)

    def outcomes(self, test: bool) -> tuple[Tensor, Tensor]:
        """Loss and whether it is misclassified (NaN in a regression, or where the loss is), of each example [network, example]."""
        parts = []
        for memory, y in self._parts(test, self._fast_pass):
            logits = self._predict(memory)
            # (max finds the place ten times as fast as argmax)
            losses = self._losses(logits, y)
            wrong = (logits.max(1).indices != y).float() if self.classes else torch.full_like(losses, torch.nan)
            parts.append((losses, wrong.where(losses.isfinite(), torch.nan)))  # outputs of NaN are no class
        losses, wrong = (torch.cat(values, 1) for values in zip(*parts, strict=True))
        return (losses, wrong) if test else (self._in_order(losses), self._in_order(wrong))

    def predictions(self) -> Tensor:
        """Outputs on the test examples [network, example, output]; probabilities where the loss is cross-entropy."""
        # Copies, since the next part overwrites the buffer of the outputs.
        parts = [self._predict(memory).to(torch.float32, copy=True) for memory, _ in self._parts(True, self._fast_pass)]
        logits = torch.cat(parts, 2)
        return (logits.softmax(1) if self.loss == "cross_entropy" else logits).transpose(1, 2)

    def gradient_norms(self) -> Tensor:
        """Norm of the gradient of each training example's loss in all weights and biases [network, example].

        A layer's gradient is a sum over windows p of the products δ_p a_pᵀ, so its squared norm is the sum over pairs
        of windows of (δ_p·δ_q)(a_p·a_q), and no example's gradient is ever formed.
        """
        norms = []
        for memory, y in self._parts(False, self._pass):
            residual = self._residual(self._predict(memory), y).mul_(
                1 if self.loss == "cross_entropy" else 2 / self.outputs
            )
            if self.initial_weights is not None:
                residual.mul_(self.output_scale)
            square = torch.zeros(y.shape[:2], device=self.device)
            for number, g in self._backward(memory, residual.to(self.dtype)):
                products = []
                for factor in (g, memory.columns[number]):
                    windows = factor.float().unflatten(2, (self.layers[number].positions, -1))
                    products.append(torch.einsum("nfpb,nfqb->nbpq", windows, windows))
                square += (products[0] * products[1]).sum((2, 3))
            norms.append(square.sqrt_())
        return self._in_order(torch.cat(norms, 1))

    def _parts(self, test: bool, memory_for: Callable[[int], Pass | CompiledPass]) -> Iterator[tuple[Any, Tensor]]:
        """The examples in parts, each in memory for its pass, with their labels [network, example, …].

        Training examples come as ``_in_order`` expects them: where the networks share most of them, all that are used.
        """
        self._use(self.weights)
        labels = self.y_test.expand(len(self.networks), *self.y_test.shape) if test else self.y_by_row
        shared = labels is not None
        labels = self.examples.y if labels is None else labels
        for start in range(0, labels.shape[1], self.part):
            part = slice(start, start + self.part)
            memory = memory_for(labels[:, part].shape[1])
            if shared:
                memory.gather_shared((self.x_test if test else self.pool)[part][: labels[:, part].shape[1]])
            else:
                memory.gather(self.pool, self.examples.rows[:, part])
            yield memory, labels[:, part]

    def _in_order(self, values: Tensor) -> Tensor:
        """Values of the training examples as ``_parts`` gave them, as [network, n] in the order of the network's own."""
        return values if self.y_by_row is None else values.gather(1, self.examples.rows)


def _layered(settings: Settings) -> Layered:
    """The network's architecture; only those of layers train in stacks."""
    return cast(Layered, settings.architecture)


def is_compiled(settings: Settings, layers: Sequence[Layer]) -> bool:
    """Whether compiled functions train such networks, padded to these layers, on a CPU where they are to be had."""
    other = settings.dropout, settings.adversarial, settings.gradient_penalty, settings.median_of > 1
    dense = all(layer.positions == 1 for layer in layers) and not _layered(settings).batch_norm
    narrow = max(max(layer.fan_in, layer.outputs) for layer in layers) <= _COMPILED_UP_TO
    return settings.dtype == "float32" and dense and narrow and not any(other)


def examples_at_a_time(sizes: Sizes, networks: Number, dtype: torch.dtype, device: torch.device) -> np.ndarray:
    """How many examples go at a time through so many networks, all padded to these sizes."""
    limit = _CACHE_BYTES if device.type == "cpu" else _DEVICE_BYTES
    return np.maximum(_LEAST_PART, limit // ((2 * sizes.units + sizes.columns) * networks * dtype.itemsize))


def _channels(weight: Tensor, layer: Layer) -> Tensor:
    """The weights [out, fan-in + 1] of one network's layer without the biases, as a view [out, channel, kernel]."""
    return weight[:, :-1].unflatten(1, (layer.inputs, layer.kernel))


def _split(vector: Vector, like: list[tuple[Tensor, ...]]) -> list[tuple[Tensor, ...]]:
    """A vector as the tensors of each layer, (weight, bias) and where it is normalised (scale, offset), shaped like these."""
    sizes = [t.numel() for layer in like for t in layer]
    parts = iter(torch.from_numpy(vector.values.copy()).split(sizes))
    return [tuple(next(parts).view_as(t) for t in layer) for layer in like]
