"""The four tabs of a person's panel: photographs with facts, records, changes, consent."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from facekd_db.records import Crop
from facekd_ui.i18n.formats import date, moment
from facekd_ui.i18n.text import T, Text, Tn, listed
from facekd_ui.services.examination import Clarity
from facekd_ui.services.people import PersonFile
from facekd_ui.services.words import act_words, detail_words
from facekd_ui.tables.people import as_moment, now
from facekd_ui.widgets.badges import StateBadge
from facekd_ui.widgets.buttons import Button, IconButton
from facekd_ui.widgets.cards import key_values
from facekd_ui.widgets.faces import FaceTile
from facekd_ui.widgets.labels import ElidedLabel, Label

LATEST = 3
PHOTO, IN_A_ROW = 72, 5
KEY_WIDTH = 112
SOURCES: dict[str, Text] = {"camera": T("camera"), "file": T("file")}
CLARITY: dict[Clarity, Text] = {
    Clarity.VERY_CLEAR: T("very clear"),
    Clarity.CLEAR: T("clear"),
    Clarity.FAIR: T("fair"),
}


def photos_tab(
    file: PersonFile, remove: Callable[[int], object] | None, all_records: Callable[[], object]
) -> QWidget:
    """Photographs, facts, and the latest records. `remove(crop id)` None: nobody may."""
    tab, column = _tab()
    column.addLayout(_photos(file, remove))
    column.addLayout(key_values(_facts(file), KEY_WIDTH))
    head = QHBoxLayout()
    head.addWidget(Label(T("Latest records"), "strong"))
    head.addStretch()
    if file.events > LATEST:
        more = Button(T("All {n}", n=file.events), "link")
        more.clicked.connect(all_records)
        head.addWidget(more)
    column.addLayout(head)
    _add_records(column, file, LATEST)
    column.addStretch(1)
    return tab


def records_tab(file: PersonFile) -> QWidget:
    """The latest records."""
    tab, column = _tab()
    _add_records(column, file, len(file.latest))
    if file.events > len(file.latest):
        column.addWidget(
            Label(T("The latest {n} of {all}.", n=len(file.latest), all=file.events), "small", "text.2")
        )
    column.addStretch(1)
    return tab


def changes_tab(file: PersonFile) -> QWidget:
    """Who did what, newest first."""
    tab, column = _tab()
    for row in file.changes:
        line = QVBoxLayout()
        line.setSpacing(1)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(ElidedLabel(act_words(row.act), "body"), 1)
        head.addWidget(Label(moment(row.at.astimezone(), now()), "small", "text.2"))
        line.addLayout(head)
        below = [part for part in (row.operator, detail_words(row.detail)) if part]
        line.addWidget(ElidedLabel(", ".join(below), "small", "text.2"))
        column.addLayout(line)
    if not file.changes:
        column.addWidget(Label(T("Nothing was changed yet."), "body", "text.2"))
    column.addStretch(1)
    return tab


PURPOSES: dict[str, Text] = {"recognition": T("recognition"), "training": T("training")}
"""What a consent is for."""


def consent_tab(file: PersonFile) -> QWidget:
    """Every consent, newest first, those that were withdrawn too."""
    tab, column = _tab()
    for each in reversed(file.consents):
        given: list[tuple[Text, Text | str]] = [
            (T("Given"), date(each.given_at.astimezone())),
            (T("To"), PURPOSES.get(each.purpose, each.purpose)),
            (T("By"), each.given_by),
            (T("Text"), str(each.text_id)),
        ]
        if each.withdrawn_at is not None:
            given.append((T("Withdrawn"), date(each.withdrawn_at.astimezone())))
        column.addLayout(key_values(given, KEY_WIDTH))
        column.addSpacing(6)
    if not file.consents:
        column.addWidget(Label(T("Nobody has recorded a consent yet."), "body", "text.2", wrap=True))
    column.addStretch(1)
    return tab


def pixmap(crop: Crop) -> QPixmap:
    """The picture of a stored photograph; an empty one when it is none."""
    result = QPixmap()
    result.loadFromData(crop.image)
    return result


def _tab() -> tuple[QWidget, QVBoxLayout]:
    tab = QWidget()
    column = QVBoxLayout(tab)
    column.setContentsMargins(0, 14, 0, 0)
    column.setSpacing(10)
    return tab, column


def _photos(file: PersonFile, remove: Callable[[int], object] | None) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(10)
    for place, crop in enumerate(file.photos):
        cell = QVBoxLayout()
        cell.setSpacing(1)
        tile = FaceTile(PHOTO, T("Photo {n}", n=place + 1))
        tile.show_photo(pixmap(crop))
        cell.addWidget(tile)
        foot = QHBoxLayout()
        foot.setSpacing(0)
        foot.addWidget(ElidedLabel(SOURCES.get(crop.source, crop.source), "tiny"), 1)
        if remove is not None:
            bin_ = IconButton("trash", T("Remove photo {n}", n=place + 1))
            bin_.setFixedSize(20, 20)
            bin_.clicked.connect(partial(remove, crop.id))
            foot.addWidget(bin_)
        cell.addLayout(foot)
        if place < len(file.clarity):
            cell.addWidget(ElidedLabel(CLARITY[file.clarity[place]], "tiny", "text.2"))
        grid.addLayout(cell, place // IN_A_ROW, place % IN_A_ROW)
    if not file.photos:
        nobody = T("Without a photo nobody is recognised.")
        grid.addWidget(Label(nobody, "body", "text.2", wrap=True), 0, 0, 1, IN_A_ROW)
    grid.setColumnStretch(IN_A_ROW, 1)
    return grid


def _facts(file: PersonFile) -> list[tuple[Text, Text | str]]:
    fields = file.person.fields
    first = T("now") if fields.valid_from is None else date(as_moment(fields.valid_from))
    last = T("no end") if fields.valid_until is None else date(as_moment(fields.valid_until))
    facts: list[tuple[Text, Text | str]] = [
        (T("Groups"), str(listed(file.groups)) if file.groups else T("none")),
        (T("Valid"), T("{first} to {last}", first=first, last=last)),
        (T("Consent"), _consent(file)),
        (T("Templates"), str(file.templates)),
    ]
    if file.rejections:
        words = Tn(
            "{n} face remembered, never matched again",
            "{n} faces remembered, never matched again",
            file.rejections,
        )
        facts.append((T("Not this person"), words))
    if fields.note:
        facts.append((T("Note"), fields.note))
    if file.person.on_hold:
        facts.append((T("Legal hold"), T("yes, not erased while it lasts")))
    facts.append((T("On file since"), date(file.person.created_at.astimezone())))
    if file.latest:
        newest = file.latest[0]
        when = moment(newest.last_at.astimezone(), now())
        facts.append((T("Last seen"), T("{when}, {camera}", when=when, camera=newest.camera)))
    return facts


def _consent(file: PersonFile) -> Text:
    consents = [consent for consent in file.consents if consent.purpose == "recognition"]
    given = [consent for consent in consents if consent.withdrawn_at is None]
    if given:
        return T(
            "Given {day} by {who}, text {n}",
            day=date(given[-1].given_at.astimezone()),
            who=given[-1].given_by,
            n=given[-1].text_id,
        )
    if consents and consents[-1].withdrawn_at is not None:
        return T("Withdrawn {day}", day=date(consents[-1].withdrawn_at.astimezone()))
    return T("none recorded")


def _add_records(column: QVBoxLayout, file: PersonFile, most: int) -> None:
    for event in file.latest[:most]:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(StateBadge(event.state))
        row.addWidget(ElidedLabel(event.camera, "small", "text.2"), 1)
        row.addWidget(Label(moment(event.at.astimezone(), now()), "small", "text.2"))
        column.addLayout(row)
    if not file.latest:
        column.addWidget(Label(T("Not seen yet."), "body", "text.2"))
