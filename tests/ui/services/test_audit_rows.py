"""Every act leaves its row in the audit log; looking at lists leaves none, or the log would drown."""

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import facekd_ui
from facekd.models import ModelFile
from facekd_db.records import NewTemplate, PersonFields, Role, Sighting
from facekd_ui.services import words
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.people import GivenConsent
from facekd_ui.services.recording import face_picture
from facekd_ui.services.standing import Staged, Switched
from facekd_ui.services.training_drafts import Draft
from facekd_ui.session import RIGHTS

Portrait = Callable[..., Path]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB = 1, 6
ACT = re.compile(r"[a-z]+\.[a-z_]+")
PASSWORD, OTHER = "seven quiet herons", "nine loud pelicans"
BOX = (128.0, 88.0, 192.0, 152.0)

LOOKS = {
    "account.me", "account.active", "accounts.all", "accounts.sessions", "people.page", "people.count",
    "people.ids", "groups.all", "groups.within", "merging.plan", "merging.lookalikes", "merging.of", "crowd.deletion",
    "people.departments", "people.find", "people.thumbnails", "people.deletion", "people.erasures",
    "enrolment.examine_files", "enrolment.examine", "enrolment.alike", "imports.plan", "imports.pending",
    "imports.forget", "recognition.live", "recognition.faces", "cameras.all", "records.page", "records.count",
    "records.get", "records.image", "records.cameras", "records.tally", "records.hours", "records.why",
    "shared.all", "shared.consent_text", "audit.page", "promises.overview", "promises.at",
    "comparison.latest", "comparison.verdict", "comparison.pictures", "deployment.state", "deployment.history",
    "deployment.plan",
    # Figures for whoever decides; the decision leaves a row.
    "comparison.run",
    # Drafts are plans; what a measurement takes out of the store leaves its own row.
    "training.own_people", "training.teachers", "training.stages", "training.measure", "training.compare",
    "training.save", "training.duplicate", "training.queue",
    # Figures and pictures for whoever decides.
    "models.shelf", "models.time", "models.terms", "models.names", "models.line", "model_import.look",
    "model_import.guess",
    # Proving a password leaves a row when it fails; the act that asked for it leaves its own.
    "account.prove",
    # Whoever began to record left a row; this sends what was seen then.
    "recording.send_waiting",
}  # fmt: skip


class Scene:
    """An administrator with everything that an act may need."""

    def __init__(
        self, services: Services, desk: Desk, portrait: Portrait, paint: Paint, folder: Path, other: ModelFile
    ) -> None:
        self.s, self.desk, self.folder = services, desk, folder
        self.other = str(other.path)  # another model
        hashed = desk.store.hasher().hash(PASSWORD)
        desk.store.run(lambda t: t.operators.add("Zoe", Role.ADMINISTRATOR, hashed))
        self.picture = paint({ADA: (160, 120)})
        self.shots = services.enrolment.examine_files([portrait(ADA)])
        self.more = services.enrolment.examine_files([portrait(ADA, shade=40)])
        self.bobs = services.enrolment.examine_files([portrait(BOB)])
        self.ada = services.enrolment.enrol(PersonFields("Ada"), self.shots).person
        self.camera = services.cameras.use("Door", "device", "0")
        image = face_picture(self.picture, BOX)
        with desk.store.transaction() as t:
            sighting = Sighting(desk.store.now(), self.camera.id, "known", "t", self.ada.id, 0.8, image)
            t.events.record("0" * 32, [sighting])
            (self.event,) = t.events.page()
        self.olga = next(r.operator for r in services.accounts.all() if r.operator.name == "Olga")
        self.consent = GivenConsent("en", "I agree.", "Ada", desk.store.now())
        portrait(BOB, "staff/Bob/1.png")

    def gone(self) -> int:
        return self.s.people.delete(self.ada.id, self.ada.version).version

    @property
    def one(self) -> list[tuple[int, int]]:
        return [(self.ada.id, self.ada.version)]

    def draft(self, *, done: bool = False) -> Path:
        draft = Draft({"data": {"kind": "packed", "train": ["a.npz"], "task": "face"},
                       "method": {"name": "plain"}, "student": {"network": "desktop"}})  # fmt: skip
        folder = self.s.training.save(draft).folder
        if done:
            model = next(one for one in self.desk.networks.registry if one.card.kind == "embedder")
            shutil.copyfile(model.path, folder / "student.onnx")
            shutil.copyfile(model.path.with_suffix(".toml"), folder / "student.toml")
        return folder

    def merged(self) -> tuple[int, int]:
        bob = self.s.enrolment.enrol(PersonFields("Bob"), self.bobs).person
        _, gone = self.s.merging.merge(self.one[0], (bob.id, bob.version), self.ada.fields)
        return gone.id, gone.version

    def vouched(self) -> None:
        self.s.comparison.run(self.other)
        self.s.deployment.override(self.other, "Zoe", PASSWORD, "a trial")

    def staged(self) -> Staged:
        self.vouched()
        return self.s.deployment.stage(self.other)

    def switched(self) -> Switched:
        self.staged()
        return self.s.deployment.switch(self.other)

    def crowded(self) -> Services:
        """Thirty people more, stored as another computer would: enough for a promise of one's own."""
        vectors = np.random.default_rng(0).normal(size=(30, 48))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        model = self.desk.gallery.current().model_id
        with self.desk.store.transaction() as t:
            for number, vector in enumerate(vectors.astype("<f4")):
                key = t.people.add(PersonFields(f"Person {number}")).id
                t.templates.add([NewTemplate(key, model, 48, vector.tobytes())])
            t.gallery.bump()
        return self.s

    def group(self, *people: tuple[int, int]) -> int:
        key = self.s.groups.add("Staff").id
        self.s.crowd.put_into(people, key)
        return key


ACTS: dict[str, Callable[[Scene], object]] = {
    "account.change_password": lambda c: c.s.account.change_password(PASSWORD, OTHER),
    "accounts.create": lambda c: c.s.accounts.create("Nina", Role.OPERATOR),
    "accounts.rename": lambda c: c.s.accounts.rename(c.olga.id, "Olga B", c.olga.version),
    "accounts.change_role": lambda c: c.s.accounts.change_role(c.olga.id, Role.AUDITOR, c.olga.version),
    "accounts.switch": lambda c: c.s.accounts.switch(c.olga.id, False, c.olga.version),
    "accounts.new_password": lambda c: c.s.accounts.new_password(c.olga.id),
    "accounts.end_sessions": lambda c: c.s.accounts.end_sessions(c.olga.id),
    "accounts.unlock": lambda c: c.s.accounts.unlock(c.olga.id),
    "people.get": lambda c: c.s.people.get(c.ada.id),
    "people.change": lambda c: c.s.people.change(c.ada.id, PersonFields("Ada B"), c.ada.version),
    "people.delete": lambda c: c.s.people.delete(c.ada.id, c.ada.version),
    "people.restore": lambda c: c.s.people.restore(c.ada.id, c.gone()),
    "people.remove_photos": lambda c: c.s.people.remove_photos(c.ada.id, [1]),
    "people.give_consent": lambda c: c.s.people.give_consent(c.ada.id, c.consent),
    "people.withdraw_consent": lambda c: c.s.people.withdraw_consent(c.ada.id),
    "people.hold": lambda c: c.s.people.hold(c.ada.id, True, c.ada.version),
    "people.erase": lambda c: c.s.people.erase(c.ada.id, "request", PASSWORD),
    "groups.add": lambda c: c.s.groups.add("Staff"),
    "groups.rename": lambda c: c.s.groups.rename(c.group(), "Crew"),
    "groups.remove": lambda c: c.s.groups.remove(c.group()),
    "merging.merge": lambda c: c.merged(),
    "merging.undo": lambda c: c.s.merging.undo(*c.merged()),
    "crowd.delete": lambda c: c.s.crowd.delete(c.one),
    "crowd.restore": lambda c: c.s.crowd.restore([(c.ada.id, c.gone())]),
    "crowd.change": lambda c: c.s.crowd.change(c.one, {"department": "Night"}),
    "crowd.change_back": lambda c: c.s.crowd.change_back(c.s.crowd.change(c.one, {"department": "Night"})),
    "crowd.put_into": lambda c: c.s.crowd.put_into(c.one, c.group()),
    "crowd.take_out": lambda c: c.s.crowd.take_out(c.one, c.group(*c.one)),
    "crowd.give_consent": lambda c: c.s.crowd.give_consent(c.one, c.consent),
    "crowd.export": lambda c: c.s.crowd.export(c.folder / "people.csv", c.one),
    "enrolment.enrol": lambda c: c.s.enrolment.enrol(PersonFields("Bob"), c.bobs),
    "enrolment.add_photos": lambda c: c.s.enrolment.add_photos(c.ada.id, c.more),
    "imports.run": lambda c: c.s.imports.run(c.folder / "staff"),
    "recognition.not_this_person": lambda c: c.s.recognition.not_this_person(c.ada.id, c.picture, BOX),
    "photo.name_everyone": lambda c: c.s.photo.name_everyone(c.picture),
    "photo.compare": lambda c: c.s.photo.compare(c.picture, c.picture),
    "cameras.use": lambda c: c.s.cameras.use("Yard", "device", "1"),
    "cameras.add": lambda c: c.s.cameras.add("Yard", "device", "1"),
    "cameras.change": lambda c: c.s.cameras.change(
        c.camera.id, c.camera.version, name="Gate", kind="device", address="0"
    ),
    "recording.start": lambda c: c.s.recording.start(c.camera, c.s.recognition.live().card, 1),
    "records.not_this_person": lambda c: c.s.records.not_this_person(c.event.id),
    "records.export": lambda c: c.s.records.export(c.folder / "events.csv"),
    "deployment.stage": lambda c: c.staged(),
    "deployment.switch": lambda c: c.switched(),
    "deployment.cancel": lambda c: (c.staged(), c.s.deployment.cancel(c.other)),
    "deployment.roll_back": lambda c: c.s.deployment.roll_back(c.switched().previous_id),
    "deployment.purge": lambda c: c.s.deployment.purge(c.switched().previous_id),
    "deployment.override": lambda c: c.vouched(),
    "model_import.bring": lambda c: c.s.model_import.bring(Path(c.other)),
    "training.start": lambda c: c.s.training.start(c.draft()),
    "training.stop": lambda c: c.s.training.stop(c.draft()),
    "training.delete": lambda c: c.s.training.delete(c.draft()),
    "training.send": lambda c: c.s.training.send(c.draft(done=True)),
    "promises.choose": lambda c: c.crowded().promises.choose(100, 0),
    "shared.put": lambda c: c.s.shared.put("organisation", "Northgate", 0),
    "audit.verify": lambda c: c.s.audit.verify(),
    "audit.export": lambda c: c.s.audit.export(c.folder / "audit.jsonl"),
    "maintenance.check": lambda c: c.s.maintenance.check(),
    "maintenance.copy": lambda c: c.s.maintenance.copy(f"sqlite:///{c.folder / 'copy.db'}"),
    "maintenance.backup": lambda c: c.s.maintenance.backup(c.folder / "backup.facekd"),
    "maintenance.restore": lambda c: (
        c.s.maintenance.backup(c.folder / "backup.facekd"),
        c.s.maintenance.restore(c.folder / "backup.facekd", PASSWORD, replace=True),
    ),
    "maintenance.rotate_key": lambda c: c.s.maintenance.rotate_key(PASSWORD),
    "maintenance.export_key": lambda c: c.s.maintenance.export_key(c.folder / "key.txt", PASSWORD),
    "maintenance.import_key": lambda c: (
        c.s.maintenance.export_key(c.folder / "key.txt", PASSWORD),
        c.s.maintenance.import_key(c.folder / "key.txt"),
    ),
}


def test_each_method_is_either_an_act_or_a_look() -> None:
    assert set(ACTS) | LOOKS == set(RIGHTS)
    assert not set(ACTS) & LOOKS


@pytest.mark.parametrize("act", sorted(ACTS))
def test_an_act_leaves_a_row_with_the_operators_name_and_nobody_elses(
    act: str,
    admin: Services,
    desk: Desk,
    portrait: Portrait,
    paint: Paint,
    tmp_path: Path,
    make_embedder: Callable[[str, NDArray[np.float32]], ModelFile],
) -> None:
    other = make_embedder("student", 2 * np.eye(48, dtype=np.float32))
    scene = Scene(admin, desk, portrait, paint, tmp_path, other)
    with desk.store.reading() as t:
        before = t.audit.verify().rows
    ACTS[act](scene)
    with desk.store.reading() as t:
        report, rows = t.audit.verify(), [row for row in t.audit.page() if row.sequence > before]
    assert report.broken is None
    assert rows, f"{act} left no row"
    assert {row.operator_id for row in rows} == {1}
    assert not any("Bob" in str(row.detail) or "'Ada" in str(row.detail) for row in rows)
    for row in rows:  # the window says it in its own language
        assert row.act in words.ACTS
        assert row.act.startswith(tuple(words.FAMILIES)) or "." not in row.act
        assert set(row.detail) <= set(words.DETAILS)
        assert row.subject.partition(":")[0] in {"", *words.SUBJECTS}


def test_every_act_that_the_code_names_has_a_word() -> None:
    root = Path(facekd_ui.__file__).parents[2]
    acts: set[str] = set()
    for file in (*root.glob("ui/facekd_ui/**/*.py"), *root.glob("db/facekd_db/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = (
                getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            )
            if isinstance(node, ast.Call) and name in ("_audit", "record", "_record", "_note"):
                given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "act")]
                literals = [
                    part for each in given for part in ast.walk(each) if isinstance(part, ast.Constant)
                ]
                acts |= {str(part.value) for part in literals if ACT.fullmatch(str(part.value))}
    assert {"person.erase", "account.off", "store.restore", "login.refused"} <= acts
    assert acts - set(words.ACTS) == set()
