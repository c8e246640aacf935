"""The Models page: the list, cards, comparison with the gate, and the keys."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from facekd_db.records import Role
from facekd_ui.pages.models import CARD, COMPARE, DEPLOY, HISTORY, THRESHOLD, ModelsPage
from facekd_ui.pages.models_override import OverrideSheet
from facekd_ui.services.base import Desk
from facekd_ui.services.model_shelf import Shelved
from facekd_ui.widgets.interval import Interval
from facekd_ui.widgets.sheets import Sheet

Open = Callable[..., ModelsPage]
Settle = Callable[[QtBot, ModelsPage], None]
Pick = Callable[[QtBot, ModelsPage, str], None]
Crowd = Callable[..., list[int]]
SLOW_MS = 60_000
PASSWORD = "seven quiet herons"


def words(widget: QWidget) -> str:
    """Everything that is written in a shown widget."""
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def names(page: ModelsPage) -> list[tuple[str, str]]:
    return [(row.file.card.name, str(row.role)) for row in page.list.model.rows if isinstance(row, Shelved)]


def test_the_list_says_what_each_model_is_for_and_what_it_costs(page: Open, crowd: Crowd) -> None:
    crowd(3)
    shown = page()
    assert names(shown) == [
        ("old", "active"),
        ("damaged", "candidate"),
        ("new", "candidate"),
    ]
    said = shown.list.model.data(shown.list.model.index(0))
    assert said.startswith("old, active, 2,304, Apache-2.0")  # a matrix of 48 x 48
    assert " ms    0.0 MB" in said
    assert not shown.list._back.isVisible()  # nothing was deployed, so there is no way back


def test_a_card_tells_origin_licence_size_and_the_milliseconds_here(page: Open, crowd: Crowd) -> None:
    crowd(3)
    shown = page(chosen="new")
    shown.open_tab(CARD)
    said = words(shown.card)
    for part in ("tests", "Apache-2.0", "1,920 parameters", "112 x 112, BGR", "40 numbers", "ms a face"):
        assert part in said
    table = "1 wrong in | Likeness (cosine) | 95 % within | Pairs tried | 100 | 0.500"
    assert table in said


def test_the_run_that_made_a_model_is_one_click_away(
    page: Open, crowd: Crowd, desk: Desk, went: list[tuple[str, object]]
) -> None:
    crowd(3)
    run = desk.home / "runs" / "new"
    run.mkdir(parents=True)
    (run / "window.json").write_text('{"number": 14}')
    shown = page(chosen="new")
    shown.open_tab(CARD)
    (button,) = [
        each for each in shown.card.findChildren(QWidget) if getattr(each, "text", str)() == "Open run 14"
    ]
    button.click()  # type: ignore[attr-defined]
    assert went == [("training", run)]


def test_training_sends_a_model_and_it_is_chosen(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(3)
    shown = page()
    wanted = next(
        row.id for row in shown.list.model.rows if isinstance(row, Shelved) and row.file.card.name == "new"
    )
    shown.show_what(wanted)
    settle(qtbot, shown)
    assert shown.list.current is not None
    assert shown.list.current.id == wanted
    assert shown._title.text() == "new"


def compared(qtbot: QtBot, shown: ModelsPage, settle: Settle) -> None:
    shown.open_tab(COMPARE)
    shown.compare.compare()
    settle(qtbot, shown)


def test_comparing_answers_every_question_with_the_gates_word(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(60)
    shown = page(chosen="new")
    shown.open_tab(COMPARE)
    settle(qtbot, shown)
    assert "Not compared yet" in words(shown.compare)
    compared(qtbot, shown, settle)
    said = words(shown.compare)
    for part in ("Finds the right person", "60 people, leave one out", "Speed per face", "Size", "Gate"):
        assert part in said
    assert said.count("better") + said.count("not worse") + said.count("not sure yet") >= 3
    intervals = [each for each in shown.compare.findChildren(Interval) if each.isVisible()]
    assert len(intervals) == 3
    for each in intervals:
        assert "points, between" in each.accessibleName()


def test_a_damaged_candidate_keeps_the_gate_closed_and_deploy_disabled(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(60)
    shown = page(chosen="damaged")
    compared(qtbot, shown, settle)
    assert shown.compare.banner.accessibleName().startswith("The gate is closed:")
    assert "worse by" in shown.compare.banner.accessibleName()
    assert not shown._to_deploy.isEnabled()
    assert shown._to_deploy.toolTip() == "The gate is not open."
    shown.open_tab(DEPLOY)
    settle(qtbot, shown)
    assert not shown.deploy.begin.isEnabled()
    assert "Deploy is closed until the gate is open." in words(shown.deploy)


def test_where_the_two_disagree_is_shown_with_both_answers(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(60)
    shown = page(chosen="damaged")
    compared(qtbot, shown, settle)
    said = words(shown.compare.found)
    assert "photographs" in said
    assert said.count("candidate") == 3
    assert "Person " in said
    shown.compare.found.all.click()
    settle(qtbot, shown)
    (sheet,) = shown.compare.found.window().findChildren(Sheet)
    assert words(sheet).count("candidate") == 60
    sheet.accept()


def test_an_administrator_states_the_two_numbers_and_the_verdict_follows(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot, desk: Desk
) -> None:
    crowd(60)
    shown = page(chosen="new")
    compared(qtbot, shown, settle)
    gate = shown.compare.gate
    gate.margin.setText("30")
    gate.margin.editingFinished.emit()
    settle(qtbot, shown)
    assert shown.compare.banner.accessibleName().startswith("The gate is open.")
    assert "30 points, 95 % sure" in shown.compare.banner.accessibleName()
    assert shown._to_deploy.isEnabled()
    assert "stated by Ada" in words(gate)
    with desk.store.reading() as t:
        assert t.settings.get("gate.margin_points") == 30
    gate.margin.setText("nonsense")
    gate.margin.editingFinished.emit()
    assert "Expected 0.05 to 50.0 points." in words(gate)


def test_an_engineer_compares_but_does_not_state_the_numbers(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(30)
    shown = page(Role.ENGINEER, "new")
    compared(qtbot, shown, settle)
    assert not shown.compare.gate.margin.isEnabled()
    assert "An administrator states these." in words(shown.compare.gate)
    shown.open_tab(DEPLOY)
    settle(qtbot, shown)
    assert shown.deploy.begin.isHidden()
    assert "An administrator deploys." in words(shown.deploy)


def test_a_second_administrator_can_override_the_gate(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(40)
    shown = page(chosen="damaged")
    compared(qtbot, shown, settle)
    shown.compare.ask_override()
    (sheet,) = shown.findChildren(OverrideSheet)
    sheet.act.click()
    assert sheet.banner.accessibleName() == "All three are needed."
    sheet.name.setText("Zoe")
    sheet.password.setText("wrong")
    sheet.reason.setText("A trial at the side door")
    sheet.act.click()
    settle(qtbot, shown)
    assert sheet.banner.accessibleName() == "Name or password is wrong."
    sheet.password.setText(PASSWORD)
    sheet.act.click()
    settle(qtbot, shown)
    assert (
        shown.compare.banner.accessibleName()
        == "The gate is overridden. Zoe answers for it: A trial at the side door"
    )
    assert shown._to_deploy.isEnabled()


def test_nobody_on_file_is_said_where_the_figures_would_be(page: Open, settle: Settle, qtbot: QtBot) -> None:
    shown = page(chosen="new")
    compared(qtbot, shown, settle)
    assert "enrol somebody first" in words(shown.compare.error)


def test_the_model_in_use_is_not_compared_with_itself(page: Open, crowd: Crowd) -> None:
    crowd(3)
    shown = page(chosen="old")
    shown.open_tab(COMPARE)
    assert "This recogniser is in use" in words(shown.compare)
    assert not shown.compare_action.isEnabled()


def test_the_keys_do_what_the_buttons_do(page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot) -> None:
    crowd(5)
    shown = page(chosen="new")
    keys = {each.shortcut().toString() for each in shown.actions()}
    assert {"Ctrl+I", "C", "Ctrl+Return", "Ctrl+Shift+Z", "F5"} <= keys
    shown.deploy_action.trigger()
    assert shown.tabs.currentIndex() == DEPLOY
    shown.compare_action.trigger()
    settle(qtbot, shown)
    assert shown.tabs.currentIndex() == COMPARE
    assert shown.compare.has_figures
    shown.import_action.trigger()
    assert shown.bring.isVisible()


def test_a_file_that_is_no_model_is_said_and_spoils_nothing(page: Open, crowd: Crowd, desk: Desk) -> None:
    crowd(3)
    (desk.home / "models" / "torn.onnx").write_bytes(b"not a network")
    shown = page()
    assert len(names(shown)) == 3
    assert shown.list._broken.text() == "1 file there is no usable model."
    assert "torn.onnx" in shown.list._broken.toolTip()


@pytest.mark.parametrize("size", [(1204, 720), (1364, 820)])
@pytest.mark.parametrize("code", ["en", "zh_CN"])
def test_nothing_is_clipped(
    page: Open,
    crowd: Crowd,
    settle: Settle,
    qtbot: QtBot,
    language: "object",
    clipped: Callable[[QWidget], list[str]],
    size: tuple[int, int],
    code: str,
) -> None:
    crowd(32, 2)
    language.set(code)  # type: ignore[attr-defined]
    shown = page(chosen="new")
    shown.resize(*size)
    compared(qtbot, shown, settle)
    for tab in (CARD, COMPARE, THRESHOLD, DEPLOY, HISTORY):
        shown.open_tab(tab)
        settle(qtbot, shown)
        assert clipped(shown) == []


def test_every_control_has_a_name(page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit

    crowd(32, 2)
    shown = page(chosen="new")
    compared(qtbot, shown, settle)
    for tab in (CARD, COMPARE, THRESHOLD, DEPLOY, HISTORY):
        shown.open_tab(tab)
        settle(qtbot, shown)
        for kind in (QAbstractButton, QAbstractItemView, QComboBox, QLineEdit):
            for control in shown.findChildren(kind):
                text = control.text() if isinstance(control, QAbstractButton) else ""
                if control.isVisible() and control.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    assert text or control.accessibleName(), control
