"""The gate opens for what was shown to be good enough, and for nothing else."""

import numpy as np
import pytest

from facekd.evaluation.gate import Answer, Terms, Word, decide
from facekd.evaluation.paired import Changed, Figure, Paired, not_asked

TERMS = Terms(margin=0.02, confidence=0.95)
SHARE = Figure(0.9, 0.8, 0.95, 400)


def question(difference: float, spread: float, people: int = 400) -> Paired:
    """One whose resampled differences are normal around its difference."""
    replicates = difference + spread * np.random.default_rng(0).standard_normal(20_000)
    # A quarter of the people got better and a quarter worse, together by the difference: the bound for rare changes
    # lies within the interval.
    gains, losses = Changed(people // 4, 4 * (0.05 + difference)), Changed(people // 4, 0.2)
    return Paired(
        "finds",
        SHARE,
        SHARE,
        difference,
        people,
        people,
        replicates=tuple(replicates),
        gains=gains,
        losses=losses,
    )


def answer(of: Paired, terms: Terms = TERMS) -> Answer:
    return decide([of], terms).answers[0]


@pytest.mark.parametrize(
    ("difference", "spread", "word"),
    [
        (0.02, 0.005, Word.BETTER),  # 0.01 to 0.03
        (0.0, 0.005, Word.NOT_WORSE),  # -0.01 to 0.01
        (-0.005, 0.005, Word.NOT_WORSE),  # -0.015 to 0.005: worse perhaps, but by less than the margin
        (-0.005, 0.02, Word.NOT_SURE),  # -0.045 to 0.035
        (-0.03, 0.01, Word.NOT_SURE),  # -0.05 to -0.01
        (-0.05, 0.01, Word.WORSE),  # -0.07 to -0.03
    ],
)
def test_the_word_follows_from_where_the_interval_lies(difference: float, spread: float, word: Word) -> None:
    assert answer(question(difference, spread)).word is word


def test_one_answer_that_is_not_sure_keeps_the_gate_closed() -> None:
    good, unsure = question(0.0, 0.005), question(-0.005, 0.02)
    assert decide([good, good], TERMS).open
    verdict = decide([good, unsure], TERMS)
    assert not verdict.open
    assert [each.word for each in verdict.closed_by] == [Word.NOT_SURE]


def test_no_question_is_no_reason_to_open() -> None:
    assert not decide([], TERMS).open


def test_a_wider_margin_opens_and_a_higher_confidence_closes() -> None:
    of = question(-0.005, 0.01)  # -0.025 to 0.015 at 95 %
    assert answer(of).word is Word.NOT_SURE
    assert answer(of, Terms(0.03, 0.95)).word is Word.NOT_WORSE
    assert answer(of, Terms(0.03, 0.999)).word is Word.NOT_SURE  # -0.038


def test_not_sure_says_how_many_more_people_would_settle_it() -> None:
    # Half the interval is 1.96 * 0.02 = 0.0392, the room to the margin 0.015: (0.0392 / 0.015)^2 = 6.83 times 400.
    more = answer(question(-0.005, 0.02)).more_people
    assert more is not None
    assert more == pytest.approx(400 * 5.83, rel=0.05)
    assert answer(question(0.0, 0.005)).more_people is None  # nothing is open


def test_a_difference_on_the_margin_is_settled_by_nobody() -> None:
    assert answer(question(-0.02, 0.02)).more_people is None


def test_a_question_that_nobody_could_be_asked_about_is_not_sure() -> None:
    found = answer(not_asked("finds"))
    assert (found.word, found.lo, found.hi) == (Word.NOT_SURE, -1.0, 1.0)
    # Wilson's bound without events is z^2 / (n + z^2), z = 1.96; below 0.02 from n = 188.2 on.
    assert found.more_people == 189


@pytest.mark.parametrize(("margin", "confidence"), [(0.0, 0.95), (1.0, 0.95), (0.01, 1.0), (0.01, 0.3)])
def test_terms_that_mean_nothing_are_refused(margin: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="expected a margin"):
        Terms(margin, confidence)
