"""The last act of a place, which can be taken back once."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from facekd_ui.pages.context import PageContext


class Undoing(QObject):
    """Base of what acts for a page. An act sets `_undo`; another act, anywhere, makes it `forget`."""

    def __init__(self, page: QWidget, context: PageContext) -> None:
        super().__init__(page)
        self._page, self._context = page, context
        self._undo: Callable[[], None] | None = None

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return self._undo is not None

    def undo(self) -> None:
        """Takes the last act back (Ctrl+Z)."""
        if self._undo is not None:
            undo, self._undo = self._undo, None
            undo()

    def forget(self) -> None:
        """Something else was done since."""
        self._undo = None
