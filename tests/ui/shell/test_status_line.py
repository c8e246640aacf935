import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar
from pytestqt.qtbot import QtBot

from facekd_ui.i18n import T
from facekd_ui.i18n.language import Language
from facekd_ui.shell.status_line import Entry, StatusLine, Urgency
from facekd_ui.widgets.buttons import Button


@pytest.fixture
def line(qtbot: QtBot) -> StatusLine:
    result = StatusLine()
    qtbot.addWidget(result)
    result.resize(1280, 28)
    result.show()
    return result


def test_with_nothing_to_say_it_is_ready(line: StatusLine) -> None:
    assert line.sentence == "Ready"


def test_alarm_beats_fault_beats_job_beats_the_last_act(line: StatusLine) -> None:
    said = []
    for urgency in (Urgency.ACT, Urgency.JOB, Urgency.FAULT, Urgency.ALARM):
        line.show_entry(urgency.name, Entry(urgency, urgency.name))
        said.append(line.sentence)
    for urgency in (Urgency.ALARM, Urgency.FAULT, Urgency.JOB, Urgency.ACT):
        line.clear(urgency.name)
        said.append(line.sentence)
    assert said == ["ACT", "JOB", "FAULT", "ALARM", "FAULT", "JOB", "ACT", "Ready"]


def test_of_two_faults_the_newer_is_said(line: StatusLine) -> None:
    line.show_entry("camera", Entry(Urgency.FAULT, "camera"))
    line.show_entry("store", Entry(Urgency.FAULT, "store"))
    assert line.sentence == "store"
    line.show_entry("camera", Entry(Urgency.FAULT, "camera again"))
    assert line.sentence == "camera again"


def test_a_job_shows_how_far_how_long_and_cancels(line: StatusLine, qtbot: QtBot) -> None:
    stopped: list[str] = []
    cancel = (T("Cancel"), lambda: stopped.append("import"))
    line.show_entry("import", Entry(Urgency.JOB, "Importing people", 0.25, 48, cancel))
    bar = line.findChild(QProgressBar)
    assert bar.isVisible()
    assert bar.value() / bar.maximum() == 0.25
    assert "about 50 s" in [label.text() for label in line.findChildren(QLabel) if label.isVisible()]
    qtbot.mouseClick(line.findChild(Button), Qt.MouseButton.LeftButton)
    assert stopped == ["import"]
    line.clear("import")
    assert not bar.isVisible()
    assert not line.findChild(Button).isVisible()


def test_an_act_offers_undo_with_its_key(line: StatusLine, qtbot: QtBot) -> None:
    undone: list[int] = []
    undo = (T("Undo"), lambda: undone.append(1))
    line.show_entry("act", Entry(Urgency.ACT, T("{name} deleted", name="Ada"), action=undo, key="Ctrl+Z"))
    assert "Ctrl Z" in [label.text() for label in line.findChildren(QLabel) if label.isVisible()]
    qtbot.mouseClick(line.findChild(Button), Qt.MouseButton.LeftButton)
    assert undone == [1]


def test_the_right_side_tells_what_recognises_and_where(line: StatusLine, language: Language) -> None:
    line.show_recogniser("", "", "")
    assert "No recogniser chosen" in [label.text() for label in line.findChildren(QLabel)]
    line.show_recogniser("FaceKD-S", "CPU", T("Database"))
    language.set("zh_CN")
    words = [label.text() for label in line.findChildren(QLabel)]
    assert {"识别模型", "FaceKD-S", "数据库"} <= set(words)
