"""Models travel with the store: whoever deploys one puts its bytes there, and every computer takes them from there."""

import logging
from pathlib import Path
from typing import Any

import msgspec

from facekd.config_table import toml_text
from facekd.errors import ModelFileError
from facekd.modelcard import ModelCard, file_digest
from facekd.models import ModelFile, Registry, open_model_file
from facekd_db.store import Store, Tables
from facekd_ui.services.sealing import write_whole

log = logging.getLogger(__name__)


def put(t: Tables, model: ModelFile, data: bytes) -> None:
    """Card and bytes into the store, where they are not there yet."""
    card = msgspec.json.encode(model.card).decode()
    t.models.add(model.card.id, name=model.card.name, kind=model.card.kind, dim=model.card.dim, card=card)
    t.models.keep_file(model.card.id, data)


def here(registry: Registry, model_id: str) -> ModelFile | None:
    """The model of this id on this computer."""
    return next((model for model in registry if model.card.id == model_id), None)


def fetch(store: Store, registry: Registry, model_id: str) -> ModelFile | None:
    """The model on this computer, taken from the store where it is not here yet; None: it is in neither.

    Raises:
        ModelFileError: the bytes in the store are not that model's, or they cannot be written here.
    """
    found = here(registry, model_id)
    if found is not None:
        return found
    with store.reading() as t:
        data = t.models.file(model_id)
        row = t.models.get(model_id)
    if data is None:
        return None
    if file_digest(data) != model_id:
        raise ModelFileError(
            f"{row.name}: the model's file in the database is damaged; import the model here, or deploy it again on a "
            "computer that has it"
        )
    card = msgspec.json.decode(row.card, type=ModelCard)
    path = _free_place(registry.folders[0], card.name, model_id)
    try:
        # The card first: a model without its card would be refused by whoever looks in between.
        write_whole(path.with_suffix(".toml"), card_text(card).encode())
        write_whole(path, data)
    except OSError as error:
        raise ModelFileError(
            f"{path}: cannot be written ({error.strerror}); free some space there"
        ) from error
    log.info("%s came from the database", path)
    return open_model_file(path)


def card_text(card: ModelCard) -> str:
    """A card as the file beside its model."""
    fields: dict[str, Any] = msgspec.to_builtins(card)
    del fields["name"]  # the file's name is the name
    return toml_text(fields)


def _free_place(folder: Path, name: str, model_id: str) -> Path:
    """Another model may have that name here."""
    plain = Path(name).name or model_id[:12]
    path = folder / f"{plain}.onnx"
    return (
        folder / f"{plain}-{model_id[:12]}.onnx"
        if path.exists() or path.with_suffix(".toml").exists()
        else path
    )
