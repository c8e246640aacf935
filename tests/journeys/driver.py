"""Drives the application as a person does: looks at the screen, moves the pointer, presses keys.

Acts are real X events by xdotool; where things are is told by the application's `eyes`. Nothing waits for a fixed time:
`until` asks again until something is so, and says what stood on the screen when it never came.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tests.journeys.display import Display
    from tests.journeys.program import Program

PATIENCE_S = 60.0
"""How long anything may take on a computer that is busy with other things; a quiet one needs a hundredth of it."""
AGAIN_S = 0.05
NEARLY = 10  # of 255, in each of blue, green and red
Seen = dict[str, Any]
Found = TypeVar("Found")


class Driver:
    """Hands and eyes for one run of the application."""

    def __init__(self, display: "Display", program: "Program") -> None:
        self.display, self.program, self.home = display, program, program.home

    def open(self) -> None:
        """Waits until the window is there."""
        self.until("the window", lambda: self.see(kind="MainWindow"))

    def end(self) -> None:
        """Closes the application and looks at what it leaves behind."""
        self.program.end()

    # -- looking

    def all(
        self,
        words: str | None = None,
        *,
        kind: str = "QWidget",
        part: bool = False,
        name: str | None = None,
        window: str | None = None,
    ) -> list[Seen]:
        """What has these words, outermost first.

        Args:
            words: its text, accessible name or hint; None: any.
            kind: name of its class or of one that it is derived from.
            part: the words may stand anywhere in the text.
            name: its accessible name.
            window: the title of the window or dialog that it is in.
        """
        found = []
        for seen in self.program.look():
            texts = (seen["text"], seen["name"], seen["hint"])
            if (
                (words is None or any(words in text if part else words == text for text in texts))
                and kind in seen["kinds"]
                and name in (None, seen["name"])
                and window in (None, seen["window"])
            ):
                found.append(seen)
        return found

    def see(self, words: str | None = None, **more: Any) -> Seen | None:
        """The first of `all`, if there is one."""
        found = self.all(words, **more)
        return found[0] if found else None

    def reach(self, words: str | None = None, **more: Any) -> Seen | None:
        """The first of `all` that a click would reach and that is enabled."""
        return next((each for each in self.all(words, **more) if each["reachable"] and each["enabled"]), None)

    def says(self, words: str) -> bool:
        """Whether the words stand somewhere on the screen."""
        return self.see(words, part=True) is not None

    def words(self) -> list[str]:
        """All that can be read on the screen."""
        return [
            str(each["text"] or each["name"]) for each in self.program.look() if each["text"] or each["name"]
        ]

    def until(self, what: str, found: Callable[[], Found | None], seconds: float = PATIENCE_S) -> Found:
        """What `found` gives as soon as it gives something."""
        end = time.monotonic() + seconds
        while True:
            if answer := found():
                return answer
            if time.monotonic() > end:
                break
            time.sleep(AGAIN_S)
        shown = self.home.parent / "never-came.png"
        cv2.imwrite(str(shown), self.display.picture())
        raise AssertionError(
            f"waited {seconds:.0f} s for {what}; it never came. On the screen ({shown}): {self.words()}"
        )

    def wait(self, words: str, seconds: float = PATIENCE_S, **more: Any) -> Seen:
        """The widget with these words, as soon as it is there."""
        return self.until(repr(words), lambda: self.see(words, **more), seconds)

    def wait_kind(self, kind: str) -> Seen:
        """The first widget of a class, as soon as it is there."""
        return self.until(kind, lambda: self.see(kind=kind))

    def focus(self) -> Seen | None:
        """What has the focus."""
        return next((each for each in self.program.look() if each["focus"]), None)

    def current_page(self) -> str:
        """The page that the rail marks."""
        return next((str(item["name"]) for item in self.all(kind="RailItem") if item["checked"]), "")

    def read(self, words: str, seconds: float = PATIENCE_S) -> None:
        """Waits until the words stand somewhere."""
        self.until(f"the words {words!r}", lambda: self.says(words), seconds)

    def gone(self, words: str, **more: Any) -> None:
        """Waits until nothing has these words any more."""
        self.until(f"the end of {words!r}", lambda: self.see(words, **more) is None)

    def soon(self, found: Callable[[], Found | None], seconds: float = 1.0) -> Found | None:
        """What `found` gives within a moment, or None: for what is tried again otherwise."""
        end = time.monotonic() + seconds
        while not (answer := found()) and time.monotonic() < end:
            time.sleep(AGAIN_S)
        return answer

    def faces(self) -> list[Seen]:
        """The faces that the picture on the page has boxes over."""
        return [face for view in self.all(kind="VideoView") for face in view["faces"]]

    def picture(self, place: Sequence[int] | None = None, beyond: int = 0) -> NDArray[np.uint8]:
        """The screen, or a place on it and so many pixels around, BGR."""
        whole = self.display.picture()
        if place is None:
            return whole
        x, y, width, height = place
        return whole[max(0, y - beyond) : y + height + beyond, max(0, x - beyond) : x + width + beyond]

    def colour_count(self, colour: Sequence[int], place: Sequence[int] | None = None, beyond: int = 0) -> int:
        """How many pixels there have nearly a colour (BGR)."""
        differs = np.abs(self.picture(place, beyond).astype(int) - np.asarray(colour)).max(axis=-1)
        return int((differs <= NEARLY).sum())

    def colour_share(self, colour: Sequence[int]) -> float:
        """The share of the screen that has nearly a colour (BGR)."""
        width, height = self.display.SIZE
        return self.colour_count(colour) / (width * height)

    # -- acting

    def point(self, x: float, y: float, *, button: int = 1, click: bool = True) -> None:
        """Moves the pointer there and clicks."""
        where = ("mousemove", str(round(x)), str(round(y)))
        self.display.do(*where, *(("click", str(button)) if click else ()))

    def middle(self, place: Sequence[int]) -> tuple[float, float]:
        """Of a place on the screen."""
        x, y, width, height = place
        return x + width / 2, y + height / 2

    def click(self, words: str, **more: Any) -> Seen:
        """Clicks what has these words, as soon as it can be reached and stands still."""
        last: list[Any] = []

        def still() -> Seen | None:
            seen = self.reach(words, **more)
            last.append(seen and seen["place"])
            return seen if len(last) > 1 and last[-1] == last[-2] else None

        seen = self.until(f"{words!r} to click at", still)
        x, y, width, height = seen["place"]
        # A check box is as wide as its page allows; its box and its words stand at the left.
        at_left = {"QCheckBox", "QRadioButton"} & set(seen["kinds"])
        self.point(x + (10 if at_left else width / 2), y + height / 2)
        return seen

    def press(self, words: str, **more: Any) -> Seen:
        """Clicks the button with these words."""
        return self.click(words, kind=more.pop("kind", "QAbstractButton"), **more)

    def entry(self, words: str) -> None:
        """Clicks the entry of the open menu that has these words."""

        def find() -> Seen | None:
            for menu in self.all(kind="QMenu"):
                for entry in menu["entries"]:
                    if words in entry["text"] and entry["enabled"]:
                        found: Seen = entry
                        return found
            return None

        # Qt takes a release only after the pointer moved over an open menu.
        place = self.until(f"the entry {words!r}", find)["place"]
        x, y = self.middle(place)
        self.point(x - 3, y, click=False)
        self.point(x, y)

    def key(self, *keys: str) -> None:
        """Presses keys or combinations: "ctrl+k", "Return"."""
        self.display.do("key", *keys)

    def type(self, words: str) -> None:
        """Types letters."""
        self.display.do("type", "--delay", "6", "--", words)

    def fill(self, label: str, words: str, **more: Any) -> None:
        """Writes into the field of a label, instead of what stands there."""
        kind = more.pop("kind", "QLineEdit")
        self.click(label, kind=kind, **more)
        self.until(
            f"the focus in {label!r}",
            lambda: any(each["focus"] for each in self.all(label, kind=kind, **more)),
        )
        self.key("ctrl+a")
        self.type(words)
        self.until(
            f"{words!r} in {label!r}",
            lambda: any(each["text"] == words for each in self.all(label, kind=kind, **more)),
        )

    def row(self, words: str, kind: str = "QAbstractItemView", **more: Any) -> Seen:
        """The row of a table or list that has a cell with these words, as soon as it is there."""

        def find() -> Seen | None:
            for view in self.all(kind=kind, **more):
                for row in view["rows"]:
                    if any(words in cell for cell in row["cells"]):
                        found: Seen = row
                        return found
            return None

        return self.until(f"a row with {words!r}", find)

    def choose(self, words: str, **more: Any) -> Seen:
        """Clicks a row."""
        row = self.row(words, **more)
        x, y, _width, height = row["place"]
        self.point(x + 60, y + height / 2)
        return row

    def pick(self, label: str, words: str, **more: Any) -> None:
        """Chooses from a drop-down list."""
        self.click(label, kind="QComboBox", **more)
        row = self.until(
            f"{words!r} in the list of {label!r}",
            lambda: next(
                (
                    row
                    for view in self.all(kind="QListView")
                    if view["reachable"]
                    for row in view["rows"]
                    if row["cells"] == [words]
                ),
                None,
            ),
        )
        self.point(*self.middle(row["place"]), click=False)
        self.point(*self.middle(row["place"]))

    def clear_chip(self, words: str) -> None:
        """Clicks the cross of a filter that is set."""
        chip = self.until(f"the filter {words!r}", lambda: self.reach(words, kind="Chip"))
        x, y, width, height = chip["place"]
        self.point(x + width - 12, y + height / 2)
        self.gone(words, kind="Chip")

    def scroll_to(self, words: str, **more: Any) -> None:
        """Turns the wheel over the place where the words will come into sight."""
        area = self.until("something to scroll", lambda: self.see(kind="QScrollArea"))

        def turned() -> bool:
            if self.reach(words, **more) is not None:
                return True
            self.point(*self.middle(area["place"]), button=5)
            return False

        self.until(f"{words!r} in sight", turned)

    def answer_dialog(self, *files: Path) -> None:
        """Types names into the dialog for files that is open, and agrees."""
        field = self.until(
            "the dialog for files", lambda: self.see(kind="QFileDialog") and self._name_field()
        )
        names = str(files[0]) if len(files) == 1 else " ".join(f'"{file}"' for file in files)
        self.point(*self.middle(field["place"]))
        self.key("ctrl+a")
        self.type(names)
        self.until("the name in the dialog", lambda: (self._name_field() or {}).get("text") == names)
        self.key("Return")
        self.until("the end of the dialog", lambda: self.see(kind="QFileDialog") is None)

    def _name_field(self) -> Seen | None:
        return next((each for each in self.all(kind="QLineEdit") if each["object"] == "fileNameEdit"), None)

    def drag(self, files: Sequence[Path], onto: Sequence[int]) -> None:
        """Drags files out of another program's window and drops them there."""
        x, y = self.middle(onto)
        steps = [(30 + (x - 30) * part / 12, 20 + (y - 20) * part / 12) for part in range(1, 13)]
        with self.display.other_program("drag", *files) as said:
            self.display.do("mousemove", "30", "20", "mousedown", "1")
            # As fast as a quick hand: the programs talk to each other about each step.
            for step in [(36, 26), (44, 32), *steps, (x + 2, y + 2)]:
                self.display.do("mousemove", *(str(round(each)) for each in step), "sleep", "0.03")
            self.display.do("mouseup", "1")
            assert said.readline() == "dropped\n"
