"""Small pictures of the themes: each in its own colours whatever theme is in force, chosen by mouse and keyboard."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QRadioButton
from pytestqt.qtbot import QtBot

from facekd_ui.theme.theme import Theme
from facekd_ui.theme.tokens import load
from facekd_ui.widgets.theme_choice import ThemeChoice, ThemePicture


def test_each_picture_shows_its_theme_in_either_theme(theme: Theme, qtbot: QtBot) -> None:
    choice = ThemeChoice()
    qtbot.addWidget(choice)
    choice.show()
    for now in ("light", "dark"):
        theme.apply(now)
        light, dark, system = (each.grab().toImage() for each in choice.findChildren(ThemePicture))
        middle = light.height() // 2

        def at(picture: object, share: float, middle: int = middle) -> str:
            return picture.pixelColor(round(picture.width() * share), middle + 16).name()  # type: ignore[attr-defined]

        ground = {mode: load(mode).color("bg").name() for mode in ("light", "dark")}
        assert at(light, 0.8) == ground["light"]
        assert at(dark, 0.8) == ground["dark"]
        assert (at(system, 0.4), at(system, 0.9)) == (ground["light"], ground["dark"])


def test_a_click_on_a_picture_and_an_arrow_key_choose(qtbot: QtBot) -> None:
    choice = ThemeChoice()
    qtbot.addWidget(choice)
    choice.show()
    told: list[str] = []
    choice.changed.connect(told.append)
    _light, dark, _system = choice.findChildren(ThemePicture)
    qtbot.mouseClick(dark, Qt.MouseButton.LeftButton)
    assert choice.value == "dark"
    radios = choice.findChildren(QRadioButton)
    choice.activateWindow()
    qtbot.waitUntil(choice.isActiveWindow)
    radios[1].setFocus()
    qtbot.keyClick(radios[1], Qt.Key.Key_Right)
    assert (choice.value, told) == ("system", ["dark", "system"])
