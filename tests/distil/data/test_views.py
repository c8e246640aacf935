"""Views and the knowledge cache: reproducible alone and together, resumable, never stale."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from facekd.config import AUGMENTS, AugmentConfig
from facekd.distil.data.augment import COLUMNS, Augment, crop_and_flip, jpeg, light
from facekd.distil.data.knowledge import CHUNK, CacheError, Knowledge
from facekd.distil.data.views import Order, Views
from facekd.distil.networks.stages import StagedOutput, StageSpec

NONE = AugmentConfig(0.0, 0, *[0.0] * 10)
ALL = AugmentConfig(0.5, 2, 20.0, 0.2, 0.1, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0)


def pictures(n: int = 40, side: int = 24) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (n, side, side, 3)).astype(np.uint8))


def zeros(rows: Any) -> Any:
    return np.zeros(len(rows), np.int64)


@pytest.mark.parametrize("config", [ALL, AUGMENTS["face"], AUGMENTS["classification"], NONE])
def test_a_view_is_the_same_alone_and_in_any_batch(config: AugmentConfig) -> None:
    views = Views(pictures(), Augment(config), 3, 0)
    rows = np.arange(40)
    together = views.make(rows, rows % 3)
    mixed = np.random.default_rng(1).permutation(40)[:17]
    assert torch.equal(views.make(mixed, mixed % 3), together[torch.from_numpy(mixed)])
    for row in (0, 7, 39):
        alone = Views(pictures(), Augment(config), 3, 0).make(np.array([row]), np.array([row % 3]))
        assert torch.equal(alone[0], together[row])


def test_no_augmentation_changes_nothing() -> None:
    images = pictures()
    rows = np.arange(40)
    assert torch.equal(Views(images, Augment(NONE), 1, 0).make(rows, zeros(rows)), images.permute(0, 3, 1, 2))


def test_views_differ_and_come_back() -> None:
    views = Views(pictures(), Augment(ALL), 4, 0)
    rows = np.arange(40)
    shown = [views.views_of(rows, epoch) for epoch in range(1, 9)]
    assert np.array_equal(shown[0], shown[4])
    for row in range(40):  # four epochs show all four views of each image
        assert {int(view[row]) for view in shown[:4]} == {0, 1, 2, 3}
    assert not torch.equal(views.make(rows, zeros(rows)), views.make(rows, zeros(rows) + 1))
    fresh = Views(pictures(), Augment(ALL), 0, 0)
    assert fresh.views_of(rows, 5).tolist() == [4] * 40


def test_flip_and_crop_move_whole_pixels_with_mirrored_edges() -> None:
    image = torch.arange(9, dtype=torch.uint8).reshape(1, 3, 3, 1)
    numbers = torch.zeros(1, COLUMNS)
    numbers[0, 0] = 0.99  # down by one: rows 1, 2 and the mirrored 1
    numbers[0, 1] = 0.5  # not sideways
    got = crop_and_flip(image, numbers, flip=0.0, border=1)
    assert got[0, :, :, 0].tolist() == [[3, 4, 5], [6, 7, 8], [3, 4, 5]]
    got = crop_and_flip(image, numbers, flip=1.0, border=1)
    assert got[0, :, :, 0].tolist() == [[5, 4, 3], [8, 7, 6], [5, 4, 3]]


def test_light_is_saturation_contrast_and_brightness_one_after_the_other() -> None:
    x = torch.rand(4, 3, 8, 8, dtype=torch.float64) * 100 + 60
    numbers = torch.rand(4, COLUMNS, dtype=torch.float64)
    s, k, bright = ((1 + (2 * numbers[:, column] - 1) * 0.2)[:, None, None, None] for column in (5, 6, 7))
    grey = x.mean(1, keepdim=True)
    expected = grey + s * (x - grey)
    middle = expected.mean((1, 2, 3), keepdim=True)
    expected = bright * (middle + k * (expected - middle))
    assert torch.allclose(
        light(x.clone(), numbers, replace(NONE, light=0.2, contrast=0.2, saturation=0.2)), expected
    )


def test_jpeg_keeps_a_smooth_picture_and_harms_a_noisy_one_as_opencv_does() -> None:
    rng = np.random.default_rng(0)
    noisy = rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)
    smooth = np.repeat(np.linspace(20, 200, 32)[:, None, None], 32, 1).repeat(3, 2).astype(np.uint8)
    for image in (noisy, smooth):
        x = torch.from_numpy(image).permute(2, 0, 1)[None].float()
        ours = jpeg(x, torch.full((1, 1), 0.8))[0].permute(1, 2, 0).numpy()  # quality 50
        flags = [cv2.IMWRITE_JPEG_QUALITY, 50, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
        coded = cv2.imencode(".jpg", image[:, :, ::-1], flags)[1]
        theirs = cv2.imdecode(coded, cv2.IMREAD_COLOR)[:, :, ::-1]
        # libjpeg rounds colours before its transform, which may tip a coefficient of noise over to the next step
        harm = np.abs(theirs.astype(float) - image).mean()
        assert np.abs(ours - theirs).mean() <= 0.2 * harm + 1


def test_order_is_a_permutation_dealt_out_without_overlap() -> None:
    whole = list(Order(50, 10, seed=3).batches(2))
    assert sorted(np.concatenate(whole).tolist()) == list(range(50))
    halves = [list(Order(50, 10, 3, rank, 2).batches(2)) for rank in (0, 1)]
    for step, batch in enumerate(whole):
        assert set(halves[0][step]) | set(halves[1][step]) == set(batch)
        assert len(halves[0][step]) == len(halves[1][step]) == 5
    assert [r.tolist() for r in Order(50, 10, 3).batches(2, start=3)] == [r.tolist() for r in whole[3:]]
    assert Order(5, 64, 0).steps == 1


class Mean:
    """A teacher that says the mean colour, and counts how often it is asked."""

    def __init__(self, name: str = "mean", die_after: int = 10**9) -> None:
        self.id = name
        self.stage_specs = (StageSpec("pixels", 1, 3, False),)
        self.embedding_dim, self.classes = 3, 0
        self.asked = 0
        self.die_after = die_after

    def __call__(self, images: Tensor) -> StagedOutput:
        self.asked += len(images)
        if self.asked > self.die_after:
            raise KeyboardInterrupt
        return StagedOutput((images,), images.mean((2, 3)))


def test_the_cache_answers_as_the_teacher_does(tmp_path: Path) -> None:
    views = Views(pictures(CHUNK + 9), Augment(ALL), 2, 0)
    teacher = Mean()
    knowledge = Knowledge(tmp_path, teacher, views, "d")
    assert knowledge.build()
    assert knowledge.is_complete()
    rows, which = np.array([3, 70, 3]), np.array([0, 1, 1])
    got = knowledge.output(rows, which, torch.device("cpu"))
    live = teacher(views.make(rows, which).float()).pooled()
    assert got.embedding is not None
    assert live.embedding is not None
    assert torch.equal(got.embedding, live.embedding)
    assert torch.equal(got.stages[0], live.stages[0])
    assert (got.logits, got.responses) == (None, ())
    before = teacher.asked
    assert Knowledge(tmp_path, teacher, views, "d").build()
    assert teacher.asked == before  # nothing is asked twice


def test_a_killed_build_is_continued(tmp_path: Path) -> None:
    views = Views(pictures(4 * CHUNK), Augment(NONE), 2, 0)
    with pytest.raises(KeyboardInterrupt):
        Knowledge(tmp_path, Mean(die_after=2 + 3 * CHUNK), views, "d").build()
    teacher = Mean()
    knowledge = Knowledge(tmp_path, teacher, views, "d")
    assert not knowledge.is_complete()
    assert knowledge.build()
    assert teacher.asked == 5 * CHUNK
    assert knowledge.is_complete()


def test_a_stopped_build_keeps_what_is_done(tmp_path: Path) -> None:
    views = Views(pictures(4 * CHUNK), Augment(NONE), 1, 0)
    assert not Knowledge(tmp_path, Mean(), views, "d").build(advance=lambda done, _: done < 3)
    teacher = Mean()
    assert Knowledge(tmp_path, teacher, views, "d").build()
    assert teacher.asked == CHUNK


def test_two_processes_fill_the_cache_without_asking_twice(tmp_path: Path) -> None:
    views = Views(pictures(3 * CHUNK), Augment(NONE), 1, 0)
    teachers = [Mean(), Mean()]
    for rank in (0, 1):
        assert Knowledge(tmp_path, teachers[rank], views, "d").build(rank, 2)
    assert [teacher.asked for teacher in teachers] == [2 + 2 * CHUNK, CHUNK]  # two to learn the shapes
    assert Knowledge(tmp_path, Mean(), views, "d").is_complete()


def test_nothing_stale_is_ever_met(tmp_path: Path) -> None:
    views = Views(pictures(), Augment(ALL), 2, 0)
    base = Knowledge(tmp_path, Mean(), views, "d").folder
    others = [
        Knowledge(tmp_path, Mean("other"), views, "d"),
        Knowledge(tmp_path, Mean(), views, "other data"),
        Knowledge(tmp_path, Mean(), Views(pictures(), Augment(ALL), 3, 0), "d"),
        Knowledge(tmp_path, Mean(), Views(pictures(), Augment(ALL), 2, 1), "d"),
        Knowledge(tmp_path, Mean(), Views(pictures(), Augment(replace(ALL, blur=0.9)), 2, 0), "d"),
    ]
    assert len({base, *(one.folder for one in others)}) == 6


def test_a_damaged_cache_says_what_to_delete(tmp_path: Path) -> None:
    views = Views(pictures(), Augment(NONE), 1, 0)
    knowledge = Knowledge(tmp_path, Mean(), views, "d")
    knowledge.build()
    (knowledge.folder / "embedding.npy").write_bytes(b"short")
    with pytest.raises(CacheError, match="delete the folder"):
        Knowledge(tmp_path, Mean(), views, "d").build()
