"""A recogniser from the tiny networks, and sources whose frames a test hands out."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import CameraError
from facekd.gallery import Gallery
from facekd.models import ModelFile
from facekd.policy import Policy
from facekd.recognise import Pipeline, Recogniser
from facekd.sources import Patience, Source
from facekd.types import Frame

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB = 1, 6


def build_recogniser(
    detector: ModelFile, embedder: ModelFile, paint: Paint, names: dict[int, str]
) -> Recogniser:
    """Everyone in `names` is enrolled from one painted picture."""
    found, embedded = Detector(detector), Embedder(embedder)
    templates = []
    for seed, name in names.items():
        picture = paint({seed: (160, 120)})
        templates.append((name, embedded.embed_faces(picture, found.detect(picture).landmarks)))
    return Recogniser(found, embedded, Gallery.build(embedded.model_id, 48, templates))


@pytest.fixture
def recogniser(tiny_detector: ModelFile, tiny_embedder: ModelFile, paint: Paint) -> Recogniser:
    """Knows Ada."""
    return build_recogniser(tiny_detector, tiny_embedder, paint, {ADA: "Ada"})


@pytest.fixture
def wider_recogniser(tiny_detector: ModelFile, tiny_embedder: ModelFile, paint: Paint) -> Recogniser:
    """Knows Ada and Bob."""
    return build_recogniser(tiny_detector, tiny_embedder, paint, {ADA: "Ada", BOB: "Bob"})


@pytest.fixture
def pipeline(recogniser: Recogniser) -> Pipeline:
    return Pipeline(recogniser, Policy.from_card(recogniser.embedder.card, 1))


class PaintedSource(Source):
    """A live source: frames of `fps`, until closed, or until `lose_after` frames and then CameraError."""

    live = True
    name = "painted"

    def __init__(
        self, picture: NDArray[np.uint8], fps: float = 50, *, lose_after: int | None = None, hang_s: float = 0
    ) -> None:
        picture.flags.writeable = False
        self.fps = fps
        self.closed = threading.Event()
        self.given = 0
        self._picture, self._lose_after, self._hang_s = picture, lose_after, hang_s
        self._started = time.monotonic()

    @classmethod
    def accepts(cls, spec: str, /) -> bool:
        return False

    @classmethod
    def open(cls, spec: str, patience: Patience, /) -> Self:
        raise CameraError(spec)

    def read(self) -> Frame | None:
        assert self.fps is not None
        if self.closed.wait(1 / self.fps):
            return None
        if self.given == self._lose_after:
            raise CameraError("painted: expected pictures, the plug was pulled; put it in again")
        self.given += 1
        return Frame(self._picture, self.given - 1, (time.monotonic() - self._started) * 1000)

    def close(self) -> None:
        time.sleep(self._hang_s)
        self.closed.set()


@pytest.fixture
def ada(paint: Paint) -> NDArray[np.uint8]:
    return paint({ADA: (160, 120)})


@pytest.fixture
def painted() -> type[PaintedSource]:
    return PaintedSource


@pytest.fixture(autouse=True)
def no_thread_of_python_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        left = [t for t in threading.enumerate() if t not in before and not t.name.startswith("Dummy")]
        if not left:
            return
        time.sleep(0.02)
    raise AssertionError(f"threads left behind: {left}")
