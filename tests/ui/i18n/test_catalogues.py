"""Every string of the code in every language, with its placeholders; and none that only lies there."""

import re
from pathlib import Path

import pytest

from facekd_ui.i18n import LANGUAGES
from facekd_ui.i18n.scan import NotLiteral, left_over, missing, placeholders, texts
from facekd_ui.i18n.text import catalogue

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize("language", OTHERS)
def test_no_string_is_missing(language: str) -> None:
    gaps = [f"{found.key!r} ({found.where})" for found in missing(language)]
    assert gaps == [], "run `python -m facekd_ui.i18n.scan` and translate what it prints"


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over(language: str) -> None:
    assert left_over(language) == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_keeps_the_placeholders(language: str) -> None:
    words = catalogue(language)
    wrong = [
        found.key
        for found in texts()
        if found.key in words and placeholders(words[found.key]) != placeholders(found.english)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_empty(language: str) -> None:
    assert [key for key, words in catalogue(language).items() if not words.strip()] == []


def test_words_on_the_screen_keep_to_the_tone() -> None:
    # Design, "Words": no exclamation marks, no "please", no "successfully", no "oops".
    bad = re.compile(r"!|\bplease\b|\bsuccessfully\b|\boops\b", re.IGNORECASE)
    assert [found.where for found in texts() if bad.search(found.english)] == []


def test_the_scan_sees_contexts_plurals_and_long_literals(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text(
        'a = T("Open", "verb")\nb = T("Open", context="state")\nc = Tn("{n} face", "{n} faces", 3)\n'
        'd = T(\n    "one "\n    "two"\n)\n'
    )
    assert [found.key for found in texts(tmp_path)] == ["verb|Open", "state|Open", "{n} faces", "one two"]


def test_a_computed_string_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text('name = "x"\na = T(f"Hello {name}")\n')
    with pytest.raises(NotLiteral, match=r"page\.py:2"):
        list(texts(tmp_path))
