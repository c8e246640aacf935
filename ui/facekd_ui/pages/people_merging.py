"""Merging from the People page: with whom, the comparison, and the way back."""

from PySide6.QtCore import Signal

from facekd_db.records import Person
from facekd_ui.i18n.text import T
from facekd_ui.pages.live_enrol import PickSheet
from facekd_ui.pages.people_merge import MergeSheet
from facekd_ui.pages.undoing import Undoing
from facekd_ui.services.merging import MergePlan


class Merger(Undoing):
    """`changed(id)` comes after a merge and after it was taken back, with who was kept."""

    changed = Signal(int)

    def begin(self, person: Person) -> None:
        """Asks with whom, then compares the two."""
        words = (
            T("Who is the same person as {name}?", name=person.name),
            T("The two are compared before anything is changed."),
            T("Compare"),
        )
        sheet = PickSheet(self._page, self._context, words)
        sheet.picked.connect(lambda other: self.compare(person.id, other))
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def compare(self, first: int, second: int) -> None:
        """Opens the comparison of two records."""
        if first == second:
            self._context.toasts.show(
                T("That is the same record; choose another one."), icon="info", token="accent"
            )
            return
        merging = self._context.services.merging
        self._context.work.run(
            lambda _progress: merging.plan(first, second),
            self._open,
            self._context.fail,
            over=self._page,
            title=T("Comparing two people"),
        )

    def _open(self, plan: MergePlan) -> None:
        sheet = MergeSheet(self._page, self._context, plan)
        sheet.merged.connect(self._merged)
        sheet.again.connect(lambda: self.compare(*(side.person.id for side in plan.sides)))
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def _merged(self, kept: Person, absorbed: Person) -> None:
        self._undo = lambda: self.take_apart(absorbed.id, absorbed.version)
        self._context.toasts.show(
            T("{name} is one person now", name=kept.name), action=(T("Undo"), self.undo), key="Ctrl+Z"
        )
        self.changed.emit(kept.id)

    def take_apart(self, absorbed_id: int, version: int) -> None:
        """Makes two of one again."""
        merging = self._context.services.merging

        def done(both: tuple[Person, Person]) -> None:
            kept, absorbed = both
            words = T("{first} and {second} are two people again", first=kept.name, second=absorbed.name)
            self._context.toasts.show(words)
            self.changed.emit(kept.id)

        self._context.work.run(
            lambda _progress: merging.undo(absorbed_id, version), done, self._context.fail, over=self._page
        )
