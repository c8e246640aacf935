"""A frame becomes a detector's input as cv2.resize and NumPy would make it, and its pixels can be found back."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from facekd import letterbox as module
from facekd.letterbox import fitted, letterbox
from facekd.types import Image

ENGINES = ["native", "reference"] if module.extension is not None else ["reference"]


@pytest.fixture(params=ENGINES, autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs with the extension and without."""
    if request.param == "reference":
        monkeypatch.setattr(module, "extension", None)


def noise(height: int, width: int) -> Image:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


SHAPES = [(360, 640), (640, 360), (97, 203), (33, 31), (1, 1), (2, 3), (200, 3), (5, 999), (321, 322)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(320, 320), (64, 96), (17, 5)])
def test_values_lie_within_a_grey_level_of_cv2(shape: tuple[int, int], size: tuple[int, int]) -> None:
    frame = noise(*shape)
    got, ratio = letterbox(frame, size, 0, 1, rgb=False)
    height, width = round(shape[0] * ratio), round(shape[1] * ratio)
    if min(height, width) > 0:
        want = cv2.resize(frame, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_LINEAR)
    else:  # then each side has a ratio of its own
        height, width = max(height, 1), max(width, 1)
        want = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
    assert got.shape == (1, 3, *size)
    assert np.abs(got[0, :, :height, :width].transpose(1, 2, 0) - want.reshape(height, width, 3)).max() <= 1
    assert not got[0, :, height:].any()
    assert not got[0, :, :, width:].any()


def test_a_side_that_rounds_to_nothing_becomes_one_pixel_from_the_middle() -> None:
    frame = np.repeat(np.arange(3, dtype=np.uint8)[:, None, None] * 100, 900, 1).repeat(3, 2)
    got, ratio = letterbox(np.ascontiguousarray(frame), (20, 90), 0, 1, rgb=True)
    assert fitted((3, 900), (20, 90)) == (1, 90, ratio)
    assert ratio == pytest.approx(0.1)
    np.testing.assert_array_equal(got[0, 0, 0], np.full(90, 100))


def test_padding_is_black_before_mean_and_scale_and_planes_follow_rgb() -> None:
    frame = np.empty((4, 8, 3), np.uint8)
    frame[:] = 10, 20, 30  # B, G, R
    mean, scale = (1.0, 2.0, 3.0), (2.0, 3.0, 4.0)
    bgr, ratio = letterbox(frame, (8, 8), mean, scale, rgb=False)
    rgb, _ = letterbox(frame, (8, 8), mean, scale, rgb=True)
    assert ratio == 1
    assert [plane[0, 0] for plane in bgr[0]] == [(10 - 1) * 2, (20 - 2) * 3, (30 - 3) * 4]
    assert [plane[0, 0] for plane in rgb[0]] == [(30 - 1) * 2, (20 - 2) * 3, (10 - 3) * 4]
    assert [plane[7, 7] for plane in rgb[0]] == [-2, -6, -12]


def test_a_mark_is_found_back_by_the_ratio() -> None:
    frame = np.zeros((720, 1280, 3), np.uint8)
    frame[410:430, 905:925] = 255
    got, ratio = letterbox(frame, (320, 320), 0, 1, rgb=True)
    y, x = (axis.mean() + 0.5 for axis in np.nonzero(got[0, 0] > 127))
    assert (x / ratio, y / ratio) == pytest.approx((915, 420), abs=1)


def test_the_callers_buffer_is_filled() -> None:
    out = np.full((1, 3, 40, 50), np.nan, np.float32)
    got, _ = letterbox(noise(30, 30), (40, 50), 127.5, 1 / 128, rgb=True, out=out)
    assert got is out
    assert np.isfinite(out).all()


WRONG: dict[str, tuple[type[Exception], str, Callable[[], object]]] = {
    "no pixels": (ValueError, "frame", lambda: letterbox(noise(0, 4), (8, 8), 0, 1, rgb=True)),
    "a grey frame": (
        ValueError,
        "frame",
        lambda: letterbox(noise(4, 4)[..., 0].copy(), (8, 8), 0, 1, rgb=True),
    ),
    "a view with gaps": (ValueError, "order", lambda: letterbox(noise(8, 8)[::2], (8, 8), 0, 1, rgb=True)),
    "no size": (ValueError, "size", lambda: letterbox(noise(4, 4), (0, 8), 0, 1, rgb=True)),
    "out of another shape": (
        ValueError,
        r"out: .*\(1, 3, 8, 8\).*\(1, 3, 8, 9\)",
        lambda: letterbox(noise(4, 4), (8, 8), 0, 1, rgb=True, out=np.zeros((1, 3, 8, 9), np.float32)),
    ),
    "out that is read-only": (
        ValueError,
        "writeable",
        lambda: letterbox(noise(4, 4), (8, 8), 0, 1, rgb=True, out=frozen()),
    ),
}


def frozen() -> np.ndarray:
    out = np.zeros((1, 3, 8, 8), np.float32)
    out.flags.writeable = False
    return out


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_is_refused_by_name(case: str) -> None:
    error, message, call = WRONG[case]
    with pytest.raises(error, match=message):
        call()
