"""Memory for examples on their way through a stack's layers and back."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from overparam.architectures.stacked import Layer


class Pass:
    """Memory for examples on their way through all layers and back, with the views of it that a step needs.

    Per layer: ``columns`` [network, fan-in + 1, window · example], its input with a last row of ones; ``outputs``
    [network, out, window · example], before ReLU; ``gradients`` in the output of the layer before. Of the first layers,
    which are ``normalised``, ``raw`` is what enters batch norm and ``statistics`` the mean and 1/deviation of its channels.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        networks: int,
        examples: int,
        dtype: torch.dtype,
        device: torch.device,
        normalised: int = 0,
    ) -> None:
        empty = lambda *shape: torch.empty(networks, *shape, dtype=dtype, device=device)  # noqa: E731
        self.layers = layers
        features, dense = layers[0].inputs * layers[0].length, layers[0].positions == 1
        self.inputs = empty(examples, features + dense).fill_(1)  # examples as rows; with a last 1 if that is all
        self.features = self.inputs[..., :features]
        # By layer; None in a dense first one, whose input is the examples themselves and to which nothing goes back.
        self.columns: list[Any] = []
        self.targets: list[Any] = []
        self.windows: list[Any] = []
        self.transposed: list[Any] = []
        self.back: list[Any] = []
        self.gradients: list[Any] = []
        self.sums: list[Any] = []
        self.outputs: list[Tensor] = []
        self.dropout: list[Any] = [None] * len(layers)  # factors of each layer's outputs, once they are drawn
        self.raw = [empty(layer.outputs, layer.positions * examples) for layer in layers[:normalised]]
        self.statistics: list[Any] = [None] * normalised
        for number, layer in enumerate(layers):
            self.outputs.append(empty(layer.outputs, layer.positions * examples))
            if number == 0 and layer.positions == 1:
                placeholders = (self.columns, self.targets, self.windows, self.transposed)
                for views in (*placeholders, self.back, self.gradients, self.sums):
                    views.append(None)
                continue
            columns = empty(layer.fan_in + 1, layer.positions * examples).fill_(1)
            before = self.outputs[number - 1] if number else empty(layer.inputs, layer.length * examples)
            windows = before.view(networks, layer.inputs, layer.length, examples)
            windows = windows.unfold(2, layer.kernel, layer.stride).permute(0, 1, 4, 2, 3)
            # [network, channel, place in the window, window, example]
            self.columns.append(columns)
            self.windows.append(windows)
            self.targets.append(columns[:, :-1].view(windows.shape))
            self.transposed.append(columns.transpose(1, 2))
            self.back.append(empty(layer.fan_in + 1, layer.positions * examples))
            self.gradients.append(torch.empty_like(before))
            self.sums.append(torch.empty_like(before) if layer.positions > 1 else None)

    def gather(self, pool: Tensor, rows: Tensor) -> None:
        """Take in the examples in these rows [network, example] of the pool [example, feature]."""
        torch.index_select(pool, 0, rows.flatten(), out=self.features.flatten(0, 1))  # faster than pool[rows]
        self.enter()

    def enter(self) -> None:
        """Let the examples enter as they now stand in ``features``."""
        self._enter(self.inputs)

    def gather_shared(self, x: Tensor) -> None:
        """Take in the same examples x [example, feature] for all networks."""
        self.features[0].copy_(x)
        self._enter(self.inputs[:1])

    def _enter(self, inputs: Tensor) -> None:
        layer = self.layers[0]
        if layer.positions == 1:
            self.columns[0], self.transposed[0] = inputs.transpose(1, 2), inputs
            return
        x = inputs.transpose(1, 2).unflatten(1, (layer.inputs, layer.length))
        self.targets[0].copy_(x.unfold(2, layer.kernel, layer.stride).permute(0, 1, 4, 2, 3))

    def input_gradient_sign(self, transposed: Tensor, gradient: Tensor) -> Tensor:
        """The sign of the gradient in the features [network, example, feature], from that in the first layer's output."""
        layer = self.layers[0]
        if layer.positions == 1:
            return torch.bmm(transposed, gradient)[:, :-1].transpose(1, 2).sign_()
        torch.bmm(transposed, gradient, out=self.back[0])
        back = self.fold(0)
        return back.view(len(back), layer.inputs * layer.length, -1).transpose(1, 2).sign()

    def fold(self, number: int) -> Tensor:
        """What went back through a layer, summed where its windows overlap, shaped like the output of the layer before."""
        layer, output = self.layers[number], self.gradients[number]
        back = self.back[number][:, :-1]  # the last row would go to the ones
        if layer.positions == 1:
            return back.view(output.shape)
        windows = back.view(self.targets[number].shape)
        total = self.sums[number].zero_()
        positions = total.view(len(total), layer.inputs, layer.length, -1)
        reach = layer.stride * (layer.positions - 1) + 1
        for place in range(layer.kernel):
            positions[:, :, place : place + reach : layer.stride] += windows[:, :, place]
        return total
