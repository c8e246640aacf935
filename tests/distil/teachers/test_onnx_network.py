"""ONNX files as teachers."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from facekd.distil.networks import NETWORKS
from facekd.distil.teachers.onnx_network import OnnxNetwork, default_stages, onnx_teacher, read_graph
from facekd.errors import ModelFileError
from facekd.modelcard import InputSpec
from facekd.models import open_model_file

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's exporter warns of torch
SPEC = InputSpec(size=(32, 32), colour="rgb", mean=(127.5,) * 3, scale=(1 / 128,) * 3)


class Classifier(nn.Module):
    """A network that shows only its logits, as exported files do."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.network: Any = NETWORKS["cifar_resnet"].build(NETWORKS["cifar_resnet"].Config(depth=14), 6)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(images).logits
        return logits


@pytest.fixture(scope="module")
def torch_network() -> Classifier:
    return Classifier().eval()


@pytest.fixture(scope="module")
def path(torch_network: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    program: Any = torch.onnx.export(
        torch_network,
        (torch.rand(2, 3, 32, 32),),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("n")},),
        verbose=False,
    )
    path = tmp_path_factory.mktemp("onnx") / "teacher.onnx"
    path.write_bytes(program.model_proto.SerializeToString())
    return path


def test_the_tensors_that_end_each_resolution_become_stages(path: Path, torch_network: Classifier) -> None:
    teacher = onnx_teacher(path, SPEC, logits=True, threads=1)
    facts = [(s.stride, s.channels, s.signed) for s in teacher.stage_specs]
    assert facts == [(1, 16, False), (2, 32, False), (4, 64, False)]
    assert (teacher.classes, teacher.embedding_dim) == (6, 64)  # what its last layer, a linear map, gets
    images = torch.rand(3, 3, 32, 32) * 255
    output = teacher(images)
    with torch.no_grad():
        expected = torch_network.network((images - 127.5) / 128)
    torch.testing.assert_close(output.logits, expected.logits, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(output.embedding, expected.embedding, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(output.stages, expected.stages, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_stages_may_be_averaged_inside_the_network(path: Path) -> None:
    images = torch.rand(2, 3, 32, 32) * 255
    maps, means = (onnx_teacher(path, SPEC, pooled=pooled, threads=1)(images) for pooled in (False, True))
    for ours, theirs in zip(means.stages, maps.pooled().stages, strict=True):
        assert ours.ndim == 2
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_stages_can_be_named_and_a_wrong_name_is_answered_with_right_ones(path: Path) -> None:
    graph = read_graph(path.read_bytes(), path.name)
    wanted = [graph.maps[0].name, graph.maps[-1].name]
    network = OnnxNetwork(path.read_bytes(), path.name, wanted, threads=1)
    assert [spec.name for spec in network.stage_specs] == wanted
    with pytest.raises(ModelFileError, match=r"no tensor 'layer9'.*" + default_stages(graph)[0]):
        OnnxNetwork(path.read_bytes(), path.name, ["layer9"])


def test_other_stages_or_pixels_make_another_teacher(path: Path) -> None:
    first = onnx_teacher(path, SPEC, threads=1)
    assert first.id == onnx_teacher(path, SPEC, pooled=True, threads=1).id
    assert first.id != onnx_teacher(path, InputSpec(size=(32, 32), colour="bgr"), threads=1).id
    assert first.id != onnx_teacher(path, SPEC, [first.stage_specs[0].name], threads=1).id
    assert list(first.parameters()) == []


def test_signs_follow_the_operators() -> None:
    """Conv (signed) -> Relu -> MaxPool (not) -> Clip(-1, 1) (signed) -> Clip(0, 6) (not)."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["conv"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("MaxPool", ["relu"], ["pool"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Clip", ["pool", "low", "high"], ["both"]),
        helper.make_node("Clip", ["both", "zero", "high"], ["six"]),
        helper.make_node("GlobalAveragePool", ["six"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["y"]),
    ]
    constants = {"w": np.ones((4, 3, 3, 3)), "low": np.array(-1), "high": np.array(1), "zero": np.array(0)}
    weights = [onnx.numpy_helper.from_array(v.astype(np.float32), k) for k, v in constants.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 16, 16])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], weights),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    graph = read_graph(model.SerializeToString(), "g")
    assert {s.name: (s.stride, s.signed) for s in graph.maps} == {
        "conv": (2, True),
        "relu": (2, False),
        "pool": (4, False),
        "both": (4, True),
        "six": (4, False),
    }
    assert default_stages(graph) == ("relu", "six")


def test_a_stage_is_the_sum_that_ends_a_block_not_the_wide_map_inside() -> None:
    """Conv to 4 channels -> up to 8 -> Relu -> down to 4 -> plus the first -> mean."""
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["start"], strides=[2, 2]),
        helper.make_node("Conv", ["start", "up"], ["wide"]),
        helper.make_node("Relu", ["wide"], ["active"]),
        helper.make_node("Conv", ["active", "down"], ["narrow"]),
        helper.make_node("Add", ["narrow", "start"], ["sum"]),
        helper.make_node("Conv", ["sum", "up"], ["after"]),
        helper.make_node("Relu", ["after"], ["last"]),
        helper.make_node("GlobalAveragePool", ["last"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["y"]),
    ]
    shapes = {"first": (4, 3, 1, 1), "up": (8, 4, 1, 1), "down": (4, 8, 1, 1)}
    weights = [onnx.numpy_helper.from_array(np.ones(shape, np.float32), k) for k, shape in shapes.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 16, 16])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 8])
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], weights),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    assert default_stages(read_graph(model.SerializeToString(), "g")) == ("sum",)


@pytest.mark.parametrize("data", [b"", b"no network", b"\x08\x08"])
def test_a_file_that_is_no_network_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(data)
    with pytest.raises(ModelFileError, match=r"broken.onnx.*expected"):
        onnx_teacher(tmp_path / "broken.onnx", SPEC)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"absent.onnx: the model file cannot be read"):
        onnx_teacher(tmp_path / "absent.onnx", SPEC)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("teacher_a_y1_mobilefacenet_112_rgb_raw", [(2, 64), (4, 64), (8, 128), (16, 128)]),
        ("teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm", [(2, 64), (4, 64), (8, 128), (16, 128)]),
        ("teacher_c_xiaoccer_mobilefacenet_112x96_rgb", [(2, 64), (4, 64), (8, 128), (16, 128)]),
    ],
)
def test_the_three_public_embedders_show_a_stage_at_every_resolution(
    weights: Path, file: str, stages: list[tuple[int, int]]
) -> None:
    model = open_model_file(weights / f"{file}.onnx")
    teacher = onnx_teacher(model.path, model.card.input, threads=1)
    assert [(s.stride, s.channels) for s in teacher.stage_specs] == stages
    torch.manual_seed(0)
    output = teacher(torch.rand(2, 3, 112, 112) * 255)
    assert output.embedding.shape == (2, 128)
    for spec, stage in zip(teacher.stage_specs, output.stages, strict=True):
        assert stage.shape[:2] == (2, spec.channels)
        assert (stage < 0).any().item() == spec.signed
