"""Changing the recogniser: prepare its templates, switch in one transaction, go back in less than a second.

Until the switch nothing that anybody sees has changed: templates of a model that is not active are never matched.
What was prepared stays when the work is paused, stopped or killed, and is gone on with. After the switch the model
before keeps its templates, and everybody who is enrolled gets both, until `purge` or the next deployment.
"""

import logging
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial

from facekd.calibration import FEWEST_PEOPLE
from facekd.embed import Embedder
from facekd.models import ModelFile
from facekd_db.deployments import Deployment, Stage
from facekd_db.errors import Conflict, NotFound, StoreBusy, StoreError
from facekd_db.login import vouch
from facekd_db.records import Json, Role
from facekd_db.store import Tables
from facekd_ui.i18n.text import T
from facekd_ui.services import model_files
from facekd_ui.services.base import Service
from facekd_ui.services.comparison import judged
from facekd_ui.services.errors import Invalid
from facekd_ui.services.progress import UNWATCHED, Watch
from facekd_ui.services.prospective import NoLine, of_stored
from facekd_ui.services.renewing import Renewal, renew
from facekd_ui.services.standing import (
    ROW_BYTES,
    GateClosed,
    LostPhoto,
    ModelRow,
    Plan,
    Staged,
    Standing,
    Switched,
    active_model,
    named,
    offer_of,
    passes,
    staging_of,
    subject,
)
from facekd_ui.services.stored_gallery import policy_for
from facekd_ui.services.switching import back, flip, remove_stray, require_gate

log = logging.getLogger(__name__)

TRIES = 5
REASON_MOST = 500


class Deploying(Service):
    """A model is named as `facekd.models.Registry.find` takes it: by name, path, or the beginning of its id."""

    name = "deployment"

    def state(self) -> Standing:
        """Which model speaks for the people on file, and what is under way."""
        with self._store.reading() as t:
            active_id, total = t.gallery.state().model_id, t.crops.count()
            staging, live = t.deployments.staging(), t.deployments.live()
            active = None if active_id is None else ModelRow(active_id, t.models.get(active_id).name)
            return Standing(
                active,
                None if staging is None else staging_of(t, staging, total),
                offer_of(t, live, active_id),
            )

    def history(self) -> tuple[Deployment, ...]:
        """Every deployment, newest first."""
        with self._store.reading() as t:
            return t.deployments.all()

    def plan(self, model: str) -> Plan:
        """What `stage` and `switch` would do; writes nothing."""
        found = self._candidate(model)
        card = found.card
        with self._store.reading() as t:
            active_id = active_model(t)
            photos, missing = t.crops.count(), t.crops.count_without_template(card.id)
            verdict, by = judged(t, card.id, active_id)
            return Plan(
                card.id,
                card.name,
                named(t, t.crops.people_without()),
                photos,
                photos - missing,
                missing * (4 * (card.dim or 0) + ROW_BYTES) / 1e6,
                verdict,
                by,
                passes(t, active_id, verdict, by),
            )

    def stage(self, model: str, watch: Watch = UNWATCHED) -> Staged:
        """Makes the templates of a model, in steps; goes on where an earlier call, here or elsewhere, stopped.

        Args:
            watch: pauses the work when it cancels; what was made stays. `cancel` removes it.

        Raises:
            GateClosed: the model was not shown to be good enough.
            Conflict: another model is being deployed, or another computer is at it.
            ModelFileError: the model's file is damaged.
            NoLine: nobody can say from which likeness on it may say a name.
        """
        found = self._candidate(model)
        if not found.card.threshold and self._desk.gallery.current().head_count < FEWEST_PEOPLE:
            raise NoLine(found.card.name)  # now, not after all photographs
        embedder = self._desk.networks.opened(found)
        return self._staged(embedder, self._renewed(found, embedder, watch))

    def switch(self, model: str, accept: Collection[int] = (), watch: Watch = UNWATCHED) -> Switched:
        """Lets a prepared model speak, from one moment to the next. Photographs that came meanwhile are made up for.

        Args:
            accept: ids of people who may be lost by it, because they must be enrolled anew.

        Raises:
            PeopleLost: somebody else would be lost.
            GateClosed, Conflict, ModelFileError: as `stage`; also when the model says no name at all.
        """
        found = self._candidate(model)
        embedder = self._desk.networks.opened(found)
        line = of_stored(self._store, embedder)[1]
        done = self._until_done(
            partial(flip, record=self._audit, embedder=embedder, line=line, accept=frozenset(accept)),
            lambda: self._renewed(found, embedder, watch),
        )
        self._tidy((done.model_id, done.previous_id))
        return done

    def cancel(self, model: str) -> int:
        """Gives a deployment up and removes what was prepared; returns how many templates. Nothing else changes."""
        model_id = self._known(model)

        def cancel(t: Tables) -> int:
            t.gallery.lock()
            staging = t.deployments.staging()
            if staging is None or staging.model_id != model_id:
                raise NotFound(f"expected a deployment of {model} under way, found none (any more)")
            t.deployments.close(staging, Stage.CANCELLED)
            removed = t.templates.remove_model(model_id)
            self._audit(t, "model.cancel", subject(model_id), {"templates": removed})
            return removed

        return self._write(cancel)

    def roll_back(self, to: str, accept: Collection[int] = (), watch: Watch = UNWATCHED) -> Switched:
        """Brings the model before back; people who were enrolled since are known to both.

        Args:
            to: its id, as `state` offered it.
            accept: as in `switch`.

        Raises:
            Conflict: that is not what a rollback brings back (any more).
            PeopleLost: somebody is known to the newer model only.
            ModelFileError: the model's file is neither here nor in the store.
        """
        model_files.fetch(self._store, self._desk.networks.registry, to)
        embedder = self._desk.networks.exactly(to)

        return self._until_done(
            partial(back, record=self._audit, embedder=embedder, accept=frozenset(accept)),
            lambda: renew(self._store, self._write, embedder, lambda _t: None, watch),
        )

    def purge(self, model: str) -> int:
        """Removes the templates of a model that does not speak (any more) for good; returns how many.

        Of the model before: it cannot be brought back afterwards.
        """
        model_id = self._known(model)

        def purge(t: Tables) -> int:
            active_id, staging, live = (
                t.gallery.lock().model_id,
                t.deployments.staging(),
                t.deployments.live(),
            )
            if model_id == active_id:
                raise Invalid(T("{name} is the recogniser in use; its templates are needed.", name=model))
            if staging is not None and staging.model_id == model_id:
                raise Invalid(T("{name} is being deployed; cancel that instead.", name=model))
            if live is not None and live.previous_id == model_id:
                t.deployments.close(live, Stage.SETTLED)
            removed = t.templates.remove_model(model_id)
            t.models.drop_file(model_id)
            self._audit(t, "model.purge", subject(model_id), {"templates": removed})
            return removed

        return self._write(purge)

    def override(self, model: str, name: str, password: str, reason: str) -> None:
        """A second administrator answers for a candidate that the gate keeps out, for this comparison only.

        Raises:
            Invalid: no reason, never compared, or nobody else who may.
            LoginRefused, LockedOut: name or password is wrong.
        """
        found = self._candidate(model)
        if not reason.strip() or len(reason) > REASON_MOST:
            raise Invalid(T("Expected a reason of 1 to {n} characters.", n=REASON_MOST))
        second = vouch(self._store, name, password)
        if second.id == self._by or second.role is not Role.ADMINISTRATOR:
            raise Invalid(T("Expected a second administrator, got {name}.", name=second.name))

        def note(t: Tables) -> None:
            compared = t.deployments.comparison(found.card.id, active_model(t))
            if compared is None:
                raise GateClosed(found.card.name, None)
            t.deployments.vouch(compared.id, second.id, reason.strip())
            detail: dict[str, Json] = {"second": f"operator:{second.id}", "reason": reason.strip()}
            self._audit(t, "model.override", subject(found.card.id), detail)

        self._write(note)

    # -- the work

    def _until_done(
        self, change: Callable[[Tables], Switched | None], renew_more: Callable[[], Renewal]
    ) -> Switched:
        """`change` says None while more photographs lack a template than can be renewed while everybody waits."""
        for _ in range(TRIES):
            done = self._write(change)
            if done is not None:
                return done
            if not renew_more().complete:
                raise Conflict(
                    "not everybody is prepared yet; nothing was changed; go on with the deployment"
                )
        raise StoreBusy("others enrol people faster than their photographs are renewed; try again")

    def _renewed(self, found: ModelFile, embedder: Embedder, watch: Watch) -> Renewal:
        data = found.read()
        active = self._desk.gallery.current().model_id
        active_file = model_files.here(self._desk.networks.registry, active)
        active_data = None if active_file is None else active_file.read()
        worker = secrets.token_hex(8)

        def begin(t: Tables) -> Deployment:
            if t.gallery.lock().model_id != active:
                raise Conflict("another model was deployed meanwhile; look at it and compare again")
            require_gate(t, found.card, active)
            fresh = t.deployments.staging() is None
            model_files.put(t, found, data)
            if active_data is not None:  # what a rollback brings back must be everywhere, too
                t.models.keep_file(active, active_data)
            begun = t.deployments.begin(found.card.id, desk=self._desk.name, worker=worker, by=self._by)
            if fresh:
                self._audit(t, "model.deploy", subject(found.card.id), {"photos": t.crops.count()})
            return begun

        begun = self._write(begin)
        try:
            return renew(
                self._store,
                self._write,
                embedder,
                lambda t: t.deployments.beat(begun.id, worker),
                watch,
            )
        finally:
            with suppress(StoreError):  # it ends by itself when nothing is heard of it
                self._store.run(lambda t: t.deployments.rest(begun.id, worker))

    def _staged(self, embedder: Embedder, renewal: Renewal) -> Staged:
        model_id = embedder.model_id
        gallery = self._desk.gallery.current()
        now = policy_for(self._desk.networks.embedder(gallery.model_id), gallery).known
        with self._store.reading() as t:
            lost = named(t, t.deployments.lost(model_id, gallery.model_id)) if renewal.complete else ()
            names = {each.person_id: each for each in named(t, [u.person_id for u in renewal.unreadable])}
        photos = tuple(
            LostPhoto(each.crop_id, names[each.person_id], each.why)
            for each in renewal.unreadable
            if each.person_id in names
        )
        return Staged(
            model_id,
            renewal.done,
            renewal.total,
            photos,
            lost,
            renewal.complete,
            now,
            of_stored(self._store, embedder)[0].known if renewal.complete else now,
        )

    def _tidy(self, keep: Collection[str]) -> None:
        """Removes the rows of models before the one before. Not part of the switch: it may wait."""
        try:
            with self._store.reading() as t:
                strays = t.deployments.strays(keep)
            for model_id in strays:
                self._write(partial(remove_stray, model_id=model_id))
        except StoreError as error:
            log.warning("older templates were not removed (%s); the next deployment does it", error)

    # -- what must hold

    def _candidate(self, model: str) -> ModelFile:
        found = self._desk.networks.registry.find(model, "embedder")
        with self._store.reading() as t:
            active, live = t.gallery.state().model_id, t.deployments.live()
        if found.card.id == active:
            raise Invalid(T("{name} is the recogniser in use already.", name=found.card.name))
        if live is not None and live.previous_id == found.card.id:
            raise Invalid(
                T("{name} is the recogniser before this one: roll back to it.", name=found.card.name)
            )
        return found

    def _known(self, model: str) -> str:
        """The id of a model of the store by name or beginning of its id; its file need not be here."""
        with self._store.reading() as t:
            hits = [
                each.id
                for each in t.models.all()
                if each.name == model or (len(model) >= 4 and each.id.startswith(model))
            ]
        if not hits:
            return self._desk.networks.registry.find(model, "embedder").card.id
        if len(hits) != 1:
            raise NotFound(f"expected the name or the id of one model in the database, got {model!r}")
        return hits[0]
