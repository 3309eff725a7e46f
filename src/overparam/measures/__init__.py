"""What is measured on trained networks and other fitted predictors, and read off tables of runs."""

from overparam.measures import connectivity, curvature, information, regions, sensitivity, sharpness, volume
from overparam.measures import connectivity, curvature, dimension, regions, sensitivity, sharpness, volume
from overparam.measures.coherence import m_coherence
from overparam.measures.collapse import neural_collapse
from overparam.measures.norms import (
    distance,
    frobenius,
    layers,
    margins,
    norms,
    path_norm,
    spectral_product,
    with_layers,
)
from overparam.measures.statistics import weight_statistics
from overparam.measures.tables import (
    at_level,
    best_and_last,
    by_seed,
    cross_fit,
    effective_complexity,
    held_out,
    label_history,
    lowest_at,
    peak_and_dip,
    rise_and_fall,
    stopped_errors,
    threshold,
    waits,
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
    "at_level",
    "best_and_last",
    "bias_variance",
    "by_seed",
    "connectivity",
    "cross_fit",
    "curvature",
    "dimension",
    "distance",
    "effective_complexity",
    "effective_parameters",
    "frobenius",
    "held_out",
    "information",
    "label_history",
    "layers",
    "lowest_at",
    "m_coherence",
    "margins",
    "neural_collapse",
    "norms",
    "over_dispersion",
    "path_norm",
    "peak_and_dip",
    "plurality",
    "regions",
    "rise_and_fall",
    "sensitivity",
    "sharpness",
    "spectral_product",
    "stopped_errors",
    "threshold",
    "volume",
    "waits",
    "weight_statistics",
    "with_layers",
]
