"""ONNX Runtime sessions that share two cores politely and never fall back in silence."""

import os
from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from facekd.errors import ModelFileError, ProviderError

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


class Session:
    """One network, ready to run.

    Args:
        data: the bytes of the `.onnx` file.
        name: the file's name, for messages.
        threads: threads inside one operator; default all cores. The pool sleeps instead of spinning, because
            spinning pools of two networks starve each other on a desktop.
        provider: a key of `PROVIDERS`.

    Raises:
        ProviderError: the provider is absent, or ONNX Runtime quietly chose another.
        ModelFileError: the file is no network that ONNX Runtime can load.
    """

    def __init__(self, data: bytes, name: str, *, threads: int | None = None, provider: str = "cpu") -> None:
        if provider not in PROVIDERS:
            raise ProviderError(f"expected a provider among {', '.join(PROVIDERS)}, got {provider!r}")
        wanted = PROVIDERS[provider]
        present = ort.get_available_providers()
        if wanted not in present:
            usable = [key for key, value in PROVIDERS.items() if value in present]
            raise ProviderError(
                f"the execution provider {provider!r} is not available here; this ONNX Runtime has "
                f"{', '.join(usable)}: install the package for it or choose one of these"
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or os.cpu_count() or 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(data, options, providers=[wanted])
        except Exception as error:
            raise ModelFileError(
                f"{name}: ONNX Runtime cannot load this file: {_first_line(error)}"
            ) from error
        self.provider = str(self._session.get_providers()[0])
        if self.provider != wanted:
            raise ProviderError(f"{name}: asked for {provider!r}, but ONNX Runtime chose {self.provider}")
        self.name = name
        self.input_shapes = {i.name: tuple(i.shape) for i in self._session.get_inputs()}
        self.output_shapes = {o.name: tuple(o.shape) for o in self._session.get_outputs()}

    @property
    def input_shape(self) -> tuple[int | str | None, ...]:
        """Shape of the only input; names stand for free dimensions. Raises ModelFileError when it has several."""
        if len(self.input_shapes) != 1:
            raise ModelFileError(
                f"{self.name}: expected a network with one input, got {sorted(self.input_shapes)}"
            )
        return next(iter(self.input_shapes.values()))

    def run(
        self, batch: NDArray[np.float32], outputs: Sequence[str] | None = None
    ) -> list[NDArray[np.float32]]:
        """Outputs for one input tensor, in the order of `outputs` (default: all). The GIL is released.

        Raises ModelFileError when the network cannot run on it.
        """
        name = next(iter(self.input_shapes))
        try:
            return [np.asarray(value) for value in self._session.run(outputs, {name: batch})]
        except Exception as error:
            raise ModelFileError(
                f"{self.name}: the network failed on an input of shape {list(batch.shape)}: {_first_line(error)}"
            ) from error
