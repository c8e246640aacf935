"""The table of kd-spec, section 1.3: epoch by epoch for 200 epochs, and the same shape at other lengths."""

from typing import Any

import pytest
import torch

from facekd.distil.losses.logit import selective_weight
from facekd.distil.methods.base import Batch, Epoch
from facekd.distil.methods.ccskd import RELEASED
from facekd.distil.methods.schedule import begun, early_decay, ramp, stepped

# epoch: learning rate, task, m of right rows, m of wrong rows (None: selective term off), channel weight
TABLE = {
    1: (0.1, 0, None, None, 6.0),
    59: (0.1, 0, None, None, 6.0),
    60: (0.1, 0, None, None, 5.4),
    61: (0.02, 1, 1.620, 0.810, 5.4),
    89: (0.02, 1, 1.620, 0.810, 5.4),
    90: (0.02, 1, 1.458, 0.729, 5.4),
    120: (0.02, 1, 1.312, 0.656, 5.4),
    150: (0.004, 1, 1.181, 0.590, 5.4),
    159: (0.004, 1, 1.181, 0.590, 5.4),
    160: (0.004, 1, 1.181, 0.590, 4.86),
    180: (0.0008, 1, 1.063, 0.531, 4.86),
    200: (0.0008, 1, 1.063, 0.531, 4.86),
}
# The effective weights of the published table, 0.1 + 0.1 m^2.
EFFECTIVE = {
    61: (0.362, 0.166),
    90: (0.313, 0.153),
    120: (0.272, 0.143),
    150: (0.239, 0.135),
    200: (0.213, 0.128),
}


@pytest.mark.parametrize("number", TABLE)
def test_the_functions_reproduce_the_published_table(number: int) -> None:
    rate, task, right, wrong, channel = TABLE[number]
    epoch = Epoch(number, 200)
    assert 0.1 * stepped(epoch, (0.30, 0.60, 0.80), 0.2) == pytest.approx(rate)
    assert begun(epoch, 0.30) == task
    assert 6 * early_decay(epoch) == pytest.approx(channel)
    if right is not None and wrong is not None:
        logits, labels = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1])
        weight = selective_weight("released", logits, labels, *epoch)
        assert weight.sqrt().tolist() == pytest.approx([right, wrong], abs=1e-3)


@pytest.mark.parametrize("number", TABLE)
def test_the_released_preset_weighs_its_terms_by_the_table(setting: Any, number: int) -> None:
    _, task, right, wrong, channel = TABLE[number]
    case = setting("ccskd", "classification", RELEASED)
    method = case.method.eval()
    answer = case.teach().logits.argmax(dim=1)
    for labels, m in ((answer, right), ((answer + 1) % 10, wrong)):
        batch = Batch(case.batch.images, labels)
        now = method(batch, case.teach(), Epoch(number, 200))
        first, late = (method(batch, case.teach(), Epoch(e, 200)) for e in (1, 61))
        assert now["task"].item() == pytest.approx(task * late["task"].item())
        assert now["channel"].item() / first["channel"].item() == pytest.approx(channel / 6)
        for constant in ("kd", "distance", "angle"):
            assert now[constant].item() == first[constant].item()
        effective = 0.1 * (1 + now["selective"].item() / now["kd"].item())
        assert effective == pytest.approx(0.1 if m is None else 0.1 + 0.1 * m**2, abs=1e-3)
        if number in EFFECTIVE:
            assert effective == pytest.approx(EFFECTIVE[number][0 if m == right else 1], abs=1e-3)


@pytest.mark.parametrize("epochs", [10, 20, 100, 400])
def test_marks_scale_with_the_length(epochs: int) -> None:
    """Epoch e of E does what epoch 200 e / E of 200 does, wherever that is a whole epoch."""
    for number in range(1, epochs + 1):
        if number * 200 % epochs:
            continue
        here, there = Epoch(number, epochs), Epoch(number * 200 // epochs, 200)
        assert begun(here, 0.30) == begun(there, 0.30)
        assert early_decay(here) == early_decay(there)
        assert stepped(here, (0.30, 0.60, 0.80), 0.2) == stepped(there, (0.30, 0.60, 0.80), 0.2)
        logits, labels = torch.tensor([[1.0, 0.0]]), torch.tensor([1])
        for mode in ("released", "progressive"):
            assert selective_weight(mode, logits, labels, *here).item() == pytest.approx(  # type: ignore[arg-type]
                selective_weight(mode, logits, labels, *there).item()  # type: ignore[arg-type]
            )


def test_a_ramp_grows_to_one_and_a_warm_up_lasts_at_least_its_epochs() -> None:
    assert [ramp(Epoch(e, 200), 0.1) for e in (1, 10, 20, 200)] == pytest.approx([0.05, 0.5, 1, 1])
    assert ramp(Epoch(1, 5), 0.0) == 1
    assert [begun(Epoch(e, 26), 0.0, 1) for e in (1, 2)] == [0, 1]
    assert begun(Epoch(1, 5), 0.0) == 1
