"""Reading pictures: right pixels, or one sentence."""

import io
import os
import struct
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.features
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facekd.errors import ImageError
from facekd.images import MAX_PIXELS, decode_image, list_pictures, printable_name, read_image

ORIENTATION = 0x0112


def smooth(height: int = 60, width: int = 80) -> np.ndarray:
    """[H, W, 3] RGB, no two corners alike, gentle enough for JPEG."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (height + width)], 2).astype(
        np.uint8
    )


def encoded(pixels: np.ndarray | PIL.Image.Image, kind: str, **options: Any) -> bytes:
    picture = PIL.Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG made by hand (RFC 2083), since Pillow writes no 16-bit colour. `rows` hold no filter bytes."""
    stride = len(rows) // height
    lines = b"".join(b"\0" + rows[i * stride : (i + 1) * stride] for i in range(height))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


RGB = smooth()
BGR = RGB[..., ::-1]
KINDS = {
    "jpeg": encoded(RGB, "JPEG", quality=95),
    "progressive jpeg": encoded(RGB, "JPEG", quality=95, progressive=True),
    "png": encoded(RGB, "PNG"),
    "webp": encoded(RGB, "WEBP", quality=95),
    "lossless webp": encoded(RGB, "WEBP", lossless=True),
    "bmp": encoded(RGB, "BMP"),
    "tiff": encoded(RGB, "TIFF"),
    "lzw tiff": encoded(RGB, "TIFF", compression="tiff_lzw"),
    "gif": encoded(RGB, "GIF"),
}
LOSSLESS = ["png", "lossless webp", "bmp", "tiff", "lzw tiff"]


# -- pixels


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_kinds_come_back_exactly_as_bgr(kind: str) -> None:
    image = decode_image(KINDS[kind], kind)
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, BGR)


@pytest.mark.parametrize("kind", ["jpeg", "progressive jpeg", "webp", "gif"])
def test_lossy_kinds_equal_the_pixels_of_opencv(kind: str) -> None:
    by_opencv = cv2.imdecode(np.frombuffer(KINDS[kind], np.uint8), cv2.IMREAD_COLOR)
    if by_opencv is None:  # OpenCV before 4.12 reads no GIF
        pytest.skip("this OpenCV does not read the kind")
    np.testing.assert_array_equal(decode_image(KINDS[kind], kind), by_opencv)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_grey_is_repeated_in_three_channels(kind: str) -> None:
    grey = RGB[..., 0]
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    image = decode_image(encoded(grey, kind, **options), "grey")
    np.testing.assert_allclose(image, np.repeat(grey[..., None], 3, 2), atol=2)


def test_cmyk_jpeg_has_its_colours_and_not_their_negative() -> None:
    # Cyan, magenta, yellow, black, white as inks; in RGB each is the light that its ink leaves.
    inks = [(255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255), (0, 0, 0, 0)]
    lights = [(0, 255, 255), (255, 0, 255), (255, 255, 0), (0, 0, 0), (255, 255, 255)]
    picture = PIL.Image.new("CMYK", (5 * 32, 32))
    for i, ink in enumerate(inks):
        picture.paste(ink, (32 * i, 0, 32 * i + 32, 32))
    image = decode_image(encoded(picture, "JPEG", quality=95), "inks.jpg")
    seen = [image[16, 32 * i + 16, ::-1].astype(int) for i in range(5)]
    np.testing.assert_allclose(seen, lights, atol=8)


@pytest.mark.parametrize(
    ("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)], ids=["grey", "rgb", "grey+alpha", "rgb+alpha"]
)
def test_sixteen_bits_keep_their_upper_eight(colour: int, channels: int) -> None:
    values = np.linspace(0, 65535, 20 * 20 * channels).astype(">u2").reshape(20, 20, channels)
    if channels in (2, 4):
        values[..., -1] = 65535  # opaque
    image = decode_image(png_of(20, 20, 16, colour, values.tobytes()), "deep.png")
    light = values[..., :1] if channels < 3 else values[..., 2::-1]
    np.testing.assert_array_equal(image, np.broadcast_to(light >> 8, image.shape))


def test_sixteen_bit_tiff_is_scaled_and_not_clipped() -> None:
    deep = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    image = decode_image(encoded(PIL.Image.fromarray(deep), "TIFF"), "deep.tif")
    np.testing.assert_array_equal(image[..., 0], deep >> 8)
    assert image.max() == 255


def test_transparent_pixels_show_white_and_half_transparent_ones_half_of_it() -> None:
    rgba = np.zeros((20, 30, 4), np.uint8)
    rgba[..., 0] = 200  # red
    rgba[:, 10:20, 3] = 128
    rgba[:, 20:, 3] = 255
    image = decode_image(encoded(rgba, "PNG"), "cut-out.png")
    np.testing.assert_array_equal(image[5, 5], [255, 255, 255])
    np.testing.assert_allclose(
        image[5, 15], [127, 127, 227], atol=1
    )  # 128/255 of (0, 0, 200) over white, BGR
    np.testing.assert_array_equal(image[5, 25], [0, 0, 200])


def test_a_palette_gives_its_colours_and_its_transparent_entry_white() -> None:
    picture = PIL.Image.new("P", (32, 32), 1)
    picture.putpalette([0, 0, 0, 10, 20, 30, 1, 1, 1])
    picture.paste(2, (0, 0, 16, 32))
    image = decode_image(encoded(picture, "PNG", transparency=2), "palette.png")
    np.testing.assert_array_equal(image[0, 0], [255, 255, 255])
    np.testing.assert_array_equal(image[0, 31], [30, 20, 10])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied_exactly_once(kind: str, orientation: int) -> None:
    """The file is stored so that the rotation must restore the scene; corners tell all eight apart."""
    scene = np.full((40, 60), 128, np.uint8)
    scene[:20, :20], scene[:20, 40:], scene[20:, :20], scene[20:, 40:] = 0, 70, 190, 255
    stored = {  # EXIF 2.32, table 4: where the stored row 0 and column 0 lie in the scene
        1: scene,  # top, left
        2: np.fliplr(scene),  # top, right
        3: np.rot90(scene, 2),  # bottom, right
        4: np.flipud(scene),  # bottom, left
        5: scene.T,  # left, top
        6: np.rot90(scene, 1),  # right, top: to be turned clockwise
        7: np.rot90(scene, 2).T,  # right, bottom
        8: np.rot90(scene, -1),  # left, bottom: to be turned anticlockwise
    }[orientation]
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    image = decode_image(encoded(np.ascontiguousarray(stored), kind, exif=exif), "turned")
    assert image.shape == (40, 60, 3)
    np.testing.assert_allclose(image[::39, ::59, 0], [[0, 70], [190, 255]], atol=6)


def test_a_broken_exif_block_leaves_the_picture_as_it_is() -> None:
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 6
    block = bytearray(exif.tobytes())
    block[8:] = b"\xff" * (len(block) - 8)
    image = decode_image(encoded(RGB, "JPEG", exif=bytes(block)), "odd.jpg")
    assert image.shape == (60, 80, 3)


def test_a_file_is_read_like_its_bytes_and_can_be_written_to(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(KINDS["png"])
    image = read_image(path)
    np.testing.assert_array_equal(image, BGR)
    image[0, 0] = 1


@pytest.mark.shared
def test_real_photographs_equal_the_pixels_of_opencv(shared_data: Path) -> None:
    paths = list_pictures(shared_data / "photos")
    assert len(paths) >= 20
    for path in paths:
        by_opencv = cv2.imread(str(path), cv2.IMREAD_COLOR)
        np.testing.assert_array_equal(read_image(path), by_opencv, err_msg=path.name)


# -- refusals


def refusal_of(data: bytes, name: str = "x.jpg") -> str:
    with pytest.raises(ImageError) as refusal:
        decode_image(data, name)
    message = str(refusal.value)
    assert message.startswith(f"{name}: expected a picture (JPEG, PNG, WebP, BMP, TIFF or still GIF), got ")
    assert "; " in message  # what to do
    assert "\n" not in message
    return message


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_is_refused_or_has_lost_nothing_of_the_picture(kind: str) -> None:
    data = KINDS[kind]
    whole = decode_image(data, kind)
    refused = 0
    for cut in [*range(1, len(data), 41), *range(len(data) - 40, len(data))]:
        try:
            image = decode_image(data[:cut], kind)
        except ImageError:
            refused += 1
        else:  # only an end mark was missing
            np.testing.assert_array_equal(image, whole)
    assert refused > 10
    assert "jpeg" not in kind or refused == len([*range(1, len(data), 41)]) + 40


def test_a_jpeg_whose_missing_end_was_filled_with_zeros_is_refused() -> None:
    data = KINDS["jpeg"]
    padded = data[: len(data) // 2].ljust(len(data), b"\0")
    assert "cut short" in refusal_of(padded)


def test_bytes_behind_the_end_of_a_jpeg_do_no_harm() -> None:
    """Phones put a video there; it may hold anything."""
    image = decode_image(KINDS["jpeg"] + b"\xff\xda\x00\x10 trailing \xff\xc0", "phone.jpg")
    np.testing.assert_array_equal(image, decode_image(KINDS["jpeg"], "a"))


@pytest.mark.parametrize(
    ("data", "came"),
    [
        (b"", "an empty file"),
        (b"this is text named .jpg\n", "text"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "a HEIC picture"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "an AVIF picture"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"),
        (b"%PDF-1.7\n\xe2\xe3", "a PDF document"),
        (b"PK\x03\x04\x14\0", "a zip archive"),
        (b"\0\1\2\3", "unknown data"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "a damaged or incomplete file"),
        (b"\x89PNG\r\n\x1a\n", "a damaged or incomplete file"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, came: str) -> None:
    assert came in refusal_of(data)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_refused(kind: str) -> None:
    frames = [PIL.Image.fromarray(np.roll(RGB, shift, 1)) for shift in (0, 9)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert f"an animated {kind}" in refusal_of(data)


def test_of_a_tiff_with_several_pages_the_first_is_read() -> None:
    pages = [PIL.Image.fromarray(RGB), PIL.Image.fromarray(255 - RGB)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(decode_image(data, "pages.tif"), BGR)


def test_a_picture_of_one_pixel_is_too_small() -> None:
    assert "a PNG of 1 x 1 pixels (at least 16 a side)" in refusal_of(encoded(RGB[:1, :1], "PNG"))


def test_a_picture_longer_than_warps_can_count_is_refused() -> None:
    data = encoded(np.zeros((16, 32_001), np.uint8), "PNG")
    assert "a PNG of 32001 x 16 pixels (at most 120 megapixels and 32000 a side)" in refusal_of(data)


def test_floating_point_pictures_are_refused() -> None:
    refusal_of(encoded(PIL.Image.fromarray(RGB[..., 0].astype(np.float32)), "TIFF"), "x.tif")


def test_a_photograph_of_a_hundred_megapixels_is_read() -> None:
    assert MAX_PIXELS >= 11_664 * 8_750 > 102_000_000  # the largest sensors in ordinary cameras
    picture = PIL.Image.new("L", (10_000, 10_000), 100)
    picture.paste(200, (0, 9_999, 10_000, 10_000))
    image = decode_image(encoded(picture, "PNG", compress_level=1), "large.png")
    assert image.shape == (10_000, 10_000, 3)
    assert image[9_998].max() == 100
    assert image[9_999].min() == 200


def test_a_pixel_flood_is_refused_at_once_and_in_little_memory(tmp_path: Path) -> None:
    """20,000 x 20,000 in 1.2 MB: about 1.2 GB once decoded."""
    small = tmp_path / "small.png"
    write_flood(small, 200)
    assert read_image(small).shape == (200, 200, 3)  # the same way of writing gives a good picture
    path = tmp_path / "flood.png"
    write_flood(path, 20_000)
    assert 1_000_000 < path.stat().st_size < 2_000_000
    program = """
        import sys, time
        from pathlib import Path
        from facekd.errors import ImageError
        from facekd.images import read_image
        started = time.perf_counter()
        try:
            read_image(Path(sys.argv[1]))
        except ImageError as error:
            print(time.perf_counter() - started)
            print(error)
        status = Path("/proc/self/status")
        if status.is_file():
            print(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])
        heavy = {"onnxruntime", "torch", "cv2", "PySide6", "sqlalchemy"} & set(sys.modules)
        assert not heavy, heavy
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, message, *peak_kib = done.stdout.splitlines()
    assert "a PNG of 20000 x 20000 pixels (at most 120 megapixels" in message
    assert float(seconds) < 0.5
    assert all(int(kib) < 150 * 1024 for kib in peak_kib)
    assert done.stderr == ""


def write_flood(path: Path, side: int) -> None:
    """A valid black RGB PNG without ever holding its pixels: one deflated block, repeated.

    A full flush makes blocks independent; the Adler-32 of n zero bytes is (n mod 65521, 1) (RFC 1950).
    """
    rows = side // 10
    press = zlib.compressobj(wbits=-15)
    block = press.compress(bytes(rows * (1 + 3 * side))) + press.flush(zlib.Z_FULL_FLUSH)
    checksum = (side * (1 + 3 * side) % 65521) << 16 | 1
    data = b"\x78\x9c" + block * 10 + b"\x03\x00" + struct.pack(">I", checksum)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([kind for kind in KINDS if "tiff" not in kind]),  # libtiff writes to stderr
    damage=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=8),
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_give_a_picture_or_a_refusal_and_nothing_else(
    kind: str, damage: list[tuple[float, int]]
) -> None:
    data = bytearray(KINDS[kind])
    for place, value in damage:
        data[int(place**3 * len(data))] = value  # headers are at the front
    try:
        image = decode_image(bytes(data), kind)
    except ImageError:
        return
    assert image.dtype == np.uint8
    assert image.shape[2:] == (3,)


# -- files


@pytest.mark.parametrize(
    ("name", "came"),
    [("nowhere.jpg", "nothing: there is no such file"), (".", "a folder"), ("a\0b", "an error")],
)
def test_what_is_no_file_is_refused_by_name(tmp_path: Path, name: str, came: str) -> None:
    with pytest.raises(ImageError, match=f"expected a picture .*, got {came}"):
        read_image(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of Unix")
def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="got a device or pipe"):
        read_image(tmp_path / "pipe.jpg")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of Unix")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "locked.png"
    path.write_bytes(KINDS["png"])
    path.chmod(0)
    me = os.geteuid()
    if me == 0:  # the administrator may read everything, so someone else tries
        os.seteuid(65534)
    try:
        with pytest.raises(ImageError, match="got a file that may not be read; ask for permission"):
            read_image(path)
    finally:
        os.seteuid(me)


def test_the_content_decides_and_not_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(KINDS["png"])
    np.testing.assert_array_equal(read_image(path), BGR)


def test_names_are_shown_without_characters_that_steer_a_terminal() -> None:
    assert printable_name("a\x1b[31m\n\u202egpj.exe\udcff") == "a\ufffd[31m\ufffd\ufffdgpj.exe\ufffd"
    assert printable_name("张伟 (1) é.jpg") == "张伟 (1) é.jpg"
    with pytest.raises(ImageError) as refusal:
        decode_image(b"", "a\x1bb")
    assert str(refusal.value).startswith("a\ufffdb: expected")


def test_pictures_of_a_folder_are_listed_by_relative_name_without_hidden_ones(tmp_path: Path) -> None:
    for name in ["b/2.jpg", "b/1.PNG", "b/.x.jpg", ".git/x.jpg", "a.webp", "a/z.tiff", "note.txt", "noname"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.jpg").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in list_pictures(tmp_path)]
    assert found == ["a.webp", "a/z.tiff", "b/1.PNG", "b/2.jpg"]
