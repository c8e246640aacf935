"""Importing a model on the page: its input tried on people on file, its card asked for, its place in the list."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from facekd.evaluation.input_guess import Colour, Judge
from facekd.models import open_model_file
from facekd_ui.pages.models import ModelsPage
from facekd_ui.services.base import Desk
from facekd_ui.services.model_shelf import Shelved

Open = Callable[..., ModelsPage]
Settle = Callable[[QtBot, ModelsPage], None]
Crowd = Callable[..., list[int]]


def words(widget: QWidget) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def drop(page: ModelsPage, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(300, 300),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dropEvent(event)


def test_a_dropped_network_without_a_card_is_tried_described_and_brought_in(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot, bare_model: Path, desk: Desk
) -> None:
    crowd(20)
    shown = page()
    drop(shown, bare_model)
    settle(qtbot, shown)
    bring = shown.bring
    assert bring.isVisible()
    assert "Tried on 60 faces of 20 people on file:" in words(bring)
    assert "looks right, the best of those tried" in words(bring)
    assert not bring.act.isEnabled()
    assert "Name, licence and origin are needed" in words(bring)
    bring.name.setText("Elsewhere 1")
    bring.licence.setText("MIT")
    bring.origin.setText("a laboratory")
    assert bring.act.isEnabled()
    bring.act.click()
    settle(qtbot, shown)
    card = open_model_file(desk.home / "models" / "Elsewhere 1.onnx").card
    assert (card.licence, card.origin, card.dim) == ("MIT", "a laboratory", 40)
    assert card.input == bring.feeding.guess.spec((112, 112))
    assert shown.list.current is not None
    assert shown.list.current.file.card.name == "Elsewhere 1"
    with desk.store.reading() as t:
        acts = [row.act for row in t.audit.page()]
    assert "model.import" in acts


def test_a_wrong_choice_is_shown_as_the_measured_drop_that_it_is(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot, bare_model: Path
) -> None:
    crowd(20, noise=40.0)
    shown = page()
    shown.ask_import()
    shown.bring.look_at(bare_model)
    settle(qtbot, shown)
    feeding = shown.bring.feeding
    finding = feeding._finding
    assert finding is not None
    assert finding.judge is Judge.PEOPLE
    before = {part: label.text() for part, label in feeding.words.items()}
    # A linear network feels a wrong mean: without one all faces point the same way.
    feeding.rows["normalisation"].choose("none" if finding.best.normalisation != "none" else "centred")
    tried = feeding.loss
    assert tried is not None
    percent = round(100 * tried.drop)
    assert feeding.words["normalisation"].text() != before["normalisation"]
    assert f"{percent} % worse" in feeding.words["normalisation"].text()
    assert feeding.words["colour"].text() == before["colour"]


def test_too_few_faces_leave_the_choice_to_the_authors_word(
    page: Open, settle: Settle, qtbot: QtBot, bare_model: Path
) -> None:
    shown = page()
    shown.ask_import()
    shown.bring.look_at(bare_model)
    settle(qtbot, shown)
    assert shown.bring.banner.accessibleName().startswith("Too few faces to try it on. Expected 4 faces")
    assert "Not tried on faces." in words(shown.bring.feeding)
    shown.bring.feeding.rows["colour"].choose("bgr")
    assert shown.bring.feeding.guess.colour is Colour.BGR
    shown.bring.licence.setText("MIT")
    shown.bring.origin.setText("a laboratory")
    assert shown.bring.act.isEnabled()


def test_a_model_with_its_card_needs_no_words_and_its_input_is_checked_all_the_same(
    page: Open, crowd: Crowd, settle: Settle, qtbot: QtBot, with_card: Path, desk: Desk
) -> None:
    crowd(20)
    (desk.home / "models" / "damaged.onnx").unlink()
    shown = page()
    shown.ask_import()
    shown.bring.look_at(with_card)
    settle(qtbot, shown)
    assert shown.bring.form.isHidden()
    assert "Apache-2.0" in words(shown.bring._card)
    assert shown.bring.feeding._finding is not None
    assert not shown.bring.feeding.rows["colour"].isEnabled()
    shown.bring.act.click()
    settle(qtbot, shown)
    assert "damaged" in [row.file.card.name for row in shown.list.model.rows if isinstance(row, Shelved)]


def test_what_is_no_recogniser_is_refused_with_the_reason(
    page: Open, settle: Settle, qtbot: QtBot, tmp_path: Path, models: object
) -> None:
    shown = page()
    shown.ask_import()
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(b"not a network at all")
    shown.bring.look_at(torn)
    settle(qtbot, shown)
    assert shown.bring.banner.accessibleName().startswith("It could not be brought in.")
    assert not shown.bring.act.isVisible()
    known: Path = models.old.path  # type: ignore[attr-defined]
    shown.bring.look_at(known)
    settle(qtbot, shown)
    assert shown.bring.banner.accessibleName().startswith("This model is here already.")
