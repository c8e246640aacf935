"""The section that says whether everything is in place, and what FaceKD is."""

from importlib.metadata import version

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout

from facekd.native import engine
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T, Text
from facekd_ui.local import LocalSettings
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.settings_here import SectionColumn
from facekd_ui.pages.words import device_words
from facekd_ui.services.base import Desk
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.cards import Card, FactRow
from facekd_ui.widgets.labels import Label


class HealthSection(SectionColumn):
    """Is everything in place, and what about FaceKD itself."""

    def __init__(self, context: PageContext, desk: Desk, local: LocalSettings) -> None:
        super().__init__(T("Health"))
        self._context, self._desk, self._local = context, desk, local
        self._facts: list[tuple[str, Text, Text | str]] = []
        self._card = Card()
        again, copy = Button(T("Check again"), icon="refresh"), Button(T("Copy diagnostics"), icon="copy")
        again.clicked.connect(self.opened)
        copy.clicked.connect(self._copy)
        row = QHBoxLayout()
        row.addWidget(again)
        row.addWidget(copy)
        row.addStretch()
        self.column.addLayout(row)
        self.column.addWidget(self._card)
        self.column.addWidget(Label(T("About"), "section"))
        self.add_rows(
            [
                FactRow(
                    "info", T("FaceKD"), T("Version {version}, Apache-2.0 licence", version=version("facekd"))
                ),
                FactRow("info", T("Home folder"), str(local.home)),
                FactRow(
                    "warning",
                    T("Liveness"),
                    T("Not checked yet: a photograph held to the camera can pass for the person."),
                ),
            ]
        )

    @Slot()
    def opened(self) -> None:
        """Looks at everything, off the interface thread."""
        self._context.work.run(lambda _progress: self._look(), self._show, self._context.fail)

    def _look(self) -> list[tuple[str, Text, Text | str]]:
        facts: list[tuple[str, Text, Text | str]] = []
        try:
            self._desk.store.ping()
            facts.append(("ok", T("Database"), relayed(self._desk.store.where, whole=False)))
        except Exception as error:  # noqa: BLE001 - any failure is a fact to be shown
            facts.append(("danger", T("Database"), explain(error)))
        keys = self._desk.store.keys
        if keys is not None:
            facts.append(
                ("warning", T("Key to the faces"), relayed(keys.warning))
                if keys.warning
                else ("ok", T("Key to the faces"), T("in the keyring"))
            )
        try:
            gallery = self._desk.gallery.current()
            embedder = self._desk.networks.embedder(gallery.model_id)
            facts.append(
                (
                    "ok",
                    T("Recogniser"),
                    T(
                        "{name}, runs on {device}",
                        name=embedder.card.name,
                        device=device_words(embedder.provider),
                    ),
                )
            )
        except Exception as error:  # noqa: BLE001
            facts.append(("danger", T("Recogniser"), explain(error)))
        native = engine()
        facts.append(
            ("ok" if native.name == "native" else "warning", T("Fast C++ part"), relayed(native.detail))
        )
        return facts

    def _show(self, facts: list[tuple[str, Text, Text | str]]) -> None:
        self._facts = facts
        while (item := self._card.body.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for place, (mark, name, detail) in enumerate(facts):
            if place:
                self._card.body.addWidget(Line())
            self._card.body.addWidget(FactRow(mark, name, detail))

    @Slot()
    def _copy(self) -> None:
        lines = [f"FaceKD {version('facekd')}"]
        lines += [f"{mark:8} {name.source}: {detail}" for mark, name, detail in self._facts]
        QApplication.clipboard().setText("\n".join(lines))
        self._context.toasts.show(T("Copied. No faces, names or passwords in it."))
