"""The Import page over a real store: tried, stopped, gone on with after a restart, given up."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from facekd_ui.pages.context import PageContext
from facekd_ui.pages.importing import ImportPage
from facekd_ui.services.base import Desk
from facekd_ui.services.imports import Fate
from facekd_ui.workers.tasks import Running

Contexts = Callable[..., PageContext]
FOLDERS = 60
SLOW_MS = 30_000


@pytest.fixture
def staff(tmp_path: Path, portrait: Callable[..., Path]) -> Path:
    """A folder with one photograph each of 60 people, and one without any face."""
    for number in range(FOLDERS):
        portrait(number + 1, f"staff/Person {number:02}/1.png")
    empty = tmp_path / "staff" / "Nobody" / "1.png"
    empty.parent.mkdir()
    empty.write_bytes(b"no picture")
    return tmp_path / "staff"


def shown(context: PageContext, qtbot: QtBot) -> ImportPage:
    page = ImportPage(context)
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show()
    page.opened()
    return page


def tried(context: PageContext, qtbot: QtBot, folder: Path) -> ImportPage:
    page = shown(context, qtbot)
    page.try_folder(folder)
    qtbot.waitUntil(lambda: "Nothing is written yet." in page.banner.accessibleName(), timeout=SLOW_MS)
    return page


def stopped(context: PageContext, qtbot: QtBot, folder: Path) -> ImportPage:
    """An import that was cancelled after the first people."""
    page = tried(context, qtbot, folder)
    page.go.click()
    running = context.work.findChildren(Running)[-1]
    people = context.services.people
    qtbot.waitUntil(lambda: people.count() > 0, timeout=SLOW_MS)
    running.cancel()
    qtbot.waitUntil(lambda: "Stopped." in page.banner.accessibleName(), timeout=SLOW_MS)
    return page


def people_of(desk: Desk) -> dict[str, int]:
    """Name and number of templates of everyone on file."""
    with desk.store.reading() as t:
        return {
            row.person.name: len(t.templates.of(row.person.id).rows)
            for row in t.people.page(limit=2 * FOLDERS)
        }


def consented(desk: Desk) -> set[str]:
    """Who agreed."""
    with desk.store.reading() as t:
        return {row.person.name for row in t.people.page(limit=2 * FOLDERS) if row.consented}


def pending(page: ImportPage, words: str) -> QAbstractButton:
    """The button with these words in the note about an import that stopped."""
    return next(each for each in page._pending.findChildren(QAbstractButton) if each.text() == words)


def test_a_dry_run_says_what_becomes_of_each_folder_and_writes_nothing(
    context: Contexts, qtbot: QtBot, staff: Path, desk: Desk
) -> None:
    page = tried(context(), qtbot, staff)
    assert page.model.rowCount() == FOLDERS + 1
    assert page._report is not None
    assert [row.name for row in page._report.rows if row.fate is Fate.REFUSED] == ["Nobody"]
    assert not page.save_list.isHidden()
    assert people_of(desk) == {}


def test_a_stopped_import_goes_on_where_it_stopped_when_the_page_is_opened_again(
    context: Contexts, qtbot: QtBot, staff: Path, desk: Desk
) -> None:
    page = stopped(context(), qtbot, staff)
    before = people_of(desk)
    assert 0 < len(before) < FOLDERS
    assert page.go.isEnabled()  # and so does Import itself, if one stays on the page
    again = shown(context(), qtbot)
    qtbot.waitUntil(lambda: not again._pending.isHidden(), timeout=SLOW_MS)
    assert str(staff) in again._pending.accessibleName()
    again.consent.agreed.click()  # asked again, for those who are left
    pending(again, "Go on").click()
    qtbot.waitUntil(lambda: "The import is done." in again.banner.accessibleName(), timeout=SLOW_MS)
    after = people_of(desk)
    assert before.items() <= after.items()
    assert set(after.values()) == {1}  # nobody was put on file twice
    assert consented(desk) == after.keys() - before.keys()
    report = again._report
    assert report is not None
    assert len(report.rows) == FOLDERS + 1
    assert len(after) == sum(row.fate is Fate.NEW for row in report.rows)
    assert again._pending.isHidden()
    assert context().services.imports.pending() == ()


def test_a_stopped_import_can_be_given_up(context: Contexts, qtbot: QtBot, staff: Path, desk: Desk) -> None:
    stopped(context(), qtbot, staff)
    before = people_of(desk)
    page = shown(context(), qtbot)
    qtbot.waitUntil(lambda: not page._pending.isHidden(), timeout=SLOW_MS)
    pending(page, "Give it up").click()
    qtbot.waitUntil(lambda: page._pending.isHidden(), timeout=SLOW_MS)
    assert people_of(desk) == before  # what is on file stays
