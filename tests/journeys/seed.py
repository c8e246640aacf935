"""The store that journeys begin with: 50 real people with photographs, 1,000 events, and accounts.

Made through the services with the real networks, as an administrator and a camera would have made it in six days.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile

from facekd.images import decode_image
from facekd.models import Registry
from facekd.types import Image, RecognisedFace, Recognition
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import PersonFields, Role
from facekd_db.store import COST_SETTING, Store
from facekd_ui.local import LocalSettings
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import LooksAlike, NothingUsable
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.services.people import GivenConsent

PASSWORD = "seven quiet herons"
PEOPLE, EVENTS = 50, 1000
STRANGER_EVERY = 20
"""Of so many events one is of somebody unknown."""
DEPARTMENTS = ("Research", "Finance", "Facilities")
FAMOUS = {
    "Lin-Manuel Miranda": "ageitgey_lin-manuel-miranda.png",
    "Barack Obama": "ageitgey_obama.jpg",
    "Joe Biden": "ageitgey_biden.jpg",
}
"""Who is in the film and the photographs that journeys use."""


@dataclass(frozen=True)
class Seeded:
    """A home folder to copy, and what is in it."""

    home: Path
    people: tuple[str, ...]
    strangers: tuple[tuple[str, bytes], ...]
    """Name of the file and JPEG of people who are not on file; one photograph each."""
    newcomers: tuple[bytes, ...]
    """JPEG of those among them whose photographs are good enough to be put on file."""


def open_store(home: Path) -> Store:
    """The store of a home folder."""
    return Store(f"sqlite:///{home / 'facekd.db'}", FileKeys(home / "store.key"))


def fill(home: Path, shared_data: Path) -> Seeded:
    """Makes everything in an empty folder; a few seconds."""
    store = open_store(home)
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    networks = Networks(Registry([shared_data / "weights"]), Choice(threads=1))
    desk = Desk.build(store, home, networks, "desk 1")
    services = Services.of(desk, Logins(store, desk.name).create_first("Ada", PASSWORD))
    hashed = store.hasher().hash(PASSWORD)
    with store.transaction() as t:
        for name, role in (("Olga", Role.OPERATOR), ("Uma", Role.AUDITOR)):
            t.operators.add(name, role, hashed)
    people = dict(_enrolled(services, shared_data))
    strangers = tuple(_strangers(shared_data))
    _record(services, people, [decode_image(jpeg, name) for name, jpeg in strangers[:10]])
    newcomers = tuple(
        jpeg for name, jpeg in strangers if services.enrolment.examine(decode_image(jpeg, name)).usable
    )
    store.scrub()
    store.close()
    copyfile(shared_data / "videos" / "short_hamilton_clip.mp4", home / "sample.mp4")
    LocalSettings(home).change(configured=True)
    return Seeded(home, tuple(people), strangers, newcomers)


def _photographs(shared_data: Path) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Name, and names and bytes of their photographs."""
    for person, file in FAMOUS.items():
        yield person, [(file, (shared_data / "photos" / file).read_bytes())]
    with zipfile.ZipFile(shared_data / "faces" / "lfw_original250_sample.zip") as archive:
        files: dict[str, list[str]] = {}
        for name in sorted(archive.namelist()):
            kind, _, rest = name.partition("/")
            if kind == "known" and rest.endswith(".jpg"):
                files.setdefault(rest.partition("/")[0], []).append(name)
        for person, names in files.items():
            yield person.replace("_", " "), [(Path(name).name, archive.read(name)) for name in names]


def _strangers(shared_data: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(shared_data / "faces" / "lfw_original250_sample.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.startswith("unknown/") and name.endswith(".jpg"):
                yield Path(name).name, archive.read(name)


def _enrolled(services: Services, shared_data: Path) -> Iterator[tuple[str, Image]]:
    """Enrols until there are enough; gives each name with the first photograph."""
    text = services.shared.consent_text("en")
    count = 0
    for name, photographs in _photographs(shared_data):
        images = [decode_image(data, file) for file, data in photographs]
        shots = [services.enrolment.examine(image) for image in images]
        consent = GivenConsent("en", text, name, datetime.now(UTC)) if count % 2 else None
        fields = PersonFields(name, f"E-{1000 + count}", DEPARTMENTS[count % len(DEPARTMENTS)])
        try:
            services.enrolment.enrol(fields, shots, consent)
        except (NothingUsable, LooksAlike):
            continue
        yield name, next(image for image, shot in zip(images, shots, strict=True) if shot.usable)
        count += 1
        if count == PEOPLE:
            return
    raise AssertionError(f"expected {PEOPLE} people whose photographs pass the gate, found {count}")


def _record(services: Services, people: dict[str, Image], strangers: list[Image]) -> None:
    """Six days in front of two cameras."""
    live = services.recognition.live()
    recorders = [
        services.recording.start(services.cameras.use(name, "device", str(number)), live.card, live.people)
        for number, name in enumerate(("Front desk", "Loading bay"))
    ]
    known = [_face_in(services, image) for image in people.values()]
    unknown = [_face_in(services, image) for image in strangers]
    began, step = datetime.now(UTC) - timedelta(days=6), timedelta(days=6) / EVENTS
    for number in range(EVENTS):
        those = unknown if number % STRANGER_EVERY == 0 else known
        face, image = those[number % len(those)]
        recorder = recorders[number % len(recorders)]
        for later in (0, 12):
            seen = RecognisedFace(number + 1, face.box, face.state, face.person, face.score)
            at = began + number * step + timedelta(seconds=later)
            recorder.see(Recognition(number, 0.0, (seen,)), image, at)
    for recorder in recorders:
        state = recorder.flush()
        assert not state.trouble, state.trouble


def _face_in(services: Services, image: Image) -> tuple[RecognisedFace, Image]:
    """The largest face of a photograph, as the recogniser names it."""
    faces = services.photo.name_everyone(image)
    face = max(faces, key=lambda each: (each.box[2] - each.box[0]) * (each.box[3] - each.box[1]))
    person = None if face.person_id is None else str(face.person_id)
    return RecognisedFace(1, face.box, face.state, person, face.score), image
