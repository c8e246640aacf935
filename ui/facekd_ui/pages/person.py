"""Everything known of one person, at the right of the table: photographs, facts, latest records, changes."""

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from facekd_db.errors import NotFound
from facekd_db.records import Crop, Person
from facekd_ui.i18n.formats import date, moment
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.person_acts import PersonActs
from facekd_ui.pages.person_form import EditSheet
from facekd_ui.services.people import PersonFile
from facekd_ui.tables.people import as_moment, now
from facekd_ui.widgets.badges import StateBadge
from facekd_ui.widgets.banners import Banner, ErrorState
from facekd_ui.widgets.buttons import Button, IconButton, Line
from facekd_ui.widgets.cards import Panel, key_values
from facekd_ui.widgets.faces import FaceTile
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, Label
from facekd_ui.widgets.menus import Menu

WIDTH, NARROW = 440, 400
LATEST = 5
PHOTO = 72


class PersonPanel(Panel):
    """Shows one person. `add_photos(Person)`, `closed()` and, after every act, `changed(id)` are told."""

    add_photos = Signal(object)
    closed = Signal()
    changed = Signal(int)

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__("bg", parent)
        self._context = context
        self._file: PersonFile | None = None
        self.person_id: int | None = None
        self.acts = PersonActs(self, context)
        self.acts.changed.connect(self._acted)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._broken = ErrorState()
        self._broken.retry.connect(self._again)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._scroll)
        self._stack.addWidget(self._broken)
        self._foot = QWidget()
        self._foot_row = QHBoxLayout(self._foot)
        self._foot_row.setContentsMargins(20, 10, 20, 10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._stack, 1)
        column.addWidget(Line())
        column.addWidget(self._foot)

    @property
    def person(self) -> Person | None:
        """Who is shown, once they are loaded."""
        return None if self._file is None else self._file.person

    def show_person(self, person_id: int) -> None:
        """Loads and shows somebody."""
        self.person_id = person_id
        people = self._context.services.people
        self._context.ask(
            lambda: people.get(person_id), self._show, self._failed, over=self, replaces="person file"
        )

    def edit(self) -> None:
        """Opens the form (F2)."""
        if self._file is not None and self._file.person.deleted_at is None and self._may_change:
            sheet = EditSheet(self, self._context, self._file.person)
            sheet.changed.connect(lambda person: self._acted(person.id))
            sheet.finished.connect(sheet.deleteLater)
            sheet.open()

    def delete(self) -> None:
        """Asks to delete (Del)."""
        if self._file is not None and self._file.person.deleted_at is None and self._may_change:
            self.acts.delete(self._file.person)

    @property
    def _may_change(self) -> bool:
        return self._context.session.may("people.change")

    @Slot(int)
    def _acted(self, person_id: int) -> None:
        self.changed.emit(person_id)

    @Slot()
    def _again(self) -> None:
        if self.person_id is not None:
            self.show_person(self.person_id)

    def _failed(self, error: Exception) -> None:
        self._file = None
        if isinstance(error, NotFound):  # erased, here or at another desk
            self.closed.emit()
            return
        self._broken.show_error(
            T("This person cannot be shown"), explain(error), f"{type(error).__name__}: {error}"
        )
        self._stack.setCurrentWidget(self._broken)
        self._foot.hide()

    def retranslate(self) -> None:
        """Everything again in the language in use; later, because whoever calls this walks over our widgets."""
        QTimer.singleShot(0, self, self._show_again)

    @Slot()
    def _show_again(self) -> None:
        if self._file is not None:
            self._show(self._file)

    def _show(self, file: PersonFile) -> None:
        if file.person.id != self.person_id:
            return
        self._file = file
        self._stack.setCurrentWidget(self._scroll)
        inner = Panel("page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(16)
        column.addLayout(self._head(file))
        if file.person.deleted_at is None and self._may_change:
            column.addLayout(self._buttons(file))
        if file.damaged:
            column.addWidget(
                Banner(
                    "warning",
                    Tn("{n} photo is damaged.", "{n} photos are damaged.", file.damaged),
                    T("It was set aside; add another one."),
                )
            )
        column.addWidget(Label(Tn("{n} photo", "{n} photos", len(file.photos)), "section"))
        column.addLayout(self._photos(file))
        column.addLayout(key_values(self._facts(file), 112))
        column.addWidget(Label(T("Latest records"), "section"))
        column.addLayout(self._records(file))
        column.addStretch(1)
        self._scroll.setWidget(inner)
        self._show_foot(file.person)

    # -- parts

    def _head(self, file: PersonFile) -> QHBoxLayout:
        person = file.person
        photo = FaceTile(88, person.name)
        if file.photos:
            photo.show_photo(pixmap(file.photos[0]))
        else:
            photo.show_place("person")
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(ElidedLabel(person.name, "heading"))
        below = ", ".join(part for part in (person.fields.code, person.fields.department) if part)
        if below:
            words.addWidget(ElidedLabel(below, "body", "text.2"))
        icon, token, sentence = state_of(file)
        state = QHBoxLayout()
        state.setSpacing(8)
        state.addWidget(IconLabel(icon, token, 16))
        state.addWidget(Label(sentence, "body", wrap=True), 1)
        words.addLayout(state)
        cross = IconButton("close", T("Close"))
        cross.clicked.connect(self.closed)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(photo, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _buttons(self, file: PersonFile) -> QHBoxLayout:
        add = Button(T("Add photos"), icon="camera")
        add.clicked.connect(partial(self.add_photos.emit, file.person))
        edit = Button(T("Edit"), tip=T("Edit"))
        edit.clicked.connect(self.edit)
        more = IconButton("more", T("More"), quiet=False)
        more.clicked.connect(lambda: self._open_more(more, file))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(add)
        row.addWidget(edit)
        row.addStretch()
        row.addWidget(more)
        return row

    def _open_more(self, under: QWidget, file: PersonFile) -> None:
        menu = Menu(self)
        person = file.person
        if any(consent.withdrawn_at is None for consent in file.consents):
            menu.add(T("Withdraw consent…"), partial(self.acts.withdraw_consent, person), "consent")
        else:
            menu.add(T("Record consent…"), partial(self.acts.give_consent, person), "consent")
        if self._context.session.may("people.hold"):
            word = T("Lift the legal hold") if person.on_hold else T("Put on legal hold")
            menu.add(word, partial(self.acts.hold, person), "lock")
        if self._context.session.may("people.erase"):
            menu.addSeparator()
            menu.add(T("Erase for good…"), partial(self.acts.erase, person), "trash", token="danger")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(under.mapToGlobal(under.rect().bottomLeft()))

    def _photos(self, file: PersonFile) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(8)
        for place, crop in enumerate(file.photos):
            cell = QVBoxLayout()
            cell.setSpacing(2)
            tile = FaceTile(PHOTO, T("Photo {n}", n=place + 1))
            tile.show_photo(pixmap(crop))
            cell.addWidget(tile)
            foot = QHBoxLayout()
            foot.addWidget(Label(SOURCES.get(crop.source, crop.source), "tiny", "text.2"))
            foot.addStretch()
            if self._may_change and file.person.deleted_at is None:
                remove = IconButton("trash", T("Remove this photo"))
                remove.setFixedSize(24, 24)
                remove.clicked.connect(partial(self.acts.remove_photo, file.person, crop.id))
                foot.addWidget(remove)
            cell.addLayout(foot)
            grid.addLayout(cell, place // 5, place % 5, Qt.AlignmentFlag.AlignLeft)
        if not file.photos:
            grid.addWidget(
                Label(T("Without a photo nobody is recognised."), "body", "text.2", wrap=True), 0, 0, 1, 5
            )
        grid.setColumnStretch(5, 1)
        return grid

    def _facts(self, file: PersonFile) -> list[tuple[Text, Text | str]]:
        fields = file.person.fields
        first = T("now") if fields.valid_from is None else date(as_moment(fields.valid_from))
        last = T("no end") if fields.valid_until is None else date(as_moment(fields.valid_until))
        given = [consent for consent in file.consents if consent.withdrawn_at is None]
        consent: Text | str = T("none recorded")
        if given:
            consent = T(
                "Given {day} by {who}, text {n}",
                day=date(given[-1].given_at.astimezone()),
                who=given[-1].given_by,
                n=given[-1].text_id,
            )
        elif file.consents and file.consents[-1].withdrawn_at is not None:
            consent = T("Withdrawn {day}", day=date(file.consents[-1].withdrawn_at.astimezone()))
        facts: list[tuple[Text, Text | str]] = [
            (T("Valid"), T("{first} to {last}", first=first, last=last)),
            (T("Consent"), consent),
            (T("Templates"), str(file.templates)),
        ]
        if file.rejections:
            words = Tn(
                "{n} face remembered, never matched again",
                "{n} faces remembered, never matched again",
                file.rejections,
            )
            facts.append((T("Not this person"), words))
        if fields.note:
            facts.append((T("Note"), fields.note))
        if file.person.on_hold:
            facts.append((T("Legal hold"), T("yes, not erased while it lasts")))
        facts.append((T("On file since"), date(file.person.created_at.astimezone())))
        return facts

    def _records(self, file: PersonFile) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(8)
        for event in file.latest[:LATEST]:
            row = QHBoxLayout()
            row.setSpacing(12)
            row.addWidget(StateBadge(event.state))
            row.addWidget(ElidedLabel(event.camera, "small", "text.2"), 1)
            row.addWidget(Label(moment(event.at.astimezone(), now()), "small", "text.2"))
            column.addLayout(row)
        if not file.latest:
            column.addWidget(Label(T("Not seen yet."), "body", "text.2"))
        return column

    def _show_foot(self, person: Person) -> None:
        while (item := self._foot_row.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._foot.setVisible(self._may_change)
        if person.deleted_at is None:
            delete = Button(T("Delete…"), "danger", "trash")
            delete.clicked.connect(self.delete)
            self._foot_row.addWidget(delete)
            self._foot_row.addStretch()
            self._foot_row.addWidget(Label(T("Can be undone for a while"), "small", "text.2"))
            return
        restore = Button(T("Bring back"), "primary", "undo")
        restore.clicked.connect(partial(self.acts.restore, person))
        self._foot_row.addWidget(restore)
        self._foot_row.addStretch()
        if self._context.session.may("people.erase"):
            erase = Button(T("Erase for good…"), "danger", "trash")
            erase.clicked.connect(partial(self.acts.erase, person))
            self._foot_row.addWidget(erase)


SOURCES: dict[str, Text] = {"camera": T("camera"), "file": T("file")}


def state_of(file: PersonFile) -> tuple[str, str, Text]:
    """Icon, ink and one true sentence on whether the person is recognised."""
    person = file.person
    if person.deleted_at is not None:
        until = person.erase_after or person.deleted_at
        return "trash", "danger", T("Deleted; erased for good on {day}", day=date(until.astimezone()))
    if not file.templates:
        return "minus", "text.2", T("Not recognised: no photos")
    today = now().date()
    first, last = person.fields.valid_from, person.fields.valid_until
    if last is not None and last < today:
        return "minus", "text.2", T("Not recognised: valid until {day}", day=date(as_moment(last)))
    if first is not None and first > today:
        return "clock", "text.2", T("Recognised from {day}", day=date(as_moment(first)))
    if last is not None:
        return "state-known", "known", T("Recognised until {day}", day=date(as_moment(last)))
    return "state-known", "known", T("Recognised")


def pixmap(crop: Crop) -> QPixmap:
    """The picture of a stored photograph; an empty one when it is none."""
    result = QPixmap()
    result.loadFromData(crop.image)
    return result
