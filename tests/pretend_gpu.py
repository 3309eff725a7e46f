"""A GPU that is not there: real CPU numbers behind tensors that say they are on ``cuda:0``.

``with PretendGpu() as gpu:`` PyTorch has one GPU in this thread. What goes wrong on a GPU goes wrong here: tensors of two devices do not
mix, NumPy takes none of the GPU's, a CPU generator does not draw there, a recorded graph replays what was recorded and no more.
``gpu.events`` counts, by kind and by the place in the package, what makes a GPU wait for the host or the host for it.

A tensor's true device is "lazy", of which a CPU build of PyTorch has all that autograd needs; no kernel of it is ever called. What is fast,
what runs out of memory and how a GPU rounds is not to be seen here.
"""

import functools
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import torch
import torch._lazy.ts_backend
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

import overparam

PACKAGE = str(Path(overparam.__file__).parent)
CUDA, TRUE = torch.device("cuda:0"), torch.device("lazy:0")
CAPABILITY = 9  # the first number of it; below 8 there is no bfloat16
READS = ("copy to host", "number to host", "list to host", "size to host")
SIZES = ("nonzero", "_unique2", "unique_dim", "unique_consecutive", "masked_select", "equal", "bincount")
INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_")
PRODUCTS = ("mm", "bmm", "addmm", "addmm_", "baddbmm", "baddbmm_", "convolution", "linear")
LIKE_FACTORIES = (
    "new_empty",
    "new_zeros",
    "new_ones",
    "new_full",
    "empty_like",
    "zeros_like",
    "ones_like",
    "full_like",
)


class Event(NamedTuple):
    """Something that a GPU waits for, or is waited for: its kind, the file and line in the package, the functions it was in."""

    kind: str
    place: str
    within: tuple[str, ...]  # from the innermost

    @property
    def in_a_step(self) -> bool:
        """Whether it happened in a step of training."""
        return "step" in self.within


class OnGpu(torch.Tensor):
    """A tensor that says it is on the GPU; ``elem`` holds its numbers."""

    elem: torch.Tensor

    @staticmethod
    def __new__(cls, elem: torch.Tensor) -> "OnGpu":
        made = torch.Tensor._make_wrapper_subclass(
            cls, elem.shape, strides=elem.stride(), storage_offset=elem.storage_offset(), dtype=elem.dtype, device=TRUE
        )
        made.elem = elem
        return made

    device = property(lambda self: CUDA)  # type: ignore[assignment]
    is_cuda = property(lambda self: True)  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"OnGpu({self.elem})"

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return PretendGpu.current.run(func, args, kwargs or {})


class PretendGpu:
    """PyTorch with one GPU, in this thread and in the ``with`` block."""

    current: "PretendGpu"

    def __init__(self, capability: int = CAPABILITY) -> None:
        self.events: Counter[Event] = Counter()
        self.products: Counter[Event] = Counter()  # products of matrices; the kind is where they were computed
        self.graph: PretendGraph | None = None  # that is being recorded
        self.replays = 0
        self.properties = SimpleNamespace(name="Pretend GPU", total_memory=2**34, major=capability, minor=0)
        self.free = self.properties.total_memory
        self._stack = ExitStack()

    def __enter__(self) -> "PretendGpu":
        torch._lazy.ts_backend.init() if not _begun else None
        _begun.append(True)
        PretendGpu.current = self
        enter = self._stack.enter_context
        for name, value in {
            "is_available": lambda: True,
            "device_count": lambda: 1,
            "current_device": lambda: 0,
            "_lazy_init": lambda: None,
            "get_device_name": lambda device=None: self.properties.name,
            "get_device_properties": lambda device=None: self.properties,
            "get_device_capability": lambda device=None: (self.properties.major, 0),
            "mem_get_info": lambda device=None: (self.free, self.properties.total_memory),
            "memory_reserved": lambda device=None: 0,
            "memory_allocated": lambda device=None: 0,
            "is_bf16_supported": lambda including_emulation=True: including_emulation or self.properties.major >= 8,
            "empty_cache": lambda: None,
            "synchronize": lambda device=None: None,
            "manual_seed_all": lambda seed: None,
            "get_rng_state": lambda device=None: torch.empty(0),
            "set_rng_state": lambda state, device=None: None,
            "device": lambda device: nullcontext(),
            "stream": lambda stream: nullcontext(),
            "Stream": lambda *_, **__: SimpleNamespace(wait_stream=lambda other: None),
            "current_stream": lambda device=None: SimpleNamespace(wait_stream=lambda other: None),
            "CUDAGraph": PretendGraph,
            "graph": self.capture,
        }.items():
            enter(mock.patch.object(torch.cuda, name, value))
        enter(_Functions())
        enter(_Operations())
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def count(self, kind: str) -> None:
        """Count an event where the package stands now; none is possible while a graph is recorded."""
        if self.graph is not None:
            raise RuntimeError(f"operation not permitted when stream is capturing: {kind} at {_where()[0]}")
        self.events[Event(kind, *_where())] += 1

    @property
    def reads(self) -> Counter[str]:
        """How often the host has waited for the GPU, by place."""
        found: Counter[str] = Counter()
        for event, number in self.events.items():
            if event.kind in READS:
                found[f"{event.kind} at {event.place}"] += number
        return found

    @contextmanager
    def capture(self, graph: "PretendGraph") -> Iterator[None]:
        """Record what is done, as far as the GPU does it; nothing has changed there afterwards."""
        self.graph = graph
        try:
            yield
        finally:
            self.graph = None
            for storage, before in graph.before.values():
                storage.copy_(before)

    def run(self, func: Any, args: tuple, kwargs: dict) -> Any:
        """One operation of PyTorch, on whichever device its tensors are."""
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        mine = [x for x in tensors if isinstance(x, OnGpu)]
        plain = [x for x in tensors if not isinstance(x, OnGpu)]
        name = func.name().split("::")[1].split(".")[0]
        asked = kwargs.get("device")
        here = _is_gpu(asked) if asked is not None else bool(mine)
        if name in PRODUCTS and tensors:
            self.products[Event("on cuda" if mine else "on the CPU", *_where())] += 1
        if name == "_to_copy" and bool(mine) != here:
            self.count("copy to device" if here else "copy to host")
        elif name in ("copy_", "set_") and mine and plain:
            self.count("copy to device" if isinstance(args[0], OnGpu) else "copy to host")
        elif mine and (plain or not here) and name not in LIKE_FACTORIES:
            self._mixed(name, args, plain)
        if mine and name == "_local_scalar_dense":
            self.count("number to host")
        masks = args[1] if mine and name in INDEXING else ()
        masked = any(isinstance(x, torch.Tensor) and x.dtype in (torch.bool, torch.uint8) for x in masks)
        if mine and (name in SIZES or masked or (name == "repeat_interleave" and kwargs.get("output_size") is None)):
            self.count("size to host")
        if here and any(isinstance(x, torch.Generator) for x in tree_leaves((args, kwargs))):
            raise RuntimeError(f"{name}: Expected a 'cuda' device type for generator but found 'cpu'")
        if asked is not None:
            kwargs = dict(kwargs, device="cpu")
        if kwargs.get("pin_memory"):
            kwargs = dict(kwargs, pin_memory=False)
        args_, kwargs_ = tree_map(_elem, args), tree_map(_elem, kwargs)
        if self.graph is not None and (mine or here):
            self.graph.keep(func, args_, kwargs_)
        out = func(*args_, **kwargs_)
        if name == "_to_copy" and out is args_[0]:
            out = out.clone()
        if self.graph is not None and (mine or here):
            self.graph.steps.append((func, tree_map(_baked, args), tree_map(_baked, kwargs), out))
        back = {id(x.elem): x for x in mine} | {id(x): x for x in plain}
        return tree_map(lambda x: back.get(id(x), OnGpu(x) if here else x) if isinstance(x, torch.Tensor) else x, out)

    def _mixed(self, name: str, args: tuple, plain: list[torch.Tensor]) -> None:
        """Raise where CUDA would: tensors of several numbers on two devices, other than indices on the CPU into one on the GPU."""
        if name in INDEXING and isinstance(args[0], OnGpu):
            indices = [x for x in args[1] if isinstance(x, torch.Tensor) and not isinstance(x, OnGpu)]
            if indices:
                self.count("copy to device")
            plain = [x for x in plain if not any(x is index for index in indices)]
        written = isinstance(args[0], torch.Tensor) and not isinstance(args[0], OnGpu) and name.endswith("_")
        if plain and (written or name.startswith("lerp") or any(x.dim() for x in plain)):
            raise RuntimeError(
                f"{name}: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! "
                f"{[list(x.shape) for x in plain]} at {_where()[0]}"
            )


class PretendGraph:
    """What was recorded, to be done again on the same memory."""

    def __init__(self) -> None:
        self.steps: list[tuple[Callable, Any, Any, Any]] = []
        self.before: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def keep(self, func: Any, args: tuple, kwargs: dict) -> None:
        """Keep what the memory that is written to holds, so that recording leaves it as it was."""
        for place, described in enumerate(func._schema.arguments):
            if described.alias_info is None or not described.alias_info.is_write:
                continue
            value = args[place] if place < len(args) else kwargs.get(described.name)
            for tensor in tree_leaves(value):
                if isinstance(tensor, torch.Tensor):
                    storage = tensor.untyped_storage()
                    if storage.data_ptr() not in self.before:
                        whole = torch.empty(0, dtype=torch.uint8).set_(storage)
                        self.before[storage.data_ptr()] = whole, whole.clone()

    def replay(self) -> None:
        """Do it again."""
        PretendGpu.current.replays += 1
        with torch._C._DisableTorchDispatch():
            for func, args, kwargs, out in self.steps:
                again = func(*args, **kwargs)
                for old, new in zip(tree_leaves(out), tree_leaves(again), strict=True):
                    if isinstance(old, torch.Tensor) and old.numel() and old.data_ptr() != new.data_ptr():
                        old.copy_(new)


class _Operations(TorchDispatchMode):
    """All operations, those without a tensor on the GPU too: one may make such a tensor."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return PretendGpu.current.run(func, args, kwargs or {})


class _Functions(TorchFunctionMode):
    """What PyTorch does in C++ before any operation: names of devices, lists and arrays made of tensors."""

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs, gpu = kwargs or {}, PretendGpu.current
        if func is torch.device:
            return func(*args, **kwargs)
        first = args[0] if args else None
        if isinstance(first, OnGpu):
            if func is torch.Tensor.tolist:
                gpu.count("list to host")
                return first.elem.tolist()
            if func in (torch.Tensor.numpy, torch.Tensor.__array__):
                if not kwargs.get("force"):
                    raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")
                gpu.count("copy to host")
                return first.elem.numpy(force=True)
            if func is torch.Tensor.__len__:
                return first.shape[0]
            if func is torch.Tensor.__deepcopy__:
                return _copied(first)
            if func == _SET_DATA and isinstance(args[1], OnGpu):  # which `nn.Module.to` and others assign to
                func(first, args[1])
                first.elem = args[1].elem
                return None
            if func in (torch.Tensor.__getitem__, torch.Tensor.__setitem__):
                places = args[1] if isinstance(args[1], tuple) else (args[1],)
                args = (first, tuple(torch.tensor(x) if isinstance(x, list) else x for x in places), *args[2:])
            if func is torch.as_tensor:
                return first.to(**kwargs) if kwargs else first
        if func in (torch.tensor, torch.as_tensor) and _is_gpu(kwargs.get("device")):
            made = func(*args, **{k: v for k, v in kwargs.items() if k not in ("device", "requires_grad")})
            return made.to(CUDA).requires_grad_(kwargs.get("requires_grad", False))
        if func == _GET_DEVICE and func(*args).type == TRUE.type:
            return CUDA
        named = func in (torch.Tensor.to, torch.Tensor.new_tensor) or "device" in kwargs
        there = functools.partial(_true, named=named)
        return func(*tree_map(there, args), **tree_map(there, kwargs))


_SET_DATA, _GET_DEVICE = torch.Tensor.data.__set__, torch.Tensor.device.__get__  # type: ignore[attr-defined]
_begun: list[bool] = []


def _true(value: Any, named: bool) -> Any:
    if isinstance(value, torch.device) or (named and isinstance(value, str) and value.startswith("cuda")):
        return TRUE if _is_gpu(value) else value
    return value


def _is_gpu(device: Any) -> bool:
    return device is not None and torch.device(device).type in (CUDA.type, TRUE.type)


def _elem(x: Any) -> Any:
    return x.elem if isinstance(x, OnGpu) else x


def _baked(x: Any) -> Any:
    """What a recorded graph holds of an argument: memory of the GPU, but of a number on the host what it was."""
    return x.elem if isinstance(x, OnGpu) else x.clone() if isinstance(x, torch.Tensor) else x


def _copied(x: OnGpu) -> OnGpu:
    made = OnGpu(x.elem.clone())
    if isinstance(x, torch.nn.Parameter):
        return torch.nn.Parameter(made, x.requires_grad)  # type: ignore[return-value]
    return made.requires_grad_(x.requires_grad)  # type: ignore[return-value]


def _where() -> tuple[str, tuple[str, ...]]:
    """The place in the package, and the names of its functions around it; a thread of autograd's stands where this one waits."""
    main = threading.main_thread()
    frame = sys._current_frames()[main.ident or 0] if threading.current_thread() is not main else sys._getframe(1)
    place, within = "?", []
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            if place == "?":
                place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            within.append(frame.f_code.co_name)
        frame = frame.f_back
    return place, tuple(within)
