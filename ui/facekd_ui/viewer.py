"""A window that shows frames from standard input: what `recognise --display` opens as a process of its own.

The command line must not import Qt, and a window that hangs must not stop the recognition; hence a child process.
Each frame on stdin is 8 bytes, `<II` height and width, then height x width x 3 bytes BGR. The window closes at the end
of the input; closing it ends the process, which the sender sees as a broken pipe.
"""

import struct
import sys
import threading

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QApplication, QLabel

HEADER = struct.Struct("<II")
LARGEST_SIDE = 16_384


class Frames(QObject):
    """Reads frames in a thread of its own; one picture waits at most."""

    shown = Signal(QImage)
    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.ready = threading.Semaphore(1)
        self._thread = threading.Thread(target=self._read, name="frames", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def _read(self) -> None:
        stream = sys.stdin.buffer
        while len(header := stream.read(HEADER.size)) == HEADER.size:
            height, width = HEADER.unpack(header)
            if not (0 < height <= LARGEST_SIDE and 0 < width <= LARGEST_SIDE):
                break
            pixels = stream.read(height * width * 3)
            if len(pixels) < height * width * 3:
                break
            self.ready.acquire()
            self.shown.emit(QImage(pixels, width, height, width * 3, QImage.Format.Format_BGR888).copy())
        self.ended.emit()


class Viewer(QLabel):
    """The picture, as large as the window allows. Esc or Q closes."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet("background: black")
        self.setMinimumSize(320, 180)
        self._picture = QPixmap()

    def show_image(self, image: QImage) -> None:
        """Show the next frame."""
        first = self._picture.isNull()
        self._picture = QPixmap.fromImage(image)
        if first:
            self.resize(self._picture.size().boundedTo(self.screen().availableSize() * 0.8))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale with the window."""
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc or Q closes the window."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Q):
            self.close()
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        if not self._picture.isNull():
            smooth = Qt.TransformationMode.SmoothTransformation
            self.setPixmap(self._picture.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio, smooth))


def main() -> int:
    """Show what comes on stdin until it ends or the window is closed."""
    app = QApplication(sys.argv)
    viewer = Viewer(sys.argv[1] if len(sys.argv) > 1 else "FaceKD")
    frames = Frames()

    def show(image: QImage) -> None:
        viewer.show_image(image)
        frames.ready.release()

    frames.shown.connect(show)
    frames.ended.connect(app.quit)
    viewer.show()
    frames.start()
    return int(app.exec())


if __name__ == "__main__":
    sys.exit(main())
