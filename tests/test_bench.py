"""The benchmark does equal work, extrapolates rightly, and the page shows what its file says."""

import importlib.util
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import baselines, child, measure, peak, report  # noqa: E402
from benchmarks.works import VARIANTS, WORKS, Work, multiply_adds  # noqa: E402

from overparam.data.dataset import Data  # noqa: E402

TINY = Work("tiny", "Two tiny MLPs", widths=(2, 3), epochs=50, n=200, targets={"fp32": 2})
PAGE = """# Page

```{benchmark} steady
```

```{benchmark} widths
:name: fig-widths

**Another caption.**
```

```{benchmark} figure
:name: fig-bars

**A caption.** With a sentence.
```

```{benchmark} table
```

```{benchmark} targets
```

```{benchmark} origin
```
"""


def content(**changes) -> dict:
    """A result file in which the plain loop takes 100 s and the engine 10 s, measured in full or in short runs."""
    run = {"first_epochs": 50, "test_error": 0.25, "others": 0.0, "data": "MNIST-1D"}
    row = measure.describe(TINY, "loader", False, [], dict.fromkeys(measure.PEAKS.values(), 1e9))
    row |= {"date": "2026-01-01", "commit": "abcdef"}
    times = {"loader": 100.0, "tensor": 50.0, "jax": 42.0, "fp32": 10.0}
    rows = [
        row | {"variant": v, "runs": [run | {"ready": 1.0, "wall": t, "first": t - 2} | changes] * 3}
        for v, t in times.items()
    ]
    rows[3]["target"] = 2
    rows += [each | {"work": "width_3"} for each in rows]
    rows.append(row | {"variant": "bf16", "runs": [{"missing": "ImportError: it is not there"}]})
    return {"provenance": measure.provenance(), "rows": rows}


# --- works ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("architecture", "depth", "data", "shape"),
    [("mlp", 2, "mnist1d", (40,)), ("cnn1d", 3, "mnist1d", (1, 40)), ("cnn", 5, "cifar10", (3, 32, 32))],
)
def test_operations_are_those_of_the_modules(architecture, depth, data, shape):
    found = []

    def count(layer, _, output):
        found.append(layer.weight[0].numel() * output[0].numel())

    model = baselines.build(architecture, shape[0], 4, depth)
    for layer in model:
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d):
            layer.register_forward_hook(count)
    model(torch.zeros(2, *shape))
    assert found == multiply_adds(architecture, 4, depth, data)


def test_the_first_layer_passes_no_gradient_on():
    work = replace(TINY, widths=(7,), n=10)
    first, others = 40 * 7, 7 * 7 + 7 * 10
    assert work.flops_per_epoch(5) == 10 * (4 * first + 6 * others)
    assert replace(work, every_epoch=True).flops_per_epoch(5) == 10 * (4 * first + 6 * others) + 15 * 2 * (
        first + others
    )


def test_every_work_has_a_short_name_for_the_figure():
    assert set(report.SHORT) == {work.name for work in WORKS}


# --- the loops --------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def toy() -> Data:
    g = torch.Generator().manual_seed(0)
    x = torch.randn(300, 40, generator=g)
    y = x[:, :3].argmax(1)
    return Data("toy", x[:200], y[:200], x[200:], y[200:], "toy", classes=10)


def test_the_loops_learn_alike(toy):
    work = replace(TINY, widths=(30,), seeds=2, batch_size=20, lr=0.05)
    errors = {v: np.mean(baselines.prepare(work, toy, v)(15)) for v in ("loader", "tensor", "vmap")}
    assert abs(errors["loader"] - errors["tensor"]) < 0.1
    assert max(errors.values()) < 0.5


def test_both_ways_of_pruning_keep_the_same_number_of_weights(toy):
    work = replace(TINY, widths=(20,), rounds=4, batch_size=50)
    kept = []
    for plain in (True, False):
        torch.manual_seed(0)
        model = baselines.build("mlp", 40, 20, 2)
        batches = baselines.ShuffledBatches(toy.x, toy.y, 50)
        (baselines.train_pruned if plain else baselines.train_masked)(model, batches, work, 2)
        layers = [layer for layer in model if isinstance(layer, nn.Linear)]
        if plain:
            model(toy.x)
            assert all(prune.is_pruned(layer) for layer in layers)
        kept.append([int((layer.weight != 0).sum()) for layer in layers])
    assert np.abs(np.subtract(*kept)).max() <= 3  # rounding in each round
    assert kept[0] == pytest.approx([800 * 0.8**3, 400 * 0.8**3, 200 * 0.9**3], abs=2)


def test_networks_that_are_mapped_over_equal_those_of_the_loop(toy, monkeypatch):
    work = replace(TINY, widths=(3, 8), seeds=2, batch_size=50, rounds=2)
    monkeypatch.setattr(torch, "randperm", torch.arange)  # all see the same order
    for rounds in (1, 2):
        errors = [baselines.prepare(replace(work, rounds=rounds), toy, v)(3) for v in ("tensor", "vmap")]
        np.testing.assert_allclose(*errors, atol=0.011)


@pytest.mark.skipif(not (measure.JAX / "jax").is_dir(), reason="JAX is installed by `make bench`")
@pytest.mark.parametrize("architecture", ["mlp", "cnn1d"])
def test_jax_learns_as_the_loops_do(tmp_path, architecture):
    work = replace(TINY, architecture=architecture, depth=2 + (architecture == "cnn1d"), widths=(8,), seeds=2, n=4000)
    measure.write_arrays(work, tmp_path / "data.npz")
    errors = [measure.run_child(replace(work, epochs=4), v, None, tmp_path / "data.npz") for v in ("jax", "tensor")]
    assert abs(errors[0]["test_error"] - errors[1]["test_error"]) < 0.1


# --- measuring --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "expected"), [(1e-9, [1, 1, 2]), (None, [100, 1, 100])])
def test_after_the_whole_or_an_epoch_it_is_measured_what_one_more_costs(seconds, expected):
    asked = []
    child.measured(lambda epochs: asked.append(epochs) or [0.5], 100, seconds)
    assert asked == expected


def test_one_network_is_not_mapped_over():
    assert set(VARIANTS) - set(replace(TINY, widths=(2,)).variants()) == {"vmap", "jax"}
    assert TINY.variants() == [*VARIANTS]


def test_the_tiny_work_runs_from_end_to_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(peak, "measure", lambda dtype: 1e11)
    rows = next(iter(measure.measure([TINY], rounds=1, seconds=0.05, variants=("loader", "fp32"))))
    path = tmp_path / "benchmark.json"
    measure.write(path, measure.provenance(), rows)
    written = report.load(path)
    assert {"date", "device", "cpu", "cores", "torch", "python", "commit"} <= set(written["provenance"])
    assert all("missing" not in run for row in written["rows"] for run in row["runs"]), report.missing(written)
    assert "Two tiny MLPs" in report.table(written)
    assert "extrapolated" in report.origin(written)


def test_a_variant_that_fails_is_missing():
    run = measure.run_child(replace(TINY, architecture="transformer"), "loader", None)
    assert "transformer" in run["missing"]
    assert "wall" not in run


def test_works_that_were_not_measured_anew_stay_only_from_the_same_machine(tmp_path):
    path, origin = tmp_path / "benchmark.json", measure.provenance()
    measure.write(path, origin, [{"work": "narrow", "k": 1}, {"work": "wide", "k": 1}])
    measure.write(path, origin, [{"work": "narrow", "k": 2}])
    assert [(row["work"], row["k"]) for row in report.load(path)["rows"]] == [("narrow", 2), ("wide", 1)]
    measure.write(path, origin | {"cpu": "another"}, [{"work": "cnn", "k": 3}])
    assert [row["work"] for row in report.load(path)["rows"]] == ["cnn"]


# --- reporting --------------------------------------------------------------------------------------------------------


def test_extrapolation():
    run = {
        "ready": 1.0,
        "wall": 20.0,
        "first": 3.0,
        "first_epochs": 1,
        "again": 2.0,
        "longer": 10.0,
        "longer_epochs": 5,
    }
    assert report.per_epoch(run) == 2.0
    assert report.beginning(run) == 8.0  # 5 s of start-up and the first epoch
    assert report.whole(run, 50) == 8.0 + 49 * 2.0
    assert report.whole({"ready": 1.0, "wall": 20.0, "first": 15.0, "first_epochs": 50}, 50) == 20.0


def test_a_run_on_an_unsteady_machine_is_not_extrapolated():
    run = {"ready": 1.0, "wall": 9.0, "first": 3.0, "first_epochs": 1, "again": 4.0, "longer": 2.0, "longer_epochs": 2}
    assert np.isnan(report.whole(run, 50))
    unsteady = content(**run)
    assert "too unsteady" in report.table(unsteady)
    assert "nan" not in report.table(unsteady) + report.targets(unsteady) + report.words(unsteady)


def test_ratio_share_and_steps():
    values = report.summaries(content())["tiny"]["fp32"]
    assert values["ratio"] == 10
    assert values["share"] == pytest.approx(TINY.flops_per_epoch(1000) * 50 / 8 / 1e9)
    assert values["steps_per_second"] == pytest.approx(2 * 2 * 50 / 8)


def test_the_table_says_what_is_extrapolated_missing_or_a_stand_in():
    full = report.table(content())
    assert "≈" not in full
    assert "| 10.0 " in full
    assert "missing" in full
    short = {"first_epochs": 1, "again": 1.0, "longer": 3.0, "longer_epochs": 3, "data": "random pixels for CIFAR-10"}
    quick = report.table(content(**short))
    assert "≈" in quick
    assert "(random pixels in its place)" in quick
    assert "it is not there" in report.missing(content())
    assert len({line.count("|") for line in quick.splitlines()}) == 1


def test_the_steady_state_stands_beside_the_whole():
    cold = {"again": 1.0, "longer": 3.0, "longer_epochs": 11}
    table = report.steady(content(**cold))  # all have an epoch of 0.2 s
    assert "| tiny | 0.2 | 1.0 (16.0) | 1.0 (7.7) | – | 1.0 (6.3) |" in table
    assert "| width 3 |" in table
    assert list(report.by_width(content(**cold))) == ["loader", "tensor", "jax", "fp32"]
    assert "JAX, vmap and jit: width 3: 1.0 times as long" in report.words_widths(content(**cold))


def test_targets_are_shown_whether_reached_or_not():
    table = report.targets(content())
    assert "| ≥ 2 | 10.0 | yes |" in table
    slow = content()
    slow["rows"][3]["runs"][0]["wall"] = slow["rows"][2]["runs"][1]["wall"] = 200.0
    assert "| ≥ 2 | 0.5 | no |" in report.targets(slow)


def test_a_machine_that_was_not_quiet_is_told():
    assert "not quiet" not in report.origin(content())
    assert "1.4 cores busy" in report.origin(content(others=1.4))
    assert "a dash in the tables: torch.func, vmap." in report.origin(content())


@pytest.mark.parametrize("measured", [True, False])
def test_the_page_shows_the_file(tmp_path, monkeypatch, measured):
    from sphinx.application import Sphinx

    monkeypatch.setattr(report, "RESULT", tmp_path / "benchmark.json")
    if measured:
        report.RESULT.write_text(json.dumps(content()), encoding="utf-8")
    (tmp_path / "index.md").write_text(PAGE, encoding="utf-8")
    monkeypatch.syspath_prepend(ROOT / "book/_ext")
    places = [str(tmp_path), None, str(tmp_path / "html"), str(tmp_path / "trees"), "html"]
    warnings = io.StringIO()
    Sphinx(*places, confoverrides={"extensions": ["myst_parser", "benchmark"]}, status=None, warning=warnings).build()
    assert "index.md" not in warnings.getvalue()
    html = (tmp_path / "html/index.html").read_text(encoding="utf-8")
    assert (
        "<p>10.0</p>" in html and 'role="img"' in html and 'id="fig-bars"' in html and "With a sentence" in html
    ) == measured
    assert ("Nothing has been measured" in html) != measured


def test_the_book_has_the_page_and_the_build_looks_at_its_file():
    assert "{benchmark} table" in (ROOT / "book/how_fast.md").read_text(encoding="utf-8")
    spec = importlib.util.spec_from_file_location("build", ROOT / "tools/build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert build.fingerprint({})


def test_the_variants_of_the_table_are_those_of_the_peaks():
    assert set(VARIANTS) == set(measure.PEAKS)
