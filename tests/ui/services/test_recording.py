"""Sightings become records, once each, and none is lost while the store is away."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from facekd.types import RecognisedFace, Recognition, State
from facekd_db.keys import FileKeys
from facekd_db.records import EventFilter, PersonFields, Sighting
from facekd_db.store import Store
from facekd_ui.services.base import Desk
from facekd_ui.services.everything import Services
from facekd_ui.services.recording import AGAIN_S, Recorder, face_picture, open_spool
from facekd_ui.services.sealing import LocalSeal
from facekd_ui.services.spool import Spool

Paint = Callable[[dict[int, tuple[int, int]]], NDArray[np.uint8]]
Portrait = Callable[..., Path]
ADA, EVE = 1, 4
BOX = (128.0, 88.0, 192.0, 152.0)


class Clock(Protocol):
    """The fixture of conftest.py."""

    def advance(self, **step: float) -> None: ...


def face(state: State, person: int | None = None, *, track: int = 1, score: float = 0.8) -> RecognisedFace:
    return RecognisedFace(track, BOX, state, None if person is None else str(person), score)


def frame(*faces: RecognisedFace) -> Recognition:
    return Recognition(0, 0.0, faces)


@pytest.fixture
def picture(paint: Paint) -> NDArray[np.uint8]:
    return paint({ADA: (160, 120)})


@pytest.fixture
def ada(operator: Services, portrait: Portrait) -> int:
    shots = operator.enrolment.examine_files([portrait(ADA)])
    return operator.enrolment.enrol(PersonFields("Ada"), shots).person.id


@pytest.fixture
def recorder(operator: Services, ada: int) -> Recorder:
    camera = operator.cameras.use("Door", "device", "0")
    live = operator.recognition.live()
    return operator.recording.start(camera, live.card, live.people)


@pytest.fixture
def away(desk: Desk) -> Iterator[Callable[[bool], None]]:
    """Takes the database file away and brings it back."""
    path = desk.home / "facekd.db"

    def take(gone: bool) -> None:
        desk.store.close()
        if gone:
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            path.rename(path.with_suffix(".away"))
            path.mkdir()  # a folder in its place cannot be opened
        else:
            path.rmdir()
            path.with_suffix(".away").rename(path)

    yield take
    if path.is_dir():
        take(False)


def test_somebody_who_stays_is_one_record_from_first_to_last_sight(
    recorder: Recorder, operator: Services, ada: int, picture: NDArray[np.uint8], clock: Clock
) -> None:
    begin = operator.recording._store.now()
    for _ in range(300):  # a minute at five frames a second
        recorder.see(frame(face(State.KNOWN, ada)), picture)
        clock.advance(seconds=0.2)
    state = recorder.flush()
    assert (state.waiting, state.saved, state.trouble) == (0, 1, None)
    (event,) = operator.records.page()
    assert (event.person, event.camera, event.state, event.at) == ("Ada", "Door", "known", begin)
    assert event.sightings == 60 / AGAIN_S
    assert timedelta(seconds=45) < event.last_at - event.at < timedelta(seconds=60)
    image = operator.records.image(event.id)
    assert image is not None
    assert image.startswith(b"\xff\xd8")
    assert b"Exif" not in image


def test_coming_back_after_the_interval_is_another_record(
    recorder: Recorder, operator: Services, ada: int, picture: NDArray[np.uint8], clock: Clock
) -> None:
    for gap in (0, 299, 301):
        clock.advance(seconds=gap)
        recorder.see(frame(face(State.KNOWN, ada)), picture)
        recorder.flush()
    assert operator.records.count() == 2


def test_a_face_without_a_name_is_recorded_when_it_stays_so(
    recorder: Recorder, operator: Services, ada: int, picture: NDArray[np.uint8], clock: Clock
) -> None:
    recorder.see(frame(face(State.UNKNOWN)), picture)  # before the vote had enough views
    clock.advance(seconds=0.2)
    recorder.see(frame(face(State.KNOWN, ada)), picture)
    for _ in range(10):
        recorder.see(frame(face(State.UNKNOWN, track=2, score=0.1)), picture)
        clock.advance(seconds=0.2)
    recorder.flush()
    assert sorted(event.state for event in operator.records.page()) == ["known", "unknown"]


def test_tracks_that_are_counted_anew_are_not_taken_for_those_before(
    recorder: Recorder, operator: Services, picture: NDArray[np.uint8], clock: Clock
) -> None:
    card = operator.recognition.live().card
    for _ in range(2):
        for _ in range(10):
            recorder.see(frame(face(State.UNKNOWN, score=0.1)), picture)
            clock.advance(seconds=0.2)
        recorder.begin_anew(card, 1)
    recorder.flush()
    assert operator.records.count() == 2


def test_strangers_are_not_recorded_where_that_is_not_wanted(
    operator: Services, admin: Services, recorder: Recorder, picture: NDArray[np.uint8], clock: Clock
) -> None:
    admin.shared.put("events.strangers", False, 0)
    live = operator.recognition.live()
    quiet = operator.recording.start(operator.cameras.use("Door", "device", "0"), live.card, live.people)
    for _ in range(20):
        quiet.see(frame(face(State.UNKNOWN)), picture)
        clock.advance(seconds=0.2)
    assert quiet.flush().saved == 0


def test_nothing_is_lost_and_nothing_doubled_while_the_store_is_away(
    recorder: Recorder,
    ada: int,
    picture: NDArray[np.uint8],
    clock: Clock,
    away: Callable[[bool], None],
    desk: Desk,
) -> None:
    recorder.see(frame(face(State.KNOWN, ada)), picture)
    assert recorder.flush().waiting == 0
    away(True)
    for minutes in range(3):
        clock.advance(minutes=10)
        recorder.see(frame(face(State.KNOWN, ada)), picture)
        state = recorder.flush()
        assert state.waiting == minutes + 1
        assert "cannot be used" in str(state.trouble)
    spooled = b"".join(path.read_bytes() for path in (desk.home / "spool").glob("*.sightings"))
    assert b"\xff\xd8\xff" not in spooled  # pictures wait encrypted
    away(False)
    state = recorder.flush()
    assert (state.waiting, state.saved, state.trouble) == (0, 4, None)
    assert recorder.flush().saved == 4
    with desk.store.reading() as t:
        assert [event.sightings for event in t.events.page()] == [1, 1, 1, 1]


def test_what_waits_survives_the_end_of_the_program(
    recorder: Recorder,
    operator: Services,
    ada: int,
    picture: NDArray[np.uint8],
    away: Callable[[bool], None],
    desk: Desk,
) -> None:
    away(True)
    recorder.see(frame(face(State.KNOWN, ada)), picture)
    recorder.flush()
    away(False)
    live = operator.recognition.live()
    next_run = operator.recording.start(operator.cameras.use("Door", "device", "0"), live.card, live.people)
    assert next_run.flush().saved == 1


def test_a_batch_that_arrived_although_nobody_heard_of_it_counts_once(
    recorder: Recorder, operator: Services, ada: int, picture: NDArray[np.uint8], desk: Desk
) -> None:
    recorder.see(frame(face(State.KNOWN, ada)), picture)
    (sighting,) = recorder._gathered
    spool = open_spool(desk)
    spool.put([sighting])
    (batch,) = spool.batches()
    desk.store.run(lambda t: t.events.record(batch.uid, batch.sightings))
    recorder._gathered.clear()
    assert recorder.flush().waiting == 0
    (event,) = operator.records.page()
    assert event.sightings == 1


def test_a_batch_that_cannot_be_read_does_not_stop_those_behind_it(
    recorder: Recorder, operator: Services, ada: int, picture: NDArray[np.uint8], desk: Desk
) -> None:
    recorder.see(frame(face(State.KNOWN, ada)), picture)
    spool = open_spool(desk)
    spool.put(recorder._gathered)
    (damaged,) = (desk.home / "spool").glob("*.sightings")
    data = bytearray(damaged.read_bytes())
    data[40] ^= 1
    damaged.write_bytes(data)
    assert recorder.flush().saved == 1
    assert [path.suffix for path in (desk.home / "spool").iterdir()] == [".unusable"]


def test_a_full_disk_keeps_the_records_in_memory_and_says_so(
    recorder: Recorder, operator: Services, ada: int, picture: NDArray[np.uint8], desk: Desk
) -> None:
    (desk.home / "spool").rmdir() if (desk.home / "spool").is_dir() else None
    (desk.home / "spool").write_bytes(b"")  # no folder can be made here: as good as a disk that takes nothing
    recorder.see(frame(face(State.KNOWN, ada)), picture)
    state = recorder.flush()
    assert (state.waiting, state.saved) == (1, 0)
    assert "make room" in str(state.trouble)
    (desk.home / "spool").unlink()
    assert recorder.flush().saved == 1


def test_a_spool_beyond_its_limit_keeps_who_was_where_without_pictures(
    recorder: Recorder, ada: int, picture: NDArray[np.uint8], desk: Desk, tmp_path: Path
) -> None:
    recorder.see(frame(face(State.KNOWN, ada)), picture)
    assert desk.store.keys is not None
    small = Spool(tmp_path / "small", LocalSeal(desk.home, desk.store.keys), limit_bytes=1)
    small.put(recorder._gathered)
    small.put(recorder._gathered)
    assert [batch.sightings[0].image is None for batch in small.batches()] == [False, True]


def test_killed_at_any_moment_the_recording_loses_at_most_what_was_not_flushed(
    recorder: Recorder, operator: Services, ada: int, desk: Desk
) -> None:
    script = f"""
import os, signal, threading, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from facekd_db.keys import FileKeys
from facekd_db.records import Sighting
from facekd_db.store import Store
from facekd_ui.services.sealing import LocalSeal
from facekd_ui.services.spool import Spool
home = Path({str(desk.home)!r})
spool = Spool(home / "spool", LocalSeal(home, FileKeys(home / "store.key")))
store = Store("sqlite:///" + str(home / "facekd.db"), FileKeys(home / "store.key"))
start = datetime(2026, 3, 2, tzinfo=UTC)
for i in range(10_000):
    spool.put([Sighting(start + timedelta(hours=i), 1, "known", "t", {ada}, 0.8)])
    print(i, flush=True)
    for batch in spool.batches():
        store.run(lambda t: t.events.record(batch.uid, batch.sightings))
        spool.done(batch)
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    last = -1
    for line in child.stdout:
        last = int(line)
        if last >= 25:
            child.kill()
            break
    rest = child.stdout.read().split()
    child.stdout.close()
    child.wait()
    spooled = max([last, *map(int, rest)]) + 1
    recorder.flush()
    found = operator.records.count(EventFilter(person_id=ada))
    assert spooled <= found <= spooled + 1  # the one after it may have been spooled before it was printed


def test_the_picture_of_a_face_is_small_and_holds_its_surroundings(paint: Paint) -> None:
    import cv2

    big = cv2.resize(paint({EVE: (160, 120)}), None, fx=8, fy=8)
    data = face_picture(big, tuple(8 * value for value in BOX))  # type: ignore[arg-type]
    assert data is not None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert max(image.shape) == 224
    assert face_picture(big, (-100, -100, -50, -50)) is None


def test_keys_are_needed_to_record(desk: Desk) -> None:
    keyless = Desk.build(
        Store(f"sqlite:///{desk.home / 'facekd.db'}"), desk.home, desk.networks, "desk without keys"
    )
    with pytest.raises(ValueError, match="opened with keys"):
        open_spool(keyless)
    keyless.store.close()


def test_the_key_of_this_computer_is_made_once_and_kept_private(desk: Desk) -> None:
    keys = FileKeys(desk.home / "store.key")
    first = LocalSeal(desk.home, keys)
    assert LocalSeal(desk.home, keys).open(first.seal(b"x", "a"), "a") == b"x"
    if os.name == "posix":
        assert (desk.home / "local-key-id").stat().st_mode & 0o077 == 0


def test_what_an_earlier_run_left_is_sent_without_a_source(admin: Services, desk: Desk) -> None:
    camera = admin.cameras.use("Door", "device", "0")
    spool = open_spool(desk)
    spool.put([Sighting(desk.store.now(), camera.id, "unknown", f"t{k}") for k in range(3)])
    assert spool.waiting() == 3
    state = admin.recording.send_waiting()
    assert (state.waiting, state.saved, state.trouble) == (0, 3, None)
    assert admin.records.count() == 3
    assert admin.recording.send_waiting().saved == 0


def test_threads_that_need_the_key_of_this_computer_first_make_one_key(desk: Desk) -> None:
    keys = FileKeys(desk.home / "store.key")
    before = desk.store.keys
    assert before is not None
    (desk.home / "local-key-id").unlink(missing_ok=True)
    ready = threading.Barrier(8)
    seals: list[LocalSeal] = []

    def first() -> None:
        ready.wait()
        seals.append(LocalSeal(desk.home, keys))

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seals) == 8
    assert {seals[0].open(seal.seal(b"x", "a"), "a") for seal in seals} == {b"x"}
    with desk.store.reading() as t:  # the store's own key lies in the same file
        assert t.audit.verify().broken is None
    assert len(json.loads((desk.home / "store.key").read_text())) == 2
