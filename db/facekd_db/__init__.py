"""The store: accounts, people, their encrypted faces, and the records, on SQLite, MySQL or MariaDB.

Read in this order: `records` (what crosses the border), `store` (`Store`, `Tables`), `people` (how queries look),
`schema`, `vault` and `keys` (encryption at rest), `login`, `migrate`, `copying` and `backup`. Nothing here knows
NumPy, Qt or the rest of the project: vectors and pictures are bytes.

In use::

    store = Store("sqlite:////home/ada/facekd.db", open_keys(home))  # open_keys: facekd_db.keys
    store.upgrade()                     # at every start: makes, upgrades, or refuses with SchemaTooNew

    with store.transaction() as t:      # all or nothing; `store.reading()` where nothing is written
        person = t.people.add(PersonFields("Ada Lovelace", code="A1"), by=operator.id)
        crop = t.crops.add(person.id, png, source="camera")
        t.templates.add([NewTemplate(person.id, model_id, 128, vector_bytes, crop)])
        t.gallery.bump()                # in the same transaction as what recognition must see
        t.audit.record("person.add", operator_id=operator.id, operator=operator.name,
                       subject=f"person:{person.id}", detail={"templates": 1})  # ids, never people's names

    login = log_in(store, name, password, client=hostname)   # facekd_db.login; also prove, change_password
    with store.transaction() as t:
        session, operator = t.sessions.touch(login.token)    # role and rights as they are now; SessionEnded

`t` holds: people, consents, crops, templates, gallery, models, operators, sessions, lockouts, settings, cameras,
events, erasures, audit, and `now`, the moment of the transaction. `store.run(work)` repeats `work(t)` when another
client was in the way. Errors stand in `errors`; each message is meant to be shown.

Who changes what people edit hands back the `version` that was read; `Conflict` says who was quicker.
"Not this person" is a crop and a template with `rejects=True`. Deleting is `people.delete` (undo: `restore`),
erasing is `erasures.erase`, and then `store.scrub()` outside of any transaction. Rights are not checked here.
"""
