"""Whoever has no mouse or no screen: everything on the pages of people has a name, a key or the focus."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QCalendarWidget,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QTabBar,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from facekd_db.records import PersonFields
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.enrol import EnrolPage
from facekd_ui.pages.importing import ImportPage
from facekd_ui.pages.people import PeoplePage
from facekd_ui.services.base import Desk
from facekd_ui.tables.people import NAME
from facekd_ui.widgets.menus import Menu

Contexts = Callable[..., PageContext]
Portrait = Callable[..., Path]
CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox, QAbstractItemView, QTabBar)


def nameless(page: QWidget) -> list[str]:
    """Controls that a screen reader could not call by a name, and drawings without a tooltip."""
    found = []
    for widget in page.findChildren(QWidget):
        inside_another = isinstance(widget.parentWidget(), QAbstractSpinBox | QLineEdit | QComboBox | QTabBar)
        in_calendar = any(isinstance(above, QCalendarWidget) for above in _above(widget))
        if isinstance(widget, QHeaderView):  # a part of its table
            continue
        if not isinstance(widget, CONTROLS) or inside_another or in_calendar or not widget.isVisibleTo(page):
            continue
        words = widget.text() if isinstance(widget, QAbstractButton) else ""
        if not widget.accessibleName() and not words:
            found.append(f"{type(widget).__name__} has no name")
        is_drawing = isinstance(widget, QAbstractButton) and not isinstance(widget, QToolButton)
        if is_drawing and not words and not widget.toolTip() and str(widget.property("role")).endswith("con"):
            found.append(f"{widget.accessibleName()} has no tooltip")
        if isinstance(widget, QAbstractButton | QComboBox) and widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
            found.append(f"{words or widget.accessibleName()} cannot be reached by Tab")
    return found


def _above(widget: QWidget) -> list[QWidget]:
    found = []
    while (parent := widget.parentWidget()) is not None:
        found.append(parent)
        widget = parent
    return found


def keys(page: QWidget) -> dict[str, QAction]:
    return {act.shortcut().toString(): act for act in page.actions() if act.shortcut() != QKeySequence()}


@pytest.fixture
def people(context: Contexts, qtbot: QtBot, desk: Desk) -> PeoplePage:
    with desk.store.transaction() as t:
        for name in ("Ada", "Bea", "Cleo"):
            t.people.add(PersonFields(name))
    page = PeoplePage(context())
    qtbot.addWidget(page)
    page.resize(1360, 800)
    page.show()
    page.opened()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    return page


def test_everything_of_the_table_and_of_a_person_has_a_name(people: PeoplePage, qtbot: QtBot) -> None:
    assert nameless(people) == []
    people.table.selectRow(0)
    qtbot.waitUntil(lambda: people.shown is not None)
    assert nameless(people) == []
    people.table.selectAll()
    assert nameless(people) == []


def test_the_keys_of_the_design_are_there(people: PeoplePage) -> None:
    wanted = {"Ctrl+N", "Ctrl+I", "F2", "Ctrl+A", "Del", "Ctrl+M", "Ctrl+Z", "F5"}
    assert wanted <= set(keys(people))


def test_the_table_is_walked_with_arrows_and_opened_with_enter(people: PeoplePage, qtbot: QtBot) -> None:
    people.table.setFocus()
    qtbot.keyClick(people.table, Qt.Key.Key_Down)  # type: ignore[no-untyped-call]
    qtbot.waitUntil(lambda: people.shown is not None and people.shown.name in ("Ada", "Bea"))
    first = people.shown
    qtbot.keyClick(people.table, Qt.Key.Key_Escape)  # type: ignore[no-untyped-call]
    assert people.panel.isHidden()
    qtbot.keyClick(people.table, Qt.Key.Key_Down)  # type: ignore[no-untyped-call]
    qtbot.waitUntil(lambda: people.shown is not None and people.shown != first)
    qtbot.keyClick(people.table, Qt.Key.Key_Return)  # type: ignore[no-untyped-call]
    assert people.shown is not None


def test_the_order_is_chosen_without_the_header(people: PeoplePage, qtbot: QtBot) -> None:
    people._order.open_menu()
    menu = people._order.findChildren(Menu)[-1]
    assert [entry.text() for entry in menu.actions() if entry.text()] == [
        "Sorted by name",
        "Sorted by department",
        "Sorted by last seen",
        "Sorted by day added",
        "The other way round",
    ]
    menu.actions()[-1].trigger()
    qtbot.waitUntil(lambda: people.model.index(0, NAME).data() == "Cleo")
    menu.close()


def test_everything_of_the_enrolment_has_a_name(
    context: Contexts, qtbot: QtBot, tmp_path: Path, portrait: Portrait
) -> None:
    page = EnrolPage(context(), LocalSettings(tmp_path / "home"))
    qtbot.addWidget(page)
    page.resize(1360, 800)
    page.show()
    page.opened()
    page.form.valid_until.choose.click()
    page.draft.add_files([portrait(1)])
    qtbot.waitUntil(lambda: bool(page.draft.shots))
    qtbot.wait(20)
    assert nameless(page) == []
    assert {"Ctrl+V", "Ctrl+Return", "Backspace", "Esc", "Ctrl+O"} <= set(keys(page))


def test_everything_of_the_import_has_a_name(
    context: Contexts, qtbot: QtBot, portrait: Portrait, tmp_path: Path
) -> None:
    portrait(1, "import/Ada/1.png")
    page = ImportPage(context())
    qtbot.addWidget(page)
    page.resize(1360, 800)
    page.show()
    assert nameless(page) == []
    page.try_folder(tmp_path / "import")
    qtbot.waitUntil(lambda: page._report is not None)
    assert nameless(page) == []
