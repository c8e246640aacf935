"""Packed sets of pictures: one npz with all encoded images end to end, the form in which data sets travel.

`data` uint8 [bytes] holds JPEG, PNG or WebP files one after another and `offsets` int64 [n + 1] says where each
begins; `files`, `identity` and `label` [n] are optional. Values are integers or strings; -1 means unlabelled.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facekd.errors import InputError
from facekd.images import decode_image
from facekd.types import Ids, Image

Labels = Ids | NDArray[np.str_]
"""[n] integers or strings; -1 (or "-1", or an empty string) is unlabelled."""

NOT_PACKED = "expected a packed npz (arrays `data` uint8 and `offsets` int64 of n + 1 values)"


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """The pictures of one packed npz: encoded bytes in memory, decoded one at a time when asked for."""

    path: Path
    data: NDArray[np.uint8]  # [bytes]
    offsets: Ids  # [n + 1], not falling, within `data`
    files: tuple[str, ...] = ()  # n names, or none
    identity: Labels | None = None  # [n], who it is
    label: Labels | None = None  # [n], which class it is

    @classmethod
    def open(cls, path: Path | str) -> "Packed":
        """Read and check a packed npz.

        Raises:
            InputError: the file is missing, truncated or not a packed npz; says which array is wrong.
        """
        path = Path(path)
        arrays = _read_arrays(path)
        if "data" not in arrays or "offsets" not in arrays:
            raise InputError(f"{path}: {NOT_PACKED}, got {', '.join(sorted(arrays)) or 'no arrays'}")
        data, offsets = arrays["data"], arrays["offsets"]
        if data.dtype != np.uint8 or data.ndim != 1:
            raise InputError(f"{path}: expected `data` as uint8 [bytes], got {_described(data)}")
        if not np.issubdtype(offsets.dtype, np.integer) or offsets.ndim != 1 or len(offsets) < 1:
            raise InputError(f"{path}: expected `offsets` as int64 [n + 1], got {_described(offsets)}")
        if offsets[0] < 0 or offsets[-1] > len(data) or np.any(offsets[1:] < offsets[:-1]):
            raise InputError(
                f"{path}: expected `offsets` that never fall and end within the {len(data):,} bytes of `data`, "
                f"got {offsets.min():,} to {offsets.max():,}; the file is damaged, write it again"
            )
        columns = {name: _column(path, name, arrays.get(name), len(offsets) - 1) for name in COLUMNS}
        files = columns.pop("files")
        return cls(path, data, offsets.astype(np.int64), () if files is None else _texts(files), **columns)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def encoded(self, row: int) -> NDArray[np.uint8]:
        """The bytes of picture `row` as they were packed; a view, not a copy."""
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} of a packed npz with {len(self)} pictures")
        return self.data[self.offsets[row] : self.offsets[row + 1]]

    def image_bgr(self, row: int) -> Image:
        """Picture `row`, [H, W, 3] BGR, as `facekd.images.decode_image` returns it.

        Raises:
            ImageError: the bytes are no picture that can be used; names the file, the row and what came.
        """
        encoded = self.encoded(row).tobytes()
        name = f" ({self.files[row]})" if self.files else ""
        return decode_image(encoded, f"{self.path}, picture {row}{name}")

    def image_rgb(self, row: int) -> Image:
        """Picture `row`, [H, W, 3] RGB. Raises ImageError as `image_bgr` does."""
        return np.ascontiguousarray(self.image_bgr(row)[:, :, ::-1])


COLUMNS = ("files", "identity", "label")


def is_labelled(values: Labels) -> NDArray[np.bool_]:
    """[n] True where a value of `identity` or `label` names something: not -1, "-1" or an empty string."""
    if np.issubdtype(values.dtype, np.integer):
        return np.asarray(values != -1)
    return np.asarray((values != "-1") & (values != ""))


def write_packed(
    path: Path | str,
    images: Iterable[bytes],
    *,
    files: Sequence[str] | None = None,
    identity: Sequence[int] | Sequence[str] | None = None,
    label: Sequence[int] | Sequence[str] | None = None,
) -> None:
    """Write encoded pictures as a packed npz; the file appears complete or not at all.

    Args:
        path: where to; an existing file is replaced.
        images: encoded pictures (the bytes of a JPEG, PNG or WebP file each).
        files: one name for each picture.
        identity: who each picture shows, integers or strings; -1 where unknown.
        label: the class of each picture, likewise.

    Raises:
        ValueError: a column is not as long as the pictures are many, or mixes integers with strings.
    """
    path, parts = Path(path), list(images)
    arrays: dict[str, Any] = {
        "data": np.frombuffer(b"".join(parts), np.uint8),
        "offsets": np.cumsum([0, *map(len, parts)], dtype=np.int64),
    }
    for name, values in (("files", files), ("identity", identity), ("label", label)):
        if values is None:
            continue
        if len(values) != len(parts):
            raise ValueError(f"write_packed: {len(parts)} pictures but {len(values)} values of `{name}`")
        arrays[name] = _stored(name, values)
    # beside the target, so that the final rename stays within one file system
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the npz that belong to the format; others (landmarks, ages) stay on disk."""
    if not path.is_file():
        raise InputError(f"{path}: expected a packed npz, found {'a folder' if path.is_dir() else 'no file'}")
    wanted = {"data", "offsets", *COLUMNS}
    try:
        # opened here, because NumPy leaves its own handle open when the file turns out to be broken
        with path.open("rb") as file:
            npz = np.load(file, allow_pickle=False)
            if isinstance(npz, np.ndarray):
                raise InputError(f"{path}: {NOT_PACKED}, got a single array")
            return {name: npz[name] for name in npz.files if name in wanted}
    except InputError:
        raise
    except Exception as e:  # hostile bytes: zipfile and NumPy raise seven kinds of errors
        raise InputError(
            f"{path}: {NOT_PACKED}, but the file is damaged or of another kind ({type(e).__name__}); copy it again"
        ) from e


def _column(path: Path, name: str, values: NDArray[Any] | None, n: int) -> Any:
    """One optional array as int64 or as strings."""
    if values is None:
        return None
    if values.shape != (n,):
        raise InputError(
            f"{path}: expected `{name}` of {n} values, one for each picture, got {_described(values)}"
        )
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind == "U":
        return values
    if values.dtype.kind == "S":
        try:
            return np.char.decode(values, "utf-8")
        except UnicodeDecodeError as e:
            raise InputError(f"{path}: expected `{name}` as UTF-8 text, got other bytes") from e
    raise InputError(f"{path}: expected integers or strings in `{name}`, got {_described(values)}")


def _texts(values: Labels) -> tuple[str, ...]:
    return tuple(str(value) for value in values.tolist())


def _stored(name: str, values: Sequence[int] | Sequence[str]) -> NDArray[Any]:
    """Integers as int64; strings as UTF-8 bytes, a quarter of the size of NumPy's own strings."""
    if all(isinstance(value, str) for value in values):
        return np.char.encode(np.array(list(values), dtype=np.str_), "utf-8")
    if all(isinstance(value, int | np.integer) for value in values):
        return np.array(list(values), np.int64)
    raise ValueError(f"write_packed: `{name}` mixes integers with other values")


def _described(values: NDArray[Any]) -> str:
    return f"{values.dtype} {list(values.shape)}"
