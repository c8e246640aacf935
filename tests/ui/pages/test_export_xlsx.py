"""XLSX from the Records page: asked for by its key, safe against formulas, holding what the filters let through."""

import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from facekd_db.records import PersonFields, Sighting
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.records import RecordsPage
from facekd_ui.services.base import Desk

EVIL = "=HYPERLINK(1)"
SLOW_MS = 10_000


@pytest.fixture
def page(qtbot: QtBot, context: Callable[..., PageContext], desk: Desk) -> RecordsPage:
    """Three events: two of somebody whose name looks like a formula, one of a stranger."""
    mine = context()
    door = mine.services.cameras.add("Door", "device", "0")
    with desk.store.transaction() as t:
        person = t.people.add(PersonFields(EVIL)).id
    at, detail = desk.store.now(), {"kind": "none"}
    sightings = [
        Sighting(at - timedelta(hours=back), door.id, state, f"t{back}", who, 0.6, None, detail)
        for back, state, who in ((1, "known", person), (2, "known", person), (3, "unknown", None))
    ]
    desk.store.run(lambda t: t.events.record(uuid.uuid4().hex, sightings))
    page = RecordsPage(mine)
    qtbot.addWidget(page)
    page.resize(1364, 760)
    page.show()
    qtbot.waitExposed(page)
    page.opened()
    qtbot.waitUntil(lambda: page.table.rowCount() == 3, timeout=SLOW_MS)
    return page


def answer(name: str) -> None:
    """Types a name into the dialog for files as soon as it is open, and agrees."""
    dialog = QApplication.activeModalWidget()
    if not isinstance(dialog, QFileDialog):
        QTimer.singleShot(20, lambda: answer(name))
        return
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    assert field is not None
    field.setText(name)
    dialog.accept()


def test_the_key_asks_for_a_name_and_writes_a_workbook_of_what_is_shown(
    page: RecordsPage, qtbot: QtBot, tmp_path: Path, notes: Any
) -> None:
    page.filters.set_state("known")
    qtbot.waitUntil(lambda: page.table.rowCount() == 2, timeout=SLOW_MS)
    QTimer.singleShot(0, lambda: answer(str(tmp_path / "records")))  # the ending is added
    qtbot.keyClick(  # type: ignore[no-untyped-call]
        page, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    qtbot.waitUntil(lambda: bool(notes.said), timeout=SLOW_MS)
    assert notes.said == ["2 events written to records.xlsx"]
    with zipfile.ZipFile(tmp_path / "records.xlsx") as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 3  # the header and two events
    assert "<f>" not in sheet  # no cell is a formula
    assert sheet.count(EVIL) == 2  # but the name is there, as text
