"""Settings that are seen at once and kept, and an account made here that its owner then takes over."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from facekd_db.records import Role
from facekd_db.store import Store
from facekd_ui.settings import load

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

DARK = (0x18, 0x16, 0x13)  # design.md: `bg` of the dark theme, here blue, green, red
OWN = "eleven brass kettles"


def open_section(driver: "Driver", words: str, navigation: str = "Sections of the settings") -> None:
    driver.choose(words, name=navigation)


def test_the_look_and_the_language_change_at_once_and_are_kept(desk: "Driver", seeded_home: Path) -> None:
    desk.key("ctrl+comma")
    open_section(desk, "Look and language")
    desk.press("Dark")
    desk.until("the dark look", lambda: desk.colour_share(DARK) > 0.3)
    desk.pick("Language", "简体中文")
    desk.wait("设置", kind="RailItem")
    rail = [item["text"] for item in desk.all(kind="RailItem")]
    assert all(not word.isascii() for word in rail), rail
    look = load(seeded_home).look
    assert (look.theme, look.language) == ("dark", "zh_CN")
    desk.pick("语言", "English")
    desk.wait("Settings", kind="RailItem")
    desk.press("Light")
    desk.until("the light look", lambda: desk.colour_share(DARK) < 0.05)
    assert load(seeded_home).look.language == "en"


def test_a_new_account_is_made_taken_over_by_its_owner_and_stands_in_the_audit_log(
    desk: "Driver", store: Store, log_in: "Callable[..., None]"
) -> None:
    desk.press("Settings", kind="RailItem")
    open_section(desk, "Operators")
    desk.press("New operator")
    desk.wait("They get a password that works once, and choose their own with it.")
    desk.fill("Name", "Petra", window="New operator")
    desk.pick("Role", "Auditor", window="New operator")
    desk.press("Create")
    desk.wait("One-time password for Petra")
    once = desk.until(
        "the password",
        lambda: next((f["text"] for f in desk.all(kind="Field", window="One-time password")), None),
    )
    desk.press("Done")
    with store.reading() as t:
        petra = next(each for each in t.operators.all() if each.name == "Petra")
    assert petra.role is Role.AUDITOR
    assert petra.must_change_password
    open_section(desk, "Audit log")
    row = desk.row("Made an account", name="Audit log")
    assert "Ada" in row["cells"]
    desk.press("Check the chain")
    desk.read("The chain is unbroken.")

    desk.press("Ada, Administrator: menu")
    desk.entry("Log out")
    desk.fill("Name", "Petra")
    desk.fill("Password", once)
    desk.press("Log in")
    desk.wait("Set and go on", kind="QPushButton")
    desk.fill("The password you were given", once)
    desk.fill("New password", OWN)
    desk.fill("The same again", OWN)
    desk.press("Set and go on")
    desk.wait("Petra, Auditor: menu")
    with store.reading() as t:
        assert not t.operators.get(petra.id).must_change_password
    assert [item["name"] for item in desk.all(kind="RailItem")] == ["People", "Records", "Settings"]
