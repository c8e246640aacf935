"""Text: labels by type role, long ones cut with a tooltip, and key caps."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import set_icon, set_type, set_variant


class Label(QLabel):
    """Plain text in a type role of the tokens ("title", "section", "strong", "body", "small", ...).

    Never rich text: a person's name may hold "<b>".
    """

    def __init__(
        self,
        text: Text | str = "",
        role: str = "body",
        ink: str | None = None,
        *,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        set_type(self, role, ink)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        say(self, text)

    def say(self, text: Text | str) -> None:
        """Shows another text."""
        say(self, text)

    def set_ink(self, token: str) -> None:
        """Changes the colour to one that the stylesheet knows for labels."""
        set_variant(self, "ink", token)


class ElidedLabel(Label):
    """One line that ends in "…" where it does not fit; the tooltip then holds all of it.

    `hug` keeps it as wide as its text where there is room, so that what follows stands beside the words.
    """

    def __init__(
        self,
        text: Text | str = "",
        role: str = "body",
        ink: str | None = None,
        *,
        hug: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, role, ink, parent=parent)
        across = QSizePolicy.Policy.Maximum if hug else QSizePolicy.Policy.Ignored
        self.setSizePolicy(across, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        """May shrink to a few letters."""
        return QSize(self.fontMetrics().averageCharWidth() * 4, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws as much as fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        rect = QRect(self.contentsRect())
        painter.drawText(rect, int(self.alignment()), self._cut())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The tooltip only where something is cut."""
        super().resizeEvent(event)
        self.setToolTip(self.text() if self._cut() != self.text() else "")

    def _cut(self) -> str:
        return self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width()
        )


class IconLabel(QLabel):
    """An icon in a token's colour. Decoration unless it gets a name."""

    def __init__(
        self,
        name: str,
        token: str = "text.2",
        size: int = 16,
        accessible: Text | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        set_icon(self, name, token, size)
        if accessible is not None:
            say(self, accessible, "accessibleName")

    def show_icon(self, name: str, token: str, size: int = 16) -> None:
        """Another icon."""
        set_icon(self, name, token, size)


class KeyCap(QLabel):
    """A key or a combination, as on a keyboard: "Ctrl K"."""

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        """`key` as QKeySequence reads it, for example "Ctrl+K"."""
        super().__init__(key_words(key), parent)
        self.setProperty("part", "key")
        set_type(self, "tiny")
        say(self, T("Key {key}", key=key), "accessibleName")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


def key_words(key: str) -> str:
    """ "Ctrl+K" -> "Ctrl K", in the words of the platform."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText).replace("+", " ")
