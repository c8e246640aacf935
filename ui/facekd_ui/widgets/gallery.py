"""Every widget at one glance, for developers: `python -m facekd_ui.widgets.gallery --help`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from facekd_ui.i18n.language import Language, say
from facekd_ui.i18n.text import LANGUAGES, T, Text
from facekd_ui.theme import icons
from facekd_ui.theme.theme import MODES, Theme, font, tokens
from facekd_ui.widgets.badges import STATES, QualityBlocks, StateBadge
from facekd_ui.widgets.banners import Banner, EmptyState
from facekd_ui.widgets.busy import BusyCard, Skeleton
from facekd_ui.widgets.buttons import Button, Chip, IconButton, Segments, Switch
from facekd_ui.widgets.cards import Card, FactRow, OptionCard, OptionGroup, Panel
from facekd_ui.widgets.chart import Curve, ThresholdChart
from facekd_ui.widgets.faces import Avatar, FaceTile
from facekd_ui.widgets.fields import Choice, Field, FormRow, PasswordField, SearchField
from facekd_ui.widgets.focus import FocusRing
from facekd_ui.widgets.labels import KeyCap, Label
from facekd_ui.widgets.menus import Menu
from facekd_ui.widgets.overlay import OverlayPainter, ShownFace
from facekd_ui.widgets.sheets import Question
from facekd_ui.widgets.toasts import Toasts
from facekd_ui.widgets.video import VideoView


def _row(*things: QWidget | None, spacing: int = 8) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(spacing)
    for thing in things:
        if thing is None:
            row.addSpacing(12)
        else:
            row.addWidget(thing, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addStretch(1)
    return row


def _section(column: QVBoxLayout, heading: Text, *rows: QLayout | QWidget) -> None:
    column.addWidget(Label(heading, "small", "text.2"))
    for row in rows:
        if isinstance(row, QWidget):
            column.addWidget(row)
        else:
            column.addLayout(row)
    column.addSpacing(12)


def buttons() -> list[QLayout]:
    """All roles and states that can be held still."""
    off = Button(T("Disabled"))
    off.setEnabled(False)
    segments = Segments({"events": T("Events"), "alerts": T("Alerts")}, T("What to show"))
    return [
        _row(
            Button(T("Primary"), "primary"),
            Button(T("Add person"), "primary", "add-person"),
            off,
            Button(T("Secondary")),
            Button(T("Quiet"), "quiet", "pause"),
            Button(T("Link"), "link"),
        ),
        _row(
            Button(T("Delete…"), "danger", "trash"),
            Button(T("Erase for good"), "dangerFill"),
            IconButton("full-screen", T("Full screen"), quiet=False, key="F11"),
            IconButton("picture-in-picture", T("Mini window")),
            Button(T("Small"), size="small"),
            segments,
        ),
    ]


def fields() -> list[QLayout]:
    """Fields and choices."""
    wrong = FormRow(T("Batch"), Field())
    wrong.set_error(T("A number from 1 to 1,000"))
    closed = Field()
    closed.setEnabled(False)
    secret = PasswordField()
    secret.setText("a long password")
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(12)
    grid.addWidget(
        FormRow(T("Name"), Field(T("As on the badge")), T("Shown over the face."), optional=True), 0, 0
    )
    grid.addWidget(FormRow(T("Password"), secret, T("15 characters or more are best.")), 0, 1)
    grid.addWidget(wrong, 0, 2)
    choice = Choice({"en": "English", "zh": "简体中文"})
    grid.addWidget(FormRow(T("Language"), choice, T("Changes at once, nothing to restart.")), 1, 0)
    grid.addWidget(FormRow(T("Disabled"), closed, T("Only an administrator changes this.")), 1, 1)
    grid.addWidget(SearchField(T("Name, code, department")), 1, 2, Qt.AlignmentFlag.AlignVCenter)
    return [grid]


def choices() -> list[QLayout]:
    """Checks, radios, switches, chips."""
    checked, off, chosen, other = QCheckBox(), QCheckBox(), QRadioButton(), QRadioButton()
    for thing, word in ((checked, T("Checked")), (off, T("Off")), (chosen, T("Chosen")), (other, T("Other"))):
        say(thing, word)
    checked.setChecked(True)
    chosen.setChecked(True)
    on, out = Switch(T("May log in")), Switch(T("Sound"))
    on.setChecked(True)
    chip = Chip(T("Valid"))
    chip.set_value(T("Valid today"))
    return [_row(checked, off, chosen, other, on, out, chip, Chip(T("Group")), KeyCap("Ctrl+K"), spacing=16)]


class Street(QWidget):
    """A grey picture with a face in each state."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(150)
        say(self, T("Faces on the picture"), "accessibleName")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The same in both themes."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QLinearGradient(0, 0, self.width(), 0)
        for place, grey in ((0, 110), (0.35, 150), (0.62, 205), (1, 60)):
            color = tokens().color("video.ink")
            color.setRgb(grey, grey, grey)
            ground.setColorAt(place, color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect(), 8, 8)
        labels = {
            "known": "Hana Novák",
            "uncertain": "Jonas Weber?",
            "unknown": str(T("Unknown")),
            "watchlist": str(T("Watchlist")),
            "ignored": "",
        }
        faces, boxes = [], []
        for row, (state, label) in enumerate(labels.items()):
            faces.append(ShownFace(row, (0, 0, 1, 1), state, label))
            boxes.append(QRectF(30 + row * (self.width() - 60) / 5, 46, 76, 88))
        OverlayPainter(tokens(), font("label")).paint(painter, faces, boxes, QRectF(self.rect()))


def messages(window: QWidget) -> list[QWidget]:
    """Banners and cards."""
    busy = BusyCard(T("Importing people"))
    busy.show_progress(0.46, T("{done} of {all}, {refused} refused", done=1480, all=3200, refused=12))
    cards = QWidget()
    row = QHBoxLayout(cards)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(12)
    row.addWidget(busy, 1)
    facts = Card(T("Connection test"), Button(T("Test again"), icon="refresh", size="small"))
    facts.body.addWidget(FactRow("ok", T("Server answers"), "MariaDB 10.11.9, 4 ms", name_width=130))
    facts.body.addWidget(FactRow("warning", T("Not encrypted"), T("only on this computer"), name_width=130))
    row.addWidget(facts, 1)
    options = QWidget()
    pair = QHBoxLayout(options)
    pair.setContentsMargins(0, 0, 0, 0)
    pair.setSpacing(12)
    here = OptionCard(T("This computer"), T("One desk, no server. Ready in a second."), "drive")
    there = OptionCard(T("A MySQL server"), T("Several desks share people and records."), "server")
    options.group = OptionGroup({"here": here, "there": there}, "there")  # type: ignore[attr-defined]
    pair.addWidget(here)
    pair.addWidget(there)
    away = T("The database is away; {n} wait on this computer.", n=14)
    return [
        Banner("warning", T("Records are not being saved."), away, [(T("Try now"), window.update)]),
        Banner(
            "danger",
            T("The photo could not be read."),
            T("Use JPEG, PNG or WebP up to 20 MB."),
            closable=True,
        ),
        Banner("info", T("Looks like {name}.", name="Jakob <b> Weber"), T("Compare before you save.")),
        cards,
        options,
    ]


def sample_video() -> VideoView:
    """A picture of noise with two faces."""
    view = VideoView(T("Faces on the picture"), radius=8)
    noise = np.random.default_rng(0).integers(90, 150, (180, 320, 3)).astype(np.uint8)
    noise.flags.writeable = False
    view.show_frame(
        noise,
        [
            ShownFace(1, (60, 50, 120, 125), "known", "Amara Diallo"),
            ShownFace(2, (200, 60, 250, 122), "unknown", str(T("Unknown"))),
        ],
    )
    return view


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
    _section(left, T("Buttons"), *buttons())
    _section(left, T("Fields"), *fields())
    _section(left, T("Choices"), *choices())
    _section(
        left, T("Face states in lists and tables"), _row(*(StateBadge(state) for state in STATES), spacing=20)
    )
    _section(left, T("Face states on the picture, the same in both themes"), Street())
    _section(left, T("Messages"), *messages(window))
    left.addStretch(1)
    tile, place = FaceTile(48, T("Photo")), FaceTile(48, T("No photo"))
    place.show_place()
    _section(
        right,
        T("People"),
        _row(Avatar("Mira Kovač"), Avatar("高敏"), tile, place, QualityBlocks(4), spacing=12),
    )
    chart = ThresholdChart(
        Curve.bell(0.05, 0.1), Curve.bell(0.6, 0.1, 0.85), 0.36, mark=(0.55, T("this sighting")), height=170
    )
    chart.tooltip_scores()
    card = Card(T("Why this name"))
    card.body.addWidget(Label(T("Closer than {share} of strangers", share="99.99 %")))
    card.body.addWidget(chart)
    _section(right, T("How sure"), card)
    video = sample_video()
    video.setFixedHeight(220)
    _section(right, T("Video"), video)
    empty = EmptyState(
        "people",
        T("Nobody is on file yet"),
        T("Add the first person and the door will greet them by name."),
        Button(T("Add person"), "primary", "add-person"),
        Button(T("Import…"), icon="upload"),
    )
    _section(right, T("Empty"), empty)
    _section(right, T("Loading"), Skeleton(2))
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
