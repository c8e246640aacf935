"""Photographs of faces with rounded corners, initials where there is none, and the empty place for one."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from facekd.types import Image
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme import icons
from facekd_ui.theme.theme import font, px, tokens

RADIUS = 6.0


def to_qimage(image: Image, *, rgb: bool = False) -> QImage:
    """A QImage with its own copy of [H, W, 3] pixels; `rgb` for crops, else BGR as frames are."""
    height, width = image.shape[:2]
    kind = QImage.Format.Format_RGB888 if rgb else QImage.Format.Format_BGR888
    return QImage(image.data, width, height, image.strides[0], kind).copy()


def paint_photo(painter: QPainter, rect: QRectF, photo: QPixmap, radius: float = RADIUS) -> None:
    """The middle of the photograph in `rect` with round corners; for delegates too."""
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    outline = QPainterPath()
    outline.addRoundedRect(rect, radius, radius)
    painter.setClipPath(outline)
    size = photo.size()
    scale = max(rect.width() / size.width(), rect.height() / size.height())
    width, height = rect.width() / scale, rect.height() / scale
    part = QRectF((size.width() - width) / 2, (size.height() - height) / 2, width, height)
    painter.drawPixmap(rect, photo, part)
    painter.restore()


def initials(name: str) -> str:
    """Two letters of a Latin name, one sign of a Chinese one."""
    parts = name.split()
    if not parts:
        return "?"
    if ord(parts[0][0]) > 0x2E80:
        return parts[0][0]
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


class FaceTile(QWidget):
    """A square photograph; without one a dashed place with an icon, or a plain one while it loads."""

    def __init__(self, size: int = 48, name: Text | str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = size
        self._photo: QPixmap | None = None
        self._icon: str | None = None
        self._wanted = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if name:
            say(self, name, "accessibleName")

    def show_photo(self, photo: QPixmap) -> None:
        """Shows a photograph."""
        self._photo = photo if not photo.isNull() else None
        self.update()

    def show_place(self, icon: str = "add-person", *, wanted: bool = False) -> None:
        """The dashed place where a photograph could be; with a firm line where one is wanted now."""
        self._photo, self._icon, self._wanted = None, icon, wanted
        self.update()

    def sizeHint(self) -> QSize:
        """Square; photographs do not grow with the text."""
        return QSize(self._side, self._side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Photograph, dashed place or grey place."""
        t = tokens()
        painter = QPainter(self)
        rect = QRectF(0, 0, self._side, self._side)
        if self._photo is not None:
            paint_photo(painter, rect, self._photo)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._icon is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("sunken"))
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
            return
        pen = painter.pen()
        pen.setColor(t.color("accent" if self._wanted else "border.strong"))
        if self._wanted:
            pen.setWidth(2)
        else:
            pen.setDashPattern([3, 2])
        painter.setPen(pen)
        half = pen.widthF() / 2
        painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), RADIUS, RADIUS)
        side = min(18.0, self._side * 0.45)
        place = QRectF((self._side - side) / 2, (self._side - side) / 2, side, side)
        icons.paint(painter, t, self._icon, place, "accent" if self._wanted else "text.2")


class Avatar(QWidget):
    """An operator: initials in a circle."""

    def __init__(self, name: str, size: int = 28, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_name(name)

    def show_name(self, name: str) -> None:
        """Another operator."""
        self._letters = initials(name)
        say(self, T("Operator {name}", name=name), "accessibleName")
        self.update()

    def sizeHint(self) -> QSize:
        """Grows with the text."""
        return QSize(px(self._side), px(self._side))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Letters in accent ink on its soft ground."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(t.color("accent.soft"))
        painter.drawEllipse(self.rect())
        letters = font("label")
        letters.setPixelSize(max(10, round(px(self._side) * 0.39)))
        painter.setFont(letters)
        painter.setPen(t.color("accent"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letters)
