"""Who is kept for validation: whole people of faces, images of every class otherwise. Seeded, never by chance."""

import numpy as np
from numpy.typing import NDArray

from facekd.distil.data.imageset import ImageSet
from facekd.errors import InputError


def cut_classes(images: ImageSet, share: float, seed: int) -> tuple[ImageSet, ImageSet | None]:
    """Training and validation images without a common class.

    People with one image stay in training: nobody can be verified by one image. Unlabelled images stay in training
    too, so the caller must know that they show nobody of the validation (no program can).

    Args:
        images: labelled or not.
        share: of the classes; 0 gives no validation.
        seed: of the choice.

    Raises:
        InputError: fewer than two people would be kept, or none would be left.
    """
    if share == 0:
        return images, None
    counts = np.bincount(images.labels[images.labels >= 0], minlength=len(images.classes))
    several = np.flatnonzero(counts >= 2)
    n = round(share * len(images.classes))
    if n < 2 or n >= len(images.classes) or n > len(several):
        raise InputError(
            f"expected to keep at least two people with two images for validation and some for training, but {share:g} "
            f"of {len(images.classes)} people ({len(several)} with two images or more) does not; choose another share"
        )
    kept = np.random.default_rng(seed).choice(several, n, replace=False)
    held_out = np.isin(images.labels, kept)
    return _divided(images, held_out)


def cut_images(images: ImageSet, share: float, seed: int) -> tuple[ImageSet, ImageSet | None]:
    """Training and validation images with the same share of every class; unlabelled ones stay in training."""
    if share == 0:
        return images, None
    generator = np.random.default_rng(seed)
    held_out = np.zeros(len(images), np.bool_)
    for number in range(len(images.classes)):
        rows = np.flatnonzero(images.labels == number)
        held_out[generator.permutation(rows)[: round(share * len(rows))]] = True
    if not held_out.any():
        raise InputError(f"{share:g} of every class is not one image; choose a larger share for validation")
    train, validation = _divided(images, held_out)
    assert validation is not None
    return train, validation.take(np.arange(len(validation)), train.classes)


def _divided(images: ImageSet, held_out: NDArray[np.bool_]) -> tuple[ImageSet, ImageSet | None]:
    train = images.take(np.flatnonzero(~held_out))
    return train, images.take(np.flatnonzero(held_out))
