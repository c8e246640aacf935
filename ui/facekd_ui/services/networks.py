"""The networks of this computer: opened when they are first needed, one caller at a time."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import ModelFileError, ModelMismatch
from facekd.models import ModelFile, Registry

KEPT = 2
"""Embedders that stay open: the one in use, and the one beside it while a model is deployed or can be rolled back."""
PHOTO_SIDE = 1280
"""Photographs are looked at closer than frames of a video: nobody waits for the next one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which networks, and where they run. None: the default."""

    detector: str | None = None
    embedder: str | None = None
    threads: int | None = None
    provider: str = "cpu"


@dataclass(eq=False)
class Networks:
    """Opens detectors and embedders; keeps a detector for photographs and the embedders that were used last.

    A detector reuses its buffer and must not serve two threads at once: whoever uses the kept one holds `busy`.
    """

    registry: Registry
    choice: Choice = Choice()
    busy: threading.Lock = field(default_factory=threading.Lock)
    _detector: Detector | None = None
    _embedders: OrderedDict[str, Embedder] = field(default_factory=OrderedDict)
    _opening: threading.Lock = field(default_factory=threading.Lock)

    def new_detector(self, long_side: int) -> Detector:
        """A detector of its own, for a live thread. Raises ModelFileError naming the missing file."""
        model = self.registry.choose(self.choice.detector, "detector")
        return Detector(
            model, long_side=long_side, threads=self.choice.threads, provider=self.choice.provider
        )

    def photo_detector(self) -> Detector:
        """The kept detector for photographs; hold `busy`."""
        if self._detector is None:
            self._detector = self.new_detector(PHOTO_SIDE)
        return self._detector

    def first_embedder(self) -> ModelFile:
        """The model that speaks for the people on file when none did so far."""
        return self.registry.choose(self.choice.embedder, "embedder")

    def embedder(self, model_id: str) -> Embedder:
        """The embedder of the model in use; kept, and safe for several threads.

        Raises:
            ModelFileError: its file is not on this computer.
            ModelMismatch: another model was asked for by name.
        """
        if self.choice.embedder is not None:
            named = self.registry.find(self.choice.embedder, "embedder")
            if named.card.id != model_id:
                raise ModelMismatch(
                    f"expected the model of the people on file ({model_id[:12]}), got {named.card.name} "
                    f"({named.card.id[:12]}); leave the model out, or deploy the other one first"
                )
            return self.opened(named)
        return self.exactly(model_id)

    def exactly(self, model_id: str) -> Embedder:
        """The embedder of any model, whatever was asked for by name: one to be deployed, or to be rolled back to.

        Raises ModelFileError: its file is not on this computer.
        """
        with self._opening:
            if (kept := self._embedders.get(model_id)) is not None:
                self._embedders.move_to_end(model_id)
                return kept
        return self.opened(self.file(model_id))

    def opened(self, model: ModelFile) -> Embedder:
        """The embedder of a file; kept."""
        with self._opening:
            embedder = self._embedders.get(model.card.id)
            if embedder is None:
                embedder = Embedder(model, threads=self.choice.threads, provider=self.choice.provider)
                self._embedders[model.card.id] = embedder
            self._embedders.move_to_end(model.card.id)
            while len(self._embedders) > KEPT:
                self._embedders.popitem(last=False)
            return embedder

    def file(self, model_id: str) -> ModelFile:
        """The file of a model. Raises ModelFileError where it is not on this computer."""
        if self.choice.embedder is not None:
            named = self.registry.find(self.choice.embedder, "embedder")
            if named.card.id == model_id:
                return named
        for model in self.registry:
            if model.card.id == model_id:
                return model
        raise ModelFileError(
            f"the people on file are described by the model {model_id[:12]}, which is not on this computer; put its "
            f".onnx file into {self.registry.folders[0]}"
        )
