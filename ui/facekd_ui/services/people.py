"""People on file: look up, correct, delete with undo, erase for good, and their consent."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from facekd_db.errors import NotFound, StoreError
from facekd_db.login import prove
from facekd_db.records import (
    AuditRow,
    Consent,
    Crop,
    Erasure,
    Event,
    EventFilter,
    Json,
    Merge,
    Person,
    PersonFields,
    PersonFilter,
    PersonSort,
    PersonSummary,
)
from facekd_db.store import Store, Tables
from facekd_ui.i18n.text import T
from facekd_ui.services.base import Service
from facekd_ui.services.errors import Invalid
from facekd_ui.services.examination import Clarity, clarity_of
from facekd_ui.services.shared import days_of

log = logging.getLogger(__name__)

LATEST = 20
EXACT_MATCHES = 20


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """A consent as it is recorded: who agreed to which words, when, and for what."""

    language: str
    body: str
    given_by: str
    given_at: datetime
    purpose: str = "recognition"


@dataclass(frozen=True, slots=True)
class PersonFile:
    """Everything that is known of one person."""

    person: Person
    photos: tuple[Crop, ...]  # oldest first
    damaged: int  # photographs that did not open
    rejections: int  # faces that were said not to be this person
    templates: int
    consents: tuple[Consent, ...]
    latest: tuple[Event, ...]
    events: int  # all of them
    changes: tuple[AuditRow, ...]  # newest first
    groups: tuple[str, ...] = ()
    merges: tuple[Merge, ...] = ()  # records that were put into this one
    merged_into: Merge | None = None  # this record was put into another one
    undo_days: int = 0  # for how long a deletion could be undone
    clarity: tuple[Clarity, ...] = ()  # of each photograph


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion would take away, and until when it can be undone."""

    person: Person
    photos: int
    templates: int
    events: int  # these stay, without the name once the person is erased
    undo_until: datetime


class People(Service):
    """Changes take the `version` that was read; Conflict says who was quicker."""

    name = "people"

    def page(
        self,
        which: PersonFilter | str = "",
        *,
        sort: PersonSort = PersonSort.NAME,
        descending: bool = False,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[PersonSummary, ...]:
        """One page of the table; a text alone is part of name, code or department."""
        with self._store.reading() as t:
            return t.people.page(which, sort=sort, descending=descending, limit=limit, offset=offset)

    def count(self, which: PersonFilter | str = "") -> int:
        """How many rows `page` goes through."""
        with self._store.reading() as t:
            return t.people.count(which)

    def ids(
        self, which: PersonFilter | str = "", *, sort: PersonSort = PersonSort.NAME, descending: bool = False
    ) -> tuple[tuple[int, int], ...]:
        """(id, version) of everyone whom `page` goes through, in its order: for acts on rows not loaded yet."""
        with self._store.reading() as t:
            return t.people.ids(which, sort=sort, descending=descending)

    def departments(self) -> tuple[str, ...]:
        """The departments in use."""
        with self._store.reading() as t:
            return t.people.departments()

    def find(self, reference: str) -> Person:
        """The one person whom a script means: by id, by code, or by exact name.

        Raises:
            NotFound: nobody.
            Invalid: several people have that name; their ids stand in the message.
        """
        reference = reference.strip()
        with self._store.reading() as t:
            if reference.isdecimal():
                try:
                    return t.people.get(int(reference))
                except NotFound:
                    pass  # codes and names may be digits, too
            coded = t.people.with_code(reference) if reference else None
            found = (coded,) if coded else t.people.named(reference)
        if len(found) > 1:
            ids = ", ".join(str(person.id) for person in found[:EXACT_MATCHES])
            raise Invalid(
                T(
                    "{n} people are called {name}; name one by its id: {ids}.",
                    n=len(found),
                    name=reference,
                    ids=ids,
                )
            )
        if not found:
            raise NotFound(f"expected the id, code or exact name of somebody on file, got {reference!r}")
        return found[0]

    def get(self, person_id: int) -> PersonFile:
        """Everything known of one person; that it was looked at is recorded."""

        def look(t: Tables) -> PersonFile:
            person = t.people.get(person_id)
            photos, templates = t.crops.of(person_id), t.templates.of(person_id, t.gallery.state().model_id)
            subject = _subject(person_id)
            found = PersonFile(
                person,
                photos.rows,
                len(photos.damaged),
                len(t.crops.of(person_id, rejects=True).rows),
                sum(not row.rejects for row in templates.rows),
                t.consents.of(person_id),
                t.events.page(EventFilter(person_id=person_id), limit=LATEST),
                t.events.count_of([person_id]),
                t.audit.page(subject=subject, limit=LATEST),
                t.people.summaries([person_id])[0].groups,
                t.merges.of(person_id),
                t.merges.into(person_id),
                days_of(t, "retention.deleted_days").days,
                tuple(clarity_of(crop.image) for crop in photos.rows),
            )
            self._audit(t, "person.look", subject)
            return found

        return self._write(look)

    def thumbnails(self, crop_ids: Sequence[int]) -> dict[int, bytes]:
        """Pictures (PNG) by crop id, for one page of a table."""
        with self._store.reading() as t:
            return t.crops.thumbnails(crop_ids)

    def change(self, person_id: int, fields: PersonFields, version: int) -> Person:
        """Replaces name, code, department, note and validity. Raises Conflict, NotFound, Invalid."""

        def change(t: Tables) -> Person:
            was = t.people.get(person_id).fields
            person = t.people.change(person_id, fields, version, self._by)
            changed = [
                name for name in PersonFields.__slots__ if getattr(was, name) != getattr(person.fields, name)
            ]
            if {"name", "valid_from", "valid_until"} & set(changed):
                t.gallery.bump()
            self._audit(t, "person.change", _subject(person_id), {"fields": list(changed)})
            return person

        return self._write(change)

    def deletion(self, person_id: int) -> Deletion:
        """What `delete` would do."""
        with self._store.reading() as t:
            return Deletion(
                t.people.get(person_id),
                len(t.crops.of(person_id).rows),
                sum(not row.rejects for row in t.templates.of(person_id, t.gallery.state().model_id).rows),
                t.events.count(EventFilter(person_id=person_id)),
                t.now + days_of(t, "retention.deleted_days"),
            )

    def delete(self, person_id: int, version: int) -> Person:
        """Not recognised or listed any more; `restore` brings the person back until `erase_after`."""

        def delete(t: Tables) -> Person:
            after = t.now + days_of(t, "retention.deleted_days")
            person = t.people.delete(person_id, version, after, self._by)
            t.gallery.bump()
            self._audit(t, "person.delete", _subject(person_id))
            return person

        return self._write(delete)

    def restore(self, person_id: int, version: int) -> Person:
        """Takes a deletion back. A record that was put into another one cannot come back this way (`merging.undo`).

        Raises Conflict when it was changed meanwhile, or is part of another record.
        """

        def restore(t: Tables) -> Person:
            person = t.people.restore(person_id, version, self._by)
            t.gallery.bump()
            self._audit(t, "person.restore", _subject(person_id))
            return person

        return self._write(restore)

    def remove_photos(self, person_id: int, crop_ids: Sequence[int]) -> int:
        """Removes some of a person's photographs with their templates; returns how many.

        Raises NotFound when one of them is not this person's.
        """

        def remove(t: Tables) -> int:
            theirs = {crop.id for crop in t.crops.of(person_id).rows}
            if strange := set(crop_ids) - theirs:
                raise NotFound(
                    f"expected photographs of person {person_id}, got {min(strange)}, which is none"
                )
            done = t.crops.remove(crop_ids)
            t.gallery.bump()
            self._audit(t, "person.remove_photos", _subject(person_id), {"photos": done})
            return done

        return self._write(remove)

    def give_consent(self, person_id: int, consent: GivenConsent) -> Consent:
        """Records that somebody agreed, and to which words."""

        def give(t: Tables) -> Consent:
            t.people.get(person_id)
            return record_consent(self, t, person_id, consent)

        return self._write(give)

    def withdraw_consent(self, person_id: int, purpose: str = "recognition") -> int:
        """Somebody does not agree any more. Recognition: their faces are erased at once and the person stays on file.

        Returns:
            How many templates were erased.
        """

        def withdraw(t: Tables) -> int:
            t.people.get(person_id)
            withdrawn = t.consents.withdraw(person_id, purpose)
            erased = t.erasures.forget_face(person_id) if purpose == "recognition" else 0
            detail: dict[str, Json] = {"purpose": purpose, "consents": withdrawn, "templates": erased}
            self._audit(t, "person.withdraw_consent", _subject(person_id), detail)
            return erased

        erased = self._write(withdraw)
        scrub(self._store)
        return erased

    def hold(self, person_id: int, on_hold: bool, version: int) -> Person:
        """Sets or lifts a legal hold: while it lasts the person is not erased."""

        def hold(t: Tables) -> Person:
            self._audit(t, "person.hold", _subject(person_id), {"on_hold": on_hold})
            return t.people.hold(person_id, on_hold, version, self._by)

        return self._write(hold)

    def erase(self, person_id: int, reason: str, password: str) -> Erasure:
        """Removes a person for good, with photographs, templates and name in the records. Cannot be undone.

        Args:
            reason: for the certificate; must not name the person.
            password: the operator's own, again.

        Raises:
            LoginRefused, LockedOut: the password is wrong.
            Conflict: the person is on legal hold.
        """
        prove(self._store, self._by, password)

        def erase(t: Tables) -> Erasure:
            person = t.people.get(person_id)
            if person.name.casefold() in reason.casefold():
                raise Invalid(T("The reason must not name the person: the certificate stays."))
            certificate = t.erasures.erase(person_id, reason, self._by)
            self._audit(t, "person.erase", _subject(person_id), {"reason": reason})
            return certificate

        certificate = self._write(erase)
        scrub(self._store)
        return certificate

    def erasures(self) -> tuple[Erasure, ...]:
        """The certificates of everyone who was erased."""
        with self._store.reading() as t:
            return t.erasures.all()


def scrub(store: Store) -> None:
    """Empties what was erased out of the database's file; the erasing itself stands whether or not this works now."""
    try:
        if store.is_file and not store.scrub():
            log.warning(
                "the database's log could not be emptied because others read it; the next erasure does it"
            )
    except StoreError as error:
        log.warning("free pages of the database were not emptied (%s); the next erasure does it", error)


def record_consent(service: Service, t: Tables, person_id: int, consent: GivenConsent) -> Consent:
    """Stores a consent within somebody's transaction, with its audit row."""
    text = t.consents.text(consent.language, consent.body)
    given = t.consents.give(
        person_id,
        text.id,
        given_by=consent.given_by,
        given_at=consent.given_at,
        purpose=consent.purpose,
        by=service._by,
    )
    service._audit(
        t, "person.give_consent", _subject(person_id), {"text": text.id, "purpose": consent.purpose}
    )
    return given


def _subject(person_id: int) -> str:
    return f"person:{person_id}"
