"""Lines of the training process: one JSON object each, `event` first, strangers ignored."""

import json

import pytest

from facekd.protocol import (
    Checkpoint,
    Done,
    EpochEnd,
    Error,
    Event,
    Hello,
    Message,
    Paused,
    Plan,
    ProtocolError,
    Resumed,
    Step,
    Stopped,
    decode,
    encode,
)

EVENTS: list[Event] = [
    Hello(1, "cpu", "/runs/a"),
    Plan(3, 10, ("task", "kd"), 1000, 0),
    Step(1, 2, 0.5, {"task": 1.5}, 0.1, 200.0, 3.0),
    EpochEnd(1, {"task": 1.0}, {"top1": 0.5}),
    Checkpoint("/runs/a/checkpoint/state.json", False),
    Message("warning", "größer\nthan a line"),
    Done("m.onnx", "ab", {"top1": 0.5}),
    Stopped(2, "x"),
    Error("nan", "the term 'kd'"),
    Paused(1, 2),
    Resumed(1, 2),
]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_one_line_with_event_first_and_reads_back(event: Event) -> None:
    line = encode(event)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert next(iter(json.loads(line))) == "event"
    assert decode(line) == event


def test_the_names_are_those_of_the_protocol() -> None:
    names = [json.loads(encode(event))["event"] for event in EVENTS]
    assert names[:6] == ["hello", "plan", "step", "epoch", "checkpoint", "message"]
    assert names[6:] == ["done", "stopped", "error", "paused", "resumed"]
    assert json.loads(encode(EVENTS[0]))["protocol"] == 1


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"noise", b"[1]", b'{"event": "later"}', b'{"x": 1}', b'{"event": "plan"}']
)
def test_strange_lines_are_ignored(line: bytes) -> None:
    assert decode(line) is None


def test_another_protocol_is_refused() -> None:
    with pytest.raises(ProtocolError, match="protocol 2, this program 1"):
        decode(b'{"event":"hello","pid":1,"device":"cpu","run":"r","protocol":2}')
