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

# %% [markdown]
r"""
(lottery-tickets)=
# Lottery tickets

Train a network, delete four fifths of its weights, set the rest back to their values from *before* training, and train again: what is left learns as well as the whole network did, or better. Draw the weights that are left anew, and it does not. So what did that
first random draw contain, and does it explain anything about large networks?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from matplotlib import pyplot as plt

from overparam import CNN1D, LeNet, claims, data, figures, measures, network, pruning
from overparam.engine.settings import Settings, Vector
from overparam.measures import connectivity
from overparam.pruning import tickets
from overparam.randomness import rng
from overparam.report import results, scale

figures.style()
colors = figures.COLORS
ledger = claims.Ledger("lottery-tickets")
size = scale.sizes(
    n=(120, 1000, 1000), tests=(200, 4000, 4000), epochs=(6, 60, 60), lenet=(10, 100, 100)
)
lenet, adam = LeNet(size.lenet), {"lr": 1.2e-3, "optimizer": "adam"}
validation = size.n // 2
LOOKS = (*range(2, 25, 2), *range(27, 40, 3), 43, 48, 54)  # epochs at which to look
looks = [e for e in LOOKS if e < size.epochs] + [size.epochs]


# %% mystnb={"code_prompt_show": "Data and networks"} tags=["hide-input"]
# Data and networks: each trial has signals of its own
def pools(seeds, n=size.n, translation=48):
    """For each seed a training pool, with validation signals in front of the test signals."""
    made = {s: data.mnist1d(n + validation, size.tests, s, translation) for s in seeds}
    return {s: data.with_validation(d, validation) for s, d in made.items()}


def dense_networks(seeds, architecture=lenet, **how):
    how = {"n": size.n, "batch_size": 60, "epochs": size.epochs} | how
    return [Settings(architecture, init_seed=s, data_seed=s, **how) for s in seeds]


def rows(arm, number=0):
    """One arm after so many rounds of pruning, one row per trial."""
    return table[(table.arm == arm) & (table["round"] == number)].set_index("trial")


# %% mystnb={"code_prompt_show": "The networks"} tags=["hide-input"]
# Every trial's dense network, its tickets, and the two controls of each
pruned = ["lenet-imp-ticket", "random-reinit-worse", "no-cheap-tickets"]
pruned += ["lenet-stable-at-initialisation", "zeros-matter", "signs-suffice"]
seeds = ledger.seeds(*pruned)
examples, dense = pools(seeds), dense_networks(seeds, **adam)
recipe = tickets.Recipe(rates=0.2, rounds=(3, 4, 3))
how = {"validation": validation, "looks": looks}
table = tickets.find_tickets(dense, examples, recipe, **how)
layers = pruning.prunable_layers(lenet, examples[seeds[0]])
names = {"dense": "dense", "ticket": "ticket", "reinit": "same mask, fresh start"}
names["shuffled"] = "random mask, same start"
hues = {"dense": figures.INK, "ticket": figures.SEQUENCE[1]}
hues |= {"reinit": figures.SEQUENCE[0], "shuffled": figures.SEQUENCE[2]}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A fifth of the weights beats all of them from its own start, and loses to them from a fresh one.** Test accuracy during training of the dense LeNet-300-100, of the ticket, 22 % of its weights set back to their initial values, and of the same sparse network from a fresh start. Means over trials with 95 % bands.", "name": "fig-lt-puzzle"}, "image": {"alt": "Test accuracy against epochs for three networks. The ticket rises as fast as the dense network and stays above it; the same mask from a fresh start rises later and stays below both."}} tags=["hide-input"]
courses = table.explode(["epochs", "accuracies"])
courses = courses.astype({"epochs": float, "accuracies": float})
ax = plt.subplots(figsize=(7.2, 3.7))[1]
for arm in ("dense", "ticket", "reinit"):
    course = courses[(courses.arm == arm) & courses["round"].isin((0, 7))]
    line = {"colors": hues[arm], "label": names[arm], "marker": ""}
    figures.plot(course, "epochs", "accuracies", ax=ax, **line)
ax.set(xlabel="epoch", ylabel="test accuracy")
ax.legend(loc="lower right")
plt.show()

# %% [markdown]
r"""
The two sparse networks have the same connections. All that differs is the numbers on them: the ticket's are those that the dense network began with, the other's a fresh draw of the kind. So something in the initial draw has survived training and pruning and is of use a second time. {cite:t}`frankle2019` call such a
subnetwork a *winning* {term}`lottery ticket`, and state

> **The lottery ticket hypothesis.** A randomly initialised dense network contains a subnetwork that, trained in isolation from its own initial
> weights, reaches the test accuracy of the whole in at most as many steps.

This is about *trainability*. The paper goes one step further, in a conjecture: dense networks are *easier to train* than sparse ones because they contain more subnetworks that training may recover. That they *generalize* because of their tickets it does not say, though retellings do; what width does is the subject of {doc}`/notebooks/06_width_and_escape`.

Our network is the paper's, with hidden layers of 300 and 100 units. The data are MNIST-1D {cite:p}`greydanus2024`, noisy signals of 40 samples in ten classes: each trial has 1,000 of its own for training, 500 for validation and 4,000 for testing, and initial weights of its own. "Accuracy" is, as in the paper, that at the *stop*, the epoch at which the loss on validation
signals is lowest.

(lt-imp)=
## How a ticket is found

The algorithm is short. With $\theta_0$ the initial weights, $\theta_{\mathrm{end}}(z)$ those after training with the mask $z$ (1 keeps a weight, 0 prunes it), and $\odot$ the product of entries:

1. Train the dense network, $z = (1, \dots, 1)$, from $\theta_0$ to $\theta_{\mathrm{end}}(z)$.
2. In each layer, set to 0 the entries of $z$ that belong to a fifth of the weights that are left, those smallest in $|\theta_{\mathrm{end}}(z)|$ (in the output layer, a tenth).
3. Set the weights back to $z \odot \theta_0$, train, and go on with 2.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**One round: train, prune the smallest weights, set the rest back to where they began.** Width of a line: size of the weight; colour: its sign. Training changes the weights; the smallest of each layer, here half of them, are pruned (dotted); those that are kept get back the values that they began with, even where these were small, and the next round starts there. A sketch with made-up numbers.", "name": "fig-lt-diagram"}, "image": {"alt": "Four drawings of a small network with seven units in three layers. In the first all lines are of moderate width, in the second some have become thick and some thin, in the third the thin ones are dotted, in the last the dotted ones are gone and the others are as in the first."}} tags=["hide-input"]
draw = np.random.default_rng(43)
places = [np.linspace(-1, 1, units) for units in (4, 3, 2)]
initial = [draw.uniform(-1, 1, (4, 3)), draw.uniform(-1, 1, (3, 2))]
final = [w * draw.uniform(0.1, 3, w.shape) for w in initial]
large = [np.abs(w) > np.median(np.abs(w)) for w in final]
fig, axes = plt.subplots(1, 4, figsize=(7.2, 2.3))
panels = {"initial weights": (initial, 0), "trained": (final, 0)}
panels |= {"the smallest pruned": (final, 1), "set back": (initial, 2)}
for ax, (title, (drawn, step)) in zip(axes, panels.items(), strict=True):
    for layer, w in enumerate(drawn):
        for (i, j), value in np.ndenumerate(w):
            pruned_here = step and not large[layer][i, j]
            ends = (layer, layer + 1), (places[layer][i], places[layer + 1][j])
            color = figures.SEQUENCE[int(value > 0)]
            if not (pruned_here and step == 2):
                style = {"linestyle": ":"} if pruned_here else {}
                width = 1 if pruned_here else 2.2 * abs(value)
                ax.plot(*ends, color=color, linewidth=width, **style)
    for x, ys in enumerate(places):
        ax.plot([x] * len(ys), ys, "o", color=figures.INK, markersize=7)
    ax.set_title(title, fontsize=10.5)
    ax.axis("off")
plt.show()

# %% [markdown]
r"""
The mask is found *after* training, and every round needs a trained network: when the weights are drawn, nothing tells which of them are a ticket. We take three of the paper's rounds at once, then four, then three, which prunes as much as they would.

Each trial has two controls that share as much with the ticket as they can: **re-initialised**, the ticket's mask with a fresh draw of weights ("same mask, fresh start" in the figures); and **shuffled**, the true initial weights under a random mask that keeps as many in each layer ("random mask, same start").

::::{predict}
:answer: 3
:figure: fig-lt-left
A fifth of the weights is left. The ticket leads over the re-initialised network, as you saw. Where does the shuffled one come in, which has the true initial values and the wrong places?

1. Level with the ticket: it has the same start.
2. In between: half of the ticket is right.
3. Level with the re-initialised network.
4. Near chance: random connections lead nowhere.

:::{dropdown} Answer
C. It takes both: where the connections are *and* where they start.
:::
::::
"""


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
def gain(arm, other, number=7, column="accuracy"):
    """Accuracy of one arm less that of another, in points, one value per trial."""
    first, second = rows(arm, number), rows(other, 0 if other == "dense" else number)
    return 100 * (first[column] - second[column])


def pace(arm, other, number=7):
    """Epoch of the stop of one arm over that of another, one value per trial."""
    first, second = rows(arm, number), rows(other, 0 if other == "dense" else number)
    return first.stop / second.stop


done = (3, 7, 10)
left = {r: f"{rows('ticket', r).left.mean():.0%}" for r in done}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**It takes the mask and the initial values.** Accuracy at the stop less that of the dense network of the same trial, and the epoch of the stop, against the share of weights left; the dense network is at the left end. The ticket stays above it down to a fifth, where it stops a little later; both controls fall behind. Means over trials with 95 % bands.", "name": "fig-lt-left"}, "image": {"alt": "Two panels against the share of weights left, falling to the right. Accuracy: the ticket rises above the dense network and falls back towards it at a tenth; both controls fall from the start. Stop: the ticket dips at half and rises later; both controls rise from the start."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.7))
for arm in ("ticket", "reinit", "shuffled"):
    line = pd.concat([rows("dense"), *(rows(arm, r) for r in done)])
    line["percent"] = 100 * line.groupby("round").left.transform("mean").round(3)
    line["points"] = 100 * (line.accuracy - rows("dense").accuracy.loc[line.index])
    for ax, column in zip(axes, ("points", "stop"), strict=True):
        figures.plot(line, "percent", column, ax=ax, colors=hues[arm], label=names[arm])
labels = ("accuracy less dense, points", "epoch of the stop")
for ax, label in zip(axes, labels, strict=True):
    figures.log_axis(ax, (100, 50, 20, 10))
    ax.set(xlabel="weights left, %", ylabel=label)
    ax.invert_xaxis()
axes[0].legend(loc="lower left", fontsize=9.5)
plt.show()

# %% tags=["remove-input"]
ledger.say("lenet-imp-ticket", "random-reinit-worse")

# %% tags=["remove-input"]
table_rows = "\n".join(
    f"| {left[r]} | {claims.mean(gain('ticket', 'dense', r)):.1f} | {claims.ratio(pace('ticket', 'dense', r)):.2f} | {claims.mean(gain('ticket', 'reinit', r)):.1f} | {claims.mean(gain('ticket', 'shuffled', r)):.1f} |"
    for r in done
)
capped = [
    sum((rows(a, r).stop == size.epochs).sum() for a in list(hues)[1:]) for r in (7, 10)
]
at_last = "None of the sparse networks was best at the last look, so no stop is a bound."
if sum(capped):
    at_last = f"Best at the last look, after {size.epochs} epochs, were {capped[0]} sparse networks with {left[7]} of the weights and {capped[1]} with {left[10]}; their stops are lower bounds."
Markdown(
    "On this page, ticket less the others in points, and its stop over that of the dense network:\n\n| left | less dense | stop, ratio | less re-initialised | less shuffled |\n|---|---|---|---|---|\n"
    f"{table_rows}\n\n{at_last} At the end of training the ticket with {left[7]} of the weights is {claims.mean(gain('ticket', 'dense', 7, 'final_accuracy')):.1f} points ahead of the dense network."
)

# %% [markdown]
r"""
Had the mask alone carried the ticket, the re-initialised network would run with it; had the initial values, the shuffled one would. Both fall behind, and by about as much.

The hypothesis asks for one such subnetwork, and half of the weights will do; with a fifth the ticket is still the more accurate one and takes a little longer, with a tenth it takes much longer. Why does it beat the *dense* network here, which on MNIST it hardly does? A guess: these networks have few examples and overfit; the dense one's validation loss turns up while its accuracy still rises, and pruning is a regularizer. Where there is nothing to regularize the gain should then go, and the tickets be no worse. So we change data, size, optimizer, step and
noise, mostly one at a time.
"""

# %% mystnb={"code_prompt_show": "The settings"} tags=["hide-input"]
# The settings
one = {"translation": (1, 8, 24), "n": (500, 2000), "width": (50, 200)}
one |= {"lr": (6e-4, 2.4e-3), "batch_size": (30, 120), "rounds": ((1, 1, 1), (5,))}
one |= {"weight_decay": (1e-3,), "label_noise": (0.2,), "digits": (True,)}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]
sgd = {"optimizer": "sgd", "momentum": 0.9}
settings += [sgd | {"lr": 0.03}, sgd | {"lr": 0.1}, {"digits": True, "label_noise": 0.2}]


# %% mystnb={"code_prompt_show": "The claim in another setting"} tags=["hide-input"]
# The claim in another setting
bounds = ledger.claims["lenet-imp-ticket"].required_protocol.estimates


def in_setting(width=100, translation=48, rounds=(3,), digits=False, **changed):
    """The estimates of the first claim in another setting, and whether both lie as claimed."""
    chosen, n = ledger.selection(3), changed.get("n", size.n)
    sets = pools(chosen, n, translation)
    if digits:
        sets = {s: data.with_validation(data.digits(1500, s), validation) for s in chosen}
    nets = dense_networks(chosen, LeNet(width), **adam | changed)
    found = tickets.find_tickets(
        nets, sets, tickets.Recipe(0.2, rounds), controls=(), **how
    )
    done = (0, sum(rounds))
    whole, part = (found[found["round"] == r].set_index("trial") for r in done)
    gained = 100 * (part.accuracy - whole.accuracy).mean()
    sooner = np.exp(np.log(part.stop / whole.stop).mean())
    keeps = bool(gained > bounds["accuracy"].above and sooner < bounds["stop"].below)
    return {"gain": gained, "pace": sooner, "keeps": keeps}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Half of the weights do as well as all of them nearly everywhere; on clean digits they are a little less accurate.** Accuracy of the ticket with half of the weights less that of the dense network, and the ratio of their stops, one point per setting, means over three trials. The claim holds to the right of and below the dotted lines; settings in which it does not are named.", "name": "fig-lt-multiverse"}, "image": {"alt": "Scatter of the ratio of stops against the gain in accuracy, one point per setting, with two dotted lines at the margins of the claim. Nearly all points lie to the right of and below them."}} tags=["hide-input"]
def multiverse():
    """The claim in every setting."""
    named = {", ".join(f"{k} {v}" for k, v in s.items()) or "as above": s for s in settings}
    return pd.DataFrame([{"setting": name} | in_setting(**s) for name, s in named.items()])


record = "06_tickets_multiverse"
robust, where = results.measured_or_recorded(record, multiverse)
margins = bounds["accuracy"].above, bounds["stop"].below
ax = figures.settings(robust, "gain", "pace", margins, figures.SEQUENCE[1])
ax.set(xlabel="accuracy less dense, points", ylabel="stop, ratio to dense")
plt.show()

# %% tags=["remove-input"]
Markdown(f"Accuracy and stop lie as claimed in {results.kept(robust, where)}")

# %% [markdown]
r"""
To the right of the upright line the ticket is at least as accurate as the whole, below the other at least as fast, each up to the margin of the claim. The exception, handwritten digits, misses by less than three trials can tell; a ticket that fails would lie far to the left or above.

And our guess? The gain is smallest on clean digits and on signals that are hardly moved along their axis (translation 1), which a dense network classifies almost without error: where nothing is to be gained, nothing is. But weight decay, which regularizes the dense network too, does not take the gain away, and wrong labels raise it on digits only. So that pruning regularizes is at best a part of the reason. How much *better* a ticket is, is no part of the claim.

(lt-rewind)=
## A line between two networks, and rewinding

The first paper already had a caveat: in VGG-19 and ResNet-18 on CIFAR-10, at their usual learning rate, the recipe fails unless the rate is small or warmed up. {cite:t}`frankle2019rewinding` found the repair. Do not set the weights back to $\theta_0$ but *rewind* them to $\theta_t$, where the dense network was after $t$ steps, a small part of its training. Then
{cite:t}`frankle2020` found what the right $t$ has to do with.

Take the dense network at step $t$, make two copies, and train both on the same data *in two orders*. Then walk on the straight line from one to the other. If the error rises on the way above the mean of the ends, by a *barrier*, the noise of the order has sent the copies into different valleys. If not, the network was already *stable to the noise of SGD* at
step $t$, and the copies are {term}`linearly mode connected`. The paper's threshold is a barrier of two points.

We do this for LeNet as above, and for a convolutional network of three layers with 25 channels on the same signals, trained by SGD with momentum for some 700 steps at a rate that starts at 0.1 and falls to zero along a cosine.

::::{predict}
:answer: 1
:figure: fig-lt-line
LeNet has about 43,000 weights, the convolutional network fewer. Two copies of each train from its initial weights, in two orders. Which pair ends on two sides of a hump?

1. Only the convolutional one.
2. Only LeNet: a larger network has more valleys to end in.
3. Both: every order of the examples is another story.
4. Neither: the initial weights decide.

:::{dropdown} Answer
A. And its hump goes away when the two orders part a few epochs later.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The convolutional network, reset and rewound"} tags=["hide-input"]
# The convolutional network: pruned in rounds, reset to its start or rewound to epoch 2
cnn = CNN1D(scale.sizes(channels=(4, 25, 25)).channels)
cosine = sgd | {"lr": 0.1, "schedule": "cosine", "epochs": scale.sizes(e=(6, 40, 40)).e}
convolved = ledger.seeds("rewinding-helps")
signals, whole_cnn = pools(convolved), dense_networks(convolved, cnn, **cosine)
parts = tickets.Recipe(rates=0.2, rounds=(0, 4, 4))  # the first prunes nothing
at_end = {"controls": (), "validation": validation, "looks": [cosine["epochs"]]}


# %% mystnb={"code_prompt_show": "Walking from one network to another"} tags=["hide-input"]
# Walking from one network to another
def with_lines(networks, sets, places=11):
    """Train each network once more in another order; the errors on the line between both, in %, and the barrier."""
    others = [connectivity.other_order(s) for s in networks.settings]
    paths, ends = [], tickets.run_each(others, sets, record=["weights"])
    for end, (_, other) in zip(networks.end, ends.iterrows(), strict=True):
        pool, module = sets[other.data_seed], network(other, sets[other.data_seed])
        x, y = pool.x_test[validation:], pool.y_test[validation:]
        path = connectivity.path_errors(module, end, other.weights[-1], x, y, places)
        paths.append(100 * path)
    return networks.assign(path=paths, barrier=[connectivity.barrier(p) for p in paths])


def brief_sgd():
    """LeNet by SGD at a rate of 0.1, as in the dispute below."""
    nets = dense_networks(seeds, **sgd, lr=0.1, epochs=min(size.epochs, 30))
    ends = tickets.run_each(nets, examples, record=["weights"]).weights
    return pd.DataFrame({"settings": nets, "end": [w[-1] for w in ends], "trial": seeds})


# %%
unpruned = replace(parts, rounds=(0,))
rewound = pd.concat(
    tickets.find_tickets(whole_cnn, signals, recipe, rewind=k, **at_end).assign(k=k)
    for k, recipe in {0: parts, 2: parts, 4: unpruned}.items()
)
rewound = rewound[rewound.arm == "ticket"]
walked = with_lines(rewound[rewound["round"] != 4], signals)
by_adam = with_lines(rows("dense").reset_index(), examples).set_index("trial")
by_sgd = with_lines(brief_sgd(), examples).set_index("trial")


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**From its start the convolutional network ends in two valleys; from epoch 4, and with LeNet from the start, in one.** Test error on the straight line between two copies of a dense network that were trained in two orders. Thin lines: trials; thick: their mean.", "name": "fig-lt-line"}, "image": {"alt": "Four panels of test error against the place on the line. LeNet from the start: nearly flat. Convolutional network from the start: a hump in the middle. The same from epoch 2: a smaller one. From epoch 4: nearly flat."}} tags=["hide-input"]
def cell(column, k, number, found=walked):
    """One number per trial of the convolutional networks rewound to epoch k, after so many rounds."""
    here = found[(found.k == k) & (found["round"] == number)]
    return here.set_index("trial")[column]


lines = {"LeNet,\nfrom its start": by_adam.path}
lines["Convolutional,\nfrom its start"] = cell("path", 0, 0)
for k in (2, 4):
    lines[f"Convolutional,\nfrom epoch {k}"] = cell("path", k, 0)
fig, axes = plt.subplots(1, 4, figsize=(7.2, 3.2))
for ax, (title, paths), color in zip(axes, lines.items(), figures.SEQUENCE, strict=False):
    errors, places = np.stack(paths), np.linspace(0, 1, len(paths.iloc[0]))
    ax.plot(places, errors.T, color=color, alpha=0.3, linewidth=1)
    ax.plot(places, errors.mean(0), color=color, linewidth=3)
    middle = errors.mean()
    ax.set(xlabel="place on the line", ylim=(middle - 12, middle + 12))
    ax.set_title(title, fontsize=10)
axes[0].set_ylabel("test error, %")
plt.show()

# %% tags=["remove-input"]
ledger.say("lenet-stable-at-initialisation")

# %% tags=["remove-input"]
barriers = {"LeNet, Adam": by_adam.barrier, "LeNet, SGD at 0.1": by_sgd.barrier}
barriers |= {f"convolutional, from epoch {e}": cell("barrier", e, 0) for e in (0, 2, 4)}
barriers = {name: claims.mean(values) for name, values in barriers.items()}
claims.table("On this page: error barriers.", barriers, "points")

# %% [markdown]
r"""
The convolutional network has a hump where LeNet has none: in its first steps the order of the examples decides which valley it will end in, and after a tenth of the training it no longer does; epoch 2, where the hump is lower but still there, lies in between. Had instability been a matter of noise alone, the hump would be there from epoch 4 as well. So if a ticket belongs to the valley that its mask was found in, resetting should fail here, and
rewinding should help, as far as pruned networks are stable sooner than the dense one, which the paper reports. For each $t$ the network is pruned in rounds as before, but back to step $t$: weights, momentum, order of examples and schedule are those that the dense network had there, and go on as its own did.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Where resetting fails, rewinding to a twentieth of the training regains a small part.** Final accuracy of convolutional networks that were pruned and set back to their start, or to epoch 2 of 40, less that of the dense network; below, rewound less reset. One dot per trial; bars are 95 % intervals of the mean.", "name": "fig-lt-rewind"}, "image": {"alt": "Six rows of dots. With 43 % of the weights networks that were reset lie a little below zero and rewound ones about at zero; with 19 % both lie far below, reset ones further. The mean of rewound less reset lies a little above zero in both."}} tags=["hide-input"]
fell, end = {}, "final_accuracy"
for number, share in {4: "43 %", 8: "19 %"}.items():
    for k, arm in {0: "reset", 2: "rewound"}.items():
        here, whole_net = (cell(end, k, r, rewound) for r in (number, 0))
        fell[f"{share}, {arm}"] = 100 * (here - whole_net)
helped = {s: fell[f"{s}, rewound"] - fell[f"{s}, reset"] for s in ("43 %", "19 %")}
shown = fell | {f"{s}, rewound less reset": gained for s, gained in helped.items()}
ax = figures.dots(pd.DataFrame(shown), plt.subplots(figsize=(7.2, 3.2))[1])
ax.axvline(0, color=figures.INK, linewidth=0.8)
ax.set(xlabel="points of accuracy")
plt.show()

# %% tags=["remove-input"]
ledger.say("rewinding-helps")

# %% tags=["remove-input"]
on_page = {f"rewound less reset, {share}": values for share, values in helped.items()}
for arm in ("43 %, reset", "19 %, reset", "19 %, rewound"):
    on_page[f"dense less sparse, {arm}"] = -fell[arm]
for epoch, arm in ((0, "reset"), (2, "rewound")):
    on_page[f"barrier of the sparsest, {arm}"] = cell("barrier", epoch, 8)
on_page = {words: claims.mean(values) for words, values in on_page.items()}
claims.table("On this page: accuracies and error barriers.", on_page, "points")

# %% [markdown]
r"""
Had resetting been as good, the last two rows of the figure would lie at zero. Had rewinding repaired everything, the row "19 %, rewound" would: at this sparsity it does not, and the networks of the papers, which are larger, may have more to spare.

The sparsest subnetworks fall short although two copies *of them* agree with each other: reset or rewound, they are stable by the paper's bound, in a valley that is not good enough. So stability does not suffice for *matching*, being as accurate as the dense network. The paper says so too: stability is necessary, pruned networks match *only when* they are stable, and retellings make an "exactly when" of it. That it
is necessary could not be tested here. It would take sparse networks that are unstable; in pilot runs of this recipe all with less than half of the weights were stable, reset or not.

::::{admonition} Break it: a network that needs no rewinding
:class: break-it
All of this rests on a network that is unstable at its start. LeNet is not, by either optimizer, and in a pilot run rewinding it changed nothing, as one would expect.
::::

The caveat is often told as one about *large* networks. Size need not be the cause: this network has fewer weights than LeNet. Nor is the step alone, since LeNet by SGD at the same rate is stable. The main difference that remains is the architecture.
"""

# %% [markdown]
r"""
(lt-dispute)=
## A dispute about the learning rate

{cite:t}`liu2019` tried to use tickets and could not. They pruned VGG and ResNet on CIFAR-10. At a learning rate of 0.01 the winning initial weights did better than random ones; at 0.1, the usual value, they did not. Their conclusion: what pruning finds is an architecture, and its weights may as well be drawn anew, *if you train long enough at a
rate that trains well*.

::::{predict}
:answer: 2
:figure: fig-lt-rates
LeNet by SGD with momentum, about a quarter of the weights left. The advantage of the ticket over fresh weights on the same mask is measured after 30 and after 120 epochs. Where is it largest?

1. At 0.1, early.
2. At 0.01, early.
3. At 0.1, late.
4. At 0.01, late.

:::{dropdown} Answer
B. At a small rate the fresh network has not arrived after 30 epochs, and the ticket has a head start. Whether something is left when both have had their time is the question in dispute.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Tickets and fresh starts at one rate"} tags=["hide-input"]
# Tickets and fresh starts at one learning rate
briefly = scale.sizes(epochs=(3, 30, 30)).epochs
sixths = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 24)
moments = sorted({max(briefly * k // 6, 1) for k in sixths})
halves = tickets.Recipe(rates=0.5, rounds=(1, 1))
disputed = ledger.seeds("lr-dispute")
at_moments = {"test_losses": moments, "test_correct": moments}


def rivals(lr, trials, mask=None):
    """The ticket and the same mask with a fresh start, on a long budget; masks may be made another way."""
    sets, last = pools(trials), {"validation": validation, "looks": [briefly]}
    nets = dense_networks(trials, lr=lr, **sgd, epochs=briefly)
    found = tickets.find_tickets(nets, sets, halves, controls=["reinit"], **last)
    chosen = found[found["round"] == 2].reset_index(drop=True)
    long = [replace(s, epochs=moments[-1]) for s in chosen.settings]
    if mask:
        masks = [mask(end) for end in found[found.arm == "dense"].end] * 2
        long = [replace(s, mask=m) for s, m in zip(long, masks, strict=True)]
    runs = tickets.run_each(long, sets, record=at_moments)
    course = tickets.early_stopping(runs, validation)
    return course.assign(lr=lr, arm=chosen.arm, trial=chosen.trial)


# %%
dispute = pd.concat([rivals(lr, disputed) for lr in (0.01, 0.1)], ignore_index=True)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Most of the ticket's advantage is a head start, which lasts longer at the small rate; a few points stay.** Accuracy of the ticket less that of the same mask with fresh weights, against the length of training. Means over trials with 95 % bands.", "name": "fig-lt-rates"}, "image": {"alt": "Advantage in points against epochs for learning rates 0.01 and 0.1. Both begin high. That of 0.1 falls at once and levels off a few points above zero; that of 0.01 stays high for some thirty epochs, falls, and comes close to the other at the end."}} tags=["hide-input"]
def advantages(course):
    """Ticket less fresh start in points: one row per trial, columns by rate and epoch."""
    long = course.explode(["epochs", "accuracies"]).astype({"accuracies": float})
    arms = measures.by_seed(long, "accuracies", ["lr", "epochs", "arm"], "trial")
    ticket, fresh = (arms.xs(arm, axis=1, level="arm") for arm in ("ticket", "reinit"))
    return 100 * (ticket - fresh)


by_epoch = advantages(dispute)
advantage = by_epoch.melt(value_name="points")
ax = plt.subplots(figsize=(7.2, 3.4))[1]
by_rate = dict(zip((0.01, 0.1), figures.SEQUENCE, strict=False))
figures.plot(advantage, "epochs", "points", "lr", ax, by_rate, label="learning rate {}")
ax.axhline(0, color=figures.INK, linewidth=0.8)
ax.set(xlabel="epochs", ylabel="advantage of the ticket, points", ylim=(0, None))
ax.legend()
ask = "How many points is the ticket ahead of fresh weights, at a learning rate of 0.01?"
figures.sketch(ax, "learning rate 0.01", ask=ask)

# %% tags=["remove-input"]
stopped_by = measures.by_seed(dispute, "accuracy", ["lr", "arm"], "trial")
at_stop = {lr: 100 * (stopped_by[lr].ticket - stopped_by[lr].reinit) for lr in (0.01, 0.1)}
advantage = {
    f"after {epochs} epochs at {lr}": claims.mean(by_epoch[lr, epochs])
    for epochs in (briefly, moments[-1])
    for lr in at_stop
}
for lr, gained in at_stop.items():
    advantage[f"stopped by its validation loss, at {lr}"] = claims.mean(gained)
display(
    ledger.say("lr-dispute"),
    claims.table("On this page: the ticket less a fresh start.", advantage, "points"),
)

# %% [markdown]
r"""
After 30 epochs, one would say that the rate decides: the ticket leads by a wide margin at 0.01 and by a small one at 0.1. But the tall part of the blue line is a fresh network that has not arrived. Give both their time, and the two rates are much alike. Had nothing been left at 0.1, as the critics found, the orange line would have come down to zero, and had the rate decided, the lines would have
stayed apart. So the half of their point that holds here is that most of what looks like an advantage is a matter of rate and budget. The stop by validation loss can come before the fresh network has caught up and flatters the ticket. A pilot run had shown that the rules disagree; hence the longest budget decides, as the critics would have it.

A LeNet says little about a ResNet, for which 0.1 is the usual rate. {cite:t}`frankle2020` would answer that a ResNet at 0.1 is not yet stable at its start, and that rewinding brings the benefit back.

(lt-signs)=
## Supermasks, zeros and signs

If mask and initial values together make a ticket, what in the values does it? {cite:t}`zhou2019` took tickets apart.

::::{predict}
:answer: 3
:figure: fig-lt-supermask
Train a network on handwritten digits. Take from it only a mask: the half of the weights that end largest *and* have the sign that they began with. Put it on the **untrained** network. No weight is ever trained. How many of ten digits does it tell apart?

1. One of ten is right: the weights are random numbers.
2. Two or three of ten.
3. Most of them.

:::{dropdown} Answer
C. The mask was made with the labels: it says which of the random numbers point the right way, and deleting the others *is* a kind of training, with one bit per weight.
:::
::::
"""

# %%
networks = ledger.seeds("supermasks")
images = {s: data.digits(size.n, s) for s in networks}
ends = dense_networks(networks, **adam | {"epochs": briefly})
trained = tickets.run_each(ends, images, record={"weights": [0]})

# %% mystnb={"code_prompt_show": "Accuracy under a mask"} tags=["hide-input"]
# Accuracy of untrained weights under a mask
image_layers = pruning.prunable_layers(lenet, images[networks[0]])


def untrained(seed, weights, criterion, share):
    """Test accuracy, in %, of a network's initial weights under a mask that keeps this share of them."""
    start, end = weights[0], weights[-1]
    scores = rng(seed).random(len(start))
    if criterion != "at random":
        scores = pruning.SUPERMASKS[criterion](start, end)
    mask = pruning.prune_lowest(scores, None, image_layers, 1 - share)
    weights = [start * pruning.kept(mask)]
    return 100 - 100 * connectivity.errors_at(lenet, images[seed], weights)[0]


criteria = [*pruning.SUPERMASKS, "at random"]
masked = pd.DataFrame(
    {"criterion": c, "kept": 100 * share, "trial": row.data_seed}
    | {"accuracy": untrained(row.data_seed, row.weights, c, share)}
    for c in criteria
    for share in (0.8, 0.65, 0.5, 0.35, 0.2, 0.1)
    for row in trained.itertuples()
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A mask alone tells digits apart, on weights that were never trained.** Accuracy of untrained networks under masks made by four criteria, against the share of weights kept. Dotted: guessing. Means over networks with 95 % bands.", "name": "fig-lt-supermask"}, "image": {"alt": "Accuracy against the share of weights kept. The mask of large final weights with unchanged sign is highest and peaks at about half; without the condition on the sign it is lower; masks by initial size and at random stay low."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.5))[1]
figures.plot(masked, "kept", "accuracy", hue="criterion", ax=ax)
ax.axhline(10, color=colors["threshold"], linestyle=":", linewidth=1.5)
ax.set(xlabel="weights kept, %", ylabel="accuracy, untrained, %", ylim=(0, 100))
ax.legend(loc="lower center", bbox_to_anchor=(0.5, 0.16), ncols=2, fontsize=9.5)
plt.show()

# %% tags=["remove-input"]
at_half = measures.by_seed(masked[masked.kept == 50], "accuracy", "criterion", "trial")
ways = ("large final, same sign", "large final", "large start", "at random")
reached = {f"mask: {way}": claims.mean(at_half[way]) for way in ways}
says = f"On this page, untrained; trained they reach {100 - 100 * trained.test_error.mean():.0f} %."
display(ledger.say("supermasks"), claims.table(says, reached, "%"))

# %% [markdown]
r"""
Had the trained network been needed for its *values*, all four lines would lie at the dotted one. Instead the choice of places does most of the work of training, and more of it where the sign counts too.

Next they asked about the *zeros*. In a ticket pruned weights are held at 0. They might as well be held at their initial values; then nothing would be special about 0 except habit. And last about the *numbers* that are kept: replace their sizes by one constant, redraw them, reshuffle them within the layer, with the original signs or (reshuffled: only) without. All variants train
on the same mask, with a fifth of the weights.

::::{predict}
:answer: 4
:figure: fig-lt-signs
Which change of the initial values costs the ticket least?

1. Redrawing all sizes, signs kept.
2. Keeping the sizes, exchanging them within the layer together with their signs.
3. Keeping all values, and holding the pruned weights at their initial values, too.
4. Replacing all sizes by one constant, signs kept.

:::{dropdown} Answer
D: hardly anything is lost. The sizes of the initial weights hold little that the ticket needs.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The variants"} tags=["hide-input"]
# The variants: other starts for the same mask
SIGNS = ("constant, signs kept", "redrawn, signs kept")
SIGNS += ("redrawn at equal spread, signs kept", "constant, signs lost")
SIGNS += ("redrawn, signs lost", "reshuffled, signs lost")


def variants(trial):
    """The settings of all variants of one trial's ticket, by name."""
    whole, mask = rows("dense").loc[trial], rows("ticket", 7).settings[trial].mask
    starts = pruning.reinitialized(whole.start, mask, layers, trial)
    changes = {name: {"start": Vector(starts[name]), "mask": mask} for name in SIGNS}
    shrank = np.abs(whole.end) < np.abs(whole.start)
    zeros = {"zeros where it shrank": shrank, "pruned weights not zero": None}
    zeros["as many zeros at random"] = pruning.at_random(shrank, mask, layers, trial)
    for name, zeroed in zeros.items():
        changes[name] = pruning.frozen(whole.start, mask, zeroed=zeroed)
    return {name: replace(whole.settings, **change) for name, change in changes.items()}


def stopped(networks, record=("test_losses", "test_correct")):
    """Train these networks on their trials' signals and stop them as the tickets are."""
    runs = tickets.run_each(networks, examples, record=dict.fromkeys(record, looks))
    return tickets.early_stopping(runs, validation)


# %%
varied = {t: variants(t) for t in ledger.seeds("zeros-matter", "signs-suffice")}
changed = stopped([s for each in varied.values() for s in each.values()])
changed["variant"] = [name for each in varied.values() for name in each]
changed["trial"] = [t for t, each in varied.items() for _ in each]
accuracy = 100 * measures.by_seed(changed, "accuracy", "variant", "trial")
cost = -accuracy.sub(100 * rows("ticket", 7).accuracy, axis=0).dropna()

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Constant sizes with the right signs cost next to nothing; without the signs, any sizes cost much.** Points of accuracy that the ticket loses when its initial values are changed: the kept ones, with their signs or without, and the pruned ones, which are held at their initial values instead of at zero. One dot per trial; bars are 95 % intervals of the mean.", "name": "fig-lt-signs"}, "image": {"alt": "Nine rows of dots. Constant sizes with signs kept lie around zero, redrawn sizes with signs kept a little above; all three with signs lost lie far above. Pruned weights that are not zero cost several points, less if those that shrank are zero."}} tags=["hide-input"]
order = [*SIGNS, "zeros where it shrank", "as many zeros at random"]
order.append("pruned weights not zero")
ax = figures.dots(cost[order], plt.subplots(figsize=(7.2, 4.2))[1])
ax.axvline(0, color=figures.INK, linewidth=0.8)
ax.set(xlabel="accuracy of the ticket less that of the variant, points")
plt.show()

# %% tags=["remove-input"]
heading = []  # the shares of the pruned weights that shrank in the dense training
for (_, whole), own in zip(
    rows("dense").iterrows(), rows("ticket", 7).settings, strict=True
):
    gone = ~pruning.kept(own.mask)
    heading.append((np.abs(whole.end) < np.abs(whole.start))[gone].mean())
display(
    ledger.say("zeros-matter", "signs-suffice"),
    claims.table(
        f"On this page: what the ticket loses. {np.mean(heading):.0%} of the pruned weights shrank in the dense training.",
        {way: claims.mean(cost[way]) for way in cost},
        "points",
    ),
)

# %% [markdown]
r"""
Held at their initial values, pruned weights are noise that the network must live with. Had zero been a mere convention, the last row of the figure would lie at the line. Most pruned weights did not move towards zero: they began near it and grew a little. But to set the minority that did to zero recovers most of the loss, and as many zeros at random places recover less: place matters, as the explanation demands. So does a simpler one: a weight that shrank and was pruned began larger, on average, than one that grew and was pruned, so a zero in its place takes away more noise. These runs do not tell the two apart.

Of the kept values the *sign* is what counts. Reshuffled with their signs lost, the values are the very same numbers, and yet the ticket is worth no more than a fresh start: so it is no matter of scale. A redrawn size costs something even with the right sign. A fresh draw is narrower than the kept weights, but to scale it to their spread ("at equal spread") does not clearly help; perhaps it is that some sizes land near zero,
which a constant cannot. A mask and a vector of signs are at most two bits per weight. What they explain is modest: a sparse network starts well if its weights begin on the right side of zero, we would say because they need not cross it.
"""

# %% [markdown]
r"""
(lt-good)=
## What are tickets good for?

{cite:t}`jeffares2025` ask what an explanation of such a phenomenon is worth. In a position paper they argue that double descent, grokking and lottery tickets hardly occur in practice, that to explain each by itself helps little, and that they are useful as extreme tests of general theories. A position gets no verdict here, but it rests on
premises, and these are statements of fact. For tickets: *they cannot be found cheaply beforehand*. Pruning in rounds takes several whole trainings to find a network that trains as well as the whole; it would be of use if the mask were known early.

::::{predict}
:answer: 2
:figure: fig-lt-cheap
Take the mask, with a fifth of the weights, not after two trainings but in one shot after three of sixty epochs, and train it from the true initial weights. How much of the ticket's lead over a random mask is left?

1. Nearly all: which weights will be large is settled early.
2. None.
3. About half.

:::{dropdown} Answer
B. A mask from the initial weights alone does no better ({numref}`fig-lt-cheap`, at 0): after so few epochs the large weights are, we think, mostly those that were *drawn* large.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Masks after a part of the training"} tags=["hide-input"]
# Masks in one shot, after more and more epochs of dense training
spent = [e for e in (0, 3, 6, 12) if e < size.epochs]
shares = recipe.shares(len(layers), 7)
begun = [replace(s, epochs=spent[-1]) for s in dense]
early = tickets.run_each(begun, examples, record={"weights": spent}).weights
weights = {s: [*w, rows("dense").end[s]] for s, w in zip(seeds, early, strict=True)}
one_shot = [
    replace(s, mask=pruning.prune_smallest(w, None, layers, shares))
    for s in dense
    for w in weights[s.init_seed]
]
costs = [*spent, size.epochs]
cheap = stopped(one_shot).assign(
    spent=costs * len(dense), trial=np.repeat(seeds, len(costs))
)
cheap["accuracy"] *= 100
found_after = measures.by_seed(cheap, "accuracy", "spent", "trial")

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A mask that is found early is no better than a random one.** Accuracy, from the true initial weights, under masks found in one shot after so many epochs of dense training, less that of the trial's ticket, found in two rounds; dashed, the dense network and a random mask. Means over trials with 95 % bands.", "name": "fig-lt-cheap"}, "image": {"alt": "Accuracy less that of the ticket against epochs spent before the mask was found. The line stays below the level of a random mask up to six epochs, rises afterwards, and ends above the dense network and a little below the ticket."}} tags=["hide-input"]
ticket = 100 * rows("ticket", 7).accuracy
cheap["points"] = cheap.accuracy - ticket.loc[cheap.trial].to_numpy()
ax = plt.subplots(figsize=(7.2, 3.6))[1]
figures.plot(cheap, "spent", "points", ax=ax, colors=figures.SEQUENCE[3], linestyle="-")
for arm in ("dense", "shuffled"):
    level = -gain("ticket", arm).mean()
    ax.axhline(level, color=hues[arm], linestyle="--", linewidth=1.3)
    ax.text(0.1, level, names[arm].split(",")[0], va="bottom", color=hues[arm])
ax.axhline(0, color=figures.INK, linewidth=0.8)
ax.set_xscale("symlog", linthresh=3)
ax.set_xticks(costs, [str(e) for e in costs], minor=False)
ax.set(
    xlabel="epochs of dense training before the mask is found",
    ylabel="accuracy less ticket, points",
)
ax.minorticks_off()
ax.set_xlim(-0.2, size.epochs * 1.1)
plt.show()

# %% tags=["remove-input"]
few, more = spent[1], spent[-1]
random_mask = 100 * rows("shuffled", 7).accuracy
apart = {f"ticket less mask after {e} epochs": ticket - found_after[e] for e in (few, more)}
apart["ticket less mask after all epochs"] = ticket - found_after[size.epochs]
apart[f"mask after {few} epochs less random mask"] = found_after[few] - random_mask
apart = {words: claims.mean(values) for words, values in apart.items()}
display(
    ledger.say("no-cheap-tickets"),
    claims.table("On this page: differences of accuracy.", apart, "points"),
)

# %% [markdown]
r"""
A cheap mask that came near the ticket would have refuted the premise. This one does not even leave the level of a random mask until late, so here the premise holds, for masks by size. Criteria that look at gradients before training were not run; {cite:t}`frankle2021` report that they, too, fall short of what training finds. Note also what one shot after *one* training does: it loses
little to the rounds of pruning, if anything. The training buys the ticket; the rounds buy at most the last points.

And the position? Its premises about the phenomena of this book, and what became of them:

| premise | where it is tested | outcome |
|---|---|---|
| double descent goes away under proper regularization | {ref}`ddl-ridge`; early stopping, in {doc}`/notebooks/04_networks_at_the_threshold` | for tuned ridge in the linear model a theorem, checked there; for random features and for networks findings |
| grokking is confined to small algorithmic data sets | {numref}`fig-gk-start` | signals come right late, too, but gradually, and from a start that nobody would choose |
| tickets cannot be found cheaply beforehand | {numref}`fig-lt-cheap` | holds for masks by size; other criteria were not run |

That a phenomenon can be regularized away, or costs too much to use, does not settle whether it explains anything. Their constructive point is that it should be used on broader questions; for tickets they name pruning and tuning of low rank. This page would add a third: on which part of an initialisation training relies.

## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-lottery-tickets`.
"""

# %% tags=["remove-input"]
estimates = {"accuracy": gain("ticket", "dense", 3), "stop": pace("ticket", "dense", 3)}
estimates["final"] = gain("ticket", "dense", 3, "final_accuracy")
for name, r in {"fifth": 7, "tenth": 10}.items():
    estimates[f"accuracy_at_{name}"] = gain("ticket", "dense", r)
    estimates[f"stop_at_{name}"] = pace("ticket", "dense", r)
ledger.card("lenet-imp-ticket", **estimates, section="lt-imp")

# %% tags=["remove-input"]
estimates = {"stop": pace("reinit", "ticket"), "accuracy": gain("ticket", "reinit")}
estimates["stop_at_tenth"] = pace("reinit", "ticket", 10)
estimates["accuracy_at_tenth"] = gain("ticket", "reinit", 10)
estimates["shuffled"] = gain("ticket", "shuffled")
ledger.card("random-reinit-worse", **estimates, section="lt-imp")

# %% tags=["remove-input"]
ledger.card(
    "lenet-stable-at-initialisation",
    barrier=by_adam.barrier,
    sgd=by_sgd.barrier,
    section="lt-rewind",
)

# %% tags=["remove-input"]
estimates = {"unstable": cell("barrier", 0, 0), "gain": helped["19 %"]}
estimates |= {"smaller": cell("barrier", 2, 0), "stable": cell("barrier", 4, 0)}
estimates |= {"sparse_barrier": cell("barrier", 0, 8)}
estimates |= {f"{a}_drop": -fell[f"19 %, {a}"] for a in ("reset", "rewound")}
estimates["gain_at_43"] = helped["43 %"]
ledger.card("rewinding-helps", **estimates, section="lt-rewind")

# %% tags=["remove-input"]
last = moments[-1]
estimates = {"small": by_epoch[0.01, last], "large": by_epoch[0.1, last]}
estimates |= {"small_early": by_epoch[0.01, briefly], "large_early": by_epoch[0.1, briefly]}
estimates |= {"small_stopped": at_stop[0.01], "large_stopped": at_stop[0.1]}
ledger.card("lr-dispute", **estimates, section="lt-dispute")

# %% tags=["remove-input"]
estimates = {"accuracy": at_half["large final, same sign"]}
estimates |= {"any_sign": at_half["large final"], "at_random": at_half["at random"]}
ledger.card("supermasks", **estimates, section="lt-signs")

# %% tags=["remove-input"]
shrunk, elsewhere = cost["zeros where it shrank"], cost["as many zeros at random"]
estimates = {"zero": cost["pruned weights not zero"], "heading": elsewhere - shrunk}
ledger.card("zeros-matter", **estimates, shrunk_only=shrunk, section="lt-signs")

# %% tags=["remove-input"]
estimates = {"constant": cost["constant, signs kept"]}
estimates["signs"] = cost["redrawn, signs lost"] - cost["redrawn, signs kept"]
estimates |= {"redrawn": cost["redrawn, signs kept"]}
estimates["equal_spread"] = cost["redrawn at equal spread, signs kept"]
estimates["constant_lost"] = cost["constant, signs lost"]
ledger.card("signs-suffice", **estimates, section="lt-signs")

# %% tags=["remove-input"]
estimates = {"short": ticket - found_after[few], "quarter": ticket - found_after[more]}
estimates["over_random"] = found_after[few] - random_mask
estimates["one_shot"] = ticket - found_after[size.epochs]
ledger.card("no-cheap-tickets", **estimates, section="lt-good")

# %% [markdown]
r"""
**We also asked** what happens at other sparsities, at the end of training, under other stopping rules and with other ways to change a start; it stands under each card and touches no outcome. The paper's second half, convolutional networks on CIFAR-10 with tickets up to three and a half times as fast, was not run: it needs a GPU, and {doc}`/book/ledger` lists it as planned.

## Who disagrees, and what to drop

**Do the weights matter?** {cite:t}`liu2019` say that the architecture does ({numref}`fig-lt-rates`). {cite:t}`su2020` and {cite:t}`frankle2021` studied methods that prune *at initialisation*, and report that these depend little on the exact mask: such a mask says little more than how many weights each layer keeps. For iterative pruning the shuffled masks of
{numref}`fig-lt-left` say the opposite; but it has seen the end of the training. **Does it scale?** {cite:t}`gale2019` report doubts, from large tasks; rewinding is the authors' own revision. One hears that the authors "disavow" their hypothesis; we found revisions and no retraction. **Does it matter?** {ref}`lt-good`.

:::{admonition} "Lottery tickets explain why large networks generalize"
:class: misconception
The hypothesis is about which sparse networks can be *trained*. The paper conjectures that dense networks are easier to train because they contain many tickets. That they generalize because of them is neither its conjecture nor tested by pruning; {doc}`/notebooks/06_width_and_escape` has the nearest test.
:::

:::{admonition} "A winning ticket is found before training"
:class: misconception
Its *initial weights* are from before. Its mask needs the trained dense network, and cheaper masks by size were no tickets ({numref}`fig-lt-cheap`).
:::

:::{admonition} "Stable networks have tickets, unstable ones have none"
:class: misconception
The paper: pruned networks match the dense one *only when* they are stable. That stable ones match does not follow, and {numref}`fig-lt-rewind` has stable ones that do not.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page.
To hand in: {assignment}`06_lottery_tickets`.

```{exercise} ★ The control that was none
:label: ex-lt-control
A public notebook on tickets compared "the winning initialisation" with "a re-initialisation". Its function that sets the random seed had silently
ceased to do so. What were the two arms in truth, what difference do you expect between them, and which one-line check would have told?
```

```{solution} ex-lt-control
:class: dropdown
Both were re-initialisations: the network that should have been rebuilt from its seed got new weights. The expected difference is zero, whatever the
truth about tickets, so the experiment could not have found the effect. The check: the weights before training of the "ticket", where its mask is 1,
equal those of the dense network before training.
```

```{exercise} ★ How much is left
:label: ex-lt-left
LeNet-300-100 on MNIST has layers of 784 × 300, 300 × 100 and 100 × 10 weights. One round prunes a fifth of what is left, in the output layer a tenth.
After how many rounds are 21.1 % and 3.6 % left?
```

```{solution-start} ex-lt-left
:class: dropdown
```
"""

# %%
# NBVAL_CHECK_OUTPUT
sizes = np.array([784 * 300, 300 * 100, 100 * 10])
keeps = np.array([0.8, 0.8, 0.9])
after = {r: (sizes * keeps**r).sum() / sizes.sum() for r in (1, 3, 7, 12, 15, 16)}
pd.Series(after).map("{:.1%}".format)

# %% [markdown]
r"""
After 7 and after 15 rounds: 15 times the whole training, to find a network that trains as well as the whole.

```{solution-end}
```

```{exercise} ★★ Another order
:label: ex-lt-order
Is a ticket tied to the order of the examples that it was found with? Train the tickets with a fifth of the weights from the same initial weights, in
another order. What does the stability of LeNet lead you to expect?
```

```{solution-start} ex-lt-order
:class: dropdown
```
"""

# %%
few_trials = seeds[:5]
again = [connectivity.other_order(s) for s in rows("ticket", 7).settings[few_trials]]
other_order = 100 * stopped(again).accuracy.to_numpy() - ticket[few_trials]
f"another order less the same: {claims.mean(other_order):.1f} points"

# %% [markdown]
r"""
It is not: in another order the ticket does as well. That is what stability leads one to expect. If the order does not decide in which valley the dense network ends, a mask that was found in that valley serves for any order.

```{solution-end}
```

```{exercise} ★★ Pruned and not trained
:label: ex-lt-posttraining
Mask the *trained* dense network by magnitude and do not train it again. How many weights can go before it loses a point? Why does that not make it a ticket?
```

```{solution-start} ex-lt-posttraining
:class: dropdown
```
"""

# %%
lost, whole = {}, rows("dense").loc[few_trials]
for gone in (0.36, 0.5, 0.67, 0.79, 0.9):
    masks = [pruning.prune_smallest(w, None, layers, gone) for w in whole.end]
    kept = [w * pruning.kept(mask) for w, mask in zip(whole.end, masks, strict=True)]
    errors = [
        connectivity.errors_at(lenet, examples[s], [w], validation)[0]
        for s, w in zip(few_trials, kept, strict=True)
    ]
    lost[f"{gone:.0%}"] = claims.mean(100 * (whole.final_accuracy - 1 + errors))
pd.Series(lost, name="points lost").map("{:.1f}".format).rename_axis("pruned")

# %% [markdown]
r"""
About a third and no more: with 36 % gone about a point is lost, with half of them several. The smallest weights of a trained network do little {cite:p}`han2015`, but what they do adds up. The *ticket* with half of the weights is ahead of the dense network. So it is not what is left of a solution: it finds one by itself.

```{solution-end}
```

```{exercise} ★★★ Whole units
:label: ex-lt-units
For *structured* pruning, which removes whole units, {cite:t}`liu2019` found no benefit of the initial weights at either rate. Take the rate of 0.01, at which they help where single weights are pruned, and repeat {numref}`fig-lt-rates` with half of the units of each hidden layer pruned, those with the smallest $\ell_1$ norm of incoming weights {cite:p}`li2017` (`pruning.prune_units`). What is left after the longest training?
```

```{solution-start} ex-lt-units
:class: dropdown
```
"""


# %%
def half_of_units(weights):
    return pruning.prune_units(weights, layers, 0.5)


with_units = advantages(rivals(0.01, disputed[:5], half_of_units))[0.01, moments[-1]]
f"advantage of the initial weights: {claims.mean(with_units):.1f} points"

# %% [markdown]
r"""
Nothing to be seen: the mean is at zero, and five trials exclude an advantage of three points, which is about what single weights had at this rate. That agrees with the critics. Where whole units go, what is left is a smaller dense network, and such a network trains from any start.

```{solution-end}
```

```{exercise} ★★★ Global or by layer
:label: ex-lt-global
Prune the smallest weights of the *whole* network instead of each layer's, to the same number of weights as the ticket with a fifth, in one shot after the whole training.
Which layer pays, and is the ticket better than that with a share for each layer?
```

```{solution-start} ex-lt-global
:class: dropdown
```
"""


# %%
def global_mask(weights, share):
    """The mask that keeps this share of the weights of all layers together, and the share of each layer."""
    own = pruning.weights_of(layers)
    bound = np.quantile(np.abs(np.concatenate([weights[o] for o in own])), 1 - share)
    pruned_of = [float((np.abs(weights[o]) < bound).mean()) for o in own]
    return pruning.prune_smallest(weights, None, layers, pruned_of), 1 - np.array(pruned_of)


share = rows("ticket", 7).left.mean()
globally = [global_mask(w, share) for w in whole.end]
nets = [replace(s, mask=m) for s, (m, _) in zip(whole.settings, globally, strict=True)]
gained = 100 * stopped(nets).accuracy.to_numpy() - found_after[size.epochs][few_trials]
print("share kept by layer:", np.mean([kept for _, kept in globally], 0).round(2))
f"global less by layer, both in one shot: {claims.mean(gained):.1f} points"

# %% [markdown]
r"""
The middle layer pays. It has the most weights into each unit, so the smallest initial ones (they are drawn on $\pm 1/\sqrt{\text{fan-in}}$), and training has not made up for that; the first and the last layer keep about three times its share. Whether it is better is not decided by five trials: the interval includes zero, and a gain of more than three points is excluded.

```{solution-end}
```

```{exercise} ★★★ Tickets for noise
:label: ex-lt-noise
Find tickets of networks trained on *random labels*, with half of the weights, and use their masks, with the true initial weights, to train on the true labels. Does a mask that
was selected for memorizing help to learn? Compare with the network's own ticket and with a random mask.
```

```{solution-start} ex-lt-noise
:class: dropdown
```
"""

# %%
on_noise = [replace(s, label_noise=1.0) for s in whole.settings]
half = {"recipe": tickets.Recipe(0.2, (3,)), "controls": ()}
noise_tickets = tickets.find_tickets(on_noise, examples, **half, **how)
noise_tickets = noise_tickets[noise_tickets.arm == "ticket"].settings
moved = stopped([replace(s, label_noise=0.0) for s in noise_tickets]).accuracy.to_numpy()
for arm in ("ticket", "shuffled"):
    less = 100 * (moved - rows(arm, 3).accuracy[few_trials])
    print(f"mask from noise less {names[arm]}: {claims.mean(less):.1f} points")

# %% [markdown]
r"""
A little: it is a point or two better than a random mask, and worse than the ticket that was found on the true labels. What it is worth beyond a random one cannot come from labels that meant nothing; it comes from the inputs, or from the sizes of the initial weights.

```{solution-end}
```

## Summary

- Iterative magnitude pruning finds sparse networks that train well *from their own initial weights*. It takes both: the mask with other weights and the weights with another mask fall behind.
- The hypothesis, and the paper's conjecture, are about training. Neither says that large networks generalize because of their tickets.
- From its start LeNet ends in one valley whatever the order of the examples; the convolutional network does not, and there rewinding regains a part of what resetting loses. Stability alone does not make a network match.
- How much initial weights "matter" depends on the learning rate, on the budget and on when one stops. Say which.
- A mask alone, on weights that were never trained, classifies: choosing it is training. Of the kept initial values the signs are enough; zeros help where weights were heading to zero.
- A mask taken early is no ticket. Finding one costs the training that it would save.

**Reading.** {cite:t}`frankle2019` for the hypothesis, {cite:t}`frankle2020` for its revision; {cite:t}`liu2019` for the dissent; {cite:t}`zhou2019`
for the dissection, and {cite:t}`ramanujan2020` for masks that are learned; {cite:t}`jeffares2025` for the question what it is good for.
"""
