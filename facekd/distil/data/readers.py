"""From the configuration's `[data]` to training and validation images."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from facekd.config import Cut, DataConfig
from facekd.config_table import ConfigError
from facekd.distil.data.cifar import FILES, list_cifar
from facekd.distil.data.folder import list_folder
from facekd.distil.data.imageset import ImageSet, Listing, default_cache, open_images
from facekd.distil.data.packed import list_packed
from facekd.distil.data.split import cut_classes, cut_images
from facekd.distil.data.tinyimagenet import list_tinyimagenet
from facekd.errors import InputError

Task = Literal["face", "classification"]
Part = Literal["train", "validation"]
Reader = Callable[[Path, Task, Part], Listing]

READERS: dict[str, Reader] = {
    "packed": lambda path, task, _: list_packed(path, task),
    "folder": lambda path, _task, _part: list_folder(path),
    "cifar": lambda path, _, part: list_cifar(path, "train" if part == "train" else "test"),
    "tinyimagenet": lambda path, _, part: list_tinyimagenet(path, "train" if part == "train" else "val"),
}


@dataclass(frozen=True, slots=True)
class Data:
    """What a run learns from and is judged by."""

    train: ImageSet
    validation: ImageSet | None
    remarks: tuple[str, ...]  # what the person should know: unlabelled images, unreadable files


def cache_folder(data: DataConfig) -> Path:
    """Where decoded images and the teacher's answers lie."""
    return Path(data.cache) if data.cache else default_cache()


def open_data(data: DataConfig, seed: int, advance: Callable[[int], None] = lambda _: None) -> Data:
    """Training and validation images of a run.

    Args:
        data: with absolute paths.
        seed: of the cut. The cut is the same for every seed of `[budget]`, so that runs can be compared; callers
            pass a constant.
        advance: called with the number of images decoded.

    Raises:
        InputError: a source is missing or unusable. ConfigError: a cut that does not fit the task.
    """
    reader, cache = READERS[data.kind], cache_folder(data)
    remarks = []
    listings = []
    for text in data.train:
        listing = reader(Path(text), data.task, "train")
        if (remark := _suspicious(listing)) and data.task == "face":
            remarks.append(remark)
        listings.append(listing)
    listings += [_without_labels(reader(Path(text), data.task, "train")) for text in data.unlabelled]
    everything = open_images(listings, data.size, cache, advance)
    remarks += _unreadable(everything)
    everything = _without_rare(everything, data.min_images)
    validation: ImageSet | None = None
    if isinstance(data.validation, Cut):
        train, validation = _cut(everything, data.validation, data.task, seed)
    elif data.validation:
        train = everything
        listing = reader(Path(data.validation), data.task, "validation")
        validation = open_images([listing], everything.side, cache, advance)
        remarks += _unreadable(validation)
        if data.task == "classification":
            validation = _same_classes(validation, train, data.validation)
    else:
        train = everything
    if unlabelled := int((train.labels < 0).sum()):
        remarks.append(
            f"{unlabelled:,} of {len(train):,} training images have no label; they serve the terms that need none"
        )
    return Data(train, validation, tuple(remarks))


def open_for_evaluation(path: Path, task: Task, side: int, classes: tuple[str, ...], cache: Path) -> ImageSet:
    """The images of a file or folder whose kind is found out; classes numbered as in `classes`."""
    listing = READERS[kind_of(path)](path, task, "validation")
    found = open_images([listing], side, cache)
    order = np.arange(len(found))
    unknown = sorted(set(found.classes) - set(classes))
    if unknown:
        raise InputError(
            f"{path}: expected the {len(classes)} classes that the model knows, also found {unknown[0]!r}"
        )
    return found.take(order, classes)


def kind_of(path: Path) -> str:
    """Which of `READERS` fits a path."""
    if path.suffix == ".npz":
        return "packed"
    if path.suffix in (".gz", ".tar", ".tgz") or path.name in FILES:
        return "cifar"
    if path.is_dir() and any(p.name in FILES and p.is_file() for p in path.rglob("*")):
        return "cifar"
    if (path / "val" / "val_annotations.txt").is_file() or (path / "val_annotations.txt").is_file():
        return "tinyimagenet"
    return "folder"


def _cut(images: ImageSet, cut: Cut, task: Task, seed: int) -> tuple[ImageSet, ImageSet | None]:
    if task == "face" and cut.images:
        raise ConfigError(
            "[data] validation: faces are cut by identity, never by image; use {identities = 0.05}"
        )
    if task == "classification" and cut.identities:
        raise ConfigError("[data] validation: classes are cut by image; use {images = 0.1}")
    if task == "face":
        return cut_classes(images, cut.identities, seed)
    return cut_images(images, cut.images, seed)


def _suspicious(listing: Listing) -> str:
    """Every image another person: most likely a running number and no identity."""
    labels = [entry.label for entry in listing.entries if entry.label]
    if len(labels) < 20 or len(set(labels)) < len(labels):
        return ""
    return (
        f"{listing.source}: every one of {len(labels):,} images shows another person; if its identity is only a "
        "running number, name the file under [data] unlabelled instead of train"
    )


def _unreadable(images: ImageSet) -> list[str]:
    if not images.skipped:
        return []
    listed = "; ".join(f"{one.name} ({one.reason})" for one in images.skipped[:20])
    more = f"; and {len(images.skipped) - 20:,} more" if len(images.skipped) > 20 else ""
    return [f"{len(images.skipped):,} files cannot be read and are left out: {listed}{more}"]


def _without_labels(listing: Listing) -> Listing:
    entries = tuple(dataclasses.replace(entry, label="") for entry in listing.entries)
    return dataclasses.replace(listing, entries=entries, digest=f"unlabelled-{listing.digest}")


def _without_rare(images: ImageSet, least: int) -> ImageSet:
    if least <= 1:
        return images
    counts = np.bincount(images.labels[images.labels >= 0], minlength=len(images.classes))
    kept = [name for name, count in zip(images.classes, counts.tolist(), strict=True) if count >= least]
    return dataclasses.replace(images.take(np.arange(len(images)), kept), digest=images.digest)


def _same_classes(validation: ImageSet, train: ImageSet, where: str) -> ImageSet:
    if unknown := sorted(set(validation.classes) - set(train.classes)):
        raise InputError(
            f"{where}: expected the classes of the training images, also found {unknown[0]!r} "
            f"({len(unknown)} unknown); check that both belong together"
        )
    return validation.take(np.arange(len(validation)), train.classes)
