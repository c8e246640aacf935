"""The audit log to read, check and take along; nothing here changes it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QTableView, QVBoxLayout, QWidget

from facekd_db.records import AuditReport, AuditRow
from facekd_ui.i18n.formats import clock
from facekd_ui.i18n.language import say
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T
from facekd_ui.pages.context import PageContext, Told
from facekd_ui.services.audit import AuditExport
from facekd_ui.services.words import FAMILIES
from facekd_ui.shell.actions import action, button_for
from facekd_ui.tables.audit import STEP, AuditTable
from facekd_ui.tables.people import now
from facekd_ui.tables.plain import PlainDelegate, plain_table
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.buttons import Chip, Line
from facekd_ui.widgets.cards import Panel
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.menus import Menu


class AuditSection(Panel):
    """Newest rows first; older ones come while one scrolls."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__("surface", parent)
        self._context = context
        self._act = ""
        self.check = action(self, T("Check the chain"), self.verify, "F5", "shield")
        self.export = action(self, T("Export…"), self._ask_export, "Ctrl+E", "download")
        self.chip = Chip(T("What"))
        self.chip.opened.connect(self._open_families)
        self.chip.cleared.connect(lambda: self._choose(""))
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Label(T("Audit log"), "section"))
        head.addWidget(self.chip)
        head.addStretch()
        head.addWidget(button_for(self.check))
        head.addWidget(button_for(self.export))
        self.banner = Banner(
            "info", T("Not checked yet today."), T("Each row carries the fingerprint of the one before.")
        )
        self.model = AuditTable()
        self.model.setParent(self)
        self.model.more.connect(self._load_more)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setItemDelegate(
            PlainDelegate(self.table, height=38, strong=frozenset({2}), code=frozenset({0}))
        )
        plain_table(self.table, {0: 68, 1: 150, 2: 128, 3: 196, 4: 140}, 5, 38)
        say(self.table, T("Audit log"), "accessibleName")
        top = QVBoxLayout()
        top.setContentsMargins(20, 14, 20, 12)
        top.setSpacing(12)
        top.addLayout(head)
        top.addWidget(self.banner)
        foot = Label(T("No row can be changed or removed without a gap here."), "small", "text.2")
        foot.setContentsMargins(20, 9, 20, 9)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(Line())
        column.addWidget(self.table, 1)
        column.addWidget(Line())
        column.addWidget(foot)

    @Slot()
    def opened(self) -> None:
        """Reads the newest rows."""
        audit, act = self._context.services.audit, self._act
        self._context.ask(
            lambda: audit.page(limit=STEP, act=act), self.model.begin, over=self, replaces="audit"
        )

    def retranslate(self) -> None:
        """In another language."""
        self.model.retranslate()

    @Slot(int)
    def _load_more(self, before: int) -> None:
        audit, act = self._context.services.audit, self._act

        def add(rows: Sequence[AuditRow]) -> None:
            if act == self._act:
                self.model.add(rows)

        self._context.ask(lambda: audit.page(limit=STEP, before=before, act=act), add)

    def _open_families(self) -> None:
        menu = Menu(self)
        for name, words in FAMILIES.items():
            menu.add_choice(words, partial(self._choose, name), chosen=name == self._act)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.chip.mapToGlobal(self.chip.rect().bottomLeft()))

    def _choose(self, act: str) -> None:
        self._act = act
        self.chip.set_value(FAMILIES[act] if act else None)
        self.opened()

    @Slot()
    def verify(self) -> None:
        """Walks the whole chain; what it found stands in the banner and in the log."""
        audit = self._context.services.audit
        self._context.store.run(
            lambda progress: audit.verify(Told(progress)),
            self._show_report,
            self._context.fail,
            over=self,
            title=T("Checking every row"),
        )

    def _show_report(self, report: AuditReport) -> None:
        if report.broken is None:
            self.banner.show_message(
                "success",
                T("The chain is unbroken."),
                T("{n} rows, checked {clock}.", n=report.rows, clock=clock(now())),
            )
        else:
            self.banner.show_message(
                "danger", T("The chain breaks at row {n}.", n=report.broken), relayed(report.why)
            )
        self.opened()

    @Slot()
    def _ask_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, str(T("Export…")), "audit.jsonl", "*.jsonl")
        if name:
            audit = self._context.services.audit

            def done(export: AuditExport) -> None:
                self._context.toasts.show(
                    T("{n} rows written to {file}", n=export.rows, file=export.path.name)
                )
                self.opened()

            self._context.store.run(
                lambda progress: audit.export(Path(name), Told(progress)),
                done,
                self._context.fail,
                over=self,
                title=T("Writing the log"),
            )
