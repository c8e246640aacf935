"""Where the data lives: on this computer, or on a server that is tried before it is used."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.connection import Tested, server_address, test
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.failures import explain
from facekd_ui.pages.first_run_step import Step, low
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card, FactRow, OptionCard, OptionGroup
from facekd_ui.widgets.checks import check_box
from facekd_ui.widgets.fields import Field, FormRow, PasswordField
from facekd_ui.widgets.labels import Label
from facekd_ui.workers.tasks import Tasks


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
        second.addWidget(FormRow(T("User"), self.user), 1, Qt.AlignmentFlag.AlignTop)
        kept = T("Kept in this computer's keyring, never in a file.")
        second.addWidget(FormRow(T("Password"), self.password, kept), 1, Qt.AlignmentFlag.AlignTop)
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
