"""Bringing in a recogniser without a card, and what the shelf says of models."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from facekd.errors import ModelFileError
from facekd.evaluation.input_guess import Guess, Judge
from facekd.models import ModelFile
from facekd_db.records import Role
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.model_import import Details, TooFewFaces
from facekd_ui.services.model_shelf import Role as ModelRole
from facekd_ui.services.progress import Stopped

As = Callable[[Role], Services]
Crowd = Callable[..., list[int]]
SAID = Details("Elsewhere 1", "MIT", "a laboratory")


@pytest.fixture
def bare(models: object, tmp_path: Path) -> Path:
    new: ModelFile = models.new  # type: ignore[attr-defined]
    known = onnx.load_model(str(new.path))
    known.doc_string = "other bytes"
    path = tmp_path / "elsewhere.onnx"
    path.write_bytes(known.SerializeToString())
    return path


def test_a_file_is_looked_at_before_anything_is_asked(admin: Services, desk: Desk, bare: Path) -> None:
    del desk
    looked = admin.model_import.look(bare)
    assert (looked.size, looked.dim, looked.parameters) == ((112, 112), 40, 48 * 40)
    assert looked.card is None
    assert not looked.is_here


def test_an_engineer_brings_a_model_in_and_it_is_in_the_audit_log(
    as_role: As, desk: Desk, crowd: Crowd, bare: Path
) -> None:
    crowd(8, 2)
    engineer = as_role(Role.ENGINEER)
    tried = engineer.model_import.guess(bare)
    assert tried.finding.judge is Judge.PEOPLE
    assert (tried.finding.faces, tried.finding.people, len(tried.faces)) == (16, 8, 10)
    model = engineer.model_import.bring(bare, tried.finding.best, SAID)
    assert model.path == desk.home / "models" / "Elsewhere 1.onnx"
    assert (model.card.licence, model.card.origin) == ("MIT", "a laboratory")
    with desk.store.reading() as t:
        (row,) = [row for row in t.audit.page() if row.act == "model.import"]
    assert row.operator == "Emil"
    roles = {each.file.card.name: each.role for each in engineer.models.shelf().recognisers}
    assert roles["Elsewhere 1"] is ModelRole.CANDIDATE
    assert roles["old"] is ModelRole.ACTIVE


def test_one_photograph_of_each_is_judged_by_the_recogniser_in_use(
    admin: Services, crowd: Crowd, bare: Path
) -> None:
    crowd(8, 1)
    assert admin.model_import.guess(bare).finding.judge is Judge.KNOWN


def test_a_folder_of_photographs_serves_while_nobody_is_on_file(
    admin: Services, desk: Desk, bare: Path, paint: Callable[..., NDArray[np.uint8]], tmp_path: Path
) -> None:
    del desk
    for person in range(6):
        folder = tmp_path / "faces" / f"person {person}"
        folder.mkdir(parents=True)
        for number, x in enumerate((140, 180)):
            cv2.imwrite(str(folder / f"{number}.png"), paint({person: (x, 120)}))
    tried = admin.model_import.guess(bare, tmp_path / "faces")
    assert tried.from_folder
    assert (tried.finding.faces, tried.finding.people) == (12, 6)


def test_too_few_faces_are_said_with_their_number(admin: Services, crowd: Crowd, bare: Path) -> None:
    crowd(3, 1)
    with pytest.raises(TooFewFaces, match="Expected 4 faces to try it on, found 3"):
        admin.model_import.guess(bare)


def test_trying_can_be_stopped_between_guesses(admin: Services, crowd: Crowd, bare: Path) -> None:
    crowd(8, 2)

    class Impatient:
        seen: list[tuple[int, int]] = []  # noqa: RUF012 -- one for the test

        def progress(self, done: int, total: int, refused: int = 0) -> None:
            self.seen.append((done, total))

        def cancelled(self) -> bool:
            return len(self.seen) > 2

    with pytest.raises(Stopped):
        admin.model_import.guess(bare, watch=Impatient())
    assert Impatient.seen == [(0, 14), (1, 14), (2, 14)]


@pytest.mark.parametrize(
    ("details", "said"),
    [
        (Details("Elsewhere", "", "a laboratory"), "under which licence"),
        (Details("Elsewhere", "MIT", "  "), "where it is from"),
        (Details("../etc/passwd", "MIT", "a laboratory"), "Expected a name of letters"),
        (None, "no card"),
    ],
)
def test_a_card_needs_name_licence_and_origin(
    admin: Services, desk: Desk, bare: Path, details: Details | None, said: str
) -> None:
    before = sorted((desk.home / "models").iterdir())
    with pytest.raises(Invalid, match=said):
        admin.model_import.bring(bare, Guess(), details)
    assert sorted((desk.home / "models").iterdir()) == before


def test_what_is_no_recogniser_is_refused_by_what_was_expected(
    admin: Services, desk: Desk, tiny_detector: ModelFile, tmp_path: Path
) -> None:
    del desk
    finder = onnx.load_model(str(tiny_detector.path))
    finder.doc_string = "nobody knows it"
    path = tmp_path / "finder.onnx"
    path.write_bytes(finder.SerializeToString())
    with pytest.raises(ModelFileError, match="a face finder needs its card beside it"):
        admin.model_import.look(path)
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(b"nothing")
    with pytest.raises(ModelFileError):
        admin.model_import.look(torn)
    with pytest.raises(ModelFileError, match=r"expected an \.onnx file"):
        admin.model_import.look(tmp_path / "x.txt")


def test_the_shelf_names_the_forerunner_once_another_model_speaks(
    admin: Services,
    crowd: Crowd,
    models: object,
    let_in: Callable[[ModelFile], None],
    deploy: Callable[..., str],
) -> None:
    crowd(20)
    let_in(models.new)  # type: ignore[attr-defined]
    deploy("new")
    shelf = admin.models.shelf()
    roles = [(each.file.card.name, each.role) for each in shelf.recognisers]
    assert roles == [
        ("new", ModelRole.ACTIVE),
        ("old", ModelRole.PREVIOUS),
        ("damaged", ModelRole.CANDIDATE),
    ]
    assert shelf.recognisers[0].since == shelf.recognisers[1].since is not None
    assert shelf.recognisers[0].parameters == 48 * 40


def test_a_model_is_timed_on_this_computer(admin: Services, desk: Desk, models: object) -> None:
    del desk
    timing = admin.models.time(models.new.card.id)  # type: ignore[attr-defined]
    assert 0 < timing.lo <= timing.median <= timing.hi
    assert timing.n == 40


def test_who_stated_the_two_numbers_is_told(admin: Services, as_role: As, desk: Desk) -> None:
    del desk
    first = admin.models.terms()
    assert (first.margin_points, first.confidence_percent, first.by, first.at) == (1.0, 95.0, "", None)
    admin.shared.put("gate.margin_points", 0.5, first.margin_version)
    then = as_role(Role.ENGINEER).models.terms()
    assert (then.margin_points, then.by, then.confidence_version) == (0.5, "Ada", 0)
    assert then.at is not None
