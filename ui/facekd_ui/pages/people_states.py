"""What stands in the place of the table of people: loading, nobody yet, nobody found, an error."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedWidget, QWidget

from facekd_ui.i18n.text import T
from facekd_ui.pages.failures import explain
from facekd_ui.shell.actions import button_for
from facekd_ui.widgets.banners import EmptyState, ErrorState
from facekd_ui.widgets.busy import Skeleton
from facekd_ui.widgets.buttons import Button


class PeopleStates(QStackedWidget):
    """The table, or why there is none.

    Args:
        add, imports: offered where nobody is on file; None for those who may not.
        clear: takes the filters away.
        retry: loads again.
    """

    def __init__(
        self,
        table: QWidget,
        add: QAction | None,
        imports: QAction | None,
        clear: Callable[[], object],
        retry: Callable[[], object],
    ) -> None:
        super().__init__()
        self.table = table
        self.skeleton = Skeleton(12)
        self.empty = EmptyState(
            "people",
            T("Nobody is on file yet"),
            T("Add the first person and the door will greet them by name."),
            None if add is None else button_for(add, "primary"),
            None if imports is None else button_for(imports),
        )
        button = Button(T("Clear filters"))
        button.clicked.connect(clear)
        self.nothing = EmptyState(
            "filter", T("Nobody matches these filters"), T("Try fewer letters or clear the filters."), button
        )
        self.broken = ErrorState()
        self.broken.retry.connect(retry)
        for view in (self.skeleton, table, self.empty, self.nothing, self.broken):
            self.addWidget(view)

    def show_loading(self) -> None:
        """Bars in the place of rows."""
        self.setCurrentWidget(self.skeleton)

    def show_found(self, count: int, *, filtered: bool) -> None:
        """The table, or which kind of nobody there is."""
        self.setCurrentWidget(self.table if count else self.nothing if filtered else self.empty)

    def show_error(self, error: Exception) -> None:
        """Why nobody can be shown."""
        details = f"{type(error).__name__}: {error}"
        self.broken.show_error(T("People cannot be shown"), explain(error), details)
        self.setCurrentWidget(self.broken)
