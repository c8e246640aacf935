"""Who is here now, from recognitions alone."""

from datetime import UTC, datetime, timedelta

import numpy as np

from facekd.types import Image, RecognisedFace, Recognition, State
from facekd_ui.pages.live_presence import VIEWS, Presence, cut_out, renumbered, shown_faces

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PICTURE: Image = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)
BOX = (100.0, 80.0, 160.0, 150.0)


def face(
    track: int, state: State = State.UNKNOWN, person: str | None = None, reasons: tuple[str, ...] = ()
) -> RecognisedFace:
    return RecognisedFace(track, BOX, state, person, 0.6, reasons)


def after(presence: Presence, seconds: float, *faces: RecognisedFace) -> Presence:
    now = START + timedelta(seconds=seconds)
    presence.see(Recognition(0, seconds * 1000, faces), PICTURE, now)
    return presence


def test_a_face_that_gets_its_name_stays_the_guest_that_it_was() -> None:
    presence = after(Presence(), 0, face(1))
    after(presence, 1, face(1, State.KNOWN, "12"))
    (guest,) = presence.now()
    assert (guest.key, guest.person_id, guest.since) == ("person:12", 12, START)


def test_two_tracks_of_one_person_are_one_guest() -> None:
    presence = after(Presence(), 0, face(1, State.KNOWN, "12"))
    after(presence, 1, face(2, State.KNOWN, "12"))
    assert [guest.face.track for guest in presence.now()] == [2]


def test_a_second_track_that_gets_the_name_of_a_guest_becomes_that_guest() -> None:
    presence = after(Presence(), 0, face(1, State.KNOWN, "12"))
    after(presence, 1, face(2, State.UNCERTAIN, "12"))
    after(presence, 2, face(2, State.KNOWN, "12"))
    assert [(guest.key, guest.since) for guest in presence.now()] == [("person:12", START)]


def test_uncertain_stand_first_then_unknown_then_known_then_who_was_never_seen_clearly() -> None:
    faces = (
        face(1, State.KNOWN, "1"),
        face(2, reasons=("blurred",)),
        face(3),
        face(4, State.UNCERTAIN, "4"),
    )
    presence = after(Presence(), 0, *faces)
    assert [guest.face.track for guest in presence.now()] == [4, 3, 1, 2]
    assert presence.counts() == {State.KNOWN: 1, State.UNCERTAIN: 1, State.UNKNOWN: 2}


def test_somebody_who_leaves_is_dimmed_and_then_moves_to_the_earlier_ones() -> None:
    presence = after(Presence(), 0, face(1, State.KNOWN, "1"))
    assert [guest.here for guest in after(presence, 1.9).now()] == [True]
    assert [guest.here for guest in after(presence, 2.0).now()] == [False]
    assert presence.earlier() == ()
    after(presence, 10.0)
    assert presence.now() == ()
    assert [guest.key for guest in presence.earlier()] == ["person:1"]


def test_people_leave_also_when_no_picture_comes_any_more() -> None:
    presence = after(Presence(), 0, face(1, State.KNOWN, "1"))
    presence.age(START + timedelta(seconds=3))
    assert [guest.here for guest in presence.now()] == [False]


def test_who_was_never_seen_clearly_is_forgotten_at_once() -> None:
    presence = after(Presence(), 0, face(1, reasons=("too_dark",)))
    after(presence, 2.0)
    assert (presence.now(), presence.earlier()) == ((), ())


def test_an_ignored_face_is_gone_from_the_list_and_has_three_dots_in_the_picture() -> None:
    presence = after(Presence(), 0, face(1, State.KNOWN, "1"), face(2))
    presence.ignore(1)
    after(presence, 1, face(1, State.KNOWN, "1"), face(2))
    assert [guest.face.track for guest in presence.now()] == [2]
    shown = shown_faces([face(1, State.KNOWN, "1")], {"1": "Ada"}, presence.ignored, "Unknown")
    assert [(each.state, each.label) for each in shown] == [("ignored", "")]


def test_good_views_are_kept_a_second_apart_and_few_of_them() -> None:
    presence = Presence()
    for tenth in range(100):
        after(presence, tenth / 10, face(1))
    (guest,) = presence.now()
    assert len(guest.views) == VIEWS
    assert guest.good == 100
    assert not np.shares_memory(guest.views[0].image, PICTURE)  # the frame may be thrown away
    after(presence, 60)
    assert presence.earlier() == (guest,)
    assert guest.views == []  # megabytes of somebody who has left


def test_a_poor_view_is_not_kept_for_enrolling() -> None:
    (guest,) = after(Presence(), 0, face(1, reasons=("blurred",))).now()
    assert guest.views == []
    assert guest.picture is not None


def test_a_cut_out_holds_the_face_where_its_box_says() -> None:
    cut = cut_out(PICTURE, BOX, 1.0)
    assert cut is not None
    x1, y1, x2, y2 = (int(value) for value in cut.box)
    assert np.array_equal(cut.image[y1:y2, x1:x2], PICTURE[80:150, 100:160])
    assert cut.image.shape == (210, 180, 3)  # three times 70 by three times 60


def test_a_cut_out_begins_on_the_grid_that_is_asked_for() -> None:
    cut = cut_out(PICTURE, BOX, 0.5, grid=32)  # would begin at x 70, y 45
    assert cut is not None
    assert cut.box[:2] == (100 - 64, 80 - 32)
    assert cut.image.shape == (160, 128, 3)  # from 32 to at least 185, from 64 to at least 190
    assert np.array_equal(cut.image[48, 36], PICTURE[80, 100])


def test_a_cut_out_at_the_edge_keeps_inside_and_one_outside_is_none() -> None:
    cut = cut_out(PICTURE, (-20, -20, 40, 40), 0.5)
    assert cut is not None
    assert cut.image.shape[:2] == (70, 70)
    assert cut.box == (-20, -20, 40, 40)
    assert cut_out(PICTURE, (400, 10, 460, 70), 0.1) is None


def test_words_over_a_face_say_its_state() -> None:
    faces = [face(1, State.KNOWN, "1"), face(2, State.UNCERTAIN, "1"), face(3), face(4, State.KNOWN, "9")]
    shown = shown_faces(faces, {"1": "Ada"}, (), "Unknown")
    assert [(each.state, each.label) for each in shown] == [
        ("known", "Ada"),
        ("uncertain", "Ada?"),
        ("unknown", "Unknown"),
        ("unknown", "Unknown"),  # somebody who was deleted a moment ago has no name any more
    ]


def test_renumbered_tracks_do_not_meet_earlier_ones() -> None:
    recognition = Recognition(0, 0.0, (face(1), face(2)))
    assert [each.track for each in renumbered(recognition, 7).faces] == [8, 9]
    assert renumbered(recognition, 0) is recognition
