"""The models of this computer as people judge them: what each is for now, what it costs here, which run made it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import numpy as np

from facekd.detect import Detector
from facekd.embed import SIDE, Embedder
from facekd.evaluation.parameters import count_parameters
from facekd.models import ModelFile
from facekd_ui.services.base import Service
from facekd_ui.services.comparing import TURNS, Timing, timed
from facekd_ui.services.shared import value_of
from facekd_ui.services.stored_gallery import policy_for
from facekd_ui.services.training_runs import read_about

FRAME = (480, 640)
"""Height and width of the picture on which face finders are timed."""
MARGIN_KEY, CONFIDENCE_KEY = "gate.margin_points", "gate.confidence_percent"


class Role(StrEnum):
    """What a model is for at the moment."""

    ACTIVE = "active"
    STAGING = "being deployed"
    PREVIOUS = "previous"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The training run of this computer that made a model; its folder, and its number where it has one."""

    folder: Path
    number: int


@dataclass(frozen=True, slots=True)
class Shelved:
    """One model."""

    file: ModelFile
    role: Role
    megabytes: float
    parameters: int
    since: datetime | None = None  # active: since when; previous: until when
    run: MadeBy | None = None

    @property
    def id(self) -> str:
        """Of the model."""
        return self.file.card.id


@dataclass(frozen=True, slots=True)
class Shelf:
    """All of them, the one in use first."""

    recognisers: tuple[Shelved, ...]
    finders: tuple[Shelved, ...]
    broken: tuple[tuple[Path, str], ...]  # files that are no usable model, with the reason


@dataclass(frozen=True, slots=True)
class Stated:
    """The two numbers of the gate, with the version of each setting; who stated the later one, if anybody did."""

    margin_points: float
    confidence_percent: float
    margin_version: int
    confidence_version: int
    by: str
    at: datetime | None


class Models(Service):
    """What is said of models; what is done with them is in `comparison`, `deployment` and `model_import`."""

    name = "models"

    def shelf(self) -> Shelf:
        """Every recogniser and face finder. Reads each file, so it is for the work pool."""
        networks = self._desk.networks
        with self._store.reading() as t:
            active, live, staging = t.gallery.state().model_id, t.deployments.live(), t.deployments.staging()
        finder = None
        if networks.choice.detector is not None or networks.registry.has_default("detector"):
            finder = networks.registry.choose(networks.choice.detector, "detector").card.id
        recognisers, finders = [], []
        for model in networks.registry:
            key, since, role = model.card.id, None, Role.CANDIDATE
            if model.card.kind == "detector":
                finders.append(self._shelved(model, Role.ACTIVE if key == finder else role, None))
                continue
            if model.card.kind != "embedder":
                continue
            if key == active:
                role, since = Role.ACTIVE, live.live_at if live is not None and live.model_id == key else None
            elif live is not None and live.previous_id == key:
                role, since = Role.PREVIOUS, live.live_at
            elif staging is not None and staging.model_id == key:
                role = Role.STAGING
            recognisers.append(self._shelved(model, role, since))
        order = list(Role)
        for rows in (recognisers, finders):
            rows.sort(key=lambda row: (order.index(row.role), row.file.card.name))
        return Shelf(tuple(recognisers), tuple(finders), tuple(networks.registry.broken()))

    def time(self, model_id: str) -> Timing:
        """Milliseconds for one face, or for one picture of `FRAME`, on this computer.

        Raises:
            ModelFileError: the file is not here (any more), or damaged.
        """
        networks, rng = self._desk.networks, np.random.default_rng(0)
        threads, provider = networks.choice.threads, networks.choice.provider
        model = networks.file(model_id)
        if model.card.kind == "detector":
            detector = Detector(model, long_side=max(FRAME), threads=threads, provider=provider)
            picture = rng.integers(0, 256, (*FRAME, 3), np.uint8)
            return timed([lambda: detector.detect(picture)], TURNS // 2)[0]
        embedder = Embedder(model, threads=threads, provider=provider)
        crop = rng.integers(0, 256, (1, SIDE, SIDE, 3), np.uint8)
        return timed([lambda: embedder.embed(crop)], TURNS)[0]

    def terms(self) -> Stated:
        """What the gate asks for."""
        with self._store.reading() as t:
            margin, confidence = value_of(t, MARGIN_KEY), value_of(t, CONFIDENCE_KEY)
            found = [t.settings.find(key) for key in (MARGIN_KEY, CONFIDENCE_KEY)]
            last = max((each for each in found if each), key=lambda each: each.updated_at, default=None)
            by = last.updated_by if last is not None else None
            name = t.operators.get(by).name if by is not None else ""
        assert isinstance(margin, int | float)
        assert isinstance(confidence, int | float)
        versions = [each.version if each else 0 for each in found]
        return Stated(
            float(margin),
            float(confidence),
            versions[0],
            versions[1],
            name,
            last.updated_at if last else None,
        )

    def line(self) -> tuple[float, float]:
        """Cosines of the recogniser in use: from where a name is said, and from where one is uncertain.

        Raises ModelFileError: it has no table, and the people on file carry no promise.
        """
        gallery = self._desk.gallery.current()
        policy = policy_for(self._desk.networks.embedder(gallery.model_id), gallery)
        return policy.known, policy.uncertain

    def names(self, person_ids: Sequence[int]) -> dict[int, str]:
        """Who is shown on photographs on file; people who are gone are left out."""
        names = self._desk.gallery.current().names
        return {key: names[str(key)] for key in person_ids if str(key) in names}

    def _shelved(self, model: ModelFile, role: Role, since: datetime | None) -> Shelved:
        data = model.read()
        run = self._desk.home / "runs" / model.card.name
        made = MadeBy(run, read_about(run).number) if run.is_dir() else None
        return Shelved(model, role, len(data) / 1e6, count_parameters(data), since, made)
