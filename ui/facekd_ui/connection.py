"""Is a database server fit for FaceKD? Four facts, each with its result; without Qt."""

import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from facekd_db import migrate
from facekd_db.engine import make_engine, parse_url, place, translate
from facekd_db.errors import BadStoreUrl
from facekd_ui.i18n.text import T, Text

ANSWER_S = 5
PROBE = "facekd_connection_test"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was tried."""

    mark: str  # ok, info, warning or danger, as `widgets.cards.FactRow` has it
    name: Text
    detail: Text | str


@dataclass(frozen=True, slots=True)
class Tested:
    """All facts of one test."""

    facts: tuple[Fact, ...]

    @property
    def ok(self) -> bool:
        """Whether FaceKD can work there."""
        return all(fact.mark in ("ok", "info") for fact in self.facts)


def server_address(
    server: str, port: str, database: str, user: str, password: str, authority: str, *, check: bool
) -> str:
    """The address of a form. `authority` is the file of the certificate's authority; `check` False trusts the net."""
    query: dict[str, str] = {}
    if not check:
        query["tls"] = "off"
    elif authority:
        query["ssl_ca"] = authority
    url = URL.create(
        "mysql",
        user or None,
        password or None,
        server or None,
        int(port) if port.isdecimal() else None,
        database or None,
        query,
    )
    return url.render_as_string(hide_password=False)


def test(address: str) -> Tested:
    """Tries what FaceKD will need, in order, and stops where going on makes no sense. Takes some seconds at most."""
    try:
        url = parse_url(address)
        engine = make_engine(url, answer_s=ANSWER_S, pooled=False)
    except BadStoreUrl as error:
        return Tested((Fact("danger", T("Address"), str(error)),))
    facts: list[Fact] = []
    started = time.perf_counter()
    try:
        with engine.connect() as connection:
            took = (time.perf_counter() - started) * 1000
            version = str(connection.execute(sa.text("SELECT VERSION()")).scalar())
            facts.append(
                Fact("ok", T("Server answers"), T("{server}, {ms} ms away", server=version, ms=round(took)))
            )
            facts.append(_encryption(connection))
            found = migrate.current(connection)
            if found is None:
                facts.append(_may_create(connection))
            facts.append(_content(found))
    except DBAPIError as error:
        known = translate(error, place(url))
        facts.append(Fact("danger", T("Server answers"), str(known or error.orig)))
    finally:
        engine.dispose()
    return Tested(tuple(facts))


def _encryption(connection: sa.Connection) -> Fact:
    row = connection.execute(sa.text("SHOW SESSION STATUS LIKE 'Ssl_version'")).first()
    version = str(row[1]) if row is not None else ""
    name = T("Connection is encrypted")
    return Fact("ok", name, version) if version else Fact("info", name, T("no, and it was not asked for"))


def _may_create(connection: sa.Connection) -> Fact:
    name = T("Account may create tables")
    try:
        connection.execute(sa.text(f"CREATE TABLE {PROBE} (id INT)"))
        connection.execute(sa.text(f"DROP TABLE {PROBE}"))
    except DBAPIError as error:
        return Fact("danger", name, str(error.orig))
    return Fact("ok", name, T("yes"))


def _content(found: str | None) -> Fact:
    if found is None:
        return Fact("info", T("Database is empty"), T("FaceKD makes its tables when you continue"))
    if found == migrate.HEAD:
        return Fact("ok", T("Database holds FaceKD's tables"), T("schema {schema}", schema=found))
    if found in migrate.REVISIONS:
        return Fact(
            "info", T("Database holds FaceKD's tables"), T("schema {schema}; it is upgraded", schema=found)
        )
    detail = T("schema {schema} belongs to a newer FaceKD; update this computer", schema=found)
    return Fact("danger", T("Database holds FaceKD's tables"), detail)
