"""One place for colours: nothing else in the window's code holds one."""

import re
from pathlib import Path

import pytest

import facekd_ui
from facekd_ui.theme.stylesheet import fill, stylesheet
from facekd_ui.theme.tokens import load

PACKAGE = Path(facekd_ui.__file__).parent


def test_no_colour_stands_outside_the_tokens() -> None:
    literal = re.compile(r"#[0-9A-Fa-f]{6}\b|QColor\(\s*[\"']|Qt\.GlobalColor\.(?!transparent)")
    files = [
        *PACKAGE.rglob("*.py"),
        *PACKAGE.rglob("*.qss"),
        *(PACKAGE / "resources" / "icons").glob("*.svg"),
    ]
    assert len(files) > 100
    found = [
        f"{file.relative_to(PACKAGE)}: {match.group()}"
        for file in files
        for match in literal.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_both_themes_have_the_same_tokens() -> None:
    assert load("light").colors.keys() == load("dark").colors.keys()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_stylesheet_names_only_tokens_that_exist(theme: str) -> None:
    finished = stylesheet(load(theme))  # a KeyError names the token that is missing
    assert "${" not in finished
    assert load(theme)["accent"] in finished


def test_numbers_grow_with_the_text_and_names_become_colours() -> None:
    assert (
        fill("a { height: ${20}; color: ${accent} }", load("light"), 1.5)
        == "a { height: 30px; color: #12597F }"
    )


def test_an_unknown_name_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match=r"no\.such"):
        fill("${no.such}", load("light"))
