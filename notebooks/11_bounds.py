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
(bounds)=
# What bounds promise

A bound on the error promises something about examples that nobody has seen, and keeps its promise with a stated probability. Some such promises are worth nothing, though they are kept. This chapter finds out what such promises are made of, which of them are worth something, and whether one that is worth something explains anything.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt

from overparam import MLP, claims, data, figures, measures, mlp, network, scale, sweep
from overparam.randomness import generator, rng
from overparam.report import results
from overparam.theory import bounds, kernels, linear, norm_bounds, spheres

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, (blue, orange, green, purple) = figures.COLORS, figures.SEQUENCE[:4]
ledger = claims.Ledger("bounds")
size = scale.sizes(tested=(500, 2000, 2000), epochs=(20, 300, 300), steps=(20, 1000, 1000))


# %% mystnb={"code_prompt_show": "Numbers of candidates"} tags=["hide-input"]
# Numbers of candidates, up to all networks of 64 hidden units with 32 bits for each weight
bits = 32 * MLP(64).parameters((40,), 2)
zeros = (0, 3, 6, 9, 30, 100, 300, 1000, 3000, round(bits * np.log10(2)))
luck = {z: 0.5 - bounds.luckiest(10_000, z * np.log(10)) for z in zeros}
allowed = bounds.hoeffding(10_000, np.log(10) * np.array(zeros))
allowed = dict(zip(zeros, allowed, strict=True))


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**The promise holds however many candidates were tried, and ends by saying nothing.** Candidates that all guess are tried on 10,000 examples. Left: the error there of the best one (median, exact), and what is promised of its error on new examples, which is one half. Right: how far the best one's error lies below the truth, and how far the bound allows, against the number of candidates.", "name": "fig-bd-search"}} tags=["hide-input"]
# The slider over the number of candidates
def shown(z):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2))
    best = 0.5 - luck[z]
    left.barh(0, allowed[z], left=best, height=0.25, color=blue, alpha=0.3)
    left.plot(best, 0, "o", color=orange)
    left.axvline(0.5, color=colors["true_labels"])
    left.text(0.51, 0.34, "on new examples", color=colors["true_labels"])
    align = "right" if best > 0.25 else "left"
    left.text(best, -0.3, "on the 10,000", color=orange, ha=align)
    left.set(xlim=(-0.15, 1.3), ylim=(-0.5, 0.5), yticks=[], xlabel="error of the best")
    left.axvline(1, color=colors["threshold"], linestyle=":")
    left.set_title(f"{best:.1%}; promised: at most {best + allowed[z]:.1%}")
    right.plot(zeros, allowed.values(), "s-", color=blue, label="bound")
    right.plot(zeros, luck.values(), "o-", color=orange, label="best of the guesses")
    right.axvline(z, color=colors["threshold"], linestyle=":")
    right.set_xscale("symlog", linthresh=3)
    right.set_xticks([0, 9, 100, 3000], ["1", "10⁹", "10¹⁰⁰", "10³⁰⁰⁰"])
    right.set(xlabel="candidates", ylim=(0, 1.1), title="below the truth")
    right.legend(loc="upper left")
    return fig


alt = "Left: the best of 10^{0} guessing candidates errs on fewer than half of 10,000 examples; a bar from there, the promise, reaches beyond one half. Right: both the gap and the bound grow with the number of candidates, close together up to 10^1000, and the bound passes 1."
figures.slider(
    shown, values=zeros, description="Candidates: 1 with so many zeros", alt=alt, start=9
)

# %% [markdown]
r"""
A billion candidates know nothing, each guesses every label, and you keep the one that does best on 10,000 examples. It looks better than it is by three points, and a bound of one line foresees nearly exactly that. At the last position there are as many candidates as there are networks of one small architecture: the best of them is right on all 10,000 examples, knows nothing, and the same line promises that its error is at most some number above one. Where between these two does a trained network stand?

(bd-promise)=
## What is promised

Let $R(f)$ be the {term}`risk` of a classifier, here its error on new examples, and $\hat R(f)$ its error on $m$ examples drawn from the same source. A bound has a failure probability $\delta$, chosen beforehand. It says: with probability $1 - \delta$ *over the draw of the examples*, $R(f) \le \hat R(f) + \dots$ for all $f$ of a class.

```{prf:theorem} Finitely many candidates
:label: bd-thm-finite
Let $M$ classifiers be fixed without the $m$ examples. With probability $1 - \delta$ all of them satisfy

$$
R(f) \le \hat R(f) + \sqrt{\frac{\ln M + \ln (1/\delta)}{2m}} .
$$ (bd-eq-finite)
```

```{prf:proof}
For one $f$ the number of errors is a sum of $m$ independent coins. Hoeffding's inequality says that their mean falls below its expectation by more than $t$ with probability at most $e^{-2mt^2}$. That *any* of $M$ does so has at most $M$ times that probability. Set $M e^{-2mt^2} = \delta$ and solve for $t$.
```

The bound holds for all candidates at once, so it holds for whichever you pick, by any rule. It pays for their number with its *logarithm*: squaring the number of candidates costs a factor of $\sqrt 2$. And the candidates must not have been made from the examples on which they are judged. A bound of 1 or more is called *vacuous*: it is true and says nothing, since no error is larger. With two classes we also ask for less than one half, which is guessing.

:::{admonition} "A vacuous bound is wrong"
:class: misconception
It is a theorem, and it holds. It is a promise so weak that every classifier keeps it. "Vacuous" says that the argument lost too much on the way; it says nothing about the network.
:::

(bd-billion)=
## After a search of a billion

{cite:t}`kawaguchi2017` use such a bound for what everybody does: choose among trained networks by a validation set. Their version has the variance $\gamma^2$ of the loss,

$$
R(f) \le \hat R(f) + \frac{2 \ln (M/\delta)}{3m} + \sqrt{\frac{2 \gamma^2 \ln (M/\delta)}{m}} ,
$$ (bd-eq-variance)

and they set $\gamma^2 = 1$, which always holds. Is the promise kept? Here it can be tried: ten thousand guessing candidates, 10,000 validation examples, the best one kept, all of it 200 times.

::::{predict}
:answer: 2
:figure: fig-bd-coverage
In how many of the 200 searches does the true error of the best exceed what {eq}`bd-eq-finite` promises with $\delta = 0.05$?

1. In about ten, a twentieth.
2. In none, or very few.
3. In most: the best one was chosen because it was lucky.

:::{dropdown} Answer
B. The promise covers all candidates at once, the lucky one as well. And the inequalities behind it are not tight: they fail less often than they may.
:::
::::
"""

# %%
tries, m, M = 200, 10_000, 10_000
errors = rng(scale.seed_offset(), 1).binomial(m, 0.5, (tries, M)) / m
gaps = 0.5 - errors.min(1)
simple, with_variance = (
    b(m, np.log(M), 0.05) for b in (bounds.hoeffding, bounds.bernstein)
)


# %% mystnb={"code_prompt_show": "A vote of the better half"} tags=["hide-input"]
# A candidate made from the examples: the vote of all that did better than half on them
def vote_gap(seed, candidates, m=1000):
    """How far the vote's error on m examples lies below its true error, one half."""
    right = rng(seed, candidates).random((candidates, m), dtype=np.float32) < 0.5
    better = right.mean(1) > 0.5
    votes = np.where(right[better], 1, -1).sum(0)
    return 0.5 - np.mean(votes < 0) - np.mean(votes == 0) / 2


numbers = (10, 100, 1000, 4000)
voting = {k: [vote_gap(s, k) for s in scale.seeds(5)] for k in numbers}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The best of ten thousand keeps the promise in every search; a vote among them breaks it.** Left: how far the winner's validation error lies below its true error, in 200 searches, and two bounds on it. Right: the same for a candidate made from the validation examples, the vote of all that did better than half on them, and the bound for as many fixed candidates (1,000 examples, means over five draws with 95 % bands).", "name": "fig-bd-coverage"}, "image": {"alt": "Left: histogram of gaps around two per cent, with the bound of Hoeffding to the right of it and the bound with the variance far to the right. Right: the gap of the vote grows to several times the bound as the number of candidates grows."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2))
left.hist(100 * gaps, 15, color=orange, alpha=0.6)
left.axvline(100 * simple, color=blue, label="bound by number")
left.axvline(100 * with_variance, color=purple, linestyle="--", label="with γ² = 1")
left.set(xlabel="gap of the winner, points", ylabel="searches", xlim=(0, 8))
left.legend()
long = pd.DataFrame(voting).melt(var_name="candidates", value_name="gap")
figures.plot(long.astype(float), "candidates", "gap", None, right, orange, "vote")
right.plot(
    numbers, bounds.hoeffding(1000, np.log(numbers)), "s-", color=blue, label="bound"
)
figures.log_axis(right, numbers)
right.set(xlabel="candidates", ylabel="gap")
right.legend()
plt.show()

# %% tags=["remove-input"]
paper, half = (b(10_000, np.log(1e9), 0.1) for b in (bounds.bernstein, bounds.hoeffding))
quarter = bounds.bernstein(10_000, np.log(1e9), 0.1, 0.25)
Markdown(
    f"The promise is broken in {np.sum(gaps > simple)} of {tries} searches. With a billion candidates, 10,000 examples and $\\delta = 0.1$ equation {{eq}}`bd-eq-variance` allows {paper:.2%}, as the paper says; equation {{eq}}`bd-eq-finite` allows {half:.2%}, and {{eq}}`bd-eq-variance` with the largest variance that a loss in [0, 1] can have, a quarter, {quarter:.2%}. "
    f"The vote of 4,000 is off by {claims.mean(voting[4000]):.2f}, where {float(bounds.hoeffding(1000, np.log(4000))):.2f} is allowed for 4,000 fixed candidates."
)

# %% [markdown]
r"""
Had the choice of the winner ruined the promise, the histogram would lie right of the line. Half of the paper's number comes from $\gamma^2 = 1$: a loss between 0 and 1 has a variance of a quarter at most.

**Break it.** The right panel breaks the condition: the vote was not among the candidates. It was *made* from the validation examples, in one of exponentially many ways, and it must be counted among as many. That is what training does with its examples. It is also what a community could do that tunes for years on one test set; where it was tried, with new test images, hardly any of it was found {cite:p}`recht2019`.

(bd-memorizers)=
### Memorizers of any norm

The second point of {cite:t}`kawaguchi2017` is about linear models, where nothing is deep. With more weights than examples one solution fits, and so does any other that differs from it by a vector orthogonal to all inputs.

```{prf:proposition} Large norms that nobody notices
:label: bd-prop-memorizers
Let the training inputs be linearly independent and let all inputs, training and new, span less than the whole space. Any labels can be fitted, and to each solution $w$ there is another at any distance $c$ that predicts the same on all these inputs.
```

```{prf:proof}
Independent rows make $Xw = y$ solvable for each $y$. Take a unit vector $v$ orthogonal to all inputs: $x^\top (w + cv) = x^\top w$.
```
"""

# %% tags=["remove-input"]
# 100 training and 100 new inputs with 400 features; a step in directions that none of them, or no training input, has
draw = rng(scale.seed_offset(), 2)
inputs = draw.standard_normal((200, 400))
truth = inputs @ draw.standard_normal(400) / 20
w = np.linalg.pinv(inputs[:100]) @ truth[:100]
aside = {name: draw.standard_normal(400) for name in ("no input", "no training input")}
for name, rows in {"no input": inputs, "no training input": inputs[:100]}.items():
    aside[name] -= np.linalg.pinv(rows) @ (rows @ aside[name])
    aside[name] /= np.linalg.norm(aside[name])
table, off = {}, 0
for c in (0, 10, 1000):
    nobody, unseen = (inputs @ (w + c * v) for v in aside.values())
    off = max(off, np.abs(nobody - inputs @ w).max())
    fits = np.abs(unseen - truth)[:100].max()
    risks = [((p - truth)[100:] ** 2).mean() for p in (nobody, unseen)]
    table[c] = [np.linalg.norm(w + c * aside["no input"]), fits, *risks]
columns = ["norm of w", "worst training error", "risk, step orthogonal to all"]
columns += ["risk, step orthogonal to training inputs"]
pd.DataFrame(table, index=columns).T.rename_axis("length of the step").round(2)

# %% [markdown]
r"""
The norm grows more than a thousandfold and no prediction changes: so a bound that contains the norm cannot be tight for all interpolators, linear ones included, and the puzzle is no speciality of deep networks. The last column is the other half of the story. A step that only the *training* inputs do not see ruins the predictions on new ones. The norm is a safeguard that one may not need, and not always a useless one.

(bd-norms)=
## Norms in place of numbers

What class is a trained network from? All networks of 2,754 weights of 32 bits are too many for {eq}`bd-eq-finite`. Perhaps training ends in a smaller class, that of small weights. How well a class can fit coin tosses on $n$ inputs is its *Rademacher complexity* ({ref}`rand-capacity`)

$$
\mathfrak R = \mathbb E_\sigma \sup_f \frac 1n \sum_i \sigma_i f(x_i), \qquad \sigma_i = \pm 1 ,
$$ (bd-eq-rademacher)

and with probability $1 - \delta$ all $f$ of the class, fixed beforehand, satisfy

$$
R(f) \le \hat R_\gamma(f) + \frac{2 \mathfrak R}{\gamma} + \sqrt{\frac{\ln (1/\delta)}{2n}} ,
$$ (bd-eq-margin)

where $\hat R_\gamma$ is the share of training examples that are not right by a {term}`margin` $\gamma$, and $\mathfrak R$ is averaged over the inputs, too. A norm of the weights bounds $\mathfrak R$. Norms and $\gamma$ must be fixed beforehand as well. We read them off the network, which would cost a little more: the figures favour the bounds.

```{prf:theorem} Width is free, depth is not
:label: bd-thm-depth
Let every unit, the output too, have incoming weights with $\lVert w \rVert_1 \le \mu$. The bound on $\mathfrak R$ grows by a factor of $2\mu$ with each hidden layer and does not depend on the widths. The same holds for the product of the layers' Frobenius norms: with $D$ hidden layers and inputs whose lengths have the root mean square $r$, $\mathfrak R \le 2^D \prod_l \lVert W_l \rVert_F \; r/\sqrt n$.
```

```{prf:proof}
*Width.* A layer's output is $\sum_k u_k g_k(x)$ with $\sum_k \lvert u_k \rvert \le \mu$. The sum in {eq}`bd-eq-rademacher` is linear in $u$, so it is largest where all of $u$ sits on a single unit: as many units as one likes reach what one reaches. *Depth.* That one unit gives $\sup_g \lvert \sum_i \sigma_i\, \mathrm{relu}(g(x_i)) \rvert$, up to $\mu$. Dropping the absolute value costs a factor of 2 at most, since the signs are symmetric and the class contains 0; dropping the ReLU costs nothing, since it is 1-Lipschitz (the contraction lemma). What remains is the complexity of the layer below. For
Frobenius norms the length of the vector $\sum_i \sigma_i\, \mathrm{relu}(W h_i)$ takes the place of the best unit. Since $\mathrm{relu}(ah) = a\, \mathrm{relu}(h)$ for $a \ge 0$, its square is $\sum_k \lVert w_k \rVert^2 (\dots)^2$ with units of length 1, which is largest if one row has all of $\lVert W \rVert_F$: a single unit again. At the bottom stands $\mathbb E \lVert \sum_i \sigma_i x_i \rVert \le r \sqrt n$.
```

{cite:t}`neyshabur2015` have it for a family of norms; for some of them the width does come in. For Frobenius norms {cite:t}`golowich2018` replace $2^D$ by about $\sqrt{D}$. One hidden layer in the plane can be computed exactly, over all signs:
"""

# %% tags=["remove-input"]
# Exact complexities on ten points of the plane, and the best of many random wide networks
rows, off_width = {}, 0.0
for s in scale.seeds(3):
    draw = rng(s, 4)
    x = draw.standard_normal((10, 2))
    exact, hidden = norm_bounds.planar(x)
    signs = 1 - 2 * (np.arange(1024)[:, None] >> np.arange(10) & 1)
    inner = draw.laplace(size=(3000, 2))
    units = np.maximum(inner / np.abs(inner).sum(1, keepdims=True) @ x.T, 0)
    outer = draw.laplace(size=(500, 30))
    outer /= np.abs(outer).sum(1, keepdims=True)
    wide = np.einsum("nk,nki->ni", outer, units[draw.integers(3000, size=(500, 30))])
    reach = {"one": np.abs(signs @ units.T).max(1), "wide": np.abs(signs @ wide.T).max(1)}
    one, many = (reach[k].mean() / 10 for k in ("one", "wide"))
    off_width = max(off_width, many - hidden, hidden - 2 * exact)
    rows[f"draw {s}"] = [exact, hidden, 2 * exact, one, many]
columns = ["linear", "one hidden layer", "twice linear", "best single unit found"]
pd.DataFrame(rows, index=[*columns, "best network of 30 units found"]).T.round(3)

# %% [markdown]
r"""
Thirty units reach less than one. (They would reach the same if their outer weights were chosen well, by putting all on one.) And the factor of 2 is generous: one layer more does not even raise the complexity here.

Now networks. The task of this chapter is to tell an even from an odd digit in signals of MNIST-1D, moved by up to three points, which small networks learn well.

::::{predict}
:answer: 3
:figure: fig-bd-depth
A network with two hidden layers of 64 units fits 2,000 signals. What does {eq}`bd-eq-margin` with Frobenius norms promise of its error?

1. At most about one half.
2. At most about 2.
3. At most some hundreds, or more.

:::{dropdown} Answer
C. Three norms, each well above one, are multiplied, and the result is divided by $\sqrt n$, which is 45.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Data, training, and bounds on a trained network"} tags=["hide-input"]
# Data, training, and bounds on a trained network
def signals(seed, n, tossed=False, shift=4):
    """Signals of an even or an odd digit; where labels are tossed, the training labels are coins."""
    own = data.mnist1d(n, size.tested, seed, max_translation=shift)
    coins = torch.from_numpy(rng(seed, 7).integers(0, 2, n))
    y = coins if tossed else own.y % 2
    return replace(own, y=y, y_test=own.y_test % 2, classes=2)


def trained(sets, net, **how):
    """A network on each of the data sets, by seed, trained to a loss of 0.01; with its weights before and after."""
    usual = {"lr": 0.05, "momentum": 0.9, "batch_size": 32, "epochs": size.epochs}
    usual |= {"stop_loss": 0.01, "record": {"weights": [0]}}
    return sweep(net, sets, seed={s: s for s in sets}, **usual | how)


def head(own, n):
    """The first n training examples."""
    return replace(own, x=own.x[:n], y=own.y[:n])


def promises(sets, net, **how):
    """Networks trained on these sets, and what norms promise of them."""
    runs = trained(sets, net, **how)
    found = [norm_bounds.of_run(row, sets[row.data]) for _, row in runs.iterrows()]
    return runs[["data", "width", "depth", "test_error"]].join(pd.DataFrame(found))


# %%
pools = {
    s: signals(s, 4000)
    for s in ledger.seeds("many-bounds-are-vacuous", "norms-grow-with-n")
}
two_thousand = {s: head(own, 2000) for s, own in pools.items()}
nets = [mlp(width, depth=2) for width in (16, 64, 256)] + [
    mlp(64, depth=d) for d in (1, 3, 4)
]
promised = pd.concat([promises(two_thousand, net) for net in nets])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Nothing here is below one; the bounds by norms change little with width and explode with depth.** Bounds on the error of networks that fit 2,000 signals, against the width of two hidden layers (left) and against the number of hidden layers of 64 units (right). Dotted: 1, above which a bound is vacuous. Means over replicates of the logarithms with 95 % bands.", "name": "fig-bd-depth"}, "image": {"alt": "Two log plots. Left: bounds against width from 16 to 256; those by Frobenius norms are level near some hundreds, that by bits grows from two to twenty. Right: against depth from one to four hidden layers; the two bounds by Frobenius norms rise steeply, that with 2 to the D more so, the bound by bits hardly."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5), sharey=True)
lines = {"doubled": ("Frobenius, 2^D", purple), "rooted": ("Frobenius, √D", blue)}
lines |= {"bits": ("bits of the weights", orange)}
for ax, x, keep in ((left, "width", "depth == 2"), (right, "depth", "width == 64")):
    for column, (label, color) in lines.items():
        part = promised.query(keep).assign(log=lambda t, c=column: np.log10(t[c]))
        figures.plot(part, x, "log", ax=ax, colors=color, label=label)
    ax.axhline(0, color=colors["threshold"], linestyle=":")
    ax.set(ylabel="")
figures.log_axis(left, (16, 64, 256))
left.set(xlabel="units per layer", title="bound")
left.set_yticks(range(0, 6), ["1", "10", "100", "1,000", "10,000", "100,000"])
right.set(xlabel="hidden layers", xticks=(1, 2, 3, 4))
fig.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %% tags=["remove-input"]
ledger.say("many-bounds-are-vacuous")

# %% tags=["remove-input"]
table = {
    c: measures.by_seed(promised, c, ["width", "depth"], "data")
    for c in (*lines, "test_error")
}
vacuous = {c: np.log10(table[c][64, 2]) for c in ("doubled", "rooted")}
vacuous["vacuous"] = 1.0 * (np.min([table[c][64, 2] for c in lines], axis=0) > 1)
vacuous["width"] = table["rooted"][256, 2] / table["rooted"][16, 2]
vacuous["depth"] = table["doubled"][64, 4] / table["doubled"][64, 1]
fresh = {w: MLP(w, depth=2).build((40,), 2, generator(0, "init")) for w in (16, 256)}
norms_of = lambda net: [float(m.norm()) for m in norm_bounds.matrices(net)]
at_start = {w: np.prod(norms_of(net)) for w, net in fresh.items()}
Markdown(
    f"Networks with one hidden layer err on {claims.mean(100 * table['test_error'][64, 1]):.1f} % of the test signals, with four on {claims.mean(100 * table['test_error'][64, 4]):.1f} %. From 16 to 256 units per layer the bound with $\\sqrt D$ is multiplied by {claims.ratio(vacuous['width']):.1f}; the product of the norms before training is {at_start[16]:.0f} and {at_start[256]:.0f}."
)

# %% [markdown]
r"""
If norms captured what training does, the bounds would lie below one, as the errors do. Instead counting bits is the best of the three, and it does not look at the weights at all. From 16 to 256 units the bound by norms changes little, while the number of weights grows some eightyfold. That is no rule: the theorem speaks of fixed norms, and before training they grow with the width. In training the narrow networks made up for it. With depth the norms are multiplied, with or without $2^D$, while the test error falls a little.

(bd-growth)=
## More data

A bound that is too large by a constant factor could still explain: why more data help, why random labels do not. So {cite:t}`nagarajan2019` ask how bounds *change*. As $n$ grows the test error falls. The bound has $\sqrt n$ below, and norms above.

::::{predict}
:answer: 1
:figure: fig-bd-growth
The same network, trained to the same loss on 125 and on 4,000 signals. What happens to a bound of norms over margin, divided by $\sqrt n$?

1. It grows.
2. It falls, more slowly than $1/\sqrt n$.
3. It falls like $1/\sqrt n$: stopped at the same loss the networks have the same norms.

:::{dropdown} Answer
A. Fitting more examples takes more, and the norms grow faster than $\sqrt n$.
:::
::::
"""

# %%
counts = (125, 250, 500, 1000, 2000, 4000)
grown = {
    n: promises({s: head(p, n) for s, p in pools.items()}, mlp(64, depth=2)) for n in counts
}
grown = pd.concat([t.assign(n=n) for n, t in grown.items()])
one = {"batch_size": 1, "momentum": 0, "lr": 0.015}
singly = [
    promises({s: head(p, n) for s, p in pools.items()}, mlp(64, depth=2), **one)
    for n in (125, 1000)
]

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**With more examples the network gets better and its bound gets worse.** Left: test error. Right: what two bounds consist of, complexity over margin, and the distance from the initial weights, each divided by its value at 125 examples. Networks of two times 64 units, stopped at a training loss of 0.01. Means over replicates with 95 % bands.", "name": "fig-bd-growth"}, "image": {"alt": "Left: test error falls with the number of examples, on logarithmic axes. Right: the distance and both bounds rise; the spectral bound rises most."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
lines = {
    "spectral_part": ("spectral bound", purple),
    "rooted_part": ("Frobenius, √D", blue),
}
lines |= {"distance": ("distance", green)}
figures.plot(grown, "n", "test_error", ax=left, colors=orange, label="test error")
sized = {
    c: measures.by_seed(grown, c, "n", "data") for c in (*lines, "test_error", "margin")
}
for column, (label, color) in lines.items():
    times = (
        sized[column].div(sized[column][125], axis=0).melt(var_name="n", value_name="times")
    )
    figures.plot(times.astype(float), "n", "times", ax=right, colors=color, label=label)
for ax in (left, right):
    figures.log_axis(ax, counts)
    ax.set(yscale="log", xlabel="training examples", ylabel="")
left.set_title("test error")
right.set_title("times the value at 125")
right.legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("norms-grow-with-n")

# %% tags=["remove-input"]
grows = lambda column, n=4000: sized[column][n] / sized[column][125]
names = {
    "distance": "distance",
    "bound": "spectral_part",
    "error": "test_error",
    "rooted": "rooted_part",
}
growth = {name: grows(column) for name, column in names.items()}
growth["power"] = np.polyfit(
    np.log(counts), np.log(sized["spectral_part"]).to_numpy().T, 1
)[0]
growth["small"] = grows("spectral_part", 1000)
growth["one"] = (singly[1].spectral_part / singly[0].spectral_part).to_numpy()
Markdown(
    f"From 125 to 1,000 examples, in batches of 32, the spectral bound is multiplied by {claims.ratio(growth['small']):.2f}, and one example at a time by {claims.ratio(growth['one']):.2f}. From 125 to 4,000 the margin is multiplied by {claims.ratio(grows('margin')):.2f}."
)

# %% [markdown]
r"""
A bound that explained why data help would fall. The spectral bound of {cite:t}`bartlett2017`, taken without its constants, has the distance that each layer has moved and the largest stretch of each layer; both grow as more examples have to be told apart by the same margin. The direction is what counts here: no constant can mend it. The paper trains one example at a time and says that the size of batches matters; there, up to 1,000 examples, the bound grows as well.

And in other settings?
"""

# %% mystnb={"code_prompt_show": "The settings"} tags=["hide-input"]
# The settings
knobs = {"width": (16, 256), "depth": (1, 3), "lr": (0.015, 0.15), "momentum": (0.0,)}
knobs |= {"batch_size": (8, 100), "stop_loss": (0.1, 0.001), "weight_decay": (0.001,)}
knobs |= {"translation": (1, 8), "label_noise": (0.1,), "digits": (True,)}
settings = [{}, *({k: v} for k, values in knobs.items() for v in values)]
settings += [{"optimizer": "adam", "lr": 0.002, "momentum": 0.0}]


def pool(seed, translation=4, label_noise=0.0, digits=False):
    """Training examples of even and odd digits, images or signals, some of them with the wrong label, and a test set."""
    own = data.digits(1200, seed) if digits else signals(seed, 4000, shift=translation)
    y = data.corrupt_labels(own.y % 2, label_noise, 2, generator(seed, "label noise"))
    return replace(own, y=y, y_test=own.y_test % 2, classes=2)


# %% mystnb={"code_prompt_show": "The run that was recorded"} tags=["hide-input"]
# The run that was recorded
def in_setting(how):
    """By how much error and spectral bound are multiplied from 125 examples to all, in another setting; three replicates."""
    rest = dict(how)
    kind = {k: rest.pop(k) for k in ("translation", "label_noise", "digits") if k in rest}
    net = mlp(rest.pop("width", 64), depth=rest.pop("depth", 2))
    pools = {s: pool(s, **kind) for s in ledger.selection(3)}
    first = lambda n: {s: head(own, n) for s, own in pools.items()}
    few, many = (promises(first(n), net, **rest) for n in (125, 4000))
    columns = ("test_error", "spectral_part")
    error, bound = (float(many[c].mean() / few[c].mean()) for c in columns)
    name = ", ".join(f"{k} {v}" for k, v in how.items()) or "as above"
    return {"setting": name, "error": error, "bound": bound, "keeps": error < 1 < bound}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**The bound grows in most settings; on easy data it falls.** By how much the spectral bound is multiplied from 125 examples to 4,000 (digits: to 1,200), in the 16 settings in which the test error falls; means over three replicates. Dotted: once. In two more settings networks end by guessing.", "name": "fig-bd-multiverse"}, "image": {"alt": "A row with a dot for each of 16 settings, ordered by the bound's ratio on a logarithmic axis. Shifts below 1 lie at about 0.4 and digits just below the dotted line at 1; the others lie between 1.4 and 5, and label noise near 40."}} tags=["hide-input"]
measure = lambda: pd.DataFrame(map(in_setting, settings))
elsewhere, where = results.measured_or_recorded("11_norms_multiverse", measure)
learn = elsewhere[elsewhere.error < 1].replace("Adam,.*", "Adam", regex=True)
ax = figures.setting_rows(learn, "bound", 1, purple)
figures.log_axis(ax, (0.5, 1, 2, 5, 10, 20, 50))
ax.set(xlabel="spectral bound, times")
plt.show()

# %% tags=["remove-input"]
Markdown(f"The error falls and the bound grows in {results.kept(elsewhere, where)}")

# %% [markdown]
r"""
With the largest rate or the smallest batches networks trained on 4,000 signals end by guessing: error and bound both grow. On digits the bound falls a little, on signals without shifts to about a third. Both are easy; we take it that more examples ask for little new there. Norm bounds *can* grow; they need not.

(bd-spheres)=
## Two spheres

Perhaps another bound, with another norm, would do? {cite:t}`nagarajan2019` show data on which *no* bound of this kind can. Two classes lie on concentric spheres in many dimensions, with radii 1 and 1.1. Take a trained network and move each of its training points to the other sphere, with the other class as its label.

Their network is very wide. We take the limit of infinitely many hidden units with random incoming weights, in which only the output weights are trained: there training ends at the smallest output weights that fit, which one solves for. The spheres are in 200 dimensions.

::::{predict}
:answer: 2
:figure: fig-bd-spheres
A network is right on all training points and on nearly all new points. On how many of the moved training points is it wrong?

1. On nearly none, as on new points: they are points of the spheres like any others.
2. On nearly all.
3. On about half: it does not know them.

:::{dropdown} Answer
B. Around each training point the boundary is bent, by more than the gap between the spheres.
:::
::::
"""

# %%
radii, rows = (1.02, 1.03, 1.04, 1.05, 1.06, 1.08, 1.1), []
for s in ledger.seeds("hypersphere-counterexample"):
    points = spheres.draw(s, 1000)
    for outer in radii:
        rows.append({"seed": s, "outer": outer} | points.fit(outer).misclassified())
errors_on = pd.DataFrame(rows)

# %% mystnb={"code_prompt_show": "A plane through two training points"} tags=["hide-input"]
# A plane through two training points, with a gap drawn five times as wide
fitted, frame = points.fit(1.05), torch.linalg.qr(points.unit[:2].T)[0]
side = torch.linspace(-1.4, 1.4, 70).double()
places = torch.cartesian_prod(side, side)
radius = places.norm(dim=1, keepdim=True)
drawn = places / radius * (1 + (radius - 1) / 5)
given = fitted(drawn @ frame.T).reshape(70, 70).T

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Up to some gap between the spheres every moved training point is misclassified, while new points hardly are.** Left: the plane through the centre and two training points (filled; hollow where they are moved to), the class given to each place, and both spheres, radii 1 and 1.05, drawn with a wider gap. Right: share misclassified against the radius of the outer sphere. Means over replicates with 95 % bands.", "name": "fig-bd-spheres"}, "image": {"alt": "Left: a plane with two circles and two regions of class; each training point lies in the region of its own class, and so does the place that it is moved to, which belongs to the other class. Right: the error on new points falls from forty per cent to zero as the outer radius grows; that on moved training points is 100 per cent up to a radius of 1.05 and zero from 1.06 or 1.08 on."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
left.contourf(side, side, given, [-99, 0, 99], colors=[blue, orange], alpha=0.3)
turn = np.linspace(0, 2 * np.pi, 200)
for k, (radius, color, marker) in enumerate(((1, blue, "o"), (1.25, orange, "^"))):
    left.plot(radius * np.cos(turn), radius * np.sin(turn), color=color, linewidth=1)
    for factor, fill in ((radius, "full"), (2.25 - radius, "none")):
        at = factor * (points.unit[k] @ frame)
        left.plot(
            *at, marker, color=color, markersize=8, fillstyle=fill, markeredgewidth=1.5
        )
left.set(aspect="equal", xticks=[], yticks=[])
shades = {"new": green, "moved": purple, "moved new": orange}
for column, color in shades.items():
    label = {"moved": "training, moved", "moved new": "new, moved"}.get(column, column)
    figures.plot(errors_on, "outer", column, ax=right, colors=color, label=label)
right.set(xlabel="outer radius", ylabel="", title="misclassified, %", ylim=(-3, 103))
right.legend(loc="center right")
plt.show()


# %% mystnb={"code_prompt_show": "Networks of 512 units"} tags=["hide-input"]
# Networks of 512 units, trained in all layers
def small_network(seed, outer=1.3):
    """Per cent wrong of new points and of moved training points."""
    points = spheres.draw(seed, 2000)
    own, moved = points.data(outer), points.data(outer, moved=True)
    row = trained({seed: own}, mlp(512), batch_size=64, lr=0.1).iloc[0]
    wrong = network(row, own)(moved.x).argmax(1) != moved.y
    return 100 * row.test_error, 100 * wrong.double().mean().item()


# %% tags=["remove-input"]
ledger.say("hypersphere-counterexample")

# %% tags=["remove-input"]
by_gap = {c: measures.by_seed(errors_on, c, "outer", "seed") for c in shades}
spherical = {"error": by_gap["new"][1.05], "moved": 1.0 * (by_gap["moved"][1.05] > 95)}
spherical |= {"fresh": by_gap["moved new"][1.05], "wider": 1.0 * (by_gap["moved"][1.1] > 5)}
finite = [small_network(s) for s in ledger.seeds("hypersphere-counterexample")]
spherical |= dict(
    zip(("network", "network_moved"), map(np.array, zip(*finite, strict=True)), strict=True)
)
Markdown(
    f"Networks of 512 units, trained in all layers on 2,000 points with radii 1 and 1.3, err on {claims.mean(spherical['network']):.0f} % of new points and on {claims.mean(spherical['network_moved']):.0f} % of moved training points."
)

# %% [markdown]
r"""
So it is not that nothing has been learned of the spheres: it is wrong just where it was trained.

**Break it.** With a wider gap the radius explains most of each label, little is left for the single point, and the moved points turn right, one class and then the other ({ref}`bd-ex-trap`). Small networks, trained in all layers, are in between: they misclassify most of what is moved, and more of what is new. Where the window is open, it settles the matter for a whole family of bounds.

```{prf:proposition} What no two-sided bound can say
:label: bd-prop-spheres
Let a bound promise $\lvert R(f) - \hat R_{S}(f) \rvert \le \epsilon$ for all typical sets $S$ and all $f$ that training on typical sets ends with, where a set is typical with probability $1 - \delta$, $\delta < \tfrac12$. If $f$, trained on $S$, always has a risk of at most $R$ and an error of at least $R'$ on the moved set $S'$, then $\epsilon \ge R' - R$.
```

```{prf:proof}
Moving turns one class's distribution into the other's, so $S'$ has the distribution of $S$. Each of them is typical with probability $1 - \delta$; so with positive probability both are. Then the promise, made on $S'$, holds for $f$, which was trained on the typical $S$: $\epsilon \ge \lvert R(f) - \hat R_{S'}(f) \rvert \ge R' - R$.
```

The class is already the smallest one can ask for: only what training really ends with. What makes such a bound fail is not that the class is rich, but that it must speak for each $f$ about *every* typical set, and each has one on which it fails.

**The dissent.** {cite:t}`negrea2020` agree that $f$ itself is in no class with a tight two-sided bound, and add that it need not be. Compare $f$ to a *surrogate* whose training error is allowed to be worse, such as its average over what is peculiar to the training set: surrogates can be in a class with a uniform bound, and what separates $f$ from its surrogate is bounded apart. A one-sided bound, which need only say that $R$ is not much larger than $\hat R$, is not touched either: on $S'$ the training error is too large, not too small.

:::{admonition} "Uniform convergence is dead"
:class: misconception
Two-sided uniform convergence on what training reaches is dead, on these spheres. The validation bound {eq}`bd-eq-finite` is uniform convergence, too, over other classifiers.
:::

(bd-pac)=
## A cloud of networks

What if one bounds not the network but a cloud around it? Let $P$ be a distribution over networks that was fixed without the examples, the *prior*, and $Q$ any other, the *posterior*. Draw a network from $Q$ for each prediction; let $R(Q)$ and $\hat R(Q)$ be its error on new and on $m$ given examples. Between coins, $\mathrm{kl}(q \Vert p) = q \ln \frac qp + (1 - q) \ln \frac{1-q}{1-p}$.

```{prf:theorem} PAC-Bayes
:label: bd-thm-pac
With probability $1 - \delta$ over the $m$ examples, for all $Q$ at once,

$$
\mathrm{kl}\bigl( \hat R(Q) \,\Vert\, R(Q) \bigr) \le \frac{\mathrm{KL}(Q \Vert P) + \ln (2 \sqrt m / \delta)}{m} .
$$ (bd-eq-pac)
```

```{prf:proof}
For one network $\mathbb E\, e^{m\, \mathrm{kl}(\hat R \Vert R)} \le 2 \sqrt m$ (a sum over binomial probabilities, {cite:t}`maurer2004`). Average over $P$, which does not depend on the examples: by Markov's inequality $\mathbb E_P\, e^{m\, \mathrm{kl}} \le 2 \sqrt m/\delta$ with probability $1 - \delta$. Changing the average from $P$ to $Q$ costs $\mathrm{KL}(Q \Vert P)$: $\mathbb E_Q\, m\, \mathrm{kl} \le \mathrm{KL} + \ln \mathbb E_P\, e^{m\, \mathrm{kl}}$. Last, $\mathrm{kl}$ is convex, so that it is not larger at the averages.
```

If $P$ puts equal weight on $M$ candidates and $Q$ sits on one, then $\mathrm{KL} = \ln M$, and this is nearly {eq}`bd-eq-finite` again, but better where errors are small. In general one pays not for all networks but for how far $Q$ is from what was expected beforehand. Solved for $R(Q)$ the theorem gives the number: for $\hat R = 0$ it is $1 - e^{-c}$, where $c$ is the right side.

{cite:t}`dziugaite2017` take Gaussian weights: $P$ around the *initial* weights, which no example has touched, with one standard deviation for all; $Q$ around the trained ones, with a standard deviation for each weight. Then they run gradient descent once more, on the bound itself. We do the same with 4,000 signals. (The error of the cloud is estimated by a thousand draws, and the prior's deviation is chosen from a list; both are paid for.)

::::{predict}
:answer: 3
:figure: fig-bd-pac
A network of 64 hidden units, with 2,754 weights, has fitted 4,000 signals and errs on about one new signal in thirty. What does {eq}`bd-eq-pac` promise for a cloud around it?

1. More than 1: nearly as many weights as examples.
2. About 0.7, more than guessing.
3. Less than one half.

:::{dropdown} Answer
C. Most weights may vary widely and cost nothing; the cloud pays for the others only.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Bounds around a trained network"} tags=["hide-input"]
# Bounds around a trained network
def cloud(ended, own):
    """The PAC-Bayes bound with the prior at the network's initial weights, and what belongs to it."""
    start, end = map(torch.from_numpy, ended.weights)
    how = {"steps": size.steps, "seed": int(ended.init_seed)}
    found = bounds.gaussian_bound(network(ended, own), end, start, own.x, own.y, **how)
    parts = found.weights, found.deviations, own.x_test, own.y_test, 100, how["seed"]
    error = bounds.errors_around(network(ended, own), *parts).mean()
    found = {"bound": found.bound, "error": error, "nats": found.divergence}
    return found | {"train": ended.train_error, "test": ended.test_error}


def from_half(begun, own):
    """The bound with the prior at a network of the first half, on the second; and that network's test there."""
    net, h = network(begun, own), len(own.x) // 2
    rest, at = (own.x[h:], own.y[h:]), torch.from_numpy(begun.weights[-1])
    how = {"steps": size.steps // 4, "seed": int(begun.init_seed)}
    found = bounds.gaussian_bound(net, at, at, *rest, **how)
    missed = (net(rest[0]).argmax(1) != rest[1]).double().mean().item()
    return {"half": found.bound, "plain": float(bounds.kl_inverse(missed, np.log(20) / h))}


# %% mystnb={"code_prompt_show": "All replicates"} tags=["hide-input"]
# All replicates
total = scale.sizes(total=(400, 4000, 4000)).total
clouds, nets, sets = {}, {}, {}
for kind in ("true", "random"):
    seeds = ledger.seeds("nonvacuous-pac-bayes")
    sets[kind] = {s: signals(s, total, kind == "random") for s in seeds}
    nets[kind] = {row.data: row for _, row in trained(sets[kind], mlp(64)).iterrows()}
    found = [cloud(nets[kind][s], own) for s, own in sets[kind].items()]
    clouds[kind] = pd.DataFrame(found, index=seeds)
halves = {s: head(own, total // 2) for s, own in sets["true"].items()}
begun = [row for _, row in trained(halves, mlp(64)).iterrows()]
tested = pd.DataFrame(
    [from_half(row, sets["true"][row.data]) for row in begun], index=seeds
)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**With true labels the bound is below one half, with random labels it is not.** PAC-Bayes bounds on clouds of networks around a trained one, and the error of the cloud on new signals. Dots are replicates, bars 95 % intervals of the mean. Dotted: one half, which is guessing.", "name": "fig-bd-pac"}, "image": {"alt": "Three rows of dots. True labels, prior at the start: error near 0.04 and bound near 0.4. True labels, prior from half: bound near 0.15. Random labels: error near one half and bound near one."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 2.6))[1]
rows = {kind: f"{kind} labels" for kind in clouds}
for column, color in {"bound": blue, "error": orange}.items():
    table = pd.DataFrame({label: clouds[kind][column] for kind, label in rows.items()})
    if column == "bound":
        table.insert(1, "true labels, prior from half", tested.half)
    else:
        table.insert(1, "true labels, prior from half", np.nan)
    figures.dots(table, ax, color, f"{column} of the cloud")
ax.axvline(0.5, color=colors["threshold"], linestyle=":")
ax.set(xlim=(0, 1.05), xlabel="error, or bound on it")
ax.legend(loc="center right")
plt.show()

# %% tags=["remove-input"]
ledger.say("nonvacuous-pac-bayes")

# %% tags=["remove-input"]
true, random, s = clouds["true"], clouds["random"], seeds[0]
broad = trained({s: sets["true"][s]}, mlp(256)).iloc[0]  # more weights than examples
wide = cloud(broad, sets["true"][s])
pac = {"real": true.bound, "error": true.error, "net": true.test, **tested}
pac |= {"held": 1.0 * (true.bound >= true.error), "random": 1.0 * (random.bound > 0.5)}
pac |= {"random_bound": random.bound, "random_fit": random.train}
Markdown(
    f"The cloud errs on {true.error.mean():.3f} of new signals, the network on {true.test.mean():.3f}. The divergence from the start is {claims.mean(true.nats):,.0f} nats (natural logarithms) for {total:,} examples. With random labels the same network errs on {100 * random.train.mean():.0f} % of its training signals; the divergence is {random.nats.mean():,.0f} nats, and the bound {random.bound.mean():.2f}; for $Q = P$ it is {float(bounds.pac_bayes(0.5, 0, total)):.2f}. One network of 256 units, with {broad.parameters:,} weights, has {wide['bound']:.2f} with true labels."
)

# %% [markdown]
r"""
A bound below guessing by a good piece, for a cloud of networks that was reached from a trained one, from nothing but the training examples. The network itself gets no bound from it. With random labels there is no such bound, but for a probability of $\delta$: their true error *is* one half, and the theorem holds for them, too. The cloud that has learned nothing, $Q = P$, is promised little more than one half. Ours ends much higher, since descent started at weights that fit most of the coins, and such weights must be known exactly, which is expensive.

The paper's networks have many more weights than examples; the one of the figure has fewer.

The middle row is cheaper. There $P$ sits at a network trained on *half* of the signals, and the bound counts the other half, which $P$ has not seen. The bound is several times smaller. But then that network could simply be *tested* on the other half: that is {eq}`bd-eq-pac` with $\mathrm{KL} = 0$, and with $\ln (1/\delta)$ in place of $\ln (2 \sqrt m/\delta)$, since no average over $P$ is taken. It promises still less error. A prior made from examples is a validation set inside a PAC-Bayes bound.

:::{admonition} "Bounds for networks are always vacuous"
:class: misconception
Bounds on everything that a network could compute are. Bounds on where training went, from a place that was known before, need not be ({numref}`fig-bd-pac`).
:::

:::{admonition} "A small bound is an explanation"
:class: misconception
The bound with a prior from half of the data is small because the half's network is good, which a test says as well. Why it is good, neither says. {cite:t}`valleperez2020` list what a bound would have to do: change like the error with the data, with their number, with the architecture, and with training.
:::

(bd-vc)=
## Capacity by numbers, then by norms

Back to norms, where they have done best: for one layer. {cite:t}`lee2022` hold that classical VC theory explains double descent ({doc}`04_double_descent`) if only its capacity is measured rightly. A hyperplane in $N$ features has VC dimension $N + 1$; one with margin, on features no longer than $r$, about $r^2 \lVert w \rVert^2 + 1$, which may be much less. So take the number before interpolation, and the norm after it.

::::{predict}
:answer: 2
:figure: fig-bd-vc
Least squares on random Fourier features of 400 signals, a tenth of the labels flipped. From 400 features to 5,000 the test error falls. What do norm and bound do?

1. Both fall with it, and the bound becomes useful.
2. The norm falls with it, and the bound stays above one.
3. The norm grows: more features, more weights.

:::{dropdown} Answer
B. In order the norm is right. But it starts so high that all along the second descent it allows a capacity above the number of examples.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Features in growing numbers"} tags=["hide-input"]
# Features in growing numbers
most = scale.sizes(most=(800, 5000, 5000)).most
widths = np.unique(np.geomspace(10, most, 19).astype(int))
account = []
for s in ledger.seeds("vc-norm-explanation"):
    own, draw = signals(s, 400), rng(s, 5)
    y = torch.where(torch.from_numpy(draw.random(400)) < 0.1, 1 - own.y, own.y)
    features = linear.Fourier(40, most, kernels.median_distance(own.x) / 2, s)
    for fit in features.fits(own.x, 2.0 * y[:, None] - 1, own.x_test, widths):
        wrongs = [
            ((p[:, 0] > 0) != t).double().mean().item()
            for p, t in ((fit.train, y), (fit.test, own.y_test))
        ]
        by_norm = fit.radius**2 * float(fit.squared_norms[0]) + 1
        capacity = fit.width + 1 if fit.width < 400 else min(by_norm, fit.width + 1)
        bound = float(linear.vc_bound(wrongs[0], capacity, 400))
        account.append((s, fit.width, *wrongs, by_norm, bound))
account = pd.DataFrame(account, columns=["seed", "N", "train", "test", "norm", "bound"])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Past the threshold the norm falls with the test error, and the bound does not notice.** Left: test error of minimum-norm least squares against the number of features. Right: capacity by the norm of the weights and by the number of features, on logarithmic axes, and the VC bound with the number before the threshold and the smaller of both after it. Dotted: as many features as examples. Means over replicates (of logarithms, on the right) with 95 % bands.", "name": "fig-bd-vc"}, "image": {"alt": "Left: test error with a peak at 400 features and a lower second descent. Right: the capacity by norm peaks at 400 features by orders of magnitude and falls after it, but remains at or above the number of examples; the bound stays above one."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
figures.plot(account, "N", "test", ax=left, colors=orange, label="test error")
lines = {"norm": ("capacity by norm", purple), "bound": ("VC bound", blue)}
for column, (label, color) in lines.items():
    part = account.assign(log=np.log10(account[column]))
    figures.plot(part, "N", "log", ax=right, colors=color, label=label)
right.plot(widths, np.log10(widths + 1), "--", color=green, label="by number")
right.axhline(0, color=colors["threshold"], linestyle=":")
for ax in (left, right):
    ax.axvline(400, color=colors["threshold"], linestyle=":")
    figures.log_axis(ax, (10, 100, 400, 5000))
    ax.set(xlabel="random features N", ylabel="")
right.set_yticks([0, 2, 4, 6], ["1", "100", "10⁴", "10⁶"])
left.set_title("test error")
right.legend(loc="upper left")
plt.show()

# %% tags=["remove-input"]
ledger.say("vc-norm-explanation")

# %% tags=["remove-input"]
past, before = account[account.N > 400], account[account.N < 400]
ranked = lambda t: t.groupby("seed").apply(
    lambda g: g.norm.corr(g.test, method="spearman"), include_groups=False
)
of_width = {c: measures.by_seed(account, c, "N", "seed") for c in ("bound", "norm")}
vc = {"after": ranked(past), "before": ranked(before)}
vc |= {"end": 1.0 * (of_width["bound"][most] > 1), "capacity": of_width["norm"][most] / 400}
vc["best"] = of_width["bound"].min(axis=1)
Markdown(
    f"Before interpolation the rank correlation of norm and test error is {claims.mean(vc['before']):.2f}. The smallest value that the bound has at any number of features is {claims.mean(vc['best']):.2f}."
)

# %% [markdown]
r"""
Were the account wrong, norm and error would part after the threshold. They do not. But two curves that both fall have a rank correlation of one whatever links them: the number of features, upside down, would do as well. A stronger test is the bound itself, and it is where a class of capacity above $n$ puts it, above one. Compatible with VC theory, yes; what VC theory promises here is nothing.

(bd-summary)=
## All promises side by side

The signals of {numref}`fig-bd-pac` again, with everything that this chapter can promise for them.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Counting bits or norms promises nothing; a cloud around the network, or examples that were held back, promise something.** Every bound of this chapter, on networks with 64 hidden units and clouds of them, from the same 4,000 signals; dots are replicates. Dotted: 1, above which a bound is vacuous. The spectral bound lacks its constants and logarithms, and would be larger with them.", "name": "fig-bd-summary"}, "image": {"alt": "Rows of dots on a logarithmic axis. The error is near 0.03; the test of the half's network promises about 0.06, a cloud with a prior from half 0.15, a cloud from the start 0.4, and the bounds by bits and by norms lie between about three and thousands."}} tags=["hide-input"]
rows = [norm_bounds.of_run(nets["true"][s], own) for s, own in sets["true"].items()]
on_one = pd.DataFrame(rows, index=seeds).join(clouds["true"]).join(tested)
names = {"test": "error on new signals", "plain": "test of the half's network"}
names |= {"half": "cloud, prior from half", "bound": "cloud, prior at the start"}
names |= {"bits": "bits of the weights", "rooted": "Frobenius norms, √D"}
names |= {"doubled": "Frobenius norms, 2^D", "spectral": "spectral, no constants"}
ax = plt.subplots(figsize=(7.2, 3.4))[1]
logs = np.log10(np.maximum(on_one[list(names)], 1e-4)).rename(columns=names)
figures.dots(logs, ax, blue)
ax.axvline(0, color=colors["threshold"], linestyle=":")
ax.set_xticks(range(-3, 4), ["0.001", "0.01", "0.1", "1", "10", "100", "1,000"])
ax.set(xlabel="error, or bound on it")
plt.show()

# %% tags=["remove-input"]
geometric = logs.mean().rpow(10)
Markdown(
    f"The error is {on_one.test.mean():.3f}. Tested on the other half, the half's network is promised {on_one.plain.mean():.3f}; PAC-Bayes promises {on_one.half.mean():.3f} with a prior from half and {on_one.bound.mean():.2f} from the start, bits {on_one.bits.mean():.1f}, Frobenius norms with $\\sqrt D$ {on_one.rooted.mean():.0f}."
)

# %% [markdown]
r"""
What separates the two groups is not the quality of the mathematics. The small ones are about *one* predictor, and not about the network that training returned: a test of the network from half, or a cloud that was moved until its bound was small. The large ones must hold for every network of a class, whatever the data, and {doc}`02_randomization` showed that the class can fit anything. A bound that is not vacuous has to know, somehow, that these data are learnable by such a network, which is what the puzzle is about.

## What the papers found, what we found
"""

# %% tags=["remove-input"]
ledger.theorem(
    "kawaguchi-validation-bound",
    max(abs(round(float(paper), 4) - 0.0694), 1.0 * (np.sum(gaps > simple) > 10)),
    "bd-billion",
)

# %% tags=["remove-input"]
ledger.theorem("memorizers-of-any-norm", off, "bd-memorizers")

# %% tags=["remove-input"]
ledger.theorem("norm-bounds-depth", max(0.0, off_width), "bd-norms")

# %% tags=["remove-input"]
ledger.card("many-bounds-are-vacuous", **vacuous, section="bd-norms")

# %% tags=["remove-input"]
ledger.card("norms-grow-with-n", **growth, section="bd-growth")

# %% tags=["remove-input"]
ledger.card("hypersphere-counterexample", **spherical, section="bd-spheres")

# %% tags=["remove-input"]
ledger.card("nonvacuous-pac-bayes", **pac, section="bd-pac")

# %% tags=["remove-input"]
ledger.card("vc-norm-explanation", **vc, section="bd-vc")

# %% [markdown]
r"""
## Who disagrees

**Is there a paradox?** {cite:t}`zhang2017` find the old explanations failing. {cite:t}`kawaguchi2017` answer that what fails are *worst-case* bounds, that linear models would be as paradoxical, and that for one fixed problem the gap is what it is. **Is uniform convergence the wrong tool?** {cite:t}`nagarajan2019` doubt it; {cite:t}`negrea2020` apply it to surrogates. **Should a bound be small, or should it order networks rightly?** Here the small ones and the ones made of norms are different bounds. Which quantities order networks at all is the next section of this book.

## Check yourself

```{quiz}
```
"""

# %% [markdown]
r"""
## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`11_bounds`.

```{exercise} ★ How many validation examples
:label: bd-ex-how-many
A billion candidates, $\delta = 0.05$: how many validation examples bring {eq}`bd-eq-finite` to one point? How many for a single candidate?
```

```{solution} bd-ex-how-many
:class: dropdown
$m = \ln(M/\delta)/(2 \cdot 0.01^2)$. For a billion $\ln(2 \cdot 10^{10}) \approx 23.7$, so $m \approx 119{,}000$; for one, $\ln 20 \approx 3.0$, so 15,000. A search of a billion costs eight times the examples of no search.
```

```{exercise} ★ No errors at all
:label: bd-ex-zero
A network makes no error on $m$ examples that it never saw. What do {eq}`bd-eq-finite` and {eq}`bd-eq-pac` (with $\mathrm{KL} = 0$) promise, as $m$ grows?
```

```{solution} bd-ex-zero
:class: dropdown
The first $\sqrt{\ln(1/\delta)/(2m)}$. The second $1 - e^{-c}$ with $c = \ln(2\sqrt m/\delta)/m$, which is about $c$: it falls almost like $1/m$. Where errors are few the variance is small, and $\mathrm{kl}$ knows it.
```

```{exercise} ★ The same function
:label: bd-ex-rescale
In a ReLU network without biases the first layer is multiplied by 10, the second divided by 10. What becomes of the error, the product of Frobenius norms, the distance from the initial weights, and the PAC-Bayes bound with one standard deviation?
```

```{solution} bd-ex-rescale
:class: dropdown
The function and the product stay. The distance grows, and so does $\mathrm{KL}$; the cloud of one standard deviation is too small for one layer and too large for the other. A bound that changes while the function stays is loose for at least one of the two forms of the network ({doc}`07_flatness` meets the same with sharpness).
```

```{exercise} ★★ Fewer bits
:label: bd-ex-bits
How many bits per weight may the network of {numref}`fig-bd-summary` have for the bound by bits to fall below one half? Round its weights to $b$ bits (equal steps between the smallest and the largest weight) and look where its error goes.
```

```{solution-start} bd-ex-bits
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
s, table = seeds[0], {}
row, own = nets["true"][s], sets["true"][s]
w, none = torch.from_numpy(row.weights[-1]), torch.zeros(row.parameters)
steps = lambda b: (w.max() - w.min()) / (2**b - 1)
rounded = lambda b: w.min() + ((w - w.min()) / steps(b)).round() * steps(b)
for b in (1, 2, 3, 4, 6, 8):
    error = bounds.errors_around(network(row, own), rounded(b), none, own.x, own.y, 1, 0)[0]
    promise = error + bounds.hoeffding(total, b * np.log(2) * len(w))
    table[b] = [error, float(promise)]
pd.DataFrame(table, index=["training error", "bound"]).T.rename_axis("bits").round(3)

# %% [markdown]
r"""
None. Below one half needs $b \cdot 2754 \ln 2 + 3 < 2000\,(1 - 2 \hat R)^2$, so one bit and an error of at most one per cent; but with one bit the network errs far more often. With four bits the network still works, and the bound is near one. (The range of the weights must be stored as well.) Compression bounds continue from here: what can be coded shortly has few candidates.

```{solution-end}
```

```{exercise} ★★ When does a prior pay?
:label: bd-ex-share
Why half? With $n$ signals in all, let the prior have a share of 0.1, 0.3, 0.5, 0.7 or 0.9, as the plain test of its network has: the rest counts. Which share gives the plain test its best bound, and why not more?
```

```{solution-start} bd-ex-share
:class: dropdown
```
"""

# %%
own, table = sets["true"][seeds[0]], {}
for share in (0.1, 0.3, 0.5, 0.7, 0.9):
    k = int(share * total)
    part = {0: head(own, k)}
    net = network(trained(part, mlp(64)).iloc[0], part[0])
    missed = (net(own.x[k:]).argmax(1) != own.y[k:]).double().mean().item()
    promise = float(bounds.kl_inverse(missed, np.log(20) / (total - k)))
    table[share] = [missed, promise]
pd.DataFrame(table, index=["error on the rest", "bound"]).T.rename_axis("share").round(4)

# %% [markdown]
r"""
More training lowers the error, fewer examples left raise what is paid for chance. Too small a share is bad, and in this one replicate the curve is flat at the larger ones. A bound is a bargain between these two as well.

```{solution-end}
```

```{exercise} ★★ When does the trap close?
:label: bd-ex-trap
In {numref}`fig-bd-spheres` the moved points turn from wrong to right within a narrow range of radii. Let the radii be 1 and $1 + g$, and say that the fit splits each label into a part $a$ that depends on the radius and a part $1 - a$ peculiar to the point. When are the moved points wrong? The part $a$ is about $n g^2 c / (n g^2 c + 1)$; estimate $c$ from the figure, and predict where 2,000 points turn.
```

```{solution-start} bd-ex-trap
:class: dropdown
```
A moved point keeps the part of its own, $(1 - a)$, and has its radial part against it, $-a$ times its old label. Its old class wins if $1 - a > a$: all moved points turn at $a = \tfrac12$, $n g^2 c = 1$. With 1,000 points that is at $g \approx 0.056$; with 2,000 it should be at $0.056/\sqrt 2 \approx 0.040$.
"""

# %%
more, narrower = spheres.draw(seeds[0], 2000), np.arange(1.03, 1.044, 0.0025)
table = {round(r, 4): more.fit(r).misclassified() for r in narrower}
pd.DataFrame(table).T.rename_axis("outer radius")

# %% [markdown]
r"""
The direction is right, the number is not quite: half of the moved points are right at a smaller gap than predicted. So $c$ is not constant; perhaps what is peculiar to a point shrinks as it gets more neighbours. The two classes turn one after the other. At the gap that is left the error on new points is smaller than it was with 1,000 points.

```{solution-end}
```

```{exercise} ★★★ Is the factor of two real?
:label: bd-ex-two
{prf:ref}`bd-thm-depth` pays a factor of 2 per layer. In the plane, with $\ell_1$ norms of 1, look for networks with *two* hidden layers that agree with coin tosses better than one hidden layer does. What do you find of the factor?
```

```{solution-start} bd-ex-two
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
x = rng(1, 4).standard_normal((10, 2))
signs = 1 - 2 * (np.arange(1024)[:, None] >> np.arange(10) & 1)
draw, best = rng(2), np.zeros(1024)
for _ in range(60):
    inner = draw.laplace(size=(300, 2))
    units = np.maximum(inner / np.abs(inner).sum(1, keepdims=True) @ x.T, 0)
    pairs = draw.integers(300, size=(2, 2000))
    mix = draw.uniform(-1, 1, (2000, 1))
    second = np.maximum(
        mix * units[pairs[0]]
        + (1 - abs(mix)) * draw.choice([-1, 1], (2000, 1)) * units[pairs[1]],
        0,
    )
    best = np.maximum(best, np.abs(signs @ second.T).max(1))
exact, hidden = norm_bounds.planar(x)
{
    "linear": round(exact, 3),
    "one layer": round(hidden, 3),
    "two, found": round(best.mean() / 10, 3),
}

# %% [markdown]
r"""
Units of the second layer that mix two of the first reach hardly more than one layer alone, and nowhere near twice as much; a search gives a lower bound only, but the bound above it allows four times the linear one. The factor of 2 comes from dropping an absolute value in the proof, and proofs that do not drop it get $\sqrt D$ {cite:p}`golowich2018`.

```{solution-end}
```

```{exercise} ★★★ A test set that lasts
:label: bd-ex-ladder
The vote of {numref}`fig-bd-coverage` needs to know for each candidate whether it beats half. Let a keeper of the examples answer more sparingly: the error rounded to $0.05$, or only whether a candidate is better than the best so far by more than $0.05$ (the *ladder* of {cite:t}`blum2015`). How large is the gap of the vote then?
```

```{solution-start} bd-ex-ladder
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def kept(seed, answer, candidates=1000, m=1000):
    """The gap of a vote of the candidates that the keeper's answer speaks for."""
    right = rng(seed, 6).random((candidates, m), dtype=np.float32) < 0.5
    chosen, best = [], 0.5
    for k, accuracy in enumerate(right.mean(1)):
        if answer == "ladder":
            better, best = (True, accuracy) if accuracy > best + 0.05 else (False, best)
        else:
            better = (
                np.round(accuracy / 0.05) * 0.05 if answer == "rounded" else accuracy
            ) > 0.5
        chosen += [k] * bool(better)
    votes = np.where(right[chosen], 1, -1).sum(0) if chosen else np.zeros(m)
    return 0.5 - np.mean(votes < 0) - np.mean(votes == 0) / 2


answers = ("exact", "rounded", "ladder")
{a: round(float(np.mean([kept(s, a) for s in scale.seeds(5)])), 3) for a in answers}

# %% [markdown]
r"""
What is told about the examples is what can be fitted to them. The ladder tells so few bits that few votes are possible, and the gap is about what fixed candidates have. Rounding helps as far as it hides who is better.

```{solution-end}
```

## Summary

- A bound promises, with probability $1 - \delta$ over the examples, that the error of *every* classifier of a class is at most so large. One pays for the logarithm of their number.
- A validation set keeps its promise after a search of a billion candidates that were made without it; it keeps none for what was made from it.
- Norm bounds have no width in them, but the norms may; they explode with depth; and they are vacuous by orders of magnitude.
- With more examples the test error falls, and on all but easy data a norm bound rises.
- On two spheres networks are right on new points and wrong on their own moved training points: no two-sided bound on what training reaches can be small. One-sided bounds and surrogates are left.
- PAC-Bayes for a cloud near a trained network is below guessing with true labels, and cannot be with random ones; with a prior from half of the data it is much smaller, and a test on the other half smaller still.
- A norm orders linear models past interpolation, and its bound there says nothing.

**Reading.** {cite:t}`nagarajan2019` and the reply of {cite:t}`negrea2020`; {cite:t}`dziugaite2017` for the first such bound on networks with many more weights than examples, after {cite:t}`langford2002`; {cite:t}`valleperez2020` for what one should ask of a bound; {cite:t}`kawaguchi2017` for the view from validation.
"""
