"""Own data: folders, packed files, CIFAR and Tiny-ImageNet as published, and who is kept for validation."""

import io
import os
import pickle
import tarfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facekd.config import Cut, DataConfig
from facekd.config_table import ConfigError
from facekd.distil.data.cifar import list_cifar
from facekd.distil.data.folder import list_folder
from facekd.distil.data.imageset import ImageSet, open_images
from facekd.distil.data.packed import list_packed
from facekd.distil.data.readers import Data, open_data
from facekd.distil.data.tinyimagenet import list_tinyimagenet
from facekd.errors import InputError
from facekd.packed import write_packed


def png(seed: int, side: int = 16) -> bytes:
    image = np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)
    return cv2.imencode(".png", image)[1].tobytes()


def rgb(data: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


def folder_of(root: Path, people: dict[str, int]) -> Path:
    for name, count in people.items():
        (root / name).mkdir(parents=True)
        for k in range(count):
            (root / name / f"{k}.png").write_bytes(png(hash_of(name) + k))
    return root


def hash_of(name: str) -> int:
    return sum(map(ord, name)) * 1000


def opened(data: DataConfig) -> Data:
    return open_data(data, 0)


def face_data(tmp_path: Path, kind: Any, path: Path, **more: Any) -> DataConfig:
    return DataConfig(kind, (str(path),), "face", size=16, cache=str(tmp_path / "cache"), **more)


def test_a_folder_per_person_becomes_classes_in_order(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "people", {"Bob": 2, "Ada": 3})
    (root / "stray.png").write_bytes(png(1))
    images = open_images([list_folder(root)], None, tmp_path / "cache")
    assert images.classes == ("Ada", "Bob")
    assert images.names == ("Ada/0.png", "Ada/1.png", "Ada/2.png", "Bob/0.png", "Bob/1.png", "stray.png")
    assert images.labels.tolist() == [0, 0, 0, 1, 1, -1]
    assert np.array_equal(images.images[3], rgb((root / "Bob" / "0.png").read_bytes()))


def test_unreadable_files_are_listed_and_skipped(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "people", {"Ada": 2, "Bob": 2})
    (root / "Ada" / "0.png").write_bytes(b"no picture")
    data = opened(face_data(tmp_path, "folder", root))
    assert data.train.names == ("Ada/1.png", "Bob/0.png", "Bob/1.png")
    (remark,) = data.remarks
    assert "1 files cannot be read" in remark
    assert "Ada/0.png" in remark
    again = opened(face_data(tmp_path, "folder", root))  # from the cache
    assert (again.remarks, again.train.names) == (data.remarks, data.train.names)


def test_a_changed_file_is_another_set(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "people", {"Ada": 2, "Bob": 2})
    before = open_images([list_folder(root)], 16, tmp_path / "cache")
    (root / "Ada" / "0.png").write_bytes(png(77))
    after = open_images([list_folder(root)], 16, tmp_path / "cache")
    assert before.digest != after.digest
    assert np.array_equal(after.images[0], rgb(png(77)))


def test_packed_labels_merge_over_files_and_numbers_sort_as_numbers(tmp_path: Path) -> None:
    write_packed(tmp_path / "a.npz", [png(1), png(2)], identity=[10, 9])
    write_packed(tmp_path / "b.npz", [png(3), png(4)], identity=[9, -1])
    listings = [list_packed(tmp_path / name, "face") for name in ("a.npz", "b.npz")]
    images = open_images(listings, 16, tmp_path / "cache")
    assert images.classes == ("9", "10")
    assert images.labels.tolist() == [1, 0, 0, -1]


def test_images_of_another_size_are_resized_and_without_a_size_refused(tmp_path: Path) -> None:
    write_packed(tmp_path / "a.npz", [png(1, 64)], identity=[1])
    assert open_images([list_packed(tmp_path / "a.npz", "face")], 112, tmp_path / "c").images.shape == (
        1,
        112,
        112,
        3,
    )
    wide = cv2.imencode(".png", np.zeros((16, 20, 3), np.uint8))[1].tobytes()
    write_packed(tmp_path / "b.npz", [wide], identity=[1])
    with pytest.raises(InputError, match="square"):
        open_images([list_packed(tmp_path / "b.npz", "face")], None, tmp_path / "c")


def test_unlabelled_files_serve_without_their_numbers(tmp_path: Path) -> None:
    write_packed(tmp_path / "a.npz", [png(k) for k in range(4)], identity=[1, 1, 2, 2])
    write_packed(tmp_path / "b.npz", [png(9)], identity=[1])
    data = opened(face_data(tmp_path, "packed", tmp_path / "a.npz", unlabelled=(str(tmp_path / "b.npz"),)))
    assert data.train.labels.tolist() == [0, 0, 1, 1, -1]
    assert any("1 of 5 training images have no label" in remark for remark in data.remarks)


def test_a_running_number_is_suspected(tmp_path: Path) -> None:
    write_packed(tmp_path / "a.npz", [png(k) for k in range(20)], identity=list(range(20)))
    data = opened(face_data(tmp_path, "packed", tmp_path / "a.npz"))
    assert any("running number" in remark for remark in data.remarks)


def test_people_with_few_images_count_as_unlabelled(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "people", {"Ada": 3, "Bob": 1})
    data = opened(face_data(tmp_path, "folder", root, min_images=2))
    assert data.train.classes == ("Ada",)
    assert data.train.labels.tolist() == [0, 0, 0, -1]


def test_faces_are_cut_by_identity(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "people", dict.fromkeys("ABCDEFGH", 3) | {"Single": 1})
    data = opened(face_data(tmp_path, "folder", root, validation=Cut(identities=0.25)))
    assert data.validation is not None
    assert len(data.validation.classes) == 2
    assert not set(data.validation.classes) & set(data.train.classes)
    assert "Single" in data.train.classes
    assert set(data.train.names) | set(data.validation.names) == {
        f"{name}/{k}.png" for name in "ABCDEFGH" for k in range(3)
    } | {"Single/0.png"}
    with pytest.raises(ConfigError, match="never by image"):
        opened(face_data(tmp_path, "folder", root, validation=Cut(images=0.25)))


def test_classification_is_cut_evenly_by_class(tmp_path: Path) -> None:
    write_packed(tmp_path / "a.npz", [png(k) for k in range(20)], label=[0, 1] * 10)
    data = opened(
        DataConfig(
            "packed",
            (str(tmp_path / "a.npz"),),
            "classification",
            Cut(images=0.2),
            size=16,
            cache=str(tmp_path),
        )
    )
    assert data.validation is not None
    assert np.bincount(data.validation.labels).tolist() == [2, 2]
    assert np.bincount(data.train.labels).tolist() == [8, 8]
    assert not set(data.train.names) & set(data.validation.names)


def test_validation_classes_that_nobody_trained_are_refused(tmp_path: Path) -> None:
    write_packed(tmp_path / "a.npz", [png(1), png(2)], label=[0, 1])
    write_packed(tmp_path / "b.npz", [png(3)], label=[7])
    with pytest.raises(InputError, match="'7'"):
        opened(
            DataConfig(
                "packed",
                (str(tmp_path / "a.npz"),),
                "classification",
                str(tmp_path / "b.npz"),
                cache=str(tmp_path),
            )
        )


# -- published formats -----------------------------------------------------------------------------------------------


def planes(n: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (n, 3072)).astype(np.uint8)


def check_cifar(images: ImageSet, pixels: Any, labels: list[int]) -> None:
    assert images.images.shape == (len(labels), 32, 32, 3)
    assert images.images[1, 2, 3, 1] == pixels[1, 1024 + 2 * 32 + 3]  # row 2, column 3 of the green plane
    assert [int(images.classes[k]) for k in images.labels] == labels


def test_cifar_10_pickles_are_read_from_the_published_archive(tmp_path: Path) -> None:
    pixels, labels = planes(3), [6, 9, 6]
    batch = pickle.dumps({"data": pixels, "labels": labels, "filenames": ["a"] * 3}, protocol=2)
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as archive:
        for name in ("data_batch_1", "test_batch"):
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(batch)
            archive.addfile(info, io.BytesIO(batch))
    listing = list_cifar(tmp_path / "cifar-10-python.tar.gz", "train")
    check_cifar(open_images([listing], None, tmp_path / "c"), pixels, labels)


def test_cifar_100_takes_the_fine_labels_in_both_forms(tmp_path: Path) -> None:
    pixels, fine = planes(2, 1), [99, 3]
    (tmp_path / "p").mkdir()
    table = {"data": pixels, "fine_labels": fine, "coarse_labels": [1, 1]}
    (tmp_path / "p" / "train").write_bytes(pickle.dumps(table, protocol=2))
    check_cifar(open_images([list_cifar(tmp_path / "p", "train")], None, tmp_path / "c"), pixels, fine)
    (tmp_path / "b").mkdir()
    records = np.concatenate([np.array([[1, 99], [1, 3]], np.uint8), pixels], axis=1)
    (tmp_path / "b" / "train.bin").write_bytes(records.tobytes())
    check_cifar(open_images([list_cifar(tmp_path / "b", "train")], None, tmp_path / "c"), pixels, fine)


class Evil:
    def __reduce__(self) -> Any:
        return (os.mkdir, ("pwned",))


def test_a_pickle_that_wants_to_run_something_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({"data": Evil(), "labels": [1]}))
    with pytest.raises(InputError, match="asks to run"):
        list_cifar(tmp_path, "train")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("data", [b"", b"\x80\x02}q\x00.", b"garbage", pickle.dumps([1, 2])])
def test_damaged_cifar_files_get_one_sentence(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").write_bytes(data)
    with pytest.raises(InputError, match="expected a CIFAR batch"):
        list_cifar(tmp_path, "train")


def test_an_array_of_other_types_is_refused(tmp_path: Path) -> None:
    table = {"data": np.zeros((1, 3072), np.float32), "labels": [1]}
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(table, protocol=2))
    with pytest.raises(InputError):
        list_cifar(tmp_path, "train")


def test_tiny_imagenet_is_read_as_published(tmp_path: Path) -> None:
    for wnid in ("n01443537", "n01629819"):
        (tmp_path / "train" / wnid / "images").mkdir(parents=True)
        (tmp_path / "train" / wnid / "images" / f"{wnid}_0.JPEG").write_bytes(png(hash_of(wnid)))
    (tmp_path / "val" / "images").mkdir(parents=True)
    (tmp_path / "val" / "images" / "val_0.JPEG").write_bytes(png(5))
    (tmp_path / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn01629819\t0\t0\t62\t62\n")
    train = open_images([list_tinyimagenet(tmp_path, "train")], None, tmp_path / "c")
    assert (train.classes, train.labels.tolist()) == (("n01443537", "n01629819"), [0, 1])
    val = open_images([list_tinyimagenet(tmp_path, "val")], None, tmp_path / "c")
    assert (val.classes, val.names) == (("n01629819",), ("val_0.JPEG",))
    with pytest.raises(InputError, match="another layout"):
        list_tinyimagenet(tmp_path / "val" / "images", "train")
