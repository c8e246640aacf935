"""Faces in an image: boxes, scores and five landmarks."""

import math

import cv2
import numpy as np

from facekd.decode import DECODERS, STRIDES, Decoder
from facekd.errors import ModelFileError
from facekd.letterbox import letterbox
from facekd.models import ModelFile
from facekd.onnx_session import Session
from facekd.types import NO_FACES, Faces, Image

CELL = max(STRIDES)


class Detector:
    """A face detector over ONNX Runtime. Not for two threads at once: it reuses its input buffer.

    Args:
        model: a model of kind `detector`.
        long_side: the image is scaled down, never up, so that its longer side has at most this many pixels.
            640 finds faces from about 1/60 of the picture's width. Ignored by models with a fixed input.
        score_threshold: faces below it are dropped, 0..1.
        nms_iou: of two boxes that overlap more than this the weaker one is dropped.
        threads, provider: see `facekd.onnx_session.Session`.

    Raises:
        ModelFileError: damaged file, wrong digest, or outputs that fit no decoder.
        ProviderError: see `Session`.
    """

    def __init__(
        self,
        model: ModelFile,
        *,
        long_side: int = 640,
        score_threshold: float = 0.6,
        nms_iou: float = 0.3,
        threads: int | None = None,
        provider: str = "cpu",
    ) -> None:
        self.card = model.card
        self._session = Session(model.read(), model.path.name, threads=threads, provider=provider)
        self.provider = self._session.provider
        self._decoder = self._choose_decoder(model)
        self._fixed = self.card.input.size if all(self.card.input.size) else None
        self._long_side = long_side
        self._score_threshold = score_threshold
        self._nms_iou = nms_iou
        self._buffer: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None = None

    def detect(self, image: Image) -> Faces:
        """Faces in a BGR image [H, W, 3] uint8, best score first, in pixels of that image."""
        height, width = self._input_size(*image.shape[:2])
        if self._buffer is None or self._buffer.shape[2:] != (height, width):
            self._buffer = np.empty((1, 3, height, width), np.float32)
        spec = self.card.input
        batch, ratio = letterbox(
            image, (height, width), spec.mean, spec.scale, rgb=spec.colour == "rgb", out=self._buffer
        )
        names = list(self._session.output_shapes)
        outputs = dict(zip(names, self._session.run(batch, names), strict=True))
        found = self._decoder.decode(outputs, height, width, self._score_threshold)
        return self._suppress(found, ratio) if len(found) else NO_FACES

    def _suppress(self, found: Faces, ratio: float) -> Faces:
        """Non-maximum suppression, then from input pixels to image pixels."""
        corners_sizes = np.concatenate([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]], axis=1)
        keep = cv2.dnn.NMSBoxes(
            corners_sizes.tolist(), found.scores.tolist(), self._score_threshold, self._nms_iou
        )
        best = found.take(np.asarray(keep, np.intp).ravel())
        return Faces(best.boxes / np.float32(ratio), best.scores, best.landmarks / np.float32(ratio))

    def _input_size(self, height: int, width: int) -> tuple[int, int]:
        if self._fixed:
            return self._fixed
        ratio = min(1.0, self._long_side / max(height, width))
        return math.ceil(height * ratio / CELL) * CELL, math.ceil(width * ratio / CELL) * CELL

    def _choose_decoder(self, model: ModelFile) -> Decoder:
        shape = self._session.input_shape
        wanted = self.card.input.size
        if len(shape) != 4 or shape[1] != 3 or any(
            isinstance(there, int) and said and there != said for there, said in zip(shape[2:], wanted, strict=True)
        ):  # fmt: skip
            raise ModelFileError(
                f"{model.path}: expected an input of shape [1, 3, {wanted[0] or 'any'}, {wanted[1] or 'any'}] "
                f"as its card says, got {list(shape)}"
            )
        for decoder in DECODERS.values():
            if decoder.matches(self._session.output_shapes):
                return decoder
        raise ModelFileError(
            f"{model.path}: its outputs {list(self._session.output_shapes)} fit no known detector family "
            f"({', '.join(DECODERS)}); add a decoder in facekd/decode.py or choose another model"
        )
