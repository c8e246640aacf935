"""Adding people from files and in bulk over a real store, with painted faces and the tiny networks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from facekd.quality import Reason
from facekd_db.records import Role
from facekd_ui.i18n.language import Language
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.enrol import EnrolPage
from facekd_ui.pages.importing import ImportPage, write_refused
from facekd_ui.services.base import Desk
from facekd_ui.services.imports import Fate
from facekd_ui.tables.imports import NAME, WHAT

Contexts = Callable[..., PageContext]
Portrait = Callable[..., Path]


@pytest.fixture
def page(context: Contexts, qtbot: QtBot, tmp_path: Path) -> EnrolPage:
    page = EnrolPage(context(Role.ADMINISTRATOR), LocalSettings(tmp_path / "home"))
    qtbot.addWidget(page)
    page.resize(1360, 800)
    page.show()
    page.opened()
    return page


def people(desk: Desk) -> dict[str, int]:
    """Name -> photographs in the store."""
    with desk.store.reading() as t:
        return {row.person.name: row.crops for row in t.people.page()}


def test_photographs_from_files_put_somebody_on_file(
    page: EnrolPage, qtbot: QtBot, desk: Desk, portrait: Portrait, went: list[tuple[str, object]]
) -> None:
    assert not page.save.isEnabled()
    page.form.name.setText("Ada Lovelace")
    page.draft.add_files([portrait(1), portrait(1, at=(150, 110), shade=40)])
    qtbot.waitUntil(lambda: len(page.draft.shots) == 2)
    assert people(desk) == {}  # nothing before Save
    qtbot.waitUntil(page.save.isEnabled)
    page.save.trigger()
    qtbot.waitUntil(lambda: bool(went))
    assert people(desk) == {"Ada Lovelace": 2}
    assert went[0][0] == "people"


def test_a_photograph_that_is_not_good_says_why(
    page: EnrolPage, qtbot: QtBot, portrait: Portrait, tmp_path: Path
) -> None:
    wrong = tmp_path / "notes.png"
    wrong.write_text("no picture")
    page.draft.add_files([wrong, portrait(1)])
    qtbot.waitUntil(lambda: len(page.draft.shots) == 1)
    assert dict(page.draft.refused) == {Reason.UNREADABLE: 1}
    qtbot.waitUntil(lambda: not page.turned_down.isHidden())


def test_somebody_who_is_on_file_already_is_asked_about(
    page: EnrolPage, qtbot: QtBot, desk: Desk, portrait: Portrait, went: list[tuple[str, object]]
) -> None:
    page.form.name.setText("Ada")
    page.draft.add_files([portrait(1)])
    qtbot.waitUntil(page.save.isEnabled)
    page.save.trigger()
    qtbot.waitUntil(lambda: bool(went))
    page.form.name.setText("Somebody new")
    page.draft.add_files([portrait(1, at=(140, 110), shade=40)])
    qtbot.waitUntil(lambda: any(each.sure for each in page.draft.alike))
    assert not page.save.isEnabled()
    same = next(each for each in page.alike.findChildren(QPushButton) if "Same person" in each.text())
    same.click()
    qtbot.waitUntil(lambda: people(desk) == {"Ada": 2})


def test_somebody_else_goes_on_and_is_recorded(
    page: EnrolPage, qtbot: QtBot, desk: Desk, portrait: Portrait, went: list[tuple[str, object]]
) -> None:
    for name, shade in (("Ada", 0), ("Her twin", 40)):
        page.form.name.setText(name)
        page.draft.add_files([portrait(1, f"{name}.png", shade=shade)])
        qtbot.waitUntil(lambda: bool(page.draft.shots))
        page._context.work.drain()
        qtbot.wait(50)
        if any(each.sure for each in page.draft.alike):
            page.draft.say_somebody_else(True)
        qtbot.waitUntil(page.save.isEnabled)
        went.clear()
        page.save.trigger()
        qtbot.waitUntil(lambda: bool(went))
    assert people(desk) == {"Ada": 1, "Her twin": 1}
    with desk.store.reading() as t:
        row = next(row for row in t.audit.page(limit=10) if row.act == "person.add")
    assert row.detail["unlike"] == ["person:1"]


def test_a_required_consent_is_asked_for(
    page: EnrolPage, context: Contexts, qtbot: QtBot, desk: Desk, portrait: Portrait
) -> None:
    context().services.shared.put("consent.required", True, 0)
    page.form.name.setText("Ada")
    page.draft.add_files([portrait(1)])
    qtbot.waitUntil(page.save.isEnabled)
    page.save.trigger()
    qtbot.waitUntil(lambda: not page.banner.isHidden())
    assert people(desk) == {}
    qtbot.waitUntil(lambda: bool(page.consent._body))
    page.consent.agreed.setChecked(True)
    page.save.trigger()
    qtbot.waitUntil(lambda: people(desk) == {"Ada": 1})
    with desk.store.reading() as t:
        assert [each.given_by for each in t.consents.of(1)] == ["Ada"]


@pytest.mark.parametrize("code", ["en", "zh_CN"])
def test_no_word_of_the_enrolment_is_cut(
    page: EnrolPage,
    qtbot: QtBot,
    language: Language,
    code: str,
    portrait: Portrait,
    clipped: Callable[[QWidget], list[str]],
) -> None:
    page.draft.add_files([portrait(1)])
    qtbot.waitUntil(lambda: bool(page.draft.shots))
    language.set(code)
    qtbot.wait(50)
    assert clipped(page) == []


@pytest.fixture
def folder(portrait: Portrait, tmp_path: Path) -> Path:
    """Three people: two with good photographs, one with a text that is none."""
    for name, seed in (("Ada", 1), ("Grace", 2)):
        portrait(seed, f"import/{name}/1.png")
    broken = tmp_path / "import" / "Nobody"
    broken.mkdir()
    (broken / "1.png").write_text("no picture")
    return tmp_path / "import"


def test_the_dry_run_says_what_would_be_and_writes_nothing(
    context: Contexts, qtbot: QtBot, desk: Desk, folder: Path
) -> None:
    page = ImportPage(context())
    qtbot.addWidget(page)
    page.show()
    page.try_folder(folder)
    qtbot.waitUntil(lambda: page._report is not None)
    assert people(desk) == {}
    assert [page.model.index(row, NAME).data() for row in range(3)] == ["Ada", "Grace", "Nobody"]
    assert [page.model.index(row, WHAT).data() for row in range(3)] == ["new", "new", "refused"]


def test_the_import_stores_everybody_and_lists_the_refused(
    context: Contexts, qtbot: QtBot, desk: Desk, folder: Path, tmp_path: Path
) -> None:
    page = ImportPage(context())
    qtbot.addWidget(page)
    page.show()
    page.try_folder(folder)
    qtbot.waitUntil(lambda: page._report is not None)
    page.go.click()
    qtbot.waitUntil(lambda: page._done)
    assert people(desk) == {"Ada": 1, "Grace": 1}
    report = page._report
    assert report is not None
    assert [row.fate for row in report.rows] == [Fate.NEW, Fate.NEW, Fate.REFUSED]
    write_refused(tmp_path / "refused.csv", report)
    lines = (tmp_path / "refused.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("Nobody,1.png,")
    assert "cannot be read" in lines[1]
    assert page.go.isHidden()  # done is done
