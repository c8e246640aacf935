"""The baselines beyond the contract: their schedules, and what they compare."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from facekd.distil.losses.relation import rkd_distance_loss
from facekd.distil.methods.adaptive_centres import moved_centres
from facekd.distil.methods.base import Epoch


def test_kd_is_the_sum_of_its_two_weighted_parts(setting: Any) -> None:
    case = setting("kd", "classification")
    case.method.eval()
    teacher, student = case.teach(), case.method.student(case.method.preprocess(case.batch.images))
    losses = case.losses()
    known = case.batch.labels >= 0
    assert losses["task"].item() == pytest.approx(
        0.1 * F.cross_entropy(student.logits[known], case.batch.labels[known]).item(), rel=1e-5
    )
    p, q = F.log_softmax(student.logits / 4, 1), F.softmax(teacher.logits / 4, 1)
    expected = 0.9 * 16 * F.kl_div(p, q, reduction="batchmean").item()
    assert losses["kd"].item() == pytest.approx(expected, rel=1e-4)


def test_dkd_grows_over_its_warm_up(setting: Any) -> None:
    case = setting("dkd", "classification")
    case.method.eval()
    value = {e: case.losses(Epoch(e, 240))["dkd"].item() for e in (1, 10, 20, 240)}
    assert value[1] == pytest.approx(value[240] / 20)
    assert value[10] == pytest.approx(value[240] / 2)
    assert value[20] == pytest.approx(value[240])


def test_channel_distillation_begins_with_channels_only_and_they_decay(setting: Any) -> None:
    case = setting("cd_gkd_edt", "classification")
    case.method.eval()
    early, late, end = (case.losses(Epoch(e, 10)) for e in (3, 4, 8))
    assert early["task"].item() == early["guided"].item() == 0
    assert late["task"].item() > 0
    assert late["guided"].item() > 0
    assert end["channel"].item() == pytest.approx(0.9 * early["channel"].item())  # 0.9 at 3 of 10, 0.81 at 8


def test_guided_logits_are_the_mean_over_rows_with_a_right_teacher(setting: Any) -> None:
    case = setting("cd_gkd_edt", "classification")
    case.method.eval()
    teacher, student = case.teach(), case.method.student(case.method.preprocess(case.batch.images))
    right = teacher.logits.argmax(dim=1) == case.batch.labels
    assert 0 < right.sum() < 8
    p, q = F.log_softmax(student.logits[right], 1), F.softmax(teacher.logits[right], 1)
    expected = 0.1 * F.kl_div(p, q, reduction="batchmean").item()
    assert case.losses(Epoch(5, 10))["guided"].item() == pytest.approx(expected, rel=1e-4)


def test_guided_logits_ignore_identities_without_a_centre(setting: Any) -> None:
    case = setting("cd_gkd_edt", "face")
    case.method.eval()
    answer = case.method.teacher_logits(case.teach()).argmax(dim=1)
    batch = case.batch._replace(labels=answer)
    assert case.method(batch, case.teach(), Epoch(5, 10))["guided"] > 0
    # A centre of zeros that still comes first: every other cosine is below 0.
    case.method.head.centres = -F.normalize(case.teach().embedding).mean(0).repeat(10, 1)
    case.method.head.centres[4] = 0
    batch = case.batch._replace(labels=torch.full((8,), 4))
    assert case.method.teacher_logits(case.teach()).argmax(dim=1).eq(4).all()
    assert case.method(batch, case.teach(), Epoch(5, 10))["guided"].item() == 0


@pytest.mark.parametrize("kind", ["classification", "face"])
def test_relations_of_faces_are_those_of_unit_embeddings(setting: Any, kind: str) -> None:
    case = setting("rkd", kind)
    case.method.eval()
    ours = case.method.student(case.method.preprocess(case.batch.images)).embedding
    theirs = case.teach().embedding
    if kind == "face":
        ours, theirs = ours / ours.norm(dim=1, keepdim=True), theirs / theirs.norm(dim=1, keepdim=True)
    expected = 25 * rkd_distance_loss(ours, theirs).item()
    assert case.losses()["distance"].item() == pytest.approx(expected, rel=1e-5)


def test_fixed_centres_leave_out_identities_without_one(setting: Any) -> None:
    case = setting("fixed_centres", "face")
    case.method.eval()
    case.method.head.centres[7] = 0
    rest = case.batch.labels.where(case.batch.labels != 7, -1)
    without = case.method(case.batch._replace(labels=rest), case.teach(), Epoch(1, 1))["centres"]
    assert case.losses()["centres"].item() == without.item() > 0


def test_adaptive_centres_move_by_hand() -> None:
    """Identity 0 is new; 1 has two images, one known well and one badly; 2 is not there."""
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    teacher = torch.tensor([[0.0, 3.0], [2.0, 0.0], [0.6, 0.8], [5.0, 5.0]])
    student = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.8, 0.6], [1.0, 1.0]])
    got = moved_centres(centres, student, teacher, torch.tensor([0, 1, 1, -1]))
    # second image: cos(s, t) cos(w, t) = 1, the centre stays; third: 0.96 * 0.6 = 0.576
    kept = torch.tensor([1.0, 0.0])
    mixed = 0.576 * kept + 0.424 * torch.tensor([0.6, 0.8])
    one = (kept + mixed) / (kept + mixed).norm()
    torch.testing.assert_close(
        got, torch.stack([torch.tensor([0.0, 1.0]), one, centres[2]]), rtol=0, atol=2e-6
    )


def test_adaptive_centres_rest_outside_of_training(setting: Any) -> None:
    case = setting("adaptive_centres", "face")
    case.losses()
    centres = case.method.moving_centres.clone()
    assert centres[3].norm().item() == pytest.approx(1)  # a label of the batch
    assert not centres[1].any()  # none
    case.method.eval()
    case.losses()
    assert case.method.moving_centres.equal(centres)


def test_branches_leave_out_identities_without_a_centre(setting: Any) -> None:
    case = setting("mskd_ssr", "face")
    case.method.eval()
    case.method.head.centres[7] = 0
    rest = case.batch.labels.where(case.batch.labels != 7, -1)
    without = case.method(case.batch._replace(labels=rest), case.teach(), Epoch(1, 1))["branch"]
    assert case.losses(Epoch(1, 1))["branch"].item() == without.item() > 0


def test_selected_responses_are_the_mean_over_labelled_rows(setting: Any) -> None:
    """With full trust (epoch 1) and every row labelled, selection changes nothing."""
    plain = setting("mskd_ssr", "classification")
    chosen = setting("mskd_ssr", "classification", selective_mode="progressive")
    labels = torch.arange(8)
    few = torch.tensor([0, -1, -1, -1, 4, -1, 6, 7])
    for case in (plain, chosen):
        case.method.eval()
    full = plain.method(plain.batch._replace(labels=labels), plain.teach(), Epoch(1, 10))["response"]
    same = chosen.method(chosen.batch._replace(labels=labels), chosen.teach(), Epoch(1, 10))["response"]
    assert same.item() == pytest.approx(full.item(), rel=1e-5)
    known = few >= 0
    some = chosen.method(chosen.batch._replace(labels=few), chosen.teach(), Epoch(1, 10))["response"]
    subset = plain.batch._replace(images=plain.batch.images[known], labels=few[known])
    expected = plain.method(subset, plain.method.teacher(subset.images), Epoch(1, 10))["response"]
    assert some.item() == pytest.approx(expected.item(), rel=1e-4)
