"""What holds for every method of `METHODS`, in both tasks; a new method is tested by being in the dictionary."""

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import torch
from torch import nn

from facekd.distil.methods import METHODS
from facekd.distil.methods.base import Batch, Epoch, MethodError, TaskKind

CASES = [(name, kind) for name, method in METHODS.items() for kind in method.tasks]
SELF_TAUGHT = {"task", "branch", "review", "centres"}
"""Terms that do not compare the student with the teacher's answers."""

every_method = pytest.mark.parametrize(("name", "kind"), CASES)


@every_method
def test_terms_are_named_finite_and_not_negative(setting: Any, name: str, kind: TaskKind) -> None:
    case = setting(name, kind)
    for number in (1, 5, 10):
        losses = case.losses(Epoch(number, 10))
        assert list(losses) == list(case.method.terms())
        for value in losses.values():
            assert value.shape == ()
            assert value.isfinite()
            assert value >= 0


@every_method
def test_everything_trainable_is_in_parameters_and_learns(setting: Any, name: str, kind: TaskKind) -> None:
    case = setting(name, kind)
    sum(case.losses().values()).backward()
    idle = [n for n, p in case.method.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert idle == []
    for connectors in (m for n, m in case.method.named_children() if n == "connectors"):
        assert {id(p) for p in connectors.parameters()} <= {id(p) for p in case.method.parameters()}


@every_method
def test_the_teacher_is_outside_and_untouched(setting: Any, name: str, kind: TaskKind) -> None:
    case = setting(name, kind)
    method, teacher = case.method, case.method.teacher
    before = {key: value.clone() for key, value in teacher.state_dict().items()}
    optimiser = torch.optim.SGD(method.parameters(), lr=0.1)
    method.train()
    method.requires_grad_(True)
    sum(case.losses().values()).backward()
    optimiser.step()
    assert not teacher.training
    assert not any(module.training for module in teacher.modules())
    assert all(p.grad is None and not p.requires_grad for p in teacher.parameters())
    assert all(before[key].equal(value) for key, value in teacher.state_dict().items())
    ours = {p.data_ptr() for p in method.parameters()}
    assert ours.isdisjoint(p.data_ptr() for p in teacher.parameters())
    assert not any("teacher" in key for key in method.state_dict())


@every_method
def test_the_student_stays_the_plain_network(
    setting: Any, make_network: Any, name: str, kind: TaskKind
) -> None:
    case = setting(name, kind)
    sum(case.losses().values()).backward()
    torch.optim.SGD(case.method.parameters(), lr=0.01).step()
    student = case.method.student
    assert tuple(student.state_dict()) == case.plain_keys
    alone = make_network("cifar_resnet", student.classes, depth=8)
    alone.load_state_dict(student.state_dict())
    inputs = case.method.preprocess(case.batch.images)
    inside, outside = student.eval()(inputs), alone.eval()(inputs)
    assert inside.embedding.equal(outside.embedding)
    assert inside.logits is outside.logits is None or inside.logits.equal(outside.logits)


@every_method
def test_a_student_equal_to_its_teacher_has_nothing_to_learn_from_it(
    setting: Any, name: str, kind: TaskKind
) -> None:
    same = deepcopy(setting(name, kind).method.teacher)
    core = getattr(same.network, "teacher", same).network  # behind the branches of MSKD-SSR
    core.requires_grad_(True)
    case = setting(name, kind, student=deepcopy(core), teacher=core)
    method = case.method.double().eval()
    method.teacher.double()
    if hasattr(method, "connectors"):
        method.connectors.each = nn.ModuleList(nn.Identity() for _ in method.connectors.each)
    if hasattr(method, "branches"):
        method.branches.load_state_dict(method.teacher.network.branches.state_dict())
    if kind == "face" and method.head.weight is not None:
        method.head.weight.data = method.head.centres.clone()
    batch = case.batch._replace(images=case.batch.images.double())
    for number in (2, 5, 10):
        losses = method(batch, method.teacher(batch.images), Epoch(number, 10))
        for term, value in losses.items():
            if term not in SELF_TAUGHT:
                assert value.item() == pytest.approx(0, abs=1e-6), term


@every_method
def test_order_within_the_batch_does_not_matter(setting: Any, name: str, kind: TaskKind) -> None:
    case = setting(name, kind)
    case.method.eval()
    order = torch.tensor([5, 2, 7, 0, 1, 6, 4, 3])
    plain = case.losses()
    batch = Batch(case.batch.images[order], case.batch.labels[order])
    turned = case.method(batch, case.method.teacher(batch.images), Epoch(5, 10))
    for term, value in plain.items():
        assert turned[term].item() == pytest.approx(value.item(), rel=2e-4, abs=1e-6), term


@every_method
def test_unlabelled_rows_serve_every_term_that_needs_no_label(
    setting: Any, name: str, kind: TaskKind
) -> None:
    case = setting(name, kind)
    case.method.eval()
    labelled = case.losses()
    batch = case.batch._replace(labels=torch.full((8,), -1))
    unlabelled = case.method(batch, case.teach(), Epoch(5, 10))
    counts = case.method.participants(case.batch.labels)
    for term, rows in case.method.terms().items():
        if rows == "all":
            assert unlabelled[term].item() == labelled[term].item()
            assert counts[term] == 8
        else:
            assert unlabelled[term].item() == 0
            assert counts[term] == 6
    sum(unlabelled.values()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in case.method.parameters())


@every_method
def test_cached_means_serve_as_well_as_live_maps(setting: Any, name: str, kind: TaskKind) -> None:
    case = setting(name, kind)
    case.method.eval()
    live, cached = case.losses(), case.method(case.batch, case.teach().pooled(), Epoch(5, 10))
    for term, value in live.items():
        assert cached[term].item() == pytest.approx(value.item(), abs=1e-5)


@every_method
def test_the_same_seed_gives_the_same_losses_and_autocast_keeps_them_in_float32(
    setting: Any, name: str, kind: TaskKind
) -> None:
    first, second = (setting(name, kind).losses() for _ in range(2))
    assert all(first[term].equal(second[term]) for term in first)
    case = setting(name, kind)
    with torch.autocast("cpu", torch.bfloat16):
        low = case.losses()
    assert all(value.dtype == torch.float32 and value.isfinite() for value in low.values())


@every_method
def test_configurations_describe_themselves(setting: Any, name: str, kind: TaskKind) -> None:
    method = METHODS[name]
    schema = json.loads(msgspec.json.encode(msgspec.json.schema(method.Config)))
    fields = schema["$defs"][method.Config.__name__]["properties"]
    assert all("description" in field and "default" in field for field in fields.values())
    for preset in (method.Config(), method.default_config(kind), *method.presets.values()):
        assert msgspec.convert(msgspec.to_builtins(preset), method.Config) == preset


@pytest.mark.parametrize(("field", "value"), [("margin_size", -0.1), ("scale", 0), ("margin", "sphere")])
def test_a_value_out_of_range_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert({field: value}, METHODS["kd"].Config)


def test_methods_refuse_what_they_cannot_do(setting: Any) -> None:
    with pytest.raises(MethodError, match="expected a task among face, got classification"):
        setting("embedding_cosine", "classification")
    with pytest.raises(MethodError, match="nothing to learn"):
        setting("kd", "face", labelled=False)
    case = setting("kd", "classification")
    with pytest.raises(MethodError, match="expected a teacher, got none"):
        METHODS["kd"](case.method.student, None, case.method.task, case.method.config)
    other = replace(case.method.task, classes=11)
    with pytest.raises(MethodError, match="expected a student with 11 classes"):
        METHODS["kd"](case.method.student, case.method.teacher, other, case.method.config)


@pytest.mark.parametrize(
    "name", [n for n, m in METHODS.items() if m.needs_teacher and "classification" in m.tasks]
)
def test_any_two_networks_that_declare_stages_fit_together(
    setting: Any, make_network: Any, name: str
) -> None:
    """Strides (1, 2, 4), (1, 2, 4, 8), (2, 4, 8, 16), signed or not."""
    nets = [("wide_resnet", {"depth": 10, "width": 1}), ("mobilenet", {"width": 0.25}), ("resnet", {})]
    for (ours, fields), (theirs, other) in [(nets[0], nets[1]), (nets[1], nets[2]), (nets[2], nets[0])]:
        case = setting(
            name,
            "classification",
            student=make_network(ours, 10, **fields),
            teacher=make_network(theirs, 10, **other),
        )
        assert all(value.isfinite() for value in case.losses(Epoch(4, 10)).values())
