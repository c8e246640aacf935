"""The Operators section over a real store: a session ended at another desk, a locked account opened again."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from facekd_db.errors import LockedOut, LoginRefused, SessionEnded
from facekd_db.records import Role
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.operators import OperatorsSection
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins

Contexts = Callable[..., PageContext]
PASSWORD = "seven quiet herons"
SLOW_MS = 10_000


def shown(context: PageContext, qtbot: QtBot, name: str) -> OperatorsSection:
    """The section with somebody chosen."""
    section = OperatorsSection(context)
    qtbot.addWidget(section)
    section.resize(1200, 800)
    section.show()
    section.opened()
    qtbot.waitUntil(lambda: section.model.rowCount() == 4, timeout=SLOW_MS)
    row = next(row for row in range(4) if section.model.record(row).operator.name == name)
    section.table.selectRow(row)
    qtbot.waitUntil(lambda: not section._detail.isHidden(), timeout=SLOW_MS)
    return section


def buttons(section: OperatorsSection, words: str) -> list[QAbstractButton]:
    return [each for each in section._detail.findChildren(QAbstractButton) if each.text() == words]


def test_a_session_at_another_desk_is_ended_and_only_that_one(
    context: Contexts, qtbot: QtBot, desk: Desk, notes: object
) -> None:
    logins = Logins(desk.store, "desk 2")
    kept, ended = (logins.log_in("Olga", PASSWORD) for _ in range(2))
    section = shown(context(), qtbot, "Olga")
    with desk.store.reading() as t:
        open_ones = [session.id for session in t.sessions.open(ended.operator.id)]
    ends = buttons(section, "End")
    assert len(ends) == len(open_ones)
    ends[open_ones.index(ended.stored.id)].click()
    qtbot.waitUntil(lambda: len(buttons(section, "End")) == len(open_ones) - 1, timeout=SLOW_MS)
    with pytest.raises(SessionEnded):
        Services.of(desk, ended).account.me()
    assert Services.of(desk, kept).account.me().name == "Olga"
    assert notes.said == ["1 session ends within seconds"]  # type: ignore[attr-defined]
    with desk.store.reading() as t:
        assert t.audit.page(limit=1)[0].act == "account.end_sessions"


def test_ones_own_session_cannot_be_ended_here(context: Contexts, qtbot: QtBot) -> None:
    section = shown(context(Role.ADMINISTRATOR), qtbot, "Ada")
    assert buttons(section, "End") == []


def test_somebody_locked_out_is_let_in_again(context: Contexts, qtbot: QtBot, desk: Desk) -> None:
    logins = Logins(desk.store, "desk 2")
    with pytest.raises(LockedOut):  # noqa: PT012 - the wrong tries come first
        for _ in range(12):
            try:
                logins.log_in("Olga", "wrong")
            except LockedOut:
                raise
            except LoginRefused:
                continue
    section = shown(context(), qtbot, "Olga")
    qtbot.waitUntil(lambda: len(buttons(section, "Unlock")) == 1, timeout=SLOW_MS)
    buttons(section, "Unlock")[0].click()
    qtbot.waitUntil(lambda: buttons(section, "Unlock") == [], timeout=SLOW_MS)
    assert logins.log_in("Olga", PASSWORD).operator.name == "Olga"
