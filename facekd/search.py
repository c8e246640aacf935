"""Exact search for the nearest unit vectors: the compiled `Index`, and `NumpyIndex`, its reference.

Both keep float32 rows of length 1 under ids and answer with the k best cosines. The answer is that of a scan
in float64: equal scores go to the lower id. `SEARCHES` names the implementations.
"""

import threading
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from facekd.native import extension
from facekd.types import Floats, Ids

Allow = Ids | NDArray[np.bool_] | AbstractSet[int]
"""Ids that may be found: int64 [r], a set, or a bitmap where `allow[id]` is True. Unknown ids do no harm."""

UNIT_TOLERANCE = 1e-3
_LANES = 16  # partial sums of an exact score; the compiled kernels add in the same order, bit for bit


class SearchIndex(Protocol):
    """Unit vectors under ids that can be searched while they change.

    Every call raises TypeError for an array of the wrong dtype, and ValueError for a wrong shape or layout,
    a number that is not finite, a vector whose length is not 1 within 1e-3, or a wrong id; then nothing
    changed.
    A search sees the index before or after a change, never in between.
    """

    @property
    def dim(self) -> int:
        """Components of a vector."""

    @property
    def ids(self) -> Ids:
        """int64 [n], ascending."""

    def __len__(self) -> int: ...

    def add(self, ids: Ids, rows: Floats) -> None:
        """Adds rows [n, dim] under new ids [n] >= 0."""

    def remove(self, ids: Ids) -> None:
        """Forgets rows; their memory holds zeros when the call returns."""

    def replace(self, ids: Ids, rows: Floats) -> None:
        """Puts rows [n, dim] in the place of those under known ids [n]; the old ones are zeroed."""

    def search(self, queries: Floats, k: int, *, allow: Allow | None = None) -> tuple[Ids, Floats]:
        """The k best of each query [m, dim]: ids [m, k] and scores [m, k], best first, equals by lower id.

        Filled up with id -1 and score -inf where fewer than k rows may be found.
        """

    def matches(self, queries: Floats, threshold: float) -> tuple[Ids, Ids, Floats]:
        """All pairs with score >= threshold: query number, id, score [r], by query, then best first."""


class NumpyIndex:
    """The reference: same contract as `Index`, in NumPy, one caller at a time."""

    def __init__(self, dim: int, *, compact: bool = True, threads: int = 0) -> None:  # noqa: ARG002
        """An empty index of vectors with `dim` components; the options of `Index` have no effect here."""
        if dim < 1:
            raise ValueError(f"dim: expected at least 1, got {dim}")
        if threads < 0:
            raise ValueError(f"threads: expected 0 (one per core) or more, got {threads}")
        self._dim = dim
        self._ids: Ids = np.zeros(0, np.int64)  # ascending
        self._rows: Floats = np.zeros((0, dim), np.float32)
        self._lock = threading.Lock()

    @property
    def dim(self) -> int:
        """Components of a vector."""
        return self._dim

    @property
    def ids(self) -> Ids:
        """int64 [n], ascending."""
        with self._lock:
            return self._ids.copy()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Ids, rows: Floats) -> None:
        """See `SearchIndex.add`."""
        _check_ids(ids)
        _check_vectors("rows", rows, self._dim, len(ids))
        with self._lock:
            known = ids[np.isin(ids, self._ids)]
            if len(known):
                raise ValueError(
                    f"ids: expected new ids, but {known[0]} is already in the index; use replace"
                )
            order = np.argsort(ids)
            at = np.searchsorted(self._ids, ids[order])
            self._swap(np.insert(self._ids, at, ids[order]), np.insert(self._rows, at, rows[order], axis=0))

    def remove(self, ids: Ids) -> None:
        """See `SearchIndex.remove`."""
        _check_ids(ids)
        with self._lock:
            at = self._places(ids)
            self._swap(np.delete(self._ids, at), np.delete(self._rows, at, axis=0))

    def replace(self, ids: Ids, rows: Floats) -> None:
        """See `SearchIndex.replace`."""
        _check_ids(ids)
        _check_vectors("rows", rows, self._dim, len(ids))
        with self._lock:
            self._rows[self._places(ids)] = rows

    def search(self, queries: Floats, k: int, *, allow: Allow | None = None) -> tuple[Ids, Floats]:
        """See `SearchIndex.search`."""
        _check_vectors("queries", queries, self._dim)
        if k < 1:
            raise ValueError(f"k: expected at least 1, got {k}")
        found = np.full((len(queries), k), -1, np.int64)
        scores = np.full((len(queries), k), -np.inf, np.float32)
        with self._lock:
            ids, rows = self._allowed(allow)
            for query, found_row, score_row in zip(queries, found, scores, strict=True):
                rough = rows @ query
                best = min(k, len(ids))
                if best == 0:
                    continue
                floor = np.partition(rough, len(ids) - best)[len(ids) - best] - 2 * _error(self._dim)
                near = np.flatnonzero(rough >= floor)
                exact = _exact(rows[near], query)
                order = np.lexsort((ids[near], -exact))[:best]
                found_row[:best] = ids[near][order]
                score_row[:best] = exact[order]
        return found, scores

    def matches(self, queries: Floats, threshold: float) -> tuple[Ids, Ids, Floats]:
        """See `SearchIndex.matches`."""
        _check_vectors("queries", queries, self._dim)
        if not np.isfinite(threshold):
            raise ValueError(f"threshold: expected a finite number, got {threshold}")
        numbers: list[Ids] = [np.zeros(0, np.int64)]
        found: list[Ids] = [np.zeros(0, np.int64)]
        scores: list[Floats] = [np.zeros(0, np.float32)]
        with self._lock:
            for number, query in enumerate(queries):
                near = np.flatnonzero(self._rows @ query >= threshold - _error(self._dim))
                exact = _exact(self._rows[near], query)
                near, exact = near[exact >= threshold], exact[exact >= threshold]
                order = np.lexsort((self._ids[near], -exact))
                numbers.append(np.full(len(order), number, np.int64))
                found.append(self._ids[near][order])
                scores.append(exact[order].astype(np.float32))
        return np.concatenate(numbers), np.concatenate(found), np.concatenate(scores)

    def _swap(self, ids: Ids, rows: Floats) -> None:
        """Takes new arrays and wipes the old rows: they are biometric data."""
        old, self._ids, self._rows = self._rows, ids, rows
        old.fill(0)

    def _places(self, ids: Ids) -> NDArray[np.intp]:
        """Row numbers of ids; ValueError for one that is not in the index."""
        unknown = ids[~np.isin(ids, self._ids)]
        if len(unknown):
            raise ValueError(f"ids: expected ids of the index, but {unknown[0]} is not in it")
        return np.searchsorted(self._ids, ids)

    def _allowed(self, allow: Allow | None) -> tuple[Ids, Floats]:
        """Ids and rows that a query may find."""
        if allow is None:
            return self._ids, self._rows
        if isinstance(allow, AbstractSet):
            allow = np.fromiter(allow, np.int64, len(allow))
        if not isinstance(allow, np.ndarray) or allow.dtype not in (np.int64, np.bool_):
            raise TypeError(f"allow: expected an int64 or bool array, got {_kind(allow)}")
        if allow.ndim != 1:
            raise ValueError(f"allow: expected one dimension, got shape {allow.shape}")
        wanted = allow if allow.dtype == np.int64 else np.flatnonzero(allow)
        mask = np.isin(self._ids, wanted)
        return self._ids[mask], self._rows[mask]


def _kind(value: object) -> str:
    """What a value is, for a message."""
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


def _check_ids(ids: Ids) -> None:
    """TypeError or ValueError unless int64 [n], each at least 0 and there once."""
    if not isinstance(ids, np.ndarray) or ids.dtype != np.int64:
        raise TypeError(f"ids: expected an int64 array, got {_kind(ids)}")
    if ids.ndim != 1 or not ids.flags.c_contiguous:
        raise ValueError(f"ids: expected one contiguous dimension, got shape {ids.shape}")
    if len(ids) and ids.min() < 0:
        raise ValueError(f"ids: expected 0 or more (-1 marks an empty place), got {ids.min()}")
    ordered = np.sort(ids)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        raise ValueError(f"ids: expected each id once, but {twice[0]} is repeated")


def _check_vectors(name: str, vectors: Floats, dim: int, count: int | None = None) -> None:
    """TypeError or ValueError unless float32 [count, dim], contiguous, every row of length 1."""
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        raise TypeError(f"{name}: expected a float32 array, got {_kind(vectors)}")
    wanted = f"({'n' if count is None else count}, {dim})"
    if vectors.ndim != 2 or vectors.shape[1] != dim or count not in (None, len(vectors)):
        raise ValueError(f"{name}: expected shape {wanted}, got {vectors.shape}")
    if not vectors.flags.c_contiguous:
        raise ValueError(f"{name}: expected C order without gaps, got strides {vectors.strides}")
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    wrong = np.flatnonzero(~(np.abs(lengths - 1) <= UNIT_TOLERANCE))  # "not <=" also catches NaN
    if len(wrong):
        row = wrong[0]
        raise ValueError(f"{name}: expected vectors of length 1 within 1e-3, row {row} has {lengths[row]:g}")


def _error(dim: int) -> float:
    """Largest error of a float32 dot product of two vectors of length <= 1.001, in any order of summation.

    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., (3.5): n u / (1 - n u) times |a|.|b|,
    and |a|.|b| <= ||a|| ||b|| by Cauchy and Schwarz. One u more covers the rounding of the sums made with it.
    """
    n_u = (dim + 1) * 2.0**-24
    return n_u / (1 - n_u) * (1 + UNIT_TOLERANCE) ** 2


def _exact(rows: Floats, query: Floats) -> NDArray[np.float64]:
    """float64 [n]: dot products; products of float32 are exact in float64, sums go over 16 lanes in order."""
    pad = -rows.shape[1] % _LANES
    products = np.pad(rows.astype(np.float64) * query.astype(np.float64), ((0, 0), (0, pad)))
    sums = np.zeros((len(rows), _LANES))
    for start in range(0, products.shape[1], _LANES):
        sums += products[:, start : start + _LANES]
    while sums.shape[1] > 1:
        half = sums.shape[1] // 2
        sums = sums[:, :half] + sums[:, half:]
    return np.asarray(sums[:, 0])


if TYPE_CHECKING:
    from facekd._native import Index as Index
elif extension is None:
    Index = NumpyIndex
else:
    Index = extension.Index

SEARCHES: dict[str, type[SearchIndex]] = {"native": Index, "numpy": NumpyIndex}
