"""Two recognisers on the people on file, and the gate that rests on it."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.errors import ModelFileError
from facekd.evaluation.gate import Terms, Word
from facekd.models import ModelFile
from facekd.types import State
from facekd_db.errors import LoginRefused
from facekd_db.records import Role
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.progress import Stopped
from facekd_ui.services.standing import GateClosed

As = Callable[[Role], Services]
Crowd = Callable[..., list[int]]
PASSWORD = "seven quiet herons"
WIDE = Terms(0.05, 0.95)


class Watching:
    """Cancels when so many photographs are done."""

    def __init__(self, until: int | None = None) -> None:
        self.seen: list[tuple[int, int]] = []
        self._until = until

    def progress(self, done: int, total: int, refused: int = 0) -> None:
        self.seen.append((done, total))

    def cancelled(self) -> bool:
        done = self.seen[-1][0] if self.seen else 0
        return self._until is not None and done >= self._until


def test_every_figure_has_its_number_and_its_interval(as_role: As, crowd: Crowd, models: object) -> None:
    crowd(60, 3)
    watch = Watching()
    figures = as_role(Role.ENGINEER).comparison.run("new", watch=watch).figures
    assert (figures.people, figures.photos, figures.of_people, figures.unreadable) == (60, 180, 60, ())
    assert watch.seen[-1] == (180, 180)
    assert [each.question for each in figures.questions] == ["finds", "strangers", "same"]
    for question in figures.questions:
        assert question.people == 60
        for side in (question.active, question.candidate):
            assert side.lo <= side.value <= side.hi
            assert side.n > 0
        lo, hi = question.interval()
        assert lo <= question.difference <= hi
    assert (figures.active.dim, figures.candidate.dim) == (48, 40)
    assert (figures.active.parameters, figures.candidate.parameters) == (48 * 48, 48 * 40)
    assert figures.candidate.megabytes < figures.active.megabytes
    for side in (figures.active, figures.candidate):
        assert 0 < side.ms.lo <= side.ms.median <= side.ms.hi
        assert side.ms.n == 40
    rows = {row.far: row for row in figures.verification}
    assert rows["1e-3"].active is not None  # 15,930 pairs of strangers
    assert (rows["1e-5"].active, rows["1e-5"].needed) == (None, 300_000)


def test_a_candidate_that_sees_the_same_is_let_through(as_role: As, crowd: Crowd) -> None:
    crowd(60, 3)
    engineer = as_role(Role.ENGINEER)
    engineer.comparison.run("new")
    verdict = engineer.comparison.verdict("new", WIDE)
    assert verdict is not None
    assert verdict.open, verdict.answers


def test_a_damaged_candidate_is_refused(admin: Services, crowd: Crowd, desk: Desk) -> None:
    crowd(60, 3)
    found = admin.comparison.run("damaged")
    verdict = admin.comparison.verdict("damaged", WIDE)
    assert verdict is not None
    assert Word.WORSE in {each.word for each in verdict.closed_by}
    assert not admin.deployment.plan("damaged").may_begin
    with pytest.raises(GateClosed, match=r"finds the right person \(worse\)") as refused:
        admin.deployment.stage("damaged")
    assert refused.value.verdict is not None
    assert admin.deployment.state().staging is None
    assert found.disagreements
    for each in found.disagreements:
        assert each.active != each.candidate
        if each.stranger:  # whoever is named is somebody else
            assert each.person_id not in (each.active.person_id, each.candidate.person_id)
    ids = [each.crop_id for each in found.disagreements[:5]]
    assert all(png.startswith(b"\x89PNG") for png in admin.comparison.pictures(ids).values())
    right = [each for each in found.disagreements if not each.stranger and each.active.state is State.KNOWN]
    assert any(each.active.person_id == each.person_id for each in right)


def test_a_candidate_that_was_never_compared_is_refused(admin: Services, crowd: Crowd) -> None:
    crowd(3)
    assert admin.comparison.latest("new") is None
    assert admin.comparison.verdict("new") is None
    assert admin.deployment.plan("new").gate is None
    with pytest.raises(GateClosed, match="was not compared"):
        admin.deployment.stage("new")


def test_few_people_are_not_enough_and_the_terms_of_the_administrator_count(
    admin: Services, crowd: Crowd
) -> None:
    crowd(12, 3)
    admin.comparison.run("new")
    verdict = admin.comparison.verdict("new")
    assert verdict is not None
    assert verdict.terms == Terms(0.01, 0.95)  # while nobody stated others
    finds = verdict.answers[0]
    assert finds.word is Word.NOT_SURE
    assert finds.more_people is not None
    admin.shared.put("gate.margin_points", 30.0, 0)
    again = admin.comparison.verdict("new")
    assert again is not None
    assert again.terms == Terms(0.3, 0.95)
    assert again.answers[0].word is Word.NOT_WORSE


def test_with_few_people_strangers_come_from_the_cards_unless_they_were_met(
    admin: Services, crowd: Crowd
) -> None:
    crowd(40, 2)
    assert admin.comparison.run("new").figures.questions[1].basis == "model cards"
    own = admin.comparison.run("damaged").figures.questions[1]
    assert (own.basis, own.people) == ("own people", 40)  # it names them: no card can talk that away


def test_models_without_a_table_are_compared_on_the_people_on_file(
    admin: Services,
    crowd: Crowd,
    desk: Desk,
    make_embedder: Callable[[str, NDArray[np.float32]], ModelFile],
) -> None:
    crowd(12, 3)
    bare = make_embedder("bare", np.eye(48, 40, dtype=np.float32))
    card = bare.path.with_suffix(".toml")
    card.write_text(card.read_text().split("[[threshold]]")[0])
    figures = admin.comparison.run(str(bare.path)).figures
    assert not figures.candidate.promised
    assert figures.questions[1].basis == "own people"


def test_a_comparison_of_two_others_is_for_a_look_and_not_kept(admin: Services, crowd: Crowd) -> None:
    crowd(10, 2)
    found = admin.comparison.run("new", "damaged")
    assert (found.figures.candidate.name, found.figures.active.name) == ("new", "damaged")
    assert admin.comparison.latest("new") is None


def test_what_is_kept_is_what_was_found(admin: Services, crowd: Crowd) -> None:
    crowd(20, 2)
    found = admin.comparison.run("new")
    kept = admin.comparison.latest("new")
    assert kept is not None
    assert kept.figures == found.figures
    assert (kept.by, kept.vouched_by, kept.disagreements) == ("Ada", None, ())


def test_people_who_are_deleted_and_pictures_that_are_none_take_no_part(
    admin: Services, crowd: Crowd, desk: Desk
) -> None:
    gone, *_ = crowd(6, 2)
    admin.people.delete(gone, admin.people.get(gone).person.version)
    with desk.store.transaction() as t:
        broken = t.crops.add(_[0], b"no picture", source="file")
    figures = admin.comparison.run("new").figures
    assert (figures.people, figures.photos, figures.of_photos) == (5, 10, 11)
    assert figures.unreadable == (broken,)


def test_what_cannot_be_compared_is_said(admin: Services, desk: Desk, crowd: Crowd) -> None:
    with pytest.raises(Invalid, match="enrol somebody first"):
        admin.comparison.run("new")
    crowd(3)
    with pytest.raises(Invalid, match="got old twice"):
        admin.comparison.run("old")
    with pytest.raises(ModelFileError, match="no model called"):
        admin.comparison.run("nothing")
    with pytest.raises(Stopped):
        admin.comparison.run("new", watch=Watching(0))


def test_a_second_administrator_may_answer_for_what_the_gate_keeps_out(
    admin: Services, crowd: Crowd, desk: Desk
) -> None:
    crowd(5, 2)
    admin.comparison.run("damaged")
    for name, password, error, why in (
        ("Zoe", "wrong", LoginRefused, "the name or the password is wrong"),
        ("Nobody", PASSWORD, LoginRefused, "the name or the password is wrong"),
        ("Ada", PASSWORD, Invalid, "a second administrator"),  # she asks herself
        ("Emil", PASSWORD, Invalid, "a second administrator"),  # an engineer
    ):
        with pytest.raises(error, match=why):
            admin.deployment.override("damaged", name, password, "because")
    with pytest.raises(Invalid, match="a reason"):
        admin.deployment.override("damaged", "Zoe", PASSWORD, "  ")
    admin.deployment.override("damaged", "zoe", PASSWORD, "trial at desk 2")
    plan = admin.deployment.plan("damaged")
    assert (plan.may_begin, plan.overridden_by) == (True, "Zoe")
    with desk.store.reading() as t:
        (row,) = t.audit.page(act="model.override")
        zoe = next(each.id for each in t.operators.all() if each.name == "Zoe")
    assert (row.operator, row.detail) == ("Ada", {"second": f"operator:{zoe}", "reason": "trial at desk 2"})
    assert admin.deployment.stage("damaged").complete
    admin.comparison.run("damaged")  # new figures: nobody answered for those
    with pytest.raises(GateClosed):
        admin.deployment.switch("damaged")


def test_a_one_time_password_vouches_for_nothing(admin: Services, crowd: Crowd) -> None:
    crowd(5, 2)
    admin.comparison.run("new")
    made = admin.accounts.create("Nina", Role.ADMINISTRATOR)
    with pytest.raises(LoginRefused, match="valid once only"):
        admin.deployment.override("new", "Nina", made.password, "because")
