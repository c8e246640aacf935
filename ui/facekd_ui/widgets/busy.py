"""Work that takes longer: a card with what, how far, how long and Cancel; grey bars in the place of words."""

import time

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from facekd_ui.i18n.formats import time_left
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import px, tokens
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import ElidedLabel, Label


class BusyCard(QFrame):
    """One piece of work: title, bar, "1,480 of 3,200, 12 refused", time left, Cancel."""

    cancelled = Signal()

    def __init__(self, title: Text | str, *, cancellable: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("part", "card")
        self._started = time.monotonic()
        self._cancel = Button(T("Cancel"), "quiet", size="small")
        self._cancel.setVisible(cancellable)
        self._cancel.clicked.connect(self._stop)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        say(self._bar, title, "accessibleName")
        self._detail = ElidedLabel("", "small", "text.2")
        self._left = Label("", "small", "text.2")
        head = QHBoxLayout()
        head.addWidget(Label(title, "strong"), 1)
        head.addWidget(self._cancel)
        foot = QHBoxLayout()
        foot.addWidget(self._detail, 1)
        foot.addWidget(self._left)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 10, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addLayout(foot)

    def show_progress(self, fraction: float | None, detail: Text | str = "") -> None:
        """`fraction` 0..1, or None while the whole is not known."""
        self._detail.say(detail)
        if fraction is None:
            self._bar.setRange(0, 0)
            self._left.say("")
            return
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(1000 * min(1.0, max(0.0, fraction))))
        elapsed = time.monotonic() - self._started
        # Before a twentieth is done the guess would jump about.
        known = fraction >= 0.05 and elapsed >= 1
        self._left.say(time_left(elapsed * (1 - fraction) / fraction) if known else "")

    def _stop(self) -> None:
        """Answers at once; the work stops at its next safe place."""
        self._cancel.setEnabled(False)
        self._detail.say(T("Stopping at the next safe place"))
        self.cancelled.emit()


class BusyOverlay(QWidget):
    """Covers a widget while its work runs, with a busy card in the middle."""

    def __init__(self, over: QWidget, title: Text | str, *, cancellable: bool = True) -> None:
        super().__init__(over)
        self.card = BusyCard(title, cancellable=cancellable)
        self.card.setFixedWidth(min(380, max(240, over.width() - 48)))
        column = QVBoxLayout(self)
        column.addWidget(self.card, 0, Qt.AlignmentFlag.AlignCenter)
        over.installEventFilter(self)
        self.setGeometry(over.rect())
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the size of what it covers."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The page shines through."""
        QPainter(self).fillRect(self.rect(), tokens().color("bg", 0.7))


class Skeleton(QWidget):
    """Rows of grey bars where a table loads. It does not move: motion would pretend progress."""

    def __init__(self, rows: int = 6, *, photos: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows, self._photos = rows, photos
        say(self, T("Loading"), "accessibleName")

    def sizeHint(self) -> QSize:
        """46 a row."""
        return QSize(480, px(46) * self._rows)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bars of different lengths, always the same ones."""
        t = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = px(46)
        for row in range(self._rows):
            top = row * height
            painter.setPen(t.color("border"))
            painter.drawLine(0, top + height - 1, self.width(), top + height - 1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("sunken"))
            left = 16.0
            if self._photos:
                painter.drawRoundedRect(QRectF(left, top + (height - 34) / 2, 34, 34), 6, 6)
                left += 46
            for column, share in enumerate((0.5, 0.36, 0.3, 0.44)):
                x = left + column * (self.width() - left) / 4
                width = (self.width() - left) / 4 * (share + 0.12 * ((row * 3 + column * 5) % 4) / 3)
                if column == 0:
                    painter.drawRoundedRect(QRectF(x, top + height / 2 - 11, width, 9), 4.5, 4.5)
                    painter.drawRoundedRect(QRectF(x, top + height / 2 + 3, width / 2, 8), 4, 4)
                else:
                    painter.drawRoundedRect(QRectF(x, top + height / 2 - 4.5, width, 9), 4.5, 4.5)
