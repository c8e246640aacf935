"""The whole chain on painted faces: it needs no model files, so it runs everywhere."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.detect import Detector
from facekd.embed import Embedder
from facekd.errors import ModelMismatch
from facekd.gallery import Gallery
from facekd.models import ModelFile
from facekd.policy import Policy
from facekd.recognise import STAGES, Pipeline, Recogniser, summarise
from facekd.types import Embeddings, Frame, Recognition, State

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB, EVE = 1, 6, 4  # at most 0.25 alike
NAMES = {ADA: "Ada", BOB: "Bob"}


@pytest.fixture
def recogniser(tiny_detector: ModelFile, tiny_embedder: ModelFile, paint: Paint) -> Recogniser:
    """Ada and Bob are enrolled from one picture each."""
    detector, embedder = Detector(tiny_detector), Embedder(tiny_embedder)
    templates = []
    for seed, name in NAMES.items():
        picture = paint({seed: (160, 120)})
        templates.append((name, embedder.embed_faces(picture, detector.detect(picture).landmarks)))
    gallery = Gallery.build(embedder.model_id, 48, templates)
    return Recogniser(detector, embedder, gallery)


@pytest.fixture
def pipeline(recogniser: Recogniser) -> Pipeline:
    return Pipeline(recogniser, Policy.from_card(recogniser.embedder.card, 2))


def watch(pipeline: Pipeline, pictures: Iterable[NDArray[np.uint8]], fps: float = 25) -> list[Recognition]:
    return [pipeline(Frame(picture, i, i * 1000 / fps)) for i, picture in enumerate(pictures)]


def tracks_near(recognitions: list[Recognition], x: float) -> set[int]:
    return {f.track for r in recognitions for f in r.faces if abs((f.box[0] + f.box[2]) / 2 - x) < 24}


def test_the_enrolled_get_their_names_and_a_stranger_none(pipeline: Pipeline, paint: Paint) -> None:
    seen = watch(
        pipeline, (paint({ADA: (60 + i, 60), BOB: (160, 180), EVE: (270 - i, 60)}) for i in range(12))
    )
    named = {(face.person, face.state.value) for face in seen[-1].faces}
    assert named == {("Ada", "known"), ("Bob", "known"), (None, "unknown")}
    assert set(seen[-1].ms) == set(STAGES)


def test_no_name_is_said_before_three_views_agree(pipeline: Pipeline, paint: Paint) -> None:
    states = [r.faces[0].state.value for r in watch(pipeline, [paint({ADA: (160, 120)})] * 4)]
    assert states == ["uncertain", "uncertain", "known", "known"]


def test_crossing_people_keep_their_tracks_and_names(pipeline: Pipeline, paint: Paint) -> None:
    # They walk through each other at the same height; the one in front hides the other for some frames.
    frames = [paint({ADA: (40 + 6 * i, 120), BOB: (280 - 6 * i, 120)}) for i in range(40)]
    seen = watch(pipeline, frames)
    for recognition in (seen[10], seen[-1]):
        by_name = {face.person: face for face in recognition.faces}
        assert set(by_name) == {"Ada", "Bob"}
        left, right = ("Ada", "Bob") if recognition.frame == 10 else ("Bob", "Ada")
        assert by_name[left].box[0] < by_name[right].box[0]
    before = {face.person: face.track for face in seen[10].faces}
    after = {face.person: face.track for face in seen[-1].faces}
    assert before == after
    assert all(face.person in (None, "Ada", "Bob") for r in seen for face in r.faces)


def test_a_hidden_face_gets_its_track_and_name_back_at_once(pipeline: Pipeline, paint: Paint) -> None:
    shown, hidden = paint({ADA: (160, 120)}), paint({})
    seen = watch(pipeline, [shown] * 5 + [hidden] * 10 + [shown] * 3)
    assert seen[7].faces == ()
    assert {face.track for r in seen for face in r.faces} == {1}
    assert seen[-3].faces[0].person == "Ada"
    assert seen[-3].faces[0].state is State.KNOWN


def test_a_face_that_leaves_and_returns_elsewhere_keeps_its_track_and_earns_its_name_again(
    pipeline: Pipeline, paint: Paint
) -> None:
    here, nobody, there = paint({ADA: (56, 64)}), paint({}), paint({ADA: (264, 176)})
    seen = watch(pipeline, [here] * 5 + [nobody] * 50 + [there] * 3)
    assert [face.track for r in seen[-3:] for face in r.faces] == [1, 1, 1]
    assert [r.faces[0].state for r in seen[-3:]] == [State.UNCERTAIN, State.UNCERTAIN, State.KNOWN]


def test_a_name_fades_while_nothing_usable_is_seen_in_its_place(pipeline: Pipeline, paint: Paint) -> None:
    """Somebody whom the gate refuses stands where Ada stood: her name must not stay on him."""
    clear = paint({ADA: (160, 120)})
    murky = cv2.convertScaleAbs(paint({EVE: (160, 120)}), alpha=0.0)
    murky[112:128, 152:168] = (0, 255, 0)  # only the mark that the detector finds
    seen = watch(pipeline, [clear] * 10 + [np.asarray(murky, np.uint8)] * 300)
    assert "too_dark" in seen[20].faces[0].reasons
    assert seen[20].faces[0].track == 1
    assert seen[20].faces[0].state is State.KNOWN  # a moment of shade
    assert seen[80].faces[0].state is State.UNCERTAIN  # after two seconds
    assert seen[-1].faces[0].state is State.UNKNOWN  # after ten
    assert seen[-1].faces[0].person is None


def test_tracks_hold_at_a_low_frame_rate(pipeline: Pipeline, paint: Paint) -> None:
    """Five frames a second, a face that hurries, stops, and turns back."""
    xs = [64, 88, 112, 136, 160, 160, 160, 136, 112, 88]
    seen = watch(pipeline, [paint({ADA: (x, 120)}) for x in xs], fps=5)
    assert {face.track for r in seen for face in r.faces} == {1}


def test_after_a_long_absence_a_new_track_begins(pipeline: Pipeline, paint: Paint) -> None:
    shown, nobody = paint({ADA: (160, 120)}), paint({})
    seen = watch(pipeline, [shown] * 3 + [nobody] * 12 + [shown] * 3, fps=1)
    assert seen[-1].faces[0].track == 2


def test_somebody_else_in_the_same_place_starts_a_new_track(pipeline: Pipeline, paint: Paint) -> None:
    seen = watch(pipeline, [paint({ADA: (160, 120)})] * 5 + [paint({EVE: (160, 120)})] * 5)
    assert seen[4].faces[0].person == "Ada"
    assert {face.state.value for r in seen[5:] for face in r.faces} == {"unknown"}
    assert tracks_near(seen[5:], 160) == {2}


def test_one_person_stands_at_most_once_in_a_frame(
    pipeline: Pipeline, tiny_detector: ModelFile, paint: Paint
) -> None:
    twice = paint({ADA: (60, 120)})
    twice[:, 160:] = twice[:, :160]  # a mirror, a poster, a twin
    seen = watch(pipeline, [twice] * 6)
    assert sorted((face.state.value, face.person) for face in seen[-1].faces) == [
        ("known", "Ada"),
        ("uncertain", "Ada"),
    ]


def test_unrelated_pictures_are_decided_one_by_one(recogniser: Recogniser, paint: Paint) -> None:
    still = Pipeline(recogniser, Policy.from_card(recogniser.embedder.card, 2), still=True)
    seen = watch(still, [paint({ADA: (160, 120)}), paint({EVE: (160, 120)}), paint({BOB: (160, 120)})])
    assert [r.faces[0].person for r in seen] == ["Ada", None, "Bob"]
    assert [r.faces[0].track for r in seen] == [1, 2, 3]


def test_the_summary_counts_people_and_the_nameless(pipeline: Pipeline, paint: Paint) -> None:
    summary = summarise(watch(pipeline, [paint({ADA: (56, 120), EVE: (264, 120)})] * 6))
    assert summary.frames == 6
    assert [(p.person, p.tracks, p.first_ms, p.last_ms) for p in summary.people] == [("Ada", 1, 80.0, 200.0)]
    assert summary.people[0].best_score == pytest.approx(1, abs=0.02)
    assert (summary.unknown_tracks, summary.uncertain_tracks) == (1, 0)


def test_an_empty_gallery_leaves_everyone_unknown(recogniser: Recogniser, paint: Paint) -> None:
    nobody = recogniser.with_gallery(Gallery.build(recogniser.embedder.model_id, 48, []))
    seen = watch(Pipeline(nobody, Policy(0.7, 0.5)), [paint({ADA: (160, 120)})] * 4)
    assert [r.faces[0].state.value for r in seen] == ["unknown"] * 4


def test_a_gallery_of_another_model_is_refused_at_once(recogniser: Recogniser) -> None:
    with pytest.raises(ModelMismatch, match="embed the pictures again"):
        recogniser.with_gallery(Gallery.build("f" * 64, 48, []))


def test_embeddings_of_different_models_never_meet(recogniser: Recogniser) -> None:
    """Ten thousand random mixes of model ids: a comparison happens only within one model."""
    rng = np.random.default_rng(0)
    unit = np.eye(48, dtype=np.float32)[:1]
    ids = ["a" * 64, "b" * 64, "c" * 64]
    galleries = {m: Gallery.build(m, 48, [("Ada", Embeddings(unit, m))]) for m in ids}
    for enrolled, asked in rng.integers(0, 3, (10_000, 2)):
        probe = Embeddings(unit, ids[asked])
        if enrolled == asked:
            assert galleries[ids[enrolled]].candidates(probe)[0][0].person == "Ada"
        else:
            with pytest.raises(ModelMismatch):
                galleries[ids[enrolled]].candidates(probe)
    with pytest.raises(ModelMismatch, match="template of Bob"):
        Gallery.build(ids[0], 48, [("Bob", Embeddings(unit, ids[1]))])
