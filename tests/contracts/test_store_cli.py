"""The commands that touch the store, as an outsider runs them."""

import csv
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.models import ModelFile
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.store import COST_SETTING, Store
from facekd_ui.cli import main

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB, EVE = 1, 6, 4
PASSWORD = "seven quiet herons"


class Cli:
    """`facekd-cli` as the administrator Grace, with the tiny models."""

    def __init__(self, home: Path, detector: ModelFile, embedder: ModelFile) -> None:
        self.home = home
        self.networks = ["--detector", str(detector.path), "--model", str(embedder.path)]
        self.secret = PASSWORD

    def __call__(
        self, *args: str | Path, status: int = 0, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("facekd-cli")), *map(str, args)]
        environment = {
            **os.environ,
            "FACEKD_HOME": str(self.home),
            "FACEKD_PASSWORD": self.secret,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONWARNINGS": "error",
            **environ,
        }
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == status, done.stderr + done.stdout
        return done

    def document(self, *args: str | Path, status: int = 0, **environ: str) -> dict[str, Any]:
        out = self("--json", "--as", "Grace", *args, status=status, **environ).stdout
        parsed: dict[str, Any] = json.loads(out)
        return parsed


@pytest.fixture
def cli(own_home: Path, tiny_detector: ModelFile, tiny_embedder: ModelFile) -> Cli:
    # The cost of a password is a setting of the store; the least that is allowed makes the tests quicker.
    store = Store(f"sqlite:///{own_home / 'facekd.db'}", FileKeys(own_home / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    store.close()
    cli = Cli(own_home, tiny_detector, tiny_embedder)
    made = cli.document("store", "init")
    assert made["administrator"] == "Grace"
    return cli


@pytest.fixture
def portrait(tmp_path: Path, paint: Paint) -> Callable[[int, str], Path]:
    def make(seed: int, name: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), paint({seed: (160, 120)}))
        return path

    return make


@pytest.fixture
def film(tmp_path: Path, paint: Paint) -> Path:
    """Ada walks, a stranger stands, 12 frames."""
    path = tmp_path / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 240))
    for i in range(12):
        writer.write(paint({ADA: (64 + 8 * i, 64), EVE: (240, 176)}))
    writer.release()
    return path


Portrait = Callable[[int, str], Path]


def test_enrol_recognise_record_export_and_erase_one_person(
    cli: Cli, portrait: Portrait, film: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    (enrolled,) = cli.document("enrol", "--name", "Ada", portrait(ADA, "a.png"), broken, *cli.networks)[
        "people"
    ]
    assert (enrolled["name"], enrolled["templates"]) == ("Ada", 1)
    assert [(r["file"], r["reason"]) for r in enrolled["refused"]] == [("broken.jpg", "unreadable")]
    person = enrolled["id"]

    lines = [
        json.loads(line)
        for line in cli(
            "--json", "--as", "grace", "recognise", film, "--record", "Door", *cli.networks
        ).stdout.splitlines()
    ]
    assert {(f["state"], f["person"]) for f in lines[11]["faces"]} == {("known", "Ada"), ("unknown", None)}
    assert [p["person"] for p in lines[-1]["summary"]["people"]] == ["Ada"]

    table = tmp_path / "events.csv"
    exported = cli.document("events", "export", "--out", table)
    assert exported == {"path": str(table), "rows": 1, "format": "csv"}
    (row,) = csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines())
    assert (row["camera"], row["state"], row["person"], row["person id"]) == (
        "Door",
        "known",
        "Ada",
        str(person),
    )
    assert row["how sure"].startswith("Closer than")

    shown = cli.document("people", "show", "Ada")
    assert (shown["id"], shown["templates"], len(shown["photos"])) == (person, 1, 1)
    erased = cli.document("people", "erase", str(person))
    assert (erased["person_id"], erased["photos"], erased["events"]) == (person, 1, 1)
    cli("--as", "Grace", "people", "show", str(person), status=1)
    assert cli.document("audit", "verify")["ok"] is True
    assert b"Ada" not in (cli.home / "facekd.db").read_bytes()


def test_a_folder_of_people_is_tried_and_then_enrolled(cli: Cli, portrait: Portrait, tmp_path: Path) -> None:
    portrait(ADA, "staff/Ada/1.png")
    portrait(BOB, "staff/Bob/1.png")
    portrait(ADA, "staff/Zoe/1.png")
    (tmp_path / "staff" / "Bob" / "2.jpg").write_bytes(b"")
    tried = cli.document("enrol", "--folder", tmp_path / "staff", "--dry-run", *cli.networks)["people"]
    assert [person["id"] for person in tried] == [None, None, None]
    people = cli.document("enrol", "--folder", tmp_path / "staff", *cli.networks)["people"]
    assert [(p["name"], p["templates"]) for p in people] == [("Ada", 1), ("Bob", 1), ("Zoe", 0)]
    assert [p["refused"] and p["refused"][0]["reason"] for p in people] == [
        [],
        "unreadable",
        "looks_like_other_person",
    ]
    listed = cli.document("people", "list")
    assert (listed["total"], [person["name"] for person in listed["people"]]) == (2, ["Ada", "Bob"])


def test_people_are_renamed_deleted_and_restored(cli: Cli, portrait: Portrait) -> None:
    (ada,) = cli.document("enrol", "--name", "Ada", "--code", "A1", portrait(ADA, "a.png"), *cli.networks)[
        "people"
    ]
    assert cli.document("people", "rename", "A1", "Ada King")["name"] == "Ada King"
    gone = cli.document("people", "delete", "Ada King")
    assert (gone["photos"], gone["templates"], gone["events"]) == (1, 1, 0)
    assert gone["erase_after"] > gone["deleted_at"]
    assert cli.document("people", "list")["total"] == 0
    assert cli.document("people", "list", "--deleted")["total"] == 1
    assert cli.document("people", "restore", str(ada["id"]))["deleted_at"] is None


def test_accounts_begin_with_a_one_time_password_and_have_only_their_rights(cli: Cli) -> None:
    made = cli.document("operators", "create", "Otto", "--role", "auditor")
    once = made["one_time_password"]
    refused = cli("--as", "Otto", "audit", "verify", status=1, FACEKD_PASSWORD=once)
    assert "valid once only" in refused.stderr
    own = "three blue kettles sing"
    cli("--as", "Otto", "operators", "password", FACEKD_PASSWORD=once, FACEKD_NEW_PASSWORD=own)
    cli("--as", "Otto", "audit", "verify", FACEKD_PASSWORD=own)
    denied = cli("--as", "Otto", "operators", "list", status=1, FACEKD_PASSWORD=own)
    assert "You may not do this" in denied.stderr
    wrong = cli("--as", "Otto", "people", "list", status=1, FACEKD_PASSWORD="wrong")
    unknown = cli("--as", "Nobody", "people", "list", status=1, FACEKD_PASSWORD="wrong")
    assert wrong.stderr.splitlines()[-1] == unknown.stderr.splitlines()[-1]
    last = cli("--as", "Grace", "operators", "disable", "Grace", status=1)
    assert "last administrator" in last.stderr
    listed = cli.document("operators", "list")["operators"]
    assert {(row["name"], row["role"]) for row in listed} == {("Grace", "administrator"), ("Otto", "auditor")}


def test_the_store_is_checked_copied_backed_up_and_restored(
    cli: Cli, portrait: Portrait, tmp_path: Path
) -> None:
    cli("--as", "Grace", "enrol", "--name", "Ada", portrait(ADA, "a.png"), *cli.networks)
    assert all(check["ok"] for check in cli.document("store", "check")["checks"])
    copy = tmp_path / "copy.db"
    copied = cli.document("store", "copy", f"sqlite:///{copy}")
    assert copied["tables"]["template"] == 1
    backup = tmp_path / "monday.facekd"
    assert cli.document("store", "backup", backup)["tables"]["person"] == 1
    cli("--as", "Grace", "people", "rename", "Ada", "Changed")
    cli("--as", "Grace", "store", "restore", backup, status=1)  # the store is not empty
    assert cli.document("store", "restore", backup, "--replace")["tables"]["person"] == 1
    assert cli.document("people", "show", "Ada")["name"] == "Ada"
    there = cli("--json", "--as", "Grace", "people", "list", FACEKD_DB_URL=f"sqlite:///{copy}")
    assert json.loads(there.stdout)["people"][0]["name"] == "Ada"
    assert cli.document("store", "upgrade")["upgraded"] is True


def test_a_changed_row_of_the_audit_log_is_named(cli: Cli) -> None:
    with sqlite3.connect(cli.home / "facekd.db") as connection:
        connection.execute("UPDATE audit SET act = 'nothing' WHERE sequence = 2")
    connection.close()
    report = cli.document("audit", "verify", status=1)
    assert (report["ok"], report["broken"]) == (False, 2)


def test_what_is_missing_is_said_with_the_way_on(cli: Cli, tmp_path: Path, portrait: Portrait) -> None:
    assert "expected --as NAME" in cli("people", "list", status=2).stderr
    nowhere = cli("--as", "Grace", "--home", tmp_path / "new", "people", "list", status=2)
    assert "store init" in nowhere.stderr
    assert not (tmp_path / "new" / "facekd.db").exists()
    again = cli("--as", "Mallory", "store", "init", status=1)
    assert "log in with one of them" in again.stderr
    weak = cli(
        "--home", tmp_path / "weak", "--as", "Mallory", "store", "init", status=2, FACEKD_PASSWORD="password1"
    )
    assert "guessed quickly" in weak.stderr
    wrong = cli("--as", "Grace", "--db-url", "oracle://x/y", "people", "list", status=2)
    assert "expected" in wrong.stderr


def test_a_newer_database_is_left_alone(cli: Cli) -> None:
    with sqlite3.connect(cli.home / "facekd.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "newer" in cli("--as", "Grace", "people", "list", status=2).stderr


@pytest.mark.parametrize(
    "command",
    [
        "enrol",
        "people list",
        "people show",
        "people rename",
        "people delete",
        "people restore",
        "people erase",
        "operators list",
        "operators create",
        "operators password",
        "events export",
        "audit verify",
        "audit export",
        "store init",
        "store upgrade",
        "store check",
        "store copy",
        "store backup",
        "store restore",
        "store key export",
    ],
)
def test_the_help_of_every_command_shows_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([*command.split(), "--help"])
    assert done.value.code == 0
    assert "examples:\n  facekd-cli" in capsys.readouterr().out


def test_doctor_says_where_the_store_key_lies_and_whether_it_is_the_one(cli: Cli, tmp_path: Path) -> None:
    def key_check() -> dict[str, Any]:
        parsed = json.loads(cli("--json", "doctor", status=1).stdout)  # 1: there are no model files here
        (found,) = (check for check in parsed["checks"] if check["name"] == "store key")
        return dict(found)

    key = cli.home / "store.key"
    sound = key_check()
    assert sound["ok"]
    assert str(key) in sound["detail"]
    key.rename(tmp_path / "elsewhere.key")
    lost = key_check()
    assert (lost["ok"], "store key import" in lost["remedy"]) == (False, True)
    key.write_text("no keys at all")
    unreadable = key_check()
    assert (unreadable["ok"], "restore the file" in unreadable["remedy"]) == (False, True)
