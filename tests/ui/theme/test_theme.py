import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontInfo, QGuiApplication, QPalette, QRawFont, QStyleHints
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from facekd_ui.theme import icons
from facekd_ui.theme.compositor import is_composited
from facekd_ui.theme.fonts import font, load_shipped_fonts
from facekd_ui.theme.theme import Theme, set_icon, set_type, tokens
from facekd_ui.theme.tokens import load


def test_dark_changes_palette_stylesheet_and_tokens_at_once(theme: Theme, qapp: QApplication) -> None:
    with_light = qapp.styleSheet()
    theme.apply("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor("#131618")
    assert qapp.styleSheet() != with_light
    assert tokens().is_dark
    theme.apply("light")
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor("#F4F2EE")


def test_without_a_word_from_the_system_it_is_light(theme: Theme) -> None:
    theme.apply("system")  # the offscreen platform has no colour scheme, like a bare X session
    assert tokens().theme == "light"


def test_an_unknown_theme_is_refused(theme: Theme) -> None:
    with pytest.raises(ValueError, match="light, dark, system"):
        theme.apply("sepia")


def test_the_text_size_reaches_labels_and_buttons_that_are_open(theme: Theme, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    label, button = QLabel("A"), QPushButton("B")
    column.addWidget(label)
    column.addWidget(button)
    set_type(label, "title")
    window.show()
    height = button.sizeHint().height()
    theme.apply(scale=1.5)
    assert label.font().pixelSize() == 33  # 22 x 1.5
    assert button.sizeHint().height() >= 1.3 * height
    theme.apply(scale=7)
    assert theme.scale == 1.5  # the largest


def test_an_icon_follows_the_theme(theme: Theme, qtbot: QtBot) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    set_icon(button, "plus", "accent")
    for name in ("light", "dark"):
        theme.apply(name)
        inks = {
            image.pixelColor(x, y).name().upper()
            for image in [button.icon().pixmap(16, 16).toImage()]
            for x in range(image.width())
            for y in range(image.height())
            if image.pixelColor(x, y).alpha() == 255
        }
        assert load(name)["accent"] in inks
        other = "dark" if name == "light" else "light"
        assert load(other)["accent"] not in inks


def test_a_checked_box_shows_a_tick_and_not_only_a_colour(qtbot: QtBot) -> None:
    box = QCheckBox("x")
    qtbot.addWidget(box)
    box.setChecked(True)
    box.show()
    image = box.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(16) for y in range(image.height())}
    assert QColor("#12597F").name() in colours
    assert any(QColor(name).lightnessF() > 0.85 and name != QColor("#F4F2EE").name() for name in colours)


def test_the_shipped_font_has_three_weights_and_latin_beyond_ascii(qapp: QApplication) -> None:
    assert "Inter" in load_shipped_fonts()
    for role, weight in (("body", 400), ("medium", 500), ("strong", 600)):
        info = QFontInfo(font(load("light"), role))
        assert (info.family(), info.weight()) == ("Inter", weight)
    raw = QRawFont.fromFont(font(load("light")))
    assert all(raw.supportsCharacter(ord(letter)) for letter in "čňřжßəΩ…·≥€")


def test_chinese_is_never_drawn_below_eleven_pixels() -> None:
    assert font(load("light"), "tiny", 0.9).pixelSize() == 11


def test_transparent_corners_are_assumed_off_x11() -> None:
    if QGuiApplication.platformName() == "xcb":
        pytest.skip("this run is on X11")
    assert is_composited()


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0, 3.0])
def test_icons_are_drawn_for_the_pixels_of_the_screen(ratio: float, qapp: QApplication) -> None:
    drawn = icons.pixmap(load("light"), "search", size=16, ratio=ratio)
    assert drawn.width() == round(16 * ratio)
    assert drawn.deviceIndependentSize().width() == pytest.approx(16, abs=0.5)


@pytest.mark.parametrize("name", icons.names())
def test_every_icon_is_an_svg_of_its_own_that_takes_its_ink_from_a_token(
    name: str, qapp: QApplication
) -> None:
    assert "currentColor" in icons.source(name)
    image = icons.pixmap(load("light"), name, "danger", 24, 2).toImage()
    inks = {
        image.pixelColor(x, y).name().upper()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }
    assert load("light")["danger"] in inks
    ink = sum(image.pixelColor(x, y).alpha() > 128 for x in range(48) for y in range(48))
    assert 20 < ink < 1600  # something, but not a block


def test_the_gap_behind_an_icon_is_empty(qapp: QApplication) -> None:
    wide = icons.icon(load("light"), "stop", size=16, gap=4).pixmap(20, 16).toImage()
    assert all(wide.pixelColor(x, y).alpha() == 0 for x in range(16, 20) for y in range(16))


def test_the_programs_icon_comes_in_the_sizes_of_task_bars(qapp: QApplication) -> None:
    assert {size.width() for size in icons.app_icon().availableSizes()} >= {16, 32, 48, 256}


def test_it_follows_the_system_while_it_runs(
    theme: Theme, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme.apply("system")
    # The offscreen platform has no colour scheme of its own: Qt is told that the system turned dark.
    monkeypatch.setattr(QStyleHints, "colorScheme", lambda _hints: Qt.ColorScheme.Dark)
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert tokens().is_dark
    theme.apply("light")  # chosen: the system has no say any more
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert not tokens().is_dark
