"""The list beside the live picture: who is here now, compared with the photograph on file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGraphicsOpacityEffect, QHBoxLayout, QVBoxLayout, QWidget

from facekd.quality import Reason
from facekd.types import Image, State
from facekd_ui.i18n.formats import clock
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.failures import REASONS
from facekd_ui.pages.guest_column import GuestColumn
from facekd_ui.pages.live_presence import Guest
from facekd_ui.services.closeness import Closeness
from facekd_ui.theme.theme import tokens
from facekd_ui.widgets.badges import StateBadge
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.labels import ElidedLabel, KeyCap, Label


@dataclass(frozen=True, slots=True)
class GuestLine:
    """What one entry says; two that are equal need not be drawn again."""

    key: str
    track: int
    state: State
    name: str  # "" for unknown faces
    sentence: Text
    since: str  # clock; "" where time says nothing (photographs)
    here: bool
    may_answer: bool


def line_of(guest: Guest, names: Mapping[str, str], sure: Closeness, *, may_answer: bool) -> GuestLine:
    """The entry of a guest, in words."""
    name = names.get(guest.face.person or "", "")
    sentence = sure.words()
    if not guest.good:
        why = [REASONS[Reason(reason)] for reason in guest.face.reasons[:1]]
        sentence = T("No clear view yet: {why}", why=why[0]) if why else T("No clear view yet")
    state = guest.face.state if name else State.UNKNOWN
    return GuestLine(
        guest.key,
        guest.face.track,
        state,
        name,
        sentence,
        clock(guest.since.astimezone()),
        guest.here,
        may_answer and state is State.UNCERTAIN and guest.here,
    )


class GuestItem(QFrame):
    """One entry: seen beside on file, who, how sure, since when; an uncertain one asks."""

    chosen = Signal(int)  # track
    answered = Signal(int, bool)  # track, whether it is that person

    def __init__(self, line: GuestLine, camera: str, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.line = line
        self._selected = False
        self._veil = QGraphicsOpacityEffect(self)  # over one who has left; the words say it too
        self._veil.setOpacity(0.55)
        self.setGraphicsEffect(self._veil)
        self._picture: Image | None = None
        self.seen, self.filed = FaceTile(size, T("Seen")), FaceTile(size, T("On file"))
        self.filed.show_place()
        self._badge = StateBadge(line.state, "", "strong")
        self._sentence = Label("", "small", "text.2", wrap=True)
        self._where = ElidedLabel("", "tiny", "text.2")
        self._camera = camera
        row = QHBoxLayout()
        row.setSpacing(4)
        for tile in (self.seen, self.filed):
            row.addWidget(tile, 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(4)
        words = QVBoxLayout()
        words.setSpacing(2)
        for widget in (self._badge, self._sentence, self._where):
            words.addWidget(widget)
        words.addStretch()
        row.addLayout(words, 1)
        self._answers = QWidget()
        self._yes, self._no = Button("", icon="check", size="small"), Button("", icon="close", size="small")
        self._yes.clicked.connect(lambda: self.answered.emit(self.line.track, True))
        self._no.clicked.connect(lambda: self.answered.emit(self.line.track, False))
        answers = QHBoxLayout(self._answers)
        answers.setContentsMargins(0, 6, 0, 0)
        answers.setSpacing(8)
        answers.addWidget(self._yes)
        answers.addWidget(self._no)
        answers.addStretch()
        answers.addWidget(KeyCap("Y"))
        answers.addWidget(KeyCap("N"))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 8, 12)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._answers)
        self.show_line(line)

    def show_line(self, line: GuestLine) -> None:
        """Says what changed."""
        self.line = line
        known = line.state is State.KNOWN
        name: Text | str = line.name if known else f"{line.name}?" if line.name else T("Unknown")
        self._badge.show_state(line.state, name)
        self._sentence.say(line.sentence if line.here else T("Has just left"))
        since = T("since {clock} · {camera}", clock=line.since, camera=self._camera)
        self._where.say(since if line.since else self._camera)
        self._answers.setVisible(line.may_answer)
        if line.may_answer:
            first = line.name.split()[0]
            self._yes.say(T("It is {name}", name=first))
            self._no.say(T("Not {name}", name=first))
        say(self, T("{name}: {sentence}", name=name, sentence=line.sentence), "accessibleName")
        self._veil.setEnabled(not line.here)
        self.update()

    def show_seen(self, picture: Image | None) -> None:
        """The crop of now; the same array is not converted twice."""
        if picture is not None and picture is not self._picture:
            self._picture = picture
            self.seen.show_photo(QPixmap.fromImage(to_qimage(picture)))

    def set_selected(self, *, selected: bool) -> None:
        """The entry of the face that is selected in the picture."""
        if selected != self._selected:
            self._selected = selected
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground of the selected one; a hairline below."""
        painter = QPainter(self)
        if self._selected:
            painter.fillRect(self.rect(), tokens().color("accent.soft"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, tokens().color("border"))
        painter.end()
        super().paintEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click chooses."""
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self.line.track)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose; Up and Down go through the list."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.line.track)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


class HereNow(GuestColumn):
    """Who is here now."""

    chosen = Signal(int)
    answered = Signal(int, bool)

    def __init__(self, photo_of: Callable[[int], QPixmap | None], parent: QWidget | None = None) -> None:
        """`photo_of`: person id -> photograph on file, if it is there already."""
        super().__init__(T("Here now"), T("Nobody is in view."), parent)
        self._photo_of = photo_of
        self._items: dict[str, GuestItem] = {}
        self._filed: dict[str, int] = {}  # item -> person whose photograph it shows
        self._size = 48
        hint = Label(T("Click a face for more. F1 shows all keys."), "small", "text.2", wrap=True)
        hint.setContentsMargins(16, 8, 16, 14)
        self.whole.addWidget(hint)

    @property
    def items(self) -> list[GuestItem]:
        """The entries, top to bottom."""
        return list(self._items.values())

    def set_photo_size(self, size: int) -> None:
        """40 in narrow windows; the next entries have it."""
        self._size = size

    def show_guests(
        self,
        lines: Sequence[tuple[GuestLine, Guest]],
        camera: str,
        counts: Mapping[State, int],
        selected: int | None,
        *,
        nobody_on_file: bool = False,
    ) -> None:
        """Brings the list up to date; entries that say the same stay untouched."""
        self.show_counts(counts)
        wanted = [line.key for line, _ in lines]
        for key in [key for key in self._items if key not in wanted]:
            item = self._items.pop(key)
            self._filed.pop(key, None)
            self.drop(item)
        for line, _ in lines:
            if line.key not in self._items:
                item = GuestItem(line, camera, self._size)
                item.chosen.connect(self.chosen)
                item.answered.connect(self.answered)
                self._items[line.key] = item
                self.entries.addWidget(item)
        if list(self._items) != wanted:
            self._items = {key: self._items[key] for key in wanted}
            for row, item in enumerate(self._items.values()):
                self.entries.removeWidget(item)
                self.entries.insertWidget(row, item)
        for line, guest in lines:
            item = self._items[line.key]
            if item.line != line:
                item.show_line(line)
            item.show_seen(guest.picture)
            item.set_selected(selected=selected is not None and line.track == selected)
            self._show_filed(item, guest)
        if nobody_on_file:
            self.note.say(T("Nobody is on file yet. Click a face to add the first person."))
        else:
            self.note.say(T("Nobody is in view."))
        self.note.setVisible(nobody_on_file or not lines)

    def _show_filed(self, item: GuestItem, guest: Guest) -> None:
        person = guest.person_id if item.line.name else None
        if person is None:
            if self._filed.pop(item.line.key, None) is not None:
                item.filed.show_place()
        elif self._filed.get(item.line.key) != person and (photo := self._photo_of(person)) is not None:
            self._filed[item.line.key] = person
            item.filed.show_photo(photo)
