"""A camera that does not exist: motion JPEG over HTTP on the loopback, well behaved or not."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest

WIDTH, HEIGHT = 64, 48
GREY_STEP = 10
"""Frame i is grey of (i % 25) * GREY_STEP, so that a test sees which frame it holds."""


def jpeg_of(number: int) -> bytes:
    """A frame whose lower half takes up most of the bytes, so that cutting it hurts."""
    image = np.full((HEIGHT, WIDTH, 3), (number % 25) * GREY_STEP, np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


class FakeCamera:
    """The server. `mode` may change at any time; connections notice at their next frame.

    ok: a frame every `interval_s`. drop: three frames, then the connection closes. stall: three frames, then
    silence. hang: the request is never answered. garbage: parts that are no JPEG. truncated: every second frame
    lacks its end. `refuse()` closes the port, `listen()` opens it again.
    """

    def __init__(self) -> None:
        self.mode = "ok"
        self.interval_s = 0.01
        self.connections = 0
        self.sent = 0
        self._over = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/live.mjpg"

    def listen(self) -> None:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.connections += 1
                with suppress(BrokenPipeError, ConnectionResetError):  # the client goes when it likes
                    camera.serve(self)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._over.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), name="fake camera").start()

    def refuse(self) -> None:
        """Closes the port and every connection, and waits for their threads."""
        self._over.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        if self.mode == "hang":
            self._over.wait()
            return
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        request.end_headers()
        number = 0
        while not self._over.wait(self.interval_s):
            if number >= 3 and self.mode == "drop":
                return
            if number >= 3 and self.mode == "stall":
                while self.mode == "stall" and not self._client_gone(request.connection):
                    if self._over.wait(0.02):
                        return
                return
            body = self._body(number)
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
            request.wfile.write(head.encode() + body + b"\r\n")
            number += 1
            self.sent += 1

    def _body(self, number: int) -> bytes:
        data = jpeg_of(number)
        if self.mode == "garbage":
            return bytes(np.random.default_rng(number).integers(0, 255, len(data), dtype=np.uint8))
        if self.mode == "truncated" and number % 2:
            return data[: len(data) // 2]
        return data

    @staticmethod
    def _client_gone(connection: socket.socket) -> bool:
        connection.setblocking(False)
        try:
            return connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            connection.setblocking(True)


@pytest.fixture
def fake_camera() -> Iterator[FakeCamera]:
    camera = FakeCamera()
    yield camera
    camera.refuse()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool], float], bool]:
    """Polls a condition; whether it came true in time."""

    def wait(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.005)
        return condition()

    return wait
