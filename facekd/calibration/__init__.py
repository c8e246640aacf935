"""The threshold as a promise: "at most 1 wrong name in N strangers".

Read `promises` for what is asked and answered, `scores` for whom a stranger is compared with, `tail` for what is said
beyond the strangers that were tried. `docs/promise.md` says in words what the method assumes and how it was checked.
"""

from facekd.calibration.promises import (
    FEWEST_PEOPLE,
    REACH,
    Basis,
    Calibration,
    Promise,
    Rate,
    Refusal,
    calibrate,
    calibrate_scores,
    promise,
)

__all__ = [
    "FEWEST_PEOPLE",
    "REACH",
    "Basis",
    "Calibration",
    "Promise",
    "Rate",
    "Refusal",
    "calibrate",
    "calibrate_scores",
    "promise",
]
