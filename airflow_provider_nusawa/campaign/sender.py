"""Lets begun requests leave at their moments, and gathers what came of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable

from airflow_provider_nusawa.campaign.breaker import Breaker, State
from airflow_provider_nusawa.campaign.flight import Flight
from airflow_provider_nusawa.campaign.letters import (
    Posting,
    accepted,
    ended_here,
    failed,
    is_too_fast,
    not_tried,
    unfit,
)
from airflow_provider_nusawa.campaign.post import Post
from airflow_provider_nusawa.campaign.terms import Terms
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.gateway.call import intent_clock
from airflow_provider_nusawa.gateway.errors import NusaWaError, Refused, Scope
from airflow_provider_nusawa.ledger.outcomes import Answer

log = logging.getLogger(__name__)

_MANY_ANSWERS = 400
"""So many are put on record without waiting for the next turn: fewer cost more turns, more leave no room under way."""


class Sender:
    """One leg's requests, in one event loop.

    :param answers: What came of requests and is not on record yet.
    :param account_refusal: Set once the gateway has refused the account: nothing more leaves.
    :param too_fast: Set by a 429: the seconds that it asked for. Whoever slows the account down sets it back.
    """

    def __init__(self, post: Post, terms: Terms, timetable: Timetable, flight: Flight, breaker: Breaker) -> None:
        self._post = post
        self._terms = terms
        self._timetable = timetable
        self._flight = flight
        self._breaker = breaker
        self._api = post.settings.api_version
        self._waiting: deque[Posting] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._supply = asyncio.Event()
        self._slowed_at = 0.0
        self.wake = asyncio.Event()
        self.answers: list[Answer] = []
        self.account_refusal: Refused | None = None
        self.too_fast: float | None = None
        self.opted_out: list[str] = []

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        """How many more may begin."""
        most = min(self._flight.limit, self._breaker.most_in_flight)
        return max(int(most) - len(self._tasks) - len(self._waiting), 0)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is begun, under way, or unrecorded."""
        return not (self._waiting or self._tasks or self.answers)

    @property
    def is_flying(self) -> bool:
        return bool(self._tasks)

    def add(self, postings: Iterable[Posting]) -> None:
        """Let these leave, each at its moment."""
        self._waiting.extend(postings)
        self._supply.set()

    def give_back(self, *, only_late: bool = False) -> None:
        """Take back what has begun and not left: all, or what may not leave any more."""
        now = intent_clock()
        while self._waiting and not (only_late and self._waiting[0].leave_before > now):
            self.answers.append(not_tried(self._waiting.popleft(), self._api, "its moment passed"))
        self._supply.set()

    async def run(self) -> None:
        """Let them leave, until cancelled."""
        while True:
            moment = self._timetable.peek() if self._waiting else None
            if moment is None:
                self._supply.clear()
                await self._supply.wait()
            elif (wait := moment - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            else:
                self._timetable.take()
                self._launch(self._waiting.popleft())

    def _launch(self, posting: Posting) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(posting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, posting: Posting) -> None:
        message, left = posting.letter.message, time.monotonic()
        if message is None:
            self.answers.append(unfit(posting, self._api))
            return
        try:
            answer = accepted(posting, await self._post.send(message, posting.leave_before))
        except Exception as error:  # noqa: BLE001 - whatever it is, something must be put on record
            answer = failed(posting, self._api, error, self._terms)
            self._hear(posting, error, left)
        else:
            self._answered(left)
        self.answers.append(answer)
        if len(self.answers) >= _MANY_ANSWERS:
            self.wake.set()

    def _answered(self, left: float) -> None:
        self._flight.heard(time.monotonic() - left)
        self._breaker.heard(silent=False)

    def _hear(self, posting: Posting, error: Exception, left: float) -> None:
        if not isinstance(error, NusaWaError):
            log.error("a send failed in a way that nobody foresaw: %s", type(error).__name__)
        if isinstance(error, Refused):
            self._answered(left)
            self._heed(posting, error, left)
        elif not ended_here(error):
            self._breaker.heard(silent=True)
        if self.account_refusal or self._breaker.state in (State.OPEN, State.GIVEN_UP):
            self.give_back()

    def _heed(self, posting: Posting, error: Refused, left: float) -> None:
        if error.opted_out and not self._post.settings.redirect_to:  # else it is about whoever got it instead
            self.opted_out.append(posting.letter.claimed.number)
        if is_too_fast(error):
            # Those that left before the account was slowed down say nothing new.
            if left > self._slowed_at or (error.retry_after or 0.0) > (self.too_fast or 0.0):
                self.too_fast = max(error.retry_after or 0.0, self.too_fast or 0.0)
                self._slowed_at = time.monotonic()
                self._timetable.clear()
        elif error.scope is Scope.ACCOUNT:
            self.account_refusal = self.account_refusal or error
