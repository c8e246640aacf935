from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.enrolment import Enroller, people_in, the_subject
from facekd.errors import InputError
from facekd.models import ModelFile
from facekd.types import Faces

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB = 1, 6


@pytest.fixture
def enroller(tiny_detector: ModelFile, tiny_embedder: ModelFile) -> Enroller:
    return Enroller(Detector(tiny_detector), Embedder(tiny_embedder), known=0.7)


@pytest.fixture
def photo(tmp_path: Path, paint: Paint) -> Callable[..., Path]:
    def write(name: str, people: dict[int, tuple[int, int]]) -> Path:
        path = tmp_path / f"{name}.png"
        cv2.imwrite(str(path), paint(people))
        return path

    return write


def test_good_photographs_become_templates(enroller: Enroller, photo: Callable[..., Path]) -> None:
    enrolled = enroller.enrol("Ada", [photo("a", {ADA: (160, 120)}), photo("b", {ADA: (80, 80)})])
    assert enrolled.templates.vectors.shape == (2, 48)
    assert enrolled.refused == ()
    assert enroller.gallery().people == ("Ada", "Ada")


def test_each_refusal_names_file_and_reason(
    enroller: Enroller, photo: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    enroller.enrol("Bob", [photo("bob", {BOB: (160, 120)})])
    enrolled = enroller.enrol(
        "Ada",
        [
            photo("nobody", {}),
            photo("crowd", {ADA: (80, 120), BOB: (240, 120)}),
            tmp_path / "broken.jpg",
            photo("bob_again", {BOB: (120, 120)}),
            photo("fine", {ADA: (160, 120)}),
        ],
    )
    assert [(r.file, r.reason.value) for r in enrolled.refused] == [
        ("nobody.png", "no_face"),
        ("crowd.png", "several_faces"),
        ("broken.jpg", "unreadable"),
        ("bob_again.png", "looks_like_other_person"),
    ]
    assert enrolled.refused[3].detail.startswith("Bob, 1.0")
    assert len(enrolled.templates) == 1


def test_much_smaller_faces_in_the_background_do_not_count() -> None:
    boxes = np.array([[0, 0, 100, 100], [0, 0, 40, 40], [0, 0, 80, 80]], np.float32)
    faces = Faces(boxes, np.ones(3, np.float32), np.zeros((3, 5, 2), np.float32))
    assert the_subject(faces).boxes[:, 2].tolist() == [100, 80]


def test_a_gallery_folder_gives_people_and_their_photographs_in_order(tmp_path: Path) -> None:
    for file in (
        "Bob/2.jpg",
        "Bob/1.JPG",
        "Ada/x.png",
        "Ada/._x.png",
        "Cid/notes.txt",
        ".hidden/1.jpg",
        "loose.jpg",
    ):
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert [(name, [f.name for f in files]) for name, files in people_in(tmp_path)] == [
        ("Ada", ["x.png"]),
        ("Bob", ["1.JPG", "2.jpg"]),
        ("Cid", []),
    ]


def test_a_folder_without_people_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="put the photographs into"):
        list(people_in(tmp_path))
    with pytest.raises(InputError, match="found none"):
        list(people_in(tmp_path / "absent"))
