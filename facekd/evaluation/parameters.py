"""How many numbers a network learnt, read from its `.onnx` file without the package `onnx`, which desks do not have.

Source: the protocol buffers' wire format (a key is field number times eight plus wire type) and `onnx.proto3`:
ModelProto.graph is field 7, GraphProto.initializer field 5, TensorProto.dims field 1.
"""

import math
from collections.abc import Iterator

from facekd.errors import ModelFileError

_GRAPH, _INITIALIZER, _DIMS = 7, 5, 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def count_parameters(model: bytes) -> int:
    """Elements of all initializers, such as weights and biases. Raises ModelFileError when it is no ONNX file."""
    view = memoryview(model)
    try:
        return sum(
            math.prod(_dims(tensor))
            for number, graph in _fields(view)
            if number == _GRAPH and isinstance(graph, memoryview)
            for field, tensor in _fields(graph)
            if field == _INITIALIZER and isinstance(tensor, memoryview)
        )
    except (IndexError, ValueError) as error:
        raise ModelFileError("expected an ONNX file, got other data; export the model again") from error


def _dims(tensor: memoryview) -> list[int]:
    dims: list[int] = []
    for number, value in _fields(tensor):
        if number == _DIMS and isinstance(value, int):
            dims.append(value)
        elif number == _DIMS and isinstance(value, memoryview):  # packed
            at = 0
            while at < len(value):
                one, at = _varint(value, at)
                dims.append(one)
    return dims


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, value) of one message; raises IndexError or ValueError for other bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + size > len(message):
            raise ValueError("cut short")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
