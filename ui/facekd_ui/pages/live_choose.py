"""Choosing a source: the menu of what there is, and the sheet for an address."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from facekd_db.records import Camera
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages import live_sources
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.live_sources import Target
from facekd_ui.widgets.banners import EmptyState
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.fields import Field, FormRow
from facekd_ui.widgets.labels import Label
from facekd_ui.widgets.menus import Menu
from facekd_ui.widgets.sheets import WIDE, Sheet

PICTURES_AND_VIDEOS = "*.mp4 *.mkv *.avi *.mov *.webm *.m4v *.mpg *.mpeg *.ts"


class SourceChooser(QObject):
    """Asks what to watch.

    Args:
        page: lies below menus and sheets.
        sample: the sample video, where there is one.
        chosen: gets the Target.
    """

    def __init__(
        self, page: QWidget, context: PageContext, sample: Path | None, chosen: Callable[[Target], object]
    ) -> None:
        super().__init__(page)
        self._page, self._context, self._sample, self._chosen = page, context, sample, chosen

    def empty_state(self) -> EmptyState:
        """What stands in the page while nothing is watched."""
        choose = Button(T("Choose a source"), "primary", "video")
        choose.clicked.connect(lambda: self.ask(choose))
        try_sample = None
        if self._sample is not None:
            target = live_sources.file(self._sample, loop=True)
            try_sample = Button(T("Try the sample video"), icon="play")
            try_sample.clicked.connect(lambda: self._chosen(target))
        return EmptyState(
            "video",
            T("No camera yet"),
            T("Plug one in, or give the address of a network camera. A video file works too."),
            choose,
            try_sample,
        )

    def ask(self, below: Button) -> None:
        """Opens the menu of sources below a button, with the cameras of the store and of this computer."""
        cameras = self._context.services.cameras
        self._context.ask(
            lambda: [
                live_sources.stored(each)
                for each in cameras.all()
                if each.enabled and each.kind in ("device", "stream")
            ],
            lambda known: self._pop_up(below, known),
            lambda _error: self._pop_up(below, []),  # without the store the cameras of this computer remain
            over=self._page,
        )

    def _pop_up(self, below: Button, known: Sequence[Target]) -> None:
        have = {target.address for target in known}
        found = [*known, *(t for t in live_sources.cameras_here() if t.address not in have)]
        menu = source_menu(self._page, found, self._sample, self._chosen, self._ask_address)
        menu.popup(below.mapToGlobal(below.rect().bottomLeft()))

    def _ask_address(self) -> None:
        sheet = AddressSheet(self._page)
        sheet.chosen.connect(self._chosen)
        sheet.open()


def source_menu(
    parent: QWidget,
    cameras: Sequence[Target],
    sample: Path | None,
    chosen: Callable[[Target], object],
    ask_address: Callable[[], object],
) -> Menu:
    """Cameras first, then everything else that can be watched."""
    menu = Menu(parent)
    for target in cameras:
        menu.add(target.name, partial(chosen, target), "video")
    if not cameras:
        nothing = menu.add(T("No camera found on this computer"), lambda: None, "camera-off", token="text.2")
        nothing.setEnabled(False)
    menu.addSeparator()
    menu.add(T("Network camera…"), ask_address, "server")
    menu.add(T("Video file…"), partial(ask_file, parent, chosen), "file")
    menu.add(T("Folder of pictures…"), partial(ask_folder, parent, chosen), "folder")
    if sample is not None:
        menu.addSeparator()
        target = live_sources.file(sample, loop=True)
        menu.add(T("The sample video"), partial(chosen, target), "play")
    return menu


def ask_file(parent: QWidget, chosen: Callable[[Target], object]) -> None:
    """Asks for a video."""
    videos = f"{T('Videos')} ({PICTURES_AND_VIDEOS});;{T('All files')} (*)"
    name, _ = QFileDialog.getOpenFileName(parent, str(T("Choose a video")), "", videos)
    if name:
        chosen(live_sources.file(Path(name)))


def ask_folder(parent: QWidget, chosen: Callable[[Target], object]) -> None:
    """Asks for a folder of pictures."""
    name = QFileDialog.getExistingDirectory(parent, str(T("Choose a folder of pictures")))
    if name:
        chosen(live_sources.file(Path(name)))


class AddressSheet(Sheet):
    """Asks for the address of a network camera. `chosen` carries the Target.

    Args:
        verb: on the button.
        camera: one that is there already, to be changed; that of a device keeps its number and gets another name.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget, verb: Text | None = None, camera: Camera | None = None) -> None:
        super().__init__(parent, T("Network camera"), WIDE)
        self._camera = camera
        self.address = Field("rtsp://user:password@192.168.1.20/stream")
        self.name = Field(T("Main entrance"))
        self._address_row = FormRow(
            T("Address"),
            self.address,
            T("As the camera's manual gives it. A password in it is kept encrypted and never shown."),
            check=_fault,
        )
        if camera is not None:
            self.address.setText(camera.address)
            self.name.setText(camera.name)
        self._address_row.setVisible(camera is None or camera.kind == "stream")
        self.body.addWidget(Label(camera.name if camera else T("Network camera"), "section"))
        self.body.addSpacing(4)
        self.body.addWidget(self._address_row)
        self.body.addSpacing(8)
        self.body.addWidget(
            FormRow(T("Name"), self.name, T("Records are filed under this name."), optional=True)
        )
        watch = Button(verb or T("Watch"), "primary")
        watch.clicked.connect(self._take)
        for field in (self.address, self.name):
            field.returnPressed.connect(self._take)
        self.end_with(watch)
        (self.name if camera is not None else self.address).setFocus()

    def _take(self) -> None:
        if self._camera is not None and self._camera.kind != "stream":
            name = self.name.text().strip() or self._camera.name
            self.chosen.emit(Target(name, self._camera.kind, self._camera.address))
            self.accept()
        elif self._address_row.validate():
            self.chosen.emit(live_sources.stream(self.address.text(), self.name.text()))
            self.accept()


def _fault(text: str) -> Text | None:
    if live_sources.wrong_address(text):
        return T("Expected an address that begins with rtsp:// or http://; the camera's manual gives it.")
    return None
