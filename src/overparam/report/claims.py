"""From measurements to verdicts: intervals, three verdicts, and the card that shows them.

A verdict is a function of intervals alone: ``supported`` where the whole interval lies on the claimed side,
``contradicted`` where it lies on the other, ``inconclusive`` where it covers the boundary.
"""

import functools
import html
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import yaml
from scipy import stats

from overparam import paths
from overparam.errors import listed, numbers, real, require, shown
from overparam.errors import whole as whole_number
from overparam.report import scale

VERDICTS = ("supported", "contradicted", "inconclusive", "not-run")
METADATA = "overparam_claim"  # key of a notebook output's metadata under which a card leaves its record


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval, and how many replicates were left out of it, since they are NaN: they diverged."""

    value: float
    low: float
    high: float
    left_out: int = 0

    def __format__(self, spec: str) -> str:
        spec = spec or ".3g"
        text = f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"
        return text.replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")

    def __mul__(self, factor: float) -> "Estimate":
        """The same in other units: ``100 * error`` in points."""
        factor = real("factor", factor)
        low, high = sorted((factor * self.low, factor * self.high))
        return Estimate(factor * self.value, low, high, self.left_out)

    __rmul__ = __mul__

    def __neg__(self) -> "Estimate":
        """A difference taken the other way round."""
        return -1 * self


def _replicates(values) -> np.ndarray:
    """Two finite replicates or more [n], as float64; NaN are left out."""
    says = f"An interval needs at least 2 finite replicates; got {shown(values)}."
    try:
        values = np.asarray(values, dtype=float)
    except (ValueError, TypeError):
        raise ValueError(says) from None
    require(values.ndim == 1, says)
    values = values[~np.isnan(values)]
    require(len(values) >= 2 and bool(np.isfinite(values).all()), says)
    return values


def _level(level: float) -> float:
    says = f"The level of an interval lies between 0 and 1, such as 0.95; got {shown(level)}."
    level = real("level", level, says)
    require(0 < level < 1, says)
    return level


def mean(values, level: float = 0.95) -> Estimate:
    """Mean over replicates (one per seed; pass differences for a paired comparison) with its interval of Student's t.

    A bootstrap's would be too short for the few seeds of most experiments. Replicates that all agree have no interval; at
    ``smoke`` scale, where two or three seeds may well agree and nothing is decided, it is their value. Replicates that are
    NaN, as the errors of networks that diverged are, are left out and counted.
    """
    level = _level(level)
    given, values = values, _replicates(values)
    left_out = len(given) - len(values)
    if np.ptp(values) == 0 and scale.current() == "smoke":
        return Estimate(*[float(values[0])] * 3, left_out)
    if np.ptp(values) == 0:
        raise ValueError(f"All {len(values)} replicates are {values[0]:g}: state that as a fact, it has no interval.")
    low, high = stats.t.interval(level, len(values) - 1, values.mean(), stats.sem(values))
    return Estimate(float(values.mean()), float(low), float(high), left_out)


def rank_correlation(x, y) -> float:
    """Spearman's rank correlation of pairs. It is not defined where one side is constant: at ``smoke`` scale that counts as 0."""
    x, y = numbers("x", x, 1), numbers("y", y, 1)
    if np.ptp(x) > 0 and np.ptp(y) > 0:
        return float(stats.spearmanr(x, y).statistic)
    if scale.current() == "smoke":
        return 0.0
    raise ValueError(
        f"All of one side of {len(x)} pairs are equal: there is no rank correlation, state that as a fact."
    )


def every(values) -> Estimate:
    """Mean, lowest and highest of all draws, for statements about each of them; NaN are left out and counted."""
    try:
        given = np.asarray(values, dtype=float)
    except (ValueError, TypeError):
        raise ValueError(f"values must be an array of numbers; got {shown(values)}.") from None
    kept = numbers("values", given[~np.isnan(given)])
    return Estimate(*(float(f(kept)) for f in (np.mean, np.min, np.max)), given.size - kept.size)


def proportion(successes: int, trials: int, level: float = 0.95) -> Estimate:
    """A share of independent runs with the interval of Wilson (1927), which holds also where all or none succeed."""
    says = f"A share needs at least one run, of which 0 to all succeed; got {shown(successes)} of {shown(trials)}."
    trials, level = whole_number("trials", trials, 1, says=says), _level(level)
    successes = whole_number("successes", successes, 0, trials, says)
    interval = stats.binomtest(int(successes), int(trials)).proportion_ci(level, method="wilson")
    return Estimate(successes / trials, float(interval.low), float(interval.high))


def bootstrap(values, statistic: Callable, level: float = 0.95, resamples: int = 10_000) -> Estimate:
    """A statistic of replicates [n] with its BCa bootstrap interval; ``statistic(values, axis)`` as in ``np.mean``."""
    given, values = values, _replicates(values)
    resamples, level = whole_number("resamples", resamples, 2), _level(level)
    require(callable(statistic), f"statistic is a function such as np.mean; got {shown(statistic)}.")
    rng = np.random.default_rng(0)
    result = stats.bootstrap((values,), statistic, n_resamples=resamples, confidence_level=level, method="BCa", rng=rng)
    low, high = map(float, result.confidence_interval)
    return Estimate(float(statistic(values, axis=0)), low, high, len(given) - len(values))


def jackknife(whole: float, without: Sequence[float], level: float = 0.95) -> Estimate:
    """A statistic of n replicates with the t interval of its delete-one jackknife (Efron & Stein 1981).

    ``whole`` is the statistic of all n and ``without`` its n values with each replicate left out. Unlike a bootstrap
    resample these never repeat a replicate, which would bias statistics made of pairs of replicates.
    """
    whole, without, level = real("whole", whole), _replicates(without), _level(level)
    n = len(without)
    pseudovalues = n * whole - (n - 1) * np.asarray(without)
    low, high = stats.t.interval(level, n - 1, whole, stats.sem(pseudovalues))
    return Estimate(float(whole), float(low), float(high))


def two_way_jackknife(statistic: Callable, crossed: Sequence, level: float = 0.95) -> Estimate:
    """A statistic of the components of several ``measures.CrossedRuns`` with an interval over both their draws.

    ``statistic`` takes a list with one ``measures.Components`` per crossing. The crossings share their training sets and
    their initialisations, so one of either is left out of all of them at a time: paired, as trends over width need it.
    The two delete-one variances are added, with the degrees of freedom of Satterthwaite (1946).
    """
    says = f"The crossings are a list of measures.CrossedRuns; got {shown(crossed)}."
    crossed, level = listed(crossed, says), _level(level)
    require(bool(crossed) and all(hasattr(c, "leave_one_out") for c in crossed), says)
    require(callable(statistic), f"statistic is a function of a list of components; got {shown(statistic)}.")
    whole = statistic([c.components() for c in crossed])
    variances, freedom = [], []
    for left_out in zip(*(c.leave_one_out() for c in crossed), strict=True):
        values = np.array([statistic(list(components)) for components in zip(*left_out, strict=True)])
        n = len(values)
        variances.append((n - 1) / n * ((values - values.mean()) ** 2).sum())
        freedom.append(n - 1)
    variance = sum(variances)
    degrees = variance**2 / sum(v**2 / f for v, f in zip(variances, freedom, strict=True)) if variance else 1
    half = stats.t.ppf((1 + level) / 2, degrees) * np.sqrt(variance)
    return Estimate(float(whole), float(whole - half), float(whole + half))


@dataclass(frozen=True)
class Check:
    """One thing that a claim says: the estimate lies above, below or inside the bounds."""

    label: str
    estimate: Estimate
    above: float = -np.inf
    below: float = np.inf
    unit: str = ""

    @property
    def verdict(self) -> str:
        """Of this check alone."""
        if self.above < self.estimate.low and self.estimate.high < self.below:
            return "supported"
        if self.estimate.high < self.above or self.estimate.low > self.below:
            return "contradicted"
        return "inconclusive"


def combine(verdicts: Sequence[str]) -> str:
    """Verdict of a claim that says several things: contradicted if one is, supported only if all are."""
    for verdict in ("contradicted", "inconclusive", "not-run"):
        if verdict in verdicts:
            return verdict
    return "supported"


def recompute(record: dict) -> str:
    """The verdict that a recorded claim's own intervals give (see ``Card.record``)."""
    if record["scale"] == "smoke" or not record["checks"]:
        return "not-run"
    checks = [
        Check(
            c["label"],
            Estimate(**c["estimate"]),
            -np.inf if c["above"] is None else c["above"],
            np.inf if c["below"] is None else c["below"],
        )
        for c in record["checks"]
    ]
    return combine([c.verdict for c in checks])


class Ledger:
    """The claims of one chapter as ``data/claims.yaml`` states them; turns measurements into verdict cards."""

    def __init__(self, chapter: str):
        facts = [f for f in _facts() if f["chapter"] == chapter]
        if not facts:
            chapters = sorted({f["chapter"] for f in _facts()})
            raise ValueError(f"No claims for chapter {chapter!r} in data/claims.yaml; there are {', '.join(chapters)}.")
        self.chapter = chapter
        self.facts = {f["id"].removeprefix(f"{chapter}/"): f for f in facts}

    def card(self, name: str, checks: Sequence[Check], measured: str, seeds: Sequence[int], section: str) -> "Card":
        """The card of one claim. Its verdict follows from the checks; at ``smoke`` scale there is none.

        ``measured`` says in a sentence what was found, ``seeds`` are the replicates behind the intervals, ``section`` is the
        label of the section whose code measured it. The first check is the claim's headline number.
        """
        enough = {"smoke": 1, "laptop": 5, "gpu": 3}[scale.current()]
        if len(seeds) < enough:
            raise ValueError(
                f"A verdict at {scale.current()} scale needs at least {enough} seeds; {name} has {len(seeds)}."
            )
        verdict = "not-run" if scale.current() == "smoke" else combine([c.verdict for c in checks])
        return Card(self._fact(name), verdict, tuple(checks), measured, tuple(seeds), section)

    def not_run(self, name: str, why: str, section: str) -> "Card":
        """The card of a claim that this scale cannot test; ``why`` says what it would take."""
        return Card(self._fact(name), "not-run", (), why, (), section)

    def _fact(self, name: str) -> dict:
        if name not in self.facts:
            raise ValueError(
                f"Chapter {self.chapter} claims no {name!r}; data/claims.yaml has {', '.join(self.facts)}."
            )
        return self.facts[name]


@dataclass(frozen=True)
class Card:
    """A claim, what its paper reports, what was measured here, and the verdict."""

    fact: dict
    verdict: str
    checks: tuple[Check, ...]
    measured: str
    seeds: tuple[int, ...]
    section: str

    def record(self) -> dict:
        """The verdict as data: one entry of ``build/<scale>/claims/<chapter>.json``."""
        head = self.checks[0] if self.checks else None
        return {
            "id": self.fact["id"],
            "verdict": self.verdict,
            "statement": self.fact["statement"].strip(),
            "measured": head and head.estimate.value,
            "interval": head and [head.estimate.low, head.estimate.high],
            "unit": head and (head.unit or head.label),
            "seeds": list(self.seeds),
            "n_seeds": len(self.seeds),
            "scale": scale.current(),
            "seed_offset": scale.seed_offset(),
            "summary": self.measured,
            "checks": [asdict(c) | {"above": _bound(c.above), "below": _bound(c.below)} for c in self.checks],
        }

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        text = f"{self.fact['id']}: {self.verdict}. {self.measured}"
        return {"text/html": self._html(), "text/plain": text}, {METADATA: self.record()}

    def _html(self) -> str:
        anchor = "claim-" + self.fact["id"].replace("/", "-")
        quote = functools.partial(html.escape, quote=True)
        where = f", {quote(self.fact['where'])}" if self.fact.get("where") else ""
        checks = "".join(
            f"<li data-verdict='{c.verdict}'><span class='claim-check'>{quote(c.label)}:</span> "
            f"<span class='claim-interval'>{c.estimate:.3g}</span>, "
            f"<span class='claim-bound'>{quote(_claimed(c))} ({c.verdict})</span>{_left_out(c.estimate)}</li>"
            for c in self.checks
        )
        evidence = f"{len(self.seeds)} seeds ({_range(self.seeds)}), " if self.seeds else ""
        rows = [
            (
                "The paper",
                f"<a href='{quote(self.fact['url'])}'>{quote(self.fact['paper'])}</a>{where}: {quote(self.fact['paper_says'].strip())}",
            ),
            ("We measured", quote(self.measured) + (f"<ul class='claim-checks'>{checks}</ul>" if checks else "")),
            ("Evidence", f"{evidence}{scale.current()} scale; <a href='#{quote(self.section)}'>the experiment</a>"),
        ]
        body = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
        verdict = self.verdict.replace("-", " ")
        return (
            f"<section class='claim-card' id='{anchor}' data-verdict='{self.verdict}' aria-label='Claim: {quote(self.fact['title'])}'>"
            f"<header><span class='claim-verdict'>{verdict}</span><h3 class='claim-title'>{quote(self.fact['title'])}</h3></header>"
            f"<p class='claim-statement'>{quote(self.fact['statement'].strip())}</p><dl>{body}</dl></section>"
        )


@functools.cache
def _facts() -> list[dict]:
    path = paths.book() / "claims.yaml"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; fetch the whole repository of the book, or install the package anew."
        )
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _bound(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _left_out(estimate: Estimate) -> str:
    number = estimate.left_out
    said = "1 replicate diverged and is left out" if number == 1 else f"{number} replicates diverged and are left out"
    return f"; {said}" if number else ""


def _claimed(check: Check) -> str:
    low, high = _bound(check.above), _bound(check.below)
    if low is not None and high is not None:
        text = f"claimed between {low:g} and {high:g}"
    else:
        text = f"claimed above {low:g}" if low is not None else f"claimed below {high:g}"
    return text.replace("-", "−")


def _range(seeds: Sequence[int]) -> str:
    ordered = sorted(seeds)
    consecutive = ordered == list(range(ordered[0], ordered[-1] + 1))
    return f"{ordered[0]}–{ordered[-1]}" if consecutive and len(ordered) > 1 else ", ".join(map(str, ordered))


def median_interval(values: np.ndarray, resamples: int = 10_000) -> Estimate:
    """Median of replicates with its 95 % percentile bootstrap interval, which exists for values on a grid, as BCa's does not."""
    values, resamples = numbers("values", values, 1), whole_number("resamples", resamples, 1)
    rng = np.random.default_rng(0)
    medians = np.median(np.asarray(values)[rng.integers(len(values), size=(resamples, len(values)))], axis=1)
    return Estimate(float(np.median(values)), *map(float, np.quantile(medians, (0.025, 0.975))))
