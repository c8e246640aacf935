"""The Photo page over the real services: painted photographs named and compared."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from facekd.images import read_image
from facekd_db.records import PersonFields, Role
from facekd_ui.i18n.language import Language
from facekd_ui.pages import photo_pictures
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.curves import curve
from facekd_ui.pages.photo import PhotoPage
from facekd_ui.services.closeness import Bell
from facekd_ui.widgets.faces import to_qimage

Contexts = Callable[..., PageContext]
Portrait = Callable[..., Path]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB = 1, 6
SLOW_MS = 10_000


@pytest.fixture
def page(qtbot: QtBot, context: Contexts, portrait: Portrait) -> PhotoPage:
    """An operator's page; Ada is on file."""
    enrolment = context().services.enrolment
    enrolment.enrol(PersonFields("Ada Lovelace"), enrolment.examine_files([portrait(ADA)]))
    page = PhotoPage(context(Role.OPERATOR))
    qtbot.addWidget(page)
    page.resize(1364, 820)
    page.show()
    qtbot.waitExposed(page)
    return page


def drop(page: PhotoPage, *files: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    page.dropEvent(
        QDropEvent(
            QPointF(QPoint(200, 200)),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def drawn(page: PhotoPage, number: int = 0) -> list[tuple[str, str]]:
    return sorted((face.state, face.label) for face in page.tiles[number].view.faces)


def test_everyone_in_a_dropped_photograph_is_named(
    qtbot: QtBot, page: PhotoPage, paint: Paint, tmp_path: Path
) -> None:
    file = tmp_path / "two.png"
    cv2.imwrite(str(file), paint({ADA: (96, 120), BOB: (224, 120)}))
    drop(page, file)
    qtbot.waitUntil(
        lambda: drawn(page) == [("known", "Ada Lovelace"), ("unknown", "Unknown")], timeout=SLOW_MS
    )
    assert sorted(item.line.name for item in page.everyone.items) == ["", "Ada Lovelace"]


def test_two_photographs_of_one_face_are_the_same_person_in_words_and_on_the_curve(
    qtbot: QtBot, page: PhotoPage, portrait: Portrait
) -> None:
    drop(page, portrait(BOB), portrait(BOB, shade=40))
    qtbot.waitUntil(lambda: page.answer.title == "The same person", timeout=SLOW_MS)
    chart = page.answer.chart
    assert chart is not None
    assert chart.accessibleName() == "Closer than the line for a name"
    assert drawn(page, 0) == drawn(page, 1) == [("known", "")]


def test_two_people_are_not_shown_to_be_the_same(qtbot: QtBot, page: PhotoPage, portrait: Portrait) -> None:
    drop(page, portrait(ADA), portrait(BOB))
    qtbot.waitUntil(lambda: page.answer.title == "Not shown to be the same person", timeout=SLOW_MS)
    assert page.answer.chart is not None
    assert page.answer.chart.accessibleName() == "Further than the line for a name"


def test_a_picture_of_the_clipboard_is_pasted_by_its_key(
    qtbot: QtBot, page: PhotoPage, portrait: Portrait
) -> None:
    QApplication.clipboard().setImage(to_qimage(read_image(portrait(ADA))))
    qtbot.keyClick(page, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: drawn(page) == [("known", "Ada Lovelace")], timeout=SLOW_MS)


def test_nothing_on_the_clipboard_is_said(qtbot: QtBot, page: PhotoPage) -> None:
    QApplication.clipboard().setText("no picture")
    page.paste()
    assert page.banner.isVisible()
    assert page.banner.accessibleName().startswith("Expected a picture, found none.")


def test_a_second_photograph_can_be_put_beside_the_first(
    qtbot: QtBot, page: PhotoPage, portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(page, portrait(BOB))
    qtbot.waitUntil(lambda: bool(drawn(page)), timeout=SLOW_MS)
    chosen = str(portrait(BOB, shade=40))
    monkeypatch.setattr(  # the dialog of the system cannot be operated in a test
        "facekd_ui.pages.photo.QFileDialog.getOpenFileNames", lambda *_a, **_k: ([chosen], "")
    )
    page.second_action.trigger()
    qtbot.waitUntil(lambda: page.answer.title == "The same person", timeout=SLOW_MS)


def test_a_photograph_without_a_face_is_named_with_what_to_do(
    qtbot: QtBot, page: PhotoPage, portrait: Portrait, paint: Paint, tmp_path: Path
) -> None:
    empty = tmp_path / "wall.png"
    cv2.imwrite(str(empty), paint({}))
    drop(page, portrait(ADA), empty)
    qtbot.waitUntil(page.banner.isVisible, timeout=SLOW_MS)
    assert page.banner.accessibleName() == "Expected a face in photograph 2, found none; choose another one."


def test_a_broken_file_is_refused_and_the_page_goes_on(
    qtbot: QtBot, page: PhotoPage, portrait: Portrait, tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    drop(page, tmp_path / "broken.jpg")
    qtbot.waitUntil(page.banner.isVisible, timeout=SLOW_MS)
    assert "broken.jpg" in page.banner.accessibleName()
    drop(page, portrait(ADA))
    qtbot.waitUntil(lambda: drawn(page) == [("known", "Ada Lovelace")], timeout=SLOW_MS)
    assert not page.banner.isVisible()


def test_clearing_leaves_nothing_of_the_photographs(
    qtbot: QtBot, page: PhotoPage, portrait: Portrait, context: Contexts
) -> None:
    drop(page, portrait(ADA))
    qtbot.waitUntil(lambda: bool(drawn(page)), timeout=SLOW_MS)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page.everyone.items == []
    assert not page.clear_action.isEnabled()
    acts = [row.act for row in context().services.audit.page()]
    assert acts.count("photo.name") == 1  # that somebody looked is recorded


def test_what_is_transparent_is_white_and_rows_keep_their_places() -> None:
    image = QImage(3, 2, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    image.setPixelColor(2, 1, QColor.fromRgb(10, 20, 30))
    pixels = photo_pictures.pixels_of(image)
    assert pixels.shape == (2, 3, 3)
    assert pixels[0].tolist() == [[255, 255, 255]] * 3
    assert pixels[1, 2].tolist() == [30, 20, 10]  # BGR


def test_a_curve_has_its_top_at_the_mean_and_goes_on_as_far_as_asked() -> None:
    points = curve(Bell(0.2, 0.1, 100), 0.9).points
    assert max(points, key=lambda point: point[1])[0] == pytest.approx(0.2)
    assert points[-1][0] == 0.9


@pytest.mark.parametrize("code", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [1204, 1364])
def test_nothing_is_clipped(
    qtbot: QtBot,
    page: PhotoPage,
    portrait: Portrait,
    language: Language,
    clipped: Callable[[QWidget], list[str]],
    code: str,
    width: int,
) -> None:
    page.resize(width, 720)
    language.set(code)
    assert clipped(page) == []
    drop(page, portrait(ADA))
    qtbot.waitUntil(lambda: bool(drawn(page)), timeout=SLOW_MS)
    assert clipped(page) == []
    drop(page, portrait(ADA), portrait(BOB))
    qtbot.waitUntil(lambda: bool(page.answer.title), timeout=SLOW_MS)
    assert clipped(page) == []
