"""A day or none: explicit, in the words of the language, by mouse and by keyboard."""

from datetime import date, timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from facekd_ui.i18n.language import Language
from facekd_ui.i18n.text import T
from facekd_ui.widgets.dates import DayField

TOMORROW = date.today() + timedelta(days=1)


@pytest.fixture
def field(qtbot: QtBot, settled: object) -> DayField:
    del settled
    field = DayField(T("Valid until"), T("no end"), TOMORROW)
    qtbot.addWidget(field)
    field.show()
    return field


def test_without_a_day_the_field_says_so(field: DayField) -> None:
    assert field.day is None
    assert field.choose.text() == "no end"
    assert not field.edit.isVisible()


def test_choosing_begins_with_the_proposal_and_the_cross_goes_back(field: DayField, qtbot: QtBot) -> None:
    with qtbot.waitSignal(field.changed):
        field.choose.click()
    assert field.day == TOMORROW
    with qtbot.waitSignal(field.changed):
        field.clear.click()
    assert field.day is None


def test_a_typed_day_counts(field: DayField, qtbot: QtBot) -> None:
    field.set_day(date(2026, 1, 31))
    with qtbot.waitSignal(field.changed):
        field.edit.setSelectedSection(field.edit.Section.DaySection)
        qtbot.keyClicks(field.edit, "15")  # type: ignore[no-untyped-call]
    assert field.day == date(2026, 1, 15)


def test_ctrl_delete_takes_the_day_away(field: DayField, qtbot: QtBot) -> None:
    field.set_day(date(2026, 1, 31))
    qtbot.keyClick(field, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)  # type: ignore[no-untyped-call]
    assert field.day is None


def test_showing_a_day_is_no_change_by_the_person(field: DayField, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(field.changed):
        field.set_day(date(2026, 1, 31))
        field.set_day(None)


def test_days_are_written_as_the_language_writes_them(field: DayField, language: Language) -> None:
    field.set_day(date(2026, 3, 7))
    assert field.edit.text() == "7 Mar 2026"
    language.set("zh_CN")
    assert field.edit.text() == "2026 年 3 月 7 日"
    assert field.day == date(2026, 3, 7)


def test_screen_readers_hear_which_day_it_is(field: DayField) -> None:
    assert field.choose.accessibleName() == "Valid until: no end"
    assert field.edit.accessibleName() == "Valid until"
