"""The regions into which a classifier cuts the space of its inputs, seen on planes through examples."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn

from overparam.architectures.evaluate import outputs
from overparam.arithmetic import full_precision
from overparam.errors import numbers, outputs_on, real, require, shown, tensor, whole

_AT_ONCE = 2**22  # numbers in the inputs that are held at a time


@dataclass(frozen=True)
class Planes:
    """Predicted classes on k planes, each through three examples a, b, c.

    Lengths are those of the input space. The first axis of a plane runs from a to b; the second is orthogonal to it, with c
    on its positive side. To draw plane i:
    ``imshow(planes.classes[i], extent=planes.extents[i], origin="lower")`` and ``plot(*planes.corners[i].T, "o")``.
    """

    classes: np.ndarray  # [k, resolution, resolution]: second axis of the plane, then first
    corners: np.ndarray  # [k, 3, 2]: coordinates of a, b and c
    extents: np.ndarray  # [k, 4]: left, right, bottom and top edge of the picture


@full_precision()
def planes(module: nn.Module, triplets: Tensor, resolution: int = 25, margin: float = 0.2) -> Planes:
    """Predicted classes on the planes through triplets [k, 3, ...] of examples, at resolution² points (Somepalli et al. 2022).

    The picture is the rectangle around the three examples, wider by ``margin`` times its width and height on every side, cut into
    equal cells; each shows the class at its centre.
    """
    tensor("triplets", triplets, least=0)
    require(
        triplets.dim() >= 3 and triplets.shape[1] == 3 and len(triplets) > 0,
        f"triplets of examples must be [k, 3, ...] with k from 1 up; got {list(triplets.shape)}.",
    )
    says = (
        f"A picture needs a resolution from 1 up and a margin from 0 up; got {shown(resolution)} and {shown(margin)}."
    )
    resolution, margin = whole("resolution", resolution, 1, says=says), real("margin", margin, says)
    require(margin >= 0, says)
    outputs_on(module, triplets[:, 0], "examples")
    corners, axes = _coordinates(triplets.flatten(2))
    low, high = corners.amin(1), corners.amax(1)
    low, high = low - margin * (high - low), high + margin * (high - low)  # [k, 2]
    centres = (torch.arange(resolution, device=low.device, dtype=low.dtype) + 0.5) / resolution
    first, second = (low[..., None] + (high - low)[..., None] * centres).unbind(1)  # [k, resolution] each

    together = max(1, _AT_ONCE // (resolution**2 * triplets[0, 0].numel()))
    classes = []
    for part in torch.arange(len(triplets), device=low.device).split(together):
        rows = second[part][:, :, None, None] * axes[part, 1][:, None, None]
        columns = first[part][:, None, :, None] * axes[part, 0][:, None, None]
        points = triplets[part, 0].flatten(1)[:, None, None] + rows + columns
        classes.append(_classes(module, points, triplets.shape[2:]))
    extents = torch.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], 1)
    return Planes(np.concatenate(classes), corners.cpu().numpy(), extents.cpu().numpy())


def _coordinates(triplets: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates [k, 3, 2] of triplets [k, 3, d] in their planes, and the planes' orthonormal axes [k, 2, d]."""
    a, b, c = triplets.unbind(1)
    width = (b - a).norm(dim=1, keepdim=True)
    first = (b - a) / width
    along = ((c - a) * first).sum(1, keepdim=True)
    across = c - a - along * first
    height = across.norm(dim=1, keepdim=True)
    flat = ~((width > 0) & (height > 1e-5 * width))[:, 0]  # also where width = 0 made the rest not a number
    require(
        not flat.any(),
        f"Three examples must not lie on one line; those of triplet {flat.nonzero()[:1].flatten().tolist()} do: choose "
        "three different examples.",
    )
    zero = torch.zeros_like(width)
    corners = torch.stack([torch.cat(pair, 1) for pair in ((zero, zero), (width, zero), (along, height))], 1)
    return corners, torch.stack([first, across / height], 1)


def components(classes: np.ndarray) -> np.ndarray:
    """Number of connected regions of one class in each picture: classes [k, rows, columns], result [k].

    Cells are connected through their edges, not through their corners.
    """
    classes = numbers("Pictures of classes", classes, least=0)
    require(classes.ndim == 3, f"Pictures must be [k, rows, columns]; got {list(classes.shape)}.")
    return np.array([sum(ndimage.label(picture == c)[1] for c in np.unique(picture)) for picture in classes])


def _classes(module: nn.Module, points: Tensor, shape: torch.Size) -> np.ndarray:
    """Predicted classes [...] at points [..., d] that the module sees as examples of this shape."""
    logits = outputs(module, points.reshape(-1, *shape))
    return logits.argmax(1).view(points.shape[:-1]).cpu().numpy()
