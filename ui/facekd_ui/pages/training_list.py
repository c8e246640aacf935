"""The list of runs at the left: mark, name, who learns how, how far; a bar while it trains."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from facekd_ui.i18n.text import T
from facekd_ui.pages.training_states import MARKS, heading, where, who
from facekd_ui.services.training_runs import ACTIVE, Run
from facekd_ui.theme import icons
from facekd_ui.theme.theme import font, px, tokens
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.side_list import SideList

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
RUN = Qt.ItemDataRole.UserRole
ROW, BAR_ROW = 74, 88


class RunsModel(QAbstractListModel):
    """Runs in their order; knows neither files nor widgets."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: tuple[Run, ...] = ()

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Other runs, or the same with other states; the rows stay where the runs are the same."""
        same = [run.folder for run in runs] == [run.folder for run in self.runs]
        if not same:
            self.beginResetModel()
        self.runs = tuple(runs)
        if not same:
            self.endResetModel()
        elif self.runs:
            self.dataChanged.emit(self.index(0), self.index(len(self.runs) - 1))

    def retranslate(self) -> None:
        """The same in the new language."""
        if self.runs:
            self.dataChanged.emit(self.index(0), self.index(len(self.runs) - 1))

    def rowCount(self, parent: Index = ROOT) -> int:
        """One a run."""
        return 0 if parent.isValid() else len(self.runs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The run itself, or its words for screen readers."""
        if not index.isValid() or index.row() >= len(self.runs):
            return None
        run = self.runs[index.row()]
        if role == RUN:
            return run
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{heading(run)}, {who(run)}, {where(run)}"
        return None


class RunDelegate(QStyledItemDelegate):
    """Draws one run."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """Higher with a bar."""
        run = index.data(RUN)
        return QSize(200, px(BAR_ROW if isinstance(run, Run) and run.state in ACTIVE else ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, mark, three lines, bar, hairline."""
        run = index.data(RUN)
        if not isinstance(run, Run):
            return
        t, rect = tokens(), QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, t.color("accent.soft"))
            if option.state & QStyle.StateFlag.State_HasFocus:
                painter.fillRect(QRectF(rect.left(), rect.top(), 3, rect.height() - 1), t.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, t.color("hover"))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), t.color("border"))
        side, left = px(16), rect.left() + 16
        icon, token = MARKS[run.state]
        icons.paint(painter, t, icon, QRectF(left, rect.top() + px(12), side, side), token)
        left += side + 8
        top = rect.top() + px(10)
        for words, role, ink in (
            (str(heading(run)), "medium", "text"),
            (who(run), "tiny", "text.2"),
            (str(where(run)), "tiny", "text.2"),
        ):
            letters = font(role)
            metrics = QFontMetricsF(letters)
            line = px(20 if role == "medium" else 16)
            painter.setFont(letters)
            painter.setPen(t.color(ink))
            room = rect.right() - left - 12
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
            painter.drawText(
                QRectF(left, top, room, line),
                int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
                shown,
            )
            top += line
        if run.state in ACTIVE:
            bar = QRectF(rect.left() + 16, top + px(6), rect.width() - 32, 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("sunken"))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setBrush(t.color("accent"))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * run.progress, 4), 2, 2)
        painter.restore()


class RunsList(SideList):
    """The list with "New run" above and "Compare runs" below."""

    chosen = Signal(object)
    """A Run, or None."""

    def __init__(self, new: Button, compare: Button, parent: QWidget | None = None) -> None:
        self.model = RunsModel()
        foot = QHBoxLayout()
        foot.addWidget(compare)
        foot.addStretch()
        super().__init__(self.model, T("Runs"), T("Runs"), new, foot, parent)
        self.view.setItemDelegate(RunDelegate(self.view))
        self.view.selectionModel().currentChanged.connect(self._changed)

    @property
    def run(self) -> Run | None:
        """The chosen one."""
        found = self.view.currentIndex().data(RUN)
        return found if isinstance(found, Run) else None

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Other runs; the chosen one stays chosen."""
        chosen = self.run
        blocked = self.view.selectionModel().blockSignals(True)
        self.model.show_runs(runs)
        self.view.selectionModel().blockSignals(blocked)
        if chosen is not None:
            self.choose(chosen.folder, quietly=True)

    def choose(self, folder: Path | None, *, quietly: bool = False) -> None:
        """Chooses the run of a folder, or none."""
        selection = self.view.selectionModel()
        row = next((row for row, run in enumerate(self.model.runs) if run.folder == folder), None)
        blocked = selection.blockSignals(quietly)
        index = QModelIndex() if row is None else self.model.index(row)
        selection.setCurrentIndex(index, selection.SelectionFlag.ClearAndSelect)
        selection.blockSignals(blocked)
        self.view.viewport().update()

    def retranslate(self) -> None:
        """The rows in the new language."""
        self.model.retranslate()

    def _changed(self, _now: Index, _before: Index) -> None:
        self.chosen.emit(self.run)
