"""From many views of one face to one statement: known, uncertain or unknown."""

from collections import defaultdict, deque
from dataclasses import dataclass

from facekd.policy import Policy
from facekd.types import Candidate, State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a track says. `score` is the weighted mean cosine of `person`; without a person, of the best candidates."""

    state: State
    person: str | None
    score: float
    evidence: float = 0.0  # weight that speaks for the person; settles who keeps a name claimed twice


@dataclass(frozen=True, slots=True)
class _View:
    weight: float
    person: str | None  # the likeliest
    score: float
    speaks: bool  # reaches `known` with the margin
    hints: bool  # reaches `uncertain`


class Vote:
    """The quality-weighted vote of one track over its last views."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._views: deque[_View] = deque(maxlen=policy.window)
        self._named: str | None = None

    def add(self, candidates: tuple[Candidate, ...], weight: float) -> None:
        """Count one usable view: its two likeliest people, best first, and its quality weight, 0..1."""
        rules = self._policy
        if not candidates:
            self._views.append(_View(weight, None, 0.0, speaks=False, hints=False))
            return
        best = candidates[0]
        lead = best.score - candidates[1].score if len(candidates) > 1 else 2.0
        self._views.append(
            _View(
                weight,
                best.person,
                best.score,
                speaks=best.score >= rules.known and lead >= rules.margin,
                hints=best.score >= rules.uncertain,
            )
        )

    def verdict(self) -> Verdict:
        """The statement that the views so far carry."""
        total = sum(view.weight for view in self._views)
        if total <= 0:
            self._named = None
            return Verdict(State.UNKNOWN, None, 0.0)
        speaking: dict[str, float] = defaultdict(float)
        hinting: dict[str, float] = defaultdict(float)
        votes: dict[str, int] = defaultdict(int)
        for view in self._views:
            if view.person and view.speaks:
                speaking[view.person] += view.weight / total
                votes[view.person] += 1
            if view.person and view.hints:
                hinting[view.person] += view.weight / total
        rules = self._policy
        ranked = sorted(hinting, key=lambda person: (speaking[person], hinting[person]), reverse=True)
        best = ranked[0] if ranked else None
        rival = max((speaking[person] for person in ranked[1:]), default=0.0)
        if best and rival < rules.rival_share and self._fresh(best) and (
            (votes[best] >= rules.min_votes and speaking[best] >= rules.share)
            or (best == self._named and speaking[best] >= rules.keep_share)
        ):  # fmt: skip
            self._named = best
            return Verdict(State.KNOWN, best, self._mean_score(best), speaking[best] * total)
        self._named = None
        if best and hinting[best] >= rules.share:
            return Verdict(State.UNCERTAIN, best, self._mean_score(best), speaking[best] * total)
        return Verdict(State.UNKNOWN, None, self._mean_score(None))

    def _fresh(self, person: str) -> bool:
        """Without this a name would outlive its face when somebody alike enough takes its place."""
        last = list(self._views)[-self._policy.fresh_views :]
        return any(view.person == person and view.hints for view in last)

    def _mean_score(self, person: str | None) -> float:
        views = [view for view in self._views if person is None or view.person == person]
        total = sum(view.weight for view in views)
        return sum(view.weight * view.score for view in views) / total if total > 0 else 0.0
