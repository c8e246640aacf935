"""What belongs to this computer, and which database it uses."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from facekd.config_table import ConfigError
from facekd.errors import InputError
from facekd_ui.settings import Look, Settings, database_address, load, remember_database, save

ADDRESS = "mysql://facekd:canary@db.example/facekd?ssl_ca=%2Fetc%2Fca.pem"
BARE = "mysql://facekd@db.example/facekd?ssl_ca=%2Fetc%2Fca.pem"


class Memory(KeyringBackend):
    """A keyring in memory: the interface of the library, written by hand."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[Memory]:
    before, ring = keyring.get_keyring(), Memory()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACEKD_DB_URL", raising=False)


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    settings = Settings(
        desk='Front "desk" 前台',
        look=Look("dark", "zh_CN", 125),
        configured=True,
        window={"main": "0,0,1440,900"},
    )
    save(tmp_path / "home", settings)
    assert load(tmp_path / "home") == settings
    if os.name == "posix":
        assert (tmp_path / "home" / "settings.toml").stat().st_mode & 0o077 == 0


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()
    assert load(tmp_path).desk_name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("thema = 1", "thema"),
        ("[look]\ntheme = 'blue'", "theme"),
        ("[look]\ntext_percent = 1000", "text_percent"),
        ("x", "TOML"),
        (f"database = '{ADDRESS}'", "FACEKD_DB_URL"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_says_no_password(tmp_path: Path, text: str, names: str) -> None:
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(tmp_path)
    assert names in str(refused.value)
    assert "canary" not in str(refused.value)


def test_the_option_wins_over_the_environment_over_the_settings_over_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database_address(tmp_path, Settings()) == f"sqlite:///{tmp_path}/facekd.db"
    settings = Settings(database="sqlite:////a.db")
    assert database_address(tmp_path, settings) == "sqlite:////a.db"
    monkeypatch.setenv("FACEKD_DB_URL", "sqlite:////b.db")
    assert database_address(tmp_path, settings) == "sqlite:////b.db"
    assert database_address(tmp_path, settings, "sqlite:////c.db") == "sqlite:////c.db"


def test_a_password_goes_into_the_keyring_and_never_into_the_file(tmp_path: Path, ring: Memory) -> None:
    settings = remember_database(Settings(), ADDRESS)
    assert settings.database == BARE
    save(tmp_path, settings)
    assert "canary" not in (tmp_path / "settings.toml").read_text(encoding="utf-8")
    assert database_address(tmp_path, load(tmp_path)) == ADDRESS
    with pytest.raises(ValueError, match="without password"):
        save(tmp_path, replace(settings, database=ADDRESS))


def test_without_a_keyring_a_password_is_not_kept_and_the_way_on_is_said(ring: Memory) -> None:
    keyring.set_keyring(fail.Keyring())
    with pytest.raises(InputError, match="FACEKD_DB_URL"):
        remember_database(Settings(), ADDRESS)
    assert remember_database(Settings(), BARE).database == BARE
