"""Banners, toasts, busy cards, dialogs, menus and the focus ring."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.i18n.language import Language
from facekd_ui.theme.theme import tokens
from facekd_ui.widgets import toasts as toasts_module
from facekd_ui.widgets.badges import STATES, CountBadge, StateBadge
from facekd_ui.widgets.banners import Banner, EmptyState, ErrorState
from facekd_ui.widgets.busy import BusyCard
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.faces import Avatar, initials
from facekd_ui.widgets.fields import Field
from facekd_ui.widgets.focus import FocusRing
from facekd_ui.widgets.menus import Menu
from facekd_ui.widgets.sheets import Question
from facekd_ui.widgets.toasts import Toasts


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    result = QWidget()
    qtbot.addWidget(result)
    result.resize(900, 600)
    result.show()
    return result


def test_a_banner_shows_markup_in_names_as_text_and_follows_the_language(
    qtbot: QtBot, language: Language
) -> None:
    banner = Banner("warning", T("Looks like {name}.", name="<i>Eve</i>"), T("Try now"))
    qtbot.addWidget(banner)
    words = banner.findChildren(QLabel)[1]
    assert "&lt;i&gt;Eve&lt;/i&gt;" in words.text()
    language.set("zh_CN")
    assert "与&lt;i&gt;Eve&lt;/i&gt;相像" in words.text()
    assert banner.accessibleName() == "与<i>Eve</i>相像。 立即重试"


def test_a_banners_button_acts_and_its_message_can_be_replaced(qtbot: QtBot) -> None:
    acts: list[str] = []
    banner = Banner("danger", "Away.", "", [(T("Try now"), lambda: acts.append("first"))])
    qtbot.addWidget(banner)
    banner.show()
    qtbot.mouseClick(banner.findChildren(Button)[0], Qt.MouseButton.LeftButton)
    banner.show_message("info", "Back.", actions=[])
    assert [b for b in banner.findChildren(Button) if b.isVisible()] == []
    assert (acts, banner.property("kind")) == (["first"], "info")


def test_states_have_a_shape_and_a_word_each(qtbot: QtBot) -> None:
    shapes = set()
    for state in STATES:
        badge = StateBadge(state)
        qtbot.addWidget(badge)
        badge.show()
        glyph = badge.grab().toImage().copy(0, 0, 16, badge.height())
        ground = glyph.pixelColor(15, 0)
        shapes.add(tuple(glyph.pixelColor(x, y) != ground for x in range(15) for y in range(glyph.height())))
    assert len(shapes) == len(STATES)  # told apart without colour


def test_a_count_hides_at_zero_and_ends_at_99(qtbot: QtBot, window: QWidget) -> None:
    badge = CountBadge(parent=window)
    badge.set_count(0)
    assert badge.isHidden()
    badge.set_count(7)
    narrow = badge.width()
    assert (badge.isHidden(), narrow) == (False, badge.height())  # round
    badge.set_count(1_000_000)
    assert badge.width() > narrow
    assert badge.width() < 40


def test_at_most_two_toasts_stand_above_the_corner_and_undo_acts(qtbot: QtBot, window: QWidget) -> None:
    toasts = Toasts(window, left=20, above=40)
    undone: list[str] = []
    for name in ("A", "B", "C"):
        toasts.show(name, action=(T("Undo"), lambda n=name: undone.append(n)))
    shown = [t for t in window.findChildren(toasts_module.Toast) if not t.isHidden()]
    assert [t.accessibleName() for t in shown] == ["B", "C"]
    qtbot.waitUntil(lambda: shown[-1].geometry().bottom() < 600 - 40, timeout=1000)  # after its slide
    assert shown[0].geometry().bottom() < shown[1].geometry().top()
    qtbot.mouseClick(shown[1].findChildren(Button)[0], Qt.MouseButton.LeftButton)
    assert undone == ["C"]
    assert shown[1].isHidden()


def test_a_toast_leaves_by_itself_but_not_under_the_pointer(
    qtbot: QtBot, window: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toasts_module, "STAYS_MS", 120)
    QTest.mouseMove(window, QPoint(850, 20))  # where an earlier test left it, it would rest on a toast
    toasts = Toasts(window)
    rested, other = toasts.show("rested on"), toasts.show("other")
    rested.enterEvent(None)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: window.findChildren(toasts_module.Toast) == [rested])
    assert other is not rested


def test_a_busy_card_says_how_far_and_answers_cancel_at_once(qtbot: QtBot) -> None:
    card = BusyCard(T("Importing people"))
    qtbot.addWidget(card)
    card.show()
    card.show_progress(0.5, T("{done} of {all}, {refused} refused", done=5, all=10, refused=0))
    words = [label.text() for label in card.findChildren(QLabel)]
    assert "5 of 10, 0 refused" in words
    with qtbot.waitSignal(card.cancelled, timeout=200):
        qtbot.mouseClick(card.findChild(Button), Qt.MouseButton.LeftButton)
    assert "Stopping at the next safe place" in [label.text() for label in card.findChildren(QLabel)]
    assert not card.findChild(Button).isEnabled()


def question(window: QWidget, *, danger: bool) -> Question:
    asked = Question(window, T("Delete {name}?", name="Ada"), T("Cancel"), T("Delete"), danger=danger)
    asked.open()
    return asked


def test_enter_never_presses_a_deletion_and_escape_cancels(qtbot: QtBot, window: QWidget) -> None:
    asked = question(window, danger=True)
    with qtbot.assertNotEmitted(asked.accepted):
        qtbot.keyClick(asked, Qt.Key.Key_Return)
    asked = question(window, danger=True)
    with qtbot.waitSignal(asked.rejected):
        qtbot.keyClick(asked, Qt.Key.Key_Escape)
    harmless = question(window, danger=False)
    with qtbot.waitSignal(harmless.accepted):
        qtbot.keyClick(harmless, Qt.Key.Key_Return)


def test_cancel_stands_before_the_act_and_the_act_says_what_it_does(qtbot: QtBot, window: QWidget) -> None:
    asked = question(window, danger=True)
    assert asked.cancel.x() < asked.act.x()
    assert asked.act.text() == "Delete"
    with qtbot.waitSignal(asked.accepted):
        qtbot.mouseClick(asked.act, Qt.MouseButton.LeftButton)


def test_the_keys_beside_a_menus_entries_work_while_it_is_open(qtbot: QtBot, window: QWidget) -> None:
    acts: list[str] = []
    menu = Menu(window)
    menu.add(T("Undo"), lambda: acts.append("undo"), "undo", "U")
    menu.add(T("Delete"), lambda: acts.append("delete"), "trash", "D")
    menu.popup(window.mapToGlobal(QPoint(10, 10)))
    qtbot.keyClick(menu, Qt.Key.Key_D)
    assert acts == ["delete"]
    assert not menu.isVisible()


def test_the_ring_shows_for_the_keyboard_and_not_for_the_mouse(qtbot: QtBot, window: QWidget) -> None:
    column = QVBoxLayout(window)
    first, second, field = Button("A"), Button("B"), Field()
    for widget in (first, second, field):
        column.addWidget(widget)
    ring = FocusRing(window)
    with qtbot.waitActive(window):
        window.activateWindow()
    handle = window.windowHandle()
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    QTest.keyClick(handle, Qt.Key.Key_Tab)
    qtbot.waitUntil(second.hasFocus)
    assert ring.isVisible()
    assert ring.geometry().contains(second.geometry())
    assert ring.geometry().width() == second.width() + 8  # 2 px wide, 2 px away, at both sides
    middle = ring.grab().toImage().pixelColor(ring.width() // 2, 1)
    assert middle == tokens().color("focus")
    QTest.keyClick(handle, Qt.Key.Key_Tab)
    qtbot.waitUntil(field.hasFocus)
    assert not ring.isVisible()  # a field shows it by its own line
    QTest.mouseClick(
        handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, first.geometry().center()
    )
    assert not ring.isVisible()


def test_the_ring_goes_with_its_widget(qtbot: QtBot, window: QWidget) -> None:
    button = Button("A", parent=window)
    button.move(100, 100)
    button.show()
    ring = FocusRing(window)
    with qtbot.waitActive(window):
        window.activateWindow()
    button.setFocus()
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Tab)  # there is nowhere else to go
    qtbot.waitUntil(ring.isVisible)
    assert button.hasFocus()
    button.move(300, 200)
    assert ring.geometry().center() == button.geometry().center()
    button.hide()
    assert not ring.isVisible()


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Mira Kovač", "MK"), ("高敏", "高"), ("ada", "A"), ("", "?"), ("Ana de la Cruz", "AC")],
)
def test_initials_fit_the_name(name: str, letters: str, qtbot: QtBot) -> None:
    assert initials(name) == letters
    avatar = Avatar(name)
    qtbot.addWidget(avatar)
    assert name in avatar.accessibleName()


def test_an_empty_page_offers_its_one_button(qtbot: QtBot) -> None:
    add = Button(T("Add person"), "primary")
    page = EmptyState("people", T("Nobody is on file yet"), T("Try now"), add)
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(add.clicked):
        qtbot.mouseClick(add, Qt.MouseButton.LeftButton)


def test_a_failed_page_retries_and_copies_its_details(qtbot: QtBot) -> None:
    page = ErrorState()
    qtbot.addWidget(page)
    page.show_error("The list cannot be read", "Live goes on.", "StoreUnavailable: 3306")
    page.show()
    again, copy = page.findChildren(Button)
    with qtbot.waitSignal(page.retry):
        qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "StoreUnavailable: 3306"
