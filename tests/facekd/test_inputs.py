"""What PATH may be on the command line, and what hostile archives get to hear."""

import os
import stat
import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from facekd import inputs
from facekd.errors import InputError
from facekd.inputs import Picture, count_pictures, open_pictures


def png(value: int, side: int = 20) -> bytes:
    """A flat picture, so that a test sees which one it holds."""
    return cv2.imencode(".png", np.full((side, side, 3), value, np.uint8))[1].tobytes()


def summary(pictures: list[Picture]) -> list[tuple[str, int | None]]:
    for picture in pictures:
        assert (picture.image is None) != (picture.error is None)
    return [(p.name, None if p.image is None else int(p.image[0, 0, 0])) for p in pictures]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "pictures.zip"


def refusal_of(path: Path) -> str:
    """Both entrances refuse, at the call, with the same words."""
    with pytest.raises(InputError) as counting:
        count_pictures(path)
    with pytest.raises(InputError) as opening:
        open_pictures(path)
    assert str(counting.value) == str(opening.value)
    assert "\n" not in str(opening.value)
    return str(opening.value)


# -- files, folders, videos


def test_one_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(7))
    assert summary(list(open_pictures(tmp_path / "a.png"))) == [("a.png", 7)]
    assert count_pictures(tmp_path / "a.png") == 1


def test_a_folder_is_read_below_in_the_order_of_relative_names_with_broken_files_in_place(
    tmp_path: Path,
) -> None:
    for name, data in [
        ("b/2.png", png(2)),
        ("b/1.jpg", png(1)),
        ("a.png", b"text"),
        (".hidden/x.png", png(9)),
        ("b/.x.png", png(9)),
        ("readme.txt", b"text"),
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    pictures = list(open_pictures(tmp_path))
    assert summary(pictures) == [("a.png", None), ("b/1.jpg", 1), ("b/2.png", 2)]
    assert "a.png: expected a picture" in (pictures[0].error or "")
    assert "got text" in (pictures[0].error or "")
    assert count_pictures(tmp_path) == 3


def test_a_missing_path_and_a_folder_without_pictures_are_refused(tmp_path: Path) -> None:
    assert (
        "nowhere: expected a picture, folder, zip archive or video, found nothing; check the path"
        in refusal_of(tmp_path / "nowhere")
    )
    (tmp_path / "readme.txt").write_text("no picture")
    assert "expected a folder with pictures" in refusal_of(tmp_path)


def test_any_other_file_is_a_picture_with_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("words")
    pictures = list(open_pictures(tmp_path / "notes.txt"))
    assert summary(pictures) == [("notes.txt", None)]
    assert "got text; save it as JPEG or PNG" in (pictures[0].error or "")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of Unix")
def test_a_subfolder_that_may_not_be_listed_is_refused_and_not_left_out() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others altogether
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "a.png").write_bytes(png(1))
        (folder / "locked").mkdir(mode=0)
        me = os.geteuid()
        if me == 0:  # the administrator may list everything, so someone else tries
            os.seteuid(65534)
        try:
            with pytest.raises(
                InputError, match=r"cannot be read \(Permission denied\); check its permissions"
            ):
                open_pictures(folder)
        finally:
            os.seteuid(me)
            (folder / "locked").chmod(0o700)


def test_the_frames_of_a_video_are_pictures_with_numbers(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 10, (32, 32))
    for value in (0, 100, 200):
        writer.write(np.full((32, 32, 3), value, np.uint8))
    writer.release()
    pictures = list(open_pictures(path))
    assert [p.name for p in pictures] == ["clip.avi#0", "clip.avi#1", "clip.avi#2"]
    greys = [float(p.image.mean()) for p in pictures if p.image is not None]
    np.testing.assert_allclose(greys, [0, 100, 200], atol=2)
    assert count_pictures(path) == 3


def test_a_broken_video_is_a_picture_with_an_error(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\0\0\0\x18ftypisom\0\0\0\0" + b"\0" * 500)
    pictures = list(open_pictures(path))
    assert summary(pictures) == [("clip.mp4", None)]
    assert "expected a video" in (pictures[0].error or "")
    assert count_pictures(path) is None


# -- archives


def test_an_archive_gives_its_pictures_sorted_without_hidden_ones_and_others(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in [
            ("b/2.png", png(2)),
            ("b/1.png", png(1)),
            ("a.jpg", b"text"),
            ("__MACOSX/._a.jpg", b"x"),
            (".git/x.png", png(9)),
            ("readme.txt", b"x" * 100),
        ]:
            z.writestr(z_info(name), data)
        z.mkdir("empty.png")
    assert summary(list(open_pictures(archive))) == [("a.jpg", None), ("b/1.png", 1), ("b/2.png", 2)]
    assert count_pictures(archive) == 3


def z_info(name: str, mode: int = 0o644 | stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("name", "mode", "reason"),
    [
        ("../evil.png", stat.S_IFREG, "whose name leads outside"),
        ("a/../../evil.png", stat.S_IFREG, "whose name leads outside"),
        ("..\\evil.png", stat.S_IFREG, "whose name leads outside"),
        ("/etc/evil.png", stat.S_IFREG, "whose name leads outside"),
        ("C:\\evil.png", stat.S_IFREG, "whose name leads outside"),
        ("\\\\host\\share\\evil.png", stat.S_IFREG, "whose name leads outside"),
        ("../evil.txt", stat.S_IFREG, "whose name leads outside"),
        ("link.png", stat.S_IFLNK, "which is a link"),
    ],
)
def test_an_archive_that_leads_outside_is_refused_as_a_whole(
    archive: Path, name: str, mode: int, reason: str
) -> None:
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr(z_info("good.png"), png(1))
        z.writestr(z_info(name, mode | 0o644), png(2))
    message = refusal_of(archive)
    assert repr(name) in message
    assert f"{reason}; do not trust this archive" in message
    assert sorted(path.name for path in archive.parent.iterdir()) == ["pictures.zip"]


def test_a_zero_byte_in_a_name_is_refused(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr(z_info("goodX.png.exe.png"), png(1))
    archive.write_bytes(archive.read_bytes().replace(b"goodX.png", b"good\0.png"))
    assert "whose name holds a zero byte" in refusal_of(archive)


def test_odd_but_harmless_names_are_shown_cleaned(archive: Path) -> None:
    names = ["CON.png", "L" * 300 + ".png", "a\u202egnp.png", "n\x1b[31m.png", "张伟.png"]
    with zipfile.ZipFile(archive, "w") as z:
        for value, name in enumerate(names):
            z.writestr(z_info(name), png(value))
    shown = dict(summary(list(open_pictures(archive))))
    assert shown == {
        "CON.png": 0,
        "L" * 300 + ".png": 1,
        "a\ufffdgnp.png": 2,
        "n\ufffd[31m.png": 3,
        "张伟.png": 4,
    }
    assert [path.name for path in archive.parent.iterdir()] == ["pictures.zip"]


def test_a_bomb_is_refused_by_its_ratio_before_anything_is_unpacked(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as z, z.open(z_info("bomb.bmp"), "w") as entry:
        for _ in range(20):
            entry.write(bytes(2**20))
    assert archive.stat().st_size < 100_000
    assert "which unpacks to more than 100 times its size" in refusal_of(archive)


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_ENTRIES", 2, "expected at most 2 entries, got 3; split the archive"),
        ("MAX_UNPACKED", 100, "GiB of pictures"),
        ("MAX_BYTES", 50, "'0.png', which unpacks to"),
    ],
)
def test_entries_total_and_size_have_limits(
    archive: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    with zipfile.ZipFile(archive, "w") as z:
        for i in range(3):
            z.writestr(z_info(f"{i}.png"), png(i))
    assert count_pictures(archive) == 3
    monkeypatch.setattr(inputs, limit, value)  # a real archive of that size would take minutes
    assert words in refusal_of(archive)


def test_a_small_flat_picture_may_pack_a_thousandfold(archive: Path) -> None:
    page = cv2.imencode(".bmp", np.full((1000, 1000, 3), 255, np.uint8))[1].tobytes()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr(z_info("page.bmp"), page)
    assert archive.stat().st_size * 100 < len(page)
    assert summary(list(open_pictures(archive))) == [("page.bmp", 255)]


def test_an_archive_that_lies_about_sizes_gives_a_picture_with_an_error(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as z:
        z.writestr("a.png", png(1))
        z.writestr("b.png", png(2))
    data = bytearray(archive.read_bytes())
    at = data.find(b"PK\x01\x02")  # the first entry of the central directory
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")  # its unpacked size
    archive.write_bytes(data)
    first, second = open_pictures(archive)
    assert first.image is None
    assert second.image is not None


def test_a_damaged_or_encrypted_entry_is_a_picture_with_an_error(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as z:
        for name in ("a.png", "b.png", "c.png"):
            z.writestr(name, png(1))
    data = bytearray(archive.read_bytes())
    data[data.find(b"IDAT")] ^= 255  # within a.png: its CRC is wrong now
    at = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)
    data[at + 8] |= 1  # the encryption flag of b.png
    archive.write_bytes(data)
    pictures = list(open_pictures(archive))
    assert summary(pictures) == [("a.png", None), ("b.png", None), ("c.png", 1)]
    assert "got a damaged entry" in (pictures[0].error or "")
    assert "got an encrypted entry; pack it without a password" in (pictures[1].error or "")


@pytest.mark.parametrize("content", [b"PK\x03\x04 and no more", b"PK\x05\x06" + b"\0" * 18])
def test_a_broken_or_empty_archive_is_refused(archive: Path, content: bytes) -> None:
    archive.write_bytes(content)
    assert "pictures.zip: expected a" in refusal_of(archive)


def test_a_photograph_with_an_archive_at_its_end_is_a_photograph(tmp_path: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("x.txt", "hidden")
    (tmp_path / "a.png").write_bytes(png(7) + archive.read_bytes())
    assert summary(list(open_pictures(tmp_path / "a.png"))) == [("a.png", 7)]


@pytest.mark.shared
def test_a_real_archive_of_photographs_is_read_whole(shared_data: Path) -> None:
    path = shared_data / "faces" / "lfw_original250_sample.zip"
    assert count_pictures(path) == 300
    shapes = [p.image.shape for p in open_pictures(path) if p.image is not None]
    assert shapes == [(150, 150, 3)] * 300
