"""While the breaker is open: wait, ask the gateway something harmless, and say what came of it."""

from __future__ import annotations

import asyncio
import logging

from airflow_provider_nusawa.campaign.breaker import SILENCES_IN_A_ROW, Breaker, State
from airflow_provider_nusawa.campaign.desk import Desk
from airflow_provider_nusawa.campaign.post import Post
from airflow_provider_nusawa.campaign.timetable import Timetable
from airflow_provider_nusawa.ledger.errors import LedgerUnavailable

log = logging.getLogger(__name__)


class Prober:
    """Probes for one breaker, in one event loop."""

    def __init__(self, breaker: Breaker, post: Post, desk: Desk, timetable: Timetable) -> None:
        self._breaker = breaker
        self._post = post
        self._desk = desk
        self._timetable = timetable
        self._task: asyncio.Task[None] | None = None

    def probe_if_open(self, *, is_flying: bool) -> None:
        """Start a probe unless one is at work, or answers may still come of themselves."""
        if self._task and self._task.done():
            self._task.result()  # raises a fault of ours, which ends the leg
            self._task = None
        if self._breaker.state is State.OPEN and not is_flying and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._probe())

    def cancel(self) -> None:
        if self._task:
            self._task.cancel()

    async def _probe(self) -> None:
        wait = self._breaker.wait_seconds
        log.warning(
            "%d sends in a row, or the trial after such, had no answer: the gateway is probed in %g seconds",
            SILENCES_IN_A_ROW,
            wait,
        )
        await asyncio.sleep(wait)
        try:
            share = await self._desk.reserve(1, self._timetable.asked_rate)
        except LedgerUnavailable:
            return  # the leg hears of it too, and this is tried again
        await asyncio.sleep(share.starts_in)
        answered = await self._post.is_alive()
        self._breaker.probed(answered=answered)
        log.warning("the gateway %s", "answers: one message is tried" if answered else "does not answer the probe")
