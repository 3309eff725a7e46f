"""Pictures of decision regions against points worked out one by one, and counts of regions drawn by hand."""

import numpy as np
import pytest
import torch

from overparam.architectures.stacked import MLP
from overparam.measures import regions
from overparam.randomness import generator


@pytest.fixture
def network():
    module = MLP(16).build((1, 2, 3), 4, generator(0, "init"))
    module[-1].weight.data *= 10
    return module


@pytest.fixture
def triplets():
    return 3 * torch.randn(5, 3, 1, 2, 3, generator=generator(0, "test"))


def one_by_one(module, triplet, picture, resolution):
    """The class at the centre of every cell [row, column], from coordinates and corners alone."""
    left, right, bottom, top = picture.extents
    (a, b, c), shape = triplet.flatten(1).double().numpy(), triplet.shape[1:]
    # The affine map that sends the coordinates of the three corners to the three examples.
    to_inputs = np.linalg.solve(np.column_stack([picture.corners, np.ones(3)]), np.array([a, b, c]))
    classes = np.empty((resolution, resolution), int)
    for row in range(resolution):
        for column in range(resolution):
            u = left + (column + 0.5) / resolution * (right - left)
            v = bottom + (row + 0.5) / resolution * (top - bottom)
            point = torch.tensor([u, v, 1.0]).double().numpy() @ to_inputs
            classes[row, column] = module(torch.tensor(point).float().view(1, *shape)).argmax()
    return classes


def test_planes_show_the_class_at_every_point(network, triplets):
    planes = regions.planes(network, triplets, resolution=9, margin=0.3)
    assert planes.classes.shape == (5, 9, 9)
    assert len(np.unique(planes.classes)) > 1
    for k, triplet in enumerate(triplets):
        picture = regions.Planes(planes.classes[k], planes.corners[k], planes.extents[k])
        assert np.array_equal(planes.classes[k], one_by_one(network, triplet, picture, 9))


def test_corners_keep_the_distances_between_the_examples(network, triplets):
    planes = regions.planes(network, triplets)
    for corners, points in zip(planes.corners, triplets.flatten(2).numpy(), strict=True):
        for i, j in ((0, 1), (0, 2), (1, 2)):
            expected = np.linalg.norm(points[i] - points[j])
            assert np.linalg.norm(corners[i] - corners[j]) == pytest.approx(expected, rel=1e-5)
    assert (planes.corners[:, 0] == 0).all()
    assert (planes.corners[:, 1, 1] == 0).all()
    assert (planes.corners[:, 2, 1] > 0).all()


def test_the_margin_is_a_share_of_the_rectangle_around_the_examples(network):
    triangle = torch.tensor([[0.0, 0, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0], [1, 2, 0, 0, 0, 0]]).view(1, 3, 1, 2, 3)
    planes = regions.planes(network, triangle, margin=0.25)
    assert planes.corners[0] == pytest.approx(np.array([[0, 0], [4, 0], [1, 2]]))
    assert planes.extents[0] == pytest.approx([-1, 5, -0.5, 2.5])


def test_what_does_not_fit_together_is_evaluated_in_parts(network, triplets, monkeypatch):
    whole = regions.planes(network, triplets)
    monkeypatch.setattr(regions, "_AT_ONCE", 1)
    assert np.array_equal(regions.planes(network, triplets).classes, whole.classes)


def test_components_of_pictures_drawn_by_hand():
    drawn = np.array(
        [
            ["aaaa", "abba", "abba", "aaaa"],  # a ring and what it encloses
            ["aaab", "aaba", "abaa", "baaa"],  # corners do not connect: 4 b, and a on both sides
            ["aacc", "aacc", "bbaa", "bbaa"],
            ["aaaa", "aaaa", "aaaa", "aaaa"],
        ]
    )
    classes = np.array([[[ord(letter) for letter in row] for row in picture] for picture in drawn])
    assert regions.components(classes).tolist() == [2, 6, 4, 1]


def test_bad_input_is_one_sentence(network, triplets):
    with pytest.raises(ValueError, match=r"must be \[k, 3, ...\] with k from 1 up; got \[5, 2, 1, 2, 3\]"):
        regions.planes(network, triplets[:, :2])
    with pytest.raises(ValueError, match=r"resolution from 1 up and a margin from 0 up; got 0 and 0\.2"):
        regions.planes(network, triplets, resolution=0)
    with pytest.raises(ValueError, match=r"must be \[k, rows, columns\]; got \[4, 4\]"):
        regions.components(np.zeros((4, 4)))


@pytest.mark.parametrize("which", [[0, 0, 1], [0, 1, 0], [0, 1, 1]])
def test_examples_on_one_line_span_no_plane(network, triplets, which):
    triplets[3] = triplets[3][which]
    with pytest.raises(ValueError, match=r"must not lie on one line; those of triplet \[3\] do"):
        regions.planes(network, triplets)
