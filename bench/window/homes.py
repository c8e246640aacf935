"""Home folders to measure with: an administrator, people on file, a camera that opens with the window."""

import sys
from pathlib import Path

import cv2
import numpy as np

from facekd.errors import FacekdError
from facekd.models import Registry
from facekd_db.keys import FileKeys
from facekd_db.records import NewTemplate, PersonFields
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.services.stored_gallery import as_bytes
from facekd_ui.settings import Settings, save

NAME, PASSWORD = "Mira", "seven quiet herons"
STEP = 500  # people a transaction
PHOTOS = 97  # different ones; each is encrypted anew for each person
STARTS = (
    "Al",
    "Ber",
    "Cla",
    "Dor",
    "El",
    "Fe",
    "Gu",
    "Ha",
    "Il",
    "Jo",
    "Ka",
    "Lu",
    "Mar",
    "Ni",
    "Ot",
    "Pe",
    "Ro",
)
MIDDLES = ("na", "bri", "to", "mi", "la", "ve", "ri", "so", "de", "li")
ENDS = ("n", "s", "ra", "ta", "no", "k", "la", "ne", "rt", "mo")
DEPARTMENTS = ("Research", "Finance", "Facilities", "Sales", "Logistics", "Reception", "Legal", "Medical")


def make_home(home: Path, people: int, camera: Path | None = None) -> None:
    """A store with an administrator and so many people, each with a photograph and a template.

    Where the model files are missing the people have photographs only, and nobody can be recognised.
    """
    home.mkdir(parents=True)
    store = Store(f"sqlite:///{home / 'facekd.db'}", FileKeys(home / "store.key"))
    store.upgrade()
    desk = Desk.build(store, home, Networks(Registry.from_environment(home), Choice()), "bench")
    Logins(store, desk.name).create_first(NAME, PASSWORD)
    try:
        gallery = desk.gallery.current()
    except FacekdError as error:
        print(f"ui: {error}", file=sys.stderr)
        _fill(store, people, "", 0)
    else:
        dim = desk.networks.embedder(gallery.model_id).card.dim or 0
        _fill(store, people, gallery.model_id, dim)
    store.scrub()
    store.close()
    save(home, Settings(configured=True, camera=str(camera or "")))


def _fill(store: Store, people: int, model_id: str, dim: int) -> None:
    rng = np.random.default_rng(0)
    photos = [_photo(number) for number in range(PHOTOS)]
    for start in range(0, people, STEP):
        with store.transaction() as t:
            templates = []
            for number in range(start, min(people, start + STEP)):
                fields = PersonFields(
                    name_of(number), f"E-{100_000 + number}", DEPARTMENTS[number % len(DEPARTMENTS)]
                )
                person = t.people.add(fields)
                crop = t.crops.add(person.id, photos[number % len(photos)], source="file")
                if model_id:
                    vector = rng.standard_normal(dim).astype(np.float32)
                    vector /= np.linalg.norm(vector)
                    templates.append(NewTemplate(person.id, model_id, dim, as_bytes(vector), crop))
            t.templates.add(templates)
            t.gallery.bump()


def name_of(number: int) -> str:
    """Different for each number below 28,900,000; neighbours sort far from each other."""
    syllables = len(STARTS) * len(MIDDLES) * len(ENDS)
    first, last = number * 977 % syllables, number // syllables * 31 % syllables
    return f"{_word(first)} {_word((last + first * 7) % syllables)}"


def _word(number: int) -> str:
    start, rest = divmod(number, len(MIDDLES) * len(ENDS))
    middle, end = divmod(rest, len(ENDS))
    return STARTS[start] + MIDDLES[middle] + ENDS[end]


def _photo(number: int) -> bytes:
    """A PNG [112, 112] of a few kilobytes, as crops are stored; what it shows does not matter."""
    rng = np.random.default_rng(number)
    small = rng.integers(40, 220, (6, 6, 3)).astype(np.uint8)
    image = cv2.resize(small, (112, 112), interpolation=cv2.INTER_LINEAR)
    done, data = cv2.imencode(".png", image // 8 * 8)
    assert done
    return bytes(data.tobytes())
