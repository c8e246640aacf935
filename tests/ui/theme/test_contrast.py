"""The contrasts that design.md states, recomputed. Ratios of its table, text on
bg / surface / raised / hover / sunken / accent.soft, light then dark."""

import pytest

from facekd_ui.theme.tokens import contrast, load

GROUNDS = ("bg", "surface", "raised", "hover", "sunken", "accent.soft")
TABLE = {
    "text": ((15.0, 16.8, 16.8, 14.3, 13.6, 13.5), (15.1, 14.0, 12.2, 11.6, 16.0, 10.3)),
    "text.2": ((6.3, 7.1, 7.1, 6.1, 5.7, 5.7), (8.3, 7.6, 6.7, 6.4, 8.7, 5.6)),
    "text.disabled": ((5.1, 5.7, 5.7, 4.9, 4.6, 4.6), (6.9, 6.4, 5.6, 5.3, 7.3, 4.7)),
    "accent": ((6.8, 7.6, 7.6, 6.5, 6.2, 6.1), (8.9, 8.2, 7.2, 6.8, 9.4, 6.0)),
    "known": ((6.2, 6.9, 6.9, 5.9, 5.6, 5.6), (9.5, 8.8, 7.7, 7.3, 10.0, 6.5)),
    "uncertain": ((6.8, 7.6, 7.6, 6.5, 6.2, 6.1), (9.8, 9.0, 7.9, 7.5, 10.3, 6.6)),
    "unknown": ((7.2, 8.0, 8.0, 6.8, 6.5, 6.4), (9.8, 9.0, 7.9, 7.5, 10.4, 6.7)),
    "watchlist": ((6.8, 7.6, 7.6, 6.5, 6.1, 6.1), (8.7, 8.0, 7.0, 6.7, 9.2, 5.9)),
}


def test_black_on_white_is_21_and_a_colour_on_itself_1() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#12597F", "#12597F") == pytest.approx(1)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(
        4.48, abs=0.01
    )  # the well-known grey just below 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ink", TABLE)
def test_text_stands_out_as_the_design_says(theme: str, ink: str) -> None:
    tokens = load(theme)
    ratios = [contrast(tokens[ink], tokens[ground]) for ground in GROUNDS]
    assert ratios == pytest.approx(TABLE[ink][theme == "dark"], abs=0.06)
    assert min(ratios) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_on_filled_and_soft_grounds_are_readable(theme: str) -> None:
    tokens = load(theme)
    for ground in ("accent", "accent.hover", "accent.pressed"):
        assert contrast(tokens["accent.on"], tokens[ground]) >= 4.5, ground
    for ground in ("danger.fill", "danger.fill.hover", "danger.fill.pressed"):
        assert contrast(tokens["danger.fill.on"], tokens[ground]) >= 4.5, ground
    for kind in ("success", "warning", "danger"):
        assert contrast(tokens[kind], tokens[f"{kind}.soft"]) >= 4.5, kind
        assert contrast(tokens["text"], tokens[f"{kind}.soft"]) >= 4.5, kind
    for state in ("known", "uncertain", "unknown", "watchlist"):
        assert contrast(tokens[f"video.{state}"], tokens["video.ink"]) >= 4.5, state
    for ink in ("text", "text.2"):
        assert contrast(tokens[ink], tokens["pressed"]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_focus_and_field_lines_reach_three_to_one(theme: str) -> None:
    tokens = load(theme)
    for ground in GROUNDS:
        assert contrast(tokens["focus"], tokens[ground]) >= 3, ground
    for ground in ("bg", "surface", "raised"):
        assert contrast(tokens["border.strong"], tokens[ground]) >= 3, ground
    for number in range(1, 7):
        assert contrast(tokens[f"chart.{number}"], tokens["surface"]) >= 3
