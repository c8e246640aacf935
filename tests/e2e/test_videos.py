"""Real videos against what a person saw in them (docs/ground-truth), through the command that a person would type."""

import json
import shutil
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from facekd.sources import VideoFile
from facekd.video import VideoWriter
from facekd_ui.cli import main

pytestmark = pytest.mark.shared

TRUTHS = Path(__file__).resolve().parents[2] / "docs" / "ground-truth"
SINGER, PIANIST = "Lin-Manuel Miranda", "Alex Lacamoire"


@pytest.fixture(scope="module")
def portraits(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two performers, a portrait each."""
    gallery = tmp_path_factory.mktemp("portraits")
    for person in (SINGER, PIANIST):
        (gallery / person).mkdir()
        file = f"ageitgey_{person.lower().replace(' ', '-')}.png"
        shutil.copy(shared_data / "photos" / file, gallery / person)
    return gallery


@pytest.fixture(scope="module")
def crowd(portraits: Path, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two performers and sixty people who are in neither video, three photographs each."""
    gallery = tmp_path_factory.mktemp("crowd") / "gallery"
    shutil.copytree(portraits, gallery)
    with zipfile.ZipFile(shared_data / "faces" / "lfw_original250_sample.zip") as archive:
        for name in archive.namelist():
            kind, person, file = name.split("/")
            if kind == "known" and file[-8:-4] != "0004":
                (gallery / person).mkdir(exist_ok=True)
                (gallery / person / file).write_bytes(archive.read(name))
    assert len(list(gallery.iterdir())) == 62
    return gallery


@pytest.fixture(scope="module")
def recognise(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(video, gallery, the file if another) -> ground truth, the JSON lines of `recognise`, and the summary."""
    folder = tmp_path_factory.mktemp("seen")

    def run(
        video: str, gallery: Path, path: Path | None = None
    ) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
        path = path or shared_data / "videos" / f"{video}.mp4"
        out = folder / f"{path.stem}-{gallery.name}.jsonl"
        command = ["recognise", str(path), "--gallery", str(gallery)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FACEKD_MODELS", str(shared_data / "weights"))
            if not out.exists():
                assert main([*command, "--out", str(out), "--quiet", "--home", str(folder)]) == 0
        lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        truth = tomllib.loads((TRUTHS / f"{video}.toml").read_text(encoding="utf-8"))
        return truth, lines[:-1], lines[-1]["summary"]

    return run


def face_of(truth: dict[str, Any], shot: str, person: str) -> dict[str, Any]:
    (face,) = [face for face in truth["face"] if (face["shot"], face["person"]) == (shot, person)]
    return face


def on_it(face: dict[str, Any], frame: int, box: list[float]) -> bool:
    """Whether the middle of `box` lies in the face's box nearest in time, grown by half: faces move between looks."""
    if not face["first"] <= frame <= face["last"]:
        return False
    _, x1, y1, x2, y2 = min(face["boxes"], key=lambda key: abs(key[0] - frame))
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return abs(x - (x1 + x2) / 2) < 0.75 * (x2 - x1) and abs(y - (y1 + y2) / 2) < 0.75 * (y2 - y1)


def states_of(face: dict[str, Any], lines: list[dict[str, Any]]) -> dict[int, tuple[str, str | None]]:
    """Frame -> (state, person) of the face that lies where the ground truth has this one."""
    return {
        line["frame"]: (found["state"], found["person"])
        for line in lines
        for found in line["faces"]
        if on_it(face, line["frame"], found["box"])
    }


def names_elsewhere(truth: dict[str, Any], lines: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """(frame, name) for each name on a face that is not that person's."""
    return [
        (line["frame"], found["person"])
        for line in lines
        for found in line["faces"]
        if found["state"] == "known"
        and not any(
            face["person"] == found["person"] and on_it(face, line["frame"], found["box"])
            for face in truth["face"]
        )
    ]


@pytest.mark.parametrize("gallery", ["portraits", "crowd"])
def test_the_near_face_carries_its_name_from_the_15th_frame_on(
    gallery: str, recognise: Any, request: pytest.FixtureRequest
) -> None:
    truth, lines, summary = recognise("short_hamilton_clip", request.getfixturevalue(gallery))
    assert len(lines) == truth["frames"] == summary["frames"] == 275
    near = face_of(truth, "near", SINGER)
    states = states_of(near, lines)
    frames = range(96, 211)
    assert (near["first"] + 14, near["last"]) == (frames[0], frames[-1])
    right = sum(states.get(frame) == ("known", SINGER) for frame in frames)
    assert right >= 0.95 * len(frames)
    assert [person["person"] for person in summary["people"]] == [SINGER]


@pytest.mark.parametrize("gallery", ["portraits", "crowd"])
@pytest.mark.parametrize("video", ["short_hamilton_clip", "facenet_pytorch_video"])
def test_nobody_gets_a_name_that_is_not_theirs(
    video: str, gallery: str, recognise: Any, request: pytest.FixtureRequest
) -> None:
    truth, lines, _ = recognise(video, request.getfixturevalue(gallery))
    assert len(lines) == truth["frames"]
    assert sum(len(line["faces"]) for line in lines) > len(lines)
    assert names_elsewhere(truth, lines) == []


def test_the_name_holds_at_six_frames_a_second(
    recognise: Any, portraits: Path, shared_data: Path, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.mp4"
    clip = shared_data / "videos" / "short_hamilton_clip.mp4"
    with VideoFile(clip) as source, VideoWriter(slow, 29.97 / 5) as writer:
        while (frame := source.read()) is not None:
            if frame.index % 5 == 0:
                writer.write(frame.image, frame.t_ms)
    truth, lines, _ = recognise("short_hamilton_clip", portraits, slow)
    assert len(lines) == 55
    lines = [{**line, "frame": 5 * line["frame"]} for line in lines]
    states = states_of(face_of(truth, "near", SINGER), lines)
    frames = range(100, 211, 5)
    right = sum(states.get(frame) == ("known", SINGER) for frame in frames)
    assert right >= 0.95 * len(frames)
    assert names_elsewhere(truth, lines) == []


def test_faces_below_60_pixels_are_unknown_or_uncertain(recognise: Any, portraits: Path) -> None:
    truth, lines, _ = recognise("short_hamilton_clip", portraits)
    for person in (SINGER, PIANIST):
        face = face_of(truth, "stage", person)
        assert face["width_px"][1] < 60
        states = states_of(face, lines)
        assert len(states) >= 18  # of 20 frames
        assert {state for state, _ in states.values()} <= {"unknown", "uncertain"}
        assert {name for _, name in states.values()} <= {None, person}  # no wrong guess either


def test_the_ground_truth_fits_the_videos(shared_data: Path) -> None:
    for path in TRUTHS.glob("*.toml"):
        truth = tomllib.loads(path.read_text(encoding="utf-8"))
        assert (shared_data / "videos" / truth["video"]).is_file()
        shots = {shot["name"]: shot for shot in truth["shot"]}
        covered = [number for shot in truth["shot"] for number in range(shot["first"], shot["last"] + 1)]
        assert covered == list(range(truth["frames"]))
        for face in truth["face"]:
            shot = shots[face["shot"]]
            assert shot["first"] <= face["first"] <= face["last"] <= shot["last"]
            keys = [key[0] for key in face["boxes"]]
            assert keys == sorted(keys)
            if face["person"] != "stranger":
                assert face["person"] in truth["enrolled"]
                assert (keys[0], keys[-1]) == (face["first"], face["last"])
