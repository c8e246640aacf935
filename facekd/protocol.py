"""What the training child says: one JSON object a line, version 1. Free of torch; window, tests and child share it.

The first field of every line is `event`. Readers ignore events that they do not know and refuse another protocol
number. The last of `done`, `stopped` and `error` decides how a run ended; none of them and a non-zero exit status is
a crash. Commands go the other way on stdin, or through the file `control` in the run folder: one word a line.
"""

from typing import Literal, get_args

import msgspec

from facekd.errors import FacekdError

PROTOCOL = 1

Command = Literal["stop", "pause", "resume", "detach"]
COMMANDS: tuple[Command, ...] = ("stop", "pause", "resume", "detach")

LOCK_FILE = "lock"
"""In the run folder, holds the process id while a run is active."""
CONTROL_FILE = "control"
"""In the run folder; whoever appends a command there is heard."""
EVENTS_FILE = "events.jsonl"

ErrorKind = Literal["config", "data", "memory", "nan", "disk", "internal"]


class ProtocolError(FacekdError):
    """The child speaks another version."""


class Event(msgspec.Struct, frozen=True, tag_field="event", tag=str.lower):
    """Base of all events."""


class Hello(Event, frozen=True):
    pid: int
    device: str
    run: str  # absolute path of the run folder
    protocol: int = PROTOCOL


class Plan(Event, frozen=True):
    epochs: int
    steps_per_epoch: int
    losses: tuple[str, ...]
    student_params: int
    teacher_params: int  # 0: none, or not known of an ONNX file


class Step(Event, frozen=True):
    epoch: int  # from 1
    step: int  # of the epoch, from 1
    progress: float  # 0..1 of the whole run
    losses: dict[str, float]
    lr: float
    images_per_s: float
    eta_s: float


class EpochEnd(Event, frozen=True, tag="epoch"):
    epoch: int
    train: dict[str, float]
    val: dict[str, float]


class Checkpoint(Event, frozen=True):
    path: str
    best: bool


class Message(Event, frozen=True):
    level: Literal["info", "warning"]
    text: str


class Done(Event, frozen=True):
    model: str
    sha256: str
    metrics: dict[str, float]


class Stopped(Event, frozen=True):
    epoch: int
    checkpoint: str


class Error(Event, frozen=True):
    kind: ErrorKind
    text: str


class Paused(Event, frozen=True):
    epoch: int
    step: int


class Resumed(Event, frozen=True):
    epoch: int
    step: int


AnyEvent = Hello | Plan | Step | EpochEnd | Checkpoint | Message | Done | Stopped | Error | Paused | Resumed
FINAL = (Done, Stopped, Error)

_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class _Tag(msgspec.Struct):
    event: str = ""
    protocol: int = PROTOCOL


_tags = msgspec.json.Decoder(_Tag)
_known = {one.__struct_config__.tag for one in get_args(AnyEvent)}


def encode(event: Event) -> bytes:
    """One line with its end, UTF-8. Figures that are not finite become null, because JSON has no word for them."""
    return msgspec.json.encode(event) + b"\n"


def decode(line: bytes | str) -> AnyEvent | None:
    """The event of a line; None for blank lines, unknown events and lines that are no JSON object.

    Raises:
        ProtocolError: the child greets with another protocol number.
    """
    try:
        tag = _tags.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if tag.event == "hello" and tag.protocol != PROTOCOL:
        raise ProtocolError(
            f"the training process speaks protocol {tag.protocol}, this program {PROTOCOL}; update the older one"
        )
    if tag.event not in _known:
        return None
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None
