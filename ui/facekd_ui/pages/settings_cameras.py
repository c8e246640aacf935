"""The cameras of the store: add one, give it another name or address, switch it off."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_db.records import Camera
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.live_choose import AddressSheet
from facekd_ui.pages.live_sources import Target, stored
from facekd_ui.pages.settings_here import SectionColumn
from facekd_ui.shell.actions import action, button_for
from facekd_ui.widgets.buttons import Button, Line, Switch
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, Label

ICONS = {"device": "camera", "stream": "video", "file": "file", "folder": "folder"}
CAMERAS = ("device", "stream")
"""Kinds that are listed: files and folders are no cameras, though records of them are filed alike."""


class CamerasSection(SectionColumn):
    """For administrators. What is off is not offered on the Live page; its records stay."""

    def __init__(self, context: PageContext) -> None:
        super().__init__(
            T("Cameras"), T("For all computers that use this database. Records are filed under these names.")
        )
        self._context = context
        self.cameras: Sequence[Camera] = ()
        self.add = action(self, T("Add a network camera…"), self._ask_new, "Ctrl+N", "plus")
        row = QHBoxLayout()
        row.addWidget(button_for(self.add))
        row.addStretch()
        self.column.addLayout(row)
        self._card = Card()
        self.column.addWidget(self._card)

    @Slot()
    def opened(self) -> None:
        """Reads them."""
        self._context.ask(self._context.services.cameras.all, self._show, over=self, replaces="cameras")

    def _show(self, cameras: Sequence[Camera]) -> None:
        self.cameras = [camera for camera in cameras if camera.kind in CAMERAS]
        while (item := self._card.body.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for place, camera in enumerate(self.cameras):
            if place:
                self._card.body.addWidget(Line())
            self._card.body.addWidget(self._row(camera))
        if not self.cameras:
            words = T("No camera yet. One that is watched on the Live page appears here as well.")
            self._card.body.addWidget(Label(words, "body", "text.2", wrap=True))

    def _row(self, camera: Camera) -> QWidget:
        switch, edit = Switch(T("Use {name}", name=camera.name)), Button(T("Edit…"), size="small")
        switch.setChecked(camera.enabled)
        switch.clicked.connect(lambda on: self._switch(camera, on=bool(on)))
        edit.clicked.connect(partial(self.ask_change, camera))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(camera.name, "medium"))
        place: Text | str = stored(camera).place if camera.enabled else T("switched off")
        words.addWidget(ElidedLabel(place, "small", "text.2"))
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(12)
        row.addWidget(IconLabel(ICONS[camera.kind], "text.2", 18))
        row.addLayout(words, 1)
        row.addWidget(switch)
        row.addWidget(edit)
        return holder

    # -- acts

    def _ask_new(self) -> None:
        sheet = AddressSheet(self, T("Add"))
        sheet.chosen.connect(
            lambda wanted: self._do(
                lambda: self._context.services.cameras.add(wanted.name, wanted.kind, wanted.address)
            )
        )
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def ask_change(self, camera: Camera) -> AddressSheet:
        """Asks for another name or address."""
        sheet = AddressSheet(self, T("Save"), camera)
        sheet.chosen.connect(lambda wanted: self._change(camera, wanted))
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()
        return sheet

    def _change(self, camera: Camera, wanted: Target) -> None:
        self._do(
            lambda: self._context.services.cameras.change(
                camera.id,
                camera.version,
                name=wanted.name,
                kind=camera.kind,
                address=wanted.address,
                enabled=camera.enabled,
            )
        )

    def _switch(self, camera: Camera, *, on: bool) -> None:
        self._do(
            lambda: self._context.services.cameras.change(
                camera.id,
                camera.version,
                name=camera.name,
                kind=camera.kind,
                address=camera.address,
                enabled=on,
            )
        )

    def _do(self, work: Callable[[], Camera]) -> None:
        def failed(error: Exception) -> None:
            self._context.fail(error)
            self.opened()  # whoever was quicker left another state

        self._context.ask(work, lambda _camera: self.opened(), failed, over=self)
