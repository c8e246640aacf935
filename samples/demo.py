"""The headless main job on the sample people: enrol, recognise the sample video, and compare with the truth.

    make demo        (or: .venv/bin/python samples/demo.py --out out)

Writes OUT/sample.mp4 with its truth, OUT/demo.mp4 with boxes and names, OUT/demo.json. Exit status 0 when the names
came out as expected, 1 when they did not, 2 when model files are missing.
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facekd.boxes import iou
from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.enrolment import Enroller, people_in
from facekd.errors import FacekdError, ModelFileError
from facekd.modelcard import Kind
from facekd.models import Registry
from facekd.native import engine
from facekd.overlay import draw
from facekd.policy import Policy
from facekd.recognise import STAGES, Pipeline, Recogniser, summarise
from facekd.sources import open_source
from facekd.types import Recognition
from facekd.video import VideoWriter
from facekd_ui.cli.networks import VIDEO_SIDE
from facekd_ui.cli.output import Output
from facekd_ui.cli.recognise import frame_json, report_refusals, summary_json
from facekd_ui.home import default_home
from make_video import make

HERE = Path(__file__).resolve().parent
KINDS: tuple[Kind, ...] = ("detector", "embedder")
SETTLING_MS = 1000  # after a face comes into view the vote is still short
NAMED_SHARE = 0.9  # of the settled frames in which the truth shows the enrolled person
SAME_FACE = 0.3  # intersection over union of a found box with the truth's


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often each person of the truth got which name."""

    frames: int  # settled and visible frames of the enrolled person
    named: int  # of these, frames with the right name
    wrong: int  # frames in which any face carried a name that is not its own
    found: dict[str, float]  # person -> share of visible frames in which the face was found


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description="Recognise the sample people in the sample video.")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--home", type=Path, default=default_home(), metavar="DIR", help="where models/ lies")
    args = parser.parse_args()
    try:
        return run(args.out, args.home)
    except FacekdError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_status


def run(folder: Path, home: Path) -> int:
    """See the module's text."""
    out = Output()
    registry = Registry.from_environment(home)
    if lacking := [kind for kind in KINDS if not registry.has_default(kind)]:
        raise ModelFileError(registry.missing(lacking))
    folder.mkdir(parents=True, exist_ok=True)
    video, truth = sample_film(folder / "sample.mp4")

    detector = Detector(registry.default("detector"), long_side=VIDEO_SIDE)
    embedder = Embedder(registry.default("embedder"))
    people = list(people_in(HERE / "people"))
    policy = Policy.from_card(embedder.card, len(people))
    enroller = Enroller(detector, embedder, policy.known)
    report_refusals([enroller.enrol(name, files) for name, files in people], out)
    pipeline = Pipeline(Recogniser(detector, embedder, enroller.gallery()), policy)

    recognitions: list[Recognition] = []
    start = time.perf_counter()
    with (
        open_source(str(video)) as source,
        VideoWriter(folder / "demo.mp4", source.fps) as writer,
        out.progress("Recognising", None) as advance,
    ):
        while (frame := source.read()) is not None:
            recognitions.append(pipeline(frame))
            writer.write(draw(frame.image, recognitions[-1]), frame.t_ms)
            advance(1)
    seconds = time.perf_counter() - start

    summary = summarise(recognitions)
    enrolled = {name for name, _ in people}
    outcome = compare(recognitions, json.loads(truth.read_text(encoding="utf-8")), enrolled)
    passed = outcome.wrong == 0 and outcome.named >= NAMED_SHARE * outcome.frames > 0
    document: dict[str, Any] = {
        "passed": passed,
        "expected": {"named_share": NAMED_SHARE, "wrong_names": 0},
        "outcome": {
            "frames": outcome.frames, "named": outcome.named, "wrong_names": outcome.wrong, "found": outcome.found,
        },
        "thresholds": {"known": policy.known, "uncertain": policy.uncertain},
        "models": {"detector": detector.card.name, "embedder": embedder.card.name, "provider": embedder.provider},
        "summary": summary_json(summary),
        "frames": [frame_json(recognition) for recognition in recognitions],
    }  # fmt: skip
    (folder / "demo.json").write_text(
        json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )

    rows: list[tuple[object, ...]] = [
        (p.person, p.first_ms / 1e3, p.last_ms / 1e3, p.best_score, p.tracks) for p in summary.people
    ]
    out.table("Who was seen", ("person", "from s", "to s", "likeness", "tracks"), rows)
    states = Counter(face.state.value for r in recognitions for face in r.faces)
    out.say(
        f"{len(recognitions)} frames in {seconds:.1f} s, drawing included; faces: "
        + ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    )
    medians = (f"{stage} {np.median([r.ms[stage] for r in recognitions]):.1f}" for stage in STAGES)
    out.say(f"Median milliseconds a frame: {', '.join(medians)}. {engine().detail}.")
    share = outcome.named / max(outcome.frames, 1)
    out.say(
        f"Right name in {outcome.named} of {outcome.frames} frames ({share:.0%}) from {SETTLING_MS / 1e3:.0f} s after "
        f"each entry; wrong names: {outcome.wrong}; thresholds {policy.known:.3f} and {policy.uncertain:.3f}."
    )
    out.say(
        "One photograph a person, and the film made from the same photographs, check the plumbing, not the "
        "recognition: what the recogniser can do on real people is measured in docs/evaluation.md and docs/video.md."
    )
    out.say(f"Look at {folder / 'demo.mp4'}; every frame's faces are in {folder / 'demo.json'}.")
    out.say("As expected." if passed else "NOT as expected.")
    return 0 if passed else 1


def sample_film(video: Path) -> tuple[Path, Path]:
    """The film and its truth, made anew only when something that it is made from has changed."""
    truth = video.with_suffix(".json")
    made_from = [path for path in HERE.rglob("*") if path.suffix in (".py", ".toml", ".jpg")]
    newest = max(path.stat().st_mtime for path in made_from)
    if all(path.is_file() and path.stat().st_mtime > newest for path in (video, truth)):
        return video, truth
    return make(video)


def compare(recognitions: list[Recognition], truth: dict[str, Any], enrolled: set[str]) -> Outcome:
    """Hold what was said of each frame against the film's truth."""
    seen_since: dict[str, float] = {}
    frames = named = wrong = 0
    visible: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for recognition, shown in zip(recognitions, truth["faces"], strict=True):
        present = {face["person"]: face for face in shown if face["state"] == "visible"}
        seen_since = {name: seen_since.get(name, recognition.t_ms) for name in present}
        for name, face in present.items():
            box = np.asarray([face["box"]], np.float32)
            mine = [
                f for f in recognition.faces if iou(np.asarray([f.box], np.float32), box)[0, 0] >= SAME_FACE
            ]
            visible[name] += 1
            found[name] += bool(mine)
            if name in enrolled and recognition.t_ms - seen_since[name] >= SETTLING_MS:
                frames += 1
                named += any(f.state == "known" and f.person == name for f in mine)
            wrong += any(f.state == "known" and f.person != name for f in mine)
    return Outcome(frames, named, wrong, {name: round(found[name] / visible[name], 4) for name in visible})


if __name__ == "__main__":
    sys.exit(main())
