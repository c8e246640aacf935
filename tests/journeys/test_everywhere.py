"""What works on every page: all by keyboard, find anything, the sheet of keys, the lock."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from facekd_db.store import Store

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Seen

PASSWORD = "seven quiet herons"
FOCUS = (0xB8, 0x78, 0x11)  # design.md: `focus` of the light theme, here blue, green, red
STOPS = 12


def is_on(driver: "Driver", page: str) -> bool:
    return driver.current_page() == page


def moved(driver: "Driver", before: "Seen | None") -> "Seen | None":
    """What has the focus, once it is something else."""
    now = driver.focus()
    return now if now != before else None


def test_a_whole_visit_without_a_pointer(
    start: "Callable[..., Driver]", seeded_home: Path, store: Store
) -> None:
    driver = start(seeded_home)
    driver.display.do("mousemove", "1279", "799")  # out of the way
    driver.until(
        "the name to have the focus", lambda: (driver.reach("Name", kind="QLineEdit") or {}).get("focus")
    )
    driver.type("Ada")
    driver.key("Return")
    driver.type(PASSWORD)
    driver.key("Return")
    driver.wait("Pages", kind="Rail")
    for key, heading in (
        ("2", "Photo"),
        ("3", "People"),
        ("4", "Records"),
        ("comma", "Settings"),
        ("1", "Live"),
    ):
        driver.key(f"ctrl+{key}")
        driver.until(heading, partial(is_on, driver, heading))

    driver.key("ctrl+k")
    driver.until(
        "the finder",
        lambda: any(
            f["focus"] for f in driver.all(kind="QLineEdit", window="Find a person, a page or an action")
        ),
    )
    driver.type("obama")
    driver.row("Barack Obama", name="Found")
    driver.key("Return")
    driver.until("the person", lambda: driver.current_page() == "People" and driver.says("E-1001, Finance"))

    driver.key("F1")
    driver.wait("Keys", kind="KeySheet")
    assert driver.says("Add person")
    assert driver.says("Ctrl N")
    driver.key("Escape")
    driver.gone("Keys", kind="KeySheet")

    stops = []
    for _ in range(STOPS):
        before = driver.focus()
        driver.key("Tab")
        stops.append(driver.until("the focus to move", partial(moved, driver, before)))
    assert len({str(stop["place"]) for stop in stops}) == STOPS  # no trap
    assert not [stop for stop in stops if not (stop["name"] or stop["text"])]
    buttons = [stop for stop in stops if "QAbstractButton" in stop["kinds"]]
    driver.until("a button with the focus", lambda: _tab_to_button(driver))
    ring = driver.wait_kind("FocusRing")
    assert driver.colour_count(FOCUS, ring["place"]) > 40
    assert buttons

    driver.key("ctrl+l")
    driver.read("Locked by Ada. Names are hidden.")
    driver.until("the lock in the store", lambda: _acts(store)[:1] == ["lock"])
    assert not driver.says("Barack Obama")
    driver.until(
        "the password to have the focus",
        lambda: (driver.reach("Password", kind="QLineEdit") or {}).get("focus"),
    )
    driver.type(PASSWORD)
    driver.key("Return")
    driver.until("the page as it was", lambda: driver.current_page() == "People")
    assert _acts(store)[0] == "unlock"


def _tab_to_button(driver: "Driver") -> bool:
    now = driver.focus()
    if now is not None and "QAbstractButton" in now["kinds"]:
        return True
    driver.key("Tab")
    return False


def _acts(store: Store) -> list[str]:
    with store.reading() as t:
        return [row.act for row in t.audit.page(limit=5)]
