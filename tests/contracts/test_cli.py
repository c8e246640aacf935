"""The commands of the contract, run as an outsider runs them: in a process of their own."""

import json
import os
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

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB, EVE = 1, 6, 4


class Cli:
    """`facekd-cli` with the tiny models."""

    def __init__(self, home: Path, detector: ModelFile, embedder: ModelFile) -> None:
        self.home = home
        self.detector = ["--detector", str(detector.path)]
        self.networks = [*self.detector, "--model", str(embedder.path)]

    def __call__(
        self, *args: str | Path, status: int = 0, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("facekd-cli")), *map(str, args)]
        environment = {**os.environ, "FACEKD_HOME": str(self.home), "PYTHONWARNINGS": "error", **environ}
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=120, check=False
        )
        assert done.returncode == status, done.stderr
        return done

    def document(self, *args: str | Path, status: int = 0) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self("--json", *args, status=status).stdout)
        return parsed

    def lines(self, *args: str | Path, **environ: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self("--json", *args, **environ).stdout.splitlines()]


@pytest.fixture
def cli(own_home: Path, tiny_detector: ModelFile, tiny_embedder: ModelFile) -> Cli:
    return Cli(own_home, tiny_detector, tiny_embedder)


@pytest.fixture
def album(tmp_path: Path, paint: Paint) -> Path:
    """Two faces, nobody, and a file that is no picture."""
    folder = tmp_path / "album"
    folder.mkdir()
    cv2.imwrite(str(folder / "a_two.png"), paint({ADA: (64, 64), BOB: (240, 160)}))
    cv2.imwrite(str(folder / "b_none.png"), paint({}))
    (folder / "c_broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture
def people(tmp_path: Path, paint: Paint) -> Path:
    folder = tmp_path / "people"
    for seed, name in ((ADA, "Ada"), (BOB, "Bob")):
        (folder / name).mkdir(parents=True)
        cv2.imwrite(str(folder / name / "1.png"), paint({seed: (160, 120)}))
    return folder


@pytest.fixture
def film(tmp_path: Path, paint: Paint) -> Path:
    """Ada walks, a stranger stands, 12 frames."""
    path = tmp_path / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 240))
    for i in range(12):
        writer.write(paint({ADA: (64 + 8 * i, 64), EVE: (240, 176)}))
    writer.release()
    return path


def test_detect_prints_one_line_a_picture(cli: Cli, album: Path) -> None:
    two, none, broken = cli.lines("detect", album, *cli.detector)
    assert (two["file"], two["width"], two["height"]) == ("a_two.png", 320, 240)
    assert len(two["faces"]) == 2
    assert set(two["faces"][0]) == {"box", "score", "landmarks"}
    assert len(two["faces"][0]["landmarks"]) == 5
    assert none["faces"] == []
    assert "error" not in none
    assert "c_broken.jpg" in broken["error"]


def test_detect_reads_a_video(cli: Cli, film: Path) -> None:
    lines = cli.lines("detect", film, *cli.detector)
    assert [line["file"] for line in lines][:2] == ["film.mp4#0", "film.mp4#1"]
    assert [len(line["faces"]) for line in lines] == [2] * 12


def test_detect_of_one_unreadable_picture_is_bad_input(cli: Cli, album: Path) -> None:
    done = cli("detect", album / "c_broken.jpg", status=2)
    assert done.stdout == ""
    assert done.stderr.count("c_broken.jpg") == 1  # said once
    assert "got a device or pipe" in cli("detect", "/dev/null", status=2).stderr


def test_embed_writes_what_the_contract_names(
    cli: Cli, album: Path, tmp_path: Path, tiny_embedder: ModelFile
) -> None:
    out = tmp_path / "e.npz"
    cli("embed", album, "--out", out, *cli.networks)
    with np.load(out, allow_pickle=False) as arrays:
        assert arrays["files"].tolist() == ["a_two.png", "b_none.png", "c_broken.jpg"]
        assert arrays["status"].tolist() == [0, 1, 2]
        assert arrays["status"].dtype == np.uint8
        assert arrays["embeddings"].dtype == np.float32
        assert np.linalg.norm(arrays["embeddings"], axis=1) == pytest.approx([1, 0, 0], abs=1e-6)
        assert str(arrays["model_id"]) == tiny_embedder.card.id


def test_verify_tells_same_from_different(cli: Cli, tmp_path: Path, paint: Paint) -> None:
    for name, seed, x in (("a1", ADA, 160), ("a2", ADA, 80), ("b", BOB, 160)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), paint({seed: (x, 120)}))
    same = cli.document("verify", tmp_path / "a1.png", tmp_path / "a2.png", *cli.networks)
    assert set(same) == {"same", "score", "threshold", "fmr", "faces"}
    assert same["same"] is True
    assert same["threshold"] == pytest.approx(0.7)
    assert cli.document("verify", tmp_path / "a1.png", tmp_path / "b.png", *cli.networks)["same"] is False


def test_verify_without_a_face_is_bad_input(cli: Cli, album: Path) -> None:
    done = cli("verify", album / "a_two.png", album / "b_none.png", *cli.networks, status=2)
    assert "b_none.png: expected a face" in done.stderr


def test_recognise_names_the_enrolled_and_nobody_else(
    cli: Cli, film: Path, people: Path, tmp_path: Path
) -> None:
    out, video = tmp_path / "seen.jsonl", tmp_path / "named.mp4"
    lines = cli.lines("recognise", film, "--gallery", people, "--out", out, "--video", video, *cli.networks)
    assert [line["frame"] for line in lines[:-1]] == list(range(12))
    face = lines[11]["faces"][0]
    assert {"track", "box", "state", "person", "score"} <= set(face)
    assert {(f["state"], f["person"]) for f in lines[11]["faces"]} == {("known", "Ada"), ("unknown", None)}
    assert {"detect", "embed", "search"} <= set(lines[0]["ms"])
    summary = lines[-1]["summary"]
    assert summary["frames"] == 12
    assert [person["person"] for person in summary["people"]] == ["Ada"]
    assert set(summary["people"][0]) == {"person", "tracks", "first_ms", "last_ms", "best_score"}
    assert (summary["unknown_tracks"], summary["uncertain_tracks"]) == (1, 0)
    assert [json.loads(line) for line in out.read_text().splitlines()] == lines
    assert cv2.VideoCapture(str(video)).read()[0]


def test_recognise_says_which_photographs_it_could_not_enrol(
    cli: Cli, film: Path, people: Path, paint: Paint
) -> None:
    cv2.imwrite(str(people / "Bob" / "2.png"), paint({}))
    done = cli("recognise", film, "--gallery", people, *cli.networks)
    assert "Bob/2.png: no_face" in done.stderr
    assert "Ada" in done.stdout


def test_recognise_refuses_a_missing_source_before_it_writes(cli: Cli, people: Path, tmp_path: Path) -> None:
    out = tmp_path / "seen.jsonl"
    done = cli(
        "recognise", tmp_path / "absent.mp4", "--gallery", people, "--out", out, *cli.networks, status=2
    )
    assert "absent.mp4" in done.stderr
    assert not out.exists()


def test_recognise_never_writes_over_what_it_reads(cli: Cli, film: Path, people: Path) -> None:
    before = film.read_bytes()
    photograph = people / "Ada" / "1.png"
    for option, path in (("--out", film), ("--video", film), ("--out", photograph)):
        done = cli("recognise", film, "--gallery", people, option, path, *cli.networks, status=2)
        assert "this is what is read; choose another name" in done.stderr
    assert film.read_bytes() == before


def test_recognise_names_the_people_in_a_single_picture(cli: Cli, album: Path, people: Path) -> None:
    picture, last = cli.lines("recognise", album / "a_two.png", "--gallery", people, *cli.networks)
    assert {face["person"] for face in picture["faces"]} == {"Ada", "Bob"}
    assert last["summary"]["frames"] == 1


def test_recognise_goes_on_behind_a_broken_picture(cli: Cli, album: Path, people: Path) -> None:
    done = cli("--json", "recognise", album, "--gallery", people, *cli.networks)
    assert "c_broken.jpg" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["summary"]["frames"] == 2


def test_recognise_shows_the_frames_in_a_window(cli: Cli, film: Path, people: Path) -> None:
    lines = cli.lines(
        "recognise", film, "--gallery", people, "--display", *cli.networks, QT_QPA_PLATFORM="offscreen"
    )
    assert lines[-1]["summary"]["frames"] == 12


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_without_a_screen_the_window_is_refused_with_the_way_out(cli: Cli, film: Path, people: Path) -> None:
    screenless = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    done = cli("recognise", film, "--gallery", people, "--display", *cli.networks, status=2, **screenless)
    assert "write --video FILE.mp4 instead" in done.stderr


def test_a_missing_model_is_named_with_the_place_it_goes(cli: Cli, album: Path) -> None:
    done = cli("detect", album / "a_two.png", status=2)
    assert "missing model files: put face_detection_yunet_2026may.onnx (detector) into" in done.stderr
    assert str(cli.home / "models") in done.stderr


def test_models_are_listed_verified_and_imported(cli: Cli, tiny_embedder: ModelFile) -> None:
    assert cli.document("models", "list") == {"models": []}
    assert cli.document("models", "verify", tiny_embedder.path)["checks"][0]["ok"] is True
    imported = cli.document("models", "import", tiny_embedder.path)
    assert (imported["name"], imported["kind"], imported["dim"]) == ("tiny_embedder", "embedder", 48)
    (listed,) = cli.document("models", "list")["models"]
    assert listed["id"] == tiny_embedder.card.id
    assert Path(listed["path"]).parent == cli.home / "models"


def test_doctor_names_what_is_missing_and_the_remedy(cli: Cli) -> None:
    checks = {check["name"]: check for check in cli.document("doctor", status=1)["checks"]}
    assert all(set(check) == {"name", "ok", "detail", "remedy"} for check in checks.values())
    assert checks["python"]["ok"]
    assert checks["native engine"]["ok"]
    assert not checks["detector model"]["ok"]
    assert "face_detection_yunet_2026may.onnx" in checks["detector model"]["remedy"]


def test_global_options_may_stand_before_or_after_the_command(cli: Cli, tmp_path: Path) -> None:
    before = cli("--home", tmp_path / "here", "--json", "models", "list")
    after = cli("models", "--json", "list", "--home", tmp_path / "here")
    assert before.stdout == after.stdout == '{\n  "models": []\n}\n'


@pytest.mark.parametrize("wrong", [["nonsense"], ["detect"], ["detect", "x", "--threads", "0"], ["models"]])
def test_wrong_arguments_end_with_two(cli: Cli, wrong: list[str]) -> None:
    assert cli(*wrong, status=2).stdout == ""


def test_an_absent_execution_provider_is_an_error(cli: Cli, album: Path) -> None:
    done = cli("detect", album / "a_two.png", "--provider", "coreml", *cli.detector, status=2)
    assert "'coreml' is not available here" in done.stderr


def test_the_help_of_every_command_shows_examples(cli: Cli) -> None:
    commands = [["detect"], ["embed"], ["verify"], ["recognise"], ["evaluate", "verification"]]
    commands += [
        ["evaluate", "identification"],
        ["models", "list"],
        ["models", "verify"],
        ["models", "import"],
        ["models", "compare"],
        ["models", "deploy"],
        ["models", "rollback"],
        ["doctor"],
    ]
    for command in commands:
        assert "examples:\n  facekd-cli" in cli(*command, "--help").stdout, command
