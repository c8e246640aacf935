"""One start of the real program, seen from within: `python -m window.start HOME NAME PASSWORD [--live]`.

Runs what the command `facekd` runs. Prints when, on the clock that all processes share, the interpreter began, the
program was imported, its window was asked for, the login page was on the screen, one could log in, somebody was logged
in, the first picture of the camera was on the screen, and whether torch is in the process. Nobody types: name and
password stand in the fields as soon as the button can be pressed.
"""

import time

BEGAN = time.monotonic()

import json  # noqa: E402
import sys  # noqa: E402

from PySide6.QtCore import QEvent, QObject, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

import facekd_ui.app  # noqa: E402
from facekd_ui.app import App  # noqa: E402

LOOK_MS = 5
LONGEST_S = 60


class Witness(QObject):
    """Notes the moments of one start and ends the program after the last of them."""

    def __init__(self, program: App, name: str, password: str, *, live: bool) -> None:
        super().__init__(program)
        self.moments: dict[str, float] = {"began": BEGAN, "imported": IMPORTED}
        self._program, self._name, self._password, self._live = program, name, password, live
        self._looks = QTimer(self, interval=LOOK_MS)
        self._looks.timeout.connect(self._look)
        program.entered.connect(self._entered)

    def begin(self) -> None:
        """The window was asked for; nothing of it is on the screen yet."""
        self._note("shown")
        assert self._program.login is not None
        self._program.login.installEventFilter(self)
        self._looks.start()
        QTimer.singleShot(LONGEST_S * 1000, self._end)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The first painting of the login page; a moment later it has been given to the screen."""
        if event.type() == QEvent.Type.Paint and "login" not in self.moments:
            QTimer.singleShot(0, lambda: self._note("login"))
        return super().eventFilter(watched, event)

    def _look(self) -> None:
        login = self._program.login
        if login is None or "login" not in self.moments or not login.button.isEnabled():
            return
        self._looks.stop()
        self._note("ready")
        if not self._live:
            self._end()
            return
        login.name.setText(self._name)
        login.password.setText(self._password)
        login.button.click()

    def _entered(self) -> None:
        self._note("entered")
        page = self._program.window.pages.page("live")
        page.tile.view.painted.connect(lambda: QTimer.singleShot(0, self._picture))  # type: ignore[union-attr]

    def _picture(self) -> None:
        if "picture" not in self.moments:
            self._note("picture")
            self._end()

    def _note(self, moment: str) -> None:
        self.moments.setdefault(moment, time.monotonic())

    def _end(self) -> None:
        torch = sorted(name for name in sys.modules if name.partition(".")[0] == "torch")
        print(json.dumps({"moments": self.moments, "torch": torch, "modules": len(sys.modules)}), flush=True)
        QApplication.closeAllWindows()


IMPORTED = time.monotonic()


def main() -> int:
    """The program with a witness in it."""
    home, name, password, *more = sys.argv[1:]
    start = App.start

    def watched(program: App) -> None:
        witness = Witness(program, name, password, live="--live" in more)
        start(program)
        witness.begin()

    setattr(App, "start", watched)  # noqa: B010 - the one place that every start comes by
    return facekd_ui.app.main(["--home", home])


if __name__ == "__main__":
    sys.exit(main())
