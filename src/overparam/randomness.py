"""Seeds and generators: every random number follows from a whole number and what it is for."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from overparam.errors import whole


def random_state(seed: int) -> int:
    """What scikit-learn, NumPy and torch take for any whole number: itself from 0 to 2³² − 1, else 32 bits of its hash."""
    seed = whole("seed", seed)
    return seed if 0 <= seed < 2**32 else int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")


def rng(*seeds: int) -> np.random.Generator:
    """NumPy's generator for any whole number; further numbers give it other streams: ``rng(seed)``, ``rng(seed, 1)``, …"""
    return np.random.default_rng([random_state(seed) for seed in seeds])


def generator(seed: int, purpose: str) -> torch.Generator:
    """A CPU generator with a stream of its own for each seed and purpose ("init", "order", "label noise", ...).

    Keyed by SHA-256 of both: the seed alone would make one purpose repeat the draws of another.
    (torch's CPU generator uses 32 bits of the key: two of 1,000 streams coincide with probability 1e-4.)
    """
    seed = whole("A seed", seed)
    key = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(key[:8], "big"))


_drawing = threading.RLock()


@contextmanager
def drawing(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """What is drawn from torch's global random numbers inside follows from this seed; afterwards they are as they were.

    One thread at a time, since all threads of a process share them.
    """
    gpu = [device] if torch.device(device).type == "cuda" else []
    with _drawing, torch.random.fork_rng(gpu):
        torch.manual_seed(random_state(seed))
        yield
