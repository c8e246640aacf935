"""The first run of the program: its page, and keeping what was answered."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from facekd_ui import launcher
from facekd_ui.home import default_home, sample_video
from facekd_ui.i18n.language import Language
from facekd_ui.local import LocalSettings
from facekd_ui.pages.first_run import Answers, FirstRunPage, Setup
from facekd_ui.services.shared import Shared
from facekd_ui.session import Session
from facekd_ui.theme.theme import Theme
from facekd_ui.workers.tasks import Tasks


class FirstSteps(QObject):
    """Makes the page. `done(Session, key of the page to open)` comes when its last button was pressed."""

    done = Signal(object, str)
    failed = Signal(object)  # Exception: something of what was answered could not be kept

    def __init__(
        self,
        home: Path,
        local: LocalSettings,
        theme: Theme,
        language: Language,
        store_tasks: Tasks,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._home, self._local = home, local
        self._theme, self._language = theme, language
        self._store_tasks = store_tasks
        self._session: Session | None = None
        self._answers: Answers | None = None

    def page(
        self, given: str, open_store: Callable[[str], bool], create_first: Callable[[str, str], Session]
    ) -> FirstRunPage:
        """The page.

        Args:
            given: the store that was named at the start, so that it is not asked for.
            open_store: opens what was chosen; whether there is no account yet. On the store's thread.
            create_first: makes the first account and logs in. On the store's thread.
        """

        def create(name: str, password: str) -> Session:
            self._session = create_first(name, password)
            return self._session

        setup = Setup(
            default_place=str(self._home),
            given_place=given,
            open_store=open_store,
            create_first=create,
            sample_video=str(sample_video(self._home) or ""),
        )
        page = FirstRunPage(setup, self._store_tasks, self._theme, self._language)
        page.finished.connect(self._over)
        return page

    @Slot(object)
    def _over(self, answers: Answers) -> None:
        session, self._session = self._session, None
        assert session is not None
        self._answers = answers
        self._local.change(configured=True, camera=answers.camera, database=self._local.now.database)
        if answers.launcher:
            self._install_launcher()
        self.done.emit(session, "enrol" if answers.add_person else "")

    def keep(self, shared: Shared) -> None:
        """Puts into the store what was answered for all computers."""
        answers = self._answers
        assert answers is not None

        def keep(_progress: object) -> None:
            for key, value in (("organisation", answers.organisation), ("responsible", answers.responsible)):
                if value:
                    shared.put(key, value, 0)

        self._store_tasks.run(keep, lambda _none: None, self.failed.emit)

    def _install_launcher(self) -> None:
        try:
            launcher.install(launcher.default_command(self._home if self._home != default_home() else None))
        except launcher.LauncherError as error:
            self.failed.emit(error)
