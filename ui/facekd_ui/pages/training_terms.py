"""The terms of a run now, with weight and value; and its log in a sheet."""

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QPlainTextEdit, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T
from facekd_ui.pages.training_chart import pen_of
from facekd_ui.services.training_ends import name_of
from facekd_ui.services.training_follow import History
from facekd_ui.services.training_runs import Run, log_tail
from facekd_ui.services.training_words import term_word
from facekd_ui.theme.theme import px, set_type
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import ElidedLabel, Label
from facekd_ui.widgets.sheets import Sheet


class Swatch(QWidget):
    """A short piece of a line in its colour and style."""

    def __init__(self, look: int, *, strong: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._strong = look, strong
        self.setFixedSize(18, 12)

    def sizeHint(self) -> QSize:
        """As in the table."""
        return QSize(18, 12)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The line."""
        painter = QPainter(self)
        painter.setPen(pen_of(self._look, strong=self._strong, width=2.5))
        painter.drawLine(QPointF(1, 6), QPointF(17, 6))


class TermsCard(Card):
    """Name, weight and value of every term, and their sum."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(T("Terms now"), Label(T("weight, share of total"), "small", "text.2"), parent)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self._values: dict[str, tuple[Label, Label]] = {}
        self._shown: tuple[str, ...] | None = None

    def show_terms(self, history: History, run: Run) -> None:
        """The newest values."""
        names = tuple(history.terms)
        if names != self._shown:
            self._make(names)
        weights = run.config.get("method", {})
        for name, curve in (("", history.total), *history.terms.items()):
            weight, value = self._values[name]
            value.say(f"{curve.y[-1]:.4g}" if len(curve.y) else "")
            found = weights.get(f"{name}_weight") if name else None
            weight.say(f"× {found:g}" if isinstance(found, int | float) else "")  # noqa: RUF001

    def _make(self, names: tuple[str, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._values, self._shown = {}, names
        for row, name in enumerate(("", *names)):
            weight, value = Label("", "small", "text.2"), Label("", "medium")
            self._grid.addWidget(Swatch(max(0, row - 1), strong=not name), row, 0)
            self._grid.addWidget(ElidedLabel(term_word(name) if name else T("Total"), "medium"), row, 1)
            self._grid.addWidget(weight, row, 2)
            self._grid.addWidget(value, row, 3)
            self._values[name] = (weight, value)


class LogSheet(Sheet):
    """Everything that the trainer said, and what it wrote on stderr."""

    def __init__(self, parent: QWidget, run: Run, history: History) -> None:
        super().__init__(parent, T("Log of {run}", run=name_of(run)), 760)
        self.body.addWidget(Label(T("Log of {run}", run=name_of(run)), "section"))
        said = log_tail(run.folder).decode("utf-8", "replace").strip()
        words = "\n".join([*history.log, *(["", said] if said else [])])
        self.text = QPlainTextEdit(words)
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setMinimumHeight(px(420))
        set_type(self.text, "code")
        say(self.text, T("Log"), "accessibleName")
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)
        self.body.addWidget(self.text)
        copy = Button(T("Copy"), "primary", "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(words))
        self.end_with(copy).say(T("Close"))
