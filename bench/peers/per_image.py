"""A peer for `bench/train_speed.py`: distillation as the published repositories do it, one image at a time.

What is theirs (mdistiller a08d46f and RepDistiller b84f547 for images, FaceX-Zoo 16b793a for faces, read, not copied):
worker processes that begin anew with every epoch, each image decoded or wrapped, varied and normalised alone, the
teacher asked in every step, running means of the loss and of the accuracy fetched by `.item()` after every step, the
learning rate set by epochs. Networks, first weights, data, batch and recipe are those of the run that it is compared
with, so that only the way differs. In its favour, small images are held decoded in memory.

    cd bench && python -m peers.per_image SPEC.json    # a Spec; says one JSON line an epoch
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from peers.pictures import decoded
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from facekd.config import Choice, TeacherConfig
from facekd.distil.teachers import Teacher
from facekd.distil.training.run import build_student
from facekd.distil.training.teacher import open_teacher
from facekd.packed import Packed

WORKERS = 2  # mdistiller's number


@dataclass(frozen=True, slots=True)
class Spec:
    """One training of the peer; the same file drives the run that it is compared with."""

    task: str  # classification: KD; face: embedding cosine
    data: str  # packed npz
    teacher_kind: str
    teacher: str
    student: str
    fields: dict[str, int | str]
    classes: int
    epochs: int
    batch: int
    rate: float
    milestones: tuple[float, ...]  # shares of the epochs, whole epochs
    decay: float
    weight_decay: float
    seed: int
    threads: int
    weights: str  # where the student goes


class ClassImages(Dataset[tuple[Tensor, int]]):
    """Decoded images with their labels; varied like CIFAR: 4 pixels of reflected border, a crop, a flip."""

    def __init__(self, packed: Packed) -> None:
        assert packed.label is not None
        self.images = [decoded(packed, k) for k in range(len(packed))]
        self.labels = [int(label) for label in packed.label]  # 0..K-1, as the trainer numbers them

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self.images[index])
        side = image.width
        framed = np.pad(np.asarray(image), ((4, 4), (4, 4), (0, 0)), mode="reflect")
        top, left = torch.randint(0, 9, (2,)).tolist()
        image = Image.fromarray(framed[top : top + side, left : left + side])
        if torch.rand(1).item() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return normalised(np.array(image)), self.labels[index]


class FaceCrops(Dataset[tuple[Tensor, int]]):
    """Encoded crops, decoded each time; flipped, turned, zoomed, moved, lit: the run's ranges, by OpenCV."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed

    def __len__(self) -> int:
        return len(self.packed)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        crop = decoded(self.packed, index)
        side = crop.shape[0]
        flip, *rest = torch.rand(7).tolist()
        turn, zoom, right, down, light, contrast = (2 * x - 1 for x in rest)
        if flip < 0.5:
            crop = crop[:, ::-1]
        matrix = cv2.getRotationMatrix2D((side / 2, side / 2), 8 * turn, 1 + 0.08 * zoom)
        matrix[:, 2] += (0.04 * side * right, 0.04 * side * down)
        crop = cv2.warpAffine(crop, matrix, (side, side), borderMode=cv2.BORDER_REFLECT_101).astype(
            np.float32
        )
        crop = (crop * (1 + 0.25 * light) - 127.5) * (1 + 0.25 * contrast) + 127.5
        return normalised(crop.clip(0, 255).astype(np.uint8)), -1


def normalised(pixels: NDArray[np.uint8]) -> Tensor:
    """[3, H, W], mean and deviation 0.5 of the range 0..1."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1).contiguous().float().div(255)
    return x.sub_(0.5).div_(0.5)


class Meter:
    """A running mean."""

    def __init__(self) -> None:
        self.sum, self.count = 0.0, 0

    def update(self, value: float, n: int) -> None:
        self.sum, self.count = self.sum + value * n, self.count + n

    @property
    def mean(self) -> float:
        return self.sum / self.count


class Distiller(nn.Module):
    """Student and live teacher: KD at T = 4 with weights 0.1 and 0.9, or the embeddings' cosine."""

    def __init__(self, student: nn.Module, teacher: Teacher) -> None:
        super().__init__()
        self.student, self.teacher = student, [teacher]  # in a list: none of its parameters

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor | None]:
        ours = self.student(images)
        with torch.no_grad():
            theirs = self.teacher[0](images * 127.5 + 127.5)
        if theirs.logits is None:
            assert theirs.embedding is not None
            return (1 - F.cosine_similarity(ours.embedding, theirs.embedding)).mean(), None
        soft = F.kl_div(
            F.log_softmax(ours.logits / 4, 1), F.softmax(theirs.logits / 4, 1), reduction="batchmean"
        )
        return 0.1 * F.cross_entropy(ours.logits, labels) + 0.9 * 16 * soft, ours.logits


def train(spec: Spec) -> None:
    """Train, say the seconds and the mean loss of every epoch, and save the student."""
    torch.set_num_threads(spec.threads)
    teacher = open_teacher(
        TeacherConfig(spec.teacher_kind, spec.teacher),  # type: ignore[arg-type]
        torch.device("cpu"),
        pooled=True,
    )
    assert teacher is not None
    torch.manual_seed(spec.seed)
    student = build_student(Choice(spec.student, dict[str, Any](spec.fields)), spec.task, spec.classes)
    distiller = Distiller(student, teacher).train()
    packed = Packed.open(Path(spec.data))
    images: Dataset[tuple[Tensor, int]] = ClassImages(packed) if spec.classes else FaceCrops(packed)
    loader = DataLoader(images, spec.batch, shuffle=True, num_workers=WORKERS, drop_last=True)
    parameters = list(distiller.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": spec.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.SGD(groups, lr=spec.rate, momentum=0.9)
    for epoch in range(spec.epochs):
        rate = spec.rate * spec.decay ** sum(epoch >= round(share * spec.epochs) for share in spec.milestones)
        for group in optimiser.param_groups:
            group["lr"] = rate
        began = time.perf_counter()
        losses, accuracy = Meter(), Meter()
        for batch, labels in loader:
            optimiser.zero_grad()
            loss, logits = distiller(batch, labels)
            loss.backward()
            optimiser.step()
            losses.update(loss.item(), len(batch))
            if logits is not None:
                accuracy.update((logits.argmax(1) == labels).float().mean().item(), len(batch))
        line = {"epoch": epoch + 1, "seconds": time.perf_counter() - began, "loss": losses.mean}
        print(json.dumps(line), flush=True)
    save_file(dict(student.state_dict()), spec.weights)


if __name__ == "__main__":
    train(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Spec))
