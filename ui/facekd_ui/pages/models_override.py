"""The way round a closed gate: a second administrator answers for the candidate, with a reason that is kept."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.fields import Field, FormRow, PasswordField
from facekd_ui.widgets.sheets import WIDE, Question

LONGEST_REASON = 500


class OverrideSheet(Question):
    """Asks for the second person's name, password and reason; `done()` once it is written down."""

    def __init__(
        self, parent: QWidget, context: PageContext, model_id: str, name: str, done: Callable[[], object]
    ) -> None:
        super().__init__(
            parent,
            T("Override the gate for {name}?", name=name),
            T(
                "The figures do not show that it is good enough. A second administrator answers for it, for this "
                "comparison only. Both names and the reason stay in the audit log."
            ),
            T("Override"),
            danger=True,
            width=WIDE,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context, self._model_id, self._done = context, model_id, done
        self.name, self.password, self.reason = Field(), PasswordField(), Field()
        self.reason.setMaxLength(LONGEST_REASON)
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.extra.addWidget(self.banner)
        self.extra.addWidget(FormRow(T("Name of the second administrator"), self.name))
        self.extra.addWidget(FormRow(T("Their password"), self.password))
        self.extra.addWidget(FormRow(T("Reason"), self.reason, T("Why it may go live all the same.")))
        self.act.clicked.disconnect()
        self.act.clicked.connect(self._go)
        self.name.setFocus()

    def _go(self) -> None:
        name, password, reason = self.name.text().strip(), self.password.text(), self.reason.text().strip()
        if not (name and password and reason):
            self._say(T("All three are needed."))
            return
        self.act.setEnabled(False)
        deployment, model_id = self._context.services.deployment, self._model_id
        self._context.work.run(
            lambda _progress: deployment.override(model_id, name, password, reason),
            lambda _none: self._overridden(),
            self._failed,
            over=self,
        )

    def _overridden(self) -> None:
        self.accept()
        self._done()

    def _failed(self, error: Exception) -> None:
        self.act.setEnabled(True)
        self.password.clear()
        self._say(explain(error))

    def _say(self, words: Text | str) -> None:
        self.banner.show_message("danger", words)
        self.banner.show()
        self.fit()
