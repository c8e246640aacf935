"""The filters of the People page: a search and chips for group, validity, consent, department, deleted."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from facekd_db.records import Group, PersonFilter
from facekd_ui.i18n.text import T
from facekd_ui.pages.context import PageContext
from facekd_ui.tables.people import now
from facekd_ui.widgets.buttons import Chip
from facekd_ui.widgets.fields import SearchField
from facekd_ui.widgets.menus import Menu

SEARCH, LEAST_SEARCH, GAP = 270, 255, 6


class PeopleFilters(QWidget):
    """`changed` comes when the filter is another one; `value` is it."""

    changed = Signal()

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.value = PersonFilter()
        self.search = SearchField(T("Name, code, department"))
        self.search.setMaximumWidth(SEARCH)
        self.search.setMinimumWidth(LEAST_SEARCH)
        self.search.searched.connect(lambda text: self.set(search=text.strip()))
        self.group, self.valid = Chip(T("Group")), Chip(T("Valid today"))
        self.consent, self.department = Chip(T("Consent")), Chip(T("Department"))
        self.deleted = Chip(T("Deleted"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.search, 1)
        for chip in self._chips:
            chip.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            row.addWidget(chip)
        row.addStretch()
        for chip, opened, cleared in (
            (self.group, self._open_groups, partial(self.set_group, None)),
            (self.valid, partial(self.set_valid, today=True), partial(self.set_valid, today=False)),
            (self.consent, self._open_consent, partial(self.set_consent, None)),
            (self.department, self._open_departments, partial(self.set_department, None)),
            (self.deleted, partial(self.set_deleted, on=True), partial(self.set_deleted, on=False)),
        ):
            chip.opened.connect(opened)
            chip.cleared.connect(cleared)

    @property
    def _chips(self) -> Sequence[Chip]:
        return (self.group, self.valid, self.consent, self.department, self.deleted)

    def set(self, **values: object) -> None:
        """Changes parts of the filter, named as in `PersonFilter`."""
        current = self.value
        found: dict[str, object] = {name: getattr(current, name) for name in PersonFilter.__slots__}
        wanted = PersonFilter(**{**found, **values})  # type: ignore[arg-type]  # names of its fields
        if wanted != current:
            self.value = wanted
            self.changed.emit()

    @Slot()
    def clear(self) -> None:
        """Everybody is shown."""
        for chip in self._chips:
            chip.set_value(None)
        self.search.blockSignals(True)
        self.search.clear()
        self.search.blockSignals(False)
        self.set(**{name: getattr(PersonFilter(), name) for name in PersonFilter.__slots__})

    def set_group(self, group: Group | None) -> None:
        """Only people of a group."""
        self.group.set_value(None if group is None else group.name)
        self.set(group_id=None if group is None else group.id)

    def set_valid(self, *, today: bool) -> None:
        """Only people who may be recognised today by their dates."""
        day: date = now().date()
        self.valid.set_value(T("Valid today") if today else None)
        self.set(valid_on=day if today else None)

    def set_consent(self, given: bool | None) -> None:
        """Only people with, or only people without, a consent that stands."""
        words = {None: None, True: T("Consent given"), False: T("Without consent")}
        self.consent.set_value(words[given])
        self.set(consented=given)

    def set_department(self, name: str | None) -> None:
        """Only people of one department."""
        self.department.set_value(name)
        self.set(department=name)

    def set_deleted(self, *, on: bool) -> None:
        """Those who can still be brought back, instead of those on file."""
        self.deleted.set_value(T("Deleted") if on else None)
        self.set(deleted=on)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The rarer filters go first when the bar is narrow, unless they are set."""
        super().resizeEvent(event)
        spare = self.width() - LEAST_SEARCH
        for chip in (self.group, self.valid, self.consent, self.deleted, self.department):
            spare -= chip.sizeHint().width() + GAP
            chip.setVisible(spare >= 0 or chip.is_set)

    # -- menus

    def _open_groups(self) -> None:
        def show(groups: Sequence[Group]) -> None:
            menu = Menu(self)
            for group in groups:
                words = T("{name} ({n})", name=group.name, n=group.people)
                chosen = group.id == self.value.group_id
                menu.add_choice(words, partial(self.set_group, group), chosen=chosen)
            if not groups:
                menu.add(T("No groups yet: choose people and put them into one"), _nothing).setEnabled(False)
            self._pop(menu, self.group)

        self._context.ask(self._context.services.groups.all, show)

    def _open_departments(self) -> None:
        def show(departments: tuple[str, ...]) -> None:
            menu = Menu(self)
            for name in departments:
                chosen = name == self.value.department
                menu.add_choice(name, partial(self.set_department, name), chosen=chosen)
            if not departments:
                menu.add(T("No departments yet"), _nothing).setEnabled(False)
            self._pop(menu, self.department)

        self._context.ask(self._context.services.people.departments, show)

    def _open_consent(self) -> None:
        menu = Menu(self)
        choices: tuple[tuple[bool, Callable[[], object]], ...] = tuple(
            (given, partial(self.set_consent, given)) for given in (True, False)
        )
        for (given, act), words in zip(choices, (T("Consent given"), T("Without consent")), strict=True):
            menu.add_choice(words, act, chosen=self.value.consented is given)
        self._pop(menu, self.consent)

    def _pop(self, menu: Menu, chip: Chip) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(chip.mapToGlobal(chip.rect().bottomLeft()))


def _nothing() -> None:
    """An entry that only says something."""
