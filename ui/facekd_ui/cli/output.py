"""What a command prints: one JSON document or JSON lines on stdout, or tables for people; the rest on stderr."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table


def _plain(value: object) -> object:
    """NumPy scalars and arrays, which the json module does not know, as Python values."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


class Output:
    """Where results, progress and messages go.

    With `json` stdout carries JSON only. With `quiet` nothing but results and errors is written. Progress bars go
    to stderr and only to a terminal, so that logs stay readable.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False, stdout: TextIO | None = None) -> None:
        self.json = json
        self.quiet = quiet
        self._stdout = stdout or sys.stdout
        self._out = Console(file=self._stdout, highlight=False, soft_wrap=True)
        self._err = Console(file=sys.stderr, highlight=False, soft_wrap=True)

    def document(self, value: dict[str, Any]) -> None:
        """Print the command's one result, when JSON was asked for."""
        if self.json:
            self._write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain, allow_nan=False))

    def line(self, value: dict[str, Any]) -> None:
        """Print one JSON line, when JSON was asked for."""
        if self.json:
            self._write(json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False))

    def say(self, text: str) -> None:
        """Print a sentence of the result for people."""
        if not self.json:
            self._out.print(text, markup=False)

    def note(self, text: str) -> None:
        """Print a remark beside the result on stderr; `quiet` leaves it out."""
        if not self.quiet:
            self._err.print(text, markup=False)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print rows for people."""
        if self.json:
            return
        table = Table(title=title or None, title_justify="left", header_style="bold")
        for number, column in enumerate(columns):
            numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
            table.add_column(column, justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
        # soft_wrap would let a wide table run over the edge of the terminal
        self._out.print(table, soft_wrap=False)

    @contextmanager
    def progress(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A bar on stderr; yields the function that moves it on. `total` None: a bar without an end."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        silent = self.quiet or not self._err.is_terminal
        with Progress(*columns, console=self._err, transient=True, disable=silent) as bar:
            task = bar.add_task(description, total=total)
            yield lambda steps: bar.advance(task, steps)

    def _write(self, text: str) -> None:
        self._stdout.write(text + "\n")
        self._stdout.flush()
