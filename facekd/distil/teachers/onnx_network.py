"""An ONNX file as a network with stages: tensors inside it become outputs.

What cannot be retrained can still teach. Any tensor [n, C, H, W] whose shape is known may be a stage; without a word
of the user one is chosen at every resolution.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, shape_inference
from torch import Tensor, nn

from facekd.distil.networks.stages import StagedOutput, StageSpec
from facekd.distil.teachers.frozen import FrozenTeacher
from facekd.errors import ModelFileError
from facekd.modelcard import InputSpec, file_digest
from facekd.onnx_session import Session

POSITIVE = {"Relu", "Sigmoid", "HardSigmoid", "Softplus", "Softmax", "Exp", "Sqrt", "Abs"}
"""Operators whose output is never below zero."""
KEEPING = {
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Identity",
    "Dropout",
    "Transpose",
    "Pad",
}
"""Operators whose output is not below zero when their input is not."""
ACTIVATIONS = POSITIVE | {"Clip", "PRelu", "LeakyRelu", "Elu", "HardSwish", "Gelu"}


@dataclass(frozen=True, slots=True)
class Graph:
    """What matters here of an ONNX file."""

    name: str
    model: onnx.ModelProto
    maps: tuple[StageSpec, ...]
    """Every tensor that can be a stage, in the order of computation."""
    output: str
    width: int
    """Length of the output vector."""
    features: str
    """The vector that the last linear map makes the output from; empty: none is found."""
    features_width: int


def read_graph(data: bytes, name: str) -> Graph:
    """Find the tensors of a network with one image input and one vector output.

    Args:
        data: the bytes of the `.onnx` file.
        name: for messages.

    Raises:
        ModelFileError: no ONNX, or inputs and outputs of other shapes.
    """
    try:
        model = shape_inference.infer_shapes(onnx.load_from_string(data))
    except Exception as error:  # onnx raises whatever protobuf and its C++ checker raise
        raise ModelFileError(
            f"{name}: expected an ONNX file, got something that cannot be parsed: {error}"
        ) from error
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    shapes = {value.name: _shape(value) for value in (*inputs, *model.graph.value_info, *model.graph.output)}
    image = shapes[inputs[0].name] if len(inputs) == 1 else []
    vectors = [value.name for value in model.graph.output if len(shapes[value.name]) == 2]
    if len(image) != 4 or image[1] != 3 or not image[2] or not vectors:
        raise ModelFileError(
            f"{name}: expected one input [n, 3, H, W] with H and W fixed and an output [n, D], got "
            f"{ {value.name: shapes[value.name] for value in (*inputs, *model.graph.output)} }"
        )
    output = vectors[0]
    features = _features(model, shapes, output)
    return Graph(name, model, _maps(model, shapes, image[2]), output, shapes[output][1], *features)


def default_stages(graph: Graph) -> tuple[str, ...]:
    """One tensor for each stride: the sum that ends the last residual block there (behind its activation), or, where
    nothing is summed, the last activation with the fewest channels, since wide tensors lie inside of blocks."""
    made_by = {output: node for node in graph.model.graph.node for output in node.output}

    def ends_block(name: str) -> bool:
        node = made_by[name]
        inner = made_by.get(node.input[0]) if node.op_type in ACTIVATIONS else node
        return inner is not None and inner.op_type == "Add"

    chosen = []
    for stride in sorted({spec.stride for spec in graph.maps}):
        here = [spec for spec in graph.maps if spec.stride == stride]
        sums = [spec for spec in here if ends_block(spec.name)]
        active = [spec for spec in here if made_by[spec.name].op_type in ACTIVATIONS] or here
        fewest = min(spec.channels for spec in active)
        chosen.append((sums or [spec for spec in active if spec.channels == fewest])[-1].name)
    return tuple(chosen)


class OnnxNetwork(nn.Module):
    """An ONNX file behind the interface of a torch network; it has no parameters.

    Args:
        data: the bytes of the file.
        name: for messages.
        stages: names of tensors, shallow to deep; None for `default_stages`.
        logits: the output vector is class logits instead of an embedding; the embedding is then what the last
            linear map gets.
        pooled: average stages over H and W inside the network: less to copy, but branches need maps.
        threads: of ONNX Runtime; default all cores.

    Raises:
        ModelFileError: see `read_graph`; or a stage that the file does not have.
    """

    def __init__(
        self,
        data: bytes,
        name: str,
        stages: Sequence[str] | None = None,
        *,
        logits: bool = False,
        pooled: bool = False,
        threads: int | None = None,
    ) -> None:
        super().__init__()
        graph = read_graph(data, name)
        known = {spec.name: spec for spec in graph.maps}
        wanted = default_stages(graph) if stages is None else tuple(stages)
        if missing := [stage for stage in wanted if stage not in known]:
            raise ModelFileError(
                f"{name}: no tensor {missing[0]!r} that could be a stage; these could, among others: "
                f"{', '.join(default_stages(graph))} (`describe` lists all)"
            )
        self.stage_specs = tuple(known[stage] for stage in wanted)
        self.embedding_dim, self.classes = (graph.features_width, graph.width) if logits else (graph.width, 0)
        vectors = [graph.features] if logits and graph.features else []
        self._outputs = [f"{stage}/pooled" if pooled else stage for stage in wanted] + [
            *vectors,
            graph.output,
        ]
        self._session = Session(_with_outputs(graph, wanted, pooled, vectors), name, threads=threads)

    def forward(self, images: Tensor) -> StagedOutput:
        """Images [B, 3, H, W], normalised, of the file's size; answers come back on the images' device."""
        arrays = self._session.run(np.ascontiguousarray(images.detach().cpu().numpy()), self._outputs)
        found = [torch.from_numpy(array).to(images.device) for array in arrays]
        n = len(self.stage_specs)
        logits = found.pop() if self.classes else None
        return StagedOutput(tuple(found[:n]), found[n] if self.embedding_dim else None, logits)


def onnx_teacher(
    path: Path,
    spec: InputSpec,
    stages: Sequence[str] | None = None,
    *,
    logits: bool = False,
    pooled: bool = False,
    threads: int | None = None,
) -> FrozenTeacher:
    """The ONNX file at `path` as a teacher; `spec` says how it wants its pixels (its model card's `input`).

    Raises:
        ModelFileError: the file cannot be read, or see `OnnxNetwork`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: the model file cannot be read ({error.strerror})") from error
    network = OnnxNetwork(data, path.name, stages, logits=logits, pooled=pooled, threads=threads)
    facts = (file_digest(data), [stage.name for stage in network.stage_specs], spec, logits)
    return FrozenTeacher(network, id=hashlib.sha256(repr(facts).encode()).hexdigest(), spec=spec)


def _shape(value: onnx.ValueInfoProto) -> list[int]:
    """The shape with 0 for every free or unknown dimension."""
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _maps(model: onnx.ModelProto, shapes: dict[str, list[int]], side: int) -> tuple[StageSpec, ...]:
    found = []
    unsigned: set[str] = set()
    constants: dict[str, NDArray[Any]] = {
        tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer
    }
    for node in model.graph.node:
        name = node.output[0]
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            constants[name] = onnx.numpy_helper.to_array(node.attribute[0].t)
        if _never_negative(node, unsigned, constants):
            unsigned.add(name)
        shape = shapes.get(name, [])
        # A map of one place is a vector; three channels as large as the image are the image, normalised.
        if len(shape) == 4 and min(shape[1:]) > 1 and (shape[2] < side or shape[1] > 3):
            found.append(StageSpec(name, round(side / shape[2]), shape[1], signed=name not in unsigned))
    return tuple(found)


def _features(model: onnx.ModelProto, shapes: dict[str, list[int]], output: str) -> tuple[str, int]:
    """Name and length of the input of the last linear map, if a linear map comes last."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    node = made_by.get(output)
    if node is not None and node.op_type == "Add":  # of the bias
        node = next((made_by[name] for name in node.input if name in made_by), None)
    if node is None or node.op_type not in {"Gemm", "MatMul"}:
        return "", 0
    shape = shapes.get(node.input[0], [])
    return (node.input[0], shape[1]) if len(shape) == 2 and shape[1] else ("", 0)


def _never_negative(node: onnx.NodeProto, unsigned: set[str], constants: dict[str, NDArray[Any]]) -> bool:
    if node.op_type == "Clip":
        lowest = [attribute.f for attribute in node.attribute if attribute.name == "min"]
        if len(node.input) > 1 and node.input[1] in constants:
            lowest.append(float(constants[node.input[1]]))
        return bool(lowest) and lowest[-1] >= 0
    if node.op_type in KEEPING:
        return node.input[0] in unsigned
    if node.op_type in {"Add", "Concat", "Mul"}:
        return all(name in unsigned for name in node.input)
    return node.op_type in POSITIVE


def _with_outputs(graph: Graph, stages: Sequence[str], pooled: bool, vectors: Sequence[str]) -> bytes:
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    present = {value.name for value in model.graph.output}
    for stage in (*stages, *vectors):
        name = stage
        if pooled and stage not in vectors:
            name = f"{stage}/pooled"
            mean = f"{stage}/mean"
            model.graph.node.append(helper.make_node("GlobalAveragePool", [stage], [mean]))
            model.graph.node.append(helper.make_node("Flatten", [mean], [name], axis=1))
        if name not in present:
            model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    data: bytes = model.SerializeToString()
    return data
