"""`recognise`: names for the faces of a camera, video, picture or folder."""

import argparse
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from facekd.embed import Embedder
from facekd.enrolment import Enrolled, Enroller, people_in
from facekd.errors import FacekdError, ImageError, InputError
from facekd.overlay import draw
from facekd.policy import Policy
from facekd.recognise import Pipeline, Recogniser, Summary, summarise
from facekd.sources import Pictures, Source, VideoFile, open_source
from facekd.types import Frame, Recognition
from facekd.video import VideoWriter
from facekd_db.errors import StoreUnavailable
from facekd_ui.cli.commands import Commands
from facekd_ui.cli.desk import logged_in
from facekd_ui.cli.display import Display
from facekd_ui.cli.networks import PICTURE_SIDE, VIDEO_SIDE, add_options, open_detector, open_embedder
from facekd_ui.cli.output import Output

if TYPE_CHECKING:
    from facekd_ui.services.everything import Services
    from facekd_ui.services.recording import Recorder

FLUSH_MS = 1000
"""How often the people on file are asked for news and records are written, while a source is followed."""


def add_to(commands: Commands) -> None:
    """Add `recognise`."""
    parser = commands.add(
        "recognise", "name the faces in a camera, video, picture or folder",
        ("facekd-cli recognise door.mp4 --gallery people/", "people/NAME/*.jpg are the enrolled"),
        ("facekd-cli recognise 0 --as ada --record Door", "the people on file; who was seen goes into the records"),
        ("facekd-cli recognise 0 --gallery people/", "the first camera, until Ctrl+C"),
        ("facekd-cli recognise rtsp://cam/1 --gallery people/ --out seen.jsonl", "a stream, one JSON line a frame"),
        ("facekd-cli recognise in.mp4 --gallery people/ --video named.mp4", "write the video with names"),
    )  # fmt: skip
    parser.add_argument("source", metavar="SOURCE", help="camera index, address, video, picture or folder")
    parser.add_argument(
        "--gallery",
        type=Path,
        metavar="DIR",
        help="folder with a folder of photographs per person (default: the people on file)",
    )
    parser.add_argument(
        "--record",
        metavar="CAMERA",
        help="with the people on file: write who was seen into the records, under that name",
    )
    parser.add_argument(
        "--out", type=Path, metavar="F.jsonl", help="write one JSON line a frame and a summary"
    )
    parser.add_argument("--video", type=Path, metavar="F.mp4", help="write the frames with boxes and names")
    parser.add_argument("--display", action="store_true", help="show the frames in a window; Esc closes it")
    parser.add_argument(
        "--sequence", action="store_true",
        help="the pictures of the folder are frames of one video: follow faces from one to the next",
    )  # fmt: skip
    parser.add_argument(
        "--known", type=float, metavar="COSINE", help="threshold of a name (default: from the card)"
    )
    parser.add_argument(
        "--uncertain", type=float, metavar="COSINE", help="threshold of a guess (default: likewise)"
    )
    add_options(parser)
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class Matching:
    """What faces are compared with, and what is done beside it."""

    pipeline: Pipeline
    naming: Callable[[Recognition], Recognition]  # from the pipeline's people to names
    after: Callable[[Recognition, Frame], None]  # called with the pipeline's own people
    end: Callable[[], None]
    note: str  # which model, where it ran


def run(args: argparse.Namespace, out: Output) -> int:
    """Enrol the gallery or open the store, then follow the source to its end or to Ctrl+C."""
    if args.gallery is not None and args.record is not None:
        raise InputError("expected --record without --gallery: records are of people on file")
    with contextlib.ExitStack() as stack:
        if args.gallery is None:
            refuse_overwriting(args, [])
            services = stack.enter_context(logged_in(args))
            source = stack.enter_context(open_source(args.source))
            matching = _store_matching(args, services, source, out)
        else:
            people = list(people_in(args.gallery))
            refuse_overwriting(args, [file for _, files in people for file in files])
            source = stack.enter_context(open_source(args.source))
            matching = _folder_matching(args, people, source, out)
        summary = follow(source, matching, args, out, stack)
    out.table(
        "", ("person", "from s", "to s", "best score", "tracks"),
        [(p.person, p.first_ms / 1e3, p.last_ms / 1e3, p.best_score, p.tracks) for p in summary.people],
    )  # fmt: skip
    out.say(
        f"{summary.frames} frames; {summary.unknown_tracks} unknown and {summary.uncertain_tracks} uncertain tracks; "
        f"{matching.note}"
    )
    return 0


def refuse_overwriting(args: argparse.Namespace, photographs: list[Path]) -> None:
    """Raises InputError when a result would take the place of what is read."""
    for option, path in (("--out", args.out), ("--video", args.video)):
        if path is None or not path.exists():
            continue
        for read in (Path(args.source), *photographs):
            if read.exists() and path.samefile(read):
                raise InputError(f"{option} {path}: this is what is read; choose another name")


def _folder_matching(
    args: argparse.Namespace, people: list[tuple[str, list[Path]]], source: Source, out: Output
) -> Matching:
    embedder = open_embedder(args)
    policy = choose_policy(args, embedder, len(people))
    pictures = isinstance(source, Pictures)
    detector = open_detector(args, long_side=PICTURE_SIDE if pictures else VIDEO_SIDE)
    enroller = Enroller(open_detector(args), embedder, policy.known)
    enrolled = [enroller.enrol(name, files) for name, files in people]
    report_refusals(enrolled, out)
    recogniser = Recogniser(detector, embedder, enroller.gallery())
    return Matching(
        Pipeline(recogniser, policy, still=pictures and not args.sequence),
        lambda recognition: recognition,
        lambda *_: None,
        lambda: None,
        f"{embedder.card.name} on {embedder.provider}",
    )


def _store_matching(args: argparse.Namespace, services: "Services", source: Source, out: Output) -> Matching:
    pictures = isinstance(source, Pictures)
    live = services.recognition.live(PICTURE_SIDE if pictures else VIDEO_SIDE)
    if not live.people:
        out.note("nobody is on file yet: every face will be unknown")
    policy = choose_policy(args, live.embedder, live.people)
    pipeline = Pipeline(live.recogniser, policy, still=pictures and not args.sequence)
    recorder: Recorder | None = None
    if args.record is not None:
        camera = services.cameras.use(args.record, kind_of(source, args.source), args.source)
        recorder = services.recording.start(camera, live.card, live.people)
    begun = datetime.now(UTC)
    last_ms = 0.0

    def after(recognition: Recognition, frame: Frame) -> None:
        nonlocal last_ms
        if recorder is not None:
            # A file is read faster than it was filmed: what it shows happened at its own pace, from now on.
            at = begun + timedelta(milliseconds=frame.t_ms) if isinstance(source, VideoFile) else None
            recorder.see(recognition, frame.image, at)
        if frame.t_ms - last_ms < FLUSH_MS:
            return
        last_ms = frame.t_ms
        if recorder is not None:
            recorder.flush()
        # The people as they were last seen stay good, and so does the model when the next one is not here (yet).
        with contextlib.suppress(StoreUnavailable, FacekdError):
            if (newer := live.refresh()) is not None:
                pipeline.replace(newer, choose_policy(args, live.embedder, live.people))
                if recorder is not None:
                    recorder.begin_anew(live.card, live.people)

    def end() -> None:
        if recorder is not None and (state := recorder.flush()).waiting:
            out.note(f"{state.waiting} records wait on this computer: {state.trouble}")

    return Matching(
        pipeline,
        lambda recognition: live.gallery.naming(recognition),
        after,
        end,
        f"{live.card.name} on {live.provider}",
    )


def kind_of(source: Source, spec: str) -> str:
    """What the records call a source of this kind."""
    if isinstance(source, Pictures):
        return "folder"
    if isinstance(source, VideoFile):
        return "file"
    return "stream" if "://" in spec else "device"


def choose_policy(args: argparse.Namespace, embedder: Embedder, people: int) -> Policy:
    """Thresholds from the arguments where given, else from the model's card."""
    if args.known is None and args.uncertain is None:
        return Policy.from_card(embedder.card, people)
    known = args.known if args.known is not None else Policy.from_card(embedder.card, people).known
    uncertain = args.uncertain if args.uncertain is not None else known - 0.1
    try:
        return Policy(known=known, uncertain=uncertain)
    except ValueError as error:
        raise InputError(f"--known, --uncertain: {error}") from error


def report_refusals(enrolled: list[Enrolled], out: Output) -> None:
    """Say which photographs became no template. Raises InputError when nobody could be enrolled."""
    for person in enrolled:
        for refusal in person.refused:
            detail = f" ({refusal.detail})" if refusal.detail else ""
            out.note(f"not enrolled: {person.person}/{refusal.file}: {refusal.reason}{detail}")
        if not len(person.templates):
            out.note(f"{person.person} has no usable photograph and cannot be named")
    if not any(len(person.templates) for person in enrolled):
        raise InputError("no photograph in the gallery could be enrolled; the reasons stand above")


def follow(
    source: Source, matching: Matching, args: argparse.Namespace, out: Output, stack: contextlib.ExitStack
) -> Summary:
    """Run the pipeline over a source and write what was asked for; Ctrl+C ends it with what there is."""
    video = stack.enter_context(VideoWriter(args.video, source.fps)) if args.video else None
    display = stack.enter_context(Display(f"FaceKD: {source.name}")) if args.display else None
    lines = stack.enter_context(_lines_file(args.out)) if args.out else None
    total = source.declared_frames if isinstance(source, VideoFile) else None

    failed: list[FacekdError] = []

    def recognitions() -> Iterator[Recognition]:
        with contextlib.suppress(KeyboardInterrupt), out.progress("Recognising", total) as advance:
            try:
                while (frame := next_frame(source, out)) is not None:
                    found = matching.pipeline(frame)
                    matching.after(found, frame)
                    recognition = matching.naming(found)
                    _emit(frame_json(recognition), out, lines)
                    drawn = draw(frame.image, recognition) if video or display else frame.image
                    if video:
                        video.write(drawn, frame.t_ms)
                    advance(1)
                    yield recognition
                    if display and not display.show(drawn, frame.t_ms):
                        return
            except (
                FacekdError
            ) as error:  # a camera that is lost for good: what was seen until then still counts
                failed.append(error)

    summary = summarise(recognitions())
    matching.end()
    _emit({"summary": summary_json(summary)}, out, lines)
    if failed:
        raise failed[0]
    return summary


def next_frame(source: Source, out: Output) -> Frame | None:
    """The next frame; a broken picture of a folder is a remark, and the next one counts."""
    while True:
        try:
            return source.read()
        except ImageError as error:
            if not isinstance(source, Pictures) or Path(source.name).is_file():
                raise
            out.note(str(error))


def frame_json(recognition: Recognition) -> dict[str, Any]:
    """One frame's line."""
    faces = [
        {
            "track": face.track,
            "box": [round(value, 1) for value in face.box],
            "state": face.state.value,
            "person": face.person,
            "score": round(face.score, 4),
            "reasons": list(face.reasons),
        }
        for face in recognition.faces
    ]
    ms = {stage: round(value, 3) for stage, value in recognition.ms.items()}
    return {"frame": recognition.frame, "t_ms": round(recognition.t_ms, 1), "faces": faces, "ms": ms}


def summary_json(summary: Summary) -> dict[str, Any]:
    """The last line."""
    people = [
        {
            "person": person.person,
            "tracks": person.tracks,
            "first_ms": round(person.first_ms, 1),
            "last_ms": round(person.last_ms, 1),
            "best_score": round(person.best_score, 4),
        }
        for person in summary.people
    ]
    return {
        "frames": summary.frames,
        "people": people,
        "unknown_tracks": summary.unknown_tracks,
        "uncertain_tracks": summary.uncertain_tracks,
    }


def _emit(value: dict[str, Any], out: Output, lines: TextIO | None) -> None:
    out.line(value)
    if lines:
        lines.write(json.dumps(value, ensure_ascii=False) + "\n")


def _lines_file(path: Path) -> TextIO:
    try:
        # Line by line, so that a killed process leaves every frame it finished.
        return path.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); choose another place for --out"
        ) from error
