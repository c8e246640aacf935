"""A run as it goes on: its `events.jsonl` read as it grows, and what is drawn of it. No Qt, no torch."""

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from facekd.protocol import (
    EVENTS_FILE,
    AnyEvent,
    Checkpoint,
    EpochEnd,
    Error,
    Hello,
    Message,
    Paused,
    Plan,
    Resumed,
    Step,
    Stopped,
    decode,
)

LOG_LINES = 2000
CHUNK_BYTES = 4 << 20


class Follower:
    """Gives the events that a run has written since it was last asked; a line that is not finished waits.

    Args:
        folder: of the run; its file may not exist yet.
        from_end: pass over what is there already.
    """

    def __init__(self, folder: Path, *, from_end: bool = False) -> None:
        self._path = folder / EVENTS_FILE
        self._offset = self._size() if from_end else 0
        self._rest = b""

    def read(self) -> list[AnyEvent]:
        """New events. Raises ProtocolError when the process speaks another version."""
        events: list[AnyEvent] = []
        while self._size() > self._offset:
            try:
                with self._path.open("rb") as file:
                    file.seek(self._offset)
                    part = file.read(CHUNK_BYTES)
            except OSError:
                break
            if not part:
                break
            self._offset += len(part)
            *lines, self._rest = (self._rest + part).split(b"\n")
            events += [event for line in lines if (event := decode(line)) is not None]
        return events

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0


@dataclass(slots=True)
class Curve:
    """Points (x in epochs, value); x never falls."""

    x: "array[float]" = field(default_factory=lambda: array("d"))
    y: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, x: float, y: float) -> None:
        """Adds a point; a run that went back to a checkpoint draws over what it lost."""
        self.cut(x)
        self.x.append(x)
        self.y.append(y)

    def cut(self, x: float) -> None:
        """Takes away what lies at `x` and beyond."""
        while self.x and self.x[-1] >= x:
            self.x.pop()
            self.y.pop()


@dataclass(slots=True)
class History:
    """Everything that the running view shows, gathered from events.

    x counts epochs of the whole run, a preparation included: 1.5 is the middle of the second epoch.
    """

    student_epochs: int  # of the configuration
    plan: Plan | None = None
    device: str = ""
    terms: dict[str, Curve] = field(default_factory=dict)
    total: Curve = field(default_factory=Curve)
    validation: dict[str, Curve] = field(default_factory=dict)
    wanted: str = "accuracy"
    last_step: Step | None = None
    last_epoch: EpochEnd | None = None
    checkpoint_epoch: int = 0
    log: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    paused: bool = False
    joined: dict[str, float] = field(
        default_factory=dict
    )  # term -> x from which it counts, where it began at 0
    live: bool = False  # what comes now happens now: the log then carries the time

    @property
    def epochs(self) -> int:
        """Of the whole run."""
        return self.plan.epochs if self.plan else self.student_epochs

    @property
    def before(self) -> int:
        """Epochs of a preparation."""
        return max(0, self.epochs - self.student_epochs)

    def add_all(self, events: Iterable[AnyEvent]) -> None:
        """In their order."""
        for event in events:
            self.add(event)

    def add(self, event: AnyEvent) -> None:
        """Takes one event in."""
        match event:
            case Hello():
                self.device, self.paused = event.device, False
                self._say(f"process {event.pid} on {event.device}")
            case Plan():
                self.plan = event
                self._say(f"plan {event.epochs} epochs, {event.steps_per_epoch} steps each")
            case Step():
                self._step(event)
            case EpochEnd():
                self._epoch(event)
            case Checkpoint() if not event.best:
                step = self.last_step
                self.checkpoint_epoch = self.last_epoch.epoch if self.last_epoch else 0
                self._say("checkpoint" + (f" in epoch {step.epoch}, step {step.step}" if step else ""))
            case Message():
                self.messages.append(event)
                self._say(event.text)
            case Paused():
                self.paused = True
                self._say(f"paused in epoch {event.epoch}, step {event.step}")
            case Resumed():
                self.paused = False
                self._say(f"resumed in epoch {event.epoch}, step {event.step}")
            case Stopped():
                self._say(f"stopped in epoch {event.epoch}")
            case Error():
                self._say(f"error {event.kind}: {event.text}")

    def _step(self, step: Step) -> None:
        x = step.progress * self.epochs
        for name, value in step.losses.items():
            if name not in self.terms:
                self.terms[name] = Curve()
            curve = self.terms[name]
            if value and name not in self.joined and curve.y and not any(curve.y):
                self.joined[name] = x
            curve.add(x, float(value))
        self.total.add(x, math.fsum(step.losses.values()))
        self.last_step = step

    def _epoch(self, end: EpochEnd) -> None:
        own = self.plan is None or set(end.train) <= set(self.plan.losses)
        x = float(end.epoch + (self.before if own else 0))
        if own:
            for name, value in end.val.items():
                self.validation.setdefault(name, Curve()).add(x, float(value))
            self.last_epoch = end
        figure = end.val.get(self.wanted) or end.val.get("top1")
        words = f"epoch {end.epoch} done, loss {math.fsum(end.train.values()):.4g}"
        self._say(words + (f", {100 * figure:.1f} % right" if figure else ""))

    def _say(self, words: str) -> None:
        self.log.append(f"{datetime.now():%H:%M:%S} {words}" if self.live else words)
        if len(self.log) > LOG_LINES:
            del self.log[: len(self.log) - LOG_LINES]
