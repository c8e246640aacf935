"""A consent to training is one of its own: another text, recorded and withdrawn without touching recognition."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from facekd_db.records import PersonFields, Role
from facekd_ui.services.everything import Services
from facekd_ui.services.people import GivenConsent


@pytest.mark.parametrize(("language", "word"), [("en", "train"), ("zh_CN", "训练")])
def test_the_text_says_what_for_and_names_the_organisation(admin: Services, language: str, word: str) -> None:
    admin.shared.put("organisation", "Northgate", 0)
    text = admin.shared.consent_text(language, "training")
    assert word in text
    assert "Northgate" in text
    assert text != admin.shared.consent_text(language)


def test_withdrawing_it_leaves_recognition_as_it_is(
    as_role: Callable[[Role], Services], portrait: Callable[..., Path]
) -> None:
    desk, engineer = as_role(Role.OPERATOR), as_role(Role.ENGINEER)
    person = desk.enrolment.enrol(PersonFields("Ada"), desk.enrolment.examine_files([portrait(1)])).person
    assert engineer.training.own_people().people == 0
    body = desk.shared.consent_text("en", "training")
    desk.people.give_consent(person.id, GivenConsent("en", body, "Ada", datetime.now(UTC), "training"))
    found = engineer.training.own_people()
    assert (found.people, found.pictures) == (1, 1)
    assert desk.people.withdraw_consent(person.id, "training") == 0
    assert engineer.training.own_people().people == 0
    assert desk.people.get(person.id).templates == 1
