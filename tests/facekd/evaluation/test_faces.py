"""Pictures become what is compared; layouts of folders and crops of another size are refused clearly."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import ImageError, InputError
from facekd.evaluation.faces import (
    embed_packed,
    embed_photographs,
    photographs_of_people,
    photographs_of_strangers,
    portraits_of_packed,
)
from facekd.models import open_model_file
from facekd.packed import Packed, write_packed

TEACHER_B = "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm.onnx"


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def ignore(steps: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def embedder(weights: Path) -> Embedder:
    return Embedder(open_model_file(weights / TEACHER_B))


@pytest.fixture
def detector(weights: Path) -> Detector:
    return Detector(open_model_file(weights / "face_detection_yunet_2023mar.onnx"))


@pytest.fixture
def heldout(shared_data: Path) -> Packed:
    return Packed.open(shared_data / "faces" / "celeba_heldout_112.npz")


def test_a_folder_for_each_person_names_the_pictures_in_it(tmp_path: Path) -> None:
    for name in ("Grace/2.png", "Ada/1.jpg", "Ada/old/3.JPG", "Ada/notes.txt"):
        touch(tmp_path / name)
    got = photographs_of_people(tmp_path)
    assert [(one.person, one.path.relative_to(tmp_path).as_posix()) for one in got] == [
        ("Ada", "Ada/1.jpg"),
        ("Ada", "Ada/old/3.JPG"),
        ("Grace", "Grace/2.png"),
    ]


def test_strangers_may_lie_flat_or_in_folders(tmp_path: Path) -> None:
    for name in ("x.jpg", "Eve/y.jpg"):
        touch(tmp_path / name)
    assert {one.path.name for one in photographs_of_strangers(tmp_path)} == {"x.jpg", "y.jpg"}


def test_layouts_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found nothing"):
        photographs_of_people(tmp_path / "absent")
    with pytest.raises(InputError, match="found none"):
        photographs_of_strangers(tmp_path)
    touch(tmp_path / "Ada" / "1.jpg")
    touch(tmp_path / "flat.jpg")
    with pytest.raises(InputError, match=r"got 1 pictures beside them \(first: flat.jpg\)"):
        photographs_of_people(tmp_path)
    with pytest.raises(InputError, match="found a file"):
        photographs_of_people(tmp_path / "flat.jpg")


@pytest.mark.shared
def test_crops_are_embedded_in_batches_as_each_alone(heldout: Packed, embedder: Embedder) -> None:
    rows, done = np.arange(130), []
    together = embed_packed(heldout, rows, embedder, done.append)
    assert (len(together), sum(done), len(done)) == (130, 130, 3)
    assert together.model_id == embedder.model_id
    for row in (0, 63, 64, 129):
        alone = embedder.embed(heldout.image_rgb(row)[None]).vectors[0]
        assert float(alone @ together.vectors[row]) == pytest.approx(1, abs=1e-5)


@pytest.mark.shared
def test_crops_of_another_size_are_refused_by_name(shared_data: Path, embedder: Embedder) -> None:
    packed = Packed.open(shared_data / "faces" / "celeba_lowres_train_64.npz")
    with pytest.raises(InputError, match=r"of 112x112 pixels, picture 3 \(\d+\.jpg\) has 64x64"):
        embed_packed(packed, np.array([3]), embedder, ignore)


@pytest.mark.shared
def test_crops_without_identity_are_left_out(tmp_path: Path, heldout: Packed, embedder: Embedder) -> None:
    crops = [heldout.encoded(row).tobytes() for row in range(3)]
    write_packed(tmp_path / "some.npz", crops, files=["a", "b", "c"], identity=[5, -1, 7])
    got = portraits_of_packed(Packed.open(tmp_path / "some.npz"), embedder, ignore)
    assert (got.files, got.people) == (("a", "c"), ("5", "7"))
    write_packed(tmp_path / "nobody.npz", crops, files=["a", "b", "c"])
    with pytest.raises(InputError, match="nobody knows whom it shows"):
        portraits_of_packed(Packed.open(tmp_path / "nobody.npz"), embedder, ignore)


@pytest.mark.shared
def test_the_largest_face_of_a_photograph_is_embedded_and_none_is_said(
    tmp_path: Path, shared_data: Path, detector: Detector, embedder: Embedder
) -> None:
    man = cv2.imread(str(shared_data / "photos" / "ageitgey_lin-manuel-miranda.png"))
    assert man is not None
    small = cv2.resize(man, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    both = np.full((man.shape[0], man.shape[1] + small.shape[1], 3), 127, np.uint8)
    both[: small.shape[0], : small.shape[1]] = small[
        :, ::-1
    ]  # the small one is mirrored, hence another vector
    both[:, small.shape[1] :] = man
    for name, image in (
        ("alone.png", man),
        ("both.png", both),
        ("none.png", np.full((80, 80, 3), 90, np.uint8)),
    ):
        cv2.imwrite(str(tmp_path / name), image)
    paths = [tmp_path / name for name in ("alone.png", "both.png", "none.png")]
    embeddings, found = embed_photographs(paths, detector, embedder, ignore)
    assert found.tolist() == [True, True, False]
    assert float(embeddings.vectors[0] @ embeddings.vectors[1]) > 0.95
    assert not embeddings.vectors[2].any()


@pytest.mark.shared
def test_aligned_crops_in_a_folder_need_no_detection(
    tmp_path: Path, heldout: Packed, detector: Detector, embedder: Embedder
) -> None:
    cv2.imwrite(str(tmp_path / "crop.png"), heldout.image_bgr(5))
    embeddings, found = embed_photographs([tmp_path / "crop.png"], detector, embedder, ignore, crops=True)
    assert found.all()
    straight = embed_packed(heldout, np.array([5]), embedder, ignore)
    assert float(embeddings.vectors[0] @ straight.vectors[0]) == pytest.approx(1, abs=1e-5)


@pytest.mark.shared
def test_a_broken_photograph_stops_the_measurement(
    tmp_path: Path, detector: Detector, embedder: Embedder
) -> None:
    (tmp_path / "x.jpg").write_bytes(b"\xff\xd8\xff but no more")
    with pytest.raises(ImageError, match=r"x\.jpg"):
        embed_photographs([tmp_path / "x.jpg"], detector, embedder, ignore)
