"""Says texts on widgets, and says them again when the language changes."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import shiboken6
from PySide6.QtCore import QLocale, QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QApplication

from facekd_ui.i18n.text import LANGUAGES, Text, current_language, set_catalogue

_PREFIX = "say:"


def say(target: QObject, text: Text | str, to: str = "text") -> None:
    """Puts a text into a property of a widget or action ("text", "toolTip", "placeholderText", "windowTitle", ...).

    A `Text` follows the language from then on; a plain `str` (a name, a number) does not.
    """
    target.setProperty(_PREFIX + to, text if isinstance(text, Text) else None)
    _put(target, to, text)


def _put(target: QObject, to: str, text: Text | str) -> None:
    words = str(text)
    if to == "text" and isinstance(target, QAbstractButton | QAction):
        words = words.replace("&", "&&")  # a name with "&" is no mnemonic
    target.setProperty(to, words)


def said(target: QObject, to: str = "text") -> Text | str:
    """What `say` last put there."""
    text = target.property(_PREFIX + to)
    return text if isinstance(text, Text) else str(target.property(to) or "")


@runtime_checkable
class Speaks(Protocol):
    """A widget with texts that are no properties (items of a list, rich text, painted words)."""

    def retranslate(self) -> None:
        """Says all of them again."""
        ...


class Language(QObject):
    """The language of the window.

    Widgets filled by `say` follow alone, and so do those with a method `retranslate`; `changed` is for models.
    """

    changed = Signal(str)

    def __init__(self, app: QApplication, code: str = "en") -> None:
        super().__init__(app)
        self._app = app
        set_catalogue(code)

    @property
    def code(self) -> str:
        """A key of `LANGUAGES`."""
        return current_language()

    def set(self, code: str) -> None:
        """Changes the language of everything open.

        Raises:
            ValueError: an unknown language.
        """
        set_catalogue(code)
        for thing in _everything(self._app):
            if not shiboken6.isValid(thing):  # an earlier one threw it away when it was retranslated
                continue
            for name in thing.dynamicPropertyNames():
                key = name.toStdString()
                if key.startswith(_PREFIX) and isinstance(text := thing.property(key), Text):
                    _put(thing, key.removeprefix(_PREFIX), text)
            if isinstance(thing, Speaks):
                thing.retranslate()
        self.changed.emit(code)


def _everything(app: QApplication) -> Iterator[QObject]:
    for window in app.topLevelWidgets():
        yield window
        yield from window.findChildren(QObject)


def language_code(wanted: str) -> str:
    """A key of `LANGUAGES` for a setting; "system" asks the system."""
    if wanted in LANGUAGES:
        return wanted
    return "zh_CN" if QLocale.system().language() == QLocale.Language.Chinese else "en"
