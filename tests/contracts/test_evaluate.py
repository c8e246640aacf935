"""contracts.md, section 1: `evaluate verification` and `evaluate identification`."""

import json
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facekd.evaluation.pairs import read_pairs
from facekd.packed import Packed, write_packed
from facekd_ui.cli import main

TEACHER_B = "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm"


@pytest.fixture
def faces(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of packed crops; the models are found too."""
    monkeypatch.setenv("FACEKD_MODELS", str(shared_data / "weights"))
    return shared_data / "faces"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `facekd-cli evaluate ...`."""
    status = main(["evaluate", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    status, out, _ = run(capsys, *words, "--json")
    assert status == 0
    got: dict[str, Any] = json.loads(out)
    return got


def complaint(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one sentence on stderr of a command that exits with 2."""
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    return err


@pytest.mark.shared
def test_verification_prints_what_the_contract_says(capsys: pytest.CaptureFixture[str], faces: Path) -> None:
    npz, pairs = faces / "celeba_heldout_112.npz", faces / "celeba_heldout_pairs.csv"
    got = document(capsys, "verification", "--faces", npz, "--pairs", pairs, "--model", TEACHER_B)
    assert set(got) == {"model_id", "n_pairs", "accuracy", "eer", "auc", "tar_at_far"}
    assert (len(got["model_id"]), got["n_pairs"]) == (64, 3000)
    assert set(got["accuracy"]) == {"mean", "std", "folds"}
    assert len(got["accuracy"]["folds"]) == 10
    assert sum(got["accuracy"]["folds"]) / 10 == pytest.approx(got["accuracy"]["mean"])
    assert got["accuracy"]["mean"] == pytest.approx(0.987, abs=0.003)
    loose = got["tar_at_far"]["1e-2"]
    assert set(loose) == {"tar", "lo", "hi", "threshold"}
    assert loose["lo"] < loose["tar"] < loose["hi"]
    assert got["tar_at_far"]["1e-3"] == {"refused": True, "needed": 3000}  # 1,500 impostor pairs


@pytest.mark.shared
def test_crops_in_a_folder_give_the_figures_of_the_packed_file(
    capsys: pytest.CaptureFixture[str], faces: Path, tmp_path: Path
) -> None:
    packed = Packed.open(faces / "celeba_heldout_112.npz")
    lines = (faces / "celeba_heldout_pairs.csv").read_text().splitlines()
    few = tmp_path / "few.csv"
    few.write_text("\n".join([lines[0], *lines[1:3000:60]]))
    row = {name: number for number, name in enumerate(packed.files)}
    for name in read_pairs(few).files():
        (tmp_path / name).write_bytes(packed.encoded(row[name]).tobytes())
    from_folder = document(capsys, "verification", "--faces", tmp_path, "--pairs", few)
    from_file = document(capsys, "verification", "--faces", packed.path, "--pairs", few)
    assert from_folder["n_pairs"] == 50
    assert from_folder["accuracy"] == from_file["accuracy"]
    assert from_folder["auc"] == pytest.approx(from_file["auc"], abs=1e-3)


@pytest.mark.shared
def test_identification_splits_a_packed_file_by_the_number_of_crops(
    capsys: pytest.CaptureFixture[str], faces: Path, tmp_path: Path
) -> None:
    lfw = Packed.open(faces / "lfw_test_112.npz")
    assert lfw.identity is not None
    crops = [lfw.encoded(row).tobytes() for row in range(200)]
    names = [str(name) for name in lfw.identity[:200].tolist()]
    write_packed(tmp_path / "part.npz", crops, files=lfw.files[:200], identity=names)
    got = document(capsys, "identification", "--faces", tmp_path / "part.npz")
    assert set(got) == {"rank1", "curve", "n_probes", "n_strangers", "not_detected"}
    several = {name for name in names if names.count(name) > 1}
    assert got["n_probes"] == sum(name in several for name in names) - len(several)
    assert got["n_strangers"] == len(set(names)) - len(several)
    assert got["not_detected"] == 0
    assert got["rank1"] > 0.95
    assert all(set(point) == {"threshold", "fpir", "fnir"} for point in got["curve"])
    assert (got["curve"][0]["fpir"], got["curve"][-1]["fpir"]) == (1, 0)


@pytest.fixture
def photographs(faces: Path, tmp_path: Path) -> Path:
    """The untouched photographs laid out: three of each person enrolled, the fourth a probe, strangers flat."""
    with zipfile.ZipFile(faces / "lfw_original250_sample.zip") as archive:
        for member in archive.infolist():
            kind, person, file = member.filename.split("/")
            role = "probes" if file.endswith("_0004.jpg") else "gallery"
            folder = tmp_path / role / person if kind == "known" else tmp_path / "strangers"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(archive.read(member))
    return tmp_path


def three(folder: Path) -> list[object]:
    roles = ("gallery", "probes", "strangers")
    return [word for role in roles for word in (f"--{role}", folder / role)]


@pytest.mark.shared
def test_the_whole_chain_names_at_least_58_of_60(
    capsys: pytest.CaptureFixture[str], photographs: Path
) -> None:
    got = document(capsys, "identification", *three(photographs), "--model", TEACHER_B)
    assert (got["n_probes"], got["n_strangers"], got["not_detected"]) == (60, 60, 0)
    assert got["rank1"] >= 58 / 60
    at_a_tenth = [point["fnir"] for point in got["curve"] if point["fpir"] <= 0.1]
    assert min(at_a_tenth) <= 2 / 60


@pytest.mark.shared
def test_a_face_not_found_counts_as_a_miss(capsys: pytest.CaptureFixture[str], photographs: Path) -> None:
    first = document(capsys, "identification", *three(photographs))
    empty = sorted((photographs / "probes").iterdir())[0] / "nobody.png"
    cv2.imwrite(str(empty), np.full((200, 200, 3), 90, np.uint8))
    got = document(capsys, "identification", *three(photographs))
    assert (got["n_probes"], got["not_detected"]) == (61, 1)
    assert got["rank1"] == pytest.approx(first["rank1"] * 60 / 61)
    assert min(point["fnir"] for point in got["curve"]) >= 1 / 61 - 1e-9


@pytest.mark.shared
def test_people_read_tables_with_n_and_intervals(
    capsys: pytest.CaptureFixture[str], photographs: Path
) -> None:
    status, out, _ = run(capsys, "identification", *three(photographs))
    assert status == 0
    assert "60 people enrolled, 60 probes, 60 strangers" in out
    assert "needs 1,000 strangers" in out  # 60 carry nothing at 3e-3


def test_missing_pictures_are_counted_before_any_model_is_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_packed(tmp_path / "f.npz", [b"x"], files=["a.jpg"])
    pairs = tmp_path / "p.csv"
    pairs.write_text("fold,same,file_a,file_b\n1,1,a.jpg,b.jpg\n2,0,a.jpg,c.jpg\n")
    said = complaint(capsys, "verification", "--faces", tmp_path / "f.npz", "--pairs", pairs)
    assert "expected all 3 pictures that the pairs name, 2 missing: b.jpg, c.jpg" in said
    assert "3 missing: a.jpg" in complaint(capsys, "verification", "--faces", tmp_path, "--pairs", pairs)


def test_wrong_inputs_get_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    absent = tmp_path / "absent.npz"
    pairs = tmp_path / "p.csv"
    pairs.write_text("fold,same,file_a,file_b\n1,1,a,b\n")
    assert "found no file" in complaint(capsys, "verification", "--faces", absent, "--pairs", pairs)
    assert "No such file" in complaint(
        capsys, "verification", "--faces", absent, "--pairs", tmp_path / "none"
    )
    write_packed(tmp_path / "anonymous.npz", [b"x"])
    said = complaint(capsys, "verification", "--faces", tmp_path / "anonymous.npz", "--pairs", pairs)
    assert "expected `files`" in said
    assert "found no file" in complaint(capsys, "identification", "--faces", absent)
    assert "together" in complaint(capsys, "identification", "--gallery", tmp_path)
    assert "got both" in complaint(capsys, "identification", "--faces", absent, "--probes", tmp_path)


def test_a_probe_of_nobody_enrolled_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("gallery/Ada/1.jpg", "probes/Eve/1.jpg", "strangers/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"x")
    assert "1 are not (first: 'Eve')" in complaint(capsys, "identification", *three(tmp_path))
