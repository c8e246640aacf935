"""What a network wants to be fed is found by trying: tiny networks whose true input is known by their making.

The faces carry who they show in the red channel; green is bright throughout and blue is noise. The networks look at
the mean of fields through a wave, so that a wrong range mixes everything up and a wrong colour shows them noise.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from facekd.embed import Embedder
from facekd.errors import ModelFileError
from facekd.evaluation.input_guess import (
    Colour,
    Crop,
    Finding,
    Guess,
    Judge,
    Normalisation,
    Range,
    guess_input,
)
from facekd.modelcard import InputSpec, ModelCard, file_digest
from facekd.models import ModelFile, open_model_file

PEOPLE, PHOTOS = 12, 2
Crops = NDArray[np.uint8]
Build = Callable[[Sequence[onnx.NodeProto], dict[str, NDArray[np.float32]]], Embedder]


@pytest.fixture(scope="module")
def faces() -> tuple[Crops, NDArray[np.int64]]:
    """[24, 112, 112, 3] RGB, two photographs of each of 12 people."""
    rng = np.random.default_rng(0)
    crops, people = [], []
    for person in range(PEOPLE):
        red = np.kron(rng.integers(40, 216, (7, 7)), np.ones((16, 16)))
        for _ in range(PHOTOS):
            blue = np.kron(rng.integers(40, 216, (7, 7)), np.ones((16, 16)))
            light = np.kron(rng.normal(0, 6, (7, 7)), np.ones((16, 16)))  # no two photographs are quite alike
            crop = np.stack([red + light, np.full((112, 112), 180.0), blue], axis=-1)
            crops.append(np.clip(crop, 0, 255).astype(np.uint8))
            people.append(person)
    return np.stack(crops), np.array(people, np.int64)


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """An embedder of some nodes from `input` to `embedding`, opened with a card that says nothing true."""

    def make(nodes: Sequence[onnx.NodeProto], weights: dict[str, NDArray[np.float32]]) -> Embedder:
        tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
        graph = helper.make_graph(
            list(nodes),
            "probe",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, 112, 112])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 49])],
            tensors,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        path = tmp_path / "probe.onnx"
        path.write_bytes(model.SerializeToString())
        card = ModelCard(
            file_digest(path.read_bytes()),
            "embedder",
            InputSpec((112, 112), "rgb"),
            "x",
            "tests",
            49,
            name="probe",
        )
        return Embedder(ModelFile(path, card), threads=1)

    return make


def of_channel(build: Build, channel: int, mean: float, scale: float) -> Embedder:
    """A network that is at its best when `channel` of its input, (pixel - mean) * scale, holds what matters.

    The mean of each field becomes the sine of -1.3 to 1.3, which tells all brightnesses apart; fed in another way it
    leaves that quarter of the wave, and different brightnesses become alike.
    """
    pick = np.zeros((1, 3, 1, 1), np.float32)
    pick[0, channel] = 1.3 / (127.5 * scale)
    bias = np.array([-pick[0, channel, 0, 0] * (127.5 - mean) * scale], np.float32)
    return build(
        [
            helper.make_node("AveragePool", ["input"], ["fields"], kernel_shape=[16, 16], strides=[16, 16]),
            helper.make_node("Conv", ["fields", "pick", "bias"], ["picked"]),
            helper.make_node("Sin", ["picked"], ["bent"]),
            helper.make_node("Flatten", ["bent"], ["embedding"]),
        ],
        {"pick": pick, "bias": bias},
    )


@pytest.mark.parametrize(
    ("colour", "wanted", "mean", "scale"),
    [
        (Colour.RGB, (Range.ONE, Normalisation.CENTRED), 127.5, 1 / 127.5),
        (Colour.BGR, (Range.ONE, Normalisation.CENTRED), 127.5, 1 / 127.5),
        (Colour.RGB, (Range.BYTE, Normalisation.CENTRED), 127.5, 1.0),
        (Colour.BGR, (Range.BYTE, Normalisation.NONE), 0.0, 1.0),
        (Colour.RGB, (Range.ONE, Normalisation.NONE), 0.0, 1 / 255),
    ],
)
def test_the_true_input_of_a_network_is_found(
    build: Build,
    faces: tuple[Crops, NDArray[np.int64]],
    colour: Colour,
    wanted: tuple[Range, Normalisation],
    mean: float,
    scale: float,
) -> None:
    red = 0 if colour is Colour.RGB else 2
    found = guess_input(of_channel(build, red, mean, scale), *faces)
    assert found.best == Guess(colour, *wanted, Crop.TEMPLATE)
    assert found.judge is Judge.PEOPLE
    assert (found.faces, found.people) == (24, 12)


def test_a_wrong_guess_is_a_measured_drop(build: Build, faces: tuple[Crops, NDArray[np.int64]]) -> None:
    found = guess_input(of_channel(build, 0, 127.5, 1 / 127.5), *faces)
    right, wrong = found.options("colour")
    assert (right.guess.colour, right.drop) == (Colour.RGB, 0.0)
    assert wrong.guess.colour is Colour.BGR
    assert wrong.is_worse
    assert 0 < wrong.lo <= wrong.drop <= wrong.hi <= 1
    assert wrong.drop == pytest.approx(min(1.0, 1 - wrong.value / right.value))


def test_colours_that_make_no_difference_are_not_called_wrong(
    build: Build, faces: tuple[Crops, NDArray[np.int64]]
) -> None:
    crops = np.repeat(faces[0][..., :1], 3, axis=-1)  # grey pictures
    found = guess_input(of_channel(build, 0, 127.5, 1 / 127.5), crops, faces[1])
    rgb, bgr = found.options("colour")
    assert found.best.colour is Colour.RGB  # the commonest of those that are alike
    assert bgr.value == pytest.approx(rgb.value)
    assert not bgr.is_worse


def test_a_network_made_for_a_tighter_crop_is_told_apart(
    build: Build, faces: tuple[Crops, NDArray[np.int64]]
) -> None:
    # All that shows who it is lies in the middle 90 pixels; around it the red channel is noise as well. The network
    # weighs the border as heavily as the middle, so it does best when the border is cut off.
    crops = faces[0].copy()
    noise = np.random.default_rng(1).integers(0, 2, (len(crops), 7, 7)).astype(np.uint8) * 255
    border = np.ones((112, 112), bool)
    border[11:101, 11:101] = False
    for crop, each in zip(crops, noise, strict=True):
        crop[..., 0][border] = np.kron(each, np.ones((16, 16), np.uint8))[border]
    found = guess_input(of_channel(build, 0, 127.5, 1 / 127.5), crops, faces[1])
    assert found.best.crop is Crop.TIGHTER
    fed = found.wants_other_crop
    assert fed is not None
    assert fed.drop > 0.1
    assert {tried.guess.colour for tried in found.options("colour")} == {Colour.RGB, Colour.BGR}


def test_with_one_photograph_of_each_a_known_recogniser_is_the_judge(
    build: Build, faces: tuple[Crops, NDArray[np.int64]]
) -> None:
    crops, people = faces[0][::PHOTOS], faces[1][::PHOTOS]
    # Another network that sees the red fields without any bend: about as alike as the bent ones.
    known = crops[..., 0].reshape(len(crops), 7, 16, 7, 16).mean(axis=(2, 4)).reshape(len(crops), 49) - 127.5
    known = (known / np.linalg.norm(known, axis=1, keepdims=True)).astype(np.float32)
    found = guess_input(of_channel(build, 2, 127.5, 1 / 127.5), crops, people, known)
    assert found.judge is Judge.KNOWN
    assert (found.best.colour, found.best.range) == (Colour.BGR, Range.ONE)
    assert found.best.normalisation is Normalisation.CENTRED
    assert found.options("colour")[0].is_worse


def test_too_few_faces_are_no_ground_to_judge_by(
    build: Build, faces: tuple[Crops, NDArray[np.int64]]
) -> None:
    embedder = of_channel(build, 0, 127.5, 1 / 127.5)
    with pytest.raises(ValueError, match="got 3 faces of 2 people"):
        guess_input(embedder, faces[0][:3], faces[1][:3])
    with pytest.raises(ValueError, match="got 8 faces of 4 people"):
        guess_input(embedder, faces[0][:8], faces[1][:8])


def test_a_network_that_embeds_nothing_is_refused(
    build: Build, faces: tuple[Crops, NDArray[np.int64]]
) -> None:
    nothing = build(
        [
            helper.make_node("AveragePool", ["input"], ["fields"], kernel_shape=[16, 16], strides=[16, 16]),
            helper.make_node("Conv", ["fields", "none"], ["picked"]),
            helper.make_node("Flatten", ["picked"], ["embedding"]),
        ],
        {"none": np.zeros((1, 3, 1, 1), np.float32)},
    )
    with pytest.raises(ModelFileError, match="however it was fed"):
        guess_input(nothing, *faces)


def test_every_guess_is_told_and_telling_may_stop_it(
    build: Build, faces: tuple[Crops, NDArray[np.int64]]
) -> None:
    told: list[tuple[int, int]] = []
    guess_input(of_channel(build, 0, 127.5, 1 / 127.5), *faces, tell=lambda *so_far: told.append(so_far))
    assert told == [(n, 14) for n in range(15)]

    class Enough(Exception): ...

    def stop(done: int, _all: int) -> None:
        if done == 3:
            raise Enough

    with pytest.raises(Enough):
        guess_input(of_channel(build, 0, 127.5, 1 / 127.5), *faces, tell=stop)


@pytest.mark.parametrize(
    ("guess", "pixel", "sees"),
    [
        (Guess(), (0, 127.5, 255), (-1, 0, 1)),
        (Guess(range=Range.BYTE, normalisation=Normalisation.NONE), (0, 10, 255), (0, 10, 255)),
        (Guess(normalisation=Normalisation.NONE), (0, 51, 255), (0, 0.2, 1)),
        (Guess(normalisation=Normalisation.STATISTICS), (123.675, 116.28 + 57.12, 103.53), (0, 1, 0)),
        (
            Guess(Colour.BGR, normalisation=Normalisation.STATISTICS),
            (103.53, 116.28, 123.675 + 58.395),
            (0, 0, 1),
        ),
        (
            Guess(range=Range.BYTE, normalisation=Normalisation.STATISTICS),
            (123.675, 117.28, 103.53),
            (0, 1, 0),
        ),
    ],
)
def test_a_guess_as_a_card_says_what_a_pixel_becomes(
    guess: Guess, pixel: tuple[float, ...], sees: tuple[float, ...]
) -> None:
    spec = guess.spec((112, 112))
    assert spec.colour == guess.colour.value
    assert (np.array(pixel) - spec.mean) * spec.scale == pytest.approx(sees, abs=1e-6)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "teacher_a_y1_mobilefacenet_112_rgb_raw",
        "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm",
        "teacher_c_xiaoccer_mobilefacenet_112x96_rgb",
    ],
)
def test_the_inputs_of_networks_made_by_others_are_found_on_real_faces(
    weights: Path, shared_data: Path, name: str
) -> None:
    from facekd.packed import Packed

    packed = Packed.open(shared_data / "faces" / "celeba_train_112.npz")
    labels = np.unique(np.asarray(packed.identity), return_inverse=True)[1]
    rows = [np.flatnonzero(labels == person)[:PHOTOS] for person in range(40)]
    chosen = np.concatenate([each for each in rows if len(each) == PHOTOS])
    crops = np.stack([packed.image_rgb(int(row)) for row in chosen])
    model = open_model_file(weights / f"{name}.onnx")
    found: Finding = guess_input(Embedder(model, threads=1), crops, labels[chosen].astype(np.int64))
    size = model.card.input.size
    true = np.array([model.card.input.mean, model.card.input.scale])
    guessed = found.best.spec(size)
    assert guessed.colour == model.card.input.colour
    assert np.array([guessed.mean, guessed.scale]) == pytest.approx(true, rel=0.01)
    assert found.best.crop is Crop.TEMPLATE
