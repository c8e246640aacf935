"""Sightings on their way into the store: on the disk first, then sent, then forgotten. So none is lost."""

import logging
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from facekd_db.errors import Damaged
from facekd_db.records import Sighting
from facekd_ui.services.sealing import LocalSeal, remove_parts, write_whole

log = logging.getLogger(__name__)

SUFFIX = ".sightings"
STALE_S = 3600.0
"""A half-written batch of this age has nobody who finishes it."""
LIMIT_BYTES = 500_000_000
"""From here on sightings wait without their pictures: who was where matters more than how they looked."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Sightings that are sent together, under a name that makes sending them twice harmless."""

    path: Path
    uid: str  # 32 hexadecimal digits
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    """A sighting as it lies on the disk: msgspec cannot read a type that refers to itself, as `Json` does."""

    at: datetime
    camera_id: int
    state: str
    track: str
    person_id: int | None
    score: float | None
    image: bytes | None
    detail: dict[str, bool | int | float | str | None]


class Spool:
    """A folder of encrypted batches, oldest first by file name.

    Args:
        folder: made when it is needed.
        seal: of this computer.
    """

    def __init__(self, folder: Path, seal: LocalSeal, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._seal = seal
        self._limit = limit_bytes
        remove_parts(folder, older_than_s=STALE_S)

    def put(self, sightings: Sequence[Sighting]) -> None:
        """Writes a batch; it survives the end of the program and of the power. Raises OSError when the disk is full."""
        if self.size_bytes() > self._limit:
            sightings = [replace(each, image=None) for each in sightings]
        uid = uuid.uuid4().hex
        # The name sorts by time, and counts on when the clock was set back.
        number = max((int(path.name.split("-")[0]) for path in self._paths()), default=0) + 1
        data = self._seal.seal(msgspec.msgpack.encode(list(sightings)), uid)
        write_whole(self._folder / f"{number:012}-{uid}-{len(sightings)}{SUFFIX}", data)

    def waiting(self) -> int:
        """How many sightings there are."""
        return sum(int(path.name.removesuffix(SUFFIX).split("-")[2]) for path in self._paths())

    def size_bytes(self) -> int:
        """How much room they take."""
        return sum(path.stat().st_size for path in self._paths())

    def batches(self) -> Iterator[Batch]:
        """Each batch, oldest first. One that does not open is set aside under another name and logged."""
        for path in self._paths():
            uid = path.name.removesuffix(SUFFIX).split("-")[1]
            try:
                plain = self._seal.open(path.read_bytes(), uid)
                written = msgspec.msgpack.decode(plain, type=list[_Written])
            except FileNotFoundError:
                continue  # another program of this computer has just sent it
            except (Damaged, msgspec.DecodeError) as error:
                self.set_aside(path, str(error))
                continue
            yield Batch(path, uid, tuple(_sighting(each) for each in written))

    def done(self, batch: Batch) -> None:
        """Forgets a batch that arrived."""
        batch.path.unlink(missing_ok=True)

    def set_aside(self, path: Path, why: str) -> None:
        """Keeps a batch that cannot be sent from stopping those behind it."""
        log.error("sightings in %s cannot be saved and are set aside: %s", path, why)
        path.replace(path.with_suffix(".unusable"))

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}")) if self._folder.is_dir() else []


def _sighting(each: _Written) -> Sighting:
    return Sighting(
        at=each.at,
        camera_id=each.camera_id,
        state=each.state,
        track=each.track,
        person_id=each.person_id,
        score=each.score,
        image=each.image,
        detail=dict(each.detail),
    )
