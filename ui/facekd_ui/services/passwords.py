"""How good a new password is, in words that mean something: how long it would take to guess.

No rules about digits and capitals (OWASP ASVS 5.0, 6.2.5): length, and nothing that guessers try first. The time
assumes somebody who stole the hashes and tries ten thousand passwords a second, which Argon2id at its least allowed
cost leaves to a rack of graphics cards.
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from facekd_ui.i18n.text import T, Text
from facekd_ui.services.errors import WeakPassword

SHORTEST = 8
SUGGESTED = 15
GUESSES_PER_S = 1e4
LEAST_GUESSES = 1e8
"""Three hours of guessing; a login form with its lockout would take centuries."""

_COMMON = frozenset(
    (files("facekd_ui") / "services" / "common_passwords.txt").read_text(encoding="utf-8").split()
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb",
)
_DAY = re.compile(
    r"(?:(?:19|20)\d\d([-./]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[1-9]|[12]\d|3[01])([-./]?)(?:0[1-9]|1[0-2])\2(?:19|20)?\d\d)"
)
"""A date as 1987-12-24, 19871224, 24.12.1987, 241287."""
_LEET = str.maketrans("013457@$!", "oleastasi")


class Strength(StrEnum):
    """The meter's words."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    DAYS = "days"
    YEARS = "years"
    CENTURIES = "centuries"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the meter says."""

    strength: Strength  # it would be guessed within ...
    accepted: bool
    why: Text | None  # what is wrong, when it is not accepted
    share: float  # 0..1, how far the meter is filled


def judge(password: str, *names: str) -> Verdict:
    """How good a password is for somebody of these names."""
    guesses = estimated_guesses(password, *names)
    seconds = guesses / GUESSES_PER_S
    strength = next(
        (
            word
            for word, limit in zip(Strength, (60, 86_400, 365 * 86_400, 3.2e9), strict=False)
            if seconds < limit
        ),
        Strength.CENTURIES,
    )
    share = min(1.0, math.log10(max(guesses, 1)) / 16)
    why = None
    if len(password) < SHORTEST:
        why = T("Expected at least {n} characters, got {m}.", n=SHORTEST, m=len(password))
    elif guesses < LEAST_GUESSES:
        why = T("This would be guessed quickly: it is common, regular or your name. Take several words.")
    return Verdict(strength, why is None, why, share)


def require_good(password: str, *names: str) -> None:
    """Raises WeakPassword with the reason."""
    verdict = judge(password, *names)
    if verdict.why is not None:
        raise WeakPassword(verdict.why)


def estimated_guesses(password: str, *names: str) -> float:
    """How many tries a guesser needs who knows common words, keyboards, years and the person's names."""
    rest = password.casefold()
    unit = _repeated_unit(rest)
    if len(unit) < len(rest):  # the same again and again: the guesser tries how often
        return estimated_guesses(password[: len(unit)], *names) * len(rest) / len(unit)
    plain = rest.translate(_LEET)
    words = sorted({*_COMMON, *_parts(names)}, key=len, reverse=True)
    guesses = 1.0
    at = 0
    while at < len(rest):
        length, cost = _token(rest, plain, at, words)
        guesses *= cost
        at += length
    capitals = sum(1 for c in password if c.isupper())
    return guesses * (2 if capitals else 1) * max(1, capitals if capitals < len(password) else 1)


def _token(rest: str, plain: str, at: int, words: list[str]) -> tuple[int, float]:
    """(length, guesses) of the most guessable piece that begins at `at`."""
    for word in words:
        if len(word) >= 3 and (rest.startswith(word, at) or plain.startswith(word, at)):
            return len(word), 200.0
        if len(word) >= 4 and rest.startswith(word[::-1], at):
            return len(word), 400.0
    if day := _DAY.match(rest, at):
        return len(day[0]), 40_000.0  # of a hundred years
    if year := re.compile(r"(19|20)\d\d").match(rest, at):
        return len(year[0]), 100.0
    if (same := _repeat(rest, at)) >= 3:
        return same, 30.0 * same
    if (run := _run(rest, at)) >= 3:
        return run, 40.0 * run
    # Letters in a language follow each other; 26 each would flatter words that are not in the list.
    return 1, 12.0 if rest[at].isalpha() else 10.0 if rest[at].isdigit() else 20.0


def _repeated_unit(text: str) -> str:
    """The shortest piece of which the text is made by repetition; the text itself where there is none."""
    at = (text + text).find(text, 1)
    return text[:at] if 0 < at < len(text) else text


def _repeat(text: str, at: int) -> int:
    end = at
    while end < len(text) and text[end] == text[at]:
        end += 1
    return end - at


def _run(text: str, at: int) -> int:
    best = 0
    for row in (*_ROWS, *(row[::-1] for row in _ROWS)):
        start = row.find(text[at])
        length = 0
        while (
            start >= 0
            and at + length < len(text)
            and row[start + length : start + length + 1] == text[at + length]
        ):
            length += 1
        best = max(best, length)
    return best


def _parts(names: tuple[str, ...]) -> set[str]:
    return {part for name in names for part in re.split(r"\W+", name.casefold()) if len(part) >= 3}
