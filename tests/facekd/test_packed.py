"""Packed npz: what is written comes back, and a damaged file is refused in one sentence."""

import io
import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facekd.errors import ImageError, InputError
from facekd.packed import Packed, is_labelled, write_packed


def png(red: int, green: int, blue: int) -> bytes:
    """A 16x16 PNG of one colour."""
    stream = io.BytesIO()
    PIL.Image.new("RGB", (16, 16), (red, green, blue)).save(stream, "png")
    return stream.getvalue()


@pytest.fixture
def packed_file(tmp_path: Path) -> Path:
    path = tmp_path / "two.npz"
    write_packed(path, [png(255, 0, 0), png(0, 0, 255)], files=["a.png", "Zoë/b.png"], identity=[7, -1])
    return path


def save(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)
    return path


def sentence(path: Path) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(InputError) as refused:
        Packed.open(path)
    text = str(refused.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    return text


def test_pictures_and_columns_come_back_as_they_were_written(packed_file: Path) -> None:
    packed = Packed.open(packed_file)
    assert len(packed) == 2
    assert packed.files == ("a.png", "Zoë/b.png")
    assert packed.identity is not None
    assert packed.identity.tolist() == [7, -1]
    assert packed.label is None
    assert packed.encoded(1).tobytes() == png(0, 0, 255)


def test_the_name_says_the_order_of_the_channels(packed_file: Path) -> None:
    packed = Packed.open(packed_file)
    assert packed.image_rgb(0).shape == (16, 16, 3)
    assert packed.image_rgb(0)[3, 4].tolist() == [255, 0, 0]
    assert packed.image_bgr(0)[3, 4].tolist() == [0, 0, 255]


def test_identities_may_be_strings(tmp_path: Path) -> None:
    write_packed(tmp_path / "s.npz", [png(0, 0, 0)] * 3, identity=["Ada", "-1", ""], label=[3, 4, -1])
    packed = Packed.open(tmp_path / "s.npz")
    assert packed.identity is not None
    assert packed.label is not None
    assert packed.identity.tolist() == ["Ada", "-1", ""]
    assert is_labelled(packed.identity).tolist() == [True, False, False]
    assert is_labelled(packed.label).tolist() == [True, True, False]


def test_bytes_and_small_integers_of_other_writers_are_read(tmp_path: Path) -> None:
    data = np.frombuffer(png(1, 2, 3), np.uint8)
    path = save(
        tmp_path / "other.npz",
        data=data,
        offsets=np.array([0, len(data)], np.int32),
        files=np.array([b"x.png"]),
        label=np.array([5], np.int16),
        landmarks_src=np.zeros((1, 5, 2)),
    )
    packed = Packed.open(path)
    assert packed.files == ("x.png",)
    assert packed.offsets.dtype == np.int64
    assert packed.label is not None
    assert packed.label.tolist() == [5]
    assert packed.image_rgb(0)[0, 0].tolist() == [1, 2, 3]


def test_an_empty_set_is_a_set(tmp_path: Path) -> None:
    write_packed(tmp_path / "none.npz", [], files=[])
    assert len(Packed.open(tmp_path / "none.npz")) == 0


def test_writing_replaces_the_file_and_leaves_nothing_else(packed_file: Path) -> None:
    write_packed(packed_file, [png(9, 9, 9)])
    assert len(Packed.open(packed_file)) == 1
    assert list(packed_file.parent.iterdir()) == [packed_file]


def test_a_failed_write_keeps_the_old_file(packed_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(file: io.BufferedWriter, **arrays: object) -> None:
        file.write(b"half a f")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", disk_full)
    with pytest.raises(OSError, match="No space"):
        write_packed(packed_file, [png(9, 9, 9)])
    assert len(Packed.open(packed_file)) == 2
    assert list(packed_file.parent.iterdir()) == [packed_file]


def test_writing_refuses_columns_of_another_length_or_mixed_kind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape("1 pictures but 2 values of `files`")):
        write_packed(tmp_path / "x.npz", [png(0, 0, 0)], files=["a", "b"])
    with pytest.raises(ValueError, match="mixes"):
        write_packed(tmp_path / "x.npz", [png(0, 0, 0)] * 2, identity=[1, "Ada"])  # type: ignore[list-item]
    assert not list(tmp_path.iterdir())


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    assert "found no file" in sentence(tmp_path / "absent.npz")
    assert "found a folder" in sentence(tmp_path)


def test_a_file_cut_anywhere_is_refused(packed_file: Path) -> None:
    whole = packed_file.read_bytes()
    for length in (0, 1, 30, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        packed_file.write_bytes(whole[:length])
        assert "damaged or of another kind" in sentence(packed_file)


def test_a_flipped_byte_in_the_pictures_is_noticed(packed_file: Path) -> None:
    whole = bytearray(packed_file.read_bytes())
    whole[whole.index(b"IDAT") + 6] ^= 0xFF
    packed_file.write_bytes(whole)
    assert "damaged" in sentence(packed_file)


def test_a_flipped_byte_anywhere_is_read_or_refused_but_never_a_crash(packed_file: Path) -> None:
    whole, rng = packed_file.read_bytes(), np.random.default_rng(0)
    refused = 0
    for place in range(0, len(whole), 3):
        broken = bytearray(whole)
        broken[place] ^= int(rng.integers(1, 256))
        packed_file.write_bytes(broken)
        try:
            Packed.open(packed_file)
        except InputError:
            refused += 1
    assert refused > len(whole) // 6  # most bytes lie under a checksum


def test_other_arrays_and_other_files_are_refused(tmp_path: Path) -> None:
    assert "got no arrays" in sentence(save(tmp_path / "a.npz", embeddings=np.zeros(3)))
    np.save(tmp_path / "b.npy", np.zeros(3))
    assert "got a single array" in sentence(tmp_path / "b.npy")
    (tmp_path / "c.npz").write_text("fold,same,file_a,file_b\n")
    assert "another kind" in sentence(tmp_path / "c.npz")


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    path = save(
        tmp_path / "p.npz",
        data=np.zeros(4, np.uint8),
        offsets=np.array([0, 4]),
        files=np.array([{"a": 1}], dtype=object),
    )
    assert "damaged or of another kind" in sentence(path)


@pytest.mark.parametrize(
    ("offsets", "said"),
    [
        ([0, 3, 2], "never fall"),
        ([-1, 2], "never fall"),
        ([0, 5], "within the 4 bytes"),
        ([[0, 4]], "`offsets` as int64 [n + 1]"),
        ([], "`offsets` as int64 [n + 1]"),
        ([0.0, 4.0], "`offsets` as int64 [n + 1]"),
    ],
)
def test_offsets_that_leave_the_data_are_refused(tmp_path: Path, offsets: list[object], said: str) -> None:
    array = np.array(offsets) if offsets else np.zeros(0, np.int64)
    assert said in sentence(save(tmp_path / "o.npz", data=np.zeros(4, np.uint8), offsets=array))


def test_columns_must_fit_the_pictures(tmp_path: Path) -> None:
    good = {"data": np.zeros(4, np.uint8), "offsets": np.array([0, 4])}
    assert "`files` of 1 values" in sentence(save(tmp_path / "f.npz", **good, files=np.array(["a", "b"])))
    assert "integers or strings" in sentence(save(tmp_path / "i.npz", **good, identity=np.array([0.5])))
    assert "UTF-8" in sentence(save(tmp_path / "u.npz", **good, files=np.array([b"\xff\xfe"])))
    bad = {"data": np.zeros(4), "offsets": np.array([0, 4])}
    assert "`data` as uint8" in sentence(save(tmp_path / "d.npz", **bad))


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    write_packed(tmp_path / "x.npz", [png(0, 0, 0), b"no picture", b""], files=["a", "b", "c"])
    packed = Packed.open(tmp_path / "x.npz")
    with pytest.raises(ImageError, match=r"x\.npz, picture 1 \(b\)"):
        packed.image_bgr(1)
    with pytest.raises(ImageError, match=r"picture 2 \(c\)"):
        packed.image_rgb(2)
    with pytest.raises(IndexError, match="row 3"):
        packed.image_bgr(3)


@pytest.mark.shared
def test_the_research_sets_are_read(shared_data: Path) -> None:
    packed = Packed.open(shared_data / "faces" / "celeba_heldout_112.npz")
    assert len(packed) == 1831
    assert packed.identity is not None
    assert len(set(packed.identity.tolist())) == 100
    assert packed.image_rgb(1830).shape == (112, 112, 3)
