"""Networks that are guessed or trained until they fit, at one loss."""

import pytest
import torch
import torch.nn.functional as F

from overparam.randomness import generator
from overparam.theory import guessing

WINDOW = (0.3, 0.45)


def examples(n=4, d=6, seed=0):
    draw = generator(seed, "examples")
    x = torch.randn(n, d, generator=draw)
    return x, (x[:, 0] > 0).float() * 2 - 1


def test_outputs_do_not_depend_on_the_size_of_the_weights():
    draw = generator(0, "weights")
    first, second = torch.randn(5, 3, 6, generator=draw), torch.randn(5, 3, generator=draw)
    x, _ = examples()
    by_hand = [6**0.5 * torch.relu(x @ w.T) @ v / (w.norm() * v.norm()) for w, v in zip(first, second, strict=True)]
    found = guessing.outputs(first, second, x)
    assert torch.allclose(found, torch.stack(by_hand), atol=1e-5)
    assert torch.allclose(guessing.outputs(7 * first, second / 3, x), found, atol=1e-5)


def test_random_outputs_have_about_variance_1():
    draw = generator(0, "many")
    first, second = torch.randn(4000, 16, 40, generator=draw), torch.randn(4000, 16, generator=draw)
    x = torch.randn(20, 40, generator=draw)
    assert guessing.outputs(first, second, x).var() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("find", [guessing.guess, guessing.descend])
def test_all_that_are_found_fit_at_a_loss_in_the_window(find):
    x, y = examples()
    found = find(x, y, 8, WINDOW)
    margins = guessing.outputs(found.first, found.second, x) * y
    loss = F.softplus(-margins).mean(1)
    assert 10 < len(loss) <= 100
    assert (margins > 0).all()
    assert ((loss > WINDOW[0] - 1e-5) & (loss <= WINDOW[1] + 1e-5)).all()
    assert (found.errors(x, y) == 0).all()
    assert (found.errors(x, -y) == 1).all()
    again = find(x, y, 8, WINDOW)
    assert torch.equal(found.first, again.first)


def test_guesses_are_counted():
    x, y = examples(n=1)
    found = guessing.guess(x, y, 8, (0, 10), wanted=10**6, most=2**15)
    assert found.tried == 2**15
    assert found.fit == len(found.first) == pytest.approx(2**14, rel=0.05)  # one example: right or wrong


def test_descent_lowers_the_error():
    x, y = examples(n=200)
    rest, labels = examples(n=500, seed=1)
    few = guessing.descend(x[:2], y[:2], 8, WINDOW).errors(rest, labels).mean()
    more = guessing.descend(x[:20], y[:20], 8, WINDOW).errors(rest, labels).mean()
    assert more < few - 0.1


@pytest.mark.parametrize("find", [guessing.guess, guessing.descend])
def test_what_is_wrong_is_said(find):
    x, y = examples()
    with pytest.raises(ValueError, match="a label of 1 or -1 for each of the 4 examples"):
        find(x, (y + 1) / 2, 8, WINDOW)
    with pytest.raises(ValueError, match=r"The window of losses is \(low, high\)"):
        find(x, y, 8, (0.5, 0.2))
