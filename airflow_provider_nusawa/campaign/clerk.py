"""Keeps the record in step with the requests: a turn at the ledger every moment, with all that has come up since."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

from airflow_provider_nusawa.campaign.desk import Desk, Handed
from airflow_provider_nusawa.campaign.letters import Letter
from airflow_provider_nusawa.campaign.sender import Sender
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.campaign.windows import Stretch
from airflow_provider_nusawa.gateway.messages import Outcome
from airflow_provider_nusawa.ledger.limits import NO_LIMITS, Limits

TICK_SECONDS = 0.2
"""From turn to turn: what is unknown after a kill is, beyond the latency, what left in such a time."""

LONGEST_PAUSE_SECONDS = 60.0
"""What lasts longer is not waited for here: a worker is not held for it."""

_MOST_CLAIMED = 1000
_RENEW_SECONDS = 8.0
_LONGEST_HORIZON_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 1.0
_CLOCKS_DIFFER_SECONDS = 5.0


class Clerk:
    """Begins as many requests as may leave until the next turn, claims ahead, and records answers, in one commit each.

    :param zone: The connection's time zone.
    :param on_recorded: Told what came of requests, once that is on record.
    :param full_day: The day of which ``max_per_day`` is used up; empty if it is not.
    :param pause_until: Until when the gateway asked for a pause that is too long to wait for.
    """

    def __init__(
        self,
        desk: Desk,
        sender: Sender,
        timetable: Timetable,
        terms: Terms,
        zone: str,
        *,
        on_recorded: Callable[[Iterable[Outcome]], None] = lambda outcomes: None,
    ) -> None:
        self._desk = desk
        self._sender = sender
        self._timetable = timetable
        self._terms = terms
        self._zone = zone
        self._on_recorded = on_recorded
        self._stock: deque[Letter] = deque()
        self._needs_lease = True
        self._turned_at = time.monotonic()
        self._turn_seconds = 0.05
        self._claim_at = 0.0
        self._found_none = False
        self.full_day = ""
        self.pause_until: datetime | None = None

    @property
    def is_idle(self) -> bool:
        """Whether there was nobody to claim, and all that was claimed is done."""
        return self._found_none and not self._stock and not self._needs_lease and self._sender.is_quiet

    def look_again_in(self, seconds: float) -> None:
        """Claim again no later than that."""
        self._claim_at = time.monotonic() + min(max(seconds, 0.05), _LOOK_AGAIN_SECONDS)

    def start_anew(self) -> None:
        """Let nothing leave that is not under way: what this leg holds may be another's, or nobody knows what it is."""
        self._stock.clear()
        self._sender.give_back()
        self._needs_lease = True

    async def tick(self, stretch: Stretch | None) -> None:
        """Do what has come up.

        :param stretch: The present time of sending; None if nothing more shall begin.
        :raises LeaseLost: or LedgerUnavailable; call ``start_anew`` then. No answer is lost by it.
        """
        self._sender.give_back(only_late=True)
        if self._sender.too_fast is not None:
            await self._slow_down(self._sender.too_fast)
        if self._needs_lease and stretch:
            stretch = stretch if await self._take_lease() else None
        begin, claim = await self._wanted() if stretch else ([], 0)
        if begin or claim or self._sender.answers or self._must_renew:
            limits = self._terms.limits(self._desk.now(), self._zone, stretch) if stretch else NO_LIMITS
            await self._turn(begin, claim, limits)
        if self._sender.opted_out:
            await self._note_opted_out()

    @property
    def _must_renew(self) -> bool:
        return not self._needs_lease and time.monotonic() > self._turned_at + _RENEW_SECONDS

    async def _take_lease(self) -> bool:
        """Take one once all that is under way has ended: giving up a lease makes it unknown in between."""
        if self._sender.is_quiet:
            await self._desk.take_lease()
            self._needs_lease = False
            self._claim_at = 0.0
        return not self._needs_lease

    async def _note_opted_out(self) -> None:
        told = self._sender.opted_out[:]
        await self._desk.suppress(told)
        del self._sender.opted_out[: len(told)]

    async def _slow_down(self, wait_seconds: float) -> None:
        await self._desk.slow_down(wait_seconds)
        self._sender.too_fast = None
        self._pause(wait_seconds)

    def _pause(self, seconds: float) -> None:
        if seconds > LONGEST_PAUSE_SECONDS:
            self.pause_until = self._desk.now() + timedelta(seconds=seconds)

    async def _wanted(self) -> tuple[list[Letter], int]:
        """Return whose requests shall begin, and how many more to claim."""
        horizon = min(TICK_SECONDS + 1.5 * self._turn_seconds + 0.05, _LONGEST_HORIZON_SECONDS)
        now = time.monotonic()
        if self._stock and self._timetable.is_short(now + horizon + TICK_SECONDS):
            share = await self._desk.reserve(self._timetable.requests_at_once, self._timetable.asked_rate)
            self._timetable.add(share)
            self._pause(share.pause)  # another sender may have been told so
        moments = self._timetable.count(now + horizon) - self._sender.waiting
        begin = list(islice(self._stock, max(min(moments, self._sender.room), 0)))
        left, target = len(self._stock) - len(begin), self._stock_target
        return begin, target - left if 2 * left < target and now >= self._claim_at else 0

    @property
    def _stock_target(self) -> int:
        """A second's worth: what a dead runner keeps from others for half a minute."""
        return int(min(1 + self._timetable.own_rate, _MOST_CLAIMED))

    async def _turn(self, begin: Sequence[Letter], claim: int, limits: Limits) -> None:
        answers, started = self._sender.answers[:], time.monotonic()
        handed = await self._desk.turn(answers, begin, claim, limits)
        self._turned_at = time.monotonic()
        self._turn_seconds = max(self._turned_at - started, 0.8 * self._turn_seconds)
        del self._sender.answers[: len(answers)]
        self._on_recorded(answer.outcome for answer in answers)
        self._put_away(begin, handed)
        if handed.held and limits.max_per_day is not None and self._is_amid(limits):
            self.full_day = limits.day
        self._stock.extend(await self._desk.write(handed.claimed))
        if claim:
            self._found_none = not handed.claimed
            if len(handed.claimed) < claim:
                self.look_again_in(_LOOK_AGAIN_SECONDS)
        if any(answer.outcome is Outcome.NOT_TRIED for answer in answers):
            self._claim_at = 0.0

    def _is_amid(self, limits: Limits) -> bool:
        """Whether the window is open without doubt, so that what is held back is held by the day's limit."""
        now = self._desk.now().timestamp()
        return limits.opens_at + _CLOCKS_DIFFER_SECONDS < now < limits.closes_at - _CLOCKS_DIFFER_SECONDS

    def _put_away(self, begin: Sequence[Letter], handed: Handed) -> None:
        for _ in begin:
            self._stock.popleft()
        self._stock.extendleft(reversed(handed.held))
        self._sender.add(handed.postings)
