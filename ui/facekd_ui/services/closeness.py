"""How sure, in words with a base: what a likeness means among strangers, from the model's own measured table.

A stranger is compared with everyone on file, so the share of strangers who come closer to somebody is counted for the
whole gallery. Certainty is rounded down and never goes beyond what was tried.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from facekd.modelcard import ModelCard
from facekd.policy import Policy
from facekd_ui.i18n.text import T, Text

FEWEST_PAIRS = 30
"""Fewer pairs say too little about how alike two photographs of one person are."""


class Kind(StrEnum):
    """Which sentence is true."""

    CLOSER = "closer"  # closer than a share of strangers, enough for a name
    EVERY = "every"  # closer than every stranger tried
    WEAK = "weak"  # closer than a share of strangers, not enough for a name
    NONE = "none"  # not close at all


@dataclass(frozen=True, slots=True)
class Closeness:
    """What is said of a likeness."""

    kind: Kind
    share: float = 0.0  # of strangers who are less alike, 0..1, rounded down
    trials: int = 0  # pairs of strangers that were tried

    def words(self) -> Text:
        """The sentence of the design, in the language in use."""
        match self.kind:
            case Kind.CLOSER:
                return T("Closer than {share} of strangers", share=percent(self.share))
            case Kind.EVERY:
                return T("Closer than every stranger tried ({trials})", trials=self.trials)
            case Kind.WEAK:
                return T("Closer than {share} of strangers: not enough for a name", share=percent(self.share))
            case Kind.NONE:
                return T("No one on file is close enough")


def closeness(card: ModelCard, score: float, people: int, *, named: bool) -> Closeness:
    """What a cosine means.

    Args:
        people: on file, with whom a stranger would be compared; 1 for two photographs.
        named: whether the decision was a name.
    """
    rows = sorted(card.threshold, key=lambda row: row.far)
    if not rows or score < rows[-1].value:
        return Closeness(Kind.NONE)
    n = max(people, 1)
    trials = rows[0].n
    if named and score > rows[0].value and n * rows[0].far * trials < 1:
        return Closeness(Kind.EVERY, 1 - 1 / trials, trials)
    share = (1 - far_at(card, score)) ** n
    if share < 0.5:  # more strangers than not would come as close: no number helps
        return Closeness(Kind.NONE)
    return Closeness(Kind.CLOSER if named else Kind.WEAK, min(share, 1 - 1 / trials), trials)


def far_at(card: ModelCard, score: float) -> float:
    """Share of pairs of strangers at least so alike: straight over log(far) between the rows, its ends beyond them.

    The inverse of `facekd.policy.threshold_at`.
    """
    rows = sorted(card.threshold, key=lambda row: row.value)
    for low, high in itertools.pairwise(rows):
        if low.value <= score <= high.value and high.value > low.value:
            way = (score - low.value) / (high.value - low.value)
            return math.exp(math.log(low.far) + way * (math.log(high.far) - math.log(low.far)))
    return rows[0].far if score < rows[0].value else rows[-1].far


def strangers_for_a_wrong_name(card: ModelCard, people: int) -> int | None:
    """So many strangers are looked at for one view that speaks for somebody on file, by the card's table.

    What `facekd.policy.Policy.from_card` sets the line for a name to, as far as the table reaches: with more people
    than it carries the figure falls. Rounded down to two digits. None without a table or without people.
    """
    if not card.threshold or people < 1:
        return None
    line = Policy.from_card(card, people).known
    strangers = 1 / (people * max(far_at(card, line), min(row.far for row in card.threshold)))
    step = int(10 ** max(0, math.floor(math.log10(strangers)) - 1))
    return math.floor(strangers / step + 1e-6) * step


def percent(share: float) -> str:
    """ "99.98 %", cut off rather than rounded, with as many digits as tell it from 100."""
    # As many digits as nines; the hair keeps 1 - 0.9999, which is a little less than 1e-4, at four of them.
    nines = math.ceil(-math.log10(max(1 - share, 1e-9)) - 1e-6)
    digits = max(0, nines - 2)
    scale = 10.0**digits
    return f"{math.floor(share * 100 * scale + 1e-9) / scale:.{digits}f} %"


@dataclass(frozen=True, slots=True)
class Bell:
    """A normal curve over cosines, for a drawing: figures that are said come from the table."""

    mean: float
    std: float
    n: int  # pairs that it rests on

    def height(self, score: float) -> float:
        """Density at a cosine."""
        return NormalDist(self.mean, self.std).pdf(score)


def strangers(card: ModelCard) -> Bell:
    """The curve of pairs of strangers: the normal one that fits the table's rows best (least squares over quantiles).

    With fewer than two rows: of random directions in so many dimensions, whose cosines have mean 0 and deviation
    1 / sqrt(dim).
    """
    rows = [row for row in card.threshold if 0 < row.far < 0.5]
    n = max((row.n for row in rows), default=0)
    fallback = Bell(0.0, 1 / math.sqrt(card.dim or 128), n)
    if len({row.far for row in rows}) < 2:
        return fallback
    z = [NormalDist().inv_cdf(1 - row.far) for row in rows]
    values = [row.value for row in rows]
    mean_z, mean_v = sum(z) / len(z), sum(values) / len(values)
    slope = sum((a - mean_z) * (b - mean_v) for a, b in zip(z, values, strict=True)) / sum(
        (a - mean_z) ** 2 for a in z
    )
    return Bell(mean_v - slope * mean_z, slope, n) if slope > 0 else fallback


def same_people(card: ModelCard, own: Sequence[float]) -> Bell | None:
    """The curve of two photographs of one person.

    From the card's metrics `genuine_mean` and `genuine_std` where it has them; else from photographs of the same
    people on file, `own`, when there are enough pairs; else None: a curve that nobody measured is not drawn.
    """
    mean, std = card.metrics.get("genuine_mean"), card.metrics.get("genuine_std")
    if mean is not None and std is not None and std.value > 0:
        return Bell(mean.value, std.value, mean.n)
    if len(own) < FEWEST_PAIRS:
        return None
    middle = sum(own) / len(own)
    deviation = math.sqrt(sum((value - middle) ** 2 for value in own) / (len(own) - 1))
    return Bell(middle, max(deviation, 0.01), len(own))
