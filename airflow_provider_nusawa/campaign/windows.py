"""When a campaign may send: days and hours, holidays, a last moment. Pure functions over aware times."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"(?:(?P<days>[a-z,\- ]+) )?(?P<opens>\d{1,2}:\d{2}) ?[-\u2013] ?(?P<closes>\d{1,2}:\d{2})")
_DAYS_AHEAD = 400
"""So far is looked for a day that is no holiday; beyond, there is none."""


@dataclass(frozen=True, slots=True)
class SendWindow:
    """Hours of a day, on some days of the week.

    :param closes: Not after ``opens`` means on the next day; the same time means 24 hours later.
    :param days: 0 is Monday. A window over midnight belongs to the day on which it opens.
    """

    opens: time
    closes: time
    days: frozenset[int] = frozenset(range(7))


ALL_DAY = SendWindow(time(0), time(0))


@dataclass(frozen=True, slots=True)
class Stretch:
    """One time of sending, in UTC. From ``closes`` itself on nothing begins; None: it has no end."""

    opens: datetime
    closes: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        return self.opens <= now and (self.closes is None or now < self.closes)


def read_window(text: str) -> SendWindow:
    """Read ``08:00-20:00``, ``Mon-Fri 08:00-20:00`` or ``Mon,Wed,Sat-Sun 22:00-02:00``.

    :raises ValueError: saying how a window is written.
    """
    found = _FORM.fullmatch(text.strip().lower())
    try:
        if found is None:
            raise ValueError
        opens, closes = (_read_time(found[name]) for name in ("opens", "closes"))
        return SendWindow(opens, closes, _read_days(found["days"] or "mon-sun"))
    except ValueError:
        raise ValueError(f"a send window is written like 'Mon-Fri 08:00-20:00', not {text!r}") from None


def next_stretch(
    now: datetime,
    zone: str,
    window: SendWindow | None = None,
    *,
    holidays: Collection[date] = (),
    not_after: datetime | None = None,
) -> Stretch | None:
    """Return the time of sending that ``now`` lies in, else the next one; None if none comes any more.

    :param zone: Where days begin and hours are counted: a name of the IANA data base.
    :param holidays: Days on which nothing opens.
    """
    for opens, closes in _openings(now, zone, window, holidays):
        ends = min(filter(None, (closes, not_after)), default=None)
        if ends is None or (ends > now and ends > opens):
            return Stretch(opens, ends.astimezone(timezone.utc) if ends else None)
    return None


def day_of(now: datetime, zone: str) -> str:
    """Return the date where the campaign's days are counted."""
    return now.astimezone(ZoneInfo(zone)).date().isoformat()


def next_midnight(now: datetime, zone: str) -> datetime:
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return _moment(tomorrow, time(0), zone)


def _openings(
    now: datetime, zone: str, window: SendWindow | None, holidays: Collection[date]
) -> Iterator[tuple[datetime, datetime | None]]:
    if window is None and not holidays:
        yield now.astimezone(timezone.utc), None
        return
    window = window or ALL_DAY
    today = now.astimezone(ZoneInfo(zone)).date()
    for ahead in range(-1, _DAYS_AHEAD):  # from yesterday on, whose window may last over midnight
        day = today + timedelta(days=ahead)
        if day.weekday() in window.days and day not in holidays:
            last = day if window.closes > window.opens else day + timedelta(days=1)
            yield _moment(day, window.opens, zone), _moment(last, window.closes, zone)


def _moment(day: date, hour: time, zone: str) -> datetime:
    # In UTC: two times of one zone are compared by their clocks, not by their moments.
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(timezone.utc)


def _read_time(text: str) -> time:
    hours, minutes = map(int, text.split(":"))
    return time(0 if (hours, minutes) == (24, 0) else hours, minutes)


def _read_days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)
