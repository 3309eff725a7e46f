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

A bound on the error promises something about examples that nobody has seen, and keeps its promise with a stated probability. For networks most bounds say that the error is at most three, or at most a million. This chapter finds out what such promises are made of, which of them are worth something, and whether one that is worth something explains anything.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt

from overparam import MLP, claims, data, figures, mlp, network, scale, sweep
from overparam.engine.settings import Settings, Vector
from overparam.engine.sweep import run
from overparam.randomness import rng
from overparam.theory import bounds, kernels, linear, norm_bounds

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, (blue, orange, green, purple) = figures.COLORS, figures.SEQUENCE[:4]
ledger = claims.Ledger("bounds")
size = scale.sizes(tested=(500, 2000, 2000), epochs=(20, 300, 300), draws=(100, 1000, 1000))


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**The promise holds however many candidates were tried, and ends by saying nothing.** Candidates that all guess are tried on 10,000 examples. Left: the error there of the best one (median, exact), and what is promised of its error on new examples, which is one half. Right: how far the best one's error lies below the truth, and how far the bound allows, against the number of candidates.", "name": "fig-bd-search"}} tags=["hide-input"]
# The slider over the number of candidates
bits = 32 * mlp(64).parameters((40,), 2)
zeros = (0, 3, 6, 9, 30, 100, 300, 1000, 3000, round(bits * np.log10(2)))
luck = {z: 0.5 - bounds.luckiest(10_000, z * np.log(10)) for z in zeros}
allowed = dict(
    zip(zeros, bounds.hoeffding(10_000, np.log(10) * np.array(zeros)), strict=True)
)


def shown(z):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2))
    best = 0.5 - luck[z]
    left.barh(0, allowed[z], left=best, height=0.25, color=blue, alpha=0.3)
    left.plot(best, 0, "o", color=orange)
    left.axvline(0.5, color=colors["true_labels"])
    left.text(0.51, 0.34, "on new examples", color=colors["true_labels"])
    left.text(best, -0.3, "on the 10,000", color=orange, ha="center")
    left.set(xlim=(-0.15, 1.3), ylim=(-0.5, 0.5), yticks=[], xlabel="error of the best")
    left.axvline(1, color=colors["threshold"], linestyle=":")
    left.set_title(f"{best:.1%}; promised: at most {best + allowed[z]:.1%}")
    right.plot(zeros, allowed.values(), "s-", color=blue, label="bound")
    right.plot(zeros, luck.values(), "o-", color=orange, label="best of the guesses")
    right.axvline(z, color=colors["threshold"], linestyle=":")
    right.set_xscale("symlog", linthresh=3)
    right.set_xticks([0, 3, 9, 100, 3000], ["1", "10³", "10⁹", "10¹⁰⁰", "10³⁰⁰⁰"])
    right.set(xlabel="candidates", ylim=(0, 1.1), title="below the truth")
    right.legend(loc="upper left")
    return fig


alt = "Left: the best of 10^{0} guessing candidates errs on fewer than half of 10,000 examples; a bar from there, the promise, reaches beyond one half. Right: both the gap and the bound grow with the number of candidates, close together up to 10^1000, and the bound passes 1."
figures.slider(
    shown, values=zeros, description="Candidates: 1 with so many zeros", alt=alt, start=9
)

# %% [markdown]
r"""
A billion candidates know nothing, each guesses every label, and you keep the one that does best on 10,000 examples. It looks better than it is by three points, and a bound of one line foresees nearly exactly that. At the last position the candidates are all networks of one small architecture: among them some are right on all 10,000 examples and know nothing, and the same line promises an error of at most 175 %. Where between these two does a trained network stand?

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

Three things are worth noticing. The bound holds for all candidates at once, so it holds for whichever you pick, by any rule. It pays for their number with its *logarithm*: squaring the number of candidates costs a factor of $\sqrt 2$. And the candidates must not have been made from the examples on which they are judged. A bound of 1 or more is called *vacuous*: it is true and says nothing, since no error is larger. With two classes we also ask for less than one half, which is guessing.

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
    return 0.5 - np.mean(votes <= 0)


numbers = (1, 10, 100, 1000, 4000)
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
    f"The promise is broken in {np.sum(gaps > simple)} of {tries} searches. With a billion candidates, 10,000 examples and $\\delta = 0.1$ equation {{eq}}`bd-eq-variance` allows {paper:.2%}, as the paper says; equation {{eq}}`bd-eq-finite` allows {half:.2%}, and {{eq}}`bd-eq-variance` with the largest variance that an error can have, a quarter, {quarter:.2%}. "
    f"The vote of 4,000 is off by {claims.mean(voting[4000]):.2f}, where {float(bounds.hoeffding(1000, np.log(4000))):.2f} is allowed for 4,000 fixed candidates."
)

# %% [markdown]
r"""
Had the choice of the winner ruined the promise, the histogram would lie right of the line. Half of the paper's number comes from not using that errors are 0 or 1. The right panel breaks the condition: the vote was not among the candidates. It was *made* from the validation examples, in one of exponentially many ways, and it must be counted among as many. That is what training does with its examples. It is also what a community does that tunes for years on one test set.

(bd-memorizers)=
### Memorizers of any norm

The second point of {cite:t}`kawaguchi2017` is about linear models, where nothing is deep. With more weights than examples one solution fits, and so does any other that differs from it by a vector orthogonal to all inputs.

```{prf:proposition} Large norms that nobody notices
:label: bd-prop-memorizers
Let the training inputs be linearly independent and let all inputs, training and new, span less than the whole space. Any labels can be fitted, and to each solution $w$ there is another at any distance $c$ that predicts the same everywhere.
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
The norm grows a thousandfold and no prediction changes: so a bound that contains the norm cannot be tight for all interpolators, linear ones included, and the puzzle is no speciality of deep networks. The last column is the other half of the story. A step that only the *training* inputs do not see ruins the predictions on new ones. The norm is a safeguard that one may not need, and not always a useless one.

(bd-norms)=
## Norms in place of numbers

What class is a trained network from? All networks of 2,754 weights of 32 bits are too many for {eq}`bd-eq-finite`. Perhaps training ends in a smaller class, that of small weights. How well a class can fit coin tosses on $n$ inputs is its *Rademacher complexity* ({ref}`rand-capacity`)

$$
\mathfrak R = \mathbb E_\sigma \sup_f \frac 1n \sum_i \sigma_i f(x_i), \qquad \sigma_i = \pm 1 ,
$$ (bd-eq-rademacher)

and with probability $1 - \delta$ all $f$ of the class satisfy

$$
R(f) \le \hat R_\gamma(f) + \frac{2 \mathfrak R}{\gamma} + \sqrt{\frac{\ln (1/\delta)}{2n}} ,
$$ (bd-eq-margin)

where $\hat R_\gamma$ is the share of training examples that are not right by a {term}`margin` $\gamma$. A norm of the weights bounds $\mathfrak R$.

```{prf:theorem} Width is free, depth is not
:label: bd-thm-depth
Let every unit, the output too, have incoming weights with $\lVert w \rVert_1 \le \mu$. The bound on $\mathfrak R$ grows by a factor of $2\mu$ with each hidden layer and does not depend on the widths. The same holds for the product of the layers' Frobenius norms: with $D$ hidden layers and inputs no longer than $r$, $\mathfrak R \le 2^D \prod_l \lVert W_l \rVert_F \; r/\sqrt n$.
```

```{prf:proof}
*Width.* A layer's output is $\sum_k u_k g_k(x)$ with $\sum_k \lvert u_k \rvert \le \mu$. The sum in {eq}`bd-eq-rademacher` is linear in $u$, so it is largest where all of $u$ sits on a single unit: as many units as one likes reach what one reaches. *Depth.* That one unit gives $\sup_g \lvert \sum_i \sigma_i\, \mathrm{relu}(g(x_i)) \rvert$, up to $\mu$. Dropping the absolute value costs a factor of 2 at most, since the signs are symmetric; dropping the ReLU costs nothing, since it is 1-Lipschitz (the contraction lemma). What remains is the complexity of the layer below. For
Frobenius norms the vector of all units takes the place of the best one, and at the bottom stands $\mathbb E \lVert \sum_i \sigma_i x_i \rVert \le r \sqrt n$.
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
C. Three norms of several units each are multiplied, and the result is divided by $\sqrt n$, which is 45.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Data, training, and bounds on a trained network"} tags=["hide-input"]
# Data, training, and bounds on a trained network
def signals(seed, n, tossed=False):
    """Signals of an even or an odd digit; where labels are tossed, the training labels are coins."""
    own = data.mnist1d(n, size.tested, seed, max_translation=4)
    coins = torch.from_numpy(rng(seed, 7).integers(0, 2, n))
    y = coins if tossed else own.y % 2
    return replace(own, y=y, y_test=own.y_test % 2, classes=2)


def trained(sets, net, **how):
    """A network on each of the data sets, by seed, trained to a loss of 0.01; with its weights before and after."""
    usual = {"lr": 0.05, "momentum": 0.9, "batch_size": 32, "epochs": size.epochs}
    usual |= {"stop_loss": 0.01, "record": {"weights": [0]}}
    return sweep(net, sets, seed={s: s for s in sets}, **usual | how)


def promises(row, own):
    """What several bounds say of one trained network, with norms and margins on its n training examples."""
    net, start = (network(row, own, time) for time in (-1, 0))
    layers, before = (norm_bounds.matrices(module) for module in (net, start))
    outputs = net(own.x).detach().diff(dim=1)[:, 0] * (2 * own.y - 1)
    r, n, margins = norm_bounds.radius(own.x), len(own.x), outputs.clamp(min=1e-3)
    count = bounds.hoeffding(n, 32 * np.log(2) * row.parameters)
    complexity = {d: norm_bounds.frobenius(layers, r, n, d) for d in norm_bounds.DEPTHS}
    complexity["spectral"] = norm_bounds.spectral(layers, before, r, n)
    found = {k: norm_bounds.by_margin(margins, c) for k, c in complexity.items()}
    moved = np.linalg.norm(row.weights[-1] - row.weights[0])
    margin = float(margins.quantile(0.01))
    scaled = {f"{k}_part": c / margin for k, c in complexity.items()}
    return {"bits": row.train_error + count, "distance": moved} | found | scaled


# %%
names = ["many-bounds-are-vacuous", "norms-grow-with-n"]
pools = {s: signals(s, 4000) for s in ledger.seeds(*names)}
first = lambda n: {s: replace(p, x=p.x[:n], y=p.y[:n]) for s, p in pools.items()}
sets = first(2000)
runs = [trained(sets, mlp(w, depth=2)) for w in (16, 64, 256)]
runs += [trained(sets, mlp(64, depth=d)) for d in (1, 3, 4)]
runs = pd.concat(runs, ignore_index=True)
promised = pd.DataFrame([promises(row, sets[row.data]) for _, row in runs.iterrows()])
promised = runs[["data", "width", "depth"]].join(promised)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Nothing here is near one, and the bounds grow with width although no width stands in them.** Bounds on the error of networks that fit 2,000 signals, against the width of two hidden layers (left) and against the number of hidden layers of 64 units (right). Dotted: 1, above which a bound is vacuous. Means over replicates of the logarithms with 95 % bands.", "name": "fig-bd-depth"}, "image": {"alt": "Two log plots. Left: bounds against width from 16 to 256; all lie between a few and ten thousand and grow. Right: against depth from one to four hidden layers; the two bounds by Frobenius norms rise steeply, that with 2 to the D more so, the bound by bits hardly."}} tags=["hide-input"]
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
cell = promised.set_index(["width", "depth", "data"]).sort_index()
typical = cell.loc[64, 2]
vacuous = {k: np.log10(typical[k]) for k in ("bits", "doubled", "rooted")}
vacuous["least"] = np.min(list(vacuous.values()), axis=0)
vacuous["width"] = (cell.loc[256, 2] / cell.loc[16, 2]).rooted
vacuous["depth"] = (cell.loc[64, 4] / cell.loc[64, 1]).doubled
errors = 100 * runs[(runs.width == 64) & (runs.depth == 2)].test_error
Markdown(
    f"The networks of two times 64 units err on {claims.mean(errors):.1f} % of the test signals. From 16 to 256 units per layer the bound with $\\sqrt D$ is multiplied by {claims.ratio(vacuous['width']):.1f}."
)

# %% [markdown]
r"""
If norms captured what training does, the bound would lie below one, as the error does. Instead counting bits is the best of three, and it does not look at the weights at all. The theorem is not at fault. It says that *at fixed norms* width is free. But Frobenius norms of trained networks grow with width, since each unit brings weights of its own from the initialisation, and what was taken out of the formula comes back through the norms. With depth the norms are multiplied, with or without $2^D$.

(bd-growth)=
## More data, a larger bound

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
grown = []
for n in counts:
    sets = first(n)
    for batch in (32, None) if n <= 1000 else (32,):
        runs = trained(sets, mlp(64, depth=2), batch_size=batch)
        found = pd.DataFrame([promises(row, sets[row.data]) for _, row in runs.iterrows()])
        found["error"] = np.maximum(runs.test_error, 0.5 / size.tested)
        grown.append(found.assign(n=n, batch=batch or 0, data=runs.data))
grown = pd.concat(grown, ignore_index=True)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**With more examples the network gets better and its bound gets worse.** Left: test error. Right: what two bounds consist of, complexity over margin, and the distance from the initial weights, each divided by its value at 125 examples. Networks of two times 64 units, stopped at a training loss of 0.01. Means over replicates with 95 % bands.", "name": "fig-bd-growth"}, "image": {"alt": "Left: test error falls with the number of examples, on logarithmic axes. Right: the distance and both bounds rise; the spectral bound rises most."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
batched = grown[grown.batch == 32].set_index(["data", "n"]).sort_index()
lines = {
    "spectral_part": ("spectral bound", purple),
    "rooted_part": ("Frobenius, √D", blue),
}
lines |= {"distance": ("distance", green)}
figures.plot(
    batched.reset_index(), "n", "error", ax=left, colors=orange, label="test error"
)
for column, (label, color) in lines.items():
    relative = (batched[column] / batched[column].xs(125, level="n")).rename("times")
    figures.plot(relative.reset_index(), "n", "times", ax=right, colors=color, label=label)
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
wide_table = batched.unstack("n")
times = lambda column, n=4000, table=wide_table: (
    table[column][n] / table[column][125]
).to_numpy()
full = grown[grown.batch == 0].set_index(["data", "n"]).sort_index().unstack("n")
growth = {
    "distance": times("distance"),
    "bound": times("spectral_part"),
    "error": times("error"),
}
logs = np.log(wide_table["spectral_part"])
growth["power"] = np.polyfit(np.log(counts), logs.to_numpy().T, 1)[0]
growth["rooted"] = times("rooted_part")
growth["full"], growth["small"] = (
    times("spectral_part", 1000, full),
    times("spectral_part", 1000),
)
Markdown(
    f"With full batches, from 125 to 1,000 examples, the spectral bound is multiplied by {claims.ratio(growth['full']):.2f}, with batches of 32 by {claims.ratio(growth['small']):.2f}."
)

# %% [markdown]
r"""
A bound that explained why data help would fall. The spectral bound of {cite:t}`bartlett2017`, taken without its constants, has the distance that each layer has moved and the largest stretch of each layer; both grow as more examples have to be told apart by the same margin. The direction is what counts here: no constant can mend it. The paper trains one example at a time and says that the size of batches matters; so we asked for full batches, too.

(bd-spheres)=
## Two spheres

Perhaps another bound, with another norm, would do? {cite:t}`nagarajan2019` show data on which *no* bound of this kind can. Two classes lie on concentric spheres in many dimensions, with radii 1 and 1.1. Take a trained network and move each of its training points to the other sphere, with the other class as its label.

::::{predict}
:answer: 2
:figure: fig-bd-spheres
The network is right on all training points and on nearly all new points. On how many of the moved training points is it wrong?

1. On nearly none, as on new points: they are points of the spheres like any others.
2. On nearly all.
3. On about half: it does not know them.

:::{dropdown} Answer
B. Around each training point the network has bent its boundary, by more than the gap between the spheres.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Two spheres"} tags=["hide-input"]
# Two spheres
radii, dimensions = torch.tensor([1.0, 1.1]), 200


def spheres(seed, n):
    """Points of two classes, on the spheres of radius 1 and 1.1."""
    points = rng(seed, n).standard_normal((n + size.tested, dimensions))
    y = np.arange(n + size.tested) % 2
    x = points / np.linalg.norm(points, axis=1, keepdims=True) * radii.numpy()[y][:, None]
    return data.Data("spheres", x[:n], y[:n], x[n:], y[n:], "made here", classes=2)


def wrong(net, x, y, move=False):
    """Share of points misclassified, in per cent; moved ones lie on the other sphere and have the other label."""
    there = x * (radii[1 - y] / radii[y])[:, None] if move else x
    return 100 * (net(there).argmax(1) != (1 - y if move else y)).double().mean().item()


# %%
numbers = scale.sizes(n=((100, 200), (500, 1000, 2000), (500, 1000, 2000))).n
on_spheres = []
for n in numbers:
    sets = {s: spheres(s, n) for s in ledger.seeds("hypersphere-counterexample")}
    how = {"lr": 0.1, "momentum": 0, "batch_size": 64, "epochs": 2000}
    for _, row in trained(sets, mlp(512), **how).iterrows():
        own, net = sets[row.data], network(row, sets[row.data])
        found = {"n": n, "new": wrong(net, own.x_test, own.y_test)}
        found["moved"] = wrong(net, own.x, own.y, True)
        found["new, moved"] = wrong(net, own.x_test, own.y_test, True)
        on_spheres.append(found | {"data": row.data, "train": 100 * row.train_error})
on_spheres = pd.DataFrame(on_spheres)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Right on new points, wrong on its own training points once they are moved.** Left: a plane through the centre and two training points (large marks; hollow where they are moved to), with the class that the network gives to each place, and the two spheres, which are circles there. Right: share misclassified against the number of training points, means over replicates with 95 % bands.", "name": "fig-bd-spheres"}, "image": {"alt": "Left: plane with two circles close together and two regions of class; each training point lies in the region of its own class, and so does its moved image, which belongs to the other class. Right: errors on new points fall with the number of training points, those on moved training points stay near 100 per cent, those on moved new points are as on new points."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.6))
axes = torch.linalg.qr(own.x[:2].T)[0]
side = torch.linspace(-1.35, 1.35, 160)
plane = torch.cartesian_prod(side, side)
sphere_net = net
given = net(plane @ axes.T).argmax(1).reshape(160, 160).T
left.contourf(side, side, given, [-0.5, 0.5, 1.5], colors=[blue, orange], alpha=0.3)
turn = np.linspace(0, 2 * np.pi, 200)
for k, (radius, color, marker) in enumerate(
    zip(radii.tolist(), (blue, orange), "o^", strict=True)
):
    left.plot(radius * np.cos(turn), radius * np.sin(turn), color=color, linewidth=1)
    at = own.x[k] @ axes
    left.plot(*at, marker, color=color, markersize=9)
    left.plot(
        *(at * radii[1 - k] / radii[k]), marker, color=color, markersize=9, fillstyle="none"
    )
left.set(aspect="equal", xticks=[], yticks=[])
shades = {"new": green, "moved": purple, "new, moved": orange}
for column, color in shades.items():
    label = {"moved": "training points, moved"}.get(
        column, column.replace("new", "new points")
    )
    figures.plot(on_spheres, "n", column, ax=right, colors=color, label=label)
figures.log_axis(right, numbers)
right.set(xlabel="training points", ylabel="", title="misclassified, %", ylim=(-3, 103))
right.legend(loc="center left")
plt.show()

# %% tags=["remove-input"]
ledger.say("hypersphere-counterexample")

# %% tags=["remove-input"]
by_points = on_spheres.set_index(["data", "n"]).sort_index().unstack("n")
of_points = lambda column, n: by_points[column][n].to_numpy()
many, few = numbers[-1], numbers[0]
spherical = {"error": of_points("new", many), "moved": of_points("moved", many)}
spherical |= {"fresh": of_points("new, moved", many)}
spherical |= {"few": of_points("new", few), "few_moved": of_points("moved", few)}
Markdown(
    f"New points that are moved are misclassified as often as new points that are not: {claims.mean(spherical['fresh']):.1f} %."
)

# %% [markdown]
r"""
So it is not that the network knows nothing of the spheres, or that moving is too hard; it is wrong just where it was trained. And this settles the matter for a whole family of bounds.

```{prf:proposition} What no two-sided bound can say
:label: bd-prop-spheres
Let a bound promise $\lvert R(f) - \hat R_{S}(f) \rvert \le \epsilon$ with probability $1 - \delta$ over $S$, $\delta < \tfrac12$, for all $f$ that training reaches from such typical training sets. If nearly always $f$, trained on $S$, has the error $R$, and the error $R'$ on the moved set $S'$, then $\epsilon \ge R' - R$.
```

```{prf:proof}
Moving turns one class's distribution into the other's, so $S'$ has the distribution of $S$. Each of them is typical with probability $1 - \delta$; so with positive probability both are. Then the promise, made on $S'$, holds for $f$, which was trained on the typical $S$: $\epsilon \ge \lvert R(f) - \hat R_{S'}(f) \rvert = R' - R$.
```

The class is already the smallest one can ask for: only what training really ends with. Norms do not come into it. What makes such a bound fail is not that the class is rich, but that it must speak for each $f$ about *every* typical set, and each has one on which it fails.

**The dissent.** {cite:t}`negrea2020` agree that $f$ itself is in no class with a tight two-sided bound, and add that it need not be. Compare $f$ to a *surrogate* whose training error is allowed to be worse, such as its average over what is peculiar to the training set: surrogates can be in a class with a uniform bound, and what separates $f$ from its surrogate is bounded apart. A one-sided bound, which need only say that $R$ is not much larger than $\hat R$, is not touched either: on $S'$ the training error is too large, not too small.

:::{admonition} "Uniform convergence is dead"
:class: misconception
Two-sided uniform convergence on what SGD reaches is dead, on these spheres. The validation bound {eq}`bd-eq-finite` is uniform convergence, too, over other classifiers.
:::

(bd-pac)=
## A bound that is not vacuous

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

If $P$ puts equal weight on $M$ candidates and $Q$ sits on one, then $\mathrm{KL} = \ln M$, and this is {eq}`bd-eq-finite` again, but better where errors are small. In general one pays not for all networks but for how far $Q$ is from what was expected beforehand. Solved for $R(Q)$ the theorem gives the number: for $\hat R = 0$ it is $1 - e^{-c}$, where $c$ is the right side.

{cite:t}`dziugaite2017` take Gaussian weights around a trained network, with $P$ around its initial weights, and optimise. We take one standard deviation for all weights, and a cheaper trick: $P$ sits at the network trained on *half* of the examples, $Q$ at the one that went on with all of them, and the bound counts the other half. Then $\mathrm{KL}$ is the squared distance between these two over twice the variance.

::::{predict}
:answer: 3
:figure: fig-bd-pac
4,000 signals, a network of 64 hidden units, 2,754 weights. What does {eq}`bd-eq-pac` promise?

1. At most 1.5: weights are as many as examples.
2. At most 0.7, a little more than guessing.
3. At most 0.2, or less.

:::{dropdown} Answer
C. The second half of the examples moves the network little, and in a cloud of the right size it still errs seldom.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Two networks, and the bounds around them"} tags=["hide-input"]
# Two networks, and the bounds around them
def halves(sets):
    """Networks trained on half of each set, and what became of them on all of it, by seed."""
    n = len(next(iter(sets.values())).x)
    half = {
        s: replace(own, x=own.x[: n // 2], y=own.y[: n // 2]) for s, own in sets.items()
    }
    begun = {row.data: row for _, row in trained(half, mlp(64)).iterrows()}
    how = {
        "lr": 0.05,
        "momentum": 0.9,
        "batch_size": 32,
        "epochs": size.epochs,
        "stop_loss": 0.01,
    }
    on = lambda s: Settings(
        MLP(64), n, start=Vector(begun[s].weights[-1]), init_seed=s, data_seed=s, **how
    )
    whole = run({s: [on(s)] for s in sets}, sets, record=["weights"])
    return begun, {row.data: row for _, row in whole.iterrows()}


def around(begun, ended, own):
    """PAC-Bayes bounds with the prior at the half's network and at its start, and the half's own test."""
    start, half, whole = map(torch.from_numpy, (*begun.weights, ended.weights[-1]))
    net, h = network(ended, own), len(own.x) // 2
    rest = own.x[h:], own.y[h:]
    how = {"draws": size.draws, "seed": int(begun.init_seed)}
    after = bounds.gaussian_bound(net, whole, half, *rest, **how)
    far = bounds.gaussian_bound(net, whole, start, own.x, own.y, **how)
    cloud = net, whole, after.deviation, own.x_test, own.y_test, 100, how["seed"]
    missed = (network(begun, own)(rest[0]).argmax(1) != rest[1]).double().mean().item()
    plain = float(bounds.kl_inverse(missed, np.log(1 / 0.05) / h))
    found = {"bound": after.bound, "start": far.bound, "plain": plain}
    found |= {"error": bounds.errors_around(*cloud).mean(), "deviation": after.deviation}
    return found | {"train": ended.train_error, "test": ended.test_error}


# %%
kinds = {"true": False, "random": True}
n = scale.sizes(n=(400, 4000, 4000)).n
clouds, nets = {}, {}
for kind, tossed in kinds.items():
    sets = {s: signals(s, n, tossed) for s in ledger.seeds("nonvacuous-pac-bayes")}
    begun, ended = nets[kind] = halves(sets)
    clouds[kind] = pd.DataFrame([around(begun[s], ended[s], sets[s]) for s in sets])
    clouds[kind].index = list(sets)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**With true labels a cloud of the right size has a bound far below one half; with random labels no size has.** One network: PAC-Bayes bound and mean error on the half of the examples that the bound counts, against the standard deviation of all weights, for true labels (left) and random ones (right). Prior at the network of the other half.", "name": "fig-bd-pac"}, "image": {"alt": "Two panels against the standard deviation of the weights on a logarithmic axis. Left: the error of the cloud is low and rises for wide clouds; the bound falls from high values to a minimum far below one half and rises again. Right: the bound is above one half everywhere."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.3), sharey=True)
deviations = 0.005 * 2 ** (np.arange(10) / 2)
for ax, (kind, tossed) in zip(axes, kinds.items(), strict=True):
    (begun, ended), s = nets[kind], clouds[kind].index[0]
    own, h = signals(s, n, tossed), n // 2
    half, whole = (torch.from_numpy(row[s].weights[-1]) for row in (begun, ended))
    module, rest = network(ended[s], own), (own.x[h:], own.y[h:])
    cloud = [
        bounds.errors_around(module, whole, d, *rest, 50, 0).mean() for d in deviations
    ]
    far = float((whole - half).square().sum()) / (2 * deviations**2)
    ax.plot(
        deviations, bounds.pac_bayes(cloud, far, h, 0.005), "s-", color=blue, label="bound"
    )
    ax.plot(deviations, cloud, "o-", color=orange, label="error on the other half")
    ax.axhline(0.5, color=colors["threshold"], linestyle=":")
    figures.log_axis(ax, (0.005, 0.02, 0.1))
    ax.set(xlabel="standard deviation", title=f"{kind} labels", ylim=(0, 1.05))
axes[0].legend()
plt.show()

# %% tags=["remove-input"]
ledger.say("nonvacuous-pac-bayes")

# %% tags=["remove-input"]
true, random = clouds["true"], clouds["random"]
pac = {"real": true.bound, "random": random.bound, "error": true.error, "start": true.start}
pac |= {"held": (true.bound >= true.error).astype(float), "plain": true.plain}
Markdown(
    f"With random labels the same network errs on {100 * random.train.mean():.0f} % of its training signals, and its bound is {claims.mean(random.bound):.2f}."
)

# %% [markdown]
r"""
Both ends are visible on the left: in a narrow cloud every step away from the prior is expensive, in a wide one the networks err. Between them is a bound below one half by far, for a network with more weights than the bound counts examples. Random labels cannot have one: their true error *is* one half, and the theorem holds for them as well. That is what a bound can do that a measure cannot.

Then what does it cost? The half's network could simply be tested on the other half, which it never saw. That is {eq}`bd-eq-finite` for $M = 1$, with $\mathrm{kl}$ in place of the square, and it is tighter still. A prior from half of the data puts a validation set into a PAC-Bayes bound. With the prior at the initial weights, as in the paper, no half is spent; then the cloud has to pay for the whole way.

:::{admonition} "Bounds for networks are always vacuous"
:class: misconception
Bounds on everything that a network could compute are. Bounds on where training went, from a place that was known before, are not ({numref}`fig-bd-pac`).
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

# %%
widths = np.unique(np.geomspace(10, 5000, 19).astype(int))
account = []
for s in ledger.seeds("vc-norm-explanation"):
    own, draw = signals(s, 400), rng(s, 5)
    y = torch.where(torch.from_numpy(draw.random(400)) < 0.1, 1 - own.y, own.y)
    features = linear.Fourier(40, 5000, kernels.median_distance(own.x) / 2, s)
    for fit in features.fits(own.x, 2.0 * y[:, None] - 1, own.x_test, widths):
        wrongs = [
            ((p[:, 0] > 0) != t).double().mean().item()
            for p, t in ((fit.train, y), (fit.test, own.y_test))
        ]
        by_norm = fit.radius**2 * float(fit.squared_norms[0]) + 1
        bound = float(linear.vc_bound(wrongs[0], min(by_norm, fit.width + 1), 400))
        account.append((s, fit.width, *wrongs, by_norm, bound))
account = pd.DataFrame(account, columns=["seed", "N", "train", "test", "norm", "bound"])

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Past the threshold the norm falls with the test error, and the bound does not notice.** Left: test error of minimum-norm least squares against the number of features. Right: capacity by the norm of the weights and by the number of features, on logarithmic axes, and the VC bound with the smaller of both. Dotted: as many features as examples. Means over replicates (of logarithms, on the right) with 95 % bands.", "name": "fig-bd-vc"}, "image": {"alt": "Left: test error with a peak at 400 features and a lower second descent. Right: the capacity by norm peaks at 400 features by orders of magnitude and falls after it, but remains at or above the number of examples; the bound stays above one."}} tags=["hide-input"]
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
of_width = account.set_index(["seed", "N"]).bound.unstack()
at_peak = account.loc[account.groupby("seed").test.idxmax()].bound.to_numpy()
vc = {"after": ranked(past), "before": ranked(before), "peak": at_peak}
vc |= {"end": of_width[5000], "best": of_width.min(axis=1)}
Markdown(
    f"Before interpolation the rank correlation of norm and test error is {claims.mean(vc['before']):.2f}. The smallest value that the bound has at any number of features is {claims.mean(vc['best']):.2f}."
)

# %% [markdown]
r"""
Were the account wrong, norm and error would part after the threshold. They do not. But two curves that both fall have a rank correlation of one whatever links them: the number of features, upside down, would do as well. A stronger test is the bound itself, and it is where a class of capacity above $n$ puts it, above one. Compatible with VC theory, yes; what VC theory promises here is nothing.

(bd-summary)=
## All promises on one network

The network of {numref}`fig-bd-pac` again, with everything that this chapter can say of it.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Only bounds that use examples which training did not see, or a start near the end, say something.** Every bound of this chapter on one network with 64 hidden units that fits 4,000 signals; dots are replicates. Dotted: 1, above which a bound is vacuous. The spectral bound lacks its constants and logarithms, and would be larger with them.", "name": "fig-bd-summary"}, "image": {"alt": "Rows of dots on a logarithmic axis. The true error is near 0.01; the test on the other half and PAC-Bayes with a prior from half of the data lie just above it, PAC-Bayes from the start below or near one, and the bounds by bits and by norms between three and thousands."}} tags=["hide-input"]
sets = {s: signals(s, n) for s in clouds["true"].index}
rows = []
for s, own in sets.items():
    begun, ended = (part[s] for part in nets["true"])
    ended = ended.copy()
    ended["weights"] = np.stack([begun.weights[0], ended.weights[-1]])
    rows.append(promises(ended, own))
on_one = pd.DataFrame(rows, index=list(sets)).join(clouds["true"])
names = {"test": "error on new signals", "plain": "test of the half's network"}
names |= {"bound": "PAC-Bayes, prior from half", "start": "PAC-Bayes, prior at the start"}
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
    f"The error is {on_one.test.mean():.3f}. Tested on the other half, the half's network is promised {on_one.plain.mean():.3f}; PAC-Bayes promises {on_one.bound.mean():.3f} with a prior from half and {on_one.start.mean():.2f} from the start, bits {on_one.bits.mean():.1f}, Frobenius norms with $\\sqrt D$ {on_one.rooted.mean():.0f}."
)

# %% [markdown]
r"""
What separates the two groups is not the quality of the mathematics. The lower ones *look* at the data again: they know something of where training goes, from examples or from a place near by. The upper ones must hold for every network of a class, whatever the data, and {doc}`02_randomization` showed that the class can fit anything. In this sense a bound that is not vacuous has to know what the puzzle is about: that these data are learnable by this network.

## What the papers found, what we found
"""

# %% tags=["remove-input"]
ledger.theorem(
    "kawaguchi-validation-bound", abs(round(float(paper), 4) - 0.0694), "bd-billion"
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

# %%
s, table = clouds["true"].index[0], {}
row, own = nets["true"][1][s], sets[s]
w = torch.from_numpy(row.weights[-1])
steps = lambda b: (w.max() - w.min()) / (2**b - 1)
rounded = lambda b: w.min() + ((w - w.min()) / steps(b)).round() * steps(b)
for b in (1, 2, 3, 4, 6, 8):
    error = bounds.errors_around(network(row, own), rounded(b), 0.0, own.x, own.y, 1, 0)[0]
    promise = error + bounds.hoeffding(len(own.x), b * np.log(2) * len(w))
    table[b] = [error, float(promise)]
pd.DataFrame(table, index=["training error", "bound"]).T.rename_axis("bits").round(3)

# %% [markdown]
r"""
One bit per weight gives $\sqrt{2754 \ln 2/8000} \approx 0.49$ and an error on top. With four bits the network still works, and the bound is near one. (The range of the weights must be stored as well.) Compression bounds continue from here: what can be coded shortly has few candidates.

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
own, table = pools[next(iter(pools))], {}
for share in (0.1, 0.3, 0.5, 0.7, 0.9):
    k = int(share * n)
    part = {0: replace(own, x=own.x[:k], y=own.y[:k])}
    net_k = network(trained(part, mlp(64)).iloc[0], part[0])
    missed = (net_k(own.x[k:]).argmax(1) != own.y[k:]).double().mean().item()
    table[share] = [missed, float(bounds.kl_inverse(missed, np.log(20) / (n - k)))]
pd.DataFrame(table, index=["error on the rest", "bound"]).T.rename_axis("share").round(4)

# %% [markdown]
r"""
More training lowers the error, fewer examples left raise what is paid for chance. The best lies between, and the curve is flat there. A bound is a bargain between these two as well.

```{solution-end}
```

```{exercise} ★★ Between the spheres
:label: bd-ex-between
Where along the way from a training point to its moved image does the network change its mind? And from a new point? Use the last network of {numref}`fig-bd-spheres`; try radii from 0.8 to 1.5.
```

```{solution-start} bd-ex-between
:class: dropdown
```
"""

# %%
own = spheres(on_spheres.data.iloc[-1], numbers[-1])
table = {}
for radius in (0.8, 0.9, 1.0, 1.05, 1.1, 1.2, 1.3, 1.5):
    parts = {"inner, trained": own.x[own.y == 0], "outer, trained": own.x[own.y == 1]}
    parts |= {
        "inner, new": own.x_test[own.y_test == 0],
        "outer, new": own.x_test[own.y_test == 1],
    }
    unit = {k: x / x.norm(dim=1, keepdim=True) for k, x in parts.items()}
    table[radius] = {
        k: sphere_net(radius * x).argmax(1).double().mean().item() for k, x in unit.items()
    }
pd.DataFrame(table).T.rename_axis("radius").round(2)

# %% [markdown]
r"""
Shares that are called "outer". New points change class near the middle of the gap, as they should. Training points of the inner sphere are called inner far beyond the outer sphere, and those of the outer one far inside: the boundary bulges around each of them. New points do not meet the bulges, since in 200 dimensions they are nearly orthogonal to all training points.

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

# %%
x = rng(1, 4).standard_normal((10, 2))
signs = 1 - 2 * (np.arange(1024)[:, None] >> np.arange(10) & 1)
draw, best = rng(2), np.zeros(1024)
for _ in range(400):
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


# %%
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
- Norm bounds do not depend on the width as a letter in a formula. On trained networks the norms bring it back, and the bounds are vacuous by orders of magnitude.
- With more examples test error falls and norm bounds rise.
- On two spheres networks are right on new points and wrong on their own moved training points: no two-sided bound on what training reaches can be small. One-sided bounds and surrogates are left.
- PAC-Bayes with a prior near where training ends is far from vacuous; so is a test on the examples that such a prior needs.
- A norm orders linear models past interpolation, and its bound there says nothing.

**Reading.** {cite:t}`nagarajan2019` and the reply of {cite:t}`negrea2020`; {cite:t}`dziugaite2017` for the first bound of a network below one; {cite:t}`valleperez2020` for what one should ask of a bound; {cite:t}`kawaguchi2017` for the view from validation.
"""
