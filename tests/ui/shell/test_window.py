"""The frame: pages by role, made at their first visit; actions, keys, finder; login in front of everything."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.i18n.language import Language
from facekd_ui.shell.actions import action, button_for
from facekd_ui.shell.finder import Found, best, rank
from facekd_ui.shell.pages import PageSpec
from facekd_ui.shell.rail import RailItem
from facekd_ui.shell.window import MainWindow
from facekd_ui.theme.theme import Theme, tokens
from facekd_ui.widgets.banners import ErrorState
from facekd_ui.widgets.buttons import Button
from facekd_ui.workers.tasks import Tasks


class Plain(QWidget):
    """A page that counts its visits and has an action of its own."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.visits: list[str] = []
        self.acts: list[str] = []
        column = QVBoxLayout(self)
        column.addWidget(QLabel(name))
        self.field = QLineEdit()
        column.addWidget(self.field)
        self.snapshot = action(self, T("Snapshot"), lambda: self.acts.append(name), "S", "camera")

    def opened(self) -> None:
        self.visits.append("opened")

    def left(self) -> None:
        self.visits.append("left")


@pytest.fixture
def made() -> list[str]:
    """The pages that were made, in order."""
    return []


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, language: Language, made: list[str]) -> MainWindow:
    tasks = Tasks()
    result = MainWindow(theme, language, tasks)
    tasks.setParent(result)
    qtbot.addWidget(result)

    def maker(name: str) -> Callable[[], QWidget]:
        def make() -> QWidget:
            made.append(name)
            return Plain(name)

        return make

    admins = frozenset({"administrator"})
    result.set_pages(
        [
            PageSpec("live", T("Live"), "scan-face", maker("live"), shortcut="Ctrl+1"),
            PageSpec("people", T("People"), "people", maker("people"), shortcut="Ctrl+2"),
            PageSpec("settings", T("Settings"), "gear", maker("settings"), admins, "Ctrl+,", at_bottom=True),
        ],
        "operator",
    )
    result.open("live")
    with qtbot.waitActive(result):
        result.show()
        result.activateWindow()
    return result


def press(
    window: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    handle = window.windowHandle()
    assert handle is not None
    QTest.keyClick(handle, key, modifiers)


def test_a_page_is_made_at_its_first_visit_and_kept(window: MainWindow, made: list[str]) -> None:
    assert made == ["live"]
    window.open("people")
    live = window.open("live")
    assert made == ["live", "people"]
    assert isinstance(live, Plain)
    assert live.visits == ["opened", "left", "opened"]


def test_a_page_of_another_role_is_absent_everywhere(window: MainWindow) -> None:
    assert [item.spec.key for item in window.rail.findChildren(RailItem)] == ["live", "people"]
    assert all(found.words != "Settings" for found in window._at_hand())
    with pytest.raises(KeyError):
        window.open("settings")


def test_another_operator_gets_other_pages_and_none_of_the_old(window: MainWindow, made: list[str]) -> None:
    specs = [PageSpec("settings", T("Settings"), "gear", lambda: Plain("s"), frozenset({"administrator"}))]
    window.set_pages(specs, "administrator")
    assert window.pages.count() == 0
    window.open("settings")
    assert window.top_bar.title.text() == "Settings"
    with pytest.raises(KeyError):
        window.open("live")


def test_keys_and_clicks_open_pages(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.key == "people"
    live = next(item for item in window.rail.findChildren(RailItem) if item.spec.key == "live")
    qtbot.mouseClick(live, Qt.MouseButton.LeftButton)
    assert (window.pages.key, window.top_bar.title.text(), live.isChecked()) == ("live", "Live", True)


def test_a_letter_acts_on_the_page_but_types_in_a_field(window: MainWindow) -> None:
    page = window.open("live")
    assert isinstance(page, Plain)
    window.setFocus()
    press(window, Qt.Key.Key_S)
    assert page.acts == ["live"]
    page.field.setFocus()
    press(window, Qt.Key.Key_S)
    assert (page.acts, page.field.text()) == (["live"], "s")


def test_the_letter_of_a_hidden_page_does_nothing(window: MainWindow) -> None:
    live = window.open("live")
    window.open("people")
    window.setFocus()
    press(window, Qt.Key.Key_S)
    assert isinstance(live, Plain)
    assert live.acts == []


def test_the_sheet_of_keys_holds_the_window_and_the_page(window: MainWindow) -> None:
    groups = {str(heading): rows for heading, rows in window.keys_here()}
    assert ("Snapshot", "S") in groups["Live"]
    assert ("People", "Ctrl+2") in groups["Pages"]
    assert {key for _, key in groups["Everywhere"]} == {"Ctrl+K", "F1", "Ctrl+L", "F11"}
    sheet = window.show_keys()
    assert "Ctrl 2" in [label.text() for label in sheet.findChildren(QLabel)]


def test_the_finder_opens_pages_runs_actions_and_looks_people_up(window: MainWindow, qtbot: QtBot) -> None:
    opened: list[str] = []
    window.set_lookup(lambda query: [Found(f"Person {query}", lambda: opened.append(query), "person")])
    window.ask_finder()
    finder = window._finder
    assert finder is not None
    qtbot.keyClicks(finder.field, "peo")
    qtbot.waitUntil(lambda: "Person peo" in finder.found)
    assert finder.found == ["People", "Person peo"]  # what begins as typed comes first
    qtbot.keyClick(finder.field, Qt.Key.Key_Return)
    assert window.pages.key == "people"
    window.ask_finder()
    qtbot.keyClicks(finder.field, "peo")
    qtbot.waitUntil(lambda: len(finder.found) == 2)
    qtbot.keyClick(finder.field, Qt.Key.Key_Down)
    qtbot.keyClick(finder.field, Qt.Key.Key_Return)
    assert opened == ["peo"]


def test_the_finder_finds_settings_and_what_a_part_of_the_page_can_do(
    window: MainWindow, qtbot: QtBot
) -> None:
    opened: list[str] = []
    window.set_lookup(
        None, lambda: [Found("Text size", lambda: opened.append("look"), "palette", "Settings")]
    )
    page = window.open("people")
    part = QWidget(page)
    action(part, T("Check the chain"), lambda: opened.append("check"), "F5")
    part.show()
    window.ask_finder()
    finder = window._finder
    assert finder is not None
    for typed in ("text", "chain"):
        finder.field.setText(typed)
        qtbot.keyClick(finder.field, Qt.Key.Key_Return)
        window.ask_finder()
    assert opened == ["look", "check"]
    assert ("Check the chain", "F5") in {str(heading): rows for heading, rows in window.keys_here()}["People"]
    part.hide()
    assert all(found.words != "Check the chain" for found in window._at_hand())


def test_a_look_up_that_fails_leaves_pages_and_actions(window: MainWindow, qtbot: QtBot) -> None:
    def away(query: str) -> list[Found]:
        raise OSError("the database is away")

    window.set_lookup(away)
    window.ask_finder()
    finder = window._finder
    assert finder is not None
    qtbot.keyClicks(finder.field, "dark")
    assert window.tasks.drain()
    qtbot.wait(20)
    assert finder.found == ["Dark theme"]
    qtbot.keyClick(finder.field, Qt.Key.Key_Return)
    assert tokens().is_dark


def test_entries_that_begin_as_typed_come_first() -> None:
    words = ["Import people", "People", "Export the people", "Opened lately"]
    found = best("pe", [Found(word, lambda: None) for word in words])
    assert [entry.words for entry in found] == [
        "People",
        "Import people",
        "Export the people",
        "Opened lately",
    ]
    assert rank("zz", "People") is None


def test_behind_the_login_no_key_opens_a_page(window: MainWindow, made: list[str], qtbot: QtBot) -> None:
    login = QLabel("login")
    window.show_full(login)
    assert not window.shows_chrome
    window.setFocus()
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    press(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert made == ["live"]
    assert window._finder is None
    window.show_chrome()
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.key == "people"


def test_a_page_that_cannot_be_made_leaves_the_others_and_tries_again(
    window: MainWindow, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def make() -> QWidget:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("no such table")
        return Plain("photo")

    window.set_pages([PageSpec("photo", T("Photo"), "photo", make)], "operator")
    page = window.open("photo")
    assert isinstance(page, ErrorState)
    assert "no such table" in caplog.text
    qtbot.mouseClick(page.findChildren(Button)[0], Qt.MouseButton.LeftButton)
    assert isinstance(window.pages.currentWidget(), Plain)


def test_a_button_follows_its_action(window: MainWindow, qtbot: QtBot) -> None:
    page = window.open("live")
    assert isinstance(page, Plain)
    button = button_for(page.snapshot, "quiet")
    qtbot.addWidget(button)
    assert (button.text(), button.toolTip()) == ("Snapshot", "Snapshot (S)")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert page.acts == ["live"]
    page.snapshot.setEnabled(False)
    assert not button.isEnabled()


def test_the_operators_menu_switches_language_and_theme(window: MainWindow, language: Language) -> None:
    def entry(words: str) -> None:
        menu = window.top_bar.menu()
        next(found for found in menu.actions() if found.text() == words).trigger()
        menu.deleteLater()

    entry("Dark")
    assert tokens().is_dark
    entry("简体中文")
    assert (language.code, window.top_bar.title.text()) == ("zh_CN", "实时")
    assert [item.text() for item in window.rail.findChildren(RailItem)] == ["实时", "人员"]


def test_the_states_of_cameras_and_store_say_it_in_words_and_go_where_it_is_mended(
    window: MainWindow, qtbot: QtBot
) -> None:
    bar = window.top_bar
    bar.cameras.show_state("warning", T("{n} of {all} cameras", n=3, all=4))
    assert bar.cameras.accessibleName() == "3 of 4 cameras"
    with qtbot.waitSignal(bar.cameras_asked):
        qtbot.mouseClick(bar.cameras, Qt.MouseButton.LeftButton)
    bar.show_alerts(2)
    assert "2 alerts" in [button.accessibleName() for button in bar.findChildren(Button)]


def test_a_banner_stands_above_every_page_until_it_is_dropped(window: MainWindow) -> None:
    banner = window.show_banner("danger", "The database is away.")
    assert banner.isVisible()
    window.open("people")
    assert banner.isVisible()
    banner_end = banner.mapTo(window, banner.rect().bottomLeft()).y()
    assert banner_end <= window.pages.mapTo(window, window.pages.rect().topLeft()).y()
    window.drop_banner(banner)
    assert not banner.isVisible()


def test_the_frame_has_the_measures_of_the_design(window: MainWindow) -> None:
    window.resize(1440, 900)
    assert (window.rail.width(), window.top_bar.height(), window.status_line.height()) == (76, 52, 28)
    item = window.rail.findChildren(RailItem)[0]
    assert (item.width(), item.height()) == (76, 56)
    window.resize(1920, 1080)
    assert window.rail.width() == 200


def test_closing_is_told(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.closing):
        window.close()
