"""The door: refused in one sentence, Caps Lock, let in by role, locked out across a restart, unlocked by another."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from facekd_db.store import Store

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

PASSWORD = "seven quiet herons"
FREE_TRIES = 5  # the fifth wrong password in a row is the last that is only refused


def acts(store: Store, *which: str) -> list[tuple[str, str]]:
    """Act and operator of the newest rows of the audit log, newest first."""
    with store.reading() as t:
        rows = t.audit.page(limit=40)
    return [(row.act, row.operator) for row in rows if row.act in which]


def refuse(driver: "Driver", name: str) -> None:
    """A wrong password; waits for the answer."""
    driver.fill("Name", name)
    driver.fill("Password", "not the password")
    driver.press("Log in")
    driver.until(
        "an emptied password", lambda: any(not f["text"] for f in driver.all("Password", kind="QLineEdit"))
    )


def test_the_door_says_one_thing_to_all_who_are_wrong_and_lets_in_who_is_right(
    start: "Callable[..., Driver]", log_in: "Callable[..., None]", seeded_home: Path, store: Store
) -> None:
    driver = start(seeded_home)
    for name in ("Ada", "Nobody"):
        refuse(driver, name)
        driver.read("Name or password is wrong.")
    assert len(acts(store, "login.refused")) == 2
    driver.click("Password", kind="QLineEdit")
    driver.key("Caps_Lock")
    try:
        driver.key("a")
        driver.read("Caps Lock is on")
    finally:
        driver.key("Caps_Lock")
    log_in(driver)
    assert acts(store, "login", "login.refused")[0] == ("login", "Ada")
    driver.press("Ada, Administrator: menu")
    driver.entry("Log out")
    driver.wait("Log in", kind="QPushButton")
    driver.until("the logout in the store", lambda: acts(store, "logout") == [("logout", "Ada")])
    assert driver.see(kind="Rail") is None


def test_who_is_locked_out_stays_so_after_a_restart_until_an_administrator_helps(
    start: "Callable[..., Driver]", log_in: "Callable[..., None]", seeded_home: Path, store: Store
) -> None:
    driver = start(seeded_home)
    for _ in range(FREE_TRIES):
        refuse(driver, "Olga")
        driver.read("Name or password is wrong.")
    driver.fill("Password", PASSWORD)
    driver.press("Log in")
    driver.read("Too many tries.")
    driver.read("You can try again in 0:")
    driver.end()

    driver = start(seeded_home)
    driver.fill("Name", "Olga")
    driver.fill("Password", PASSWORD)
    driver.press("Log in")
    driver.read("Too many tries.")
    with store.reading() as t:
        assert t.lockouts.locked_until("Olga") is not None
    driver.end()

    driver = start(seeded_home)
    log_in(driver)
    driver.key("ctrl+comma")
    driver.choose("Operators", name="Sections of the settings")
    driver.choose("Olga")
    driver.press("Unlock")
    driver.until("Olga unlocked in the store", lambda: acts(store, "account.unlock"))
    with store.reading() as t:
        assert t.lockouts.locked_until("Olga") is None
    driver.press("Ada, Administrator: menu")
    driver.entry("Log out")
    log_in(driver, "Olga")
    driver.wait("Olga, Operator: menu")
    assert [item["name"] for item in driver.all(kind="RailItem")] == [
        "Live",
        "Photo",
        "People",
        "Records",
        "Settings",
    ]
    driver.press("Settings", kind="RailItem")
    sections = driver.wait("Sections of the settings", kind="QListWidget")
    assert "Operators" not in [row["cells"][0] for row in sections["rows"]]
