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
(width-and-escape)=
# Width and escape

The lottery has become a picture of width: a large network holds many small ones, and one of them will be lucky ({doc}`/notebooks/06_lottery_tickets`). There is another picture: added neurons open ways out of places where the small network is stuck. This page puts the two to the test, where they differ.
"""

# %% mystnb={"code_prompt_show": "Set-up"} tags=["hide-input"]
# Set-up
import functools

import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from matplotlib import pyplot as plt
from scipy import stats

from overparam import MLP, claims, data, figures, measures, mlp, network, scale, sweep
from overparam.randomness import generator
from overparam.theory import critical_points, linear, planes, spectra, students

figures.style()
torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
ledger = claims.Ledger("width-and-escape")
blue, red, green = figures.SEQUENCE[:3]
sizes = scale.sizes(
    teachers=((4, 5, 6), (8, 12, 16), (8, 12, 16)),
    runs=(6, 30, 100),
    steps=(200, 2000, 4000),
)
k = max(sizes.teachers)


# %% mystnb={"code_prompt_show": "Students"} tags=["hide-input"]
# Students
@functools.cache
def trained(seed, teacher, width):
    """A batch of students of this width: their starts, their ends and their losses."""
    start = students.first_weights(sizes.runs, width, teacher, seed)
    return start, *students.descend(start, sizes.steps)


def stuck(losses):
    """The share whose loss has not come down to the teacher's, which is 0."""
    return float((losses > 1e-3).double().mean())


# %% mystnb={"code_prompt_show": "Students of several widths"} tags=["hide-input"]
# Students of several widths: none, one and two neurons more than their teacher
def by_width(seed):
    """The share that is stuck, for each teacher and each width."""
    rows = []
    for teacher in sizes.teachers:
        ends = [stuck(trained(seed, teacher, teacher + more)[2]) for more in (0, 1, 2)]
        rows += [(seed, teacher, more, end) for more, end in enumerate(ends)]
    return pd.DataFrame(rows, columns=["seed", "teacher", "more", "stuck"])


about_students = ["mild-overparameterization", "width-is-not-multistart"]
about_students += ["winners-fail-alone", "split-neuron-escapes"]
student_seeds = ledger.seeds(*about_students)
widths = pd.concat(linear.parallel_map(by_width, student_seeds))
share = measures.by_seed(widths, "stuck", ["teacher", "more"], "seed")
restarts = {m: 1 - share[k, 0] ** ((k + m) / k) for m in (0, 1, 2)}  # succeed

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**As large as its teacher a student is usually stuck; with two more neurons it is not.** Share of students that find their teacher, against the number of neurons that they have beyond it, and what as many restarts of students without any more would give for the largest teacher. Means over replicates with 95 % bands.", "name": "fig-we-puzzle"}, "image": {"alt": "Share that succeed against neurons more than the teacher, from 0 to 2, one line for each of three teachers. With none it is lower the larger the teacher; with two all lines are at 1. A dashed line for restarts stays almost level and low."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.6))
hues = dict(zip(sizes.teachers, figures.SEQUENCE, strict=False))
found = widths.assign(found=1 - widths.stuck)
figures.plot(found, "more", "found", "teacher", ax, hues, label="teacher of {} neurons")
line = [restarts[m].mean() for m in (0, 1, 2)]
ax.plot([0, 1, 2], line, "--", color=hues[k], label=f"restarts, teacher of {k}")
ax.set(xlabel="neurons more than the teacher", ylabel="share that find the teacher")
ax.set(ylim=(0, 1.03), xticks=[0, 1, 2])
ax.legend(loc="center right", bbox_to_anchor=(1, 0.4))
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"Of the students of {k} neurons, as many as their teacher has, {share[k, 0].mean():.0%} are stuck; of those with one more {share[k, 1].mean():.0%}, and with two more "
    f"{share[k, 2].mean():.1%}. Restarts of the small student, as many as fit side by side into the one with two more, would leave {1 - restarts[2].mean():.0%} stuck. "
    f"For the teacher of {sizes.teachers[0]} neurons {share[sizes.teachers[0], 0].mean():.0%} of the students without more are stuck."
)

# %% [markdown]
r"""
The test bed is that of {cite:t}`safran2018`. The *teacher* is the sum of $H^*$ ReLU neurons at right angles, $y = \sum_i \max(0, x_i)$ for Gaussian inputs $x$ of dimension $H^*$. The *student* is $\sum_{j \le H} \max(0, w_j \cdot x)$ and has $H \ge H^*$ neurons, so that it can be exactly right. There is no training set and no noise: the expected loss $\tfrac12 \mathbb E (f - y)^2$ has a closed form, and gradient descent (with momentum) goes down on that. A student ends with a loss of practically nothing, or of 0.01 and more ({ref}`ex-we-loss`). Nothing lies between, so whether it is *stuck* is not a matter of taste.
"""

# %% tags=["remove-input"]
ledger.say("mild-overparameterization")

# %% [markdown]
r"""
That bad minima exist for teachers of 6 to 20 neurons {cite:t}`safran2018` prove. How often a student falls into them, and how few more neurons keep it out, is a matter of experiment, theirs and ours. Why do two more neurons help, if all that is needed is there without them?

**Many tickets.** If a student of $H^*$ neurons succeeds with probability $q$, and one of $H$ neurons is as good as $H/H^*$ small ones tried side by side, it succeeds with probability

$$
1 - (1 - q)^{H/H^*} .
$$ (eq-we-restarts)

This is the dashed line. Two neurons on sixteen are an eighth of a draw more, and so hardly any gain.

**Ways out.** {cite:t}`martinelli2026`, in a preprint that they call an opinion piece, hold that the first picture is flawed. Added neurons add *dimensions* to the landscape of the loss, and what was the bottom in all directions of the small network need not be the bottom in the new ones.
"""

# %% tags=["remove-input"]
ledger.say("width-is-not-multistart")

# %% [markdown]
r"""
Had the solid line run along the dashed one, restarts would explain it. But a lottery has a way out itself: a student of $H$ neurons contains many more than $H/H^*$ small ones, if overlapping choices are counted ({ref}`ex-we-tickets`). So the rate alone decides against *that many* tickets, not against tickets. One has to look at what a ticket would be.

(we-winners)=
## Do winners win alone?

Take the students with two neurons more that found their teacher, which are practically all. In each, $H^*$ neurons stand for the teacher's at the end, one each: the *winners*. The other two are not needed any more. Either they have shrunk to nothing, or they point the same way as a winner and could be merged into it. If the winners were a ticket, and the others blanks, they would win alone from their own initial weights. Training here has no randomness: the whole student would succeed again with certainty.

::::{predict}
:answer: 3
:figure: fig-we-winners
The winners train alone, from the weights that they had at the start. What share of them finds the teacher?

1. Nearly all: they did so before, and the blanks are gone.
2. About as many as of any students of their size.
3. More than of any students of their size, and less than half.
4. None: something is always missing.

:::{dropdown} Answer
C. They are good choices, a little better than others. They are no tickets.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Winners alone, and with other companions"} tags=["hide-input"]
# Winners alone, and with other companions
def neurons(weights, numbers):
    """The neurons with these numbers [runs, some] of each student [runs, width, inputs]."""
    return weights.gather(1, numbers[..., None].expand(-1, -1, weights.shape[2]))


def winners_tested(seed):
    """What becomes of the winners of the students with two more neurons."""
    start, end, losses = trained(seed, k, k + 2)
    start, first = start[losses < 1e-3], students.winners(end[losses < 1e-3])
    draw = generator(seed, "other neurons")
    some = torch.rand(first.shape[0], k + 2, generator=draw).argsort(1)[:, :k]
    row = {"alone": 1 - stuck(students.descend(neurons(start, first), sizes.steps)[1])}
    row["random"] = 1 - stuck(students.descend(neurons(start, some), sizes.steps)[1])
    fresh = torch.randn(start.shape, generator=draw) / k**0.5
    places = first[..., None].expand(-1, -1, k)
    fresh = fresh.scatter(1, places, neurons(start, first))
    end, losses = students.descend(fresh, sizes.steps)
    row["redrawn"] = 1 - stuck(losses)
    pairs = zip(first, students.winners(end), strict=True)
    same = np.array([np.isin(*pair).mean() for pair in pairs])[(losses < 1e-3).numpy()]
    chance = k / (k + 2)
    return row | {"overlap": (same.mean() - chance) / (1 - chance), "same": same.mean()}


# %%
tested = pd.DataFrame(linear.parallel_map(winners_tested, student_seeds))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Winners do better than random neurons, and mostly fail alone.** Share that find the teacher among students of two neurons more that had found it: the winners trained alone from their start, as many neurons of the same students picked at random, and the winners with two other companions. A dot is a replicate; the bars are 95 % intervals of the means.", "name": "fig-we-winners"}, "image": {"alt": "Three rows of dots on an axis from 0 to 1. Random neurons alone are near 0.1, winners alone higher but below one half, and winners with two new companions at 1."}} tags=["hide-input"]
rows = tested[["random", "alone", "redrawn"]]
rows = rows.set_axis(
    [f"{k} at random, alone", "winners, alone", "winners, two new others"], axis=1
)
ax = figures.dots(rows, plt.subplots(figsize=(7.2, 2.4))[1], blue)
ax.set(xlim=(-0.02, 1.03), ylim=(-2.5, 0.5), xlabel="share that find the teacher")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"The winners alone find the teacher in {tested.alone.mean():.0%} of the cases, random neurons of the same students in {tested.random.mean():.0%}. With two companions drawn anew "
    f"{tested.redrawn.mean():.1%} of the students succeed. Of the earlier winners {tested.same.mean():.1%} are among the winners again; by chance it would be {k / (k + 2):.1%}."
)

# %% tags=["remove-input"]
ledger.say("winners-fail-alone")

# %% [markdown]
r"""
Had the winners won alone nearly always, there would be a lottery with overlapping tickets. They do better than random neurons, since they were chosen for where they went; that much is in their initial weights. But mostly they cannot do without two others that the trained student can do without, and *any* two will do. And with other companions, other neurons win, nearly as chance has it: who stands for
which of the teacher's neurons is settled on the way, among all of them. {cite:t}`martinelli2026` say more generally that winners can be made to fail by perturbing the rest. Both experiments are such perturbations. With the two others taken away, the training mostly fails. With the two drawn anew it succeeds, and yet it is hardly the old winners' doing: they win no more than others.

(we-why)=
## What a copy adds

What do two neurons bring that are not needed in the end? Take a place where the small network is stuck, and put it into a larger one by copying a neuron.

```{prf:proposition} A copied neuron
:label: prop-we-copy
Let $f(x) = \sum_j v_j\, \phi(w_j \cdot x)$, with a smooth activation $\phi$ and the loss $L = \frac1n \sum_i \tfrac12 (f(x_i) - y_i)^2$, be at a critical point, with residuals $e_i = f(x_i) - y_i$. Replace neuron $j$ by two copies with weights $w_j$ and output weights $\alpha v_j$ and $(1 - \alpha) v_j$. Then the wider network
computes the same function and is at a critical point too. If the copies move apart, by $(1 - \alpha) \delta$ and $-\alpha \delta$, the loss changes by

$$
\tfrac12\, \alpha (1 - \alpha)\, \delta^\top A\, \delta + O(\lVert \delta \rVert^3), \qquad A = \frac1n \sum_i e_i v_j\, \phi''(w_j \cdot x_i)\, x_i x_i^\top .
$$ (eq-we-bend)
```

```{prf:proof}
The gradient in a copy's weights is $\alpha$ or $1 - \alpha$ times that of the original, and in its output weight the same as the original's: all are zero.
Along the direction the two first-order changes of $f$ are $\alpha v_j \phi' (1 - \alpha)\, \delta \cdot x$ and
$-(1 - \alpha) v_j \phi' \alpha\, \delta \cdot x$ and cancel. The second-order changes add up to
$\tfrac12 v_j \phi''(w_j \cdot x) (\delta \cdot x)^2\, [\alpha (1 - \alpha)^2 + (1 - \alpha) \alpha^2]$, and the bracket is $\alpha (1 - \alpha)$. The
loss changes by the mean of $e_i$ times this, and by a square that is of fourth order.
```

In the small network $A$ was there too, but covered by the positive part of the Hessian that comes from the first-order change of $f$, the *Gauss–Newton part*. For two copies that move apart this part is zero, and $A$ stands alone. As soon as $A$ has a negative eigenvalue, every share $0 < \alpha < 1$ gives a direction in which the loss falls.
Only if $A$ has no eigenvalues of both signs can the copy be a minimum, for suitable $\alpha$ {cite:p}`fukumizu2000`. At a perfect fit $e = 0$, so $A = 0$: there is nothing to escape from. {cite:t}`simsek2021` count how many such points there are in wide networks.

To see it we need a minimum: a network of two tanh neurons, taught by one of four on 100 Gaussian inputs. (A bias is the weight of a further input that is always 1.)
"""


# %% mystnb={"code_prompt_show": "A minimum of two neurons"} tags=["hide-input"]
# A minimum of two neurons
def starts(net, seed, count):
    """Random weights [count, parameters] of several sizes, a part of them after some descent."""
    draw = generator(seed, "starts")
    drawn = torch.randn(count, net.parameters, generator=draw, dtype=torch.float64)
    drawn = drawn * torch.linspace(0.1, 1.5, count, dtype=torch.float64)[:, None]
    return torch.cat([net.descend(drawn[i::4], n) for i, n in enumerate((0, 5, 20, 100))])


@functools.cache
def minimum(seed):
    """The lowest minimum that eight searches find: the net, its weights, its softest direction."""
    x = torch.randn(100, 3, generator=generator(seed, "inputs"), dtype=torch.float64)
    net = critical_points.TanhNet(x, students.tanh_teacher(x, 4, seed), hidden=2)
    ends = net.minimise(net.descend(starts(net, seed, 8), 300))
    _, slopes, *hessian = net.derivatives(ends)
    values, vectors = torch.linalg.eigh(sum(hessian))
    still = (slopes.norm(dim=1) < 1e-8) & (values[:, 0] > 1e-6)
    best = torch.where(still, net.loss(ends), torch.inf).argmin()
    return net, ends[best], vectors[best, :, 0]


# %% mystnb={"code_prompt_show": "One of its neurons copied"} tags=["hide-input"]
# One of its neurons copied
def copied(seed, alpha=0.5):
    """Before and after: net, weights, the copied neuron's direction, another direction; then curvature and error."""
    net, weights, softest = minimum(seed)
    bends = [torch.linalg.eigh(net.splitting_matrix(weights, unit)) for unit in (0, 1)]
    unit = int(bends[1][0][0] < bends[0][0][0])
    values, vectors = bends[unit]
    wide, twins = net.split(weights, unit, alpha)
    along = torch.zeros_like(weights)
    together, apart = torch.zeros_like(twins), torch.zeros_like(twins)
    own, copy = (slice(4 * u, 4 * u + 4) for u in (unit, 2))  # their weights
    along[own] = together[own] = together[copy] = vectors[:, 0]
    apart[own], apart[copy] = (1 - alpha) * vectors[:, 0], -alpha * vectors[:, 0]
    _, slope, *hessian = wide.derivatives(twins[None])
    bend = apart @ sum(hessian)[0] @ apart
    error = max(abs(bend - alpha * (1 - alpha) * values[0]), slope.norm())
    panels = (net, weights, along, softest), (wide, twins, together, apart)
    return {"panels": panels, "bend": float(bend), "error": float(error)}


# %%
copies = [copied(seed, alpha=0.3) for seed in scale.seeds(5)]
picture = min((copied(seed) for seed in scale.seeds(5)), key=lambda copy: copy["bend"])


# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**A minimum of the small network is a saddle of the wide one.** Contour lines of the loss; the numbers say how it differs from that at the centre. Left: one neuron moves (across), or the whole network in its softest direction (upwards). Right: two copies of the neuron move together (across), or apart (upwards). Each direction is scaled by its curvature.", "name": "fig-we-saddle"}, "image": {"alt": "Two maps of contour lines. Left: closed ovals around the centre, a bowl that rises in all directions. Right: a saddle, which rises to the left and the right and falls to the top and the bottom."}} tags=["hide-input"]
def scaled(net, at, way):
    """The direction at a length at which its curvature changes the loss by a tenth."""
    bend = (net.loss(at + 1e-3 * way) + net.loss(at - 1e-3 * way)) / 2 - net.loss(at)
    return 1e-3 * way * (0.1 * net.loss(at) / abs(bend)).sqrt()


fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.7))
away = torch.linspace(-1, 1, 41, dtype=torch.float64)
for ax, (net, at, *ways) in zip(axes, picture["panels"], strict=True):
    across, upwards = (away[:, None] * scaled(net, at, way) for way in ways)
    surface = net.loss(at + across + upwards[:, None]) / net.loss(at) - 1
    levels = np.linspace(-0.08, 0.08, 9)
    lines = ax.contour(away, away, surface, levels, cmap=figures.colormap())
    written = {v: f"{v:+.0%}".replace("-", "−") if v else "0" for v in lines.levels}
    ax.clabel(lines, lines.levels[::2], fmt=written, fontsize=9, colors=figures.INK)
    ax.set(xticks=[], yticks=[])
axes[0].set(title="Small network", xlabel="the neuron", ylabel="softest direction")
axes[1].set(title="With a copy of the neuron", xlabel="together", ylabel="apart")
plt.show()

# %% tags=["remove-input"]
saddles = sum(copy["bend"] < 0 for copy in copies)
net, at, _, apart = picture["panels"][1]
after = net.loss(net.descend((at + 0.01 * apart)[None], 3000))
Markdown(
    f"The searches found a minimum, with a gradient of zero and positive eigenvalues only, in each of {len(copies)} training sets; in {saddles} of these a copied neuron gives a direction in which the loss falls. "
    f"From the saddle of the figure, pushed by a hundredth, descent goes down to {float(after / net.loss(at)):.0%} of the loss of the minimum."
)

# %% [markdown]
r"""
Only the copies' parting is new. Had $A$ been positive, the right map would be a bowl like the left one. That is the mechanism; is it what frees the students? Their activation is not smooth, but their *expected* loss has second derivatives, and their neurons can be split: $\max(0, w \cdot x)$ is the sum of two neurons with $w/2$. So take the students of $H^*$ neurons that are stuck, split one neuron of each,
pull the halves apart by a hundredth at random, and let the training go on. As a control, push the stuck students as far without splitting anything.

::::{predict}
:answer: 4
:figure: fig-we-escape
How many of the stuck students find the teacher after any one of their neurons was split?

1. None: a split student computes what it computed before.
2. As many as would after a fresh start.
3. All.
4. Most, but not all.

:::{dropdown} Answer
D. One neuron more is not always enough, as {numref}`fig-we-puzzle` shows for students that had it from the start.
:::
::::
"""


# %%
def split(weights, which, draw):
    """The same students with one neuron each in two halves, a hundredth apart."""
    each = torch.arange(len(weights))
    half = weights[each, which] / 2
    push = 0.01 * torch.randn(half.shape, generator=draw)
    weights = weights.clone()
    weights[each, which] = half + push
    return torch.cat([weights, (half - push)[:, None]], 1)


# %% mystnb={"code_prompt_show": "Stuck students, with a neuron split"} tags=["hide-input"]
# Stuck students, with a neuron split
def freed(seed):
    """The share of the stuck students that find the teacher after each change."""
    _, end, losses = trained(seed, k, k)
    end = end if scale.current() == "smoke" else end[losses > 1e-3]  # there all may be free
    draw = generator(seed, "splits")
    any_one = torch.randint(k, (len(end),), generator=draw)
    changed = {
        "pushed only": end + 0.01 * torch.randn(end.shape, generator=draw),
        "any neuron split": split(end, any_one, draw),
        "longest neuron split": split(end, end.norm(dim=2).argmax(1), draw),
    }
    twice = changed["longest neuron split"]
    changed["two splits"] = split(twice, twice.norm(dim=2).argmax(1), draw)
    return {
        name: 1 - stuck(students.descend(w, sizes.steps)[1]) for name, w in changed.items()
    }


# %%
escapes = pd.DataFrame(linear.parallel_map(freed, student_seeds))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Pushed, nobody gets out; with a neuron split, most do.** Share of the stuck students that find the teacher when they are trained on after a push, after a neuron was split that was picked at random, after the longest was, and after two splits. A dot is a replicate; the bars are 95 % intervals of the means.", "name": "fig-we-escape"}, "image": {"alt": "Four rows of dots on an axis from 0 to 1: pushed only, at 0; any neuron split, above one half; longest neuron split, somewhat higher; two splits, at 1."}} tags=["hide-input"]
ax = figures.dots(escapes, plt.subplots(figsize=(7.2, 2.7))[1], blue)
ax.set(xlim=(-0.02, 1.03), ylim=(-3.5, 0.5), xlabel="share of the stuck that get free")
plt.show()

# %% tags=["remove-input"]
means = escapes.mean()
Markdown(
    f"Of the stuck students {means['pushed only']:.0%} get free by a push alone, {means['any neuron split']:.0%} when any one neuron is split, {means['longest neuron split']:.0%} when it is the "
    f"longest, and {means['two splits']:.0%} when the longest is split twice over."
)

# %% tags=["remove-input"]
ledger.say("split-neuron-escapes")

# %% [markdown]
r"""
Here nothing is drawn again. The student stays where it was stuck, computes what it computed, and gets one neuron more; the way down was in the added dimensions. Had it been a lottery, a split would have been worth as little as a push. Which neuron is split matters a little: a stuck student has one neuron or several that point *away* from what is missing. They are shorter than the others, and to split one of them does not help ({ref}`ex-we-loss`). The longest neuron is never one of them.

:::{admonition} Two pictures of width
:class: key-result
*Restarts* multiply chances: many independent draws, of which one must win by itself. *Ways out* change the landscape: what was a minimum is one no more. The first predicts {eq}`eq-we-restarts`, and that winners win alone; the second that a stuck network gets free when a neuron is split.
:::

(we-fits)=
## Where the lottery is right

The picture of restarts is not wrong as such. Discussions of this question offer two examples that are clear enough to be simulated.

**A bank of bumps.** Somebody wants to fit a bump. A model with *one* bump, which can slide, succeeds if the bump starts near enough; farther away there is no gradient to follow. A model with bumps everywhere need not slide any.

**Planes.** The output is the highest of several planes. A plane that ends below all others gets no gradient: it is *dead*. With planes to spare some other one is in a good place. (The target is the highest of three planes, so three can fit it.)

::::{predict}
:answer: 1
:figure: fig-we-simple
Which of the two obeys the formula of restarts, {eq}`eq-we-restarts`?

1. Bumps, but not planes.
2. Planes, but not bumps.
3. Both.
4. Neither.

:::{dropdown} Answer
A. Bumps far apart know nothing of each other. Planes share the line among themselves, and where one gives way another moves in.
:::
::::
"""


# %% mystnb={"code_prompt_show": "Bumps and planes"} tags=["hide-input"]
# Bumps and planes
how_many = scale.sizes(
    bumps=({1: 60, 5: 20, 10: 10}, {1: 600, 3: 200, 5: 200, 10: 50}, {1: 6000, 5: 2000, 10: 500}),
    planes=(40, 100, 1000),
)  # fmt: skip
slopes = torch.tensor([-4 / 3, 0, 4 / 3])
corners = lambda x: (slopes[:, None] * x - slopes[:, None] ** 2 / 4).amax(0)


def bumps_and_planes(seed):
    """Shares of runs that fit by number of bumps and of planes, and of the six-plane runs with a dead plane."""
    row = {}
    for m, runs in how_many.bumps.items():
        error, _ = planes.fit_bumps(m, runs, seed)
        row["bumps", m] = float((error < 0.01).double().mean())
    for m in (3, 4, 6, 12):
        how = {"steps": sizes.steps, "lr": 0.5, "points": 41}
        error, dead = planes.fit_planes(m, how_many.planes, seed, corners, **how)
        row["planes", m] = float((error < 0.01).double().mean())
        row["despite", m] = float((error[dead > 0] < 0.01).double().mean())
        row["dead", m] = float(dead.mean())
    return row


# %%
row_seeds = ledger.seeds("feature-bank", "dead-planes")
simple = pd.DataFrame(linear.parallel_map(bumps_and_planes, row_seeds), row_seeds)
simple.columns = pd.MultiIndex.from_tuples(simple.columns)

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Bumps follow the curve of restarts, planes rise above it.** Share of runs that fit their target, against the number of bumps (left) and of planes (right), and what independent restarts of the smallest model would give. Means over replicates with 95 % bands.", "name": "fig-we-simple"}, "image": {"alt": "Two panels of success against number. Left, the line of bumps lies on the dashed curve of restarts. Right, the line of planes is well above it."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True)
for ax, kind in zip(axes, ("bumps", "planes"), strict=True):
    long = simple[kind].melt(var_name=kind, value_name="fit")
    least = min(long[kind])
    figures.plot(long, kind, "fit", ax=ax, colors=blue, label=kind)
    line = np.linspace(least, max(long[kind]), 50)
    alone = 1 - simple[kind][least].mean()
    ax.plot(line, 1 - alone ** (line / least), "--", color=red, label="restarts")
    ax.set(ylim=(0, 1.03), ylabel="share that fit", xticks=sorted(set(long[kind])))
    ax.legend(loc="lower right")
axes[1].set_ylabel("")
plt.show()

# %% tags=["remove-input"]
off_bumps = simple["bumps", 5] - (1 - (1 - simple["bumps", 1]) ** 5)
off_planes = simple["planes", 6] - (1 - (1 - simple["planes", 3]) ** 2)
Markdown(
    f"Five bumps are off the curve of restarts by {claims.mean(100 * off_bumps):.0f} points, six planes by {claims.mean(100 * off_planes):.0f}. At the end {simple['dead', 6].mean():.0%} of six planes "
    f"are dead; of the runs with a dead one {simple['despite', 6].mean():.0%} fit all the same, and of those of three planes {simple['despite', 3].mean():.0%}."
)

# %% tags=["remove-input"]
ledger.say("feature-bank")

# %% tags=["remove-input"]
ledger.say("dead-planes")

# %% [markdown]
r"""
Out of each other's reach, bumps are independent draws: this *is* the lottery, and it shows what a lottery takes. Had they helped or hindered each other, the left line would leave the curve as the right one does. Neurons that share a residual are not independent, and neither are planes. The planes die in numbers. What spares do is not to prevent that but to make it harmless.

::::{admonition} Break it: a target that is not convex
:class: break-it
The highest of several planes is a *convex* function, so no number of planes makes it fit a sine: below the best convex fit it cannot come. A ReLU network is not the highest of its planes but a *sum* of kinks with signs.
::::
"""

# %%
sine = lambda x: torch.sin(torch.pi * x)
how = {"steps": sizes.steps, "lr": 0.5, "points": 41}
errors = {m: planes.fit_planes(m, 40, 0, sine, **how)[0].min() for m in (3, 6, 12, 24)}
limit = planes.best_convex_fit(np.sin(np.pi * np.linspace(-1, 1, 41)))

# %% tags=["remove-input"]
Markdown(
    f"The best of 40 runs of 3, 6, 12 and 24 planes leaves {', '.join(f'{e:.0%}' for e in errors.values())} of the variance of a sine; the best convex function leaves {limit:.0%}. Here more width is no help at all."
)

# %% [markdown]
r"""
(we-coins)=
## Coin flips

One more argument is often heard. *To be a minimum, all $p$ eigenvalues of the Hessian must be positive. If each is so with probability one half, the chance is $2^{-p}$: with a million weights nobody is ever stuck.* Leave the conclusion aside; is the calculation right?

::::{predict}
:answer: 3
:figure: fig-we-coins
Fill a $3\times3$ matrix $G$ with independent standard Gaussian numbers. How many of the matrices $G + G^\top$ have three positive eigenvalues?

1. One in eight, as three coins would have it.
2. More, since eigenvalues of one matrix are related.
3. One in forty.

:::{dropdown} Answer
C. Eigenvalues of a random symmetric matrix *repel* each other. They keep their distance, so they spread to both sides of zero; to crowd all of them on one side is improbable.
:::
::::

Up to a factor, these matrices are the *Gaussian orthogonal ensemble*. Given the gaps between the eigenvalues, the lowest one is a Gaussian variable, so that for small $p$ the probability is an integral over gaps; for $p = 2$ it can be done by hand ({ref}`ex-we-two`). For large $p$ {cite:t}`dean2006` found
$\exp(-\tfrac{\ln 3}{4} p^2)$: not exponential in $p$, but in its square.
"""


# %%
def all_positive(p):
    """Probability that a matrix of size 2 or 3 of the ensemble has positive eigenvalues only."""
    node, weight = np.polynomial.legendre.leggauss(100)
    u, v = 12.5 * (node[:, None] + 1), 12.5 * (node + 1)  # gaps, up to 25
    density = weight[:, None] * u * np.exp(-(u**2) / 8)
    below, variance = u / 2, 1  # the lowest eigenvalue lies so far below 0 in the mean
    if p == 3:
        squares = u**2 + (u + v) ** 2 - (2 * u + v) ** 2 / 3
        density = weight[:, None] * weight * u * v * (u + v) * np.exp(-squares / 4)
        below, variance = (2 * u + v) / 3, 2 / 3
    return (density * stats.norm.cdf(-below / variance**0.5)).sum() / density.sum()


# %%
by_hand = {2: (2 - 2**0.5) / 4, 3: (np.pi - 8**0.5) / (4 * np.pi)}
orders = (1, 2, 3, 4, 5)
drawn = scale.sizes(matrices=(2_000, 400_000, 4_000_000)).matrices
hits = {p: spectra.all_positive(p, drawn, scale.seed_offset()) / drawn for p in orders}

# %% mystnb={"code_prompt_show": "Critical points of a small network"} tags=["hide-input"]
# Critical points of a small network
iterations = scale.sizes(n=(60, 200, 400)).n


def small_task(seed, n=100, inputs=3):
    """Three principal components of n signals of the classes 0, 1 and 2, and the classes, one-hot."""
    pool = data.mnist1d(5 * n, 1000, seed, max_translation=1)
    rows = torch.nonzero(pool.y < 3).flatten()[:n]
    x = pool.x[rows].double()
    x = x - x.mean(0)
    x = x @ torch.linalg.svd(x, full_matrices=False).Vh[:inputs].T
    return x / x.std(0), torch.nn.functional.one_hot(pool.y[rows], 3).double()


def searched(seed):
    """Critical points that 40 searches find: their loss and their share of negative eigenvalues."""
    net = critical_points.TanhNet(*small_task(seed), hidden=2)
    ends = net.critical_points(starts(net, seed, 40), iterations)
    negative = (ends["eigenvalues"] < -1e-6).double().mean(1)
    table = {"seed": seed, "loss": ends["loss"], "negative": negative, "norm": ends["norm"]}
    return pd.DataFrame(table).query("norm < 1e-6")


# %%
points = pd.concat(linear.parallel_map(searched, ledger.seeds("index-grows-with-loss")))
groups = points.groupby("seed")[["loss", "negative"]]
order = groups.apply(lambda g: claims.rank_correlation(g.loss, g.negative))

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Coins overrate the chance of a minimum, and a Hessian is no random matrix.** Left: probability that a random symmetric matrix has positive eigenvalues only, measured, for coins, and a curve with the exponent of the theory through the last point. Right: share of negative eigenvalues at critical points of a small network against their loss, all replicates together.", "name": "fig-we-coins"}, "image": {"alt": "Left: probability on a logarithmic axis against matrix size; random matrices bend down far below the straight line of coins, and the curve of the theory bends likewise. Right: scatter that rises from no negative eigenvalues at low loss to several at high loss."}} tags=["hide-input"]
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.5))
seen = [p for p in orders if hits[p] > 0]
left.plot(seen, [hits[p] for p in seen], "o-", color=blue, label="random matrices")
left.plot(orders, [2.0**-p for p in orders], "--", color=red, label="coins")
line = np.linspace(1, 5, 50)
curve = hits[seen[-1]] * np.exp(-np.log(3) / 4 * (line**2 - seen[-1] ** 2))
left.plot(line, curve, ":", color=green, label="∝ exp(−p² (ln 3)/4)")
left.set(yscale="log", xlabel="size p", ylabel="probability", xticks=orders)
left.legend(loc="lower left")
right.plot(points.loss, points.negative, "o", color=blue, alpha=0.4)
right.set(xlabel="loss", ylabel="share of negative eigenvalues")
plt.show()

# %% tags=["remove-input"]
Markdown(
    f"At p = 3 the probability is {by_hand[3]:.4f}, a fifth of what coins give; at p = 4, {hits[4]:.4f} against {2**-4:.4f}. "
    f"At the critical points that were found, {len(points)} by {40 * len(groups)} searches, loss and share of negative eigenvalues go together: rank correlation {order.mean():.2f}."
)

# %% tags=["remove-input"]
ledger.say("index-grows-with-loss")

# %% [markdown]
r"""
So the probability is *smaller* than the argument says, and the argument is wrong in a second way, which pulls the other way. The Hessian of a network is no matrix drawn at random around zero. It is a Gauss–Newton part, which has no negative eigenvalue at all, plus a part weighted by the residuals, the $A$ of {prf:ref}`prop-we-copy` among it. At high loss the
second part can win. At low loss the residuals are small and the first part rules: eigenvalues are positive or zero *because the loss is low*. That the ways down become fewer the lower a critical point lies, {cite:t}`bray2007` found for random fields and {cite:t}`dauphin2014` for networks. With coins the right panel would be a cloud without a slope. Instead high critical points are saddles, and the lowest are minima or nearly so, which is a better
reason not to fear bad minima than any number of coins. (The highest band are networks that give every signal the same answer.) (Such searches often stop at points that are not critical {cite:p}`frye2021`; only those with a gradient below a millionth are shown.)

Even a flawless version of the argument would be about getting stuck, that is about *optimization*. It says nothing about how the solution does on new data.

(we-layers)=
## Whole layers, set back

What was needed on the way need not be needed at the end. {cite:t}`zhang2022` ask this of whole layers: train a network, set *one* layer back to the values that it had at initialisation, and leave the others as they are.

::::{predict}
:answer: 2
:figure: fig-we-layers
A network with four hidden layers is trained until it is right on all training signals. Then one weight layer is set back. Which costs least?

1. The output layer: it has the fewest weights.
2. The third or the fourth.
3. The first: any random features will do.
4. None is cheap: each costs most of the accuracy.

:::{dropdown} Answer
B: the third or the fourth costs a few points, and the first the most of all. Set to *fresh* random values, every layer costs nearly all.
:::
::::
"""

# %%
layer_seeds = ledger.seeds("some-layers-robust", "random-layers-far-worse")
pools = {s: data.mnist1d(1000, 2000, s, max_translation=1) for s in layer_seeds}
recipe = {"lr": 0.05, "momentum": 0.9, "batch_size": 50, "record": {"weights": [0]}}
epochs = scale.sizes(n=(5, 40, 40)).n
deep = sweep(mlp(128, depth=4), pools, n=1000, seed={s: s for s in pools}, epochs=epochs, **recipe)  # fmt: skip


# %% mystnb={"code_prompt_show": "Layers set back, or drawn anew"} tags=["hide-input"]
# Layers set back, or drawn anew
@torch.no_grad()
def drops(row):
    """Loss of test accuracy with each layer at other values, and how far the layer had moved."""
    pool = pools[row.data]
    ended, initial = network(row, pool), network(row, pool, 0)
    draw = generator(int(row.data_seed), "fresh layers")
    fresh = MLP(row.width, row.depth).build(tuple(pool.x.shape[1:]), 10, draw)

    def right(module):
        return (module(pool.x_test).argmax(1) == pool.y_test).double()

    rows, before = [], right(ended)
    for layer, then in enumerate(measures.layers(initial)):
        now = measures.layers(ended)[layer].weight
        moved = float((now - then.weight).norm() / then.weight.norm())
        for to, source in (("initial values", initial), ("fresh values", fresh)):
            left = right(measures.with_layers(ended, source, [layer]))
            lost = (before - left).view(2, -1).mean(1).tolist()  # to choose by, and to test
            rows.append((row.data, layer + 1, to, *lost, float(left[1000:].mean()), moved))
    return rows


# %%
columns = ["seed", "layer", "to", "validation", "drop", "left", "moved"]
rows = [line for _, row in deep.iterrows() for line in drops(row)]
dropped = pd.DataFrame(rows, columns=columns)
cost = measures.by_seed(dropped, "drop", ["to", "layer"], "seed")
back, anew = cost["initial values"], cost["fresh values"]
chosen = measures.by_seed(dropped, "validation", ["to", "layer"], "seed")
cheapest = chosen["initial values"].idxmin(axis=1)  # layer by replicate
best = pd.Series({s: back.loc[s, layer] for s, layer in cheapest.items()})
best_anew = pd.Series({s: anew.loc[s, layer] for s, layer in cheapest.items()})

# %% mystnb={"code_prompt_show": "The figure", "figure": {"caption": "**Set back, the third and the fourth layer cost a few hundredths and the first far more; drawn anew, every layer costs most of the accuracy.** Loss of test accuracy when one layer of a trained network is set to other values and the rest left alone (layer 5 is the output). Means over replicates with 95 % bands.", "name": "fig-we-layers"}, "image": {"alt": "Loss of test accuracy for layers one to five. With fresh values it is high for every layer. With initial values it is high for the first layer, falls to a few hundredths for the third and the fourth, and is higher again for the output layer."}} tags=["hide-input"]
ax = plt.subplots(figsize=(7.2, 3.4))[1]
both = {"initial values": blue, "fresh values": red}
figures.plot(dropped, "layer", "drop", "to", ax, both, label="set to {}")
ax.set(ylim=(-0.02, 1), xlabel="layer", ylabel="loss of test accuracy", xticks=range(1, 6))
ax.legend(loc="center right")
ask = "How much test accuracy is lost when this layer alone is set to its initial values?"
figures.sketch(ax, "set to initial values", ask=ask)

# %% tags=["remove-input"]
moved = dropped.groupby("layer").moved.mean()
Markdown(
    f"Set back to its initial values, the first layer costs {100 * back[1].mean():.0f} points of test accuracy, the third {100 * back[3].mean():.1f} and the fourth {100 * back[4].mean():.1f}; the layer that costs least, "
    f"chosen for each network on other test signals, {100 * best.mean():.1f}. The whole networks misclassify {100 * deep.test_error.mean():.1f} %. Fresh values cost {100 * anew.mean().min():.0f} points at least, in any layer. In training the weights of the fourth layer moved by {moved[4]:.0%} of their initial length."
)

# %% tags=["remove-input"]
ledger.say("some-layers-robust")

# %% tags=["remove-input"]
ledger.say("random-layers-far-worse")

# %% [markdown]
r"""
If every layer carried its share of what was learned, to set back any one would ruin the network. Here the third and the fourth moved far, and to undo that costs little beside what the first layer costs. It is not nothing: an error that was small grows to a multiple of itself, and whether that is an "adverse decline" depends on where one draws the line. The mean hides a skew besides: in most networks of the record the cheapest layer costs less than our bound, and in a few no layer is cheap ({ref}`protocol-width-and-escape`). In the paper's networks, which are larger, a robust layer often hardly moved, so that to set it back changes little; this alone could explain a difference.
And the first layer, set back, leaves a damaged network here and no guessing one. The fresh values show that the third and the fourth layer are not superfluous: the layers before and after have learned to work with *these* initial weights. It is the same lesson as with the winners: what a part is worth depends on what stands around it.

(we-verdicts)=
## What the papers found, what we found

Each card has the interval of the record and the bound that it is held against ({doc}`/book/judging`). Why the experiments are as they are stands in {ref}`protocol-width-and-escape`.
"""

# %% tags=["remove-input"]
fewer = {"fewer": share[k, 2] - share[k, 0] / 5, "one_more": share[k, 1] - share[k, 0] / 5}
small, middle, _ = sizes.teachers
fewer["small_to_middle"] = share[middle, 0] - share[small, 0]
fewer["middle_to_large"] = share[k, 0] - share[middle, 0]
ledger.card("mild-overparameterization", **fewer, section="width-and-escape")

# %% tags=["remove-input"]
excess = {
    "excess": 1 - share[k, 2] - restarts[2],
    "one_more": 1 - share[k, 1] - restarts[1],
}
ledger.card("width-is-not-multistart", **excess, section="width-and-escape")

# %% tags=["remove-input"]
by_test = {"alone": tested.alone, "selected": tested.alone - tested.random}
by_test["overlap"] = tested.overlap
ledger.card("winners-fail-alone", **by_test, section="we-winners")

# %% tags=["remove-input"]
ways = {"found": escapes["any neuron split"], "longest": escapes["longest neuron split"]}
ledger.card("split-neuron-escapes", **ways, section="we-why")

# %% tags=["remove-input"]
error = max(copy["error"] for copy in copies)
ledger.theorem("copied-neuron", error=error, section="we-why")

# %% tags=["remove-input"]
bank = {"more": simple["bumps", 10] - simple["bumps", 1], "restarts": off_bumps}
ledger.card("feature-bank", **bank, section="we-fits")

# %% tags=["remove-input"]
spare = {"despite": simple["despite", 6], "restarts": off_planes}
spare["more"] = simple["planes", 6] - simple["planes", 3]
ledger.card("dead-planes", **spare, section="we-fits")

# %% tags=["remove-input"]
error = max(abs(all_positive(p) - by_hand[p]) for p in by_hand)
ledger.theorem("all-positive-spectra", error=error, section="we-coins")

# %% tags=["remove-input"]
ledger.card("index-grows-with-loss", order=order, section="we-coins")

# %% tags=["remove-input"]
left = measures.by_seed(dropped, "left", ["to", "layer"], "seed")["initial values"]
layers = {"robust": best, "critical": back[1], "left": left[1]}
layers["before"] = deep.set_index("data").test_error[left.index]
ledger.card("some-layers-robust", **layers, section="we-layers")

# %% tags=["remove-input"]
worse = {"robust": best_anew - best, "least": (anew - back).min(axis=1)}
ledger.card("random-layers-far-worse", **worse, section="we-layers")

# %% [markdown]
r"""
**We also asked** about other widths and sizes, about which neurons win, and about other layers. The answers stand under each card and touch no verdict.

## Who disagrees, and what to drop

**Does it scale?** The students have teachers of one kind, one activation and the expected loss. How many more neurons are "a few" for large teachers, {ref}`ex-we-large` asks. **Is there no lottery at all?** Winners do better than random neurons, and sparse subnetworks that train well from their initial weights exist ({doc}`/notebooks/06_lottery_tickets`). That
is a fact about pruning. {cite:t}`frankle2019` also conjecture that dense networks are easier to train because there are more subnetworks to find a winner among; as far as "find" means that one of them would win by itself, these students speak against it. **Does it generalize?** Here training and test loss are one. Nothing on this page says why a wide network does well on new data.

:::{admonition} "A wide network is many small networks tried at once"
:class: misconception
Then winners would win alone ({numref}`fig-we-winners`). Parts that are out of each other's reach do behave so ({numref}`fig-we-simple`); neurons that share a residual do not.
:::

:::{admonition} "In high dimensions there are no bad minima, because coins do not fall on the same side a million times"
:class: misconception
Eigenvalues of one matrix are not independent, and a Hessian at low loss is not drawn around zero ({numref}`fig-we-coins`).
:::

:::{admonition} "What is not needed at the end was not needed"
:class: misconception
Two neurons that the trained student could drop or merge were what let it get there ({numref}`fig-we-winners`).
:::

## Check yourself

```{quiz}
```

## Exercises

One star takes minutes and no code, two take a cell, three take an experiment. Solutions are folded and were run with this page. Longer, to hand in, and with tests that say what is wrong: {assignment}`06_lottery_tickets`.

```{exercise} ★ Two by two
:label: ex-we-two
Show that a $2 \times 2$ matrix of the Gaussian orthogonal ensemble, with diagonal entries of variance 2 and off-diagonal entries of variance 1, has
two positive eigenvalues with probability $(2 - \sqrt 2)/4$.
```

```{solution} ex-we-two
:class: dropdown
Write the matrix as $\begin{pmatrix} a + b & c \\ c & a - b \end{pmatrix}$; then $a$, $b$ and $c$ are independent with variance 1, and the eigenvalues
are $a \pm \sqrt{b^2 + c^2}$. Both are positive if $a > \sqrt{b^2 + c^2}$. The vector $(a, b, c)$ is spherically symmetric in three
dimensions, so this is the share of the sphere within $45°$ of the axis: $(1 - \cos 45°)/2 = (2 - \sqrt 2)/4 \approx 0.146$. Two coins give 0.25.
```

```{exercise} ★ Which share?
:label: ex-we-share
In {prf:ref}`prop-we-copy` let $A$ have only positive eigenvalues. For which $\alpha$ is there a direction of descent all the same, and what does such an $\alpha$ mean for the two output weights?
```

```{solution} ex-we-share
:class: dropdown
For $\alpha < 0$ or $\alpha > 1$, where $\alpha(1 - \alpha)$ is negative: one copy has an output weight of the other sign and the two work against each other. As all $\alpha$ give the same function at the same loss, the wide network can move along the line of $\alpha$ at no cost, and part of that line is a saddle whichever sign $A$ has.
```

```{exercise} ★★ How many tickets?
:label: ex-we-tickets
How many independent small students would have to be in a wide one for restarts to explain the success measured with one and with two more neurons? Compare with the number of ways to choose $H^*$ of the neurons.
```

```{solution-start} ex-we-tickets
:class: dropdown
```
"""

# %%
fail = np.log(share[k, 0].mean().clip(1e-3, 0.999))
needed = {m: np.log(max(share[k, m].mean(), 1e-3)) / fail for m in (1, 2)}
choices = {1: k + 1, 2: (k + 2) * (k + 1) // 2}
pd.DataFrame({"tickets needed": needed, "choices": choices}).round(1).rename_axis("more")

# %% [markdown]
r"""
There are more choices than tickets that are needed, so the rate alone cannot refute a lottery with overlapping tickets. (A share of no failures counts as one in a thousand.) They would have to win alone, though, and {numref}`fig-we-winners` says that mostly they do not.

```{solution-end}
```

```{exercise} ★★ Wider bumps
:label: ex-we-bumps
Make the bumps of {numref}`fig-we-simple` broader. What happens to the success of a single bump, and does the curve of restarts still fit at three?
```

```{solution-start} ex-we-bumps
:class: dropdown
```
"""

# %%
rows = {}
for spread in (1.0, 2.0):
    how = {"runs": 4 * how_many.planes, "seed": 0, "spread": spread}
    errors = [planes.fit_bumps(m, **how)[0] for m in (1, 3)]
    one, three = (float((error < 0.01).double().mean()) for error in errors)
    rows[spread] = {"one": one, "three": three, "three restarts": 1 - (1 - one) ** 3}
pd.DataFrame(rows).T.rename_axis("width of the bumps").round(2)

# %% [markdown]
r"""
Broad bumps feel the target from afar, so a single one succeeds more often. The curve of restarts still fits. At a width of 1 three bumps come out a few points below it, which 400 runs cannot tell from chance (the difference has a standard error of three points); with ten times as many runs most of the gap is gone. At a width of 2 nearly all succeed, by either count. Bumps that overlap share the target among themselves, and a sum of bumps of the same place and width is one bump: no harm is done.

```{solution-end}
```

```{exercise} ★★ Who is freed?
:label: ex-we-loss
The losses of the stuck students of $H^*$ neurons are not spread evenly. Print the distinct values. What do they suggest about what is stuck, and does every loss allow an escape by one split? Then look at the neurons of a student with the lowest of these losses.
```

```{solution-start} ex-we-loss
:class: dropdown
```
"""

# %%
_, end, losses = trained(scale.seed_offset(), k, k)
draw, lengths = generator(0, "exercise"), end.norm(dim=2)
table = {"loss": losses.abs().numpy().round(3)}
for which in ("longest", "shortest"):
    number = lengths.argmax(1) if which == "longest" else lengths.argmin(1)
    after = students.descend(split(end, number, draw), sizes.steps)[1]
    table[f"{which} neuron split"] = after.abs().numpy()
by_loss = pd.DataFrame(table).groupby("loss")
by_loss.mean().assign(students=by_loss.size()).round(4)

# %%
one = end[torch.where(losses > 1e-3, losses, torch.inf).argmin()]
missing = one.amax(0).argmin()  # the teacher's neuron that no neuron points to
table = {"length": one.norm(dim=1), "along the missing one": one[:, missing]}
pd.DataFrame(table).round(2).value_counts().rename("neurons").reset_index()

# %% [markdown]
r"""
The losses come in steps, about as far apart as the lowest is from zero, as if a student had one, two or more *defects*. The second table shows a single one: a neuron of the teacher has no student's neuron. All neurons but one carry a little of it beside their own; the last, which is shorter, points against it and holds them in balance. One split of the longest neuron frees the students with one or two defects and takes those above down; that is why a second split frees the rest. One split of the shortest, a neuron that points the wrong way, frees nobody.

```{solution-end}
```

```{exercise} ★★★ How many are a few?
:label: ex-we-large
Take a teacher of 24 neurons. Predict how many more neurons a student needs to be stuck in less than one case in ten, then measure it. Does the number grow with the teacher?
```

```{solution-start} ex-we-large
:class: dropdown
```
"""

# %%
large = scale.sizes(k=(6, 24, 40)).k
by_more = {}
for more in (0, 1, 2, 3):
    start = students.first_weights(20, large + more, large, scale.seed_offset())
    by_more[more] = stuck(students.descend(start, sizes.steps)[1])
pd.Series(by_more, name="stuck").rename_axis("neurons more").map("{:.0%}".format)

# %% [markdown]
r"""
Without more neurons practically all are stuck, and with one more still most; with two more a few are, with three none (20 students, so to about ten points). For a teacher of 8 one more neuron was enough and for one of 16 two. So the number grows. Whether it grows as the teacher does or more slowly, these sizes cannot tell: it is about an eighth of the teacher's neurons in each.

```{solution-end}
```

## Summary

- A ReLU student as large as its teacher is often stuck, the more often the larger both are. One more neuron frees most, two more practically all.
- Restarts do not explain that: their number hardly grows, and winners mostly fail alone. Which neurons win is settled among all of them.
- A minimum can become a saddle when a neuron is copied, because copies that move apart bend the loss by a matrix that was covered before. Stuck students get free when a neuron is split.
- Where parts are out of each other's reach, as bumps are, the lottery is right.
- Eigenvalues are not coins. Critical points of low loss have few ways down because their loss is low.
- To set some layers back to where they began costs a few points, though they had moved far. To draw any of them anew costs most of the accuracy.

**Reading.** {cite:t}`safran2018` for the test bed, {cite:t}`simsek2021` and {cite:t}`martinelli2026` for width; {cite:t}`fukumizu2000` for the copied neuron; {cite:t}`dauphin2014` for saddles; {cite:t}`zhang2022` for layers.
"""
