"""When a campaign may send, as tables."""

from __future__ import annotations

from datetime import date, datetime, time, timezone

import pytest

from airflow_provider_nusawa.campaign.windows import (
    SendWindow,
    day_of,
    next_midnight,
    next_stretch,
    read_window,
)

JAKARTA = "Asia/Jakarta"  # UTC+7, never another
BERLIN = "Europe/Berlin"  # in 2026: summer time from 29 March to 25 October

DAY = "08:00-20:00"
WEEK = "Mon-Fri 08:00-20:00"
NIGHT = "Fri 22:00-02:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        pytest.param("08:00-20:00", SendWindow(time(8), time(20)), id="hours"),
        pytest.param("8:30 - 20:00", SendWindow(time(8, 30), time(20)), id="spaces"),
        pytest.param("08:00-24:00", SendWindow(time(8), time(0)), id="midnight"),
        pytest.param("Mon-Fri 08:00-20:00", SendWindow(time(8), time(20), frozenset(range(5))), id="days"),
        pytest.param("sat,mon 08:00-20:00", SendWindow(time(8), time(20), frozenset({0, 5})), id="listed"),
        pytest.param("Fri-Mon 08:00-20:00", SendWindow(time(8), time(20), frozenset({4, 5, 6, 0})), id="over-sunday"),
    ],
)
def test_a_window_is_read(text: str, window: SendWindow) -> None:
    assert read_window(text) == window


@pytest.mark.parametrize("text", ["", "08:00", "8-20", "25:00-26:00", "Mon 08:00", "Foo 08:00-20:00", "08:00-20:00 x"])
def test_what_is_no_window_says_how_one_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="Mon-Fri 08:00-20:00"):
        read_window(text)


# 23 November 2026 is a Monday. Times are UTC: Jakarta's 08:00 is 01:00, its 20:00 is 13:00.
@pytest.mark.parametrize(
    ("window", "now", "opens", "closes"),
    [
        pytest.param(DAY, "2026-11-23 05:00", "2026-11-23 01:00", "2026-11-23 13:00", id="inside"),
        pytest.param(DAY, "2026-11-23 00:59:59", "2026-11-23 01:00", "2026-11-23 13:00", id="before"),
        pytest.param(DAY, "2026-11-23 01:00", "2026-11-23 01:00", "2026-11-23 13:00", id="opening"),
        pytest.param(DAY, "2026-11-23 13:00", "2026-11-24 01:00", "2026-11-24 13:00", id="closing"),
        pytest.param(DAY, "2026-11-22 20:00", "2026-11-23 01:00", "2026-11-23 13:00", id="here-it-is-tomorrow"),
        pytest.param(WEEK, "2026-11-27 14:00", "2026-11-30 01:00", "2026-11-30 13:00", id="friday-evening"),
        pytest.param(WEEK, "2026-11-29 05:00", "2026-11-30 01:00", "2026-11-30 13:00", id="sunday"),
        pytest.param(NIGHT, "2026-11-27 18:00", "2026-11-27 15:00", "2026-11-27 19:00", id="past-midnight"),
        pytest.param(NIGHT, "2026-11-27 19:00", "2026-12-04 15:00", "2026-12-04 19:00", id="a-week-to-the-next"),
        pytest.param("00:00-24:00", "2026-11-23 05:00", "2026-11-22 17:00", "2026-11-23 17:00", id="all-day"),
        pytest.param("00:00-24:00", "2026-11-23 17:00", "2026-11-23 17:00", "2026-11-24 17:00", id="next-day"),
    ],
)
def test_the_present_window_or_else_the_next(window: str, now: str, opens: str, closes: str) -> None:
    stretch = next_stretch(at(now), JAKARTA, read_window(window))

    assert stretch is not None
    assert (stretch.opens, stretch.closes) == (at(opens), at(closes))
    assert stretch.is_open(at(now)) == (at(opens) <= at(now))


@pytest.mark.parametrize(
    ("holidays", "opens"),
    [
        pytest.param(["2026-11-23"], "2026-11-24 01:00", id="today"),
        pytest.param(["2026-11-23", "2026-11-24", "2026-11-25"], "2026-11-26 01:00", id="three"),
        pytest.param(["2026-11-24"], "2026-11-23 01:00", id="tomorrow"),
    ],
)
def test_nothing_opens_on_a_holiday(holidays: list[str], opens: str) -> None:
    days = frozenset(map(date.fromisoformat, holidays))

    stretch = next_stretch(at("2026-11-23 05:00"), JAKARTA, read_window(DAY), holidays=days)

    assert stretch is not None
    assert stretch.opens == at(opens)


def test_holidays_hold_without_a_window_too() -> None:
    stretch = next_stretch(at("2026-11-23 05:00"), JAKARTA, holidays={date(2026, 11, 23)})

    assert stretch is not None
    assert stretch.opens == at("2026-11-23 17:00")


@pytest.mark.parametrize(
    ("window", "not_after", "closes"),
    [
        pytest.param(None, "2026-11-23 06:00", "2026-11-23 06:00", id="no-window"),
        pytest.param(DAY, "2026-11-23 06:00", "2026-11-23 06:00", id="within-it"),
        pytest.param(DAY, "2026-11-23 18:00", "2026-11-23 13:00", id="after-it"),
        pytest.param(None, "2026-11-23 05:00", None, id="this-very-moment"),
        pytest.param(DAY, "2026-11-23 04:00", None, id="past"),
    ],
)
def test_nothing_is_sent_after_the_last_moment(window: str | None, not_after: str, closes: str | None) -> None:
    read = read_window(window) if window else None

    stretch = next_stretch(at("2026-11-23 05:00"), JAKARTA, read, not_after=at(not_after))

    assert (stretch and stretch.closes) == (at(closes) if closes else None)


def test_a_window_that_opens_after_the_last_moment_opens_never() -> None:
    assert next_stretch(at("2026-11-23 14:00"), JAKARTA, read_window(DAY), not_after=at("2026-11-24 00:30")) is None


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [
        pytest.param("2026-03-28 05:00", "2026-03-28 07:00", "2026-03-28 19:00", id="winter"),
        pytest.param("2026-03-29 05:00", "2026-03-29 06:00", "2026-03-29 18:00", id="summer"),
    ],
)
def test_hours_are_those_of_the_clocks_in_that_zone(now: str, opens: str, closes: str) -> None:
    stretch = next_stretch(at(now), BERLIN, read_window(DAY))

    assert stretch is not None
    assert (stretch.opens, stretch.closes) == (at(opens), at(closes))


def test_days_begin_where_the_campaign_is() -> None:
    assert day_of(at("2026-11-23 16:59"), JAKARTA) == "2026-11-23"
    assert day_of(at("2026-11-23 17:00"), JAKARTA) == "2026-11-24"
    assert next_midnight(at("2026-11-23 05:00"), JAKARTA) == at("2026-11-23 17:00")
