"""The samples of the gallery: buttons, fields, choices, faces on a picture, messages."""

from datetime import date

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import font, tokens
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.busy import BusyCard
from facekd_ui.widgets.buttons import Button, Chip, IconButton, Segments, Switch
from facekd_ui.widgets.cards import Card, FactRow, OptionCard, OptionGroup
from facekd_ui.widgets.dates import DayField
from facekd_ui.widgets.fields import Choice, Field, FormRow, PasswordField, SearchField
from facekd_ui.widgets.labels import KeyCap, Label
from facekd_ui.widgets.overlay import OverlayPainter, ShownFace
from facekd_ui.widgets.steps import StepBar
from facekd_ui.widgets.video import VideoView


def row(*things: QWidget | None, spacing: int = 8) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(spacing)
    for thing in things:
        if thing is None:
            row.addSpacing(12)
        else:
            row.addWidget(thing, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addStretch(1)
    return row


def section(column: QVBoxLayout, heading: Text, *rows: QLayout | QWidget) -> None:
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
        row(
            Button(T("Primary"), "primary"),
            Button(T("Add person"), "primary", "add-person"),
            off,
            Button(T("Secondary")),
            Button(T("Quiet"), "quiet", "pause"),
            Button(T("Link"), "link"),
        ),
        row(
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
    never, someday = (DayField(T("Valid until"), T("no end")) for _ in range(2))
    someday.set_day(date(2026, 12, 31))
    grid.addWidget(FormRow(T("Valid until"), never), 2, 0)
    grid.addWidget(FormRow(T("Valid until"), someday), 2, 1)
    steps = StepBar((T("Person"), T("Consent"), T("Photos"), T("Check and save")))
    steps.show_done((True, False, False, False))
    return [grid, row(steps)]


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
    return [row(checked, off, chosen, other, on, out, chip, Chip(T("Group")), KeyCap("Ctrl+K"), spacing=16)]


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
