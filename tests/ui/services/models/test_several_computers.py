"""A recogniser is deployed while others work, at other computers, and while things break."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facekd.errors import ModelFileError
from facekd.models import ModelFile
from facekd_db.deployments import ALIVE
from facekd_db.errors import Conflict, StoreUnavailable
from facekd_db.records import Role
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.session import Session

Crowd = Callable[..., list[int]]
LetIn = Callable[[ModelFile], None]
Called = Callable[[], dict[str, str]]
Deploy = Callable[..., str]
Pausing = Any
Models = Any
Clock = Any


@pytest.fixture
def second(
    open_desk: Callable[[str], Desk], desk: Desk, prepared: tuple[object, dict[Role, str]]
) -> Services:
    """An administrator at another computer, which has the old recogniser only."""
    other = open_desk("desk 2")
    token = prepared[1][Role.ADMINISTRATOR]
    with other.store.reading() as t:
        stored, operator = t.sessions.touch(token, active=False)
    return Services.of(other, Session(operator, token, stored))


def test_every_other_computer_follows_by_itself_and_gets_the_model_from_the_store(
    admin: Services, second: Services, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy
) -> None:
    ids = crowd(6, 2)
    let_in(models.new)
    live = second.recognition.live()
    folder = second.recognition._desk.home / "models"
    assert [path.name for path in folder.glob("*.onnx")] == ["old.onnx"]
    before = deploy()
    assert live.refresh() is not None
    assert (live.card.name, live.people) == ("new", 6)
    assert (folder / "new.onnx").read_bytes() == models.new.path.read_bytes()
    assert {int(person) for person in live.gallery.people} == set(ids)
    admin.deployment.roll_back(before)
    assert live.refresh() is not None
    assert live.card.name == "old"


def test_a_computer_without_the_model_says_so_and_goes_on_with_the_old_one(
    admin: Services, second: Services, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy, desk: Desk
) -> None:
    crowd(4)
    let_in(models.new)
    live = second.recognition.live()
    deploy()
    with desk.store.transaction() as t:  # too large for the store, or of an older program
        t.models.drop_file(models.new.card.id)
    with pytest.raises(ModelFileError, match=r"which is not on this computer; put its \.onnx file into"):
        live.refresh()
    assert live.card.name == "old"  # the picture goes on
    for file in (models.new.path, models.new.path.with_suffix(".toml")):  # somebody carries it there
        shutil.copyfile(file, second.recognition._desk.home / "models" / file.name)
    assert live.refresh() is not None  # the next second
    assert live.card.name == "new"


def test_a_model_that_was_changed_in_the_store_is_not_run(
    admin: Services, second: Services, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy, desk: Desk
) -> None:
    crowd(4)
    let_in(models.new)
    live = second.recognition.live()
    deploy()
    with desk.store.transaction() as t:
        t.models.drop_file(models.new.card.id)
        t.models.keep_file(models.new.card.id, models.damaged.path.read_bytes())
    with pytest.raises(ModelFileError, match="in the database is damaged"):
        live.refresh()
    assert not (second.recognition._desk.home / "models" / "new.onnx").exists()


def test_a_full_disk_keeps_the_model_away_and_nothing_half_written_behind(
    admin: Services,
    second: Services,
    crowd: Crowd,
    models: Models,
    let_in: LetIn,
    deploy: Deploy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowd(4)
    let_in(models.new)
    live = second.recognition.live()
    deploy()
    folder = second.recognition._desk.home / "models"

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("facekd_ui.services.sealing.os.fsync", full)
        with pytest.raises(ModelFileError, match=r"No space left on device\); free some space"):
            live.refresh()
    assert sorted(path.name for path in folder.iterdir()) == ["old.onnx", "old.toml"]
    assert live.refresh() is not None


def test_another_model_of_the_same_name_is_not_overwritten(
    admin: Services, second: Services, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy
) -> None:
    crowd(4)
    folder = second.recognition._desk.home / "models"
    mine = models.damaged.path.read_bytes()
    (folder / "new.onnx").write_bytes(mine)
    let_in(models.new)
    live = second.recognition.live()
    deploy()
    assert live.refresh() is not None
    assert (folder / "new.onnx").read_bytes() == mine
    assert live.card.name == f"new-{models.new.card.id[:12]}"


def test_two_computers_do_not_deploy_at_once(
    admin: Services, second: Services, crowd: Crowd, models: Models, let_in: LetIn, pausing: Pausing,
    small_steps: None, clock: Clock,
) -> None:  # fmt: skip
    crowd(20, 2)
    let_in(models.new)
    refused: list[str] = []

    def at_the_other() -> None:
        for model in (models.new, models.damaged):
            try:
                second.deployment.stage(str(model.path))
            except Conflict as error:
                refused.append(str(error))
            except Exception as error:  # noqa: BLE001 - shown by the assertion below
                refused.append(repr(error))

    second.comparison.run(str(models.damaged.path))
    second.deployment.override(str(models.damaged.path), "Zoe", "seven quiet herons", "a test")
    staged = admin.deployment.stage("new", pausing(8, at_the_other))
    assert staged.complete
    assert "desk 1 is deploying new already" in refused[0]
    assert "new is being deployed (Ada, since" in refused[1]
    # What one computer prepared, another one may switch.
    assert second.deployment.switch(str(models.new.path)).people == 20


def test_when_a_computer_dies_another_one_goes_on(
    admin: Services, second: Services, crowd: Crowd, models: Models, let_in: LetIn, pausing: Pausing,
    small_steps: None, clock: Clock,
) -> None:  # fmt: skip
    crowd(20, 2)
    let_in(models.new)

    def taken_over() -> None:
        clock.advance(seconds=ALIVE.total_seconds())
        assert second.deployment.stage(str(models.new.path)).complete

    with pytest.raises(Conflict, match="desk 2 took over"):
        admin.deployment.stage("new", pausing(8, taken_over))
    staging = admin.deployment.state().staging
    assert staging is not None
    assert (staging.done, staging.desk) == (40, "desk 2")


def test_a_deployment_that_is_cancelled_elsewhere_stops(
    admin: Services, second: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn,
    pausing: Pausing, small_steps: None,
) -> None:  # fmt: skip
    crowd(20, 2)
    let_in(models.new)
    with pytest.raises(Conflict, match="cancelled meanwhile"):
        admin.deployment.stage("new", pausing(8, lambda: second.deployment.cancel("new")))
    with desk.store.reading() as t:
        assert t.templates.tally(models.new.card.id) == (0, 0)


def test_people_who_come_change_and_go_meanwhile_are_as_they_are(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn, pausing: Pausing, called: Called,
    small_steps: None,
) -> None:  # fmt: skip
    ids = crowd(20, 2)
    let_in(models.new)
    merged: list[int] = []

    def everything_happens() -> None:
        with desk.store.reading() as t:
            versions = {key: person.version for key, person in t.people.many(ids).items()}
        admin.people.erase(ids[10], "request", "seven quiet herons")
        admin.people.withdraw_consent(ids[11])
        admin.people.remove_photos(ids[12], [admin.people.get(ids[12]).photos[0].id])
        kept, absorbed = ids[13], ids[14]
        fields = admin.people.get(kept).person.fields
        admin.merging.merge((kept, versions[kept]), (absorbed, versions[absorbed]), fields)
        merged.append(kept)
        admin.people.delete(ids[15], versions[ids[15]])
        crowd(2, 2, first=500)

    # The next step has been read when this happens, the one after that is being read.
    admin.deployment.stage("new", pausing(8, everything_happens))
    admin.deployment.switch("new")
    with desk.store.reading() as t:
        assert t.deployments.lost(models.new.card.id, models.old.card.id) == ()
        assert t.crops.count_without_template(models.new.card.id) == 0
        assert {row.person_id for row in t.templates.of(merged[0], models.new.card.id).rows} == {merged[0]}
        assert len(t.templates.of(merged[0], models.new.card.id).rows) == 4
        for gone in (ids[10], ids[11], ids[14]):
            assert t.templates.of(gone).rows == ()
        assert len(t.templates.of(ids[12], models.new.card.id).rows) == 1
        assert len(t.templates.of(ids[15], models.new.card.id).rows) == 2  # a restored person is known again
    found = called()
    assert all(name == other for name, other in found.items())
    assert {"Person 500", "Person 501"} <= set(found)


def test_enrolled_between_preparation_and_switch_one_is_made_up_for(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn, called: Called
) -> None:
    crowd(4, 2)
    let_in(models.new)
    admin.deployment.stage("new")
    crowd(30, 2, first=300)  # more than are renewed within the switch
    assert admin.deployment.switch("new").people == 34
    assert all(name == other for name, other in called().items())


def test_a_store_that_goes_away_in_the_middle_costs_one_step(
    admin: Services,
    desk: Desk,
    crowd: Crowd,
    models: Models,
    let_in: LetIn,
    pausing: Pausing,
    small_steps: None,
) -> None:
    crowd(20, 2)
    let_in(models.new)
    file = desk.store.where.removeprefix("the database file ")
    path, away = Path(file), Path(file + ".away")
    with pytest.raises(StoreUnavailable):
        admin.deployment.stage("new", pausing(16, lambda: path.rename(away)))
    away.rename(path)
    assert desk.gallery.current().model_id == models.old.card.id
    watch = pausing()
    assert admin.deployment.stage("new", watch).complete
    assert watch.seen[0][0] >= 16
    assert admin.deployment.switch("new").people == 20


def test_a_damaged_file_is_refused_before_anything_begins(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn
) -> None:
    crowd(4)
    let_in(models.new)
    desk.networks._embedders.clear()
    (desk.home / "models" / "new.onnx").write_bytes(models.new.path.read_bytes()[:-10])
    with pytest.raises(ModelFileError, match="the file is damaged"):
        admin.deployment.stage("new")
    assert admin.deployment.state().staging is None


def test_a_live_picture_is_recognised_all_the_time(
    admin: Services, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy
) -> None:
    crowd(10, 2)
    let_in(models.new)
    live = admin.recognition.live()
    over, seen = threading.Event(), set()
    failures: list[BaseException] = []

    def watch() -> None:
        while not over.is_set():
            try:
                live.refresh()
                gallery, embedder = live.recogniser.gallery, live.recogniser.embedder
                crops = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), np.uint8)
                gallery.candidates(embedder.embed(crops))  # raises where the two are of different models
                seen.add(embedder.model_id)
            except BaseException as error:  # noqa: BLE001 - told to the test's own thread
                failures.append(error)
                return

    thread = threading.Thread(target=watch)
    thread.start()
    before = deploy()
    admin.deployment.roll_back(before)
    over.set()
    thread.join()
    assert failures == []
    assert models.old.card.id in seen
