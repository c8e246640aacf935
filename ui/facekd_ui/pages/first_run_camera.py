"""The camera of the first run: what opens with the window, with its live picture beside the answers."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from facekd.sources import Source, open_source
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.first_run_step import Step, low
from facekd_ui.pages.live_sources import Target, cameras_here, wrong_address
from facekd_ui.pages.source_preview import SourcePreview
from facekd_ui.widgets.cards import OptionCard, OptionGroup
from facekd_ui.widgets.fields import Choice, Field, FormRow

ANSWERS_WIDTH = 384


class CameraStep(Step):
    """What the live page opens with.

    Args:
        sample: the sample video, or "".
        opener: opens an address; tests have their own.
        cameras: lists the cameras of this computer.
    """

    title = T("Camera")
    question = T("Which camera should open with the window?")
    sentence = T("Without one, photographs can be recognised all the same. More cameras can be added later.")

    def __init__(
        self,
        sample: str,
        opener: Callable[[str], Source] = open_source,
        cameras: Callable[[], Sequence[Target]] = cameras_here,
    ) -> None:
        super().__init__()
        self._sample, self._list = sample, cameras
        self._here: Sequence[Target] = ()
        self._shown = False
        cards = {
            "device": OptionCard(
                T("A camera of this computer"), T("The first one that is plugged in."), "camera"
            ),
            "address": OptionCard(T("A network camera"), T("By its address, rtsp:// or http://."), "video"),
        }
        if sample:
            cards["sample"] = OptionCard(
                T("Try the sample video"), T("Two people in public domain portraits, moved about."), "play"
            )
        cards["later"] = OptionCard(T("Later"), T("Nothing opens by itself."), "clock")
        self.group = OptionGroup(cards, "sample" if sample else "later")
        self.address = Field("rtsp://192.168.1.20/stream1")
        self.address.textChanged.connect(self._preview)
        self._address_row = FormRow(
            T("Address"), self.address, T("A password in it is encrypted in the database.")
        )
        self.device = Choice({"0": T("First camera of this computer")})
        self.device.chosen.connect(lambda _key: self._preview())
        self._device_row = FormRow(T("Which one"), self.device)
        self.preview = SourcePreview(opener)
        answers = QVBoxLayout()
        answers.setSpacing(12)
        for key, card in cards.items():
            card.chosen.connect(self._preview)
            card.setFixedWidth(ANSWERS_WIDTH)
            answers.addWidget(low(card))
            if key == "device":
                answers.addWidget(self._device_row)
            elif key == "address":
                answers.addWidget(self._address_row)
        answers.addStretch()
        right = QVBoxLayout()
        right.addWidget(self.preview)
        right.addStretch()
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(answers)
        row.addLayout(right, 1)
        self.column.addLayout(row)
        self.column.addStretch()
        self._show_rows()

    def entered(self) -> None:
        """Looks which cameras there are, and opens what is chosen."""
        self._shown = True
        self._here = self._list()
        if self._here:
            self.device.set_options({target.address: target.name for target in self._here})
        self._preview()

    def left(self) -> None:
        """The camera is given back; the live page opens it again."""
        self._shown = False
        self.preview.stop()

    def shut_down(self) -> None:
        """And waited for."""
        self.preview.shut_down()

    def _show_rows(self) -> None:
        self._address_row.setVisible(self.group.value == "address")
        self._device_row.setVisible(self.group.value == "device" and len(self._here) > 1)

    @Slot()
    def _preview(self) -> None:
        self._show_rows()
        self.changed.emit()
        if not self._shown:
            return
        chosen = self.group.value
        if chosen == "later":
            self.preview.show_none(T("No camera for now"), T("Add one on the Live page whenever you like."))
        elif chosen == "device" and not self._here:
            self.preview.show_none(
                T("No camera is plugged in"), T("Plug one in and choose this again, or go on without.")
            )
        elif chosen == "address" and wrong_address(self.address.text()):
            self.preview.show_none(T("Write the address"), T("Its picture appears here."))
        else:
            self.preview.show_source(self.value)

    @property
    def value(self) -> str:
        """As `facekd.sources.open_source` takes it."""
        return {
            "device": self.device.value,
            "address": self.address.text().strip(),
            "sample": self._sample,
            "later": "",
        }[self.group.value]

    @property
    def why_not(self) -> Text | None:
        """An address, where that was chosen."""
        return T("Write its address") if self.group.value == "address" and not self.value else None

    @property
    def answer(self) -> Text:
        """Which."""
        return {
            "device": T("A camera of this computer"),
            "address": T("A network camera"),
            "sample": T("The sample video"),
            "later": T("Later"),
        }[self.group.value]
