"""Convolutional networks and transformers: sizes against the papers, initial weights against PyTorch's own."""

import math

import pytest
import torch
from torch import nn

from overparam.architectures import evaluate
from overparam.architectures.alone import (
    CNN,
    Conv,
    ResNet18,
    Transformer,
    cnn,
    conv,
    image_shape,
    resnet18,
    transformer,
)
from overparam.engine import single
from overparam.engine.single import prepare
from overparam.randomness import generator

SMALL = [
    (CNN(2), (3, 32, 32)),
    (CNN(2), (784,)),
    (CNN(2), (64,)),
    (Conv(2), (64,)),
    (Conv(2, 6), (3, 32, 32)),
    (ResNet18(2), (3, 32, 32)),
    (ResNet18(2), (28, 28)),
    (ResNet18(2), (64,)),
    (Transformer(8, depth=2, heads=2, tokens=11), (5,)),
]


def raw(description, shape, n=6):
    g = generator(1, "test")
    if isinstance(description, Transformer):
        return torch.randint(description.tokens, (n, *shape), generator=g).float()
    return torch.rand(n, *shape, generator=g)


@pytest.mark.parametrize(("description", "shape"), SMALL)
def test_raw_examples_become_logits_and_parameters_are_counted(description, shape):
    module = description.build(shape, 10, generator(0, "init"))
    assert module(description.examples(raw(description, shape))).shape == (6, 10)
    assert description.parameters(shape, 10) == sum(p.numel() for p in module.parameters())


def test_sizes_agree_with_the_papers():
    # by hand: weights, bias and batch norm of the convolutions, from 3, k, 2k, 4k to k, 2k, 4k, 8k channels; linear
    k = 64
    by_hand = 30 * k + (9 * k + 3) * 2 * k + (18 * k + 3) * 4 * k + (36 * k + 3) * 8 * k + 10 * (8 * k + 1)
    assert CNN(k).parameters((3, 32, 32), 10) == by_hand == 1_558_026
    assert ResNet18(64).parameters((3, 32, 32), 10) == 11_171_146
    counts = [
        Conv(64, depth).parameters((3, 32, 32), 10) for depth in (2, 4)
    ]  # 4.3M and 2.4M in the figure of the paper
    assert [round(count / 1e6, 1) for count in counts] == [4.3, 2.4]
    embeddings = 128 * (99 + 5 + 97)
    blocks = Transformer(128, tokens=99).parameters((5,), 97) - embeddings
    assert blocks == pytest.approx(4e5, rel=0.02)  # "about 4·10⁵ non-embedding parameters" (Power et al. 2022)


@pytest.mark.parametrize(("description", "shape"), SMALL)
def test_the_generator_alone_decides_the_initial_weights(description, shape):
    before = torch.get_rng_state()
    a, b, c = (description.build(shape, 10, generator(seed, "init")).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not any(torch.equal(a[name], c[name]) for name in a if name.endswith(("conv1.weight", "project.weight")))


@pytest.mark.parametrize(
    ("description", "shape"), [(CNN(32), (3, 32, 32)), (ResNet18(16), (3, 32, 32)), (Transformer(64, tokens=97), (5,))]
)
def test_initial_weights_are_distributed_as_pytorch_draws_them(description, shape):
    ours = description.build(shape, 10, generator(0, "init"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        theirs = description.module(shape, 10)
    for (name, p), q in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        assert p.dtype == q.dtype, name
        if p.unique().numel() <= 1:
            assert torch.equal(p, q), name  # batch and layer norm, with their running statistics
        elif p.numel() >= 500:
            assert p.std().item() == pytest.approx(q.std().item(), rel=0.15), name
            assert p.abs().max().item() == pytest.approx(q.abs().max().item(), rel=0.3), name
    for layer in ours.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            assert all(p.abs().max() <= bound for p in layer.parameters())


def test_a_flat_image_is_read_row_by_row():
    x = torch.arange(32.0).view(2, 16)
    assert torch.equal(CNN(1).examples(x), x.view(2, 1, 4, 4))
    assert image_shape((28, 28)) == (1, 28, 28)
    assert image_shape((3, 8, 6)) == (3, 8, 6)
    assert image_shape((16, 4, 4)) == (16, 4, 4)
    with pytest.raises(ValueError, match=r"shape \(32, 32, 3\) look like images with their channels last"):
        image_shape((32, 32, 3))


def test_attention_is_causal_and_order_matters():
    module = Transformer(16, tokens=7).build((4,), 7, generator(0, "init"))
    a, b = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 2, 3, 5]])
    hidden = [module.blocks(module.tokens(x) + module.positions.weight) for x in (a, b)]
    assert torch.equal(hidden[0][:, :3], hidden[1][:, :3])
    assert not torch.allclose(module(a), module(torch.tensor([[2, 1, 3, 4]])))


def test_a_resnet_block_starts_as_the_identity_plus_a_change():
    module = ResNet18(2).build((3, 8, 8), 10, generator(0, "init"))
    block = module[2]
    nn.init.zeros_(block.conv2.weight)
    x = torch.randn(4, 2, 8, 8, generator=generator(0, "test"))
    assert torch.equal(block(x), x)


def test_descriptions_for_a_sweep_name_the_fields_of_the_architecture():
    for described, expected in (
        (cnn(4), CNN(4)),
        (conv(4, depth=4), Conv(4, 4)),
        (resnet18(4), ResNet18(4)),
        (transformer(8, tokens=11), Transformer(8, 2, 4, tokens=11)),
    ):
        architecture = described.pop("architecture")
        assert architecture(**described) == expected


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda: CNN(0), "width must be a whole number from 1 up; got 0"),
        (lambda: ResNet18(2.5), "width must be a whole number from 1 up; got 2.5"),
        (lambda: Transformer(10, heads=4, tokens=5), "width must be a multiple of heads; got width 10 and 4 heads"),
        (lambda: Transformer(8, tokens=0), "tokens must be a whole number from 1 up; got 0"),
        (lambda: CNN(2).parameters((40,), 10), r"needs examples of shape \(channels, height, width\).*; got \(40,\)"),
        (lambda: CNN(2).parameters((3, 3), 10), "at least 4×4 pixels; got 3×3"),
        (lambda: Transformer(8, tokens=5).parameters((8, 8), 5), r"sequences of shape \(length,\); got \(8, 8\)"),
        (lambda: Transformer(8, tokens=5).examples(torch.tensor([[1.0, 5.0]])), "from 0 to 4; got 1.0 to 5.0"),
        (lambda: Transformer(8, tokens=5).examples(torch.tensor([[0.5, 2.0]])), "whole numbers from 0 to 4"),
    ],
)
def test_bad_descriptions_are_one_sentence(attempt, said):
    with pytest.raises(ValueError, match=said):
        attempt()


# --- Training one of them (overparam.engine.single) ---------------------------------------------------------


def batch(description, shape, n=12, classes=10):
    return description.examples(raw(description, shape, n)), torch.arange(n) % classes


@pytest.mark.parametrize(("description", "shape"), SMALL)
def test_gradient_norms_equal_a_loop_over_examples(description, shape):
    x, y = batch(description, shape)
    module = prepare(description.build(shape, 10, generator(0, "init")), "cpu")
    module(x)  # running statistics that are not the initial ones
    norms = evaluate.gradient_norms(module, x, y)
    assert module.training
    module.eval()
    for k in range(len(x)):
        loss = nn.functional.cross_entropy(module(x[k : k + 1]), y[k : k + 1])
        gradient = torch.autograd.grad(loss, list(module.parameters()))
        expected = torch.cat([g.flatten() for g in gradient]).norm()
        assert norms[k].item() == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "kind"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)]
)
@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_steps_equal_a_plain_loop(name, kind, loss):
    x, y = batch(CNN(3), (64,))
    ours, plain = (CNN(3).build((64,), 10, generator(0, "init")) for _ in range(2))
    ours = prepare(ours, "cpu")
    extra = {"momentum": 0.9} if name == "sgd" else {}
    update = single.optimizer(ours, name, 0.01, weight_decay=1e-3, **extra)
    reference = kind(plain.parameters(), lr=0.01, weight_decay=1e-3, fused=False, **extra)
    target = y if loss == "cross_entropy" else nn.functional.one_hot(y, 10).float()
    mean_loss = {"cross_entropy": nn.functional.cross_entropy, "squared": nn.functional.mse_loss}[loss]
    for _ in range(5):
        each = single.step(ours, update, x, y, loss)
        reference.zero_grad()
        expected = plain(x)
        mean_loss(expected, target).backward()
        reference.step()
        assert each.mean().item() == pytest.approx(mean_loss(expected, target).item(), abs=1e-4)


def test_outputs_do_not_depend_on_the_chunk_and_leave_the_module_as_it_was():
    x, _ = batch(ResNet18(2), (64,))
    module = ResNet18(2).build((64,), 10, generator(0, "init"))
    module(x)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    whole, parts = evaluate.outputs(module, x), evaluate.outputs(module, x, chunk=5)
    assert torch.allclose(whole, parts, atol=1e-6)
    assert torch.allclose(whole, evaluate.outputs(module, x, dtype=torch.bfloat16), atol=0.1)
    assert module.training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_bfloat16_keeps_weights_and_losses_in_float32():
    x, y = batch(CNN(4), (64,))
    module = prepare(CNN(4).build((64,), 10, generator(0, "init")), "cpu")
    update = single.optimizer(module, "sgd", 0.05, momentum=0.9)
    first = single.step(module, update, x, y, dtype=torch.bfloat16)
    for _ in range(20):
        last = single.step(module, update, x, y, dtype=torch.bfloat16)
    assert last.mean() < 0.5 * first.mean()
    assert {p.dtype for p in module.parameters()} | {last.dtype} == {torch.float32}


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_pruned_weights_stay_zero_and_the_others_move_as_with_masked_gradients(name):
    x, y = batch(CNN(3), (64,))
    ours, other = (CNN(3).build((64,), 10, generator(0, "init")) for _ in range(2))
    masks = [torch.rand(p.shape, generator=generator(0, "mask")) < 0.5 for p in ours.parameters()]
    for module in (ours, other):
        single.apply_masks(module, masks)
    for p, mask in zip(other.parameters(), masks, strict=True):
        p.register_hook(lambda gradient, mask=mask: gradient * mask)
    updates = [single.optimizer(module, name, 0.01, weight_decay=1e-3) for module in (ours, other)]
    for _ in range(5):
        for module, update in zip((ours, other), updates, strict=True):
            single.step(module, update, x, y)
        single.apply_masks(ours, masks)
    for p, q, mask in zip(ours.parameters(), other.parameters(), masks, strict=True):
        assert torch.allclose(p, q, atol=1e-6)
        assert (p[~mask] == 0).all()
