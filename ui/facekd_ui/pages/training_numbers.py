"""The numbers of a run as rows: label, field, range, meaning; what is wrong stands in the row, with the way out."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.training_fields import FieldSpec, Problem, Value, shown
from facekd_ui.theme.theme import px, set_variant, tokens
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.checks import check_box
from facekd_ui.widgets.fields import VALIDATE_MS, Choice, Field
from facekd_ui.widgets.labels import IconLabel, Label

LABEL, FIELD, RANGE = 176, 116, 108
Place = tuple[str, str]


class _Dot(QWidget):
    """An accent dot before what was changed."""

    def __init__(self) -> None:
        super().__init__()
        self.is_on = False
        self.setFixedSize(8, 8)

    def show_dot(self, *, on: bool) -> None:
        self.is_on = on
        say(self, T("changed") if on else "", "accessibleName")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(8, 8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.is_on:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens().color("accent"))
            painter.drawEllipse(QPointF(4, 4), 3, 3)


class NumberRow(QWidget):
    """One field. `changed(place, value)` comes for values that are allowed only."""

    changed = Signal(object, object)
    judged = Signal()

    def __init__(self, spec: FieldSpec, value: Value, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.problem: Problem | None = None
        self._warning: Problem | None = None
        self._value = value
        self._dot = _Dot()
        label = Label(spec.label, "medium")
        label.setFixedWidth(px(LABEL))
        self.editor = self._make_editor(value)
        label.setBuddy(self.editor)
        say(self.editor, spec.label, "accessibleName")
        self.editor.setFixedWidth(px(FIELD))
        self._range = Label(spec.range(), "small", "text.2")
        self._range.setFixedWidth(px(RANGE))
        self._mark = IconLabel("error", "danger", 14)
        self._words = Label("", "small", "text.2", wrap=True)
        self.way_out = Button("", "link")
        self.way_out.clicked.connect(self._take_way_out)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 14, 3)
        row.setSpacing(6)
        row.addWidget(self._dot)
        row.addWidget(label)
        row.addWidget(self.editor)
        row.addSpacing(8)
        row.addWidget(self._range)
        row.addWidget(self._mark)
        row.addWidget(self._words, 1)
        row.addWidget(self.way_out)
        self.setMinimumHeight(px(38))
        self._wait = QTimer(self, singleShot=True, interval=VALIDATE_MS)
        self._wait.timeout.connect(self.judge)
        self._show()

    @property
    def value(self) -> Value:
        """The last one that was allowed."""
        return self._value

    def type(self, words: str) -> None:
        """As if it were typed or chosen, judged at once."""
        if isinstance(self.editor, Field):
            self.editor.setText(words)
        elif isinstance(self.editor, Choice):
            self.editor.choose(words)
        elif isinstance(self.editor, QCheckBox):
            self.editor.setChecked(words == "true")
        self.judge()

    def warn(self, warning: Problem | None) -> None:
        """Something that a measurement says of this value; it does not forbid it."""
        self._warning = warning
        self._show()

    @property
    def warning(self) -> Problem | None:
        """What was measured against it."""
        return self._warning

    def judge(self) -> None:
        """Checks what stands in the field."""
        self._wait.stop()
        found: Value | Problem
        if isinstance(self.editor, QCheckBox):
            found = self.editor.isChecked()
        elif isinstance(self.editor, Choice):
            found = self.spec.parse(self.editor.value)
        else:
            assert isinstance(self.editor, Field)
            found = self.spec.parse(self.editor.text())
        self.problem = found if isinstance(found, Problem) else None
        if not isinstance(found, Problem) and found != self._value:
            self._value = found
            self._warning = None
            self.changed.emit(self.spec.place, found)
        self._show()
        self.judged.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Judges on leaving, too."""
        if event.type() == QEvent.Type.FocusOut and self._wait.isActive():
            self.judge()
        return super().eventFilter(watched, event)

    def retranslate(self) -> None:
        """The words that are put together here."""
        self._show()

    def _make_editor(self, value: Value) -> QWidget:
        spec = self.spec
        if spec.kind == "boolean":
            box = check_box(T("on"))
            box.setChecked(bool(value))
            box.toggled.connect(lambda _on: self.judge())
            return box
        if spec.kind == "choice":
            choice = Choice(spec.options())
            if str(value) in spec.choices:
                choice.choose(str(value))
            choice.chosen.connect(lambda _key: self.judge())
            return choice
        field = Field(T("by itself") if spec.optional and spec.default is None else "")
        field.setText(shown(value))
        field.textEdited.connect(lambda _words: self._wait.start())
        field.installEventFilter(self)
        return field

    def _show(self) -> None:
        spec, problem, warning = self.spec, self.problem, self._warning
        is_changed = problem is None and self._value != spec.default
        self._dot.show_dot(on=is_changed)
        trouble = problem or warning
        self._mark.setVisible(trouble is not None)
        if problem is not None:
            self._mark.show_icon("error", "danger", 14)
        elif warning is not None:
            self._mark.show_icon("warning", "warning", 14)
        words: Text | str = spec.meaning
        if trouble is not None:
            words = trouble.text
        elif is_changed:
            default = shown(spec.default) or str(T("by itself"))
            words = T("{meaning}; default {default}", meaning=spec.meaning, default=default)
        self._words.say(words)
        self._words.set_ink("danger" if problem else "warning" if warning else "text.2")
        set_variant(self.editor, "faulty", problem is not None)
        say(self.editor, words, "accessibleDescription")
        instead = trouble.instead if trouble is not None else None
        self.way_out.setVisible(instead is not None)
        if instead is not None:
            self.way_out.say(T("Use {value}", value=shown(instead)))

    def _take_way_out(self) -> None:
        trouble = self.problem or self._warning
        if trouble is not None and trouble.instead is not None:
            self._warning = None
            self.type(shown(trouble.instead))


class Numbers(Card):
    """Some rows in a card, in groups with a heading each."""

    changed = Signal(object, object)
    judged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        self.rows: dict[Place, NumberRow] = {}
        self._holder: QWidget | None = None

    def show_groups(
        self, groups: Sequence[tuple[Text | str, Sequence[FieldSpec]]], values: Mapping[Place, Value]
    ) -> None:
        """Other rows.

        Args:
            groups: heading (may be empty) and fields of each.
            values: of the fields, by place.
        """
        if self._holder is not None:
            self.body.removeWidget(self._holder)
            self._holder.hide()
            self._holder.deleteLater()
        self.rows = {}
        self._holder = QWidget()
        column = QVBoxLayout(self._holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for heading, specs in groups:
            if heading and specs:
                title = Label(heading, "label", "text.2")
                title.setContentsMargins(14, 12, 14, 4)
                column.addWidget(title)
            for spec in specs:
                if self.rows:
                    column.addWidget(Line())
                row = NumberRow(spec, values[spec.place])
                row.changed.connect(self.changed)
                row.judged.connect(self.judged)
                self.rows[spec.place] = row
                column.addWidget(row)
        self.body.addWidget(self._holder)

    @property
    def faults(self) -> list[Problem]:
        """Of rows that are red."""
        return [row.problem for row in self.rows.values() if row.problem is not None]

    @property
    def warnings(self) -> list[Problem]:
        """Of rows that are amber."""
        return [row.warning for row in self.rows.values() if row.warning is not None]

    def judge_all(self) -> bool:
        """Checks what is still being typed; whether no row is red."""
        for row in self.rows.values():
            row.judge()
        return not self.faults

    def focus_first_fault(self) -> None:
        """Where to begin."""
        for row in self.rows.values():
            if row.problem is not None:
                row.editor.setFocus(Qt.FocusReason.OtherFocusReason)
                return


def link(word: Text, act: object) -> Button:
    """A small link that calls `act`."""
    button = Button(word, "link")
    button.clicked.connect(partial(_call, act))
    return button


def _call(act: object, _checked: bool = False) -> None:
    if callable(act):
        act()
