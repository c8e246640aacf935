"""The People page over many people in the real window: `python -m window.people HOME NAME PASSWORD SEARCHES`.

Prints the milliseconds from asking for the page until its first rows were on the screen, and for each search from
Enter until its rows were.
"""

import json
import sys
import time
from pathlib import Path

from facekd_ui.app import App
from facekd_ui.pages.people import PeoplePage
from window.homes import DEPARTMENTS, name_of
from window.session import Beat, Painted, live, logged_in, wait_until

SETTLE_S = 1.0


class Rows:
    """Whether the rows of a newer answer were painted."""

    def __init__(self, page: PeoplePage) -> None:
        self._page = page
        self._painted = Painted(page.table.viewport())
        self._answered = False
        page.model.modelReset.connect(self._reset)

    def ask(self) -> None:
        """What comes from now on is the answer."""
        self._answered = False

    def _reset(self) -> None:
        self._answered, self._painted.count = True, 0

    def are_there(self) -> bool:
        """On the screen, or an empty answer, which takes the table's place."""
        return self._answered and (self._painted.count > 0 or not self._page.model.rowCount())


def first_screen(program: App) -> tuple[PeoplePage, Rows, float]:
    """The page that was never open before, and how long it took."""
    assert program.work is not None
    began = time.perf_counter()
    program.work.go("people")
    page = program.window.pages.page("people")
    assert isinstance(page, PeoplePage)
    rows = Rows(page)
    wait_until(rows.are_there, "the table")
    return page, rows, (time.perf_counter() - began) * 1000


def search(page: PeoplePage, rows: Rows, words: str) -> float:
    """From Enter to the rows on the screen."""
    page.search.setText(words)
    rows.ask()
    began = time.perf_counter()
    page.search.returnPressed.emit()
    wait_until(rows.are_there, f"an answer to {words!r}")
    return (time.perf_counter() - began) * 1000


def queries(count: int) -> list[str]:
    """What people type: beginnings of names, whole names, codes, departments, two words, somebody who is not there."""
    found = []
    for number in range(count):
        name = name_of(number * 7919 % 5000)
        kinds = (
            name[:3],
            name,
            f"E-{100_000 + number}",
            DEPARTMENTS[number % 8],
            name.split()[1][:4],
            "Zzyzx",
        )
        found.append(kinds[number % len(kinds)])
    return found


def main() -> int:
    """Log in, open, search, tell."""
    home, name, password, searches = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    with logged_in(home, name, password) as program:
        program.work_tasks.drain(60_000)  # the people on file are being loaded for the recogniser
        live(SETTLE_S)
        page, rows, first_ms = first_screen(program)
        on_file = page.model.rowCount()
        live(SETTLE_S)
        beat = Beat(program)
        took = [[words, search(page, rows, words)] for words in queries(searches)]
        answer = {
            "first_screen_ms": first_ms,
            "searches": took,
            "people": on_file,
            "longest_block_ms": round(beat.longest_ms, 1),
        }
    print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
