"""Everything known of one person, at the right of the table: who, whether recognised, look-alikes, tabs, the end."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from facekd_db.errors import NotFound
from facekd_db.records import Merge, Person
from facekd_ui.i18n.formats import date
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.person_acts import PersonActs
from facekd_ui.pages.person_edit import EditSheet
from facekd_ui.pages.person_head import alike_banner, head
from facekd_ui.pages.person_tabs import changes_tab, consent_tab, photos_tab, records_tab
from facekd_ui.services.merging import Lookalike
from facekd_ui.services.people import PersonFile
from facekd_ui.theme.theme import set_type
from facekd_ui.widgets.banners import Banner, ErrorState
from facekd_ui.widgets.buttons import Button, IconButton, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.labels import ElidedLabel
from facekd_ui.widgets.menus import Menu

WIDTH, NARROW = 440, 400


class PersonPanel(Panel):
    """Shows one person. `closed()` and, after every act, `changed(id)` are told; the rest asks the page."""

    add_photos = Signal(object)  # Person
    merge_asked = Signal(object)  # Person
    groups_asked = Signal(object)  # Person
    closed = Signal()
    changed = Signal(int)

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__("bg", parent)
        self._context = context
        self._file: PersonFile | None = None
        self._alike: Sequence[Lookalike] = ()
        self._tab = 0
        self.person_id: int | None = None
        self.acts = PersonActs(self, context)
        self.acts.changed.connect(self._acted)
        self._scroll = QScrollArea()
        say(self._scroll, T("Person"), "accessibleName")  # the keys that scroll it need the focus there
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
        """Loads and shows somebody, and looks for others whom they resemble."""
        if person_id != self.person_id:
            self._tab, self._alike = 0, ()
        self.person_id = person_id
        people, merging = self._context.services.people, self._context.services.merging
        self._context.ask(
            lambda: people.get(person_id), self._show, self._failed, over=self, replaces="person file"
        )

        def show(found: Sequence[Lookalike]) -> None:
            if self.person_id == person_id and found:
                self._alike = found
                self._show_again()

        if self._context.session.may("merging.lookalikes"):
            self._context.work.run(
                lambda _progress: merging.lookalikes(person_id),
                show,
                _quietly,
                over=self,
                replaces="lookalikes",
            )

    def act(self, what: str) -> None:
        """What a key of the page means here: delete, merge, groups."""
        person = self.person
        if person is None or person.deleted_at is not None or not self._may_change:
            return
        if what == "delete":
            self.acts.delete(person)
        else:
            (self.merge_asked if what == "merge" else self.groups_asked).emit(person)

    def edit(self) -> None:
        """Opens the form (F2)."""
        person = self.person
        if not self.isHidden() and person is not None and person.deleted_at is None and self._may_change:
            sheet = EditSheet(self, self._context, person)
            sheet.changed.connect(partial(self.acts.tell_change, person))
            sheet.theirs.connect(self._acted)
            sheet.finished.connect(sheet.deleteLater)
            sheet.open()

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
        column.setSpacing(14)
        column.addLayout(head(file, self.closed.emit))
        on_file = file.person.deleted_at is None
        if on_file and self._may_change:
            column.addLayout(self._buttons(file))
        if file.damaged:
            column.addWidget(
                Banner(
                    "warning",
                    Tn("{n} photo is damaged.", "{n} photos are damaged.", file.damaged),
                    T("It was set aside; add another one."),
                )
            )
        if on_file and self._alike:
            first = self._alike[0]
            show = partial(self._context.go, "people", first.person_id)
            column.addWidget(alike_banner(first, show))
        for merge in file.merges:
            column.addWidget(self._merge_banner(merge))
        column.addLayout(self._tabs(file), 1)
        self._scroll.setWidget(inner)
        self._show_foot(file)

    # -- parts

    def _buttons(self, file: PersonFile) -> QHBoxLayout:
        add = Button(T("Add photos"), icon="camera")
        add.clicked.connect(partial(self.add_photos.emit, file.person))
        edit = Button(T("Edit"))
        say(edit, T("{tip} ({key})", tip=T("Edit"), key="F2"), "toolTip")
        edit.clicked.connect(self.edit)
        merge = Button(T("Merge…"))
        say(merge, T("{tip} ({key})", tip=T("Merge…"), key="Ctrl+M"), "toolTip")
        merge.clicked.connect(partial(self.act, "merge"))
        more = IconButton("more", T("More"), quiet=False)
        more.clicked.connect(lambda: self._open_more(more, file))
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (add, edit, merge):
            row.addWidget(button)
        row.addStretch()
        row.addWidget(more)
        return row

    def _merge_banner(self, merge: Merge) -> Banner:
        until = "" if merge.undo_until is None else date(merge.undo_until.astimezone())
        actions = ((T("Take apart"), partial(self.acts.take_apart, merge)),) if self._may_change else ()
        return Banner(
            "info",
            T("Merged with {name}.", name=merge.absorbed),
            T("Can be undone until {day}.", day=until),
            actions,
        )

    def _tabs(self, file: PersonFile) -> QVBoxLayout:
        may_remove = self._may_change and file.person.deleted_at is None
        remove = partial(self.acts.remove_photo, file.person) if may_remove else None
        tabs, pages = QTabBar(), QStackedWidget()
        set_type(tabs, "medium")
        tabs.setExpanding(False)
        tabs.setDrawBase(False)
        say(tabs, T("What is known of this person"), "accessibleName")
        for words, page in (
            (T("Photos {n}", n=len(file.photos)), photos_tab(file, remove, lambda: tabs.setCurrentIndex(1))),
            (T("Records {n}", n=file.events), records_tab(file)),
            (T("Changes"), changes_tab(file)),
            (T("Consent"), consent_tab(file)),
        ):
            tabs.addTab(str(words))
            pages.addWidget(page)
        tabs.currentChanged.connect(pages.setCurrentIndex)
        tabs.currentChanged.connect(self._remember_tab)
        tabs.setCurrentIndex(self._tab)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(tabs)
        column.addWidget(Line())
        column.addWidget(pages, 1)
        return column

    @Slot(int)
    def _remember_tab(self, tab: int) -> None:
        self._tab = tab

    def _open_more(self, under: QWidget, file: PersonFile) -> None:
        menu = Menu(self)
        person = file.person
        menu.add(T("Groups…"), partial(self.act, "groups"), "people", "Ctrl+G")
        stand = {consent.purpose for consent in file.consents if consent.withdrawn_at is None}
        if "recognition" in stand:
            menu.add(T("Withdraw consent…"), partial(self.acts.withdraw_consent, person), "consent")
        else:
            menu.add(T("Record consent…"), partial(self.acts.give_consent, person), "consent")
        if "training" in stand:
            menu.add(
                T("Withdraw consent to training…"), partial(self.acts.withdraw_training, person), "flask"
            )
        else:
            menu.add(
                T("Record consent to training…"), partial(self.acts.give_consent, person, "training"), "flask"
            )
        if self._context.session.may("people.hold"):
            word = T("Lift the legal hold") if person.on_hold else T("Put on legal hold")
            menu.add(word, partial(self.acts.hold, person), "lock")
        if self._context.session.may("people.erase"):
            menu.addSeparator()
            menu.add(T("Erase for good…"), partial(self.acts.erase, person), "trash", token="danger")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(under.mapToGlobal(under.rect().bottomLeft()))

    def _show_foot(self, file: PersonFile) -> None:
        person = file.person
        while (item := self._foot_row.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._foot.setVisible(self._may_change)
        if person.deleted_at is None:
            delete = Button(T("Delete…"), "danger", "trash")
            say(delete, T("{tip} ({key})", tip=T("Delete…"), key="Del"), "toolTip")
            delete.clicked.connect(partial(self.act, "delete"))
            self._foot_row.addWidget(delete)
            days = Tn("Can be undone for {n} day", "Can be undone for {n} days", file.undo_days)
            until = ElidedLabel(days, "small", "text.2")
            until.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._foot_row.addWidget(until, 1)
            return
        merge = file.merged_into
        restore = Button(T("Bring back") if merge is None else T("Take apart"), "primary", "undo")
        restore.clicked.connect(
            partial(self.acts.restore, person) if merge is None else partial(self.acts.take_apart, merge)
        )
        self._foot_row.addWidget(restore)
        self._foot_row.addStretch()
        if self._context.session.may("people.erase"):
            erase = Button(T("Erase for good…"), "danger", "trash")
            erase.clicked.connect(partial(self.acts.erase, person))
            self._foot_row.addWidget(erase)


def _quietly(_error: Exception) -> None:
    """Without a recogniser nobody can say who looks like whom."""
