"""Deploying from the page: checklist, renewal with Pause and resume, switch, history and the way back."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from facekd_db.records import PersonFields, Role
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.models import COMPARE, DEPLOY, HISTORY, ModelsPage
from facekd_ui.pages.models_renewal import Far, how_far
from facekd_ui.services.base import Desk
from facekd_ui.services.standing import Standing
from facekd_ui.widgets.sheets import Question

Open = Callable[..., ModelsPage]
Settle = Callable[[QtBot, ModelsPage], None]
Pick = Callable[[QtBot, ModelsPage, str], None]
Crowd = Callable[..., list[int]]
Contexts = Callable[..., PageContext]
SLOW_MS = 60_000
PASSWORD = "seven quiet herons"


def words(widget: QWidget) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


@pytest.fixture
def let_through(context: Contexts) -> Callable[[str], None]:
    """Lets a model through the gate: nothing is asked here of how good it is."""

    def vouch(name: str) -> None:
        services = context(Role.ADMINISTRATOR).services
        services.comparison.run(name)
        services.deployment.override(name, "Zoe", PASSWORD, "a test")

    return vouch


def agree(shown: ModelsPage, qtbot: QtBot, settle: Settle) -> None:
    """Presses the verb of the question that is open."""
    (sheet,) = [each for each in shown.findChildren(Question) if each.isVisible()]
    sheet.act.click()
    settle(qtbot, shown)


def test_the_whole_way_from_gate_to_switch_and_back(
    page: Open,
    crowd: Crowd,
    let_through: Callable[[str], None],
    settle: Settle,
    pick: Pick,
    qtbot: QtBot,
    standing: Callable[[], Standing],
    notes: object,
) -> None:
    crowd(40)
    let_through("new")
    shown = page(chosen="new")
    changed: list[bool] = []
    shown.recogniser_changed.connect(lambda: changed.append(True))
    shown.open_tab(DEPLOY)
    said = words(shown.deploy)
    assert "overridden, Zoe answers for it" in said
    assert "120 on file, of everyone" in said
    assert "every other desk follows by itself within 2 seconds of the switch" in said
    assert "Deploying renews 120 photos. The live picture goes on." in said
    shown.deploy.begin.click()
    settle(qtbot, shown)
    assert "Ready to switch" in words(shown.deploy)
    assert "120 of 120 renewed" in words(shown.deploy)
    assert "the same promise; the line moves from" in words(shown.deploy)
    now = standing().active
    assert now is not None
    assert now.name == "old"  # nobody notices until the switch
    shown.deploy.switch.click()
    agree(shown, qtbot, settle)
    then = standing().active
    assert then is not None
    assert then.name == "new"
    assert changed == [True]
    assert notes.said[-1] == "new recognises now"  # type: ignore[attr-defined]
    assert shown.list._back.isVisible()
    assert shown.list._promise.text() == "Takes less than a second, no name is lost."
    shown.open_tab(HISTORY)
    settle(qtbot, shown)
    row = [shown.history.model.data(shown.history.model.index(0, column)) for column in range(4)]
    assert row == ["new", "in use, can be taken back", "old", "Ada"]
    shown.ask_back()
    (sheet,) = [each for each in shown.findChildren(Question) if each.isVisible()]
    assert sheet.windowTitle() == "Go back to old?"
    agree(shown, qtbot, settle)
    back = standing().active
    assert back is not None
    assert back.name == "old"
    assert changed == [True, True]
    assert not shown.list._back.isVisible()


@pytest.mark.usefixtures("small_steps")
def test_pausing_keeps_what_was_made_and_going_on_completes_it(
    page: Open,
    crowd: Crowd,
    let_through: Callable[[str], None],
    settle: Settle,
    qtbot: QtBot,
    standing: Callable[[], Standing],
) -> None:
    crowd(40)
    let_through("new")
    shown = page(chosen="new")
    shown.open_tab(DEPLOY)
    told: list[tuple[object, object]] = []
    shown.job.connect(lambda said, fraction, _left: told.append((said, fraction)))
    shown.deploy.start()
    far = shown.deploy.renewal._far
    assert far is not None
    qtbot.waitUntil(lambda: far.done > 0, timeout=SLOW_MS)
    shown.deploy.renewal.pause.click()
    assert not shown.deploy.renewal.pause.isEnabled()
    assert "What is made stays." in shown.deploy.renewal.words
    settle(qtbot, shown)
    staging = standing().staging
    assert staging is not None
    assert 0 < staging.done < 120
    assert not staging.working
    assert shown.deploy.banner.accessibleName().startswith("Paused.")
    assert shown.deploy.begin.text() == "Go on"
    assert told[-1] == (None, None)  # the status line is free again
    shown.deploy.begin.click()
    settle(qtbot, shown)
    assert "120 of 120 renewed" in words(shown.deploy)


def test_giving_it_up_removes_what_was_prepared_and_changes_nothing_else(
    page: Open,
    crowd: Crowd,
    let_through: Callable[[str], None],
    settle: Settle,
    qtbot: QtBot,
    standing: Callable[[], Standing],
    desk: Desk,
) -> None:
    crowd(20)
    let_through("new")
    shown = page(chosen="new")
    shown.open_tab(DEPLOY)
    shown.deploy.start()
    settle(qtbot, shown)
    shown.deploy.ask_cancel()
    agree(shown, qtbot, settle)
    found = standing()
    assert found.staging is None
    assert found.active is not None
    assert found.active.name == "old"
    with desk.store.reading() as t:
        assert t.templates.count(found.active.model_id) == 60


@pytest.mark.usefixtures("small_steps")
def test_cancelling_in_the_middle_ends_the_work_first(
    page: Open,
    crowd: Crowd,
    let_through: Callable[[str], None],
    settle: Settle,
    qtbot: QtBot,
    standing: Callable[[], Standing],
) -> None:
    crowd(40)
    let_through("new")
    shown = page(chosen="new")
    shown.open_tab(DEPLOY)
    shown.deploy.start()
    far = shown.deploy.renewal._far
    assert far is not None
    qtbot.waitUntil(lambda: far.done > 0, timeout=SLOW_MS)
    shown.deploy.renewal.cancel.click()
    agree(shown, qtbot, settle)
    assert standing().staging is None
    assert shown.deploy.banner.accessibleName().startswith("Given up.")


def test_people_without_photographs_are_listed_by_name_first(
    page: Open, crowd: Crowd, let_through: Callable[[str], None], settle: Settle, qtbot: QtBot, desk: Desk
) -> None:
    ids = crowd(10)
    with desk.store.transaction() as t:
        t.people.change(ids[3], PersonFields("Lena Brandt"), t.people.get(ids[3]).version)
        _forget_photographs(t, ids[3])
    let_through("new")
    shown = page(chosen="new")
    shown.open_tab(DEPLOY)
    settle(qtbot, shown)
    assert "1 person has none and must be enrolled anew: Lena Brandt" in words(shown.deploy)


def _forget_photographs(t: object, person_id: int) -> None:
    """The templates stay: an organisation that keeps no pictures."""
    import sqlalchemy as sa

    from facekd_db.schema import crop, template

    connection = t.crops._c  # type: ignore[attr-defined]
    connection.execute(sa.update(template).where(template.c.person_id == person_id).values(crop_id=None))
    connection.execute(sa.delete(crop).where(crop.c.person_id == person_id))


def test_a_failure_says_that_nothing_has_changed(
    page: Open,
    crowd: Crowd,
    let_through: Callable[[str], None],
    settle: Settle,
    qtbot: QtBot,
    desk: Desk,
    standing: Callable[[], Standing],
) -> None:
    crowd(20)
    let_through("new")
    shown = page(chosen="new")
    shown.open_tab(DEPLOY)
    (desk.home / "models" / "new.onnx").write_bytes(b"damaged meanwhile")
    shown.deploy.start()
    settle(qtbot, shown)
    said = shown.deploy.banner.accessibleName()
    assert said.startswith("Stopped. The old recogniser is still active, nothing has changed.")
    active = standing().active
    assert active is not None
    assert active.name == "old"


def test_comparing_is_offered_where_the_gate_waits_for_it(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot
) -> None:
    crowd(10)
    shown = page(chosen="new")
    shown.open_tab(DEPLOY)
    settle(qtbot, shown)
    assert "never compared with the recogniser in use" in words(shown.deploy)
    shown.deploy._compare.click()
    assert shown.tabs.currentIndex() == COMPARE
    settle(qtbot, shown)
    assert shown.compare.has_figures


def test_how_far_it_is_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("facekd_ui.pages.models_renewal.time.monotonic", lambda: now[0])
    far = Far()
    far.progress(0, 9812)
    assert str(how_far(far)) == "0 of 9,812 photos renewed. Nobody notices until the switch."
    now[0] = 142.0
    far.progress(4210, 9812)  # 5,602 left at 4,210 in 42 s: 56 s
    assert (
        str(how_far(far))
        == "4,210 of 9,812 photos renewed, about 1 min left. Nobody notices until the switch."
    )
