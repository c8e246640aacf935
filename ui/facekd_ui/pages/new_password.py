"""A one-time password is replaced before anything else; also how one changes one's own password in Settings."""

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.failures import explain
from facekd_ui.services.passwords import SUGGESTED, Strength, judge
from facekd_ui.shell.rail import Mark
from facekd_ui.theme.theme import set_variant
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.fields import FormRow, PasswordField
from facekd_ui.widgets.labels import Label
from facekd_ui.workers.tasks import Tasks

WORDS: dict[Strength, Text] = {
    Strength.SECONDS: T("Guessed within seconds"),
    Strength.MINUTES: T("Guessed within minutes or hours"),
    Strength.DAYS: T("Guessed within days"),
    Strength.YEARS: T("Holds for years"),
    Strength.CENTURIES: T("Holds for centuries"),
}


class PasswordPair(QWidget):
    """A new password, twice, with a meter in words.

    Args:
        name: whose it is; called at each letter, because it may still be typed.
    """

    changed = Signal()

    def __init__(self, name: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.first, self.second = PasswordField(large=True), PasswordField(large=True)
        self._meter = QProgressBar()
        self._meter.setRange(0, 100)
        self._meter.setTextVisible(False)
        say(self._meter, T("How long it would take to guess"), "accessibleName")
        self._words = Label(
            T("15 characters or more are best; several words are easiest."), "small", "text.2"
        )
        self._row = FormRow(T("New password"), self.first)
        self._again = FormRow(T("The same again"), self.second)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._row)
        column.addWidget(self._meter)
        column.addWidget(self._words)
        column.addSpacing(8)
        column.addWidget(self._again)
        self.first.textChanged.connect(self._judge)
        self.second.textChanged.connect(self._judge)

    @property
    def value(self) -> str | None:
        """The password when it is good enough and typed twice alike."""
        first = self.first.text()
        return first if judge(first, self._name()).accepted and first == self.second.text() else None

    @property
    def why_not(self) -> Text | None:
        """What is still missing."""
        verdict = judge(self.first.text(), self._name())
        if verdict.why is not None:
            return verdict.why
        return None if self.first.text() == self.second.text() else T("The two are not alike yet.")

    @Slot()
    def _judge(self) -> None:
        password = self.first.text()
        verdict = judge(password, self._name())
        self._meter.setValue(round(verdict.share * 100))
        set_variant(self._meter, "kind", "success" if verdict.accepted else "warning")
        if not password:
            self._words.say(T("15 characters or more are best; several words are easiest."))
            self._words.set_ink("text.2")
        elif verdict.why is not None:
            self._words.say(verdict.why)
            self._words.set_ink("danger")
        else:
            self._words.say(WORDS[verdict.strength])
            self._words.set_ink("success" if len(password) >= SUGGESTED else "text.2")
        differs = bool(self.second.text()) and not password.startswith(self.second.text())
        self._again.set_error(T("The two are not alike yet.") if differs else None)
        self.changed.emit()


class NewPasswordPage(QWidget):
    """Fills the window after a login with a one-time password."""

    changed = Signal()
    given_up = Signal()

    def __init__(
        self, name: str, change: Callable[[str, str], object], tasks: Tasks, parent: QWidget | None = None
    ) -> None:
        """`change(old, new)` runs off the interface thread."""
        super().__init__(parent)
        self._change, self._tasks = change, tasks
        self.old = PasswordField(large=True)
        self.pair = PasswordPair(lambda: name)
        self.button = Button(T("Set and go on"), "primary", size="large")
        back = Button(T("Log out"), size="large")
        self._banner = Banner("danger", "", "")
        self._banner.hide()
        form = QWidget()
        form.setFixedWidth(400)
        column = QVBoxLayout(form)
        column.setSpacing(0)
        column.addWidget(Mark(32))
        column.addSpacing(20)
        column.addWidget(Label(T("Choose a password of your own"), "title", wrap=True))
        column.addSpacing(4)
        column.addWidget(
            Label(
                T("The one that you were given works once only, and whoever gave it to you knows it."),
                "body",
                "text.2",
                wrap=True,
            )
        )
        column.addSpacing(16)
        column.addWidget(self._banner)
        column.addSpacing(8)
        column.addWidget(FormRow(T("The password you were given"), self.old))
        column.addSpacing(14)
        column.addWidget(self.pair)
        column.addSpacing(20)
        foot = QHBoxLayout()
        foot.addWidget(back)
        foot.addStretch()
        foot.addWidget(self.button)
        column.addLayout(foot)
        middle = QHBoxLayout()
        middle.addStretch()
        middle.addWidget(form)
        middle.addStretch()
        whole = QVBoxLayout(self)
        whole.addStretch(2)
        whole.addLayout(middle)
        whole.addStretch(3)
        self.button.clicked.connect(self._try)
        self.pair.second.returnPressed.connect(self._try)
        back.clicked.connect(self.given_up)
        self.old.setFocus()

    @Slot()
    def _try(self) -> None:
        new = self.pair.value
        if new is None:
            self._say(self.pair.why_not or "")
            return
        old = self.old.text()
        self.button.setEnabled(False)
        self._tasks.run(lambda _progress: self._change(old, new), self._done, self._failed, over=self)

    def _done(self, _result: object) -> None:
        self.button.setEnabled(True)
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self.button.setEnabled(True)
        self._say(explain(error))

    def _say(self, words: Text | str) -> None:
        self._banner.show_message("danger", words, "", ())
        self._banner.show()
