"""The stacked engine against a plain PyTorch loop, which is the reference."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.nn.utils import vector_to_parameters
from torch.utils.data import DataLoader, TensorDataset

from overparam.architectures.alone import CNN, Custom
from overparam.architectures.stacked import CNN1D, MLP, LeNet
from overparam.data.dataset import Data, corrupt_labels, subset
from overparam.data.load import digits
from overparam.data.synthetic import linear_teacher
from overparam.engine import hashing, stack
from overparam.engine import train as train_module
from overparam.engine.hashing import dropout_factors, gaussian, hash_keys
from overparam.engine.settings import Settings, Vector, log_schedule
from overparam.engine.single import Single, moved
from overparam.engine.train import train
from overparam.randomness import generator

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here"))]


@pytest.fixture(autouse=True)
def orders_of_a_cpu(monkeypatch):
    """On a GPU too the orders of the examples are those that the plain loop draws."""
    monkeypatch.setattr("overparam.engine.examples.is_hashed", lambda device: False)


@pytest.fixture(scope="module")
def images():
    return digits()


@torch.enable_grad()
def plain(settings: Settings, data: Data) -> torch.nn.Module:
    """One network trained as a textbook would."""
    rows = subset(data, settings.n, settings.data_seed)
    x, y = data.x[rows], data.y[rows]
    if settings.label_noise:
        y = corrupt_labels(y, settings.label_noise, data.classes, generator(settings.data_seed, "label noise"))
    outputs = data.outputs
    net = settings.architecture.build(data.x.shape[1:], outputs, generator(settings.init_seed, "init"))
    if settings.start:
        vector_to_parameters(torch.tensor(settings.start.values), net.parameters())
    masks = [torch.ones_like(p) for p in net.parameters()]
    if settings.mask:
        masks = [
            m.view_as(p)
            for m, p in zip(torch.tensor(settings.mask.values).split([p.numel() for p in masks]), masks, strict=True)
        ]
    kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.optimizer]
    extra = {"momentum": settings.momentum} if settings.optimizer == "sgd" else {}
    decay = 0 if settings.norm_target else settings.weight_decay
    groups = [{"params": list(net.parameters()), "lr": settings.lr}]
    if settings.layer_lr:
        affine = [part for part in net.modules() if isinstance(part, torch.nn.Linear | torch.nn.Conv1d)]
        groups = [
            {"params": list(part.parameters()), "lr": settings.lr * factor}
            for part, factor in zip(affine, settings.layer_lr, strict=True)
        ]
    optimizer = kind(groups, weight_decay=decay, **extra)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.averaging)
    )
    average.update_parameters(net)  # begins at the initial weights
    with torch.no_grad():
        initial = copy.deepcopy(net)
        for parameter, mask in zip(initial.parameters(), masks, strict=True):
            parameter *= mask
    order, steps = generator(settings.init_seed, "order"), 0
    choice = generator(settings.init_seed, "version")
    for _ in range(settings.epochs):
        seen = shifted(x, settings.shift, choice) if settings.shift else x
        batches = DataLoader(TensorDataset(seen, y), settings.n)
        if settings.batch_size and settings.steps > 1:
            rows = torch.randperm(settings.n, generator=order)
            batches = DataLoader(TensorDataset(seen[rows], y[rows]), settings.batch_size)
        for inputs, labels in batches:
            with torch.no_grad():
                for parameter, mask in zip(net.parameters(), masks, strict=True):
                    parameter *= mask
            optimizer.zero_grad()
            steps += 1
            if settings.input_noise:
                keys = hash_keys(settings.init_seed, "input noise", 2)
                noise = gaussian(*keys, steps, inputs[0].numel(), torch.arange(len(inputs)))
                inputs = inputs + settings.input_noise * noise.view_as(inputs)

            def answers(net, inputs, steps=steps):
                return forward_with_dropout(net, inputs, settings, steps) if settings.dropout else net(inputs)

            def loss_of(inputs, labels, answers=answers):
                logits, scale = answers(net, inputs), settings.output_scale
                if settings.loss == "cross_entropy":
                    return F.cross_entropy(logits, labels)
                wanted = F.one_hot(labels, outputs).float() if data.classes else labels
                if scale:
                    return F.mse_loss(scale * (logits - answers(initial, inputs).detach()), wanted) / scale**2
                return F.mse_loss(logits, wanted)

            def gradients(inputs=inputs, labels=labels, loss_of=loss_of):
                own = list(net.parameters())
                if settings.adversarial:
                    inputs = inputs.clone().requires_grad_()
                    (attack,) = torch.autograd.grad(loss_of(inputs, labels), inputs)
                    inputs = inputs.detach() + settings.adversarial * attack.sign()
                if settings.median_of == 3:
                    thirds = zip(inputs.chunk(3), labels.chunk(3), strict=True)
                    each = [torch.autograd.grad(loss_of(*third), own) for third in thirds]
                    return [torch.stack(three).median(0).values for three in zip(*each, strict=True)]
                loss = loss_of(inputs, labels)
                if settings.gradient_penalty:
                    inner = torch.autograd.grad(loss, own, create_graph=True)
                    loss = loss + settings.gradient_penalty * sum(g.pow(2).sum() for g in inner)
                return torch.autograd.grad(loss, own)

            found = gradients()
            if settings.sam:
                found = at_weights_uphill(net, [g * m for g, m in zip(found, masks, strict=True)], settings, gradients)
            for parameter, gradient in zip(net.parameters(), found, strict=True):
                parameter.grad = gradient.clone()
            if settings.norm_target:
                distance = sum(p.pow(2).sum() for p in net.parameters()) - settings.norm_target**2
                (settings.weight_decay / 2 * distance.abs()).backward()
            for group, factor in zip(optimizer.param_groups, settings.layer_lr or [1], strict=True):
                group["lr"] = settings.lr * factor * pace(settings, steps - 1)
            optimizer.step()
            average.update_parameters(net)
    with torch.no_grad():
        for parameter, mask in zip(net.parameters(), masks, strict=True):
            parameter *= mask
    net = average.module if settings.averaging else net
    if settings.output_scale:
        return lambda x: settings.output_scale * (net(x) - initial(x))
    return net.eval()


def at_weights_uphill(net, gradient, settings, gradients):
    """What ``gradients`` gives at the weights that lie ``settings.sam`` up this gradient (Foret et al. 2021)."""
    before = [p.detach().clone() for p in net.parameters()]
    norm = sum(g.pow(2).sum() for g in gradient).sqrt()
    with torch.no_grad():
        for parameter, g in zip(net.parameters(), gradient, strict=True):
            parameter += settings.sam * g / norm
    found = gradients()
    with torch.no_grad():
        for parameter, value in zip(net.parameters(), before, strict=True):
            parameter.copy_(value)
    return found


def pace(settings, step):
    """What a schedule makes of the learning rate."""
    if settings.schedule == "cosine":
        return (1 + np.cos(np.pi * step / (settings.steps * settings.epochs))) / 2
    return 1 / np.sqrt(1 + step // 512) if settings.schedule == "inverse_sqrt" else 1


def shifted(x, most, choice):
    """Every example rolled by 0, 1, −1, 2, −2, … positions, as drawn."""
    drawn = torch.randint(2 * most + 1, (len(x),), generator=choice).tolist()
    moves = [0, *(sign * k for k in range(1, most + 1) for sign in (1, -1))]
    return torch.stack([torch.roll(example, moves[v], -1) for example, v in zip(x, drawn, strict=True)])


def forward_with_dropout(net, x, settings, step):
    """The module with the engine's dropout factors after each ReLU."""
    keys = hash_keys(settings.init_seed, "dropout", 10)
    layer = 0
    for module in net:
        x = module(x)
        if isinstance(module, torch.nn.ReLU):
            channels, positions = (*x.shape[1:], 1)[:2]
            kept = dropout_factors(keys[layer], step, channels, positions, torch.arange(len(x)), settings.dropout)
            x = x * kept.movedim(-1, 0).reshape(x.shape)
            layer += 1
    return x


def vector(size, seed, kind):
    g = generator(seed, "test")
    return Vector(
        torch.randn(size, generator=g) / 5 if kind == "start" else (torch.rand(size, generator=g) < 0.5).float()
    )


MLP_8 = MLP(8).parameters((64,), 10)
MLP_8_8 = MLP(8, 2).parameters((64,), 10)
MLP_20 = MLP(20).parameters((64,), 10)
CNN_3 = CNN1D(3, 2).parameters((64,), 10)

STACKS = {
    "full batch, momentum, unequal widths": [
        Settings(MLP(w), n=100, epochs=40, lr=lr, momentum=0.9, init_seed=k, data_seed=k + 1)
        for k, (w, lr) in enumerate([(3, 0.1), (40, 0.05), (17, 0.2)])
    ],
    "batches, the last one short, label noise": [
        Settings(MLP(w, 2), n=90, epochs=10, batch_size=25, lr=0.1, label_noise=p, init_seed=k, data_seed=5)
        for k, (w, p) in enumerate([(8, 0.0), (30, 0.5), (30, 1.0)])
    ],
    "adam, weight decay, deep": [
        Settings(MLP(w, 3), n=60, epochs=40, lr=3e-3, optimizer="adam", weight_decay=wd, init_seed=k)
        for k, (w, wd) in enumerate([(5, 0.0), (20, 0.1), (12, 0.01)])
    ],
    # (steps of full size along gradients of nothing but rounding, as Adam takes them, would hide the decay at larger rates)
    "adamw: decay apart from the gradient": [
        Settings(MLP(w, 3), n=60, epochs=40, lr=1e-3, optimizer="adamw", weight_decay=wd, init_seed=k)
        for k, (w, wd) in enumerate([(5, 0.0), (20, 10.0), (12, 1.0)])
    ],
    "adamw, a cosine schedule, a step size for each layer, masks": [
        Settings(
            MLP(8),
            n=50,
            batch_size=20,
            epochs=13,
            lr=3e-3,
            optimizer="adamw",
            weight_decay=3.0,
            schedule="cosine",
            layer_lr=f,
            mask=vector(MLP_8, k, "mask"),
            init_seed=k,
        )
        for k, f in enumerate([(1.0, 0.5), (0.3, 1.0)])
    ],
    "adam where a batch is as long as an input": [
        Settings(MLP(9), n=40, batch_size=10, epochs=10, lr=1e-3, optimizer="adam", init_seed=k) for k in range(2)
    ],
    "squared loss on labels": [
        Settings(MLP(w), n=50, epochs=40, lr=0.3, momentum=0.5, loss="squared", weight_decay=1e-3, init_seed=k)
        for k, w in enumerate([4, 9])
    ],
    "unequal data sizes, full batch": [
        Settings(MLP(w), n=n, epochs=40, lr=0.1, momentum=0.9, weight_decay=wd, init_seed=k, data_seed=k)
        for k, (w, n, wd) in enumerate([(8, 20, 0.0), (20, 300, 1e-2), (6, 77, 0.0)])
    ],
    "unequal data and batch sizes": [
        Settings(MLP(8), n=n, batch_size=b, epochs=10, lr=0.1, momentum=0.9, init_seed=k)
        for k, (n, b) in enumerate([(40, 10), (80, 20), (37, 10), (100, 30)])
    ],
    "gradient penalty, full batch": [
        Settings(MLP(w, 2), n=n, epochs=40, lr=0.1, momentum=0.5, gradient_penalty=mu, init_seed=w)
        for w, n, mu in [(8, 50, 0.3), (20, 30, 0.01), (5, 40, 0.1)]
    ],
    "gradient penalty, batches, 1-D convolutions, adam": [
        Settings(
            CNN1D(w, 2), n=50, batch_size=20, epochs=13, lr=5e-4, optimizer="adam", gradient_penalty=mu, init_seed=w
        )
        for w, mu in [(3, 0.1), (6, 0.02)]
    ],
    "gradient penalty of the squared loss": [
        Settings(MLP(w), n=50, epochs=40, lr=0.3, loss="squared", gradient_penalty=mu, init_seed=w)
        for w, mu in [(8, 0.5), (20, 0.05)]
    ],
    "weight decay towards a norm": [
        Settings(MLP(w), n=50, epochs=40, lr=0.1, momentum=0.9, weight_decay=0.05, norm_target=mu, init_seed=w)
        for w, mu in [(8, 10.0), (20, 1.0), (8, 3.0)]
    ],
    "a step size for each layer": [
        Settings(MLP(w, 2), n=50, epochs=40, lr=0.1, momentum=0.9, weight_decay=0.01, layer_lr=f, init_seed=w)
        for w, f in [(8, (1.0, 0.5, 0.1)), (20, (0.0, 1.0, 2.0))]
    ],
    "a cosine schedule, adam, a step size for each layer": [
        Settings(
            MLP(w),
            n=50,
            batch_size=20,
            epochs=13,
            lr=3e-3,
            optimizer="adam",
            layer_lr=f,
            schedule="cosine",
            init_seed=w,
        )
        for w, f in [(8, (1.0, 0.5)), (20, (0.3, 1.0))]
    ],
    "a cosine schedule, momentum": [
        Settings(MLP(w), n=50, batch_size=20, epochs=13, lr=0.1, momentum=0.9, schedule="cosine", init_seed=w)
        for w in (8, 20)
    ],
    "a schedule past step 512": [
        Settings(MLP(1, 0), n=20, epochs=700, lr=0.1, schedule="inverse_sqrt", init_seed=k) for k in range(2)
    ],
    "sharpness-aware, momentum, weight decay, unequal": [
        Settings(
            MLP(w, 2),
            n=50,
            batch_size=b,
            epochs=13,
            lr=0.1,
            momentum=0.9,
            weight_decay=0.01,
            sam=r,
            init_seed=w,
            mask=m,
        )
        for w, b, r, m in [(8, 20, 0.1, None), (20, 17, 0.02, None), (8, 20, 0.3, vector(MLP_8_8, 0, "mask"))]
    ],
    "sharpness-aware, 1-D convolutions, adam, dropout, input noise": [
        Settings(
            CNN1D(w, 2),
            n=50,
            batch_size=20,
            epochs=13,
            lr=5e-4,
            optimizer="adam",
            dropout=0.2,
            input_noise=0.1,
            sam=r,
            init_seed=w,
        )
        for w, r in [(3, 0.1), (6, 0.02)]
    ],
    "sharpness-aware, a norm's target, a batch in parts": [
        Settings(MLP(w), n=900, epochs=40, lr=0.1, weight_decay=0.05, norm_target=1.0, sam=0.05, init_seed=w)
        for w in (700, 600)
    ],
    "sharpness-aware, gradient penalty": [
        Settings(MLP(w), n=30, epochs=40, lr=0.1, gradient_penalty=0.1, sam=0.1, init_seed=w) for w in (8, 20)
    ],
    "sharpness-aware, attacked": [
        Settings(MLP(w), n=50, batch_size=20, epochs=13, lr=0.1, adversarial=0.05, sam=r, init_seed=w)
        for w, r in [(8, 0.1), (12, 0.02)]
    ],
    "sharpness-aware, medians": [
        Settings(MLP(w), n=60, batch_size=30, epochs=20, lr=0.1, momentum=0.9, median_of=3, sam=0.1, init_seed=w)
        for w in (8, 12)
    ],
    "outputs scaled, momentum, unequal, one from a start": [
        Settings(
            MLP(w, 2),
            n=50,
            batch_size=b,
            epochs=13,
            lr=0.1,
            momentum=0.9,
            loss="squared",
            output_scale=a,
            start=s,
            init_seed=w,
        )
        for w, b, a, s in [(8, 20, 3.0, None), (20, 17, 0.3, None), (8, 20, 1.0, vector(MLP_8_8, 1, "start"))]
    ],
    "outputs scaled, 1-D convolutions, adam, dropout, masks": [
        Settings(
            CNN1D(w, 2),
            n=60,
            epochs=40,
            lr=5e-4,
            optimizer="adam",
            loss="squared",
            dropout=0.1,
            output_scale=a,
            mask=m,
            init_seed=w,
        )
        for w, a, m in [(3, 2.0, vector(CNN_3, 5, "mask")), (8, 0.5, None)]
    ],
    "outputs scaled, sharpness-aware, averaged, weight decay, input noise": [
        Settings(
            MLP(w),
            n=50,
            batch_size=20,
            epochs=13,
            lr=0.1,
            loss="squared",
            output_scale=a,
            sam=0.05,
            averaging=0.5,
            weight_decay=0.01,
            input_noise=0.1,
            init_seed=w,
        )
        for w, a in [(8, 2.0), (20, 0.5)]
    ],
    "averaged weights": [
        Settings(MLP(w), n=50, batch_size=20, epochs=13, lr=0.2, momentum=0.9, averaging=a, init_seed=w)
        for w, a in [(8, 0.9), (20, 0.5)]
    ],
    "unequal layers": [
        Settings(LeNet(w), n=50, batch_size=20, epochs=13, lr=3e-3, optimizer="adam", mask=m, init_seed=w)
        for w, m in ((5, None), (3, vector(LeNet(3).parameters((64,), 10), 0, "mask")))
    ],
    "no hidden layer": [Settings(MLP(1, 0), n=n, epochs=40, lr=0.3, momentum=0.9, init_seed=n) for n in (50, 30)],
    "a batch in parts": [Settings(MLP(w), n=900, epochs=40, lr=0.1, momentum=0.9, init_seed=w) for w in (700, 600)],
    "dropout": [
        Settings(MLP(w, 2), n=50, batch_size=20, epochs=13, lr=0.1, momentum=0.9, dropout=p, init_seed=w)
        for w, p in [(8, 0.5), (20, 0.1), (5, 0.3)]
    ],
    "masks and starts": [
        Settings(
            MLP(8), n=50, epochs=40, lr=0.1, momentum=0.9, weight_decay=0.01, mask=vector(MLP_8, 0, "mask"), init_seed=3
        ),
        Settings(MLP(20), n=50, epochs=40, lr=0.1, momentum=0.9, start=vector(MLP_20, 1, "start")),
        Settings(
            MLP(8),
            n=50,
            epochs=40,
            lr=0.1,
            momentum=0.9,
            mask=vector(MLP_8, 2, "mask"),
            start=vector(MLP_8, 3, "start"),
        ),
    ],
    "masks with adam": [
        Settings(MLP(8), n=50, epochs=40, lr=3e-3, optimizer="adam", mask=vector(MLP_8, k, "mask"), init_seed=k)
        for k in range(2)
    ],
    "1-D convolutions": [
        Settings(CNN1D(w, 2), n=60, batch_size=25, epochs=13, lr=0.1, momentum=0.9, weight_decay=wd, init_seed=w)
        for w, wd in [(3, 0.0), (8, 1e-2), (5, 0.0)]
    ],
    "1-D convolutions, full batch, adam, squared loss, masks": [
        Settings(CNN1D(w, 2), n=60, epochs=40, lr=5e-4, optimizer="adam", loss="squared", mask=m, init_seed=w)
        for w, m in [(3, vector(CNN_3, 5, "mask")), (8, None)]
    ],
    "shifts, unequal": [
        Settings(A(w, 2), n=60, batch_size=25, epochs=13, lr=0.1, momentum=0.9, shift=s, init_seed=w)
        for A, w, s in [(MLP, 8, 3), (MLP, 12, 0), (MLP, 5, 1)]
    ],
    "shifts in one batch": [Settings(MLP(w), n=60, epochs=40, lr=0.1, shift=2, init_seed=w) for w in (8, 12)],
    "input noise, dropout": [
        Settings(MLP(w), n=50, batch_size=20, epochs=13, lr=0.1, dropout=0.2, input_noise=s, init_seed=w)
        for w, s in [(8, 0.5), (20, 0.1)]
    ],
    "1-D convolutions, input noise, then attacked": [
        Settings(CNN1D(w, 2), n=50, batch_size=20, epochs=13, lr=0.05, input_noise=0.3, adversarial=a, init_seed=w)
        for w, a in [(3, 0.1), (6, 0.02)]
    ],
    "attacked, momentum": [
        Settings(MLP(w, 2), n=50, batch_size=20, epochs=13, lr=0.1, momentum=0.9, adversarial=a, init_seed=w)
        for w, a in [(8, 0.1), (12, 0.01)]
    ],
    "median of three parts, momentum, weight decay": [
        Settings(MLP(w), n=60, batch_size=30, epochs=20, lr=0.1, momentum=0.9, weight_decay=d, median_of=3, init_seed=w)
        for w, d in [(8, 0.0), (12, 0.01)]
    ],
    "1-D convolutions, median of three parts of all examples, adam": [
        Settings(CNN1D(w, 2), n=60, epochs=40, lr=1e-3, optimizer="adam", median_of=3, init_seed=w) for w in (3, 6)
    ],
    "batch norm, momentum, weight decay": [
        Settings(
            MLP(w, 2, batch_norm=True),
            n=60,
            batch_size=20,
            epochs=13,
            lr=0.1,
            momentum=0.9,
            weight_decay=d,
            init_seed=w,
        )
        for w, d in [(8, 0.0), (20, 0.01)]
    ],
    # (not with Adam, which takes steps of full size along the biases, whose gradient batch norm leaves to rounding)
    "1-D convolutions with batch norm and dropout": [
        Settings(
            CNN1D(w, 2, batch_norm=True),
            n=60,
            batch_size=20,
            epochs=13,
            lr=0.05,
            dropout=p,
            init_seed=w,
        )
        for w, p in [(3, 0.4), (6, 0.2)]
    ],
    "1-D convolutions with dropout": [
        Settings(CNN1D(w, 2), n=60, batch_size=20, epochs=13, lr=0.05, dropout=p, init_seed=w)
        for w, p in [(3, 0.4), (6, 0.2)]
    ],
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("networks", STACKS.values(), ids=STACKS.keys())
def test_stacked_equals_a_plain_loop(images, networks, device):
    for settings, record in zip(networks, train(networks, images, ["predictions"], device), strict=True):
        with torch.no_grad():
            logits = plain(settings, images)(images.x_test)
        outputs = logits.softmax(1) if settings.loss == "cross_entropy" else logits
        np.testing.assert_allclose(record["predictions"], outputs.flatten().numpy(), rtol=1e-5, atol=1e-6)
        assert record["test_error"] == pytest.approx((logits.argmax(1) != images.y_test).float().mean().item())


def test_regression_targets_equal_a_plain_loop():
    data = linear_teacher(80, 5, 0.1, seed=0)
    settings = Settings(MLP(12), n=80, epochs=40, lr=0.05, loss="squared")
    (record,) = train([settings], data, ["predictions"], "cpu")
    with torch.no_grad():
        expected = plain(settings, data)(data.x_test).flatten().numpy()
    np.testing.assert_allclose(record["predictions"], expected, rtol=1e-5, atol=1e-6)
    assert np.isnan(record["test_error"])


@pytest.mark.parametrize("networks", STACKS.values(), ids=STACKS.keys())
def test_neighbours_and_their_order_do_not_matter(images, networks):
    together = train(networks, images, ["predictions"], "cpu")
    reordered = train(networks[::-1], images, ["predictions"], "cpu")[::-1]
    for settings, a, b in zip(networks, together, reordered, strict=True):
        (alone,) = train([settings], images, ["predictions"], "cpu")
        np.testing.assert_allclose(a["predictions"], alone["predictions"], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(a["predictions"], b["predictions"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("networks", STACKS.values(), ids=STACKS.keys())
def test_no_result_depends_on_memory_that_nothing_was_written_to(images, networks):
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)  # fills such memory with NaN
    try:
        records = train(networks, images, ["predictions"], "cpu")
    finally:
        torch.use_deterministic_algorithms(before)
    assert all(np.isfinite(record["predictions"]).all() and not record["diverged"] for record in records)


def test_a_network_stops_at_the_weights_whose_loss_is_low_enough(images):
    # Few steps: a network in a stack and one alone round differently, which later steps amplify.
    common = {"n": 60, "lr": 0.3, "momentum": 0.9, "init_seed": 1}
    networks = [Settings(MLP(w), epochs=60, stop_loss=0.7, **common) for w in (16, 64)]
    networks.append(Settings(MLP(32), epochs=60, **common))
    records = train(networks, images, ["predictions", "curves"], "cpu")
    assert [r["epochs_run"] < 40 for r in records] == [True, True, False]
    for settings, record in zip(networks[:2], records, strict=False):
        again = Settings(settings.architecture, epochs=record["epochs_run"], **common)
        (reference,) = train([again], images, ["predictions"], "cpu")
        np.testing.assert_allclose(record["predictions"], reference["predictions"], atol=1e-4)
    for record in records:
        assert record["curve_epoch"][-1] == record["epochs_run"]
        assert record["curve_test_loss"][-1] == pytest.approx(record["test_loss"])
        assert np.all(np.diff(record["curve_epoch"]) > 0)
    assert all(r["train_loss"] < 0.7 for r in records[:2])
    one_step_less = Settings(MLP(16), epochs=records[0]["epochs_run"] - 1, **common)
    assert train([one_step_less], images, device="cpu")[0]["train_loss"] >= 0.7


def test_a_diverging_network_leaves_its_neighbours_alone(images):
    good = Settings(MLP(8), n=50, epochs=30, lr=0.1)
    bad = Settings(MLP(8), n=50, epochs=30, lr=1e6, weight_decay=1.0)
    broken, fine = train([bad, good], images, device="cpu")
    assert broken["diverged"]
    assert not fine["diverged"]
    assert fine["train_loss"] == pytest.approx(train([good], images, device="cpu")[0]["train_loss"], abs=1e-6)


def test_log_schedule_is_increasing_and_starts_at_zero():
    assert log_schedule(1) == [0]
    schedule = log_schedule(1000)
    assert schedule[:4] == [0, 1, 2, 3]
    assert max(schedule) < 1000
    assert np.all(np.diff(schedule) > 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lr": -1.0}, "lr .* must be positive; got -1.0"),
        ({"label_noise": 1.5}, r"label noise must lie in \[0, 1\]; got 1.5"),
        ({"batch_size": 51}, "batch_size must lie between 1 and the 50 training examples; got 51"),
        ({"optimizer": "lion"}, "optimizer must be one of sgd, adam, adamw; got 'lion'"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1; got 0"),
        ({"momentum": 1.0}, "momentum must lie in"),
        ({"weight_decay": -1e-3}, "weight decay must not be negative"),
        ({"shift": -1}, "shift must be a whole number of at least 0; got -1"),
        ({"flip": True}, "flip mirrors images, so it is an option of cnn and resnet18"),
        ({"input_noise": -0.1}, "input noise must not be negative; got -0.1"),
        ({"adversarial": -0.1}, "adversarial must not be negative"),
        ({"median_of": 2}, r"median_of must be 1 \(the mean\) or 3; got 2"),
        ({"median_of": 3}, "median_of=3 needs equal batches of three equal parts .*; n=50 with a batch size of 50"),
        ({"median_of": 3, "architecture": CNN(4)}, "median of is an option of mlp and cnn1d"),
        ({"architecture": MLP(4, batch_norm=True), "batch_size": 20}, "batch norm needs equal batches .*; n=50"),
        ({"schedule": "linear"}, "schedule must be one of constant, cosine, inverse_sqrt; got 'linear'"),
        ({"averaging": 1.0}, r"averaging must lie in \[0, 1\); got 1.0"),
        ({"averaging": 0.9, "architecture": CNN(4)}, "averaging is an option of mlp and cnn1d"),
        ({"averaging": 0.9, "architecture": MLP(4, batch_norm=True)}, "averaging averages weights and not"),
        ({"layer_lr": 0.1}, "layer_lr must be a tuple of factors of at least 0, in a sweep a list of tuples; got 0.1"),
        ({"norm_target": 3.0}, "norm_target is where weight decay pulls to; set weight_decay"),
        (
            {"norm_target": 3.0, "weight_decay": 0.1, "optimizer": "adamw"},
            "norm_target changes the gradient, and the weight decay of adamw is apart from it",
        ),
        ({"gradient_penalty": -1.0}, "gradient penalty must not be negative; got -1.0"),
        (
            {"gradient_penalty": 0.1, "dropout": 0.1, "dtype": "bfloat16"},
            "gradient_penalty of mlp and cnn1d does not go with dropout and bfloat16",
        ),
        ({"architecture": MLP(4, batch_norm=True), "adversarial": 0.1}, "batch norm takes its statistics from whole"),
        (
            {"architecture": MLP(4, batch_norm=True), "sam": 0.1},
            "do without adversarial, sam and median_of, or without",
        ),
        ({"sam": -0.1}, "sam must not be negative; got -0.1"),
        ({"output_scale": -1.0, "loss": "squared"}, "output scale must not be negative; got -1.0"),
        ({"output_scale": 2.0}, "output_scale divides the squared loss by its square, .* got loss='cross_entropy'"),
        (
            {"output_scale": 2.0, "loss": "squared", "adversarial": 0.1, "dtype": "bfloat16"},
            "output_scale does not go with adversarial and bfloat16; leave out one or the other",
        ),
    ],
)
def test_bad_settings_are_one_sentence(change, said):
    with pytest.raises(ValueError, match=said):
        Settings(**({"architecture": MLP(4), "n": 50, "epochs": 1, "lr": 0.1} | change))


@pytest.mark.parametrize("architecture", [MLP(4, batch_norm=True), CNN(2)])
def test_scaled_outputs_are_those_of_single_examples(images, architecture):
    settings = Settings(architecture, n=50, epochs=1, lr=0.1, loss="squared", output_scale=2.0)
    with pytest.raises(ValueError, match="output_scale takes the outputs of single examples, and batch norm in"):
        train([settings], images)


@pytest.mark.parametrize("width", [-3, 0, 2.5])
def test_bad_width_is_one_sentence(width):
    with pytest.raises(ValueError, match=r"width must be a whole number from 1 up; got"):
        MLP(width)


def test_a_factor_for_each_layer_is_asked_for_before_work_starts(images):
    for architecture, layers in ((MLP(4), 2), (CNN(2), 5)):
        settings = Settings(architecture, n=50, epochs=1, lr=0.1, layer_lr=(1.0, 0.5, 0.1))
        with pytest.raises(
            ValueError, match=f"layer_lr has 3 factors but .* has {layers} layers; give one factor each"
        ):
            train([settings], images)


@pytest.mark.parametrize(
    "options",
    [
        {"gradient_penalty": 0.3},
        {"sam": 0.1},
        {"weight_decay": 0.1, "norm_target": 2.0},
        {"layer_lr": (1.0, 0.5, 0.0, 2.0, 0.1)},
        {"schedule": "cosine", "optimizer": "sgd", "momentum": 0.9},
    ],
)
def test_a_network_on_images_follows_its_options(images, options):
    settings = Settings(CNN(2), n=24, epochs=8, lr=0.02, **options)
    (record,) = train([settings], images, ["predictions"], "cpu")
    net = CNN(2).build((64,), 10, generator(0, "init"))
    convolutions = [list(net[k].parameters()) + list(net[k + 1].parameters()) for k in (0, 3, 7, 11)]
    factors = settings.layer_lr or (1.0,) * 5
    groups = [{"params": own} for own in (*convolutions, list(net[-1].parameters()))]
    update = torch.optim.SGD(groups, lr=0.02, momentum=settings.momentum)
    rows = subset(images, 24, 0)
    x, y = CNN(2).examples(images.x[rows]), images.y[rows]

    def gradients_uphill():
        norms = [part for part in net if isinstance(part, torch.nn.BatchNorm2d)]
        for part in norms:
            part.momentum = 0.0  # running statistics are those at the weights themselves
        found = torch.autograd.grad(F.cross_entropy(net(x), y), list(net.parameters()))
        for part in norms:
            part.momentum = 0.1
        return found

    with torch.enable_grad():
        for step in range(8):
            loss = F.cross_entropy(net(x), y)
            if settings.gradient_penalty:
                gradients = torch.autograd.grad(loss, list(net.parameters()), create_graph=True)
                loss = loss + settings.gradient_penalty * sum(g.pow(2).sum() for g in gradients)
            if settings.norm_target:
                square = sum(p.pow(2).sum() for p in net.parameters())
                loss = loss + settings.weight_decay / 2 * (square - settings.norm_target**2).abs()
            update.zero_grad()
            loss.backward()
            if settings.sam:
                found = at_weights_uphill(net, [p.grad for p in net.parameters()], settings, gradients_uphill)
                for parameter, gradient in zip(net.parameters(), found, strict=True):
                    parameter.grad = gradient
            for group, factor in zip(update.param_groups, factors, strict=True):
                group["lr"] = 0.02 * factor * pace(settings, step)
            update.step()
    expected = net.eval()(CNN(2).examples(images.x_test)).softmax(1).detach().numpy()
    np.testing.assert_allclose(record["predictions"].reshape(-1, 10), expected, atol=1e-5)


def of_ones_own(width):
    return torch.nn.Sequential(torch.nn.Linear(64, width), torch.nn.Tanh(), torch.nn.Linear(width, 10))


ALONE = {
    "sharpness-aware, a norm's target, masked": {
        "sam": 0.1, "momentum": 0.9, "weight_decay": 0.05, "norm_target": 2.0, "mask": vector(610, 0, "mask"),
    },
    "sharpness-aware, adam, gradient penalty": {
        "sam": 0.05, "optimizer": "adam", "gradient_penalty": 0.1, "lr": 3e-3, "weight_decay": 0.05,
    },
    "outputs scaled, momentum, from a start": {
        "output_scale": 3.0, "loss": "squared", "momentum": 0.9, "start": vector(610, 1, "start"),
    },
    "outputs scaled, sharpness-aware, adam": {
        "output_scale": 0.3, "sam": 0.1, "loss": "squared", "optimizer": "adam", "lr": 3e-3,
    },
}  # fmt: skip


@pytest.mark.parametrize("options", ALONE.values(), ids=ALONE.keys())
def test_a_network_of_ones_own_equals_a_plain_loop(images, options):
    own = Custom(of_ones_own, (("width", 8),))
    settings = Settings(own, **({"n": 50, "batch_size": 20, "epochs": 13, "lr": 0.1} | options))
    (record,) = train([settings], images, ["predictions"], "cpu")
    with torch.no_grad():
        outputs = plain(settings, images)(images.x_test)
    expected = outputs if settings.loss == "squared" else outputs.softmax(1)
    np.testing.assert_allclose(record["predictions"], expected.flatten().numpy(), rtol=1e-5, atol=1e-6)


def dropping():
    return torch.nn.Sequential(torch.nn.Linear(64, 30), torch.nn.Dropout(0.5), torch.nn.Linear(30, 10))


# (one draws what it drops, which has to be the same in both passes)
@pytest.mark.parametrize("architecture", [MLP(8), CNN1D(3, 2), Custom(of_ones_own, (("width", 8),)), Custom(dropping)])
def test_uphill_by_next_to_nothing_is_a_plain_step(images, architecture):
    common = {"n": 50, "batch_size": 20, "epochs": 5, "lr": 0.1}
    networks = [Settings(architecture, sam=sam, **common) for sam in (0.0, 1e-7, 0.3)]
    none, little, much = (train([s], images, ["predictions"], "cpu")[0]["predictions"] for s in networks)
    np.testing.assert_allclose(little, none, atol=1e-5)
    assert np.abs(much - none).max() > 1e-3


@pytest.mark.parametrize("architecture", [MLP(8), CNN1D(3, 2), Custom(of_ones_own, (("width", 8),))])
def test_scaled_outputs_begin_at_nothing_and_their_loss_is_told_undivided(images, architecture):
    common = {"n": 50, "loss": "squared", "lr": 0.1}
    settings = Settings(architecture, epochs=20, output_scale=30.0, **common)
    record = {"curves": [0], "losses": [0], "predictions": None, "gradient_norms": [0]}
    (row,) = train([settings], images, record, "cpu")
    assert row["curve_train_loss"][0] == pytest.approx(0.1, abs=1e-7)  # of answering 0 to ten outputs, one of them 1
    assert (row["losses"][0] == np.float32(0.1)).all()
    assert row["train_loss"] < 0.097
    assert row["test_loss"] == pytest.approx(
        np.square(row["predictions"].reshape(-1, 10) - np.eye(10)[images.y_test]).mean(), rel=1e-5
    )
    # Where outputs are 0 the gradient is α times as large for α times as large outputs.
    (other,) = train([Settings(architecture, epochs=1, output_scale=10.0, **common)], images, record, "cpu")
    np.testing.assert_allclose(row["gradient_norms"][0], 3 * other["gradient_norms"][0], rtol=1e-4)


@pytest.mark.parametrize("architecture", [MLP(8), Custom(of_ones_own, (("width", 8),))])
@pytest.mark.parametrize("options", [{"sam": 0.2}, {"output_scale": 20.0, "loss": "squared"}])
def test_the_loss_that_training_stops_at_is_that_which_is_told(images, architecture, options):
    common = {"n": 50, "lr": 0.1, "momentum": 0.9, "epochs": 400} | options
    stop = 0.05 if options.get("output_scale") else 1.0
    (row,) = train([Settings(architecture, stop_loss=stop, **common)], images, {"curves": range(400)}, "cpu")
    assert 5 < row["epochs_run"] < 400
    assert row["train_loss"] < stop <= row["curve_train_loss"][-2]


def test_a_network_of_ones_own_drops_the_same_at_the_initial_weights(images):
    settings = Settings(Custom(dropping), n=50, epochs=1, lr=0.1, loss="squared", output_scale=2.0)
    net = Single([settings], images, torch.device("cpu"))
    net.examples.shuffle()
    losses = net.step(0, torch.zeros(1))
    assert losses.item() == pytest.approx(0.1, abs=1e-6)  # outputs are still those of the initial weights


def test_averaging_changes_what_is_recorded_and_not_when_training_stops(images):
    common = {"n": 60, "lr": 0.5, "epochs": 200, "stop_loss": 0.05}
    (own,) = train([Settings(MLP(16), **common)], images, {"weights": [0]}, "cpu")
    networks = [Settings(MLP(16), averaging=0.9, **common), Settings(MLP(16), averaging=0.9, **(common | {"lr": 0.1}))]
    averaged, _ = train(networks, images, {"weights": [0]}, "cpu")
    assert own["epochs_run"] == averaged["epochs_run"] < 200
    assert averaged["train_loss"] > 1.02 * own["train_loss"]  # the average lags behind
    np.testing.assert_array_equal(averaged["weights"][0], own["weights"][0])


def test_asking_for_an_unknown_record_is_one_sentence(images):
    with pytest.raises(ValueError, match=r"Cannot record hessians; choose from curves, predictions"):
        train([Settings(MLP(4), n=50, epochs=1, lr=0.1)], images, ["hessians"])


def test_gradient_norms_are_not_defined_with_batch_norm(images):
    with pytest.raises(ValueError, match=r"gradient_norms are not recorded of stacked networks with batch norm"):
        train([Settings(MLP(4, batch_norm=True), n=50, epochs=1, lr=0.1)], images, ["gradient_norms"])


def test_a_network_with_batch_norm_that_has_stopped_keeps_its_statistics(images):
    common = {"n": 60, "batch_size": 20, "lr": 0.1, "momentum": 0.9}
    networks = [Settings(MLP(16, batch_norm=True), epochs=60, stop_fitted=3, **common)]
    networks += [Settings(MLP(8, batch_norm=True), epochs=60, init_seed=k, **common) for k in range(8)]
    first, *_ = train(networks, images, ["predictions"], "cpu")
    assert first["epochs_run"] < 50
    (alone,) = train(
        [Settings(MLP(16, batch_norm=True), epochs=first["epochs_run"], **common)], images, ["predictions"], "cpu"
    )
    np.testing.assert_allclose(first["predictions"], alone["predictions"], atol=1e-4)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_of_the_units_and_keeps_the_mean(rate):
    key = hash_keys(0, "dropout", 1)
    factors = torch.stack([dropout_factors(key, step, 30, 2, torch.arange(100), rate) for step in range(1, 6)])
    assert set(factors.unique().tolist()) == {0.0, torch.tensor(1 / (1 - rate)).item()}
    dropped = (factors == 0).float()
    assert dropped.mean() == pytest.approx(rate, abs=4 * (rate * (1 - rate) / factors.numel()) ** 0.5)
    assert factors.mean() == pytest.approx(1, abs=4 * (rate / (1 - rate) / factors.numel()) ** 0.5)
    for axis in range(4):  # steps, units, positions and examples are dropped apart from one another
        ahead, behind = (dropped.narrow(axis, start, dropped.shape[axis] - 1) - rate for start in (1, 0))
        assert abs((ahead * behind).mean()) < 4 * rate * (1 - rate) / ahead.numel() ** 0.5
    assert not torch.equal(factors, dropout_factors(hash_keys(1, "dropout", 1), 1, 30, 2, torch.arange(100), rate))


def test_hashed_gaussian_numbers_are_normal_and_independent():
    keys = hash_keys(0, "input noise", 2)
    drawn = torch.stack([gaussian(*keys, step, 100, torch.arange(200)) for step in range(5)])
    assert abs(drawn.mean()) < 0.015
    assert drawn.std() == pytest.approx(1, abs=0.015)
    assert (drawn.abs() > 1.96).float().mean() == pytest.approx(0.05, abs=0.005)
    for a, b in ((drawn[1:], drawn[:-1]), (drawn[:, 1:], drawn[:, :-1]), (drawn[..., 1:], drawn[..., :-1])):
        assert abs((a * b).mean()) < 0.02


def test_hashed_gaussian_numbers_are_finite_at_both_ends(monkeypatch):
    for end in (-(2**31), -(2**31) + 50, 2**31 - 1):
        monkeypatch.setattr(hashing, "_hash", lambda x, end=end: torch.full_like(x, end))
        assert gaussian(*hash_keys(0, "input noise", 2), 1, 3, torch.arange(2)).isfinite().all()


def test_images_are_moved_and_mirrored():
    images = torch.arange(1.0, 13).view(1, 1, 3, 4).expand(3, 2, 3, 4)
    out = moved(images, torch.tensor([0, 1, 0]), torch.tensor([0, -1, 1]), torch.tensor([False, False, True]))
    assert out[0].equal(images[0])
    assert out[1, 0].tolist() == [[0, 0, 0, 0], [2, 3, 4, 0], [6, 7, 8, 0]]
    assert out[2, 1].tolist() == [[3, 2, 1, 0], [7, 6, 5, 0], [11, 10, 9, 0]]


def test_each_augmented_copy_of_an_image_is_moved_another_way(images):
    settings = Settings(CNN(2), n=3, epochs=1, lr=0.1, shift=1, flip=True)
    single = Single([settings], images, torch.device("cpu"))
    example = single.x[0]
    seen = single._drawn(torch.arange(settings.augmented_copies) * len(single.x))
    padded = F.pad(example, (1, 1, 1, 1))
    expected = [padded[:, 1 - down : 9 - down, 1 - right : 9 - right] for down in (-1, 0, 1) for right in (-1, 0, 1)]
    expected += [image.flip(-1) for image in expected]
    assert {image.numpy().tobytes() for image in seen} == {image.contiguous().numpy().tobytes() for image in expected}
    assert len(seen) == len(expected) == 18


def test_each_augmented_copy_of_a_signal_is_moved_another_way(images):
    settings = Settings(CNN1D(2, 1), n=3, epochs=1, lr=0.1, shift=2)
    pool = stack.Stack([settings], images, torch.device("cpu")).pool.view(5, 3, 64)
    signal = pool[0, 0]
    assert {moved.numpy().tobytes() for moved in pool[:, 0]} == {
        signal.roll(by).numpy().tobytes() for by in range(-2, 3)
    }


def test_a_network_on_images_sees_all_augmented_copies_of_its_examples(images):
    settings = Settings(CNN(2), n=40, batch_size=10, epochs=3, lr=0.05, shift=1, flip=True)
    assert settings.augmented_copies == 18
    (first,), (again,) = (train([settings], images, ["predictions"], "cpu") for _ in range(2))
    (still,) = train([Settings(CNN(2), n=40, batch_size=10, epochs=3, lr=0.05)], images, ["predictions"], "cpu")
    np.testing.assert_array_equal(first["predictions"], again["predictions"])
    assert not np.allclose(first["predictions"], still["predictions"], atol=1e-3)


# --- what diverges ----------------------------------------------------------------------------------------------------


EACH = ("correct", "losses", "gradient_norms", "test_correct", "test_losses")


@pytest.mark.parametrize("architecture", [MLP(8), CNN(2)])
@pytest.mark.parametrize("lr", [1e8, 1e30])
def test_a_network_that_diverged_has_no_error_and_no_prediction(images, architecture, lr):
    settings = Settings(architecture, n=50, epochs=12, lr=lr, batch_size=25)
    ask = {"curves": range(12), "predictions": None} | {name: [0] for name in EACH}
    (record,) = train([settings], images, ask, "cpu")
    assert record["diverged"]
    assert np.isnan([record[name] for name in ("train_loss", "train_error", "test_loss", "test_error")]).all()
    assert np.isnan(record["predictions"]).all()
    for name in ("train_loss", "train_error", "test_loss", "test_error"):
        curve = record[f"curve_{name}"]
        assert np.isfinite(curve[0])
        assert np.isnan(curve[-1])
        lost = np.isnan(curve)
        assert (np.diff(lost.astype(int)) >= 0).all()  # from where it was lost, to the end
    for name in EACH:
        assert np.isfinite(record[name][0]).all()
        assert np.isnan(record[name][-1]).all()
    assert record["correct"][0].any()


def test_a_loss_is_too_high_above_ten_times_its_start(images):
    high = np.random.default_rng(0).normal(size=MLP(8).parameters((64,), 10)) * 30
    settings = Settings(MLP(8), n=50, epochs=1, lr=1e-9, start=Vector(high))
    (record,) = train([settings], images, device="cpu")
    assert record["train_loss"] > 30  # it began there
    assert not record["diverged"]
    (fitted,) = train([Settings(MLP(30), n=50, epochs=400, lr=0.2)], images, ["weights"], "cpu")
    assert fitted["train_loss"] < 0.03
    other = Settings(MLP(30), n=50, epochs=1, lr=1e-9, start=Vector(fitted["weights"][-1]), data_seed=1, label_noise=1)
    (record,) = train([other], images, device="cpu")
    assert record["train_loss"] < 10 * np.log(10)
    assert not record["diverged"]


def test_a_regression_that_blew_up_is_seen_too():
    data = linear_teacher(40, 5, 0.1, 0)
    fine, lost = (Settings(MLP(8), n=40, epochs=20, lr=lr, loss="squared") for lr in (0.05, 3.0))
    records = train([fine, lost], data, device="cpu")
    assert [r["diverged"] for r in records] == [False, True]
    assert np.isfinite(records[0]["test_loss"])
    assert np.isnan(records[1]["test_loss"])


def test_losses_as_high_as_those_of_no_answer_at_all_are_no_divergence(images):
    fitted = train([Settings(MLP(30), n=50, epochs=400, lr=0.2)], images, ["weights"], "cpu")[0]["weights"][-1]
    settings = Settings(MLP(30), n=50, epochs=3, lr=0.5, start=Vector(fitted), input_noise=2.0, batch_size=5)
    (record,) = train([settings], images, {"curves": [0]}, "cpu")
    assert record["train_loss"] > 10 * record["curve_train_loss"][0]
    assert not record["diverged"]


def test_the_average_of_a_network_that_has_stopped_stays(images):
    common = {"n": 60, "lr": 0.5, "averaging": 0.9}
    networks = [Settings(MLP(16), epochs=60, stop_loss=0.5, **common)]
    networks += [Settings(MLP(16), epochs=60, init_seed=k, **common) for k in range(1, 8)]
    first, *_ = train(networks, images, ["weights"], "cpu")
    assert first["epochs_run"] < 50
    (alone,) = train([Settings(MLP(16), epochs=first["epochs_run"], **common)], images, ["weights"], "cpu")
    np.testing.assert_allclose(first["weights"][-1], alone["weights"][-1], atol=1e-4)


def test_the_loss_of_an_epoch_counts_each_example_once(images):
    settings = Settings(MLP(8), n=25, batch_size=10, epochs=3, lr=0.1)
    examples = stack.Stack([settings], images, torch.device("cpu")).examples
    assert [examples.weight(step).item() for step in range(3)] == pytest.approx([0.4, 0.4, 0.2])


def test_curves_of_what_diverged_stay_lost_where_they_come_down_again():
    record = {
        "epochs_run": 4,
        **{
            f"curve_{name}": np.array([2.0, 99.0, 3.0, 99.0])
            for name in ("train_loss", "train_error", "test_loss", "test_error")
        },
        "curve_epoch": np.array([0.0, 1, 2, 4]),
    }
    cut = train_module._without_diverged(record, 20.0)
    assert np.isnan(cut["curve_train_loss"]).tolist() == [False, True, True, True]
