"""Adding a person, or photographs to one: who, consent, photographs from camera or files, is the face on file already.

Nothing is stored before Save; what is taken or dropped is examined at once and shows why it is refused.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from facekd_db.records import Camera, Person, Setting
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.enrol_camera import ENOUGH, CoachCamera
from facekd_ui.pages.enrol_cards import AlikeCard, PhotosCard, TurnedDownCard
from facekd_ui.pages.enrol_draft import EnrolDraft
from facekd_ui.pages.failures import explain
from facekd_ui.pages.person_form import ConsentForm, PersonForm
from facekd_ui.pages.pictures import dropped_paths, image_of, picture_filter, pictures_in
from facekd_ui.services.enrolment import Enrolled
from facekd_ui.services.errors import ConsentNeeded
from facekd_ui.services.shared import ENTRIES
from facekd_ui.shell.actions import action, button_for
from facekd_ui.theme.theme import grown
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button, Segments
from facekd_ui.widgets.cards import Card, Panel
from facekd_ui.widgets.drops import DropCard
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import Question
from facekd_ui.widgets.steps import StepBar

SIDE = 406
GOOD = 3  # photographs that are enough


class EnrolPage(QWidget):
    """One person at a time."""

    def __init__(self, context: PageContext, local: LocalSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._from_camera = False
        self._needs_consent = False
        self._asked = False
        self.setAcceptDrops(True)
        self.draft = EnrolDraft(context, self)
        self.draft.saved.connect(self._saved)
        self.draft.failed.connect(self._failed)
        self._make_actions()
        self.form, self.consent = PersonForm(), ConsentForm(context)
        self.photos, self.alike, self.turned_down = PhotosCard(), AlikeCard(), TurnedDownCard()
        self.steps = StepBar((T("Person"), T("Consent"), T("Photos"), T("Check and save")))
        self.camera = CoachCamera(context, local.now.camera)
        self.way = Segments(
            {"files": T("From files"), "camera": T("From the camera")}, T("Where photos come from")
        )
        self._lay_out()
        # Later and once: many changes come together, and a button that was pressed is replaced by what it causes.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._refresh)
        for signal in (self.form.changed, self.consent.changed, self.draft.changed):
            signal.connect(self._soon.start)
        self.photos.discarded.connect(self.draft.discard)
        self.alike.is_same.connect(self.draft.add_to)
        self.alike.is_other.connect(self.draft.say_somebody_else)
        self.camera.taken.connect(lambda shot: self.draft.take([shot], source="camera"))
        self.way.changed.connect(self._way_changed)
        self._refresh()

    # -- parts

    def _make_actions(self) -> None:
        action(self, T("Paste a picture"), self.paste, "Ctrl+V", "copy")
        self.save = action(self, T("Save"), self._save, "Ctrl+Return", "check")
        action(self, T("Discard the last picture"), self.draft.discard_last, "Backspace", "undo")
        action(self, T("Back to People"), self.leave, "Esc", "arrow-left")
        self.files = action(self, T("Add from files…"), self._choose_files, "Ctrl+O", "folder")

    def _lay_out(self) -> None:
        back = Button(T("People"), "quiet", "chevron-left", tip=T("Back to People"))
        back.clicked.connect(self.leave)
        bar = QHBoxLayout()
        bar.setSpacing(12)
        bar.addWidget(back)
        bar.addWidget(self.steps, 1)
        bar.addWidget(self.way)
        self._drop = DropCard(
            "photo",
            T("Drop photographs here"),
            T("One face in each, three or more from different days and sides recognise best."),
            button_for(self.files),
        )
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

    def _make_side(self) -> QWidget:
        self._title = Label(T("Add person"), "section")
        self._person_card, self._consent_card = Card(T("Person")), Card(T("Consent"))
        self._person_card.body.addWidget(self.form)
        self._consent_card.body.addWidget(self.consent)
        kept = T("Photos are kept encrypted, because a better recogniser needs them later.")
        self._consent_card.body.addWidget(Label(kept, "small", "text.2", wrap=True))
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
            self._consent_card,
            self.photos,
            self.alike,
            self.turned_down,
        ):
            column.addWidget(widget)
        column.addStretch()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inner)
        self._why = Label("", "small", "text.2", wrap=True)
        self._why.setAlignment(Qt.AlignmentFlag.AlignRight)
        cancel = Button(T("Cancel"))
        cancel.clicked.connect(self.leave)
        foot = QHBoxLayout()
        foot.addWidget(button_for(self.files))
        foot.addStretch()
        foot.addWidget(cancel)
        foot.addWidget(button_for(self.save, "primary"))
        below = QVBoxLayout()
        below.setContentsMargins(0, 8, 24, 20)
        below.setSpacing(8)
        below.addWidget(self._why)
        below.addLayout(foot)
        side = QWidget()
        side.setFixedWidth(grown(SIDE) + 24)
        whole = QVBoxLayout(side)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._scroll, 1)
        whole.addLayout(below)
        return side

    # -- what the shell calls

    def show_what(self, what: object) -> None:
        """A Person: more photographs of them."""
        if isinstance(what, Person):
            self._begin(what)

    def opened(self) -> None:
        """A fresh start unless something was begun."""
        if not self.draft.shots:
            self._begin(None)
        if self._from_camera:
            self.camera.start()
        self.form.name.setFocus()

    def store_found(self) -> None:
        """Save works again; what was said of the store is not true any more."""
        self.banner.hide()

    def left(self) -> None:
        """The camera is given back."""
        self.camera.stop()

    def shut_down(self) -> None:
        """The end of the session."""
        self.camera.shut_down()

    def _begin(self, person: Person | None) -> None:
        self.form.clear()
        self.consent.agreed.setChecked(False)
        self.banner.hide()
        self._title.say(T("Add person") if person is None else T("Photos of {name}", name=person.name))
        self._person_card.setVisible(person is None)
        self._consent_card.setVisible(person is None)
        self.draft.begin(person)
        self._context.ask(self._context.services.shared.all, self._settings_read, over=self)

    def _settings_read(self, found: Mapping[str, Setting | None]) -> None:
        chosen = found["consent.required"]
        self._needs_consent = bool(ENTRIES["consent.required"].default if chosen is None else chosen.value)
        self._soon.start()

    @Slot()
    def leave(self) -> None:
        """Back to the table; asks once if pictures exist."""
        count = len(self.draft.shots)
        if not count:
            self._go_back(None)
            return
        sheet = Question(
            self,
            Tn("Discard {n} photo?", "Discard {n} photos?", count),
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
        self._refresh()
        if not self._from_camera:
            self.camera.stop()
            return

        def show(found: Sequence[Camera]) -> None:
            self.camera.offer(found)
            if self._from_camera:
                self.camera.start()

        self._context.ask(self._context.services.cameras.all, show, over=self)

    # -- photographs

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and pictures are welcome everywhere on the page."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Files, folders of files, or a picture from another program."""
        if paths := dropped_paths(event.mimeData()):
            self.draft.add_files(pictures_in(paths))
        elif event.mimeData().hasImage():
            self.draft.add_image(image_of(event.mimeData().imageData()))
        event.acceptProposedAction()

    @Slot()
    def paste(self) -> None:
        """A picture or files from the clipboard."""
        data = QApplication.clipboard().mimeData()
        if paths := dropped_paths(data):
            self.draft.add_files(pictures_in(paths))
        elif data.hasImage():
            self.draft.add_image(image_of(data.imageData()))

    @Slot()
    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, str(T("Photographs of one person")), "", picture_filter()
        )
        self.draft.add_files([Path(name) for name in names])

    # -- what is shown

    @Slot()
    def _refresh(self) -> None:
        draft = self.draft
        missing = draft.missing
        self.camera.want(missing if len(draft.shots) < ENOUGH else ())
        agreed = draft.person is not None or self.consent.agreed.isChecked()
        self.camera.hold(held=self._needs_consent and not agreed)
        self.photos.show_shots(draft.shots, missing, from_camera=self._from_camera)
        self.alike.setVisible(bool(draft.shots))
        self.alike.show_alike(
            draft.alike, is_other=draft.is_somebody_else, ours=draft.own_photo, photo_of=draft.photo_of
        )
        if draft.must_decide and not self._asked:  # in a small window the question lies below the edge
            QTimer.singleShot(0, self.alike, partial(self._scroll.ensureWidgetVisible, self.alike))
        self._asked = draft.must_decide
        self.turned_down.show_refused(draft.refused)
        why = self._why_not()
        self.save.setEnabled(why is None)
        self._why.say("" if why is None else why)
        self._why.setVisible(why is not None)
        named = draft.person is not None or self.form.why_not is None
        self.steps.show_done((named, agreed, len(draft.shots) >= GOOD, False))

    def _why_not(self) -> Text | None:
        if self.draft.person is None and self.form.why_not is not None:
            return self.form.why_not
        if not self.draft.shots:
            return T("One photo is needed, three are better")
        return T("Say first whether this is somebody on file") if self.draft.must_decide else None

    # -- saving

    def _save(self) -> None:
        if self._why_not() is not None:
            return
        self.save.setEnabled(False)
        if self.draft.person is not None:
            self.draft.add_to(self.draft.person.id)
            return
        fields = self.form.fields()
        self.draft.save(fields, self.consent.consent(fields.name))

    @Slot(object)
    def _saved(self, done: Enrolled) -> None:
        person, is_new = done.person, self.draft.person is None and not self.draft.was_added
        people = self._context.services.people

        def undo() -> None:
            self._context.ask(
                lambda: people.delete(person.id, person.version),
                lambda _done: self._context.go("people", None),
            )

        words = Tn("{name}: {n} photo added", "{name}: {n} photos added", done.templates, name=person.name)
        self._context.toasts.show(words, action=(T("Undo"), undo) if is_new else None)
        self._go_back(done.person.id)

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        needs_consent = isinstance(error, ConsentNeeded)
        lead = T("A consent is needed first. Tick its box.") if needs_consent else explain(error)
        self.banner.show_message("danger", lead)
        self.banner.show()
        self._refresh()
        self._scroll.ensureWidgetVisible(self._consent_card if needs_consent else self.banner)
