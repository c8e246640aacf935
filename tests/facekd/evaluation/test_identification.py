"""Open-set search on vectors whose cosines are known."""

import numpy as np
import pytest

from facekd.errors import InputError, ModelMismatch
from facekd.evaluation.identification import (
    Portraits,
    curve,
    identification_report,
    operating_point,
    search,
    split_by_count,
)
from facekd.types import Embeddings


def portraits(*faces: tuple[str, float | None], model: str = "m") -> Portraits:
    """Pictures on the unit circle: (person, angle in degrees); None where no face was found."""
    angles = np.array([0.0 if angle is None else angle for _, angle in faces]) * np.pi / 180
    found = np.array([angle is not None for _, angle in faces])
    vectors = (np.stack([np.cos(angles), np.sin(angles)], axis=1) * found[:, None]).astype(np.float32)
    names = tuple(f"{number}.jpg" for number in range(len(faces)))
    return Portraits(names, tuple(person for person, _ in faces), Embeddings(vectors, model), found)


GALLERY = portraits(("ada", 0), ("ada", 40), ("grace", 120))


def cosine(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


def test_a_person_scores_as_the_best_of_the_templates() -> None:
    got = search(GALLERY, portraits(("x", 30), ("x", 5), ("x", 130)))
    assert got.person == ("ada", "ada", "grace")
    assert got.score.tolist() == pytest.approx([cosine(10), cosine(5), cosine(10)])


def test_templates_of_one_person_need_not_lie_together() -> None:
    mixed = portraits(("ada", 0), ("grace", 120), ("ada", 40))
    got = search(mixed, portraits(("x", 38), ("x", 100)))
    assert got.person == ("ada", "grace")
    assert got.score.tolist() == pytest.approx([cosine(2), cosine(20)])


def test_many_probes_are_searched_as_each_alone() -> None:
    angles = np.random.default_rng(0).uniform(0, 360, 2500)
    together = search(GALLERY, portraits(*(("x", angle) for angle in angles)))
    best = [
        max((cosine(angle - at), name) for name, at in (("ada", 0), ("ada", 40), ("grace", 120)))
        for angle in angles
    ]
    assert together.score.tolist() == pytest.approx([score for score, _ in best], abs=1e-6)
    assert together.person == tuple(name for _, name in best)


def test_without_a_face_there_is_no_score_and_no_template() -> None:
    got = search(portraits(("ada", None), ("ada", 40), ("grace", None)), portraits(("x", None), ("x", 120)))
    assert got.score[0] == -np.inf
    assert got.person[1] == "ada"
    with pytest.raises(InputError, match="a face in at least one picture"):
        search(portraits(("ada", None)), portraits(("x", 0)))


def test_embeddings_of_two_models_never_meet() -> None:
    with pytest.raises(
        ModelMismatch, match="expected embeddings of one model, got m in the gallery and other"
    ):
        search(GALLERY, portraits(("x", 0), model="other"))


def test_a_miss_is_a_wrong_name_or_a_score_below_the_threshold() -> None:
    scores, right = np.array([0.9, 0.8, 0.3, -np.inf], np.float32), np.array([True, False, True, False])
    strangers = np.array([0.2, 0.4, 0.6, -np.inf], np.float32)
    at_half = operating_point(scores, right, strangers, 0.5)
    assert (at_half.fpir, at_half.fnir) == (0.25, 0.75)
    lowest = operating_point(scores, right, strangers, -1.0)
    assert (lowest.fpir, lowest.fnir) == (0.75, 0.5)  # the stranger without a face is never named


def test_the_curve_falls_in_fpir_and_rises_in_fnir() -> None:
    rng = np.random.default_rng(1)
    probes = rng.normal(0.6, 0.15, 500).clip(-1, 1).astype(np.float32)
    strangers = rng.normal(0.3, 0.1, 3000).clip(-1, 1).astype(np.float32)
    points = curve(probes, rng.random(500) < 0.95, strangers)
    fpir, fnir, thresholds = ([getattr(p, name) for p in points] for name in ("fpir", "fnir", "threshold"))
    assert (fpir[0], fpir[-1]) == (1.0, 0.0)
    assert fpir == sorted(fpir, reverse=True)
    assert fnir == sorted(fnir)
    assert thresholds == sorted(set(thresholds))
    assert {0.1, 0.01, 0.003, 0.001} <= {round(value, 9) for value in fpir}
    assert len(points) < 250


def test_a_small_curve_has_a_point_for_every_number_of_strangers() -> None:
    strangers = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    points = curve(np.array([0.25], np.float32), np.array([True]), strangers)
    assert [p.fpir for p in points] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [p.fnir for p in points] == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_the_report_counts_a_face_not_found_as_a_miss() -> None:
    probes = portraits(("ada", 30), ("grace", 115), ("grace", 20), ("ada", None))
    strangers = portraits(("s1", 200), ("s2", 150), ("s3", None))
    report = identification_report(GALLERY, probes, strangers)
    assert report.rank1 == 0.5  # 20 degrees is ada's, and one has no face
    assert report.right.tolist() == [True, True, False, False]
    assert (report.n_enrolled, report.n_probes, report.n_strangers) == (2, 4, 3)
    assert report.not_detected == ("3.jpg", "2.jpg")
    best = report.fnir_at(0.34)  # one of three strangers may be named: s2 at cos 30
    assert (best.fpir, best.fnir) == (pytest.approx(1 / 3), 0.5)
    assert cosine(80) < best.threshold <= cosine(30)


def test_probes_of_nobody_enrolled_and_empty_sets_are_refused() -> None:
    with pytest.raises(InputError, match=r"1 are not \(first: 'eve'\)"):
        identification_report(GALLERY, portraits(("eve", 3)), portraits(("s", 200)))
    with pytest.raises(InputError, match="among the strangers"):
        identification_report(GALLERY, portraits(("ada", 3)), portraits())


def test_single_crops_are_strangers_and_first_crops_are_enrolled() -> None:
    files = ("b2", "a1", "c1", "b1", "a3", "a2")
    people = ("b", "a", "c", "b", "a", "a")
    gallery, probes, strangers = split_by_count(files, people)
    assert sorted(files[row] for row in gallery) == ["a1", "b1"]
    assert sorted(files[row] for row in probes) == ["a2", "a3", "b2"]
    assert [files[row] for row in strangers] == ["c1"]
