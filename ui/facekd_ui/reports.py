"""What went wrong: the log, the report of a crash for the next start, and one note for a mistake of the program."""

import faulthandler
import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

log = logging.getLogger("facekd_ui")

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Reports(QObject):
    """The log in `HOME/logs` and the hooks that feed it.

    `mistake(summary, details)` comes in the interface thread for every exception that nobody expected, whatever
    thread it was in.
    """

    mistake = Signal(str, str)

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = home / "logs"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._running = self._folder / "running.txt"
        self._file: IO[str] | None = None
        self._handler: logging.Handler | None = None
        self.unclean = self._left_over()
        """What the last run left behind when it did not end by itself; None after a clean end."""

    @property
    def log_file(self) -> Path:
        """The newest log."""
        return self._folder / "facekd.log"

    def install(self) -> None:
        """Starts logging and sets the hooks of the process."""
        handler = RotatingFileHandler(self.log_file, maxBytes=1_000_000, backupCount=4, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.INFO)
        self._handler = handler
        self._file = self._running.open("w", encoding="utf-8")
        faulthandler.enable(self._file)
        sys.excepthook = self._unexpected
        threading.excepthook = self._unexpected_in_thread
        qInstallMessageHandler(_qt_message)

    def close(self) -> None:
        """A clean end: nothing to show at the next start."""
        if self._file is None:
            return
        faulthandler.disable()
        self._file.close()
        self._running.unlink(missing_ok=True)
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
        qInstallMessageHandler(None)
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()

    def _left_over(self) -> str | None:
        try:
            return self._running.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return None

    def _unexpected(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("unexpected: %s", details)
        self.mistake.emit(f"{kind.__name__}: {error}"[:200], details)

    def _unexpected_in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._unexpected(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)


def _qt_message(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s", message)
