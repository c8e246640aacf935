"""Who agreed to training: a consent of its own, apart from recognition."""

from facekd_db.records import PersonFields
from facekd_db.store import Store


def test_people_who_agreed_to_training_are_those_on_file_whose_consent_stands(store: Store) -> None:
    with store.transaction() as t:
        people = [t.people.add(PersonFields(name)) for name in ("Ada", "Bob", "Cem", "Dea")]
        text = t.consents.text("en", "I agree.").id
        for person, purpose in zip(people, ("training", "recognition", "training", "training"), strict=True):
            t.consents.give(person.id, text, given_by=person.name, given_at=t.now, purpose=purpose)
        t.consents.withdraw(people[2].id, "training")
        t.people.delete(people[3].id, people[3].version, erase_after=t.now)
    with store.reading() as t:
        assert t.consents.people("training") == (people[0].id,)
        assert t.consents.people("recognition") == (people[1].id,)
