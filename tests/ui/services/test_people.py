"""Looking up, correcting, deleting with undo, erasing for good, and consent."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from facekd_db.errors import Conflict, LoginRefused, NotFound
from facekd_db.records import PersonFields, PersonFilter, PersonSort
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.people import GivenConsent

Portrait = Callable[..., Path]
ADA, BOB = 1, 6
PASSWORD = "seven quiet herons"


@pytest.fixture
def put(operator: Services, portrait: Portrait) -> Callable[..., int]:
    """Puts a person on file and returns the id."""

    def enrol(seed: int, name: str, **fields: object) -> int:
        shots = operator.enrolment.examine_files([portrait(seed)])
        return operator.enrolment.enrol(PersonFields(name, **fields), shots).person.id  # type: ignore[arg-type]

    return enrol


def test_people_are_found_by_part_of_name_code_or_department(
    operator: Services, put: Callable[..., int]
) -> None:
    put(ADA, "Ada Lovelace", code="A-1", department="Engines")
    put(BOB, "Bob Stone", code="B-2", department="Doors")
    assert [row.person.name for row in operator.people.page("love")] == ["Ada Lovelace"]
    assert [row.person.name for row in operator.people.page("DOOR")] == ["Bob Stone"]
    assert operator.people.count("-") == 2
    assert [row.person.name for row in operator.people.page(sort=PersonSort.CODE, descending=True)] == [
        "Bob Stone",
        "Ada Lovelace",
    ]
    assert operator.people.departments() == ("Doors", "Engines")
    (row,) = operator.people.page("ada")
    assert row.crop_id is not None
    assert operator.people.thumbnails([row.crop_id])[row.crop_id].startswith(b"\x89PNG")


def test_a_script_finds_one_person_by_id_code_or_name_and_hears_of_namesakes(
    operator: Services, put: Callable[..., int]
) -> None:
    ada = put(ADA, "Ada", code="42")
    bob = put(BOB, "ADA", code="B")
    assert operator.people.find(str(bob)).id == bob
    assert operator.people.find("42").id == ada
    with pytest.raises(Invalid, match=f"{ada}, {bob}"):
        operator.people.find("ada")
    with pytest.raises(NotFound):
        operator.people.find("")


def test_the_second_of_two_changes_is_told_who_was_quicker(
    operator: Services, admin: Services, put: Callable[..., int]
) -> None:
    person = operator.people.get(put(ADA, "Ada")).person
    operator.people.change(person.id, replace(person.fields, note="hers"), person.version)
    with pytest.raises(Conflict, match="Olga"):
        admin.people.change(person.id, replace(person.fields, note="mine"), person.version)
    assert admin.people.get(person.id).person.fields.note == "hers"


def test_a_wrong_value_is_the_typists_and_changes_nothing(
    operator: Services, put: Callable[..., int]
) -> None:
    person = operator.people.get(put(ADA, "Ada")).person
    with pytest.raises(Invalid, match="Expected a name"):
        operator.people.change(person.id, PersonFields("  "), person.version)
    assert operator.people.get(person.id).person.version == person.version


def test_a_renamed_person_is_called_so_by_the_matcher(
    operator: Services, put: Callable[..., int], desk: Desk
) -> None:
    person = operator.people.get(put(ADA, "Ada")).person
    operator.people.change(person.id, PersonFields("Ada King"), person.version)
    assert desk.gallery.current().names == {str(person.id): "Ada King"}


def test_deleting_says_what_goes_and_can_be_undone(
    operator: Services, put: Callable[..., int], desk: Desk, clock: Callable[[], object]
) -> None:
    person = operator.people.get(put(ADA, "Ada")).person
    what = operator.people.deletion(person.id)
    assert (what.photos, what.templates, what.events) == (1, 1, 0)
    assert (what.undo_until - desk.store.now()).days == 30
    gone = operator.people.delete(person.id, person.version)
    assert gone.erase_after == what.undo_until
    assert operator.people.count() == 0
    assert operator.people.count(PersonFilter(deleted=True)) == 1
    assert len(desk.gallery.current()) == 0
    operator.people.restore(person.id, gone.version)
    assert len(desk.gallery.current()) == 1


def test_erasing_takes_the_password_and_leaves_a_certificate_without_a_trace_of_the_person(
    admin: Services, put: Callable[..., int], desk: Desk
) -> None:
    put(BOB, "Bob")
    ada = put(ADA, "Quillfeather")
    with pytest.raises(LoginRefused):
        admin.people.erase(ada, "request", "not it")
    with pytest.raises(Invalid, match="must not name"):
        admin.people.erase(ada, "quillfeather asked", PASSWORD)
    certificate = admin.people.erase(ada, "request", PASSWORD)
    assert (certificate.person_id, certificate.crops, certificate.templates) == (ada, 1, 1)
    with pytest.raises(NotFound):
        admin.people.get(ada)
    assert [each.id for each in admin.people.erasures()] == [certificate.id]
    assert set(desk.gallery.current().names.values()) == {"Bob"}
    for path in desk.home.rglob("*"):
        if path.is_file():
            assert b"quillfeather" not in path.read_bytes().lower(), path


def test_somebody_on_hold_is_not_erased(admin: Services, put: Callable[..., int]) -> None:
    person = admin.people.get(put(ADA, "Ada")).person
    held = admin.people.hold(person.id, True, person.version)
    with pytest.raises(Conflict, match="hold"):
        admin.people.erase(person.id, "request", PASSWORD)
    admin.people.hold(person.id, False, held.version)
    assert admin.people.erase(person.id, "request", PASSWORD).person_id == person.id


def test_a_withdrawn_consent_erases_the_face_and_keeps_the_person(
    operator: Services, put: Callable[..., int], desk: Desk
) -> None:
    ada = put(ADA, "Ada")
    text = operator.shared.consent_text("en")
    assert "this organisation stores photographs" in text
    operator.people.give_consent(ada, GivenConsent("en", text, "Ada", desk.store.now()))
    assert operator.people.page()[0].consented
    assert operator.people.withdraw_consent(ada) == 1
    file = operator.people.get(ada)
    assert (file.person.name, file.templates, file.photos) == ("Ada", 0, ())
    assert file.consents[0].withdrawn_at is not None
    assert len(desk.gallery.current()) == 0


def test_photographs_are_removed_one_by_one_and_only_the_persons_own(
    operator: Services, put: Callable[..., int], portrait: Portrait
) -> None:
    ada, bob = put(ADA, "Ada"), put(BOB, "Bob")
    operator.enrolment.add_photos(ada, operator.enrolment.examine_files([portrait(ADA, shade=40)]))
    photos = operator.people.get(ada).photos
    theirs = operator.people.get(bob).photos
    with pytest.raises(NotFound):
        operator.people.remove_photos(ada, [theirs[0].id])
    assert operator.people.remove_photos(ada, [photos[0].id]) == 1
    assert operator.people.get(ada).templates == 1
