"""Two records that are one person: compared side by side, a choice per field, then put together."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from facekd_db.errors import Conflict
from facekd_db.records import Person, PersonFields
from facekd_ui.i18n.formats import date as day_words
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn, listed
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.services.merging import MergePlan, Side
from facekd_ui.tables.people import as_moment
from facekd_ui.theme.theme import set_type
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.faces import FaceTile
from facekd_ui.widgets.labels import ElidedLabel, Label
from facekd_ui.widgets.sheets import Sheet

WIDTH, COLUMN = 720, 280
PHOTOS = 4
FIELDS: dict[str, Text] = {
    "name": T("Name"),
    "code": T("Code"),
    "department": T("Department"),
    "note": T("Note"),
    "valid": T("Valid"),
}


def kept_first(plan: MergePlan) -> tuple[Side, Side]:
    """(who is kept, who is absorbed): the record that is longer on file keeps its place in the audit log."""
    first, second = plan.sides
    older = (first.person.created_at, first.person.id) <= (second.person.created_at, second.person.id)
    return (first, second) if older else (second, first)


class MergeSheet(Sheet):
    """`merged(kept, absorbed)` comes when the two are one."""

    merged = Signal(object, object)
    again = Signal()  # somebody was quicker: compare the two as they are now

    def __init__(self, parent: QWidget, context: PageContext, plan: MergePlan) -> None:
        super().__init__(parent, T("Merge two people"), WIDTH)
        self._context, self._plan = context, plan
        self.kept, self.absorbed = kept_first(plan)
        self._groups: dict[str, QButtonGroup] = {}
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.act = Button(T("Merge"), "primary", "merge", tip=T("Merge"), key="Ctrl+Return")
        cancel = Button(T("Cancel"))
        cancel.clicked.connect(self.reject)
        self.act.clicked.connect(self._merge)
        rest = T("Photos, records, consents and groups of both stay. Choose what is written.")
        self.body.addWidget(Label(T("Are these two one person?"), "section"))
        self.body.addWidget(Label(rest, "body", "text.2", wrap=True))
        self.body.addWidget(self.banner)
        self.body.addWidget(self._likeness())
        self.body.addSpacing(4)
        self.body.addLayout(self._columns())
        if plan.contrary:
            self.body.addWidget(
                Label(
                    Tn(
                        "{n} face that was said not to be one of them looks like the other one. It is laid aside.",
                        "{n} faces that were said not to be one of them look like the other one. They are laid aside.",
                        plan.contrary,
                    ),
                    "small",
                    "text.2",
                    wrap=True,
                )
            )
        foot = QHBoxLayout()
        foot.setSpacing(8)
        until = T("Can be undone until {day}", day=day_words(plan.undo_until.astimezone()))
        foot.addWidget(Label(until, "small", "text.2"))
        foot.addStretch()
        foot.addWidget(cancel)
        foot.addWidget(self.act)
        self.body.addSpacing(8)
        self.body.addLayout(foot)
        cancel.setFocus()

    def _likeness(self) -> Banner:
        plan = self._plan
        if plan.closeness is None:
            return Banner(
                "warning",
                T("One of them has no photo."),
                T("Nothing but what is written speaks for the merge."),
            )
        if plan.sure:
            return Banner("success", T("Their photos look alike."), plan.closeness.words())
        return Banner(
            "warning",
            T("Their photos are not alike enough for one name."),
            T("Look closely before you merge."),
        )

    def _columns(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for column, side in enumerate((self.kept, self.absorbed), 1):
            grid.addLayout(_head(side), 0, column)
            grid.setColumnMinimumWidth(column, COLUMN)
        row = 1
        for name, word in FIELDS.items():
            values = [_value(side.person.fields, name) for side in (self.kept, self.absorbed)]
            if not any(values):
                continue
            grid.addWidget(Label(word, "small", "text.2"), row, 0)
            if values[0] == values[1]:
                grid.addWidget(Label(values[0], "body", wrap=True), row, 1, 1, 2)
            else:
                self._choices(grid, row, name, word, values)
            row += 1
        both = (self.kept, self.absorbed)
        consents = (T("given") if side.consented else T("none") for side in both)
        facts: list[tuple[Text, list[Text | str]]] = [
            (T("Photos"), [str(len(side.photos)) for side in both]),
            (T("Records"), [str(side.events) for side in both]),
            (T("Groups"), [str(listed(side.groups)) for side in both]),
            (T("Consent"), list(consents)),
        ]
        for word, found in facts:
            if any(str(fact) for fact in found):
                grid.addWidget(Label(word, "small", "text.2"), row, 0)
                for column, fact in enumerate(found, 1):
                    grid.addWidget(Label(fact, "body", "text.2"), row, column)
                row += 1
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        return grid

    def _choices(self, grid: QGridLayout, row: int, name: str, word: Text, values: list[str]) -> None:
        group = QButtonGroup(self)
        for column, value in enumerate(values):
            radio = QRadioButton()
            set_type(radio, "body")
            shown: Text | str = value or T("nothing")
            say(radio, _short(str(shown)) if isinstance(shown, str) else shown)
            radio.setToolTip(value)
            say(radio, T("{what}: {value}", what=word, value=shown), "accessibleName")
            group.addButton(radio, column)
            grid.addWidget(radio, row, column + 1)
        # What is written beats what is not; otherwise the record that is kept.
        group.button(0 if values[0] or not values[1] else 1).setChecked(True)
        self._groups[name] = group

    def choose(self, name: str, side: int) -> None:
        """Takes a field (a key of `FIELDS`) from the kept (0) or the absorbed record (1)."""
        self._groups[name].button(side).setChecked(True)

    @property
    def result_fields(self) -> PersonFields:
        """How the one person will be described."""
        ours, theirs = self.kept.person.fields, self.absorbed.person.fields
        values: dict[str, str | date | None] = {}
        for name, group in self._groups.items():
            if group.checkedId() == 1:
                for part in ("valid_from", "valid_until") if name == "valid" else (name,):
                    values[part] = getattr(theirs, part)
        return replace(ours, **values)  # type: ignore[arg-type]  # names of its fields

    @Slot()
    def _merge(self) -> None:
        kept, absorbed, fields = self.kept.person, self.absorbed.person, self.result_fields
        merging = self._context.services.merging
        self.act.setEnabled(False)

        def done(both: tuple[Person, Person]) -> None:
            self.accept()
            self.merged.emit(*both)

        self._context.work.run(
            lambda _progress: merging.merge((kept.id, kept.version), (absorbed.id, absorbed.version), fields),
            done,
            self._failed,
            over=self,
        )

    def _failed(self, error: Exception) -> None:
        self.act.setEnabled(not isinstance(error, Conflict))
        actions: tuple[tuple[Text, Callable[[], object]], ...] = ()
        if isinstance(error, Conflict):
            actions = ((T("Compare again"), self._compare_again),)
        self.banner.show_message("danger", explain(error), "", actions)
        self.banner.show()
        self.fit()

    def _compare_again(self) -> None:
        self.reject()
        self.again.emit()


def _head(side: Side) -> QVBoxLayout:
    column, photos = QVBoxLayout(), QHBoxLayout()
    photos.setSpacing(6)
    for number, crop in enumerate(side.photos[:PHOTOS], 1):
        tile = FaceTile(56, T("Photo {n}", n=number))
        picture = QPixmap()
        picture.loadFromData(crop.image)
        tile.show_photo(picture)
        photos.addWidget(tile)
    if not side.photos:
        tile = FaceTile(56, T("No photo"))
        tile.show_place("person")
        photos.addWidget(tile)
    photos.addStretch()
    column.setSpacing(6)
    column.addLayout(photos)
    column.addWidget(ElidedLabel(side.person.name, "strong"))
    return column


def _value(fields: PersonFields, name: str) -> str:
    if name == "valid":
        first = T("now") if fields.valid_from is None else day_words(as_moment(fields.valid_from))
        last = T("no end") if fields.valid_until is None else day_words(as_moment(fields.valid_until))
        return str(T("{first} to {last}", first=first, last=last))
    return str(getattr(fields, name) or "")


def _short(words: str, most: int = 38) -> str:
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1] + "…"
