"""Adding a person, or photographs to one: who, consent, photographs from camera or files, is the face on file already.

Nothing is stored before Save; what is taken or dropped is examined at once and shows why it is refused.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facekd.types import Image
from facekd_db.records import Camera, Person
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.pages.enrol_camera import ENOUGH, VIEW_WORDS, CoachCamera
from facekd_ui.pages.failures import REASONS, explain
from facekd_ui.pages.person_form import ConsentForm, PersonForm
from facekd_ui.pages.pictures import image_of, picture_filter, pictures_in
from facekd_ui.services.enrolment import Enrolled
from facekd_ui.services.errors import ConsentNeeded, LooksAlike, NothingUsable
from facekd_ui.services.examination import Alike, Shot, View, views_of
from facekd_ui.shell.actions import action, button_for
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, IconButton, Segments
from facekd_ui.widgets.cards import Card, Panel
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.labels import IconLabel, Label
from facekd_ui.widgets.sheets import Question

SIDE = 406


class EnrolPage(QWidget):
    """One person at a time."""

    def __init__(self, context: PageContext, local: LocalSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._local = context, local
        self._person: Person | None = None
        self.shots: list[Shot] = []
        self.refused: Counter[str] = Counter()
        self._alike: tuple[Alike, ...] = ()
        self._somebody_else = False
        self.setAcceptDrops(True)
        action(self, T("Paste a picture"), self.paste, "Ctrl+V", "copy")
        self.save = action(self, T("Save"), self._save, "Ctrl+Return", "check")
        action(self, T("Discard the last picture"), self._discard_last, "Backspace", "undo")
        action(self, T("Back to People"), self.leave, "Esc", "arrow-left")
        self.files = action(self, T("Add from files…"), self._choose_files, "Ctrl+O", "folder")
        self.form = PersonForm()
        self.form.changed.connect(self._refresh)
        self.consent = ConsentForm(context)
        self.consent.changed.connect(self._refresh)
        self.camera = CoachCamera(context, local.now.camera)
        self.camera.taken.connect(lambda shot: self._take([shot], source="camera"))
        self._from_camera = False
        self._source = "file"
        self.way = Segments(
            {"files": T("From files"), "camera": T("From the camera")}, T("Where photos come from")
        )
        self.way.changed.connect(self._way_changed)
        self._lay_out()
        self._refresh()

    # -- parts

    def _lay_out(self) -> None:
        back = Button(T("People"), "quiet", "chevron-left")
        back.clicked.connect(self.leave)
        bar = QHBoxLayout()
        bar.setSpacing(12)
        bar.addWidget(back)
        bar.addWidget(self.way)
        bar.addStretch()
        self._drop = self._make_drop()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._drop)
        self._stack.addWidget(self.camera)
        left = QVBoxLayout()
        left.setContentsMargins(24, 16, 24, 20)
        left.setSpacing(16)
        left.addLayout(bar)
        left.addWidget(self._stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self._make_side())

    def _make_drop(self) -> QWidget:
        card = Card()
        column = card.body
        column.addStretch(2)
        column.addWidget(IconLabel("photo", "text.2", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        lead = Label(T("Drop photographs here"), "section")
        lead.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        rest = Label(
            T("One face in each, three or more from different days and sides recognise best."),
            "body",
            "text.2",
            wrap=True,
        )
        rest.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(lead)
        column.addWidget(rest)
        column.addSpacing(8)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(button_for(self.files))
        buttons.addStretch()
        column.addLayout(buttons)
        column.addStretch(3)
        return card

    def _make_side(self) -> QWidget:
        self._title = Label(T("Add person"), "section")
        self._person_card, self._consent_card = Card(T("Person")), Card(T("Consent"))
        self._person_card.body.addWidget(self.form)
        self._consent_card.body.addWidget(self.consent)
        kept = T("Photos are kept encrypted, because a better recogniser needs them later.")
        self._consent_card.body.addWidget(Label(kept, "small", "text.2", wrap=True))
        self._views_count = Label("", "small", "text.2")
        views = Card(T("Photos"), self._views_count)
        self._strip = QHBoxLayout()
        self._strip.setSpacing(8)
        views.body.addLayout(self._strip)
        self._views_help = Label("", "small", "text.2", wrap=True)
        views.body.addWidget(self._views_help)
        self._alike_card = Card(T("Already on file?"))
        self._alike_words = Label("", "body", wrap=True)
        self._alike_card.body.addWidget(self._alike_words)
        self._alike_buttons = QVBoxLayout()
        self._alike_card.body.addLayout(self._alike_buttons)
        self._turned_count = Label("", "small", "text.2")
        self._turned = Card(T("Turned down"), self._turned_count)
        self._turned_rows = QVBoxLayout()
        self._turned.body.addLayout(self._turned_rows)
        self.banner = Banner("danger", "")
        self.banner.hide()
        inner = Panel("page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 20, 24, 12)
        column.setSpacing(12)
        for widget in (
            self._title,
            self.banner,
            self._person_card,
            views,
            self._alike_card,
            self._turned,
            self._consent_card,
        ):
            column.addWidget(widget)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self._why = Label("", "small", "text.2", wrap=True)
        self._why.setAlignment(Qt.AlignmentFlag.AlignRight)
        cancel = Button(T("Cancel"))
        cancel.clicked.connect(self.leave)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 0, 24, 20)
        foot.addWidget(button_for(self.files))
        foot.addStretch()
        foot.addWidget(cancel)
        foot.addWidget(button_for(self.save, "primary"))
        side = QWidget()
        side.setFixedWidth(SIDE + 24)
        whole = QVBoxLayout(side)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll, 1)
        why = QHBoxLayout()
        why.setContentsMargins(0, 0, 24, 0)
        why.addWidget(self._why)
        whole.addLayout(why)
        whole.addLayout(foot)
        return side

    # -- what the shell calls

    def show_what(self, what: object) -> None:
        """A Person: more photographs of them."""
        if isinstance(what, Person):
            self._begin(what)

    def opened(self) -> None:
        """A fresh start unless something was begun."""
        if not self.shots:
            self._begin(None)
        if self._from_camera:
            self.camera.start()
        self.form.name.setFocus()

    def left(self) -> None:
        """The camera is given back."""
        self.camera.stop()

    def shut_down(self) -> None:
        """The end of the session."""
        self.camera.stop()

    def _begin(self, person: Person | None) -> None:
        self._person = person
        self.shots, self.refused = [], Counter()
        self._alike, self._somebody_else = (), False
        self.form.clear()
        self.consent.agreed.setChecked(False)
        self.banner.hide()
        self._title.say(T("Add person") if person is None else T("Photos of {name}", name=person.name))
        self._person_card.setVisible(person is None)
        self._consent_card.setVisible(person is None)
        self._refresh()

    @Slot()
    def leave(self) -> None:
        """Back to the table; asks once if pictures exist."""
        if not self.shots:
            self._go_back(None)
            return
        sheet = Question(
            self,
            T("Discard {n} photos?", n=len(self.shots)),
            T("Nothing was stored yet."),
            T("Discard"),
        )
        sheet.accepted.connect(partial(self._go_back, None))
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def _go_back(self, person_id: int | None) -> None:
        self._begin(None)
        self._context.go("people", person_id)

    @Slot(str)
    def _way_changed(self, way: str) -> None:
        self._from_camera = way == "camera"
        self._stack.setCurrentWidget(self.camera if self._from_camera else self._drop)
        if not self._from_camera:
            self.camera.stop()
            return
        cameras = self._context.services.cameras

        def show(found: Sequence[Camera]) -> None:
            self.camera.offer(found)
            if self._from_camera:
                self.camera.start()

        self._context.ask(cameras.all, show)

    # -- photographs

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and pictures are welcome everywhere on the page."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Files, folders of files, or a picture from another program."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.add_files(pictures_in(paths))
        elif event.mimeData().hasImage():
            self._examine_image(image_of(event.mimeData().imageData()))
        event.acceptProposedAction()

    @Slot()
    def paste(self) -> None:
        """A picture or files from the clipboard."""
        data = QApplication.clipboard().mimeData()
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            self.add_files(pictures_in(paths))
        elif data.hasImage():
            self._examine_image(image_of(data.imageData()))

    @Slot()
    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, str(T("Photographs of one person")), "", picture_filter()
        )
        if names:
            self.add_files([Path(name) for name in names])

    def add_files(self, files: Sequence[Path]) -> None:
        """Examines photographs; progress with Cancel when it takes longer."""
        if not files:
            return
        enrolment = self._context.services.enrolment
        self._context.work.run(
            lambda progress: enrolment.examine_files(files, Told(progress)),
            lambda shots: self._take(shots, source="file"),
            self._failed,
            over=self,
            title=T("Looking at photographs"),
        )

    def _examine_image(self, image: Image | None) -> None:
        if image is not None:
            enrolment = self._context.services.enrolment
            self._context.work.run(
                lambda _progress: [enrolment.examine(image)],
                lambda shots: self._take(shots, source="file"),
                self._failed,
                over=self,
            )

    def _take(self, shots: Sequence[Shot], *, source: str) -> None:
        self._source = source
        for shot in shots:
            if shot.usable:
                self.shots.append(shot)
            elif shot.reasons:
                self.refused[str(REASONS[shot.reasons[0]])] += 1
        self._refresh()
        self._compare()

    def _compare(self) -> None:
        if not self.shots:
            self._alike = ()
            self._refresh()
            return
        enrolment, shots = self._context.services.enrolment, tuple(self.shots)
        own = self._person.id if self._person is not None else None

        def show(alike: tuple[Alike, ...]) -> None:
            self._alike = alike
            self._refresh()

        self._context.work.run(
            lambda _progress: enrolment.alike(shots, own), show, self._failed, replaces="alike"
        )

    @Slot()
    def _discard_last(self) -> None:
        if self.shots:
            self._discard(len(self.shots) - 1)

    def _discard(self, place: int) -> None:
        del self.shots[place]
        self._refresh()
        self._compare()

    # -- what is shown

    @Slot()
    def _refresh(self) -> None:
        self._show_strip()
        self._show_alike()
        self._show_turned_down()
        covered = views_of(self.shots)
        missing = [view for view in View if view not in covered]
        self.camera.want(missing if len(self.shots) < ENOUGH else ())
        why = self._why_not()
        self.save.setEnabled(why is None)
        self._why.say("" if why is None else why)

    def _why_not(self) -> Text | None:
        if self._person is None and self.form.why_not is not None:
            return self.form.why_not
        if not self.shots:
            return T("One photo is needed, three are better")
        if any(each.sure for each in self._alike) and not self._somebody_else:
            return T("Say first whether this is somebody on file")
        return None

    def _show_strip(self) -> None:
        _clear(self._strip)
        for place, shot in enumerate(self.shots[-ENOUGH:]):
            cell = QVBoxLayout()
            cell.setSpacing(2)
            tile = FaceTile(60, T("Photo {n}", n=place + 1))
            if shot.crop is not None:
                tile.show_photo(QPixmap.fromImage(to_qimage(shot.crop, rgb=True)))
            cell.addWidget(tile)
            view = shot.view
            foot = QHBoxLayout()
            foot.addWidget(Label(VIEW_WORDS[view] if view is not None else "", "tiny", "text.2"))
            remove = IconButton("close", T("Discard this photo"))
            remove.setFixedSize(20, 20)
            index = max(0, len(self.shots) - ENOUGH) + place
            remove.clicked.connect(partial(self._discard, index))
            foot.addWidget(remove)
            cell.addLayout(foot)
            holder = QWidget()
            cell.setContentsMargins(0, 0, 0, 0)
            holder.setLayout(cell)
            self._strip.addWidget(holder)
        if not self.shots:
            for _ in range(3):
                tile = FaceTile(60)
                tile.show_place("photo")
                self._strip.addWidget(tile)
        self._strip.addStretch()
        self._views_count.say(Tn("{n} photo", "{n} photos", len(self.shots)))
        self._views_help.say(T("Three views are enough to save. Five recognise better from the side."))

    def _show_alike(self) -> None:
        _clear(self._alike_buttons)
        self._alike_card.setVisible(bool(self.shots))
        sure = [each for each in self._alike if each.sure]
        if not self._alike:
            self._alike_words.say(T("No one on file looks like this."))
        elif not sure:
            names = ", ".join(each.name for each in self._alike[:3])
            self._alike_words.say(
                T("A little like {names}. FaceKD says “uncertain” where it cannot tell.", names=names)
            )
        else:
            self._alike_words.say(T("This looks like {name}, already on file.", name=sure[0].name))
            same = Button(T("Same person, add the photos to {name}", name=sure[0].name))
            same.clicked.connect(partial(self._add_to, sure[0].person_id))
            other = Button(T("Someone else, go on"))
            other.setCheckable(True)
            other.setChecked(self._somebody_else)
            other.toggled.connect(self._say_somebody_else)
            self._alike_buttons.addWidget(same)
            self._alike_buttons.addWidget(other)

    def _say_somebody_else(self, on: bool) -> None:
        self._somebody_else = on
        self._refresh()

    def _show_turned_down(self) -> None:
        _clear(self._turned_rows)
        self._turned.setVisible(bool(self.refused))
        total = sum(self.refused.values())
        self._turned_count.say(Tn("{n} picture", "{n} pictures", total))
        for reason, count in self.refused.most_common():
            holder = QWidget()
            row = QHBoxLayout(holder)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(IconLabel("close", "text.2", 14))
            row.addWidget(Label(reason), 1)
            row.addWidget(Label(str(count), "small", "text.2"))
            self._turned_rows.addWidget(holder)

    # -- saving

    def _save(self) -> None:
        if self._why_not() is not None:
            return
        if self._person is not None:
            self._add_to(self._person.id)
            return
        fields = self.form.fields()
        consent = self.consent.consent(fields.name)
        shots, else_, source = tuple(self.shots), self._somebody_else, self._source
        enrolment = self._context.services.enrolment
        self.save.setEnabled(False)
        self._context.work.run(
            lambda _progress: enrolment.enrol(fields, shots, consent, somebody_else=else_, source=source),
            self._saved,
            self._failed,
            over=self,
            title=T("Saving"),
        )

    def _add_to(self, person_id: int) -> None:
        shots, source = tuple(self.shots), self._source
        enrolment = self._context.services.enrolment
        self._context.work.run(
            lambda _progress: enrolment.add_photos(
                person_id, shots, somebody_else=self._somebody_else, source=source
            ),
            self._saved,
            self._failed,
            over=self,
            title=T("Saving"),
        )

    def _saved(self, done: Enrolled) -> None:
        words = Tn(
            "{name}: {n} photo added", "{name}: {n} photos added", done.templates, name=done.person.name
        )
        self._context.toasts.show(words)
        self._go_back(done.person.id)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, LooksAlike):
            self._alike = error.alike
        elif isinstance(error, NothingUsable):
            for shot in error.refused:
                self.refused[str(REASONS[shot.reasons[0]])] += 1
        lead = (
            T("A consent is needed first. Tick the box below.")
            if isinstance(error, ConsentNeeded)
            else explain(error)
        )
        self.banner.show_message("danger", lead)
        self.banner.show()
        self._refresh()


def _clear(layout: QHBoxLayout | QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (old := item.widget()) is not None:
            old.hide()
            old.deleteLater()
