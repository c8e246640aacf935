"""What can be watched: cameras of this computer, addresses, files, folders, the sample. No Qt."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facekd.images import printable_name
from facekd.sources import Source, open_source
from facekd.sources.connection import masked
from facekd_db.records import Camera
from facekd_ui.i18n.text import T

LINUX_CAMERAS = Path("/sys/class/video4linux")
GUESSED = 2  # cameras offered where the system does not list them


@dataclass(frozen=True, slots=True)
class Target:
    """A source that was chosen."""

    name: str  # under which its records are filed
    kind: str  # device, stream, file or folder
    address: str  # as `facekd.sources.open_source` takes it; may hold a password
    loop: bool = False  # begin again at the end

    @property
    def place(self) -> str:
        """The address for people, without passwords."""
        if self.kind == "device":
            return f"USB {self.address}"
        return masked(self.address) if self.kind == "stream" else printable_name(Path(self.address).name)

    def open(self) -> Source:
        """Opens it. Raises InputError."""
        return open_source(self.address)


Opener = Callable[[Target], Source]


def device(index: int, name: str = "") -> Target:
    """A camera of this computer."""
    return Target(name or str(T("Camera {n}", n=index + 1)), "device", str(index))


def stream(address: str, name: str = "") -> Target:
    """A camera or recorder with an address."""
    return Target(name.strip() or masked(address.strip()), "stream", address.strip())


def file(path: Path, *, loop: bool = False) -> Target:
    """A video, or a folder of pictures."""
    return Target(printable_name(path.name), "folder" if path.is_dir() else "file", str(path), loop)


def stored(camera: Camera) -> Target:
    """A camera that an administrator has set up."""
    return Target(camera.name, camera.kind, camera.address)


def wrong_address(text: str) -> bool:
    """Whether a text is no address of a network camera."""
    scheme, mark, rest = text.strip().partition("://")
    return not mark or scheme.lower() not in ("rtsp", "rtsps", "http", "https") or not rest


def cameras_here(folder: Path = LINUX_CAMERAS) -> list[Target]:
    """The cameras of this computer as the system lists them, without opening any.

    Where it does not (macOS, Windows) the first ones are offered, and trying tells.
    """
    if sys.platform != "linux" and folder == LINUX_CAMERAS:
        return [device(index) for index in range(GUESSED)]
    found = []
    for entry in sorted(folder.glob("video*"), key=lambda path: path.name):
        number = entry.name.removeprefix("video")
        try:
            # A camera has further nodes for its metadata; the first one carries the pictures.
            if not number.isdecimal() or (entry / "index").read_text().strip() != "0":
                continue
            name = printable_name((entry / "name").read_text().strip().partition(":")[0])
        except OSError:
            continue
        found.append(device(int(number), name))
    return found
