"""The teacher that a configuration names: an ONNX file, or the student of an earlier run."""

from pathlib import Path

import torch

from facekd.config import TeacherConfig
from facekd.config_table import ConfigError
from facekd.distil.networks import NETWORKS
from facekd.distil.teachers import Teacher
from facekd.distil.teachers.frozen import FrozenTeacher
from facekd.distil.teachers.onnx_network import onnx_teacher
from facekd.distil.teachers.torch_network import torch_teacher
from facekd.distil.training import runfolder
from facekd.distil.training.checkpoint import LAST, load_weights, read_tensors
from facekd.distil.training.classification import named_classes
from facekd.models import open_model_file


def open_teacher(config: TeacherConfig, device: torch.device, *, pooled: bool) -> Teacher | None:
    """The teacher, frozen, on the device; None when there is none.

    Args:
        config: with an absolute path.
        device: where it lives.
        pooled: only means of its stages are needed, which an ONNX file gives faster.

    Raises:
        ConfigError, ModelFileError, CheckpointError: it does not exist or cannot be used.
    """
    if config.kind == "none":
        return None
    path = Path(config.path)
    if config.kind == "run":
        return open_run(path).to(device)
    return _open_onnx(path, config.stages, device, pooled=pooled)


def open_run(folder: Path) -> FrozenTeacher:
    """The student of a finished run as a teacher. Raises ConfigError, CheckpointError."""
    from facekd.distil.training.run import input_spec, network_config  # run.py imports this module

    run = runfolder.read_config(folder)
    weights = folder / runfolder.CHECKPOINT / LAST
    if not weights.is_file():
        raise ConfigError(
            f"{folder}: expected a finished run with {weights.name}, found none; let it end, or resume it"
        )
    classes = runfolder.read_json(folder / runfolder.CLASSES)
    outputs = len(classes["classes"]) if run.data.task == "classification" else 0
    network = NETWORKS[run.student.name].build(network_config(run.student), outputs)
    load_weights(network, read_tensors(weights), str(weights))
    return torch_teacher(network, input_spec(int(classes["side"])))


def teacher_classes(config: TeacherConfig) -> tuple[str, ...]:
    """What the teacher's logits stand for, in their order; empty when it gives none, or does not say.

    Raises ConfigError, ModelFileError: as `open_teacher`.
    """
    path = Path(config.path)
    if config.kind == "run":
        of_classes = runfolder.read_config(path).data.task == "classification"
        return tuple(runfolder.read_json(path / runfolder.CLASSES)["classes"]) if of_classes else ()
    if config.kind == "onnx" and open_model_file(path).card.kind == "classifier":
        return named_classes(path)
    return ()


def _open_onnx(path: Path, stages: tuple[str, ...], device: torch.device, *, pooled: bool) -> Teacher:
    card = open_model_file(path).card
    if card.kind == "detector":
        raise ConfigError(
            f"[teacher] path: expected an embedder or a classifier, got {card.name} of kind {card.kind}"
        )
    logits, threads = card.kind == "classifier", torch.get_num_threads()
    return onnx_teacher(path, card.input, stages or None, logits=logits, pooled=pooled, threads=threads).to(
        device
    )
