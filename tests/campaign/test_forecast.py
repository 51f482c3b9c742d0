"""When a campaign would be through: the same as if a slow clock were watched."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_nusawa.campaign.forecast import finishes_at
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.windows import SendWindow

JAKARTA = "Asia/Jakarta"
DAYTIME = SendWindow(time(8), time(20))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(JAKARTA))


@pytest.mark.parametrize(
    ("count", "now", "terms", "ends"),
    [
        pytest.param(36_000, "2026-11-23T09:00", Terms(), "2026-11-23T10:00", id="by-its-rate-alone"),
        pytest.param(0, "2026-11-23T09:00", Terms(), "2026-11-23T09:00", id="nobody"),
        pytest.param(36_000, "2026-11-23T22:00", Terms(window=DAYTIME), "2026-11-24T09:00", id="waits-for-morning"),
        pytest.param(72_000, "2026-11-23T19:00", Terms(window=DAYTIME), "2026-11-24T09:00", id="over-the-night"),
        pytest.param(
            36_000,
            "2026-11-23T21:00",
            Terms(window=DAYTIME, holidays=frozenset({date(2026, 11, 24)})),
            "2026-11-25T09:00",
            id="over-a-holiday",
        ),
        pytest.param(3_000, "2026-11-23T09:00", Terms(max_per_day=1_200), "2026-11-25T00:01", id="a-cap-a-day"),
        pytest.param(
            600, "2026-11-23T19:59", Terms(window=DAYTIME, not_after=at("2026-11-23T20:30")), "2026-11-23T20:00",
            id="just-in-time",
        ),
        pytest.param(
            601, "2026-11-23T19:59", Terms(window=DAYTIME, not_after=at("2026-11-23T20:30")), None, id="never"
        ),
    ],
)  # fmt: skip
def test_the_end_is_foreseen(count: int, now: str, terms: Terms, ends: str | None) -> None:
    found = finishes_at(count, at(now), JAKARTA, rate_per_second=10.0, terms=terms)

    assert found == (at(ends) if ends else None)


def test_what_began_today_counts_against_the_cap() -> None:
    found = finishes_at(
        100, at("2026-11-23T09:00"), JAKARTA, rate_per_second=10.0, terms=Terms(max_per_day=100), begun_today=100
    )

    assert found == at("2026-11-24T00:00:10")


def test_a_cap_of_nobody_never_ends() -> None:
    terms = Terms(max_per_day=0)

    assert finishes_at(1, at("2026-11-23T09:00"), JAKARTA, rate_per_second=1.0, terms=terms) is None


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 300),
    st.integers(0, 23),
    st.tuples(st.integers(0, 23), st.integers(0, 23)),
    st.one_of(st.none(), st.integers(60, 200)),
)
def test_it_agrees_with_a_clock_watched_minute_by_minute(
    count: int, hour: int, window: tuple[int, int], most: int | None
) -> None:
    terms = Terms(window=SendWindow(time(window[0]), time(window[1])), max_per_day=most)
    now = at(f"2026-11-23T{hour:02d}:00")

    found = finishes_at(count, now, JAKARTA, rate_per_second=1 / 60, terms=terms)

    assert found is not None
    assert abs(found - _watched(count, now, terms)) <= timedelta(minutes=1)


def _watched(count: int, now: datetime, terms: Terms) -> datetime:
    """One message a minute, wherever that is allowed."""
    moment, begun, most = now.astimezone(timezone.utc), 0, terms.max_per_day or count
    while True:
        local = moment.astimezone(ZoneInfo(JAKARTA))
        if local.time() == time(0):
            begun = 0
        stretch = terms.stretch(moment, JAKARTA)
        if stretch and stretch.is_open(moment) and begun < most:
            begun, count = begun + 1, count - 1
            if count == 0:
                return moment
        moment += timedelta(minutes=1)
