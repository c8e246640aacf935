import pytest

from facekd_ui.workers.statistics import Rate, Recent, Smoothed


def test_a_rate_is_right_before_and_after_its_window_is_full() -> None:
    rate = Rate()
    assert rate.value(now=0) == 0
    for tick in range(11):
        rate.tick(now=tick * 0.04)
    assert rate.value(now=0.4) == pytest.approx(25)
    for tick in range(11, 200):
        rate.tick(now=tick * 0.04)
    assert rate.value(now=199 * 0.04) == pytest.approx(25, rel=0.02)


def test_a_rate_falls_to_zero_when_nothing_comes() -> None:
    rate = Rate()
    for tick in range(50):
        rate.tick(now=tick * 0.04)
    assert rate.value(now=1.96 + 1.5) < 25
    assert rate.value(now=1.96 + 2.1) == 0


def test_durations_are_smoothed_towards_the_new_value() -> None:
    smoothed = Smoothed()
    smoothed.add({"detect": 10})
    smoothed.add({"detect": 20, "embed": 5})
    assert smoothed.values == pytest.approx({"detect": 12, "embed": 5})


def test_percentiles_are_of_the_last_values() -> None:
    recent = Recent(size=5)
    assert recent.percentile() is None
    for value in (100, 1, 2, 3, 4, 5):
        recent.add(value)
    assert recent.percentile(0.5) == 3
    assert recent.percentile(0.99) == 5
