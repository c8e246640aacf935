"""Bulk import: a folder with a folder of photographs per person. Tried first, then done, resumable at any point.

Each person is one transaction. A journal on this computer (encrypted: it holds names) says who is done; what it
misses after a crash is noticed by the photographs themselves, which are on file already and are not taken twice.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import msgspec

from facekd.enrolment import people_in
from facekd.images import printable_name
from facekd.quality import Reason
from facekd_db.errors import Conflict, Damaged, KeyMissing
from facekd_db.records import PersonFields
from facekd_ui.i18n.text import T
from facekd_ui.services.base import Desk, Service
from facekd_ui.services.enrolment import Enrolment, refused_as
from facekd_ui.services.errors import ConsentNeeded, Invalid, LooksAlike, NothingUsable
from facekd_ui.services.examination import Examiner, Shot
from facekd_ui.services.people import GivenConsent
from facekd_ui.services.progress import UNWATCHED, Watch
from facekd_ui.services.sealing import LocalSeal, remove_parts, write_whole

SUFFIX = ".import"


class Fate(StrEnum):
    """What becomes of one folder."""

    NEW = "new"
    UPDATE = "update"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A photograph that was not taken."""

    file: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One folder, planned or done."""

    name: str
    fate: Fate
    photos: int  # that are good, or were added
    person_id: int | None = None
    repeated: int = 0  # on file already
    refused: tuple[RefusedFile, ...] = ()
    why: str = ""  # why the whole folder is refused


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of a dry run or of an import."""

    rows: tuple[ImportRow, ...]
    total: int  # folders in all
    resumed: int = 0  # that an earlier run had done already; they are among the rows

    @property
    def complete(self) -> bool:
        """False: it was cancelled; running it again goes on where it stopped."""
        return len(self.rows) == self.total

    @property
    def refused(self) -> tuple[tuple[str, RefusedFile], ...]:
        """Every photograph that was not taken, with the name of its folder."""
        return tuple((row.name, file) for row in self.rows for file in row.refused)


class Imports(Service):
    """Everything in here may take hours; each step of a `Watch` is one person."""

    name = "imports"

    def plan(self, folder: Path, watch: Watch = UNWATCHED) -> ImportReport:
        """The dry run: what an import would do. Writes nothing.

        People of the folder are compared with those on file, not yet with each other.
        """
        people = _people(folder)
        rows: list[ImportRow] = []
        for name, files in people:
            if watch.cancelled():
                break
            rows.append(self._planned(name, files))
            watch.progress(len(rows), len(people), _refused(rows))
        return ImportReport(tuple(rows), len(people))

    def run(
        self, folder: Path, consent: GivenConsent | None = None, watch: Watch = UNWATCHED
    ) -> ImportReport:
        """Enrols everyone in `folder`; goes on where an earlier run of the same folder stopped.

        A person who resembles somebody else on file is refused; enrol that one by hand and say who it is.

        Args:
            consent: of everyone in the folder; `given_by` "" stands for each person's own name.
        """
        people = _people(folder)
        journal = _Journal(self._desk, folder)
        done = journal.rows()
        resumed = sum(name in done for name, _ in people)
        rows: list[ImportRow] = []
        for name, files in people:
            if name in done:
                rows.append(done[name])
                continue
            if watch.cancelled():
                break
            row = self._imported(name, files, consent)
            journal.add(row)
            rows.append(row)
            watch.progress(len(rows), len(people), _refused(rows))
        report = ImportReport(tuple(rows), len(people), resumed)
        if report.complete:
            journal.remove()
        detail = {
            "people": sum(row.fate is not Fate.REFUSED for row in rows),
            "refused": len(report.refused),
            "complete": report.complete,
        }
        self._write(lambda t: self._audit(t, "people.import", detail=detail))
        return report

    def pending(self) -> tuple[Path, ...]:
        """Folders whose import stopped before its end."""
        found = (_Journal.folder_of(self._desk, path) for path in _journals(self._desk))
        return tuple(folder for folder in found if folder is not None)

    def forget(self, folder: Path) -> None:
        """Gives an import up: what is enrolled stays, and the next run begins at the beginning."""
        _Journal(self._desk, folder).remove()

    def _imported(self, name: str, files: Sequence[Path], consent: GivenConsent | None) -> ImportRow:
        enrolment = Enrolment(self._desk, self._session)

        def enrol(shots: Sequence[Shot], person_id: int | None) -> ImportRow:
            fields = PersonFields(name) if person_id is None else None
            agreed = None if consent is None else replace(consent, given_by=consent.given_by or name)
            done = enrolment._settled(person_id, fields, shots, agreed if fields else None, False, "file")
            return ImportRow(
                name,
                Fate.UPDATE if fields is None else Fate.NEW,
                done.templates,
                done.person.id,
                done.repeated,
                tuple(map(_file, done.refused)),
            )

        return self._decided(name, files, enrol)

    def _planned(self, name: str, files: Sequence[Path]) -> ImportRow:
        enrolment = Enrolment(self._desk, self._session)

        def plan(shots: Sequence[Shot], person_id: int | None) -> ImportRow:
            found = enrolment._sifted(self._desk.gallery.current(), shots, person_id, False)
            fate = Fate.NEW if person_id is None else Fate.UPDATE
            return ImportRow(
                name, fate, len(found.good), person_id, found.repeated, tuple(map(_file, found.refused))
            )

        return self._decided(name, files, plan)

    def _decided(
        self, name: str, files: Sequence[Path], decide: Callable[[Sequence[Shot], int | None], ImportRow]
    ) -> ImportRow:
        """What `decide` says of a folder, or why it is refused as a whole."""
        gallery = self._desk.gallery.current()
        examiner = Examiner(self._desk.networks, self._desk.networks.embedder(gallery.model_id))
        shots = [examiner.file(file) for file in files]
        refused: Sequence[Shot] = [shot for shot in shots if not shot.usable]
        try:
            return decide(shots, self._known(name))
        except LooksAlike as error:
            refused = [refused_as(error.alike[0], shot) if shot.usable else shot for shot in shots]
            why = str(error)
        except NothingUsable as error:
            refused = error.refused
            why = str(error)
        except (Conflict, Invalid, ConsentNeeded) as error:
            why = str(error)
        return ImportRow(name, Fate.REFUSED, 0, refused=tuple(map(_file, refused)), why=why)

    def _known(self, name: str) -> int | None:
        with self._store.reading() as t:
            found = t.people.named(name)
        if len(found) > 1:
            raise Invalid(
                T(
                    "{n} people on file are called {name}; add these photographs by hand.",
                    n=len(found),
                    name=name,
                )
            )
        return found[0].id if found else None


class _Journal:
    """Which folders of an import are done."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        if desk.store.keys is None:
            raise KeyMissing("expected a store opened with keys; without them nobody can be enrolled")
        self._folder = str(folder.absolute())
        digest = hashlib.sha256(self._folder.encode(errors="surrogateescape")).hexdigest()[:24]
        self._path = desk.home / "imports" / f"{digest}{SUFFIX}"
        self._seal = LocalSeal(desk.home, desk.store.keys)
        self._rows: dict[str, ImportRow] = {}

    def rows(self) -> dict[str, ImportRow]:
        """By name. A journal that does not open is as good as none: see the module's text."""
        try:
            plain = self._seal.open(self._path.read_bytes(), self._path.name)
        except (FileNotFoundError, Damaged):
            return {}
        found = msgspec.msgpack.decode(plain, type=tuple[str, list[ImportRow]])[1]
        self._rows = {row.name: row for row in found}
        return dict(self._rows)

    def add(self, row: ImportRow) -> None:
        """Notes that a person is done, on the disk."""
        self._rows[row.name] = row
        plain = msgspec.msgpack.encode((self._folder, list(self._rows.values())))
        write_whole(self._path, self._seal.seal(plain, self._path.name))

    def remove(self) -> None:
        """The import is over."""
        self._path.unlink(missing_ok=True)
        remove_parts(self._path.parent, self._path.name)

    @staticmethod
    def folder_of(desk: Desk, path: Path) -> Path | None:
        """The folder that a journal belongs to."""
        if desk.store.keys is None:
            return None
        try:
            plain = LocalSeal(desk.home, desk.store.keys).open(path.read_bytes(), path.name)
        except (FileNotFoundError, Damaged):
            return None
        return Path(msgspec.msgpack.decode(plain, type=tuple[str, list[ImportRow]])[0])


def _people(folder: Path) -> list[tuple[str, list[Path]]]:
    return [(printable_name(name), files) for name, files in people_in(folder)]


def _journals(desk: Desk) -> Iterator[Path]:
    yield from sorted((desk.home / "imports").glob(f"*{SUFFIX}"))


def _refused(rows: Sequence[ImportRow]) -> int:
    return sum(len(row.refused) for row in rows)


def _file(shot: Shot) -> RefusedFile:
    return RefusedFile(shot.file, shot.reasons[0], shot.detail)
