"""The process that trains, as the command line sees it: started, followed, asked to stop. Loads no torch."""

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from facekd.protocol import (
    AnyEvent,
    Checkpoint,
    Done,
    EpochEnd,
    Error,
    Hello,
    Message,
    Plan,
    Step,
    Stopped,
    decode,
)
from facekd_ui.services.training_child import child_command, child_environment

Final = Done | Stopped | Error


def follow(words: Sequence[str], home: Path, *, quiet: bool) -> tuple[list[Final], str, int]:
    """Start the training process and show its events; Ctrl-C is passed on as `stop`.

    Args:
        words: of `python -m facekd`.
        home: of this installation.
        quiet: show nothing.

    Returns:
        What it said last of each of its runs, the folder of the last run, and the exit status.
    """
    finals: list[Final] = []
    run = ""
    with _child(words, home) as child, _Display(quiet=quiet) as display:
        assert child.stdout is not None
        while True:
            try:
                for line in child.stdout:
                    event = decode(line)
                    if event is None:
                        continue
                    display.show(event)
                    if isinstance(event, Hello):
                        run = event.run
                    if isinstance(event, Done | Stopped | Error):
                        finals.append(event)
                break
            except KeyboardInterrupt:
                _ask_to_stop(child)
        status = child.wait()
    return finals, run, status


@contextlib.contextmanager
def _child(words: Sequence[str], home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The process in a group of its own, so that Ctrl-C reaches this one only; its stdin's end makes it stop."""
    child = subprocess.Popen(
        child_command(words),
        env=child_environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        child.wait()


def _ask_to_stop(child: "subprocess.Popen[bytes]") -> None:
    assert child.stdin is not None
    with contextlib.suppress(OSError):
        child.stdin.write(b"stop\n")
        child.stdin.flush()


class _Display:
    """A bar and the latest losses on a terminal; a line an epoch elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}"),
        )
        self._bar = Progress(
            *columns, console=console, transient=True, disable=quiet or not console.is_terminal
        )
        self._task: TaskID = self._bar.add_task("Preparing", total=1.0, detail="")
        self._epochs = 0

    def __enter__(self) -> "_Display":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, event: AnyEvent) -> None:
        """Whatever of an event people want to see."""
        if isinstance(event, Plan):
            self._epochs = event.epochs
        elif isinstance(event, Step):
            total = sum(event.losses.values())
            detail = f"loss {total:.4f}  {event.images_per_s:,.0f} images/s  {event.eta_s:,.0f} s left"
            self._bar.update(
                self._task, completed=event.progress, description=f"Epoch {event.epoch}", detail=detail
            )
        elif isinstance(event, EpochEnd):
            terms = "  ".join(f"{name} {value:.4f}" for name, value in event.train.items())
            figures = "  ".join(f"{name} {value:.4f}" for name, value in event.val.items() if name != "n")
            self._say(f"epoch {event.epoch}: {terms}" + (f"  |  {figures}" if figures else ""))
        elif isinstance(event, Message):
            self._say(("! " if event.level == "warning" else "") + event.text)
        elif isinstance(event, Hello):
            self._say(f"run folder {event.run}, device {event.device}")
        elif isinstance(event, Checkpoint) and not event.best:
            self._bar.update(self._task, detail=f"checkpoint {event.path}")

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._bar.console.print(text, markup=False)
