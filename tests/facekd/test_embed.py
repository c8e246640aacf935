"""Embedders: stored answers of the known ones, and what is refused."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from facekd.align import TEMPLATE, align
from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import ModelFileError
from facekd.modelcard import file_digest
from facekd.models import ModelFile, open_model_file


def with_card(path: Path, data: bytes, **changes: object) -> ModelFile:
    fields = {"dim": 48, "size": [112, 112]} | changes
    path.write_bytes(data)
    path.with_suffix(".toml").write_text(
        f'id = "{file_digest(data)}"\nkind = "embedder"\ndim = {fields["dim"]}\nlicence = "x"\norigin = "x"\n'
        f'[input]\nsize = {fields["size"]}\ncolour = "rgb"\n'
    )
    return open_model_file(path)


def crops(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (n, 112, 112, 3)).astype(np.uint8)


def test_embeddings_have_length_one_and_name_their_model(tiny_embedder: ModelFile) -> None:
    embeddings = Embedder(tiny_embedder).embed(crops(3))
    assert embeddings.model_id == tiny_embedder.card.id
    assert embeddings.vectors.dtype == np.float32
    assert np.linalg.norm(embeddings.vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_the_values_are_the_normalised_means_of_the_fields(tiny_embedder: ModelFile) -> None:
    crop = crops(1)
    fields = (
        crop[0].astype(np.float64).reshape(4, 28, 4, 28, 3).mean(axis=(1, 3))[..., ::-1]
    )  # the network sees BGR
    expected = ((fields - [127.5, 64, 127.5]) * 0.01).transpose(2, 0, 1).ravel()
    assert Embedder(tiny_embedder).embed(crop).vectors[0] == pytest.approx(
        expected / np.linalg.norm(expected), abs=1e-5
    )


def test_faces_of_a_frame_embed_like_their_crops(tiny_embedder: ModelFile) -> None:
    frame = crops(1)[0].repeat(2, axis=0).repeat(2, axis=1)
    landmarks = (TEMPLATE * 1.5 + 20)[None]
    embedder = Embedder(tiny_embedder)
    fused = embedder.embed_faces(frame, landmarks).vectors[0]
    stored = embedder.embed(align(frame, landmarks)).vectors[0]
    assert fused @ stored == pytest.approx(1, abs=1e-4)


def test_no_faces_give_no_embeddings(tiny_embedder: ModelFile) -> None:
    embedder = Embedder(tiny_embedder)
    none = embedder.embed_faces(crops(1)[0], np.zeros((0, 5, 2), np.float32))
    assert none.vectors.shape == (0, 48)


def test_crops_of_another_shape_are_refused_with_both_shapes(tiny_embedder: ModelFile) -> None:
    with pytest.raises(
        ValueError, match=r"expected crops uint8 \[n, 112, 112, 3\], got uint8 \[2, 96, 96, 3\]"
    ):
        Embedder(tiny_embedder).embed(np.zeros((2, 96, 96, 3), np.uint8))


def test_a_network_whose_output_is_not_what_the_card_says_is_refused(
    tiny_embedder: ModelFile, tmp_path: Path
) -> None:
    model = with_card(tmp_path / "x.onnx", tiny_embedder.read(), dim=128)
    with pytest.raises(ModelFileError, match=r"expected one output of shape \[n, 128\].*got \[\('n', 48\)\]"):
        Embedder(model)


def test_a_network_whose_input_is_not_what_the_card_says_is_refused(
    tiny_embedder: ModelFile, tmp_path: Path
) -> None:
    model = with_card(tmp_path / "x.onnx", tiny_embedder.read(), size=[96, 96])
    with pytest.raises(
        ModelFileError, match=r"expected an input of shape \[n, 3, 96, 96\].*got \['n', 3, 112, 112\]"
    ):
        Embedder(model)


def test_a_network_for_one_face_at_a_time_is_refused(tiny_embedder: ModelFile, tmp_path: Path) -> None:
    network = onnx.load_from_string(tiny_embedder.read())
    network.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    model = with_card(tmp_path / "x.onnx", network.SerializeToString())
    with pytest.raises(ModelFileError, match="any number of faces at once, got one for 1"):
        Embedder(model)


def test_an_input_larger_than_a_crop_is_refused(tiny_embedder: ModelFile, tmp_path: Path) -> None:
    model = with_card(tmp_path / "x.onnx", tiny_embedder.read(), size=[160, 160])
    with pytest.raises(ModelFileError, match="at most 112x112, its card says 160x160"):
        Embedder(model)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    model = with_card(tmp_path / "x.onnx", b"not a network")
    with pytest.raises(ModelFileError, match=r"x\.onnx: ONNX Runtime cannot load this file"):
        Embedder(model)


def test_a_network_that_gives_no_finite_numbers_is_refused(tiny_embedder: ModelFile, tmp_path: Path) -> None:
    network = onnx.load_from_string(tiny_embedder.read())
    network.graph.node[-1].output[0] = "flat"
    network.graph.node.append(onnx.helper.make_node("Log", ["flat"], ["embedding"]))  # of negative values
    model = with_card(tmp_path / "x.onnx", network.SerializeToString())
    dark = np.zeros((1, 112, 112, 3), np.uint8)
    with pytest.raises(ModelFileError, match="zero or not finite"):
        Embedder(model).embed(dark)


# Cosines of three photographs (two of Barack Obama, one of Joe Biden) and the first components of the first one.
EXPECTED = {
    "teacher_a_y1_mobilefacenet_112_rgb_raw": (0.780, -0.013, (0.0031, -0.0161, -0.1389, 0.0507)),
    "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm": (
        0.690,
        -0.064,
        (0.1931, 0.0141, -0.0028, -0.0122),
    ),
    "teacher_c_xiaoccer_mobilefacenet_112x96_rgb": (0.753, -0.030, (-0.0639, -0.0730, -0.0627, 0.0013)),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPECTED)
def test_every_embedder_gives_its_stored_answer(name: str, shared_data: Path, weights: Path) -> None:
    detector = Detector(open_model_file(weights / "face_detection_yunet_2026may.onnx"))
    embedder = Embedder(open_model_file(weights / f"{name}.onnx"))
    vectors = []
    for file in ("ageitgey_obama.jpg", "ageitgey_obama2.jpg", "ageitgey_biden.jpg"):
        image = np.asarray(cv2.imread(str(shared_data / "photos" / file)), np.uint8)
        faces = detector.detect(image)
        vectors.append(embedder.embed_faces(image, faces.landmarks[[faces.largest()]]).vectors[0])
    same, other, components = EXPECTED[name]
    assert vectors[0] @ vectors[1] == pytest.approx(same, abs=0.01)
    assert vectors[0] @ vectors[2] == pytest.approx(other, abs=0.01)
    assert vectors[0][:4] == pytest.approx(components, abs=0.005)


@pytest.mark.shared
def test_flip_averaging_makes_mirrored_crops_equal(shared_data: Path, weights: Path) -> None:
    embedder = Embedder(
        open_model_file(weights / "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm.onnx"), flip=True
    )
    image = np.asarray(cv2.imread(str(shared_data / "photos" / "ageitgey_obama_small.jpg")), np.uint8)
    crop = np.ascontiguousarray(cv2.resize(image[30:200, 90:230], (112, 112)))[None]
    a, b = embedder.embed(crop).vectors[0], embedder.embed(np.ascontiguousarray(crop[:, :, ::-1])).vectors[0]
    assert a @ b == pytest.approx(1, abs=1e-5)
