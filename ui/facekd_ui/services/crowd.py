"""The same act for many people: delete, bring back, department, validity, groups, consent, export.

People are changed one by one within small transactions, so that a job over 100,000 of them can be watched and
cancelled; whoever was changed by somebody else meanwhile is left as they are and named in the outcome.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from facekd_db.errors import Conflict, NotFound
from facekd_db.queries import chunks
from facekd_db.records import Json, PersonFields, PersonSummary
from facekd_db.store import Tables
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.base import Service
from facekd_ui.services.errors import Invalid
from facekd_ui.services.export import WRITERS, Row
from facekd_ui.services.people import GivenConsent, record_consent
from facekd_ui.services.progress import UNWATCHED, Watch
from facekd_ui.services.shared import days_of

Versioned = tuple[int, int]
"""A person's id and the version that was read."""
STEP = 50
MATCHED_BY = {"name", "valid_from", "valid_until"}
"""Fields that recognition must hear of."""
HEADER = (
    "id",
    "name",
    "code",
    "department",
    "groups",
    "valid from",
    "valid until",
    "consent",
    "photos",
    "last seen",
    "added",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act for many."""

    done: tuple[Versioned, ...]  # with the version that each has now
    refused: tuple[Text, ...]  # why others were left as they are, a sentence each
    before: tuple[PersonFields, ...] = ()  # of those in `done`, in their order, where fields were changed


@dataclass(frozen=True, slots=True)
class CrowdDeletion:
    """What deleting several people would take away, and until when it can be undone."""

    people: int
    photos: int
    events: int
    undo_until: datetime


Act = Callable[[Tables, int, int], int]
"""Does one thing for one person (id, version) and returns the version that there is then."""


class Crowd(Service):
    """Acts for many. Each takes who is meant with the versions that were read; an `Outcome` comes back."""

    name = "crowd"

    def deletion(self, people: Sequence[Versioned]) -> CrowdDeletion:
        """What `delete` would do."""
        ids = [key for key, _ in people]
        with self._store.reading() as t:
            undo_until = t.now + days_of(t, "retention.deleted_days")
            return CrowdDeletion(len(ids), t.crops.count_of(ids), t.events.count_of(ids), undo_until)

    def delete(self, people: Sequence[Versioned], watch: Watch = UNWATCHED) -> Outcome:
        """Not recognised or listed any more; `restore` brings them back until the time for that is over."""

        def delete(t: Tables, key: int, version: int) -> int:
            after = t.now + days_of(t, "retention.deleted_days")
            self._audit(t, "person.delete", f"person:{key}")
            return t.people.delete(key, version, after, self._by).version

        return self._each(people, delete, watch, bumps=True)

    def restore(self, people: Sequence[Versioned], watch: Watch = UNWATCHED) -> Outcome:
        """Takes deletions back."""

        def restore(t: Tables, key: int, version: int) -> int:
            self._audit(t, "person.restore", f"person:{key}")
            return t.people.restore(key, version, self._by).version

        return self._each(people, restore, watch, bumps=True)

    def change(
        self, people: Sequence[Versioned], fields: Mapping[str, str | date | None], watch: Watch = UNWATCHED
    ) -> Outcome:
        """Gives all of them the same department, note or validity.

        Args:
            fields: names of `PersonFields` -> value; neither name nor code, which belong to one person.
        """
        if strange := set(fields) - {"department", "note", "valid_from", "valid_until"}:
            raise ValueError(f"expected fields that many people can share, got {', '.join(sorted(strange))}")
        before: dict[int, PersonFields] = {}

        def change(t: Tables, key: int, version: int) -> int:
            before[key] = t.people.get(key).fields
            wanted = replace(before[key], **fields)  # type: ignore[arg-type]  # names were checked above
            self._audit(t, "person.change", f"person:{key}", {"fields": list[Json](sorted(fields))})
            return t.people.change(key, wanted, version, self._by).version

        outcome = self._each(people, change, watch, bumps=bool(MATCHED_BY & set(fields)))
        return replace(outcome, before=tuple(before[key] for key, _ in outcome.done))

    def change_back(self, outcome: Outcome, watch: Watch = UNWATCHED) -> Outcome:
        """Undoes a `change`; whoever was changed again since stays."""
        before = dict(zip((key for key, _ in outcome.done), outcome.before, strict=True))

        def change(t: Tables, key: int, version: int) -> int:
            self._audit(t, "person.change", f"person:{key}", {"undo": True})
            return t.people.change(key, before[key], version, self._by).version

        return self._each(outcome.done, change, watch, bumps=True)

    def put_into(self, people: Sequence[Versioned], group_id: int, watch: Watch = UNWATCHED) -> Outcome:
        """Puts them into a group; `done` are those who were not in it before. Versions do not matter here."""
        return self._membership(people, group_id, watch, inside=True)

    def take_out(self, people: Sequence[Versioned], group_id: int, watch: Watch = UNWATCHED) -> Outcome:
        """Takes them out of a group; `done` are those who were in it."""
        return self._membership(people, group_id, watch, inside=False)

    def give_consent(
        self, people: Sequence[Versioned], consent: GivenConsent, watch: Watch = UNWATCHED
    ) -> Outcome:
        """Records that all of them agreed to the same text.

        Args:
            consent: `given_by` "" stands for each person's own name.
        """

        def give(t: Tables, key: int, version: int) -> int:
            name = t.people.get(key).name
            record_consent(self, t, key, replace(consent, given_by=consent.given_by or name))
            return version

        return self._each(people, give, watch)

    def export(self, path: Path, people: Sequence[Versioned], watch: Watch = UNWATCHED) -> int:
        """Writes them into a `.csv` or `.xlsx` file, without pictures; returns how many.

        Cancelling ends the list early and leaves no file.

        Raises:
            Invalid: another ending.
            InputError: the file cannot be written.
        """
        writer = WRITERS.get(path.suffix.lower())
        if writer is None:
            endings = ", ".join(WRITERS)
            raise Invalid(
                T("Expected a file ending in {endings}, got {name}.", endings=endings, name=path.name)
            )
        rows: list[Row] = []
        for part in chunks([key for key, _ in people]):
            if watch.cancelled():
                return 0
            with self._store.reading() as t:
                found = {each.person.id: each for each in t.people.summaries(part)}
            rows += [_row(found[key]) for key in part if key in found]
            watch.progress(len(rows), len(people))
        count = writer(path, HEADER, rows)
        self._write(
            lambda t: self._audit(t, "people.export", detail={"rows": count, "format": path.suffix.lower()})
        )
        return count

    def _membership(
        self, people: Sequence[Versioned], group_id: int, watch: Watch, *, inside: bool
    ) -> Outcome:
        done: list[Versioned] = []
        for part in chunks(list(people), STEP):
            if watch.cancelled():
                break
            versions = dict(part)

            def move(t: Tables, ids: Sequence[int] = tuple(versions)) -> tuple[int, ...]:
                there = list(t.people.many(ids))
                moved = (t.groups.put if inside else t.groups.take)(there, group_id)
                act = "person.join" if inside else "person.leave"
                for key in moved:
                    self._audit(t, act, f"person:{key}", {"group": group_id})
                return moved

            done += [(key, versions[key]) for key in self._write(move)]
            watch.progress(len(done), len(people))
        return Outcome(tuple(done), ())

    def _each(self, people: Sequence[Versioned], act: Act, watch: Watch, *, bumps: bool = False) -> Outcome:
        done: list[Versioned] = []
        refused: list[Text] = []
        for part in chunks(list(people), STEP):
            if watch.cancelled():
                break
            good, bad = self._write(functools.partial(_some, part, act, bumps))
            done += good
            refused += bad
            watch.progress(len(done) + len(refused), len(people), len(refused))
        return Outcome(tuple(done), tuple(refused))


def _some(part: Sequence[Versioned], act: Act, bumps: bool, t: Tables) -> tuple[list[Versioned], list[Text]]:
    """One transaction's worth. It may run again from the start, so it keeps its own lists."""
    done: list[Versioned] = []
    refused: list[Text] = []
    for key, version in part:
        try:
            done.append((key, act(t, key, version)))
        except (Conflict, NotFound) as error:
            refused.append(relayed(error))
    if bumps and done:
        t.gallery.bump()
    return done, refused


def _row(each: PersonSummary) -> Row:
    person, fields = each.person, each.person.fields
    days: dict[str, Json] = {
        name: None if (day := getattr(fields, name)) is None else day.isoformat()
        for name in ("valid_from", "valid_until")
    }
    return (
        person.id,
        fields.name,
        fields.code,
        fields.department,
        ", ".join(each.groups),
        str(days["valid_from"] or ""),
        str(days["valid_until"] or ""),
        "given" if each.consented else "none",
        each.crops,
        "" if each.last_seen is None else each.last_seen.isoformat(timespec="seconds"),
        person.created_at.isoformat(timespec="seconds"),
    )
