"""What holds for every network of `NETWORKS`, and sizes as published."""

import json
from typing import Any

import msgspec
import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn

from facekd.distil.networks import NETWORKS
from facekd.distil.networks.stages import StagedNetwork

# Small members, so that each case takes a fraction of a second.
MEMBERS = [
    ("cifar_resnet", {"depth": 8}),
    ("cifar_resnet", {"depth": 8, "wide": True}),
    ("cifar_resnet", {"depth": 8, "stem_stride": 2}),
    ("wide_resnet", {"depth": 16, "width": 1}),
    ("wide_resnet", {"depth": 10, "width": 1, "stem_stride": 2}),
    ("mobilenet", {"width": 0.5}),
    ("resnet", {"depth": 18}),
    ("iresnet", {"depth": 18, "embedding_dim": 64}),
    ("mobilefacenet", {}),
    ("desktop", {"size": "small"}),
    ("desktop", {"size": "medium"}),
]
every_member = pytest.mark.parametrize(("name", "fields"), MEMBERS)


def build(name: str, classes: int, fields: dict[str, Any]) -> nn.Module:
    torch.manual_seed(0)
    return NETWORKS[name].build(NETWORKS[name].Config(**fields), classes)


def parameters(name: str, classes: int, **fields: Any) -> int:
    return sum(p.numel() for p in build(name, classes, fields).parameters())


def test_every_family_has_a_member_here() -> None:
    assert {name for name, _ in MEMBERS} == set(NETWORKS)


@every_member
def test_stages_are_what_the_network_declares(name: str, fields: dict[str, Any]) -> None:
    network: Any = build(name, 7, fields).train()
    assert isinstance(network, StagedNetwork)
    side = NETWORKS[name].side
    output = network(torch.randn(2, 3, side, side))
    assert output.embedding.shape == (2, network.embedding_dim)
    assert output.logits.shape == (2, 7)
    assert len({spec.name for spec in network.stage_specs}) == len(output.stages) >= 3
    for spec, stage in zip(network.stage_specs, output.stages, strict=True):
        assert stage.shape == (2, spec.channels, side // spec.stride, side // spec.stride)
        assert (stage < 0).any().item() == spec.signed
    assert [s.stride for s in network.stage_specs] == sorted(s.stride for s in network.stage_specs)


@every_member
def test_without_classes_a_network_ends_at_its_embedding_and_everything_learns(
    name: str, fields: dict[str, Any]
) -> None:
    network: Any = build(name, 0, fields)
    side = NETWORKS[name].side
    output = network(torch.randn(2, 3, side, side))
    assert output.logits is None
    (output.embedding * torch.randn_like(output.embedding)).sum().backward()
    assert all(p.grad is not None for p in network.parameters() if p.requires_grad)


@every_member
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's exporter warns of torch
def test_onnx_runtime_gives_what_torch_gives(name: str, fields: dict[str, Any]) -> None:
    class Embedding(nn.Module):
        def __init__(self, network: Any) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            embedding: torch.Tensor = self.network(images).embedding
            return embedding

    network = Embedding(build(name, 0, fields)).eval()
    side = NETWORKS[name].side
    images = torch.randn(2, 3, side, side)
    program: Any = torch.onnx.export(network, (images,), dynamo=True, verbose=False)
    data = program.model_proto.SerializeToString()
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    (embedding,) = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(embedding, network(images).numpy(), atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("name", NETWORKS)
def test_configurations_describe_themselves(name: str) -> None:
    schema = json.loads(msgspec.json.encode(msgspec.json.schema(NETWORKS[name].Config)))
    fields = schema["$defs"]["Config"]["properties"]
    assert all("description" in field and "default" in field for field in fields.values())


@pytest.mark.parametrize(
    ("name", "fields", "classes", "millions", "digits"),
    [
        # He et al., arXiv:1512.03385, table 6, CIFAR-10. Its shortcuts have no weights; ours are taken off below.
        ("cifar_resnet", {"depth": 20}, 10, 0.27, 2),
        ("cifar_resnet", {"depth": 32}, 10, 0.46, 2),
        ("cifar_resnet", {"depth": 56}, 10, 0.85, 2),
        ("cifar_resnet", {"depth": 110}, 10, 1.7, 1),
    ],
)
def test_residual_networks_for_small_images_have_the_published_size(
    name: str, fields: dict[str, Any], classes: int, millions: float, digits: int
) -> None:
    network = build(name, classes, fields)
    weights = sum(p.numel() for key, p in network.named_parameters() if "shortcut" not in key)
    assert weights / 1e6 == pytest.approx(millions, abs=0.51 * 10**-digits)


@pytest.mark.parametrize(
    ("depth", "wide", "exact"),
    [(8, False, 83_892), (14, False, 181_108), (8, True, 1_233_540), (32, True, 7_433_860)],
)
def test_the_other_members_have_the_size_that_their_layers_add_up_to(
    depth: int, wide: bool, exact: int
) -> None:
    """Counted from the description in arXiv:1910.10699: 3x3 convolutions, norms, 1x1 shortcuts, 100 classes."""
    widths, stem = ((64, 128, 256), 32) if wide else ((16, 32, 64), 16)
    total, inputs = 3 * stem * 9 + 2 * stem, stem
    for index, width in enumerate(widths):
        for block in range((depth - 2) // 6):
            total += 9 * inputs * width + 9 * width * width + 4 * width
            if block == 0 and (index > 0 or inputs != width):
                total += inputs * width + 2 * width
            inputs = width
    assert parameters("cifar_resnet", 100, depth=depth, wide=wide) == total + 100 * widths[-1] + 100 == exact


@pytest.mark.parametrize(
    ("name", "fields", "classes", "millions", "digits"),
    [
        # Zagoruyko and Komodakis, arXiv:1605.07146, tables 3 and 4, CIFAR-10.
        ("wide_resnet", {"depth": 40, "width": 1}, 10, 0.6, 1),
        ("wide_resnet", {"depth": 40, "width": 2}, 10, 2.2, 1),
        ("wide_resnet", {"depth": 16, "width": 2}, 10, 0.7, 1),
        # weiaicunzai/pytorch-cifar100 and da2so/DA2Lite, model zoos, CIFAR-100: 11.22 and 21.33.
        ("resnet", {"depth": 18}, 100, 11.22, 2),
        ("resnet", {"depth": 34}, 100, 21.33, 2),
        # The half-width student of CRD's tables, CIFAR-100.
        ("mobilenet", {"width": 0.5}, 100, 0.81, 2),
        # InsightFace's iresnet18 and 50 with 512 numbers: 24.03 and 43.59.
        ("iresnet", {"depth": 18}, 0, 24.03, 2),
        ("iresnet", {"depth": 50}, 0, 43.59, 2),
    ],
)
def test_networks_have_the_published_size(
    name: str, fields: dict[str, Any], classes: int, millions: float, digits: int
) -> None:
    assert parameters(name, classes, **fields) / 1e6 == pytest.approx(millions, abs=0.51 * 10**-digits)


def test_mobilefacenet_has_the_published_size() -> None:
    """0.993 million (Open Model Zoo, of InsightFace's y1; the paper says 0.99), norms folded into a bias each."""
    network = build("mobilefacenet", 0, {})
    norms = sum(m.num_features for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d))
    assert (sum(p.numel() for p in network.parameters()) - norms) / 1e6 == pytest.approx(0.993, abs=0.0005)


@pytest.mark.parametrize(("size", "most"), [("small", 250_000), ("medium", 500_000)])
def test_our_own_networks_keep_within_their_size(size: str, most: int) -> None:
    assert parameters("desktop", 0, size=size) <= most


@pytest.mark.parametrize("name", ["desktop", "mobilefacenet"])
@pytest.mark.parametrize("side", [48, 64, 80, 112])
def test_training_may_begin_at_a_lower_resolution(name: str, side: int) -> None:
    network: Any = build(name, 0, {})
    embedding = network(torch.randn(2, 3, side, side)).embedding
    assert embedding.shape == (2, 128)
    assert embedding.isfinite().all()


def test_a_network_of_fixed_resolution_says_so() -> None:
    with pytest.raises(ValueError, match=r"expected crops \[B, 3, 112, 112\], got \(1, 3, 64, 64\)"):
        build("iresnet", 0, {"embedding_dim": 16})(torch.rand(1, 3, 64, 64))
