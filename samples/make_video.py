"""The sample video: two portraits, cut out and moved about, with the truth of every frame beside it.

Run `python samples/make_video.py [OUT.mp4]`; the default is out/sample.mp4 of the project, the truth lies beside
it as OUT.json. Nothing is random: the same script writes the same truth and the same pictures every time.

The film (film.toml holds it): Hopper walks in and comes near; Collins follows from the right; they cross, Hopper in
front, so that Collins is hidden for a moment; Hopper leaves; the light goes down and comes from one side while
Collins walks away; nobody; Hopper hurries back, small and smeared, Collins joins her; the lens hunts for focus.

The truth, JSON: `fps`, `width`, `height`, `frames` (their number), `people`, `faces`: for every frame a list of
`{"person", "box": [x1, y1, x2, y2], "state", "seen"}`. The box is upright, in pixels, and reaches past the border
while a face comes in. `seen` is the share of the face (its ellipse) inside the picture that nothing covers.
`state` is "enter" or "leave" while the box crosses the border, "hidden" while less than half can be seen because
somebody stands before it, else "visible". Who is outside the picture is not listed.
"""

import argparse
import json
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
STORY: dict[str, Any] = tomllib.loads((HERE / "film.toml").read_text(encoding="utf-8"))
FPS, WIDTH, HEIGHT = int(STORY["fps"]), int(STORY["width"]), int(STORY["height"])
N_FRAMES = round(FPS * STORY["seconds"])

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Portrait:
    """One photograph and where in it the person is, in its pixels; film.toml says how."""

    person: str
    file: str
    face: tuple[float, float, float, float]
    vignette: tuple[float, float, float, float]
    likely: list[list[int]]
    certain: list[list[int]]
    other: list[list[int]]


PORTRAITS = {person: Portrait(person, **fields) for person, fields in STORY["portraits"].items()}


@dataclass(frozen=True)
class Pose:
    """Where a person is in one frame, and how far the face moves until the next."""

    portrait: Portrait
    x: float
    y: float
    width: float  # of the face
    turn_deg: float
    speed: tuple[float, float]  # pixels a frame
    coming: bool  # in the first half of the walk

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Upright box of the face, [x1, y1, x2, y2] pixels."""
        x1, y1, x2, y2 = self.portrait.face
        half_w, half_h = self.width / 2, self.width / 2 * (y2 - y1) / (x2 - x1)
        return self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h

    @property
    def matrix(self) -> NDArray[np.float64]:
        """[2, 3], from the photograph's pixels to the frame's."""
        x1, y1, x2, y2 = self.portrait.face
        centre = ((x1 + x2) / 2, (y1 + y2) / 2)
        matrix = cv2.getRotationMatrix2D(centre, -self.turn_deg, self.width / (x2 - x1))
        matrix[:, 2] += np.array((self.x - centre[0], self.y - centre[1]))
        return np.asarray(matrix, np.float64)


def poses() -> list[list[Pose]]:
    """For every frame the people in or near the picture, the farthest (smallest) first."""
    frames: list[list[Pose]] = [[] for _ in range(N_FRAMES)]
    smoothing = np.hanning(2 * round(0.45 * FPS) + 1)
    reach = len(smoothing) // 2
    for walk in STORY["walks"]:
        portrait, keys = PORTRAITS[walk["person"]], np.array(walk["keys"], np.float64)
        first, last = round(keys[0, 0] * FPS), round(keys[-1, 0] * FPS)
        seconds = np.arange(first - reach, last + reach + 1) / FPS
        track = np.stack(
            [
                np.convolve(np.interp(seconds, keys[:, 0], keys[:, c]), smoothing / smoothing.sum(), "valid")
                for c in range(1, 5)
            ]
        ).T
        speeds = np.gradient(track[:, :2], axis=0)
        for i in range(max(0, -first), min(last + 1, N_FRAMES) - first):
            x, y, width, turn = track[i]
            step = 0.02 * width * np.sin(2 * np.pi * 1.6 * (first + i) / FPS)  # the bob of a walk
            frames[first + i].append(
                Pose(portrait, x, y + step, width, turn, (speeds[i, 0], speeds[i, 1]), i < (last - first) / 2)
            )
    return [sorted(people, key=lambda pose: pose.width) for people in frames]


def cut_out(portrait: Portrait) -> Bytes:
    """[H, W, 4] BGR premultiplied by alpha, and alpha: the person without the wall, fading out below the chest."""
    path = HERE / portrait.file
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(
            f"expected the portrait {path}, found nothing readable; restore it from the repository"
        )
    marks = np.full(image.shape[:2], cv2.GC_BGD, np.uint8)
    for polygon, mark in (
        (portrait.likely, cv2.GC_PR_FGD),
        (portrait.certain, cv2.GC_FGD),
        (portrait.other, cv2.GC_BGD),
    ):
        if polygon:
            cv2.fillPoly(marks, [np.array(polygon, np.int32)], mark)
    cv2.setRNGSeed(0)  # GrabCut starts from k-means
    cv2.grabCut(image, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    inside = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    alpha = cv2.GaussianBlur(cv2.erode(inside, np.ones((3, 3))), (0, 0), 1.2)
    cx, cy, rx, ry = portrait.vignette
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    radius = np.hypot((columns - cx) / rx, np.maximum(rows - cy, 0) / ry)
    fade = np.clip((1 - radius) / 0.28, 0, 1)
    alpha = alpha * (fade * fade * (3 - 2 * fade)).astype(np.float32)
    return np.dstack([image * alpha[..., None], alpha * 255]).round().astype(np.uint8)


def wall() -> Bytes:
    """A plain wall with a soft light on it, larger than the frame so that it can drift."""
    height, width = HEIGHT + 64, WIDTH + 128
    rows, columns = np.mgrid[:height, :width].astype(np.float32) / height
    glow = np.exp(-((columns - 1.1) ** 2 + (rows - 0.3) ** 2) / 0.9)[..., None]
    image = np.array((122, 104, 84), np.float32) * (1 - glow) + np.array((214, 219, 218), np.float32) * glow
    discs = np.zeros((height, width), np.float32)
    for x, y, r in (
        (170, 180, 90),
        (330, 640, 150),
        (760, 90, 70),
        (1120, 240, 130),
        (1290, 560, 95),
        (880, 620, 60),
    ):
        disc = np.zeros((height, width), np.float32)
        cv2.circle(disc, (x, y), r, 1.0, -1, cv2.LINE_AA)
        discs += cv2.GaussianBlur(disc, (0, 0), 7)
    image += discs[..., None] * np.array((16, 14, 11), np.float32)
    return np.asarray(np.clip(image, 0, 255), np.uint8)


@dataclass(frozen=True)
class Layer:
    """A person as seen in one frame: the part of the picture that it fills."""

    left: int
    top: int
    colour: Floats  # [h, w, 3], premultiplied
    alpha: Floats  # [h, w, 1], 0..1


def layer(
    pose: Pose, portraits: dict[str, tuple[Bytes, Bytes]], shutter: float, side_light: float
) -> Layer | None:
    """The person of `pose`; None when all of the bust is outside the picture."""
    full, half = portraits[pose.portrait.person]
    matrix = pose.matrix
    height, width = full.shape[:2]
    corners = matrix @ np.array([(0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1)]).T
    left, top = np.clip(np.floor(corners.min(1)), 0, (WIDTH, HEIGHT)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(1)), 0, (WIDTH, HEIGHT)).astype(int)
    if left >= right or top >= bottom:
        return None
    matrix[:, 2] -= left, top
    image = full
    if np.hypot(matrix[0, 0], matrix[0, 1]) < 0.7:  # from the half-size picture, or fine detail would flicker
        image, matrix = half, matrix @ np.diag((2.0, 2.0, 1.0))
    warped = cv2.warpAffine(image, matrix, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR)
    length = shutter * float(np.hypot(*pose.speed))
    if length > 1.5:
        warped = cv2.filter2D(warped, -1, _smear(length, pose.speed), borderType=cv2.BORDER_REPLICATE)
    colour = warped[..., :3].astype(np.float32)
    alpha = np.asarray(warped[..., 3:] / np.float32(255), np.float32)
    if side_light:
        across = np.clip((np.arange(left, right, dtype=np.float32) - pose.x) / pose.width, -1, 1)
        colour *= (1 + side_light * (0.25 + 0.8 * across))[None, :, None]
    return Layer(int(left), int(top), colour, alpha)


def _smear(length: float, direction: tuple[float, float]) -> Floats:
    """Kernel of motion blur over `length` pixels."""
    size = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    step = np.array(direction) / np.hypot(*direction) * length / 2 * 16
    centre = np.full(2, size // 2 * 16)
    ends = [tuple(int(v) for v in np.round(centre + sign * step)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, 4)
    return np.asarray(kernel / kernel.sum(), np.float32)


def seen_share(pose: Pose, in_front: Sequence[Layer]) -> tuple[float, float]:
    """Shares of the face's ellipse: inside the picture, and inside the picture and not covered."""
    x1, y1, x2, y2 = pose.box
    columns, rows = np.arange(int(x1), int(x2) + 1), np.arange(int(y1), int(y2) + 1)
    dx, dy = (columns - pose.x) / (x2 - x1) * 2, (rows - pose.y) / (y2 - y1) * 2
    face = dx[None] ** 2 + dy[:, None] ** 2 <= 1
    inside = ((columns >= 0) & (columns < WIDTH))[None] & ((rows >= 0) & (rows < HEIGHT))[:, None]
    cover = np.zeros((HEIGHT, WIDTH), bool)
    for one in in_front:
        h, w = one.alpha.shape[:2]
        cover[one.top : one.top + h, one.left : one.left + w] |= one.alpha[..., 0] > 0.5
    covered = cover[np.ix_(np.clip(rows, 0, HEIGHT - 1), np.clip(columns, 0, WIDTH - 1))]
    return float((face & inside).sum() / face.sum()), float((face & inside & ~covered).sum() / face.sum())


def truth_of(pose: Pose, in_front: Sequence[Layer]) -> dict[str, Any] | None:
    """What the module's text says of one face; None when it is outside the picture."""
    inside, seen = seen_share(pose, in_front)
    if inside == 0:
        return None
    x1, y1, x2, y2 = pose.box
    state = "visible"
    if x1 < 0 or y1 < 0 or x2 > WIDTH or y2 > HEIGHT:
        state = "enter" if pose.coming else "leave"
    elif seen < 0.5:
        state = "hidden"
    return {
        "person": pose.portrait.person,
        "box": [round(v, 1) for v in pose.box],
        "state": state,
        "seen": round(seen, 3),
    }


def curve(name: str, second: float) -> float:
    """Value of one of the story's curves at a moment."""
    keys = np.array(STORY["curves"][name])
    return float(np.interp(second, keys[:, 0], keys[:, 1]))


class Film:
    """Draws frame after frame."""

    def __init__(self) -> None:
        self._poses = poses()
        cuts = {person: cut_out(portrait) for person, portrait in PORTRAITS.items()}
        self._portraits = {name: (cut, np.asarray(cv2.pyrDown(cut), np.uint8)) for name, cut in cuts.items()}
        self._wall = wall()
        grain = np.random.default_rng(0).standard_normal((HEIGHT + 64, WIDTH + 64)).astype(np.float32)
        self._grain = np.dstack([grain] * 3)

    def frame(self, index: int) -> tuple[Bytes, list[dict[str, Any]]]:
        """The picture, [720, 1280, 3] BGR, and the truth of its faces."""
        second = index / FPS
        drift = np.array([[1, 0, -64 + 40 * np.sin(second / 5)], [0, 1, -32 + 20 * np.sin(second / 4)]])
        picture = cv2.warpAffine(self._wall, drift, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        shutter, side_light = curve("shutter", second), curve("side_light", second)
        people = [(pose, layer(pose, self._portraits, shutter, side_light)) for pose in self._poses[index]]
        truth = []
        for i, (pose, mine) in enumerate(people):
            if mine is None:
                continue
            h, w = mine.alpha.shape[:2]
            part = picture[mine.top : mine.top + h, mine.left : mine.left + w]
            part[:] = np.clip(part * (1 - mine.alpha) + mine.colour, 0, 255)
            truth.append(truth_of(pose, [other for _, other in people[i + 1 :] if other is not None]))
        return self._through_the_lens(picture, index), [face for face in truth if face is not None]

    def _through_the_lens(self, picture: Any, index: int) -> Bytes:
        """Focus, exposure and noise of the camera."""
        second = index / FPS
        if (sigma := curve("defocus", second)) > 0.2:
            picture = cv2.GaussianBlur(picture, (0, 0), sigma)
        row, column = index * 37 % 64, index * 23 % 64
        grain = self._grain[row : row + HEIGHT, column : column + WIDTH]
        exposed = picture.astype(np.float32) * np.float32(curve("exposure", second))
        exposed += grain * np.float32(curve("noise", second))
        return np.asarray(np.clip(exposed, 0, 255), np.uint8)


def make(path: Path) -> tuple[Path, Path]:
    """Write the video and its truth; both appear whole or not at all. Returns their paths."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}.mp4")
    writer = cv2.VideoWriter(str(part), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise SystemExit(f"expected to write {path}, but OpenCV cannot; is the folder writable?")
    try:
        film, faces = Film(), []
        for index in range(N_FRAMES):
            picture, truth = film.frame(index)
            writer.write(picture)
            faces.append(truth)
        writer.release()
        notes = part.with_suffix(".json")
        header = {"fps": FPS, "width": WIDTH, "height": HEIGHT, "frames": N_FRAMES}
        people = list(PORTRAITS)
        notes.write_text(json.dumps({**header, "people": people, "faces": faces}) + "\n", encoding="utf-8")
        notes.replace(path.with_suffix(".json"))
        part.replace(path)
    finally:
        writer.release()
        part.unlink(missing_ok=True)
        part.with_suffix(".json").unlink(missing_ok=True)
    return path, path.with_suffix(".json")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make the sample video and its truth.")
    parser.add_argument(
        "out", nargs="?", type=Path, default=HERE.parent / "out" / "sample.mp4", metavar="OUT.mp4"
    )
    video, truth = make(parser.parse_args().out)
    print(f"{video}: {N_FRAMES} frames, {N_FRAMES / FPS} s; truth in {truth}")


if __name__ == "__main__":
    main()
