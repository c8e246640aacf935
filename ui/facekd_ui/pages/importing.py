"""Bulk import: a folder with a folder of photographs per person. Tried first, then done; stopped and gone on with."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from facekd.errors import FacekdError
from facekd.quality import Reason
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T, Text, Tn
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.pages.failures import REASONS, explain
from facekd_ui.pages.person_form import ConsentForm
from facekd_ui.services.export import write_csv
from facekd_ui.services.imports import Fate, ImportReport, ImportRow
from facekd_ui.shell.actions import action
from facekd_ui.theme.theme import px, set_type
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import IconLabel, Label

FATES: dict[Fate, Text] = {Fate.NEW: T("new"), Fate.UPDATE: T("more photos"), Fate.REFUSED: T("refused")}
MOST_ROWS = 2000  # shown; the list that is saved has all


class ImportPage(QWidget):
    """Source, dry run, import, report; one after another in one place."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._folder: Path | None = None
        self._report: ImportReport | None = None
        self._done = False
        self.setAcceptDrops(True)
        action(self, T("Choose a folder…"), self._choose, "Ctrl+O", "folder")
        action(self, T("Back to People"), self._leave, "Esc", "arrow-left")
        self.choose = Button(T("Choose a folder…"), icon="folder")
        self.choose.clicked.connect(self._choose)
        self.go = Button(T("Import"), "primary", "upload")
        self.go.clicked.connect(self._run)
        self.save_list = Button(T("Save the refused as a list…"), icon="download")
        self.save_list.clicked.connect(self._save_list)
        self.consent = ConsentForm(context)
        self._words = Label("", "body", "text.2", wrap=True)
        self.banner = Banner("info", "")
        self._pending = Banner("warning", "")
        self.table = QTableWidget(0, 5)
        self._lay_out()
        self._refresh()

    def _lay_out(self) -> None:
        back = Button(T("People"), "quiet", "chevron-left")
        back.clicked.connect(self._leave)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(back)
        head.addStretch()
        for button in (self.save_list, self.choose, self.go):
            head.addWidget(button)
        self._intro = Card()
        self._intro.body.addWidget(IconLabel("folder", "text.2", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        for words, role, ink in (
            (T("Drop a folder here"), "section", None),
            (
                T(
                    "In it a folder of photographs per person, with the name. Nothing is written before you say so."
                ),
                "body",
                "text.2",
            ),
        ):
            label = Label(words, role, ink, wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._intro.body.addWidget(label)
        self._consent_card = Card(T("Consent of everyone in the folder"))
        self._consent_card.body.addWidget(self.consent)
        header = self.table.horizontalHeader()
        set_type(header, "label")
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        for place, width in enumerate((260, 130, 90, 90)):
            header.resizeSection(place, px(width))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(px(32))
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        say(self.table, T("What becomes of each folder"), "accessibleName")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 20)
        column.setSpacing(12)
        column.addLayout(head)
        for widget in (self._pending, self.banner, self._words):
            column.addWidget(widget)
        column.addWidget(self._intro)
        column.addWidget(self.table, 1)
        column.addWidget(self._consent_card)
        self._rest = QWidget()
        column.addWidget(self._rest, 1)

    # -- what the shell calls

    def opened(self) -> None:
        """Is there an import that stopped?"""
        self._context.ask(self._context.services.imports.pending, self._show_pending)

    def retranslate(self) -> None:
        """Headers and rows."""
        self._refresh()

    def _leave(self) -> None:
        self._context.go("people", None)

    def _show_pending(self, folders: Sequence[Path]) -> None:
        self._pending.setVisible(bool(folders))
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
        for url in event.mimeData().urls():
            if url.isLocalFile() and Path(url.toLocalFile()).is_dir():
                self.try_folder(Path(url.toLocalFile()))
                return

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
        consent = self.consent.consent(str(T("each person")))
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
        self._rest.setVisible(report is None)
        self.table.setVisible(report is not None)
        able = report is not None and any(row.fate is not Fate.REFUSED for row in report.rows)
        self.go.setEnabled(able and not self._done)
        self.go.setVisible(report is not None and not self._done)
        self._consent_card.setVisible(report is not None and not self._done)
        self.save_list.setVisible(report is not None and bool(_refusals(report)))
        self._words.setVisible(self._folder is not None)
        self._words.say(str(self._folder or ""))
        self.table.setHorizontalHeaderLabels(
            [str(word) for word in (T("Name"), T("What"), T("Photos"), T("Refused"), T("Why"))]
        )
        rows = report.rows[:MOST_ROWS] if report is not None else ()
        self.table.setRowCount(len(rows))
        for place, row in enumerate(rows):
            cells = (row.name, str(FATES[row.fate]), str(row.photos), str(len(row.refused)), why_of(row))
            for column, words in enumerate(cells):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                self.table.setItem(place, column, item)

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


def why_of(row: ImportRow) -> str:
    """Why a folder, or photographs of it, are not taken."""
    if row.why:
        return row.why
    reasons: dict[Reason, int] = {}
    for file in row.refused:
        reasons[file.reason] = reasons.get(file.reason, 0) + 1
    return ", ".join(f"{REASONS[reason]} ({count})" for reason, count in reasons.items())


def _refusals(report: ImportReport) -> list[tuple[str, str, str]]:
    rows = [
        (name, file.file, f"{REASONS[file.reason]} {file.detail}".strip()) for name, file in report.refused
    ]
    return rows + [(row.name, "", row.why) for row in report.rows if row.why and not row.refused]


def write_refused(path: Path, report: ImportReport) -> None:
    """The list of what was refused as CSV, safe against formulas. Raises OSError."""
    header = [str(word) for word in (T("Name"), T("File"), T("Why"))]
    write_csv(path, header, _refusals(report))
