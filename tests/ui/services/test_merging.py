"""Two records of one person: recognised as one after the merge, as two after it was taken back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.types import Embeddings
from facekd_db.errors import Conflict
from facekd_db.records import PersonFields
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services

Portrait = Callable[..., Path]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB = 1, 6
BOX = (128.0, 88.0, 192.0, 152.0)  # of a face painted at (160, 120)


@pytest.fixture
def put(operator: Services, portrait: Portrait) -> Callable[..., int]:
    """Puts a photograph on file as a person of its own, whoever it resembles."""

    def enrol(seed: int, name: str, shade: int = 0, **fields: str) -> int:
        shots = operator.enrolment.examine_files([portrait(seed, f"{name}.png", shade=shade)])
        person = PersonFields(name, **fields)  # type: ignore[arg-type]
        return operator.enrolment.enrol(person, shots, somebody_else=True).person.id

    return enrol


def named(desk: Desk, operator: Services, path: Path) -> list[str]:
    """Names that the matcher considers for a photograph, best first."""
    (shot,) = operator.enrolment.examine_files([path])
    assert shot.vector is not None
    gallery = desk.gallery.current()
    (found,) = gallery.candidates(Embeddings(shot.vector[None], gallery.model_id))
    return [gallery.names[each.person] for each in found]


def merge(services: Services, kept: int, absorbed: int, **fields: str) -> tuple[int, int]:
    """(absorbed id, its version afterwards)."""
    sides = [services.people.get(key).person for key in (kept, absorbed)]
    _, gone = services.merging.merge(
        (kept, sides[0].version),
        (absorbed, sides[1].version),
        replace(sides[0].fields, **fields),  # type: ignore[arg-type]
    )
    return gone.id, gone.version


def test_the_plan_says_how_alike_the_two_are(operator: Services, put: Callable[..., int]) -> None:
    ada, again, bob = put(ADA, "Ada"), put(ADA, "Ada again", shade=40), put(BOB, "Bob")
    same, other = operator.merging.plan(ada, again), operator.merging.plan(ada, bob)
    assert (same.sure, other.sure) == (True, False)
    assert same.closeness is not None
    assert [len(side.photos) for side in same.sides] == [1, 1]
    assert [side.person.name for side in same.sides] == ["Ada", "Ada again"]


def test_lookalikes_are_others_who_look_the_same(operator: Services, put: Callable[..., int]) -> None:
    ada, again, bob = put(ADA, "Ada"), put(ADA, "Ada again", shade=40), put(BOB, "Bob")
    (found,) = operator.merging.lookalikes(ada)
    assert (found.person_id, found.name, found.sure) == (again, "Ada again", True)
    assert found.photo is not None
    assert operator.merging.lookalikes(bob) == ()


def test_after_a_merge_there_is_one_name_and_after_its_undo_there_are_two(
    operator: Services, desk: Desk, put: Callable[..., int], portrait: Portrait
) -> None:
    ada, again = put(ADA, "Ada", code="A-1"), put(ADA, "Ada again", shade=40, code="A-2")
    photo = portrait(ADA, "new.png", at=(150, 110), shade=20)
    assert set(named(desk, operator, photo)) == {"Ada", "Ada again"}
    absorbed, version = merge(operator, ada, again, name="Ada L.", code="A-2")
    assert named(desk, operator, photo) == ["Ada L."]
    file = operator.people.get(ada)
    assert (len(file.photos), file.templates, file.person.fields.code) == (2, 2, "A-2")
    assert [each.absorbed for each in file.merges] == ["Ada again"]
    assert operator.people.get(again).merged_into is not None
    kept, back = operator.merging.undo(absorbed, version)
    assert (kept.name, back.name, back.fields.code) == ("Ada", "Ada again", "A-2")
    assert set(named(desk, operator, photo)) == {"Ada", "Ada again"}


def test_a_memory_that_speaks_against_the_merge_does_not_forbid_the_name(
    operator: Services, desk: Desk, put: Callable[..., int], portrait: Portrait, paint: Paint
) -> None:
    ada, again = put(ADA, "Ada"), put(ADA, "Ada again", shade=40)
    picture = paint({ADA: (160, 120)})
    operator.recognition.not_this_person(again, picture, BOX)  # "this is Ada, not her"
    stranger = paint({BOB: (160, 120)})
    operator.recognition.not_this_person(again, stranger, BOX)
    photo = portrait(ADA, "new.png")
    assert named(desk, operator, photo) == ["Ada"]
    assert operator.merging.plan(again, ada).contrary == 1
    absorbed, version = merge(operator, again, ada)
    assert named(desk, operator, photo) == ["Ada again"]
    assert operator.people.get(again).rejections == 1  # that of the stranger came along
    operator.merging.undo(absorbed, version)
    assert operator.people.get(again).rejections == 2
    assert named(desk, operator, photo) == ["Ada"]


def test_the_one_who_was_too_late_is_told_who_was_quicker(
    operator: Services, admin: Services, put: Callable[..., int]
) -> None:
    ada, again = put(ADA, "Ada"), put(ADA, "Ada again", shade=40)
    read = [operator.people.get(key).person for key in (ada, again)]
    admin.people.change(again, replace(read[1].fields, note="mine"), read[1].version)
    with pytest.raises(Conflict, match="Ada again was changed by Ada"):
        operator.merging.merge((ada, read[0].version), (again, read[1].version), read[0].fields)
    assert operator.people.count() == 2


def test_both_records_say_in_the_audit_log_what_happened(
    operator: Services, desk: Desk, put: Callable[..., int]
) -> None:
    ada, again = put(ADA, "Ada"), put(ADA, "Ada again", shade=40)
    absorbed, version = merge(operator, ada, again)
    operator.merging.undo(absorbed, version)
    with desk.store.reading() as t:
        rows = [(row.act, row.subject) for row in t.audit.page(limit=20) if "merge" in row.act]
    assert rows == [
        ("person.unmerge", f"person:{ada}"),
        ("person.merged_into", f"person:{again}"),
        ("person.merge", f"person:{ada}"),
    ]


def test_a_merged_record_is_brought_back_by_taking_the_two_apart_only(
    operator: Services, put: Callable[..., int]
) -> None:
    ada, again = put(ADA, "Ada"), put(ADA, "Ada again", shade=40)
    absorbed, version = merge(operator, ada, again)
    with pytest.raises(Conflict, match="merged into Ada; take the two apart"):
        operator.people.restore(absorbed, version)
    outcome = operator.crowd.restore([(absorbed, version)])
    assert (outcome.done, len(outcome.refused)) == ((), 1)
