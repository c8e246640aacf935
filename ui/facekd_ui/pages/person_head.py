"""The top of a person's panel: photograph, name, whether they are recognised, and whom they resemble."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from facekd_ui.i18n.formats import date
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.person_tabs import pixmap
from facekd_ui.services.merging import Lookalike
from facekd_ui.services.people import PersonFile
from facekd_ui.tables.people import as_moment, now
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import IconButton
from facekd_ui.widgets.faces import FaceTile
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, Label


def head(file: PersonFile, close: Callable[[], object]) -> QHBoxLayout:
    """Photograph, name, code and department, one true sentence, and the cross."""
    person = file.person
    photo = FaceTile(88, person.name)
    if file.photos:
        photo.show_photo(pixmap(file.photos[0]))
    else:
        photo.show_place("person")
    words = QVBoxLayout()
    words.setSpacing(4)
    words.addWidget(ElidedLabel(person.name, "heading"))
    below = ", ".join(part for part in (person.fields.code, person.fields.department) if part)
    if below:
        words.addWidget(ElidedLabel(below, "body", "text.2"))
    icon, token, sentence = state_of(file)
    state = QHBoxLayout()
    state.setSpacing(8)
    state.addWidget(IconLabel(icon, token, 16), 0, Qt.AlignmentFlag.AlignTop)
    state.addWidget(Label(sentence, "body", wrap=True), 1)
    words.addLayout(state)
    words.addStretch()
    cross = IconButton("close", T("Close"))
    cross.clicked.connect(lambda: close())
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addWidget(photo, 0, Qt.AlignmentFlag.AlignTop)
    row.addLayout(words, 1)
    row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
    return row


def alike_banner(alike: Lookalike, show: Callable[[], object]) -> Banner:
    """Whom the person resembles, and what follows from it."""
    banner = Banner(
        "warning",
        T("Looks like {name}.", name=alike.name),
        T("When the two are hard to tell apart, FaceKD says “uncertain” instead of guessing."),
        ((T("Show"), show),),
    )
    if alike.photo is not None:
        photo = QPixmap()
        photo.loadFromData(alike.photo)
        tile = FaceTile(36, alike.name)
        tile.show_photo(photo)
        banner.add_widget(tile)
    return banner


def state_of(file: PersonFile) -> tuple[str, str, Text]:
    """Icon, ink and one true sentence on whether the person is recognised."""
    person = file.person
    if person.deleted_at is not None:
        until = person.erase_after or person.deleted_at
        day = date(until.astimezone())
        if file.merged_into is not None:
            return (
                "merge",
                "text.2",
                T("Part of {name}; on file until {day}", name=file.merged_into.kept, day=day),
            )
        return "trash", "danger", T("Deleted; erased for good on {day}", day=day)
    if not file.templates:
        own = [each for each in file.consents if each.purpose == "recognition"]
        withdrawn = [each.withdrawn_at for each in own if each.withdrawn_at is not None]
        if withdrawn and len(withdrawn) == len(own):
            day = date(withdrawn[-1].astimezone())
            return "minus", "text.2", T("Not recognised: consent withdrawn on {day}", day=day)
        return "minus", "text.2", T("Not recognised: no photos")
    today = now().date()
    first, last = person.fields.valid_from, person.fields.valid_until
    if last is not None and last < today:
        return "minus", "text.2", T("Not recognised: valid until {day}", day=date(as_moment(last)))
    if first is not None and first > today:
        return "clock", "text.2", T("Recognised from {day}", day=date(as_moment(first)))
    if last is not None:
        return "state-known", "known", T("Recognised until {day}", day=date(as_moment(last)))
    return "state-known", "known", T("Recognised")
