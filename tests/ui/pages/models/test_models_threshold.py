"""The line for a name as a promise, chosen on the page."""

from collections.abc import Callable

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from facekd.calibration import REACH, Promise
from facekd_db.records import Role
from facekd_ui.pages.models import THRESHOLD, ModelsPage
from facekd_ui.pages.models_promise_parts import how_often
from facekd_ui.services.base import Desk

Open = Callable[..., ModelsPage]
Settle = Callable[[QtBot, ModelsPage], None]
Pick = Callable[[QtBot, ModelsPage, str], None]
Crowd = Callable[..., list[int]]


def words(widget: QWidget) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def opened(page: ModelsPage, qtbot: QtBot, settle: Settle) -> None:
    page.open_tab(THRESHOLD)
    settle(qtbot, page)


def take(page: ModelsPage, number: int, qtbot: QtBot, settle: Settle) -> None:
    page.threshold._take(number)
    settle(qtbot, page)


def test_a_promise_that_the_people_carry_is_shown_with_its_price_and_put_in_force(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot, desk: Desk
) -> None:
    crowd(60)
    shown = page()
    opened(shown, qtbot, settle)
    take(shown, 100, qtbot, settle)
    tab = shown.threshold
    assert isinstance(tab._answer, Promise)
    said = words(tab)
    assert "180 trials" in said
    assert "no strangers were recorded in the last 7 days" in said
    assert tab.chart.isVisible()
    assert tab.apply.isEnabled()
    tab.apply.click()
    settle(qtbot, shown)
    with desk.store.reading() as t:
        assert t.settings.get("promise.strangers") == 100
    assert not tab.apply.isEnabled()  # it is in force
    assert "Last change: 1 in 100, by Ada" in words(tab)
    tab.undo.click()
    settle(qtbot, shown)


def test_a_number_that_the_data_cannot_carry_is_refused_with_the_people_it_would_take(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(60)
    shown = page()
    opened(shown, qtbot, settle)
    take(shown, 100_000, qtbot, settle)
    said = shown.threshold.banner.accessibleName()
    more = 100_000 // REACH - 60  # a promise reaches so many times as far as strangers were tried
    two_figures = round(more, -len(str(more)) + 2)
    assert said == (
        f"1 in 100,000 cannot be promised with 60 people. It would need about {two_figures:,} more with three photos "
        "each. FaceKD would rather say so than guess."
    )
    assert not shown.threshold.apply.isEnabled()
    assert shown.threshold.slider.value == 100_000


def test_the_slider_goes_no_further_than_the_data(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(60)
    shown = page()
    opened(shown, qtbot, settle)
    slider = shown.threshold.slider
    assert slider._number_at(slider.width()) == slider._most < 1000


def test_below_thirty_people_the_shipped_table_is_said(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(12)
    shown = page()
    opened(shown, qtbot, settle)
    said = shown.threshold.banner.accessibleName()
    assert said == "Too few people for a promise of your own. Using the shipped table until 30 are on file."
    assert "the shipped table" in words(shown.threshold)
    assert not shown.threshold.chart.isVisible()
    assert not shown.threshold.slider.isEnabled()


def test_an_engineer_reads_the_promise_and_its_cosines_but_does_not_choose_it(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(40)
    shown = page(Role.ENGINEER)
    opened(shown, qtbot, settle)
    take(shown, 50, qtbot, settle)
    assert not shown.threshold.apply.isEnabled()
    assert "An administrator chooses the promise." in words(shown.threshold)
    assert shown.threshold.chart.toolTip().startswith("line 0.")


def test_a_click_in_the_table_takes_the_number_into_the_sentence(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(40)
    shown = page()
    opened(shown, qtbot, settle)
    shown.threshold.table._rows[300].click()
    settle(qtbot, shown)
    assert shown.threshold.number == 300
    assert shown.threshold.table._rows[300].isChecked()


def test_beside_a_candidate_it_is_said_whose_line_this_is(
    page: Open, crowd: Crowd, settle: Settle, pick: Pick, qtbot: QtBot
) -> None:
    crowd(30)
    shown = page(chosen="new")
    opened(shown, qtbot, settle)
    assert shown.threshold._whose.accessibleName().startswith(
        "This is the line of the recogniser in use, old."
    )
    pick(qtbot, shown, "old")
    assert shown.threshold._whose.isHidden()


def test_how_often_a_wrong_name_comes_at_the_door() -> None:
    assert str(how_often(400 / 3000)) == "about one in 8 days"  # 7.5
    assert str(how_often(12.4)) == "about 12 a day"
    assert str(how_often(1.0)) == "about one a day"
    assert str(how_often(0.0)) == "less than one in ten years"
