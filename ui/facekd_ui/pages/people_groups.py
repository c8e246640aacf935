"""Which groups people are in, for one person as for many; new groups, other names, groups that go."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from facekd_db.records import Group
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.pages.failures import explain
from facekd_ui.services.crowd import Versioned
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, IconButton
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.checks import check_box
from facekd_ui.widgets.fields import Field
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import Question, Sheet

LIST_HEIGHT = 240


class GroupsSheet(Sheet):
    """A list of all groups with a tick each; `changed(undo)` comes when it is stored.

    A tick that is half set stands for "some of them": it changes nothing until somebody sets or clears it.
    """

    changed = Signal(object)  # what takes it back: a function without arguments

    def __init__(
        self, parent: QWidget, context: PageContext, people: Sequence[Versioned], title: Text
    ) -> None:
        super().__init__(parent, title)
        self._context, self._people = context, tuple(people)
        self._before: dict[int, Qt.CheckState] = {}
        self.boxes: dict[int, QCheckBox] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        inner = Panel("page")
        holder = QVBoxLayout(inner)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.addLayout(self._list)
        holder.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedHeight(LIST_HEIGHT)
        scroll.setWidget(inner)
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.name = Field(T("Name of a new group"))
        self.name.setMaxLength(100)
        self.add = Button(T("Add"), icon="plus")
        self.save, cancel = Button(T("Save"), "primary", tip=T("Save"), key="Ctrl+S"), Button(T("Cancel"))
        fresh, foot = QHBoxLayout(), QHBoxLayout()
        fresh.setSpacing(8)
        fresh.addWidget(self.name, 1)
        fresh.addWidget(self.add)
        foot.setSpacing(8)
        foot.addStretch()
        foot.addWidget(cancel)
        foot.addWidget(self.save)
        self.body.addWidget(Label(title, "section", wrap=True))
        self.body.addWidget(self.banner)
        self.body.addWidget(scroll)
        self.body.addLayout(fresh)
        self.body.addSpacing(8)
        self.body.addLayout(foot)
        self.add.clicked.connect(self._add)
        self.name.returnPressed.connect(self._add)
        cancel.clicked.connect(self.reject)
        self.save.clicked.connect(self._save)
        self._load()

    # -- the list

    def _load(self) -> None:
        groups, ids = self._context.services.groups, [key for key, _ in self._people]
        self._context.ask(lambda: (groups.all(), groups.within(ids)), self._show, self._fail, over=self)

    def _show(self, found: tuple[Sequence[Group], Mapping[int, int]]) -> None:
        everything, within = found
        chosen = {key: box.checkState() for key, box in self.boxes.items()}
        while (item := self._list.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.boxes = {}
        for group in everything:
            inside = within.get(group.id, 0)
            state = (
                Qt.CheckState.Unchecked
                if not inside
                else Qt.CheckState.Checked
                if inside == len(self._people)
                else Qt.CheckState.PartiallyChecked
            )
            self._before[group.id] = state
            self._list.addWidget(self._row(group, chosen.get(group.id, state)))
        if not everything:
            words = T("No groups yet. Name the first one below, such as Staff or Visitors.")
            self._list.addWidget(Label(words, "body", "text.2", wrap=True))

    def _row(self, group: Group, state: Qt.CheckState) -> QWidget:
        box = check_box(group.name)
        box.setTristate(state == Qt.CheckState.PartiallyChecked)
        box.setCheckState(state)
        self.boxes[group.id] = box
        rename = IconButton("edit", T("Rename {name}", name=group.name))
        rename.clicked.connect(partial(self._rename, group))
        remove = IconButton("trash", T("Remove {name}", name=group.name))
        remove.clicked.connect(partial(self._remove, group))
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(4)
        row.addWidget(box, 1)
        row.addWidget(Label(Tn("{n} person", "{n} people", group.people), "small", "text.2"))
        row.addWidget(rename)
        row.addWidget(remove)
        return holder

    # -- groups themselves

    @Slot()
    def _add(self) -> None:
        name = self.name.text().strip()
        if not name:
            self.name.setFocus()
            return

        def done(group: Group) -> None:
            self.name.clear()
            self.banner.hide()
            self.boxes[group.id] = check_box(group.name)
            self.boxes[group.id].setChecked(True)  # whoever adds one means to use it
            self._load()

        self._context.ask(lambda: self._context.services.groups.add(name), done, self._fail, over=self)

    def _rename(self, group: Group) -> None:
        sheet = Question(
            self, T("Rename {name}?", name=group.name), T("Everybody in it stays in it."), T("Rename")
        )
        field = Field()
        field.setText(group.name)
        field.setMaxLength(100)
        field.selectAll()
        sheet.extra.addWidget(field)
        field.setFocus()
        self._ask(sheet, lambda: self._context.services.groups.rename(group.id, field.text().strip()))

    def _remove(self, group: Group) -> None:
        sheet = Question(
            self,
            T("Remove the group {name}?", name=group.name),
            Tn(
                "{n} person is in it and stays on file.",
                "{n} people are in it and stay on file.",
                group.people,
            ),
            T("Remove"),
            danger=True,
        )
        self._ask(sheet, lambda: self._context.services.groups.remove(group.id))

    def _ask(self, sheet: Question, act: Callable[[], object]) -> None:
        sheet.accepted.connect(
            lambda: self._context.ask(act, lambda _done: self._load(), self._fail, over=self)
        )
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    # -- who is in which

    @Slot()
    def _save(self) -> None:
        wanted = {
            key: box.checkState() == Qt.CheckState.Checked
            for key, box in self.boxes.items()
            if box.checkState() not in (Qt.CheckState.PartiallyChecked, self._before.get(key))
        }
        crowd, people = self._context.services.crowd, self._people
        self.save.setEnabled(False)

        def work(watch: Told) -> list[tuple[int, bool, tuple[Versioned, ...]]]:
            moved = []
            for key, inside in wanted.items():
                act = crowd.put_into if inside else crowd.take_out
                moved.append((key, inside, act(people, key, watch).done))
            return moved

        def done(moved: list[tuple[int, bool, tuple[Versioned, ...]]]) -> None:
            def back() -> None:
                for key, inside, who in moved:
                    (crowd.take_out if inside else crowd.put_into)(who, key)

            self.changed.emit(back)
            self.accept()

        self._context.work.run(
            lambda progress: work(Told(progress)), done, self._fail, over=self, title=T("Changing groups")
        )

    def _fail(self, error: Exception) -> None:
        self.save.setEnabled(True)
        self.banner.show_message("danger", explain(error))
        self.banner.show()
