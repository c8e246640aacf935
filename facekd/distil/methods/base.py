"""How a student, its helpers and a frozen teacher meet: the base of every method.

A method is an `nn.Module` whose parameters are all that is trained: the student, the head, connectors, branches. The
teacher is held beside them, never among them. A trainer does

    batch -> teacher_output = teacher(batch.images)            (or the cache's answer for the same view)
          -> terms = method(batch, teacher_output, epoch)      (named, weighted, differentiable)
          -> sum(terms.values()).backward()

and keeps `method.student`, which is the plain network throughout.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import torch
from msgspec import Meta
from torch import Tensor, nn

from facekd.distil.methods.batch import UNLABELLED, Batch, Epoch
from facekd.distil.methods.heads import ClassHead, FaceHead, Head
from facekd.distil.methods.preparation import Preparation
from facekd.distil.networks.preprocess import Preprocess
from facekd.distil.networks.stages import StagedNetwork, StagedOutput, StageSpec
from facekd.distil.teachers import TeacherFacts
from facekd.errors import FacekdError
from facekd.modelcard import InputSpec

__all__ = [
    "UNLABELLED",
    "Batch",
    "Epoch",
    "Method",
    "MethodConfig",
    "MethodError",
    "Preparation",
    "Rows",
    "Task",
    "TaskKind",
    "Term",
]

TaskKind = Literal["classification", "face"]
Rows = Literal["all", "labelled"]


class MethodError(FacekdError):
    """A method, a task, a teacher and a student that do not fit together."""

    exit_status = 2


class Term(NamedTuple):
    """One loss of a method, as its configuration wants it."""

    weight: float
    """Constant part; a schedule may multiply it. A term of weight 0 does not exist."""
    rows: Rows = "all"
    """Which rows of a batch take part; without any label a term over labelled rows does not exist."""
    logits: bool = False
    """Whether it needs a teacher that knows the classes; without one it does not exist."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the student is for.

    Args:
        kind: classification (the network's own logits) or face (an embedding, judged by its angle to others).
        classes: classes or identities among the labels; 0 when nothing is labelled.
        input: how the student wants its pixels; goes into its model card.
        centres: for faces [K, D_teacher], the teacher's unit class centres (its own head, or `class_centres`); a row
            of zeros where an identity has too few images. None when nothing is labelled.
    """

    kind: TaskKind
    classes: int
    input: InputSpec
    centres: Tensor | None = None


@dataclass(frozen=True, slots=True)
class MethodConfig:
    """What every method's `Config` has; fields carry their range and help for `describe`."""

    margin: Annotated[
        Literal["arcface", "cosface", "none"],
        Meta(description="margin of the face head; unused by classification"),
    ] = "arcface"
    margin_size: Annotated[
        float,
        Meta(ge=0, le=1.5, description="ArcFace: radians added to the angle; CosFace: taken from the cosine"),
    ] = 0.5
    scale: Annotated[float, Meta(gt=0, description="factor of the cosines in the face head's logits")] = 64.0
    start_at_centres: Annotated[
        bool,
        Meta(description="faces: the head's centres begin where the teacher's are, if lengths are equal"),
    ] = False
    shared_centres: Annotated[
        bool,
        Meta(description="faces: distil the student's cosines with the teacher's centres, not with its own"),
    ] = False
    gather: Annotated[
        bool,
        Meta(
            description="several processes: relations between all of their images (else within each process)"
        ),
    ] = True


class Method(nn.Module, ABC):
    """One way to train a student.

    Args:
        student: an `nn.Module` that declares its stages.
        teacher: live, or the facts of a cache; None for a method without one.
        task: what the student is for.
        config: an instance of the method's `Config`.

    Raises:
        MethodError: these do not fit together.
    """

    title: ClassVar[str]
    """One line for lists and charts."""
    Config: ClassVar[type[MethodConfig]] = MethodConfig
    presets: ClassVar[Mapping[str, MethodConfig]] = {}
    """Named configurations. `default-image` and `default-face`, where present, are the defaults of the two tasks."""
    tasks: ClassVar[tuple[TaskKind, ...]] = ("classification", "face")
    needs_teacher: ClassVar[bool] = True

    student: nn.Module
    config: Any  # the type is each method's own Config

    def __init__(
        self, student: nn.Module, teacher: TeacherFacts | None, task: Task, config: MethodConfig
    ) -> None:
        super().__init__()
        self._check(student, teacher, task)
        self.student = student
        self.task = task
        self.config = config
        self.hold(teacher)
        self.preprocess = Preprocess(task.input, any_size=True)  # resolution may grow while training
        self.active = {
            name: term
            for name, term in self.declare().items()
            if term.weight > 0
            and (term.rows == "all" or self.has_labels)
            and (not term.logits or self.has_teacher_logits)
        }
        self.head: Head = self._build_head()
        self.build()
        if not self.active:
            raise MethodError(f"{self.title}: nothing to learn: {self._why_nothing()}")

    @classmethod
    def default_config(cls, kind: TaskKind) -> MethodConfig:
        """What this method uses for a task when nobody says anything."""
        preset = cls.presets.get("default-image" if kind == "classification" else "default-face")
        return preset if preset is not None else cls.Config()

    def build(self) -> None:  # most methods add nothing
        """Add connectors, branches and projections as sub-modules; called once, at the end of construction."""

    @property
    def teacher(self) -> TeacherFacts | None:
        """The teacher that the next epochs learn from."""
        teacher: TeacherFacts | None = self.__dict__["_teacher"]
        return teacher

    @property
    def student_stages(self) -> tuple[StageSpec, ...]:
        """The student's declared stages."""
        return self._network.stage_specs

    @property
    def teacher_stages(self) -> tuple[StageSpec, ...]:
        """The teacher's declared stages; none without a teacher."""
        return () if self.teacher is None else self.teacher.stage_specs

    @property
    def student_dim(self) -> int:
        """Length of the student's embedding."""
        return self._network.embedding_dim

    @property
    def teacher_dim(self) -> int:
        """Length of the teacher's embedding; 0 when it gives none."""
        return 0 if self.teacher is None else self.teacher.embedding_dim

    @property
    def _network(self) -> StagedNetwork:
        return self.student  # type: ignore[return-value]  # checked in the constructor

    @property
    def has_labels(self) -> bool:
        """Whether anything is labelled."""
        return self.task.classes > 0

    @property
    def has_teacher_logits(self) -> bool:
        """Whether the teacher knows the classes: by its own logits, or by the centres of identities."""
        if self.task.kind == "face":
            return self.has_labels and self.task.centres is not None
        return self.has_labels and self.teacher is not None and self.teacher.classes == self.task.classes

    def hold(self, teacher: TeacherFacts | None) -> None:
        """Take a teacher, past `nn.Module`: no parameter, no buffer and no train() of it belongs to the method."""
        self.__dict__["_teacher"] = teacher

    @abstractmethod
    def declare(self) -> dict[str, Term]:
        """Every loss of this method, in order; `active` holds those that exist for this task and configuration."""

    def terms(self) -> dict[str, Rows]:
        """The names of the losses in their order, and which rows of a batch take part in each."""
        return {name: term.rows for name, term in self.active.items()}

    @abstractmethod
    def losses(
        self, batch: Batch, student: StagedOutput, teacher: StagedOutput, epoch: Epoch
    ) -> dict[str, Tensor]:
        """The weighted terms of one step: scalars, by the names in `active`; their sum is minimised."""

    def forward(self, batch: Batch, teacher_output: StagedOutput, epoch: Epoch) -> dict[str, Tensor]:
        """Run the student and return the weighted terms, computed in float32 even under autocast."""
        student = self.student(self.preprocess(batch.images))
        with torch.autocast(batch.images.device.type, enabled=False):
            return self.losses(batch, as_float32(student), as_float32(teacher_output), epoch)

    def answers(self, student: StagedOutput) -> list[Tensor]:  # noqa: ARG002  # most methods have one head only
        """Class logits [B, K] after each stage of the student, shallow to deep, where a method has branches there."""
        return []

    def preparation(self) -> Preparation | None:
        """A phase to be trained before the student, on the teacher's side; None for most methods."""
        return None

    def participants(self, labels: Tensor) -> dict[str, int]:
        """How many of the rows with these labels [N] take part in each term."""
        counts: dict[Rows, int] = {"all": len(labels), "labelled": int((labels >= 0).sum())}
        return {name: counts[rows] for name, rows in self.terms().items()}

    def teacher_logits(self, teacher: StagedOutput) -> Tensor | None:
        """[B, K] margin-free logits of the teacher; None when it knows no classes."""
        return self.head.teacher_logits(teacher)

    def logits(self, student: StagedOutput, teacher: StagedOutput) -> tuple[Tensor, Tensor]:
        """[B, K] margin-free logits of the student and of the teacher; only where a term with `logits` is active."""
        ours, theirs = self.head.logits(student), self.head.teacher_logits(teacher)
        if ours is None or theirs is None:
            raise ValueError(
                "expected logits on both sides: the teacher's output does not fit the method's teacher"
            )
        return ours, theirs

    def embeddings(self, student: StagedOutput, teacher: StagedOutput) -> tuple[Tensor, Tensor]:
        """The embeddings [B, D_student] and [B, D_teacher] of both, as they are."""
        if student.embedding is None or teacher.embedding is None:
            raise ValueError("expected an embedding of the student and of the teacher")
        return student.embedding, teacher.embedding

    def teacher_correct(self, teacher: StagedOutput, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Whether the teacher names the label [B] bool, and whether that can be judged at all [B] bool.

        Margin-free and over the full set of classes; unlabelled rows and identities without a centre are not judged.
        """
        logits = self.teacher_logits(teacher)
        judged = self.head.judged(labels)
        if logits is None:
            return torch.zeros_like(judged), torch.zeros_like(judged)
        return (logits.argmax(dim=1) == labels) & judged, judged

    def _build_head(self) -> Head:
        c = self.config
        if self.task.kind == "classification":
            return ClassHead()
        distils = any(term.logits for term in self.active.values())
        return FaceHead(
            self.student_dim,
            self.task.classes,
            self.task.centres,
            margin=c.margin,
            margin_size=c.margin_size,
            scale=c.scale,
            own="task" in self.active or (distils and not c.shared_centres),
            start_at_centres=c.start_at_centres,
            shared=distils and c.shared_centres,
        )

    def _why_nothing(self) -> str:
        if self.needs_teacher and not self.has_teacher_logits:
            return "the teacher gives no logits and there are no labelled identities to make centres of"
        return "every weight is 0, or nothing is labelled"

    def _check(self, student: nn.Module, teacher: TeacherFacts | None, task: Task) -> None:
        if not isinstance(student, StagedNetwork):
            raise TypeError(f"expected a network that declares its stages, got {type(student).__name__}")
        if task.kind not in self.tasks:
            raise MethodError(f"{self.title}: expected a task among {', '.join(self.tasks)}, got {task.kind}")
        if self.needs_teacher and teacher is None:
            raise MethodError(f"{self.title}: expected a teacher, got none; name one under [teacher]")
        if task.kind == "classification" and student.classes != task.classes:
            raise MethodError(
                f"expected a student with {task.classes} classes, as the data has, got one with {student.classes}"
            )
        if teacher is not None and task.kind == "face" and not teacher.embedding_dim:
            raise MethodError("expected a teacher of faces that gives an embedding, got one that gives none")
        if teacher is not None and task.kind == "classification" and teacher.classes not in (0, task.classes):
            raise MethodError(
                f"expected a teacher of the same {task.classes} classes, got one with {teacher.classes}"
            )


def as_float32(output: StagedOutput) -> StagedOutput:
    """The output with half-precision tensors widened, so that no loss is computed in less than float32."""

    def wide(x: Tensor) -> Tensor:
        return x.float() if x.itemsize < 4 else x

    return StagedOutput(
        tuple(wide(stage) for stage in output.stages),
        None if output.embedding is None else wide(output.embedding),
        None if output.logits is None else wide(output.logits),
        tuple(wide(response) for response in output.responses),
    )
