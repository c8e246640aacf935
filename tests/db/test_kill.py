"""A client that is killed at any moment leaves whole people behind, never halves."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from facekd_db.keys import FileKeys
from facekd_db.schema import crop, person, template
from facekd_db.store import Store

PROGRAM = """
import sys
from pathlib import Path
from facekd_db.keys import FileKeys
from facekd_db.records import NewTemplate, PersonFields
from facekd_db.store import Store
store = Store(sys.argv[1], FileKeys(Path(sys.argv[2])))
print("ready", flush=True)
while True:
    with store.transaction() as t:
        person = t.people.add(PersonFields("Ada"))
        for n in range(3):
            key = t.crops.add(person.id, bytes(5000), source="camera")
            t.templates.add([NewTemplate(person.id, "ab" * 32, 4, bytes(16), key)])
        t.gallery.bump()
        t.audit.record("person.add", subject=f"person:{person.id}")
    print(person.id, flush=True)
"""


def test_a_client_killed_at_random_moments_leaves_whole_people_only(
    store: Store, url: str, keys: FileKeys, tmp_path: Path
) -> None:
    with store.transaction() as t:
        t.models.add("ab" * 32, name="test", kind="embedder", dim=4, card="")
    (program := tmp_path / "enrol.py").write_text(PROGRAM)
    chance = random.Random(0)
    confirmed: list[int] = []
    for _ in range(6):
        client = subprocess.Popen(
            [sys.executable, str(program), url, str(tmp_path / "home" / "store.key")],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.15))
        client.kill()
        confirmed += [int(line) for line in client.stdout.read().split("\n") if line]
        client.stdout.close()
        client.wait()
    with store.transaction() as t:  # also: nobody's lock is left behind
        people = set(t.connection.execute(sa.select(person.c.id)).scalars())
        for table in (crop, template):
            counted = sa.select(table.c.person_id, sa.func.count()).group_by(table.c.person_id)
            assert {row[0]: row[1] for row in t.connection.execute(counted)} == dict.fromkeys(people, 3)
        assert set(confirmed) <= people  # what was confirmed is there; whatever is there is whole
        assert t.gallery.state().revision == len(people)
        report = t.audit.verify()
        assert (report.rows, report.broken) == (len(people), None)
        assert len(t.templates.gallery("ab" * 32).rows) == 3 * len(people)


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_backup_that_is_killed_leaves_no_file_that_looks_whole(
    store: Store, url: str, tmp_path: Path
) -> None:
    with store.transaction() as t:
        t.connection.execute(
            sa.insert(person),
            [
                {
                    "name": f"Person {n}",
                    "name_key": "",
                    "department": "",
                    "note": "x" * 200,
                    "search": "",
                    "version": 1,
                    "created_at": t.now,
                    "updated_at": t.now,
                    "deleted": False,
                    "on_hold": False,
                }
                for n in range(20_000)
            ],
        )
    program = """if True:
        import sys
        from pathlib import Path
        from facekd_db.backup import back_up
        from facekd_db.store import Store
        back_up(Store(sys.argv[1]), Path(sys.argv[2]), progress=lambda *_: print("on", flush=True))
    """
    target = tmp_path / "b.facekd"
    client = subprocess.Popen(
        [sys.executable, "-c", program, url, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    client.stdout.readline()
    client.kill()
    client.communicate()
    assert not target.exists()
    subprocess.run([sys.executable, "-c", program, url, str(target)], check=True, stdout=subprocess.DEVNULL)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("b.")] == ["b.facekd"]
