import numpy as np
import pytest

from facekd.policy import Policy
from facekd.track import one_face_a_person
from facekd.types import Candidate, State
from facekd.vote import Verdict, Vote

POLICY = Policy(known=0.5, uncertain=0.3)


def cast(*views: tuple[str, float], weight: float = 1.0, second: float = 0.0) -> Verdict:
    vote = Vote(POLICY)
    for person, score in views:
        vote.add((Candidate(person, score), Candidate("somebody else", second)), weight)
    return vote.verdict()


def test_three_views_that_speak_for_a_person_name_it() -> None:
    verdict = cast(("Ada", 0.6), ("Ada", 0.7), ("Ada", 0.8))
    assert (verdict.state, verdict.person) == (State.KNOWN, "Ada")
    assert verdict.score == pytest.approx(0.7)


def test_a_single_high_outlier_never_names_a_track() -> None:
    assert cast(("Ada", 0.99), *[("Bob", 0.1)] * 10).state is State.UNKNOWN
    assert cast(("Ada", 0.99)).state is State.UNCERTAIN


def test_scores_between_the_thresholds_are_uncertain() -> None:
    verdict = cast(*[("Ada", 0.4)] * 10)
    assert (verdict.state, verdict.person) == (State.UNCERTAIN, "Ada")


def test_scores_below_both_thresholds_are_unknown() -> None:
    verdict = cast(*[("Ada", 0.2)] * 10)
    assert (verdict.state, verdict.person) == (State.UNKNOWN, None)


def test_without_a_lead_over_the_second_person_no_name_is_said() -> None:
    assert cast(*[("Ada", 0.60)] * 10, second=0.58).state is State.UNCERTAIN


def test_two_people_who_both_collect_votes_leave_it_uncertain() -> None:
    assert cast(*[("Ada", 0.6), ("Ada", 0.6), ("Bob", 0.6)] * 4).state is State.UNCERTAIN


def test_good_views_outweigh_poor_ones() -> None:
    vote = Vote(POLICY)
    for _ in range(5):
        vote.add((Candidate("Ada", 0.7),), 0.9)
        vote.add((Candidate("Bob", 0.1),), 0.1)
        vote.add((Candidate("Bob", 0.1),), 0.1)
    assert vote.verdict().person == "Ada"


def test_views_without_weight_or_candidates_say_nothing() -> None:
    assert Vote(POLICY).verdict().state is State.UNKNOWN
    assert cast(*[("Ada", 0.9)] * 5, weight=0.0).state is State.UNKNOWN
    vote = Vote(POLICY)
    vote.add((), 1.0)
    assert vote.verdict() == Verdict(State.UNKNOWN, None, 0.0)


def test_a_name_survives_some_poor_views_but_not_a_different_face() -> None:
    vote = Vote(POLICY)
    for _ in range(10):
        vote.add((Candidate("Ada", 0.7),), 1.0)
    assert vote.verdict().person == "Ada"
    for _ in range(4):
        vote.add((Candidate("Bob", 0.1),), 1.0)
        assert vote.verdict().state is State.KNOWN
    vote.add((Candidate("Ada", 0.35),), 1.0)
    assert vote.verdict().state is State.KNOWN
    for _ in range(6):  # six views in a row without even a hint
        vote.add((Candidate("Bob", 0.1),), 1.0)
    assert vote.verdict().state is not State.KNOWN


def test_one_wrong_view_in_five_gives_at_most_one_wrong_name_in_a_hundred_tracks() -> None:
    """1,000 scripted tracks of 40 views; a fifth of the views speak for a random other person of three."""
    rng = np.random.default_rng(0)
    wrong = named = 0
    for _ in range(1000):
        vote = Vote(POLICY)
        for _ in range(40):
            right = rng.random() > 0.2
            vote.add(
                (Candidate("Ada" if right else rng.choice(["Bob", "Cid", "Dan"]), 0.7),), rng.uniform(0.2, 1)
            )
        verdict = vote.verdict()
        named += verdict.person == "Ada" and verdict.state is State.KNOWN
        wrong += verdict.person != "Ada" and verdict.state is State.KNOWN
    assert wrong <= 10
    assert named >= 950


def test_strangers_with_one_false_match_in_five_views_stay_nameless() -> None:
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(1000):
        vote = Vote(POLICY)
        for _ in range(40):
            vote.add((Candidate("Ada", 0.6 if rng.random() < 0.2 else 0.1),), 1.0)
        wrong += vote.verdict().state is State.KNOWN
    assert wrong <= 10


def test_of_two_faces_with_one_name_the_better_founded_keeps_it() -> None:
    strong, weak = Verdict(State.KNOWN, "Ada", 0.6, evidence=9), Verdict(State.KNOWN, "Ada", 0.9, evidence=4)
    other = Verdict(State.KNOWN, "Bob", 0.7, evidence=1)
    assert [v.state for v in one_face_a_person([weak, strong, other])] == [
        State.UNCERTAIN,
        State.KNOWN,
        State.KNOWN,
    ]
