"""The recogniser before comes back: nobody's name is lost, whenever they were enrolled."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.models import ModelFile
from facekd_db.deployments import Stage
from facekd_db.errors import Conflict
from facekd_db.records import PersonFields
from facekd_db.schema import template
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services

Crowd = Callable[..., list[int]]
LetIn = Callable[[ModelFile], None]
Called = Callable[[], dict[str, str]]
Deploy = Callable[..., str]
Pausing = Any
Models = Any
Clock = Any
Portrait = Callable[..., Path]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB = 1, 6
BOX = (128.0, 88.0, 192.0, 152.0)  # of a face painted at (160, 120)


def test_rolled_back_everybody_is_known_also_who_came_since(
    clock: Clock,
    admin: Services,
    desk: Desk,
    crowd: Crowd,
    models: Models,
    let_in: LetIn,
    portrait: Portrait,
    paint: Paint,
    called: Called,
    pausing: Pausing,
    deploy: Deploy,
) -> None:
    crowd(10, 2)
    clock.advance(minutes=1)
    let_in(models.new)
    assert admin.deployment.state().rollback is None
    before = deploy()

    ada = admin.enrolment.enrol(PersonFields("Ada"), admin.enrolment.examine_files([portrait(ADA)])).person
    admin.enrolment.add_photos(ada.id, admin.enrolment.examine_files([portrait(ADA, shade=40)]))
    admin.recognition.not_this_person(ada.id, paint({BOB: (160, 120)}), BOX)
    with desk.store.reading() as t:
        by_model = [{row.crop_id for row in t.templates.of(ada.id, key).rows} for key in _both(models)]
        assert by_model[0] == by_model[1]
        assert len(by_model[0]) == 3
    offer = admin.deployment.state().rollback
    assert offer is not None
    assert (offer.model_id, offer.name, offer.enrolled_since, offer.complete) == (before, "old", 1, True)
    names = called()
    assert names["Ada"] == "Ada"

    back = admin.deployment.roll_back(before)
    assert (back.model_id, back.people, back.photos) == (before, 11, 22)
    assert desk.gallery.current().model_id == before
    assert called() == names
    assert set(desk.gallery.current().rejected) == {str(ada.id)}
    assert admin.deployment.state().rollback is None
    with desk.store.reading() as t:
        assert t.audit.page(act="model.roll_back")[0].operator == "Ada"

    # Forward again: only what came since is renewed.
    watch = pausing()
    let_in(models.new)
    assert admin.deployment.stage("new", watch).complete
    assert watch.seen[0][:2] == (23, 23)
    admin.deployment.switch("new")
    assert called() == names


def _both(models: Models) -> tuple[str, str]:
    return models.old.card.id, models.new.card.id


def test_a_rollback_makes_up_for_templates_that_are_missing(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy
) -> None:
    crowd(10, 2)
    let_in(models.new)
    before = deploy()
    with desk.store.transaction() as t:  # a computer without the old file enrolled somebody
        t.connection.execute(template.delete().where(template.c.model_id == before))
    offer = admin.deployment.state().rollback
    assert offer is not None
    assert not offer.complete
    assert admin.deployment.roll_back(before).people == 10


def test_what_a_rollback_would_bring_back_is_looked_at_again(
    admin: Services, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy
) -> None:
    crowd(5)
    let_in(models.new)
    with pytest.raises(Conflict, match="look again"):
        admin.deployment.roll_back(models.old.card.id)
    deploy()
    with pytest.raises(Conflict, match="look again"):
        admin.deployment.roll_back(models.new.card.id)


def test_purged_it_cannot_be_brought_back(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy
) -> None:
    crowd(5, 2)
    let_in(models.new)
    before = deploy()
    with pytest.raises(Invalid, match="in use"):
        admin.deployment.purge("new")
    assert admin.deployment.purge("old") == 10
    assert admin.deployment.state().rollback is None
    with pytest.raises(Conflict):
        admin.deployment.roll_back(before)
    with desk.store.reading() as t:
        assert t.templates.tally(before) == (0, 0)
        assert t.models.file(before) is None


def test_the_next_deployment_removes_what_was_before_the_one_before(
    admin: Services, desk: Desk, crowd: Crowd, models: Models, let_in: LetIn, deploy: Deploy
) -> None:
    crowd(5, 2)
    for model in (models.new, models.damaged):
        let_in(model)
        deploy(model.card.name)
    with desk.store.reading() as t:
        assert set(t.deployments.strays([])) == {models.new.card.id, models.damaged.card.id}
    assert [each.stage for each in admin.deployment.history()] == [Stage.LIVE, Stage.SUPERSEDED]
    offer = admin.deployment.state().rollback
    assert offer is not None
    assert offer.name == "new"
