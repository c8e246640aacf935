"""Who is learnt from: a torch network or an ONNX file, always frozen.

`frozen.py` holds the one class that keeps a network from learning; `onnx_network.py` makes an ONNX file show the
tensors inside it as stages. A cache of knowledge stands in for a live teacher by carrying the same facts and
returning the same `StagedOutput`.
"""

from typing import Protocol

from torch import Tensor

from facekd.distil.networks.stages import StagedOutput, StageSpec


class TeacherFacts(Protocol):
    """What a method needs to know of a teacher to be built; a cache of knowledge has these too."""

    @property
    def id(self) -> str:
        """SHA-256 over weights, stages and normalisation: other answers mean another id."""

    @property
    def stage_specs(self) -> tuple[StageSpec, ...]:
        """From the input to the depth."""

    @property
    def embedding_dim(self) -> int:
        """Length of the embedding; 0 when it gives none."""

    @property
    def classes(self) -> int:
        """Number of logits; 0 when it gives none."""


class Teacher(TeacherFacts, Protocol):
    """A live teacher: images [B, 3, H, W] float RGB, 0..255, in; no gradient out."""

    def __call__(self, images: Tensor, /) -> StagedOutput:
        """What the teacher says about each image."""
