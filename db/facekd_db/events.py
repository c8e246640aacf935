"""Queries on events: who was where, de-duplicated per person, camera and interval."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from facekd_db.columns import contains
from facekd_db.errors import Conflict, Damaged, NotFound
from facekd_db.queries import Queries, chunks, unique
from facekd_db.records import Event, EventFilter, Sighting
from facekd_db.schema import camera, event, event_batch, event_image, person, person_merge
from facekd_db.vault import Sealed

INTERVAL = timedelta(minutes=5)
_STEP = 1000


class Events(Queries):
    """Queries on tables `event`, `event_image` and `event_batch`."""

    def record(self, batch: str, sightings: Sequence[Sighting], interval: timedelta = INTERVAL) -> int:
        """Stores sightings and returns how many new events they made.

        Sightings of one subject at one camera that are at most `interval` apart are one event: it lasts from the
        first to the last, and keeps the best score with the picture that belongs to it.

        Args:
            batch: 32 hexadecimal digits that the sender made up (`uuid4().hex`). A batch that arrived already is
                skipped, so a sender that does not know whether its commit came through simply sends it again.
            sightings: in any order. A person who was erased meanwhile is recorded as unknown, one whose record was
                merged into another as that other one.
        """
        if self._c.execute(sa.select(event_batch.c.uid).where(event_batch.c.uid == batch)).first():
            return 0
        try:
            with unique(lambda: Conflict("the same batch arrived at this moment")):
                self._c.execute(sa.insert(event_batch).values(uid=batch, at=self._now))
        except Conflict:
            return 0
        ordered = sorted(self._without_erased(sightings), key=lambda each: each.at)
        near = self._near(ordered, interval)
        made = 0
        for each in ordered:
            entries = near.setdefault((_subject(each), each.camera_id), [])
            # Also one that began later: batches arrive late, and clocks jump back.
            entry = next(
                (e for e in reversed(entries) if e.at - interval <= each.at <= e.last_at + interval), None
            )
            if entry is None:
                entries.append(self._begin(each))
                made += 1
            else:
                self._extend(entry, each)
        for entry in (entry for entries in near.values() for entry in entries if entry.changed):
            self._store(entry)
        return made

    def get(self, event_id: int) -> Event:
        """Raises NotFound."""
        row = self._c.execute(_SELECT.where(event.c.id == event_id)).first()
        if row is None:
            raise NotFound(f"there is no event {event_id} (any more)")
        return _event(row)

    def page(
        self,
        which: EventFilter | None = None,
        *,
        limit: int = 100,
        offset: int = 0,
        before: Event | None = None,
    ) -> tuple[Event, ...]:
        """Newest events first.

        Args:
            before: the last event of the page before; quicker than `offset` and steady while events come in.
        """
        ids = _where(sa.select(event.c.id), which or EventFilter())
        if before is not None:
            older = sa.or_(event.c.at < before.at, sa.and_(event.c.at == before.at, event.c.id < before.id))
            ids = ids.where(event.c.at <= before.at, older)
        ids = ids.order_by(event.c.at.desc(), event.c.id.desc()).limit(limit).offset(offset)
        inner = ids.subquery()
        query = _SELECT.join(inner, inner.c.id == event.c.id).order_by(event.c.at.desc(), event.c.id.desc())
        return tuple(_event(row) for row in self._c.execute(query))

    def count(self, which: EventFilter | None = None) -> int:
        """How many events a filter lets through."""
        query = _where(sa.select(sa.func.count()).select_from(event), which or EventFilter())
        return int(self._c.execute(query).scalar_one())

    def each(self, which: EventFilter | None = None) -> Iterator[Event]:
        """All events of a filter, newest first, read in steps: for exports of any length."""
        last: Event | None = None
        while rows := self.page(which, limit=_STEP, before=last):
            yield from rows
            last = rows[-1]

    def image(self, event_id: int) -> bytes | None:
        """The event's picture, or None when it has none or it does not open any more."""
        query = sa.select(event_image, event.c.person_id).join(event, event.c.id == event_image.c.event_id)
        row = self._c.execute(query.where(event_image.c.event_id == event_id)).first()
        if row is None:
            return None
        try:
            return self._vault.open(
                Sealed(row.key_id, row.nonce, row.image),
                kind="event",
                person_id=row.person_id,
                about=str(event_id),
            )
        except Damaged:
            return None

    def disown(self, event_id: int) -> Event:
        """Somebody said "not this person": the event becomes that of an unknown face and loses the name."""
        image = self.image(event_id)
        self._c.execute(sa.delete(event_image).where(event_image.c.event_id == event_id))
        statement = sa.update(event).where(event.c.id == event_id)
        self._c.execute(statement.values(person_id=None, state="unknown", subject=f"event:{event_id}"))
        if image is not None:
            self._add_image(event_id, None, image)
        return self.get(event_id)

    def count_of(self, person_ids: Sequence[int]) -> int:
        """How many events these people have together."""
        counted = sa.select(sa.func.count()).select_from(event)
        return sum(
            int(self._c.execute(counted.where(event.c.person_id.in_(part))).scalar_one())
            for part in chunks(list(person_ids))
        )

    def ids_of(self, person_id: int) -> tuple[int, ...]:
        """All events of a person."""
        query = sa.select(event.c.id).where(event.c.person_id == person_id).order_by(event.c.id)
        return tuple(self._c.execute(query).scalars())

    def hand_over(self, event_ids: Sequence[int], person_id: int) -> None:
        """Gives events to another record of the same person, their pictures under that record's key."""
        for part in chunks(list(event_ids)):
            shown = sa.select(event_image.c.event_id).where(event_image.c.event_id.in_(part))
            images = {key: self.image(key) for key in self._c.execute(shown).scalars().all()}
            statement = sa.update(event).where(event.c.id.in_(part), event.c.person_id.is_not(None))
            self._c.execute(statement.values(person_id=person_id, subject=f"person:{person_id}"))
            for key, image in images.items():
                if image is not None:
                    self._c.execute(sa.delete(event_image).where(event_image.c.event_id == key))
                    self._add_image(key, person_id, image)

    def remove_before(self, moment: datetime, *, only_images: bool = False) -> int:
        """Removes events (or only their pictures) that ended before a moment; returns how many rows went."""
        old = sa.select(event.c.id).where(event.c.last_at < moment).limit(_STEP)
        removed = 0
        if only_images:
            old = old.join(event_image, event_image.c.event_id == event.c.id)
        target = event_image.c.event_id if only_images else event.c.id
        while ids := self._c.execute(old).scalars().all():
            removed += int(self._c.execute(sa.delete(target.table).where(target.in_(ids))).rowcount)
        self._c.execute(sa.delete(event_batch).where(event_batch.c.at < moment))
        return removed

    def _without_erased(self, sightings: Sequence[Sighting]) -> list[Sighting]:
        wanted = list({each.person_id for each in sightings if each.person_id is not None})
        now: dict[int, int] = {}  # person of a sighting -> whose record that is today
        for part in chunks(wanted):
            for key in self._c.execute(sa.select(person.c.id).where(person.c.id.in_(part))).scalars():
                now[key] = key
        while now:  # a record may be merged into one that was merged in its turn
            query = sa.select(person_merge.c.absorbed_id, person_merge.c.kept_id)
            moved: dict[int, int] = {}
            for part in chunks(list(set(now.values()))):
                found = self._c.execute(query.where(person_merge.c.absorbed_id.in_(part)))
                moved.update({row.absorbed_id: row.kept_id for row in found})
            if not moved:
                break
            now = {key: moved.get(to, to) for key, to in now.items()}
        return [
            each
            if each.person_id is None
            else replace(each, person_id=now[each.person_id])
            if each.person_id in now
            else Sighting(each.at, each.camera_id, "unknown", each.track)
            for each in sightings
        ]

    def _near(
        self, ordered: Sequence[Sighting], interval: timedelta
    ) -> dict[tuple[str, int], list["_Entry"]]:
        """The stored events that sightings might belong to, by subject and camera, oldest first."""
        if not ordered:
            return {}
        found: dict[tuple[str, int], list[_Entry]] = {}
        for part in chunks(list({_subject(each) for each in ordered})):
            query = sa.select(event).where(
                event.c.subject.in_(part),
                event.c.last_at >= ordered[0].at - interval,
                event.c.at <= ordered[-1].at + interval,
            )
            for row in self._c.execute(query.order_by(event.c.at)):
                entry = _Entry(row.id, row.at, row.last_at, row.person_id, row.score, row.sightings)
                found.setdefault((row.subject, row.camera_id), []).append(entry)
        return found

    def _begin(self, each: Sighting) -> "_Entry":
        key = self._insert(
            event,
            at=each.at,
            last_at=each.at,
            camera_id=each.camera_id,
            person_id=each.person_id,
            subject=_subject(each),
            state=each.state,
            score=each.score,
            sightings=1,
            detail=json.dumps(dict(each.detail), ensure_ascii=False, sort_keys=True),
        )
        if each.image is not None:
            self._add_image(key, each.person_id, each.image)
        return _Entry(key, each.at, each.at, each.person_id, each.score, 1)

    def _extend(self, entry: "_Entry", each: Sighting) -> None:
        entry.at = min(entry.at, each.at)
        entry.last_at = max(entry.last_at, each.at)
        entry.sightings += 1
        entry.changed = True
        if each.score is not None and (entry.score is None or each.score > entry.score):
            entry.score = each.score
            entry.best = each

    def _store(self, entry: "_Entry") -> None:
        values: dict[str, object] = {
            "at": entry.at,
            "last_at": entry.last_at,
            "score": entry.score,
            "sightings": entry.sightings,
        }
        if entry.best is not None:
            values["state"] = entry.best.state
            values["detail"] = json.dumps(dict(entry.best.detail), ensure_ascii=False, sort_keys=True)
        self._c.execute(sa.update(event).where(event.c.id == entry.id).values(**values))
        if entry.best is not None and entry.best.image is not None:
            self._c.execute(sa.delete(event_image).where(event_image.c.event_id == entry.id))
            self._add_image(entry.id, entry.person_id, entry.best.image)

    def _add_image(self, event_id: int, person_id: int | None, image: bytes) -> None:
        sealed = self._vault.seal(image, kind="event", person_id=person_id, about=str(event_id))
        self._c.execute(
            sa.insert(event_image).values(
                event_id=event_id, key_id=sealed.key_id, nonce=sealed.nonce, image=sealed.data
            )
        )


class _Entry:
    """An event while a batch is being folded into it."""

    __slots__ = ("at", "best", "changed", "id", "last_at", "person_id", "score", "sightings")

    def __init__(
        self,
        key: int,
        at: datetime,
        last_at: datetime,
        person_id: int | None,
        score: float | None,
        sightings: int,
    ) -> None:
        self.id, self.at, self.last_at = key, at, last_at
        self.person_id, self.score, self.sightings = person_id, score, sightings
        self.best: Sighting | None = None
        self.changed = False


_SELECT = (
    sa.select(
        event,
        camera.c.name.label("camera"),
        person.c.name.label("person"),
        event_image.c.event_id.label("image_id"),
    )
    .join(camera, camera.c.id == event.c.camera_id)
    .join(person, person.c.id == event.c.person_id, isouter=True)
    .join(event_image, event_image.c.event_id == event.c.id, isouter=True)
)


def _subject(each: Sighting) -> str:
    return f"track:{each.track}"[:100] if each.person_id is None else f"person:{each.person_id}"


def _where(query: sa.Select[Any], which: EventFilter) -> sa.Select[Any]:
    if which.since is not None:
        query = query.where(event.c.at >= which.since)
    if which.until is not None:
        query = query.where(event.c.at < which.until)
    if which.person_id is not None:
        query = query.where(event.c.person_id == which.person_id)
    if which.camera_id is not None:
        query = query.where(event.c.camera_id == which.camera_id)
    if which.states:
        query = query.where(event.c.state.in_(sorted(which.states)))
    if which.name.strip():
        named = sa.select(person.c.id).where(contains(person.c.name_key, which.name))
        query = query.where(event.c.person_id.in_(named))
    return query


def _event(row: sa.Row[Any]) -> Event:
    return Event(
        id=row.id,
        at=row.at,
        last_at=row.last_at,
        camera_id=row.camera_id,
        camera=row.camera,
        state=row.state,
        person_id=row.person_id,
        person=row.person,
        score=row.score,
        sightings=row.sightings,
        has_image=row.image_id is not None,
        detail=json.loads(row.detail),
    )
