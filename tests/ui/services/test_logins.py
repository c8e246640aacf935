"""Logging in, out, locking, and whose password counts."""

import time
from datetime import datetime
from typing import Protocol

import pytest

from facekd_db.errors import (
    Conflict,
    LastAdministrator,
    LockedOut,
    LoginRefused,
    SessionEnded,
    StoreUnavailable,
)
from facekd_db.records import Role
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Forbidden, Locked, PasswordChangeNeeded, WeakPassword
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins

PASSWORD = "seven quiet herons"
OTHER = "nine loud pelicans"


class Clock(Protocol):
    """The fixture of conftest.py."""

    now: datetime

    def advance(self, **step: float) -> None: ...


def test_logging_in_and_out_leaves_its_rows(logins: Logins, desk: Desk) -> None:
    session = logins.log_in("olga", PASSWORD)  # case does not count in names
    services = Services.of(desk, session)
    assert services.account.me().name == "Olga"
    logins.log_out(session)
    with pytest.raises(SessionEnded):
        services.account.me()
    with desk.store.reading() as t:
        assert [row.act for row in t.audit.page(limit=2)] == ["logout", "login"]


def test_wrong_password_and_unknown_name_get_one_message_and_one_time(logins: Logins) -> None:
    def told(name: str) -> tuple[str, float]:
        start = time.process_time()  # of this process: other programs must not decide
        with pytest.raises(LoginRefused) as refused:
            logins.log_in(name, "not it")
        return str(refused.value), time.process_time() - start

    known, unknown = [told("Olga") for _ in range(4)], [told("Nobody") for _ in range(4)]
    assert {text for text, _ in known + unknown} == {known[0][0]}
    fastest = [min(seconds for _, seconds in side) for side in (known, unknown)]
    assert max(fastest) < 1.5 * min(fastest)


def test_wrong_passwords_lock_for_longer_and_longer_and_the_right_one_works_afterwards(
    logins: Logins, desk: Desk, clock: Clock
) -> None:
    def wait() -> float:
        """Fails until the next try is refused unheard, and says for how long."""
        for _ in range(6):
            with pytest.raises(LoginRefused) as refused:
                logins.log_in("Olga", "not it")
            if isinstance(refused.value, LockedOut):
                return (refused.value.until - clock.now).total_seconds()
        raise AssertionError("never locked")

    assert wait() == 30
    clock.advance(seconds=30)
    assert wait() == 60
    with pytest.raises(LockedOut):
        logins.log_in("Olga", PASSWORD)  # the right one, too soon
    clock.advance(seconds=60)
    other_program = Logins(desk.store, "desk 2")
    assert other_program.log_in("Olga", PASSWORD).role is Role.OPERATOR


def test_an_administrator_lifts_a_lockout(logins: Logins, admin: Services) -> None:
    for _ in range(5):
        with pytest.raises(LoginRefused):
            logins.log_in("Olga", "not it")
    (row,) = [row for row in admin.accounts.all() if row.operator.name == "Olga"]
    assert row.locked_until is not None
    admin.accounts.unlock(row.operator.id)
    assert logins.log_in("Olga", PASSWORD).role is Role.OPERATOR


def test_a_session_ends_by_idling_and_activity_postpones_it(logins: Logins, desk: Desk, clock: Clock) -> None:
    services = Services.of(desk, logins.log_in("Olga", PASSWORD))
    clock.advance(minutes=14, seconds=59)
    services.people.count()  # looking is not yet activity: a page that refreshes by itself must not keep it open
    services.account.active()
    clock.advance(minutes=14, seconds=59)
    services.people.count()
    clock.advance(seconds=1)
    with pytest.raises(SessionEnded) as ended:
        services.people.count()
    assert ended.value.reason == "idle"


def test_a_session_ends_by_age_however_active(
    logins: Logins, admin: Services, desk: Desk, clock: Clock
) -> None:
    admin.shared.put("session.lifetime_hours", 1, 0)
    services = Services.of(desk, logins.log_in("Olga", PASSWORD))
    for _ in range(6):
        services.account.active()
        clock.advance(minutes=10)
    with pytest.raises(SessionEnded) as ended:
        services.account.active()
    assert ended.value.reason == "expired"


def test_a_script_does_not_idle(logins: Logins, desk: Desk, clock: Clock) -> None:
    services = Services.of(desk, logins.log_in("Olga", PASSWORD, may_idle=True))
    clock.advance(hours=11)
    assert services.people.count() == 0


def test_unlocking_takes_the_same_operators_password_even_after_idling(
    logins: Logins, desk: Desk, clock: Clock
) -> None:
    session = logins.log_in("Olga", PASSWORD)
    services = Services.of(desk, session)
    logins.lock(session, idle=True)
    clock.advance(hours=2)
    with pytest.raises(Locked):
        Services.of(desk, session).people.count()
    with pytest.raises(LoginRefused):
        logins.unlock(session, "not it")
    assert session.locked
    logins.unlock(session, PASSWORD)
    assert services.people.count() == 0
    with desk.store.reading() as t:
        assert len(t.sessions.open(session.operator.id)) == 1


def test_the_window_locks_while_the_store_is_away(logins: Logins, desk: Desk) -> None:
    session = logins.log_in("Olga", PASSWORD)
    desk.store.close()
    path = desk.home / "facekd.db"
    path.rename(path.with_suffix(".away"))
    path.mkdir()  # a folder in its place cannot be opened
    logins.lock(session)
    with pytest.raises(Locked):
        Services.of(desk, session).people.count()
    with pytest.raises(StoreUnavailable):
        logins.unlock(session, PASSWORD)  # no way in without the store
    assert session.locked


def test_the_first_administrator_is_made_once(logins: Logins) -> None:
    assert not logins.is_first_run()
    with pytest.raises(Conflict):
        logins.create_first("Mallory", PASSWORD)


def test_a_new_account_must_choose_its_own_password_first(
    admin: Services, logins: Logins, desk: Desk, clock: Clock
) -> None:
    made = admin.accounts.create("Nina", Role.OPERATOR)
    session = logins.log_in("Nina", made.password)
    services = Services.of(desk, session)
    with pytest.raises(PasswordChangeNeeded):
        services.people.count()
    with pytest.raises(WeakPassword):
        services.account.change_password(made.password, "nina1234")
    services.account.change_password(made.password, OTHER)
    assert services.people.count() == 0
    with pytest.raises(LoginRefused):
        logins.log_in("Nina", made.password)


def test_a_one_time_password_is_good_for_three_days(admin: Services, logins: Logins, clock: Clock) -> None:
    made = admin.accounts.create("Nina", Role.OPERATOR)
    clock.advance(hours=72)
    with pytest.raises(LoginRefused, match="too old"):
        logins.log_in("Nina", made.password)


def test_a_changed_password_ends_the_other_sessions(logins: Logins, desk: Desk) -> None:
    here = Services.of(desk, logins.log_in("Olga", PASSWORD))
    there = Services.of(desk, logins.log_in("Olga", PASSWORD))
    here.account.change_password(PASSWORD, OTHER)
    here.people.count()
    with pytest.raises(SessionEnded):
        there.people.count()


def test_the_last_administrator_stays(admin: Services) -> None:
    me = admin.account.me()
    with pytest.raises(LastAdministrator):
        admin.accounts.switch(me.id, False, me.version)
    with pytest.raises(LastAdministrator):
        admin.accounts.change_role(me.id, Role.AUDITOR, me.version)
    olga = next(row.operator for row in admin.accounts.all() if row.operator.name == "Olga")
    admin.accounts.change_role(olga.id, Role.ADMINISTRATOR, olga.version)
    admin.accounts.change_role(me.id, Role.AUDITOR, me.version)
    with pytest.raises(Forbidden):
        admin.accounts.all()


def test_sessions_are_listed_and_ended(admin: Services, logins: Logins, desk: Desk) -> None:
    services = Services.of(desk, logins.log_in("Olga", PASSWORD))
    olga = services.account.me()
    opened = admin.accounts.sessions(olga.id)
    assert len(opened) == 2  # this one and the one that the fixture opened
    assert admin.accounts.end_sessions(olga.id, opened[0].id) == 1
    with pytest.raises(SessionEnded):
        services.people.count()
    assert admin.accounts.end_sessions(olga.id) == 1
    assert admin.accounts.sessions(olga.id) == ()


def test_no_password_is_in_the_audit_log_or_the_database(admin: Services, logins: Logins, desk: Desk) -> None:
    made = admin.accounts.create("Nina", Role.OPERATOR)
    with pytest.raises(LoginRefused):
        logins.log_in("canary-typed-into-the-name-field", "canary-password")
    logins.log_in("Nina", made.password)
    desk.store.scrub()
    data = (desk.home / "facekd.db").read_bytes()
    for secret in (PASSWORD, made.password, "canary-password", "canary-typed"):
        assert secret.encode() not in data
