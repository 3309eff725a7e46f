# ---
# jupyter:
#   jupytext:
#     cell_markers: '"""'
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] withheld=["overparam.pruning"]
r"""
# Assignment 6: One round of pruning, and the weights that lead nowhere

The chapter {doc}`/notebooks/06_lottery_tickets` trains a network, removes its smallest weights, sets the others back to their initial values and trains again. Here you build one such round with its controls. Then you count
what nobody counted there: of the weights that are left, how many can have any effect at all?

| part | what you do | points | about |
| --- | --- | --- | --- |
| 1 | prune the smallest of the weights that are left | 6 | 30 min |
| 2 | the ticket and its two controls, from one initialisation | 6 | 35 min |
| 3 | the weights that lie on a path from an input to an output | 6 | 40 min |
| 4 | *Investigate*: how sparse is a sparse network? | 12 | 2 h |

Parts 1–3 are graded by tests. Some of these tests are in this notebook: run them, they say what is wrong. The others you do not see; they try other
shapes and other numbers, and check what the text promises. The package has some of this in `overparam.pruning`. Write your own: grading runs without
it. Part 4 is read by a person, with the rubric that you find there.

Throughout, a network is a list of weight matrices, one for each layer, of shape [inputs, outputs]; it has no biases. A list of masks has the same shapes, with 1 where a weight is kept and 0 where it
is pruned.
"""

# %%
# Set-up
import numpy as np
import pandas as pd
import torch
from matplotlib import pyplot as plt

from overparam import data, figures

figures.style()

# %% [markdown] question="prune"
r"""
## 1. One round

Of the weights that are *left*, remove the share that is smallest in absolute value: in every layer `round(share * left)` of its own, or, with `scope="global"`, `round(share * left)` of all layers together. What has been pruned stays pruned: a
pruned weight is 0 and so the smallest of all, but it must not be counted again. If several weights are equal, remove as many of them as it takes, whichever you like. Neither `weights` nor `masks` may change.
"""


# %% tags=["solution"]
def prune(weights, masks, share, scope="layer"):
    """The masks without the smallest of the weights that are left.

    weights: list of arrays [inputs, outputs], one for each layer
    masks:   list of arrays of the same shapes, 1 where a weight is left and 0 elsewhere
    share:   of the weights that are left, between 0 and 1
    scope:   "layer": this share of every layer; "global": of all layers together
    returns: a new list of masks
    """
    # BEGIN SOLUTION
    new = [np.array(mask) for mask in masks]
    sizes = [
        np.where(mask, np.abs(weight), np.inf)
        for weight, mask in zip(weights, new, strict=True)
    ]
    if scope == "global":
        left = sum(int(mask.sum()) for mask in new)
        order = np.argsort(np.concatenate([size.ravel() for size in sizes]), kind="stable")
        flat = np.concatenate([mask.ravel() for mask in new])
        flat[order[: round(share * left)]] = 0
        ends = np.cumsum([mask.size for mask in new])[:-1]
        return [
            part.reshape(mask.shape)
            for part, mask in zip(np.split(flat, ends), new, strict=True)
        ]
    for size, mask in zip(sizes, new, strict=True):
        order = np.argsort(size, axis=None, kind="stable")[: round(share * int(mask.sum()))]
        mask.ravel()[order] = 0
    return new
    # END SOLUTION


# %% tags=["test"] points=1
def test_a_layer_by_hand(prune):
    """Half of four weights: the two that are nearest to zero, whatever their sign."""
    found = prune([np.array([[3.0, -0.1], [-2.0, 0.5]])], [np.ones((2, 2))], 0.5)
    assert len(found) == 1, "one mask for each layer"
    assert np.array_equal(found[0], [[1, 0], [1, 0]]), f"3 and -2 stay, not {found[0]}"


# %% tags=["test"] points=1
def test_a_second_round(prune):
    """Pruned weights do not come back, and are not counted: of two weights left, half is one."""
    masks = [np.array([[1, 0, 1, 0]])]
    found = prune([np.array([[3.0, 0.0, -2.0, 0.0]])], masks, 0.5)
    assert np.array_equal(found[0], [[1, 0, 0, 0]]), f"-2 goes and 3 stays, not {found[0]}"
    assert np.array_equal(masks[0], [[1, 0, 1, 0]]), (
        "the masks that were passed in have changed"
    )


# %% tags=["hidden"] points=2
def test_each_layer_its_share(prune):
    """Random layers of unequal sizes and scales, two rounds."""
    rng = np.random.default_rng(61)
    weights = [
        s * rng.standard_normal(shape)
        for s, shape in ((1, (5, 8)), (9, (8, 3)), (0.1, (3, 7)))
    ]
    masks = [np.ones(w.shape) for w in weights]
    for share in (0.3, 0.5):
        before = masks
        masks = [np.asarray(mask) for mask in prune(weights, before, share)]
        for w, old, new in zip(weights, before, masks, strict=True):
            assert new.shape == w.shape, (
                f"a mask of shape {new.shape} for weights of shape {w.shape}"
            )
            assert np.all(new <= old), "a pruned weight has come back"
            assert new.sum() == old.sum() - round(share * old.sum()), (
                f"of {old.sum():g} weights {new.sum():g} are left at share {share}"
            )
            gone = (old == 1) & (new == 0)
            assert np.abs(w[gone]).max() <= np.abs(w[new == 1]).min(), (
                "a weight was removed that is larger than one that stays"
            )


# %% tags=["hidden"] points=1
def test_all_layers_together(prune):
    """With scope="global" the layer of small weights pays, also in a second round."""
    rng = np.random.default_rng(62)
    weights = [
        rng.standard_normal((6, 9)),
        0.05 * rng.standard_normal((9, 6)),
        rng.standard_normal((6, 2)),
    ]
    masks = [np.ones(w.shape) for w in weights]
    for share in (0.2, 0.45):
        before = sum(mask.sum() for mask in masks)
        masks = [np.asarray(mask) for mask in prune(weights, masks, share, "global")]
        left = sum(mask.sum() for mask in masks)
        assert left == before - round(share * before), f"{left:g} of {before:g} are left"
        kept = np.concatenate(
            [np.abs(w[m == 1]) for w, m in zip(weights, masks, strict=True)]
        )
        gone = np.concatenate(
            [np.abs(w[m == 0]) for w, m in zip(weights, masks, strict=True)]
        )
        assert gone.max() <= kept.min(), (
            "a weight was removed that is larger than one that stays"
        )


# %% tags=["hidden"] points=1
def test_equal_weights(prune):
    """Of equal weights exactly as many go as it takes, and nothing that was passed in changes."""
    weights, masks = [np.ones((4, 5)), -np.ones((5, 2))], [np.ones((4, 5)), np.ones((5, 2))]
    for scope, counts in (("layer", (15, 8)), ("global", None)):
        found = [np.asarray(mask) for mask in prune(weights, masks, 0.25, scope)]
        left = [int(mask.sum()) for mask in found]
        assert sum(left) == (23 if counts else 22), (
            f"of 20 and 10 equal weights {left} are left"
        )
        assert counts is None or tuple(left) == counts, (
            f"of 20 and 10 equal weights {left} are left"
        )
    assert all(np.all(mask == 1) for mask in masks), (
        "the masks that were passed in have changed"
    )


# %% [markdown] question="arms"
r"""
## 2. The ticket and its controls

Each arm of the experiment starts from initial weights `start` of the dense network and from the masks of part 1, and changes *one* thing:

- `"ticket"`: the masks, and the true initial weights;
- `"shuffled"`: the true initial weights, and in each layer a random mask that keeps as many weights, all such masks equally likely;
- `"redrawn"`: the masks, and in each layer new initial values. So that the layer's values are the same to the last digit, permute its initial weights, *all* of them, kept or not, all permutations equally likely. (Those that are kept are then a random draw from the layer. Those of the ticket need not be; part 4 comes back to this.)

Return for every arm its weights, 0 where pruned, and its masks. The same seed gives the same arms, another seed other ones.
"""


# %% tags=["solution"]
def arms(start, masks, seed=0):
    """The ticket and its two controls.

    start:   list of arrays [inputs, outputs], the initial weights of the dense network
    masks:   list of arrays of the same shapes
    seed:    an integer
    returns: a dictionary from "ticket", "shuffled" and "redrawn" to (weights, masks), two lists
    """
    # BEGIN SOLUTION
    rng = np.random.default_rng(seed)

    def permuted(array):
        return rng.permutation(np.ravel(array)).reshape(np.shape(array))

    plans = {
        "ticket": (start, masks),
        "shuffled": (start, [permuted(mask) for mask in masks]),
        "redrawn": ([permuted(weight) for weight in start], masks),
    }
    return {
        name: (
            [weight * mask for weight, mask in zip(weights, own, strict=True)],
            [np.array(mask) for mask in own],
        )
        for name, (weights, own) in plans.items()
    }
    # END SOLUTION


# %% tags=["test"] points=1
def test_the_ticket(arms):
    """The ticket has the initial weights where its mask is 1, and zeros elsewhere."""
    start, masks = [np.array([[1.0, -2.0], [3.0, 4.0]])], [np.array([[1, 0], [0, 1]])]
    found = arms(start, masks)
    assert set(found) == {"ticket", "shuffled", "redrawn"}, (
        f"three arms, not {sorted(found)}"
    )
    weights, own = found["ticket"]
    assert np.array_equal(own[0], masks[0]), "the ticket has the masks that were given"
    assert np.array_equal(weights[0], [[1, 0], [0, 4]]), (
        f"its weights are 1 and 4, not {weights[0]}"
    )


# %% tags=["test"] points=1
def test_as_many_weights(arms):
    """Every arm keeps as many weights in every layer, and is 0 where pruned."""
    rng = np.random.default_rng(0)
    start = [rng.standard_normal((6, 5)), rng.standard_normal((5, 3))]
    masks = [(rng.random(w.shape) < 0.4).astype(float) for w in start]
    for name, (weights, own) in arms(start, masks, 3).items():
        for w, mask, given in zip(weights, own, masks, strict=True):
            assert np.sum(mask) == np.sum(given), (
                f"{name}: {np.sum(mask)} weights, not {np.sum(given)}"
            )
            assert np.array_equal(np.asarray(w) != 0, np.asarray(mask) != 0), (
                f"{name}: the weights are 0 where, and only where, the mask is"
            )


# %% tags=["hidden"] points=1
def test_the_shuffled_arm(arms):
    """True initial weights under a mask that falls on every place equally often."""
    start, masks = [np.arange(1.0, 13).reshape(3, 4)], [np.eye(3, 4)]
    often = np.zeros((3, 4))
    for seed in range(300):
        weights, own = arms(start, masks, seed)["shuffled"]
        assert np.array_equal(weights[0], start[0] * own[0]), (
            "the shuffled arm keeps the true initial weights"
        )
        often += own[0]
    assert np.all(np.abs(often / 300 - 0.25) < 0.1), (
        f"the masks fall unequally: {np.round(often / 300, 2)}"
    )


# %% tags=["hidden"] points=2
def test_the_redrawn_arm(arms):
    """The ticket's mask, and the layer's own initial values, all of them, in every order."""
    start = [np.arange(1.0, 10).reshape(3, 3), np.arange(10.0, 16).reshape(3, 2)]
    masks = [np.array([[1, 1, 0], [0, 0, 0], [0, 0, 0]]), np.ones((3, 2))]
    first, means = [], []
    for seed in range(300):
        weights, own = arms(start, masks, seed)["redrawn"]
        assert np.array_equal(own[0], masks[0]), (
            "the redrawn arm has the masks that were given"
        )
        assert np.array_equal(np.sort(np.ravel(weights[1])), np.ravel(start[1])), (
            "the initial values of a layer are permuted within the layer, and none is lost"
        )
        first.append(float(weights[0][0][0]))
        means.append(np.asarray(weights[1]))
    shares = [first.count(value) / 300 for value in range(1, 10)]
    assert max(abs(share - 1 / 9) for share in shares) < 0.08, (
        "each of the layer's initial values, pruned ones too, must be equally likely"
    )
    assert np.all(np.abs(np.mean(means, axis=0) - 12.5) < 0.6), (
        "some orders are more likely than others"
    )


# %% tags=["hidden"] points=1
def test_seeds_and_copies(arms):
    """The same seed, the same arms; and nothing that was passed in changes."""
    rng = np.random.default_rng(63)
    start = [rng.standard_normal((7, 6)), rng.standard_normal((6, 4))]
    masks = [(rng.random(w.shape) < 0.5).astype(float) for w in start]
    copies = [w.copy() for w in start], [m.copy() for m in masks]
    a, b, c = (arms(start, masks, seed) for seed in (5, 5, 6))
    for name in ("shuffled", "redrawn"):
        assert np.array_equal(a[name][0][0], b[name][0][0]), (
            f"{name}: the same seed gives other weights"
        )
        assert not np.array_equal(a[name][0][0], c[name][0][0]), (
            f"{name}: another seed must give other weights"
        )
    for given, copy in zip((*start, *masks), (*copies[0], *copies[1]), strict=True):
        assert np.array_equal(given, copy), "an array that was passed in has changed"


# %% [markdown] question="useful"
r"""
## 3. The weights that lead nowhere

A weight has an effect only if it lies on a *path*: a chain of weights that are left, one in each layer, from some input to some output. If all weights into a unit are pruned, its activation is 0 for ever (there are no biases), and all that leave
it are useless. If all weights out of it are pruned, all that enter it are. And so on, layer by layer, in both directions.

Return the masks without the useless weights. How many ones they have is the *effective* size of the network ([Vysogorets and Kempe, 2023](https://arxiv.org/abs/2107.02306)).
"""


# %% tags=["solution"]
def useful(masks):
    """The masks of those weights that lie on a path from an input to an output.

    masks:   list of arrays [inputs, outputs], one for each layer
    returns: a new list of arrays of the same shapes
    """
    # BEGIN SOLUTION
    kept = [np.asarray(mask) != 0 for mask in masks]
    fed = [np.ones(len(kept[0]), dtype=bool)]  # units that some input reaches
    for mask in kept:
        fed.append(mask[fed[-1]].any(axis=0))
    heard = [np.ones(kept[-1].shape[1], dtype=bool)]  # units that reach some output
    for mask in kept[::-1]:
        heard.insert(0, mask[:, heard[0]].any(axis=1))
    return [
        (mask & fed[layer][:, None] & heard[layer + 1]).astype(float)
        for layer, mask in enumerate(kept)
    ]
    # END SOLUTION


# %% tags=["test"] points=1
def test_two_layers_by_hand(useful):
    """Unit 1 hears nothing, unit 2 is not heard; only the path through unit 0 is left."""
    first = np.array([[1, 0, 1], [0, 0, 0]])
    second = np.array([[1, 0], [1, 1], [0, 0]])
    found = useful([first, second])
    assert np.array_equal(found[0], [[1, 0, 0], [0, 0, 0]]), (
        f"the first layer has one useful weight, not {found[0]}"
    )
    assert np.array_equal(found[1], [[1, 0], [0, 0], [0, 0]]), (
        f"and so has the second, not {found[1]}"
    )


# %% tags=["test"] points=1
def test_a_dense_network(useful):
    """If nothing is pruned, all is useful."""
    masks = [np.ones((3, 4)), np.ones((4, 4)), np.ones((4, 2))]
    assert all(np.all(np.asarray(mask) == 1) for mask in useful(masks)), (
        "some weights of a dense network are missing"
    )


# %% tags=["hidden"] points=2
def test_against_the_paths_themselves(useful):
    """Random masks of two to four layers: the number of paths through every weight, counted."""
    rng = np.random.default_rng(64)
    for sizes, share in (
        ((5, 6, 3), 0.3),
        ((4, 7, 7, 3), 0.25),
        ((6, 5, 6, 5, 4), 0.3),
        ((3, 2), 0.5),
    ):
        for _ in range(4):
            masks = [
                (rng.random((sizes[k], sizes[k + 1])) < share).astype(float)
                for k in range(len(sizes) - 1)
            ]
            found = useful(masks)
            for layer, mask in enumerate(masks):
                into, out = np.ones(sizes[0]), np.ones(sizes[-1])
                for before in masks[:layer]:
                    into = into @ before
                for after in masks[:layer:-1]:
                    out = after @ out
                paths = into[:, None] * mask * out
                assert np.array_equal(
                    np.asarray(found[layer]), (paths > 0).astype(float)
                ), (
                    f"layer {layer} of a network of sizes {sizes}: other weights lie on a path"
                )


# %% tags=["hidden"] points=1
def test_chains_of_uselessness(useful):
    """One weight pruned at the far end makes a whole chain useless, in both directions."""
    chain = [np.eye(3) for _ in range(5)]
    for cut in (0, 2, 4):
        masks = [mask.copy() for mask in chain]
        masks[cut][1, 1] = 0
        for mask in useful(masks):
            assert np.array_equal(mask, np.diag([1.0, 0, 1])), (
                f"cut in layer {cut}: unit 1 is useless everywhere"
            )
        assert sum(mask.sum() for mask in masks) == 14, (
            "the masks that were passed in have changed"
        )


# %% tags=["hidden"] points=1
def test_a_network_that_is_cut(useful):
    """If a layer is empty nothing is useful; and inputs that nobody hears do not matter."""
    masks = [np.ones((4, 3)), np.zeros((3, 3)), np.ones((3, 2))]
    assert sum(np.sum(mask) for mask in useful(masks)) == 0, (
        "no path leads through an empty layer"
    )
    first = np.ones((4, 3))
    first[2] = 0
    found = useful([first, np.ones((3, 2))])
    assert np.array_equal(found[0], first), "all other inputs still have their paths"
    assert np.all(found[1] == 1), "all units are fed by the other inputs"


# %% [markdown] question="investigate" points=12
r"""
## Investigate: how sparse is a sparse network?

With a few per cent of the weights a shuffled mask learns much less than a ticket with as many. Is this because the ticket's weights are at *better* places, because they have better *initial values* there, or because many of the shuffled mask's weights lead *nowhere*, so that it is in truth a far smaller network? The chapter gives both arms the same number of weights; nobody
asked how many of them do anything. `train` below trains a network of sizes 64–100–50–10 without biases on 1,000 digits, with masks; that takes a second or a few, depending on the machine.

1. **Predict** (before you run anything): of the weights that are left when 30 %, 10 %, 3 % and 1 % are kept, which share is useful for a random mask? And for the masks of one round of magnitude pruning, by layer and global? Why would training make a difference to that?
2. **Measure** the useful share and the test accuracy for the ticket, the shuffled and the redrawn arm, over at least five seeds, at five shares or more, after one round from the trained dense network: with `scope="layer"`, and at one share at least with `"global"`, since the two differ much where little is left.
3. **The fair control**: a random mask with as many *useful* weights as the ticket, in all layers together. (Keep more weights at random, or fewer, until the useful ones are as many, up to a few; say how you do it, and how you divide them over the layers.) How much of the gap between ticket and shuffled does it close? And how much of it is between ticket and redrawn, which have the same places? Give the differences, paired by seed, an error bar.
4. **Answer**, in about 400 words and two figures: Where does sparsity as usually counted mislead, and from which share on? What makes the rest of the gap: places, initial values, anything else? (Look at which *pixels* the masks keep.) A colleague reports "a random mask with 1 % of the weights does not train". What would you ask? Say what
   result would have proved you wrong, and one thing that your experiment cannot tell.

| rubric | points |
| --- | --- |
| the prediction is specific, gives a reason, and is compared with the outcome (being wrong costs nothing) | 2 |
| the measurement: three arms, five shares, five seeds, by layer and once global, all arms of a seed from the same initial weights and data; the fair control has as many useful weights, checked | 3 |
| the figures can be read without the text: axes, units, legend, bands | 2 |
| the answers follow from paired differences, and keep apart number, usefulness, place and initial values | 3 |
| what would have proved it wrong, and a real limit of the experiment | 2 |

Cells below this line are not run by the grader. Leave their outputs in.
"""

# %% [markdown] tags=["start"]
r"""
**My prediction**, written before anything was run:
"""

# %% tags=["start"]
digits = data.digits()
shapes = ((64, 100), (100, 50), (50, 10))


def initial(seed):
    """Initial weights of a dense network, with the usual scale for ReLU."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) * np.sqrt(2 / shape[0]) for shape in shapes]


def train(weights, masks, seed=0, epochs=40, lr=0.1):
    """Weights after training with masks, and the accuracy on test digits."""
    layers = [torch.tensor(w, dtype=torch.float32, requires_grad=True) for w in weights]
    keep = [torch.tensor(m, dtype=torch.float32) for m in masks]
    optimizer = torch.optim.SGD(layers, lr=lr, momentum=0.9)
    order = torch.Generator().manual_seed(seed)

    def outputs(x):
        for k, (layer, mask) in enumerate(zip(layers, keep, strict=True)):
            x = (x if k == 0 else torch.relu(x)) @ (layer * mask)
        return x

    images, labels = digits.x.flatten(1).float(), digits.y
    for _ in range(epochs):
        for batch in torch.randperm(len(labels), generator=order).split(100):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(
                outputs(images[batch]), labels[batch]
            ).backward()
            optimizer.step()
    with torch.no_grad():
        right = outputs(digits.x_test.flatten(1).float()).argmax(1) == digits.y_test
    return [
        (w * m).detach().numpy() for w, m in zip(layers, keep, strict=True)
    ], right.float().mean().item()


# %% tags=["solution"]
# BEGIN SOLUTION
shares, seeds = (0.3, 0.1, 0.05, 0.03, 0.02, 0.01), range(5)
dense = [np.ones(shape) for shape in shapes]


def size(masks):
    """How many weights a list of masks keeps."""
    return sum(mask.sum() for mask in masks)


def as_useful(masks, seed):
    """Random masks with as many useful weights in all as those, the layers' shares in proportion."""
    rng = np.random.default_rng(seed)
    wanted = size(useful(masks))
    ranks = [rng.random(mask.shape) / mask.mean() for mask in masks]
    low, high = 0.0, 1 / min(mask.mean() for mask in masks)
    for _ in range(30):  # more and more weights are kept, in a fixed random order
        middle = (low + high) / 2
        found = [(rank < middle).astype(float) for rank in ranks]
        low, high = (middle, high) if size(useful(found)) < wanted else (low, middle)
    return [(rank < high).astype(float) for rank in ranks]


rows = []
for seed in seeds:
    start = initial(seed)
    trained, accuracy = train(start, dense, seed)
    rows.append((seed, 1.0, "dense", accuracy, size(dense), size(dense)))
    for share in shares:
        for scope in ("layer", "global"):
            masks = prune(trained, dense, 1 - share, scope)
            runs = arms(start, masks, seed)
            random = as_useful(masks, seed)
            runs["as useful"] = [w * m for w, m in zip(start, random, strict=True)], random
            for name, (weights, own) in runs.items():
                accuracy = train(weights, own, seed)[1]
                rows.append(
                    (
                        seed,
                        share,
                        f"{name}, {scope}",
                        accuracy,
                        size(own),
                        size(useful(own)),
                    )
                )
table = pd.DataFrame(
    rows, columns=["seed", "share", "arm", "accuracy", "weights", "useful"]
)
table["useful share"] = table.useful / table.weights
table.pivot_table(["accuracy", "useful share"], "share", "arm").round(3).T
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8))
for name, color in (
    ("ticket", "C0"),
    ("shuffled", "C1"),
    ("redrawn", "C2"),
    ("as useful", "C3"),
):
    found = table[table.arm == f"{name}, layer"].groupby("share")
    for ax, column in zip(axes, ("useful share", "accuracy"), strict=True):
        mean, error = found[column].mean(), found[column].std() / np.sqrt(len(seeds))
        ax.plot(mean.index, mean, "o-", color=color, label=name)
        ax.fill_between(
            mean.index, mean - 2 * error, mean + 2 * error, color=color, alpha=0.2
        )
axes[1].axhline(
    table[table.arm == "dense"].accuracy.mean(), color="gray", linestyle=":", label="dense"
)
for ax, title in zip(
    axes, ("useful, of the weights that are left", "accuracy on test digits"), strict=True
):
    ax.set(
        xscale="log",
        xlabel="share of weights that ticket, shuffled, redrawn keep",
        title=title,
    )
axes[1].legend()
plt.show()
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
rows = []
for scope in ("layer", "global"):
    wide = table[table.arm.str.endswith(scope)].pivot(
        index=["share", "seed"], columns="arm", values="accuracy"
    )
    for one, other in (
        ("ticket", "shuffled"),
        ("ticket", "as useful"),
        ("as useful", "shuffled"),
        ("ticket", "redrawn"),
    ):
        gap = (
            (wide[f"{one}, {scope}"] - wide[f"{other}, {scope}"])
            .groupby("share")
            .agg(["mean", "sem"])
        )
        rows.append(
            pd.Series(
                [f"{100 * m:+.1f} ± {100 * s:.1f}" for m, s in gap.to_numpy()],
                gap.index,
                name=f"{one} - {other}, {scope}",
            )
        )
print("points of accuracy, ± one standard error")
pd.DataFrame(rows)
# END SOLUTION

# %% tags=["solution"]
# BEGIN SOLUTION
lit = digits.x.flatten(1).numpy().std(0) > 0.05  # pixels that vary
rows = []
for seed in seeds:
    start = initial(seed)
    trained, _ = train(start, dense, seed)
    for share in shares:
        for name, (_, own) in arms(start, prune(trained, dense, 1 - share), seed).items():
            rows.append(
                (share, name, own[0][lit].sum() / own[0].sum(), (own[0].sum(1) > 0).sum())
            )
pixels = pd.DataFrame(
    rows, columns=["share", "arm", "first-layer weights at pixels that vary", "pixels used"]
)
print(f"{lit.sum()} of 64 pixels vary")
pixels[pixels.arm != "redrawn"].groupby(["arm", "share"]).mean().unstack(0).round(2)
# END SOLUTION

# %% [markdown] tags=["solution"]
r"""
**Model answer.** *Prediction.* A unit of the second layer has 100 possible inputs and 10 possible outputs. With 1 % left it has one input on average, and one time in ten an output; so nearly all paths are broken somewhere. Training should help:
a weight gets a gradient only through the weights after it, so large weights are where large weights go on.

*Finding.* From 30 % to 10 % nearly all weights are useful, for random masks even a little more than for tickets, whose weights crowd at some units and leave others cut off. Below that the order turns round. At 1 % a twentieth of a shuffled mask is useful, a few weights that are
not enough to reach all digits, and of the ticket a third. Pruning by layer leaves the last one five weights there, so that no arm can tell more than five digits apart; global pruning leaves it ten times as many, and more that is useful. So from about 5 % on the usual count misleads, for both arms and not equally.

*The fair control* draws more weights at random, in the layers' proportions, until as many are useful as in the ticket. At 5 % by layer that closes about a third of the gap between shuffled and ticket; at 3 % a fifth by layer and a third with global masks; at 1 % nothing, or little, that could be told from zero. The ticket stays
far ahead with the *same number of useful weights*. My guess was mostly wrong: that many weights lead nowhere is true, and it is not the main reason.

*What else.* Place: nearly all of the ticket's first-layer weights are at pixels that vary, while a fifth of the random one's are at pixels that are dark in nearly all digits, useful by the count and useless in truth. A fifth of the weights is less than the step from 3 % to 2 %, so this does not fill the gap either. The redrawn arm, with the ticket's mask and other values, lies
between. With global masks it has most of the gap, so there it is the place that counts; by layer, at 3 % and below, the ticket's own initial values count for more than half. I would ask the colleague how many of these weights are on a path, and in which layer the paths break.

*What would have proved this wrong:* an as-useful arm as good as the ticket. *Limits* (one is enough): one round at once, while several rounds find better tickets; one small network without biases, in which a broken path is silent (with biases it passes a constant); the layers' proportions in the fair control are those of the ticket, and
others might connect better; one learning rate and one length of training, and sparse networks learn slowly.
"""
