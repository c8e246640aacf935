"""What stands around the fields of the login: the left half with its one sentence, and the true lines below."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.text import T, Text
from facekd_ui.shell.brand import brand
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.chart import Curve, ThresholdChart
from facekd_ui.widgets.labels import IconLabel, Label

SENTENCE_WIDTH = 500


class LoginSide(Panel):
    """Mark, sentence, the threshold chart as the only ornament, version and name of the desk."""

    def __init__(self, about: tuple[str, str]) -> None:
        """`about`: version, and how this computer is called."""
        super().__init__("sunken")
        column = QVBoxLayout(self)
        column.setContentsMargins(56, 48, 56, 38)
        column.addLayout(brand())
        column.addStretch(3)
        column.addWidget(Label(T("Faces stay in this building."), "display", wrap=True))
        column.addSpacing(10)
        sentence = Label(
            T("Recognition runs on this computer. No picture, name or template is sent anywhere else."),
            "section",
            "text.2",
            wrap=True,
        )
        plain = sentence.font()
        plain.setWeight(plain.Weight.Normal)
        sentence.setFont(plain)
        sentence.setMaximumWidth(SENTENCE_WIDTH)
        column.addWidget(sentence)
        column.addStretch(2)
        strangers, same = Curve.bell(0.12, 0.10), Curve.bell(0.58, 0.09, 0.84)
        column.addWidget(ThresholdChart(strangers, same, 0.42, ground="sunken", height=230))
        column.addStretch(3)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addWidget(Label(T("Version {version}", version=about[0]), "small", "text.2"))
        foot.addWidget(Label(about[1], "small", "text.2"))
        foot.addStretch()
        column.addLayout(foot)


class CapsLock(QWidget):
    """The line under the password while letters come out large; hidden until then."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 7, 0, 0)
        row.setSpacing(6)
        row.addWidget(IconLabel("warning", "warning", 14))
        row.addWidget(Label(T("Caps Lock is on"), "small", "warning"), 1)
        self.hide()


class LoginFact(QWidget):
    """Icon, a bold word, its detail, and at the right how it is."""

    _MARKS = {"ok": ("check", "success"), "warning": ("warning", "warning"), "danger": ("error", "danger")}  # noqa: RUF012

    def __init__(self, icon: str, word: Text) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel(icon, "text.2", 16))
        row.addWidget(Label(word, "small"))
        self._detail = Label("", "small", "text.2")
        row.addWidget(self._detail)
        row.addStretch()
        self._mark = IconLabel("check", "success", 16)
        self._state = Label("", "label", "success")
        self._mark.hide()
        row.addWidget(self._mark)
        row.addWidget(self._state)

    def show_fact(self, kind: str, detail: Text | str, state: Text | str) -> None:
        """`kind`: ok, warning or danger."""
        self._detail.say(detail)
        self._state.say(state)
        icon, token = self._MARKS[kind]
        self._mark.show_icon(icon, token, 16)
        self._mark.show()
        self._state.set_ink(token)
