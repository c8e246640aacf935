"""What a page is to the shell, and the stack that makes each page when it is first opened."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from facekd_ui.i18n.text import T, Text
from facekd_ui.widgets.banners import ErrorState

log = logging.getLogger(__name__)

EVERYONE = frozenset({"operator", "administrator", "engineer", "auditor"})
"""The four roles. What a role may do is decided in the services; here only pages are left out."""


@dataclass(frozen=True, slots=True)
class PageSpec:
    """One page. It may define `opened()` and `left()`, called when it is shown and hidden."""

    key: str
    title: Text
    icon: str
    make: Callable[[], QWidget]
    roles: frozenset[str] = field(default=EVERYONE)
    shortcut: str = ""
    at_bottom: bool = False  # of the rail: settings
    below: str = ""  # not in the rail, which marks the page of that key meanwhile
    word: Text | None = None  # below the icon, where the title is too long


def allowed(specs: Sequence[PageSpec], role: str) -> list[PageSpec]:
    """The pages of a role, in order."""
    return [spec for spec in specs if role in spec.roles]


class PageStack(QStackedWidget):
    """Pages by key. Each is made at its first visit; one that cannot be made shows why and tries again."""

    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._specs: dict[str, PageSpec] = {}
        self._made: dict[str, QWidget] = {}
        self._current = ""

    @property
    def key(self) -> str:
        """Of the page that is shown; empty when there is none."""
        return self._current

    def spec(self, key: str) -> PageSpec:
        """Raises KeyError for a page that the role may not use."""
        return self._specs[key]

    def page(self, key: str) -> QWidget | None:
        """The page if it was made already."""
        return self._made.get(key)

    def set_pages(self, specs: Sequence[PageSpec]) -> None:
        """Other pages (another operator): all that were made go away."""
        self.forget()
        self._specs = {spec.key: spec for spec in specs}

    def forget(self) -> None:
        """Throws all pages away."""
        self._leave()
        for page in self._made.values():
            self.removeWidget(page)
            page.deleteLater()
        self._made, self._current, self._specs = {}, "", {}

    def open(self, key: str) -> QWidget:
        """Shows a page, making it at the first visit. Raises KeyError for a page that the role may not use."""
        spec = self._specs[key]
        page = self._made.get(key)
        if page is None:
            page = self._make(spec)
            self.addWidget(page)
        if key != self._current:
            self._leave()
        self._current = key
        self.setCurrentWidget(page)
        _call(page, "opened")
        self.opened.emit(key)
        return page

    def _leave(self) -> None:
        if (page := self._made.get(self._current)) is not None:
            _call(page, "left")

    def _make(self, spec: PageSpec) -> QWidget:
        try:
            page = spec.make()
        except Exception as error:  # one broken page must not take the window with it
            log.exception("the page %s could not be made", spec.key)
            broken = ErrorState()
            broken.show_error(
                T("{page} cannot be shown", page=spec.title),
                T("The other pages go on working."),
                f"{type(error).__name__}: {error}",
            )
            broken.retry.connect(lambda: self._try_again(spec, broken))
            return broken
        self._made[spec.key] = page
        return page

    def _try_again(self, spec: PageSpec, broken: QWidget) -> None:
        self.removeWidget(broken)
        broken.deleteLater()
        self.open(spec.key)


def _call(page: QWidget, name: str) -> None:
    method = getattr(page, name, None)
    if callable(method):
        method()
