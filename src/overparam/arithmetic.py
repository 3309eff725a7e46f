"""The arithmetic that every number in the book is computed with, whatever a user has set before, and what the hardware has."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch

NO_BFLOAT16 = "{} multiplies no bfloat16 by itself; choose dtype='float32'."  # a device

_lock = threading.Lock()
_before: list[Any] = []  # what to set back, while `full_precision` is in force in at least one thread
_inside = 0  # in how many calls it is


@contextmanager
def full_precision() -> Iterator[None]:
    """Matrix products and convolutions in full float32 inside; also a decorator.

    Not in TF32 or bfloat16, which ``torch.set_float32_matmul_precision``, ``torch.backends.*.fp32_precision`` or autocast
    allow; new tensors are float32 and on the CPU. What is set for the whole process is set back when the last thread leaves.

    Below the smallest normal number (1e-38 in float32) all is 0. Processors take a hundred times as long there, and a momentum
    that should fade away stays there: 0.9 times the smallest of these numbers is rounded to that number itself.
    """
    global _inside
    with _lock:
        if not _inside:
            _before.extend(_set_ieee())
        _inside += 1
    try:
        with ExitStack() as local:  # of this thread
            for device in ("cpu", "cuda"):
                if torch.is_autocast_enabled(device):
                    local.enter_context(torch.autocast(device, enabled=False))
            if torch.is_inference_mode_enabled():
                local.enter_context(torch.inference_mode(False))
            if torch.get_default_device().type != "cpu":
                local.enter_context(torch.device("cpu"))
            if not _flushes_subnormals() and torch.set_flush_denormal(True):
                local.callback(torch.set_flush_denormal, False)
            yield
    finally:
        with _lock:
            _inside -= 1
            while not _inside and _before:
                _before.pop()()


def _flushes_subnormals() -> bool:
    """Whether what is below the smallest normal number is 0 in this thread; PyTorch can set it and does not tell."""
    return bool(np.float32(1e-40) * np.float32(1) == 0)


def _set_ieee() -> list[Callable[[], None]]:
    """Set the process to full float32; calls that set back what was, the last first."""
    undo: list[Callable[[], None]] = [partial(torch.set_default_dtype, torch.get_default_dtype())]
    torch.set_default_dtype(torch.float32)
    backends: Any = torch.backends  # what its parts have depends on the version of torch
    if not hasattr(backends.mkldnn, "matmul"):  # torch before 2.9
        undo.append(partial(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision()))
        undo.append(partial(setattr, backends.cudnn, "allow_tf32", backends.cudnn.allow_tf32))
        torch.set_float32_matmul_precision("highest")
        backends.cudnn.allow_tf32 = False
        return undo
    # (with cudnn.rnn, which is not used: torch raises where it finds it to differ from cudnn.conv)
    cudnn, mkldnn = backends.cudnn, backends.mkldnn
    for part in (backends.cuda.matmul, cudnn.conv, cudnn.rnn, mkldnn.matmul, mkldnn.conv):
        undo.append(partial(_restore, part, part.fp32_precision))
        part.fp32_precision = "ieee"
    return undo


def _restore(part: Any, precision: str) -> None:
    part.fp32_precision = "none"  # where it follows the setting above it, it goes on following
    if part.fp32_precision != precision:
        part.fp32_precision = precision


def has_bfloat16(device: torch.device | str) -> bool:
    """Whether the hardware multiplies bfloat16 itself; elsewhere such products are emulated, slowly."""
    if torch.device(device).type == "cuda":  # (torch.cuda.is_bf16_supported tells of the current GPU only)
        here = torch.cuda.is_available()
        return here and (bool(torch.version.hip) or torch.cuda.get_device_capability(device)[0] >= 8)
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
