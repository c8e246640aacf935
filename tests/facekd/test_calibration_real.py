"""The promise on real people: galleries drawn from 600 of LFW, all others are the strangers."""

import math
from pathlib import Path

import numpy as np
import pytest

from facekd.calibration import Promise, calibrate
from facekd.embed import Embedder
from facekd.models import Registry
from facekd.packed import Packed

TEACHER_B = "teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm"
STRANGERS = 30


@pytest.mark.shared
def test_the_interval_holds_the_rate_of_real_strangers_in_nine_galleries_of_ten(
    shared_data: Path, weights: Path
) -> None:
    packed = Packed.open(shared_data / "faces" / "lfw_test_112.npz")
    assert packed.identity is not None
    first = np.unique(packed.identity, return_index=True)[1]
    rng = np.random.default_rng(0)
    rows = rng.permutation(first)[:600]
    embedder = Embedder(Registry([weights]).choose(TEACHER_B, "embedder"), threads=1)
    crops = np.stack([packed.image_rgb(int(row)) for row in rows]).astype(np.uint8)
    vectors = np.concatenate(
        [embedder.embed(crops[start : start + 64]).vectors for start in range(0, 600, 64)]
    )
    inside, widths = 0, []
    for _ in range(40):
        order = rng.permutation(600)
        gallery, others = vectors[order[:60]], vectors[order[60:]]
        answer = calibrate(gallery, [str(person) for person in order[:60]]).promise(STRANGERS)
        assert isinstance(answer, Promise)
        named = int(((others @ gallery.T).max(axis=1) >= answer.threshold).sum())
        # 540 strangers cannot measure a share finer than one of them.
        inside += math.floor(answer.lo * 540) <= named <= math.ceil(answer.hi * 540)
        widths.append(answer.hi / answer.lo)
    assert inside >= 36
    assert np.median(widths) < 30  # a promise that says nothing would be right always
