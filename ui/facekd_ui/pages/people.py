"""People: a table over everybody on file, sorted and searched by the database, and whoever is chosen beside it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_db.records import Person
from facekd_ui.i18n.text import T, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.people_acts import CrowdActs
from facekd_ui.pages.people_filters import PeopleFilters
from facekd_ui.pages.people_loading import PeopleLoading
from facekd_ui.pages.people_merging import Merger
from facekd_ui.pages.people_orders import OrderButton
from facekd_ui.pages.people_several import KEYS, SeveralPanel
from facekd_ui.pages.people_states import PeopleStates
from facekd_ui.pages.people_table import Chosen, PeopleView
from facekd_ui.pages.person import NARROW, WIDTH, PersonPanel
from facekd_ui.shell.actions import action, button_for
from facekd_ui.tables.paged import PAGE
from facekd_ui.tables.people import PeopleTable, PersonRow
from facekd_ui.theme.theme import grown
from facekd_ui.widgets.buttons import Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.labels import Label


class PeoplePage(QWidget):
    """The table, and a panel for one person or for several."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._first_load = True
        self._size = (0, 0)
        self._chosen_ids: set[int] = set()
        self.model = PeopleTable()
        self.model.setParent(self)
        self.loading = PeopleLoading(context, self.model, self)
        self.table = PeopleView(self.model)
        self.filters = PeopleFilters(context)
        self.search = self.filters.search
        self.panel, self.several = PersonPanel(context), SeveralPanel(context)
        self.acts, self.merger = CrowdActs(self, context), Merger(self, context)
        self._make_actions()
        may_add = context.session.may("enrolment.enrol")
        add, imports = (self.add, self.imports) if may_add else (None, None)
        self.states = PeopleStates(self.table, add, imports, self.filters.clear, self.reload)
        self._lay_out(may_add)
        self._connect()

    # -- parts

    def _make_actions(self) -> None:
        go, may = self._context.go, self._context.session.may
        self.add = action(self, T("Add person"), lambda: go("enrol", None), "Ctrl+N", "add-person")
        self.imports = action(self, T("Import a folder…"), lambda: go("import", None), "Ctrl+I", "upload")
        for act in (self.add, self.imports):
            act.setEnabled(may("enrolment.enrol"))
        action(self, T("Edit"), self.panel.edit, "F2", "edit")
        action(self, T("Choose everybody"), self._choose_all, "Ctrl+A", "people")
        action(self, T("Groups…"), partial(self._act, "groups"), KEYS["groups"], "people")
        action(self, T("Merge…"), partial(self._act, "merge"), KEYS["merge"], "merge")
        action(self, T("Save as a list…"), partial(self._act, "export"), KEYS["export"], "download")
        action(self, T("Delete…"), partial(self._act, "delete"), KEYS["delete"], "trash")
        action(self, T("Undo"), self._undo, "Ctrl+Z", "undo")
        action(self, T("Load again"), self.reload, "F5", "refresh")

    def _lay_out(self, may_add: bool) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 14, 16, 14)
        bar.setSpacing(8)
        bar.addWidget(self.filters, 1)
        if may_add:
            bar.addWidget(button_for(self.imports, text=T("Import…")))
            bar.addWidget(button_for(self.add, "primary"))
        self._counts = Label("", "small", "text.2")
        self._order = OrderButton()
        foot_holder = QWidget()
        foot_holder.setFixedHeight(36)
        foot = QHBoxLayout(foot_holder)
        foot.setContentsMargins(16, 0, 16, 0)
        foot.addWidget(self._counts)
        foot.addStretch()
        foot.addWidget(self._order)
        left = Panel("surface")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.states, 1)
        column.addWidget(Line())
        column.addWidget(foot_holder)
        self._rule = Line(standing=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left, 1)
        row.addWidget(self._rule)
        for panel in (self.panel, self.several):
            row.addWidget(panel)
            panel.hide()
        self._rule.hide()

    def _connect(self) -> None:
        self.loading.loaded.connect(self._loaded)
        self.loading.failed.connect(self._failed)
        self.filters.changed.connect(self._filtered)
        self.table.chosen.connect(self._show_chosen)
        self.table.sorted_by.connect(self._sort_by)
        self._order.chosen.connect(self._sort_by)
        self.table.activated.connect(lambda _index: self._show_chosen())
        self.panel.closed.connect(self._close_panel)
        self.panel.changed.connect(self._changed)
        self.panel.add_photos.connect(lambda person: self._context.go("enrol", person))
        self.panel.merge_asked.connect(self.merger.begin)
        self.panel.groups_asked.connect(
            lambda person: self.acts.groups(
                [(person.id, person.version)], T("Groups of {name}", name=person.name)
            )
        )
        self.several.closed.connect(self._close_panel)
        self.several.asked.connect(self._act)
        self.acts.changed.connect(self._acted)
        self.merger.changed.connect(self._merged)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows lose columns from the right."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = grown(NARROW if self.width() < 1300 else WIDTH)
        for panel in (self.panel, self.several):
            panel.setFixedWidth(width)
        self.table.fit(self.width() - (0 if self._rule.isHidden() else width + 1))

    # -- what the shell calls

    def opened(self) -> None:
        """Looks again: others may have changed things."""
        self.reload()
        self.table.setFocus()

    def show_what(self, what: object) -> None:
        """A person's id: from the finder, from a record, after enrolment."""
        if isinstance(what, int):
            self._show_person(what)

    def store_found(self) -> None:
        """The store is back."""
        self.reload()

    def retranslate(self) -> None:
        """The table's words."""
        self.model.retranslate()
        self._fit()

    # -- what is loaded

    @Slot()
    def reload(self) -> None:
        """Counts and loads what is shown."""
        if self._first_load:
            self.states.show_loading()
        self.loading.reload()

    @Slot(int, int)
    def _loaded(self, count: int, everyone: int) -> None:
        self._first_load = False
        self.states.show_found(count, filtered=bool(self.filters.value) and everyone > 0)
        self._size = (count, everyone)
        self.table.mark(self._chosen_ids)
        self._say_counts()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if not self._first_load and self.model.rowCount():
            return  # the rows stay; the banner of the window says why they are not newer
        self.states.show_error(error)

    # -- filters and order

    @Slot()
    def _filtered(self) -> None:
        self._close_panel()
        self.loading.which = self.filters.value
        self.reload()

    @Slot(int)
    def _sort_by(self, column: int) -> None:
        self.loading.sort_by(column)
        self.table.show_order(self.loading.sort, descending=self.loading.descending)

    def _say_counts(self) -> None:
        count, everyone = self._size
        words = (
            Tn("{n} person", "{n} people", everyone)
            if count == everyone
            else T("{n} of {all} people", n=count, all=everyone)
        )
        chosen = self.table.count
        self._counts.say(words if chosen < 2 else T("{people}, {n} chosen", people=words, n=chosen))
        self._order.show_order(self.loading.sort)

    # -- who is chosen

    @Slot()
    def _show_chosen(self) -> None:
        ranges, count = self.table.ranges, self.table.count
        if self.model.rowCount():
            self._say_counts()
        if count == 1:
            person = self.model.person(ranges[0][0])
            if person is not None:
                self._show_person(person.id)
        elif count > 1:
            self._show_several(count)

    def _show_several(self, count: int) -> None:
        rows: list[PersonRow] = []
        for top, bottom in self.table.ranges:
            for row in range(top, min(bottom, top + PAGE) + 1):
                if self.model.is_there(row) and (record := self.model.record(row)) is not None:
                    rows.append(record)
        self._chosen_ids = {row.summary.person.id for row in rows}
        self.several.show_people(count, rows, deleted=self.filters.value.deleted)
        self._open(self.several)

    def _show_person(self, person_id: int) -> None:
        if person_id != self.panel.person_id or self.panel.isHidden():
            self.panel.show_person(person_id)
        self._chosen_ids = {person_id}
        self._open(self.panel)

    def _open(self, panel: QWidget) -> None:
        for each in (self.panel, self.several):
            each.setVisible(each is panel)
        if panel is self.several:
            self.panel.person_id = None
        self._rule.show()
        self._fit()

    @Slot()
    def _close_panel(self) -> None:
        for panel in (self.panel, self.several):
            panel.hide()
        self.panel.person_id = None
        self._chosen_ids = set()
        self._rule.hide()
        self.table.clearSelection()
        self._fit()
        if self.model.rowCount():
            self._say_counts()

    def _choose_all(self) -> None:
        if self.states.currentWidget() is self.table:
            self.table.selectAll()
            self.table.setFocus()

    # -- acts

    @Slot(str)
    def _act(self, what: str) -> None:
        """A method of `CrowdActs`, or merging; for whoever is chosen."""
        may = self._context.session.may
        if not may("crowd.export" if what == "export" else "crowd.change"):
            return
        if self.panel.isVisible() and what in ("delete", "merge", "groups"):
            self.panel.act(what)
        elif self.table.count:
            self._resolve(lambda people: self._do(what, people))

    def _do(self, what: str, people: Chosen) -> None:
        if what == "merge":
            if len(people) == 2:
                self.merger.compare(people[0][0], people[1][0])
        elif what == "groups":
            self.acts.groups(people, Tn("Groups of {n} person", "Groups of {n} people", len(people)))
        else:
            getattr(self.acts, what)(people)

    def _resolve(self, then: Callable[[Chosen], object]) -> None:
        """Who is chosen, also in rows that were never looked at."""
        known = self.table.known()
        if known is not None:
            then(known)
            return
        view = self.table
        self.loading.everybody(lambda everybody: then(view.pick(everybody)))

    @Slot()
    def _undo(self) -> None:
        """The last act, whichever panel it came from."""
        for acts in (self.acts, self.merger, self.panel.acts):
            if acts.can_undo:
                acts.undo()
                return

    @Slot()
    def _acted(self) -> None:
        self.merger.forget()
        self.panel.acts.forget()
        self.reload()
        if self.panel.isVisible() and self.panel.person_id is not None:
            self.panel.show_person(self.panel.person_id)

    @Slot(int)
    def _changed(self, person_id: int) -> None:
        self.acts.forget()
        self.merger.forget()
        self.reload()
        if self.panel.person_id == person_id:
            self.panel.show_person(person_id)

    @Slot(int)
    def _merged(self, person_id: int) -> None:
        self.acts.forget()
        self.panel.acts.forget()
        self.panel.person_id = None
        self._show_person(person_id)
        self.reload()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes the panel."""
        if event.key() == Qt.Key.Key_Escape and not self._rule.isHidden():
            self._close_panel()
        else:
            super().keyPressEvent(event)

    @property
    def shown(self) -> Person | None:
        """Who the panel shows."""
        return None if self.panel.isHidden() else self.panel.person
