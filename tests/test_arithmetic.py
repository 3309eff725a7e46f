"""Full float32 whatever was set before, and the right answer whatever vector units the CPU has."""

import os
import platform
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_arguments import RIGHT
from torch.utils._python_dispatch import TorchDispatchMode

from overparam import arithmetic
from overparam.architectures import alone, stacked
from overparam.architectures.alone import CNN
from overparam.architectures.stacked import MLP
from overparam.arithmetic import full_precision
from overparam.data.load import digits
from overparam.engine import plan, sweep
from overparam.engine import train as train_module
from overparam.engine.settings import Settings
from overparam.engine.train import train

SETTINGS = {
    name: Settings(architecture, n=20, batch_size=10, epochs=2, lr=0.1, **more)
    for name, architecture, more in (
        ("compiled", MLP(8), {}),  # by functions of its own, which know of no precision but the full one
        ("stack", MLP(8), {"dropout": 0.1}),
        ("alone", CNN(2), {}),
    )
}


@pytest.fixture(scope="module")
def images():
    return digits()


@pytest.fixture
def as_it_was():
    yield
    torch.set_float32_matmul_precision("highest")
    torch.set_default_dtype(torch.float32)


def set_low():
    torch.set_float32_matmul_precision("medium")


def set_low_by_backend():
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    torch.backends.cuda.matmul.fp32_precision = "tf32"


def set_doubles():
    torch.set_default_dtype(torch.float64)


def state():
    parts = torch.backends.mkldnn.matmul, torch.backends.cuda.matmul, torch.backends.cudnn.conv
    return torch.get_default_dtype(), *(part.fp32_precision for part in parts)


PRODUCTS = ("mm", "bmm", "addmm", "baddbmm", "baddbmm_", "addmv", "mv", "dot", "convolution")


class Watch(TorchDispatchMode):
    """Collect the precision in force wherever float32 numbers are multiplied as matrices, and where that is."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given = [a for a in args if isinstance(a, torch.Tensor)]
        if function.overloadpacket.__name__ in PRODUCTS and all(a.dtype == torch.float32 for a in given):
            place = next(f for f in reversed(traceback.extract_stack()) if "/overparam/" in f.filename)
            precision = torch.backends.mkldnn.matmul.fp32_precision
            self.seen.add((precision, f"{Path(place.filename).name}:{place.lineno}"))
        return function(*args, **(kwargs or {}))


@pytest.mark.skipif(not hasattr(torch.backends.mkldnn, "matmul"), reason="this torch sets one precision for all")
@pytest.mark.parametrize("settings", [SETTINGS["stack"], SETTINGS["alone"]], ids=["stack", "alone"])
@pytest.mark.parametrize("before", [set_low, set_low_by_backend, set_doubles])
def test_training_is_in_full_float32_and_leaves_what_was_set(images, as_it_was, settings, before):
    (expected,) = train([settings], images, ["weights"], "cpu")
    before()
    set_before = state()
    with Watch() as watch:
        (record,) = train([settings], images, ["weights"], "cpu")
    assert state() == set_before
    assert {precision for precision, _ in watch.seen} == {"ieee"}
    np.testing.assert_array_equal(record["weights"], expected["weights"])


@pytest.mark.parametrize("around", [lambda: torch.autocast("cpu"), torch.inference_mode, lambda: torch.device("meta")])
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_what_surrounds_training_does_not_reach_it(images, settings, around):
    (expected,) = train([settings], images, ["weights"], "cpu")
    with around():
        (record,) = train([settings], images, ["weights"], "cpu")
    np.testing.assert_array_equal(record["weights"], expected["weights"])


@pytest.mark.skipif(not hasattr(torch.backends.mkldnn, "matmul"), reason="this torch sets one precision for all")
def test_every_measure_is_in_full_float32(as_it_was):
    set_low()
    with Watch() as watch:
        for function, right in RIGHT.items():
            result = function(**right)
            if isinstance(result, Iterator):
                list(result)
    assert {place for precision, place in watch.seen if precision != "ieee"} == set()
    assert len(watch.seen) >= 15


def plain(result):
    """A measure's answer as something that compares by value."""
    if isinstance(result, Iterator):
        return [plain(part) for part in result]
    if isinstance(result, torch.Tensor | np.ndarray):
        return str(result.dtype), np.asarray(result.detach() if isinstance(result, torch.Tensor) else result).tobytes()
    if hasattr(result, "__dict__"):
        return {name: plain(value) for name, value in vars(result).items()}
    if isinstance(result, list | tuple | dict):
        return [plain(part) for part in (result.values() if isinstance(result, dict) else result)]
    return repr(result)


def undrawn(arguments):
    """The arguments with copies of the generators among them."""
    return {name: a.clone_state() if isinstance(a, torch.Generator) else a for name, a in arguments.items()}


def test_a_default_of_doubles_changes_no_measure(as_it_was):
    for function, right in RIGHT.items():
        if function.__name__ in ("mnist1d", "generator"):
            continue  # made once in a process; not a value
        expected = plain(function(**undrawn(right)))
        set_doubles()
        assert plain(function(**undrawn(right))) == expected, function.__qualname__
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("architecture", [MLP(3), stacked.CNN1D(2, 1), CNN(2), alone.ResNet18(1)])
def test_a_default_of_doubles_changes_no_initial_weight(as_it_was, architecture):
    weights = [p.detach() for p in architecture.build((64,), 10, torch.Generator().manual_seed(1)).parameters()]
    set_doubles()
    again = architecture.build((64,), 10, torch.Generator().manual_seed(1)).parameters()
    assert all(torch.equal(a, b) for a, b in zip(weights, again, strict=True))


@pytest.fixture
def subnormals():
    """Numbers below the smallest normal one as they were."""
    yield
    torch.set_flush_denormal(False)


def keeps_subnormals():
    return bool((torch.full((8,), 1e-40) * torch.ones(8)).all())


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this processor cannot leave them out")
@pytest.mark.parametrize("before", [True, False])
def test_what_is_too_small_is_nought_inside_and_afterwards_as_before(subnormals, before):
    torch.set_flush_denormal(not before)
    assert keeps_subnormals() == before
    with full_precision():
        assert not keeps_subnormals()
        with full_precision():
            assert not keeps_subnormals()
        assert not keeps_subnormals()
    assert keeps_subnormals() == before


def test_full_precision_lasts_until_the_last_thread_leaves(as_it_was):
    set_low()
    low, one, two = state(), full_precision(), full_precision()
    one.__enter__()
    two.__enter__()
    one.__exit__(None, None, None)
    assert state() != low
    two.__exit__(None, None, None)
    assert state() == low


# --- vector units -----------------------------------------------------------------------------------------------------

NARROW = """
import sys
import numpy as np, torch
sys.path.insert(0, {tests!r})
torch.set_num_threads(1)
from test_records import plain
from torch.nn.utils import parameters_to_vector
from overparam.architectures.alone import ResNet18
from overparam.architectures.stacked import MLP
from overparam.data import digits
from overparam.engine.settings import Settings
from overparam.engine.train import train

images = digits()
for architecture in (ResNet18(2), ResNet18(3), ResNet18(5), ResNet18(7), ResNet18(9), MLP(30)):
    settings = Settings(architecture, n=26, batch_size=13, epochs=2, lr=0.02)
    (record,) = train([settings], images, ["weights"], "cpu")
    expected = parameters_to_vector(plain(settings, images).parameters()).detach().numpy()
    np.testing.assert_allclose(record["weights"][-1], expected, rtol=1e-3, atol=2e-4)
print("the same")
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="what is narrowed are x86's vector units")
@pytest.mark.parametrize(
    "units", [{"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}, {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"}]
)  # fmt: skip
def test_narrow_convolutional_networks_train_on_a_cpu_with_fewer_vector_units(units):
    program = NARROW.format(tests=os.path.dirname(__file__))
    # MALLOC_CHECK_ lets the C library abort where memory was written beside its place.
    environment = os.environ | units | {"MALLOC_CHECK_": "3", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8")
    assert done.stdout.strip() == "the same", (done.returncode, done.stderr[-2000:])


@pytest.mark.parametrize("has", [True, False])
def test_the_plan_asks_the_cpu_whether_it_multiplies_bfloat16(images, monkeypatch, has):
    monkeypatch.setattr(plan, "has_bfloat16", lambda device: has)
    ask = {"epochs": 100, "lr": 0.1, "explain": True, "device": "cpu"}
    rows = sweep.sweep(stacked.mlp(400), images, dtype=["float32", "bfloat16"], **ask).set_index("dtype")
    assert (rows.seconds.bfloat16 < rows.seconds.float32) == has
    assert ("emulated" in rows.why.bfloat16) != has


def test_what_the_cpu_has_is_what_onednn_may_use():
    ask = "from overparam.arithmetic import has_bfloat16; print(has_bfloat16('cpu'))"
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    done = subprocess.run(
        [sys.executable, "-c", ask], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "False"


def test_a_gpu_without_bfloat16_is_not_asked_for_it(images, monkeypatch):
    """Such as a T4; the machine's other GPU has it."""
    capability = {0: (7, 5), 1: (8, 0)}
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability[torch.device(device).index or 0])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    low = [replace(SETTINGS["stack"], dtype="bfloat16")]
    with pytest.raises(ValueError, match="cuda multiplies no bfloat16 by itself; choose dtype='float32'"):
        sweep.run(low, images, device="cuda")
    with pytest.raises(ValueError, match="cuda multiplies no bfloat16 by itself"):
        train(low, images, device="cuda")
    assert [arithmetic.has_bfloat16(device) for device in ("cuda", "cuda:0", "cuda:1")] == [False, False, True]


def test_modules_with_wide_strided_convolutions_keep_the_order_that_is_fast():
    from overparam.engine.single import prepare

    narrow, wide = (alone.ResNet18(w).build((8, 8), 10, torch.Generator()) for w in (8, 16))
    fast = torch.channels_last
    assert not prepare(narrow, "cpu")[1].conv1.weight.is_contiguous(memory_format=fast)
    assert prepare(wide, "cpu")[1].conv1.weight.is_contiguous(memory_format=fast)


def test_a_second_gpu_is_the_current_one_while_networks_train_on_it(images, monkeypatch):
    """A recorded graph is one of the current GPU: on another, its replay would do nothing."""
    entered = []

    class Current(torch.cuda.device):
        def __enter__(self):
            entered.append(self.idx)

        def __exit__(self, *_):
            pass

    def stop(*_):
        raise InterruptedError(*entered)

    monkeypatch.setattr(torch.cuda, "device", Current)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(train_module, "Stack", stop)
    with pytest.raises(InterruptedError, match="1"):
        train([SETTINGS["stack"]], images, device="cuda:1")
