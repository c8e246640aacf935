"""Toasts: short notes at the bottom left for what can be undone and what is finished. At most two."""

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPoint, QPropertyAnimation, Qt, QTimer
from PySide6.QtGui import QColor, QEnterEvent
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QStyle, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import Text
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import IconLabel, KeyCap, Label

STAYS_MS = 8000
AT_MOST = 2
SLIDE_MS = 120


class Toast(QFrame):
    """One note. Its time stands still while the pointer rests on it."""

    def __init__(
        self,
        text: Text | str,
        parent: QWidget,
        *,
        icon: str = "check",
        token: str = "success",
        action: tuple[Text, Callable[[], object]] | None = None,
        key: str = "",
    ) -> None:
        super().__init__(parent)
        self.setProperty("part", "raised")
        say(self, text, "accessibleName")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 14, 9)
        row.setSpacing(12)
        row.addWidget(IconLabel(icon, token))
        row.addWidget(Label(text))
        if action is not None:
            word, act = action
            button = Button(word, "link")
            button.clicked.connect(lambda _checked=False: act())
            button.clicked.connect(self.leave)
            row.addSpacing(8)
            row.addWidget(button)
        if key:
            row.addWidget(KeyCap(key))
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setOffset(0, 4)
        shadow.setBlurRadius(14)
        shadow.setColor(QColor(0, 0, 0, 41))
        self.setGraphicsEffect(shadow)
        self.slide = QPropertyAnimation(self, b"pos", self)
        self.slide.setDuration(SLIDE_MS)
        self.slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._clock = QTimer(self, singleShot=True, interval=STAYS_MS)
        self._clock.timeout.connect(self.leave)
        self._clock.start()

    def leave(self) -> None:
        """Goes away now."""
        self.hide()
        self.deleteLater()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Time stands still."""
        self._clock.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Time begins again."""
        self._clock.start()
        super().leaveEvent(event)


class Toasts(QObject):
    """Puts toasts above the bottom left corner of a window. `above` pixels are left free (the status line)."""

    def __init__(self, window: QWidget, left: int = 92, above: int = 44) -> None:
        super().__init__(window)
        self._window, self._left, self._above = window, left, above
        window.installEventFilter(self)

    def show(
        self,
        text: Text | str,
        *,
        icon: str = "check",
        token: str = "success",
        action: tuple[Text, Callable[[], object]] | None = None,
        key: str = "",
    ) -> Toast:
        """Shows a note; the oldest leaves when there are too many."""
        open_ = self._open()
        while len(open_) >= AT_MOST:
            open_.pop(0).leave()
        toast = Toast(text, self._window, icon=icon, token=token, action=action, key=key)
        toast.show()
        toast.raise_()
        self._place()
        style = self._window.style()
        if style.styleHint(QStyle.StyleHint.SH_Widget_Animate, None, self._window):
            toast.slide.setStartValue(toast.pos() + QPoint(0, 16))
            toast.slide.setEndValue(toast.pos())
            toast.slide.start()
        return toast

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the window's size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _open(self) -> list[Toast]:
        found = self._window.findChildren(Toast, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return [toast for toast in found if not toast.isHidden()]

    def _place(self) -> None:
        bottom = self._window.height() - self._above
        for toast in reversed(self._open()):
            toast.slide.stop()  # it would end where the toast stood before
            toast.adjustSize()
            bottom -= toast.height()
            toast.move(self._left, bottom)
            bottom -= 8
