"""Neural collapse: what becomes of last-layer features and the classifier after the fit (Papyan, Han & Donoho 2020)."""

import torch
from torch import Tensor

from overparam.arithmetic import full_precision
from overparam.errors import require


@full_precision()
@torch.no_grad()
def neural_collapse(features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor) -> dict[str, Tensor]:
    """Four measures [...] that vanish at collapse, of features [..., n, d], labels [n] of K classes, weight [..., K, d], bias [..., K].

    - ``variability`` (NC1): tr(S_W S_B⁺)/K, S_W and S_B the covariances within and between classes, S_B⁺ of rank K − 1
    - ``norms`` and ``angles`` (NC2): relative spread of the lengths of the class means, and the mean over pairs of |cos + 1/(K − 1)|
    - ``duality`` (NC3): ‖W/‖W‖ − M/‖M‖‖², M the class means as rows
    - ``disagreement`` (NC4): share of examples that the network and the nearest class mean put into different classes

    Class means are taken from their mean over classes. Float64.
    """
    features, weight, bias = features.double(), weight.double(), bias.double()
    classes = weight.shape[-2]
    require(
        bool((torch.bincount(labels, minlength=classes) > 0).all()),
        f"Every one of the {classes} classes needs an example; some have none.",
    )
    member = torch.nn.functional.one_hot(labels, classes).double()
    means = (member / member.sum(0)).T @ features
    centred = means - means.mean(-2, keepdim=True)
    within = features - means[..., labels, :]
    u, s, _ = torch.linalg.svd(centred.mT / classes**0.5, full_matrices=False)  # S_B = u s² uᵀ
    seen = within @ u[..., : classes - 1]
    variability = (seen.square().mean(-2) / s[..., : classes - 1].square()).sum(-1) / classes

    lengths = centred.norm(dim=-1)
    unit = centred / lengths[..., None]
    cosines = unit @ unit.mT + 1 / (classes - 1)
    apart = ~torch.eye(classes, dtype=torch.bool)

    def scaled(matrix: Tensor) -> Tensor:
        return matrix / torch.linalg.matrix_norm(matrix)[..., None, None]

    answers = (features @ weight.mT + bias[..., None, :]).argmax(-1)
    nearest = torch.cdist(features, means).argmin(-1)
    return {
        "variability": variability,
        "norms": lengths.std(-1, correction=0) / lengths.mean(-1),
        "angles": cosines[..., apart].abs().mean(-1),
        "duality": torch.linalg.matrix_norm(scaled(weight) - scaled(centred)).square(),
        "disagreement": (answers != nearest).double().mean(-1),
    }
