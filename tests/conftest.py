"""Fixtures for every test: where the research data lies, a home folder for each test, and two tiny networks.

The tiny networks see faces that `painted_face` paints: a green square in the middle marks a face of 64 pixels, and
the colours of 4x4 fields around it say who it is. With them the whole chain runs where no model files are.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from facekd.align import TEMPLATE
from facekd.modelcard import file_digest
from facekd.models import ModelFile, open_model_file

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FACE_PX = 64
MARK_PX = 16


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real faces, models and videos that lies beside the project; skips when it is not there."""
    if not (DATA / "README.md").is_file():
        pytest.skip("the research data is not beside the project (../shared/data)")
    return DATA


@pytest.fixture(scope="session")
def weights(shared_data: Path) -> Path:
    """The folder of third-party models within the research data."""
    return shared_data / "weights"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the home folder of the person who runs it, or uses models that it did not name."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("FACEKD_HOME", str(home))
    monkeypatch.delenv("FACEKD_MODELS", raising=False)
    return home


def painted_face(seed: int) -> NDArray[np.uint8]:
    """[64, 64, 3] BGR: the face of the person `seed`."""
    fields = np.random.default_rng(seed).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    fields[..., 1] //= 2  # nothing but the mark may look green
    face = np.repeat(np.repeat(fields, FACE_PX // 4, axis=0), FACE_PX // 4, axis=1)
    middle = slice((FACE_PX - MARK_PX) // 2, (FACE_PX + MARK_PX) // 2)
    face[middle, middle] = (0, 255, 0)
    return face


@pytest.fixture(scope="session")
def paint() -> Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]:
    """Paints a frame [240, 320, 3] BGR from person -> centre (x, y); later ones lie in front."""

    def picture(people: dict[int, tuple[int, int]]) -> NDArray[np.uint8]:
        canvas = np.full((240 + 2 * FACE_PX, 320 + 2 * FACE_PX, 3), 60, np.uint8)
        for seed, (x, y) in people.items():
            top, left = y + FACE_PX // 2, x + FACE_PX // 2
            canvas[top : top + FACE_PX, left : left + FACE_PX] = painted_face(seed)
        return np.ascontiguousarray(canvas[FACE_PX:-FACE_PX, FACE_PX:-FACE_PX])

    return picture


@pytest.fixture(scope="session")
def tiny_detector(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """A network with YuNet's outputs that finds green squares."""
    nodes, weights, outputs = [], [], []
    half = math.log(FACE_PX / 8)
    points = ((TEMPLATE - 56) * (FACE_PX / 112) / 8 + 0.5).ravel()
    fixed = {"bbox": [0.5, 0.5, half, half], "kps": points}
    for stride in (8, 16, 32):
        nodes.append(
            helper.make_node(
                "AveragePool", ["input"], [f"pool{stride}"], kernel_shape=[stride] * 2, strides=[stride] * 2
            )
        )
        # Only the finest level answers; a cell answers when nearly all of it is green.
        green = np.array([[-1, 1, -1]], np.float32) / 255 * 20
        heads: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {
            key: (green, np.array([-10 if stride == 8 else -100], np.float32)) for key in ("cls", "obj")
        }
        heads |= {k: (np.zeros((len(v), 3), np.float32), np.asarray(v, np.float32)) for k, v in fixed.items()}
        for key, (weight, bias) in heads.items():
            name = f"{key}_{stride}"
            weights.append(numpy_helper.from_array(weight.reshape(-1, 3, 1, 1), f"w_{name}"))
            weights.append(numpy_helper.from_array(bias, f"b_{name}"))
            weights.append(numpy_helper.from_array(np.array([1, -1, len(bias)], np.int64), f"s_{name}"))
            last = f"logit_{name}" if key in ("cls", "obj") else name
            nodes += [
                helper.make_node("Conv", [f"pool{stride}", f"w_{name}", f"b_{name}"], [f"map_{name}"]),
                helper.make_node("Transpose", [f"map_{name}"], [f"nhwc_{name}"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"nhwc_{name}", f"s_{name}"], [last]),
            ]
            if last != name:
                nodes.append(helper.make_node("Sigmoid", [last], [name]))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, len(bias)]))
    card = 'kind = "detector"\nlicence = "Apache-2.0"\norigin = "tests"\n[input]\nsize = [0, 0]\ncolour = "bgr"\n'
    shape = [1, 3, "height", "width"]
    return _save(
        tmp_path_factory.mktemp("models") / "tiny_detector.onnx", nodes, shape, outputs, weights, card
    )


@pytest.fixture(scope="session")
def tiny_embedder(tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """A network that embeds the mean colours of 4x4 fields; other faces are about 0.1 alike."""
    nodes = [
        helper.make_node("AveragePool", ["input"], ["fields"], kernel_shape=[28, 28], strides=[28, 28]),
        helper.make_node("Flatten", ["fields"], ["embedding"]),
    ]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 48])]
    card = (
        'kind = "embedder"\ndim = 48\nlicence = "Apache-2.0"\norigin = "tests"\n'
        '[input]\nsize = [112, 112]\ncolour = "bgr"\nmean = [127.5, 64, 127.5]\nscale = [0.01, 0.01, 0.01]\n'
        "[[threshold]]\nfar = 1e-2\nvalue = 0.5\nlo = 0.5\nhi = 0.5\nn = 1000\n"
        "[[threshold]]\nfar = 1e-4\nvalue = 0.7\nlo = 0.7\nhi = 0.7\nn = 1000\n"
    )
    path = tmp_path_factory.mktemp("models") / "tiny_embedder.onnx"
    return _save(path, nodes, ["n", 3, 112, 112], outputs, [], card)


@pytest.fixture(scope="session")
def make_embedder(
    tiny_embedder: ModelFile, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, NDArray[np.float32]], ModelFile]:
    """Makes an embedder that looks at the same colours through a matrix [48, d]; the card is that of the tiny one."""

    def make(name: str, matrix: NDArray[np.float32]) -> ModelFile:
        nodes = [
            helper.make_node("AveragePool", ["input"], ["fields"], kernel_shape=[28, 28], strides=[28, 28]),
            helper.make_node("Flatten", ["fields"], ["colours"]),
            helper.make_node("MatMul", ["colours", "matrix"], ["embedding"]),
        ]
        outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", matrix.shape[1]])]
        weights = [numpy_helper.from_array(np.asarray(matrix, np.float32), "matrix")]
        lines = tiny_embedder.path.with_suffix(".toml").read_text(encoding="utf-8").splitlines()[1:]
        card = "\n".join(lines).replace("dim = 48", f"dim = {matrix.shape[1]}") + "\n"
        path = tmp_path_factory.mktemp("models") / f"{name}.onnx"
        return _save(path, nodes, ["n", 3, 112, 112], outputs, weights, card)

    return make


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    shape: list[int | str],
    outputs: list[onnx.ValueInfoProto],
    weights: list[onnx.TensorProto],
    card: str,
) -> ModelFile:
    data = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, path.stem, [data], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    path.with_suffix(".toml").write_text(f'id = "{file_digest(path.read_bytes())}"\n{card}', encoding="utf-8")
    return open_model_file(path)
