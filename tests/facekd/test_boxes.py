import numpy as np
import pytest

from facekd.boxes import areas, centre_distances, iou

A = np.array([[0, 0, 10, 10], [0, 0, 4, 2]], np.float32)
B = np.array([[5, 0, 15, 10], [0, 0, 10, 10], [20, 20, 30, 30]], np.float32)


def test_intersection_over_union_of_every_pair() -> None:
    # 50 shared of 150; the same box; apart. 4x2 within 10x10: 8 of 100.
    assert iou(A, B) == pytest.approx(np.array([[1 / 3, 1, 0], [0, 0.08, 0]]))


def test_empty_boxes_overlap_nothing() -> None:
    empty = np.array([[3, 3, 3, 3]], np.float32)
    assert iou(empty, empty).tolist() == [[0]]
    assert iou(np.zeros((0, 4), np.float32), B).shape == (0, 3)


def test_areas_and_distances() -> None:
    assert areas(A).tolist() == [100, 8]
    assert centre_distances(A, B)[0].tolist() == pytest.approx([5, 0, np.hypot(20, 20)])
