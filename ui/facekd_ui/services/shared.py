"""Settings that all computers share: how long things are kept, when screens lock, which consent text is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files

from facekd_db.records import Json, Setting
from facekd_db.store import Tables
from facekd_ui.i18n.text import T, Text, listed
from facekd_ui.services.base import Service
from facekd_ui.services.errors import Invalid


def _consent(language: str, purpose: str = "") -> str:
    path = files("facekd_ui") / "services" / f"consent.{purpose}{language}.txt"
    return path.read_text(encoding="utf-8").strip()


@dataclass(frozen=True, slots=True)
class Entry:
    """One shared setting."""

    default: Json
    fits: Callable[[Json], bool]
    expected: Text  # what fits, in words


def _whole(low: int, high: int) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _number(low: float, high: float) -> Callable[[Json], bool]:
    return lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    )


def _text(value: Json) -> bool:
    return isinstance(value, str) and len(value) <= 20_000


def _flag(value: Json) -> bool:
    return isinstance(value, bool)


ENTRIES: Mapping[str, Entry] = {
    "organisation": Entry("", _text, T("a name")),
    "responsible": Entry("", _text, T("who answers for the data")),
    "consent.required": Entry(False, _flag, T("true or false")),
    "consent.text.en": Entry(_consent("en"), _text, T("the text that people agree to")),
    "consent.text.zh_CN": Entry(_consent("zh_CN"), _text, T("the text that people agree to")),
    "session.idle_minutes": Entry(15, _whole(1, 480), T("1 to 480 minutes")),
    "session.lifetime_hours": Entry(12, _whole(1, 168), T("1 to 168 hours")),
    "account.one_time_hours": Entry(72, _whole(1, 720), T("1 to 720 hours")),
    "retention.deleted_days": Entry(30, _whole(0, 3650), T("0 to 3,650 days")),
    "retention.events_days": Entry(90, _whole(0, 36_500), T("0 (for ever) to 36,500 days")),
    "retention.pictures_days": Entry(30, _whole(0, 36_500), T("0 (for ever) to 36,500 days")),
    "events.interval_s": Entry(300, _whole(1, 86_400), T("1 to 86,400 seconds")),
    "events.strangers": Entry(True, _flag, T("true or false")),
    "gate.margin_points": Entry(1.0, _number(0.05, 50), T("0.05 to 50 points")),
    "gate.confidence_percent": Entry(95.0, _number(80, 99.9), T("80 to 99.9 percent")),
    "lock.recognition": Entry(True, _flag, T("true or false")),
}
"""Key -> default and what fits.

`gate...`: by how much a new recogniser may be worse, and how sure one must be of that (`facekd.evaluation.gate`).
In the consent texts {organisation} stands for that setting. `lock.recognition`: a locked window goes on recognising,
without names.
"""


class Shared(Service):
    """Reads and changes the settings in `ENTRIES`."""

    name = "shared"

    def all(self) -> dict[str, Setting | None]:
        """Each setting with its version, or None where the default counts."""
        with self._store.reading() as t:
            return {key: t.settings.find(key) for key in ENTRIES}

    def consent_text(self, language: str, purpose: str = "recognition") -> str:
        """The text that people agree to, with the organisation's name in it. Raises Invalid for another language.

        `purpose` "training": photographs may train a recogniser, too; that text is no setting.
        """
        key = f"consent.text.{language}"
        if key not in ENTRIES:
            raise Invalid(T("Expected a consent text in en or zh_CN, got {language}.", language=language))
        with self._store.reading() as t:
            text, organisation = str(value_of(t, key)), str(value_of(t, "organisation"))
        if purpose == "training":
            text = _consent(language, "training.")
        unnamed = {"en": "this organisation", "zh_CN": "本单位"}[language]
        return text.replace("{organisation}", organisation or unnamed)

    def put(self, key: str, value: Json, version: int) -> Setting:
        """Changes one.

        Args:
            version: of the setting that was read; 0 where it was None.

        Raises:
            Invalid: an unknown key, or a value that does not fit.
            Conflict: somebody else changed it meanwhile.
        """
        entry = ENTRIES.get(key)
        if entry is None:
            raise Invalid(T("Expected a setting among {keys}, got {key}.", keys=listed(ENTRIES), key=key))
        if not entry.fits(value):
            raise Invalid(
                T("{key}: expected {what}, got {value}.", key=key, what=entry.expected, value=value)
            )

        def put(t: Tables) -> Setting:
            self._audit(
                t, "setting.change", f"setting:{key}"[:64], {"value": value if key not in _LONG else None}
            )
            return t.settings.put(key, value, version=version, by=self._by)

        return self._write(put)


_LONG = {"consent.text.en", "consent.text.zh_CN", "responsible"}


def value_of(t: Tables, key: str) -> Json:
    """A shared setting, or its default; one that does not fit (any more) counts as unset."""
    entry = ENTRIES[key]
    value = t.settings.get(key, entry.default)
    return value if entry.fits(value) else entry.default


def whole_of(t: Tables, key: str) -> int:
    """A shared setting that is a whole number."""
    value = value_of(t, key)
    assert isinstance(value, int)
    return value


def days_of(t: Tables, key: str) -> timedelta:
    """A shared setting in days."""
    return timedelta(days=whole_of(t, key))
