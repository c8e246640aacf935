"""Teachers that cannot be changed."""

import pytest
import torch
from torch import nn

from facekd.distil.networks import NETWORKS
from facekd.distil.teachers.frozen import FrozenTeacher
from facekd.distil.teachers.torch_network import torch_teacher, weights_digest
from facekd.modelcard import InputSpec

SPEC = InputSpec(size=(16, 16), colour="rgb", mean=(127.5,) * 3, scale=(1 / 128,) * 3)


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return NETWORKS["cifar_resnet"].build(NETWORKS["cifar_resnet"].Config(depth=8), 5)


def test_no_call_switches_it_to_train_mode_or_to_gradients() -> None:
    teacher = torch_teacher(network(), SPEC)
    teacher.train()
    teacher.train(True)
    teacher.requires_grad_(True)
    nn.Sequential(teacher, nn.Linear(1, 1)).train()
    assert not any(module.training for module in teacher.modules())
    assert not any(p.requires_grad for p in teacher.parameters())


def test_it_answers_without_gradients_and_changes_nothing() -> None:
    teacher = torch_teacher(network(), SPEC)
    before = weights_digest(teacher.state_dict())
    images = (torch.rand(4, 3, 16, 16) * 255).requires_grad_()
    output = teacher(images)
    assert not output.logits.requires_grad
    assert not any(stage.requires_grad for stage in output.stages)
    assert weights_digest(teacher.state_dict()) == before
    # The same images one at a time: no statistics of the batch are used.
    single = torch.cat([teacher(images[i : i + 1]).logits for i in range(4)])
    torch.testing.assert_close(single, output.logits)


def test_its_input_is_normalised_as_its_card_says() -> None:
    net = network()
    images = torch.rand(2, 3, 16, 16) * 255
    expected = net.eval()((images - 127.5) / 128).logits
    torch.testing.assert_close(torch_teacher(net, SPEC)(images).logits, expected)


def test_other_weights_stages_or_pixels_make_another_id() -> None:
    ids = {
        torch_teacher(network(), SPEC).id,
        torch_teacher(network(1), SPEC).id,
        torch_teacher(network(), InputSpec(size=(16, 16), colour="bgr", mean=SPEC.mean, scale=SPEC.scale)).id,
    }
    assert len(ids) == 3
    assert torch_teacher(network(), SPEC).id in ids
    assert all(len(one) == 64 for one in ids)


def test_a_digest_of_weights_knows_names_and_values_but_no_order() -> None:
    state = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([3], dtype=torch.int64)}
    assert weights_digest(dict(reversed(state.items()))) == weights_digest(state)
    assert weights_digest({"a": state["b"], "b": state["a"]}) != weights_digest(state)
    assert weights_digest({**state, "a": state["a"].reshape(2, 1)}) != weights_digest(state)


def test_a_network_without_stages_is_refused() -> None:
    with pytest.raises(TypeError, match="declares its stages, got Linear"):
        FrozenTeacher(nn.Linear(1, 1), id="", spec=None)
