"""The parameters of a network, counted from its file and by the package that desks do not have."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from facekd.errors import ModelFileError
from facekd.evaluation.parameters import count_parameters
from facekd.models import ModelFile


def by_onnx(data: bytes) -> int:
    return sum(int(np.prod(each.dims)) for each in onnx.load_from_string(data).graph.initializer)


def test_the_count_is_that_of_the_onnx_package(tiny_detector: ModelFile, tiny_embedder: ModelFile) -> None:
    for model in (tiny_detector, tiny_embedder):
        assert count_parameters(model.read()) == by_onnx(model.read())
    assert count_parameters(tiny_detector.read()) > 50


def test_shapes_of_every_kind_are_counted() -> None:
    shapes = [(300, 70, 3, 3), (7,), (), (1, 0)]
    weights = [
        numpy_helper.from_array(np.zeros(shape, np.float32), f"w{n}") for n, shape in enumerate(shapes)
    ]
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [value], weights)
    data = helper.make_model(graph).SerializeToString()
    assert count_parameters(data) == 300 * 70 * 9 + 7 + 1 + 0


@pytest.mark.parametrize("data", [b"no model at all", b"\x3a\xff\xff", b"\xff" * 40])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ModelFileError, match="expected an ONNX file"):
        count_parameters(data)


@pytest.mark.shared
def test_a_real_network_is_counted(weights: Path) -> None:
    data = (weights / "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm.onnx").read_bytes()
    assert count_parameters(data) == by_onnx(data)
