"""Every widget at one glance, for developers: `python -m facekd_ui.widgets.gallery --help`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from facekd_ui.i18n.language import Language
from facekd_ui.i18n.text import LANGUAGES, T
from facekd_ui.theme import icons
from facekd_ui.theme.theme import MODES, Theme
from facekd_ui.widgets.badges import STATES, QualityBlocks, StateBadge
from facekd_ui.widgets.banners import EmptyState
from facekd_ui.widgets.busy import Skeleton
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card, Panel
from facekd_ui.widgets.chart import Curve, ThresholdChart
from facekd_ui.widgets.faces import Avatar, FaceTile
from facekd_ui.widgets.focus import FocusRing
from facekd_ui.widgets.gallery_samples import (
    Street,
    buttons,
    choices,
    fields,
    messages,
    row,
    sample_video,
    section,
)
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.menus import Menu
from facekd_ui.widgets.sheets import Question
from facekd_ui.widgets.toasts import Toasts


def page(window: QWidget) -> QWidget:
    """The whole gallery."""
    whole = QWidget()
    columns = QHBoxLayout(whole)
    columns.setContentsMargins(32, 20, 32, 20)
    columns.setSpacing(32)
    left, right = QVBoxLayout(), QVBoxLayout()
    left.setSpacing(8)
    right.setSpacing(8)
    columns.addLayout(left, 3)
    columns.addLayout(right, 2)
    section(left, T("Buttons"), *buttons())
    section(left, T("Fields"), *fields())
    section(left, T("Choices"), *choices())
    section(
        left, T("Face states in lists and tables"), row(*(StateBadge(state) for state in STATES), spacing=20)
    )
    section(left, T("Face states on the picture, the same in both themes"), Street())
    section(left, T("Messages"), *messages(window))
    left.addStretch(1)
    tile, place = FaceTile(48, T("Photo")), FaceTile(48, T("No photo"))
    place.show_place()
    section(
        right,
        T("People"),
        row(Avatar("Mira Kovač"), Avatar("高敏"), tile, place, QualityBlocks(4), spacing=12),
    )
    chart = ThresholdChart(
        Curve.bell(0.05, 0.1), Curve.bell(0.6, 0.1, 0.85), 0.36, mark=(0.55, T("this sighting")), height=170
    )
    chart.tooltip_scores()
    card = Card(T("Why this name"))
    card.body.addWidget(Label(T("Closer than {share} of strangers", share="99.99 %")))
    card.body.addWidget(chart)
    section(right, T("How sure"), card)
    video = sample_video()
    video.setFixedHeight(220)
    section(right, T("Video"), video)
    empty = EmptyState(
        "people",
        T("Nobody is on file yet"),
        T("Add the first person and the door will greet them by name."),
        Button(T("Add person"), "primary", "add-person"),
        Button(T("Import…"), icon="upload"),
    )
    section(right, T("Empty"), empty)
    section(right, T("Loading"), Skeleton(2))
    right.addStretch(1)
    return whole


def icon_sheet() -> QWidget:
    """All icons with their names."""
    sheet = QWidget()
    grid = QGridLayout(sheet)
    grid.setContentsMargins(32, 24, 32, 24)
    for number, name in enumerate(icons.names()):
        cell = QVBoxLayout()
        drawing = Button("", "icon", name, tip=name)
        cell.addWidget(drawing, 0, Qt.AlignmentFlag.AlignCenter)
        cell.addWidget(Label(name, "tiny", "text.2"), 0, Qt.AlignmentFlag.AlignCenter)
        grid.addLayout(cell, number // 12, number % 12)
    return sheet


def _show(kind: str, theme: Theme, language: Language) -> QWidget:
    from facekd_ui.widgets.gallery_window import sample_window

    if kind == "window":
        return sample_window(theme, language)
    window = Panel("bg")
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(icon_sheet() if kind == "icons" else page(window))
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(area)
    window.setWindowTitle("FaceKD gallery")
    FocusRing(window)
    return window


def _extras(window: QWidget, kind: str) -> None:
    """What stands above the page: toast, menu, question."""
    if kind == "toast":
        undone: Callable[[], object] = partial(print, "undo")
        toasts = Toasts(window, left=32, above=24)
        toasts.show(T("{name} deleted", name="Jonas Weber"), action=(T("Undo"), undone), key="Ctrl+Z")
    elif kind == "menu":
        menu = Menu(window)
        menu.add(T("Enrol as new person…"), print, "add-person", "E")
        menu.add(T("This is someone on file…"), print, "people", "A")
        menu.addSeparator()
        menu.add(T("Ignore until they leave"), print, "eye-off", "I")
        menu.popup(window.mapToGlobal(window.rect().center()))
    elif kind == "question":
        Question(
            window,
            T("Delete {name}?", name="Jonas Weber"),
            T(
                "{photos} photos stop being used now. You can undo this until {day}.",
                photos=5,
                day="11 Apr 2026",
            ),
            T("Delete"),
            danger=True,
        ).open()


def main(arguments: Sequence[str] | None = None) -> int:
    """Opens the gallery, or writes a picture of it."""
    parser = argparse.ArgumentParser(description="Every widget of FaceKD at one glance.")
    parser.add_argument("kind", nargs="?", choices=("widgets", "icons", "window"), default="widgets")
    parser.add_argument("--theme", choices=MODES, default="light")
    parser.add_argument("--language", choices=tuple(LANGUAGES), default="en")
    parser.add_argument("--text-size", type=float, default=1.0, metavar="FACTOR")
    parser.add_argument("--size", default="1440x900", metavar="WxH")
    parser.add_argument("--with", dest="extra", choices=("toast", "menu", "question"))
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write this PNG and end")
    options = parser.parse_args(arguments)
    if options.picture and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setWindowIcon(icons.app_icon())
    theme, language = Theme(app, options.theme, options.text_size), Language(app, options.language)
    window = _show(options.kind, theme, language)
    width, height = options.size.split("x")
    window.resize(int(width), int(height))
    window.show()
    if options.extra:
        QTimer.singleShot(200, partial(_extras, window, options.extra))
    if options.picture:
        QTimer.singleShot(900, lambda: (window.grab().save(str(options.picture)), app.quit()))
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
