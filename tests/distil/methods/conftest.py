"""Small real networks that every method is tried with: 16x16 images, ten classes or identities."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from facekd.distil.methods import METHODS
from facekd.distil.methods.base import Batch, Epoch, Method, MethodConfig, Task, TaskKind
from facekd.distil.networks import NETWORKS
from facekd.distil.networks.stages import StagedOutput
from facekd.distil.teachers.torch_network import torch_teacher
from facekd.modelcard import InputSpec

CLASSES = 10
SPEC = InputSpec(size=(16, 16), colour="rgb", mean=(127.5,) * 3, scale=(1 / 64,) * 3)
MIDWAY = Epoch(5, 10)


@dataclass(frozen=True)
class Setting:
    """A method with its teacher and a batch, and the network that the student was before the method took it."""

    method: Method
    batch: Batch
    plain_keys: tuple[str, ...]

    def teach(self) -> StagedOutput:
        """What the live teacher says about the batch."""
        teacher: Any = self.method.teacher
        return StagedOutput(()) if teacher is None else teacher(self.batch.images)

    def losses(self, epoch: Epoch = MIDWAY) -> dict[str, torch.Tensor]:
        """The method's terms for the batch."""
        terms: dict[str, torch.Tensor] = self.method(self.batch, self.teach(), epoch)
        return terms


def network(name: str, classes: int, **fields: object) -> nn.Module:
    """A network of the registry, randomly initialised."""
    kind = NETWORKS[name]
    return kind.build(kind.Config(**fields), classes)


def build(
    name: str,
    kind: TaskKind,
    config: MethodConfig | None = None,
    *,
    labelled: bool = True,
    prepare: bool = True,
    student: nn.Module | None = None,
    teacher: nn.Module | None = None,
    **changes: object,
) -> Setting:
    """The method with a narrow student and a deeper, wider teacher, unless others are given."""
    torch.manual_seed(0)
    classes = CLASSES if kind == "classification" else 0
    teacher = teacher or network("wide_resnet", classes, depth=16, width=2)
    student = student or network("cifar_resnet", classes, depth=8)
    frozen = torch_teacher(teacher, SPEC)
    centres = F.normalize(torch.randn(CLASSES, frozen.embedding_dim)) if kind == "face" and labelled else None
    task = Task(kind, CLASSES if labelled else 0, SPEC, centres)
    config = config or METHODS[name].default_config(kind)
    keys = tuple(student.state_dict())
    method = METHODS[name](student, frozen, task, replace(config, **changes))
    if prepare and (preparation := method.preparation()) is not None:
        method.hold(preparation.finish())
    images = torch.rand(8, 3, 16, 16) * 255
    labels = torch.tensor([3, -1, 0, 7, 7, 2, -1, 9]) if labelled else torch.full((8,), -1)
    # The teacher is right about the first row, so that both kinds of row occur.
    if labelled:
        logits = method.teacher_logits(frozen(images))
        assert logits is not None
        labels[0] = logits[0].argmax()
    return Setting(method, Batch(images, labels), keys)


@pytest.fixture
def setting() -> Callable[..., Setting]:
    return build


@pytest.fixture
def make_network() -> Callable[..., nn.Module]:
    return network
