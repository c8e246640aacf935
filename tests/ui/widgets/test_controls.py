"""Buttons, segments, chips, switches and fields by mouse and by keyboard."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.i18n.text import Text
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.buttons import Button, Chip, IconButton, Segments, Switch
from facekd_ui.widgets.cards import OptionCard, OptionGroup
from facekd_ui.widgets.fields import Choice, Field, FormRow, PasswordField, SearchField
from facekd_ui.widgets.labels import ElidedLabel, KeyCap, Label
from facekd_ui.widgets.sheets import Question


def test_buttons_have_the_heights_of_the_design(qtbot: QtBot) -> None:
    for size, height in (("", 32), ("small", 28), ("large", 40)):
        button = Button(T("Delete"), size=size)
        qtbot.addWidget(button)
        assert button.sizeHint().height() == height, size
    square = IconButton("close", T("Cancel"))
    qtbot.addWidget(square)
    assert (square.sizeHint().width(), square.sizeHint().height()) == (32, 32)


def test_a_field_is_as_high_as_a_button_and_keeps_its_height_with_the_focus(qtbot: QtBot) -> None:
    field = Field()
    qtbot.addWidget(field)
    field.show()
    assert field.sizeHint().height() == 32
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    assert field.sizeHint().height() == 32


def test_an_icon_button_has_a_name_and_a_tooltip_that_ends_with_its_key(qtbot: QtBot) -> None:
    button = IconButton("full-screen", T("Full screen"), key="F11")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Full screen"
    assert button.toolTip() == "Full screen (F11)"


def test_exactly_one_segment_is_chosen(qtbot: QtBot) -> None:
    segments = Segments({"a": "A", "b": "B", "c": "C"}, T("What to show"))
    qtbot.addWidget(segments)
    with qtbot.waitActive(segments):
        segments.show()
        segments.activateWindow()
    assert segments.value == "a"
    with qtbot.waitSignal(segments.changed) as told:
        qtbot.mouseClick(segments.button("b"), Qt.MouseButton.LeftButton)
    assert (told.args, segments.value) == (["b"], "b")
    segments.button("b").setFocus()
    with qtbot.waitSignal(segments.changed) as told:
        qtbot.keyClick(segments.button("b"), Qt.Key.Key_Right)
    assert told.args == ["c"]
    assert [segments.button(key).isChecked() for key in "abc"] == [False, False, True]


def test_a_chip_opens_clears_at_its_cross_and_clears_by_the_delete_key(qtbot: QtBot) -> None:
    chip = Chip(T("Group"))
    qtbot.addWidget(chip)
    chip.show()
    with qtbot.waitSignal(chip.opened):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    chip.set_value(T("Valid today"))
    chip.adjustSize()
    assert chip.text() == "Valid today"
    middle = chip.height() // 2
    with qtbot.waitSignal(chip.opened), qtbot.assertNotEmitted(chip.cleared):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(12, middle))
    with qtbot.waitSignal(chip.cleared), qtbot.assertNotEmitted(chip.opened):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(chip.width() - 12, middle))
    with qtbot.waitSignal(chip.cleared):
        qtbot.keyClick(chip, Qt.Key.Key_Delete)
    chip.set_value(None)
    assert chip.text() == "Group"
    assert not chip.is_set


def test_a_switch_moves_its_knob_to_the_other_side(qtbot: QtBot) -> None:
    switch = Switch(T("Sound"))
    qtbot.addWidget(switch)
    switch.resize(switch.sizeHint())
    switch.show()

    def knob_side() -> str:
        image = switch.grab().toImage().convertToFormat(switch.grab().toImage().Format.Format_Grayscale8)
        row = [image.pixelColor(x, 10).lightness() for x in range(34)]
        left, right = (sum(abs(value - row[17]) for value in half) for half in (row[3:14], row[20:31]))
        return "left" if left > right else "right"

    assert knob_side() == "left"
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert switch.isChecked()
    assert knob_side() == "right"


def test_search_waits_for_the_last_letter_and_enter_does_not_wait(qtbot: QtBot) -> None:
    field = SearchField(T("Name, code, department"))
    qtbot.addWidget(field)
    field.show()
    told: list[str] = []
    field.searched.connect(told.append)
    qtbot.keyClicks(field, "ada")
    assert told == []
    qtbot.waitUntil(lambda: told == ["ada"], timeout=1500)
    qtbot.keyClicks(field, "m")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert told == ["ada", "adam"]
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert told == ["ada", "adam", ""]
    assert field.text() == ""


def test_the_eye_shows_the_password_and_hides_it_again(qtbot: QtBot) -> None:
    field = PasswordField()
    qtbot.addWidget(field)
    eye = field.actions()[0]
    assert field.echoMode() == QLineEdit.EchoMode.Password
    eye.trigger()
    assert field.echoMode() == QLineEdit.EchoMode.Normal
    assert eye.toolTip() == "Hide the password"
    eye.trigger()
    assert field.echoMode() == QLineEdit.EchoMode.Password


def test_capitals_without_shift_give_caps_lock_away(qtbot: QtBot) -> None:
    field = PasswordField()
    qtbot.addWidget(field)
    said: list[bool] = []
    field.caps_lock.connect(said.append)
    qtbot.keyClick(field, "a")
    qtbot.keyClick(field, "A")  # what a keyboard with Caps Lock sends
    qtbot.keyClick(field, "A", Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(field, "7")  # tells nothing
    assert said == [False, True, False]


def number_check(text: str) -> Text | None:
    return None if text.isdecimal() else T("A number from 1 to 1,000")


def test_an_error_takes_the_place_of_the_help_soon_after_typing(qtbot: QtBot) -> None:
    field = Field()
    row = FormRow(T("Batch"), field, T("Shown over the face."), check=number_check)
    qtbot.addWidget(row)
    row.show()
    qtbot.keyClicks(field, "abc")
    assert row.error is None
    qtbot.waitUntil(lambda: row.error is not None, timeout=1500)
    assert field.property("faulty") is True
    assert field.accessibleDescription() == "A number from 1 to 1,000"
    field.setText("12")
    assert row.validate()
    assert field.property("faulty") is False
    assert field.accessibleDescription() == "Shown over the face."


def test_leaving_a_field_checks_it_at_once_but_not_an_untouched_one(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    field, other = Field(), Field()
    row = FormRow(T("Batch"), field, check=number_check)
    column.addWidget(row)
    column.addWidget(other)
    page.show()
    page.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    other.setFocus()
    assert row.error is None
    field.setText("x")
    field.setFocus()
    other.setFocus()
    assert row.error is not None


def test_one_option_card_is_chosen_by_click_or_key(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    cards = {key: OptionCard(T("This computer"), T("A MySQL server")) for key in ("a", "b")}
    for card in cards.values():
        column.addWidget(card)
    page.show()
    group = OptionGroup(cards, "a")
    qtbot.mouseClick(cards["b"], Qt.MouseButton.LeftButton)
    assert (group.value, cards["a"].is_chosen) == ("b", False)
    qtbot.keyClick(cards["a"].radio, Qt.Key.Key_Space)
    assert (group.value, cards["b"].is_chosen) == ("a", False)
    qtbot.keyClick(cards["a"].radio, Qt.Key.Key_Space)  # choosing again does not let go
    assert group.value == "a"


def test_a_name_is_never_rich_text(qtbot: QtBot) -> None:
    label = Label("<b>Ada</b>")
    plain = Label("Ada")
    for one in (label, plain):
        qtbot.addWidget(one)
    assert label.sizeHint().width() > 1.5 * plain.sizeHint().width()  # the tags are shown


def test_a_cut_label_has_its_whole_text_in_the_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("A rather long name that does not fit")
    qtbot.addWidget(label)
    label.show()
    label.resize(80, 20)
    assert label.toolTip() == "A rather long name that does not fit"
    label.resize(600, 20)
    assert label.toolTip() == ""


def test_a_key_cap_reads_as_on_the_keyboard(qtbot: QtBot) -> None:
    cap = KeyCap("Ctrl+Shift+P")
    qtbot.addWidget(cap)
    assert cap.text() == "Ctrl Shift P"


def test_an_opened_list_shows_all_that_can_be_chosen(theme: Theme, qtbot: QtBot) -> None:
    for count, chosen in ((2, 1), (7, 3)):  # the last of two was hidden behind an arrow once
        choice = Choice({str(number): f"Choice {number}" for number in range(count)})
        qtbot.addWidget(choice)
        choice.choose(str(chosen))
        choice.show()
        qtbot.waitExposed(choice)
        choice.showPopup()
        view = choice.view()
        port = view.viewport().rect()
        rows = [view.visualRect(choice.model().index(row, 0)) for row in range(count)]
        assert [port.contains(port.intersected(row)) and port.intersected(row).height() for row in rows] == [
            32
        ] * count
        choice.hidePopup()


def test_a_sheet_knows_where_it_stands_when_it_is_shown(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(100, 50, 1200, 700)
    window.show()
    qtbot.waitExposed(window)
    sheet = Question(window, T("Delete"), T("Cancel"), T("Delete"))
    moved: list[QPoint] = []
    sheet.moveEvent = lambda event: moved.append(event.pos())  # type: ignore[method-assign]
    sheet.open()
    qtbot.waitExposed(sheet)
    assert sheet.x() == 100 + (1200 - sheet.width()) // 2
    assert sheet.y() == 50 + (700 - sheet.height()) * 2 // 5
    assert len(moved) <= 1  # a move while it is being shown confuses window managers
    sheet.reject()
