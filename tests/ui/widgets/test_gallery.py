"""The gallery holds every widget: so what must hold of all of them is tested on it."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from facekd_ui.i18n.language import Language
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets import gallery
from facekd_ui.widgets.gallery_window import sample_window
from facekd_ui.widgets.video import VideoView


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("code", ["en", "zh_CN"])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_no_word_is_cut_in_any_language_theme_or_text_size(
    qtbot: QtBot,
    theme: Theme,
    language: Language,
    clipped: Callable[[QWidget], list[str]],
    mode: str,
    code: str,
    scale: float,
) -> None:
    theme.apply(mode, scale)
    language.set(code)
    for page, size in (
        (gallery.page(QWidget()), (1500, 1400)),
        (sample_window(theme, language), (1280, 800)),
    ):
        qtbot.addWidget(page)
        page.resize(
            int(size[0] * scale), int(size[1] * scale)
        ) if page.isWindow() and scale > 1 else page.resize(*size)
        with qtbot.waitExposed(page):
            page.show()
        assert clipped(page) == []


@pytest.mark.parametrize("code", ["en", "zh_CN"])
def test_everything_that_acts_has_a_name_and_a_way_by_keyboard(
    qtbot: QtBot, theme: Theme, language: Language, code: str
) -> None:
    language.set(code)
    window = sample_window(theme, language)
    page = gallery.page(window)
    for root in (window, page):
        qtbot.addWidget(root)
        nameless, unreachable = [], []
        for widget in root.findChildren(QWidget):
            if (
                isinstance(widget, QAbstractButton | QLineEdit | QComboBox | VideoView)
                and not widget.isHidden()
            ):
                name = widget.accessibleName() or (
                    widget.text() if isinstance(widget, QAbstractButton) else ""
                )
                if not name and widget.metaObject().className() != "QLineEditIconButton":
                    nameless.append(repr(widget))
                if widget.isEnabled() and widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
                    unreachable.append(repr(widget))
        assert nameless == []
        assert [u for u in unreachable if "IconButton" not in u and "QToolButton" not in u] == []


def test_switching_theme_and_language_with_everything_open_is_quick(
    qtbot: QtBot, theme: Theme, language: Language
) -> None:
    import time

    window = sample_window(theme, language)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    start = time.perf_counter()
    theme.apply("dark")
    language.set("zh_CN")
    assert time.perf_counter() - start < 2
