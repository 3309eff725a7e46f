"""How predictors vary: bias and variance, effective parameters, dispersion of correct answers, votes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from overparam.errors import listed, numbers, require, shown, whole


@dataclass(frozen=True)
class Components:
    """Expected squared error of a predictor, split by where its randomness comes from; all in units of the target².

    ``bias2`` is the squared error of the mean prediction over training sets and initialisations; the variance is the
    sum of ``sampling`` (training set), ``initialisation`` and ``interaction`` (what neither explains alone). Estimates
    are unbiased, so a small one may come out below zero. The noise of the targets, if any, is not in them.
    """

    bias2: float
    sampling: float
    initialisation: float
    interaction: float

    @property
    def variance(self) -> float:
        """The whole variance, over training sets and initialisations together."""
        return self.sampling + self.initialisation + self.interaction

    @property
    def from_initialisation(self) -> float:
        """E_S Var_θ0: the mean variance over initialisations with the training set held fixed (Neal et al. 2018)."""
        return self.initialisation + self.interaction

    @property
    def from_sampling(self) -> float:
        """Var_S E_θ0: the variance over training sets that an infinite ensemble would still have."""
        return self.sampling

    @property
    def risk(self) -> float:
        """Expected squared error against noiseless targets."""
        return self.bias2 + self.variance

    def named(self) -> dict[str, float]:
        """All of them by their names in words: one row of a table."""
        alone = {"sampling": self.sampling, "initialisation": self.initialisation, "interaction": self.interaction}
        split = {"from sampling": self.from_sampling, "from initialisation": self.from_initialisation}
        return {"bias²": self.bias2, "variance": self.variance, "risk": self.risk} | alone | split


class CrossedRuns:
    """Predictions of runs that cross S training sets with I initialisations, ready to be decomposed and averaged.

    predictions [S, I, m] (m = test examples × outputs) and target [m], noiseless. The error is the squared distance summed
    over outputs and averaged over the ``examples`` test examples. Only inner products between runs are kept.
    """

    def __init__(self, predictions: np.ndarray, target: np.ndarray, examples: int) -> None:
        predictions, target = numbers("predictions", predictions), numbers("target", target)
        if predictions.ndim != 3 or predictions.shape[2:] != target.shape:
            raise ValueError(
                f"predictions must be [training sets, initialisations, m] with a target [m]; "
                f"got {predictions.shape} and {target.shape}."
            )
        s, i, m = predictions.shape
        examples = whole(
            "examples",
            examples,
            1,
            m,
            f"examples lies between 1 and the {m} numbers of a target; got {shown(examples)}.",
        )
        error = (predictions - target).reshape(s * i, m).astype(np.float64)
        self.products = (error @ error.T / examples).reshape(s, i, s, i)

    def components(self) -> Components:
        """Two-way analysis of variance of the runs.

        With e[s, i] = prediction − target, averages of ⟨e[s, i], e[s', i']⟩ over pairs that share nothing, the training set,
        the initialisation, or both, estimate bias², bias² + sampling, bias² + initialisation, and the risk.
        """
        p = self.products
        s, i = p.shape[:2]
        if s < 2 or i < 2:
            raise ValueError(
                f"A split of the variance needs at least 2 training sets and 2 initialisations; got {s} and {i}."
            )
        both = np.einsum("sisi->", p)
        same_set, same_init, everything = np.einsum("sisj->", p), np.einsum("siti->", p), p.sum()
        risk = both / (s * i)
        share_set = (same_set - both) / (s * i * (i - 1))
        share_init = (same_init - both) / (s * i * (s - 1))
        bias2 = (everything - same_set - same_init + both) / (s * i * (s - 1) * (i - 1))
        sampling, initialisation = share_set - bias2, share_init - bias2
        return Components(bias2, sampling, initialisation, risk - bias2 - sampling - initialisation)

    def error_of_mean(self, training_sets: Iterable[int], initialisations: Iterable[int]) -> float:
        """Squared error of the average prediction over these runs: an ensemble, a bag, or both."""
        places = []
        for name, chosen, size in zip(
            ("training_sets", "initialisations"), (training_sets, initialisations), self.products.shape, strict=False
        ):
            says = f"{name} lists some of the {size} {name.replace('_', ' ')} by their numbers from 0; got {shown(chosen)}."
            places.append([whole(name, k, -size, size - 1, says) for k in listed(chosen, says)])
            require(bool(places[-1]), says)
        training_sets, initialisations = places
        block = self.products[np.ix_(training_sets, initialisations, training_sets, initialisations)]
        return float(block.mean())


def bias_variance(predictions: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared bias and variance at every test point: predictions [training sets, …, points], target [points].

    Returns arrays [..., points]. The bias² of the sample mean is corrected by variance / training sets, so that both
    estimates are unbiased.
    """
    predictions, target = numbers("predictions", predictions), numbers("target", target, 1)
    require(
        predictions.ndim >= 2 and len(predictions) >= 2 and predictions.shape[-1:] == target.shape,
        "predictions must be [training sets, …, points] of 2 training sets or more with a target [points]; "
        f"got {list(predictions.shape)} and {list(target.shape)}.",
    )
    variance = predictions.var(0, ddof=1)
    return (predictions.mean(0) - target) ** 2 - variance / len(predictions), variance


def effective_parameters(smoother: np.ndarray) -> float:
    """Effective parameters that a linear smoother spends on test inputs; smoother [test, train], ŷ(test) = smoother · y.

    n · mean ‖s(x)‖²: 1 for the mean of all labels, n for one nearest neighbour (Curth et al. 2023, generalised p0). Weights
    that were themselves chosen with the labels, such as a tree's, are taken as given: the search is not counted.
    """
    smoother = numbers("smoother", smoother, 2)
    return smoother.shape[1] * float((smoother**2).sum(1).mean())


def over_dispersion(correct: np.ndarray) -> float:
    """How much more the accuracy differs between examples than luck makes it; correct [runs, examples], 0 or 1.

    Variance over examples of the share of runs that classify each correctly, divided by p(1 − p) / runs, what runs that
    are right on every example with the same probability p (their mean accuracy) give on average: 1 for them, up to
    about ``runs`` where each example is always right or always wrong.
    """
    correct = numbers("correct", correct, least=0).astype(np.float64)
    require(
        bool(((correct == 0) | (correct == 1)).all()),
        "correct says of each example whether it is classified correctly, 1 or 0; got other numbers.",
    )
    require(
        correct.ndim == 2 and min(correct.shape) >= 2,
        f"correct must be [runs, examples], 2 of each or more; got {list(correct.shape)}.",
    )
    p = correct.mean()
    require(
        0 < p < 1, f"Where all runs are right, or wrong, on all examples nothing varies; the mean accuracy is {p:g}."
    )
    return float(correct.mean(0).var(ddof=1) * len(correct) / (p * (1 - p)))


def plurality(outputs: np.ndarray) -> np.ndarray:
    """Class [..., m] that most of the members answer, for outputs [..., members, m, K]; ties go to the larger mean output."""
    outputs = np.asarray(outputs)
    votes = np.eye(outputs.shape[-1])[outputs.argmax(-1)].sum(-3)
    mean = outputs.mean(-3)
    return (votes + mean / (1 + np.abs(mean).max()) / 2).argmax(-1)
