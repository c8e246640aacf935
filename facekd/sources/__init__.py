"""Where frames come from: cameras, streams, videos, pictures, behind one protocol.

Read `base` (the protocol), then `files` (every frame counts), then `live` (the newest frame wins) and, below it,
`connection` (one connection to a camera). A new kind of source is a class with the protocol's methods and a line
in `SOURCES`.
"""

from facekd.errors import InputError
from facekd.sources.base import Patience, Source
from facekd.sources.connection import masked
from facekd.sources.files import Pictures, VideoFile
from facekd.sources.live import Camera, Link, LiveSource, Status, Stream

__all__ = [
    "SOURCES",
    "Camera",
    "Link",
    "LiveSource",
    "Patience",
    "Pictures",
    "Source",
    "Status",
    "Stream",
    "VideoFile",
    "open_source",
]

SOURCES: dict[str, type[Source]] = {
    "camera": Camera,
    "stream": Stream,
    "pictures": Pictures,
    "video": VideoFile,
}
"""Asked in this order whether they accept what was typed."""


def open_source(spec: str, patience: Patience | None = None) -> Source:
    """The source that `spec` means: "0" (a camera's index), rtsp:// or http://, a video, a picture, a folder.

    Live sources connect in the background: their `read` and `status` tell how that went.

    Raises:
        InputError: nothing accepts `spec`, or the file or folder cannot be used.
    """
    for kind in SOURCES.values():
        if kind.accepts(spec):
            return kind.open(spec, patience or Patience())
    raise InputError(
        f"{masked(spec)}: expected a camera index, an rtsp:// or http:// address, a video, a picture or a folder; "
        "there is no such file; check the path or the address"
    )
