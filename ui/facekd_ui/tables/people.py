"""The table of people: photograph, name over code, department, groups, validity, consent, photographs, last seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from facekd_db.records import Person, PersonSort, PersonSummary
from facekd_ui.i18n.formats import date as day_words
from facekd_ui.i18n.formats import moment
from facekd_ui.i18n.text import T, listed
from facekd_ui.tables.base import Index
from facekd_ui.tables.paged import PagedTable
from facekd_ui.theme import icons
from facekd_ui.theme.theme import font, px, tokens
from facekd_ui.widgets.badges import paint_blocks
from facekd_ui.widgets.faces import initials, paint_photo

NAME, DEPARTMENT, GROUPS, VALID, CONSENT, PHOTOS, SEEN, ADDED = range(8)
HEADERS = (
    T("Name"),
    T("Department"),
    T("Groups"),
    T("Valid until"),
    T("Consent"),
    T("Photos"),
    T("Last seen"),
    T("Added"),
)
SORTS = {
    NAME: PersonSort.NAME,
    DEPARTMENT: PersonSort.DEPARTMENT,
    SEEN: PersonSort.SEEN,
    ADDED: PersonSort.CREATED,
}
"""Columns that a click on the header sorts by; the store has an index for each."""
SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row with its photograph."""

    summary: PersonSummary
    photo: QImage | None


def rows_of(summaries: Sequence[PersonSummary], photos: Mapping[int, bytes]) -> list[PersonRow]:
    """Rows with decoded photographs; called off the interface thread."""
    return [
        PersonRow(
            summary,
            QImage.fromData(photos[summary.crop_id])
            if summary.crop_id is not None and summary.crop_id in photos
            else None,
        )
        for summary in summaries
    ]


CONSENTS = {
    "given": ("check", "success", T("given")),
    "withdrawn": ("minus", "text.2", T("withdrawn")),
    "none": ("minus", "text.2", T("none")),
}
"""State of a consent -> icon, ink, word."""


def consent_of(summary: PersonSummary) -> str:
    """A key of `CONSENTS`."""
    return "given" if summary.consented else "withdrawn" if summary.withdrawn else "none"


def seen_words(summary: PersonSummary) -> str:
    """ "08:41, Main entrance"."""
    if summary.last_seen is None:
        return str(T("not yet"))
    when = moment(summary.last_seen.astimezone(), now())
    return str(T("{when}, {camera}", when=when, camera=summary.last_camera))


class PeopleTable(PagedTable[PersonRow]):
    """People of one search and order."""

    def __init__(self) -> None:
        super().__init__(HEADERS)

    def person(self, row: int) -> Person | None:
        """Who stands in a row, if it is known already."""
        record = self.record(row)
        return None if record is None else record.summary.person

    def words(self, record: PersonRow, column: int) -> str:
        """What a cell says."""
        summary = record.summary
        person = summary.person
        match column:
            case 0:  # NAME
                return person.name
            case 1:
                return person.fields.department
            case 2:
                return str(listed(summary.groups))
            case 3:
                last = person.fields.valid_until
                return str(T("no end")) if last is None else day_words(as_moment(last))
            case 4:
                return str(CONSENTS[consent_of(summary)][2])
            case 5:
                return str(summary.crops) if summary.crops else str(T("no photos"))
            case 6:
                return seen_words(summary)
            case _:
                return day_words(person.created_at.astimezone())


class PersonDelegate(QStyledItemDelegate):
    """Paints hairlines, photographs, marks; never wraps."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """46 high."""
        return QSize(80, px(46))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One cell."""
        t = tokens()
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, t.color("accent.soft"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, t.color("hover"))
        painter.setPen(t.color("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        model = index.model()
        assert isinstance(model, PeopleTable)
        record = model.record(index.row())
        inner = rect.adjusted(12, 0, -8, 0)
        if record is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("sunken"))
            painter.drawRoundedRect(
                QRectF(inner.x(), inner.center().y() - 4.5, inner.width() * 0.5, 9), 4.5, 4.5
            )
        elif index.column() == NAME:
            self._name(painter, inner, record)
        else:
            self._cell(painter, inner, record, index.column(), model.words(record, index.column()))
        painter.restore()

    def _name(self, painter: QPainter, rect: QRectF, record: PersonRow) -> None:
        t = tokens()
        fields = record.summary.person.fields
        side = 34.0
        place = QRectF(rect.x(), rect.center().y() - side / 2, side, side)
        if record.photo is not None and not record.photo.isNull():
            paint_photo(painter, place, QPixmap.fromImage(record.photo))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(t.color("sunken"))
            painter.drawRoundedRect(place, 6, 6)
            painter.setFont(font("label"))
            painter.setPen(t.color("text.2"))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), initials(fields.name))
        words = rect.adjusted(side + 12, 0, 0, 0)
        painter.setFont(font("medium"))
        painter.setPen(t.color("text"))
        if fields.code:
            half = words.height() / 2
            _draw(painter, QRectF(words.x(), words.y() + 4, words.width(), half - 4), fields.name)
            painter.setFont(font("tiny"))
            painter.setPen(t.color("text.2"))
            _draw(painter, QRectF(words.x(), words.y() + half, words.width(), half - 6), fields.code)
        else:
            _draw(painter, words, fields.name)

    def _cell(self, painter: QPainter, rect: QRectF, record: PersonRow, column: int, words: str) -> None:
        t = tokens()
        summary = record.summary
        painter.setFont(font("body"))
        ink = "text"
        if column == CONSENT:
            mark = QRectF(rect.x(), rect.center().y() - 8, 16, 16)
            icon, token, _word = CONSENTS[consent_of(summary)]
            icons.paint(painter, t, icon, mark, token)
            rect = rect.adjusted(24, 0, 0, 0)
            ink = "text" if summary.consented else "text.2"
        elif column == PHOTOS:
            ink = "text" if summary.crops else "text.2"
            if summary.crops:
                paint_blocks(painter, rect.adjusted(22, 0, 0, 0), min(5, summary.crops))
        elif column in (SEEN, ADDED):
            ink = "text.2"
        elif column == VALID:
            last = summary.person.fields.valid_until
            if last is not None and last - now().date() <= SOON:
                ink = "warning"
        painter.setPen(t.color(ink))
        _draw(painter, rect, words)


def _draw(painter: QPainter, rect: QRectF, words: str) -> None:
    cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(rect.width()))
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), cut)


def now() -> datetime:
    """Of the wall's clock."""
    return datetime.now(UTC).astimezone()


def as_moment(day: date) -> datetime:
    """A day for `formats.date`."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
