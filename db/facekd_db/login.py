"""Logging in and proving a password again. Hashing happens outside of transactions: it is slow on purpose."""

from datetime import timedelta

from facekd_db.errors import LockedOut, LoginRefused
from facekd_db.records import Json, Login, Operator
from facekd_db.sessions import IDLE, LIFETIME
from facekd_db.store import Store, Tables

REFUSED = "the name or the password is wrong; check both and try again"


def log_in(
    store: Store,
    name: str,
    password: str,
    *,
    client: str,
    idle: timedelta = IDLE,
    lifetime: timedelta = LIFETIME,
) -> Login:
    """Checks name and password and starts a session; leaves an audit row either way.

    Unknown name and wrong password cost the same time and give the same message.

    Raises:
        LockedOut: too many failures for this name; also for names that do not exist.
        LoginRefused: wrong; or, only after the right password, switched off or expired.
    """
    account, hashed = _attempt(store, name)
    fits = store.hasher().verify(password, hashed)
    if account is None or not fits:
        _note(store, "login.refused", account, client)
        raise LoginRefused(REFUSED)
    better = store.hasher().hash(password) if store.hasher().is_weak(hashed or "") else None

    def finish(t: Tables) -> Login | str:
        now = t.operators.get(account.id)  # it may have been switched off while the hash was computed
        if why := _shut(store, now):
            t.audit.record("login.refused", operator_id=now.id, operator=now.name, detail={"client": client})
            return why
        t.lockouts.clear(name)
        if better is not None:
            t.operators.rehash(now.id, better)
        t.operators.logged_in(now.id)
        session, token = t.sessions.start(now.id, client, idle=idle, lifetime=lifetime)
        t.audit.record(
            "login",
            operator_id=now.id,
            operator=now.name,
            subject=f"session:{session.id}",
            detail={"client": client},
        )
        return Login(t.operators.get(now.id), session, token)

    done = store.run(finish)
    if isinstance(done, str):
        raise LoginRefused(done)
    return done


def prove(store: Store, operator_id: int, password: str) -> Operator:
    """Checks the password of somebody who is logged in, before an act that cannot be undone, or to unlock.

    Failures count towards the same lockout as those of `log_in`.

    Raises:
        LockedOut, LoginRefused
    """
    with store.reading() as t:
        name = t.operators.get(operator_id).name
    account, hashed = _attempt(store, name)
    if account is None or not store.hasher().verify(password, hashed):
        _note(store, "password.refused", account, "")
        raise LoginRefused("the password is wrong; try again")
    store.run(lambda t: t.lockouts.clear(name))
    return account


def vouch(store: Store, name: str, password: str) -> Operator:
    """Checks name and password of somebody beside whoever is logged in: a second person for an act that takes two.

    Costs and says the same for unknown names as `log_in`, and counts towards the same lockout.

    Raises:
        LockedOut, LoginRefused
    """
    account, hashed = _attempt(store, name)
    if not store.hasher().verify(password, hashed) or account is None:
        _note(store, "password.refused", account, "")
        raise LoginRefused(REFUSED)
    if account.must_change_password:
        raise LoginRefused("the password is valid once only; it must be replaced by a person's own first")
    if why := _shut(store, account):
        raise LoginRefused(why)
    store.run(lambda t: t.lockouts.clear(name))
    return account


def change_password(store: Store, operator_id: int, old: str, new: str) -> Operator:
    """Replaces one's own password; what makes a good one is the caller's to judge. Ends no session.

    Raises:
        LockedOut, LoginRefused: the old password is wrong.
        ValueError: the new one is the old one, or longer than 1,024 characters.
    """
    account = prove(store, operator_id, old)
    if new == old:
        raise ValueError("expected a new password, got the old one; choose another")
    hashed = store.hasher().hash(new)

    def replace(t: Tables) -> Operator:
        t.audit.record(
            "password.change", operator_id=account.id, operator=account.name, subject=f"operator:{account.id}"
        )
        return t.operators.set_password(account.id, hashed)

    return store.run(replace)


def _attempt(store: Store, name: str) -> tuple[Operator | None, str | None]:
    def look(t: Tables) -> tuple[Operator | None, str | None, LockedOut | None]:
        if (until := t.lockouts.attempt(name)) is not None:
            seconds = round((until - t.now).total_seconds())
            return (
                None,
                None,
                LockedOut(f"too many wrong passwords; wait {seconds} seconds and try again", until),
            )
        account, hashed = t.operators.with_hash(name) or (None, None)
        return account, hashed, None

    account, hashed, locked = store.run(look)
    if locked is not None:
        raise locked
    return account, hashed


def _shut(store: Store, account: Operator) -> str:
    if not account.enabled:
        return "this account is switched off; ask an administrator"
    if account.must_change_password and account.one_time_until and account.one_time_until <= store.now():
        return "the one-time password is too old; ask an administrator for a new one"
    return ""


def _note(store: Store, act: str, account: Operator | None, client: str) -> None:
    # A name that is not an account may be a password typed into the wrong field: it is not written down.
    detail: dict[str, Json] = {"client": client, "known": account is not None}
    store.run(
        lambda t: t.audit.record(
            act,
            operator_id=account.id if account else None,
            operator=account.name if account else "",
            detail=detail,
        )
    )
