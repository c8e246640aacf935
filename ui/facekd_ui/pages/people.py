"""People: a table over everybody on file, sorted and searched by the database, and one person beside it."""

import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QItemSelection, Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from facekd_db.records import Person, PersonSort
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Tn
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.person import NARROW, WIDTH, PersonPanel
from facekd_ui.shell.actions import action, button_for
from facekd_ui.tables.paged import PAGE
from facekd_ui.tables.people import (
    ADDED,
    CONSENT,
    DEPARTMENT,
    NAME,
    PHOTOS,
    SEEN,
    SORTS,
    VALID,
    PeopleTable,
    PersonDelegate,
    PersonRow,
    rows_of,
)
from facekd_ui.theme.theme import px, set_type
from facekd_ui.widgets.banners import EmptyState, ErrorState
from facekd_ui.widgets.busy import Skeleton
from facekd_ui.widgets.buttons import Button, Chip, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.fields import SearchField
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.menus import Menu

WIDTHS = {DEPARTMENT: 140, VALID: 132, CONSENT: 96, PHOTOS: 100, SEEN: 140, ADDED: 140}


class PeoplePage(QWidget):
    """The table and the panel."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._search = ""
        self._department: str | None = None
        self._deleted = False
        self._sort, self._descending = NAME, False
        self._first_load = True
        self.first_screen_ms = 0.0
        may_add = context.session.may("enrolment.enrol")
        self.add = action(self, T("Add person"), lambda: context.go("enrol", None), "Ctrl+N", "add-person")
        self.imports = action(
            self, T("Import a folder…"), lambda: context.go("import", None), "Ctrl+I", "upload"
        )
        for act in (self.add, self.imports):
            act.setEnabled(may_add)
        action(self, T("Edit"), lambda: self.panel.edit(), "F2", "edit")
        action(self, T("Delete…"), lambda: self.panel.delete(), "Del", "trash")
        action(self, T("Undo"), lambda: self.panel.acts.undo(), "Ctrl+Z", "undo")
        action(self, T("Load again"), self.reload, "F5", "refresh")
        self.model = PeopleTable()
        self.model.setParent(self)
        self.model.wanted.connect(self._load_page)
        self.table = self._make_table()
        self.panel = PersonPanel(context)
        self.panel.closed.connect(self._close_panel)
        self.panel.changed.connect(self._changed)
        self.panel.add_photos.connect(lambda person: context.go("enrol", person))
        self.panel.hide()
        self._stack = QStackedWidget()
        self._skeleton = Skeleton(12)
        self._empty = EmptyState(
            "people",
            T("Nobody is on file yet"),
            T("Add the first person and the door will greet them by name."),
            button_for(self.add, "primary") if may_add else None,
            button_for(self.imports) if may_add else None,
        )
        clear = Button(T("Clear filters"))
        clear.clicked.connect(self._clear_filters)
        self._nothing = EmptyState(
            "filter", T("Nobody matches these filters"), T("Try fewer letters or clear the filters."), clear
        )
        self._broken = ErrorState()
        self._broken.retry.connect(self.reload)
        for view in (self._skeleton, self.table, self._empty, self._nothing, self._broken):
            self._stack.addWidget(view)
        self._lay_out(may_add)

    # -- parts

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setItemDelegate(PersonDelegate(table))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setShowGrid(False)
        table.setMouseTracking(True)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(px(46))
        header = table.horizontalHeader()
        set_type(header, "label")
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in WIDTHS.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, px(width))
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(NAME, Qt.SortOrder.AscendingOrder)
        header.sectionClicked.connect(self._sort_by)
        say(table, T("People on file"), "accessibleName")
        table.selectionModel().selectionChanged.connect(self._selected)
        table.activated.connect(lambda _index: self._open_selected())
        return table

    def _lay_out(self, may_add: bool) -> None:
        self.search = SearchField(T("Name, code, department"))
        self.search.setFixedWidth(270)
        self.search.searched.connect(self._searched)
        self.departments = Chip(T("Department"))
        self.departments.opened.connect(self._open_departments)
        self.departments.cleared.connect(lambda: self._choose_department(None))
        self.deleted = Chip(T("Deleted"))
        self.deleted.opened.connect(lambda: self._choose_deleted(on=True))
        self.deleted.cleared.connect(lambda: self._choose_deleted(on=False))
        bar = QHBoxLayout()
        bar.setContentsMargins(16, 14, 16, 14)
        bar.setSpacing(8)
        for widget in (self.search, self.departments, self.deleted):
            bar.addWidget(widget)
        bar.addStretch()
        if may_add:
            bar.addWidget(button_for(self.imports, text=T("Import…")))
            bar.addWidget(button_for(self.add, "primary"))
        self._counts = Label("", "small", "text.2")
        self._order = Label("", "small", "text.2")
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 0, 16, 0)
        foot.addWidget(self._counts)
        foot.addStretch()
        foot.addWidget(self._order)
        foot_holder = QWidget()
        foot_holder.setLayout(foot)
        foot_holder.setFixedHeight(36)
        left = Panel("surface")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self._stack, 1)
        column.addWidget(Line())
        column.addWidget(foot_holder)
        self._rule = Line(standing=True)
        self._rule.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left, 1)
        row.addWidget(self._rule)
        row.addWidget(self.panel)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows lose columns from the right."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.panel.setFixedWidth(NARROW if self.width() < 1300 else WIDTH)
        room = self.width() - (self.panel.width() if not self.panel.isHidden() else 0)
        needed = px(230)
        for column in (VALID, CONSENT, PHOTOS, DEPARTMENT, SEEN, ADDED):
            needed += px(WIDTHS[column])
            self.table.setColumnHidden(column, needed > room)

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
        self._say_order()

    # -- loading

    @Slot()
    def reload(self) -> None:
        """Counts and loads what is shown."""
        if self._first_load:
            self._stack.setCurrentWidget(self._skeleton)
        started = time.perf_counter()
        load = self._loader(0)
        people, search = self._context.services.people, self._search
        department, deleted = self._department, self._deleted

        def work() -> tuple[int, int, list[PersonRow]]:
            count = people.count(search, department=department, deleted=deleted)
            everyone = count if not (search or department or deleted) else people.count()
            return count, everyone, load() if count else []

        def done(found: tuple[int, int, list[PersonRow]]) -> None:
            self._show(*found)
            self.first_screen_ms = (time.perf_counter() - started) * 1000

        self._context.ask(work, done, self._failed, over=self, replaces="people")

    def _loader(self, page: int) -> Callable[[], list[PersonRow]]:
        people, search, department, deleted = (
            self._context.services.people,
            self._search,
            self._department,
            self._deleted,
        )
        sort: PersonSort = SORTS[self._sort]
        descending = self._descending

        def load() -> list[PersonRow]:
            rows = people.page(
                search,
                department=department,
                deleted=deleted,
                sort=sort,
                descending=descending,
                limit=PAGE,
                offset=page * PAGE,
            )
            wanted = [row.crop_id for row in rows if row.crop_id is not None]
            return rows_of(rows, people.thumbnails(wanted) if wanted else {})

        return load

    @Slot(int)
    def _load_page(self, page: int) -> None:
        asked = (self._search, self._department, self._deleted, self._sort, self._descending)

        def done(rows: list[PersonRow]) -> None:
            if asked == (self._search, self._department, self._deleted, self._sort, self._descending):
                self.model.put(page, rows)

        self._context.ask(self._loader(page), done, lambda _error: self.model.forget(page))

    def _show(self, count: int, everyone: int, first: list[PersonRow]) -> None:
        self._first_load = False
        self.model.begin(count)
        self.model.put(0, first)
        if count:
            self._stack.setCurrentWidget(self.table)
        else:
            filtered = bool(self._search or self._department or self._deleted)
            self._stack.setCurrentWidget(self._nothing if filtered and everyone else self._empty)
        if count == everyone:
            self._counts.say(Tn("{n} person", "{n} people", everyone))
        else:
            self._counts.say(T("{n} of {all} people", n=count, all=everyone))
        self._say_order()
        self._select_shown()

    def _failed(self, error: Exception) -> None:
        if not self._first_load and self.model.rowCount():
            return  # the rows stay; the banner of the window says why they are not newer
        self._broken.show_error(
            T("People cannot be shown"), explain(error), f"{type(error).__name__}: {error}"
        )
        self._stack.setCurrentWidget(self._broken)

    # -- filters and order

    @Slot(str)
    def _searched(self, text: str) -> None:
        self._search = text.strip()
        self.reload()

    def _open_departments(self) -> None:
        def show(departments: tuple[str, ...]) -> None:
            menu = Menu(self)
            for name in departments:
                menu.add_choice(name, partial(self._choose_department, name), chosen=name == self._department)
            if not departments:
                menu.add(T("No departments yet"), lambda: None).setEnabled(False)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.departments.mapToGlobal(self.departments.rect().bottomLeft()))

        self._context.ask(self._context.services.people.departments, show)

    def _choose_department(self, name: str | None) -> None:
        self._department = name
        self.departments.set_value(name)
        self.reload()

    def _choose_deleted(self, *, on: bool) -> None:
        self._deleted = on
        self.deleted.set_value(T("Deleted") if on else None)
        self._close_panel()
        self.reload()

    @Slot()
    def _clear_filters(self) -> None:
        self.search.clear()
        self._search, self._department, self._deleted = "", None, False
        self.departments.set_value(None)
        self.deleted.set_value(None)
        self.reload()

    @Slot(int)
    def _sort_by(self, column: int) -> None:
        if column in SORTS:
            self._descending = not self._descending if column == self._sort else column == ADDED
            self._sort = column
        order = Qt.SortOrder.DescendingOrder if self._descending else Qt.SortOrder.AscendingOrder
        self.table.horizontalHeader().setSortIndicator(self._sort, order)
        if column in SORTS:
            self.reload()

    def _say_order(self) -> None:
        words = {
            NAME: T("Sorted by name"),
            DEPARTMENT: T("Sorted by department"),
            ADDED: T("Sorted by day added"),
        }
        self._order.say(words[self._sort])

    # -- the panel

    @Slot(QItemSelection, QItemSelection)
    def _selected(self, _new: QItemSelection, _old: QItemSelection) -> None:
        self._open_selected()

    def _open_selected(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows and (person_id := self.model.person_id(rows[0].row())) is not None:
            self._show_person(person_id)

    def _show_person(self, person_id: int) -> None:
        if person_id != self.panel.person_id or self.panel.isHidden():
            self.panel.show_person(person_id)
        self.panel.show()
        self._rule.show()
        self._fit()

    @Slot()
    def _close_panel(self) -> None:
        self.panel.hide()
        self.panel.person_id = None
        self._rule.hide()
        self.table.clearSelection()
        self._fit()

    @Slot(int)
    def _changed(self, person_id: int) -> None:
        self.reload()
        if self.panel.person_id == person_id:
            self.panel.show_person(person_id)

    def _select_shown(self) -> None:
        """After a reload the same person stays marked, if the row is known."""
        if self.panel.isHidden() or self.panel.person_id is None:
            return
        for row in range(min(self.model.rowCount(), PAGE)):
            if self.model.person_id(row) == self.panel.person_id:
                model = self.table.selectionModel()
                model.blockSignals(True)
                self.table.selectRow(row)
                model.blockSignals(False)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes the panel."""
        if event.key() == Qt.Key.Key_Escape and not self.panel.isHidden():
            self._close_panel()
        else:
            super().keyPressEvent(event)

    @property
    def shown(self) -> Person | None:
        """Who the panel shows."""
        return None if self.panel.isHidden() else self.panel.person
