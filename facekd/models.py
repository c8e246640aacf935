"""Model files: where they lie, which one is meant, and that each is exactly what its card says.

A folder of models holds pairs `NAME.onnx` + `NAME.toml`. Files of well-known models made by others need no card
beside them: `facekd/cards/` holds their cards, found by the file's digest.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from facekd.errors import ModelFileError
from facekd.modelcard import Kind, ModelCard, file_digest, read_card

CARDS = Path(str(files("facekd") / "cards"))
WEIGHTS = Path(str(files("facekd") / "weights"))

DEFAULTS: dict[Kind, tuple[str, ...]] = {
    "detector": ("face_detection_yunet_2026may", "face_detection_yunet_2023mar", "yunet_n_dynamic"),
    "embedder": ("teacher_b_foamliu_mobilefacenet_112_rgb_imagenetnorm",),
}
"""Names in order of preference, for when nobody names a model: freely licensed ones only."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model on disk whose digest fits its card. `read()` checks again, so a swapped file is never run."""

    path: Path
    card: ModelCard

    def read(self) -> bytes:
        """The file's bytes. Raises ModelFileError when they no longer fit the card."""
        data = _read(self.path)
        if (digest := file_digest(data)) != self.card.id:
            raise ModelFileError(
                f"{self.path}: the file's SHA-256 is {digest[:12]}..., its card says {self.card.id[:12]}...; "
                "the file is damaged or the card belongs to another one"
            )
        return data


def open_model_file(path: Path) -> ModelFile:
    """The model at `path`, by the card beside it or by a known card of the same digest.

    Raises ModelFileError: no such file, no card, wrong card, wrong digest.
    """
    beside = path.with_suffix(".toml")
    if beside.is_file():
        model = ModelFile(path, read_card(beside))
        model.read()
        return model
    card = _known_cards().get(file_digest(_read(path)))
    if card is None:
        raise ModelFileError(
            f"{path}: no model card beside this file and it is none of the known models; "
            f"expected {beside.name} in the same folder"
        )
    return ModelFile(path, card)


class Registry:
    """The models in some folders, earlier folders first."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    @classmethod
    def from_environment(cls, home: Path) -> "Registry":
        """`home`/models, the folders in FACEKD_MODELS (separated as in PATH), and what the package ships."""
        named = [Path(p) for p in os.environ.get("FACEKD_MODELS", "").split(os.pathsep) if p]
        return cls([home / "models", *named, WEIGHTS])

    def __iter__(self) -> Iterator[ModelFile]:
        """Every usable model once; files without a card that fits are passed over."""
        seen = set()
        for path in self._paths():
            try:
                model = open_model_file(path)
            except ModelFileError:
                continue
            if model.card.id not in seen:
                seen.add(model.card.id)
                yield model

    def broken(self) -> Iterator[tuple[Path, str]]:
        """Files that are no usable model, each with the reason."""
        for path in self._paths():
            try:
                open_model_file(path)
            except ModelFileError as error:
                yield path, str(error)

    def find(self, wanted: str, kind: Kind) -> ModelFile:
        """The model that a person means: a path to an `.onnx`, its name, or the unique beginning of its id."""
        if wanted.endswith(".onnx") or os.sep in wanted:
            model = open_model_file(Path(wanted))
        else:
            named = next((path for path in self._paths() if path.stem == wanted), None)
            hits = [open_model_file(named)] if named else self._with_id(wanted)
            if len(hits) != 1:
                found = "no model" if not hits else f"{len(hits)} models"
                raise ModelFileError(f"{found} called {wanted!r} here; see `facekd-cli models list`")
            model = hits[0]
        if model.card.kind != kind:
            raise ModelFileError(
                f"expected a model of kind {kind}, got {model.card.name} of kind {model.card.kind}"
            )
        return model

    def default(self, kind: Kind) -> ModelFile:
        """The preferred model of a kind. Raises ModelFileError naming the missing file and where it goes."""
        for name in DEFAULTS[kind]:
            for folder in self.folders:
                path = folder / f"{name}.onnx"
                if path.is_file():
                    return open_model_file(path)
        raise ModelFileError(self.missing([kind]))

    def has_default(self, kind: Kind) -> bool:
        """Whether `default` would find a file."""
        return any((folder / f"{name}.onnx").is_file() for folder in self.folders for name in DEFAULTS[kind])

    def choose(self, wanted: str | None, kind: Kind) -> ModelFile:
        """`find` when a model is named, otherwise `default`."""
        return self.default(kind) if wanted is None else self.find(wanted, kind)

    def missing(self, kinds: Sequence[Kind]) -> str:
        """One sentence naming the model files that `kinds` lack and the folder they go into."""
        names = " and ".join(f"{DEFAULTS[kind][0]}.onnx ({kind})" for kind in kinds)
        return (
            f"missing model files: put {names} into {self.folders[0]}, or name their folder in FACEKD_MODELS"
        )

    def import_file(self, path: Path) -> ModelFile:
        """Copy a model and its card into the first folder. Raises ModelFileError; nothing half done."""
        if path.suffix.lower() != ".onnx":
            raise ModelFileError(f"{path}: expected an .onnx file")
        model = open_model_file(path)
        target = self.folders[0] / path.name
        if target.exists() and file_digest(_read(target)) != model.card.id:
            raise ModelFileError(
                f"{target}: another model of this name is there already; rename {path.name} first"
            )
        if not (target.exists() and target.samefile(path)):
            try:
                _copy_whole([path.with_suffix(".toml"), path], target.parent)
            except OSError as error:
                raise ModelFileError(
                    f"{target}: cannot be written ({error.strerror}); free some space there"
                ) from error
        return open_model_file(target)

    def _with_id(self, beginning: str) -> list[ModelFile]:
        return [model for model in self if len(beginning) >= 4 and model.card.id.startswith(beginning)]

    def _paths(self) -> Iterator[Path]:
        for folder in self.folders:
            if folder.is_dir():
                yield from sorted(folder.glob("*.onnx"))


def _copy_whole(files: Sequence[Path], folder: Path) -> None:
    """Copy those of `files` that exist, in their order, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in files:
        if source.is_file():
            partial = folder / f".{source.name}.part"
            shutil.copyfile(source, partial)
            partial.replace(folder / source.name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: the model file cannot be read ({error.strerror})") from error


@cache
def _known_cards() -> dict[str, ModelCard]:
    return {card.id: card for card in map(read_card, sorted(CARDS.glob("*.toml")))}
