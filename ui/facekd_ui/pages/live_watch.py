"""One source being watched: recogniser, records, and people who change meanwhile. No Qt.

`open_watch` loads networks and people and is slow. The result is called by the inference thread for each frame;
`keep` is called by another thread every second: it sends records to the store and looks for changed people.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from facekd.errors import FacekdError, ModelFileError
from facekd.policy import Policy
from facekd.recognise import Recogniser
from facekd.types import Frame, Recognition
from facekd_db.errors import KeyMissing, StoreError
from facekd_ui.i18n.text import Text
from facekd_ui.pages.failures import explain
from facekd_ui.pages.live_presence import renumbered
from facekd_ui.pages.live_sources import Target
from facekd_ui.services.everything import Services
from facekd_ui.services.recognition import LiveRecognition
from facekd_ui.services.recording import Recorder, RecordingState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What `keep` found."""

    records: RecordingState | None  # None: nothing is recorded at all
    change: tuple[Recogniser, Policy] | None = None  # other people on file: for `LiveFeed.replace`
    trouble: Text | str = ""  # why the people on file could not be read; those known go on being recognised


class Watch:
    """Recognises frames of one source, records who is seen, and takes over changed people between two frames."""

    def __init__(self, live: LiveRecognition, recorder: Recorder | None) -> None:
        self._live, self._recorder = live, recorder
        self._pipeline = live.pipeline()
        self._base = self._highest = 0
        self.names: Mapping[str, str] = live.gallery.names
        """Person id -> name; replaced as a whole."""
        self.card, self.people, self.promise = live.card, live.people, live.promise
        """For how sure a name is."""

    @property
    def provider(self) -> str:
        """Where the networks really run."""
        return self._live.provider

    def __call__(self, frame: Frame) -> Recognition:
        """The inference thread: one frame."""
        recognition = renumbered(self._pipeline(frame), self._base)
        self._highest = max([self._highest, *(face.track for face in recognition.faces)])
        if self._recorder is not None:
            self._recorder.see(recognition, frame.image)
        return recognition

    def replace(self, recogniser: Recogniser, policy: Policy) -> None:
        """The inference thread, between two frames: what `keep` found."""
        self._pipeline.replace(recogniser, policy)
        self._base = self._highest  # its tracks are counted from one again, ours are not
        if self._recorder is not None:
            self._recorder.begin_anew(self.card, self.people)

    def keep(self) -> Kept:
        """Another thread: records go to the store, changed people come from it. Never raises for a lost store."""
        records = self._recorder.flush() if self._recorder is not None else None
        try:
            newest = self._live.refresh()
        except (StoreError, FacekdError) as error:
            log.warning("the people on file cannot be read: %s", error)
            return Kept(records, trouble=explain(error))
        if newest is None:
            return Kept(records)
        self.names = self._live.gallery.names
        self.card, self.people, self.promise = self._live.card, self._live.people, self._live.promise
        return Kept(records, (newest, self._live.policy))

    def finish(self) -> RecordingState | None:
        """The last records of a source that is closed."""
        return None if self._recorder is None else self._recorder.flush()


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of opening a source."""

    target: Target
    watch: Watch | None  # None: pictures without names, because no recogniser can be used
    without_names: Text | str = ""  # why
    without_records: Text | str = ""  # why nothing is recorded


def open_watch(services: Services, target: Target) -> Opened:
    """Loads networks and people and begins the records of a source.

    Raises:
        StoreError, ServiceError: without the store nobody could be named.
    """
    camera = services.cameras.use(target.name, target.kind, target.address)
    try:
        live = services.recognition.live()
    except ModelFileError as error:
        return Opened(target, None, without_names=explain(error))
    try:
        recorder = services.recording.start(camera, live.card, live.people)
    except KeyMissing as error:
        return Opened(target, Watch(live, None), without_records=explain(error))
    return Opened(target, Watch(live, recorder))
