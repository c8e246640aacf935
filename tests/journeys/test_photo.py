"""Photographs dropped, pasted and opened: everyone named, two compared, nothing kept."""

from pathlib import Path
from typing import TYPE_CHECKING

from facekd_db.store import Store

if TYPE_CHECKING:
    from tests.journeys.driver import Driver
    from tests.journeys.seed import Seeded

KNOWN = (0xA2, 0xD8, 0x4F)  # design.md: `video.known`, here blue, green, red
PALE = (0xE9, 0xE4, 0xDD)  # `video.unknown`


def test_everyone_in_a_dropped_photograph_is_named_and_nothing_of_it_is_kept(
    desk: "Driver", store: Store, shared_data: Path
) -> None:
    with store.reading() as t:
        before = (t.people.count(), t.events.count())
    desk.press("Photo", kind="RailItem")
    place = desk.wait("Drop a photograph here")["place"]
    desk.drag([shared_data / "photos" / "ageitgey_obama_and_biden.jpg"], place)
    faces = desk.until("names", lambda: [face for face in desk.faces() if face["state"] == "known"])
    assert {face["text"] for face in faces} == {"Barack Obama", "Joe Biden"}
    shown = desk.picture()
    for face in faces:  # a green line stands where the upper edge of each box is
        x, y, width, _height = face["place"]
        edge = shown[y - 3 : y + 4, x + width // 2]
        assert min(abs(pixel.astype(int) - KNOWN).max() for pixel in edge) < 24
    assert {"Barack Obama", "Joe Biden"} <= {
        each["name"].split(":")[0] for each in desk.all(kind="GuestItem")
    }
    desk.key("Escape")
    desk.wait("Drop a photograph here")
    with store.reading() as t:
        assert (t.people.count(), t.events.count()) == before
        assert "photo.name" in [row.act for row in t.audit.page(limit=5)]  # but that somebody looked is


def test_a_pasted_stranger_has_no_name_and_pale_corners(
    desk: "Driver", seeded: "Seeded", tmp_path: Path
) -> None:
    desk.key("ctrl+2")
    desk.wait("Drop a photograph here")
    stranger = tmp_path / "stranger.jpg"
    stranger.write_bytes(seeded.newcomers[0])
    with desk.display.other_program("picture", stranger):
        desk.key("ctrl+v")
        faces = desk.until("a face", desk.faces)
    assert [(face["text"], face["state"]) for face in faces] == [("Unknown", "unknown")]
    assert desk.colour_count(PALE, faces[0]["place"], beyond=8) > 30
    assert desk.colour_count(KNOWN, faces[0]["place"], beyond=8) == 0


def test_two_photographs_are_compared_in_words(desk: "Driver", shared_data: Path) -> None:
    photos = shared_data / "photos"
    desk.press("Photo", kind="RailItem")
    desk.press("Open photographs…")
    desk.answer_dialog(photos / "ageitgey_obama.jpg", photos / "ageitgey_obama2.jpg")
    desk.wait("The same person")
    desk.press("Clear")
    desk.key("ctrl+o")
    desk.answer_dialog(photos / "ageitgey_obama.jpg")
    desk.until("the first photograph", desk.faces)
    desk.press("Compare with another…")
    desk.answer_dialog(photos / "ageitgey_biden.jpg")
    desk.wait("Not shown to be the same person")
    assert desk.see(kind="ThresholdChart") is not None
