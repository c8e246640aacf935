"""Embeddings of aligned faces: unit vectors whose cosine says how alike two faces are."""

import copy

import msgspec
import numpy as np

from facekd.align import align_batch
from facekd.errors import ModelFileError
from facekd.modelcard import InputSpec
from facekd.models import ModelFile
from facekd.onnx_session import Session
from facekd.types import Embeddings, Floats, Image

SIDE = 112


class Embedder:
    """A face embedder over ONNX Runtime.

    Args:
        model: a model of kind `embedder`. A network narrower than 112 sees the middle columns of the crop.
        flip: average with the mirrored crop; twice the time.
        threads, provider: see `facekd.onnx_session.Session`.

    Raises:
        ModelFileError: damaged file, wrong digest, or a network whose input or output is not what the card says.
        ProviderError: see `Session`.
    """

    def __init__(
        self, model: ModelFile, *, flip: bool = False, threads: int | None = None, provider: str = "cpu"
    ) -> None:
        self.card = model.card
        self.model_id = model.card.id
        self._session = Session(model.read(), model.path.name, threads=threads, provider=provider)
        self.provider = self._session.provider
        self._flip = flip
        self._feed(model.card.input)
        self._check(model)

    def fed(self, spec: InputSpec) -> "Embedder":
        """The same network, its session shared, with another input of the same size: to find out what it expects."""
        other = copy.copy(self)
        other.card = msgspec.structs.replace(self.card, input=spec)
        other._feed(spec)
        return other

    def embed(self, crops: Image) -> Embeddings:
        """Embeddings of aligned crops, uint8 [n, 112, 112, 3] RGB.

        Raises:
            ValueError: other shape or type.
            ModelFileError: the network gave values that are not finite, or a vector of length zero.
        """
        if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (SIDE, SIDE, 3):
            raise ValueError(f"expected crops uint8 [n, 112, 112, 3], got {crops.dtype} {list(crops.shape)}")
        planar = (crops.astype(np.float32) - self._mean) * self._scale
        return self.embed_batch(planar.transpose(0, 3, 1, 2))

    def embed_faces(self, image: Image, landmarks: Floats) -> Embeddings:
        """Embeddings of the faces of a BGR image [H, W, 3], aligned by `landmarks` [n, 5, 2]."""
        return self.embed_batch(self.prepare(image, landmarks))

    def prepare(self, image: Image, landmarks: Floats, statistics: Floats | None = None) -> Floats:
        """The network's input for the faces of a BGR image: aligned and normalised in one pass.

        Args:
            image: uint8 [H, W, 3] BGR.
            landmarks: float [n, 5, 2], pixels.
            statistics: float32 [n, 3], filled with `facekd.align.crop_statistics` of the crops.

        Returns:
            float32 [n, 3, 112, 112], RGB.
        """
        return align_batch(image, landmarks, self._mean, self._scale, statistics=statistics)

    def embed_batch(self, batch: Floats) -> Embeddings:
        """Embeddings of what `prepare` returned. Raises ModelFileError as `embed` does."""
        if not len(batch):
            return Embeddings(np.zeros((0, self.card.dim or 0), np.float32), self.model_id)
        batch = batch[:, :, self._window[0], self._window[1]]
        if self._bgr:
            batch = batch[:, ::-1]
        (raw,) = self._session.run(np.ascontiguousarray(batch))
        vectors = self._unit(raw)
        if self._flip:
            (mirrored,) = self._session.run(np.ascontiguousarray(batch[..., ::-1]))
            vectors = self._unit(vectors + self._unit(mirrored))
        return Embeddings(vectors, self.model_id)

    def _feed(self, spec: InputSpec) -> None:
        order = slice(None) if spec.colour == "rgb" else slice(None, None, -1)
        # The crop is RGB; a BGR network gets its channels swapped after the same arithmetic.
        self._mean = np.asarray(spec.mean, np.float32)[order]
        self._scale = np.asarray(spec.scale, np.float32)[order]
        self._bgr = spec.colour == "bgr"
        top, left = (SIDE - spec.size[0]) // 2, (SIDE - spec.size[1]) // 2
        self._window = (slice(top, top + spec.size[0]), slice(left, left + spec.size[1]))

    def _unit(self, raw: Floats) -> Floats:
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        if not (np.isfinite(lengths).all() and (lengths > 0).all()):
            raise ModelFileError(
                f"{self._session.name}: the network gave an embedding that is zero or not finite; "
                "the file is damaged or its card's normalisation is wrong"
            )
        return np.asarray(raw / lengths, np.float32)

    def _check(self, model: ModelFile) -> None:
        height, width = self.card.input.size
        shape = self._session.input_shape
        if max(height, width) > SIDE:
            raise ModelFileError(
                f"{model.path}: expected an input of at most {SIDE}x{SIDE}, its card says {height}x{width}"
            )
        if isinstance(shape[0], int) and len(shape) == 4:
            raise ModelFileError(
                f"{model.path}: expected a network for any number of faces at once, got one for {shape[0]}; "
                "export it again with a free first axis"
            )
        if len(shape) != 4 or tuple(shape[1:]) != (3, height, width):
            raise ModelFileError(
                f"{model.path}: expected an input of shape [n, 3, {height}, {width}] as its card says, "
                f"got {list(shape)}"
            )
        outputs = list(self._session.output_shapes.values())
        if len(outputs) != 1 or len(outputs[0]) != 2 or outputs[0][1] != self.card.dim:
            raise ModelFileError(
                f"{model.path}: expected one output of shape [n, {self.card.dim}] as its card says, got {outputs}"
            )
