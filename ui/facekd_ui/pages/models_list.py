"""The models at the left: recognisers, then face finders, each with what it is for and what it costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.models_words import ROLE_INKS, ROLE_WORDS, cost, made, title
from facekd_ui.services.comparing import Timing
from facekd_ui.services.model_shelf import Role, Shelf, Shelved
from facekd_ui.services.standing import Offer
from facekd_ui.tables.base import Index
from facekd_ui.theme import icons
from facekd_ui.theme.theme import font, px, tokens
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.side_list import SideList

ROOT = QModelIndex()
MODEL = Qt.ItemDataRole.UserRole
ROW, HEAD = 80, 48
FINDERS = T("Face finders")


class ModelsModel(QAbstractListModel):
    """Recognisers, a heading, face finders."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Shelved | Text, ...] = ()
        self.timings: dict[str, Timing] = {}

    def show_shelf(self, shelf: Shelf) -> None:
        """Other models."""
        self.beginResetModel()
        finders: Sequence[Shelved | Text] = (FINDERS, *shelf.finders) if shelf.finders else ()
        self.rows = (*shelf.recognisers, *finders)
        self.endResetModel()

    def show_timing(self, model_id: str, timing: Timing) -> None:
        """What a face takes."""
        self.timings[model_id] = timing
        self.retranslate()

    def retranslate(self) -> None:
        """The same in the language in use."""
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def row_of(self, model_id: str) -> int | None:
        """Of a model."""
        found = (n for n, row in enumerate(self.rows) if isinstance(row, Shelved) and row.id == model_id)
        return next(found, None)

    def rowCount(self, parent: Index = ROOT) -> int:
        """With the heading."""
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The heading is no choice."""
        if isinstance(self.rows[index.row()], Shelved):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The model itself, or its words for screen readers."""
        row = self.rows[index.row()]
        if role == MODEL:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if not isinstance(row, Shelved):
                return str(row)
            return f"{title(row)}, {ROLE_WORDS[row.role]}, {made(row)}, {cost(row, self.timings.get(row.id))}"
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, Shelved):
            return title(row)
        return None


class ModelDelegate(QStyledItemDelegate):
    """Draws one model, or the heading."""

    def __init__(self, parent: QWidget, timings: Mapping[str, Timing]) -> None:
        super().__init__(parent)
        self._timings = timings

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """Fixed heights."""
        return QSize(200, px(ROW if isinstance(index.data(MODEL), Shelved) else HEAD))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, name and role, size and method, milliseconds and megabytes, hairline."""
        model, t, rect = index.data(MODEL), tokens(), QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(rect.left(), rect.bottom(), rect.width(), 1), t.color("border"))
        if not isinstance(model, Shelved):
            painter.setFont(font("section"))
            painter.setPen(t.color("text"))
            painter.drawText(rect.adjusted(16, 0, -8, 0), int(Qt.AlignmentFlag.AlignVCenter), str(model))
            painter.restore()
            return
        ground = rect.adjusted(0, 0, 0, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(ground, t.color("accent.soft"))
            if option.state & QStyle.StateFlag.State_HasFocus:
                painter.fillRect(QRectF(rect.left(), rect.top(), 3, ground.height()), t.color("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(ground, t.color("hover"))
        left, right = rect.left() + 16, rect.right() - 14
        top = rect.top() + px(11)
        idle = model.file.card.kind == "detector" and model.role is not Role.ACTIVE
        room = right if idle else self._paint_role(painter, model.role, right, top)
        lines = (
            (title(model), "strong", "text", room - left),
            (str(made(model)), "small", "text.2", right - left),
            (cost(model, self._timings.get(model.id)), "small", "text.2", right - left),
        )
        for words, role, ink, width in lines:
            painter.setFont(font(role))
            painter.setPen(t.color(ink))
            shown = QFontMetricsF(painter.font()).elidedText(words, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(left, top, width, px(20)), int(Qt.AlignmentFlag.AlignVCenter), shown)
            top += px(20)
        painter.restore()

    @staticmethod
    def _paint_role(painter: QPainter, role: Role, right: float, top: float) -> float:
        """The word at the right end; returns where the name must stop."""
        t, word = tokens(), str(ROLE_WORDS[role])
        painter.setFont(font("label"))
        painter.setPen(t.color(ROLE_INKS[role]))
        width = QFontMetricsF(painter.font()).horizontalAdvance(word) + 1
        painter.drawText(QRectF(right - width, top, width, px(20)), int(Qt.AlignmentFlag.AlignVCenter), word)
        if role is not Role.ACTIVE:
            return right - width - 8
        side = px(14)
        icons.paint(painter, t, "check", QRectF(right - width - side - 3, top + px(3), side, side), "success")
        return right - width - side - 12


class ModelsList(SideList):
    """The list, with Import above and the way back below."""

    chosen = Signal(object)
    """A Shelved, or None."""

    def __init__(self, bring: Button, back: Button, parent: QWidget | None = None) -> None:
        self.model = ModelsModel()
        self._back = back
        self._promise = Label("", "small", "text.2", wrap=True)
        self._promise.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._broken = Label("", "small", "text.2", wrap=True)
        self._broken.hide()
        foot = QVBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(self._broken)
        foot.addWidget(back)
        foot.addWidget(self._promise)
        super().__init__(self.model, T("Recognisers"), T("Models of this computer"), bring, foot, parent)
        self.view.setItemDelegate(ModelDelegate(self.view, self.model.timings))
        self.show_offer(None)
        self.view.selectionModel().currentChanged.connect(self._changed)

    @property
    def current(self) -> Shelved | None:
        """The chosen one."""
        found = self.view.currentIndex().data(MODEL)
        return found if isinstance(found, Shelved) else None

    def show_shelf(self, shelf: Shelf, chosen: str | None) -> None:
        """Other models; chooses the one named, else the first, and says so."""
        count = len(shelf.broken)
        self._broken.setVisible(count > 0)
        self._broken.say(
            Tn("{n} file there is no usable model.", "{n} files there are no usable models.", count)
        )
        self._broken.setToolTip("\n".join(reason for _path, reason in shelf.broken))
        selection = self.view.selectionModel()
        blocked = selection.blockSignals(True)
        self.model.show_shelf(shelf)
        row = None if chosen is None else self.model.row_of(chosen)
        if row is None and self.model.rows:
            row = 0 if isinstance(self.model.rows[0], Shelved) else 1
        index = QModelIndex() if row is None else self.model.index(row)
        selection.setCurrentIndex(index, selection.SelectionFlag.ClearAndSelect)
        selection.blockSignals(blocked)
        self.view.viewport().update()
        self.chosen.emit(self.current)

    def choose(self, model_id: str) -> bool:
        """Chooses a model; False where it is not here."""
        row = self.model.row_of(model_id)
        if row is not None:
            self.view.setCurrentIndex(self.model.index(row))
        return row is not None

    def show_offer(self, offer: Offer | None) -> None:
        """What the way back would bring back, and how quickly."""
        self._back.setVisible(offer is not None)
        self._promise.setVisible(offer is not None)
        if offer is None:
            return
        self._back.say(T("Roll back…"))
        self._promise.say(offer_words(offer))

    def retranslate(self) -> None:
        """Rows."""
        self.model.retranslate()

    def _changed(self, _now: Index, _before: Index) -> None:
        self.chosen.emit(self.current)


def offer_words(offer: Offer) -> Text:
    """The promise of a rollback."""
    if not offer.complete:
        return T(
            "Some photographs have no template for {name} yet; they are renewed first.",
            name=offer.name.replace("_", " "),
        )
    if not offer.enrolled_since:
        return T("Takes less than a second, no name is lost.")
    return Tn(
        "Takes less than a second. {n} person enrolled since has templates for both.",
        "Takes less than a second. {n} people enrolled since have templates for both.",
        offer.enrolled_since,
    )
