"""A phase before the student's, for methods that teach the teacher's side something first."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from facekd.distil.methods.batch import Batch, Epoch
from facekd.distil.networks.stages import StagedOutput
from facekd.distil.teachers import Teacher


class Preparation(nn.Module, ABC):
    """A phase before the student's: something on the teacher's side learns first.

    It is called like a method, with a **live** teacher's output (maps, not means). Afterwards `finish()` gives the
    teacher that the student learns from: `method.hold(preparation.finish())`. Its own `state_dict` is what a
    checkpoint keeps of it.
    """

    share: float
    """Of the student's epochs that this phase lasts, unless the run says otherwise."""

    @property
    @abstractmethod
    def identity(self) -> tuple[object, ...]:
        """All (as JSON values) that decides what is learnt besides teacher, images, labels, length and first weights.

        Runs whose phases agree in all of these share the result.
        """

    @abstractmethod
    def forward(self, batch: Batch, teacher_output: StagedOutput, epoch: Epoch) -> dict[str, Tensor]:
        """The named terms of one step; their sum is minimised."""

    @abstractmethod
    def scores(self, batch: Batch, teacher_output: StagedOutput) -> tuple[Tensor, Tensor]:
        """Per response, shallow to deep, the sum over the rows of how good it is [L], and the number of rows [L].

        Accuracy where there are classes, otherwise the cosine with the teacher's embedding.
        """

    @abstractmethod
    def judge(self, scores: Sequence[float]) -> str | None:
        """A warning when mean scores, shallow to deep, look wrong."""

    @abstractmethod
    def finish(self) -> Teacher:
        """The teacher with what was learnt, frozen."""
