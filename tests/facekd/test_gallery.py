import numpy as np

from facekd.gallery import Gallery
from facekd.types import Candidate, Embeddings

MODEL = "a" * 64


def unit(*rows: tuple[float, float]) -> Embeddings:
    """Unit vectors in the plane, as embeddings of dimension 3."""
    vectors = np.array([(x, y, 0) for x, y in rows], np.float32)
    return Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), MODEL)


def test_a_persons_score_is_that_of_the_best_template() -> None:
    gallery = Gallery.build(MODEL, 3, [("Ada", unit((1, 0), (0, 1))), ("Bob", unit((1, 1)))])
    ((first, second),) = gallery.candidates(unit((0, 1)))
    assert first == Candidate("Ada", 1.0)
    assert (second.person, round(second.score, 4)) == ("Bob", 0.7071)


def test_many_templates_of_the_best_person_do_not_hide_the_second() -> None:
    ada = unit(*[(1, i / 100) for i in range(20)])
    gallery = Gallery.build(MODEL, 3, [("Ada", ada), ("Bob", unit((0, 1))), ("Cid", unit((-1, 0)))])
    assert [c.person for c in gallery.candidates(unit((1, 0)))[0]] == ["Ada", "Bob"]


def test_one_enrolled_person_is_the_only_candidate() -> None:
    gallery = Gallery.build(MODEL, 3, [("Ada", unit((1, 0)))])
    assert [len(c) for c in gallery.candidates(unit((1, 0), (0, 1)))] == [1, 1]


def test_nobody_enrolled_gives_no_candidates() -> None:
    assert Gallery.build(MODEL, 3, []).candidates(unit((1, 0), (0, 1))) == ((), ())


def test_a_person_enrolled_in_two_pieces_is_one_person() -> None:
    gallery = Gallery.build(MODEL, 3, [("Ada", unit((1, 0))), ("Bob", unit((0, 1))), ("Ada", unit((1, 0.1)))])
    assert [c.person for c in gallery.candidates(unit((1, 0)))[0]] == ["Ada", "Bob"]
    assert len(gallery) == 3
