"""The ring around the face while somebody is enrolled: which sides are done, which one is wanted, which are to come."""

from collections.abc import Collection

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from facekd_ui.theme.theme import tokens
from facekd_ui.widgets.overlay import ShownFace
from facekd_ui.widgets.video import VideoView

SEGMENTS = 24
RADIUS = 0.64  # of the face's height
GAP_DEG = 3.5
LEAST_PX = 60
SIDES = ("right", "up", "left", "down")
"""Of the mirrored picture, counter-clockwise from the right; a quarter of the ring each."""
ARROWS = {"right": 0.0, "up": 90.0, "left": 180.0, "down": 270.0}


class CoachRing(QWidget):
    """Lies over a `VideoView` around one face; what it shows is said in words below the picture, too."""

    def __init__(self, view: VideoView) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._view = view
        self._done: frozenset[str] = frozenset()
        self._wanted = ""
        self._place: QRectF | None = None

    def show_sides(self, done: Collection[str], wanted: str) -> None:
        """`done` and `wanted` are of `SIDES` and "front"; "front" stands for the whole ring."""
        self._done, self._wanted = frozenset(done), wanted
        self.update()

    def show_face(self, face: ShownFace | None) -> None:
        """Where the face is in the picture that the view shows; None: nowhere, and the ring is gone."""
        self.setGeometry(self._view.rect())
        self._place = None if face is None else self._view.box_rect(face)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Twenty-four arcs, each with a dark halo, and the arrow outside of them."""
        box = self._place
        if box is None:
            return
        radius = max(LEAST_PX, box.height() * RADIUS)
        ring = QRectF(box.center().x() - radius, box.center().y() - radius, 2 * radius, 2 * radius)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        step = 360 / SEGMENTS
        for number in range(SEGMENTS):
            # The first quarter reaches from 45 degrees below the right to 45 above it.
            start = number * step - 45
            self._arc(painter, ring, start + GAP_DEG / 2, step - GAP_DEG, self._state(number))
        if self._wanted in ARROWS:
            self._arrow(painter, ring, ARROWS[self._wanted])

    def _state(self, number: int) -> str:
        side = SIDES[number * len(SIDES) // SEGMENTS]
        if side in self._done:
            return "done"
        return "wanted" if self._wanted in (side, "front") else "to come"

    def _arc(self, painter: QPainter, ring: QRectF, start_deg: float, span_deg: float, state: str) -> None:
        t = tokens()
        color, width = {
            "done": (t.color("video.known"), 5.0),
            "wanted": (t.color("video.unknown"), 5.0),
            "to come": (t.color("video.unknown", 0.45), 2.5),
        }[state]
        for ink, thick in ((t.color("video.ink", 0.55), width + 2), (color, width)):
            pen = QPen(ink, thick)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawArc(ring, round(start_deg * 16), round(span_deg * 16))

    def _arrow(self, painter: QPainter, ring: QRectF, degrees: float) -> None:
        """A chevron beyond the ring that points to where the head should turn."""
        t = tokens()
        painter.save()
        painter.translate(ring.center())
        painter.rotate(-degrees)
        tip = QPointF(ring.width() / 2 + 28, 0)
        for ink, thick in ((t.color("video.ink", 0.55), 7.0), (t.color("video.unknown"), 4.5)):
            pen = QPen(ink, thick)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolyline([tip + QPointF(-12, -14), tip, tip + QPointF(-12, 14)])
        painter.restore()
