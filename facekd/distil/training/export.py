"""The finished student as an ONNX file with its card: the same answers as torch, and what it costs, measured.

Teacher, head, connectors and branches are not in it: `method.student` was the plain network all along.
"""

import contextlib
import io
import json
import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from facekd.config import RunConfig
from facekd.distil.data.readers import Data, open_data
from facekd.distil.networks.layers import GlobalDepthwise
from facekd.distil.networks.preprocess import Preprocess
from facekd.distil.training import runfolder
from facekd.distil.training.card import write_card
from facekd.distil.training.checkpoint import BEST, LAST, load_weights, read_tensors, write_bytes
from facekd.distil.training.classification import CLASSES
from facekd.distil.training.run import CUT_SEED, build_student, input_spec
from facekd.distil.training.runtime import open_network
from facekd.errors import FacekdError
from facekd.modelcard import InputSpec, file_digest

PARITY_IMAGES = 16
PARITY_COSINE = 0.9999
CALIBRATION_IMAGES = 256
WARM_UPS, TIMINGS = 10, 100
INT8_MODEL = "student-int8.onnx"


class ExportError(FacekdError):
    """The exported file does not answer as the student does."""


class Deployed(nn.Module):
    """A student reduced to its one answer, as it is exported."""

    def __init__(self, student: nn.Module, answer: Literal["embedding", "logits"]) -> None:
        super().__init__()
        self.student = student
        self.answer = answer

    def forward(self, images: Tensor) -> Tensor:
        """[n, 3, S, S] normalised to [n, d]."""
        answer: Tensor = getattr(self.student(images), self.answer)
        return answer


@dataclass(frozen=True, slots=True)
class Exported:
    """What `export` wrote and measured."""

    model: Path
    sha256: str
    figures: dict[str, float]


def export_run(
    folder: Path,
    weights: Literal["last", "best"] = "last",
    *,
    int8: bool = False,
    data: Data | None = None,
) -> Exported:
    """Write `student.onnx` and `student.toml` into a run folder.

    Args:
        folder: of a finished run.
        weights: the last epoch's are the result; the best one's on the validation images on demand.
        int8: also write `student-int8.onnx`, quantised statically with training images.
        data: for parity and calibration, and the people by whom a recogniser's thresholds are found; None: read.

    Raises:
        ConfigError, CheckpointError: the folder has no finished run.
        ExportError: the file's answers differ from torch's.
    """
    config = runfolder.read_config(folder)
    facts = runfolder.read_json(folder / runfolder.CLASSES)
    path = folder / runfolder.CHECKPOINT / (BEST if weights == "best" else LAST)
    student = build_student(config.student, config.data.task, len(facts["classes"]))
    load_weights(student, read_tensors(path), str(path))
    side = int(facts["side"])
    spec = input_spec(side)
    if data is None:
        data = open_data(config.data, CUT_SEED)
    images = data.train.images
    answer: Literal["embedding", "logits"] = "embedding" if config.data.task == "face" else "logits"
    deployed = Deployed(student.eval(), answer)
    sample = _sample(images, spec, PARITY_IMAGES)
    with torch.no_grad():
        expected = deployed(torch.from_numpy(sample)).numpy()
    network = onnx_bytes(deployed, side, answer, facts["classes"] if answer == "logits" else ())
    figures: dict[str, float] = {
        "parameters": sum(p.numel() for p in student.parameters()),
        "macs": macs_of(student, side),
        "bytes": len(network),
        **check_parity(network, sample, expected),
        **latency(network, sample),
    }
    model = folder / runfolder.MODEL
    write_bytes(model, network)
    write_card(model, config, spec, expected.shape[1], weights, folder, data.validation)
    if int8:
        figures |= _write_int8(model, config, spec, data, expected, sample, weights, folder)
    metrics = folder / runfolder.METRICS
    if metrics.is_file():
        runfolder.write_json(
            metrics, {**runfolder.read_json(metrics), "export": {"weights": weights, **figures}}
        )
    return Exported(model, file_digest(network), figures)


def onnx_bytes(network: nn.Module, side: int, output: str, classes: Sequence[str] = ()) -> bytes:
    """The network as an ONNX file with a free batch size; a classifier's classes go into its metadata."""
    sample = (torch.zeros(2, 3, side, side),)
    with _quiet():
        program = torch.onnx.export(
            network.eval(),
            sample,
            dynamo=True,
            input_names=["images"],
            output_names=[output],
            dynamic_shapes=({0: torch.export.Dim("n", min=1)},),
            external_data=False,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    if classes:
        onnx.helper.set_model_props(model, {CLASSES: json.dumps(list(classes), ensure_ascii=False)})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def check_parity(
    data: bytes, sample: NDArray[np.float32], expected: NDArray[np.float32], least: float = PARITY_COSINE
) -> dict[str, float]:
    """How far ONNX Runtime's answers lie from torch's. Raises ExportError below a cosine of `least`."""
    (name,) = (i.name for i in open_network(data).get_inputs())
    got = np.asarray(open_network(data).run(None, {name: sample})[0])
    lengths = np.linalg.norm(got, axis=1) * np.linalg.norm(expected, axis=1)
    cosine = float(((got * expected).sum(1) / np.maximum(lengths, 1e-12)).min())
    difference = float(np.abs(got - expected).max())
    if not cosine >= least:
        raise ExportError(
            f"expected the exported file to answer as the student does (cosine of at least {least}), got {cosine:.5f} "
            f"(largest difference {difference:.3g}); keep the run and report this"
        )
    return {"parity_cosine": cosine, "parity_difference": difference}


def latency(data: bytes, sample: NDArray[np.float32], threads: int = 1) -> dict[str, float]:
    """Milliseconds for one image on one thread: percentiles over `TIMINGS` runs after a warm-up."""
    session = open_network(data, threads)
    name = session.get_inputs()[0].name
    one = {name: sample[:1]}
    times = []
    for number in range(WARM_UPS + TIMINGS):
        began = time.perf_counter()
        session.run(None, one)
        if number >= WARM_UPS:
            times.append((time.perf_counter() - began) * 1e3)
    p50, p90, p99 = np.percentile(times, (50, 90, 99)).tolist()
    return {"latency_ms_p50": p50, "latency_ms_p90": p90, "latency_ms_p99": p99, "latency_n": TIMINGS}


def macs_of(network: nn.Module, side: int) -> int:
    """Multiply-accumulate operations of one image in convolutions and linear layers (FLOPs are twice as many)."""
    total = 0

    def count(module: nn.Module, _inputs: Any, output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            kernel = module.weight[0].numel()  # in / groups * h * w
            total += output[0].numel() * kernel
        elif isinstance(module, nn.Linear):
            total += module.weight.numel()

    counted = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    handles = [module.register_forward_hook(count) for module in counted]
    # a global depthwise convolution calls the function and holds its weight itself
    loose = [m for m in network.modules() if isinstance(m, GlobalDepthwise)]
    was_training = network.training
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, side, side))
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    return total + sum(p.numel() for module in loose for p in module.parameters())


class _Calibration(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime has no types
    def __init__(self, name: str, batch: NDArray[np.float32]) -> None:
        self._feeds: Iterator[dict[str, Any]] = iter([{name: batch[k : k + 1]} for k in range(len(batch))])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._feeds, None)


def quantise(model: Path, target: Path, calibration: NDArray[np.float32]) -> None:
    """Static int8 quantisation by ONNX Runtime: weights by channel, activations measured on `calibration`."""
    prepared = target.with_name(f".{target.stem}-prepared.onnx")
    partial = target.with_name(f".{target.stem}-partial.onnx")
    name = open_network(model.read_bytes()).get_inputs()[0].name
    try:
        with _quiet():
            quant_pre_process(str(model), str(prepared))
            quantize_static(
                str(prepared),
                str(partial),
                _Calibration(name, calibration),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                weight_type=QuantType.QInt8,
                activation_type=QuantType.QInt8,
            )
        partial.replace(target)
    finally:
        prepared.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)


def _write_int8(
    model: Path,
    config: RunConfig,
    spec: InputSpec,
    data: Data,
    expected: NDArray[np.float32],
    sample: NDArray[np.float32],
    weights: str,
    folder: Path,
) -> dict[str, float]:
    target = model.with_name(INT8_MODEL)
    quantise(model, target, _sample(data.train.images, spec, CALIBRATION_IMAGES))
    network = target.read_bytes()
    # Rounded answers differ; the figures say by how much, and nothing is refused.
    figures = {
        **check_parity(network, sample, expected, least=-1.0),
        **latency(network, sample),
        "bytes": len(network),
    }
    write_card(target, config, spec, expected.shape[1], f"{weights}, int8", folder, data.validation)
    return {f"int8_{key}": value for key, value in figures.items()}


def _sample(images: NDArray[np.uint8], spec: InputSpec, n: int) -> NDArray[np.float32]:
    """Some training images as the network's input, spread evenly over the set."""
    rows = np.unique(np.linspace(0, len(images) - 1, min(n, len(images))).round().astype(np.int64))
    batch = torch.from_numpy(np.ascontiguousarray(images[rows])).permute(0, 3, 1, 2).float()
    return Preprocess(spec)(batch).contiguous().numpy()  # type: ignore[no-any-return]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Exporters talk; their remarks on torchvision and their own deprecations concern nobody here."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        previous = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(previous)
