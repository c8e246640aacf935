"""Every index answers as an exact scan in float64 does, changes safely, and refuses wrong arguments."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facekd.native import extension
from facekd.search import SEARCHES, Index, NumpyIndex, SearchIndex
from facekd.types import Floats, Ids

Make = Callable[[int], SearchIndex]
KINDS: dict[str, Make] = {
    "numpy": NumpyIndex,
    "compact": Index,
    "plain": lambda dim: Index(dim, compact=False),
    "one thread": lambda dim: Index(dim, threads=1),
}


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest) -> Make:
    return KINDS[request.param]


def unit(rows: Floats) -> Floats:
    """Rows made to have length 1."""
    return np.ascontiguousarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def random_unit(rng: np.random.Generator, n: int, dim: int) -> Floats:
    return unit(rng.standard_normal((n, dim)).astype(np.float32))


def scan(ids: Ids, rows: Floats, queries: Floats, k: int) -> tuple[Ids, Floats]:
    """The definition: all scores in float64, sorted by score then id. `fsum`-like care is not needed: products
    are exact and rows are summed one by one, so equal rows get equal scores."""
    found, scores = np.full((len(queries), k), -1), np.full((len(queries), k), -np.inf)
    for number, query in enumerate(queries.astype(np.float64)):
        exact = np.array([np.sum(row * query) for row in rows.astype(np.float64)])
        order = np.lexsort((ids, -exact))[:k]
        found[number, : len(order)], scores[number, : len(order)] = ids[order], exact[order]
    return found, scores.astype(np.float32)


def assert_same(got: tuple[Ids, Floats], ids: Ids, rows: Floats, queries: Floats, k: int) -> None:
    """Same ids and scores as the scan; where two exact scores differ by rounding only, either order is right."""
    want_ids, want_scores = scan(ids, rows, queries, k)
    assert got[0].dtype == np.int64
    assert got[1].dtype == np.float32
    np.testing.assert_allclose(got[1], want_scores, atol=1e-6, rtol=0)
    place = {int(i): n for n, i in enumerate(ids)}
    for q, place_in in np.argwhere(got[0] != want_ids):
        pair = [rows[place[int(found[q, place_in])]].astype(np.float64) for found in (got[0], want_ids)]
        scores = [np.sum(row * queries[q].astype(np.float64)) for row in pair]
        assert abs(scores[0] - scores[1]) < 1e-14, "a different row, and not by a rounding of float64"
        assert not np.array_equal(*pair), "equal rows must come by lower id"


def galleries(name: str, rng: np.random.Generator, n: int, dim: int) -> Floats:
    """Rows that make a bound's life easy, or hard."""
    if name == "random":
        return random_unit(rng, n, dim)
    if name == "clustered":
        centres = random_unit(rng, 1 + n // 5, dim)
        return unit(centres[np.arange(n) % len(centres)] + rng.normal(0, 0.02, (n, dim)).astype(np.float32))
    if name == "duplicated":
        return np.ascontiguousarray(random_unit(rng, 1 + n // 7, dim)[rng.integers(0, 1 + n // 7, n)])
    if name == "all alike":  # within 1e-3 of each other
        return unit(
            random_unit(rng, 1, dim) + rng.uniform(-1, 1, (n, dim)).astype(np.float32) * 4e-4 / dim**0.5
        )
    if name == "one-hot":
        return np.eye(dim, dtype=np.float32)[rng.integers(0, dim, n)]
    rows = random_unit(rng, n, dim) * rng.uniform(0.99905, 1.00095, (n, 1))  # as long or short as allowed
    return rows.astype(np.float32)


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["random", "clustered", "duplicated", "all alike", "one-hot", "uneven"]),
    search=st.sampled_from(sorted(KINDS)),
    n=st.integers(0, 300),
    dim=st.integers(1, 70),
    m=st.integers(1, 9),
    k=st.integers(1, 40),
)
@settings(max_examples=150, deadline=None)
def test_the_answer_is_that_of_an_exact_scan_in_float64(
    seed: int, kind: str, search: str, n: int, dim: int, m: int, k: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = galleries(kind, rng, n, dim)
    ids = rng.permutation(2 * n + 1)[:n].astype(np.int64)
    near = rows[:m] if seed % 2 and n >= m else random_unit(rng, m, dim)
    index = KINDS[search](dim)
    index.add(ids, rows)
    assert_same(index.search(near, k), ids, rows, near, k)


@pytest.mark.skipif(extension is None, reason="compares the extension with its reference")
@pytest.mark.parametrize("kind", ["random", "clustered", "duplicated", "all alike", "uneven"])
@pytest.mark.parametrize("m", [1, 40])
def test_large_galleries_answer_bit_for_bit_as_the_reference(kind: str, m: int) -> None:
    rng = np.random.default_rng(7)
    rows = galleries(kind, rng, 90_000, 128)  # beyond the size from which the coarse copy is read
    ids = rng.permutation(len(rows)).astype(np.int64)
    queries = np.concatenate([rows[: m // 2], random_unit(rng, m - m // 2, 128)])
    reference, index = NumpyIndex(128), Index(128)
    reference.add(ids, rows)
    index.add(ids, rows)
    for got, want in zip(index.search(queries, 10), reference.search(queries, 10), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.shared
def test_real_faces_with_five_templates_each_are_found_exactly(
    make: Make, weights: Path, shared_data: Path
) -> None:
    rows = embeddings(weights, shared_data, people=60, templates=5)
    index = make(rows.shape[1])
    ids = np.arange(len(rows))
    index.add(ids, rows)
    assert_same(index.search(rows[:80], 7), ids, rows, rows[:80], 7)


def embeddings(weights: Path, shared_data: Path, people: int, templates: int) -> Floats:
    """Teacher B's vectors of the first `templates` crops of people who have so many."""
    faces = np.load(shared_data / "faces" / "celeba_heldout_112.npz")
    identity, offsets, data = faces["identity"], faces["offsets"], faces["data"]
    chosen = [np.flatnonzero(identity == person)[:templates] for person in np.unique(identity)]
    numbers = np.concatenate([rows for rows in chosen if len(rows) == templates][:people])
    crops = [cv2.imdecode(data[offsets[i] : offsets[i + 1]], cv2.IMREAD_COLOR)[..., ::-1] for i in numbers]
    pixels = np.stack(crops).astype(np.float32) / 255
    pixels = (pixels - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
    model = weights / "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm.onnx"
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (vectors,) = session.run(None, {session.get_inputs()[0].name: pixels.transpose(0, 3, 1, 2)})
    return unit(vectors)


def test_equal_scores_come_by_lower_id(make: Make) -> None:
    index = make(2)
    index.add(np.array([9, 4, 7, 2]), np.float32([[1, 0], [1, 0], [0, 1], [1, 0]]))
    ids, scores = index.search(np.float32([[1, 0]]), 3)
    assert ids.tolist() == [[2, 4, 9]]
    assert scores.tolist() == [[1, 1, 1]]


def test_fewer_rows_than_k_are_filled_up_with_minus_one_and_minus_infinity(make: Make) -> None:
    index = make(2)
    assert index.search(np.float32([[1, 0]]), 2)[0].tolist() == [[-1, -1]]
    index.add(np.array([5]), np.float32([[0.6, 0.8]]))
    ids, scores = index.search(np.float32([[1, 0], [0, 1]]), 2)
    assert ids.tolist() == [[5, -1], [5, -1]]
    np.testing.assert_array_equal(scores, np.float32([[0.6, -np.inf], [0.8, -np.inf]]))


def test_no_queries_give_no_answers(make: Make) -> None:
    index = make(3)
    ids, scores = index.search(np.zeros((0, 3), np.float32), 4)
    assert ids.shape == scores.shape == (0, 4)


def test_changes_follow_a_model_of_dicts(make: Make) -> None:
    rng = np.random.default_rng(3)
    index, model = make(9), dict[int, Floats]()
    for step in range(120):
        n = int(rng.integers(0, 90))
        known = np.array(sorted(model), np.int64)
        if step % 3 == 0:
            ids = np.setdiff1d(rng.integers(0, 4000, n), known)
            rows = random_unit(rng, len(ids), 9)
            index.add(ids, rows)
            model.update(zip(ids.tolist(), rows, strict=True))
        elif step % 3 == 1:
            ids = rng.permutation(known)[:n]
            rows = random_unit(rng, len(ids), 9)
            index.replace(ids, rows)
            model.update(zip(ids.tolist(), rows, strict=True))
        else:
            ids = rng.permutation(known)[:n]
            index.remove(ids)
            for i in ids.tolist():
                del model[i]
        ids = np.array(sorted(model), np.int64)
        rows = np.array([model[int(i)] for i in ids], np.float32).reshape(-1, 9)
        assert len(index) == len(model)
        np.testing.assert_array_equal(index.ids, ids)
        query = random_unit(rng, 2, 9)
        assert_same(index.search(query, 5), ids, rows, query, 5)


@pytest.mark.parametrize("size", [0, 1, 12, 400])
def test_allow_restricts_to_ids_or_to_a_bitmap_of_ids(make: Make, size: int) -> None:
    rng = np.random.default_rng(size)
    ids, rows = rng.permutation(900)[:500].astype(np.int64), random_unit(rng, 500, 20)
    index, query = make(20), random_unit(rng, 3, 20)
    index.add(ids, rows)
    allowed = np.concatenate([rng.permutation(ids)[:size], np.array([901, 5_000_000])])  # two are unknown
    bitmap = np.zeros(905, bool)
    bitmap[allowed[:-1]] = True
    mask = np.isin(ids, allowed)
    for allow in (allowed, bitmap, set(allowed.tolist())):
        assert_same(index.search(query, 6, allow=allow), ids[mask], rows[mask], query, 6)


def test_matches_are_all_pairs_at_or_above_the_threshold_best_first(make: Make) -> None:
    index = make(2)
    index.add(np.array([3, 8, 1]), np.float32([[1, 0], [0.6, 0.8], [0.6, 0.8]]))
    queries = np.float32([[1, 0], [0, -1], [0, 1]])
    query, ids, scores = index.matches(queries, float(np.float32(0.6)))
    assert query.tolist() == [0, 0, 0, 2, 2]
    assert ids.tolist() == [3, 1, 8, 1, 8]
    np.testing.assert_array_equal(scores, np.float32([1, 0.6, 0.6, 0.8, 0.8]))


def test_matches_of_a_gallery_with_itself_find_the_planted_duplicates(make: Make) -> None:
    rng = np.random.default_rng(11)
    rows = random_unit(rng, 400, 64)
    rows[[17, 230]] = rows[[90, 90]]
    index = make(64)
    index.add(np.arange(400), rows)
    query, ids, _ = index.matches(rows, 0.9)
    pairs = {(int(a), int(b)) for a, b in zip(query, ids, strict=True) if a < b}
    assert pairs == {(17, 90), (90, 230), (17, 230)}


WRONG: dict[str, tuple[type[Exception], str, Callable[[SearchIndex, Floats], object]]] = {
    "float64 rows": (TypeError, "float64", lambda i, r: i.add(np.array([9, 8]), r.astype(float))),  # type: ignore[arg-type]
    "a list": (TypeError, "list", lambda i, r: i.search(r.tolist(), 1)),  # type: ignore[arg-type]
    "int32 ids": (TypeError, "int32", lambda i, r: i.remove(np.array([0], np.int32))),  # type: ignore[arg-type]
    "other byte order": (TypeError, "f4", lambda i, r: i.search(r.astype(">f4"), 1)),
    "Fortran order": (ValueError, "order", lambda i, r: i.search(np.asfortranarray(r), 1)),
    "every other row": (ValueError, "order", lambda i, r: i.search(np.repeat(r, 2, 0)[::2], 1)),
    "every other id": (ValueError, "ids", lambda i, r: i.remove(np.arange(4)[::2])),
    "another dimension": (ValueError, r"\(n, 4\).*\(2, 3\)", lambda i, r: i.search(r[:, :3].copy(), 1)),
    "one query without its axis": (ValueError, r"\(4,\)", lambda i, r: i.search(r[0], 1)),
    "more ids than rows": (ValueError, r"\(3, 4\).*\(2, 4\)", lambda i, r: i.add(np.array([7, 8, 9]), r)),
    "k = 0": (ValueError, "k: .*0", lambda i, r: i.search(r, 0)),
    "k < 0": (ValueError, "k: .*-3", lambda i, r: i.search(r, -3)),
    "NaN": (ValueError, "row 1", lambda i, r: i.search(with_value(r, np.nan), 1)),
    "infinity": (ValueError, "row 1", lambda i, r: i.add(np.array([8, 9]), with_value(r, np.inf))),
    "a zero row": (ValueError, "row 1", lambda i, r: i.add(np.array([8, 9]), r * np.float32([[1], [0]]))),
    "a long row": (
        ValueError,
        "row 1",
        lambda i, r: i.replace(np.array([0, 1]), r * np.float32([[1], [1.1]])),
    ),
    "a short query": (ValueError, "row 0", lambda i, r: i.matches(r * np.float32(0.99), 0.5)),
    "a known id": (ValueError, "1", lambda i, r: i.add(np.array([9, 1]), r)),
    "a repeated new id": (ValueError, "9", lambda i, r: i.add(np.array([9, 9]), r)),
    "a repeated id to remove": (ValueError, "1", lambda i, r: i.remove(np.array([1, 1]))),
    "an unknown id to remove": (ValueError, "77", lambda i, r: i.remove(np.array([0, 77]))),
    "an unknown id to replace": (ValueError, "77", lambda i, r: i.replace(np.array([0, 77]), r)),
    "a negative id": (ValueError, "-1", lambda i, r: i.add(np.array([9, -1]), r)),
    "a threshold that is no number": (ValueError, "nan", lambda i, r: i.matches(r, float("nan"))),
    "allow of another kind": (TypeError, "allow", lambda i, r: i.search(r, 1, allow=np.array([1.0]))),  # type: ignore[arg-type]
    "allow with two axes": (ValueError, "allow", lambda i, r: i.search(r, 1, allow=np.array([[1]]))),
}


def with_value(rows: Floats, value: float) -> Floats:
    """A copy whose second row holds a value that is not finite."""
    rows = rows.copy()
    rows[1, 2] = value
    return rows


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_is_refused_by_name_and_changes_nothing(make: Make, case: str) -> None:
    error, message, call = WRONG[case]
    rows = unit(np.float32([[1, 2, 3, 4], [-1, 1, 0, 2]]))
    index = make(4)
    index.add(np.array([0, 1]), rows)
    before = index.search(rows, 2)
    with pytest.raises(error, match=message):
        call(index, rows)
    assert len(index) == 2
    for now, then in zip(index.search(rows, 2), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("dim", [0, -1])
def test_an_index_without_components_is_refused(make: Make, dim: int) -> None:
    with pytest.raises(ValueError, match=f"dim: .*{dim}"):
        make(dim)


def test_every_search_backend_is_in_the_registry() -> None:
    assert {"native": Index, "numpy": NumpyIndex} == SEARCHES
