"""Taking records along: CSV and XLSX with progress and cancel."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from facekd_db.records import EventFilter
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.services.records import Exported
from facekd_ui.shell.actions import action
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.menus import Menu
from facekd_ui.workers.tasks import Running


class RecordsExport(QObject):
    """The button with its menu, and the actions of the page.

    Args:
        page: is covered while it lasts.
        which: the filters in force.
    """

    def __init__(self, page: QWidget, context: PageContext, which: Callable[[], EventFilter]) -> None:
        super().__init__(page)
        self._page, self._context, self._which = page, context, which
        self.csv = action(page, T("Export as CSV…"), partial(self._ask, ".csv"), "Ctrl+E", "download")
        self.xlsx = action(
            page, T("Export as XLSX…"), partial(self._ask, ".xlsx"), "Ctrl+Shift+E", "download"
        )
        self.button = Button(T("Export"), icon="download")
        self.button.clicked.connect(self._open_menu)

    def allow(self, *, allowed: bool) -> None:
        """Whether there is anything to take along."""
        for thing in (self.csv, self.xlsx):
            thing.setEnabled(allowed)
        self.button.setEnabled(allowed)

    def menu(self) -> Menu:
        """Both kinds of files."""
        menu = Menu(self._page)
        for what in (self.csv, self.xlsx):
            menu.addAction(what)
        return menu

    def _open_menu(self) -> None:
        self.menu().popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))

    def _ask(self, ending: str) -> None:
        words: Text = T("Spreadsheets") if ending == ".xlsx" else T("Comma-separated values")
        name, _ = QFileDialog.getSaveFileName(
            self._page, str(T("Export records")), f"facekd-records{ending}", f"{words} (*{ending})"
        )
        if name:
            path = Path(name)
            self.write(path if path.suffix.lower() == ending else path.with_name(path.name + ending))

    def write(self, path: Path) -> Running:
        """Writes what the filters let through; says how far it is and can be cancelled."""
        which, records = self._which(), self._context.services.records
        return self._context.work.run(
            lambda progress: records.export(path, which, Told(progress)),
            self._written,
            self._context.fail,
            cancelled=self._cancelled,
            over=self._page,
            title=T("Exporting records"),
        )

    def _written(self, done: Exported) -> None:
        if not done.complete:
            self._cancelled()
            return
        n, file = done.rows, done.path.name
        self._context.toasts.show(
            Tn("{n} event written to {file}", "{n} events written to {file}", n, file=file)
        )

    def _cancelled(self) -> None:
        self._context.toasts.show(
            T("The export was cancelled; no file is left."), icon="info", token="accent"
        )
