"""The promise "at most 1 wrong name in N strangers" and its price, for the people on file."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from facekd.calibration import FEWEST_PEOPLE, REACH, Basis, Calibration, Promise, Refusal, calibrate
from facekd.types import Floats
from facekd_db.records import Template
from facekd_db.store import Tables
from facekd_ui.i18n.text import T, Text
from facekd_ui.services.base import Service
from facekd_ui.services.errors import Invalid
from facekd_ui.services.line import (
    FEWEST_STRANGERS,
    MOST_STRANGERS,
    STRANGERS_KEY,
    Line,
    fits,
    strangers_of,
    write_line,
)
from facekd_ui.services.stored_gallery import StoredGallery, vectors

CHOICES = (30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
"""The table of the page."""
STEPS_A_DECADE = 12  # how finely the ends of the zones are looked for
POINTS = 121  # of a curve


@dataclass(frozen=True, slots=True)
class Zones:
    """How far each kind of promise reaches; 0 where there is none."""

    counted: int  # up to so many strangers the people on file carry it by counting
    estimated: int  # up to so many by extrapolation; beyond, the data cannot carry it


@dataclass(frozen=True, slots=True)
class Curve:
    """One distribution over cosines: what was counted, and what is drawn through it."""

    fitted: tuple[float, ...]  # density at each point of `Drawing.scores`
    counted: tuple[float, ...]  # density of the photographs in bins around those points
    photos: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The threshold chart."""

    scores: tuple[float, ...]  # evenly spaced cosines
    strangers: Curve  # the best likeness that photographs reach when tried as strangers
    same: Curve | None  # the same photographs, tried as themselves; None: nobody has two


@dataclass(frozen=True, slots=True)
class TooAlike:
    """Two people so much alike that they were left out as one person on file twice."""

    first: int
    second: int
    first_name: str
    second_name: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows."""

    strangers: int  # the promise in force
    version: int  # of that setting, for `Promises.choose`
    changed_at: datetime | None  # None: nobody chose one
    changed_by: str
    people: int
    photos: int
    line: Line | None  # what is in force; None: the model card's table serves
    choices: tuple[Promise | Refusal, ...]  # for `CHOICES`
    zones: Zones
    drawing: Drawing | None  # None below 30 people
    alike: tuple[TooAlike, ...]


class Promises(Service):
    """What these people carry. The first question about a gallery takes a moment, the others none."""

    name = "promises"
    _kept: tuple[tuple[str, int, int], Calibration, int] | None = None  # of one state of the gallery

    def overview(self) -> Overview:
        """Everything for the page."""
        gallery = self._desk.gallery.current()
        calibration, photos = self._calibration(gallery, CHOICES[-1])
        with self._store.reading() as t:
            setting = t.settings.find(STRANGERS_KEY)
            strangers = strangers_of(t)
            by = (
                ""
                if setting is None or setting.updated_by is None
                else t.operators.get(setting.updated_by).name
            )
        return Overview(
            strangers,
            setting.version if setting else 0,
            setting.updated_at if setting else None,
            by,
            calibration.people,
            photos,
            gallery.line,
            tuple(calibration.promise(number) for number in CHOICES),
            zones(calibration),
            drawing(calibration),
            tuple(
                TooAlike(int(a), int(b), gallery.names.get(a, a), gallery.names.get(b, b))
                for a, b, _ in calibration.alike
            ),
        )

    def at(self, strangers: int) -> Promise | Refusal:
        """One promise, for the field and the slider. Raises Invalid for a number that is none."""
        _require(strangers)
        return self._calibration(self._desk.gallery.current(), strangers)[0].promise(strangers)

    def choose(self, strangers: int, version: int) -> Promise:
        """Puts another promise in force, at every desk.

        Args:
            version: of the setting that was read, `Overview.version`.

        Raises:
            Invalid: the people on file cannot carry it; says how many could.
            Conflict: somebody else changed it meanwhile.
        """
        _require(strangers)
        gallery = self._desk.gallery.current()
        calibration, photos = self._calibration(gallery, strangers)
        answer = calibration.promise(strangers)
        if isinstance(answer, Refusal):
            raise Invalid(refusal_words(answer))

        def choose(t: Tables) -> None:
            t.settings.put(STRANGERS_KEY, strangers, version=version, by=self._by)
            write_line(t, gallery.model_id, Line(calibration.people, photos, answer))
            t.gallery.bump()
            self._audit(t, "setting.change", f"setting:{STRANGERS_KEY}", {"value": strangers})

        self._write(choose)
        return answer

    def _calibration(self, gallery: StoredGallery, strangers: int) -> tuple[Calibration, int]:
        """Of the people who can be recognised today, and how many photographs they have."""
        most = math.ceil(max(strangers, CHOICES[-1]) / REACH)
        state = (gallery.model_id, gallery.revision, most)
        if self._kept is None or self._kept[0] != state:
            with self._store.reading() as t:
                opened = t.templates.gallery(gallery.model_id, gallery.day)
            rows: Sequence[Template] = [row for row in opened.rows if not row.rejects]
            found = vectors(rows, rows[0].dim if rows else 1)
            calibration = calibrate(found, [str(row.person_id) for row in rows], most=most)
            self._kept = (state, calibration, len(rows))
        return self._kept[1], self._kept[2]


def zones(calibration: Calibration) -> Zones:
    """Where counting ends and where the data end, to a twelfth of a decade."""
    decades = math.log10(MOST_STRANGERS / FEWEST_STRANGERS)
    numbers = np.unique(
        np.geomspace(FEWEST_STRANGERS, MOST_STRANGERS, round(decades * STEPS_A_DECADE) + 1).astype(int)
    ).tolist()
    counted = estimated = 0
    for number in numbers:
        answer = calibration.promise(number)
        if isinstance(answer, Refusal):
            break
        estimated = number
        if answer.basis is Basis.COUNTED:
            counted = number
    return Zones(counted, estimated)


def drawing(calibration: Calibration) -> Drawing | None:
    """The curves of the chart, over all likenesses that occur."""
    found, tail, same = calibration.strangers, calibration.tail, calibration.genuine
    if found is None or tail is None:
        return None
    low = float(min(found.best.min(), same.scores.min() if same.people else 1.0))
    edges = np.linspace(low - 0.02, 1.0, POINTS + 1)
    points = (edges[:-1] + edges[1:]) / 2
    # Nearly every stranger's best likeness lies beyond the floor of the tail, so the tail is the whole curve.
    below = np.array([tail.rates(float(edge))[0] for edge in edges])
    below[edges < tail.floor] = 1.0
    strangers = Curve(
        tuple((-np.diff(below) / np.diff(edges)).tolist()),
        _density(found.best, found.weight, edges),
        len(found.best),
    )
    curve = None
    if same.people:
        mean = float(np.average(same.scores, weights=same.weight))
        spread = float(np.sqrt(np.average((same.scores - mean) ** 2, weights=same.weight)))
        bell = NormalDist(mean, max(spread, 0.01))
        curve = Curve(
            tuple(bell.pdf(point) for point in points.tolist()),
            _density(same.scores, same.weight, edges),
            len(same.scores),
        )
    return Drawing(tuple(points.tolist()), strangers, curve)


def promise_words(answer: Promise) -> Text:
    """The sentence of the design."""
    return T("At most 1 wrong name in {strangers} strangers.", strangers=answer.strangers)


def refusal_words(answer: Refusal) -> Text:
    """Why not, and what would change it."""
    if answer.people < FEWEST_PEOPLE:
        return T(
            "Too few people for a promise of your own. Using the shipped table until {fewest} are on file.",
            fewest=FEWEST_PEOPLE,
        )
    return T(
        "1 in {strangers} cannot be promised with {people} people. It would need about {more} more with three photos "
        "each. FaceKD would rather say so than guess.",
        strangers=answer.strangers,
        people=answer.people,
        more=answer.people_needed - answer.people,
    )


def _require(strangers: int) -> None:
    if not fits(strangers):
        raise Invalid(
            T(
                "Expected {least} to {most} strangers, got {number}.",
                least=FEWEST_STRANGERS,
                most=MOST_STRANGERS,
                number=strangers,
            )
        )


def _density(scores: Floats, weight: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[float, ...]:
    heights, _ = np.histogram(scores, bins=edges, weights=weight, density=True)
    return tuple(heights.tolist())
