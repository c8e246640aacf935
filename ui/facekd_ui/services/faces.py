"""The one way in which faces come into the store: a photograph with a template by every model that must know it.

While a rollback is offered, two models must know everybody: the one that speaks for the people on file and the one
before. Both templates are written with the photograph, in one transaction.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facekd.embed import Embedder
from facekd.errors import FacekdError
from facekd.types import Floats, Image
from facekd_db.records import NewTemplate
from facekd_db.store import Store, Tables
from facekd_ui.services.examination import Shot
from facekd_ui.services.networks import Networks
from facekd_ui.services.stored_gallery import as_bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class NewFaces:
    """Photographs on their way into the store, with what each model says of them."""

    shots: tuple[Shot, ...]
    vectors: dict[str, Floats]  # model id -> [n, d]


def renewed(shots: Sequence[Shot], embedder: Embedder) -> tuple[Shot, ...]:
    """The same photographs as `embedder` sees them; those that were looked at by another model are embedded again.

    Between looking and saving another model may have been deployed. Vectors of two models must never meet.
    """
    stale = [
        shot
        for shot in shots
        if shot.crop is not None and shot.vector is not None and shot.model_id != embedder.model_id
    ]
    if not stale:
        return tuple(shots)
    fresh = embedder.embed(_crops(stale)).vectors
    again = {id(shot): vector for shot, vector in zip(stale, fresh, strict=True)}
    return tuple(
        replace(shot, vector=again[id(shot)], model_id=embedder.model_id) if id(shot) in again else shot
        for shot in shots
    )


def prepared(store: Store, networks: Networks, shots: Sequence[Shot]) -> NewFaces:
    """Photographs with what the model that a rollback would bring back says of them. Slow: before a transaction.

    Args:
        shots: with vectors of the active model; those without a face are left out.
    """
    kept = tuple(shot for shot in shots if shot.vector is not None and shot.crop is not None)
    vectors: dict[str, Floats] = {}
    if kept:
        vectors[kept[0].model_id] = np.stack([shot.vector for shot in kept if shot.vector is not None])
        with store.reading() as t:
            other = _other(t)
        if other is not None:
            vectors |= _also(networks, kept, other)
    return NewFaces(kept, vectors)


def add(
    t: Tables, networks: Networks, person_id: int, faces: NewFaces, *, source: str, rejects: bool = False
) -> int:
    """Stores photographs and templates of a person; returns how many photographs. The caller moves the revision.

    Args:
        source: "file", "camera", "rejection".
        rejects: the faces are *not* the person.
    """
    active, other = (
        t.gallery.lock().model_id,
        _other(t),
    )  # no deployment begins or ends before this is written
    assert active is not None  # it made the vectors
    vectors = dict(faces.vectors)
    if faces.shots and active not in vectors:  # it was deployed a moment ago
        vectors[active] = networks.embedder(active).embed(_crops(faces.shots)).vectors
    if faces.shots and other is not None and other not in vectors:
        vectors |= _also(networks, faces.shots, other)
    wanted = [model_id for model_id in (active, other) if model_id in vectors]
    for row, shot in enumerate(faces.shots):
        crop_id = t.crops.add(person_id, shot.png(), source=source, rejects=rejects)
        t.templates.add(
            [
                NewTemplate(
                    person_id,
                    model_id,
                    vectors[model_id].shape[1],
                    as_bytes(vectors[model_id][row]),
                    crop_id,
                    rejects,
                )
                for model_id in wanted
            ]
        )
    return len(faces.shots)


def _other(t: Tables) -> str | None:
    """The model that a rollback would bring back."""
    live = t.deployments.live()
    return None if live is None else live.previous_id


def _also(networks: Networks, shots: Sequence[Shot], model_id: str) -> dict[str, Floats]:
    """What another model says. Nobody is kept from being enrolled by it: a rollback makes up for what is missing."""
    try:
        embedder = networks.exactly(model_id)
        return {model_id: embedder.embed(_crops(shots)).vectors}
    except FacekdError as error:
        log.warning(
            "no template by the model %s, which a rollback would bring back: %s", model_id[:12], error
        )
        return {}


def _crops(shots: Sequence[Shot]) -> Image:
    return np.stack([shot.crop for shot in shots if shot.crop is not None])
