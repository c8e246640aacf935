"""What a student may be used for: the terms of its images and of its teacher, carried into its card.

Whoever learns from a teacher that is for research only, or from images that are, is for research only too. The
teacher's card is read when the run begins and kept in the run folder, so that an export years later still knows it.
"""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from facekd.config import DataConfig, RunConfig, TeacherConfig
from facekd.distil.training import runfolder
from facekd.errors import FacekdError
from facekd.models import open_model_file

RESTRICTED = re.compile(
    r"research|non-?commercial|academic|none stated|no licen[cs]e|unlicen[cs]ed", re.IGNORECASE
)
"""Words by which terms forbid an ordinary use, or permit nothing at all."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Of a teacher, from its card."""

    name: str
    licence: str
    trained_on: str = ""
    limits: str = ""


def teacher_rights(config: TeacherConfig) -> Rights | None:
    """What the teacher's card says; None without a teacher.

    A run that was never exported has no card: then its own configuration is asked, and its teacher's card.
    """
    if config.kind == "none":
        return None
    path, of_run = Path(config.path), config.kind == "run"
    try:
        card = open_model_file(path / runfolder.MODEL if of_run else path).card
    except FacekdError:
        return _unexported(path) if of_run else Rights(path.stem, "none stated: its card was not found")
    return Rights(path.name if of_run else card.name, card.licence, card.trained_on, card.limits)


def kept_rights(folder: Path, config: RunConfig) -> Rights | None:
    """As the run folder has kept them; an older run's are looked up again."""
    facts = folder / runfolder.CLASSES
    kept = runfolder.read_json(facts).get("teacher") if facts.is_file() else None
    return Rights(**kept) if kept else teacher_rights(config.teacher)


def as_facts(rights: Rights | None) -> dict[str, Any] | None:
    """As JSON values for the run folder."""
    return None if rights is None else asdict(rights)


def student_licence(data: DataConfig, teacher: Rights | None) -> str:
    """The card's `licence`: of the images, and of the teacher."""
    return data.licence if teacher is None else f"{data.licence}; teacher {teacher.name}: {teacher.licence}"


def student_data(data: DataConfig, teacher: Rights | None) -> str:
    """The card's `trained_on`: the images' files, and what the teacher had learnt from."""
    own = ", ".join(Path(path).name for path in (*data.train, *data.unlabelled))
    return f"{own}; its teacher: {teacher.trained_on}" if teacher is not None and teacher.trained_on else own


def restriction(data: DataConfig, teacher: Rights | None) -> str:
    """One sentence when the student is for research only, and what would free it; empty when nothing says so."""
    reasons = ["its images are"] if RESTRICTED.search(data.licence) else []
    if teacher is not None and RESTRICTED.search(f"{teacher.licence} {teacher.limits}"):
        reasons.append(f"its teacher {teacher.name} is")
    if not reasons:
        return ""
    return (
        f"research only, because {' and '.join(reasons)}; for any other use train it again from its config.toml with "
        "images and a teacher whose terms allow that"
    )


def student_limits(data: DataConfig, teacher: Rights | None) -> str:
    """The card's `limits`: what it may be used for, what its figures are of, and what its teacher could not do."""
    measured = (
        "the metrics below are of the run's own validation images; measure on people of your own"
        if data.validation
        else "not validated: the run had no validation images"
    )
    inherited = f"of its teacher: {teacher.limits}" if teacher is not None and teacher.limits else ""
    return "; ".join(part for part in (restriction(data, teacher), measured, inherited) if part)


def _unexported(folder: Path) -> Rights:
    try:
        run = runfolder.read_config(folder)
    except FacekdError:
        return Rights(folder.name, "none stated: its run was not found")
    theirs = teacher_rights(run.teacher)
    limits = restriction(run.data, theirs)
    return Rights(folder.name, student_licence(run.data, theirs), student_data(run.data, theirs), limits)
