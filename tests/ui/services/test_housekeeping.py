"""Shared settings, cameras, audit log, maintenance, retention."""

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

import facekd_db.audit
from facekd_db.errors import Conflict, LoginRefused, StoreError
from facekd_db.keys import FileKeys
from facekd_db.records import PersonFields, Sighting
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.progress import Stopped
from facekd_ui.services.retention import Removed, tick
from facekd_ui.services.shared import ENTRIES

Portrait = Callable[..., Path]
ADA, BOB = 1, 6
PASSWORD = "seven quiet herons"


class Clock(Protocol):
    """The fixture of conftest.py."""

    def advance(self, **step: float) -> None: ...


def put(services: Services, portrait: Portrait, seed: int, name: str) -> int:
    shots = services.enrolment.examine_files([portrait(seed)])
    return services.enrolment.enrol(PersonFields(name), shots).person.id


# --- shared settings --------------------------------------------------------------------------------------


def test_every_default_fits_its_own_rule() -> None:
    assert all(entry.fits(entry.default) for entry in ENTRIES.values())


def test_a_setting_is_changed_once_and_the_second_writer_is_told(admin: Services) -> None:
    assert admin.shared.all()["retention.events_days"] is None
    first = admin.shared.put("retention.events_days", 7, 0)
    with pytest.raises(Conflict):
        admin.shared.put("retention.events_days", 9, 0)
    admin.shared.put("retention.events_days", 9, first.version)
    found = admin.shared.all()["retention.events_days"]
    assert found is not None
    assert found.value == 9
    assert admin.audit.page(act="setting.change")[0].detail == {"value": 9}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("retention.events_days", -1),
        ("session.idle_minutes", 0),
        ("consent.required", 1),
        ("events.interval_s", True),
        ("nonsense", 1),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(admin: Services, key: str, value: int) -> None:
    with pytest.raises(Invalid, match=r"[Ee]xpected"):
        admin.shared.put(key, value, 0)


def test_the_consent_text_names_the_organisation(admin: Services) -> None:
    admin.shared.put("organisation", "Northgate", 0)
    assert admin.shared.consent_text("en").startswith("I agree that Northgate stores")
    assert admin.shared.consent_text("zh_CN").startswith("我同意Northgate存储")
    with pytest.raises(Invalid):
        admin.shared.consent_text("fr")


# --- cameras ----------------------------------------------------------------------------------------------


def test_a_camera_is_made_at_its_first_use_and_its_address_is_kept_secret(
    admin: Services, operator: Services, desk: Desk
) -> None:
    door = operator.cameras.use("Door", "stream", "rtsp://user:canary@cam/1")
    assert operator.cameras.use("Door", "stream", "").id == door.id
    changed = admin.cameras.change(
        door.id, door.version, name="Gate", kind="stream", address="rtsp://cam/2", enabled=False
    )
    assert (changed.name, changed.enabled) == ("Gate", False)
    with pytest.raises(Conflict):
        admin.cameras.add("Gate", "device", "0")
    with pytest.raises(Invalid):
        admin.cameras.add("Yard", "telescope", "0")
    desk.store.scrub()
    assert b"canary" not in (desk.home / "facekd.db").read_bytes()


# --- audit ------------------------------------------------------------------------------------------------


def test_the_audit_log_is_exported_with_its_hashes(admin: Services, tmp_path: Path) -> None:
    admin.shared.put("organisation", "Northgate", 0)
    done = admin.audit.export(tmp_path / "audit.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert done.rows == len(rows) == done.report.rows
    assert rows[0]["hash"] == done.report.head
    assert all(newer["previous"] == older["hash"] for newer, older in itertools.pairwise(rows))


# --- maintenance ------------------------------------------------------------------------------------------


def test_a_check_counts_what_opens_and_names_what_does_not(
    admin: Services, portrait: Portrait, desk: Desk
) -> None:
    import sqlalchemy as sa

    put(admin, portrait, ADA, "Ada")
    assert all(check.ok for check in admin.maintenance.check())
    with desk.store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE template SET vector = zeroblob(length(vector))"))
    failed = [check for check in admin.maintenance.check() if not check.ok]
    assert [(check.name, str(check.detail)) for check in failed] == [("faces", "0 open, 1 damaged")]


def test_a_copy_holds_everything_and_opens_with_the_same_key(
    admin: Services, portrait: Portrait, desk: Desk, tmp_path: Path
) -> None:
    put(admin, portrait, ADA, "Ada")
    address = f"sqlite:///{tmp_path / 'copy.db'}"
    report = admin.maintenance.copy(address)
    assert (report.rows["person"], report.rows["template"]) == (1, 1)
    copy = Store(address, FileKeys(desk.home / "store.key"))
    with copy.reading() as t:
        assert t.templates.of(1).damaged == ()
        assert t.audit.verify().broken is None
    copy.close()
    with pytest.raises(Conflict):
        admin.maintenance.copy(address)


def test_a_copy_that_is_stopped_changes_nothing(admin: Services, tmp_path: Path) -> None:
    class Impatient:
        def progress(self, done: int, total: int, refused: int = 0) -> None: ...

        def cancelled(self) -> bool:
            return True

    with pytest.raises(Stopped):
        admin.maintenance.backup(tmp_path / "backup.facekd", Impatient())
    assert list(tmp_path.glob("backup*")) == []


def test_a_restored_backup_needs_the_password_and_logs_everybody_out(
    admin: Services, portrait: Portrait, tmp_path: Path, desk: Desk
) -> None:
    ada = put(admin, portrait, ADA, "Ada")
    admin.maintenance.backup(tmp_path / "backup.facekd")
    admin.people.erase(ada, "request", PASSWORD)
    with pytest.raises(LoginRefused):
        admin.maintenance.restore(tmp_path / "backup.facekd", "not it", replace=True)
    admin.maintenance.restore(tmp_path / "backup.facekd", PASSWORD, replace=True)
    with pytest.raises(StoreError):
        admin.people.count()
    with desk.store.reading() as t:
        assert t.people.count() == 0  # erased before, and erased again
        assert t.audit.page(limit=1)[0].act == "store.restore"


def test_a_new_store_key_opens_everything_and_moves_by_file(
    admin: Services, portrait: Portrait, desk: Desk, tmp_path: Path
) -> None:
    put(admin, portrait, ADA, "Ada")
    assert admin.maintenance.rotate_key(PASSWORD) >= 1
    key_id = admin.maintenance.export_key(tmp_path / "key.txt", PASSWORD)
    assert admin.maintenance.import_key(tmp_path / "key.txt") == key_id
    with desk.store.reading() as t:
        assert len(t.templates.of(1).rows) == 1


# --- retention --------------------------------------------------------------------------------------------


def test_what_is_due_is_gone_at_the_next_tick_and_what_is_held_stays(
    admin: Services, portrait: Portrait, desk: Desk, clock: Clock
) -> None:
    ada, bob = put(admin, portrait, ADA, "Ada"), put(admin, portrait, BOB, "Bob")
    held = admin.people.get(bob).person
    held = admin.people.hold(bob, True, held.version)
    for person in (admin.people.get(ada).person, held):
        admin.people.delete(person.id, person.version)
    assert tick(desk.store) == Removed(0, 0, 0)
    clock.advance(days=30)
    assert tick(desk.store) == Removed(1, 0, 0)
    assert not tick(desk.store)
    with desk.store.reading() as t:
        assert t.people.many([ada, bob]).keys() == {bob}
        (row,) = t.audit.page(act="person.erase")
        assert (row.operator, row.subject, row.detail) == ("", f"person:{ada}", {"reason": "retention"})


def test_old_pictures_go_first_and_then_their_events(admin: Services, desk: Desk, clock: Clock) -> None:
    camera = admin.cameras.use("Door", "device", "0")
    now = desk.store.now()
    for days in (0, 40, 80):
        sighting = Sighting(now + timedelta(days=days), camera.id, "unknown", f"t{days}", image=b"picture")
        desk.store.run(lambda t, s=sighting, d=days: t.events.record(f"{d:032}", [s]))  # type: ignore[misc]
    clock.advance(days=91)
    assert tick(desk.store) == Removed(people=0, events=1, pictures=2)
    with desk.store.reading() as t:
        assert [event.has_image for event in t.events.page()] == [True, False]


def test_zero_days_keep_for_ever(admin: Services, desk: Desk, clock: Clock) -> None:
    for key in ("retention.events_days", "retention.pictures_days"):
        admin.shared.put(key, 0, 0)
    camera = admin.cameras.use("Door", "device", "0")
    sighting = Sighting(desk.store.now(), camera.id, "unknown", "t", image=b"picture")
    desk.store.run(lambda t: t.events.record("0" * 32, [sighting]))
    clock.advance(days=4000)
    assert not tick(desk.store)


class StopsAtOnce:
    """A person who presses Cancel as soon as there is something to cancel."""

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        assert 0 < done <= total

    def cancelled(self) -> bool:
        return True


def test_checking_and_exporting_the_log_stop_on_request_and_leave_nothing(
    admin: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facekd_db.audit, "_STEP", 1)  # told after each row
    for work in (
        lambda: admin.audit.verify(StopsAtOnce()),
        lambda: admin.audit.export(tmp_path / "audit.jsonl", StopsAtOnce()),
        lambda: admin.maintenance.check(StopsAtOnce()),
    ):
        with pytest.raises(Stopped):
            work()
    assert list(tmp_path.glob("audit*")) == []
    assert admin.audit.verify().broken is None
