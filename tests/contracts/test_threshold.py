"""contracts.md, section 1: `threshold --promise N [--scores F.npz]`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from facekd.models import ModelFile
from facekd_db.keys import FileKeys
from facekd_db.passwords import MEMORY_LEAST_KIB, Cost
from facekd_db.records import NewTemplate, PersonFields
from facekd_db.store import COST_SETTING, Store
from facekd_ui.cli import main

DIM = 48


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """3,000 strangers around 0, 500 photographs of people on file around 0.6."""
    rng = np.random.default_rng(0)
    path = tmp_path / "scores.npz"
    np.savez(path, genuine=0.6 + 0.1 * rng.normal(size=500), impostor=0.1 * rng.normal(size=3000))
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main(["threshold", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_promise_from_scores_prints_what_the_contract_says(
    capsys: pytest.CaptureFixture[str], scores: Path
) -> None:
    status, out, _ = run(capsys, "--promise", 1000, "--scores", scores, "--json")
    got = json.loads(out)
    assert status == 0
    assert set(got) == {"threshold", "fpir", "lo", "hi", "fnir"}
    assert 0 < got["lo"] <= got["fpir"] <= got["hi"] <= 1 / 1000
    assert 0.309 < got["threshold"] < 0.45  # one in 1,000 of a normal curve lies beyond 3.09 deviations
    genuine = np.load(scores)["genuine"]
    assert got["fnir"] == pytest.approx(float(np.mean(genuine < got["threshold"])), abs=1e-3)


def test_a_promise_that_the_scores_cannot_carry_exits_with_1_and_says_how_many_it_takes(
    capsys: pytest.CaptureFixture[str], scores: Path
) -> None:
    status, out, _ = run(capsys, "--promise", 1_000_000, "--scores", scores, "--json")
    assert (status, json.loads(out)) == (1, {"refused": True, "people_needed": 200_000})
    status, out, _ = run(capsys, "--promise", 1_000_000, "--scores", scores)
    assert status == 1
    assert out.strip() == "1 in 1,000,000 cannot be promised with 3,000 strangers; it needs 200,000"


def test_for_people_it_is_a_sentence(capsys: pytest.CaptureFixture[str], scores: Path) -> None:
    status, out, _ = run(capsys, "--promise", 3000, "--scores", scores)
    assert status == 0
    assert out.startswith("At most 1 wrong name in 3,000 strangers.\n")


def test_what_is_no_file_of_scores_is_refused_with_what_came(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    absent, text, other, broken = (tmp_path / f"{name}.npz" for name in ("absent", "text", "other", "nan"))
    text.write_text("no arrays")
    np.savez(other, impostor=np.zeros(3))
    np.savez(broken, genuine=np.zeros(3), impostor=np.array([0.1, np.nan]))
    for path, why in ((absent, "no file"), (text, "npz"), (other, "got impostor"), (broken, "finite")):
        status, out, err = run(capsys, "--promise", 100, "--scores", path)
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        assert why in err
    for wrong in ("0", "-5", "many"):
        with pytest.raises(SystemExit) as stopped:
            run(capsys, "--promise", wrong, "--scores", absent)
        assert stopped.value.code == 2


def cli(home: Path, *args: str, status: int) -> dict[str, Any]:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("facekd-cli")), "--json", "--as", "Grace", *args],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "FACEKD_HOME": str(home),
            "FACEKD_PASSWORD": "seven quiet herons",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONWARNINGS": "error",
        },
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == status, done.stderr + done.stdout
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_the_people_on_file_promise_what_they_carry(own_home: Path, tiny_embedder: ModelFile) -> None:
    store = Store(f"sqlite:///{own_home / 'facekd.db'}", FileKeys(own_home / "store.key"))
    store.upgrade()
    store.run(lambda t: t.settings.put(COST_SETTING, Cost(1, MEMORY_LEAST_KIB).to_json()))
    cli(own_home, "store", "init", status=0)
    vectors = np.random.default_rng(0).normal(size=(40, 2, DIM)) * 0.2
    vectors += np.random.default_rng(1).normal(size=(40, 1, DIM))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    with store.transaction() as t:
        model = tiny_embedder.card.id
        card = msgspec.json.encode(tiny_embedder.card).decode()
        t.models.add(model, name="tiny_embedder", kind="embedder", dim=DIM, card=card)
        t.gallery.activate(model)
        for number, photos in enumerate(vectors.astype("<f4")):
            key = t.people.add(PersonFields(f"Person {number}")).id
            t.templates.add([NewTemplate(key, model, DIM, photo.tobytes()) for photo in photos])
        t.gallery.bump()
    store.close()
    got = cli(own_home, "threshold", "--promise", "200", status=0)
    assert set(got) == {"threshold", "fpir", "lo", "hi", "fnir"}
    assert 0 < got["lo"] <= got["fpir"] <= got["hi"] <= 1 / 200
    refused = cli(own_home, "threshold", "--promise", "1000", status=1)
    assert refused == {"refused": True, "people_needed": 200}
