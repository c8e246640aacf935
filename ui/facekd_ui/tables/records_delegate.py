"""How a row of the records is drawn: crop, glyph and name, hairlines, selection."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from facekd_db.records import Event
from facekd_ui.tables.records import EVENT, PERSON, PICTURE, TIME
from facekd_ui.theme import icons
from facekd_ui.theme.theme import font, px, tokens
from facekd_ui.widgets.badges import STATES
from facekd_ui.widgets.faces import paint_photo

Index = QModelIndex | QPersistentModelIndex
ROW, CROP, GLYPH = 44, 32, 14


class RecordsDelegate(QStyledItemDelegate):
    """One row 44 high."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Grows with the text."""
        return QSize(120, px(ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, picture, words; long ones end in dots."""
        t = tokens()
        rect = QRectF(option.rect)
        state = option.state
        widget = option.widget
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, t.color("accent.soft"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, t.color("hover"))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), t.color("border"))
        if selected and index.column() == TIME and isinstance(widget, QWidget) and widget.hasFocus():
            painter.fillRect(QRectF(rect.left(), rect.top(), 3, rect.height() - 1), t.color("accent"))
        left = rect.left() + 12  # as the header has it
        if index.column() == PERSON:
            left = self._face(painter, rect, left, index)
        letters = font("medium" if index.column() == PERSON else "body")
        painter.setFont(letters)
        painter.setPen(t.color("text.2" if index.column() == TIME else "text"))
        room = rect.right() - left - 8
        words = QFontMetricsF(letters).elidedText(
            str(index.data() or ""), Qt.TextElideMode.ElideRight, max(0.0, room)
        )
        painter.drawText(
            QRectF(left, rect.top(), room, rect.height()),
            int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
            words,
        )
        painter.restore()

    def _face(self, painter: QPainter, rect: QRectF, left: float, index: Index) -> float:
        t = tokens()
        place = QRectF(left, rect.center().y() - CROP / 2, CROP, CROP)
        picture = index.data(PICTURE)
        if isinstance(picture, QPixmap):
            paint_photo(painter, place, picture)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("sunken"))
            painter.drawRoundedRect(place, 6, 6)
        event = index.data(EVENT)
        if isinstance(event, Event):
            side = px(GLYPH)
            glyph = QRectF(place.right() + 14, rect.center().y() - side / 2, side, side)
            icons.paint(painter, t, f"state-{event.state}", glyph, STATES[event.state][0])
            return glyph.right() + 8
        return place.right() + 14
