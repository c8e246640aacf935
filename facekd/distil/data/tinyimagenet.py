"""Tiny-ImageNet as it is published: train/WNID/images/*.JPEG, and val/images with val_annotations.txt."""

from functools import partial
from pathlib import Path
from typing import Literal

from facekd.distil.data.folder import content_of, read_rgb
from facekd.distil.data.imageset import Entry, Listing, digest_of
from facekd.errors import InputError
from facekd.images import list_pictures


def list_tinyimagenet(path: Path, part: Literal["train", "val"]) -> Listing:
    """The images of one part.

    Args:
        path: the unpacked folder (with `train` and `val` in it), or one of the two.
        part: which, when both are there.

    Raises:
        InputError: another layout, or an image that the annotations do not name.
    """
    root = path / part if (path / part).is_dir() else path
    if (root / "val_annotations.txt").is_file():
        return _list_val(root)
    pictures = list_pictures(root) if root.is_dir() else []
    entries = [
        Entry(picture.name, picture.relative_to(root).parts[0], partial(read_rgb, picture))
        for picture in pictures
        if len(picture.relative_to(root).parts) == 3
    ]
    if not entries:
        raise InputError(
            f"{path}: expected Tiny-ImageNet (train/WNID/images/*.JPEG, val/images and val/val_annotations.txt), "
            "found another layout"
        )
    return Listing(str(root), tuple(entries), digest_of(content_of(pictures, root)))


def _list_val(root: Path) -> Listing:
    file = root / "val_annotations.txt"
    label = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        words = line.split("\t")
        if len(words) < 2:
            raise InputError(f"{file} line {number}: expected file, class and box, got {line[:80]!r}")
        label[words[0]] = words[1]
    pictures = list_pictures(root / "images")
    if missing := [picture.name for picture in pictures if picture.name not in label]:
        raise InputError(f"{file}: expected a class for every image, {len(missing)} lack one: {missing[0]}")
    entries = [Entry(one.name, label[one.name], partial(read_rgb, one)) for one in pictures]
    parts = [file.read_bytes(), *content_of(pictures, root)]
    return Listing(str(root), tuple(entries), digest_of(iter(parts)))
