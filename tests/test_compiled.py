"""The compiled step gives what the operations of PyTorch give, and is done without where there is no compiler."""

import shutil
import subprocess

import numpy as np
import pytest
import torch

from overparam.architectures.stacked import CNN1D, MLP
from overparam.data.load import digits
from overparam.data.synthetic import linear_teacher, mnist1d
from overparam.engine import compiled, plan, stack
from overparam.engine.settings import Settings, Vector
from overparam.engine.stack import Stack
from overparam.engine.train import train

RECORD = {"curves": range(4), "losses": (0, 2), "test_losses": (), "weights": (0, 1), "predictions": None}
CPU = torch.device("cpu")
needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def images():
    return digits()


def grid(**changes):
    settings = {"n": 90, "epochs": 6, "batch_size": 25, "lr": 0.05, "momentum": 0.9} | changes
    widths = ((1, 0), (7, 1), (40, 2), (230, 3))
    return [Settings(MLP(w, 2), init_seed=k, data_seed=k, **settings) for w, k in widths]


def mask(network: Settings) -> Vector:
    size = network.architecture.parameters((64,), 10)
    return Vector((torch.rand(size, generator=torch.Generator().manual_seed(0)) < 0.5).float())


def masked(**changes):
    """With masks, and layers of their own rates."""
    rates = (1.0, 0.5, 2.0)
    return [
        Settings(MLP(w, 2), 90, 6, batch_size=25, layer_lr=rates, mask=mask(s), **changes)
        for w, s in zip((1, 7, 40, 230), grid(), strict=True)
    ]


STACKS = {
    "momentum": grid(),
    "without momentum, the labels noisy": grid(momentum=0.0, label_noise=0.3),
    "full batch, in parts, to a loss": grid(n=900, batch_size=None, stop_loss=2.0),
    "batches, to a loss": grid(stop_loss=2.0),
    "adam, weight decay, a schedule": grid(
        optimizer="adam", momentum=0.0, lr=0.003, weight_decay=0.01, schedule="cosine"
    ),
    "adamw, masks, layers of their own rates": masked(optimizer="adamw", lr=0.003, weight_decay=0.1),
    "adam, masks, a schedule": masked(optimizer="adam", lr=0.003, weight_decay=0.01, schedule="cosine"),
    "adamw, layers of their own rates": grid(
        optimizer="adamw", momentum=0.0, lr=0.003, weight_decay=0.1, layer_lr=(1.0, 0.5, 2.0), schedule="inverse_sqrt"
    ),
    "squared loss, averaged weights": grid(loss="squared", averaging=0.9),
    "masks, layers of their own rates": masked(lr=0.05, momentum=0.9),
    "uphill, input noise": grid(sam=0.05, input_noise=0.1),
    "scaled outputs": grid(loss="squared", output_scale=2.0),
}


@needs_compiler
@pytest.mark.parametrize("name", STACKS)
def test_the_compiled_step_gives_what_the_operations_of_pytorch_give(images, monkeypatch, name):
    monkeypatch.setattr(stack, "_CACHE_BYTES", 2**16)  # full batches go through in parts
    asked = []
    own = compiled.CompiledPass.backward
    monkeypatch.setattr(compiled.CompiledPass, "backward", lambda *a: asked.append(1) or own(*a))
    fast = train(STACKS[name], images, RECORD, CPU)
    assert asked
    monkeypatch.setattr(stack, "is_compiled", lambda *_: False)
    asked.clear()
    slow = train(STACKS[name], images, RECORD, CPU)
    assert not asked
    for a, b in zip(fast, slow, strict=True):
        for key in a.keys() - {"seconds"}:
            np.testing.assert_allclose(a[key], b[key], rtol=1e-3, atol=1e-4, err_msg=key) if key != "device" else None


@needs_compiler
def test_compiled_adam_is_that_of_pytorch():
    own, rates = torch.randn(2, 3, 13), torch.tensor([0.1, 0.02])
    theirs, factors, moments = own.clone(), torch.rand(2, 3, 13), [torch.zeros_like(own) for _ in range(2)]
    start = own.clone()
    optimizers = [torch.optim.Adam([theirs[k]], lr=float(rates[k])) for k in range(2)]
    shorter, its_moments = own.clone(), [torch.zeros_like(own) for _ in range(2)]
    for step in range(1, 30):
        gradient = torch.randn(2, 3, 13)
        for k, each in enumerate(optimizers):
            each.param_groups[0]["params"][0].grad = gradient[k].clone()
            each.step()
        for weights, state, factor in ((own, moments, None), (shorter, its_moments, factors)):
            tensors = weights, gradient, *state, rates / (1 - 0.9**step), factor
            compiled.adam(compiled.library(), tensors, (0.9, 0.999), 1e-8, step)
    torch.testing.assert_close(own, theirs, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(shorter - start, factors * (theirs - start), rtol=1e-4, atol=1e-5)


@needs_compiler
@pytest.mark.parametrize(
    "network", [CNN1D(3), MLP(5, batch_norm=True), MLP(900), MLP(4)], ids=["cnn", "norm", "wide", "narrow"]
)
def test_adam_is_compiled_whatever_the_network(images, monkeypatch, network):
    data = images if isinstance(network, MLP) else mnist1d(90, 50, 0)
    networks, asked, own = [Settings(network, 90, 3, 0.01, optimizer="adam", batch_size=30)], [], compiled.adam
    monkeypatch.setattr(compiled, "adam", lambda *a: asked.append(1) or own(*a))
    (fast,) = train(networks, data, device=CPU)
    assert asked
    monkeypatch.setattr(compiled, "library", lambda: None)
    (slow,) = train(networks, data, device=CPU)
    assert fast["train_loss"] == pytest.approx(slow["train_loss"], rel=1e-2)


@needs_compiler
def test_a_regression_is_compiled_too(monkeypatch):
    data = linear_teacher(n=60, d=12, noise=0.1, seed=0, n_test=20)
    nets = [Settings(MLP(w), 60, 5, 0.01, loss="squared", init_seed=w) for w in (3, 20)]
    fast = train(nets, data)
    monkeypatch.setattr(stack, "is_compiled", lambda *_: False)
    for a, b in zip(fast, train(nets, data), strict=True):
        assert a["test_loss"] == pytest.approx(b["test_loss"], rel=1e-5)


@needs_compiler
def test_a_network_is_the_same_to_the_bit_alone_and_beside_wider_ones(images):
    nets = grid()[:3]  # of wider ones the padded width decides in which order sums are taken
    together = train(nets, images, ["weights"], CPU)
    for network, record in zip(nets, together, strict=True):
        (alone,) = train([network], images, ["weights"], CPU)
        np.testing.assert_array_equal(alone["weights"], record["weights"])


@needs_compiler
@pytest.mark.parametrize(
    "other",
    [
        {"dropout": 0.1},
        {"adversarial": 0.1},
        {"gradient_penalty": 0.1},
        {"median_of": 3, "batch_size": 30},
        {"dtype": "bfloat16"},
        {"architecture": CNN1D(3)},
        {"architecture": MLP(3, batch_norm=True), "batch_size": 30},
        {"architecture": MLP(900)},
    ],
)
def test_what_it_does_not_know_is_left_to_pytorch(images, other):
    network = Settings(**{"architecture": MLP(3), "n": 90, "epochs": 1, "lr": 0.1, "batch_size": 25} | other)
    assert Stack([network], images, CPU).functions is None
    assert Stack([Settings(MLP(3), 90, 1, 0.1)], images, CPU).functions


@needs_compiler
def test_several_threads_are_left_to_pytorch(images):
    torch.set_num_threads(2)
    assert Stack([Settings(MLP(3), 90, 1, 0.1)], images, CPU).functions is None


@pytest.fixture
def anew(tmp_path, monkeypatch):
    """The functions are built anew, in a folder of their own."""
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path / "cache"))
    compiled.library.cache_clear()
    yield tmp_path
    compiled.library.cache_clear()


def test_without_a_compiler_everything_is_trained_all_the_same(images, anew, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert compiled.library() is None
    (record,) = train(grid()[:1], images, device=CPU)
    assert 0 <= record["test_error"] <= 1
    assert len(plan.plan(grid(), images, CPU)) >= 1


def test_a_compiler_that_fails_is_done_without(anew, monkeypatch):
    broken = anew / "cc"
    broken.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(broken))
    assert compiled.library() is None


@needs_compiler
def test_a_cache_that_cannot_be_written_is_done_without(anew):
    (anew / "cache").write_text("a file", encoding="utf-8")
    assert compiled.library()


@needs_compiler
def test_a_library_without_the_functions_is_done_without(anew, monkeypatch):
    monkeypatch.setattr(compiled, "_SOURCE", "int other(void) { return 0; }")
    assert compiled.library() is None


@needs_compiler
def test_the_functions_are_compiled_once(anew, monkeypatch):
    assert compiled.library()
    compiled.library.cache_clear()
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("compiled again"))
    assert compiled.library()


@needs_compiler
@pytest.mark.parametrize(
    "spoil", [lambda file: file.chmod(0o777), lambda file: file.write_bytes(file.read_bytes()[:9000])]
)
def test_what_others_may_have_written_and_what_is_cut_off_is_compiled_again(anew, monkeypatch, spoil):
    assert compiled.library()
    compiled.library.cache_clear()
    (kept,) = (anew / "cache" / "compiled").glob("*.so")
    spoil(kept)
    built, run = [], subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: built.append(1) or run(*a, **k))
    assert compiled.library()
    assert built


@needs_compiler
def test_the_plan_pads_no_network_that_is_compiled(images):
    nets = [Settings(MLP(w), 1000, 50, 0.1, batch_size=100, init_seed=s) for w in (4, 150) for s in range(4)]
    mixed, narrow, wide = (plan._Costs(part, images, CPU, {}) for part in (nets, nets[:4], nets[4:]))
    together = mixed.plan_of(range(8)).seconds
    apart = narrow.plan_of(range(4)).seconds + wide.plan_of(range(4)).seconds
    assert together < apart
