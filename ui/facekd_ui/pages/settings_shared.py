"""Sections that hold for all computers: organisation and consent, retention and locking, the database, erasures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPlainTextEdit, QWidget

from facekd_db.records import Erasure, Json, Setting
from facekd_ui.i18n.formats import date
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.pages.failures import explain
from facekd_ui.pages.settings_here import SectionColumn, SettingRow
from facekd_ui.services.base import Desk
from facekd_ui.services.maintenance import Check
from facekd_ui.services.shared import ENTRIES
from facekd_ui.theme.theme import px, set_type
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, Line, Switch
from facekd_ui.widgets.cards import Card, FactRow
from facekd_ui.widgets.fields import Field, FormRow
from facekd_ui.widgets.labels import Label

TEXTS: dict[str, tuple[Text, Text]] = {
    "organisation": (T("Organisation"), T("Stands in the consent text")),
    "responsible": (T("Who answers for this data"), T("So that people know whom to ask")),
}
NUMBERS: dict[str, tuple[Text, Text]] = {
    "session.idle_minutes": (T("Lock after minutes without use"), T("1 to 480")),
    "session.lifetime_hours": (T("Log in again after hours"), T("1 to 168")),
    "account.one_time_hours": (T("One-time passwords work for hours"), T("1 to 720")),
    "retention.deleted_days": (
        T("Deleted people can be brought back for days"),
        T("Then they are erased for good"),
    ),
    "retention.events_days": (T("Records are kept for days"), T("0 keeps them for ever")),
    "retention.pictures_days": (T("Pictures of records are kept for days"), T("0 keeps them for ever")),
    "events.interval_s": (T("One record per person within seconds"), T("1 to 86,400")),
}
FLAGS: dict[str, tuple[Text, Text]] = {
    "consent.required": (T("Consent is required"), T("Nobody is put on file without one")),
    "events.strangers": (T("Record unknown people"), T("Off keeps records of people on file only")),
}


class SharedSection(SectionColumn):
    """Values in `ENTRIES`; each is stored when it was changed."""

    def __init__(
        self, context: PageContext, heading: Text, keys: Sequence[str], *, texts: bool = False
    ) -> None:
        super().__init__(heading, T("For all computers that use this database."))
        self._context = context
        self._settings: Mapping[str, Setting | None] = {}
        self.fields: dict[str, Field] = {}
        self.switches: dict[str, Switch] = {}
        self.bodies: dict[str, QPlainTextEdit] = {}
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.column.addWidget(self.banner)
        self.add_rows([self._row(key) for key in keys])
        if texts:
            self._add_texts()

    def _row(self, key: str) -> QWidget:
        if key in FLAGS:
            name, help_ = FLAGS[key]
            switch = Switch(name)
            switch.clicked.connect(lambda on, key=key: self._put(key, bool(on)))
            self.switches[key] = switch
            return SettingRow(name, help_, switch)
        name, help_ = NUMBERS[key] if key in NUMBERS else TEXTS[key]
        field = Field()
        field.setFixedWidth(120 if key in NUMBERS else 300)
        if key in NUMBERS:
            field.setValidator(QIntValidator(0, 86_400, self))
        field.editingFinished.connect(lambda key=key: self._edited(key))
        self.fields[key] = field
        return SettingRow(name, help_, field)

    def _add_texts(self) -> None:
        self.column.addWidget(Label(T("Consent text"), "section"))
        help_ = T(
            "{organisation} stands for the organisation's name. Earlier texts stay with the consents given to them.",
            organisation="{organisation}",
        )
        for key, name in (("consent.text.en", T("In English")), ("consent.text.zh_CN", T("In Chinese"))):
            edit = QPlainTextEdit()
            set_type(edit, "body")
            edit.setFixedHeight(px(110))
            edit.setTabChangesFocus(True)
            self.bodies[key] = edit
            self.column.addWidget(FormRow(name, edit, help_))
        save = Button(T("Save the texts"), "primary")
        save.clicked.connect(self._save_texts)
        row = QHBoxLayout()
        row.addWidget(save)
        row.addStretch()
        self.column.addLayout(row)

    @Slot()
    def opened(self) -> None:
        """Reads what holds now."""
        self._context.ask(self._context.services.shared.all, self._show)

    def _show(self, settings: Mapping[str, Setting | None]) -> None:
        self._settings = settings
        for key, field in self.fields.items():
            field.setText(str(self._value(key)))
        for key, switch in self.switches.items():
            switch.setChecked(bool(self._value(key)))
        for key, edit in self.bodies.items():
            edit.setPlainText(str(self._value(key)))

    def _value(self, key: str) -> Json:
        setting = self._settings.get(key)
        return ENTRIES[key].default if setting is None else setting.value

    def _edited(self, key: str) -> None:
        words = self.fields[key].text().strip()
        value: Json = int(words or 0) if key in NUMBERS else words
        if self._settings and value != self._value(key):
            self._put(key, value)

    @Slot()
    def _save_texts(self) -> None:
        for key, edit in self.bodies.items():
            if edit.toPlainText().strip() != str(self._value(key)):
                self._put(key, edit.toPlainText().strip())

    def _put(self, key: str, value: Json) -> None:
        setting = self._settings.get(key)
        version = 0 if setting is None else setting.version
        shared = self._context.services.shared

        def done(_setting: Setting) -> None:
            self.banner.hide()
            self._context.toasts.show(T("Kept for all computers"))
            self.opened()

        def failed(error: Exception) -> None:
            self.banner.show_message("danger", explain(error))
            self.banner.show()
            self.opened()

        self._context.ask(lambda: shared.put(key, value, version), done, failed)


class DatabaseSection(SectionColumn):
    """Where it is, is it sound, a copy of it, and certificates of who was erased."""

    def __init__(self, context: PageContext, desk: Desk) -> None:
        super().__init__(T("Database"), relayed(desk.store.where, whole=False))
        self._context = context
        check, backup = (
            Button(T("Check everything"), icon="shield"),
            Button(T("Make a backup…"), icon="archive"),
        )
        check.clicked.connect(self._check)
        backup.clicked.connect(self._ask_backup)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(check)
        if context.session.may("maintenance.backup"):
            row.addWidget(backup)
        row.addStretch()
        self.column.addLayout(row)
        self._facts = Card(T("What was checked"))
        self._facts.hide()
        self.column.addWidget(self._facts)
        keys = desk.store.keys
        if keys is not None and keys.warning is not None:
            self.column.addWidget(
                Banner("warning", T("The key to the faces lies in a file."), relayed(keys.warning))
            )
        self.column.addWidget(
            Label(
                T(
                    "A backup stays encrypted and does not hold the key: keep the key apart, or nobody can read it."
                ),
                "small",
                "text.2",
                wrap=True,
            )
        )
        self.column.addWidget(Label(T("Erased people"), "section"))
        self._erasures = Card()
        self.column.addWidget(self._erasures)

    @Slot()
    def opened(self) -> None:
        """Reads the certificates."""
        self._context.ask(self._context.services.people.erasures, self._show_erasures)

    def _show_erasures(self, erasures: Sequence[Erasure]) -> None:
        _clear(self._erasures, 0)
        for erasure in reversed(erasures[-50:]):
            name = T("Certificate {n}, {day}", n=erasure.id, day=date(erasure.erased_at.astimezone()))
            detail = T(
                "{photos} photos, {templates} templates, {events} records; {reason}",
                photos=erasure.crops,
                templates=erasure.templates,
                events=erasure.events,
                reason=erasure.reason,
            )
            self._erasures.body.addWidget(FactRow("ok", name, detail, name_width=200))
        if not erasures:
            self._erasures.body.addWidget(Label(T("Nobody was erased yet."), "body", "text.2"))

    @Slot()
    def _check(self) -> None:
        maintenance = self._context.services.maintenance
        self._context.store.run(
            lambda progress: maintenance.check(Told(progress)),
            self._show_checks,
            self._context.fail,
            over=self,
            title=T("Opening every photograph and template"),
        )

    def _show_checks(self, checks: Sequence[Check]) -> None:
        names = {
            "database": T("Database"),
            "content": T("Content"),
            "audit log": T("Audit log"),
            "faces": T("Faces"),
        }
        _clear(self._facts, 1)
        for check in checks:
            self._facts.body.addWidget(Line())
            name = names.get(check.name, check.name)
            self._facts.body.addWidget(FactRow("ok" if check.ok else "danger", name, check.detail))
        self._facts.show()

    @Slot()
    def _ask_backup(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, str(T("Make a backup…")), "facekd-backup.db", "*.db")
        if not name:
            return
        maintenance = self._context.services.maintenance
        self._context.store.run(
            lambda progress: maintenance.backup(Path(name), Told(progress)),
            lambda _report: self._context.toasts.show(T("Backup written to {file}", file=Path(name).name)),
            self._context.fail,
            over=self,
            title=T("Making a backup"),
        )


def _clear(card: Card, keep: int) -> None:
    while card.body.count() > keep:
        item = card.body.takeAt(keep)
        if item is not None and (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()
