"""Draw the mistakes of the whole chain on photographs: the picture of docs/evaluation.md.

    .venv/bin/python bench/failures.py [--data DIR] [--model M] [--detector D] \\
        [--out docs/images/identification-failures.jpg]

The photographs of `lfw_original250_sample.zip` in the research data: of each of 60 people three are enrolled and the
fourth is a probe; 60 others are strangers. The picture shows the strangers who get a name at a false positive
rate of 0.1, each beside the enrolled photograph it was taken for, and the probes that would be missed if no stranger
at all were named. `facekd-cli evaluate identification` prints the rates.
"""

import argparse
import os
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import FacekdError
from facekd.evaluation.faces import embed_people, photographs_of_people, photographs_of_strangers
from facekd.evaluation.identification import Portraits, identification_report, search
from facekd.models import Registry
from facekd_ui.cli.networks import PICTURE_SIDE

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
OUT = ROOT / "out" / "bench" / "identification-failures.jpg"
FPIR = 0.1
SIDE = 104  # px of a face in the drawing
GAP = 8
COLUMNS = 4
MARGIN = 0.17  # share of a 250 px photograph cut from each side; the face fills its middle


@dataclass(frozen=True, slots=True)
class Tile:
    """Two photographs side by side with a caption of two lines and a score."""

    left: str
    right: str
    captions: tuple[str, str]
    score: float


def unpack(archive: Path, folder: Path) -> None:
    """`gallery/NAME/`, `probes/NAME/` and `strangers/` below `folder`."""
    with zipfile.ZipFile(archive) as pictures:
        for name in pictures.namelist():
            kind, person, file = name.split("/")
            role = "probes" if file.endswith("_0004.jpg") else "gallery"
            target = folder / "strangers" / file if kind == "unknown" else folder / role / person / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(pictures.read(name))


def nearest(gallery: Portraits, pictures: Portraits, row: int, person: str) -> str:
    """The enrolled photograph of `person` that picture `row` resembles most."""
    rows = [number for number, name in enumerate(gallery.people) if name == person]
    scores = gallery.embeddings.vectors[rows] @ pictures.embeddings.vectors[row]
    return gallery.files[rows[int(np.argmax(scores))]]


def find(gallery: Portraits, probes: Portraits, strangers: Portraits) -> list[tuple[str, list[Tile]]]:
    """The mistakes in two groups, each with its heading."""
    result = identification_report(gallery, probes, strangers)
    named, taken_for = search(gallery, probes), search(gallery, strangers)
    at_rate, at_zero = result.fnir_at(FPIR), result.fnir_at(0)
    wrong = [
        Tile(
            strangers.files[row],
            nearest(gallery, strangers, row, taken_for.person[row]),
            (readable(Path(strangers.files[row]).stem[:-5]), f"as {readable(taken_for.person[row])}"),
            float(taken_for.score[row]),
        )
        for row in np.argsort(-taken_for.score)
        if taken_for.score[row] >= at_rate.threshold
    ]
    missed = [
        Tile(
            probes.files[row],
            nearest(gallery, probes, row, probes.people[row]),
            (readable(probes.people[row]), ""),
            float(named.score[row]),
        )
        for row in np.argsort(named.score)
        if not result.right[row] or named.score[row] < at_zero.threshold
    ]
    return [
        (
            f"Strangers who get a name at threshold {at_rate.threshold:.3f} ({len(wrong)} of {len(strangers)}): "
            "stranger, and the enrolled person taken for",
            wrong,
        ),
        (
            f"Probes that would be missed if no stranger at all were named (threshold {at_zero.threshold:.3f}, "
            f"{len(missed)} of {len(probes)}): probe, best enrolled picture",
            missed,
        ),
    ]


def readable(name: str) -> str:
    """A name as LFW writes it in file names."""
    return name.replace("_", " ")


def draw(groups: Sequence[tuple[str, list[Tile]]]) -> Image.Image:
    """Both groups on one white sheet."""
    small, bold = ImageFont.load_default(11), ImageFont.load_default(14)
    step_x, step_y, heading = 2 * SIDE + 14, SIDE + 44, 26
    heights = [heading + step_y * -(-len(tiles) // COLUMNS) for _, tiles in groups]
    sheet = Image.new("RGB", (COLUMNS * step_x + GAP, sum(heights)), "white")
    pen = ImageDraw.Draw(sheet)
    top = 0
    for (title, tiles), height in zip(groups, heights, strict=True):
        pen.text((GAP, top + 5), title, font=bold, fill="black")
        for number, tile in enumerate(tiles):
            x, y = GAP + number % COLUMNS * step_x, top + heading + number // COLUMNS * step_y
            for place, file in enumerate((tile.left, tile.right)):
                sheet.paste(middle_of(file), (x + place * (SIDE + 2), y))
            for line, caption in enumerate(tile.captions):
                pen.text((x, y + SIDE + 3 + 14 * line), caption, font=small, fill="black")
            pen.text(
                (x + 2 * SIDE, y + SIDE + 3), f"{tile.score:.3f}", font=small, fill="#a00000", anchor="ra"
            )
        top += height
    return sheet


def middle_of(file: str) -> Image.Image:
    """The middle of a photograph, SIDE pixels wide."""
    with Image.open(file) as photograph:
        width, height = photograph.size
        box = (MARGIN * width, MARGIN * height, (1 - MARGIN) * width, (1 - MARGIN) * height)
        return photograph.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)


def main() -> int:
    """Measure, draw, and say where the picture is."""
    parser = argparse.ArgumentParser(description="Draw the mistakes of the whole chain.")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the research data")
    parser.add_argument(
        "--model", metavar="M", help="face embedder, as for facekd-cli (default: its default)"
    )
    parser.add_argument("--detector", metavar="D", help="face detector, likewise")
    parser.add_argument("--out", type=Path, default=OUT, metavar="F.jpg", help="default: %(default)s")
    args = parser.parse_args()
    archive = args.data / "faces" / "lfw_original250_sample.zip"
    if not archive.is_file():
        print(f"failures: expected {archive}, found no such file; give --data", file=sys.stderr)
        return 2
    os.environ.setdefault("FACEKD_MODELS", str(args.data / "weights"))
    registry = Registry.from_environment(ROOT / "out")
    try:
        detector = Detector(registry.choose(args.detector, "detector"), long_side=PICTURE_SIDE)
        embedder = Embedder(registry.choose(args.model, "embedder"))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            unpack(archive, folder)
            gallery, probes, strangers = (
                embed_people(photographs, detector, embedder, lambda _: None)
                for photographs in (
                    photographs_of_people(folder / "gallery"),
                    photographs_of_people(folder / "probes"),
                    photographs_of_strangers(folder / "strangers"),
                )
            )
            groups = find(gallery, probes, strangers)
            args.out.parent.mkdir(parents=True, exist_ok=True)
            draw(groups).save(args.out, quality=80, optimize=True)
    except FacekdError as error:
        print(f"failures: {error}", file=sys.stderr)
        return error.exit_status
    for title, tiles in groups:
        print(title)
        for tile in tiles:
            print(f"  {tile.score:.3f}  {'  '.join(filter(None, tile.captions))}")
    print(f"drawn into {args.out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
