"""Another program on the same screen: holds files or a picture on the clipboard, or lets files be dragged away.

    python other_program.py copy FILE...      puts the files on the clipboard
    python other_program.py picture FILE      puts the picture itself there, as a browser does
    python other_program.py drag FILE...      a small window over all others; what is dragged out of it are the files

Prints "ready" when it is, "dropped" after each drag, and lives until it is ended.
"""

import signal
import sys

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QImage, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


def files_of(names: list[str]) -> QMimeData:
    """The files as a file manager offers them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(name) for name in names])
    return data


class Handle(QLabel):
    """A place to drag from."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            "files", None, Qt.WindowType.WindowStaysOnTopHint | Qt.WindowType.FramelessWindowHint
        )
        self._names = names
        self.setGeometry(4, 4, 60, 30)

    def mouseMoveEvent(self, _event: QMouseEvent) -> None:
        """The button is held: a drag begins."""
        drag = QDrag(self)
        drag.setMimeData(files_of(self._names))
        drag.setHotSpot(QPoint(0, 0))
        drag.exec(Qt.DropAction.CopyAction)
        _say("dropped")  # and taken: the other side has read it


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> int:
    """Does what the first word says."""
    what, *names = sys.argv[1:]
    app = QApplication(sys.argv[:1])
    signal.signal(signal.SIGTERM, lambda *_: app.quit())
    awake = QTimer(interval=100)  # Python sees signals only while it runs
    awake.timeout.connect(lambda: None)
    awake.start()
    handle = None
    match what:
        case "copy":
            app.clipboard().setMimeData(files_of(names))
        case "picture":
            app.clipboard().setImage(QImage(names[0]))
        case "drag":
            handle = Handle(names)
            handle.show()
            handle.raise_()
    QTimer.singleShot(0, lambda: _say("ready"))
    status = app.exec()
    del handle
    return status


if __name__ == "__main__":
    sys.exit(main())
