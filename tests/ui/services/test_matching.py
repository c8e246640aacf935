"""The people on file as the matcher sees them: live, rejected, and kept up to date."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.errors import ModelFileError, ModelMismatch
from facekd.models import ModelFile, Registry
from facekd.policy import Policy
from facekd.recognise import Pipeline
from facekd.types import Embeddings, Frame, State
from facekd_db.records import NewTemplate, PersonFields
from facekd_ui.services.base import Desk
from facekd_ui.services.errors import Invalid
from facekd_ui.services.everything import Services
from facekd_ui.services.networks import Choice, Networks
from facekd_ui.services.stored_gallery import GalleryCache, StoredGallery, as_bytes

Portrait = Callable[..., Path]
Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
ADA, BOB, EVE = 1, 6, 4
DIM = 48


def unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(values / np.linalg.norm(values, axis=-1, keepdims=True), np.float32)


@pytest.fixture
def directions() -> NDArray[np.float32]:
    """[6, 48]: directions that have nothing in common."""
    square = np.random.default_rng(0).normal(size=(DIM, DIM))
    return np.asarray(np.linalg.qr(square)[0][:6], np.float32)


def put(
    desk: Desk, name: str, vectors: NDArray[np.float32], *, rejects: bool = False, person: int = 0
) -> int:
    """Stores templates of a person directly, as another computer would."""
    model = desk.gallery.current().model_id
    with desk.store.transaction() as t:
        key = person or t.people.add(PersonFields(name)).id
        t.templates.add([NewTemplate(key, model, DIM, as_bytes(v), rejects=rejects) for v in vectors])
        t.gallery.bump()
    return key


def probe(desk: Desk, vector: NDArray[np.float32]) -> list[str]:
    gallery = desk.gallery.current()
    (found,) = gallery.candidates(Embeddings(unit(vector)[None], gallery.model_id))
    return [gallery.names[each.person] for each in found]


def test_the_first_use_makes_the_default_embedder_the_active_model(desk: Desk) -> None:
    gallery = desk.gallery.current()
    with desk.store.reading() as t:
        assert t.gallery.state().model_id == gallery.model_id
        assert t.models.get(gallery.model_id).name == "tiny_embedder"
        assert [row.act for row in t.audit.page(limit=1)] == ["model.activate"]
    assert len(gallery) == 0


def test_what_another_computer_enrols_is_seen(desk: Desk, directions: NDArray[np.float32]) -> None:
    first = desk.gallery.current()
    put(desk, "Ada", directions[:2])
    put(desk, "Bob", directions[2:3])
    newest = desk.gallery.current()
    assert newest.revision == first.revision + 2
    assert desk.gallery.current() is newest  # nothing changed: nothing is loaded
    assert probe(desk, directions[1])[0] == "Ada"


def test_namesakes_stay_two_people(desk: Desk, directions: NDArray[np.float32]) -> None:
    one, two = put(desk, "Ada", directions[:1]), put(desk, "Ada", directions[1:2])
    gallery = desk.gallery.current()
    (found,) = gallery.candidates(Embeddings(unit(directions[0] + directions[1])[None], gallery.model_id))
    assert {each.person for each in found} == {str(one), str(two)}


def test_a_rejected_face_is_never_given_that_name_again_and_the_person_still_is(
    desk: Desk, directions: NDArray[np.float32]
) -> None:
    ada = put(desk, "Ada", directions[:1])
    put(desk, "Bob", directions[1:2])
    stranger = unit(0.8 * directions[0] + 0.6 * directions[2])  # 0.8 like Ada
    assert probe(desk, stranger) == ["Ada", "Bob"]
    put(desk, "", stranger[None], rejects=True, person=ada)
    rng = np.random.default_rng(1)
    for _ in range(1000):
        noise = rng.normal(size=DIM).astype(np.float32)
        view = unit(stranger + 0.45 * unit(noise))  # another view: about 0.9 like the first
        assert probe(desk, view) == ["Bob"]
    assert probe(desk, directions[0] + 0.1 * directions[3])[0] == "Ada"


def test_a_rejection_of_everyone_on_file_leaves_nobody(desk: Desk, directions: NDArray[np.float32]) -> None:
    ada = put(desk, "Ada", directions[:1])
    put(desk, "", directions[:1], rejects=True, person=ada)
    assert probe(desk, directions[0]) == []


def test_more_templates_than_two_people_have_do_not_hide_the_second_person(
    desk: Desk, directions: NDArray[np.float32]
) -> None:
    rng = np.random.default_rng(2)
    crowd = unit(directions[0] + 0.1 * rng.normal(size=(20, DIM)).astype(np.float32))
    ada = put(desk, "Ada", crowd)
    put(desk, "Bob", unit(directions[0] + directions[1])[None])
    put(desk, "Eve", unit(directions[0] + 1.5 * directions[2])[None])
    assert probe(desk, directions[0]) == ["Ada", "Bob"]
    put(desk, "", directions[:1], rejects=True, person=ada)
    assert probe(desk, directions[0]) == ["Bob", "Eve"]


def test_an_extended_snapshot_answers_like_a_loaded_one_and_the_old_one_like_before(
    operator: Services, desk: Desk, portrait: Portrait
) -> None:
    enrol = operator.enrolment
    shots = {seed: enrol.examine_files([portrait(seed), portrait(seed, shade=40)]) for seed in (ADA, BOB)}
    enrol.enrol(PersonFields("Ada"), shots[ADA])
    old = desk.gallery.current()
    enrol.enrol(PersonFields("Bob"), shots[BOB])
    extended = desk.gallery.current()
    loaded = GalleryCache(desk.store, desk.networks).current()
    assert extended.index is old.index  # it was extended, not loaded
    assert (extended.people, extended.names, extended.revision) == (
        loaded.people,
        loaded.names,
        loaded.revision,
    )
    vectors = np.stack([shot.vector for shot in (*shots[ADA], *shots[BOB]) if shot.vector is not None])
    probes = Embeddings(vectors, old.model_id)
    for one, other in zip(extended.candidates(probes), loaded.candidates(probes), strict=True):
        assert [c.person for c in one] == [c.person for c in other]
        assert [c.score for c in one] == pytest.approx([c.score for c in other], abs=1e-6)
    assert (extended.head_count, loaded.head_count, old.head_count) == (2, 2, 1)
    assert {old.names[c.person] for row in old.candidates(probes) for c in row} == {"Ada"}


def test_a_damaged_template_is_set_aside_and_the_rest_goes_on(
    desk: Desk, directions: NDArray[np.float32]
) -> None:
    import sqlalchemy as sa

    put(desk, "Ada", directions[:1])
    put(desk, "Bob", directions[1:2])
    with desk.store.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE template SET vector = zeroblob(length(vector)) WHERE person_id = 1")
        )
        connection.execute(sa.text("UPDATE gallery SET revision = revision + 1"))
    gallery = desk.gallery.current()
    assert len(gallery.damaged) == 1
    assert probe(desk, directions[1]) == ["Bob"]
    with desk.store.reading() as t:
        assert t.audit.page(act="quarantine")


def live_states(
    live_pipeline: Pipeline, gallery: StoredGallery, frames: list[Frame]
) -> list[tuple[State, str | None]]:
    faces = [gallery.naming(live_pipeline(frame)).faces[0] for frame in frames]
    return [(face.state, face.person) for face in faces]


def test_the_live_picture_follows_enrolling_deleting_and_not_this_person(
    operator: Services, paint: Paint, portrait: Portrait
) -> None:
    ada = operator.enrolment.enrol(
        PersonFields("Ada"), operator.enrolment.examine_files([portrait(ADA)])
    ).person
    live = operator.recognition.live()
    pipeline = live.pipeline()
    picture = paint({ADA: (100, 100)})
    frames = iter(Frame(picture, index, index * 40.0) for index in range(100))

    def see(count: int) -> tuple[State, str | None]:
        return live_states(pipeline, live.gallery, [next(frames) for _ in range(count)])[-1]

    assert see(5) == (State.KNOWN, "Ada")
    assert live.refresh() is None
    assert [face.name for face in operator.recognition.faces([ada.id, 99]).values()] == ["Ada"]

    operator.recognition.not_this_person(ada.id, picture, (68, 68, 132, 132))
    newer = live.refresh()
    assert newer is not None
    pipeline.replace(newer, live.policy)
    assert see(5) == (State.UNKNOWN, None)
    with pytest.raises(Invalid, match="Expected a face"):
        operator.recognition.not_this_person(ada.id, picture, (200, 200, 220, 220))

    gone = operator.people.delete(ada.id, operator.people.get(ada.id).person.version)
    assert live.refresh() is not None
    assert live.people == 0
    assert gone.deleted_at is not None


def test_a_day_that_begins_changes_who_is_recognised(
    desk: Desk, directions: NDArray[np.float32], clock: object
) -> None:
    put(desk, "Ada", directions[:1])
    day = desk.gallery.current().day
    with desk.store.transaction() as t:
        person = t.people.get(1)
        t.people.change(1, PersonFields("Ada", valid_until=day), person.version)
        t.gallery.bump()
    assert len(desk.gallery.current()) == 1
    clock.advance(days=1)  # type: ignore[attr-defined]
    assert len(desk.gallery.current()) == 0


def test_another_model_than_that_of_the_people_on_file_is_refused_in_words(
    desk: Desk, registry: Registry, tiny_embedder: ModelFile, tmp_path: Path
) -> None:
    import onnx

    from facekd.modelcard import file_digest

    network = onnx.load(str(tiny_embedder.path))
    network.doc_string = "another file"
    path = tmp_path / "other.onnx"
    onnx.save(network, str(path))
    card = tiny_embedder.path.with_suffix(".toml").read_text(encoding="utf-8")
    digest = file_digest(path.read_bytes())
    path.with_suffix(".toml").write_text(card.replace(tiny_embedder.card.id, digest), encoding="utf-8")

    model_id = desk.gallery.current().model_id
    with pytest.raises(ModelMismatch, match="people on file"):
        Networks(registry, Choice(embedder=str(path))).embedder(model_id)
    with pytest.raises(ModelFileError, match="not on this computer"):
        Networks(Registry([tmp_path]), Choice()).embedder(model_id)


def test_thresholds_are_for_as_many_people_as_are_on_file(
    desk: Desk, operator: Services, directions: NDArray[np.float32]
) -> None:
    put(desk, "Ada", directions[:2])
    live = operator.recognition.live()
    assert live.people == 1
    assert live.policy == Policy.from_card(live.card, 1)
