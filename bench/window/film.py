"""A film of five faces at 720p: portraits that drift over a grey ground, so that detector and tracker have work."""

import io
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT, FPS = 1280, 720, 30
FACES = 5
SIDE = 300  # of a portrait in the film
DRIFT_PX = 60

Picture = NDArray[np.uint8]


def portraits(data: Path) -> tuple[list[Picture], str]:
    """Five portraits, and in words whose they are: of the research data, else those of samples/, repeated."""
    archive = data / "faces" / "lfw_original250_sample.zip"
    if archive.is_file():
        with zipfile.ZipFile(archive) as opened:
            first: dict[str, str] = {}
            for name in sorted(opened.namelist()):
                if name.startswith("known/") and name.endswith(".jpg"):
                    first.setdefault(name.split("/")[1], name)
            found = [
                _decoded(io.BytesIO(opened.read(name)).getvalue()) for name in list(first.values())[:FACES]
            ]
        return found, "five people of the research data"
    samples = sorted((ROOT / "samples").glob("*/**/*.jpg"))
    own = [_decoded(path.read_bytes()) for path in samples]
    return [own[i % len(own)] for i in range(FACES)], f"the {len(own)} portraits of samples/, repeated"


def write_film(path: Path, pictures: Sequence[Picture], seconds: float) -> None:
    """An MP4 whose end joins its beginning."""
    tiles = [_square(picture) for picture in pictures]
    frames = round(seconds * FPS)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (WIDTH, HEIGHT))
    for number in range(frames):
        frame = np.full((HEIGHT, WIDTH, 3), 96, np.uint8)
        turn = 2 * math.pi * number / frames
        for place, tile in enumerate(tiles):
            column, row = place % 3, place // 3
            x = 70 + column * 410 + row * 200 + round(DRIFT_PX * math.sin(turn + place))
            y = 40 + row * 345 + round(DRIFT_PX / 2 * math.cos(2 * turn + place))
            frame[y : y + SIDE, x : x + SIDE] = tile
        writer.write(frame)
    writer.release()


def _decoded(data: bytes) -> Picture:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("expected a portrait as JPEG, got something else; check the data")
    return np.asarray(image, np.uint8)


def _square(picture: Picture) -> Picture:
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    part = picture[top : top + side, left : left + side]
    return np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
