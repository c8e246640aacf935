"""Bringing in a recogniser made elsewhere: what it wants to be fed is tried on faces, its card is written, it is kept.

A file with its card beside it (or of a known digest) needs neither; its card is checked on the faces all the same.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from facekd.embed import SIDE, Embedder
from facekd.errors import FacekdError, ImageError, ModelFileError
from facekd.evaluation.input_guess import FEWEST_FACES, FEWEST_PEOPLE, Finding, Guess, guess_input
from facekd.evaluation.parameters import count_parameters
from facekd.images import has_picture_suffix
from facekd.modelcard import InputSpec, ModelCard, file_digest
from facekd.models import ModelFile, Registry, open_model_file
from facekd.onnx_session import Session
from facekd.types import Floats, Image
from facekd_ui.i18n.text import T
from facekd_ui.services import model_files
from facekd_ui.services.base import Service
from facekd_ui.services.errors import Invalid
from facekd_ui.services.examination import Examiner, crop_of, crop_png
from facekd_ui.services.model_files import card_text
from facekd_ui.services.model_trials import try_out
from facekd_ui.services.progress import UNWATCHED, Stopped, Watch
from facekd_ui.services.standing import subject

MOST_FACES, EACH = 120, 4
"""Faces that are tried, of each person at most. On three networks made by others, 30 draws of people each, the right
input was the best guess 78 times in 90 with 20 people of two photographs, 88 times with 40, and always with 20 of four.
"""
SHOWN = 10
NAME = re.compile(r"\w[\w .()+-]{0,79}")


@dataclass(frozen=True, slots=True)
class Looked:
    """An `.onnx` file before it is brought in."""

    path: Path
    model_id: str
    megabytes: float
    parameters: int
    size: tuple[int, int]  # height and width of what it sees; 0: any
    dim: int | None
    card: ModelCard | None  # beside it, or known; None: it must be written
    is_here: bool  # among the models already


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What was found out, and some of the faces that it was tried on."""

    finding: Finding
    faces: tuple[bytes, ...]  # PNG
    from_folder: bool


@dataclass(frozen=True, slots=True)
class Details:
    """What only a person can say of a model. All but name, licence and origin may be empty."""

    name: str
    licence: str
    origin: str
    trained_on: str = ""
    method: str = ""
    limits: str = ""


class TooFewFaces(Invalid):
    """There are not enough faces to find anything out."""


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    crops: Image  # [n, 112, 112, 3] RGB
    people: list[int]
    known: Floats | None  # [n, d] by the recogniser in use


class ModelImport(Service):
    """Three steps: look at the file, try its input, bring it in."""

    name = "model_import"

    def look(self, path: Path) -> Looked:
        """What the file is. Raises ModelFileError when it is no network that embeds faces of at most 112 x 112."""
        if path.suffix.lower() != ".onnx":
            raise ModelFileError(f"{path}: expected an .onnx file")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelFileError(f"{path}: the model file cannot be read ({error.strerror})") from error
        digest, card = file_digest(data), _card_of(path)
        here = model_files.here(self._desk.networks.registry, digest) is not None
        megabytes, parameters = len(data) / 1e6, count_parameters(data)
        if card is not None:
            return Looked(path, digest, megabytes, parameters, card.input.size, card.dim, card, here)
        provisional = _provisional(path, data)
        Embedder(ModelFile(path, provisional), threads=self._desk.networks.choice.threads)
        size, dim = provisional.input.size, provisional.dim
        return Looked(path, digest, megabytes, parameters, size, dim, None, here)

    def guess(self, path: Path, folder: Path | None = None, watch: Watch = UNWATCHED) -> Tried:
        """Tries the input of a recogniser on people on file, or on photographs of a folder for each person.

        Args:
            watch: told of guesses.

        Raises:
            TooFewFaces: `FEWEST_FACES` are needed.
            ModelFileError: the network embeds nothing.
            Stopped: the watch cancelled.
        """
        card = _card_of(path) or _provisional(path, path.read_bytes())
        choice = self._desk.networks.choice
        embedder = Embedder(ModelFile(path, card), threads=choice.threads, provider=choice.provider)
        faces = self._own_faces() if folder is None else self._faces_of(folder, watch)
        judged_by_people = sum(faces.people.count(one) > 1 for one in set(faces.people)) >= FEWEST_PEOPLE
        if len(faces.crops) < FEWEST_FACES or not (judged_by_people or faces.known is not None):
            raise TooFewFaces(
                T(
                    "Expected {n} faces to try it on, found {got}. Choose a folder with photographs, or say yourself "
                    "what the model's author states.",
                    n=FEWEST_FACES,
                    got=len(faces.crops),
                )
            )

        def tell(done: int, total: int) -> None:
            watch.progress(done, total)
            if watch.cancelled():
                raise Stopped

        finding = guess_input(embedder, faces.crops, np.array(faces.people, np.int64), faces.known, tell)
        shown = tuple(crop_png(crop) for crop in faces.crops[:: max(1, len(faces.crops) // SHOWN)][:SHOWN])
        return Tried(finding, shown, folder is not None)

    def bring(self, path: Path, guess: Guess | None = None, details: Details | None = None) -> ModelFile:
        """Copies the model to this computer's models, with a card made of both where it has none.

        Raises:
            Invalid: a card is needed and its name, licence or origin is missing.
            ModelFileError: the model does not run, or its file cannot be copied.
        """
        registry = self._desk.networks.registry
        if _card_of(path) is not None:
            try_out(open_model_file(path))
            model = registry.import_file(path)
        else:
            if guess is None or details is None:
                raise Invalid(T("This file has no card. Say what it is and where it is from."))
            model = _with_card(registry, path, guess, details)
        self._write(
            lambda t: self._audit(t, "model.import", subject(model.card.id), {"name": model.card.name})
        )
        return model

    def _own_faces(self) -> _Faces:
        with self._store.reading() as t:
            chosen = _choose(t.crops.index())
            images = t.crops.thumbnails([crop_id for crop_id, _ in chosen])
        crops, people = [], []
        for crop_id, person in chosen:
            try:
                crop = crop_of(images[crop_id])
            except (KeyError, ImageError):
                continue
            if crop.shape == (SIDE, SIDE, 3):
                crops.append(crop)
                people.append(person)
        stacked = np.stack(crops) if crops else np.zeros((0, SIDE, SIDE, 3), np.uint8)
        embedder = self._known()
        known = embedder.embed(stacked).vectors if embedder is not None and crops else None
        return _Faces(stacked, people, known)

    def _faces_of(self, folder: Path, watch: Watch) -> _Faces:
        embedder = self._known()
        if embedder is None:
            raise Invalid(T("No recogniser is at hand that finds faces in photographs."))
        examiner = Examiner(self._desk.networks, embedder)
        crops, people, vectors = [], [], []
        for person, path in _photographs(folder):
            if watch.cancelled():
                raise Stopped
            shot = examiner.file(path)
            if shot.crop is not None and shot.vector is not None:
                crops.append(shot.crop)
                people.append(person)
                vectors.append(shot.vector)
        if not crops:
            return _Faces(np.zeros((0, SIDE, SIDE, 3), np.uint8), [], None)
        return _Faces(np.stack(crops), people, np.stack(vectors))

    def _known(self) -> Embedder | None:
        """The recogniser in use, where its file is here."""
        try:
            return self._desk.networks.embedder(self._desk.gallery.current().model_id)
        except FacekdError:
            return None


def _card_of(path: Path) -> ModelCard | None:
    """The card beside the file, or a known one. Raises ModelFileError when the card beside it does not fit."""
    if path.with_suffix(".toml").is_file():
        return open_model_file(path).card
    try:
        return open_model_file(path).card
    except ModelFileError:
        return None


def _provisional(path: Path, data: bytes) -> ModelCard:
    """A card that says of the input only what the file itself says. Raises ModelFileError."""
    session = Session(data, path.name)
    shape, outputs = session.input_shape, list(session.output_shapes.values())
    if len(shape) != 4 or not all(isinstance(side, int) for side in shape[1:]):
        raise ModelFileError(
            f"{path.name}: expected a network with an input of shape [n, 3, height, width], got {list(shape)}; a face "
            "finder needs its card beside it"
        )
    if len(outputs) != 1 or len(outputs[0]) != 2 or not isinstance(outputs[0][1], int):
        raise ModelFileError(
            f"{path.name}: expected a network with one output of shape [n, d], the embedding, got "
            f"{[list(each) for each in outputs]}; a face finder needs its card beside it"
        )
    spec: InputSpec = Guess().spec((int(shape[2] or 0), int(shape[3] or 0)))
    return ModelCard(file_digest(data), "embedder", spec, "", "", dim=outputs[0][1], name=path.stem)


def _with_card(registry: Registry, path: Path, guess: Guess, details: Details) -> ModelFile:
    name, licence, origin = (each.strip() for each in (details.name, details.licence, details.origin))
    if not (licence and origin):
        raise Invalid(T("Say under which licence the model may be used, and where it is from."))
    if not NAME.fullmatch(name):
        raise Invalid(
            T("Expected a name of letters, figures, spaces and .-+(), at most 80, got {name}.", name=name)
        )
    data = path.read_bytes()
    known = _provisional(path, data)
    card = msgspec.structs.replace(
        known,
        name=name,
        input=guess.spec(known.input.size),
        licence=licence,
        origin=origin,
        trained_on=details.trained_on.strip(),
        method=details.method.strip(),
        limits=details.limits.strip(),
    )
    with tempfile.TemporaryDirectory() as between:
        copy = Path(between) / f"{name}.onnx"
        copy.write_bytes(data)
        copy.with_suffix(".toml").write_text(card_text(card), encoding="utf-8")
        try_out(open_model_file(copy))
        return registry.import_file(copy)


def _choose(index: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """(crop, person): people with several photographs first, drawn the same way each time."""
    of_person: dict[int, list[int]] = {}
    for crop_id, person in index:
        of_person.setdefault(person, []).append(crop_id)
    drawn = [sorted(of_person)[number] for number in np.random.default_rng(0).permutation(len(of_person))]
    drawn.sort(key=lambda person: -min(EACH, len(of_person[person])))
    chosen = [(crop_id, person) for person in drawn for crop_id in of_person[person][:EACH]]
    return chosen[:MOST_FACES]


def _photographs(folder: Path) -> Iterator[tuple[int, Path]]:
    """(person, file): a folder for each person, photographs beside them are of a person each."""
    number = found = 0
    for entry in sorted(folder.iterdir()):
        if found >= MOST_FACES:
            return
        files = sorted(entry.iterdir())[:EACH] if entry.is_dir() else [entry]
        pictures = [file for file in files if has_picture_suffix(file.name)]
        for file in pictures:
            yield number, file
        number += bool(pictures)
        found += len(pictures)
