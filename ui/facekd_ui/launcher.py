"""The launcher: an entry in the applications menu and an icon on the desktop that opens the window by a double-click.

Knows no Qt, so that `python -m facekd_ui.launcher install` works in a Makefile. Sources: Desktop Entry Specification
1.5 (keys, quoting of Exec), XDG Base Directory and Icon Theme specifications (where things lie).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from facekd.errors import FacekdError
from facekd_ui.i18n.text import T

NAME = "facekd.desktop"
ICON = "facekd"


class LauncherError(FacekdError):
    """The launcher cannot be installed here."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a person's launchers lie."""

    applications: Path
    icons: Path
    desktop: Path | None  # None where there is no desktop folder

    @classmethod
    def of_this_person(cls) -> "Places":
        """By XDG_DATA_HOME and user-dirs.dirs, which file managers follow too."""
        home = Path.home()
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        icons = data / "icons" / "hicolor" / "scalable" / "apps"
        desktop = _desktop_folder(config / "user-dirs.dirs", home)
        return cls(data / "applications", icons, desktop if desktop.is_dir() else None)

    def files(self) -> list[Path]:
        """Everything that `install` writes."""
        written = [self.applications / NAME, self.icons / f"{ICON}.svg"]
        return [*written, self.desktop / NAME] if self.desktop is not None else written


def default_command(home: Path | None = None) -> list[str]:
    """How this installation is started; `home` where it is not the default one."""
    script = Path(sys.executable).parent / "facekd"
    command = [str(script)] if script.is_file() else [sys.executable, "-m", "facekd_ui"]
    return command if home is None else [*command, "--home", str(home)]


def entry(command: Sequence[str], icon: str) -> str:
    """The text of the desktop entry. Its version is the one that every validator in use knows."""
    lines = {
        "Type": "Application",
        "Version": "1.0",
        "Name": "FaceKD",
        "GenericName": "Face Recognition",
        "GenericName[zh_CN]": "人脸识别",
        "Comment": "Recognise people in live pictures, on this computer alone",
        "Comment[zh_CN]": "在本机识别实时画面中的人员",
        "Exec": " ".join(quoted(word) for word in command),
        "Icon": icon,
        "Terminal": "false",
        "Categories": "Graphics;Photography;",
        "Keywords": "face;camera;recognition;",
        "StartupNotify": "true",
        "StartupWMClass": "facekd",
    }
    return "[Desktop Entry]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def quoted(word: str) -> str:
    """One argument of Exec: quoted where needed, then escaped as every string of the file is."""
    word = word.replace("%", "%%")
    if re.fullmatch(r"[\w@%+=:,./-]+", word, re.ASCII):
        return word
    inside = re.sub(r'(["`$\\])', r"\\\1", word)
    return '"' + inside.replace("\\", "\\\\") + '"'


def install(command: Sequence[str] | None = None, places: Places | None = None) -> list[Path]:
    """Writes menu entry, icon and desktop icon; returns them. Repeating it mends what was moved.

    Raises:
        LauncherError: this system has no applications menu of that kind, or a file cannot be written.
    """
    if places is None and sys.platform in ("win32", "darwin"):
        why = T(
            "Expected a desktop with menus as on Linux, got {system}; start FaceKD by the command facekd.",
            system=sys.platform,
        )
        raise LauncherError(str(why))
    places = places or Places.of_this_person()
    command = list(command) if command is not None else default_command()
    picture = (resources.files("facekd_ui") / "resources" / "facekd.svg").read_text(encoding="utf-8")
    icon_file = places.icons / f"{ICON}.svg"
    # The full path: themes that were read before the file came would not find the name.
    text = entry(command, str(icon_file))
    try:
        for path in places.files():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(picture if path == icon_file else text, encoding="utf-8")
            path.chmod(0o644 if path == icon_file else 0o755)
    except OSError as error:
        why = T(
            "Expected to write {file}, got: {reason}. Free the place or its rights.",
            file=error.filename,
            reason=error.strerror,
        )
        raise LauncherError(str(why)) from error
    _tell_desktop(places)
    return places.files()


def uninstall(places: Places | None = None) -> list[Path]:
    """Takes away what `install` wrote; returns what was there."""
    places = places or Places.of_this_person()
    gone = [path for path in places.files() if path.is_file()]
    for path in gone:
        path.unlink()
    _tell_desktop(places)
    return gone


def is_installed(places: Places | None = None) -> bool:
    """Whether the menu entry is there."""
    return ((places or Places.of_this_person()).applications / NAME).is_file()


def _desktop_folder(user_dirs: Path, home: Path) -> Path:
    """Named in the person's language; user-dirs.dirs tells."""
    if user_dirs.is_file():
        found = re.search(
            r'^XDG_DESKTOP_DIR="(.*)"$', user_dirs.read_text(encoding="utf-8", errors="replace"), re.MULTILINE
        )
        if found:
            return Path(found.group(1).replace("$HOME", str(home)))
    return home / "Desktop"


def _tell_desktop(places: Places) -> None:
    """Courtesies that some desktops want; where the tools are absent, the next login does it."""
    if places.desktop is not None and (places.desktop / NAME).is_file():
        # GNOME opens desktop files only when they are marked as trusted.
        _run("gio", "set", str(places.desktop / NAME), "metadata::trusted", "true")
    if places.applications.is_dir():
        _run("update-desktop-database", str(places.applications))


def _run(tool: str, *arguments: str) -> None:
    path = shutil.which(tool)
    if path is not None:
        subprocess.run([path, *arguments], check=False, capture_output=True, timeout=10)


def main(arguments: Sequence[str] | None = None) -> int:
    """`install` or `uninstall`; prints the files."""
    parser = argparse.ArgumentParser(description="Put FaceKD into the applications menu and on the desktop.")
    parser.add_argument("act", choices=("install", "uninstall"))
    parser.add_argument("--home", type=Path, help="start it with this home folder")
    options = parser.parse_args(arguments)
    try:
        files = install(default_command(options.home)) if options.act == "install" else uninstall()
    except LauncherError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    for file in files:
        sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
