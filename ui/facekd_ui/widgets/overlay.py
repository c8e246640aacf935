"""Boxes and tags over faces: where the tags go (pure geometry), and how each state is painted.

| state     | box                              | tag                       |
|-----------|----------------------------------|---------------------------|
| known     | solid, green                     | green, the name           |
| uncertain | dashed, amber                    | amber, the name with "?"  |
| unknown   | four corners, pale               | dark, "Unknown"           |
| watchlist | thick, with a second line, red   | red, name and list        |
| ignored   | none; three dots under the chin  | none                      |

Every line has a dark halo, so that it holds on white walls. Widths are pixels of the screen, not of the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from facekd_ui.theme import icons
from facekd_ui.theme.tokens import Tokens

TAG_HEIGHT = 22.0
TAG_GAP = 8.0
SMALL_PX = 32.0  # faces below this get a tag with the glyph alone
_WINS = {"watchlist": 0, "uncertain": 1, "known": 2, "unknown": 3}
_GLYPH = 12.0


@dataclass(frozen=True, slots=True)
class ShownFace:
    """A face to draw: its box in pixels of the picture, what is said of it, and the words of its tag."""

    track: int
    box: tuple[float, float, float, float]  # x1, y1, x2, y2
    state: str  # known, uncertain, unknown, watchlist or ignored
    label: str = ""  # for the tag, already in the language in use


@dataclass(frozen=True, slots=True)
class PlacedTag:
    """A tag's place on the screen."""

    rect: QRectF
    words: str  # empty: the glyph alone


def place_tags(
    faces: Sequence[ShownFace], boxes: Sequence[QRectF], bounds: QRectF, widths: Sequence[float]
) -> list[PlacedTag | None]:
    """Where each face's tag goes, in the order of `faces`.

    Above the box; below where that would leave the picture or meet another tag; else beside. Watchlist and uncertain
    choose first. Where no place is free the tag stays above, pushed into the picture: covered words beat none.

    Args:
        faces: what to tag; ignored faces get None.
        boxes: their boxes on the screen.
        bounds: the picture on the screen.
        widths: of each whole tag.
    """
    result: list[PlacedTag | None] = [None] * len(faces)
    taken: list[QRectF] = []
    order = sorted(range(len(faces)), key=lambda row: _WINS.get(faces[row].state, 9))
    for row in order:
        face, box = faces[row], boxes[row]
        if face.state not in _WINS:
            continue
        small = min(box.width(), box.height()) < SMALL_PX
        width = min(TAG_HEIGHT if small or not face.label else widths[row], bounds.width())
        rect = _free_place(box, width, bounds, taken, others=[b for i, b in enumerate(boxes) if i != row])
        taken.append(rect)
        result[row] = PlacedTag(rect, "" if small else face.label)
    return result


def _free_place(
    box: QRectF, width: float, bounds: QRectF, taken: Sequence[QRectF], others: Sequence[QRectF]
) -> QRectF:
    left = min(max(box.center().x() - width / 2, bounds.left()), bounds.right() - width)
    middle = box.center().y() - TAG_HEIGHT / 2
    places = [
        QRectF(left, box.top() - TAG_GAP - TAG_HEIGHT, width, TAG_HEIGHT),
        QRectF(left, box.bottom() + TAG_GAP, width, TAG_HEIGHT),
        QRectF(box.right() + TAG_GAP, middle, width, TAG_HEIGHT),
        QRectF(box.left() - TAG_GAP - width, middle, width, TAG_HEIGHT),
    ]
    free = [p for p in places if bounds.contains(p) and not any(p.intersects(t) for t in taken)]
    # A place that covers no other face is better than one that does.
    clear = [p for p in free if not any(p.intersects(other) for other in others)]
    if clear or free:
        return (clear or free)[0]
    top = min(max(places[0].top(), bounds.top()), bounds.bottom() - TAG_HEIGHT)
    return QRectF(left, top, width, TAG_HEIGHT)


class OverlayPainter:
    """Paints boxes and tags with the tokens and the font that it is given."""

    def __init__(self, tokens: Tokens, letters: QFont) -> None:
        self._tokens = tokens
        self._font = letters
        self._metrics = QFontMetricsF(letters)

    def tag_width(self, face: ShownFace) -> float:
        """Of the whole tag: glyph, words and margins."""
        return 7 + _GLYPH + 5 + self._metrics.horizontalAdvance(face.label) + 8

    def paint(
        self, painter: QPainter, faces: Sequence[ShownFace], boxes: Sequence[QRectF], bounds: QRectF
    ) -> list[PlacedTag | None]:
        """All boxes, then all tags, so that no box crosses a name. Returns where the tags are."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(bounds)
        for face, box in zip(faces, boxes, strict=True):
            self._box(painter, face, box)
        tags = place_tags(faces, boxes, bounds, [self.tag_width(face) for face in faces])
        for face, tag in zip(faces, tags, strict=True):
            if tag is not None:
                self._tag(painter, face.state, tag)
        painter.restore()
        return tags

    def _box(self, painter: QPainter, face: ShownFace, box: QRectF) -> None:
        if face.state == "ignored":
            self._dots(painter, box)
            return
        color = self._tokens.color(f"video.{face.state}")
        if face.state == "unknown":
            self._stroke(painter, _corners(box), color, 2.5)
            return
        outline = QPainterPath()
        outline.addRoundedRect(box, 6, 6)
        if face.state == "uncertain":
            self._stroke(painter, outline, color, 2, dashes=(7, 5))
        elif face.state == "watchlist":
            outer = QPainterPath()
            outer.addRoundedRect(box.adjusted(-6, -6, 6, 6), 10, 10)
            self._stroke(painter, outer, color, 1.5)
            self._stroke(painter, outline, color, 3)
        else:
            self._stroke(painter, outline, color, 2)

    def _stroke(
        self,
        painter: QPainter,
        path: QPainterPath,
        color: QColor,
        width: float,
        dashes: tuple[float, float] | None = None,
    ) -> None:
        halo = QPen(self._tokens.color("video.ink", 0.55), width + 2)
        line = QPen(color, width)
        for pen in (halo, line):
            pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashes else Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if dashes:
            line.setDashPattern([length / width for length in dashes])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(halo)
        painter.drawPath(path)
        painter.setPen(line)
        painter.drawPath(path)

    def _dots(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for token, radius in (("video.ink", 2.6), ("video.unknown", 1.6)):
            painter.setBrush(self._tokens.color(token))
            for shift in (-6, 0, 6):
                painter.drawEllipse(QPointF(box.center().x() + shift, box.bottom() + 8), radius, radius)

    def _tag(self, painter: QPainter, state: str, tag: PlacedTag) -> None:
        t = self._tokens
        dark = state == "unknown"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(t.color("video.ink", 0.86) if dark else t.color(f"video.{state}"))
        painter.drawRoundedRect(tag.rect, 4, 4)
        ink = t["video.unknown" if dark else "video.ink"]
        inner = t["video.ink" if dark else f"video.{state}"]
        left = tag.rect.left() + (7 if tag.words else (tag.rect.width() - _GLYPH) / 2)
        glyph = QRectF(left, tag.rect.center().y() - _GLYPH / 2, _GLYPH, _GLYPH)
        icons.renderer(f"state-{state}", ink, inner).render(painter, glyph)
        if tag.words:
            painter.setPen(QColor(ink))
            painter.setFont(self._font)
            room = QRectF(
                glyph.right() + 5, tag.rect.top(), tag.rect.right() - glyph.right() - 11, TAG_HEIGHT
            )
            words = self._metrics.elidedText(tag.words, Qt.TextElideMode.ElideRight, room.width() + 3)
            painter.drawText(
                room,
                int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip | Qt.TextFlag.TextSingleLine),
                words,
            )


def _corners(box: QRectF) -> QPainterPath:
    """Four rounded corners, each arm a quarter of the side, at most 18 px."""
    arm = min(18.0, box.width() / 4, box.height() / 4)
    r = min(4.0, arm)
    x1, y1, x2, y2 = box.left(), box.top(), box.right(), box.bottom()
    path = QPainterPath()
    for x, y, dx, dy in ((x1, y1, 1, 1), (x2, y1, -1, 1), (x2, y2, -1, -1), (x1, y2, 1, -1)):
        path.moveTo(x, y + dy * arm)
        path.lineTo(x, y + dy * r)
        path.quadTo(x, y, x + dx * r, y)
        path.lineTo(x + dx * arm, y)
    return path
