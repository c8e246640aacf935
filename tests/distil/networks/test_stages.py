"""Stages: pooling and pairing."""

import pytest
import torch

from facekd.distil.networks.layers import GlobalDepthwise
from facekd.distil.networks.preprocess import Preprocess
from facekd.distil.networks.stages import StagedOutput, StageSpec, pair_stages, pool
from facekd.modelcard import InputSpec


def stages(*strides: int) -> list[StageSpec]:
    return [StageSpec(f"s{i}", stride, 8, signed=False) for i, stride in enumerate(strides)]


@pytest.mark.parametrize(
    ("student", "teacher", "pairs"),
    [
        ((1, 2, 4), (1, 2, 4), [(0, 0), (1, 1), (2, 2)]),
        ((2, 4, 8, 16), (1, 2, 4, 8), [(0, 1), (1, 2), (2, 3)]),
        ((1, 2, 4), (1, 2, 4, 8), [(0, 0), (1, 1), (2, 2)]),
        # Among stages of one stride the deepest.
        ((2, 2, 4), (2, 4, 4), [(1, 0), (2, 2)]),
        # Strides that mean different things: from the deepest.
        ((1, 2, 4), (4, 8, 16), [(0, 0), (1, 1), (2, 2)]),
        ((1, 3), (2, 4, 8, 16), [(0, 2), (1, 3)]),
        ((1, 2, 4, 8, 16), (3, 9), [(3, 0), (4, 1)]),
    ],
)
def test_stages_pair_by_stride_or_from_the_deepest(
    student: tuple[int, ...], teacher: tuple[int, ...], pairs: list[tuple[int, int]]
) -> None:
    assert list(pair_stages(stages(*student), stages(*teacher))) == pairs


def test_no_stages_no_pairs() -> None:
    with pytest.raises(ValueError, match="got 0 of the student, 1 of the teacher"):
        pair_stages([], stages(1))


def test_pooling_is_the_mean_over_places_and_leaves_vectors_alone() -> None:
    x = torch.arange(8.0).reshape(1, 2, 2, 2)
    assert pool(x).tolist() == [[1.5, 5.5]]
    assert pool(pool(x)).tolist() == [[1.5, 5.5]]
    output = StagedOutput((x, x[:, :1]), responses=(torch.ones(1, 3),)).pooled()
    assert [stage.shape for stage in output.stages] == [(1, 2), (1, 1)]
    assert output.responses[0].shape == (1, 3)


def test_pixels_are_normalised_in_the_colour_order_of_the_card() -> None:
    image = torch.tensor([10.0, 20.0, 30.0])[None, :, None, None].expand(1, 3, 2, 2)
    rgb = Preprocess(InputSpec(size=(0, 0), colour="rgb", mean=(1, 2, 3), scale=(1, 10, 100)))
    bgr = Preprocess(InputSpec(size=(0, 0), colour="bgr", mean=(1, 2, 3), scale=(1, 10, 100)))
    assert rgb(image)[0, :, 0, 0].tolist() == [9, 180, 2700]
    assert bgr(image)[0, :, 0, 0].tolist() == [29, 180, 700]
    assert list(rgb.state_dict()) == []


def test_a_narrower_network_sees_the_middle() -> None:
    image = torch.arange(6.0).expand(1, 3, 2, 6)
    narrow = Preprocess(InputSpec(size=(2, 2), colour="rgb"))
    assert narrow(image)[0, 0, 0].tolist() == [2, 3]
    with pytest.raises(ValueError, match="at least 2x2"):
        narrow(image[..., :1])
    assert Preprocess(InputSpec(size=(2, 2), colour="rgb"), any_size=True)(image).shape == image.shape


def test_a_weighted_pooling_answers_constant_maps_alike_at_every_resolution() -> None:
    torch.manual_seed(0)
    layer = GlobalDepthwise(4, 7)
    level = torch.tensor([1.0, -2.0, 3.0, 0.5])[None, :, None, None]
    full = layer(level.expand(1, 4, 7, 7))
    # One weight for each place: the sum of weights times the level.
    torch.testing.assert_close(full[0], layer.weight.sum((1, 2, 3)) * level[0, :, 0, 0])
    for side in (3, 4, 6):
        torch.testing.assert_close(layer(level.expand(1, 4, side, side)), full)
