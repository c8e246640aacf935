"""Sections about this computer and this account: look, recognition, starting, password, health, about."""

from collections.abc import Sequence
from dataclasses import replace

import onnxruntime
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from facekd_ui import launcher
from facekd_ui.home import default_home
from facekd_ui.i18n.language import Language, say
from facekd_ui.i18n.text import LANGUAGES, T, Text
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.new_password import PasswordPair
from facekd_ui.settings import Recognising
from facekd_ui.theme.theme import Theme, px
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.fields import Choice, Field, FormRow, PasswordField
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.theme_choice import ThemeChoice

SIZES = (90, 100, 110, 125, 150)
TALL = 56  # a control that is higher has its words at its top


class SettingRow(QWidget):
    """A name with its help at the left, the control at the right."""

    def __init__(self, name: Text, help_: Text | str, control: QWidget) -> None:
        super().__init__()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(name, "medium"))
        if help_:
            words.addWidget(Label(help_, "small", "text.2", wrap=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 6)
        row.setSpacing(16)
        row.addLayout(words, 1)
        tall = control.sizeHint().height() > px(TALL)
        row.setAlignment(words, Qt.AlignmentFlag.AlignTop if tall else Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(control)
        if not control.accessibleName() and not isinstance(
            control, QPushButton
        ):  # a button has its own words
            say(control, name, "accessibleName")


class SectionColumn(QWidget):
    """Heading, then cards of rows."""

    def __init__(self, heading: Text, note: Text | str = "") -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)
        self.column.addWidget(Label(heading, "section"))
        if note:
            self.column.addWidget(Label(note, "small", "text.2", wrap=True))

    def add_rows(self, rows: Sequence[QWidget]) -> Card:
        """A card with hairlines between the rows."""
        card = Card()
        card.body.setSpacing(4)
        for place, row in enumerate(rows):
            if place:
                card.body.addWidget(Line())
            card.body.addWidget(row)
        self.column.addWidget(card)
        return card


class LookSection(SectionColumn):
    """Theme, language, text size; each changes at once."""

    def __init__(self, theme: Theme, language: Language) -> None:
        super().__init__(T("Look and language"))
        self.mode = ThemeChoice()
        self.mode.choose(theme.mode)
        self.mode.changed.connect(theme.apply)
        self.language = Choice(LANGUAGES)
        self.language.choose(language.code)
        self.language.chosen.connect(language.set)
        self.text_size = Choice({str(size): f"{size} %" for size in SIZES})
        now = min(SIZES, key=lambda size: abs(size - theme.scale * 100))
        self.text_size.choose(str(now))
        self.text_size.chosen.connect(lambda percent: theme.apply(None, int(percent) / 100))
        self.language.setMinimumWidth(200)
        self.text_size.setMinimumWidth(200)
        self.add_rows(
            [
                SettingRow(T("Theme"), T("Only on this computer"), self.mode),
                SettingRow(T("Language"), T("Changes at once, nothing to restart"), self.language),
                SettingRow(T("Text size"), T("Everything grows with it"), self.text_size),
            ]
        )


class ComputerSection(SectionColumn):
    """How this computer is called, what it recognises with, and how it is started."""

    def __init__(self, context: PageContext, local: LocalSettings) -> None:
        super().__init__(
            T("This computer"), T("Changes count from the next start on, if not said otherwise.")
        )
        self._context, self._local = context, local
        now = local.now
        self.desk = Field(now.desk_name)
        self.desk.setText(now.desk)
        self.desk.setMaxLength(64)
        self.desk.setFixedWidth(240)
        self.desk.editingFinished.connect(lambda: self._keep(desk=self.desk.text().strip()))
        self.camera = Field(T("none"))
        self.camera.setText(now.camera)
        self.camera.setFixedWidth(240)
        self.camera.editingFinished.connect(lambda: self._keep(camera=self.camera.text().strip()))
        providers = {name: name for name in _providers()}
        self.provider = Choice(providers)
        if now.recognising.provider in providers:
            self.provider.choose(now.recognising.provider)
        self.provider.setFixedWidth(240)
        self.provider.chosen.connect(
            lambda name: self._recognising(replace(self._local.now.recognising, provider=name))
        )
        self.threads = Field("0")
        self.threads.setValidator(QIntValidator(0, 256, self))
        self.threads.setText(str(now.recognising.threads))
        self.threads.setFixedWidth(240)
        self.threads.editingFinished.connect(self._threads_changed)
        self.side = Choice(
            {
                str(side): T("{n} px", n=side)
                for side in sorted({320, 480, 640, 960, 1280, now.recognising.long_side_px})
            }
        )
        self.side.choose(str(now.recognising.long_side_px))
        self.side.setFixedWidth(240)
        self.side.chosen.connect(
            lambda side: self._recognising(replace(self._local.now.recognising, long_side_px=int(side)))
        )
        self.launcher = Button(T("Put it there"), icon="monitor")
        self.launcher.clicked.connect(self._install)
        self.add_rows(
            [
                SettingRow(T("Name of this desk"), T("In records and in the audit log"), self.desk),
                SettingRow(
                    T("Camera that opens with the window"), T("A number, an address or a file"), self.camera
                ),
                SettingRow(T("Recognise on"), T("What ONNX Runtime can use here"), self.provider),
                SettingRow(T("Threads"), T("0 uses all cores"), self.threads),
                SettingRow(
                    T("Frame size for finding faces"),
                    T("Larger finds smaller faces and is slower"),
                    self.side,
                ),
            ]
        )
        self.column.addWidget(Label(T("Starting FaceKD"), "section"))
        self.add_rows(
            [
                SettingRow(
                    T("Applications menu and desktop"),
                    T("A launcher that opens FaceKD by a double-click"),
                    self.launcher,
                )
            ]
        )

    def _keep(self, *, desk: str | None = None, camera: str | None = None) -> None:
        if (desk is not None and desk != self._local.now.desk) or (
            camera is not None and camera != self._local.now.camera
        ):
            self._local.change(desk=desk, camera=camera)
            self._context.toasts.show(T("Kept for the next start"))

    def _recognising(self, wanted: Recognising) -> None:
        if wanted != self._local.now.recognising:
            self._local.change(recognising=wanted)
            self._context.toasts.show(T("Kept for the next start"))

    @Slot()
    def _threads_changed(self) -> None:
        self._recognising(replace(self._local.now.recognising, threads=int(self.threads.text() or 0)))

    @Slot()
    def _install(self) -> None:
        home = None if self._local.home == default_home() else self._local.home
        try:
            launcher.install(launcher.default_command(home))
        except launcher.LauncherError as error:
            self._context.fail(error)
        else:
            self._context.toasts.show(T("FaceKD is in the applications menu and on the desktop"))


def _providers() -> list[str]:
    """Short names as the settings have them."""
    known = {"CPUExecutionProvider": "cpu", "CUDAExecutionProvider": "cuda"}
    return [known[name] for name in onnxruntime.get_available_providers() if name in known] or ["cpu"]


class AccountSection(SectionColumn):
    """One's own password."""

    def __init__(self, context: PageContext) -> None:
        super().__init__(
            T("Your account"), T("Other sessions of your account end when the password changes.")
        )
        self._context = context
        self.old = PasswordField()
        self.pair = PasswordPair(lambda: context.session.operator.name)
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.button = Button(T("Change the password"), "primary")
        self.button.clicked.connect(self._change)
        card = Card(T("Password"))
        form = QWidget()
        form.setMaximumWidth(420)
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.banner)
        column.addWidget(FormRow(T("Password now"), self.old))
        column.addWidget(self.pair)
        foot = QHBoxLayout()
        foot.addWidget(self.button)
        foot.addStretch()
        column.addLayout(foot)
        card.body.addWidget(form)
        self.column.addWidget(card)

    @Slot()
    def _change(self) -> None:
        new = self.pair.value
        if new is None:
            self._say("danger", self.pair.why_not or "")
            return
        old, account = self.old.text(), self._context.services.account
        self.button.setEnabled(False)
        self._context.work.run(
            lambda _progress: account.change_password(old, new), self._done, self._failed, over=self
        )

    def _done(self, _operator: object) -> None:
        self.button.setEnabled(True)
        for field in (self.old, self.pair.first, self.pair.second):
            field.clear()
        self._say("success", T("The password is changed."))

    def _failed(self, error: Exception) -> None:
        self.button.setEnabled(True)
        self._say("danger", explain(error))

    def _say(self, kind: str, words: Text | str) -> None:
        self.banner.show_message(kind, words)
        self.banner.show()
