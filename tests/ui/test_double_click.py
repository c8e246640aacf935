"""A real double-click on the desktop icon, in a real file manager on a screen of its own, opens the window."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facekd_ui.launcher import install

NEEDED = ("Xvfb", "openbox", "dbus-run-session", "pcmanfm", "xdotool")
ABSENT = [tool for tool in NEEDED if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}")

ICON = (60, 40)  # pcmanfm puts the first icon of a desktop there


def within(seconds: float, found: Callable[[], str]) -> str:
    """What `found` says as soon as it says something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if words := found():
            return words
        time.sleep(0.2)
    return ""


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a person with an empty home folder, at an X server of their own."""
    home = tmp_path / "home"
    (home / "Desktop").mkdir(parents=True)
    settings = home / ".config" / "libfm" / "libfm.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text("[config]\nquick_exec=1\n")  # run launchers without asking
    readable, writable = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writable), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
        pass_fds=[writable],
        stderr=subprocess.DEVNULL,
    )
    os.close(writable)
    with os.fdopen(readable) as number:
        display = number.readline().strip()
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "QT_", "WAYLAND"))
    }
    environment |= {"HOME": str(home), "DISPLAY": f":{display}", "FACEKD_HOME": str(tmp_path / "faces")}
    yield environment
    server.terminate()
    server.wait(10)


def run(environment: dict[str, str], *words: str) -> str:
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False).stdout.strip()


def test_a_double_click_on_the_desktop_opens_the_window(
    screen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("HOME", "FACEKD_HOME"):
        monkeypatch.setenv(key, screen[key])
    for key in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(key, raising=False)
    install([sys.executable, "-m", "facekd_ui"])
    desktop = [
        subprocess.Popen(["openbox"], env=screen, stderr=subprocess.DEVNULL),
        subprocess.Popen(
            ["dbus-run-session", "pcmanfm", "--desktop", "--profile", "default"],
            env=screen,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ),
    ]
    window = ""
    try:
        assert within(20, lambda: run(screen, "xdotool", "search", "--class", "pcmanfm"))
        time.sleep(2)  # the desktop is there before its icons are

        def double_click() -> str:
            click = ("click", "--repeat", "2", "--delay", "120", "1")
            run(screen, "xdotool", "mousemove", *map(str, ICON), *click)
            return within(8, lambda: run(screen, "xdotool", "search", "--onlyvisible", "--name", "^FaceKD$"))

        window = within(30, double_click)
        assert window, "no window of the name FaceKD came after the double-click"
    finally:
        if window:
            process = run(screen, "xdotool", "getwindowpid", window.splitlines()[0])
            os.kill(int(process), signal.SIGTERM)
        os.killpg(desktop[1].pid, signal.SIGTERM)
        desktop[0].terminate()
        for process_ in desktop:
            process_.wait(10)
