"""Draws what the pipeline says of the faces in a frame: box, tag with name and score, number of the track.

A state shows by line, glyph, word and colour, so that a grey print loses nothing:
known = whole line, disc with tick, the name; uncertain = dashes, half diamond, the name with "?";
unknown = four corners, brackets, "Unknown". Every line has a dark halo, every tag a fill of its own, so both hold on
white walls and in the dark. Sizes follow the picture's height; faces too small for words get the glyph alone.

Read `draw` first; `place_tags` decides where tags go, `_sprite` paints one. Colours and measures: the design's
face overlay (a tag is 22 pixels high in a picture of 540 lines).
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from facekd.lettering import drawable, elided, width_of, write
from facekd.types import Floats, Image, RecognisedFace, Recognition, State

Colour = tuple[int, int, int]
Rect = tuple[int, int, int, int]

INK: Colour = (0x13, 0x10, 0x0B)  # BGR, like all colours here
COLOURS: dict[State, Colour] = {
    State.KNOWN: (0xA2, 0xD8, 0x4F),
    State.UNCERTAIN: (0x4F, 0xC4, 0xFF),
    State.UNKNOWN: (0xE9, 0xE4, 0xDD),
}
HALO_OPACITY, UNKNOWN_TAG_OPACITY = 0.55, 0.86
MAX_NAME = 64  # characters; longer names could never fit and would only cost time


@dataclass(frozen=True, slots=True)
class Tag:
    """A label and where it goes."""

    face: RecognisedFace
    rect: Rect  # x1, y1, x2, y2 pixels, within the picture
    glyph_only: bool


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Measures in pixels for one picture height."""

    unit: float

    @classmethod
    def of(cls, height: int) -> "_Sizes":
        return cls(min(max(height / 540, 0.75), 8.0))

    def __call__(self, design_px: float) -> int:
        return max(1, round(design_px * self.unit))


def draw(image: Image, recognition: Recognition) -> Image:
    """A copy of the frame with its faces marked.

    Args:
        image: [H, W, 3] BGR uint8; is not changed.
        recognition: what the pipeline says of this frame; boxes in pixels of `image`.

    Raises:
        ValueError: `image` is not [H, W, 3] uint8.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"draw: expected an image [H, W, 3] of uint8, got {image.shape} of {image.dtype}")
    out = image.copy()
    height, width = image.shape[:2]
    sizes = _Sizes.of(height)
    for face in recognition.faces:
        _draw_box(out, face, sizes)
    for tag in place_tags(height, width, recognition):
        _paste(out, _sprite_of(tag.face, sizes, width, tag.glyph_only), tag.rect)
    return out


def place_tags(height: int, width: int, recognition: Recognition) -> tuple[Tag, ...]:
    """Where the tags go in a picture of this size: above the box, else below, else beside it.

    Tags stay within the picture; of the places around a box that one wins which covers least of other tags and of
    faces. Uncertain faces choose first. In a picture too small for a tag there is none.
    """
    sizes = _Sizes.of(height)
    gap = sizes(8)
    boxes = [face.box for face in recognition.faces]
    placed: list[Tag] = []
    for face in sorted(recognition.faces, key=lambda f: _PLACES_FIRST[f.state]):
        x1, y1, x2, y2 = face.box
        small = min(x2 - x1, y2 - y1) < sizes(32)
        sprite = _sprite_of(face, sizes, width, small)
        if not small and sprite.shape[1] > width:
            small, sprite = True, _sprite_of(face, sizes, width, True)
        h, w = sprite.shape[:2]
        if w > width or h > height:
            continue
        xs = ((x1 + x2 - w) / 2, x1, x2 - w)
        spots = [(x, y1 - gap - h) for x in xs] + [(x, y2 + gap) for x in xs]
        spots += [(x, (y1 + y2 - h) / 2) for x in (x2 + gap, x1 - gap - w)]
        rects = [_within(x, y, w, h, width, height) for x, y in spots]
        rect = min(
            rects,
            key=lambda r: sum(8 * _overlap(r, t.rect) for t in placed) + sum(_overlap(r, b) for b in boxes),
        )
        placed.append(Tag(face, rect, small))
    return tuple(placed)


_PLACES_FIRST = {State.UNCERTAIN: 0, State.KNOWN: 1, State.UNKNOWN: 2}


def _within(x: float, y: float, w: int, h: int, width: int, height: int) -> Rect:
    left, top = round(min(max(x, 0), width - w)), round(min(max(y, 0), height - h))
    return left, top, left + w, top + h


def _overlap(a: Rect, b: tuple[float, float, float, float]) -> float:
    """Square pixels that two rectangles share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


# Boxes


def _draw_box(out: Image, face: RecognisedFace, sizes: _Sizes) -> None:
    """Draw halo and line of one face into `out`, working only on the four strips in which the line lies."""
    height, width = out.shape[:2]
    x1, y1, x2, y2 = face.box
    outline = _Outline(
        face.state, (x1 + x2) / 2, (y1 + y2) / 2, max(0.0, x2 - x1) / 2, max(0.0, y2 - y1) / 2, sizes
    )
    reach, depth = outline.reach, sizes(6) + outline.reach
    left, right, top, bottom = x1 - reach, x2 + reach + 1, y1 - reach, y2 + reach + 1
    # The strips meet in the middle of a small face, but never overlap: a pixel is blended once.
    top_end, bottom_start = min(y1 + depth, outline.y), max(y2 - depth, outline.y)
    left_end, right_start = min(x1 + depth, outline.x), max(x2 - depth, outline.x)
    for strip in (
        (left, top, right, top_end),
        (left, top_end, left_end, bottom_start),
        (right_start, top_end, right, bottom_start),
        (left, bottom_start, right, bottom),
    ):
        xa, xb = (int(min(max(v, 0), width)) for v in (strip[0], strip[2]))
        ya, yb = (int(min(max(v, 0), height)) for v in (strip[1], strip[3]))
        if xa >= xb or ya >= yb:
            continue
        halo, line = outline.coverage(
            np.arange(xa, xb, dtype=np.float32), np.arange(ya, yb, dtype=np.float32)
        )
        pixels = out[ya:yb, xa:xb].astype(np.float32)
        pixels += (np.array(INK, np.float32) - pixels) * (HALO_OPACITY * halo[..., None])
        pixels += (np.array(COLOURS[face.state], np.float32) - pixels) * line[..., None]
        out[ya:yb, xa:xb] = np.round(pixels)


@dataclass(frozen=True, slots=True)
class _Outline:
    """The line around a face: a rectangle with round corners, whole, dashed, or its four corners."""

    state: State
    x: float  # of the centre
    y: float
    half_width: float
    half_height: float
    sizes: _Sizes

    @property
    def _thickness(self) -> float:
        return (2.5 if self.state is State.UNKNOWN else 2.0) * self.sizes.unit

    @property
    def reach(self) -> float:
        """How far halo and line stand out of the box, pixels."""
        return self._thickness / 2 + self.sizes.unit + 1

    def coverage(self, columns: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """[h, w] each, 0..1: how much of these pixels the halo and the line cover."""
        dx, dy = np.abs(columns - self.x)[None, :], np.abs(rows - self.y)[:, None]
        radius = min(6 * self.sizes.unit, self.half_width, self.half_height)
        # Distance to the outline: measured from the rectangle of the corners' centres, less their radius.
        ox, oy = dx - (self.half_width - radius), dy - (self.half_height - radius)
        outside = np.hypot(np.maximum(ox, 0), np.maximum(oy, 0))
        distance = np.abs(outside + np.minimum(np.maximum(ox, oy), 0) - radius)
        line = np.clip(self._thickness / 2 + 0.5 - distance, 0, 1)
        halo = np.clip(self._thickness / 2 + self.sizes.unit + 0.5 - distance, 0, 1)
        if self.state is State.UNCERTAIN:  # the halo stays whole, so the gaps are dark
            line = line * np.where(
                ox > oy, self._dashes(dy, self.half_height), self._dashes(dx, self.half_width)
            )
        elif self.state is State.UNKNOWN:
            arms = self._arm(dx, self.half_width) * self._arm(dy, self.half_height)
            line, halo = line * arms, halo * arms
        return np.asarray(halo, np.float32), np.asarray(line, np.float32)

    def _dashes(self, d: Floats, half: float) -> Floats:
        """Where along an edge the dashes are, 7 on and 5 off; a dash is centred on each corner."""
        dash, period = 7 * self.sizes.unit, 12 * self.sizes.unit
        period = max(1.0, 2 * half / max(1, round(2 * half / period)))
        phase = np.abs((d - half + period / 2) % period - period / 2)
        return np.asarray(np.clip(dash / 2 + 0.5 - phase, 0, 1), np.float32)

    def _arm(self, d: Floats, half: float) -> Floats:
        """1 near the corners, 0 along the middle of an edge."""
        return np.asarray(np.clip(d - 0.56 * half + 0.5, 0, 1), np.float32)


# Tags


def _sprite_of(face: RecognisedFace, sizes: _Sizes, width: int, glyph_only: bool) -> Image:
    """The painted tag of a face, [h, w, 4] BGR and opacity."""
    if glyph_only:
        return _sprite(face.state, "", "", sizes, width)
    score = "" if face.state is State.UNKNOWN else f"{face.score:.2f}"
    return _sprite(face.state, _words(face), f"{score} #{face.track}".strip(), sizes, width)


def _words(face: RecognisedFace) -> str:
    """The name on the tag, in characters that can be drawn."""
    if face.state is State.UNKNOWN or face.person is None:
        return "Unknown"
    name = drawable(face.person)
    name = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"
    return f"{name}?" if face.state is State.UNCERTAIN else name


@lru_cache(maxsize=512)
def _sprite(state: State, name: str, rest: str, sizes: _Sizes, width: int) -> Image:
    """Paint a tag: glyph, name, and smaller the score and the track's number; at most two fifths of `width`."""
    size = sizes(12.5)
    small = max(8, round(size * 0.82))
    height, pad, glyph = sizes(22), sizes(6), sizes(12)
    name_room = max(0.4 * width, sizes(60)) - 4 * pad - glyph - width_of(rest, small)
    name = elided(name, size, name_room, "…?" if state is State.UNCERTAIN else "…")
    widths = [glyph, round(width_of(name, size)), round(width_of(rest, small))]
    total = sum(w for w in widths if w) + pad * (1 + sum(w > 0 for w in widths)) if name else height
    filled = state is not State.UNKNOWN
    fill, ink = (COLOURS[state], INK) if filled else (INK, COLOURS[state])
    words = PillowImage.new("L", (total, height), 0)
    baseline = round(height / 2 + size * 0.36)
    x = float(pad + glyph + pad)
    if name:
        write(words, x, baseline, name, size, 255)
        write(words, x + widths[1] + pad, baseline, rest, small, 200)
    marks = np.array(words)
    left = pad if name else (height - glyph) // 2
    top = (height - glyph) // 2
    marks[top : top + glyph, left : left + glyph] = _glyph(state, glyph)
    sprite = np.empty((height, total, 4), np.uint8)
    share = marks[..., None].astype(np.float32) / 255
    sprite[..., :3] = np.round(np.array(fill, np.float32) * (1 - share) + np.array(ink, np.float32) * share)
    opacity = np.full(marks.shape, 1.0 if filled else UNKNOWN_TAG_OPACITY, np.float32)
    body = _rounded(height, total, sizes(4))
    sprite[..., 3] = np.round(np.maximum(opacity, share[..., 0]) * body * 255)
    sprite.setflags(write=False)
    return sprite


def _paste(out: Image, sprite: Image, rect: Rect) -> None:
    x1, y1, x2, y2 = rect
    part = out[y1:y2, x1:x2]
    share = sprite[..., 3:].astype(np.float32) / 255
    part[:] = np.round(part * (1 - share) + sprite[..., :3] * share).astype(np.uint8)


def _rounded(height: int, width: int, radius: float) -> Floats:
    """[h, w] coverage, 0..1, of a filled rectangle with round corners."""
    dx = np.abs(np.arange(width, dtype=np.float32) - (width - 1) / 2)[None, :] - (width / 2 - radius)
    dy = np.abs(np.arange(height, dtype=np.float32) - (height - 1) / 2)[:, None] - (height / 2 - radius)
    return np.asarray(
        np.clip(radius + 0.5 - np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)), 0, 1), np.float32
    )


@lru_cache(maxsize=32)
def _glyph(state: State, size: int) -> Image:
    """[size, size] coverage of a state's mark, designed on a grid of 16."""
    scale = 8  # drawn eight times larger, then averaged
    big = np.zeros((16 * scale, 16 * scale), np.uint8)

    def path(*points: tuple[float, float]) -> list[NDArray[np.int32]]:
        return [np.round(np.array(points) * scale).astype(np.int32)]

    if state is State.KNOWN:
        cv2.circle(big, (8 * scale, 8 * scale), 7 * scale, 255, -1)
        cv2.polylines(
            big, path((4.8, 8.3), (7.1, 10.6), (11.3, 5.9)), False, 0, round(1.9 * scale), cv2.LINE_AA
        )
    elif state is State.UNCERTAIN:
        cv2.fillPoly(big, path((8, 0.8), (0.8, 8), (8, 15.2)), 255)
        cv2.polylines(big, path((8, 1.8), (14.2, 8), (8, 14.2)), False, 255, round(1.8 * scale), cv2.LINE_AA)
    else:
        for sx, sy in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
            bracket = path(*((8 + sx * x, 8 + sy * y) for x, y in ((2.5, 6.2), (6.2, 6.2), (6.2, 2.5))))
            cv2.polylines(big, bracket, False, 255, round(1.7 * scale), cv2.LINE_AA)
    return np.asarray(cv2.resize(big, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
