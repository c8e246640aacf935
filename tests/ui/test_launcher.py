"""The launcher in a home folder of its own; the desktop's own tool judges the entry."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from facekd_ui import launcher
from facekd_ui.launcher import LauncherError, Places, entry, install, is_installed, quoted, uninstall


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person whose folders have Chinese names and spaces."""
    result = tmp_path / "用户 一"
    (result / "桌面").mkdir(parents=True)
    config = result / ".config"
    config.mkdir()
    (config / "user-dirs.dirs").write_text('# comment\nXDG_DESKTOP_DIR="$HOME/桌面"\n', encoding="utf-8")
    monkeypatch.setenv("HOME", str(result))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return result


def test_it_lies_in_the_menu_and_on_the_desktop_and_can_be_taken_away(home: Path) -> None:
    assert not is_installed()
    files = install(["/opt/face kd/bin/facekd"])
    assert files == [
        home / ".local/share/applications/facekd.desktop",
        home / ".local/share/icons/hicolor/scalable/apps/facekd.svg",
        home / "桌面/facekd.desktop",
    ]
    assert all(file.is_file() for file in files)
    assert is_installed()
    assert (home / "桌面/facekd.desktop").stat().st_mode & 0o111  # file managers run only what is executable
    assert install(["/opt/face kd/bin/facekd"]) == files  # again is no error
    assert uninstall() == files
    assert not any(file.exists() for file in files)
    assert uninstall() == []


def test_without_a_desktop_folder_there_is_only_the_menu(home: Path) -> None:
    (home / "桌面").rmdir()
    assert len(install(["facekd"])) == 2


def test_the_folder_for_data_may_be_elsewhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Places.of_this_person().applications == tmp_path / "data" / "applications"


@pytest.mark.skipif(
    shutil.which("desktop-file-validate") is None, reason="desktop-file-validate is not installed"
)
@pytest.mark.parametrize("command", [["facekd"], ["/opt/面部 识别/facekd", "--home", '/data/"x" $y 100%']])
def test_the_desktops_own_tool_finds_no_fault(home: Path, command: list[str]) -> None:
    files = install(command)
    judged = subprocess.run(
        ["desktop-file-validate", str(files[0])], capture_output=True, text=True, check=False
    )
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")


@pytest.mark.parametrize(
    ("word", "in_file"),
    [
        ("/usr/bin/facekd", "/usr/bin/facekd"),
        ("/opt/face kd", '"/opt/face kd"'),
        ("100%", "100%%"),
        ('a"b', r'"a\\"b"'),
        ("a$b", r'"a\\$b"'),
        ("a\\b", r'"a\\\\b"'),
    ],
)
def test_arguments_are_quoted_by_the_specification(word: str, in_file: str) -> None:
    # Desktop Entry Specification 1.5: quote, put a backslash before " ` $ \, then escape backslashes once more.
    assert quoted(word) == in_file


def test_the_entry_names_the_icon_and_both_languages() -> None:
    text = entry(["facekd"], "/i.svg")
    assert "Icon=/i.svg\n" in text
    assert "Comment[zh_CN]=" in text
    assert "Terminal=false\n" in text


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    (home / ".local").write_text("a file in the way")
    with pytest.raises(LauncherError, match=r"\.local"):
        install(["facekd"])


def test_other_systems_are_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(LauncherError, match="darwin"):
        install(["facekd"])


def test_the_command_prints_the_files_it_wrote(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launcher.main(["install", "--home", str(home / "faces")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == str(home / ".local/share/applications/facekd.desktop")
    assert "--home" in (home / "桌面/facekd.desktop").read_text(encoding="utf-8")
    assert launcher.main(["uninstall"]) == 0


def test_it_needs_no_qt() -> None:
    code = "import sys, facekd_ui.launcher; sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
