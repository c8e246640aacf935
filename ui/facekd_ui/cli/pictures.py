"""`detect`, `embed` and `verify`: faces in pictures, without a store."""

import argparse
import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import ImageError, InputError
from facekd.evaluation.faces import embed_packed
from facekd.images import read_image
from facekd.inputs import Picture, count_pictures, open_pictures
from facekd.modelcard import ModelCard
from facekd.packed import Packed
from facekd.policy import Policy, threshold_at
from facekd.types import Faces
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.networks import add_options, open_detector, open_embedder
from facekd_ui.cli.output import Output

OK, NO_FACE, UNREADABLE = 0, 1, 2


def add_to(commands: Commands) -> None:
    """Add the three commands."""
    detect = commands.add(
        "detect", "find faces and their landmarks",
        ("facekd-cli detect holiday.jpg", "one picture"),
        ("facekd-cli --json detect photos/ > faces.jsonl", "a folder, one JSON line a picture"),
        ("facekd-cli detect album.zip --detector scrfd_500m_bnkps", "a zip, with another detector"),
    )  # fmt: skip
    detect.add_argument("path", type=Path, metavar="PATH", help="picture, folder, zip or video")
    add_options(detect, embedder=False)
    detect.set_defaults(run=run_detect)

    embed = commands.add(
        "embed", "turn faces into embeddings",
        ("facekd-cli embed photos/ --out photos.npz", "the largest face of each picture"),
        ("facekd-cli embed crops.npz --out e.npz --model student.onnx", "aligned crops, with a model of yours"),
    )  # fmt: skip
    embed.add_argument(
        "path", type=Path, metavar="PATH", help="picture, folder, zip, video, or packed npz of crops"
    )
    embed.add_argument("--out", type=Path, required=True, metavar="F.npz", help="where the embeddings go")
    add_options(embed)
    embed.set_defaults(run=run_embed)

    verify = commands.add(
        "verify", "tell whether two photographs show the same person",
        ("facekd-cli verify ada1.jpg ada2.jpg", "answer, score and threshold"),
        ("facekd-cli verify a.jpg b.jpg --fmr 1e-5", "stricter: one wrong 'same' in 100,000 pairs of strangers"),
    )  # fmt: skip
    verify.add_argument("a", type=Path, metavar="A", help="photograph; its largest face counts")
    verify.add_argument("b", type=Path, metavar="B", help="the other photograph")
    verify.add_argument(
        "--fmr", type=float, default=1e-4, metavar="RATE",
        help="false match rate whose threshold decides, from the model's card (default: %(default)s)",
    )  # fmt: skip
    add_options(verify)
    verify.set_defaults(run=run_verify)


def run_detect(args: argparse.Namespace, out: Output) -> int:
    """One line a picture. The detector opens with the first readable one, so bad input fails fast."""
    detector: Detector | None = None
    rows: list[tuple[object, ...]] = []
    for picture in _with_progress(args.path, out, "Detecting"):
        if picture.image is None:
            out.line(
                {"file": picture.name, "width": None, "height": None, "faces": [], "error": picture.error}
            )
            _unreadable(picture, args.path, out)
            continue
        detector = detector or open_detector(args)
        faces = detector.detect(picture.image)
        height, width = picture.image.shape[:2]
        out.line({"file": picture.name, "width": width, "height": height, "faces": _as_json(faces)})
        for row in range(len(faces)):
            x1, y1, x2, y2 = (round(float(value)) for value in faces.boxes[row])
            rows.append((picture.name, row + 1, f"{x1},{y1} {x2 - x1}x{y2 - y1}", float(faces.scores[row])))
        if not len(faces):
            rows.append((picture.name, "-", "no face", "-"))
    if rows:
        out.table("", ("picture", "face", "place", "score"), rows)
    return 0


def run_embed(args: argparse.Namespace, out: Output) -> int:
    """Write `files`, `embeddings`, `status` and `model_id`."""
    if not args.out.parent.is_dir():
        raise InputError(f"{args.out}: there is no folder {args.out.parent}; make it or choose another place")
    embedder = open_embedder(args)
    if args.path.suffix.lower() == ".npz":
        packed = Packed.open(args.path)
        with out.progress("Embedding", len(packed)) as advance:
            vectors = embed_packed(packed, np.arange(len(packed)), embedder, advance).vectors
        files = list(packed.files) or [str(row) for row in range(len(packed))]
        status = np.full(len(packed), OK, np.uint8)
    else:
        files, status, vectors = _embed_pictures(args, embedder, out)
    _write_npz(
        args.out,
        files=np.asarray(files),
        embeddings=vectors,
        status=status,
        model_id=np.asarray(embedder.model_id),
    )
    counts = {"faces": int((status == OK).sum()), "no_face": int((status == NO_FACE).sum())}
    counts["unreadable"] = int((status == UNREADABLE).sum())
    out.document({"out": str(args.out), "model_id": embedder.model_id, "n": len(files), **counts})
    out.say(
        f"{args.out}: {counts['faces']} embeddings of {embedder.card.name}, {counts['no_face']} pictures without "
        f"a face, {counts['unreadable']} unreadable"
    )
    return 0


def run_verify(args: argparse.Namespace, out: Output) -> int:
    """Compare the largest faces of two photographs."""
    if not 0 < args.fmr < 1:
        raise InputError(f"--fmr: expected a rate between 0 and 1, got {args.fmr:g}")
    images = [read_image(path) for path in (args.a, args.b)]
    detector, embedder = open_detector(args), open_embedder(args)
    sides = []
    for path, image in zip((args.a, args.b), images, strict=True):
        faces = detector.detect(image)
        if not len(faces):
            raise InputError(f"{path}: expected a face in this photograph, found none; choose another one")
        largest = faces.take(np.asarray([faces.largest()]))
        sides.append((largest, embedder.embed_faces(image, largest.landmarks).vectors[0]))
    score = float(sides[0][1] @ sides[1][1])
    threshold, fmr = _threshold(embedder.card, args.fmr)
    same = score >= threshold
    faces_json = [
        {"file": str(path), **_as_json(face)[0]}
        for path, (face, _) in zip((args.a, args.b), sides, strict=True)
    ]
    out.document({"same": same, "score": score, "threshold": threshold, "fmr": fmr, "faces": faces_json})
    verdict = "the same person" if same else "not shown to be the same person"
    out.say(
        f"{verdict}: likeness {score:.3f}, threshold {threshold:.3f} (one wrong 'same' in {1 / fmr:,.0f} pairs)"
    )
    return 0


def _threshold(card: ModelCard, fmr: float) -> tuple[float, float]:
    """Threshold at a rate, and the rate, moved to the table's nearest end when it lies beyond what was measured."""
    Policy.from_card(card, 1)  # refuses a card without a table
    rates = [row.far for row in card.threshold]
    carried = min(max(fmr, min(rates)), max(rates))
    return threshold_at(card, carried), carried


def _embed_pictures(
    args: argparse.Namespace, embedder: Embedder, out: Output
) -> tuple[list[str], np.ndarray[Any, np.dtype[np.uint8]], np.ndarray[Any, np.dtype[np.float32]]]:
    detector = open_detector(args)
    files, status, vectors = [], [], []
    zero = np.zeros(embedder.card.dim or 0, np.float32)
    for picture in _with_progress(args.path, out, "Embedding"):
        files.append(picture.name)
        faces = detector.detect(picture.image) if picture.image is not None else None
        if picture.image is None or faces is None:
            _unreadable(picture, args.path, out)
            status.append(UNREADABLE)
            vectors.append(zero)
        elif not len(faces):
            status.append(NO_FACE)
            vectors.append(zero)
        else:
            landmarks = faces.landmarks[[faces.largest()]]
            status.append(OK)
            vectors.append(embedder.embed_faces(picture.image, landmarks).vectors[0])
    return files, np.asarray(status, np.uint8), np.stack(vectors)


def _with_progress(path: Path, out: Output, description: str) -> Iterator[Picture]:
    pictures = open_pictures(path)
    with out.progress(description, count_pictures(path)) as advance:
        for picture in pictures:
            yield picture
            advance(1)


def _unreadable(picture: Picture, path: Path, out: Output) -> None:
    """In a folder an unreadable file is one remark among others; alone it is bad input."""
    if not path.is_dir() and not zipfile.is_zipfile(path):
        raise ImageError(str(picture.error))
    out.note(str(picture.error))


def _as_json(faces: Faces) -> list[dict[str, Any]]:
    return [
        {
            "box": [round(float(value), 2) for value in faces.boxes[row]],
            "score": round(float(faces.scores[row]), 4),
            "landmarks": [[round(float(x), 2), round(float(y), 2)] for x, y in faces.landmarks[row]],
        }
        for row in range(len(faces))
    ]


def _write_npz(path: Path, **arrays: np.ndarray[Any, Any]) -> None:
    """Write and rename, so that a full disk or a killed process leaves no half file."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            partial = Path(file.name)
            try:
                np.savez(file, allow_pickle=False, **arrays)
            except BaseException:
                with contextlib.suppress(OSError):
                    partial.unlink()
                raise
        partial.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); choose another place for --out"
        ) from error
