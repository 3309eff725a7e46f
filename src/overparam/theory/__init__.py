"""Models that can be computed without training networks, and what theorems say of them."""

from overparam.theory import (
    backward_error,
    central_flow,
    critical_points,
    diagonal,
    functions,
    kernels,
    linear,
    planes,
    separability,
    spectra,
    splines,
    students,
    tangent,
    trees,
    two_speeds,
)

__all__ = [
    "backward_error",
    "central_flow",
    "critical_points",
    "diagonal",
    "functions",
    "kernels",
    "linear",
    "planes",
    "separability",
    "spectra",
    "splines",
    "students",
    "tangent",
    "trees",
    "two_speeds",
]
