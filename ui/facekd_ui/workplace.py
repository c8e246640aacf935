"""What exists while somebody is logged in: services, pages by role, watches, and the true words of the frame."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from facekd.calibration import Promise
from facekd.embed import Embedder
from facekd.modelcard import ModelCard
from facekd_db.errors import SessionEnded, StoreUnavailable
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T
from facekd_ui.local import LocalSettings
from facekd_ui.pages.catalogue import page_specs, show_recogniser, show_recording, show_training
from facekd_ui.pages.context import PageContext
from facekd_ui.pages.failures import explain
from facekd_ui.pages.settings_sections import sections, settings_found
from facekd_ui.pages.training_close import may_close
from facekd_ui.services import retention
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.logins import Logins
from facekd_ui.services.stored_gallery import promise_of
from facekd_ui.services.words import ROLES
from facekd_ui.session import Session
from facekd_ui.shell.finder import Found
from facekd_ui.shell.status_line import Entry, Urgency
from facekd_ui.shell.window import MainWindow
from facekd_ui.watches import IdleWatch, StoreWatch
from facekd_ui.widgets.banners import Banner
from facekd_ui.workers.tasks import Tasks
from facekd_ui.workers.training_runs import TrainingRuns

log = logging.getLogger(__name__)
FOUND_MOST = 6


class Workplace(QObject):
    """One session in the window.

    `locked(idle)` asks for the lock page; `ended(why)` says that the session is over.
    """

    locked = Signal(bool)
    ended = Signal(object)

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        session: Session,
        local: LocalSettings,
        store: Tasks,
        work: Tasks,
        sample: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window, self._desk, self._local = window, desk, local
        self.session = session
        self._store, self._work = store, work
        self.services = Services.of(desk, session)
        self.context = PageContext(self.services, session, store, work, window.toasts, self.go)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._watch = StoreWatch(desk.store.ping, self._look_at_session, self)
        self._watch.lost.connect(self._store_lost)
        self._watch.found.connect(self._store_found)
        self._watch.ended.connect(self._session_over)
        self._idle = IdleWatch(app, self)
        self._idle.idle.connect(partial(self.locked.emit, True))
        self._idle.active.connect(self._tell_active)
        self._hourly = QTimer(self, interval=retention.EVERY_S * 1000)
        self._hourly.timeout.connect(self._tidy)
        self._banner: Banner | None = None
        self.training: TrainingRuns | None = None
        if session.may("training.start"):
            self.training = TrainingRuns(self.services.training, store, work, self)
            self.training.changed.connect(partial(show_training, window, self.training))
            window.may_close = partial(may_close, window, self.training)
        self._specs = page_specs(self.context, window, local, desk, sample, self.training)

    # -- beginning and end

    @property
    def store_is_there(self) -> bool:
        """What the last look at the store said."""
        return self._watch.is_there

    def open(self, first: str = "", what: object = None) -> None:
        """Shows the pages of the role; the first one, or the one named."""
        window, operator = self._window, self.session.operator
        window.set_pages(self._specs, operator.role)
        window.top_bar.show_operator(operator.name, ROLES[operator.role])
        window.top_bar.store.show_state("ok", T("Database"), relayed(self._desk.store.where, whole=False))
        window.set_lookup(self._look_up if self.session.may("people.page") else None, self._settings)
        window.show_chrome()
        mine = [spec.key for spec in self._specs if operator.role in spec.roles]
        self.go(first if first in mine else mine[0], what)
        self._watch.start()
        self.resume()
        self._hourly.start()
        self._tidy()
        self._send_waiting()
        self._describe()
        window.pages.opened.connect(self._describe)
        if self.training is not None:
            self.training.begin()

    def resume(self) -> None:
        """Somebody is at the desk (again)."""
        self._idle.start(float(self.session.stored.idle_s))

    def pause(self) -> None:
        """The window is locked."""
        self._idle.stop()

    def close(self) -> None:
        """Ends what the session started; pages with threads end them first."""
        self._watch.stop()
        self._idle.stop()
        self._hourly.stop()
        self._window.pages.opened.disconnect(self._describe)
        self._window.may_close = None
        if self.training is not None:
            self.training.shut_down()
        for spec in self._specs:
            page = self._window.pages.page(spec.key)
            shut = getattr(page, "shut_down", None)
            if callable(shut):
                shut()
        self._window.set_lookup(None)
        self._window.pages.forget()
        self._unsay_loss()
        for key in ("store", "recogniser", "records", "training", "deployment"):
            self._window.status_line.clear(key)

    def log_out(self) -> None:
        """Ends the session in the store; one that is away ends it by itself when it is too old."""
        logins = Logins(self._desk.store, self._desk.name)
        session = self.session
        self._store.run(
            lambda _progress: logins.log_out(session), lambda _none: None, lambda error: log.info("%s", error)
        )

    # -- going about

    def go(self, key: str, what: object = None) -> None:
        """Opens a page, with something to show there if it can."""
        try:
            page = self._window.open(key)
        except KeyError:
            self._window.toasts.show(
                T("You may not do this. An administrator can."), icon="error", token="danger"
            )
            return
        show = getattr(page, "show_what", None)
        if what is not None and callable(show):
            show(what)

    def _look_up(self, query: str) -> Sequence[Found]:
        people = self.services.people.page(query, limit=FOUND_MOST)
        return [
            Found(
                row.person.name,
                partial(self.go, "people", row.person.id),
                "person",
                row.person.fields.department or row.person.fields.code or "",
            )
            for row in people
        ]

    def _settings(self) -> Sequence[Found]:
        return settings_found(sections(self.context, self._window, self._local, self._desk), self.go)

    # -- what is watched

    def _look_at_session(self) -> None:
        if not self.session.locked:
            self.services.account.me()

    @Slot(object)
    def _session_over(self, error: Exception) -> None:
        if isinstance(error, SessionEnded):
            if error.reason == "idle":
                self.locked.emit(True)
            else:
                self.ended.emit(explain(error))

    @Slot(object)
    def _store_lost(self, error: Exception) -> None:
        log.warning("the store is away: %s", error)
        self._window.top_bar.store.show_state("danger", T("Database away"), explain(error))
        lost = T("The database does not answer.")
        self._window.status_line.show_entry("store", Entry(Urgency.FAULT, lost))
        if self._banner is None:
            self._banner = self._window.show_banner(
                "warning",
                lost,
                T("Nothing can be changed until it is back. It is asked every second."),
                ((T("Try now"), self._watch.look_now),),
            )
        self._tell_pages("store_lost")

    @Slot()
    def _store_found(self) -> None:
        self._unsay_loss()
        self._send_waiting()
        self._tell_pages("store_found")
        self._describe()

    def _unsay_loss(self) -> None:
        self._window.top_bar.store.show_state(
            "ok", T("Database"), relayed(self._desk.store.where, whole=False)
        )
        self._window.status_line.clear("store")
        if self._banner is not None:
            self._window.drop_banner(self._banner)
            self._banner = None

    def _tell_pages(self, name: str) -> None:
        for spec in self._specs:
            method = getattr(self._window.pages.page(spec.key), name, None)
            if callable(method):
                method()

    @Slot()
    def _tell_active(self) -> None:
        self._quietly(self.services.account.active)

    @Slot()
    def _tidy(self) -> None:
        self._quietly(lambda: retention.tick(self._desk.store))

    def _send_waiting(self) -> None:
        """Records that waited on this computer; while a source is watched it sends its own as well."""
        if self.session.may("recording.send_waiting"):
            self._store.run(
                lambda _progress: self.services.recording.send_waiting(),
                partial(show_recording, self._window),
                lambda error: log.info("put off: %s", error),
            )

    def _quietly(self, work: Callable[[], object]) -> None:
        self._store.run(
            lambda _progress: work(), lambda _done: None, lambda error: log.info("put off: %s", error)
        )

    # -- the right end of the status line

    @Slot()
    def _describe(self) -> None:
        """Asked again whenever a page is opened: people come and go, and the promise with them."""

        def describe(_progress: object) -> tuple[ModelCard, str, int, Promise | None]:
            gallery = self._desk.gallery.current()
            embedder: Embedder = self._desk.networks.embedder(gallery.model_id)
            return embedder.card, str(embedder.provider), gallery.head_count, promise_of(gallery)

        self._work.run(
            describe,
            lambda found: show_recogniser(self._window, *found),
            self._no_recogniser,
            replaces="recogniser",
        )

    def _no_recogniser(self, error: Exception) -> None:
        if isinstance(error, StoreUnavailable):
            return  # that is said above the pages; what recognised goes on, and is asked for again when it is back
        log.warning("no recogniser: %s", error)
        self._window.status_line.show_recogniser("", "", "")
        self._window.status_line.show_entry("recogniser", Entry(Urgency.FAULT, explain(error)))
