"""From pictures to what is compared: aligned crops straight to the embedder, photographs through detection first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facekd.align import SIZE
from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import InputError
from facekd.evaluation.identification import Portraits
from facekd.images import list_pictures, read_image
from facekd.packed import Packed, is_labelled
from facekd.types import Embeddings, Floats, Image

BATCH = 64
Advance = Callable[[int], None]
"""Called with the number of pictures done since the last call."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture file and the person whom it shows."""

    path: Path
    person: str


def embed_packed(packed: Packed, rows: NDArray[np.intp], embedder: Embedder, advance: Advance) -> Embeddings:
    """Embeddings [len(rows), d] of aligned crops of a packed npz, without detection and without flip.

    Raises:
        InputError: a picture is broken (ImageError) or not 112x112.
    """
    parts = []
    for begin in range(0, len(rows), BATCH):
        batch = rows[begin : begin + BATCH]
        parts.append(embedder.embed(np.stack([_crop_rgb(packed, row) for row in batch.tolist()])).vectors)
        advance(len(batch))
    return _joined(parts, embedder)


def portraits_of_packed(packed: Packed, embedder: Embedder, advance: Advance) -> Portraits:
    """The aligned crops of a packed npz whose identity is known.

    Raises InputError as `embed_packed`, and when the npz has no `files` or no `identity`.
    """
    if not packed.files or packed.identity is None:
        raise InputError(
            f"{packed.path}: expected `files` and `identity`, got a packed npz without; nobody knows whom it shows"
        )
    rows = np.flatnonzero(is_labelled(packed.identity))
    advance(len(packed) - len(rows))
    return Portraits(
        tuple(packed.files[row] for row in rows.tolist()),
        tuple(map(str, packed.identity[rows].tolist())),
        embed_packed(packed, rows, embedder, advance),
        np.ones(len(rows), np.bool_),
    )


def embed_photographs(
    paths: Sequence[Path], detector: Detector, embedder: Embedder, advance: Advance, *, crops: bool = False
) -> tuple[Embeddings, NDArray[np.bool_]]:
    """The largest face of each photograph: embeddings [n, d] and whether there was a face [n].

    Args:
        paths: picture files.
        detector: finds the faces.
        embedder: aligns and embeds the largest.
        advance: called after each picture.
        crops: take pictures of exactly 112x112 as aligned crops, which need no detection.

    Raises:
        ImageError: a file cannot be read. It is not counted as a missed face: the figures would look worse or better
            for a reason that has nothing to do with the recogniser.
    """
    parts, found = [], np.zeros(len(paths), np.bool_)
    for row, path in enumerate(paths):
        image = read_image(path)
        vector = _crop(image, embedder) if crops and image.shape[:2] == (SIZE, SIZE) else None
        if vector is None:
            vector = _largest_face(image, detector, embedder)
        found[row] = vector is not None
        parts.append(np.zeros((1, embedder.card.dim or 0), np.float32) if vector is None else vector)
        advance(1)
    return _joined(parts, embedder), found


def photographs_of_people(folder: Path) -> list[Photograph]:
    """The pictures of `folder`/NAME/..., each with its NAME, sorted by path.

    Raises:
        InputError: no such folder, no picture in it, or a picture outside a person's folder.
    """
    photographs = [Photograph(path, path.relative_to(folder).parts[0]) for path in _pictures(folder)]
    flat = [one.path.name for one in photographs if one.path.parent == folder]
    if flat:
        raise InputError(
            f"{folder}: expected a folder for each person, got {len(flat)} pictures beside them (first: {flat[0]}); "
            "move each into the folder of its person"
        )
    return photographs


def photographs_of_strangers(folder: Path) -> list[Photograph]:
    """The pictures in and below a folder, each person being the path: nobody is asked who strangers are.

    Raises InputError as `photographs_of_people`, except that flat folders are welcome.
    """
    return [Photograph(path, str(path.relative_to(folder))) for path in _pictures(folder)]


def embed_people(
    photographs: Sequence[Photograph], detector: Detector, embedder: Embedder, advance: Advance
) -> Portraits:
    """Photographs of one role through the whole chain. Raises ImageError as `embed_photographs`."""
    embeddings, found = embed_photographs([one.path for one in photographs], detector, embedder, advance)
    return Portraits(
        tuple(str(one.path) for one in photographs),
        tuple(one.person for one in photographs),
        embeddings,
        found,
    )


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(
            f"{folder}: expected a folder of photographs, found {'a file' if folder.exists() else 'nothing'}"
        )
    pictures = list_pictures(folder)
    if not pictures:
        raise InputError(
            f"{folder}: expected photographs in this folder, found none; see --help for the layout"
        )
    return pictures


def _crop_rgb(packed: Packed, row: int) -> Image:
    crop = packed.image_rgb(row)
    if crop.shape != (SIZE, SIZE, 3):
        name = f" ({packed.files[row]})" if packed.files else ""
        raise InputError(
            f"{packed.path}: expected aligned crops of {SIZE}x{SIZE} pixels, picture {row}{name} has "
            f"{crop.shape[1]}x{crop.shape[0]}; unpack photographs into a folder, they go through detection"
        )
    return crop


def _crop(image: Image, embedder: Embedder) -> Floats:
    return embedder.embed(np.ascontiguousarray(image[None, :, :, ::-1])).vectors


def _largest_face(image: Image, detector: Detector, embedder: Embedder) -> Floats | None:
    faces = detector.detect(image)
    if not len(faces):
        return None
    return embedder.embed_faces(image, faces.landmarks[[faces.largest()]]).vectors


def _joined(parts: Sequence[Floats], embedder: Embedder) -> Embeddings:
    return Embeddings(
        np.concatenate(parts) if parts else np.zeros((0, embedder.card.dim or 0), np.float32),
        embedder.model_id,
    )
