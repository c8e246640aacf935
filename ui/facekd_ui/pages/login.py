"""The door: name and password, one message for both, a countdown when locked out, and the truth about the store.

The same page locks the running window: the name is fixed then, and somebody else can be let in.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from facekd_db.errors import LockedOut
from facekd_ui.i18n.formats import countdown
from facekd_ui.i18n.language import Language, say
from facekd_ui.i18n.text import LANGUAGES, T, Text
from facekd_ui.pages.failures import explain
from facekd_ui.pages.login_parts import CapsLock, LoginFact, LoginSide
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, IconButton, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.fields import Field, FormRow, PasswordField
from facekd_ui.widgets.labels import KeyCap, Label
from facekd_ui.widgets.menus import Menu
from facekd_ui.workers.tasks import Tasks

FORM, WIDE_HALF, NARROW_HALF = 360, 720, 480
NARROW_BELOW = 1280

Enter = Callable[[str, str], object]


class LoginPage(QWidget):
    """Asks for name and password.

    Args:
        enter: checks them off the interface thread; what it returns comes with `entered`.
        tasks: where it runs.
        about: version and name of this computer, for the corner.
        locked_by: the name of the operator whose window this locks.
    """

    entered = Signal(object)
    switch_asked = Signal()

    def __init__(
        self,
        enter: Enter | None,
        tasks: Tasks,
        theme: Theme,
        language: Language,
        about: tuple[str, str],
        locked_by: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._enter, self._tasks = enter, tasks
        self._theme, self._language = theme, language
        self._locked_by = locked_by
        self._until: datetime | None = None
        self._locked_out = ""  # whom the wait is for; others can log in meanwhile
        self._store_is_there = enter is not None
        self.name, self.password = Field(large=True), PasswordField(large=True)
        self.button = Button(T("Unlock") if locked_by else T("Log in"), "primary", size="large")
        self._away: tuple[Exception, float, Callable[[], object]] | None = None
        self._clock = QTimer(self, interval=250)
        self._clock.timeout.connect(self._tick)
        self._left = LoginSide(about)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._left)
        row.addWidget(Line(standing=True))
        row.addWidget(self._make_right(), 1)
        self._connect()
        self._refresh()

    # -- what the application tells it

    def open_store(self, enter: Enter, where: Text | str, warning: Text | str | None = None) -> None:
        """The store is there: from now on one can log in."""
        self._enter, self._away, self._store_is_there = enter, None, True
        self._clock.stop()
        self._banner.hide()
        self._database.show_fact("ok", where, T("reachable"))
        self._keys.setVisible(warning is not None)
        if warning is not None:
            self._keys.show_fact("warning", T("no keyring here"), T("kept in a file"))
            say(self._keys, warning, "toolTip")
        self._refresh()

    def show_away(self, error: Exception, retry_s: float, retry: Callable[[], object]) -> None:
        """The store does not answer; says so with a countdown and "Try now"."""
        self._store_is_there = False
        self._away = (error, datetime.now(UTC).timestamp() + retry_s, retry)
        self._database.show_fact("danger", T("no answer"), "")
        self._banner.show_message(
            "danger",
            T("The database does not answer."),
            "",
            ((T("Try now"), self._try_now), (T("Copy details"), self._copy)),
        )
        self._banner.show()
        self._clock.start()
        self._tick()
        self._refresh()

    def show_refusal(self, lead: Text | str, rest: Text | str) -> None:
        """Nobody can log in here, and trying again would not help (a newer schema)."""
        self._store_is_there = False
        self._clock.stop()
        self._database.show_fact("danger", T("cannot be used"), "")
        self._banner.show_message("danger", lead, rest, ())
        self._banner.show()
        self._refresh()

    def show_lost(
        self, why: Text | str, retry: Callable[[], object], restore: Callable[[Path], object]
    ) -> None:
        """The database that people worked with is gone; it can be looked for again, or a backup brought back."""
        self._store_is_there, self._away = False, None
        self._clock.stop()
        self._database.show_fact("danger", T("not there"), "")
        actions = ((T("Try now"), retry), (T("Restore a backup…"), partial(self._choose_backup, restore)))
        self._banner.show_message("danger", T("The database is gone."), why, actions)
        self._banner.show()
        self._refresh()

    def _choose_backup(self, restore: Callable[[Path], object]) -> None:
        name, _ = QFileDialog.getOpenFileName(self, str(T("Restore a backup…")), "", "*.facekd")
        if name:
            restore(Path(name))

    def show_note(self, kind: str, lead: Text | str, rest: Text | str = "") -> None:
        """Why one is here again: the session ended, an account was made."""
        self._banner.show_message(kind, lead, rest, ())
        self._banner.show()

    # -- parts

    def _make_right(self) -> QWidget:
        side = Panel("bg")
        column = QVBoxLayout(side)
        column.setContentsMargins(24, 28, 24, 24)
        self._words = Button(LANGUAGES[self._language.code], "quiet", "languages")
        say(self._words, T("Language (Alt+L)"), "toolTip")
        look = IconButton("sun", T("Theme"))
        look.clicked.connect(self._open_themes)
        self._look = look
        top = QHBoxLayout()
        top.addStretch()
        top.addWidget(self._words)
        top.addWidget(look)
        column.addLayout(top)
        column.addStretch(3)
        middle = QHBoxLayout()
        middle.addStretch()
        middle.addWidget(self._make_form())
        middle.addStretch()
        column.addLayout(middle)
        column.addStretch(4)
        return side

    def _make_form(self) -> QWidget:
        form = QWidget()
        form.setFixedWidth(FORM)
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        locked = bool(self._locked_by)
        column.addWidget(Label(T("Locked") if locked else T("Log in"), "title"))
        column.addSpacing(4)
        below = (
            T("Locked by {name}. Names are hidden.", name=self._locked_by)
            if locked
            else T("Everything you do is recorded under your name.")
        )
        column.addWidget(Label(below, "body", "text.2", wrap=True))
        column.addSpacing(16)
        self._banner = Banner("danger", "", "", stacked=True)
        self._banner.hide()
        column.addWidget(self._banner)
        column.addSpacing(12)
        self._name_row = FormRow(T("Name"), self.name)
        self._name_row.setVisible(not locked)
        column.addWidget(self._name_row)
        column.addSpacing(14)
        column.addWidget(FormRow(T("Password"), self.password))
        self._caps = CapsLock()
        column.addWidget(self._caps)
        column.addSpacing(18)
        column.addWidget(self.button)
        column.addSpacing(14)
        help_ = QHBoxLayout()
        if locked:
            switch = Button(T("Switch user"), "link")
            switch.clicked.connect(self.switch_asked)
            help_.addWidget(switch)
        else:
            help_.addWidget(Label(T("Forgotten? An administrator can reset it."), "small", "text.2"))
        help_.addStretch()
        help_.addWidget(KeyCap("Return"))
        column.addLayout(help_)
        column.addSpacing(28)
        column.addWidget(Line())
        column.addSpacing(14)
        self._database = LoginFact("database", T("Database"))
        self._keys = LoginFact("key", T("Key to the faces"))
        self._keys.hide()
        column.addWidget(self._database)
        column.addSpacing(8)
        column.addWidget(self._keys)
        return form

    def _connect(self) -> None:
        self.button.clicked.connect(self._try)
        self.name.textChanged.connect(self._name_changed)
        self.name.returnPressed.connect(self.password.setFocus)
        self.password.returnPressed.connect(self._try)
        self.password.caps_lock.connect(self._caps.setVisible)
        self._words.clicked.connect(self._open_languages)
        languages = QAction(self)
        languages.setShortcut("Alt+L")
        languages.triggered.connect(self._open_languages)
        self.addAction(languages)

    def showEvent(self, event: QShowEvent) -> None:
        """Whoever sees the page can type: a focus given before it is shown goes to the first button instead."""
        super().showEvent(event)
        (self.password if self._locked_by else self.name).setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The left half gives way in small windows."""
        super().resizeEvent(event)
        self._left.setFixedWidth(NARROW_HALF if self.width() < NARROW_BELOW else self.width() // 2)

    # -- logging in

    @Slot()
    def _try(self) -> None:
        if self._enter is None or not self.button.isEnabled():
            return
        enter, name, password = self._enter, self._who(), self.password.text()
        if not name or not password:
            (self.name if not name else self.password).setFocus()
            return
        self._banner.hide()
        self.button.setEnabled(False)
        self._tasks.run(lambda _progress: enter(name, password), self._entered, self._refused, over=self)

    def _entered(self, session: object) -> None:
        self.password.clear()
        self._refresh()
        self.entered.emit(session)

    def _refused(self, error: Exception) -> None:
        self.password.clear()
        if isinstance(error, LockedOut):
            self._until, self._locked_out = error.until, self._who()
            self._clock.start()
            self._tick()
        else:
            self._banner.show_message("danger", explain(error), "", ())
            self._banner.show()
        self._refresh()
        self.password.setFocus()

    def _who(self) -> str:
        return self._locked_by or self.name.text().strip()

    def _must_wait(self) -> bool:
        return self._until is not None and self._who() == self._locked_out

    @Slot()
    def _name_changed(self) -> None:
        if self._until is not None:
            self._banner.setVisible(self._must_wait())
            self._refresh()

    @Slot()
    def _tick(self) -> None:
        if self._until is not None:
            left = self._until - datetime.now(UTC)
            if left <= timedelta(0):
                waited, self._until = self._must_wait(), None
                self._clock.stop()
                self._refresh()
                if waited:
                    self._banner.hide()
                    self.password.setFocus()
                return
            if not self._must_wait():
                return
            rest = T(
                "You can try again in {left}. An administrator can unlock you sooner.", left=countdown(left)
            )
            self._banner.show_message("danger", T("Too many tries."), rest)
            self._banner.show()
        elif self._away is not None:
            seconds = round(self._away[1] - datetime.now(UTC).timestamp())
            if seconds <= 0:
                self._try_now()
                return
            self._banner.show_message(
                "danger",
                T("The database does not answer."),
                T("Nobody can log in. Trying again in {n} s.", n=seconds),
            )

    def _try_now(self) -> None:
        if self._away is not None:
            retry = self._away[2]
            self._away = None
            self._clock.stop()
            self._banner.show_message("danger", T("The database does not answer."), T("Trying now."), ())
            retry()

    def _copy(self) -> None:
        if self._away is not None:
            QApplication.clipboard().setText(f"{type(self._away[0]).__name__}: {self._away[0]}")

    def _refresh(self) -> None:
        waiting = self._must_wait()
        self.button.setEnabled(self._store_is_there and not waiting)
        self.password.setEnabled(not waiting)
        say(self.password, T("Locked") if waiting else "", "placeholderText")

    # -- language and theme

    @Slot()
    def _open_languages(self) -> None:
        menu = Menu(self)
        for code, word in LANGUAGES.items():
            menu.add_choice(word, partial(self._speak, code), chosen=code == self._language.code)
        self._pop(menu, self._words)

    def _speak(self, code: str) -> None:
        self._language.set(code)
        self._words.say(LANGUAGES[code])

    @Slot()
    def _open_themes(self) -> None:
        menu = Menu(self)
        for mode, word in (("light", T("Light")), ("dark", T("Dark")), ("system", T("As the system"))):
            menu.add_choice(word, partial(self._theme.apply, mode), chosen=mode == self._theme.mode)
        self._pop(menu, self._look)

    def _pop(self, menu: Menu, under: QWidget) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(under.mapToGlobal(under.rect().bottomLeft()))
