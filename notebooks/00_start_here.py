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
(start-here)=
# Why overparameterized networks generalize

A network with far more parameters than examples fits *any* labels, even random ones. From true labels, with nothing else changed, it learns what holds for
images that it has never seen. Until we know what decides, nobody can say beforehand when to trust it. This book tests the explanations, claim by claim.

```{ways-in}
/notebooks/01_bias_variance: Start with chapter 1 | {minutes}
/book/what_people_say: I heard a claim | what the evidence says of it
/book/instructors: I teach | syllabus and assignments
```

```{ledger} totals
```

Move the slider: it sets how many training labels are replaced by random ones.
"""

# %% mystnb={"code_prompt_show": "Set-up and training"} tags=["hide-input"]
# Set-up and training
from IPython.display import Markdown
from matplotlib import pyplot as plt

from overparam import curves, data, figures, mlp, scale, sweep

figures.style()
sizes = scale.sizes(
    #            smoke          laptop                         gpu
    width=(      64,            512,                           2_048),
    images=(     "digits",      "digits",                      "mnist"),
    epochs=(     60,            200,                           200),
    shares=(     (0.0, 1.0),    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),  (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
    seeds=(      2,             5,                             5),
)  # fmt: skip

images = data.load(sizes.images)
runs = sweep(
    mlp(sizes.width),
    images,
    label_noise=sizes.shares,
    seed=scale.seeds(sizes.seeds),
    epochs=sizes.epochs,
    batch_size=50,
    lr=0.1,
    momentum=0.9,
    record=["curves"],
)

# %% mystnb={"code_prompt_show": "One position of the slider"} tags=["hide-input"]
# The slider over the share of random labels
history, guessing = curves(runs), 1 - 1 / images.classes
names = {
    "train_error": "training images, labels as given",
    "test_error": "new images, true labels",
}
colors = figures.COLORS


def learning_curves(share):
    fig, ax = plt.subplots(figsize=(7.2, 3.5))
    figures.lines(history[history.label_noise == share], "epoch", names, ax)
    heights = [(guessing, "guessing", 1, "left", colors["threshold"])]
    if 0 < share < 1:
        wrong = (share * guessing, "wrong training labels", sizes.epochs, "right")
        heights.append((*wrong, colors["random_labels"]))
    for height, text, x, side, color in heights:
        ax.axhline(height, color=color, linestyle=":", linewidth=1.5)
        ax.text(x, height + 0.01, text, color=color, ha=side)
    ax.set(xscale="symlog", xlim=(0, sizes.epochs), ylim=(0, 1.2))
    ticks = [t for t in (0, 1, 10, 100, 1000) if t <= sizes.epochs]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    train, test = runs[runs.label_noise == share][list(names)].mean()
    ends = f"At the end {train:.0%} wrong on the training images, {test:.0%} on new ones"
    ax.set(title=ends, ylabel="share misclassified")
    ax.legend(loc="upper right", ncols=2)
    return fig


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**One network fits any labels, but generalizes only from true ones.** The more labels are random, the later the training error comes down and the higher the error on new images ends. Means over seeds with 95 % bands.", "name": "fig-live"}} tags=["hide-input"]
figures.slider(
    {f"{share:.0%}": learning_curves(share) for share in sizes.shares},
    description="Random labels",
    alt="Training and test error against epochs with {} of the training labels random.",
    start="0%",
)

# %% tags=["remove-input"]
clean, random = (runs[runs.label_noise == share] for share in (0.0, 1.0))


def fits(share):
    """When the training error falls below 1 %: between the last look at which no seed was there and the first at which all were."""
    worst = (
        history[history.label_noise == share]
        .groupby("epoch")
        .train_error.agg(["min", "max"])
    )
    before, after = worst.index[worst["min"] >= 0.01], worst.index[worst["max"] < 0.01]
    if not len(after):
        return f"not by epoch {worst.index[-1]:g}"
    return (
        f"between epochs {before.max():g} and {after.min():g}"
        if len(before)
        else f"by epoch {after.min():g}"
    )


Markdown(
    f"One hidden layer, stochastic gradient descent, {clean.parameters.iloc[0]:,} parameters, {clean.n.iloc[0]:,} training images: {images.source}. With true labels the network ends with {clean.test_error.mean():.1%} errors on new images. "
    f"With random ones, which it can only memorise, it gets {random.train_error.mean():.1%} of its training images wrong and {random.test_error.mean():.0%} of new ones, as a guess would. The training "
    f"error falls below 1 % {fits(0.0)} with true labels, and {fits(1.0)} with random ones. {len(runs)} networks, {runs.seconds.sum():.1f} seconds of one processor core."
)

# %% [markdown]
r"""
This is a small version of the experiment of {cite:t}`zhang2017`, and you can change anything in it.

```{only} html
Press *Run in Colab* at the top of the page, or stay here: this one computes while you read.
```

```{lab} train
:figure: fig-live
**Train it here.** A smaller network, 200 of the images. Choose how many labels are random and press the button: the error on new digits falls and rises again. Then look back at an early epoch. There the network answers what most of the wrongly labelled digits are, later what it was told.
```

Now stop in the middle of the slider of {numref}`fig-live`.
"""

# %% tags=["remove-input"]
share = 0.4 if 0.4 in sizes.shares else 1.0
middle = history[history.label_noise == share].groupby("epoch").test_error.mean()
Markdown(
    f"With {share:.0%} random labels, {share * guessing:.0%} of the labels are wrong. The error on new images is down to {middle.min():.0%} after epoch {middle.idxmin():.0f}, and at the end it is {middle.iloc[-1]:.0%}."
)

# %% [markdown]
r"""
First the error falls far below the share of wrong labels, then it rises again while the network stores the exceptions. It picks up the pattern before the noise: something in the training prefers the one to the other.

The experiment rules out a whole kind of answer. Whatever explains the good test error cannot be a property of the network alone,
because the network is the same at both ends of the slider and one end does not generalize. A bound that looks only at
what the network *could* represent must also cover the random labels, so for this network it cannot promise better than guessing.

## Four families of explanation

Everything that has been proposed since belongs, with a little forcing, to one of four families. The book takes them in turn.

::::{admonition} It was never about the count
:class: key-result
The proposal: parameters measure complexity badly, and something else should be counted: a norm, an effective rank, what a bound can be built on. Bias and variance can both fall with width, past the point where a model can just fit more parameters make it
smoother, and where there are many weak directions even noise can be fitted at little cost. *{doc}`Bias and variance </notebooks/01_bias_variance>`, {doc}`double descent </notebooks/04_double_descent>`,
{doc}`benign overfitting </notebooks/09_benign_overfitting>`, {doc}`bounds </notebooks/11_bounds>`, {doc}`measures of generalization </notebooks/11_measures_of_generalization>`.*
::::

::::{admonition} The training picks well
:class: key-result
The proposal: of all functions that fit, gradient descent finds particular ones: small norm, large margin, small gradients along the way, simple patterns first. Which ones depends on whether it learns features or only weighs those that it starts with.
*{doc}`Memorization </notebooks/03_memorization>`, {doc}`implicit regularization </notebooks/05_implicit_regularization>`, {doc}`lazy and rich </notebooks/08_lazy_and_rich>`, {doc}`simple things first </notebooks/08_simple_first>`.*
::::

::::{admonition} The landscape is kind
:class: key-result
The proposal: good solutions occupy far more volume than bad ones, lie in flat regions, or are easier to find because a wide
network starts in many places at once. *{doc}`Lottery tickets </notebooks/06_lottery_tickets>`, {doc}`flatness </notebooks/07_flatness>`, {doc}`the volume of minima </notebooks/07_volume>`.*
::::

::::{admonition} The data help
:class: key-result
The proposal: real data have structure that random labels lack, and what a network does depends on it. *{doc}`Randomization tests </notebooks/02_randomization>`,
{doc}`grokking </notebooks/10_grokking>`, {doc}`information and robustness </notebooks/12_information_and_robustness>`.*
::::

None is established as the whole answer. Each makes predictions, and predictions can be run.

## The chapters

```{chapters}
```

{doc}`/book/ledger` lists all claims, with what each paper says and what was measured here. If you come with a sentence that you have heard or read,
{doc}`/book/what_people_say` tells what the evidence says of it.

## How the book works

Every claim is an experiment with error bars. It ends in a *verdict card*: the statement, what its paper says, and which of five outcomes follows from a record of up to 160 independent
repetitions: supported, contradicted, no effect, inconclusive, not run ({doc}`/book/judging`). A contradicted claim is published like any other. The figures and numbers of a page were computed by the code on that page, with the seeds it states, and one
environment variable re-runs it with others; where a run was recorded elsewhere, the page says so. {doc}`/book/how_to_read` says how to read, run and teach with it; {doc}`/book/notation` keeps one meaning for
each symbol; {doc}`/book/references` lists the papers.
"""
