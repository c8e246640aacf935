"""Boxes between recognitions, by hand-computed places."""

import pytest

from facekd.types import RecognisedFace, Recognition, State
from facekd_ui.workers.boxes import MovingBoxes


def seen(t_ms: float, *boxes: tuple[int, float]) -> Recognition:
    """Faces of 100 x 100 px: track and left edge."""
    faces = tuple(
        RecognisedFace(track, (x, 50.0, x + 100.0, 150.0), State.KNOWN, "Ada", 0.8) for track, x in boxes
    )
    return Recognition(int(t_ms), t_ms, faces)


def lefts(boxes: MovingBoxes, t_ms: float) -> list[float]:
    return [face.box[0] for face in boxes.at(t_ms)]


def test_before_any_recognition_there_are_no_boxes() -> None:
    assert MovingBoxes().at(0) == ()


def test_a_new_face_stands_where_it_was_seen() -> None:
    boxes = MovingBoxes()
    boxes.update(seen(1000, (1, 200)))
    assert lefts(boxes, 1000) == [200]
    assert lefts(boxes, 1080) == [200]


def test_a_walking_face_is_followed_ahead_of_its_recognition() -> None:
    boxes = MovingBoxes()
    # 10 px each 100 ms: after several recognitions the speed has settled at 0.1 px per ms.
    for step in range(12):
        boxes.update(seen(1000 + 100 * step, (1, 200 + 10 * step)))
    # Last seen at 2100 ms and x = 310; the eased jump is over after 80 ms.
    assert lefts(boxes, 2190)[0] == pytest.approx(310 + 9, abs=0.2)


def test_a_box_does_not_run_away_from_a_face_that_is_seen_no_more() -> None:
    boxes = MovingBoxes()
    for step in range(12):
        boxes.update(seen(1000 + 100 * step, (1, 200 + 10 * step)))
    # 200 ms ahead at most: 310 + 20, however late it is; at 100 ms apart boxes last 250 ms.
    assert lefts(boxes, 2300)[0] == pytest.approx(330, abs=0.5)
    assert lefts(boxes, 2345)[0] == pytest.approx(330, abs=0.5)


def test_a_stale_recognition_shows_nothing() -> None:
    boxes = MovingBoxes()
    boxes.update(seen(1000, (1, 200)))
    assert lefts(boxes, 1190) == [200]
    assert lefts(boxes, 1210) == []  # 200 ms


def test_a_stall_hides_the_boxes_of_a_fast_computer_after_200_ms() -> None:
    boxes = MovingBoxes()
    for step in range(20):
        boxes.update(seen(1000 + 40 * step, (1, 200)))  # 25 a second; the last one at 1760 ms
    assert lefts(boxes, 1950) == [200]
    assert lefts(boxes, 1970) == []


def test_a_slow_computer_keeps_its_boxes_longer() -> None:
    boxes = MovingBoxes()
    for step in range(12):
        boxes.update(seen(1000 + 500 * step, (1, 200)))
    assert lefts(boxes, 6500 + 900) == [200]


def test_a_jump_is_eased_and_not_shown_at_once() -> None:
    boxes = MovingBoxes()
    boxes.update(seen(1000, (1, 200)))
    boxes.update(seen(1100, (1, 240)))
    # Drawn at 200 when the recognition says 240; half the speed is believed (0.5 x 0.4 px/ms).
    assert lefts(boxes, 1100)[0] == pytest.approx(200)
    assert lefts(boxes, 1140)[0] == pytest.approx(240 + 0.2 * 40 - 20)
    assert lefts(boxes, 1180)[0] == pytest.approx(240 + 0.2 * 80)


def test_faces_come_and_go_with_the_recognition() -> None:
    boxes = MovingBoxes()
    boxes.update(seen(1000, (1, 200), (2, 400)))
    boxes.update(seen(1100, (2, 400), (3, 600)))
    assert [face.track for face in boxes.at(1100)] == [2, 3]
    boxes.forget()
    assert boxes.at(1100) == ()
