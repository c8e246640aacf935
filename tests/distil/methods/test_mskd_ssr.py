"""MSKD-SSR beyond the contract: its two phases, its pairs, and faces without identities."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from facekd.distil.methods.base import Epoch
from facekd.distil.methods.branches import Branch
from facekd.distil.networks.stages import StageSpec


def test_the_first_phase_trains_branches_and_leaves_the_backbone_alone(setting: Any) -> None:
    case = setting("mskd_ssr", "classification", prepare=False)
    preparation, teacher = case.method.preparation(), case.method.teacher
    assert preparation.share == 0.3
    before = {key: value.clone() for key, value in teacher.state_dict().items()}
    answer = case.teach()
    optimiser = torch.optim.SGD(preparation.parameters(), lr=0.1, momentum=0.9)
    history = []
    for number in range(1, 9):
        losses = preparation(case.batch, case.teach(), Epoch(number, 8))
        assert list(losses) == ["branch1", "branch2"]
        optimiser.zero_grad()
        total = sum(losses.values())
        total.backward()
        optimiser.step()
        history.append(total.item())
    assert history[-1] < 0.7 * history[0]
    assert all(before[key].equal(value) for key, value in teacher.state_dict().items())
    assert all(p.grad is None for p in teacher.parameters())
    case.method.hold(preparation.finish())
    after = case.teach()
    assert after.logits.equal(answer.logits)
    assert [r.shape for r in after.responses] == [(8, 10), (8, 10)]


def test_branches_are_scored_by_accuracy_over_labelled_rows(setting: Any) -> None:
    case = setting("mskd_ssr", "classification", prepare=False)
    sums, counts = case.method.preparation().scores(case.batch, case.teach())
    right, judged = case.method.teacher_correct(case.teach(), case.batch.labels)
    assert counts.tolist() == [6, 6, 6]
    assert sums[-1].item() == right.sum().item() >= 1
    assert judged.sum().item() == 6


def test_a_deeper_branch_that_is_worse_is_worth_a_warning(setting: Any) -> None:
    preparation = setting("mskd_ssr", "classification", prepare=False).method.preparation()
    assert preparation.judge([0.2, 0.5, 0.495]) is None
    warning = preparation.judge([0.2, 0.5, 0.4])
    assert warning is not None
    assert "stage 3 answers worse than stage 2 (0.400 against 0.500)" in warning


def test_a_teacher_with_other_branches_is_another_teacher(setting: Any) -> None:
    case = setting("mskd_ssr", "classification", prepare=False)
    plain, preparation = case.method.teacher.id, case.method.preparation()
    first = preparation.finish().id
    assert first == preparation.finish().id != plain
    with torch.no_grad():
        next(preparation.parameters()).add_(1)
    assert preparation.finish().id != first


def test_the_second_phase_asks_for_the_first(setting: Any) -> None:
    case = setting("mskd_ssr", "classification", prepare=False)
    with pytest.raises(ValueError, match=r"2 responses, got 0.*preparation"):
        case.losses()


@pytest.mark.parametrize("direction", ["deep_to_shallow", "shallow_to_deep", "symmetric"])
@pytest.mark.parametrize("pairs", ["all", "adjacent", "final"])
def test_the_review_listens_to_no_teacher(setting: Any, pairs: str, direction: str) -> None:
    case = setting("mskd_ssr", "classification", review_pairs=pairs, review_direction=direction)
    case.method.eval()
    teacher = case.teach()
    other = teacher._replace(
        logits=-teacher.logits,
        responses=tuple(-r for r in teacher.responses),
        stages=tuple(stage + 1 for stage in teacher.stages),
    )
    plain, changed = (case.method(case.batch, output, Epoch(5, 10)) for output in (teacher, other))
    assert changed["review"].equal(plain["review"])
    assert plain["review"] > 0
    assert not changed["response"].equal(plain["response"])


def test_the_review_grows_over_the_first_tenth(setting: Any) -> None:
    case = setting("mskd_ssr", "classification")
    case.method.eval()
    value = {e: case.losses(Epoch(e, 100))["review"].item() for e in (1, 5, 10, 100)}
    assert value[1] == pytest.approx(0.1 * value[100])
    assert value[5] == pytest.approx(0.5 * value[100])
    assert value[10] == pytest.approx(value[100])


def test_a_wrong_stage_that_is_not_trusted_teaches_nothing(setting: Any) -> None:
    """At the last epoch `progressive` trusts only right answers; every stage of this teacher is wrong."""
    case = setting("mskd_ssr", "classification", selective_mode="progressive", selective_by="stage")
    teacher = case.teach()
    answers = torch.stack([*teacher.responses, teacher.logits]).argmax(dim=2)
    wrong = torch.tensor([next(k for k in range(10) if k not in answers[:, i]) for i in range(8)])
    loss = case.method(case.batch._replace(labels=wrong), teacher, Epoch(10, 10))["response"]
    assert loss.item() == 0
    loss.backward()
    assert all(p.grad is None or p.grad.eq(0).all() for p in case.method.parameters())


def test_each_stage_is_judged_by_its_own_answer_when_asked(setting: Any) -> None:
    """Labels are the head's answers: judged by the head all rows count, by the stages only where they agree."""
    head, stage = (
        setting("mskd_ssr", "classification", selective_mode="progressive", selective_by=by)
        for by in ("head", "stage")
    )
    for case in (head, stage):
        case.method.eval()
    teacher = head.teach()
    batch = head.batch._replace(labels=teacher.logits.argmax(dim=1))
    student = head.method.student(head.method.preprocess(batch.images))
    ours = [*head.method.branches(student.stages), student.logits]
    by_head, by_stage = 0.0, 0.0
    for z_s, z_t in zip(ours, [*teacher.responses, teacher.logits], strict=True):
        p, q = F.log_softmax(z_s / 4, 1), F.softmax(z_t / 4, 1)
        rows = 16 * F.kl_div(p, q, reduction="none").sum(dim=1)
        by_head += rows.mean().item() / 3
        by_stage += rows[z_t.argmax(dim=1) == batch.labels].sum().item() / 8 / 3
    assert by_stage < by_head
    values = [case.method(batch, teacher, Epoch(10, 10))["response"].item() for case in (head, stage)]
    assert values == pytest.approx([by_head, by_stage], rel=1e-4)


@pytest.mark.parametrize("mode", ["released", "progressive", "hard", "tcp", "swap"])
@pytest.mark.parametrize("kind", ["classification", "face"])
def test_responses_can_be_selective(setting: Any, mode: str, kind: str) -> None:
    case = setting("mskd_ssr", kind, selective_mode=mode)
    assert case.method.terms()["response"] == "labelled"
    assert case.losses(Epoch(10, 10))["response"] >= 0


def test_faces_without_identities_answer_by_embeddings(setting: Any) -> None:
    case = setting("mskd_ssr", "face", labelled=False)
    assert case.method.terms() == {"channel": "all", "response": "all", "review": "all"}
    losses = case.losses()
    assert 0 < losses["response"].item() < 2
    assert 0 < losses["review"].item() < 2
    sum(losses.values()).backward()
    assert all(p.grad is not None for p in case.method.parameters())


def test_branches_of_an_embedder_learn_to_point_where_it_points(setting: Any) -> None:
    case = setting("mskd_ssr", "face", labelled=False, prepare=False)
    preparation = case.method.preparation()
    optimiser = torch.optim.Adam(preparation.parameters(), lr=1e-2)
    for number in range(1, 9):
        optimiser.zero_grad()
        sum(preparation(case.batch, case.teach(), Epoch(number, 8)).values()).backward()
        optimiser.step()
    sums, counts = preparation.scores(case.batch, case.teach())
    mean = (sums / counts).tolist()
    assert mean[-1] == pytest.approx(1, abs=1e-5)
    assert min(mean[:2]) > 0.6


def test_answering_by_logits_needs_classes(setting: Any) -> None:
    with pytest.raises(Exception, match="Use 'embedding' and 'none'"):
        setting("mskd_ssr", "face", labelled=False, responses="logits")


def test_a_branch_ends_in_the_shape_of_the_last_stage_whatever_lies_between() -> None:
    stages = (
        StageSpec("a", 2, 8, signed=False),
        StageSpec("b", 2, 12, signed=False),
        StageSpec("c", 4, 20, signed=False),
    )
    branch = Branch(stages, 0, 5, face=False)
    assert branch(torch.rand(3, 8, 16, 16)).shape == (3, 5)
    assert branch.blocks(torch.rand(3, 8, 16, 16)).shape == (3, 20, 8, 8)
    assert isinstance(branch.answer, nn.Linear)


def test_a_cache_of_means_cannot_train_branches(setting: Any) -> None:
    case = setting("mskd_ssr", "classification", prepare=False)
    with pytest.raises(ValueError, match="expected maps"):
        case.method.preparation()(case.batch, case.teach().pooled(), Epoch(1, 1))
