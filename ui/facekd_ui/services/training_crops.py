"""The application's own pictures for a training run: crops of people who agreed to training, for as long as it lasts.

They leave the encrypted store as one packed npz in the run folder, which only its owner may read, together with the
trainer's cache of decoded pictures and answers; both are deleted when the run ends. People are numbers there, never
names.
"""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from facekd.packed import write_packed
from facekd_db.store import Store, Tables
from facekd_ui.services.training_drafts import OWN_PEOPLE, Draft

log = logging.getLogger(__name__)

PURPOSE = "training"
CACHE = "cache"


@dataclass(frozen=True, slots=True)
class OwnPeople:
    """Who agreed to training, and with how many photographs."""

    people: int
    pictures: int


def count(t: Tables) -> OwnPeople:
    """Who agreed, among the people on file."""
    agreed = t.consents.people(PURPOSE)
    return OwnPeople(len(agreed), t.crops.count_of(agreed))


def export(store: Store, folder: Path) -> OwnPeople:
    """Writes the crops of everybody who agreed into a folder; what does not open stays out.

    Raises OSError when the disk is full.
    """
    pictures: list[bytes] = []
    names: list[str] = []
    identities: list[str] = []
    with store.reading() as t:
        agreed = t.consents.people(PURPOSE)
        for person_id in agreed:
            for crop in t.crops.of(person_id).rows:
                pictures.append(crop.image)
                names.append(f"{person_id}/{crop.id}")
                identities.append(str(person_id))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    path = folder / OWN_PEOPLE
    write_packed(path, pictures, files=names, identity=identities)
    path.chmod(0o600)
    return OwnPeople(len(set(identities)), len(pictures))


def point_at(draft: Draft, folder: Path) -> Draft:
    """The draft with the exported crops as its pictures, and a cache that goes with them."""
    draft = Draft(
        {key: dict(values) for key, values in draft.table.items()}, draft.title, draft.purpose, True
    )
    draft.put("data", "kind", "packed")
    draft.put("data", "train", [str(folder / OWN_PEOPLE)])
    draft.put("data", "cache", str(folder / CACHE))
    draft.put("data", "licence", "crops of people on file who agreed to training; for this organisation only")
    return draft


def remove(folder: Path) -> bool:
    """Deletes what `export` and the trainer's cache left; whether anything was there."""
    path, cache = folder / OWN_PEOPLE, folder / CACHE
    found = path.exists() or cache.exists()
    path.unlink(missing_ok=True)
    shutil.rmtree(cache, ignore_errors=True)
    if cache.exists():
        log.warning(
            "%s: the trainer's cache of people's pictures could not be removed; it is tried again", cache
        )
    return found
