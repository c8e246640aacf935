"""Bulk import: a folder with a folder of photographs per person. Tried first, then done; stopped and gone on with."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QTableView, QVBoxLayout, QWidget

from facekd.errors import FacekdError
from facekd_ui.i18n.language import say
from facekd_ui.i18n.relayed import said
from facekd_ui.i18n.text import T, Text, Tn, current_language
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.pages.failures import REASONS, explain
from facekd_ui.pages.person_form import ConsentForm
from facekd_ui.pages.pictures import dropped_paths
from facekd_ui.services.export import write_csv
from facekd_ui.services.imports import Fate, ImportReport
from facekd_ui.shell.actions import action, button_for
from facekd_ui.tables.imports import NAME, PHOTOS, REFUSED, WHAT, WHY, ImportTable
from facekd_ui.tables.plain import PlainDelegate, plain_table
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.drops import DropCard
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.steps import StepBar

ROW = 36


class ImportPage(QWidget):
    """Source, dry run, import, report; one after another in one place."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._folder: Path | None = None
        self._report: ImportReport | None = None
        self._done = False
        self.setAcceptDrops(True)
        choose = action(self, T("Choose a folder…"), self._choose, "Ctrl+O", "folder")
        action(self, T("Back to People"), self._leave, "Esc", "arrow-left")
        self.choose = button_for(choose)
        self.go = Button(T("Import"), "primary", "upload", tip=T("Import"), key="Ctrl+Return")
        self.go.clicked.connect(self._run)
        self.save_list = Button(T("Save the refused as a list…"), icon="download")
        self.save_list.clicked.connect(self._save_list)
        self.consent = ConsentForm(context, several=True)
        self._words = Label("", "body", "text.2", wrap=True)
        self.banner = Banner("info", "")
        self._pending = Banner("warning", "")
        self._pending.hide()
        self.model = ImportTable()
        self.model.setParent(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        plain_table(self.table, {NAME: 260, WHAT: 150, PHOTOS: 90, REFUSED: 90}, WHY, ROW)
        self.table.setItemDelegate(PlainDelegate(self.table, height=ROW, mark=self.model.mark))
        self.steps = StepBar((T("Folder"), T("Dry run"), T("Import"), T("Report")))
        self._lay_out(choose)
        self._refresh()

    def _lay_out(self, choose: QAction) -> None:
        back = Button(T("People"), "quiet", "chevron-left")
        back.clicked.connect(self._leave)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(back)
        head.addWidget(self.steps, 1)
        for button in (self.save_list, self.choose, self.go):
            head.addWidget(button)
        self._intro = DropCard(
            "folder",
            T("Drop a folder here"),
            T(
                "In it a folder of photographs per person, with the name. Nothing is written before you say so."
            ),
            button_for(choose, "primary"),
        )
        self._consent_card = Card(T("Consent of everyone in the folder"))
        self._consent_card.body.addWidget(self.consent)
        say(self.table, T("What becomes of each folder"), "accessibleName")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 20)
        column.setSpacing(12)
        column.addLayout(head)
        for widget in (self._pending, self.banner, self._words):
            column.addWidget(widget)
        column.addWidget(self._intro, 1)
        column.addWidget(self.table, 1)
        column.addWidget(self._consent_card)

    # -- what the shell calls

    def opened(self) -> None:
        """Is there an import that stopped?"""
        self._context.ask(self._context.services.imports.pending, self._show_pending)

    def store_found(self) -> None:
        """An import that broke off can go on."""
        self.banner.hide()
        self.opened()

    def retranslate(self) -> None:
        """Headers and rows."""
        self.model.retranslate()

    def _leave(self) -> None:
        self._context.go("people", None)

    def _show_pending(self, folders: Sequence[Path]) -> None:
        self._pending.setVisible(bool(folders))
        # Asked again for those who are left; what the others agreed to is on file already.
        self._consent_card.setVisible(bool(folders) or (self._report is not None and not self._done))
        if folders:
            folder = folders[0]
            self._pending.show_message(
                "warning",
                T("An import stopped before its end."),
                str(folder),
                (
                    (T("Go on"), partial(self._go_on, folder)),
                    (T("Give it up"), partial(self._forget, folder)),
                ),
            )

    def _go_on(self, folder: Path) -> None:
        self._folder = folder
        self._run()

    def _forget(self, folder: Path) -> None:
        imports = self._context.services.imports
        self._context.ask(lambda: imports.forget(folder), lambda _none: self.opened())

    # -- source

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder may be dropped."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Takes the first folder."""
        folder = next((path for path in dropped_paths(event.mimeData()) if path.is_dir()), None)
        if folder is not None:
            self.try_folder(folder)

    @Slot()
    def _choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, str(T("A folder with a folder per person")))
        if name:
            self.try_folder(Path(name))

    def try_folder(self, folder: Path) -> None:
        """The dry run: says what would become of each person and writes nothing."""
        self._folder, self._report, self._done = folder, None, False
        imports = self._context.services.imports
        self._context.work.run(
            lambda progress: imports.plan(folder, Told(progress)),
            self._planned,
            self._failed,
            over=self,
            title=T("Trying what an import would do"),
        )

    def _planned(self, report: ImportReport) -> None:
        self._report = report
        self.banner.show_message(
            "info",
            T("Nothing is written yet."),
            _summary(report)
            if report.complete
            else T("Stopped; only the first {n} were tried.", n=len(report.rows)),
        )
        self.banner.show()
        self._refresh()

    # -- import

    @Slot()
    def _run(self) -> None:
        folder = self._folder
        if folder is None:
            return
        imports = self._context.services.imports
        consent = self.consent.consent("")
        self.go.setEnabled(False)
        self._context.work.run(
            lambda progress: imports.run(folder, consent, Told(progress)),
            self._imported,
            self._failed,
            over=self,
            title=T("Importing people"),
        )

    def _imported(self, report: ImportReport) -> None:
        self._report, self._done = report, report.complete
        if report.complete:
            self.banner.show_message("success", T("The import is done."), _summary(report))
        else:
            left = report.total - len(report.rows)
            self.banner.show_message(
                "warning",
                T("Stopped."),
                Tn(
                    "{n} person is left; Import goes on there.",
                    "{n} people are left; Import goes on there.",
                    left,
                ),
            )
        self.banner.show()
        self._pending.hide()
        self._refresh()

    def _failed(self, error: Exception) -> None:
        self.banner.show_message("danger", explain(error))
        self.banner.show()
        self._refresh()

    # -- what is shown

    def _refresh(self) -> None:
        report = self._report
        self.banner.setVisible(bool(self.banner.accessibleName()))
        self._intro.setVisible(report is None)
        self.choose.setVisible(report is not None)
        self.table.setVisible(report is not None)
        able = report is not None and any(row.fate is not Fate.REFUSED for row in report.rows)
        self.go.setEnabled(able and not self._done)
        self.go.setVisible(report is not None and not self._done)
        self._consent_card.setVisible(report is not None and not self._done)
        self.save_list.setVisible(report is not None and bool(_refusals(report)))
        self._words.setVisible(self._folder is not None)
        self._words.say(str(self._folder or ""))
        self.model.show_rows(report.rows if report is not None else ())
        self.steps.show_done((self._folder is not None, report is not None, self._done, self._done))

    @Slot()
    def _save_list(self) -> None:
        if self._report is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, str(T("Save the refused as a list…")), "refused.csv", "*.csv"
        )
        if name:
            try:
                write_refused(Path(name), self._report)
            except (OSError, FacekdError) as error:
                self._failed(error)


def _summary(report: ImportReport) -> Text:
    new = sum(row.fate is Fate.NEW for row in report.rows)
    more = sum(row.fate is Fate.UPDATE for row in report.rows)
    refused = sum(row.fate is Fate.REFUSED for row in report.rows)
    return T(
        "{new} new, {more} with more photos, {refused} refused; {files} photos not taken.",
        new=new,
        more=more,
        refused=refused,
        files=len(report.refused),
    )


def _refusals(report: ImportReport) -> list[tuple[str, str, str]]:
    language = current_language()
    rows = [
        (name, file.file, f"{REASONS[file.reason]} {said(file.detail, language)}".strip())
        for name, file in report.refused
    ]
    return rows + [(row.name, "", row.why) for row in report.rows if row.why and not row.refused]


def write_refused(path: Path, report: ImportReport) -> None:
    """The list of what was refused as CSV, safe against formulas. Raises OSError."""
    header = [str(word) for word in (T("Name"), T("File"), T("Why"))]
    write_csv(path, header, _refusals(report))
