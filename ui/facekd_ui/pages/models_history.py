"""Which recogniser spoke when, who changed it, and what was given up."""

from PySide6.QtWidgets import QStackedWidget, QTableView, QVBoxLayout, QWidget

from facekd_db.deployments import Deployment
from facekd_ui.i18n.language import say
from facekd_ui.i18n.text import T
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.tables.deployments import BEFORE, BEGUN, BY, ENDED, LIVE, MODEL, STATE, DeploymentsTable
from facekd_ui.tables.plain import PlainDelegate, plain_table
from facekd_ui.widgets.banners import EmptyState, ErrorState
from facekd_ui.widgets.cards import Card


class HistoryTab(QWidget):
    """All deployments, of every model."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.model = DeploymentsTable()
        self.model.setParent(self)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(PlainDelegate(self.view, mark=self.model.mark))
        plain_table(self.view, {STATE: 208, BEFORE: 168, BY: 112, BEGUN: 112, LIVE: 112, ENDED: 112}, MODEL)
        self.view.horizontalHeader().setSectionsClickable(False)
        say(self.view, T("Changes of the recogniser"), "accessibleName")
        self._empty = EmptyState(
            "history",
            T("The recogniser was never changed"),
            T("The first one was chosen when FaceKD was set up. Every later change stands here."),
        )
        self.error = ErrorState()
        self.error.retry.connect(self.refresh)
        card = Card()
        card.body.setContentsMargins(1, 1, 1, 1)
        card.body.addWidget(self.view)
        self._filled = card
        self._stack = QStackedWidget()
        for widget in (QWidget(), self._filled, self._empty, self.error):
            self._stack.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def refresh(self) -> None:
        """Reads it again."""
        deployment = self._context.services.deployment
        self._context.ask(deployment.history, self._show, self._failed, over=self, replaces="deployments")

    def retranslate(self) -> None:
        """Headers and cells."""
        self.model.retranslate()

    def _show(self, rows: tuple[Deployment, ...]) -> None:
        self.model.show_rows(rows)
        self._stack.setCurrentWidget(self._filled if rows else self._empty)

    def _failed(self, error: Exception) -> None:
        self.error.show_error(
            T("The history cannot be read"), explain(error), f"{type(error).__name__}: {error}"
        )
        self._stack.setCurrentWidget(self.error)
