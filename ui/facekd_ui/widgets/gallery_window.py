"""The frame of the window with a sample page, for the gallery and its pictures."""

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from facekd.types import Image
from facekd_ui.i18n.language import Language
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.shell.actions import action, button_for
from facekd_ui.shell.pages import PageSpec
from facekd_ui.shell.status_line import Entry, Urgency
from facekd_ui.shell.window import MainWindow
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.badges import StateBadge
from facekd_ui.widgets.banners import EmptyState
from facekd_ui.widgets.buttons import Button, IconButton, Line, Segments
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, Label
from facekd_ui.widgets.overlay import ShownFace
from facekd_ui.widgets.video import VideoView
from facekd_ui.workers.tasks import Tasks

FACES = (
    ShownFace(1, (250, 190, 380, 350), "known", "Hana Novák"),
    ShownFace(2, (560, 180, 650, 290), "unknown", ""),
    ShownFace(3, (830, 200, 960, 360), "uncertain", "Jonas Weber?"),
)


def painted_street() -> Image:
    """[720, 1280, 3] BGR: a room with three round heads."""
    picture = QImage(1280, 720, QImage.Format.Format_BGR888)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    wall = QLinearGradient(0, 0, 0, 720)
    wall.setColorAt(0, QColor.fromRgb(70, 68, 64))
    wall.setColorAt(1, QColor.fromRgb(150, 142, 132))
    painter.fillRect(picture.rect(), wall)
    painter.setPen(Qt.PenStyle.NoPen)
    skins = (QColor.fromRgb(222, 178, 150), QColor.fromRgb(160, 110, 80), QColor.fromRgb(236, 200, 176))
    coats = (QColor.fromRgb(70, 110, 84), QColor.fromRgb(96, 98, 104), QColor.fromRgb(64, 84, 104))
    for face, skin, coat in zip(FACES, skins, coats, strict=True):
        x1, y1, x2, y2 = face.box
        middle, width = (x1 + x2) / 2, x2 - x1
        painter.setBrush(coat)
        painter.drawRoundedRect(int(middle - width), int(y2 + 8), int(2 * width), 600, 60, 60)
        painter.setBrush(skin)
        painter.drawEllipse(QPointF(middle, (y1 + y2) / 2), width / 2, (y2 - y1) / 2)
    painter.end()
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(720, picture.bytesPerLine())
    image = rows[:, : 1280 * 3].reshape(720, 1280, 3).copy()
    image.flags.writeable = False
    return image


class SampleLive(QWidget):
    """The Live page as the mock-up has it, without cameras behind it."""

    def __init__(self) -> None:
        super().__init__()
        pause = action(self, T("Pause"), print, "Space", "pause")
        snapshot = action(self, T("Snapshot"), print, "S", "camera")
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(Segments({"1": "1", "4": "4", "9": "9"}, T("Pictures at once")))
        bar.addWidget(Button(T("Add camera"), icon="plus"))
        bar.addStretch()
        bar.addWidget(button_for(pause, "quiet"))
        bar.addWidget(button_for(snapshot, "quiet"))
        rule = Line(standing=True)
        rule.setFixedHeight(20)
        bar.addWidget(rule)
        bar.addWidget(IconButton("picture-in-picture", T("Mini window"), key="M"))
        bar.addWidget(IconButton("full-screen", T("Full screen"), key="F11"))
        left = QVBoxLayout()
        left.setContentsMargins(16, 14, 16, 16)
        left.setSpacing(12)
        left.addLayout(bar)
        left.addWidget(self._tile(), 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(Line(standing=True))
        row.addWidget(self._here_now())

    def _tile(self) -> QWidget:
        tile = QFrame()
        tile.setProperty("part", "card")
        column = QVBoxLayout(tile)
        column.setContentsMargins(1, 0, 1, 1)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 12, 6)
        head.setSpacing(8)
        head.addWidget(Label("Main entrance", "strong"))
        head.addWidget(Label("USB 0, 1280 x 720", "small", "text.2"))
        head.addStretch()
        head.addWidget(Label(T("{got} of {asked} fps", got=25, asked=25), "small", "text.2"))
        head.addWidget(IconLabel("check", "success"))
        column.addLayout(head)
        view = VideoView(T("Main picture"))
        faces = [
            ShownFace(face.track, face.box, face.state, face.label or str(T("Unknown"))) for face in FACES
        ]
        view.show_frame(painted_street(), faces)
        view.setMinimumHeight(300)
        column.addWidget(view, 1)
        return tile

    def _here_now(self) -> QWidget:
        panel = Panel("surface")
        panel.setFixedWidth(336)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 17, 16, 17)
        head.setSpacing(14)
        head.addWidget(Label(T("Here now"), "section"))
        head.addStretch()
        for state in ("known", "uncertain", "unknown"):
            head.addWidget(StateBadge(state, "1"))
        column.addLayout(head)
        image = to_qimage(painted_street())
        for face, sentence in zip(
            (FACES[2], FACES[1], FACES[0]),
            (
                T("Closer than {share} of strangers: not enough for a name", share="99.6 %"),
                T("No one on file is close enough"),
                T("Closer than {share} of strangers", share="99.99 %"),
            ),
            strict=True,
        ):
            column.addWidget(Line())
            column.addLayout(self._person(face, sentence, image))
        column.addWidget(Line())
        column.addStretch()
        return panel

    def _person(self, face: ShownFace, sentence: Text, image: QImage) -> QHBoxLayout:
        x1, y1, x2, _ = (int(value) for value in face.box)
        crop = QPixmap.fromImage(image.copy(x1 - 10, y1 - 10, x2 - x1 + 20, x2 - x1 + 20))
        row = QHBoxLayout()
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(4)
        seen, filed = FaceTile(48, T("Seen")), FaceTile(48, T("On file"))
        seen.show_photo(crop)
        if face.label:
            filed.show_photo(crop)
        else:
            filed.show_place()
        row.addWidget(seen, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(filed, 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(6)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(StateBadge(face.state, face.label or T("Unknown"), "strong"))
        words.addWidget(Label(sentence, "small", "text.2", wrap=True))
        words.addWidget(
            ElidedLabel(
                T("{camera} · since {clock}", camera="Main entrance", clock="08:40"), "tiny", "text.2"
            )
        )
        row.addLayout(words, 1)
        return row


def sample_window(theme: Theme, language: Language) -> MainWindow:
    """The frame as an administrator sees it."""
    tasks = Tasks()
    window = MainWindow(theme, language, tasks)
    tasks.setParent(window)

    def empty(icon: str, heading: Text) -> QWidget:
        return EmptyState(icon, heading, T("Add the first person and the door will greet them by name."))

    window.set_pages(
        [
            PageSpec("live", T("Live"), "scan-face", SampleLive, shortcut="Ctrl+1"),
            PageSpec("photo", T("Photo"), "photo", lambda: empty("photo", T("Photo")), shortcut="Ctrl+2"),
            PageSpec(
                "people",
                T("People"),
                "people",
                lambda: empty("people", T("Nobody is on file yet")),
                shortcut="Ctrl+3",
            ),
            PageSpec(
                "records", T("Records"), "history", lambda: empty("history", T("Records")), shortcut="Ctrl+4"
            ),
            PageSpec(
                "settings",
                T("Settings"),
                "gear",
                lambda: empty("gear", T("Settings")),
                shortcut="Ctrl+,",
                at_bottom=True,
            ),
        ],
        "administrator",
    )
    bar = window.top_bar
    bar.cameras.show_state("warning", T("{n} of {all} cameras", n=3, all=4))
    bar.store.show_state("ok", T("Database"))
    bar.show_operator("Mira Kovač", T("Administrator"))
    bar.show_alerts(1)
    window.rail.set_count("records", 7)
    lost = T("{camera}: no picture since {clock}, trying again", camera="Loading bay", clock="08:40:53")
    window.status_line.show_entry("camera", Entry(Urgency.FAULT, lost))
    window.status_line.show_recogniser(
        "FaceKD-S 0.5 M",
        T("CPU · ONNX Runtime"),
        Tn("At most 1 wrong name in {n} stranger", "At most 1 wrong name in {n} strangers", 3000),
    )
    window.open("live")
    window.move(QPoint(0, 0))
    return window
