"""Dialogs: a question that names the thing, what happens in numbers, Cancel before the act, a verb on the button."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.compositor import is_composited
from facekd_ui.theme.theme import set_variant
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.labels import Label

NARROW, WIDE = 440, 560
_MARGIN = 24  # around the sheet, where its shadow falls


class Sheet(QDialog):
    """A frameless dialog over its window, with round corners and a shadow where the screen can show them.

    Put things into `body`. Esc closes; nothing is closed by a click beside it.
    """

    def __init__(self, parent: QWidget, title: Text, width: int = NARROW) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
        say(self, title, "windowTitle")
        say(self, title, "accessibleName")
        self.frame = QFrame(self)
        self.frame.setProperty("part", "sheet")
        outer = QVBoxLayout(self)
        round_ = is_composited()
        set_variant(self.frame, "square", not round_)
        margin = _MARGIN if round_ else 0
        outer.setContentsMargins(margin, margin, margin, margin)
        outer.addWidget(self.frame)
        if round_:
            self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
            shadow = QGraphicsDropShadowEffect(self.frame)
            shadow.setOffset(0, 8)
            shadow.setBlurRadius(24)
            shadow.setColor(QColor(0, 0, 0, 51))
            self.frame.setGraphicsEffect(shadow)
        self.body = QVBoxLayout(self.frame)
        self.body.setContentsMargins(20, 18, 20, 18)
        self.body.setSpacing(8)
        self.frame.setFixedWidth(width)

    def end_with(self, act: Button) -> Button:
        """Cancel, and the button of the act, at the bottom; returns Cancel."""
        cancel = Button(T("Cancel"))
        cancel.clicked.connect(self.reject)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(8)
        self.foot.addStretch()
        self.foot.addWidget(cancel)
        self.foot.addWidget(act)
        self.body.addSpacing(8)
        self.body.addLayout(self.foot)
        return cancel

    def fit(self) -> None:
        """As high as its words need; `adjustSize` would stop at two thirds of the screen and cut what is below."""
        outer = self.layout()
        assert outer is not None
        outer.activate()
        width = self.sizeHint().width()
        height = outer.totalHeightForWidth(width) if outer.hasHeightForWidth() else self.sizeHint().height()
        self.resize(width, min(height, self.screen().availableSize().height()))

    def setVisible(self, visible: bool) -> None:
        """In the middle of the window, a little above.

        The place is chosen before the window system hears of the sheet: moved while it is being shown, Qt believes it
        at the corner of the screen (X11 without a compositor), and opens its lists and tooltips there.
        """
        parent = self.parentWidget()
        if visible and parent is not None and not self.isVisible():
            self.ensurePolished()
            self.fit()
            room = parent.window().geometry()
            self.move(
                room.x() + (room.width() - self.width()) // 2,
                room.y() + max(0, (room.height() - self.height()) * 2 // 5),
            )
        super().setVisible(visible)


class Question(Sheet):
    """Asks before an act. `accepted` comes when the person agrees.

    Args:
        parent: lies below.
        title: a question that names the thing: T("Delete {name}?").
        sentence: what happens, in numbers, and until when it can be undone.
        verb: the word on the button, never "OK".
        danger: the last step of a deletion: red, and Enter does not press it.
    """

    def __init__(
        self,
        parent: QWidget,
        title: Text,
        sentence: Text,
        verb: Text,
        *,
        danger: bool = False,
        width: int = NARROW,
    ) -> None:
        super().__init__(parent, title, width)
        self._danger = danger
        self.body.addWidget(Label(title, "section", wrap=True))
        self.body.addWidget(Label(sentence, "body", "text.2", wrap=True))
        self.extra = QVBoxLayout()
        self.body.addLayout(self.extra)
        self.act = Button(verb, "dangerFill" if danger else "primary")
        self.act.clicked.connect(self.accept)
        self.cancel = self.end_with(self.act)
        (self.cancel if danger else self.act).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter agrees, but never to a deletion unless its button has the focus."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.act.hasFocus() or (not self._danger and not self.cancel.hasFocus()):
                self.accept()
            elif self.cancel.hasFocus():
                self.reject()
            return
        super().keyPressEvent(event)
