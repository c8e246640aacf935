"""Sentences of `facekd` and `facekd_db`, which know no languages, said in the language of the window.

Their errors are English with values in them: "the camera Door was changed by somebody else (version 3; ...)". The
catalogues file each under its template, with the values numbered: "the camera {0} was changed by somebody else
(version {1}; ...)". A `Relayed` finds the template that its message fits, and so the translation. `relayed_scan`
reads the templates from the code of both packages, so the test of the catalogues fails when one has no translation.
"""

import re
from dataclasses import dataclass
from functools import cache

from facekd_ui.i18n.text import Text, catalogue, current_language

_NUMBERED = re.compile(r"\{\d+\}")


@dataclass(frozen=True, slots=True)
class Relayed(Text):
    """A message from below; `source` is the English as it came."""

    whole: bool = True  # a sentence; else a part of one

    def __str__(self) -> str:
        """A whole one with a capital letter and a full stop."""
        words = said(self.source, current_language())
        return sentence(words) if self.whole else words


def relayed(message: object, *, whole: bool = True) -> Text:
    """The text of an error or note from below; not `whole` for half a sentence (a place, a name)."""
    return Relayed(str(message), whole=whole)


def sentence(words: str) -> str:
    """With a full stop, and a capital letter unless it begins with a file or an address."""
    words = words.strip()
    if words.partition(" ")[0].isalpha():
        words = words[:1].upper() + words[1:]
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in words)
    return (
        words if words.endswith((".", "?", ":", "\u3002", "\uff1f")) else words + ("。" if chinese else ".")
    )


def said(message: str, language: str) -> str:
    """The message in a language, with what it quotes; as it came where no template fits."""
    words = catalogue(language)
    if message in words:
        return words[message]
    for pattern, template in _patterns(language):
        if fits := pattern.fullmatch(message):
            return words[template].format(*(said(value, language) for value in fits.groups()))
    return message


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Templates with values, the most particular ones first."""
    found = [key for key in catalogue(language) if _NUMBERED.search(key)]
    found.sort(key=lambda key: -len(_NUMBERED.sub("", key)))
    return [(re.compile("(.+?)".join(map(re.escape, _NUMBERED.split(key))), re.DOTALL), key) for key in found]
