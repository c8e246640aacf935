"""The figures that docs/evaluation.md states, measured again on the research data.

The teachers were trained by others on MS1M or CASIA, which may hold people of LFW and CelebA.
"""

import functools
from pathlib import Path

import pytest

from facekd.embed import Embedder
from facekd.evaluation.faces import portraits_of_packed
from facekd.evaluation.identification import Portraits, identification_report, split_by_count
from facekd.evaluation.pairs import read_pairs
from facekd.evaluation.verification import TrueAccepts, VerificationReport, pair_scores, verification_report
from facekd.models import open_model_file
from facekd.packed import Packed

pytestmark = pytest.mark.shared

TEACHER_A = "teacher_a_y1_mobilefacenet_112_rgb_raw.onnx"
TEACHER_B = "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm.onnx"


@functools.cache  # one run of the network for every test of the session
def everyone(data: Path, faces: str, model: str, flip: bool = False) -> Portraits:
    """All crops of a packed set, embedded."""
    embedder = Embedder(open_model_file(data / "weights" / model), flip=flip)
    return portraits_of_packed(Packed.open(data / "faces" / faces), embedder, lambda steps: None)


def report_of(data: Path, faces: str, pairs: str, model: str, *, flip: bool = False) -> VerificationReport:
    portraits, listed = everyone(data, faces, model, flip), read_pairs(data / "faces" / pairs)
    scores = pair_scores(listed, portraits.files, portraits.embeddings, portraits.found)
    return verification_report(scores, listed.same, listed.fold)


def test_teacher_b_tells_lfw_pairs_apart(shared_data: Path) -> None:
    report = report_of(shared_data, "lfw_test_112.npz", "lfw_pairs.txt", TEACHER_B)
    assert report.accuracy.mean == pytest.approx(0.993, abs=0.003)
    assert report.accuracy.std == pytest.approx(0.0037, abs=0.001)
    assert report.eer == pytest.approx(0.0067, abs=0.001)
    strict = report.tar_at_far["1e-3"]
    assert isinstance(strict, TrueAccepts)
    assert strict.lo < strict.tar == pytest.approx(0.985, abs=0.003)
    assert not isinstance(
        report.tar_at_far["1e-4"], TrueAccepts
    )  # 3,000 impostor pairs carry nothing below 1e-3


def test_teacher_b_names_the_enrolled_and_leaves_strangers_unnamed(shared_data: Path) -> None:
    lfw = everyone(shared_data, "lfw_test_112.npz", TEACHER_B)
    report = identification_report(*(lfw.take(rows) for rows in split_by_count(lfw.files, lfw.people)))
    assert (report.n_enrolled, report.n_probes, report.n_strangers) == (1680, 7484, 4069)
    assert report.rank1 == pytest.approx(0.986, abs=0.003)
    for fpir, fnir in ((1e-1, 0.029), (1e-2, 0.062), (3e-3, 0.114)):
        point = report.fnir_at(fpir)
        assert point.fpir <= fpir
        assert point.fnir == pytest.approx(fnir, abs=0.003)
        assert point in report.curve
    assert report.not_detected == ()


@pytest.mark.parametrize(
    ("model", "pairs", "accuracy"),
    [
        (TEACHER_B, "celeba_heldout_pairs.csv", 0.9890),
        (TEACHER_A, "celeba_heldout_pairs.csv", 0.9907),
        (TEACHER_A, "celeba_heldout_pairs_hard.csv", 0.9897),
    ],
)
def test_held_out_pairs_come_out_as_the_data_says(
    shared_data: Path, model: str, pairs: str, accuracy: float
) -> None:
    report = report_of(shared_data, "celeba_heldout_112.npz", pairs, model)
    assert report.accuracy.mean == pytest.approx(accuracy, abs=0.003)


@pytest.mark.parametrize(
    ("pairs", "accuracy"), [("celeba_heldout_pairs.csv", 0.9890), ("celeba_heldout_pairs_hard.csv", 0.9893)]
)
def test_with_flip_teacher_b_reaches_both_held_out_figures_of_the_data(
    shared_data: Path, pairs: str, accuracy: float
) -> None:
    report = report_of(shared_data, "celeba_heldout_112.npz", pairs, TEACHER_B, flip=True)
    assert report.accuracy.mean == pytest.approx(accuracy, abs=0.003)


def test_hard_held_out_pairs_cost_teacher_b_more_without_flip(shared_data: Path) -> None:
    # The data's table says 98.93, which only crop and mirrored crop together reach (98.87); without flip no single
    # threshold over all 3,000 pairs gives more than 98.63, so 98.5 is right for what `evaluate` measures.
    report = report_of(shared_data, "celeba_heldout_112.npz", "celeba_heldout_pairs_hard.csv", TEACHER_B)
    assert report.accuracy.mean == pytest.approx(0.985, abs=0.002)
