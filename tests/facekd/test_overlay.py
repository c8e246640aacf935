"""What `draw` marks, and what it leaves alone."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facekd.overlay import draw, place_tags
from facekd.types import Image, RecognisedFace, Recognition, State

Box = tuple[float, float, float, float]

# The design's colours on the picture (#4FD8A2, #FFC44F, #DDE4E9), as BGR.
GREEN, AMBER, PALE = (0xA2, 0xD8, 0x4F), (0x4F, 0xC4, 0xFF), (0xE9, 0xE4, 0xDD)
MIDDLE: Box = (500.0, 300.0, 620.0, 440.0)


def face(box: Box, state: State = State.KNOWN, person: str | None = "Ada", track: int = 1) -> RecognisedFace:
    return RecognisedFace(track, box, state, None if state is State.UNKNOWN else person, 0.5)


def seen(*faces: RecognisedFace) -> Recognition:
    return Recognition(0, 0.0, faces)


def grey(height: int = 720, width: int = 1280, level: int = 128) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def top_edge(picture: Image, box: Box) -> Image:
    """The pixels along the upper edge of a box, away from its corners."""
    return picture[round(box[1]), round(box[0]) + 12 : round(box[2]) - 12]


def share_a_pixel(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    """Whether two rectangles share a pixel."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@pytest.mark.parametrize("state", list(State))
def test_only_the_line_around_the_face_and_the_tag_change_pixels(state: State) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    recognition = seen(face(MIDDLE, state))
    untouched = np.ones((720, 1280), bool)
    x1, y1, x2, y2 = (round(v) for v in MIDDLE)
    untouched[y1 - 5 : y2 + 6, x1 - 5 : x2 + 6] = False
    untouched[y1 + 6 : y2 - 5, x1 + 6 : x2 - 5] = True  # the face itself stays visible
    (tag,) = place_tags(720, 1280, recognition)
    untouched[tag.rect[1] : tag.rect[3], tag.rect[0] : tag.rect[2]] = False
    changed = (draw(picture, recognition) != picture).any(axis=2)
    assert not (changed & untouched).any()
    assert changed[y1 - 5 : y2 + 6, x1 - 5 : x2 + 6].any()
    assert changed[tag.rect[1] : tag.rect[3], tag.rect[0] : tag.rect[2]].mean() > 0.9


def test_the_frame_itself_is_not_written_to() -> None:
    picture = grey()
    picture.setflags(write=False)  # as frames are when threads share them
    drawn = draw(picture, seen(face(MIDDLE)))
    assert drawn.flags.writeable
    assert (picture == 128).all()


def test_a_frame_without_faces_comes_back_as_an_equal_copy() -> None:
    picture = grey()
    drawn = draw(picture, seen())
    assert np.array_equal(drawn, picture)
    assert drawn is not picture


def test_a_known_face_has_a_whole_green_line() -> None:
    edge = top_edge(draw(grey(), seen(face(MIDDLE, State.KNOWN))), MIDDLE)
    assert (edge == GREEN).all()


def test_an_uncertain_face_has_amber_dashes_with_dark_gaps() -> None:
    edge = top_edge(draw(grey(), seen(face(MIDDLE, State.UNCERTAIN))), MIDDLE)
    dashes, gaps = (edge == AMBER).all(axis=1), edge.max(axis=1) < 90
    assert np.diff(dashes.astype(int)).clip(0).sum() >= 4, "at least four dashes begin"
    assert gaps.sum() > 15


def test_an_unknown_face_has_pale_corners_and_open_edges() -> None:
    drawn = draw(grey(), seen(face(MIDDLE, State.UNKNOWN)))
    edge = top_edge(drawn, MIDDLE)
    assert (edge[0] == PALE).all()
    assert (edge[-1] == PALE).all()
    assert (edge[len(edge) // 2] == 128).all()


def test_the_three_states_differ_in_a_grey_print() -> None:
    prints = [cv2.cvtColor(draw(grey(), seen(face(MIDDLE, state))), cv2.COLOR_BGR2GRAY) for state in State]
    bright = [p[300, 512:608] > 150 for p in prints]
    assert [b.all() for b in bright] == [True, False, False]
    runs = [int(np.diff(b.astype(int)).clip(0).sum()) for b in bright]
    assert runs[1] > runs[2], "dashes are many, corners are two"


@pytest.mark.parametrize("level", [0, 255])
def test_line_and_tag_stand_out_of_black_and_of_white_pictures(level: int) -> None:
    for state in State:
        recognition = seen(face(MIDDLE, state))
        drawn = draw(grey(level=level), recognition).astype(int)
        corner = drawn[294:320, 494:520].max(axis=2)
        (tag,) = place_tags(720, 1280, recognition)
        words = drawn[tag.rect[1] : tag.rect[3], tag.rect[0] : tag.rect[2]].max(axis=2)
        assert corner.max() - corner.min() > 90
        assert words.max() - words.min() > 120


CORNER_BOXES: list[Box] = [
    (x, y, x + 90, y + 110)
    for x in (-60.0, 0.0, 600.0, 1190.0, 1250.0)
    for y in (-80.0, 0.0, 300.0, 610.0, 690.0)
]


@pytest.mark.parametrize("box", CORNER_BOXES)
def test_a_tag_stays_inside_the_picture_at_every_border(box: Box) -> None:
    recognition = seen(face(box, State.UNCERTAIN, "A rather long name for a tag"))
    (tag,) = place_tags(720, 1280, recognition)
    x1, y1, x2, y2 = tag.rect
    assert 0 <= x1 < x2 <= 1280
    assert 0 <= y1 < y2 <= 720
    assert draw(grey(), recognition).shape == (720, 1280, 3)


@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.lists(
        st.tuples(st.floats(-500, 900), st.floats(-500, 900), st.floats(0, 1200), st.floats(0, 1200)),
        max_size=4,
    ),
    st.text(max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_any_picture_and_any_box_can_be_drawn(
    height: int, width: int, boxes: list[tuple[float, float, float, float]], name: str
) -> None:
    states = list(State)
    recognition = seen(
        *(face((x, y, x + w, y + h), states[i % 3], name, i) for i, (x, y, w, h) in enumerate(boxes))
    )
    assert draw(grey(height, width), recognition).shape == (height, width, 3)
    for tag in place_tags(height, width, recognition):
        x1, y1, x2, y2 = tag.rect
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height


@pytest.mark.parametrize(
    "name",
    [
        "王芳",
        "阿依古丽·买买提",
        "👩‍🚀",
        "مريم",
        "",
        "  ",
        "two\nlines",
        "\ud800",
        "\uffff",
        "<b>x</b>",
        "x" * 200,
    ],
)
def test_any_name_can_be_written_on_a_tag(name: str) -> None:
    recognition = seen(
        face(MIDDLE, State.KNOWN, name), face((100.0, 100.0, 200.0, 220.0), State.UNCERTAIN, name)
    )
    for tag in place_tags(720, 1280, recognition):
        assert tag.rect[3] - tag.rect[1] == 29  # one line: 22 * 720 / 540
        assert tag.rect[2] - tag.rect[0] <= 0.4 * 1280 + 1
    assert draw(grey(), recognition).shape == (720, 1280, 3)


def test_the_tag_says_the_name_and_the_number_of_the_track() -> None:
    def tag_of(name: str, track: int) -> bytes:
        recognition = seen(face(MIDDLE, State.KNOWN, name, track))
        (tag,) = place_tags(720, 1280, recognition)
        drawn = draw(grey(), recognition)
        return drawn[tag.rect[1] : tag.rect[3], tag.rect[0] : tag.rect[2]].tobytes()

    assert tag_of("Ada", 1) == tag_of("Ada", 1)
    assert len({tag_of("Ada", 1), tag_of("Eva", 1), tag_of("Ada", 2)}) == 3


def test_an_uncertain_name_is_longer_by_its_question_mark() -> None:
    known, uncertain = (
        place_tags(720, 1280, seen(face(MIDDLE, state)))[0].rect for state in (State.KNOWN, State.UNCERTAIN)
    )
    assert uncertain[2] - uncertain[0] > known[2] - known[0]


def test_a_face_too_small_for_words_gets_the_glyph_alone() -> None:
    (tag,) = place_tags(720, 1280, seen(face((600.0, 300.0, 630.0, 330.0))))
    assert tag.glyph_only
    assert (tag.rect[2] - tag.rect[0], tag.rect[3] - tag.rect[1]) == (29, 29)


def test_tags_grow_with_the_picture() -> None:
    heights = [
        rect[3] - rect[1]
        for scale in (1, 2, 4)
        for rect in [place_tags(540 * scale, 960 * scale, seen(face((200.0, 200.0, 400.0, 450.0))))[0].rect]
    ]
    assert heights == [22, 44, 88]


def test_a_tag_goes_above_its_face_and_below_where_there_is_no_room_above() -> None:
    (above,) = place_tags(720, 1280, seen(face(MIDDLE)))
    (below,) = place_tags(720, 1280, seen(face((500.0, 10.0, 620.0, 150.0))))
    assert above.rect[3] == 300 - 11  # 8 * 720 / 540 away
    assert abs((above.rect[0] + above.rect[2]) / 2 - 560) <= 1
    assert below.rect[1] == 150 + 11


def test_tags_of_a_crowd_cover_neither_each_other_nor_a_face_while_there_is_room() -> None:
    boxes: list[Box] = [(300.0 + 110 * i, 300.0, 400.0 + 110 * i, 420.0) for i in range(4)]
    tags = place_tags(
        720, 1280, seen(*(face(box, State.KNOWN, "Konstantin Weber", i) for i, box in enumerate(boxes)))
    )
    assert len(tags) == 4
    rects = [tag.rect for tag in tags]
    assert not any(share_a_pixel(a, b) for i, a in enumerate(rects) for b in rects[i + 1 :])
    faces = [(int(b[0]), int(b[1]), int(b[2]), int(b[3])) for b in boxes]
    assert not any(share_a_pixel(rect, box) for rect in rects for box in faces)


def test_an_image_of_the_wrong_kind_is_refused_with_its_shape() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5\) of float32"):
        draw(np.zeros((4, 5), np.float32), seen())  # type: ignore[arg-type]
