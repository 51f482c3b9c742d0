"""When a campaign would be through, by its rate, its hours and its caps. A pure function."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.windows import day_of, next_midnight

_MOST_DAYS = 4_000


def finishes_at(
    count: int, now: datetime, zone: str, *, rate_per_second: float, terms: Terms, begun_today: int = 0
) -> datetime | None:
    """Return when the last of so many requests would begin; None if never by these terms.

    :param rate_per_second: What the account's other senders leave to it.
    :param begun_today: Requests of the campaign that count against ``max_per_day`` already.
    """
    left, moment, taken, day = float(count), now, float(begun_today), day_of(now, zone)
    for _ in range(_MOST_DAYS):
        stretch = terms.stretch(moment, zone)
        if stretch is None:
            return None
        moment = max(moment, stretch.opens)
        if day != (day := day_of(moment, zone)):
            taken = 0.0
        midnight = next_midnight(moment, zone)
        ends = min(stretch.closes or midnight, midnight)
        room = (ends - moment).total_seconds() * rate_per_second
        if terms.max_per_day is not None:
            room = min(room, max(terms.max_per_day - taken, 0.0))
        if left <= room:
            return moment + timedelta(seconds=left / rate_per_second)
        left, taken, moment = left - room, taken + room, ends
    return None
