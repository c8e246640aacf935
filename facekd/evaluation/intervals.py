"""How sure a measured rate is, and how many comparisons a small rate needs before it may be promised.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), for the
interval; B. Jovanovic and P. Levy, "A look at the rule of three", The American Statistician 51 (1997), for the rule.
"""

import math
from statistics import NormalDist

CONFIDENCE = 0.95


def wilson_interval(events: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Wilson score interval of a proportion; no events or only events still give an honest width.

    It assumes independent trials. Comparisons that share people are not quite independent, so the truth is somewhat
    wider. Raises ValueError unless 0 <= events <= n and n > 0.
    """
    if n <= 0 or not 0 <= events <= n:
        raise ValueError(f"wilson_interval: expected 0 <= events <= n and n > 0, got {events} of {n}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = events / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # at the ends the closed form is off 0 and 1 by rounding only
    low = 0.0 if events == 0 else (centre - half) / scale
    high = 1.0 if events == n else (centre + half) / scale
    return low, high


def trials_needed(rate: float) -> int:
    """The rule of three: no error in N trials bounds the rate by 3 / N (95 %), so a rate needs 3 / rate trials."""
    if not 0 < rate < 1:
        raise ValueError(f"trials_needed: expected a rate between 0 and 1, got {rate}")
    # the rounding keeps 3 / 1e-3 at 3,000 where floating point would make it a hair more
    return math.ceil(round(3 / rate, 6))


def errors_allowed(rate: float, n: int) -> int:
    """The most errors in n trials that keep their share at or below `rate`."""
    # the small term keeps 1e-3 of 3,000 at 3 where floating point would make it a hair less
    return min(n, math.floor(rate * n + 1e-9))
