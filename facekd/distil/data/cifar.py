"""CIFAR-10 and CIFAR-100 in the two forms that their page publishes: Python pickles and binary records.

A pickle is a program. `_Reader` runs none of it: every name that it asks for is refused, except the three that make
up an array of bytes, and those are replaced by a class of ours that holds bytes.
Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", and the data set's page: rows of 3,072
bytes, planes R, G, B of 32 x 32; CIFAR-100's binary rows begin with the coarse and the fine label.
"""

import io
import pickle
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facekd.distil.data.imageset import Entry, Listing, digest_of
from facekd.errors import InputError
from facekd.types import Image

PIXELS = 32 * 32 * 3
Part = Literal["train", "test"]
# file name -> the part that it belongs to
FILES: dict[str, Part] = {
    **dict.fromkeys((f"data_batch_{k}{suffix}" for k in range(1, 6) for suffix in ("", ".bin")), "train"),
    **dict.fromkeys(("train", "train.bin"), "train"),
    **dict.fromkeys(("test_batch", "test_batch.bin", "test", "test.bin"), "test"),
}


def list_cifar(path: Path, part: Part) -> Listing:
    """The images of CIFAR-10 or CIFAR-100.

    Args:
        path: the unpacked folder, the published `.tar.gz` itself, or one file of either.
        part: `train` or `test`; a single file is taken as it is.

    Raises:
        InputError: none of the published files is there, or one is damaged.
    """
    files = _files(path, part)
    if not files:
        raise InputError(
            f"{path}: expected the files of CIFAR-10 or CIFAR-100 for {part} (data_batch_1 ..., train, or .bin), "
            "found none"
        )
    entries = []
    for name, data in files.items():
        pixels, labels = _read_binary(name, data) if name.endswith(".bin") else _read_pickle(name, data)
        for row, label in enumerate(labels.tolist()):
            entries.append(Entry(f"{name}:{row}", str(label), partial(_image, pixels, row)))
    content = (part for name, data in files.items() for part in (name.encode(), data))
    return Listing(str(path), tuple(entries), digest_of(content))


def _image(pixels: NDArray[np.uint8], row: int) -> Image:
    return np.ascontiguousarray(pixels[row].reshape(3, 32, 32).transpose(1, 2, 0))


def _files(path: Path, part: Part) -> dict[str, bytes]:
    try:
        if path.is_dir():
            below = sorted(p for p in path.rglob("*") if FILES.get(p.name) == part and p.is_file())
            return {p.name: p.read_bytes() for p in below}
        if path.name in FILES:
            return {path.name: path.read_bytes()}
        if path.is_file():
            with tarfile.open(path) as archive:
                members = [m for m in archive if m.isfile() and FILES.get(Path(m.name).name) == part]
                members.sort(key=lambda member: member.name)
                streams = {Path(m.name).name: archive.extractfile(m) for m in members}
                return {name: stream.read() for name, stream in streams.items() if stream}
    except (OSError, tarfile.TarError, EOFError) as error:
        raise InputError(f"{path}: the files of CIFAR cannot be read ({error}); copy them again") from error
    raise InputError(f"{path}: expected the folder or archive of CIFAR-10 or CIFAR-100, found nothing")


def _read_binary(name: str, data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    before = 2 if name in ("train.bin", "test.bin") else 1  # CIFAR-100 has the coarse label first
    row = PIXELS + before
    if not data or len(data) % row:
        raise InputError(f"{name}: expected records of {row:,} bytes, got {len(data):,} bytes; copy it again")
    table = np.frombuffer(data, np.uint8).reshape(-1, row)
    return table[:, before:], table[:, before - 1].astype(np.int64)


def _read_pickle(name: str, data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        table = _Reader(io.BytesIO(data), encoding="latin1").load()
    except InputError:
        raise
    except Exception as error:  # hostile bytes: pickle raises whatever its machine stumbles over
        raise InputError(
            f"{name}: expected a CIFAR batch, but it is damaged ({error}); copy it again"
        ) from error
    labels = table.get("fine_labels", table.get("labels")) if isinstance(table, dict) else None
    array = table.get("data") if isinstance(table, dict) else None
    pixels = array.values if isinstance(array, _Bytes) else None
    if pixels is None or not isinstance(labels, list) or pixels.size != len(labels) * PIXELS:
        raise InputError(
            f"{name}: expected a CIFAR batch with `data` [n, {PIXELS}] and n labels, got neither"
        )
    if not all(isinstance(label, int) and 0 <= label < 100 for label in labels):
        raise InputError(f"{name}: expected labels from 0 to 99")
    return pixels.reshape(-1, PIXELS), np.array(labels, np.int64)


class _Bytes:
    """Stands for a NumPy array within a pickle; accepts only plain uint8 content."""

    def __init__(self, *_: Any) -> None:
        self.values: NDArray[np.uint8] | None = None

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and state and isinstance(raw := state[-1], str | bytes):
            # the files are of Python 2, where bytes were strings; latin1 keeps each byte
            self.values = np.frombuffer(raw.encode("latin1") if isinstance(raw, str) else raw, np.uint8)


class _Dtype:
    """Stands for a NumPy dtype within a pickle; only one byte a value is accepted."""

    def __init__(self, kind: Any, *_: Any) -> None:
        if kind != "u1":
            raise ValueError(f"expected an array of uint8, got {kind!r}")

    def __setstate__(self, state: Any) -> None:
        pass


def _encode(text: Any, encoding: Any) -> bytes:
    """What Python 3 asks for when it wrote bytes with protocol 2."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("unexpected use of an encoder")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _Bytes,
    ("numpy._core.multiarray", "_reconstruct"): _Bytes,
    ("numpy", "ndarray"): _Bytes,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        allowed = _ALLOWED.get((module, name))
        if allowed is None:
            raise InputError(
                f"expected a CIFAR batch, but the file asks to run {module}.{name}; do not trust where it is from"
            )
        return allowed
