"""How people, accounts and events look in JSON."""

from datetime import date, datetime
from typing import Any

from facekd_db.records import Operator, Person, PersonSummary


def moment(when: datetime | date | None) -> str | None:
    """ISO 8601; times in UTC."""
    return None if when is None else when.isoformat()


def person_json(person: Person) -> dict[str, Any]:
    """A person without faces."""
    fields = person.fields
    return {
        "id": person.id,
        "name": fields.name,
        "code": fields.code,
        "department": fields.department,
        "note": fields.note,
        "valid_from": moment(fields.valid_from),
        "valid_until": moment(fields.valid_until),
        "version": person.version,
        "created_at": moment(person.created_at),
        "updated_at": moment(person.updated_at),
        "deleted_at": moment(person.deleted_at),
        "erase_after": moment(person.erase_after),
        "on_hold": person.on_hold,
    }


def summary_json(summary: PersonSummary) -> dict[str, Any]:
    """A row of the table of people."""
    return {
        **person_json(summary.person),
        "photos": summary.crops,
        "consented": summary.consented,
        "last_seen": moment(summary.last_seen),
    }


def operator_json(operator: Operator) -> dict[str, Any]:
    """An account; its password's hash is nowhere in it."""
    return {
        "id": operator.id,
        "name": operator.name,
        "role": operator.role.value,
        "enabled": operator.enabled,
        "must_change_password": operator.must_change_password,
        "one_time_until": moment(operator.one_time_until),
        "version": operator.version,
        "created_at": moment(operator.created_at),
        "last_login_at": moment(operator.last_login_at),
    }
