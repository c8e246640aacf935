"""Where torch is missing: what training is for, how big it is, and bringing it along with progress and cancel."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from facekd_ui.i18n.text import T, Text
from facekd_ui.widgets.banners import Banner
from facekd_ui.widgets.busy import BusyCard
from facekd_ui.widgets.buttons import Button
from facekd_ui.widgets.cards import Card
from facekd_ui.widgets.labels import IconLabel, Label
from facekd_ui.workers.training_install import TrainingInstall, command_line, why_not

WIDTH = 620
DISK_GB = 0.9
"""Of torch without CUDA, onnx, onnxscript and safetensors on Linux; `make run-desk` is smaller by as much."""
REASONS: dict[str, Text] = {
    "managed": T("This Python belongs to the operating system, which forbids adding packages to it."),
    "readonly": T("The folder of this installation is not yours to write to."),
    "frozen": T("This is a packaged application without the training part. Install the one with it."),
}


class TrainingMissing(QWidget):
    """In the place of the whole page. `installed` comes when training works from now on."""

    installed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._install: TrainingInstall | None = None
        self.banner = Banner("danger", "")
        self.banner.hide()
        self.busy: BusyCard | None = None
        self.install = Button(T("Install the training part"), "primary", "download")
        self.install.clicked.connect(self.begin)
        self.copy = Button(T("Copy the command"), icon="copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(command_line()))
        self._command = Label(command_line(), "code", "text.2", wrap=True)
        self._why = Label("", "body", "text.2", wrap=True)
        self._busy_place = QVBoxLayout()
        card = Card()
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(IconLabel("flask", "text.2", 32))
        head.addWidget(Label(T("Training needs the package torch"), "heading", wrap=True), 1)
        card.body.addLayout(head)
        words = (
            T(
                "Here a small recogniser learns from a large one, on pictures of your choice, and is judged on people "
                "it has never seen. Recognising at the door works without it."
            ),
            T(
                "The part takes {disk} GB on this disk; with a CUDA card several times that. It can be cancelled at "
                "any time.",
                disk=DISK_GB,
            ),
        )
        for each in words:
            card.body.addWidget(Label(each, "body", "text.2", wrap=True))
        card.body.addWidget(self._why)
        card.body.addWidget(self.banner)
        card.body.addLayout(self._busy_place)
        card.body.addWidget(self._command)
        buttons = QHBoxLayout()
        buttons.addWidget(self.install)
        buttons.addWidget(self.copy)
        buttons.addStretch()
        card.body.addLayout(buttons)
        card.setMaximumWidth(WIDTH)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card, 8)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addLayout(row)
        column.addStretch(3)
        self._explain()

    def begin(self, words: list[str] | None = None) -> None:
        """Begins the installation."""
        if self._install is not None:
            return
        self.banner.hide()
        self.install.setEnabled(False)
        self.busy = BusyCard(T("Installing the training part"))
        self._busy_place.addWidget(self.busy)
        self._install = TrainingInstall(words or None, parent=self)
        self.busy.cancelled.connect(self._install.cancel)
        self._install.told.connect(lambda said: self.busy.show_progress(None, said) if self.busy else None)
        self._install.ended.connect(self._ended)
        self._install.start()

    def shut_down(self) -> None:
        """The page goes."""
        if self._install is not None:
            self._install.shut_down()

    def _ended(self, ok: bool, words: str) -> None:
        self.install.setEnabled(True)
        if self.busy is not None:
            self.busy.hide()
            self.busy.deleteLater()
            self.busy = None
        self._install = None  # a child of the page, and gone with it
        if ok:
            self.installed.emit()
        elif words:
            self.banner.show_message("danger", T("It was not installed."), words)
            self.banner.show()
            self._command.show()

    def _explain(self) -> None:
        reason = why_not()
        self.install.setVisible(not reason)
        self._command.setVisible(bool(reason))
        self._why.say(REASONS[reason] if reason else "")
        self._why.setVisible(bool(reason))
