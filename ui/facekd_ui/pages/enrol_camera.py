"""The coach: the picture of a camera, four reasons in words, and pictures that are taken by themselves.

A frame is examined a few times a second on the work pool; the picture itself runs at the camera's rate.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from facekd.errors import FacekdError
from facekd.quality import ENROLMENT, Reason
from facekd.sources import Link, Status
from facekd.types import Frame, Image
from facekd_db.records import Camera
from facekd_ui.i18n.text import T, Text
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.services.examination import Shot, View
from facekd_ui.theme.theme import set_variant
from facekd_ui.widgets.buttons import Button, Line
from facekd_ui.widgets.coach import CoachRing
from facekd_ui.widgets.fields import Choice
from facekd_ui.widgets.labels import ElidedLabel, IconLabel, Label
from facekd_ui.widgets.overlay import ShownFace
from facekd_ui.widgets.video import VideoView
from facekd_ui.workers.pictures import Pictures

EXAMINE_MS = 250
GOOD_FOR_S = 0.3  # so long all must be well before a picture is taken by itself
BETWEEN_S = 0.8  # two pictures of the same second would be the same
ENOUGH = 5
CONSENT_FIRST = T("The consent comes before the first picture. Tick its box.")
VIEW_WORDS: dict[View, Text] = {
    View.FRONT: T("Front"),
    View.LEFT: T("Right"),  # as the person says it; `View` is as seen by whoever stands opposite
    View.RIGHT: T("Left"),
    View.UP: T("Up"),
    View.DOWN: T("Down"),
}
ASK: dict[View, Text] = {
    View.FRONT: T("Look straight into the camera"),
    View.LEFT: T("Turn your head a little to the right"),
    View.RIGHT: T("Turn your head a little to the left"),
    View.UP: T("Lift your chin a little"),
    View.DOWN: T("Lower your chin a little"),
}
SIDES: dict[View, str] = {
    View.FRONT: "front",
    View.LEFT: "right",
    View.RIGHT: "left",
    View.UP: "up",
    View.DOWN: "down",
}
"""Where in the ring a view lies; the picture is a mirror, so the person's right is at the right."""
WORST: dict[Reason, Text] = {
    Reason.NO_FACE: T("Stand before the camera"),
    Reason.SEVERAL_FACES: T("One face at a time, step aside"),
    Reason.TOO_SMALL: T("Come a little closer"),
    Reason.LOW_SCORE: T("Keep the face free and look here"),
    Reason.BLURRED: T("Hold still"),
    Reason.TOO_DARK: T("A bit more light on your face"),
    Reason.TOO_BRIGHT: T("Less light on your face"),
    Reason.EXTREME_POSE: T("Turn back a little"),
}


class CoachCamera(QFrame):
    """Shows a source and takes pictures. `taken(Shot)` carries each."""

    taken = Signal(object)

    def __init__(self, context: PageContext, favourite: str, parent: QWidget | None = None) -> None:
        """`favourite`: the source that this computer opens with, or ""."""
        super().__init__(parent)
        self.setProperty("part", "card")
        self._context = context
        self._addresses: dict[str, str] = {}
        self._favourite = favourite
        self._pictures = Pictures(self)
        self._pictures.picture.connect(self._picture)
        self._pictures.status_changed.connect(self._status)
        self._pictures.failed.connect(self._no_picture)
        self._frame: Image | None = None
        self._busy = False
        self._wanted: tuple[View, ...] = ()
        self._held = False
        self._good_since: float | None = None
        self._took = 0.0
        self._newest: Shot | None = None
        self.view = VideoView(T("Picture of the camera"))
        self.ring = CoachRing(self.view)
        self.source = Choice({"device:0": T("First camera of this computer")})
        self.source.chosen.connect(lambda _key: self.start())
        self.instruction = Label(T("Stand before the camera"), "title", wrap=True)
        self.take = Button(T("Take now"), icon="camera", tip=T("Take now"))
        self.take.clicked.connect(self.take_now)
        self._facts = {
            "distance": _Reason("scan-face", T("Distance")),
            "light": _Reason("sun", T("Light", "lighting")),
            "sharp": _Reason("photo", T("Sharpness")),
            "view": _Reason("person", T("View")),
        }
        self._look = QTimer(self, interval=EXAMINE_MS)
        self._look.timeout.connect(self._examine)
        shortcut = QShortcut(QKeySequence("Space"), self, self.take_now)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._lay_out()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 16, 10)
        head.setSpacing(10)
        head.addWidget(IconLabel("video"))
        head.addWidget(self.source, 1)
        head.addStretch(1)
        words = QHBoxLayout()
        words.setContentsMargins(20, 14, 20, 14)
        words.addWidget(self.instruction, 1)
        words.addWidget(self.take)
        facts = QHBoxLayout()
        facts.setSpacing(0)
        for place, fact in enumerate(self._facts.values()):
            if place:
                facts.addWidget(Line(standing=True))
            facts.addWidget(fact, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.view, 1)
        column.addLayout(words)
        column.addWidget(Line())
        column.addLayout(facts)

    # -- the source

    def offer(self, cameras: Sequence[Camera]) -> None:
        """The cameras of the store beside this computer's own."""
        options: dict[str, Text | str] = {}
        self._addresses = {}
        for camera in cameras:
            if camera.enabled and camera.kind in ("device", "stream", "file"):
                key = f"camera:{camera.id}"
                options[key], self._addresses[key] = camera.name, camera.address
        if self._favourite and self._favourite not in self._addresses.values():
            options["favourite"], self._addresses["favourite"] = (
                T("The camera of this window"),
                self._favourite,
            )
        options["device:0"], self._addresses["device:0"] = T("First camera of this computer"), "0"
        self.source.set_options(options)
        favourite = next((key for key, where in self._addresses.items() if where == self._favourite), None)
        if favourite is not None:
            self.source.choose(favourite)

    def start(self) -> None:
        """Opens what is chosen."""
        self.stop()
        address = self._addresses.get(self.source.value, "0")
        self._pictures.begin(self._context.sources.open, address)
        self.view.show_notice(T("Connecting"), icon="video")
        self._look.start()

    def stop(self) -> None:
        """Closes it."""
        self._look.stop()
        self.ring.show_face(None)
        self._pictures.end()
        self._frame = self._newest = self._good_since = None
        self.view.clear()

    def shut_down(self) -> None:
        """Closes it and waits; for the end of the session."""
        self.stop()
        self._pictures.shut_down()

    @Slot(object)
    def _picture(self, frame: Frame) -> None:
        self.view.hide_notice()
        self._frame = frame.image
        # Mirrored, as everybody knows themselves.
        mirrored = np.ascontiguousarray(frame.image[:, ::-1])
        self.view.show_frame(mirrored)
        face: ShownFace | None = None
        if (shot := self._newest) is not None and shot.box is not None:
            x1, y1, x2, y2 = shot.box
            width = mirrored.shape[1]
            face = ShownFace(1, (width - x2, y1, width - x1, y2), "known" if shot.usable else "uncertain", "")
        self.ring.show_face(face)

    @Slot(object)
    def _status(self, status: Status) -> None:
        if status.link is not Link.CONNECTED:
            self._frame = None

    @Slot(str)
    def _no_picture(self, why: str) -> None:
        self._frame = None
        self.view.show_notice(T("No picture. You can go on with files."), why)

    # -- looking

    def want(self, views: Sequence[View]) -> None:
        """The views still to come; none: enough."""
        self._wanted = tuple(views)
        done = [SIDES[view] for view in View if view not in views]
        self.ring.show_sides(done, SIDES[views[0]] if views else "")
        if not views and not self._held:
            self.instruction.say(T("Done. You can look away."))

    def hold(self, *, held: bool) -> None:
        """Held, no picture is taken: the consent comes first. What the camera sees is still shown."""
        self._held = held
        self.take.setEnabled(not held)
        if held:
            self._good_since = None
            self.instruction.say(CONSENT_FIRST)

    @Slot()
    def _examine(self) -> None:
        frame = self._frame
        if frame is None or self._busy:
            return
        self._busy = True
        examine: Callable[[Image], Shot] = self._context.services.enrolment.examine
        self._context.work.run(lambda _progress: examine(frame), self._examined, self._unexamined)

    def _unexamined(self, error: Exception) -> None:
        self._busy = False
        self.instruction.say(explain(error))
        if not isinstance(error, FacekdError):
            self.stop()

    def _examined(self, shot: Shot) -> None:
        self._busy = False
        if not self._pictures.is_on:
            return
        self._newest = shot
        self._show_reasons(shot)
        now = time.monotonic()
        wanted = shot.usable and shot.view in self._wanted and not self._held
        if not wanted:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = now
        if (
            self._good_since is not None
            and now - self._good_since >= GOOD_FOR_S
            and now - self._took >= BETWEEN_S
        ):
            self._take(shot)
        if self._wanted and not self._held:
            worst = shot.reasons[0] if shot.reasons else None
            self.instruction.say(WORST.get(worst, ASK[self._wanted[0]]) if worst else ASK[self._wanted[0]])

    def _show_reasons(self, shot: Shot) -> None:
        found, reasons = shot.measures, set(shot.reasons)
        if found is None:
            for fact in self._facts.values():
                fact.show_state(None, T("no face"))
            return
        near = found.width_px >= ENROLMENT.min_width_px
        self._facts["distance"].show_state(
            near, T("{n} px face", n=round(found.width_px)) if near else T("too far away")
        )
        light = (
            T("too dark")
            if Reason.TOO_DARK in reasons
            else T("too bright")
            if Reason.TOO_BRIGHT in reasons
            else T("good")
        )
        self._facts["light"].show_state(not reasons & {Reason.TOO_DARK, Reason.TOO_BRIGHT}, light)
        sharp = Reason.BLURRED not in reasons
        self._facts["sharp"].show_state(sharp, T("sharp") if sharp else T("hold still"))
        view = shot.view
        turned = Reason.EXTREME_POSE in reasons
        self._facts["view"].show_state(
            not turned, T("turned too far") if turned or view is None else VIEW_WORDS[view]
        )

    @Slot()
    def take_now(self) -> None:
        """Takes what is seen now, whatever view it is."""
        if self._newest is not None and self._newest.crop is not None and not self._held:
            self._take(self._newest)

    def _take(self, shot: Shot) -> None:
        self._took = time.monotonic()
        self._good_since = None
        self.taken.emit(shot)


class _Reason(QWidget):
    """One of the four: icon, name, word, mark."""

    def __init__(self, icon: str, name: Text) -> None:
        super().__init__()
        words = QVBoxLayout()
        words.setSpacing(0)
        self._word = ElidedLabel("", "medium")
        words.addWidget(ElidedLabel(name, "small", "text.2"))
        words.addWidget(self._word)
        self._mark = IconLabel("minus", "text.2")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(10)
        row.addWidget(IconLabel(icon, "text.2"))
        row.addLayout(words, 1)
        row.addWidget(self._mark)

    def show_state(self, good: bool | None, word: Text) -> None:
        """None: nothing to judge."""
        self._word.say(word)
        icon, token = (
            ("minus", "text.2") if good is None else ("check", "success") if good else ("warning", "warning")
        )
        self._mark.show_icon(icon, token)
        set_variant(self, "good", good)
