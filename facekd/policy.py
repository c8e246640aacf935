"""When a name is said: the thresholds and voting rules of a decision, as one value."""

import itertools
import math
from dataclasses import dataclass

from facekd.calibration import Promise
from facekd.errors import ModelFileError
from facekd.modelcard import ModelCard

STRANGERS = 1000
"""The promise while nobody chose another: at most one view in so many of strangers speaks for a person."""

WIDEST_KNOWN_FAR = 1e-4  # however few people are enrolled
UNCERTAIN_RATIO = 30  # an uncertain name may be wrong so many times as often
WIDEST_UNCERTAIN_FAR = 1e-2


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules by which views of a face become a name.

    `known` and `uncertain` are cosines and belong to one model, hence `from_card` and `from_promise`. A view speaks
    for its likeliest person when its score reaches `known` and leads the second person by `margin`; it hints at that
    person when it reaches `uncertain`. The last `window` usable views of a track count, weighted by their quality.
    """

    known: float
    uncertain: float
    margin: float = 0.05  # cosine
    window: int = 25  # views
    min_votes: int = 3  # views that speak for the person; a single high outlier never names a track
    share: float = 0.5  # of the window's weight that must speak for the person
    rival_share: float = 0.25  # the next person must stay below this
    keep_share: float = 0.25  # a name once said stays while this share still speaks for it
    fresh_views: int = 6  # one of so many last views must at least hint at the person

    def __post_init__(self) -> None:
        if not -1 <= self.uncertain <= self.known <= 1:
            raise ValueError(
                f"expected -1 <= uncertain <= known <= 1, got uncertain {self.uncertain} and known {self.known}"
            )

    @classmethod
    def from_card(cls, card: ModelCard, people: int, strangers: int = STRANGERS) -> "Policy":
        """Thresholds from the model's own measured table, for a gallery of so many people and one wrong name in so
        many strangers.

        A stranger is compared with everyone enrolled, so the false accept rate of one comparison must shrink as
        the gallery grows. Between rows of the table the threshold runs straight over log(far); beyond its last
        row it stays there, because nothing was measured.

        Raises:
            ModelFileError: the card has no table.
        """
        if not card.threshold:
            raise ModelFileError(
                f"{card.name}: the model card has no [[threshold]] table; give --known and --uncertain, "
                "or choose a model whose card has one"
            )
        known_far = min(WIDEST_KNOWN_FAR, 1 / (strangers * max(people, 1)))
        uncertain_far = min(WIDEST_UNCERTAIN_FAR, UNCERTAIN_RATIO * known_far)
        return cls(known=threshold_at(card, known_far), uncertain=threshold_at(card, uncertain_far))

    @classmethod
    def from_promise(cls, promise: Promise) -> "Policy":
        """Thresholds that a gallery's own people carry."""
        return cls(known=promise.threshold, uncertain=promise.uncertain)


def threshold_at(card: ModelCard, far: float) -> float:
    """Cosine at a false accept rate of one comparison, from the card's table; its ends where `far` lies beyond."""
    rows = sorted(card.threshold, key=lambda row: row.far)
    for lower, upper in itertools.pairwise(rows):
        if lower.far <= far <= upper.far:
            share = math.log(far / lower.far) / math.log(upper.far / lower.far)
            return lower.value + share * (upper.value - lower.value)
    return rows[0].value if far < rows[0].far else rows[-1].value
