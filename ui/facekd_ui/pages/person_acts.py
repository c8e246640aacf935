"""What is done to one person: delete with undo, restore, erase for good, consent given and withdrawn, hold."""

from collections.abc import Callable

from PySide6.QtCore import Signal

from facekd_db.records import Merge, Person
from facekd_ui.i18n.formats import date
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.failures import explain
from facekd_ui.pages.person_form import ConsentForm
from facekd_ui.pages.undoing import Undoing
from facekd_ui.services.people import Deletion
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.fields import Field, FormRow, PasswordField
from facekd_ui.widgets.sheets import WIDE, Question


class PersonActs(Undoing):
    """Asks, does, and says how to take it back. `changed(person_id)` comes after each act."""

    changed = Signal(int)

    def delete(self, person: Person) -> None:
        """Asks with what goes and until when it can be undone."""
        people = self._context.services.people
        self._context.ask(lambda: people.deletion(person.id), self._ask_delete)

    def _ask_delete(self, deletion: Deletion) -> None:
        person = deletion.person
        sheet = Question(
            self._page,
            T("Delete {name}?", name=person.name),
            T(
                "{photos} and {templates} stop being used now. The records ({events}) stay, and lose the name when the "
                "person is erased. You can undo this until {day}.",
                photos=Tn("{n} photo", "{n} photos", deletion.photos),
                templates=Tn("{n} template", "{n} templates", deletion.templates),
                events=Tn("{n} record", "{n} records", deletion.events),
                day=date(deletion.undo_until.astimezone()),
            ),
            T("Delete"),
            danger=True,
        )
        if self._context.session.may("people.erase"):
            erase = Button(T("They asked for erasure…"), "link")
            erase.clicked.connect(sheet.reject)
            erase.clicked.connect(lambda: self.erase(person))
            sheet.foot.insertWidget(0, erase)
        sheet.accepted.connect(lambda: self._delete(person))
        self._show(sheet)

    def _delete(self, person: Person) -> None:
        people = self._context.services.people

        def done(deleted: Person) -> None:
            self._told(T("{name} deleted", name=person.name), lambda: self.restore(deleted))
            self.changed.emit(person.id)

        self._context.ask(lambda: people.delete(person.id, person.version), done)

    def restore(self, person: Person) -> None:
        """Takes a deletion back."""
        people = self._context.services.people

        def done(_person: Person) -> None:
            self._context.toasts.show(T("{name} is on file again", name=person.name))
            self.changed.emit(person.id)

        self._context.ask(lambda: people.restore(person.id, person.version), done)

    def tell_change(self, before: Person, after: Person) -> None:
        """Somebody was edited: says so, and how to take it back."""
        people = self._context.services.people

        def undo() -> None:
            self._context.ask(
                lambda: people.change(before.id, before.fields, after.version),
                lambda _person: self.changed.emit(before.id),
            )

        self._told(T("{name} changed", name=after.name), undo)
        self.changed.emit(after.id)

    def _told(self, words: Text, undo: Callable[[], None]) -> None:
        self._undo = undo
        self._context.toasts.show(words, action=(T("Undo"), self.undo), key="Ctrl+Z")

    def take_apart(self, merge: Merge) -> None:
        """Asks, then makes two records of one again."""
        sheet = Question(
            self._page,
            T("Take {kept} and {absorbed} apart?", kept=merge.kept, absorbed=merge.absorbed),
            T(
                "Everything goes back to the record that it came from. What came since stays with {kept}.",
                kept=merge.kept,
            ),
            T("Take apart"),
        )
        services = self._context.services

        def undo() -> tuple[Person, Person]:
            version = services.people.get(merge.absorbed_id).person.version
            return services.merging.undo(merge.absorbed_id, version)

        def done(_both: tuple[Person, Person]) -> None:
            words = T("{first} and {second} are two people again", first=merge.kept, second=merge.absorbed)
            self._context.toasts.show(words)
            self.changed.emit(merge.kept_id)

        sheet.accepted.connect(lambda: self._context.ask(undo, done))
        self._show(sheet)

    def erase(self, person: Person) -> None:
        """Asks for the password again and for a reason, then removes the person for good."""
        sheet = Question(
            self._page,
            T("Erase {name} for good?", name=person.name),
            T(
                "Photographs, templates and the name are removed everywhere, also from the records. This cannot be "
                "undone. A certificate without the name stays."
            ),
            T("Erase for good"),
            danger=True,
            width=WIDE,
        )
        password, reason = PasswordField(), Field()
        reason.setMaxLength(200)
        banner = Banner("danger", "")
        banner.hide()
        sheet.extra.addWidget(banner)
        sheet.extra.addWidget(
            FormRow(T("Reason, without the name"), reason, T("It stands on the certificate."))
        )
        sheet.extra.addWidget(FormRow(T("Your password again"), password))
        sheet.act.clicked.disconnect()

        def go() -> None:
            if not reason.text().strip() or not password.text():
                (password if reason.text().strip() else reason).setFocus()
                return
            sheet.act.setEnabled(False)
            people = self._context.services.people
            why, secret = reason.text().strip(), password.text()
            self._context.ask(lambda: people.erase(person.id, why, secret), done, failed, over=sheet)

        def done(_certificate: object) -> None:
            sheet.accept()
            self._undo = None
            self._context.toasts.show(T("Erased. The certificate stands in Settings."))
            self.changed.emit(person.id)

        def failed(error: Exception) -> None:
            sheet.act.setEnabled(True)
            password.clear()
            banner.show_message("danger", explain(error))
            banner.show()

        sheet.act.clicked.connect(go)
        self._show(sheet)

    def give_consent(self, person: Person, purpose: str = "recognition") -> None:
        """Records that somebody agreed, to which text and for what."""
        sheet = Question(
            self._page,
            T("Record the consent of {name}", name=person.name),
            T("The text is kept word for word with the date and your name."),
            T("Record"),
            width=WIDE,
        )
        form = ConsentForm(self._context, purpose=purpose)
        sheet.extra.addWidget(form)
        sheet.act.setEnabled(False)
        form.agreed.toggled.connect(sheet.act.setEnabled)

        def go() -> None:
            consent = form.consent(person.name)
            people = self._context.services.people
            if consent is not None:
                self._context.ask(
                    lambda: people.give_consent(person.id, consent),
                    lambda _done: self.changed.emit(person.id),
                )

        sheet.accepted.connect(go)
        self._show(sheet)

    def withdraw_training(self, person: Person) -> None:
        """Somebody's photographs are not to train recognisers any more; nothing else changes."""
        sheet = Question(
            self._page,
            T("Withdraw the consent of {name} to training?", name=person.name),
            T("No later training uses their photographs. Recognition goes on as it is."),
            T("Withdraw"),
        )
        people = self._context.services.people
        sheet.accepted.connect(
            lambda: self._context.ask(
                lambda: people.withdraw_consent(person.id, "training"),
                lambda _n: self.changed.emit(person.id),
            )
        )
        self._show(sheet)

    def withdraw_consent(self, person: Person) -> None:
        """Somebody does not agree any more: their faces go at once."""
        sheet = Question(
            self._page,
            T("Withdraw the consent of {name}?", name=person.name),
            T(
                "Photographs and templates are erased now and cannot be brought back. The entry on file stays."
            ),
            T("Withdraw and erase faces"),
            danger=True,
        )
        people = self._context.services.people

        def done(erased: int) -> None:
            self._context.toasts.show(Tn("{n} template erased", "{n} templates erased", erased))
            self.changed.emit(person.id)

        sheet.accepted.connect(lambda: self._context.ask(lambda: people.withdraw_consent(person.id), done))
        self._show(sheet)

    def hold(self, person: Person) -> None:
        """Sets or lifts a legal hold."""
        people = self._context.services.people
        self._context.ask(
            lambda: people.hold(person.id, not person.on_hold, person.version),
            lambda _person: self.changed.emit(person.id),
        )

    def remove_photo(self, person: Person, crop_id: int) -> None:
        """Asks, then removes one photograph with its template."""
        sheet = Question(
            self._page,
            T("Remove this photo of {name}?", name=person.name),
            T("The photo and its template are erased. This cannot be undone."),
            T("Remove"),
            danger=True,
        )
        people = self._context.services.people
        sheet.accepted.connect(
            lambda: self._context.ask(
                lambda: people.remove_photos(person.id, [crop_id]), lambda _n: self.changed.emit(person.id)
            )
        )
        self._show(sheet)

    def _show(self, sheet: Question) -> None:
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()
