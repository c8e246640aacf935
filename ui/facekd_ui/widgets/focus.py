"""The focus ring: outside the widget, and only when the focus came by keyboard."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from facekd_ui.theme.theme import tokens

GAP, WIDTH = 2, 2
# These show the focus themselves: fields by a thicker line, lists by their current row.
_OWN = (QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QAbstractSpinBox, QAbstractItemView)
_MOVES = (
    QEvent.Type.Move,
    QEvent.Type.Resize,
    QEvent.Type.Hide,
    QEvent.Type.Show,
    QEvent.Type.EnabledChange,
)


class FocusRing(QWidget):
    """One for a window; it lies above everything and lets the mouse through.

    Which device was used last is seen at the native window, so that the ring costs nothing while pictures run.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._window = window
        self._by_keyboard = False
        self._followed: list[QWidget] = []
        self.hide()
        window.installEventFilter(self)
        self._watch_native()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_changed)

    def _watch_native(self) -> None:
        handle = self._window.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keyboard or mouse; and the ring keeps to its widget when that moves."""
        kind = event.type()
        if watched is self._window and kind in (QEvent.Type.Show, QEvent.Type.WinIdChange):
            self._watch_native()
        if kind in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            self._by_keyboard = True
            if isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                # Where Tab finds nothing else to go to, no change of focus is told.
                QTimer.singleShot(0, self, self._look_again)
        elif kind in (QEvent.Type.MouseButtonPress, QEvent.Type.TouchBegin):
            self._by_keyboard = False
            self.hide()
        elif kind in _MOVES and watched in self._followed:
            self._place()
        return super().eventFilter(watched, event)

    def _look_again(self) -> None:
        self._focus_changed(None, QApplication.focusWidget())

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        for followed in self._followed:
            followed.removeEventFilter(self)
        self._followed = []
        if new is None or new.window() is not self._window or not self._by_keyboard or isinstance(new, _OWN):
            self.hide()
            return
        widget: QWidget | None = new
        while widget is not None and widget is not self._window:  # scrolling moves an ancestor
            widget.installEventFilter(self)
            self._followed.append(widget)
            widget = widget.parentWidget()
        self._place()

    def _place(self) -> None:
        if not self._followed or not self._followed[0].isVisible():
            self.hide()
            return
        focused = self._followed[0]
        around = GAP + WIDTH
        rect = QRect(focused.mapTo(self._window, QPoint(0, 0)), focused.size())
        self.setGeometry(rect.adjusted(-around, -around, around, around))
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A rounded rectangle, 2 px wide, 2 px away."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens().color("focus"), WIDTH))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 8, 8)
