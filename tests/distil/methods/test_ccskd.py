"""CCSKD beyond the contract: faces, modes, top classes, suspect labels."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from facekd.distil.methods.base import Epoch
from facekd.distil.methods.ccskd import CCSKD, FACE, RELEASED, CCSKDConfig
from facekd.distil.networks.stages import StagedOutput

MODES = ("released", "progressive", "hard", "tcp", "swap")


def test_presets_are_those_of_the_specification() -> None:
    image, face = CCSKD.default_config("classification"), CCSKD.default_config("face")
    assert isinstance(image, CCSKDConfig)
    assert (image.temperature, image.kd_weight, image.selective_weight, image.task_warm_up) == (4, 0, 0.9, 0)
    assert (image.channel_weight, image.distance_weight, image.angle_weight) == (6, 6, 12)
    assert image.selective_mode == "progressive"
    assert (RELEASED.temperature, RELEASED.kd_weight, RELEASED.selective_weight) == (1, 0.1, 0.1)
    assert (RELEASED.task_warm_up, RELEASED.selective_warm_up) == (0.3, 0.3)
    assert face == FACE
    assert FACE.start_at_centres
    # The effective scale of the distilled cosines is 16.
    assert FACE.scale / FACE.temperature == 16
    assert (FACE.selective_weight, FACE.top_classes, FACE.channel_scaling) == (0.5, 1000, "teacher_power")
    assert (FACE.embedding_weight, FACE.embedding_distance_weight, FACE.embedding_angle_weight) == (1, 25, 50)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["classification", "face"])
def test_every_mode_trains_and_counts_only_judged_rows(setting: Any, mode: str, kind: str) -> None:
    case = setting("ccskd", kind, selective_mode=mode)
    loss = case.losses(Epoch(10, 10))["selective"]
    loss.backward()
    assert loss > 0
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in case.method.student.parameters())
    assert case.method.participants(case.batch.labels)["selective"] == 6


def test_the_selective_term_is_the_weighted_divergence_over_labelled_rows(setting: Any) -> None:
    """Recomputed from torch's own KL, row by row."""
    case = setting("ccskd", "classification")
    method = case.method.eval()
    teacher, student = case.teach(), method.student(method.preprocess(case.batch.images))
    total = 0.0
    for row, label in enumerate(case.batch.labels.tolist()):
        if label < 0:
            continue
        trust = 1.0 if teacher.logits[row].argmax() == label else 0.6  # epoch 5 of 10: (8 - 5) / (8 - 3)
        total += (
            trust
            * 16
            * F.kl_div(
                F.log_softmax(student.logits[row] / 4, 0),
                F.softmax(teacher.logits[row] / 4, 0),
                reduction="sum",
            ).item()
        )
    assert case.losses(Epoch(5, 10))["selective"].item() == pytest.approx(0.9 * total / 6, rel=1e-4)


def test_as_many_top_classes_as_identities_change_nothing_and_fewer_do(setting: Any) -> None:
    full, same, few = (
        setting("ccskd", "face", top_classes=count).losses()["selective"].item() for count in (1000, 10, 3)
    )
    assert same == full
    assert few != pytest.approx(full, rel=1e-3)


def test_no_margin_reaches_distilled_logits_or_the_judgement(setting: Any) -> None:
    hard = setting("ccskd", "face", margin="arcface", margin_size=1.0, kd_weight=1.0)
    none = setting("ccskd", "face", margin="none", kd_weight=1.0)
    with_margin, without = hard.losses(), none.losses()
    assert with_margin["task"] > without["task"]
    for term in ("kd", "selective", "embedding"):
        assert with_margin[term].equal(without[term])
    judged = [case.method.teacher_correct(case.teach(), case.batch.labels)[0] for case in (hard, none)]
    assert judged[0].equal(judged[1])


def test_a_teacher_that_a_margin_would_turn_wrong_is_right(setting: Any) -> None:
    """cos (0.8, 0.6, 0): with ArcFace's 0.5 rad the target would fall to 0.414, below 0.6."""
    case = setting("ccskd", "face")
    case.method.head.centres = torch.eye(10)
    output = StagedOutput((), torch.tensor([[0.8, 0.6, 0, 0, 0, 0, 0, 0, 0, 0]]))
    correct, judged = case.method.teacher_correct(output, torch.tensor([0]))
    assert correct.tolist() == judged.tolist() == [True]


def test_scaling_embeddings_changes_no_term(setting: Any) -> None:
    case = setting("ccskd", "face")
    case.method.eval()
    student = case.method.student(case.method.preprocess(case.batch.images))
    teacher, epoch = case.teach(), Epoch(5, 10)
    plain = case.method.losses(case.batch, student, teacher, epoch)
    scaled = case.method.losses(
        case.batch,
        student._replace(embedding=student.embedding * 3),
        teacher._replace(embedding=teacher.embedding / 7),
        epoch,
    )
    for term, value in plain.items():
        assert scaled[term].item() == pytest.approx(value.item(), rel=1e-4), term


def test_identities_without_a_centre_are_not_judged(setting: Any) -> None:
    case = setting("ccskd", "face")
    case.method.head.centres[7] = 0
    labels = torch.tensor([3, -1, 0, 7, 7, 2, -1, 9])
    _, judged = case.method.teacher_correct(case.teach(), labels)
    assert judged.tolist() == [True, False, True, False, False, True, False, True]


def test_identities_without_a_centre_are_not_selected(setting: Any) -> None:
    case = setting("ccskd", "face", selective_mode="released")
    case.method.eval()
    case.method.head.centres[7] = 0
    rest = case.batch.labels.where(case.batch.labels != 7, -1)
    assert (rest != case.batch.labels).any()
    without = case.method(case.batch._replace(labels=rest), case.teach(), Epoch(5, 10))["selective"]
    assert case.losses()["selective"].item() == without.item() > 0


def test_labels_that_the_teacher_contradicts_clearly_can_be_dropped(setting: Any) -> None:
    trusting, wary = setting("ccskd", "face"), setting("ccskd", "face", suspect_below=1.0)
    correct, judged = wary.method.teacher_correct(wary.teach(), wary.batch.labels)
    kept = wary.batch.labels.where(correct | ~judged, -1)
    expected = trusting.method(trusting.batch._replace(labels=kept), trusting.teach(), Epoch(5, 10))["task"]
    assert (judged & ~correct).any()
    assert wary.losses()["task"].item() == pytest.approx(expected.item())
    assert trusting.losses()["task"].item() != pytest.approx(expected.item(), rel=1e-3)


def test_without_identities_the_terms_that_need_none_remain(setting: Any) -> None:
    case = setting("ccskd", "face", labelled=False)
    rows = case.method.terms()
    assert set(rows) == {
        "channel", "distance", "angle", "embedding", "embedding_distance", "embedding_angle",
    }  # fmt: skip
    assert set(rows.values()) == {"all"}
    assert not [n for n, _ in case.method.named_parameters() if n.startswith("head")]
    sum(case.losses().values()).backward()
    assert all(p.grad is not None for p in case.method.parameters())


def test_students_may_answer_by_the_teachers_centres(setting: Any) -> None:
    case = setting("ccskd", "face", shared_centres=True, task_weight=0.0)
    case.method.eval()
    student = case.method.student(case.method.preprocess(case.batch.images))
    ours, _ = case.method.logits(student, case.teach())
    projected = F.linear(student.embedding, case.method.head.projector.weight)
    expected = 64 * F.cosine_similarity(projected[:, None], case.method.head.centres[None], dim=2)
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-3)
    assert case.method.head.weight is None


def test_scaling_by_the_teachers_power_makes_stages_alike(setting: Any) -> None:
    """A teacher with stages ten times as large pulls as strongly as before."""
    case = setting("ccskd", "face", connector="none")
    case.method.eval()
    for connector in case.method.connectors.each:
        torch.nn.init.zeros_(
            connector.conv.weight
        )  # the student's means are 0: each stage gives mean(t^2) / mean(t^2)
    teacher = case.teach()
    for factor in (1, 10):
        louder = teacher._replace(stages=tuple(factor * stage for stage in teacher.stages))
        assert case.method(case.batch, louder, Epoch(1, 10))["channel"].item() == pytest.approx(3, rel=1e-4)


def test_the_other_reading_of_channel_correlation_can_be_switched_on(setting: Any) -> None:
    case = setting("ccskd", "classification", correlation_weight=1.0)
    assert 0 < case.losses()["correlation"].item() < 3


def test_a_connector_has_a_relu_only_where_the_teacher_has_one(setting: Any) -> None:
    # Of the teacher's three stages only the last ends in a ReLU.
    relus = [c.relu for c in setting("ccskd", "classification").method.connectors.each]
    assert relus == [False, False, True]
    forced = replace(CCSKDConfig(), connector="relu")
    assert all(c.relu for c in setting("ccskd", "classification", forced).method.connectors.each)
