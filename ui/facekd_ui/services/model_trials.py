"""Whether a model file is what its card says, shown by running it once."""

from collections.abc import Callable

import numpy as np

from facekd.detect import Detector
from facekd.embed import SIDE, Embedder
from facekd.errors import ModelFileError
from facekd.modelcard import Kind
from facekd.models import ModelFile
from facekd.onnx_session import Session


def try_out(model: ModelFile) -> str:
    """The provider that it ran on. Raises ModelFileError: digest, shapes or answers do not fit the card."""
    return _TRIALS[model.card.kind](model)


def _detector(model: ModelFile) -> str:
    detector = Detector(model)
    detector.detect(np.zeros((96, 128, 3), np.uint8))
    return detector.provider


def _embedder(model: ModelFile) -> str:
    embedder = Embedder(model)
    embedder.embed(np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8))
    return embedder.provider


def _classifier(model: ModelFile) -> str:
    card = model.card
    session = Session(model.read(), model.path.name)
    (logits,) = session.run(np.zeros((2, 3, *card.input.size), np.float32))
    if logits.shape != (2, card.dim):
        raise ModelFileError(
            f"{model.path}: expected {card.dim} logits an image, as the card's `dim` says, got {list(logits.shape)}"
        )
    return session.provider


_TRIALS: dict[Kind, Callable[[ModelFile], str]] = {
    "detector": _detector,
    "embedder": _embedder,
    "classifier": _classifier,
}
