"""Queries on consent: who agreed to which text, and when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from facekd_db.errors import NotFound
from facekd_db.queries import Queries, chunks
from facekd_db.records import Consent, ConsentText
from facekd_db.schema import consent, consent_text, person


class Consents(Queries):
    """Queries on tables `consent` and `consent_text`."""

    def text(self, language: str, body: str) -> ConsentText:
        """The stored text with exactly these words; it is added when it is new."""
        query = sa.select(consent_text).where(consent_text.c.language == language)
        for row in self._c.execute(query.order_by(consent_text.c.id)):
            if row.body == body:
                return _text(row)
        key = self._insert(consent_text, language=language, body=body, created_at=self._now)
        return self.text_by_id(key)

    def text_by_id(self, text_id: int) -> ConsentText:
        """Raises NotFound."""
        row = self._c.execute(sa.select(consent_text).where(consent_text.c.id == text_id)).first()
        if row is None:
            raise NotFound(f"there is no consent text {text_id}")
        return _text(row)

    def give(
        self,
        person_id: int,
        text_id: int,
        *,
        given_by: str,
        given_at: datetime,
        purpose: str = "recognition",
        by: int | None = None,
    ) -> Consent:
        """Records a consent; earlier ones stay."""
        key = self._insert(
            consent,
            person_id=person_id,
            text_id=text_id,
            purpose=purpose,
            given_by=given_by,
            given_at=given_at,
            recorded_by=by,
        )
        return next(each for each in self.of(person_id) if each.id == key)

    def of(self, person_id: int) -> tuple[Consent, ...]:
        """All consents of a person, oldest first, withdrawn ones included."""
        query = sa.select(consent).where(consent.c.person_id == person_id).order_by(consent.c.id)
        return tuple(_consent(row) for row in self._c.execute(query))

    def people(self, purpose: str) -> tuple[int, ...]:
        """People on file, none of them deleted, whose consent for a purpose stands; by id."""
        agreed = sa.exists().where(
            consent.c.person_id == person.c.id, consent.c.purpose == purpose, consent.c.withdrawn_at.is_(None)
        )
        query = sa.select(person.c.id).where(person.c.deleted == sa.false(), agreed).order_by(person.c.id)
        return tuple(self._c.execute(query).scalars())

    def hand_over(self, consent_ids: Sequence[int], person_id: int) -> None:
        """Gives consents to another record of the same person."""
        for part in chunks(list(consent_ids)):
            statement = sa.update(consent).where(consent.c.id.in_(part))
            self._c.execute(statement.values(person_id=person_id))

    def withdraw(self, person_id: int, purpose: str = "recognition") -> int:
        """Withdraws every consent for a purpose and returns how many; what follows from it is the caller's."""
        statement = (
            sa.update(consent)
            .where(
                consent.c.person_id == person_id,
                consent.c.purpose == purpose,
                consent.c.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=self._now)
        )
        return int(self._c.execute(statement).rowcount)


def _text(row: sa.Row[Any]) -> ConsentText:
    return ConsentText(row.id, row.language, row.body, row.created_at)


def _consent(row: sa.Row[Any]) -> Consent:
    return Consent(
        id=row.id,
        person_id=row.person_id,
        text_id=row.text_id,
        purpose=row.purpose,
        given_by=row.given_by,
        given_at=row.given_at,
        recorded_by=row.recorded_by,
        withdrawn_at=row.withdrawn_at,
    )
