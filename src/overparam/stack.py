"""Many layered networks as one: the hot core of the book.

Networks of one architecture are stacked along a first dimension, so that one batched matrix product serves them all.
Layout is [network, feature, example]. Narrower networks are padded with zero units: a ReLU unit with zero weights has
activation 0 and gradient 0, so it stays zero and the padded network computes exactly what the narrow one does. Every
layer is one matrix product: its input carries a last row of ones, so that the bias is the last column of the weights.

The backward pass is written out (the tests hold it to autograd). For SGD the learning rate enters where the gradient
begins, at the loss, so that the last product of each layer adds directly to the velocity; all intermediate results have
buffers that live as long as the stack, since fresh memory costs more than the arithmetic on it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from overparam.data import Data, generator
from overparam.examples import Examples
from overparam.models import Layer
from overparam.settings import Settings, Vector

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Adam's, as in torch.optim
_CACHE_BYTES = 4 * 2**20  # of activations at a time on a CPU: a step over more examples goes through them in parts
_DEVICE_BYTES = 2 * 2**30  # the same on a GPU, where only memory limits it
_LEAST_PART = 128  # examples
_rectify_gradient = torch.ops.aten.threshold_backward.grad_input


class Stack:
    """The state of networks in training: weights, optimizer state and examples, all with the network first."""

    def __init__(self, networks: Sequence[Settings], data: Data, device: torch.device):
        first = networks[0]
        self.device, self.optimizer, self.loss = device, first.optimizer, first.loss
        self.momentum = first.momentum
        self.dtype = getattr(torch, first.dtype)
        self.classes, self.outputs = data.classes, data.classes or data.y.shape[1]
        shape = tuple(data.x.shape[1:])
        self.networks = [s.architecture.layers(shape, self.outputs) for s in networks]
        self.parameters = [s.architecture.parameters(shape, self.outputs) for s in networks]
        widest = max(networks, key=lambda s: s.architecture.width)
        self.layers = widest.architecture.layers(shape, self.outputs)

        initial = [self._initial(s, shape) for s in networks]
        self.weights = self._placed(initial)
        self.masks = self._masks(networks)
        for weight, mask in zip(self.weights, self.masks or [], strict=False):
            weight.mul_(mask)
        slots = {"sgd": 1, "adam": 2}[first.optimizer]
        self.state = [[torch.zeros_like(w) for w in self.weights] for _ in range(slots)]
        self.clock = torch.zeros((), dtype=torch.int32, device=device)  # steps made; on the device, for CUDA graphs

        column = lambda name: torch.tensor([float(getattr(s, name)) for s in networks], device=device).view(-1, 1, 1)  # noqa: E731
        self.lr, self.weight_decay, self.dropout = column("lr"), column("weight_decay"), column("dropout")
        self.decays, self.drops = any(s.weight_decay for s in networks), first.dropout > 0
        self.dropout_keys = torch.stack([dropout_keys(s.init_seed, len(self.layers)) for s in networks]).to(device)

        self.minus_one = torch.full((1, 1, 1), -1.0, device=device)
        self.examples = Examples(networks, data, device)
        self._pull()
        self.pool, self.x_test = self._inputs(data.x[self.examples.used]), self._inputs(data.x_test)
        self.y_test = data.y_test.to(device)
        self.x = self._gathered(self.examples.rows) if self.examples.steps == 1 else None
        self.part = self._part()
        self._forget_buffers()

    # --- weights ------------------------------------------------------------------------------------------------------

    def _initial(self, settings: Settings, shape: tuple[int, ...]) -> list[tuple[Tensor, Tensor]]:
        drawn = settings.architecture.initial(shape, self.outputs, generator(settings.init_seed, "init"))
        return drawn if settings.start is None else _split(settings.start, drawn)

    def _masks(self, networks: Sequence[Settings]) -> list[Tensor] | None:
        if all(s.mask is None for s in networks):
            return None
        masks = []
        for s, layers in zip(networks, self.networks, strict=True):
            ones = [(torch.ones(layer.outputs, layer.fan_in), torch.ones(layer.outputs)) for layer in layers]
            masks.append(ones if s.mask is None else _split(s.mask, ones))
        return self._placed(masks)

    def _placed(self, networks: list[list[tuple[Tensor, Tensor]]]) -> list[Tensor]:
        """Per layer the (weight, bias) of all networks as [network, out, fan-in + 1], zero-padded to the widest."""
        placed = []
        for number, layer in enumerate(self.layers):
            stacked = torch.zeros(len(networks), layer.outputs, layer.fan_in + 1)
            for row, own in zip(stacked, networks, strict=True):
                weight, bias = own[number]
                _channels(row, layer)[: len(bias), : weight.shape[1] // layer.kernel] = weight.unflatten(
                    1, (-1, layer.kernel)
                )
                row[: len(bias), -1] = bias
            placed.append(stacked.to(self.device))
        return placed

    def vectors(self) -> list[Tensor]:
        """The weights of each network as one vector, without the padding, on the CPU."""
        stacked = [w.cpu() for w in self.weights]
        vectors = []
        for row, own in enumerate(self.networks):
            parts = []
            for weight, layer, padded in zip(stacked, own, self.layers, strict=True):
                parts.append(_channels(weight[row], padded)[: layer.outputs, : layer.inputs].flatten())
                parts.append(weight[row, : layer.outputs, -1])
            vectors.append(torch.cat(parts))
        return vectors

    # --- inputs and buffers -------------------------------------------------------------------------------------------

    def _inputs(self, x: Tensor) -> Tensor:
        """Examples [example, feature] as the first layer takes them: for a matrix product, with a last feature of 1."""
        x = x.flatten(1).to(self.device, self.dtype)
        return torch.cat([x, x.new_ones(len(x), 1)], 1) if self.layers[0].positions == 1 else x

    def _gathered(self, rows: Tensor) -> Tensor:
        """The examples in these rows [network, example] of the pool."""
        return self.pool.index_select(0, rows.flatten()).unflatten(0, rows.shape)  # faster than self.pool[rows]

    def _part(self) -> int:
        """How many examples go through the networks at a time."""
        features = sum(
            2 * layer.outputs * layer.positions + (layer.fan_in + 1) * layer.positions for layer in self.layers
        )
        limit = _CACHE_BYTES if self.device.type == "cpu" else _DEVICE_BYTES
        return max(_LEAST_PART, limit // (features * len(self.networks) * self.dtype.itemsize))

    def _forget_buffers(self) -> None:
        self.buffers: dict[tuple, Tensor] = {}
        self.low = [torch.empty_like(w, dtype=self.dtype) for w in self.weights] if self.dtype.itemsize == 2 else None
        self.graph, self.eager_steps = None, 0

    def _buffer(self, purpose: str, layer: int, shape: tuple[int, ...], dtype: torch.dtype | None = None) -> Tensor:
        """Memory for an intermediate result, the same at each call; it begins as ones."""
        key = (purpose, layer, shape[0], shape[-1])
        if key not in self.buffers:
            self.buffers[key] = torch.ones(shape, dtype=dtype or self.dtype, device=self.device)
        return self.buffers[key]

    # --- forward and backward -----------------------------------------------------------------------------------------

    def _columns(self, number: int, z: Tensor, rectify: bool = True) -> Tensor:
        """The input [network, fan-in + 1, window · example] of a layer, from what the layer before gives.

        z [network, channel, position · example] is rectified and cut into the layer's windows; the last row is 1.
        """
        layer, examples = self.layers[number], z.shape[2] // self.layers[number].length
        columns = self._buffer("columns", number, (len(z), layer.fan_in + 1, layer.positions * examples))
        target = columns[:, :-1]
        if layer.kernel > 1:
            z = z.view(len(z), layer.inputs, layer.length, examples).unfold(2, layer.kernel, layer.stride)
            z = z.permute(0, 1, 4, 2, 3)  # [network, channel, place in the window, window, example]
            target = target.view(z.shape)
        if rectify:
            torch.clamp(z, min=0, out=target)
        else:
            target.copy_(z)
        return columns

    def _first_columns(self, x: Tensor) -> Tensor:
        """The first layer's input from examples x [network or 1, example, feature]."""
        layer = self.layers[0]
        if layer.positions == 1:
            return x.transpose(1, 2)
        return self._columns(0, x.transpose(1, 2).contiguous().unflatten(1, (layer.inputs, -1)).flatten(2), False)

    def _forward(self, x: Tensor, training: bool = False) -> tuple[list[Tensor], list[Tensor], list[Tensor | None]]:
        """Inputs, outputs before ReLU, and dropout factors of every layer, for examples x [network or 1, example, …]."""
        columns, outputs, kept = [self._first_columns(x)], [], []
        for number, (layer, weight) in enumerate(zip(self.layers, self.low or self.weights, strict=True)):
            a = columns[-1]
            z = self._buffer("output", number, (len(weight), layer.outputs, a.shape[2]))
            if len(a) == len(weight):
                torch.bmm(weight, a, out=z)
            else:  # the same examples for all networks: one matrix product instead of many
                torch.mm(weight.flatten(0, 1), a[0], out=z.flatten(0, 1))
            outputs.append(z)
            if number + 1 == len(self.layers):
                break
            kept.append(self._kept(number, z) if training and self.drops else None)
            if kept[-1] is not None:
                z.clamp_(min=0).mul_(kept[-1])
            columns.append(self._columns(number + 1, z))
        return columns, outputs, kept

    def _kept(self, number: int, z: Tensor) -> Tensor:
        """Dropout factors for z [network, channel, position · example]."""
        layer = self.layers[number]
        slots = torch.arange(self.slot, self.slot + z.shape[2] // layer.positions, device=self.device)
        key = self.dropout_keys[:, number].view(-1, 1, 1, 1)
        rate = self.dropout[..., None]
        return dropout_factors(key, self.clock, layer.outputs, layer.positions, slots, rate).flatten(2).to(z.dtype)

    def _residual(self, logits: Tensor, y: Tensor) -> Tensor:
        """Prediction − target [network, output, example], float32: the gradient of both losses up to a factor."""
        prediction = logits.float().softmax(1) if self.loss == "cross_entropy" else logits.float().clone()
        if not self.classes:
            return prediction.sub_(y.transpose(1, 2))
        return prediction.scatter_add_(1, y[:, None], self.minus_one.expand(len(y), 1, y.shape[1]))

    def _losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """Loss on each example [network, example]."""
        if self.loss == "squared":
            return self._residual(logits, y).square_().mean(1)
        return -logits.float().log_softmax(1).gather(1, y[:, None])[:, 0]

    def _backward(self, columns: list[Tensor], outputs: list[Tensor], kept: list, gradient: Tensor):
        """Yield (layer, gradient in its output [network, out, window · example]) from the last layer to the first."""
        weights = self.low or self.weights
        for number in reversed(range(len(self.layers))):
            yield number, gradient
            if number == 0:
                return
            z, weight = outputs[number - 1], weights[number]
            back = self._buffer("back", number, (len(z), weight.shape[2], gradient.shape[2]))
            torch.bmm(weight.transpose(1, 2), gradient, out=back)
            back = self._folded(number, back[:, :-1], z)  # the last row would go to the ones
            if kept[number - 1] is not None:
                back = back * kept[number - 1]
            gradient = self._buffer("gradient", number, tuple(z.shape))
            _rectify_gradient(back, z, 0, grad_input=gradient)

    def _folded(self, number: int, back: Tensor, z: Tensor) -> Tensor:
        """The sum of window gradients back [network, fan-in, window · example] where windows overlap, shaped like z."""
        layer = self.layers[number]
        if layer.positions == 1:
            return back.unflatten(1, (layer.inputs, layer.kernel)).flatten(2)
        windows = back.unflatten(1, (layer.inputs, layer.kernel)).unflatten(3, (layer.positions, -1))
        folded = self._buffer("folded", number, tuple(z.shape)).zero_()
        positions = folded.view(len(z), layer.inputs, layer.length, -1)
        reach = layer.stride * (layer.positions - 1) + 1
        for place in range(layer.kernel):
            positions[:, :, place : place + reach : layer.stride] += windows[:, :, place]
        return folded

    # --- a step -------------------------------------------------------------------------------------------------------

    def step(self, number: int, stop_loss: Tensor | None = None) -> Tensor | None:
        """One update of every network with batch ``number`` of this epoch; with ``stop_loss`` its losses [network].

        In full-batch training a network whose loss is below ``stop_loss`` [network] stops before the update.
        """
        rows, y, slots = self.examples.batch(number)
        batch = rows, y, self.pull[:, slots]
        if stop_loss is not None:
            return self._step(*batch, self.examples.share[:, slots], stop_loss)
        if self.device.type == "cuda":
            self._graphed_step(batch)
        else:
            self._step(*batch)
        return None

    def _step(self, rows: Tensor, y: Tensor, pull: Tensor, share=None, stop_loss=None) -> Tensor | None:
        """One update with examples in these rows of the pool [network, slot], their labels, and what they weigh."""
        self.clock += 1
        self._round()
        total = 0.0
        for start in range(0, rows.shape[1], self.part):
            part = slice(start, start + self.part)
            self.slot = start
            x = self._gathered(rows[:, part]) if self.x is None else self.x[:, part]
            columns, outputs, kept = self._forward(x, training=True)
            if share is not None:
                total = total + (self._losses(outputs[-1], y[:, part]) * share[:, part]).sum(1)
            gradient = self._residual(outputs[-1], y[:, part]).mul_(pull[:, None, part]).to(self.dtype)
            for layer, g in self._backward(columns, outputs, kept, gradient):
                self._accumulate(layer, g, columns[layer], first=start == 0)
        if share is None:
            self._update()
            return None
        if self.examples.steps == 1:
            self.freeze(total < stop_loss)
        self._update()
        return total

    def _pull(self) -> None:
        """What an example's residual is multiplied by [network, slot]; with SGD the learning rate is a part of it."""
        factor = 1 if self.loss == "cross_entropy" else 2 / self.outputs
        rate = self.lr.flatten(1) if self.optimizer == "sgd" else 1
        self.pull = self.examples.share * rate * factor

    def _round(self) -> None:
        """Bring the low-precision copies of the weights up to date."""
        for low, weight in zip(self.low or [], self.weights, strict=False):
            low.copy_(weight)

    def _gradients(self) -> list[Tensor]:
        """Where gradients are summed: with SGD the velocity itself."""
        if self.optimizer == "sgd":
            return self.state[0]
        return [self._buffer("sum", n, tuple(w.shape), torch.float32) for n, w in enumerate(self.weights)]

    def _accumulate(self, number: int, gradient: Tensor, columns: Tensor, first: bool) -> None:
        """Add one layer's gradient of a part of the batch to what is summed."""
        total = self._gradients()[number]
        beta = 1.0 if not first else self.momentum if self.optimizer == "sgd" else 0.0
        if self.low is None:
            total.baddbmm_(gradient, columns.transpose(1, 2), beta=beta)
            return
        product = self._buffer("product", number, tuple(total.shape))
        torch.bmm(gradient, columns.transpose(1, 2), out=product)
        wide = self._buffer("wide product", number, tuple(total.shape), torch.float32).copy_(product)
        torch.add(wide, total, alpha=beta, out=total) if beta else total.copy_(wide)

    def _update(self) -> None:
        """SGD with momentum or Adam, as in ``torch.optim``."""
        masks = self.masks or [None] * len(self.weights)
        gradients = self._gradients()
        if self.optimizer == "sgd":
            for weight, velocity, mask in zip(self.weights, gradients, masks, strict=True):
                if self.decays:
                    velocity.addcmul_(weight, self.lr * self.weight_decay)
                weight.sub_(velocity) if mask is None else weight.addcmul_(velocity, mask, value=-1)
            return
        rate = self.lr / (1 - BETA1**self.clock)
        for n, (weight, gradient, mask) in enumerate(zip(self.weights, gradients, masks, strict=True)):
            if self.decays:
                gradient.addcmul_(weight, self.weight_decay)
            mean = self.state[0][n].lerp_(gradient, 1 - BETA1)
            square = self.state[1][n].mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            scale = torch.div(square, 1 - BETA2**self.clock, out=gradient).sqrt_().add_(EPSILON)
            step = torch.div(mean, scale, out=scale)
            weight.addcmul_(step if mask is None else step.mul_(mask), rate, value=-1)

    def _graphed_step(self, batch: tuple[Tensor, Tensor, Tensor]) -> None:
        """A step on CUDA: the first few one kernel at a time, then as one recorded graph, which spares the launches."""
        if self.graph is None:
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):  # libraries set themselves up in the first steps, which a graph cannot hold
                self._step(*batch)
            torch.cuda.current_stream().wait_stream(side)
            self.eager_steps += 1
            if self.eager_steps == 3:
                self.static = tuple(t.clone() for t in batch)
                self.graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self.graph):
                    self._step(*self.static)
            return
        for static, new in zip(self.static, batch, strict=True):
            static.copy_(new)
        self.graph.replay()

    # --- stopping -----------------------------------------------------------------------------------------------------

    def running(self) -> Tensor:
        """Which networks still train [network]."""
        return self.lr.flatten() > 0

    def freeze(self, finished: Tensor) -> None:
        """Stop the networks that are finished [network]: with a learning rate and a velocity of 0 nothing moves."""
        going = (~finished).view(-1, 1, 1)
        self.lr *= going
        self._pull()
        if self.optimizer == "sgd":
            for velocity in self.state[0]:
                velocity *= going

    def finite(self) -> Tensor:
        """Which networks have finite weights [network]."""
        return torch.stack([w.sum((1, 2)).isfinite() for w in self.weights]).all(0)

    def keep(self, rows: Tensor) -> None:
        """Drop all networks but those in rows (on the CPU)."""
        self.examples.keep(rows)
        self.networks = [self.networks[r] for r in rows.tolist()]
        self.parameters = [self.parameters[r] for r in rows.tolist()]
        rows = rows.to(self.device)
        for name in ("lr", "weight_decay", "dropout", "dropout_keys"):
            setattr(self, name, getattr(self, name)[rows])
        self.weights = [w[rows] for w in self.weights]
        self.masks = [m[rows] for m in self.masks] if self.masks else None
        self.state = [[s[rows] for s in slot] for slot in self.state]
        self.x = self.x[rows] if self.x is not None else None
        self._pull()
        self._forget_buffers()

    # --- what is looked at --------------------------------------------------------------------------------------------

    def outcomes(self, test: bool) -> tuple[Tensor, Tensor]:
        """Loss and whether it is misclassified (NaN in a regression), of each example [network, example]."""
        parts = []
        for x, y in self._parts(test):
            logits = self._forward(x)[1][-1]
            wrong = (logits.argmax(1) != y).float() if self.classes else torch.full(y.shape[:2], torch.nan)
            parts.append((self._losses(logits, y), wrong.to(self.device)))
        losses, wrong = (torch.cat(values, 1) for values in zip(*parts, strict=True))
        return losses, wrong

    def predictions(self) -> Tensor:
        """Outputs on the test examples [network, example, output]; probabilities where the loss is cross-entropy."""
        # Copies, since the next part overwrites the buffer of the outputs.
        parts = [self._forward(x)[1][-1].to(torch.float32, copy=True) for x, _ in self._parts(test=True)]
        logits = torch.cat(parts, 2)
        return (logits.softmax(1) if self.loss == "cross_entropy" else logits).transpose(1, 2)

    def gradient_norms(self) -> Tensor:
        """Norm of the gradient of each training example's loss in all weights and biases [network, example].

        A layer's gradient is a sum over windows p of the products δ_p a_pᵀ, so its squared norm is the sum over pairs
        of windows of (δ_p·δ_q)(a_p·a_q), and no example's gradient is ever formed.
        """
        norms = []
        for x, y in self._parts(test=False):
            columns, outputs, kept = self._forward(x)
            residual = self._residual(outputs[-1], y).mul_(1 if self.loss == "cross_entropy" else 2 / self.outputs)
            square = torch.zeros(y.shape[:2], device=self.device)
            kept = [None] * len(self.layers)
            for number, g in self._backward(columns, outputs, kept, residual.to(self.dtype)):
                products = []
                for factor in (g, columns[number]):
                    windows = factor.float().unflatten(2, (self.layers[number].positions, -1))
                    products.append(torch.einsum("nfpb,nfqb->nbpq", windows, windows))
                square += (products[0] * products[1]).sum((2, 3))
            norms.append(square.sqrt_())
        return torch.cat(norms, 1)

    def _parts(self, test: bool):
        """The training or test examples in parts: (x [network or 1, example, feature], labels [network, example, …])."""
        self._round()
        total = len(self.x_test) if test else self.examples.rows.shape[1]
        for start in range(0, total, self.part):
            part = slice(start, start + self.part)
            if test:
                y = self.y_test[part]
                yield self.x_test[None, part], y.expand(len(self.networks), *y.shape)
            else:
                x = self._gathered(self.examples.rows[:, part]) if self.x is None else self.x[:, part]
                yield x, self.examples.y[:, part]


def _channels(weight: Tensor, layer: Layer) -> Tensor:
    """The weights [out, fan-in + 1] of one network's layer without the biases, as a view [out, channel, kernel]."""
    return weight[:, :-1].unflatten(1, (layer.inputs, layer.kernel))


def _split(vector: Vector, like: list[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """A vector as (weight, bias) per layer, with the shapes of ``like``."""
    sizes = [t.numel() for pair in like for t in pair]
    parts = iter(torch.from_numpy(vector.values.copy()).split(sizes))
    return [(next(parts).view_as(weight), next(parts)) for weight, _ in like]


def dropout_keys(init_seed: int, layers: int) -> Tensor:
    """The keys [layer] (int32) of one network's dropout factors."""
    drawn = torch.randint(-(2**31), 2**31, (layers,), generator=generator(init_seed, "dropout"))
    return drawn.to(torch.int32)


def dropout_factors(key: Tensor, step, channels: int, positions: int, slots: Tensor, rate) -> Tensor:
    """Factors 0 or 1/(1 − rate) for the units [channel, position] of a layer and the examples in these slots of a batch.

    Counter-based random numbers (Salmon et al. 2011): a factor is a hash of the layer's key, the step, the unit and the
    slot, whatever stack the network is in; there is no generator whose state would depend on its neighbours.
    """
    step = torch.as_tensor(step, dtype=torch.int32, device=slots.device)
    unit = torch.arange(channels * positions, dtype=torch.int32, device=slots.device).view(channels, positions, 1)
    counter = unit * 0x3C6EF372 + slots.to(torch.int32) * 0x1B873593 + step * 0x2545F491  # sums wrap around 2³²
    return (_hash(key + counter) >= rate * 2**32 - 2**31) / (1 - rate)


def _hash(x: Tensor) -> Tensor:
    """Mix the bits of int32 numbers: two rounds of multiply and xor-shift (the constants are lowbias32's)."""
    for shift, factor in ((16, 0x7FEB352D), (15, -0x7B935975)):
        x = (x ^ ((x >> shift) & ((1 << (32 - shift)) - 1))) * factor
    return x ^ ((x >> 16) & 0xFFFF)
