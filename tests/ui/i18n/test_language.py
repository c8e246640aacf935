import shiboken6
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.i18n.language import Language, said, say
from facekd_ui.widgets.fields import Choice


def test_open_widgets_and_actions_change_their_words(qtbot: QtBot, language: Language) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    label, button, action = QLabel(window), QPushButton(window), QAction(window)
    say(window, T("FaceKD"), "windowTitle")
    say(label, T("Ready"))
    say(button, T("Lock"), "toolTip")
    say(action, T("Log out"))
    with qtbot.waitSignal(language.changed):
        language.set("zh_CN")
    assert (label.text(), button.toolTip(), action.text()) == ("就绪", "锁定", "退出登录")
    language.set("en")
    assert (label.text(), button.toolTip(), action.text()) == ("Ready", "Lock", "Log out")


def test_a_name_stays_a_name(qtbot: QtBot, language: Language) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    say(label, T("Ready"))
    say(label, "Ready")  # somebody is called so
    language.set("zh_CN")
    assert label.text() == "Ready"
    assert said(label) == "Ready"


def test_an_ampersand_in_a_name_is_no_mnemonic(qtbot: QtBot) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    say(button, "Smith & Sons")
    assert button.text() == "Smith && Sons"
    assert button.shortcut().isEmpty()


def test_the_options_of_a_choice_follow_and_keep_what_is_chosen(qtbot: QtBot, language: Language) -> None:
    choice = Choice({"light": T("Light"), "dark": T("Dark")})
    qtbot.addWidget(choice)
    choice.choose("dark")
    language.set("zh_CN")
    assert (choice.currentText(), choice.value) == ("深色", "dark")


def test_a_widget_that_is_thrown_away_while_others_are_retranslated_is_passed_over(
    qtbot: QtBot, language: Language
) -> None:
    class Rebuilds(QWidget):
        def retranslate(self) -> None:
            shiboken6.delete(last)

    window = QWidget()
    qtbot.addWidget(window)
    Rebuilds(window)
    last = QLabel(window)
    say(last, T("Ready"))
    ready = QLabel(window)
    say(ready, T("Ready"))
    language.set("zh_CN")
    assert ready.text() == "就绪"
