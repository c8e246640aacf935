"""The six steps of the first run, one decision each."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from facekd_ui.connection import Tested, server_address, test
from facekd_ui.i18n.language import Language, say
from facekd_ui.i18n.text import LANGUAGES, T, Text
from facekd_ui.pages.failures import explain
from facekd_ui.pages.new_password import PasswordPair
from facekd_ui.theme.theme import Theme, set_type
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card, FactRow, OptionCard, OptionGroup, key_values
from facekd_ui.widgets.fields import Choice, Field, FormRow, PasswordField
from facekd_ui.widgets.labels import Label
from facekd_ui.workers.tasks import Tasks

NAME_MAX = 100


def check_box(text: Text) -> QCheckBox:
    """A check box in our type."""
    box = QCheckBox()
    set_type(box, "body")
    say(box, text)
    return box


def low(card: OptionCard) -> OptionCard:
    """A card as high as its words, whatever room there is."""
    card.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    return card


class Step(QWidget):
    """One decision. `why_not` says what is missing before one can go on."""

    changed = Signal()
    title: Text
    question: Text
    sentence: Text
    verb = T("Continue")
    note: Text | str = ""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)

    @property
    def why_not(self) -> Text | str | None:
        """None: one can go on."""
        return None

    @property
    def answer(self) -> Text | str:
        """The decision in a few words."""
        return ""

    def entered(self) -> None:
        """It is shown."""

    def left(self) -> None:
        """One goes on."""


class LookStep(Step):
    """Language and theme; both change at once."""

    title = T("Language and look")
    question = T("How should FaceKD look?")
    sentence = T("Both change at once, and only on this computer.")

    def __init__(self, theme: Theme, language: Language) -> None:
        super().__init__()
        self._theme, self._language = theme, language
        self.language = Choice(LANGUAGES, large=True)
        self.language.choose(language.code)
        self.language.setMaximumWidth(320)
        self.language.chosen.connect(language.set)
        self.column.addWidget(FormRow(T("Language"), self.language))
        self.column.addSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.cards = {
            "light": OptionCard(T("Light"), T("For bright rooms."), "sun"),
            "dark": OptionCard(T("Dark"), T("For night shifts."), "moon"),
            "system": OptionCard(T("As the system"), T("Follows this computer."), "monitor"),
        }
        self.group = OptionGroup(self.cards, theme.mode)
        for mode, card in self.cards.items():
            card.chosen.connect(partial(theme.apply, mode))
            row.addWidget(low(card), 1)
        self.column.addLayout(row)
        self.column.addStretch()

    @property
    def answer(self) -> Text:
        """ "English, light"."""
        words = {"light": T("light"), "dark": T("dark"), "system": T("as the system")}
        return T(
            "{language}, {theme}", language=LANGUAGES[self._language.code], theme=words[self._theme.mode]
        )


class NoticeStep(Step):
    """What faces are, and who answers for them."""

    title = T("Faces are special data")
    question = T("Faces are special data")
    sentence = T(
        "A face cannot be changed like a password. Ask people first, keep only what you need, and delete when asked. "
        "FaceKD helps with all three."
    )

    def __init__(self) -> None:
        super().__init__()
        card = Card()
        for words in (
            T(
                "In many countries biometric data needs consent or a law that allows it. Find out which holds for you."
            ),
            T(
                "Photographs and templates are encrypted and stay in your database. Nothing is sent anywhere else."
            ),
            T("Recognition can be wrong. Let a person decide whatever has consequences for somebody."),
            T("There is no liveness check yet: a photograph held to the camera can pass for the person."),
        ):
            card.body.addWidget(Label(words, wrap=True))
        self.column.addWidget(card)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.organisation, self.responsible = Field(), Field()
        for field in (self.organisation, self.responsible):
            field.setMaxLength(NAME_MAX)
            field.textChanged.connect(self.changed)
        row.addWidget(
            FormRow(T("Organisation"), self.organisation, T("Stands in the consent text."), optional=True), 1
        )
        row.addWidget(
            FormRow(
                T("Who answers for this data"),
                self.responsible,
                T("A name, so that people know whom to ask."),
            ),
            1,
        )
        self.column.addLayout(row)
        self.agree = check_box(T("I have read this, and I answer for this data or act for who does"))
        self.agree.toggled.connect(self.changed)
        self.column.addWidget(self.agree)
        self.column.addStretch()

    @property
    def why_not(self) -> Text | None:
        """A name and the tick."""
        if not self.responsible.text().strip():
            return T("Say who answers for this data")
        return None if self.agree.isChecked() else T("Tick the box to go on")

    @property
    def answer(self) -> Text:
        """Who."""
        return T("{name} answers for it", name=self.responsible.text().strip())


class PlaceStep(Step):
    """This computer, or a server."""

    title = T("Where the data lives")
    question = T("Where should the data live?")
    sentence = T(
        "People, photographs and records are kept in one database. Photographs and templates are encrypted before "
        "they are written, wherever you put them."
    )

    def __init__(self, default_place: str, given: str, tasks: Tasks) -> None:
        super().__init__()
        self._given, self._tasks = given, tasks
        self._tested: tuple[str, bool] | None = None
        here = OptionCard(
            T("This computer"),
            T("One desk, no server. Ready in a second."),
            "drive",
            T("Stored in {place}", place=default_place),
        )
        there = OptionCard(
            T("A MySQL server"),
            T("Several desks share people and records."),
            "server",
            T("MySQL 8.0 or later, MariaDB 10.11 or later"),
        )
        self.group = OptionGroup({"here": here, "server": there}, "here")
        for card in (here, there):
            card.chosen.connect(self._chosen)
        row = QHBoxLayout()
        row.setSpacing(16)
        if given:
            fixed = OptionCard(T("The database named at the start"), given, "database")
            fixed.set_chosen(chosen=True)
            row.addWidget(low(fixed), 1)
            row.addStretch(1)
        else:
            row.addWidget(low(here), 1)
            row.addWidget(low(there), 1)
        self.column.addLayout(row)
        self._form = self._make_form()
        self._form.hide()
        self.column.addWidget(self._form)
        self.column.addStretch()

    def _make_form(self) -> QWidget:
        form = QWidget()
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(12)
        self.server, self.port, self.database = Field("db.example.org"), Field(), Field()
        self.user, self.password = Field(), PasswordField()
        self.port.setText("3306")
        self.database.setText("facekd")
        for field in (self.server, self.port, self.database, self.user, self.password):
            field.textChanged.connect(self._edited)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(12)
            column.addLayout(row)
        first.addWidget(FormRow(T("Server"), self.server), 5)
        first.addWidget(FormRow(T("Port"), self.port), 1)
        first.addWidget(FormRow(T("Database"), self.database), 4)
        second.addWidget(FormRow(T("User"), self.user), 1)
        kept = T("Kept in this computer's keyring, never in a file.")
        second.addWidget(FormRow(T("Password"), self.password, kept), 1)
        self.check = check_box(T("Encrypt the connection and check the server's certificate"))
        self.check.setChecked(True)
        self.check.toggled.connect(self._edited)
        self._authority = ""
        self._authority_words = Label("", "body", "text.2")
        choose = Button(T("Choose its authority…"), "link")
        choose.clicked.connect(self._choose_authority)
        secure = QHBoxLayout()
        secure.setSpacing(12)
        for widget in (self.check, self._authority_words, choose):
            secure.addWidget(widget)
        secure.addStretch()
        column.addLayout(secure)
        self._facts = Card(T("Connection test"))
        self._facts.hide()
        column.addWidget(self._facts)
        return form

    @Slot()
    def _chosen(self) -> None:
        self._form.setVisible(self.group.value == "server")
        self.changed.emit()

    @Slot()
    def _edited(self) -> None:
        self._tested = None
        self.changed.emit()

    @Slot()
    def _choose_authority(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, str(T("The certificate of the server's authority")), "", "*.pem *.crt *.cer"
        )
        if name:
            self._authority = name
            self._authority_words.say(Path(name).name)
            self._edited()

    @property
    def address(self) -> str:
        """What is stored in the settings; empty for this computer."""
        if self._given or self.group.value == "here":
            return ""
        return server_address(
            self.server.text().strip(),
            self.port.text().strip(),
            self.database.text().strip(),
            self.user.text().strip(),
            self.password.text(),
            self._authority,
            check=self.check.isChecked(),
        )

    @property
    def wants_test(self) -> bool:
        """A server is used only after a test that passed."""
        return bool(self.address) and self._tested != (self.address, True)

    def run_test(self) -> None:
        """Shows the facts; the button then goes on when all is well."""
        address = self.address
        self._tasks.run(
            lambda _progress: test(address), partial(self._show, address), self._failed, over=self._form
        )

    def _show(self, address: str, tested: Tested) -> None:
        if address == self.address:
            self._tested = (address, tested.ok)
        while self._facts.body.count() > 1:
            item = self._facts.body.takeAt(1)
            if item is not None and (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for fact in tested.facts:
            self._facts.body.addWidget(FactRow(fact.mark, fact.name, fact.detail, name_width=210))
        self._facts.show()
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self._facts.body.addWidget(FactRow("danger", T("Server answers"), explain(error)))
        self._facts.show()

    @property
    def verb(self) -> Text:  # type: ignore[override]  # changes with the choice
        """What the button will do."""
        return T("Test the connection") if self.wants_test else T("Create and continue")

    @property
    def note(self) -> Text | str:  # type: ignore[override]
        """How long that takes."""
        return (
            T("Tries the server and writes nothing")
            if self.wants_test
            else T("Makes the tables, a few seconds")
        )

    @property
    def why_not(self) -> Text | None:
        """A server has a name."""
        if self._given or self.group.value == "here" or self.server.text().strip():
            return None
        return T("Name the server")

    @property
    def answer(self) -> Text | str:
        """Where."""
        if self._given:
            return self._given
        return T("This computer") if self.group.value == "here" else self.server.text().strip()


class AdministratorStep(Step):
    """The first account; there is no default password."""

    title = T("First administrator")
    question = T("Who is the first administrator?")
    sentence = T(
        "This account makes all others. There is no default password and no way around it, so keep it well."
    )
    verb = T("Create the account")

    def __init__(self) -> None:
        super().__init__()
        self.name = Field(large=True)
        self.name.setMaxLength(64)
        self.name.textChanged.connect(self.changed)
        self.pair = PasswordPair(self.name.text)
        self.pair.changed.connect(self.changed)
        form = QWidget()
        form.setMaximumWidth(420)
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(
            FormRow(T("Name"), self.name, T("What you log in with and what the audit log shows."))
        )
        column.addWidget(self.pair)
        self.column.addWidget(form)
        self.column.addStretch()

    def entered(self) -> None:
        """One types at once."""
        self.name.setFocus()

    @property
    def why_not(self) -> Text | None:
        """A name and a password that holds."""
        return T("Write a name") if not self.name.text().strip() else self.pair.why_not

    @property
    def answer(self) -> str:
        """The name."""
        return self.name.text().strip()


class CameraStep(Step):
    """What the live page opens with."""

    title = T("Camera")
    question = T("Which camera should open with the window?")
    sentence = T("Without one, photographs can be recognised all the same. More cameras can be added later.")

    def __init__(self, sample: str) -> None:
        super().__init__()
        self._sample = sample
        cards = {
            "device": OptionCard(
                T("A camera of this computer"), T("The first one that is plugged in."), "camera"
            ),
            "address": OptionCard(T("A network camera"), T("By its address, rtsp:// or http://."), "video"),
        }
        if sample:
            cards["sample"] = OptionCard(
                T("Try the sample video"), T("Two people in public domain portraits, moved about."), "play"
            )
        cards["later"] = OptionCard(T("Later"), T("Nothing opens by itself."), "clock")
        self.group = OptionGroup(cards, "sample" if sample else "later")
        for card in cards.values():
            card.chosen.connect(self._chosen)
            self.column.addWidget(low(card))
        self.address = Field("rtsp://192.168.1.20/stream1")
        self.address.textChanged.connect(self.changed)
        self._row = FormRow(T("Address"), self.address, T("A password in it is encrypted in the database."))
        self._row.hide()
        self.column.addWidget(self._row)
        self.column.addStretch()

    @Slot()
    def _chosen(self) -> None:
        self._row.setVisible(self.group.value == "address")
        self.changed.emit()

    @property
    def value(self) -> str:
        """As `facekd.sources.open_source` takes it."""
        return {"device": "0", "address": self.address.text().strip(), "sample": self._sample, "later": ""}[
            self.group.value
        ]

    @property
    def why_not(self) -> Text | None:
        """An address, where that was chosen."""
        return T("Write its address") if self.group.value == "address" and not self.value else None

    @property
    def answer(self) -> Text:
        """Which."""
        return {
            "device": T("A camera of this computer"),
            "address": T("A network camera"),
            "sample": T("The sample video"),
            "later": T("Later"),
        }[self.group.value]


class ReadyStep(Step):
    """What was set, and two things that make life easier."""

    title = T("Ready")
    question = T("FaceKD is ready")
    sentence = T("This is what was set up.")
    verb = T("Start")

    def __init__(self) -> None:
        super().__init__()
        self._card = Card()
        self.column.addWidget(self._card)
        self.launcher = check_box(T("Put FaceKD into the applications menu and on the desktop"))
        self.add_person = check_box(T("Add the first person now"))
        self.launcher.setChecked(True)
        self.add_person.setChecked(True)
        self.column.addSpacing(4)
        self.column.addWidget(self.launcher)
        self.column.addWidget(self.add_person)
        self.column.addStretch()

    def show_answers(self, answers: list[tuple[Text, Text | str]]) -> None:
        """Title and answer of each step."""
        while (item := self._card.body.takeAt(0)) is not None:
            if (inner := item.widget()) is not None:
                inner.deleteLater()
        holder = QWidget()
        holder.setLayout(key_values(answers, 200))
        self._card.body.addWidget(holder)
