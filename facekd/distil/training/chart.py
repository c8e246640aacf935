"""Curves over epochs as SVG and PNG, from one list of lines; no plotting library is needed for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 900, 520
LEFT, RIGHT, TOP, BOTTOM = 70, 250, 40, 50
SCALE = 2  # of the PNG
# Okabe and Ito's palette, which colour-blind readers tell apart
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#b8a800")


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where data lie on the page."""

    x: tuple[float, float]
    y: tuple[float, float]

    @classmethod
    def around(cls, curves: Sequence[Curve]) -> "Frame":
        """The smallest frame that holds all points, with some air above and below."""
        xs = [x for curve in curves for x, _ in curve.points] or [0.0, 1.0]
        ys = [y for curve in curves for _, y in curve.points] or [0.0, 1.0]
        air = 0.05 * (max(ys) - min(ys)) or 0.5
        return cls((min(xs), max(max(xs), min(xs) + 1)), (min(ys) - air, max(ys) + air))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Pixels on the page."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def ticks(self, axis: str) -> list[float]:
        """Five values along an axis."""
        low, high = self.x if axis == "x" else self.y
        return [low + k * (high - low) / 4 for k in range(5)]


def write_svg(path: Path, title: str, curves: Sequence[Curve], unit: str) -> None:
    """The chart as SVG."""
    frame = Frame.around(curves)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{escape(title)}</text>',
    ]
    for y in frame.ticks("y"):
        x0, at = frame.place(frame.x[0], y)
        x1, _ = frame.place(frame.x[1], y)
        parts.append(f'<path d="M{x0:.1f} {at:.1f}H{x1:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{y:.4g}</text>')
    for x in frame.ticks("x"):
        at, bottom = frame.place(x, frame.y[0])
        parts.append(f'<text x="{at:.1f}" y="{bottom + 20:.1f}" text-anchor="middle">{x:.4g}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(unit)}</text>')
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        path_text = " ".join(f"{x:.1f},{y:.1f}" for x, y in (frame.place(*point) for point in curve.points))
        parts.append(f'<polyline points="{path_text}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at = TOP + 18 * number
        parts.append(f'<path d="M{WIDTH - RIGHT + 12} {at}h18" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 36}" y="{at + 4}">{escape(curve.name)}</text>')
    path.write_text("\n".join([*parts, "</svg>\n"]), "utf-8")


def write_png(path: Path, title: str, curves: Sequence[Curve], unit: str) -> None:
    """The same chart as PNG, twice as large."""
    frame = Frame.around(curves)
    picture = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "white")
    draw = ImageDraw.Draw(picture)
    small, large = (ImageFont.load_default(size * SCALE) for size in (13, 16))

    def scaled(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * SCALE, y * SCALE) for x, y in points]

    def text(x: float, y: float, words: str, anchor: str = "lm", font: object = small) -> None:
        draw.text((x * SCALE, y * SCALE), words, "black", font=font, anchor=anchor)  # type: ignore[arg-type]

    text(LEFT, 20, title, font=large)
    for y in frame.ticks("y"):
        draw.line(scaled(frame.place(frame.x[0], y), frame.place(frame.x[1], y)), "#dddddd", SCALE)
        text(LEFT - 8, frame.place(frame.x[0], y)[1], f"{y:.4g}", "rm")
    for x in frame.ticks("x"):
        at, bottom = frame.place(x, frame.y[0])
        text(at, bottom + 16, f"{x:.4g}", "mm")
    text(LEFT, HEIGHT - 12, unit)
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        draw.line(scaled(*(frame.place(*point) for point in curve.points)), colour, 2 * SCALE, joint="curve")
        at = TOP + 18 * number
        draw.line(scaled((WIDTH - RIGHT + 12, at), (WIDTH - RIGHT + 30, at)), colour, 3 * SCALE)
        text(WIDTH - RIGHT + 36, at, curve.name)
    picture.save(path)
