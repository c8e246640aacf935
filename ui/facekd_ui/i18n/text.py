"""Lazy texts and catalogues; without Qt, so that services may use them.

A `Text` remembers its English source and its values and becomes words only in `str()`: so a widget that keeps it can
say it again in another language.
"""

import string
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
"""Code -> name in the language itself."""


@cache
def catalogue(language: str) -> dict[str, str]:
    """English source -> translation; all files of `i18n/LANGUAGE`. Empty for English.

    Raises:
        ValueError: the same source has two translations.
    """
    result: dict[str, str] = {}
    if language == "en":
        return result
    folder = resources.files("facekd_ui") / "i18n" / language
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        for source, words in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if result.setdefault(source, words) != words:
                raise ValueError(
                    f"{file.name}: {source!r} is {words!r} here and {result[source]!r} in another file of "
                    f"{language}; expected one translation: keep one, or give the string in the code a context"
                )
    return result


class _Now:
    """The catalogue in use, as gettext keeps one for a process."""

    language = "en"
    words: dict[str, str] = {}  # noqa: RUF012 - replaced as a whole, never changed


def set_catalogue(language: str) -> None:
    """Makes every later `str(text)` speak `language`.

    Raises:
        ValueError: a language that is not in `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise ValueError(f"expected a language among {', '.join(LANGUAGES)}, got {language!r}")
    _Now.language, _Now.words = language, catalogue(language)


def current_language() -> str:
    """A key of `LANGUAGES`."""
    return _Now.language


def translate(source: str, context: str = "") -> str:
    """The words for a source; the source itself where there are none."""
    key = f"{context}|{source}" if context else source
    return _Now.words.get(key, source)


@dataclass(frozen=True, slots=True)
class Text:
    """A string for people in whatever language is in use when it is shown."""

    source: str
    values: dict[str, Any] = field(default_factory=dict)
    context: str = ""
    many: str | None = None  # the English plural; Chinese has one form, filed under the plural

    def __str__(self) -> str:
        """The words, with values put in; whole numbers get thousands separators."""
        source = self.source
        if self.many is not None and (_Now.language != "en" or self.values["n"] != 1):
            source = self.many
        words = translate(source, self.context)
        return _FORMATTER.vformat(words, (), self.values) if self.values else words


@dataclass(frozen=True, slots=True)
class Listed:
    """Several things in one value of a text: "Ada, Bob", with the comma of the language in use."""

    things: tuple[Text | str, ...]

    def __str__(self) -> str:
        """Each in the language in use."""
        return ("、" if _Now.language == "zh_CN" else ", ").join(map(str, self.things))


def listed(things: Iterable[Text | str]) -> Listed:
    """Several things in one value of a text."""
    return Listed(tuple(things))


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if not format_spec:
            if isinstance(value, int) and not isinstance(value, bool):
                return f"{value:,}"
            return str(value)
        return str(super().format_field(value, format_spec))


_FORMATTER = _Formatter()


def T(source: str, context: str = "", **values: object) -> Text:
    """A string for people. `context` tells apart what is one word in English and two in another language."""
    return Text(source, values, context)


def Tn(one: str, many: str, n: int, **values: object) -> Text:
    """A string that counts: `Tn("{n} person", "{n} people", 3)`. Filed in catalogues under the plural."""
    return Text(one, {"n": n, **values}, many=many)
