"""Lists of verification pairs: which two pictures to compare, whether they show one person, and in which fold.

Two forms are read: CSV with the header `fold,same,file_a,file_b`, and the list of LFW's view 2.
Source of the latter: Huang, Ramesh, Berg, Learned-Miller, "Labeled Faces in the Wild", UMass Amherst TR 07-49,
section "Pair matching": the first line holds the number of folds and of pairs of each kind in a fold; then, fold by
fold, the matched pairs `name i j` and the mismatched pairs `name i other j`.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facekd.errors import InputError
from facekd.types import Ids

CSV_HEADER = ["fold", "same", "file_a", "file_b"]
NAMED_IN_ERRORS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of pictures by name."""

    fold: Ids  # [n]
    same: NDArray[np.bool_]  # [n], True when both show one person
    file_a: tuple[str, ...]
    file_b: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.fold)

    def files(self) -> tuple[str, ...]:
        """Every picture that occurs, once, sorted."""
        return tuple(sorted({*self.file_a, *self.file_b}))


def read_pairs(path: Path | str) -> Pairs:
    """Read a list of pairs; its first line tells which of the two forms it has.

    Raises:
        InputError: the file is missing, has neither form, or a line that breaks it (named by its number).
    """
    path = Path(path)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise InputError(
            f"{path}: expected a list of pairs as UTF-8 text, but it cannot be read: {_reason(e)}"
        ) from e
    first = lines[0] if lines else ""
    if next(csv.reader([first]), []) == CSV_HEADER:
        rows = _csv_rows(path, lines[1:])
    elif len(first.split()) == 2 and all(word.isdecimal() for word in first.split()):
        rows = _lfw_rows(path, lines)
    else:
        raise InputError(
            f"{path}: expected the line `{','.join(CSV_HEADER)}` or LFW's two numbers first, got {first[:60]!r}"
        )
    if not rows:
        raise InputError(f"{path}: expected at least one pair, got none")
    folds, same, file_a, file_b = zip(*rows, strict=True)
    return Pairs(np.array(folds, np.int64), np.array(same, np.bool_), tuple(file_a), tuple(file_b))


def rows_of(names: Sequence[str], files: Sequence[str], *, where: str) -> NDArray[np.intp]:
    """The row of each name among the files of a packed npz.

    Raises:
        InputError: names that are not there (their number and the first of them), or a name that occurs twice.
    """
    row = {name: number for number, name in enumerate(files)}
    require_all([name for name in names if name not in row], len(names), where=where)
    if len(row) < len(files):
        wanted = set(names)
        twice = [name for name, count in Counter(files).items() if count > 1 and name in wanted]
        if twice:
            raise InputError(f"{where}: expected every name once, but {twice[0]!r} occurs more than once")
    return np.array([row[name] for name in names], np.intp)


def paths_below(names: Sequence[str], folder: Path) -> list[Path]:
    """The path of each name below a folder.

    Raises:
        InputError: files that are not there (their number and the first of them), or a name that leaves the folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder of pictures or a packed npz, found neither")
    for name in names:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise InputError(f"{folder}: expected names below the folder, got {name!r}")
    require_all([name for name in names if not (folder / name).is_file()], len(names), where=str(folder))
    return [folder / name for name in names]


def require_all(missing: Sequence[str], n: int, *, where: str) -> None:
    """Raise InputError with the count and the first names when pictures are missing."""
    if not missing:
        return
    named = ", ".join(missing[:NAMED_IN_ERRORS]) + (", ..." if len(missing) > NAMED_IN_ERRORS else "")
    raise InputError(
        f"{where}: expected all {n:,} pictures that the pairs name, {len(missing):,} missing: {named}; "
        "check that list and pictures belong together"
    )


Row = tuple[int, bool, str, str]


def _csv_rows(path: Path, lines: Iterable[str]) -> list[Row]:
    rows = []
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        fields = next(csv.reader([line]))
        if len(fields) != 4 or not _is_integer(fields[0]) or fields[1] not in ("0", "1"):
            raise InputError(
                f"{path} line {number}: expected fold (integer), same (0 or 1) and two files, got {fields}"
            )
        rows.append((int(fields[0]), fields[1] == "1", fields[2], fields[3]))
    return rows


def _lfw_rows(path: Path, lines: Sequence[str]) -> list[Row]:
    folds, of_each_kind = (int(word) for word in lines[0].split())
    pairs = [(number, line.split()) for number, line in enumerate(lines[1:], start=2) if line.strip()]
    if len(pairs) != 2 * folds * of_each_kind:
        raise InputError(
            f"{path}: expected {2 * folds * of_each_kind:,} pairs after its first line, got {len(pairs):,}; "
            "the list is cut short or has lines too many"
        )
    rows = []
    for position, (number, words) in enumerate(pairs):
        fold, within = divmod(position, 2 * of_each_kind)
        same = within < of_each_kind
        if same and len(words) == 3 and words[1].isdecimal() and words[2].isdecimal():
            rows.append((fold + 1, True, _lfw_file(words[0], words[1]), _lfw_file(words[0], words[2])))
        elif not same and len(words) == 4 and words[1].isdecimal() and words[3].isdecimal():
            rows.append((fold + 1, False, _lfw_file(words[0], words[1]), _lfw_file(words[2], words[3])))
        else:
            form = "name i j" if same else "name i other j"
            raise InputError(f"{path} line {number}: expected `{form}`, got {' '.join(words)[:80]!r}")
    return rows


def _lfw_file(name: str, number: str) -> str:
    return f"{name}/{name}_{int(number):04d}.jpg"


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8"
