"""Random numbers as hashes of what they are for, so that no network depends on its neighbours in a stack."""

import math

import torch
from torch import Tensor

from overparam.randomness import generator


def hash_keys(init_seed: int, purpose: str, number: int) -> Tensor:
    """Keys [number] (int32) of one network's hashed random numbers for this purpose."""
    drawn = torch.randint(-(2**31), 2**31, (number,), generator=generator(init_seed, purpose))
    return drawn.to(torch.int32)


def dropout_factors(
    key: Tensor, step: Tensor | int, channels: int, positions: int, slots: Tensor, rate: Tensor | float
) -> Tensor:
    """Factors 0 or 1/(1 − rate) for the units [channel, position] of a layer and the examples in these slots of a batch.

    Counter-based random numbers (Salmon et al. 2011): a factor is a hash of the layer's key, the step, the unit and the
    slot, whatever stack the network is in; there is no generator whose state would depend on its neighbours.
    """
    unit = torch.arange(channels * positions, dtype=torch.int32, device=slots.device).view(channels, positions, 1)
    return (_hash(key + _counter(step, unit, slots)) >= rate * 2**32 - 2**31) / (1 - rate)


def gaussian(radius_key: Tensor, angle_key: Tensor, step: Tensor | int, features: int, slots: Tensor) -> Tensor:
    """Standard normal numbers [network, example, feature] for the examples in these slots, of two keys for each network.

    Hashes as in ``dropout_factors``, turned into normal numbers by pairs (Box & Muller 1958).
    """
    feature = torch.arange(features, dtype=torch.int32, device=slots.device)
    counter = _counter(step, feature, slots[:, None])
    first, second = (_hash(key + counter).float() / 2**32 + 0.5 for key in (radius_key, angle_key))  # in [0, 1]
    first = first.clamp_min(2**-26)  # where rounding has made it 0, whose logarithm is infinite
    return (-2 * first.log()).sqrt() * (2 * math.pi * second).cos()


def permutations(keys: Tensor, epoch: Tensor, valid: Tensor) -> Tensor:
    """A random order [network, n] of each network's examples in this epoch, those that are not ``valid`` [network, n] last; keys [network]."""
    drawn = _by_example(keys, epoch, valid.shape[1])
    return drawn.masked_fill(~valid, 2**31 - 1).argsort(dim=1, stable=True)


def choices(keys: Tensor, epoch: Tensor, examples: int, ways: Tensor) -> Tensor:
    """A number below ``ways`` [network] for each of so many examples [network, example] in this epoch; keys [network]."""
    return (_by_example(keys, epoch, examples).long() & 0xFFFFFFFF) * ways[:, None] >> 32


def _by_example(keys: Tensor, epoch: Tensor, examples: int) -> Tensor:
    """A hash [network, example] of each network's key [network], the epoch and the example."""
    numbers = torch.arange(examples, dtype=torch.int32, device=keys.device)
    return _hash(keys[:, None] + _counter(epoch, torch.zeros_like(numbers), numbers))


def _counter(step: Tensor | int, unit: Tensor, slots: Tensor) -> Tensor:
    """A number (int32) for each step, unit and slot; sums wrap around 2³²."""
    step = torch.as_tensor(step, dtype=torch.int32, device=slots.device)
    return unit * 0x3C6EF372 + slots.to(torch.int32) * 0x1B873593 + step * 0x2545F491


def _hash(x: Tensor) -> Tensor:
    """Mix the bits of int32 numbers: two rounds of multiply and xor-shift (the constants are lowbias32's)."""
    for shift, factor in ((16, 0x7FEB352D), (15, -0x7B935975)):
        x = (x ^ ((x >> shift) & ((1 << (32 - shift)) - 1))) * factor
    return x ^ ((x >> 16) & 0xFFFF)
