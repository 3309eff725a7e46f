"""The lab's engine (book/_static/lab/engine.js) against PyTorch and the package; in node, or else in Chromium."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

import chromium
from overparam import data
from overparam.architectures.stacked import MLP

ROOT = Path(__file__).resolve().parents[1]
LAB = ROOT / "book/_static/lab"
SOURCE = (LAB / "engine.js").read_text(encoding="utf-8")
NODE = shutil.which("node")
HIDDEN = [[3], [17], [40], [9, 9]]  # one stack: odd and even widths, one and two layers
STEPS = {
    "sgd": {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9},
    "adam": {"optimizer": "adam", "lr": 0.005},
}

# A stack trains from given weights; returned are its losses, its first gradients and its weights after the last step.
TRAIN = """(engine, { x, features, labels, hidden, how, weights, rows }) => {
  const nets = engine.stack({ x: Float64Array.from(x), features, classes: 10, hidden, ...how });
  nets.values.set(weights);
  let first;
  const losses = rows.map((batch) => {
    const found = nets.step(labels, batch);
    first ??= [...nets.gradients];
    return found;
  });
  return { losses, first, values: [...nets.values] };
}"""


def computed(function: str, given: object = None, source: str = SOURCE):
    """What a function of JavaScript returns of the engine and a value."""
    if NODE:
        program = f"{source}\nconst given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\nprocess.stdout.write(JSON.stringify(({function})(labEngine(), given)));"
        done = subprocess.run(
            [NODE, "-e", program], input=json.dumps(given), capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    if chromium.find() is None:
        pytest.skip("Neither node nor Chromium was found: install one to test the lab's engine.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        page = browser.new_page()
        page.add_script_tag(content=source)
        found = page.evaluate(f"(given) => ({function})(labEngine(), given)", given)
        browser.close()
        return found


def networks():
    """The stack's networks as the package builds them."""
    seeds = [torch.Generator().manual_seed(i) for i in range(len(HIDDEN))]
    return [MLP(h[0], len(h)).build((40,), 10, seed) for h, seed in zip(HIDDEN, seeds, strict=True)]


def flat(modules, part):
    """All weights [out, in] and biases of all layers of all networks, one after the other; or what `part` makes of each."""
    parts = [part(parameter) for module in modules for parameter in module.parameters()]
    return torch.cat([each.detach().double().flatten() for each in parts]).numpy()


def stacked(how, steps=40, dtype=torch.float64):
    """What the stack is given, and PyTorch's losses, first gradients and weights at the end."""
    examples = data.mnist1d(120, 10, 3, 1)
    x = examples.x.double().to(dtype)
    labels = [data.corrupt_labels(examples.y, 0.4, 10, torch.Generator().manual_seed(i)) for i in range(len(HIDDEN))]
    orders = [torch.Generator().manual_seed(50 + i) for i in range(len(HIDDEN))]
    size = 31  # odd, so that no product is a multiple of the engine's tile
    rows = [[torch.randperm(120, generator=g)[:size] for g in orders] for _ in range(steps)]
    modules = [module.to(dtype) for module in networks()]
    given = {
        "x": x.double().flatten().tolist(),
        "features": 40,
        "labels": [y.tolist() for y in labels],
        "hidden": HIDDEN,
        "how": how,
        "weights": flat(modules, lambda p: p).tolist(),
        "rows": [[r.tolist() for r in batch] for batch in rows],
    }
    settings = {key: value for key, value in how.items() if key != "optimizer"}
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[how["optimizer"]]
    optimizers = [kind(module.parameters(), **settings) for module in modules]
    losses, first = [], None
    for batch in rows:
        losses.append([])
        for module, optimizer, y, chosen in zip(modules, optimizers, labels, batch, strict=True):
            optimizer.zero_grad()
            loss = functional.cross_entropy(module(x[chosen]), y[chosen])
            loss.backward()
            losses[-1].append(loss.item())
        if first is None:
            first = flat(modules, lambda p: p.grad)
        for optimizer in optimizers:
            optimizer.step()
    return given, {"losses": np.array(losses), "first": first, "values": flat(modules, lambda p: p)}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize(
    ("dtype", "within"), [(torch.float64, 1e-9), (torch.float32, 1e-5)], ids=["float64", "float32"]
)
def test_forty_steps_are_those_of_pytorch(name, dtype, within):
    given, expected = stacked(STEPS[name], dtype=dtype)
    found = computed(TRAIN, given)
    for part, values in expected.items():
        np.testing.assert_allclose(found[part], values, rtol=0, atol=within, err_msg=part)
    assert np.abs(expected["values"] - given["weights"]).max() > 0.05  # the networks did move


MISTAKES = {
    "what ReLU holds back passes": ("if (before[i] === 0) back[i] = 0;", ""),
    "the mean is a sum": ("(c === told ? 1 : 0)) / examples", "(c === told ? 1 : 0))"),
    "biases learn nothing": ("gradients[bias + o] = sum", "gradients[bias + o] = 0"),
    "weights go back transposed": ("values, weight, 1, inputs, delta", "values, weight, inputs, 1, delta"),
    "a column too few": ("for (; j + 3 < n; j += 4) {\n        let s0", "for (; j + 4 < n; j += 5) {\n        let s0"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_backward_pass_is_seen(mistake):
    right, wrong = MISTAKES[mistake]
    assert SOURCE.count(right) == 1
    given, expected = stacked(STEPS["sgd"], steps=1)
    found = computed(TRAIN, given, SOURCE.replace(right, wrong))["first"]
    assert not np.allclose(np.array(found, dtype=float), expected["first"], rtol=0, atol=1e-5)


def test_answers_are_those_of_the_largest_output():
    given, _ = stacked(STEPS["sgd"], steps=1)
    function = """(engine, { x, features, hidden, weights }) => {
      const nets = engine.stack({ x: Float64Array.from(x), features, classes: 10, hidden });
      nets.values.set(weights);
      return hidden.map((_, network) => nets.answers(network, Float64Array.from(x)));
    }"""
    x = torch.tensor(given["x"], dtype=torch.float32).view(-1, 40)
    assert computed(function, given) == [module(x).argmax(1).tolist() for module in networks()]


def test_a_signal_is_that_of_the_mnist1d_package():
    from mnist1d.data import ObjectView, get_dataset_args, get_templates
    from mnist1d.transform import transform

    given, expected = [], []
    settings = ObjectView(get_dataset_args(as_dict=True) | {"max_translation": 1})
    templates = get_templates()
    for seed in range(20):
        digit, draws = seed % 10, np.random.RandomState(seed)
        pad, scale = draws.rand(2)
        draws.choice(1)
        smooth, rough = draws.randn(72).tolist(), draws.randn(72).tolist()
        given.append([digit, {"pad": pad, "scale": scale, "smooth": smooth, "rough": rough, "shear": draws.rand()}])
        before = np.random.get_state()  # noqa: NPY002 (what the package draws from)
        np.random.seed(seed)  # noqa: NPY002
        expected.append(transform(templates["x"][digit], templates["t"], settings)[0])
        np.random.set_state(before)  # noqa: NPY002
    found = computed("(engine, given) => given.map(([digit, draws]) => engine.signal(digit, draws))", given)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_signals_are_normalised_balanced_and_those_of_their_seed():
    function = "(engine) => [5, 5, 6].map((seed) => engine.signals(200, seed)).map(({ x, y }) => ({ x: [...x], y }))"
    one, same, other = computed(function)
    x = np.array(one["x"])
    assert (x.size, x.mean(), x.std()) == (200 * 40, pytest.approx(0, abs=1e-9), pytest.approx(1))
    assert np.bincount(one["y"]).tolist() == [20] * 10
    assert one == same
    assert not np.allclose(x, other["x"])
    assert one["y"] != other["y"]


def test_random_numbers_are_uniform_normal_and_differ_by_seed_and_purpose():
    from scipy import stats

    function = """(engine) => [[1, "weights"], [2, "weights"], [1, "order"]].map(([seed, purpose]) => {
      const random = engine.generator(seed, purpose);
      const many = (draw) => Array.from({ length: 4000 }, draw);
      return { uniform: many(random.uniform), normal: many(random.normal), order: random.shuffle([...Array(50).keys()]) };
    })"""
    streams = computed(function)
    for stream in streams:
        assert stats.kstest(stream["uniform"], "uniform").pvalue > 1e-4
        assert stats.kstest(stream["normal"], "norm").pvalue > 1e-4
        assert sorted(stream["order"]) == list(range(50))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(streams[a]["uniform"], streams[b]["uniform"])[0, 1]) < 0.1
        assert streams[a]["order"] != streams[b]["order"]


def test_labels_are_replaced_as_often_as_asked_and_the_same_ones_by_more():
    function = """(engine) => [0, 0.3, 0.6, 1].map((share) =>
      engine.corrupt(Array.from({ length: 5000 }, (_, i) => i % 10), share, 10, engine.generator(1, "labels")))"""
    true = np.arange(5000) % 10
    none, some, more, drawn = map(np.array, computed(function))
    assert (none == true).all()
    for labels, share in ((some, 0.3), (more, 0.6), (drawn, 1)):
        assert (labels != true).mean() == pytest.approx(0.9 * share, abs=0.03)
    moved = some != true
    assert (more[moved] == some[moved]).all()


@pytest.mark.slow
def test_the_hundred_networks_have_a_peak_with_wrong_labels_and_none_without():
    function = """(engine, wrongs) => wrongs.map((wrong) => [5, 18, 65].map((width) => {
      let sum = 0;
      for (const seed of [0, 1, 2]) {
        const job = { seed, width, wrong, n: 300, tests: 1000, epochs: 200, looks: [], batch: 50, optimizer: "adam", lr: 0.005 };
        engine.threshold(job, ({ test }) => (sum += test / 3));
      }
      return sum;
    }))"""
    (dip, peak, wide), clean = computed(function, [0.2, 0])
    assert peak > dip + 0.03
    assert peak > wide + 0.02
    assert clean[1] < clean[0] + 0.04


def test_digits_are_those_of_the_package():
    spec = importlib.util.spec_from_file_location("lab_digits", ROOT / "tools/lab_digits.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    written = tool.FILE.read_text(encoding="utf-8")
    assert written == tool.text(), "run tools/lab_digits.py"
    images = data.digits(200, seed=0)
    rows = written.split("`")[1].split()
    x = torch.cat([images.x, images.x_test])[: len(rows)]
    y = torch.cat([images.y, images.y_test])[: len(rows)]
    assert [int(row[0]) for row in rows] == y.tolist()
    assert torch.equal(torch.tensor([[int(c, 17) for c in row[1:]] for row in rows]) / 16, x)
