"""ONNX Runtime as exports are checked and measured with: on the processor, a stated number of threads, no chatter."""

from typing import Any

import onnxruntime as ort


def open_network(data: bytes, threads: int = 1) -> Any:
    """A session for the bytes of an ONNX file."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
