from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from facekd_ui.i18n import T, Tn, set_catalogue
from facekd_ui.i18n.formats import clock, countdown, date, moment, time_left
from facekd_ui.i18n.text import catalogue


@pytest.fixture
def chinese() -> Iterator[None]:
    set_catalogue("zh_CN")
    yield
    set_catalogue("en")


def test_a_text_speaks_the_language_in_use_when_it_is_shown() -> None:
    text = T("Cancel")
    assert str(text) == "Cancel"
    set_catalogue("zh_CN")
    assert str(text) == "取消"
    set_catalogue("en")


def test_values_are_put_in_and_whole_numbers_get_separators() -> None:
    text = T("{done} of {all}, {refused} refused", done=1480, all=3200, refused=12)
    assert str(text) == "1,480 of 3,200, 12 refused"


def test_a_name_with_braces_stays_as_it_is() -> None:
    assert str(T("{name} deleted", name="{n} <b>")) == "{n} <b> deleted"


def test_english_counts_one_apart_and_chinese_does_not() -> None:
    texts = [Tn("{n} alert", "{n} alerts", n) for n in (0, 1, 2, 1_000_000)]
    assert [str(text) for text in texts] == ["0 alerts", "1 alert", "2 alerts", "1,000,000 alerts"]
    set_catalogue("zh_CN")
    assert [str(text) for text in texts[:3]] == ["0 条提醒", "1 条提醒", "2 条提醒"]
    set_catalogue("en")


def test_a_text_within_a_text_is_translated_too(chinese: None) -> None:
    assert str(T("{tip} ({key})", tip=T("Lock"), key="Ctrl+L")) == "锁定\uff08Ctrl+L\uff09"


def test_an_unknown_language_is_refused_and_nothing_changes() -> None:
    with pytest.raises(ValueError, match="zh_CN"):
        set_catalogue("tlh")
    assert str(T("Cancel")) == "Cancel"


def test_english_needs_no_catalogue() -> None:
    assert catalogue("en") == {}


def test_dates_are_written_without_ambiguity(chinese: None) -> None:
    day = datetime(2026, 3, 12, 8, 5, 9, tzinfo=UTC)
    assert date(day) == "2026 年 3 月 12 日"
    set_catalogue("en")
    assert (date(day), clock(day), clock(day, seconds=True)) == ("12 Mar 2026", "08:05", "08:05:09")


def test_a_moment_says_no_more_than_needed() -> None:
    now = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
    assert moment(now - timedelta(hours=1), now) == "08:00"
    assert moment(now - timedelta(hours=10), now) == "yesterday 23:00"
    assert moment(now - timedelta(days=30), now) == "10 Feb 09:00"
    assert moment(now - timedelta(days=400), now) == "5 Feb 2025"


@pytest.mark.parametrize(
    ("seconds", "words"), [(272, "4:32"), (0.2, "0:01"), (0, "0:00"), (-5, "0:00"), (3872, "1:04:32")]
)
def test_a_countdown_reaches_zero_only_when_it_is_over(seconds: float, words: str) -> None:
    assert countdown(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than 1 s"),
        (7, "about 7 s"),
        (48, "about 50 s"),
        (170, "about 3 min"),
        (4980, "about 1 h 23 min"),
    ],
)
def test_time_left_is_as_coarse_as_the_guess(seconds: float, words: str) -> None:
    assert time_left(seconds) == words
