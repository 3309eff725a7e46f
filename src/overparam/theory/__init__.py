"""Models that can be computed without training networks, and what theorems say of them."""

from overparam.theory import (
    backward_error,
    central_flow,
    critical_points,
    functions,
    guessing,
    kernels,
    linear,
    planes,
    poison,
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
    "functions",
    "guessing",
    "kernels",
    "linear",
    "planes",
    "poison",
    "separability",
    "spectra",
    "splines",
    "students",
    "trees",
    "two_speeds",
]
