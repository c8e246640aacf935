"""Where tags go, and that states differ in shape and not only in colour."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from facekd_ui.theme.fonts import font
from facekd_ui.theme.tokens import load
from facekd_ui.widgets.overlay import OverlayPainter, PlacedTag, ShownFace, place_tags

PICTURE = QRectF(0, 0, 640, 360)


def face(state: str = "known", label: str = "Ada", track: int = 1) -> ShownFace:
    return ShownFace(track, (0, 0, 1, 1), state, label)


def place(*pairs: tuple[ShownFace, QRectF], width: float = 100) -> list[PlacedTag | None]:
    faces, boxes = [f for f, _ in pairs], [b for _, b in pairs]
    return place_tags(faces, boxes, PICTURE, [width] * len(faces))


def test_a_tag_stands_centred_above_its_box() -> None:
    (tag,) = place((face(), QRectF(200, 100, 80, 90)))
    assert tag is not None
    assert tag.rect == QRectF(190, 100 - 8 - 22, 100, 22)


def test_at_the_top_of_the_picture_it_goes_below() -> None:
    (tag,) = place((face(), QRectF(200, 10, 80, 90)))
    assert tag is not None
    assert tag.rect.top() == 10 + 90 + 8


def test_a_face_as_high_as_the_picture_gets_its_tag_beside() -> None:
    (tag,) = place((face(), QRectF(200, 2, 200, 356)))
    assert tag is not None
    assert tag.rect.left() == 200 + 200 + 8


def test_at_the_edge_it_is_pushed_into_the_picture() -> None:
    (tag,) = place((face(), QRectF(600, 100, 40, 60)))
    assert tag is not None
    assert tag.rect.right() == 640


def test_two_tags_never_lie_on_each_other_and_the_alarm_chooses_first() -> None:
    left, right = QRectF(200, 100, 60, 80), QRectF(270, 100, 60, 80)
    known, alarm = place((face("known"), left), (face("watchlist", track=2), right), width=140)
    assert known is not None
    assert alarm is not None
    assert alarm.rect.bottom() == 92  # above, where it belongs
    assert not known.rect.intersects(alarm.rect)


def test_in_a_crowd_every_tag_stays_inside() -> None:
    crowd = [(face(track=i), QRectF(10 + 30 * i, 2, 28, 350)) for i in range(20)]
    for tag in place(*crowd):
        assert tag is not None
        assert PICTURE.contains(tag.rect)


def test_small_faces_get_the_glyph_alone_and_ignored_ones_nothing() -> None:
    small, ignored = place((face(), QRectF(100, 100, 20, 24)), (face("ignored"), QRectF(300, 100, 80, 90)))
    assert small == PlacedTag(small.rect, "") if small else False
    assert small is not None
    assert small.rect.width() == 22
    assert ignored is None


def drawn(state: str, ground: Qt.GlobalColor = Qt.GlobalColor.white) -> QImage:
    image = QImage(640, 360, QImage.Format.Format_RGB32)
    image.fill(ground)
    painter = QPainter(image)
    overlay = OverlayPainter(load("light"), font(load("light"), "label"))
    overlay.paint(painter, [face(state)], [QRectF(200, 100, 120, 140)], PICTURE)
    painter.end()
    return image


def ink(image: QImage, x1: int, y1: int, x2: int, y2: int) -> list[tuple[int, int]]:
    return [(x, y) for x in range(x1, x2) for y in range(y1, y2) if image.pixelColor(x, y).lightness() < 240]


def test_the_states_differ_without_their_colours(qapp: QApplication) -> None:
    # Along the middle of the left side of the box: solid, dashed, empty; and the second line of an alarm.
    known, uncertain, unknown, alarm, ignored = (
        drawn(state) for state in ("known", "uncertain", "unknown", "watchlist", "ignored")
    )
    column = (198, 140, 202, 200)

    def brightness(image: QImage) -> set[int]:
        return {image.pixelColor(200, y).lightness() // 32 for y in range(140, 200)}

    assert len(brightness(known)) == 1
    assert len(brightness(uncertain)) > 1  # dashes
    assert ink(unknown, *column) == []  # corners only
    assert ink(unknown, 198, 98, 212, 112) != []
    assert ink(alarm, 192, 140, 196, 200) != []  # the outer line
    assert ink(known, 192, 140, 196, 200) == []
    assert ink(ignored, 195, 95, 325, 240) == []
    assert ink(ignored, 250, 243, 270, 253) != []  # three dots under the chin


@pytest.mark.parametrize("ground", [Qt.GlobalColor.white, Qt.GlobalColor.black])
def test_every_box_holds_on_white_and_on_black_walls(ground: Qt.GlobalColor, qapp: QApplication) -> None:
    for state in ("known", "uncertain", "unknown", "watchlist"):
        image = drawn(state, ground)
        wall = image.pixelColor(5, 5).lightness()
        corner = [
            abs(image.pixelColor(x, y).lightness() - wall) for x in range(196, 215) for y in range(96, 115)
        ]
        assert max(corner) > 90, state
