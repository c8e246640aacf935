"""Rows of words with hairlines, for tables without photographs; a column may carry an icon."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from facekd_ui.tables.base import Index
from facekd_ui.theme import icons
from facekd_ui.theme.theme import font, px, set_type, tokens

Mark = Callable[[int, int], tuple[str, str] | None]
"""(row, column) -> icon and ink, or None."""


class PlainDelegate(QStyledItemDelegate):
    """Paints one line a cell. `strong` columns are heavier, `code` ones in the fixed font."""

    def __init__(
        self,
        table: QTableView,
        *,
        height: int = 40,
        strong: frozenset[int] = frozenset({0}),
        code: frozenset[int] = frozenset(),
        mark: Mark | None = None,
    ) -> None:
        super().__init__(table)
        self._height, self._strong, self._code, self._mark = height, strong, code, mark

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Fixed height."""
        return QSize(60, px(self._height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        t = tokens()
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, t.color("accent.soft"))
        painter.setPen(t.color("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        inner = rect.adjusted(12, 0, -8, 0)
        ink = "text"
        mark = self._mark(index.row(), index.column()) if self._mark is not None else None
        if mark is not None:
            icon, ink = mark
            icons.paint(painter, t, icon, QRectF(inner.x(), inner.center().y() - 8, 16, 16), ink)
            inner = inner.adjusted(24, 0, 0, 0)
        column = index.column()
        painter.setFont(
            font("code" if column in self._code else "medium" if column in self._strong else "body")
        )
        painter.setPen(t.color(ink))
        words = str(index.data() or "")
        cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), cut)
        painter.restore()


def plain_table(table: QTableView, widths: dict[int, int], stretch: int, height: int = 40) -> None:
    """The look that tables share: no grid, one row selected, fixed columns and one that grows."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(px(height))
    header = table.horizontalHeader()
    set_type(header, "label")
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    for column, width in widths.items():
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(column, px(width))
    header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
