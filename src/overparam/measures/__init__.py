"""What is measured on trained networks and other fitted predictors, and read off tables of runs."""

from overparam.measures import connectivity, curvature, regions, sensitivity
from overparam.measures.coherence import m_coherence
from overparam.measures.norms import distance, frobenius, layers, norms, path_norm, spectral_product, with_layers
from overparam.measures.tables import (
    contrasts,
    effective_complexity,
    lowest_elsewhere,
    peak_and_dip,
    stopped_errors,
    threshold,
)
from overparam.measures.variance import (
    Components,
    CrossedRuns,
    bias_variance,
    effective_parameters,
    over_dispersion,
    plurality,
)

__all__ = [
    "Components",
    "CrossedRuns",
    "bias_variance",
    "connectivity",
    "contrasts",
    "curvature",
    "distance",
    "effective_complexity",
    "effective_parameters",
    "frobenius",
    "layers",
    "lowest_elsewhere",
    "m_coherence",
    "norms",
    "over_dispersion",
    "path_norm",
    "peak_and_dip",
    "plurality",
    "regions",
    "sensitivity",
    "spectral_product",
    "stopped_errors",
    "threshold",
    "with_layers",
]
