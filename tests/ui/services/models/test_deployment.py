"""Another recogniser comes: nobody's name is lost, and nobody notices before the switch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facekd.models import ModelFile
from facekd.types import Embeddings
from facekd_db.deployments import Stage
from facekd_db.errors import Conflict, NotFound
from facekd_db.records import NewTemplate, PersonFields
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.prospective import NoLine
from facekd_ui.services.standing import PeopleLost

Crowd = Callable[..., list[int]]
LetIn = Callable[[ModelFile], None]
Called = Callable[[], dict[str, str]]
Deploy = Callable[..., str]
Pausing = Any
Models = Any
Portrait = Callable[..., Path]
ADA = 1


def test_a_deployment_renews_every_photograph_and_everybody_is_called_as_before(
    admin: Services,
    desk: Desk,
    crowd: Crowd,
    models: Models,
    let_in: LetIn,
    small_steps: None,
    called: Called,
    pausing: Pausing,
) -> None:
    others = crowd(15, 2)
    rejected = crowd(1, 1, first=100)[0]
    with desk.store.transaction() as t:  # a face that is not this person, as the old model saw it
        image, vector = t.crops.of(others[0]).rows[0].image, t.templates.of(others[0]).rows[0].vector
        crop = t.crops.add(rejected, image, source="rejection", rejects=True)
        t.templates.add([NewTemplate(rejected, models.old.card.id, 48, vector, crop, rejects=True)])
        t.gallery.bump()
    before = called()
    live = admin.recognition.live()
    let_in(models.new)
    watch = pausing()
    staged = admin.deployment.stage("new", watch)
    assert (staged.done, staged.total, staged.complete) == (32, 32, True)
    assert (staged.unreadable, staged.lost) == ((), ())
    assert watch.seen[0] == (0, 32, 0)
    assert watch.seen[-1] == (32, 32, 0)

    # Prepared, and nothing that anybody sees has changed.
    assert desk.gallery.current().model_id == models.old.card.id
    assert live.refresh() is None
    assert admin.people.get(rejected).templates == 1
    assert called() == before

    done = admin.deployment.switch("new")
    assert (done.people, done.photos) == (16, 31)
    assert live.refresh() is not None  # the picture goes on with the other network
    assert live.card.name == "new"
    assert live.recogniser.embedder.model_id == live.gallery.model_id == models.new.card.id
    assert called() == before
    assert set(desk.gallery.current().rejected) == {str(rejected)}
    assert (
        admin.people.get(rejected).templates == 1
    )  # of the model in use; the other ones are for the way back

    with desk.store.reading() as t:
        acts = [
            (row.act, row.subject, row.operator) for row in t.audit.page() if row.act.startswith("model.")
        ]
        assert t.audit.verify().broken is None
    subject = f"model:{models.new.card.id[:12]}"
    assert acts == [(act, subject, "Ada") for act in ("model.switch", "model.deploy", "model.override")]


def test_paused_it_goes_on_where_it_stopped_and_can_be_given_up(
    admin: Services,
    desk: Desk,
    crowd: Crowd,
    models: Models,
    let_in: LetIn,
    small_steps: None,
    pausing: Pausing,
) -> None:
    crowd(20, 2)
    let_in(models.new)
    paused = admin.deployment.stage("new", pausing(after=8))
    assert not paused.complete
    assert 8 <= paused.done < 40
    staging = admin.deployment.state().staging
    assert staging is not None
    assert (staging.done, staging.total, staging.working, staging.by) == (paused.done, 40, False, "Ada")
    watch = pausing()
    assert admin.deployment.stage("new", watch).complete
    assert watch.seen[0][0] == paused.done  # nothing is done twice

    assert admin.deployment.cancel("new") == 40
    assert admin.deployment.state().staging is None
    with desk.store.reading() as t:
        assert t.templates.tally(models.new.card.id) == (0, 0)
        assert t.templates.tally(models.old.card.id) == (20, 40)
    with pytest.raises(Conflict, match="deploy it first"):
        admin.deployment.switch("new")
    with pytest.raises(NotFound, match="under way"):
        admin.deployment.cancel("new")
    assert [each.stage for each in admin.deployment.history()] == [Stage.CANCELLED]


def test_people_without_photographs_come_first_and_are_not_dropped_in_silence(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn
) -> None:
    crowd(5, 2)
    with desk.store.transaction() as t:
        eve = t.people.add(PersonFields("Eve")).id
        vector = np.full(48, 48**-0.5, "<f4").tobytes()
        t.templates.add([NewTemplate(eve, models.old.card.id, 48, vector)])
        t.gallery.bump()
    let_in(models.new)
    plan = admin.deployment.plan("new")
    assert [(each.person_id, each.name) for each in plan.without_photos] == [(eve, "Eve")]
    assert (plan.photos, plan.staged, plan.overridden_by) == (10, 0, "Zoe")
    assert plan.megabytes == pytest.approx(10 * (4 * 40 + 300) / 1e6)
    staged = admin.deployment.stage("new")
    assert [each.name for each in staged.lost] == ["Eve"]
    with pytest.raises(PeopleLost, match="1 people would have to be enrolled anew: Eve"):
        admin.deployment.switch("new")
    assert desk.gallery.current().model_id == models.old.card.id
    done = admin.deployment.switch("new", accept=[eve])
    assert done.people == 5
    with desk.store.reading() as t:
        (row,) = t.audit.page(act="model.switch")
    assert row.detail["left_out"] == [f"person:{eve}"]
    assert admin.deployment.roll_back(done.previous_id).people == 6  # Eve was never gone


def test_a_photograph_that_is_none_is_named_and_its_person_too(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn
) -> None:
    crowd(4, 2)
    with desk.store.transaction() as t:
        dora = t.people.add(PersonFields("Dora")).id
        broken = t.crops.add(dora, b"no picture at all", source="file")
        vector = np.full(48, 48**-0.5, "<f4").tobytes()
        t.templates.add([NewTemplate(dora, models.old.card.id, 48, vector, broken)])
    let_in(models.new)
    staged = admin.deployment.stage("new")
    assert [(each.crop_id, each.person.name) for each in staged.unreadable] == [(broken, "Dora")]
    assert [each.name for each in staged.lost] == ["Dora"]
    with pytest.raises(PeopleLost):
        admin.deployment.switch("new")
    assert admin.deployment.switch("new", accept=[dora]).people == 4


def test_a_model_for_which_nobody_knows_a_line_does_not_speak(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn
) -> None:
    crowd(4, 2)
    card = desk.home / "models" / "new.toml"
    card.write_text(card.read_text().split("[[threshold]]")[0])
    let_in(models.new)
    with pytest.raises(NoLine, match="Enrol more people"):
        admin.deployment.stage("new")
    with pytest.raises(NoLine):
        admin.deployment.switch("new")
    assert desk.gallery.current().model_id == models.old.card.id


def test_thirty_people_carry_a_line_of_their_own_from_the_first_moment(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn
) -> None:
    crowd(40, 2)
    card = desk.home / "models" / "new.toml"
    card.write_text(card.read_text().split("[[threshold]]")[0])
    with desk.store.transaction() as t:
        t.settings.put("promise.strangers", 20)
    let_in(models.new)
    staged = admin.deployment.stage("new")
    admin.deployment.switch("new")
    gallery = desk.gallery.current()
    assert gallery.line is not None
    assert gallery.line.promise is not None
    assert gallery.line.promise.threshold == staged.known_then


def test_without_anybody_on_file_any_recogniser_may_come(
    admin: Services, desk: Desk, models: Models, deploy: Deploy
) -> None:
    assert admin.deployment.plan("new").may_begin
    assert deploy() == models.old.card.id
    assert desk.gallery.current().model_id == models.new.card.id


def test_what_speaks_already_or_can_be_rolled_back_to_is_not_deployed(
    admin: Services, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy
) -> None:
    crowd(4)
    with pytest.raises(Invalid, match="in use already"):
        admin.deployment.stage("old")
    let_in(models.new)
    deploy()
    with pytest.raises(Invalid, match="roll back to it"):
        admin.deployment.stage("old")


def test_probes_of_the_old_model_never_meet_templates_of_the_new_one(
    admin: Services,
    desk: Desk,
    crowd: Crowd,
    models: Models,
    let_in: LetIn,
    portrait: Portrait,
    deploy: Deploy,
) -> None:
    crowd(4)
    shots = admin.enrolment.examine_files([portrait(ADA)])  # looked at before ...
    let_in(models.new)
    deploy()
    assert admin.enrolment.alike(shots) == ()
    ada = admin.enrolment.enrol(PersonFields("Ada"), shots).person  # ... and saved after the switch
    gallery = desk.gallery.current()
    assert shots[0].crop is not None
    fresh = desk.networks.embedder(gallery.model_id).embed(shots[0].crop[None])
    (found,) = gallery.candidates(Embeddings(fresh.vectors, gallery.model_id))
    assert (found[0].person, found[0].score) == (str(ada.id), pytest.approx(1.0))
