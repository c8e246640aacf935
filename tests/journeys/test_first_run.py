"""From an empty home folder to names over a live picture, and what is then on the disk."""

from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

from facekd_db.keys import FileKeys
from facekd_db.records import Role
from facekd_db.store import Store
from facekd_ui.settings import load

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

PASSWORD = "eleven brass kettles"
DARK = (0x18, 0x16, 0x13)  # design.md: `bg` of the dark theme, here blue, green, red
LIGHT = (0xEE, 0xF2, 0xF4)


def test_the_first_run_leads_from_nothing_to_a_live_picture(
    start: "Callable[..., Driver]", shared_data: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    copyfile(shared_data / "videos" / "short_hamilton_clip.mp4", home / "sample.mp4")
    driver = start(home)
    driver.wait("How should FaceKD look?")
    driver.press("Dark", kind="QRadioButton")
    driver.until("the dark look", lambda: driver.colour_share(DARK) > 0.4)
    driver.press("Continue")

    driver.wait("Step 2 of 6")
    driver.fill("Organisation", "Sluice Works")
    driver.fill("Who answers for this data", "Ada")
    driver.read("Tick the box to go on")
    assert driver.reach("Continue") is None
    driver.press("I have read this, and I answer for this data or act for who does")
    driver.press("Continue")
    assert not (home / "facekd.db").exists()  # nothing is written before somebody decided where
    driver.press("Create and continue")

    driver.wait("Who is the first administrator?")
    driver.fill("Name", "Ada")
    driver.fill("New password", "password")
    driver.fill("The same again", "password")
    assert driver.reach("Create the account") is None  # guessed within seconds
    driver.fill("New password", PASSWORD)
    driver.fill("The same again", PASSWORD)
    driver.press("Create the account")

    driver.wait("Which camera should open with the window?")
    driver.press("Try the sample video", kind="QRadioButton")
    driver.press("Continue")
    driver.wait("FaceKD is ready")
    driver.press("Add the first person now")  # not now: the film first
    driver.press("Start")

    driver.wait("Pages", kind="Rail")
    faces = driver.until("faces in the picture", driver.faces)
    assert {face["text"] for face in faces} == {"Unknown"}  # nobody is on file
    driver.read("Nobody is in view." if not driver.faces() else "sample.mp4")
    store = Store(f"sqlite:///{home / 'facekd.db'}", FileKeys(home / "store.key"))
    with store.reading() as t:
        assert [(each.name, each.role) for each in t.operators.all()] == [("Ada", Role.ADMINISTRATOR)]
        assert t.settings.get("organisation") == "Sluice Works"
        assert t.settings.get("responsible") == "Ada"
    store.close()
    settings = load(home)
    assert (settings.look.theme, settings.camera) == ("dark", str(home / "sample.mp4"))
    # It lies in the applications menu of the person who ran it, whose home folder is `tmp_path` here.
    assert (tmp_path / ".local" / "share" / "applications" / "facekd.desktop").is_file()
