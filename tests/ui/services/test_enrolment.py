"""From photographs to people on file."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest

from facekd.quality import Reason
from facekd_db.errors import Conflict
from facekd_db.records import PersonFields
from facekd_ui.services.base import Desk
from facekd_ui.services.enrolment import Enrolment
from facekd_ui.services.errors import ConsentNeeded, LooksAlike, NothingUsable
from facekd_ui.services.everything import Services
from facekd_ui.services.examination import Measures, Shot, View, crop_of
from facekd_ui.services.people import GivenConsent

Portrait = Callable[..., Path]
ADA, BOB, EVE = 1, 6, 4


def test_a_person_is_put_on_file_with_photographs_templates_consent_and_audit_row(
    operator: Services, admin: Services, portrait: Portrait, desk: Desk
) -> None:
    shots = operator.enrolment.examine_files([portrait(ADA), portrait(ADA, shade=40)])
    consent = GivenConsent("en", "I agree.", "Ada Lovelace", desk.store.now())
    done = operator.enrolment.enrol(PersonFields("Ada Lovelace", code="A1"), shots, consent)
    assert (done.templates, done.refused, done.repeated) == (2, (), 0)
    file = admin.people.get(done.person.id)
    assert (file.person.name, file.templates, len(file.photos)) == ("Ada Lovelace", 2, 2)
    assert [each.given_by for each in file.consents] == ["Ada Lovelace"]
    assert {row.act for row in file.changes} == {"person.add", "person.give_consent"}
    assert all("Lovelace" not in str(row) for row in admin.audit.page())  # the log names nobody
    shown = crop_of(file.photos[0].image)
    assert shots[0].crop is not None
    assert np.array_equal(shown, shots[0].crop)  # lossless: a new model sees what this one saw


def test_each_photograph_that_is_not_taken_has_its_reason(
    operator: Services, portrait: Portrait, paint: Callable[..., object], tmp_path: Path
) -> None:
    two, none, broken = tmp_path / "two.png", tmp_path / "none.png", tmp_path / "broken.jpg"
    cv2.imwrite(str(two), paint({ADA: (64, 64), BOB: (240, 160)}))
    cv2.imwrite(str(none), paint({}))
    broken.write_bytes(b"no picture")
    files = [two, none, broken, portrait(ADA)]
    shots = operator.enrolment.examine_files(files)
    assert [shot.reasons for shot in shots] == [
        (Reason.SEVERAL_FACES,),
        (Reason.NO_FACE,),
        (Reason.UNREADABLE,),
        (),
    ]
    done = operator.enrolment.enrol(PersonFields("Ada"), shots)
    assert [(shot.file, shot.reasons[0]) for shot in done.refused] == [
        ("two.png", "several_faces"),
        ("none.png", "no_face"),
        ("broken.jpg", "unreadable"),
    ]


def test_without_a_good_photograph_nobody_is_put_on_file(operator: Services, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"")
    shots = operator.enrolment.examine_files([tmp_path / "x.jpg"])
    with pytest.raises(NothingUsable, match="cannot be read"):
        operator.enrolment.enrol(PersonFields("Ada"), shots)
    assert operator.people.count() == 0


def test_a_face_that_is_on_file_already_is_noticed_unless_the_operator_insists(
    operator: Services, admin: Services, portrait: Portrait
) -> None:
    first = operator.enrolment.enrol(PersonFields("Ada"), operator.enrolment.examine_files([portrait(ADA)]))
    again = operator.enrolment.examine_files([portrait(ADA, shade=40)])
    assert [(each.name, each.sure) for each in operator.enrolment.alike(again)] == [("Ada", True)]
    with pytest.raises(LooksAlike, match="looks like Ada") as refused:
        operator.enrolment.enrol(PersonFields("Ada's twin"), again)
    assert refused.value.alike[0].person_id == first.person.id
    twin = operator.enrolment.enrol(PersonFields("Ada's twin"), again, somebody_else=True)
    (row,) = [row for row in admin.audit.page(subject=f"person:{twin.person.id}") if row.act == "person.add"]
    assert row.detail["unlike"] == [f"person:{first.person.id}"]


def test_a_stranger_among_the_photographs_of_a_person_is_refused(
    operator: Services, portrait: Portrait
) -> None:
    shots = operator.enrolment.examine_files([portrait(ADA), portrait(ADA, shade=40), portrait(BOB)])
    done = operator.enrolment.enrol(PersonFields("Ada"), shots)
    assert done.templates == 2
    assert [(shot.file, shot.reasons) for shot in done.refused] == [
        (portrait(BOB).name, (Reason.OTHER_PERSON,))
    ]


def test_one_photograph_of_somebody_on_file_is_refused_with_the_name(
    operator: Services, portrait: Portrait
) -> None:
    enrol = operator.enrolment
    enrol.enrol(PersonFields("Bob"), enrol.examine_files([portrait(BOB)]))
    files = [portrait(ADA), portrait(ADA, shade=40), portrait(BOB, shade=30)]
    shots = list(enrol.examine_files(files))
    # Make Bob's photograph resemble Ada's enough to pass for hers, though Bob's own more.
    assert shots[0].vector is not None
    assert shots[2].vector is not None
    mixed = shots[2].vector + np.float32(0.75) * shots[0].vector
    shots[2] = replace(shots[2], vector=(mixed / np.linalg.norm(mixed)).astype(np.float32))
    done = enrol.enrol(PersonFields("Ada"), shots)
    assert done.templates == 2
    (refused,) = done.refused
    assert refused.reasons == (Reason.OTHER_PERSON,)
    assert refused.detail.startswith("Bob, 0.")


def test_more_photographs_of_somebody_are_added_and_copies_are_not(
    operator: Services, portrait: Portrait
) -> None:
    enrol = operator.enrolment
    person = enrol.enrol(PersonFields("Ada"), enrol.examine_files([portrait(ADA)])).person
    shots = enrol.examine_files([portrait(ADA), portrait(ADA, shade=40), portrait(BOB)])
    done = enrol.add_photos(person.id, shots)
    assert (done.templates, done.repeated, [s.reasons[0] for s in done.refused]) == (
        1,
        1,
        [Reason.OTHER_PERSON],
    )
    assert enrol.add_photos(person.id, shots[:2]).repeated == 2


def test_a_required_consent_is_required(operator: Services, admin: Services, portrait: Portrait) -> None:
    admin.shared.put("consent.required", True, 0)
    shots = operator.enrolment.examine_files([portrait(ADA)])
    with pytest.raises(ConsentNeeded):
        operator.enrolment.enrol(PersonFields("Ada"), shots)
    assert operator.people.count() == 0


def test_a_code_that_is_taken_leaves_nothing_half_written(operator: Services, portrait: Portrait) -> None:
    enrol = operator.enrolment
    enrol.enrol(PersonFields("Ada", code="1"), enrol.examine_files([portrait(ADA)]))
    with pytest.raises(Conflict, match="code"):
        enrol.enrol(PersonFields("Bob", code="1"), enrol.examine_files([portrait(BOB)]))
    assert operator.people.count() == 1


def test_two_desks_that_enrol_one_face_at_once_make_one_person(
    operator: Services, portrait: Portrait, desk: Desk
) -> None:
    other = Desk.build(desk.store, desk.home, desk.networks, "desk 2")
    shots = operator.enrolment.examine_files([portrait(ADA)])
    sides = [operator.enrolment, Enrolment(other, operator.enrolment._session)]
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def enrol(side: Enrolment) -> None:
        side._desk.gallery.current()
        barrier.wait()
        try:
            side.enrol(PersonFields("Ada"), shots)
            outcomes.append("added")
        except LooksAlike:
            outcomes.append("alike")

    threads = [threading.Thread(target=enrol, args=(side,)) for side in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["added", "alike"]
    assert operator.people.count() == 1


def test_a_person_whose_validity_begins_later_is_not_matched_yet(
    operator: Services, portrait: Portrait, desk: Desk
) -> None:
    shots = operator.enrolment.examine_files([portrait(ADA)])
    operator.enrolment.enrol(PersonFields("Ada", valid_from=date(2026, 4, 1)), shots)
    assert len(desk.gallery.current()) == 0


def test_the_face_that_was_meant_is_found_among_others(
    operator: Services, paint: Callable[..., np.ndarray]
) -> None:
    picture = paint({ADA: (64, 64), BOB: (240, 160)})
    shot = operator.enrolment.examine(picture, face=(210, 130, 270, 190))
    assert shot.usable
    assert shot.box is not None
    assert (shot.box[0] + shot.box[2]) / 2 == pytest.approx(240, abs=6)
    assert operator.enrolment.examine(picture, face=(0, 180, 40, 220)).reasons == (Reason.NO_FACE,)


@pytest.mark.parametrize(
    ("yaw", "pitch", "view"),
    [(3, -5, View.FRONT), (30, 5, View.RIGHT), (-30, 5, View.LEFT), (4, 20, View.DOWN), (4, -20, View.UP)],
)
def test_the_view_of_a_photograph_is_where_the_head_is_turned(yaw: float, pitch: float, view: View) -> None:
    assert Shot("", (), measures=Measures(100, 120, 0.01, yaw, pitch, 0.9)).view is view
