"""Where one is in something that takes several steps: numbers, ticks, words; standing as a list or lying as a bar."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.theme.theme import set_variant
from facekd_ui.widgets.buttons import Line
from facekd_ui.widgets.labels import IconLabel, Label

NOW, DONE, TO_COME = "now", "done", "to come"
SIDE, LINE, GAP = 24, 28, 10
STATE_WORDS = {NOW: T("now"), DONE: T("done"), TO_COME: T("to come")}


class StepDot(QWidget):
    """A number in a circle that becomes a tick."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = Label(str(number), "label")
        self._tick = IconLabel("check", "accent.on", 14)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for mark in (self._number, self._tick):
            mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
            mark.setProperty("part", "step")
            mark.setFixedSize(SIDE, SIDE)
            row.addWidget(mark)
        set_variant(self._tick, "state", DONE)
        self.setFixedSize(SIDE, SIDE)

    def show_state(self, state: str) -> None:
        """`NOW`, `DONE` or `TO_COME`."""
        self._tick.setVisible(state == DONE)
        self._number.setVisible(state != DONE)
        set_variant(self._number, "state", state)


class StepMark(QWidget):
    """A dot, the title and, when it is done, the short answer; a click or Enter goes back to it."""

    chosen = Signal()

    def __init__(self, number: int, title: Text) -> None:
        super().__init__()
        self._dot = StepDot(number)
        self._heading = title
        self._title = Label(title, "medium")
        self._answer = Label("", "tiny", "text.2", wrap=True)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._title)
        words.addWidget(self._answer)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._dot, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(words, 1)
        self.setFixedHeight(52)

    def show_state(self, state: str, answer: Text | str, *, usable: bool) -> None:
        """`usable`: one may go back to it."""
        self._dot.show_state(state)
        self._title.set_ink("text.2" if state == TO_COME else "text")
        self._answer.say(answer)
        self._answer.setVisible(bool(str(answer)))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if usable else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if usable else Qt.CursorShape.ArrowCursor)
        words = T("{step}: {state}", step=self._heading, state=STATE_WORDS[state])
        say(self, words, "accessibleName")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space as a click."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, _event: object) -> None:
        """Goes back to this step."""
        self.chosen.emit()


class StepBar(QWidget):
    """Dots and words in a row with lines between them; in a narrow place only the step now has its word."""

    def __init__(self, titles: Sequence[Text], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = tuple(titles)
        self._now = 0
        self._lines: list[Line] = []
        self._dots = [StepDot(number) for number in range(1, len(titles) + 1)]
        self._words = [Label(title, "medium") for title in titles]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for place, (dot, words) in enumerate(zip(self._dots, self._words, strict=True)):
            if place:
                line = Line()
                line.setFixedWidth(LINE)
                self._lines.append(line)
                row.addWidget(line)
            row.addWidget(dot)
            row.addWidget(words)
            dot.setToolTip(str(titles[place]))
        row.addStretch()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_done(self, done: Sequence[bool]) -> None:
        """The first step that is not done is the one now."""
        self._now = next((place for place, is_done in enumerate(done) if not is_done), -1)
        for place, (dot, words) in enumerate(zip(self._dots, self._words, strict=True)):
            state = DONE if done[place] else NOW if place == self._now else TO_COME
            dot.show_state(state)
            words.set_ink("text.2" if state == TO_COME else "text")
        current = self._titles[self._now] if self._now >= 0 else T("done")
        say(self, T("Step: {step}", step=current), "accessibleName")
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """The dots alone."""
        return QSize(self._dots_width(0), SIDE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All words where there is room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        widths = [words.sizeHint().width() + GAP for words in self._words]
        all_of_it = self._dots_width(LINE + GAP)
        has_all = self.width() >= all_of_it + sum(widths)
        has_lines = has_all or self.width() >= all_of_it + max(widths)
        has_one = has_lines or self.width() >= self._dots_width(0) + max(widths)
        for line in self._lines:
            line.setVisible(has_lines)
        for place, words in enumerate(self._words):
            words.setVisible(has_all or (has_one and place == self._now))

    def _dots_width(self, between: int) -> int:
        count = len(self._dots)
        return count * SIDE + (count - 1) * (GAP + between)

    def retranslate(self) -> None:
        """Words of another language may need another room."""
        for dot, title in zip(self._dots, self._titles, strict=True):
            dot.setToolTip(str(title))
        self._fit()
