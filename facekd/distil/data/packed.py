"""Packed npz files (contracts section 2) as listings: the class is `identity` or `label`."""

from functools import partial
from pathlib import Path
from typing import Literal

from facekd.distil.data.imageset import Entry, Listing
from facekd.errors import InputError
from facekd.modelcard import file_digest
from facekd.packed import Packed, is_labelled


def list_packed(path: Path, task: Literal["face", "classification"]) -> Listing:
    """The images of a packed npz. Faces are classed by `identity`, else by `label`; others the other way round.

    Raises InputError when the file is missing or no packed npz.
    """
    packed = Packed.open(path)
    first, second = packed.identity, packed.label
    if task == "classification":
        first, second = second, first
    values = first if first is not None else second
    if values is None:
        labels = [""] * len(packed)
    else:
        known = is_labelled(values).tolist()
        labels = [str(v) if k else "" for v, k in zip(values.tolist(), known, strict=True)]
    names = packed.files or tuple(f"{path.name}:{row}" for row in range(len(packed)))
    entries = [
        Entry(name, label, partial(packed.image_rgb, row))
        for row, (name, label) in enumerate(zip(names, labels, strict=True))
    ]
    try:
        digest = file_digest(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return Listing(str(path), tuple(entries), digest)
