"""Settings over a real store: sections by role, what is kept here, what all computers share, accounts, audit log."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from facekd_db.records import Role
from facekd_ui.i18n.language import Language
from facekd_ui.i18n.text import Text
from facekd_ui.local import LocalSettings
from facekd_ui.pages.audit_log import AuditSection
from facekd_ui.pages.catalogue import page_specs
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.live_choose import AddressSheet
from facekd_ui.pages.operators import OperatorsSection, PasswordSheet
from facekd_ui.pages.settings import SettingsPage
from facekd_ui.pages.settings_cameras import CamerasSection
from facekd_ui.pages.settings_health import HealthSection
from facekd_ui.pages.settings_here import AccountSection, ComputerSection
from facekd_ui.pages.settings_sections import sections
from facekd_ui.pages.settings_shared import DatabaseSection, SharedSection
from facekd_ui.services.base import Desk
from facekd_ui.services.logins import Logins
from facekd_ui.shell.pages import allowed
from facekd_ui.shell.window import MainWindow
from facekd_ui.theme.theme import Theme
from facekd_ui.widgets.buttons import Switch
from facekd_ui.widgets.sheets import Question
from facekd_ui.workers.tasks import Tasks

Contexts = Callable[..., PageContext]
PASSWORD = "seven quiet herons"


@pytest.fixture
def window(theme: Theme, language: Language, qtbot: QtBot) -> MainWindow:
    window = MainWindow(theme, language, Tasks(1))
    window.tasks.setParent(window)
    qtbot.addWidget(window)
    return window


@pytest.fixture
def local(tmp_path: Path) -> LocalSettings:
    return LocalSettings(tmp_path / "home")


def shown(section: QWidget, qtbot: QtBot) -> None:
    qtbot.addWidget(section)
    section.resize(1200, 800)
    section.show()
    section.opened()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        (Role.OPERATOR, {"look", "computer", "account", "health"}),
        (Role.ENGINEER, {"look", "computer", "account", "health"}),
        (Role.AUDITOR, {"look", "computer", "account", "health", "audit", "database"}),
        (
            Role.ADMINISTRATOR,
            {
                "look",
                "computer",
                "account",
                "health",
                "operators",
                "cameras",
                "consent",
                "keeping",
                "audit",
                "database",
            },
        ),
    ],
)
def test_each_role_has_its_sections(
    context: Contexts, window: MainWindow, local: LocalSettings, desk: Desk, role: Role, keys: set[str]
) -> None:
    assert {each.key for each in sections(context(role), window, local, desk)} == keys


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        (Role.ENGINEER, {"live", "photo", "training", "models", "settings"}),
        (Role.AUDITOR, {"people", "records", "settings"}),
    ],
)
def test_pages_that_a_role_may_not_use_are_absent(
    context: Contexts, window: MainWindow, local: LocalSettings, desk: Desk, role: Role, keys: set[str]
) -> None:
    specs = page_specs(context(role), window, local, desk, None)
    assert {each.key for each in allowed(specs, role)} == keys


def test_every_section_opens_in_both_languages_without_cut_words(
    context: Contexts,
    window: MainWindow,
    local: LocalSettings,
    desk: Desk,
    qtbot: QtBot,
    language: Language,
    clipped: Callable[[QWidget], list[str]],
) -> None:
    given = context()
    page = SettingsPage(sections(given, window, local, desk))
    qtbot.addWidget(page)
    page.resize(1364, 820)
    page.show()
    for code in ("en", "zh_CN"):
        language.set(code)
        for section in page._sections:
            page.open_section(section.key)
            given.store.drain()
            given.work.drain()
            qtbot.wait(20)
            assert clipped(page) == [], (section.key, code)


def test_what_belongs_to_this_computer_is_kept_in_its_file(
    context: Contexts, local: LocalSettings, qtbot: QtBot
) -> None:
    section = ComputerSection(context(), local)
    qtbot.addWidget(section)
    section.desk.setText("Front desk")
    section.desk.editingFinished.emit()
    section.threads.setText("2")
    section.threads.editingFinished.emit()
    again = LocalSettings(local.home).now
    assert (again.desk_name, again.recognising.threads) == ("Front desk", 2)


def test_a_shared_setting_is_stored_for_all_and_nonsense_is_refused(
    context: Contexts, qtbot: QtBot, desk: Desk
) -> None:
    given = context()
    section = SharedSection(given, Text("Keeping"), ("session.idle_minutes", "consent.required"))
    shown(section, qtbot)
    field = section.fields["session.idle_minutes"]
    qtbot.waitUntil(lambda: field.text() == "15")
    field.setText("30")
    field.editingFinished.emit()
    qtbot.waitUntil(lambda: _setting(desk, "session.idle_minutes") == 30)
    qtbot.waitUntil(lambda: section._settings["session.idle_minutes"] is not None)
    field.setText("100000")
    field.editingFinished.emit()
    qtbot.waitUntil(lambda: not section.banner.isHidden())
    assert _setting(desk, "session.idle_minutes") == 30
    section.switches["consent.required"].click()
    qtbot.waitUntil(lambda: _setting(desk, "consent.required") is True)


def _setting(desk: Desk, key: str) -> object:
    with desk.store.reading() as t:
        return t.settings.get(key)


def test_a_new_operator_gets_a_password_that_is_shown_once_and_works(
    context: Contexts, qtbot: QtBot, desk: Desk
) -> None:
    section = OperatorsSection(context())
    shown(section, qtbot)
    qtbot.waitUntil(lambda: section.model.rowCount() == 4)
    section.ask_new()
    sheet = section.findChild(Question)
    assert sheet is not None
    name = next(each for each in sheet.findChildren(QWidget) if each.metaObject().className() == "Field")
    name.setText("Tomas")  # type: ignore[attr-defined]
    sheet.act.click()
    found: list[PasswordSheet] = []

    def password_shown() -> bool:
        found[:] = section.findChildren(PasswordSheet)
        return bool(found)

    qtbot.waitUntil(password_shown)
    session = Logins(desk.store, "desk 2").log_in("Tomas", found[0].password.text())
    assert session.operator.must_change_password
    found[0].accept()


def test_the_last_administrator_cannot_be_switched_off(
    context: Contexts, qtbot: QtBot, notes: object
) -> None:
    section = OperatorsSection(context())
    shown(section, qtbot)
    qtbot.waitUntil(lambda: section.model.rowCount() == 4)
    row = section.model.row_of(1)
    assert row is not None
    section._switch(section.model.record(row), on=False)
    qtbot.waitUntil(lambda: bool(notes.said))  # type: ignore[attr-defined]
    assert notes.said == ["The last administrator cannot be switched off."]  # type: ignore[attr-defined]
    assert section.model.record(row).operator.enabled


def test_another_operator_is_switched_off_and_their_sessions_end(
    context: Contexts, qtbot: QtBot, desk: Desk
) -> None:
    section = OperatorsSection(context())
    shown(section, qtbot)
    qtbot.waitUntil(lambda: section.model.rowCount() == 4)
    olga = next(section.model.record(i) for i in range(4) if section.model.record(i).operator.name == "Olga")
    section._switch(olga, on=False)

    def off() -> bool:
        with desk.store.reading() as t:
            return not t.operators.get(olga.operator.id).enabled and not t.sessions.open(olga.operator.id)

    qtbot.waitUntil(off)


def test_the_audit_log_shows_the_newest_first_and_proves_its_chain(context: Contexts, qtbot: QtBot) -> None:
    given = context()
    given.services.shared.put("organisation", "Northgate", 0)
    section = AuditSection(given)
    shown(section, qtbot)
    qtbot.waitUntil(lambda: section.model.rowCount() > 0)
    assert section.model.index(0, 3).data() == "Changed a setting"
    section.verify()
    qtbot.waitUntil(lambda: "unbroken" in section.banner.accessibleName())


def test_the_audit_log_speaks_the_language_of_the_window(
    context: Contexts, qtbot: QtBot, language: Language
) -> None:
    given = context()
    given.services.shared.put("events.strangers", False, 0)
    section = AuditSection(given)
    shown(section, qtbot)
    qtbot.waitUntil(lambda: section.model.rowCount() > 0)
    with qtbot.waitSignal(section.model.dataChanged):
        language.set("zh_CN")
    assert [section.model.index(0, column).data() for column in (3, 4, 5)] == [
        "更改设置",
        "设置 events.strangers",
        "值 否",
    ]


def test_older_rows_of_the_audit_log_come_while_one_scrolls(
    context: Contexts, qtbot: QtBot, desk: Desk
) -> None:
    with desk.store.transaction() as t:
        for _ in range(150):
            t.audit.record("test.act")
    section = AuditSection(context())
    shown(section, qtbot)
    qtbot.waitUntil(lambda: section.model.rowCount() >= 100)
    first = section.model.rowCount()
    section.table.scrollToBottom()
    qtbot.waitUntil(lambda: section.model.rowCount() > first)
    qtbot.waitUntil(lambda: not section.model.canFetchMore(section.table.rootIndex()))
    assert section.model.index(section.model.rowCount() - 1, 0).data() == "1"


def test_ones_own_password_is_changed_only_with_the_old_one(context: Contexts, qtbot: QtBot) -> None:
    given = context(Role.OPERATOR)
    section = AccountSection(given)
    qtbot.addWidget(section)
    for field in (section.pair.first, section.pair.second):
        field.setText("eleven brass kettles")
    section.old.setText("wrong")
    section.button.click()
    qtbot.waitUntil(section.button.isEnabled)
    assert section.banner.accessibleName() == "Name or password is wrong."
    section.old.setText(PASSWORD)
    section.button.click()
    qtbot.waitUntil(lambda: section.banner.accessibleName() == "The password is changed.")


def test_the_database_section_checks_what_is_stored(context: Contexts, qtbot: QtBot, desk: Desk) -> None:
    section = DatabaseSection(context(), desk)
    shown(section, qtbot)
    section._check()
    qtbot.waitUntil(lambda: not section._facts.isHidden())
    assert section._facts.body.count() == 1 + 2 * 4  # heading, then line and fact each


def test_copied_diagnostics_hold_no_names_of_people(
    context: Contexts, qtbot: QtBot, desk: Desk, local: LocalSettings
) -> None:
    section = HealthSection(context(), desk, local)
    shown(section, qtbot)
    qtbot.waitUntil(lambda: len(section._facts) >= 4)
    section._copy()
    words = QApplication.clipboard().text()
    assert "FaceKD" in words
    assert "Olga" not in words


def test_an_administrator_changes_adds_and_switches_off_cameras(context: Contexts, qtbot: QtBot) -> None:
    given = context()
    cameras = given.services.cameras
    cameras.add("Main entrance", "stream", "rtsp://me:secret@10.0.4.11/stream1")
    cameras.use("holiday.mp4", "file", "/films/holiday.mp4")  # records are filed under it; it is no camera
    section = CamerasSection(given)
    shown(section, qtbot)
    qtbot.waitUntil(lambda: [each.name for each in section.cameras] == ["Main entrance"])
    words = [label.text() for label in section.findChildren(QLabel)]
    assert "rtsp://***@10.0.4.11/stream1" in words
    assert not any("secret" in each for each in words)
    sheet = section.ask_change(section.cameras[0])
    sheet.name.setText("Front door")
    qtbot.keyClick(sheet.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [each.name for each in section.cameras] == ["Front door"])
    assert section.cameras[0].address == "rtsp://me:secret@10.0.4.11/stream1"
    switch = section.findChild(Switch)
    assert switch is not None
    switch.click()
    qtbot.waitUntil(lambda: not section.cameras[0].enabled)
    section.add.trigger()
    (new,) = [each for each in section.findChildren(AddressSheet) if each.isVisible()]
    new.address.setText("rtsp://10.0.4.12/stream1")
    new.name.setText("Reception")
    qtbot.keyClick(new.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [each.name for each in section.cameras] == ["Front door", "Reception"])


def test_a_camera_that_somebody_else_changed_meanwhile_is_shown_anew(
    context: Contexts, qtbot: QtBot, notes: Any
) -> None:
    given = context()
    camera = given.services.cameras.add("Door", "stream", "rtsp://10.0.4.11/1")
    section = CamerasSection(given)
    shown(section, qtbot)
    qtbot.waitUntil(lambda: len(section.cameras) == 1)
    given.services.cameras.change(
        camera.id, camera.version, name="Gate", kind="stream", address=camera.address
    )
    switch = section.findChild(Switch)
    assert switch is not None
    switch.click()
    qtbot.waitUntil(lambda: [each.name for each in section.cameras] == ["Gate"])
    assert "changed by somebody else" in notes.said[0]
    assert section.cameras[0].enabled
