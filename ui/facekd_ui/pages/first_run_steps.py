"""The short steps of the first run: look, notice, first administrator, ready."""

from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.language import Language
from facekd_ui.i18n.text import LANGUAGES, T, Text
from facekd_ui.pages.first_run_step import Step, low
from facekd_ui.pages.new_password import PasswordPair
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.cards import Card, OptionCard, OptionGroup, key_values
from facekd_ui.widgets.checks import check_box
from facekd_ui.widgets.fields import Choice, Field, FormRow
from facekd_ui.widgets.labels import Label

NAME_MAX = 100


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
