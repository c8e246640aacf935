"""Runs as their folders tell: what each one is, whether a process has it, how far it is, how it ended. No Qt, no torch.

A run folder is the trainer's (contracts, section 3). The window keeps two files of its own in it: `window.json` with
number, title and whether the run waits for its turn, and `draft.toml`, the configuration before the start. Both are
small, so another start of the program finds drafts, the queue, and runs that go on alone.
"""

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from facekd.evaluation.intervals import wilson_interval
from facekd.protocol import (
    CONTROL_FILE,
    EVENTS_FILE,
    FINAL,
    LOCK_FILE,
    AnyEvent,
    Command,
    Done,
    Error,
    Hello,
    Paused,
    Resumed,
    Step,
    Stopped,
    decode,
)
from facekd_ui.services.sealing import write_whole

CONFIG_FILE, DRAFT_FILE, ABOUT_FILE = "config.toml", "draft.toml", "window.json"
METRICS_FILE, MODEL_FILE, STDERR_FILE = "metrics.json", "student.onnx", "stderr.log"
STATE_FILE = Path("checkpoint") / "state.json"
TAIL_BYTES = 64 * 1024
MAIN_FIGURE = {"face": "accuracy", "classification": "top1"}


class RunState(StrEnum):
    """Where a run stands."""

    DRAFT = "draft"
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"  # it said why
    CRASHED = "crashed"  # it did not


ACTIVE = frozenset({RunState.RUNNING, RunState.PAUSED})


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the window knows of a run beside the trainer's files."""

    number: int = 0
    title: str = ""
    purpose: str = ""
    waiting_since: str = ""  # ISO, UTC; empty: it does not wait
    own_people: bool = False  # its pictures are crops of people on file, exported for this run
    started: bool = False
    ended_kind: str = ""  # of an end without a word of the trainer: "config", "killed", "crash", ...
    ended_text: str = ""
    hints: tuple[str, ...] = ()  # already shown


@dataclass(frozen=True, slots=True)
class Run:
    """One run in a list."""

    folder: Path
    about: About
    state: RunState
    config: Mapping[str, Any] = field(repr=False)
    epoch: int = 0
    progress: float = 0.0
    seconds_left: float | None = None
    last: Done | Stopped | Error | None = None
    value: float | None = None  # accuracy or top-1 of the last epoch, 0..1
    value_half: float | None = None  # of its 95 % interval
    wrong: str = ""  # why the configuration cannot be read

    @property
    def method(self) -> str:
        """Its name in the registry."""
        return str(_section(self.config, "method").get("name", ""))

    @property
    def student(self) -> str:
        """The network's name in the registry."""
        return str(_section(self.config, "student").get("network", ""))

    @property
    def epochs(self) -> int:
        """Of the student."""
        found = _section(self.config, "budget").get("epochs", 0)
        return found if isinstance(found, int) else 0

    @property
    def seed(self) -> int:
        """Of weights and order."""
        found = _section(self.config, "budget").get("seed", 0)
        return found if isinstance(found, int) else 0

    @property
    def has_checkpoint(self) -> bool:
        """Whether it can go on instead of beginning anew."""
        return (self.folder / STATE_FILE).is_file()

    @property
    def model(self) -> Path | None:
        """The exported student."""
        path = self.folder / MODEL_FILE
        return path if path.is_file() else None


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}


# -- files -----------------------------------------------------------------------------------------------------------


def read_about(folder: Path) -> About:
    """What the window noted; a file that cannot be read is none."""
    try:
        return msgspec.json.decode((folder / ABOUT_FILE).read_bytes(), type=About)
    except (OSError, msgspec.DecodeError):
        return About()


def write_about(folder: Path, **changes: object) -> About:
    """Changes what the window noted of a run."""
    about: About = msgspec.structs.replace(read_about(folder), **changes)
    write_whole(folder / ABOUT_FILE, msgspec.json.encode(about))
    return about


def read_config(folder: Path) -> dict[str, Any]:
    """The run's configuration as a table, or its draft. Raises OSError, ValueError."""
    path = folder / CONFIG_FILE
    path = path if path.is_file() else folder / DRAFT_FILE
    return tomllib.loads(path.read_text("utf-8"))


def new_folder(runs: Path, method: str, student: str, seed: int) -> Path:
    """An empty folder with the name that the trainer gives its own: `<utc>-<method>-<student>-<seed>`."""
    stem = "-".join((datetime.now(UTC).strftime("%Y%m%dT%H%M%S"), method, student, str(seed)))
    stem = re.sub(r"[^\w.-]+", "_", stem)
    runs.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder
    return runs / f"{stem}-{secrets.token_hex(4)}"


def next_number(runs: Path) -> int:
    """One more than the highest number of a run that is there or was begun here."""
    return 1 + max((read_about(folder).number for folder in _folders(runs)), default=0)


def command(folder: Path, word: Command) -> None:
    """Asks the process of a run for something by its control file; it listens four times a second."""
    with (folder / CONTROL_FILE).open("a", encoding="ascii") as file:
        file.write(f"{word}\n")


def log_tail(folder: Path, most: int = TAIL_BYTES) -> bytes:
    """The end of what the process of a run wrote on stderr."""
    return _tail(folder / STDERR_FILE, most)


# -- whether a process has it ----------------------------------------------------------------------------------------


def is_active(folder: Path) -> bool:
    """Whether a process trains in this folder.

    The system drops the trainer's lock with its process, so a lock that can be taken is a dead one's, whoever has its
    process id by now.
    """
    path = folder / LOCK_FILE
    try:
        with path.open("rb") as stream:
            return not _can_lock(stream.fileno(), path)
    except OSError:
        return False


try:
    import fcntl
except ImportError:  # Windows: the process id has to do

    def _can_lock(descriptor: int, path: Path) -> bool:
        del descriptor
        holder = path.read_text("ascii", "replace").strip()
        try:
            os.kill(int(holder), 0)
        except (ValueError, OSError):
            return True
        return False

else:

    def _can_lock(descriptor: int, path: Path) -> bool:
        del path
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        return True  # closing the file lets go of it


# -- reading ---------------------------------------------------------------------------------------------------------


class Shelf:
    """The runs below a folder. Reads a run again only when one of its files has changed."""

    FILES = (CONFIG_FILE, DRAFT_FILE, ABOUT_FILE, EVENTS_FILE, METRICS_FILE, MODEL_FILE)

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self._kept: dict[Path, tuple[tuple[object, ...], Run]] = {}

    def read(self) -> tuple[Run, ...]:
        """All runs: those that a process has, the queue in its order, drafts, then the others, newest first."""
        found: dict[Path, tuple[tuple[object, ...], Run]] = {}
        for folder in _folders(self.runs):
            active = is_active(folder)
            stamp = (active, *(_stamp(folder / name) for name in self.FILES))
            kept = self._kept.get(folder)
            found[folder] = kept if kept and kept[0] == stamp else (stamp, read_run(folder, active=active))
        self._kept = found
        return tuple(sorted((run for _, run in found.values()), key=_order))


def read_run(folder: Path, *, active: bool | None = None) -> Run:
    """One run from its folder."""
    active = is_active(folder) if active is None else active
    about, wrong = read_about(folder), ""
    config: dict[str, Any] = {}
    try:
        config = read_config(folder)
    except (OSError, ValueError) as error:
        wrong = str(error)
    run = Run(folder, about, RunState.DRAFT, config, wrong=wrong)
    began = (folder / CONFIG_FILE).is_file()
    if about.waiting_since and not active:
        return replace(run, state=RunState.WAITING)
    if not began and not about.started:
        return run
    events = _last_session(_tail(folder / EVENTS_FILE, TAIL_BYTES))
    steps = [event for event in events if isinstance(event, Step)]
    if steps:
        last = steps[-1]
        run = replace(run, epoch=last.epoch, progress=last.progress, seconds_left=last.eta_s)
    finals = [event for event in events if isinstance(event, FINAL)]
    if active:
        told = [event for event in events if isinstance(event, Paused | Resumed)]
        paused = bool(told) and isinstance(told[-1], Paused)
        return replace(run, state=RunState.PAUSED if paused else RunState.RUNNING)
    run = _with_figures(run)
    if not finals:
        said = bool(about.ended_kind) and about.ended_kind not in ("crash", "killed")
        return replace(run, state=RunState.FAILED if said else RunState.CRASHED)
    final = finals[-1]
    ends = {Done: RunState.DONE, Stopped: RunState.STOPPED, Error: RunState.FAILED}
    epoch = final.epoch if isinstance(final, Stopped) else run.epoch
    return replace(run, state=ends[type(final)], last=final, epoch=epoch)


def _with_figures(run: Run) -> Run:
    try:
        metrics = json.loads((run.folder / METRICS_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return run
    val = ((metrics.get("last") or {}).get("val")) or {}
    value, n = val.get(MAIN_FIGURE.get(metrics.get("task", ""), "accuracy")), int(val.get("n") or 0)
    if value is None:
        return run
    return replace(run, value=float(value), value_half=half_width(float(value), n))


def half_width(value: float, n: int) -> float | None:
    """Half of the 95 % interval of a share of n."""
    if n <= 0:
        return None
    low, high = wilson_interval(min(n, round(value * n)), n)
    return (high - low) / 2


def _folders(runs: Path) -> list[Path]:
    """Run folders, those of several seeds one level deeper."""
    found = []
    try:
        children = [child for child in runs.iterdir() if child.is_dir() and not child.name.startswith(".")]
    except OSError:
        return []
    for child in children:
        if _is_run(child):
            found.append(child)
        else:
            found += [seed for seed in child.glob("seed-*") if _is_run(seed)]
    return found


def _is_run(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (CONFIG_FILE, DRAFT_FILE))


def _order(run: Run) -> tuple[int, str, int, str]:
    """Active, waiting in their order, then by what is newest."""
    rank = 0 if run.state in ACTIVE else 1 if run.state is RunState.WAITING else 2
    newest = "".join(chr(0x10FFFF - ord(letter)) for letter in run.folder.name) if rank == 2 else ""
    draft = 0 if run.state is RunState.DRAFT else 1
    return rank, run.about.waiting_since, draft if rank == 2 else 0, newest


def _last_session(tail: bytes) -> list[AnyEvent]:
    """The events since the process last greeted."""
    events: list[AnyEvent] = []
    for line in tail.splitlines():
        event = decode(line)
        if isinstance(event, Hello):
            events = []
        elif event is not None:
            events.append(event)
    return events


def _tail(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            return file.read()
    except OSError:
        return b""


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
