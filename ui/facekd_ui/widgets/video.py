"""The picture of a source with boxes over the faces in it, letterboxed, newest frame only."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from facekd.types import Image
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.theme.theme import font, tokens
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import IconLabel, Label
from facekd_ui.widgets.overlay import OverlayPainter, PlacedTag, ShownFace

REACH_PX = 6  # a click so far beside a box still means it


class VideoView(QWidget):
    """Shows frames and the faces in them; a face is chosen by a click or by Left, Right and Enter.

    `face_activated(face, point)` carries the ShownFace and where a menu may open (global pixels, beside the face).
    `painted` comes after each new frame was drawn; statistics of delay are taken there.
    """

    face_activated = Signal(object, object)
    face_selected = Signal(object)
    painted = Signal()

    def __init__(self, name: Text, *, radius: float = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, on=radius == 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 90)
        say(self, name, "accessibleName")
        self._radius = radius
        self._image: QImage | None = None
        self._pixels: Image | None = None  # what the QImage wraps; must outlive it
        self._faces: tuple[ShownFace, ...] = ()
        self._tags: list[PlacedTag | None] = []
        self._selected: int | None = None
        self._hovered: int | None = None
        self._told = ""
        self._fresh = False
        self._notice = _Notice(self)

    # -- what is shown

    @property
    def faces(self) -> tuple[ShownFace, ...]:
        """The faces drawn over the picture."""
        return self._faces

    @property
    def selected(self) -> ShownFace | None:
        """The face that keys act on."""
        return next((face for face in self._faces if face.track == self._selected), None)

    def show_frame(self, image: Image, faces: Sequence[ShownFace] = ()) -> None:
        """Shows a frame [H, W, 3] BGR, C-contiguous, that nobody writes to any more, with its faces."""
        height, width = image.shape[:2]
        # The picture is wrapped, not copied: 3 us instead of 330 us at 720p.
        self._image = QImage(image.data, width, height, image.strides[0], QImage.Format.Format_BGR888)
        self._pixels = image
        self._fresh = True
        self.show_faces(faces)

    def show_faces(self, faces: Sequence[ShownFace]) -> None:
        """The same picture with other boxes."""
        self._faces = tuple(faces)
        words = ", ".join(face.label for face in self._faces if face.label)
        if words != self._told:  # a screen reader hears changes, not 30 repetitions a second
            self._told = words
            count = len(self._faces)
            say(
                self,
                Tn("{n} face: {names}", "{n} faces: {names}", count, names=words),
                "accessibleDescription",
            )
        self.update()

    def clear(self) -> None:
        """Nothing to show: no picture, no face."""
        self._image = self._pixels = None
        self._selected = None
        self.show_faces(())

    def show_notice(
        self,
        lead: Text | str,
        rest: Text | str = "",
        icon: str = "camera-off",
        buttons: Sequence[Button] = (),
    ) -> None:
        """Says over the dimmed last picture why it does not move: "No picture for 14 s", "Connecting"."""
        self._notice.show_words(lead, rest, icon, buttons)
        self._notice.setGeometry(self.rect())
        self._notice.show()
        self.update()

    def hide_notice(self) -> None:
        """The picture moves again."""
        if not self._notice.isHidden():
            self._notice.hide()
            self.update()

    def select(self, track: int | None) -> None:
        """Selects the face of a track, from outside; no signal."""
        self._selected = track
        self.update()

    # -- geometry

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget: as large as fits, in the middle."""
        if self._image is None:
            return QRectF(self.rect())
        size = QSize(self._image.width(), self._image.height()).scaled(
            self.size(), Qt.AspectRatioMode.KeepAspectRatio
        )
        return QRectF(
            (self.width() - size.width()) / 2,
            (self.height() - size.height()) / 2,
            size.width(),
            size.height(),
        )

    def box_rect(self, face: ShownFace) -> QRectF:
        """The face's box in the widget."""
        picture = self.picture_rect()
        width = self._image.width() if self._image is not None else 1
        scale = picture.width() / width
        x1, y1, x2, y2 = face.box
        return QRectF(
            picture.x() + x1 * scale, picture.y() + y1 * scale, (x2 - x1) * scale, (y2 - y1) * scale
        )

    def face_at(self, point: QPointF) -> ShownFace | None:
        """The face whose box or tag is there; of several the smallest box."""
        hits = []
        for row, face in enumerate(self._faces):
            box = self.box_rect(face)
            tag = self._tags[row] if row < len(self._tags) else None
            near = box.adjusted(-REACH_PX, -REACH_PX, REACH_PX, REACH_PX).contains(point)
            if near or (tag is not None and tag.rect.contains(point)):
                hits.append((box.width() * box.height(), row))
        return self._faces[min(hits)[1]] if hits else None

    def menu_point(self, face: ShownFace) -> QPointF:
        """Beside the face, never over it; in pixels of the screen."""
        box = self.box_rect(face)
        return self.mapToGlobal(QPointF(box.right() + 10, box.top()))

    # -- events

    def sizeHint(self) -> QSize:
        """16:9."""
        return QSize(960, 540)

    def heightForWidth(self, width: int) -> int:
        """16:9 until a picture says otherwise."""
        if self._image is None:
            return width * 9 // 16
        return width * self._image.height() // max(1, self._image.width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground, picture, boxes, selection."""
        t = tokens()
        painter = QPainter(self)
        if self._radius:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            outline = QPainterPath()
            outline.addRoundedRect(QRectF(self.rect()), self._radius, self._radius)
            painter.setClipPath(outline)
        painter.fillRect(self.rect(), t.color("video.ink"))
        if self._image is None:
            return
        picture = self.picture_rect()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(picture, self._image)
        if not self._notice.isHidden():
            painter.fillRect(picture, t.color("video.ink", 0.55))
            return
        boxes = [self.box_rect(face) for face in self._faces]
        letters = font("label")
        self._tags = OverlayPainter(t, letters).paint(painter, self._faces, boxes, picture)
        self._paint_selection(painter, boxes)
        if self._fresh:
            self._fresh = False
            painter.end()
            self.painted.emit()

    def _paint_selection(self, painter: QPainter, boxes: Sequence[QRectF]) -> None:
        t = tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for face, box in zip(self._faces, boxes, strict=True):
            around = box.adjusted(-11, -11, 11, 11)
            if face.track == self._selected and self.hasFocus():
                painter.setPen(QPen(t.color("video.ink", 0.7), 4))
                painter.drawRoundedRect(around, 13, 13)
                painter.setPen(QPen(t.color("video.unknown"), 2))
                painter.drawRoundedRect(around, 13, 13)
            elif face.track in (self._hovered, self._selected):
                painter.setPen(QPen(t.color("video.unknown", 0.7), 1))
                painter.drawRoundedRect(around, 13, 13)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over faces."""
        face = self.face_at(event.position())
        track = face.track if face else None
        if track != self._hovered:
            self._hovered = track
            self.setCursor(Qt.CursorShape.PointingHandCursor if face else Qt.CursorShape.ArrowCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a face activates it; beside all faces it lets go of the selection."""
        face = self.face_at(event.position())
        self._selected = face.track if face else None
        self.face_selected.emit(face)
        self.update()
        if face is not None:
            self.face_activated.emit(face, self.menu_point(face))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right go through the faces from left to right, Enter activates, Esc lets go."""
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._faces:
            ordered = sorted(self._faces, key=lambda face: face.box[0])
            tracks = [face.track for face in ordered]
            step = 1 if key == Qt.Key.Key_Right else -1
            if self._selected in tracks:
                self._selected = tracks[(tracks.index(self._selected) + step) % len(tracks)]
            else:
                self._selected = tracks[0 if step == 1 else -1]
            self.face_selected.emit(self.selected)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (face := self.selected) is not None:
            self.face_activated.emit(face, self.menu_point(face))
        elif key == Qt.Key.Key_Escape and self._selected is not None:
            self.select(None)
            self.face_selected.emit(None)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The selection's ring shows."""
        super().focusInEvent(event)
        self.update()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        """The notice covers the picture."""
        self._notice.setGeometry(self.rect())


class _Notice(QWidget):
    """Icon, sentence, second sentence and buttons in the middle of a dark picture."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = IconLabel("camera-off", "video.text", 26)
        self._lead = Label("", "section", "video")
        self._rest = Label("", "body", "video.2", wrap=True)
        self._buttons: tuple[Button, ...] = ()
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch()
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self._lead, self._rest):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addSpacing(4)
        column.addLayout(self._row)
        column.addStretch()
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A darker ground behind the words: the picture below may be bright."""
        shown = QRect()
        for child in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if child.isVisible() and not (isinstance(child, Label) and not child.text()):
                shown = shown.united(child.geometry())
        words = max(
            min(label.width(), label.fontMetrics().horizontalAdvance(label.text()))
            for label in (self._lead, self._rest)
        )
        wide = min(self.width() - 16, words + 48)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens().color("video.ink", 0.6))
        ground = QRectF((self.width() - wide) / 2, shown.top() - 14, wide, shown.height() + 28)
        painter.drawRoundedRect(ground, 8, 8)

    def show_words(self, lead: Text | str, rest: Text | str, icon: str, buttons: Sequence[Button]) -> None:
        self._icon.show_icon(icon, "video.text", 26)
        self._lead.say(lead)
        self._rest.say(rest)
        self._rest.setVisible(bool(rest))
        if tuple(buttons) != self._buttons:
            while (item := self._row.takeAt(0)) is not None:
                if (old := item.widget()) is not None:
                    old.hide()
            self._buttons = tuple(buttons)
            self._row.addStretch()
            for button in self._buttons:
                self._row.addWidget(button)
                button.show()
            self._row.addStretch()


def connecting(seconds: float) -> Text:
    """The sentence while a source connects."""
    return T("Connecting, {n} s", n=int(seconds))
