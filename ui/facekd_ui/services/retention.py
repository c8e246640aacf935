"""What is due goes: at each tick, by the program itself, whoever is logged in."""

import logging
from dataclasses import dataclass

from facekd_db.errors import Conflict, NotFound
from facekd_db.store import Store, Tables
from facekd_ui.services.people import scrub
from facekd_ui.services.shared import days_of, whole_of

log = logging.getLogger(__name__)

EVERY_S = 3600
"""How often `tick` is called while the program runs; also once at its start."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What one tick took away."""

    people: int
    events: int
    pictures: int

    def __bool__(self) -> bool:
        return bool(self.people or self.events or self.pictures)


def tick(store: Store) -> Removed:
    """Erases people whose time for undo is over, and events and their pictures that are too old.

    People on legal hold stay. Each removal has its audit row, without an operator: the settings decided.
    """
    with store.reading() as t:
        due = t.people.due_for_erasure()
    people = sum(_erase(store, person_id) for person_id in due)
    events, pictures = store.run(_old_events)
    removed = Removed(people, events, pictures)
    if removed:
        log.info("retention: %d people, %d events and %d pictures removed", people, events, pictures)
        scrub(store)
    return removed


def _erase(store: Store, person_id: int) -> int:
    def erase(t: Tables) -> int:
        if person_id not in t.people.due_for_erasure():  # restored, or put on hold, a moment ago
            return 0
        t.erasures.erase(person_id, "retention")
        t.audit.record("person.erase", subject=f"person:{person_id}", detail={"reason": "retention"})
        return 1

    try:
        return store.run(erase)
    except (Conflict, NotFound):
        return 0  # another computer ticked at the same time


def _old_events(t: Tables) -> tuple[int, int]:
    pictures = events = 0
    if whole_of(t, "retention.pictures_days"):
        pictures = t.events.remove_before(t.now - days_of(t, "retention.pictures_days"), only_images=True)
    if whole_of(t, "retention.events_days"):
        events = t.events.remove_before(t.now - days_of(t, "retention.events_days"))
    if events or pictures:
        t.audit.record("records.expire", detail={"events": events, "pictures": pictures})
    return events, pictures
