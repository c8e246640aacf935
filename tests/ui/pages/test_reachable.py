"""Every page of the window, in both languages: each control has a name and the keyboard reaches it; keys are unique."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from facekd_db.records import Role
from facekd_ui.i18n import T
from facekd_ui.i18n.language import Language
from facekd_ui.local import LocalSettings
from facekd_ui.pages.catalogue import page_specs
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.settings import SettingsPage
from facekd_ui.services.base import Desk
from facekd_ui.shell.window import MainWindow
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.buttons import Switch
from facekd_ui.workers.tasks import Tasks

Contexts = Callable[..., PageContext]
PAGES = ("live", "photo", "people", "records", "training", "models", "settings", "enrol", "import")
OPERABLE = (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit)


@pytest.fixture
def window(
    context: Contexts, desk: Desk, theme: Theme, language: Language, qtbot: QtBot, tmp_path: Path
) -> Iterator[MainWindow]:
    window = MainWindow(theme, language, Tasks(1))
    window.tasks.setParent(window)
    qtbot.addWidget(window)
    given = context(Role.ADMINISTRATOR)
    window.set_pages(page_specs(given, window, LocalSettings(tmp_path / "home"), desk, None), "administrator")
    window.top_bar.show_operator("Mira Kovač", T("Administrator"))
    window.top_bar.store.show_state("ok", T("Database"))
    window.show_chrome()
    window.resize(1440, 900)
    window.show()
    qtbot.waitExposed(window)
    yield window
    for key in PAGES:
        if callable(shut := getattr(window.pages.page(key), "shut_down", None)):
            shut()


def shown_parts(page: QWidget) -> Iterator[QWidget]:
    """A page as it opens; the settings section by section."""
    if isinstance(page, SettingsPage):
        for row in range(page.list.count()):
            page.list.setCurrentRow(row)
            yield page
    else:
        yield page


def operable(root: QWidget) -> list[QWidget]:
    return [
        each
        for each in root.findChildren(QWidget)
        if isinstance(each, OPERABLE)
        and each.isVisible()
        and each.isEnabled()
        # Parts of Qt's own controls: the eye within a field, the corner of a table, the arrows of a list.
        and not isinstance(each.parent(), QLineEdit | QAbstractItemView | QComboBox)
    ]


@pytest.mark.parametrize("code", ["en", "zh_CN"])
@pytest.mark.parametrize("key", PAGES)
def test_every_control_has_a_name_and_is_reached_by_the_keyboard(
    window: MainWindow, language: Language, qtbot: QtBot, key: str, code: str
) -> None:
    language.set(code)
    page = window.open(key)
    qtbot.wait(150)
    nameless, unreachable, tipless = [], [], []
    for _part in shown_parts(page):
        for each in operable(window):
            words = each.text() if isinstance(each, QAbstractButton) else ""
            if not (each.accessibleName() or words):
                nameless.append(repr(each))
            # A switch stands beside its words.
            if isinstance(each, QAbstractButton) and not (
                words or each.toolTip() or isinstance(each, Switch)
            ):
                tipless.append(each.accessibleName())
            if not each.focusPolicy() & Qt.FocusPolicy.TabFocus:
                unreachable.append(f"{each.accessibleName() or words} {each!r}")
    assert (nameless, unreachable, tipless) == ([], [], [])


@pytest.mark.parametrize("key", PAGES)
def test_a_key_means_one_thing_on_a_page_and_stands_in_the_sheet(
    window: MainWindow, qtbot: QtBot, key: str
) -> None:
    window.open(key)
    qtbot.wait(50)
    rows = [row for _, rows in window.keys_here() for row in rows]
    twice = [found for found, count in Counter(shown for _, shown in rows).items() if count > 1]
    assert twice == []
    assert {"Ctrl+K", "F1", "Ctrl+L", "F11", "Ctrl+1", "Ctrl+2", "Ctrl+3", "Ctrl+4", "Ctrl+,"} <= {
        shown for _, shown in rows
    }
