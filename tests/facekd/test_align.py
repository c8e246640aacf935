"""Faces are cut out as cv2 and NumPy would do it, and landmarks that fix no face are refused."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from facekd import align as module
from facekd.align import TEMPLATE, align, align_batch, crop_statistics, similarity
from facekd.types import Floats, Image

ENGINES = ["native", "reference"] if module.extension is not None else ["reference"]


@pytest.fixture(params=ENGINES, autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test runs with the extension and without."""
    if request.param == "reference":
        monkeypatch.setattr(module, "extension", None)
    return str(request.param)


def noise(height: int, width: int, seed: int = 0) -> Image:
    """The hardest picture to interpolate: neighbours have nothing in common."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def placed(scale: float, angle: float, x: float, y: float) -> Floats:
    """The template's points seen in an image: turned by `angle` radians, scaled, and shifted."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (scale * (TEMPLATE - 56) @ turn.T + [x, y]).astype(np.float32)[None]


def by_hand(frame: Image, matrix: Floats) -> Floats:
    """Bilinear warp in float64 with black beyond the borders, written out: [112, 112, 3] RGB."""
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    y, x = np.mgrid[:112, :112]
    u = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]
    v = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]
    height, width = frame.shape[:2]
    total = np.zeros((112, 112, 3))
    for dy in (0, 1):
        for dx in (0, 1):
            px, py = np.floor(u) + dx, np.floor(v) + dy
            inside = (px >= 0) & (px < width) & (py >= 0) & (py < height)
            pixel = frame[np.clip(py, 0, height - 1).astype(int), np.clip(px, 0, width - 1).astype(int)]
            weight = (1 - np.abs(u - px)) * (1 - np.abs(v - py)) * inside
            total += weight[..., None] * pixel
    return total[..., ::-1]


CASES = [
    (1.0, 0.0, 60.0, 60.0),
    (0.4, 0.7, 30.5, 99.2),
    (2.3, -2.0, 100.0, 70.0),
    (1.7, 3.1, 5.0, 140.0),
    (9.0, 0.3, 80, 60),
]


@pytest.mark.parametrize("case", CASES)
def test_crops_lie_within_a_grey_level_of_cv2_and_of_the_formula(
    case: tuple[float, float, float, float],
) -> None:
    frame, points = noise(151, 203), placed(*case)
    (crop,), (matrix,) = align(frame, points), similarity(points)
    assert np.abs(crop - by_hand(frame, matrix)).max() <= 1
    if int(cv2.__version__.split(".")[0]) >= 5:  # earlier ones round positions to 1/32 pixel
        assert np.abs(crop - cv2.warpAffine(frame, matrix, (112, 112))[..., ::-1].astype(int)).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (3, 5), (112, 112)])
def test_small_pictures_and_their_borders_are_exact(shape: tuple[int, int]) -> None:
    frame = noise(*shape)
    for scale in (0.02, 0.5, 1.0):
        points = placed(scale, 0.4, shape[1] / 2, shape[0] / 2)
        assert np.abs(align(frame, points)[0] - by_hand(frame, similarity(points)[0])).max() <= 1


def test_the_template_itself_is_cut_without_change() -> None:
    frame = noise(112, 112)
    np.testing.assert_array_equal(align(frame, TEMPLATE[None])[0], frame[..., ::-1])


def test_the_matrix_undoes_scale_turn_and_shift() -> None:
    points = placed(1.9, 0.6, 300, 200)
    matrix = similarity(points)[0]
    np.testing.assert_allclose(points[0] @ matrix[:, :2].T + matrix[:, 2], TEMPLATE, atol=1e-4)
    assert np.hypot(*matrix[:, 0]) == pytest.approx(1 / 1.9)
    assert np.arctan2(matrix[1, 0], matrix[0, 0]) == pytest.approx(-0.6)


def test_the_matrix_is_the_least_squares_solution() -> None:
    rng = np.random.default_rng(5)
    points = placed(1.2, 0.3, 90, 80) + rng.normal(0, 4, (1, 5, 2)).astype(np.float32)
    unknowns = np.concatenate([[[x, -y, 1, 0], [y, x, 0, 1]] for x, y in points[0].astype(float)])
    a, b, tx, ty = np.linalg.lstsq(unknowns, TEMPLATE.astype(float).ravel(), rcond=None)[0]
    np.testing.assert_allclose(similarity(points)[0], [[a, -b, tx], [b, a, ty]], rtol=1e-9, atol=1e-9)


def test_a_batch_is_the_crops_normalised_bit_for_bit() -> None:
    frame, points = noise(240, 320), np.concatenate([placed(*case) for case in CASES])
    mean, scale = np.float32([123.7, 116.3, 103.5]), np.float32([0.0171, 0.0175, 0.0174])
    out = np.full((len(points), 3, 112, 112), np.nan, np.float32)
    assert align_batch(frame, points, mean, scale, out) is out
    want = (align(frame, points).transpose(0, 3, 1, 2) - mean[:, None, None]) * scale[:, None, None]
    np.testing.assert_array_equal(out, want)
    np.testing.assert_array_equal(
        align_batch(frame, points, 127.5, 1 / 128), align_batch(frame, points, (127.5,) * 3, (1 / 128,) * 3)
    )


def test_quality_figures_are_those_of_cv2_and_come_with_the_batch() -> None:
    frame, points = noise(240, 320), np.concatenate([placed(*case) for case in CASES])
    crops, figures = align(frame, points), np.zeros((len(points), 3), np.float32)
    align_batch(frame, points, 0, 1, statistics=figures)
    for crop, row in zip(crops, figures, strict=True):
        luma = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(float)
        want = luma.mean(), luma.std(), cv2.Laplacian(luma, cv2.CV_64F).var()
        np.testing.assert_allclose(row, want, rtol=1e-6)
    np.testing.assert_allclose(crop_statistics(crops), figures, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (6, 1), (2, 2), (9, 13)])
def test_quality_figures_of_any_size(shape: tuple[int, int]) -> None:
    crop = noise(*shape)
    luma = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(float)
    want = luma.mean(), luma.std(), cv2.Laplacian(luma, cv2.CV_64F).var()
    np.testing.assert_allclose(crop_statistics(crop[None])[0], want, rtol=1e-5, atol=1e-6)


def test_no_faces_give_no_crops() -> None:
    none = np.zeros((0, 5, 2), np.float32)
    assert align(noise(9, 9), none).shape == (0, 112, 112, 3)
    assert align_batch(noise(9, 9), none, 0, 1).shape == (0, 3, 112, 112)


GOOD = TEMPLATE[None]
WRONG: dict[str, tuple[type[Exception], str, Callable[[], object]]] = {
    "all points in one place": (
        ValueError,
        "face 1",
        lambda: align(noise(9, 9), np.stack([TEMPLATE, TEMPLATE * 0 + 4])),
    ),
    "mirrored points without a rotation": (
        ValueError,
        "face 0",
        lambda: similarity(square_against_template()),
    ),
    "NaN": (ValueError, "face 0", lambda: similarity(GOOD * np.float32(np.nan))),
    "infinity": (ValueError, "finite", lambda: similarity(GOOD * np.float32(np.inf))),
    "four points": (ValueError, r"\(n, 5, 2\).*\(1, 4, 2\)", lambda: similarity(GOOD[:, :4])),
    "one face without its axis": (ValueError, r"\(5, 2\)", lambda: align(noise(9, 9), TEMPLATE)),
    "integer points": (TypeError, "int", lambda: similarity(GOOD.astype(int))),  # type: ignore[arg-type]
    "a float frame": (TypeError, "float", lambda: align(noise(9, 9).astype(float), GOOD)),  # type: ignore[arg-type]
    "a grey frame": (ValueError, r"\(9, 9\)", lambda: align(noise(9, 9)[..., 0].copy(), GOOD)),
    "an empty frame": (ValueError, r"\(0, 9, 3\)", lambda: align(noise(0, 9), GOOD)),
    "a view with gaps": (ValueError, "order", lambda: align(noise(20, 20)[:, ::2], GOOD)),
    "out of another shape": (
        ValueError,
        "out",
        lambda: align_batch(noise(9, 9), GOOD, 0, 1, np.zeros((2, 3, 112, 112), np.float32)),
    ),
    "out of another type": (
        TypeError,
        "out",
        lambda: align_batch(noise(9, 9), GOOD, 0, 1, np.zeros((1, 3, 112, 112))),
    ),  # type: ignore[arg-type]
    "two means": (ValueError, "mean", lambda: align_batch(noise(9, 9), GOOD, (1.0, 2.0), 1)),  # type: ignore[arg-type]
    "a scale that is no number": (
        ValueError,
        "scale",
        lambda: align_batch(noise(9, 9), GOOD, 0, float("nan")),
    ),
    "crops of another type": (TypeError, "crops", lambda: crop_statistics(np.zeros((1, 4, 4, 3)))),  # type: ignore[arg-type]
    "crops without pixels": (ValueError, "crops", lambda: crop_statistics(np.zeros((1, 0, 4, 3), np.uint8))),
}


def square_against_template() -> Floats:
    """Points whose best rotation and scale is none at all: the template's mirror image of equal moments."""
    centred = (TEMPLATE - TEMPLATE.mean(0)).astype(np.float64)
    # Whitened, a mirror image correlates with no rotation: sum(p . t) = sum(p x t) = 0.
    values, vectors = np.linalg.eigh(centred.T @ centred)
    mirrored = centred @ vectors @ np.diag([1 / values[0], -1 / values[1]]) @ vectors.T * 1e3
    return mirrored.astype(np.float32)[None]


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_is_refused_by_name(case: str) -> None:
    error, message, call = WRONG[case]
    with pytest.raises(error, match=message):
        call()
