"""A connector is convolution, norm, ReLU and mean in a row, however it is computed."""

from typing import Any

import pytest
import torch
from torch import nn

from facekd.distil.methods.connectors import CACHED_VALUES, Connector, Connectors
from facekd.distil.networks.stages import StagedOutput, StageSpec


def in_a_row(connector: Connector, stage: torch.Tensor) -> torch.Tensor:
    """The four modules, with the connector's own weights."""
    modules: list[nn.Module] = [connector.conv, connector.bn, nn.ReLU() if connector.relu else nn.Identity()]
    means: torch.Tensor = nn.Sequential(*modules)(stage).mean(dim=(2, 3))
    return means


def pair(relu: bool) -> tuple[Connector, Connector]:
    """Two connectors with the same weights, one for each way."""
    torch.manual_seed(0)
    first, second = (Connector(3, 5, relu=relu).double() for _ in range(2))
    nn.init.normal_(first.bn.weight)
    nn.init.normal_(first.bn.bias)
    second.load_state_dict(first.state_dict())
    return first, second


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("side", [1, 4, 240])
def test_values_gradients_and_running_statistics_are_those_of_the_modules(
    relu: bool, side: int, channels_last: bool
) -> None:
    assert CACHED_VALUES < 5 * 240 * 240  # each image alone
    ours, theirs = pair(relu)
    stage = torch.randn(4, 3, side, side, dtype=torch.float64) * 2 + 5
    if channels_last:
        stage = stage.to(memory_format=torch.channels_last)
    weights = torch.randn(4, 5, dtype=torch.float64)
    results = []
    for connector, way in ((ours, ours), (theirs, lambda x: in_a_row(theirs, x))):
        x = stage.clone().requires_grad_()
        means = way(x)
        (means * weights).sum().backward()
        gradients = [x.grad, *(p.grad for p in connector.parameters())]
        results.append([means, *gradients, *connector.buffers()])
    for mine, reference in zip(*results, strict=True):
        torch.testing.assert_close(mine, reference, rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(ours.eval()(stage), in_a_row(theirs.eval(), stage))


def test_only_spatial_means_are_compared_behind_each_pair_of_stages(make_network: Any) -> None:
    student = (StageSpec("a", 2, 3, signed=False), StageSpec("b", 4, 4, signed=False))
    teacher = (StageSpec("c", 2, 6, signed=True), StageSpec("d", 4, 7, signed=False))
    connectors = Connectors(student, teacher)
    assert [c.relu for c in connectors.each] == [False, True]
    ours = StagedOutput((torch.rand(2, 3, 8, 8), torch.rand(2, 4, 4, 4)))
    theirs = StagedOutput((torch.rand(2, 6, 5, 9), torch.rand(2, 7)))
    shapes = [(s.shape, t.shape) for s, t in connectors(ours, theirs)]
    assert shapes == [((2, 6), (2, 6)), ((2, 7), (2, 7))]
