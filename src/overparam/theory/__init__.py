"""Models that can be computed without training networks, and what theorems say of them."""

from overparam.theory import (
    backward_error,
    central_flow,
    critical_points,
    deep_linear,
    functions,
    kernels,
    linear,
    margins,
    planes,
    separability,
    spectra,
    splines,
    students,
    trees,
    two_speeds,
)

__all__ = [
    "backward_error",
    "central_flow",
    "critical_points",
    "deep_linear",
    "functions",
    "kernels",
    "linear",
    "margins",
    "planes",
    "separability",
    "spectra",
    "splines",
    "students",
    "trees",
    "two_speeds",
]
