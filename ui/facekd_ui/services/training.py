"""Training runs as an engineer deals with them: drafted, measured, queued, started, continued, compared, deleted.

The trainer is another process (`training_child`); what happens in it is followed by `workers.training_runs`. The
files of a run are the only memory: `training_runs` reads them.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from facekd.config_table import toml_text
from facekd.models import DEFAULTS, ModelFile
from facekd.protocol import EVENTS_FILE
from facekd_ui.i18n.relayed import relayed
from facekd_ui.i18n.text import T
from facekd_ui.services import training_crops
from facekd_ui.services.base import Desk, Service
from facekd_ui.services.errors import Invalid
from facekd_ui.services.sealing import write_whole
from facekd_ui.services.training_child import ask
from facekd_ui.services.training_crops import OwnPeople
from facekd_ui.services.training_drafts import Described, Draft, digest_of, from_run
from facekd_ui.services.training_ends import Changes
from facekd_ui.services.training_runs import (
    CONFIG_FILE,
    DRAFT_FILE,
    About,
    Run,
    Shelf,
    is_active,
    new_folder,
    next_number,
    read_about,
    read_config,
    read_run,
    write_about,
)
from facekd_ui.session import Session

__all__ = ["Launch", "Teachers", "Training", "runs_folder"]


@dataclass(frozen=True, slots=True)
class Launch:
    """What the training process is called with."""

    folder: Path
    words: tuple[str, ...]
    home: Path


@dataclass(frozen=True, slots=True)
class Teachers:
    """Who can teach: models at hand and finished runs."""

    models: tuple[ModelFile, ...]
    runs: tuple[Run, ...]


def runs_folder(home: Path) -> Path:
    """Where the runs of an installation lie."""
    return home / "runs"


class Training(Service):
    """For engineers. Acts on runs are in the audit log; drafts and looks are not."""

    name = "training"

    def __init__(self, desk: Desk, session: Session) -> None:
        super().__init__(desk, session)
        self._runs = runs_folder(desk.home)
        self._shelf = Shelf(self._runs)

    @property
    def home(self) -> Path:
        """The home folder, for what is asked of the trainer (`training_describe`)."""
        return self._desk.home

    # -- looks

    def own_people(self) -> OwnPeople:
        """Who agreed to training, and with how many photographs."""
        with self._store.reading() as t:
            return training_crops.count(t)

    def teachers(self) -> Teachers:
        """Models that can teach, freely licensed ones of faces first, and finished runs."""
        models = [model for model in self._desk.networks.registry if model.card.kind != "detector"]
        models.sort(key=lambda model: (model.card.name not in DEFAULTS["embedder"], model.card.name))
        return Teachers(tuple(models), tuple(run for run in self._shelf.read() if run.model is not None))

    def stages(self, path: Path) -> dict[str, Any]:
        """The tensors of an ONNX file that can be stages, and those that are taken unless one chooses."""
        found: dict[str, Any] = ask(["describe", "--onnx", str(path)], self._desk.home)
        return found

    def measure(self, draft: Draft, cancelled: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        """Time, memory and disk of a draft by a few real steps; previews and the teacher's errors as pictures.

        Crops of people on file that it needs are deleted when it ends; that they were taken is in the audit log.

        Raises:
            TrainingRefused, TrainingFailed: in the trainer's words. TrainingCancelled.
        """
        work = self._desk.home / "cache" / "warm-up"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True, mode=0o700)
        try:
            if draft.own_people:
                taken = training_crops.export(self._store, work)
                self._write(lambda t: self._audit(t, "training.measure", detail=_taken(taken)))
                draft = training_crops.point_at(draft, work)
            (work / DRAFT_FILE).write_text(draft.toml(), "utf-8")
            found: dict[str, Any] = ask(
                ["estimate", str(work / DRAFT_FILE), "--out", str(work / "shown")], self._desk.home, cancelled
            )
            for picture in (*found["preview"], *found["teacher"]["wrong"]):
                picture["png"] = Path(picture.pop("file")).read_bytes()
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return found

    def compare(self, folders: Sequence[Path], out: Path | None = None) -> dict[str, Any]:
        """Rows of finished runs, mean and deviation over seeds; files into `out` when it is given."""
        words = ["compare", *map(str, folders), *(["--out", str(out)] if out is not None else [])]
        found: dict[str, Any] = ask(words, self._desk.home)
        return found

    # -- drafts

    def save(self, draft: Draft, folder: Path | None = None) -> Run:
        """Keeps a draft; a new folder and number unless it has one. Raises Invalid once the run has begun."""
        if folder is None:
            seed = draft.get("budget", "seed", 0)
            folder = new_folder(
                self._runs, draft.get("method", "name"), draft.get("student", "network"), seed
            )
            write_about(folder, number=next_number(self._runs))
        elif (folder / CONFIG_FILE).is_file():
            raise Invalid(T("This run has begun. Duplicate it to change its numbers."))
        write_about(folder, title=draft.title, purpose=draft.purpose, own_people=draft.own_people)
        write_whole(folder / DRAFT_FILE, draft.toml().encode())
        return read_run(folder)

    def duplicate(self, folder: Path, described: Described, changes: Changes | None = None) -> Run:
        """A new draft with the values of a run."""
        about = read_about(folder)
        draft = from_run(read_config(folder), described)
        draft.purpose, draft.own_people = about.purpose or "best", about.own_people
        if draft.own_people:
            for key in ("train", "cache"):
                draft.table.get("data", {}).pop(key, None)
            draft.put("data", "train", [])
        for section, values in (changes or {}).items():
            for key, value in values.items():
                draft.put(section, key, value)
        return self.save(draft)

    def queue(self, folder: Path, *, waits: bool, changes: Changes | None = None) -> Run:
        """Puts a run behind those that wait, with changes of its configuration; or takes it out."""
        since = datetime.now(UTC).isoformat() if waits else ""
        if changes:
            run = read_run(folder)
            if run.has_checkpoint:
                _change(folder / CONFIG_FILE, run.config, changes)
            else:
                _begin_anew(folder, run, changes)
        write_about(folder, waiting_since=since)
        return read_run(folder)

    # -- acts

    def start(self, folder: Path, changes: Changes | None = None) -> Launch:
        """Begins a draft, or goes on with a run from its last checkpoint; without one it begins anew.

        Args:
            folder: of the run.
            changes: of its configuration, to get past what ended it.

        Raises:
            Invalid: a process has it already, or nobody on file agreed to training.
        """
        if is_active(folder):
            raise Invalid(T("This run goes on already, in another window or by itself."))
        run = read_run(folder)
        if run.wrong:
            raise Invalid(relayed(run.wrong))
        detail: dict[str, Any] = {}
        if run.about.own_people:
            taken = training_crops.export(self._store, folder)
            detail = _taken(taken)
            if not taken.people:
                training_crops.remove(folder)
                raise Invalid(
                    T("Nobody on file has agreed to training. Record their consent first, under People.")
                )
        if run.has_checkpoint:
            words: tuple[str, ...] = ("resume", str(folder))
            _change(folder / CONFIG_FILE, run.config, changes)
        else:
            _begin_anew(folder, run, changes)
            words = ("train", str(folder / DRAFT_FILE), "--out", str(folder))
        self._write(lambda t: self._audit(t, "training.start", _subject(folder), detail))
        write_about(folder, started=True, waiting_since="", ended_kind="", ended_text="")
        return Launch(folder, words, self._desk.home)

    def stop(self, folder: Path) -> None:
        """Notes that somebody stopped a run; `workers.training_runs` tells the process."""
        self._write(lambda t: self._audit(t, "training.stop", _subject(folder)))

    def delete(self, folder: Path) -> None:
        """Removes a run with everything that it made. Raises Invalid while a process has it."""
        if is_active(folder):
            raise Invalid(T("This run goes on. Stop it first."))
        if self._runs.resolve() not in folder.resolve().parents:
            raise Invalid(T("This folder is no run of this computer."))
        self._write(lambda t: self._audit(t, "training.delete", _subject(folder)))
        gone = folder.with_name(f".{folder.name}.deleted")
        folder.rename(gone)  # at once and whole; what is left of it after a crash is no run
        shutil.rmtree(gone, ignore_errors=True)

    def send(self, folder: Path) -> ModelFile:
        """Copies the student of a finished run to the models of this computer, under the name of its run.

        Raises:
            Invalid: the run has no student yet. ModelFileError: its file is damaged or cannot be copied.
        """
        run = read_run(folder)
        if run.model is None:
            raise Invalid(T("This run has no student yet. Let it end first."))
        with tempfile.TemporaryDirectory() as between:
            for ending in (".onnx", ".toml"):
                shutil.copyfile(run.model.with_suffix(ending), Path(between) / f"{folder.name}{ending}")
            model = self._desk.networks.registry.import_file(Path(between) / f"{folder.name}.onnx")
        self._write(lambda t: self._audit(t, "training.send", _subject(folder)))
        return model


def note_end(folder: Path, kind: str, text: str) -> About:
    """What the window saw of an end about which the trainer left no word; people's pictures go."""
    training_crops.remove(folder)
    return write_about(folder, ended_kind=kind, ended_text=text)


def tidy(runs: Sequence[Run]) -> None:
    """Removes people's pictures of runs that ended while no window looked."""
    for run in runs:
        if run.about.own_people and not is_active(run.folder):
            training_crops.remove(run.folder)


def _taken(taken: OwnPeople) -> dict[str, Any]:
    return {"people": taken.people, "pictures": taken.pictures}


def _subject(folder: Path) -> str:
    return f"run:{folder.name}"[:64]


def _change(path: Path, config: Any, changes: Changes | None) -> None:
    if not changes:
        return
    table = {key: dict(value) if isinstance(value, dict) else value for key, value in config.items()}
    for section, values in changes.items():
        table.setdefault(section, {}).update(values)
    write_whole(path, toml_text(table, "Changed in the window to get past an error.").encode())


def _begin_anew(folder: Path, run: Run, changes: Changes | None) -> None:
    """A draft that the trainer takes; what an attempt without a checkpoint left goes."""
    draft = Draft({key: dict(value) for key, value in run.config.items() if isinstance(value, dict)})
    for section, values in (changes or {}).items():
        for key, value in values.items():
            draft.put(section, key, value)
    if run.about.own_people:
        draft = training_crops.point_at(draft, folder)
    write_whole(folder / DRAFT_FILE, draft.toml().encode())
    for name in (CONFIG_FILE, EVENTS_FILE):
        (folder / name).unlink(missing_ok=True)


def same_numbers(one: Draft, other: Draft) -> bool:
    """Whether an estimate of one is one of the other."""
    return digest_of(one) == digest_of(other)
