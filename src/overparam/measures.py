"""What is measured on trained networks and other fitted predictors."""

from dataclasses import dataclass

import numpy as np


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


class CrossedRuns:
    """Predictions of runs that cross S training sets with I initialisations, ready to be decomposed and resampled.

    predictions [S, I, m] (m = test examples × outputs) and target [m], noiseless. The error is the squared distance summed
    over outputs and averaged over the ``examples`` test examples. Only inner products between runs are kept, so
    leaving training sets out costs nothing.
    """

    def __init__(self, predictions: np.ndarray, target: np.ndarray, examples: int):
        if predictions.ndim != 3 or predictions.shape[2:] != target.shape:
            raise ValueError(
                f"predictions must be [training sets, initialisations, m] with a target [m]; "
                f"got {predictions.shape} and {target.shape}."
            )
        s, i, m = predictions.shape
        error = (predictions - target).reshape(s * i, m).astype(np.float64)
        self.products = (error @ error.T / examples).reshape(s, i, s, i)

    def components(self, training_sets=slice(None), initialisations=slice(None)) -> Components:
        """Two-way analysis of variance of the runs, or of those on some training sets and initialisations.

        With e[s, i] = prediction − target, averages of ⟨e[s, i], e[s', i']⟩ over pairs that share nothing, the training set,
        the initialisation, or both, estimate bias², bias² + sampling, bias² + initialisation, and the risk.
        """
        p = self.products[training_sets][:, initialisations][:, :, training_sets][:, :, :, initialisations]
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

    def leave_one_out(self) -> tuple[list[Components], list[Components]]:
        """The components without each training set in turn, and without each initialisation in turn."""
        sets, inits = (np.arange(k) for k in self.products.shape[:2])
        return (
            [self.components(training_sets=np.delete(sets, k)) for k in sets],
            [self.components(initialisations=np.delete(inits, k)) for k in inits],
        )

    def error_of_mean(self, training_sets, initialisations) -> float:
        """Squared error of the average prediction over these runs: an ensemble, a bag, or both."""
        block = self.products[np.ix_(training_sets, initialisations, training_sets, initialisations)]
        return float(block.mean())


def bias_variance(predictions: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared bias and variance at every test point: predictions [training sets, …, points], target [points].

    Returns arrays [..., points]. The bias² of the sample mean is corrected by variance / training sets, so that both
    estimates are unbiased.
    """
    variance = predictions.var(0, ddof=1)
    return (predictions.mean(0) - target) ** 2 - variance / len(predictions), variance


def effective_parameters(smoother: np.ndarray) -> float:
    """Effective parameters that a linear smoother spends on test inputs; smoother [test, train], ŷ(test) = smoother · y.

    n · mean ‖s(x)‖²: 1 for the mean of all labels, n for one nearest neighbour (Curth et al. 2023, generalised p0). Weights
    that were themselves chosen with the labels, such as a tree's, are taken as given: the search is not counted.
    """
    return smoother.shape[1] * float((smoother**2).sum(1).mean())
