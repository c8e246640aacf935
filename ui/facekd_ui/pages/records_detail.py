"""One record beside the table: what was seen, who it is said to be, and why."""

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout

from facekd_db.records import Event
from facekd_ui.i18n.formats import clock, date
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.curves import likeness_chart
from facekd_ui.services.closeness import Kind, percent
from facekd_ui.services.records import Why
from facekd_ui.shell.actions import button_for
from facekd_ui.tables.records import name_of, stayed, sureness, where_and_when
from facekd_ui.widgets.badges import StateGlyph
from facekd_ui.widgets.buttons import IconButton
from facekd_ui.widgets.cards import Card, Facts, Panel
from facekd_ui.widgets.chart import ThresholdChart
from facekd_ui.widgets.faces import FaceTile
from facekd_ui.widgets.labels import ElidedLabel, Label

_WHY: dict[Kind, Text] = {
    Kind.CLOSER: T("Enough for a name."),
    Kind.EVERY: T("Enough for a name."),
    Kind.WEAK: T("Somebody should look: the name is a guess."),
    Kind.NONE: T("Nobody on file comes near this face."),
}


class RecordDetail(Panel):
    """The panel at the right. Its buttons are the page's actions."""

    closed = Signal()

    def __init__(self, open_person: QAction, not_this: QAction, side: int = 164) -> None:
        super().__init__("bg")
        self._glyph = StateGlyph("unknown", 18)
        self._name = ElidedLabel("", "heading")
        self._when = Label("", "body", "text.2", wrap=True)
        cross = IconButton("close", T("Close"))
        cross.clicked.connect(self.closed)
        self._open = button_for(open_person)
        self._not = button_for(not_this)
        self.seen, self.filed = FaceTile(side, T("Seen")), FaceTile(side, T("On file"))
        self._seen_words, self._filed_words = Label("", "small", "text.2"), Label("", "small", "text.2")
        self._why = Card()
        self._heading = Label("", "strong")
        self._why.body.addWidget(self._heading)
        self._sure = Label("", "body", wrap=True)
        self._rest = Label("", "small", "text.2", wrap=True)
        self._next = Label("", "small", "text.2", wrap=True)
        self.chart: ThresholdChart | None = None
        self._why.body.addWidget(self._sure)
        self._why.body.addWidget(self._rest)
        self._why.body.addWidget(self._next)
        self._facts = Facts()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._glyph)
        head.addWidget(self._name, 1)
        head.addWidget(cross)
        photos = QHBoxLayout()
        photos.setSpacing(12)
        for tile, words in ((self.seen, self._seen_words), (self.filed, self._filed_words)):
            column = QVBoxLayout()
            column.setSpacing(6)
            column.addWidget(tile)
            column.addWidget(words)
            photos.addLayout(column)
        photos.addStretch()
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._open)
        foot.addStretch()
        foot.addWidget(self._not)
        inner = Panel("bg")
        middle = QVBoxLayout(inner)
        middle.setContentsMargins(22, 0, 18, 0)
        middle.setSpacing(12)
        middle.addWidget(self._when)
        middle.addLayout(photos)
        middle.addWidget(self._why)
        middle.addWidget(self._facts)
        middle.addStretch()
        scroll = QScrollArea()  # large text in a small window
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        head.setContentsMargins(22, 0, 18, 0)
        foot.setContentsMargins(22, 0, 18, 0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 18, 0, 20)
        whole.setSpacing(12)
        whole.addLayout(head)
        whole.addWidget(scroll, 1)
        whole.addLayout(foot)
        for act, button in ((open_person, self._open), (not_this, self._not)):
            act.enabledChanged.connect(button.setVisible)

    @property
    def name(self) -> str:
        """Who it is said to be."""
        return self._name.text()

    @property
    def why(self) -> str:
        """How sure, in words."""
        return self._sure.text()

    def show_event(self, event: Event, now: datetime) -> None:
        """Another record; its pictures come later."""
        self._glyph.show_state(event.state)
        self._name.say(name_of(event))
        self._when.say(where_and_when(event, now))
        self.seen.show_place("photo")
        self.filed.show_place("person")
        n = event.sightings
        self._seen_words.say(Tn("Seen, best of {n} sighting", "Seen, best of {n} sightings", n))
        named = event.person_id is not None
        for widget in (self.filed, self._filed_words):
            widget.setVisible(named)
        self._filed_words.say(T("On file"))
        self.show_why(event, None)
        self._heading.say(T("Why no name") if event.person is None else T("Why this name"))
        sure = sureness(event)
        self._sure.say(sure.words())
        self._sure.setVisible(event.state != "erased")  # what was known of them went with them
        self._rest.say(
            T("This person was erased. The event remains without a name.")
            if event.person is None and event.state != "unknown"
            else _WHY[sure.kind]
        )
        first, last = event.at.astimezone(), event.last_at.astimezone()
        rows: list[tuple[Text, Text | str]] = [
            (T("Date"), date(first)),
            (T("First seen"), clock(first, seconds=True)),
            (T("Last seen"), clock(last, seconds=True)),
            (T("Stayed"), stayed(event)),
            (T("Camera"), event.camera),
        ]
        self._facts.show_rows(rows)

    def show_why(self, event: Event, why: Why | None, *, cosine: bool = False) -> None:
        """What the name rests on; None while that is not known.

        Args:
            event: the record that is shown.
            cosine: puts the figures into the chart's tooltip, for engineers.
        """
        if self.chart is not None:
            self._why.body.removeWidget(self.chart)
            self.chart.hide()
            self.chart.deleteLater()
            self.chart = None
        self._next.setVisible(why is not None and why.nearest is not None)
        if why is None:
            return
        self.chart = likeness_chart(
            why.strangers,
            why.same_people,
            why.line,
            (why.score, T("this sighting")),
            height=160,
            cosine=cosine,
        )
        self._why.body.insertWidget(3, self.chart)
        if why.needs.kind is Kind.CLOSER and event.person is not None:
            self._rest.say(T("A name needs {share}.", share=percent(why.needs.share)))
        if why.nearest is not None:
            share = percent(why.nearness.share)
            self._next.say(
                T("Next nearest: {name}, closer than {share} of strangers.", name=why.nearest, share=share)
                if event.person is not None
                else T(
                    "Nearest on file: {name}, closer than {share} of strangers.",
                    name=why.nearest,
                    share=share,
                )
            )

    def show_seen(self, picture: QPixmap | None) -> None:
        """The crop of the sighting."""
        if picture is not None:
            self.seen.show_photo(picture)
        else:
            self.seen.show_place("photo")
            self._seen_words.say(T("No picture is kept any more"))

    def show_filed(self, photo: QPixmap | None) -> None:
        """The first photograph on file."""
        if photo is not None:
            self.filed.show_photo(photo)
        self._filed_words.setAlignment(Qt.AlignmentFlag.AlignLeft)
