"""The whole matrix of rights: every method of every service, for every role."""

import inspect
from collections.abc import Callable
from typing import ClassVar

import pytest

from facekd_db.errors import SessionEnded
from facekd_db.records import Role
from facekd_ui.services.base import Desk, Service
from facekd_ui.services.errors import Forbidden, Locked
from facekd_ui.services.everything import SERVICES, Services
from facekd_ui.session import RIGHTS

As = Callable[[Role], Services]

# Written down a second time, by hand and by person rather than by group, so that a slip in one shows in the other.
EXPECTED = {
    "operator": """
        account.me account.active account.change_password account.prove
        people.page people.count people.ids people.departments people.find people.get people.thumbnails people.change
        groups.all groups.within groups.add groups.rename groups.remove merging.plan
        merging.lookalikes merging.merge merging.undo merging.of
        crowd.deletion crowd.delete crowd.restore crowd.change crowd.change_back crowd.put_into crowd.take_out
        crowd.give_consent crowd.export
        people.deletion people.delete people.restore people.remove_photos people.give_consent
        people.withdraw_consent
        enrolment.examine_files enrolment.examine enrolment.alike enrolment.enrol enrolment.add_photos
        imports.plan imports.run imports.pending imports.forget
        recognition.live recognition.faces recognition.not_this_person photo.name_everyone photo.compare
        cameras.all cameras.use recording.start recording.send_waiting
        records.page records.count records.get records.image records.tally records.hours records.why
        records.cameras records.not_this_person records.export
        shared.all shared.consent_text
    """,
    "engineer": """
        training.own_people training.teachers training.stages training.measure training.compare training.save
        training.duplicate training.queue training.start training.stop training.delete training.send
        models.shelf models.time models.terms models.names models.line model_import.look model_import.guess
        model_import.bring
        comparison.run comparison.latest comparison.verdict comparison.pictures deployment.state deployment.history
        account.me account.active account.change_password account.prove
        recognition.live recognition.faces photo.name_everyone photo.compare
        cameras.all cameras.use recording.start recording.send_waiting
        promises.overview promises.at
        shared.all shared.consent_text
    """,
    "auditor": """
        account.me account.active account.change_password account.prove
        people.page people.count people.ids people.departments people.find people.get people.thumbnails
        people.erasures groups.all groups.within merging.of crowd.export
        records.page records.count records.get records.image records.tally records.hours records.why
        records.cameras records.export
        shared.all shared.consent_text audit.page audit.verify audit.export maintenance.check
    """,
}
METHODS = sorted(
    f"{name}.{method}"
    for name, kind in SERVICES.items()
    for method, _ in inspect.getmembers(kind, inspect.isfunction)
    if not method.startswith("_")
)


def test_the_matrix_names_exactly_the_methods_there_are() -> None:
    assert sorted(RIGHTS) == METHODS


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_what_is_written_down_and_nothing_else(as_role: As, role: Role, desk: Desk) -> None:
    expected = set(EXPECTED[role].split()) if role in EXPECTED else set(METHODS)  # administrators: everything
    services = as_role(role)
    with desk.store.reading() as t:
        before = t.audit.verify().rows
    allowed = set()
    for act in METHODS:
        name, method = act.split(".")
        # Too few arguments: whoever passes the check stumbles over them, and nothing is done.
        try:
            getattr(getattr(services, name), method)()
        except Forbidden:
            continue
        except TypeError as stumbled:
            if "missing" not in str(stumbled):
                raise
        allowed.add(act)
    assert allowed == expected
    with desk.store.reading() as t:
        refused = [row for row in t.audit.page(limit=1000, act="refused") if row.sequence > before]
    assert {row.detail["act"] for row in refused} == set(METHODS) - expected


def test_a_method_without_a_line_in_the_matrix_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match=r"people\.frobnicate"):

        class Sloppy(Service):
            name: ClassVar[str] = "people"

            def frobnicate(self) -> None:
                """Nobody said who may do this."""


def test_a_new_role_holds_at_once(as_role: As, admin: Services) -> None:
    olga = as_role(Role.OPERATOR)
    me = olga.account.me()
    admin.accounts.change_role(me.id, Role.AUDITOR, me.version)
    with pytest.raises(Forbidden):
        olga.people.delete(1, 1)
    assert olga.account.me().role is Role.AUDITOR


def test_an_account_that_is_switched_off_is_out_at_once(as_role: As, admin: Services) -> None:
    olga = as_role(Role.OPERATOR)
    me = olga.account.me()
    admin.accounts.switch(me.id, False, me.version)
    with pytest.raises(SessionEnded) as ended:
        olga.people.page()
    assert ended.value.reason in ("disabled", "ended")


def test_a_locked_window_answers_nothing(operator: Services) -> None:
    operator.people._session.locked = True
    for call in (operator.people.page, operator.shared.all, operator.account.me):
        with pytest.raises(Locked):
            call()
