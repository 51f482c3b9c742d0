"""What a campaign's author allows: how fast, when, how many a day and a person, how often, how long at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from airflow_provider_nusawa.campaign.breaker import PROBE_AFTER_SECONDS
from airflow_provider_nusawa.campaign.windows import SendWindow, Stretch, day_of, next_stretch
from airflow_provider_nusawa.ledger.limits import Limits

_DAY_SECONDS = 86_400.0
_FIRST_BACK_OFF_SECONDS, _LONGEST_BACK_OFF_SECONDS = 10.0, 900.0


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one leg; each is open unless given.

    :param rate_per_second: At most the connection's, which it is unless given.
    :param holidays: Dates in the connection's time zone on which nothing is sent.
    :param not_after: An aware time; whoever was not reached by then stays planned.
    :param max_per_day: Requests of the campaign on one day of that time zone, over all runs.
    :param max_per_recipient: So many messages of all campaigns to one person in so many days: ``(2, 7)``.
    :param max_attempts: Tries of one recipient, where each is refused in a way that a later one may overcome.
    :param max_leg_seconds: After so long the leg ends, to be gone on with by another.
    """

    rate_per_second: float | None = None
    window: SendWindow | None = None
    holidays: frozenset[date] = frozenset()
    not_after: datetime | None = None
    max_per_day: int | None = None
    max_per_recipient: tuple[int, float] | None = None
    max_attempts: int = 3
    max_leg_seconds: float = 6 * 3600.0
    probe_after_seconds: tuple[float, ...] = PROBE_AFTER_SECONDS

    def rate(self, most: float) -> float:
        """Return the requests a second that it asks for.

        :param most: The connection's.
        """
        return min(self.rate_per_second or most, most)

    def stretch(self, now: datetime, zone: str) -> Stretch | None:
        """Return when it may send: now, later, or never again."""
        return next_stretch(now, zone, self.window, holidays=self.holidays, not_after=self.not_after)

    def limits(self, now: datetime, zone: str, stretch: Stretch) -> Limits:
        """Return what the ledger checks in the moment in which a request begins."""
        most, days = self.max_per_recipient or (None, 0.0)
        return Limits(
            opens_at=stretch.opens.timestamp() if self.window or self.holidays else 0.0,
            closes_at=stretch.closes.timestamp() if stretch.closes else float("inf"),
            day=day_of(now, zone),
            max_per_day=self.max_per_day,
            max_per_person=most,
            person_seconds=days * _DAY_SECONDS,
        )

    def back_off(self, setbacks: int) -> float | None:
        """Return the seconds until the next try, after so many that were refused before this one; None for no more."""
        if setbacks + 1 >= self.max_attempts:
            return None
        return min(_FIRST_BACK_OFF_SECONDS * 3.0**setbacks, _LONGEST_BACK_OFF_SECONDS)
