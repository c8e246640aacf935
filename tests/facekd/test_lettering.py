"""Text in the fonts that a machine happens to have."""

import numpy as np
import pytest
from PIL import Image

from facekd.lettering import drawable, elided, width_of, write

ODD_TEXTS = [
    "王芳",
    "阿依古丽·买买提",
    "Novák 王芳 č",
    "👩‍🚀 🙂",
    "مريم",
    "\U0010fffd\uffff",
    "e\u0301e\u0301",
]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_text_that_no_font_may_have_is_drawn_as_something(text: str) -> None:
    canvas = Image.new("L", (400, 40), 0)
    write(canvas, 4, 30, text, 20, 255)
    assert width_of(text, 20) > 0
    assert np.asarray(canvas).any()


def test_text_stands_on_its_baseline_and_starts_where_it_was_asked_to() -> None:
    canvas = Image.new("L", (200, 60), 0)
    write(canvas, 50, 40, "HHH", 20, 255)
    rows, columns = np.nonzero(np.asarray(canvas) > 128)
    assert rows.max() in {39, 40}  # H has no descender
    assert 50 <= columns.min() <= 54
    assert columns.max() <= 50 + width_of("HHH", 20)


def test_what_has_no_picture_is_left_out_and_line_ends_become_spaces() -> None:
    assert drawable("Ada\r\n  Lovelace\t\u200b\u202e\ud800") == "Ada Lovelace"


def test_accents_written_apart_are_joined_so_that_one_font_can_draw_them() -> None:
    assert drawable("Nova\u0301k") == "Novák"


def test_a_text_with_room_is_not_shortened() -> None:
    assert elided("Ada", 20, width_of("Ada", 20)) == "Ada"


@pytest.mark.parametrize("room", [30, 80, 200])
def test_a_long_text_is_cut_at_the_right_to_what_fits(room: int) -> None:
    name = "abcdefghij" * 20
    short = elided(name, 20, room)
    assert width_of(short, 20) <= room
    assert short.endswith("…")
    assert name.startswith(short[:-1])
    assert width_of(name[: len(short)] + "…", 20) > room, "one more letter would have fitted"
