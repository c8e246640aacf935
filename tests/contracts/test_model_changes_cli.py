"""Comparing, deploying and rolling back from the command line, as an outsider runs it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.models import DEFAULTS, ModelFile
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import Role
from facekd_db.store import COST_SETTING, Store

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
Make = Callable[[str, NDArray[np.float32]], ModelFile]
PASSWORD = "seven quiet herons"
STAFF = {"Ada": 1, "Bob": 6, "Eve": 4}
OLD = DEFAULTS["embedder"][0]


class Cli:
    """`facekd-cli` as the administrator Grace, in a home folder with an old and a new recogniser."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(
        self, *args: str | Path, status: int = 0, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "FACEKD_HOME": str(self.home),
            "FACEKD_PASSWORD": PASSWORD,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **environ,
        }
        command = [str(Path(sys.executable).with_name("facekd-cli")), *map(str, args)]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, stdin=subprocess.DEVNULL
        )
        assert done.returncode == status, done.stderr + done.stdout
        return done

    def document(self, *args: str | Path, **environ: str) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self("--json", "--as", "Grace", *args, **environ).stdout)
        return parsed


@pytest.fixture
def cli(own_home: Path, tiny_detector: ModelFile, make_embedder: Make, paint: Paint, tmp_path: Path) -> Cli:
    (own_home / "models").mkdir()
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((48, 48)))[0].astype(np.float32)
    for model, name in (
        (tiny_detector, DEFAULTS["detector"][0]),
        (make_embedder(OLD, np.eye(48, dtype=np.float32)), OLD),
        (make_embedder("student", turned), "student"),
    ):
        for path in (model.path, model.path.with_suffix(".toml")):
            shutil.copyfile(path, own_home / "models" / f"{name}{path.suffix}")
    store = Store(f"sqlite:///{own_home / 'facekd.db'}", FileKeys(own_home / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    cli = Cli(own_home)
    assert cli.document("store", "init")["administrator"] == "Grace"
    hashed = store.hasher().hash(PASSWORD)
    store.run(lambda t: t.operators.add("Zoe", Role.ADMINISTRATOR, hashed))
    store.close()
    for name, seed in STAFF.items():
        (tmp_path / "staff" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "staff" / name / "1.png"), paint({seed: (160, 120)}))
    cli("--as", "Grace", "enrol", "--folder", tmp_path / "staff")
    return cli


def test_a_model_is_compared_deployed_and_rolled_back(cli: Cli, paint: Paint, tmp_path: Path) -> None:
    listed = {model["name"]: model for model in cli.document("models", "list")["models"]}
    assert {name: model["role"] for name, model in listed.items() if model["kind"] == "embedder"} == {
        OLD: "in use",
        "student": None,
    }
    assert (
        "role" not in json.loads(cli("--json", "models", "list").stdout)["models"][0]
    )  # nobody asked who may know

    compared = cli.document("models", "compare", "student", "--margin", "2", "--confidence", "90")
    assert compared["gate"] == {"open": False, "margin_points": 2.0, "confidence_percent": 90.0}
    assert (compared["candidate"]["card"]["name"], compared["active"]["card"]["name"]) == ("student", OLD)
    assert [question["question"] for question in compared["questions"]] == ["finds", "strangers", "same"]
    assert {question["word"] for question in compared["questions"]} <= {"not sure yet", "not worse"}
    assert compared["questions"][0]["lo"] == -1.0  # nobody has two photographs
    assert (compared["people"], compared["disagreements"]) == (3, [])

    refused = cli("--as", "Grace", "models", "deploy", "student", status=1)
    assert "The gate is not open for student" in refused.stderr
    cli("--as", "Grace", "models", "override", "student", "--by", "Grace", "--reason", "trial", status=2,
        FACEKD_SECOND_PASSWORD=PASSWORD)  # fmt: skip
    vouched = cli.document(
        "models", "override", "student", "--by", "Zoe", "--reason", "trial", FACEKD_SECOND_PASSWORD=PASSWORD
    )
    assert vouched["overridden_by"] == "Zoe"

    prepared = cli.document("models", "deploy", "student", "--prepare")
    assert (prepared["renewed"], prepared["photos"], prepared["switched"]) == (3, 3, False)
    assert cli.document("models", "status")["staging"]["name"] == "student"
    deployed = cli.document("models", "deploy", "student")
    assert (deployed["model"]["name"], deployed["people"], deployed["switched"]) == ("student", 3, True)
    assert (deployed["lost"], deployed["unreadable"], deployed["without_photos"]) == ([], [], [])
    assert deployed["threshold"]["after"] > 0

    picture = tmp_path / "dan.png"
    cv2.imwrite(str(picture), paint({9: (160, 120)}))
    (dan,) = cli.document("enrol", "--name", "Dan", picture)["people"]
    assert dan["templates"] == 1
    roles = {model["name"]: model["role"] for model in cli.document("models", "list")["models"]}
    assert (roles[OLD], roles["student"]) == ("rollback", "in use")

    back = cli.document("models", "rollback")
    assert (back["model"]["name"], back["people"]) == (OLD, 4)  # Dan, too
    status = cli.document("models", "status")
    assert (status["active"]["name"], status["rollback"]) == (OLD, None)
    assert [row["stage"] for row in status["history"]] == ["rolled back"]
    assert "no recogniser to roll back to" in cli("--as", "Grace", "models", "rollback", status=1).stderr
    assert cli.document("models", "purge", "student")["templates"] == 4
    assert cli.document("audit", "verify")["ok"] is True


def test_a_deployment_is_given_up_and_needs_rights(cli: Cli) -> None:
    cli("--as", "Grace", "models", "compare", "student")
    cli(
        "--as",
        "Grace",
        "models",
        "override",
        "student",
        "--by",
        "Zoe",
        "--reason",
        "x",
        FACEKD_SECOND_PASSWORD=PASSWORD,
    )
    cli.document("models", "deploy", "student", "--prepare", "--margin", "3")
    assert cli.document("models", "cancel", "student")["templates"] == 3
    assert "none (any more)" in cli("--as", "Grace", "models", "cancel", "student", status=1).stderr
    assert "expected --as NAME" in cli("models", "deploy", "student", status=2).stderr
    made = cli.document("operators", "create", "Otto", "--role", "operator")
    own = "three blue kettles sing"
    cli(
        "--as",
        "Otto",
        "operators",
        "password",
        FACEKD_PASSWORD=made["one_time_password"],
        FACEKD_NEW_PASSWORD=own,
    )
    for command in (["compare", "student"], ["deploy", "student"], ["rollback"], ["status"]):
        denied = cli("--as", "Otto", "models", *command, status=1, FACEKD_PASSWORD=own)
        assert "You may not do this" in denied.stderr
