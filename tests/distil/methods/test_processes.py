"""Two processes that share a batch train like one that has all of it."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from facekd.distil.losses.relation import rkd_angle_loss, rkd_distance_loss
from facekd.distil.methods.heads import class_loss
from facekd.distil.methods.processes import divisor, gathered, shared_mean

LABELS = torch.tensor([0, -1, -1, 2, 1, 1])  # one process gets one labelled row, the other three


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 4, generator=generator), torch.randn(6, 4, generator=generator)


def loss(weight: torch.Tensor, rows: slice) -> torch.Tensor:
    images, teacher = inputs()
    ours, theirs = images[rows] @ weight, teacher[rows]
    near, far = gathered(ours), gathered(theirs)
    return class_loss(ours, LABELS[rows]) + rkd_distance_loss(near, far) + rkd_angle_loss(near, far)


def run(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    weight = torch.eye(4, requires_grad=True)
    value = loss(weight, slice(3 * rank, 3 * rank + 3))
    value.backward()
    assert weight.grad is not None
    dist.all_reduce(weight.grad)
    labels = gathered(LABELS[3 * rank : 3 * rank + 3])
    torch.save((shared_mean(value), weight.grad / 2, labels), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.filterwarnings("ignore")  # of torch.distributed's own making
def test_gradients_of_two_processes_are_those_of_one(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(os.environ, "GLOO_SOCKET_IFNAME", "lo")
    mp.spawn(run, args=(str(tmp_path),), nprocs=2)  # type: ignore[no-untyped-call]
    weight = torch.eye(4, requires_grad=True)
    alone = loss(weight, slice(None))
    alone.backward()
    for rank in (0, 1):
        value, gradient, labels = torch.load(tmp_path / f"{rank}.pt")
        assert labels.equal(LABELS)
        assert value.item() == pytest.approx(alone.item(), rel=1e-5)
        torch.testing.assert_close(gradient, weight.grad, rtol=1e-4, atol=1e-6)


def test_one_process_needs_nobody() -> None:
    rows = torch.rand(3, 2)
    assert gathered(rows) is rows
    assert shared_mean(torch.tensor(3.0)).item() == 3
    assert divisor(torch.tensor(0.0), 1).item() == 1
