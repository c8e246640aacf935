"""Putting a face of the live picture on file: as a new person, or as more photographs of somebody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from facekd_db.errors import Conflict
from facekd_db.records import PersonFields, PersonSummary
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn, current_language
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import REASONS, explain
from facekd_ui.pages.live_presence import LiveView
from facekd_ui.services.enrolment import Enrolled
from facekd_ui.services.errors import ConsentNeeded, LooksAlike, NothingUsable
from facekd_ui.services.everything import Services
from facekd_ui.services.people import GivenConsent
from facekd_ui.theme.theme import set_type
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.faces import FaceTile, to_qimage
from facekd_ui.widgets.fields import Field, FormRow, SearchField
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.sheets import WIDE, Sheet

FOUND = 30  # people shown while searching


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What the sheet was filled with."""

    fields: PersonFields
    consent: GivenConsent | None


def enrol_views(
    services: Services, views: Sequence[LiveView], person: NewPerson, *, somebody_else: bool
) -> Enrolled:
    """Examines the views and puts a new person on file. Raises as `Enrolment.enrol`."""
    shots = [services.enrolment.examine(view.image, "", view.box) for view in views]
    return services.enrolment.enrol(
        person.fields, shots, person.consent, somebody_else=somebody_else, source="camera"
    )


def add_views(services: Services, views: Sequence[LiveView], person_id: int) -> Enrolled:
    """More photographs of somebody on file. Raises as `Enrolment.add_photos`."""
    shots = [services.enrolment.examine(view.image, "", view.box) for view in views]
    return services.enrolment.add_photos(person_id, shots, somebody_else=True, source="camera")


def why_not(error: Exception) -> Text | str:
    """Why a face was not taken, with what would help."""
    if isinstance(error, NothingUsable):
        reasons = {reason: None for shot in error.refused for reason in shot.reasons[:1]}
        words = ", ".join(str(REASONS[reason]) for reason in reasons) or "-"
        return T("No view of this face is good enough yet: {reasons}. Wait for a better one.", reasons=words)
    return explain(error)


class EnrolSheet(Sheet):
    """Asks who it is, and puts the face on file. `enrolled` carries Enrolled, `merge` the id of who it already is."""

    enrolled = Signal(object)
    merge = Signal(int)

    def __init__(self, parent: QWidget, context: PageContext, seen: Callable[[], Sequence[LiveView]]) -> None:
        """`seen`: the good views there are by now; whoever is asked to wait for a better one gets it."""
        super().__init__(parent, T("Enrol this face"), WIDE)
        self._context, self._seen = context, seen
        self.views = tuple(seen())
        self._wants_better = False
        self._consent_text = ""
        self.body.addWidget(Label(T("Enrol this face"), "section"))
        self.body.setSpacing(12)
        self._pictures, self._count = QHBoxLayout(), Label("", "small", "text.2")
        self._pictures.setSpacing(6)
        self.body.addLayout(self._pictures)
        self._show_views()
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.body.addWidget(self.banner)
        self.name, self.code, self.department = Field(), Field(), Field()
        self._name_row = FormRow(T("Name"), self.name, check=_name_fault)
        self._code_row = FormRow(T("Code"), self.code, optional=True)
        self.body.addWidget(self._name_row)
        pair = QHBoxLayout()
        pair.setSpacing(12)
        pair.addWidget(self._code_row)
        pair.addWidget(FormRow(T("Department"), self.department, optional=True))
        self.body.addLayout(pair)
        self.body.addSpacing(4)
        self.agreed = QCheckBox()
        set_type(self.agreed, "body")
        say(self.agreed, T("This person has read the text and agrees to be recognised"))
        self._text = Label("", "small", "text.2", wrap=True)
        self.body.addWidget(self.agreed)
        self.body.addWidget(self._text)
        self.body.addSpacing(8)
        self.body.addLayout(self._foot())
        self.name.returnPressed.connect(self.save)
        self.name.setFocus()
        language = current_language()
        context.ask(lambda: context.services.shared.consent_text(language), self._show_consent, over=self)

    def _show_views(self) -> None:
        while (item := self._pictures.takeAt(0)) is not None:
            widget = item.widget()
            if isinstance(widget, FaceTile):
                widget.deleteLater()
        for view in self.views:
            tile = FaceTile(56, T("Seen"))
            x1, y1, x2, y2 = (round(value) for value in view.box)
            tile.show_photo(QPixmap.fromImage(to_qimage(view.image).copy(x1, y1, x2 - x1, y2 - y1)))
            self._pictures.addWidget(tile)
        self._pictures.addSpacing(6)
        count = len(self.views)
        self._count.say(Tn("{n} view from this camera", "{n} views from this camera", count))
        self._pictures.addWidget(self._count, 1)

    def _foot(self) -> QHBoxLayout:
        cancel = Button(T("Cancel"))
        cancel.clicked.connect(self.reject)
        self.save_button = Button(T("Enrol"), "primary", "add-person")
        self.save_button.clicked.connect(self.save)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch()
        foot.addWidget(cancel)
        foot.addWidget(self.save_button)
        return foot

    def _show_consent(self, text: str) -> None:
        self._consent_text = text
        first = next((part for part in text.split("\n\n") if part.strip()), "")
        self._text.say(" ".join(first.split()))
        self.adjustSize()

    def save(self, *, somebody_else: bool = False) -> None:
        """Puts the face on file."""
        if not self._name_row.validate():
            self.name.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if self._wants_better:
            self.views = tuple(self._seen()) or self.views  # none: whoever it is has left
            self._show_views()
        name = self.name.text().strip()
        consent = None
        if self.agreed.isChecked() and self._consent_text:
            consent = GivenConsent(current_language(), self._consent_text, name, datetime.now(UTC))
        fields = PersonFields(
            name, code=self.code.text().strip() or None, department=self.department.text().strip()
        )
        person, views = NewPerson(fields, consent), self.views
        self.save_button.setEnabled(False)
        self.banner.hide()
        self._context.work.run(
            lambda _p: enrol_views(self._context.services, views, person, somebody_else=somebody_else),
            self._saved,
            self._failed,
            over=self.frame,
            title=T("Enrolling {name}", name=name),
            cancelled=lambda: self.save_button.setEnabled(True),
        )

    def _saved(self, enrolled: Enrolled) -> None:
        self.enrolled.emit(enrolled)
        self.accept()

    def _failed(self, error: Exception) -> None:
        self.save_button.setEnabled(True)
        match error:
            case LooksAlike():
                first = error.alike[0]
                same = (T("Same person, add the views"), lambda: self._is(first.person_id))
                other = (T("Someone else, go on"), lambda: self.save(somebody_else=True))
                lead = T("This looks like {names}, already on file.", names=first.name)
                self.banner.show_message("danger", lead, "", [same, other])
                self.banner.show()
            case ConsentNeeded():
                self._warn(
                    T("This organisation enrols nobody without consent. Tick the box once it was given.")
                )
            case Conflict():
                self._code_row.set_error(T("Somebody else has this code."))
            case NothingUsable():
                self._wants_better = True
                self._warn(why_not(error))
            case _:
                self._warn(explain(error))
        self.adjustSize()

    def _warn(self, words: Text | str) -> None:
        self.banner.show_message("warning", words, "", [])
        self.banner.show()

    def _is(self, person_id: int) -> None:
        self.merge.emit(person_id)
        self.accept()


ADDS_VIEWS = (
    T("Who is this?"),
    T("The views are added to this person's photographs."),
    T("Add the views"),
)


class PickSheet(Sheet):
    """Asks which person on file a face, or another record, is. `picked` carries the id.

    `words`: the question, what becomes of the answer, and the word on the button.
    """

    picked = Signal(int)

    def __init__(
        self, parent: QWidget, context: PageContext, words: tuple[Text, Text, Text] = ADDS_VIEWS
    ) -> None:
        question, consequence, verb = words
        super().__init__(parent, question)
        self._context = context
        self._search = SearchField(T("Name, code or department"), key="")
        self._search.searched.connect(self._look)
        self._people = QListWidget()
        self._people.setMinimumHeight(260)
        set_type(self._people, "body")
        say(self._people, T("People on file"), "accessibleName")
        self._people.itemActivated.connect(self._take)
        self._people.currentItemChanged.connect(self._chosen)
        self._nobody = Label(T("Nobody matches."), "body", "text.2")
        self._nobody.hide()
        cancel = Button(T("Cancel"))
        cancel.clicked.connect(self.reject)
        self._add = Button(verb, "primary")
        self._add.setEnabled(False)
        self._add.clicked.connect(lambda: self._take(self._people.currentItem()))
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch()
        foot.addWidget(cancel)
        foot.addWidget(self._add)
        self.body.addWidget(Label(question, "section", wrap=True))
        self.body.addWidget(Label(consequence, "body", "text.2", wrap=True))
        self.body.addWidget(self._search)
        self.body.addWidget(self._people)
        self.body.addWidget(self._nobody)
        self.body.addSpacing(8)
        self.body.addLayout(foot)
        self._search.setFocus()
        self._look("")

    def _look(self, text: str) -> None:
        people = self._context.services.people
        self._context.ask(lambda: people.page(text, limit=FOUND), self._show, over=self, replaces="live pick")

    def _show(self, people: Sequence[PersonSummary]) -> None:
        self._people.clear()
        for summary in people:
            code = summary.person.fields.code
            words = f"{summary.person.name}  ·  {code}" if code else summary.person.name
            item = QListWidgetItem(words)
            item.setData(Qt.ItemDataRole.UserRole, summary.person.id)
            self._people.addItem(item)
        self._nobody.setVisible(not people)
        if people:
            self._people.setCurrentRow(0)

    def _chosen(self, item: QListWidgetItem | None) -> None:
        self._add.setEnabled(item is not None)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.picked.emit(int(item.data(Qt.ItemDataRole.UserRole)))
            self.accept()


def _name_fault(text: str) -> Text | None:
    return None if text.strip() else T("Expected a name; write who this is.")
