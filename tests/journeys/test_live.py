"""A film instead of a camera: a name over a face, a stranger enrolled by a click, a wrong name taken back."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facekd.images import decode_image, read_image
from facekd.types import Image
from facekd_db.records import EventFilter
from facekd_db.store import Store

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Seen
    from tests.journeys.seed import Seeded

KNOWN = (0xA2, 0xD8, 0x4F)  # design.md: `video.known`, here blue, green, red
MIRANDA, NEW = "Lin-Manuel Miranda", "Somebody New"
FPS, SECONDS = 15, 12  # of the film that is made here


def film(path: Path, photographs: Sequence[Image]) -> None:
    """A film of photographs side by side, moving a little as people do who stand and wait."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (640, 360))
    for number in range(FPS * SECONDS):
        picture = np.full((360, 640, 3), 60, np.uint8)
        for place, photograph in enumerate(photographs):
            height, width = photograph.shape[:2]
            x = 20 + 310 * place + round(8 * np.sin(number / 9 + place))
            y = 30 + round(6 * np.cos(number / 7))
            picture[y : y + height, x : x + width] = photograph
        writer.write(picture)
    writer.release()


def named(driver: "Driver", name: str) -> "Callable[[], Seen | None]":
    """The face with that tag."""
    return lambda: next((face for face in driver.faces() if face["text"] == name), None)


def open_menu(driver: "Driver", name: str, entry: str) -> None:
    """Clicks the face with that tag, again until the menu that opens has that entry, and chooses it."""

    def offered() -> bool:
        menus = driver.all(kind="QMenu")
        return any(entry in each["text"] and each["enabled"] for menu in menus for each in menu["entries"])

    def clicked() -> bool:
        face = named(driver, name)()
        if face is not None:
            driver.point(*driver.middle(face["place"]))
            if driver.soon(lambda: driver.see(kind="QMenu")) and not offered():
                driver.key("Escape")  # no clear view of it yet
                driver.until("the end of the menu", lambda: driver.see(kind="QMenu") is None)
        return offered()

    driver.until(f"{entry!r} in the menu of {name}", clicked)
    driver.entry(entry)


def test_a_known_face_gets_its_name_a_stranger_is_enrolled_and_a_wrong_name_is_taken_back(
    desk: "Driver", store: Store, seeded: "Seeded", shared_data: Path
) -> None:
    known = read_image(shared_data / "photos" / "ageitgey_lin-manuel-miranda.png")
    small = cv2.resize(known, (250, 250 * known.shape[0] // known.shape[1]), interpolation=cv2.INTER_AREA)
    stranger = decode_image(seeded.newcomers[0], "stranger")
    film(desk.home / "sample.mp4", [np.asarray(small[:290], np.uint8), stranger])
    desk.press("Choose a source")
    desk.entry("The sample video")
    face = desk.until("a name over a face", named(desk, MIRANDA))
    assert face["state"] == "known"
    view = desk.wait("Live picture", kind="VideoView")
    desk.until("a green box on the screen", lambda: desk.colour_count(KNOWN, view["picture"]) > 100)
    desk.until(
        "the list beside it", lambda: any(MIRANDA in each["name"] for each in desk.all(kind="GuestItem"))
    )

    open_menu(desk, "Unknown", "Enrol as new person…")
    desk.wait("Enrol this face")
    desk.fill("Name", NEW)
    desk.press("Enrol", kind="QPushButton")
    desk.until("the new name over the face", named(desk, NEW))
    with store.reading() as t:
        (person,) = t.people.named(NEW)
        photos = t.crops.of(person.id).rows
        (miranda,) = t.people.named(MIRANDA)
    assert photos
    assert {photo.source for photo in photos} == {"camera"}

    open_menu(desk, MIRANDA, "Not Lin-Manuel, remember for good")
    desk.read(f"Remembered: this face is not {MIRANDA}")
    with store.reading() as t:
        assert [row.rejects for row in t.templates.of(miranda.id).rows].count(True) == 1
    desk.until("the end of the wrong name", lambda: named(desk, MIRANDA)() is None)

    def recorded() -> bool:
        with store.reading() as t:
            cameras = [each.id for each in t.cameras.all() if each.name == "sample.mp4"]
            seen = t.events.page(EventFilter(camera_id=cameras[0])) if cameras else ()
            return {MIRANDA, NEW} <= {event.person for event in seen}

    desk.until("both in the records", recorded)
    desk.press("Close")
    desk.wait("No camera yet")


def test_a_video_file_is_watched_to_its_end_and_nobody_in_it_gets_a_wrong_name(
    desk: "Driver", store: Store, shared_data: Path
) -> None:
    desk.key("ctrl+o")
    desk.entry("Video file…")
    desk.answer_dialog(shared_data / "videos" / "facenet_pytorch_video.mp4")
    tags: set[str] = set()

    def over() -> bool:
        tags.update(face["text"] for face in desk.faces())
        return desk.says("The video has ended")

    desk.until("the end of the film", over)
    assert tags == {"Unknown"}  # four to eight strangers
    with store.reading() as t:
        camera = next(each.id for each in t.cameras.all() if each.name == "facenet_pytorch_video.mp4")
        desk.until("their records", lambda: t.events.count(EventFilter(camera_id=camera)) > 0)
        assert {event.person for event in t.events.page(EventFilter(camera_id=camera))} == {None}
