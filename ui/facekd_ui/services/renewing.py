"""Making the templates of another model from the photographs on file, while everybody goes on working.

Reading and decoding the next photographs, embedding these and writing the last ones happen at the same time, so that
the embedder hardly ever waits. Each step of `BATCH` photographs is one short transaction; what is written stays, so
stopping, or being killed, costs one step.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from facekd.embed import SIDE, Embedder
from facekd.errors import ImageError, ModelFileError
from facekd.types import Floats, Image
from facekd_db.records import Crop, NewTemplate, Opened
from facekd_db.store import Store, Tables
from facekd_ui.services.examination import crop_of
from facekd_ui.services.progress import Watch
from facekd_ui.services.stored_gallery import as_bytes

T = TypeVar("T")
BATCH = 64


class Runs(Protocol):
    """`Store.run`, or a service's own that looks at the operator as well."""

    def __call__(self, work: Callable[[Tables], T], /) -> T:
        """What the work returns."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A photograph of which no template can be made."""

    crop_id: int
    person_id: int
    rejects: bool
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """Photographs that were read: those that can be embedded, and the rest."""

    last: int  # the next step begins after this id
    rows: tuple[Crop, ...]
    crops: Image  # [n, 112, 112, 3] RGB, of `rows`
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True, slots=True)
class Renewal:
    """How far it came."""

    done: int  # photographs that have a template now
    total: int  # photographs on file
    unreadable: tuple[Unreadable, ...]
    complete: bool  # False: it was stopped


def renew(
    store: Store, run: Runs, embedder: Embedder, beat: Callable[[Tables], None], watch: Watch
) -> Renewal:
    """Goes once through the photographs that have no template by `embedder` yet.

    Args:
        beat: called in each transaction; raises when the work is not this one's any more.
        watch: stops it when it cancels; what is written stays.

    Raises:
        StoreError: the store went away, or somebody else took over.
        ModelFileError: the model embeds nothing at all.
    """
    done, total = _counted(store, embedder.model_id)
    unreadable: list[Unreadable] = []
    watch.progress(done, total)
    writing: Future[int] | None = None
    with ThreadPoolExecutor(2, "renew") as pool:
        reading = pool.submit(_read, store, embedder.model_id, 0)
        while (step := reading.result()) is not None and not watch.cancelled():
            reading = pool.submit(_read, store, embedder.model_id, step.last)
            ids, vectors, failed = _embedded(embedder, step)
            unreadable += failed
            if writing is not None:
                done += writing.result()
                watch.progress(done, total, len(unreadable))
            writing = pool.submit(run, partial(_write, embedder.model_id, ids, vectors, beat))
        if writing is not None:
            done += writing.result()
            watch.progress(done, total, len(unreadable))
    if unreadable and not done:
        raise ModelFileError(
            f"{embedder.card.name}: no photograph on file can be embedded ({unreadable[0].why})"
        )
    return Renewal(done, total, tuple(unreadable), step is None)


def renew_last(t: Tables, embedder: Embedder, most: int) -> tuple[tuple[Unreadable, ...], bool]:
    """Within a transaction that holds the gallery: the few photographs that came since the last step.

    Returns:
        Photographs that cannot be read, and whether no other is left without a template; False when there were more
        than `most`.
    """
    unreadable: list[Unreadable] = []
    after = renewed = 0
    while True:
        opened = t.crops.without_template(embedder.model_id, BATCH, after)
        if not opened.rows and not opened.damaged:
            return tuple(unreadable), True
        step = _decoded(opened)
        renewed += len(step.rows)
        if renewed > most:
            return tuple(unreadable), False
        ids, vectors, failed = _embedded(embedder, step)
        unreadable += failed
        _write(embedder.model_id, ids, vectors, lambda _t: None, t)
        after = step.last


def _counted(store: Store, model_id: str) -> tuple[int, int]:
    with store.reading() as t:
        total = t.crops.count()
        return total - t.crops.count_without_template(model_id), total


def _read(store: Store, model_id: str, after: int) -> _Step | None:
    with store.reading() as t:
        opened = t.crops.without_template(model_id, BATCH, after)
    if not opened.rows and not opened.damaged:
        return None
    return _decoded(opened)


def _decoded(opened: Opened[Crop]) -> _Step:
    rows: list[Crop] = []
    crops: list[Image] = []
    unreadable: list[Unreadable] = []
    for row in opened.rows:
        try:
            crop = crop_of(row.image)
            if crop.shape != (SIDE, SIDE, 3):
                raise ImageError(f"expected a face of {SIDE} x {SIDE}, got {crop.shape[1]} x {crop.shape[0]}")
        except ImageError as error:
            unreadable.append(_unreadable(row, error))
        else:
            rows.append(row)
            crops.append(crop)
    stacked = np.stack(crops) if crops else np.zeros((0, SIDE, SIDE, 3), np.uint8)
    last = max([*(row.id for row in opened.rows), *(row.id for row in opened.damaged)])
    return _Step(last, tuple(rows), stacked, tuple(unreadable))


def _embedded(embedder: Embedder, step: _Step) -> tuple[tuple[int, ...], Floats, tuple[Unreadable, ...]]:
    """Crop ids, their vectors, and photographs of which nothing can be made."""
    try:
        return tuple(row.id for row in step.rows), embedder.embed(step.crops).vectors, step.unreadable
    except ModelFileError:
        pass  # one photograph on which the network fails must not stop the others
    ids: list[int] = []
    vectors: list[Floats] = []
    unreadable = list(step.unreadable)
    for row, crop in zip(step.rows, step.crops, strict=True):
        try:
            vectors.append(embedder.embed(crop[None]).vectors[0])
            ids.append(row.id)
        except ModelFileError as error:
            unreadable.append(_unreadable(row, error))
    return tuple(ids), np.array(vectors, np.float32).reshape(len(ids), -1), tuple(unreadable)


def _unreadable(row: Crop, error: Exception) -> Unreadable:
    return Unreadable(row.id, row.person_id, row.rejects, str(error))


def _write(
    model_id: str, ids: Sequence[int], vectors: Floats, beat: Callable[[Tables], None], t: Tables
) -> int:
    """Templates of photographs that are still on file, for whoever holds them now; returns how many."""
    beat(t)
    owners = t.crops.owners(ids)  # erased, removed or given to another record since they were read
    there = t.templates.embedded(ids, model_id)
    return t.templates.add(
        [
            NewTemplate(owners[key][0], model_id, len(vector), as_bytes(vector), key, owners[key][1])
            for key, vector in zip(ids, vectors, strict=True)
            if key in owners and key not in there
        ]
    )
