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
(networks-at-the-threshold)=
# Networks at the threshold

A few hundred signals, some with a wrong label, and networks of one hidden layer, from a handful of units to a few hundred. With the share of wrong labels and the epoch, their curve of errors only falls, makes the textbook's U, or has a peak and a second descent. What decides which, and where the peak stands?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt

from overparam import claims, curves, data, figures, measures, mlp, network, scale, sweep
from overparam.architectures.stacked import MLP
from overparam.engine import growing
from overparam.engine.settings import Settings
from overparam.measures import regions
from overparam.randomness import generator, rng
from overparam.report import results

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
ledger = claims.Ledger("networks-at-the-threshold")
colors = figures.COLORS
often = (5, 8, 12, 18, 25, 35, 50, 70, 100, 140, 200)
epochs = ((5, 10, 20), often, often)
sizes = scale.sizes(n=(200, 300, 300), test=(500, 2000, 2000), epochs=epochs)
n, EPOCHS, last = sizes.n, sizes.epochs, sizes.epochs[-1]
recipe = {"optimizer": "adam", "lr": 0.005, "batch_size": 50}


# %% mystnb={"code_prompt_show": "The networks: one call to sweep"} tags=["hide-input"]
# Every width at four shares of wrong labels, looked at while it trains
WIDTHS = (3, 4, 5, 6, 8, 11, 15, 20, 27, 36, 50, 70, 120, 200)
DIP, PEAK, WIDE = (5, 6), (15, 20, 27), (120, 200)  # from pilot runs on other seeds
SHARES = (0.0, 0.1, 0.2, 0.3)  # of labels that are wrong
NOISE = {share: data.wrong_labels(share, 10) for share in SHARES}


def signals(seed, number=n):
    """A replicate's own training and test signals, none of which is moved."""
    return data.mnist1d(number, sizes.test, seed, max_translation=1)


def train(architecture, sets, **how):
    """Networks for every replicate, whose number seeds all that is random in it."""
    runs = sweep(architecture, sets, seed={s: s for s in sets}, **recipe | how)
    return runs.assign(wrong=(0.9 * runs.label_noise).round(3))


# %% mystnb={"code_prompt_show": "The runs"} tags=["hide-input"]
# The runs, and tables of what they come to: one row per replicate, one column per width
centre = ["model-wise", "label-noise-amplifies", "emc-definition", "early-stopping"]
centre += ["not-a-squared-loss-artifact", "regions-peak-at-threshold"]
sets = {s: signals(s) for s in ledger.seeds(*centre)}
seen = {"curves": EPOCHS, "test_correct": EPOCHS, "correct": [last]}
seen["weights"] = [EPOCHS[0], last]
everywhere = {"label_noise": list(NOISE.values()), "epochs": last, "record": seen}
runs = train(mlp(WIDTHS), sets, **everywhere)
history = curves(runs, epochs=EPOCHS)


def by_width(column="test_error", share=0.2, rows=runs):
    """In %, at the end of training."""
    return 100 * measures.by_seed(rows[rows.wrong == share], column, "width")


def rise_and_fall(table, windows=(DIP, PEAK, WIDE)):
    """From the dip to the peak, and from the peak to the widest, of means over windows."""
    low, high, wide = (table[list(widths)].mean(axis=1) for widths in windows)
    return high - low, high - wide


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**One architecture, many curves: what the width does depends on the noise and on the epoch.** Share of misclassified signals against width, for training labels as given and for test signals with true labels. Means over replicates with 95 % bands.", "name": "fig-threshold-centre"}} tags=["hide-input"]
# The two sliders
def frame(share, epoch):
    rows = history[(history.wrong == share) & (history.epoch == epoch)]
    fig, ax = plt.subplots(figsize=(7.2, 4.0))
    for part in ("train", "test"):
        figures.plot(rows, "width", f"{part}_error", ax=ax, label=part)
    figures.log_axis(ax, (3, 5, 11, 20, 50, 200))
    ax.set(ylim=(-0.01, 0.7), xlabel="hidden units", ylabel="share misclassified")
    test = rows.groupby("width").test_error.mean()
    highest = f"{test.max():.0%} with {test.idxmax()} units"
    ax.set_title(
        f"Test error: at most {highest}; {test.iloc[-1]:.0%} with {test.index[-1]}"
    )
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


slid = EPOCHS[::2]
figures.slider(
    {(f"{share:.0%}", epoch): frame(share, epoch) for share in SHARES for epoch in slid},
    ("Wrong labels", "Epoch"),
    "Training and test error against width with {} of the labels wrong, after epoch {}.",
    start=("20%", last),
)

# %% tags=["remove-input"]
noisy, clean = by_width(), by_width(share=0.0)
ends = noisy.mean()
Markdown(
    f"With a fifth of the labels wrong, after {last} epochs, {ends[3]:.0f} % of the test signals are misclassified by 3 hidden units, {ends[5]:.0f} % by 5, {ends[20]:.0f} % by 20 and "
    f"{ends[200]:.0f} % by 200. Without wrong labels the error falls from {clean[3].mean():.0f} % to {clean[200].mean():.0f} %."
)

# %% [markdown]
r"""
The sliders begin at the last epoch with a fifth of the labels wrong: a first descent, a peak, a second descent. Move the epoch to the left and it travels to the right, until only its near side is left: the textbook's U, with the widest networks
past the best width. Further left even that is gone, and wider is simply better. No network has changed its number of parameters meanwhile.

The data are MNIST-1D {cite:p}`greydanus2024`, signals of 40 samples in ten classes that a program draws. Every replicate has its own 300 for training, its own 2,000 for testing, its own wrong labels and networks. The signals are not moved, which is a setting of the program; to a fully connected network
moved ones are hardly more than noise ({doc}`/notebooks/03_memorization`). A network with $H$ hidden units has $51H + 10$ parameters (weights and biases of $H$ units with 40 inputs, and of ten outputs with $H$) and is trained by Adam on cross-entropy, whatever its width, for the same number of epochs.

A word on the noise. {cite:t}`nakkiran2020` replace a label, with probability $q$, by one of the *wrong* classes; the chapters before this one drew from all classes, as {cite:t}`zhang2017` do. Both come to the same if $\eta = q\,K/(K-1)$ ({ref}`threshold-ex-noise`). This page gives $q$. Test labels
are true, and in a training set the noise is drawn once and stays.

```{lab} threshold
:figure: fig-threshold-centre
**Train a hundred networks here.** The same experiment, computed on your device. Take the noise away, and the peak goes; change the optimizer, and it moves; look after an earlier epoch, and it stands further to the right. The line where parameters equal examples times classes stays where it is.
```

(threshold-model)=
## A peak, and a second descent

In a linear model the peak can be computed ({doc}`/notebooks/04_double_descent`): where the number of features equals that of examples, exactly one function fits, and it has to bend as far as the labels ask. Nobody has such a formula for networks that are trained in all their layers, so from here on everything is measured. {cite:t}`nakkiran2020` found
that the test error of networks against their width has a peak at the interpolation threshold, where they are just able to fit their labels, and past it a second descent.

A peak is easily found in noise: look for the highest point of a wiggly curve, ask whether it is high, and the answer is yes. So three windows of widths were fixed on other replicates than those tested here: the dip (5 and 6 units), the peak (15 to 27), and the widest (120 and 200).
"""

# %%
rise, fall = rise_and_fall(noisy)

# %% tags=["remove-input"]
ledger.say("model-wise")

# %% tags=["remove-input"]
# Each replicate's own peak, of errors averaged with those at the two neighbouring widths
smooth = noisy.T.rolling(3, center=True, min_periods=2).mean().T
peaks = pd.Series({s: measures.peak_and_dip(errors)[0] for s, errors in smooth.iterrows()})
unfitted = by_width("train_error")
missed = np.array([unfitted.loc[s, width] for s, width in peaks.items()])
Markdown(
    f"On this page the error rises by {claims.mean(rise):.1f} points and falls by {claims.mean(fall):.1f}. The second minimum is {claims.mean(rise - fall):.1f} points above the first."
)

# %% [markdown]
r"""
A network for which the textbook's curve went on would have its largest error at the largest width, and the second number would be negative. The second minimum is not the lower one on average: five or six units, which cannot fit the wrong labels, do better than more than a hundred, which do. It is not so in every replicate, since a narrow network may train badly.

Does it hang on our settings? We vary them, mostly one at a time, and now look for the peak at each setting: two replicates say where peak and dip are, the others how high.
"""

# %% mystnb={"code_prompt_show": "The settings"} tags=["hide-input"]
# The settings
one = {"noise": (0.1, 0.3, 0.4), "n": (150, 600), "epochs": (100, 600), "lr": (0.002, 0.01)}
one |= {"batch_size": (25, 100), "depth": (2, 3), "translation": (4, 12)}
one |= {"weight_decay": (1e-4,), "schedule": ("cosine",), "loss": ("squared",)}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]
settings += [{"optimizer": "sgd", "momentum": 0.9, "lr": lr} for lr in (0.05, 0.1)]
settings += [{"digits": True}, {"digits": True, "n": 500, "epochs": 800, "lr": 0.002}]
usual = {
    "noise": 0.2,
    "n": n,
    "epochs": last,
    "depth": 1,
    "translation": 1,
    "digits": False,
}


# %% mystnb={"code_prompt_show": "One setting"} tags=["hide-input"]
# One setting
def in_setting(how):
    """Rise to the peak and fall after it, in points, where two replicates of four locate it for the others."""
    rest = usual | how
    keys = ("noise", "n", "depth", "translation", "digits")
    noise, number, depth, moved, digits = (rest.pop(key) for key in keys)
    widths = (*WIDTHS, 400) if rest.get("loss") == "squared" else WIDTHS
    tables = {s: data.mnist1d(number, 2000, s, moved) for s in ledger.selection(4)}
    if digits:
        tables = {s: data.digits(number, s) for s in tables}
    rest["label_noise"] = data.wrong_labels(noise, 10)
    found = train(mlp(widths, depth=depth), tables, **rest)
    errors = 100 * measures.by_seed(found, "test_error", "width")
    parts = measures.rise_and_fall(errors)[["rise", "fall"]].mean()
    words = (key if value is True else f"{key} {value}" for key, value in how.items())
    name = ", ".join(words) or "as above"
    return {"setting": name, **parts, "keeps": bool(parts.min() > 0)}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Rise and second descent are there in most settings.** One point per setting, means over four replicates: rise of the test error from the dip to the peak, and its fall from there to the widest network. Settings that lack one of the two are named.", "name": "fig-threshold-multiverse"}, "image": {"alt": "Scatter of settings, fall against rise, both in points of test error. Most lie above and to the right of the dotted lines at zero."}} tags=["hide-input"]
record = "04_model_wise_multiverse"
robust, where = results.measured_or_recorded(
    record, lambda: pd.DataFrame(map(in_setting, settings))
)
ax = figures.settings(robust, "rise", "fall")
ax.set(xlabel="rise to the peak, points", ylabel="fall to the widest, points")
plt.show()

# %% tags=["remove-input"]
Markdown(f"Rise and fall are both positive in {results.kept(robust, where)}")

# %% [markdown]
r"""
With few wrong labels there is little to climb to. On handwritten digits networks of a few units are still on their first descent after 200 epochs, so that the dip is not there yet; with more images and longer training in smaller steps both rise and fall are there. For two hidden layers, where the second descent is large, we have no such explanation.

::::{predict}
:answer: 2
:figure: fig-threshold-noise
With fewer wrong labels, what happens to the peak?

1. It gets lower and stays where it is: the model has as many parameters as before.
2. It gets lower and moves to narrower networks.
3. It gets lower and moves to wider networks, which are better at finding the truth.
4. It stays as high and moves to narrower networks.

:::{dropdown} Answer
B. Labels with less noise are fitted by narrower networks, and the peak goes where fitting becomes possible. So whatever the horizontal axis of this picture should be, it is not the number of parameters.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**More noise: a higher peak, further to the right.** Test error after the last epoch for four shares of wrong labels. Dotted: the width at which 5 % of the training labels are missed. Means over replicates with 95 % bands.", "name": "fig-threshold-noise"}, "image": {"alt": "Test error against width, four curves. Without wrong labels it falls and stays low. With 10, 20 and 30 per cent there is a dip at about 5 units, a peak that is higher and further to the right the more labels are wrong, and a second descent. Dotted lines move to the right with the noise."}} tags=["hide-input"]
fig, ax = plt.subplots()
hues = dict(zip(SHARES, figures.ramp(len(SHARES)), strict=True))
figures.plot(runs, "width", "test_error", "wrong", ax, hues, "{:.0%} wrong labels")
for share, color in hues.items():
    just_fits = measures.threshold(WIDTHS, by_width("train_error", share).mean(), 5)
    ax.axvline(just_fits, color=color, linestyle=":")
figures.log_axis(ax, (3, 5, 8, 11, 20, 36, 70, 200))
ax.set(xlabel="hidden units", ylabel="share of test signals misclassified", ylim=(0, 0.65))
ax.legend(ncols=2)
plt.show()

# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
# Windows of widths that were fixed beforehand, so that no peak is chosen freely where there is none
LEFT, RIGHT = [8, 11], [20, 27]
errors = {share: by_width(share=share) for share in SHARES}
around = DIP, (*LEFT, 15, *RIGHT), WIDE
heights = {s: rise_and_fall(e, around)[1] for s, e in errors.items()}
to_the_right = {s: e[RIGHT].mean(axis=1) - e[LEFT].mean(axis=1) for s, e in errors.items()}

# %% tags=["remove-input"]
ledger.say("label-noise-amplifies")

# %% tags=["remove-input"]
hump = {f"fall behind the peak, {s:.0%} wrong": claims.mean(heights[s]) for s in SHARES}
for s in (0.1, 0.3):
    hump[f"right half of the peak less left half, {s:.0%} wrong"] = claims.mean(
        to_the_right[s]
    )
claims.table(
    "Test error: from the window around the peak to the widest network (where negative, it rises), and within "
    "that window, 20 and 27 units less 8 and 11.",
    hump,
    "points",
)

# %% [markdown]
r"""
Why should the peak move? A training set with more wrong labels is harder to fit, so the width that is just able to do it is larger: the dotted lines say so, and the peaks go along. Had the peak belonged to the number of parameters, all curves would have their highest point at one width.

To compare noise levels we fixed windows of widths beforehand. A search at each level would find a highest point without noise as well, among the narrowest networks, which simply fit badly.

::::{admonition} Break it: take the noise away
:class: break-it
That is the lowest curve of {numref}`fig-threshold-noise`. Without wrong labels there is no peak in these networks: the error falls, flattens, and is a little higher again in the widest. {cite:t}`nakkiran2020` see a plateau on CIFAR-10, while on CIFAR-100 some clean settings do have a peak. Noise is an amplifier and not the source; but what it amplifies can be too
small to see.
::::

(threshold-nk)=
## Counting parameters

What would a count predict? A model with $K$ outputs has to meet $nK$ numbers to fit its targets exactly, so {cite:t}`belkin2019` expected the threshold of a network with $K$ outputs at $nK$ parameters, and found a peak there, for one hidden layer and squared loss on MNIST. Their recipe has a peculiarity. Below the threshold each network *begins with
the weights of the next smaller one*; above it networks begin at random. So the recipe changes just where the peak is expected. (A supplementary figure of theirs has no reuse.) We train on our 300 signals with squared loss, once with random starts throughout and once with their reuse of weights.

::::{predict}
:answer: 4
:figure: fig-threshold-nk
Squared loss and random starts. Where does the *test loss* peak, with clean labels and with a tenth of them wrong?

1. Near $nK$ parameters in both cases: the count does not know the labels.
2. Where the cross-entropy networks peak, far below $nK$, in both cases.
3. Near $nK$ with wrong labels; with clean ones nowhere: the loss falls throughout.
4. Near $nK$ with wrong labels; with clean ones it climbs as well, and does not come down.

:::{dropdown} Answer
D. Squared loss asks for numbers and not for classes, so even clean labels have to be met exactly, and in these networks being able to do so costs. What wider networks take back afterwards is a part of what the wrong labels had added.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The networks: random starts, and reused weights"} tags=["hide-input"]
# Squared loss: networks that start at random, and chains in which each starts from the one before
NK_WIDTHS, CHAIN = (14, 20, 30, 42, 59, 83, 118, 166, 235, 332), (14, 20, 30, 42)
NK_WINDOWS = (14, 20), (83, 118), (235, 332)  # and 59 units have nK parameters
squared = {"loss": "squared", "epochs": last}
names = ["two-layer-nets-threshold-nK", "not-a-squared-loss-artifact"]
pairs = {s: sets[s] if s in sets else signals(s) for s in ledger.seeds(*names)}
noisy_too = [NOISE[share] for share in (0.0, 0.1, 0.2)]
fresh = train(mlp(NK_WIDTHS), pairs, label_noise=noisy_too, **squared)


def chain(seed, noise):
    """One network at growing widths, each time begun with the weights that it had before."""
    how = {"n": n, "init_seed": seed, "data_seed": seed, "label_noise": noise}
    begin = Settings(MLP(1), **how, **recipe, **squared)
    return growing.reuse([begin], CHAIN, pairs[seed])


reused = pd.concat([chain(s, noise) for s in pairs for noise in noisy_too[:2]])
reused["wrong"] = (0.9 * reused.label_noise).round(3)
mixed = pd.concat([reused, fresh[fresh.width > max(CHAIN)]])
mixed = mixed[mixed.wrong < 0.2]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**With squared loss the test loss peaks a little past nK parameters if labels are noisy; with clean ones it climbs and stays up.** Squared test loss, summed over outputs, against parameters in units of nK. Left: all networks start at random. Right: up to 42 units each starts from the next smaller one. Means over replicates with 95 % bands.", "name": "fig-threshold-nk"}, "image": {"alt": "Two panels of test loss against parameters over nK. Left, random starts: with a tenth of the labels wrong the loss climbs to a peak between one and two and falls; with clean labels it climbs less far and stays nearly level. Right, reused weights below the dotted line at one: the loss is somewhat higher just below the line, and the curves are otherwise the same."}} tags=["hide-input"]
titles = {"Random starts": fresh[fresh.wrong < 0.2], "Weights reused below nK": mixed}
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.8), sharey=True)
for ax, (title, rows) in zip(axes, titles.items(), strict=True):
    rows = rows.assign(ratio=rows.parameters / (10 * n), loss=10 * rows.test_loss)
    figures.plot(rows, "ratio", "loss", "wrong", ax, hues, "{:.0%} wrong labels")
    ax.axvline(1, color=colors["threshold"], linestyle=":", linewidth=1.5)
    figures.log_axis(ax, (0.25, 0.5, 1, 2, 4))
    ax.set(title=title, xlabel="parameters / nK", ylabel="")
axes[0].set_ylabel("squared test loss")
axes[0].set_ylim(0, None)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()


# %% mystnb={"code_prompt_show": "The estimates"} tags=["hide-input"]
# Where the loss is highest past its dip, in every replicate, in doublings of nK; and how high
def loss(share, rows=fresh):
    return 10 * measures.by_seed(rows[rows.wrong == share], "test_loss", "width")


def places_in_nk(table):
    found = [measures.peak_and_dip(row)[0] for _, row in table.iterrows()]
    return np.log2((51 * np.array(found) + 10) / (10 * n))


losses = {share: loss(share) for share in (0.0, 0.1)}
contrasts = {share: rise_and_fall(table, NK_WINDOWS) for share, table in losses.items()}
chains = {share: loss(share, reused)[42] for share in losses}
drops = {share: chains[share] - losses[share][59] for share in losses}
fresh_drops = {share: table[42] - table[59] for share, table in losses.items()}

# %% tags=["remove-input"]
ledger.say("two-layer-nets-threshold-nK")

# %% tags=["remove-input"]
on_page = {}
for share, words in {0.1: "a tenth wrong", 0.0: "clean labels"}.items():
    rise, fall = contrasts[share]
    on_page[f"{words}: rise to 83 and 118 units"] = claims.mean(rise)
    on_page[f"{words}: fall behind it"] = claims.mean(fall)
    on_page[f"{words}: from 42 units, weights reused, to 59, fresh"] = claims.mean(
        -drops[share]
    )
    on_page[f"{words}: the same, fresh on both sides"] = claims.mean(-fresh_drops[share])
highest = 2 ** np.median(places_in_nk(losses[0.1]))
claims.table(
    f"On this page: changes of the test loss. With wrong labels it is highest past the dip at {highest:.1f} nK "
    "in the middle replicate.",
    on_page,
)

# %% [markdown]
r"""
Had $nK$ meant nothing, the highest point would have lain anywhere on the axis; with a tenth of wrong labels it lies to the right of $nK$, by about a factor of two at most. So for squared loss and noisy labels the count is a rule of thumb of that precision. With clean labels, the paper's, there is a climb to a plateau and no second descent. On MNIST, with thirteen times as many examples, the paper has one, and these signals may
differ from its images. A curve whose recipe changes at the very place where it is expected to turn proves little, so random starts decide; as it happens, reuse lifts the loss a little just below $nK$ and is not what makes the peak here.

The count does not know the loss, either. "Is double descent an artefact of the squared loss?" is a fair question, since dividing by small singular values is what least squares does. On the same signals, with the same wrong labels and the same training, both losses have a rise and a fall of the *test error*:
"""

# %% tags=["remove-input"]
ledger.say("not-a-squared-loss-artifact")

# %% tags=["remove-input"]
by_loss = {"ce": rise_and_fall(noisy)}
by_loss["sq"] = rise_and_fall(by_width(rows=fresh), NK_WINDOWS)
loss_contrasts = {f"rise_{key}": pair[0] for key, pair in by_loss.items()}
loss_contrasts |= {f"fall_{key}": pair[1] for key, pair in by_loss.items()}
words = (
    "rise, cross-entropy",
    "rise, squared loss",
    "fall, cross-entropy",
    "fall, squared loss",
)
by_words = dict(zip(words, map(claims.mean, loss_contrasts.values()), strict=True))
claims.table("On this page: the test error to the peak and behind it.", by_words, "points")

# %% [markdown]
r"""
What differs is the place. Squared loss has to bring $nK$ outputs to 0 or 1; for cross-entropy it is enough that the right output is the largest, as the loss then falls on while the weights grow. That takes far fewer parameters here. So a count of parameters would need one rule for each loss, each noise and each number of epochs.

(threshold-emc)=
## Counting what can be fitted

{cite:t}`nakkiran2020` count something else: not the parameters of the model, but the examples that the whole *training procedure* manages to fit.

```{prf:definition} Effective model complexity
:label: threshold-def-emc
Let $\mathcal T$ be a training procedure and $\mathcal D$ a distribution of labelled examples, noise included. With a tolerance $\varepsilon > 0$,

$$
\mathrm{EMC}_{\mathcal D, \varepsilon}(\mathcal T)
= \max \bigl\{\, n : \mathbb E_{S \sim \mathcal D^n}\, \text{training error of } \mathcal T(S) \le \varepsilon \,\bigr\} .
$$ (threshold-eq-emc)
```

The hypothesis is that test error behaves strangely only where $\mathrm{EMC} \approx n$. Far below, anything that makes the procedure more powerful helps; far above it too; and between them it may hurt. Note what the definition contains: the architecture, the optimizer, the number of epochs and the noise of the data. And what the hypothesis
leaves open: how near "$\approx$" is, and what $\varepsilon$ should be. The paper takes 0.1 and calls it a heuristic.

The definition can be carried out. We train on several $n$, each for the same number of *epochs* (they define the procedure, so that more data means more steps), average the training error over replicates, and read off where it crosses $\varepsilon$. Where the error on $n$ examples themselves is just $\varepsilon$, $\mathrm{EMC} = n$. Nothing in this uses a test signal.

::::{predict}
:answer: 2
:figure: fig-threshold-emc
At the peak of the test error, with a fifth of the labels wrong, what share of its 300 training labels does a network still miss?

1. About a tenth, the tolerance of the definition.
2. None or hardly any.
3. About a fifth: it fits the right labels and no others.

:::{dropdown} Answer
B. The peak stands where the last labels are fitted, and a tolerance of a tenth is reached by narrower networks. So $\mathrm{EMC} = n$ lies to the left of the peak, on its slope.
:::
::::
"""

# %%
COUNTS = tuple(n * 2**k // 4 for k in range(5))  # a quarter of n to four times n
EMC_WIDTHS = (4, 5, 6, 8, 11, 15, 20, 27, 36)
pools = {s: signals(s, 4 * n) for s in ledger.seeds("emc-definition")}
how = {"n": COUNTS, "label_noise": NOISE[0.2], "epochs": last}
fitted = train(mlp(EMC_WIDTHS), pools, record={"curves": EPOCHS}, **how)

# %% mystnb={"code_prompt_show": "From training errors to complexities"} tags=["hide-input"]
# From training errors, averaged over replicates, to complexities
training = curves(fitted, epochs=EPOCHS)


def complexity(tolerance=0.1, epoch=last):
    """In units of n, by width; 0.25 and 4, the ends of the grid, are bounds."""
    rows = training[training.epoch == epoch]
    table = rows.pivot_table("train_error", "width", "n")
    return table.apply(
        lambda row: measures.effective_complexity(COUNTS, row, tolerance) / n, axis=1
    )


def in_doublings(widths, tolerance=0.1):
    """log₂ of complexity over n at these widths, read as linear in log width."""
    found = np.log2(complexity(tolerance))
    return np.interp(np.log(list(widths)), np.log(found.index), found)


def width_at(multiple, tolerance=0.1):
    """The width at which complexity is this multiple of n, read in the same way."""
    found = complexity(tolerance)
    return np.exp(np.interp(np.log(multiple), np.log(found), np.log(found.index)))


def error_at(width):
    """Each replicate's test error there, in %, read as linear in log width."""
    return [
        np.interp(np.log(width), np.log(WIDTHS), errors) for errors in smooth.to_numpy()
    ]


through = np.subtract(error_at(width_at(2)), error_at(width_at(0.5)))


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The test error rises where complexity passes n, and peaks above it.** Left: effective model complexity over n against width, by number of epochs; a quarter and 4 are the ends of the grid. Right: test error after the last epoch against complexity over n, where both are known, one point per width; dots, piled up: where each replicate has its peak.", "name": "fig-threshold-emc"}, "image": {"alt": "Left, complexity over n against hidden units on logarithmic axes: it rises with width, and more epochs lift it. Right, test error against complexity over n: it is lowest below one half, rises steeply through one, and is highest above two, where the dots are."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.9))
for epoch, color in zip(EPOCHS[-5::2], figures.ramp(3), strict=False):
    left.plot(complexity(epoch=epoch), "o-", color=color, label=f"{epoch} epochs")
shown = by_width()[list(EMC_WIDTHS)].mean()
known = complexity()[complexity().between(0.25, 4, inclusive="neither")]
right.plot(known, shown[known.index], "o-", color=colors["test"], label="mean")
piled = shown.min() - 3 + 0.6 * peaks.groupby(peaks).cumcount()
right.plot(2 ** in_doublings(peaks), piled, ".", markersize=9, label="peaks")
left.set_yscale("log")
left.set_yticks([0.25, 0.5, 1, 2, 4], ["¼", "½", "1", "2", "4"])
left.minorticks_off()
figures.log_axis(left, (4, 8, 15, 36))
figures.log_axis(right, (0.25, 0.5, 1, 2, 4))
left.axhline(1, color=colors["threshold"], linestyle=":")
right.axvline(1, color=colors["threshold"], linestyle=":")
left.set(xlabel="hidden units", ylabel="complexity / n")
right.set(xlabel="complexity / n", ylabel="% of test signals misclassified")
left.legend()
right.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
ledger.say("emc-definition")

# %% tags=["remove-input"]
middle = 2 ** np.median(in_doublings(peaks))
strict = 2 ** np.median(in_doublings(peaks, 0.02))
Markdown(
    f"On this page the error rises by {claims.mean(through):.1f} points from the width at which complexity is half of n to that at which it is twice n ({width_at(0.5):.1f} and {width_at(2):.1f} units). The peak, looked for among all widths in each replicate, is at {peaks.median():.0f} units in the middle one; there {missed.mean():.1f} % of the training labels are missed, and complexity is {middle:.1f} n with "
    f"the paper's tolerance and {strict:.1f} n with one of 0.02."
)

# %% [markdown]
r"""
The place of the peak was not put in: each replicate's own highest point counts, whatever share of labels is missed there. To admit only widths that miss, say, between 0.5 and 10 % would assume what is to be shown. Complexity grows with width *and* with epochs, which makes it one axis for
both; had it grown with one only, the definition would be of no use. And where it passes $n$ the test error rises: had it fallen there and risen elsewhere, the hypothesis would be wrong.

How near is the peak? With the paper's tolerance it lies above $n$, since it stands where practically all labels are fitted and not nine tenths of them. A smaller tolerance moves $\mathrm{EMC} = n$ to the right ({ref}`threshold-ex-tolerance`). Being able to choose it afterwards is the weak point of the
hypothesis. So is its last clause: "strange only near $\mathrm{EMC} = n$" allows a peak there and does not demand one, as the networks without noise remind us.

:::{admonition} The peak belongs to a procedure on a data set
:class: key-result
The same width is left of the peak, on it or right of it, depending on the labels, the loss and the number of epochs.
:::

(threshold-data)=
## More data

If the peak is where a procedure can just fit $n$ examples, it must move when $n$ does. What does one network see of that, as its training set grows?

::::{predict}
:answer: 1
:figure: fig-threshold-data
A network of 40 units, squared loss, a fifth of the labels wrong, always 3,000 steps. What does the test loss do as the training set grows from 50 signals to 600?

1. It rises first and then falls.
2. It falls throughout: the network can always ignore what does not help.
3. It stays level until the network can no longer fit everything, and then falls.

:::{dropdown} Answer
A. The network cannot ignore an example: it passes through every label as long as it can. Raising $n$ moves the peak to larger models, so a network that was safely past it finds itself *on* it: with some 150 examples this one only just can, and there it is worst.
:::
::::
"""

# %%
NUMBERS = scale.sizes(
    more=((50, 150), (50, 100, 150, 300, 600), (50, 100, 150, 300, 600))
).more
FEW, MORE, LENGTH = 50, 150, 15 * last  # examples, and steps
how = {"loss": "squared", "label_noise": NOISE[0.2]}
draws = {s: signals(s, max(NUMBERS)) for s in ledger.seeds("sample-wise-nonmonotone")}
more_data = pd.concat(
    [train(mlp(40), draws, n=k, epochs=LENGTH * 50 // k, **how) for k in NUMBERS]
)
sample_losses = 10 * measures.by_seed(more_data, "test_loss", "n")
sample_errors = 100 * measures.by_seed(more_data, "test_error", "n")

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Three times the data, and a higher test loss.** Networks with 40 hidden units and squared loss, 20 % wrong labels, equally many steps for every number of examples. Means over replicates with 95 % bands.", "name": "fig-threshold-data"}, "image": {"alt": "Two panels against the number of training examples. Left, squared test loss rises from 50 examples to a peak at 150 and falls well below its start at 600. Right, the share misclassified falls throughout."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.4))
rows = more_data.assign(loss=10 * more_data.test_loss)
figures.plot(rows, "n", "loss", ax=left, colors=colors["test"])
figures.plot(rows, "n", "test_error", ax=right, colors=colors["test"])
for ax, label in ((left, "squared test loss"), (right, "share misclassified")):
    figures.log_axis(ax, NUMBERS)
    ax.set(xlabel="training examples", ylabel=label)
    ax.set_ylim(0, None)
plt.show()

# %% tags=["remove-input"]
ledger.say("sample-wise-nonmonotone")

# %% [markdown]
r"""
We keep the number of *steps* fixed, so that what varies is the data and not the length of the training, and the two numbers of examples were fixed beforehand, so there is no choice among pairs to correct for. All networks of a replicate are tested on the same signals. It is the loss that gets worse and not the share misclassified: at its threshold a network is wrong less
often than with 50 signals, but its outputs are further off. {cite:t}`nakkiran2020` report both kinds, more data that does not help, and for translation more data that raises the loss.

Does anyone collect data and lose by it? Whoever trains to the end and chooses the network before the data may. The cure is in the next section.

(threshold-flat)=
## What flattens it

If the peak is a matter of variance, averaging must lower it. If it is a matter of fitting noise, not fitting it must. First, averaging: five networks that differ in their initialisation and their order of the examples vote, and the class with the most votes wins.

::::{predict}
:answer: 3
:figure: fig-threshold-flat
The wrong labels are drawn either once, the same for all five, or for each network anew. Which vote gains more, and where?

1. With the same labels, at the peak: then the networks agree on the truth and differ by chance.
2. Both the same, at the peak: the labels are equally noisy.
3. With fresh labels, by far, at every width; with the same labels it gains below the peak and at it, and hardly behind it.

:::{dropdown} Answer
C. Five independent draws of the noise *reveal* most of the true labels: if each is wrong one time in five, their plurality hardly ever is ({ref}`threshold-ex-leak`). The fair vote is the one with the same labels.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Five networks vote"} tags=["hide-input"]
# Five networks vote: with one draw of the wrong labels, or with a draw for each
MEMBERS, VOTE_WIDTHS = 5, (5, 20, 200)
teams = {}
for s in ledger.seeds("ensembles"):
    d = sets[s] if s in sets else signals(s)
    copies = data.noisy_copies(d, NOISE[0.2], MEMBERS, s)
    for k, copy in enumerate(copies.values()):
        teams["fresh labels", s, k] = copy
        teams["same labels", s, k] = copies["copy 0"]
seeds = {key: 100 * key[1] + key[2] for key in teams}
how = recipe | {"epochs": last, "record": ["predictions"]}
members = sweep(mlp(VOTE_WIDTHS), teams, seed=seeds, **how)
members[["labels", "replicate", "member"]] = members["data"].tolist()


def vote(group):
    outputs = np.stack(group.predictions).reshape(MEMBERS, -1, 10)
    true = teams["same labels", group.replicate.iloc[0], 0].y_test.numpy()
    single, voted = group.test_error.mean(), (measures.plurality(outputs) != true).mean()
    return pd.Series({"single": 100 * single, "vote": 100 * voted})


ballots = members.groupby(["labels", "width", "replicate"])[list(members)].apply(vote)
gains = (ballots["single"] - ballots["vote"]).unstack("width")  # noqa: PD010

# %% mystnb={"code_prompt_show": "Stopped in time"} tags=["hide-input"]
# Stopped where one half of the test signals has fewest errors, and tested on the other
fifth = runs[runs.wrong == 0.2]
stopping = 100 * measures.stopped_errors(fifth)
stopping[["width", "data_seed"]] = fifth[["width", "data_seed"]]
stopped, final = (measures.by_seed(stopping, c, "width") for c in ("stopped", "final"))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Voting lowers the peak; stopping in time takes it away.** Test error with 20 % wrong labels. Left: single networks, and votes of five trained on the same labels or on labels with fresh noise. Right: after the last epoch, and at the epoch that other signals choose. Means over replicates, right with 95 % bands.", "name": "fig-threshold-flat"}, "image": {"alt": "Two panels of test error against width. Left: a single network has its peak at 20 units; the vote with the same labels is far lower at 5 and 20 units and hardly at 200; the vote with fresh labels is far below throughout. Right: the last epoch's curve with a dip, a peak and a second descent; the stopped curve falls steeply and then lies flat, far below."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.8), sharey=True)
means = ballots.groupby(["labels", "width"]).mean()
left.plot(means.loc["same labels"].single, "o-", color=colors["test"], label="single")
for labels, color in zip(
    ("same labels", "fresh labels"), figures.SEQUENCE[2:], strict=False
):
    look = {"color": color, "linestyle": figures.dash(color), "marker": "s"}
    left.plot(means.loc[labels].vote, label=f"vote, {labels}", **look)
end = {"ax": right, "colors": colors["test"], "label": "last epoch"}
figures.plot(stopping, "width", "final", **end)
early = end | {"colors": figures.SEQUENCE[0], "label": "stopped in time", "marker": "s"}
figures.plot(stopping, "width", "stopped", **early)
for ax in (left, right):
    figures.log_axis(ax, (3, 5, 11, 20, 50, 200))
    ax.set(xlabel="hidden units", ylabel="", ylim=(0, 45))
    ax.legend()
left.set_ylabel("% of test signals misclassified")
plt.show()

# %% tags=["remove-input"]
ledger.say("ensembles")

# %% tags=["remove-input"]
won = {
    f"{labels}, {w} units": claims.mean(table[w])
    for labels, table in gains.groupby("labels")
    for w in VOTE_WIDTHS
}
claims.table("On this page: what the vote gains.", won, "points")

# %% [markdown]
r"""
Behind the peak the gain shrinks to almost nothing: members that all fit the same wrong labels, with room to spare, have little left to differ in. At the peak each fits them in a way of its own, and a vote takes much of that back. Had the members agreed there, the peak would be bias, and no vote could lower it. With five units it gains even
more: networks that are too small to fit end in different solutions, whose mistakes are in large part their own. With fresh labels the gain is large everywhere: the five sets of labels together are nearly clean.
{cite:t}`nakkiran2020` train their members, to our knowledge, with fresh noise, and that vote is judged: it gains most at the peak. The vote that shares the labels is the one a practitioner could take.

Second, not fitting. At each width stop at the epoch with the fewest errors on one half of the test signals, count errors on the other half, and the other way round.
"""

# %% tags=["remove-input"]
ledger.say("early-stopping")

# %% tags=["remove-input"]
left_over, at_end = rise_and_fall(stopped), rise_and_fall(final)
Markdown(
    f"On this page stopped networks of at least 15 units misclassify {stopped.loc[:, 15:].to_numpy().mean():.1f} %; after the last epoch the best width has {final.mean().min():.1f} %. From dip to peak the error of stopped networks changes by {claims.mean(left_over[0]):.1f} points, where at the end it rises by "
    f"{claims.mean(at_end[0]):.1f}; from the peak to the widest by {claims.mean(-left_over[1]):.1f}."
)

# %% [markdown]
r"""
So in these networks double descent is a comparison among ways to train that are not the best. That does not make it uninteresting, since it shows what interpolating costs and that width pays part of the bill; but nobody has to stand on the peak. {cite:t}`nakkiran2020` name an exception: ResNets on CIFAR-100 without label noise have a peak
that stopping does not remove.

(threshold-regions)=
## What the threshold looks like from inside

{cite:t}`somepalli2022` cut the space of inputs with planes through three examples, colour each point by the predicted class, and count the connected regions. A network that can only just fit wrong labels has to cut through everything to do so, and the count should peak there, as the error does. We count with 30 % of wrong labels, where the threshold is further to the right and leaves room for narrower networks.
"""

# %% mystnb={"code_prompt_show": "Regions in planes through training signals"} tags=["hide-input"]
# Regions in planes through three training signals
REGION_WIDTHS, PLANES = (3, 4, 5, 8, 11, 15, 20, 36, 70, *WIDE), 40
REGION_WINDOWS = (3, 4), (11, 15), WIDE  # complexity passes n between 11 and 15 units


def count_regions(row, time=-1):
    """Mean number of regions in planes that a replicate's networks have in common, at the last recorded time or another."""
    d, draw = sets[row.data_seed], generator(row.data_seed, "planes")
    chosen = [torch.randperm(len(d.x), generator=draw)[:3] for _ in range(PLANES)]
    cuts = regions.planes(network(row, d, time), d.x[torch.stack(chosen)])
    return regions.components(cuts.classes).mean()


cut = runs[runs.wrong.isin([0, 0.3]) & runs.width.isin(REGION_WIDTHS)].copy()
cut["regions"] = [count_regions(row) for _, row in cut.iterrows()]
fragments = {s: by_width("regions", s, cut) / 100 for s in (0.0, 0.3)}
widest = [row for _, row in cut[(cut.wrong == 0.3) & (cut.width == 200)].iterrows()]
later = [count_regions(row) - count_regions(row, 0) for row in widest]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Wrong labels break regions up, most near the width that just fits them.** Connected regions of one predicted class in planes through three training signals, after the last epoch. Means over replicates with 95 % bands.", "name": "fig-threshold-regions"}, "image": {"alt": "Regions per plane against width. With 30 per cent of the labels wrong they climb to a peak at about 10 units and fall with growing width; with clean labels they fall throughout."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.2))[1]
figures.plot(cut, "width", "regions", "wrong", ax, hues, "{:.0%} wrong labels")
figures.log_axis(ax, (3, 5, 8, 11, 20, 70, 200))
ax.set(xlabel="hidden units", ylabel="regions per plane")
ax.legend()
ask = "How many regions of one class has a plane of inputs, with 30 % of labels wrong?"
figures.sketch(ax, "30% wrong labels", ask=ask)

# %% tags=["remove-input"]
ledger.say("regions-peak-at-threshold")

# %% [markdown]
r"""
We read it so. A narrow network has few pieces to make regions of, and gives the wrong labels up. At the threshold it has just enough, and a piece that is bent to serve one label cuts through signals far from it. A wide network can afford an island around each wrong label and leaves the rest alone. With clean labels
there is nothing to cut out; the paper sees a smaller peak with those as well, and here the count falls throughout.

The count is largest where complexity passes $n$, a little before the test error is. What happens to the error behind that can be told apart by neighbourhoods ({ref}`threshold-ex-near`): close to a wrong label it stays nearly as high as at the peak, however wide the network; everywhere else it comes down. The second descent is the recovery of signals that have no wrong
label near.

It is sometimes said that regions are scattered at first and merge *as training goes on*. That is another axis, of which the paper does not speak. A merging would show as a change far below zero.
"""

# %% tags=["remove-input"]
passed = measures.threshold(WIDTHS, by_width("train_error", 0.3).mean(), 10)
Markdown(
    f"In networks of 200 units the number of regions changes by {claims.mean(later):.1f} from epoch {EPOCHS[0]} to the end. With 30 % of wrong labels complexity passes n at {passed:.1f} units, where a tenth of the labels is missed."
)

# %% [markdown]
r"""
## What the papers found, what we found
"""

# %% tags=["remove-input"]
asked = {"against_dip": rise - fall, "fitted": missed <= 1}
ledger.card("model-wise", rise=rise, fall=fall, **asked, section="threshold-model")

# %% tags=["remove-input"]
humps = {"raises": heights[0.2] - heights[0.0], "clean": heights[0.0]}
humps |= {"moves": to_the_right[0.3] - to_the_right[0.1], "side_at_10": to_the_right[0.1]}
humps |= {f"at_{100 * s:.0f}": heights[s] for s in (0.1, 0.2, 0.3)}
ledger.card("label-noise-amplifies", **humps, section="threshold-model")

# %% tags=["remove-input"]
found = dict(zip(("rise", "fall"), contrasts[0.1], strict=True))
found |= dict(zip(("clean_rise", "clean_fall"), contrasts[0.0], strict=True))
found |= {"place": places_in_nk(losses[0.1]), "clean_place": places_in_nk(losses[0.0])}
found |= {"drop": drops[0.0], "fresh_drop": fresh_drops[0.0]}
ledger.card("two-layer-nets-threshold-nK", **found, section="threshold-nk")

# %% tags=["remove-input"]
ledger.card("not-a-squared-loss-artifact", **loss_contrasts, section="threshold-nk")

# %% tags=["remove-input"]
found = {"rise": through, "peak": in_doublings(peaks)}
found["strict_peak"] = in_doublings(peaks, 0.02)
ledger.card("emc-definition", **found, section="threshold-emc")

# %% tags=["remove-input"]
found = {"loss": sample_losses[MORE] - sample_losses[FEW]}
found["error"] = sample_errors[MORE] - sample_errors[FEW]
ledger.card("sample-wise-nonmonotone", **found, section="threshold-data")

# %% tags=["remove-input"]
fresh, same = (gains.loc[labels] for labels in ("fresh labels", "same labels"))
found = {"over_wide": fresh[20] - fresh[200], "over_narrow": fresh[20] - fresh[5]}
found |= {"same_wide": same[20] - same[200], "same_narrow": same[20] - same[5]}
ledger.card("ensembles", **found, section="threshold-flat")

# %% tags=["remove-input"]
found = {k: left_over[i] - at_end[i] / 2 for i, k in enumerate(("rise", "fall"))}
found["gain"] = (final - stopped)[list(PEAK)].mean(axis=1)
ledger.card("early-stopping", **found, section="threshold-flat")

# %% tags=["remove-input"]
found = [rise_and_fall(fragments[share], REGION_WINDOWS) for share in (0.3, 0.0)]
found = {"to_peak": found[0][0], "beyond": found[0][1], "clean_to_peak": found[1][0]}
found["later"] = later
ledger.card("regions-peak-at-threshold", **found, section="threshold-regions")

# %% [markdown]
r"""
**We also asked** whether clean labels have a peak with squared loss, what the reuse of weights does, how many labels are missed at a peak that is looked for among all widths, and what fresh noise adds to a vote. The answers stand under each card; what was changed on the way stands in {ref}`protocol-networks-at-the-threshold`.

## Who disagrees, and what to drop

**Does complexity grow through a threshold, or do parts arrive one after the other?** {cite:t}`nakkiran2020` see one cause: whatever raises the number of examples that a procedure can fit takes it through the critical region. {cite:t}`heckel2021` answer for the epochs: there need be no threshold at all, as parts of the model at different speeds
have minima at different times. Moved to the left, the epoch slider on this page shows the first account at work along the width, and it does not speak about the second ({doc}`/notebooks/04_descent_in_time`).

**Is there a second descent at all?** {cite:t}`curth2023` say of trees, boosting and linear regression that it appears when the axis changes its meaning ({doc}`/notebooks/01_bias_variance`). A reuse of weights that ends at the threshold is such a change; in {numref}`fig-threshold-nk` the peak is there without it. And in {numref}`fig-threshold-centre` nothing changes along the axis
except the width.

:::{admonition} "The threshold is where parameters equal examples"
:class: misconception
For least squares with one output. For squared loss with $K$ outputs it is near $nK$, and for cross-entropy it is wherever *this training* fits *these labels*, here far below $nK$.
:::

:::{admonition} "Label noise causes double descent", "squared loss causes it"
:class: misconception
Noise amplifies it: least squares on random features peaks without any ({doc}`/notebooks/04_double_descent`). And most networks of this page were trained with cross-entropy.
:::

:::{admonition} "Beyond the peak, larger is better"
:class: misconception
Better than the peak. With a fifth of the labels wrong, five units beat two hundred on average, and stopping in time beats both.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`04_double_descent`.

```{exercise} ★ Which way?
:label: threshold-ex-which
Which way, up or down, does each of these move the effective model complexity of {prf:ref}`threshold-def-emc`: weight decay, twice as many epochs, random shifts of the signals, cleaner labels, a larger tolerance $\varepsilon$? A network stands just *right* of the peak. Which of them may make its test error worse?
```

```{solution} threshold-ex-which
:class: dropdown
Weight decay and shifts make fitting harder: down. Epochs, cleaner labels and a larger $\varepsilon$: up. Weight decay or shifts, in small doses, may move the network back onto the peak. (More data would, too: it does not change EMC, but raises the $n$ with which EMC is compared.) Cleaner labels move it away from the peak. Of course weight decay and
shifts also help for other reasons, and usually these win; a larger $\varepsilon$ changes nothing but our bookkeeping.
```

```{exercise} ★ Two kinds of noise
:label: threshold-ex-noise
Show that drawing a label anew from all $K$ classes with probability $\eta$ has the same distribution as replacing it, with probability $q = \eta (1 - 1/K)$, by a uniformly drawn wrong class.
```

```{solution} threshold-ex-noise
:class: dropdown
In the first scheme the label becomes a given wrong class with probability $\eta / K$, for each of the $K - 1$ wrong ones. In the second with probability $q / (K - 1)$. The two agree if $q = \eta (K - 1) / K$, and then so do the probabilities of keeping the label.
```

```{exercise} ★★ The tolerance
:label: threshold-ex-tolerance
Where is the peak in units of $\mathrm{EMC}/n$, and at which width is $\mathrm{EMC} = n$, if the tolerance is 0.02, 0.05, 0.1 or 0.2? For which is $\mathrm{EMC} = n$ nearest to the peak?
```

```{solution-start} threshold-ex-tolerance
:class: dropdown
```
"""

# %%
rows = {}
for level in (0.02, 0.05, 0.1, 0.2):
    at_peak = 2 ** np.median(in_doublings(peaks, level))
    rows[level] = {"EMC / n at the peak": at_peak, "units at EMC = n": width_at(1, level)}
pd.DataFrame(rows).T.rename_axis("tolerance").round(2)

# %% [markdown]
r"""
For the smallest: the stricter the tolerance, the nearer to $n$ is the complexity at the peak, since practically no label is missed there. (4 is a bound.) A hypothesis that says "near $\mathrm{EMC} = n$" with a free $\varepsilon$ is as precise as the range of these rows.

```{solution-end}
```

```{exercise} ★★ A noisy test set
:label: threshold-ex-noisy-test
The first figure of {cite:t}`nakkiran2020` counts errors on test labels that are as noisy as the training labels, their other figures on true ones. If a network errs with probability $e$ on true labels, what is its error on labels that are wrong with probability $q$? What does this do to rise and fall?
```

```{solution-start} threshold-ex-noisy-test
:class: dropdown
```
If the answer is right, it is counted wrong with probability $q$. If it is wrong, it is counted right when the noisy label happens to be that very class, with probability $q/(K-1)$. So $e' = (1 - e)\,q + e\,(1 - q/(K-1)) = q + e\,(1 - qK/(K-1))$: a straight line.
"""

# %%
means, q = noisy.mean() / 100, 0.2
counted = pd.DataFrame({"true labels": means, "noisy labels": q + means * (1 - q * 10 / 9)})
found = rise_and_fall(100 * counted.T)
pd.DataFrame(dict(zip(("rise", "fall"), found, strict=True))).round(1)


# %% [markdown]
r"""
All differences shrink by the same factor, $1 - qK/(K-1)$, here seven ninths, and the whole curve moves up: on noisy test labels a peak looks flatter than it is.

```{solution-end}
```

```{exercise} ★★ What a vote reveals
:label: threshold-ex-leak
Five labels of one signal are drawn independently, each wrong with probability 0.2 and then uniformly among nine classes. How often is their plurality wrong? (Ties are broken at random.)
```

```{solution-start} threshold-ex-leak
:class: dropdown
```
"""

# %%
draw = rng(scale.seed_offset())
given = np.where(draw.random((100_000, 5)) < 0.2, draw.integers(1, 10, (100_000, 5)), 0)
tally = (given[:, :, None] == np.arange(10)).sum(1) + 0.5 * draw.random((100_000, 10))
f"The plurality is wrong in {(tally.argmax(1) != 0).mean():.2%} of the draws; a single label in {(given[:, 0] != 0).mean():.0%}."

# %% [markdown]
r"""
So five networks with independent noise hold together a training set that is nearly clean. That an ensemble of them is good says little about ensembles.

```{solution-end}
```

```{exercise} ★★★ A little weight decay
:label: threshold-ex-decay
Train the widths of the dip, of the peak and the widest with weight decay of 0.001 and 0.003. What becomes of rise and fall, and is it the peak that comes down or the ends that go up? What would a decay that prevents fitting do?
```

```{solution-start} threshold-ex-decay
:class: dropdown
```
"""

# %%
few = {s: sets[s] for s in list(sets)[:3]}
how = {"label_noise": NOISE[0.2], "weight_decay": (0.0, 0.001, 0.003), "epochs": last}
decayed = train(mlp((5, 20, 200)), few, **how)
decayed = decayed.rename(columns={"train_error": "training", "test_error": "test"})
decayed.pivot_table(["training", "test"], "weight_decay", "width").round(3)

# %% [markdown]
r"""
With the weaker decay all three come down, the widest most: the second descent gets larger and the rise a little smaller. With the stronger one the peak follows, and the rise is about half of what it was. The wide networks still fit every label; among the many functions that do, decay prefers small ones, and there are more to choose from where there is room. Neither removes the peak. One that prevents fitting would act like
stopping in time, and would have to be tuned for each width.

```{solution-end}
```

```{exercise} ★★★ Who pays?
:label: threshold-ex-near
At the peak, are new signals misclassified because a wrongly labelled training signal is near? Compare, for several widths, the error on test signals whose nearest training signal has a wrong label with the error on all others. Which of the two makes the peak?
```

```{solution-start} threshold-ex-near
:class: dropdown
```
"""


# %%
def near_and_far(row):
    """Test error in %, by whether the nearest training signal has a wrong label."""
    d = sets[row.data_seed]
    nearest = torch.cdist(d.x_test, d.x[row.examples]).argmin(1).numpy()
    spoiled = (row.labels != d.y[row.examples].numpy())[nearest]
    wrong = 1 - row.test_correct[-1]
    return 100 * wrong[spoiled].mean(), 100 * wrong[~spoiled].mean()


chosen = fifth[fifth.width.isin((5, 11, 20, 50, 200))].copy()
chosen[["near a wrong label", "elsewhere"]] = [
    near_and_far(r) for _, r in chosen.iterrows()
]
chosen.groupby("width")[["near a wrong label", "elsewhere"]].mean().round(1)

# %% [markdown]
r"""
Both errors climb to the threshold. From there on the first hardly moves: a fitted wrong label keeps its neighbourhood at any width. The second goes back to about where it was in the dip. So the second descent is the repair of damage that was done far from the wrong labels.

```{solution-end}
```

## Summary

- Test error against width can have a peak and a second descent. With label noise, networks of one hidden layer have both, with cross-entropy as with squared loss.
- Label noise raises the peak and moves it to wider networks. Without it, cross-entropy leaves a plateau.
- For squared loss and noisy labels $nK$ parameters give the place of the peak to about a factor of two. For cross-entropy it stands far below that. What counts is what the training can fit.
- Effective complexity can be measured as it is defined. The error rises where $\mathrm{EMC}$ passes $n$ and peaks above it, where practically no label is missed; how near depends on a tolerance that the hypothesis leaves open.
- Three times the data can raise the test loss, if training goes to the end.
- A vote of networks that share their noise helps below the peak and at it, and hardly behind it. Stopping in time removes the peak, and is better than either end.

**Reading.** {cite:t}`nakkiran2020`, whose figures reward a second look; {cite:t}`belkin2019` for the picture and its name; {cite:t}`somepalli2022` for the view from inside; {cite:t}`curth2023` and {cite:t}`heckel2021` for the dissent.
"""
