"""The settings of this computer while the program runs: kept in memory, written when they change."""

import logging
from dataclasses import replace
from pathlib import Path

from facekd.errors import FacekdError
from facekd_ui.settings import Look, Recognising, Settings, load, save

log = logging.getLogger(__name__)


class LocalSettings:
    """Reads once, writes at each change. Used in the interface thread."""

    def __init__(self, home: Path) -> None:
        """Raises ConfigError: the file cannot be used."""
        self.home = home
        self.now: Settings = load(home)

    def change(
        self,
        *,
        look: Look | None = None,
        recognising: Recognising | None = None,
        database: str | None = None,
        camera: str | None = None,
        desk: str | None = None,
        configured: bool | None = None,
        stores: tuple[str, ...] | None = None,
        window: dict[str, str] | None = None,
    ) -> None:
        """Replaces what is given. A file that cannot be written costs the memory of it, not the session."""
        given = {
            "look": look,
            "recognising": recognising,
            "database": database,
            "camera": camera,
            "desk": desk,
            "configured": configured,
            "stores": stores,
            "window": window,
        }
        changed = {key: value for key, value in given.items() if value is not None}
        self.now = replace(self.now, **changed)  # type: ignore[arg-type]  # each has its field's type, see above
        try:
            save(self.home, self.now)
        except FacekdError as error:
            log.warning("settings were not written: %s", error)
