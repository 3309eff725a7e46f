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
(flatness)=
# Flatness

A minimum is flat if the loss hardly rises around it, and flat minima are said to be easier to find and to generalize better. The first picture makes one network as sharp as you like without changing a single prediction. What is left of flatness after that?
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import stats

from overparam import claims, cnn1d, data, figures, measures, mlp, results, scale, sweep
from overparam.engine.settings import Vector
from overparam.engine.sweep import network
from overparam.measures import curvature, sharpness
from overparam.randomness import generator

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
colors, blue, orange, green, purple = figures.COLORS, *figures.SEQUENCE[:4]
ledger = claims.Ledger("flatness")
draws = scale.seeds(5)

# %%
sine = data.sine(24, noise=0.15, seed=draws[0])
steps = scale.sizes(steps=(200, 4000, 4000)).steps
fit = sweep(mlp(20), sine, lr=0.2, epochs=steps, loss="squared", record=["weights"])
curve = network(fit.iloc[0], sine).double()
copies = {a: sharpness.rescaled(curve, a) for a in (0.1, 0.2, 0.5, 1, 2, 5, 10)}

# %% mystnb={"code_prompt_show": "The loss along a line"} tags=["hide-input"]
# The training loss at these distances along one random direction in weight space
xs = torch.linspace(-1, 1, 300, dtype=torch.float64)[:, None]
points, heights, away = sine.x.double(), sine.y.double(), np.linspace(-1, 1, 81)
line = torch.randn(
    sum(p.numel() for p in curve.parameters()), generator=generator(draws[0], "line")
)


@torch.no_grad()
def along(module):
    """The training loss of a module whose weights are moved along the direction."""
    weights = torch.nn.utils.parameters_to_vector(module.parameters())
    moved, found = sharpness.rescaled(module, 1), []
    for t in away:
        torch.nn.utils.vector_to_parameters(
            weights + t * line / line.norm(), moved.parameters()
        )
        found.append(float((moved(points) - heights).square().mean()))
    return found


# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**The same function, as sharp as you like.** A ReLU network with 20 hidden units, fitted to 24 points; weights and biases of its first layer are multiplied by \u03b1, the weights of the second divided by \u03b1. Left: what it predicts. Right: its training loss along one random direction in the space of weights, and the trace of its Hessian.", "name": "fig-flat-rescale"}} tags=["hide-input"]
# The slider over the factor
def shown(alpha):
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.3))
    left.plot(points, heights, "o", color=colors["noise"])
    left.plot(xs, copies[alpha](xs).detach(), color=blue)
    right.plot(away, along(copies[alpha]), color=orange)
    trace = sharpness.trace(copies[alpha], points, heights, loss="squared")
    left.set(title="The function", xlabel="x", ylabel="prediction")
    right.set(xlabel="distance in weights", ylabel="training loss", ylim=(0, 1))
    right.set_title(f"Its minimum: trace {trace:,.0f}")
    return fig


alt = "Left: a curve through points, the same for every factor. Right, for a factor of {}: training loss along a line in weight space, a valley that is widest for a factor near 1 and becomes narrow towards both ends."
figures.slider(shown, values=copies, description="Factor α", alt=alt, start=1)

# %% [markdown]
r"""
Nothing happens on the left, and on the right a wide valley becomes a slit. Training loss, test error, every prediction on every input: all stay. If a flat minimum generalizes well *because* it is flat, what does the slit do? {cite:t}`dinh2017` asked this against a whole literature. (The slider moves along a curve of minima. Why training put the network at α = 1 is another question, for {ref}`flat-invariant`.)

(flat-what)=
## What flat means

Let $H = \nabla^2 L(\theta)$ be the Hessian of the training loss. Near a minimum $L(\theta + v) \approx L(\theta) + \tfrac12 v^\top H v$. *Sharp* means that this rises fast, and everybody means something else by it:

- the largest eigenvalue $\lambda_1$ of $H$: the steepest direction ({doc}`05_implicit_regularization` calls it *the* sharpness);
- the trace $\operatorname{tr} H$: an average direction, since a random unit vector has $\mathbb E\, v^\top H v = \operatorname{tr} H / p$;
- {cite:t}`keskar2017`'s *box sharpness*, which does not stop at second order:

$$
S_\varepsilon(\theta) = 100 \cdot \frac{\max_{v} L(\theta + v) - L(\theta)}{1 + L(\theta)} , \qquad
|v_i| \le \varepsilon \, (|\theta_i| + 1) .
$$ (flat-eq-box)

Two reasons are given why flat should be good. *Few digits*: a flat minimum can be written down with coarsely rounded weights, so by the principle of the shortest description it should be preferred {cite:p}`hochreiter1997`. *A shifted loss*: the loss on new examples is a similar landscape, a little displaced; on a wide floor a small shift costs nothing, on a steep wall much. Both reasons
assume that weight space comes with a yardstick: a digit, a distance of one shift. The slider changes the yardstick from layer to layer.

A third reason is an essay's ({doc}`/book/what_people_say`): around a flat minimum small changes of the *latent representations* do no harm. The Hessian speaks of changes of weights. But $W (I + A)\, x = W (x + A x)$: to change a layer's weights in proportion to themselves is to change its inputs. This reason brings its own yardstick, and {ref}`flat-invariant` comes back to it.

(flat-batch)=
## Large batches

The paper that made flatness famous is about batches. {cite:t}`keskar2017` trained six networks by Adam, with batches of 256 examples and of a tenth of the training set, until the loss ceased to improve. We take fully connected networks on 1,000 signals of MNIST-1D (moved by up to 7 points), with batches of 20 and of 100.

When are two trainings equally far? After as many *epochs* the large batches have taken a fifth of the *steps*, and their loss is still falling. After as many steps they have seen the data five times as often. Nearest to the paper's rule, which has no budget, is to compare *at equal training loss*, a low one at which all examples are fitted: 0.005, read off a line through the eight recorded times that are nearest. The findings use it; the figure has the others, too, and one with a larger learning rate, since averaging more examples permits longer steps: $\sqrt 5$ times, a common rule for Adam.

::::{predict}
:answer: 3
:figure: fig-flat-batch
:source: pilot
Batches of 100 instead of 20. After as many epochs the test error is higher. What is it at the same training loss?

1. The same as with small batches, or lower: the large ones had only been stopped too early.
2. Higher than after as many epochs: longer training overfits.
3. Still higher than with small batches, though less so.

:::{dropdown} Answer
C, in pilot runs: some of the difference goes away with more steps, and more than half of it stays. {cite:t}`hoffer2017` made all of it go away by more steps, with a larger rate and another batch normalization, in another setting.
:::
::::
"""

# %% mystnb={"code_prompt_show": "Signals, and networks trained on them"} tags=["hide-input"]
# Signals, and networks trained on them
size = scale.sizes(n=(200, 1000, 1000), tested=(200, 4000, 4000), epochs=(5, 80, 80))
near = scale.sizes(near=(2, 8, 8)).near  # times that a line goes through
standard = mlp(100, depth=2)


def signals(seeds, n=size.n, moved=8, tested=size.tested):
    """Every replicate's own training and test signals."""
    return {s: data.mnist1d(n, tested, s, max_translation=moved) for s in seeds}


def trained(sets, net=standard, n=None, **how):
    """Networks trained on these sets (on n of the signals), with their weights at the end, and test errors in points."""
    n = n or len(next(iter(sets.values())).x)
    how = {"record": {"weights": [how["epochs"]]}} | how
    runs = sweep(net, sets, n=n, seed={s: s for s in sets}, **how)
    return runs.assign(error=100 * runs.test_error)


def history(last, *more):
    """What to record, and when, of networks whose training loss is to be looked up."""
    times = sorted({0, *np.geomspace(last / 8, last, 45).astype(int)})
    return dict.fromkeys(("test_correct", "curves", *more), times)


def nearest(row, loss, k=near):
    """The k recorded times at which the training loss is nearest to this one, in the ratio."""
    return np.argsort(np.abs(np.log(row.curve_train_loss / loss)))[:k]


# %%
sets = signals(ledger.seeds("large-batch-generalizes-worse", "large-batch-sharper"))
small, large = {"batch_size": size.n // 50}, {"batch_size": size.n // 10}
rate, epochs = {"optimizer": "adam", "lr": 0.001}, size.epochs
longer = 5 * epochs
fast = large | {"lr": 0.001 * 5**0.5}
with_small, with_large, faster = (
    trained(sets, epochs=last, record=history(last, "weights"), **rate | more)
    for last, more in ((epochs, small), (longer, large), (epochs, fast))
)


# %% mystnb={"code_prompt_show": "Networks at a recorded time, and at a training loss"} tags=["hide-input"]
# Networks at a recorded time, and at a training loss
flat = ["error", "trace", "box", "adaptive", "relative"]


def at_times(runs, when):
    """The networks at recorded times, when(row): training losses, test errors in points and measures."""
    found = []
    for _, row in runs.iterrows():
        keep = row.drop(["weights_epoch", "test_correct_epoch"]).to_dict()
        for k in when(row):
            at = {"weights": row.weights[[k]], "train_loss": row.curve_train_loss[k]}
            found.append(keep | at | {"error": 100 * (1 - row.test_correct[k].mean())})
    found = pd.DataFrame(found)
    return found.join(sharpness.table(found, sets, probes=10))


def at_loss(runs, loss=0.005):
    """The same on a line through the eight nearest times, on logarithmic axes, at this loss."""
    rows = at_times(runs, lambda row: nearest(row, loss)).groupby("data", sort=False)
    lines = [
        np.polyfit(np.log(r.train_loss / loss), np.log(r[flat]), 1)[1] for _, r in rows
    ]
    return pd.DataFrame(np.exp(lines), columns=flat)


# %% mystnb={"code_prompt_show": "The comparisons"} tags=["hide-input"]
# The comparisons
end = lambda row: [-1]
then = lambda row: [np.argmin(np.abs(row.weights_epoch - epochs))]
arms = {"small, equal loss": at_loss(with_small), "small": at_times(with_small, end)}
arms |= {"large, equal loss": at_loss(with_large), "large": at_times(with_large, then)}
arms["large, as many steps"] = at_times(with_large, end)
arms["large, rate × √5"] = at_times(faster, end)


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Large batches are worse however they are compared; sharper after as many epochs, flatter after as many steps; at equal loss they differ little.** Left: how much larger their test error is than that of small batches. Right: how much larger their box sharpness is, as log\u2081\u2080 of the ratio. Points are replicates, bars 95 % intervals of their means; dotted: no difference.", "name": "fig-flat-batch"}, "image": {"alt": "Two panels with four rows. Left, all rows lie right of the dotted line: test error is higher with large batches. Right, box sharpness lies near the line at equal loss, far right of it after as many epochs, far left of it after as many steps, and slightly right with the larger rate."}} tags=["hide-input"]
def against_small(column):
    """The arms with large batches against small ones: differences of errors, ratios of the rest."""
    at, last, *others = (table[column].to_numpy() for table in arms.values())
    against = [at, last, last, last]
    pairs = zip(("loss", "epochs", "steps", "scaled"), others, against, strict=True)
    return {k: arm - b if column == "error" else arm / b for k, arm, b in pairs}


worse, sharper, relative = map(against_small, ("error", "box", "relative"))
rows = ("equal loss", "as many epochs", "as many steps", "rate × √5")
fig, axes = plt.subplots(1, 2, figsize=(7.2, 2.8), sharey=True)
texts = "test error, difference in points", "box sharpness, log₁₀ of the ratio"
shades = colors["test"], blue
for ax, found, text, color in zip(axes, (worse, sharper), texts, shades, strict=True):
    found = pd.DataFrame(found).set_axis(rows, axis=1)
    figures.dots(found if ax is axes[0] else np.log10(found), ax, color)
    ax.axvline(0, color=colors["threshold"], linestyle=":")
    ax.set_xlabel(text)
    ax.margins(y=0.2)
plt.show()

# %% tags=["remove-input"]
ledger.say("large-batch-generalizes-worse", "large-batch-sharper")

# %% tags=["remove-input"]
reached = {k: f"{t.train_loss.mean():.4f}" for k, t in arms.items() if "train_loss" in t}
row_of = dict(zip(worse, rows, strict=True))
changed = {f"test error, {row_of[k]}": claims.mean(worse[k]) for k in worse}
changed |= {f"box, {row_of[k]}": claims.ratio(sharper[k]) for k in worse}
changed["relative flatness, equal loss"] = claims.ratio(relative["loss"])
other = ", ".join(f"{v} ({k})" for k, v in reached.items())
claims.table(f"Large over small batches. The other losses: {other}.", changed, "points")

# %% [markdown]
r"""
The left panel tells one story in every row; the right one says much sharper, much flatter or little different, as one likes to compare. Had sharpness been the reason of the gap, the panels would agree.

The training losses say what box sharpness has followed. With cross-entropy the Hessian is made of the probabilities that the network still gives to wrong classes: as these vanish, the loss and the curvature vanish together, wherever the minimum lies. Who compares after as many epochs compares a network that is nearly done with one that is done. **Sharpness can be compared only at
equal training loss.** What is left there is a matter of tenths, not of multiples ({ref}`flat-ex-loss`).

How far does the first sentence hold? We change one thing at a time.
"""

# %% mystnb={"code_prompt_show": "The settings, and the run that was recorded"} tags=["hide-input"]
# The settings, and the run that was recorded
one = {"signals": (500, 2000), "moved": (1, 16, 48), "width": (25, 50, 200)}
one |= {"depth": (1, 3), "lr": (0.002,), "divided": ((100, 10), (50, 5))}
one |= {"label_noise": (0.1,), "weight_decay": (1e-3,), "optimizer": ("sgd",)}
one |= {"digits": (True,), "cnn": (16,), "loss": ("squared",)}
settings = [{}, *({key: v} for key, values in one.items() for v in values)]


# %% mystnb={"code_prompt_show": "The test error at a training loss"} tags=["hide-input"]
# The test error at a training loss
def error_at(row, loss):
    """Test error in points on a line through the eight nearest times, at this training loss."""
    k = nearest(row, loss)
    errors = 100 * (1 - row.test_correct[k].mean(axis=1))
    return np.polyfit(np.log(row.curve_train_loss[k] / loss), errors, 1)[1]


# %% mystnb={"code_prompt_show": "One setting"} tags=["hide-input"]
# One setting
def in_setting(how):
    """Mean test errors of three replicates in another setting, at a loss of 0.005 or the lowest that all reach."""
    rest = dict(how)
    name = ", ".join(f"{k} {v}" for k, v in how.items()).replace(" True", "") or "as above"
    n = rest.pop("signals", size.n)
    sets = signals(seeds := ledger.selection(3), n, rest.pop("moved", 8))
    if rest.pop("digits", False):
        sets, n = {s: data.digits(n, s) for s in seeds}, n
    net = mlp(rest.pop("width", 100), rest.pop("depth", 2))
    net = cnn1d(rest.pop("cnn")) if "cnn" in rest else net
    rest = rate | ({"lr": 0.1} if "optimizer" in rest else {}) | rest
    batches = [n // k for k in rest.pop("divided", (50, 10))]
    how = {"stop_loss": 0.003} | rest
    runs = [
        trained(sets, net, n, batch_size=b, epochs=e, record=history(e), **how)
        for b, e in zip(batches, (epochs, 5 * epochs), strict=True)
    ]
    lowest = np.max([[min(c) for c in table.curve_train_loss] for table in runs], axis=0)
    few, many = (
        table.apply(error_at, axis=1, args=(max(0.005, *lowest),)).mean() for table in runs
    )
    return {"setting": name, "small": few, "worse": many - few, "keeps": many > few}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**In nearly all settings large batches are worse at equal training loss.** What large batches add to the test error, against the test error with small ones, at a loss of 0.005 or the lowest that all networks of a setting reach. One dot per setting, means over three replicates; settings in which they are not worse are named.", "name": "fig-flat-multiverse"}, "image": {"alt": "About twenty points, test error with small batches on the horizontal axis and the difference on the vertical one. Nearly all lie above the dotted line at zero."}} tags=["hide-input"]
multiverse = "07_large_batches_multiverse"
robust, where = results.measured_or_recorded(
    multiverse, lambda: pd.DataFrame(map(in_setting, settings))
)
ax = figures.settings(robust, "small", "worse", (np.nan, 0))
ax.set(xlabel="test error with small batches, in points", ylabel="large less small")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"The median difference is {robust.worse.median():.1f} points. Large batches are worse in {results.kept(robust, where)}"
)

# %% [markdown]
r"""
(flat-theorem)=
## The theorem behind the slider

Write a ReLU network with a pair of layers as $x \mapsto W_2\, \mathrm{ReLU}(W_1 x + b_1) + \dots$ and let $T_\alpha$ multiply $W_1$ and $b_1$ by $\alpha > 0$ and $W_2$ by $1/\alpha$; all other weights stay.

```{prf:theorem} Rescaling
:label: flat-thm-rescale
The networks with weights $\theta$ and $T_\alpha \theta$ are the same function. At $T_\alpha \theta$ the Hessian of the loss is $T_\alpha^{-1} H\, T_\alpha^{-1}$. So if $H$ has a diagonal entry in $W_2$ (or in $W_1, b_1$) that is not zero, the trace of a
positive semidefinite $H$ and its largest eigenvalue tend to infinity as $\alpha \to \infty$ (or $\alpha \to 0$).
```

```{prf:proof}
$\mathrm{ReLU}(\alpha z) = \alpha\, \mathrm{ReLU}(z)$ for $\alpha > 0$, so what the first layer gains the second takes away. This holds for all weights, $L(T_\alpha \theta) = L(\theta)$ for every $\theta$; differentiating twice, $T_\alpha\, \nabla^2\! L(T_\alpha \theta)\, T_\alpha = \nabla^2\! L(\theta)$. The diagonal
entries that belong to $W_2$ are multiplied by $\alpha^2$. A diagonal entry $e^\top H e$ is never above $\lambda_1$, nor, without negative eigenvalues, above the trace.
```

Other measures follow. Take a small ball in the floor $\{\theta : L(\theta) \le \varepsilon\}$ around a minimum. Its images under $T_\alpha$ are in the floor, too. Their volumes are $\det T_\alpha$ times its own, and for factors that are far enough apart they do not overlap. Let $\alpha$ go to infinity or to zero, whichever keeps $\det T_\alpha \ge 1$: the volume of the floor is infinite, for good and for bad minima alike. {doc}`07_volume` measures volumes all the same, and has to say how.
"""

# %% mystnb={"code_prompt_show": "Small networks in double precision"} tags=["hide-input"]
# Small networks in double precision, with the signals that they were trained on
nets, last = scale.sizes(nets=(1, 3, 3)).nets, scale.sizes(last=(50, 2000, 2000)).last
few = {s: data.mnist1d(100, 100, s, max_translation=8) for s in draws[:nets]}
runs = trained(few, mlp(12, depth=2), lr=0.2, epochs=last, stop_loss=0.02)
cases = [
    (network(row, few[row.data]).double(), few[row.data].x.double(), few[row.data].y)
    for _, row in runs.iterrows()
]

# %%
rescale_error, grown = 0.0, []
for net, x, y in cases:
    sharp = sharpness.rescaled(net, 30)
    before, after = (curvature.hessian(m, x, y) for m in (net, sharp))
    there = torch.nn.utils.parameters_to_vector(sharp.parameters())
    factors = there / torch.nn.utils.parameters_to_vector(net.parameters())
    outputs = (sharp(x) / net(x) - 1).abs().max()
    blocks = (after * factors * factors[:, None] - before).abs().max() / before.abs().max()
    rescale_error = max(rescale_error, outputs.item(), blocks.item())
    largest = [torch.linalg.eigvalsh(H)[-1].item() for H in (before, after)]
    grown.append(largest[1] / largest[0])

# %% tags=["remove-input"]
Markdown(
    f"In {len(cases)} networks of two hidden layers, trained on 100 signals, with α = 30: outputs and blocks of the Hessian are what the theorem says, with a relative error of at most {rescale_error:.0e}. The largest eigenvalue is multiplied by {', '.join(f'{v:.0f}' for v in grown)}."
)

# %% [markdown]
r"""
So no measure that $T_\alpha$ changes can be the cause of generalization by itself. It may be a part of a bound, one that is loose for most copies. And it may *correlate* with the test error: training does not scatter its networks evenly along these curves.

Keskar's box was meant to take care of scale: its sides grow with $|\theta_i|$.

::::{predict}
:answer: 2
:figure: fig-flat-measures
You rescale by $\alpha = 100$. What does box sharpness {eq}`flat-eq-box` do?

1. It grows without bound, in proportion to $\alpha^2$.
2. It grows.
3. It stays: the box scales with the weights.

:::{dropdown} Answer
B. The box scales with the weights only where they are large. Because of the $+1$ no side is shorter than $\varepsilon$; the weights of the second layer become tiny, and a change of $\varepsilon$ is huge for them. It need not grow as $\alpha^2$, for the box is not infinitely small: the loss far away is no parabola.
:::
::::

(flat-invariant)=
## Measures that move with the weights

Leave out the $+1$ and the box moves with the weights. {cite:t}`kwon2021` call this *adaptive* sharpness,

$$
S^{\mathrm{ad}}_\rho(\theta) = \max_{|v_i| \le \rho |\theta_i|} L(\theta + v) - L(\theta) .
$$ (flat-eq-adaptive)

{cite:t}`petzka2021` start from the third reason above, changes of what enters a layer, and so weigh the Hessian by the weights. A simple form of their *relative flatness* is, with the Hessian $H_l$ in the weights $W_l$ of layer $l$,

$$
\kappa(\theta) = \sum_l \lVert W_l \rVert^2 \operatorname{tr} H_l .
$$ (flat-eq-relative)

```{prf:proposition} Two measures that rescaling does not change
:label: flat-prop-invariant
$S^{\mathrm{ad}}_\rho(T_\alpha \theta) = S^{\mathrm{ad}}_\rho(\theta)$ and $\kappa(T_\alpha \theta) = \kappa(\theta)$, for every pair of layers and every $\alpha > 0$.
```

```{prf:proof}
$T_\alpha$ maps the box around $\theta$ onto the box around $T_\alpha \theta$, one to one, and leaves the loss at every point of it. For $\kappa$: $\lVert W_1 \rVert^2$ is multiplied by $\alpha^2$ and $\operatorname{tr} H_1$ by $\alpha^{-2}$; with $W_2$ it is the other way round.
```
"""

# %%
factors = 10.0 ** np.arange(-2, 3)
kinds = {k: getattr(sharpness, k) for k in ("trace", "box", "adaptive", "relative")}
kinds = {"largest eigenvalue": curvature.top_eigenvalue} | kinds
rescaled, copied = {}, sharpness.rescaled
for name, measure in kinds.items():
    found = [[measure(copied(net, a), x, y) for a in factors] for net, x, y in cases]
    rescaled[name] = np.array(found)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Three measures go where one likes, two stay.** Each measure after rescaling by \u03b1, relative to \u03b1 = 1, on logarithmic axes; a line for each network.", "name": "fig-flat-measures"}, "image": {"alt": "Curves of five measures against the factor. Largest eigenvalue, trace and box sharpness rise steeply to both sides of one; adaptive sharpness and relative flatness are level."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.4))[1]
titles = {"trace": "trace", "box": "box sharpness", "adaptive": "adaptive sharpness"}
titles |= {"relative": "relative flatness", "largest eigenvalue": "largest eigenvalue"}
shades = dict(zip(rescaled, (purple, green, orange, blue, figures.INK), strict=True))
for name, found in rescaled.items():
    style = {"color": shades[name], "ls": "--" if name == "relative" else "-", "lw": 1.5}
    ax.loglog(factors, (found / found[:, [2]]).T, **style)
    ax.plot([], [], **style, label=titles[name])
figures.log_axis(ax, factors)
ax.set(xlabel="factor α", ylabel="relative to α = 1")
ax.legend(ncols=2)
plt.show()

# %% tags=["remove-input"]
stays = [rescaled[k] / rescaled[k][:, [2]] - 1 for k in ("adaptive", "relative")]
invariance_error = float(np.abs(stays).max())
at_ends = {k: f"{(v / v[:, [2]])[:, -1].mean():,.0f}" for k, v in rescaled.items()}
Markdown(
    f"Adaptive sharpness and relative flatness change by at most {invariance_error:.0e} of their size. With α = 100 the largest eigenvalue is {at_ends['largest eigenvalue']} times as large, the trace {at_ends['trace']} times, box sharpness {at_ends['box']} times."
)

# %% [markdown]
r"""
:::{admonition} What Dinh's theorem refutes, and what not
:class: key-result
It refutes measures that depend on how one function is written as weights: eigenvalue, trace, box. It says nothing against measures that do not. Whether *these* have to do with generalization is a question for experiments.
:::

Training begins near $\alpha = 1$, with layers of like size, and stays near: gradient flow conserves $\lVert W_1 \rVert^2 + \lVert b_1 \rVert^2 - \lVert W_2 \rVert^2$, and weight decay pulls it to zero ({ref}`flat-ex-balance`). That is why the plain measures are not useless in practice, and why they may mislead as soon as layers differ.

::::{predict}
:answer: 3
Multiply weights and biases of the *last* layer by 3. All outputs are tripled; every input keeps its class, and the test error is what it was. What do adaptive sharpness and relative flatness do?

1. Both stay, as they do under every change that keeps the classes.
2. Both change, and the network looks sharper.
3. Both change: by one it looks sharper, by the other much flatter.

:::{dropdown} Answer
C. The network is surer of itself: its training loss is smaller, and with it the curvature at the minimum, which κ measures. But three times the outputs also react three times as much to a step of a given share of the weights, and the box of adaptive sharpness is large enough to feel it. The proposition is about changes that keep the *loss*.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The last layer times three"} tags=["hide-input"]
# The last layer times three
surer = []
for net, x, y in cases:
    tripled = sharpness.rescaled(net, 1)
    with torch.no_grad():
        for p in list(tripled.parameters())[-2:]:
            p.mul_(3)
    pairs = {
        k: kinds[k](tripled, x, y) / kinds[k](net, x, y) for k in ("adaptive", "relative")
    }
    same = bool((tripled(x).argmax(1) == net(x).argmax(1)).all())
    surer.append(pairs | {"same": same})
surer = pd.DataFrame(surer)

# %% tags=["remove-input"]
Markdown(
    f"All classes stay in {surer.same.sum()} of {len(surer)} networks. Adaptive sharpness is multiplied by {', '.join(f'{v:.2g}' for v in surer.adaptive)}, relative flatness by {', '.join(f'{v:.2g}' for v in surer.relative)}."
)

# %% [markdown]
r"""
::::{admonition} Break it: flatter without being better
:class: break-it
The curvature at an interpolating minimum can be made as small as you like by multiplying the outputs, and training does just that if one lets it go on; the test error does not notice. A measure that is invariant under rescaling is not invariant under this. It is why the next section takes all networks at one training loss.
::::

(flat-predict)=
## Do they predict?

{cite:t}`jiang2020` asked it in the large: thousands of networks with different hyperparameters, all trained to the same cross-entropy, and for each of forty measures the rank correlation with the generalization gap. *Kendall's τ* takes all pairs of networks: the share that a measure orders as the test error does, less the share that it orders the other way round.

Our pool has, for every replicate, networks trained by SGD with all $2^5 = 32$ combinations of two learning rates, two batch sizes, two strengths of weight decay, two widths and two sizes of the training set. Each network is taken at the recorded time at which its training loss is nearest to 0.02. Beside the five measures above stand three that are no sharpness: the norm of all weights, the distance from the start, and the product of
the layers' spectral norms. As a check, the training loss itself: it should tell nothing.

::::{predict}
:answer: 1
:figure: fig-flat-simpson
Take pairs of networks that differ in *one* thing. In which pairs is the sharper network, by adaptive sharpness, mostly the one with the *lower* test error?

1. Pairs that differ in the size of the training set.
2. Pairs that differ in the learning rate.
3. Pairs that differ in the batch size.
4. In none.

:::{dropdown} Answer
A. More examples make the test error smaller, and a loss of 0.02 harder to reach: it takes larger weights and a steeper function.
:::
::::
"""

# %% mystnb={"code_prompt_show": "The pool"} tags=["hide-input"]
# The pool
pool_size = scale.sizes(n=((40, 80), (250, 500), (250, 500)), last=(40, 1000, 1000))
hyper = {"lr": "learning rate", "batch_size": "batch size", "weight_decay": "weight decay"}
hyper |= {"width": "width", "n": "training set"}
named = {"sharpness": "largest eigenvalue", "trace": "trace", "box": "box sharpness"}
named |= {"adaptive": "adaptive sharpness", "relative": "relative flatness"}
named |= {"norm": "norm of weights", "distance": "distance from start"}
named |= {"spectral": "spectral norms", "train_loss": "training loss"}
times = [0, *np.unique(np.geomspace(15, pool_size.last, 30).astype(int))]
recorded = dict.fromkeys(("weights", "test_correct", "curves"), times)
pool_how = {"lr": [0.1, 0.2], "weight_decay": [0, 1e-3], "epochs": pool_size.last}
pool_how |= {"stop_loss": 0.016, "record": recorded}


def with_norms(runs, sets):
    """The networks where their training loss is nearest to 0.02, with all measures."""
    then = curvature.at_moment(runs, sets, lambda row: nearest(row, 0.02)[0])
    ends = [w[0] for w in then.weights]
    far = [np.linalg.norm(w - r[0]) for w, r in zip(ends, runs.weights, strict=True)]
    nets = [network(row, sets[row.data]) for _, row in then.iterrows()]
    then = then.assign(norm=[np.linalg.norm(w) for w in ends], distance=far)
    then["spectral"] = [measures.spectral_product(net) for net in nets]
    return then.join(sharpness.table(then, sets, rho=0.02))


# %%
of_pool = signals(ledger.seeds("sharpness-correlates-best"), pool_size.n[1])
parts = [
    trained(of_pool, mlp([25, 100], depth=2), n, batch_size=batch, **pool_how)
    for n in pool_size.n
    for batch in (20, min(100, n))
]
pool = with_norms(pd.concat(parts, ignore_index=True), of_pool)


# %% mystnb={"code_prompt_show": "Kendall's \u03c4"} tags=["hide-input"]
# Kendall's τ of every measure with the test error, per replicate
def tau(rows, measure, other="test_error"):
    return stats.kendalltau(rows[measure], rows[other]).statistic


def across(by):
    """Over all networks of a replicate that share these settings, mean over their values."""
    each = {
        key: {m: tau(rows, m) for m in named} for key, rows in pool.groupby(["data", *by])
    }
    return pd.DataFrame(each).T.groupby(level=0).mean()


def along_setting(name, pool=pool):
    """Over the pairs that differ in this setting alone."""
    others, columns = [k for k in hyper if k != name], [*named, "test_error"]
    pairs = pool.sort_values(name).groupby(["data", *others])[columns]
    signs = np.sign(pairs.last() - pairs.first())
    return signs[list(named)].mul(signs.test_error, axis=0).groupby("data").mean()


every, within = across([]), across(["n"])
pairs = {name: along_setting(name) for name in hyper}
granulated = sum(pairs[k] for k in hyper if k != "n") / 4

# %% mystnb={"code_prompt_show": "The slider", "figure": {"caption": "**Two clouds that rise, and together do not.** The 32 networks of one replicate: test error against a measure, with training sets of 250 (blue) and of 500 (orange). Where a measure is a good one within each cloud, it still sets the better cloud to the side of the worse networks.", "name": "fig-flat-simpson"}} tags=["hide-input"]
# The slider over the measures
one_pool = pool[pool.data == pool.data.iloc[0]]


def shown(name):
    fig, ax = plt.subplots(figsize=(7.2, 3.4))
    key = next(k for k, text in named.items() if text == name)
    for (n, rows), color in zip(one_pool.groupby("n"), (blue, orange), strict=True):
        ax.plot(rows[key], 100 * rows.test_error, "o", color=color, label=f"n = {n}")
    apart = np.mean([tau(rows, key) for _, rows in one_pool.groupby("n")])
    ax.set(xlabel=name, ylabel="test error, in points")
    ax.set_title(
        f"τ = {apart:.2f} within, {tau(one_pool, key):.2f} across".replace("-", "−")
    )
    ax.legend()
    return fig


alt = "Test error against {} for two training-set sizes: two clouds of points, that of the larger training set lower and mostly further to the right."
order = "adaptive", "relative", "trace", "sharpness", "box", "norm", "distance"
figures.slider(shown, values=[named[k] for k in order], description="Measure", alt=alt)

# %% tags=["remove-input"]
mean_of = lambda column, key: claims.mean(column[key].to_numpy())
checked = ("adaptive", "trace", "train_loss")
on_page = {f"{named[k]}, one training set": mean_of(within, k) for k in checked}
on_page |= {f"{named[k]}, all networks": mean_of(every, k) for k in checked}
claims.table("On this page: τ with the test error.", on_page)

# %% [markdown]
r"""
This is *Simpson's paradox*: an association inside every group that is absent, or reversed, in the whole. Nothing is paradoxical about its cause. The size of the training set changes both axes: with more examples networks are better and, at the same training loss, sharper. Had sharpness been all that matters for the test error, the two clouds would lie on one curve.

Which τ is the right one depends on the question. Who tunes a learning rate on given data asks within; who wants a *law* of generalization asks across. But a law may have $n$ in it: bounds are often of the form $\sqrt{C/n}$, with a curvature or a squared norm in $C$, and {cite:t}`dziugaite2020` compare all measures in this form.
"""

# %% tags=["remove-input"]
eight = [m for m in named if m != "train_loss"]
powers = dict.fromkeys(("norm", "distance", "spectral"), 2)
divided = pool.assign(**{m: pool[m] ** powers.get(m, 1) / pool.n for m in eight})
by_n = along_setting("n", divided)[eight]
sizes = by_n.mean()
by_size = [tau(rows, "adaptive") for _, rows in divided.groupby("data")]
Markdown(
    f"Divided by $n$, norms squared, the eight measures have a τ from {sizes.min():.1f} to {sizes.max():.1f} over the pairs of networks that differ in the size of the training set alone, and adaptive sharpness has {claims.mean(np.array(by_size)):.2f} over all networks."
)

# %% [markdown]
r"""
So the paradox warns of pools that mix sizes, and does not refute sharpness. All measures, as they stand:
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Within a training set sharpness tells something, across sizes, as it stands, nothing or the opposite.** Kendall's \u03c4 of each measure with the test error: among networks with the same training set (blue) and among all (orange). Points are replicates, bars 95 % intervals of their mean.", "name": "fig-flat-tau"}, "image": {"alt": "Nine rows of measures with two sets of points each. For eigenvalue, trace and adaptive sharpness the points within a training set lie clearly right of zero, those across near zero; relative flatness, distance and spectral norms lie right of zero within and left across; box sharpness and the norm of the weights lie left in both; training loss is near zero."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 4.2))[1]
figures.dots(within.rename(columns=named), ax, blue, "one training set", shift=0.12)
figures.dots(every.rename(columns=named), ax, orange, "all", shift=-0.18)
ax.axvline(0, color=colors["threshold"], linestyle=":")
ax.set(xlabel="Kendall's τ with the test error", xlim=(-1, 1))
ax.legend(loc="lower left")
plt.show()

# %% [markdown]
r"""
Now change one thing at a time, as {cite:t}`jiang2020` do: their coefficient is the mean of τ over such pairs, then over the hyperparameters. (Training sets of different size were not among them.) {cite:t}`dziugaite2020` object that a mean hides failures: an explanation must not fail *anywhere*, so look at the worst entries.
"""

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**As they stand, no measure is right in every column.** Kendall's \u03c4 of each measure with the test error over pairs of networks that differ in one thing alone: 1 means that the larger value always has the larger error. Means over replicates.", "name": "fig-flat-one"}, "image": {"alt": "A table of nine measures by five hyperparameters with a bar in each cell, blue and to the right for positive, orange and to the left for negative. The column of learning rates and that of batch sizes are positive for sharpness, negative or small for norms; the column of training-set sizes is negative in all rows but that of the training loss."}} tags=["hide-input"]
mean_tau = pd.DataFrame({hyper[k]: table.mean() for k, table in pairs.items()})
ax = plt.subplots(figsize=(7.2, 3.9))[1]
ax.grid(False)
for (i, j), value in np.ndenumerate(mean_tau.to_numpy()):
    color = blue if value > 0 else orange
    ax.barh(-i, 0.36 * value, 0.75, j, color=color, alpha=0.75)
    text = f"{round(value, 1) + 0:.1f}".replace("-", "−")
    side = {"ha": "right" if value > 0 else "left", "va": "center", "fontsize": 9.5}
    ax.text(j - 0.04 * np.sign(value), -i, text, **side)
ax.vlines(range(5), -8.5, 0.5, color=figures.INK, linewidth=0.6)
ax.set_xlim(-0.45, 4.45)
ax.set_xticks(range(5), mean_tau.columns)
ax.set_yticks(-np.arange(len(named)), named.values())
plt.show()

# %% tags=["remove-input"]
norms = ("norm", "distance", "spectral")
gain = {name: granulated.adaptive - granulated[name] for name in norms}
sized, rest = pairs["n"].drop(columns="train_loss"), [k for k in hyper if k != "n"]
weakest = pd.DataFrame({k: pairs[k].adaptive for k in rest}).min(axis=1)
ledger.say("sharpness-correlates-best")

# %% tags=["remove-input"]
on_page = {f"{named[k]}, mean": mean_of(granulated, k) for k in ("adaptive", "norm", "box")}
on_page["adaptive sharpness, worst of the four"] = claims.mean(weakest.to_numpy())
top = f"{sized.max(axis=1).mean():.2f}".replace("-", "−")
claims.table(
    f"τ over four hyperparameters; the best over training sizes has {top}.", on_page
)

# %% [markdown]
r"""
Both papers are about such a table, one about its row means, the other about its worst entries. Sharpness, invariant or not, follows the learning rate and the batch size, and in these networks the test error does, too. It fails where the training set grows, if taken as it stands; divided by $n$ the rows of the eigenvalue, the trace and adaptive sharpness are blue throughout. That does not
answer {cite:t}`dziugaite2020`, who find no measure that is right in every environment. Their environments are many hundreds of pairs of settings; ours are means along five hyperparameters with two values each, too few to test their sentence. We see what they warn of: failures that a row's mean hides. Norms fail elsewhere: where a longer or noisier training finds larger weights and a smaller error. (Over all pairs with one training set two of them do about as well as sharpness, {numref}`fig-flat-tau`; how hyperparameters are weighed decides who wins.) Box sharpness, the measure that started it all, is the weakest of its kind: its $+1$ counts the weights, so that wider networks look sharper.

{cite:t}`andriushchenko2023` put it like this: sharpness does not correlate well with generalization, but rather with parameters of the training such as the learning rate, and these with generalization, one way or the other. In our pool it follows the learning rate over the batch size more closely than the test error; the card has both.

(flat-use)=
## Looking for flat places

Whether or not flatness explains anything, one can look for it. *Sharpness-aware minimization* (SAM) takes, in place of the gradient, the gradient at the point uphill where the loss is highest to first order {cite:p}`foret2021`:

$$
\theta \;\longmapsto\; \theta - h\, \nabla L \Bigl( \theta + \rho\, \frac{\nabla L(\theta)}{\lVert \nabla L(\theta) \rVert} \Bigr) ,
$$ (flat-eq-sam)

with $L$ the loss of the batch. The ball of radius $\rho$ is as little invariant as Keskar's box. Each step costs two gradients; at equal cost plain SGD may train twice as long. Who tunes the new method has to tune the old one: learning rate and weight decay are chosen for SGD with 60 epochs, for SGD with 120 and for SAM from the same grid, and $\rho$ for SAM, on seeds that are not tested.

::::{predict}
:answer: 2
:figure: fig-flat-sam
:source: pilot
SAM for 60 epochs and SGD for 120: first both at a learning rate of 0.05 that nobody tuned, then each at its best. By how much is SAM ahead?

1. By about as much both times: a flat minimum is one at every rate.
2. By much at 0.05, by little or nothing at its best.
3. By little at 0.05, by much when both are tuned.

:::{dropdown} Answer
B, in pilot runs. A larger learning rate lowered the test error of SGD as much as SAM did, at no cost.
:::
::::
"""

# %%
sgd = {"momentum": 0.9, "batch_size": size.n // 20, "schedule": "cosine", "lr": 0.05}
length = scale.sizes(length=(5, 60, 60)).length
grid, radii = {"lr": [0.05, 0.1, 0.2], "weight_decay": [0, 0.003]}, [0.05, 0.2]
methods = {"SGD": {"epochs": length}, "SGD, twice as long": {"epochs": 2 * length}}
methods |= {"SAM": {"epochs": length, "sam": radii}}
trials, chosen = signals(ledger.selection(2)), {}
for name, how in methods.items():
    runs = trained(trials, **sgd | grid | how)
    means = runs.groupby(["lr", "weight_decay", "sam"]).error.mean()
    chosen[name] = dict(zip(means.index.names, means.idxmin(), strict=True))
pd.DataFrame(chosen).rename({"sam": "ρ"})

# %%
aware = ledger.seeds("sam-lowers-test-error", "weight-averaging-helps")
aware = signals(aware, tested=4 * size.tested)
tuned = {k: trained(aware, **sgd | methods[k] | chosen[k]) for k in methods}
untuned = {
    "SGD, twice as long, rate 0.05": trained(aware, epochs=2 * length, **sgd),
    "SAM, rate 0.05": trained(aware, epochs=length, sam=0.2, **sgd),
}


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Tuning does more than sharpness-aware steps do.** Test error less that of SGD with 60 epochs and the learning rate and weight decay that suit it: SGD with twice as many epochs and SAM, both tuned, and both at a learning rate of 0.05 without weight decay (SAM with \u03c1 = 0.2). Points are replicates, bars 95 % intervals of their means; dotted: no difference.", "name": "fig-flat-sam"}, "image": {"alt": "Four rows of differences with intervals: tuned SGD for twice as many epochs and tuned SAM lie close to the dotted line at zero; at a rate of 0.05 both lie to its right, SGD further than SAM."}} tags=["hide-input"]
def less(tables, first):
    """A panel of test errors less those of one of the tables."""
    base, rest = tables[first].error, {k: t for k, t in tables.items() if k != first}
    rest = pd.DataFrame({k: (t.error - base).to_numpy() for k, t in rest.items()})
    ax = plt.subplots(figsize=(7.2, 1.3 + 0.4 * rest.shape[1]))[1]
    figures.dots(rest, ax, colors["test"])
    ax.axvline(0, color=colors["threshold"], linestyle=":")
    ax.set_xlabel(f"test error less that of {first}, in points")
    ax.margins(y=0.25)


less(tuned | untuned, "SGD")
plt.show()

# %% tags=["remove-input"]
once, twice, uphill = tuned.values()
sam = {"epochs": uphill.error - once.error, "compute": uphill.error - twice.error}
slow, slow_uphill = untuned.values()
sam["untuned"] = slow_uphill.error - slow.error
twice, uphill = (sharpness.table(t, aware, rho=0.02) for t in (twice, uphill))
sam |= {k: uphill[k] / twice[k] for k in ("adaptive", "relative")}
Markdown(
    f"{ledger.say('sam-lowers-test-error')}\n\nOn this page: {claims.mean(sam['epochs']):.1f} points against as many epochs, {claims.mean(sam['compute']):.1f} against twice as many, all tuned; {claims.mean(sam['untuned']):.1f} against twice as many at a rate of 0.05.\n\nOf the tuned networks, those of SAM have {claims.ratio(sam['adaptive']):.2g} times the adaptive sharpness of those of SGD with twice as many epochs, and {claims.ratio(sam['relative']):.2g} times their relative flatness."
)

# %% [markdown]
r"""
At the small learning rate the second gradient is worth points, more than a second step. Had SAM found something that SGD cannot reach, it would keep this lead when both are tuned. Most of it goes: here a large learning rate does for SGD what the second gradient did. The networks of SAM are the flatter ones all the same, by both invariant measures, and by more than their test error tells. (The paper reports a gain over a tuned SGD, in another setting.)

(flat-average)=
## Averaging the weights

The other practice is to average. At a constant learning rate SGD ends bouncing about; the mean of the weights along the way lies in the middle, where it is flatter, {cite:t}`izmailov2018` say, and they report lower test errors than ordinary training of the same length has. "Ordinary" means with a learning rate that *falls*. We average exponentially, $a \leftarrow \beta a + (1 - \beta)\, \theta$, with
$\beta = 0.995$, which looks back some 200 steps or ten epochs; the paper takes the plain mean over the last part of the training.

Where training interpolates, the weights come to rest and there is nothing to average. So the inputs get fresh Gaussian noise of standard deviation 0.5 at every step, a mild augmentation. Each method has the learning rate that was best on seeds that are not tested.

::::{predict}
:answer: 4
:figure: fig-flat-average
:source: pilot
SGD at a constant rate, its averaged weights, and SGD whose rate falls along a cosine, all for 60 epochs. How do their test errors compare?

1. The average is best, then the falling rate, then the constant rate.
2. The falling rate is worst, because it stops exploring.
3. All three hardly differ.
4. The constant rate is worst; the two others hardly differ.

:::{dropdown} Answer
D, in pilot runs: against the last iterate averaging gains points, and so does the falling rate.
:::
::::
"""

# %%
noisy_inputs = sgd | {"epochs": length, "input_noise": 0.5}
constant = noisy_inputs | {"lr": 0.03, "schedule": "constant"}
schedules = {
    "constant rate": trained(aware, **constant),
    "averaged weights": trained(aware, averaging=0.995, **constant),
    "a falling rate": trained(aware, **noisy_inputs),
}

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Averaging does about what a falling rate does.** Test error less that of SGD with a rate that falls along a cosine: SGD at a constant rate, and the exponential average of its weights. All for 60 epochs with inputs that are jittered at every step. Points are replicates, bars 95 % intervals of their means; dotted: no difference.", "name": "fig-flat-average"}, "image": {"alt": "Two rows of differences: the constant rate lies far right of the dotted line at zero, averaged weights close to it."}} tags=["hide-input"]
less(schedules, "a falling rate")
plt.show()

# %% tags=["remove-input"]
falling, last_ones, mean_ones = (
    schedules[k].error for k in ("a falling rate", "constant rate", "averaged weights")
)
averaging = {"falling": mean_ones - falling, "constant": mean_ones - last_ones}
Markdown(
    f"{ledger.say('weight-averaging-helps')}\n\n(On this page: {claims.mean(averaging['falling']):.1f} points against the falling rate, {claims.mean(averaging['constant']):.1f} against the constant one.)"
)

# %% [markdown]
r"""
Against the last iterate of a constant rate averaging gains much, and that comparison is easy to win. Had the average found a place that a falling rate does not find, its row would lie left of the dotted line.

(flat-verdicts)=
## What the papers found, what we found

The rule stands in {doc}`/book/judging`; what was decided beforehand about these experiments stands in {ref}`protocol-flatness`.
"""

# %% tags=["remove-input"]
ledger.theorem("alpha-scale-sharpness", error=rescale_error, section="flat-theorem")

# %% tags=["remove-input"]
ledger.theorem(
    "invariant-sharpness-restores", error=invariance_error, section="flat-invariant"
)

# %% tags=["remove-input"]
ledger.card("large-batch-generalizes-worse", **worse, section="flat-batch")

# %% tags=["remove-input"]
ledger.card(
    "large-batch-sharper", **sharper, relative=relative["loss"], section="flat-batch"
)


# %% tags=["remove-input"]
def with_noise(rows):
    """Size of the τ of adaptive sharpness with the learning rate over the batch size."""
    return abs(tau(rows.assign(noise=rows.lr / rows.batch_size), "adaptive", "noise"))


noise = pd.Series({key: with_noise(rows) for key, rows in pool.groupby(["data", "n"])})
best = {f"over_{name}": difference for name, difference in gain.items()}
best |= {"sharpness": granulated.adaptive, "box": granulated.box}
best |= {"within": within.adaptive, "mixed": every.adaptive, "worst": weakest}
best |= {"noise": noise.groupby(level=0).mean()}
best |= {"size_raw": sized.max(axis=1), "size_divided": by_n.adaptive}
ledger.card("sharpness-correlates-best", **best, section="flat-predict")

# %% tags=["remove-input"]
ledger.card("sam-lowers-test-error", **sam, section="flat-use")

# %% tags=["remove-input"]
ledger.card("weight-averaging-helps", **averaging, section="flat-average")

# %% [markdown]
r"""
**We also asked** what happens after equally many steps, with other measures and over other groups of networks. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**A law or a rule of thumb?** {cite:t}`jiang2020` find sharpness among the best measures on average; {cite:t}`dziugaite2020` that nothing is good everywhere; {cite:t}`andriushchenko2023` that even adaptive sharpness mostly tells how a network was trained. **Steps or noise?** {cite:t}`keskar2017` put the gap down to
sharp minima that small batches escape by their noise, {cite:t}`hoffer2017` to the number of steps, {cite:t}`goyal2017` close it with larger rates and a warm-up. **Why does SAM work?** {cite:t}`foret2021` derive it from flatness. {cite:t}`wen2023` find architectures in which the flattest networks do not generalize and SAM helps all the same; {cite:t}`baek2024` trace its robustness to wrong labels to the time before the fit, and to the network's Jacobian.

:::{admonition} "Dinh et al. proved that flatness is irrelevant"
:class: misconception
They proved it of measures that change when the function does not ({prf:ref}`flat-thm-rescale`). Measures that stay have to be judged by what they predict.
:::

:::{admonition} "Flat minima are easier to find"
:class: misconception
The essay, too, says "claimed" and "supposed". That they are easier to find is a hypothesis: large steps cannot stay in sharp places ({doc}`05_implicit_regularization`), which is not the same; and "how much room flat minima take up" depends on the yardstick ({doc}`07_volume`).
:::

:::{admonition} "A measure that correlates explains"
:class: misconception
In {numref}`fig-flat-simpson` the same measure correlates one way within, and not or the other way across. What it explains cannot depend on which networks one happens to put side by side.
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`07_flatness`.

```{exercise} ★ Three measures of one bowl
:label: flat-ex-bowl
Let $L(\theta + v) = \tfrac12 v^\top H v$ with $H$ positive semidefinite. Find the mean of $L$ over the cube $|v_i| \le \varepsilon$ and over its corners. Between which bounds, made of $\operatorname{tr} H$ and $\lambda_1$, does the maximum over the cube lie, and when is it at which?
```

```{solution} flat-ex-bowl
:class: dropdown
Mean over the cube: $\tfrac12 \sum_i H_{ii}\, \mathbb E v_i^2 = \tfrac{\varepsilon^2}6 \operatorname{tr} H$; over the corners $\tfrac{\varepsilon^2}2 \operatorname{tr} H$. The maximum of a convex function is at a corner, so it is at least the mean over corners, and at most $\tfrac12 \lambda_1 \lVert v \rVert^2 \le \tfrac{\varepsilon^2}2\, p\, \lambda_1$. The lower bound is met by a diagonal $H$, the upper by
$H = \lambda_1 u u^\top$ with all $|u_i|$ equal. For given eigenvalues it depends on the *axes*: a box is not even invariant under rotations.
```

```{exercise} ★ The flattest copy
:label: flat-ex-flattest
$T_1$ and $T_2$ are the traces of the blocks of $H$ in $(W_1, b_1)$ and $W_2$, $T_3$ that of the rest. For which $\alpha$ is the trace at $T_\alpha \theta$ smallest, and what is it there? Is this smallest trace a measure that Dinh's theorem refutes?
```

```{solution} flat-ex-flattest
:class: dropdown
$\alpha^{-2} T_1 + \alpha^2 T_2 + T_3$ is smallest at $\alpha^4 = T_1 / T_2$, where it is $2 \sqrt{T_1 T_2} + T_3$. Rescaling multiplies $T_1$ and divides $T_2$ by the same number, so the smallest trace is invariant, and the theorem has nothing against it. "As flat as it can be made" is a property of the function and the architecture; "as sharp as it can be made" is infinite for all.
```

```{exercise} ★ Who chose α = 1?
:label: flat-ex-balance
Differentiate $L(T_\alpha \theta) = L(\theta)$ with respect to $\alpha$ at 1. What does gradient flow do to $D = \lVert W_1 \rVert^2 + \lVert b_1 \rVert^2 - \lVert W_2 \rVert^2$, without weight decay and with $\lambda_{\mathrm{wd}}$?
```

```{solution} flat-ex-balance
:class: dropdown
$\langle W_1, \nabla_{W_1} L \rangle + \langle b_1, \nabla_{b_1} L \rangle = \langle W_2, \nabla_{W_2} L \rangle$. Along $\dot\theta = -\nabla L - \lambda_{\mathrm{wd}} \theta$ therefore $\dot D = -2 \lambda_{\mathrm{wd}} D$: conserved without weight decay, pulled to zero with it. The initialisation chooses α, and weight decay makes it forget.
```

```{exercise} ★ Simpson by hand
:label: flat-ex-simpson
Six networks, as pairs of sharpness and test error: with 250 examples (1, 30), (2, 31), (3, 32); with 500 examples (4, 20), (5, 21), (6, 22). Find τ within each group and over all. What would have to change for τ over all to be positive?
```

```{solution} flat-ex-simpson
:class: dropdown
Within: all pairs are ordered rightly, τ = 1. Over all there are 15 pairs; the 6 within are right, the 9 across are wrong: $\tau = (6 - 9)/15 = -0.2$. If at least two of the nine pairs across were ordered rightly, as where the clouds overlap, τ would be positive: its sign depends on how far the groups lie apart, and that on which training sets one has put into the pool.
```

```{exercise} ★★ Unit by unit
:label: flat-ex-units
Rescale every hidden unit of the first layer by a factor of its own. Prove that the function stays, and find out which of the two invariant measures survives.
```

```{solution-start} flat-ex-units
:class: dropdown
```
A diagonal matrix $C$ of positive factors commutes with ReLU: $W_2 C^{-1}\, \mathrm{ReLU}(C z) = W_2\, \mathrm{ReLU}(z)$. The box of adaptive sharpness moves with every single weight; $\kappa$ only knows the norm of a layer.
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
found = []
for k, (net, x, y) in enumerate(cases):
    changed = sharpness.rescaled(net, 1)
    first, second = measures.layers(changed)[:2]
    c = torch.randn(12, generator=generator(k, "units")).double().exp()
    with torch.no_grad():
        first.weight.mul_(c[:, None])
        first.bias.mul_(c)
        second.weight.div_(c)
    found.append(
        {m: kinds[m](changed, x, y) / kinds[m](net, x, y) for m in ("adaptive", "relative")}
    )
pd.DataFrame(found).rename_axis("network").round(6)

# %% [markdown]
r"""
Adaptive sharpness stays; relative flatness in this simple form does not. (The paper has a version by neurons, too.)

```{solution-end}
```

```{exercise} ★★ How many digits?
:label: flat-ex-digits
Round the weights of a trained network, and of its copies with $\alpha = 10$ and 100, to multiples of $2^{-k}$. With how small a $k$ do all training examples keep their classes? What does this say about the argument of few digits?
```

```{solution-start} flat-ex-digits
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
@torch.no_grad()
def digits_needed(net, x):
    """The smallest k for which rounding to multiples of 2⁻ᵏ changes no class."""
    for k in range(30):
        rounded = sharpness.rescaled(net, 1)
        for p in rounded.parameters():
            p.copy_((p * 2**k).round() / 2**k)
        if (rounded(x).argmax(1) == net(x).argmax(1)).all():
            return k


table = {
    a: [digits_needed(sharpness.rescaled(net, a), x) for net, x, _ in cases]
    for a in (1, 10, 100)
}
pd.DataFrame(table).rename_axis("network").rename_axis("α", axis=1)

# %% [markdown]
r"""
A factor of ten costs up to $\log_2 10 \approx 3.3$ binary digits; the first costs less, since at $\alpha = 1$ it is not yet the second layer alone that needs them. Fixed-point digits count steps of a fixed length, and that is the yardstick that rescaling changes. In floating point, where the step is in proportion to the weight, no digits would be lost: that is the box of adaptive sharpness.

```{solution-end}
```

```{exercise} ★★ The radius
:label: flat-ex-radius
Adaptive sharpness depends on ρ. Compute its τ with the test error among networks with one training set for ρ from 0.002 to 0.2.
```

```{solution-start} flat-ex-radius
:class: dropdown
```
"""

# %%
radii, few_pools = (0.002, 0.02, 0.2), pool[pool.data == pool.data.iloc[0]]
taus = {}
for rho in radii:
    again = few_pools.assign(
        adaptive=sharpness.table(few_pools, of_pool, rho=rho, probes=1).adaptive
    )
    taus[rho] = [tau(rows, "adaptive") for _, rows in again.groupby(["data", "n"])]
pd.Series({rho: np.mean(values) for rho, values in taus.items()}, name="τ").rename_axis(
    "ρ"
).round(2)

# %% [markdown]
r"""
One replicate. The radius in the middle does best. A tiny box measures little but the slope that is left at the training loss of 0.02; a box as wide as a fifth of each weight reaches far away from the minimum. A free radius can be tuned until the measure correlates; ours was the best of four in a pilot.

```{solution-end}
```

```{exercise} ★★ At equal loss
:label: flat-ex-loss
Does the first row of {numref}`fig-flat-batch` depend on the training loss at which one compares? Try 0.02 and 0.002.
```

```{solution-start} flat-ex-loss
:class: dropdown
```
"""

# %%
pair, ratios = [runs[:2] for runs in (with_small, with_large)], {}
for loss in (0.02, 0.002):
    of_small, of_large = (at_loss(runs, loss).mean() for runs in pair)
    ratios[loss] = of_large / of_small
pd.DataFrame(ratios).rename_axis("large by small").rename_axis("loss", axis=1).round(2)

# %% [markdown]
r"""
Two replicates. At both losses test error, trace and relative flatness are a little larger with the large batches, by less than a tenth; box and adaptive sharpness scatter more. At no loss the factor comes back that was seen after as many epochs. Most of what was called sharp there was a matter of the training loss; the difference in test error was not.

```{solution-end}
```

```{exercise} ★★★ A sharp copy under gradient descent
:label: flat-ex-bounce
Start full-batch gradient descent with $h = 0.2$ from copies of the small networks with $\alpha = 1$, 3 and 10. With the larger factors the largest eigenvalue is about $2/h$ or far above it, and descent cannot stay. Where does it go: back along the curve of copies, or to another function?
```

```{solution-start} flat-ex-bounce
:class: dropdown
```
"""


# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
def descended(case, name, alpha):
    """Largest eigenvalue and ratio of layers' norms before and after descent from a copy of a network."""
    (net, x, y), own = case, {name: few[name]}
    copy = sharpness.rescaled(net, alpha)
    start = Vector(torch.nn.utils.parameters_to_vector(copy.parameters()).detach().numpy())
    run = trained(own, mlp(12, depth=2), lr=0.2, epochs=last, start=start).iloc[0]
    row = {"α": alpha, "training loss": run.train_loss, "test error": run.error}
    for when, module in {"before": copy, "after": network(run, few[name]).double()}.items():
        first, second = (m.weight.norm().item() for m in measures.layers(module)[:2])
        top = np.nan if run.diverged else curvature.top_eigenvalue(module, x, y)
        row |= {f"λ₁ {when}": top, f"‖W₁‖/‖W₂‖ {when}": first / second}
    return row


# %%
ends = [descended(*pair, a) for pair in zip(cases, few, strict=True) for a in (1, 3, 10)]
pd.DataFrame(ends).groupby("α").mean().round(2)

# %% [markdown]
r"""
With $\alpha = 3$ the eigenvalue is at about $2/h = 10$. Descent bounces, the ratio of the layers goes back some way towards 1, and the network that comes out is flat, with about the test error that it had. With $\alpha = 10$ the first steps throw it so far that the function is lost, and most of these runs do not recover. A step leaves a copy that it cannot stay at; it does not look for the flat copy of the same function.

```{solution-end}
```

```{exercise} ★★★ Another hyperparameter
:label: flat-ex-labels
Train the pool with 250 examples once more, with a tenth of the labels drawn at random. What is τ over pairs that differ in this alone? Would {numref}`fig-flat-one` with this hyperparameter in place of the size of the training set condemn the same measures?
```

```{solution-start} flat-ex-labels
:class: dropdown
```
"""

# %% mystnb={"code_prompt_show": "The code"} tags=["hide-input"]
own = {s: of_pool[s] for s in list(of_pool)[:4]}
knobs = pool_how | {
    "lr": 0.1,
    "weight_decay": 0.0,
    "batch_size": 20,
    "label_noise": [0, 0.1],
}
noisy = trained(own, mlp([25, 100], depth=2), pool_size.n[0], **knobs)
noisy = with_norms(noisy, own).sort_values("label_noise").groupby(["data", "width"])
noisy = noisy[[*named, "test_error"]]
signs = np.sign(noisy.last() - noisy.first())
signs[list(named)].mul(signs.test_error, axis=0).mean().rename(named).rename("τ").to_frame()

# %% [markdown]
r"""
The norm of the weights and the distance from the start order these pairs rightly: wrong labels take large weights. The largest eigenvalue orders them wrongly, adaptive sharpness more often wrongly than rightly. So this hyperparameter and the size of the training set condemn different measures. Norms fail along the batch size ({numref}`fig-flat-one`), relative flatness along the width; the trace is right along all five, if barely. Which measure fails hangs on what one puts into the pool.

```{solution-end}
```

```{exercise} ★★★ SAM and wrong labels
:label: flat-ex-wrong
{cite:t}`foret2021` report that SAM is robust to wrong labels. With a fifth of the labels drawn at random compare SGD and SAM with ρ = 0.05, 0.2 and 0.5 in test error *and* in training error. How much of the gain is had by not fitting?
```

```{solution-start} flat-ex-wrong
:class: dropdown
```
"""

# %%
half = {s: aware[s] for s in list(aware)[:2]}
radii = [0.0, 0.05, 0.2, 0.5]
wrong = trained(half, epochs=length, sam=radii, label_noise=0.2, **sgd)
wrong.groupby("sam")[["error", "train_error", "train_loss"]].mean().round(3)

# %% [markdown]
r"""
The more it gains, the less it fits: with ρ = 0.5 most of the wrong labels are not learned, as they would not be after early stopping. At ρ = 0.2, where nearly everything is fitted, a part of the gain is left. Both are useful; only the second would be about the *minimum* that is reached.

```{solution-end}
```

## Summary

- One function has copies of any sharpness (Dinh). Eigenvalue, trace and Keskar's box are properties of a copy. Adaptive sharpness and relative flatness are not changed by rescaling, but by all that changes the training loss.
- Large batches generalize worse in our networks, at equal training loss as after equally many epochs or steps. Their much larger sharpness after equally many epochs comes mostly from a larger training loss.
- At equal training loss, and on average over hyperparameters, sharpness orders networks better than the norm of the weights does, and far from perfectly. Over training sets of different sizes every measure is wrong as it stands (Simpson's paradox), and right when divided by $n$.
- At one learning rate sharpness-aware steps lower the test error by points; with learning rate and weight decay tuned for both most of this goes. That flatness is the reason of what is left is a further claim.
- Averaging the weights gains much against a constant rate, and nothing to speak of against one that falls.

**Reading.** {cite:t}`keskar2017` and {cite:t}`dinh2017` together; {cite:t}`jiang2020` and {cite:t}`dziugaite2020` together, for how to test a measure; {cite:t}`andriushchenko2023` for where it stands.
"""
