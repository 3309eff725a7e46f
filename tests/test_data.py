"""Data sets, seeds and label noise; and that what cannot be had is said in one sentence and leaves nothing behind."""

import gzip
import hashlib
import http.server
import io
import pickle
import random
import sys
import tarfile
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from overparam import data, randomness
from overparam.data import download, synthetic

NOWHERE = "http://127.0.0.1:9/"  # the discard port: a connection is refused at once
PINNED_SEED, PINNED_DRAW = 7197220053035497391, 0.13009029626846313


def idx(array: np.ndarray) -> bytes:
    """MNIST's file format: a magic number, the sizes (big-endian), the bytes."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


def fake_images(n: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    pixels = np.random.default_rng(n).integers(0, 256, (n, *shape), dtype=np.uint8)
    return pixels, (np.arange(n) % 10).astype(np.uint8)


def fake_mnist() -> dict[str, bytes]:
    """A small MNIST, file name → contents."""
    files = {}
    for split, n in (("train", 30), ("t10k", 20)):
        images, labels = fake_images(n, (28, 28))
        files |= {f"{split}-images-idx3-ubyte": idx(images), f"{split}-labels-idx1-ubyte": idx(labels)}
    return files


def fake_cifar10() -> dict[str, np.ndarray]:
    """A small cifar10.npz, array name → array."""
    (train, train_labels), (test, test_labels) = fake_images(30, (32, 32, 3)), fake_images(20, (32, 32, 3))
    return {
        "train_images": train,
        "train_labels": train_labels,
        "test_images": test,
        "test_labels": test_labels,
        "source": np.array("CIFAR-10 (made up)"),
    }


def write_mnist(root: Path) -> Path:
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, contents in fake_mnist().items():
        (raw / name).write_bytes(contents)
    return raw


def check_one_sentence(error: Exception, *words: str) -> None:
    message = str(error)
    assert "\n" not in message
    for word in words:
        assert word in message


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- Randomness ---


def test_generator_has_one_stream_for_each_seed_and_purpose():
    draws = {
        (seed, purpose): torch.rand(4, generator=randomness.generator(seed, purpose))
        for seed in range(3)
        for purpose in ("init", "order", "subset", "label noise")
    }
    assert len({tuple(draw.tolist()) for draw in draws.values()}) == len(draws)
    assert torch.equal(draws[1, "init"], torch.rand(4, generator=randomness.generator(1, "init")))


def test_generator_is_the_same_everywhere():
    pinned = randomness.generator(0, "init")
    assert pinned.initial_seed() == int.from_bytes(hashlib.sha256(b"0:init").digest()[:8], "big") == PINNED_SEED
    assert torch.rand(1, generator=pinned).item() == pytest.approx(PINNED_DRAW, abs=1e-7)
    assert randomness.generator(np.int64(0), "init").initial_seed() == PINNED_SEED


def test_generator_wants_a_whole_number():
    with pytest.raises(ValueError, match=r"A seed must be a whole number; got 0\.5"):
        randomness.generator(0.5, "init")


def test_generator_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    torch.rand(3, generator=randomness.generator(0, "init"))
    assert torch.equal(before, torch.get_rng_state())


def test_subset_is_drawn_without_replacement():
    pool = data.digits()
    chosen = data.subset(pool, 200, seed=3)
    assert chosen.dtype == torch.int64
    assert len(chosen.unique()) == 200
    assert torch.equal(chosen, data.subset(pool, 200, seed=3))
    assert torch.equal(chosen[:50], data.subset(pool, 50, seed=3))
    assert not torch.equal(chosen, data.subset(pool, 200, seed=4))
    assert torch.equal(data.subset(pool, 1000, seed=0).sort()[0], torch.arange(1000))


@pytest.mark.parametrize("n", [0, 1001])
def test_subset_of_impossible_size(n):
    with pytest.raises(ValueError, match=f"a subset of digits has between 1 and 1000 examples; got {n}"):
        data.subset(data.digits(), n, seed=0)


def test_disjoint_training_sets_share_nothing_but_the_test_set():
    pool = data.mnist1d(40, 20, seed=1)
    sets = data.disjoint(pool, 15, 2)
    assert list(sets) == ["0", "1"]
    rows = torch.cat([each.x for each in sets.values()])
    assert len(torch.unique(rows, dim=0)) == 30
    assert torch.equal(torch.cat([each.y for each in sets.values()]), pool.y[:30])
    assert all(torch.equal(each.x_test, pool.x_test) for each in sets.values())


def test_more_disjoint_training_sets_than_the_pool_holds():
    with pytest.raises(ValueError, match=r"3 training sets of 15 examples .* need 45; the pool of mnist1d has 40"):
        data.disjoint(data.mnist1d(40, 20, seed=1), 15, 3)


def test_a_validation_set_comes_from_the_pool_and_stands_before_the_test_set():
    whole = data.digits()
    held = data.with_validation(whole, 100)
    assert (len(held.x), len(held.x_test)) == (900, len(whole.x_test) + 100)
    assert torch.equal(held.x_test[:100], whole.x[-100:])
    assert torch.equal(held.y_test[100:], whole.y_test)
    assert torch.equal(held.x, whole.x[:900])
    with pytest.raises(ValueError, match="a validation set of digits has between 1 and 999 examples; got 1000"):
        data.with_validation(whole, 1000)


def test_corrupt_labels_replaces_that_share_by_any_class():
    y = torch.full((20_000,), 3)
    noisy = data.corrupt_labels(y, 0.4, 10, randomness.generator(0, "label noise"))
    assert noisy.dtype == torch.int64
    assert (noisy != 3).float().mean().item() == pytest.approx(0.4 * 0.9, abs=0.015)  # a tenth of 0.4 draw the 3
    assert noisy.unique().tolist() == list(range(10))
    assert torch.equal(y, torch.full((20_000,), 3))


def test_wrong_labels_are_as_frequent_as_asked():
    y = torch.arange(50_000) % 10
    noisy = data.corrupt_labels(y, data.wrong_labels(0.2, 10), 10, randomness.generator(0, "label noise"))
    assert (noisy != y).float().mean() == pytest.approx(0.2, abs=0.006)
    with pytest.raises(ValueError, match=r"wrong with a probability in \[0, 0.9\]; got 0.95"):
        data.wrong_labels(0.95, 10)


def test_corrupt_labels_at_the_ends_and_nested():
    y = torch.arange(1000) % 10
    none, some, more, every = (
        data.corrupt_labels(y, share, 10, randomness.generator(5, "label noise")) for share in (0, 0.2, 0.6, 1)
    )
    assert torch.equal(none, y)
    changed = some != y
    assert torch.equal(more[changed], some[changed])
    assert (every == y).float().mean().item() == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("share", [1.5, -0.1, float("nan")])
def test_corrupt_labels_outside_its_range(share):
    with pytest.raises(ValueError, match=rf"label noise must lie in \[0, 1\]; got {share}"):
        data.corrupt_labels(torch.zeros(3, dtype=torch.int64), share, 10, randomness.generator(0, "label noise"))


# --- Made on the spot ---


def test_digits():
    d = data.digits(n_train=1000, seed=0)
    assert d.x.shape == (1000, 64)
    assert d.x_test.shape == (797, 64)
    assert d.x.dtype == torch.float32
    assert d.y.dtype == torch.int64
    assert (d.x.min(), d.x.max()) == (0, 1)
    assert d.y.unique().tolist() == d.y_test.unique().tolist() == list(range(d.classes))
    assert d.fingerprint == data.digits().fingerprint != data.digits(seed=1).fingerprint


def test_digits_needs_a_test_set():
    with pytest.raises(ValueError, match="n_train of digits lies between 1 and 1796; got 1797"):
        data.digits(n_train=1797)


def test_mnist1d_is_the_packages_own():
    from mnist1d.data import get_dataset_args, make_dataset

    d = data.mnist1d()
    theirs = make_dataset(get_dataset_args())  # 5,000 examples, seed 42
    np.testing.assert_array_equal(d.x.numpy(), theirs["x"].astype(np.float32))
    np.testing.assert_array_equal(d.y_test.numpy(), theirs["y_test"])
    assert d.x.shape == (4000, 40)
    assert d.x_test.shape == (1000, 40)
    assert (d.x.dtype, d.y.dtype, d.classes) == (torch.float32, torch.int64, 10)
    assert data.mnist1d() is d


def test_mnist1d_of_the_paper_is_kept_and_what_is_damaged_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path))
    load, made = synthetic._mnist1d.__wrapped__, data.mnist1d().fingerprint
    assert load(4000, 1000, 42).fingerprint == made
    (kept,) = tmp_path.iterdir()
    make, calls = synthetic._make_mnist1d, []
    monkeypatch.setattr(synthetic, "_make_mnist1d", lambda *sizes: calls.append(sizes) or make(*sizes))
    assert load(4000, 1000, 42).fingerprint == made
    assert torch.equal(load(3000, 2000, 42).x_test[1000:], data.mnist1d().x_test)
    assert not calls
    whole = kept.read_bytes()
    at = whole.index(data.mnist1d().x.numpy().tobytes()[:64])
    for damaged in (b"", whole[:1000], whole[:at] + b"\0" * 8 + whole[at + 8 :], b"PK" + whole[5:]):
        kept.write_bytes(damaged)
        assert load(4000, 1000, 42).fingerprint == made
    assert len(calls) == 4
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    (tmp_path / "file").touch()
    monkeypatch.setenv("OVERPARAM_CACHE", str(tmp_path / "file"))  # where no folder can be
    assert load(4000, 1000, 42).fingerprint == made


def test_mnist1d_of_any_size():
    d = data.mnist1d(n=17, n_test=6, seed=1)
    assert (len(d.x), len(d.y), len(d.x_test), len(d.y_test)) == (17, 17, 6, 6)
    assert d.fingerprint == synthetic._mnist1d.__wrapped__(17, 6, 1).fingerprint


def test_mnist1d_moved_less():
    """Signals that are not moved lie nearer to the mean of their class; by default they are the paper's."""

    def within(d):  # variance within classes as a share of all
        return sum((d.x[d.y == k] - d.x[d.y == k].mean(0)).square().sum() for k in range(10)) / d.x.square().sum()

    paper, still = data.mnist1d(500, 10, 1), data.mnist1d(500, 10, 1, max_translation=1)
    assert paper.fingerprint == data.mnist1d(500, 10, 1, max_translation=48).fingerprint != still.fingerprint
    assert within(still) < 0.7 < 0.8 < within(paper)
    with pytest.raises(ValueError, match=r"max_translation must be .* 48 at most; got 0"):
        data.mnist1d(20, 10, max_translation=0)


def test_mnist1d_leaves_global_states_and_the_folder_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state()  # noqa: NPY002
    synthetic._mnist1d.__wrapped__(20, 10, 42)
    after = random.getstate(), pickle.dumps(np.random.get_state()), torch.get_rng_state()  # noqa: NPY002
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])
    assert list(tmp_path.iterdir()) == []


def test_sine():
    d = data.sine(n=500, noise=0.3, seed=0)
    assert d.x.shape == d.y.shape == (500, 1)
    assert d.x_test.shape == d.y_test.shape == (400, 1)
    assert d.x.abs().max() <= 1
    assert (d.y - torch.sin(5 * d.x)).std().item() == pytest.approx(0.3, rel=0.1)
    assert torch.equal(d.y_test, torch.sin(5 * d.x_test))
    assert (d.x_test[0], d.x_test[-1]) == (-1, 1)
    assert d.classes is None
    assert "0.3" in d.source


def test_linear_teacher():
    d = data.linear_teacher(n=400, d=20, noise=0.5, seed=0)
    assert (d.x.shape, d.y.shape, d.x_test.shape, d.y_test.shape) == ((400, 20), (400, 1), (1000, 20), (1000, 1))
    beta = torch.linalg.lstsq(d.x, d.y).solution
    assert beta.norm().item() == pytest.approx(1, abs=0.15)
    assert (d.y_test - d.x_test @ beta).std().item() == pytest.approx(0.5, rel=0.1)
    assert not torch.equal(d.x[:5], d.x_test[:5])


def test_linear_teacher_keeps_its_teacher_across_seeds():
    def beta(**seeds):
        d = data.linear_teacher(n=30, d=4, noise=0, **seeds)
        return torch.linalg.lstsq(d.x, d.y).solution

    torch.testing.assert_close(beta(seed=0), beta(seed=1))
    assert not torch.allclose(beta(seed=0), beta(seed=0, teacher_seed=1), atol=1e-2)


@pytest.mark.parametrize(
    "make",
    [
        partial(data.sine, n=0, noise=0, seed=0),
        partial(data.linear_teacher, n=5, d=0, noise=0, seed=0),
        partial(data.mnist1d, n_test=0),
    ],
)
def test_sizes_below_one(make):
    with pytest.raises(ValueError, match=r"must be a whole number of at least 1; got 0"):
        make()


def test_a_table_of_sums():
    d = data.modular_addition(7, 0.6, seed=3)
    assert (len(d.x), len(d.x_test), d.classes, d.shape) == (29, 20, 7, (14,))
    cells = torch.cat([d.x, d.x_test])
    a, b = cells[:, :7].argmax(1), cells[:, 7:].argmax(1)
    assert (cells.sum(1) == 2).all()
    assert len({*zip(a.tolist(), b.tolist(), strict=True)}) == 49
    assert torch.equal(torch.cat([d.y, d.y_test]), (a + b) % 7)
    assert not torch.equal(d.x, data.modular_addition(7, 0.6, seed=4).x)


def test_a_table_of_quotients():
    d = data.modular_addition(7, 0.5, seed=0, rule="quotient")
    assert len(d.x) + len(d.x_test) == 42
    a, b = d.x[:, :7].argmax(1), d.x[:, 7:].argmax(1)
    assert (b > 0).all()
    assert torch.equal(d.y * b % 7, a)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"p": 9, "share": 0.5, "rule": "quotient"}, "Only modulo a prime has every quotient an answer; got p=9"),
        ({"p": 7, "share": 0.5, "rule": "product"}, "rule is sum or quotient; got 'product'"),
        ({"p": 7, "share": 0.001}, "leaves none to train on, or none to test"),
        ({"p": 7, "share": 1.0}, "leaves none to train on, or none to test"),
    ],
)
def test_a_table_that_cannot_be(options, says):
    with pytest.raises(ValueError, match=says):
        data.modular_addition(**options, seed=0)


# --- Randomized ---


RANDOMIZATIONS = [data.shuffled_pixels, data.random_pixels, data.gaussian_pixels]


def colour_pictures(n: int = 6, n_test: int = 4) -> data.Data:
    """Pictures [n, 3, 4, 5] all of whose numbers differ."""
    x = torch.arange((n + n_test) * 60.0).reshape(-1, 3, 4, 5)
    return data.Data("made", x[:n], torch.arange(n), x[n:], torch.arange(n_test), "made up", classes=n)


@pytest.mark.parametrize("randomize", RANDOMIZATIONS)
def test_randomized_inputs_keep_shapes_and_labels(randomize):
    for d in (data.digits(), colour_pictures()):
        r = randomize(d, seed=0)
        assert (r.x.shape, r.x_test.shape, r.x.dtype) == (d.x.shape, d.x_test.shape, torch.float32)
        assert torch.equal(r.y, d.y)
        assert torch.equal(r.y_test, d.y_test)
        assert r.classes == d.classes
        assert r.name != d.name
        assert d.source in r.source
        assert r.fingerprint == randomize(d, seed=0).fingerprint != randomize(d, seed=1).fingerprint
        assert not torch.equal(r.x, d.x)


def test_shuffled_pixels_share_one_permutation():
    d = colour_pictures()
    shuffled = data.shuffled_pixels(d, seed=0)
    order = shuffled.x[0, 0].flatten().long()  # the numbers of the first channel of the first picture are 0, 1, …
    assert order.sort()[0].tolist() == list(range(20))
    for before, after in ((d.x, shuffled.x), (d.x_test, shuffled.x_test)):
        assert torch.equal(before.flatten(2)[:, :, order], after.flatten(2))


def test_random_pixels_have_a_permutation_each():
    d = data.digits()
    r = data.random_pixels(d, seed=0)
    assert torch.equal(r.x.sort(1)[0], d.x.sort(1)[0])
    assert torch.equal(r.x_test.sort(1)[0], d.x_test.sort(1)[0])
    coloured = data.random_pixels(colour_pictures(), seed=0).x.flatten(2)
    assert torch.equal(coloured[:, 1] - coloured[:, 0], torch.full((6, 20), 20.0))  # channels of a pixel stay together
    orders = (coloured[:, 0] - coloured[:, 0].amin(1, keepdim=True)).tolist()
    assert len({tuple(o) for o in orders}) == 6
    assert r.x.mean(0).std() < 0.2 * d.x.mean(0).std()  # no position is brighter than another any more


def test_gaussian_pixels_have_mean_and_sd_of_the_training_pixels():
    d = data.digits()
    g = data.gaussian_pixels(d, seed=0)
    for part in (g.x, g.x_test):
        assert part.mean().item() == pytest.approx(d.x.mean().item(), abs=0.01)
        assert part.std().item() == pytest.approx(d.x.std().item(), rel=0.01)
    assert np.corrcoef(g.x.flatten(), d.x.flatten())[0, 1] == pytest.approx(0, abs=0.02)
    kurtosis = ((g.x - g.x.mean()) ** 4).mean() / g.x.var() ** 2
    assert kurtosis.item() == pytest.approx(3, abs=0.15)


def test_permuted_labels_are_the_same_labels_elsewhere():
    d = data.mnist1d(500, 20, 1)
    permuted = data.permuted_labels(d, seed=0)
    assert permuted.y.bincount().tolist() == d.y.bincount().tolist()
    assert (permuted.y == d.y).float().mean().item() == pytest.approx(0.1, abs=0.06)
    assert permuted.x is d.x
    assert permuted.y_test is d.y_test
    assert permuted.fingerprint == data.permuted_labels(d, 0).fingerprint != data.permuted_labels(d, 1).fingerprint
    assert "permuted" in permuted.name
    assert "labels permuted" in permuted.source


@pytest.mark.parametrize("randomize", RANDOMIZATIONS)
def test_a_single_input_has_no_pixels_to_randomize(randomize):
    with pytest.raises(ValueError, match="no pixels to randomize in sine: its examples have a single input"):
        randomize(data.sine(n=5, noise=0, seed=0), seed=0)


# --- Data ---


def given(**changes) -> dict:
    """Three training and two test examples of two inputs, as arguments of Data."""
    x, x_test = torch.arange(6.0).reshape(3, 2), torch.ones(2, 2)
    base = {
        "name": "a",
        "x": x,
        "y": torch.arange(3),
        "x_test": x_test,
        "y_test": torch.zeros(2).long(),
        "source": "made up",
    }
    return base | {"classes": 3} | changes


def test_fingerprint_sees_every_part():
    x = torch.arange(6.0).reshape(3, 2)
    changes = [
        {},
        {"x": x[:, :, None], "x_test": torch.ones(2, 2, 1)},  # the same bytes in another shape
        {"x": x + 1},
        {"y": torch.tensor([0, 2, 1])},
        {"x_test": torch.zeros(2, 2)},
        {"y_test": torch.ones(2).long()},
        {"classes": 4},
        {"y": torch.zeros(3, 1), "y_test": torch.zeros(2, 1), "classes": None},
    ]
    prints = [data.Data(**given(**change)).fingerprint for change in changes]
    assert len(set(prints)) == len(prints)
    assert data.Data(**given(name="b", source="elsewhere")).fingerprint == prints[0]


def test_fingerprint_sees_what_was_written_into_the_data():
    array = np.ones((3, 2), np.float32)
    d = data.Data(**given(x=array))
    before = d.fingerprint
    d.x[0, 0] = 5
    assert d.fingerprint != before
    d.x[0, 0] = 1
    assert d.fingerprint == before
    array[2, 1] = 7  # memory that the data share with whoever gave it
    assert d.fingerprint != before
    assert replace(d, classes=20).fingerprint != d.fingerprint


def test_fingerprint_does_not_depend_on_memory_layout():
    x = torch.arange(6.0).reshape(3, 2)
    whole = data.Data(**given(x=x)).fingerprint
    assert data.Data(**given(x=x.T.contiguous().T)).fingerprint == whole
    assert data.Data(**given(x=np.asfortranarray(x.numpy()))).fingerprint == whole


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_fingerprint_is_the_same_on_a_gpu():
    d = data.digits()
    there = replace(d, **{name: getattr(d, name).to("cuda") for name in ("x", "y", "x_test", "y_test")})
    assert {t.device.type for t in (there.x, there.y, there.x_test, there.y_test)} == {"cuda"}
    assert there.fingerprint == d.fingerprint
    with pytest.raises(ValueError, match=r"digits lies on several devices \(x on cuda:0, y on cpu"):
        replace(d, x=there.x)


# --- What is given as data ---


X = np.arange(6, dtype=np.float64).reshape(3, 2)
SAME_INPUTS = [
    X,
    X.astype(np.float16),
    X.astype(np.longdouble),
    X.astype(">f4"),
    X.astype("<i2"),
    np.asfortranarray(X),
    X[::-1].copy()[::-1],
    np.ascontiguousarray(X[:, ::-1])[:, ::-1],
    np.broadcast_to(X, (2, 3, 2))[1],  # read-only
    torch.tensor(X),
    torch.tensor(X, dtype=torch.bfloat16),
    torch.tensor(X, dtype=torch.float32, requires_grad=True),
    torch.nn.Parameter(torch.tensor(X)),
    torch.tensor(X).T.contiguous().T,
    torch.tensor(X).int(),
]


@pytest.mark.parametrize("x", SAME_INPUTS, ids=[str(k) for k in range(len(SAME_INPUTS))])
def test_inputs_of_one_meaning_are_converted(x):
    d = data.Data(**given(x=x))
    assert (d.x.dtype, type(d.x), d.x.requires_grad, d.x.is_contiguous()) == (torch.float32, torch.Tensor, False, True)
    assert d.x.tolist() == X.tolist()
    assert d.fingerprint == data.Data(**given()).fingerprint


Y = np.arange(3)
SAME_LABELS = [Y, *(Y.astype(kind) for kind in ("u1", "i1", ">i2", "u2", "i4", "u4", "u8", "f2", "f8"))]
SAME_LABELS += [Y[:, None], torch.tensor(Y, dtype=torch.uint8), torch.tensor(Y, dtype=torch.uint16), torch.arange(3.0)]


@pytest.mark.parametrize("y", SAME_LABELS, ids=[str(k) for k in range(len(SAME_LABELS))])
def test_labels_of_one_meaning_are_converted(y):
    d = data.Data(**given(y=y))
    assert (d.y.dtype, d.y.tolist()) == (torch.int64, [0, 1, 2])


def test_truth_values_are_labels_of_two_classes():
    d = data.Data(**given(y=np.array([True, False, True]), classes=np.int64(2)))
    assert (d.y.tolist(), d.classes, type(d.classes)) == ([1, 0, 1], 2, int)


def test_one_number_an_example_is_a_column():
    d = data.Data("line", np.linspace(-1, 1, 5), np.zeros(5), torch.ones(2), torch.ones(2, 1), "made up")
    assert (d.x.shape, d.y.shape, d.x_test.shape, d.y_test.shape) == ((5, 1), (5, 1), (2, 1), (2, 1))
    assert d.y.dtype == torch.float32


def test_what_needs_no_conversion_is_not_copied():
    x = np.zeros((3, 2), np.float32)
    d = data.Data(**given(x=x))
    assert d.x.data_ptr() == x.ctypes.data
    assert replace(d, name="b").x.data_ptr() == x.ctypes.data


def test_what_was_made_in_inference_mode_can_be_trained_on():
    with torch.inference_mode():
        x = torch.ones(3, 2)
    weights = torch.ones(2, requires_grad=True)
    (data.Data(**given(x=x)).x @ weights).sum().backward()
    assert weights.grad.tolist() == [3, 3]


LABELS = torch.arange(3)
WRONG = {
    "500 labels": (
        {"y_test": torch.zeros(5).long()},
        "x_test of a holds 2 examples but y_test 5 labels; give one for each",
    ),
    "fewer examples": ({"x": torch.ones(2, 2)}, "x of a holds 2 examples but y 3 labels"),
    "labels from 1": ({"y": LABELS + 1}, "y of a has labels from 1 to 3 but those of 3 classes are 0 to 2; subtract 1"),
    "test labels from 1": ({"y_test": LABELS[1:] + 1}, "y_test of a has labels from 2 to 3 .*; subtract 1"),
    "labels ±1": ({"y": torch.tensor([-1, 1, 1])}, "labels from -1 to 1 .*; count the classes from 0"),
    "labels too large": ({"y": LABELS * 9}, "labels from 0 to 18"),
    "unsigned labels": ({"y": np.array([0, 1, 2**64 - 1], np.uint64)}, "exceeds what int64 holds"),
    "one-hot": (
        {"y": torch.eye(3)},
        r"y of a has the shape \[3, 3\]; class labels are \[N\]: take y.argmax\(1\) of one-hot",
    ),
    "half labels": (
        {"y": LABELS / 2},
        "holds 1 numbers that are no class labels, such as 0.5; labels are whole numbers from 0 on",
    ),
    "NaN label": ({"y": np.array([0, np.nan, 1])}, "holds 1 numbers that are no class labels, such as nan"),
    "names for labels": ({"y": np.array(["cat", "dog", "cat"])}, "y of a is ndarray of shape .*; its dtype is <U3"),
    "labels without classes": ({"classes": None}, "holds whole numbers and classes is None; if they are class labels"),
    "NaN": (
        {"x": X * np.nan},
        "x of a holds numbers that are NaN or infinite in 3 of 3 examples, first in number 0; leave",
    ),
    "an infinity": ({"x_test": np.array([[0, 1], [1, np.inf]])}, "infinite in 1 of 2 examples, first in number 1"),
    "NaN target": (
        {"y": torch.tensor([0, 1, torch.nan]), "y_test": torch.ones(2), "classes": None},
        "y of a holds numbers that are NaN or infinite in 1 of 3 examples, first in number 2",
    ),
    "beyond float32": ({"x": X * 1e300}, "x of a holds numbers too large for float32; scale them"),
    "whole numbers beyond float32": ({"x": (X + 2**40).astype(int)}, "whole numbers too large for float32"),
    "bytes": ({"x": X.astype(np.uint8)}, r"x of a holds bytes from 0 to 255 \(uint8\); divide by 255"),
    "bytes for tests": ({"x_test": torch.ones(2, 2, dtype=torch.uint8)}, "x_test of a holds bytes"),
    "list": (
        {"x": X.tolist()},
        r"x of a is \[\[0.0, 1.0\], .*; give a tensor or a NumPy array of numbers, such as np.array of it",
    ),
    "table": ({"x": pd.DataFrame(X)}, r"x of a is DataFrame of shape \[3, 2\]; give .*, such as its to_numpy\(\)"),
    "column of a table": ({"y": pd.Series(Y)}, r"y of a is Series of shape \[3\]; give a tensor"),
    "nothing": ({"y": None}, "y of a is None; give a tensor"),
    "objects": ({"x": X.astype(object)}, "its dtype is object"),
    "complex": ({"x": X + 1j}, "its dtype is complex128"),
    "complex tensor": ({"x": torch.tensor(X + 1j)}, "this one is torch.complex128"),
    "masked": ({"x": np.ma.masked_equal(X, 0)}, "without a mask: fill in what is masked"),
    "sparse": (
        {"x": torch.tensor(X).to_sparse()},
        "this one is torch.float64, torch.sparse_coo, on cpu: make it dense",
    ),
    "on no device": ({"x": torch.ones(3, 2, device="meta")}, "on meta"),
    "a single number": ({"x": np.array(1.0)}, "x of a is the single number 1.0"),
    "no test set": (
        {"x_test": torch.ones(0, 2), "y_test": LABELS[:0]},
        "x_test of a holds no examples; give at least one",
    ),
    "no training set": ({"x": X[:0], "y": Y[:0]}, "x of a holds no examples"),
    "no inputs": ({"x": X[:, :0], "x_test": X[:2, :0]}, r"examples of a have the shape \[0\]: no inputs"),
    "other test inputs": (
        {"x_test": torch.ones(2, 3)},
        r"have the shape \[2\] and those in x_test \[3\]; give both the same",
    ),
    "other test targets": (
        {"y": torch.ones(3, 1), "y_test": torch.ones(2, 2), "classes": None},
        r"targets in y of a have the shape \[1\] and those in y_test \[2\]",
    ),
    "deep targets": (
        {"y": torch.ones(3, 2, 2), "y_test": torch.ones(2, 2, 2), "classes": None},
        r"targets are \[N, K\]",
    ),
    "classes as a text": (
        {"classes": "10"},
        "classes is the number of classes, 2 or more .*, or None for a regression; got '10'",
    ),
    "one class": ({"classes": 1, "y": LABELS * 0}, "or None for a regression; got 1"),
    "classes True": ({"classes": True}, "got True"),
    "half a class": ({"classes": 2.5}, "got 2.5"),
    "a name that is none": ({"name": 3}, "The name of a data set is a text of one line; got 3"),
}


@pytest.mark.parametrize("case", WRONG)
def test_data_that_cannot_be_trained_on_are_one_sentence(case):
    changes, said = WRONG[case]
    with pytest.raises(ValueError, match=said) as error:
        data.Data(**given(**changes))
    check_one_sentence(error.value)


@pytest.mark.filterwarnings("error")
def test_conversion_warns_of_nothing():
    for x in SAME_INPUTS:
        data.Data(**given(x=x))


# --- By name and by place ---


def test_load_by_name():
    assert data.load("digits", n_train=10, seed=2).fingerprint == data.digits(10, 2).fingerprint


@pytest.mark.parametrize("ask", [data.load, data.available])
def test_unknown_name(ask):
    with pytest.raises(
        ValueError, match="there is no data set 'cifar'; there are digits, mnist1d, mnist, cifar10, sine"
    ):
        ask("cifar")


def test_available(tmp_path):
    assert data.available("digits", tmp_path)
    assert data.available("sine", tmp_path)
    assert not data.available("mnist", tmp_path)
    assert not data.available("cifar10", tmp_path)
    raw = write_mnist(tmp_path)
    assert data.available("mnist", tmp_path)
    (raw / "t10k-labels-idx1-ubyte").unlink()
    assert not data.available("mnist", tmp_path)


def test_root_is_used(tmp_path, monkeypatch):
    write_mnist(tmp_path)
    monkeypatch.setenv("OVERPARAM_DATA", str(tmp_path))
    assert data.mnist().x.shape == (30, 784)


# --- MNIST and CIFAR-10: what is there ---


def test_mnist(tmp_path):
    write_mnist(tmp_path)
    d = data.mnist(tmp_path)
    images, labels = fake_images(30, (28, 28))
    torch.testing.assert_close(d.x, torch.from_numpy(images).float().reshape(30, 784) / 255, rtol=0, atol=0)
    assert d.y.tolist() == labels.tolist()
    assert d.x_test.shape == (20, 784)
    assert (d.x.dtype, d.y.dtype, d.source, d.classes) == (torch.float32, torch.int64, "MNIST", 10)


def cut(contents: bytes) -> bytes:
    return contents[:-1]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("train-images-idx3-ubyte", cut),
        ("t10k-images-idx3-ubyte", lambda contents: contents[:3]),
        ("train-labels-idx1-ubyte", lambda contents: b""),
        ("t10k-labels-idx1-ubyte", lambda contents: b"<html>not here</html>"),
        ("train-labels-idx1-ubyte", lambda contents: idx(np.zeros(29, np.uint8))),
        ("train-labels-idx1-ubyte", lambda contents: idx(np.full(30, 10, np.uint8))),
        ("train-images-idx3-ubyte", lambda contents: idx(np.zeros((30, 28, 27), np.uint8))),
    ],
)
def test_damaged_mnist(tmp_path, name, damage):
    raw = write_mnist(tmp_path)
    (raw / name).write_bytes(damage((raw / name).read_bytes()))
    with pytest.raises(data.DataError) as caught:
        data.mnist(tmp_path)
    check_one_sentence(caught.value, str(raw), "cannot be read as MNIST", "delete that folder")
    assert caught.value.__cause__ is not None


def test_cifar10(tmp_path):
    np.savez(tmp_path / "cifar10.npz", **fake_cifar10())
    d = data.cifar10(tmp_path)
    images, labels = fake_images(30, (32, 32, 3))
    expected = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    torch.testing.assert_close(d.x, expected, rtol=0, atol=0)
    assert d.x.is_contiguous()
    assert d.y.tolist() == labels.tolist()
    assert d.x_test.shape == (20, 3, 32, 32)
    assert (d.x.dtype, d.y.dtype, d.source, d.classes) == (torch.float32, torch.int64, "CIFAR-10 (made up)", 10)


def check_damaged_cifar10(root: Path, *words: str) -> None:
    with pytest.raises(data.DataError) as caught:
        data.cifar10(root)
    check_one_sentence(caught.value, str(root / "cifar10.npz"), "cannot be read as CIFAR-10", "delete it", *words)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("damage", [cut, lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"<html>not here</html>"])
def test_truncated_cifar10(tmp_path, damage):
    path = tmp_path / "cifar10.npz"
    np.savez(path, **fake_cifar10())
    path.write_bytes(damage(path.read_bytes()))
    check_damaged_cifar10(tmp_path)


def test_one_flipped_bit_in_cifar10(tmp_path):
    path = tmp_path / "cifar10.npz"
    np.savez(path, **fake_cifar10())
    contents = bytearray(path.read_bytes())
    contents[5000] ^= 1  # inside the training images
    path.write_bytes(contents)
    check_damaged_cifar10(tmp_path, "CRC")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"source": None}, "source"),
        ({"test_labels": None}, "test_labels"),
        ({"train_images": np.zeros((30, 3, 32, 32), np.uint8)}, "(30, 3, 32, 32)"),
        ({"train_images": np.zeros((30, 32, 32, 3), np.float32)}, "float32"),
        ({"train_images": np.zeros((0, 32, 32, 3), np.uint8), "train_labels": np.zeros(0, np.uint8)}, "(0, 32"),
        ({"train_labels": np.zeros(29, np.uint8)}, "expected 30 labels"),
        ({"test_labels": np.full(20, 10, np.uint8)}, "10"),
        ({"test_labels": np.array([None] * 20)}, "allow_pickle"),
    ],
)
def test_wrong_arrays_in_cifar10(tmp_path, change, word):
    arrays = {name: array for name, array in (fake_cifar10() | change).items() if array is not None}
    np.savez(tmp_path / "cifar10.npz", **arrays)
    check_damaged_cifar10(tmp_path, word)


def test_one_array_instead_of_cifar10(tmp_path):
    with (tmp_path / "cifar10.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    check_damaged_cifar10(tmp_path)


# --- MNIST and CIFAR-10: what is downloaded ---


@pytest.fixture
def datasets():
    return download.torchvision_datasets()


def md5(contents: bytes) -> str:
    return hashlib.md5(contents, usedforsecurity=False).hexdigest()


@pytest.fixture
def server(tmp_path_factory, monkeypatch):
    """A folder, and the address under which its files can be downloaded."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    monkeypatch.setenv("no_proxy", "*")
    folder = tmp_path_factory.mktemp("server")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


@pytest.fixture
def served_mnist(server, datasets, monkeypatch):
    folder, url = server
    packed = {f"{name}.gz": gzip.compress(contents) for name, contents in fake_mnist().items()}
    for name, contents in packed.items():
        (folder / name).write_bytes(contents)
    monkeypatch.setattr(datasets.MNIST, "mirrors", [url])
    monkeypatch.setattr(datasets.MNIST, "resources", [(name, md5(contents)) for name, contents in packed.items()])
    return folder


@pytest.fixture
def served_cifar10(server, datasets, monkeypatch):
    folder, url = server
    arrays = fake_cifar10()
    batches = {"batches.meta": {"label_names": list("abcdefghij")}}
    for i, part in enumerate(np.split(np.arange(30), 5), start=1):
        batches[f"data_batch_{i}"] = {"data": arrays["train_images"][part], "labels": arrays["train_labels"][part]}
    batches["test_batch"] = {"data": arrays["test_images"], "labels": arrays["test_labels"]}
    for batch in batches.values():
        if "data" in batch:  # stored as rows of red, green and blue planes
            batch["data"] = batch["data"].transpose(0, 3, 1, 2).reshape(-1, 3072)
            batch["labels"] = batch["labels"].tolist()
    packed = {name: pickle.dumps(batch) for name, batch in batches.items()}
    with tarfile.open(folder / "cifar-10-python.tar.gz", "w:gz") as tar:
        for name, contents in packed.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(contents)
            tar.addfile(entry, io.BytesIO(contents))
    sums = [[name, md5(contents)] for name, contents in packed.items()]
    monkeypatch.setattr(datasets.CIFAR10, "url", url + "cifar-10-python.tar.gz")
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", md5((folder / "cifar-10-python.tar.gz").read_bytes()))
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [s for s in sums if s[0].startswith("data_batch")])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [s for s in sums if s[0] == "test_batch"])
    monkeypatch.setattr(datasets.CIFAR10, "meta", datasets.CIFAR10.meta | {"md5": dict(sums)["batches.meta"]})
    return folder


def test_mnist_is_downloaded_once(tmp_path, served_mnist):
    root = tmp_path / "new" / "root"
    first = data.mnist(root)
    assert files_below(root) == sorted(f"MNIST/raw/{name}" for name in fake_mnist())
    assert [path.name for path in root.iterdir()] == ["MNIST"]
    for path in served_mnist.iterdir():
        path.unlink()
    assert data.mnist(root).fingerprint == first.fingerprint
    assert first.x.shape == (30, 784)


def test_mnist_completes_a_folder_that_lacks_a_file(tmp_path, served_mnist):
    raw = write_mnist(tmp_path)
    (raw / "train-images-idx3-ubyte").unlink()
    assert data.mnist(tmp_path).x.shape == (30, 784)


def test_cifar10_is_downloaded_once(tmp_path, served_cifar10):
    first = data.cifar10(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["cifar10.npz"]
    assert first.source == "CIFAR-10"
    for path in served_cifar10.iterdir():
        path.unlink()
    assert data.cifar10(tmp_path).fingerprint == first.fingerprint
    np.savez(tmp_path / "cifar10.npz", **fake_cifar10())
    assert data.cifar10(tmp_path).fingerprint == first.fingerprint


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_no_network(tmp_path, datasets, monkeypatch, name):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(datasets.MNIST, "mirrors", [NOWHERE, NOWHERE])
    monkeypatch.setattr(datasets.CIFAR10, "url", NOWHERE + "cifar-10-python.tar.gz")
    with pytest.raises(data.DataError) as caught:
        data.load(name, root=tmp_path)
    place = {"mnist": "MNIST/raw", "cifar10": "cifar10.npz"}[name]
    check_one_sentence(
        caught.value,
        f"is not under {tmp_path / place} and could not be downloaded (",
        f"connect to the internet, or set OVERPARAM_DATA to a folder that holds {place}",
    )
    # The torchvision of 2024 says no more than that.
    assert "Connection refused" in str(caught.value) or "Error downloading" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_a_download_that_arrives_damaged_leaves_nothing(tmp_path, request, name):
    served = request.getfixturevalue(f"served_{name}")
    for path in served.iterdir():
        path.write_bytes(cut(path.read_bytes()))
    with pytest.raises(data.DataError, match="could not be downloaded"):
        data.load(name, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_an_interrupted_download_leaves_nothing(tmp_path, datasets, request, monkeypatch, name):
    request.getfixturevalue(f"served_{name}")
    half_written = []

    def interrupted(url, filename, **kwargs):
        Path(filename).write_bytes(b"half")
        half_written.append(filename)
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets.utils, "_urlretrieve", interrupted)
    with pytest.raises(KeyboardInterrupt):
        data.load(name, root=tmp_path)
    assert half_written
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_cannot_be_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(data.DataError, match="could not be downloaded"):
        data.mnist(tmp_path / "file")


# --- torchvision beside a CPU-only torch ---


def test_another_failure_of_torchvision_is_passed_on(tmp_path, monkeypatch):
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('something else')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    with pytest.raises(RuntimeError, match="something else"):
        download.torchvision_datasets()


# --- The real ones, where they are ---


def test_real_mnist(data_root):
    d = data.mnist(data_root)
    assert (d.x.shape, d.x_test.shape) == ((60_000, 784), (10_000, 784))
    assert d.y[:5].tolist() == [5, 0, 4, 1, 9]
    assert (255 * d.x.double()).mean().item() == pytest.approx(33.3184, abs=1e-3)  # the published mean, 0.1307 × 255


def test_real_mnist_cut_short(tmp_path, data_root):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (data_root / "MNIST" / "raw").glob("*-ubyte"):
        if path.name == "t10k-images-idx3-ubyte":
            (raw / path.name).write_bytes(path.read_bytes()[:-100])
        else:
            (raw / path.name).symlink_to(path.resolve())
    with pytest.raises(data.DataError, match="cannot be read as MNIST"):
        data.mnist(tmp_path)


def test_real_cifar10(cifar10_root):
    d = data.cifar10(cifar10_root)
    assert (d.x.shape, d.x_test.shape) == ((50_000, 3, 32, 32), (10_000, 3, 32, 32))
    assert d.source.startswith("CIFAR-10")
    assert d.y.bincount().tolist() == [5000] * 10
    assert d.x.mean((0, 2, 3)).tolist() == pytest.approx([0.4914, 0.4822, 0.4465], abs=2e-3)  # the published means


def test_numbers_that_float32_cannot_tell_apart_are_refused_and_constant_columns_are_not():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    for y in (1e9 + rng.random(40), 1e6 + 1e-3 * rng.random((40, 1))):
        with pytest.raises(
            ValueError, match="y of odd holds numbers that differ less than float32 can tell; subtract their mean"
        ):
            data.Data("odd", x, y, x, y, "made up")
    x[:, 1] = 0.1 + 1e-17 * rng.normal(size=40)
    x[:, 2] *= 1e-30
    made = data.Data("fine", x, 1e3 + rng.random(40), x, 1e3 + rng.random(40), "made up")
    assert made.x.dtype == torch.float32


@pytest.mark.parametrize("count", [5, 7])
def test_slabs_alone_give_a_linear_rule_nothing_and_the_first_coordinate_everything(count):
    made = data.slabs(4000, 1000, 1, inputs=6, count=count)
    x, y = made.x.double(), 2 * made.y.double() - 1
    fitted = torch.linalg.lstsq(x, y).solution
    errors = [(part @ fitted * sign < 0).double().mean() for part, sign in _thirds(made)]
    assert errors[0] < 0.01
    assert errors[1] == pytest.approx(0.5, abs=0.06)  # the first coordinate is shuffled
    assert errors[2] < 0.01
    without = data.slabs(4000, 1000, 1, inputs=6, count=count, linear=False)
    fitted = torch.linalg.lstsq(without.x.double(), 2 * without.y.double() - 1).solution
    assert (without.x_test.double() @ fitted * (2 * without.y_test - 1) < 0).double().mean() > 0.44


def _thirds(made):
    return [(x.double(), 2 * y.double() - 1) for x, y in zip(made.x_test.chunk(3), made.y_test.chunk(3), strict=True)]


def test_blurred_slabs_leave_their_share_to_the_other_coordinates():
    made = data.slabs(4000, 1000, 1, inputs=6, blurred=0.2)
    fitted = torch.linalg.lstsq(made.x.double(), 2 * made.y.double() - 1).solution
    wrong = (made.x.double() @ fitted * (2 * made.y - 1) < 0).double().mean()
    assert wrong == pytest.approx(0.1, abs=0.02)  # half of the blurred ones


def test_slabs_come_in_fives_and_sevens():
    with pytest.raises(ValueError, match="5 or 7"):
        data.slabs(10, 10, 0, count=3)
