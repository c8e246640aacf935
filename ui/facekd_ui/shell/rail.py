"""The rail at the left: mark, pages, settings at the bottom."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T
from facekd_ui.shell.pages import PageSpec
from facekd_ui.theme import icons
from facekd_ui.theme.theme import font, px, tokens
from facekd_ui.widgets.badges import CountBadge
from facekd_ui.widgets.buttons import tip_with_key

NARROW, WIDE = 76, 200
WIDE_FROM = 1920  # logical pixels of the window


class RailItem(QAbstractButton):
    """A page in the rail: icon over word, or beside it in the wide rail."""

    def __init__(self, spec: PageSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        say(self, spec.word or spec.title)
        say(self, spec.title, "accessibleName")
        say(self, tip_with_key(spec.title, spec.shortcut), "toolTip")
        self._wide = False
        self._badge = CountBadge(parent=self)

    def set_wide(self, *, wide: bool) -> None:
        """Icon and word in a row."""
        self._wide = wide
        self.updateGeometry()

    def set_count(self, count: int) -> None:
        """How many wait on that page."""
        self._badge.set_count(count)
        self._place_badge()

    def sizeHint(self) -> QSize:
        """The fill is 64 x 56; the widget reaches to the window's edge for the bar."""
        return QSize(WIDE, px(44)) if self._wide else QSize(NARROW, px(40) + 16)

    def resizeEvent(self, _event: object) -> None:
        """The badge keeps to its corner."""
        self._place_badge()

    def _place_badge(self) -> None:
        x = self.width() - self._badge.width() - (14 if self._wide else 12)
        y = (self.height() - self._badge.height()) // 2 if self._wide else 4
        self._badge.move(x, y)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill and bar for the current page, fill under the pointer, icon, word."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = QRectF(6, 0, self.width() - 12, self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        ink = "text.2"
        if self.isChecked():
            ink = "accent"
            painter.setBrush(t.color("accent.soft"))
            painter.drawRoundedRect(fill, 8, 8)
            painter.setBrush(t.color("accent"))
            painter.drawRoundedRect(QRectF(-2, self.height() / 2 - 13, 4.5, 26), 2, 2)
        elif self.underMouse() or self.isDown():
            ink = "text"
            painter.setBrush(t.color("pressed" if self.isDown() else "hover"))
            painter.drawRoundedRect(fill, 8, 8)
        letters = font("medium" if self._wide else "tiny")
        if self.isChecked():
            letters.setWeight(letters.Weight.DemiBold)
        elif not self._wide:
            letters.setWeight(letters.Weight.Medium)
        painter.setFont(letters)
        side = px(22)
        if self._wide:
            icon = QRectF(20, (self.height() - side) / 2, side, side)
            words = QRectF(icon.right() + 12, 0, self.width() - icon.right() - 24, self.height())
            flags = Qt.AlignmentFlag.AlignVCenter
        else:
            words_height = painter.fontMetrics().height()
            top = (self.height() - side - 4 - words_height) / 2
            icon = QRectF((self.width() - side) / 2, top, side, side)
            words = QRectF(2, icon.bottom() + 4, self.width() - 4, words_height)
            flags = Qt.AlignmentFlag.AlignHCenter
        icons.paint(painter, t, self.spec.icon, icon, ink)
        painter.setPen(t.color(ink if self.isChecked() else "text" if self._wide else ink))
        text = painter.fontMetrics().elidedText(
            self.text().replace("&&", "&"), Qt.TextElideMode.ElideRight, int(words.width())
        )
        painter.drawText(words, int(flags), text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens as Space does; arrows go along the rail."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)


class Mark(QWidget):
    """The mark of the program: brackets around the curve of strangers."""

    def __init__(self, side: int = 28, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        say(self, T("FaceKD"), "accessibleName")

    def sizeHint(self) -> QSize:
        """Square."""
        return QSize(self._side, self._side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """From the icon "mark"."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        icons.paint(painter, tokens(), "mark", QRectF(0, 0, self._side, self._side))


class Rail(QWidget):
    """Pages to choose from; `chosen` carries the key."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("part", "rail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        say(self, T("Pages"), "accessibleName")
        self._items: dict[str, RailItem] = {}
        self._wide = False
        self._mark_row: QVBoxLayout | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 4)
        self._column.setSpacing(4)
        self.setFixedWidth(NARROW)

    def set_pages(self, specs: Sequence[PageSpec]) -> None:
        """Other pages, for another role."""
        while (entry := self._column.takeAt(0)) is not None:
            if (widget := entry.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._items = {}
        mark = QWidget()
        mark.setFixedHeight(48)
        self._mark_row = QVBoxLayout(mark)
        self._mark_row.addWidget(Mark(), 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._place_mark()
        self._column.addWidget(mark)
        stretched = False
        for spec in sorted((s for s in specs if not s.below), key=lambda s: s.at_bottom):
            if spec.at_bottom and not stretched:
                self._column.addStretch()
                stretched = True
            item = RailItem(spec)
            item.set_wide(wide=self._wide)
            item.clicked.connect(lambda _checked=False, key=spec.key: self.chosen.emit(key))
            self._items[spec.key] = item
            self._column.addWidget(item)
        if not stretched:
            self._column.addStretch()

    def _place_mark(self) -> None:
        """Over the icons of the pages."""
        left = 17 if self._wide else (NARROW - 28) // 2
        if self._mark_row is not None:
            self._mark_row.setContentsMargins(left, 0, 0, 0)

    def mark_current(self, key: str) -> None:
        """Shows where one is."""
        for other, item in self._items.items():
            item.setChecked(other == key)

    def set_count(self, key: str, count: int) -> None:
        """A badge on a page of the rail."""
        if key in self._items:
            self._items[key].set_count(count)

    def set_wide(self, *, wide: bool) -> None:
        """The wide rail of large windows."""
        if wide != self._wide:
            self._wide = wide
            self.setFixedWidth(WIDE if wide else NARROW)
            self._place_mark()
            for item in self._items.values():
                item.set_wide(wide=wide)
