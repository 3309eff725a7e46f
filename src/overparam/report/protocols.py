"""What data/claims.yaml says: findings and theorems with their sources, and the protocols that decide the findings."""

import contextlib
import functools
import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from overparam import paths
from overparam.errors import shown
from overparam.report.intervals import QUANTITIES, Estimate

LOOKS = (10, 20, 40, 80, 160)  # numbers of replicates after which a finding may be decided
OUTCOMES = ("supported", "contradicted", "no effect", "inconclusive", "not run")
NULLS = {"ratio": 1.0, "share": 0.5, "sign": 0.5}  # what "no effect" is; 0 for the other quantities
_DOMAINS: dict[str, tuple[float, float]] = {
    "ratio": (0, math.inf),
    "share": (0, 1),
    "sign": (0, 1),
    "correlation": (-1, 1),
}  # where a quantity can lie
_BOUNDS = ("above", "below", "within", "equals")
_WORDS = {
    str: "text",
    int: "a whole number from 1 on",
    float: "a finite number",
    bool: "true or false",
    list: "a list of texts",
    dict: "a mapping from names",
    tuple: "[low, high] with low < high",
}
_KINDS = {  # what an entry holds, at any of its levels
    str: "id chapter kind title statement paper url paper_says where setting finding outcome robustness unit reason says quantity",
    int: "number page",
    float: "tolerance above below equals delta",
    bool: "could_explain cheap",
    list: "redrawn formerly",
    dict: "protocol estimates asked",
    tuple: "within range",
}


class ProtocolError(ValueError):
    """One sentence that names an entry of data/claims.yaml and what is wrong with it."""


@dataclass(frozen=True)
class Condition:
    """One estimand of a finding: its quantity, and on which side of a bound it is claimed to lie (asked ones have no bound)."""

    name: str
    says: str
    quantity: str = "mean"
    above: float | None = None
    below: float | None = None
    within: tuple[float, float] | None = None
    equals: float | None = None
    delta: float | None = None
    unit: str = ""
    range: tuple[float, float] | None = None

    @property
    def null(self) -> float:
        """The value that means "no effect"."""
        return NULLS.get(self.quantity, 0.0) if self.equals is None else self.equals

    @property
    def claimed(self) -> tuple[float, float]:
        """Where the claim says that the quantity lies."""
        if self.equals is not None:
            assert self.delta is not None  # read() refuses equals without it
            return self.equals - self.delta, self.equals + self.delta
        if self.within is not None:
            return self.within
        return (-math.inf if self.above is None else self.above, math.inf if self.below is None else self.below)

    @property
    def negligible(self) -> tuple[float, float] | None:
        """Values that differ from no effect by less than would matter; None where the protocol names no such size."""
        return None if self.delta is None else (self.null - self.delta, self.null + self.delta)

    def estimate(self, values: Sequence[float], level: float) -> Estimate:
        """The quantity of one value per replicate, with its interval."""
        found = QUANTITIES[self.quantity](values, level)
        if self.range is None:
            return found
        low, high = self.range
        return Estimate(found.value, max(low, found.low), min(high, found.high), found.left_out, found.quantity)

    def bound(self) -> str:
        """The bound in words."""
        low, high = self.claimed
        if self.equals is not None:
            text = f"claimed to be {self.equals:g}, within ±{self.delta:g}"
        elif self.within is not None:
            text = f"claimed between {low:g} and {high:g}"
        elif self.above is not None:
            text = f"claimed above {low:g}"
        else:
            text = f"claimed below {high:g}" if self.below is not None else ""
        return text.replace("-", "−")


@dataclass(frozen=True)
class Protocol:
    """How a finding is measured and decided; ``source`` is the entry of data/claims.yaml as it stands there."""

    number: int
    unit: str
    redrawn: tuple[str, ...]
    page: int
    estimates: Mapping[str, Condition]
    asked: Mapping[str, Condition]
    reason: str
    cheap: bool = False  # quick, and the same on any machine: a test measures a few replicates again
    source: Mapping = field(repr=False, compare=False, default_factory=dict)

    @property
    def measured(self) -> dict[str, Condition]:
        """All estimates by name: those that decide, then those that are asked besides."""
        return {**self.estimates, **self.asked}

    def decisive(self) -> dict:
        """What a record must share with the protocol for its outcome to be this protocol's."""
        bounds = {name: {key: value for key, value in entry.items() if key not in ("says", "unit")}
                  for name, entry in self.source["estimates"].items()}  # fmt: skip
        return {"number": self.number, "estimates": bounds}


@dataclass(frozen=True)
class Claim:
    """An entry of data/claims.yaml: a finding with its protocol, or a theorem with the tolerance of its check."""

    id: str
    chapter: str
    kind: str
    title: str
    statement: str
    paper: str
    url: str
    paper_says: str
    where: str = ""
    setting: str = ""
    could_explain: bool = False
    protocol: Protocol | None = None
    tolerance: float | None = None
    finding: str = ""
    outcome: str = ""
    formerly: tuple[str, ...] = ()
    robustness: str = ""  # the table of other settings: data/results/<name>.json with a column `keeps` (its sign)

    @property
    def required_protocol(self) -> Protocol:
        """The protocol of a finding; ValueError for a theorem, which has none."""
        if self.protocol is None:
            raise ValueError(f"{self.id} is a theorem: it is checked by its tolerance and has no protocol.")
        return self.protocol


@functools.cache
def entries(path: Path | None = None) -> tuple[dict, ...]:
    """All entries of data/claims.yaml, as they stand."""
    path = path or paths.book() / "claims.yaml"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; fetch the whole repository of the book, or install the package anew."
        )
    return tuple(parse(path))


def parse(path: Path) -> list[dict]:
    """The entries of a file of claims as they stand; ProtocolError where they are no list of claims of chapters."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ProtocolError(f"{path}{where}: this is not YAML ({problem or type(error).__name__}); mend it.") from None
    if not isinstance(found, list):
        raise ProtocolError(f"{path} holds {shown(found)}; it must be a list of claims.")
    for entry in found:
        if not isinstance(entry, Mapping):
            raise ProtocolError(f"{path}: an entry is {_WORDS[dict]}; got {shown(entry)}.")
        if not (entry.get("id") and isinstance(entry.get("chapter"), str)):
            raise ProtocolError(f"{path}: an entry has an id and the name of a chapter; got {shown(entry)}.")
    return found


def claims(chapter: str, path: Path | None = None) -> dict[str, Claim]:
    """The findings and theorems of a chapter by id, each checked."""
    read_ones = [read(e) for e in entries(path) if e["chapter"] == chapter]
    if not read_ones:
        chapters = sorted({e["chapter"] for e in entries(path)})
        raise ValueError(
            f"No claims for chapter {chapter!r} in data/claims.yaml; there are {', '.join(chapters) or 'none'}."
        )
    return {claim.id: claim for claim in read_ones}


def read(entry: Mapping) -> Claim:
    """One entry, checked; ProtocolError says what is wrong."""
    if not isinstance(entry, Mapping):
        raise ProtocolError(f"An entry of data/claims.yaml is {_WORDS[dict]}; got {shown(entry)}.")
    name = entry.get("id", "an entry without an id")
    _only(name, entry, Claim.__dataclass_fields__)
    given = _fitted(name, entry)
    _needs(name, given, "id chapter kind title statement paper url paper_says")
    kind = given["kind"]
    if kind not in ("finding", "theorem"):
        raise ProtocolError(f"{name}: kind is {kind!r}; it is finding or theorem.")
    if kind == "theorem":
        _needs(name, given, "tolerance")
        if given["tolerance"] <= 0:
            raise ProtocolError(f"{name}: tolerance is a size and so positive; got {given['tolerance']:g}.")
        if "protocol" in given:
            raise ProtocolError(f"{name}: a theorem is checked and not judged; it has a tolerance and no protocol.")
    else:
        _needs(name, given, "setting protocol")
        given["protocol"] = _protocol(name, given["protocol"])
    if ("finding" in given) != ("outcome" in given):
        raise ProtocolError(f"{name}: finding (the sentence) and outcome (what it presumes) go together; give both.")
    if given.get("outcome", "supported") not in OUTCOMES:
        raise ProtocolError(f"{name}: outcome is {given['outcome']!r}; it is one of {', '.join(OUTCOMES)}.")
    if "finding" in given and kind == "finding":
        _quotes(name, given["finding"], given["protocol"])
    for key in ("statement", "paper_says", "setting", "finding"):
        given[key] = given.get(key, "").strip()
    return Claim(**given | {"formerly": tuple(given.get("formerly", ()))})


def _quotes(name: str, sentence: str, protocol: Protocol) -> None:
    """Refuse a sentence that quotes what the protocol does not have."""
    known = [*protocol.measured, "replicates"]
    try:
        fields = [quoted for _, quoted, _, _ in string.Formatter().parse(sentence) if quoted is not None]
    except ValueError as error:
        raise ProtocolError(f"{name}: the sentence has a brace that does not fit ({error}).") from None
    for quoted in fields:
        if quoted.split(".")[0] not in known:
            raise ProtocolError(f"{name}: the sentence quotes {{{quoted}}}; the protocol has {', '.join(known)}.")
    try:
        sentence.format(**dict.fromkeys(known, Estimate(1.0, 1.0, 1.0)) | {"replicates": 1})
    except (ValueError, AttributeError) as error:
        raise ProtocolError(f"{name}: the sentence cannot be filled in ({error}).") from None


def _protocol(name: str, entry: Mapping) -> Protocol:
    _only(name, entry, [field for field in Protocol.__dataclass_fields__ if field != "source"])
    entry = _fitted(name, entry)
    _needs(name, entry, "number unit redrawn estimates reason")
    page = entry.get("page", 5)
    if page < 5:
        raise ProtocolError(f"{name}: the page's run has 5 replicates or more; got page: {page!r}.")
    if not entry["estimates"]:
        raise ProtocolError(f"{name}: a protocol names the estimates that decide it; got none.")
    estimates = {key: _condition(name, key, value, True) for key, value in entry["estimates"].items()}
    asked = {key: _condition(name, key, value, False) for key, value in (entry.get("asked") or {}).items()}
    if both := estimates.keys() & asked.keys():
        raise ProtocolError(f"{name}: {sorted(both)[0]} stands among the estimates and among what is asked; keep one.")
    return Protocol(
        entry["number"],
        entry["unit"],
        tuple(entry["redrawn"]),
        page,
        estimates,
        asked,
        entry["reason"].strip(),
        entry.get("cheap", False),
        entry,
    )


def _condition(name: str, key: str, entry: Mapping, decides: bool) -> Condition:
    place = f"{name}, {key}"
    if key == "section":
        raise ProtocolError(f"{place}: section is a link of the card; give the estimate another name.")
    if not (isinstance(key, str) and key.isidentifier()):
        raise ProtocolError(f"{place}: an estimate is passed by name, so its name has letters, digits and _ only.")
    _only(place, entry, [field for field in Condition.__dataclass_fields__ if field != "name"])
    entry = _fitted(place, entry)
    _needs(place, entry, "says")
    quantity = entry.get("quantity", "mean")
    if quantity not in QUANTITIES:
        raise ProtocolError(f"{place}: quantity is {quantity!r}; it is one of {', '.join(QUANTITIES)}.")
    bounds = [bound for bound in _BOUNDS if bound in entry]
    if len(bounds) != decides:
        wanted = f"exactly one of {', '.join(_BOUNDS)}" if decides else "no bound, since it decides nothing"
        raise ProtocolError(f"{place}: it has {' and '.join(bounds) or 'no bound'}; give it {wanted}.")
    if "equals" in entry and "delta" not in entry:
        raise ProtocolError(f"{place}: a claim of no effect needs delta, how much would still count as none.")
    if entry.get("delta", 1) <= 0:
        raise ProtocolError(f"{place}: delta is a size and so positive; got {entry['delta']}.")
    pairs = {key: tuple(entry[key]) for key in ("within", "range") if key in entry}
    condition = Condition(key, **entry | pairs)
    low, high = condition.range or _DOMAINS.get(quantity, (-math.inf, math.inf))
    if wrong := [end for end in condition.claimed if math.isfinite(end) and not low < end < high]:
        raise ProtocolError(
            f"{place}: a bound of {wrong[0]:g} decides nothing, since the {quantity} lies between {low:g} and {high:g}."
        )
    return condition


def _fitted(place: str, entry: Mapping) -> dict:
    """A copy of an entry whose values are of their kinds; ProtocolError for the first that is not."""
    entry = dict(entry)
    for key in _KINDS[float].split():
        if isinstance(entry.get(key), str):  # YAML takes 1e-6, without a point, for a text
            with contextlib.suppress(ValueError):
                entry[key] = float(entry[key])
    for kind, keys in _KINDS.items():
        for key in keys.split():
            if key in entry and not _is(entry[key], kind):
                raise ProtocolError(f"{place}: {key} is {_WORDS[kind]}; got {shown(entry[key])}.")
    return entry


def _is(value: Any, kind: type) -> bool:
    if kind is int:
        return type(value) is int and value >= 1
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    if kind is list:
        return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
    if kind is tuple:
        return isinstance(value, list) and len(value) == 2 and all(_is(v, float) for v in value) and value[0] < value[1]
    return isinstance(value, kind)


def _only(name: str, entry: Mapping, allowed: Iterable[str]) -> None:
    if not isinstance(entry, Mapping):
        raise ProtocolError(f"{name}: this is {_WORDS[dict]}; got {shown(entry)}.")
    if unknown := [key for key in entry if key not in allowed]:
        raise ProtocolError(f"{name}: there is no {unknown[0]!r} here; there are {', '.join(allowed)}.")


def _needs(name: str, entry: Mapping, keys: str) -> None:
    if missing := [key for key in keys.split() if entry.get(key) in (None, "")]:
        raise ProtocolError(f"{name}: {missing[0]} is missing.")
