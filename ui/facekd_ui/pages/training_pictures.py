"""What a run learns from: our own people, a folder with one folder per person, or a standard set in a file."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.services.training_crops import OwnPeople
from facekd_ui.services.training_drafts import Draft, kind_of_path
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import OptionCard, OptionGroup
from facekd_ui.widgets.fields import Choice, Field, FormRow
from facekd_ui.widgets.labels import Label

OWN, FOLDER, SET = "own", "folder", "set"


class PicturesSection(QWidget):
    """Three cards, and below them where the pictures lie. `changed` comes when the draft has other pictures."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = Draft()
        self._own = OwnPeople(0, 0)
        self.cards = {
            OWN: OptionCard(T("Our own people"), T("Those on file who agreed to training.")),
            FOLDER: OptionCard(T("A folder"), T("One folder per person.")),
            SET: OptionCard(T("A standard set"), T("A packed .npz, CIFAR, Tiny-ImageNet.")),
        }
        self.group = OptionGroup(self.cards, SET)
        self.note = Label("", "small", "text.2")
        self.path = Field(T("Folder or file"))
        say(self.path, T("Where the pictures lie"), "accessibleName")
        self.path.editingFinished.connect(self._typed)
        self.browse = Button(T("Choose…"), icon="folder")
        self.browse.clicked.connect(self._choose)
        self.task = Choice({"face": T("faces"), "classification": T("other pictures, by class")})
        self._task_row = FormRow(T("They show"), self.task)
        self._path_row = FormRow(T("Where"), self.path)
        self._own_words = Label("", "small", "text.2", wrap=True)
        self._lay_out()
        for key, card in self.cards.items():
            card.chosen.connect(lambda key=key: self._chosen(key))
        self.task.chosen.connect(lambda _key: self._typed())

    def show_draft(self, draft: Draft, own: OwnPeople) -> None:
        """The pictures of a draft."""
        self._draft, self._own = draft, own
        self.note.say("")
        paths = [str(path) for path in draft.get("data", "train", [])]
        kind = draft.get("data", "kind", "packed")
        key = OWN if draft.own_people else FOLDER if kind == "folder" and paths else SET
        self.group.choose(key)
        self.path.setText("" if draft.own_people else "; ".join(paths))
        self.task.choose(draft.get("data", "task", "face"))
        self._show(key)

    def show_own(self, own: OwnPeople) -> None:
        """How many people agreed, once that is known."""
        self._own = own
        self._show(self.group.value)

    def show_split(self, learn: int, check: int) -> None:
        """How many people (or pictures, where they are parted) to learn from, and how many others to check with."""
        if self._draft.get("data", "task") != "face":
            self.note.say(
                T("{n} pictures to learn from, {others} others to check with", n=learn, others=check)
            )
            return
        self.note.say(
            T("{n} people to learn from, {others} others to check with", n=learn, others=check)
            if check
            else Tn("{n} person to learn from", "{n} people to learn from", learn)
            if learn
            else ""
        )

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(12)
        for card in self.cards.values():
            row.addWidget(card, 1)
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(self._path_row, 1)
        where.addWidget(self._task_row)
        self._browse_place = QVBoxLayout()
        self._browse_place.addSpacing(22)
        self._browse_place.addWidget(self.browse)
        self._browse_place.addStretch()
        where.addLayout(self._browse_place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(row)
        column.addLayout(where)
        column.addWidget(self._own_words)

    def _show(self, key: str) -> None:
        own = key == OWN
        for widget in (self._path_row, self.browse):
            widget.setVisible(not own)
        self._task_row.setVisible(key == SET)
        self._own_words.setVisible(own)
        n, pictures = self._own.people, self._own.pictures
        words: Text = (
            T("{n} people agreed to training, {pictures} pictures. They are copied for the run and deleted after it.",
              n=n, pictures=pictures)
            if n
            else T("Nobody on file has agreed to training yet. Record it under People, in a person's consent.")
        )  # fmt: skip
        self._own_words.say(words)

    def _chosen(self, key: str) -> None:
        draft = self._draft
        draft.own_people = key == OWN
        if key == OWN:
            draft.put("data", "task", "face")
            draft.put("data", "kind", "packed")
            draft.put("data", "train", [])
            self.task.choose("face")
        else:
            self._take_path()
        self._show(key)
        self._keep_split()
        self.changed.emit()

    def _choose(self) -> None:
        if self.group.value == FOLDER:
            name = QFileDialog.getExistingDirectory(self, str(T("A folder per person")))
        else:
            kinds = str(T("Picture sets"))
            name, _ = QFileDialog.getOpenFileName(
                self, str(T("A standard set")), "", f"{kinds} (*.npz *.tar *.tar.gz *.tgz *.gz)"
            )
        if name:
            self.set_path(Path(name))

    def set_path(self, path: Path) -> None:
        """As if it were chosen or typed."""
        self.path.setText(str(path))
        self._typed()

    def _typed(self) -> None:
        self._take_path()
        self._keep_split()
        self.changed.emit()

    def _take_path(self) -> None:
        draft = self._draft
        paths = [part.strip() for part in self.path.text().split(";") if part.strip()]
        folder = self.group.value == FOLDER
        draft.put("data", "task", "face" if folder else self.task.value)
        draft.put("data", "train", paths)
        kind = "folder" if folder else kind_of_path(Path(paths[0])) if paths else "packed"
        draft.put("data", "kind", kind)

    def _keep_split(self) -> None:
        """Faces are parted by person, other pictures within each class."""
        key = "identities" if self._draft.get("data", "task") == "face" else "images"
        split = self._draft.get("data", "validation")
        if not isinstance(split, dict) or key not in split:
            share = next(iter(split.values())) if isinstance(split, dict) and split else 0.1
            self._draft.put("data", "validation", {key: share})
