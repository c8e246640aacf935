"""What a face embedder of unknown origin wants to be fed: colour order, range, normalisation, crop; by trying.

A wrong input still gives an embedding, only a worse one, so each guess is judged by what comes out. Where the faces
show people with two photographs or more, a guess is as good as it separates one person's pairs from those of two
(d', the difference of the means over the pooled deviation; Green and Swets, "Signal Detection Theory and
Psychophysics", 1966). Otherwise it is as good as the cosines of all pairs agree with those of a recogniser that is
known to be fed rightly (Pearson's correlation). Whether another guess is surely worse, and not only by these faces, is
said by drawing the people again (bootstrap; both guesses with the same draw).
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from facekd.embed import SIDE, Embedder
from facekd.errors import ModelFileError
from facekd.evaluation.intervals import CONFIDENCE
from facekd.modelcard import InputSpec
from facekd.types import Floats, Ids, Image

FEWEST_FACES = 4
FEWEST_PEOPLE = 5
"""People with two photographs from which on their separation is the judge."""
RESAMPLES = 400
NOTHING = -1.0  # value of a guess with which the network gives no embedding
_TINY = 1e-9
Doubles = NDArray[np.float64]


class Colour(StrEnum):
    """Order of the channels."""

    RGB = "rgb"
    BGR = "bgr"


class Range(StrEnum):
    """Of a pixel before the normalisation."""

    ONE = "0..1"
    BYTE = "0..255"


class Normalisation(StrEnum):
    """What is done to the pixel."""

    CENTRED = "centred"  # the middle of the range becomes 0; of 0..1 also both ends -1 and 1
    STATISTICS = "statistics"  # less the mean of ImageNet; of 0..1 also over its deviation
    NONE = "none"


class Crop(StrEnum):
    """How much of a face is in the picture. The product always feeds `TEMPLATE`."""

    TEMPLATE = "template"
    TIGHTER = "tighter"
    LOOSER = "looser"


ZOOM = {Crop.TEMPLATE: 1.0, Crop.TIGHTER: 1.25, Crop.LOOSER: 0.8}
IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""RGB, pixel units: the figures that the field's training scripts share."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One way to feed a network. The first of each kind is the commonest."""

    colour: Colour = Colour.RGB
    range: Range = Range.ONE
    normalisation: Normalisation = Normalisation.CENTRED
    crop: Crop = Crop.TEMPLATE

    def spec(self, size: tuple[int, int]) -> InputSpec:
        """For a model card; `size` is height and width of the network's input. The crop has no place in it."""
        mean: Sequence[float] = (0.0, 0.0, 0.0)
        scale: Sequence[float] = (1.0, 1.0, 1.0)
        one = self.range is Range.ONE
        if self.normalisation is Normalisation.NONE:
            scale = (1 / 255,) * 3 if one else scale
        elif self.normalisation is Normalisation.CENTRED:
            mean, scale = (127.5,) * 3, (1 / 127.5,) * 3 if one else scale
        else:
            mean = IMAGENET_MEAN
            scale = tuple(1 / std for std in IMAGENET_STD) if one else scale
        if self.colour is Colour.BGR:
            mean, scale = mean[::-1], scale[::-1]
        return InputSpec(size, self.colour.value, _three(mean), _three(scale))


class Judge(StrEnum):
    """What a guess was judged by."""

    PEOPLE = "people"  # telling people apart
    KNOWN = "known"  # agreement with a recogniser that is fed rightly


@dataclass(frozen=True, slots=True)
class Tried:
    """One guess, measured. `drop` is the share of the best guess's value that it loses, with its 95 % interval."""

    guess: Guess
    value: float
    drop: float
    lo: float
    hi: float

    @property
    def is_worse(self) -> bool:
        """Whether these faces surely speak against it."""
        return self.lo > 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out."""

    best: Guess
    judge: Judge
    faces: int
    people: int
    tried: Mapping[Guess, Tried]

    def options(self, part: str) -> tuple[Tried, ...]:
        """Every option of one part ("colour", "range", "normalisation", "crop"), the other parts as in the best."""
        best = self.best
        options: dict[str, list[Guess]] = {
            "colour": [replace(best, colour=each) for each in Colour],
            "range": [replace(best, range=each) for each in Range],
            "normalisation": [replace(best, normalisation=each) for each in Normalisation],
            "crop": [replace(best, crop=each) for each in Crop],
        }
        return tuple(self.tried[guess] for guess in options[part])

    @property
    def wants_other_crop(self) -> Tried | None:
        """How `TEMPLATE` was judged where another crop is surely better: the product cannot feed that one."""
        fed = self.tried[replace(self.best, crop=Crop.TEMPLATE)]
        return fed if self.best.crop is not Crop.TEMPLATE and fed.is_worse else None


def guess_input(
    embedder: Embedder,
    crops: Image,
    people: Ids,
    known: Floats | None = None,
    tell: Callable[[int, int], object] = lambda _done, _all: None,
) -> Finding:
    """Tries every combination of colour, range and normalisation, then every crop with the best of them.

    Args:
        embedder: the network; how its card says to feed it does not matter.
        crops: uint8 [n, 112, 112, 3] RGB, as the product aligns faces.
        people: [n], who is shown.
        known: [n, d] embeddings of the same faces by another recogniser.
        tell: called with how many guesses of how many were tried; may raise to stop.

    Raises:
        ValueError: fewer than `FEWEST_FACES` faces, or neither enough people nor `known`.
        ModelFileError: the network gives no embedding, however it is fed.
    """
    judge = _Judge(people, known) if len(crops) >= FEWEST_FACES else None
    if judge is None or (judge.kind is Judge.KNOWN and known is None):
        raise ValueError(
            f"expected {FEWEST_FACES} faces or more, and {FEWEST_PEOPLE} people with two or embeddings of another "
            f"recogniser, got {len(crops)} faces of {len(np.unique(people))} people"
        )
    plain = [Guess(*parts) for parts in itertools.product(Colour, Range, Normalisation)]
    total = len(plain) + len(Crop) - 1
    values: dict[Guess, Doubles] = {}
    for guess in plain:
        tell(len(values), total)
        values[guess] = judge(_embeddings(embedder, crops, guess))
    best = _best(values)
    if values[best][0] <= NOTHING:
        raise ModelFileError(
            f"{embedder.card.name}: expected a network that embeds faces, got none however it was fed; "
            "the file is damaged or made for something else"
        )
    for crop in Crop:
        if crop is not Crop.TEMPLATE:
            tell(len(values), total)
            guess = replace(best, crop=crop)
            values[guess] = judge(_embeddings(embedder, _zoomed(crops, ZOOM[crop]), guess))
    best = _best(values)
    for parts in itertools.product(Colour, Range, Normalisation):  # so that `options` finds each of them
        guess = Guess(*parts, best.crop)
        if guess not in values:
            values[guess] = judge(_embeddings(embedder, _zoomed(crops, ZOOM[best.crop]), guess))
    tell(total, total)
    tried = {guess: _tried(guess, value, values[best]) for guess, value in values.items()}
    return Finding(best, judge.kind, len(crops), len(np.unique(people)), tried)


def _embeddings(embedder: Embedder, crops: Image, guess: Guess) -> Floats | None:
    try:
        return embedder.fed(guess.spec(embedder.card.input.size)).embed(crops).vectors
    except ModelFileError:
        return None  # a part that is fed wrongly may give nothing at all


def _best(values: Mapping[Guess, Doubles]) -> Guess:
    """The highest; of those that these faces cannot tell apart at all, the commonest (they are tried in that order)."""
    highest = max(float(value[0]) for value in values.values())
    return next(guess for guess, value in values.items() if value[0] >= highest - 1e-6 * abs(highest))


def _tried(guess: Guess, value: Doubles, best: Doubles) -> Tried:
    drops = np.clip(1 - value / np.maximum(best, _TINY), 0, 1) if best[0] > 0 else np.zeros_like(value)
    # Where another draw of people would turn it round, the drop of that draw is 0, and so is the lower end.
    lo, hi = np.quantile(drops, [0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2])
    return Tried(guess, float(value[0]), float(drops[0]), float(min(lo, drops[0])), float(max(hi, drops[0])))


class _Judge:
    """Values [1 + resamples] of embeddings; the first is of the faces as they are."""

    def __init__(self, people: Ids, known: Floats | None, seed: int = 0) -> None:
        code = np.unique(people, return_inverse=True)[1]
        several = int((np.bincount(code) > 1).sum())
        self.kind = Judge.PEOPLE if several >= FEWEST_PEOPLE else Judge.KNOWN
        self._first, self._second = np.triu_indices(len(people), 1)
        if self.kind is Judge.KNOWN:  # each face is a draw of its own
            code = np.arange(len(people))
        count = int(code.max()) + 1
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)
        weight = np.vstack([np.ones(count), drawn])[:, code]
        self._same = code[self._first] == code[self._second]
        pairs = weight[:, self._first] * weight[:, self._second]
        pairs[:, self._same] = weight[
            :, self._first[self._same]
        ]  # one person is drawn once with all photographs
        self._weight = pairs
        self._known = None if known is None else self._cosines(known)

    def __call__(self, vectors: Floats | None) -> Doubles:
        if vectors is None:
            return np.full(len(self._weight), NOTHING)
        found = self._cosines(vectors)
        if self.kind is Judge.PEOPLE:
            return self._separation(found)
        assert self._known is not None  # `guess_input` saw to it
        return self._agreement(found, self._known)

    def _cosines(self, vectors: Floats) -> Doubles:
        rows = vectors.astype(np.float64)
        return np.asarray((rows[self._first] * rows[self._second]).sum(axis=1))

    def _separation(self, cosines: Doubles) -> Doubles:
        same, other = self._moments(cosines, self._same), self._moments(cosines, ~self._same)
        return np.asarray((same[0] - other[0]) / np.sqrt((same[1] + other[1]) / 2 + _TINY**2))

    def _agreement(self, cosines: Doubles, known: Doubles) -> Doubles:
        weight = self._weight / np.maximum(self._weight.sum(axis=1, keepdims=True), _TINY)
        means = [weight @ each for each in (cosines, known)]
        spread = [weight @ each**2 - mean**2 for each, mean in zip((cosines, known), means, strict=True)]
        together = weight @ (cosines * known) - means[0] * means[1]
        return np.asarray(together / np.sqrt(np.maximum(spread[0] * spread[1], _TINY**2)))

    def _moments(self, cosines: Doubles, which: NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
        weight = self._weight[:, which]
        weight = weight / np.maximum(weight.sum(axis=1, keepdims=True), _TINY)
        mean = weight @ cosines[which]
        return mean, np.maximum(weight @ cosines[which] ** 2 - mean**2, 0)


def _zoomed(crops: Image, zoom: float) -> Image:
    """The middle of each crop larger or smaller; where nothing is known the border goes on."""
    if zoom == 1.0:
        return crops
    matrix = cv2.getRotationMatrix2D(((SIDE - 1) / 2, (SIDE - 1) / 2), 0, zoom)
    return np.stack(
        [cv2.warpAffine(crop, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE) for crop in crops]
    ).astype(np.uint8)


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    first, second, third = values
    return float(first), float(second), float(third)
