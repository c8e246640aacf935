"""What a network shows of itself: its stages, its embedding, its logits.

Every network of this package declares its stages, so that any student can learn from any teacher: the methods read
`StageSpec` and `StagedOutput` and know nothing else about either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from torch import Tensor


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One place inside a network whose output can be taught or learnt.

    Args:
        name: unique within the network; for an ONNX file the name of the tensor.
        stride: input side divided by the side of the stage's map.
        channels: of the map.
        signed: whether values below zero occur, that is, whether no ReLU comes last.
    """

    name: str
    stride: int
    channels: int
    signed: bool


class StagedOutput(NamedTuple):
    """What one forward pass shows.

    A named tuple rather than a dataclass, because DistributedDataParallel and torch.export look into tuples.
    """

    stages: tuple[Tensor, ...]
    """In the order of `stage_specs`: maps [B, C, H, W], or means over H and W [B, C] (see `pooled`)."""
    embedding: Tensor | None = None
    """[B, D], not normalised."""
    logits: Tensor | None = None
    """[B, K] before softmax; None for a network without classes."""
    responses: tuple[Tensor, ...] = ()
    """What the auxiliary branches of a teacher say (MSKD-SSR): logits [B, K], or for faces embeddings [B, D]."""

    def pooled(self) -> "StagedOutput":
        """The same with every stage averaged over H and W; this is all that a cache of knowledge has to keep."""
        return self._replace(stages=tuple(pool(stage) for stage in self.stages))


def pool(stage: Tensor) -> Tensor:
    """Mean over H and W of a map [B, C, H, W]; a vector [B, C] stays as it is. At least float32."""
    stage = stage.float() if stage.itemsize < 4 else stage
    return stage.mean(dim=(2, 3)) if stage.ndim == 4 else stage


@runtime_checkable
class StagedNetwork(Protocol):
    """A network that declares its stages; every entry of `NETWORKS` builds an `nn.Module` that is one.

    `forward` takes images [B, 3, H, W], normalised as the network wants them.
    """

    @property
    def stage_specs(self) -> tuple[StageSpec, ...]:
        """From the input to the depth."""

    @property
    def embedding_dim(self) -> int:
        """Length of the embedding."""

    @property
    def classes(self) -> int:
        """Number of logits; 0 when there are none."""

    def __call__(self, images: Tensor, /) -> StagedOutput:
        """The forward pass."""


def pair_stages(student: Sequence[StageSpec], teacher: Sequence[StageSpec]) -> tuple[tuple[int, int], ...]:
    """Which stage of the student learns from which of the teacher, as pairs of indices, shallow to deep.

    Stages of equal stride make a pair; among several of one network the deepest is taken. When fewer than half of
    the shallower network's stages find a partner, strides mean different things in the two, and the stages are
    paired from the deepest towards the input instead.

    Source: kd-spec, section 6.0.

    Raises:
        ValueError: one of the two declares no stage.
    """
    if not student or not teacher:
        raise ValueError(
            f"expected stages on both sides, got {len(student)} of the student, {len(teacher)} of the teacher"
        )
    by_stride = ({spec.stride: i for i, spec in enumerate(specs)} for specs in (student, teacher))
    ours, theirs = by_stride
    pairs = tuple((ours[stride], theirs[stride]) for stride in sorted(ours.keys() & theirs.keys()))
    shallower = min(len(student), len(teacher))
    if 2 * len(pairs) >= shallower:
        return pairs
    return tuple(
        zip(
            range(len(student) - shallower, len(student)),
            range(len(teacher) - shallower, len(teacher)),
            strict=True,
        )
    )
