"""Several people chosen at once: groups, department, delete and undo, export, and two that are merged."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Protocol

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from facekd_db.records import PersonFields, PersonFilter, Role
from facekd_ui.i18n.language import Language
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.people import PeoplePage
from facekd_ui.pages.people_groups import GroupsSheet
from facekd_ui.pages.people_merge import MergeSheet
from facekd_ui.services.base import Desk
from facekd_ui.tables.paged import PAGE
from facekd_ui.tables.people import NAME, SEEN
from facekd_ui.widgets.dates import DayField
from facekd_ui.widgets.fields import Field
from facekd_ui.widgets.sheets import Question, Sheet


class Heartbeat(Protocol):
    """The longest silence of the interface thread while it is entered."""

    longest_ms: float

    def __enter__(self) -> object: ...
    def __exit__(self, *_: object) -> None: ...


Contexts = Callable[..., PageContext]
COUNT = 3 * PAGE


@pytest.fixture
def crowd(desk: Desk) -> None:
    """Three pages of people, "Person 000" to "Person 149"; nobody is in a group."""
    with desk.store.transaction() as t:
        for number in range(COUNT):
            t.people.add(PersonFields(f"Person {number:03}", department="Research"))


@pytest.fixture
def page(crowd: None, context: Contexts, qtbot: QtBot) -> PeoplePage:
    del crowd
    return opened(context(), qtbot)


def opened(context: PageContext, qtbot: QtBot) -> PeoplePage:
    page = PeoplePage(context)
    qtbot.addWidget(page)
    page.resize(1360, 800)
    page.show()
    page.opened()
    qtbot.waitUntil(lambda: page.model.rowCount() > 0)
    return page


def choose(page: PeoplePage, *rows: int) -> None:
    """As clicks with Ctrl would."""
    selection = page.table.selectionModel()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in rows:
        selection.select(page.model.index(row, NAME), flags)


def sheet(page: PeoplePage, qtbot: QtBot, kind: type[Sheet] = Question) -> Sheet:
    found: list[Sheet] = []

    def shown() -> bool:
        found[:] = [each for each in page.findChildren(kind) if each.isVisible()]
        return bool(found)

    qtbot.waitUntil(shown)
    return found[0]


def departments(desk: Desk) -> list[str]:
    with desk.store.reading() as t:
        return [row.person.fields.department for row in t.people.page(limit=5)]


def test_one_person_opens_the_file_and_several_the_panel_for_several(page: PeoplePage, qtbot: QtBot) -> None:
    choose(page, 0)
    qtbot.waitUntil(lambda: page.shown is not None)
    choose(page, 1, 2)
    assert page.panel.isHidden()
    assert page.several._count.text() == "3 people"
    assert page.several._names.text() == "Person 000, Person 001, Person 002"
    assert page._counts.text() == "150 people, 3 chosen"
    assert not page.several.buttons["merge"].isEnabled()
    qtbot.keyClick(page.table, Qt.Key.Key_Escape)  # type: ignore[no-untyped-call]
    assert page.several.isHidden()
    assert page.table.count == 0


def test_shift_chooses_a_stretch_and_ctrl_a_everybody(page: PeoplePage, qtbot: QtBot) -> None:
    page.table.setFocus()
    page.table.selectRow(2)
    for _ in range(3):
        qtbot.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)  # type: ignore[no-untyped-call]
    assert page.table.ranges == [(2, 5)]
    qtbot.keyClick(page.table, Qt.Key.Key_F13)  # type: ignore[no-untyped-call]  # Shift is let go of
    page._choose_all()
    assert page.table.count == COUNT


def test_choosing_a_hundred_thousand_keeps_nobody_waiting(
    page: PeoplePage, qtbot: QtBot, heartbeat: Heartbeat
) -> None:
    page.model.begin(100_000)
    page.model.wanted.disconnect()
    with heartbeat:
        page._choose_all()
        qtbot.wait(100)
    assert page.table.count == 100_000
    assert heartbeat.longest_ms < 1000  # 30 ms on a quiet machine; seconds while Qt walks over all rows


def test_rows_that_were_never_looked_at_are_meant_too(page: PeoplePage, qtbot: QtBot, desk: Desk) -> None:
    page._choose_all()
    assert page.table.known() is None  # two of three pages are not loaded
    page._act("delete")
    question = sheet(page, qtbot)
    assert isinstance(question, Question)
    assert question.windowTitle() == "Delete 150 people?"
    question.act.click()
    qtbot.waitUntil(lambda: page.states.currentWidget() is page.states.empty, timeout=20_000)
    with desk.store.reading() as t:
        assert (t.people.count(), t.people.count(PersonFilter(deleted=True))) == (0, COUNT)
    page._undo()
    qtbot.waitUntil(lambda: page.model.rowCount() == COUNT, timeout=20_000)


def test_a_department_for_several_can_be_taken_back(page: PeoplePage, qtbot: QtBot, desk: Desk) -> None:
    choose(page, 0, 2)
    page._act("department")
    question = sheet(page, qtbot)
    assert isinstance(question, Question)
    field = question.findChild(Field)
    assert field is not None
    field.setText("Night")
    question.act.click()
    qtbot.waitUntil(lambda: departments(desk)[:3] == ["Night", "Research", "Night"])
    qtbot.waitUntil(lambda: page.acts.can_undo)
    page._undo()
    qtbot.waitUntil(lambda: departments(desk)[:3] == ["Research"] * 3)


def test_days_out_of_order_cannot_be_set(page: PeoplePage, qtbot: QtBot, desk: Desk) -> None:
    choose(page, 0, 1)
    page._act("validity")
    question = sheet(page, qtbot)
    assert isinstance(question, Question)
    first, last = question.findChildren(DayField)
    first.set_day(date(2027, 2, 1))
    last.choose.click()
    last.set_day(date(2027, 1, 1))
    last.changed.emit()
    assert not question.act.isEnabled()
    last.set_day(date(2027, 3, 1))
    last.changed.emit()
    question.act.click()

    def stored() -> bool:
        with desk.store.reading() as t:
            fields = t.people.page(limit=1)[0].person.fields
        return (fields.valid_from, fields.valid_until) == (date(2027, 2, 1), date(2027, 3, 1))

    qtbot.waitUntil(stored)


def test_people_are_put_into_a_new_group_and_found_by_it(page: PeoplePage, qtbot: QtBot, desk: Desk) -> None:
    choose(page, 1, 3)
    page._act("groups")
    groups = sheet(page, qtbot, GroupsSheet)
    assert isinstance(groups, GroupsSheet)
    groups.name.setText("Staff")
    groups.add.click()
    qtbot.waitUntil(lambda: any(box.text() == "Staff" and box.isChecked() for box in groups.boxes.values()))
    groups.save.click()
    with desk.store.reading() as t:
        (staff,) = t.groups.all()
    qtbot.waitUntil(lambda: page.acts.can_undo)
    page.filters.set_group(staff)
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    assert [page.model.index(row, NAME).data() for row in range(2)] == ["Person 001", "Person 003"]
    page._undo()
    qtbot.waitUntil(lambda: page.states.currentWidget() is page.states.nothing)


def test_some_of_them_is_a_state_of_its_own(page: PeoplePage, qtbot: QtBot, desk: Desk) -> None:
    first = page.model.person(0)
    assert first is not None
    with desk.store.transaction() as t:
        staff = t.groups.add("Staff")
        t.groups.put([first.id], staff.id)
    choose(page, 0, 1)
    page._act("groups")
    groups = sheet(page, qtbot, GroupsSheet)
    assert isinstance(groups, GroupsSheet)
    qtbot.waitUntil(lambda: staff.id in groups.boxes)
    assert groups.boxes[staff.id].checkState() == Qt.CheckState.PartiallyChecked
    with qtbot.waitSignal(groups.accepted):
        groups.save.click()  # half set: nothing changes
    with desk.store.reading() as t:
        assert t.groups.get(staff.id).people == 1


def test_the_chosen_are_saved_as_a_list(page: PeoplePage, qtbot: QtBot, tmp_path: Path) -> None:
    choose(page, 4, 0)
    people = page.table.known()
    assert people is not None
    page.acts.export_to(people, tmp_path / "people.csv")
    qtbot.waitUntil((tmp_path / "people.csv").exists)
    lines = (tmp_path / "people.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["Person 000", "Person 004"]


def test_two_are_merged_field_by_field_and_taken_apart_again(
    page: PeoplePage, qtbot: QtBot, desk: Desk
) -> None:
    choose(page, 1, 2)
    assert page.several.buttons["merge"].isEnabled()
    page._act("merge")
    merge = sheet(page, qtbot, MergeSheet)
    assert isinstance(merge, MergeSheet)
    assert (merge.kept.person.name, merge.absorbed.person.name) == ("Person 001", "Person 002")
    merge.choose("name", 1)
    merge.act.click()
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.name == "Person 002")
    qtbot.waitUntil(lambda: page.model.rowCount() == COUNT - 1)
    page._undo()
    qtbot.waitUntil(lambda: page.model.rowCount() == COUNT)
    with desk.store.reading() as t:
        assert [row.person.name for row in t.people.page(limit=3)] == [f"Person 00{n}" for n in range(3)]


def test_a_merge_that_came_too_late_compares_again(page: PeoplePage, qtbot: QtBot, desk: Desk) -> None:
    choose(page, 1, 2)
    page._act("merge")
    merge = sheet(page, qtbot, MergeSheet)
    assert isinstance(merge, MergeSheet)
    with desk.store.transaction() as t:
        person = merge.absorbed.person
        t.people.change(person.id, PersonFields("Person 002b"), person.version)
    merge.act.click()
    qtbot.waitUntil(lambda: not merge.banner.isHidden())
    assert "Person 002b was changed" in merge.banner.accessibleName()
    merge._compare_again()
    qtbot.waitUntil(
        lambda: any(
            each.isVisible() and each.absorbed.person.name == "Person 002b"
            for each in page.findChildren(MergeSheet)
        )
    )


def test_two_filters_at_once_narrow_to_both(page: PeoplePage, qtbot: QtBot, desk: Desk) -> None:
    with desk.store.transaction() as t:
        for number in range(2):
            t.people.add(
                PersonFields(
                    f"Visitor {number}", department="Finance", valid_until=date(2020 + 60 * number, 1, 1)
                )
            )
    page.filters.set_department("Finance")
    page.filters.set_valid(today=True)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    assert page.model.index(0, NAME).data() == "Visitor 1"
    page.filters.clear()
    qtbot.waitUntil(lambda: page.model.rowCount() == COUNT + 2)


def test_the_last_seen_come_first_on_the_first_click(page: PeoplePage, qtbot: QtBot) -> None:
    page._sort_by(SEEN)
    assert page.loading.descending
    qtbot.waitUntil(lambda: page._order.text() == "Sorted by last seen")


@pytest.mark.usefixtures("crowd")
def test_who_may_only_read_can_take_a_list_along_and_nothing_else(context: Contexts, qtbot: QtBot) -> None:
    page = opened(context(Role.AUDITOR), qtbot)
    choose(page, 0, 1)
    assert list(page.several.buttons) == ["export", "delete", "restore"]
    assert page.several._foot.isHidden()
    page._act("delete")
    assert page.findChildren(Question) == []


@pytest.mark.parametrize("code", ["en", "zh_CN"])
def test_no_word_is_cut(
    page: PeoplePage, qtbot: QtBot, language: Language, code: str, clipped: Callable[[QWidget], list[str]]
) -> None:
    choose(page, 0, 1)
    page._act("merge")
    merge = sheet(page, qtbot, MergeSheet)
    language.set(code)
    qtbot.wait(50)
    assert clipped(page) == []
    assert clipped(merge) == []
    merge.reject()
    page._act("groups")
    groups = sheet(page, qtbot, GroupsSheet)
    qtbot.wait(50)
    assert clipped(groups) == []
